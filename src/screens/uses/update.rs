//! Key handling of who uses the current token, and the report about that, kept up with the map.

use std::sync::Arc;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::state::{UsesBasis, UsesLines};
use crate::action::{Action, Context, Motion};
use crate::app::access_fetch;
use crate::app::all_profiles::use_profile_of;
use crate::app::form::Editor;
use crate::app::handler::{Copied, Detail, Fetch, Handler, Pending, Uses};
use crate::app::list_fetch::{back_to_list, return_to_find};

use crate::app::state::{Overlay, Screen, State};
use crate::app::token_fetch;
use crate::app::uses_report::{Reporter, UsesMark};
use crate::domain::access::map::AccessMap;
use crate::domain::access::uses::Lookup;
use crate::domain::credential::Access;
use crate::domain::failure::FailureKind;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::uses::UsesLayout;
use crate::layout::{self, TextLine};
use crate::screens::find::update::{keep_selection, look_up_for_uses};
use crate::screens::probe::update::address_on_uses;
use crate::theme::Role;

/// The cells of the labels of reasons.
const LABEL: usize = 12;

impl Handler for Uses {
    fn context(&self, state: &State) -> Context {
        if state.uses.is_filtering {
            Context::UsesText
        } else {
            Context::Uses
        }
    }

    fn can(&self, state: &State, action: Action) -> bool {
        let uses = &state.uses;
        if action == Action::CopyField {
            uses.selected_row().is_some()
        } else if action == Action::Probe {
            address_on_uses(state).is_some()
        } else if action == Action::Search {
            !uses.report.rows.is_empty()
        } else {
            Detail.can(state, action)
        }
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        let uses = &state.uses;
        let has_filter = !uses.filter.value().is_empty();
        if uses.is_filtering {
            Some("cancel")
        } else {
            has_filter.then_some("clear filter")
        }
    }

    fn crumbs(&self, state: &State) -> Vec<String> {
        let mut crumbs = Detail.crumbs(state);
        crumbs.push("Uses".to_owned());
        crumbs
    }

    fn contexts(&self, _: &State) -> &'static [Context] {
        &[Context::Uses, Context::UsesText]
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let uses = &mut state.uses;
        let is_filtering = uses.is_filtering;
        is_filtering.then_some(Editor::Plain(&mut uses.filter))
    }

    fn edited(&self, state: &mut State) {
        state.uses.filter_changed();
    }

    fn edit(&self, state: &mut State) {
        if !state.uses.report.rows.is_empty() {
            state.uses.start_typing();
        }
    }

    fn submit(&self, state: &mut State) {
        if state.uses.is_filtering {
            state.uses.keep_filter();
        } else {
            state.overlay = Some(Overlay::UsesRow { top: 0 });
        }
    }

    fn back(&self, state: &mut State) {
        let uses = &mut state.uses;
        if uses.is_filtering {
            uses.stop_typing();
        } else if uses.filter.value().is_empty() {
            leave(state);
        } else {
            uses.show_all();
        }
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let page = state.uses_layout().list;
        let uses = &mut state.uses;
        let last = uses.rows().saturating_sub(1);
        uses.selected = motion.from(uses.selected, page, last);
    }

    /// Fetches the token again, too: whether it is in use, and whether it still is.
    fn reload(&self, state: &mut State) {
        if let Some(access) = state.detail.access.clone() {
            token_fetch::reload(state);
            access_fetch::read(state, &access);
        }
    }

    fn copy(&self, state: &mut State, what: Copied) {
        if what != Copied::Selection {
            return Detail.copy(state, what);
        }
        if let Some(row) = state.uses.selected_row() {
            let what = match row.mark {
                UsesMark::App(_) => "the address",
                UsesMark::Place(_) => "the ID",
            };
            let text = row.copied.clone();
            state.copy(what, Some(&text));
        }
    }

    fn token(&self, state: &State) -> Option<(Arc<ServiceToken>, Access)> {
        Detail.token(state)
    }

    fn scope<'a>(&self, state: &'a State) -> Option<&'a Scope> {
        Detail.scope(state)
    }

    fn dashboard_url(&self, state: &State) -> Option<String> {
        self.scope(state).map(Scope::apps_url)
    }

    fn keep_up(&self, state: &mut State) {
        keep_report_up(state);
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        Pending::of(&state.access_reading.map)
    }

    fn fetch(&self, state: &State) -> Option<Fetch> {
        Fetch::of(&state.access_reading.map)
    }

    fn next_change(&self, state: &State) -> Option<DateTime<Utc>> {
        let now = state.clock.corrected();
        let end = state.detail.end().filter(|end| *end > now);
        Some(state.clock.steady_at(end?))
    }
}

