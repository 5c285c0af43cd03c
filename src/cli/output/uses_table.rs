//! What `uses` found, for people: a page about one token, or a row for each.

use std::borrow::Cow;
use std::io::{self, Write};

use super::details::{labelled, wrapped};
use super::table::{Cell, GAP, LabelledRow, Table, colored, row, status_row};
use crate::cli::uses_result::{TokenEntry, UsesResult};
use crate::domain::access::Counts;
use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::uses::{
    Deletable, Lookup, Reference, ReferenceKind, SECRET_PLACES, TokenUses, Told,
};
use crate::domain::access::verdict::AppAnswer;
use crate::domain::fields::last_seen_word;
use crate::domain::status::{EvaluationContext, Status, Tone};
use crate::domain::text;
use crate::formats::{parallel, rfc3339};
use crate::startup::output_style::OutputStyle;

/// The columns to shorten first when room is short, in this order, each to so many cells.
const CUTS: [(Column, usize); 3] = [
    (Column::Name, 24),
    (Column::NamedBy, 15),
    (Column::Name, 20),
];
/// A sentence goes below its row where less than this is left beside it.
const NARROWEST_MESSAGE: usize = 50;
/// The steps of a path without a group: the policy, and what it names.
const DIRECT: usize = 2;
/// The cells that the sentences below a row are indented by.
const INDENT: usize = 4;

/// Prints a page about one token, or a row for each.
///
/// # Errors
/// The writer's.
pub fn print(out: &mut impl Write, result: &UsesResult, style: OutputStyle) -> io::Result<()> {
    let lookup = Lookup::new(&result.map);
    if !result.is_one {
        return tokens(out, result, &lookup, style);
    }
    for entry in result.entries(&lookup) {
        page(out, result, &entry, style)?;
    }
    Ok(())
}

/// A column of the table of tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Status,
    Opens,
    Depends,
    Refused,
    NamedBy,
    Deletable,
    Told,
    Id,
    ShortId,
}

impl Column {
    fn title(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Status => "STATUS",
            Self::Opens => "OPENS",
            Self::Depends => "DEPENDS",
            Self::Refused => "REFUSED",
            Self::NamedBy => "NAMED BY",
            Self::Deletable => "DELETE?",
            Self::Told => "TOLD",
            Self::Id | Self::ShortId => "ID",
        }
    }
}

/// The columns of the table: the first choice that fits is used.
const CHOICES: [&[Column]; 7] = {
    use Column::{Deletable, Depends, Id, Name, NamedBy, Opens, Refused, ShortId, Status, Told};
    [
        &[
            Name, Status, Opens, Depends, Refused, NamedBy, Deletable, Told, Id,
        ],
        &[
            Name, Status, Opens, Depends, Refused, NamedBy, Deletable, Told, ShortId,
        ],
        &[
            Name, Status, Opens, Depends, Refused, NamedBy, Deletable, Told,
        ],
        &[Name, Status, Opens, NamedBy, Deletable, Told],
        &[Name, Opens, NamedBy, Deletable, Told],
        &[Name, NamedBy, Deletable],
        &[Name, Deletable],
    ]
};

/// The texts of a token's row.
struct Row<'a> {
    name: Cow<'a, str>,
    id: Cow<'a, str>,
    status: Status,
    counts: Counts,
    named_by: String,
    deletable: Deletable,
    told: Told,
}

impl<'a> Row<'a> {
    fn of(entry: &TokenEntry<'a>, context: EvaluationContext) -> Self {
        let token = entry.token;
        Self {
            name: token.display_text(&token.name),
            id: token.display_text(&token.id),
            status: Status::of(token, context),
            counts: entry.uses.counts,
            named_by: named_by(entry),
            deletable: entry.uses.deletable,
            told: entry.uses.told,
        }
    }

