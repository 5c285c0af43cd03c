//! What a map says about a token besides verdicts: deletion, alerts, the clean-up, other places,
//! completeness, and findings.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokenscope::domain::access::map::{AccessMap, Part};
use tokenscope::domain::access::uses::{
    CleanUpPlan, Deletable, Lookup, ReferenceKind, TokenUses, Told,
};
use tokenscope::domain::access::verdict::{Reason, Verdict};
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::findings::Severity;

use crate::support::access_map::{
    active_token, context, disabled, fail, map, take, take_partly, token_with, zone,
};
use crate::support::tokens::{CLIENT_ID, ID};

const GROUP: &str = "22222222-bbbb-4bbb-8bbb-000000000001";

fn this_token() -> Value {
    json!({"service_token": {"token_id": ID}})
}

fn policy(id: &str, include: &Value) -> Value {
    json!({"id": id, "name": id.to_uppercase(), "decision": "non_identity", "include": [include]})
}

fn app(policies: &[Value]) -> Value {
    json!({"id": "a", "name": "A", "type": "self_hosted", "domain": "a.example.com",
           "policies": policies})
}

/// A completely read account with a policy about another token.
fn elsewhere() -> AccessMap {
    let other = json!({"service_token": {"token_id": "other"}});
    map(&[app(&[policy("p", &other)])], &[], &[])
}

fn uses(map: &AccessMap) -> TokenUses {
    Lookup::new(map).uses(&active_token(), context())
}

fn deletable(map: &AccessMap) -> (&'static str, String) {
    let uses = uses(map);
    (uses.deletable.code(), uses.deletable_reasons.join("; "))
}

#[test]
fn an_unused_token_is_deletable_if_everything_was_read() {
    let (word, why) = deletable(&elsewhere());
    assert_eq!(word, "yes");
    assert_eq!(
        why,
        "nothing that this credential sees names it; 0 visible: reusable policies, groups, DNS over \
         HTTPS, device profiles, Hyperdrive configurations"
    );
}

#[test]
fn each_place_that_names_a_token_prevents_deletion() {
    let refused = |what: &str| format!("the API would refuse (named by {what})");
    let broken = |what: &str| format!("what uses it would break ({what})");
    let with = |part: Part, entry: Value| {
        let mut map = elsewhere();
        take(&mut map, part, &[entry]);
        deletable(&map)
    };
    let group = json!({"id": GROUP, "name": "CI", "include": [this_token()]});
    let scim = json!({"id": "b", "name": "B", "type": "saas", "policies": [],
                      "scim_config": {"authentication": {"client_id": CLIENT_ID}}});
    let profile = json!({"policy_id": "k", "name": "Kiosks",
                         "match": format!("identity.service_token_uuid in {{\"{}\"}}", ID.to_uppercase())});
    let hyperdrive =
        json!({"id": "h", "name": "Orders", "origin": {"access_client_id": CLIENT_ID}});
    let cases = [
        (
            with(Part::Apps, app(&[policy("p", &this_token())])),
            refused("policy P"),
        ),
        (
            with(Part::Policies, policy("q", &this_token())),
            refused("policy Q"),
        ),
        (with(Part::Groups, group), refused("group CI")),
        (with(Part::Apps, scim), refused("SCIM of B")),
        (with(Part::Doh, json!({"id": ID})), broken("DNS over HTTPS")),
        (
            with(Part::Doh, json!({"client_id": CLIENT_ID})),
            broken("DNS over HTTPS"),
        ),
        (
            with(Part::Doh, json!({"id": ID.replace('-', "").to_uppercase()})),
            broken("DNS over HTTPS"),
        ),
        (
            with(Part::DeviceProfiles, profile),
            broken("device profile Kiosks"),
        ),
        (
            with(Part::Hyperdrive, hyperdrive),
            broken("Hyperdrive Orders"),
        ),
    ];
    for ((word, why), expected) in cases {
        assert_eq!((word, why), ("no", expected));
    }
}

