//! Tables: aligned, coloured and cut to the width of a terminal; complete, plain and tab-separated
//! elsewhere.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use crossterm::style::Stylize;

use crate::cli::check_result::{CheckResult, CredentialEntry};
use crate::domain::duration;
use crate::domain::fields::last_seen_word;
use crate::domain::list_report::{ListReport, Origins};
use crate::domain::profile::Settings;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Tone};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::formats::parallel;
use crate::formats::rfc3339;
use crate::startup::output_style::OutputStyle;

/// Separates the columns on a terminal.
pub(super) const GAP: &str = "  ";

/// A label and a value, and what the colour of the value says.
pub(super) type LabelledRow = (String, String, Option<Tone>);

/// A row without a colour.
pub(super) fn row(label: &str, value: impl Into<String>) -> LabelledRow {
    (label.to_owned(), value.into(), None)
}

/// The row of a status.
pub(super) fn status_row(status: Status) -> LabelledRow {
    let tone = Some(status.tone());
    ("Status".to_owned(), status.code().to_owned(), tone)
}

/// The rows that have a value.
pub(super) fn rows<const N: usize>(rows: [(&str, Option<String>); N]) -> Vec<LabelledRow> {
    let rows = rows.into_iter();
    rows.filter_map(|(label, value)| Some(row(label, value?)))
        .collect()
}

/// Other columns are dropped before a name is cut shorter than this.
const NARROWEST_NAME: usize = 32;

/// Bytes of a line that few exceed.
const LONG_LINE: usize = 256;

/// Colours a word by its tone.
pub(super) fn colored(word: &str, tone: Tone) -> String {
    match tone {
        Tone::Calm => word.green().to_string(),
        Tone::Warning => word.yellow().to_string(),
        Tone::Critical => word.red().to_string(),
    }
}

/// A column of a table of tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Profile,
    Name,
    Status,
    Left,
    LastSeen,
    Expires,
    Id,
    ShortId,
    Note,
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Profile => "PROFILE",
            Self::Name => "NAME",
            Self::Status => "STATUS",
            Self::Left => "LEFT",
            Self::LastSeen => "LAST SEEN",
            Self::Expires => "EXPIRES",
            Self::Id | Self::ShortId => "ID",
            Self::Note => "",
        }
    }
}

/// The columns of a list, besides that of the profile: the first choice that fits is used.
const LIST: [&[Column]; 5] = {
    use Column::{Expires, Id, LastSeen, Left, Name, ShortId, Status};
    [
        &[Name, Status, Left, LastSeen, Expires, Id],
        &[Name, Status, Left, LastSeen, Expires, ShortId],
        &[Name, Status, Left, LastSeen, ShortId],
        &[Name, Status, Left, ShortId],
        &[Name, Status, Left],
    ]
};

/// The columns of a check.
const CHECK: [&[Column]; 4] = {
    use Column::{Expires, Id, Left, Name, Note, ShortId, Status};
    [
        &[Name, Status, Left, Expires, Id, Note],
        &[Name, Status, Left, Expires, ShortId],
        &[Name, Status, Left, Expires],
        &[Name, Status, Left],
    ]
};

/// The text of a row in a column.
#[derive(Clone)]
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) tone: Option<Tone>,
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Cell<'a> {
    fn from(text: T) -> Self {
        let text = text.into();
        Self { text, tone: None }
    }
}

/// A token, or a requested one that could not be read.
struct Row<'a> {
    profile: &'a str,
    name: Cow<'a, str>,
    id: Cow<'a, str>,
    status: Status,
    life: Lifecycle,
    token: Option<&'a ServiceToken>,
    note: Cow<'a, str>,
}

impl Row<'_> {
    /// Rounded for people; exact in tab-separated output.
    fn cell(&self, column: Column, context: EvaluationContext, style: OutputStyle) -> Cell<'_> {
        let is_aligned = style.width.is_some();
        let status = self.status;
        let text = match column {
            Column::Profile => style.clean(self.profile),
            Column::Name => style.clean(&self.name),
            Column::Status => status.code().into(),
            Column::Left => match self.life.remaining(context.now) {
                Some(left) if is_aligned => left.short().into(),
                Some(left) => left.to_string().into(),
                None if is_aligned => "-".into(),
                None => "".into(),
            },
            Column::LastSeen => self.last_seen(context, is_aligned).into(),
            Column::Expires => match self.life.end() {
                Some(end) if is_aligned => end.format("%Y-%m-%d %H:%MZ").to_string().into(),
                Some(end) => rfc3339(end).into(),
                None if is_aligned => self.no_end().into(),
                None => "".into(),
            },
            Column::Id => style.clean(&self.id),
            Column::ShortId => text::abbreviate(&style.clean(&self.id), style.ellipsis()).into(),
            Column::Note => style.clean(&self.note),
        };
        let tone = (column == Column::Status).then(|| status.tone());
        Cell { text, tone }
    }

    fn no_end(&self) -> &'static str {
        let malformed = self
            .token
            .and_then(|token| token.malformed(&token.expires_at));
        if !self.life.forever && malformed.is_some() {
            "invalid"
        } else {
            "-"
        }
    }

    fn last_seen(&self, context: EvaluationContext, is_aligned: bool) -> String {
        let Some(token) = self.token else {
            return String::new();
        };
        match token.last_seen_at.valid() {
            Some(seen) if is_aligned => {
                let age = context.now.signed_duration_since(*seen);
                if *seen > context.now {
                    return duration::ago(age);
                }
                format!("{} ago", duration::rough(age))
            }
            Some(seen) => rfc3339(*seen),
            None if is_aligned => last_seen_word(token, usize::MAX).unwrap_or("").to_owned(),
            None => String::new(),
        }
    }
}

