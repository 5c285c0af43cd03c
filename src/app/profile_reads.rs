//! How the list of all profiles was read: the outcome of each profile, and the profile that each
//! token came from.

use std::sync::Arc;

use crate::domain::credential::{Access, CredentialSource, Identity};
use crate::domain::failure::Failure;
use crate::domain::fetched::Tokens;
use crate::domain::list_report::{Origin, ProfileOutcome};
use crate::domain::profile::{Profile, Settings};
use crate::domain::text;

/// The reads of all profiles, and the origins of their tokens.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ProfileReads {
    /// In the order to read them: the profile in use first.
    pub reads: Vec<ProfileRead>,
    /// Profiles without an account or zone, which cannot be read.
    pub without_scope: Vec<String>,
    /// Whether the list was opened from Find, so that Back returns there.
    pub(crate) is_from_find: bool,
    /// The origin of each token, by its place in the list.
    origins: Vec<Arc<Origin>>,
}

/// The read of one profile's tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileRead {
    pub origin: Arc<Origin>,
    pub identity: Identity,
    pub outcome: Outcome,
    /// Whether the current fetch has not read it yet.
    pub(crate) is_awaited: bool,
    /// The last good list.
    pub(crate) tokens: Tokens,
}

/// How a read ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It did not.
    Unread,
    Listed {
        /// Why tokens may be missing, as a sentence fragment.
        incomplete: Option<String>,
    },
    /// Its scope was read with another profile.
    Shared,
    Failed {
        /// Its summary begins with the name of the profile.
        failure: Failure,
        /// The summary without that name.
        reason: String,
    },
}

impl ProfileRead {
    fn new(profile: &Profile) -> Option<Self> {
        let origin = Origin {
            profile: profile.name.clone(),
            scope: profile.scope.clone()?,
        };
        Some(Self {
            origin: Arc::new(origin),
            identity: Identity::of(profile),
            outcome: Outcome::Unread,
            is_awaited: false,
            tokens: Tokens::new(),
        })
    }

    /// What to read, and with which credential.
    pub fn access(&self) -> Access {
        Access {
            identity: self.identity.clone(),
            scope: self.origin.scope.clone(),
        }
    }

    /// The failure of the last read.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.outcome {
            Outcome::Failed { failure, .. } => Some(failure),
            Outcome::Unread | Outcome::Listed { .. } | Outcome::Shared => None,
        }
    }

    pub(crate) fn fail(&mut self, mut failure: Failure) {
        let reason = failure.summary;
        failure.summary = format!("{}: {reason}", self.origin.profile);
        self.outcome = Outcome::Failed { failure, reason };
    }

    /// Whether its scope lists nothing.
    pub fn is_empty(&self) -> bool {
        matches!(self.outcome, Outcome::Listed { .. }) && self.tokens.is_empty()
    }
}

impl ProfileReads {
    /// The reads of all profiles, the one in use first.
    pub fn of(settings: &Settings, in_use: Option<&str>) -> Self {
        let mut profiles: Vec<&Profile> = settings.profiles.iter().collect();
        profiles.sort_by_key(|profile| Some(profile.name.as_str()) != in_use);
        let without_scope = profiles.iter().filter(|profile| profile.scope.is_none());
        Self {
            without_scope: without_scope.map(|it| it.name.clone()).collect(),
            reads: profiles.into_iter().filter_map(ProfileRead::new).collect(),
            ..Self::default()
        }
    }

    /// Before any read.
    pub(crate) fn opened(is_from_find: bool) -> Self {
        Self {
            is_from_find,
            ..Self::default()
        }
    }

