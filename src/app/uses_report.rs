//! What Uses says about a token, as text: its apps and other places, each with the reasons, and the
//! facts about the token. Untrusted text.

use crate::domain::access::Counts;
use crate::domain::access::map::Part;
use crate::domain::access::uses::{Reference, ReferenceKind};
use crate::domain::access::verdict::{AppAnswer, Verdict};
use crate::domain::findings::Severity;
use crate::domain::text;

/// The report of Uses about a token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsesReport {
    /// `None` while no verdict is known.
    pub counts: Option<Counts>,
    /// The apps, worst first, then the other places.
    pub rows: Vec<UsesRow>,
    /// How many of the rows are apps.
    pub apps: usize,
    pub facts: Vec<UsesFact>,
    /// The text in place of the apps if none concerns the token.
    pub remark: String,
    /// The parts that the verdicts still wait for.
    pub awaited: Vec<Part>,
    /// The parts that were read and those that were not, in one line.
    pub extent: String,
    pub is_incomplete: bool,
    /// The cells of the widest word and of the widest address or name.
    pub widest: (usize, usize),
    /// Each part, with what became of it.
    pub reads: Vec<(&'static str, String)>,
}

/// The subject of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsesMark {
    App(Verdict),
    Place(ReferenceKind),
}

impl UsesMark {
    /// Whether it is about an app.
    pub fn is_app(self) -> bool {
        match self {
            Self::App(_) => true,
            Self::Place(_) => false,
        }
    }

    /// In a column as wide as those of verdicts: `REFUSED`, `group`.
    pub fn word(self) -> &'static str {
        match self {
            Self::App(verdict) => verdict.word(),
            Self::Place(ReferenceKind::Doh) => "DoH",
            Self::Place(ReferenceKind::DeviceProfile) => "devices",
            Self::Place(kind) => kind.label(),
        }
    }
}

/// An app or another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsesRow {
    pub mark: UsesMark,
    /// The app's address, or else its name; the name of another place.
    pub place: String,
    /// The deciding fact, in a few words.
    pub note: String,
    /// Why, and what to do.
    pub message: String,
    /// Further reasons, each with its label.
    pub reasons: Vec<(&'static str, String)>,
    /// The text to copy: the address of an app, the ID of another place.
    pub copied: String,
    /// The text that a filter searches, in lower case.
    searched: String,
}

impl UsesRow {
    fn new(mark: UsesMark, place: &str, note: String, message: String) -> Self {
        Self {
            mark,
            searched: format!("{} {place} {note}", mark.word()).to_lowercase(),
            place: place.to_owned(),
            note,
            message,
            reasons: Vec::new(),
            copied: place.to_owned(),
        }
    }

    pub(super) fn of_app(answer: &AppAnswer, is_awaited: bool) -> Self {
        let app = &answer.app;
        let is_unread = is_awaited && answer.policy.is_none() && answer.verdict == Verdict::Unknown;
        let (note, message) = if is_unread {
            let note = "its policies are still being read".to_owned();
            (note, "Its policies are still being read.".to_owned())
        } else {
            (answer.note(), answer.message())
        };
        let mut row = Self::new(UsesMark::App(answer.verdict), app.title(), note, message);
        if answer.path.len() > 1 {
            row.reasons.push(("Path", answer.path.join(" → ")));
        }
        let conditions = answer.conditions.iter();
        row.reasons
            .extend(conditions.map(|it| ("Depends on", it.clone())));
        let named = Some(app.name.trim()).filter(|name| !name.is_empty());
        let kind = Some(app.kind.as_str()).filter(|kind| !kind.is_empty());
        let app_words: Vec<&str> = named.into_iter().chain(kind).collect();
        if !app_words.is_empty() {
            row.reasons.push(("App", app_words.join(", ")));
        }
        if let Some(name) = named {
            row.searched.push(' ');
            row.searched.push_str(&name.to_lowercase());
        }
        row
    }

    pub(super) fn of_reference(reference: &Reference) -> Self {
        let what = reference.kind.label();
        let name = match reference.name.as_str() {
            name if name.trim().is_empty() => &reference.id,
            name => name,
        };
        let named = if name == what {
            name.to_owned()
        } else {
            format!("{} {name}", text::capitalized(what))
        };
        let joint = match reference.kind {
            ReferenceKind::Policy | ReferenceKind::Group => "",
            ReferenceKind::Scim
            | ReferenceKind::Doh
            | ReferenceKind::DeviceProfile
            | ReferenceKind::Hyperdrive => ":",
        };
        let said = named_in_full(&reference.message);
        let message = format!("{named}{joint} {said}. {}", advice(reference.kind));
        let mark = UsesMark::Place(reference.kind);
        let mut row = Self::new(mark, name, reference.message.clone(), message);
        if !reference.id.is_empty() {
            row.reasons.push(("ID", reference.id.clone()));
            row.copied.clone_from(&reference.id);
        }
        row
    }

    /// Whether it contains every word; a word after `!` must be missing. Words are in lower case.
    pub fn has(&self, words: &[&str]) -> bool {
        words.iter().all(|word| match word.strip_prefix('!') {
            Some("") => true,
            Some(word) => !self.searched.contains(word),
            None => self.searched.contains(word),
        })
    }
}

/// The words of a row, with the token spelled out: `includes this token; no app`.
fn named_in_full(message: &str) -> String {
    let (first, rest) = message.split_once(';').unwrap_or((message, ""));
    let first = match first.strip_suffix(" it") {
        Some(how) => format!("{how} this token"),
        None => first.replacen("its client ID", "this token's client ID", 1),
    };
    if rest.is_empty() {
        return first;
    }
    format!("{first};{rest}")
}

/// Advice on a place before the token is deleted.
fn advice(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::Policy | ReferenceKind::Group | ReferenceKind::Scim => {
            "The API refuses to delete the token while this names it: take it out here first."
        }
        ReferenceKind::Doh => "Choose another token there before you delete this one.",
        ReferenceKind::DeviceProfile => {
            "Without the token the profile selects nothing more: change its expression first."
        }
        ReferenceKind::Hyperdrive => {
            "Without the token the database cannot be reached: give it another one first."
        }
    }
}

/// A fact about the token, on a line of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsesFact {
    pub label: &'static str,
    /// How much it matters; `None` for what is in order, or not known.
    pub severity: Option<Severity>,
    pub text: String,
}

impl UsesFact {
    pub(super) fn new(
        label: &'static str,
        severity: Option<Severity>,
        text: impl Into<String>,
    ) -> Self {
        let text = text.into();
        Self {
            label,
            severity,
            text,
        }
    }
}
