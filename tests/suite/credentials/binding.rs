//! Where credentials come from and where they may go: bindings, what is pasted, hints, profiles.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use chrono::{DateTime, Utc};
use portable_pty::CommandBuilder;
use proptest::prelude::*;
use tokenscope::action::Action;
use tokenscope::app::effect::Effect;
use tokenscope::app::message::Message;
use tokenscope::app::state::{Session as AppSession, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::credentials::{Environment, StoreError};
use tokenscope::domain::access::Identity;
use tokenscope::domain::base_url::BaseUrl;
use tokenscope::domain::credential::{Credential, CredentialKind, CredentialSource};
use tokenscope::domain::pasted::peel;
use tokenscope::domain::profile::{Profile, parse_profile_name};
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::secret::Secret;
use tokenscope::domain::settings::Settings;
use tokenscope::domain::status::Lifecycle;
use tokenscope::domain::token::TokenId;

use crate::keyring::states::{SilentBus, api};
use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Outcome, Reply, home, http, refusal, run, run_with_input, shows,
    tokenscope,
};
use crate::support::keyring::{self as dbus, Keyring};
use crate::support::terminal::Session;

/// A file whose default profile is bound to this address; nothing said where there is none.
fn write_config(home: &Path, base_url: Option<&str>) {
    let bound = base_url.map_or_else(String::new, |url| format!("base_url = \"{url}\"\n"));
    let text = format!("[profiles.default]\naccount = \"{ACCOUNT}\"\n{bound}");
    std::fs::write(home.join("config.toml"), text).unwrap();
}

fn config_of(home: &Path) -> String {
    std::fs::read_to_string(home.join("config.toml")).unwrap_or_default()
}

/// A command in a private session with this base URL, and nothing else of the environment.
fn command(
    desktop: &dbus::Session,
    home: &Path,
    base_url: Option<&str>,
    arguments: &[&str],
) -> Command {
    let mut command = desktop.command(env!("CARGO_BIN_EXE_tokenscope"));
    command.args(arguments).env("TOKENSCOPE_HOME", home);
    if let Some(url) = base_url {
        command.env("CLOUDFLARE_BASE_URL", url);
    }
    command
}

fn host(fake: &Fake) -> String {
    fake.address.to_string()
}

