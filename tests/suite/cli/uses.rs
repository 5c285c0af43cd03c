//! `uses`: the documentation's example, the same with unreadable parts, and filters.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::process::Output;

use serde_json::{Value, json};
use tokenscope::domain::access::uses::SECRET_PLACES;

use super::schema::assert_fits;
use crate::support::access::{
    ALERTS, APPS, AccessApi, Answer, DATABASE_TOKEN, DEVICE_PROFILES, DOH, EXPIRED_TOKEN, GROUPS,
    HYPERDRIVE, ORGANIZATION, POLICIES, TOKENS, UNNAMED_TOKEN, example,
};
use crate::support::api::Fake;
use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::binary::{text, without_the_clock};
use crate::support::tokens::{ACCOUNT, CANARY, CLIENT_ID, ID, ZONE};

fn run(api: &Fake, arguments: &[&str]) -> Output {
    let mut line = vec!["uses"];
    line.extend(arguments);
    let mut command = api.command(&line);
    command.env("LANG", "C.UTF-8").output().unwrap()
}

/// The JSON report, which must fit its schema, and the exit code.
fn report(api: &Fake, arguments: &[&str]) -> (Value, i32) {
    let mut line = arguments.to_vec();
    line.extend(["-o", "json"]);
    let output = run(api, &line);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_fits("uses", &report);
    (report, output.status.code().unwrap())
}

fn failure(api: &Fake, arguments: &[&str]) -> (Value, i32) {
    let mut line = arguments.to_vec();
    line.extend(["-o", "json"]);
    let output = run(api, &line);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_fits("error", &report);
    (report["error"].clone(), output.status.code().unwrap())
}

/// A token's entry by its ID.
fn of<'r>(report: &'r Value, id: &str) -> &'r Value {
    let tokens = report["tokens"].as_array().unwrap();
    let found = tokens.iter().find(|entry| entry["token"]["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {report:#}"))
}

/// The verdict and its reason, by name of the app.
fn verdicts(entry: &Value) -> BTreeMap<&str, (&str, Option<&str>)> {
    let apps = entry["apps"].as_array().unwrap().iter();
    let apps = apps.map(|app| {
        let name = app["name"].as_str().unwrap();
        (
            name,
            (app["verdict"].as_str().unwrap(), app["reason"].as_str()),
        )
    });
    apps.collect()
}

fn kinds(entry: &Value) -> Vec<&str> {
    let references = entry["references"].as_array().unwrap().iter();
    references.map(|it| it["kind"].as_str().unwrap()).collect()
}

fn ids(report: &Value) -> Vec<&str> {
    let tokens = report["tokens"].as_array().unwrap().iter();
    tokens
        .map(|it| it["token"]["id"].as_str().unwrap())
        .collect()
}

fn part<'r>(report: &'r Value, part: &str) -> &'r Value {
    let read = report["read"].as_array().unwrap();
    read.iter().find(|it| it["part"] == part).unwrap()
}

/// The example without its hidden app.
fn whole() -> AccessApi {
    let mut shared = example(POLICIES, 0);
    shared["app_count"] = json!(2);
    AccessApi::example().with(POLICIES, Answer::list([shared, example(POLICIES, 1)]))
}

