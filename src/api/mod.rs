//! Cloudflare's API: the only code that speaks HTTP to it, and it only reads.
//!
//! `client` is what others see, set up by `http_client`, `trust_roots`, `bundle` and `proxy`; `transport` sends
//! over `connections`, `content_encoding` decompresses, `listing` puts pages together. What an answer means is decided by pure
//! code: `envelope` unwraps it, `classify` judges a refusal, `retry` says when to try again,
//! `paging` which page comes next. Errors are typed in `error`, told apart by `connection_errors` where
//! there was no answer or in `proxy_login` where a proxy wants one, kept free of our own secret by `redact`, and worded in `wording` and
//! `error_messages`.
//!
//! Not here: which credential or scope is meant, and anything that is drawn or printed.

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
mod redact;
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
