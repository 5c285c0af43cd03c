//! The page of a token at every size.

use std::collections::BTreeSet;

use tokenscope::action::Action;
use tokenscope::app::state::State;
use tokenscope::domain::fields::fields;
use tokenscope::layout::detail::Part;
use tokenscope::screens::detail::state::View;

use super::scenes::{
    detail, detail_expired, detail_expiring, detail_other_fields, renderer, select, text,
    token_with,
};
use crate::support::app::act;
use crate::support::assertions::assert_contains;

fn drawn(state: &State, size: (u16, u16)) -> String {
    let mut state = state.clone();
    state.size = size;
    text(&renderer("dark", false).draw(state, size).0)
}

fn pressed(state: &mut State, size: (u16, u16), action: Action) -> String {
    state.size = size;
    act(state, action);
    drawn(state, size)
}

/// The visible labels of facts and summaries of findings.
fn shown(screen: &str, state: &State) -> BTreeSet<String> {
    let token = state.detail.token.value().unwrap();
    let labels = fields(token).iter().map(|field| field.label.clone());
    let words = ["renew", "rotate", "What to do", "Facts", "Ends in"].map(str::to_owned);
    let is_shown = |word: &String| screen.contains(word.as_str());
    labels.chain(words).filter(is_shown).collect()
}

#[test]
fn a_wider_terminal_never_shows_less() {
    let state = detail_expiring();
    for height in [10, 16, 24, 30, 50] {
        let mut before = BTreeSet::new();
        for width in 40..=200 {
            let screen = drawn(&state, (width, height));
            let now = shown(&screen, &state);
            let lost: Vec<_> = before.difference(&now).collect();
            assert!(lost.is_empty(), "{width}×{height} lost {lost:?}\n{screen}");
            before = now;
        }
    }
}

