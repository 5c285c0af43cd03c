//! The pure program: messages in, state changed, effects out.
//!
//! Uses the domain and the actions alone; knows no terminal, no network, no clock. A screen's file
//! holds its state and what keys do to it; `update` is the way in.

mod credential_switch;
pub mod effect;
pub mod field;
mod list_fetch;
pub mod message;
mod perform;
mod schedule;
pub(crate) mod scroll;
mod start;
pub mod state;
pub(crate) mod step;
mod token_fetch;
mod update;

pub use start::{Opening, start};
pub use update::update;
