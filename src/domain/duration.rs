//! Lengths of time: Go's durations as the API sends them, durations as people write them, and
//! countdowns.

use std::{fmt, iter};

use chrono::{DateTime, TimeDelta, Utc};

use super::redaction;

const NANOS_PER_SECOND: i128 = 1_000_000_000;
/// Decimal places of a second in nanoseconds.
const PLACES: usize = 9;

/// A token's `duration`, with the text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lifetime {
    text: String,
    length: Option<TimeDelta>,
}

impl Lifetime {
    /// Reads a Go duration or `forever`. Any other text is kept uninterpreted.
    pub fn parse(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            length: parse_go(text),
        }
    }

    /// The text as the API sent it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the token never expires.
    pub fn is_forever(&self) -> bool {
        self.text == "forever"
    }

    /// The length, if the text is a duration.
    pub fn length(&self) -> Option<TimeDelta> {
        self.length
    }
}

/// Reads what Go's `time.ParseDuration` reads: `300ms`, `2h45m`, `1.5h`, `8760h0m0s`, with the units
/// ns, us, µs (either letter), ms, s, m, h. Values too large for the clock saturate; negative durations
/// are rejected, since no token has one.
pub fn parse_go(text: &str) -> Option<TimeDelta> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Some(TimeDelta::zero());
    }
    if rest.is_empty() {
        return None;
    }
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut total: i128 = 0;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c| !is_number(c))?);
        let (unit, tail) = tail.split_at(tail.find(is_number).unwrap_or(tail.len()));
        total = total
            .saturating_add(decimal(number)?.saturating_mul(unit_nanos(unit)?) / NANOS_PER_SECOND);
        rest = tail;
    }
    let seconds = i64::try_from(total / NANOS_PER_SECOND).unwrap_or(i64::MAX);
    let nanos = u32::try_from(total % NANOS_PER_SECOND).unwrap_or(0);
    Some(TimeDelta::new(seconds, nanos).unwrap_or(TimeDelta::MAX))
}

/// A decimal number in billionths; ignores further digits.
fn decimal(number: &str) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole = value(whole.bytes()).saturating_mul(NANOS_PER_SECOND);
    let places = fraction.bytes().chain(iter::repeat(b'0')).take(PLACES);
    Some(whole.saturating_add(value(places)))
}

/// The value of digits. Saturates beyond what the clock holds in nanoseconds, low enough to be
/// multiplied by a billion.
fn value(digits: impl Iterator<Item = u8>) -> i128 {
    const ENOUGH: i128 = 1 << 96;
    digits.fold(0_i128, |sum, digit| {
        (sum * 10 + i128::from(digit - b'0')).min(ENOUGH)
    })
}

fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => NANOS_PER_SECOND,
        "m" => 60 * NANOS_PER_SECOND,
        "h" => 3600 * NANOS_PER_SECOND,
        _ => return None,
    })
}

/// Days, hours, minutes and seconds.
fn parts_of(seconds: i64) -> [i64; 4] {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    [hours / 24, hours % 24, minutes % 60, seconds % 60]
}

/// A length in days, hours, minutes and seconds, `365d`, `1h 30m`, exact to the second; below a second
/// in one finer unit, `300ms`.
pub fn humanize(length: TimeDelta) -> String {
    let seconds = length.num_seconds();
    if seconds == 0 {
        return match length.subsec_nanos() {
            0 => "0s".to_owned(),
            nanos if nanos < 1_000 => format!("{nanos}ns"),
            nanos if nanos < 1_000_000 => format!("{}µs", nanos / 1_000),
            nanos => format!("{}ms", nanos / 1_000_000),
        };
    }
    let parts = parts_of(seconds).into_iter().zip(["d", "h", "m", "s"]);
    let parts = parts.filter(|(count, _)| *count > 0);
    let parts = parts.map(|(count, unit)| format!("{count}{unit}"));
    parts.collect::<Vec<_>>().join(" ")
}

