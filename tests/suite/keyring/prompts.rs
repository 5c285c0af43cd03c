//! Keyring states and errors are distinguished, dialogs dismissed, and failed writes rolled back.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::Signal;
use tokenscope::api::{BaseUrl, Deadlines, Options};
use tokenscope::config::Paths;
use tokenscope::credentials::{
    CredentialStore, Environment, Provider, StoreError, StoreHandle, StoredEntries,
};
use tokenscope::domain::credential::{
    Access, Credential, CredentialKind, CredentialSource, Identity, Location, Secret,
};
use tokenscope::domain::failure::Failure;
use tokenscope::domain::profile::Profile;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::token::TokenRef;
use tokenscope::service::TokenService;

use crate::support::api::{Outcome, home, run, run_with_input};
use crate::support::assertions::{assert_contains, assert_lacks, assert_starts};
use crate::support::keyring::{self as dbus, Keyring, unlocked};
use crate::support::secret_service::{Behaviour, Fake};
use crate::support::services::{Host, api, bind, in_session, with_profile};
use crate::support::table::rows;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

const GET: &[&str] = &["get", ID, "-o", "json", "--timeout", "2"];
const STATUS: &[&str] = &["auth", "status", "-o", "json", "--timeout", "2"];
const SET: &[&str] = &[
    "auth",
    "set",
    "--stdin",
    "--timeout",
    "2",
    "--account",
    ACCOUNT,
];
const CLEAR: &[&str] = &["auth", "clear", "--timeout", "2"];

/// Runs all four commands against a service of this kind, and judges each outcome.
fn all(behaviour: &Behaviour, judge: impl Fn(&str, &Outcome, &Fake)) {
    let Some(host) = Host::start(Keyring::NoService) else {
        return;
    };
    with_profile(host.path());
    let service = Fake::start(&host.desktop, &behaviour.clone());
    for arguments in [GET, STATUS, SET, CLEAR] {
        let mut command = host.command(arguments);
        let outcome = run_with_input(&mut command, CANARY.as_bytes());
        outcome.assert_hides_secret();
        assert_eq!(outcome.code, Some(1), "{arguments:?}: {}", outcome.stderr);
        judge(arguments[..2].join(" ").as_str(), &outcome, &service);
    }
}

fn words(outcome: &Outcome) -> String {
    let words = format!("{}{}", outcome.stdout, outcome.stderr);
    // The headline without the details.
    let (said, _) = words.split_once("details:").unwrap_or((&words, ""));
    said.to_owned()
}

/// Errors of the bus, and part of each message.
const ERRORS: &str = "
org.freedesktop.DBus.Error.TimedOut          | failed to start
org.freedesktop.DBus.Error.Timeout           | failed to start
org.freedesktop.DBus.Error.Spawn.ExecFailed  | failed to start
org.freedesktop.DBus.Error.Spawn.ChildExited | failed to start
org.freedesktop.DBus.Error.NoReply           | exited before it answered
org.freedesktop.DBus.Error.Disconnected      | exited before it answered
org.freedesktop.DBus.Error.ServiceUnknown    | No keyring service is running
org.freedesktop.DBus.Error.NameHasNoOwner    | No keyring service is running
org.freedesktop.DBus.Error.AccessDenied      | was denied
org.freedesktop.DBus.Error.UnknownMethod     | does not understand
org.freedesktop.DBus.Error.LimitsExceeded    | out of memory or over a limit
org.freedesktop.DBus.Error.Failed            | failed
org.freedesktop.Secret.Error.IsLocked        | is locked
org.freedesktop.Secret.Error.NoSession       | exited before it answered
org.example.Whatever                         | failed
";

#[test]
fn g03_every_bus_error_is_a_sentence_with_its_name_in_the_details() {
    for [name, expected] in rows(ERRORS) {
        let behaviour = Behaviour {
            error: Some(name),
            ..Behaviour::default()
        };
        all(&behaviour, |command, outcome, _| {
            let said = words(outcome);
            assert!(said.contains(expected), "{command}, {name}: {said}");
            for raw in ["org.", "zbus", "words of a library"] {
                assert!(!said.contains(raw), "{command}, {name}: {said}");
            }
        });
    }
}