fn is_refused(outcome: &Outcome, hosts: &[&str]) {
    let report = outcome.json();
    let error = if report["error"].is_null() {
        &report["profiles"][0]["error"]
    } else {
        &report["error"]
    };
    assert_eq!(error["kind"], "usage", "{}", outcome.stdout);
    let words = format!("{} {}", error["summary"], error["hint"]);
    for part in hosts.iter().chain(&["auth set --profile", "environment"]) {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
    outcome.hides_the_secret();
}

const COMMANDS: [(&[&str], i32); 7] = [
    (&["get", ID], 64),
    (&["get", "CI"], 64),
    (&["get", ID, "--profile", "default"], 64),
    (&["list"], 64),
    (&["check"], 3),
    (&["check", ID, "CI"], 3),
    (&["check", "--all-profiles"], 3),
];

#[test]
fn k01_a_stored_secret_goes_to_no_other_host_and_is_not_even_read_for_it() {
    let (fake, bus, home) = (api(), SilentBus::start(), home());
    let (here, cloudflare) = (fake.url(), "https://api.cloudflare.com/client/v4");
    // What the profile is bound to, and what the environment names.
    for (own, variable, other, hosts) in [
        (
            None,
            "CLOUDFLARE_BASE_URL",
            Some(here.as_str()),
            [host(&fake), "api.cloudflare.com".into()],
        ),
        (
            None,
            "CLOUDFLARE_API_BASE_URL",
            Some(&here),
            [host(&fake), "CLOUDFLARE_API_BASE_URL".into()],
        ),
        (
            None,
            "CLOUDFLARE_BASE_URL",
            Some("https://other.example/client/v4"),
            ["other.example".into(), "api.cloudflare.com".into()],
        ),
        (
            None,
            "CLOUDFLARE_BASE_URL",
            Some("https://api.cloudflare.com/client/v5"),
            ["/client/v4".into(), "/client/v5".into()],
        ),
        (
            None,
            "CLOUDFLARE_BASE_URL",
            Some("https://api.cloudflare.com:8443/client/v4"),
            [
                "api.cloudflare.com:8443".into(),
                "for api.cloudflare.com,".into(),
            ],
        ),
        (
            Some(here.as_str()),
            "CLOUDFLARE_BASE_URL",
            None,
            [host(&fake), "api.cloudflare.com".into()],
        ),
        (
            Some(&here),
            "CLOUDFLARE_BASE_URL",
            Some(cloudflare),
            [host(&fake), "api.cloudflare.com".into()],
        ),
        (
            Some("https://other.example"),
            "CLOUDFLARE_BASE_URL",
            Some(&here),
            [host(&fake), "other.example".into()],
        ),
    ] {
        write_config(home.path(), own);
        for (arguments, code) in COMMANDS {
            let mut command = tokenscope(arguments);
            command
                .args(["-o", "json"])
                .env("TOKENSCOPE_HOME", home.path())
                .env("DBUS_SESSION_BUS_ADDRESS", bus.address());
            if let Some(url) = other {
                command.env(variable, url);
            }
            let outcome = run(&mut command);
            assert_eq!(outcome.code, Some(code), "{arguments:?} {}", outcome.stdout);
            is_refused(&outcome, &[&hosts[0], &hosts[1]]);
        }
    }
    assert_eq!(
        bus.met.load(Ordering::SeqCst),
        0,
        "the keyring was spoken to"
    );
    assert!(fake.heads().is_empty(), "something was sent");
}

#[test]
fn k01_storing_binds_to_the_base_url_in_force_and_its_spellings_are_one() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    let url = fake.url();
    let set = ["auth", "set", "--stdin", "--account", ACCOUNT];
    let stored = run_with_input(
        &mut command(&desktop, home.path(), Some(&format!("{url}/")), &set),
        CANARY.as_bytes(),
    );
    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    assert!(stored.stderr.contains(&host(&fake)), "{}", stored.stderr);
    let bound = format!("base_url = \"{url}\"");
    assert!(
        config_of(home.path()).contains(&bound),
        "{}",
        config_of(home.path())
    );
    for spelling in [
        url.clone(),
        format!(" {url}// "),
        format!("'{url}/'"),
        url.replace("http", "HTTP"),
        format!("CLOUDFLARE_BASE_URL={url}"),
    ] {
        let listed = run(&mut command(
            &desktop,
            home.path(),
            Some(&spelling),
            &["list"],
        ));
        assert_eq!(listed.code, Some(0), "{spelling}: {}", listed.stderr);
        let told = listed
            .stderr
            .lines()
            .filter(|line| line.contains(&host(&fake)));
        assert_eq!(told.count(), 1, "{}", listed.stderr);
    }
    let count = fake.heads().len();
    let port = fake.address.port();
    for other in [
        format!("{url}/client/v4"),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
    ] {
        let listed = run(&mut command(
            &desktop,
            home.path(),
            Some(&other),
            &["list", "-o", "json"],
        ));
        is_refused(&listed, &["127.0.0.1"]);
    }
    assert_eq!(fake.heads().len(), count, "something was sent");
    // Stored again for Cloudflare, the old address means nothing any more.
    let again = [&set[..], &["--no-check"]].concat();
    let stored = run_with_input(
        &mut command(&desktop, home.path(), None, &again),
        CANARY.as_bytes(),
    );
    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    assert!(!config_of(home.path()).contains("base_url"));
}

#[test]
fn k01_a_file_that_came_with_a_repository_cannot_lead_a_secret_away() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (own, foreign) = (home(), home());
    let evil = "https://evil.invalid/client/v4";
    let record = |profile: &str| {
        let of = [
            "lookup",
            "service",
            "tokenscope-base-url",
            "username",
            profile,
        ];
        String::from_utf8(desktop.secret_tool(&of, b"").stdout).unwrap()
    };
    let set = ["auth", "set", "--stdin", "--no-check", "--account", ACCOUNT];
    let store = |home: &Path, url: Option<&str>| {
        let outcome = run_with_input(&mut command(&desktop, home, url, &set), CANARY.as_bytes());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    };
    let list = |home: &Path| {
        let line = ["list", "-o", "json", "--timeout", "5"];
        run(&mut command(&desktop, home, Some(evil), &line))
    };
    write_config(foreign.path(), Some(evil));
    for bound in [None, Some("https://gateway.invalid")] {
        store(own.path(), bound);
        assert_eq!(record("default"), bound.unwrap_or_default());
        is_refused(&list(foreign.path()), &["evil.invalid", "keyring"]);
    }
    // Where it was stored for that host, it may go there: only the name is not found.
    store(own.path(), Some(evil));
    let outcome = list(own.path());
    assert_ne!(
        outcome.json()["error"]["kind"],
        "usage",
        "{}",
        outcome.stdout
    );
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
    let cleared = run(&mut command(&desktop, own.path(), None, &["auth", "clear"]));
    assert_eq!(cleared.code, Some(0), "{}", cleared.stderr);
    assert_eq!(
        (record("default"), desktop.look_up("default")),
        (String::new(), None)
    );
}

