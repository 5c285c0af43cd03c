//! A stored credential is bound to the address it was stored for, and is sent to no other.

#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;

use crate::support::api::{Fake, Outcome, home, run, run_with_input, shows, tokenscope};
use crate::support::assertions::{assert_contains, assert_contains_if, assert_lacks};
use crate::support::binary::{BINARY, Binary};
use crate::support::keyring::{self as dbus, unlocked};
use crate::support::services::{Host, SilentBus, api};
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// A configuration whose default profile is bound to this address; without one, to none.
pub(crate) fn write_config(home: &Path, base_url: Option<&str>) {
    let bound = base_url.map_or_else(String::new, |url| format!("base_url = \"{url}\"\n"));
    let text = format!("[profiles.default]\naccount = \"{ACCOUNT}\"\n{bound}");
    std::fs::write(home.join("config.toml"), text).unwrap();
}

pub(crate) fn config_of(home: &Path) -> String {
    std::fs::read_to_string(home.join("config.toml")).unwrap_or_default()
}

/// A command in a private session with this base URL and no other variables.
pub(crate) fn command(
    desktop: &dbus::Session,
    home: &Path,
    base_url: Option<&str>,
    arguments: &[&str],
) -> Command {
    let mut command = desktop.command(BINARY);
    command.args(arguments).env("TOKENSCOPE_HOME", home);
    if let Some(url) = base_url {
        command.env("CLOUDFLARE_BASE_URL", url);
    }
    command
}

fn host_of(fake: &Fake) -> String {
    fake.address.to_string()
}

