//! Who uses the tokens of the demo, read as the program reads it, with every possible result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokenscope::api::Deadlines;
use tokenscope::credentials::{Environment, MemoryStore, StoreHandle};
use tokenscope::demo::{ACCOUNT, Demo, EMPTY_ACCOUNT, FILTERED_ACCOUNT, TOKEN, ZONE};
use tokenscope::domain::access::map::{AccessMap, Part};
use tokenscope::domain::access::objects::Inactivity;
use tokenscope::domain::access::uses::{CleanUpPlan, Deletable, Lookup, TokenUses};
use tokenscope::domain::access::verdict::Verdict;
use tokenscope::domain::credential::{Access, CredentialSource, Identity};
use tokenscope::domain::fetched::Tokens;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::status::Thresholds;
use tokenscope::domain::token::ServiceToken;
use tokenscope::service::TokenService;

use super::now;
use crate::api::{deadlines, options};
use crate::domain::context;

/// A scope of the demo as the program reads it.
struct Scoped {
    map: AccessMap,
    tokens: Tokens,
}

impl Scoped {
    async fn account(id: &str) -> Self {
        Self::read(Scope::Account(ScopeId::parse(id).unwrap())).await
    }

    async fn read(scope: Scope) -> Self {
        let demo = Demo::start(now()).await.unwrap();
        let store = StoreHandle::start(|_| Box::new(MemoryStore::default()));
        let deadlines: Deadlines = deadlines(20);
        let environment = Environment::default();
        let service =
            TokenService::new(options(&demo.base_url), store, environment, None, deadlines);
        service.hold(demo.credential.clone());
        let access = Access {
            identity: Identity {
                source: CredentialSource::Demo,
                kind: demo.credential.kind.clone(),
            },
            scope: scope.clone(),
        };
        let mut map = AccessMap::new(scope);
        let mut on_part = |answer| map.take(answer);
        let reading = service.read_access(&access, None, &Part::ALL, || {}, &mut on_part);
        let tokens = reading.await.unwrap().value;
        Self { map, tokens }
    }

    fn uses(&self) -> Vec<(Arc<ServiceToken>, TokenUses)> {
        let lookup = Lookup::new(&self.map);
        let context = context(now(), Thresholds::default());
        let uses = |token: &Arc<ServiceToken>| (Arc::clone(token), lookup.uses(token, context));
        self.tokens.iter().map(uses).collect()
    }

    fn uses_of(&self, name: &str) -> TokenUses {
        let uses = self.uses();
        let mut uses = uses
            .into_iter()
            .filter(|(token, _)| token.name_text() == name);
        uses.next().unwrap().1
    }

    /// The state of each part, as its code.
    fn states(&self) -> BTreeMap<Part, &'static str> {
        let state = |part| Some((part, self.map.read(part)?.state.code()));
        Part::ALL.into_iter().filter_map(state).collect()
    }
}

/// `opens`, or `refused wrong_action`.
fn verdicts(uses: &TokenUses) -> BTreeSet<String> {
    let word = |verdict: Verdict, reason: Option<&str>| match reason {
        Some(reason) => format!("{} {reason}", verdict.code()),
        None => verdict.code().to_owned(),
    };
    let apps = uses.apps.iter();
    apps.map(|app| {
        word(
            app.verdict,
            app.reason
                .map(tokenscope::domain::access::verdict::Reason::code),
        )
    })
    .collect()
}

