//! Snapshots of the list at several sizes, with a fixed clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use ratatui::backend::TestBackend;
use ratatui::buffer::Cell;
use ratatui::style::Modifier;
use ratatui::{Frame, Terminal};
use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message, Stage};
use tokenscope::app::state::{Screen, State};
use tokenscope::app::update;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, Gap, RequestId, Tokens};
use tokenscope::domain::token::ServiceToken;
use tokenscope::layout::token_columns::{BrowseLayout, Column, GAP, LEAD, MoreColumns};
use tokenscope::theme::Theme;

use crate::screens::scenes::selected_rows;
use crate::screens::scenes::{
    LARGE, SKETCH, SMALL, Scene, USUAL, now, renderer, state, text, token_with,
};
use crate::screens::views::{check, every_size, sweep};
use crate::support::app::{fetched, list_fetched, press};
use crate::support::tokens::token;

pub(crate) const BROWSE: [Scene; 15] = [
    ("browse_loading", loading),
    ("browse_arriving", arriving),
    ("browse_keyring", keyring),
    ("browse_ready", ready),
    ("browse_filtered", filtered),
    ("browse_filtered_by_id", filtered_by_id),
    ("browse_filtered_to_nothing", filtered_to_nothing),
    ("browse_empty", empty),
    ("browse_failed", failed),
    ("browse_stale", stale),
    ("browse_incomplete", incomplete),
    ("browse_reloading", reloading),
    ("browse_hostile", hostile),
    ("browse_statuses", statuses),
    ("browse_changed", changed),
];

// ---------------------------------------------------------------------------------- states

fn act(state: &mut State, action: Action) -> Vec<Effect> {
    update(state, now(), press(action))
}

fn ask(state: &mut State, action: Action) -> RequestId {
    let effects = act(state, action);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ListTokens { request, .. } => Some(*request),
        _ => None,
    });
    request.unwrap()
}

fn arrive(state: &mut State, request: RequestId, tokens: Vec<Arc<ServiceToken>>, total: usize) {
    let total = Some(total);
    let page = Message::TokensArrived {
        request,
        tokens,
        total,
    };
    update(state, now(), page);
}

fn list(tokens: Vec<Arc<ServiceToken>>) -> Fetched<Tokens> {
    Fetched {
        announced: Some(tokens.len()),
        ..Fetched::new(tokens, Duration::from_millis(84))
    }
}

fn end(state: &mut State, request: RequestId, result: Result<Fetched<Tokens>, Failure>) {
    update(state, now(), list_fetched(request, result));
}

fn browse(tokens: Vec<Arc<ServiceToken>>) -> State {
    let mut state = state();
    let request = ask(&mut state, Action::Browse);
    end(&mut state, request, Ok(list(tokens)));
    state
}

fn named(number: usize, changes: &[(&str, &str)]) -> Arc<ServiceToken> {
    let id = format!("\"f174e90a-fafe-4643-bbbc-{number:012x}\"");
    let client_id = format!("\"{number:08x}6d86161464f6509f7219099e.access\"");
    let mut all = vec![("id", id.as_str()), ("client_id", client_id.as_str())];
    all.extend_from_slice(changes);
    token_with(&all)
}

