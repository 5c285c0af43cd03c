//! A screen in both themes: the content of each cell, with one colour for a dark and one for a
//! light page.

use ratatui::buffer::{Buffer, Cell as ThemedCell};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};
use tokenscope::app::state::State;
use tokenscope::domain::text::width;

use crate::screens::scenes::Renderer;
use crate::support::palette::{Rgb, fixed};

/// The colour on a dark page and on a light one.
pub(crate) type Pair = [Rgb; 2];

/// The colours of a page.
pub(crate) const TEXT: Pair = [[0xd7, 0xda, 0xde], [0x1f, 0x23, 0x28]];
pub(crate) const PAGE: Pair = [[0x15, 0x18, 0x1d], [0xff, 0xff, 0xff]];
pub(crate) const FRAME: Pair = [[0x36, 0x3c, 0x45], [0xd0, 0xd7, 0xde]];
pub(crate) const CAPTION: Pair = [[0x9a, 0xa1, 0xab], [0x59, 0x63, 0x6e]];

/// The sixteen colours of a terminal's palette.
const PALETTE: [(Color, Rgb); 16] = [
    (Color::Black, [0x21, 0x26, 0x2d]),
    (Color::Red, [0xe0, 0x5f, 0x65]),
    (Color::Green, [0x6c, 0xb6, 0x6f]),
    (Color::Yellow, [0xd3, 0xa9, 0x4e]),
    (Color::Blue, [0x5a, 0x9b, 0xe0]),
    (Color::Magenta, [0xb0, 0x83, 0xd8]),
    (Color::Cyan, [0x4f, 0xb0, 0xb8]),
    (Color::Gray, [0xb1, 0xba, 0xc4]),
    (Color::DarkGray, [0x6e, 0x76, 0x81]),
    (Color::LightRed, [0xff, 0x7b, 0x81]),
    (Color::LightGreen, [0x86, 0xd1, 0x89]),
    (Color::LightYellow, [0xe9, 0xc4, 0x6a]),
    (Color::LightBlue, [0x79, 0xb8, 0xff]),
    (Color::LightMagenta, [0xcb, 0xa3, 0xf0]),
    (Color::LightCyan, [0x6c, 0xcd, 0xd4]),
    (Color::White, [0xf0, 0xf3, 0xf6]),
];

/// The content of a cell, with a text colour for each page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) symbol: String,
    /// The number of columns: two for a wide character, zero for its continuation.
    pub(crate) columns: u16,
    pub(crate) ink: Pair,
    pub(crate) back: Option<Pair>,
    pub(crate) is_bold: bool,
    pub(crate) is_underlined: bool,
}

impl Cell {
    pub(crate) fn is_blank(&self) -> bool {
        self.symbol.trim().is_empty()
    }
}

pub(crate) struct Grid {
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(crate) cursor: Option<Position>,
}

/// Draws a state with the dark and the light theme.
///
/// # Panics
///
/// If the themes differ in more than colours.
pub(crate) fn draw(state: &State, size: (u16, u16), themes: &[Renderer; 2]) -> Grid {
    let [dark, light] = themes
        .each_ref()
        .map(|theme| theme.draw(state.clone(), size));
    assert_eq!(dark.1, light.1, "the cursor depends on the theme");
    Grid::of(&dark.0, &light.0, dark.1)
}

impl Grid {
    /// Combines the screens of both themes.
    pub(crate) fn of(dark: &Buffer, light: &Buffer, cursor: Option<Position>) -> Self {
        let rows = (0..dark.area.height).map(|y| {
            let mut row = Vec::new();
            let mut covered = 0;
            for x in 0..dark.area.width {
                let mut cell = both(dark, light, Position { x, y });
                if covered > 0 {
                    covered -= 1;
                    cell.columns = 0;
                    " ".clone_into(&mut cell.symbol);
                } else {
                    covered = cell.columns - 1;
                }
                row.push(cell);
            }
            row
        });
        Self {
            rows: rows.collect(),
            cursor,
        }
    }
}

/// Combines a cell of both themes.
fn both(dark: &Buffer, light: &Buffer, at: Position) -> Cell {
    let (dark, light) = (&dark[at], &light[at]);
    assert_eq!(dark.symbol(), light.symbol(), "at {at}");
    assert_eq!(dark.modifier, light.modifier, "at {at}");
    let ([dark_ink, light_ink], [dark_back, light_back]) = {
        let (dark, light) = (colors(dark, 0), colors(light, 1));
        ([dark.0, light.0], [dark.1, light.1])
    };
    assert_eq!(dark_back.is_some(), light_back.is_some(), "at {at}");
    Cell {
        symbol: dark.symbol().to_owned(),
        columns: u16::try_from(width(dark.symbol())).unwrap().max(1),
        ink: [dark_ink, light_ink],
        back: dark_back.zip(light_back).map(<[Rgb; 2]>::from),
        is_bold: dark.modifier.contains(Modifier::BOLD),
        is_underlined: dark.modifier.contains(Modifier::UNDERLINED),
    }
}

/// The colour of a cell's text and, unless it is the page's, that of its background.
fn colors(cell: &ThemedCell, page: usize) -> (Rgb, Option<Rgb>) {
    let mut ink = rgb(cell.fg).unwrap_or(TEXT[page]);
    let mut back = rgb(cell.bg);
    if cell.modifier.contains(Modifier::REVERSED) {
        let reversed = back.unwrap_or(PAGE[page]);
        back = Some(ink);
        ink = reversed;
    }
    if cell.modifier.contains(Modifier::DIM) {
        let page = back.unwrap_or(PAGE[page]);
        ink = [0, 1, 2].map(|at| u8::midpoint(ink[at], page[at]));
    }
    (ink, back)
}

/// The value of a colour; `None` for the terminal's default.
fn rgb(color: Color) -> Option<Rgb> {
    match color {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Indexed(index @ ..=15) => Some(PALETTE[usize::from(index)].1),
        Color::Indexed(16..) => Some(fixed(color)),
        named => PALETTE.iter().find(|it| it.0 == named).map(|it| it.1),
    }
}
