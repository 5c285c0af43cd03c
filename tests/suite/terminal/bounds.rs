//! The work per frame depends on the visible rows, not on the size of an answer.

#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use rustix::process::Signal;
use serde_json::value::RawValue;
use tokenscope::domain::fields::{changed_keys, fields};
use tokenscope::domain::raw::{LONGEST_SHOWN, MOST_MATCHES, RawJson, RawLines};
use tokenscope::domain::token::{MOST_OTHERS, ServiceToken};

use crate::support::api::{Fake, Reply, http, run, success, token};
use crate::support::assertions::{assert_below, assert_contains};
use crate::support::terminal::assert_restored_once;
use crate::support::tokens::ID;

fn raw(json: &str) -> RawJson {
    RawJson::from(serde_json::from_str::<&RawValue>(json).unwrap())
}

fn parsed(json: &str) -> ServiceToken {
    ServiceToken::parse(&raw(json))
}

/// Members with this many unknown keys.
pub(crate) fn keys(count: usize) -> String {
    let mut members = String::new();
    for at in 0..count {
        let comma = if at == 0 { "" } else { "," };
        write!(members, r#"{comma}"key_{at:06}":{at}"#).unwrap();
    }
    members
}

/// Members of about this many bytes, in every shape of a long answer.
fn shapes(bytes: usize) -> Vec<(&'static str, String)> {
    let depth = bytes / 2;
    vec![
        ("many keys", keys(bytes / 20)),
        ("one string", format!(r#""text":"{}""#, "a".repeat(bytes))),
        ("a long name", format!(r#""name":"{}""#, "b".repeat(bytes))),
        (
            "one letter and its marks",
            format!(r#""name":"e{}""#, "\u{301}".repeat(bytes / 2)),
        ),
        (
            "a long key",
            format!(r#""{}":1,"name":"n""#, "k".repeat(bytes)),
        ),
        (
            "an invalid date",
            format!(r#""expires_at":"{}""#, "soon ".repeat(bytes / 5)),
        ),
        (
            "an ID of another type",
            format!(r#""client_id":[{}1]"#, "1,".repeat(bytes / 2)),
        ),
        (
            "nested lists",
            format!(r#""nest":{}{}"#, "[".repeat(depth), "]".repeat(depth)),
        ),
        (
            "many numbers",
            format!(r#""numbers":[{}0]"#, "0,".repeat(bytes / 2)),
        ),
        (
            "many empty objects",
            format!(r#""objects":[{}{{}}]"#, "{},".repeat(bytes / 3)),
        ),
        (
            "one key again and again",
            format!(r#"{}"again":0"#, r#""again":1,"#.repeat(bytes / 10)),
        ),
    ]
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?[1-9][0-9]{0,3}",
        r#""[ -!#-\[\]-~é]{0,300}""#,
        Just(r#""a \" \\ [{,:""#.to_owned()),
    ];
    leaf.prop_recursive(6, 200, 8, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..8)
            .prop_map(|items| format!("[ {} ]", items.join(" ,")));
        let object = proptest::collection::vec(inner, 0..8).prop_map(|items| {
            let member = |(at, item): (usize, &String)| format!("\"k{at}\" : {item}");
            let members: Vec<String> = items.iter().enumerate().map(member).collect();
            format!("{{{}}}", members.join(",\n"))
        });
        prop_oneof![list, object]
    })
}

proptest! {
    /// The lines of a window equal those of the whole.
    #[test]
    fn k02_any_window_shows_the_lines_of_the_whole(items in proptest::collection::vec(json(), 1..40), at in 0_usize..400, count in 0_usize..80) {
        let lines = RawLines::of(&raw(&format!("[{}]", items.join(","))));
        let whole = lines.window(0, usize::MAX);
        prop_assert_eq!(lines.len(), whole.len());
        let expected: Vec<String> = whole.into_iter().skip(at).take(count).collect();
        prop_assert_eq!(lines.window(at, count), expected);
    }
}

#[test]
fn k02_a_line_of_any_length_is_truncated_and_the_next_stays_in_place() {
    for bytes in [
        LONGEST_SHOWN - 20,
        LONGEST_SHOWN,
        LONGEST_SHOWN + 20,
        1_000_000,
    ] {
        let text = "é".repeat(bytes / 2);
        let lines = RawLines::of(&raw(&format!(r#"{{"a":1,"text":"{text}","b":2,"c":3}}"#)));
        assert_eq!(lines.len(), 6);
        let shown = lines.window(1, 4);
        assert_eq!(shown[0], r#"  "a": 1,"#);
        assert!(shown[1].starts_with(r#"  "text": "é"#));
        assert!(shown[1].len() <= LONGEST_SHOWN + 8, "{}", shown[1].len());
        assert_eq!(shown[2..], [r#"  "b": 2,"#, r#"  "c": 3"#], "{bytes}");
        assert_eq!(lines.matching(r#""c": 3"#).lines, [4]);
    }
}

#[test]
fn k02_matches_are_listed_up_to_a_limit() {
    let lines = RawLines::of(&raw(&format!("[{}7]", "7,".repeat(MOST_MATCHES))));
    let matches = lines.matching("7");
    assert_eq!(matches.lines.len(), MOST_MATCHES);
    assert!(matches.has_more);
    let few = lines.matching("]");
    assert_eq!((few.lines, few.has_more), (vec![MOST_MATCHES + 2], false));
}

#[test]
fn k02_fields_beyond_a_limit_are_counted_and_each_key_once() {
    for (members, others, rest) in [
        (keys(3), 3, 0),
        (keys(MOST_OTHERS), MOST_OTHERS, 0),
        (keys(MOST_OTHERS + 1), MOST_OTHERS, 1),
        (keys(20_000), MOST_OTHERS, 20_000 - MOST_OTHERS),
        (
            format!("{},{}", keys(20_000), keys(20_000)),
            MOST_OTHERS,
            20_000 - MOST_OTHERS,
        ),
    ] {
        let token = parsed(&token(&members));
        let rows = fields(&token);
        let unknown = rows.iter().filter(|row| row.key.starts_with("key_"));
        assert_eq!(unknown.count(), others);
        assert_eq!(token.members().rest, rest);
    }
    // The later value of a key counts, on either side of the limit.
    let late = parsed(&token(&format!(r#"{},"key_000007":"late""#, keys(600))));
    let row = fields(&late).iter().find(|row| row.key == "key_000007");
    assert_eq!(row.unwrap().raw(&late), Some(r#""late""#));
}

#[test]
fn k02_changes_among_many_fields_are_found_in_one_pass() {
    let before = parsed(&token(&keys(150_000)));
    let after = parsed(&token(&format!(
        r#"{},"key_000003":"new","name":"n""#,
        keys(150_000)
    )));
    assert_eq!(changed_keys(&before, &after), ["key_000003", "name"]);
    assert_eq!(changed_keys(&after, &after), Vec::<String>::new());
}

#[test]
fn k02_a_long_value_is_parsed_only_as_far_as_it_is_shown() {
    for (content, start) in [
        ("a".repeat(100_000), "aaaa"),
        (r"\u00e9".repeat(20_000), "éééé"),
        (r"\ud83d\ude00".repeat(20_000), "😀😀"),
        (r#"x\\\""#.repeat(20_000), "x\\\"x"),
    ] {
        for shift in 0..12 {
            let token = parsed(&token(&format!(
                r#""name":"{}{content}""#,
                "_".repeat(shift)
            )));
            let row = fields(&token).iter().find(|row| row.key == "name").unwrap();
            let shown = row.shown_text(&token).unwrap();
            assert!(shown[shift..].starts_with(start), "{}", &shown[..20]);
            assert!(shown.ends_with('…') && shown.len() < 5_000);
            assert_eq!(row.text(&token).unwrap(), token.name_text());
        }
    }
}

#[test]
fn k02_screens_react_to_keys_and_signals_with_any_answer() {
    for (shape, members) in shapes(400_000) {
        let server = Fake::with_result(&token(&members));
        let mut session = server.screens(&[ID]);
        session.wait_until(shape, |session| session.shown().contains("Facts"));
        session.type_keys("G");
        session.type_until("v", "v fields");
        session.type_keys("G/1\r");
        session.wait_until(shape, |session| {
            session.shown().contains("match") && !session.shown().contains("searching")
        });
        session.type_keys("nNgv");
        session.wait_until(shape, |session| session.shown().contains("Facts"));
        session.type_keys("r");
        session.signal(Signal::TERM);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 143, "{shape}");
        assert_restored_once(&stream);
    }
}

#[test]
fn k02_remaining_fields_are_counted_on_screen_and_in_the_table() {
    let server = Fake::with_result(&token(&keys(20_000)));
    let mut session = server.screens(&[ID]).showing("Other fields");
    session.type_until("G", "and 19,500 more fields");
    session.wait_for("key_000499");
    session.quit();
    let table = run(&mut server.command(&["get", ID]));
    assert_eq!(table.code, Some(0));
    assert_contains(&table.stdout, "19500 more fields");
    assert!(!table.stdout.contains("key_000500"));
    let json = run(&mut server.command(&["get", ID, "-o", "json"]));
    assert_eq!(json.json()["token"]["key_019999"], 19_999);
}

#[test]
fn k02_commands_end_within_their_deadline_with_any_answer() {
    for (shape, members) in shapes(400_000) {
        let server = Fake::with_result(&token(&members));
        for form in ["table", "json"] {
            let done = run(&mut server.command(&["get", ID, "--timeout", "5", "-o", form]));
            assert_eq!(done.code, Some(0), "{shape} {form}: {}", done.stderr);
        }
    }
}

#[test]
fn k02_many_or_long_errors_leave_the_banner_small() {
    let many = format!("[{}1]", r#"{"code":10000,"message":"no"},"#.repeat(20_000));
    let long = format!(r#"[{{"code":1,"message":"{}"}}]"#, "long ".repeat(80_000));
    for errors in [many, long] {
        let server = Fake::answering(403, &crate::support::api::refusal(&errors));
        let mut session = server.screens(&[ID]).showing("details");
        session.type_until("e", "Error details");
        session.type_keys("GG\x1b");
        session.signal(Signal::TERM);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), 143);
        assert_restored_once(&stream);
    }
}

#[test]
fn k02_many_zones_are_filtered_once_per_letter() {
    let zone = |at: usize| format!(r#"{{"id":"{at:032x}","name":"zone-{at}.example"}}"#);
    let zones: Vec<String> = (0..45).map(zone).collect();
    let zones = success(&format!("[{}]", zones.join(",")));
    let server = Fake::start(move |head, _| {
        let body = if head.contains("/zones") {
            zones.clone()
        } else {
            success("[]")
        };
        Reply::Bytes(http(200, &[], body))
    });
    let mut session = server.screens(&[]).showing("Find a token");
    session.type_until("\x1b[15~", "45 of 45");
    session.type_until("zone-4", "6 of 45");
    session.interrupt();
}

#[cfg(debug_assertions)]
#[test]
fn k03_slow_frames_do_not_delay_network_and_signals() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let server = Fake::with_result(&token(r#""name":"n","expires_at":"2099-01-01T00:00:00Z""#));
        let mut session = server
            .binary(&[ID])
            .with_token()
            .env("TOKENSCOPE_TEST_FAULT", "slow")
            .on_terminal();
        session.wait_for("Facts");
        let begun = Instant::now();
        session.signal(signal);
        let (status, stream) = session.end();
        assert_below(begun.elapsed(), Duration::from_millis(1_500));
        assert_eq!(status.exit_code(), code);
        assert_restored_once(&stream);
    }
}