#[test]
fn the_example_has_the_documented_verdicts() {
    let api = AccessApi::example().start();
    let (report, code) = report(&api, &[ID]);
    assert_eq!(code, 1, "an app is hidden");
    assert_eq!(report["complete"], false);
    assert_contains(&report["incomplete_reasons"][0].to_string(), "hidden");
    let entry = of(&report, ID);
    let expected = [
        ("Deploy hook", ("opens", None)),
        ("Internal API", ("depends", None)),
        ("Metrics", ("refused", Some("wrong_action"))),
        ("Warp enrolment", ("opens", None)),
    ];
    assert_eq!(verdicts(entry), BTreeMap::from(expected));
    assert_eq!(entry["apps"][0]["name"], "Metrics", "the worst first");
    assert_eq!(
        kinds(entry),
        ["policy", "group", "scim", "doh", "device_profile"]
    );
    assert_eq!(
        entry["counts"],
        json!({"opens": 2, "depends": 1, "refused": 1, "unknown": 0})
    );
    assert_eq!(
        (&entry["deletable"], &entry["told"]),
        (&json!("no"), &json!("yes"))
    );
    let reasons = entry["deletable_reasons"].as_array().unwrap();
    let last = reasons.last().unwrap().as_str();
    assert_eq!(last, Some(SECRET_PLACES), "{reasons:?}");
    assert_eq!(entry["told_who"], json!(["ops@example.com"]));
    assert_eq!(entry["cleanup_at"], Value::Null, "a policy names it itself");
    assert_eq!(
        report["organization"],
        json!({"strict_service_token_auth": false, "inactivity": {"action": "disable", "days": 90}})
    );
    assert_eq!(report["any_token_apps"], Value::Null);
    assert_eq!(part(&report, "apps")["count"], 4);
    assert_eq!(part(&report, "tokens")["state"], "not_asked");
}

#[test]
fn a_verdict_has_its_policy_path_and_conditions() {
    let api = AccessApi::example().start();
    let (report, _) = report(&api, &[ID]);
    let apps = of(&report, ID)["apps"].as_array().unwrap();
    let app = |name: &str| apps.iter().find(|app| app["name"] == name).unwrap();
    let internal = app("Internal API");
    assert_eq!(
        internal["policy"],
        json!({"id": "11111111-aaaa-4aaa-8aaa-000000000003", "name": "Machines from the office",
               "decision": "non_identity", "precedence": 2, "reusable": true})
    );
    assert_eq!(
        internal["path"],
        json!([
            "policy Machines from the office",
            "group Machines",
            "group CI",
            "this token"
        ])
    );
    let conditions = internal["conditions"].to_string();
    assert_contains(&conditions, "address");
    assert_contains(&conditions, "country");
    assert_eq!(internal["address"], "api.example.com");
    assert_contains(
        app("Warp enrolment")["message"].as_str().unwrap(),
        "enrol devices",
    );
    assert_contains(app("Metrics")["message"].as_str().unwrap(), "Service Auth");
    assert_eq!(app("Metrics")["any_token"], true);
    assert_eq!(app("Metrics")["address"], "metrics.example.com");
}

#[test]
fn every_form_of_a_token_finds_it_and_keeps_its_bytes() {
    let api = AccessApi::example().start();
    let url = format!(
        "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/access/service_tokens/{ID}"
    );
    let bytes = example(TOKENS, 0);
    for form in [ID, &ID.replace('-', ""), CLIENT_ID, "CI/CD token", &url] {
        let (report, code) = report(&api, &[form]);
        assert_eq!((ids(&report), code), (vec![ID], 1), "{form}");
        assert_eq!(report["tokens"][0]["token"], bytes);
    }
    let odd = r#"{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","n":1.50,  "name":"a\u00e9"}"#;
    let api = whole().with(TOKENS, Answer::list([odd])).start();
    for line in [&[ID][..], &[]] {
        let line = [line, &["-o", "json"]].concat();
        let printed = text(&run(&api, &line).stdout);
        assert_contains(&printed, &format!(r#""tokens":[{{"token":{odd},"status":"#));
    }
}

#[test]
fn lists_the_most_urgent_first_and_any_token_apps_once() {
    let api = whole().start();
    let (report, code) = report(&api, &[]);
    assert_eq!((code, &report["complete"]), (0, &json!(true)));
    assert_eq!(ids(&report)[..2], [DATABASE_TOKEN, ID], "the soonest first");
    let any: Vec<&str> = report["any_token_apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["name"].as_str().unwrap())
        .collect();
    assert_eq!(any, ["Metrics"]);
    let entry = of(&report, ID);
    let named: Vec<&str> = verdicts(entry).into_keys().collect();
    assert_eq!(named, ["Deploy hook", "Internal API", "Warp enrolment"]);
    assert_eq!(entry["counts"]["refused"], 1, "counted all the same");
    let unnamed = of(&report, UNNAMED_TOKEN);
    assert_eq!(unnamed["apps"], json!([]));
    assert_eq!(unnamed["counts"]["refused"], 1);
    assert_eq!(unnamed["deletable"], "yes");
    assert_eq!(kinds(of(&report, DATABASE_TOKEN)), ["hyperdrive"]);
    assert_eq!(of(&report, DATABASE_TOKEN)["deletable"], "no");
    assert_eq!(part(&report, "tokens")["count"], 5);
}

#[test]
fn the_list_has_a_row_for_each_token_and_one_token_a_page() {
    let api = whole().start();
    let table = text(&run(&api, &[]).stdout);
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split('\t').collect()).collect();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.len() == 9), "{table}");
    let row = |id: &str| rows.iter().find(|row| row[8] == id).unwrap().join("|");
    assert_eq!(
        row(ID),
        format!(
            "CI/CD token|active|2|1|1|3 apps, 1 policy, 1 group, SCIM, DoH, 1 device profile|no|yes|{ID}"
        )
    );
    assert_eq!(
        row(UNNAMED_TOKEN),
        format!("old-crawler|active|0|0|1||yes|yes|{UNNAMED_TOKEN}")
    );
    let output = run(&api, &[ID]);
    let page = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for line in [
        "Status\tactive\n",
        "Delete?\tno: ",
        "Told\tops@example.com, 7 days before\n",
        "Clean-up\tspared",
        "Strict mode\toff\n",
        "App\trefused\tmetrics.example.com\tMetrics\t",
        "App\topens\tdeploy.example.com/hooks\tDeploy hook\t",
        "Place\tgroup\tCI\t",
        "Place\tscim\t",
    ] {
        assert_contains(&page, line);
    }
}