/// Prints one token per row.
///
/// # Errors
/// The writer's.
pub fn tokens<'a>(
    out: &mut impl Write,
    list: &'a ListReport,
    style: OutputStyle,
) -> io::Result<()> {
    let context = list.context;
    let row = |(token, at): (&'a Arc<ServiceToken>, usize)| {
        let life = Lifecycle::of(token);
        Row {
            profile: list.origin_of(at).map_or("", |origin| &origin.profile),
            name: token.display_text(&token.name),
            id: token.display_text(&token.id),
            status: Status::at(life, context),
            life,
            token: Some(token),
            note: "".into(),
        }
    };
    let some_rows = |first, tokens: &'a [Arc<_>], rows: &mut Vec<Row<'a>>| {
        rows.extend(tokens.iter().zip(first..).map(row));
    };
    let rows = parallel::collect(&list.tokens, &some_rows);
    let has_profiles = matches!(list.origin, Origins::Profiles { .. });
    table(out, &rows, &LIST, has_profiles, context, style)
}

/// Prints the rows of a check.
///
/// # Errors
/// The writer's.
pub fn entries(out: &mut impl Write, checkup: &CheckResult, style: OutputStyle) -> io::Result<()> {
    let CheckResult {
        entries, context, ..
    } = checkup;
    let rows = entries.iter().map(|entry| {
        let (name, id, note) = match &entry.subject {
            Ok(token) => (
                token.display_text(&token.name),
                token.display_text(&token.id),
                checkup
                    .failing(entry)
                    .map_or_else(String::new, |finding| finding.summary)
                    .into(),
            ),
            Err(error) => (
                entry.name().into(),
                entry.id().into(),
                error.summary.as_str().into(),
            ),
        };
        Row {
            profile: entry.profile.as_deref().unwrap_or_default(),
            name,
            id,
            status: entry.status(*context),
            life: entry.life(),
            token: entry.subject.as_deref().ok(),
            note,
        }
    });
    let credentials = checkup.credentials.iter().flatten();
    let credentials = credentials.map(|entry| credential(entry, *context));
    let rows: Vec<Row<'_>> = rows.chain(credentials).collect();
    let has_profiles = entries.iter().any(|entry| entry.profile.is_some());
    table(out, &rows, &CHECK, has_profiles, *context, style)
}

/// The row of the credential itself.
fn credential(entry: &CredentialEntry, context: EvaluationContext) -> Row<'_> {
    let failure = entry.validity.as_ref().err();
    Row {
        profile: entry.profile.as_deref().unwrap_or_default(),
        name: format!("({})", entry.kind.unwrap_or("credential")).into(),
        id: "".into(),
        status: entry.status(context),
        life: entry.life(),
        token: None,
        note: failure
            .map_or("", |failure| failure.summary.as_str())
            .into(),
    }
}

fn table(
    out: &mut impl Write,
    rows: &[Row<'_>],
    choices: &[&[Column]],
    has_profiles: bool,
    context: EvaluationContext,
    style: OutputStyle,
) -> io::Result<()> {
    let table = Table::new(rows, style, Column::title, |row, column| {
        row.cell(column, context, style)
    });
    let choices = choices.iter().map(|choice| {
        let profile = has_profiles.then_some(Column::Profile);
        profile.into_iter().chain(choice.iter().copied())
    });
    let columns = table.choose(choices, |columns, width| {
        let taken: usize = columns.iter().map(|(_, cells)| cells + GAP.len()).sum();
        let name = columns.iter_mut().find(|(it, _)| *it == Column::Name);
        name.is_none_or(|(_, name)| {
            let natural = *name;
            let room = (width + GAP.len() + natural).saturating_sub(taken);
            *name = natural.min(room);
            room >= natural.min(NARROWEST_NAME)
        })
    });
    table.print(out, &columns)
}

/// Rows in columns.
pub(super) struct Table<'r, R, C, F> {
    rows: &'r [R],
    style: OutputStyle,
    title: fn(C) -> &'static str,
    cell: F,
}

