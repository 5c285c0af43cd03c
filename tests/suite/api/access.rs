//! Reading the objects that show who uses a token: complete, and with each part failing.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokenscope::api::Deadlines;
use tokenscope::credentials::{Environment, MemoryStore, StoreHandle};
use tokenscope::domain::access::map::{AccessMap, Part, PartAnswer, PartObjects, PartState};
use tokenscope::domain::access::objects::App;
use tokenscope::domain::credential::{Access, CredentialKind, CredentialSource, Identity};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, Tokens};
use tokenscope::domain::scope::Scope;
use tokenscope::service::TokenService;

use super::{api_token, deadlines, options};
use crate::support::access::{
    ALERTS, APPS, AccessApi, Answer, DEFAULT_PROFILE, DEVICE_PROFILES, DOH, GROUPS, HYPERDRIVE,
    ORGANIZATION, POLICIES, TOKENS, example,
};
use crate::support::api::{Fake, Reply, http};
use crate::support::assertions::assert_contains;
use crate::support::sessions::{account, zone};
use crate::support::tokens::{ACCOUNT, CANARY, ID, ZONE};

/// The parts and the paths they are read from.
const PATHS: [(Part, &str); 10] = [
    (Part::Tokens, TOKENS),
    (Part::Apps, APPS),
    (Part::Policies, POLICIES),
    (Part::Groups, GROUPS),
    (Part::Organization, ORGANIZATION),
    (Part::Doh, DOH),
    (Part::DeviceProfiles, DEVICE_PROFILES),
    (Part::DeviceProfiles, DEFAULT_PROFILE),
    (Part::Hyperdrive, HYPERDRIVE),
    (Part::Alerts, ALERTS),
];

/// The paths of paginated lists.
const PAGED: [&str; 5] = [TOKENS, APPS, POLICIES, GROUPS, HYPERDRIVE];

/// What one read reported.
struct Run {
    answers: Vec<PartAnswer>,
    tokens: Fetched<Tokens>,
}

impl Run {
    /// The last answer for a part.
    #[track_caller]
    fn part(&self, part: Part) -> &PartAnswer {
        let mut latest = self.answers.iter().rev();
        latest.find(|answer| answer.part == part).unwrap()
    }

    fn apps(&self) -> &[App] {
        match &self.part(Part::Apps).objects {
            PartObjects::Apps(apps) => apps,
            other => panic!("{other:?}"),
        }
    }

    /// The state of each part, as its code.
    fn states(&self) -> BTreeMap<Part, &'static str> {
        let states = self.answers.iter();
        states
            .map(|answer| (answer.part, answer.state.code()))
            .collect()
    }
}

#[track_caller]
fn failure(answer: &PartAnswer) -> &Failure {
    match &answer.state {
        PartState::Partly(failure) | PartState::Failed(failure) => failure,
        state => panic!("{state:?}"),
    }
}

fn service(url: &str, deadlines: Deadlines) -> TokenService {
    let store = StoreHandle::start(|_| Box::new(MemoryStore::default()));
    let service = TokenService::new(options(url), store, Environment::default(), None, deadlines);
    service.hold(api_token());
    service
}

fn access(scope: Scope) -> Access {
    Access {
        identity: Identity {
            source: CredentialSource::Session,
            kind: CredentialKind::ApiToken,
        },
        scope,
    }
}

async fn read_in(scope: Scope, api: &Fake, deadlines: Deadlines) -> Run {
    let mut answers = Vec::new();
    let service = service(&api.url(), deadlines);
    let access = access(scope);
    let mut on_part = |answer| answers.push(answer);
    let reading = service.read_access(&access, None, &Part::ALL, || {}, &mut on_part);
    let tokens = reading.await.unwrap();
    Run { answers, tokens }
}

async fn read(api: AccessApi) -> Run {
    read_in(account(), &api.start(), deadlines(20)).await
}

/// The paths and queries of all requests, in order.
fn targets(api: &Fake) -> Vec<String> {
    let targets = api.heads().into_iter().map(|head| {
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let scope = target.split('/').nth(2).unwrap().to_owned();
        target
            .split_once(&format!("{scope}/"))
            .unwrap()
            .1
            .to_owned()
    });
    let mut targets: Vec<String> = targets.collect();
    targets.sort();
    targets
}

