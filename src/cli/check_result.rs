//! The result of a check: tokens, their verdict, and the exit code that monitoring expects. Pure.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::credential::Identity;
use crate::domain::credential_survey::CredentialValidity;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::findings::{Finding, findings};
use crate::domain::list_report::ProfileOutcome;
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Urgency};
use crate::domain::token::{ServiceToken, TokenId};
use crate::domain::words::words;

/// Why an empty list is not ok: a credential that may not list the tokens gets the same response.
pub(super) const NONE_LISTED: &str = "the API lists no service tokens";

words! {
    /// A verdict, from best to worst.
    #[derive(PartialOrd, Ord)]
    pub enum Verdict: code {
        Ok = "ok",
        Warning = "warning",
        Unknown = "unknown",
        Critical = "critical",
    }
}

impl Verdict {
    /// The verdict on a status.
    pub fn of(status: Status) -> Self {
        match status {
            Status::Active | Status::NeverExpires => Self::Ok,
            Status::Expiring => Self::Warning,
            Status::Critical | Status::Expired | Status::Disabled => Self::Critical,
            Status::Unknown => Self::Unknown,
        }
    }

    /// The exit code that monitoring plugins share.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// One token of a check, read or not.
#[derive(Debug, Clone)]
pub struct CheckEntry {
    /// Its name on the command line.
    pub requested: Option<String>,
    /// The profile it was read with, if all profiles were checked.
    pub profile: Option<String>,
    pub scope: Scope,
    /// The ID it was requested by.
    pub requested_id: Option<TokenId>,
    pub subject: Result<Arc<ServiceToken>, Failure>,
}

impl CheckEntry {
    /// Its status; unknown if it could not be read.
    pub fn status(&self, context: EvaluationContext) -> Status {
        Status::at(self.life(), context)
    }

    /// What its status depends on.
    pub fn life(&self) -> Lifecycle {
        match &self.subject {
            Ok(token) => Lifecycle::of(token),
            Err(_) => Lifecycle::UNKNOWN,
        }
    }

    /// Its name as sent or, if it could not be read, as requested. Untrusted text.
    pub fn name(&self) -> &str {
        match &self.subject {
            Ok(token) => token.raw_text(&token.name),
            Err(_) => self.requested.as_deref().unwrap_or_default(),
        }
    }

    /// Its ID as sent or, if it could not be read, as requested. Empty if unknown.
    pub fn id(&self) -> &str {
        match &self.subject {
            Ok(token) => token.raw_text(&token.id),
            Err(_) => self.requested_id.as_ref().map_or("", TokenId::as_str),
        }
    }

    /// Whether nothing is known about it. A token that does not exist was read.
    pub fn is_unread(&self) -> bool {
        self.subject.as_ref().is_err_and(|failure| {
            !matches!(failure.kind, FailureKind::NotFound | FailureKind::Ambiguous)
        })
    }
}

/// The credential as part of a check, verified or not.
#[derive(Debug, Clone)]
pub struct CredentialEntry {
    /// The profile it belongs to, if all profiles were checked.
    pub profile: Option<String>,
    /// Its kind in sentences, if it is known.
    pub kind: Option<&'static str>,
    pub validity: Result<CredentialValidity, Failure>,
    /// Whether its status does not count towards the verdict.
    pub is_ignored: bool,
}

impl CredentialEntry {
    /// An entry that counts.
    pub fn new(identity: Option<&Identity>, validity: Result<CredentialValidity, Failure>) -> Self {
        Self {
            profile: None,
            kind: identity.map(|identity| identity.kind.label()),
            validity: validity.map_err(Failure::scrubbed),
            is_ignored: false,
        }
    }

    /// Its status; unknown if it could not be verified.
    pub fn status(&self, context: EvaluationContext) -> Status {
        let status = |validity: &CredentialValidity| validity.status(context);
        self.validity.as_ref().map_or(Status::Unknown, status)
    }

    /// What its status depends on while it is active.
    pub fn life(&self) -> Lifecycle {
        let life = self.validity.as_ref().map(CredentialValidity::life);
        life.unwrap_or(Lifecycle::UNKNOWN)
    }

    /// When it ends, if that is known.
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.validity.as_ref().ok()?.expires_at()
    }

    /// What to call it: `API token of profile prod`.
    pub fn name(&self) -> String {
        let kind = self.kind.unwrap_or("credential");
        match &self.profile {
            Some(profile) => format!("{kind} of profile {profile}"),
            None => kind.to_owned(),
        }
    }