#[test]
fn k01_the_status_names_the_base_url_and_is_not_usable_under_another() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    desktop.store_beside("default", "by hand", CANARY.as_bytes());
    let url = fake.url();
    let default = "https://api.cloudflare.com/client/v4";
    for (own, set, shown, code) in [
        (None, None, default, 0),
        (None, Some(url.as_str()), url.as_str(), 1),
        (Some(url.as_str()), Some(&url), &url, 0),
        (Some(&url), None, default, 1),
    ] {
        write_config(home.path(), own);
        let status = ["auth", "status", "-o", "json"];
        let outcome = run(&mut command(&desktop, home.path(), set, &status));
        assert_eq!(outcome.json()["base_url"], shown, "{}", outcome.stdout);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        let says_both =
            outcome.stderr.contains("api.cloudflare.com") && outcome.stderr.contains(&host(&fake));
        assert_eq!(says_both, code == 1, "{}", outcome.stderr);
        let outcome = run(&mut command(&desktop, home.path(), set, &status[..2]));
        assert_eq!(
            outcome.stdout.contains(shown),
            shown != default,
            "{}",
            outcome.stdout
        );
    }
    let outcome = run(&mut fake.command(&["auth", "status", "-o", "json"]));
    assert_eq!(outcome.json()["base_url"], url.as_str());
    assert!(fake.heads().is_empty());
}

#[test]
fn k01_the_status_is_not_usable_where_the_keyring_does_not_vouch_for_the_host() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (own, foreign) = (home(), home());
    let evil = "https://evil.invalid/client/v4";
    let set = ["auth", "set", "--stdin", "--no-check", "--account", ACCOUNT];
    write_config(foreign.path(), Some(evil));
    for (bound, code) in [
        (None, 1),
        (Some("https://gateway.invalid"), 1),
        (Some(evil), 0),
    ] {
        let mut storing = command(&desktop, own.path(), bound, &set);
        let outcome = run_with_input(&mut storing, CANARY.as_bytes());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let status = ["auth", "status", "-o", "json"];
        let outcome = run(&mut command(&desktop, foreign.path(), Some(evil), &status));
        assert_eq!(outcome.code, Some(code), "{bound:?}: {}", outcome.stderr);
        assert_eq!(outcome.json()["stored"], true, "{}", outcome.stdout);
        assert_eq!(
            outcome.stderr.contains("but the keyring does not"),
            code == 1,
            "{}",
            outcome.stderr
        );
        outcome.hides_the_secret();
    }
}

#[test]
fn k01_a_secret_is_said_to_be_sent_only_where_it_is() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    let url = fake.url();
    let lines: [&[&str]; 5] = [
        &["get", ID],
        &["list"],
        &["check"],
        &["check", ID, ID],
        &["check", "--all-profiles"],
    ];
    for (bound, asked, is_stored) in [
        ("https://evil.invalid", "https://evil.invalid", true),
        (&url, "https://evil.invalid", true),
        (&url, &url, false),
        (&url, &url, true),
    ] {
        write_config(home.path(), Some(bound));
        let clear = run(&mut command(
            &desktop,
            home.path(),
            Some(&url),
            &["auth", "clear"],
        ));
        assert_eq!(clear.code, Some(0), "{}", clear.stderr);
        if is_stored {
            desktop.store_beside("default", "by hand", CANARY.as_bytes());
        }
        let is_sent = bound == asked && asked == url && is_stored;
        for line in lines {
            let before = fake.heads().len();
            let outcome = run(&mut command(&desktop, home.path(), Some(asked), line));
            let said = outcome
                .stderr
                .matches("the stored secret of default is sent to")
                .count();
            assert_eq!(said, usize::from(is_sent), "{line:?} {}", outcome.stderr);
            assert_eq!(fake.heads().len() > before, is_sent, "{line:?}");
        }
    }
}

