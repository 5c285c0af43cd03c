//! Commands on a real pseudo-terminal: table widths and the progress line.

#![cfg(unix)]

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tempfile::TempDir;
use tokenscope::domain::text::width;

use crate::support::access::{APPS, AccessApi, Answer, TOKENS as SERVICE_TOKENS, example};
use crate::support::api::success;
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{BINARY, TOKENS, TestEnv, ok, without_the_clock};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// The output of a shell script on a terminal of this many columns, and its exit code. The signal
/// is sent to the script's process group once the output contains the text.
fn on_terminal(
    env: &TestEnv,
    columns: u16,
    script: &str,
    signal: Option<(&str, Signal)>,
) -> (String, u32) {
    on_terminal_asking(&env.server.uri(), env.home.path(), columns, script, signal)
}

/// The same with any API.
fn on_terminal_asking(
    url: &str,
    home: &Path,
    columns: u16,
    script: &str,
    signal: Option<(&str, Signal)>,
) -> (String, u32) {
    let mut command = CommandBuilder::new("bash");
    command.args(["-c", script]);
    command.env_clear();
    for (name, value) in [
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
        ("PATH", "/usr/bin:/bin"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"),
        ("tokenscope", BINARY),
        ("CLOUDFLARE_BASE_URL", url),
        ("CLOUDFLARE_API_TOKEN", CANARY),
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
    ] {
        command.env(name, value);
    }
    command.env("TOKENSCOPE_HOME", home);
    command.cwd(home);
    let size = PtySize {
        rows: 24,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let mut signal = signal;
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        let seen = String::from_utf8_lossy(&bytes);
        if let Some((_, kind)) = signal.take_if(|(awaited, _)| seen.contains(*awaited)) {
            let pid = i32::try_from(child.process_id().unwrap()).unwrap();
            kill_process(Pid::from_raw(pid).unwrap(), kind).unwrap();
        }
    }
    let code = child.wait().unwrap().exit_code();
    (String::from_utf8(bytes).unwrap(), code)
}

/// Text without its colours, and without erased progress lines.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        bare.push_str(before);
        rest = after.split_once(char::is_alphabetic).unwrap().1;
    }
    bare.push_str(rest);
    let shown = bare.split_inclusive('\n').map(|line| {
        let end = line.trim_end().len();
        line[..end].rfind('\r').map_or(line, |at| &line[at + 1..])
    });
    shown.collect()
}