#[tokio::test]
async fn reads_every_part_with_as_few_requests_as_possible() {
    let api = AccessApi::example().start();
    let run = read_in(account(), &api, deadlines(20)).await;
    let counts: Vec<(Part, &str, usize)> = Part::ALL
        .iter()
        .map(|part| (*part, run.part(*part).state.code(), run.part(*part).count))
        .collect();
    let expected = [5, 4, 2, 2, 1, 1, 2, 1, 1];
    let expected: Vec<_> = Part::ALL.into_iter().zip(expected).collect();
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(part, count)| (part, "read", count))
        .collect();
    assert_eq!(counts, expected);
    assert_eq!(run.answers.len(), Part::ALL.len(), "each is reported once");
    assert_eq!(run.tokens.value.len(), 5);
    assert!(run.tokens.clock.offset().is_some());
    let page = "?page=1&per_page=1000";
    let mut expected = vec![
        ALERTS.to_owned(),
        DEFAULT_PROFILE.to_owned(),
        DEVICE_PROFILES.to_owned(),
        DOH.to_owned(),
        ORGANIZATION.to_owned(),
        format!("{HYPERDRIVE}?page=1&per_page=100"),
    ];
    expected.extend([APPS, GROUPS, POLICIES, TOKENS].map(|path| format!("{path}{page}")));
    expected.sort();
    assert_eq!(targets(&api), expected);
}

#[tokio::test]
async fn reads_only_the_parts_that_exist_in_a_zone() {
    let api = AccessApi::example().in_zone(ZONE).start();
    let run = read_in(zone(), &api, deadlines(20)).await;
    for part in Part::ALL {
        let expected = match part {
            Part::Tokens | Part::Apps | Part::Groups | Part::Organization => "read",
            _ => "not_asked",
        };
        // Reusable policies belong to the account, so a zone's app is asked for the policy it
        // refers to.
        let expected = if part == Part::Apps {
            "partly"
        } else {
            expected
        };
        assert_eq!(run.part(part).state.code(), expected, "{part:?}");
    }
    let warp = "access/apps/f174e90a-0004-4643-bbbc-4a0ed4fc8415/policies?page=1&per_page=1000";
    assert!(targets(&api).contains(&warp.to_owned()));
    assert_eq!(api.heads().len(), 5);
}

#[tokio::test]
async fn reads_two_hundred_apps_with_ten_requests() {
    let named = |count: usize, more: Value| {
        let named = move |number: usize| {
            let mut object = json!({"id": format!("{number:08}-2222-4333-8444-555555555555")});
            let members = object.as_object_mut().unwrap();
            members.extend(more.as_object().unwrap().clone());
            object
        };
        Answer::list((0..count).map(named))
    };
    let api = AccessApi::example()
        .with(
            APPS,
            named(
                200,
                json!({"policies": [{"id": "00000007-2222-4333-8444-555555555555"}]}),
            ),
        )
        .with(POLICIES, named(100, json!({"include": []})))
        .with(GROUPS, named(50, json!({"include": []})))
        .start();
    let run = read_in(account(), &api, deadlines(20)).await;
    assert!(run.states().values().all(|state| *state == "read"));
    assert_eq!(
        [Part::Apps, Part::Policies, Part::Groups].map(|part| run.part(part).count),
        [200, 100, 50]
    );
    assert_eq!(api.heads().len(), 10);
}

#[tokio::test]
async fn reads_all_pages_of_policies_and_hyperdrive() {
    let many = |count: usize| {
        Answer::list((0..count).map(|id| json!({"id": id.to_string(), "include": []})))
    };
    let api = AccessApi::example()
        .with(POLICIES, many(2_500))
        .with(HYPERDRIVE, many(250))
        .start();
    let run = read_in(account(), &api, deadlines(20)).await;
    assert_eq!(run.part(Part::Policies).count, 2_500);
    assert_eq!(run.part(Part::Hyperdrive).count, 250);
    // The list lacks the policy of one app, so that app is asked.
    assert_eq!(api.heads().len(), 10 + 2 + 2 + 1);
}

