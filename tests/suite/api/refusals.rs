//! Error responses as the program reports them: kind, exit code, summary and hint.

#![cfg(unix)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::api::pages::{page, tokens};
use crate::credentials::values::assert_sends;
use crate::support::api::{
    Fake, Outcome, Reply, head, http, refusal, run, shows, success, token, tokenscope,
};
use crate::support::assertions::{assert_contains, assert_contains_if};
use crate::support::table::rows;
use crate::support::tokens::{ACCOUNT, CANARY, ID};

fn errors(code: i64, message: &str) -> String {
    format!(r#"[{{"code":{code},"message":"{message}"}}]"#)
}

fn with_key(fake: &Fake, arguments: &[&str]) -> Outcome {
    run(tokenscope(arguments)
        .env("CLOUDFLARE_BASE_URL", fake.url())
        .env("CLOUDFLARE_API_KEY", CANARY)
        .env("CLOUDFLARE_EMAIL", "me@example.com")
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT))
}

const THREE_PAGES: &str = r#"{"per_page":2,"total_count":6,"total_pages":3}"#;

/// Three pages of two tokens, one of which is replaced by `answer`.
pub(crate) fn broken_page(number: usize, answer: Vec<u8>) -> Fake {
    Fake::start(move |head, _| {
        let page = page(head);
        Reply::Bytes(if page == number {
            answer.clone()
        } else {
            tokens(page * 2, page * 2 + 2, THREE_PAGES)
        })
    })
}

#[test]
fn f01_rejected_credentials_are_authentication_under_any_status() {
    let codes = [
        (9103, "Unknown X-Auth-Key or X-Auth-Email"),
        (10_001, "Unable to authenticate request"),
        (9107, "Missing X-Auth-Key"),
        (1000, "Invalid API Token"),
        (9109, "Invalid access token"),
    ];
    for (code, message) in codes {
        for status in [200, 400, 401, 403, 404, 405] {
            let fake = Fake::answering(status, &refusal(&errors(code, message)));
            let words = fake.get().is_error("authentication", 1);
            assert!(words.contains("does not accept the API token"), "{words}");
            assert!(!words.contains("works"), "{words}");
            let words = with_key(&fake, &["list", "-o", "json"]).is_error("authentication", 1);
            let says = if code == 9103 {
                "Cloudflare knows no such key for this address"
            } else {
                "does not accept the Global API key"
            };
            assert!(words.contains(says), "{code}: {words}");
        }
    }
    for code in [9103, 10_001] {
        let words = "Unable to authenticate request";
        let fake = Fake::answering(500, &refusal(&errors(code, words)));
        fake.get().is_error("authentication", 1);
        assert_eq!(fake.heads().len(), 1, "not tried again");
    }
    let failed = errors(10_001, "access.api.error.internal_server_error");
    let fake = Fake::answering(501, &refusal(&failed));
    fake.get().is_error("server", 1);
    let nested = format!(
        r#"[{{"code":1,"message":"m","error_chain":{}}}]"#,
        errors(10_001, "m")
    );
    Fake::answering(403, &refusal(&nested))
        .get()
        .is_error("authentication", 1);
    let fake = Fake::answering(403, &refusal(&errors(9103, "m")));
    let mut session = fake.screens(&[ID]).showing("does not accept the API token");
    session.wait_for("re-enter");
    session.type_keys("\x1b\x1b\x03");
    session.end();
}

