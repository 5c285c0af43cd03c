//! Every finding, with its boundaries.

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::domain::change::Change;
use tokenscope::domain::findings::{CODES, Finding, Severity, findings, next_note_change, note};
use tokenscope::domain::status::{Threshold, Thresholds};

use crate::domain::{at, context, nanos, now, token};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::table::rows;

const YEAR: &str = r#""duration":"8760h","expires_at":"2027-06-01T00:00:00Z""#;
const SEEN: &str = r#""last_seen_at":"2026-11-25T11:00:00Z""#;

fn found(json: &str) -> Vec<Finding> {
    findings(&token(json), context(now(), Thresholds::default()))
}

fn codes(json: &str) -> Vec<(&'static str, Severity)> {
    found(json)
        .into_iter()
        .map(|finding| (finding.code, finding.severity))
        .collect()
}

fn one(json: &str, code: &str) -> Option<Finding> {
    found(json).into_iter().find(|finding| finding.code == code)
}

fn date(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339()
}

#[test]
fn a_healthy_token_has_no_findings() {
    assert_eq!(found(&format!("{{{YEAR},{SEEN}}}")), []);
}

/// The finding of a token with these members, and its severity.
const OF_STATUS: &str = r#"
disabled                | Critical | "enabled":false,"expires_at":"2027-06-01T00:00:00Z"
never_expires           | Info     | "duration":"forever","expires_at":"2020-01-01T00:00:00Z"
expiry_unknown          | Warning  | "expires_at":null
expired                 | Critical | "expires_at":"2026-11-25T12:00:00Z"
expires_within_critical | Critical | "expires_at":"2026-11-25T12:00:00.000000001Z"
expires_within_critical | Critical | "expires_at":"2026-12-02T11:59:59Z"
expires_within_warning  | Warning  | "expires_at":"2026-12-02T12:00:00Z"
expires_within_warning  | Warning  | "expires_at":"2026-12-25T11:59:59Z"
"#;

#[test]
fn every_status_but_active_has_its_finding() {
    for [code, severity, rest] in rows(OF_STATUS) {
        let codes = codes(&format!("{{{rest},{SEEN}}}"));
        let expected = format!("[({code:?}, {severity})]");
        assert_eq!(format!("{codes:?}"), expected, "{rest}");
    }
    assert_eq!(
        codes(&format!(
            r#"{{"expires_at":"2026-12-25T12:00:00Z",{SEEN}}}"#
        )),
        []
    );
}