/// A Go duration for people, `365d (8760h)`; only the text if it reads the same or is not a
/// duration.
pub fn described(text: &str) -> String {
    match parse_go(text).map(humanize) {
        Some(human) if human != text => format!("{human} ({text})"),
        _ => text.to_owned(),
    }
}

/// A length in one unit, floored: `12 s`, `5 min`, `3 h`, `41 d`.
pub fn rough(length: TimeDelta) -> String {
    match length.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// How long ago something happened, to the minute: `just now`, `1 min ago`, `3 h ago`. Where clocks
/// differ by more, it may be `2 h ahead of this clock`.
pub fn ago(length: TimeDelta) -> String {
    if length.num_seconds() <= -60 {
        return format!("{} ahead of this clock", rough(-length));
    }
    past(length, "ago")
}

/// How old something is, to the minute: `just now`, `1 min old`, `3 h old`.
pub fn age(length: TimeDelta) -> String {
    past(length, "old")
}

fn past(length: TimeDelta, word: &str) -> String {
    match length.num_seconds() {
        ..60 => "just now".to_owned(),
        _ => format!("{} {word}", rough(length)),
    }
}

/// The seconds left of a pause: `4:59`, and from an hour on `23 h 59 min`, `24 h`.
pub fn pause(seconds: i64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}:{rest:02}"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Why a string is not a threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a valid time: use whole days, hours or minutes, such as 30d, 12h or 90m, or a \
     percentage of the token's duration, such as 10%"
)]
pub struct InvalidSpan(String);

impl InvalidSpan {
    /// The error for a string.
    pub fn of(text: &str) -> Self {
        Self(redaction::quoted(text))
    }
}

/// Reads a length of time: a whole number above zero with `d`, `h` or `m`; bare numbers are days.
///
/// # Errors
/// [`InvalidSpan`] for anything else, zero and lengths beyond a million years included.
pub fn parse_span(text: &str) -> Result<TimeDelta, InvalidSpan> {
    let (number, seconds) = match text.as_bytes().last() {
        Some(b'd') => (&text[..text.len() - 1], 86_400),
        Some(b'h') => (&text[..text.len() - 1], 3_600),
        Some(b'm') => (&text[..text.len() - 1], 60),
        _ => (text, 86_400),
    };
    // Rust's own parser would accept a sign.
    let is_whole = number.bytes().all(|byte| byte.is_ascii_digit());
    match number.parse::<i64>() {
        Ok(count @ 1..=365_000_000) if is_whole => Ok(TimeDelta::seconds(count * seconds)),
        _ => Err(InvalidSpan::of(text)),
    }
}

/// Writes a length of time as [`parse_span`] reads it: `30d`, or `12h` or `90m` if days do not fit.
pub fn write_span(span: TimeDelta) -> String {
    match span.num_seconds() {
        seconds if seconds % 86_400 == 0 => format!("{}d", seconds / 86_400),
        seconds if seconds % 3_600 == 0 => format!("{}h", seconds / 3_600),
        seconds => format!("{}m", seconds / 60),
    }
}

/// From this many seconds on, a list shows hours instead of a countdown.
const LAST_DAY: i64 = 86_400;

/// From this many seconds on, a list shows days alone.
const HUNDRED_DAYS: i64 = 100 * 86_400;

/// The time from an instant to an end, or since that end. All numbers are floors, computed anew from
/// the two instants, never decremented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    end: DateTime<Utc>,
    now: DateTime<Utc>,
    is_calm: bool,
}

