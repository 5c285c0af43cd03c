//! The pure program: messages in, state changed, effects out.
//!
//! Uses the domain and the actions alone; knows no terminal, no network, no clock. A screen's file
//! holds its state and what keys do to it; `update` is the way in.

pub mod banner;
pub mod browse;
mod credential_switch;
pub mod detail;
pub mod effect;
pub mod field;
mod list_fetch;
pub mod lookup;
pub mod message;
mod perform;
pub mod picker;
pub mod profiles;
pub mod raw_view;
mod schedule;
mod scroll;
mod search_index;
pub mod setup;
mod setup_fill;
mod setup_parts;
mod start;
pub mod state;
mod step;
mod token_fetch;
pub mod token_table;
mod update;

pub use start::{Opening, start};
pub use update::update;
