//! Errors in words: for each a sentence that says what happened and one that says what to do.
//!
//! The only place where an [`Error`] becomes a [`Failure`]; what is said of a refusal stands in
//! `error_messages`. Not here: deciding what an error is.

use super::error::{Error, LoginFault, ProxyFault, ProxyLogin, TransportFault};
use super::error_messages::{self, Words, seconds};
use crate::domain::failure::{Details, Failure, FailureKind};
use crate::domain::scope::Scope;

impl Error {
    /// The failure as the user sees it. With the scope in use, it can be named.
    #[must_use]
    pub fn into_failure(self, scope: Option<&Scope>) -> Failure {
        let retry_after = self.retry_after();
        let is_said_by_api = matches!(self, Self::Refused(_));
        let (kind, summary, hint) = words(&self, scope);
        let mut failure = Failure::new(kind, summary, hint).with_details(details(self));
        failure.retry_after = retry_after;
        if is_said_by_api {
            // Its words may hold secrets that are not ours.
            failure = failure.scrubbed();
        }
        failure
    }
}

fn details(error: Error) -> Details {
    match error {
        Error::CaFile { .. }
        | Error::Setup { .. }
        | Error::UnusableCredential { .. }
        | Error::ProxySetting { .. } => Details::default(),
        Error::Timeout { request, .. } => Details {
            request: Some(request),
            ..Details::default()
        },
        Error::Transport { request, cause, .. } => Details {
            request: Some(request),
            cause: Some(cause),
            ..Details::default()
        },
        Error::ProxyLogin(login) => Details {
            http_status: login.http_status,
            request: Some(login.request),
            ..Details::default()
        },
        Error::Refused(refusal) => Details {
            http_status: Some(refusal.http_status),
            request: Some(refusal.request),
            api_errors: refusal.api_errors,
            api_messages: refusal.api_messages,
            omitted: refusal.omitted,
            cf_ray: refusal.cf_ray,
            cause: refusal.remark,
        },
    }
}

fn words(error: &Error, scope: Option<&Scope>) -> Words {
    match error {
        Error::CaFile { path, cause } => (
            FailureKind::Usage,
            format!(
                "The certificate file {} cannot be used: {cause}.",
                path.display()
            ),
            "Give --ca-file a readable file of CA certificates in PEM form.".to_owned(),
        ),
        Error::Setup { cause } => (
            FailureKind::Tls,
            format!("No certificates to trust could be loaded: {cause}."),
            "Check SSL_CERT_FILE and SSL_CERT_DIR, or install the system's CA certificates."
                .to_owned(),
        ),
        Error::ProxySetting { variable, fault } => proxy_setting(*variable, *fault),
        Error::UnusableCredential { part } => (
            FailureKind::Authentication,
            format!("The {part} cannot be sent: it is empty or holds a character that none has."),
            format!("Enter the {part} again, without spaces or line breaks."),
        ),
        Error::Timeout {
            allowed, has_begun, ..
        } => (
            FailureKind::Timeout,
            if *has_begun {
                format!(
                    "The answer did not arrive whole within {}.",
                    seconds(*allowed)
                )
            } else {
                format!("No answer after {}.", seconds(*allowed))
            },
            "Check the connection, or allow more time with --timeout.".to_owned(),
        ),
        Error::Transport { fault, host, .. } => transport(*fault, host),
        Error::ProxyLogin(login) => proxy_login(login),
        Error::Refused(refusal) => error_messages::words(refusal, scope),
    }
}

fn proxy_setting(variable: Option<&str>, fault: ProxyFault) -> Words {
    let place = variable.unwrap_or("the system's settings");
    let what = match fault {
        ProxyFault::Malformed => "it is not a URL such as http://host:port",
        ProxyFault::OldSocks => "of SOCKS, only version 5 is supported",
        ProxyFault::LongLogin => "SOCKS takes no user name or password of more than 255 characters",
    };
    (
        FailureKind::Proxy,
        format!("The proxy in {place} cannot be used: {what}."),
        "Name an http://, https:// or socks5h:// proxy there, or list the API's host in NO_PROXY."
            .to_owned(),
    )
}