const OTHERS: [(Option<&str>, &str, &str); 4] = [
    (
        Some("org.keepassxc.KeePassXC.MainWindow"),
        "KeePassXC",
        "KeePassXC",
    ),
    (Some("org.kde.kwalletd6"), "wallet", "KWalletManager"),
    (
        Some("org.kde.secretservicecompat"),
        "wallet",
        "KWalletManager",
    ),
    (
        None,
        "keyring",
        "program that manages this session's secrets",
    ),
];

#[test]
fn g04_a_closed_keyring_is_not_empty_and_the_hint_fits_its_program() {
    for (name, place, way) in OTHERS {
        let behaviour = Behaviour {
            name,
            ..Behaviour::default()
        };
        all(&behaviour, |command, outcome, _| {
            let said = words(outcome);
            assert!(said.contains("is open, so secrets"), "{command}: {said}");
            assert!(
                said.contains(place) && said.contains(way),
                "{command}: {said}"
            );
            assert!(!said.contains("gnome-keyring-daemon"), "{command}: {said}");
            assert!(!said.contains("holds no secret"), "{command}: {said}");
            if command == "auth status" {
                assert!(outcome.json()["stored"].is_null());
            }
        });
    }
}

#[test]
fn g04_locked_is_not_absent_whatever_the_program_reveals() {
    for (name, place, way) in OTHERS {
        for shows_locked in [false, true] {
            let behaviour = Behaviour {
                name,
                has_collection: true,
                is_locked: true,
                shows_locked,
                ..Behaviour::default()
            };
            all(&behaviour, |command, outcome, service| {
                let said = words(outcome);
                assert!(!said.contains("holds no secret"), "{command}: {said}");
                if command == "auth status" {
                    let report = outcome.json();
                    assert_eq!(report["locked"], true);
                    assert_eq!(report["stored"].as_bool(), shows_locked.then_some(true));
                    assert_eq!(service.count("prompt"), 1, "only `get` has asked");
                    assert!(said.contains(place) && said.contains(way), "{said}");
                } else {
                    // The dialog was open until the deadline and is dismissed.
                    assert!(said.contains("did not answer within 2 s"), "{said}");
                    dbus::eventually("it is dismissed", || {
                        service.count("prompt") == service.count("dismiss")
                    });
                }
                if command == "auth clear" {
                    assert!(said.contains("remains stored"), "{said}");
                }
            });
        }
    }
}

#[test]
fn g04_a_locked_keyring_and_duplicates_are_unusable() {
    let Some(host) = Host::profiled() else { return };
    let status = |host: &Host| {
        let outcome = host.run(STATUS);
        let report = outcome.json();
        let stored = (report["stored"].as_bool(), report["locked"].as_bool());
        ((outcome.code, stored.0, stored.1), outcome.stderr)
    };
    assert_eq!(status(&host).0, (Some(1), Some(false), Some(false)));
    let secret = CANARY.as_bytes();
    host.desktop.store_directly("default", "one", secret);
    assert_eq!(status(&host).0, (Some(0), Some(true), Some(false)));
    host.desktop.store_directly("default", "two", b"other");
    let (twice, said) = status(&host);
    assert_eq!(twice, (Some(1), Some(true), Some(false)));
    assert_contains(&said, "2 entries");
    host.desktop.lock_keyring();
    let (locked, said) = status(&host);
    assert_eq!(locked, (Some(1), Some(true), Some(true)));
    assert_contains(&said, "locked");
    let clear = host.run(CLEAR);
    assert_eq!(clear.code, Some(1));
    assert_contains(&clear.stderr, "The secret of default remains stored.");
}

fn locked_with_dialog() -> Behaviour {
    Behaviour {
        name: Some("org.keepassxc.KeePassXC.MainWindow"),
        has_collection: true,
        is_locked: true,
        ..Behaviour::default()
    }
}