#[test]
fn an_expiring_token_names_both_renewals_and_their_effects() {
    let finding = one(
        &format!(r#"{{"expires_at":"2026-12-20T00:00:00Z",{SEEN}}}"#),
        "expires_within_warning",
    )
    .unwrap();
    assert_eq!(
        finding.summary,
        "Ends in 24 d. Renew it, or every client fails then."
    );
    assert_eq!(
        finding.message,
        "Ends in 24 d. Renew it, or every client fails then. Renewing (Cloudflare's Refresh) keeps the \
         secret and adds a year. Rotating makes a new secret; without a grace period, the old one stops \
         at once."
    );
    assert_eq!(finding.remedies, [Change::Renew, Change::Rotate]);
}

#[test]
fn a_token_of_another_duration_is_renewed_by_that_duration() {
    let finding = one(
        &format!(r#"{{"duration":"2160h","expires_at":"2026-12-05T00:00:00Z",{SEEN}}}"#),
        "expires_within_warning",
    )
    .unwrap();
    assert_contains(
        &finding.message,
        "Renewing keeps the secret and gives it another 90d from now (Cloudflare's Refresh adds a year).",
    );
}

#[test]
fn every_finding_says_what_to_do() {
    for json in [
        r#""enabled":false,"expires_at":"2026-11-25T12:00:00Z""#,
        r#""duration":"forever","last_seen_at":null,"created_at":"2026-11-25T00:00:00Z""#,
        r#""enabled":"no","expires_at":null,"last_seen_at":null"#,
        r#""expires_at":"2026-11-24T12:00:00Z","last_seen_at":"2026-11-25T11:00:00Z""#,
        r#""duration":"9000h","expires_at":"2026-12-24T12:00:00Z","previous_client_secret_expires_at":"2026-11-26T00:00:00Z""#,
        r#""expires_at":"2027-12-24T12:00:00Z","previous_client_secret_expires_at":"2026-11-24T00:00:00Z","last_seen_at":"2026-10-01T00:00:00Z""#,
    ] {
        for finding in found(&format!("{{{json}}}")) {
            let advice = finding.message.strip_prefix(&finding.summary);
            let follows = advice.is_some_and(|advice| advice.len() > 20);
            let is_said = finding.message.contains(": move every client to ");
            assert!(follows || is_said, "{}", finding.message);
            assert!(finding.message.ends_with('.'), "{}", finding.message);
            assert!(!finding.message.contains("refresh"), "{}", finding.message);
            assert!(CODES.contains(&finding.code), "{}", finding.code);
        }
    }
}

#[test]
fn the_message_states_the_time_left_whatever_the_threshold() {
    for (end, words) in [
        ("2026-11-25T12:00:59Z", "Ends in 59 s."),
        ("2026-11-25T12:01:01Z", "Ends in 1 min."),
        ("2026-11-25T13:00:00Z", "Ends in 1 h."),
        ("2026-11-27T11:59:59Z", "Ends in 47 h."),
        ("2026-11-28T12:00:00Z", "Ends in 3 d."),
    ] {
        let json = token(&format!(r#"{{"expires_at":"{end}",{SEEN}}}"#));
        for days in [4, 30] {
            let thresholds = Thresholds {
                warn: None,
                critical: Some(Threshold::Time(TimeDelta::days(days))),
            };
            let message = &findings(&json, context(now(), thresholds))[0].message;
            assert!(message.starts_with(words), "{message}");
        }
    }
}

#[test]
fn a_disabled_and_expired_token_says_both() {
    let both = codes(&format!(
        r#"{{"enabled":false,"expires_at":"2026-11-25T12:00:00Z",{SEEN}}}"#
    ));
    assert_eq!(
        both,
        [
            ("disabled", Severity::Critical),
            ("expired", Severity::Critical)
        ]
    );
    let forever = codes(&format!(
        r#"{{"enabled":false,"duration":"forever","expires_at":"2020-01-01T00:00:00Z",{SEEN}}}"#
    ));
    assert_eq!(forever, [("disabled", Severity::Critical)]);
}

#[test]
fn a_token_never_used_is_a_warning_after_a_week() {
    let week = now() - TimeDelta::days(7);
    for (created, severity) in [
        (date(now()), Severity::Info),
        (date(week), Severity::Info),
        (date(week - nanos(1)), Severity::Warning),
        (date(week - TimeDelta::seconds(1)), Severity::Warning),
        (String::new(), Severity::Info),
        ("soon".to_owned(), Severity::Info),
    ] {
        for seen in [
            r#","last_seen_at":null"#,
            r#","last_seen_at":"0001-01-01T00:00:00Z""#,
        ] {
            let json = format!(r#"{{{YEAR},"created_at":"{created}"{seen}}}"#);
            assert_eq!(codes(&json), [("never_used", severity)], "{json}");
        }
    }
}

#[test]
fn a_token_of_unknown_age_is_not_called_new() {
    let new = one(
        &format!(
            r#"{{{YEAR},"created_at":"{}","last_seen_at":null}}"#,
            date(now())
        ),
        "never_used",
    )
    .unwrap();
    assert!(new.message.contains("new"), "{}", new.message);
    let unknown = one(&format!(r#"{{{YEAR},"last_seen_at":null}}"#), "never_used").unwrap();
    assert!(!unknown.message.contains("new"), "{}", unknown.message);
}

#[test]
fn an_unreadable_last_use_is_no_finding() {
    assert_eq!(
        codes(&format!(r#"{{{YEAR},"last_seen_at":"yesterday"}}"#)),
        []
    );
    assert_eq!(codes(&format!(r#"{{{YEAR},"last_seen_at":17}}"#)), []);
    assert_eq!(codes(&format!("{{{YEAR}}}")), [], "not reported");
    for empty in ["", " "] {
        let json = format!(r#"{{{YEAR},"last_seen_at":"{empty}"}}"#);
        assert_eq!(codes(&json), [], "neither null nor year 1: {json}");
    }
}

#[test]
fn a_token_is_unused_after_thirty_days() {
    let month = now() - TimeDelta::days(30);
    let seen = |instant: DateTime<Utc>| format!(r#"{{{YEAR},"last_seen_at":"{}"}}"#, date(instant));
    assert_eq!(codes(&seen(month + nanos(1))), []);
    assert_eq!(codes(&seen(month)), [("unused", Severity::Warning)]);
    let long_ago = one(
        &seen(now() - TimeDelta::days(41) - TimeDelta::hours(23)),
        "unused",
    )
    .unwrap();
    assert_starts(&long_ago.message, "Not seen for 41 days.");
    assert_eq!(
        codes(&seen(now() + TimeDelta::days(1))),
        [],
        "a clock that is ahead is no finding"
    );
}

#[test]
fn an_expired_token_that_is_still_used_says_so() {
    let seen = |seen: &str| {
        one(
            &format!(r#"{{"expires_at":"2026-11-20T00:00:00Z","last_seen_at":"{seen}"}}"#),
            "seen_after_expiry",
        )
    };
    assert_eq!(seen("2026-11-20T00:00:00Z"), None);
    let later = seen("2026-11-20T03:00:00Z").unwrap();
    assert_eq!(later.severity, Severity::Warning);
    assert_contains(&later.message, "3 h after its expiry");
    assert!(one(&format!("{{{YEAR},{SEEN}}}"), "seen_after_expiry").is_none());
}

#[test]
fn a_previous_secret_works_until_its_exact_end() {
    let previous = |rest: &str, end: &str| {
        let found = found(&format!(
            r#"{{{rest},{SEEN},"previous_client_secret_expires_at":"{end}"}}"#
        ));
        found
            .into_iter()
            .find(|finding| finding.code.starts_with("previous_secret"))
            .map(|finding| (finding.code, finding.severity, finding.ends_at))
    };
    let end = "2026-11-25T13:12:09Z";
    assert_eq!(
        previous(YEAR, end),
        Some(("previous_secret_alive", Severity::Warning, Some(at(end))))
    );
    let far = "2026-12-02T12:00:00Z";
    assert_eq!(
        previous(YEAR, far),
        Some(("previous_secret_alive", Severity::Info, Some(at(far)))),
        "not less than the critical threshold is left"
    );
    let revoked = Some(("previous_secret_revoked", Severity::Info, None));
    assert_eq!(previous(YEAR, "2026-11-25T12:00:00Z"), revoked);
    assert_eq!(previous(YEAR, "2026-11-25T11:59:59Z"), revoked);
    assert_eq!(
        previous(&format!(r#""enabled":false,{YEAR}"#), end),
        revoked,
        "disabling kills it too"
    );
    assert_eq!(
        previous(r#""expires_at":"2026-11-25T11:00:00Z""#, end),
        revoked,
        "expiry ends it too"
    );
    for none in ["", "0001-01-01T00:00:00Z", "soon"] {
        assert_eq!(previous(YEAR, none), None, "{none:?}");
    }
}

#[test]
fn a_lifetime_above_a_year_is_long() {
    let lives = |duration: &str| {
        one(
            &format!(r#"{{"duration":"{duration}","expires_at":"2029-01-01T00:00:00Z",{SEEN}}}"#),
            "long_lifetime",
        )
    };
    for short in ["8760h", "8760h0m0s", "1h", "forever", "ten years", ""] {
        assert_eq!(lives(short), None, "{short}");
    }
    let long = lives("8760h0m0.000000001s").unwrap();
    assert_eq!(long.severity, Severity::Info);
    assert!(lives("17520h").unwrap().message.contains("730d"));
}

#[test]
fn the_most_severe_finding_comes_first() {
    let json = format!(
        r#"{{"duration":"43800h","expires_at":"2026-11-26T00:00:00Z","last_seen_at":"2026-01-01T00:00:00Z","previous_client_secret_expires_at":"{}"}}"#,
        date(now() + TimeDelta::hours(1))
    );
    assert_eq!(
        codes(&json),
        [
            ("expires_within_critical", Severity::Critical),
            ("previous_secret_alive", Severity::Warning),
            ("unused", Severity::Warning),
            ("long_lifetime", Severity::Info),
        ]
    );
    assert_eq!(
        [Severity::Info, Severity::Warning, Severity::Critical].map(Severity::code),
        ["info", "warning", "critical"]
    );
}

#[test]
fn unreadable_enabled_and_expiry_are_quoted() {
    let json = format!(r#"{{"enabled":"false",{YEAR},{SEEN}}}"#);
    assert_eq!(codes(&json), [("enabled_unknown", Severity::Warning)]);
    let switch = one(&json, "enabled_unknown").unwrap();
    assert_contains(&switch.message, r#", but "false"."#);
    let both = format!(r#"{{"enabled":0,"expires_at":"2026-12-10T00:00:00Z",{SEEN}}}"#);
    assert_eq!(
        codes(&both),
        [
            ("expires_within_warning", Severity::Warning),
            ("enabled_unknown", Severity::Warning)
        ]
    );
    let expiry = format!(r#"{{"expires_at":"2027-06-14",{SEEN}}}"#);
    let expiry = one(&expiry, "expiry_unknown").unwrap();
    assert_contains(
        &expiry.message,
        r#"no usable expiry date, but "2027-06-14"."#,
    );
    let long = format!(r#"{{"enabled":"{}",{YEAR},{SEEN}}}"#, "x".repeat(100_000));
    assert!(one(&long, "enabled_unknown").unwrap().message.len() < 300);
    for fine in ["", r#""enabled":null,"#, r#""enabled":true,"#] {
        assert_eq!(found(&format!("{{{fine}{YEAR},{SEEN}}}")), []);
    }
}

/// The note of a token with these members, and its severity.
const NOTES: &str = r#"
still used     | Warning | "expires_at":"2026-11-20T00:00:00Z","last_seen_at":"2026-11-20T03:00:00Z"
2 secrets      | Info    | $YEAR,$SEEN,"previous_client_secret_expires_at":"2026-12-20T00:00:00Z"
2 secrets      | Warning | $YEAR,"last_seen_at":"2026-01-01T00:00:00Z","previous_client_secret_expires_at":"2026-11-26T00:00:00Z"
unused         | Warning | $YEAR,"last_seen_at":"2026-01-01T00:00:00Z","previous_client_secret_expires_at":"2026-12-20T00:00:00Z"
never used     | Info    | $YEAR,"created_at":"2026-11-25T00:00:00Z","last_seen_at":null
never used     | Warning | $YEAR,"created_at":"2026-01-25T00:00:00Z","last_seen_at":null
long life      | Info    | "duration":"9000h","expires_at":"2027-06-01T00:00:00Z",$SEEN
old secret off | Info    | $YEAR,$SEEN,"previous_client_secret_expires_at":"2026-11-20T00:00:00Z"
unused         | Warning | "enabled":false,$YEAR,"last_seen_at":"2026-01-01T00:00:00Z"
none           | none    | "expires_at":"2026-11-20T00:00:00Z",$SEEN0
none           | none    | "enabled":"no",$YEAR,$SEEN
none           | none    | "expires_at":null
none           | none    | "duration":"forever"
"#;

#[test]
fn a_note_is_the_most_severe_finding_beyond_the_status() {
    for [words, severity, members] in rows(NOTES) {
        let members = members
            .replace("$SEEN0", r#""last_seen_at":"2026-11-19T00:00:00Z""#)
            .replace("$YEAR", YEAR)
            .replace("$SEEN", SEEN);
        let note = note(
            &token(&format!("{{{members}}}")),
            context(now(), Thresholds::default()),
        );
        let found = note.map_or(("none", "none".to_owned()), |note| {
            (note.words, format!("{:?}", note.severity))
        });
        assert_eq!(found, (words, severity.to_owned()), "{members}");
    }
}

#[test]
fn a_note_changes_at_its_announced_time() {
    for members in [
        r#""last_seen_at":"2026-11-20T00:00:00Z""#.to_owned(),
        r#""created_at":"2026-11-20T00:00:00Z","last_seen_at":null"#.to_owned(),
        format!(r#"{SEEN},"previous_client_secret_expires_at":"2026-12-20T00:00:00Z""#),
        format!(r#"{SEEN},"previous_client_secret_expires_at":"2026-11-26T00:00:00Z""#),
    ] {
        let token = token(&format!(
            r#"{{"expires_at":"2029-01-01T00:00:00Z",{members}}}"#
        ));
        let context = |now| context(now, Thresholds::default());
        let change = next_note_change(&token, context(now())).unwrap();
        let before = note(&token, context(change - nanos(1)));
        assert_eq!(before, note(&token, context(now())), "{members}");
        assert_ne!(before, note(&token, context(change)), "{members}");
    }
    let calm = token(&format!("{{{YEAR}}}"));
    assert_eq!(
        next_note_change(&calm, context(now(), Thresholds::default())),
        None
    );
}

#[test]
fn a_note_states_how_long_an_old_secret_works_once_it_is_a_warning() {
    let text = |left: TimeDelta| {
        let end = (now() + left).to_rfc3339();
        let members = format!(r#"{{{YEAR},{SEEN},"previous_client_secret_expires_at":"{end}"}}"#);
        let context = context(now(), Thresholds::default());
        note(&token(&members), context).unwrap().text(now())
    };
    for (left, said) in [
        (TimeDelta::days(20), "2 secrets"),
        (TimeDelta::hours(6 * 24 + 23), "2 secrets 6d"),
        (TimeDelta::minutes(72), "2 secrets 1h"),
        (TimeDelta::seconds(90), "2 secrets 1m"),
        (TimeDelta::seconds(59), "2 secrets <1m"),
    ] {
        assert_eq!(text(left), said);
    }
}
