//! What Uses says about a token, as text: its apps and other places, each with the reasons, and the
//! facts about the token. Built once for a map and a token, not for every frame. Untrusted text.

use crate::domain::access::Counts;
use crate::domain::access::findings::CLEAN_UP_SOON;
use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::uses::{
    CleanUpPlan, Deletable, Lookup, Reference, ReferenceKind, SECRET_PLACES, TokenUses, Told,
};
use crate::domain::access::verdict::{AppAnswer, Verdict};
use crate::domain::findings::Severity;
use crate::domain::scope::ScopeKind;
use crate::domain::status::EvaluationContext;
use crate::domain::text;
use crate::domain::token::ServiceToken;

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

    fn of_app(answer: &AppAnswer, is_awaited: bool) -> Self {
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
        let words: Vec<&str> = named.into_iter().chain(kind).collect();
        if !words.is_empty() {
            row.reasons.push(("App", words.join(", ")));
        }
        if let Some(name) = named {
            row.searched.push(' ');
            row.searched.push_str(&name.to_lowercase());
        }
        row
    }

    fn of_reference(reference: &Reference) -> Self {
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

/// The fate of a part that a zone does not have.
const ONLY_ACCOUNT: &str = "not asked: only an account has it";

/// Builds the report of a token.
pub(crate) struct Reporter<'a> {
    pub(crate) map: &'a AccessMap,
    pub(crate) token: &'a ServiceToken,
    pub(crate) context: EvaluationContext,
    /// Whether parts are still on their way.
    pub(crate) is_loading: bool,
    /// Whether the API no longer has the token.
    pub(crate) is_gone: bool,
}

