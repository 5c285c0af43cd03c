//! How the parts of a token share its panel: the headline, what to do, the facts, the JSON.

/// From this height of the terminal on, in cells, the countdown is large.
pub const TALL: u16 = 34;

/// From this width on, in cells, large digits fit.
pub const ROOM_FOR_DIGITS: u16 = 64;

/// From this width on, in cells, facts and JSON are placed side by side.
pub const SIDE_BY_SIDE: u16 = 120;

/// The rows of the large digits of a countdown, with a blank one below them.
pub const LARGE_DIGITS: usize = 4;

/// The columns of a frame, and of the blanks within it.
pub const FRAME: u16 = 4;

/// The fewest rows in which a lifetime bar is worth its row.
const ROOM_FOR_BAR: usize = 10;

/// The fewest rows below the headline in which two parts are open.
const ROOM_FOR_BOTH: usize = 9;

/// The fewest lines of JSON that are shown below the facts.
const FEWEST_JSON: usize = 3;

/// A part of a token's panel that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// Findings and what to do about them.
    Advice,
    #[default]
    Facts,
    Json,
}

/// The size of each part of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// Whether there are digits to enlarge, on a terminal that is tall enough.
    pub is_large: bool,
    pub has_lifetime: bool,
    /// The lines of each part.
    pub advice: usize,
    pub facts: usize,
    pub json: usize,
}

/// The rows of each part; a part without rows is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DetailLayout {
    pub is_large: bool,
    pub has_bar: bool,
    /// The rows of status, countdown and bar.
    pub headline: usize,
    /// Whether the advice is one line without a title.
    pub is_folded: bool,
    pub advice: usize,
    pub facts: usize,
    pub json: usize,
    /// Whether the JSON is at the right of the facts rather than below them.
    pub is_beside: bool,
}

impl DetailLayout {
    /// Shares a body of some size. If it is short, only the part with the focus is open.
    pub fn new((width, height): (u16, u16), focus: Part, contents: Contents) -> Self {
        let rows = usize::from(height.saturating_sub(2));
        let has_bar = contents.has_lifetime && rows >= ROOM_FOR_BAR;
        let is_large = contents.is_large && rows >= 2 * ROOM_FOR_BAR;
        let headline = 1 + if is_large { LARGE_DIGITS } else { 0 } + usize::from(has_bar);
        let rows = rows.saturating_sub(headline);
        let is_beside = width >= SIDE_BY_SIDE;
        let layout = Self {
            is_large,
            has_bar,
            headline,
            is_folded: false,
            advice: 0,
            facts: 0,
            json: 0,
            is_beside,
        };
        if rows < ROOM_FOR_BOTH {
            return layout.with_one_open(rows, focus);
        }
        let rows = rows - 2;
        let left = rows.saturating_sub(contents.facts);
        let advice = contents.advice.min(left.max(rows / 2));
        let facts = rows - advice;
        let spare = facts.saturating_sub(contents.facts + 1);
        let (facts, json) = if is_beside {
            (facts, facts)
        } else if spare >= FEWEST_JSON.min(contents.json) {
            (contents.facts, spare)
        } else {
            (facts, 0)
        };
        Self {
            advice,
            facts,
            json,
            ..layout
        }
    }

    fn with_one_open(self, rows: usize, focus: Part) -> Self {
        match focus {
            Part::Advice => Self {
                advice: rows.saturating_sub(1),
                ..self
            },
            Part::Facts | Part::Json => {
                let facts = rows.saturating_sub(2);
                Self {
                    is_folded: true,
                    advice: 1,
                    facts,
                    json: if self.is_beside { facts } else { 0 },
                    ..self
                }
            }
        }
    }

    /// The part that has the focus, if the one that the user chose may not be shown.
    pub fn focus(&self, chosen: Part) -> Part {
        match chosen {
            Part::Json if self.json == 0 => Part::Facts,
            Part::Advice | Part::Facts | Part::Json => chosen,
        }
    }

    /// The part that gets the focus after another one.
    pub fn next(&self, chosen: Part, is_forward: bool) -> Part {
        // On a short terminal, the JSON comes back with the facts.
        let has_json = self.json > 0;
        match (self.focus(chosen), is_forward) {
            (Part::Facts, true) | (Part::Advice, false) if has_json => Part::Json,
            (Part::Advice, _) | (Part::Json, false) => Part::Facts,
            (Part::Facts, _) | (Part::Json, true) => Part::Advice,
        }
    }
}
