//! Rules, groups and messages about an app: each documented kind of rule, unreadable parts, and the
//! sentences.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokenscope::domain::access::uses::{Lookup, TokenUses};
use tokenscope::domain::access::verdict::{AppAnswer, Reason, Verdict};
use tokenscope::domain::token::ServiceToken;

use crate::support::access_map::{active_token, context, disabled, map, token_with};
use crate::support::assertions::assert_contains;
use crate::support::tokens::{CLIENT_ID, ID};

const GROUP: &str = "22222222-bbbb-4bbb-8bbb-000000000001";
const INNER: &str = "22222222-bbbb-4bbb-8bbb-000000000002";

fn app(policies: &Value) -> Value {
    json!({"id": "a", "name": "A", "type": "self_hosted", "domain": "a.example.com",
           "policies": policies})
}

/// A Service Auth policy with one include rule.
fn auth(rule: &Value) -> Value {
    json!({"id": "p", "name": "P", "decision": "non_identity", "include": [rule]})
}

fn uses(apps: &[Value], policies: &[Value], groups: &[Value]) -> TokenUses {
    let map = map(apps, policies, groups);
    Lookup::new(&map).uses(&active_token(), context())
}

fn answer(apps: &[Value], groups: &[Value]) -> Option<AppAnswer> {
    uses(apps, &[], groups).apps.into_iter().next()
}

#[test]
fn each_kind_of_rule_has_its_documented_effect() {
    let group = |rule: Value| json!({"id": GROUP, "name": "G", "include": [rule]});
    let id = json!({"service_token": {"token_id": ID}});
    let cases = [
        (id.clone(), Some(Verdict::Opens)),
        (
            json!({"service_token": {"token_id": ID.to_uppercase()}}),
            Some(Verdict::Opens),
        ),
        (
            json!({"service_token": {"token_id": CLIENT_ID}}),
            Some(Verdict::Depends),
        ),
        (json!({"service_token": {"token_id": "another"}}), None),
        (json!({"any_valid_service_token": {}}), Some(Verdict::Opens)),
        (json!({"everyone": {}}), Some(Verdict::Opens)),
        (json!({"group": {"id": GROUP}}), Some(Verdict::OpensByGroup)),
        (json!({"group": {"id": "missing"}}), Some(Verdict::Depends)),
        (json!({"group": {}}), Some(Verdict::Depends)),
    ];
    for (rule, expected) in cases {
        let found = answer(&[app(&json!([auth(&rule)]))], &[group(id.clone())]);
        assert_eq!(found.map(|it| it.verdict), expected, "{rule}");
    }
}

#[test]
fn rules_about_the_request_are_conditions() {
    let cases = [
        (
            json!({"ip": {"ip": "192.0.2.0/24"}}),
            "the caller's address",
        ),
        (json!({"ip_list": {"id": "l"}}), "the caller's address"),
        (
            json!({"geo": {"country_code": "XX"}}),
            "the caller's country",
        ),
        (json!({"certificate": {}}), "a client certificate"),
        (
            json!({"common_name": {"common_name": "x"}}),
            "a client certificate",
        ),
        (
            json!({"device_posture": {"integration_uid": "x"}}),
            "the device's posture",
        ),
        (json!({"external_evaluation": {}}), "an external evaluation"),
        (
            json!({"service_token": {}}),
            "a service-token rule that names no token",
        ),
        (
            json!({"moon_phase": {}}),
            "a rule of a kind that tokenscope does not know (moon_phase)",
        ),
        (
            json!({"email": {}, "ip": {}}),
            "a rule of a kind that tokenscope does not know (email, ip)",
        ),
        (
            json!({}),
            "a rule of a kind that tokenscope does not know (without a name)",
        ),
        (
            json!("x"),
            "a rule of a kind that tokenscope does not know (no object)",
        ),
    ];
    for (rule, condition) in cases {
        let mut policy = auth(&json!({"service_token": {"token_id": ID}}));
        policy["require"] = json!([rule]);
        let found = answer(&[app(&json!([policy]))], &[]).unwrap();
        assert_eq!(found.verdict, Verdict::Depends, "{rule}");
        assert_eq!(found.conditions, [condition], "{rule}");
    }
}

