//! A screen as the elements of an SVG: areas, lines and texts on a grid of cells. Each run of equal
//! style is one text of a given length, so that another font moves nothing.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::grid::{CAPTION, Cell, Grid, Pair, TEXT};
use super::shapes::{CELL, Pen, block, horizontal, is_in_fonts, number, path};

/// The distance of the baseline from the top of a row.
const BASELINE: f32 = 14.0;

/// The drawing order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Layer {
    Back,
    Line,
    Text,
}

/// A part of a picture. Frames that show the same have equal elements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Element {
    pub(crate) layer: Layer,
    pub(crate) markup: String,
}

/// The colours of a picture, each a class of its style sheet.
#[derive(Default)]
pub(crate) struct Colors(Vec<Pair>);

impl Colors {
    pub(crate) fn class(&mut self, color: Pair) -> String {
        let known = self.0.iter().position(|it| *it == color);
        let index = known.unwrap_or_else(|| {
            self.0.push(color);
            self.0.len() - 1
        });
        format!("c{index}")
    }

    /// The rules for a dark or a light page.
    pub(crate) fn rules(&self, page: usize) -> String {
        let rule = |(index, pair): (usize, &Pair)| {
            let [red, green, blue] = pair[page];
            format!(".c{index}{{color:#{red:02x}{green:02x}{blue:02x}}}")
        };
        self.0.iter().enumerate().map(rule).collect()
    }
}

