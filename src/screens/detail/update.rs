//! Key handling of a token's fields and its raw JSON.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::state::{RawView, View, items};
use crate::action::{Action, Context, Motion};
use crate::app::form::Editor;
use crate::app::handler::{Copied, Detail, Fetch, Handler, Pending, Place};
use crate::app::list_fetch::{back_to_list, return_to_find};

use crate::app::neighbours;
use crate::app::state::State;
use crate::app::token_fetch::reload;
use crate::domain::change::possible;
use crate::domain::credential::Access;
use crate::domain::duration::Remaining;
use crate::domain::fetched::RequestId;
use crate::domain::fields::title;
use crate::domain::findings::Finding;
use crate::domain::scope::Scope;
use crate::domain::status::{Lifecycle, Status, elapsed};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::TextLine;
use crate::layout::advice::Advisor;
use crate::layout::detail::{Contents, DetailLayout, FRAME, Part, ROOM_FOR_DIGITS, TALL};
use crate::screens::request::update::possible_changes;
use crate::screens::uses::update::keep_findings_up;

impl Handler for Detail {
    fn context(&self, state: &State) -> Context {
        match &state.detail.view {
            View::Fields => Context::Detail,
            View::Raw(raw) if raw.is_typing => Context::RawText,
            View::Raw(_) => Context::Raw,
        }
    }

    fn back_hint(&self, state: &State) -> Option<&'static str> {
        let waits = state.detail.token.is_loading() && !state.detail.opened_from_list;
        waits.then_some("cancel")
    }

    fn crumbs(&self, state: &State) -> Vec<String> {
        let token = state.detail.token.value();
        let name = token.map(|token| {
            let name = title(token);
            let name = state.glyphs().token_name(&name, token.id_text());
            name.into_owned()
        });
        let sought = state.detail.reference.as_ref().map(ToString::to_string);
        let detail = &state.detail;
        let origin = if detail.opened_from_list && detail.returns_to_find {
            "Find"
        } else {
            "Tokens"
        };
        let mut crumbs = vec![origin.to_owned()];
        crumbs.extend(name.or(sought));
        crumbs
    }

    fn place(&self, state: &State) -> Option<Place> {
        neighbours::place(state)
    }

    fn can(&self, state: &State, action: Action) -> bool {
        use Action::{
            CopyClientId, CopyField, CopyJson, NextMatch, PreviousMatch, Probe, ToggleRaw, Uses,
        };
        let detail = &state.detail;
        if matches!(action, Action::PreviousToken | Action::NextToken) {
            neighbours::exists(state, action == Action::NextToken)
        } else if action == Action::CopyRequest {
            possible_changes(state).is_some_and(|(_, commands)| !commands.is_empty())
        } else if matches!(action, NextMatch | PreviousMatch) {
            matches!(&detail.view, View::Raw(raw) if !raw.query.value().is_empty())
        } else if matches!(
            action,
            CopyField | CopyClientId | CopyJson | Probe | ToggleRaw | Uses
        ) {
            detail.token.value().is_some()
        } else {
            true
        }
    }

    fn contexts(&self, state: &State) -> &'static [Context] {
        match state.detail.view {
            View::Fields => &[Context::Detail],
            View::Raw(_) => &[Context::Raw, Context::RawText],
        }
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        match &mut state.detail.view {
            View::Raw(raw) if raw.is_typing => Some(Editor::Plain(&mut raw.query)),
            View::Fields | View::Raw(_) => None,
        }
    }

    fn edited(&self, state: &mut State) {
        let rows = state.body_rows();
        if let View::Raw(raw) = &mut state.detail.view {
            raw.query_changed(rows);
        }
    }

    fn edit(&self, state: &mut State) {
        if let View::Raw(raw) = &mut state.detail.view {
            raw.start_search();
        }
    }

    fn submit(&self, state: &mut State) {
        if let View::Raw(raw) = &mut state.detail.view {
            raw.is_typing = false;
        }
    }

    fn back(&self, state: &mut State) {
        let detail = &mut state.detail;
        if let View::Raw(raw) = &mut detail.view {
            if !raw.end_search() {
                detail.view = View::Fields;
            }
            return;
        }
        let to_list = detail.opened_from_list && !detail.returns_to_find;
        if detail.opened_from_list {
            state.cancel_lookup();
        }
        if to_list {
            back_to_list(state);
        } else {
            return_to_find(state);
        }
    }

    fn stop_waiting(&self, state: &mut State) -> Option<RequestId> {
        // A token from the list is visible already, so Back returns to the list at once.
        let detail = &mut state.detail;
        let waits = !detail.opened_from_list;
        waits.then(|| detail.token.cancel()).flatten()
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let rows = state.body_rows();
        if let View::Raw(raw) = &mut state.detail.view {
            raw.scroll(motion, rows);
            return;
        }
        let body = state.body();
        let Some((layout, token)) = state.detail_layout(body).zip(state.detail.token.value())
        else {
            return;
        };
        let columns = usize::from(body.0.saturating_sub(FRAME));
        let advice = state.current_advice(token, columns).len();
        let lines = token.lines();
        let detail = &mut state.detail;
        match layout.focus(detail.focus) {
            Part::Advice => {
                let last = advice.saturating_sub(layout.advice);
                detail.advice_top = motion.from(detail.advice_top.min(last), layout.advice, last);
            }
            Part::Facts => {
                let last = detail.fields().len().saturating_sub(1);
                detail.selected = motion.from(detail.selected, layout.facts, last);
            }
            Part::Json => {
                let last = lines.len().saturating_sub(layout.json);
                detail.json_top = motion.from(detail.json_top.min(last), layout.json, last);
            }
        }
    }

    fn move_focus(&self, state: &mut State, forward: bool) {
        let Some(layout) = state.detail_layout(state.body()) else {
            return;
        };
        let detail = &mut state.detail;
        if detail.view != View::Fields {
            return;
        }
        let next = layout.next(detail.focus, forward);
        if next == Part::Json
            && let Some(token) = detail.token.value()
        {
            detail.json_top = detail.first_json_line(&token.lines(), layout.json, false);
        }
        detail.focus = next;
    }

    fn reload(&self, state: &mut State) {
        reload(state);
    }

    fn copy(&self, state: &mut State, what: Copied) {
        let detail = &state.detail;
        let token = detail.token.value().cloned();
        if what != Copied::Selection {
            return state.copy_part(token.as_deref(), what);
        }
        if detail.view != View::Fields {
            return;
        }
        let field = detail.fields().get(detail.selected);
        let what = match field.map_or("", |field| field.key.as_str()) {
            "id" => "the ID".to_owned(),
            "client_id" => "the client ID".to_owned(),
            key => text::sanitize(key).into_owned(),
        };
        let text = token.and_then(|token| field?.text(&token));
        state.copy(&what, text.as_deref());
    }

    fn scope<'a>(&self, state: &'a State) -> Option<&'a Scope> {
        state.detail.access.as_ref().map(|access| &access.scope)
    }

    fn token(&self, state: &State) -> Option<(Arc<ServiceToken>, Access)> {
        let detail = &state.detail;
        Some((detail.token.value()?.clone(), detail.access.clone()?))
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        Pending::of(&state.detail.token)
    }

    fn instant(&self, state: &State) -> DateTime<Utc> {
        let now = state.clock.corrected();
        main_countdown(state).map_or(now, |end| Remaining::until(end, now).shown_since())
    }

    fn fetch(&self, state: &State) -> Option<Fetch> {
        Fetch::of(&state.detail.token)
    }

    fn keep_up(&self, state: &mut State) {
        keep_findings_up(state);
    }

    fn next_countdown(&self, state: &State) -> Option<DateTime<Utc>> {
        let digits = Remaining::until(main_countdown(state)?, state.clock.corrected());
        Some(state.clock.steady_at(digits.next_change()))
    }
}