const LONG: &str = r#",{"id":"b0000000-0000-4000-8000-000000000001","name":"東京-バックアップ of a warehouse whose name will not end before the line does","client_id":"x","duration":"8760h","expires_at":"2025-07-01T00:00:00Z","note":"a value that goes on and on, over the edge of any terminal of usual width, and then some more"}]"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_table_fits_its_terminal() {
    let env = TestEnv::with(&TOKENS.replace("\n]", LONG)).await;
    env.write_config(&format!(
        "[profiles.a-profile-with-a-long-name]\ncredential = \"global_key\"\nemail = \"somebody.with.a.name@example.com\"\naccount = \"{ACCOUNT}\"\n"
    ));
    for columns in [24, 40, 60, 80, 100, 120, 200] {
        for line in [
            "list",
            "check",
            "check soon nobody",
            "get b0000000-0000-4000-8000-000000000001",
            "profile list",
            "auth status",
        ] {
            let (output, _) = on_terminal(&env, columns, &format!("exec $tokenscope {line}"), None);
            for shown in without_the_clock(&bare(&output)).lines() {
                assert!(
                    width(shown) <= usize::from(columns),
                    "{columns}: {line}: {shown:?}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_shown_completely_if_they_fit() {
    let env = TestEnv::with(&TOKENS.replace("\n]", LONG)).await;
    let list = |columns| {
        let (output, _) = on_terminal(&env, columns, "exec $tokenscope list", None);
        without_the_clock(&bare(&output))
    };
    let wide = list(200);
    let heading: Vec<&str> = wide.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(
        heading,
        ["NAME", "STATUS", "LEFT", "LAST", "SEEN", "EXPIRES", "ID"]
    );
    assert!(wide.contains("a0000000-0000-4000-8000-000000000003") && !wide.contains('…'));
    let usual = list(80);
    assert_contains(&usual, "a000…0003");
    assert_contains(&usual, "東京-バックアップ");
    assert_contains(&usual, "19d");
    assert_contains(&usual, "9d ago");
    assert_contains(&usual, "never");
    let (ascii, _) = on_terminal(&env, 80, "exec $tokenscope --ascii list", None);
    assert!(bare(&ascii).contains("a000...0003"));
    let (plain, _) = on_terminal(&env, 80, "NO_COLOR=1 exec $tokenscope list", None);
    assert!(!plain.contains('\u{1b}'));
    let (never, _) = on_terminal(&env, 80, "exec $tokenscope list --color never", None);
    assert_eq!(without_the_clock(&never), without_the_clock(&plain));
    let (always, _) = on_terminal(
        &env,
        80,
        "NO_COLOR=1 exec $tokenscope list --color always",
        None,
    );
    assert!(always.contains('\u{1b}'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_shows_a_line_that_is_erased_before_the_list() {
    let slow = ok(success(TOKENS)).set_delay(Duration::from_millis(900));
    let env = TestEnv::answering(slow).await;
    let (output, code) = on_terminal(&env, 80, "exec $tokenscope list --color never", None);
    assert_eq!(code, 0);
    let (progress, list) = output.rsplit_once("\r\u{1b}[K").unwrap();
    let list = without_the_clock(list);
    assert_starts(progress, "\r\u{1b}[Kwaiting for the API");
    assert!(
        list.starts_with("NAME") && list.lines().count() == 9,
        "{list:?}"
    );
    assert!(!progress.contains('\n'));
    let (silent, _) = on_terminal(&env, 80, "exec $tokenscope list --color never 2>err", None);
    assert!(silent.starts_with("NAME"), "{silent:?}");
    let said = std::fs::read_to_string(env.home.path().join("err")).unwrap();
    assert_eq!(without_the_clock(&said), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_erases_the_progress_line_and_sets_the_exit_code() {
    let never = ok(success(TOKENS)).set_delay(Duration::from_secs(60));
    let env = TestEnv::answering(never).await;
    for (signal, expected) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        for line in ["list", "check", "get some-name"] {
            let script = format!("exec $tokenscope {line}");
            let (output, code) =
                on_terminal(&env, 80, &script, Some(("waiting for the API", signal)));
            assert_eq!(code, expected, "{line}");
            let (_, rest) = output.rsplit_once("\r\u{1b}[K").unwrap();
            assert!(rest.contains("Interrupted by a signal."), "{rest:?}");
            assert!(!rest.contains("waiting for the API"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_format_lets_a_name_reach_the_terminal_raw() {
    let tokens =
        "[{\"id\":\"x\",\"name\":\"a\u{9b}2Jb\u{202e}c\\u001b[2J\\rd\",\"duration\":\"1h\"}]";
    let env = TestEnv::with(tokens).await;
    for line in [
        "list",
        "list -o csv",
        "list -o json",
        "check -o json",
        "check -o prometheus",
    ] {
        let script = format!("exec $tokenscope --color never {line}");
        let (output, _) = on_terminal(&env, 80, &script, None);
        let wild = |c: char| (c.is_control() && c != '\r' && c != '\n') || c == '\u{202e}';
        assert!(!output.contains(wild), "{line}: {output:?}");
        assert!(
            !output
                .replace("\r\r\n", "")
                .replace("\r\n", "")
                .contains('\r'),
            "{line}: {output:?}"
        );
        if line.contains("json") {
            assert!(
                output.contains("a\\u009b2Jb\\u202ec\\u001b[2J\\rd"),
                "{line}: {output:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_argument_reaches_the_terminal_raw() {
    let env = TestEnv::with(TOKENS).await;
    for line in [
        "list --theme",
        "list --log",
        "list --within",
        "list --profile",
        "list --ca-file",
        "get",
        "check",
        "profile use",
        "completions",
    ] {
        let script = format!("exec $tokenscope {line} $'a\\e[2J\\u009b2Jb'");
        let (output, code) = on_terminal(&env, 80, &script, None);
        // An impossible profile name is not repeated at all.
        let is_repeated = line != "list --profile";
        assert!(
            code != 0 && output.contains("2J") == is_repeated,
            "{line}: {output:?}"
        );
        for wild in ["\u{1b}[2J", "\u{9b}"] {
            assert!(!output.contains(wild), "{line}: {output:?}");
        }
    }
}

#[test]
fn the_table_of_uses_fits_its_terminal() {
    let mut app = example(APPS, 1);
    app["name"] =
        json!("東京-バックアップ of a warehouse whose name will not end before the line does");
    app["destinations"][0]["uri"] =
        json!("a-host-with-a-long-name.of-a-region.example.com/and/a/path");
    let mut token = example(SERVICE_TOKENS, 1);
    token["name"] = app["name"].clone();
    let apps = (0..4).map(|place| example(APPS, place)).chain([app]);
    let tokens = (0..5).map(|place| example(SERVICE_TOKENS, place));
    let api = AccessApi::example()
        .with(APPS, Answer::list(apps))
        .with(SERVICE_TOKENS, Answer::list(tokens.chain([token])))
        .start();
    let home = TempDir::new().unwrap();
    let shown = |columns: u16, line: &str| {
        let script = format!("exec $tokenscope {line} 2>/dev/null");
        let (output, code) = on_terminal_asking(&api.url(), home.path(), columns, &script, None);
        assert_eq!(code, 1, "an app is hidden: {output}");
        bare(&output)
    };
    let page = format!("uses {ID}");
    for columns in [24, 40, 60, 80, 100, 120, 200] {
        for line in ["uses", &page, "--ascii uses", &format!("--ascii {page}")] {
            for row in shown(columns, line).lines() {
                let is_ascii = !line.starts_with("--ascii") || !row.contains(['●', '▲', '✖', '…']);
                let fits = width(row) <= usize::from(columns);
                assert!(fits && is_ascii, "{columns}: {line}: {row:?}");
            }
        }
    }
    let wide = shown(200, "uses");
    let heading: Vec<&str> = wide.lines().next().unwrap().split_whitespace().collect();
    let titles = "NAME STATUS OPENS DEPENDS REFUSED NAMED BY DELETE? TOLD ID";
    assert_eq!(heading.join(" "), titles);
    assert_contains(&wide, "1 app concerns every token:");
    let usual = shown(80, "uses");
    let heading: Vec<&str> = usual.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading.join(" "), "NAME STATUS OPENS NAMED BY DELETE? TOLD");
    let usual = shown(80, &page);
    assert_contains(&usual, "→ group Machines → group CI → this token");
    for part in ["✖ REFUSED", "▲ DEPENDS", "● OPENS", "metrics.example.com"] {
        assert_contains(&usual, part);
    }
    assert_contains(&usual, "Delete?");
}

#[test]
fn a_long_wait_counts_the_parts_that_arrived() {
    let apps = Answer::list((0..4).map(|place| example(APPS, place)));
    let apps = apps.after(Duration::from_millis(1500));
    let api = AccessApi::example().with(APPS, apps).start();
    let home = TempDir::new().unwrap();
    let script = "exec $tokenscope uses --color never";
    let (output, _) = on_terminal_asking(&api.url(), home.path(), 80, script, None);
    let (progress, printed) = output.rsplit_once("\r\u{1b}[K").unwrap();
    assert_contains(progress, "fetched 8 of 9 parts");
    assert!(!progress.contains('\n'), "{progress:?}");
    assert_contains(printed, "NAME ");
}
