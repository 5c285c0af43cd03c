//! Dates in the templates of `assets/demo`: `"@+12d4h33m"` is that long after the server's start.
//!
//! Only such strings are touched; every other byte of a template stays as it is.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

/// Replaces every relative date by the whole second it stands for, as the API writes dates.
pub(super) fn resolve(template: &str, start: DateTime<Utc>) -> String {
    template
        .split('"')
        .map(|piece| absolute(piece, start).map_or(Cow::Borrowed(piece), Cow::Owned))
        .collect::<Vec<_>>()
        .join("\"")
}

fn absolute(piece: &str, start: DateTime<Utc>) -> Option<String> {
    let offset = piece.strip_prefix('@')?;
    let (sign, length) = match offset.strip_prefix('-') {
        Some(length) => (-1, length),
        None => (1, offset.strip_prefix('+')?),
    };
    let date = start.checked_add_signed(span(length)? * sign)?;
    Some(date.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// `12d4h33m21s`: whole numbers, each with its unit.
fn span(text: &str) -> Option<TimeDelta> {
    let mut total = TimeDelta::zero();
    let mut rest = text;
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i64 = rest[..unit_at].parse().ok()?;
        let seconds = match rest.as_bytes()[unit_at] {
            b'd' => 86_400,
            b'h' => 3_600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total += TimeDelta::try_seconds(count.checked_mul(seconds)?)?;
        rest = &rest[unit_at + 1..];
    }
    Some(total)
}
