//! What the API reports about the credential itself: `auth status --online` and `check
//! --credential`.

use serde_json::{Value, json};

use crate::cli::schema::assert_fits;
use crate::support::access::{
    ALERTS, APPS, AccessApi, Answer, DEVICE_PROFILES, DOH, GROUPS, HYPERDRIVE, ORGANIZATION,
    POLICIES, TOKENS, VERIFY_ACCOUNT, VERIFY_USER, example,
};
use crate::support::api::{Fake, Outcome, home, http, refusal, run};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::tokens::{ACCOUNT, CANARY, ID, ZONE};

/// Parts of `reads` that the example lets the credential read, with their totals.
const READABLE: [(&str, Option<u64>); 9] = [
    ("tokens", Some(5)),
    ("apps", Some(4)),
    ("policies", Some(2)),
    ("groups", Some(2)),
    ("organization", None),
    ("doh", None),
    ("device_profiles", Some(1)),
    ("hyperdrive", Some(1)),
    ("alerts", Some(1)),
];

fn online(api: &Fake) -> Outcome {
    run(&mut api.command(&["auth", "status", "--online", "-o", "json"]))
}

fn read<'a>(report: &'a Value, part: &str) -> &'a Value {
    let reads = report["online"]["reads"].as_array().unwrap();
    reads.iter().find(|read| read["part"] == part).unwrap()
}

fn targets(api: &Fake) -> Vec<String> {
    let heads = api.heads().into_iter();
    let mut targets: Vec<String> = heads
        .map(|head| head.split(' ').nth(1).unwrap().to_owned())
        .collect();
    targets.sort();
    targets
}

#[test]
fn online_reads_one_entry_of_each_part_and_verifies_the_token() {
    let api = AccessApi::example().start();
    let outcome = online(&api);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let report = outcome.json();
    assert_fits("auth-status", &report);
    assert_eq!(
        report["online"]["credential"],
        json!({"status": "active", "expires_on": null})
    );
    let reads = report["online"]["reads"].as_array().unwrap();
    assert_eq!(reads.len(), READABLE.len());
    for ((part, count), read) in READABLE.iter().zip(reads) {
        let expected = json!({"part": part, "state": "readable", "count": count, "permission": null, "error": null});
        assert_eq!(*read, expected);
    }
    let scope = format!("/accounts/{ACCOUNT}");
    let paged = [TOKENS, APPS, POLICIES, GROUPS, HYPERDRIVE];
    let mut expected: Vec<String> = paged
        .iter()
        .map(|path| format!("{scope}/{path}?page=1&per_page=1"))
        .collect();
    expected
        .extend([ORGANIZATION, DOH, DEVICE_PROFILES, ALERTS].map(|path| format!("{scope}/{path}")));
    expected.push(VERIFY_USER.to_owned());
    expected.sort();
    assert_eq!(targets(&api), expected);
    let offline = run(&mut api.command(&["auth", "status", "-o", "json"])).json();
    assert!(offline.get("online").is_none());
    let table = run(&mut api.command(&["auth", "status", "--online"]));
    for row in [
        "Active\tyes, without an end\n",
        "Service tokens\treadable, 5 visible\n",
        "Organization\treadable\n",
        "Works\tget, list, check, the screens, uses, probe\n",
    ] {
        assert!(table.stdout.contains(row), "{row:?}: {}", table.stdout);
    }
}

