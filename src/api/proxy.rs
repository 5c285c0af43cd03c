//! Selects the proxy, from curl's environment variables in curl's order or from the system's
//! settings, and explains why it refused a login.
//!
//! Only host and port leave this file, never the user name and password of a proxy's URL.

use std::ffi::OsString;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{HeaderMap, PROXY_AUTHENTICATE};
use reqwest::{Proxy, Url};
use url::Host;

use super::connection_errors::{LoginRequest, login_request};
use super::error::{Error, LoginFault, ProxyFault, ProxyLogin};
use crate::domain::scope;
use crate::domain::text;

/// The port of a SOCKS proxy whose URL names none.
const SOCKS_PORT: u16 = 1080;
/// The longest user name and password that SOCKS 5 can carry (RFC 1929).
const MAX_LOGIN: usize = 255;
/// Registered authentication schemes have names of up to 13 letters.
const MAX_SCHEME: usize = 20;
/// How many authentication schemes are listed.
const MAX_SCHEMES: usize = 5;

/// A proxy on the way to the API's host.
#[derive(Clone)]
pub(super) struct ConfiguredProxy {
    /// May contain a user name and password.
    url: Url,
    /// The variable that names it; `None` for the system's settings.
    variable: Option<&'static str>,
}

/// The parts of the proxy's address that may be shown.
#[derive(Debug, Clone)]
pub(super) struct ProxyInfo {
    /// Host and port.
    pub(super) address: String,
    /// The variable that names it; `None` for the system's settings.
    pub(super) variable: Option<&'static str>,
    pub(super) has_login: bool,
    pub(super) is_socks: bool,
}

impl ConfiguredProxy {
    pub(super) fn info(&self) -> Option<ProxyInfo> {
        let url = &self.url;
        let host = url.host_str()?;
        Some(ProxyInfo {
            address: match url.port_or_known_default() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            },
            variable: self.variable,
            has_login: !url.username().is_empty() || url.password().is_some(),
            is_socks: url.scheme().starts_with("socks"),
        })
    }

    /// The same proxy without the user name and password.
    pub(super) fn without_login(mut self) -> Self {
        // Fails only for URLs without a host, which a proxy's URL has.
        let _has_host = self
            .url
            .set_username("")
            .and_then(|()| self.url.set_password(None));
        self
    }

    /// The HTTP library's form of it.
    pub(super) fn intercept(&self) -> reqwest::Result<Proxy> {
        Proxy::all(self.url.clone())
    }
}

/// Selects the proxy for a URL. Plain http never leaves this computer, since it would expose the
/// credential.
///
/// # Errors
/// [`Error::ProxySetting`] for a configured proxy that cannot be used. Never falls back to a direct
/// connection: that would bypass the configured proxy.
pub(super) fn select(target: &Url) -> Result<Option<ConfiguredProxy>, Error> {
    let (variable, proxy) = match variable(target.scheme()) {
        Some(_) if is_exempt(target) => return Ok(None),
        Some((name, value)) => (Some(name), value),
        None => match system_proxy(target) {
            Some(proxy) => (None, Ok(proxy)),
            None => return Ok(None),
        },
    };
    let fault = |fault| Error::ProxySetting { variable, fault };
    let proxy = proxy.map_err(|_| fault(ProxyFault::Malformed))?;
    let url = parse(&proxy, target).map_err(fault)?;
    if target.scheme() == "http" && !is_loopback(&url) {
        tracing::debug!("a plain http URL uses no proxy on another computer");
        return Ok(None);
    }
    Ok(Some(ConfiguredProxy { url, variable }))
}

/// The URL library leaves a SOCKS URL's host unparsed.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().and_then(|host| Host::parse(host).ok());
    host.is_some_and(|host| scope::is_loopback(&host))
}

/// The variable that names the proxy for a scheme, and its value. A blank one counts as unset.
fn variable(scheme: &str) -> Option<(&'static str, Result<String, OsString>)> {
    let names = match scheme {
        "https" => ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        _ => ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"],
    };
    // Under CGI, the `Proxy` header of a request sets HTTP_PROXY.
    let is_forged = |name: &str| name == "HTTP_PROXY" && value("REQUEST_METHOD").is_some();
    names
        .into_iter()
        .filter(|name| !is_forged(name))
        .find_map(|name| Some((name, value(name)?)))
}

/// Parses a proxy's address; without a scheme it is http.
fn parse(proxy: &str, target: &Url) -> Result<Url, ProxyFault> {
    let (scheme, rest) = proxy.split_once("://").unwrap_or(("http", proxy));
    match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => {
            Url::parse(&format!("{scheme}://{rest}")).map_err(|_| ProxyFault::Malformed)
        }
        // GNOME's name for any version. As in GLib, the proxy resolves the name.
        "socks" | "socks5h" => socks("socks5h", rest),
        // Nothing to resolve, but the HTTP library would try.
        "socks5" if matches!(target.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) => {
            socks("socks5h", rest)
        }
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
    // An escape such as `%41` is one byte.
    let length = |text: &str| text.len().saturating_sub(2 * text.matches('%').count());
    let longest = length(url.username()).max(length(url.password().unwrap_or_default()));
    if longest > MAX_LOGIN {
        return Err(ProxyFault::LongLogin);
    }
    Ok(url)
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
    // The matcher applies a star to names, but not to addresses.
    if hosts.contains(&"*") {
        return true;
    }
    let matcher = Matcher::builder()
        .all("http://proxy.invalid")
        .no(hosts.join(","))
        .build();
    let target = target.as_str().parse().ok();
    target.is_none_or(|target| matcher.intercept(&target).is_none())
}

