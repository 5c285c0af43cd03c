//! The frame of every screen: the bar of the selected row, the header, the footer, notices.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use tokenscope::app::form::TextField;
use tokenscope::app::state::{Notice, State};
use tokenscope::domain::credential::CredentialKind;
use tokenscope::domain::profile::Profile;
use tokenscope::domain::scope::BaseUrl;
use tokenscope::theme::{ColorDepth, Role, Theme};

use crate::screens::browse::{ready as browse_ready, stale as browse_stale};
use crate::screens::profiles::profiles;
use crate::screens::scenes::{
    USUAL, banner, choice, detail, detail_expiring, detail_reloading, detail_request, detail_stale,
    lookup_demo, lookup_recents, now, refused, renderer, scenes, selected_rows, text, token_with,
};
use crate::support::assertions::{assert_contains, assert_starts};

fn drawn(theme: &str, ascii: bool, state: State) -> Buffer {
    renderer(theme, ascii).draw(state, USUAL).0
}

fn style(theme: &str, role: Role) -> Style {
    Theme::named(theme, ColorDepth::Fixed).unwrap().style(role)
}

#[test]
fn the_bar_has_uniform_colours_except_for_the_symbol() {
    for theme in ["dark", "light", "colorblind"] {
        let buffer = drawn(theme, false, choice());
        let rows = selected_rows(&buffer);
        let [y] = rows[..] else {
            panic!("{theme}: {rows:?}")
        };
        let bar = style(theme, Role::Selected);
        let start = (0..80).find(|x| buffer[(*x, y)].symbol() == "▌").unwrap();
        assert_eq!(
            buffer[(start, y)].fg,
            style(theme, Role::Accent).fg.unwrap()
        );
        let statuses = [Role::Calm, Role::Warning, Role::Critical, Role::Muted];
        let colours = statuses.map(|role| style(theme, role).fg.unwrap());
        assert!(colours.contains(&buffer[(start + 1, y)].fg), "{theme}");
        let cells = (start..80).map(|x| &buffer[(x, y)]);
        let cells: Vec<_> = cells.filter(|cell| Some(cell.bg) == bar.bg).collect();
        assert!(cells.len() > 30, "{theme}");
        for cell in &cells[2..] {
            assert_eq!(Some(cell.fg), bar.fg, "{theme}");
            assert!(cell.modifier.contains(Modifier::BOLD), "{theme}");
        }
    }
}

#[test]
fn the_bar_has_a_sign_in_ascii_and_is_reversed_without_colours() {
    let buffer = drawn("dark", true, choice());
    let y = selected_rows(&buffer)[0];
    let row = text(&buffer)
        .lines()
        .nth(usize::from(y))
        .unwrap()
        .to_owned();
    assert!(row.contains('>'), "{row}");
    let buffer = drawn("mono", false, choice());
    let y = selected_rows(&buffer)[0];
    let reversed = (0..80).filter(|x| buffer[(*x, y)].modifier.contains(Modifier::REVERSED));
    assert!(reversed.count() > 30);
    assert!(!text(&buffer).contains('▌'));
}

/// Only symbols keep their colour on the bar, not the first letter of a label.
#[test]
fn the_first_letter_of_a_selected_label_looks_like_the_others() {
    let buffer = drawn("dark", false, detail_expiring());
    let y = selected_rows(&buffer)[0];
    let colours: Vec<Color> = (2..6).map(|x| buffer[(x, y)].fg).collect();
    assert!(colours.iter().all(|fg| *fg == colours[0]), "{colours:?}");
}

/// Screen readers and Braille displays follow the terminal's cursor.
#[test]
fn the_hidden_cursor_is_at_the_start_of_the_selected_row() {
    for scene in [choice, detail_expiring, lookup_recents, profiles] {
        let renderer = renderer("dark", false);
        let (buffer, visible) = renderer.draw(scene(), USUAL);
        let at = renderer.selected(scene(), USUAL).unwrap();
        if visible.is_none() {
            assert_eq!(buffer[at].symbol(), "▌");
            assert_eq!(selected_rows(&buffer), [at.y]);
        }
    }
}

#[test]
fn only_the_box_in_front_has_a_bar() {
    for size in [(40, 10), USUAL, (120, 40)] {
        let (buffer, _) = renderer("dark", false).draw(detail_request(), size);
        let is_barred = |y: &u16| (0..size.0).any(|x| buffer[(x, *y)].bg != Color::Reset);
        let unreadable_homes: Vec<u16> = (0..size.1).filter(is_barred).collect();
        assert_eq!(unreadable_homes.len(), 1, "{size:?}: {unreadable_homes:?}");
    }
}