#[test]
fn online_names_missing_permissions() {
    let api = AccessApi::example()
        .with(GROUPS, Answer::failing(403))
        .with(HYPERDRIVE, Answer::failing(403))
        .with(DEVICE_PROFILES, Answer::failing(403))
        .with(POLICIES, Answer::empty())
        .with(DOH, Answer::failing(404))
        .with(ALERTS, Answer::failing(404))
        .with(ORGANIZATION, Answer::malformed())
        .start();
    let outcome = online(&api);
    assert_eq!(outcome.code, Some(0));
    let report = outcome.json();
    assert_fits("auth-status", &report);
    let groups = "Access: Organizations, Identity Providers, and Groups Read";
    for (part, state, permission, kind) in [
        ("tokens", "readable", None, None),
        ("apps", "readable", None, None),
        ("policies", "empty", None, None),
        ("groups", "refused", Some(groups), Some("permission")),
        (
            "hyperdrive",
            "refused",
            Some("Hyperdrive Read"),
            Some("permission"),
        ),
        ("device_profiles", "refused", None, Some("permission")),
        ("doh", "empty", None, None),
        ("alerts", "failed", None, Some("rejected")),
        ("organization", "failed", None, Some("invalid_response")),
    ] {
        let read = read(&report, part);
        assert_eq!(read["state"], state, "{read}");
        assert_eq!(read["permission"], json!(permission), "{read}");
        assert_eq!(read["error"]["kind"], json!(kind), "{read}");
    }
    let table = run(&mut api.command(&["auth", "status", "--online"])).stdout;
    for row in [
        format!("Groups\trefused: needs {groups}\n"),
        "Reusable policies\tnothing visible: empty, or hidden from this credential\n".to_owned(),
        "Works\tget, list, check, the screens, probe\n".to_owned(),
    ] {
        assert!(table.contains(&row), "{row:?}: {table}");
    }
    let limits = table
        .lines()
        .find(|line| line.starts_with("Limited\t"))
        .unwrap();
    for limit in ["without groups", "who is told", "Hyperdrive", "clean-up"] {
        assert!(limits.contains(limit), "{limits}");
    }
}

#[test]
fn online_succeeds_only_if_tokens_are_visible() {
    for answer in [
        Answer::empty(),
        Answer::null(),
        Answer::failing(403),
        Answer::failing(500),
        Answer::malformed(),
    ] {
        let api = AccessApi::example().with(TOKENS, answer).start();
        let outcome = online(&api);
        assert_eq!(outcome.code, Some(1));
        assert_fits("auth-status", &outcome.json());
    }
}

#[test]
fn online_in_a_zone_reads_only_parts_of_a_zone() {
    let api = AccessApi::example().in_zone(ZONE).start();
    let mut command = api.command(&["auth", "status", "--online", "-o", "json"]);
    let outcome = run(command
        .env_remove("CLOUDFLARE_ACCOUNT_ID")
        .env("CLOUDFLARE_ZONE_ID", ZONE));
    assert_eq!(outcome.code, Some(0));
    let report = outcome.json();
    assert_fits("auth-status", &report);
    for (part, _) in READABLE {
        let is_in_zone = ["tokens", "apps", "groups", "organization"].contains(&part);
        let expected = if is_in_zone { "readable" } else { "not_asked" };
        assert_eq!(read(&report, part)["state"], expected, "{part}");
    }
    assert_eq!(api.heads().len(), 5);
}

