//! Tables: aligned, coloured and cut to the width of a terminal; whole, plain and separated by tabs
//! anywhere else.
//!
//! Not here: which tokens are shown, or in what order.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use crossterm::style::Stylize;

use super::report::ProfilesReport;
use super::rfc3339;
use crate::cli::check_result::CheckEntry;
use crate::domain::duration;
use crate::domain::fields::last_seen_word;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Tone};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::startup::output_style::OutputStyle;

/// What stands between two columns of a terminal.
pub(super) const GAP: &str = "  ";
/// A name is not cut shorter than this while another column can give way.
const NARROWEST_NAME: usize = 32;

/// A word in the colour of its tone.
pub(super) fn colored(word: &str, tone: Tone) -> String {
    match tone {
        Tone::Calm => word.green().to_string(),
        Tone::Warning => word.yellow().to_string(),
        Tone::Critical => word.red().to_string(),
    }
}

/// What gives way when a line is too narrow.
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

/// The columns of a list, the fullest choice first.
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

/// The columns of a check: every choice but the last says what, how long, and until when.
const CHECK: [&[Column]; 4] = {
    use Column::{Expires, Id, Left, Name, Note, ShortId, Status};
    [
        &[Name, Status, Left, Expires, Id, Note],
        &[Name, Status, Left, Expires, ShortId],
        &[Name, Status, Left, Expires],
        &[Name, Status, Left],
    ]
};

/// The same where several profiles were checked.
const CHECK_PROFILES: [&[Column]; 4] = {
    use Column::{Expires, Id, Left, Name, Note, Profile, ShortId, Status};
    [
        &[Profile, Name, Status, Left, Expires, Id, Note],
        &[Profile, Name, Status, Left, Expires, ShortId],
        &[Profile, Name, Status, Left, Expires],
        &[Profile, Name, Status, Left],
    ]
};

/// A token as a row, or what was asked for and could not be had.
struct Row<'a> {
    profile: &'a str,
    name: Cow<'a, str>,
    id: Cow<'a, str>,
    life: Lifecycle,
    token: Option<&'a ServiceToken>,
    note: &'a str,
}

impl Row<'_> {
    /// People read days and ages; whatever reads tabs gets instants and exact numbers.
    fn cell(&self, column: Column, context: EvaluationContext, style: OutputStyle) -> Cow<'_, str> {
        let is_aligned = style.width.is_some();
        match column {
            Column::Profile => style.clean(self.profile),
            Column::Name => style.clean(&self.name),
            Column::Status => Status::at(self.life, context).code().into(),
            Column::Left if is_aligned => left_roughly(self.life, context).into(),
            Column::Left => self
                .life
                .remaining(context.now)
                .map(|left| left.to_string())
                .unwrap_or_default()
                .into(),
            Column::LastSeen => self.last_seen(context, is_aligned).into(),
            Column::Expires => match self.life.end() {
                Some(end) if is_aligned => end.format("%Y-%m-%d %H:%MZ").to_string().into(),
                Some(end) => rfc3339(end).into(),
                None if is_aligned => self.no_end().into(),
                None => "".into(),
            },
            Column::Id => style.clean(&self.id),
            Column::ShortId => text::abbreviate(&style.clean(&self.id), style.ellipsis()).into(),
            Column::Note => style.clean(self.note),
        }
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

    /// A cell of a fixed width, or as wide as it is, in its colour.
    fn painted(
        &self,
        column: Column,
        cells: Option<usize>,
        context: EvaluationContext,
        style: OutputStyle,
    ) -> String {
        let mut shown = self.cell(column, context, style);
        if let Some(cells) = cells {
            shown = text::fit(&shown, cells, style.ellipsis()).into();
        }
        if column == Column::Status && style.colored {
            let status = Status::at(self.life, context);
            return colored(&shown, status.tone());
        }
        shown.into_owned()
    }

    fn last_seen(&self, context: EvaluationContext, is_aligned: bool) -> String {
        let Some(token) = self.token else {
            return String::new();
        };
        match token.last_seen_at.valid() {
            Some(seen) if is_aligned => {
                let age = context.now.signed_duration_since(*seen);
                format!("{} ago", duration::rough(age))
            }
            Some(seen) => rfc3339(*seen),
            None if is_aligned => last_seen_word(token, usize::MAX).unwrap_or("").to_owned(),
            None => String::new(),
        }
    }
}

/// `12 d`, `47 h`, `9 d ago`; a dash where there is no end.
fn left_roughly(life: Lifecycle, context: EvaluationContext) -> String {
    let Some(end) = life.end() else {
        return "-".to_owned();
    };
    if end <= context.now {
        format!(
            "{} ago",
            duration::rough(context.now.signed_duration_since(end))
        )
    } else {
        duration::rough(end.signed_duration_since(context.now))
    }
}

