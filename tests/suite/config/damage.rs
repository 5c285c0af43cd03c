//! Beside the cases: tokens whose fields are anything, and files in any state.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;
use tokenscope::cli::output::report::Report;
use tokenscope::cli::output::table::Style;
use tokenscope::cli::output::{Judgement, details, json};
use tokenscope::domain::clock::ClockOffset;
use tokenscope::domain::fields::fields;
use tokenscope::domain::findings::findings;
use tokenscope::domain::lifetime;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::status::{Status, Thresholds};
use tokenscope::domain::token::ServiceToken;

use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Reply, home, http, run, shows, success, token, tokenscope,
};
use crate::support::keyring::eventually;

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

/// Values of every type and size, dates of every oddity among them.
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

fn parse(json: &str) -> ServiceToken {
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    ServiceToken::parse(&RawJson::from(raw))
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Everything that is made of a token, at an instant.
fn judge(token: &ServiceToken, now: DateTime<Utc>) -> (String, String) {
    let thresholds = Thresholds::default();
    let _ = (
        findings(token, now, thresholds),
        Status::of(token, now, thresholds),
    );
    let share = lifetime::elapsed(token, now);
    assert!(share.is_none_or(|share| (0.0..=1.0).contains(&share)));
    let by = Judgement {
        now,
        offset: ClockOffset::default(),
        thresholds,
    };
    let (mut json_text, mut table) = (Vec::new(), Vec::new());
    let scope = Scope::Account(ScopeId::parse(ACCOUNT).unwrap());
    let report = Report::Token {
        token,
        scope: &scope,
        by,
    };
    json::print(&mut json_text, report).unwrap();
    let style = Style {
        width: Some(100),
        colored: true,
        ascii: false,
    };
    details::token(&mut table, token, by, style).unwrap();
    (
        String::from_utf8(json_text).unwrap(),
        String::from_utf8(table).unwrap(),
    )
}

#[test]
fn a_field_of_any_type_spoils_nothing_and_none_is_dropped() {
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
                    // A nest or a number that this reader does not take, and that was sent so.
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
fn a_field_of_the_wrong_type_is_shown_raw_and_marked() {
    let members = r#""name":["odd"],"duration":8760,"enabled":"false","expires_at":1765125472,"client_secret_version":"two","last_seen_at":false"#;
    let fake = Fake::holding(&token(members));
    let mut session = fake.screens(&[ID]);
    session.wait_for("UNKNOWN");
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
    session.type_keys("q");
    session.end();
}

#[test]
fn one_bad_token_hides_no_other() {
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
            let outcome = run(&mut Fake::holding(&list).command(&["get", "wanted", "-o", "json"]));
            assert_eq!(outcome.code, Some(0), "{bad}: {}", outcome.stdout);
            assert_eq!(outcome.json()["token"]["id"], ID);
        }
    }
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_configuration_is_named_with_its_place_and_left_alone() {
    let fake = Fake::holding(&token(""));
    let deep = format!("a = {}", "[".repeat(100_000));
    let huge = format!("# {}\n", "x".repeat(2 << 20));
    let secret = format!("api_token = \"{CANARY}");
    let cases: [(&[u8], &str); 8] = [
        (b"theme = ", "line 1"),
        (b"\n\nwarn = \"soon\"", "line 3"),
        (b"[profiles.x]\naccount = \"short\"", "line 2"),
        (b"[profiles.\"a b\"]\n", "line 1"),
        (b"\xFF\xFE", "UTF-8"),
        (deep.as_bytes(), "line 1"),
        (huge.as_bytes(), "1 MiB"),
        (secret.as_bytes(), "line 1"),
    ];
    for (bytes, said) in cases {
        let home = home();
        let file = home.path().join("config.toml");
        write(&file, bytes);
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(
            words.contains("config.toml") && words.contains(said),
            "{said}: {words}"
        );
        assert_eq!(fs::read(&file).unwrap(), bytes);
    }
    for make in [
        |path: &Path| fs::create_dir(path).unwrap(),
        |path: &Path| symlink(path, path).unwrap(),
        |path: &Path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
        |path: &Path| symlink("/dev/zero", path).unwrap(),
    ] {
        let home = home();
        make(&home.path().join("config.toml"));
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(words.contains("config.toml"), "{words}");
    }
    assert_eq!(fake.heads().len(), 0);
}

#[test]
fn a_keymap_or_state_that_cannot_be_used_is_a_warning_and_the_screens_open() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let url = fake.url();
    let huge = "#".repeat(2 << 20);
    let deep = "[".repeat(100_000);
    for (name, bytes, said) in [
        ("keymap.toml", "rows = 5", "keymap.toml"),
        (
            "keymap.toml",
            "rows = [ { context = \"x\" } ]",
            "keymap.toml",
        ),
        ("keymap.toml", huge.as_str(), "keymap.toml"),
        ("keymap.toml", deep.as_str(), "keymap.toml"),
        ("state.json", "{", "was damaged"),
        ("state.json", deep.as_str(), "was damaged"),
        ("state.json", huge.as_str(), "larger than 1 MiB"),
        ("state.json", r#"{"version":1,"recents":5}"#, "was damaged"),
    ] {
        let home = home();
        write(&home.path().join(name), bytes);
        let home_text = home.path().to_str().unwrap().to_owned();
        let variables = [
            ("TOKENSCOPE_HOME", home_text.as_str()),
            ("CLOUDFLARE_BASE_URL", &url),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ];
        let mut session = fake.screens_with(&[], &variables);
        session.wait_for("Look up a service token");
        session.wait_for("▲");
        session.type_keys("\x1b");
        session.wait_for("q quit");
        session.type_keys("e");
        shows(&mut session, said);
        session.type_keys("q");
        assert_eq!(session.end().0.exit_code(), 0, "{name}: {said}");
    }
}

#[test]
fn the_state_of_a_newer_version_is_left_alone() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let home = home();
    let newer = r#"{"version":99,"recents":{"other":"shape"}}"#;
    write(&home.path().join("state.json"), newer);
    let home_text = home.path().to_str().unwrap().to_owned();
    let mut session = fake.screens_with(
        &[ID],
        &[
            ("TOKENSCOPE_HOME", &home_text),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ],
    );
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    session.end();
    assert_eq!(
        fs::read_to_string(home.path().join("state.json")).unwrap(),
        newer
    );
}

