//! What `uses` found: the map of a scope, and the tokens to judge by it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::access::map::{AccessMap, Part, PartState};
use crate::domain::access::objects::App;
use crate::domain::access::uses::{Lookup, ReferenceKind, TokenUses};
use crate::domain::access::verdict::AppAnswer;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::Tokens;
use crate::domain::redaction;
use crate::domain::status::EvaluationContext;
use crate::domain::text;
use crate::domain::token::ServiceToken;

/// The result of `uses`.
pub struct UsesResult {
    pub map: AccessMap,
    /// The tokens in the order to print them, before they are filtered.
    pub tokens: Tokens,
    pub filter: UsesFilter,
    /// Whether one token was asked for, not all.
    pub is_one: bool,
    /// Why the answer is incomplete, as sentence fragments; empty if it is complete.
    pub incomplete: Vec<String>,
    pub context: EvaluationContext,
}

/// Which tokens to print.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UsesFilter {
    /// Only those that nothing names.
    pub is_unreferenced: bool,
    /// Only those that one of these apps concerns, by their IDs.
    pub apps: Option<BTreeSet<String>>,
}

/// A token and what the map says about it.
pub struct TokenEntry<'a> {
    pub token: &'a ServiceToken,
    pub uses: TokenUses,
}

impl UsesResult {
    /// The tokens to print, each judged when its turn comes.
    pub fn entries<'a>(
        &'a self,
        lookup: &'a Lookup<'a>,
    ) -> impl Iterator<Item = TokenEntry<'a>> + 'a {
        self.entries_of(&self.tokens, lookup, self.concerns_all(lookup))
    }

    /// Those of some tokens; `concerns_all` is the same for all of them.
    pub fn entries_of<'a>(
        &'a self,
        tokens: &'a [Arc<ServiceToken>],
        lookup: &'a Lookup<'a>,
        concerns_all: bool,
    ) -> impl Iterator<Item = TokenEntry<'a>> + 'a {
        let is_left_out = |token: &ServiceToken| {
            self.filter.is_unreferenced && lookup.is_referenced(token, self.context)
        };
        let tokens = tokens.iter().filter(move |token| !is_left_out(token));
        let entries = tokens.map(|token| {
            let uses = if self.is_one {
                lookup.uses(token, self.context)
            } else {
                lookup.named_uses(token, self.context)
            };
            TokenEntry { token, uses }
        });
        entries.filter(move |entry| self.filter.wants(&entry.uses, concerns_all))
    }

    /// Whether one of the apps that the filter names concerns every token.
    pub fn concerns_all(&self, lookup: &Lookup<'_>) -> bool {
        self.filter.apps.as_ref().is_some_and(|apps| {
            let any = self.any_token_apps(lookup);
            any.iter().any(|app| apps.contains(&app.app.id))
        })
    }

    /// The apps that concern every token alike: those that take any, or whose policies could not be
    /// read.
    pub fn any_token_apps(&self, lookup: &Lookup<'_>) -> Vec<AppAnswer> {
        // No rule names a token without an ID.
        lookup.uses(&ServiceToken::default(), self.context).apps
    }
}

impl UsesFilter {
    /// The filter that the options ask for.
    ///
    /// # Errors
    /// `not_found` if no app is called so; the failure of the list of apps if not all of it was read.
    pub fn new(is_unreferenced: bool, app: Option<&str>, map: &AccessMap) -> Result<Self, Failure> {
        let apps = app.map(|text| named(text, map)).transpose()?;
        Ok(Self {
            is_unreferenced,
            apps,
        })
    }

    /// Whether to print a token; `concerns_all` if one of the apps concerns every token.
    fn wants(&self, uses: &TokenUses, concerns_all: bool) -> bool {
        let concerns = |apps: &BTreeSet<String>| {
            let scim = uses.references.iter();
            let mut scim = scim.filter(|reference| reference.kind == ReferenceKind::Scim);
            uses.apps.iter().any(|app| apps.contains(&app.app.id))
                || scim.any(|app| apps.contains(&app.id))
        };
        let is_concerned = |apps| concerns_all || concerns(apps);
        self.apps.as_ref().is_none_or(is_concerned)
    }
}

/// The apps with an ID, address or name: several may share an address or a name.
fn named(wanted: &str, map: &AccessMap) -> Result<BTreeSet<String>, Failure> {
    let wanted = text::trim_input(wanted);
    let apps = &map.objects().apps;
    let with = |fits: &dyn Fn(&App) -> bool| -> BTreeSet<String> {
        let fitting = apps.iter().filter(|app| fits(app));
        fitting.map(|app| app.id.clone()).collect()
    };
    let address = plain_address(wanted);
    let by_address =
        |app: &App| (app.address.as_deref()).is_some_and(|it| plain_address(it) == address);
    let found = [
        with(&|app| app.id.eq_ignore_ascii_case(wanted)),
        with(&by_address),
        with(&|app| text::trim_input(&app.name) == wanted),
    ];
    let found = found.into_iter().find(|apps| !apps.is_empty());
    found.ok_or_else(|| no_app(wanted, map))
}

/// An address as it is compared: without scheme, and with or without a slash at its end.
fn plain_address(address: &str) -> String {
    let address = address.trim().to_ascii_lowercase();
    let bare = address
        .split_once("://")
        .map_or(address.as_str(), |it| it.1);
    bare.trim_end_matches('/').to_owned()
}

fn no_app(wanted: &str, map: &AccessMap) -> Failure {
    let wanted = redaction::quoted(wanted);
    match map.read(Part::Apps).map(|read| &read.state) {
        Some(PartState::Failed(failure) | PartState::Partly(failure)) => Failure {
            summary: format!(
                "No app that could be read has the ID, address or name {wanted}, but not all could: {}",
                failure.summary
            ),
            ..failure.clone()
        },
        Some(PartState::Read | PartState::NotAsked) | None => Failure::new(
            FailureKind::NotFound,
            format!(
                "No app that this credential sees in {} has the ID, address or name {wanted}.",
                map.scope
            ),
            "Check the spelling and the scope; `tokenscope uses -o json` lists the apps of each token.",
        ),
    }
}
