//! Dumb terminals, colours, progress, and locales.

#![cfg(unix)]

use std::time::Duration;

use portable_pty::CommandBuilder;
use tokenscope::startup::flags::Color;
use tokenscope::startup::output_style;

use crate::support::api::{Fake, Reply, home, http, run, success, token};
use crate::support::binary::BINARY;
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

/// A fake with one token, alone and in the list, that pauses before each answer.
pub(crate) fn one_token(members: &str, pause: Duration) -> Fake {
    let token = token(members);
    Fake::start(move |head, _| {
        std::thread::sleep(pause);
        let result = if head.contains(ID) {
            token.clone()
        } else {
            format!("[{token}]")
        };
        Reply::Bytes(http(200, &[], success(&result)))
    })
}

/// The output of a shell script on a terminal; `$tokenscope` is the binary.
fn on_terminal(fake: &Fake, script: &str) -> (u32, String) {
    let mut command = CommandBuilder::new("/bin/sh");
    command.args(["-c", script]);
    let url = fake.url();
    let session = Session::spawn(
        command,
        &[
            ("tokenscope", BINARY),
            ("CLOUDFLARE_BASE_URL", url.as_str()),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ],
    );
    let (status, stream) = session.end();
    (status.exit_code(), stream)
}

pub(crate) const EXPIRED: &str = r#""name":"ci","expires_at":"2020-01-01T00:00:00Z""#;

const ANY_COMMAND: [&str; 14] = [
    "list",
    "check",
    "check nobody",
    "list -o json",
    "get f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
    "get nobody",
    "--help",
    "list --help",
    "--version",
    "list --nonsense",
    "chekc",
    "auth status",
    "profile list",
    "list --timeout -5",
];

#[test]
fn j01_a_dumb_terminal_gets_no_escape_sequence_from_any_command() {
    for terminal in ["TERM=dumb; export TERM", "unset TERM", "TERM=; export TERM"] {
        // Long enough for a progress line.
        let fake = one_token(EXPIRED, Duration::from_millis(700));
        for line in ["list", "check", "get nobody"] {
            let (_, said) = on_terminal(&fake, &format!("{terminal}; exec $tokenscope {line}"));
            assert!(!said.contains('\u{1b}'), "{terminal}: {line}: {said:?}");
            assert!(!said.contains("waiting for the API"), "{line}: {said:?}");
            assert!(!said.replace("\r\n", "").contains('\r'), "{said:?}");
        }
        let fake = one_token(EXPIRED, Duration::ZERO);
        for line in ANY_COMMAND {
            let (_, said) = on_terminal(&fake, &format!("{terminal}; exec $tokenscope {line}"));
            assert!(!said.contains('\u{1b}'), "{terminal}: {line}: {said:?}");
            assert!(!said.trim().is_empty() || line == "profile list", "{line}");
        }
    }
}

#[test]
fn j01_screens_refuse_a_dumb_terminal_with_one_line() {
    let fake = one_token(EXPIRED, Duration::ZERO);
    for terminal in ["TERM=dumb; export TERM", "unset TERM"] {
        for line in ["", "--demo", ID, "--color always --demo"] {
            let (code, said) = on_terminal(&fake, &format!("{terminal}; exec $tokenscope {line}"));
            assert_eq!(code, 65, "{said}");
            assert_eq!(said.lines().count(), 1, "{said:?}");
            assert!(
                said.contains("TERM") && !said.contains('\u{1b}'),
                "{said:?}"
            );
        }
    }
}

#[test]
fn j01_the_secret_prompt_sends_only_text_to_a_dumb_terminal() {
    for terminal in ["TERM=dumb; export TERM", "unset TERM"] {
        let mut command = CommandBuilder::new("/bin/sh");
        let script = format!("{terminal}; exec {BINARY} auth set --account {ACCOUNT}");
        command.args(["-c", &script]);
        let mut session = Session::spawn(command, &[]);
        session.wait_until("the question", |session| session.written().contains(&b':'));
        session.type_keys("secret\x03");
        let (_, stream) = session.end();
        assert!(!stream.contains('\u{1b}'), "{stream:?}");
        assert!(!stream.contains("secret\u{3}"), "{stream:?}");
    }
}

#[test]
fn j01_tables_help_and_errors_follow_the_same_rule_for_colours() {
    let fake = one_token(EXPIRED, Duration::ZERO);
    for line in ["list", "check", "--help", "list --nonsense", "chekc"] {
        let has_colours = |set_up: &str, flags: &str| {
            let script = format!("{set_up}; exec $tokenscope {flags} {line}");
            on_terminal(&fake, &script).1.contains('\u{1b}')
        };
        for (set_up, flags, expected) in [
            (":", "", true),
            (":", "--color never", false),
            (":", "--color=never", false),
            (":", "--color always --color never", false),
            ("export NO_COLOR=1", "", false),
            ("export NO_COLOR=1", "--color always", true),
            ("export NO_COLOR=1 CLICOLOR_FORCE=1", "", false),
            ("export TERM=dumb", "", false),
            ("export TERM=dumb", "--color always", true),
            ("unset TERM", "--color auto", false),
            ("export TERM=dumb CLICOLOR_FORCE=1", "", true),
            ("export TERM=dumb CLICOLOR_FORCE=0", "", false),
        ] {
            assert_eq!(
                has_colours(set_up, flags),
                expected,
                "{set_up}: {flags} {line}"
            );
        }
        let words: Vec<&str> = line.split(' ').collect();
        for (flags, expected) in [(&[][..], false), (&["--color", "always"], true)] {
            let outcome = run(&mut fake.command(&[flags, &words].concat()));
            let said = outcome.stdout + &outcome.stderr;
            assert_eq!(said.contains('\u{1b}'), expected, "{flags:?} {line}");
        }
    }
}

