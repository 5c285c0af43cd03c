//! Responses with unexpected values: fields of another type, unknown fields, and implausible dates.

#![cfg(unix)]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use tokenscope::cli::output::Report;
use tokenscope::cli::output::{details, json, table};
use tokenscope::domain::fields::fields;
use tokenscope::domain::findings::findings;
use tokenscope::domain::list_report::{ListReport, Origins};
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::status::{self, Status, Thresholds};
use tokenscope::domain::token::ServiceToken;
use tokenscope::startup::output_style::OutputStyle;
use wiremock::ResponseTemplate;

use crate::domain::context;
use crate::support::api::{Fake, Reply, http, run, shows, success, token};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{TOKENS, TestEnv, json, ok, text};
use crate::support::tokens::{ACCOUNT, ID};

#[test]
fn f11_a_date_far_ahead_is_ignored_with_a_warning() {
    let now = chrono::Utc::now();
    let http_date =
        |date: chrono::DateTime<chrono::Utc>| date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let live = |days: i64, seen: i64| {
        token(&format!(
            r#""duration":"8760h","expires_at":"{}","last_seen_at":"{}""#,
            (now + chrono::TimeDelta::days(days)).to_rfc3339(),
            (now + chrono::TimeDelta::days(seen)).to_rfc3339(),
        ))
    };
    let answering = |ahead: i64, body: String| {
        let date = http_date(now + chrono::TimeDelta::days(ahead));
        Fake::start(move |_, _| Reply::Bytes(http(200, &[("date", &date)], success(&body))))
    };
    // Days by which the date is ahead, and by which the token was last seen.
    for (ahead, seen) in [
        (365, -40),
        (366, 0),
        (3650, -400),
        (2_000_000, 0),
        (30, 0),
        (3, 0),
        (201, -2),
    ] {
        let fake = answering(ahead, live(100, seen));
        let outcome = fake.get();
        let report = outcome.json();
        assert_eq!(
            report["status"], "active",
            "{ahead} {seen}: {}",
            outcome.stdout
        );
        assert_eq!(report["clock_skew_seconds"], 0);
        assert_contains(&outcome.stderr, "has an implausible date");
        let fake = answering(ahead, format!("[{}]", live(100, seen)));
        let check = run(&mut fake.command(&["check"]));
        assert_eq!(check.code, Some(0), "{}", check.stdout);
    }
    // Not contradicted, or the tokens themselves show that this computer's clock is slow.
    for (ahead, seen) in [(30, -40), (366, 300), (150, 2)] {
        let report = answering(ahead, live(500, seen)).get().json();
        assert!(
            report["clock_skew_seconds"].as_i64().unwrap() > 86_400,
            "{ahead} {seen}"
        );
    }
    let mut session = answering(365, live(100, 0)).screens(&[ID]);
    shows(&mut session, "implausible date");
    session.quit();
}