#[test]
fn unread_parts_are_not_counted() {
    let api = AccessApi::example()
        .with(GROUPS, Answer::failing(403))
        .with(POLICIES, Answer::failing(500));
    let page = text(&run(&api.start(), &[ID]).stdout);
    assert_contains(&page, "Read\t4 apps visible to this credential\n");
    assert_contains(&page, "reusable policies: failed");
    assert_contains(&page, "groups: refused");
}

#[test]
fn filters_unreferenced_tokens_and_tokens_of_an_app() {
    let api = whole().start();
    let found = |arguments: &[&str]| {
        let (report, code) = report(&api, arguments);
        assert_eq!(code, 0);
        let mut found: Vec<String> = ids(&report).into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    let unreferenced = found(&["--unreferenced"]);
    assert_eq!(unreferenced.len(), 3);
    for named in [ID, DATABASE_TOKEN] {
        assert!(!unreferenced.iter().any(|id| id == named));
    }
    for app in [
        "f174e90a-0001-4643-bbbc-4a0ed4fc8415",
        "F174E90A-0001-4643-BBBC-4A0ED4FC8415",
        "deploy.example.com/hooks",
        "https://deploy.example.com/hooks/",
        "Deploy hook",
    ] {
        assert_eq!(found(&["--app", app]), [ID], "{app}");
    }
    assert_eq!(found(&["--app", "Metrics"]).len(), 5, "it names any token");
    assert_eq!(found(&["--app", "Metrics", "--unreferenced"]).len(), 3);
    assert_eq!(found(&[UNNAMED_TOKEN, "--app", "Deploy hook"]), [""; 0]);
    let (error, code) = failure(&api, &["--app", "deploy hook "]);
    assert_eq!((&error["kind"], code), (&json!("not_found"), 4));
    let api = whole().with(APPS, Answer::failing(403)).start();
    let (error, code) = failure(&api, &["--app", "Deploy hook"]);
    assert_eq!(
        (&error["kind"], code),
        (&json!("permission"), 1),
        "it may exist"
    );
}

#[test]
fn a_missing_part_hides_no_other_and_proves_nothing() {
    const PARTS: [(&str, &str, bool); 8] = [
        (APPS, "apps", true),
        (POLICIES, "policies", true),
        (GROUPS, "groups", true),
        (ORGANIZATION, "organization", false),
        (DOH, "doh", false),
        (DEVICE_PROFILES, "device_profiles", false),
        (HYPERDRIVE, "hyperdrive", false),
        (ALERTS, "alerts", false),
    ];
    type Failing = (&'static str, fn() -> Answer);
    let failing: [Failing; 5] = [
        ("403", || Answer::failing(403)),
        ("404", || Answer::failing(404)),
        ("500", || Answer::failing(500)),
        ("silence", Answer::silence),
        ("malformed", Answer::malformed),
    ];
    std::thread::scope(|scope| {
        for (kind, answer) in failing {
            scope.spawn(move || {
                for (path, name, is_essential) in PARTS {
                    missing(
                        &whole().with(path, answer()).start(),
                        kind,
                        name,
                        is_essential,
                    );
                }
            });
        }
    });
}

fn missing(api: &Fake, kind: &str, name: &str, is_essential: bool) {
    let line = ["uses", "-o", "json", "--timeout", "4"];
    let output = api.command(&line).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let said = without_the_clock(&text(&output.stderr));
    assert_fits("uses", &report);
    let read = part(&report, name);
    if name == "doh" && kind == "404" {
        assert_eq!(read["state"], "read", "none is set");
        return;
    }
    let what = format!("{name}, {kind}: {read}; {said}");
    let state = read["state"].as_str().unwrap();
    let expected = match (kind, name) {
        // The default profile has an endpoint of its own.
        (_, "device_profiles") => "partly",
        ("403", _) => "refused",
        _ => "failed",
    };
    assert_eq!(state, expected, "{what}");
    assert!(read["error"].is_object(), "{what}");
    let permission = read["permission"].as_str();
    assert_eq!(permission.is_some(), name != "device_profiles", "{what}");
    assert_contains(&said, permission.unwrap_or("device profiles"));
    assert_eq!(
        output.status.code(),
        Some(i32::from(is_essential)),
        "{what}"
    );
    assert_eq!(report["complete"], !is_essential, "{what}");
    let unnamed = of(&report, UNNAMED_TOKEN);
    let rests_on_it = !matches!(name, "organization" | "alerts");
    let expected = if rests_on_it { "unknown" } else { "yes" };
    assert_eq!(unnamed["deletable"], expected, "{what}");
    if name == "alerts" {
        assert_eq!(unnamed["told"], "unknown", "{what}");
    }
    if name == "organization" {
        assert_eq!(report["organization"], Value::Null, "{what}");
        assert_eq!(unnamed["cleanup_at"], Value::Null, "{what}");
    }
    let others = report["read"].as_array().unwrap().iter();
    let others = others.filter(|it| it["part"] != name);
    for other in others {
        // Without the reusable policies, apps that refer to one are asked for theirs.
        let is_asked = name == "policies" && other["part"] == "apps";
        let expected = if is_asked { "partly" } else { "read" };
        assert_eq!(other["state"], expected, "{what}: {other}");
    }
    assert_lacks(&text(&output.stdout), CANARY);
}

#[test]
fn a_zone_names_the_parts_that_it_lacks() {
    let api = AccessApi::example().in_zone(ZONE).start();
    let mut command = api.binary(&["uses", "-o", "json"]).command();
    let output = command
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ZONE_ID", ZONE)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_fits("uses", &report);
    assert_eq!(report["scope"], json!({"kind": "zone", "id": ZONE}));
    for name in ["policies", "doh", "device_profiles", "hyperdrive", "alerts"] {
        assert_eq!(part(&report, name)["state"], "not_asked", "{name}");
    }
    for entry in report["tokens"].as_array().unwrap() {
        assert_ne!(entry["deletable"], "yes");
    }
    assert_ne!(of(&report, ID)["told"], "nobody");
}

#[test]
fn empty_lists_mean_nothing_visible() {
    let lists = [APPS, POLICIES, GROUPS, HYPERDRIVE, DEVICE_PROFILES, ALERTS];
    let api = lists.into_iter().fold(AccessApi::example(), |api, path| {
        api.with(path, Answer::empty())
    });
    let api = api.with(DOH, Answer::null()).start();
    let (report, code) = report(&api, &[]);
    assert_eq!((code, &report["complete"]), (1, &json!(false)));
    assert_contains(&report["incomplete_reasons"].to_string(), "visible");
    for entry in report["tokens"].as_array().unwrap() {
        assert_eq!(entry["deletable"], "unknown");
        assert_ne!(entry["told"], "yes");
    }
    let api = whole().with(TOKENS, Answer::empty()).start();
    let output = run(&api, &[]);
    assert_contains(&text(&output.stderr), "lists no service tokens");
    // A list of malformed entries is not empty, and no permission is missing.
    let unread = Answer::list([&json!(5)]);
    let api = whole()
        .with(TOKENS, unread.clone())
        .with(APPS, unread)
        .start();
    let said = text(&run(&api, &[]).stderr);
    assert_lacks(&said, "lists no service tokens");
    assert_lacks(&said, "it needs");
}

#[test]
fn missing_tokens_and_unreadable_lists_fail() {
    let api = whole().start();
    for absent in ["00000000-0000-4000-8000-000000000000", "nobody"] {
        let (error, code) = failure(&api, &[absent]);
        assert_eq!((&error["kind"], code), (&json!("not_found"), 4), "{absent}");
    }
    let (error, code) = failure(&api, &["--bogus"]);
    assert_eq!((&error["kind"], code), (&json!("usage"), 64));
    let api = whole().with(TOKENS, Answer::failing(403)).start();
    for arguments in [&[][..], &["CI/CD token"]] {
        let (error, code) = failure(&api, arguments);
        assert_eq!((&error["kind"], code), (&json!("permission"), 1));
    }
}

#[test]
fn two_tokens_of_one_name_are_ambiguous() {
    let mut twin = example(TOKENS, 0);
    twin["id"] = json!(EXPIRED_TOKEN);
    let tokens = Answer::list([example(TOKENS, 0), twin]);
    let api = whole().with(TOKENS, tokens).start();
    let (error, code) = failure(&api, &["CI/CD token"]);
    assert_eq!((&error["kind"], code), (&json!("ambiguous"), 1));
    for id in [ID, EXPIRED_TOKEN] {
        assert_contains(error["hint"].as_str().unwrap(), id);
    }
    let (report, _) = report(&api, &[]);
    assert_eq!(report["tokens"].as_array().unwrap().len(), 2);
    let table = text(&run(&api, &[]).stdout);
    assert!(table.contains(ID) && table.contains(EXPIRED_TOKEN));
}

/// Names that would control a terminal or break a table.
#[test]
fn names_from_the_api_are_never_printed_raw() {
    const WILD: &str = "a\u{1b}[2Jb\tc\r\nd\u{202e}e|f";
    let mut app = example(APPS, 0);
    app["name"] = json!(WILD);
    app["domain"] = json!(WILD);
    app["policies"][0]["name"] = json!(WILD);
    let mut group = example(GROUPS, 1);
    group["name"] = json!(WILD);
    let mut alert = example(ALERTS, 0);
    alert["mechanisms"]["email"][0]["id"] = json!(WILD);
    let api = AccessApi::example()
        .with(APPS, Answer::list([app]))
        .with(GROUPS, Answer::list([group]))
        .with(ALERTS, Answer::list([alert]))
        .start();
    for line in [&[][..], &[ID], &["-o", "json"], &[ID, "-o", "json"]] {
        let output = run(&api, line);
        for stream in [&output.stdout, &output.stderr] {
            let printed = text(stream);
            let wild = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
            assert!(!printed.contains(wild), "{line:?}: {printed:?}");
        }
        let printed = text(&output.stdout);
        if line.contains(&"json") {
            assert_contains(&printed, r"a\u001b[2Jb\tc\r\nd\u202ee|f");
        } else {
            assert_lacks(&printed, "|");
        }
    }
}

#[test]
fn secrets_of_apps_are_never_printed() {
    let mut app = example(APPS, 0);
    app["scim_config"]["authentication"][0]["client_secret"] = json!(CANARY);
    let api = whole().with(APPS, Answer::list([app])).start();
    for line in [&["-o", "json"][..], &[ID, "-o", "json"], &[ID]] {
        let output = run(&api, line);
        assert_lacks(&text(&output.stdout), CANARY);
        assert_lacks(&text(&output.stderr), CANARY);
    }
}