#[test]
fn k01_the_way_out_names_a_flag_only_where_it_was_given() {
    let home = home();
    write_config(home.path(), None);
    for (own, url) in [
        (None, Some("https://other.example")),
        (Some("https://other.example"), None),
    ] {
        write_config(home.path(), own);
        for (line, flag) in [
            (&["get", ID][..], None),
            (&["list"], None),
            (&["check"], None),
            (&["auth", "status"], None),
            (&["list", "--profile", "default"], Some("--profile")),
            (
                &["auth", "status", "--profile", "default"],
                Some("--profile"),
            ),
            (&["check", "--all-profiles"], Some("--all-profiles")),
        ] {
            let mut command = tokenscope(line);
            command
                .env("TOKENSCOPE_HOME", home.path())
                .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
            if let Some(url) = url {
                command.env("CLOUDFLARE_BASE_URL", url);
            }
            let outcome = run(&mut command);
            assert!(outcome.stderr.contains("auth set --profile default"));
            if let Some(flag) = flag {
                let leave = format!("leave {flag} out");
                assert!(outcome.stderr.contains(&leave), "{}", outcome.stderr);
                assert!(!outcome.stderr.contains("CLOUDFLARE_API_TOKEN"));
            } else {
                assert!(!outcome.stderr.contains(" out and"), "{}", outcome.stderr);
                assert!(outcome.stderr.contains("environment too"));
            }
        }
    }
}

#[test]
fn k01_two_variables_that_name_different_addresses_are_told_of() {
    let fake = api();
    let url = fake.url();
    for (other, is_said) in [
        ("https://other.example", true),
        ("nonsense", true),
        (&format!("{url}/client"), true),
        (&url, false),
        (&format!("{url}/"), false),
        (&format!("\"{url}\""), false),
        (&url.to_uppercase(), false),
        ("", false),
    ] {
        for line in [&["get", ID][..], &["list"], &["check"], &["auth", "status"]] {
            let outcome = run(fake.command(line).env("CLOUDFLARE_API_BASE_URL", other));
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let said = "CLOUDFLARE_BASE_URL and CLOUDFLARE_API_BASE_URL are both set and differ; \
                        CLOUDFLARE_BASE_URL counts.";
            let count = outcome.stderr.matches(said).count();
            assert_eq!(count, usize::from(is_said), "{other}: {}", outcome.stderr);
        }
        for line in [&["list", "--demo"][..], &["completions", "bash"]] {
            let outcome = run(fake.command(line).env("CLOUDFLARE_API_BASE_URL", other));
            assert!(!outcome.stderr.contains("differ"), "{}", outcome.stderr);
        }
    }
}

fn screens(desktop: &dbus::Session, home: &Path, url: &str, arguments: &[&str]) -> Session {
    let environment = desktop.command("true");
    let mut variables: Vec<(&str, &str)> = environment
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
        .collect();
    variables.push(("CLOUDFLARE_BASE_URL", url));
    variables.push(("TOKENSCOPE_HOME", home.to_str().unwrap()));
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tokenscope"));
    command.args(arguments);
    Session::spawn(command, &variables)
}

