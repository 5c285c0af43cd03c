//! Which proxy requests go through, found by the same rules as the HTTP library's own.
//!
//! Host and port alone leave this file, never the user name and password that a proxy's URL may
//! hold. Not here: speaking to it.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::error::{Error, ProxyFault};
use super::setup::Options;

/// Host and port of the proxy; nothing where requests go straight.
///
/// # Errors
/// [`Error::ProxySetting`] for a proxy that is meant for these requests, but cannot be used. The
/// HTTP library would go straight instead, past what was set up to be gone through.
pub(super) fn find(options: &Options) -> Result<Option<String>, Error> {
    if !options.use_system_proxy {
        return Ok(None);
    }
    let target = options.base_url.join(&[]);
    let variable = set_variable(target.scheme());
    let fault = |fault| Error::ProxySetting { variable, fault };
    match intercept(&Matcher::from_system(), &target) {
        Some(proxy) if proxy.starts_with("socks") => Err(fault(ProxyFault::Socks)),
        Some(proxy) => Ok(Url::parse(&proxy).ok().and_then(|proxy| {
            let host = proxy.host_str()?;
            Some(match proxy.port_or_known_default() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            })
        })),
        None if variable.is_some() && is_meant(&target) => Err(fault(ProxyFault::Malformed)),
        None => Ok(None),
    }
}

/// The proxy's address, without what logs in to it.
fn intercept(matcher: &Matcher, target: &Url) -> Option<String> {
    let proxy = matcher.intercept(&target.as_str().parse().ok()?)?;
    // The matcher holds `NO_PROXY=*` against names but not against addresses, so ask for a name.
    let any_name = format!("{}://name.invalid", target.scheme());
    matcher.intercept(&any_name.parse().ok()?)?;
    Some(proxy.uri().to_string())
}

/// The variable that names the proxy for a scheme; an empty one counts as unset.
fn set_variable(scheme: &str) -> Option<&'static str> {
    let names = match scheme {
        "https" => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    };
    names
        .into_iter()
        .find(|name| value(name).is_some_and(|value| !value.is_empty()))
}

/// Whether a proxy that could be used would be: not for an exempt host, and not under CGI, where a
/// request's own header could set the variable.
fn is_meant(target: &Url) -> bool {
    let exempt = value("NO_PROXY").or_else(|| value("no_proxy"));
    let matcher = Matcher::builder()
        .all("http://proxy.invalid")
        .no(exempt.unwrap_or_default())
        .build();
    value("REQUEST_METHOD").is_none() && intercept(&matcher, target).is_some()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the HTTP library reads these variables itself; here is told what it makes of them"
)]
fn value(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
