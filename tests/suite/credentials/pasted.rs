//! Removes decorations around a pasted credential; uses a credential of another kind, with a hint.

#![cfg(unix)]

use proptest::prelude::*;
use tokenscope::domain::credential::{Credential, CredentialKind, Secret};
use tokenscope::domain::pasted::peel;

use crate::credentials::binding::command;
use crate::credentials::values::{api_without_verification, assert_only_reads};
use crate::support::api::{
    Fake, Outcome, Reply, home, http, refusal, run, run_with_input, shows, success, token,
    tokenscope,
};
use crate::support::keyring::unlocked;
use crate::support::services::{Host, api, screens_in, with_profile};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

#[test]
fn a06_setup_succeeds_with_a_keyring() {
    let Some(desktop) = unlocked() else { return };
    let (fake, home) = (api_without_verification(), home());
    let set = ["auth", "set", "--stdin", "--account", ACCOUNT];
    let mut command = crate::support::services::in_session(&desktop, &fake, home.path(), &set);
    let outcome = run_with_input(&mut command, CANARY.as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
    assert_only_reads(&fake);
}

#[test]
fn e08_a_rejected_credential_is_typed_again_and_the_lookup_continues() {
    let Some(desktop) = unlocked() else { return };
    let home = home();
    with_profile(home.path());
    desktop.store_directly("default", "old", b"expired0000");
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
    session.type_until("a", "Re-enter the credential");
    session.wait_for(ACCOUNT);
    session.type_until(&format!("{CANARY}\r"), "NEVER EXPIRES");
    session.quit();
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
}

#[test]
fn e09_setup_starts_with_the_least_powerful_credential_and_its_permission() {
    let fake = Fake::with_result("[]");
    let mut session = fake.screens_with(&[], &[]).showing("‹ API token ›");
    session.wait_for("Needs the permission Access: Service Tokens Read.");
    let screen = session.shown();
    assert!(!screen.contains("can do everything"), "{screen}");
    session.type_until("\x1b[A ", "‹ Global API key ›");
    session.wait_for("A Global API key can do everything its user can. Prefer an API token.");
    session.type_keys("\x03");
    session.end();
    let help = run(&mut tokenscope(&["auth", "set", "--help"]));
    assert!(help.stdout.contains("Global API key"), "{}", help.stdout);
    help.assert_hides_secret();
}

/// Adds one decoration that may be copied along with a value.
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

const DECORATIONS: usize = 22;

proptest! {
    #[test]
    fn f02_every_combination_of_decorations_is_removed(
        value in "[A-Za-z0-9][A-Za-z0-9_.-]{2,60}",
        kinds in prop::collection::vec(0..DECORATIONS, 0..6),
    ) {
        prop_assume!(!value.eq_ignore_ascii_case("bearer"));
        let text = kinds.iter().fold(value.clone(), |text, kind| decorated(&text, *kind));
        prop_assert_eq!(peel(&text), value.as_str(), "{}", text);
    }

    #[test]
    fn f02_removal_is_idempotent_and_only_cuts(text in "\\PC{0,60}|[ \"'`=:;$A-Za-z_-]{0,40}") {
        let once = peel(&text);
        prop_assert_eq!(peel(once), once);
        prop_assert!(text.contains(once));
    }

    #[test]
    fn f02_a_value_without_decorations_stays(
        value in "[A-Za-z0-9_-]{1,80}|v1\\.0-[0-9a-f]{20,60}|https://[a-z]{1,9}\\.example(:[0-9]{2,4})?/[a-z/]{0,9}|[a-z]{1,8}\\+x@[a-z]{1,8}\\.example|[0-9a-f]{32}"
    ) {
        prop_assume!(!value.eq_ignore_ascii_case("bearer"));
        prop_assert_eq!(peel(&value), value.as_str());
    }
}

#[test]
fn f02_unpaired_quotes_and_other_near_misses_stay() {
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

#[test]
fn f02_decorations_are_removed_from_every_variable() {
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

#[test]
fn f02_decorations_are_removed_from_piped_typed_and_stored_values() {
    let Some(host) = Host::unlocked() else { return };
    let (url, id) = (host.fake.url(), format!("'{ACCOUNT}'"));
    for kind in 0..DECORATIONS {
        let set = ["auth", "set", "--stdin", "--account", &id];
        let mut set = command(&host.desktop, host.path(), Some(&url), &set);
        let outcome = run_with_input(&mut set, decorated(CANARY, kind).as_bytes());
        assert_eq!(outcome.code, Some(0), "{kind}: {}", outcome.stderr);
        assert_eq!(
            host.desktop.look_up("default").as_deref(),
            Some(CANARY),
            "{kind}"
        );
    }
    let sent = host.fake.heads().len();
    for (at, kind) in (0..DECORATIONS).enumerate() {
        let profile = format!("old{at}");
        let text = format!("[profiles.{profile}]\naccount = \"{ACCOUNT}\"\nbase_url = \"{url}\"\n");
        std::fs::write(host.path().join("config.toml"), text).unwrap();
        host.desktop
            .store_directly(&profile, "by hand", decorated(CANARY, kind).as_bytes());
        let get = ["get", ID, "--profile", &profile];
        let outcome = run(&mut command(&host.desktop, host.path(), Some(&url), &get));
        assert_eq!(outcome.code, Some(0), "{kind}: {}", outcome.stderr);
    }
    assert!(host.fake.heads().len() > sent);
    let bearer = format!("bearer {CANARY}\r").to_lowercase();
    assert!(
        host.fake
            .heads()
            .iter()
            .all(|head| head.to_lowercase().contains(&bearer))
    );
    for kind in [0, 7, 11, 13, 15] {
        let mut session = host.fake.screens_with(&[], &[]);
        session.wait_for("Keep for this session only");
        session.type_keys(&format!(
            "\x1b[200~{}\x1b[201~\r\x1b[200~{}\x1b[201~\r",
            decorated(CANARY, kind).trim(),
            decorated(ACCOUNT, kind).trim()
        ));
        session.wait_for("Find a token");
        session.type_until(&format!("{ID}\r"), "NEVER EXPIRES");
        session.quit();
    }
    assert!(
        host.fake
            .heads()
            .iter()
            .all(|head| head.to_lowercase().contains(&bearer))
    );
}

const PREFIXES: [(&str, bool, &str); 8] = [
    ("cfk_", false, "looks like a Global API key: use --email"),
    ("cfast_", false, "is a service token's secret"),
    ("cfoat_", false, "looks like an OAuth token"),
    ("v1.0-", false, "looks like an Origin CA key"),
    ("cfut_", true, "looks like an API token"),
    ("cfat_", true, "looks like an API token"),
    ("cfoat_", true, "looks like an OAuth token"),
    ("cfast_", true, "is a service token's secret"),
];

pub(crate) fn assert_says(outcome: &Outcome, said: &str) {
    let words = format!("{}{}", outcome.stdout, outcome.stderr);
    // "looks like a service token's secret" already names the kind.
    let said = said.replace("is a service token's secret", "service token's secret");
    assert!(words.contains(&said), "no {said:?} in {words}");
    assert!(!words.contains("0123456789abc"), "{words}");
}

#[test]
fn f03_a_credential_of_another_kind_is_used_and_the_hint_says_so() {
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
            assert_says(&run(&mut get), said);
            assert!(fake.heads()[sent].contains(&secret), "used as it is");
            let home = home();
            let mut storing = tokenscope(&["auth", "set", "--stdin", "--account", ACCOUNT]);
            if is_key {
                storing.args(["--email", "me@example.com"]);
            }
            storing
                .env("CLOUDFLARE_BASE_URL", fake.url())
                .env("TOKENSCOPE_HOME", home.path());
            assert_says(&run_with_input(&mut storing, secret.as_bytes()), said);
        }
    }
    // A credential with the expected prefix causes no hint.
    let body = refusal(answers[0].1);
    let fake = Fake::start(move |_, _| Reply::Bytes(http(403, &[], &body)));
    let outcome = run(fake
        .command(&["get", ID])
        .env("CLOUDFLARE_API_TOKEN", "cfut_0123456789abcdefghijklmnop"));
    assert!(!outcome.stderr.contains("looks like"), "{}", outcome.stderr);
}

#[test]
fn a_secret_piped_in_as_utf_16_is_refused_with_what_to_do() {
    let home = home();
    let mut storing = tokenscope(&["auth", "set", "--stdin", "--account", ACCOUNT]);
    storing.env("TOKENSCOPE_HOME", home.path());
    let outcome = run_with_input(&mut storing, b"\xFF\xFEt\0o\0k\0");
    assert_eq!(outcome.code, Some(64), "{}", outcome.stderr);
    assert_says(&outcome, "as UTF-8 text");
}

#[test]
fn f03_the_form_hints_at_another_kind() {
    let body = refusal(r#"[{"code":6003,"message":"Invalid request headers"}]"#);
    let fake = Fake::start(move |_, _| Reply::Bytes(http(400, &[], &body)));
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Keep for this session only");
    session.type_keys(&format!("cfk_0123456789abcdefghijklmnop\r{ACCOUNT}\r"));
    shows(&mut session, "This looks like a Global API key");
    session.type_keys("\x1b");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn f03_the_prefix_is_checked_after_removing_decorations() {
    let kind = CredentialKind::ApiToken;
    let secret = Secret::parse("export CLOUDFLARE_API_TOKEN='cfk_abc'").unwrap();
    assert!(Credential { kind, secret }.doubt().is_some());
    let variables = [("CLOUDFLARE_API_TOKEN", "'cfk_abc'")];
    let found = crate::support::sessions::environment(variables)
        .credential()
        .unwrap()
        .unwrap();
    assert!(found.0.doubt().is_some());
}