#[tokio::test]
async fn the_first_account_is_complete_and_shows_every_verdict_and_reason() {
    let account = Scoped::account(ACCOUNT).await;
    assert_eq!(account.map.incomplete_reasons(), Vec::<String>::new());
    assert!(account.states().values().all(|state| *state == "read"));
    let organization = &account.map.objects().organization;
    assert_eq!(organization.strict, Some(false));
    assert!(matches!(
        organization.inactivity,
        Inactivity::CleanedUp { .. }
    ));
    assert!(account.map.objects().apps.len() >= 8);

    let uses = account.uses();
    assert_eq!(uses.len(), 17);
    let shown: BTreeSet<String> = uses.iter().flat_map(|(_, uses)| verdicts(uses)).collect();
    let expected = [
        "depends",
        "open_to_all",
        "opens",
        "opens_by_group",
        "refused blocked",
        "refused infrastructure",
        "refused rule_fails",
        "refused token_dead",
        "refused wrong_action",
        "unknown",
    ];
    assert_eq!(shown, expected.map(str::to_owned).into());
    let places: BTreeSet<&str> = uses
        .iter()
        .flat_map(|(_, uses)| uses.references.iter().map(|it| it.kind.code()))
        .collect();
    let every = [
        "device_profile",
        "doh",
        "group",
        "hyperdrive",
        "policy",
        "scim",
    ];
    assert_eq!(places, every.into());
    let has_cycle = |uses: &TokenUses| uses.apps.iter().any(|app| app.has_cycle);
    assert!(uses.iter().any(|(_, uses)| has_cycle(uses)));
}

#[tokio::test]
async fn the_token_of_the_readme_is_used_as_the_readme_shows() {
    let account = Scoped::account(ACCOUNT).await;
    let uses = account.uses_of("CI/CD token");
    let apps: Vec<_> = uses
        .apps
        .iter()
        .map(|answer| (answer.app.name.as_str(), answer.verdict.code()))
        .collect();
    assert_eq!(
        apps,
        [
            ("Metrics", "refused"),
            ("Internal API", "depends"),
            ("Deploy hook", "opens"),
            ("Warp enrolment", "opens"),
        ]
    );
    let internal = &uses.apps[1];
    assert_eq!(
        internal.path,
        [
            "policy Machines from the office",
            "group Machines",
            "group CI",
            "this token"
        ]
    );
    let places: Vec<_> = uses
        .references
        .iter()
        .map(|place| (place.kind.code(), place.name.as_str()))
        .collect();
    assert_eq!(places, [("policy", "Old robots"), ("group", "CI")]);
    assert_eq!(uses.deletable, Deletable::No);
    assert_eq!(uses.told.code(), "yes");
    assert_eq!(uses.told_who, ["ops@example.com"]);
    assert_eq!(uses.clean_up, CleanUpPlan::Spared);
}

#[tokio::test]
async fn one_token_of_the_first_account_is_deletable_and_all_others_are_used() {
    let account = Scoped::account(ACCOUNT).await;
    let uses = account.uses();
    let names = |wanted: &dyn Fn(&TokenUses) -> bool| -> Vec<String> {
        let chosen = uses.iter().filter(|(_, uses)| wanted(uses));
        chosen
            .map(|(token, _)| token.name_text().to_owned())
            .collect()
    };
    assert_eq!(
        names(&|uses| uses.deletable == Deletable::Yes),
        ["old-jenkins"]
    );
    assert_eq!(names(&|uses| !uses.is_referenced()), ["old-jenkins"]);
    let tokyo = account.uses_of("東京-バックアップ");
    assert!(matches!(tokyo.clean_up, CleanUpPlan::On(..)));
}

#[tokio::test]
async fn the_filtered_account_is_incomplete() {
    let account = Scoped::account(FILTERED_ACCOUNT).await;
    assert_eq!(account.map.hidden_apps(), 1);
    assert_eq!(account.map.unread_apps(), 0);
    assert!(!account.map.complete());
    let states = account.states();
    assert_eq!(states[&Part::Hyperdrive], "refused");
    assert_eq!(states[&Part::Doh], "read");
    assert_eq!(account.map.objects().organization.strict, Some(true));
    let uses = account.uses();
    assert!(
        uses.iter()
            .all(|(_, uses)| uses.deletable != Deletable::Yes)
    );
    assert!(
        uses.iter()
            .any(|(_, uses)| uses.deletable == Deletable::Unknown)
    );
    let shown: BTreeSet<String> = uses.iter().flat_map(|(_, uses)| verdicts(uses)).collect();
    for verdict in ["opens", "opens_by_group", "refused wrong_action"] {
        assert!(shown.contains(verdict), "{verdict}: {shown:?}");
    }
    let is_any = |uses: &TokenUses| uses.apps.iter().any(|app| app.any_token);
    assert!(uses.iter().any(|(_, uses)| is_any(uses)));
}

