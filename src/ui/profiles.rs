//! The profiles, and the question before one is removed.
//!
//! Not here: their rules (`app::profiles`).

use ratatui::Frame;
use ratatui::layout::Rect;

use super::look::Look;
use super::widgets::panel;
use crate::app::state::State;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, _state: &State, look: &Look<'_>) {
    panel(frame.buffer_mut(), area, "Profiles", look);
}

pub(super) fn render_confirm(frame: &mut Frame<'_>, area: Rect, _state: &State, look: &Look<'_>) {
    panel(frame.buffer_mut(), area, "Remove a profile?", look);
}
