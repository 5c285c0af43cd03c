//! The keys, by the place where they hold: the table of keys as a screen.
//!
//! Not here: any key that is not in the table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Clear, Widget};

use crate::action::{Action, Context};
use crate::app::state::{Overlay, Screen, State};
use crate::domain::text;
use crate::screens::detail::state::View;
use crate::theme::Role;
use crate::ui::layout;
use crate::ui::render_context::RenderContext;
use crate::ui::scroll::{self, Scroll};
use crate::ui::widgets::{cells, hint_for, width};

/// The least room between two columns, in cells.
const GAP: usize = 2;

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
pub(crate) fn render(
    frame: &mut Frame<'_>,
    body: Rect,
    state: &State,
    top: usize,
    look: &RenderContext<'_>,
) {
    let groups: Vec<Vec<Line>> = contexts(state)
        .into_iter()
        .map(|context| group(context, look))
        .filter(|lines| lines.len() > 1)
        .collect();
    let inner = usize::from(body.width.min(WIDEST)) - 4;
    let lines = beside(&groups, inner).unwrap_or_else(|| stacked(groups));
    // It hides everything beneath, so that nothing there needs drawing while it is read.
    Clear.render(body, frame.buffer_mut());
    let area = layout::centred(body, WIDEST, cells(lines.len().saturating_add(2)));
    let closes = hint_for(Context::Help, Action::Back, "closes", look);
    let title = "Keys";
    scroll::render(frame, area, &Scroll { title, top }, &lines, closes, look);
}

/// Every context, those of the screen beneath first.
fn contexts(state: &State) -> Vec<Context> {
    let mut contexts = match (state.screen, &state.detail.view) {
        (Screen::Setup, _) => vec![Context::Setup, Context::SetupText],
        (Screen::Lookup, _) => vec![Context::Lookup, Context::LookupText],
        (Screen::Browse, _) => vec![Context::Browse, Context::BrowseText],
        (Screen::Profiles, _) => vec![Context::Profiles],
        (Screen::Detail, View::Fields) => vec![Context::Detail],
        (Screen::Detail, View::Raw(_)) => vec![Context::Raw, Context::RawText],
    };
    if state.covered == Some(Overlay::Picker) {
        contexts.insert(0, Context::PickerText);
    }
    contexts.extend([Context::Commands, Context::Any, Context::Text]);
    for context in Context::ALL {
        if !contexts.contains(&context) {
            contexts.push(context);
        }
    }
    contexts
}

/// A context's title and its keys.
fn group(context: Context, look: &RenderContext<'_>) -> Vec<Line> {
    let rows = look
        .keymap
        .rows()
        .iter()
        .filter(|row| row.context == context && !row.keys.is_empty());
    let rows: Vec<(String, &str)> = rows
        .map(|row| {
            let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
            (keys.join(" "), row.label.as_str())
        })
        .collect();
    let widest = rows.iter().map(|(keys, _)| text::width(keys)).max();
    let mut lines = vec![vec![look.span(Role::Title, context.title())]];
    for (keys, label) in rows {
        let keys = text::fit(&keys, widest.unwrap_or(0).max(6), "");
        lines.push(vec![
            look.span(Role::Accent, &keys),
            look.plain(&format!(" {label}")),
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

/// Two columns of about the same height, the groups in order and whole; nothing where they do not
/// fit side by side.
fn beside(groups: &[Vec<Line>], columns: usize) -> Option<Vec<Line>> {
    let mut sides: [Vec<Vec<Line>>; 2] = [Vec::new(), Vec::new()];
    let mut heights = [0, 0];
    for group in groups {
        let shorter = usize::from(heights[1] < heights[0]);
        heights[shorter] += group.len() + 1;
        sides[shorter].push(group.clone());
    }
    let [left, right] = sides.map(stacked);
    let widest = |lines: &[Line]| lines.iter().map(|line| width(line)).max().unwrap_or(0);
    if widest(&left) + GAP + widest(&right) > columns {
        return None;
    }
    let column = (widest(&left) + GAP).max(columns / 2);
    let column = column.min(columns - widest(&right));
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let lines = (0..rows).map(|_| {
        let mut line = left.next().unwrap_or_default();
        let gap = column.saturating_sub(width(&line));
        line.push(Span::raw(" ".repeat(gap)));
        line.extend(right.next().unwrap_or_default());
        line
    });
    Some(lines.collect())
}
