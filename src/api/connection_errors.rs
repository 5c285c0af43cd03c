//! What stopped an exchange, told from the chain of causes beneath the HTTP library's error.
//!
//! Not here: anything about answers. Nothing from here holds a URL, which may have a password in
//! it where a proxy is used.

use std::error::Error as StdError;
use std::io;

use super::envelope::bounded;
use super::error::Problem;

/// What every error of SOCKS begins with.
const SOCKS: &str = "SOCKS error: ";
/// The error of a name that was to be resolved here.
const SOCKS_NAME: &str = "error resolving for socks proxy";

/// Whether a proxy wants to be logged in to.
pub(super) fn wanted_login(error: &reqwest::Error) -> Option<WantedLogin> {
    causes(error).iter().find_map(|cause| {
        let text = cause.to_string();
        let of_socks = text.strip_prefix(SOCKS);
        Some(match of_socks.unwrap_or(&text) {
            "tunnel error: proxy authorization required" => WantedLogin::Http,
            "credentials not accepted" => WantedLogin::Socks { was_refused: true },
            "server does not support user/pass authentication"
            | "server implements authentication incorrectly" => {
                WantedLogin::Socks { was_refused: false }
            }
            _ => return None,
        })
    })
}

/// How a proxy asked to be logged in to.
pub(super) enum WantedLogin {
    /// By status 407.
    Http,
    /// By the protocol of SOCKS.
    Socks {
        /// Whether it was given a user name and password.
        was_refused: bool,
    },
}

/// Whether the connection to a proxy failed, not one that goes on from there.
pub(super) fn is_before_tunnel(error: &reqwest::Error) -> bool {
    let words = "tunnel error: failed to create underlying connection";
    causes(error).iter().any(|cause| cause.to_string() == words)
}

/// Names the problem. `is_forwarded`: a proxy is connected to in place of the API; where it opens a
/// tunnel instead, its errors say so.
pub(super) fn problem(error: &reqwest::Error, is_forwarded: bool) -> Problem {
    let causes = causes(error);
    if let Some(tls) = causes.iter().find_map(|cause| tls(*cause)) {
        return tls;
    }
    if let Some(proxy) = causes.iter().find_map(|cause| tunnel(*cause)) {
        return proxy;
    }
    // A proxy of SOCKS may be handed an address for the name.
    if causes.iter().any(|cause| cause.to_string() == SOCKS_NAME) {
        return Problem::Dns;
    }
    if error.is_connect() && is_forwarded && !error.is_timeout() {
        return Problem::ProxyUnreachable;
    }
    if error.is_dns() || causes.iter().any(|cause| is_name(*cause)) {
        return Problem::Dns;
    }
    if error.is_connect() && error.is_timeout() {
        return Problem::ConnectTimeout;
    }
    causes
        .iter()
        .find_map(|cause| broken(*cause))
        .unwrap_or(Problem::Other)
}

/// The chain in one line, without repetitions and without any URL.
pub(super) fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words: Vec<String> = Vec::new();
    for cause in causes(&error) {
        let text = cause.to_string();
        if !text.contains("://") && words.iter().all(|earlier| !earlier.contains(&text)) {
            words.push(text);
        }
    }
    bounded(&words.join(": "))
}

/// The error and everything beneath it. `io::Error::source` skips the error it wraps.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut causes = vec![error];
    let mut at = error;
    while let Some(next) = beneath(at) {
        causes.push(next);
        at = next;
    }
    causes
}

fn beneath<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn tls(cause: &(dyn StdError + 'static)) -> Option<Problem> {
    use rustls::{AlertDescription, Error};
    let problem = match cause.downcast_ref::<Error>()? {
        Error::InvalidCertificate(fault) => certificate(fault),
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            Problem::OldTls
        }
        Error::InvalidMessage(_) => Problem::NotTls,
        _ => Problem::Tls,
    };
    Some(problem)
}

fn certificate(fault: &rustls::CertificateError) -> Problem {
    use rustls::CertificateError as Fault;
    match fault {
        Fault::UnknownIssuer => Problem::UnknownIssuer,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => Problem::WrongName,
        Fault::Expired
        | Fault::ExpiredContext { .. }
        | Fault::NotValidYet
        | Fault::NotValidYetContext { .. } => Problem::NotValidNow,
        Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. } => Problem::WrongPurpose,
        // rustls does not export the type of this one; its name is all there is.
        Fault::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            Problem::AuthorityItself
        }
        _ => Problem::Tls,
    }
}

/// The HTTP library does not export the type of these errors; its words are all there is.
fn tunnel(cause: &(dyn StdError + 'static)) -> Option<Problem> {
    let text = cause.to_string();
    let reason = text
        .strip_prefix("tunnel error: ")
        .or_else(|| text.strip_prefix(SOCKS))?;
    Some(match reason {
        "failed to create underlying connection" => Problem::ProxyUnreachable,
        "failed parsing server response" | "io error during SOCKS handshake" => Problem::NotSocks,
        _ => Problem::ProxyRefused,
    })
}

/// A name that was looked up in vain, or that cannot be one.
fn is_name(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::pki_types::InvalidDnsNameError>() || cause.to_string() == "dns error"
}

fn broken(cause: &(dyn StdError + 'static)) -> Option<Problem> {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        if error.is_parse() {
            return Some(Problem::NotHttp);
        }
        let is_cut = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
        return is_cut.then_some(Problem::Reset);
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(Problem::Refused),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(Problem::NoRoute),
        // A firewall or a sandbox of this computer.
        io::ErrorKind::PermissionDenied => Some(Problem::Forbidden),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::TimedOut
        | io::ErrorKind::UnexpectedEof => Some(Problem::Reset),
        _ => None,
    }
}