/// A proxy that wants to be logged in to. `did not accept those` and the like name the place to
/// change them.
fn proxy_login(login: &ProxyLogin) -> Words {
    let socks = if login.is_socks { "SOCKS " } else { "" };
    let proxy = match &login.host {
        Some(host) => format!("The {socks}proxy {host}"),
        None => "A proxy on the way".to_owned(),
    };
    let place = login.variable.unwrap_or("the system's proxy settings");
    let example = if login.is_socks { "socks5h" } else { "http" };
    let (summary, hint) = match &login.fault {
        LoginFault::Missing => (
            format!("{proxy} wants a user name and password, and was given none."),
            match login.variable {
                Some(variable) => {
                    format!(
                        "Put them into its URL: {variable}={example}://USER:PASSWORD@HOST:PORT."
                    )
                }
                None => "Put them into its URL in HTTPS_PROXY.".to_owned(),
            },
        ),
        LoginFault::Refused => (
            format!(
                "{proxy} wants a valid user name and password: it did not accept those in {place}."
            ),
            "Correct them there; write characters such as @ : / % as %40 %3A %2F %25.".to_owned(),
        ),
        LoginFault::Unwanted => (
            format!("{proxy} takes no user name and password, but {place} holds them."),
            format!("Take them out of {place}, or check that it is the right proxy."),
        ),
        LoginFault::Unsupported(schemes) => (
            format!(
                "{proxy} takes only {}, but tokenscope speaks only Basic.",
                schemes.join(", ")
            ),
            format!(
                "Let the proxy take Basic, or name in {place} a local proxy that logs in, such as px or cntlm."
            ),
        ),
    };
    (FailureKind::Proxy, summary, hint)
}

fn transport(fault: TransportFault, host: &str) -> Words {
    use FailureKind::{InvalidResponse, Network, Timeout};
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
            format!("This computer does not allow a connection to {host}."),
            "Check its firewall, and the sandbox or security module (SELinux, AppArmor) in force.",
        ),
        TransportFault::Reset => (
            Network,
            format!("The connection to {host} was cut before the answer was complete."),
            "Try again; if it stays so, look for a firewall or proxy on the way.",
        ),
        TransportFault::ConnectTimeout => (
            Timeout,
            format!("No connection to {host} within 10 seconds."),
            "Check the network connection, the firewall and the proxy settings.",
        ),
        TransportFault::ProxyUnreachable
        | TransportFault::ProxyRefused
        | TransportFault::NotSocks => {
            return proxy(fault, host);
        }
        TransportFault::NotHttp => (
            InvalidResponse,
            format!("What {host} answered is not HTTP."),
            "Check the base URL.",
        ),
        TransportFault::Compression => (
            InvalidResponse,
            format!("The answer of {host} could not be decompressed."),
            "Try again; if it stays so, something on the way alters the answers.",
        ),
        TransportFault::Other => (
            Network,
            format!("The exchange with {host} failed."),
            "Try again; the error's details name the cause.",
        ),
        _ => return tls(fault, host),
    };
    (kind, summary, hint.to_owned())
}

fn proxy(fault: TransportFault, host: &str) -> Words {
    let settings = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the system's proxy settings.";
    let (summary, hint) = match fault {
        TransportFault::NotSocks => (
            format!("The proxy {host} does not speak SOCKS 5."),
            "Check its address and port; for an HTTP proxy, write http:// in front.",
        ),
        TransportFault::ProxyRefused => (
            format!("The proxy {host} refused to connect to the API."),
            settings,
        ),
        _ => (format!("The proxy {host} could not be reached."), settings),
    };
    (FailureKind::Proxy, summary, hint.to_owned())
}

fn tls(fault: TransportFault, host: &str) -> Words {
    let (summary, hint) = match fault {
        TransportFault::UnknownIssuer => (
            format!("The certificate of {host} was issued by somebody who is not trusted here."),
            "If your network inspects TLS, add its CA certificate with --ca-file FILE, or name it in SSL_CERT_FILE.",
        ),
        TransportFault::WrongName => (
            format!("The certificate of {host} is for another name."),
            "Check the base URL; something on the way may be answering in its place.",
        ),
        TransportFault::NotValidNow => (
            format!("The certificate of {host} has expired or is not valid yet."),
            "Check this computer's clock.",
        ),
        TransportFault::CaAsServer => (
            format!("The certificate of {host} is an authority's own (CA:TRUE), and no server's."),
            "Give the server one without CA:TRUE, issued by that authority.",
        ),
        TransportFault::WrongPurpose => (
            format!("The certificate of {host} is not meant for servers."),
            "Give the server one for server authentication.",
        ),
        TransportFault::OldTls => (
            format!("{host} speaks neither TLS 1.2 nor TLS 1.3 as it is spoken today."),
            "Check the base URL, and whether something on the way inspects TLS.",
        ),
        TransportFault::NotTls => (
            format!("What {host} answered is not TLS."),
            "Check the base URL, its port too, and what may be answering in its place.",
        ),
        _ => (
            format!("No secure connection to {host} could be agreed on."),
            "Check the base URL, and whether something on the way inspects TLS; --ca-file adds a CA.",
        ),
    };
    (FailureKind::Tls, summary, hint.to_owned())
}
