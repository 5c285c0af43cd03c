//! Commands that print and end.
//!
//! Never sees the screens.

pub mod args;
pub mod check_result;
pub mod commands;
pub mod error_report;
mod fetch;
pub mod help;
mod interrupt;
mod lenient_args;
pub mod output;
mod progress;
pub mod prompt;
pub mod usage_error;
