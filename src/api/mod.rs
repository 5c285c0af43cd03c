//! Cloudflare's API: the only code that speaks HTTP to it, and it only reads.
//!
//! `client` has a method for each endpoint, `request` its URL and `list` its pages; `transport` sends over
//! `connections`, which `http_client`, `trust_roots`, `bundle` and `proxy` configure. Pure code decides
//! what an answer means: `envelope` unwraps it, `classify` names an error, `retry` says when to try
//! again. Errors are typed in `error` and put into words in `wording` and `error_messages`.

mod bundle;
mod classify;
mod client;
mod connection_errors;
mod connections;
mod envelope;
mod error;
mod error_messages;
mod http_client;
mod list;
mod proxy;
mod proxy_login;
mod redact;
mod request;
mod retry;
mod transport;
mod trust_roots;

pub use crate::domain::base_url::{BaseUrl, InvalidBaseUrl};
pub use error::{
    CredentialPart, Error, LoginFault, ProxyFault, ProxyLogin, Reason, Refusal, Subject,
    TransportFault, Unreadable,
};
pub use http_client::Options;
pub use list::Page;
pub use transport::{Client, Deadlines};