#[test]
fn f06_lookup_by_name_is_not_found_only_after_a_complete_list() {
    let answers: [(Vec<u8>, &str); 5] = [
        (http(501, &[], refusal(&errors(1, "m"))), "server"),
        (
            http(429, &[("retry-after", "120")], refusal("[]")),
            "rate_limited",
        ),
        (http(403, &[], refusal(&errors(10_000, "m"))), "permission"),
        (http(200, &[], "<html>"), "invalid_response"),
        // The page repeats the first one.
        (tokens(2, 4, THREE_PAGES), "invalid_response"),
    ];
    let client_id = "88bf3b6d86161464f6509f7219099e57.access";
    for (answer, kind) in answers {
        let fake = broken_page(3, answer);
        for named in ["nobody", client_id] {
            let words = run(&mut fake.command(&["get", named, "-o", "json"])).is_error(kind, 1);
            assert!(words.contains("incomplete"), "{words}");
            let check = run(&mut fake.command(&["check", named, "-o", "json"]));
            assert_eq!(check.code, Some(3), "{}", check.stdout);
            assert_contains(&check.stdout, &format!(r#""kind":"{kind}""#));
            assert!(!check.stdout.contains("not_found"), "{}", check.stdout);
        }
        let found = run(&mut fake.command(&["get", "n3", "-o", "json"]));
        assert_eq!(found.code, Some(0), "{}", found.stdout);
        assert_contains(&found.stderr, "another token may have this name");
    }
    let whole = broken_page(0, Vec::new());
    run(&mut whole.command(&["get", "nobody", "-o", "json"])).is_error("not_found", 4);
    let fake = broken_page(3, http(501, &[], refusal("[]")));
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_keys("nobody\r");
    shows(&mut session, "is incomplete");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn f07_an_unlisted_4xx_is_rejected_with_the_apis_words_in_the_summary() {
    for (status, code) in [
        (400, 12_130),
        (400, 1001),
        (400, 10_000),
        (402, 1),
        (405, 10_405),
        (406, 0),
        (408, 5),
        (409, 12_132),
        (410, 3),
        (415, 9),
        (422, 1004),
        (451, 2),
        (499, 7),
        (200, 4),
    ] {
        let fake = Fake::answering(status, &refusal(&errors(code, "the very reason.")));
        for arguments in [&["get", ID, "-o", "json"][..], &["list", "-o", "json"]] {
            let outcome = run(&mut fake.command(arguments));
            outcome.is_error("rejected", 1);
            let report = outcome.json();
            let summary = report["error"]["summary"].as_str().unwrap();
            assert!(summary.contains("the very reason"), "{summary}");
            assert_contains(summary, &format!("HTTP {status}, code {code}"));
            assert_eq!(report["error"]["api_errors"][0]["code"], code);
        }
        let check = run(&mut fake.command(&["check", "-o", "json"]));
        assert_eq!(check.code, Some(3));
        assert_eq!(check.json()["error"]["kind"], "rejected");
    }
}

#[test]
fn f08_a_404_is_not_found_only_for_a_token() {
    for body in [
        refusal(&errors(12_135, "access.api.error.not_found")),
        String::new(),
    ] {
        let fake = Fake::answering(404, &body);
        fake.get().is_error("not_found", 4);
        for arguments in [
            &["list", "-o", "json"][..],
            &["get", "a name", "-o", "json"],
        ] {
            let words = run(&mut fake.command(arguments)).is_error("rejected", 1);
            assert_contains(&words, "No such account or zone, or it is not visible");
        }
        assert_eq!(run(&mut fake.command(&["check"])).code, Some(3));
        let home = crate::support::api::home();
        let set = crate::support::api::run_with_input(
            fake.command(&["auth", "set", "--stdin"])
                .env("TOKENSCOPE_HOME", home.path())
                .env_remove("CLOUDFLARE_API_TOKEN"),
            CANARY.as_bytes(),
        );
        assert_eq!(set.code, Some(1), "{}", set.stderr);
    }
}

fn capped(errors: &str) -> Value {
    let fake = Fake::answering(400, &refusal(errors));
    let outcome = fake.get();
    outcome.is_error("rejected", 1);
    assert!(outcome.stdout.len() < 200_000, "{}", outcome.stdout.len());
    let text = run(&mut fake.command(&["get", ID])).stderr;
    assert!(text.lines().count() < 420, "{}", text.lines().count());
    outcome.json()["error"]["api_errors"].clone()
}

#[test]
fn k14_error_lists_are_capped_and_count_what_is_left_out() {
    let message = "m".repeat(400);
    let leaf = format!(r#"{{"code":3,"message":"{message}"}}"#);
    let nest = |inner: &str| {
        let chain = vec![inner; 20].join(",");
        format!(r#"{{"code":2,"message":"{message}","error_chain":[{chain}]}}"#)
    };
    let cube = vec![nest(&nest(&leaf)); 20].join(",");
    for many in [cube, vec![leaf.clone(); 8420].join(",")] {
        let shown = capped(&format!("[{many}]"));
        let shown = shown.as_array().unwrap();
        assert_eq!(shown.len(), 100);
        let last = shown[99]["message"].as_str().unwrap();
        assert!(
            last.starts_with("and ") && last.ends_with(" more"),
            "{last}"
        );
    }
    let hundred = capped(&format!("[{}]", vec![leaf.clone(); 100].join(",")));
    assert_eq!(hundred.as_array().unwrap().len(), 100);
    assert_eq!(hundred[99]["code"], 3);
    // A chain takes no place from the list itself; the error that decides may come late.
    let late = format!(
        "[{},{}]",
        vec![nest(&leaf); 60].join(","),
        r#"{"code":10001,"message":"x"}"#
    );
    Fake::answering(400, &refusal(&late))
        .get()
        .is_error("authentication", 1);
}

#[test]
fn l04_code_10000_means_permission_only_under_403() {
    let message = "GET method with API Tokens is not supported by this API";
    for status in [200, 400, 405, 409, 422] {
        let fake = Fake::answering(status, &refusal(&errors(10_000, message)));
        let words = fake.get().is_error("rejected", 1);
        assert!(words.contains(message), "{words}");
        assert!(words.contains("kind of credential"), "{words}");
        assert!(!words.contains("permission"), "{words}");
    }
    let fake = Fake::answering(403, &refusal(&errors(10_000, "Authentication error")));
    fake.get().is_error("permission", 1);
    let fake = Fake::answering(401, &refusal(&errors(10_000, "Authentication error")));
    fake.get().is_error("authentication", 1);
}

#[test]
fn l07_messages_and_errors_are_always_reported() {
    for (status, body) in [
        (
            400,
            r#"{"success":false,"errors":[],"messages":[{"message":"the reason"}]}"#,
        ),
        (
            200,
            r#"{"success":false,"errors":[],"messages":["the reason"]}"#,
        ),
        (
            200,
            r#"{"success":false,"errors":null,"messages":[null,{"code":3,"message":"the reason"}],"result":null}"#,
        ),
        (
            200,
            r#"{"success":true,"errors":[{"code":8,"message":"the reason"}],"result":null}"#,
        ),
        (
            200,
            r#"{"success":true,"messages":[{"message":"the reason"}],"result":[]}"#,
        ),
        (
            409,
            r#"{"success":true,"errors":[{"code":8,"message":"the reason"}],"result":{}}"#,
        ),
    ] {
        let fake = Fake::answering(status, body);
        let outcome = run(&mut fake.command(&["get", ID, "-o", "json"]));
        let report = outcome.json();
        let summary = report["error"]["summary"].as_str().unwrap();
        assert!(summary.contains("the reason"), "{body}: {summary}");
        assert_eq!(
            report["error"]["api_errors"][0]["message"], "the reason",
            "{body}"
        );
        let text = run(&mut fake.command(&["get", ID])).stderr;
        let details = text.split("details:").nth(1).unwrap();
        assert!(details.contains("the reason"), "{body}: {text}");
    }
    // A summary that explains the status is followed by the message of the API.
    for status in [401, 403, 404, 429, 500] {
        let body = r#"{"success":false,"errors":[],"messages":[{"message":"the reason"}]}"#;
        let outcome = Fake::answering(status, body).get();
        let report = outcome.json();
        let summary = report["error"]["summary"].as_str().unwrap();
        let told = format!("(HTTP {status}: the reason)");
        assert!(summary.contains(&told), "{summary}");
    }
    // A message beside an error is in the details too.
    let body =
        r#"{"success":false,"errors":[{"code":8,"message":"one"}],"messages":[{"message":"two"}]}"#;
    let text = run(&mut Fake::answering(403, body).command(&["get", ID])).stderr;
    assert_contains(&text, "API error 8: one");
    assert_contains(&text, "two");
    // A success with errors stays a success and keeps its errors; a list may be incomplete.
    let whole = |result: &str| {
        format!(
            r#"{{"success":true,"errors":[{{"code":8,"message":"only a part"}}],"result":{result}}}"#
        )
    };
    let outcome = Fake::answering(200, &whole(&token(""))).get();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("only a part"), "{}", outcome.stderr);
    let fake = Fake::answering(200, &whole(&format!("[{}]", token(""))));
    for (command, code) in [("list", 1), ("check", 3)] {
        let outcome = run(&mut fake.command(&[command]));
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert_eq!(
            outcome.stderr.matches("only a part").count(),
            1,
            "{}",
            outcome.stderr
        );
    }
    let mut session = Fake::answering(200, &whole(&token(""))).screens(&[ID]);
    shows(&mut session, "only a part");
    session.quit();
}

#[test]
fn l11_text_that_only_begins_like_json_is_quoted() {
    for text in [
        "404 page not found",
        "404 page not found\n",
        "\"quoted\" but not JSON",
        "true story",
        "null and void",
        "-1 is no page",
        "0x10",
        "false.",
        "upstream connect error or disconnect/reset before headers",
        "error code: 1010",
    ] {
        let first = text.trim();
        for status in [200, 400, 403, 404, 501] {
            let fake = Fake::sending(http(status, &[("content-type", "text/plain")], text));
            let kind = if status == 501 {
                "server"
            } else {
                "invalid_response"
            };
            let words = fake.get().is_error(kind, 1);
            assert!(!words.contains("is JSON"), "{words}");
            let said = run(&mut fake.command(&["list"])).stderr;
            assert!(said.contains(&format!("begins with: {first}")), "{said}");
        }
    }
    for (json, says) in [
        ("404", "not the API's"),
        ("[]", "not the API's"),
        ("{\"a\":", "was cut off"),
    ] {
        let words = Fake::answering(200, json)
            .get()
            .is_error("invalid_response", 1);
        assert!(words.contains(says), "{words}");
    }
    // Quotes no secret, no page, no bytes, and nothing long.
    let echo = format!("bad token {CANARY}{}", " ".repeat(10));
    for text in [
        echo.as_str(),
        "<html>x</html>",
        "\u{1}\u{2}bytes",
        &"long ".repeat(2000),
    ] {
        let fake = Fake::answering(200, text);
        let outcome = run(&mut fake.command(&["get", ID]));
        outcome.assert_hides_secret();
        let is_quoted = outcome.stderr.contains("begins with");
        assert_eq!(is_quoted, text.starts_with("bad"), "{}", outcome.stderr);
    }
}

#[test]
fn a08_shows_no_success_before_the_answer_has_been_checked() {
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
    session.type_until("\x0c", "Verifying");
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
fn a10_a_permission_failure_names_the_scope_and_suggests_the_other_kind() {
    let errors = r#"[{"code":10000,"message":"Authentication error"}]"#;
    let fake = Fake::answering(403, &refusal(errors));
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
    session.type_until("e", ACCOUNT);
    shows(&mut session, "If that is a zone ID, choose zone instead.");
    session.wait_for("CLOUDFLARE_ACCOUNT_ID");
    session.interrupt();
}

#[test]
fn a11_credential_permission_and_scope_failures_have_own_texts() {
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
        let words = Fake::answering(status, &refusal(&errors))
            .get()
            .is_error(kind, 1);
        assert_contains(&words, &format!("HTTP {status}, code {code}"));
        assert_contains_if(kind == "permission", &words, "Access: Service Tokens Read");
        texts.push(words);
    }
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 5, "{texts:#?}");
}

#[test]
fn a12_details_show_everything_the_api_sent() {
    let errors = r#"[{"code":10000,"message":"first thing","documentation_url":"https://docs.example/1",
        "source":{"pointer":"/name"},"error_chain":[{"code":12130,"message":"beneath it"}]},
        {"code":9109,"message":"second thing"}]"#;
    let fake = Fake::sending(http(
        403,
        &[("cf-ray", "86610873f8d987a9-IAD")],
        refusal(errors),
    ));
    let outcome = fake.get();
    outcome.is_error("permission", 1);
    let error = outcome.json()["error"].clone();
    assert_eq!(error["http_status"], 403);
    assert_eq!(error["cf_ray"], "86610873f8d987a9-IAD");
    assert_eq!(error["api_errors"][0]["message"], "first thing");
    assert_eq!(error["api_errors"][1]["message"], "beneath it");
    assert_eq!(error["api_errors"][2]["code"], 9109);
    let mut session = fake.screens(&[ID]).showing("works, but not for");
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
    let stream = session.interrupt();
    assert!(!stream.contains(CANARY));
}

#[test]
fn a20_a_deleted_token_keeps_stale_data_and_blames_no_credential() {
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
    let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.type_until("r", "deleted or recreated");
    session.wait_for("stale");
    session.wait_for("deploy");
    let screen = session.shown().to_lowercase();
    assert!(!screen.contains("credential"), "{screen}");
    session.quit();
    let words = fake.get().is_error("not_found", 4);
    assert!(!words.contains("credential"), "{words}");
    for body in ["", "{}", r#"{"success":false,"errors":[]}"#] {
        Fake::answering(404, body).get().is_error("not_found", 4);
    }
}

#[test]
fn a20_the_list_selects_the_successor_of_a_deleted_token() {
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
    let mut session = fake.screens(&[ID]).showing("NEVER EXPIRES");
    session.type_until("r", "deleted or recreated");
    session.type_keys("b");
    session.wait_until("the list without the others", |session| {
        let shown = session.shown();
        shown.contains("deploy 50%") && shown.contains("of 1") && !shown.contains("other")
    });
    session.type_until("\r", NEW);
    session.quit();
}

#[test]
fn a21_a_redirect_is_named_and_not_followed() {
    let elsewhere = Fake::with_result(&token(""));
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
            let fake = Fake::sending(http(
                status,
                &[("location", location)],
                "<html>{\"success\":true}",
            ));
            let words = fake.get().is_error("redirect", 1);
            assert!(words.contains(host), "{words}");
            assert!(!words.contains("pw") && !words.contains("kid="), "{words}");
            assert_eq!(fake.heads().len(), 1);
        }
    }
    assert_eq!(elsewhere.heads().len(), 0, "{login} saw no credential");
}