#[test]
fn no_row_is_selected_beneath_a_text_box() {
    for (name, scene) in scenes().filter(|(name, _)| *name == "error_details") {
        assert_eq!(
            renderer("dark", false).selected(scene(), USUAL),
            None,
            "{name}"
        );
    }
}

fn line(state: State, width: u16, at: usize) -> String {
    let (buffer, _) = renderer("dark", false).draw(state, (width, 24));
    text(&buffer).lines().nth(at).unwrap().to_owned()
}

fn header(state: State, width: u16) -> String {
    line(state, width, 0)
}

fn footer(state: State, width: u16) -> String {
    line(state, width, 23)
}

#[test]
fn the_header_leads_from_the_profile_to_the_token_and_its_age() {
    let wide = header(detail_expiring(), 120);
    assert_starts(&wide, " prod · account 4f1b…9c2e › Tokens › CI/CD token");
    assert!(
        wide.ends_with("just now · API token from Secret Service"),
        "{wide}"
    );
}

#[test]
fn the_header_shows_the_name_of_an_account_that_its_profile_knows() {
    let mut state = detail_expiring();
    let profile = state.session.active.profile.clone().unwrap();
    state.session.settings.profiles = vec![Profile {
        name: profile,
        kind: CredentialKind::ApiToken,
        scope: state.session.active.scope.clone(),
        scope_name: Some("Example Ltd".to_owned()),
        base_url: BaseUrl::default(),
        command: None,
    }];
    let wide = header(state, 120);
    assert!(wide.starts_with(" prod · Example Ltd › Tokens"), "{wide}");
}

/// Drops the credential first, then the account, the path and the section.
#[test]
fn a_narrow_header_keeps_the_token_and_the_age() {
    let narrow = header(detail_expiring(), 40);
    assert_eq!(narrow, " prod › Tokens › CI/CD token   just now");
    let mut state = detail_expiring();
    state.session.base_url = BaseUrl::parse("https://api.example.test/client/v4").unwrap();
    for width in 40..=130 {
        let shown = header(state.clone(), width);
        assert!(shown.contains("api.example.test"), "{width}: {shown}");
        assert!(width < 60 || shown.contains("just now"), "{width}: {shown}");
    }
}

