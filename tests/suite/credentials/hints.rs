//! The credential, profile and scope in effect, and how hints and `auth status` describe them.

#![cfg(target_os = "linux")]

use chrono::{DateTime, Utc};
use tokenscope::action::Action;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Session as AppSession, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::credentials::{Provider, StoreError};
use tokenscope::domain::credential::{ActiveCredential, CredentialSource, Identity};
use tokenscope::domain::failure::OverridingFlag;
use tokenscope::domain::profile::{Settings, parse_profile_name};
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::scope::Scope;
use tokenscope::domain::status::Lifecycle;
use tokenscope::domain::token::TokenId;

use crate::credentials::binding::{command, config_of, screens, write_config};
use crate::support::api::{
    Fake, Reply, home, http, refusal, run, run_with_input, shows, tokenscope,
};
use crate::support::app::{keys, press};
use crate::support::assertions::{assert_contains, assert_contains_if};
use crate::support::keyring::unlocked;
use crate::support::services::{Host, api};
use crate::support::sessions::{in_environment, profile, scope_id};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

#[test]
fn g08_no_hint_names_a_variable_that_the_profile_flag_overrides() {
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
            // It may begin the hint.
            let words = words.to_ascii_lowercase();
            assert_contains_if(!may_name, &words, &format!("leave {flag} out"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g08_no_hint_of_a_store_error_names_an_overridden_variable() {
    use std::time::Duration;
    for error in [
        StoreError::NoService,
        StoreError::NoBus,
        StoreError::NoCollection,
        StoreError::Locked(Provider::Gnome),
        StoreError::Denied,
        StoreError::Missing,
        StoreError::Ambiguous(2),
        StoreError::Unanswered(Duration::from_secs(5)),
        StoreError::NotText,
        StoreError::Other("x".to_owned()),
    ] {
        let home = home();
        write_config(home.path(), None);
        for flag in [None, Some(OverridingFlag::Profile)] {
            let service = crate::keyring::states::failing(home.path(), &error).overridden_by(flag);
            let failure = service.clear("default").await.unwrap_err();
            assert!(!failure.hint.text.trim().is_empty());
            let named = failure.hint.to_string().contains("CLOUDFLARE_API_TOKEN");
            assert!(!named || flag.is_none(), "{error:?}: {}", failure.hint);
        }
    }
}

#[test]
fn g08_no_hint_of_a_working_keyring_names_an_overridden_variable() {
    for is_locked in [false, true] {
        let Some(desktop) = unlocked() else { return };
        let home = home();
        write_config(home.path(), None);
        if is_locked {
            desktop.store_directly("default", "by hand", CANARY.as_bytes());
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
fn g08_an_authentication_error_names_the_source_of_the_credential() {
    let Some(desktop) = unlocked() else { return };
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
            assert_contains(&words, &format!("from {}.", variables[0].0));
        }
    }
    let home = home();
    write_config(home.path(), Some(&fake.url()));
    desktop.store_directly("default", "by hand", CANARY.as_bytes());
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
        assert_contains(&outcome.stdout, "profile default");
    }
    let mut session = screens(&desktop, home.path(), &fake.url(), &[ID]);
    shows(
        &mut session,
        "It belongs to profile default, from Secret Service.",
    );
    session.quit();
    let mut session = fake.screens(&[ID]);
    shows(&mut session, "It came from CLOUDFLARE_API_TOKEN.");
    session.quit();
}

#[test]
fn l06_two_credentials_are_one_warning_that_names_the_used_one() {
    let fake = api();
    let key = [
        ("CLOUDFLARE_API_KEY", "key0123456789"),
        ("CLOUDFLARE_EMAIL", "a@b.example"),
    ];
    for (variables, said) in [
        (
            &key[..],
            &["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "using"][..],
        ),
        (
            &[("CF_API_TOKEN", "another0123456")],
            &["CLOUDFLARE_API_TOKEN and CF_API_TOKEN", "using"],
        ),
        (&[("CF_API_TOKEN", CANARY)], &[]),
        (&key[..1], &[]),
        (&key[1..], &[]),
    ] {
        for line in [&["get", ID][..], &["list"], &["check"], &["auth", "status"]] {
            let outcome = run(fake.command(line).envs(variables.iter().copied()));
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let count = outcome.stderr.matches("using").count();
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
    shows(&mut session, "using the API token in CLOUDFLARE_API_TOKEN.");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn l06_storing_warns_that_a_variable_overrides_the_secret() {
    let Some(host) = Host::unlocked() else { return };
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
        // An unusable variable does not stop anyone from storing another secret, and still counts.
        for (variable, value) in [
            ("CF_API_TOKEN", "another0123456"),
            ("CLOUDFLARE_API_TOKEN", "not a token"),
            ("CLOUDFLARE_API_KEY", "key0123456789"),
            ("CLOUDFLARE_EMAIL", "a@b.example"),
        ] {
            let mut command = command(&host.desktop, host.path(), Some(&host.fake.url()), line);
            command.env(variable, value);
            let outcome = run_with_input(&mut command, input.as_bytes());
            assert_eq!(outcome.code, Some(0), "{variable}: {}", outcome.stderr);
            let said = format!("{variable} is set and takes precedence");
            let is_said =
                outcome.stderr.contains(&said) && outcome.stderr.contains("--profile one");
            let is_secret = variable != "CLOUDFLARE_EMAIL";
            assert_eq!(is_said, is_secret, "{variable}: {}", outcome.stderr);
        }
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn account(digit: char) -> Scope {
    Scope::Account(scope_id(digit))
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

/// The profile and account that `Enter` on a recent lookup requests with; `None` if it sends
/// nothing.
fn reopened(in_use: Option<&str>, recent: Recent) -> (Option<(Option<String>, Scope)>, State) {
    let profiles = ['a', 'b']
        .map(|name| profile(&name.to_string(), Some(account(name))))
        .to_vec();
    let settings = Settings {
        profiles,
        ..Settings::default()
    };
    let identity = match in_use {
        Some(name) => Identity::of(settings.profile(name).unwrap()),
        None => in_environment(),
    };
    let session = AppSession {
        active: ActiveCredential {
            identity: Some(identity),
            profile: in_use.map(str::to_owned),
            scope: Some(account(
                in_use.map_or('e', |name| name.chars().next().unwrap()),
            )),
            ..ActiveCredential::default()
        },
        settings,
        ..AppSession::default()
    };
    let mut state = State::new(session, keys(), now(), (100, 30));
    start(&mut state, Opening::Find);
    update(&mut state, now(), Message::RecentsLoaded(vec![recent]));
    update(&mut state, now(), press(Action::Down));
    let effects = update(&mut state, now(), press(Action::Submit));
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
fn l09_a_recent_lookup_is_repeated_with_its_own_profile() {
    for (in_use, by, digit, asks) in [
        (Some("a"), Some("a"), 'a', Some("a")),
        (Some("a"), Some("a"), 'c', Some("a")),
        (Some("a"), Some("b"), 'b', Some("b")),
        (Some("a"), Some("b"), 'c', Some("b")),
        (None, Some("b"), 'b', Some("b")),
        // An earlier version noted no profile, so the account decides.
        (Some("a"), None, 'b', Some("b")),
        (Some("a"), None, 'a', Some("a")),
        (Some("a"), None, 'c', Some("a")),
        // The profile was removed, so another one of that account is used.
        (Some("a"), Some("gone"), 'a', Some("a")),
        (Some("a"), Some("gone"), 'b', Some("b")),
    ] {
        let (asked, state) = reopened(in_use, recent(by, digit));
        let (profile, scope) = asked.unwrap();
        assert_eq!(profile.as_deref(), asks, "{in_use:?} {by:?} {digit}");
        assert_eq!(scope, account(digit));
        assert_eq!(state.session.active.profile.as_deref(), asks);
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
        "nothing is sent with a credential that nobody chose"
    );
    assert!(state.notice.unwrap().text.contains("The profile gone"));
}

#[test]
fn l12_every_command_accepts_the_same_profile_names() {
    let Some(host) = Host::unlocked() else { return };
    let config = |name: &str| {
        format!(
            "[profiles.{name}]\naccount = \"{ACCOUNT}\"\nbase_url = \"{}\"\n",
            host.fake.url()
        )
    };
    std::fs::write(host.path().join("config.toml"), config("one")).unwrap();
    host.desktop
        .store_directly("one", "by hand", b"kept0123456789");
    let before = config_of(host.path());
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
            let mut command = command(&host.desktop, host.path(), Some(&host.fake.url()), line);
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
    assert_eq!(config_of(host.path()), before);
    assert_eq!(
        host.desktop.look_up("one").as_deref(),
        Some("kept0123456789")
    );
    assert!(host.fake.heads().is_empty());
}
