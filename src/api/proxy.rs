//! Which way requests go: straight, or through a proxy that a variable or the system names.
//!
//! The variables are curl's, in curl's order. Host and port alone leave this file, never the user
//! name and password that a proxy's URL may hold. Not here: speaking to it.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, Proxy, Url};

use super::error::{Error, ProxyFault};
use super::transport;
use crate::domain::base_url::BaseUrl;
use crate::domain::text;

/// The way to the API's host.
pub(super) enum Route {
    /// No proxy.
    Straight,
    /// A proxy.
    Through(Url),
}

impl Route {
    /// Host and port of the proxy.
    pub(super) fn address(&self) -> Option<String> {
        let Self::Through(proxy) = self else {
            return None;
        };
        let host = proxy.host_str()?;
        Some(match proxy.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }

    /// Makes a client go this way.
    pub(super) fn take(self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        match self {
            Self::Straight => Ok(builder.no_proxy()),
            Self::Through(url) => match Proxy::all(url) {
                Ok(proxy) => Ok(builder.proxy(proxy)),
                Err(error) => Err(Error::Setup {
                    cause: transport::describe(error),
                }),
            },
        }
    }
}

/// Finds the way.
///
/// # Errors
/// [`Error::ProxySetting`] for a proxy that is meant for these requests, but cannot be used. To go
/// straight would be to go past what was set up to be gone through.
pub(super) fn find(base_url: &BaseUrl) -> Result<Route, Error> {
    let target = base_url.join(&[]);
    let Some((variable, proxy)) = variable(target.scheme()) else {
        return of_the_system(&target);
    };
    if is_exempt(&target) {
        return Ok(Route::Straight);
    }
    let fault = |fault| Error::ProxySetting {
        variable: Some(variable),
        fault,
    };
    let proxy = proxy.map_err(|NotText| fault(ProxyFault::Malformed))?;
    parse(&proxy).map(Route::Through).map_err(fault)
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
fn parse(proxy: &str) -> Result<Url, ProxyFault> {
    let url = if proxy.contains("://") {
        Url::parse(proxy)
    } else {
        Url::parse(&format!("http://{proxy}"))
    };
    let url = url.map_err(|_| ProxyFault::Malformed)?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        scheme if scheme.starts_with("socks") => Err(ProxyFault::Socks),
        _ => Err(ProxyFault::Malformed),
    }
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
fn of_the_system(target: &Url) -> Result<Route, Error> {
    let proxy = target.as_str().parse().ok().and_then(|target| {
        let proxy = Matcher::from_system().intercept(&target)?;
        Some(proxy.uri().to_string())
    });
    let Some(proxy) = proxy else {
        return Ok(Route::Straight);
    };
    parse(&proxy)
        .map(Route::Through)
        .map_err(|fault| Error::ProxySetting {
            variable: None,
            fault,
        })
}

#[cfg(not(any(target_os = "macos", windows)))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "elsewhere there are settings that may be wrong"
)]
fn of_the_system(_: &Url) -> Result<Route, Error> {
    Ok(Route::Straight)
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