impl Reporter<'_> {
    pub(crate) fn report(&self) -> UsesReport {
        let lookup = Lookup::new(self.map);
        let uses = lookup.uses(self.token, self.context);
        let awaited = self.awaited(&Part::OF_VERDICTS);
        let mut report = UsesReport {
            facts: self.facts(&uses),
            awaited,
            reads: self.reads(),
            ..UsesReport::default()
        };
        (report.is_incomplete, report.extent) = self.extent();
        // A verdict that waits for groups or policies would be wrong.
        if report.awaited.is_empty() {
            report.counts = self.has_verdicts().then_some(uses.counts);
            let apps = uses.apps.iter();
            let apps = apps.map(|answer| UsesRow::of_app(answer, self.is_loading));
            report.rows = apps.collect();
            report.apps = report.rows.len();
            report.remark = self.remark();
        }
        let places = uses.references.iter().map(UsesRow::of_reference);
        report.rows.extend(places);
        let words = report.rows.iter().map(|row| text::width(row.mark.word()));
        let places = report
            .rows
            .iter()
            .map(|row| text::width(text::beginning(&row.place)));
        report.widest = (words.max().unwrap_or(0), places.max().unwrap_or(0));
        report
    }

    /// Whether apps were read, and anything at all is visible.
    fn has_verdicts(&self) -> bool {
        let is_unread = self
            .map
            .read(Part::Apps)
            .is_none_or(|read| matches!(read.state, PartState::Failed(_) | PartState::NotAsked));
        !is_unread && !self.map.is_nothing_visible()
    }

    /// Whether no part could be read.
    fn is_nothing_read(&self) -> bool {
        let is_unread = |part: &Part| {
            let read = self.map.read(*part);
            !matches!(
                read.map(|read| &read.state),
                Some(PartState::Read | PartState::Partly(_))
            )
        };
        Part::ALL.iter().all(is_unread)
    }

    /// Those parts of some that are still on their way.
    fn awaited(&self, parts: &[Part]) -> Vec<Part> {
        let is_awaited = |part: &Part| {
            self.is_loading && part.is_in(self.map.scope.kind()) && self.map.read(*part).is_none()
        };
        parts.iter().copied().filter(is_awaited).collect()
    }

    fn facts(&self, uses: &TokenUses) -> Vec<UsesFact> {
        let strict = match self.map.objects().organization.strict {
            _ if !self.awaited(&[Part::Organization]).is_empty() => "reading …",
            Some(true) => {
                "on: only Service Auth policies admit service tokens, and no cookie is set"
            }
            Some(false) => "off: a cookie of an earlier request may admit a client, too",
            None => "not known",
        };
        let facts = [
            ("Delete?", self.deletion(uses)),
            ("Told", self.alerts(uses)),
            ("Clean-up", self.clean_up(uses)),
            ("Strict", (None, strict.to_owned())),
        ];
        let fact = |(label, (severity, text))| UsesFact {
            label,
            severity,
            text,
        };
        facts.map(fact).to_vec()
    }

    fn deletion(&self, uses: &TokenUses) -> (Option<Severity>, String) {
        if self.is_gone {
            let text = "gone: the API no longer has this token".to_owned();
            return (Some(Severity::Critical), text);
        }
        let awaited = self.awaited(&Part::NEEDED_TO_DELETE);
        let reasons = uses.deletable_reasons.join("; ");
        match uses.deletable {
            Deletable::No => (None, format!("no: {reasons}")),
            Deletable::Yes | Deletable::Unknown if !awaited.is_empty() => (None, reading(&awaited)),
            Deletable::Yes => {
                let text = format!("yes: {reasons}; {SECRET_PLACES}");
                (Some(Severity::Info), text)
            }
            Deletable::Unknown if self.is_nothing_read() => {
                (None, "not known: nothing could be read".to_owned())
            }
            Deletable::Unknown => (None, format!("not known: {reasons}")),
        }
    }

    fn alerts(&self, uses: &TokenUses) -> (Option<Severity>, String) {
        let awaited = self.awaited(&[Part::Alerts]);
        let severity = (uses.told == Told::Nobody && awaited.is_empty()).then_some(Severity::Info);
        let is_zone = self.map.scope.kind() == ScopeKind::Zone;
        let text = match (uses.told, self.why_not(Part::Alerts)) {
            (Told::NotNeeded, _) => uses.told_message(),
            _ if !awaited.is_empty() => reading(&awaited),
            (Told::Unknown, _) if is_zone => {
                "not known: only an account's alerts can be read".to_owned()
            }
            (Told::Unknown, Some(why)) => format!("not known: alerts {why}"),
            (Told::Unknown | Told::Nobody | Told::Yes | Told::Maybe, _) => uses.told_message(),
        };
        (severity, text)
    }

    fn clean_up(&self, uses: &TokenUses) -> (Option<Severity>, String) {
        let awaited = self.awaited(&[Part::Organization, Part::Apps, Part::Policies]);
        let now = self.context.now;
        let is_soon = match uses.clean_up {
            CleanUpPlan::Unknown | CleanUpPlan::On(..) if !awaited.is_empty() => {
                return (None, reading(&awaited));
            }
            CleanUpPlan::On(_, _, due) => due.signed_duration_since(now) <= CLEAN_UP_SOON,
            CleanUpPlan::Unknown
            | CleanUpPlan::Off
            | CleanUpPlan::Spared
            | CleanUpPlan::AlreadyDisabled => false,
        };
        let severity = is_soon.then_some(Severity::Warning);
        (severity, uses.clean_up_message(now))
    }

    /// That a part could not be read, in a word or two and with the reason; `None` if it could.
    fn unread(&self, part: Part) -> Option<(&'static str, String)> {
        let Some(read) = self.map.read(part) else {
            let is_unread = !self.is_loading && part.is_in(self.map.scope.kind());
            return is_unread.then(|| ("not read", "not read".to_owned()));
        };
        let (fate, reason) = match &read.state {
            PartState::Read => return None,
            PartState::NotAsked => return Some((ONLY_ACCOUNT, ONLY_ACCOUNT.to_owned())),
            PartState::Partly(failure) => ("read in part", failure.reason()),
            PartState::Failed(failure) if read.state.is_refused() => {
                let permission = part.permission().map(str::to_owned);
                ("refused", permission.unwrap_or_else(|| failure.reason()))
            }
            PartState::Failed(failure) => ("failed", failure.reason()),
        };
        Some((fate, format!("{fate} ({reason})")))
    }

    /// Why a part could not be read, if it could not.
    fn why_not(&self, part: Part) -> Option<String> {
        self.unread(part).map(|(_, why)| why)
    }

    /// The text in place of the apps.
    fn remark(&self) -> String {
        if self.map.read(Part::Apps).is_none() {
            return "Nothing was read.".to_owned();
        }
        if let Some(why) = self.why_not(Part::Apps).filter(|_| !self.has_verdicts()) {
            return format!("No verdict: apps {why}.");
        }
        if self.map.is_nothing_visible() {
            return "No app, policy or group is visible to this credential. That is not the same as \
                    none: the API shows only what a credential may see, without saying so."
                .to_owned();
        }
        "No app that this credential sees is about this token.".to_owned()
    }

    /// What was read, or what was not and why; and whether something is missing.
    fn extent(&self) -> (bool, String) {
        let kind = self.map.scope.kind();
        let parts = Part::ALL
            .into_iter()
            .filter(|part| *part != Part::Tokens && part.is_in(kind));
        let parts: Vec<Part> = parts.collect();
        if self.is_loading {
            let read = parts
                .iter()
                .filter(|part| self.map.read(**part).is_some())
                .count();
            return (false, format!("{read} of {} parts read", parts.len()));
        }
        let missing = self.missing(&parts);
        if !missing.is_empty() {
            return (true, format!("incomplete: {}", missing.join(", ")));
        }
        let counted = [
            (Part::Apps, "app", "apps"),
            (Part::Policies, "reusable policy", "reusable policies"),
            (Part::Groups, "group", "groups"),
        ];
        let counted = counted.into_iter().filter(|(part, ..)| part.is_in(kind));
        let counted =
            counted.map(|(part, one, many)| text::counted(self.map.count(part), one, many));
        let counted: Vec<String> = counted.collect();
        let rest = match kind {
            ScopeKind::Account => "",
            ScopeKind::Zone => "; what only an account has was not asked",
        };
        (false, format!("{} visible{rest}", counted.join(", ")))
    }

    /// Names the missing parts in sentence fragments, parts of the same fate together.
    fn missing(&self, parts: &[Part]) -> Vec<String> {
        if self.is_nothing_read() && parts.iter().all(|part| self.map.read(*part).is_none()) {
            return vec!["nothing was read".to_owned()];
        }
        let mut missing = Vec::new();
        let hidden = self.map.hidden_apps();
        if hidden > 0 {
            missing.push(text::counted(hidden, "app is hidden", "apps are hidden"));
        }
        let mut fates: Vec<(&str, Vec<&str>)> = Vec::new();
        for part in parts {
            let Some((fate, _)) = self.unread(*part) else {
                continue;
            };
            match fates.iter_mut().find(|(known, _)| *known == fate) {
                Some((_, same)) => same.push(part.label()),
                None => fates.push((fate, vec![part.label()])),
            }
        }
        let fates = fates.into_iter();
        missing.extend(fates.map(|(fate, parts)| format!("{} {fate}", parts.join(", "))));
        match self.map.unread_apps() {
            0 => {}
            1 => missing.push("the policies of 1 app not read".to_owned()),
            unread => missing.push(format!("the policies of {unread} apps not read")),
        }
        if missing.is_empty() && self.map.is_nothing_visible() {
            missing.push("no app, policy or group is visible".to_owned());
        }
        missing
    }

    fn reads(&self) -> Vec<(&'static str, String)> {
        let parts = Part::ALL.into_iter().filter(|part| *part != Part::Tokens);
        let read = parts.map(|part| {
            let text = match (self.map.read(part), self.why_not(part)) {
                (_, Some(why)) => why,
                // A setting is no list.
                (Some(_), None) if part == Part::Organization => "read".to_owned(),
                (Some(read), None) if part == Part::Doh && read.count == 0 => {
                    "read, no token is set".to_owned()
                }
                (Some(_), None) if part == Part::Doh => "read, a token is set".to_owned(),
                (Some(read), None) => format!("read, {} visible", text::number(read.count)),
                (None, None) if part.is_in(self.map.scope.kind()) => "reading …".to_owned(),
                (None, None) => ONLY_ACCOUNT.to_owned(),
            };
            (part.label(), text)
        });
        read.collect()
    }
}

/// `reading device profiles, Hyperdrive configurations …`
fn reading(parts: &[Part]) -> String {
    let parts: Vec<&str> = parts.iter().map(|part| part.label()).collect();
    format!("reading {} …", parts.join(", "))
}
