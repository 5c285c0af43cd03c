//! The browser, notifications, the title and the mouse, on a real terminal.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use chrono::{TimeDelta, Utc};
use rustix::process::Signal;
use tempfile::TempDir;
use tokenscope::tui::desktop::Browser;

use crate::support::api::{Fake, home, token};
use crate::support::sessions::environment;
use crate::support::terminal::Session;
use crate::support::tokens::ID;

#[test]
fn a_browser_needs_a_display_and_no_ssh() {
    for (variables, expected) in [
        (&[("DISPLAY", ":0")][..], Browser::Available),
        (&[("WAYLAND_DISPLAY", "wayland-0")], Browser::Available),
        (
            &[("DISPLAY", ":0"), ("SSH_TTY", "/dev/pts/1")],
            Browser::OverSsh,
        ),
        (
            &[("DISPLAY", ":0"), ("SSH_CONNECTION", "::1 1 ::1 22")],
            Browser::OverSsh,
        ),
        #[cfg(not(target_os = "macos"))]
        (&[], Browser::NoDisplay),
    ] {
        let environment = environment(variables.iter().copied());
        assert_eq!(Browser::of(&environment), expected, "{variables:?}");
    }
}

/// A directory with a program named like Linux's opener of addresses, which records them.
#[cfg(target_os = "linux")]
fn opener() -> (TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let opened = dir.path().join("opened");
    let program = dir.path().join("xdg-open");
    // Written at once, so that a reader never sees half of it.
    let script = format!(
        "#!/bin/sh\necho \"$1\" > {0}.new && /bin/mv {0}.new {0}\n",
        opened.display()
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    (dir, opened)
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_is_opened_or_copied_and_the_notice_says_which() {
    let fake = Fake::with_result(&token(r#""name":"ci","duration":"forever""#));
    for (variable, said) in [
        (None, "Opened in the browser"),
        (Some(("SSH_TTY", "/dev/pts/1")), "No browser over SSH"),
    ] {
        let (dir, opened) = opener();
        let mut binary = fake
            .binary(&[ID])
            .with_token()
            .env("DISPLAY", ":0")
            .env("PATH", dir.path().to_str().unwrap());
        if let Some((name, value)) = variable {
            binary = binary.env(name, value);
        }
        let mut session = binary.on_terminal().showing("NEVER EXPIRES");
        session.type_until("o", said);
        let copies = String::from_utf8_lossy(session.written())
            .matches("\x1b]52;")
            .count();
        if variable.is_some() {
            assert_eq!(copies, 1);
            assert!(!opened.exists());
        } else {
            assert_eq!(copies, 0);
            session.wait_until("the address", |_| opened.exists());
            let address = fs::read_to_string(&opened).unwrap();
            assert!(address.starts_with("https://"), "{address}");
        }
        session.quit();
    }
}

/// The screens with this configuration.
fn configured(fake: &Fake, config: &str, variables: &[(&str, &str)]) -> (TempDir, Session) {
    let home = home();
    fs::write(home.path().join("config.toml"), config).unwrap();
    let binary = fake.binary(&[]).with_token().envs(variables);
    let path = home.path().to_str().unwrap().to_owned();
    let session = binary.env("TOKENSCOPE_HOME", &path).on_terminal();
    (home, session)
}

#[test]
fn an_expired_token_is_notified_except_in_tmux_and_screen() {
    for (variable, is_notified) in [("NOTHING", true), ("TMUX", false)] {
        let end = (Utc::now() + TimeDelta::seconds(5)).to_rfc3339();
        let members = format!(r#""name":"ci","duration":"8760h","expires_at":"{end}""#);
        let fake = Fake::with_result(&format!("[{}]", token(&members)));
        let config = "notify = true\nbell = true\n";
        let (_home, mut session) = configured(&fake, config, &[(variable, "1")]);
        session.wait_for("F1");
        session.type_until("\x1bOQ", "1 expired");
        let stream = session.interrupt();
        let notified = stream.contains("\x1b]9;ci has expired\x07");
        assert_eq!(notified, is_notified, "{variable}");
    }
}

fn three() -> Fake {
    let token = |number: u32| {
        format!(
            r#"{{"id":"f174e90a-fafe-4643-bbbc-{number:012}","name":"name-{number}","duration":"forever"}}"#
        )
    };
    Fake::with_result(&format!("[{},{},{}]", token(1), token(2), token(3)))
}

/// The row of the terminal that shows a text, counted from one.
fn row_of(session: &Session, text: &str) -> usize {
    let shown = session.shown();
    let row = shown.lines().position(|line| line.contains(text));
    row.unwrap_or_else(|| panic!("no {text:?} in\n{shown}")) + 1
}

#[test]
fn with_mouse_enabled_a_click_selects_a_row_and_another_opens_it() {
    let fake = three();
    let (_home, mut session) = configured(&fake, "mouse = true\n", &[]);
    session.wait_for("F1");
    session.type_until("\x1bOQ", "name-3");
    session.wait_for("3 tokens");
    let click = format!("\x1b[<0;8;{}M", row_of(&session, "name-3"));
    session.type_keys(&click);
    session.type_until(&click, "NEVER EXPIRES");
    session.wait_for("name-3");
    let stream = session.interrupt();
    assert_eq!(stream.matches("\x1b[?1006h").count(), 1);
    assert_eq!(stream.matches("\x1b[?1000l").count(), 1);
}

#[test]
fn the_title_is_restored_on_a_signal_and_can_be_disabled() {
    let (_home, mut session) = configured(&three(), "", &[]);
    session.wait_for("F1");
    session.signal(Signal::TERM);
    let (_, stream) = session.end();
    assert_eq!(stream.matches("\x1b[22;2t").count(), 1);
    assert_eq!(stream.matches("\x1b[23;2t").count(), 1);
    let (_home, mut session) = configured(&three(), "title = false\n", &[]);
    session.wait_for("F1");
    let stream = session.interrupt();
    assert!(
        !stream.contains("\x1b]2;") && !stream.contains(";2t"),
        "{stream:?}"
    );
}

#[test]
fn the_hidden_cursor_is_at_the_selected_row() {
    let (_home, mut session) = configured(&three(), "", &[]);
    session.wait_for("F1");
    session.type_until("\x1bOQ", "3 tokens");
    for name in ["name-2", "name-3"] {
        session.type_keys("\x1b[B");
        session.wait_until("the cursor", |session| {
            let screen = session.screen.screen();
            let row = usize::from(screen.cursor_position().0) + 1;
            screen.hide_cursor() && row == row_of(session, name)
        });
    }
    session.interrupt();
}