/// Failed answers, each with the expected state and kind.
fn faults() -> [(Answer, &'static str, FailureKind); 6] {
    let contextual = r#"{"success":false,"errors":[{"code":10000,"message":"Forbidden","documentation_url":"https://developers.cloudflare.com/api/resources/x"}],"messages":[],"result":null}"#;
    [
        (Answer::failing(403), "refused", FailureKind::Permission),
        (
            Answer::bytes(http(403, &[], contextual)),
            "refused",
            FailureKind::Permission,
        ),
        (Answer::failing(404), "failed", FailureKind::Rejected),
        (Answer::failing(500), "failed", FailureKind::Server),
        (Answer::silence(), "failed", FailureKind::Timeout),
        (Answer::malformed(), "failed", FailureKind::InvalidResponse),
    ]
}

async fn fails_only(path: &str, part: Part, answer: Answer, state: &str, kind: FailureKind) {
    let api = AccessApi::example().with(path, answer).start();
    let run = read_in(account(), &api, deadlines(6)).await;
    let context = format!("{path} {state} {kind:?}");
    for (other, found) in run.states() {
        let is_unresolved = other == Part::Apps && part == Part::Policies;
        let expected = match (other, path) {
            _ if other == part && path == DOH && kind == FailureKind::Rejected => "read",
            (Part::DeviceProfiles, DEVICE_PROFILES | DEFAULT_PROFILE) => "partly",
            _ if other == part => state,
            // One app refers to a reusable policy, and its own list answers 404.
            _ if is_unresolved => "partly",
            _ => "read",
        };
        assert_eq!(found, expected, "{context}: {other:?}");
    }
    let answer = run.part(part);
    if answer.state == PartState::Read {
        assert_eq!(
            (answer.count, &answer.objects),
            (0, &PartObjects::Doh(None))
        );
        return;
    }
    let failure = failure(answer);
    assert_eq!(failure.kind, kind, "{context}: {failure:?}");
    assert!(failure.details.request.is_some(), "{context}");
    match part.permission() {
        Some(permission) if kind == FailureKind::Permission => {
            assert_contains(&failure.hint.text, permission);
        }
        _ => {}
    }
    if part != Part::DeviceProfiles {
        assert_eq!((answer.count, &answer.objects), (0, &PartObjects::Nothing));
    }
}

#[tokio::test]
async fn a_failing_part_does_not_stop_the_others() {
    let mut reads = Vec::new();
    for (part, path) in PATHS {
        for (answer, state, kind) in faults() {
            reads.push(fails_only(path, part, answer, state, kind));
        }
    }
    futures_util::future::join_all(reads).await;
}

#[tokio::test]
async fn failure_details_include_the_documentation_url() {
    let [_, (contextual, ..), ..] = faults();
    let run = read(AccessApi::example().with(HYPERDRIVE, contextual)).await;
    let failure = failure(run.part(Part::Hyperdrive));
    let said = failure.said().join("\n");
    assert_contains(&said, "https://developers.cloudflare.com/api/resources/x");
    assert_contains(&failure.summary, "Hyperdrive configurations");
}

#[tokio::test]
async fn a_list_that_breaks_off_is_partly_read() {
    for path in PAGED {
        let part = PATHS.iter().find(|(_, other)| *other == path).unwrap().0;
        let first = Answer::paged([json!({"id": "1", "include": []}), json!({"id": "2"})], 1);
        let api = AccessApi::example().with(path, first.then(Answer::failing(501)));
        let run = read(api).await;
        let answer = run.part(part);
        assert_eq!((answer.state.code(), answer.count), ("partly", 1), "{path}");
        let failure = failure(answer);
        assert_eq!(failure.kind, FailureKind::Server);
        assert!(failure.summary.contains("page 2"), "{}", failure.summary);
    }
}

#[tokio::test]
async fn malformed_entries_make_a_part_incomplete() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    for (part, path) in PATHS {
        if matches!(path, ORGANIZATION | DOH | DEFAULT_PROFILE) {
            continue;
        }
        let good = example(path, 0).to_string();
        for bad in [
            "5",
            r#""text""#,
            "[]",
            "null",
            &format!(r#"{{"id":"x","alert_type":"x","deep":{deep}}}"#),
        ] {
            if path == TOKENS && bad.starts_with('{') {
                continue;
            }
            let run =
                read(AccessApi::example().with(path, Answer::list([good.clone(), bad.to_owned()])))
                    .await;
            assert_eq!(run.part(part).state.code(), "partly", "{path} {bad:.80}");
        }
        // Entries without an ID cannot be told apart.
        if matches!(path, APPS | POLICIES | GROUPS | HYPERDRIVE) {
            let run =
                read(AccessApi::example().with(path, Answer::list([good, "{}".to_owned()]))).await;
            assert_eq!(run.part(part).state.code(), "partly", "{path}");
        }
    }
}

#[tokio::test]
async fn null_and_empty_results_are_judged_by_part() {
    for (part, path) in PATHS {
        for (answer, is_list) in [
            (Answer::null(), false),
            (Answer::empty(), true),
            (Answer::object(&"{}"), false),
            (Answer::object(&"\"\""), false),
        ] {
            let is_object = matches!(&answer, Answer::Body(body) if body.contains("\"result\":{}"));
            let is_null = matches!(&answer, Answer::Body(body) if body.contains("\"result\":null"));
            let run = read(AccessApi::example().with(path, answer)).await;
            let expected = match path {
                DOH => ("read", 0),
                DEFAULT_PROFILE => ("read", 1),
                ORGANIZATION if is_object => ("read", 1),
                ORGANIZATION => ("failed", 0),
                DEVICE_PROFILES if is_null || is_list => ("read", 1),
                DEVICE_PROFILES => ("partly", 1),
                _ if is_null || is_list => ("read", 0),
                _ => ("failed", 0),
            };
            let answer = run.part(part);
            assert_eq!(
                (answer.state.code(), answer.count),
                expected,
                "{path} {is_null} {is_list} {is_object}"
            );
        }
    }
}

#[tokio::test]
async fn settings_of_dns_over_https_name_a_token_no_token_or_fail() {
    for (settings, expected) in [
        (
            json!({"id": ID.to_uppercase(), "doh_jwt_duration": "24h"}),
            ("read", 1),
        ),
        (json!({"client_id": "88BF.access"}), ("read", 1)),
        (json!({"doh_jwt_duration": "24h", "id": null}), ("read", 0)),
        (json!({"name": "CI/CD token"}), ("failed", 0)),
        (json!({"id": 5}), ("failed", 0)),
        (json!([{"id": ID}]), ("failed", 0)),
    ] {
        let run = read(AccessApi::example().with(DOH, Answer::object(&settings))).await;
        let answer = run.part(Part::Doh);
        assert_eq!((answer.state.code(), answer.count), expected, "{settings}");
    }
}

#[tokio::test]
async fn an_unpaginated_endpoint_that_announces_more_is_partly_read() {
    let body = r#"{"success":true,"result":[{"alert_type":"x"}],"result_info":{"page":1,"per_page":1,"total_count":2}}"#;
    let api = AccessApi::example()
        .with(ALERTS, Answer::bytes(http(200, &[], body)))
        .start();
    let run = read_in(account(), &api, deadlines(20)).await;
    assert_eq!(run.part(Part::Alerts).state.code(), "partly");
    assert_eq!(api.heads().len(), 10, "no second page is asked for");
}

const APP: &str = "f174e90a-0004-4643-bbbc-4a0ed4fc8415";

fn own_policies(app: &str) -> String {
    format!("{APPS}/{app}/policies")
}

#[tokio::test]
async fn policies_without_rules_are_read_from_their_app() {
    let policy = example(POLICIES, 0);
    let api = AccessApi::example()
        .with(POLICIES, Answer::failing(403))
        .with(&own_policies(APP), Answer::list([&policy]))
        .start();
    let run = read_in(account(), &api, deadlines(20)).await;
    assert_eq!(run.part(Part::Apps).state.code(), "read");
    let handed: Vec<_> = run
        .answers
        .iter()
        .filter(|it| it.part == Part::Apps)
        .collect();
    assert_eq!(handed.len(), 2, "the apps come again");
    let policies = run.apps()[3].policies.as_ref().unwrap();
    assert_eq!(policies.len(), 1);
    assert!(policies[0].rules.is_some());
    assert_eq!(policies[0].name, "CI only");
    assert_eq!(api.heads().len(), 11);
}

#[tokio::test]
async fn reports_app_policies_that_could_not_be_read() {
    let policy = example(POLICIES, 0);
    let without = |policies: Option<Value>| {
        let mut app = example(APPS, 3);
        match policies {
            Some(policies) => app["policies"] = policies,
            None => drop(app.as_object_mut().unwrap().remove("policies")),
        }
        app
    };
    let reference = || Some(json!([{"id": "unread"}]));
    for (app, answer, is_read) in [
        (without(reference()), Answer::failing(403), false),
        (without(reference()), Answer::failing(404), false),
        (without(reference()), Answer::failing(500), false),
        (without(reference()), Answer::malformed(), false),
        (without(reference()), Answer::list([&policy]), false),
        (
            without(reference()),
            Answer::list([json!({"id": "unread"})]),
            false,
        ),
        (
            without(reference()),
            Answer::list([json!({"id": "unread", "include": []})]),
            true,
        ),
        (without(None), Answer::empty(), false),
        (without(None), Answer::list([&policy]), true),
        (without(None), Answer::list([&policy, &json!(5)]), false),
        (without(Some(json!([5]))), Answer::list([&policy]), true),
        (without(Some(json!([]))), Answer::failing(500), true),
    ] {
        let api = AccessApi::example()
            .with(APPS, Answer::list([&app]))
            .with(&own_policies(APP), answer);
        let run = read(api).await;
        let answer = run.part(Part::Apps);
        let context = format!("{app} {answer:?}");
        assert_eq!(answer.state.is_read(), is_read, "{context}");
        if !is_read {
            let failure = failure(answer);
            assert!(
                failure.summary.contains("the policies of 1 of 1 app"),
                "{context}"
            );
        }
        let mut others = run
            .states()
            .into_iter()
            .filter(|(part, _)| *part != Part::Apps);
        assert!(others.all(|(_, state)| state == "read"), "{context}");
    }
}

#[tokio::test]
async fn reports_both_malformed_entries_and_unread_policies_of_a_list() {
    let unread = json!({"id": APP, "policies": [{"id": "unread"}]});
    let api = AccessApi::example().with(APPS, Answer::list([unread, json!(5)]));
    let run = read(api).await;
    let mut map = AccessMap::new(account());
    for answer in run.answers {
        map.take(answer);
    }
    let reasons = map.incomplete_reasons();
    let of_apps: Vec<&String> = reasons.iter().filter(|it| it.contains("apps:")).collect();
    assert_eq!(of_apps.len(), 1, "{reasons:?}");
    for part in ["1 entry of page 1", "the policies of 1 of 1 app"] {
        assert!(of_apps[0].contains(part), "{reasons:?}");
    }
    assert!(
        !reasons.iter().any(|it| it.starts_with("the policies")),
        "{reasons:?}"
    );
}

#[tokio::test]
async fn asks_at_most_fifty_apps_for_their_policies() {
    let app = |number: usize| json!({"id": format!("app-{number}"), "policies": [{"id": "p"}]});
    let mut api = AccessApi::example().with(APPS, Answer::list((0..60).map(app)));
    for number in 0..60 {
        let policy = json!({"id": "p", "include": [{"everyone": {}}]});
        api = api.with(
            &own_policies(&format!("app-{number}")),
            Answer::list([policy]),
        );
    }
    let api = api.start();
    let run = read_in(account(), &api, deadlines(20)).await;
    assert_eq!(api.heads().len(), 10 + 50);
    let failure = failure(run.part(Part::Apps));
    assert_contains(&failure.summary, "the policies of 10 of 60 apps");
    assert_contains(&failure.summary, "at most 50 apps a run are asked");
    let read = run.apps().iter().filter(|app| {
        let policies = app.policies.as_ref().unwrap();
        policies[0].rules.is_some()
    });
    assert_eq!(read.count(), 50);
}

#[tokio::test]
async fn ids_that_do_not_fit_a_path_are_not_requested() {
    let ids = ["..", "a/b", "a?b", "a b", "é"];
    let apps = ids.map(|id| json!({"id": id, "policies": [{"id": "p"}]}));
    let api = AccessApi::example().with(APPS, Answer::list(apps)).start();
    let run = read_in(account(), &api, deadlines(20)).await;
    assert_eq!(run.part(Part::Apps).state.code(), "partly");
    assert_eq!(api.heads().len(), 10);
}

#[tokio::test]
async fn runs_at_most_four_requests_at_once() {
    struct Running {
        now: usize,
        most: usize,
        ever: usize,
    }
    let running = Arc::new((
        Mutex::new(Running {
            now: 0,
            most: 0,
            ever: 0,
        }),
        Condvar::new(),
    ));
    let mut api = AccessApi::example();
    for (_, path) in PATHS {
        let running = Arc::clone(&running);
        api = api.with(
            path,
            Answer::custom(move |_| {
                let (state, changed) = &*running;
                let mut state = state.lock().unwrap();
                state.now += 1;
                state.ever += 1;
                state.most = state.most.max(state.now);
                changed.notify_all();
                // The first four meet at the barrier; a fifth would join them.
                let all_met = |state: &mut Running| state.ever < 4;
                let (mut state, _) = changed
                    .wait_timeout_while(state, Duration::from_secs(10), all_met)
                    .unwrap();
                state.now -= 1;
                Reply::Bytes(http(403, &[], ""))
            }),
        );
    }
    read(api).await;
    assert_eq!(running.0.lock().unwrap().most, 4);
}

#[tokio::test]
async fn a_rate_limit_pauses_every_part() {
    let answer = || Answer::bytes(http(429, &[("retry-after", "60")], "{}"));
    let mut api = AccessApi::example();
    for (_, path) in PATHS {
        api = api.with(path, answer());
    }
    let api = api.start();
    let run = read_in(account(), &api, deadlines(20)).await;
    for answer in &run.answers {
        let failure = failure(answer);
        assert_eq!(failure.kind, FailureKind::RateLimited);
        assert!(failure.retry_after.is_some());
    }
    assert!(api.heads().len() <= 4, "nothing is sent into the pause");
}

#[tokio::test]
async fn dropping_the_read_closes_its_connections() {
    use tokio::io::AsyncReadExt as _;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reading = tokio::spawn(async move {
        let service = service(&url, deadlines(60));
        let access = access(account());
        let mut on_part = |answer| panic!("{answer:?}");
        let reading = service.read_access(&access, None, &Part::ALL, || {}, &mut on_part);
        reading.await.unwrap();
    });
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(listener.accept().await.unwrap().0);
    }
    reading.abort();
    for mut stream in streams {
        let mut request = Vec::new();
        stream.read_to_end(&mut request).await.unwrap();
    }
}

