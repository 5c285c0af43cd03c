//! Snapshots of every screen at several sizes, with a fixed clock. Read them when they change.

use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokenscope::action::{Action, Context, Input};
use tokenscope::app::form::{Editor, TextField};
use tokenscope::app::message::Message;
use tokenscope::app::state::{Banner, Screen, State};
use tokenscope::app::update;
use tokenscope::domain::credential::Secret;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::keymap::Keymap;
use tokenscope::screens::detail::state::RawView;
use tokenscope::screens::detail::state::View;
use tokenscope::theme::{ColorDepth, Role, Theme};

use crate::screens::browse;
use crate::screens::scenes::selected_rows;
use crate::screens::scenes::{
    DETAIL, LARGE, LOOKUP, REST, SETUP, SKETCH, SMALL, Scene, USUAL, account, banner, choice,
    detail_critical, detail_expired, detail_expiring, detail_hostile, detail_other_fields,
    detail_stale, error_banner, error_details, help, help_in_a_field, lookup_complaint,
    lookup_keyring, notice, now, raw, raw_search, refused, renderer, scenes, setup,
    setup_complaint, setup_global_key, setup_replacing, shown, state, text, token_with,
};

pub(crate) fn check(scenes: &[Scene], sizes: &[(u16, u16)]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, scene) in scenes {
            insta::assert_snapshot!(*name, shown(*scene, sizes));
        }
    });
}

#[test]
fn screens_match_snapshots_in_the_smallest_terminals() {
    let all: String = [
        detail_critical,
        detail_expired,
        detail_hostile,
        error_banner,
        lookup_keyring,
        setup_complaint,
    ]
    .map(|scene| shown(scene, &[(40, 10), (46, 14)]))
    .concat();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("smallest", all);
    });
}

#[test]
fn screens_match_snapshots() {
    check(&SETUP, &[SMALL, USUAL]);
    check(&LOOKUP, &[SMALL, USUAL]);
    check(&DETAIL, &[SMALL, USUAL, SKETCH, LARGE]);
    check(&REST, &[SMALL, USUAL, LARGE]);
}

#[test]
fn a_terminal_that_is_too_small_gets_one_line() {
    let all = shown(
        detail_expiring,
        &[(39, 10), (40, 9), (30, 8), (20, 5), (7, 2), (60, 9)],
    );
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("too_small", all);
    });
}

#[test]
fn a_bar_marks_the_selected_row() {
    for theme in Theme::names() {
        let (buffer, _) = renderer(theme, false).draw(detail_expiring(), SKETCH);
        let selected = selected_rows(&buffer);
        let [row] = selected.as_slice() else {
            panic!("{theme}: selected rows {selected:?}");
        };
        let line = text(&buffer)
            .lines()
            .nth(usize::from(*row))
            .unwrap()
            .to_owned();
        assert!(line.contains("Expires"), "{theme}: {line}");
    }
}

/// Text without a role has the terminal's own colours; roles have fixed ones.
#[test]
fn body_text_has_the_terminals_own_colours() {
    for theme in ["dark", "light"] {
        let renderer = renderer(theme, false);
        let mut plain = 0;
        let mut all = 0;
        for (name, scene) in scenes() {
            let (buffer, _) = renderer.draw(scene(), USUAL);
            let selected = selected_rows(&buffer);
            let rows = (1..USUAL.1 - 1).filter(|y| !selected.contains(y));
            let cells = rows.flat_map(|y| (0..USUAL.0).map(move |x| (x, y)));
            for place in cells {
                let cell = &buffer[place];
                let is_fixed = |color| matches!(color, Color::Reset | Color::Indexed(16..));
                assert!(is_fixed(cell.fg) && is_fixed(cell.bg), "{name}: {cell:?}");
                let is_text = cell.symbol().chars().all(char::is_alphanumeric);
                if !is_text {
                    continue;
                }
                all += 1;
                plain += usize::from(cell.fg == Color::Reset);
            }
        }
        assert!(plain * 2 > all, "{theme}: {plain} of {all} cells are plain");
    }
}

