//! Properties of every screen in every state.

use std::collections::BTreeSet;

use ratatui::style::Color;
use tokenscope::action::Action;
use tokenscope::app::state::State;
use tokenscope::app::update;
use tokenscope::keymap::Row;

use crate::screens::all_profiles::SCENES as ALL_PROFILES;
use crate::screens::browse::BROWSE;
use crate::screens::find::FIND;
use crate::screens::probe::PROBE;
use crate::screens::scenes::{LARGE, SKETCH, SMALL, Scene, USUAL, now, renderer, scenes, text};
use crate::screens::uses::USES;
use crate::screens::views::sweep;
use crate::support::app::press;

fn every_scene() -> impl Iterator<Item = Scene> {
    let lists = scenes().chain(BROWSE).chain(FIND).chain(ALL_PROFILES);
    lists.chain(USES).chain(PROBE)
}

const LOOKS: [(&str, bool); 5] = [
    ("dark", false),
    ("light", false),
    ("mono", false),
    ("colorblind", false),
    ("dark", true),
];

#[test]
fn every_state_can_be_drawn_in_every_theme_at_many_sizes() {
    // The sizes differ from scene to scene, so that together they cover most.
    let mut step = 0_u16;
    for (_, scene) in every_scene() {
        for (theme, ascii) in LOOKS {
            let renderer = renderer(theme, ascii);
            for (width, height) in [(40, 10), (80, 24), (120, 40)] {
                renderer.draw(scene(), (width, height));
                step = (step + 7) % 161;
                renderer.draw(scene(), (40 + step, 10 + step % 41));
            }
        }
    }
}

/// From an empty terminal to one that is higher than wide.
#[rustfmt::skip]
const A_DOZEN_SIZES: [(u16, u16); 12] = [
    (0, 0), (1, 1), (20, 5), (39, 9), (40, 10), (41, 11), (60, 20), (80, 24), (99, 30), (100, 29),
    (130, 12), (40, 45),
];

#[test]
fn every_state_can_be_drawn_at_a_dozen_sizes() {
    for (_, scene) in every_scene() {
        sweep(&scene(), A_DOZEN_SIZES.into_iter());
    }
}

#[test]
fn ascii_screens_contain_only_ascii() {
    let renderer = renderer("dark", true);
    for (name, scene) in every_scene() {
        for size in [(40, 10), SMALL, USUAL, SKETCH, LARGE] {
            let (buffer, _) = renderer.draw(scene(), size);
            for cell in buffer.content() {
                let symbol = cell.symbol();
                assert!(symbol.is_ascii(), "{name} at {size:?}: {symbol}");
            }
        }
    }
}

#[test]
fn mono_sets_no_colour_on_any_screen() {
    let renderer = renderer("mono", false);
    for (name, scene) in every_scene() {
        let (buffer, _) = renderer.draw(scene(), USUAL);
        for cell in buffer.content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
}

/// Labels of fields, headings of columns, and titles of parts of a screen.
const NAMES: [&str; 57] = [
    "Last seen",
    "Secret",
    "Enabled",
    "Expires",
    "Updated",
    "Created",
    "Duration",
    "Client ID",
    "Name",
    "What to do",
    "Facts",
    "NAME",
    "LEFT",
    "LAST SEEN",
    "NOTE",
    "EXPIRES",
    "CLIENT ID",
    "PROFILE",
    "OPENS",
    "Find a token",
    "Needs you",
    "Recent",
    "Credential",
    "Email",
    "Account",
    "Zone",
    "Scope",
    "Profile",
    "Base URL",
    "Global API key",
    "Check and save",
    "Token",
    "Secret before",
    "Stored",
    "STATUS",
    "DEFAULT",
    "CREDENTIAL",
    "SECRET",
    "SCOPE",
    "EMAIL",
    "LIFETIME",
    "Default",
    "Kind",
    "Delete?",
    "Told",
    "Clean-up",
    "Strict",
    "Apps",
    "Other places",
    "Why",
    "What was read",
    "Path",
    "Depends on",
    "Answers",
    "answered by",
    "cf-ray",
    "took",
];

fn names(state: State, size: (u16, u16)) -> BTreeSet<&'static str> {
    let (buffer, _) = renderer("dark", false).draw(state, size);
    let screen = text(&buffer);
    // The header and the footer drop what does not fit.
    let rows: Vec<&str> = screen.lines().collect();
    let body = rows[1..rows.len() - 1].join("\n");
    NAMES
        .into_iter()
        .filter(|name| body.contains(name))
        .collect()
}

#[test]
fn a_wider_terminal_never_shows_less() {
    let mut lost = Vec::new();
    for (name, scene) in every_scene() {
        // A wider box covers more of the screen below.
        if scene().overlay.is_some() {
            continue;
        }
        for rows in [24, 50] {
            let mut seen = BTreeSet::new();
            for columns in (40..=200).step_by(8) {
                let shown = names(scene(), (columns, rows));
                for gone in seen.difference(&shown) {
                    // The preview shows the date in place of the column.
                    if (name, *gone, columns) == ("all_profiles", "EXPIRES", 120) {
                        continue;
                    }
                    lost.push(format!("{name}: {gone} at {columns}×{rows}"));
                }
                seen = shown;
            }
        }
    }
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn every_key_in_a_footer_has_an_effect() {
    let mut idle = Vec::new();
    for (name, scene) in every_scene() {
        let mut state = scene();
        state.size = (400, 40);
        let (buffer, _) = renderer("dark", false).draw(state.clone(), state.size);
        let screen = text(&buffer);
        let footer = screen.lines().last().unwrap_or_default();
        let mut hints = 0;
        for hint in footer
            .split("  ")
            .map(str::trim)
            .filter(|hint| !hint.is_empty())
        {
            let keys = hint.split(' ').map_while(|key| {
                let is_it = |row: &&Row| row.keys.iter().any(|it| it.to_string() == key);
                state.keymap.rows_in(state.context()).find(is_it)
            });
            for row in keys {
                hints += 1;
                let mut after = state.clone();
                let effects = update(&mut after, now(), press(row.action));
                let is_idle = match row.action {
                    // Enter repeats a complaint, the selected last line of help is not a key, a miss
                    // reloads only an old list, and Enter already waits for the rest of a list.
                    Action::Submit => {
                        name.ends_with("complaint")
                            || ["help_in_a_field", "find_miss", "find_waiting"].contains(&name)
                    }
                    // The profiles are still being read.
                    Action::Reload => name == "all_profiles_arriving",
                    _ => false,
                };
                if effects.is_empty() && after == state && !is_idle {
                    idle.push(format!("{name}: {hint}"));
                }
            }
        }
        assert!(hints > 0, "{name}: {footer}");
    }
    assert!(idle.is_empty(), "{}", idle.join("\n"));
}

/// Fetching again is called reload; Refresh is the name of Cloudflare's button.
#[test]
fn no_screen_says_refresh_except_for_cloudflares_button() {
    for (name, scene) in every_scene() {
        for width in [60, 120, 200] {
            let (buffer, _) = renderer("dark", false).draw(scene(), (width, 50));
            let screen = text(&buffer);
            assert!(!screen.contains("refresh"), "{name}: {screen}");
            assert!(screen.matches("Refresh").count() <= 1, "{name}: {screen}");
        }
    }
}
