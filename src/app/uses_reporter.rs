//! Builds what Uses says about a token: once for a map and a token, not for every frame.

use super::uses_report::{UsesFact, UsesReport, UsesRow};
use crate::domain::access::findings::CLEAN_UP_SOON;
use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::uses::{CleanUpPlan, Deletable, Lookup, SECRET_PLACES, TokenUses, Told};
use crate::domain::findings::Severity;
use crate::domain::scope::ScopeKind;
use crate::domain::status::EvaluationContext;
use crate::domain::text;
use crate::domain::token::ServiceToken;

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
        vec![
            self.deletion(uses),
            self.alerts(uses),
            self.clean_up(uses),
            UsesFact::new("Strict", None, strict),
        ]
    }

    fn deletion(&self, uses: &TokenUses) -> UsesFact {
        const LABEL: &str = "Delete?";
        if self.is_gone {
            let text = "gone: the API no longer has this token";
            return UsesFact::new(LABEL, Some(Severity::Critical), text);
        }
        let awaited = self.awaited(&Part::NEEDED_TO_DELETE);
        let reasons = uses.deletable_reasons.join("; ");
        match uses.deletable {
            Deletable::No => UsesFact::new(LABEL, None, format!("no: {reasons}")),
            Deletable::Yes | Deletable::Unknown if !awaited.is_empty() => {
                UsesFact::new(LABEL, None, reading(&awaited))
            }
            Deletable::Yes => {
                let text = format!("yes: {reasons}; {SECRET_PLACES}");
                UsesFact::new(LABEL, Some(Severity::Info), text)
            }
            Deletable::Unknown if self.is_nothing_read() => {
                UsesFact::new(LABEL, None, "not known: nothing could be read")
            }
            Deletable::Unknown => UsesFact::new(LABEL, None, format!("not known: {reasons}")),
        }
    }

    fn alerts(&self, uses: &TokenUses) -> UsesFact {
        const LABEL: &str = "Told";
        let awaited = self.awaited(&[Part::Alerts]);
        let plain = |text: String| UsesFact::new(LABEL, None, text);
        match uses.told {
            Told::NotNeeded => plain(uses.told_message()),
            _ if !awaited.is_empty() => plain(reading(&awaited)),
            Told::Nobody => UsesFact::new(LABEL, Some(Severity::Info), uses.told_message()),
            Told::Unknown if self.map.scope.kind() == ScopeKind::Zone => {
                plain("not known: only an account's alerts can be read".to_owned())
            }
            Told::Unknown => plain(match self.why_not(Part::Alerts) {
                Some(why) => format!("not known: alerts {why}"),
                None => uses.told_message(),
            }),
            Told::Yes | Told::Maybe => plain(uses.told_message()),
        }
    }

    fn clean_up(&self, uses: &TokenUses) -> UsesFact {
        const LABEL: &str = "Clean-up";
        let awaited = self.awaited(&[Part::Organization, Part::Apps, Part::Policies]);
        let plain = |text: String| UsesFact::new(LABEL, None, text);
        match uses.clean_up {
            CleanUpPlan::Unknown | CleanUpPlan::On(..) if !awaited.is_empty() => {
                plain(reading(&awaited))
            }
            CleanUpPlan::On(_, _, due) => {
                let soon = due.signed_duration_since(self.context.now) <= CLEAN_UP_SOON;
                let severity = soon.then_some(Severity::Warning);
                UsesFact::new(LABEL, severity, uses.clean_up_message(self.context.now))
            }
            CleanUpPlan::Unknown
            | CleanUpPlan::Off
            | CleanUpPlan::Spared
            | CleanUpPlan::AlreadyDisabled => plain(uses.clean_up_message(self.context.now)),
        }
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
        let counted = counted.map(|(part, one, many)| match self.map.count(part) {
            1 => format!("1 {one}"),
            count => format!("{} {many}", text::number(count)),
        });
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
        match self.map.hidden_apps() {
            0 => {}
            1 => missing.push("1 app is hidden".to_owned()),
            hidden => missing.push(format!("{} apps are hidden", text::number(hidden))),
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
