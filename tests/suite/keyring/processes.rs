//! One process stores a secret in a real keyring, another uses it, and a third removes it.

#![cfg(all(unix, not(target_os = "macos")))]

use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::binary::{BINARY, piped};
use crate::support::keyring::{Keyring, Session};
use crate::support::tokens::{ACCOUNT, CANARY, ID};

struct Fixture {
    session: Session,
    home: TempDir,
    server: MockServer,
}

impl Fixture {
    async fn open() -> Option<Self> {
        let session = Session::start(Keyring::Unlocked)?;
        let server = MockServer::start().await;
        let tokens = format!("/accounts/{ACCOUNT}/access/service_tokens");
        let token = format!(r#"{{"id":"{ID}","name":"CI","duration":"forever"}}"#);
        for (route, result) in [
            (tokens.clone(), format!("[{token}]")),
            (format!("{tokens}/{ID}"), token),
        ] {
            let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
            Mock::given(method("GET"))
                .and(path(route))
                .and(header("authorization", format!("Bearer {CANARY}").as_str()))
                .respond_with(ResponseTemplate::new(200).set_body_string(body))
                .mount(&server)
                .await;
        }
        Some(Self {
            session,
            home: TempDir::new().unwrap(),
            server,
        })
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command: Command = self.session.command(BINARY);
        command
            .args(arguments)
            .env("TOKENSCOPE_HOME", self.home.path())
            .env("CLOUDFLARE_BASE_URL", self.server.uri());
        piped(&mut command, stdin)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_stored_read_by_another_process_and_removed() {
    let Some(fixture) = Fixture::open().await else {
        return;
    };
    let set = fixture.run(
        &["auth", "set", "--stdin", "--account", ACCOUNT],
        "  canary0123456789\r\n",
    );
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));
    assert_eq!(fixture.session.look_up("default").as_deref(), Some(CANARY));

    let status = fixture.run(&["auth", "status", "-o", "json"], "");
    let report: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status.status.code(), Some(0));
    assert_eq!(report["source"], "keyring");
    assert_eq!(report["stored"], true);
    assert_eq!(report["store"], "Secret Service");

    let get = fixture.run(&["get", ID, "-o", "json"], "");
    assert_eq!(get.status.code(), Some(0), "{}", text(&get.stdout));
    let report: Value = serde_json::from_slice(&get.stdout).unwrap();
    assert_eq!(report["status"], "never_expires");

    for _ in 0..2 {
        assert_eq!(
            fixture.run(&["auth", "clear"], "").status.code(),
            Some(0),
            "also if there was none"
        );
    }
    assert_eq!(fixture.session.look_up("default"), None);
    let gone = fixture.run(&["get", ID, "-o", "json"], "");
    assert_eq!(gone.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&gone.stdout).unwrap();
    assert_eq!(report["error"]["kind"], "no_credential");
    let config = std::fs::read_to_string(fixture.home.path().join("config.toml")).unwrap();
    assert_contains(&config, ACCOUNT);
    assert_lacks(&config, CANARY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_the_api_rejects_is_not_stored() {
    let Some(fixture) = Fixture::open().await else {
        return;
    };
    let set = fixture.run(&["auth", "set", "--stdin", "--account", ACCOUNT], "wrong");
    assert_ne!(set.status.code(), Some(0));
    assert!(!set.stderr.is_empty());
    assert_eq!(fixture.session.look_up("default"), None);
    assert!(!fixture.home.path().join("config.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_profile_is_created_under_its_own_name() {
    let Some(fixture) = Fixture::open().await else {
        return;
    };
    let set = fixture.run(
        &[
            "auth",
            "set",
            "--stdin",
            "--profile",
            "work",
            "--account",
            ACCOUNT,
        ],
        CANARY,
    );
    assert_eq!(set.status.code(), Some(0), "{}", text(&set.stderr));
    assert_eq!(fixture.session.look_up("work").as_deref(), Some(CANARY));
    let get = fixture.run(&["get", "CI", "--profile", "work"], "");
    assert_eq!(get.status.code(), Some(0), "{}", text(&get.stderr));
}
