//! The command line: its grammar, its commands, and what they print. Independent of the screens.

mod all_profiles;
pub mod args;
pub mod check_result;
pub mod commands;
pub mod error_report;
mod fetch;
pub mod help;
pub mod output;
mod progress;
pub mod prompt;
pub mod usage_error;
pub mod uses_result;
