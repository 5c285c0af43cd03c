//! Cloudflare's API: the only code that speaks HTTP to it, and it only reads.
//!
//! `client` sends; what an answer means is decided by pure code beside it: `envelope` unwraps it,
//! `verdict` judges refusals, `retry` says when to try again, `paging` which page comes next.
//! Errors are typed in `error` and worded once, in `wording`.
//! Not here: which credential or scope is meant, and anything that is drawn or printed.

mod base_url;
mod client;
mod error;
mod listing;

pub use base_url::{BaseUrl, InvalidBaseUrl};
pub use client::{Answer, Client, Options, Patience};
pub use error::Error;
pub use listing::{Listing, NamedScope, Page};
