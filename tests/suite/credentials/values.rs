//! Credentials as they are pasted, piped and typed: cleaned, checked, and sent in the right header.

#![cfg(unix)]

#[cfg(target_os = "linux")]
use proptest::prelude::*;
#[cfg(target_os = "linux")]
use tokenscope::credentials::Environment;
#[cfg(target_os = "linux")]
use tokenscope::domain::credential::{Credential, CredentialKind};
#[cfg(target_os = "linux")]
use tokenscope::domain::pasted::peel;
#[cfg(target_os = "linux")]
use tokenscope::domain::secret::Secret;

#[cfg(target_os = "linux")]
use crate::credentials::binding::command;
use crate::support::api::{
    Fake, Reply, home, http, refusal, run, run_with_input, success, token, tokenscope,
};
#[cfg(target_os = "linux")]
use crate::support::api::{Outcome, shows};
#[cfg(target_os = "linux")]
use crate::support::keyring as dbus;
#[cfg(target_os = "linux")]
use crate::support::keyring::Keyring;
#[cfg(target_os = "linux")]
use crate::support::services::{api, screens_in, with_profile};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// What copying, piping and pasting leave around a value.
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

pub(crate) fn sends(fake: &Fake, line: &str) {
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
fn a01_white_space_and_invisible_characters_around_a_value_are_no_part_of_it() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
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
    sends(&fake, &format!("authorization: Bearer {CANARY}"));
    sends(
        &fake,
        &format!("GET /accounts/{ACCOUNT}/access/service_tokens/{ID} HTTP/1.1"),
    );
    let fake = Fake::holding(&token(r#""duration":"forever""#));
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
    sends(&fake, &format!("x-auth-key: {CANARY}"));
    sends(&fake, "x-auth-email: me@example.com");
    sends(
        &fake,
        &format!("GET /zones/{ACCOUNT}/access/service_tokens/{ID} HTTP/1.1"),
    );
}

#[test]
fn a01_a_character_inside_that_no_header_can_hold_is_an_error_without_a_request_or_an_echo() {
    let fake = Fake::holding(&token(""));
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
fn a01_a_pasted_token_is_trimmed_and_a_bad_one_is_a_complaint_beside_its_field() {
    let fake = Fake::saying(
        401,
        &refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#),
    );
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys("\x1b[200~\u{FEFF}can\u{200B}ary\r\n\x1b[201~\r");
    session.type_keys(&format!("\x1b[200~\t{ACCOUNT}\n\x1b[201~\r"));
    session.wait_for("no credential has");
    assert_eq!(fake.heads().len(), 0);
    session.type_keys(&format!(
        "\x15\x1b[200~\r\n \u{FEFF}{CANARY}\u{200B}\r\n\x1b[201~\r"
    ));
    session.wait_for("does not accept");
    sends(&fake, &format!("authorization: Bearer {CANARY}"));
    session.type_keys("\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains("ary"), "no part of it was echoed");
}

#[test]
fn a03_a_credential_refused_for_its_form_is_named_by_its_part() {
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
            let fake = Fake::saying(400, &refusal(&errors));
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
fn a04_the_kind_of_a_credential_can_be_switched_and_every_header_switches_with_it() {
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
    session.type_keys("\x1b[A \t");
    session.wait_for("Email");
    session.type_keys(&format!("me@example.com\t{CANARY}\t\t{ACCOUNT}\r"));
    session.wait_for("switch the credential kind to API token");
    session.type_keys("\x1b[Z\x1b[Z\x1b[Z\x1b[Z ");
    session.wait_until("the email row is gone", |session| {
        !session.screen.screen().contents().contains("Email")
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
    assert!(
        second.contains(&format!("authorization: bearer {CANARY}")),
        "{second}"
    );
    assert!(!second.contains("x-auth"), "{second}");
}

/// Takes the credential for reading service tokens, and for nothing else.
fn api_without_verification() -> Fake {
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

fn asked_nothing_but_reads(fake: &Fake) {
    let heads = fake.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(head.contains("/access/service_tokens"), "{head}");
    }
}

#[test]
fn a06_a_credential_is_judged_by_the_read_it_is_for_and_by_no_verify_endpoint() {
    let fake = api_without_verification();
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Keep for this session only");
    session.type_keys(&format!("{CANARY}\r{ACCOUNT}\t\t\r"));
    session.wait_for("Look up a service token");
    session.type_keys("\x03");
    session.end();
    asked_nothing_but_reads(&fake);
}

#[cfg(target_os = "linux")]
#[test]
fn a06_set_up_succeeds_with_a_keyring_too() {
    use crate::support::keyring as dbus;
    let Some(desktop) = dbus::Session::start(dbus::Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api_without_verification(), home());
    let set = ["auth", "set", "--stdin", "--account", ACCOUNT];
    let mut command = crate::support::services::in_session(&desktop, &fake, home.path(), &set);
    let outcome = run_with_input(&mut command, CANARY.as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
    asked_nothing_but_reads(&fake);
}

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

/// Puts one more thing around a value that is copied with it.
#[cfg(target_os = "linux")]
fn decorated(value: &str, kind: usize) -> String {
    match kind {
        0 => format!("\"{value}\""),
        1 => format!("'{value}'"),
        2 => format!("`{value}`"),
        3 => format!("“{value}”"),
        4 => format!("‘{value}’"),
        5 => format!(" \t{value}\r\n"),
        6 => format!("\u{FEFF}{value}\u{200B}"),
        7 => format!("CLOUDFLARE_API_TOKEN={value}"),
        8 => format!("export CLOUDFLARE_API_KEY={value}"),
        9 => format!("$env:CLOUDFLARE_EMAIL = {value}"),
        10 => format!("Bearer {value}"),
        11 => format!("Authorization: Bearer {value}"),
        12 => format!("CF-Access-Client-Secret: {value}"),
        13 => format!("X-Auth-Key:{value}"),
        14 => format!("CF-Something-Else: {value}"),
        15 => format!("set -gx CF_API_TOKEN {value}"),
        16 => format!("-H {value}"),
        17 => format!("\"CLOUDFLARE_API_TOKEN\": {value}"),
        18 => format!("my_token = {value};"),
        19 => format!("„{value}“"),
        20 => format!("Bearer: {value}"),
        _ => format!("bearer\t{value}"),
    }
}

#[cfg(target_os = "linux")]
const DECORATIONS: usize = 22;

#[cfg(target_os = "linux")]
proptest! {
    #[test]
    fn f02_every_composition_of_decorations_peels_to_the_value(
        value in "[A-Za-z0-9][A-Za-z0-9_.-]{2,60}",
        kinds in prop::collection::vec(0..DECORATIONS, 0..6),
    ) {
        prop_assume!(!value.eq_ignore_ascii_case("bearer"));
        let text = kinds.iter().fold(value.clone(), |text, kind| decorated(&text, *kind));
        prop_assert_eq!(peel(&text), value.as_str(), "{}", text);
    }

    #[test]
    fn f02_peeling_is_idempotent_and_only_cuts(text in "\\PC{0,60}|[ \"'`=:;$A-Za-z_-]{0,40}") {
        let once = peel(&text);
        prop_assert_eq!(peel(once), once);
        prop_assert!(text.contains(once));
    }

    #[test]
    fn f02_a_value_with_nothing_around_it_stays(
        value in "[A-Za-z0-9_-]{1,80}|v1\\.0-[0-9a-f]{20,60}|https://[a-z]{1,9}\\.example(:[0-9]{2,4})?/[a-z/]{0,9}|[a-z]{1,8}\\+x@[a-z]{1,8}\\.example|[0-9a-f]{32}"
    ) {
        prop_assume!(!value.eq_ignore_ascii_case("bearer"));
        prop_assert_eq!(peel(&value), value.as_str());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn f02_half_a_pair_and_an_odd_pair_stay() {
    for text in [
        "\"tok",
        "tok'",
        "'tok\"",
        "“tok\"",
        "a=",
        "dG9r==",
        "https://x/?a=b",
    ] {
        assert_eq!(peel(text), text);
    }
    for empty in [
        "\"\"",
        "''",
        "Bearer",
        "CLOUDFLARE_API_TOKEN=",
        "export CF_API_TOKEN=\"\"",
    ] {
        assert_eq!(peel(empty), "", "{empty}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn f02_every_variable_is_peeled() {
    let fake = api();
    for kind in 0..DECORATIONS {
        let variables: [(&str, String); 3] = [
            ("CLOUDFLARE_API_TOKEN", decorated(CANARY, kind)),
            ("CLOUDFLARE_ACCOUNT_ID", decorated(ACCOUNT, kind)),
            ("CLOUDFLARE_BASE_URL", decorated(&fake.url(), kind)),
        ];
        let outcome = run(tokenscope(&["get", ID]).envs(variables));
        assert_eq!(outcome.code, Some(0), "{kind}: {}", outcome.stderr);
        let keys: [(&str, String); 4] = [
            ("CLOUDFLARE_API_KEY", decorated(CANARY, kind)),
            ("CLOUDFLARE_EMAIL", decorated("me@example.com", kind)),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT.to_owned()),
            ("CLOUDFLARE_BASE_URL", fake.url()),
        ];
        let outcome = run(tokenscope(&["get", "--", &decorated(ID, kind)]).envs(keys));
        assert_eq!(outcome.code, Some(0), "{kind}: {}", outcome.stderr);
    }
    for head in fake.heads() {
        let head = head.to_lowercase();
        let is_token = head.contains(&format!("authorization: bearer {CANARY}\r"));
        let is_key = head.contains(&format!("x-auth-key: {CANARY}\r"))
            && head.contains("x-auth-email: me@example.com\r");
        assert!(is_token || is_key, "{head}");
        assert!(head.contains(&format!("/accounts/{ACCOUNT}/")), "{head}");
    }
    let mut blank = fake.command(&["list", "-o", "json"]);
    let nothing = run(blank.env("CLOUDFLARE_API_TOKEN", "\"\""));
    nothing.is_error("no_credential", 1);
}

#[cfg(target_os = "linux")]
#[test]
fn f02_what_is_piped_in_typed_or_lay_in_the_keyring_is_peeled() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    let (url, id) = (fake.url(), format!("'{ACCOUNT}'"));
    for kind in 0..DECORATIONS {
        let set = ["auth", "set", "--stdin", "--account", &id];
        let mut set = command(&desktop, home.path(), Some(&url), &set);
        let outcome = run_with_input(&mut set, decorated(CANARY, kind).as_bytes());
        assert_eq!(outcome.code, Some(0), "{kind}: {}", outcome.stderr);
        assert_eq!(
            desktop.look_up("default").as_deref(),
            Some(CANARY),
            "{kind}"
        );
    }
    let sent = fake.heads().len();
    for (at, kind) in (0..DECORATIONS).enumerate() {
        let profile = format!("old{at}");
        let text = format!("[profiles.{profile}]\naccount = \"{ACCOUNT}\"\nbase_url = \"{url}\"\n");
        std::fs::write(home.path().join("config.toml"), text).unwrap();
        desktop.store_beside(&profile, "by hand", decorated(CANARY, kind).as_bytes());
        let get = ["get", ID, "--profile", &profile];
        let outcome = run(&mut command(&desktop, home.path(), Some(&url), &get));
        assert_eq!(outcome.code, Some(0), "{kind}: {}", outcome.stderr);
    }
    assert!(fake.heads().len() > sent);
    let bearer = format!("bearer {CANARY}\r").to_lowercase();
    assert!(
        fake.heads()
            .iter()
            .all(|head| head.to_lowercase().contains(&bearer))
    );
    for kind in [0, 7, 11, 13, 15] {
        let mut session = fake.screens_with(&[], &[]);
        session.wait_for("Keep for this session only");
        session.type_keys(&format!(
            "\x1b[200~{}\x1b[201~\r\x1b[200~{}\x1b[201~\t\t\r",
            decorated(CANARY, kind).trim(),
            decorated(ACCOUNT, kind).trim()
        ));
        session.wait_for("Look up a service token");
        session.type_keys(&format!("{ID}\r"));
        session.wait_for("NEVER EXPIRES");
        session.type_keys("q");
        session.end();
    }
    assert!(
        fake.heads()
            .iter()
            .all(|head| head.to_lowercase().contains(&bearer))
    );
}

#[cfg(target_os = "linux")]
const PREFIXES: [(&str, bool, &str); 8] = [
    (
        "cfk_",
        false,
        "begins as a Global API key does: use --email",
    ),
    ("cfast_", false, "is a service token's secret"),
    ("cfoat_", false, "begins as an OAuth token does"),
    ("v1.0-", false, "begins as an Origin CA key does"),
    ("cfut_", true, "begins as an API token does"),
    ("cfat_", true, "begins as an API token does"),
    ("cfoat_", true, "begins as an OAuth token does"),
    ("cfast_", true, "is a service token's secret"),
];

#[cfg(target_os = "linux")]
pub(crate) fn says(outcome: &Outcome, said: &str) {
    let words = format!("{}{}", outcome.stdout, outcome.stderr);
    // "begins as a service token's secret does" says what it is.
    let said = said.replace("is a service token's secret", "service token's secret");
    assert!(words.contains(&said), "no {said:?} in {words}");
    assert!(!words.contains("0123456789abc"), "{words}");
}

#[cfg(target_os = "linux")]
#[test]
fn f03_a_credential_that_begins_as_another_kind_is_used_and_its_hint_says_so() {
    let answers = [
        (403, r#"[{"code":10000,"message":"Authentication error"}]"#),
        (
            400,
            r#"[{"code":6003,"message":"Invalid request headers"}]"#,
        ),
        (401, r#"[{"code":1000,"message":"Invalid API Token"}]"#),
    ];
    for (status, errors) in answers {
        let body = refusal(errors);
        let fake = Fake::start(move |_, _| Reply::Bytes(http(status, &[], &body)));
        for (prefix, is_key, said) in PREFIXES {
            let secret = format!("{prefix}0123456789abcdefghijklmnop");
            let mut get = tokenscope(&["get", ID]);
            get.env("CLOUDFLARE_BASE_URL", fake.url())
                .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
            if is_key {
                get.env("CLOUDFLARE_API_KEY", &secret)
                    .env("CLOUDFLARE_EMAIL", "me@example.com");
            } else {
                get.env("CLOUDFLARE_API_TOKEN", &secret);
            }
            let sent = fake.heads().len();
            says(&run(&mut get), said);
            assert!(fake.heads()[sent].contains(&secret), "used as it is");
            let home = home();
            let mut storing = tokenscope(&["auth", "set", "--stdin", "--account", ACCOUNT]);
            if is_key {
                storing.args(["--email", "me@example.com"]);
            }
            storing
                .env("CLOUDFLARE_BASE_URL", fake.url())
                .env("TOKENSCOPE_HOME", home.path());
            says(&run_with_input(&mut storing, secret.as_bytes()), said);
        }
    }
    // One that begins as it should is not doubted.
    let body = refusal(answers[0].1);
    let fake = Fake::start(move |_, _| Reply::Bytes(http(403, &[], &body)));
    let outcome = run(fake
        .command(&["get", ID])
        .env("CLOUDFLARE_API_TOKEN", "cfut_0123456789abcdefghijklmnop"));
    assert!(!outcome.stderr.contains("begins as"), "{}", outcome.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn f03_the_form_says_so_too() {
    let body = refusal(r#"[{"code":6003,"message":"Invalid request headers"}]"#);
    let fake = Fake::start(move |_, _| Reply::Bytes(http(400, &[], &body)));
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Keep for this session only");
    session.type_keys(&format!("cfk_0123456789abcdefghijklmnop\r{ACCOUNT}\t\t\r"));
    shows(&mut session, "This begins as a Global API key does");
    session.type_keys("\x1b");
    session.type_keys("\x03");
    session.end();
}

#[cfg(target_os = "linux")]
#[test]
fn f03_a_doubt_is_of_the_secret_as_it_is_kept() {
    let kind = CredentialKind::ApiToken;
    let secret = Secret::parse("export CLOUDFLARE_API_TOKEN='cfk_abc'").unwrap();
    assert!(Credential { kind, secret }.doubt().is_some());
    let variables = [("CLOUDFLARE_API_TOKEN", "'cfk_abc'")];
    let found = Environment::from_pairs(variables)
        .credential()
        .unwrap()
        .unwrap();
    assert!(found.credential.doubt().is_some());
}