    fn cell(&self, column: Column, style: OutputStyle) -> Cell<'_> {
        let (text, tone) = match column {
            Column::Name => (style.clean(&self.name), None),
            Column::Status => (self.status.code().into(), Some(self.status.tone())),
            Column::Opens => (self.counts.opens.to_string().into(), None),
            Column::Depends => (self.counts.depends.to_string().into(), None),
            Column::Refused => {
                let tone = (self.counts.refused > 0).then_some(Tone::Critical);
                (self.counts.refused.to_string().into(), tone)
            }
            Column::NamedBy if self.named_by.is_empty() && style.width.is_some() => {
                ("-".into(), None)
            }
            Column::NamedBy => (self.named_by.as_str().into(), None),
            Column::Deletable => {
                let tone = (self.deletable == Deletable::Yes).then_some(Tone::Calm);
                (self.deletable.code().into(), tone)
            }
            Column::Told => {
                let tone = (self.told == Told::Nobody).then_some(Tone::Warning);
                (self.told.code().into(), tone)
            }
            Column::Id => (style.clean(&self.id), None),
            Column::ShortId => {
                let short = text::abbreviate(&style.clean(&self.id), style.ellipsis());
                (short.into(), None)
            }
        };
        Cell { text, tone }
    }
}

/// `2 apps, 1 group, SCIM`: the places that name a token.
fn named_by(entry: &TokenEntry<'_>) -> String {
    let apps = entry.uses.apps.iter().filter(|app| app.is_named).count();
    let of = |kind: ReferenceKind| {
        let references = entry.uses.references.iter();
        references.filter(|it| it.kind == kind).count()
    };
    // Without a plural, the place is named but not counted.
    let places = [
        (apps, "app", "apps"),
        (of(ReferenceKind::Policy), "policy", "policies"),
        (of(ReferenceKind::Group), "group", "groups"),
        (of(ReferenceKind::Scim), "SCIM", ""),
        (of(ReferenceKind::Doh), "DoH", ""),
        (
            of(ReferenceKind::DeviceProfile),
            "device profile",
            "device profiles",
        ),
        (of(ReferenceKind::Hyperdrive), "Hyperdrive", ""),
    ];
    let places = places.into_iter().filter(|(count, ..)| *count > 0);
    let places = places.map(|(count, one, many)| match count {
        _ if many.is_empty() => one.to_owned(),
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    });
    places.collect::<Vec<_>>().join(", ")
}

fn tokens<'a>(
    out: &mut impl Write,
    result: &'a UsesResult,
    lookup: &'a Lookup<'a>,
    style: OutputStyle,
) -> io::Result<()> {
    let concerns_all = result.concerns_all(lookup);
    let some_rows = |_: usize, tokens: &'a [_], rows: &mut Vec<Row<'a>>| {
        let entries = result.entries_of(tokens, lookup, concerns_all);
        rows.extend(entries.map(|entry| Row::of(&entry, result.context)));
    };
    let rows = parallel::collect(&result.tokens, &some_rows);
    let table = Table::new(&rows, style, Column::title, |row, it| row.cell(it, style));
    let choices = CHOICES.iter().map(|choice| choice.iter().copied());
    table.print(out, &table.choose(choices, narrowed))?;
    let apps = result.any_token_apps(lookup);
    if let Some(width) = style.width
        && !apps.is_empty()
        && !rows.is_empty()
    {
        let heading = match apps.len() {
            1 => "1 app concerns every token:".to_owned(),
            count => format!("{count} apps concern every token:"),
        };
        let heading = text::truncate(&heading, width, style.ellipsis());
        writeln!(out, "\n{heading}")?;
        self::apps(out, &apps, style)?;
    }
    Ok(())
}

/// Takes from the names and places what the columns lack, and returns whether that is enough. Not even
/// the fewest columns may fit.
fn narrowed(columns: &mut [(Column, usize)], width: usize) -> bool {
    let taken: usize = columns.iter().map(|(_, cells)| cells + GAP.len()).sum();
    let mut lacking = taken.saturating_sub(width + GAP.len());
    for (cut, narrowest) in CUTS {
        let cells = columns.iter_mut().find(|(column, _)| *column == cut);
        if let Some((_, cells)) = cells {
            let less = lacking.min(cells.saturating_sub(narrowest));
            *cells -= less;
            lacking -= less;
        }
    }
    if let [(_, name), _] = columns {
        *name = name.saturating_sub(lacking);
    }
    lacking == 0
}

