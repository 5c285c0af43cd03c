//! Where a selection or a scroll position goes.
//!
//! Not here: what is selected or scrolled.

use crate::action::Action;

/// The position after an action, with a page's rows and the last position; other actions move
/// nothing but still pull the position back into range.
#[must_use]
pub(crate) fn moved(at: usize, action: Action, page: usize, last: usize) -> usize {
    let to = match action {
        Action::Up => at.saturating_sub(1),
        Action::Down => at.saturating_add(1),
        Action::PageUp => at.saturating_sub(page.max(1)),
        Action::PageDown => at.saturating_add(page.max(1)),
        Action::Top => 0,
        Action::Bottom => last,
        _ => at,
    };
    to.min(last)
}
