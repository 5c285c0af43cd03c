//! Credentials as they are piped and typed: cleaned, checked, and sent in the right header.

#![cfg(unix)]

use crate::support::api::{
    Fake, Reply, home, http, refusal, run, run_with_input, success, token, tokenscope,
};
use crate::support::assertions::assert_contains;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// Characters that copying, piping and pasting leave around a value.
const LITTER: [(&str, &str); 12] = [
    ("", "\n"),
    ("", "\r\n"),
    ("\t ", " \n\n"),
    ("\u{FEFF}", ""),
    ("\u{200B}", "\u{200B}\n"),
    ("\u{2060}", "\u{00A0}"),
    ("\u{200E}", "\u{200F}"),
    ("\u{2028}", "\u{2029}"),
    ("\u{202A}", "\u{202C}"),
    ("\u{3000}", "\u{180E}"),
    ("\u{200D}", "\u{00AD}"),
    ("\u{3164}", "\u{034F}\u{FE0F}"),
];

pub(crate) fn assert_sends(fake: &Fake, line: &str) {
    let heads = fake.heads();
    assert!(!heads.is_empty(), "nothing was sent");
    for head in heads {
        let found = head
            .lines()
            .any(|sent| sent.trim_end().eq_ignore_ascii_case(line));
        assert!(found, "{line:?} is not in:\n{head}");
    }
}

