//! Credentials and scope from the environment, the in-memory store, and the store thread.

mod binding;
mod command;
mod hints;
mod leaks;
mod pasted;
mod selection;
mod token_file;
pub(crate) mod values;

use std::ffi::OsString;
use std::sync::mpsc;
use std::time::Duration;

use tokenscope::credentials::{
    CredentialStore, Environment, MemoryStore, Provider, StoreError, StoreHandle, StoredEntries,
    check_windows_length,
};
use tokenscope::domain::credential::{CredentialKind, InvalidSecret, Location, Secret};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::scope::ScopeKind;

use crate::support::assertions::assert_contains;
use crate::support::tokens::{ACCOUNT, ZONE};

const AGES: Duration = Duration::from_secs(20);

fn environment(pairs: &[(&str, &str)]) -> Environment {
    crate::support::sessions::environment(pairs.iter().copied())
}

/// The secret, the variable, and the email address if the kind has one.
fn credential(pairs: &[(&str, &str)]) -> Option<(String, &'static str, Option<String>)> {
    let (found, variable) = environment(pairs).credential().unwrap()?;
    Some((
        found.secret.expose().to_owned(),
        variable,
        found.kind.email().map(str::to_owned),
    ))
}

#[test]
fn a_token_wins_over_a_key_and_a_new_name_over_an_old_one() {
    let token = |value: &str, variable| Some((value.to_owned(), variable, None));
    let all = [
        ("CLOUDFLARE_API_TOKEN", "new"),
        ("CF_API_TOKEN", "old"),
        ("CLOUDFLARE_API_KEY", "key"),
        ("CLOUDFLARE_EMAIL", "a@b.c"),
    ];
    assert_eq!(credential(&all), token("new", "CLOUDFLARE_API_TOKEN"));
    assert_eq!(credential(&all[1..]), token("old", "CF_API_TOKEN"));
    let key = |variable| Some(("key".to_owned(), variable, Some("a@b.c".to_owned())));
    assert_eq!(credential(&all[2..]), key("CLOUDFLARE_API_KEY"));
    for email in ["CF_API_EMAIL", "CF_EMAIL", "CLOUDFLARE_EMAIL"] {
        assert_eq!(
            credential(&[("CF_API_KEY", "key"), (email, "a@b.c")]),
            key("CF_API_KEY"),
            "{email}"
        );
    }
    assert_eq!(credential(&[]), None);
    // An address alone is not a credential.
    assert_eq!(credential(&all[3..]), None);
}

#[test]
fn a_blank_variable_is_unset() {
    let pairs = [
        ("CLOUDFLARE_API_TOKEN", " \n"),
        ("CF_API_TOKEN", "old"),
        ("CLOUDFLARE_ACCOUNT_ID", ""),
        ("CF_ACCOUNT_ID", ACCOUNT),
        ("NO_COLOR", ""),
    ];
    let environment = environment(&pairs);
    assert_eq!(environment.credential().unwrap().unwrap().1, "CF_API_TOKEN");
    assert_eq!(environment.scope().unwrap().unwrap().1, "CF_ACCOUNT_ID");
    assert_eq!(environment.get("NO_COLOR"), None);
}

#[test]
fn a01_a_line_break_after_a_token_is_removed() {
    let found = credential(&[("CLOUDFLARE_API_TOKEN", "\u{FEFF}tok_abc\r\n")]);
    assert_eq!(found.unwrap().0, "tok_abc");
}

#[test]
fn a01_a_line_break_inside_a_token_is_refused_without_showing_it() {
    let failure = environment(&[("CLOUDFLARE_API_TOKEN", "tok\nabc")])
        .credential()
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoCredential);
    assert!(failure.summary.contains("CLOUDFLARE_API_TOKEN"));
    let shown = format!("{failure:?}");
    assert!(!shown.contains("tok") && !shown.contains("abc"), "{shown}");
}

