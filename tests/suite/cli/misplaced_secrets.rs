//! A secret pasted as an argument is never echoed.

use std::process::Output;

use crate::support::api::{Fake, home, run};
#[cfg(unix)]
use crate::support::assertions::assert_contains;
use crate::support::binary::{TOKENS, TestEnv, json, text};
#[cfg(unix)]
use crate::support::tokens::ID;
use crate::support::tokens::{ACCOUNT, CANARY};

const NEW: &str = "cfat_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd";

const OLD: &str = "Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo";

const KEY: &str = "0123456789abcdef0123456789abcdef01234";

fn said(output: &Output) -> String {
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn assert_omits(secret: &str, output: &Output, what: &[&str]) {
    let said = said(output);
    assert!(!said.contains(secret), "{what:?}: {said}");
    assert!(!said.contains(&secret[4..14]), "{what:?}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_place_of_a_token_is_refused_and_not_repeated() {
    let env = TestEnv::with(TOKENS).await;
    let bearer = format!("Bearer {NEW}");
    let assigned = format!("CLOUDFLARE_API_TOKEN={NEW}");
    let option = format!("--token={NEW}");
    for secret in [NEW, OLD, KEY, CANARY, &bearer, &assigned] {
        for (arguments, code) in [
            (&["get", secret][..], 64),
            (&["get", secret, "-o", "json"], 64),
            (&[secret], 64),
            (&["check", secret], 3),
            (&["check", "soon", secret, "-o", "json"], 3),
            (&["check", secret, "-o", "prometheus"], 3),
        ] {
            let output = env.run(arguments);
            assert_eq!(output.status.code(), Some(code), "{arguments:?}");
            for piece in [NEW, OLD, KEY, CANARY] {
                assert_omits(piece, &output, arguments);
            }
            let said = said(&output);
            if arguments.contains(&"prometheus") {
                assert!(said.contains("tokenscope_up 0"), "{said}");
            }
            assert_contains(&said, "Do not pass secrets on the command line");
            assert!(said.contains("history"), "{said}");
            if arguments.contains(&"json") {
                assert_eq!(json(&output)["error"]["kind"], "usage", "{said}");
            }
        }
    }
    assert!(env.server.received_requests().await.unwrap().is_empty());
    let output = env.run(&["get", &option]);
    assert_eq!(output.status.code(), Some(64));
    assert_omits(NEW, &output, &[&option]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_any_other_argument_is_not_repeated() {
    let env = TestEnv::with(TOKENS).await;
    env.write_config(&format!(
        "[profiles.default]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n"
    ));
    for secret in [NEW, OLD, KEY, CANARY] {
        let flag = format!("--{secret}");
        let two = format!("active,{secret}");
        for arguments in [
            &["list", "--profile", secret][..],
            &["--profile", secret],
            &["auth", "status", "--profile", secret],
            &["auth", "set", "--stdin", "--profile", secret],
            &["auth", "clear", "--profile", secret],
            &["profile", "use", secret],
            &["profile", "remove", secret],
            &["list", "--theme", secret],
            &["list", "--color", secret],
            &["list", "-o", secret],
            &["list", "--log", secret],
            &["list", "--timeout", secret],
            &["list", "--account", secret],
            &["list", "--zone", secret],
            &["check", "--warn", secret],
            &["check", "--critical", secret],
            &["check", "--ignore", &two],
            &["check", "--exclude", secret],
            &["list", "--status", secret],
            &["list", "--within", secret],
            &["completions", secret],
            &["list", "--ca-file", secret],
            &["auth", "set", "--stdin", "--email", secret],
            &["list", secret],
            &["list", &flag],
            &[&flag],
            &["nonsense", secret],
        ] {
            for form in [&[][..], &["-o", "json"]] {
                let words = [arguments, form].concat();
                let output = env.run(&words);
                assert_omits(secret, &output, &words);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_refused_as_a_profile_name() {
    let env = TestEnv::with(TOKENS).await;
    for form in [&[][..], &["--no-check"]] {
        let words = [&["auth", "set", "--stdin", "--profile", NEW][..], form].concat();
        let output = env.run(&words);
        assert_eq!(output.status.code(), Some(64), "{}", said(&output));
        assert!(said(&output).contains("history"), "{}", said(&output));
    }
    assert!(!env.home.path().join("config.toml").exists());
}

#[cfg(unix)]
#[test]
fn e02_a_misplaced_secret_is_not_repeated_anywhere() {
    let fake = Fake::with_result("[]");
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
        outcome.assert_hides_secret();
    }
    // Typing mistakes are repeated.
    for (line, echo) in [
        (&["auth", "stats"][..], "'stats'"),
        (&["list", "--acount", "x"], "'--acount'"),
    ] {
        let outcome = run(&mut fake.command(line));
        assert!(outcome.stderr.contains(echo), "{}", outcome.stderr);
    }
}
