//! Large digits of a countdown: three cells wide, three rows high, with an open zero.

use ratatui::layout::Rect;

use super::areas::row;
use super::painter::Painter;
use crate::theme::Role;

/// The rows of a digit.
const ROWS: usize = 3;

/// The rows of a character.
type Glyph = [&'static str; ROWS];

/// A character of a countdown; `None` for others.
#[rustfmt::skip]
fn glyph(c: char) -> Option<Glyph> {
    Some(match c {
        '0' => ["█▀█",
                "█ █",
                "▀▀▀"],
        '1' => ["▀█ ",
                " █ ",
                "▀▀▀"],
        '2' => ["▀▀█",
                "█▀▀",
                "▀▀▀"],
        '3' => ["▀▀█",
                " ▀█",
                "▀▀▀"],
        '4' => ["█ █",
                "▀▀█",
                "  ▀"],
        '5' => ["█▀▀",
                "▀▀█",
                "▀▀▀"],
        '6' => ["█▀▀",
                "█▀█",
                "▀▀▀"],
        '7' => ["▀▀█",
                "  █",
                "  ▀"],
        '8' => ["█▀█",
                "█▀█",
                "▀▀▀"],
        '9' => ["█▀█",
                "▀▀█",
                "▀▀▀"],
        'd' => ["  █",
                "█▀█",
                "▀▀▀"],
        ':' => ["▄",
                "▄",
                " "],
        ' ' => [" ",
                " ",
                " "],
        _ => return None,
    })
}

/// Draws the digits of a countdown, and a word after them on their lowest row.
///
/// ```text
///  ▀█  ▀▀█   █   █▀█ █ █ ▄ ▀▀█ ▀▀█ ▄ ▀█  ▀▀█
///   █  █▀▀ █▀█   █ █ ▀▀█ ▄  ▀█  ▀█ ▄  █    █
///  ▀▀▀ ▀▀▀ ▀▀▀   ▀▀▀   ▀   ▀▀▀ ▀▀▀   ▀▀▀   ▀ left
/// ```
pub(crate) fn render(
    paint: &mut Painter<'_, '_>,
    area: Rect,
    digits: &str,
    after: &str,
    role: Role,
) {
    let ctx = paint.ctx;
    let glyphs: Vec<Glyph> = digits.chars().filter_map(glyph).collect();
    for at in 0..ROWS {
        let parts: Vec<&str> = glyphs.iter().map(|glyph| glyph[at]).collect();
        let mut spans = vec![ctx.span(role, &parts.join(" "))];
        if at + 1 == ROWS {
            spans.push(ctx.plain(after));
        }
        paint.render_spans(row(area, at), &spans);
    }
}