#[test]
fn a_key_without_an_email_is_an_error_unless_a_token_is_set() {
    let failure = environment(&[("CLOUDFLARE_API_KEY", "key")])
        .credential()
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::NoCredential);
    assert_contains(&failure.summary, "CLOUDFLARE_API_KEY");
    assert_contains(&failure.hint.text, "CLOUDFLARE_EMAIL");
    let pairs = [("CLOUDFLARE_API_KEY", "key"), ("CF_API_TOKEN", "tok")];
    let found = environment(&pairs).credential().unwrap().unwrap();
    assert_eq!(found.0.kind, CredentialKind::ApiToken);
}

#[test]
fn an_invalid_email_is_refused() {
    let pairs = [("CLOUDFLARE_API_KEY", "key"), ("CF_EMAIL", "nobody")];
    let failure = environment(&pairs).credential().unwrap_err();
    assert!(failure.summary.contains("CF_EMAIL"), "{failure:?}");
}

#[test]
fn the_scope_is_an_account_or_a_zone_and_never_both() {
    let scope = |pairs| environment(pairs).scope();
    let (account, variable) = scope(&[("CF_ACCOUNT_ID", ACCOUNT)]).unwrap().unwrap();
    assert_eq!(
        (account.kind(), account.id()),
        (ScopeKind::Account, ACCOUNT)
    );
    assert_eq!(variable, "CF_ACCOUNT_ID");
    let (zone, variable) = scope(&[("CLOUDFLARE_ZONE_ID", ZONE)]).unwrap().unwrap();
    assert_eq!((zone.kind(), zone.id()), (ScopeKind::Zone, ZONE));
    assert_eq!(variable, "CLOUDFLARE_ZONE_ID");
    assert_eq!(scope(&[]).unwrap(), None);
    let both = [("CF_ACCOUNT_ID", ACCOUNT), ("CLOUDFLARE_ZONE_ID", ZONE)];
    let failure = scope(&both).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert!(failure.summary.contains("CF_ACCOUNT_ID"), "{failure:?}");
    assert_contains(&failure.summary, "CLOUDFLARE_ZONE_ID");
    // The screens use the account instead.
    let account = environment(&both).scope_of(ScopeKind::Account).unwrap();
    assert_eq!(account.unwrap().0.id(), ACCOUNT);
}

#[test]
fn a_malformed_scope_names_its_variable_and_not_its_value() {
    let failure = environment(&[("CLOUDFLARE_ACCOUNT_ID", "tok_in_the_wrong_place")])
        .scope()
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert_contains(&failure.summary, "CLOUDFLARE_ACCOUNT_ID");
    assert!(!format!("{failure:?}").contains("tok_in"), "{failure:?}");
}

