//! Typical sessions on a terminal: start, use, quit, restore.

#![cfg(unix)]

use rustix::process::Signal;

use crate::support::binary::Binary;
use crate::support::terminal::{Session, assert_restored_once};

#[test]
fn looks_up_a_token_and_restores_the_terminal() {
    let mut session = Session::start(&["--demo"]).showing("account 023e");
    session.type_until("\x1b[200~CI/CD token\n\x1b[201~\r", "EXPIRES IN");
    session.type_until("v", "raw JSON");
    session.type_until("v", "What to do");
    session.type_until("?", "copy the client ID");
    // Closes the help.
    session.type_keys("q");
    let stream = session.quit();
    assert_restored_once(&stream);
}

#[test]
fn a_token_on_the_command_line_opens_at_once_and_can_be_copied() {
    let mut session = Session::start(&["--demo", "f174e90a-fafe-4643-bbbc-4a0ed4fc8415"]);
    session.wait_for("EXPIRES IN");
    session.type_until("y", "Copied last_seen_at to the terminal's clipboard");
    let stream = session.quit();
    assert!(stream.contains("\x1b]52;"), "OSC 52");
}

#[test]
fn a_signal_sets_the_exit_code_and_the_terminal_is_restored() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let session = Session::start(&["--demo"]).showing("demo API");
        session.signal(signal);
        let (status, stream) = session.end();
        assert_eq!(status.exit_code(), code, "{signal:?}");
        assert_restored_once(&stream);
    }
}

#[test]
fn without_a_credential_setup_opens_and_ctrl_c_leaves_it() {
    let mut session = Session::start(&[]).showing("Access: Service Tokens Read");
    session.type_keys("qqq");
    session.type_keys("\x03");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    assert_restored_once(&stream);
}

#[test]
fn setup_leads_to_the_demo() {
    let mut session = Session::start(&[]).showing("Access: Service Tokens Read");
    session.type_until("\x1bOS", "demo API");
    session.interrupt();
}

#[cfg(not(target_os = "macos"))]
#[tokio::test(flavor = "multi_thread")]
async fn setup_stores_the_credential_in_the_keyring_and_the_lookup_uses_it() {
    use crate::support::keyring::unlocked;
    use wiremock::matchers::{header, path_regex};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    let Some(desktop) = unlocked() else { return };
    let server = MockServer::start().await;
    let token = r#"{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","name":"CI","duration":"forever"}"#;
    for (route, result) in [
        ("tokens$", format!("[{token}]")),
        ("tokens/f174", token.to_owned()),
    ] {
        let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{result}}}"#);
        Mock::given(path_regex(route))
            .and(header("authorization", "Bearer canary0123456789"))
            .respond_with(ResponseTemplate::new(200).set_body_string(body))
            .mount(&server)
            .await;
    }
    let mut session = Binary::new(&[])
        .on(&desktop)
        .asking(&server.uri())
        .on_terminal();
    session.wait_for("Will be stored in Secret Service");
    session.type_keys("\x1b[200~ canary0123456789\r\n\x1b[201~\r");
    session.type_until(
        "023e105f4ecef8ad9ca31a8372d0c353\r",
        "API token from Secret Service",
    );
    assert_eq!(
        desktop.look_up("default").as_deref(),
        Some("canary0123456789")
    );
    session.type_until("f174e90a-fafe-4643-bbbc-4a0ed4fc8415\r", "NEVER EXPIRES");
    let stream = session.quit();
    assert!(!stream.contains("canary"), "the secret is never on screen");
}