#[test]
fn k01_on_the_screens_neither_look_up_nor_list_nor_picker_nor_form_sends_it() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    desktop.store_beside("default", "by hand", CANARY.as_bytes());
    write_config(home.path(), None);
    let mut session = screens(&desktop, home.path(), &fake.url(), &[ID]);
    shows(
        &mut session,
        "was stored for api.cloudflare.com, but CLOUDFLARE_BASE_URL names",
    );
    session.wait_for(&format!("· {}", host(&fake)));
    session.type_keys("b");
    session.wait_for("API token from Secret Service");
    shows(&mut session, "was stored for api.cloudflare.com");
    // The form of a profile whose secret stays checks with it.
    session.type_keys("p");
    session.wait_for("default");
    session.type_keys("i");
    session.wait_for("Change a profile");
    shows(&mut session, &format!("It is sent to {}", host(&fake)));
    // Nor does the picker that the form opens.
    session.type_keys("\x1b[15~");
    session.wait_for("Accounts and zones");
    session.wait_for("The ID can be typed all the same.");
    session.type_keys("\x1b");
    session.wait_until("the picker is closed", |it| {
        !it.shown().contains("Accounts and zones")
    });
    session.type_keys("\t");
    session.wait_for("› [ Check and save ]");
    // The banner is that of the list still; it goes away first.
    session.type_keys("\x1b");
    session.wait_until("the banner is gone", |it| !it.shown().contains("✖"));
    session.type_keys("\r");
    shows(
        &mut session,
        "was stored for api.cloudflare.com, but CLOUDFLARE_BASE_URL names",
    );
    assert!(fake.heads().is_empty(), "something was sent");
    // What is typed goes to the host that the form names, and is bound to it.
    session.type_keys("\x1b[Z");
    session.wait_for("› Account ID");
    session.type_keys(&format!("\x1b[Z\x1b[Z{CANARY}\r"));
    session.wait_for("Now using the profile default");
    assert!(config_of(home.path()).contains(&fake.url()));
    let sent = fake.heads().len();
    session.type_keys("\r");
    session.wait_for("NEVER EXPIRES");
    assert!(fake.heads().len() > sent);
    session.type_keys("q");
    session.end();
}

#[test]
fn k01_an_address_that_no_credential_may_go_to_is_refused_in_a_profile_too() {
    for url in [
        "http://other.example",
        "https://me:pw@other.example",
        "https://other.example/?x",
        "other",
        "ftp://x",
    ] {
        let home = home();
        write_config(home.path(), Some(url));
        let outcome = run(tokenscope(&["list", "-o", "json"]).env("TOKENSCOPE_HOME", home.path()));
        let words = outcome.is_error("config", 1);
        assert!(
            words.contains("base_url") && words.contains("line 3"),
            "{words}"
        );
        assert!(!words.contains("me:pw"), "{words}");
    }
}

// F02

/// Puts one more thing around a value that is copied with it.
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

// F03

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

fn says(outcome: &Outcome, said: &str) {
    let words = format!("{}{}", outcome.stdout, outcome.stderr);
    // "begins as a service token's secret does" says what it is.
    let said = said.replace("is a service token's secret", "service token's secret");
    assert!(words.contains(&said), "no {said:?} in {words}");
    assert!(!words.contains("0123456789abc"), "{words}");
}

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

// G08