fn assert_refused(outcome: &Outcome, hosts: &[&str]) {
    let report = outcome.json();
    let error = if report["error"].is_null() {
        &report["profiles"][0]["error"]
    } else {
        &report["error"]
    };
    assert_eq!(error["kind"], "usage", "{}", outcome.stdout);
    let words = format!("{} {}", error["summary"], error["hint"]);
    for part in hosts.iter().chain(&["auth set --profile"]) {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
    let alternatives = [
        "Or set CLOUDFLARE_API_TOKEN.",
        "take the credential from the environment.",
    ];
    assert!(alternatives.iter().any(|it| words.contains(it)), "{words}");
    outcome.assert_hides_secret();
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
fn k01_a_stored_secret_is_not_even_read_for_another_host() {
    let (fake, bus, home) = (api(), SilentBus::start(), home());
    let (here, cloudflare) = (fake.url(), "https://api.cloudflare.com/client/v4");
    // The address of the profile, and that of the environment.
    for (own, variable, other, hosts) in [
        (
            None,
            "CLOUDFLARE_BASE_URL",
            Some(here.as_str()),
            [host_of(&fake), "api.cloudflare.com".into()],
        ),
        (
            None,
            "CLOUDFLARE_API_BASE_URL",
            Some(&here),
            [host_of(&fake), "CLOUDFLARE_API_BASE_URL".into()],
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
            [host_of(&fake), "api.cloudflare.com".into()],
        ),
        (
            Some(&here),
            "CLOUDFLARE_BASE_URL",
            Some(cloudflare),
            [host_of(&fake), "api.cloudflare.com".into()],
        ),
        (
            Some("https://other.example"),
            "CLOUDFLARE_BASE_URL",
            Some(&here),
            [host_of(&fake), "other.example".into()],
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
            assert_refused(&outcome, &[&hosts[0], &hosts[1]]);
        }
    }
    assert_eq!(
        bus.connections.load(Ordering::SeqCst),
        0,
        "the keyring was contacted"
    );
    assert!(fake.heads().is_empty(), "something was sent");
}

#[test]
fn k01_storing_binds_to_the_current_base_url_in_any_spelling() {
    let Some(host) = Host::unlocked() else { return };
    let url = host.fake.url();
    let set = ["auth", "set", "--stdin", "--account", ACCOUNT];
    let stored = run_with_input(
        &mut command(&host.desktop, host.path(), Some(&format!("{url}/")), &set),
        CANARY.as_bytes(),
    );
    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    assert_contains(&stored.stderr, &host_of(&host.fake));
    let bound = format!("base_url = \"{url}\"");
    assert_contains(&config_of(host.path()), &bound);
    for spelling in [
        url.clone(),
        format!(" {url}// "),
        format!("'{url}/'"),
        url.replace("http", "HTTP"),
        format!("CLOUDFLARE_BASE_URL={url}"),
    ] {
        let listed = run(&mut command(
            &host.desktop,
            host.path(),
            Some(&spelling),
            &["list"],
        ));
        assert_eq!(listed.code, Some(0), "{spelling}: {}", listed.stderr);
        let told = listed
            .stderr
            .lines()
            .filter(|line| line.contains(&host_of(&host.fake)));
        assert_eq!(told.count(), 1, "{}", listed.stderr);
    }
    let count = host.fake.heads().len();
    let port = host.fake.address.port();
    for other in [
        format!("{url}/client/v4"),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
    ] {
        let listed = run(&mut command(
            &host.desktop,
            host.path(),
            Some(&other),
            &["list", "-o", "json"],
        ));
        assert_refused(&listed, &["127.0.0.1"]);
    }
    assert_eq!(host.fake.heads().len(), count, "something was sent");
    // Stored again for Cloudflare, the old address no longer counts.
    let again = [&set[..], &["--no-check"]].concat();
    let stored = run_with_input(
        &mut command(&host.desktop, host.path(), None, &again),
        CANARY.as_bytes(),
    );
    assert_eq!(stored.code, Some(0), "{}", stored.stderr);
    assert!(!config_of(host.path()).contains("base_url"));
}

#[test]
fn k01_a_foreign_configuration_cannot_redirect_a_stored_secret() {
    let Some(desktop) = unlocked() else { return };
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
        assert_refused(&list(foreign.path()), &["evil.invalid", "keyring"]);
    }
    // It was stored for this host, so only the name is not found.
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
fn k01_status_names_the_base_url_and_is_unusable_under_another() {
    let Some(host) = Host::unlocked() else { return };
    host.store();
    let url = host.fake.url();
    let default = "https://api.cloudflare.com/client/v4";
    for (own, set, shown, code) in [
        (None, None, default, 0),
        (None, Some(url.as_str()), url.as_str(), 1),
        (Some(url.as_str()), Some(&url), &url, 0),
        (Some(&url), None, default, 1),
    ] {
        write_config(host.path(), own);
        let status = ["auth", "status", "-o", "json"];
        let outcome = run(&mut command(&host.desktop, host.path(), set, &status));
        assert_eq!(outcome.json()["base_url"], shown, "{}", outcome.stdout);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        let says_both = outcome.stderr.contains("api.cloudflare.com")
            && outcome.stderr.contains(&host_of(&host.fake));
        assert_eq!(says_both, code == 1, "{}", outcome.stderr);
        let outcome = run(&mut command(&host.desktop, host.path(), set, &status[..2]));
        assert_contains_if(shown != default, &outcome.stdout, shown);
    }
    let outcome = run(&mut host.fake.command(&["auth", "status", "-o", "json"]));
    assert_eq!(outcome.json()["base_url"], url.as_str());
    assert!(host.fake.heads().is_empty());
}

#[test]
fn k01_status_is_unusable_unless_the_keyring_confirms_the_host() {
    let Some(desktop) = unlocked() else { return };
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
        assert_contains_if(code == 1, &outcome.stderr, "but the keyring does not");
        outcome.assert_hides_secret();
    }
}

#[test]
fn k01_says_where_a_secret_is_sent_only_if_it_is_sent() {
    let Some(host) = Host::unlocked() else { return };
    let url = host.fake.url();
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
        write_config(host.path(), Some(bound));
        let clear = run(&mut command(
            &host.desktop,
            host.path(),
            Some(&url),
            &["auth", "clear"],
        ));
        assert_eq!(clear.code, Some(0), "{}", clear.stderr);
        if is_stored {
            host.store();
        }
        let is_sent = bound == asked && asked == url && is_stored;
        for line in lines {
            let before = host.fake.heads().len();
            let outcome = run(&mut command(&host.desktop, host.path(), Some(asked), line));
            let said = outcome
                .stderr
                .matches("the stored secret of default is sent to")
                .count();
            assert_eq!(said, usize::from(is_sent), "{line:?} {}", outcome.stderr);
            assert_eq!(host.fake.heads().len() > before, is_sent, "{line:?}");
        }
    }
}