#[test]
fn no_token_satisfies_a_rule_about_people() {
    for kind in [
        "email",
        "email_domain",
        "email_list",
        "azureAD",
        "okta",
        "saml",
        "oidc",
        "gsuite",
        "github-organization",
        "login_method",
        "auth_method",
        "auth_context",
        "user_risk_score",
        "cloudflare_account_member",
        "linked_app_token",
    ] {
        let mut policy = auth(&json!({"service_token": {"token_id": ID}}));
        policy["require"] = json!([{kind: {}}]);
        let found = answer(&[app(&json!([policy]))], &[]).unwrap();
        assert_eq!(found.reason, Some(Reason::RuleFails), "{kind}");
        assert!(found.message().contains("requires "), "{}", found.message());
    }
}

#[test]
fn malformed_sections_leave_the_verdict_open() {
    let with = |section: &str, value: Value| {
        let mut policy = auth(&json!({"service_token": {"token_id": ID}}));
        policy[section] = value;
        answer(&[app(&json!([policy]))], &[]).unwrap().verdict
    };
    assert_eq!(with("require", json!("x")), Verdict::Depends);
    assert_eq!(with("exclude", json!({})), Verdict::Depends);
    assert_eq!(with("require", Value::Null), Verdict::Opens);
    assert_eq!(with("decision", json!("service_auth")), Verdict::Opens);
    assert_eq!(with("decision", Value::Null), Verdict::Depends);
    // A policy without include rules is only a reference; an empty list admits nobody.
    assert_eq!(with("include", Value::Null), Verdict::Unknown);
    let mut empty = auth(&Value::Null);
    empty["include"] = json!([]);
    assert_eq!(answer(&[app(&json!([empty.clone()]))], &[]), None);
    empty["exclude"] = json!([{"service_token": {"token_id": ID}}]);
    let found = answer(&[app(&json!([empty]))], &[]).unwrap();
    assert_eq!(found.reason, Some(Reason::RuleFails));
}

#[test]
fn an_app_with_unreported_policies_is_unknown() {
    for policies in [
        Value::Null,
        json!("x"),
        json!([1]),
        json!([{"id": "elsewhere"}]),
    ] {
        let map = map(&[app(&policies)], &[], &[]);
        let uses = Lookup::new(&map).uses(&active_token(), context());
        assert_eq!(uses.apps[0].verdict, Verdict::Unknown, "{policies}");
        assert_eq!(uses.counts.unknown, 1);
        assert_eq!(map.unread_apps(), 1);
        assert!(!map.complete());
    }
    assert_eq!(uses(&[app(&json!([]))], &[], &[]).apps, []);
}

#[test]
fn precedence_orders_each_pass_separately() {
    let policy = |decision: &str, include: Value, precedence: Value| {
        json!({"id": decision, "name": decision, "decision": decision, "include": [include],
               "precedence": precedence})
    };
    let bypass = |place| policy("bypass", json!({"everyone": {}}), place);
    let auth = |place| {
        policy(
            "non_identity",
            json!({"service_token": {"token_id": ID}}),
            place,
        )
    };
    let allow = |place| policy("allow", json!({"everyone": {}}), place);
    let of = |policies: Value| answer(&[app(&policies)], &[]).unwrap().verdict;
    assert_eq!(
        of(json!([bypass(json!(2)), auth(json!(1))])),
        Verdict::Opens
    );
    assert_eq!(
        of(json!([auth(json!(2)), bypass(json!(1))])),
        Verdict::OpenToAll
    );
    // One policy without a usable precedence keeps its pass in list order.
    for unusable in [Value::Null, json!("1"), json!(1.5)] {
        let listed = json!([bypass(json!(2)), auth(unusable)]);
        assert_eq!(of(listed.clone()), Verdict::OpenToAll, "{listed}");
    }
    assert_eq!(
        of(json!([auth(json!(1)), bypass(json!(1))])),
        Verdict::Opens
    );
    // Precedence missing in an Allow policy does not affect the first pass.
    let mixed = json!([bypass(json!(2)), auth(json!(1)), allow(Value::Null)]);
    assert_eq!(of(mixed), Verdict::Opens);
}