#[test]
fn online_retries_with_larger_pages() {
    let refused = refusal(r#"[{"code":7400,"message":"per_page"}]"#);
    let small = Answer::bytes(http(400, &[], refused));
    let never = small.clone();
    let large = Answer::list([example(HYPERDRIVE, 0)]);
    let least = Answer::custom(move |head| {
        let answer = if head.contains("per_page=1 ") {
            &small
        } else {
            &large
        };
        answer.reply(head)
    });
    let api = AccessApi::example()
        .with(HYPERDRIVE, least)
        .with(GROUPS, never)
        .start();
    let report = online(&api).json();
    assert_eq!(read(&report, "hyperdrive")["state"], "readable");
    assert_eq!(read(&report, "groups")["error"]["kind"], "rejected");
    let targets = targets(&api);
    assert!(
        targets
            .iter()
            .any(|it| it.ends_with("configs?page=1&per_page=100"))
    );
}

#[test]
fn online_without_a_credential_fails_for_every_part() {
    let api = AccessApi::example().start();
    let outcome = run(&mut api
        .binary(&["auth", "status", "--online", "-o", "json"])
        .command());
    assert_eq!(outcome.code, Some(1));
    let report = outcome.json();
    assert_fits("auth-status", &report);
    assert_eq!(report["online"]["credential"], Value::Null);
    assert_eq!(read(&report, "tokens")["error"]["kind"], "no_credential");
    assert!(api.heads().is_empty());
}

#[test]
fn a_global_api_key_is_not_verified() {
    let api = AccessApi::example().start();
    let global = |arguments: &[&str]| {
        let mut command = api.binary(arguments).command();
        command
            .env("CLOUDFLARE_API_KEY", CANARY)
            .env("CLOUDFLARE_EMAIL", "ada@example.com")
            .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
        run(&mut command)
    };
    let report = global(&["auth", "status", "--online", "-o", "json"]).json();
    assert_eq!(report["online"]["credential"], Value::Null);
    assert_eq!(report["online"]["reads"][0]["state"], "readable");
    let check = global(&["check", "--credential", "-o", "json", "--ignore", "expired"]);
    assert_eq!(check.code, Some(0), "{}", check.stdout);
    let expected =
        json!({"status": "never_expires", "expires_at": null, "seconds_left": null, "error": null});
    assert_eq!(check.json()["credential"], expected);
    assert!(!targets(&api).iter().any(|target| target.contains("verify")));
}

/// One active token, and the answers to verifying the credential.
fn verifying(user: Answer, account: Answer) -> Fake {
    AccessApi::example()
        .with(TOKENS, Answer::list([example(TOKENS, 0)]))
        .with(VERIFY_USER, user)
        .with(VERIFY_ACCOUNT, account)
        .start()
}

fn verified(result: &Value) -> Answer {
    Answer::object(result)
}

#[test]
fn the_credential_is_judged_like_a_token() {
    let ending = |end: &str| json!({"status": "active", "expires_on": end});
    for (result, status, days_left, code) in [
        (json!({"status": "active"}), "never_expires", None, 0),
        (
            json!({"status": "active", "expires_on": null}),
            "never_expires",
            None,
            0,
        ),
        (ending("2027-02-25T12:00:00Z"), "active", Some(92), 0),
        (ending("2026-12-15T12:00:00Z"), "expiring", Some(20), 1),
        (ending("2026-11-27T12:00:00Z"), "critical", Some(2), 2),
        (ending("2026-11-24T12:00:00Z"), "expired", Some(-1), 2),
        (json!({"status": "expired"}), "expired", None, 2),
        (
            json!({"status": "expired", "expires_on": "2026-12-15T12:00:00Z"}),
            "expired",
            Some(20),
            2,
        ),
        (json!({"status": "disabled"}), "disabled", None, 2),
        (ending("soon"), "unknown", None, 3),
        (ending(""), "unknown", None, 3),
        (ending("0001-01-01T00:00:00Z"), "unknown", None, 3),
        (
            json!({"status": "active", "expires_on": 5}),
            "unknown",
            None,
            3,
        ),
        (json!({"status": "pending"}), "unknown", None, 3),
        // A credential of one day expires in its last quarter only.
        (
            json!({"status": "active", "not_before": "2026-11-25T00:00:00Z", "expires_on": "2026-11-26T00:00:00Z"}),
            "active",
            Some(0),
            0,
        ),
    ] {
        let api = verifying(verified(&result.clone()), Answer::failing(403));
        let check = run(&mut api.command(&["check", "--credential", "-o", "json"]));
        let report = check.json();
        assert_fits("check", &report);
        let credential = &report["credential"];
        assert_eq!(
            (&credential["status"], check.code),
            (&json!(status), Some(code)),
            "{result}: {report}"
        );
        let left = credential["seconds_left"].as_i64();
        // A moment has passed since the server's clock was read.
        let days = left.map(|left| (left + 60).div_euclid(86_400));
        assert_eq!(days, days_left, "{result}");
        assert_eq!(
            credential["expires_at"].is_null(),
            days_left.is_none(),
            "{result}"
        );
        assert_eq!(credential["error"], Value::Null);
        let metrics = run(&mut api.command(&["check", "--credential", "-o", "prometheus"]));
        let has_metric = metrics
            .stdout
            .contains("\ntokenscope_credential_expiry_timestamp_seconds ");
        assert_eq!(has_metric, days_left.is_some(), "{result}");
        let table = run(&mut api.command(&["check", "--credential"]));
        assert_contains(&table.stdout, &format!("\n(API token)\t{status}\t"));
        let first = table.stdout.lines().next().unwrap();
        assert_eq!(first.contains("API token"), code != 0, "{first}");
        let says_expired = first.contains("token expired") || first.contains("token has expired");
        assert_eq!(says_expired, status == "expired", "{first}");
    }
}

#[test]
fn verifies_nothing_without_the_flag() {
    let api = verifying(Answer::failing(500), Answer::failing(500));
    for (arguments, requests) in [
        (&["check", "-o", "json"][..], 1),
        (&["check", ID, "-o", "json"], 2),
    ] {
        let check = run(&mut api.command(arguments));
        assert_eq!(check.code, Some(0));
        assert_eq!(check.json()["credential"], Value::Null);
        assert_fits("check", &check.json());
        assert_eq!(api.heads().len(), requests);
    }
}

#[test]
fn a_failed_verification_proves_nothing() {
    let active = || verified(&json!({"status": "active"}));
    for (user, account, status, requests) in [
        (Answer::failing(401), active(), "never_expires", 3),
        (Answer::failing(403), active(), "never_expires", 3),
        (Answer::failing(403), Answer::failing(403), "unknown", 3),
        (Answer::failing(401), Answer::failing(401), "unknown", 3),
        (Answer::failing(404), active(), "unknown", 2),
        (Answer::malformed(), active(), "unknown", 2),
        (Answer::null(), active(), "unknown", 2),
        (verified(&json!({"id": "x"})), active(), "unknown", 2),
    ] {
        let api = verifying(user, account);
        let check = run(&mut api.command(&["check", "--credential", "-o", "json"]));
        let report = check.json();
        assert_fits("check", &report);
        assert_eq!(report["credential"]["status"], status, "{report}");
        let is_unknown = status == "unknown";
        assert_eq!(report["credential"]["error"].is_object(), is_unknown);
        assert_eq!(check.code, Some(if is_unknown { 3 } else { 0 }));
        assert_eq!(api.heads().len(), requests);
        let online = online(&api);
        assert_eq!(online.code, Some(0));
        assert_eq!(online.json()["online"]["credential"].is_null(), is_unknown);
    }
    let api = verifying(Answer::failing(403), Answer::failing(403));
    let table = run(&mut api.command(&["check", "--credential"]));
    assert_starts(&table.stdout, "UNKNOWN: the API token: ");
    assert_contains(&table.stdout, "This proves nothing");
    let status = run(&mut api.command(&["auth", "status", "--online"]));
    assert_contains(&status.stdout, "This proves nothing");
}

#[test]
fn an_account_owned_token_is_verified_with_its_account_only() {
    let secret = format!("cfat_{CANARY}");
    let api = verifying(Answer::failing(500), verified(&json!({"status": "active"})));
    let line = ["check", "--credential", "-o", "json"];
    let check = run(api.command(&line).env("CLOUDFLARE_API_TOKEN", &secret));
    assert_eq!(check.json()["credential"]["status"], "never_expires");
    assert_eq!(api.heads().len(), 2);
    let zone = |token: &str| {
        let api = AccessApi::example()
            .in_zone(ZONE)
            .with(TOKENS, Answer::list([example(TOKENS, 0)]))
            .with(VERIFY_USER, Answer::failing(401))
            .start();
        let mut command = api.command(&line);
        command.env("CLOUDFLARE_API_TOKEN", token);
        let check = run(command
            .env_remove("CLOUDFLARE_ACCOUNT_ID")
            .env("CLOUDFLARE_ZONE_ID", ZONE));
        (check.code, check.json(), api.heads().len())
    };
    for (token, requests) in [(secret.as_str(), 1), (CANARY, 2)] {
        let (code, report, sent) = zone(token);
        assert_eq!((code, sent), (Some(3), requests));
        let credential = &report["credential"];
        assert_eq!(credential["status"], "unknown");
        assert!(
            credential["error"]["hint"]
                .as_str()
                .unwrap()
                .contains("--account"),
            "{credential}"
        );
    }
}

#[test]
fn thresholds_and_ignored_statuses_apply_to_the_credential() {
    let expiring = || verified(&json!({"status": "active", "expires_on": "2026-12-15T12:00:00Z"}));
    for (options, code) in [
        (&[][..], 1),
        (&["--warn", "10d"], 0),
        (&["--critical", "25d"], 2),
        (&["--ignore", "expiring"], 0),
    ] {
        let api = verifying(expiring(), Answer::failing(403));
        let mut line = vec!["check", "--credential", "-o", "json"];
        line.extend(options);
        let check = run(&mut api.command(&line));
        assert_eq!(check.code, Some(code), "{options:?}");
        assert!(check.json()["credential"]["expires_at"].is_string());
        let named = run(&mut api.command(&[&line[..], &[ID]].concat()));
        assert_eq!(named.code, Some(code), "{options:?} {}", named.stdout);
        assert_fits("check", &named.json());
    }
    let api = verifying(Answer::failing(403), Answer::failing(403));
    let unknown = run(&mut api.command(&["check", "--credential", "--ignore", "unknown"]));
    assert_eq!(
        unknown.code,
        Some(3),
        "an unverified credential cannot be ignored"
    );
}

#[test]
fn a_check_that_cannot_read_tokens_still_reports_the_credential() {
    let api = AccessApi::example()
        .with(TOKENS, Answer::failing(403))
        .start();
    for line in [
        &["check", "--credential", "-o", "json"][..],
        &["check", "--credential", "CI", "-o", "json"],
    ] {
        let check = run(&mut api.command(line));
        assert_eq!(check.code, Some(3));
        let report = check.json();
        assert_fits("check", &report);
        assert!(report["error"].is_object());
        assert_eq!(report["credential"]["status"], "never_expires");
    }
    let api = AccessApi::example()
        .with(TOKENS, Answer::failing(403))
        .with(
            VERIFY_USER,
            verified(&json!({"status": "active", "expires_on": "2026-11-27T12:00:00Z"})),
        )
        .start();
    let metrics = run(&mut api.command(&["check", "--credential", "-o", "prometheus"]));
    assert_contains(&metrics.stdout, "tokenscope_up 0\n");
    let end = "\ntokenscope_credential_expiry_timestamp_seconds 1795780800\n";
    assert_contains(&metrics.stdout, end);
    let report = run(&mut api.command(&["check", "--credential", "-o", "json"]));
    assert_eq!(report.code, Some(2));
    assert_fits("check", &report.json());
    let table = run(&mut api.command(&["check", "--credential"]));
    let first = table.stdout.lines().next().unwrap();
    assert!(!first.contains(".;"), "{first}");
}

#[test]
fn logs_neither_the_credential_nor_secrets_of_apps() {
    const SECRET: &str = "scim-secret-0123456789";
    let mut app = example(APPS, 0);
    app["scim_config"]["authentication"] = json!({
        "scheme": "httpbasic", "user": "scim", "password": SECRET, "token": SECRET,
        "client_secret": SECRET, "authorization_secret": SECRET,
    });
    let apps = Answer::list([app]);
    let cut = format!(r#"{{"success":true,"result":[{{"scim_config":{{"client_secret":"{SECRET}"#);
    for answer in [apps, Answer::Body(cut)] {
        let api = AccessApi::example().with(APPS, answer).start();
        for line in [
            &["auth", "status", "--online", "--log", "trace"][..],
            &["auth", "status", "--online", "-o", "json", "--log", "trace"],
            &["check", "--credential", "--log", "trace"],
            &["uses", "--log", "trace"],
            &["uses", ID, "-o", "json", "--log", "trace"],
        ] {
            let home = home();
            let outcome = run(api.command(line).env("TOKENSCOPE_HOME", home.path()));
            let log = std::fs::read_to_string(home.path().join("tokenscope.log")).unwrap();
            assert!(log.contains("answered"), "{log}");
            for text in [&log, &outcome.stdout, &outcome.stderr] {
                assert!(!text.contains(SECRET) && !text.contains(CANARY), "{text}");
            }
        }
    }
}

#[test]
fn the_demo_credential_has_an_expiry() {
    let demo = |arguments: &[&str]| run(&mut crate::support::api::tokenscope(arguments));
    let status = demo(&["auth", "status", "--online", "--demo", "-o", "json"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    let report = status.json();
    assert_fits("auth-status", &report);
    assert_eq!(report["credential"], "api_token");
    assert_eq!(report["scope"]["id"], tokenscope::demo::ACCOUNT);
    assert_eq!(report["online"]["credential"]["status"], "active");
    for (part, _) in READABLE {
        assert_eq!(read(&report, part)["state"], "readable", "{part}");
    }
    let check = demo(&["check", "--credential", "--demo", "-o", "json"]).json();
    assert_fits("check", &check);
    assert_eq!(check["credential"]["status"], "active");
}

/// One profile's credential is valid, the other's cannot be verified.
#[cfg(target_os = "linux")]
#[test]
fn each_profile_reports_its_own_credential() {
    use crate::support::api::run_with_input;
    use crate::support::binary::BINARY;
    let Some(session) = crate::support::keyring::unlocked() else {
        return;
    };
    let api = verifying(
        verified(&json!({"status": "active", "expires_on": "2026-12-15T12:00:00Z"})),
        Answer::failing(401),
    );
    let home = home();
    let run = |arguments: &[&str], secret: &str| {
        let mut command = session.command(BINARY);
        command.args(arguments);
        command.env("TOKENSCOPE_HOME", home.path());
        command.env("CLOUDFLARE_BASE_URL", api.url());
        run_with_input(&mut command, secret.as_bytes())
    };
    for (profile, secret) in [("mine", CANARY), ("theirs", "cfat_canary0123456789")] {
        let line = [
            "auth",
            "set",
            "--stdin",
            "--no-check",
            "--profile",
            profile,
            "--account",
            ACCOUNT,
        ];
        let set = run(&line, secret);
        assert_eq!(set.code, Some(0), "{}", set.stderr);
    }
    let check = run(
        &["check", "--all-profiles", "--credential", "-o", "json"],
        "",
    );
    assert_eq!(check.code, Some(3), "{}", check.stdout);
    let report = check.json();
    assert_fits("check", &report);
    let credentials = report["credential"].as_array().unwrap();
    let statuses: Vec<_> = credentials
        .iter()
        .map(|it| {
            (
                it["profile"].as_str().unwrap(),
                it["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(statuses, [("mine", "expiring"), ("theirs", "unknown")]);
    let metrics = run(
        &[
            "check",
            "--all-profiles",
            "--credential",
            "-o",
            "prometheus",
        ],
        "",
    )
    .stdout;
    let series = "\ntokenscope_credential_expiry_timestamp_seconds{profile=\"mine\"} 1797336000\n";
    assert!(metrics.contains(series), "{metrics}");
    let table = run(&["check", "--all-profiles", "--credential"], "").stdout;
    assert!(table.contains("\nmine\t(API token)\texpiring\t"), "{table}");
    assert_contains(&table, "\ntheirs\t(API token)\tunknown\t");
    assert_starts(&table, "UNKNOWN: the API token of profile theirs: ");
}
