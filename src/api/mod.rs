//! The HTTP client for Cloudflare's API, which sends only `GET`.
//!
//! `client` is the interface, `request` builds requests, `transport` sends them over `connections` and
//! `retry` decides when to try again; `listing` and `paging` assemble lists. `envelope` parses
//! responses, `classify` and `connection_errors` find out what went wrong, and `error_messages` turns
//! every `error` into sentences. `http_client`, `trust_roots` and `proxy` configure the HTTP library.

#![deny(
    clippy::wildcard_enum_match_arm,
    reason = "a new kind of error must not compile without its own message"
)]

mod classify;
mod client;
mod connection_errors;
mod connections;
mod envelope;
mod error;
mod error_messages;
mod http_client;
mod listing;
mod paging;
mod proxy;
mod request;
mod retry;
mod transport;
mod trust_roots;

pub use crate::domain::base_url::{BaseUrl, InvalidBaseUrl};
pub use client::Client;
pub use error::{
    CredentialPart, Error, LoginFault, ProxyFault, ProxyLogin, Reason, Refusal, Subject,
    TransportFault, Unreadable,
};
pub use http_client::Options;
pub use listing::{Listing, Page, Scopes};
pub use transport::{Answer, Deadlines};