#[test]
fn g06_at_a_terminal_the_wait_is_announced_and_its_end_closes_the_dialog() {
    let Some(host) = Host::start(Keyring::NoService) else {
        return;
    };
    with_profile(host.path());
    bind(host.path(), &host.fake);
    let service = Fake::start(&host.desktop, &locked_with_dialog());
    for (at, signal) in [Signal::INT, Signal::TERM, Signal::HUP]
        .into_iter()
        .enumerate()
    {
        let mut session = host.screens(&["get", ID]);
        session.wait_for("waiting for the keyring");
        assert_eq!(service.count("prompt"), at + 1);
        session.signal(signal);
        session.end();
        dbus::eventually("it is dismissed", || service.count("dismiss") == at + 1);
    }
    // The screens: cancelled, and left.
    for (at, keys) in ["\x1b", "\x03"].into_iter().enumerate() {
        let mut session = host.screens(&[ID]).showing("waiting for the OS keyring");
        dbus::eventually("it is asked", || service.count("prompt") == at + 4);
        session.type_keys(keys);
        dbus::eventually("it is dismissed", || service.count("dismiss") == at + 4);
        session.type_keys("\x03");
        session.end();
    }
}

#[test]
fn l13_waits_more_than_five_seconds_for_a_person_and_offers_to_retry() {
    let Some(host) = Host::start(Keyring::NoService) else {
        return;
    };
    with_profile(host.path());
    let service = Fake::start(&host.desktop, &locked_with_dialog());
    let mut session = host.screens(&["auth", "set", "--timeout", "1"]);
    session.wait_for("(not shown)");
    session.type_until(&format!("{CANARY}\r"), "waiting for the keyring");
    // Longer than the command's own timeout, and than the keyring's.
    assert!(!session.ends_within(Duration::from_millis(5500)));
    assert_eq!((service.count("prompt"), service.count("dismiss")), (1, 0));
    // Closing the dialog may have been a mistake, so the command asks.
    let dismissing = host
        .desktop
        .command("dbus-send")
        .args([
            "--session",
            "--type=method_call",
            "--dest=org.freedesktop.secrets",
            "/org/freedesktop/secrets/prompt/p1",
        ])
        .arg("org.freedesktop.Secret.Prompt.Dismiss")
        .status()
        .unwrap();
    assert!(dismissing.success());
    session.wait_for("Press Enter to try again");
    session.type_keys("\r");
    dbus::eventually("it is asked again", || service.count("prompt") == 2);
    session.type_keys("\x03");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 130, "{stream}");
    assert!(!stream.contains("canary"), "{stream}");
}

#[test]
fn g07_another_users_bus_is_reported_as_such() {
    let (fake, home) = (api(), home());
    with_profile(home.path());
    for address in [
        "unix:path=/run/user/54321/bus",
        "unix:guid=0,path=/run/user/54321/bus;tcp:host=x",
    ] {
        let mut command = crate::support::services::profiled(&fake, home.path(), GET);
        let outcome = run(command.env("DBUS_SESSION_BUS_ADDRESS", address));
        let said = outcome.is_error("keyring", 1);
        assert!(said.contains("belongs to user 54321"), "{said}");
        assert!(said.contains("DBUS_SESSION_BUS_ADDRESS"), "{said}");
    }
}

#[test]
fn g05_the_keyring_is_probed_once_per_run() {
    let (service, calls, _home) = service(Ok(CANARY), false);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for _ in 0..4 {
        runtime.block_on(service.probe()).unwrap();
    }
    assert_eq!(*calls.lock().unwrap(), ["probe"]);
}

/// A store that returns a given result when read back, and otherwise works.
struct ScriptedStore {
    calls: Arc<Mutex<Vec<&'static str>>>,
    kept: Arc<Mutex<Option<String>>>,
    /// The result of reading after something was stored.
    back: Result<&'static str, StoreError>,
    has_set: bool,
    /// Removed once something was stored, so that no file can be written there any more.
    spoils: Option<std::path::PathBuf>,
}

impl CredentialStore for ScriptedStore {
    fn get(&mut self, _: &str) -> Result<Secret, StoreError> {
        self.calls.lock().unwrap().push("get");
        if self.has_set {
            return self.back.clone().map(|text| Secret::new(text.to_owned()));
        }
        let kept = self.kept.lock().unwrap().clone();
        kept.map(Secret::new).ok_or(StoreError::Missing)
    }

