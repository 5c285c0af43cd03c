//! Group A: service tokens, and clients of their API.

#![cfg(unix)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Outcome, Reply, head, home, http, refusal, run, run_with_input,
    shows, success, token, tokenscope,
};

/// What copying, piping and pasting leave around a value.
const LITTER: [(&str, &str); 12] = [
    ("", "\n"),
    ("", "\r\n"),
    ("\t ", " \n\n"),
    ("\u{FEFF}", ""),
    ("\u{200B}", "\u{200B}\n"),
    ("\u{2060}", "\u{00A0}"),
    ("\u{200E}", "\u{200F}"),
    ("\u{2028}", "\u{2029}"),
    ("\u{202A}", "\u{202C}"),
    ("\u{3000}", "\u{180E}"),
    ("\u{200D}", "\u{00AD}"),
    ("\u{3164}", "\u{034F}\u{FE0F}"),
];

fn sends(fake: &Fake, line: &str) {
    let heads = fake.heads();
    assert!(!heads.is_empty(), "nothing was sent");
    for head in heads {
        let found = head
            .lines()
            .any(|sent| sent.trim_end().eq_ignore_ascii_case(line));
        assert!(found, "{line:?} is not in:\n{head}");
    }
}

#[test]
fn a01_white_space_and_invisible_characters_around_a_value_are_no_part_of_it() {
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    for (before, after) in LITTER {
        let around = |text: &str| format!("{before}{text}{after}");
        let outcome = run(fake
            .command(&["get", &around(ID), "-o", "json"])
            .env("CLOUDFLARE_API_TOKEN", around(CANARY))
            .env("CLOUDFLARE_ACCOUNT_ID", around(&ACCOUNT.to_uppercase()))
            .env("CLOUDFLARE_BASE_URL", around(&fake.url())));
        assert_eq!(
            outcome.code,
            Some(0),
            "{before:?} {after:?}: {}",
            outcome.stdout
        );
    }
    sends(&fake, &format!("authorization: Bearer {CANARY}"));
    sends(
        &fake,
        &format!("GET /accounts/{ACCOUNT}/access/service_tokens/{ID} HTTP/1.1"),
    );
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    for (before, after) in LITTER {
        let around = |text: &str| format!("{before}{text}{after}");
        let zone = around(ACCOUNT);
        let outcome = run(tokenscope(&["get", ID, "--zone", &zone, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", fake.url())
            .env("CF_API_KEY", around(CANARY))
            .env("CF_EMAIL", around("me@example.com")));
        assert_eq!(
            outcome.code,
            Some(0),
            "{before:?} {after:?}: {}",
            outcome.stdout
        );
    }
    sends(&fake, &format!("x-auth-key: {CANARY}"));
    sends(&fake, "x-auth-email: me@example.com");
    sends(
        &fake,
        &format!("GET /zones/{ACCOUNT}/access/service_tokens/{ID} HTTP/1.1"),
    );
}

#[test]
fn a01_a_character_inside_that_no_header_can_hold_is_an_error_without_a_request_or_an_echo() {
    let fake = Fake::holding(&token(""));
    for inside in [
        "\n", "\r\n", "\t", " ", "\u{1}", "\u{7F}", "\u{85}", "\u{A0}", "é", "\u{200B}",
        "\u{FEFF}", "\u{2028}", "＿", "Bearer ",
    ] {
        let secret = format!("canary{inside}0123");
        let outcome = run(fake
            .command(&["get", ID, "-o", "json"])
            .env("CLOUDFLARE_API_TOKEN", &secret));
        let words = outcome.is_error("no_credential", 1);
        assert!(words.contains("CLOUDFLARE_API_TOKEN"), "{words}");
        assert!(!words.contains("0123"), "{words}");
        let home = home();
        let outcome = run_with_input(
            tokenscope(&["auth", "set", "--stdin", "--account", ACCOUNT])
                .env("TOKENSCOPE_HOME", home.path())
                .env("CLOUDFLARE_BASE_URL", fake.url()),
            secret.as_bytes(),
        );
        assert_eq!(outcome.code, Some(64), "{inside:?}: {}", outcome.stderr);
        assert!(!outcome.stderr.contains("0123"), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    }
    assert_eq!(fake.heads().len(), 0, "no request was made");
}

#[test]
fn a01_a_pasted_token_is_trimmed_and_a_bad_one_is_a_complaint_beside_its_field() {
    let fake = Fake::saying(
        401,
        &refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#),
    );
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys("\x1b[200~\u{FEFF}can\u{200B}ary\r\n\x1b[201~\r");
    session.type_keys(&format!("\x1b[200~\t{ACCOUNT}\n\x1b[201~\r"));
    session.wait_for("no credential has");
    assert_eq!(fake.heads().len(), 0);
    session.type_keys(&format!(
        "\x15\x1b[200~\r\n \u{FEFF}{CANARY}\u{200B}\r\n\x1b[201~\r"
    ));
    session.wait_for("does not accept");
    sends(&fake, &format!("authorization: Bearer {CANARY}"));
    session.type_keys("\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains("ary"), "no part of it was echoed");
}

#[test]
fn a03_a_credential_refused_for_its_form_is_named_by_its_part() {
    for (codes, named, unnamed) in [
        (
            &[6111][..],
            &["API token"][..],
            &["email", "Global API key has"][..],
        ),
        (&[6102], &["email address"], &["API token has"]),
        (&[6102, 6103], &["email address", "Global API key"], &[]),
        (&[6103, 6102], &["email address", "Global API key"], &[]),
    ] {
        let chain: Vec<String> = codes
            .iter()
            .map(|code| format!(r#"{{"code":{code},"message":"m"}}"#))
            .collect();
        let chain = chain.join(",");
        for errors in [
            format!(r#"[{{"code":6003,"message":"m","error_chain":[{chain}]}}]"#),
            format!(
                r#"[{{"code":"6003","message":"m","error_chain":[{{"code":0,"message":"","error_chain":[{chain}]}}]}}]"#
            ),
            format!(r#"[{{"code":6003,"message":"m"}},{chain}]"#),
        ] {
            let fake = Fake::saying(400, &refusal(&errors));
            let words = fake.get().is_error("authentication", 1);
            for name in named {
                assert!(words.contains(name), "{codes:?}: {words}");
            }
            for name in unnamed {
                assert!(!words.contains(name), "{codes:?}: {words}");
            }
            assert!(words.contains("form"), "{words}");
            assert!(!words.contains("permission"), "{words}");
            assert_eq!(fake.heads().len(), 1, "not tried again");
        }
    }
}

#[test]
fn a04_the_kind_of_a_credential_can_be_switched_and_every_header_switches_with_it() {
    let fake = Fake::start(|head, _| {
        let (status, body) = if head.to_lowercase().contains("x-auth-key") {
            let chain = r#"[{"code":6103,"message":"Invalid format for X-Auth-Key header"}]"#;
            let errors = format!(r#"[{{"code":6003,"message":"m","error_chain":{chain}}}]"#);
            (400, refusal(&errors))
        } else {
            (200, success("[]"))
        };
        Reply::Bytes(http(status, &[], body))
    });
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    // The kind is the row above the secret.
    session.type_keys("\x1b[A \t");
    session.wait_for("Email");
    session.type_keys(&format!("me@example.com\t{CANARY}\t\t{ACCOUNT}\r"));
    session.wait_for("switch the credential kind to API token");
    session.type_keys("\x1b[Z\x1b[Z\x1b[Z\x1b[Z ");
    session.wait_until("the email row is gone", |session| {
        !session.screen.screen().contents().contains("Email")
    });
    session.type_keys("\t\t\t\r");
    session.wait_until("two requests", |_| fake.heads().len() >= 2);
    session.type_keys("\x03");
    session.end();
    let heads = fake.heads();
    let (first, second) = (heads[0].to_lowercase(), heads[1].to_lowercase());
    assert!(first.contains("x-auth-email: me@example.com"), "{first}");
    assert!(first.contains(&format!("x-auth-key: {CANARY}")), "{first}");
    assert!(!first.contains("authorization"), "{first}");
    assert!(
        second.contains(&format!("authorization: bearer {CANARY}")),
        "{second}"
    );
    assert!(!second.contains("x-auth"), "{second}");
}

/// Takes the credential for reading service tokens, and for nothing else.
fn api_without_verification() -> Fake {
    Fake::start(|head, _| {
        let (status, body) = if head.contains("/access/service_tokens") {
            (200, success("[]"))
        } else {
            let error = r#"[{"code":1000,"message":"Invalid API Token"}]"#;
            (401, refusal(error))
        };
        Reply::Bytes(http(status, &[], body))
    })
}

fn asked_nothing_but_reads(fake: &Fake) {
    let heads = fake.heads();
    assert!(!heads.is_empty());
    for head in heads {
        assert!(head.contains("/access/service_tokens"), "{head}");
    }
}

#[test]
fn a06_a_credential_is_judged_by_the_read_it_is_for_and_by_no_verify_endpoint() {
    let fake = api_without_verification();
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Keep for this session only");
    session.type_keys(&format!("{CANARY}\r{ACCOUNT}\t\t\r"));
    session.wait_for("Look up a service token");
    session.type_keys("\x03");
    session.end();
    asked_nothing_but_reads(&fake);
}

#[cfg(target_os = "linux")]
#[test]
fn a06_set_up_succeeds_with_a_keyring_too() {
    use crate::support::keyring as dbus;
    let Some(desktop) = dbus::Session::start(dbus::Keyring::Unlocked) else {
        return;
    };
    let (fake, home) = (api_without_verification(), home());
    let set = ["auth", "set", "--stdin", "--account", ACCOUNT];
    let mut command = crate::keyring::states::in_session(&desktop, &fake, home.path(), &set);
    let outcome = run_with_input(&mut command, CANARY.as_bytes());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(desktop.look_up("default").as_deref(), Some(CANARY));
    asked_nothing_but_reads(&fake);
}

#[test]
fn a08_nothing_looks_like_success_before_the_answer_has_been_judged() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let fake = Fake::start(move |_, _| {
        let _gone = released.lock().unwrap().recv();
        Reply::Bytes(http(
            401,
            &[],
            refusal(r#"[{"code":1000,"message":"Invalid API Token"}]"#),
        ))
    });
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys(&format!("{CANARY}\r{ACCOUNT}\r"));
    session.wait_until("the request", |_| !fake.heads().is_empty());
    session.type_keys("\x0c");
    session.wait_for("Checking");
    release.send(()).unwrap();
    session.wait_for("does not accept the API token");
    let files: Vec<_> = std::fs::read_dir(session.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(files.is_empty(), "nothing was stored: {files:?}");
    session.type_keys("\x03");
    let (_, stream) = session.end();
    let stream = stream.to_lowercase();
    for word in ["valid token", "validated", "success", "stored.", "saved."] {
        assert!(!stream.contains(word), "{word}");
    }
}

#[test]
fn a10_a_refusal_names_the_scope_in_use_and_suggests_the_other_kind() {
    let errors = r#"[{"code":10000,"message":"Authentication error"}]"#;
    let fake = Fake::saying(403, &refusal(errors));
    for (flag, other) in [("--account", "zone"), ("--zone", "account")] {
        let outcome = run(fake
            .command(&["get", ID, flag, ACCOUNT, "-o", "json"])
            .env_remove("CLOUDFLARE_ACCOUNT_ID"));
        let words = outcome.is_error("permission", 1);
        assert!(words.contains(&flag[2..]), "{words}");
        assert!(words.contains(ACCOUNT), "{words}");
        assert!(words.contains(&format!("choose {other}")), "{words}");
    }
    let mut session = fake.screens(&[ID]);
    session.wait_for("may not read the service tokens");
    session.type_keys("e");
    session.wait_for(ACCOUNT);
    shows(&mut session, "If that is a zone ID, choose zone instead.");
    session.wait_for("CLOUDFLARE_ACCOUNT_ID");
    session.type_keys("q");
    session.end();
}

#[test]
fn a11_a_dead_credential_a_missing_permission_and_a_wrong_scope_read_differently() {
    let mut texts = Vec::new();
    for (status, code, message, kind) in [
        (401, 1000, "Invalid API Token", "authentication"),
        (403, 9109, "Invalid access token", "authentication"),
        (
            403,
            9109,
            "Unauthorized to access requested resource",
            "permission",
        ),
        (403, 10000, "Authentication error", "permission"),
        (400, 9106, "Authentication failed", "authentication"),
    ] {
        let errors = format!(r#"[{{"code":{code},"message":"{message}"}}]"#);
        let words = Fake::saying(status, &refusal(&errors))
            .get()
            .is_error(kind, 1);
        assert!(
            words.contains(&format!("HTTP {status}, code {code}")),
            "{words}"
        );
        assert_eq!(
            words.contains("Access: Service Tokens Read"),
            kind == "permission",
            "{words}"
        );
        texts.push(words);
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 5, "{texts:#?}");
}

#[test]
fn a12_everything_the_api_said_can_be_read() {
    let errors = r#"[{"code":10000,"message":"first thing","documentation_url":"https://docs.example/1",
        "source":{"pointer":"/name"},"error_chain":[{"code":12130,"message":"beneath it"}]},
        {"code":9109,"message":"second thing"}]"#;
    let bytes = http(403, &[("cf-ray", "86610873f8d987a9-IAD")], refusal(errors));
    let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
    let outcome = fake.get();
    outcome.is_error("permission", 1);
    let error = outcome.json()["error"].clone();
    assert_eq!(error["http_status"], 403);
    assert_eq!(error["cf_ray"], "86610873f8d987a9-IAD");
    assert_eq!(error["api_errors"][0]["message"], "first thing");
    assert_eq!(error["api_errors"][1]["message"], "beneath it");
    assert_eq!(error["api_errors"][2]["code"], 9109);
    let mut session = fake.screens(&[ID]);
    session.wait_for("works, but not for");
    session.type_keys("e");
    for text in [
        "403",
        "GET /accounts/",
        "10000: first thing",
        "12130: beneath it",
        "9109: second thing",
        "/name",
        "https://docs.example/1",
        "86610873f8d987a9-IAD",
    ] {
        session.wait_for(text);
    }
    session.type_keys("q");
    let (_, stream) = session.end();
    assert!(!stream.contains(CANARY));
}

#[test]
fn a13_forever_is_not_unknown() {
    let read = |members: &str| Fake::holding(&token(members)).get();
    for expiry in [
        "",
        r#","expires_at":null"#,
        r#","expires_at":"""#,
        r#","expires_at":"0001-01-01T00:00:00Z""#,
        r#","expires_at":"2020-01-01T00:00:00Z""#,
        r#","expires_at":"soon""#,
        r#","expires_at":0"#,
    ] {
        let outcome = read(&format!(r#""duration":"forever"{expiry}"#));
        let report = outcome.json();
        assert_eq!(outcome.code, Some(0));
        assert_eq!(report["status"], "never_expires", "{expiry}");
        assert!(report["seconds_left"].is_null() && report["expires_at"].is_null());
        for duration in [
            r#""8760h""#,
            r#""8760h0m0s""#,
            "null",
            r#""""#,
            r#""for ever""#,
            "8760",
        ] {
            if expiry.contains("2020") {
                continue;
            }
            let report = read(&format!(r#""duration":{duration}{expiry}"#)).json();
            assert_eq!(report["status"], "unknown", "{duration} {expiry}");
            assert!(report["seconds_left"].is_null() && report["days_left"].is_null());
            assert!(
                report["expires_at"].is_null(),
                "never 1970 and never year 1"
            );
        }
    }
}

#[test]
fn a13_screens_and_tables_say_never_expires_and_not_reported() {
    let fake = Fake::holding(&token(r#""duration":"forever","expires_at":null"#));
    let table = run(&mut fake.command(&["get", ID])).stdout;
    assert!(table.contains("never_expires"), "{table}");
    assert!(!table.contains("Left"), "{table}");
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("q");
    session.end();
    let fake = Fake::holding(&token(
        r#""duration":"8760h","expires_at":"0001-01-01T00:00:00Z""#,
    ));
    let mut session = fake.screens(&[ID]);
    session.wait_for("UNKNOWN");
    session.type_keys("q");
    let (_, stream) = session.end();
    assert!(!stream.contains("EXPIRED") && !stream.contains("1970"));
}

#[test]
fn a15_durations_in_every_spelling_are_humanised_beside_what_was_sent() {
    for (sent, shown) in [
        ("8760h", "365d (8760h)"),
        ("8760h0m0s", "365d (8760h0m0s)"),
        ("2h45m", "2h 45m (2h45m)"),
        ("300ms", "300ms"),
        ("15µs", "15µs"),
        ("15μs", "15µs (15μs)"),
        ("1.5h", "1h 30m (1.5h)"),
        ("60m", "1h (60m)"),
        ("1y", "1y"),
        ("P1Y", "P1Y"),
        ("-1h", "-1h"),
        ("8760", "8760"),
        ("forever", "forever"),
    ] {
        let fake = Fake::holding(&token(&format!(
            r#""duration":"{sent}","expires_at":"2126-01-01T00:00:00Z""#
        )));
        let outcome = run(&mut fake.command(&["get", ID]));
        let line = format!("Duration\t{shown}\n");
        assert!(outcome.stdout.contains(&line), "{sent}: {}", outcome.stdout);
    }
    let huge = format!("{}h", "9".repeat(400));
    let fake = Fake::holding(&token(&format!(
        r#""duration":"{huge}","expires_at":"2126-01-01T00:00:00Z""#
    )));
    let report = fake.get().json();
    assert_eq!(
        report["status"], "active",
        "no expiry is derived from a duration"
    );
}

#[test]
fn a16_fields_we_do_not_know_are_kept_and_absent_ones_are_not_reported() {
    let members =
        r#""new_field":{"a":[1]},"n":12345678901234567890123,"expires_at":"2126-01-01T00:00:00Z""#;
    let fake = Fake::holding(&token(members));
    let outcome = fake.get();
    assert!(
        outcome
            .stdout
            .contains(r#""new_field":{"a":[1]},"n":12345678901234567890123"#)
    );
    assert!(outcome.json()["last_seen_at"].is_null());
    let mut session = fake.screens(&[ID]);
    session.wait_for("not reported");
    session.wait_for("Other fields");
    session.wait_for(r#"{"a":[1]}"#);
    session.type_keys("q");
    session.end();
}

#[test]
fn a16_a_field_of_another_type_is_marked_and_no_date_is_never() {
    let odd = token(
        r#""name":42,"enabled":"no","duration":8760,"expires_at":42,"created_at":"soon","last_seen_at":"0001-01-01T00:00:00Z","updated_at":" ""#,
    );
    let fake = Fake::holding(&odd);
    let table = run(&mut fake.command(&["get", ID]));
    for row in [
        "Name\tunexpected type: 42",
        "Enabled\tunexpected type: \"no\"",
        "Duration\tunexpected type: 8760",
        "Expires\tunexpected type: 42",
        "Created\tnot a date: \"soon\"",
        "Last seen\tnever used (sent as \"0001-01-01T00:00:00Z\")",
        "Updated\tnone (sent as \" \")",
        "Client ID\tnot reported",
        "Status\tunknown",
    ] {
        let found = table.stdout.lines().any(|line| line == row);
        assert!(found, "{row:?} is not in:\n{}", table.stdout);
    }
    let mut session = fake.screens(&[ID]);
    session.wait_for("unexpected type: 42");
    session.wait_for("never used");
    session.wait_for("not a date: \"soon\"");
    session.type_keys("q");
    session.end();
}

#[test]
fn a18_a_token_that_is_switched_off_says_so_before_any_countdown() {
    let far = r#""expires_at":"2126-01-01T00:00:00Z""#;
    let fake = Fake::holding(&token(&format!(
        r#""enabled":false,"last_seen_at":null,{far}"#
    )));
    let report = fake.get().json();
    assert_eq!(report["status"], "disabled");
    assert_eq!(report["findings"][0]["code"], "disabled");
    assert_eq!(report["findings"][0]["severity"], "critical");
    let mut session = fake.screens(&[ID]);
    session.wait_for("DISABLED");
    session.wait_for("Never used");
    session.type_keys("q");
    session.end();
    for enabled in ["", r#""enabled":true,"#, r#""enabled":null,"#] {
        let report = Fake::holding(&token(&format!("{enabled}{far}")))
            .get()
            .json();
        assert_eq!(report["status"], "active", "{enabled}");
    }
    let seen = format!(r#""last_seen_at":"2020-01-01T00:00:00Z",{far}"#);
    let report = Fake::holding(&token(&seen)).get();
    assert!(report.stdout.contains("Not seen for "), "{}", report.stdout);
}

#[test]
fn a20_a_token_that_is_gone_blames_no_credential_and_leaves_the_last_data_marked_stale() {
    let good = http(
        200,
        &[],
        success(&token(r#""name":"deploy","duration":"forever""#)),
    );
    let errors = r#"[{"code":12135,"message":"access.api.error.not_found"}]"#;
    let gone = http(404, &[], refusal(errors));
    let fake = Fake::start(move |_, number| {
        Reply::Bytes(if number == 1 {
            good.clone()
        } else {
            gone.clone()
        })
    });
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("r");
    session.wait_for("deleted or recreated");
    session.wait_for("stale");
    session.wait_for("deploy");
    let screen = session.screen.screen().contents().to_lowercase();
    assert!(!screen.contains("credential"), "{screen}");
    session.type_keys("q");
    session.end();
    let words = fake.get().is_error("not_found", 4);
    assert!(!words.contains("credential"), "{words}");
    for body in ["", "{}", r#"{"success":false,"errors":[]}"#] {
        Fake::saying(404, body).get().is_error("not_found", 4);
    }
}

#[test]
fn a20_the_list_opens_on_what_came_in_place_of_a_token_that_is_gone() {
    const NEW: &str = "4003c651-ec8b-4bda-90d9-f802ad04174c";
    let asked = AtomicUsize::new(0);
    let fake = Fake::start(move |head, _| {
        let lasting = r#""duration":"forever""#;
        if !head.contains(ID) {
            let others = format!(
                r#"[{{"id":"{NEW}","name":"deploy 50%",{lasting}}},{{"id":"x","name":"other",{lasting}}}]"#
            );
            return Reply::Bytes(http(200, &[], success(&others)));
        }
        Reply::Bytes(if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            let one = token(&format!(r#""name":"deploy 50%",{lasting}"#));
            http(200, &[], success(&one))
        } else {
            let errors = r#"[{"code":12135,"message":"access.api.error.not_found"}]"#;
            http(404, &[], refusal(errors))
        })
    });
    let mut session = fake.screens(&[ID]);
    session.wait_for("NEVER EXPIRES");
    session.type_keys("r");
    session.wait_for("deleted or recreated");
    session.type_keys("b");
    session.wait_until("the list without the others", |session| {
        let shown = session.shown();
        shown.contains("deploy 50%") && shown.contains("of 1") && !shown.contains("other")
    });
    session.type_keys("\r");
    session.wait_for(NEW);
    session.type_keys("q");
    session.end();
}

#[test]
fn a21_a_redirect_is_named_and_never_followed() {
    let elsewhere = Fake::holding(&token(""));
    let location = format!("{}/cdn-cgi/login?kid=secret", elsewhere.url());
    let login = format!("{}:{}", "127.0.0.1", elsewhere.address.port());
    for status in [301, 302, 303, 307, 308, 300] {
        for (location, host) in [
            (location.as_str(), "127.0.0.1"),
            ("https://user:pw@login.example/x?y=1", "login.example"),
            ("//login.example/x", "login.example"),
            ("/relative", "127.0.0.1"),
            ("::not a url::", ""),
        ] {
            let bytes = http(
                status,
                &[("location", location)],
                "<html>{\"success\":true}",
            );
            let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
            let words = fake.get().is_error("redirect", 1);
            assert!(words.contains(host), "{words}");
            assert!(!words.contains("pw") && !words.contains("kid="), "{words}");
            assert_eq!(fake.heads().len(), 1);
        }
    }
    assert_eq!(elsewhere.heads().len(), 0, "{login} saw no credential");
}

#[test]
fn a23_requests_say_who_sends_them_and_a_block_is_no_refusal_of_the_api() {
    let fake = Fake::saying(403, "error code: 1010");
    let words = fake.get().is_error("invalid_response", 1);
    assert!(words.contains("blocked before reaching the API"), "{words}");
    sends(
        &fake,
        concat!("user-agent: tokenscope/", env!("CARGO_PKG_VERSION")),
    );
    for body in [
        "<html>Attention Required!</html>",
        "",
        "\u{FEFF}error",
        "\"text\"",
        "[]",
        "null",
    ] {
        let words = Fake::saying(403, body)
            .get()
            .is_error("invalid_response", 1);
        assert!(
            words.contains("blocked before reaching the API"),
            "{body}: {words}"
        );
    }
}

#[test]
fn a24_a_rate_limit_is_obeyed_and_refreshing_meanwhile_sends_nothing() {
    let count = AtomicUsize::new(0);
    let good = http(
        200,
        &[],
        success(&token(r#""expires_at":"2126-01-01T00:00:00Z""#)),
    );
    let limited = http(429, &[("retry-after", "3000")], "");
    let fake = Fake::start(move |_, _| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        Reply::Bytes(if first { good.clone() } else { limited.clone() })
    });
    let mut session = fake.screens(&[ID]);
    session.wait_for("ACTIVE");
    session.type_keys("r");
    session.wait_for("too many requests");
    session.type_keys("rrrr");
    session.wait_for("Nothing was sent");
    session.wait_for("etry in 49:");
    let before = session.stream.len();
    session.wait_until("the countdown goes on", |session| {
        session.stream.len() > before
    });
    session.type_keys("q");
    session.end();
    assert_eq!(fake.heads().len(), 2);
}

#[test]
fn a24_the_pause_is_read_in_every_form_and_absurd_ones_are_not_believed() {
    let now = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (pause, said) in [
        (Some("7"), "7 seconds"),
        (Some(" 7 "), "7 seconds"),
        (Some("0"), "1 second"),
        (Some("Sun, 06 Nov 1994 08:49:47 GMT"), "10 seconds"),
        (Some("Sunday, 06-Nov-94 08:49:47 GMT"), "10 seconds"),
        (Some("Sun Nov  6 08:49:47 1994"), "10 seconds"),
        (Some("Sun, 06 Nov 1994 08:00:00 GMT"), "1 second"),
        (None, "5m"),
        (Some("-5"), "5m"),
        (Some("1e3"), "5m"),
        (Some("soon"), "5m"),
        (Some("Sun, 99 Nov 1994 08:49:47 GMT"), "5m"),
        (Some("99999999999999999999999999"), "24 h"),
        (Some("Fri, 31 Dec 9999 23:59:59 GMT"), "24 h"),
    ] {
        let mut headers = vec![("date", now)];
        headers.extend(pause.map(|pause| ("retry-after", pause)));
        for (status, body) in [
            (429, String::new()),
            (429, "<html>slow down</html>".to_owned()),
            (403, refusal(r#"[{"code":10040,"message":"limited"}]"#)),
            (
                200,
                refusal(r#"[{"code":1,"message":"m","error_chain":[{"code":971,"message":"x"}]}]"#),
            ),
        ] {
            let bytes = http(status, &headers, body);
            let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
            let outcome = run(&mut fake.command(&["get", ID, "-o", "json", "--timeout", "1"]));
            let words = outcome.is_error("rate_limited", 1);
            assert!(
                words.contains(&format!("Wait {said};")),
                "{pause:?}: {words}"
            );
            assert_eq!(fake.heads().len(), 1, "{pause:?}: never at once");
        }
    }
}

#[test]
fn a24_a_pause_that_fits_the_deadline_is_waited_out() {
    let limited = http(429, &[("retry-after", "1")], "");
    let good = http(200, &[], success(&token(r#""duration":"forever""#)));
    let fake = Fake::start(move |_, number| {
        Reply::Bytes(if number == 1 {
            limited.clone()
        } else {
            good.clone()
        })
    });
    let outcome = fake.get();
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
}

#[test]
fn a24_a_limit_whose_body_never_ends_is_a_limit_all_the_same() {
    for (status, kind) in [(429, "rate_limited"), (407, "proxy"), (503, "server")] {
        let start = head(
            status,
            &[("retry-after", "3000"), ("content-length", "100")],
        );
        let fake = Fake::start(move |_, _| Reply::ThenSilence(start.clone()));
        let outcome = run(&mut fake.command(&["get", ID, "-o", "json", "--timeout", "10"]));
        outcome.is_error(kind, 1);
    }
}

#[test]
fn a30_account_and_zone_are_exactly_one_and_an_id_cannot_leave_its_place_in_a_path() {
    let fake = Fake::holding("[]");
    let get = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["get", ID, "-o", "json"];
        all.extend_from_slice(arguments);
        let mut command = tokenscope(&all);
        command
            .env("CLOUDFLARE_BASE_URL", fake.url())
            .env("CLOUDFLARE_API_TOKEN", CANARY)
            .envs(variables.iter().copied());
        run(&mut command)
    };
    let both = get(&["--account", ACCOUNT, "--zone", ACCOUNT], &[]).is_error("usage", 64);
    assert!(
        both.contains("--account") && both.contains("--zone"),
        "{both}"
    );
    let variables = [
        ("CLOUDFLARE_ACCOUNT_ID", ACCOUNT),
        ("CLOUDFLARE_ZONE_ID", ACCOUNT),
    ];
    let both = get(&[], &variables).is_error("usage", 64);
    assert!(both.contains("CLOUDFLARE_ACCOUNT_ID") && both.contains("CLOUDFLARE_ZONE_ID"));
    get(&[], &[]).is_error("usage", 64);
    for id in [
        "../../user",
        "023e105f4ecef8ad9ca31a8372d0c35/",
        "023e105f4ecef8ad9ca31a8372d0c35?",
        "%2e%2e%2f%2e%2e%2fuser000000000000",
        "０23e105f4ecef8ad9ca31a8372d0c35",
        "example.com",
        "",
        "023e105f-4ece-f8ad-9ca3-1a8372d0c353",
    ] {
        get(&["--account", id], &[]).is_error("usage", 64);
        get(&["--zone", id], &[]).is_error("usage", 64);
        if !id.is_empty() {
            get(&[], &[("CLOUDFLARE_ACCOUNT_ID", id)]).is_error("usage", 64);
            get(&[], &[("CLOUDFLARE_ZONE_ID", id)]).is_error("usage", 64);
        }
    }
    assert_eq!(
        fake.heads().len(),
        0,
        "all of that is said before any request"
    );
    for text in [
        "abc/../../user",
        "..",
        "?page=9",
        "#",
        "a%2Fb",
        "x\r\nHost: evil",
    ] {
        run(&mut fake.command(&["get", text, "-o", "json"])).is_error("not_found", 4);
    }
    let path = format!("GET /accounts/{ACCOUNT}/access/service_tokens?");
    for head in fake.heads() {
        assert!(head.starts_with(&path), "{head}");
        assert!(
            !head.contains("user HTTP") && !head.contains("evil"),
            "{head}"
        );
    }
}

#[test]
fn a33_five_refusals_leave_one_line_with_a_count_and_the_screen_alive() {
    let errors = r#"[{"code":10000,"message":"Authentication error"}]"#;
    let fake = Fake::saying(403, &refusal(errors));
    let mut session = fake.screens(&[ID]);
    session.wait_for("may not read");
    for count in 2..=5 {
        session.type_keys("r");
        session.wait_for(&format!("×{count}"));
    }
    let screen = session.screen.screen().contents();
    assert_eq!(screen.matches("may not read").count(), 1, "{screen}");
    session.type_keys("t");
    session.wait_for("Token");
    session.type_keys("\x1bOP");
    session.wait_for("re-enter credential");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
    assert_eq!(fake.heads().len(), 5);
}

/// Everything by which a monitor could know nothing, and how it must end.
#[test]
fn a26_a_check_that_knows_nothing_is_unknown_in_every_form() {
    let bad_date = format!("[{}]", token(r#""name":"CI","expires_at":"soon""#));
    let no_date = format!("[{}]", token(r#""name":"CI","duration":"8760h""#));
    let mut fakes: Vec<(String, Fake)> = [400, 401, 403, 404, 409, 418, 429, 500, 503, 302, 204]
        .map(|status| {
            let errors = r#"[{"code":10000,"message":"no"}]"#;
            (status.to_string(), Fake::saying(status, &refusal(errors)))
        })
        .into();
    for body in [
        "",
        "null",
        "{}",
        "[]",
        "<html>",
        r#"{"success":true}"#,
        r#"{"success":true,"result":null}"#,
        r#"{"success":true,"result":{}}"#,
        r#"{"success":true,"result":7}"#,
        r#"{"success":false,"result":[]}"#,
    ] {
        fakes.push((body.to_owned(), Fake::saying(200, body)));
    }
    for result in ["[]", "[null]", "[7]", "[{}]", &bad_date, &no_date] {
        fakes.push((result.to_owned(), Fake::holding(result)));
    }
    fakes.push(("reset".to_owned(), Fake::start(|_, _| Reply::Reset)));
    fakes.push((
        "silence".to_owned(),
        Fake::start(|_, _| Reply::ThenSilence(Vec::new())),
    ));
    for (what, fake) in &fakes {
        for form in ["table", "json", "prometheus"] {
            let line = ["check", "-o", form, "--timeout", "1"];
            is_unknown(&run(&mut fake.command(&line)), form, what);
        }
        let named = ["check", "CI", "--ignore", "unknown", "--timeout", "1"];
        let outcome = run(&mut fake.command(&named));
        if !what.contains("\"CI\"") {
            is_unknown(&outcome, "table", what);
        }
    }
}

#[test]
fn a26_a_check_that_cannot_even_ask_is_unknown_in_every_form() {
    let fake = Fake::holding("[]");
    let home = home();
    std::fs::write(home.path().join("config.toml"), "warn = [").unwrap();
    for form in ["table", "json", "prometheus"] {
        for arguments in [
            &["check", "-o", form][..],
            &["check", "-o", form, "--all-profiles"],
            &["check", "-o", form, "--profile", "nobody"],
            &["check", "-o", form, "--account", "x"],
            &["check", "-o", form, ""],
            &["check", "-o", form, "https://example.com/"],
        ] {
            let mut bare = tokenscope(arguments);
            bare.env("CLOUDFLARE_BASE_URL", fake.url());
            is_unknown(&run(&mut bare), form, &arguments.join(" "));
            bare.env("TOKENSCOPE_HOME", home.path());
            is_unknown(&run(&mut bare), form, &arguments.join(" "));
        }
        for (name, value) in [
            ("CLOUDFLARE_API_TOKEN", "two words"),
            ("CLOUDFLARE_ACCOUNT_ID", "x"),
            ("CLOUDFLARE_ZONE_ID", ACCOUNT),
            ("CLOUDFLARE_BASE_URL", "http://example.com"),
            ("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1"),
        ] {
            let line = ["check", "-o", form, "--timeout", "2"];
            is_unknown(&run(fake.command(&line).env(name, value)), form, name);
        }
    }
    assert!(fake.heads().is_empty());
}

#[track_caller]
fn is_unknown(outcome: &Outcome, form: &str, what: &str) {
    assert_eq!(
        outcome.code,
        Some(3),
        "{form} {what}: {}{}",
        outcome.stdout,
        outcome.stderr
    );
    match form {
        "json" => assert_eq!(outcome.json()["verdict"], "unknown", "{what}"),
        "prometheus" => assert!(
            outcome.stdout.contains("tokenscope_up 0")
                || outcome.stdout.contains("tokenscope_complete 0")
                || outcome.stdout.contains("status=\"unknown\"} 1")
                || !outcome.stdout.contains("status="),
            "{what}: {}",
            outcome.stdout
        ),
        _ => assert!(
            outcome.stdout.starts_with("UNKNOWN: "),
            "{what}: {}",
            outcome.stdout
        ),
    }
}

#[test]
fn a28_each_threshold_has_its_second_and_its_label_and_what_is_over_stays_loud() {
    use chrono::{DateTime, TimeDelta};
    use tokenscope::domain::status::{Lifecycle, Status, Threshold, Thresholds, Urgency};

    use crate::domain::context;
    let end = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let life = |expires_at| Lifecycle {
        enabled: Some(true),
        forever: false,
        expires_at,
        duration: None,
    };
    let day = 86_400;
    for (warn, critical) in [(30, 7), (14, 1)] {
        let thresholds = Thresholds {
            warn: Some(Threshold::Time(TimeDelta::days(warn))),
            critical: Some(Threshold::Time(TimeDelta::days(critical))),
        };
        for (left, status) in [
            (warn * day + 1, Status::Active),
            (warn * day, Status::Active),
            (warn * day - 1, Status::Expiring),
            (critical * day + 1, Status::Expiring),
            (critical * day, Status::Expiring),
            (critical * day - 1, Status::Critical),
            (1, Status::Critical),
            (0, Status::Expired),
            (-1, Status::Expired),
            (-3_000 * day, Status::Expired),
        ] {
            let now = end - TimeDelta::seconds(left);
            assert_eq!(
                Status::at(life(Some(end)), context(now, thresholds)),
                status,
                "{left}"
            );
            let rank = |expires_at| Urgency::of(life(expires_at), context(now, thresholds));
            let unknown_first = rank(None) < rank(Some(end));
            let is_behind = status == Status::Active || left < -30 * day;
            assert_eq!(unknown_first, is_behind, "unknown beside {left}");
        }
    }
}
