//! Group E: the command line, and credentials as they wear out.

#![cfg(unix)]

#[cfg(target_os = "linux")]
use super::b_keyring::{screens_in, with_profile};
use super::fake::{
    ACCOUNT, CANARY, Fake, ID, Reply, home, http, refusal, run, success, token, tokenscope,
};
#[cfg(target_os = "linux")]
use crate::dbus::{self, Keyring};

#[cfg(target_os = "linux")]
#[test]
fn e08_a_refused_credential_is_typed_again_with_the_rest_kept_and_the_fetch_goes_on() {
    let Some(desktop) = dbus::Session::start(Keyring::Unlocked) else {
        return;
    };
    let home = home();
    with_profile(home.path());
    desktop.store_beside("default", "old", b"expired0000");
    let fake = Fake::start(|head, _| {
        let one = token(r#""name":"CI","duration":"forever""#);
        Reply::Bytes(if head.contains("expired0000") {
            http(
                401,
                &[],
                refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#),
            )
        } else if head.contains(ID) {
            http(200, &[], success(&one))
        } else {
            http(200, &[], success(&format!("[{one}]")))
        })
    });
    let mut session = screens_in(&desktop, &fake, home.path(), &[ID]);
    session.wait_for("does not accept the API token");
    session.wait_for("re-enter");
    session.type_keys("a");
    session.wait_for("Re-enter the credential");
    session.wait_for(ACCOUNT);
    session.type_keys(&format!("{CANARY}\r"));
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    session.end();
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
}

#[test]
fn e09_the_least_powerful_credential_is_first_and_its_permission_named() {
    let fake = Fake::holding("[]");
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("‹ API token ›");
    session.wait_for("Needs the permission Access: Service Tokens Read.");
    let screen = session.screen.screen().contents();
    assert!(!screen.contains("can do everything"), "{screen}");
    session.type_keys("\x1b[A ");
    session.wait_for("‹ Global API key ›");
    session.wait_for("A Global API key can do everything its user can. Prefer an API token.");
    session.type_keys("\x03");
    session.end();
    let help = run(&mut tokenscope(&["auth", "set", "--help"]));
    assert!(help.stdout.contains("Global API key"), "{}", help.stdout);
    help.hides_the_secret();
}