#[test]
fn a_rule_that_may_name_any_token_prevents_deletion() {
    let unclear =
        |what: &str| format!("a rule of {what} does not say which token or group it means");
    let mentioned = "a rule or a setting that tokenscope does not know mentions it".to_owned();
    let bare = ID.replace('-', "");
    let other = "00000000-fafe-4643-bbbc-4a0ed4fc8415";
    let cases = [
        (json!({"service_token": {}}), unclear("policy P")),
        (json!({"service_token": null}), unclear("policy P")),
        (
            json!({"service_token": {"token_id": 5}}),
            unclear("policy P"),
        ),
        (
            json!({"service_token": {"token_id": bare}}),
            unclear("policy P"),
        ),
        (
            json!({"service_token": {"token_id": format!("{{{ID}}}")}}),
            unclear("policy P"),
        ),
        (
            json!({"service_token": {"token_id": other, "also": [ID]}}),
            mentioned.clone(),
        ),
        (json!({"group": {}}), unclear("policy P")),
        (json!({}), unclear("policy P")),
        (json!(null), unclear("policy P")),
        (json!(7), unclear("policy P")),
        (
            json!({"machine": {"tokens": [ID.to_uppercase()]}}),
            mentioned.clone(),
        ),
        (
            json!({"machine": CLIENT_ID, "service_token": {}}),
            mentioned,
        ),
    ];
    for (rule, why) in cases {
        for section in ["include", "require", "exclude"] {
            // An Allow policy admits no token, whatever its rules mean.
            let mut policy = policy("p", &json!({"email": {}}));
            policy["decision"] = json!("allow");
            policy[section] = json!([rule]);
            let (word, said) = deletable(&map(&[app(&[policy])], &[], &[]));
            assert_eq!(
                (word, said.as_str()),
                ("unknown", why.as_str()),
                "{section} {rule}"
            );
        }
    }
    let group = json!({"id": GROUP, "name": "CI", "include": [{"service_token": {}}]});
    let mut map = elsewhere();
    take(&mut map, Part::Groups, &[group]);
    assert_eq!(deletable(&map), ("unknown", unclear("group CI")));
    for (part, what) in [(Part::Policies, "policy"), (Part::Groups, "group")] {
        let bare = json!({"id": "x", "name": "X", "app_count": 0});
        let mut map = elsewhere();
        take(&mut map, part, &[bare]);
        let why = format!("{what} X came without rules");
        assert_eq!(deletable(&map), ("unknown", why));
    }
    for section in [json!(this_token()), json!("everyone"), json!(true)] {
        let mut by_policy = policy("p", &json!({"email": {}}));
        by_policy["include"] = section.clone();
        let why = unclear("policy P");
        assert_eq!(deletable(&map_of_one(by_policy)).1, why, "{section}");
        let group = json!({"id": GROUP, "name": "CI", "include": section});
        let mut map = elsewhere();
        take(&mut map, Part::Groups, &[group]);
        assert_eq!(deletable(&map), ("unknown", unclear("group CI")));
    }
    let default = json!({"id": "x", "name": "X", "include": [], "is_default": [this_token()]});
    let mut map = elsewhere();
    take(&mut map, Part::Groups, &[default]);
    assert_eq!(deletable(&map).0, "unknown");
    let scim = |authentication: Value| {
        let app = json!({"id": "b", "name": "B", "type": "saas", "policies": [],
                         "scim_config": {"authentication": authentication}});
        let mut map = elsewhere();
        take(&mut map, Part::Apps, &[app]);
        deletable(&map).0
    };
    let short = CLIENT_ID.trim_end_matches(".access");
    assert_eq!(scim(json!({"client_id": short})), "no");
    assert_eq!(scim(json!([{"scheme": "access_service_token"}])), "unknown");
    for unclear in [
        json!({"scheme": "ACCESS_SERVICE_TOKEN"}),
        json!({"scheme": "new_scheme"}),
        json!({"user": "x"}),
        json!([{"scheme": "httpbasic"}, {}]),
    ] {
        assert_eq!(scim(unclear.clone()), "unknown", "{unclear}");
    }
    for scheme in ["httpbasic", "oauth2", "OAuthBearerToken"] {
        assert_eq!(scim(json!([{"scheme": scheme, "user": "x"}])), "yes");
    }
}

