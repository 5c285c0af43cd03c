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
mod interrupt;
mod line;
mod list;
pub mod looks;
pub mod output;
mod profile;
mod progress;
pub mod prompt;
pub mod refusal;
pub mod telling;
pub mod verdict;
