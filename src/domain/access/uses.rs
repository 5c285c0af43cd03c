//! What a map says about one token: apps, other references, whether it may be deleted, who is told
//! before it expires, and what the organization does with it if nobody uses it.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::baseline::Counts;
use super::decide::AppJudge;
use super::evaluate::Subject;
use super::index::{Index, Naming};
use super::map::AccessMap;
use super::objects::CleanUp;
use super::verdict::{AppAnswer, TokenLife};
use crate::domain::status::{EvaluationContext, Status};
use crate::domain::token::ServiceToken;
use crate::domain::words::words;

words! {
    /// A place that is no app.
    #[derive(PartialOrd, Ord)]
    pub enum ReferenceKind: code, label {
        Policy = ("policy", "policy"),
        Group = ("group", "group"),
        Scim = ("scim", "SCIM"),
        Doh = ("doh", "DNS over HTTPS"),
        DeviceProfile = ("device_profile", "device profile"),
        Hyperdrive = ("hyperdrive", "Hyperdrive"),
    }
}

/// A place that names a token. Untrusted text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    pub kind: ReferenceKind,
    pub id: String,
    pub name: String,
    pub message: String,
}

words! {
    /// Whether a token may be deleted.
    pub enum Deletable: code {
        Yes = "yes",
        No = "no",
        Unknown = "unknown",
    }
}

words! {
    /// Whether somebody is told before a token expires.
    pub enum Told: code {
        Yes = "yes",
        Nobody = "nobody",
        /// An alert exists, but its filters may leave this token out.
        Maybe = "maybe",
        Unknown = "unknown",
        /// The token never expires.
        NotNeeded = "not_needed",
    }
}

/// The organization's plan for an unused token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CleanUpPlan {
    /// Nothing, as it is off.
    Off,
    Unknown,
    /// A policy names the token itself.
    Spared,
    /// Nothing more: it disables unused tokens, and this one is disabled.
    AlreadyDisabled,
    On(CleanUp, u32, DateTime<Utc>),
}

/// The answer of a map about one token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUses {
    /// The apps, worst first: all that concern it, or only those that name it.
    pub apps: Vec<AppAnswer>,
    /// How many of all apps that concern it have which verdict.
    pub counts: Counts,
    pub references: Vec<Reference>,
    /// How many policies, groups and other places hold its ID or client ID.
    pub named_by: usize,
    pub deletable: Deletable,
    /// Why, as sentence fragments.
    pub deletable_reasons: Vec<String>,
    pub told: Told,
    /// Whom the alerts reach. Untrusted text.
    pub told_who: Vec<String>,
    pub clean_up: CleanUpPlan,
    /// The policy that exempts it from the clean-up. Untrusted text.
    pub spared_by: Option<String>,
    /// Why the plan of the clean-up is unknown, if it is.
    pub clean_up_doubt: &'static str,
}

/// The places that no API shows, named wherever deleting a token is judged.
pub const SECRET_PLACES: &str = "no API shows where its secret is stored (CI, MDM files, hosts)";

impl TokenUses {
    /// Whether any place holds its ID or client ID.
    pub fn is_referenced(&self) -> bool {
        self.named_by > 0
    }
}

/// Answers for the tokens of a map.
pub struct Lookup<'a> {
    pub(super) map: &'a AccessMap,
    pub(super) index: &'a Index,
    /// The doubts about deleting any token.
    pub(super) gaps: Vec<String>,
    /// The users of each group, found when first asked for.
    pub(super) group_users: Vec<OnceLock<String>>,
}

/// A token and where a map names it.
pub(super) struct NamedToken<'a> {
    pub(super) token: &'a ServiceToken,
    pub(super) context: EvaluationContext,
    pub(super) status: Status,
    /// In lower case.
    pub(super) id: String,
    pub(super) client_id: String,
    pub(super) by_id: &'a Naming,
    pub(super) by_client_id: &'a Naming,
}