/// The elements of a screen whose first cell is at the origin.
pub(crate) fn elements(grid: &Grid, colors: &mut Colors) -> Vec<Element> {
    let mut elements = Vec::new();
    // Blocks of one colour are one area, so that no seam shows between them.
    let mut blocks: BTreeMap<String, String> = BTreeMap::new();
    for (y, row) in (0_u16..).zip(&grid.rows) {
        let top = f32::from(y) * CELL.1;
        backgrounds(row, top, colors, &mut elements);
        lines(row, top, colors, &mut elements);
        fill_blocks(row, top, colors, &mut blocks);
        texts(row, top, colors, &mut elements);
    }
    elements.extend(blocks.into_iter().map(|(class, path)| Element {
        layer: Layer::Line,
        markup: format!(r#"<path class="{class}" d="{path}"/>"#),
    }));
    if let Some(at) = grid.cursor {
        let [x, y] = [f32::from(at.x) * CELL.0, f32::from(at.y) * CELL.1 + 1.5].map(number);
        let class = colors.class(TEXT);
        let markup = format!(r#"<rect class="{class}" x="{x}" y="{y}" width="2" height="16"/>"#);
        let layer = Layer::Text;
        elements.push(Element { layer, markup });
    }
    elements
}

/// The key pressed in a frame, above the upper right corner of the screen.
pub(crate) fn key_cap(key: &str, columns: u16, colors: &mut Colors) -> Vec<Element> {
    let width = text_width(key) + 16.0;
    let left = f32::from(columns) * CELL.0 - width;
    let [left, middle, width] = [left, left + width / 2.0, width].map(number);
    let class = colors.class(CAPTION);
    let outline = format!(
        r#"<rect class="{class} l" x="{left}" y="-30" width="{width}" height="20" rx="4"/>"#
    );
    let label = format!(
        r#"<text class="{class} m b" x="{middle}" y="-15">{}</text>"#,
        escaped(key)
    );
    vec![
        Element {
            layer: Layer::Line,
            markup: outline,
        },
        Element {
            layer: Layer::Text,
            markup: label,
        },
    ]
}

fn text_width(text: &str) -> f32 {
    let columns = u16::try_from(tokenscope::domain::text::width(text)).unwrap();
    f32::from(columns) * CELL.0
}

fn backgrounds(row: &[Cell], top: f32, colors: &mut Colors, elements: &mut Vec<Element>) {
    for (left, run) in runs(row, |one, next| one.back == next.back) {
        let Some(back) = run[0].back else { continue };
        let [x, y, width, height] = [left, top, columns(run.len()) * CELL.0, CELL.1].map(number);
        let class = colors.class(back);
        elements.push(Element {
            layer: Layer::Back,
            markup: format!(
                r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#
            ),
        });
    }
}

/// Lines, symbols, and underlines of cells.
fn lines(row: &[Cell], top: f32, colors: &mut Colors, elements: &mut Vec<Element>) {
    let mut paths: BTreeMap<(String, Pen), String> = BTreeMap::new();
    let mut add = |class: String, pen: Pen, path: &str| {
        paths.entry((class, pen)).or_default().push_str(path);
    };
    let same_line =
        |one: &Cell, next: &Cell| one.ink == next.ink && horizontal(&one.symbol).is_some();
    for (left, run) in runs(row, same_line) {
        // A line continues through the cells of a run that start where the previous one ends.
        let mut drawn: Vec<(Pen, f32, f32)> = Vec::new();
        for (index, cell) in run.iter().enumerate() {
            let Some((pen, from, to)) = horizontal(&cell.symbol) else {
                continue;
            };
            let start = left + columns(index) * CELL.0;
            let (from, to) = (start + from, start + to);
            match drawn.last_mut() {
                Some(last) if last.0 == pen && (last.2 - from).abs() < 0.01 => last.2 = to,
                _ => drawn.push((pen, from, to)),
            }
        }
        for (pen, from, to) in drawn {
            let [from, y, to] = [from, top + CELL.1 / 2.0, to].map(number);
            let class = colors.class(run[0].ink);
            add(class, pen, &format!("M{from} {y}H{to}"));
        }
    }
    for (index, cell) in row.iter().enumerate() {
        let corner = (columns(index) * CELL.0, top);
        if let Some((pen, path)) = path(&cell.symbol, corner) {
            add(colors.class(cell.ink), pen, &path);
        }
    }
    for (left, run) in runs(row, |one, next| {
        (one.is_underlined, one.ink) == (next.is_underlined, next.ink)
    }) {
        if run[0].is_underlined {
            let right = left + columns(run.len()) * CELL.0;
            let [left, y, right] = [left, top + BASELINE + 2.5, right].map(number);
            let class = colors.class(run[0].ink);
            add(class, Pen::Thin, &format!("M{left} {y}H{right}"));
        }
    }
    elements.extend(paths.into_iter().map(|((class, pen), path)| {
        let pen = match pen {
            Pen::Fill => "",
            Pen::Thin => " l",
            Pen::Thick => " h",
        };
        Element {
            layer: Layer::Line,
            markup: format!(r#"<path class="{class}{pen}" d="{path}"/>"#),
        }
    }));
}

fn fill_blocks(row: &[Cell], top: f32, colors: &mut Colors, blocks: &mut BTreeMap<String, String>) {
    for (left, run) in runs(row, |one, next| {
        one.ink == next.ink && one.symbol == next.symbol && matches!(&*one.symbol, "█" | "▀" | "▄")
    }) {
        let Some((x, y, width, height)) = block(&run[0].symbol) else {
            continue;
        };
        let width = columns(run.len() - 1) + width;
        let [x, y] = [left + x * CELL.0, top + y * CELL.1].map(number);
        let [width, height] = [width * CELL.0, height * CELL.1].map(number);
        let path = blocks.entry(colors.class(run[0].ink)).or_default();
        let _infallible = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
    }
}

/// Runs of plain text, and other characters one by one in the middle of their cells.
fn texts(row: &[Cell], top: f32, colors: &mut Colors, elements: &mut Vec<Element>) {
    let y = number(top + BASELINE);
    let mut add = |markup| {
        let layer = Layer::Text;
        elements.push(Element { layer, markup });
    };
    let mut index = 0;
    while index < row.len() {
        let cell = &row[index];
        let start = index;
        index += 1;
        if cell.is_blank() || is_drawn(&cell.symbol) {
            continue;
        }
        let class = colors.class(cell.ink);
        let weight = if cell.is_bold { " b" } else { "" };
        if !is_plain(cell) {
            let middle = columns(start) + f32::from(cell.columns) / 2.0;
            let x = number(middle * CELL.0);
            let symbol = escaped(&cell.symbol);
            add(format!(
                r#"<text class="{class}{weight} m" x="{x}" y="{y}">{symbol}</text>"#
            ));
            continue;
        }
        let mut text = cell.symbol.clone();
        // A single blank between words of the same style belongs to the run.
        while let Some(next) = row.get(index) {
            let after = row.get(index + 1);
            if is_same_run(cell, next) {
                text.push_str(&next.symbol);
                index += 1;
            } else if let Some(after) =
                after.filter(|after| next.is_blank() && is_same_run(cell, after))
            {
                text.push(' ');
                text.push_str(&after.symbol);
                index += 2;
            } else {
                break;
            }
        }
        let x = number(columns(start) * CELL.0);
        let length = number(columns(index - start) * CELL.0);
        let text = escaped(&text);
        add(format!(
            r#"<text class="{class}{weight}" x="{x}" y="{y}" textLength="{length}" lengthAdjust="spacingAndGlyphs">{text}</text>"#
        ));
    }
}

/// Whether a cell continues the text of another.
fn is_same_run(first: &Cell, next: &Cell) -> bool {
    !next.is_blank()
        && !is_drawn(&next.symbol)
        && is_plain(next)
        && (next.ink, next.is_bold) == (first.ink, first.is_bold)
}

fn is_plain(cell: &Cell) -> bool {
    cell.columns == 1 && is_in_fonts(&cell.symbol)
}

fn is_drawn(symbol: &str) -> bool {
    horizontal(symbol).is_some() || block(symbol).is_some() || path(symbol, (0.0, 0.0)).is_some()
}

/// The cells of a row in runs of equal ones, each with its start.
fn runs(
    row: &[Cell],
    is_equal: impl Fn(&Cell, &Cell) -> bool,
) -> impl Iterator<Item = (f32, &[Cell])> {
    let mut start = 0;
    row.chunk_by(is_equal).map(move |run| {
        let left = columns(start) * CELL.0;
        start += run.len();
        (left, run)
    })
}

fn columns(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap())
}

/// Text escaped for element content and attributes.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
