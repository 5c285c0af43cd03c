//! How the parts of Uses share its panel: what is said about the token, the list of apps and other
//! places, and why the selected one is as it is.

/// From this width on, in cells, the reasons are at the right of the list.
const SIDE_BY_SIDE: u16 = 120;

/// The narrowest and the widest column of reasons, with the line before it.
const BESIDE: (u16, u16) = (40, 72);

/// The fewest rows inside the frame in which every fact about the token has a row.
const ROOM_FOR_FACTS: usize = 12;

/// The fewest rows inside the frame in which the facts that matter less have one, too.
const ROOM_FOR_ALL_FACTS: usize = 26;

/// How many facts always matter.
const MAIN_FACTS: usize = 3;

/// With fewer rows below the facts, the reasons get no part of their own.
const ROOM_FOR_WHY: usize = 9;

/// The fewest rows of the list beside the reasons.
const FEWEST_ROWS: usize = 4;

/// The rows of each part of Uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsesLayout {
    /// One row for each fact about the token.
    pub facts: usize,
    /// The rows of the list, below its title.
    pub list: usize,
    /// The rows of the reasons; 0 if there is no room for them.
    pub why: usize,
    /// The columns of the reasons at the right of the list, with the line before them.
    pub beside: Option<u16>,
}

impl UsesLayout {
    /// Shares a body of some size among some facts and the lines of the list. No part depends on what
    /// is selected, so none moves with the selection.
    pub fn new((width, height): (u16, u16), facts: usize, lines: usize) -> Self {
        let rows = usize::from(height.saturating_sub(2));
        let facts = match rows {
            0..ROOM_FOR_FACTS => facts.min(1),
            ROOM_FOR_FACTS..ROOM_FOR_ALL_FACTS => facts.min(MAIN_FACTS),
            _ => facts,
        };
        let rest = rows.saturating_sub(facts + 1);
        let mut layout = Self {
            facts,
            list: rest,
            why: 0,
            beside: None,
        };
        if width >= SIDE_BY_SIDE {
            layout.why = rest;
            layout.beside = Some((width / 3).clamp(BESIDE.0, BESIDE.1));
        } else if rest >= ROOM_FOR_WHY {
            let spare = rest.saturating_sub(1 + lines);
            layout.why = (rest / 3).max(spare).min(rest - 1 - FEWEST_ROWS);
            layout.list = rest - 1 - layout.why;
        }
        layout
    }

    /// The columns of the reasons, in a body of some width.
    pub fn why_columns(&self, width: u16) -> usize {
        let columns = self.beside.unwrap_or(width);
        usize::from(columns.saturating_sub(super::detail::FRAME))
    }
}

/// The cells before the word of a row: the end of the bar, the symbol, and a blank.
const LEAD: usize = 3;

/// The gap between two columns.
const GAP: usize = 2;

/// The widest word, and the narrowest note that is worth its cells.
const WIDEST_WORD: usize = 14;
const NARROWEST_NOTE: usize = 16;

/// The fewest cells of the address beside a note.
const NARROWEST_PLACE: usize = 20;

/// The widths of the columns of the list; 0 for one that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsesColumns {
    pub word: usize,
    pub place: usize,
    pub note: usize,
}

impl UsesColumns {
    /// The columns of rows of some cells, with the widest word and address.
    pub fn new(cells: usize, (word, place): (usize, usize)) -> Self {
        let word = word.min(WIDEST_WORD);
        let left = cells.saturating_sub(LEAD + word + GAP + 1);
        let beside = left.saturating_sub(GAP + NARROWEST_NOTE);
        if beside < NARROWEST_PLACE {
            return Self {
                word,
                place: left,
                note: 0,
            };
        }
        let most = beside.min((left / 2).saturating_sub(GAP).max(NARROWEST_PLACE));
        let place = place.clamp(NARROWEST_PLACE, most.max(NARROWEST_PLACE));
        Self {
            word,
            place,
            note: left - place - GAP,
        }
    }
}
