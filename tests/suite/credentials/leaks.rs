//! A canary secret goes through every command and screen, and must appear in no output.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;
#[cfg(target_os = "linux")]
use std::process::Stdio;

use crate::support::api::{
    Fake, Outcome, Reply, home, http, refusal, run, run_with_input, success, token, tokenscope,
};
use crate::support::assertions::assert_lacks;
use crate::support::binary::BINARY;
use crate::support::keyring::eventually;
#[cfg(target_os = "linux")]
use crate::support::keyring::unlocked;
#[cfg(target_os = "linux")]
use crate::support::services::{in_session, with_profile};
use crate::support::tokens::{ACCOUNT, ID};

#[test]
fn k14_the_secret_of_a_service_token_is_masked_in_every_answer() {
    let secret = "bdd31c1fa6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0b1d2";
    for members in [
        format!(r#""client_secret":"{secret}""#),
        format!(r#""client_secret" :  "{secret}" ,"n":1"#),
        format!(r#""client\u005fsecret":"{secret}""#),
        format!(r#""Client-Secret":"{secret}""#),
        format!(r#""previous_client_secret":"{secret}""#),
        format!(r#""more":{{"deep":[1,{{"client_secret":"{secret}"}},"]"]}}"#),
        format!(r#""client_secret":["{secret}",{{"a":"]{secret}"}}]"#),
        format!(r#""client_secret":"a\"b{secret}\\","z":"é""#),
        format!(r#""name":{{"client_secret":"{secret}"}}"#),
    ] {
        let one = Fake::with_result(&token(&format!(r#"{members},"client_secret_version":3"#)));
        let all = Fake::with_result(&format!("[{}]", token(&members)));
        for (fake, arguments) in [
            (&one, &["get", ID][..]),
            (&one, &["get", ID, "-o", "json"]),
            (&one, &["check", ID, "-o", "json"]),
            (&all, &["list"]),
            (&all, &["list", "-o", "json"]),
            (&all, &["list", "-o", "csv"]),
            (&all, &["check", "-o", "json"]),
            (&all, &["check", "-o", "prometheus"]),
        ] {
            let outcome = run(&mut fake.command(arguments));
            let said = outcome.stdout.clone() + &outcome.stderr;
            assert!(!said.contains(&secret[..20]), "{arguments:?}: {said}");
            if arguments.contains(&"json") {
                outcome.json();
                assert!(said.contains("[hidden]"), "{arguments:?}: {said}");
            }
        }
        assert!(one.get().stdout.contains(r#""client_secret_version":3"#));
        let mut session = one.screens(&[ID]).showing("hidden");
        session.type_until("v", "\"[hidden]\"");
        let stream = session.quit();
        assert!(!stream.contains(&secret[..20]));
    }
    let echo = format!(r#"[{{"code":5,"message":"bad client_secret: {secret}"}}]"#);
    let fake = Fake::answering(400, &refusal(&echo));
    let mut session = fake.screens(&[ID]).showing("refused the request");
    session.type_until("e", "Error details");
    session.type_keys("\x1b\x1b\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains(&secret[..20]));
    // Lookalikes stay visible.
    let members = r#""client_secret":null,"secretary":"x","client_secret_version":2"#;
    let outcome = Fake::with_result(&token(members)).get();
    assert!(outcome.stdout.contains(members), "{}", outcome.stdout);
}

/// Legal in a header, and encoded differently in a URL.
const CANARY: &str = "canary/0123+456789=";

const EMAIL: &str = "me@example.com";

/// Every spelling in which the canary could hide.
fn spellings() -> Vec<String> {
    let mut all = vec![
        CANARY.to_owned(),
        CANARY
            .replace('/', "%2F")
            .replace('+', "%2B")
            .replace('=', "%3D"),
        CANARY
            .replace('/', "%2f")
            .replace('+', "%2b")
            .replace('=', "%3d"),
        CANARY.replace('/', "\\/"),
        CANARY.chars().rev().collect(),
        CANARY
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .concat(),
        CANARY
            .bytes()
            .map(|byte| byte.to_string())
            .collect::<Vec<_>>()
            .join(", "),
        // Without its ends.
        CANARY[3..CANARY.len() - 3].to_owned(),
    ];
    // In Base64 at every offset, without the characters at the edges.
    for padding in ["", "x", "xx"] {
        let encoded = base64(format!("{padding}{CANARY}").as_bytes());
        all.push(encoded[4..encoded.len() - 6].to_owned());
    }
    all
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut wide = [0; 3];
        wide[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, wide[0], wide[1], wide[2]]);
        for at in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * at) & 63).unwrap();
            text.push(if at > group.len() {
                '='
            } else {
                char::from(DIGITS[digit])
            });
        }
    }
    text
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for spelling in spellings() {
        assert!(!text.contains(&spelling), "{spelling} in {what}: {text}");
    }
}

#[track_caller]
fn assert_output_clean(outcome: &Outcome, home: &Path) {
    assert_clean("stdout", outcome.stdout.as_bytes());
    assert_clean("stderr", outcome.stderr.as_bytes());
    assert_files_clean(home);
}

#[track_caller]
fn assert_files_clean(home: &Path) {
    for entry in std::fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert_clean(&path.display().to_string(), &bytes);
    }
}

/// A server that repeats what it was sent, in every place that is shown.
fn echoing(status: u16) -> Fake {
    Fake::start(move |head, _| {
        let sent: String = head
            .lines()
            .filter(|line| line.to_lowercase().contains("canary"))
            .map(|line| line.replace('"', ""))
            .collect();
        let secret = sent.split_whitespace().last().unwrap_or_default();
        let errors = format!(
            r#"[{{"code":6003,"message":"{sent}","documentation_url":"https://x/{secret}","source":{{"pointer":"{secret}"}},
            "error_chain":[{{"code":6111,"message":"got <{secret}>"}}]}},{{"code":1,"message":"{secret}{secret}"}}]"#
        );
        let location = format!("https://{secret}@login.example/{secret}?{secret}");
        let headers = [
            ("cf-ray", secret),
            ("location", &location),
            ("retry-after", secret),
        ];
        Reply::Bytes(http(status, &headers, refusal(&errors)))
    })
}

/// Puts either kind of credential into the environment of a command.
fn in_environment(command: &mut Command, is_key: bool, home: &Path) {
    command
        .env("TOKENSCOPE_HOME", home)
        .env("TOKENSCOPE_LOG", "trace");
    if is_key {
        command
            .env_remove("CLOUDFLARE_API_TOKEN")
            .env("CLOUDFLARE_API_KEY", CANARY)
            .env("CLOUDFLARE_EMAIL", EMAIL);
    } else {
        command.env("CLOUDFLARE_API_TOKEN", CANARY);
    }
}

#[test]
fn d09_no_failing_command_prints_the_credential() {
    let good = Fake::with_result(&token(r#""duration":"forever""#));
    let list = Fake::with_result("[]");
    let mut fakes: Vec<Fake> = [400, 401, 403, 404, 407, 409, 429, 500, 302, 200]
        .map(echoing)
        .into();
    fakes.push(Fake::answering(200, CANARY));
    fakes.push(Fake::answering(403, CANARY));
    fakes.push(Fake::start(|_, _| {
        Reply::Bytes(format!("{CANARY}\r\n\r\n").into_bytes())
    }));
    fakes.push(Fake::start(|_, _| Reply::Reset));
    fakes.extend([good, list]);
    for fake in &fakes {
        for is_key in [false, true] {
            for form in ["json", "table"] {
                let home = home();
                let mut command = fake.command(&["get", ID, "-o", form, "--timeout", "5"]);
                in_environment(&mut command, is_key, home.path());
                assert_output_clean(&run(&mut command), home.path());
            }
        }
        let home = home();
        let mut command = tokenscope(&[
            "auth",
            "set",
            "--stdin",
            "--account",
            ACCOUNT,
            "--log",
            "trace",
            "--timeout",
            "5",
        ]);
        command
            .env("TOKENSCOPE_HOME", home.path())
            .env("CLOUDFLARE_BASE_URL", fake.url());
        assert_output_clean(
            &run_with_input(&mut command, CANARY.as_bytes()),
            home.path(),
        );
    }
    for arguments in [
        &["auth", "status"][..],
        &["auth", "status", "-o", "json"],
        &["auth", "clear"],
        &["--version"],
        &["get"],
    ] {
        for is_key in [false, true] {
            let home = home();
            let mut command = fakes[0].command(arguments);
            in_environment(&mut command, is_key, home.path());
            assert_output_clean(&run(&mut command), home.path());
        }
    }
}

/// Everything that an API or a gateway may make of a request.
fn answers() -> Vec<Fake> {
    let mut fakes: Vec<Fake> = [400, 401, 403, 404, 429, 500, 302, 200].map(echoing).into();
    fakes.push(Fake::answering(200, CANARY));
    fakes.push(Fake::answering(403, CANARY));
    fakes.push(Fake::start(|_, _| Reply::Reset));
    fakes.push(Fake::with_result(&format!(
        "[{}]",
        token(r#""name":"CI","duration":"forever""#)
    )));
    fakes
}

#[test]
fn d09_list_and_check_never_print_the_credential() {
    for fake in answers() {
        for (at, line) in [
            &["list"][..],
            &["list", "-o", "json"],
            &["list", "-o", "csv"],
            &["check"],
            &["check", "-o", "json"],
            &["check", "-o", "prometheus"],
            &["check", "CI", ID, "-o", "json"],
            &["check", "CI"],
        ]
        .into_iter()
        .enumerate()
        {
            let home = home();
            let mut command = fake.command(line);
            command.args(["--timeout", "3"]);
            in_environment(&mut command, at % 2 == 0, home.path());
            assert_output_clean(&run(&mut command), home.path());
        }
    }
}

#[test]
fn d09_profile_commands_never_print_the_credential() {
    let fake = echoing(403);
    for line in [
        &["profile", "list"][..],
        &["profile", "list", "-o", "json"],
        &["profile", "use", "other"],
        &["profile", "use", "nobody"],
        &["profile", "remove", "other"],
        &["profile", "remove", "nobody"],
        &["check", "--all-profiles"],
        &["check", "--all-profiles", "-o", "json"],
        &["check", "--all-profiles", "-o", "prometheus"],
    ] {
        for is_key in [false, true] {
            let home = home();
            let scope = format!("account = \"{ACCOUNT}\"\n");
            let config = format!(
                "[profiles.default]\ncredential = \"api_token\"\n{scope}[profiles.other]\ncredential = \"global_key\"\nemail = \"{EMAIL}\"\n{scope}"
            );
            std::fs::write(home.path().join("config.toml"), config).unwrap();
            let mut command = fake.command(line);
            in_environment(&mut command, is_key, home.path());
            assert_output_clean(&run(&mut command), home.path());
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn d09_check_of_all_profiles_never_prints_a_stored_secret() {
    let Some(desktop) = unlocked() else { return };
    desktop.store_directly("default", "one", CANARY.as_bytes());
    for fake in answers() {
        for form in ["table", "json", "prometheus"] {
            let home = home();
            with_profile(home.path());
            let line = ["check", "--all-profiles", "-o", form, "--log", "trace"];
            let mut command = in_session(&desktop, &fake, home.path(), &line);
            command.args(["--timeout", "5"]);
            assert_output_clean(&run(&mut command), home.path());
            assert!(!fake.heads().is_empty(), "the secret was read and sent");
        }
    }
}

#[test]
fn d09_list_profiles_and_picker_never_show_the_credential() {
    for status in [401, 403, 500, 200] {
        let fake = echoing(status);
        let mut session = fake.screens(&["--log", "trace"]).showing("Find a token");
        session.type_until("\x1bOQ", "✖");
        session.type_until("e", "Kind:");
        session.type_until("y", "clipboard");
        session.type_keys("\x1b");
        session.wait_until("the details are closed", |session| {
            !session.shown().contains("Kind:")
        });
        session.type_until("p", "Enter use");
        session.type_until("i", "Not a profile");
        session.type_until("t", "Find a token");
        session.type_until("\x1b[15~", "Type an ID of 32 digits.");
        session.type_keys("\x03");
        let home = session.home.path().to_owned();
        assert_clean("the command line", &command_line(&session));
        eventually("the log is there", || home.join("tokenscope.log").exists());
        assert_files_clean(&home);
        assert_clean("the screen", session.end().1.as_bytes());
    }
}

#[test]
fn d09_an_unusable_base_url_or_proxy_prints_no_credential() {
    let fake = Fake::with_result("[]");
    for (name, value) in [
        (
            "CLOUDFLARE_BASE_URL",
            format!("https://me:{CANARY}@example.com"),
        ),
        ("CLOUDFLARE_BASE_URL", format!("https://{CANARY}")),
        (
            "CLOUDFLARE_BASE_URL",
            format!("https://127.0.0.1:1/{CANARY}"),
        ),
        ("HTTP_PROXY", format!("http://me:{CANARY}@127.0.0.1:1")),
        ("HTTP_PROXY", format!("ftp://me:{CANARY}@127.0.0.1:1")),
        ("HTTP_PROXY", format!("http://me:{CANARY}@")),
        ("CLOUDFLARE_ACCOUNT_ID", CANARY.to_owned()),
        ("CLOUDFLARE_EMAIL", CANARY.to_owned()),
        ("CLOUDFLARE_API_TOKEN", format!("{CANARY} {CANARY}")),
        ("CLOUDFLARE_API_TOKEN", format!("\u{1b}]0;{CANARY}\u{7}")),
    ] {
        let home = home();
        let mut command = fake.command(&["get", ID, "-o", "json", "--timeout", "5"]);
        command
            .env("TOKENSCOPE_HOME", home.path())
            .env("TOKENSCOPE_LOG", "trace")
            .env("CLOUDFLARE_API_KEY", CANARY)
            .env(name, &value);
        if name == "CLOUDFLARE_EMAIL" {
            command.env_remove("CLOUDFLARE_API_TOKEN");
        }
        let outcome = run(&mut command);
        assert_output_clean(&outcome, home.path());
        assert!(
            outcome.code == Some(0) || !outcome.stdout.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn d09_no_screen_shows_a_typed_pasted_or_inherited_credential() {
    for status in [401, 403, 500] {
        let fake = echoing(status);
        let mut session = fake.screens_with(&["--log", "trace"], &[]);
        session.wait_for("Access: Service Tokens Read");
        let (typed, pasted) = CANARY.split_at(9);
        session.type_until(
            &format!("{typed}\x1b[200~{pasted}\x1b[201~\r{ACCOUNT}\r"),
            "✖",
        );
        session.type_until("\x1bOP", "╭ Keys");
        session.type_until("\x1bOP\x1bOS", "demo API");
        session.type_keys("\x03");
        let home = session.home.path().to_owned();
        let cmdline = command_line(&session);
        eventually("the log is there", || home.join("tokenscope.log").exists());
        assert_files_clean(&home);
        assert_clean("the command line", &cmdline);
        assert_clean("the screen", session.end().1.as_bytes());
        let mut session = fake.screens(&[ID, "--log", "trace"]).showing("✖");
        session.type_until("e", "Kind:");
        session.type_until("y", "clipboard");
        session.type_keys("\x03");
        let home = session.home.path().to_owned();
        assert_files_clean(&home);
        let stream = session.end().1;
        assert_clean("the screen", stream.as_bytes());
        for copied in stream.split("\x1b]52;c;").skip(1) {
            let secret = base64(CANARY.as_bytes());
            assert_lacks(copied, &secret[4..secret.len() - 6]);
        }
    }
}

#[cfg(target_os = "linux")]
fn command_line(session: &crate::support::terminal::Session) -> Vec<u8> {
    let path = format!("/proc/{}/cmdline", session.child.process_id().unwrap());
    std::fs::read(path).unwrap_or_default()
}

#[cfg(not(target_os = "linux"))]
fn command_line(_: &crate::support::terminal::Session) -> Vec<u8> {
    Vec::new()
}

#[cfg(debug_assertions)]
#[test]
fn d09_a_panic_does_not_print_the_credential() {
    let fake = Fake::with_result("[]");
    for fault in ["draw", "task", "start"] {
        let session = fake
            .binary(&[ID, "--log", "trace"])
            .with_token()
            .env("TOKENSCOPE_TEST_FAULT", fault)
            .env("RUST_BACKTRACE", "full")
            .on_terminal();
        assert_clean(fault, session.end().1.as_bytes());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn d09_a_process_with_secrets_leaves_no_core_file() {
    let hung = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    let mut command = Command::new("/bin/sh");
    let mut child = command
        .args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"])
        .arg(BINARY)
        .args(["get", ID])
        .env("CLOUDFLARE_BASE_URL", hung.url())
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("TOKENSCOPE_HOME", "/nonexistent/tokenscope")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the request", || !hung.heads().is_empty());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = line.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{limits}");
}

#[test]
fn d09_the_spellings_detect_leaks() {
    for hidden in [
        format!("Bearer {CANARY}"),
        base64(format!("me:{CANARY}").as_bytes()),
        base64(format!("{EMAIL}:{CANARY}\n").as_bytes()),
        base64(success(CANARY).as_bytes()),
    ] {
        let found = spellings()
            .iter()
            .any(|spelling| hidden.contains(spelling.as_str()));
        assert!(found, "{hidden}");
    }
}
