//! Group E: the command line, and credentials as they wear out.

#![cfg(unix)]

use std::process::{Command, Stdio};

#[cfg(target_os = "linux")]
use crate::keyring::states::{screens_in, with_profile};
use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Reply, home, http, refusal, run, run_with_input, success, token,
    tokenscope,
};
#[cfg(target_os = "linux")]
use crate::support::keyring::{self as dbus, Keyring};

#[cfg(target_os = "linux")]
#[test]
fn e08_a_refused_credential_is_typed_again_with_the_rest_kept_and_the_fetch_goes_on() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let home = home();
    with_profile(home.path());
    desktop.store_beside("default", "old", b"expired0000");
    let fake = Fake::start(|head, _| {
        let one = token(r#""name":"CI","duration":"forever""#);
        Reply::Bytes(if head.contains("expired0000") {
            http(
                401,
                &[],
                refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#),
            )
        } else if head.contains(ID) {
            http(200, &[], success(&one))
        } else {
            http(200, &[], success(&format!("[{one}]")))
        })
    });
    let mut session = screens_in(&desktop, &fake, home.path(), &[ID]);
    session.wait_for("does not accept the API token");
    session.wait_for("re-enter");
    session.type_keys("a");
    session.wait_for("Re-enter the credential");
    session.wait_for(ACCOUNT);
    session.type_keys(&format!("{CANARY}\r"));
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    session.end();
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
}

#[test]
fn e09_the_least_powerful_credential_is_first_and_its_permission_named() {
    let fake = Fake::holding("[]");
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("‹ API token ›");
    session.wait_for("Needs the permission Access: Service Tokens Read.");
    let screen = session.screen.screen().contents();
    assert!(!screen.contains("can do everything"), "{screen}");
    session.type_keys("\x1b[A ");
    session.wait_for("‹ Global API key ›");
    session.wait_for("A Global API key can do everything its user can. Prefer an API token.");
    session.type_keys("\x03");
    session.end();
    let help = run(&mut tokenscope(&["auth", "set", "--help"]));
    assert!(help.stdout.contains("Global API key"), "{}", help.stdout);
    help.hides_the_secret();
}

/// The API's clock in these tests; the binary goes by it.
const NOON: (&str, &str) = ("date", "Sat, 01 Mar 2025 12:00:00 GMT");

/// A token of this number that ends then.
fn ending(number: usize, end: &str) -> String {
    format!(
        r#"{{"id":"a0000000-0000-4000-8000-00000000000{number}","name":"number {number}","duration":"8760h","expires_at":{end}}}"#
    )
}

fn api_at_noon(tokens: &[String]) -> Fake {
    let bytes = http(200, &[NOON], success(&format!("[{}]", tokens.join(","))));
    Fake::start(move |_, _| Reply::Bytes(bytes.clone()))
}

const OVER: &str = r#""2025-02-20T12:00:00Z""#;
const NOW: &str = r#""2025-03-03T12:00:00Z""#;
const SOON: &str = r#""2025-03-20T18:00:00Z""#;
const LATER: &str = r#""2026-01-01T18:00:00Z""#;

/// Every line that prints on standard output, and how it ends where that works.
const LINES: [(&[&str], i32); 16] = [
    (&["get", ID], 0),
    (&["get", ID, "-o", "json"], 0),
    (&["list"], 0),
    (&["list", "-o", "json"], 0),
    (&["list", "-o", "csv"], 0),
    (&["check"], 0),
    (&["check", "-o", "json"], 0),
    (&["check", "-o", "prometheus"], 0),
    (&["auth", "status"], 0),
    (&["profile", "list", "-o", "json"], 0),
    (&["completions", "bash"], 0),
    (&["man"], 0),
    (&["--version"], 0),
    (&["list", "--help"], 0),
    (&["get", "nobody", "-o", "json"], 4),
    (&["check", "nobody", "-o", "json"], 3),
];