#[test]
fn a_rule_of_an_unknown_kind_may_admit_any_token() {
    let moon = json!({"moon": {"phase": "full", "id": 5}});
    let why = |what: &str| {
        format!(
            "a rule of {what} is of a kind that tokenscope does not know: it may admit any token"
        )
    };
    let of = |decision: &str, section: &str| {
        let mut policy = policy("p", &json!({"email": {}}));
        policy["decision"] = json!(decision);
        policy[section] = json!([moon]);
        deletable(&map_of_one(policy))
    };
    for decision in ["non_identity", "future_action"] {
        assert_eq!(
            of(decision, "include"),
            ("unknown", why("policy P")),
            "{decision}"
        );
    }
    for (decision, section) in [
        ("allow", "include"),
        ("deny", "include"),
        ("bypass", "include"),
        ("non_identity", "require"),
        ("non_identity", "exclude"),
    ] {
        assert_eq!(of(decision, section).0, "yes", "{decision} {section}");
    }
    let group = json!({"id": GROUP, "name": "CI", "include": [moon]});
    let by_group = policy("p", &json!({"group": {"id": GROUP}}));
    let map = map(&[app(&[by_group])], &[], &[group]);
    assert_eq!(deletable(&map), ("unknown", why("policy P")));
    // A policy without apps admits nobody.
    let mut map = elsewhere();
    take(&mut map, Part::Policies, &[policy("q", &moon)]);
    assert_eq!(deletable(&map).0, "yes");
}

#[test]
fn an_unknown_member_may_name_a_token() {
    let mentioned = "a rule or a setting that tokenscope does not know mentions it".to_owned();
    let app = |key: &str, value: Value| {
        let mut app = json!({"id": "b", "name": "B", "type": "saas", "policies": []});
        app[key] = value;
        (Part::Apps, app)
    };
    let config = |origin: Value| {
        (
            Part::Hyperdrive,
            json!({"id": "h", "name": "Orders", "origin": origin, "pool": {"access": CLIENT_ID}}),
        )
    };
    let mut other = policy("q", &json!({"email": {}}));
    other["approvers"] = json!([{"service_token_id": ID}]);
    for (part, entry) in [
        app("gateway", json!({"service_token_id": ID})),
        app("saas_app", json!([CLIENT_ID.to_uppercase()])),
        app("scim_config", json!({"caller": ID})),
        app(
            "scim_config",
            json!({"authentication": {"scheme": "oauth2", "by": {"id": CLIENT_ID}}}),
        ),
        config(json!(null)),
        config(json!({"host": "db.example.com"})),
        (Part::Policies, other),
    ] {
        let mut map = elsewhere();
        take(&mut map, part, std::slice::from_ref(&entry));
        assert_eq!(deletable(&map), ("unknown", mentioned.clone()), "{entry}");
        let lookup = Lookup::new(&map);
        assert!(lookup.is_referenced(&active_token(), context()), "{entry}");
    }
    // The ID of an object itself is not a token's, and one place counts once.
    let mut map = elsewhere();
    take(
        &mut map,
        Part::Apps,
        &[json!({"id": ID, "uid": ID, "policies": []})],
    );
    assert_eq!(deletable(&map).0, "yes");
    let (part, by_scim) = app(
        "scim_config",
        json!({"authentication": {"client_id": CLIENT_ID}}),
    );
    take(&mut map, part, &[by_scim]);
    assert_eq!(uses(&map).named_by, 1);
}

fn map_of_one(policy: Value) -> AccessMap {
    map(&[app(&[policy])], &[], &[])
}