    fn set(&mut self, _: &str, secret: &Secret) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push("set");
        *self.kept.lock().unwrap() = Some(secret.expose().to_owned());
        self.has_set = true;
        if let Some(dir) = self.spoils.take() {
            std::fs::remove_dir_all(dir).unwrap();
        }
        Ok(())
    }

    fn delete(&mut self, _: &str) -> Result<bool, StoreError> {
        self.calls.lock().unwrap().push("delete");
        Ok(self.kept.lock().unwrap().take().is_some())
    }

    fn find(&mut self, _: &str) -> Result<StoredEntries, StoreError> {
        Ok(StoredEntries {
            count: Some(usize::from(self.kept.lock().unwrap().is_some())),
            locked: None,
        })
    }

    fn probe(&mut self, _: &mut bool) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push("probe");
        Ok(())
    }

    fn location(&mut self) -> Location {
        Location::new("a test")
    }
}

type Calls = Arc<Mutex<Vec<&'static str>>>;

fn service(
    back: Result<&'static str, StoreError>,
    is_kept: bool,
) -> (TokenService, Calls, tempfile::TempDir) {
    let home = home();
    let calls = Calls::default();
    let kept = is_kept.then(|| "before".to_owned());
    let store = ScriptedStore {
        calls: Arc::clone(&calls),
        kept: Arc::new(Mutex::new(kept)),
        back,
        has_set: false,
        spoils: None,
    };
    let service = service_over(store, home.path());
    (service, calls, home)
}

fn service_over(store: ScriptedStore, home: &Path) -> TokenService {
    let options = Options {
        base_url: BaseUrl::parse("http://127.0.0.1:9").unwrap(),
        ca_file: None,
        use_system_proxy: false,
        idle_limit: Duration::from_secs(60),
        clock: || chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
    };
    let deadlines = Deadlines {
        timeout: Duration::from_secs(20),
        keyring: Duration::from_secs(5),
        end: None,
    };
    TokenService::new(
        options,
        StoreHandle::start(|_| Box::new(store)),
        Environment::default(),
        Some(Paths::in_one(home)),
        deadlines,
    )
}

fn profile() -> (Profile, Credential) {
    let profile = Profile {
        name: "default".to_owned(),
        kind: CredentialKind::ApiToken,
        scope: Some(Scope::Account(ScopeId::parse(ACCOUNT).unwrap())),
        scope_name: None,
        base_url: BaseUrl::parse("http://127.0.0.1:9").unwrap(),
        command: None,
    };
    let credential = Credential {
        kind: CredentialKind::ApiToken,
        secret: Secret::new(CANARY.to_owned()),
    };
    (profile, credential)
}

