//! Cloudflare's API: the only code that speaks HTTP to it, and it only reads.
//!
//! `client` is what others see, set up by `setup`, `roots`, `bundle` and `proxy`; `exchange` sends
//! over `connections`, `coding` decompresses, `listing` puts pages together. What an answer means is decided by pure
//! code: `envelope` unwraps it, `verdict` judges a refusal, `retry` says when to try again,
//! `paging` which page comes next. Errors are typed in `error`, told apart by `transport` where
//! there was no answer or in `proxy_login` where a proxy wants one, kept free of our own secret by `redact`, and worded in `wording` and
//! `refusal`.
//!
//! Not here: which credential or scope is meant, and anything that is drawn or printed.

mod bundle;
mod client;
mod coding;
mod connections;
mod envelope;
mod error;
mod exchange;
mod listing;
mod paging;
mod proxy;
mod proxy_login;
mod redact;
mod refusal;
mod request;
mod retry;
mod roots;
mod setup;
mod transport;
mod verdict;
mod wording;

pub use crate::domain::base_url::{BaseUrl, InvalidBaseUrl};
pub use client::Client;
pub use error::{
    Error, LoginFault, Part, Problem, ProxyFault, ProxyLogin, Reason, Refusal, Subject, Unreadable,
};
pub use exchange::{Answer, Patience};
pub use listing::{Listing, Page, Scopes};
pub use setup::Options;
