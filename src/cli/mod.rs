//! Commands that print and end.
//!
//! Never sees the screens.

pub mod args;
pub mod commands;
mod interrupt;
pub mod looks;
pub mod output;
mod prompt;
