//! Commands that print and end.
//!
//! Never sees the screens.

pub mod args;
pub mod commands;
pub mod output;