#[test]
fn j01_colours_depend_on_flag_variables_and_terminal() {
    let of = |pairs: &[(&str, &str)]| crate::support::sessions::environment(pairs.iter().copied());
    for (color, pairs, is_terminal, expected) in [
        (Color::Auto, &[("TERM", "xterm")][..], true, true),
        (Color::Auto, &[("TERM", "xterm")], false, false),
        (Color::Auto, &[("TERM", "dumb")], true, false),
        (Color::Auto, &[("TERM", " ")], true, cfg!(windows)),
        (Color::Auto, &[], true, cfg!(windows)),
        (Color::Always, &[("TERM", "dumb")], false, true),
        (
            Color::Never,
            &[("TERM", "xterm"), ("CLICOLOR_FORCE", "1")],
            true,
            false,
        ),
        (Color::Auto, &[("CLICOLOR_FORCE", "1")], false, true),
        (
            Color::Auto,
            &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
            true,
            false,
        ),
    ] {
        assert_eq!(
            output_style::is_colored(color, &of(pairs), is_terminal),
            expected,
            "{color:?} {pairs:?} {is_terminal}"
        );
    }
}

#[test]
fn j03_no_output_for_monitoring_contains_a_pipe() {
    let fake = one_token(
        r#""name":"a|b=1","note":"x|y","expires_at":"2020-01-01T00:00:00Z""#,
        Duration::ZERO,
    );
    let home = home();
    for (line, held) in [
        (&["check"][..], "a¦b=1"),
        (&["check", "a|b=1"], "a¦b=1"),
        (&["check", "no|body"], "no¦body"),
        (&["check", "no|body", "a|b=1"], "no¦body"),
        (&["check", "--exclude", "never|there"], "never¦there"),
        (&["check", "--profile", "my|profile"], "--profile"),
        (&["check", "--warn", "3|d"], "3¦d"),
        (&["check", "--x|y"], "x¦y"),
        (&["list"], "a¦b=1"),
        (&["get", ID], "a¦b=1"),
    ] {
        let outcome = run(fake.command(line).env("TOKENSCOPE_HOME", home.path()));
        let said = outcome.stdout + &outcome.stderr;
        assert!(!said.contains('|'), "{line:?}: {said}");
        assert!(said.contains(held), "{line:?}: {said}");
    }
    for form in [
        &["list", "-o", "json"][..],
        &["list", "-o", "csv"],
        &["check", "-o", "json"],
        &["check", "-o", "prometheus"],
        &["get", ID, "-o", "json"],
    ] {
        let outcome = run(&mut fake.command(form));
        assert!(outcome.stdout.contains("a|b=1"), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains('¦'), "{}", outcome.stdout);
    }
    // Other readers get the name as it is.
    let (_, shown) = on_terminal(&fake, "exec $tokenscope check --color never");
    assert!(shown.contains("a|b=1"), "{shown}");
}

#[test]
fn j07_the_locale_decides_about_ascii() {
    for (pairs, itself, expected) in [
        (&[][..], false, false),
        (&[], true, true),
        (&[("LANG", "")], false, false),
        (&[("LANG", "C")], true, false),
        (&[("LANG", "POSIX")], true, false),
        (&[("LANG", "en_US.UTF-8")], false, true),
        (&[("LANG", "de_DE.utf8")], false, true),
        (&[("LANG", "C.UTF-8")], false, true),
        (&[("LANG", "en_US.ISO-8859-1")], false, false),
        (&[("LANG", "C"), ("LC_CTYPE", "C.UTF-8")], false, true),
        (&[("LANG", "C.UTF-8"), ("LC_CTYPE", "C")], false, false),
        (
            &[("LANG", "C"), ("LC_CTYPE", "C"), ("LC_ALL", "C.UTF-8")],
            false,
            true,
        ),
        (&[("LC_ALL", "C"), ("LC_CTYPE", "C.UTF-8")], false, false),
        (
            &[("LC_ALL", ""), ("LC_CTYPE", ""), ("LANG", "C.UTF-8")],
            false,
            true,
        ),
    ] {
        let environment = crate::support::sessions::environment(pairs.iter().copied());
        assert_eq!(
            output_style::is_utf8(&environment, itself),
            expected,
            "{pairs:?} {itself}"
        );
    }
}

#[cfg(not(target_os = "macos"))]
#[test]
fn j07_without_a_locale_only_ascii_is_drawn_unless_configured() {
    let screen = |set_up: &str, config: &str| {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args([
            "-c",
            &format!(
                "printf '{config}' > \"$TOKENSCOPE_HOME/config.toml\"; {set_up}; exec {BINARY}"
            ),
        ]);
        let mut session = Session::spawn(
            command,
            &[
                ("CLOUDFLARE_API_TOKEN", CANARY),
                ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
            ],
        );
        session.wait_for("account 023e");
        let shown = session.shown();
        session.type_keys("\x03");
        session.end();
        shown
    };
    let unset = "unset LANG LC_ALL LC_CTYPE";
    for (set_up, config, is_ascii) in [
        (unset, "", true),
        (unset, "ascii = false\\n", false),
        (unset, "ascii = true\\n", true),
        (":", "", false),
        (":", "ascii = true\\n", true),
        ("export LANG=C", "", true),
        ("export LC_ALL=C", "", true),
    ] {
        let shown = screen(set_up, config);
        assert_eq!(shown.is_ascii(), is_ascii, "{set_up} {config}: {shown}");
    }
}