#[test]
fn an_app_for_any_token_keeps_every_working_token() {
    let any = json!({"any_valid_service_token": {}});
    let opens = map_of_one(policy("p", &any));
    let why = "1 app opens for it as for any valid service token (whoever uses it there breaks)";
    assert_eq!(deletable(&opens), ("no", why.to_owned()));
    let dead = token_with(&json!({"enabled": false}));
    let of_dead = Lookup::new(&opens).uses(&dead, context());
    assert_eq!(of_dead.deletable, Deletable::Yes);
    let mut by_address = policy("p", &any);
    by_address["require"] = json!([{"ip": {}}]);
    let why = "1 app may open for it as for any valid service token (whoever uses it there breaks)";
    assert_eq!(deletable(&map_of_one(by_address)), ("no", why.to_owned()));
    let mut allowed = policy("p", &any);
    allowed["decision"] = json!("allow");
    assert_eq!(deletable(&map_of_one(allowed)).0, "yes");
    let everyone = policy("p", &json!({"everyone": {}}));
    let (word, why) = deletable(&map_of_one(everyone.clone()));
    assert_eq!(word, "unknown");
    assert!(why.contains("names everyone"), "{why}");
    let bypass = json!({"id": "b", "decision": "bypass", "include": [{"everyone": {}}]});
    assert_eq!(
        deletable(&map(&[app(&[bypass, everyone])], &[], &[])).0,
        "unknown"
    );
}

#[test]
fn an_incompletely_read_part_never_proves_a_token_deletable() {
    for part in [
        Part::Apps,
        Part::Policies,
        Part::Groups,
        Part::Doh,
        Part::DeviceProfiles,
        Part::Hyperdrive,
    ] {
        let mut failed = elsewhere();
        fail(&mut failed, part, FailureKind::Permission);
        let (word, why) = deletable(&failed);
        assert_eq!(word, "unknown", "{}", part.label());
        assert!(why.contains(part.label()), "{why}");
        if let Some(permission) = part.permission() {
            assert!(why.contains(permission), "{why}");
        }
        let mut partly = elsewhere();
        take_partly(&mut partly, part, &[]);
        assert_eq!(deletable(&partly).0, "unknown", "{}", part.label());
        let matters = [Part::Apps, Part::Policies, Part::Groups].contains(&part);
        assert_eq!(partly.complete(), !matters, "{}", part.label());
        assert_eq!(failed.complete(), !matters, "{}", part.label());
    }
    let unread = AccessMap::new(crate::support::access_map::account());
    assert_eq!(deletable(&unread).0, "unknown");
    assert!(!unread.complete());
}

#[test]
fn every_other_doubt_prevents_a_yes() {
    let with = |part: Part, entry: Value| {
        let mut map = elsewhere();
        take(&mut map, part, &[entry]);
        deletable(&map)
    };
    let mut hidden = policy("p", &json!({"service_token": {"token_id": "other"}}));
    hidden["app_count"] = json!(2);
    let by_client_id = policy("q", &json!({"service_token": {"token_id": CLIENT_ID}}));
    let nested = json!({"id": GROUP, "name": "G", "include": [{"group": {"id": "missing"}}]});
    let profile = |expression: &str| json!({"policy_id": "k", "name": "K", "match": expression});
    let scim = json!({"id": "b", "name": "B", "type": "saas", "policies": [], "scim_config": "x"});
    let cases = [
        (
            with(Part::Policies, hidden),
            "1 app is hidden from this credential",
        ),
        (
            with(Part::Policies, by_client_id),
            "policy Q holds its client ID where its ID belongs",
        ),
        (
            with(Part::Groups, nested),
            "1 group that rules name is not visible to this credential",
        ),
        (
            with(
                Part::DeviceProfiles,
                profile("identity.service_token_uuid in $robots"),
            ),
            "device profile K selects by tokens that it does not list",
        ),
        (
            with(Part::Apps, scim),
            "the SCIM configuration of 1 app could not be read",
        ),
    ];
    for ((word, why), expected) in cases {
        assert_eq!(word, "unknown", "{expected}");
        assert!(why.contains(expected), "{why}");
    }
    for count in [json!("2"), json!(2.0), json!(" 2 ")] {
        let mut hidden = policy("p", &json!({"service_token": {"token_id": "other"}}));
        hidden["app_count"] = count.clone();
        let (word, why) = with(Part::Policies, hidden);
        assert_eq!(word, "unknown", "{count}");
        assert!(why.contains("1 app is hidden"), "{count}: {why}");
    }
    let dashless = format!("identity.service_token_uuid == \"{}\"", ID.replace('-', ""));
    assert_eq!(with(Part::DeviceProfiles, profile(&dashless)).0, "no");
    let listing =
        profile("identity.service_token_uuid in {\"other\" \"another\"} or os.name == \"x\"");
    assert_eq!(with(Part::DeviceProfiles, listing).0, "yes");
    let nothing = map(&[], &[], &[]);
    let (word, why) = deletable(&nothing);
    assert_eq!(word, "unknown");
    assert!(why.contains("no app, policy or group is visible"), "{why}");
    assert!(!nothing.complete());
}