#[test]
fn a_bypass_policy_does_not_see_tokens() {
    let bypass = |include: Value, exclude: Value| {
        app(
            &json!([{"id": "p", "name": "P", "decision": "bypass", "include": include,
                     "exclude": exclude}]),
        )
    };
    let token = json!({"service_token": {"token_id": ID}});
    let named = answer(&[bypass(json!([token]), json!([]))], &[]).unwrap();
    assert_eq!(named.verdict, Verdict::Depends);
    let excluded = bypass(json!([{"everyone": {}}]), json!([token]));
    assert_eq!(answer(&[excluded], &[]).unwrap().verdict, Verdict::Depends);
    assert_eq!(
        answer(&[bypass(json!([{"everyone": {}}]), json!([]))], &[]),
        None
    );
}

#[test]
fn an_undocumented_app_type_is_unknown_only_if_the_token_is_named() {
    let saas = |rule: Value| {
        let mut app = app(&json!([auth(&rule)]));
        app["type"] = json!("saas");
        answer(&[app], &[]).unwrap()
    };
    let named = saas(json!({"service_token": {"token_id": ID}}));
    assert_eq!(named.verdict, Verdict::Unknown);
    assert_contains(
        &named.message(),
        "Policy P (Service Auth, 1st) names this token",
    );
    let any = saas(json!({"any_valid_service_token": {}}));
    assert_eq!(any.verdict, Verdict::Opens);
    assert!(any.message().contains("type saas"), "{}", any.message());
    assert_eq!(
        saas(json!({"group": {"id": "missing"}})).verdict,
        Verdict::Unknown
    );
}

#[test]
fn an_unread_group_lists_an_app_only_if_it_could_open_it() {
    let policy = |decision: &str| {
        app(&json!([{"id": "p", "name": "P", "decision": decision,
                     "include": [{"group": {"id": "missing"}}]}]))
    };
    assert_eq!(answer(&[policy("allow")], &[]), None);
    assert_eq!(answer(&[policy("deny")], &[]), None);
    let found = answer(&[policy("non_identity")], &[]).unwrap();
    assert_eq!(found.verdict, Verdict::Depends);
    assert!(!found.is_named);
    assert_eq!(
        found.message(),
        "Policy P (Service Auth, 1st) may admit this token; whether it does depends on group missing, \
         which could not be read. Let the credential read that group, and reload."
    );
    // A group without its rules counts as unread.
    let bare = json!({"id": "missing", "name": "Bare"});
    let found = answer(&[policy("non_identity")], &[bare]).unwrap();
    assert_eq!(found.conditions, ["group Bare, which could not be read"]);
}

#[test]
fn circular_groups_are_named_and_end() {
    let token = json!({"service_token": {"token_id": ID}});
    let groups = [
        json!({"id": GROUP, "name": "Machines", "include": [{"group": {"id": INNER}}]}),
        json!({"id": INNER, "name": "CI", "include": [token, {"group": {"id": GROUP}}]}),
    ];
    let found = answer(
        &[app(&json!([auth(&json!({"group": {"id": GROUP}}))]))],
        &groups,
    )
    .unwrap();
    assert_eq!(found.verdict, Verdict::OpensByGroup);
    assert!(found.has_cycle);
    assert_eq!(
        found.path,
        ["policy P", "group Machines", "group CI", "this token"]
    );
    let message = found.message();
    assert_contains(
        &message,
        "group Machines, which holds this token through group CI",
    );
    assert!(
        message.ends_with("contain each other; that loop admits nobody."),
        "{message}"
    );
}

#[test]
fn a_graph_of_groups_too_large_to_follow_is_unknown() {
    let id = |at: usize| format!("22222222-bbbb-4bbb-8bbb-{at:012}");
    let groups: Vec<Value> = (0..15)
        .map(|at| {
            let others = (0..15).map(|other| json!({"group": {"id": id(other)}}));
            let mut include: Vec<Value> = others.collect();
            include.push(json!({"ip": {"ip": "192.0.2.1/32"}}));
            json!({"id": id(at), "name": format!("G{at}"), "include": include})
        })
        .collect();
    let policy = auth(&json!({"group": {"id": id(0)}}));
    assert_eq!(answer(&[app(&json!([policy.clone()]))], &groups), None);
    let mut policy = policy;
    policy["exclude"] = json!([{"service_token": {"token_id": ID}}]);
    policy["include"] = json!([{"group": {"id": id(0)}}, {"any_valid_service_token": {}}]);
    let found = answer(&[app(&json!([policy]))], &groups).unwrap();
    assert_eq!(found.reason, Some(Reason::RuleFails));
}