#[test]
fn a_long_name_is_truncated_before_the_age_is_dropped() {
    let name = format!(r#""{}""#, "very-long-name-".repeat(20));
    let state = detail(token_with(&[("name", &name)]));
    for width in [40, 60, 80, 200] {
        let shown = header(state.clone(), width);
        assert!(shown.contains("very-long-name"), "{shown}");
        assert!(shown.contains("just now"), "{shown}");
    }
}

#[test]
fn a_rate_limit_a_reload_and_a_failure_replace_the_age() {
    let mut limited = detail_expiring();
    limited.limited_until = Some(now() + TimeDelta::seconds(42));
    assert!(header(limited, 80).ends_with("retry in 0:42"));
    let mut reloading = detail_reloading();
    assert!(header(reloading.clone(), 80).ends_with("reloading"));
    reloading.clock.steady = now() + TimeDelta::seconds(2);
    assert!(header(reloading, 80).ends_with("reloading 2 s"));
    let stale = header(detail_stale(), 80);
    assert!(stale.ends_with("stale: timed out · 3 min old"), "{stale}");
    assert!(header(browse_stale(), 80).contains("stale: "));
}

#[test]
fn the_demo_shows_its_exit_key_unless_it_cannot_be_left() {
    let mut state = lookup_demo();
    state.session.demo_only = false;
    assert!(header(state.clone(), 80).starts_with(" demo · F4 leaves it"));
    state.session.demo_only = true;
    assert!(!header(state, 80).contains("F4"));
}

#[test]
fn the_footer_starts_with_the_key_back_and_ends_with_help() {
    // A question takes all keys, and help is what the last key opens.
    let takes_all = |name: &str| name.starts_with("profiles_confirm") || name.starts_with("help");
    for (name, scene) in scenes().filter(|(name, _)| !takes_all(name)) {
        let context = scene().context();
        for width in 40..=130 {
            let shown = footer(scene(), width);
            let help = if context.is_text() {
                "F1 help"
            } else {
                "? more"
            };
            let is_last = scene().notice.is_some() || shown.ends_with(help);
            assert!(
                is_last && shown.contains(help),
                "{name} at {width}: {shown}"
            );
        }
    }
    let shown = footer(detail_expiring(), 80);
    assert!(shown.starts_with(" Esc back  "), "{shown}");
    let mut limited = detail_expiring();
    assert!(footer(limited.clone(), 130).contains("r reload"));
    limited.limited_until = Some(now() + TimeDelta::seconds(42));
    let shown = footer(limited, 130);
    assert!(!shown.contains("reload"), "nothing is sent: {shown}");
    let shown = footer(browse_ready(), 80);
    assert!(
        shown.starts_with(" Esc back  Enter open  / filter"),
        "{shown}"
    );
    assert!(!shown.contains("b browse"), "{shown}");
}

/// Only Quit leaves the first screen.
#[test]
fn the_first_screen_has_no_key_back() {
    let mut state = lookup_recents();
    state.find.is_commanding = true;
    assert!(!footer(state, 80).contains("Esc"));
}

#[test]
fn the_label_of_the_key_back_states_its_effect() {
    let mut state = detail_expiring();
    state.banner = Some(banner(refused()));
    assert!(footer(state, 80).starts_with(" Esc dismiss  "));
    assert!(footer(detail_reloading(), 80).starts_with(" Esc cancel  "));
    let mut state = browse_ready();
    state.browse.filter = TextField::with("ci");
    assert!(footer(state, 80).starts_with(" Esc clear filter  "));
}

#[test]
fn a_notice_takes_the_end_of_the_footer_and_moves_nothing() {
    let mut state = detail_expiring();
    let before = renderer("dark", false).draw(state.clone(), USUAL).0;
    for text_of_notice in ["Cancelled.".to_owned(), "copied ".repeat(60)] {
        state.notice = Some(Notice {
            text: text_of_notice,
            until: now() + TimeDelta::seconds(5),
        });
        for width in [40, 60, 80, 120] {
            let shown = footer(state.clone(), width);
            assert!(shown.contains("? more  "), "{shown}");
            assert!(
                shown.ends_with("Cancelled.") || shown.ends_with('…'),
                "{shown}"
            );
        }
        let after = renderer("dark", false).draw(state.clone(), USUAL).0;
        let above = |buffer: &Buffer| text(buffer).lines().take(23).collect::<Vec<_>>().join("\n");
        assert_eq!(above(&before), above(&after));
    }
}

/// Tokens whose names cannot be shown stay distinguishable.
#[test]
fn ascii_shows_a_name_without_latin_base_as_the_start_of_its_id() {
    let shown = |name: &str| {
        let state = detail(token_with(&[("name", &format!("\"{name}\""))]));
        text(&drawn("dark", true, state))
            .lines()
            .next()
            .unwrap()
            .to_owned()
    };
    assert_contains(&shown("東京-バックアップ"), "> #f174e90a");
    assert!(shown("Größe").contains("> Grosse"));
}

/// A title is body text in bold, in contrast to the frame.
#[test]
fn a_title_does_not_have_the_colour_of_its_frame() {
    let buffer = drawn("dark", false, detail_expiring());
    let letters = (4..15).filter(|x| buffer[(*x, 1)].symbol().chars().all(char::is_alphanumeric));
    for x in letters {
        assert_eq!(buffer[(x, 1)].fg, Color::Reset, "{x}");
    }
}

#[test]
fn large_digits_are_drawn_completely_or_not_at_all() {
    let shown = |size, ascii| text(&renderer("dark", ascii).draw(detail_expiring(), size).0);
    let large = shown((100, 40), false);
    assert!(large.contains("▀█  ▀▀█   █   █▀█ █ █ ▄"), "{large}");
    assert!(large.contains(" █  █▀▀ █▀█   █ █ ▀▀█ ▄"), "{large}");
    for size in [(100, 33), (60, 40)] {
        assert!(
            shown(size, false).contains("EXPIRES IN  12d 04:33:21"),
            "{size:?}"
        );
    }
    assert!(shown((100, 40), true).contains("EXPIRES IN  12d 04:33:21"));
}

#[test]
fn a_notice_leaves_the_key_back_and_help_visible() {
    for size in [(40, 10), (80, 24), (100, 30)] {
        let mut state = detail_expiring();
        state.notice = Some(Notice {
            text: "Copied the rotate request (grace until 2026-11-27 18:48 UTC) to tmux's buffer"
                .to_owned(),
            until: now() + TimeDelta::seconds(6),
        });
        let screen = text(&renderer("dark", false).draw(state, size).0);
        let footer = screen.lines().last().unwrap().to_owned();
        assert!(footer.starts_with(" Esc back  ? more"), "{footer}");
        assert!(footer.contains("Copied the rotate"), "{footer}");
    }
}