#[test]
fn g08_no_hint_names_a_variable_that_profile_overrules() {
    let home = home();
    write_config(home.path(), None);
    let buses = ["unix:path=/nonexistent", "autolaunch:", "nonsense"];
    for bus in buses {
        for (arguments, may_name) in [
            (&["get", ID][..], true),
            (&["get", ID, "--profile", "default"], false),
            (&["list", "--profile", "default"], false),
            (&["check", "--profile", "default"], false),
            (&["check", "--all-profiles"], false),
            (&["auth", "status", "--profile", "default"], false),
            (&["auth", "clear", "--profile", "default"], false),
        ] {
            let outcome = run(tokenscope(arguments)
                .env("TOKENSCOPE_HOME", home.path())
                .env("DBUS_SESSION_BUS_ADDRESS", bus));
            let words = format!("{}{}", outcome.stdout, outcome.stderr);
            assert_ne!(outcome.code, Some(0), "{words}");
            assert_eq!(
                words.contains("CLOUDFLARE_API_TOKEN"),
                may_name,
                "{arguments:?} {words}"
            );
            let flag = if arguments.contains(&"--all-profiles") {
                "--all-profiles"
            } else {
                "--profile"
            };
            assert_eq!(
                words.contains(&format!("leave {flag} out")),
                !may_name,
                "{words}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g08_the_same_of_every_error_of_the_store() {
    use std::time::Duration;
    for error in [
        StoreError::NoService,
        StoreError::NoBus,
        StoreError::NoCollection,
        StoreError::Locked,
        StoreError::Denied,
        StoreError::Missing,
        StoreError::Ambiguous(2),
        StoreError::Unanswered(Duration::from_secs(5)),
        StoreError::NotText,
        StoreError::Other("x".to_owned()),
    ] {
        let home = home();
        write_config(home.path(), None);
        for flag in [None, Some("--profile")] {
            let service =
                crate::keyring::states::failing(home.path(), &error).overruling_variables(flag);
            let failure = service.clear("default").await.unwrap_err();
            assert!(!failure.hint.text.trim().is_empty());
            let named = failure.hint.text.contains("CLOUDFLARE_API_TOKEN");
            assert!(!named || flag.is_none(), "{error:?}: {}", failure.hint);
        }
    }
}

#[test]
fn g08_no_hint_names_it_either_where_the_keyring_answers() {
    for is_locked in [false, true] {
        let Some(mut desktop) = dbus::Session::start(Keyring::Unlocked) else {
            return;
        };
        let home = home();
        write_config(home.path(), None);
        if is_locked {
            desktop.store_beside("default", "by hand", CANARY.as_bytes());
            desktop.lock_keyring();
        }
        for line in [&["auth", "status"][..], &["list"]] {
            for flag in [&[][..], &["--profile", "default"]] {
                let line = [line, flag].concat();
                let outcome = run(&mut command(&desktop, home.path(), None, &line));
                assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
                assert_eq!(
                    outcome.stderr.contains("CLOUDFLARE_API_TOKEN"),
                    flag.is_empty(),
                    "{line:?}: {}",
                    outcome.stderr
                );
            }
        }
    }
}

#[test]
fn g08_an_authentication_error_names_where_the_credential_came_from() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let body = refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#);
    let fake = Fake::start(move |_, _| Reply::Bytes(http(401, &[], &body)));
    for variables in [
        &[("CLOUDFLARE_API_TOKEN", CANARY)][..],
        &[("CF_API_TOKEN", CANARY)],
        &[
            ("CLOUDFLARE_API_KEY", CANARY),
            ("CLOUDFLARE_EMAIL", "a@b.example"),
        ],
        &[("CF_API_KEY", CANARY), ("CF_EMAIL", "a@b.example")],
    ] {
        for line in [
            &["get", ID][..],
            &["get", "CI"],
            &["list"],
            &["check"],
            &["check", ID],
        ] {
            let outcome = run(tokenscope(line)
                .env("CLOUDFLARE_BASE_URL", fake.url())
                .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
                .envs(variables.iter().copied()));
            let words = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(
                words.contains(&format!("from {}.", variables[0].0)),
                "{words}"
            );
        }
    }
    let home = home();
    write_config(home.path(), Some(&fake.url()));
    desktop.store_beside("default", "by hand", CANARY.as_bytes());
    for line in [
        &["get", ID][..],
        &["list", "--profile", "default"],
        &["check", "--all-profiles"],
    ] {
        let line = [line, &["-o", "json"]].concat();
        let outcome = run(&mut command(
            &desktop,
            home.path(),
            Some(&fake.url()),
            &line,
        ));
        assert!(
            outcome.stdout.contains("profile default"),
            "{}",
            outcome.stdout
        );
    }
    let mut session = screens(&desktop, home.path(), &fake.url(), &[ID]);
    shows(
        &mut session,
        "It is that of profile default, from Secret Service.",
    );
    session.type_keys("q");
    session.end();
    let mut session = fake.screens(&[ID]);
    shows(&mut session, "It came from CLOUDFLARE_API_TOKEN.");
    session.type_keys("q");
    session.end();
}

// L06

#[test]
fn l06_which_of_two_credentials_counts_is_said_once() {
    let fake = api();
    let key = [
        ("CLOUDFLARE_API_KEY", "key0123456789"),
        ("CLOUDFLARE_EMAIL", "a@b.example"),
    ];
    for (variables, said) in [
        (
            &key[..],
            &["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "counts"][..],
        ),
        (
            &[("CF_API_TOKEN", "another0123456")],
            &["CLOUDFLARE_API_TOKEN and CF_API_TOKEN", "counts"],
        ),
        (&[("CF_API_TOKEN", CANARY)], &[]),
        (&key[..1], &[]),
        (&key[1..], &[]),
    ] {
        for line in [&["get", ID][..], &["list"], &["check"], &["auth", "status"]] {
            let outcome = run(fake.command(line).envs(variables.iter().copied()));
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let count = outcome.stderr.matches("counts").count();
            assert_eq!(count, usize::from(!said.is_empty()), "{}", outcome.stderr);
            assert!(
                said.iter().all(|part| outcome.stderr.contains(part)),
                "{}",
                outcome.stderr
            );
            assert!(!outcome.stderr.contains("0123456789"), "{}", outcome.stderr);
        }
    }
    let heads = fake.heads();
    assert!(
        heads.iter().all(|head| head.contains(CANARY)),
        "the token counts"
    );
    let variables: Vec<(&str, &str)> = key
        .into_iter()
        .chain([
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ])
        .collect();
    let mut session = fake.screens_with(&[], &variables);
    shows(
        &mut session,
        "the API token in CLOUDFLARE_API_TOKEN counts.",
    );
    session.type_keys("\x03");
    session.end();
}

#[test]
fn l06_what_was_stored_is_not_used_while_a_variable_is_set() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    let set = [
        "auth",
        "set",
        "--stdin",
        "--account",
        ACCOUNT,
        "--profile",
        "one",
    ];
    for (line, input) in [(&set[..], CANARY), (&["profile", "use", "one"], "")] {
        // One that cannot be used keeps nobody from storing another, and counts all the same.
        for (variable, value) in [
            ("CF_API_TOKEN", "another0123456"),
            ("CLOUDFLARE_API_TOKEN", "not a token"),
            ("CLOUDFLARE_API_KEY", "key0123456789"),
            ("CLOUDFLARE_EMAIL", "a@b.example"),
        ] {
            let mut command = command(&desktop, home.path(), Some(&fake.url()), line);
            command.env(variable, value);
            let outcome = run_with_input(&mut command, input.as_bytes());
            assert_eq!(outcome.code, Some(0), "{variable}: {}", outcome.stderr);
            let said = format!("{variable} is set and counts before");
            let is_said =
                outcome.stderr.contains(&said) && outcome.stderr.contains("--profile one");
            let is_secret = variable != "CLOUDFLARE_EMAIL";
            assert_eq!(is_said, is_secret, "{variable}: {}", outcome.stderr);
        }
    }
}

// L09

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn account(digit: char) -> Scope {
    Scope::Account(ScopeId::parse(&digit.to_string().repeat(32)).unwrap())
}

fn profile(name: &str, digit: char) -> Profile {
    Profile {
        name: name.to_owned(),
        kind: CredentialKind::ApiToken,
        scope: Some(account(digit)),
        base_url: BaseUrl::default(),
    }
}

fn recent(by: Option<&str>, digit: char) -> Recent {
    Recent {
        scope: account(digit),
        id: TokenId::parse(ID).unwrap(),
        name: "CI".to_owned(),
        life: Lifecycle {
            enabled: None,
            forever: true,
            expires_at: None,
            duration: None,
        },
        looked_up_at: now(),
        profile: by.map(str::to_owned),
    }
}

/// The profile and the account that `Enter` on a recent look-up asks with; none where nothing is sent.
fn reopened(in_use: Option<&str>, recent: Recent) -> (Option<(Option<String>, Scope)>, State) {
    let profiles = vec![profile("a", 'a'), profile("b", 'b')];
    let settings = Settings {
        profiles,
        ..Settings::default()
    };
    let identity = match in_use {
        Some(name) => Identity::of(settings.profile(name).unwrap()),
        None => Identity {
            source: CredentialSource::Environment {
                variable: "CLOUDFLARE_API_TOKEN",
            },
            kind: CredentialKind::ApiToken,
        },
    };
    let session = AppSession {
        identity: Some(identity),
        profile: in_use.map(str::to_owned),
        scope: Some(account(
            in_use.map_or('e', |name| name.chars().next().unwrap()),
        )),
        settings,
        ..AppSession::default()
    };
    let mut state = State::new(session, now(), (100, 30));
    start(&mut state, Opening::Lookup);
    update(&mut state, now(), Message::RecentsLoaded(vec![recent]));
    update(&mut state, now(), Message::Acted(Action::Down));
    let effects = update(&mut state, now(), Message::Acted(Action::Submit));
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::FetchToken { access, .. } => Some(access.clone()),
        _ => None,
    });
    let asked = asked.map(|access| {
        let profile = match access.identity.source {
            CredentialSource::Keyring { profile } => Some(profile),
            _ => None,
        };
        (profile, access.scope)
    });
    (asked, state)
}