#[test]
fn the_base_url_has_two_names() {
    let pairs = [
        ("CLOUDFLARE_BASE_URL", "https://one.example "),
        ("CLOUDFLARE_API_BASE_URL", "https://two.example"),
    ];
    assert_eq!(
        environment(&pairs).base_url().unwrap(),
        Some(("https://one.example", "CLOUDFLARE_BASE_URL"))
    );
    assert_eq!(
        environment(&pairs[1..]).base_url().unwrap(),
        Some(("https://two.example", "CLOUDFLARE_API_BASE_URL"))
    );
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_text_is_an_error_where_it_is_used() {
    use std::os::unix::ffi::OsStringExt;

    let bytes = || OsString::from_vec(vec![b'/', 0xFF]);
    let failure = crate::support::sessions::environment([("CLOUDFLARE_API_TOKEN", bytes())])
        .credential()
        .unwrap_err();
    assert!(failure.summary.contains("CLOUDFLARE_API_TOKEN"));
    let failure = crate::support::sessions::environment([("CLOUDFLARE_ZONE_ID", bytes())])
        .scope()
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    let environment = crate::support::sessions::environment([
        ("CLOUDFLARE_BASE_URL", bytes()),
        ("TOKENSCOPE_LOG", bytes()),
    ]);
    let failure = environment.base_url().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert!(failure.summary.contains("CLOUDFLARE_BASE_URL"));
    assert!(environment.log().unwrap_err().summary.contains("_LOG"));
    let environment = crate::support::sessions::environment([("TOKENSCOPE_HOME", bytes())]);
    assert_eq!(environment.get("TOKENSCOPE_HOME"), None);
    let home = environment.path("TOKENSCOPE_HOME").unwrap();
    assert_eq!(home.into_os_string(), bytes());
}

#[test]
fn debug_of_the_environment_shows_no_value() {
    let pairs = [
        ("CLOUDFLARE_API_TOKEN", "tok_abc"),
        ("CF_API_KEY", "key_abc"),
        ("CLOUDFLARE_BASE_URL", "https://user:pass@host"),
    ];
    let shown = format!("{:?}", environment(&pairs));
    assert!(shown.contains("CF_API_KEY"), "{shown}");
    assert!(!shown.contains("abc") && !shown.contains("pass"), "{shown}");
    // Nor does it return a secret as plain text.
    assert_eq!(environment(&pairs).get("CLOUDFLARE_API_TOKEN"), None);
}

#[test]
fn memory_store_keeps_one_secret_per_profile() {
    let mut store = MemoryStore::default();
    store.set("one", &Secret::new("first".to_owned())).unwrap();
    assert_eq!(store.get("one").unwrap().expose(), "first");
    assert_eq!(store.get("two").unwrap_err(), StoreError::Missing);
    store.set("two", &Secret::new("second".to_owned())).unwrap();
    assert_eq!(store.delete("one"), Ok(true));
    assert_eq!(store.delete("one"), Ok(false));
    assert_eq!(store.find("two").unwrap().count, Some(1));
    assert!(!format!("{store:?}").contains("second"));
}

#[test]
fn b12_windows_counts_a_secret_in_utf16() {
    let check = |text: String| check_windows_length(&Secret::new(text));
    assert_eq!(check("x".repeat(1279)), Ok(()));
    assert_eq!(check("x".repeat(1280)), Ok(()));
    let too_long = |bytes| Err(StoreError::TooLong { bytes, limit: 2560 });
    assert_eq!(check("x".repeat(1281)), too_long(2562));
    assert_eq!(check("😀".repeat(640)), Ok(()));
    assert_eq!(check("😀".repeat(641)), too_long(2564));
}

#[test]
fn every_store_error_says_what_happened_and_what_to_do() {
    let errors = [
        StoreError::NoService,
        StoreError::NoBus,
        StoreError::NoCollection,
        StoreError::Locked(Provider::Gnome),
        StoreError::Denied,
        StoreError::Missing,
        StoreError::Ambiguous(2),
        StoreError::Unanswered(Duration::from_millis(4_500)),
        StoreError::NotText,
        StoreError::Unusable(InvalidSecret::Empty),
        StoreError::TooLong {
            bytes: 2562,
            limit: 2560,
        },
        StoreError::Other("words".to_owned()),
    ];
    let mut summaries = Vec::new();
    for error in errors {
        let failure = Failure::from(error.clone());
        assert!(failure.summary.ends_with('.'), "{failure:?}");
        assert!(failure.hint.text.ends_with('.'), "{failure:?}");
        summaries.push(failure.summary);
    }
    assert!(summaries.contains(&"The keyring did not answer within 5 s.".to_owned()));
    assert!(
        summaries
            .iter()
            .any(|summary| summary.contains("2 entries"))
    );
    summaries.sort();
    summaries.dedup();
    assert_eq!(summaries.len(), 12);
}

#[test]
fn suggested_commands_name_the_profile() {
    for error in [
        StoreError::Missing,
        StoreError::Ambiguous(2),
        StoreError::NotText,
        StoreError::Unusable(InvalidSecret::Empty),
    ] {
        let plain = Failure::from(error.clone());
        assert!(!plain.hint.text.contains('`'), "{plain:?}");
        let failure = error.for_profile("work");
        assert_eq!(
            (failure.kind, &failure.summary),
            (plain.kind, &plain.summary)
        );
        assert!(failure.hint.text.contains("--profile work`"), "{failure:?}");
        let hint = failure.on_screen().hint.text;
        assert!(
            !hint.contains('`') && hint.ends_with("save it.") || hint.contains("saving it"),
            "{hint}"
        );
    }
    assert_eq!(
        StoreError::Locked(Provider::Gnome).for_profile("work"),
        StoreError::Locked(Provider::Gnome).into()
    );
}

/// A store that reports each call and then waits for the test.
struct Held {
    inner: MemoryStore,
    began: mpsc::Sender<&'static str>,
    go_on: mpsc::Receiver<()>,
}

impl Held {
    fn hold(&self, call: &'static str) {
        self.began.send(call).unwrap();
        self.go_on.recv().unwrap();
    }
}

impl CredentialStore for Held {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        self.hold("get");
        self.inner.get(profile)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        self.hold("set");
        self.inner.set(profile, secret)
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        self.hold("delete");
        self.inner.delete(profile)
    }

    fn find(&mut self, profile: &str) -> Result<StoredEntries, StoreError> {
        self.hold("find");
        self.inner.find(profile)
    }

    fn probe(&mut self, was_written: &mut bool) -> Result<(), StoreError> {
        self.hold("probe");
        self.inner.probe(was_written)
    }

    fn location(&mut self) -> Location {
        self.inner.location()
    }
}

