//! Commands that print and end.
//!
//! Never sees the screens.

pub mod args;
mod auth;
mod check;
pub mod commands;
pub mod completion;
pub mod desk;
mod exclude;
mod get;
pub mod ground;
pub mod help;
mod interrupt;
mod line;
mod list;
pub mod looks;
mod named;
pub mod output;
mod profile;
mod progress;
pub mod prompt;
pub mod refusal;
mod suggest;
pub mod telling;
mod thresholds;
pub mod verdict;
