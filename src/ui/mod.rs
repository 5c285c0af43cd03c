//! Drawing: the state in, a frame out.
//!
//! Pure. Not here: clocks, input and output, or any change of the state.

mod banner;
mod browse;
mod browse_empty;
mod browse_note;
mod browse_row;
mod choice;
mod detail;
mod error_details;
mod fields;
mod findings;
mod footer;
mod form;
mod header;
mod headline;
mod help;
mod layout;
mod lookup;
mod picker;
mod profiles;
mod raw;
mod render_context;
mod scroll;
mod setup;
mod times;
mod waiting;
mod widgets;

use ratatui::Frame;

use crate::app::state::{Overlay, Screen, State};
use crate::screens::detail::state::View;

pub use render_context::RenderContext;

/// Draws the whole screen.
pub fn draw(frame: &mut Frame<'_>, state: &State, look: &RenderContext<'_>) {
    let Some(areas) = layout::areas(frame.area(), state.banner_rows()) else {
        layout::render_too_small(frame, look);
        return;
    };
    header::render(frame, areas.header, state, look);
    match (state.screen, &state.detail.view) {
        (Screen::Setup, _) => setup::render(frame, areas.body, state, look),
        (Screen::Lookup, _) => lookup::render(frame, areas.body, state, look),
        (Screen::Browse, _) => browse::render(frame, areas.body, state, look),
        (Screen::Profiles, _) => profiles::render(frame, areas.body, state, look),
        (Screen::Detail, View::Fields) => detail::render(frame, areas.body, state, look),
        (Screen::Detail, View::Raw(raw)) => raw::render(frame, areas.body, state, raw, look),
    }
    banner::render(frame, areas.banner, state, look);
    match state.overlay {
        Some(Overlay::Help { top }) => help::render(frame, areas.body, state, top, look),
        Some(Overlay::ErrorDetails { top }) => {
            error_details::render(frame, areas.body, state, top, look);
        }
        Some(Overlay::Picker) => picker::render(frame, areas.body, state, look),
        Some(Overlay::Confirm) => profiles::render_confirm(frame, areas.body, state, look),
        Some(Overlay::Choice { selected }) => {
            choice::render(frame, areas.body, state, selected, look);
        }
        None => {}
    }
    footer::render(frame, areas.footer, state, look);
}
