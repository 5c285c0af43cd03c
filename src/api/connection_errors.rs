//! What stopped an exchange, told from the chain of causes beneath the HTTP library's error.
//!
//! Not here: anything about answers. Nothing from here holds a URL, which may have a password in
//! it where a proxy is used.

use std::error::Error as StdError;
use std::io;

use super::envelope::bounded;
use super::error::TransportFault;

/// What every error of SOCKS begins with.
const SOCKS: &str = "SOCKS error: ";
/// The error of a name that was to be resolved here.
const SOCKS_NAME: &str = "error resolving for socks proxy";

/// Whether a proxy wants to be logged in to.
pub(super) fn login_request(error: &reqwest::Error) -> Option<LoginRequest> {
    causes(error).iter().find_map(|cause| {
        let text = cause.to_string();
        let of_socks = text.strip_prefix(SOCKS);
        Some(match of_socks.unwrap_or(&text) {
            "tunnel error: proxy authorization required" => LoginRequest::Http,
            "credentials not accepted" => LoginRequest::Socks { was_refused: true },
            "server does not support user/pass authentication"
            | "server implements authentication incorrectly" => {
                LoginRequest::Socks { was_refused: false }
            }
            _ => return None,
        })
    })
}

/// How a proxy asked to be logged in to.
pub(super) enum LoginRequest {
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
pub(super) fn classify(error: &reqwest::Error, is_forwarded: bool) -> TransportFault {
    let causes = causes(error);
    if let Some(tls) = causes.iter().find_map(|cause| tls(*cause)) {
        return tls;
    }
    if let Some(proxy) = causes.iter().find_map(|cause| tunnel(*cause)) {
        return proxy;
    }
    // Every error of a body is one of decoding; those of the connection come from hyper.
    if error.is_decode() && !causes.iter().any(|cause| cause.is::<hyper::Error>()) {
        return TransportFault::Compression;
    }
    // A proxy of SOCKS may be handed an address for the name.
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
    causes
        .iter()
        .find_map(|cause| broken(*cause))
        .unwrap_or(TransportFault::Other)
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

fn tls(cause: &(dyn StdError + 'static)) -> Option<TransportFault> {
    use rustls::{AlertDescription, Error};
    let fault = match cause.downcast_ref::<Error>()? {
        Error::InvalidCertificate(fault) => certificate(fault),
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            TransportFault::OldTls
        }
        Error::InvalidMessage(_) => TransportFault::NotTls,
        _ => TransportFault::Tls,
    };
    Some(fault)
}

fn certificate(fault: &rustls::CertificateError) -> TransportFault {
    use rustls::CertificateError as Fault;
    match fault {
        Fault::UnknownIssuer => TransportFault::UnknownIssuer,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => TransportFault::WrongName,
        Fault::Expired
        | Fault::ExpiredContext { .. }
        | Fault::NotValidYet
        | Fault::NotValidYetContext { .. } => TransportFault::NotValidNow,
        Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. } => TransportFault::WrongPurpose,
        // rustls does not export the type of this one; its name is all there is.
        Fault::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            TransportFault::CaAsServer
        }
        _ => TransportFault::Tls,
    }
}

/// The HTTP library does not export the type of these errors; its words are all there is.
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

/// A name that was looked up in vain, or that cannot be one.
fn is_name(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::pki_types::InvalidDnsNameError>() || cause.to_string() == "dns error"
}

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
        // A firewall or a sandbox of this computer.
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
