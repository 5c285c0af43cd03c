//! `probe`: when and where the secret is sent, whose it is, and what servers may do to it.

#![cfg(unix)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::recipes::step;
use super::schema::assert_fits;
use crate::api::transport::private_tls;
use crate::support::api::{Fake, Outcome, Reply, head, home, http, run, run_with_input};
use crate::support::assertions::{assert_contains, assert_starts};
use crate::support::binary::{Binary, isolate, search_path};
use crate::support::table::rows;
use crate::support::terminal::Session;
use crate::support::tokens::CLIENT_ID;

const OTHER_ID: &str = "00000000000000000000000000000001.access";
const SECRET: &str = "bdd31c1fa6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0b1d2";

const STAMPS: [(&str, &str); 2] = [("cf-access-aud", "a"), ("cf-access-domain", "d")];

/// The answer of Access without a token.
fn refused() -> Reply {
    Reply::Bytes(http(403, &STAMPS, "Forbidden"))
}

/// An app that Access refuses without a token; with one it answers.
fn app(with_token: impl Fn() -> Reply + Send + Sync + 'static) -> Fake {
    Fake::start(move |head, _| {
        if has_token(head) {
            with_token()
        } else {
            refused()
        }
    })
}

fn has_token(head: &str) -> bool {
    head.to_lowercase().contains("\r\ncf-access-client-id:")
}

fn binary(url: &str, arguments: &[&str]) -> Binary {
    let arguments = [&["probe", url, "-o", "json"], arguments].concat();
    Binary::new(&arguments)
}

/// The command with the token in the environment.
fn command(url: &str, arguments: &[&str]) -> Command {
    with_pair(binary(url, arguments)).command()
}

fn with_pair(binary: Binary) -> Binary {
    binary
        .env("CF_ACCESS_CLIENT_ID", CLIENT_ID)
        .env("CF_ACCESS_CLIENT_SECRET", SECRET)
}

fn probe(fake: &Fake) -> Outcome {
    run(&mut command(&fake.url(), &["--timeout", "3"]))
}

/// The report, which must fit the schema.
#[track_caller]
fn report(outcome: &Outcome) -> Value {
    let report = outcome.json();
    assert_fits("probe", &report);
    assert!(!outcome.stdout.contains(SECRET) && !outcome.stderr.contains(SECRET));
    report
}

#[track_caller]
fn assert_concludes(outcome: &Outcome, verdict: &str, fault: &str, code: i32) -> Value {
    let report = report(outcome);
    assert_eq!(report["verdict"], verdict, "{report:#}");
    assert_eq!(report["fault"], fault, "{report:#}");
    assert_eq!(outcome.code, Some(code), "{report:#}");
    report
}

/// The number of requests with the secret. Only the second may have it.
#[track_caller]
fn secrets(fake: &Fake) -> usize {
    let heads = fake.heads();
    let with: Vec<usize> = heads
        .iter()
        .enumerate()
        .filter(|(_, head)| head.contains(SECRET))
        .map(|(at, _)| at)
        .collect();
    assert!(with.is_empty() || with == [1], "{heads:#?}");
    with.len()
}