fn one_or_list() -> Fake {
    Fake::start(|head, _| {
        let one = token(r#""name":"CI","duration":"forever""#);
        let is_one = head.contains(ID);
        let result = if is_one { one } else { format!("[{one}]") };
        Reply::Bytes(http(200, &[], success(&result)))
    })
}

/// A command with this as its standard output: its exit code, and what it says on the error stream.
fn into(stdout: impl Into<Stdio>, mut command: Command) -> (Option<i32>, String) {
    let output = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn e01_a_reader_that_went_away_ends_a_command_quietly_with_its_own_code() {
    let fake = one_or_list();
    for (line, code) in LINES {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (ended, said) = into(writer, fake.command(line));
        assert_eq!((ended, said.as_str()), (Some(code), ""), "{line:?}");
    }
    for line in [&["get"][..], &["get", "-o", "json"], &["list", "x"]] {
        let mut command = fake.command(line);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = command.stdout(Stdio::null()).stderr(writer).status();
        assert_eq!(ended.unwrap().code(), Some(64), "{line:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn e01_any_other_stream_that_takes_nothing_is_an_error_that_is_said() {
    let fake = one_or_list();
    for (line, code) in LINES {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let (ended, said) = into(full.unwrap(), fake.command(line));
        let failed = if line[0] == "check" { 3 } else { 1 };
        assert_eq!(ended, Some(code.max(failed)), "{line:?}: {said}");
        assert!(
            said.starts_with("error: The output could not be written"),
            "{line:?}: {said}"
        );
        assert_eq!(
            said.matches("error: ").count(),
            if code == 4 { 2 } else { 1 },
            "what else failed is not lost: {said}"
        );
    }
}

#[test]
fn e02_the_worst_wins_with_unknown_above_warning_and_no_error_looks_like_a_verdict() {
    let (over, now, soon, later) = (
        ending(1, OVER),
        ending(2, NOW),
        ending(3, SOON),
        ending(4, LATER),
    );
    let off = r#"{"id":"off","name":"off","enabled":false,"duration":"forever"}"#.to_owned();
    let forever = r#"{"id":"f","name":"forever","duration":"forever"}"#.to_owned();
    let dateless = ending(5, "null");
    for (tokens, code, word) in [
        (vec![&later], 0, "OK"),
        (vec![&forever], 0, "OK"),
        (vec![&forever, &later], 0, "OK"),
        (vec![&later, &soon], 1, "WARNING"),
        (vec![&soon, &dateless, &forever], 3, "UNKNOWN"),
        (vec![&dateless, &now], 2, "CRITICAL"),
        (vec![&later, &over], 2, "CRITICAL"),
        (vec![&off, &later], 2, "CRITICAL"),
        (vec![], 3, "UNKNOWN"),
    ] {
        let tokens: Vec<String> = tokens.into_iter().cloned().collect();
        let fake = api_at_noon(&tokens);
        let table = run(&mut fake.command(&["check"]));
        assert_eq!(table.code, Some(code), "{}", table.stdout);
        assert!(
            table.stdout.starts_with(&format!("{word}: ")),
            "{}",
            table.stdout
        );
        let json = run(&mut fake.command(&["check", "-o", "json"]));
        assert_eq!(json.code, Some(code));
        assert_eq!(json.json()["verdict"], word.to_lowercase());
        let metrics = run(&mut fake.command(&["check", "-o", "prometheus"]));
        assert_eq!(metrics.code, Some(code));
        // Reading is no judging.
        assert_eq!(run(&mut fake.command(&["list"])).code, Some(0));
    }
    let fake = api_at_noon(&[]);
    for (line, code) in [
        (&["check", "--nonsense"][..], 3),
        (&["check", "-o", "csv"], 3),
        (&["list", "--nonsense"], 64),
        (&["nonsense"], 64),
        (&["list", "--account", "x"], 64),
        (&["get", ID, ID], 64),
    ] {
        assert_eq!(run(&mut fake.command(line)).code, Some(code), "{line:?}");
    }
    assert!(fake.heads().is_empty());
}

#[test]
fn e04_every_state_says_name_id_what_is_left_and_when() {
    for (end, word, left, seconds, days) in [
        (LATER, "OK", "306 d left", 26_460_000_i64, 306),
        (SOON, "WARNING", "19 d left", 1_663_200, 19),
        (NOW, "CRITICAL", "2 d left", 172_800, 2),
        (OVER, "CRITICAL", "expired 9 d ago", -777_600, -9),
    ] {
        let fake = api_at_noon(&[ending(1, end)]);
        let table = run(&mut fake.command(&["check"]));
        let (first, rows) = table.stdout.split_once('\n').unwrap();
        let (id, when) = (
            "a0000000-0000-4000-8000-000000000001",
            end.trim_matches('"'),
        );
        assert!(first.starts_with(word), "{first}");
        for part in ["number 1", id, when] {
            assert!(first.contains(part), "{part}: {first}");
            assert!(rows.contains(part), "{part}: {rows}");
        }
        // A second or an hour may pass between the two clocks.
        let unit = left
            .split(' ')
            .find_map(|word| word.parse::<i64>().ok())
            .unwrap();
        let near = [unit - 1, unit].map(|days| left.replace(&unit.to_string(), &days.to_string()));
        let is_said = near.iter().any(|left| first.contains(left.as_str()))
            || (end == NOW && first.contains("47 h left"));
        assert!(is_said, "{left}: {first}");
        let report = run(&mut fake.command(&["check", "-o", "json"])).json();
        let one = &report["tokens"][0];
        let told = one["seconds_left"].as_i64().unwrap();
        assert!((seconds - 60..=seconds).contains(&told), "{told}");
        let told = one["days_left"].as_i64().unwrap();
        assert!((days - 1..=days).contains(&told), "{told}");
        assert_eq!(one["expires_at"], when);
        let metrics = run(&mut fake.command(&["check", "-o", "prometheus"]));
        assert!(
            metrics.stdout.contains("expiry_timestamp_seconds{"),
            "{}",
            metrics.stdout
        );
    }
}

#[test]
fn e05_thresholds_that_make_no_sense_are_refused_before_anything_is_asked() {
    let fake = api_at_noon(&[ending(1, LATER)]);
    for (warn, critical) in [
        ("7", "30"),
        ("7d", "8d"),
        ("7d", "169h"),
        ("1d", "25h"),
        ("7", "8d"),
        ("90m", "2h"),
        ("4%", "25%"),
    ] {
        let line = [
            "check",
            "--warn",
            warn,
            "--critical",
            critical,
            "-o",
            "json",
        ];
        let words = is_refused(&fake, &line);
        // Whole days are written as such.
        let days = |text: &str| match text {
            unit if unit.ends_with(['h', 'm', '%']) => unit.to_owned(),
            days => format!("{}d", days.trim_end_matches('d')),
        };
        for (name, value) in [("warning", warn), ("critical", critical)] {
            let said = format!("{name} threshold, {}", days(value));
            assert!(words.contains(&said), "{said}: {words}");
        }
    }
    for flag in ["--warn", "--critical"] {
        for value in [
            "-1",
            "0",
            "0d",
            "0h",
            "abc",
            "",
            " ",
            "7w",
            "1.5d",
            "7 d",
            "d",
            "1d12h",
            "+7",
            "0x7",
            "٧",
            "99999999999999999999",
            "9223372036854775807d",
            "0m",
            "0%",
            "101%",
            "%",
            "1.5%",
            "-5%",
            "7M",
            "7s",
            "1e3",
        ] {
            let given = format!("{flag}={value}");
            let words = is_refused(&fake, &["check", &given, "-o", "json"]);
            assert!(words.contains(flag), "{words}");
        }
    }
    assert!(fake.heads().is_empty(), "nothing was asked");
    for (warn, critical) in [
        ("30", "7"),
        ("30d", "168h"),
        ("25h", "1d"),
        ("8", "7d"),
        ("7d", "168h"),
        ("10%", "5%"),
        ("90m", "5%"),
    ] {
        let line = ["check", "--warn", warn, "--critical", critical];
        assert_eq!(run(&mut fake.command(&line)).code, Some(0), "{line:?}");
    }
    // The default of the other one gives way.
    for line in [["check", "--warn", "5d"], ["check", "--critical", "31"]] {
        assert_eq!(run(&mut fake.command(&line)).code, Some(0), "{line:?}");
    }
}

#[track_caller]
fn is_refused(fake: &Fake, line: &[&str]) -> String {
    run(&mut fake.command(line)).is_error("usage", 3)
}

#[test]
fn e02_a_secret_in_the_wrong_place_of_a_command_line_is_not_repeated() {
    let fake = Fake::holding("[]");
    let home = home();
    let in_url = format!("https://dash.cloudflare.com/?token={CANARY}");
    for line in [
        &[CANARY][..],
        &[CANARY, "list"],
        &["auth", CANARY],
        &["auth", "set", CANARY],
        &["auth", "set", "--stdin", CANARY],
        &["auth", "set", "--stdin", "--email", CANARY],
        &["auth", "set", "--stdin", "--profile", &format!("{CANARY}=")],
        &["auth", "status", CANARY],
        &["list", CANARY],
        &["list", CANARY, "-o", "json"],
        &["list", "--account", CANARY],
        &["list", "--zone", CANARY, "-o", "json"],
        &["get", &in_url],
        &["get", ID, CANARY],
        &["check", &in_url, "-o", "json"],
        &[&in_url],
        &["profile", CANARY],
    ] {
        let mut command = fake.command(line);
        command.env_remove("CLOUDFLARE_API_TOKEN");
        let outcome = run(command.env("TOKENSCOPE_HOME", home.path()));
        assert!(matches!(outcome.code, Some(64 | 3)), "{line:?}");
        outcome.hides_the_secret();
    }
    // Typing mistakes are.
    for (line, echo) in [
        (&["auth", "stats"][..], "'stats'"),
        (&["list", "--acount", "x"], "'--acount'"),
    ] {
        let outcome = run(&mut fake.command(line));
        assert!(outcome.stderr.contains(echo), "{}", outcome.stderr);
    }
}

#[test]
fn c24_a_secret_that_is_too_long_is_refused_whole_and_never_sent() {
    let fake = Fake::holding("[]");
    let home = home();
    let long = |length: usize| "t".repeat(length);
    for (input, complaint) in [
        (long(70_000), "longer than any credential"),
        (long(65_537), "longer than any credential"),
        (long(65_536), "longer than any credential"),
        (long(4_097), "longer than any credential"),
        (
            format!("{CANARY}{}", " ".repeat(70_000)),
            "longer than any credential",
        ),
        (String::new(), "empty"),
        (" \r\n".to_owned(), "empty"),
    ] {
        let line = ["auth", "set", "--stdin", "--account", ACCOUNT];
        let mut command = tokenscope(&line);
        command
            .env("CLOUDFLARE_BASE_URL", fake.url())
            .env("TOKENSCOPE_HOME", home.path());
        let outcome = run_with_input(&mut command, input.as_bytes());
        assert_eq!(outcome.code, Some(64), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(complaint), "{}", outcome.stderr);
        outcome.hides_the_secret();
    }
    let outcome = run(fake
        .command(&["list", "-o", "json"])
        .env("CLOUDFLARE_API_TOKEN", long(4_097)));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("longer than any credential"));
    assert!(fake.heads().is_empty(), "nothing was sent");
}