/// Shows who uses the token that keys act on, at once, and reads what is not known yet.
pub(crate) fn open(state: &mut State) {
    let opener = state.screen;
    if !matches!(opener, Screen::Detail | Screen::Browse | Screen::Find) {
        return;
    }
    let Some((token, _)) = opener.handler().token(state) else {
        if opener == Screen::Find {
            look_up_for_uses(state);
        }
        return;
    };
    if opener == Screen::Find {
        keep_selection(state);
    }
    if opener != Screen::Detail {
        state.cancel_lookup();
        if !use_profile_of(state, &token) {
            return;
        }
        token_fetch::open_row(state, token);
        if state.screen != Screen::Detail {
            return;
        }
    }
    if let Some(access) = state.detail.access.clone() {
        state.uses.reset();
        state.before_uses = opener;
        state.screen = Screen::Uses;
        state.overlay = None;
        access_fetch::read_once(state, &access);
    }
}

/// Shows who uses a token that was looked up for that, once it is there.
pub(crate) fn open_looked_up(state: &mut State) {
    let is_there = state.screen == Screen::Detail && state.overlay.is_none();
    if is_there && std::mem::take(&mut state.detail.shows_uses_on_answer) {
        open(state);
        state.before_uses = Screen::Find;
    }
}

/// Goes back to where Uses was opened, and stops waiting.
fn leave(state: &mut State) {
    let opener = state.before_uses;
    let map = state.access_reading.stop();
    state.cancel(map);
    if opener == Screen::Detail {
        state.screen = opener;
        return;
    }
    state.cancel_lookup();
    if opener == Screen::Browse {
        back_to_list(state);
    } else {
        return_to_find(state);
    }
}

/// The current sources of a report, or of findings, about the current token.
fn basis(state: &State, token: Arc<ServiceToken>, context: EvaluationContext) -> UsesBasis {
    let failure = state.detail.token.failure();
    let minute = context.now.duration_trunc(TimeDelta::minutes(1));
    UsesBasis {
        status: Status::of(&token, context),
        is_gone: failure.is_some_and(|failure| failure.kind == FailureKind::NotFound),
        generation: state.access_reading.generation(),
        minute: minute.unwrap_or(context.now),
        token,
    }
}

/// Builds the report again if the map, the token, its status or the minute changed, and keeps the
/// selected row in view.
fn keep_report_up(state: &mut State) {
    let Some((token, access)) = Uses.token(state) else {
        return;
    };
    let context = state.evaluation_context();
    let basis = basis(state, token, context);
    let known = state.uses.basis.as_ref();
    if !known.is_some_and(|known| known.is(&basis)) {
        let map = state.access_reading.map_of(&access).cloned();
        let map = map.unwrap_or_else(|| Arc::new(AccessMap::new(access.scope)));
        let reporter = Reporter {
            map: &map,
            token: &basis.token,
            context,
            is_loading: state.access_reading.is_arriving(),
            is_gone: basis.is_gone,
        };
        let report = reporter.report();
        state.uses.show(report, basis);
    }
    let (layout, lines) = (state.uses_layout(), state.uses_lines());
    state.uses.top = state.uses.first_line(lines, layout.list);
}

