//! Group F, K and L, what the API answers: refusals, lists, oddities, and their bounds.

#![cfg(unix)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tokenscope::domain::failure::FailureKind;

use crate::api;
use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Outcome, Reply, http, refusal, run, shows, success, token,
    tokenscope,
};

const OTHER: &str = "11111111-2222-4333-8444-555555555555";

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

/// The number of the page that a request asks for.
fn page(head: &str) -> usize {
    let query = head.split("page=").nth(1).unwrap();
    let digits: String = query.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// A page of tokens `from..to` with what the server says of the list.
fn tokens(from: usize, to: usize, note: &str) -> Vec<u8> {
    let list: Vec<String> = (from..to)
        .map(|number| {
            format!(r#"{{"id":"{number:08}-2222-4333-8444-555555555555","name":"n{number}","duration":"forever"}}"#)
        })
        .collect();
    let note = if note.is_empty() {
        String::new()
    } else {
        format!(r#","result_info":{note}"#)
    };
    http(
        200,
        &[],
        format!(r#"{{"success":true,"result":[{}]{note}}}"#, list.join(",")),
    )
}

const THREE_PAGES: &str = r#"{"per_page":2,"total_count":6,"total_pages":3}"#;

/// Three pages of two tokens, one of which answers otherwise.
fn broken_page(number: usize, answer: Vec<u8>) -> Fake {
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
fn f01_every_code_that_means_not_accepted_is_authentication_under_any_status() {
    let codes = [
        (9103, "Unknown X-Auth-Key or X-Auth-Email"),
        (10_001, "Unable to authenticate request"),
        (9107, "Missing X-Auth-Key"),
        (1000, "Invalid API Token"),
        (9109, "Invalid access token"),
    ];
    for (code, message) in codes {
        for status in [200, 400, 401, 403, 404, 405] {
            let fake = Fake::saying(status, &refusal(&errors(code, message)));
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
        let fake = Fake::saying(500, &refusal(&errors(code, words)));
        fake.get().is_error("authentication", 1);
        assert_eq!(fake.heads().len(), 1, "not tried again");
    }
    let failed = errors(10_001, "access.api.error.internal_server_error");
    let fake = Fake::saying(501, &refusal(&failed));
    fake.get().is_error("server", 1);
    let nested = format!(
        r#"[{{"code":1,"message":"m","error_chain":{}}}]"#,
        errors(10_001, "m")
    );
    Fake::saying(403, &refusal(&nested))
        .get()
        .is_error("authentication", 1);
    let fake = Fake::saying(403, &refusal(&errors(9103, "m")));
    let mut session = fake.screens(&[ID]);
    session.wait_for("does not accept the API token");
    session.wait_for("re-enter");
    session.type_keys("\x1b\x1b\x03");
    session.end();
}

#[test]
fn f06_not_found_is_said_of_a_whole_list_alone() {
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
            assert!(
                check.stdout.contains(&format!(r#""kind":"{kind}""#)),
                "{}",
                check.stdout
            );
            assert!(!check.stdout.contains("not_found"), "{}", check.stdout);
        }
        let found = run(&mut fake.command(&["get", "n3", "-o", "json"]));
        assert_eq!(found.code, Some(0), "{}", found.stdout);
        assert!(found.stderr.contains("may be another"), "{}", found.stderr);
    }
    let whole = broken_page(0, Vec::new());
    run(&mut whole.command(&["get", "nobody", "-o", "json"])).is_error("not_found", 4);
    let fake = broken_page(3, http(501, &[], refusal("[]")));
    let mut session = fake.screens(&[]);
    session.wait_for("Token");
    session.type_keys("nobody\r");
    shows(&mut session, "is incomplete");
    session.type_keys("\x03");
    session.end();
}

#[test]
fn f07_a_4xx_that_fits_no_row_is_rejected_and_its_words_are_in_the_summary() {
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
        let fake = Fake::saying(status, &refusal(&errors(code, "the very reason.")));
        for arguments in [&["get", ID, "-o", "json"][..], &["list", "-o", "json"]] {
            let outcome = run(&mut fake.command(arguments));
            outcome.is_error("rejected", 1);
            let report = outcome.json();
            let summary = report["error"]["summary"].as_str().unwrap();
            assert!(summary.contains("the very reason"), "{summary}");
            assert!(
                summary.contains(&format!("HTTP {status}, code {code}")),
                "{summary}"
            );
            assert_eq!(report["error"]["api_errors"][0]["code"], code);
        }
        let check = run(&mut fake.command(&["check", "-o", "json"]));
        assert_eq!(check.code, Some(3));
        assert_eq!(check.json()["error"]["kind"], "rejected");
    }
}

#[test]
fn f08_404_is_not_found_of_a_token_alone() {
    for body in [
        refusal(&errors(12_135, "access.api.error.not_found")),
        String::new(),
    ] {
        let fake = Fake::saying(404, &body);
        fake.get().is_error("not_found", 4);
        for arguments in [
            &["list", "-o", "json"][..],
            &["get", "a name", "-o", "json"],
        ] {
            let words = run(&mut fake.command(arguments)).is_error("rejected", 1);
            assert!(
                words.contains("no such account or zone, or it is not visible"),
                "{words}"
            );
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

#[test]
fn f09_a_server_that_caps_its_pages_in_silence_is_followed() {
    for note in ["", "{}", r#"{"page":1,"count":50}"#] {
        let fake = Fake::start(move |head, _| {
            let from = (page(head) - 1) * 50;
            Reply::Bytes(tokens(from, 120.min(from + 50).max(from), note))
        });
        let list = run(&mut fake.command(&["list", "-o", "json"])).json();
        assert_eq!(
            (&list["count"], &list["complete"]),
            (&120.into(), &true.into())
        );
        assert_eq!(fake.heads().len(), 3, "{note}");
    }
    // The rest of a list that ends with a full page is empty.
    let fake = Fake::start(|head, _| {
        let from = (page(head) - 1) * 50;
        Reply::Bytes(tokens(from, 100.min(from + 50).max(from), ""))
    });
    let list = run(&mut fake.command(&["list", "-o", "json"])).json();
    assert_eq!(
        (&list["count"], &list["complete"]),
        (&100.into(), &true.into())
    );
    // A server that knows no pages sends the same again, entries without an ID among them.
    for result in [
        r#"[{"id":"a"}]"#,
        r#"[{"name":"x"},{"name":"x"},{"id":"a"}]"#,
    ] {
        let fake = Fake::holding(result);
        let list = run(&mut fake.command(&["list", "-o", "json"])).json();
        let count = result.matches('{').count();
        assert_eq!(
            (&list["count"], &list["complete"]),
            (&count.into(), &true.into())
        );
        assert_eq!(fake.heads().len(), 2, "{result}");
    }
    let fake = Fake::holding("[]");
    run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(
        fake.heads().len(),
        1,
        "nothing was sent, nothing more is asked"
    );
    // What comes after the first page may fail, which is not the end of the list.
    let fake = Fake::start(|head, _| match page(head) {
        1 => Reply::Bytes(tokens(0, 50, "")),
        _ => Reply::Bytes(http(501, &[], refusal("[]"))),
    });
    let list = run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(list.code, Some(1));
    assert_eq!(list.json()["complete"], false);
}

#[test]
fn f10_an_answer_about_another_token_is_none() {
    for other in [
        OTHER,
        "x",
        "f174e90a-fafe-4643-bbbc-4a0ed4fc8416",
        "f174e90afafe4643bbbc4a0ed4fc8415",
    ] {
        let fake = Fake::holding(&format!(r#"{{"id":"{other}","duration":"forever"}}"#));
        let words = fake.get().is_error("invalid_response", 1);
        assert!(words.contains(other) && words.contains(ID), "{words}");
        let check = run(&mut fake.command(&["check", ID, "-o", "json"]));
        assert_eq!(check.code, Some(3), "{}", check.stdout);
        let mut session = fake.screens(&[ID]);
        shows(&mut session, "The response is about token");
        session.type_keys("\x1b\x1b\x03");
        session.end();
    }
    for own in [
        format!(r#"{{"id":"{}"}}"#, ID.to_uppercase()),
        format!(r#"{{"id":" {ID} "}}"#),
        r#"{"name":"x"}"#.to_owned(),
        r#"{"id":null}"#.to_owned(),
        r#"{"id":""}"#.to_owned(),
    ] {
        let outcome = Fake::holding(&own).get();
        assert_eq!(outcome.code, Some(0), "{own}: {}", outcome.stdout);
    }
}

#[test]
fn f10_an_envelope_without_success_is_judged_by_what_it_holds_and_that_is_said() {
    let unsaid = "does not say whether it is a success";
    for said in ["", r#""success":null,"#] {
        let fake = Fake::saying(200, &format!(r#"{{{said}"result":{}}}"#, token("")));
        let outcome = fake.get();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        assert!(outcome.stderr.contains(unsaid), "{}", outcome.stderr);
        let fake = Fake::saying(200, &format!(r#"{{{said}"result":[]}}"#));
        let outcome = run(&mut fake.command(&["list"]));
        assert!(outcome.stderr.contains(unsaid), "{}", outcome.stderr);
        let fake = Fake::saying(200, &format!(r#"{{{said}"result":[1]}}"#));
        let outcome = run(&mut fake.command(&["get", ID]));
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stderr.contains(unsaid), "{}", outcome.stderr);
    }
    let fake = Fake::saying(
        200,
        &format!(r#"{{"result":{},"errors":[{{"code":5}}]}}"#, token("")),
    );
    fake.get().is_error("rejected", 1);
    // Where it holds nothing either, nothing was refused.
    for body in [r#"{"result":null}"#, r#"{"success":null,"result":null}"#] {
        let fake = Fake::saying(200, body);
        fake.get().is_error("invalid_response", 1);
        run(&mut fake.command(&["list", "-o", "json"])).is_error("invalid_response", 1);
    }
    let outcome = Fake::holding(&token("")).get();
    assert_eq!(outcome.stderr, "");
}

#[test]
fn f11_a_date_far_ahead_is_not_used_and_that_is_said() {
    let now = chrono::Utc::now();
    let http_date =
        |date: chrono::DateTime<chrono::Utc>| date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let live = |days: i64, seen: i64| {
        token(&format!(
            r#""duration":"8760h","expires_at":"{}","last_seen_at":"{}""#,
            (now + chrono::TimeDelta::days(days)).to_rfc3339(),
            (now + chrono::TimeDelta::days(seen)).to_rfc3339(),
        ))
    };
    let answering = |ahead: i64, body: String| {
        let date = http_date(now + chrono::TimeDelta::days(ahead));
        Fake::start(move |_, _| Reply::Bytes(http(200, &[("date", &date)], success(&body))))
    };
    // Days that the date is ahead, and that the token was last seen.
    for (ahead, seen) in [
        (365, -40),
        (366, 0),
        (3650, -400),
        (2_000_000, 0),
        (30, 0),
        (3, 0),
        (201, -2),
    ] {
        let fake = answering(ahead, live(100, seen));
        let outcome = fake.get();
        let report = outcome.json();
        assert_eq!(
            report["status"], "active",
            "{ahead} {seen}: {}",
            outcome.stdout
        );
        assert_eq!(report["clock_skew_seconds"], 0);
        assert!(
            outcome.stderr.contains("which cannot be right"),
            "{}",
            outcome.stderr
        );
        let fake = answering(ahead, format!("[{}]", live(100, seen)));
        let check = run(&mut fake.command(&["check"]));
        assert_eq!(check.code, Some(0), "{}", check.stdout);
    }
    // Not contradicted, or the tokens themselves say that this computer's clock is behind.
    for (ahead, seen) in [(30, -40), (366, 300), (150, 2)] {
        let report = answering(ahead, live(500, seen)).get().json();
        assert!(
            report["clock_skew_seconds"].as_i64().unwrap() > 86_400,
            "{ahead} {seen}"
        );
    }
    let mut session = answering(365, live(100, 0)).screens(&[ID]);
    shows(&mut session, "cannot be right");
    session.type_keys("q");
    session.end();
}

fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The most memory that a command may take, in KiB, as `ulimit -v` counts it.
const FEW_KIB: usize = 400 * 1024;

/// Runs a command in a bounded address space.
fn run_bounded(fake: &Fake, arguments: &[&str]) -> Outcome {
    let mut shell = std::process::Command::new("/bin/sh");
    let binary = env!("CARGO_BIN_EXE_tokenscope");
    shell
        .env_clear()
        .args([
            "-c",
            &format!("ulimit -v {FEW_KIB}; exec \"$@\""),
            "sh",
            binary,
        ])
        .args(arguments)
        .env("TOKENSCOPE_HOME", "/nonexistent/tokenscope")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .env("CLOUDFLARE_BASE_URL", fake.url())
        .env("CLOUDFLARE_API_TOKEN", CANARY)
        .env("CLOUDFLARE_ACCOUNT_ID", ACCOUNT);
    run(&mut shell)
}

#[test]
fn k06_a_page_with_far_more_entries_than_were_asked_for_is_refused_within_bounds() {
    let many = |entry: &str, bytes: usize| {
        let count = bytes / (entry.len() + 1);
        let list = vec![entry; count].join(",");
        gzipped(success(&format!("[{list}]")).as_bytes())
    };
    for entry in ["{}", "1", "[]", r#"{"id":"x"}"#] {
        let body = many(entry, 15 << 20);
        let answer = http(200, &[("content-encoding", "gzip")], body);
        let fake = Fake::start(move |_, _| Reply::Bytes(answer.clone()));
        for command in [
            &["list", "-o", "json"][..],
            &["get", "a name", "-o", "json"],
        ] {
            let words = run_bounded(&fake, command).is_error("invalid_response", 1);
            assert!(words.contains("more than twice the 1000"), "{words}");
        }
        let check = run_bounded(&fake, &["check", "-o", "json"]);
        assert_eq!(check.code, Some(3), "{}", check.stderr);
    }
    for (count, is_fine) in [(2000, true), (2001, false)] {
        let fake = Fake::start(move |_, _| Reply::Bytes(tokens(0, count, r#"{"total_pages":1}"#)));
        let list = run(&mut fake.command(&["list", "-o", "json"]));
        assert_eq!(list.code == Some(0), is_fine, "{count}");
    }
}

#[test]
fn k06_a_list_without_end_ends_at_its_budget_and_says_so() {
    let note = r#"{"per_page":1000,"total_pages":1000}"#;
    let listed = |fake: &Fake| {
        let list = run(&mut fake.command(&["list", "-o", "json", "--timeout", "38"]));
        assert_eq!(list.code, Some(1), "{}", list.stdout);
        assert_eq!(list.json()["complete"], false);
        list.json()["incomplete_reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    // Entries count whether or not they can be read.
    let fake = Fake::start(move |head, _| {
        let list = vec![page(head).to_string(); 2000].join(",");
        let body = format!(r#"{{"success":true,"result":[{list}],"result_info":{note}}}"#);
        Reply::Bytes(http(200, &[], body))
    });
    listed(&fake);
    let asked = fake.heads().len();
    assert!(
        (125..=128).contains(&asked),
        "{asked} pages of 2,000 entries"
    );
    // So do the bytes of an answer, whatever they are.
    let filler = "x".repeat(15 << 20);
    let fake = Fake::start(move |head, _| {
        let (page, end) = (page(head), format!(r#"","result_info":{note}}}"#));
        let begin = format!(r#"{{"success":true,"result":[{{"id":"{page}"}}],"other":""#);
        let body = gzipped(format!("{begin}{filler}{end}").as_bytes());
        Reply::Bytes(http(200, &[("content-encoding", "gzip")], body))
    });
    let why = listed(&fake);
    assert!(why.contains("more than 256 MiB"), "{why}");
    let asked = fake.heads().len();
    assert!((18..=21).contains(&asked), "{asked} pages of 15 MiB");
}

#[test]
fn k06_the_lists_of_accounts_and_zones_are_bounded_too_and_say_so() {
    let fake = Fake::start(|head, _| {
        if head.starts_with("GET /accounts?") {
            let list = vec![r#"{"id":"00000000000000000000000000000001"}"#; 101].join(",");
            return Reply::Bytes(http(200, &[], success(&format!("[{list}]"))));
        }
        let zone = format!(r#"[{{"id":"{:032x}","name":"a zone"}}]"#, page(head));
        Reply::Bytes(match page(head) {
            1 => http(
                200,
                &[],
                format!(
                    r#"{{"success":true,"result":{zone},"result_info":{{"per_page":1,"total_count":3}}}}"#
                ),
            ),
            _ => http(501, &[], refusal("[]")),
        })
    });
    let mut session = fake.screens_with(&[], &[]);
    session.wait_for("Access: Service Tokens Read");
    session.type_keys(&format!("{CANARY}\x0f"));
    session.type_keys("\x1b[15~");
    session.wait_for("a zone");
    shows(&mut session, "the list of zones is incomplete");
    session.type_keys("\x1b\x03");
    session.end();
}

#[test]
fn k06_hostile_envelopes_of_any_shape_cost_little_memory_and_time() {
    let repeat = |unit: &str, bytes: usize| unit.repeat(bytes / unit.len());
    let most = 15 << 20;
    let list = |unit: &str| {
        repeat(&format!("{unit},"), most)
            .trim_end_matches(',')
            .to_owned()
    };
    let chain = |entry: &str| format!(r#"{{"code":1,"message":"m","error_chain":[{entry}]}}"#);
    let bodies = [
        refusal(&format!("[{}]", list("{}"))),
        refusal(&format!("[{}]", list("1"))),
        refusal(&format!("[{}]", list(r#"{"code":1}"#))),
        refusal(&format!("[{}]", chain(&list("0")))),
        refusal(&format!("[{{{}}}]", list(r#""a":1"#))),
        refusal(&format!(
            r#"[{{"code":1,"message":"{}"}}]"#,
            repeat("x", most)
        )),
        refusal(&(repeat("[", most / 2) + &repeat("]", most / 2))),
        refusal(&format!(
            "[{}]",
            list(&format!("{{{}}}", r#""error_chain":[]"#))
        )),
        format!(r#"{{"success":false,"messages":[{}]}}"#, list(r#""m""#)),
        format!(
            r#"{{"success":true,"result":[],"result_info":{{{}}}}}"#,
            list(r#""a":1"#)
        ),
        format!("{{{}}}", list(r#""a":1"#)),
        format!("{{{}}}", list(r#""errors":[1]"#)),
        repeat("7", most),
    ];
    for body in bodies {
        let start: String = body.chars().take(60).collect();
        let answer = http(
            400,
            &[("content-encoding", "gzip")],
            gzipped(body.as_bytes()),
        );
        let fake = Fake::start(move |_, _| Reply::Bytes(answer.clone()));
        let outcome = run_bounded(&fake, &["list", "-o", "json"]);
        assert_eq!(outcome.code, Some(1), "{start}: {}", outcome.stderr);
        assert!(
            outcome.stdout.len() < 100_000,
            "{start}: {}",
            outcome.stdout.len()
        );
        assert!(
            outcome.took < Duration::from_secs(20),
            "{start}: {:?}",
            outcome.took
        );
        assert_ne!(outcome.json()["error"]["kind"], "timeout", "{start}");
    }
}

#[tokio::test]
async fn k06_the_loop_goes_on_while_an_answer_is_taken_apart() {
    let body = success(&format!("[{}]", vec!["[[[]]]"; 1 << 21].join(",")));
    let answer = http(
        400,
        &[("content-encoding", "gzip")],
        gzipped(body.as_bytes()),
    );
    let fake = Fake::start(move |_, _| Reply::Bytes(answer.clone()));
    let begun = Instant::now();
    let (mut last, mut longest) = (begun, Duration::ZERO);
    let url = fake.url();
    let fetched = api::get(&url);
    tokio::pin!(fetched);
    // The one thread of this runtime is the loop's, where keys, signals and deadlines are heard.
    let failure = loop {
        tokio::select! {
            fetched = &mut fetched => break fetched.unwrap_err(),
            () = tokio::time::sleep(Duration::from_millis(1)) => {
                longest = longest.max(last.elapsed());
                last = Instant::now();
            }
        }
    };
    longest = longest.max(last.elapsed());
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert!(
        longest * 2 < begun.elapsed(),
        "{longest:?} of {:?}",
        begun.elapsed()
    );
}

fn capped(errors: &str) -> Value {
    let fake = Fake::saying(400, &refusal(errors));
    let outcome = fake.get();
    outcome.is_error("rejected", 1);
    assert!(outcome.stdout.len() < 200_000, "{}", outcome.stdout.len());
    let text = run(&mut fake.command(&["get", ID])).stderr;
    assert!(text.lines().count() < 420, "{}", text.lines().count());
    outcome.json()["error"]["api_errors"].clone()
}

#[test]
fn k14_lists_of_errors_are_capped_in_total_and_say_what_is_left_out() {
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
    // A chain takes no place from the list itself, and what decides may come late.
    let late = format!(
        "[{},{}]",
        vec![nest(&leaf); 60].join(","),
        r#"{"code":10001,"message":"x"}"#
    );
    Fake::saying(400, &refusal(&late))
        .get()
        .is_error("authentication", 1);
}

#[test]
fn k14_a_hint_names_ten_ids_and_the_number_of_the_others() {
    let fake = Fake::start(|head, _| {
        let from = (page(head) - 1) * 1000;
        let list: Vec<String> = (from..from + 1000)
            .map(|number| {
                format!(
                    r#"{{"id":"{number:08}-{}","name":"same"}}"#,
                    "x".repeat(2000)
                )
            })
            .collect();
        let note = r#"{"per_page":1000,"total_count":3000,"total_pages":3}"#;
        Reply::Bytes(http(
            200,
            &[],
            format!(
                r#"{{"success":true,"result":[{}],"result_info":{note}}}"#,
                list.join(",")
            ),
        ))
    });
    for arguments in [
        &["get", "same", "-o", "json"][..],
        &["check", "same", "-o", "json"],
    ] {
        let outcome = run(&mut fake.command(arguments));
        assert!(
            outcome.stdout.contains("and 2990 more"),
            "{:.300}",
            outcome.stdout
        );
        assert!(outcome.stdout.len() < 20_000, "{}", outcome.stdout.len());
    }
}

#[test]
fn k14_the_secret_of_a_service_token_is_masked_wherever_an_answer_is_shown() {
    let secret = "bdd31c1fa6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0b1d2";
    for members in [
        format!(r#""client_secret":"{secret}""#),
        format!(r#""client_secret" :  "{secret}" ,"n":1"#),
        format!(r#""client\u005fsecret":"{secret}""#),
        format!(r#""Client-Secret":"{secret}""#),
        format!(r#""previous_client_secret":"{secret}""#),
        format!(r#""more":{{"deep":[1,{{"client_secret":"{secret}"}},"]"]}}"#),
        format!(r#""client_secret":["{secret}",{{"a":"]{secret}"}}]"#),
        format!(r#""client_secret":"a\"b{secret}\\","z":"é""#),
        format!(r#""name":{{"client_secret":"{secret}"}}"#),
    ] {
        let one = Fake::holding(&token(&format!(r#"{members},"client_secret_version":3"#)));
        let all = Fake::holding(&format!("[{}]", token(&members)));
        for (fake, arguments) in [
            (&one, &["get", ID][..]),
            (&one, &["get", ID, "-o", "json"]),
            (&one, &["check", ID, "-o", "json"]),
            (&all, &["list"]),
            (&all, &["list", "-o", "json"]),
            (&all, &["list", "-o", "csv"]),
            (&all, &["check", "-o", "json"]),
            (&all, &["check", "-o", "prometheus"]),
        ] {
            let outcome = run(&mut fake.command(arguments));
            let said = outcome.stdout.clone() + &outcome.stderr;
            assert!(!said.contains(&secret[..20]), "{arguments:?}: {said}");
            if arguments.contains(&"json") {
                outcome.json();
                assert!(said.contains("[hidden]"), "{arguments:?}: {said}");
            }
        }
        assert!(one.get().stdout.contains(r#""client_secret_version":3"#));
        let mut session = one.screens(&[ID]);
        session.wait_for("hidden");
        session.type_keys("v");
        session.wait_for("\"[hidden]\"");
        session.type_keys("q");
        let (_, stream) = session.end();
        assert!(!stream.contains(&secret[..20]));
    }
    let echo = format!(r#"[{{"code":5,"message":"bad client_secret: {secret}"}}]"#);
    let fake = Fake::saying(400, &refusal(&echo));
    let mut session = fake.screens(&[ID]);
    session.wait_for("refused the request");
    session.type_keys("e");
    session.wait_for("Error details");
    session.type_keys("\x1b\x1b\x03");
    let (_, stream) = session.end();
    assert!(!stream.contains(&secret[..20]));
    // What only looks like one stays.
    let members = r#""client_secret":null,"secretary":"x","client_secret_version":2"#;
    let outcome = Fake::holding(&token(members)).get();
    assert!(outcome.stdout.contains(members), "{}", outcome.stdout);
}

#[test]
fn l04_10000_means_permission_under_403_alone() {
    let message = "GET method with API Tokens is not supported by this API";
    for status in [200, 400, 405, 409, 422] {
        let fake = Fake::saying(status, &refusal(&errors(10_000, message)));
        let words = fake.get().is_error("rejected", 1);
        assert!(words.contains(message), "{words}");
        assert!(words.contains("kind of credential"), "{words}");
        assert!(!words.contains("permission"), "{words}");
    }
    let fake = Fake::saying(403, &refusal(&errors(10_000, "Authentication error")));
    fake.get().is_error("permission", 1);
    let fake = Fake::saying(401, &refusal(&errors(10_000, "Authentication error")));
    fake.get().is_error("authentication", 1);
}

#[test]
fn l07_messages_and_errors_are_told_whatever_the_rest_says() {
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
        let fake = Fake::saying(status, body);
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
    // Where the sentence says what the status means, the message follows the status.
    for status in [401, 403, 404, 429, 500] {
        let body = r#"{"success":false,"errors":[],"messages":[{"message":"the reason"}]}"#;
        let outcome = Fake::saying(status, body).get();
        let report = outcome.json();
        let summary = report["error"]["summary"].as_str().unwrap();
        let told = format!("(HTTP {status}: the reason)");
        assert!(summary.contains(&told), "{summary}");
    }
    // A message beside an error is in the details too.
    let body =
        r#"{"success":false,"errors":[{"code":8,"message":"one"}],"messages":[{"message":"two"}]}"#;
    let text = run(&mut Fake::saying(403, body).command(&["get", ID])).stderr;
    assert!(
        text.contains("API error 8: one") && text.contains("two"),
        "{text}"
    );
    // A success that reports errors is one, and its errors are not dropped.
    let whole = |result: &str| {
        format!(
            r#"{{"success":true,"errors":[{{"code":8,"message":"only a part"}}],"result":{result}}}"#
        )
    };
    let outcome = Fake::saying(200, &whole(&token(""))).get();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.contains("only a part"), "{}", outcome.stderr);
    let fake = Fake::saying(200, &whole(&format!("[{}]", token(""))));
    for command in ["list", "check"] {
        let outcome = run(&mut fake.command(&[command]));
        assert_eq!(
            outcome.stderr.matches("only a part").count(),
            1,
            "{}",
            outcome.stderr
        );
    }
    let mut session = Fake::saying(200, &whole(&token(""))).screens(&[ID]);
    shows(&mut session, "only a part");
    session.type_keys("q");
    session.end();
}

#[test]
fn l08_a_pause_holds_whatever_page_asked_for_it() {
    let limit = || http(429, &[("retry-after", "60")], refusal("[]"));
    for number in [1, 2, 3] {
        let fake = broken_page(number, limit());
        let mut session = fake.screens(&[]);
        session.wait_for("Token");
        session.type_keys("\x1bOQ");
        session.wait_for("etry in");
        let before = fake.heads().len();
        session.type_keys("r");
        session.wait_for("Nothing was sent");
        assert_eq!(fake.heads().len(), before, "page {number}");
        session.type_keys("\x03");
        session.end();
        let list = run(&mut fake.command(&["list", "-o", "json"]));
        assert_eq!(list.code, Some(1));
        if number > 1 {
            let why = list.json()["incomplete_reason"]
                .as_str()
                .unwrap()
                .to_owned();
            assert!(why.contains("retry in 60 seconds"), "{why}");
        }
    }
    // A name that was found on another page.
    let fake = broken_page(2, limit());
    let mut session = fake.screens(&[]);
    session.wait_for("Token");
    session.type_keys("n2\r");
    session.wait_for("NEVER EXPIRES");
    let before = fake.heads().len();
    session.type_keys("r");
    session.wait_for("Nothing was sent");
    assert_eq!(fake.heads().len(), before);
    session.type_keys("q");
    session.end();
}

#[test]
fn l08_no_page_is_asked_for_while_another_one_waits_out_a_pause() {
    let fake = Fake::start(|head, number| {
        let page = page(head);
        if number == 2 {
            return Reply::Bytes(http(429, &[("retry-after", "2")], refusal("[]")));
        }
        let note = r#"{"per_page":2,"total_count":24,"total_pages":12}"#;
        Reply::Bytes(tokens(page * 2, page * 2 + 2, note))
    });
    let list = run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(list.json()["complete"], true, "{}", list.stdout);
    assert!(list.took >= Duration::from_secs(2));
    assert_eq!(fake.heads().len(), 13);
}

#[test]
fn l11_what_begins_like_json_and_is_none_is_not_json_and_is_quoted() {
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
            let answer = http(status, &[("content-type", "text/plain")], text);
            let fake = Fake::start(move |_, _| Reply::Bytes(answer.clone()));
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
        let words = Fake::saying(200, json)
            .get()
            .is_error("invalid_response", 1);
        assert!(words.contains(says), "{words}");
    }
    // No secret, no page, no bytes, and nothing long.
    let echo = format!("bad token {CANARY}{}", " ".repeat(10));
    for text in [
        echo.as_str(),
        "<html>x</html>",
        "\u{1}\u{2}bytes",
        &"long ".repeat(2000),
    ] {
        let fake = Fake::saying(200, text);
        let outcome = run(&mut fake.command(&["get", ID]));
        outcome.hides_the_secret();
        let is_quoted = outcome.stderr.contains("begins with");
        assert_eq!(is_quoted, text.starts_with("bad"), "{}", outcome.stderr);
    }
}
