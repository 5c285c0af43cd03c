//! Key handling of the list of all tokens.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::action::{Action, Context, Motion};
use crate::app::all_profiles::{back, open_token};
use crate::app::form::Editor;
use crate::app::handler::{Browse, Copied, Fetch, Handler, Pending, Place, Rows, listed_end};
use crate::app::list_fetch::fetch_list;

use crate::app::profile_lists::can_open;
use crate::app::state::{State, whole_second};
use crate::app::token_table::TokenTable;
use crate::domain::access::map::Part;
use crate::domain::access::uses::Lookup;
use crate::domain::credential::Access;
use crate::domain::fetched::RequestId;
use crate::domain::redaction;
use crate::domain::scope::Scope;
use crate::domain::status::Status;
use crate::domain::token::ServiceToken;
use crate::layout::token_columns::{BrowseLayout, Column, MoreColumns};
use crate::screens::browse::state::{Browse as Browsed, Follow};
use crate::screens::export::update::can_export;

impl Handler for Browse {
    fn context(&self, state: &State) -> Context {
        if state.browse.is_filtering {
            Context::BrowseText
        } else {
            Context::Browse
        }
    }

    fn crumbs(&self, state: &State) -> Vec<String> {
        let browse = &state.browse;
        let tokens = match state.list.profiles {
            Some(_) => "Tokens of all profiles",
            None if browse.table.needs_only() => "Tokens that need you",
            None => "Tokens",
        };
        let filter = browse.filter.value().trim();
        let crumb = if filter.is_empty() {
            tokens.to_owned()
        } else {
            format!("{tokens} / {}", redaction::scrub(filter))
        };
        vec![crumb]
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Browse, Context::BrowseText]
    }

    fn can(&self, state: &State, action: Action) -> bool {
        let (browse, list) = (&state.browse, &state.list);
        if let Some(status) = status_of(action) {
            return list.count(status) > 0 || browse.table.is_chosen(status);
        }
        if action == Action::Submit && browse.is_filtering {
            return true;
        }
        let is_possible = [
            (Action::WriteList, can_export(state)),
            (
                Action::AllProfiles,
                can_open(state) && list.profiles.is_none(),
            ),
            (Action::Search, list.total() > 0 || list.extent.is_loading()),
            (
                Action::TogglePreview,
                BrowseLayout::new(state.size.0, true).preview.is_some(),
            ),
        ];
        let known = is_possible.into_iter().find(|(it, _)| *it == action);
        let is_of_row = OF_ROWS.contains(&action);
        known.map_or(!is_of_row || browse.table.rows() > 0, |(_, can)| can)
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        let browse = &state.browse;
        if browse.is_filtering || is_awaited(state) {
            Some("cancel")
        } else if browse.filter.value().is_empty() {
            browse.is_narrowed().then_some("all statuses")
        } else {
            Some("clear filter")
        }
    }

    fn place(&self, state: &State) -> Option<Place> {
        let total = state.browse.table.rows();
        (total > 0).then_some(Place {
            at: Some(state.browse.selected + 1),
            total,
            rows: Rows::default(),
        })
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let browse = &mut state.browse;
        let is_filtering = browse.is_filtering;
        is_filtering.then_some(Editor::Plain(&mut browse.filter))
    }

    fn edited(&self, state: &mut State) {
        state.browse.filter_changed(&state.list);
    }

    fn edit(&self, state: &mut State) {
        state.browse.start_typing(&state.list);
    }

    fn submit(&self, state: &mut State) {
        if std::mem::take(&mut state.browse.is_filtering) {
            return;
        }
        if let Some(token) = state.browse.token(&state.list).cloned() {
            state.cancel_lookup();
            open_token(state, token);
        }
    }

    fn back(&self, state: &mut State) {
        let browse = &mut state.browse;
        if browse.is_filtering {
            browse.stop_typing(&state.list);
        } else if browse.is_narrowed() {
            browse.show_all(&state.list);
        } else {
            back(state);
        }
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        let now = state.clock.steady;
        let stops = is_awaited(state) && !state.browse.is_filtering;
        stops.then(|| state.list.stop(now)).flatten()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let rows = state.body_rows();
        let browse = &mut state.browse;
        let last = browse.table.rows().saturating_sub(1);
        let rows = Browsed::table_rows(&state.list, rows);
        browse.selected = motion.from(browse.selected, rows, last);
    }

    fn reload(&self, state: &mut State) {
        fetch_list(state);
    }

    fn copy(&self, state: &mut State, what: Copied) {
        if let Some(token) = state.browse.token(&state.list).cloned() {
            state.copy_part(Some(&token), what);
        }
    }

    fn token(&self, state: &State) -> Option<(Arc<ServiceToken>, Access)> {
        let token = state.browse.token(&state.list)?;
        Some((token.clone(), state.list.access_of(token)?))
    }

    fn scope<'a>(&self, state: &'a State) -> Option<&'a Scope> {
        state.list.access.as_ref().map(|access| &access.scope)
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        Pending::of(&state.list.extent)
    }

    fn instant(&self, state: &State) -> DateTime<Utc> {
        whole_second(state.clock.corrected())
    }

    fn fetch(&self, state: &State) -> Option<Fetch> {
        Fetch::of(&state.list.extent)
    }

    fn keep_up(&self, state: &mut State) {
        let rows = state.body_rows();
        state.browse.keep_in_view(&state.list, rows);
        count_opens(state);
    }

    fn shows_list(&self, state: &State) -> bool {
        state.list.profiles.is_none()
    }

    fn next_countdown(&self, state: &State) -> Option<DateTime<Utc>> {
        let (browse, list) = (&state.browse, &state.list);
        let layout = BrowseLayout::new(state.size.0, !browse.hides_preview);
        let previewed = browse.token(list).filter(|_| layout.preview.is_some());
        let secret = previewed.and_then(|it| it.previous_client_secret_expires_at.valid());
        let visible = browse.visible(list, state.body_rows());
        let ends = visible.filter_map(|token| listed_end(token));
        state.next_second(ends.chain(secret.copied()))
    }

    /// The minutes and hours of a calm list change with its age, once a minute.
    fn next_change(&self, state: &State) -> Option<DateTime<Utc>> {
        let visible = state.browse.visible(&state.list, state.body_rows());
        state.next_list_change(visible.filter_map(|token| listed_end(token)))
    }
}

