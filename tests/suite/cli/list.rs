//! `list`: order, filters, formats, pages, and closed pipes.

#![cfg(unix)]

use std::fs::File;
use std::process::{Command, Output, Stdio};

use wiremock::{Request, ResponseTemplate};

use crate::support::api::success;
use crate::support::assertions::assert_contains;
use crate::support::binary::{BINARY, TOKENS, TestEnv, json, ok, text, without_the_clock};
use crate::support::tokens::ACCOUNT;

fn names(output: &Output) -> Vec<String> {
    let lines = text(&output.stdout);
    let names = lines.lines().map(|line| line.split('\t').next().unwrap());
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_the_most_urgent_first_and_filters() {
    let env = TestEnv::with(TOKENS).await;
    let list = |arguments: &[&str]| {
        let mut line = vec!["list"];
        line.extend(arguments);
        let output = env.run(&line);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        names(&output).join(" ")
    };
    assert_eq!(
        list(&[]),
        "over now soon  dateless fine, \"really\" eternal off"
    );
    assert_eq!(
        list(&["--status", "expired,active"]),
        "over fine, \"really\""
    );
    assert_eq!(
        list(&["--status", "never_expires", "--status", "Unknown"]),
        " dateless eternal"
    );
    assert_eq!(list(&["--within", "19d"]), "over now");
    assert_eq!(list(&["--within", "20"]), "over now soon");
    assert_eq!(list(&["--within", "25h"]), "over now");
    assert_eq!(list(&["--within", "1000d", "--status", "disabled"]), "off");
    for refused in ["0", "0d", "-1", "1w", "1.5", "", "d"] {
        let output = env.run(&["list", "--within", refused]);
        assert_eq!(output.status.code(), Some(64), "{refused:?}");
    }
    let output = env.run(&["list", "--status", "fine"]);
    assert_eq!(output.status.code(), Some(64));
    for status in [
        "active",
        "expiring",
        "critical",
        "expired",
        "never_expires",
        "disabled",
        "unknown",
    ] {
        assert!(text(&output.stderr).contains(status), "{status}");
    }
}

/// A strict reader of RFC 4180.
fn records(csv: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut characters = csv.chars().peekable();
    let mut is_quoted = false;
    while let Some(c) = characters.next() {
        let field = records.last_mut().unwrap().last_mut().unwrap();
        match c {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' if is_quoted => {
                is_quoted = false;
                assert!(matches!(characters.peek(), Some(',' | '\r')));
            }
            c if is_quoted => field.push(c),
            '"' => {
                assert!(field.is_empty(), "a quote within a plain field");
                is_quoted = true;
            }
            ',' => records.last_mut().unwrap().push(String::new()),
            '\r' => {
                assert_eq!(characters.next(), Some('\n'));
                records.push(vec![String::new()]);
            }
            '\n' => unreachable!("a bare line feed"),
            c => field.push(c),
        }
    }
    assert_eq!(records.pop(), Some(vec![String::new()]), "it ends in CR LF");
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_keeps_every_byte_of_a_name() {
    let wild = [
        "plain",
        "a,b",
        "say \"hi\"",
        "=1+1",
        "two\r\nlines",
        " spaced ",
        "\u{1b}[31mred",
        "é東",
    ];
    let tokens: Vec<serde_json::Value> = wild
        .iter()
        .map(|name| serde_json::json!({"name": name, "duration": "1h", "enabled": false}))
        .collect();
    let env = TestEnv::with(&serde_json::to_string(&tokens).unwrap()).await;
    let output = env.run(&["list", "-o", "csv"]);
    let records = records(&text(&output.stdout));
    let header = "id,name,client_id,status,expires_at,seconds_left,last_seen_at,duration,enabled,\
                  previous_secret_expires_at";
    assert_eq!(records[0].join(","), header);
    let mut got: Vec<&str> = records[1..]
        .iter()
        .map(|record| record[1].as_str())
        .collect();
    let mut sent = wild.to_vec();
    got.sort_unstable();
    sent.sort_unstable();
    assert_eq!(got, sent);
    assert!(
        records[1..]
            .iter()
            .all(|record| record[7] == "1h" && record[8] == "false")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_escape_control_characters_and_json_keeps_the_bytes() {
    let env =
        TestEnv::with(r#"[{"id":"x","name":"a\u001b[2Jb\tc\nd","n":1.50,"é":"\u00e9"}]"#).await;
    let table = text(&env.run(&["list"]).stdout);
    assert_eq!(table.lines().count(), 1);
    assert!(!table.contains('\u{1b}'));
    assert_eq!(table.split('\t').count(), 6, "a tab in a name is no column");
    let listed = text(&env.run(&["list", "-o", "json"]).stdout);
    assert_contains(
        &listed,
        r#"{"id":"x","name":"a\u001b[2Jb\tc\nd","n":1.50,"é":"\u00e9"}"#,
    );
}

fn number(request: &Request) -> usize {
    let mut pairs = request.url.query_pairs();
    pairs
        .find(|(key, _)| key == "page")
        .unwrap()
        .1
        .parse()
        .unwrap()
}

fn tokens(from: usize, to: usize) -> String {
    let list: Vec<String> = (from..to)
        .map(|number| {
            format!(r#"{{"id":"t{number:05}","name":"n{number:05}","duration":"forever"}}"#)
        })
        .collect();
    format!("[{}]", list.join(","))
}

fn page(tokens: &str, note: &str) -> ResponseTemplate {
    let body = success(tokens);
    ok(format!(
        r#"{},"result_info":{note}}}"#,
        body.trim_end_matches('}')
    ))
}

/// The result of `list`: number of tokens, reason if incomplete, and exit code.
async fn listed(
    answer: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static,
) -> (u64, Option<String>, i32) {
    let env = TestEnv::answering(move |request: &Request| answer(number(request))).await;
    let output = env.run(&["list", "-o", "json"]);
    let report = json(&output);
    let reason = report["incomplete_reason"].as_str().map(str::to_owned);
    assert_eq!(report["complete"], reason.is_none());
    let warning = text(&output.stderr);
    match &reason {
        Some(why) => assert_eq!(warning, format!("warning: the list is incomplete: {why}\n")),
        None => assert_eq!(warning, ""),
    }
    let count = report["count"].as_u64().unwrap();
    assert_eq!(report["tokens"].as_array().unwrap().len() as u64, count);
    (count, reason, output.status.code().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn joins_pages_into_one_list_or_reports_the_missing_ones() {
    let whole = |total: usize| {
        move |number: usize| {
            let from = (number - 1) * 1000;
            let pages = total.div_ceil(1000);
            let note = format!(
                r#"{{"page":{number},"per_page":1000,"total_count":{total},"total_pages":{pages}}}"#
            );
            page(&tokens(from, total.min(from + 1000)), &note)
        }
    };
    assert_eq!(listed(whole(2_500)).await, (2_500, None, 0));
    let bare = |number: usize| {
        ok(success(&tokens(
            (number - 1) * 1000,
            1_500.min(number * 1000),
        )))
    };
    assert_eq!(
        listed(bare).await,
        (1_500, None, 0),
        "no result_info at all"
    );

    let failing = move |number: usize| match number {
        2 => ResponseTemplate::new(400),
        number => whole(3_000)(number),
    };
    let (count, why, code) = listed(failing).await;
    assert_eq!((count, code), (2_000, 1));
    assert!(why.unwrap().starts_with("page 2 of 3 could not be read"));

    let same = |_| ok(success(&tokens(0, 1000)));
    let (count, why, code) = listed(same).await;
    assert_eq!((count, code), (1000, 1));
    assert!(why.unwrap().contains("repeats"));

    let overlapping = |number: usize| {
        let note = r#"{"per_page":1000,"total_count":1500,"total_pages":2}"#;
        page(&tokens((number - 1) * 500, (number - 1) * 500 + 1000), note)
    };
    assert_eq!(
        listed(overlapping).await,
        (1_500, None, 0),
        "each token once"
    );

    let lying = |number: usize| {
        let note = r#"{"per_page":1000,"total_count":7,"total_pages":1}"#;
        page(&tokens((number - 1) * 1000, 1_200.min(number * 1000)), note)
    };
    let (count, why, code) = listed(lying).await;
    assert_eq!((count, code), (1_200, 1));
    assert!(why.unwrap().contains("announced 7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_deadline_covers_all_pages() {
    let env = TestEnv::answering(move |request: &Request| {
        let number = number(request);
        let note = r#"{"per_page":1000,"total_count":40000,"total_pages":40}"#;
        page(&tokens((number - 1) * 1000, number * 1000), note)
            .set_delay(std::time::Duration::from_millis(400))
    })
    .await;
    let begun = std::time::Instant::now();
    let output = env.run(&["list", "-o", "json", "--timeout", "1"]);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(output.status.code(), Some(1));
    let report = json(&output);
    assert_eq!(report["complete"], false);
    assert!(report["count"].as_u64().unwrap() >= 1000);
    let check = env.run(&["check", "--timeout", "1", "-o", "json"]);
    assert_eq!(check.status.code(), Some(3));
}

fn in_shell(env: &TestEnv, script: &str) -> Output {
    let mut shell = Command::new("bash");
    env.isolate(&mut shell);
    shell
        .env("CLOUDFLARE_API_TOKEN", "canary0123456789")
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("PATH", "/usr/bin:/bin")
        .env("tokenscope", BINARY)
        .args(["-c", script])
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_closes_the_pipe_does_not_change_the_exit_code() {
    let all = tokens(0, 999);
    let env = TestEnv::with(&all).await;
    for (script, expected) in [
        (
            "$tokenscope list -o json | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}",
            0,
        ),
        (
            "$tokenscope list | head -1 >/dev/null; exit ${PIPESTATUS[0]}",
            0,
        ),
        ("$tokenscope check | true; exit ${PIPESTATUS[0]}", 0),
        (
            "$tokenscope check --ignore expired absent | true; exit ${PIPESTATUS[0]}",
            3,
        ),
        ("$tokenscope list >&-", 0),
        ("$tokenscope get absent 2>&-", 4),
        ("$tokenscope --bogus 2>&-", 64),
        ("$tokenscope check --bogus >&- 2>&-", 3),
        ("$tokenscope --help | true; exit ${PIPESTATUS[0]}", 0),
        (
            "$tokenscope man | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}",
            0,
        ),
    ] {
        let output = in_shell(&env, script);
        assert_eq!(output.status.code(), Some(expected), "{script}");
        assert_eq!(without_the_clock(&text(&output.stderr)), "", "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_a_failure() {
    let Ok(full) = File::options().write(true).open("/dev/full") else {
        return;
    };
    let env = TestEnv::with(TOKENS).await;
    let output = env
        .command(&["list"])
        .stdout(Stdio::from(full))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("could not be written"));
}
