//! The embedded demo: a loopback server that answers as Cloudflare's API does, over
//! `assets/demo`, with dates relative to its start.
//!
//! Not here: faults on the wire (resets, bad TLS, truncated bodies), which tests make themselves.

mod dates;
mod fixtures;
mod routes;
mod server;

pub use fixtures::{ACCOUNT, EMPTY_ACCOUNT, TOKEN, ZONE};
pub use routes::{FAILING_TOKEN, FORBIDDEN_TOKEN, LIMITED_TOKEN, MISSING_TOKEN, SLOW_TOKEN};
pub use server::Demo;