impl State {
    /// How the parts of the current token share a body of some size; `None` without a token.
    pub(crate) fn detail_layout(&self, body: (u16, u16)) -> Option<DetailLayout> {
        let token = self.detail.token.value()?;
        let now = self.instant();
        let is_disabled = Status::of(token, self.context_at(now)) == Status::Disabled;
        let has_end = !is_disabled && Lifecycle::of(token).end().is_some();
        let has_digits = has_end && !self.ascii && !self.session.settings.calm;
        let columns = usize::from(body.0.saturating_sub(FRAME));
        let contents = Contents {
            is_large: has_digits && self.size.1 >= TALL && body.0 >= ROOM_FOR_DIGITS,
            has_lifetime: elapsed(token, now).is_some(),
            advice: self.current_advice(token, columns).len(),
            facts: items(token).len(),
            json: token.lines().len(),
        };
        Some(DetailLayout::new(body, self.detail.focus, contents))
    }

    /// The advice about the current token, wrapped.
    pub(crate) fn current_advice(&self, token: &ServiceToken, columns: usize) -> Vec<TextLine> {
        let access = self.detail.access.as_ref();
        let more = self.uses.findings_of(token);
        self.advice_lines(token, access, (Context::Detail, more), columns)
    }

    /// The advice about a token that was fetched with some credential and scope, wrapped. Takes in
    /// further findings about it, and names the keys of a context.
    pub(crate) fn advice_lines(
        &self,
        token: &ServiceToken,
        access: Option<&Access>,
        (place, more): (Context, &[Finding]),
        columns: usize,
    ) -> Vec<TextLine> {
        let now = self.clock.corrected();
        let possible = access.map(|access| possible(token, access.scope.kind(), now));
        let advisor = Advisor {
            context: self.evaluation_context(),
            is_calm: self.session.settings.calm,
            more,
            possible: possible.as_deref().unwrap_or_default(),
            glyphs: self.glyphs(),
            keymap: &self.keymap,
            place,
        };
        advisor.lines(token, columns)
    }
}

/// The end of the main countdown on screen.
fn main_countdown(state: &State) -> Option<DateTime<Utc>> {
    if state.detail.view != View::Fields || state.is_covered() {
        return None;
    }
    let token = state.detail.token.value()?;
    let now = state.clock.corrected();
    if Status::of(token, state.context_at(now)) == Status::Disabled {
        return None;
    }
    let previous = token.previous_client_secret_expires_at.valid().copied();
    Lifecycle::of(token)
        .end()
        .or_else(|| previous.filter(|end| *end > now))
}

/// Switches between the fields and the raw JSON.
pub(crate) fn toggle_raw(state: &mut State) {
    let detail = &mut state.detail;
    detail.view = match (&detail.view, detail.token.value()) {
        (View::Fields, Some(token)) => View::Raw(RawView::of(token)),
        (View::Fields, None) | (View::Raw(_), _) => View::Fields,
    };
}

/// Moves to the next or previous match in the raw JSON.
pub(crate) fn next_match(state: &mut State, forward: bool) {
    let rows = state.body_rows();
    if let View::Raw(raw) = &mut state.detail.view {
        raw.go_to_match(forward, rows);
    }
}