#[test]
fn l09_a_recent_look_up_is_asked_for_by_the_profile_that_made_it() {
    for (in_use, by, digit, asks) in [
        (Some("a"), Some("a"), 'a', Some("a")),
        (Some("a"), Some("a"), 'c', Some("a")),
        (Some("a"), Some("b"), 'b', Some("b")),
        (Some("a"), Some("b"), 'c', Some("b")),
        (None, Some("b"), 'b', Some("b")),
        // An earlier version noted no profile: its account tells.
        (Some("a"), None, 'b', Some("b")),
        (Some("a"), None, 'a', Some("a")),
        (Some("a"), None, 'c', Some("a")),
        // The profile is gone: another one of that account will do.
        (Some("a"), Some("gone"), 'a', Some("a")),
        (Some("a"), Some("gone"), 'b', Some("b")),
    ] {
        let (asked, state) = reopened(in_use, recent(by, digit));
        let (profile, scope) = asked.unwrap();
        assert_eq!(profile.as_deref(), asks, "{in_use:?} {by:?} {digit}");
        assert_eq!(scope, account(digit));
        assert_eq!(state.session.profile.as_deref(), asks);
        let says = state
            .notice
            .is_some_and(|notice| notice.text.contains("Now using"));
        assert_eq!(says, in_use != asks);
    }
    let (asked, _) = reopened(None, recent(None, 'b'));
    assert_eq!(asked, Some((None, account('b'))), "the environment's own");
    let (asked, state) = reopened(Some("a"), recent(Some("gone"), 'c'));
    assert_eq!(
        asked, None,
        "nothing is sent with a credential of nobody's choice"
    );
    assert!(state.notice.unwrap().text.contains("The profile gone"));
}

