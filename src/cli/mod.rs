//! Commands that print and end.
//!
//! Never sees the screens.

pub mod args;
mod auth;
mod check;
pub mod check_result;
pub mod commands;
pub mod completion;
pub mod error_report;
mod exclude;
mod fetch;
mod get;
pub mod help;
mod interrupt;
mod lenient_args;
mod list;
mod named;
pub mod output;
mod profile;
mod progress;
pub mod prompt;
mod suggest;
mod thresholds;
pub mod usage_error;
