//! Which way requests go: straight, or through a proxy that a variable or the system names.
//!
//! The variables are curl's, in curl's order. Host and port alone leave this file, never the user
//! name and password that a proxy's URL may hold. Not here: speaking to it.

use std::net::IpAddr;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, Proxy, Url};
use url::Host;

use super::connection_errors;
use super::error::{Error, ProxyFault};
use crate::domain::base_url::{self, BaseUrl};
use crate::domain::text;

/// The port of a SOCKS proxy whose URL names none.
const SOCKS_PORT: u16 = 1080;
/// The longest user name and password that SOCKS 5 can carry (RFC 1929).
const LONGEST_LOGIN: usize = 255;

/// The way to the API's host.
#[derive(Clone)]
pub(super) enum ProxyChoice {
    /// No proxy.
    Straight,
    /// A proxy.
    Through {
        /// Where it is, and perhaps how to log in.
        url: Url,
        /// The variable that names it, where one does.
        variable: Option<&'static str>,
    },
}

/// What may be said of the proxy in use.
#[derive(Debug, Clone)]
pub(super) struct ProxyInfo {
    /// Host and port.
    pub(super) address: String,
    /// The variable that names it; otherwise the system's settings do.
    pub(super) variable: Option<&'static str>,
    /// Whether its URL holds a user name.
    pub(super) has_login: bool,
    /// Whether it speaks SOCKS, not HTTP.
    pub(super) is_socks: bool,
}

impl ProxyChoice {
    /// The proxy.
    pub(super) fn proxy(&self) -> Option<ProxyInfo> {
        let Self::Through { url, variable } = self else {
            return None;
        };
        let host = url.host_str()?;
        Some(ProxyInfo {
            address: match url.port_or_known_default() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            variable: *variable,
            has_login: !url.username().is_empty() || url.password().is_some(),
            is_socks: url.scheme().starts_with("socks"),
        })
    }

    /// The same way without the user name and password.
    pub(super) fn without_login(mut self) -> Self {
        if let Self::Through { url, .. } = &mut self {
            // A proxy's URL has a host, so it may have a login, and may have none.
            let _has_host = url.set_username("").and_then(|()| url.set_password(None));
        }
        self
    }

    /// Makes a client go this way.
    pub(super) fn take(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        match self {
            Self::Straight => Ok(builder.no_proxy()),
            Self::Through { url, .. } => match Proxy::all(url.clone()) {
                Ok(proxy) => Ok(builder.proxy(proxy)),
                Err(error) => Err(Error::Setup {
                    cause: connection_errors::describe(error),
                }),
            },
        }
    }
}

/// Finds the way. Plain http never leaves this computer: the credential is in it for all to read.
///
/// # Errors
/// [`Error::ProxySetting`] for a proxy that is meant for these requests, but cannot be used. Never
/// falls back to a direct connection: that would bypass the configured proxy.
pub(super) fn find(base_url: &BaseUrl) -> Result<ProxyChoice, Error> {
    let target = base_url.join(&[]);
    let Some((variable, proxy)) = variable(target.scheme()) else {
        return of_the_system(&target);
    };
    if is_exempt(&target) {
        return Ok(ProxyChoice::Straight);
    }
    let variable = Some(variable);
    let fault = |fault| Error::ProxySetting { variable, fault };
    let proxy = proxy.map_err(|NotText| fault(ProxyFault::Malformed))?;
    let url = parse(&proxy, &target).map_err(fault)?;
    Ok(through(url, variable, &target))
}

fn through(url: Url, variable: Option<&'static str>, target: &Url) -> ProxyChoice {
    if target.scheme() == "http" && !is_loopback(&url) {
        tracing::debug!("plain http goes through no proxy on another computer");
        return ProxyChoice::Straight;
    }
    ProxyChoice::Through { url, variable }
}

/// A SOCKS URL holds its host as text, whatever it is.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().and_then(|host| Host::parse(host).ok());
    host.is_some_and(|host| match host {
        Host::Domain(name) => base_url::is_loopback(&Host::Domain(name.as_str())),
        Host::Ipv4(address) => base_url::is_loopback(&Host::Ipv4(address)),
        Host::Ipv6(address) => base_url::is_loopback(&Host::Ipv6(address)),
    })
}