/// Prints tokens, a row a token.
///
/// # Errors
/// The writer's.
pub fn tokens(
    out: &mut impl Write,
    tokens: &[Arc<ServiceToken>],
    context: EvaluationContext,
    style: OutputStyle,
) -> io::Result<()> {
    let rows: Vec<Row<'_>> = tokens
        .iter()
        .map(|token| Row {
            profile: "",
            name: token.display_text(&token.name),
            id: token.display_text(&token.id),
            life: Lifecycle::of(token),
            token: Some(token),
            note: "",
        })
        .collect();
    table(out, &rows, &LIST, context, style)
}

/// Prints the rows of a check.
///
/// # Errors
/// The writer's.
pub fn entries(
    out: &mut impl Write,
    entries: &[CheckEntry],
    context: EvaluationContext,
    style: OutputStyle,
) -> io::Result<()> {
    let rows: Vec<Row<'_>> = entries
        .iter()
        .map(|entry| {
            let (name, id, note) = match &entry.subject {
                Ok(token) => (
                    token.display_text(&token.name),
                    token.display_text(&token.id),
                    "",
                ),
                Err(error) => (
                    entry.name().into(),
                    entry.id().into(),
                    error.summary.as_str(),
                ),
            };
            Row {
                profile: entry.profile.as_deref().unwrap_or_default(),
                name,
                id,
                life: entry.life(),
                token: entry.subject.as_deref().ok(),
                note,
            }
        })
        .collect();
    let has_profiles = entries.iter().any(|entry| entry.profile.is_some());
    let choices = if has_profiles { CHECK_PROFILES } else { CHECK };
    table(out, &rows, &choices, context, style)
}

fn table(
    out: &mut impl Write,
    rows: &[Row<'_>],
    choices: &[&[Column]],
    context: EvaluationContext,
    style: OutputStyle,
) -> io::Result<()> {
    let Some(width) = style.width else {
        for row in rows {
            let cells = choices[0]
                .iter()
                .map(|column| row.painted(*column, None, context, style));
            writeln!(out, "{}", cells.collect::<Vec<_>>().join("\t"))?;
        }
        return Ok(());
    };
    if rows.is_empty() {
        return Ok(());
    }
    let columns = fitting(rows, choices, width, context, style);
    let titles = columns
        .iter()
        .map(|(column, cells)| text::fit(column.title(), *cells, style.ellipsis()));
    writeln!(out, "{}", titles.collect::<Vec<_>>().join(GAP).trim_end())?;
    for row in rows {
        let cells = columns
            .iter()
            .map(|(column, cells)| row.painted(*column, Some(*cells), context, style));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join(GAP).trim_end())?;
    }
    Ok(())
}

/// The fullest choice of columns that leaves names room, and the width of each.
fn fitting(
    rows: &[Row<'_>],
    choices: &[&[Column]],
    width: usize,
    context: EvaluationContext,
    style: OutputStyle,
) -> Vec<(Column, usize)> {
    let natural = |column: Column| {
        let cells = rows
            .iter()
            .map(|row| text::width(&row.cell(column, context, style)));
        cells.max().unwrap_or(0).max(column.title().len())
    };
    let name = natural(Column::Name);
    let mut fitted = Vec::new();
    for choice in choices {
        fitted = choice
            .iter()
            .map(|column| (*column, natural(*column)))
            .collect();
        let taken: usize = fitted.iter().map(|(_, cells)| cells + GAP.len()).sum();
        let room = (width + GAP.len() + name).saturating_sub(taken);
        for (column, cells) in &mut fitted {
            if *column == Column::Name {
                *cells = name.min(room);
            }
        }
        if room >= name.min(NARROWEST_NAME) {
            break;
        }
    }
    fitted
}

/// Prints the profiles: name, whether it is the default, credential, scope, email.
///
/// # Errors
/// The writer's.
pub fn profiles(
    out: &mut impl Write,
    report: &ProfilesReport,
    style: OutputStyle,
) -> io::Result<()> {
    let mut rows: Vec<[String; 5]> = Vec::new();
    for profile in &report.profiles {
        rows.push([
            profile.name.clone(),
            if profile.default { "default" } else { "" }.to_owned(),
            profile.credential.to_owned(),
            profile
                .scope
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            profile.email.clone().unwrap_or_default(),
        ]);
    }
    let Some(width) = style.width else {
        for row in &rows {
            let cells: Vec<Cow<'_, str>> = row.iter().map(|cell| style.clean(cell)).collect();
            writeln!(out, "{}", cells.join("\t"))?;
        }
        return Ok(());
    };
    if !rows.is_empty() {
        let titles = ["NAME", "", "CREDENTIAL", "SCOPE", "EMAIL"];
        rows.insert(0, titles.map(str::to_owned));
    }
    let widest: Vec<usize> = (0..5)
        .map(|at| {
            rows.iter()
                .map(|row| text::width(&row[at]))
                .max()
                .unwrap_or(0)
        })
        .collect();
    for row in &rows {
        let cells = row.iter().zip(&widest);
        let line = cells
            .map(|(cell, cells)| text::fit(&style.clean(cell), *cells, style.ellipsis()))
            .collect::<Vec<_>>()
            .join(GAP);
        writeln!(
            out,
            "{}",
            text::truncate(line.trim_end(), width, style.ellipsis())
        )?;
    }
    Ok(())
}
