//! How the field and the lists of Find share the rows of a panel.

/// A list below the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Matches,
    Needs,
    Recent,
}

/// The rows that the contents of Find need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FindContent {
    /// The hint, complaint or progress below the field.
    pub remarks: usize,
    /// The matches, with the text above them; `None` if nothing was typed.
    pub matches: Option<usize>,
    /// The tokens that need the user, or the text in their place.
    pub needs: usize,
    pub recent: usize,
}

/// The rows of each part. A section with rows also has a divider above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FindLayout {
    pub remarks: usize,
    pub matches: usize,
    pub needs: usize,
    pub recent: usize,
}

/// How many recent lookups keep their rows while tokens that need the user do not fit.
const LEAST_RECENT: usize = 3;

/// How many tokens that need the user keep their rows while matches do not fit.
const LEAST_NEEDS: usize = 4;

impl FindLayout {
    /// Shares the rows of a panel. What has the focus keeps some rows even on the smallest screen.
    pub fn new(rows: usize, content: FindContent, focus: Section) -> Self {
        // The field itself.
        let mut left = rows.saturating_sub(1);
        let section = |rows: usize| if rows > 0 { rows + 1 } else { 0 };
        let sections = [
            content.matches.map_or(0, |rows| section(rows.max(1))),
            section(content.needs),
            section(content.recent),
        ];
        let wanted: usize = sections.iter().sum();
        // Remarks give way to the lists, except for a complaint's first line.
        let spare = left.saturating_sub(wanted.min(8));
        let remarks = content.remarks.min(spare);
        left -= remarks;
        let (matches, needs, recent) = match focus {
            Section::Recent => {
                let recent = fitting(content.recent.min(LEAST_RECENT), left);
                left = left.saturating_sub(section(recent));
                let matches = content.matches.map_or(0, |rows| fitting(rows.max(1), left));
                left = left.saturating_sub(section(matches));
                (matches, fitting(content.needs, left), recent)
            }
            Section::Matches | Section::Needs => {
                let matches = content.matches.map_or(0, |rows| {
                    let for_needs = section(content.needs.min(LEAST_NEEDS));
                    let others = if focus == Section::Matches && left < for_needs + 4 {
                        0
                    } else {
                        for_needs
                    };
                    fitting(rows.max(1), left.saturating_sub(others).max(2).min(left))
                });
                left = left.saturating_sub(section(matches));
                let least = section(content.recent.min(LEAST_RECENT));
                let least = if left >= least + 4 { least } else { 0 };
                let needs = fitting(content.needs, left.saturating_sub(least));
                left = left.saturating_sub(section(needs));
                (matches, needs, fitting(content.recent, left))
            }
        };
        let taken = 1 + remarks + section(matches) + section(needs) + section(recent);
        left = rows.saturating_sub(taken);
        let more = content.recent.saturating_sub(recent).min(left);
        Self {
            remarks,
            matches,
            needs,
            recent: if recent > 0 { recent + more } else { 0 },
        }
    }
}

/// The rows of a section that has room for some, its divider included.
fn fitting(rows: usize, room: usize) -> usize {
    rows.min(room.saturating_sub(1))
}

/// The widths of the columns of a list; zero for those without room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListColumns {
    pub name: usize,
    pub left: usize,
    pub seen: usize,
    pub note: usize,
}

/// The cells before the name, and between columns.
const LEAD: usize = 3;
const GAP: usize = 2;

/// Names are rarely longer.
const AMPLE_NAME: usize = 36;

impl ListColumns {
    /// The columns of rows of some cells, in order of worth.
    pub fn new(cells: usize) -> Self {
        let mut name = cells.saturating_sub(LEAD + 1);
        let mut take = |column: usize, least_name: usize| {
            let fits = name >= least_name + GAP + column;
            name -= if fits { GAP + column } else { 0 };
            if fits { column } else { 0 }
        };
        // `1234d ago`, `seen 41 min ago`, `old secret off`.
        let left = take(9, 12);
        let seen = take(15, 16);
        let note = take(14, 18);
        Self {
            name: name.min(AMPLE_NAME),
            left,
            seen,
            note: if note > 0 {
                note + name.saturating_sub(AMPLE_NAME)
            } else {
                0
            },
        }
    }

    /// The cells of the time beside a row that has no note, which may lend its own; or that has one.
    #[must_use]
    pub fn seen_without_note(self, is_note_free: bool) -> usize {
        let lent = if is_note_free && self.seen > 0 && self.note > 0 {
            GAP + self.note
        } else {
            0
        };
        self.seen + lent
    }
}
