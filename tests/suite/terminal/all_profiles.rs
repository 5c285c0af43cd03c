//! All profiles in one list, and that list in a file, on a pseudo-terminal with a real keyring.

#![cfg(all(unix, not(target_os = "macos")))]

use tempfile::TempDir;
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::profiles::store;
use crate::support::assertions::assert_contains;
use crate::support::binary::Binary;
use crate::support::keyring::unlocked;

const CONFIG: &str = r#"default_profile = "prod"
[profiles.prod]
credential = "api_token"
account = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
[profiles.staging]
credential = "api_token"
account = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
[profiles.elsewhere]
credential = "api_token"
account = "cccccccccccccccccccccccccccccccc"
"#;

const NAMES: [(&str, char, &str); 3] = [
    ("prod", 'a', "f174e90a-fafe-4643-bbbc-00000000000a"),
    ("staging", 'b', "f174e90a-fafe-4643-bbbc-00000000000b"),
    ("elsewhere", 'c', "f174e90a-fafe-4643-bbbc-00000000000c"),
];

/// An API with one token per account, which only that account's secret may read.
async fn api() -> MockServer {
    let server = MockServer::start().await;
    for (profile, digit, id) in NAMES {
        let account = digit.to_string().repeat(32);
        let list = format!("/accounts/{account}/access/service_tokens");
        let token = format!(r#"{{"id":"{id}","name":"token-of-{profile}","duration":"forever"}}"#);
        let secret = format!("Bearer canary-of-{profile}");
        for (route, result) in [
            (list.clone(), format!("[{token}]")),
            (format!("{list}/{id}"), token),
        ] {
            let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
            Mock::given(path(route))
                .and(header("authorization", secret.as_str()))
                .respond_with(ResponseTemplate::new(200).set_body_string(body))
                .mount(&server)
                .await;
        }
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_all_profiles_and_opens_a_row_with_its_own_profile() {
    let Some(desktop) = unlocked() else { return };
    let (server, other) = (api().await, api().await);
    let home = TempDir::new().unwrap();
    std::fs::write(home.path().join("config.toml"), CONFIG).unwrap();
    for (profile, server) in [
        ("prod", &server),
        ("staging", &server),
        ("elsewhere", &other),
    ] {
        store(&desktop, &home, server, profile);
    }
    let before = other.received_requests().await.unwrap().len();
    let mut session = Binary::new(&[])
        .on(&desktop)
        .home(home.path())
        .asking(&server.uri())
        .on_terminal();
    session.wait_for("aaaa…aaaa");
    session.type_until("\x1bOQ", "token-of-prod");
    session.type_until("A", "token-of-staging");
    session.wait_for("PROFILE");
    // Its secret is bound to another server.
    session.wait_for("not read: elsewhere");
    session.type_until("e", "The secret of profile elsewhere was stored for");
    session.type_keys("q");

    let file = home.path().join("all.csv");
    session.type_until("w", "Write 2 tokens to a file");
    session.type_until(&format!("{}\r", file.display()), "Wrote 2 tokens to");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_contains(lines[0], ",profile,scope");
    assert_contains(lines[1], "token-of-prod");
    assert_contains(lines[1], ",prod,account aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_contains(
        lines[2],
        ",staging,account bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    );
    session.type_until("w", "Write 2 tokens to a file");
    session.type_until("\r", "exists. Replace it?");
    session.type_until("n", "CSV or JSON");
    // Sent separately: together with the next key, it would be another one.
    session.type_keys("\x1b");
    session.wait_until("the list alone", |session| {
        !session.screen.screen().contents().contains("CSV or JSON")
    });

    session.type_until("j\r", "Now using the profile staging");
    session.wait_for("staging");
    session.type_until("\x1b", "not read: elsewhere");
    session.quit();
    let to_other = other.received_requests().await.unwrap().len();
    assert_eq!(to_other, before, "nothing went to the other server");
}
