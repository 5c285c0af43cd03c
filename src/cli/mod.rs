//! Commands that print and end.
//!
//! Never sees the screens.

pub mod args;
pub mod check_result;
pub mod commands;
pub mod desk;
pub mod error_report;
pub mod ground;
pub mod help;
mod interrupt;
mod lenient_args;
pub mod output;
pub mod output_style;
mod progress;
pub mod prompt;
mod suggest;
pub mod usage_error;
