//! Response bodies: compressed, damaged, endless, deeply nested, or about another token.

#![cfg(unix)]

use std::io::{Read, Write as _};
#[cfg(target_os = "linux")]
use std::process::Stdio;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokenscope::domain::failure::FailureKind;

use crate::api;
use crate::api::pages::{gzipped, run_bounded};
use crate::support::api::{Fake, Reply, http, refusal, run, shows, success, token};
#[cfg(target_os = "linux")]
use crate::support::api::{Outcome, head};
use crate::support::assertions::assert_contains;
#[cfg(target_os = "linux")]
use crate::support::keyring::eventually;
use crate::support::tokens::ID;

const OTHER: &str = "11111111-2222-4333-8444-555555555555";

#[test]
fn f10_an_answer_about_another_token_is_an_invalid_response() {
    for other in [
        OTHER,
        "x",
        "f174e90a-fafe-4643-bbbc-4a0ed4fc8416",
        "f174e90afafe4643bbbc4a0ed4fc8415",
    ] {
        let fake = Fake::with_result(&format!(r#"{{"id":"{other}","duration":"forever"}}"#));
        let words = fake.get().is_error("invalid_response", 1);
        assert!(words.contains(other) && words.contains(ID), "{words}");
        let check = run(&mut fake.command(&["check", ID, "-o", "json"]));
        assert_eq!(check.code, Some(3), "{}", check.stdout);
        let mut session = fake.screens(&[ID]);
        shows(&mut session, "The response is about token");
        session.type_keys("\x1b\x1b\x03");
        session.end();
    }
    let numbered = Fake::with_result(r#"{"id":7,"duration":"forever"}"#).get();
    let words = numbered.is_error("invalid_response", 1);
    assert!(words.contains("about token 7,"), "{words}");
    for own in [
        format!(r#"{{"id":"{}"}}"#, ID.to_uppercase()),
        format!(r#"{{"id":" {ID} "}}"#),
        r#"{"name":"x"}"#.to_owned(),
        r#"{"id":null}"#.to_owned(),
        r#"{"id":""}"#.to_owned(),
    ] {
        let outcome = Fake::with_result(&own).get();
        assert_eq!(outcome.code, Some(0), "{own}: {}", outcome.stdout);
    }
}

#[test]
fn f10_an_envelope_without_success_is_judged_by_its_content_with_a_warning() {
    let unsaid = "does not say whether it succeeded";
    for said in ["", r#""success":null,"#] {
        let fake = Fake::answering(200, &format!(r#"{{{said}"result":{}}}"#, token("")));
        let outcome = fake.get();
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        assert!(outcome.stderr.contains(unsaid), "{}", outcome.stderr);
        let fake = Fake::answering(200, &format!(r#"{{{said}"result":[]}}"#));
        let outcome = run(&mut fake.command(&["list"]));
        assert!(outcome.stderr.contains(unsaid), "{}", outcome.stderr);
        let fake = Fake::answering(200, &format!(r#"{{{said}"result":[1]}}"#));
        let outcome = run(&mut fake.command(&["get", ID]));
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.stderr.contains(unsaid), "{}", outcome.stderr);
    }
    let fake = Fake::answering(
        200,
        &format!(r#"{{"result":{},"errors":[{{"code":5}}]}}"#, token("")),
    );
    fake.get().is_error("rejected", 1);
    // Without a result either, the API refused nothing.
    for body in [r#"{"result":null}"#, r#"{"success":null,"result":null}"#] {
        let fake = Fake::answering(200, body);
        fake.get().is_error("invalid_response", 1);
        run(&mut fake.command(&["list", "-o", "json"])).is_error("invalid_response", 1);
    }
    let outcome = Fake::with_result(&token("")).get();
    assert_eq!(outcome.stderr, "");
}

#[test]
fn k06_hostile_envelopes_cost_little_memory_and_time() {
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
        let fake = Fake::sending(http(
            400,
            &[("content-encoding", "gzip")],
            gzipped(body.as_bytes()),
        ));
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
async fn k06_parsing_a_large_answer_does_not_block_the_event_loop() {
    let body = success(&format!("[{}]", vec!["[[[]]]"; 1 << 21].join(",")));
    let fake = Fake::sending(http(
        400,
        &[("content-encoding", "gzip")],
        gzipped(body.as_bytes()),
    ));
    let begun = Instant::now();
    let (mut last, mut longest) = (begun, Duration::ZERO);
    let url = fake.url();
    let fetched = api::get(&url);
    tokio::pin!(fetched);
    // The event loop has the only thread of this runtime: keys, signals and deadlines need it.
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

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn d10_compressed_bodies_are_read_and_damaged_ones_reported() {
    let good = success(&token(r#""name":"n","duration":"forever""#));
    let gzipped = http(200, &[("content-encoding", "gzip")], gzip(good.as_bytes()));
    let marked = http(200, &[], format!("\u{FEFF}{good}"));
    let mislabelled = http(200, &[("content-type", "text/html; charset=utf-16")], &good);
    let blanks = http(200, &[], format!("\r\n\t {good}\n\n"));
    let latin = [good.replace('n', "\u{1}").into_bytes()].concat();
    for (bytes, code) in [(gzipped, 0), (marked, 0), (mislabelled, 0), (blanks, 0)] {
        let fake = Fake::sending(bytes);
        let outcome = fake.get();
        assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
        assert_eq!(outcome.json()["status"], "never_expires");
    }
    let mut bad_byte = success(&token(r#""name":"n?n","duration":"forever""#)).into_bytes();
    let at = bad_byte.iter().position(|byte| *byte == b'?').unwrap();
    bad_byte[at] = 0xE9;
    let fake = Fake::sending(http(200, &[], bad_byte));
    assert_eq!(fake.get().json()["token"]["name"], "n\u{FFFD}n");
    for (encoding, body) in [
        ("gzip", good.clone().into_bytes()),
        ("gzip", gzip(good.as_bytes())[..30].to_vec()),
        ("br", good.clone().into_bytes()),
        ("identity", latin),
    ] {
        let fake = Fake::sending(http(200, &[("content-encoding", encoding)], body));
        let outcome = fake.get();
        if encoding == "br" {
            assert_eq!(outcome.code, Some(0), "it was not compressed after all");
        } else {
            outcome.is_error("invalid_response", 1);
        }
    }
}

/// The peak memory of a command in KiB, read after it has printed its error and before it is
/// reaped.
#[cfg(target_os = "linux")]
fn peak_memory(fake: &Fake) -> (u64, Outcome) {
    // A full stdout keeps the process alive until it has been measured.
    let mut child = fake
        .command(&["get", ID, "--timeout", "20", "-o", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    eventually("the command ends", || {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        child.try_wait().unwrap().is_some()
    });
    let mut outcome = Outcome {
        code: child.wait().unwrap().code(),
        stdout: String::new(),
        stderr: String::new(),
        took: Duration::ZERO,
    };
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_to_string(&mut outcome.stdout).unwrap();
    (peak, outcome)
}

#[cfg(target_os = "linux")]
#[test]
fn d10_large_endless_and_exploding_bodies_fail_in_bounded_memory() {
    let chunk = vec![b' '; 1 << 16];
    let endless = {
        let chunk = chunk.clone();
        Fake::start(move |_, _| Reply::Endless(head(200, &[]), chunk.clone()))
    };
    let announced = Fake::start(move |_, _| {
        let start = head(200, &[("content-length", "52428800")]);
        Reply::Endless(start, chunk.clone())
    });
    let bomb = gzip(&vec![b' '; 200 << 20]);
    let bomb = Fake::sending(http(200, &[("content-encoding", "gzip")], bomb));
    for fake in [endless, announced, bomb] {
        let (peak, outcome) = peak_memory(&fake);
        let words = outcome.is_error("invalid_response", 1);
        assert!(words.contains("16 MiB"), "{words}");
        assert!(peak < 120 * 1024, "{peak} KiB");
    }
}

#[test]
fn d10_deep_nesting_and_duplicate_keys_are_accepted() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let outcome = Fake::with_result(&token(&format!(r#""x":{deep},"duration":"forever""#))).get();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stdout.contains("never_expires"));
    for body in [
        deep.clone(),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!(r#"{{"success":false,"errors":{deep}}}"#),
        format!(r#"{{"success":{deep}}}"#),
    ] {
        let outcome = Fake::answering(200, &body).get();
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout.len());
    }
    let doubled = r#"{"success":false,"success":true,"result":null,"result":{"name":"x","name":"y","duration":"1h","duration":"forever"}}"#;
    let report = Fake::answering(200, doubled).get().json();
    assert_eq!(report["status"], "never_expires", "the later key counts");
    let surrogate = format!(
        r#"{{"\ud800":1,"success":true,"result":{}}}"#,
        token(r#""\udfff":1,"duration":"forever","\ud800x":2"#)
    );
    let report = Fake::answering(200, &surrogate).get();
    assert_eq!(report.code, Some(0), "{}", report.stdout);
    assert_contains(&report.stdout, "\"never_expires\"");
}