    fn verdict(&self, context: EvaluationContext) -> Verdict {
        if self.is_ignored {
            Verdict::Ok
        } else {
            Verdict::of(self.status(context))
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The scope, if there is exactly one.
    pub scope: Option<Scope>,
    /// The tokens, the most urgent first.
    pub entries: Vec<CheckEntry>,
    /// How many there were before any were ignored or excluded.
    pub read: usize,
    /// The profiles, if all were checked.
    pub profiles: Option<Vec<ProfileOutcome>>,
    /// The credential, or that of each profile, if they were to be checked.
    pub credentials: Option<Vec<CredentialEntry>>,
    /// Why there may be more tokens.
    pub incomplete: Option<String>,
    /// Why nothing could be read.
    pub error: Option<Failure>,
    /// The codes of findings that are at least a warning.
    pub fail_on: Vec<&'static str>,
    /// How long it took to read.
    pub took: Duration,
    pub context: EvaluationContext,
}

impl CheckResult {
    /// A result without tokens.
    pub fn empty(context: EvaluationContext) -> Self {
        Self {
            scope: None,
            entries: Vec::new(),
            read: 0,
            profiles: None,
            credentials: None,
            incomplete: None,
            error: None,
            fail_on: Vec::new(),
            took: Duration::ZERO,
            context,
        }
    }

    /// The result if nothing could be read.
    pub fn failed(failure: Failure, scope: Option<Scope>, context: EvaluationContext) -> Self {
        Self {
            scope,
            error: Some(failure.scrubbed()),
            ..Self::empty(context)
        }
    }

    /// The worst verdict on any token or credential; at least unknown if not everything was read.
    pub fn verdict(&self) -> Verdict {
        let worst = self.worst_credential();
        let worst = worst.map_or(Verdict::Ok, |(verdict, _)| verdict);
        worst.max(self.verdict_on_tokens())
    }

    /// The credential with the worst verdict, if any was checked.
    pub fn worst_credential(&self) -> Option<(Verdict, &CredentialEntry)> {
        let credentials = self.credentials.iter().flatten();
        let verdicts = credentials.map(|entry| (entry.verdict(self.context), entry));
        // The first of equals.
        verdicts.rev().max_by_key(|(verdict, _)| *verdict)
    }

    /// The worst verdict on any token; at least unknown if not everything was read.
    pub fn verdict_on_tokens(&self) -> Verdict {
        let doubt = self.error.is_some() || self.incomplete.is_some() || self.read == 0;
        let doubt = if doubt { Verdict::Unknown } else { Verdict::Ok };
        let verdicts = self.entries.iter().map(|entry| self.verdict_on(entry));
        verdicts.fold(doubt, Verdict::max)
    }

    /// Why the result may be incomplete, as a sentence fragment.
    pub fn incomplete_reason(&self) -> Option<String> {
        let failed = self.error.as_ref().map(Failure::fragment);
        let none = (self.read == 0).then_some(NONE_LISTED);
        if let Some(why) = self.incomplete.as_deref().or(failed).or(none) {
            return Some(why.to_owned());
        }
        let unread = self.entries.iter().filter(|entry| entry.is_unread());
        let failures: Vec<_> = unread.filter_map(|it| it.subject.as_ref().err()).collect();
        let (count, all) = (failures.len(), self.entries.len());
        let why = failures.first()?.fragment();
        Some(format!("{count} of {all} tokens could not be read: {why}"))
    }

    /// The verdict on one token.
    pub fn verdict_on(&self, entry: &CheckEntry) -> Verdict {
        let verdict = Verdict::of(entry.status(self.context));
        match self.failing(entry) {
            Some(_) => verdict.max(Verdict::Warning),
            None => verdict,
        }
    }

    /// The most severe finding on a token among those that are at least a warning.
    pub fn failing(&self, entry: &CheckEntry) -> Option<Finding> {
        if self.fail_on.is_empty() {
            return None;
        }
        let token = entry.subject.as_ref().ok()?;
        let mut findings = findings(token, self.context).into_iter();
        findings.find(|finding| self.fail_on.contains(&finding.code))
    }

    /// Sorts the entries by urgency.
    pub fn sort(&mut self) {
        let context = self.context;
        self.entries.sort_by_cached_key(|entry| {
            let urgency = Urgency::of(entry.life(), context);
            let (name, id) = match &entry.subject {
                Ok(token) => (token.name_text(), token.id_text()),
                Err(_) => (entry.name(), entry.id()),
            };
            (urgency, name.to_owned(), id.to_owned())
        });
    }
}