#[test]
fn a_recently_used_token_is_not_surely_deletable() {
    let map = elsewhere();
    let of = |members: Value| {
        let uses = Lookup::new(&map).uses(&token_with(&members), context());
        (uses.deletable, uses.deletable_reasons.join("; "))
    };
    let seen = |at: &str| json!({"last_seen_at": at});
    assert_eq!(
        of(seen("2026-11-25T11:54:00Z")),
        (
            Deletable::Unknown,
            "seen 6 min ago, though nothing that this credential sees names it".to_owned()
        )
    );
    assert_eq!(of(seen("2026-11-26T12:00:00Z")).0, Deletable::Unknown);
    assert_eq!(of(seen("2026-10-26T12:00:01Z")).0, Deletable::Unknown);
    assert_eq!(of(seen("2026-10-26T12:00:00Z")).0, Deletable::Yes);
    assert_eq!(of(seen("sometime")).0, Deletable::Unknown);
    assert_eq!(of(json!({"client_id": null})).0, Deletable::Unknown);
    assert_eq!(of(json!({"id": 7})).0, Deletable::Unknown);
}

#[test]
fn a_zone_never_says_yes_and_is_complete_without_policies() {
    let mut map = AccessMap::new(zone());
    take(
        &mut map,
        Part::Apps,
        &[app(&[policy("p", &json!({"everyone": {}}))])],
    );
    take(&mut map, Part::Groups, &[]);
    let uses = uses(&map);
    assert_eq!(uses.deletable, Deletable::Unknown);
    assert!(uses.deletable_reasons[0].contains("not asked for in a zone"));
    assert_eq!(uses.told, Told::Unknown);
    assert!(map.complete(), "{:?}", map.incomplete_reasons());
}

fn alert(members: &Value) -> Value {
    let mut alert = json!({"alert_type": "expiring_service_token_alert", "enabled": true,
                           "filters": {}, "mechanisms": {"email": [{"id": "ops@example.com"}],
                           "webhooks": [{"id": "w"}], "pagerduty": []}});
    for (key, value) in members.as_object().into_iter().flatten() {
        alert[key] = value.clone();
    }
    alert
}

#[test]
fn counts_only_alerts_that_surely_reach_someone() {
    let told = |alerts: &[Value]| {
        let mut map = elsewhere();
        take(&mut map, Part::Alerts, alerts);
        let uses = uses(&map);
        (uses.told.code(), uses.told_message())
    };
    let word = |members: Value| told(&[alert(&members)]).0;
    assert_eq!(
        told(&[alert(&json!({}))]),
        (
            "yes",
            "ops@example.com and 1 webhook, 7 days before".to_owned()
        )
    );
    assert_eq!(told(&[]).0, "nobody");
    assert_eq!(word(json!({"enabled": false})), "nobody");
    assert_eq!(word(json!({"alert_type": "other"})), "nobody");
    assert_eq!(
        word(json!({"mechanisms": {"email": [], "webhooks": null}})),
        "nobody"
    );
    assert_eq!(word(json!({"filters": null})), "yes");
    assert_eq!(
        word(json!({"filters": {"tokens": [ID.to_uppercase()]}})),
        "yes"
    );
    assert_eq!(word(json!({"filters": {"tokens": [CLIENT_ID]}})), "yes");
    for filters in [
        json!({"tokens": ["other"]}),
        json!({"tokens": []}),
        json!({"tokens": null}),
        json!({"tokens": {"id": ID}}),
        json!("x"),
    ] {
        assert_eq!(word(json!({"filters": filters})), "maybe", "{filters}");
    }
    // A malformed alert may notify somebody.
    assert_eq!(word(json!({"enabled": "yes"})), "maybe");
    assert_eq!(word(json!({"mechanisms": "x"})), "maybe");
    assert_eq!(word(json!({"mechanisms": {"email": [{}]}})), "maybe");
}

