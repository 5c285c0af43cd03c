//! Drawing: the state in, a frame out.
//!
//! Pure. Not here: clocks, input and output, or any change of the state.

pub(crate) mod banner;
pub(crate) mod footer;
pub(crate) mod form;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod render_context;
pub(crate) mod scroll;
pub(crate) mod times;
pub(crate) mod waiting;
pub(crate) mod widgets;

use ratatui::Frame;

use crate::app::state::{Overlay, Screen, State};
use crate::screens::detail::state::View;
use crate::screens::{
    browse, choice, detail, error_details, help, lookup, picker, profiles, setup,
};

pub use render_context::RenderContext;

/// Draws the whole screen.
pub fn draw(frame: &mut Frame<'_>, state: &State, look: &RenderContext<'_>) {
    let Some(areas) = layout::areas(frame.area(), state.banner_rows()) else {
        layout::render_too_small(frame, look);
        return;
    };
    header::render(frame, areas.header, state, look);
    match (state.screen, &state.detail.view) {
        (Screen::Setup, _) => setup::view::render(frame, areas.body, state, look),
        (Screen::Lookup, _) => lookup::view::render(frame, areas.body, state, look),
        (Screen::Browse, _) => browse::view::render(frame, areas.body, state, look),
        (Screen::Profiles, _) => profiles::view::render(frame, areas.body, state, look),
        (Screen::Detail, View::Fields) => detail::view::render(frame, areas.body, state, look),
        (Screen::Detail, View::Raw(raw)) => {
            detail::raw_view::render(frame, areas.body, state, raw, look)
        }
    }
    banner::render(frame, areas.banner, state, look);
    match state.overlay {
        Some(Overlay::Help { top }) => help::view::render(frame, areas.body, state, top, look),
        Some(Overlay::ErrorDetails { top }) => {
            error_details::view::render(frame, areas.body, state, top, look);
        }
        Some(Overlay::Picker) => picker::view::render(frame, areas.body, state, look),
        Some(Overlay::Confirm) => profiles::view::render_confirm(frame, areas.body, state, look),
        Some(Overlay::Choice { selected }) => {
            choice::view::render(frame, areas.body, state, selected, look);
        }
        None => {}
    }
    footer::render(frame, areas.footer, state, look);
}
