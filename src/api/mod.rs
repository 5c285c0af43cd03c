//! The HTTP client for Cloudflare's API, which sends only `GET`.
//!
//! `client` has a method for each endpoint, `request` its URL and `list` its pages; `transport`
//! sends over `http_client`, which `trust_roots` and `proxy` configure, and `retry` says when to try
//! again. `access` reads what tells who uses a token; `public_json` leaves secrets out of it.
//! `envelope` parses responses, `error` and `connection_errors` find out what went wrong, and
//! `error_messages` and `connection_messages` turn every error into a message.

#![deny(
    clippy::wildcard_enum_match_arm,
    reason = "a new kind of error must not compile without its own message"
)]

mod access;
mod client;
mod connection_errors;
mod connection_messages;
mod envelope;
mod error;
mod error_messages;
mod http_client;
mod list;
mod probe;
mod proxy;
mod public_json;
mod request;
mod retry;
mod transport;
mod trust_roots;

pub use crate::domain::scope::{BaseUrl, InvalidBaseUrl};
pub use access::{PartContents, Sample};
pub use client::ScopeReader;
pub use error::Error;
pub use http_client::Options;
pub use list::Page;
pub use probe::{Asked, Permit, Prober};
pub use transport::{Client, Deadlines};
