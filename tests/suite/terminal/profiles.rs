//! Switching and removing profiles on a pseudo-terminal with a real keyring.

#![cfg(all(unix, not(target_os = "macos")))]

use std::io::Write;
use std::process::Stdio;

use tempfile::TempDir;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::assertions::assert_contains;
use crate::support::binary::{BINARY, Binary};
use crate::support::keyring::{self as dbus, eventually, unlocked};
use crate::support::tokens::ID;

const PROD: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const STAGING: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

const MOVED: &str = "cccccccccccccccccccccccccccccccc";

const CONFIG: &str = r#"# by hand
default_profile = "prod"

[profiles.prod] # the one that matters
credential = "api_token"
account = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

# for trying things out
[profiles.staging]
credential = "api_token"
account = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" # not the zone
"#;

/// An API with one token per account, which only that account's secret may read.
async fn api() -> MockServer {
    let server = MockServer::start().await;
    for (account, secret, name) in [
        (PROD, "Bearer canary-of-prod", "Token of prod"),
        (STAGING, "Bearer canary-of-staging", "Token of staging"),
        (MOVED, "Bearer canary-of-staging", "Token elsewhere"),
    ] {
        let list = format!("/accounts/{account}/access/service_tokens");
        let token = format!(r#"{{"id":"{ID}","name":"{name}","duration":"forever"}}"#);
        for (route, result) in [
            (list.clone(), format!("[{token}]")),
            (format!("{list}/{ID}"), token),
        ] {
            let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
            Mock::given(path(route))
                .and(header("authorization", secret))
                .respond_with(ResponseTemplate::new(200).set_body_string(body))
                .mount(&server)
                .await;
        }
    }
    server
}

/// Stores a profile's secret as `tokenscope auth set` does.
pub(crate) fn store(desktop: &dbus::Session, home: &TempDir, server: &MockServer, profile: &str) {
    let mut child = desktop
        .command(BINARY)
        .args(["auth", "set", "--stdin", "--profile", profile])
        .env("TOKENSCOPE_HOME", home.path())
        .env("CLOUDFLARE_BASE_URL", server.uri())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let secret = format!("canary-of-{profile}");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(secret.as_bytes()).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_eq!(desktop.look_up(profile), Some(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_profiles_and_removes_one_with_its_secret() {
    let Some(desktop) = unlocked() else { return };
    let server = api().await;
    let home = TempDir::new().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, CONFIG).unwrap();
    for profile in ["prod", "staging"] {
        store(&desktop, &home, &server, profile);
    }
    let before = server.received_requests().await.unwrap().len();
    let mut session = Binary::new(&[])
        .on(&desktop)
        .home(home.path())
        .asking(&server.uri())
        .on_terminal();
    session.wait_for("prod · account aaaa…aaaa");

    session.type_until(&format!("{ID}\r"), "Token of prod");
    session.wait_for("What to do");
    session.type_until("p", "Secret Service, login collection");
    session.type_until("j\r", "Now using the profile staging");
    session.wait_for("staging · account bbbb…bbbb");
    session.type_until(&format!("{ID}\r"), "Token of staging");
    session.wait_for("What to do");
    let mut sent: Vec<String> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .skip(before)
        .map(|request| {
            request.headers["authorization"]
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    // Each list and each token is fetched with its own credential.
    sent.dedup();
    assert_eq!(sent, ["Bearer canary-of-prod", "Bearer canary-of-staging"]);

    // The scope is changed; the stored secret is used for the check.
    session.type_until("pi", "leave empty to keep the stored one");
    session.wait_for("Will be stored in Secret Service");
    session.type_until(
        &format!("\x15{MOVED}\r"),
        "Saved. Now using the profile staging",
    );
    session.wait_for("staging · account cccc…cccc");
    let written = std::fs::read_to_string(&config).unwrap();
    assert_contains(&written, &format!("account = \"{MOVED}\" # not the zone"));

    session.type_until("\x1bOR", "●   staging");
    session.type_until("d", "staging is now the default");
    session.type_until("kd", "prod is now the default");

    session.type_until("jX", "Remove the profile staging?");
    session.type_keys("\r");
    session.type_until("y", "Removed staging");
    session.wait_for("prod · account aaaa…aaaa");
    eventually("the secret is gone", || {
        desktop.look_up("staging").is_none()
    });
    assert_eq!(desktop.look_up("prod").as_deref(), Some("canary-of-prod"));
    let written = std::fs::read_to_string(&config).unwrap();
    for kept in ["# by hand", "# the one that matters", "[profiles.prod]"] {
        assert!(written.contains(kept), "{written}");
    }
    assert!(!written.contains("staging"), "{written}");
    let stream = session.quit();
    assert!(!stream.contains("canary"), "no secret is ever on screen");
}
