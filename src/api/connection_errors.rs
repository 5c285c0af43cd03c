//! Classifies transport errors by the chain of causes beneath the HTTP library's error.
//!
//! Nothing here returns a URL: a proxy's URL may contain a password.

use std::error::Error as StdError;
use std::io;

use super::envelope::bounded;
use super::error::TransportFault;

/// The prefix of every SOCKS error.
const SOCKS: &str = "SOCKS error: ";
/// The error of `socks5` for a name that could not be resolved locally.
const SOCKS_NAME: &str = "error resolving for socks proxy";

/// How a proxy asked for a login.
pub(super) enum LoginRequest {
    /// With status 407.
    Http,
    /// In the SOCKS handshake.
    Socks { was_refused: bool },
}

/// Whether a proxy asked for a login, and how.
pub(super) fn login_request(error: &reqwest::Error) -> Option<LoginRequest> {
    causes(error).iter().find_map(|cause| {
        let text = cause.to_string();
        match text.strip_prefix(SOCKS).unwrap_or(&text) {
            "tunnel error: proxy authorization required" => Some(LoginRequest::Http),
            "credentials not accepted" => Some(LoginRequest::Socks { was_refused: true }),
            "server does not support user/pass authentication"
            | "server implements authentication incorrectly" => {
                Some(LoginRequest::Socks { was_refused: false })
            }
            _ => None,
        }
    })
}

/// Whether the connection to the proxy itself failed, rather than one through it.
pub(super) fn is_before_tunnel(error: &reqwest::Error) -> bool {
    let words = "tunnel error: failed to create underlying connection";
    causes(error).iter().any(|cause| cause.to_string() == words)
}

/// Classifies an error. `is_forwarded` means that a proxy forwards plain http, so that connection
/// errors concern the proxy; tunnel errors name the proxy themselves.
pub(super) fn classify(error: &reqwest::Error, is_forwarded: bool) -> TransportFault {
    let causes = causes(error);
    let first = |of: fn(&(dyn StdError + 'static)) -> Option<TransportFault>| {
        causes.iter().find_map(|cause| of(*cause))
    };
    if let Some(fault) = first(tls).or_else(|| first(tunnel)) {
        return fault;
    }
    // Every body error counts as a decoding error; connection errors come from hyper.
    if error.is_decode() && !causes.iter().any(|cause| cause.is::<hyper::Error>()) {
        return TransportFault::Compression;
    }
    // A SOCKS proxy may be given an address instead of the name.
    if causes.iter().any(|cause| cause.to_string() == SOCKS_NAME) {
        return TransportFault::Dns;
    }
    if error.is_connect() && is_forwarded && !error.is_timeout() {
        return TransportFault::ProxyUnreachable;
    }
    if error.is_dns() || causes.iter().any(|cause| is_name(*cause)) {
        return TransportFault::Dns;
    }
    if error.is_connect() && error.is_timeout() {
        return TransportFault::ConnectTimeout;
    }
    first(broken).unwrap_or(TransportFault::Other)
}

/// The chain of causes in one line, without repetitions and URLs.
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

/// The error and all its causes.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error)).collect()
}

/// `io::Error::source` skips the error it wraps.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most of the library's errors mean the same here"
)]
fn tls(cause: &(dyn StdError + 'static)) -> Option<TransportFault> {
    use rustls::{AlertDescription, CertificateError as Fault, Error};
    let fault = match cause.downcast_ref::<Error>()? {
        Error::InvalidCertificate(fault) => fault,
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            return Some(TransportFault::OldTls);
        }
        Error::InvalidMessage(_) => return Some(TransportFault::NotTls),
        _ => return Some(TransportFault::Tls),
    };
    Some(match fault {
        Fault::UnknownIssuer => TransportFault::UnknownIssuer,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => TransportFault::WrongName,
        Fault::Expired
        | Fault::ExpiredContext { .. }
        | Fault::NotValidYet
        | Fault::NotValidYetContext { .. } => TransportFault::NotValidNow,
        Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. } => TransportFault::WrongPurpose,
        // rustls does not export this error's type, only its name.
        Fault::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            TransportFault::CaAsServer
        }
        _ => TransportFault::Tls,
    })
}

/// The HTTP library does not export the types of these errors, only their messages.
fn tunnel(cause: &(dyn StdError + 'static)) -> Option<TransportFault> {
    let text = cause.to_string();
    let reason = text
        .strip_prefix("tunnel error: ")
        .or_else(|| text.strip_prefix(SOCKS))?;
    Some(match reason {
        "failed to create underlying connection" => TransportFault::ProxyUnreachable,
        "failed parsing server response" | "io error during SOCKS handshake" => {
            TransportFault::NotSocks
        }
        _ => TransportFault::ProxyRefused,
    })
}

/// A name that could not be resolved, or cannot be a name.
fn is_name(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::pki_types::InvalidDnsNameError>() || cause.to_string() == "dns error"
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "most kinds of I/O errors do not occur on a connection"
)]
fn broken(cause: &(dyn StdError + 'static)) -> Option<TransportFault> {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        if error.is_parse() {
            return Some(TransportFault::NotHttp);
        }
        let is_cut = error.is_incomplete_message() || error.is_closed() || error.is_canceled();
        return is_cut.then_some(TransportFault::Reset);
    }
    match cause.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(TransportFault::Refused),
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(TransportFault::NoRoute),
        // Blocked by a firewall or sandbox on this computer.
        io::ErrorKind::PermissionDenied => Some(TransportFault::Forbidden),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::TimedOut
        | io::ErrorKind::UnexpectedEof => Some(TransportFault::Reset),
        _ => None,
    }
}
