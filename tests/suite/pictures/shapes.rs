//! Characters that are drawn instead of written, so that lines join and every font looks the same.

/// The width and height of a cell.
pub(crate) const CELL: (f32, f32) = (9.0, 19.0);

/// How far a vertical line reaches into the next row, so that no seam shows where a picture is
/// scaled.
const OVERLAP: f32 = 0.4;

/// How a cell is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pen {
    /// A filled area.
    Fill,
    /// A thin line.
    Thin,
    /// A thick line.
    Thick,
}

/// The upper left corner of a cell.
pub(crate) type Corner = (f32, f32);

/// The part of a row that a horizontal line through a cell covers: pen, start and end.
pub(crate) fn horizontal(symbol: &str) -> Option<(Pen, f32, f32)> {
    let (whole, half) = (CELL.0, CELL.0 / 2.0);
    Some(match symbol {
        "─" | "┬" | "┴" | "┼" => (Pen::Thin, 0.0, whole),
        "├" | "┌" | "└" => (Pen::Thin, half, whole),
        "┤" | "┐" | "┘" => (Pen::Thin, 0.0, half),
        "━" => (Pen::Thick, 0.0, whole),
        "╸" => (Pen::Thick, 0.0, half),
        "╺" => (Pen::Thick, half, whole),
        _ => return None,
    })
}

/// The part of a column that a vertical line through a cell covers: start and end.
fn vertical(symbol: &str) -> Option<(f32, f32)> {
    let (whole, half) = (CELL.1 + OVERLAP, CELL.1 / 2.0);
    Some(match symbol {
        "│" | "├" | "┤" | "┼" => (0.0, whole),
        "┬" | "┌" | "┐" => (half, whole),
        "┴" | "└" | "┘" => (0.0, half),
        _ => return None,
    })
}

/// The area of a cell that a block fills: left, top, width and height, as fractions of the cell.
pub(crate) fn block(symbol: &str) -> Option<(f32, f32, f32, f32)> {
    Some(match symbol {
        "█" => (0.0, 0.0, 1.0, 1.0),
        "▀" => (0.0, 0.0, 1.0, 0.5),
        "▄" => (0.0, 0.5, 1.0, 0.5),
        "▌" => (0.0, 0.0, 0.5, 1.0),
        "▐" => (0.5, 0.0, 0.5, 1.0),
        "▏" => (0.0, 0.0, 0.125, 1.0),
        _ => return None,
    })
}

/// The path of a cell that is neither a horizontal line nor a block.
pub(crate) fn path(symbol: &str, (x, y): Corner) -> Option<(Pen, String)> {
    let (middle, center) = (x + CELL.0 / 2.0, y + CELL.1 / 2.0);
    let (right, bottom) = (x + CELL.0, y + CELL.1 + OVERLAP);
    // From the end of a vertical line round to the end of a horizontal one.
    let corner = |from: f32, to: f32| {
        let near = center + (from - center).signum() * CELL.0 / 2.0;
        let [x, y, from, near, to] = [middle, center, from, near, to].map(number);
        format!("M{x} {from}V{near}Q{x} {y} {to} {y}")
    };
    let line = |dx: f32, dy: f32| {
        let [x, y] = [middle - dx, center - dy].map(number);
        let [dx, dy] = [2.0 * dx, 2.0 * dy].map(number);
        format!("M{x} {y}l{dx} {dy}")
    };
    let circle = || {
        let [x, y] = [middle - 3.6, center].map(number);
        format!("M{x} {y}a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0z")
    };
    Some(match symbol {
        "╭" => (Pen::Thin, corner(bottom, right)),
        "╮" => (Pen::Thin, corner(bottom, x)),
        "╰" => (Pen::Thin, corner(y, right)),
        "╯" => (Pen::Thin, corner(y, x)),
        "●" => (Pen::Fill, circle()),
        "▲" => {
            let [x, y] = [middle, center - 4.2].map(number);
            (Pen::Fill, format!("M{x} {y}l4.4 7.8h-8.8z"))
        }
        "✖" => (Pen::Thick, line(3.3, 3.3) + &line(-3.3, 3.3)),
        "⊘" => (Pen::Thin, circle() + &line(-2.5, 2.5)),
        _ => {
            let (from, to) = vertical(symbol)?;
            let [x, from, to] = [middle, y + from, y + to].map(number);
            (Pen::Thin, format!("M{x} {from}V{to}"))
        }
    })
}

/// A number with at most one decimal.
pub(crate) fn number(value: f32) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

/// Whether monospaced fonts have a character in its own width.
pub(crate) fn is_in_fonts(symbol: &str) -> bool {
    symbol.chars().all(|character| {
        matches!(character, '\u{20}'..='\u{17f}' | '\u{2010}'..='\u{203a}' | '∞' | '→' | '↓' | '↑')
    })
}
