//! Terminal faults: suspends, changed modes, closed windows, resizes, long pastes, silence.

#![cfg(unix)]

use std::sync::mpsc::channel;
use std::time::Duration;

use portable_pty::CommandBuilder;
use rustix::process::{Signal, kill_process_group};

use crate::support::binary::BINARY;
use crate::support::terminal::{PROMPT, Session, assert_restored_once};

const FOREVER: &str = "aa99f39f-e778-456d-afcb-571a601ec729";
const CI_CD: &str = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";

/// An interactive shell in which the program has been started.
fn in_a_shell() -> Session {
    let mut command = CommandBuilder::new("/bin/sh");
    command.arg("-i");
    let mut session = Session::spawn(command, &[("PS1", PROMPT), ("ENV", "")]);
    session.wait_for_prompt(1);
    session.type_until(&format!("{BINARY} --demo\r"), "account 023e");
    session
}

fn leave_shell(mut session: Session, prompts: usize) {
    session.type_keys("\x03");
    session.wait_for_prompt(prompts);
    session.type_keys("exit\r");
    session.end();
}

#[test]
fn an_external_stop_restores_the_terminal_and_fg_takes_it_again() {
    let mut session = in_a_shell();
    kill_process_group(session.foreground(), Signal::TSTP).unwrap();
    session.wait_for_prompt(2);
    let stream = String::from_utf8_lossy(session.written()).into_owned();
    assert!(
        stream.rfind("\x1b[?1049l") > stream.rfind("\x1b[?1049h"),
        "the main screen is back before the prompt"
    );
    session.type_keys("stty -a\r");
    session.wait_for_prompt(3);
    assert!(session.shown().contains(" icanon"), "{}", session.shown());
    session.type_until("fg\r", "account 023e");
    leave_shell(session, 4);
}

#[test]
fn modes_changed_during_an_unannounced_stop_are_set_again() {
    let mut session = in_a_shell();
    kill_process_group(session.foreground(), Signal::STOP).unwrap();
    session.wait_for_prompt(2);
    session.type_keys("stty sane; printf '\\033[?1049l\\033[?2004l'; echo spoilt\n");
    session.wait_for_prompt(3);
    session.type_until("fg\r", "account 023e");
    // Without raw mode a key would wait for Enter; without bracketed paste this would be typed.
    session.type_until("\x1b[200~CI/CD\x1b[201~", "CI/CD");
    session.type_until("\x1bOP", "Symbols");
    leave_shell(session, 4);
}

#[test]
fn ctrl_z_without_a_shell_does_not_stop_the_program() {
    let mut session = Session::start(&["--demo"]).showing("account 023e");
    session.type_keys("\x1a");
    session.type_until("\x1bOP", "Symbols");
    session.interrupt();
}

#[test]
fn a_closed_window_ends_the_program_even_if_hang_ups_are_ignored() {
    // The reader of keys may be anywhere in its loop when the window closes.
    for (trap, keys) in [
        ("", ""),
        ("trap '' HUP;", ""),
        ("", "jjjj"),
        ("trap '' HUP;", "jk"),
    ]
    .repeat(5)
    {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", &format!("{trap} exec {BINARY} --demo {CI_CD}")]);
        let mut session = Session::spawn(command, &[]).showing("EXPIRES IN");
        session.type_keys(keys);
        let mut child = session.hang_up();
        let mut killer = child.clone_killer();
        let (sender, ended) = channel();
        std::thread::spawn(move || sender.send(child.wait()));
        let status = ended.recv_timeout(Duration::from_secs(10));
        if status.is_err() {
            killer.kill().unwrap();
        }
        assert_eq!(
            status.unwrap().unwrap().exit_code(),
            129,
            "{trap:?} {keys:?}"
        );
    }
}

#[test]
fn any_sequence_of_sizes_is_survived() {
    let mut session = Session::start(&["--demo", CI_CD]).showing("EXPIRES IN");
    let mut seed: u32 = 1;
    for _ in 0..60 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (cols, rows) = ((seed >> 8) % 140 + 1, (seed >> 20) % 50 + 1);
        session.resize(u16::try_from(cols).unwrap(), u16::try_from(rows).unwrap());
    }
    for (cols, rows) in [(1, 1), (39, 9), (300, 80), (100, 30)] {
        session.resize(cols, rows);
    }
    session.wait_for("EXPIRES IN");
    session.wait_for("What to do");
    let stream = session.quit();
    assert_restored_once(&stream);
}

#[test]
fn below_its_minimum_size_the_program_states_it() {
    let mut session = Session::start(&["--demo"]).showing("account 023e");
    session.resize(39, 9);
    session.wait_for("40");
    session.resize(100, 30);
    session.wait_for("account 023e");
    session.interrupt();
}