#[tokio::test]
async fn secrets_in_objects_are_not_kept() {
    let mut app = example(APPS, 0);
    app["scim_config"] = json!({"authentication": [{
        "scheme": "access_service_token", "client_id": "88bf.access", "client_secret": CANARY,
        "token": CANARY, "password": CANARY, "Other_Secret_Key": {"a": [CANARY]},
    }]});
    app["name"] = json!("Deploy hook");
    let run = read(AccessApi::example().with(APPS, Answer::list([&app]))).await;
    assert_eq!(run.apps()[0].scim_clients, ["88bf.access"]);
    assert!(!format!("{:?}", run.answers).contains(CANARY));
    // A response that breaks off is not quoted.
    for end in [
        r#""client_secret":"canary0123456789"#,
        r#""client_secret":"canary0123456789","x":"#,
    ] {
        let body = format!(
            r#"{{"success":true,"result":[{{"id":"1","scim_config":{{"authentication":{{{end}"#
        );
        let run = read(AccessApi::example().with(APPS, Answer::bytes(http(200, &[], body)))).await;
        assert_eq!(run.part(Part::Apps).state.code(), "failed");
        assert!(!format!("{:?}", run.answers).contains(CANARY));
    }
}

#[tokio::test]
async fn sends_nothing_without_a_credential() {
    let api = AccessApi::example().start();
    let store = StoreHandle::start(|_| Box::new(MemoryStore::default()));
    let service = TokenService::new(
        options(&api.url()),
        store,
        Environment::default(),
        None,
        deadlines(5),
    );
    let access = access(account());
    let mut on_part = |answer| panic!("{answer:?}");
    let read = service.read_access(&access, None, &Part::ALL, || {}, &mut on_part);
    assert_eq!(read.await.unwrap_err().kind, FailureKind::NoCredential);
    assert!(api.heads().is_empty());
    assert!(!api.url().contains(ACCOUNT));
}
