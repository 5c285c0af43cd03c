//! Whether an app opens for a token: the cases of the API's documentation, and properties of all
//! rules.

use proptest::prelude::*;
use serde_json::{Value, json};
use tokenscope::domain::access::uses::Lookup;
use tokenscope::domain::access::verdict::{Reason, Verdict};

use crate::support::access_map::{active_token, context, disabled, map};
use crate::support::tokens::{CLIENT_ID, ID};

const GROUP: &str = "22222222-bbbb-4bbb-8bbb-000000000001";
const INNER: &str = "22222222-bbbb-4bbb-8bbb-000000000002";

fn this_token() -> Value {
    json!({"service_token": {"token_id": ID}})
}

fn any_token() -> Value {
    json!({"any_valid_service_token": {}})
}

fn everyone() -> Value {
    json!({"everyone": {}})
}

fn address() -> Value {
    json!({"ip": {"ip": "192.0.2.0/24"}})
}

fn people() -> Value {
    json!({"email_domain": {"domain": "example.com"}})
}

fn group(id: &str) -> Value {
    json!({"group": {"id": id}})
}

fn policy(decision: &str, include: &[Value]) -> Value {
    json!({"id": "p", "name": "P", "decision": decision, "include": include})
}

fn with(mut policy: Value, section: &str, rules: &[Value]) -> Value {
    policy[section] = json!(rules);
    policy
}