/// The page about one token: the answers, then the apps, then the other places.
fn page(
    out: &mut impl Write,
    result: &UsesResult,
    entry: &TokenEntry<'_>,
    style: OutputStyle,
) -> io::Result<()> {
    labelled(out, &facts(result, entry), style)?;
    if style.width.is_none() {
        return plain_places(out, entry, style);
    }
    let uses = &entry.uses;
    if !uses.apps.is_empty() {
        writeln!(out)?;
        apps(out, &uses.apps, style)?;
    }
    if !uses.references.is_empty() {
        writeln!(out)?;
        references(out, &uses.references, style)?;
    }
    Ok(())
}

fn facts(result: &UsesResult, entry: &TokenEntry<'_>) -> Vec<LabelledRow> {
    let (token, uses, map) = (entry.token, &entry.uses, &result.map);
    let mut facts = vec![
        row("Name", token.display_text(&token.name)),
        row("ID", token.display_text(&token.id)),
        status_row(Status::of(token, result.context)),
    ];
    if let Some(seen) = token.last_seen_at.valid() {
        facts.push(row("Last seen", rfc3339(*seen)));
    } else if let Some(word) = last_seen_word(token, usize::MAX) {
        facts.push(row("Last seen", word));
    }
    let Counts {
        opens,
        depends,
        refused,
        unknown,
        open_to_all,
    } = uses.counts;
    let counted = [
        ("opens", opens),
        ("may open or depends", depends),
        ("refused", refused),
        ("unknown", unknown),
        ("open to all", open_to_all),
    ];
    let counted = counted.into_iter().filter(|(_, count)| *count > 0);
    let counted = counted.map(|(word, count)| format!("{word} {count}"));
    let counted: Vec<String> = counted.collect();
    let counted = if counted.is_empty() {
        "none that this credential sees concerns it".to_owned()
    } else {
        counted.join(", ")
    };
    facts.extend([
        row("Apps", counted),
        deletable(entry),
        told(uses),
        row("Clean-up", uses.clean_up_message(result.context.now)),
        row("Strict mode", strict(map)),
        row("Read", read(map)),
    ]);
    facts.extend(unread(map).map(|why| row("Not read", why)));
    facts
}

fn deletable(entry: &TokenEntry<'_>) -> LabelledRow {
    let reasons = entry.uses.deletable_reasons.join("; ");
    let (word, tone) = match entry.uses.deletable {
        Deletable::Yes => ("yes", Some(Tone::Calm)),
        Deletable::No => ("no", None),
        Deletable::Unknown => ("unknown", Some(Tone::Warning)),
    };
    let text = format!("{word}: {reasons}; {SECRET_PLACES}");
    ("Delete?".to_owned(), text, tone)
}

fn told(uses: &TokenUses) -> LabelledRow {
    let tone = match uses.told {
        Told::Nobody | Told::Maybe => Some(Tone::Warning),
        Told::Yes | Told::Unknown | Told::NotNeeded => None,
    };
    ("Told".to_owned(), uses.told_message(), tone)
}

fn strict(map: &AccessMap) -> &'static str {
    match map.objects().organization.strict {
        Some(true) => "on",
        Some(false) => "off",
        None => "unknown",
    }
}

/// How many apps, policies and groups are visible, of those that arrived.
fn read(map: &AccessMap) -> String {
    let has_arrived = |part: &Part| {
        let state = map.read(*part).map(|read| &read.state);
        matches!(state, Some(PartState::Read | PartState::Partly(_)))
    };
    let parts = Part::OF_VERDICTS.into_iter().filter(has_arrived);
    let counts = parts.map(|part| format!("{} {}", text::number(map.count(part)), part.label()));
    let counts: Vec<String> = counts.collect();
    if counts.is_empty() {
        return "no app, policy or group".to_owned();
    }
    format!("{} visible to this credential", counts.join(", "))
}