impl<'r, R: Sync, C: Copy + Sync, F: Fn(&'r R, C) -> Cell<'r> + Sync> Table<'r, R, C, F> {
    /// Some rows, with the title of each column and the cell of a row in it.
    pub(super) fn new(
        rows: &'r [R],
        style: OutputStyle,
        title: fn(C) -> &'static str,
        cell: F,
    ) -> Self {
        Self {
            rows,
            style,
            title,
            cell,
        }
    }

    /// A column with the width of its title or its widest cell.
    fn natural(&self, column: C) -> (C, usize) {
        let cells = self.rows.iter();
        let cells = cells.map(|row| text::width(&(self.cell)(row, column).text));
        let widest = cells.max().unwrap_or(0);
        (column, widest.max((self.title)(column).len()))
    }

    /// The first choice of columns that `fits` the width of the terminal, perhaps after it made some
    /// narrower, or else the last. The first of all where there is no terminal.
    pub(super) fn choose<I: IntoIterator<Item = C>>(
        &self,
        choices: impl IntoIterator<Item = I>,
        fits: impl Fn(&mut [(C, usize)], usize) -> bool,
    ) -> Vec<(C, usize)> {
        let mut columns = Vec::new();
        for choice in choices {
            let Some(width) = self.style.width else {
                return choice.into_iter().map(|column| (column, 0)).collect();
            };
            columns = choice.into_iter().map(|it| self.natural(it)).collect();
            if fits(&mut columns, width) {
                break;
            }
        }
        columns
    }

    /// Prints titles, on a terminal, and a line for each row.
    pub(super) fn print(&self, out: &mut impl Write, columns: &[(C, usize)]) -> io::Result<()> {
        if self.style.width.is_some() && !self.rows.is_empty() {
            let titles = columns.iter();
            let titles = titles.map(|(column, width)| ((self.title)(*column).into(), *width));
            line(out, titles, self.style)?;
        }
        let text = |_: usize, rows: &'r [R], text: &mut Vec<u8>| {
            for row in rows {
                let cells = columns.iter();
                let cells = cells.map(|(column, width)| ((self.cell)(row, *column), *width));
                line(text, cells, self.style)?;
            }
            Ok(())
        };
        parallel::write(out, self.rows, &text)
    }
}

/// Prints cells in columns of these widths, or separated by tabs.
fn line<'a>(
    out: &mut impl Write,
    cells: impl Iterator<Item = (Cell<'a>, usize)>,
    style: OutputStyle,
) -> io::Result<()> {
    let is_aligned = style.width.is_some();
    let mut line = String::with_capacity(LONG_LINE);
    for (at, (cell, width)) in cells.enumerate() {
        if at > 0 {
            line.push_str(if is_aligned { GAP } else { "\t" });
        }
        let text = if is_aligned {
            text::fit(&cell.text, width, style.ellipsis()).into()
        } else {
            cell.text
        };
        match cell.tone {
            Some(tone) if style.colored => line.push_str(&colored(&text, tone)),
            _ => line.push_str(&text),
        }
    }
    let end = if is_aligned {
        line.trim_end().len()
    } else {
        line.len()
    };
    line.truncate(end);
    line.push('\n');
    out.write_all(line.as_bytes())
}

/// Prints the profiles: name, whether it is the default, credential, scope, email.
///
/// # Errors
/// The writer's.
pub fn profiles(out: &mut impl Write, settings: &Settings, style: OutputStyle) -> io::Result<()> {
    const TITLES: [&str; 5] = ["NAME", "", "CREDENTIAL", "SCOPE", "EMAIL"];
    let rows = settings.profiles.iter().map(|profile| {
        let is_default = profile.name == settings.default_profile;
        let scope = profile.scope.as_ref().map(ToString::to_string);
        let email = profile.kind.email().unwrap_or_default();
        [
            style.clean(&profile.name).into(),
            if is_default { "default" } else { "" }.into(),
            profile.kind.code().into(),
            scope.unwrap_or_default().into(),
            style.clean(email).into(),
        ]
    });
    let rows: Vec<[Cell<'_>; 5]> = rows.collect();
    let table = Table::new(
        &rows,
        style,
        |at: usize| TITLES[at],
        |row, at: usize| row[at].clone(),
    );
    let mut room = style.width.unwrap_or(usize::MAX);
    let columns = (0..TITLES.len()).map(|at| {
        let (_, natural) = table.natural(at);
        let width = natural.min(room);
        room = room.saturating_sub(width + GAP.len());
        (at, width)
    });
    let columns: Vec<(usize, usize)> = columns.collect();
    table.print(out, &columns)
}
