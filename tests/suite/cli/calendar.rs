//! `list -o ics`: one event per token, as calendars read it.

#![cfg(unix)]

use std::collections::HashSet;

use tokenscope::domain::fetched::ClockOffset;
use tokenscope::domain::list_report::{ListReport, Origins};
use tokenscope::domain::status::{EvaluationContext, Thresholds};
use tokenscope::formats::ics;

use crate::support::assertions::assert_contains;
use crate::support::binary::{TOKENS, TestEnv, json, text};
use crate::support::sessions::account;
use crate::support::tokens::{ACCOUNT, now, token};

/// The properties of each event, in order; `BEGIN` and `END` must match.
fn events(calendar: &str) -> Vec<Vec<(String, String)>> {
    assert!(calendar.ends_with("\r\n") && !calendar.replace("\r\n", "").contains(['\r', '\n']));
    let is_short = |line: &str| line.len() <= 75;
    assert!(calendar.split("\r\n").all(is_short), "{calendar}");
    let unfolded = calendar.replace("\r\n ", "");
    let (mut open, mut events) = (Vec::new(), Vec::new());
    for line in unfolded.lines() {
        let (name, value) = line.split_once(':').unwrap();
        match name {
            "BEGIN" => {
                open.push(value.to_owned());
                if value == "VEVENT" {
                    events.push(Vec::new());
                }
            }
            "END" => assert_eq!(open.pop().as_deref(), Some(value)),
            _ if open.iter().any(|it| it == "VEVENT") => {
                let property = (name.to_owned(), value.to_owned());
                events.last_mut().unwrap().push(property);
            }
            _ => assert_eq!(open, ["VCALENDAR"]),
        }
    }
    assert!(open.is_empty());
    events
}

fn value<'e>(event: &'e [(String, String)], name: &str) -> &'e str {
    &event.iter().find(|(it, _)| it == name).unwrap().1
}