impl NamedToken<'_> {
    /// The places that hold its ID or client ID, of one kind.
    pub(super) fn places(&self, of: impl Fn(&Naming) -> &Vec<usize>) -> Vec<usize> {
        let mut places = of(self.by_id).clone();
        places.extend(of(self.by_client_id));
        places.sort_unstable();
        places.dedup();
        places
    }

    pub(super) fn life(&self) -> TokenLife {
        match self.status {
            Status::Disabled => TokenLife::Disabled,
            Status::Expired => TokenLife::Expired,
            // One without an ID stands for any token.
            Status::Unknown if !self.id.is_empty() => TokenLife::Unknown,
            Status::NeverExpires
            | Status::Unknown
            | Status::Critical
            | Status::Expiring
            | Status::Active => TokenLife::Alive,
        }
    }
}

impl<'a> Lookup<'a> {
    /// Prepares to answer for the tokens of a map.
    pub fn new(map: &'a AccessMap) -> Self {
        let mut lookup = Self {
            map,
            index: &map.indexed().index,
            gaps: Vec::new(),
            group_users: vec![OnceLock::new(); map.objects().groups.len()],
        };
        lookup.gaps = lookup.gaps();
        lookup
    }

    /// The answer for a token, with every app that concerns it.
    pub fn uses(&self, token: &ServiceToken, context: EvaluationContext) -> TokenUses {
        let named = self.named(token, context);
        let mut apps = named.places(|it| &it.apps);
        apps.extend(&self.map.indexed().baseline.apps);
        apps.sort_unstable();
        apps.dedup();
        self.answer(&named, &apps)
    }

    /// The answer for a token, with only those apps that name it, themselves or through a group. The
    /// counts are of all apps. Quick enough for tens of thousands of tokens.
    pub fn named_uses(&self, token: &ServiceToken, context: EvaluationContext) -> TokenUses {
        let named = self.named(token, context);
        self.answer(&named, &named.places(|it| &it.apps))
    }

    /// Whether any place holds the token's ID or client ID; quicker than the whole answer.
    #[must_use]
    pub fn is_referenced(&self, token: &ServiceToken, context: EvaluationContext) -> bool {
        Self::named_by(&self.named(token, context)) > 0
    }

    /// How many apps have which verdict for a token.
    pub fn counts(&self, token: &ServiceToken, context: EvaluationContext) -> Counts {
        let named = self.named(token, context);
        let judge = self.judge(&named);
        let places = named.places(|it| &it.apps).into_iter();
        let decided: Vec<_> = places.map(|at| (at, judge.decide(at))).collect();
        let baseline = &self.map.indexed().baseline;
        baseline.tally(named.life(), &decided).counts
    }

    fn named<'t>(&'t self, token: &'t ServiceToken, context: EvaluationContext) -> NamedToken<'t> {
        let id = token.id_text().to_ascii_lowercase();
        let client_id = token.client_id_text().to_ascii_lowercase();
        NamedToken {
            token,
            context,
            status: Status::of(token, context),
            by_id: self.index.places(&id),
            by_client_id: self.index.places(&client_id),
            id,
            client_id,
        }
    }

    fn judge<'t>(&'t self, named: &'t NamedToken<'_>) -> AppJudge<'t> {
        let subject = Subject {
            id: &named.id,
            client_id: &named.client_id,
            groups: [&named.by_id.within, &named.by_client_id.within],
        };
        AppJudge::new(self.map.objects(), self.index, subject, named.life())
    }

    fn answer(&self, named: &NamedToken<'_>, places: &[usize]) -> TokenUses {
        let judge = self.judge(named);
        let mut decided = Vec::new();
        let mut apps = Vec::new();
        for at in places {
            let (answer, decision) = judge.answer(*at).unzip();
            decided.push((*at, decision));
            apps.extend(answer);
        }
        apps.sort_by_cached_key(|it| (it.verdict, it.app.title().to_lowercase()));
        let baseline = &self.map.indexed().baseline;
        let tally = baseline.tally(named.life(), &decided);
        let (deletable, deletable_reasons) = self.deletable(named, tally);
        let (told, told_who) = self.told(named);
        let (clean_up, spared_by) = self.clean_up(named);
        TokenUses {
            apps,
            counts: tally.counts,
            references: self.references(named),
            named_by: Self::named_by(named),
            deletable,
            deletable_reasons,
            told,
            told_who,
            clean_up,
            spared_by,
            clean_up_doubt: self.clean_up_doubt(),
        }
    }
}