/// One of each status, and some more.
fn tokens() -> Vec<Arc<ServiceToken>> {
    vec![
        named(1, &[]),
        named(
            2,
            &[
                ("name", r#""terraform-prod""#),
                ("expires_at", r#""2026-11-28T09:00:00Z""#),
                ("duration", r#""2160h""#),
            ],
        ),
        named(
            3,
            &[
                ("name", r#""github-actions-deploy""#),
                ("expires_at", r#""2027-06-24T16:20:00Z""#),
                ("last_seen_at", r#""2026-11-25T12:02:00Z""#),
            ],
        ),
        named(
            4,
            &[
                ("name", r#""tunnel-health-probe""#),
                ("duration", r#""forever""#),
                ("last_seen_at", "null"),
            ],
        ),
        named(
            5,
            &[
                ("name", r#""nightly-backup-legacy""#),
                ("expires_at", r#""2026-11-16T08:30:00Z""#),
            ],
        ),
        named(
            6,
            &[
                ("name", r#""migrated-from-v1""#),
                ("expires_at", "null"),
                ("last_seen_at", "17"),
            ],
        ),
        named(
            7,
            &[
                ("name", r#""contractor-laptop""#),
                ("enabled", "false"),
                ("duration", r#""4380h30m""#),
            ],
        ),
        named(
            8,
            &[
                ("name", r#""old-jenkins""#),
                ("expires_at", r#""2024-11-16T08:30:00Z""#),
            ],
        ),
        named(
            9,
            &[
                ("name", r#""warehouse-etl""#),
                ("expires_at", r#""2030-02-01T00:00:00Z""#),
                ("duration", r#""soon""#),
            ],
        ),
        token("{}"),
        named(11, &[("name", "null"), ("expires_at", "")]),
    ]
}

fn loading() -> State {
    let mut state = state();
    ask(&mut state, Action::Browse);
    state.list.progress.stage = Stage::Network;
    (state.clock.local, state.clock.steady) =
        (now() + TimeDelta::seconds(3), now() + TimeDelta::seconds(3));
    state
}

fn keyring() -> State {
    let mut state = loading();
    state.list.progress.stage = Stage::Credential;
    state
}

fn arriving() -> State {
    let mut state = state();
    let request = ask(&mut state, Action::Browse);
    arrive(&mut state, request, tokens(), 12_000);
    (state.clock.local, state.clock.steady) =
        (now() + TimeDelta::seconds(3), now() + TimeDelta::seconds(3));
    state
}

pub(crate) fn ready() -> State {
    let mut state = browse(tokens());
    act(&mut state, Action::Down);
    state
}

fn searching(query: &str) -> State {
    let mut state = ready();
    act(&mut state, Action::Search);
    for character in query.chars() {
        update(
            &mut state,
            now(),
            Message::Input(Input::Type(Typed(character))),
        );
    }
    state
}

fn filtered() -> State {
    let mut state = searching("e prod");
    act(&mut state, Action::DeleteWord);
    update(&mut state, now(), Message::Input(Input::Type(Typed('r'))));
    state
}

fn filtered_by_id() -> State {
    let mut state = searching("bbbc-000000000003");
    act(&mut state, Action::Submit);
    state
}

fn filtered_to_nothing() -> State {
    searching("produktion")
}

fn empty() -> State {
    browse(Vec::new())
}

fn failed() -> State {
    let mut state = state();
    let request = ask(&mut state, Action::Browse);
    end(&mut state, request, Err(failure()));
    state
}

fn failure() -> Failure {
    Failure::new(
        FailureKind::Permission,
        "The credential may not list the service tokens of account 4f1b…9c2e.",
        "Give it the permission Access: Service Tokens Read.",
    )
}

pub(crate) fn stale() -> State {
    let mut state = ready();
    let request = ask(&mut state, Action::Reload);
    end(&mut state, request, Err(failure()));
    (state.clock.local, state.clock.steady) =
        (now() + TimeDelta::minutes(3), now() + TimeDelta::minutes(3));
    state
}

fn incomplete() -> State {
    let mut state = state();
    let request = ask(&mut state, Action::Browse);
    arrive(&mut state, request, tokens(), 12_000);
    let list = Fetched {
        gap: Some(Gap {
            reason: "page 2 of 12 could not be read: the API did not answer".to_owned(),
            failure: None,
        }),
        announced: Some(12_000),
        ..list(tokens())
    };
    end(&mut state, request, Ok(list));
    state
}

fn reloading() -> State {
    let mut state = ready();
    let request = ask(&mut state, Action::Reload);
    arrive(&mut state, request, tokens(), 12_000);
    (state.clock.local, state.clock.steady) =
        (now() + TimeDelta::minutes(2), now() + TimeDelta::minutes(2));
    state
}

fn statuses() -> State {
    let mut state = ready();
    act(&mut state, Action::ShowCritical);
    act(&mut state, Action::ShowUnknown);
    state
}

fn changed() -> State {
    let mut state = ready();
    let request = ask(&mut state, Action::Reload);
    let mut list = tokens();
    list[2] = named(
        3,
        &[("name", r#""github-actions-deploy-renamed-and-long""#)],
    );
    list.push(named(30, &[("name", r#""brand-new""#)]));
    end(&mut state, request, Ok(super::browse::list(list)));
    state
}

fn hostile() -> State {
    let long = format!("\"{}\"", "long ".repeat(20_000));
    let names = [
        r#""東京-バックアップ-サーバー-本番環境-トークン""#,
        r#""odd東京-バックアップ-サーバー-本番環境-トークン""#,
        r#""👨‍👩‍👧‍👦 family 🇨🇭 flag ❤️ heart e\u0301 combined""#,
        r#""\u202egnp.exe\u202c \u001b[31mred\u0007 العربية""#,
        r#""two\r\nlines\tand a tab""#,
        r#""<b>&amp;</b>""#,
        long.as_str(),
    ];
    let tokens = names
        .iter()
        .enumerate()
        .map(|(at, name)| named(at + 20, &[("name", name), ("duration", r#""\u001b[2J9h""#)]));
    let mut state = browse(tokens.collect());
    act(&mut state, Action::Bottom);
    state
}

// --------------------------------------------------------------------------------- drawing

#[test]
fn the_list_matches_snapshots() {
    check(&BROWSE, &[SMALL, USUAL, SKETCH, LARGE]);
}

/// The smallest terminal, and one with every column.
#[test]
fn the_list_matches_snapshots_at_extreme_sizes() {
    let all: String = [ready as fn() -> State, filtered, changed, incomplete]
        .map(|scene| crate::screens::scenes::shown(scene, &[(40, 10), (200, 50)]))
        .concat();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("browse_extremes", all);
    });
}

#[test]
fn mono_underlines_matches() {
    let renderer = renderer("mono", false);
    let (buffer, _) = renderer.draw(searching("terra"), USUAL);
    let marked: String = buffer
        .content()
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::UNDERLINED))
        .map(Cell::symbol)
        .collect();
    assert_eq!(marked, "terra");
}

#[test]
fn a_bar_marks_the_selected_row_in_every_theme() {
    for theme in Theme::names() {
        let (buffer, _) = renderer(theme, false).draw(ready(), SKETCH);
        assert_eq!(selected_rows(&buffer), [4], "{theme}");
    }
}

/// Columns keep their position whatever the names contain.
#[test]
fn hostile_names_shift_no_column() {
    for size in [SMALL, USUAL, SKETCH, LARGE] {
        let (buffer, _) = renderer("dark", false).draw(hostile(), size);
        let screen = text(&buffer);
        for y in 3..10 {
            let edge = buffer[(size.0 - 1, y)].symbol();
            assert_eq!(edge, "│", "row {y} at {size:?}\n{screen}");
        }
        let starts = |y: u16| {
            let shows = |x: u16, text: &str| buffer[(x, y)].symbol() == text;
            (0..size.0 - 2).find(|x| shows(*x, "1") && shows(*x + 1, "2") && shows(*x + 2, "d"))
        };
        let columns: Vec<_> = (3..10).map(starts).collect();
        assert!(columns[0].is_some(), "{screen}");
        assert!(columns.iter().all(|at| *at == columns[0]), "{screen}");
        for cell in buffer.content() {
            let assert_clean = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}');
            assert!(
                cell.symbol().chars().all(assert_clean),
                "{:?}",
                cell.symbol()
            );
        }
    }
}

#[test]
fn a_mistyped_field_stays_visible_in_its_row() {
    let odd = [("name", "123"), ("duration", "8760"), ("enabled", "0")];
    let screen = text(
        &renderer("mono", false)
            .draw(browse(vec![named(1, &odd)]), LARGE)
            .0,
    );
    let row = screen
        .lines()
        .find(|line| line.starts_with('│') && line.contains("unexpected type: 123"))
        .unwrap();
    assert!(row.contains(" ? ") || row.contains("▌? "), "{screen}");
    let duration = screen.lines().find(|line| line.contains("Duration "));
    assert!(
        duration.is_some_and(|it| it.contains("unexpected type: 8760")),
        "{screen}"
    );
    assert!(row.contains("12d "), "{screen}");
    let screen = text(
        &renderer("mono", false)
            .draw(
                browse(vec![named(1, &[("id", "7"), ("name", "null")])]),
                LARGE,
            )
            .0,
    );
    assert!(screen.contains("(no name) unexpected type: 7"), "{screen}");
}

#[test]
fn a20_a_deleted_token_offers_the_list_filtered_by_its_name() {
    let mut state = ready();
    let effects = act(&mut state, Action::Submit);
    let [Effect::FetchToken { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let gone = Failure::new(FailureKind::NotFound, "No such token.", "Look for it.");
    let (request, result) = (*request, Err(gone));
    update(&mut state, now(), fetched(request, result));
    let shown = text(&renderer("dark", false).draw(state, USUAL).0);
    assert!(shown.contains("b list by its name"), "{shown}");
    let shown = text(&renderer("dark", false).draw(failed(), USUAL).0);
    assert!(!shown.contains("list by its name"), "{shown}");
}

#[test]
fn the_list_can_be_drawn_at_every_size() {
    let mut state = stale();
    state.browse.is_filtering = true;
    sweep(&state, every_size());
}

#[test]
fn the_last_of_seventy_thousand_rows_is_visible() {
    let mut state = browse(many(70_000));
    act(&mut state, Action::Bottom);
    let shown = text(&renderer("dark", false).draw(state.clone(), USUAL).0);
    assert!(shown.contains("70,000 tokens, by urgency"), "{shown}");
    let last = &state.browse.token(&state.list).unwrap().name_text();
    assert!(shown.contains(last), "{shown}");
    act(&mut state, Action::PageUp);
    let last = state
        .browse
        .token(&state.list)
        .unwrap()
        .name_text()
        .to_owned();
    let shown = text(&renderer("dark", false).draw(state, USUAL).0);
    assert!(shown.contains(&last), "{shown}");
}

/// Columns of narrower terminals stay, and every row fits.
#[test]
fn a_wider_terminal_keeps_every_column() {
    let mut known = Vec::new();
    for width in 40..=200 {
        let shown = BrowseLayout::new(width, true);
        let columns: Vec<Column> = shown.columns.iter().map(|(column, _)| column).collect();
        for column in &known {
            assert!(columns.contains(column), "{column:?} is gone at {width}");
        }
        assert!(shown.columns.width(Column::Name) >= 12, "{width}");
        let taken: usize = shown.columns.iter().map(|(_, cells)| cells + GAP).sum();
        let row = LEAD + taken - GAP + 1;
        let preview = usize::from(shown.preview.unwrap_or(1));
        assert!(row + preview < usize::from(width), "{width}");
        assert_eq!(shown.preview.is_some(), width >= 120);
        assert!(shown.preview.is_none_or(|it| (40..=70).contains(&it)));
        let hidden = BrowseLayout::new(width, false);
        let without: Vec<Column> = hidden.columns.iter().map(|(column, _)| column).collect();
        assert_eq!(without, columns, "the preview costs no column at {width}");
        known = columns;
    }
    let all = [
        Column::Name,
        Column::Left,
        Column::Expires,
        Column::LastSeen,
        Column::Note,
        Column::Lifetime,
        Column::ClientId,
    ];
    assert_eq!(known, all);
}

#[test]
fn chosen_statuses_are_marked_among_the_counts() {
    let mut state = ready();
    act(&mut state, Action::ShowCritical);
    act(&mut state, Action::ShowUnknown);
    let shown = text(&renderer("mono", false).draw(state, USUAL).0);
    let counts = "✖ 2 expired [✖ 1 critical] ▲ 1 expiring [? 3] ● 2";
    assert!(shown.contains(counts), "{shown}");
    assert!(shown.contains("4 of 11, by urgency"), "{shown}");
}

#[test]
fn matches_of_a_filter_are_marked_in_the_note() {
    let shown = text(&renderer("mono", false).draw(searching("unus"), USUAL).0);
    assert!(shown.contains("unused"), "{shown}");
    let (buffer, _) = renderer("dark", false).draw(searching("unus"), USUAL);
    let marked: Vec<_> = buffer
        .content()
        .iter()
        .filter(|cell| cell.modifier.contains(Modifier::UNDERLINED))
        .collect();
    assert_eq!(marked.len() % 4, 0, "{shown}");
    assert!(
        marked
            .iter()
            .all(|cell| cell.modifier.contains(Modifier::BOLD))
    );
}

// --------------------------------------------------------------------------------- speed

fn many(count: usize) -> Vec<Arc<ServiceToken>> {
    let words = [
        "ci",
        "prod",
        "terraform",
        "deploy",
        "backup",
        "vendor",
        "etl",
    ];
    let start = now();
    (0..count)
        .map(|number| {
            let name = format!(
                "\"{}-{}-{number:05}\"",
                words[number * 31 % 7],
                words[number * 17 % 5]
            );
            let days = i64::try_from(number * 7919 % 500).unwrap() - 60;
            let seconds = i64::try_from(number * 104_729 % 86_400).unwrap();
            let end = start + TimeDelta::days(days) + TimeDelta::seconds(seconds);
            let end = format!("\"{}\"", end.to_rfc3339());
            named(number, &[("name", &name), ("expires_at", &end)])
        })
        .collect()
}

/// Prints times to compare with the budgets: `cargo test --release -- --ignored fifty_thousand
/// --nocapture`. Asserts nothing, since machines differ.
#[test]
#[ignore = "prints figures, for a quiet machine and a release build"]
#[expect(clippy::print_stderr, reason = "figures are for people")]
fn figures_for_fifty_thousand_tokens() {
    let report = |what: &str, mut run: Box<dyn FnMut() + '_>| {
        let mut times: Vec<Duration> = (0..15)
            .map(|_| {
                let start = Instant::now();
                run();
                start.elapsed()
            })
            .collect();
        times.sort_unstable();
        let (median, worst) = (times[7], times[14]);
        eprintln!("{what:40} median {median:>10.1?}  worst {worst:>10.1?}");
    };
    let all = many(50_000);
    report(
        "whole list, page by page",
        Box::new(|| {
            let mut state = state();
            let request = ask(&mut state, Action::Browse);
            for page in all.chunks(1_000) {
                arrive(&mut state, request, page.to_vec(), all.len());
            }
            end(&mut state, request, Ok(list(all.clone())));
            assert_eq!(state.screen, Screen::Browse);
        }),
    );
    let ready = browse(all.clone());
    let mut state = ready.clone();
    report(
        "sort by the next key",
        Box::new(|| drop(act(&mut state, Action::Sort))),
    );
    let mut state = ready.clone();
    report(
        "one row down",
        Box::new(|| drop(act(&mut state, Action::Down))),
    );
    let mut state = ready.clone();
    act(&mut state, Action::Search);
    let mut letters = "tefm prod 1 ci bbbc".chars().cycle();
    report(
        "a letter typed into the filter",
        Box::new(|| {
            let letter = letters.next().unwrap();
            update(
                &mut state,
                now(),
                Message::Input(Input::Type(Typed(letter))),
            );
        }),
    );
    report(
        "a letter deleted from the filter",
        Box::new(|| drop(act(&mut state, Action::DeleteBack))),
    );
    let renderer = renderer("dark", false);
    for (what, query) in [("frame", ""), ("frame with a filter", "prod bbbc")] {
        let mut state = ready.clone();
        act(&mut state, Action::Search);
        for letter in query.chars() {
            update(
                &mut state,
                now(),
                Message::Input(Input::Type(Typed(letter))),
            );
        }
        state.size = LARGE;
        let mut terminal = Terminal::new(TestBackend::new(LARGE.0, LARGE.1)).unwrap();
        let draw = || {
            let draw = |frame: &mut Frame<'_>| renderer.render(frame, &state);
            terminal.draw(draw).unwrap();
        };
        report(what, Box::new(draw));
    }
}

#[test]
fn a_wider_terminal_never_shrinks_the_preview() {
    for profile in [0, 12] {
        let mut before = 0;
        for width in 120..=260 {
            let layout = BrowseLayout::with(
                width,
                true,
                MoreColumns {
                    profile,
                    has_opens: true,
                },
            );
            let preview = layout.preview.unwrap();
            assert!((40..=70).contains(&preview), "{width}: {preview}");
            assert!(preview >= before, "{width}: {preview} after {before}");
            let columns = layout.columns.iter().map(|(_, cells)| cells + GAP);
            let taken = LEAD + columns.sum::<usize>() - GAP + 1;
            assert_eq!(taken + usize::from(preview) + 1, usize::from(width));
            before = preview;
        }
    }
}