/// The verdict for an app with these policies, and the policy that decided.
fn judge(kind: &str, policies: &[Value], groups: &[Value], is_dead: bool) -> Option<Judged> {
    let app = json!({"id": "a", "name": "A", "type": kind, "policies": policies});
    judge_app(&app, &[], groups, is_dead)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Judged {
    verdict: Verdict,
    reason: Option<Reason>,
    path: Vec<String>,
    conditions: Vec<String>,
    message: String,
}

fn judge_app(app: &Value, policies: &[Value], groups: &[Value], is_dead: bool) -> Option<Judged> {
    let map = map(std::slice::from_ref(app), policies, groups);
    let token = if is_dead { disabled() } else { active_token() };
    let uses = Lookup::new(&map).uses(&token, context());
    uses.apps.into_iter().next().map(|answer| Judged {
        verdict: answer.verdict,
        reason: answer.reason,
        path: answer.path.clone(),
        conditions: answer.conditions.clone(),
        message: answer.message(),
    })
}

fn verdict(policies: &[Value]) -> Option<(Verdict, Option<Reason>)> {
    judge("self_hosted", policies, &[machines()], false).map(|it| (it.verdict, it.reason))
}

/// A group that contains the token.
fn machines() -> Value {
    json!({"id": GROUP, "name": "Machines", "include": [this_token()]})
}

#[test]
fn each_step_of_the_documented_order_has_its_verdict() {
    let auth = |include: &[Value]| policy("non_identity", include);
    let refused = |reason| Some((Verdict::Refused, Some(reason)));
    let plain = |verdict| Some((verdict, None));
    let cases = [
        ("nothing is about it", vec![auth(&[people()])], None),
        (
            "everyone under Allow is about people",
            vec![policy("allow", &[everyone()])],
            None,
        ),
        (
            "it is named",
            vec![auth(&[this_token()])],
            plain(Verdict::Opens),
        ),
        (
            "any token",
            vec![auth(&[any_token()])],
            plain(Verdict::Opens),
        ),
        ("everyone", vec![auth(&[everyone()])], plain(Verdict::Opens)),
        (
            "only by a group",
            vec![auth(&[group(GROUP)])],
            plain(Verdict::OpensByGroup),
        ),
        (
            "by name beside a group",
            vec![auth(&[group(GROUP), this_token()])],
            plain(Verdict::Opens),
        ),
        (
            "an address is required",
            vec![with(auth(&[this_token()]), "require", &[address()])],
            plain(Verdict::Depends),
        ),
        (
            "an address is excluded",
            vec![with(auth(&[this_token()]), "exclude", &[address()])],
            plain(Verdict::Depends),
        ),
        (
            "a person is required",
            vec![with(auth(&[this_token()]), "require", &[people()])],
            refused(Reason::RuleFails),
        ),
        (
            "it is excluded from any token",
            vec![with(auth(&[any_token()]), "exclude", &[this_token()])],
            refused(Reason::RuleFails),
        ),
        (
            "only under Allow",
            vec![policy("allow", &[any_token()])],
            refused(Reason::WrongAction),
        ),
        (
            "blocked",
            vec![policy("deny", &[this_token()])],
            refused(Reason::Blocked),
        ),
        (
            "Block cannot stop what Service Auth admits",
            vec![policy("deny", &[this_token()]), auth(&[this_token()])],
            plain(Verdict::Opens),
        ),
        (
            "Bypass for all comes first",
            vec![policy("bypass", &[everyone()]), auth(&[this_token()])],
            plain(Verdict::OpenToAll),
        ),
        (
            "Bypass for all comes later",
            vec![auth(&[this_token()]), policy("bypass", &[everyone()])],
            plain(Verdict::Opens),
        ),
        (
            "a rule without a token",
            vec![auth(&[json!({"service_token": {}}), group(GROUP)])],
            plain(Verdict::OpensByGroup),
        ),
        (
            "the client ID in place of the ID",
            vec![auth(&[json!({"service_token": {"token_id": CLIENT_ID}})])],
            plain(Verdict::Depends),
        ),
        (
            "a rule of an unknown kind",
            vec![with(
                auth(&[this_token()]),
                "require",
                &[json!({"moon_phase": {}})],
            )],
            plain(Verdict::Depends),
        ),
        (
            "an unknown action",
            vec![policy("challenge", &[this_token()])],
            plain(Verdict::Depends),
        ),
        (
            "a group that is not there",
            vec![auth(&[group("33333333-bbbb-4bbb-8bbb-000000000009")])],
            plain(Verdict::Depends),
        ),
    ];
    for (case, policies, expected) in cases {
        assert_eq!(verdict(&policies), expected, "{case}");
    }
}

#[test]
fn precedence_orders_bypass_and_service_auth_unless_missing() {
    let placed = |mut policy: Value, place: i64| {
        policy["precedence"] = json!(place);
        policy
    };
    let bypass = || policy("bypass", &[everyone()]);
    let auth = || policy("non_identity", &[this_token()]);
    let later = [placed(bypass(), 5), placed(auth(), 1)];
    assert_eq!(verdict(&later).unwrap().0, Verdict::Opens);
    let partly = [bypass(), placed(auth(), 1)];
    assert_eq!(verdict(&partly).unwrap().0, Verdict::OpenToAll);
}

#[test]
fn the_type_of_an_app_decides_whether_service_auth_applies() {
    let named = [policy("non_identity", &[this_token()])];
    let of = |kind| judge(kind, &named, &[], false).map(|it| (it.verdict, it.reason));
    for kind in [
        "self_hosted",
        "ssh",
        "vnc",
        "rdp",
        "warp",
        "mcp",
        "mcp_portal",
    ] {
        assert_eq!(of(kind), Some((Verdict::Opens, None)), "{kind}");
    }
    for kind in [
        "saas",
        "bookmark",
        "app_launcher",
        "dash_sso",
        "biso",
        "new",
        "",
    ] {
        assert_eq!(of(kind), Some((Verdict::Unknown, None)), "{kind}");
    }
    let refused = Some((Verdict::Refused, Some(Reason::Infrastructure)));
    assert_eq!(of("infrastructure"), refused);
}

#[test]
fn a_disabled_or_expired_token_is_refused_wherever_it_is_named() {
    let named = [policy("non_identity", &[this_token()])];
    let judged = judge("self_hosted", &named, &[], true).unwrap();
    assert_eq!(judged.reason, Some(Reason::TokenDead));
    let unread = json!({"id": "a", "type": "self_hosted"});
    let judged = judge_app(&unread, &[], &[], true).unwrap();
    assert_eq!(judged.verdict, Verdict::Unknown);
}

#[test]
fn resolves_references_to_reusable_policies() {
    let reference = json!({"id": "a", "type": "self_hosted", "policies": [{"id": "p"}]});
    let known = policy("non_identity", &[this_token()]);
    let judged = judge_app(&reference, &[known], &[], false).unwrap();
    assert_eq!(judged.verdict, Verdict::Opens);
    let judged = judge_app(&reference, &[], &[], false).unwrap();
    assert_eq!(judged.verdict, Verdict::Unknown);
}

#[test]
fn the_path_leads_through_groups_and_cycles_end() {
    let groups = [
        json!({"id": GROUP, "name": "Machines", "include": [group(INNER)]}),
        json!({"id": INNER, "name": "CI", "include": [this_token(), group(GROUP)]}),
    ];
    let policy = [with(
        with(
            policy("non_identity", &[group(GROUP)]),
            "require",
            &[address()],
        ),
        "exclude",
        &[json!({"geo": {"country_code": "XX"}})],
    )];
    let judged = judge("self_hosted", &policy, &groups, false).unwrap();
    assert_eq!(judged.verdict, Verdict::Depends);
    assert_eq!(
        judged.path,
        ["policy P", "group Machines", "group CI", "this token"]
    );
    assert_eq!(
        judged.conditions,
        ["the caller's address", "the caller's country"]
    );
}

fn rule() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(this_token()),
        Just(any_token()),
        Just(everyone()),
        Just(address()),
        Just(people()),
        Just(group(GROUP)),
        Just(group(INNER)),
        Just(group("missing")),
        Just(json!({"service_token": {}})),
        Just(json!({"moon_phase": {}})),
    ]
}

