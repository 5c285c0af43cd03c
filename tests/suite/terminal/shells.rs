//! Terminals, shells, the clipboard, the command line, and text that people read.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use portable_pty::CommandBuilder;
use proptest::prelude::*;
use tokenscope::credentials::Environment;
use tokenscope::domain::text;
use tokenscope::startup::flags::Color;
use tokenscope::startup::output_style;
use tokenscope::tui::Clipboard;
use tokenscope::tui::windows_keys::TypedKeys;
use unicode_segmentation::UnicodeSegmentation;

use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Outcome, Reply, home, http, run, success, token, tokenscope,
};
use crate::support::terminal::Session;

const BINARY: &str = env!("CARGO_BIN_EXE_tokenscope");

/// A fake that answers for one token and for the list of it, each answer after a pause.
fn one_token(members: &str, pause: Duration) -> Fake {
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

/// What a script of the shell writes to a terminal; `$tokenscope` is the binary.
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

const EXPIRED: &str = r#""name":"ci","expires_at":"2020-01-01T00:00:00Z""#;

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
        // Long enough that a line of progress would be shown.
        let fake = one_token(EXPIRED, Duration::from_millis(700));
        for line in ["list", "check", "get nobody"] {
            let (_, said) = on_terminal(&fake, &format!("{terminal}; exec $tokenscope {line}"));
            assert!(!said.contains('\u{1b}'), "{terminal}: {line}: {said:?}");
            assert!(!said.contains("asking the API"), "{line}: {said:?}");
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
fn j01_the_screens_refuse_a_dumb_terminal_with_one_line() {
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
fn j01_the_prompt_for_a_secret_sends_a_dumb_terminal_nothing_but_text() {
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
fn j01_one_rule_for_colours_holds_for_tables_help_and_errors() {
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
fn j01_where_colours_come_from() {
    let of = |pairs: &[(&str, &str)]| Environment::from_pairs(pairs.iter().copied());
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
fn j03_no_bar_reaches_a_monitoring_system() {
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
    // People see the name as it is.
    let (_, shown) = on_terminal(&fake, "exec $tokenscope check --color never");
    assert!(shown.contains("a|b=1"), "{shown}");
}

fn pressed(c: char, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new_with_kind(KeyCode::Char(c), modifiers, KeyEventKind::Press)
}

fn released(c: char, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new_with_kind(KeyCode::Char(c), modifiers, KeyEventKind::Release)
}

const ALT_GR: KeyModifiers = KeyModifiers::CONTROL.union(KeyModifiers::ALT);

/// What is typed by events of a Windows console.
fn typed(events: &[KeyEvent]) -> String {
    let mut keys = TypedKeys::default();
    let typed = events.iter().map(|event| keys.translate(*event));
    typed
        .filter(|event| event.kind == KeyEventKind::Press && event.modifiers.is_empty())
        .filter_map(|event| event.code.as_char())
        .collect()
}

#[test]
fn j04_characters_of_alt_gr_are_typed() {
    for c in "@[]{}\\|~€µ²³#^`¬łąćęńóśźż¿¡«»".chars() {
        assert_eq!(
            typed(&[pressed(c, ALT_GR), released(c, ALT_GR)]),
            c.to_string()
        );
        // AltGr is let go first, and the key then reports its own character.
        let events = [pressed(c, ALT_GR), released('q', KeyModifiers::NONE)];
        assert_eq!(typed(&events), c.to_string());
    }
    // A chord of both types nothing, and keeps its modifiers.
    for c in "aqz09AQ".chars() {
        let chord = pressed(c, ALT_GR);
        assert_eq!(TypedKeys::default().translate(chord), chord);
        assert_eq!(typed(&[chord, released(c, ALT_GR)]), "");
    }
    for modifier in [KeyModifiers::CONTROL, KeyModifiers::ALT] {
        let chord = pressed('@', modifier);
        assert_eq!(TypedKeys::default().translate(chord), chord);
    }
    let enter = KeyEvent::new(KeyCode::Enter, ALT_GR);
    assert_eq!(TypedKeys::default().translate(enter), enter);
}

#[test]
fn j04_alt_codes_are_typed_once_and_releases_never() {
    let none = KeyModifiers::NONE;
    for c in "@[]{}\\|~€äß\u{1F600}a".chars() {
        assert_eq!(typed(&[released(c, none)]), c.to_string());
        assert_eq!(typed(&[released(c, KeyModifiers::ALT)]), c.to_string());
        let twice = [released(c, none), released(c, none)];
        assert_eq!(typed(&twice), format!("{c}{c}"));
        assert_eq!(typed(&[pressed(c, none), released(c, none)]), c.to_string());
    }
    for (events, expected) in [
        // Shift is let go before the letter.
        (
            vec![pressed('A', KeyModifiers::SHIFT), released('a', none)],
            "",
        ),
        (
            vec![pressed('2', none), pressed('3', none), released('2', none)],
            "23",
        ),
        // Typed so fast that the keys overlap.
        (
            vec![
                pressed('a', none),
                pressed('b', none),
                released('a', none),
                pressed('c', none),
                released('b', none),
                released('c', none),
                released('€', none),
            ],
            "abc€",
        ),
        // Held down, and repeated.
        (
            vec![
                pressed('x', none),
                pressed('x', none),
                released('x', none),
                released('~', none),
            ],
            "xx~",
        ),
        // The release of Enter, by which the program was started.
        (
            vec![
                KeyEvent::new_with_kind(KeyCode::Enter, none, KeyEventKind::Release),
                pressed('a', none),
            ],
            "a",
        ),
    ] {
        assert_eq!(typed(&events), expected, "{events:?}");
    }
}

/// Runs a shell with the binary on its path.
fn shell(program: &str, arguments: &[&str]) -> Option<Outcome> {
    Command::new(program).arg("--version").output().ok()?;
    let folder = Path::new(BINARY).parent().unwrap();
    let home = home();
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("TOKENSCOPE_HOME", home.path())
        .env("HOME", home.path())
        .env(
            "PATH",
            format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
        )
        .current_dir(home.path())
        .args(arguments);
    Some(run(&mut command))
}

#[test]
fn j05_bash_takes_the_line_of_the_readme_in_every_mode() {
    let script = r#"
        eval "$(tokenscope completions bash)" || exit
        mkdir list there; touch 'a file' there/x
        try() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tokenscope tokenscope "$last" x; printf '%s|' "${COMPREPLY[@]}"; echo; }
        last=ch; try tokenscope ch
        last=''; try tokenscope get ''
        last=''; try tokenscope list --within ''
        last=''; try tokenscope --account ''
        last=''; try tokenscope auth set --email ''
        last=''; try tokenscope --timeout ''
        last=''; try tokenscope --ca-file ''
        last=th; try tokenscope --ca-file th
        last=al; try tokenscope --color = al
        # As bash 3.2 splits it.
        last=al; try tokenscope --color=al
        last=th; try tokenscope --ca-file=th
    "#;
    for flags in [&["--norc"][..], &["--norc", "--posix"]] {
        let outcome = shell("bash", &[flags, &["-c", script]].concat()).unwrap();
        let expected =
            "check|\n|\n|\n|\n|\n|\na file|list|there|\nthere|\nalways|\nalways|\nthere|\n";
        let mut lines: Vec<String> = outcome.stdout.lines().map(str::to_owned).collect();
        let mut files: Vec<&str> = lines[6].split_terminator('|').collect();
        files.sort_unstable();
        lines[6] = files.join("|") + "|";
        assert_eq!(lines.join("\n") + "\n", expected, "{}", outcome.stderr);
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn j05_the_script_for_bash_needs_nothing_newer_than_3_2() {
    let script = run(&mut tokenscope(&["completions", "bash"])).stdout;
    for newer in [
        "mapfile",
        "readarray",
        "declare -A",
        "local -A",
        "local -n",
        "&>>",
        "|&",
        ";&",
        ",,}",
        "^^}",
        "-o nosort",
        "< <(",
        "<(",
        "@Q}",
        "[-1]",
    ] {
        assert!(!script.contains(newer), "{newer}");
    }
    // The one builtin that is newer may be missing.
    assert!(script.contains("compopt -o filenames 2>/dev/null"));
}

#[test]
fn j05_zsh_without_compinit_completes_too() {
    let script = r#"
        eval "$(tokenscope completions zsh)"
        print -r -- $_comps[tokenscope]
        _describe() { print -rl -- "${(@P)2}" }
        _files() { print files }
        compset() { }
        for line in 'check ' 'list --within ' '--account ' '--ca-file '; do
            words=(tokenscope "${(@s: :)line}"); CURRENT=$#words; _tokenscope
        done
        words=(tokenscope prof); CURRENT=2; _tokenscope
    "#;
    for script in [script.to_owned(), format!("setopt nounset\n{script}")] {
        let Some(outcome) = shell("zsh", &["-f", "-c", &script]) else {
            return;
        };
        assert_eq!(
            outcome.stdout, "_tokenscope\nfiles\nprofile:List, choose or remove profiles\n",
            "{}",
            outcome.stderr
        );
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn j05_zsh_that_runs_compinit_later_still_completes() {
    let script = r#"
        eval "$(tokenscope completions zsh)"
        autoload -Uz compinit && compinit -u -d $HOME/dump
        _comps=()
        for hook in $precmd_functions; do $hook; done
        print -r -- $_comps[tokenscope] $precmd_functions
    "#;
    let Some(outcome) = shell("zsh", &["-f", "-c", script]) else {
        return;
    };
    assert_eq!(outcome.stdout, "_tokenscope\n", "{}", outcome.stderr);
}

#[test]
fn j05_fish_offers_files_for_a_file_alone() {
    let script = "tokenscope completions fish | source; touch afile; \
        for line in 'check ' 'list --within ' '--account ' '--timeout ' '--ca-file ' 'prof'; \
        complete -C \"tokenscope $line\"; echo \"=\"; end";
    let Some(outcome) = shell("fish", &["--no-config", "-c", script]) else {
        return;
    };
    let offered: Vec<Vec<&str>> = outcome
        .stdout
        .split("=\n")
        .map(|part| part.lines().collect())
        .collect();
    for nothing in &offered[..4] {
        assert!(nothing.is_empty(), "{nothing:?}");
    }
    assert!(offered[4].contains(&"afile"), "{:?}", offered[4]);
    assert_eq!(offered[5].len(), 1);
}

/// What an error of a command line says, and its exit code.
fn refused(line: &str) -> Outcome {
    let words: Vec<&str> = line.split(' ').collect();
    run(tokenscope(&words)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT)
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1"))
}

#[test]
fn j06_a_mistake_is_named_and_what_was_meant_is_suggested() {
    for (line, code, parts) in [
        ("chekc", 64, &["'chekc'", "'check'"][..]),
        ("chekc soon", 64, &["'chekc'", "'check'"]),
        ("chekc --warn 3d", 64, &["'chekc'", "'check'"]),
        ("--demo lst -o json", 64, &["'lst'", "'list'"]),
        ("--account x probile list", 64, &["'probile'", "'profile'"]),
        ("auth stauts", 64, &["'stauts'", "'status'"]),
        ("profile lits", 64, &["'lits'", "'list'"]),
        ("list --statsu active", 64, &["'--statsu'", "'--status'"]),
        ("list --status expird", 64, &["'expird'", "expired"]),
        ("check --ignore disabeld", 3, &["'disabeld'", "disabled"]),
        ("list -o jsno", 64, &["'jsno'", "'json'"]),
        ("list --color alway", 64, &["'alway'", "'always'"]),
        ("list --theme drak", 64, &["'drak'", "'dark'"]),
        ("completions bsh", 64, &["'bsh'", "'bash'"]),
        ("list extra", 64, &["'extra'"]),
        ("get one two", 64, &["'two'"]),
        ("auth status extra", 64, &["'extra'"]),
        ("auth set extra", 64, &["'extra'"]),
        ("man extra", 64, &["'extra'"]),
        ("profile use one two", 64, &["'two'"]),
        ("something", 64, &["something", "tokenscope get NAME"]),
        ("list --timeout -5", 64, &["'-5'", "--timeout"]),
        ("list --timeout=-5", 64, &["'-5'", "--timeout"]),
        ("list --timeout 0", 64, &["'0'", "--timeout"]),
        ("list --within -5", 64, &["'-5'", "--within"]),
        ("list --within -5d", 64, &["'-5d'", "--within"]),
        ("check --warn -5d", 3, &["'-5d'", "--warn"]),
        ("check --critical -1", 3, &["'-1'", "--critical"]),
        ("list --profile -x", 64, &["--profile=-x"]),
        ("check --exclude -x", 3, &["--exclude=-x"]),
        ("check --wran 3d", 3, &["'--wran'", "'--warn'"]),
        ("-v", 64, &["'-v'"]),
        ("-o json list", 64, &["'-o'"]),
        ("--demo -x check", 3, &["'-x'"]),
        ("completions -o json", 64, &["'-o'"]),
    ] {
        let outcome = refused(line);
        assert_eq!(outcome.code, Some(code), "{line}: {}", outcome.stderr);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        for part in parts {
            assert!(said.contains(part), "{line}: no {part} in {said}");
        }
        assert!(!said.contains("'-- -"), "{line}: {said}");
    }
}

#[test]
fn j06_only_what_looks_secret_is_hidden() {
    let secret = "cfut_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd";
    for line in [
        format!("list {secret}"),
        format!("get one {secret}"),
        format!("nonsense {secret}"),
        format!("auth set {secret}"),
        format!("auth {secret}"),
        "auth set correct-horse".to_owned(),
    ] {
        let outcome = refused(&line);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        let word = line.rsplit(' ').next().unwrap();
        assert!(!said.contains(word), "{line}: {said}");
    }
}

#[test]
fn j06_a_line_that_does_not_parse_has_its_own_exit_code_and_form() {
    for (line, code, is_json) in [
        ("check --nonsense", 3, false),
        ("check --nonsense -o json", 3, true),
        ("check -o json --nonsense", 3, true),
        ("--demo check --nonsense", 3, false),
        ("--account 1 check --warn", 3, false),
        ("check --warn -o json", 3, true),
        ("check -o nonsense", 3, false),
        ("list --nonsense", 64, false),
        ("list --nonsense -ojson", 64, true),
        ("list --nonsense -o=json", 64, true),
        ("list --nonsense --output=json", 64, true),
        ("list --nonsense --output json", 64, true),
        ("list -o table --nonsense -o json", 64, true),
        ("list -o json --nonsense -o table", 64, false),
        ("get -- one -o json", 64, true),
        ("get one -- -ojson", 64, true),
        ("auth set -o json", 64, true),
        ("--nonsense list -o json", 64, true),
        ("--nonsense", 64, false),
        ("auth", 64, false),
        ("completions", 64, false),
    ] {
        let outcome = refused(line);
        assert_eq!(outcome.code, Some(code), "{line}: {}", outcome.stderr);
        let document = serde_json::from_str::<serde_json::Value>(&outcome.stdout);
        assert_eq!(document.is_ok(), is_json, "{line}: {}", outcome.stdout);
        if let Ok(document) = document {
            assert_eq!(document["error"]["kind"], "usage", "{line}");
        }
    }
}

#[test]
fn j06_the_last_flag_wins() {
    let other = "0".repeat(32);
    let fake = one_token(EXPIRED, Duration::ZERO);
    let asked = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let outcome = run(&mut fake.command(&words));
        let head = fake.heads().last().cloned().unwrap_or_default();
        (outcome, head)
    };
    for line in [
        format!("--account {other} list --account {ACCOUNT}"),
        format!("--account {other} --account {ACCOUNT} list"),
        format!("list --account {other} --account {ACCOUNT}"),
        format!("list --account={other} --account={ACCOUNT} -o json -o table"),
        format!("list --account {ACCOUNT} -o csv -o json -o table"),
    ] {
        let (outcome, head) = asked(&line);
        assert_eq!(outcome.code, Some(0), "{line}: {}", outcome.stderr);
        assert!(head.contains(ACCOUNT), "{line}: {head}");
        assert!(outcome.stdout.starts_with("ci\t"), "{line}");
    }
    for line in [
        "list --color never --color always --color never",
        "list --timeout 1 --timeout 30",
        "list --ascii --ascii",
        "list --within 1d --within 30d",
        "list --within 1d --within 30d -o json -o table",
        "--timeout 5 list --timeout 20",
        "check --warn 1d --warn 30d --critical 1d --critical 2d",
        "check --all-profiles --warn 9d -o json -o table --warn 30d",
        "get f174e90a-fafe-4643-bbbc-4a0ed4fc8415 -o json -o table",
    ] {
        let (outcome, _) = asked(line);
        assert!(
            !outcome.stderr.contains("multiple times"),
            "{line}: {}",
            outcome.stderr
        );
        assert_ne!(outcome.code, Some(64), "{line}: {}", outcome.stderr);
    }
    // What takes several values keeps them all.
    let (outcome, _) = asked("list --status active --status expired -o table");
    assert!(outcome.stdout.starts_with("ci\t"), "{}", outcome.stdout);
}

#[test]
fn j06_the_help_of_every_command_has_examples_exit_codes_and_environment() {
    for line in [
        "--help",
        "-h",
        "get --help",
        "list --help",
        "check --help",
        "auth --help",
        "auth set --help",
        "auth status --help",
        "auth clear --help",
        "profile --help",
        "profile list --help",
        "profile use --help",
        "profile remove --help",
        "completions --help",
        "man --help",
        "help check",
    ] {
        let outcome = refused(line);
        assert_eq!(outcome.code, Some(0), "{line}");
        for part in [
            "Examples:\n",
            "Exit codes:\n",
            "Environment:\n",
            "CLOUDFLARE_API_TOKEN",
        ] {
            assert!(outcome.stdout.contains(part), "{line}: no {part:?}");
        }
        let widest = outcome.stdout.lines().map(str::len).max().unwrap();
        assert!(widest <= 100, "{line}: {widest}");
        let examples = outcome.stdout.split_once("Examples:\n").unwrap().1;
        let examples = examples.split_once("\n\n").unwrap().0;
        for example in examples.lines() {
            assert!(example.starts_with("  "), "{line}: {example:?}");
            assert!(example.contains("tokenscope"), "{line}: {example:?}");
        }
    }
    let check = refused("check --help").stdout;
    for part in [
        "--warn is 30d",
        "--critical is 7d",
        "0  ok",
        "1  warning",
        "2  critical",
        "3  unknown",
    ] {
        assert!(check.contains(part), "{part}");
    }
}

#[test]
fn j07_the_locale_decides_what_is_drawn() {
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
        let environment = Environment::from_pairs(pairs.iter().copied());
        assert_eq!(
            output_style::is_utf8(&environment, itself),
            expected,
            "{pairs:?} {itself}"
        );
    }
}

#[cfg(not(target_os = "macos"))]
#[test]
fn j07_without_a_locale_only_ascii_is_drawn_unless_it_is_set() {
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

fn decoded(base64: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in base64.bytes().filter(|letter| *letter != b'=') {
        let value = LETTERS.iter().position(|one| *one == letter).unwrap();
        bits = (bits << 6 | u32::try_from(value).unwrap()) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Everything that a stream asks the terminal to copy.
fn copied(stream: &str) -> Vec<String> {
    let parts = stream.split("\x1b]52;c;").skip(1);
    parts
        .map(|part| decoded(&part[..part.find(['\x07', '\x1b']).unwrap()]))
        .collect()
}

const HOSTILE: &str = r#""name":"a\nrm -rf ~\u001b[201~\u0007\u009b2J\u202eb","client_id":"c\r\nd\u001b.access","note":"x\u0000\ny","wild":"RAW","duration":"forever","enabled":true"#;

#[test]
fn k12_what_is_copied_is_what_is_shown() {
    let hostile = HOSTILE.replace("RAW", "\u{9b}2J\u{202e}");
    let fake = one_token(&hostile, Duration::ZERO);
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("c");
    session.wait_for("Sent to the terminal's clipboard: c d");
    session.type_keys("g");
    for (row, key) in ["", "j", "j", "j", "j", "G", "k"].iter().enumerate() {
        session.type_keys(key);
        session.type_keys("y");
        session.wait_until("a copy", |session| {
            copied(&String::from_utf8_lossy(session.written())).len() > row + 1
        });
    }
    let all = copied(&String::from_utf8_lossy(session.written()));
    assert!(all.iter().any(|text| text.contains("rm -rf")), "{all:?}");
    assert!(all.contains(&"x\u{FFFD} y".to_owned()), "{all:?}");
    for text in &all {
        let wild = |c: char| c.is_control() || c == '\u{202e}';
        assert!(!text.contains(wild), "{text:?}");
    }
    session.type_keys("Y");
    session.wait_for("control characters included");
    let all = copied(&String::from_utf8_lossy(session.written()));
    let raw = all.last().unwrap();
    assert_eq!(*raw, token(&hostile));
    session.type_keys("q");
    session.end();
}

#[test]
fn k12_y_in_the_list_and_in_error_details_copies_no_control_character() {
    let refusal = r#"{"success":false,"errors":[{"code":7,"message":"no\u001b[201~\nrm -rf ~"}]}"#;
    let fake = Fake::saying(418, refusal);
    let mut session = fake.screens(&[ID]);
    session.wait_for("e details");
    session.type_keys("e");
    session.wait_for("rm -rf");
    session.type_keys("y");
    session.wait_for("Sent to the terminal's clipboard");
    let all = copied(&String::from_utf8_lossy(session.written()));
    let text = all.last().unwrap();
    assert!(
        text.contains("API error 7: no\u{FFFD}[201~ rm -rf ~"),
        "{text:?}"
    );
    assert!(
        text.lines().count() > 1 && !text.contains('\x1b'),
        "{text:?}"
    );
    session.type_keys("\x03");
    session.end();
    let fake = Fake::holding(r#"[{"id":"i\u001b\nd","client_id":"c\u009b\nx","name":"only"}]"#);
    let mut session = fake.screens(&[]);
    session.wait_for("account 023e");
    session.type_keys("\x1bOQ");
    session.wait_for("only");
    session.type_keys("y");
    session.wait_for("clipboard: i");
    session.type_keys("c");
    session.wait_for("clipboard: c");
    let all = copied(&String::from_utf8_lossy(session.written()));
    assert_eq!(all, ["i\u{FFFD} d", "c\u{FFFD} x"]);
    session.type_keys("\x03");
    session.end();
}

#[test]
fn l03_the_form_fits_what_stands_between() {
    let text = "hällo".repeat(200);
    let plain = Clipboard::of(false, false).sequences(&text);
    assert_eq!(copied(&plain), std::slice::from_ref(&text));
    assert!(!plain.contains("\x1bP"));
    let tmux = Clipboard::of(true, false).sequences(&text);
    assert!(tmux.starts_with(&plain));
    let wrapped = tmux[plain.len()..].strip_prefix("\x1bPtmux;").unwrap();
    let wrapped = wrapped.strip_suffix("\x1b\\").unwrap();
    assert_eq!(wrapped.replace("\x1b\x1b", "\x1b"), plain);
    assert_eq!(Clipboard::of(true, true), Clipboard::Tmux);
    let screen = Clipboard::of(false, true).sequences(&text);
    let pieces: Vec<&str> = screen.split_inclusive("\x1b\\").collect();
    assert!(pieces.len() > 3);
    let inner: String = pieces
        .iter()
        .map(|piece| {
            assert!(piece.len() < 256);
            let piece = piece.strip_prefix("\x1bP").unwrap();
            piece.strip_suffix("\x1b\\").unwrap()
        })
        .collect();
    assert_eq!(copied(&inner), [text]);
    assert!(inner.ends_with('\x07'));
}

#[test]
fn l03_what_no_terminal_takes_is_said_and_not_sent() {
    let fits = "x".repeat(74_000);
    let long = "x".repeat(74_001);
    for clipboard in [Clipboard::Terminal, Clipboard::Screen, Clipboard::Tmux] {
        assert!(!clipboard.sequences(&fits).is_empty());
        assert!(Clipboard::Terminal.sequences(&fits).len() <= 100_000);
        assert_eq!(clipboard.sequences(&long), "");
        let notice = clipboard.notice(&long, true);
        assert!(notice.contains("75 KB") && notice.len() < 100, "{notice}");
        assert!(clipboard.notice(&fits, true).starts_with("Sent "));
    }
    let lost = Clipboard::Tmux.notice("x", false);
    assert!(lost.contains("set-clipboard on") && lost.contains("allow-passthrough on"));
}

#[test]
fn l03_a_tmux_that_does_not_answer_gets_every_form_and_the_user_is_told() {
    let fake = one_token(EXPIRED, Duration::ZERO);
    let credential = [
        ("CLOUDFLARE_API_TOKEN", CANARY),
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
    ];
    for (variable, value, notice, form) in [
        (
            "TMUX",
            "/nonexistent/tmux,1,0",
            "set-clipboard on",
            "\x1bPtmux;\x1b\x1b]52;c;",
        ),
        ("STY", "1.pts", "through screen", "\x1bP\x1b]52;c;"),
        ("STY", "", "the terminal's clipboard", "\x1b]52;c;"),
    ] {
        let mut variables = credential.to_vec();
        variables.push((variable, value));
        let mut session = fake.screens_with(&[ID], &variables);
        session.wait_for("EXPIRED");
        for key in ["y", "c", "Y", "o"] {
            session.type_keys(key);
            session.wait_for(if key == "c" { "EXPIRED" } else { notice });
        }
        session.type_keys("q");
        let (_, stream) = session.end();
        assert!(stream.contains(form), "{variable}: {stream:?}");
    }
}

#[test]
fn l03_y_inside_tmux_with_its_own_settings_reaches_buffer_and_terminal() {
    if Command::new("tmux").arg("-V").output().is_err() {
        return;
    }
    for settings in ["", "set -s set-clipboard on", "set -s set-clipboard off"] {
        let socket = home();
        let socket = socket.path().join("socket");
        let socket = socket.to_str().unwrap();
        let config = home();
        let config = config.path().join("conf");
        std::fs::write(&config, settings).unwrap();
        let mut command = CommandBuilder::new("tmux");
        command.args(["-S", socket, "-f", config.to_str().unwrap()]);
        command.args(["new-session", &format!("{BINARY} --demo {ID}")]);
        let mut session = Session::spawn(command, &[("PATH", "/usr/local/bin:/usr/bin:/bin")]);
        session.wait_for("EXPIRES IN");
        session.type_keys("c");
        session.wait_for("Sent to tmux's buffer and the terminal's clipboard");
        session.wait_until("the outer terminal's copy", |session| {
            String::from_utf8_lossy(session.written()).contains("\x1b]52;")
        });
        let buffer = Command::new("tmux")
            .args(["-S", socket, "show-buffer"])
            .output()
            .unwrap();
        let buffer = String::from_utf8(buffer.stdout).unwrap();
        assert!(buffer.ends_with(".access"), "{settings}: {buffer:?}");
        session.type_keys("q");
        let (_, stream) = session.end();
        let sent = stream.rsplit("\x1b]52;").next().unwrap();
        let sent = sent.split_once(';').unwrap().1;
        let sent = decoded(&sent[..sent.find(['\x07', '\x1b']).unwrap()]);
        assert_eq!(sent, buffer, "{settings}");
    }
}

const MANY: [&str; 8] = [
    "\u{301}",
    "\u{301}\u{323}\u{20DD}",
    "\u{200D}",
    "\u{FE0F}",
    "\u{0600}",
    "\u{1100}",
    "\u{0915}\u{094D}",
    "\u{1F468}\u{200D}",
];

#[test]
fn k14_a_letter_has_at_most_eight_marks() {
    for many in MANY {
        for count in [1, 8, 9, 32, 33, 200_000] {
            let began = Instant::now();
            let hostile = format!("a{}b", many.repeat(count));
            let clean = text::sanitize(&hostile);
            let longest = clean.graphemes(true).map(|one| one.chars().count()).max();
            assert!(longest <= Some(32), "{many:?}: {longest:?}");
            let marks = clean.graphemes(true).map(|cluster| {
                let of_emoji = |c: &char| matches!(c, '\u{300}'..='\u{36F}' | '\u{20D0}'..='\u{20FF}' | '\u{FE0F}');
                cluster.chars().filter(of_emoji).count()
            });
            assert!(marks.max() <= Some(8), "{many:?}");
            // What stands before a letter may take it along.
            let is_whole = many == "\u{0600}" || clean.ends_with('b');
            assert!(clean.starts_with('a') && is_whole, "{many:?} {count}");
            // Far more than it takes; what is quadratic takes hours.
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "{many:?} {count}"
            );
        }
    }
    for honest in [
        "e\u{301}\u{323}",
        "👨‍👩‍👧‍👦",
        "👩🏻‍❤️‍💋‍👩🏻",
        "🇩🇪🇫🇷",
        "क्षत्रिय",
        "กำลัง",
        "שָׁלוֹם",
        "한국어",
        "Z͑ͫ̓a",
    ] {
        assert_eq!(text::sanitize(honest), honest);
    }
}

proptest! {
    #[test]
    fn k14_no_text_is_drawn_as_one_cell_of_many_characters(
        pieces in proptest::collection::vec((0..MANY.len(), 1..40_usize, any::<char>()), 0..6)
    ) {
        let hostile: String = pieces
            .iter()
            .flat_map(|(at, count, c)| [MANY[*at].repeat(*count), c.to_string()])
            .collect();
        let clean = text::sanitize(&hostile).into_owned();
        for cluster in clean.graphemes(true) {
            prop_assert!(cluster.chars().count() <= 32, "{:?}", cluster);
        }
        prop_assert_eq!(text::sanitize(&clean).into_owned(), clean);
    }
}

#[test]
fn k14_a_line_that_people_read_is_of_bounded_length() {
    let name = "x".repeat(1_000_000);
    let marks = format!("e{}", "\u{301}".repeat(500_000));
    for hostile in [&name, &marks] {
        let members = format!(r#""name":"{hostile}","note":"{hostile}","duration":"forever""#);
        let fake = one_token(&members, Duration::ZERO);
        for line in [
            &["list"][..],
            &["check"],
            &["get", ID],
            &["get", "nobody"],
            &["check", "nobody"],
        ] {
            let outcome = run(&mut fake.command(line));
            let said = outcome.stdout + &outcome.stderr;
            assert!(said.len() < 20_000, "{line:?}: {}", said.len());
        }
        let outcome = run(&mut fake.command(&["get", ID, "-o", "json"]));
        assert!(outcome.stdout.contains(hostile.as_str()), "JSON is whole");
    }
    let refusal = format!(r#"{{"success":false,"errors":[{{"code":7,"message":"{name}"}}]}}"#);
    let fake = Fake::saying(418, &refusal);
    for line in [&["list"][..], &["check"], &["get", ID]] {
        let outcome = run(&mut fake.command(line));
        let said = outcome.stdout + &outcome.stderr;
        assert!(said.len() < 20_000, "{line:?}: {}", said.len());
    }
}

#[test]
fn k14_of_ninety_thousand_tokens_of_one_name_ten_are_named() {
    let tokens: Vec<String> = (0..90_000)
        .map(|number| format!(r#"{{"id":"00000000-0000-4000-8000-{number:012}","name":"same"}}"#))
        .collect();
    let pages: Vec<String> = tokens.chunks(1_000).map(|page| page.join(",")).collect();
    let fake = Fake::start(move |head, _| {
        let query = head.split_whitespace().nth(1).unwrap_or_default();
        let number = query
            .split(['?', '&'])
            .find_map(|pair| pair.strip_prefix("page="));
        let number: usize = number.and_then(|number| number.parse().ok()).unwrap_or(1);
        let page = pages.get(number - 1).map_or("", String::as_str);
        Reply::Bytes(http(200, &[], success(&format!("[{page}]"))))
    });
    for line in [
        &["get", "same", "-o", "json"][..],
        &["get", "same"],
        &["check", "same"],
        &["check", "same", "-o", "json"],
    ] {
        let outcome = run(&mut fake.command(line));
        let said = outcome.stdout + &outcome.stderr;
        assert!(said.len() < 4_000, "{line:?}: {}", said.len());
        if !said.contains("invalid_response") {
            assert!(said.contains("and 89990 more"), "{line:?}: {said}");
        }
    }
}