#[test]
fn follows_groups_nested_deeper_than_the_stack() {
    let id = |at: usize| format!("22222222-bbbb-4bbb-8bbb-{at:012}");
    let most = 2_000;
    let groups: Vec<Value> = (0..=most)
        .map(|at| {
            let inner = if at == most {
                json!({"service_token": {"token_id": ID}})
            } else {
                json!({"group": {"id": id(at + 1)}})
            };
            json!({"id": id(at), "name": format!("G{at}"), "include": [inner]})
        })
        .collect();
    let found = answer(
        &[app(&json!([auth(&json!({"group": {"id": id(0)}}))]))],
        &groups,
    );
    assert_eq!(found.unwrap().verdict, Verdict::OpensByGroup);
}

#[test]
fn a_group_in_require_decides_like_one_in_include() {
    let token = json!({"service_token": {"token_id": ID}});
    let groups = [json!({"id": GROUP, "name": "Machines", "include": [token]})];
    let mut policy = auth(&token);
    policy["require"] = json!([{"group": {"id": GROUP}}]);
    let found = answer(&[app(&json!([policy]))], &groups).unwrap();
    assert_eq!(found.verdict, Verdict::OpensByGroup);
    assert_eq!(found.path, ["policy P", "group Machines", "this token"]);
}

#[test]
fn advice_depends_on_the_fault() {
    let token = json!({"service_token": {"token_id": ID}});
    let with = |decision: &str, include: Value, exclude: Value, require: Value| {
        let policy = json!({"id": "p", "name": "P", "decision": decision, "include": include,
                            "exclude": exclude, "require": require});
        answer(&[app(&json!([policy]))], &[]).unwrap().message()
    };
    let none = || json!([]);
    let people = json!({"email_domain": {"domain": "example.com"}});
    let cases = [
        (
            with("allow", json!([token]), none(), none()),
            "Policy P (Allow, 1st) names this token, but Allow admits no service token. Change the \
             policy's action to Service Auth.",
        ),
        (
            with("allow", json!([people, token]), none(), none()),
            "Policy P (Allow, 1st) names this token, but Allow admits people only. Name the token in a \
             policy of its own, with the action Service Auth.",
        ),
        (
            with("allow", json!([people]), json!([token]), none()),
            "Policy P (Allow, 1st) only excludes this token, and no policy admits it. If it should get \
             in, name it in a policy with the action Service Auth.",
        ),
        (
            with(
                "non_identity",
                json!([{"any_valid_service_token": {}}]),
                json!([token]),
                none(),
            ),
            "Policy P (Service Auth, 1st) excludes this token. If it should get in, remove that \
             exclude rule.",
        ),
        (
            with("non_identity", json!([token]), none(), json!([people])),
            "Policy P (Service Auth, 1st) names this token, but also requires an email domain, which \
             no service token has. Remove that require rule, or name the token in a Service Auth \
             policy of its own.",
        ),
        (
            with("deny", json!([token]), none(), none()),
            "Policy P (Block, 1st) names this token, and no Service Auth policy admits it. If it should \
             get in, name it in a policy with the action Service Auth: those come before Block.",
        ),
        (
            with("non_identity", json!([token]), none(), none()),
            "Policy P (Service Auth, 1st) admits this token. Probe the app to test the secret as well.",
        ),
        (
            with(
                "non_identity",
                json!([token]),
                json!([{"geo": {"country_code": "XX"}}]),
                json!([{"ip": {"ip": "192.0.2.0/24"}}]),
            ),
            "Policy P (Service Auth, 1st) names this token; whether the app opens depends on the caller's \
             address and country. Probe the app from where the client runs.",
        ),
        (
            with(
                "non_identity",
                json!([token]),
                none(),
                json!([{"certificate": {}}]),
            ),
            "Policy P (Service Auth, 1st) names this token; whether the app opens depends on a client \
             certificate. Try it with the client itself: a probe presents no certificate.",
        ),
    ];
    for (message, expected) in cases {
        assert_eq!(message, expected);
    }
}