impl Remaining {
    /// The time from `now` to `end`.
    pub fn until(end: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            end,
            now,
            is_calm: false,
        }
    }

    /// Whether to write minutes instead of seconds.
    #[must_use]
    pub fn calm(self, is_calm: bool) -> Self {
        Self { is_calm, ..self }
    }

    /// Whether the end has been reached. The instant of the end counts as over.
    pub fn is_over(self) -> bool {
        self.end <= self.now
    }

    /// Whole seconds left, floored; negative after the end.
    pub fn seconds(self) -> i64 {
        let left = self.end.signed_duration_since(self.now);
        // `num_seconds` rounds toward zero.
        left.num_seconds() - i64::from(left.subsec_nanos() < 0)
    }

    /// Whole days left, floored; negative after the end.
    pub fn days(self) -> i64 {
        self.seconds().div_euclid(86_400)
    }

    /// The digits of the time left, or of the time since the end: `364d 23:59:58`, `23:59:58`, `59:58`;
    /// calm, `364d 23h 59m`, `23h 59m`, `59m`.
    pub fn digits(self) -> String {
        let [days, hours, minutes, seconds] = parts_of(self.shown());
        match (days, hours) {
            (0, 0) if self.is_calm => format!("{minutes}m"),
            (0, _) if self.is_calm => format!("{hours}h {minutes:02}m"),
            _ if self.is_calm => format!("{days}d {hours:02}h {minutes:02}m"),
            (0, 0) => format!("{minutes:02}:{seconds:02}"),
            (0, _) => format!("{hours:02}:{minutes:02}:{seconds:02}"),
            _ => format!("{days}d {hours:02}:{minutes:02}:{seconds:02}"),
        }
    }

    /// When the digits next change.
    pub fn next_change(self) -> DateTime<Utc> {
        let step = if self.is_over() { 1 } else { -1 };
        let change = self.shown_from(self.shown() + step);
        change.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// When the current digits appeared. Everything else on screen is computed at this instant, so that
    /// it changes together with them.
    pub fn shown_since(self) -> DateTime<Utc> {
        let since = self.shown_from(self.shown());
        since.map_or(self.now, |since| since.min(self.now))
    }

    /// The time left for a list, whose rows should rarely change: `174d`, `12d 04h`, `23:59:58`, `59:58`;
    /// after the end, in one unit: `9d ago`.
    pub fn short(self) -> String {
        match (self.is_over(), self.shown()) {
            (true, 0..60) => "just now".to_owned(),
            (true, over @ 60..3_600) => format!("{}m ago", over / 60),
            (true, over @ 3_600..86_400) => format!("{}h ago", over / 3_600),
            (true, over) => format!("{}d ago", over / 86_400),
            (false, left @ LAST_DAY..HUNDRED_DAYS) => {
                format!("{}d {:02}h", left / 86_400, left / 3_600 % 24)
            }
            (false, left @ HUNDRED_DAYS..) => format!("{}d", left / 86_400),
            (false, _) => self.digits(),
        }
    }

    /// The time left in its largest unit, without seconds: `3d`, `1h`, `12m`, `<1m`.
    pub fn largest_unit(self) -> String {
        match self.seconds().max(0) {
            0..60 => "<1m".to_owned(),
            left @ 60..3_600 => format!("{}m", left / 60),
            left @ 3_600..LAST_DAY => format!("{}h", left / 3_600),
            left => format!("{}d", left / LAST_DAY),
        }
    }

    /// The whole seconds that the digits show: those left, or those since the end.
    fn shown(self) -> i64 {
        if self.is_over() {
            self.now.signed_duration_since(self.end).num_seconds()
        } else {
            self.seconds()
        }
    }

    /// When the digits begin to show so many seconds: just after one more is left, and for -1 at the
    /// end itself; after the end, on the second.
    fn shown_from(self, seconds: i64) -> Option<DateTime<Utc>> {
        if self.is_over() {
            return self
                .end
                .checked_add_signed(TimeDelta::try_seconds(seconds)?);
        }
        let left = TimeDelta::try_seconds(seconds.checked_add(1)?)?;
        let edge = TimeDelta::nanoseconds(i64::from(!left.is_zero()));
        self.end.checked_sub_signed(left - edge)
    }
}

impl fmt::Display for Remaining {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_over() {
            write!(formatter, "expired {} ago", self.digits())
        } else {
            formatter.write_str(&self.digits())
        }
    }
}
