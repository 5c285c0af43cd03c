//! The whole suite as one binary: one folder per subject.
//!
//! Many tests reproduce faults that users of similar programs met. Their names begin with the number
//! of the field case, such as `k01`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::format_collect,
    reason = "a test fails where something is unexpected, handles files and clocks itself, and need not be fast"
)]

mod api;
mod architecture;
mod cli;
mod config;
mod credentials;
mod demo;
mod domain;
mod keymap;
mod keyring;
mod network;
mod pictures;
mod readme;
mod screens;
mod support;
mod terminal;
mod update;