    /// Whether both read the same scopes with the same credentials, in any order.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let has = |read: &ProfileRead| {
            let mut reads = other.reads.iter();
            reads.any(|it| it.origin == read.origin && it.identity == read.identity)
        };
        self.reads.len() == other.reads.len() && self.reads.iter().all(has)
    }

    /// Starts over with these reads, keeping what is known of each.
    pub(crate) fn begin(&mut self, mut new: Self) {
        for read in &mut new.reads {
            let known = self.reads.iter_mut().find(|it| it.origin == read.origin);
            if let Some(known) = known {
                read.outcome = known.outcome.clone();
                read.tokens = std::mem::take(&mut known.tokens);
            }
        }
        new.is_from_find = self.is_from_find;
        new.origins = std::mem::take(&mut self.origins);
        *self = new;
    }

    /// What to read: for each scope, the credentials to try in turn until one lists something.
    pub(crate) fn scopes(&self) -> Vec<Vec<Access>> {
        let mut scopes: Vec<Vec<Access>> = Vec::new();
        for read in self.reads.iter().filter(|read| read.is_awaited) {
            let access = read.access();
            let mut known = scopes.iter_mut();
            match known.find(|it| it.iter().any(|first| first.scope == access.scope)) {
                Some(accesses) => accesses.push(access),
                None => scopes.push(vec![access]),
            }
        }
        scopes
    }

    /// The read with a credential.
    pub(crate) fn read_mut(&mut self, source: &CredentialSource) -> Option<&mut ProfileRead> {
        let mut reads = self.reads.iter_mut();
        reads.find(|read| read.identity.source == *source)
    }

    /// The origin of the token at a place.
    pub fn origin(&self, place: u32) -> Option<&Arc<Origin>> {
        self.origins.get(place as usize)
    }

    /// Records the origin of tokens that are added to the list.
    pub(crate) fn added(&mut self, origin: &Arc<Origin>, count: usize) {
        self.origins
            .extend(std::iter::repeat_n(origin, count).cloned());
    }

    /// All good tokens in the order of the reads, to replace the list. Records their origins.
    pub(crate) fn gather(&mut self) -> Tokens {
        self.origins.clear();
        let mut tokens = Tokens::new();
        for read in &self.reads {
            let origins = std::iter::repeat_n(&read.origin, read.tokens.len());
            self.origins.extend(origins.cloned());
            tokens.extend_from_slice(&read.tokens);
        }
        tokens
    }

    /// How many profiles have been read, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        let awaited = self.reads.iter().filter(|read| read.is_awaited).count();
        (self.reads.len() - awaited, self.reads.len())
    }

    /// The width of the longest profile's name, in cells.
    pub fn widest_name(&self) -> usize {
        let names = self.reads.iter().map(|read| read.origin.profile.as_str());
        names.map(text::width).max().unwrap_or(0)
    }

    /// The names of the profiles that were read, alone or together with another of their scope.
    pub fn read_names(&self) -> Vec<&str> {
        let is_read = |read: &&ProfileRead| match &read.outcome {
            Outcome::Listed { .. } | Outcome::Shared => true,
            Outcome::Unread | Outcome::Failed { .. } => false,
        };
        let read = self.reads.iter().filter(is_read);
        read.map(|read| read.origin.profile.as_str()).collect()
    }

    /// What failed, in the order of the reads.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.reads.iter().filter_map(ProfileRead::failure)
    }

    /// How reading each profile went, for a report of tokens with these origins.
    pub fn outcomes(&self, origins: &[Arc<Origin>]) -> Vec<ProfileOutcome> {
        let outcome = |read: &ProfileRead| ProfileOutcome {
            profile: read.origin.profile.clone(),
            scope: Some(read.origin.scope.clone()),
            count: origins.iter().filter(|it| **it == read.origin).count(),
            incomplete: match &read.outcome {
                Outcome::Unread => Some("not read".to_owned()),
                Outcome::Listed { incomplete } => incomplete.clone(),
                Outcome::Shared | Outcome::Failed { .. } => None,
            },
            error: read.failure().cloned(),
        };
        let without_scope = self.without_scope.iter().map(|name| ProfileOutcome {
            profile: name.clone(),
            scope: None,
            count: 0,
            incomplete: Some("no account or zone".to_owned()),
            error: None,
        });
        self.reads
            .iter()
            .map(outcome)
            .chain(without_scope)
            .collect()
    }

    /// What is missing from the list, as fragments: first all failures in one, then each profile by its
    /// name.
    pub fn doubts(&self) -> Vec<String> {
        let failed = self.reads.iter().filter_map(|read| {
            let why = read.failure()?.reason();
            Some(format!("{} ({why})", read.origin.profile))
        });
        let failed: Vec<String> = failed.collect();
        let failed = (!failed.is_empty()).then(|| format!("not read: {}", failed.join(", ")));
        let incomplete = self.reads.iter().filter_map(|read| match &read.outcome {
            Outcome::Listed {
                incomplete: Some(why),
            } => Some(format!("{}: {why}", read.origin.profile)),
            Outcome::Unread => Some(format!("{}: not read", read.origin.profile)),
            Outcome::Listed { incomplete: None } | Outcome::Shared | Outcome::Failed { .. } => None,
        });
        let without_scope = self.without_scope.iter();
        let without_scope = without_scope.map(|name| format!("{name}: no account or zone"));
        let is_elsewhere = |read: &ProfileRead| {
            let mut reads = self.reads.iter();
            let scope = &read.origin.scope;
            reads.any(|it| it.origin.scope == *scope && !it.tokens.is_empty())
        };
        let empty = self.reads.iter();
        let empty = empty.filter(|read| read.is_empty() && !is_elsewhere(read));
        let empty = empty.map(|read| format!("{}: lists no tokens", read.origin.profile));
        failed
            .into_iter()
            .chain(incomplete)
            .chain(without_scope)
            .chain(empty)
            .collect()
    }
}