/// A row drops UTC first, then the precision of its local time, and its distance last.
#[test]
fn each_row_drops_its_least_important_parts_first() {
    let mut state = detail(token_with(&[("last_seen_at", r#""2026-11-25T12:04:00Z""#)]));
    select(&mut state, "id");
    let mut before = 0;
    for width in 60..=119 {
        let screen = drawn(&state, (width, 30));
        let forms = ["17:37", "17:37:52 +01:00", "16:37 UTC"];
        let row = screen.lines().find(|line| line.contains(" Expires "));
        let row = row.unwrap();
        assert!(row.contains("in 12 d"), "{row}");
        let now = forms.iter().filter(|form| row.contains(**form)).count();
        assert!(now >= before, "{width}: {row}");
        before = now;
    }
    assert_eq!(before, 3);
}

#[test]
fn everything_is_reachable_in_the_smallest_terminal() {
    let smallest = (40, 10);
    let scenes: [fn() -> State; 3] = [detail_expiring, detail_expired, detail_other_fields];
    for scene in scenes {
        let mut state = scene();
        let token = state.detail.token.value().unwrap().clone();
        state.detail.selected = 0;
        let mut seen = drawn(&state, smallest);
        for _ in 0..fields(&token).len() {
            seen.push_str(&pressed(&mut state, smallest, Action::Down));
        }
        for field in fields(&token) {
            let start: String = field.label.chars().take(6).collect();
            assert!(seen.contains(&start), "{start}\n{seen}");
        }
        seen.push_str(&pressed(&mut state, smallest, Action::NextField));
        assert_eq!(state.detail.focus, Part::Advice);
        let lines = state.clone();
        for _ in 0..30 {
            seen.push_str(&pressed(&mut state, smallest, Action::Down));
        }
        for word in ["renew", "rotate", "R copies", "grace"] {
            let is_offered = drawn(&lines, (80, 50)).contains(word);
            assert!(!is_offered || seen.contains(word), "{word}\n{seen}");
        }
    }
}

#[test]
fn every_date_has_a_label() {
    let title = |changes: &[(&str, &str)], width| {
        let screen = drawn(&detail(token_with(changes)), (width, 24));
        screen.lines().nth(1).unwrap().to_owned()
    };
    let disabled = ("enabled", "false");
    let past = ("expires_at", r#""2026-11-22T07:51:36Z""#);
    for width in [40, 50, 60, 80, 120, 200] {
        assert!(title(&[], width).contains("expires 7 Dec") || width > 50);
        assert!(title(&[], width).contains(" expires "), "{width}");
        let line = title(&[disabled], width);
        assert!(
            line.contains("would expire ") || !line.contains("Dec"),
            "{line}"
        );
        let line = title(&[disabled, past], width);
        assert!(line.contains("expired "), "{line}");
        let line = title(&[("duration", r#""forever""#)], width);
        assert!(!line.contains("Dec"), "{line}");
    }
    let forever = drawn(
        &detail(token_with(&[("duration", r#""forever""#)])),
        (80, 24),
    );
    assert!(
        forever.contains("not used: the duration is forever"),
        "{forever}"
    );
    let screen = drawn(&detail(token_with(&[disabled])), (80, 24));
    assert!(screen.contains("Would expire"), "{screen}");
}

#[test]
fn the_bar_marks_both_thresholds() {
    for (width, ascii) in [(40, false), (80, false), (200, false), (80, true)] {
        let mut state = detail_expiring();
        state.ascii = ascii;
        state.size = (width, 24);
        let screen = text(&renderer("dark", ascii).draw(state, (width, 24)).0);
        let bar = screen.lines().find(|line| line.contains("% elapsed"));
        let bar = bar.unwrap();
        let (warn, critical) = if ascii { ('!', 'X') } else { ('▲', '✖') };
        let (warn, critical) = (bar.find(warn).unwrap(), bar.find(critical).unwrap());
        assert!(warn < critical, "{bar}");
    }
}

/// Kolkata is five and a half hours ahead, so its date often differs from that of UTC.
#[test]
fn utc_shows_its_date_if_it_differs_from_the_local_one() {
    let mut state = detail(token_with(&[("expires_at", r#""2026-12-07T20:37:52Z""#)]));
    state.size = (100, 30);
    let mut renderer = renderer("dark", false);
    renderer.local = |instant| {
        let kolkata = chrono::FixedOffset::east_opt(5 * 3600 + 1800).unwrap();
        instant.with_timezone(&kolkata)
    };
    let screen = text(&renderer.draw(state, (100, 30)).0);
    let row = screen.lines().find(|line| line.contains(" Expires "));
    let row = row.unwrap();
    assert_contains(
        row,
        "in 12 d     Tue  8 Dec 2026 02:07:52 +05:30   7 Dec 20:37 UTC",
    );
    assert_contains(&screen, "expires Tue 8 Dec 2026 02:07 +05:30");
}

#[test]
fn the_frame_always_shows_the_json_of_the_selected_field() {
    for height in [10, 16, 24, 50] {
        for width in [40, 60, 80, 119, 120, 200] {
            let mut state = detail_expiring();
            for part in [Part::Facts, Part::Advice, Part::Json] {
                state.detail.focus = part;
                let screen = drawn(&state, (width, height));
                let frame = screen.lines().nth(usize::from(height) - 2).unwrap();
                assert!(frame.contains("\"expires_at\": \"2026"), "{screen}");
                assert!(frame.contains("5 of 11"), "{screen}");
            }
        }
    }
}

#[test]
fn a_changed_value_follows_the_old_one() {
    let mut state = detail(token_with(&[
        ("duration", r#""2160h""#),
        ("name", r#""new""#),
    ]));
    state.detail.before = Some(token_with(&[]));
    state.detail.changed = vec!["duration".to_owned(), "name".to_owned()];
    let screen = drawn(&state, (80, 30));
    assert_contains(&screen, "ΔDuration       365d (8760h) → 90d (2160h)");
    assert_contains(&screen, "ΔName           CI/CD token → new");
    assert!(matches!(state.detail.view, View::Fields));
}

#[test]
fn dates_of_all_facts_align_whatever_their_age() {
    let state = detail(token_with(&[
        ("expires_at", r#""2026-11-25T12:04:40Z""#),
        ("last_seen_at", r#""2026-11-25T11:19:00Z""#),
        ("updated_at", r#""2022-01-25T12:04:00Z""#),
    ]));
    let screen = drawn(&state, (100, 40));
    let columns: BTreeSet<_> = ["Last seen", "Expires", "Updated", "Created"]
        .into_iter()
        .map(|label| {
            let line = screen.lines().find(|line| line.contains(label)).unwrap();
            let at = line.find(" 20").unwrap_or_else(|| panic!("{line}"));
            line[..at].chars().count()
        })
        .collect();
    assert_eq!(columns.len(), 1, "{screen}");
}

#[test]
fn a_disabled_token_is_not_shown_as_an_alarm() {
    let screen = drawn(&detail(token_with(&[("enabled", "false")])), (100, 40));
    assert!(screen.contains("⊘ Disabled: it and"), "{screen}");
}

/// The key beside the first remedy ends at the same column for every token.
#[test]
fn the_key_of_a_remedy_stays_in_its_column() {
    let column = |duration: &str| {
        let screen = drawn(&detail(token_with(&[("duration", duration)])), (110, 40));
        let line = screen
            .lines()
            .find(|line| line.contains("R copies"))
            .unwrap();
        line[..line.find("R copies").unwrap()].chars().count()
    };
    assert_eq!(column(r#""8760h""#), column(r#""2160h""#));
}

/// The whole request and the permission it needs can be read before copying.
#[test]
fn the_whole_request_is_readable_on_the_smallest_terminal() {
    let size = (40, 10);
    let mut state = detail_expiring();
    let mut seen = pressed(&mut state, size, Action::CopyRequest);
    assert!(seen.contains("PgDn scrolls"), "{seen}");
    for _ in 0..12 {
        seen.push_str(&pressed(&mut state, size, Action::PageDown));
    }
    for part in [
        "same secret, later expiry; no client",
        "curl -sS -X POST",
        "$CLOUDFLARE_API_TOKEN",
        "Needs Service Tokens Write",
    ] {
        assert!(seen.contains(part), "{part}: {seen}");
    }
    let other = pressed(&mut state, size, Action::Down);
    assert_contains(&other, "new secret for every client; the old");
}