/// The parts that were not read completely, each with the reason; not a list that was not needed.
fn unread(map: &AccessMap) -> Option<String> {
    let parts = Part::ALL.into_iter();
    let parts = parts.filter(|part| map.read(*part).is_some());
    let reasons: Vec<String> = parts.filter_map(|part| map.why_unread(part)).collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// A row for each app, with the sentence of its verdict beside or below it.
fn apps(out: &mut impl Write, apps: &[AppAnswer], style: OutputStyle) -> io::Result<()> {
    let rows = apps.iter().map(|app| {
        let mark = app.verdict.symbol(style.ascii);
        SentenceRow {
            word: format!("{mark} {}", app.verdict.word()).into(),
            tone: Some(app.verdict.tone()),
            place: style.clean(app.app.title()),
            message: app.message(),
            path: (app.path.len() > DIRECT).then(|| app.path.join(arrow(style))),
        }
    });
    sentences(out, &rows.collect::<Vec<_>>(), style)
}

fn references(
    out: &mut impl Write,
    references: &[Reference],
    style: OutputStyle,
) -> io::Result<()> {
    let rows = references.iter().map(|reference| SentenceRow {
        word: reference.kind.label().into(),
        tone: None,
        place: style.clean(&reference.name),
        message: reference.message.clone(),
        path: None,
    });
    sentences(out, &rows.collect::<Vec<_>>(), style)
}

fn arrow(style: OutputStyle) -> &'static str {
    if style.ascii { " > " } else { " → " }
}

/// A row whose sentence may take several lines.
struct SentenceRow<'a> {
    word: Cow<'a, str>,
    tone: Option<Tone>,
    place: Cow<'a, str>,
    message: String,
    /// From the policy to the token, if it leads through groups.
    path: Option<String>,
}

fn sentences(out: &mut impl Write, rows: &[SentenceRow<'_>], style: OutputStyle) -> io::Result<()> {
    let width = style.width.unwrap_or(usize::MAX);
    let widest = |of: fn(&SentenceRow<'_>) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let word = widest(|row| text::width(&row.word)).min(width);
    let place = widest(|row| text::width(&row.place));
    let taken = word + 2 * GAP.len() + place;
    let is_beside = taken + NARROWEST_MESSAGE <= width;
    for row in rows {
        let fitted = text::fit(&row.word, word, style.ellipsis());
        let shown = match row.tone {
            Some(tone) if style.colored => colored(&fitted, tone),
            _ => fitted,
        };
        let (room, indent) = if is_beside {
            (place, taken)
        } else {
            (width.saturating_sub(word + GAP.len()), INDENT)
        };
        let lines = [Some(row.message.as_str()), row.path.as_deref()];
        let lines = lines.into_iter().flatten();
        let mut lines = lines.flat_map(|line| {
            let line = style.clean(line);
            wrapped(&line, width.saturating_sub(indent))
        });
        let place = text::fit(&row.place, room, style.ellipsis());
        let beside = if is_beside { lines.next() } else { None };
        let first = format!("{shown}{GAP}{place}{GAP}{}", beside.unwrap_or_default());
        writeln!(out, "{}", first.trim_end())?;
        for line in lines {
            writeln!(out, "{:indent$}{line}", "")?;
        }
    }
    Ok(())
}

/// The apps and other places where no terminal is: one line each, its kind first.
fn plain_places(
    out: &mut impl Write,
    entry: &TokenEntry<'_>,
    style: OutputStyle,
) -> io::Result<()> {
    let mut print = |kind: &str, cells: &[&str]| {
        let cells: Vec<_> = cells.iter().map(|cell| style.clean(cell)).collect();
        writeln!(out, "{kind}\t{}", cells.join("\t"))
    };
    for it in &entry.uses.apps {
        let (app, path, message) = (&it.app, it.path.join(" > "), it.message());
        let policy = it.policy.as_ref().map_or("", |policy| &policy.name);
        let app = [it.verdict.code(), app.title(), &app.name, &app.id];
        print("App", &[&app[..], &[policy, &path, &message]].concat())?;
    }
    for it in &entry.uses.references {
        print("Place", &[it.kind.code(), &it.name, &it.id, &it.message])?;
    }
    Ok(())
}
