//! The program around the screens: messages in, state changed, effects out.
//!
//! Pure: no terminal, no network, no clock. [`update()`] is the way in.

#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod credential_switch;
pub mod effect;
pub mod form;
pub(crate) mod handler;
pub mod message;
pub(crate) mod navigation;
pub(crate) mod schedule;
pub mod session;
pub mod state;
pub(crate) mod token_fetch;
mod update;

pub use update::{Opening, start, update};
