//! The program on a real terminal: input, drawing, signals and restoring.

mod all_profiles;
mod background;
mod bounds;
mod clipboard;
mod commands;
mod decode;
mod desktop;
mod display;
mod faults;
mod input;
pub(crate) mod profiles;
mod program;
mod prompt;
mod signals;
pub(crate) mod styles;
