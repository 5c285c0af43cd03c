//! The terminal: what it sends, what is drawn on it, and how it is given back.

mod bounds;
mod commands;
mod decode;
mod display;
mod faults;
mod profiles;
mod program;
mod prompt;
mod shells;
