//! The pure program: messages in, state changed, effects out.
//!
//! Uses the domain and the actions alone; knows no terminal, no network, no clock. A screen's file
//! holds its state and what keys do to it; `update` is the way in.

pub mod banner;
pub mod browse;
pub mod browse_table;
mod browsing;
pub mod detail;
pub mod effect;
mod fetching;
pub mod field;
mod haystacks;
pub mod lookup;
pub mod message;
mod perform;
pub mod picker;
pub mod profiles;
pub mod raw_view;
mod scroll;
pub mod setup;
mod setup_fill;
mod setup_parts;
mod start;
pub mod state;
mod step;
mod switching;
mod timing;
mod update;

pub use start::{Opening, start};
pub use update::update;
