//! Key handling of the choice of a change whose request is copied.

use std::sync::Arc;

use crate::action::{Context, Motion};
use crate::app::handler::{Handler, Request};
use crate::app::message::Effect;
use crate::app::state::{Overlay, State};
use crate::domain::change::{Change, CurlCommand, PERMISSION, Target, curl};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::layout::glyphs::Glyphs;
use crate::layout::{self, TextLine};
use crate::screens::request::state::RequestChoice;
use crate::theme::Role;

/// Maximum width of the box, in cells.
const WIDEST: u16 = 92;

/// The cells of a verb.
pub(crate) const VERB: usize = 9;

/// The fewest lines of the request that are visible.
const LEAST_TEXT: usize = 3;

impl Handler for Request {
    fn context(&self, _: &State) -> Context {
        Context::Request
    }

    fn submit(&self, state: &mut State) {
        let Some(Overlay::Request { chosen }) = state.overlay.take() else {
            return;
        };
        let commands = possible_changes(state).map_or_else(Vec::new, |(_, commands)| commands);
        let selected = chosen.selected.min(commands.len().saturating_sub(1));
        if let Some((change, command)) = commands.into_iter().nth(selected) {
            state.emit(Effect::Copy {
                what: named(change, &command),
                text: command.command,
            });
        }
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let Some(Overlay::Request { chosen }) = state.overlay else {
            return;
        };
        let Some(view) = state.request_box(state.body(), chosen) else {
            return;
        };
        let scrolls = !matches!(motion, Motion::Up | Motion::Down) && view.last_top() > 0;
        let chosen = if scrolls {
            RequestChoice {
                selected: view.selected,
                top: motion.from(view.top, view.text_rows, view.last_top()),
            }
        } else {
            let choices = view.commands.len();
            RequestChoice {
                selected: motion.from(view.selected, choices, choices.saturating_sub(1)),
                top: 0,
            }
        };
        state.overlay = Some(Overlay::Request { chosen });
    }
}

/// Changes of a token, each with the command that makes it.
type Changes = Vec<(Change, CurlCommand)>;

/// The token that the screen's keys act on, and the commands that change it. The user copies them and
/// runs them: tokenscope only reads.
pub(crate) fn possible_changes(state: &State) -> Option<(Arc<ServiceToken>, Changes)> {
    let (token, access) = state.screen.handler().token(state)?;
    let target = Target {
        base_url: &state.session.base_url,
        scope: &access.scope,
        credential: &access.identity.kind,
    };
    let now = state.clock.corrected();
    let command = |change| Some((change, curl(change, &token, target, now)?));
    let commands = Change::ALL.into_iter().filter_map(command).collect();
    Some((token, commands))
}

/// The box of changes: their list, and below it the request of the selected one.
pub(crate) struct RequestBox {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) token: Arc<ServiceToken>,
    pub(crate) commands: Changes,
    pub(crate) selected: usize,
    /// The rows of the list.
    pub(crate) list: usize,
    /// The rows between list and text.
    pub(crate) gap: usize,
    pub(crate) text: Vec<TextLine>,
    pub(crate) text_rows: usize,
    /// The first visible line of the text.
    pub(crate) top: usize,
}

impl RequestBox {
    /// The first visible line of the text when scrolled to its end.
    pub(crate) fn last_top(&self) -> usize {
        self.text.len().saturating_sub(self.text_rows)
    }
}

impl State {
    /// How the changes and the request of the selected one share a body of some size; `None` without
    /// a token.
    pub(crate) fn request_box(
        &self,
        body: (u16, u16),
        chosen: RequestChoice,
    ) -> Option<RequestBox> {
        let (token, commands) = possible_changes(self)?;
        let selected = chosen.selected.min(commands.len().saturating_sub(1));
        let (columns, _) = layout::overlay(body, WIDEST, 0);
        let room = usize::from(columns.saturating_sub(4));
        let (request, note) = request_text(commands.get(selected), room, self.glyphs());
        let whole = commands.len() + 1 + request.len() + 1 + note.len();
        let wanted = u16::try_from(whole + 2).unwrap_or(u16::MAX);
        let (columns, rows) = layout::overlay(body, WIDEST, wanted);
        let inner = usize::from(rows.saturating_sub(2));
        let is_roomy = inner >= whole;
        let blank = is_roomy.then(Vec::new);
        let text: Vec<TextLine> = request.into_iter().chain(blank).chain(note).collect();
        // Where rows are scarce, the list and the text both scroll.
        let gap = usize::from(is_roomy);
        let room_for_list = inner.saturating_sub(LEAST_TEXT.min(text.len())).max(1);
        let list = commands.len().min(room_for_list);
        let text_rows = inner.saturating_sub(list + gap);
        let top = chosen.top.min(text.len().saturating_sub(text_rows));
        Some(RequestBox {
            columns,
            rows,
            token,
            commands,
            selected,
            list,
            gap,
            text,
            text_rows,
            top,
        })
    }
}

/// The request of a change, after its price if the list has no room for that, and what it needs.
fn request_text(
    chosen: Option<&(Change, CurlCommand)>,
    columns: usize,
    glyphs: &Glyphs,
) -> (Vec<TextLine>, Vec<TextLine>) {
    let wrapped = |role, text: &str| layout::wrapped(role, &glyphs.clean(text), columns);
    let mut request = Vec::new();
    if let Some((change, command)) = chosen {
        if text::width(change.price()) + VERB > columns {
            request.extend(wrapped(None, change.price()));
        }
        request.extend(wrapped(None, &command.command));
    }
    let note = format!("Needs {PERMISSION}. You run it: tokenscope only ever reads.");
    (request, wrapped(Some(Role::Muted), &note))
}

/// Opens the choice for the token in front, if a request can change it.
pub(crate) fn open(state: &mut State) {
    let Some((_, commands)) = possible_changes(state) else {
        return;
    };
    if commands.is_empty() {
        state.notify("No request can change this token: the API reported no usable ID.");
    } else {
        state.overlay = Some(Overlay::Request {
            chosen: RequestChoice::default(),
        });
    }
}

/// `the rotate request (grace until 2026-11-27 18:48 UTC)`
fn named(change: Change, command: &CurlCommand) -> String {
    let grace = command.grace_ends;
    let grace = grace.map(|end| format!(" (grace until {})", end.format("%Y-%m-%d %H:%M UTC")));
    format!("the {} request{}", change.word(), grace.unwrap_or_default())
}
