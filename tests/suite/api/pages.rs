//! Long lists: capped pages, pauses between pages, and limits on hostile responses.

#![cfg(unix)]

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::api::refusals::broken_page;
use crate::support::api::{Fake, Outcome, Reply, http, refusal, run, shows, success};
use crate::support::binary::BINARY;
use crate::support::tokens::{ACCOUNT, CANARY};

/// The page number in a request.
pub(crate) fn page(head: &str) -> usize {
    let query = head.split("page=").nth(1).unwrap();
    let digits: String = query.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

/// A page of tokens `from..to` with this `result_info`.
pub(crate) fn tokens(from: usize, to: usize, note: &str) -> Vec<u8> {
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

#[test]
fn f09_follows_a_server_that_caps_its_pages_silently() {
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
    // The page after a full last page is empty.
    let fake = Fake::start(|head, _| {
        let from = (page(head) - 1) * 50;
        Reply::Bytes(tokens(from, 100.min(from + 50).max(from), ""))
    });
    let list = run(&mut fake.command(&["list", "-o", "json"])).json();
    assert_eq!(
        (&list["count"], &list["complete"]),
        (&100.into(), &true.into())
    );
    // A server without pagination repeats itself, entries without an ID among them.
    for result in [
        r#"[{"id":"a"}]"#,
        r#"[{"name":"x"},{"name":"x"},{"id":"a"}]"#,
    ] {
        let fake = Fake::with_result(result);
        let list = run(&mut fake.command(&["list", "-o", "json"])).json();
        let count = result.matches('{').count();
        assert_eq!(
            (&list["count"], &list["complete"]),
            (&count.into(), &true.into())
        );
        assert_eq!(fake.heads().len(), 2, "{result}");
    }
    let fake = Fake::with_result("[]");
    run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(fake.heads().len(), 1, "an empty page ends the list");
    // A later page may fail, which does not end the list.
    let fake = Fake::start(|head, _| match page(head) {
        1 => Reply::Bytes(tokens(0, 50, "")),
        _ => Reply::Bytes(http(501, &[], refusal("[]"))),
    });
    let list = run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(list.code, Some(1));
    assert_eq!(list.json()["complete"], false);
}

/// The first page announces the number of pages, and the others are requested at once.
#[test]
fn a_later_page_that_arrives_first_waits_for_the_first_page() {
    // Parsing this member takes longer than the next page takes to arrive.
    let long = format!("[1{}]", ",1".repeat(2_000_000));
    let note = r#"{"total_pages":2,"total_count":3}"#;
    let first = move |entries: &str| {
        let entries = entries.replace("LONG", &long);
        let body = format!(r#"{{"success":true,"result":{entries},"result_info":{note}}}"#);
        Reply::Bytes(http(200, &[], body))
    };
    let two = r#"[{"id":"a","x":LONG},{"id":"b"}]"#;

    // The first page implies the number of pages.
    let answer = first.clone();
    let fake = Fake::start(move |head, _| match page(head) {
        1 => answer(two),
        2 => Reply::Bytes(tokens(0, 1, note)),
        _ => Reply::Bytes(tokens(0, 0, note)),
    });
    let list = run(&mut fake.command(&["list", "-o", "json"])).json();
    assert_eq!(
        (&list["count"], &list["complete"]),
        (&3.into(), &true.into())
    );
    assert_eq!(fake.heads().len(), 2, "no third page is asked for");

    let answer = first.clone();
    let fake = Fake::start(move |head, _| match page(head) {
        1 => answer(two),
        _ => Reply::Bytes(http(501, &[], refusal("[]"))),
    });
    let list = run(&mut fake.command(&["list", "-o", "json"]));
    let document = list.json();
    assert_eq!((list.code, &document["count"]), (Some(1), &2.into()));
    let reason = document["incomplete_reason"].as_str().unwrap();
    assert!(
        reason.starts_with("page 2 of 2 could not be read"),
        "{reason}"
    );

    // Without the first page there is no list.
    let fake = Fake::start(move |head, _| match page(head) {
        1 => first(r#"{"x":LONG}"#),
        _ => Reply::Bytes(tokens(0, 1, note)),
    });
    let list = run(&mut fake.command(&["list", "-o", "json"]));
    assert_eq!(list.json()["error"]["kind"], "invalid_response");
}

pub(crate) fn gzipped(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The address space of a command in KiB, as `ulimit -v` counts it.
const FEW_KIB: usize = 400 * 1024;

/// Runs a command in a bounded address space.
pub(crate) fn run_bounded(fake: &Fake, arguments: &[&str]) -> Outcome {
    let mut shell = std::process::Command::new("/bin/sh");
    let binary = BINARY;
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
fn k06_an_oversized_page_fails_within_the_memory_limit() {
    let many = |entry: &str, bytes: usize| {
        let count = bytes / (entry.len() + 1);
        let list = vec![entry; count].join(",");
        gzipped(success(&format!("[{list}]")).as_bytes())
    };
    for entry in ["{}", "1", "[]", r#"{"id":"x"}"#] {
        let body = many(entry, 15 << 20);
        let fake = Fake::sending(http(200, &[("content-encoding", "gzip")], body));
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
fn k06_an_endless_list_stops_at_its_budget_with_a_reason() {
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
    // Malformed entries count too.
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
    // So does every byte of an answer.
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
fn k06_lists_of_accounts_and_zones_are_bounded_with_a_reason() {
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
    session.type_until("\x1b[15~", "a zone");
    shows(&mut session, "the list of zones is incomplete");
    session.type_keys("\x1b\x03");
    session.end();
}

#[test]
fn k14_a_hint_names_ten_ids_and_counts_the_others() {
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
fn l08_a_rate_limit_on_any_page_pauses_reloads() {
    let limit = || http(429, &[("retry-after", "60")], refusal("[]"));
    for number in [1, 2, 3] {
        let fake = broken_page(number, limit());
        let mut session = fake.screens(&[]).showing("Find a token");
        session.type_until("\x1bOQ", "etry in");
        let before = fake.heads().len();
        session.type_until("r", "nothing was sent");
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
    // The name was found on another page.
    let fake = broken_page(2, limit());
    let mut session = fake.screens(&[]).showing("Find a token");
    session.type_until("n2\r", "NEVER EXPIRES");
    let before = fake.heads().len();
    session.type_until("r", "nothing was sent");
    assert_eq!(fake.heads().len(), before);
    session.quit();
}

#[test]
fn l08_requests_no_page_while_another_waits_out_a_rate_limit() {
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