/// The variable that names the proxy for a scheme, and its value. One that is empty or blank counts
/// as unset.
fn variable(scheme: &str) -> Option<(&'static str, Result<String, NotText>)> {
    let names = match scheme {
        "https" => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        _ => ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
    };
    // Under CGI, a request's own `Proxy` header sets this one.
    let is_forged = |name: &str| name == "HTTP_PROXY" && value("REQUEST_METHOD").is_some();
    names
        .into_iter()
        .filter(|name| !is_forged(name))
        .find_map(|name| Some((name, value(name)?)))
}

/// Reads what a variable names; without a scheme it is http.
fn parse(proxy: &str, target: &Url) -> Result<Url, ProxyFault> {
    let (scheme, rest) = proxy.split_once("://").unwrap_or(("http", proxy));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {
            Url::parse(&format!("{scheme}://{rest}")).map_err(|_| ProxyFault::Malformed)
        }
        // GNOME's word for any version. As with GLib, the proxy resolves the name.
        "socks" | "socks5h" => socks("socks5h", rest),
        // There is nothing to resolve, and the HTTP library would try to.
        "socks5" if is_address(target) => socks("socks5h", rest),
        "socks5" => socks("socks5", rest),
        other if other.starts_with("socks") => Err(ProxyFault::OldSocks),
        _ => Err(ProxyFault::Malformed),
    }
}

fn socks(scheme: &str, rest: &str) -> Result<Url, ProxyFault> {
    let malformed = |_| ProxyFault::Malformed;
    let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(malformed)?;
    let host = url.host_str().unwrap_or_default();
    Host::parse(host).map_err(malformed)?;
    if url.port().is_none() {
        url.set_port(Some(SOCKS_PORT))
            .map_err(|()| ProxyFault::Malformed)?;
    }
    // Each `%41` is one byte.
    let length = |text: &str| text.len().saturating_sub(2 * text.matches('%').count());
    let longest = length(url.username()).max(length(url.password().unwrap_or_default()));
    if longest > LONGEST_LOGIN {
        return Err(ProxyFault::LongLogin);
    }
    Ok(url)
}

fn is_address(target: &Url) -> bool {
    let host = target.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok()
}

/// Whether `NO_PROXY` names the host.
fn is_exempt(target: &Url) -> bool {
    let Some(Ok(list)) = value("no_proxy").or_else(|| value("NO_PROXY")) else {
        return false;
    };
    let hosts: Vec<&str> = list
        .split(|separator: char| separator == ',' || separator.is_whitespace())
        .map(|host| host.trim_end_matches('.'))
        .collect();
    // The matcher holds a star against names, but not against addresses.
    if hosts.contains(&"*") {
        return true;
    }
    let matcher = Matcher::builder()
        .all("http://proxy.invalid")
        .no(hosts.join(","))
        .build();
    !intercepts(&matcher, target)
}

fn intercepts(matcher: &Matcher, target: &Url) -> bool {
    let target = target.as_str().parse().ok();
    target.is_some_and(|target| matcher.intercept(&target).is_some())
}

/// What the settings of macOS and Windows say where no variable does.
#[cfg(any(target_os = "macos", windows))]
fn of_the_system(target: &Url) -> Result<ProxyChoice, Error> {
    let proxy = target.as_str().parse().ok().and_then(|target| {
        let proxy = Matcher::from_system().intercept(&target)?;
        Some(proxy.uri().to_string())
    });
    let Some(proxy) = proxy else {
        return Ok(ProxyChoice::Straight);
    };
    match parse(&proxy, target) {
        Ok(url) => Ok(through(url, None, target)),
        Err(fault) => Err(Error::ProxySetting {
            variable: None,
            fault,
        }),
    }
}

#[cfg(not(any(target_os = "macos", windows)))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere there are settings that may be wrong"
)]
fn of_the_system(_: &Url) -> Result<ProxyChoice, Error> {
    Ok(ProxyChoice::Straight)
}

/// A variable holds bytes that are not UTF-8.
struct NotText;

/// The trimmed value of a variable that is not blank.
#[expect(
    clippy::disallowed_methods,
    reason = "these variables are the network's, not the program's own"
)]
fn value(name: &str) -> Option<Result<String, NotText>> {
    let Ok(value) = std::env::var_os(name)?.into_string() else {
        return Some(Err(NotText));
    };
    let value = text::trim_input(&value);
    (!value.is_empty()).then(|| Ok(value.to_owned()))
}
