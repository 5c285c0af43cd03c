//! Command lines, and samples of their output.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use portable_pty::CommandBuilder;
use tokenscope::domain::access::probe::DEMO_SECRET;

use super::{README, between, blocks};
use crate::support::binary::{BINARY, isolate, search_path, text};
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// How a command line is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// In the demo.
    Demo,
    /// On a terminal in the demo, until `q`.
    Screens,
    /// On a terminal, where it asks for a secret and gets Ctrl-C.
    Asks,
    /// With a keyring.
    Keyring,
}

/// Every command line of the README, how it is run, and its exit code.
const LINES: [(&str, How, i32); 48] = [
    ("tokenscope", How::Screens, 0),
    ("tokenscope --demo", How::Screens, 0),
    ("tokenscope [TOKEN]", How::Screens, 0),
    ("tokenscope COMMAND --help", How::Demo, 0),
    ("tokenscope man", How::Demo, 0),
    ("tokenscope config path", How::Demo, 0),
    ("tokenscope completions SHELL", How::Demo, 0),
    ("tokenscope completions bash", How::Demo, 0),
    ("tokenscope completions zsh", How::Demo, 0),
    ("tokenscope completions fish", How::Demo, 0),
    ("tokenscope completions powershell", How::Demo, 0),
    ("tokenscope get TOKEN", How::Demo, 0),
    ("tokenscope get \"CI/CD token\"", How::Demo, 0),
    ("tokenscope list", How::Demo, 0),
    ("tokenscope list --finding never_used -o json", How::Demo, 0),
    ("tokenscope list -o csv", How::Demo, 0),
    ("tokenscope list -o ics --to expiries.ics", How::Demo, 0),
    ("tokenscope check", How::Demo, 2),
    ("tokenscope --demo check", How::Demo, 2),
    ("tokenscope check [TOKEN…]", How::Demo, 1),
    ("tokenscope check --warn 30d", How::Demo, 2),
    (
        "tokenscope check --warn 30d --ignore disabled",
        How::Demo,
        2,
    ),
    ("tokenscope check -o json", How::Demo, 2),
    ("tokenscope check -o nagios", How::Demo, 2),
    ("tokenscope check -o prometheus", How::Demo, 2),
    ("tokenscope uses", How::Demo, 0),
    ("tokenscope uses [TOKEN]", How::Demo, 0),
    ("tokenscope uses \"$TOKEN\" -o json", How::Demo, 0),
    ("tokenscope uses --unreferenced -o json", How::Demo, 0),
    ("tokenscope --demo uses", How::Demo, 0),
    ("tokenscope --demo uses github-actions-deploy", How::Demo, 0),
    (
        "tokenscope --demo uses --account 7c0d5e3a91b84f26ad17c2e60f8b4d95",
        How::Demo,
        1,
    ),
    (
        "tokenscope --demo uses --zone 9a7806061c88ada191ed06f989cc3dac",
        How::Demo,
        1,
    ),
    ("tokenscope probe", How::Demo, 0),
    ("tokenscope probe URL [TOKEN]", How::Demo, 0),
    ("tokenscope --demo probe URL TOKEN", How::Demo, 0),
    (
        "tokenscope probe https://deploy.example.com/hooks",
        How::Demo,
        0,
    ),
    (
        "tokenscope --demo probe --secret-stdin https://deploy.example.com/hooks \"CI/CD token\"",
        How::Demo,
        0,
    ),
    ("tokenscope auth status --online", How::Demo, 0),
    ("tokenscope auth set", How::Asks, 130),
    (
        "tokenscope auth set --stdin --account ACCOUNT_ID",
        How::Keyring,
        0,
    ),
    ("tokenscope auth status", How::Keyring, 0),
    ("tokenscope auth clear", How::Keyring, 0),
    ("tokenscope profile list", How::Keyring, 0),
    ("tokenscope profile use NAME", How::Keyring, 0),
    ("tokenscope profile use work", How::Keyring, 0),
    ("tokenscope profile remove NAME", How::Keyring, 0),
    ("tokenscope profile remove work", How::Keyring, 0),
];

