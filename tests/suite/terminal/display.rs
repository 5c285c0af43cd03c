//! Drawing on a real terminal: sizes, hostile text, wide characters, colours and times.

#![cfg(unix)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use portable_pty::PtySize;
use proptest::prelude::*;
use serde_json::value::RawValue;
use tokenscope::app;
use tokenscope::app::Opening;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Session as AppSession, State};
use tokenscope::domain::credential::{
    ActiveCredential, CredentialKind, CredentialSource, Identity,
};
use tokenscope::domain::duration::Remaining;
use tokenscope::domain::fetched::Fetched;
use tokenscope::domain::profile::Settings;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::text;
use tokenscope::domain::token::{ServiceToken, TokenRef};

use unicode_segmentation::UnicodeSegmentation;

use crate::support::api::{Fake, Reply, http, refusal, run, success, token};
use crate::support::app::{fetched, keys};
use crate::support::sessions::account;
use crate::support::terminal::Session;
use crate::support::tokens::{ACCOUNT, CANARY, ID};
use crate::terminal::styles::one_token;

fn resize(session: &mut Session, columns: u16, rows: u16) {
    let size = PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    };
    session.master.resize(size).unwrap();
    let (rows, columns) = (rows.try_into().unwrap(), columns.try_into().unwrap());
    session.screen.screen_mut().set_size(rows, columns);
}

#[test]
fn c01_a_shrunken_terminal_says_so_and_keeps_typed_text() {
    let fake = Fake::with_result("[]");
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_until("half a name", "half a name");
    for (columns, rows) in [(39, 30), (100, 9), (1, 1), (2, 40), (130, 1), (12, 4)] {
        resize(&mut session, columns, rows);
        let before = session.stream.len();
        session.wait_until("a redraw", |session| session.stream.len() > before);
        session.type_keys(".");
    }
    resize(&mut session, 30, 5);
    session.wait_for("40");
    resize(&mut session, 100, 30);
    session.wait_for("half a name");
    session.type_until("!", "half a name......!");
    session.interrupt();
}

