//! The list of all tokens.
//!
//! Not here: its order and its rules (`app::browse`).

use ratatui::Frame;
use ratatui::layout::Rect;

use super::look::Look;
use super::widgets::panel;
use crate::app::state::State;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, _state: &State, look: &Look<'_>) {
    panel(frame.buffer_mut(), area, "All tokens", look);
}