fn rules() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(rule(), 0..4)
}

fn any_policy() -> impl Strategy<Value = Value> {
    let decision = prop_oneof![
        Just("allow"),
        Just("deny"),
        Just("bypass"),
        Just("non_identity")
    ];
    (decision, rules(), rules(), rules()).prop_map(|(decision, include, require, exclude)| {
        let policy = policy(decision, &include);
        with(with(policy, "require", &require), "exclude", &exclude)
    })
}

fn some_groups() -> impl Strategy<Value = Vec<Value>> {
    (rules(), rules(), rules()).prop_map(|(one, other, exclude)| {
        vec![
            json!({"id": GROUP, "include": one, "exclude": exclude}),
            json!({"id": INNER, "include": other}),
        ]
    })
}

fn opens(judged: Option<&Judged>) -> bool {
    judged.is_some_and(|it| matches!(it.verdict, Verdict::Opens | Verdict::OpensByGroup))
}

proptest! {
    /// A further condition never opens an app.
    #[test]
    fn a_further_require_or_exclude_rule_never_opens(
        include in rules(), require in rules(), exclude in rules(),
        extra in rule(), required in proptest::bool::ANY, groups in some_groups(),
    ) {
        let build = |require: &[Value], exclude: &[Value]| {
            let policy = policy("non_identity", &include);
            with(with(policy, "require", require), "exclude", exclude)
        };
        let before = judge("self_hosted", &[build(&require, &exclude)], &groups, false);
        let (mut require, mut exclude) = (require, exclude);
        if required { require.push(extra) } else { exclude.push(extra) }
        let after = judge("self_hosted", &[build(&require, &exclude)], &groups, false);
        prop_assert!(opens(before.as_ref()) || !opens(after.as_ref()), "{before:?} {after:?}");
    }

    /// A false include rule does not matter beside a true one.
    #[test]
    fn a_false_include_rule_changes_nothing(
        include in prop::collection::vec(rule(), 1..4), require in rules(), groups in some_groups(),
    ) {
        let build = |include: &[Value]| with(policy("non_identity", include), "require", &require);
        let before = judge("self_hosted", &[build(&include)], &groups, false);
        let mut more = include.clone();
        more.push(people());
        prop_assert_eq!(judge("self_hosted", &[build(&more)], &groups, false), before);
    }

    /// Policies of the second pass never change the verdict of an app that the first pass opens.
    #[test]
    fn allow_and_block_never_stop_service_auth(
        policies in prop::collection::vec(any_policy(), 1..4), groups in some_groups(),
    ) {
        let first: Vec<Value> = policies
            .iter()
            .filter(|it| it["decision"] != "allow" && it["decision"] != "deny")
            .cloned()
            .collect();
        let alone = judge("self_hosted", &first, &groups, false);
        let all = judge("self_hosted", &policies, &groups, false);
        if opens(alone.as_ref()) {
            prop_assert_eq!(alone.map(|it| it.verdict), all.map(|it| it.verdict));
        }
    }
}
