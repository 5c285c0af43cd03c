//! The sentences about connections that failed: to the API, or to a proxy in between.

use super::error::{LoginFault, ProxyFault, ProxyLogin, TransportFault};
use crate::domain::failure::{Failure, FailureKind};

/// The failure of a connection.
pub(super) fn transport(fault: TransportFault, host: &str) -> Failure {
    use FailureKind::{InvalidResponse, Network, Proxy, Timeout, Tls};
    let proxy_settings =
        "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the system's proxy settings.";
    let (kind, summary, hint) = match fault {
        TransportFault::Dns => (
            Network,
            format!("The name {host} could not be resolved."),
            "Check the network connection, DNS and the base URL.",
        ),
        TransportFault::Refused => (
            Network,
            format!("{host} refused the connection."),
            "Check the network connection, the firewall and the base URL.",
        ),
        TransportFault::NoRoute => (
            Network,
            format!("No route to {host}: this computer seems to be offline."),
            "Check the network connection and any VPN, then try again.",
        ),
        TransportFault::Forbidden => (
            Network,
            format!("This computer does not allow connections to {host}."),
            "Check its firewall, and any sandbox or security module (SELinux, AppArmor).",
        ),
        TransportFault::Reset => (
            Network,
            format!("The connection to {host} was closed before the response was complete."),
            "Try again; if it keeps happening, look for a firewall or proxy in between.",
        ),
        TransportFault::ConnectTimeout => (
            Timeout,
            format!("No connection to {host} within 10 seconds."),
            "Check the network connection, the firewall and the proxy settings.",
        ),
        TransportFault::UnknownIssuer => (
            Tls,
            format!("The certificate of {host} was issued by an untrusted authority."),
            "If your network inspects TLS, add its CA certificate with --ca-file FILE, or name it in SSL_CERT_FILE.",
        ),
        TransportFault::WrongName => (
            Tls,
            format!("The certificate of {host} is for another name."),
            "Check the base URL; something in between may be responding in its place.",
        ),
        TransportFault::NotValidNow => (
            Tls,
            format!("The certificate of {host} has expired or is not valid yet."),
            "Check this computer's clock.",
        ),
        TransportFault::CaAsServer => (
            Tls,
            format!(
                "The certificate of {host} is a CA certificate (CA:TRUE), not a server certificate."
            ),
            "Give the server a certificate without CA:TRUE, issued by that authority.",
        ),
        TransportFault::WrongPurpose => (
            Tls,
            format!("The certificate of {host} is not meant for servers."),
            "Give the server a certificate for server authentication.",
        ),
        TransportFault::OldTls => (
            Tls,
            format!("{host} does not support a usable TLS 1.2 or 1.3."),
            "Check the base URL, and whether something in between inspects TLS.",
        ),
        TransportFault::NotTls => (
            Tls,
            format!("{host} did not respond with TLS."),
            "Check the base URL and its port, and what may be responding in the API's place.",
        ),
        TransportFault::Tls => (
            Tls,
            format!("The TLS handshake with {host} failed."),
            "Check the base URL, and whether something in between inspects TLS; --ca-file adds a CA.",
        ),
        TransportFault::ProxyUnreachable => (
            Proxy,
            format!("The proxy {host} could not be reached."),
            proxy_settings,
        ),
        TransportFault::ProxyRefused => (
            Proxy,
            format!("The proxy {host} refused to open a connection."),
            proxy_settings,
        ),
        TransportFault::ProxyNotTls => (
            Proxy,
            format!("The proxy {host} did not respond with TLS."),
            "Check its address and port; for a proxy without TLS, start the URL with http://.",
        ),
        TransportFault::NotSocks => (
            Proxy,
            format!("The proxy {host} does not speak SOCKS 5."),
            "Check its address and port; for an HTTP proxy, start the URL with http://.",
        ),
        TransportFault::NotHttp => (
            InvalidResponse,
            format!("{host} did not respond with HTTP."),
            "Check the base URL.",
        ),
        TransportFault::Compression => (
            InvalidResponse,
            format!("The response from {host} could not be decompressed."),
            "Try again; if it keeps happening, a proxy or firewall may be altering responses.",
        ),
        TransportFault::Other => (
            Network,
            format!("The request to {host} failed."),
            "Try again; see the error details for the cause.",
        ),
    };
    Failure::new(kind, summary, hint)
}

/// The failure for the address of a proxy.
pub(super) fn proxy_setting(variable: Option<&str>, fault: ProxyFault) -> Failure {
    let place = variable.unwrap_or("the system's settings");
    let what = match fault {
        ProxyFault::Malformed => "it is not a URL such as http://host:port",
        ProxyFault::OldSocks => "only version 5 of SOCKS is supported",
        ProxyFault::LongLogin => "SOCKS limits user names and passwords to 255 characters",
    };
    Failure::new(
        FailureKind::Proxy,
        format!("The proxy in {place} cannot be used: {what}."),
        "Set it to an http://, https:// or socks5h:// URL, or add the API's host to NO_PROXY.",
    )
}

/// The failure for a proxy that requires a login.
pub(super) fn proxy_login(login: &ProxyLogin) -> Failure {
    let socks = if login.is_socks { "SOCKS " } else { "" };
    let proxy = match &login.host {
        Some(host) => format!("The {socks}proxy {host}"),
        None => "A proxy in between".to_owned(),
    };
    let place = login.variable.unwrap_or("the system's proxy settings");
    let example = if login.is_socks { "socks5h" } else { "http" };
    let (summary, hint) = match &login.fault {
        LoginFault::Missing => (
            format!("{proxy} requires a user name and password, but none is configured."),
            match login.variable {
                Some(variable) => {
                    format!("Add them to its URL: {variable}={example}://USER:PASSWORD@HOST:PORT.")
                }
                None => "Add them to its URL in HTTPS_PROXY.".to_owned(),
            },
        ),
        LoginFault::Refused => (
            format!(
                "{proxy} requires a valid user name and password: it did not accept those in {place}."
            ),
            "Correct them there; write characters such as @ : / % as %40 %3A %2F %25.".to_owned(),
        ),
        LoginFault::Unwanted => (
            format!("{proxy} accepts no user name and password, but {place} contains them."),
            format!("Remove them from {place}, or check that it is the right proxy."),
        ),
        LoginFault::Unsupported(schemes) => (
            format!(
                "{proxy} accepts only {}, but tokenscope supports only Basic.",
                schemes.join(", ")
            ),
            format!(
                "Enable Basic on the proxy, or set {place} to a local proxy that logs in, such as px or cntlm."
            ),
        ),
    };
    Failure::new(FailureKind::Proxy, summary, hint)
}
