//! Key handling of the help screen, and its lines: the keys by context, in one column or two.

use crate::action::{Context, Motion};
use crate::app::handler::{Handler, Help};
use crate::app::message::Effect;
use crate::app::state::{Overlay, State};
use crate::domain::text;
use crate::layout::{TextBox, TextLine, line_width};
use crate::theme::Role;

/// Minimum gap between two columns, in cells.
const GAP: usize = 2;

/// Maximum width of the box, in cells.
const WIDEST: u16 = 96;

impl Handler for Help {
    fn context(&self, _: &State) -> Context {
        Context::Help
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let text = state.help_box();
        if let Some(Overlay::Help { top }) = &mut state.overlay {
            *top = motion.from(*top, text.page(), text.last_top());
        }
    }

    fn back(&self, state: &mut State) -> Vec<Effect> {
        state.overlay = state.covered.take();
        Vec::new()
    }
}

impl State {
    /// The help screen, limited to the size of the body.
    #[must_use]
    pub fn help_box(&self) -> TextBox {
        let body = self.body();
        let width = body.0.min(WIDEST);
        let groups: Vec<Vec<TextLine>> = contexts(self)
            .into_iter()
            .map(|context| group(context, self))
            .filter(|lines| lines.len() > 1)
            .collect();
        let columns = usize::from(width).saturating_sub(4);
        let lines = beside(&groups, columns).unwrap_or_else(|| stacked(&groups));
        TextBox::new((width, body.1), lines)
    }
}

/// Every context, those of the screen beneath first.
fn contexts(state: &State) -> Vec<Context> {
    let mut contexts = state.screen.handler().contexts(state).to_vec();
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
fn group(context: Context, state: &State) -> Vec<TextLine> {
    let glyphs = state.glyphs();
    let rows = state.keymap.rows().iter();
    let rows = rows.filter(|row| row.context == context && !row.keys.is_empty());
    let rows: Vec<(String, &str)> = rows
        .map(|row| {
            let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
            (
                glyphs.clean(&keys.join(" ")).into_owned(),
                row.label.as_str(),
            )
        })
        .collect();
    let widest = rows.iter().map(|(keys, _)| text::width(keys)).max();
    let mut lines = vec![vec![(Some(Role::Title), context.title().to_owned())]];
    for (keys, label) in rows {
        let keys = text::fit(&keys, widest.unwrap_or(0).max(6), "");
        lines.push(vec![
            (Some(Role::Accent), keys),
            (None, format!(" {label}")),
        ]);
    }
    lines
}

fn stacked(groups: &[Vec<TextLine>]) -> Vec<TextLine> {
    groups.join(&Vec::new())
}

/// Two columns of about the same height, with the groups in order and unbroken; `None` if they do
/// not fit side by side.
fn beside(groups: &[Vec<TextLine>], columns: usize) -> Option<Vec<TextLine>> {
    let mut sides: [Vec<Vec<TextLine>>; 2] = [Vec::new(), Vec::new()];
    let mut heights = [0, 0];
    for group in groups {
        let shorter = usize::from(heights[1] < heights[0]);
        heights[shorter] += group.len() + 1;
        sides[shorter].push(group.clone());
    }
    let [left, right] = sides.map(|groups| stacked(&groups));
    let widest = |lines: &[TextLine]| lines.iter().map(|line| line_width(line)).max().unwrap_or(0);
    if widest(&left) + GAP + widest(&right) > columns {
        return None;
    }
    let column = (widest(&left) + GAP).max(columns / 2);
    let column = column.min(columns - widest(&right));
    let rows = left.len().max(right.len());
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    let lines = (0..rows).map(|_| {
        let mut line = left.next().unwrap_or_default();
        let gap = column.saturating_sub(line_width(&line));
        line.push((None, " ".repeat(gap)));
        line.extend(right.next().unwrap_or_default());
        line
    });
    Some(lines.collect())
}