#[test]
fn unread_alerts_are_unknown_and_eternal_tokens_need_none() {
    let mut map = elsewhere();
    fail(&mut map, Part::Alerts, FailureKind::Permission);
    assert_eq!(uses(&map).told, Told::Unknown);
    take_partly(&mut map, Part::Alerts, &[]);
    assert_eq!(uses(&map).told, Told::Unknown);
    take_partly(&mut map, Part::Alerts, &[alert(&json!({}))]);
    assert_eq!(uses(&map).told, Told::Yes);
    for members in [
        json!({"duration": "forever"}),
        json!({"duration": "forever", "enabled": false}),
    ] {
        let eternal = token_with(&members);
        let told = Lookup::new(&map).uses(&eternal, context()).told;
        assert_eq!(told, Told::NotNeeded, "{members}");
    }
}

fn organization(inactivity: &Value) -> Value {
    json!({"strict_service_token_auth": false, "service_token_inactivity": inactivity})
}

fn cleaned(map: &mut AccessMap) {
    let on = json!({"enabled": true, "action": "disable", "inactivity_threshold_days": 90});
    take(map, Part::Organization, &[organization(&on)]);
}

#[test]
fn the_clean_up_counts_from_the_last_use_or_the_creation() {
    let mut map = elsewhere();
    cleaned(&mut map);
    let plan = |members: Value| {
        let uses = Lookup::new(&map).uses(&token_with(&members), context());
        uses.clean_up_message(context().now)
    };
    let seen = json!({"last_seen_at": "2026-11-26T00:00:00Z"});
    let after = "disabled after 90 days without use";
    assert_eq!(plan(seen), format!("{after}, on or after 24 Feb 2027"));
    let overdue = format!("{after}, at any time now: due since 19 Jun 2026");
    assert_eq!(plan(json!({})), overdue);
    let untold = "not known: the API does not say when it was last seen or created";
    assert_eq!(plan(json!({"last_seen_at": "x"})), untold);
    assert_eq!(plan(json!({"created_at": null})), untold);
}

#[test]
fn only_a_policy_that_names_the_token_itself_exempts_it() {
    let of = |apps: &[Value], policies: &[Value], groups: &[Value]| {
        let mut map = map(apps, policies, groups);
        cleaned(&mut map);
        uses(&map).clean_up_message(context().now)
    };
    let spared = |name: &str| format!("spared: named directly by policy {name}");
    let direct = policy("p", &this_token());
    assert_eq!(
        of(&[app(std::slice::from_ref(&direct))], &[], &[]),
        spared("P")
    );
    assert_eq!(of(&[], &[direct], &[]), spared("P"));
    let group = json!({"id": GROUP, "name": "CI", "include": [this_token()]});
    let by_group = app(&[policy("p", &json!({"group": {"id": GROUP}}))]);
    assert!(of(&[by_group], &[], &[group]).starts_with("disabled after"));
    let any = app(&[policy("p", &json!({"any_valid_service_token": {}}))]);
    assert!(of(&[any], &[], &[]).starts_with("disabled after"));
}