#[test]
fn c03_seventy_thousand_rows_scroll_to_their_end() {
    let long = "n".repeat(100_000);
    let entries: Vec<String> = (0..70_000).map(|at| format!("[{at}]")).collect();
    let fake = Fake::with_result(&token(&format!(
        r#""name":"{long}","duration":"forever","entries":[{}]"#,
        entries.join(",")
    )));
    let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.type_until("v", "1–26 of 210007");
    session.type_until("G", "69999");
    session.type_until("\x1b[5~\x1b[5~", "69975");
    session.quit();
    let fake = Fake::start(|head, _| {
        let page = head.split(['=', '&']).nth(1).unwrap();
        let from = (page.parse::<usize>().unwrap() - 1) * 1000;
        let same: Vec<String> = (from..from + 1000)
            .map(|at| format!(r#"{{"id":"{at:08}-fafe-4643-bbbc-4a0ed4fc8415","name":"same"}}"#))
            .collect();
        let note = r#"{"per_page":1000,"total_count":70000,"total_pages":70}"#;
        let list = same.join(",");
        let body = format!(r#"{{"success":true,"result":[{list}],"result_info":{note}}}"#);
        Reply::Bytes(http(200, &[], body))
    });
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_until("same", "70,000 matches");
    session.type_until("\x1bOQ", "1 of 70,000");
    session.type_keys("\x1b");
    session.type_until("G", "70,000 of 70,000");
    session.type_until("\x1b[5~", "69,97");
    session.quit();
}

#[test]
fn c14_wide_joined_and_right_to_left_names_shift_no_column() {
    let widths = [
        "東京都の鍵",
        "e\u{301}\u{323}te\u{301}",
        "مفتاح الخدمة",
        "a\u{FFFD}b",
        "한국어 키",
    ];
    for name in widths {
        let fake = Fake::with_result(&token(&format!(r#""name":"{name}","duration":"forever""#)));
        let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
        session.wait_for("What to do");
        session.type_keys("jj");
        let before = session.stream.len();
        session.wait_until("a redraw", |session| session.stream.len() > before);
        for (at, edge) in session
            .screen
            .screen()
            .rows(99, 1)
            .enumerate()
            .skip(1)
            .take(26)
        {
            assert!(
                "╮│┤╯".contains(edge.as_str()) && !edge.is_empty(),
                "{name}, row {at}: {edge:?}"
            );
        }
        session.quit();
    }
    let fake = Fake::with_result("[]");
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_keys("東京");
    // After the frame and the sign of the field.
    let start = 4;
    let is_at =
        |column| move |session: &Session| session.screen.screen().cursor_position().1 == column;
    session.wait_for("東京");
    session.wait_until("the cursor behind it", is_at(start + 4));
    session.type_until("\x1b[D\x1b[Dé", "é東京");
    session.wait_until("the cursor before it", is_at(start + 1));
    session.type_keys("\x03");
    session.end();
}

/// Every known way to make a terminal do something.
const HOSTILE: &str = r"\u001b]0;owned\u0007\u001b[2Jok\u202Egnp\u009b31m\u0090q\u009c\u007f\b\r\n\t\u2028\u2066\u200b\ufeff\u000e\u001b]52;c;b3duZWQ=\u001b\\";

fn assert_harmless(stream: &str) {
    for bad in [
        "]0;owned",
        "\x1b[2Jok",
        "b3duZWQ=\x1b",
        "\u{202E}",
        "\u{9b}",
        "\u{90}",
        "\u{7f}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\x0e",
    ] {
        assert!(
            !stream.contains(bad) || bad == "]0;owned" && !stream.contains("\x1b]0;"),
            "{bad:?}"
        );
    }
}

#[test]
fn c15_untrusted_text_never_reaches_the_terminal_raw() {
    let members = [
        "name",
        "client_id",
        "duration",
        "expires_at",
        "enabled",
        "created_at",
        "other",
    ]
    .map(|key| format!(r#""{key}":"{HOSTILE}""#))
    .join(",");
    let fake = Fake::with_result(&token(&format!(r#"{members},"{HOSTILE}":1"#)));
    let outcome = run(&mut fake.command(&["get", ID]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_harmless(&outcome.stdout);
    assert!(
        outcome
            .stdout
            .chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\t'))
    );
    let outcome = run(&mut fake.command(&["get", ID, "-o", "json"]));
    assert!(outcome.stdout.chars().all(|c| !c.is_control() || c == '\n'));
    let mut session = fake.screens(&[ID]).showing("UNKNOWN");
    for keys in ["jj", "v", "G", "v", "?"] {
        let before = session.stream.len();
        session.type_keys(keys);
        session.wait_until("a redraw", |session| session.stream.len() > before);
    }
    // The first key closes the help.
    session.type_keys("qq");
    assert_harmless(&session.end().1);
}

#[test]
fn c15_text_quoted_in_errors_never_reaches_the_terminal_raw() {
    let errors = format!(
        r#"[{{"code":10000,"message":"{HOSTILE}","documentation_url":"{HOSTILE}","source":{{"pointer":"{HOSTILE}"}},
        "error_chain":[{{"code":1,"message":"{HOSTILE}"}}]}}]"#
    );
    let fake = Fake::sending(http(
        403,
        &[("cf-ray", "ray\u{9b}31m\u{202E}")],
        refusal(&errors),
    ));
    let home = crate::support::api::home();
    let outcome = run(fake
        .command(&["get", ID, "--log", "trace"])
        .env("TOKENSCOPE_HOME", home.path()));
    assert_harmless(&outcome.stderr);
    assert!(
        outcome.stderr.chars().all(|c| !c.is_control() || c == '\n'),
        "{:?}",
        outcome.stderr
    );
    let log = std::fs::read_to_string(home.path().join("tokenscope.log")).unwrap();
    assert!(log.contains("answered"), "{log}");
    assert_harmless(&log);
    let mut session = fake.screens(&[ID]).showing("may not read");
    session.type_until("e", "API error 10000");
    // The first key closes the details.
    session.type_keys("qq");
    assert_harmless(&session.end().1);
    let name = "x\u{1b}]0;owned\u{7}\u{9b}31m\u{202E}";
    let outcome = run(&mut Fake::with_result("[]").command(&["get", name]));
    assert_harmless(&outcome.stderr);
    assert!(
        outcome.stderr.chars().all(|c| !c.is_control() || c == '\n'),
        "{:?}",
        outcome.stderr
    );
}

#[test]
fn c17_body_text_has_the_terminals_colours_and_colour_carries_no_meaning() {
    let fake = Fake::with_result(&token(
        r#""name":"deploy","enabled":false,"duration":"8760h""#,
    ));
    let mut session = fake.screens(&[ID]).showing("DISABLED");
    session.wait_for("365d (8760h)");
    let screen = session.screen.screen();
    let contents = screen.contents();
    let row = contents
        .lines()
        .position(|line| line.contains("365d (8760h)"))
        .unwrap();
    let row = u16::try_from(row).unwrap();
    let start = (0..100)
        .find(|column| screen.cell(row, *column).unwrap().contents() == "3")
        .unwrap();
    for column in start..start + 12 {
        let cell = screen.cell(row, column).unwrap();
        assert_eq!(cell.fgcolor(), vt100::Color::Default, "{}", cell.contents());
    }
    for row in 0..30 {
        for column in 0..100 {
            let cell = screen.cell(row, column).unwrap();
            for color in [cell.fgcolor(), cell.bgcolor()] {
                let is_fixed = matches!(color, vt100::Color::Default | vt100::Color::Idx(16..));
                assert!(is_fixed, "{color:?}");
            }
        }
    }
    session.quit();
    let mut session = fake.screens_with(
        &[ID],
        &[
            ("NO_COLOR", "1"),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ],
    );
    session.wait_for("⊘ deploy");
    let stream = session.quit();
    for colour in 30..=37 {
        assert!(!stream.contains(&format!("\x1b[{colour}m")), "{colour}");
    }
    assert!(!stream.contains("\x1b[38;") && !stream.contains("\x1b[48;"));
}

pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

/// The screens with a token that ends after this time; without one it never ends.
pub(crate) fn viewing(left: Option<TimeDelta>, refresh_seconds: u64) -> State {
    let session = AppSession {
        active: ActiveCredential {
            identity: Some(Identity {
                source: CredentialSource::Session,
                kind: CredentialKind::ApiToken,
            }),
            scope: Some(account()),
            ..ActiveCredential::default()
        },
        settings: Settings {
            refresh_seconds,
            ..Settings::default()
        },
        ..AppSession::default()
    };
    let mut state = State::new(session, keys(), noon(), (100, 30));
    let effects = app::start(&mut state, Opening::Token(TokenRef::parse(ID).unwrap()));
    answer(&mut state, &effects, noon(), left);
    state
}

/// Answers the fetch among the effects, and returns the number of fetches.
pub(crate) fn answer(
    state: &mut State,
    effects: &[Effect],
    now: DateTime<Utc>,
    left: Option<TimeDelta>,
) -> usize {
    let fetches = effects.iter().filter_map(|effect| match effect {
        Effect::FetchToken { request, .. } => Some(*request),
        _ => None,
    });
    let mut count = 0;
    for request in fetches {
        count += 1;
        let members = match left {
            Some(left) => format!(r#""expires_at":"{}""#, (noon() + left).to_rfc3339()),
            None => r#""duration":"forever""#.to_owned(),
        };
        let json = token(&members);
        let raw: &RawValue = serde_json::from_str(&json).unwrap();
        let token = ServiceToken::parse(&RawJson::from(raw));
        let found = Fetched::new(vec![token.into()], Duration::ZERO);
        let result = Ok(found);
        app::update(state, now, fetched(request, result));
    }
    count
}

/// Passes time like the event loop, sleeping until something changes, and counts draws and fetches.
fn idle(state: &mut State, seconds: i64, left: Option<TimeDelta>) -> (usize, usize) {
    let (mut draws, mut fetches) = (0, 0);
    let end = state.clock.local + TimeDelta::seconds(seconds);
    while let Some(at) = state.wake_at().filter(|at| *at < end) {
        let now = at.max(state.clock.local);
        let effects = app::update(state, now, Message::Ticked);
        draws += usize::from(state.changed);
        fetches += answer(state, &effects, now, left);
    }
    (draws, fetches)
}

#[test]
fn c21_an_idle_countdown_draws_once_a_second_and_other_screens_less() {
    let left = Some(TimeDelta::days(12));
    let (draws, fetches) = idle(&mut viewing(left, 0), 600, left);
    assert!((595..=601).contains(&draws), "{draws}");
    assert_eq!(fetches, 0);
    let (draws, fetches) = idle(&mut viewing(None, 0), 600, None);
    assert!(draws <= 10, "{draws}");
    assert_eq!(fetches, 0);
    let (_, fetches) = idle(&mut viewing(left, 60), 600, left);
    assert!((9..=10).contains(&fetches), "{fetches}");
}

#[test]
fn c25_after_a_night_the_first_frame_shows_the_current_time_left() {
    let left = TimeDelta::days(12);
    let mut state = viewing(Some(left), 0);
    for hours in [8, -3, 24 * 13] {
        let now = noon() + TimeDelta::hours(hours);
        app::update(&mut state, now, Message::Ticked);
        let shown = Remaining::until(noon() + left, state.instant());
        let real = Remaining::until(noon() + left, now);
        assert_eq!(shown.to_string(), real.to_string(), "{hours} h");
    }
}

#[test]
fn c29_days_hours_and_seconds_are_rounded_down_on_both_sides_of_the_end() {
    let end = noon();
    for (seconds, text, days) in [
        (86_400 + 86_399, "1d 23:59:59", 1),
        (86_400, "1d 00:00:00", 1),
        (86_399, "23:59:59", 0),
        (3_599, "59:59", 0),
        (1, "00:01", 0),
        (0, "expired 00:00 ago", 0),
        (-1, "expired 00:01 ago", -1),
        (-86_340, "expired 23:59:00 ago", -1),
        (-86_400, "expired 1d 00:00:00 ago", -1),
        (-86_401, "expired 1d 00:00:01 ago", -2),
    ] {
        let remaining = Remaining::until(end, end - TimeDelta::seconds(seconds));
        assert_eq!(remaining.to_string(), text, "{seconds}");
        assert_eq!(remaining.seconds(), seconds);
        assert_eq!(remaining.days(), days, "{seconds}");
        assert_eq!(remaining.is_over(), seconds <= 0);
    }
    let half = Remaining::until(end, end - TimeDelta::milliseconds(500));
    assert_eq!(
        (half.to_string().as_str(), half.seconds(), half.is_over()),
        ("00:00", 0, false)
    );
    let past = Remaining::until(end, end + TimeDelta::milliseconds(500));
    assert_eq!(
        (past.seconds(), past.days()),
        (-1, -1),
        "negative after expiry"
    );
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
            // A character before a letter may be part of its cluster.
            let is_whole = many == "\u{0600}" || clean.ends_with('b');
            assert!(clean.starts_with('a') && is_whole, "{many:?} {count}");
            // Generous: quadratic work would take hours.
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
    fn k14_no_cell_contains_unboundedly_many_characters(
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
fn k14_lines_for_people_are_of_bounded_length() {
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
    let fake = Fake::answering(418, &refusal);
    for line in [&["list"][..], &["check"], &["get", ID]] {
        let outcome = run(&mut fake.command(line));
        let said = outcome.stdout + &outcome.stderr;
        assert!(said.len() < 20_000, "{line:?}: {}", said.len());
    }
}

#[test]
fn k14_of_ninety_thousand_equal_names_few_ids_are_listed() {
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