/// Counts the apps that open for the tokens in view, if the map of their scope is there.
fn count_opens(state: &mut State) {
    let (list, reading) = (&state.list, &state.access_reading);
    let access = list.access.as_ref().filter(|_| list.profiles.is_none());
    let map = access.and_then(|access| reading.whole_map_of(access));
    let Some(map) = map.filter(|map| map.is_read(Part::Apps)).cloned() else {
        state.opens.follow(None, || false);
        return;
    };
    let basis = (reading.generation(), list.generation());
    state.opens.follow(Some(basis), || map.complete());
    let layout = BrowseLayout::with(
        state.size.0,
        !state.browse.hides_preview,
        MoreColumns {
            has_opens: true,
            ..MoreColumns::default()
        },
    );
    if !layout.columns.has(Column::Opens) {
        return;
    }
    let context = state.list_context();
    let rows = Browsed::table_rows(&state.list, state.body_rows());
    let table = &state.browse.table;
    let in_view = table.tokens(&state.list, state.browse.top, rows);
    let new = in_view.filter(|token| state.opens.of(token).is_none());
    let new: Vec<_> = new.cloned().collect();
    if new.is_empty() {
        return;
    }
    let lookup = Lookup::new(&map);
    for token in new {
        let counts = lookup.counts(&token, context);
        state.opens.add(&token, counts);
    }
}

/// Whether the user waits for the list. One that is fetched again by itself is visible already.
fn is_awaited(state: &State) -> bool {
    let list = &state.list;
    list.extent.is_first() || list.extent.is_loading() && !list.is_automatic
}

/// Sorts the list by the next column that is on screen.
pub(crate) fn sort(state: &mut State) {
    let layout = BrowseLayout::new(state.size.0, true);
    let (browse, list) = (&mut state.browse, &state.list);
    let next = browse.table.sort().next(&layout);
    let sort = |table: &mut TokenTable| table.sort_by(list, next);
    browse.change(list, Follow::TokenBelowTop, sort);
}

/// Reverses the order.
pub(crate) fn reverse(state: &mut State) {
    let (browse, list) = (&mut state.browse, &state.list);
    browse.change(list, Follow::TokenBelowTop, |table| table.reverse(list));
}

/// Adds a status to those shown, or takes it away.
pub(crate) fn toggle_status(state: &mut State, action: Action) {
    if let Some(status) = status_of(action) {
        state.browse.toggle_status(&state.list, status);
    }
}

/// Shows or hides the preview of the selected token.
pub(crate) fn toggle_preview(state: &mut State) {
    state.browse.hides_preview = !state.browse.hides_preview;
}

/// The actions that need a row.
const OF_ROWS: [Action; 9] = [
    Action::Submit,
    Action::CopyField,
    Action::CopyClientId,
    Action::CopyJson,
    Action::CopyRequest,
    Action::Uses,
    Action::OpenDashboard,
    Action::Sort,
    Action::ReverseSort,
];

/// The status that an action shows.
fn status_of(action: Action) -> Option<Status> {
    let (_, status) = STATUSES.into_iter().find(|(known, _)| *known == action)?;
    Some(status)
}

/// The actions that show a status, in the order of the counts on screen.
pub(crate) const STATUSES: [(Action, Status); 7] = [
    (Action::ShowExpired, Status::Expired),
    (Action::ShowCritical, Status::Critical),
    (Action::ShowExpiring, Status::Expiring),
    (Action::ShowUnknown, Status::Unknown),
    (Action::ShowActive, Status::Active),
    (Action::ShowNeverExpiring, Status::NeverExpires),
    (Action::ShowDisabled, Status::Disabled),
];