#[tokio::test]
async fn the_scopes_show_every_result_about_alerts() {
    let mut told = BTreeSet::new();
    for account in [ACCOUNT, FILTERED_ACCOUNT] {
        let account = Scoped::account(account).await;
        told.extend(account.uses().iter().map(|(_, uses)| uses.told.code()));
    }
    let zone = Scope::Zone(ScopeId::parse(ZONE).unwrap());
    let zone = Scoped::read(zone).await;
    told.extend(zone.uses().iter().map(|(_, uses)| uses.told.code()));
    assert_eq!(told, ["nobody", "not_needed", "unknown", "yes"].into());
}

#[tokio::test]
async fn the_zone_cannot_read_apps_and_the_empty_account_shows_nothing() {
    let zone = Scoped::read(Scope::Zone(ScopeId::parse(ZONE).unwrap())).await;
    let states = zone.states();
    assert_eq!(states[&Part::Apps], "refused");
    assert_eq!(states[&Part::Groups], "read");
    assert_eq!(states[&Part::Policies], "not_asked");
    assert!(!zone.map.complete());
    let empty = Scoped::account(EMPTY_ACCOUNT).await;
    assert!(empty.states().values().all(|state| *state == "read"));
    assert!(!empty.map.complete());
}

/// First words of advice.
const ADVICE: [&str; 14] = [
    "change", "check", "enable", "give", "if", "let", "name", "probe", "put", "remove", "renew",
    "to", "try", "use",
];

#[tokio::test]
async fn each_verdict_names_the_policy_the_rule_and_one_action() {
    for account in [ACCOUNT, FILTERED_ACCOUNT] {
        let account = Scoped::account(account).await;
        for (token, uses) in account.uses() {
            for answer in &uses.apps {
                let message = answer.message();
                let about = format!(
                    "{} for {}: {message}",
                    answer.app.title(),
                    token.name_text()
                );
                assert!(message.ends_with('.'), "{about}");
                let mut clauses = message.split(['.', ':']).map(str::trim);
                let advises = clauses.any(|clause| {
                    let first_word = clause.split(' ').next().unwrap().to_lowercase();
                    ADVICE.contains(&first_word.as_str())
                });
                assert!(advises, "no advice in {about}");
                let policies = answer.app.policies.as_ref().unwrap();
                let named = policies.iter().any(|policy| {
                    let reusable = account.map.objects().policies.iter();
                    let mut reusable = reusable.filter(|it| it.id == policy.id);
                    let name = match policy.name.as_str() {
                        "" => reusable.next().map_or("", |it| it.name.as_str()),
                        name => name,
                    };
                    message.contains(&format!("Policy {name} "))
                });
                assert!(named, "no policy in {about}");
                let rules = [
                    "this token",
                    "any valid service token",
                    "group ",
                    "everybody",
                ];
                assert!(
                    rules.iter().any(|rule| message.contains(rule)),
                    "no rule in {about}"
                );
            }
        }
    }
}

#[tokio::test]
async fn ids_are_unique_and_addresses_belong_to_the_demo() {
    let mut ids = BTreeSet::from([TOKEN.to_owned()]);
    for account in [ACCOUNT, FILTERED_ACCOUNT] {
        let account = Scoped::account(account).await;
        let objects = account.map.objects();
        for app in &objects.apps {
            assert!(ids.insert(app.id.clone()), "{}", app.id);
            let Some(address) = &app.address else {
                continue;
            };
            let host = address.split('/').next().unwrap();
            let is_own = host == "example.cloudflareaccess.com"
                || tokenscope::domain::access::probe::is_demo_host(host);
            assert!(is_own, "{host}");
        }
        for id in objects.policies.iter().map(|it| &it.id) {
            assert!(ids.insert(id.clone()), "{id}");
        }
        for id in objects.groups.iter().map(|it| &it.id) {
            assert!(ids.insert(id.clone()), "{id}");
        }
    }
}