#[test]
fn ascii_screens_match_snapshots() {
    let renderer = renderer("dark", true);
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("ascii_browse", text(&renderer.draw(browse::ready(), SKETCH).0));
        insta::assert_snapshot!("ascii_detail", text(&renderer.draw(detail_expiring(), SKETCH).0));
        insta::assert_snapshot!("ascii_setup", text(&renderer.draw(setup_global_key(), USUAL).0));
    });
}

/// The right edge of every frame keeps its position whatever the names contain.
#[test]
fn hostile_names_shift_no_column_and_reach_no_terminal() {
    let mut state = detail_hostile();
    let token = state.detail.token.value().unwrap().clone();
    state.find.recents = vec![Recent::of(&token, &account(), now()).unwrap(); 2];
    let mut lookup = state.clone();
    lookup.screen = Screen::Find;
    let mut raw = state.clone();
    raw.detail.view = View::Raw(RawView::of(&token));
    for state in [Box::new(state), Box::new(lookup), Box::new(raw)] {
        let (buffer, _) = renderer("dark", false).draw(*state, USUAL);
        for y in 2..USUAL.1 - 2 {
            let edge = buffer[(USUAL.0 - 1, y)].symbol();
            assert!(matches!(edge, "│" | "┤"), "row {y} ends in {edge:?}");
        }
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
fn no_screen_shows_a_character_of_a_secret() {
    for (name, scene) in scenes() {
        let shown = shown(scene, &[LARGE]);
        assert!(!shown.contains("nobody"), "{name}");
    }
    let lengths = |secret: &str| {
        let mut state = setup();
        let secret = Secret::new(secret.to_owned());
        Editor::Masked(&mut state.setup.secret)
            .paste(&secret)
            .unwrap();
        text(&renderer("dark", false).draw(state, USUAL).0)
    };
    assert_eq!(lengths("a"), lengths("a-much-longer-secret-than-the-other"));
}

#[test]
fn raw_json_shows_as_many_lines_as_the_state_assumes() {
    for (size, with_banner) in [(USUAL, false), (USUAL, true), (SMALL, true), (LARGE, false)] {
        let mut state = raw();
        state.size = size;
        let lines: Vec<(String, &str)> = (0..200)
            .map(|line| (format!("line-{line:03}"), "1"))
            .collect();
        let lines: Vec<(&str, &str)> = lines
            .iter()
            .map(|(key, value)| (key.as_str(), *value))
            .collect();
        state.detail.view = View::Raw(RawView::of(&token_with(&lines)));
        if let View::Raw(raw) = &mut state.detail.view {
            raw.top = 50;
        }
        state.banner = with_banner.then(|| banner(refused()));
        let rows = state.body_rows();
        let text = text(&renderer("dark", false).draw(state, size).0);
        assert_eq!(text.matches("line-").count(), rows, "{size:?}");
    }
}

#[test]
fn the_state_knows_the_rows_below_a_banner_in_ascii_too() {
    let lines: Vec<(String, &str)> = (0..50).map(|at| (format!("line-{at:02}"), "1")).collect();
    let lines: Vec<(&str, &str)> = lines.iter().map(|(key, one)| (&**key, *one)).collect();
    let token = token_with(&lines);
    for (words, ascii) in (1..40).flat_map(|words| [(words, false), (words, true)]) {
        let mut state = raw();
        state.size = SMALL;
        state.ascii = ascii;
        state.detail.view = View::Raw(RawView::of(&token));
        let summary = "a … ".repeat(words);
        let failure = Failure::new(FailureKind::Network, summary, "Wait … and see ….");
        state.banner = Some(Banner { failure, count: 3 });
        let rows = state.body_rows();
        let text = text(&renderer("dark", ascii).draw(state, SMALL).0);
        let shown = text.lines().filter(|line| line.starts_with(['│', '|']));
        assert_eq!(shown.count(), rows, "{words} {ascii}\n{text}");
    }
}

#[test]
fn help_and_error_details_scroll_up_immediately_from_their_end() {
    let mut details = error_details();
    details.banner = Some(banner(Failure::new(
        FailureKind::Network,
        "It failed. ".repeat(300),
        "Try again.",
    )));
    for (state, size) in [help(), details].into_iter().zip([USUAL, SMALL]) {
        let mut state = state;
        state.size = size;
        let shown = |state: &State| text(&renderer("dark", false).draw(state.clone(), size).0);
        let start = shown(&state);
        let mut press = |action| {
            update(&mut state, now(), Message::Input(Input::Act(action)));
            shown(&state)
        };
        let end = press(Action::Bottom);
        assert_ne!(end, start);
        assert_eq!(press(Action::Down), end);
        assert_ne!(press(Action::Up), end);
        assert_eq!(press(Action::Down), end);
        assert_ne!(press(Action::PageUp), end);
        assert_eq!(press(Action::Top), start);
    }
}

#[test]
fn the_cursor_is_at_the_end_of_wide_text() {
    let mut state = state();
    state.find.token = TextField::with("監視 ab");
    let (buffer, cursor) = renderer("dark", false).draw(state, USUAL);
    let cursor = cursor.unwrap();
    assert_eq!(buffer[(cursor.x - 1, cursor.y)].symbol(), "b");
    assert_eq!(buffer[(cursor.x - 2, cursor.y)].symbol(), "a");
}

#[test]
fn long_text_scrolls_to_keep_the_cursor_in_its_field() {
    let mut state = state();
    state.find.token = TextField::with(&format!("{}END", "x".repeat(500)));
    let (buffer, cursor) = renderer("dark", false).draw(state, SMALL);
    let cursor = cursor.unwrap();
    assert!(cursor.x < SMALL.0 - 1);
    assert_eq!(buffer[(cursor.x - 1, cursor.y)].symbol(), "D");
}

#[test]
fn a_field_uses_the_available_width_and_marks_the_hidden_side() {
    let mut state = state();
    let shown = |state: &State| {
        let (buffer, _) = renderer("dark", false).draw(state.clone(), (100, 30));
        text(&buffer)
    };
    let fits = format!("a{}z", "x".repeat(70));
    state.find.token = TextField::with(&fits);
    assert!(shown(&state).contains(&fits), "{}", shown(&state));
    state.find.token = TextField::with(&format!("a{}z", "x".repeat(200)));
    assert!(shown(&state).contains(" …x") && shown(&state).contains("xz "));
    state.find.is_commanding = true;
    assert!(shown(&state).contains(" ax") && shown(&state).contains("x… "));
}

#[test]
fn a11_a_refusal_shows_its_scope_its_code_and_the_key_to_the_details() {
    let id = account().id().to_owned();
    let refused = Failure::new(
        FailureKind::Permission,
        format!("The API token works, but not for account {id} (HTTP 403, code 10000)."),
        "Check the ID, and what the API token was made for: it needs Access: Service Tokens Read \
         there. If that is a zone ID, choose zone instead.",
    );
    for size in [(40, 10), (60, 20), (80, 24), (100, 30), (120, 40)] {
        for is_editing in [true, false] {
            let mut state = state();
            state.size = size;
            state.find.is_commanding = !is_editing;
            state.banner = Some(banner(refused.clone()));
            let (buffer, _) = renderer("dark", false).draw(state, size);
            let screen = text(&buffer);
            let key = if is_editing {
                "F7 details"
            } else {
                "e details"
            };
            assert!(screen.contains(key), "{screen}");
            let flat = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                size.0 < 60 || flat.contains("(HTTP 403, code 10000)"),
                "{screen}"
            );
            assert!(
                size.0 < 80 || flat.contains("choose zone instead."),
                "{screen}"
            );
            let has_id = flat.contains("account 4f1b…9c2e") || flat.contains(&id);
            assert!(has_id, "{screen}");
        }
    }
}

#[test]
fn the_selected_row_stays_visible_at_every_size() {
    for size in [(40, 10), (60, 12), SMALL, USUAL, SKETCH] {
        let last = detail_other_fields().detail.fields().len() - 1;
        for selected in 0..=last {
            let mut state = detail_other_fields();
            state.detail.selected = selected;
            let (buffer, _) = renderer("dark", false).draw(state, size);
            let rows = selected_rows(&buffer).len();
            assert_eq!(rows, 1, "field {selected} at {size:?}");
        }
    }
}

#[test]
fn every_theme_styles_every_role_and_invalid_ones_are_refused() {
    for name in Theme::names() {
        assert!(Theme::named(name, ColorDepth::Fixed).is_ok(), "{name}");
    }
    assert!(Theme::named("neon", ColorDepth::Fixed).is_err());
    // A role missing from a file has the style of `mono`.
    let partial = Theme::parse("calm = { fg = \"114\" }", ColorDepth::Fixed).unwrap();
    let mono = Theme::named("mono", ColorDepth::Fixed).unwrap();
    assert_ne!(partial.style(Role::Calm), mono.style(Role::Calm));
    assert_eq!(partial.style(Role::Critical), mono.style(Role::Critical));
    for (name, text) in [
        ("dark", include_str!("../../../assets/themes/dark.toml")),
        ("light", include_str!("../../../assets/themes/light.toml")),
        ("mono", include_str!("../../../assets/themes/mono.toml")),
        (
            "colorblind",
            include_str!("../../../assets/themes/colorblind.toml"),
        ),
    ] {
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), Role::ALL.len(), "{name}");
    }
    let dark = include_str!("../../../assets/themes/dark.toml");
    assert!(Theme::parse(&dark.replace("\"green\"", "\"grue\""), ColorDepth::Fixed).is_err());
    assert!(Theme::parse(&dark.replace("calm", "clam"), ColorDepth::Fixed).is_err());
    let mono = Theme::named("mono", ColorDepth::Fixed).unwrap();
    for role in Role::ALL {
        let style = mono.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
}