#[test]
fn the_clean_up_is_unknown_while_a_policy_may_be_unread() {
    let plan = |change: &dyn Fn(&mut AccessMap)| {
        let mut map = elsewhere();
        cleaned(&mut map);
        change(&mut map);
        uses(&map).clean_up
    };
    assert!(matches!(plan(&|_| {}), CleanUpPlan::On(..)));
    let bare = plan(&|map| take(map, Part::Policies, &[json!({"id": "x", "app_count": 0})]));
    assert_eq!(bare, CleanUpPlan::Unknown);
    for part in [Part::Apps, Part::Policies, Part::Organization] {
        let unread = plan(&|map| fail(map, part, FailureKind::Server));
        assert_eq!(unread, CleanUpPlan::Unknown, "{}", part.label());
    }
    let unknown = plan(&|map| {
        take(
            map,
            Part::Apps,
            &[json!({"id": "a", "type": "self_hosted"})],
        );
    });
    assert_eq!(unknown, CleanUpPlan::Unknown);
    let set = |inactivity: Value| {
        plan(&|map| take(map, Part::Organization, &[organization(&inactivity)]))
    };
    let off = json!({"enabled": false, "action": "delete", "inactivity_threshold_days": 90});
    assert_eq!(set(off), CleanUpPlan::Off);
    assert_eq!(set(Value::Null), CleanUpPlan::Off);
    for malformed in [
        json!({}),
        json!({"enabled": true, "action": "move", "inactivity_threshold_days": 90}),
        json!({"enabled": true, "action": "delete", "inactivity_threshold_days": "90"}),
    ] {
        assert_eq!(set(malformed.clone()), CleanUpPlan::Unknown, "{malformed}");
    }
}

#[test]
fn empty_lists_do_not_prove_that_no_policy_exempts_a_token() {
    let mut empty = map(&[], &[], &[]);
    cleaned(&mut empty);
    let uses = uses(&empty);
    assert_eq!(uses.clean_up, CleanUpPlan::Unknown);
    assert_eq!(
        uses.clean_up_message(context().now),
        "not known: no app, policy or group is visible to this credential"
    );
}

#[test]
fn a_disabled_token_is_not_disabled_again() {
    let mut map = elsewhere();
    cleaned(&mut map);
    let uses = Lookup::new(&map).uses(&disabled(), context());
    assert_eq!(uses.clean_up, CleanUpPlan::AlreadyDisabled);
    let findings = Lookup::new(&map).findings(&disabled(), &uses, context());
    assert!(findings.iter().all(|it| it.code != "cleanup_due"));
}

#[test]
fn references_name_their_users() {
    let mut unused = policy("old", &json!({"any_valid_service_token": {}}));
    unused["exclude"] = json!([this_token()]);
    unused["app_count"] = json!(0);
    let mut secret = policy("secret", &this_token());
    secret["app_count"] = json!(2);
    let groups = [
        json!({"id": GROUP, "name": "CI", "include": [this_token()]}),
        json!({"id": "outer", "name": "Machines", "include": [{"group": {"id": GROUP}}]}),
    ];
    let by_group = app(&[policy("p", &json!({"group": {"id": "outer"}}))]);
    let map = map(&[by_group], &[unused, secret], &groups);
    let uses = uses(&map);
    let references = uses.references.iter();
    let references: Vec<_> = references
        .map(|it| (it.kind, it.name.as_str(), it.message.as_str()))
        .collect();
    assert_eq!(
        references,
        [
            (ReferenceKind::Policy, "OLD", "excludes it; no app uses it"),
            (
                ReferenceKind::Policy,
                "SECRET",
                "includes it; 2 apps use it, hidden from this credential"
            ),
            (
                ReferenceKind::Group,
                "CI",
                "includes it; in Machines; used by policy P; 1 app"
            ),
        ]
    );
    assert_eq!(uses.named_by, 3);
    assert!(uses.is_referenced());
}

/// The example of the documentation, with its expected results.
#[test]
fn the_documented_example_has_the_documented_results() {
    let list = |json: &str| -> Vec<Value> {
        let body: Value = serde_json::from_str(json).unwrap();
        match &body["result"] {
            Value::Array(entries) => entries.clone(),
            one => vec![one.clone()],
        }
    };
    let mut map = map(
        &list(include_str!("../support/access/apps.json")),
        &list(include_str!("../support/access/policies.json")),
        &list(include_str!("../support/access/groups.json")),
    );
    take(
        &mut map,
        Part::Doh,
        &list(include_str!("../support/access/doh.json")),
    );
    let uses = uses(&map);
    let verdicts = uses.apps.iter();
    let verdicts: Vec<_> = verdicts
        .map(|it| (it.app.name.as_str(), it.verdict, it.reason))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("Metrics", Verdict::Refused, Some(Reason::WrongAction)),
            ("Internal API", Verdict::Depends, None),
            ("Deploy hook", Verdict::Opens, None),
            ("Warp enrolment", Verdict::Opens, None),
        ]
    );
    assert_eq!(
        uses.apps[1].conditions,
        ["the caller's address", "the caller's country"]
    );
    assert!(uses.apps[3].message().contains("may enrol devices"));
    let policies = uses
        .references
        .iter()
        .filter(|it| it.kind == ReferenceKind::Policy);
    let policies: Vec<&str> = policies.map(|it| it.message.as_str()).collect();
    assert_eq!(policies, ["excludes it; no app uses it"]);
    assert_eq!(
        map.incomplete_reasons(),
        ["1 app is hidden from this credential"]
    );
    assert_eq!(uses.deletable, Deletable::No);
}