#[tokio::test(flavor = "multi_thread")]
async fn l05_a_stored_secret_that_is_not_returned_is_reported_as_lost() {
    let (profile, credential) = profile();
    let (service, _, home) = service(Err(StoreError::Missing), false);
    let failure = service
        .save(&profile, &credential)
        .await
        .unwrap_err()
        .failure;
    assert_eq!(
        failure.summary,
        "The keyring accepted the secret but does not return it."
    );
    assert!(!failure.hint.text.contains("auth set"), "{}", failure.hint);
    assert!(!home.path().join("config.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_a_secret_that_cannot_be_read_back_is_removed() {
    let (profile, credential) = profile();
    for (is_kept, last) in [(false, "delete"), (true, "set")] {
        let (service, calls, home) = service(Err(StoreError::Denied), is_kept);
        let failure = service
            .save(&profile, &credential)
            .await
            .unwrap_err()
            .failure;
        assert!(failure.summary.contains("denied"), "{}", failure.summary);
        assert_eq!(calls.lock().unwrap().last(), Some(&last), "{is_kept}");
        assert!(!home.path().join("config.toml").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g02_a_failed_write_of_the_profile_rolls_the_secret_back() {
    let (profile, credential) = profile();
    for before in [None, Some("before".to_owned())] {
        let home = home();
        let kept = Arc::new(Mutex::new(before.clone()));
        let store = ScriptedStore {
            calls: Calls::default(),
            kept: Arc::clone(&kept),
            back: Ok(CANARY),
            has_set: false,
            spoils: Some(home.path().to_owned()),
        };
        let service = service_over(store, home.path());
        let error = service.save(&profile, &credential).await.unwrap_err();
        assert_contains(&error.failure.summary, "config.toml");
        assert_eq!(*kept.lock().unwrap(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k11_only_the_active_profiles_secret_is_kept_in_memory() {
    let (service, calls, home) = service(Ok(CANARY), true);
    let bound = "base_url = \"http://127.0.0.1:9\"\ncredential = \"api_token\"\n";
    let profiles = format!("[profiles.one]\n{bound}[profiles.two]\n{bound}");
    std::fs::write(home.path().join("config.toml"), profiles).unwrap();
    let token = TokenRef::parse(ID).unwrap();
    for (name, reads) in [("one", 1), ("one", 1), ("two", 2), ("one", 3)] {
        let access = Access {
            identity: Identity {
                source: CredentialSource::Keyring {
                    profile: name.to_owned(),
                },
                kind: CredentialKind::ApiToken,
            },
            scope: Scope::Account(ScopeId::parse(ACCOUNT).unwrap()),
        };
        // Nobody listens there; only the requests to the keyring count.
        let _refused = service.look_up(&access, &token, || {}).await;
        assert_eq!(calls.lock().unwrap().len(), reads, "{name}");
    }
}

#[test]
fn g02_stores_nothing_if_the_configuration_cannot_be_written() {
    let Some(desktop) = unlocked() else { return };
    let fake = api();
    let outer = home();
    // A link into a directory where even root cannot create files.
    let dangling = outer.path().join("dangling");
    std::fs::create_dir(&dangling).unwrap();
    std::os::unix::fs::symlink("/proc/tokenscope/config.toml", dangling.join("config.toml"))
        .unwrap();
    // Another process holds the lock.
    let held = outer.path().join("held");
    std::fs::create_dir(&held).unwrap();
    let lock = std::fs::File::create(held.join("tokenscope.lock")).unwrap();
    lock.lock().unwrap();
    // A file is in place of the directory.
    let file = outer.path().join("file");
    std::fs::write(&file, "").unwrap();
    for dir in [&dangling, &held, &file] {
        let mut command = in_session(&desktop, &fake, dir, SET);
        let set = run_with_input(&mut command, CANARY.as_bytes());
        assert_eq!(set.code, Some(1), "{}: {}", dir.display(), set.stderr);
        assert_eq!(desktop.look_up("default"), None, "{}", dir.display());
        assert!(!set.stderr.contains("in the keyring"), "{}", set.stderr);
    }
    // An unchanged profile needs no lock.
    with_profile(&held);
    bind(&held, &fake);
    let before = std::fs::metadata(held.join("config.toml"))
        .unwrap()
        .modified()
        .unwrap();
    let set = run_with_input(
        &mut in_session(&desktop, &fake, &held, SET),
        CANARY.as_bytes(),
    );
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
    let after = std::fs::metadata(held.join("config.toml"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(before, after);
    std::fs::set_permissions(&held, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn g09_eight_concurrent_runs_store_or_report_a_timeout() {
    let Some(host) = Host::unlocked() else { return };
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let host = &host;
        let running: Vec<_> = (0..8)
            .map(|at| {
                scope.spawn(move || {
                    let set = &["auth", "set", "--stdin", "--account", ACCOUNT];
                    run_with_input(&mut host.command(set), format!("secret-{at}").as_bytes())
                })
            })
            .collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for outcome in &outcomes {
        let is_busy = outcome.stderr.contains("Another program has locked");
        assert!(outcome.code == Some(0) || is_busy, "{}", outcome.stderr);
        assert_lacks(&outcome.stderr, "gave another one back");
    }
    assert!(outcomes.iter().any(|outcome| outcome.code == Some(0)));
    assert_starts(&host.desktop.look_up("default").unwrap(), "secret-");
}

#[test]
fn g04_recoverable_errors_are_retryable_with_a_hint() {
    for provider in [Provider::KeePassXc, Provider::KWallet, Provider::Other] {
        for error in [
            StoreError::Locked(provider),
            StoreError::NothingOpen(provider),
        ] {
            assert!(error.is_retryable() && !error.is_absent());
            let failure = Failure::from(error);
            assert!(failure.summary.ends_with('.') && failure.hint.text.ends_with('.'));
        }
    }
}