/// The command lines in code blocks and between backticks.
fn lines() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut is_block = false;
    for line in README.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            collect(line, &mut found);
        } else {
            for code in line.split('`').skip(1).step_by(2) {
                collect(&code.replace("\\|", "|"), &mut found);
            }
        }
    }
    found
}

/// Collects the command lines in a piece of code.
fn collect(code: &str, found: &mut BTreeSet<String>) {
    let code = code.replace("cargo run --release --locked -- ", "tokenscope ");
    for (at, name) in code.match_indices("tokenscope") {
        let before = code[..at].trim_end();
        let starts = ["$", "(", "|", ";", "&&"];
        let is_first = before.is_empty() || starts.iter().any(|it| before.ends_with(it));
        let rest = &code[at + name.len()..];
        let is_name = rest.is_empty() || rest.starts_with([' ', ')']);
        if !(is_first && is_name) {
            continue;
        }
        let ends = [" |", " >", " 2>", " #", ";", ")"];
        let end = ends.iter().filter_map(|it| rest.find(it)).min();
        let rest = rest[..end.unwrap_or(rest.len())].trim_end();
        found.insert(format!("tokenscope{rest}"));
    }
}

/// A command line with values for its placeholders.
fn filled(line: &str) -> String {
    let word = |word: &str| match word {
        "TOKEN" | "[TOKEN]" | "[TOKEN…]" => "\"CI/CD token\"".to_owned(),
        "URL" => "https://deploy.example.com/hooks".to_owned(),
        "SHELL" => "zsh".to_owned(),
        "NAME" => "work".to_owned(),
        "COMMAND" => "check".to_owned(),
        "ACCOUNT_ID" => ACCOUNT.to_owned(),
        word => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// Runs a command line in a shell, in the demo.
fn in_demo_shell(line: &str, folder: &Path) -> Output {
    let mut line = filled(line);
    if !line.contains("--demo") {
        line.push_str(" --demo");
    }
    if line.contains(" probe") {
        if !line.contains("https://") {
            line.push_str(" https://deploy.example.com/hooks");
        }
        if !line.contains("CI/CD token") {
            line.push_str(" \"CI/CD token\"");
        }
        line = format!("printf %s {DEMO_SECRET} | {line} --secret-stdin");
    }
    let mut bash = Command::new("bash");
    isolate(&mut bash);
    bash.env("PATH", search_path())
        .env("TOKEN", "CI/CD token")
        .current_dir(folder)
        .stdin(Stdio::null())
        .args(["-c", &line])
        .output()
        .unwrap()
}

#[test]
fn every_command_line_of_the_readme_runs() {
    let known: BTreeSet<String> = LINES.iter().map(|it| it.0.to_owned()).collect();
    let lines = lines();
    let differing: Vec<&String> = known.symmetric_difference(&lines).collect();
    assert!(
        differing.is_empty(),
        "either the README or LINES, not both, has {differing:#?}"
    );
    let folder = tempfile::tempdir().unwrap();
    for (line, how, code) in LINES {
        match how {
            How::Demo => {
                let output = in_demo_shell(line, folder.path());
                let said = text(&output.stderr);
                assert_eq!(output.status.code(), Some(code), "{line}: {said}");
                assert!(!output.stdout.is_empty() || line.contains("--to"), "{line}");
            }
            How::Screens => {
                let with_token = line.contains("[TOKEN]");
                let arguments: &[&str] = if with_token {
                    &["--demo", ID]
                } else {
                    &["--demo"]
                };
                let mut session = Session::start(arguments);
                if with_token {
                    session.wait_for("EXPIRES IN");
                } else {
                    session.wait_for("17 known");
                    session.type_until("\x1b", "q quit");
                }
                session.quit();
            }
            How::Asks => {
                let mut arguments: Vec<&str> = line.split(' ').skip(1).collect();
                arguments.extend(["--account", ACCOUNT]);
                let mut session = Session::start(&arguments).showing("(not shown)");
                session.type_keys("\x03");
                assert_eq!(session.end().0.exit_code(), code.unsigned_abs(), "{line}");
            }
            // Run by the next test.
            How::Keyring => {}
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn commands_for_credentials_and_profiles_run_with_a_keyring() {
    use crate::support::binary::{TOKENS, TestEnv};
    use crate::support::keyring::{Keyring, Session as Desktop};

    let Some(desktop) = Desktop::start(Keyring::Unlocked) else {
        return;
    };
    let env = TestEnv::with(TOKENS).await;
    let run = |line: &str| {
        let mut bash = desktop.command("bash");
        bash.env("PATH", search_path())
            .env("TOKENSCOPE_HOME", env.home.path())
            .env("CLOUDFLARE_BASE_URL", env.server.uri())
            .env("TOKEN", CANARY)
            .args(["-c", &filled(line)]);
        let output = bash.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{line}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    };
    let block = blocks("sh").find(|block| block.contains("auth set --stdin"));
    let (set, rest) = block.unwrap().split_once('\n').unwrap();
    run(set);
    run(&set.replace("auth set", "--profile work auth set"));
    for line in rest.lines() {
        run(line);
    }
    assert_eq!(run("tokenscope profile list").lines().count(), 1);
}

#[test]
fn the_table_of_commands_lists_only_options_of_the_help() {
    let table = between("### Commands", "Thresholds are");
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| `tokenscope "));
    let mut count = 0;
    for row in rows {
        let command = row.split(['`', ' ']).nth(3).unwrap();
        for option in row.split("--").skip(1) {
            let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
            let option = option.split(|c| !is_part(c)).next().unwrap();
            let help = Command::new(BINARY)
                .args([command, "--help"])
                .output()
                .unwrap();
            assert!(
                text(&help.stdout).contains(&format!("--{option}")),
                "{command} --{option}"
            );
            count += 1;
        }
    }
    assert!(count > 15, "only {count} options were found");
}

/// A line without its variable parts: instants, milliseconds, request IDs.
fn steady(line: &str) -> String {
    let word = |word: &str| {
        let is_time = word.contains(':') || word.matches('-').count() == 2;
        let is_digits = |c: char| c.is_ascii_digit() || "-:TZ".contains(c);
        if (is_time && word.chars().all(is_digits)) || word.ends_with("-LHR") {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    let words: Vec<String> = line.split(' ').map(word).collect();
    words.join(" ").trim_end().to_owned()
}

/// A `…` line of a sample matches any number of lines.
#[test]
fn samples_match_the_output_of_the_demo() {
    let samples: Vec<&str> = blocks("console").collect();
    assert!(samples.len() >= 3);
    for sample in samples {
        let (line, sample) = sample.split_once('\n').unwrap();
        let line = line.strip_prefix("$ ").unwrap();
        let mut bash = CommandBuilder::new("bash");
        bash.args(["-c", line]);
        let path = search_path();
        let session = Session::spawn(bash, &[("PATH", path.as_str()), ("NO_COLOR", "1")]);
        let printed = session.end().1.replace('\r', "");
        let mut printed = printed.lines().map(steady);
        let mut is_elided = false;
        for expected in sample.lines() {
            if expected == "…" {
                is_elided = true;
                continue;
            }
            let expected = steady(expected);
            let found = if is_elided {
                printed.find(|line| *line == expected)
            } else {
                printed.next()
            };
            assert_eq!(found.as_deref(), Some(expected.as_str()), "{line}");
            is_elided = false;
        }
        assert!(is_elided || printed.next().is_none(), "{line} prints more");
    }
}
