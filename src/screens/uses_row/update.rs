//! Key handling of the details of Uses, and their lines: the selected row, the facts about the token,
//! and what was read.

use crate::action::{Context, Motion};
use crate::app::handler::{Copied, Handler, UsesRow};

use crate::app::state::{Overlay, State};
use crate::domain::access::uses::SECRET_PLACES;

use crate::layout::{self, TextBox, TextLine};
use crate::theme::Role;

impl Handler for UsesRow {
    fn context(&self, _: &State) -> Context {
        Context::UsesRow
    }

    fn scroll(&self, state: &mut State, motion: Motion) {
        let text = state.uses_row_box();
        if let Some(Overlay::UsesRow { top }) = &mut state.overlay {
            *top = motion.from(*top, text.page(), text.last_top());
        }
    }

    fn copy(&self, state: &mut State, what: Copied) {
        if what == Copied::Selection {
            let lines = state.uses_details(usize::MAX);
            let text = |line: &TextLine| line.iter().map(|(_, text)| text.as_str()).collect();
            let lines: Vec<String> = lines.iter().map(text).collect();
            state.copy_raw("the details", Some(lines.join("\n")));
        }
    }
}

impl State {
    /// The details of Uses, limited to the size of the body.
    pub fn uses_row_box(&self) -> TextBox {
        TextBox::new(self.body(), |columns| self.uses_details(columns))
    }

    fn uses_details(&self, columns: usize) -> Vec<TextLine> {
        let uses = &self.uses;
        let title = |text: &str| vec![(Some(Role::Title), text.to_owned())];
        let mut lines = Vec::new();
        if let Some(row) = uses.selected_row() {
            let place = self.glyphs().clean(&row.place).into_owned();
            let place = format!("{} {place}", row.mark.word());
            lines.extend(layout::wrapped(Some(Role::Strong), &place, columns));
            lines.extend(self.uses_why(columns));
            lines.push(Vec::new());
        }
        lines.push(title("The token"));
        for fact in &uses.report.facts {
            lines.extend(self.labelled(fact.label, &fact.text, columns));
        }
        let caveat = format!("But {SECRET_PLACES}.");
        lines.extend(layout::wrapped(Some(Role::Muted), &caveat, columns));
        lines.push(Vec::new());
        lines.push(title("What was read"));
        lines.extend(self.uses_reads(columns));
        lines
    }
}
