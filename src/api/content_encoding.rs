//! How a body is compressed on its way, and the undoing of it.
//!
//! By hand, since the HTTP library knows gzip by one spelling only, and stops after the first of
//! several members. Not here: receiving the body (`transport`).

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};

use super::envelope::bounded;

/// What is asked for.
pub(super) const ACCEPTED: &str = "gzip";

/// How a body is compressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    Plain,
    /// As was asked for.
    Gzip,
    /// In another way, or in several. Untrusted text.
    Other(String),
}

impl Coding {
    /// Reads the headers. Names of codings have no case (RFC 9110, section 8.4.1), and `x-gzip` is
    /// gzip.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let text: Vec<_> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        let text = text.join(", ");
        let names: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
            .collect();
        match names[..] {
            [] => Self::Plain,
            [name] if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") => {
                Self::Gzip
            }
            _ => Self::Other(bounded(&names.join(", "))),
        }
    }
}

/// Decompresses a body up to a bound: one that is longer comes one byte longer than that.
///
/// # Errors
/// The decoder's, for what is no whole gzip.
pub(super) fn gunzip(bytes: &[u8], bound: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    if !bytes.is_empty() {
        let limit = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
        MultiGzDecoder::new(bytes)
            .take(limit)
            .read_to_end(&mut plain)?;
    }
    Ok(plain)
}
