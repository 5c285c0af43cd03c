//! Key handling of the prompt for the file to write a list to.

use super::state::{Export, Phase};
use crate::action::{Action, Context};
use crate::app::form::Editor;
use crate::app::handler::{self, Handler, Pending};
use crate::app::message::Effect;
use crate::app::state::{Overlay, State};
use crate::domain::fetched::RequestId;
use crate::domain::list_report::{Existing, FileFormat, ListReport, NotWritten, Origins};

const SECRET: &str = "No secret belongs in the name of a file.";

impl Handler for handler::Export {
    fn context(&self, state: &State) -> Context {
        match state.export.phase {
            Phase::Asking => Context::ExportReplace,
            Phase::Typing | Phase::Writing { .. } => Context::ExportText,
        }
    }

    fn can(&self, state: &State, action: Action) -> bool {
        action != Action::Submit || state.export.request().is_none()
    }

    fn editor<'a>(&self, state: &'a mut State) -> Option<Editor<'a>> {
        let export = &mut state.export;
        let is_typing = export.phase == Phase::Typing;
        is_typing.then_some(Editor::Plain(&mut export.path))
    }

    fn edited(&self, state: &mut State) {
        let has_secret = state.export.path.holds_secret();
        state.export.complaint = has_secret.then(|| SECRET.to_owned());
    }

    fn submit(&self, state: &mut State) {
        match state.export.phase {
            Phase::Typing => write(state, Existing::Kept),
            Phase::Asking => write(state, Existing::Replaced),
            Phase::Writing { .. } => {}
        }
    }

    /// Keeps an existing file, or closes the prompt. Writing goes on, and its end is reported.
    fn back(&self, state: &mut State) {
        match state.export.phase {
            Phase::Asking => state.export.phase = Phase::Typing,
            Phase::Typing | Phase::Writing { .. } => state.overlay = None,
        }
    }

    fn pending(&self, state: &State) -> Option<Pending> {
        let is_writing = state.export.request().is_some();
        is_writing.then_some(Pending::First)
    }
}

/// Whether the rows on screen can be written to a file.
pub(crate) fn can_export(state: &State) -> bool {
    !state.session.shows_demo() && state.browse.table.rows() > 0
}

/// Asks for the file to write the rows on screen to. In the demo, says why it does not.
pub(crate) fn open(state: &mut State) {
    if state.session.shows_demo() {
        return state.notify("The demo writes no files.");
    }
    if !can_export(state) {
        return;
    }
    let export = &mut state.export;
    export.complaint = None;
    if export.phase == Phase::Asking {
        export.phase = Phase::Typing;
    }
    state.overlay = Some(Overlay::Export);
}

fn write(state: &mut State, existing: Existing) {
    if state.export.path.holds_secret() {
        return;
    }
    let path = state.export.file().to_owned();
    if FileFormat::of(&path).is_none() {
        return settle(&mut state.export, NotWritten::unknown_format());
    }
    let Some(list) = list_on_screen(state) else {
        return;
    };
    let request = state.next_request();
    let count = list.tokens.len();
    state.export.phase = Phase::Writing { request, count };
    state.export.complaint = None;
    state.emit(Effect::WriteList {
        request,
        list,
        path,
        existing,
    });
}

/// The rows on screen in their order, evaluated as they are drawn.
fn list_on_screen(state: &State) -> Option<ListReport> {
    let (list, table) = (&state.list, &state.browse.table);
    let incomplete = match list.extent.value() {
        Some(extent) => extent.incomplete.clone(),
        None => Some("the list is still being fetched".to_owned()),
    };
    let (origin, incomplete) = match (&list.profiles, &list.access) {
        (Some(profiles), _) => {
            let origins = table.places().iter().filter_map(|it| list.origin(*it));
            let doubts = profiles.doubts();
            let doubts = (!doubts.is_empty()).then(|| doubts.join("; "));
            let origins: Vec<_> = origins.cloned().collect();
            let outcomes = profiles.outcomes(&origins);
            let origin = Origins::Profiles { origins, outcomes };
            (origin, incomplete.or(doubts))
        }
        (None, Some(access)) => (Origins::Scope(access.scope.clone()), incomplete),
        (None, None) => return None,
    };
    Some(ListReport {
        tokens: table.tokens(list, 0, table.rows()).cloned().collect(),
        origin,
        incomplete,
        context: state.list_context(),
    })
}

/// Handles the end of writing. If the prompt was left meanwhile, only reports it.
pub(crate) fn written(state: &mut State, request: RequestId, result: Result<String, NotWritten>) {
    let count = match state.export.phase {
        Phase::Writing {
            request: awaited,
            count,
        } if awaited == request => count,
        Phase::Writing { .. } | Phase::Typing | Phase::Asking => {
            state.changed = false;
            return;
        }
    };
    let is_open = |overlay: Option<Overlay>| overlay == Some(Overlay::Export);
    let was_left = !is_open(state.overlay) && !is_open(state.covered);
    state.export.phase = Phase::Typing;
    match result {
        Ok(path) => {
            state.overlay.take_if(|it| *it == Overlay::Export);
            state.covered.take_if(|it| *it == Overlay::Export);
            let tokens = if count == 1 { "token" } else { "tokens" };
            state.notify(format!("Wrote {count} {tokens} to {path}"));
        }
        Err(NotWritten::Because(sentence)) if was_left => state.notify(sentence),
        Err(NotWritten::Exists) if was_left => {
            let file = state.export.file();
            state.notify(format!("{file} exists: nothing was written."));
        }
        Err(why) => settle(&mut state.export, why),
    }
}

fn settle(export: &mut Export, why: NotWritten) {
    match why {
        NotWritten::Exists => export.phase = Phase::Asking,
        NotWritten::Because(sentence) => export.complaint = Some(sentence),
    }
}