#[test]
fn a13_forever_is_not_unknown() {
    let read = |members: &str| Fake::with_result(&token(members)).get();
    for expiry in [
        "",
        r#","expires_at":null"#,
        r#","expires_at":"""#,
        r#","expires_at":"0001-01-01T00:00:00Z""#,
        r#","expires_at":"2020-01-01T00:00:00Z""#,
        r#","expires_at":"soon""#,
        r#","expires_at":0"#,
    ] {
        let outcome = read(&format!(r#""duration":"forever"{expiry}"#));
        let report = outcome.json();
        assert_eq!(outcome.code, Some(0));
        assert_eq!(report["status"], "never_expires", "{expiry}");
        assert!(report["seconds_left"].is_null() && report["expires_at"].is_null());
        for duration in [
            r#""8760h""#,
            r#""8760h0m0s""#,
            "null",
            r#""""#,
            r#""for ever""#,
            "8760",
        ] {
            if expiry.contains("2020") {
                continue;
            }
            let report = read(&format!(r#""duration":{duration}{expiry}"#)).json();
            assert_eq!(report["status"], "unknown", "{duration} {expiry}");
            assert!(report["seconds_left"].is_null() && report["days_left"].is_null());
            assert!(
                report["expires_at"].is_null(),
                "never 1970 and never year 1"
            );
        }
    }
}

#[test]
fn a13_screens_and_tables_say_never_expires_and_not_reported() {
    let fake = Fake::with_result(&token(r#""duration":"forever","expires_at":null"#));
    let table = run(&mut fake.command(&["get", ID])).stdout;
    assert!(table.contains("never_expires"), "{table}");
    assert!(!table.contains("Left"), "{table}");
    let session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.quit();
    let fake = Fake::with_result(&token(
        r#""duration":"8760h","expires_at":"0001-01-01T00:00:00Z""#,
    ));
    let session = fake.screens(&[ID]).showing("UNKNOWN");
    let stream = session.quit();
    assert!(!stream.contains("EXPIRED") && !stream.contains("1970"));
}

#[test]
fn a15_durations_are_humanised_beside_the_sent_text() {
    for (sent, shown) in [
        ("8760h", "365d (8760h)"),
        ("8760h0m0s", "365d (8760h0m0s)"),
        ("2h45m", "2h 45m (2h45m)"),
        ("300ms", "300ms"),
        ("15µs", "15µs"),
        ("15μs", "15µs (15μs)"),
        ("1.5h", "1h 30m (1.5h)"),
        ("60m", "1h (60m)"),
        ("1y", "1y"),
        ("P1Y", "P1Y"),
        ("-1h", "-1h"),
        ("8760", "8760"),
        ("forever", "forever"),
    ] {
        let fake = Fake::with_result(&token(&format!(
            r#""duration":"{sent}","expires_at":"2126-01-01T00:00:00Z""#
        )));
        let outcome = run(&mut fake.command(&["get", ID]));
        let line = format!("Duration\t{shown}\n");
        assert!(outcome.stdout.contains(&line), "{sent}: {}", outcome.stdout);
    }
    let huge = format!("{}h", "9".repeat(400));
    let fake = Fake::with_result(&token(&format!(
        r#""duration":"{huge}","expires_at":"2126-01-01T00:00:00Z""#
    )));
    let report = fake.get().json();
    assert_eq!(
        report["status"], "active",
        "no expiry is derived from a duration"
    );
}

#[test]
fn a16_unknown_fields_are_kept_and_absent_ones_not_reported() {
    let members =
        r#""new_field":{"a":[1]},"n":12345678901234567890123,"expires_at":"2126-01-01T00:00:00Z""#;
    let fake = Fake::with_result(&token(members));
    let outcome = fake.get();
    assert_contains(
        &outcome.stdout,
        r#""new_field":{"a":[1]},"n":12345678901234567890123"#,
    );
    assert!(outcome.json()["last_seen_at"].is_null());
    let mut session = fake.screens(&[ID]).showing("not reported");
    session.wait_for("Other fields");
    session.wait_for(r#"{"a":[1]}"#);
    session.quit();
}

#[test]
fn a16_mistyped_fields_are_marked_and_dates_of_year_one_are_never() {
    let odd = token(
        r#""name":42,"enabled":"no","duration":8760,"expires_at":42,"created_at":"soon","last_seen_at":"0001-01-01T00:00:00Z","updated_at":" ""#,
    );
    let fake = Fake::with_result(&odd);
    let table = run(&mut fake.command(&["get", ID]));
    for row in [
        "Name\tunexpected type: 42",
        "Enabled\tunexpected type: \"no\"",
        "Duration\tunexpected type: 8760",
        "Expires\tunexpected type: 42",
        "Created\tnot a date: \"soon\"",
        "Last seen\tnever used (sent as \"0001-01-01T00:00:00Z\")",
        "Updated\tnot reported (sent as \" \")",
        "Client ID\tnot reported",
        "Status\tunknown",
    ] {
        let found = table.stdout.lines().any(|line| line == row);
        assert!(found, "{row:?} is not in:\n{}", table.stdout);
    }
    let mut session = fake.screens(&[ID]).showing("unexpected type: 42");
    session.wait_for("never used");
    session.wait_for("not a date: \"soon\"");
    session.quit();
}

#[test]
fn a18_a_disabled_token_says_so_before_any_countdown() {
    let far = r#""expires_at":"2126-01-01T00:00:00Z""#;
    let fake = Fake::with_result(&token(&format!(
        r#""enabled":false,"last_seen_at":null,{far}"#
    )));
    let report = fake.get().json();
    assert_eq!(report["status"], "disabled");
    assert_eq!(report["findings"][0]["code"], "disabled");
    assert_eq!(report["findings"][0]["severity"], "critical");
    let mut session = fake.screens(&[ID]).showing("DISABLED");
    session.wait_for("Never used");
    session.quit();
    for enabled in ["", r#""enabled":true,"#, r#""enabled":null,"#] {
        let report = Fake::with_result(&token(&format!("{enabled}{far}")))
            .get()
            .json();
        assert_eq!(report["status"], "active", "{enabled}");
    }
    let seen = format!(r#""last_seen_at":"2020-01-01T00:00:00Z",{far}"#);
    let report = Fake::with_result(&token(&seen)).get();
    assert!(report.stdout.contains("Not seen for "), "{}", report.stdout);
}

const DOUBTFUL_ID: &str = "a0000000-0000-4000-8000-000000000009";

const FAR: &str = r#""expires_at":"2125-01-01T00:00:00Z","last_seen_at":"2025-02-28T12:00:00Z""#;

fn listed(members: &str) -> String {
    format!(r#"[{{"id":"{DOUBTFUL_ID}",{members}}}]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a18_a_token_that_may_be_disabled_is_never_ok() {
    for enabled in [r#""false""#, "0", r#""no""#, "[]"] {
        let env = TestEnv::with(&listed(&format!(r#""name":"n","enabled":{enabled},{FAR}"#))).await;
        for check in [vec!["check"], vec!["check", DOUBTFUL_ID]] {
            let output = env.run(&check);
            assert_eq!(output.status.code(), Some(3), "{enabled}");
            let said = text(&output.stdout);
            assert_starts(
                &said,
                "UNKNOWN: 1 of 1 token with unknown status; it is not known whether n (",
            );
        }
        let report = json(&env.run(&["check", "-o", "json"]));
        let judged = &report["tokens"][0];
        assert_eq!(report["verdict"], "unknown");
        assert_eq!(judged["status"], "unknown");
        assert!(judged["expires_at"].is_null() && judged["days_left"].is_null());
        assert_eq!(judged["findings"][0]["code"], "enabled_unknown");
        let message = judged["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(enabled), "{message}");
        let metrics = text(&env.run(&["check", "-o", "prometheus"]).stdout);
        assert!(!metrics.contains("service_token_enabled{"), "{metrics}");
        assert!(metrics.contains(r#"status="unknown"} 1"#), "{metrics}");
        let csv = text(&env.run(&["list", "-o", "csv"]).stdout);
        let quoted = enabled.replace('"', "\"\"");
        let quoted = if quoted == enabled {
            quoted
        } else {
            format!("\"{quoted}\"")
        };
        assert!(csv.ends_with(&format!(",{quoted},\r\n")), "{csv}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_field_stays_visible_in_its_row() {
    let odd = listed(&format!(
        r#""name":123,"duration":8760,"client_id":{{"a":1}},{FAR}"#
    ));
    let env = TestEnv::with(&odd).await;
    for command in ["list", "check"] {
        let said = text(&env.run(&[command]).stdout);
        let row = said.lines().last().unwrap();
        assert!(row.starts_with("unexpected type: 123\t"), "{said}");
    }
    let csv = text(&env.run(&["list", "-o", "csv"]).stdout);
    let record = csv.lines().nth(1).unwrap();
    assert!(
        record.starts_with(&format!(r#"{DOUBTFUL_ID},123,"{{""a"":1}}",active,"#)),
        "{csv}"
    );
    assert!(record.ends_with(",8760,true,"), "{csv}");
    let metrics = text(&env.run(&["check", "-o", "prometheus"]).stdout);
    assert!(metrics.contains(r#"name="123""#), "{metrics}");
    let surrogate = listed(&format!(r#""name":"\ud800x",{FAR}"#));
    let env = TestEnv::answering(ok(success(&surrogate))).await;
    let said = text(&env.run(&["list"]).stdout);
    assert!(said.starts_with("not Unicode: \"\\ud800x\"\t"), "{said}");
    let csv = text(&env.run(&["list", "-o", "csv"]).stdout);
    assert_contains(&csv, &format!("{DOUBTFUL_ID},\"\"\"\\ud800x\"\"\","));
}

#[tokio::test(flavor = "multi_thread")]
async fn a26_an_implausible_date_makes_nothing_ok() {
    let ended = format!(
        r#""name":"n","expires_at":"2026-01-01T00:00:00Z","created_at":"2025-01-01T00:00:00Z","last_seen_at":"{}""#,
        "2025-12-31T00:00:00Z"
    );
    for date in [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sat, 01 Mar 2025 12:00:00 GMT",
    ] {
        let answer = ResponseTemplate::new(200)
            .insert_header("date", date)
            .set_body_string(success(&listed(&ended)));
        let env = TestEnv::answering(answer).await;
        for form in ["table", "json"] {
            let output = env.run(&["check", "-o", form]);
            assert_eq!(output.status.code(), Some(2), "{date}");
            let said = text(&output.stderr);
            assert_starts(
                &said,
                "warning: the API's response has an implausible date (",
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
        let report = json(&env.run(&["list", "-o", "json"]));
        assert_eq!(report["tokens"][0]["status"], "expired");
        assert_eq!(report["clock_skew_seconds"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn warns_about_a_wrong_clock() {
    let env = TestEnv::with(TOKENS).await;
    let id = "a0000000-0000-4000-8000-000000000005";
    for command in [vec!["get", id], vec!["list"], vec!["check"]] {
        let said = text(&env.run(&command).stderr);
        assert!(said.starts_with("warning: your clock is "), "{said}");
        assert!(said.ends_with(" fast; using the API's clock.\n"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let machine = [&command[..], &["-o", "json"]].concat();
        assert_eq!(text(&env.run(&machine).stderr), "");
    }
    let right =
        TestEnv::answering(ResponseTemplate::new(200).set_body_string(success(TOKENS))).await;
    assert_eq!(text(&right.run(&["list"]).stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn null_instead_of_tokens_is_an_invalid_response() {
    let body = r#"{"success":true,"errors":[],"result":null,"result_info":{"total_count":3}}"#;
    let env = TestEnv::answering(ok(body)).await;
    let output = env.run(&["list", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["error"]["kind"], "invalid_response");
}

const FIELDS: [&str; 11] = [
    "id",
    "client_id",
    "name",
    "duration",
    "enabled",
    "created_at",
    "updated_at",
    "expires_at",
    "last_seen_at",
    "client_secret_version",
    "previous_client_secret_expires_at",
];

/// Values of every type and size, including odd dates.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "null",
        "true",
        "false",
        "0",
        "-1",
        "1e400",
        "1.5",
        "[]",
        "[null,[{}]]",
        "{}",
        r#"{"a":{"b":1}}"#,
        r#""""#,
        r#"" ""#,
        r#""\ud800""#,
        r#""\u0000""#,
        r#""text""#,
        r#""forever""#,
        r#""8760h""#,
        r#""2026-12-07T16:37:52Z""#,
        r#""2026-12-07T16:37:52.123456789+14:00""#,
        r#""2026-12-07t16:37:52z""#,
        r#""2026-12-07 16:37:52Z""#,
        r#""2026-12-07""#,
        r#""0000-01-01T00:00:00Z""#,
        r#""0001-01-01T00:00:00Z""#,
        r#""9999-12-31T23:59:59Z""#,
        r#""9999-12-31T23:59:59-23:59""#,
        r#""+262142-12-31T23:59:59Z""#,
        r#""-262143-01-01T00:00:00Z""#,
        r#""2016-12-31T23:59:60Z""#,
        r#""2025-02-29T00:00:00Z""#,
        r#""1969-12-31T23:59:59Z""#,
        r#""2026-12-07T24:00:00Z""#,
        r#""99999999999999999999h""#,
        r#""-5h""#,
        r#""٣h""#,
    ]
    .map(str::to_owned)
    .into();
    values.push("9".repeat(500));
    values.push(format!("\"{}\"", "x".repeat(200_000)));
    values.push(format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)));
    values
}

pub(crate) fn parse(json: &str) -> ServiceToken {
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    ServiceToken::parse(&RawJson::from(raw))
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn on_terminal() -> OutputStyle {
    OutputStyle {
        width: Some(100),
        colored: true,
        ascii: false,
        is_dumb: false,
    }
}

/// Everything derived from a token, at an instant.
pub(crate) fn judge(token: &ServiceToken, now: DateTime<Utc>) -> (String, String) {
    let context = context(now, Thresholds::default());
    let _ = (findings(token, context), Status::of(token, context));
    let share = status::elapsed(token, now);
    assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
    let (mut json_text, mut table) = (Vec::new(), Vec::new());
    let scope = Scope::Account(ScopeId::parse(ACCOUNT).unwrap());
    let report = Report::Token {
        token,
        scope: &scope,
        context,
    };
    json::print(&mut json_text, report).unwrap();
    details::token(&mut table, token, context, on_terminal()).unwrap();
    (
        String::from_utf8(json_text).unwrap(),
        String::from_utf8(table).unwrap(),
    )
}

#[test]
fn the_table_names_a_last_use_ahead_of_the_clock_as_such() {
    let token = parse(r#"{"name":"CI","last_seen_at":"2026-11-25T14:00:00Z"}"#);
    let report = ListReport {
        tokens: vec![Arc::new(token)],
        origin: Origins::Scope(Scope::Account(ScopeId::parse(ACCOUNT).unwrap())),
        incomplete: None,
        context: context(at("2026-11-25T12:00:00Z"), Thresholds::default()),
    };
    let mut text = Vec::new();
    table::tokens(&mut text, &report, on_terminal()).unwrap();
    assert_contains(&String::from_utf8(text).unwrap(), "2 h ahead of this clock");
}

#[test]
fn mistyped_fields_break_nothing_and_are_all_kept() {
    let instants = [
        at("2026-11-25T12:00:00Z"),
        at("1970-01-01T00:00:00Z"),
        DateTime::<Utc>::MIN_UTC,
        DateTime::<Utc>::MAX_UTC,
    ];
    for value in values() {
        for field in FIELDS {
            let json = format!(r#"{{"marker":"kept","{field}":{value},"after":1}}"#);
            let token = parse(&json);
            let rows = fields(&token);
            let row = rows.iter().find(|row| row.key == field).unwrap();
            assert_eq!(row.raw(&token), Some(value.as_str()), "{field}");
            assert!(rows.iter().any(|row| row.key == "marker"));
            assert!(
                rows.iter().any(|row| row.key == "after"),
                "{field}: {value}"
            );
            for now in instants {
                let (json, _) = judge(&token, now);
                let report: serde_json::Value = match serde_json::from_str(&json) {
                    Ok(report) => report,
                    // Valid JSON from the API that this reader rejects, such as deep nesting.
                    Err(_) => continue,
                };
                for key in ["expires_at", "last_seen_at"] {
                    let time = &report[key];
                    let is_rfc3339 = time.as_str().is_some_and(|text| {
                        text.len() == 20 && DateTime::parse_from_rfc3339(text).is_ok()
                    });
                    assert!(time.is_null() || is_rfc3339, "{field}: {value}: {time}");
                }
            }
        }
        let all: Vec<String> = FIELDS
            .iter()
            .map(|field| format!("\"{field}\":{value}"))
            .collect();
        judge(&parse(&format!("{{{}}}", all.join(","))), instants[0]);
    }
}

#[test]
fn a_mistyped_field_is_shown_raw_and_marked() {
    let members = r#""name":["odd"],"duration":8760,"enabled":"false","expires_at":1765125472,"client_secret_version":"two","last_seen_at":false"#;
    let fake = Fake::with_result(&token(members));
    let mut session = fake.screens(&[ID]).showing("UNKNOWN");
    for raw in [
        r#"["odd"]"#,
        "8760",
        r#""false""#,
        "1765125472",
        r#""two""#,
        "false",
    ] {
        shows(&mut session, &format!("unexpected type: {raw}"));
    }
    session.quit();
}

#[test]
fn a_malformed_token_hides_no_other() {
    let good = token(r#""name":"wanted","duration":"forever""#);
    for bad in [
        "null",
        "5",
        "\"x\"",
        "[]",
        "{}",
        r#"{"id":5,"name":{}}"#,
        r#"{"\ud800":1}"#,
        r#"{"name":"wanted2"}"#,
    ] {
        for list in [
            format!("[{bad},{good}]"),
            format!("[{good},{bad}]"),
            format!("[{bad},{good},{bad}]"),
        ] {
            let outcome =
                run(&mut Fake::with_result(&list).command(&["get", "wanted", "-o", "json"]));
            assert_eq!(outcome.code, Some(0), "{bad}: {}", outcome.stdout);
            assert_eq!(outcome.json()["token"]["id"], ID);
        }
    }
}
