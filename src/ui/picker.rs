//! The accounts and zones to choose from.
//!
//! Not here: where the choice goes (`app`).

use ratatui::Frame;
use ratatui::layout::Rect;

use super::look::Look;
use super::widgets::panel;
use crate::app::state::State;

pub(super) fn render(frame: &mut Frame<'_>, area: Rect, _state: &State, look: &Look<'_>) {
    panel(frame.buffer_mut(), area, "Accounts and zones", look);
}
