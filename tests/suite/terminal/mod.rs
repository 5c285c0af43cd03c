//! The terminal: what it sends, what is drawn on it, and how it is given back.

mod bounds;
mod clipboard;
mod commands;
mod decode;
mod display;
mod faults;
mod input;
mod profiles;
mod program;
mod prompt;
mod signals;
pub(crate) mod styles;