#[test]
fn a_log_that_cannot_be_written_is_said_before_anything_else() {
    let fake = Fake::holding(&token(""));
    for make in [
        |path: &Path| fs::create_dir(path).unwrap(),
        |path: &Path| {
            let made = Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
    ] {
        let home = home();
        make(&home.path().join("tokenscope.log"));
        let mut command = fake.command(&["get", ID, "-o", "json", "--log", "trace"]);
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(words.contains("tokenscope.log"), "{words}");
    }
    let home = home();
    symlink("/dev/full", home.path().join("tokenscope.log")).unwrap();
    let mut command = fake.command(&["get", ID, "--log", "trace"]);
    let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
    assert!(
        outcome.stderr.is_empty() || outcome.code == Some(1),
        "{}",
        outcome.stderr
    );
    let mut command = tokenscope(&["get", ID, "--log", "loud", "-o", "json"]);
    run(command.env("TOKENSCOPE_HOME", home.path())).is_error("usage", 64);
}

#[test]
fn a_home_that_is_a_file_or_read_only_costs_no_look_up() {
    let bytes = http(200, &[], success(&token(r#""duration":"forever""#)));
    let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
    let home = home();
    let file = home.path().join("a file");
    write(&file, "x");
    for place in [
        file.as_path(),
        Path::new("/proc/nowhere"),
        Path::new("/dev/null/x"),
    ] {
        let mut command = fake.command(&["get", ID]);
        let outcome = run(command.env("TOKENSCOPE_HOME", place));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let is_barred = !place.starts_with("/proc");
        assert_eq!(outcome.stderr.contains("cannot be entered"), is_barred);
        let place = place.to_str().unwrap();
        let mut session = fake.screens_with(
            &[ID],
            &[
                ("TOKENSCOPE_HOME", place),
                ("CLOUDFLARE_API_TOKEN", CANARY),
                ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
            ],
        );
        session.wait_for("NEVER EXPIRES");
        session.type_keys("q");
        assert_eq!(session.end().0.exit_code(), 0);
    }
}

#[test]
fn a_symbolic_link_in_the_place_of_the_state_is_moved_aside_itself() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let (home, elsewhere) = (home(), home());
    let real = elsewhere.path().join("real.json");
    let state = home.path().join("state.json");
    symlink(&real, &state).unwrap();
    let home_text = home.path().to_str().unwrap().to_owned();
    let mut session = fake.screens_with(
        &[ID],
        &[
            ("TOKENSCOPE_HOME", &home_text),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ],
    );
    session.wait_for("NEVER EXPIRES");
    let is_file = || fs::symlink_metadata(&state).is_ok_and(|found| found.is_file());
    eventually("the look-up is remembered", is_file);
    session.type_keys("q");
    session.end();
    let aside = home.path().join("state.damaged.json");
    assert_eq!(fs::read_link(aside).unwrap(), real);
    assert!(!real.exists());
    assert_eq!(
        fs::metadata(&state).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn no_length_of_time_overflows_the_clock() {
    let far = parse(
        r#"{"duration":"9999999999999h","created_at":"0002-01-01T00:00:00Z","expires_at":"9999-12-31T23:59:59Z","last_seen_at":"0002-01-01T00:00:00Z"}"#,
    );
    for days in [-700_000, -1, 0, 1, 700_000] {
        judge(&far, at("2026-11-25T12:00:00Z") + TimeDelta::days(days));
    }
}
