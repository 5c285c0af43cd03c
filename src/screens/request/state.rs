//! The state of the choice of a change.

/// The selected change, and the first visible line of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestChoice {
    pub selected: usize,
    pub top: usize,
}
