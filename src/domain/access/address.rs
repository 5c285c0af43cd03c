//! The addresses that a URL is covered by: hosts and paths of apps, with stars.

use url::Url;

use super::objects::App;

/// The app that a URL belongs to: the one with the most specific address, as Access decides.
pub fn app_of<'a>(apps: impl IntoIterator<Item = &'a App>, url: &Url) -> Option<&'a App> {
    let covering = apps.into_iter().flat_map(|app| {
        let specificities = app.addresses.iter().filter_map(|it| specificity(it, url));
        specificities.map(move |specificity| (specificity, app))
    });
    // The first of equals.
    let best = covering.reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.map(|(_, app)| app)
}

/// Whether an app has an address on the URL's host, whatever the path. A star may match several
/// labels here.
pub fn has_host<'a>(apps: impl IntoIterator<Item = &'a App>, url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let mut addresses = apps.into_iter().flat_map(|app| &app.addresses);
    addresses.any(|address| matches(&parts(address).0, host, false))
}

/// Whether an address names a host of an app on the web. That of device enrolment is Access's own.
pub fn is_web(address: &str) -> bool {
    let (host, _) = parts(address);
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '*' | '_');
    let is_own = host.ends_with(".cloudflareaccess.com");
    host.contains('.') && !host.starts_with('.') && !is_own && host.chars().all(is_plain)
}

/// How specific an address that covers the URL is: a host without stars before one with them, then the
/// longer host, then the longer path. `None` if it does not cover the URL.
fn specificity(address: &str, url: &Url) -> Option<(bool, usize, usize)> {
    let (host, path) = parts(address);
    let covers = matches(&host, url.host_str()?, true) && covers_path(path, url.path());
    covers.then(|| (!host.contains('*'), host.len(), path.len()))
}

/// The host, in lower case and without scheme and port, and the path, without slashes at its ends.
fn parts(address: &str) -> (String, &str) {
    let address = address.trim();
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    (host.to_ascii_lowercase(), path.trim_matches('/'))
}

/// A path covers itself and what lies below it; a star matches anything.
fn covers_path(pattern: &str, path: &str) -> bool {
    let path = path.trim_start_matches('/');
    let is_below = |path: &str| matches(pattern, path, false);
    let mut ends = path.match_indices('/').map(|(at, _)| &path[..at]);
    pattern.is_empty() || is_below(path) || ends.any(is_below)
}

/// Whether a text is a pattern with some text for each star; in hosts, with a text without dots.
fn matches(pattern: &str, text: &str, stays_in_label: bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut of) = (0, 0);
    // Where to go on after the last star, and how far it reaches. Earlier stars need no second try.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(of), text.get(at)) {
            (None, None) => return true,
            (Some(b'*'), _) => {
                of += 1;
                star = Some((of, at));
            }
            (Some(wanted), Some(byte)) if wanted == byte => {
                of += 1;
                at += 1;
            }
            _ => {
                let Some((after, end)) = star else {
                    return false;
                };
                if end >= text.len() || stays_in_label && text[end] == b'.' {
                    return false;
                }
                (of, at) = (after, end + 1);
                star = Some((after, end + 1));
            }
        }
    }
}
