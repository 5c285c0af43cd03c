//! Which columns a list of tokens has at a width, and how wide each of them is.
//!
//! The columns depend on the terminal's width alone, so that none moves when tokens come and go, and
//! a wider terminal has every column of a narrower one.

/// A column of a list of tokens. The symbol of the status precedes them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    Name,
    /// The profile, in the list of all profiles.
    Profile,
    /// The time left, or since the end.
    Left,
    /// The day of the end, in local time.
    Expires,
    LastSeen,
    /// The most severe finding that the status does not tell.
    Note,
    /// How many apps open for it, and how many do not, once an access map is there.
    Opens,
    /// A bar of the lifetime that has gone by.
    Lifetime,
    ClientId,
}

/// The blank cell or the end of the bar, the symbol, and a blank.
pub const LEAD: usize = 3;

/// The blank at the end of a row.
const MARGIN: usize = 1;

/// The gap between two columns.
pub const GAP: usize = 2;

/// The columns in order of worth: each with its width, and the width that the name keeps when the
/// column comes.
const BY_WORTH: [(Column, usize, usize); 4] = [
    // `1234d ago`
    (Column::Left, 9, 12),
    // `1234 d ago`
    (Column::LastSeen, 10, 16),
    // `old secret off`
    (Column::Note, 14, 18),
    // `20 May 2027`
    (Column::Expires, 11, 20),
];

/// Columns for wide terminals: each with its width, and the narrowest terminal that shows it, so that
/// names stay readable beside the preview.
const FOR_WIDE: [(Column, usize, u16); 3] = [
    // `2 ▲1 ✖1`
    (Column::Opens, 8, 128),
    (Column::Lifetime, 10, 144),
    // A whole client ID.
    (Column::ClientId, 39, 184),
];

/// The narrowest and the widest column of profiles.
const PROFILE: (usize, usize) = (7, 12);

/// The columns from left to right.
const IN_ORDER: [Column; 9] = [
    Column::Name,
    Column::Profile,
    Column::Left,
    Column::Expires,
    Column::LastSeen,
    Column::Note,
    Column::Opens,
    Column::Lifetime,
    Column::ClientId,
];

/// The columns of a list, from left to right, with their widths in cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenColumns {
    columns: Vec<(Column, usize)>,
}

impl TokenColumns {
    /// The columns of rows of some cells: some that must be there, and of the others the most worthy
    /// ones that leave the name room.
    fn with(cells: usize, more: &[(Column, usize)]) -> Self {
        let taken: usize = more.iter().map(|(_, width)| width + GAP).sum();
        let mut name = cells.saturating_sub(LEAD + MARGIN + taken);
        let mut columns = more.to_vec();
        for (column, width, least_name) in BY_WORTH {
            if name < least_name + GAP + width {
                break;
            }
            name -= GAP + width;
            columns.push((column, width));
        }
        columns.push((Column::Name, name));
        columns.sort_by_key(|(column, _)| IN_ORDER.iter().position(|it| it == column));
        Self { columns }
    }

    /// The columns with their widths.
    pub fn iter(&self) -> impl Iterator<Item = (Column, usize)> {
        self.columns.iter().copied()
    }

    /// Whether a column is there.
    pub fn has(&self, column: Column) -> bool {
        self.columns.iter().any(|(shown, _)| *shown == column)
    }

    /// The width of a column; 0 if it is not there.
    pub fn width(&self, column: Column) -> usize {
        self.iter()
            .find(|(shown, _)| *shown == column)
            .map_or(0, |(_, width)| width)
    }
}

/// The terminal's width from which on the list has a preview beside it.
const PREVIEW_FROM: u16 = 120;

/// The width of the preview, with the line before it and the frame after it.
const PREVIEW: (u16, u16) = (40, 70);

/// The width of the name beyond which the preview grows instead, once all columns are there.
const AMPLE_NAME: usize = 26;

/// The columns that only some lists have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MoreColumns {
    /// The cells of the longest name of a profile, in a list of several profiles; 0 in another one.
    pub profile: usize,
    /// Whether it is known how many apps open.
    pub has_opens: bool,
}

/// How the list of all tokens shares the width of the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowseLayout {
    pub columns: TokenColumns,
    /// The width of the preview, with the line before it and the frame after it; `None` without one.
    pub preview: Option<u16>,
}

impl BrowseLayout {
    /// Shares the width of a terminal. Without a preview the names get its room, so the columns stay
    /// the same.
    pub fn new(width: u16, has_preview: bool) -> Self {
        Self::with(width, has_preview, MoreColumns::default())
    }

    /// The same with columns that only some lists have.
    pub fn with(width: u16, has_preview: bool, more: MoreColumns) -> Self {
        let longest = more.profile;
        let profile = (longest > 0).then(|| (Column::Profile, longest.clamp(PROFILE.0, PROFILE.1)));
        let wide = FOR_WIDE
            .into_iter()
            .filter(|(column, _, from)| {
                width >= *from && (*column != Column::Opens || more.has_opens)
            })
            .map(|(column, cells, _)| (column, cells));
        let more: Vec<_> = profile.into_iter().chain(wide).collect();
        let beside = |preview: u16| {
            // One side of the frame belongs to the preview.
            let frame = if preview > 0 { 1 } else { 2 };
            let cells = width.saturating_sub(preview + frame);
            TokenColumns::with(usize::from(cells), &more)
        };
        if width < PREVIEW_FROM || !has_preview {
            return Self {
                columns: beside(0),
                preview: None,
            };
        }
        // As if all columns were there already: a column that comes when the terminal grows must not
        // take its room from the preview.
        let all = BY_WORTH.map(|(_, cells, _)| cells);
        let all = all.into_iter().chain(FOR_WIDE.map(|(_, cells, _)| cells));
        let all = all.chain(profile.map(|(_, cells)| cells));
        let taken: usize = all.map(|cells| cells + GAP).sum();
        let taken = taken + LEAD + MARGIN + 1 + usize::from(PREVIEW.0);
        let spare = usize::from(width).saturating_sub(taken + AMPLE_NAME);
        let spare = u16::try_from(spare).unwrap_or(u16::MAX);
        let preview = PREVIEW.0.saturating_add(spare).min(PREVIEW.1);
        Self {
            columns: beside(preview),
            preview: Some(preview),
        }
    }
}
