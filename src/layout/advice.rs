//! What to do about a token: its findings, and below each the changes that resolve it, with their
//! price.

use std::borrow::Cow;

use super::glyphs::Glyphs;
use super::{Styled, TextLine, beside, line_width, marked};
use crate::action::{Action, Context};
use crate::domain::change::Change;
use crate::domain::duration::{Lifetime, Remaining, humanize};
use crate::domain::findings::{Finding, Severity, findings, old_secret_sentence};
use crate::domain::status::{Emphasis, EvaluationContext, Lifecycle, Status};
use crate::domain::text;
use crate::domain::token::ServiceToken;
use crate::keymap::Keymap;
use crate::theme::Role;

/// The cells before the verb of a change, and those of the verb.
const INDENT: usize = 4;
const VERB: usize = 9;

/// The fewest cells between a price and the key beside it.
const GAP: usize = 2;

/// Everything that advice depends on besides the token.
#[derive(Debug, Clone, Copy)]
pub struct Advisor<'a> {
    pub context: EvaluationContext,
    /// Whether to count minutes instead of seconds.
    pub is_calm: bool,
    /// Findings from elsewhere than the token itself.
    pub more: &'a [Finding],
    /// The changes that a request can make to the token.
    pub possible: &'a [Change],
    pub glyphs: &'a Glyphs,
    pub keymap: &'a Keymap,
    /// Where the keys are pressed.
    pub place: Context,
}

