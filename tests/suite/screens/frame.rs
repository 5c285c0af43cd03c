//! The frame around every screen: the bar of the selected row, the header, the footer, notices.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use tokenscope::app::state::State;
use tokenscope::theme::{ColorDepth, Role, Theme};

use crate::screens::profiles::profiles;
use crate::screens::scenes::{
    USUAL, choice, detail_expiring, lookup_recents, renderer, scenes, selected_rows, text,
};

fn drawn(theme: &str, ascii: bool, state: State) -> Buffer {
    renderer(theme, ascii).draw(state, USUAL).0
}

fn style(theme: &str, role: Role) -> Style {
    Theme::named(theme, ColorDepth::Fixed).unwrap().style(role)
}

#[test]
fn the_bar_has_one_foreground_and_one_background_but_for_the_symbol() {
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
fn the_bar_begins_with_a_sign_in_ascii_and_is_reversed_without_colours() {
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

/// A label is no symbol: its first letter has the colour of the rest.
#[test]
fn the_first_letter_of_a_selected_label_looks_like_the_others() {
    let buffer = drawn("dark", false, detail_expiring());
    let y = selected_rows(&buffer)[0];
    let colours: Vec<Color> = (2..6).map(|x| buffer[(x, y)].fg).collect();
    assert!(colours.iter().all(|fg| *fg == colours[0]), "{colours:?}");
}

/// Screen readers and Braille lines follow the terminal's cursor.
#[test]
fn the_hidden_cursor_stands_where_the_selected_row_begins() {
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
fn no_row_is_selected_beneath_a_box_of_text() {
    for (name, scene) in scenes().filter(|(name, _)| *name == "error_details") {
        assert_eq!(
            renderer("dark", false).selected(scene(), USUAL),
            None,
            "{name}"
        );
    }
}