#[test]
fn a01_white_space_and_invisible_characters_around_a_value_are_removed() {
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    for (before, after) in LITTER {
        let around = |text: &str| format!("{before}{text}{after}");
        let outcome = run(fake
            .command(&["get", &around(ID), "-o", "json"])
            .env("CLOUDFLARE_API_TOKEN", around(CANARY))
            .env("CLOUDFLARE_ACCOUNT_ID", around(&ACCOUNT.to_uppercase()))
            .env("CLOUDFLARE_BASE_URL", around(&fake.url())));
        assert_eq!(
            outcome.code,
            Some(0),
            "{before:?} {after:?}: {}",
            outcome.stdout
        );
    }
    assert_sends(&fake, &format!("authorization: Bearer {CANARY}"));
    assert_sends(
        &fake,
        &format!("GET /accounts/{ACCOUNT}/access/service_tokens/{ID} HTTP/1.1"),
    );
    let fake = Fake::with_result(&token(r#""duration":"forever""#));
    for (before, after) in LITTER {
        let around = |text: &str| format!("{before}{text}{after}");
        let zone = around(ACCOUNT);
        let outcome = run(tokenscope(&["get", ID, "--zone", &zone, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", fake.url())
            .env("CF_API_KEY", around(CANARY))
            .env("CF_EMAIL", around("me@example.com")));
        assert_eq!(
            outcome.code,
            Some(0),
            "{before:?} {after:?}: {}",
            outcome.stdout
        );
    }
    assert_sends(&fake, &format!("x-auth-key: {CANARY}"));
    assert_sends(&fake, "x-auth-email: me@example.com");
    assert_sends(
        &fake,
        &format!("GET /zones/{ACCOUNT}/access/service_tokens/{ID} HTTP/1.1"),
    );
}

#[test]
fn a01_a_character_unfit_for_a_header_fails_without_request_or_echo() {
    let fake = Fake::with_result(&token(""));
    for inside in [
        "\n", "\r\n", "\t", " ", "\u{1}", "\u{7F}", "\u{85}", "\u{A0}", "é", "\u{200B}",
        "\u{FEFF}", "\u{2028}", "＿", "Bearer ",
    ] {
        let secret = format!("canary{inside}0123");
        let outcome = run(fake
            .command(&["get", ID, "-o", "json"])
            .env("CLOUDFLARE_API_TOKEN", &secret));
        let words = outcome.is_error("no_credential", 1);
        assert!(words.contains("CLOUDFLARE_API_TOKEN"), "{words}");
        assert!(!words.contains("0123"), "{words}");
        let home = home();
        let outcome = run_with_input(
            tokenscope(&["auth", "set", "--stdin", "--account", ACCOUNT])
                .env("TOKENSCOPE_HOME", home.path())
                .env("CLOUDFLARE_BASE_URL", fake.url()),
            secret.as_bytes(),
        );
        assert_eq!(outcome.code, Some(64), "{inside:?}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("0123"), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    }
    assert_eq!(fake.heads().len(), 0, "no request was made");
}

#[test]
fn a01_a_pasted_token_is_trimmed_and_an_invalid_one_marked_in_its_field() {
    let fake = Fake::answering(
        401,
        &refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#),
    );
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys("\x1b[200~\u{FEFF}can\u{200B}ary\r\n\x1b[201~\r");
    session.type_until(
        &format!("\x1b[200~\t{ACCOUNT}\n\x1b[201~\r"),
        "no credential has",
    );
    assert_eq!(fake.heads().len(), 0);
    session.type_keys(&format!(
        "\x15\x1b[200~\r\n \u{FEFF}{CANARY}\u{200B}\r\n\x1b[201~\r"
    ));
    session.wait_for("does not accept");
    assert_sends(&fake, &format!("authorization: Bearer {CANARY}"));
    session.type_keys("\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains("ary"), "no part of it was echoed");
}

#[test]
fn a03_a_malformed_credential_is_named_by_its_part() {
    for (codes, named, unnamed) in [
        (
            &[6111][..],
            &["API token"][..],
            &["email", "Global API key has"][..],
        ),
        (&[6102], &["email address"], &["API token has"]),
        (&[6102, 6103], &["email address", "Global API key"], &[]),
        (&[6103, 6102], &["email address", "Global API key"], &[]),
    ] {
        let chain: Vec<String> = codes
            .iter()
            .map(|code| format!(r#"{{"code":{code},"message":"m"}}"#))
            .collect();
        let chain = chain.join(",");
        for errors in [
            format!(r#"[{{"code":6003,"message":"m","error_chain":[{chain}]}}]"#),
            format!(
                r#"[{{"code":"6003","message":"m","error_chain":[{{"code":0,"message":"","error_chain":[{chain}]}}]}}]"#
            ),
            format!(r#"[{{"code":6003,"message":"m"}},{chain}]"#),
        ] {
            let fake = Fake::answering(400, &refusal(&errors));
            let words = fake.get().is_error("authentication", 1);
            for name in named {
                assert!(words.contains(name), "{codes:?}: {words}");
            }
            for name in unnamed {
                assert!(!words.contains(name), "{codes:?}: {words}");
            }
            assert!(words.contains("form"), "{words}");
            assert!(!words.contains("permission"), "{words}");
            assert_eq!(fake.heads().len(), 1, "not tried again");
        }
    }
}

#[test]
fn a04_switching_the_kind_of_a_credential_switches_every_header() {
    let fake = Fake::start(|head, _| {
        let (status, body) = if head.to_lowercase().contains("x-auth-key") {
            let chain = r#"[{"code":6103,"message":"Invalid format for X-Auth-Key header"}]"#;
            let errors = format!(r#"[{{"code":6003,"message":"m","error_chain":{chain}}}]"#);
            (400, refusal(&errors))
        } else {
            (200, success("[]"))
        };
        Reply::Bytes(http(status, &[], body))
    });
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    // The kind is the row above the secret.
    session.type_until("\x1b[A \t", "Email");
    session.type_keys(&format!("me@example.com\t{CANARY}\t\t{ACCOUNT}\r"));
    session.wait_for("switch the credential kind to API token");
    // The focus is on the rejected key, two rows below the kind.
    session.type_keys("\x1b[Z\x1b[Z ");
    session.wait_until("the email row is gone", |session| {
        !session.shown().contains("Email")
    });
    session.type_keys("\t\t\t\r");
    session.wait_until("two requests", |_| fake.heads().len() >= 2);
    session.type_keys("\x03");
    session.end();
    let heads = fake.heads();
    let (first, second) = (heads[0].to_lowercase(), heads[1].to_lowercase());
    assert!(first.contains("x-auth-email: me@example.com"), "{first}");
    assert!(first.contains(&format!("x-auth-key: {CANARY}")), "{first}");
    assert!(!first.contains("authorization"), "{first}");
    assert_contains(&second, &format!("authorization: bearer {CANARY}"));
    assert!(!second.contains("x-auth"), "{second}");
}

/// Accepts the credential for reading service tokens, and for nothing else.
pub(crate) fn api_without_verification() -> Fake {
    Fake::start(|head, _| {
        let (status, body) = if head.contains("/access/service_tokens") {
            (200, success("[]"))
        } else {
            let error = r#"[{"code":1000,"message":"Invalid API Token"}]"#;
            (401, refusal(error))
        };
        Reply::Bytes(http(status, &[], body))
    })
}

pub(crate) fn assert_only_reads(fake: &Fake) {
    let heads = fake.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(head.contains("/access/service_tokens"), "{head}");
    }
}

#[test]
fn a06_a_credential_is_checked_by_reading_tokens_not_by_verification() {
    let fake = api_without_verification();
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Keep for this session only");
    session.type_until(&format!("{CANARY}\r{ACCOUNT}\r"), "Find a token");
    session.type_keys("\x03");
    session.end();
    assert_only_reads(&fake);
}

#[test]
fn c24_a_secret_that_is_too_long_is_refused_and_never_sent() {
    let fake = Fake::with_result("[]");
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
        outcome.assert_hides_secret();
    }
    let outcome = run(fake
        .command(&["list", "-o", "json"])
        .env("CLOUDFLARE_API_TOKEN", long(4_097)));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("longer than any credential"));
    assert!(fake.heads().is_empty(), "nothing was sent");
}
