//! The pure program: messages in, state changed, effects out.
//!
//! Uses the domain and the actions alone; knows no terminal, no network, no clock.

pub mod detail;
pub mod effect;
pub mod field;
pub mod lookup;
pub mod message;
pub mod raw_view;
pub mod setup;
pub mod start;
pub mod state;
mod timing;
mod update;

pub use start::{Opening, start};
use update::report;
pub use update::update;