#[test]
fn a_disabled_token_is_told_what_else_refuses_it() {
    let token = json!({"service_token": {"token_id": ID}});
    let allow = json!({"id": "q", "name": "Q", "decision": "allow", "include": [token]});
    let any = auth(&json!({"any_valid_service_token": {}}));
    let said = |policies: &Value| {
        let map = map(&[app(policies)], &[], &[]);
        let uses = Lookup::new(&map).uses(&disabled(), context());
        uses.apps[0].message()
    };
    assert_eq!(
        said(&json!([auth(&token), allow])),
        "Policy P (Service Auth, 1st) names this token, but the token is disabled. If the app still \
         needs it, enable it."
    );
    assert_eq!(
        said(&json!([allow])),
        "Policy Q (Allow, 1st) names this token, but the token is disabled, and Allow admits no service \
         token anyway. If the app still needs it, enable it and name it in a policy with the action \
         Service Auth."
    );
    // The message is about the policy that would admit it, not the first that names it.
    assert_eq!(
        said(&json!([allow, any])),
        "Policy P (Service Auth, 1st) names any valid service token, but the token is disabled. If the \
         app still needs it, enable it."
    );
}

/// The message about one app of a token, by its policies, type and groups.
fn said_of(token: &ServiceToken, app: Value, groups: &[Value]) -> String {
    let map = map(&[app], &[], groups);
    let uses = Lookup::new(&map).uses(token, context());
    uses.apps[0].message()
}

fn with_action(decision: &str, include: &Value, require: &Value, exclude: &Value) -> Value {
    json!({"id": "p", "name": "P", "decision": decision, "include": include,
           "require": require, "exclude": exclude})
}

#[test]
fn a_message_names_the_token_or_group_that_is_required() {
    let (token, none) = (json!([{"service_token": {"token_id": ID}}]), json!([]));
    let other = json!([{"service_token": {"token_id": "another"}}]);
    let groups = [json!({"id": GROUP, "name": "Others", "include": other})];
    let cases = [
        (
            other.clone(),
            "but also requires another service token. Remove",
        ),
        (
            json!([{"group": {"id": GROUP}}]),
            "but also requires group Others, which does not admit this token. Remove",
        ),
    ];
    for (required, expected) in cases {
        let policy = with_action("non_identity", &token, &required, &none);
        assert_contains(
            &said_of(&active_token(), app(&json!([policy])), &groups),
            expected,
        );
    }
}

#[test]
fn a_client_id_in_place_of_an_id_is_located() {
    let (token, none) = (json!([{"service_token": {"token_id": ID}}]), json!([]));
    let misplaced = json!([{"service_token": {"token_id": CLIENT_ID}}]);
    let groups = [
        json!({"id": GROUP, "name": "Machines", "include": [{"group": {"id": INNER}}]}),
        json!({"id": INNER, "name": "CI", "include": misplaced}),
    ];
    let group = json!([{"group": {"id": GROUP}}]);
    let said = |include: &Value, exclude: &Value| {
        let policy = with_action("non_identity", include, &none, exclude);
        said_of(&active_token(), app(&json!([policy])), &groups)
    };
    let in_group =
        "Policy P (Service Auth, 1st) leads to group CI, which holds this token's client ID";
    assert_contains(&said(&group, &none), in_group);
    assert_contains(&said(&token, &group), in_group);
    // In an exclude rule, the ID would refuse the token.
    let excluded = said(&token, &misplaced);
    assert_contains(
        &excluded,
        "Policy P (Service Auth, 1st) holds this token's client ID",
    );
    assert!(
        excluded.ends_with("Put the ID there, or remove the rule."),
        "{excluded}"
    );
}

#[test]
fn advice_never_leads_to_another_refusal() {
    let (token, none) = (json!([{"service_token": {"token_id": ID}}]), json!([]));
    let people = json!([{"email_domain": {"domain": "example.com"}}]);
    let everyone = json!([{"everyone": {}}]);
    let mixed = json!([{"service_token": {"token_id": ID}}, people[0]]);
    let groups = [json!({"id": GROUP, "name": "Mixed", "include": mixed})];
    let group = json!([{"group": {"id": GROUP}}]);
    let own = "Name the token in a policy of its own, with the action Service Auth.";
    let by_name = "If it should get in, name it in a policy with the action Service Auth.";
    let cases = [
        // Another action would lock people out, or still not admit the token.
        (with_action("allow", &group, &none, &none), own),
        (with_action("allow", &token, &people, &none), own),
        (with_action("allow", &token, &none, &token), own),
        (with_action("non_identity", &people, &none, &token), by_name),
        (with_action("bypass", &people, &none, &token), by_name),
        (with_action("deny", &everyone, &none, &token), by_name),
    ];
    for (policy, advice) in cases {
        let said = said_of(&active_token(), app(&json!([policy])), &groups);
        assert!(said.ends_with(advice), "{policy}: {said}");
    }
    assert_contains(
        &said_of(
            &active_token(),
            app(&json!([with_action("deny", &everyone, &none, &token)])),
            &[],
        ),
        "only excludes this token, and no policy admits it",
    );
}