#[test]
fn k01_the_hint_names_a_flag_only_if_it_was_given() {
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
                assert!(outcome.stderr.contains("Or set CLOUDFLARE_API_TOKEN."));
            }
        }
    }
}

#[test]
fn k01_two_variables_with_different_addresses_are_a_warning() {
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
                        using CLOUDFLARE_BASE_URL.";
            let count = outcome.stderr.matches(said).count();
            assert_eq!(count, usize::from(is_said), "{other}: {}", outcome.stderr);
        }
        for line in [&["list", "--demo"][..], &["completions", "bash"]] {
            let outcome = run(fake.command(line).env("CLOUDFLARE_API_BASE_URL", other));
            assert!(!outcome.stderr.contains("differ"), "{}", outcome.stderr);
        }
    }
}

pub(crate) fn screens(
    desktop: &dbus::Session,
    home: &Path,
    url: &str,
    arguments: &[&str],
) -> Session {
    Binary::new(arguments)
        .on(desktop)
        .home(home)
        .asking(url)
        .on_terminal()
}

#[test]
fn k01_no_screen_sends_a_secret_to_another_host() {
    let Some(host) = Host::unlocked() else { return };
    host.store();
    write_config(host.path(), None);
    let mut session = screens(&host.desktop, host.path(), &host.fake.url(), &[ID]);
    shows(
        &mut session,
        "was stored for api.cloudflare.com, but CLOUDFLARE_BASE_URL names",
    );
    session.wait_for(&format!("· {}", host_of(&host.fake)));
    session.type_until("b", "API token from Secret Service");
    shows(&mut session, "was stored for api.cloudflare.com");
    // The form of a profile that keeps its secret checks with that secret.
    session.type_until("p", "default");
    session.type_until("i", "Change a profile");
    shows(
        &mut session,
        &format!("It is sent to {}", host_of(&host.fake)),
    );
    // The picker that the form opens does not send it either.
    session.type_until("\x1b[15~", "Accounts and zones");
    session.wait_for("Type an ID of 32 digits.");
    session.type_keys("\x1b");
    session.wait_until("the picker is closed", |it| {
        !it.shown().contains("Accounts and zones")
    });
    session.type_until("\t", "› [ Check and save ]");
    session.type_keys("\r");
    shows(
        &mut session,
        "was stored for api.cloudflare.com, but CLOUDFLARE_BASE_URL names",
    );
    assert!(host.fake.heads().is_empty(), "something was sent");
    // A typed secret is sent to the host that the form names, and is bound to it.
    session.type_until("\x1b[Z", "› Account ID");
    session.type_until(
        &format!("\x1b[Z\x1b[Z{CANARY}\r"),
        "Now using the profile default",
    );
    assert!(config_of(host.path()).contains(&host.fake.url()));
    session.type_until(&format!("{ID}\r"), "NEVER EXPIRES");
    assert!(!host.fake.heads().is_empty());
    session.quit();
}

#[test]
fn k01_an_unsafe_address_in_a_profile_is_refused() {
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
        assert_contains(&words, "base_url");
        assert_contains(&words, "line 3");
        assert!(!words.contains("me:pw"), "{words}");
    }
}

#[test]
fn k01_a_credential_of_the_environment_is_sent_to_its_base_url() {
    let fake = Fake::with_result("[]");
    let outcome = run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    // The environment decides about its own credential.
    assert_lacks(&outcome.stderr, "is sent to");
    assert_eq!(fake.heads().len(), 1);
}
