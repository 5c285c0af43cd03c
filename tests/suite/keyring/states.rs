//! The OS keyring in every state: absent, slow, silent, locked, full, duplicated, denied.

#![cfg(target_os = "linux")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokenscope::api::{BaseUrl, Deadlines, Options};
use tokenscope::config::Paths;
use tokenscope::credentials::{
    CredentialStore, Environment, StoreError, StoreHandle, StoredEntries,
};
use tokenscope::domain::credential::{Access, Credential, CredentialKind, Location, Secret};
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::profile::Profile;
use tokenscope::domain::token::TokenRef;
use tokenscope::service::TokenService;

use crate::keyring::Remote;
use crate::support::api::{Fake, Outcome, home, run, run_with_input, shows, tokenscope};
use crate::support::assertions::{assert_below, assert_contains};
use crate::support::binary::BINARY;
use crate::support::keyring::{self as dbus, Keyring, unlocked};
use crate::support::services::{
    Host, Pace, SilentBus, SlowBus, add_to_config, api, bind, profiled, screens_in, with_profile,
};
use crate::support::sessions::{account, in_keyring};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

fn keyring_error(outcome: &Outcome) -> String {
    let words = outcome.is_error("keyring", 1);
    for raw in ["org.freedesktop", "zbus", "D-Bus error", "panicked"] {
        assert!(!words.contains(raw), "{words}");
    }
    assert!(
        words.contains("CLOUDFLARE_API_TOKEN"),
        "says what to do: {words}"
    );
    words
}

/// Asserts that no file under a directory contains the secret, and that all are private to the
/// user.
pub(crate) fn assert_no_secret_in(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        // Temporary files may be renamed meanwhile.
        let Ok(metadata) = std::fs::metadata(&path) else {
            continue;
        };
        let mode = metadata.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is the user's alone", path.display());
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(CANARY), "{}", path.display());
    }
}

#[test]
fn b01_without_a_bus_the_program_works_and_offers_two_alternatives() {
    let fake = api();
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("No OS keyring is reachable");
    shows(
        &mut session,
        "Keep it for this session only, or set CLOUDFLARE_API_TOKEN instead.",
    );
    session.wait_for("Keep for this session only");
    session.type_until(&format!("{CANARY}\r{ACCOUNT}\r"), "Find a token");
    session.type_until(&format!("{ID}\r"), "NEVER EXPIRES");
    assert_no_secret_in(session.home.path());
    session.quit();
    let home = home();
    with_profile(home.path());
    for arguments in [&["get", ID, "-o", "json"][..], &["get", "CI", "-o", "json"]] {
        let outcome = run(&mut profiled(&fake, home.path(), arguments));
        let words = keyring_error(&outcome);
        assert!(words.contains("No OS keyring is reachable"), "{words}");
    }
    let set = run_with_input(
        &mut profiled(&fake, home.path(), &["auth", "set", "--stdin"]),
        CANARY.as_bytes(),
    );
    assert_eq!(set.code, Some(1));
    assert_contains(&set.stderr, "No OS keyring is reachable");
    set.assert_hides_secret();
}

#[test]
fn b01_auth_status_reports_an_unreachable_keyring_and_prints_the_rest() {
    let (fake, silent, home) = (api(), SilentBus::start(), home());
    with_profile(home.path());
    for (bus, why) in [
        ("unix:path=/nonexistent", "No OS keyring is reachable"),
        (silent.address().as_str(), "did not answer within 1 s"),
    ] {
        for form in ["table", "json"] {
            let line = ["auth", "status", "-o", form, "--timeout", "1"];
            let mut command = profiled(&fake, home.path(), &line);
            let outcome = run(command.env("DBUS_SESSION_BUS_ADDRESS", bus));
            assert_eq!(outcome.code, Some(1), "{bus}");
            let said: Vec<&str> = outcome.stderr.lines().collect();
            assert!(
                said[0].starts_with("error: ") && said[0].contains(why),
                "{said:?}"
            );
            assert!(said[1].starts_with("hint: ") && said.len() == 2, "{said:?}");
            assert!(outcome.stdout.contains("keyring"), "{}", outcome.stdout);
            if form == "json" {
                let report = outcome.json();
                assert_eq!(report["source"], "keyring");
                assert!(report["stored"].is_null() && report["store"].is_null());
                assert!(report["error"].is_null());
            }
        }
    }
}

