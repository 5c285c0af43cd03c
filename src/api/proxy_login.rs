//! A proxy that wants a user name and password: what it asked for, and what it was given.
//!
//! Not here: sending them, which the HTTP library does.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, PROXY_AUTHENTICATE};

use super::error::{LoginFault, ProxyLogin};
use super::http_client::HttpConfig;
use super::proxy::ProxyInfo;
use crate::domain::base_url::BaseUrl;

/// How long a proxy is asked for what it would take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longer names of schemes are none. Registered ones have up to 13 letters.
const LONGEST_SCHEME: usize = 20;
/// More schemes than this are not named.
const MOST_SCHEMES: usize = 5;

/// The error for status 407. Without a proxy that is known, something on the way is one.
pub(super) fn http(proxy: Option<&ProxyInfo>, schemes: Vec<String>, request: String) -> ProxyLogin {
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

/// The error for a SOCKS proxy, which either refused what it was given or took no such offer.
pub(super) fn socks(proxy: &ProxyInfo, was_refused: bool, request: String) -> ProxyLogin {
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

/// Asks a proxy that refused a tunnel which schemes it takes: the HTTP library keeps that to itself.
/// Nobody is logged in, since an account may be locked after some refusals.
pub(super) async fn schemes_of_tunnel(config: &HttpConfig, base_url: &BaseUrl) -> Vec<String> {
    let asking = async {
        let mut url = base_url.join(&[]);
        let port = url.port_or_known_default();
        url.set_path("");
        // To a proxy of https, the library sends CONNECT by itself and gives back no answer.
        url.set_scheme("http").ok()?;
        url.set_port(port).ok()?;
        let client = config.build_without_login().ok()?;
        let answer = client.request(Method::CONNECT, url).send().await.ok()?;
        Some(schemes(answer.headers()))
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.ok().flatten().unwrap_or_default()
}

/// The names of the schemes that an answer offers, each once.
pub(super) fn schemes(headers: &HeaderMap) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in headers.get_all(PROXY_AUTHENTICATE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        for name in unquoted(&value).split(',').filter_map(scheme) {
            let is_new = !found.iter().any(|known| known.eq_ignore_ascii_case(name));
            if is_new && found.len() < MOST_SCHEMES {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The scheme that a part between commas begins with; a parameter of the one before has an equals
/// sign after its name.
fn scheme(part: &str) -> Option<&str> {
    let part = part.trim();
    let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || "-._".contains(c)));
    let (name, rest) = part.split_at(end.unwrap_or(part.len()));
    let is_alone = rest.is_empty() || rest.starts_with([' ', '\t']);
    let is_parameter = rest.trim_start().starts_with('=');
    let is_name = !name.is_empty() && name.len() <= LONGEST_SCHEME;
    (is_name && is_alone && !is_parameter).then_some(name)
}

/// The text without what stands between quotation marks, where a comma separates nothing.
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