fn codes(map: &AccessMap, members: &Value) -> Vec<(&'static str, Severity)> {
    let lookup = Lookup::new(map);
    let token = token_with(members);
    let uses = lookup.named_uses(&token, context());
    let findings = lookup.findings(&token, &uses, context());
    findings.iter().map(|it| (it.code, it.severity)).collect()
}

#[test]
fn a_map_has_its_own_findings() {
    let mut map = elsewhere();
    let old = json!({"last_seen_at": "2026-09-01T12:00:00Z"});
    assert_eq!(codes(&map, &old), [("unreferenced", Severity::Info)]);
    let soon = json!({"expires_at": "2026-12-01T12:00:00Z"});
    let expected = [
        ("no_expiry_alert", Severity::Info),
        ("unreferenced", Severity::Info),
    ];
    assert_eq!(codes(&map, &soon), expected);
    take(&mut map, Part::Alerts, &[alert(&json!({}))]);
    assert_eq!(codes(&map, &soon), [("unreferenced", Severity::Info)]);
    fail(&mut map, Part::Groups, FailureKind::Permission);
    assert_eq!(codes(&map, &soon), []);
    cleaned(&mut map);
    assert_eq!(codes(&map, &old), [("cleanup_due", Severity::Warning)]);
    let lately = json!({"last_seen_at": "2026-11-01T12:00:00Z"});
    assert_eq!(codes(&map, &lately), []);
    let mut allowed = policy("p", &this_token());
    allowed["decision"] = json!("allow");
    take(&mut map, Part::Apps, &[app(std::slice::from_ref(&allowed))]);
    assert_eq!(codes(&map, &lately), [("wrong_action", Severity::Critical)]);
    allowed["include"] = json!([{"everyone": {}}]);
    allowed["exclude"] = json!([this_token()]);
    take(&mut map, Part::Apps, &[app(&[allowed])]);
    assert_eq!(codes(&map, &lately), []);
}

proptest! {
    /// A yes requires that nothing is unread, hidden, recently used or open to everyone.
    #[test]
    fn deletable_requires_complete_knowledge(
        failed in prop::collection::vec(prop::sample::select(Part::ALL.to_vec()), 0..3),
        app_count in 0_usize..3, hours in 0_i64..2_000, is_for_everyone in any::<bool>(),
    ) {
        let mut map = elsewhere();
        let mut reusable = policy("p", &json!({"service_token": {"token_id": "other"}}));
        reusable["app_count"] = json!(app_count);
        take(&mut map, Part::Policies, &[reusable]);
        if is_for_everyone {
            let open = app(&[policy("p", &json!({"everyone": {}}))]);
            take(&mut map, Part::Apps, &[open]);
        }
        for part in &failed {
            fail(&mut map, *part, FailureKind::Timeout);
        }
        let seen = context().now - chrono::TimeDelta::hours(hours);
        let token = token_with(&json!({"last_seen_at": seen.to_rfc3339()}));
        let uses = Lookup::new(&map).uses(&token, context());
        let needs = [Part::Apps, Part::Policies, Part::Groups, Part::Doh, Part::DeviceProfiles,
                     Part::Hyperdrive];
        let is_read = failed.iter().all(|part| !needs.contains(part));
        let expected = is_read && app_count < 2 && hours >= 720 && !is_for_everyone;
        prop_assert_eq!(uses.deletable == Deletable::Yes, expected, "{:?}", uses.deletable_reasons);
    }
}
