//! `CLOUDFLARE_API_TOKEN_FILE`, as container platforms and systemd pass secrets.

#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::credentials::values::assert_sends;
use crate::support::api::{Fake, Outcome, home, run, token};
use crate::support::assertions::assert_contains;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

const VARIABLE: &str = "CLOUDFLARE_API_TOKEN_FILE";

/// `get` with the token only in a file.
fn get(fake: &Fake, file: &Path) -> Command {
    let mut command = fake.binary(&["get", ID, "-o", "json"]).command();
    command
        .env(VARIABLE, file)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
    command
}

fn eternal() -> Fake {
    Fake::with_result(&token(r#""duration":"forever""#))
}

#[test]
fn the_token_in_the_file_is_sent_and_named_by_its_variable() {
    let (fake, home) = (eternal(), home());
    let file = home.path().join("api-token");
    for contents in [
        CANARY.to_owned(),
        format!("{CANARY}\n"),
        format!("\"{CANARY}\"\r\n"),
    ] {
        fs::write(&file, contents).unwrap();
        let outcome = run(&mut get(&fake, &file));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        outcome.assert_hides_secret();
    }
    assert_sends(&fake, &format!("authorization: Bearer {CANARY}"));
    let mut status = fake.binary(&["auth", "status", "-o", "json"]).command();
    let status = run(status
        .env(VARIABLE, &file)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT))
    .json();
    assert_eq!(status["source"], "environment");
    assert_eq!(status["variable"], VARIABLE);
}

#[test]
fn the_token_variable_wins_over_the_file_and_the_file_over_a_key() {
    let (fake, home) = (eternal(), home());
    let file = home.path().join("api-token");
    fs::write(&file, "another-token-than-the-variable").unwrap();
    let outcome = run(get(&fake, &file).env("CLOUDFLARE_API_TOKEN", CANARY));
    assert_sends(&fake, &format!("authorization: Bearer {CANARY}"));
    assert_contains(
        &outcome.stderr,
        "CLOUDFLARE_API_TOKEN and CLOUDFLARE_API_TOKEN_FILE are both set; using CLOUDFLARE_API_TOKEN.",
    );
    let fake = eternal();
    fs::write(&file, CANARY).unwrap();
    let outcome = run(get(&fake, &file)
        .env("CLOUDFLARE_API_KEY", "a-key-that-is-not-used-at-all")
        .env("CLOUDFLARE_EMAIL", "me@example.com"));
    assert_sends(&fake, &format!("authorization: Bearer {CANARY}"));
    assert_contains(
        &outcome.stderr,
        "using the API token in CLOUDFLARE_API_TOKEN_FILE",
    );
}

#[test]
fn a_file_without_a_token_is_an_error_that_shows_no_contents() {
    let home = home();
    let at = |name: &str, contents: &[u8]| {
        let path = home.path().join(name);
        fs::write(&path, contents).unwrap();
        path
    };
    let fifo = home.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let two = format!("{CANARY}\n{CANARY}\n");
    for (path, said) in [
        (home.path().join("absent"), "does not exist"),
        (home.path().to_owned(), "is not a regular file"),
        (fifo, "is not a regular file"),
        (at("empty", b" \n"), "is empty"),
        (at("bytes", b"\xff\xfe\x00"), "is not valid UTF-8"),
        (at("two", two.as_bytes()), "holds no valid credential"),
        (at("large", &vec![b'x'; 70_000]), "is too large"),
    ] {
        let fake = eternal();
        let outcome: Outcome = run(&mut get(&fake, &path));
        let summary = outcome.is_error("no_credential", 1);
        assert_contains(&summary, said);
        assert_contains(&summary, VARIABLE);
        outcome.assert_hides_secret();
        assert!(fake.heads().is_empty());
    }
}

#[test]
fn the_demo_does_not_read_the_file() {
    let fake = eternal();
    let mut command = fake.binary(&["--demo", "get", ID, "-o", "json"]).command();
    let outcome = run(command.env(VARIABLE, "/nowhere/at/all"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(VARIABLE));
}
