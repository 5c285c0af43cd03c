//! Standard streams that are closed or full.

#![cfg(unix)]

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::api::{Fake, Reply, home, http, run, success, token};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{TOKENS, TestEnv, text};
use crate::support::tokens::ID;

/// Every line that prints to standard output, with its exit code on success.
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

/// Runs a command with this standard output: its exit code, and its error stream.
fn run_into(stdout: impl Into<Stdio>, mut command: Command) -> (Option<i32>, String) {
    let output = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[test]
fn e01_a_closed_reader_ends_a_command_quietly_with_its_own_code() {
    let fake = one_or_list();
    for (line, code) in LINES {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (ended, said) = run_into(writer, fake.command(line));
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
fn e01_an_output_that_cannot_be_written_is_an_error() {
    let fake = one_or_list();
    for (line, code) in LINES {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
        let (ended, said) = run_into(full.unwrap(), fake.command(line));
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

#[tokio::test(flavor = "multi_thread")]
async fn output_to_a_file_equals_the_output_to_a_pipe() {
    let env = TestEnv::with(TOKENS).await;
    let path = env.home.path().join("out");
    let file = path.to_str().unwrap();
    for line in [
        &["list"][..],
        &["list", "-o", "csv"],
        &["list", "-o", "json"],
        &["check", "-o", "prometheus"],
        &["check", "--color", "always"],
    ] {
        let steady = |printed: &str| {
            let moves = |line: &&str| !line.contains("duration_seconds ") && !line.contains("skew");
            printed
                .lines()
                .filter(moves)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let piped = env.run(line);
        let output = env.run(&[line, &["--to", file]].concat());
        assert_eq!(output.status.code(), piped.status.code(), "{line:?}");
        assert!(output.stdout.is_empty(), "{line:?}");
        let written = std::fs::read_to_string(&path).unwrap();
        if !line.contains(&"always") {
            assert_eq!(steady(&written), steady(&text(&piped.stdout)), "{line:?}");
        }
        assert!(!written.contains('\u{1b}') && !written.is_empty());
    }
}

/// If the file cannot be written, standard output reports why.
#[tokio::test(flavor = "multi_thread")]
async fn an_unwritable_file_leaves_the_failure_on_standard_output() {
    let env = TestEnv::with(TOKENS).await;
    for target in ["/nowhere/x", env.home.path().to_str().unwrap()] {
        let output = env.run(&["check", "--to", target]);
        assert_eq!(output.status.code(), Some(3), "{target}");
        assert_starts(&text(&output.stdout), "UNKNOWN: ");
        assert_contains(&text(&output.stdout), target);
        let report: Value =
            serde_json::from_slice(&env.run(&["check", "-o", "json", "--to", target]).stdout)
                .unwrap();
        assert_eq!(report["verdict"], "unknown");
        let output = env.run(&["list", "-o", "json", "--to", target]);
        assert_eq!(output.status.code(), Some(1), "{target}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_contains(report["error"]["summary"].as_str().unwrap(), target);
        let output = env.run(&["list", "--to", target]);
        assert!(output.stdout.is_empty());
        assert_contains(&text(&output.stderr), target);
    }
}

/// Only a check writes failures to the file: a list keeps the last good one.
#[test]
fn a_failing_list_keeps_the_existing_file() {
    let fake = Fake::answering(403, "{}");
    let home = home();
    let path = home.path().join("tokens");
    std::fs::write(&path, "good").unwrap();
    let file = path.to_str().unwrap();
    for line in [
        &["list", "-o", "json"][..],
        &["list", "-o", "csv"],
        &["uses", "-o", "json"],
    ] {
        let outcome = run(&mut fake.command(&[line, &["--to", file]].concat()));
        assert_eq!(outcome.code, Some(1), "{line:?}");
        assert_eq!(outcome.stdout.is_empty(), line.contains(&"csv"), "{line:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "good", "{line:?}");
    }
}

/// Whatever collects the file must learn that nothing could be read, instead of finding the metrics of
/// the last run.
#[test]
fn a_failing_check_says_so_in_its_file() {
    for (fake, options) in [
        (Fake::answering(200, "{}"), ["--fail-on", "bogus"]),
        (Fake::answering(500, "{}"), ["--timeout", "2"]),
    ] {
        for before in [None, Some("tokenscope_up 1\n")] {
            let home = home();
            let path = home.path().join("tokenscope.prom");
            if let Some(before) = before {
                std::fs::write(&path, before).unwrap();
            }
            let file = path.to_str().unwrap();
            let line = [
                &["check", "-o", "prometheus"],
                &options[..],
                &["--to", file],
            ]
            .concat();
            let outcome = run(&mut fake.command(&line));
            assert_eq!(outcome.code, Some(3), "{options:?}");
            assert_eq!(outcome.stdout, "", "{options:?}");
            let written = std::fs::read_to_string(&path).unwrap();
            assert!(written.ends_with("tokenscope_up 0\n"), "{written}");
        }
    }
}

#[test]
fn an_empty_file_name_or_a_dash_is_a_usage_error() {
    let fake = Fake::answering(200, "{}");
    for (name, words) in [("", "empty"), ("-", "standard output")] {
        for (command, code) in [("list", 64), ("check", 3)] {
            let line = [command, "-o", "json", "--to", name];
            let said = run(&mut fake.command(&line)).is_error("usage", code);
            assert_contains(&said, words);
        }
    }
}
