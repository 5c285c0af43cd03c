//! What a check comes to: a verdict, and the exit code that monitoring knows it by.
//!
//! Pure. Not here: fetching what is judged (`check`), or its form (`output`).

use std::sync::Arc;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::scope::Scope;
use crate::domain::status::{EvaluationContext, Lifecycle, Status, Urgency};
use crate::domain::token::{ServiceToken, TokenId};

/// Why a scope without tokens is not fine: a credential that may not read them sees the same.
pub(super) const NONE_LISTED: &str = "the API lists no service token";

/// The verdict; a worse one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing to do.
    Ok,
    /// Look at it soon.
    Warning,
    /// Not known, which is worse than a warning.
    Unknown,
    /// Look at it now.
    Critical,
}

impl Verdict {
    /// The verdict on a status.
    #[must_use]
    pub fn of(status: Status) -> Self {
        match status {
            Status::Active | Status::NeverExpires => Self::Ok,
            Status::Expiring => Self::Warning,
            Status::Critical | Status::Expired | Status::Disabled => Self::Critical,
            Status::Unknown => Self::Unknown,
        }
    }

    /// The word used in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Critical => "critical",
        }
    }

    /// The exit code that monitoring plugins share.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Warning => 1,
            Self::Critical => 2,
            Self::Unknown => 3,
        }
    }
}

/// One token of a check, or what was asked for and could not be had.
#[derive(Debug, Clone)]
pub struct CheckEntry {
    /// How it was named on the command line.
    pub requested: Option<String>,
    /// The profile that it was read with, where all profiles were checked.
    pub profile: Option<String>,
    /// Where it lives.
    pub scope: Scope,
    /// The ID that it was asked for by, where it was.
    pub requested_id: Option<TokenId>,
    /// The token.
    pub subject: Result<Arc<ServiceToken>, Failure>,
}

impl CheckEntry {
    /// Its status; unknown for one that could not be had.
    #[must_use]
    pub fn status(&self, context: EvaluationContext) -> Status {
        Status::at(self.life(), context)
    }

    /// The facts that its status depends on.
    #[must_use]
    pub fn life(&self) -> Lifecycle {
        match &self.subject {
            Ok(token) => Lifecycle::of(token),
            Err(_) => Lifecycle {
                enabled: Some(true),
                forever: false,
                expires_at: None,
                duration: None,
            },
        }
    }

    /// Its name as sent; for one that could not be had, what was asked for. Untrusted text.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.subject {
            Ok(token) => token.raw_text(&token.name),
            Err(_) => self.requested.as_deref().unwrap_or_default(),
        }
    }

    /// Its ID as sent; for one that could not be had, the ID that was asked for. Empty where none is
    /// known.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.subject {
            Ok(token) => token.raw_text(&token.id),
            Err(_) => self.requested_id.as_ref().map_or("", TokenId::as_str),
        }
    }

    /// Whether it could not be read, so that nothing is known of it. That a token is not there was
    /// read.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        let is_answer =
            |kind: FailureKind| matches!(kind, FailureKind::NotFound | FailureKind::Ambiguous);
        self.subject
            .as_ref()
            .is_err_and(|failure| !is_answer(failure.kind))
    }
}

/// How reading one profile's tokens went.
#[derive(Debug, Clone)]
pub struct ProfileRead {
    /// The profile.
    pub name: String,
    /// Its scope, where it has one.
    pub scope: Option<Scope>,
    /// How many of its tokens were judged.
    pub count: usize,
    /// Why its list may lack some.
    pub incomplete: Option<String>,
    /// Why nothing was read.
    pub error: Option<Failure>,
}

/// Everything a check found.
#[derive(Debug, Clone)]
pub struct CheckResult {
    /// The scope, where there is exactly one.
    pub scope: Option<Scope>,
    /// The tokens, the most urgent first.
    pub entries: Vec<CheckEntry>,
    /// How many were read before any was left out.
    pub read: usize,
    /// Each profile, where all were checked.
    pub profiles: Option<Vec<ProfileRead>>,
    /// Why there may be more tokens than these.
    pub incomplete: Option<String>,
    /// Why nothing could be read.
    pub error: Option<Failure>,
    /// What it was judged by.
    pub context: EvaluationContext,
}

impl CheckResult {
    /// A check that could not read anything.
    #[must_use]
    pub fn failed(failure: Failure, scope: Option<Scope>, context: EvaluationContext) -> Self {
        Self {
            scope,
            entries: Vec::new(),
            read: 0,
            profiles: None,
            incomplete: None,
            error: Some(failure.scrubbed()),
            context,
        }
    }

    /// The worst of all that was found. Not to have read everything is at least unknown.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let doubt = self.error.is_some() || self.incomplete.is_some() || self.read == 0;
        let worst = self
            .entries
            .iter()
            .map(|entry| self.verdict_on(entry))
            .max();
        worst
            .unwrap_or(Verdict::Ok)
            .max(if doubt { Verdict::Unknown } else { Verdict::Ok })
    }

    /// Why there may be more to know than this, as a fragment of a sentence; nothing where all was
    /// read.
    #[must_use]
    pub fn incomplete_reason(&self) -> Option<String> {
        if let Some(why) = &self.incomplete {
            return Some(why.clone());
        }
        if let Some(failure) = &self.error {
            return Some(fragment(failure).to_owned());
        }
        if self.read == 0 {
            return Some(NONE_LISTED.to_owned());
        }
        let mut unread = self.entries.iter().filter(|entry| entry.is_unread());
        let first = unread.next()?;
        let why = first.subject.as_ref().err().map_or("", fragment);
        let count = 1 + unread.count();
        let all = self.entries.len();
        Some(format!("{count} of {all} tokens could not be read: {why}"))
    }

    /// The verdict on one token.
    #[must_use]
    pub fn verdict_on(&self, entry: &CheckEntry) -> Verdict {
        Verdict::of(entry.status(self.context))
    }

    /// Puts the entries into the order of urgency.
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

/// A failure's summary as a fragment of a sentence.
pub(super) fn fragment(failure: &Failure) -> &str {
    failure.summary.trim_end_matches('.')
}