#[test]
fn sends_the_token_only_after_a_refusal_by_access() {
    let cookie = [STAMPS[0], STAMPS[1], ("set-cookie", "CF_Session=x; Path=/")];
    let fake = Fake::start(move |head, _| {
        Reply::Bytes(if has_token(head) {
            http(200, &[("cf-ray", "9594254a00000000-LHR")], "hello")
        } else {
            http(401, &cookie, "")
        })
    });
    let outcome = run(&mut command(&format!("{}/a?b=c", fake.url()), &[]));
    let report = assert_concludes(&outcome, "opens", "none", 0);
    assert_eq!(report["client_id"], CLIENT_ID);
    assert_eq!(report["token"], Value::Null);
    assert_eq!(report["mode"], Value::Null);
    assert_eq!(report["hint"], Value::Null);
    assert_eq!(report["bare"]["status"], 401);
    assert_eq!(report["bare"]["answered_by"], "access");
    assert_eq!(report["with_token"]["status"], 200);
    assert_eq!(report["with_token"]["answered_by"], "origin");
    assert_eq!(report["with_token"]["cf_ray"], "9594254a00000000-LHR");
    let heads = fake.heads();
    assert_eq!(heads.len(), 2);
    let lines = |head: &str| {
        let mut lines: Vec<String> = head.trim().lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    let version = env!("CARGO_PKG_VERSION");
    let mut expected = vec![
        "GET /a?b=c HTTP/1.1".to_owned(),
        "accept: */*".to_owned(),
        "accept-encoding: identity".to_owned(),
        format!("host: {}", fake.address),
        format!("user-agent: tokenscope/{version}"),
    ];
    expected[1..].sort();
    assert_eq!(lines(&heads[0]), expected);
    expected.extend([
        format!("cf-access-client-id: {CLIENT_ID}"),
        format!("cf-access-client-secret: {SECRET}"),
    ]);
    expected[1..].sort();
    assert_eq!(lines(&heads[1]), expected);
}

#[test]
fn both_requests_share_a_connection_that_stays_open() {
    let fake = app(|| Reply::Bytes(http(204, &[], "")));
    assert_concludes(&probe(&fake), "opens", "none", 0);
    assert_eq!(fake.connections(), 1);
    // A connection that the server closes is replaced.
    let fake = Fake::start(|head, _| {
        let stamps = [STAMPS[0], STAMPS[1], ("connection", "close")];
        Reply::Bytes(http(if has_token(head) { 204 } else { 403 }, &stamps, ""))
    });
    assert_concludes(&probe(&fake), "opens", "none", 0);
    assert_eq!(fake.connections(), 2);
}

#[test]
fn one_header_carries_id_and_secret_as_json() {
    let fake = Fake::start(|head, _| {
        let is_bare = !head.contains("authorization");
        Reply::Bytes(http(
            if is_bare { 403 } else { 200 },
            if is_bare { &STAMPS } else { &[] },
            "",
        ))
    });
    let outcome = run(&mut command(&fake.url(), &["--header", "Authorization"]));
    assert_concludes(&outcome, "opens", "none", 0);
    let sent = format!(
        r#"authorization: {{"cf-access-client-id":"{CLIENT_ID}","cf-access-client-secret":"{SECRET}"}}"#
    );
    assert!(fake.heads()[1].contains(&sent), "{:?}", fake.heads());
    assert!(!fake.heads()[1].contains("\r\ncf-access"));
    assert_eq!(secrets(&fake), 1);
}

/// Only Access's own refusal releases the secret: no look-alike and no redirect does.
#[test]
fn sends_no_byte_of_the_secret_unless_access_refused() {
    let elsewhere = Fake::answering(200, "elsewhere");
    let login = "/cdn-cgi/access/login/127.0.0.1?kid=a";
    let to = |host: &str| format!("{host}{login}");
    let redirects = [
        format!("{}/", elsewhere.url()),
        to(&elsewhere.url()),
        to("https://evil-cloudflareaccess.com"),
        to("https://team.cloudflareaccess.com@evil.example"),
        to("http://team.cloudflareaccess.com"),
        to("https://team.cloudflareaccess.com:8443"),
    ];
    let mut answers: Vec<(Vec<u8>, &str)> = Vec::new();
    for status in [200, 204, 400, 404, 405, 410, 429] {
        answers.push((http(status, &STAMPS, ""), "no_access"));
    }
    for headers in [
        &STAMPS[..1],
        &STAMPS[1..],
        &[("cf-access-aud", ""), ("cf-access-domain", "")],
    ] {
        answers.push((http(403, headers, "Forbidden"), "no_access"));
        answers.push((http(401, headers, ""), "no_access"));
    }
    for target in &redirects {
        let headers = [STAMPS[0], STAMPS[1], ("location", target.as_str())];
        answers.push((http(302, &headers, ""), "no_access"));
    }
    let two = [("location", login), ("location", "https://evil.example/")];
    answers.push((http(302, &two, ""), "no_access"));
    let page = "<title>Sign in ・ Cloudflare Access</title>";
    answers.push((
        http(200, &[("content-type", "text/html")], page),
        "no_access",
    ));
    answers.push((http(403, &[], "error code: 1010"), "blocked"));
    answers.push((
        http(
            403,
            &[("cf-mitigated", "challenge"), STAMPS[0], STAMPS[1]],
            "",
        ),
        "blocked",
    ));
    for status in [500, 502, 503, 530] {
        answers.push((http(status, &STAMPS, ""), "undecided"));
    }
    let challenge = [("www-authenticate", "Cloudflare-Access")];
    answers.push((http(401, &challenge, ""), "undecided"));
    for (bytes, verdict) in answers {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let fake = Fake::sending(bytes);
        let outcome = probe(&fake);
        let report = report(&outcome);
        assert_eq!(report["verdict"], verdict, "{shown}: {report:#}");
        assert_eq!(outcome.code, Some(3), "{shown}");
        assert_eq!(report["with_token"], Value::Null, "{shown}");
        let heads = fake.heads();
        assert_eq!(heads.len(), 1, "{shown}");
        assert!(!heads[0].contains(&SECRET[..12]) && !heads[0].contains(&CLIENT_ID[..12]));
    }
    assert!(elsewhere.heads().is_empty());
}

#[test]
fn an_answer_of_unclear_origin_is_described_as_such() {
    let fake = Fake::sending(http(530, &[], "error code: 1033"));
    let outcome = run(&mut command(&fake.url(), &["-o", "table"]));
    let page = &outcome.stdout;
    assert!(page.contains("530 from Cloudflare or the app"), "{page}");
}

#[test]
fn plain_http_carries_no_secret_to_another_computer() {
    // The address reaches this computer, but is not loopback.
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    let url = format!("http://0.0.0.0:{}/", fake.address.port());
    let outcome = run(&mut command(&url, &[]));
    let report = assert_concludes(&outcome, "undecided", "unknown", 3);
    assert!(
        report["message"].as_str().unwrap().contains("plain http"),
        "{report:#}"
    );
    assert_eq!((fake.heads().len(), secrets(&fake)), (1, 0));
}

#[test]
fn plain_http_bypasses_proxies() {
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    let proxy = Fake::answering(502, "proxied");
    let mut command = command(&fake.url(), &[]);
    command
        .env("http_proxy", proxy.url())
        .env("all_proxy", proxy.url());
    assert_concludes(&run(&mut command), "opens", "none", 0);
    assert!(proxy.heads().is_empty());
}

#[test]
fn each_answer_to_the_token_has_its_verdict() {
    let login = [("location", "/cdn-cgi/access/login/127.0.0.1?kid=a")];
    for (bytes, verdict, fault, code) in [
        (http(301, &[("location", "/x")], ""), "opens", "none", 0),
        (http(404, &[], ""), "opens", "none", 0),
        (http(401, &[], ""), "opens", "origin", 1),
        (http(403, &[], "no"), "opens", "origin", 1),
        (http(500, &[], ""), "undecided", "origin", 3),
        (http(530, &[], "error code: 1033"), "undecided", "origin", 3),
        (http(403, &STAMPS, ""), "refused", "unknown", 2),
        (http(401, &STAMPS[..1], ""), "refused", "unknown", 2),
        (http(302, &login, ""), "refused", "unknown", 2),
        (
            http(401, &[("www-authenticate", "Cloudflare-Access")], ""),
            "refused",
            "unknown",
            2,
        ),
        (
            http(403, &[("cf-mitigated", "challenge")], ""),
            "blocked",
            "waf",
            3,
        ),
        (
            http(403, &[], "Sorry, you have been blocked"),
            "blocked",
            "waf",
            3,
        ),
    ] {
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let fake = app(move || Reply::Bytes(bytes.clone()));
        assert_concludes(&probe(&fake), verdict, fault, code);
        assert_eq!(secrets(&fake), 1, "{shown}");
        assert_eq!(fake.heads().len(), 2, "{shown}");
    }
}

/// How a server may misbehave with either answer.
fn misbehaviours() -> Vec<(&'static str, Reply)> {
    let many: String = (0..1_000).map(|at| format!("x-{at}: y\r\n")).collect();
    let old =
        |status: u16, stamps: &str| format!("HTTP/1.0 {status} X\r\n{stamps}\r\nbody").into_bytes();
    vec![
        ("silent", Reply::ThenSilence(Vec::new())),
        (
            "silent after the head's beginning",
            Reply::ThenSilence(b"HTTP/1.1 200".to_vec()),
        ),
        (
            "dripping head",
            Reply::Drip(Vec::new(), http(200, &[], &many)),
        ),
        (
            "dripping body",
            Reply::Drip(head(403, &[]), vec![b'x'; 1_000]),
        ),
        (
            "silent body",
            Reply::ThenSilence(http(403, &[("content-length", "9")], "")),
        ),
        (
            "endless head",
            Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x-y: z\r\n".repeat(1_000)),
        ),
        (
            "endless body",
            Reply::Endless(head(200, &[]), vec![b'x'; 64 * 1024]),
        ),
        (
            "endless refusal",
            Reply::Endless(head(403, &[]), vec![b'x'; 64 * 1024]),
        ),
        (
            "100 MB",
            Reply::Endless(
                head(403, &[("content-length", "104857600")]),
                vec![b'x'; 1 << 20],
            ),
        ),
        (
            "1,000 headers",
            Reply::Bytes(format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n").into()),
        ),
        (
            "compressed",
            Reply::Bytes(http(403, &[("content-encoding", "br")], [0xff, 0x00])),
        ),
        (
            "compressed success",
            Reply::Bytes(http(200, &[("content-encoding", "gzip")], [0xff, 0x00])),
        ),
        ("HTTP/1.0", Reply::Bytes(old(200, ""))),
        ("HTTP/1.0 refusal", Reply::Bytes(old(403, ""))),
        ("reset", Reply::Reset),
        ("closing", Reply::Bytes(Vec::new())),
        (
            "cut",
            Reply::Bytes(b"HTTP/1.1 403 X\r\ncontent-length: 100\r\n\r\nhalf".to_vec()),
        ),
        ("no HTTP", Reply::Bytes(b"SSH-2.0-OpenSSH_9.7\r\n".to_vec())),
        (
            "bad status",
            Reply::Bytes(b"HTTP/1.1 99999 X\r\n\r\n".to_vec()),
        ),
    ]
}

/// The verdicts on each misbehaviour: as the answer without the token, and with it.
#[test]
fn every_misbehaving_server_gets_a_verdict_or_undecided_in_time() {
    let expected = [
        ("silent", "undecided", "undecided"),
        (
            "silent after the head's beginning",
            "undecided",
            "undecided",
        ),
        ("dripping head", "undecided", "undecided"),
        ("dripping body", "undecided", "undecided"),
        ("silent body", "undecided", "undecided"),
        ("endless head", "undecided", "undecided"),
        ("endless body", "no_access", "opens"),
        ("endless refusal", "no_access", "opens"),
        ("100 MB", "no_access", "opens"),
        ("1,000 headers", "no_access", "opens"),
        ("compressed", "undecided", "undecided"),
        ("compressed success", "no_access", "opens"),
        ("HTTP/1.0", "no_access", "opens"),
        ("HTTP/1.0 refusal", "no_access", "opens"),
        ("reset", "undecided", "undecided"),
        ("closing", "undecided", "undecided"),
        ("cut", "undecided", "undecided"),
        ("no HTTP", "undecided", "undecided"),
        ("bad status", "undecided", "undecided"),
    ];
    std::thread::scope(|scope| {
        for (at, (name, bare, with_token)) in expected.into_iter().enumerate() {
            scope.spawn(move || {
                let misbehave = move || {
                    let (known, reply) = misbehaviours().swap_remove(at);
                    // `swap_remove` takes the entry at this index.
                    assert_eq!(known, name);
                    reply
                };
                for (fake, verdict, sent) in [
                    (Fake::start(move |_, _| misbehave()), bare, 0),
                    (app(misbehave), with_token, 1),
                ] {
                    let outcome = probe(&fake);
                    let report = report(&outcome);
                    assert_eq!(report["verdict"], verdict, "{name}: {report:#}");
                    assert_eq!(
                        report["error"].is_null(),
                        verdict != "undecided",
                        "{name}: {report:#}"
                    );
                    assert!(
                        outcome.took < Duration::from_secs(10),
                        "{name}: {:?}",
                        outcome.took
                    );
                    assert_eq!(secrets(&fake), sent, "{name}");
                }
            });
        }
    });
}

/// The beginning of a firewall's page suffices, even if the rest never comes.
#[test]
fn an_endless_firewall_page_is_recognised() {
    let page = http(
        403,
        &[("content-length", "9999")],
        "Sorry, you have been blocked",
    );
    let begun = String::from_utf8(page)
        .unwrap()
        .replace("content-length: 28\r\n", "");
    let fake = Fake::start(move |_, _| Reply::ThenSilence(begun.clone().into_bytes()));
    assert_concludes(&probe(&fake), "blocked", "waf", 3);
}

#[test]
fn the_first_pair_of_variables_wins_and_half_a_pair_is_named() {
    let pairs = [
        (
            "CLOUDFLARE_ACCESS_CLIENT_ID",
            "CLOUDFLARE_ACCESS_CLIENT_SECRET",
        ),
        ("CF_ACCESS_CLIENT_ID", "CF_ACCESS_CLIENT_SECRET"),
        ("TUNNEL_SERVICE_TOKEN_ID", "TUNNEL_SERVICE_TOKEN_SECRET"),
    ];
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    for (at, (id, secret)) in pairs.into_iter().enumerate() {
        let mut all = binary(&fake.url(), &[]);
        for (other, _) in &pairs[at + 1..] {
            // Later pairs are ignored, incomplete ones included.
            all = all.env(other, OTHER_ID);
        }
        let outcome = run(&mut all.env(id, CLIENT_ID).env(secret, SECRET).command());
        assert_eq!(report(&outcome)["client_id"], CLIENT_ID);
        for (set, missing) in [(id, secret), (secret, id)] {
            let value = if set == id { CLIENT_ID } else { SECRET };
            let outcome = run(&mut binary(&fake.url(), &[]).env(set, value).command());
            let said = outcome.is_error("usage", 3);
            assert!(said.contains(set) && said.contains(missing), "{said}");
        }
    }
    let before = fake.heads().len();
    let outcome = run(&mut binary(&fake.url(), &[]).command());
    assert_contains(&outcome.is_error("usage", 3), "CLOUDFLARE_ACCESS_CLIENT_ID");
    // Without a terminal the probe cannot ask for the secret, so it sends nothing.
    let outcome = run(&mut binary(&fake.url(), &[CLIENT_ID]).command());
    assert!(outcome.is_error("usage", 3).contains("--secret-stdin"));
    assert_eq!(fake.heads().len(), before);
}

#[test]
fn a_pair_for_another_token_names_both() {
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    for arguments in [&[OTHER_ID][..], &["--client-id", OTHER_ID]] {
        let said = run(&mut command(&fake.url(), arguments)).is_error("usage", 3);
        assert!(
            said.contains(CLIENT_ID) && said.contains(OTHER_ID),
            "{said}"
        );
    }
    let said = run(&mut command(
        &fake.url(),
        &[CLIENT_ID, "--client-id", OTHER_ID],
    ));
    assert!(said.is_error("usage", 3).contains("--client-id"));
    assert!(fake.heads().is_empty());
    for arguments in [
        &[CLIENT_ID][..],
        &["--client-id", CLIENT_ID],
        &[&CLIENT_ID[..32]],
    ] {
        assert_concludes(
            &run(&mut command(&fake.url(), arguments)),
            "opens",
            "none",
            0,
        );
    }
}

#[test]
fn the_secret_on_standard_input_wins_over_variables() {
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    for (arguments, input) in [
        (&["--client-id", CLIENT_ID][..], format!("{SECRET}\n")),
        (&[CLIENT_ID], SECRET.to_owned()),
        (
            &[CLIENT_ID],
            format!("  CF-Access-Client-Secret: \"{SECRET}\"\r\n"),
        ),
    ] {
        let arguments = [arguments, &["--secret-stdin"]].concat();
        let mut command = binary(&fake.url(), &arguments)
            .env("CF_ACCESS_CLIENT_ID", OTHER_ID)
            .command();
        let outcome = run_with_input(&mut command, input.as_bytes());
        assert_concludes(&outcome, "opens", "none", 0);
        let is_odd = input.contains("Secret:");
        assert_eq!(
            outcome.stderr.contains("was removed") || outcome.stderr.contains("were removed"),
            is_odd
        );
    }
    let before = fake.heads().len();
    for (arguments, input, words) in [
        (&[][..], SECRET, "no client ID"),
        (&[CLIENT_ID], "", "it is empty"),
        (&[CLIENT_ID], CLIENT_ID, "may be swapped"),
        (
            &[CLIENT_ID],
            "cfut_0123456789abcdefghijABCDEFGHIJ0123456789",
            "an API token",
        ),
    ] {
        let arguments = [arguments, &["--secret-stdin"]].concat();
        let mut command = binary(&fake.url(), &arguments).command();
        let said = run_with_input(&mut command, input.as_bytes()).is_error("usage", 3);
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(fake.heads().len(), before);
}

#[test]
fn malformed_variables_are_corrected_with_a_warning() {
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    for (id, secret, words) in [
        (
            &CLIENT_ID[..32],
            SECRET.to_owned(),
            "CF_ACCESS_CLIENT_ID: .access was missing",
        ),
        (
            CLIENT_ID,
            format!("'{SECRET}'"),
            "CF_ACCESS_CLIENT_SECRET: quotes were removed",
        ),
        (
            CLIENT_ID,
            format!("CF-Access-Client-Secret: {SECRET}"),
            "the name in front was removed",
        ),
    ] {
        let mut command = binary(&fake.url(), &[])
            .env("CF_ACCESS_CLIENT_ID", id)
            .env("CF_ACCESS_CLIENT_SECRET", &secret)
            .command();
        let outcome = run(&mut command);
        assert_concludes(&outcome, "opens", "none", 0);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    // ID and secret are swapped.
    let mut command = binary(&fake.url(), &[])
        .env("CF_ACCESS_CLIENT_ID", SECRET)
        .env("CF_ACCESS_CLIENT_SECRET", CLIENT_ID)
        .command();
    let outcome = run(&mut command);
    assert!(outcome.is_error("usage", 3).contains("may be swapped"));
    assert!(!outcome.stdout.contains(SECRET) && !outcome.stderr.contains(SECRET));
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    for arguments in [
        &[SECRET][..],
        &["--client-id", SECRET],
        &["--header", SECRET],
        &["--secret", SECRET],
        &["--secret-stdin", SECRET],
    ] {
        for pair in [true, false] {
            let binary = binary(&fake.url(), arguments);
            let binary = if pair { with_pair(binary) } else { binary };
            let outcome = run_with_input(&mut binary.command(), b"x");
            let said = outcome.is_error("usage", 3);
            assert!(!said.contains(&SECRET[..12]), "{arguments:?}: {said}");
            assert!(
                !outcome.stderr.contains(&SECRET[..12]),
                "{arguments:?}: {}",
                outcome.stderr
            );
        }
    }
    for url in [
        format!("{}/?x={SECRET}", fake.url()),
        format!("http://u:{SECRET}@127.0.0.1/"),
    ] {
        let outcome = run(&mut command(&url, &[]));
        assert!(!outcome.is_error("usage", 3).contains(&SECRET[..12]));
    }
    assert!(fake.heads().is_empty());
}

#[test]
fn an_invalid_command_line_exits_3() {
    for arguments in [
        &["probe"][..],
        &["probe", ""],
        &["probe", "https://*.example.com/"],
        &["probe", "ftp://app.example.com/"],
        &["probe", "https://app.example.com/", "--nonsense"],
        &["probe", "https://app.example.com/", "--header", "Host"],
        &["probe", "https://app.example.com/", "CI/CD token"],
        &[
            "probe",
            "https://app.example.com/",
            "--client-id",
            "nonsense",
        ],
    ] {
        let outcome = run(&mut Binary::new(arguments).command());
        assert_eq!(outcome.code, Some(3), "{arguments:?}: {}", outcome.stderr);
        assert!(
            outcome.stderr.starts_with("error: "),
            "{arguments:?}: {}",
            outcome.stderr
        );
        assert_eq!(outcome.stdout, "", "{arguments:?}");
        let mut command = Binary::new(&[arguments, &["-o", "json"]].concat()).command();
        run(&mut command).is_error("usage", 3);
    }
    let name = run(&mut command("https://app.example.com/", &["CI/CD token"]));
    assert!(name.is_error("usage", 3).contains("--client-id"));
}

#[test]
fn the_default_output_is_a_table() {
    let fake = app(|| Reply::Bytes(http(403, &[STAMPS[0], ("cf-ray", "9594-LHR")], "")));
    let mut command = with_pair(Binary::new(&["probe", &fake.url()])).command();
    let outcome = run(&mut command);
    assert_eq!(outcome.code, Some(2), "{}", outcome.stderr);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(
        lines[0].starts_with("REFUSED: Access refused the token."),
        "{lines:#?}"
    );
    let labels: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line.split('\t').next().unwrap())
        .collect();
    let expected = [
        "URL",
        "Client ID",
        "Without the token",
        "With the token",
        "What to do",
    ];
    assert_eq!(labels, expected);
    assert!(lines[4].contains("403 from Access in ") && lines[4].contains("cf-ray 9594-LHR"));
}

/// Everything that a run printed, and every file that it left.
fn everything(outcome: &Outcome, folders: &[&Path]) -> String {
    let mut all = format!("{}{}", outcome.stdout, outcome.stderr);
    let mut left: Vec<_> = folders.iter().map(|it| it.to_path_buf()).collect();
    while let Some(path) = left.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).unwrap();
            left.extend(entries.map(|entry| entry.unwrap().path()));
        } else {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    all
}

/// A server that repeats the secret wherever an answer has a place for it.
fn echoing(status: u16) -> Fake {
    Fake::start(move |head, _| {
        if !head.contains(SECRET) {
            return refused();
        }
        let location = format!("https://{SECRET}/{SECRET}");
        let challenge = format!("Bearer {SECRET}");
        let headers = [
            ("cf-ray", SECRET),
            ("location", location.as_str()),
            ("www-authenticate", challenge.as_str()),
            ("content-encoding", SECRET),
            ("set-cookie", SECRET),
        ];
        Reply::Bytes(http(status, &headers, SECRET))
    })
}

#[test]
fn the_secret_is_in_no_file_log_or_output() {
    for form in ["json", "table"] {
        for fake in [200, 302, 401, 403, 429, 500].map(echoing) {
            let (home, temporary) = (home(), home());
            let arguments = [
                "probe",
                &fake.url(),
                CLIENT_ID,
                "--secret-stdin",
                "-o",
                form,
                "--timeout",
                "3",
            ];
            let mut command = Binary::new(&arguments).command();
            command
                .env("TOKENSCOPE_LOG", "trace")
                .env("TOKENSCOPE_HOME", home.path())
                .env("HOME", home.path())
                .env("TMPDIR", temporary.path());
            let outcome = run_with_input(&mut command, SECRET.as_bytes());
            assert_eq!(secrets(&fake), 1);
            let all = everything(&outcome, &[home.path(), temporary.path()]);
            assert!(all.contains("probed"), "no log: {all}");
            assert!(!all.contains(&SECRET[..12]), "{all}");
        }
    }
}

#[test]
fn prompts_for_the_secret_only_if_access_refused() {
    let fake = app(|| Reply::Bytes(http(200, &[], "")));
    let asked =
        |fake: &Fake| -> Session { Binary::new(&["probe", &fake.url(), CLIENT_ID]).on_terminal() };
    let mut session = asked(&fake).showing("(not shown):");
    let host = fake.address.to_string();
    assert_contains(&session.screen.screen().contents().replace('\n', ""), &host);
    session.type_until(&format!("{SECRET}\r"), "OPENS");
    let (_, stream) = session.end();
    assert!(!stream.contains(&SECRET[..12]));
    assert_eq!(secrets(&fake), 1);
    let open = Fake::answering(200, "open");
    let session = asked(&open).showing("NO ACCESS");
    let (_, stream) = session.end();
    assert!(!stream.contains("not shown"));
}

#[test]
fn probes_without_the_policies_if_they_cannot_be_read() {
    for (api, words) in [
        (
            Fake::answering(403, r#"{"success":false,"errors":[{"code":10000}]}"#),
            "goes on without",
        ),
        (Fake::with_result("[]"), "No service token in account"),
    ] {
        let fake = app(|| Reply::Bytes(http(403, &STAMPS, "")));
        let binary = with_pair(binary(&fake.url(), &[])).asking(&api.url());
        let mut command = binary.with_token().command();
        let outcome = run(&mut command);
        let report = assert_concludes(&outcome, "refused", "unknown", 2);
        assert_eq!(report["token"], Value::Null);
        assert_eq!(report["uses_verdict"], Value::Null);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert_eq!(secrets(&fake), 1);
        assert!(api.heads().iter().all(|head| !head.contains(SECRET)));
    }
}

/// A run in the demo.
fn demo(url: &str, arguments: &[&str], secret: &str) -> Outcome {
    let arguments = [
        &["--demo", "probe", url, "-o", "json", "--secret-stdin"],
        arguments,
    ]
    .concat();
    // The demo reads no variables.
    let mut command = Binary::new(&arguments)
        .env("CF_ACCESS_CLIENT_ID", OTHER_ID)
        .command();
    run_with_input(&mut command, secret.as_bytes())
}

#[test]
fn the_demo_suggests_its_own_secret() {
    let outcome = Binary::new(&["--demo", "probe", "deploy.example.com/hooks", "CI/CD token"]);
    let outcome = run(&mut outcome.command());
    assert_eq!(outcome.code, Some(3));
    assert_contains(&outcome.stderr, "Pipe `demo-secret` in");
    assert!(!outcome.stderr.contains("CLOUDFLARE"), "{}", outcome.stderr);
}

#[test]
fn the_demo_shows_every_outcome() {
    let ltd = tokenscope::demo::ACCOUNT;
    let branch = tokenscope::demo::FILTERED_ACCOUNT;
    for [url, token, secret, verdict, fault, code, words] in rows::<7>(
        "
        deploy.example.com/hooks           | CI/CD token                 | demo-secret | opens     | none    | 0 | the origin answered 200
        deploy.example.com/hooks           | CI/CD token                 | wrong-one   | refused   | secret  | 2 | not the current one
        api.example.com                    | CI/CD token                 | demo-secret | opens     | none    | 0 | It works
        registry.example.com               | github-actions-deploy       | demo-secret | opens     | origin  | 1 | the origin refused with 401
        health.example.com                 | tunnel-health-probe         | demo-secret | opens     | origin  | 1 | audTag
        soap.example.com                   | legacy-soap-bridge (slow reply) | demo-secret | undecided | origin  | 3 | is down: 530
        backups.example.com                | nightly-backup-legacy       | demo-secret | refused   | token   | 2 | it has expired
        audit.example.com                  | vendor-audit-2025           | demo-secret | refused   | token   | 2 | it is disabled
        metrics.example.com                | CI/CD token                 | demo-secret | refused   | policy  | 2 | Service Auth
        wiki.example.com                   | partner-webhooks            | demo-secret | refused   | policy  | 2 | Block, 2nd
        billing.example.com/export         | warehouse-etl               | demo-secret | refused   | policy  | 2 | requires an email domain
        admin.example.com                  | CI/CD token                 | demo-secret | refused   | policy  | 2 | names it
        grafana.example.com                | tunnel-health-probe         | demo-secret | refused   | unknown | 2 | not certain
        metrics.example.com/-/healthy      | CI/CD token                 | demo-secret | opens     | none    | 0 | another app answers here
        mcp.example.com                    | github-actions-deploy       | demo-secret | opens     | none    | 0 | It works
        shop.example.com                   | CI/CD token                 | demo-secret | blocked   | waf     | 3 | before Access
        forum.example.com                  | CI/CD token                 | demo-secret | blocked   | waf     | 3 | before Access
        files.example.com                  | CI/CD token                 | demo-secret | blocked   | waf     | 3 | before Access
        status.example.com                 | CI/CD token                 | demo-secret | no_access | unknown | 3 | Bypass
        www.example.com                    | CI/CD token                 | demo-secret | no_access | unknown | 3 | was not sent
        example.com                        | CI/CD token                 | demo-secret | no_access | unknown | 3 | redirects to https://www.example.com/
        lab.example.com                    | CI/CD token                 | demo-secret | undecided | unknown | 3 | answered 530
        slow.example.com                   | CI/CD token                 | demo-secret | undecided | unknown | 3 | No response
        closing.example.com                | CI/CD token                 | demo-secret | undecided | unknown | 3 | was closed before
        stock.branch.example.com           | store-inventory-sync        | demo-secret | opens     | none    | 0 | It works
        stock.branch.example.com           | store-inventory-sync        | wrong-one   | refused   | secret  | 2 | not the current one
        stock.branch.example.com/returns   | store-inventory-sync        | demo-secret | refused   | policy  | 2 | The secret is right
        tills.branch.example.com           | till-updater                | wrong-one   | refused   | secret  | 2 | knows no token
        tills.branch.example.com           | till-updater                | demo-secret | refused   | unknown | 2 | the secret is right
        ",
    ) {
        let is_branch = url.contains(".branch.");
        let account = if is_branch { branch } else { ltd };
        let arguments = [token, "--account", account, "--timeout", "3"];
        let outcome = demo(url, &arguments, secret);
        let report = assert_concludes(&outcome, verdict, fault, code.parse().unwrap());
        let said = format!("{} {}", report["message"], report["hint"]);
        assert!(said.contains(words), "{url}: {words}: {said}");
        assert_eq!(report["token"]["name"], token, "{url}");
        assert_eq!(report["mode"], if is_branch { "strict" } else { "legacy" }, "{url}");
        // The table says the same.
        let table = [&["--demo", "probe", url, "--secret-stdin"][..], &arguments].concat();
        let table = run_with_input(&mut Binary::new(&table).command(), secret.as_bytes());
        assert_eq!(table.code, outcome.code, "{url}");
        let word = verdict.to_uppercase().replace('_', " ");
        assert!(table.stdout.starts_with(&format!("{word}: ")), "{}", table.stdout);
    }
}

#[test]
fn the_demo_accepts_one_header_and_only_its_own_hosts() {
    let header = ["mobile-api-gateway", "--header", "Authorization"];
    assert_concludes(
        &demo("mobile.example.com/v2", &header, "demo-secret"),
        "opens",
        "none",
        0,
    );
    let told = assert_concludes(
        &demo("mobile.example.com/v2", &header[..1], "demo-secret"),
        "refused",
        "unknown",
        2,
    );
    assert_contains(told["hint"].as_str().unwrap(), "--header authorization");
    for url in [
        "https://app.example.org/",
        "https://example.com.evil.test/",
        "http://127.0.0.1:1/",
    ] {
        let said = demo(url, &["CI/CD token"], "demo-secret").is_error("usage", 3);
        assert!(said.contains("example.com"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trusts_the_same_certificates_as_api_requests() {
    let directory = home();
    let (server, ca) = private_tls(&directory, "127.0.0.1").await;
    let url = server.url.replace("http:", "https:");
    let untrusted = assert_concludes(&run(&mut command(&url, &[])), "undecided", "unknown", 3);
    assert_eq!(untrusted["error"]["kind"], "tls");
    assert_eq!(untrusted["with_token"], Value::Null);
    let trusted = run(&mut command(&url, &["--ca-file", ca.to_str().unwrap()]));
    assert_concludes(&trusted, "no_access", "unknown", 3);
}

#[test]
fn https_uses_the_proxy_and_never_bypasses_it() {
    let proxy = Fake::answering(502, "no way");
    let mut command = command("https://app.example.com/", &["--timeout", "5"]);
    command.env("https_proxy", proxy.url());
    let report = assert_concludes(&run(&mut command), "undecided", "unknown", 3);
    assert_eq!(report["error"]["kind"], "proxy");
    let heads = proxy.heads();
    assert_starts(&heads[0], "CONNECT app.example.com:443 ");
    assert_eq!(secrets(&proxy), 0);
}

/// The workflow step of the README fails only if Access does not open.
#[test]
fn the_workflow_step_stops_a_deploy_that_access_would_refuse() {
    let (head, script) = step("Check that Access lets the deploy in");
    assert!(head.contains("CF_ACCESS_CLIENT_ID") && head.contains("CF_ACCESS_CLIENT_SECRET"));
    for (answer, code) in [
        (http(200, &[], ""), 0),
        (http(401, &[], ""), 0),
        (http(403, &STAMPS, ""), 2),
        (http(502, &[], ""), 3),
    ] {
        let fake = app(move || Reply::Bytes(answer.clone()));
        let script = script.replace("https://deploy.example.com/hooks", &fake.url());
        let mut bash = Command::new("bash");
        isolate(&mut bash);
        bash.env("PATH", search_path())
            .env("CF_ACCESS_CLIENT_ID", CLIENT_ID)
            .env("CF_ACCESS_CLIENT_SECRET", SECRET)
            .args(["-e", "-c", &script]);
        let outcome = run(&mut bash);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        assert!(
            outcome
                .stdout
                .lines()
                .all(|line| line.starts_with("    | "))
        );
        assert!(!outcome.stdout.contains(SECRET));
        assert_eq!(secrets(&fake), 1);
    }
}