/// Finds again what a map that is there says about the token on Detail.
pub(crate) fn keep_findings_up(state: &mut State) {
    let current = Detail.token(state);
    let known = current.and_then(|(token, access)| {
        let map = state.access_reading.whole_map_of(&access)?;
        Some((token, map.clone()))
    });
    let Some((token, map)) = known else {
        state.uses.find(None, |_| Vec::new());
        return;
    };
    let context = state.evaluation_context();
    let basis = basis(state, token, context);
    state.uses.find(Some(basis), |basis| {
        let lookup = Lookup::new(&map);
        let uses = lookup.named_uses(&basis.token, context);
        lookup.findings(&basis.token, &uses, context)
    });
}

impl State {
    /// How the parts of Uses share the body.
    pub fn uses_layout(&self) -> UsesLayout {
        let lines = self.uses_lines().total();
        UsesLayout::new(self.body(), self.uses.report.facts.len(), lines)
    }

    /// The lines of the list.
    pub fn uses_lines(&self) -> UsesLines {
        let uses = &self.uses;
        let apps = uses.app_rows();
        UsesLines {
            remark: self.uses_remark().len(),
            apps,
            places: uses.rows() - apps,
        }
    }

    /// The text in place of the apps, wrapped.
    pub(crate) fn uses_remark(&self) -> Vec<String> {
        let uses = &self.uses;
        let report = &uses.report;
        let remark = if uses.app_rows() > 0 {
            return Vec::new();
        } else if !report.awaited.is_empty() {
            // A spinner precedes it.
            return vec![self.awaited_parts()];
        } else if uses.filter.value().is_empty() {
            report.remark.as_str()
        } else if uses.rows() == 0 {
            "Nothing matches the filter."
        } else {
            return Vec::new();
        };
        let body = self.body();
        let beside = UsesLayout::new(body, 0, 0).beside.unwrap_or(0);
        let columns = usize::from(body.0.saturating_sub(beside + 6));
        text::wrap(&self.glyphs().clean(remark), columns)
    }

    fn awaited_parts(&self) -> String {
        let awaited = self.uses.report.awaited.iter();
        let awaited: Vec<&str> = awaited.map(|part| part.label()).collect();
        let since = self.access_reading.map.loading_since();
        let seconds = since.map_or(0, |since| self.clock.seconds_since(since));
        let waited = match seconds {
            _ if self.session.settings.calm => String::new(),
            0 => String::new(),
            seconds => format!(" {seconds} s"),
        };
        format!("Reading {} …{waited}", awaited.join(", "))
    }

    /// Why the selected row is as it is and what to do, wrapped.
    pub fn uses_why(&self, columns: usize) -> Vec<TextLine> {
        let Some(row) = self.uses.selected_row() else {
            return Vec::new();
        };
        let message = self.glyphs().clean(&row.message);
        let mut lines = layout::wrapped(None, &message, columns);
        for (label, reason) in &row.reasons {
            lines.extend(self.labelled(label, reason, columns));
        }
        lines
    }

    /// How far each part was read, wrapped.
    pub fn uses_reads(&self, columns: usize) -> Vec<TextLine> {
        let reads = self.uses.report.reads.iter().flat_map(|(label, outcome)| {
            let read = format!("{label}: {outcome}");
            layout::hanging(&self.glyphs().clean(&read), columns)
        });
        reads.map(|line| vec![(None, line)]).collect()
    }

    /// Text after a label, wrapped beside it.
    pub(crate) fn labelled(&self, label: &str, text: &str, columns: usize) -> Vec<TextLine> {
        let text = if self.ascii {
            text.replace('→', "->")
        } else {
            text.to_owned()
        };
        let text = self.glyphs().clean(&text);
        layout::beside((Some(Role::Label), label), LABEL, (None, &text), columns)
    }
}