impl Advisor<'_> {
    /// The findings and what to do about them, wrapped.
    ///
    /// ```text
    /// ▲ Ends in 12 d. Renew it, or every client fails then.
    ///     renew    same secret, a year more          R copies the request
    ///     rotate   new secret; the old one dies at once unless it gets a grace
    /// ▲ Secret v2 still works for 01:12:05: move every client to v3 before then.
    /// ```
    pub fn lines(&self, token: &ServiceToken, columns: usize) -> Vec<TextLine> {
        let mut lines = Vec::new();
        let mut listed: Vec<Change> = Vec::new();
        let mut found = findings(token, self.context);
        found.extend(self.more.iter().cloned());
        found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        for finding in found {
            let changes = finding.remedies.iter().copied();
            let changes = changes.filter(|it| self.possible.contains(it) && !listed.contains(it));
            let changes: Vec<Change> = changes.collect();
            let sentence = self.sentence(&finding, token, !changes.is_empty());
            let sentence = self.glyphs.clean(&sentence).into_owned();
            let mark = self.mark(&finding, token);
            lines.extend(marked(mark, None, &sentence, columns));
            let hint = self.hint(listed.is_empty() && !changes.is_empty());
            let mut has_room = true;
            for (at, change) in changes.iter().enumerate() {
                let hint = hint.as_slice();
                let hint = if at == 0 { hint } else { &[] };
                has_room &= self.price(*change, token, columns, hint, &mut lines);
            }
            if !has_room {
                let indent = vec![(None, " ".repeat(INDENT))];
                lines.push(indent.into_iter().chain(hint).collect());
            }
            listed.extend(changes);
        }
        if lines.is_empty() {
            let calm = (Role::Calm, Status::Active.symbol(self.glyphs.is_ascii));
            lines = marked(calm, None, "Nothing to do.", columns);
        }
        lines
    }

    /// A finding in one sentence, which may count down. Names the remedies unless they follow.
    fn sentence<'f>(
        &self,
        finding: &'f Finding,
        token: &ServiceToken,
        has_changes: bool,
    ) -> Cow<'f, str> {
        match (finding.ends_at, has_changes) {
            (Some(end), _) => {
                let left = Remaining::until(end, self.context.now).calm(self.is_calm);
                // A list is rarely drawn: no seconds, which would not move.
                let left = if self.place == Context::Browse {
                    left.calm(true).short()
                } else {
                    left.digits()
                };
                old_secret_sentence(token, &left).into()
            }
            (None, true) => finding.summary.as_str().into(),
            (None, false) => finding.message.as_str().into(),
        }
    }

    /// The mark of a finding. What somebody chose, or ended long ago, is no alarm.
    fn mark(&self, finding: &Finding, token: &ServiceToken) -> (Role, &'static str) {
        let life = Lifecycle::of(token);
        let role = Role::from(Emphasis::at(life, self.context));
        match finding.code {
            "disabled" => (role, Status::Disabled.symbol(self.glyphs.is_ascii)),
            "expired" => (role, Status::Expired.symbol(self.glyphs.is_ascii)),
            _ => sign(finding.severity, self.glyphs),
        }
    }

    /// The key that copies a request, for the first changes on screen.
    fn hint(&self, is_first: bool) -> TextLine {
        let key = self.keymap.key_for(self.place, Action::CopyRequest);
        key.filter(|_| is_first).map_or_else(Vec::new, |key| {
            let words = " copies the request".to_owned();
            vec![(Some(Role::Accent), key), (Some(Role::Muted), words)]
        })
    }

    /// Adds a change and its price, with a hint beside them. Returns false if the hint has no room.
    fn price(
        &self,
        change: Change,
        token: &ServiceToken,
        columns: usize,
        hint: &[Styled],
        lines: &mut Vec<TextLine>,
    ) -> bool {
        let room = columns.saturating_sub(INDENT + VERB).max(1);
        let reserved = line_width(hint);
        let offered = prices(change, token);
        // The hint ends at the same column for every token.
        let before_hint = columns.min(BESIDE).saturating_sub(INDENT + VERB).max(1);
        let fits = |price: &&String| {
            let room = if reserved > 0 { before_hint } else { room };
            let gap = if reserved > 0 { GAP } else { 0 };
            text::width(price) + gap + reserved <= room
        };
        let has_room = reserved == 0 || offered.iter().any(|price| fits(&price));
        let chosen = offered.iter().find(fits).or(offered.last());
        let clean = self.glyphs.clean(chosen.map_or("", String::as_str));
        let first = lines.len();
        let verb = format!("{:INDENT$}{}", "", change.word());
        let lead = (Some(Role::Strong), verb.as_str());
        lines.extend(beside(lead, INDENT + VERB, (None, &clean), columns));
        if let Some(line) = lines.get_mut(first).filter(|_| has_room && reserved > 0) {
            let used = line_width(line) + reserved;
            let gap = columns.min(BESIDE).saturating_sub(used).max(GAP);
            line.push((None, " ".repeat(gap)));
            line.extend_from_slice(hint);
        }
        has_room
    }
}

/// The column that the key beside a price ends at, if the line is so long.
const BESIDE: usize = 76;

/// The mark of a severity.
pub fn sign(severity: Severity, glyphs: &Glyphs) -> (Role, &'static str) {
    match severity {
        Severity::Info => (Role::Accent, glyphs.info),
        Severity::Warning => (Role::Warning, glyphs.warning),
        Severity::Critical => (Role::Critical, glyphs.critical),
    }
}

/// The price of a change to a token, longest first.
fn prices(change: Change, token: &ServiceToken) -> Vec<String> {
    match change {
        Change::Renew => {
            let length = token.duration.valid().and_then(Lifetime::length);
            let more = match length.map(humanize) {
                Some(length) if length != "365d" => format!("another {length} from now"),
                _ => "a year more".to_owned(),
            };
            let short = format!("same secret, {more}");
            vec![format!("{short} (Cloudflare's button: Refresh)"), short]
        }
        Change::Rotate => {
            let short = "new secret; the old one dies at once unless it gets a grace";
            vec![
                format!("{short} (the request gives it a day)"),
                short.to_owned(),
            ]
        }
        Change::Disable | Change::Enable | Change::Delete => vec![change.price().to_owned()],
    }
}
