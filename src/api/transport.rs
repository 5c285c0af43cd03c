//! What stopped an exchange, told from the chain of causes beneath the HTTP library's error.
//!
//! Not here: anything about answers. Nothing from here holds a URL, which may have a password in
//! it where a proxy is used.

use std::error::Error as StdError;
use std::io;

use super::envelope::bounded;
use super::error::Problem;

/// Names the problem. `uses_proxy`: the connection goes to a proxy first.
pub(super) fn problem(error: &reqwest::Error, uses_proxy: bool) -> Problem {
    let causes = causes(error);
    if let Some(tls) = causes.iter().find_map(|cause| tls(*cause)) {
        return tls;
    }
    if let Some(proxy) = causes.iter().find_map(|cause| tunnel(*cause)) {
        return proxy;
    }
    if error.is_connect() && uses_proxy && !error.is_timeout() && !is_tls_handshake(&causes) {
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

/// hyper-util does not export the type of these errors; its words are all there is.
fn tunnel(cause: &(dyn StdError + 'static)) -> Option<Problem> {
    let text = cause.to_string();
    let reason = text.strip_prefix("tunnel error: ")?;
    Some(match reason {
        "proxy authorization required" => Problem::ProxyAuthentication,
        "failed to create underlying connection" => Problem::ProxyUnreachable,
        _ => Problem::ProxyRefused,
    })
}

/// A name that was looked up in vain, or that cannot be one.
fn is_name(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<rustls::pki_types::InvalidDnsNameError>() || cause.to_string() == "dns error"
}

fn is_tls_handshake(causes: &[&(dyn StdError + 'static)]) -> bool {
    causes
        .iter()
        .any(|cause| cause.to_string().contains("tls handshake"))
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
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected
        | io::ErrorKind::UnexpectedEof => Some(Problem::Reset),
        _ => None,
    }
}