fn all<'e>(event: &'e [(String, String)], name: &str) -> Vec<&'e str> {
    let named = event.iter().filter(|(it, _)| it == name);
    named.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_expiring_token_is_one_event_with_alarms_at_its_thresholds() {
    let tokens = r#"[
        {"id":"a0000000-0000-4000-8000-000000000001","client_id":"c1.access","name":"year; a, b","duration":"8760h","expires_at":"2025-06-01T00:00:00Z"},
        {"id":"a0000000-0000-4000-8000-000000000002","name":"day","duration":"24h","expires_at":"2025-03-02T00:00:00Z"},
        {"id":"a0000000-0000-4000-8000-000000000003","name":"gone","duration":"8760h","expires_at":"2025-02-01T00:00:00Z"},
        {"id":"a0000000-0000-4000-8000-000000000004","name":"eternal","duration":"forever","expires_at":"2025-06-01T00:00:00Z"},
        {"id":"a0000000-0000-4000-8000-000000000005","name":"off","enabled":false,"expires_at":"2025-06-01T00:00:00Z"},
        {"id":"a0000000-0000-4000-8000-000000000006","name":"dateless","expires_at":null},
        {"id":null,"client_id":"c7.access","name":"without an ID","duration":"8760h","expires_at":"2025-07-01T00:00:00Z"},
        {"name":"without any","duration":"8760h","expires_at":"2025-07-01T00:00:00Z"}]"#;
    let env = TestEnv::with(tokens).await;
    let output = env.run(&["list", "-o", "ics"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_contains(
        &text(&output.stderr),
        "2 tokens are not in the calendar: when they expire, or their IDs, are not known.",
    );
    let events = events(&text(&output.stdout));
    let mut ends: Vec<(&str, &str)> = events
        .iter()
        .map(|event| (value(event, "UID"), value(event, "DTSTART")))
        .collect();
    ends.sort_unstable();
    assert_eq!(
        ends,
        [
            (
                "a0000000-0000-4000-8000-000000000001@tokenscope",
                "20250601T000000Z"
            ),
            (
                "a0000000-0000-4000-8000-000000000002@tokenscope",
                "20250302T000000Z"
            ),
            (
                "a0000000-0000-4000-8000-000000000003@tokenscope",
                "20250201T000000Z"
            ),
            ("c7.access@tokenscope", "20250701T000000Z"),
        ]
    );
    let of = |digit: char| {
        let is_it = |event: &&Vec<(String, String)>| {
            value(event, "UID")
                .split('@')
                .next()
                .unwrap()
                .ends_with(digit)
        };
        events.iter().find(is_it).unwrap()
    };
    let year = of('1');
    assert_eq!(
        value(year, "SUMMARY"),
        "Access service token year\\; a\\, b expires"
    );
    assert_contains(value(year, "DESCRIPTION"), "\\nClient ID: c1.access");
    assert_contains(value(year, "DESCRIPTION"), ACCOUNT);
    assert_eq!(all(year, "TRIGGER"), ["-PT2592000S", "-PT604800S"]);
    assert_eq!(all(of('2'), "TRIGGER"), ["-PT21600S", "-PT7200S"]);
    // The calendar is deterministic.
    let again = env.run(&["list", "-o", "ics"]);
    let stamped = |printed: &[u8]| {
        let printed = text(printed);
        let lines = printed.lines().filter(|line| !line.starts_with("DTSTAMP"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(stamped(&again.stdout), stamped(&output.stdout));
    let warned = env.run(&["list", "-o", "ics", "--warn", "10d", "--critical", "1d"]);
    let printed = text(&warned.stdout);
    assert_contains(&printed, "TRIGGER:-PT864000S");
    let once = env.run(&["list", "-o", "ics", "--warn", "10d", "--critical", "10d"]);
    let printed = text(&once.stdout);
    let alarms = printed.matches("TRIGGER:-PT864000S").count();
    assert_eq!(alarms, printed.matches("BEGIN:VEVENT").count(), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_stays_within_its_property() {
    let wild = serde_json::json!([{
        "id": "a0000000-0000-4000-8000-000000000001",
        "name": format!("x\r\nEND:VEVENT\r\nBEGIN:VEVENT\u{1b}[31m\\n{}", "東京".repeat(60)),
        "duration": "8760h",
        "expires_at": "2025-06-01T00:00:00Z",
    }]);
    let env = TestEnv::with(&wild.to_string()).await;
    let output = env.run(&["list", "-o", "ics"]);
    let printed = text(&output.stdout);
    assert!(!printed.contains('\u{1b}'));
    let events = events(&printed);
    assert_eq!(events.len(), 1);
    assert_contains(value(&events[0], "SUMMARY"), "END:VEVENT");
}

#[test]
fn writes_one_event_for_each_of_ten_thousand_tokens() {
    let tokens = (0..10_000).map(|number| {
        token(&format!(
            r#"{{"id":"a0000000-0000-4000-8000-{number:012}","name":"token {number}","duration":"8760h","expires_at":"2025-06-01T00:00:00Z"}}"#
        ))
    });
    let report = ListReport {
        tokens: tokens.collect(),
        origin: Origins::Scope(account()),
        incomplete: None,
        context: EvaluationContext {
            now: now(),
            clock_offset: ClockOffset::default(),
            thresholds: Thresholds::default(),
        },
    };
    let mut printed = Vec::new();
    ics::list(&mut printed, &report).unwrap();
    let events = events(&text(&printed));
    let ids: HashSet<&str> = events.iter().map(|event| value(event, "UID")).collect();
    assert_eq!(ids.len(), 10_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn finding_filters_tokens() {
    let env = TestEnv::with(TOKENS).await;
    let run = |codes: &str| env.run(&["list", "--finding", codes]);
    let printed = text(&run("disabled,never-expires").stdout);
    let names: Vec<&str> = printed
        .lines()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    assert_eq!(names, ["eternal", "off"]);
    // Only `uses` computes the findings of the access map.
    let of_map = [
        "wrong_action",
        "no_expiry_alert",
        "cleanup_due",
        "unreferenced",
    ];
    for code in of_map.iter().chain(&["nothing"]) {
        assert_eq!(run(code).status.code(), Some(64), "{code}");
        let check = env.run(&["check", "--fail-on", code, "-o", "json"]);
        assert_eq!(check.status.code(), Some(3), "{code}");
        assert_eq!(json(&check)["error"]["kind"], "usage", "{code}");
    }
}