#[test]
fn advice_to_revive_a_token_includes_its_other_needs() {
    let (token, none) = (json!([{"service_token": {"token_id": ID}}]), json!([]));
    let people = json!([{"email_domain": {"domain": "example.com"}}]);
    let fails = with_action("non_identity", &token, &people, &none);
    let mut admits = with_action("non_identity", &token, &none, &none);
    admits["id"] = json!("q");
    admits["name"] = json!("Q");
    let said = |policies: Value| said_of(&disabled(), app(&policies), &[]);
    let also = "If the app still needs it, enable it and name it in a policy with the action Service Auth.";
    assert!(
        said(json!([fails])).ends_with(also),
        "{}",
        said(json!([fails]))
    );
    let bypass = with_action("bypass", &token, &none, &none);
    assert!(
        said(json!([bypass])).ends_with(also),
        "{}",
        said(json!([bypass]))
    );
    assert_eq!(
        said(json!([fails, admits])),
        "Policy Q (Service Auth, 2nd) names this token, but the token is disabled. If the app still needs \
         it, enable it."
    );
    let mut infrastructure = app(&json!([with_action("allow", &token, &none, &none)]));
    infrastructure["type"] = json!("infrastructure");
    let said = said_of(&disabled(), infrastructure, &[]);
    assert!(said.ends_with("Use a person's login there."), "{said}");
}

#[test]
fn a_token_of_unknown_status_is_not_promised_to_open() {
    let (token, none) = (json!([{"service_token": {"token_id": ID}}]), json!([]));
    let admits = app(&json!([with_action("non_identity", &token, &none, &none)]));
    let odd = token_with(&json!({"expires_at": "soon"}));
    assert_contains(
        &said_of(&odd, admits.clone(), &[]),
        "The API does not say whether the token is disabled or has expired.",
    );
    assert!(!said_of(&active_token(), admits, &[]).contains("does not say"));
}

#[test]
fn unread_policies_are_not_only_blamed_on_a_permission() {
    let unread = json!({"id": "a", "name": "A", "type": "self_hosted", "policies": [{"id": "p"}]});
    let said = said_of(&active_token(), unread, &[]);
    assert_contains(&said, "GET access/apps/a/policies");
    assert_contains(
        &said,
        "Try again; if they stay unread, check that the credential has the permission",
    );
}

#[test]
fn a_policy_without_rules_keeps_its_place_and_takes_rules_from_the_list() {
    let app = app(&json!([{"id": "p", "precedence": 7}]));
    let mut policy = auth(&json!({"service_token": {"token_id": ID}}));
    policy["reusable"] = json!(true);
    let uses = uses(&[app], &[policy], &[]);
    let policy = uses.apps[0].policy.as_ref().unwrap();
    assert_eq!((policy.name.as_str(), policy.precedence), ("P", Some(7)));
    assert_eq!((policy.reusable, policy.place), (Some(true), 1));
    assert_eq!(uses.references, []);
}

