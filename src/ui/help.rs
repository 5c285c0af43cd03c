//! The keys, by the place where they hold: the table of keys as a screen.
//!
//! Not here: any key that is not in the table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::layout;
use super::look::Look;
use super::scroll::{self, Scroll};
use super::widgets::{cells, hint_for, width};
use crate::action::{Action, Context};
use crate::app::detail::View;
use crate::app::state::{Screen, State};
use crate::domain::text;
use crate::theme::Role;

/// From this width on, in cells, the keys stand in two columns.
const TWO_COLUMNS: u16 = 76;

/// The widest that help gets, in cells.
const WIDEST: u16 = 96;

type Line = Vec<Span<'static>>;

/// ```text
/// ╭ Keys ───────────────────────────────────────────────────╮
/// │ Token                       Everywhere                  │
/// │ r      refresh              Tab    next field           │
/// │ y      copy                 Esc    back                 │
/// ╰ 1–20 of 34 ──────────────────────────────── Esc closes ─╯
/// ```
pub(super) fn render(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    top: usize,
    look: &Look<'_>,
) {
    let groups: Vec<Vec<Line>> = contexts(state)
        .into_iter()
        .map(|context| group(context, look))
        .filter(|lines| lines.len() > 1)
        .collect();
    let lines = if body.width < TWO_COLUMNS {
        stacked(groups)
    } else {
        let column = usize::from(body.width.min(WIDEST) - 4) / 2;
        beside(groups, column)
    };
    let columns = if body.width < TWO_COLUMNS {
        body.width
    } else {
        WIDEST
    };
    let area = layout::overlay(body, columns, cells(lines.len().saturating_add(2)));
    let closes = hint_for(Context::Help, Action::Back, "closes", look);
    let title = "Keys";
    scroll::render(frame, area, &Scroll { title, top }, &lines, closes, look);
}

/// Every context, those of the screen beneath first.
fn contexts(state: &State) -> Vec<Context> {
    let mut contexts = match (state.screen, &state.detail.view) {
        (Screen::Setup, _) => vec![Context::Setup, Context::SetupText],
        (Screen::Lookup, _) => vec![Context::Lookup, Context::LookupText],
        (Screen::Detail, View::Fields) => vec![Context::Detail],
        (Screen::Detail, View::Raw(_)) => vec![Context::Raw, Context::RawText],
    };
    contexts.extend([Context::Commands, Context::Any, Context::Text]);
    for context in Context::ALL {
        if !contexts.contains(&context) {
            contexts.push(context);
        }
    }
    contexts
}

/// A context's title and its keys.
fn group(context: Context, look: &Look<'_>) -> Vec<Line> {
    let mut lines = vec![vec![look.span(Role::Title, context.title())]];
    let rows = look
        .keymap
        .rows()
        .iter()
        .filter(|row| row.context == context && !row.keys.is_empty());
    for row in rows {
        let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
        lines.push(vec![
            look.span(Role::Accent, &text::fit(&keys.join(" "), 16, "")),
            look.plain(&format!(" {}", row.label)),
        ]);
    }
    lines
}

fn stacked(groups: Vec<Vec<Line>>) -> Vec<Line> {
    let mut lines = Vec::new();
    for group in groups {
        if !lines.is_empty() {
            lines.push(Vec::new());
        }
        lines.extend(group);
    }
    lines
}

/// Two columns of about the same height, the groups in order and whole.
fn beside(groups: Vec<Vec<Line>>, column: usize) -> Vec<Line> {
    let mut columns: [Vec<Line>; 2] = [Vec::new(), Vec::new()];
    for group in groups {
        let shorter = usize::from(columns[1].len() < columns[0].len());
        let place = &mut columns[shorter];
        if !place.is_empty() {
            place.push(Vec::new());
        }
        place.extend(group);
    }
    let [left, right] = columns;
    let rows = left.len().max(right.len());
    let mut right = right.into_iter();
    let mut left = left.into_iter();
    (0..rows)
        .map(|_| {
            let mut line = left.next().unwrap_or_default();
            let gap = column.saturating_sub(width(&line));
            line.push(Span::raw(" ".repeat(gap)));
            line.extend(right.next().unwrap_or_default());
            line
        })
        .collect()
}