#[test]
fn b01_with_a_credential_in_the_environment_the_keyring_is_not_used() {
    let (fake, bus, home) = (api(), SilentBus::start(), home());
    with_profile(home.path());
    for arguments in [
        &["get", ID][..],
        &["auth", "status"],
        &["--version"],
        &["--help"],
    ] {
        let mut command = fake.command(arguments);
        command
            .env("TOKENSCOPE_HOME", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", bus.address());
        let outcome = run(&mut command);
        assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.stderr);
    }
    assert_eq!(bus.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn b02_a_silent_keyring_blocks_nothing() {
    let (fake, bus, home) = (api(), SilentBus::start(), home());
    with_profile(home.path());
    let outcome = run(profiled(
        &fake,
        home.path(),
        &["get", ID, "-o", "json", "--timeout", "1"],
    )
    .env("DBUS_SESSION_BUS_ADDRESS", bus.address()));
    let words = keyring_error(&outcome);
    assert!(words.contains("did not answer within 1 s"), "{words}");
    assert!(words.contains("unlock prompt"), "{words}");
    assert!(outcome.took < Duration::from_secs(4), "{:?}", outcome.took);
    let mut session = fake
        .binary(&[ID])
        .home(home.path())
        .env("DBUS_SESSION_BUS_ADDRESS", &bus.address())
        .on_terminal();
    session.wait_for("waiting for the OS keyring");
    session.type_until("\x1b", "Cancelled");
    session.type_until("r", "Looking up");
    session.type_keys("q");
    let asked = Instant::now();
    assert_eq!(session.end().0.exit_code(), 0);
    assert_below(asked.elapsed(), Duration::from_secs(1));
    assert!(fake.heads().is_empty());
}

#[test]
fn b02_setup_continues_without_a_silent_keyring() {
    let (fake, bus) = (api(), SilentBus::start());
    let address = bus.address();
    let mut session = fake.screens_with(&[], &[("DBUS_SESSION_BUS_ADDRESS", &address)]);
    session.wait_for("Waiting for the OS keyring (an unlock prompt may be on the desktop)");
    session.wait_for("Keep for this session only");
    session.type_until(&format!("{CANARY}\r{ACCOUNT}\r"), "Saving");
    session.type_until("\x1b", "Cancelled");
    session.type_until("\t\t\r", "Find a token");
    session.type_until(&format!("{ID}\r"), "NEVER EXPIRES");
    assert_no_secret_in(session.home.path());
    session.quit();
}

#[test]
fn b02_screens_wait_for_a_slow_keyring_and_commands_give_up() {
    let Some(host) = Host::profiled() else { return };
    bind(host.path(), &host.fake);
    host.desktop
        .store_directly("default", "slow", CANARY.as_bytes());
    let slow = SlowBus::before(&host.desktop, Pace::Each(Duration::from_millis(800)));
    let mut session = host
        .fake
        .binary(&[ID])
        .home(host.path())
        .env("DBUS_SESSION_BUS_ADDRESS", &slow.address())
        .on_terminal();
    session.wait_for("waiting for the OS keyring");
    session.wait_for("NEVER EXPIRES");
    session.quit();
    let outcome = run(profiled(
        &host.fake,
        host.path(),
        &["get", ID, "-o", "json", "--timeout", "1"],
    )
    .env("DBUS_SESSION_BUS_ADDRESS", slow.address()));
    keyring_error(&outcome);
    assert!(outcome.took < Duration::from_secs(4), "{:?}", outcome.took);
}

#[test]
fn b02_only_screens_and_terminals_wait_longer_than_five_seconds() {
    let Some(host) = Host::profiled() else { return };
    host.desktop
        .store_directly("default", "slow", CANARY.as_bytes());
    let slow = SlowBus::before(&host.desktop, Pace::NotBefore(Duration::from_millis(5500)));
    let address = slow.address();
    let mut command = host.command(&["get", ID, "-o", "json"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", &address);
    let command = std::thread::spawn(move || run(&mut command));
    let mut session = host.fake.screens_with(
        &[ID],
        &[
            ("DBUS_SESSION_BUS_ADDRESS", &address),
            ("TOKENSCOPE_HOME", host.path().to_str().unwrap()),
        ],
    );
    session.wait_for("waiting for the OS keyring");
    session.type_until("?", "Esc close");
    session.type_until("?", "NEVER EXPIRES");
    session.quit();
    // A command without a terminal gives up after five seconds and says why.
    let outcome = command.join().unwrap();
    let words = keyring_error(&outcome);
    assert!(words.contains("did not answer within 5 s"), "{words}");
    assert!(outcome.took < Duration::from_secs(8), "{:?}", outcome.took);
}

#[test]
fn b02_a_service_restarted_between_two_reads_is_found_again() {
    let Some(host) = Host::profiled() else { return };
    let more = "\n[profiles.other]\ncredential = \"api_token\"\n";
    add_to_config(host.path(), &format!("{more}account = \"{ACCOUNT}\"\n"));
    for profile in ["default", "other"] {
        host.desktop
            .store_directly(profile, "by hand", CANARY.as_bytes());
    }
    let get = &["get", ID, "-o", "json"];
    let mut session = host.screens(&[ID]).showing("NEVER EXPIRES");
    for _ in 0..2 {
        assert_eq!(host.run(get).code, Some(0));
        host.desktop.restart_keyring();
    }
    // The screens read through their existing connection.
    session.type_until("p", "Secret Service, login collection");
    session.type_until("j\r", "Now using the profile other");
    session.type_keys(&format!("{ID}\r"));
    // The status appears among the recent tokens too.
    session.wait_for("Duration       forever");
    session.quit();
}

#[test]
fn b02_an_unlocked_keyring_is_read_on_the_next_request() {
    let Some(host) = Host::profiled() else { return };
    host.store();
    host.desktop.lock_keyring();
    let mut session = host.screens(&[ID]).showing("The keyring is locked");
    assert!(host.fake.heads().is_empty());
    host.desktop.restart_keyring();
    session.type_until("r", "NEVER EXPIRES");
    session.quit();
}

#[test]
fn b02_a_locked_keyring_has_a_hint_on_screen_and_in_commands() {
    let Some(host) = Host::profiled() else { return };
    let set = host.run_with_secret(&["auth", "set", "--stdin"]);
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    host.desktop.lock_keyring();
    let get = &["get", ID, "-o", "json"];
    let words = keyring_error(&host.run(get));
    assert_contains(&words, "locked");
    assert_contains(&words, "Unlock it");
    let status = &["auth", "status", "-o", "json"];
    let status = host.run(status);
    assert_eq!(status.json()["stored"], true, "seen without unlocking it");
    let mut session = host.screens(&[ID]).showing("The keyring is locked");
    session.type_until("a", "Re-enter the credential");
    session.wait_for("[ Try the keyring again ]");
    session.type_until(&format!("{CANARY}\r"), "NEVER EXPIRES");
    session.quit();
    assert_no_secret_in(host.path());
}

#[test]
fn b04_a_secret_that_cannot_be_stored_stays_in_the_form() {
    let Some(host) = Host::start(Keyring::NeverUnlocked) else {
        return;
    };
    let mut session = host.screens(&[]);
    // The store is probed before anything is typed.
    session.wait_for("has no collection to store secrets in");
    session.type_until(
        &format!("{CANARY}\r{ACCOUNT}\t\t\r"),
        "› [ Keep for this session only ]",
    );
    session.wait_for("•••");
    session.wait_for(ACCOUNT);
    session.type_until("\r", "Find a token");
    session.type_until(&format!("{ID}\r"), "NEVER EXPIRES");
    assert_no_secret_in(host.path());
    session.quit();
    let set = &["auth", "set", "--stdin", "--account", ACCOUNT];
    let set = host.run_with_secret(set);
    assert_eq!(set.code, Some(1));
    assert!(set.stderr.contains("no collection"), "{}", set.stderr);
    assert!(
        !host.path().join("config.toml").exists(),
        "no profile without its secret"
    );
}

#[test]
fn b06_no_file_contains_a_secret_and_every_file_is_private() {
    let Some(desktop) = unlocked() else { return };
    let (fake, outer) = (api(), home());
    let home = outer.path().join("made").join("by it");
    // The widest umask, and the most verbose log.
    let mut command = desktop.command("/bin/sh");
    command
        .args(["-c", "umask 000; exec \"$@\"", "sh"])
        .arg(BINARY)
        .args([
            "--log",
            "trace",
            "auth",
            "set",
            "--stdin",
            "--account",
            ACCOUNT,
        ])
        .env("TOKENSCOPE_HOME", &home)
        .env("CLOUDFLARE_BASE_URL", fake.url());
    let set = run_with_input(&mut command, CANARY.as_bytes());
    assert_eq!(set.code, Some(0), "{}", set.stderr);
    let mut session = screens_in(&desktop, &fake, &home, &["--log", "trace", ID]);
    session.wait_for("NEVER EXPIRES");
    dbus::eventually("the look-up is remembered", || {
        home.join("state.json").exists()
    });
    session.quit();
    assert_no_secret_in(&home);
    let mode = std::fs::metadata(&home).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn b08_a_missing_stored_secret_leads_to_the_filled_form() {
    let Some(host) = Host::profiled() else { return };
    let mut session = host.screens(&[ID]).showing("Re-enter the credential");
    shows(
        &mut session,
        "The keyring holds no secret for this profile.",
    );
    session.wait_for(ACCOUNT);
    session.wait_for("default");
    session.type_until(&format!("{CANARY}\r"), "NEVER EXPIRES");
    session.quit();
    assert_eq!(host.desktop.look_up("default").as_deref(), Some(CANARY));
    let cleared = host.run(&["auth", "clear"]);
    assert_eq!(cleared.code, Some(0));
    let get = &["get", ID, "-o", "json"];
    let outcome = host.run(get);
    let words = outcome.is_error("no_credential", 1);
    assert!(words.contains("auth set"), "{words}");
}

#[test]
fn b09_an_unavailable_store_is_a_state_of_its_own() {
    let Some(host) = Host::start(Keyring::NoService) else {
        return;
    };
    with_profile(host.path());
    let get = &["get", ID, "-o", "json"];
    let words = keyring_error(&host.run(get));
    assert!(words.contains("No keyring service is running"), "{words}");
    let mut session = host.screens(&[ID]).showing("No keyring service is running");
    session.type_until("a", "Keep for this session only");
    session.interrupt();
}

/// A store that records its calls and returns given results.
struct CountingStore {
    calls: Arc<Mutex<Vec<&'static str>>>,
    get: Result<(), StoreError>,
    set: Result<(), StoreError>,
}

impl CredentialStore for CountingStore {
    fn get(&mut self, _: &str) -> Result<Secret, StoreError> {
        self.calls.lock().unwrap().push("get");
        self.get.clone().map(|()| Secret::new(CANARY.to_owned()))
    }

    fn set(&mut self, _: &str, secret: &Secret) -> Result<(), StoreError> {
        self.calls.lock().unwrap().push("set");
        tokenscope::credentials::check_windows_length(secret)?;
        self.set.clone()
    }

    fn delete(&mut self, _: &str) -> Result<bool, StoreError> {
        self.set.clone().map(|()| true)
    }

    fn find(&mut self, _: &str) -> Result<StoredEntries, StoreError> {
        Ok(StoredEntries {
            count: Some(1),
            locked: None,
        })
    }

    fn probe(&mut self, _: &mut bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn location(&mut self) -> Location {
        Location::new("a test")
    }
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// A service over a counting store, and its recorded calls.
fn service(
    fake: &Fake,
    home: &Path,
    get: Result<(), StoreError>,
    set: Result<(), StoreError>,
) -> (TokenService, Arc<Mutex<Vec<&'static str>>>) {
    let calls = Arc::default();
    let store = CountingStore {
        calls: Arc::clone(&calls),
        get,
        set,
    };
    let options = Options {
        base_url: BaseUrl::parse(&fake.url()).unwrap(),
        ca_file: None,
        use_system_proxy: false,
        idle_limit: Duration::from_secs(60),
        clock: noon,
    };
    with_profile(home);
    bind(home, fake);
    let deadlines = Deadlines {
        timeout: Duration::from_secs(20),
        keyring: Duration::from_secs(5),
        end: None,
    };
    let service = TokenService::new(
        options,
        StoreHandle::start(|_| Box::new(store)),
        Environment::default(),
        Some(Paths::in_one(home)),
        deadlines,
    );
    (service, calls)
}

/// A service over a store whose every call fails with this error.
pub(crate) fn failing(home: &Path, error: &StoreError) -> TokenService {
    let fake = Fake::with_result("[]");
    service(&fake, home, Err(error.clone()), Err(error.clone())).0
}

fn access() -> Access {
    Access {
        identity: in_keyring("default"),
        scope: account(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_removing_a_profile_without_a_keyring_says_where_its_secret_may_be() {
    let home = home();
    let service = failing(home.path(), &StoreError::NoService);
    let removed = service.remove_profile("default").await.unwrap();
    let unreached = removed.unreached.unwrap();
    assert_contains(&unreached.hint.text, "auth clear --profile default");
    assert!(unreached.hint_on_screen.is_none(), "nothing is to be kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_twenty_reloads_read_the_secret_once() {
    let (fake, home) = (api(), home());
    let (service, calls) = service(&fake, home.path(), Ok(()), Ok(()));
    for _ in 0..20 {
        for token in [ID, "CI"] {
            let token = TokenRef::parse(token).unwrap();
            let found = service.look_up(&access(), &token, || {}).await;
            assert_eq!(found.unwrap().value.len(), 1);
        }
    }
    service.stored("default").await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["get"]);
}

#[test]
fn b11_no_keyring_thread_stays_awake_after_reading() {
    let Some(host) = Host::profiled() else { return };
    host.store();
    let session = host.screens(&[ID]).showing("NEVER EXPIRES");
    let tasks = format!("/proc/{}/task", session.foreground().as_raw_nonzero());
    dbus::eventually("what waits on behalf of others has ended", || {
        std::fs::read_dir(&tasks).unwrap().all(|task| {
            let name = task.unwrap().path().join("comm");
            let name = std::fs::read_to_string(name).unwrap_or_default();
            !name.starts_with("blocking-")
        })
    });
    session.quit();
}

#[test]
fn b11_commands_without_a_credential_do_not_read_the_keyring() {
    let (bus, home) = (SilentBus::start(), home());
    with_profile(home.path());
    for arguments in [
        &["--version"][..],
        &["--help"],
        &["get", "--help"],
        &["nonsense"],
    ] {
        let outcome = run(tokenscope(arguments)
            .env("TOKENSCOPE_HOME", home.path())
            .env("DBUS_SESSION_BUS_ADDRESS", bus.address()));
        assert!(outcome.took < Duration::from_secs(4), "{arguments:?}");
    }
    assert_eq!(bus.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_a_secret_too_long_for_the_store_is_refused_with_its_length() {
    let (fake, home) = (api(), home());
    for (length, fits) in [(1279, true), (1280, true), (1281, false)] {
        let (service, _) = service(&fake, home.path(), Ok(()), Ok(()));
        let profile = Profile {
            name: "default".to_owned(),
            kind: CredentialKind::ApiToken,
            scope: Some(account()),
            scope_name: None,
            base_url: BaseUrl::default(),
            command: None,
        };
        let credential = Credential {
            kind: CredentialKind::ApiToken,
            secret: Secret::new("x".repeat(length)),
        };
        let before = config_of(home.path());
        let failure = service
            .save(&profile, &credential)
            .await
            .unwrap_err()
            .failure;
        // A secret that fits is stored; the fake store then returns another one.
        let is_too_long = failure.summary.contains("2562") && failure.summary.contains("2560");
        assert_eq!(is_too_long, !fits, "{length}: {}", failure.summary);
        assert_eq!(config_of(home.path()), before);
    }
}

fn config_of(home: &Path) -> String {
    std::fs::read_to_string(home.join("config.toml")).unwrap()
}

#[test]
fn b13_duplicates_are_counted_and_saving_leaves_one() {
    let Some(host) = Host::profiled() else { return };
    host.desktop.store_directly("default", "one", b"first");
    host.desktop.store_directly("default", "two", b"second");
    let get = &["get", ID, "-o", "json"];
    let words = host.run(get).is_error("keyring", 1);
    assert_contains(&words, "2 entries");
    assert_contains(&words, "auth clear --profile default`");
    assert!(host.fake.heads().is_empty(), "none was picked at random");
    let mut session = host.screens(&[ID]).showing("2 entries");
    session.wait_for("Re-enter the credential: saving it removes the others.");
    session.wait_for("a re-enter");
    session.quit();
    for _ in 0..2 {
        let set = host.run_with_secret(&["auth", "set", "--stdin"]);
        assert_eq!(set.code, Some(0), "{}", set.stderr);
    }
    assert_eq!(host.run(get).code, Some(0));
    assert_eq!(host.desktop.look_up("default").as_deref(), Some(CANARY));
}

#[test]
fn b13_an_item_that_is_not_a_credential_is_refused_without_showing_it() {
    let Some(host) = Host::profiled() else { return };
    for (stored, said) in [
        ("tok canary0123456789", "not a valid credential"),
        ("\n", "not a valid credential"),
    ] {
        host.desktop
            .store_directly("default", "one", stored.as_bytes());
        let get = &["get", ID, "-o", "json"];
        let outcome = host.run(get);
        let words = outcome.is_error("keyring", 1);
        assert!(words.contains(said), "{words}");
    }
    assert!(host.fake.heads().is_empty());
}

#[test]
fn b13_an_item_that_is_not_text_is_refused_without_showing_it() {
    let Some(host) = Host::profiled() else { return };
    assert_eq!(
        Remote::start(&host.desktop).ask("set-bytes default"),
        "Ok(())",
        "an item that is not UTF-8 is stored"
    );
    let get = &["get", ID, "-o", "json"];
    let words = host.run(get).is_error("keyring", 1);
    assert!(words.contains("not text"), "{words}");
    assert!(words.contains("auth"), "says what to do: {words}");
    let session = host.screens(&[ID]).showing("not text");
    let stream = session.quit();
    assert!(!stream.contains('\u{FFFD}'), "nothing of it is shown");
    assert!(host.fake.heads().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn b16_a_denied_keyring_is_asked_once_and_again_only_on_reload() {
    let (fake, home) = (api(), home());
    let (service, calls) = service(&fake, home.path(), Err(StoreError::Denied), Ok(()));
    let token = TokenRef::parse(ID).unwrap();
    let failure = service.look_up(&access(), &token, || {}).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Keyring);
    assert!(failure.summary.contains("denied"), "{}", failure.summary);
    let hint = failure.on_screen().hint.text;
    assert!(hint.contains("this session only"), "{hint}");
    assert_eq!(calls.lock().unwrap().len(), 1, "no loop of prompts");
    let _again = service.look_up(&access(), &token, || {}).await.unwrap_err();
    assert_eq!(calls.lock().unwrap().len(), 2);
    assert!(fake.heads().is_empty());
}

/// A store that accepts every secret, but fails the first removal.
struct RetainingStore {
    written: Arc<AtomicUsize>,
    removals: usize,
}

impl CredentialStore for RetainingStore {
    fn get(&mut self, _: &str) -> Result<Secret, StoreError> {
        Err(StoreError::Missing)
    }

    fn set(&mut self, _: &str, _: &Secret) -> Result<(), StoreError> {
        self.written.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn delete(&mut self, _: &str) -> Result<bool, StoreError> {
        self.removals += 1;
        if self.removals == 1 {
            return Err(StoreError::Remaining(1));
        }
        Ok(true)
    }

    fn find(&mut self, _: &str) -> Result<StoredEntries, StoreError> {
        Ok(StoredEntries {
            count: Some(0),
            locked: None,
        })
    }

    fn location(&mut self) -> Location {
        Location::new("a test")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_writes_its_entry_at_most_once_per_run() {
    let written = Arc::new(AtomicUsize::new(0));
    let store = RetainingStore {
        written: Arc::clone(&written),
        removals: 0,
    };
    let store = StoreHandle::start(|_| Box::new(store));
    assert_eq!(store.probe().await, Err(StoreError::Remaining(1)));
    for _ in 0..3 {
        assert_eq!(store.probe().await, Ok(()));
    }
    assert_eq!(written.load(Ordering::SeqCst), 1);
}