#[test]
fn a23_requests_send_a_user_agent_and_a_block_is_not_an_api_refusal() {
    let fake = Fake::answering(403, "error code: 1010");
    let words = fake.get().is_error("invalid_response", 1);
    assert!(words.contains("blocked before reaching the API"), "{words}");
    assert_sends(
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
        let words = Fake::answering(403, body)
            .get()
            .is_error("invalid_response", 1);
        assert!(
            words.contains("blocked before reaching the API"),
            "{body}: {words}"
        );
    }
}

#[test]
fn a24_reloading_during_a_rate_limit_sends_nothing() {
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
    let mut session = fake.screens(&[ID]).showing("ACTIVE");
    session.type_until("r", "too many requests");
    session.type_until("rrrr", "nothing was sent");
    session.wait_for("etry in 49:");
    let before = session.stream.len();
    session.wait_until("the countdown goes on", |session| {
        session.stream.len() > before
    });
    session.quit();
    assert_eq!(fake.heads().len(), 2);
}

#[test]
fn a24_reads_every_form_of_retry_after_and_caps_absurd_ones() {
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
            let fake = Fake::sending(http(status, &headers, body));
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
fn a24_waits_out_a_pause_that_fits_the_deadline() {
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
fn a24_a_rate_limit_with_an_endless_body_is_still_a_rate_limit() {
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
fn a33_five_failures_leave_one_line_with_a_count() {
    let errors = r#"[{"code":10000,"message":"Authentication error"}]"#;
    let fake = Fake::answering(403, &refusal(errors));
    let mut session = fake.screens(&[ID]).showing("may not read");
    for count in 2..=5 {
        session.type_until("r", &format!("×{count}"));
    }
    let screen = session.shown();
    assert_eq!(screen.matches("may not read").count(), 1, "{screen}");
    session.type_until("t", "Find a token");
    session.type_until("\x1bOP", "type in the field");
    session.interrupt();
    let heads = fake.heads();
    assert_eq!(heads.iter().filter(|head| head.contains(ID)).count(), 5);
}

/// Errors as the API has sent them: status, expected kind, exit code, part of the text, errors.
const REFUSALS: &str = r#"
400 | authentication | 1  | is malformed                          | [{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format"}]}]
400 | authentication | 1  | switch the credential kind            | [{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6103,"message":"Invalid format"}]}]
401 | authentication | 1  | expired or revoked                    | [{"code":9109,"message":"Invalid access token"}]
403 | authentication | 1  | expired or revoked                    | [{"code":9109,"message":"Invalid access token"}]
401 | authentication | 1  | expired or revoked                    | [{"code":1000,"message":"Invalid API Token"}]
403 | permission     | 1  | Access: Service Tokens Read           | [{"code":10000,"message":"Authentication error"}]
403 | permission     | 1  | not for account                       | [{"code":9109,"message":"Unauthorized to access requested resource"}]
403 | permission     | 1  | IP filter                             | [{"code":9109,"message":"Cannot use the access token from location: 183.154.104.196"}]
400 | usage          | 64 | malformed                             | [{"code":7003,"message":"Could not route to /client/v4/zones/x, perhaps your object identifier is invalid?"},{"code":7000,"message":"No route for that URI"}]
404 | usage          | 64 | malformed                             | [{"code":7003,"message":"Could not route to /client/v4/zones/x, perhaps your object identifier is invalid?"},{"code":7000,"message":"No route for that URI"}]
400 | permission     | 1  | Enable Access                         | [{"code":9999,"message":"access.api.error.not_enabled: Access is not enabled."}]
404 | not_found      | 4  | deleted or recreated                  | [{"code":12135,"message":"access.api.error.not_found"}]
400 | rejected       | 1  | access.api.error.invalid_request: bad | [{"code":12130,"message":"access.api.error.invalid_request: bad"}]
405 | rejected       | 1  | kind of credential                    | [{"code":10000,"message":"POST method with API Tokens is not supported"}]
429 | rate_limited   | 1  | Wait                                  | [{"code":0,"message":"More than 1200 requests per 300 seconds reached."}]
500 | server         | 1  | cloudflarestatus                      | [{"code":0,"message":"Actor 'com.cloudflare' failed"}]
409 | rejected       | 1  | details                               | [{"code":12345,"message":"access.api.error.conflict"}]
400 | rejected       | 1  | details                               | [{"code":1001,"message":"Missing \"Authorization\" header"}]
"#;

#[test]
fn known_refusals_have_the_documented_kind_code_and_hint() {
    for [status, kind, code, helps, errors] in rows(REFUSALS) {
        for body in [
            refusal(errors),
            format!(r#"{{"success":false,"errors":{errors}}}"#),
            format!(r#"{{"errors":{errors},"messages":["text"],"result":{{}}}}"#),
        ] {
            let fake = Fake::answering(status.parse().unwrap(), &body);
            let mut command = fake.command(&["get", ID, "-o", "json", "--timeout", "10"]);
            let words = run(&mut command).is_error(kind, code.parse().unwrap());
            assert!(words.contains(helps), "{status} {errors}: {words}");
        }
    }
}

#[test]
fn other_bodies_are_invalid_responses_or_network_failures() {
    for body in [
        "",
        "<html><body>Sign in</body></html>",
        "OK",
        "nul",
        "{\"a\":1}",
        "[]",
        "42",
        "\"x\"",
        "null",
        "{\"success\":true}",
        "{\"success\":true,\"result\":null}",
        "{\"success\":true,\"result\":[]}",
        "{\"success\":true,\"result\":\"x\"}",
        "{\"success\":tru",
    ] {
        let words = Fake::answering(200, body)
            .get()
            .is_error("invalid_response", 1);
        assert!(words.contains("base URL"), "{body}: {words}");
    }
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
        b"\x16\x03\x01",
        b"HTTP/9.9 200\r\n\r\n",
        b"HTTP/1.1 2000 x\r\n\r\n",
    ] {
        let fake = Fake::start(move |_, _| Reply::Bytes(bytes.to_vec()));
        fake.get().is_error("invalid_response", 1);
    }
    let whole = http(200, &[], success(&token("")));
    let truncated = Fake::start(move |_, _| {
        let mut bytes = whole.clone();
        bytes.truncate(whole.len() - 3);
        let text = String::from_utf8(bytes).unwrap();
        Reply::Bytes(
            text.replace("content-length", "connection: close\r\ncontent-length")
                .into_bytes(),
        )
    });
    let fin = Fake::start(|_, _| Reply::Bytes(Vec::new()));
    let reset = Fake::start(|_, _| Reply::Reset);
    for fake in [truncated, fin, reset] {
        fake.get().is_error("network", 1);
        assert_eq!(fake.heads().len(), 3, "tried twice more");
    }
}