#[tokio::test]
async fn b02_a_silent_store_costs_only_the_timeout_and_does_nothing_late() {
    let (began, calls) = mpsc::channel();
    let (go_on, held) = mpsc::channel();
    let handle = StoreHandle::start(move |_| {
        Box::new(Held {
            inner: MemoryStore::default(),
            began,
            go_on: held,
        })
    });
    let short = Duration::from_millis(20);
    let unanswered = StoreError::Unanswered(short);
    let error = handle
        .within(short, handle.get("default"))
        .await
        .unwrap_err();
    assert_eq!(error, unanswered);
    assert_eq!(calls.recv_timeout(AGES).unwrap(), "get");
    // The thread still waits in `get`, so these are only queued and then given up.
    let secret = Secret::new("late".to_owned());
    let setting = handle.within(short, handle.set("default", &secret, None));
    assert_eq!(setting.await.err(), Some(unanswered.clone()));
    let deleting = handle.within(short, handle.delete("default"));
    assert_eq!(deleting.await, Err(unanswered));
    go_on.send(()).unwrap();
    go_on.send(()).unwrap();
    // The next call to reach the store is this one.
    assert_eq!(handle.find("default").await.unwrap().count, Some(0));
    assert_eq!(calls.recv_timeout(AGES).unwrap(), "find");
    assert!(calls.try_recv().is_err());
}

#[tokio::test]
async fn a_handle_forwards_to_its_store() {
    let handle = StoreHandle::start(|_| Box::new(MemoryStore::default()));
    let other = handle.clone();
    let secret = Secret::new("tok".to_owned());
    handle.set("default", &secret, None).await.unwrap().keep();
    assert_eq!(other.get("default").await.unwrap(), secret);
    assert_eq!(other.probe().await, Ok(()));
    assert_eq!(other.delete("default").await, Ok(true));
    assert_eq!(handle.get("default").await, Err(StoreError::Missing));
    assert_eq!(handle.location().await.unwrap(), Location::new("memory"));
}

#[tokio::test]
async fn a_panicking_store_is_an_error_and_not_a_hang() {
    let handle = StoreHandle::start(|_| {
        let (began, _) = mpsc::channel();
        let (_, go_on) = mpsc::channel();
        Box::new(Held {
            inner: MemoryStore::default(),
            began,
            go_on,
        })
    });
    for _ in 0..2 {
        let error = handle.get("default").await.unwrap_err();
        assert!(matches!(error, StoreError::Other(_)), "{error:?}");
    }
}
