//! When to retry a request, and after how long. Pure: jitter and clock are arguments.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::error::{Error, Reason, TransportFault};

/// Maximum number of retries of a request.
pub(super) const MAX_RETRIES: u32 = 2;

/// The pause before the first retry.
const BACKOFF: Duration = Duration::from_millis(200);

/// The seconds between retries after the computer slept.
const AFTER_JUMP: [u64; 4] = [1, 1, 2, 3];

/// How long Cloudflare blocks a client that exceeds its rate limit (API reference: *Rate limits*).
const LIMIT_WINDOW: Duration = Duration::from_secs(300);

/// Maximum pause accepted from a server.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause before the next attempt; `None` to stop retrying. `jitter` from 0 to 1 extends a pause
/// by up to half.
pub(super) fn pause(
    error: &Error,
    retries: u32,
    jitter: f64,
    waits_when_limited: bool,
) -> Option<Duration> {
    if retries >= MAX_RETRIES {
        return None;
    }
    if let Some(pause) = error.retry_after() {
        return waits_when_limited.then_some(pause);
    }
    is_passing(error).then(|| {
        let doubled = BACKOFF * 2_u32.saturating_pow(retries);
        doubled.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0)
    })
}

/// The pause before the next attempt after the computer slept: a network takes some seconds to come back.
pub(super) fn after_jump(error: &Error, retries: u32) -> Option<Duration> {
    let Error::Transport { fault, .. } = error else {
        return None;
    };
    let is_of_the_network = matches!(
        fault,
        TransportFault::Dns
            | TransportFault::NoRoute
            | TransportFault::Refused
            | TransportFault::Reset
            | TransportFault::ConnectTimeout
            | TransportFault::ProxyUnreachable
    );
    let pause = AFTER_JUMP.get(usize::try_from(retries).ok()?)?;
    is_of_the_network.then_some(Duration::from_secs(*pause))
}

/// Whether the same request may soon succeed.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Transport { fault, .. } => {
            matches!(fault, TransportFault::Refused | TransportFault::Reset)
        }
        Error::Refused(refusal) => match refusal.http_status {
            408 => true,
            status => {
                refusal.reason == Reason::ServerFailed
                    && matches!(status, 500 | 502..=504 | 520..=524)
            }
        },
        Error::CaFile { .. }
        | Error::Setup { .. }
        | Error::ProxySetting { .. }
        | Error::UnusableCredential { .. }
        | Error::Timeout { .. }
        | Error::ProxyLogin(_) => false,
    }
}

/// How long a 429 asks to wait: whole seconds, or a date relative to that of the response. At least one second.
pub(super) fn retry_after(header: Option<&str>, date: DateTime<Utc>) -> Duration {
    header
        .map(str::trim)
        .and_then(|text| seconds(text).or_else(|| until(text, date)))
        .unwrap_or(LIMIT_WINDOW)
        .clamp(Duration::from_secs(1), LONGEST_PAUSE)
}

fn seconds(text: &str) -> Option<Duration> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // An overflow means a very long time.
    is_number.then(|| Duration::from_secs(text.parse().unwrap_or(u64::MAX)))
}

fn until(text: &str, date: DateTime<Utc>) -> Option<Duration> {
    let then = http_date(text)?;
    // A date in the past means now.
    Some((then - date).to_std().unwrap_or_default())
}

/// Parses the date of an HTTP header, `Sun, 06 Nov 1994 08:49:37 GMT`, or one of the two obsolete formats that
/// recipients must accept (RFC 9110, section 5.6.7).
pub(super) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(text) {
        return Some(date.with_timezone(&Utc));
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .map(|date| date.and_utc())
}