/// The proxy in the settings of macOS or Windows.
#[cfg(any(target_os = "macos", windows))]
fn system_proxy(target: &Url) -> Option<String> {
    let target = target.as_str().parse().ok()?;
    let proxy = Matcher::from_system().intercept(&target)?;
    Some(proxy.uri().to_string())
}

#[cfg(not(any(target_os = "macos", windows)))]
fn system_proxy(_: &Url) -> Option<String> {
    None
}

/// The trimmed value of a variable that is not blank; an error if it is not UTF-8.
#[expect(
    clippy::disallowed_methods,
    reason = "these variables configure the network, not the program"
)]
fn value(name: &str) -> Option<Result<String, OsString>> {
    let value = std::env::var_os(name)?.into_string();
    let value = value.map(|value| text::trim_input(&value).to_owned());
    (value.as_deref() != Ok("")).then_some(value)
}

/// The error of a request without a response, if a proxy asked for a login. `schemes` asks an HTTP proxy
/// which ones it supports.
pub(super) async fn login(
    error: &reqwest::Error,
    proxy: Option<&ProxyInfo>,
    schemes: impl Future<Output = Vec<String>>,
    request: String,
) -> Option<Error> {
    let login = match (login_request(error), proxy) {
        (Some(LoginRequest::Http), proxy) => http_login(proxy, schemes.await, request),
        (Some(LoginRequest::Socks { was_refused }), Some(proxy)) => {
            socks_login(proxy, was_refused, request)
        }
        (Some(LoginRequest::Socks { .. }), None) | (None, _) => return None,
    };
    Some(Error::ProxyLogin(Box::new(login)))
}

/// The error for status 407. Without a configured proxy, an unknown one in between sent it.
pub(super) fn http_login(
    proxy: Option<&ProxyInfo>,
    schemes: Vec<String>,
    request: String,
) -> ProxyLogin {
    let is_basic = |scheme: &String| scheme.eq_ignore_ascii_case("basic");
    let fault = if !schemes.is_empty() && !schemes.iter().any(is_basic) {
        LoginFault::Unsupported(schemes)
    } else if proxy.is_some_and(|proxy| proxy.has_login) {
        LoginFault::Refused
    } else {
        LoginFault::Missing
    };
    ProxyLogin {
        fault,
        host: proxy.map(|proxy| proxy.address.clone()),
        variable: proxy.and_then(|proxy| proxy.variable),
        is_socks: false,
        request,
        http_status: Some(407),
    }
}

/// The error for a SOCKS proxy that rejected the login or the login methods.
fn socks_login(proxy: &ProxyInfo, was_refused: bool, request: String) -> ProxyLogin {
    let fault = match (was_refused, proxy.has_login) {
        (true, _) => LoginFault::Refused,
        (false, true) => LoginFault::Unwanted,
        (false, false) => LoginFault::Missing,
    };
    ProxyLogin {
        fault,
        host: Some(proxy.address.clone()),
        variable: proxy.variable,
        is_socks: true,
        request,
        http_status: None,
    }
}

/// The authentication schemes that a response offers, each once.
pub(super) fn schemes(headers: &HeaderMap) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in headers.get_all(PROXY_AUTHENTICATE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        for name in unquoted(&value).split(',').filter_map(scheme) {
            let is_new = !found.iter().any(|known| known.eq_ignore_ascii_case(name));
            if is_new && found.len() < MAX_SCHEMES {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The scheme at the start of a part between commas. A name followed by an equals sign is a parameter
/// of the scheme before.
fn scheme(part: &str) -> Option<&str> {
    let part = part.trim();
    let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c)));
    let (name, rest) = part.split_at(end.unwrap_or(part.len()));
    let is_alone = rest.is_empty() || rest.starts_with([' ', '\t']);
    let is_parameter = rest.trim_start().starts_with('=');
    let is_name = !name.is_empty() && name.len() <= MAX_SCHEME;
    (is_name && is_alone && !is_parameter).then_some(name)
}

/// The text without quoted strings, whose commas are not separators.
fn unquoted(text: &str) -> String {
    let mut is_quoted = false;
    let mut is_escaped = false;
    text.chars()
        .filter(|c| {
            let was_escaped = std::mem::take(&mut is_escaped);
            match c {
                '\\' if is_quoted && !was_escaped => is_escaped = true,
                '"' if !was_escaped => is_quoted = !is_quoted,
                _ => {}
            }
            !is_quoted
        })
        .collect()
}