// L12

#[test]
fn l12_one_rule_for_names_on_every_way_in() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api(), home());
    let config = |name: &str| {
        format!(
            "[profiles.{name}]\naccount = \"{ACCOUNT}\"\nbase_url = \"{}\"\n",
            fake.url()
        )
    };
    std::fs::write(home.path().join("config.toml"), config("one")).unwrap();
    desktop.store_beside("one", "by hand", b"kept0123456789");
    let before = config_of(home.path());
    for name in [
        " one",
        "one ",
        "\tone",
        "one\n",
        "\u{FEFF}one",
        "one\u{200B}",
        "o ne",
        "o\u{7}ne",
        "",
        " ",
        "-one",
        "one/two",
        "\"one\"",
        "tokenscope-probe",
        "Tokenscope-Probe",
        "o\u{202E}ne",
    ] {
        assert!(parse_profile_name(name).is_err(), "{name:?}");
        let flag = format!("--profile={name}");
        for line in [
            &["auth", "set", "--stdin", "--account", ACCOUNT, &flag][..],
            &["auth", "clear", &flag],
            &["auth", "status", &flag],
            &["get", ID, &flag],
            &["check", &flag],
            &["profile", "use", "--", name],
            &["profile", "remove", "--", name],
        ] {
            let mut command = command(&desktop, home.path(), Some(&fake.url()), line);
            let outcome = run_with_input(&mut command, CANARY.as_bytes());
            let code = if line[0] == "check" { 3 } else { 64 };
            assert_eq!(outcome.code, Some(code), "{line:?} {}", outcome.stderr);
        }
        let quoted = serde_json::to_string(name).unwrap();
        let other = crate::support::api::home();
        std::fs::write(other.path().join("config.toml"), config(&quoted)).unwrap();
        let outcome = run(tokenscope(&["list", "-o", "json"]).env("TOKENSCOPE_HOME", other.path()));
        outcome.is_error("config", 1);
    }
    assert_eq!(config_of(home.path()), before);
    assert_eq!(desktop.look_up("one").as_deref(), Some("kept0123456789"));
    assert!(fake.heads().is_empty());
}

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

#[test]
fn k01_a_credential_of_the_environment_goes_where_the_environment_says() {
    let fake = Fake::holding("[]");
    let outcome = run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr, "", "it is the environment's own business");
    assert_eq!(fake.heads().len(), 1);
}