#[test]
fn a_paste_is_text_whatever_it_contains() {
    let long = "x".repeat(10_240);
    let pastes = [
        "q\nq\nq\n",
        "\x1b]0;title\x07\x1b[2J name",
        "\x1b[200~nested",
        long.as_str(),
    ];
    let mut session = Session::start(&["--demo"]).showing("account 023e");
    for paste in pastes {
        session.type_keys(&format!("\x1b[200~{paste}\x1b[201~"));
        session.type_keys("\x15");
    }
    // No part was a command, and the field still accepts text.
    session.type_until("still here", "still here");
    session.type_keys("\x03");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    assert!(!stream.contains("\x1b]0;title"));
    assert_restored_once(&stream);
}

#[test]
fn a_paste_outside_of_a_field_does_nothing() {
    let mut session = Session::start(&["--demo", CI_CD]).showing("EXPIRES IN");
    session.type_keys("\x1b[200~q\nvq\x03\n\x1b[201~");
    session.type_until("v", "raw JSON");
    session.quit();
}

#[test]
fn closed_standard_streams_do_no_harm() {
    let run = |redirection: &str| {
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(["-c", &format!("exec {BINARY} --demo {redirection}")]);
        Session::spawn(command, &[])
    };
    let mut session = run("2>&-").showing("account 023e");
    session.type_keys("\x03");
    let (status, stream) = session.end();
    assert_eq!(status.exit_code(), 0);
    assert_restored_once(&stream);
    for redirection in ["<&-", ">&-", "</dev/null", ">/dev/null", "<&- >&- 2>&-"] {
        let (status, stream) = run(redirection).end();
        assert_eq!(status.exit_code(), 65, "{redirection}: {stream}");
        assert!(!stream.contains('\x1b'), "{redirection}: {stream:?}");
    }
}

/// The number of frames: each begins by hiding the cursor.
fn frames(stream: &[u8]) -> usize {
    String::from_utf8_lossy(stream).matches("\x1b[?25l").count()
}

#[test]
fn a_countdown_draws_once_a_second_and_other_screens_are_silent() {
    let mut session = Session::start(&["--demo", CI_CD]).showing("just now");
    // From one change of the digits to another, three seconds later.
    let digits = |session: &Session| {
        let shown = session.shown();
        let found = shown.split_once("EXPIRES IN").unwrap().1;
        found.trim_start().chars().take(12).collect::<String>()
    };
    let mut seen = digits(&session);
    let next = |session: &mut Session, seen: &str| {
        session.wait_until("the next second", |session| digits(session) != seen);
        digits(session)
    };
    seen = next(&mut session, &seen);
    let before = frames(session.written());
    for _ in 0..3 {
        seen = next(&mut session, &seen);
    }
    let drawn = frames(session.written()) - before;
    assert!(drawn <= 3, "{drawn} frames in three seconds");
    session.quit();

    let mut session = Session::start(&["--demo", FOREVER]).showing("just now");
    while !session.is_silent_for(Duration::from_millis(300)) {}
    assert!(session.is_silent_for(Duration::from_millis(2_500)));
    session.quit();
}

#[tokio::test(flavor = "multi_thread")]
async fn local_times_follow_the_zone_and_daylight_saving() {
    use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

    let server = MockServer::start().await;
    let token = format!(
        r#"{{"id":"{CI_CD}","name":"CI","duration":"forever",
            "created_at":"2025-01-15T12:00:00Z","updated_at":"2025-07-15T12:00:00Z"}}"#
    );
    let body = format!(r#"{{"success":true,"errors":[],"messages":[],"result":{token}}}"#);
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(body))
        .mount(&server)
        .await;
    for (zone, winter, summer) in [
        (
            "CET-1CEST,M3.5.0,M10.5.0/3",
            "13:00:00 +01:00",
            "14:00:00 +02:00",
        ),
        (
            "EST5EDT,M3.2.0,M11.1.0",
            "07:00:00 -05:00",
            "08:00:00 -04:00",
        ),
        ("<+0545>-5:45", "17:45:00 +05:45", "17:45:00 +05:45"),
        (
            "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            "23:00:00 +11:00",
            "22:30:00 +10:30",
        ),
    ] {
        let mut command = CommandBuilder::new(BINARY);
        command.arg(CI_CD);
        let mut session = Session::spawn(
            command,
            &[
                ("TZ", zone),
                ("CLOUDFLARE_API_TOKEN", "x"),
                ("CLOUDFLARE_ACCOUNT_ID", "023e105f4ecef8ad9ca31a8372d0c353"),
                ("CLOUDFLARE_BASE_URL", &server.uri()),
            ],
        );
        session.resize(130, 40);
        session.wait_for(winter);
        session.wait_for(summer);
        session.quit();
    }
}
