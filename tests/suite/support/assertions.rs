//! Assertions that show the values they failed for.

use std::time::Duration;

/// Asserts that a value matches a pattern.
macro_rules! assert_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)?) => {{
        let value = &$value;
        assert!(matches!(value, $pattern $(if $guard)?), "{value:?}");
    }};
}
pub(crate) use assert_matches;

#[track_caller]
pub(crate) fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in: {text}");
}

#[track_caller]
pub(crate) fn assert_lacks(text: &str, part: &str) {
    assert!(!text.contains(part), "{part:?} in: {text}");
}

#[track_caller]
pub(crate) fn assert_contains_if(is_expected: bool, text: &str, part: &str) {
    assert_eq!(text.contains(part), is_expected, "{part:?} in: {text}");
}

#[track_caller]
pub(crate) fn assert_starts(text: &str, start: &str) {
    assert!(text.starts_with(start), "not {start:?}: {text}");
}

#[track_caller]
pub(crate) fn assert_below(took: Duration, limit: Duration) {
    assert!(took < limit, "{took:?}");
}