#[test]
fn counts_agree_however_they_are_taken() {
    let token = json!({"service_token": {"token_id": ID}});
    let any = json!({"any_valid_service_token": {}});
    let mut excluded = auth(&any);
    excluded["exclude"] = json!([token]);
    let mut apps = [
        app(&json!([auth(&any)])),
        app(&json!([excluded])),
        app(&json!([auth(&token)])),
        app(&json!([{"id": "q", "name": "Q", "decision": "allow", "include": [any]}])),
        app(&Value::Null),
        app(&json!([auth(&json!({"everyone": {}}))])),
    ];
    for (at, app) in apps.iter_mut().enumerate() {
        app["id"] = json!(format!("a{at}"));
    }
    let map = map(&apps, &[], &[]);
    let lookup = Lookup::new(&map);
    let other = token_with(&json!({"id": "other", "client_id": "other.access"}));
    let dead = token_with(&json!({"enabled": false}));
    for token in [active_token(), other, dead] {
        let all = lookup.uses(&token, context());
        let named = lookup.named_uses(&token, context());
        assert_eq!(all.counts, named.counts);
        assert_eq!(all.counts, lookup.counts(&token, context()));
        assert_eq!(all.deletable, named.deletable);
        assert_eq!(all.deletable_reasons, named.deletable_reasons);
        let listed: Vec<&AppAnswer> = all.apps.iter().filter(|it| it.is_named).collect();
        assert_eq!(listed, named.apps.iter().collect::<Vec<_>>());
    }
}

fn rule() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"service_token": {"token_id": ID}})),
        Just(json!({"service_token": {"token_id": CLIENT_ID}})),
        Just(json!({"service_token": {"token_id": "other"}})),
        Just(json!({"any_valid_service_token": {}})),
        Just(json!({"everyone": {}})),
        Just(json!({"ip": {}})),
        Just(json!({"email": {}})),
        Just(json!({"group": {"id": GROUP}})),
        Just(json!({"group": {"id": INNER}})),
        Just(json!({"group": {"id": "missing"}})),
        Just(json!({"moon_phase": {}})),
    ]
}

fn rules() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(rule(), 0..4)
}

fn policy() -> impl Strategy<Value = Value> {
    let decision = prop_oneof![
        Just("allow"),
        Just("deny"),
        Just("bypass"),
        Just("non_identity"),
        Just("new")
    ];
    (
        decision,
        rules(),
        rules(),
        rules(),
        prop::option::of(0_i64..4),
    )
        .prop_map(|(decision, include, require, exclude, precedence)| {
            json!({"id": "p", "name": "P", "decision": decision, "include": include,
                   "require": require, "exclude": exclude, "precedence": precedence})
        })
}

fn groups() -> impl Strategy<Value = Vec<Value>> {
    (rules(), rules(), rules()).prop_map(|(one, other, exclude)| {
        vec![
            json!({"id": GROUP, "include": one, "exclude": exclude}),
            json!({"id": INNER, "include": other}),
        ]
    })
}

proptest! {
    /// Verdict, message and conditions agree for all rules.
    #[test]
    fn an_answer_is_consistent(policies in prop::collection::vec(policy(), 1..4), groups in groups()) {
        let Some(found) = answer(&[app(&json!(policies))], &groups) else {
            return Ok(());
        };
        prop_assert_eq!(found.verdict == Verdict::Refused, found.reason.is_some());
        prop_assert_eq!(found.verdict == Verdict::Depends, !found.conditions.is_empty());
        let message = found.message();
        prop_assert!(message.contains("Policy P ("), "{}", message);
        prop_assert!(message.ends_with('.'), "{}", message);
        prop_assert!(!message.contains("not known:"), "{}", message);
        prop_assert_eq!(found.path[0].as_str(), "policy P");
    }

    /// If every policy has its own precedence, the order of the list does not matter.
    #[test]
    fn only_precedence_decides_the_order(
        mut policies in prop::collection::vec(policy(), 2..5), groups in groups(),
    ) {
        for (at, policy) in policies.iter_mut().enumerate() {
            policy["precedence"] = json!(at);
        }
        let decided = |policies: &[Value]| {
            let found = answer(&[app(&json!(policies))], &groups);
            found.map(|it| (it.verdict, it.message(), it.policy, it.path, it.conditions))
        };
        let listed = decided(&policies);
        policies.reverse();
        prop_assert_eq!(decided(&policies), listed);
    }

    /// Counting gives the same numbers as listing.
    #[test]
    fn counting_agrees_with_listing(
        policies in prop::collection::vec(policy(), 1..4), groups in groups(), is_dead in any::<bool>(),
    ) {
        let map = map(&[app(&json!(policies))], &[], &groups);
        let lookup = Lookup::new(&map);
        let token = token_with(&json!({"enabled": !is_dead}));
        let all = lookup.uses(&token, context());
        let named = lookup.named_uses(&token, context());
        prop_assert_eq!(all.counts, named.counts);
        prop_assert_eq!(all.deletable_reasons, named.deletable_reasons);
    }
}