#[test]
fn the_banner_names_only_keys_that_help() {
    let shown = |state: State| text(&renderer("dark", false).draw(state, LARGE).0);
    assert!(shown(error_banner()).contains("a re-enter credential"));
    assert!(!shown(detail_stale()).contains("re-enter"));
    assert!(!shown(setup_replacing()).contains("re-enter credential"));
    let keymap = Keymap::built_in().unwrap();
    assert!(
        keymap
            .key_for(Context::Commands, Action::ErrorDetails)
            .is_some()
    );
}

/// Draws a state at many sizes on one terminal.
pub(crate) fn sweep(state: &State, sizes: impl Iterator<Item = (u16, u16)>) {
    let renderer = renderer("dark", false);
    let mut state = state.clone();
    let viewport = Viewport::Fixed(Rect::new(0, 0, 0, 0));
    let mut terminal =
        Terminal::with_options(TestBackend::new(131, 46), TerminalOptions { viewport }).unwrap();
    for (width, height) in sizes {
        state.size = (width, height);
        terminal.resize(Rect::new(0, 0, width, height)).unwrap();
        renderer.render(&mut terminal.get_frame(), &state);
    }
}

pub(crate) fn every_size() -> impl Iterator<Item = (u16, u16)> {
    (0..=130).flat_map(|width| (0..=45).map(move |height| (width, height)))
}

#[test]
fn setup_can_be_drawn_at_every_size() {
    let mut state = setup_global_key();
    state.setup.form.complaint = setup_complaint().setup.form.complaint;
    state.banner = Some(banner(refused()));
    sweep(&state, every_size());
}

#[test]
fn lookup_can_be_drawn_at_every_size() {
    let mut state = lookup_keyring();
    state.find.complaint = lookup_complaint().find.complaint;
    sweep(&state, every_size());
}

#[test]
fn detail_can_be_drawn_at_every_size() {
    let mut state = detail_other_fields();
    state.detail.token = detail_hostile().detail.token;
    state.notice = notice().notice;
    sweep(&state, every_size());
}

#[test]
fn raw_json_can_be_drawn_at_every_size() {
    sweep(&raw_search(), every_size());
}

#[test]
fn a_choice_can_be_drawn_at_every_size() {
    sweep(&choice(), every_size());
}

#[test]
fn help_can_be_drawn_at_every_size() {
    sweep(&help_in_a_field(), every_size());
}

#[test]
fn error_details_can_be_drawn_at_every_size() {
    sweep(&error_details(), every_size());
}
