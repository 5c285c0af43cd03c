//! How cells become SVG elements.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};

use super::grid::{Grid, PAGE, TEXT};
use super::svg::{Colors, elements};

/// Text in several styles, on one line.
type Styled<'a> = &'a [(&'a str, Style)];

/// Where a text begins, its length and its characters.
type Run<'a> = (&'a str, &'a str, &'a str);

/// The rules and the markup of lines of text.
fn drawn(lines: &[Styled<'_>], cursor: Option<Position>) -> (String, String) {
    let lines = lines.iter().map(|line| {
        let spans = line.iter().map(|(text, style)| Span::styled(*text, *style));
        spans.collect::<Line<'_>>()
    });
    let buffer = Buffer::with_lines(lines);
    let mut colors = Colors::default();
    let elements = elements(&Grid::of(&buffer, &buffer, cursor), &mut colors);
    let markup: Vec<String> = elements.into_iter().map(|it| it.markup).collect();
    (colors.rules(0), markup.join("\n"))
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Cells are 9 by 19, with the baseline at 14.
#[test]
fn a_run_of_one_style_is_one_text_of_its_width() {
    let plain = Style::default();
    let cases: [(Styled<'_>, &[Run<'_>]); 4] = [
        (&[("one two", plain)], &[("0", "63", "one two")]),
        (
            &[("one  two", plain)],
            &[("0", "27", "one"), ("45", "27", "two")],
        ),
        (
            &[(" a", plain), ("b", plain.bold())],
            &[("9", "9", "a"), ("18", "9", "b")],
        ),
        (&[("<&>\"", plain)], &[("0", "36", "&lt;&amp;&gt;&quot;")]),
    ];
    for (line, texts) in cases {
        let (_, markup) = drawn(&[line], None);
        assert_eq!(markup.matches("<text").count(), texts.len(), "{markup}");
        for (x, length, text) in texts {
            let rest = format!(
                "x=\"{x}\" y=\"14\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{text}</text>"
            );
            assert!(markup.contains(&rest), "{rest} not in {markup}");
        }
    }
}

#[test]
fn a_character_outside_fonts_is_centred_in_its_cells() {
    let (_, markup) = drawn(&[&[("a東b", Style::default())]], None);
    assert!(
        markup.contains(" m\" x=\"18\" y=\"14\">東</text>"),
        "{markup}"
    );
    assert!(
        markup.contains("x=\"27\" y=\"14\" textLength=\"9\""),
        "{markup}"
    );
}

#[test]
fn styles_become_colours_areas_and_lines() {
    let plain = Style::default();
    let [text, page] = [TEXT[0], PAGE[0]];
    let half = [0, 1, 2].map(|at| u8::midpoint(text[at], page[at]));
    for (style, colors, parts) in [
        (plain, vec![hex(text)], vec![]),
        (
            plain.fg(Color::Indexed(196)),
            vec!["#ff0000".to_owned()],
            vec![],
        ),
        (
            plain.fg(Color::Indexed(244)),
            vec!["#808080".to_owned()],
            vec![],
        ),
        (plain.fg(Color::Red), vec!["#e05f65".to_owned()], vec![]),
        (
            plain.fg(Color::Indexed(1)),
            vec!["#e05f65".to_owned()],
            vec![],
        ),
        (plain.dim(), vec![hex(half)], vec![]),
        (plain.bold(), vec![hex(text)], vec![" b\""]),
        (
            plain.reversed(),
            vec![hex(text), hex(page)],
            vec!["<rect class=\"c0\" x=\"0\" y=\"0\" width=\"18\" height=\"19\"/>"],
        ),
        (
            plain.underlined(),
            vec![hex(text)],
            vec!["d=\"M0 16.5H18\""],
        ),
        (
            plain.bg(Color::Indexed(16)),
            vec!["#000000".to_owned()],
            vec!["<rect"],
        ),
    ] {
        let (rules, markup) = drawn(&[&[("ab", style)]], None);
        for color in colors {
            assert!(rules.contains(&color), "{color} not in {rules}");
        }
        for part in parts {
            assert!(markup.contains(part), "{part} not in {markup}");
        }
    }
}

#[test]
fn lines_join_and_blocks_are_one_area() {
    let plain = Style::default();
    let (_, markup) = drawn(&[&[("╭──┬━━╸", plain)], &[("│██▄ ▲✖", plain)]], None);
    assert!(!markup.contains("<text"), "{markup}");
    // From the corner through three cells; the thick line ends in the middle of its last cell.
    for part in [
        "M9 9.5H36",
        "M36 9.5H58.5",
        "M4.5 19.4V14Q4.5 9.5 9 9.5",
        "M4.5 19V38.4",
    ] {
        assert!(markup.contains(part), "{part} not in {markup}");
    }
    assert!(
        markup.contains("M9 19h18v19h-18zM27 28.5h9v9.5h-9z"),
        "{markup}"
    );
    assert_eq!(markup.matches("z\"/>").count(), 2, "{markup}");
}

#[test]
fn the_cursor_is_a_bar_before_its_cell() {
    let (_, markup) = drawn(&[&[("a", Style::default())]], Some(Position::new(0, 0)));
    assert!(
        markup.contains("x=\"0\" y=\"1.5\" width=\"2\" height=\"16\""),
        "{markup}"
    );
}
