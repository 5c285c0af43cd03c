//! Group D: HTTP, TLS and proxies, and every answer of the API that has been seen, at the binary.

#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::api::transport::private_tls;
use crate::support::api::{
    ACCOUNT, CANARY, Fake, ID, Outcome, Reply, head, http, refusal, run, success, token,
};
use crate::support::keyring::eventually;

fn proxied(fake: &Fake, variables: &[(&str, &str)]) -> Outcome {
    run(fake
        .command(&["get", ID, "-o", "json", "--timeout", "20"])
        .envs(variables.iter().copied()))
}

/// An address that nobody listens on.
fn dead() -> String {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string()
}

/// One that swallows connections and never accepts or answers any.
fn silent() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_a_certificate_of_a_company_proxy_has_its_own_message_and_two_ways_to_be_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let (server, ca) = private_tls(&directory, "127.0.0.1").await;
    let ca = ca.to_str().unwrap();
    let fake = Fake::holding("[]");
    let get = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["get", "a name", "-o", "json"];
        all.extend_from_slice(arguments);
        run(fake
            .command(&all)
            .env("CLOUDFLARE_BASE_URL", server.url.replace("http:", "https:"))
            .envs(variables.iter().copied()))
    };
    let words = get(&[], &[]).is_error("tls", 1);
    assert!(
        words.contains("--ca-file") && words.contains("SSL_CERT_FILE"),
        "{words}"
    );
    assert!(!words.contains("credential"), "{words}");
    // The list was read: what is missing is the token.
    get(&["--ca-file", ca], &[]).is_error("not_found", 4);
    get(&["--ca-file", ca], &[("SSL_CERT_FILE", ca)]).is_error("not_found", 4);
    if cfg!(target_os = "linux") {
        get(&[], &[("SSL_CERT_FILE", ca)]).is_error("not_found", 4);
        let nowhere = [("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")];
        let words = get(&[], &nowhere).is_error("tls", 1);
        assert!(words.contains("SSL_CERT_FILE"), "{words}");
        get(&["--ca-file", ca], &nowhere).is_error("not_found", 4);
    }
    // An empty variable is an unset one.
    let words = get(&[], &[("SSL_CERT_FILE", ""), ("SSL_CERT_DIR", "")]).is_error("tls", 1);
    assert!(
        words.contains("--ca-file"),
        "the system's own are in force: {words}"
    );
    get(&["--ca-file", "/nowhere"], &[]).is_error("usage", 64);
}

#[cfg(target_os = "linux")]
#[test]
fn d01_what_can_be_no_bundle_of_certificates_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::create_dir(path("directory")).unwrap();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, text) in [("empty", ""), ("text", "no PEM"), ("damaged", damaged)] {
        std::fs::write(path(name), text).unwrap();
    }
    let huge = std::fs::File::create(path("huge")).unwrap();
    huge.set_len(1 << 40).unwrap();
    let fake = Fake::holding("");
    let get = |more: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["get", ID, "-o", "json"], more].concat();
        let mut command = fake.command(&arguments);
        command.env("CLOUDFLARE_BASE_URL", format!("https://{}", dead()));
        run(command.envs(variables.iter().copied()))
    };
    for (name, reason) in [
        ("directory", "not a file"),
        ("empty", "no certificate"),
        ("text", "no certificate"),
        ("damaged", "damaged"),
        ("huge", "too large"),
        ("absent", "no such file"),
        ("/dev/zero", "not a file"),
    ] {
        let path = path(name);
        let path = path.to_str().unwrap();
        let outcome = get(&["--ca-file", path], &[]);
        let words = outcome.is_error("usage", 64);
        assert!(words.contains(path) && words.contains(reason), "{words}");
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
        let outcome = get(&[], &[("SSL_CERT_FILE", path)]);
        let words = outcome.is_error("tls", 1);
        assert!(words.contains("SSL_CERT_FILE"), "{words}");
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
}

/// A directory of certificates whose every file is read, however large it says it is.
#[cfg(target_os = "linux")]
#[test]
fn d01_certificates_are_read_within_the_deadline_too() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..50 {
        let path = directory.path().join(format!("eeeeeeee.{number}"));
        let file = std::fs::File::create(path).unwrap();
        file.set_len(1 << 40).unwrap();
    }
    let fake = Fake::holding("");
    let mut command = fake.command(&["get", ID, "-o", "json", "--timeout", "1"]);
    command
        .env("CLOUDFLARE_BASE_URL", format!("https://{}", dead()))
        .env("SSL_CERT_DIR", directory.path());
    let outcome = run(&mut command);
    let words = outcome.is_error("timeout", 1);
    assert!(words.contains("SSL_CERT_DIR"), "{words}");
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_each_fault_of_a_certificate_has_its_own_sentence() {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
    let names = || CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let mut authority = names();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut for_clients = names();
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut past = names();
    past.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let elsewhere = CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap();
    let fake = Fake::holding("");
    let directory = tempfile::tempdir().unwrap();
    for (parameters, said) in [
        (authority, "CA:TRUE"),
        (for_clients, "not meant for servers"),
        (past, "expired"),
        (elsewhere, "another name"),
    ] {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        let server = crate::api::transport::tls(&certificate, &key).await;
        let file = directory.path().join("ca.pem");
        std::fs::write(&file, certificate.pem()).unwrap();
        let arguments = ["get", ID, "-o", "json", "--ca-file", file.to_str().unwrap()];
        let mut command = fake.command(&arguments);
        command.env("CLOUDFLARE_BASE_URL", server.url.replace("http:", "https:"));
        let words = run(&mut command).is_error("tls", 1);
        assert!(words.contains(said), "{said}: {words}");
    }
}

#[test]
fn d01_a_server_of_old_tls_is_told_from_one_without() {
    const ALERT: &[u8] = &[0x15, 3, 1, 0, 2, 2, 70];
    for (answer, said) in [
        (ALERT, "a usable TLS 1.2 or 1.3"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not respond with TLS"),
        (b"220 mail ESMTP\r\n", "not respond with TLS"),
    ] {
        let listener = silent();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                // Only what was read is no reason for a reset.
                let _hello = stream.read(&mut [0; 4096]);
                let _gone = stream.write_all(answer);
            }
        });
        let outcome = run(Fake::holding("")
            .command(&["get", ID, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", format!("https://{address}")));
        let words = outcome.is_error("tls", 1);
        assert!(words.contains(said), "{words}");
    }
}

#[test]
fn d04_hosts_that_no_proxy_lists_are_reached_straight() {
    let fake = Fake::holding(&token(""));
    let dead = format!("http://{}", dead());
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        proxied(&fake, &[(name, &dead)]).is_error("proxy", 1);
        for no in ["NO_PROXY", "no_proxy"] {
            for list in [
                "127.0.0.1",
                "*",
                "example.com, 127.0.0.1",
                "127.0.0.0/8",
                " 127.0.0.1 ",
                "example.com 127.0.0.1",
                "127.0.0.1.",
                "example.com,\t*",
            ] {
                let outcome = proxied(&fake, &[(name, &dead), (no, list)]);
                assert_eq!(
                    outcome.code,
                    Some(0),
                    "{name} {no}={list}: {}",
                    outcome.stdout
                );
            }
        }
        proxied(&fake, &[(name, &dead), ("NO_PROXY", "example.com")]).is_error("proxy", 1);
        let outcome = proxied(&fake, &[(name, "")]);
        assert_eq!(outcome.code, Some(0), "an empty {name} is an unset one");
    }
}

#[test]
fn d04_variables_have_the_precedence_that_curl_gives_them() {
    let fake = Fake::holding(&token(""));
    let body = success(&token(r#""name":"through the proxy""#));
    let proxy = Fake::saying(200, &body);
    let (proxy, dead) = (proxy.url(), format!("http://{}", dead()));
    let name = |variables: &[(&str, &str)]| {
        let outcome = proxied(&fake, variables);
        outcome.json()["token"]["name"].clone()
    };
    for [first, second] in [
        ["http_proxy", "HTTP_PROXY"],
        ["http_proxy", "all_proxy"],
        ["HTTP_PROXY", "all_proxy"],
        ["all_proxy", "ALL_PROXY"],
    ] {
        let used = name(&[(first, &proxy), (second, &dead)]);
        assert_eq!(used, "through the proxy", "{first} before {second}");
        let used = name(&[(first, "  "), (second, &format!(" {proxy}\n"))]);
        assert_eq!(used, "through the proxy", "a blank {first} is unset");
    }
    let both = [("no_proxy", "127.0.0.1"), ("NO_PROXY", "example.com")];
    assert_eq!(
        name(&[&[("http_proxy", dead.as_str())], &both[..]].concat()),
        Value::Null
    );
    let both = [("no_proxy", "example.com"), ("NO_PROXY", "127.0.0.1")];
    let used = name(&[&[("http_proxy", proxy.as_str())], &both[..]].concat());
    assert_eq!(used, "through the proxy");
    // Under CGI a request's own header sets HTTP_PROXY, and no other.
    let cgi = ("REQUEST_METHOD", "GET");
    assert_eq!(name(&[("HTTP_PROXY", &dead), cgi]), Value::Null);
    assert_eq!(name(&[("http_proxy", &proxy), cgi]), "through the proxy");
}

#[cfg(unix)]
#[test]
fn d05_a_proxy_or_an_address_that_is_no_text_is_not_gone_past() {
    use std::os::unix::ffi::OsStrExt;
    let fake = Fake::holding(&token(""));
    let bytes = std::ffi::OsStr::from_bytes(b"http://127.0.0.1:1\xff");
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        let words = run(command.env(name, bytes)).is_error("proxy", 1);
        assert!(words.contains(name), "{words}");
    }
    for name in [
        "CLOUDFLARE_BASE_URL",
        "CLOUDFLARE_API_BASE_URL",
        "TOKENSCOPE_LOG",
    ] {
        let mut command = fake.command(&["get", ID, "-o", "json"]);
        command.env_remove("CLOUDFLARE_BASE_URL");
        let words = run(command.env(name, bytes)).is_error("usage", 64);
        assert!(words.contains(name) && words.contains("UTF-8"), "{words}");
    }
    assert!(fake.heads().is_empty());
}

#[test]
fn d05_a_proxy_that_refuses_is_named_and_its_password_is_not() {
    let target = Fake::holding(&token(""));
    for status in [407, 403, 502] {
        let proxy = Fake::saying(status, "no");
        for secret in ["ada:hunter2", "ada:hun%40ter2", ":hunter2", "hunter2"] {
            let url = format!("http://{secret}@{}", proxy.address);
            let mut command = target.command(&["get", ID, "-o", "json"]);
            let outcome = run(command
                .env("CLOUDFLARE_BASE_URL", format!("https://{}", target.address))
                .env("HTTPS_PROXY", &url));
            let words = outcome.is_error("proxy", 1);
            assert!(words.contains(&proxy.address.to_string()), "{words}");
            assert!(!outcome.stdout.contains("hunter2") && !outcome.stdout.contains("ter2"));
        }
        assert!(
            proxy
                .heads()
                .iter()
                .all(|head| head.starts_with("CONNECT "))
        );
        for head in proxy.heads() {
            assert!(
                !head.contains(CANARY),
                "the proxy sees no credential: {head}"
            );
        }
    }
    let proxy = Fake::saying(407, "");
    let url = format!("http://ada:hunter2@{}", proxy.address);
    let words = proxied(&target, &[("HTTP_PROXY", &url)]).is_error("proxy", 1);
    assert!(words.contains(&proxy.address.to_string()), "{words}");
}

#[test]
fn d05_a_working_proxy_is_used_and_a_malformed_one_is_said_to_be() {
    let target = Fake::holding(&token(""));
    let body = success(&token(r#""name":"through the proxy""#));
    let proxy = Fake::saying(200, &body);
    let outcome = proxied(&target, &[("HTTP_PROXY", &proxy.url())]);
    assert_eq!(outcome.json()["token"]["name"], "through the proxy");
    let bare = proxy.address.to_string();
    let outcome = proxied(&target, &[("http_proxy", &bare)]);
    assert_eq!(outcome.json()["token"]["name"], "through the proxy");
    for malformed in [
        "::::",
        "http://",
        "http://[::1",
        "ftp://127.0.0.1:1",
        "http://a b:1",
        "x y",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:abc",
        "127.0.0.1:-1",
        "http://127.0.0.1:80000000000",
    ] {
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            let words = proxied(&target, &[(name, malformed)]).is_error("proxy", 1);
            assert!(words.contains(name), "{malformed}: {words}");
            let straight = proxied(&target, &[(name, malformed), ("NO_PROXY", "127.0.0.1")]);
            assert_eq!(straight.code, Some(0), "{}", straight.stdout);
        }
        let other = proxied(&target, &[("HTTPS_PROXY", malformed)]);
        assert_eq!(other.code, Some(0), "it is for https alone");
    }
    for socks in [
        "socks4://me:canary0123456789@127.0.0.1:9",
        "socks4a://127.0.0.1:9",
    ] {
        let words = proxied(&target, &[("ALL_PROXY", socks)]).is_error("proxy", 1);
        assert!(
            words.contains("SOCKS") && words.contains("version 5"),
            "{words}"
        );
    }
}

#[test]
fn d06_nothing_waits_for_ever() {
    let quiet = silent();
    let port = quiet.local_addr().unwrap().port();
    let fake = Fake::holding("");
    for (scheme, seconds) in [("http", "1"), ("https", "1")] {
        let outcome = run(fake
            .command(&["get", ID, "-o", "json", "--timeout", seconds])
            .env(
                "CLOUDFLARE_BASE_URL",
                format!("{scheme}://127.0.0.1:{port}"),
            ));
        outcome.is_error("timeout", 1);
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
    let whole = http(200, &[], success(&token("")));
    for cut in [0, 10, whole.len() - 2] {
        let (start, rest) = (whole[..cut].to_vec(), whole[cut..].to_vec());
        let hanging = start.clone();
        for fake in [
            Fake::start(move |_, _| Reply::ThenSilence(hanging.clone())),
            Fake::start(move |_, _| {
                let slow = b" ".repeat(2000);
                Reply::Drip([start.clone(), rest[..1].to_vec()].concat(), slow)
            }),
        ] {
            let outcome = run(&mut fake.command(&["get", ID, "-o", "json", "--timeout", "1"]));
            let kind = outcome.json()["error"]["kind"].clone();
            // Spaces in the middle of the first line are not HTTP any more.
            assert!(
                kind == "timeout" || kind == "invalid_response",
                "{}",
                outcome.stdout
            );
            assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
        }
    }
}

#[test]
fn d06_a_proxy_that_is_silent_costs_the_deadline_alone() {
    let target = Fake::holding("");
    let quiet = silent();
    let url = format!("http://{}", quiet.local_addr().unwrap());
    for scheme in ["http", "https"] {
        let outcome = run(target
            .command(&["get", ID, "-o", "json", "--timeout", "1"])
            .env(
                "CLOUDFLARE_BASE_URL",
                format!("{scheme}://{}", target.address),
            )
            .env("ALL_PROXY", &url));
        outcome.is_error("timeout", 1);
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
}

#[test]
fn d06_the_screens_show_the_seconds_and_esc_cancels_at_once() {
    let fake = Fake::start(|_, _| Reply::ThenSilence(Vec::new()));
    let mut session = fake.screens(&[ID]);
    session.wait_for("2 s");
    session.type_keys("\x1b");
    session.wait_for("Cancelled");
    session.type_keys("r");
    session.wait_for("1 s");
    session.type_keys("q");
    assert_eq!(session.end().0.exit_code(), 0);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn d10_compressed_and_marked_and_damaged_bodies_are_read_or_told() {
    let good = success(&token(r#""name":"n","duration":"forever""#));
    let gzipped = http(200, &[("content-encoding", "gzip")], gzip(good.as_bytes()));
    let marked = http(200, &[], format!("\u{FEFF}{good}"));
    let mislabelled = http(200, &[("content-type", "text/html; charset=utf-16")], &good);
    let blanks = http(200, &[], format!("\r\n\t {good}\n\n"));
    let latin = [good.replace('n', "\u{1}").into_bytes()].concat();
    for (bytes, code) in [(gzipped, 0), (marked, 0), (mislabelled, 0), (blanks, 0)] {
        let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
        let outcome = fake.get();
        assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
        assert_eq!(outcome.json()["status"], "never_expires");
    }
    let mut bad_byte = success(&token(r#""name":"n?n","duration":"forever""#)).into_bytes();
    let at = bad_byte.iter().position(|byte| *byte == b'?').unwrap();
    bad_byte[at] = 0xE9;
    let bytes = http(200, &[], bad_byte);
    let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
    assert_eq!(fake.get().json()["token"]["name"], "n\u{FFFD}n");
    for (encoding, body) in [
        ("gzip", good.clone().into_bytes()),
        ("gzip", gzip(good.as_bytes())[..30].to_vec()),
        ("br", good.clone().into_bytes()),
        ("identity", latin),
    ] {
        let bytes = http(200, &[("content-encoding", encoding)], body);
        let fake = Fake::start(move |_, _| Reply::Bytes(bytes.clone()));
        let outcome = fake.get();
        if encoding == "br" {
            assert_eq!(outcome.code, Some(0), "it was not compressed after all");
        } else {
            outcome.is_error("invalid_response", 1);
        }
    }
}

/// The most memory that a command ever held, in KiB, once it has printed its error and before it is
/// reaped.
#[cfg(target_os = "linux")]
fn peak_of(fake: &Fake) -> (u64, Outcome) {
    // Its stdout is full, so that it is still there when it is looked at.
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
fn d10_large_endless_and_exploding_bodies_are_refused_in_bounded_memory() {
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
    let bomb = http(200, &[("content-encoding", "gzip")], bomb);
    let bomb = Fake::start(move |_, _| Reply::Bytes(bomb.clone()));
    for fake in [endless, announced, bomb] {
        let (peak, outcome) = peak_of(&fake);
        let words = outcome.is_error("invalid_response", 1);
        assert!(words.contains("16 MiB"), "{words}");
        assert!(peak < 120 * 1024, "{peak} KiB");
    }
}

#[test]
fn d10_deep_nests_and_doubled_keys_break_nothing() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let outcome = Fake::holding(&token(&format!(r#""x":{deep},"duration":"forever""#))).get();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stdout.contains("never_expires"));
    for body in [
        deep.clone(),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!(r#"{{"success":false,"errors":{deep}}}"#),
        format!(r#"{{"success":{deep}}}"#),
    ] {
        let outcome = Fake::saying(200, &body).get();
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout.len());
    }
    let doubled = r#"{"success":false,"success":true,"result":null,"result":{"name":"x","name":"y","duration":"1h","duration":"forever"}}"#;
    let report = Fake::saying(200, doubled).get().json();
    assert_eq!(report["status"], "never_expires", "the later key counts");
    let surrogate = format!(
        r#"{{"\ud800":1,"success":true,"result":{}}}"#,
        token(r#""\udfff":1,"duration":"forever","\ud800x":2"#)
    );
    let report = Fake::saying(200, &surrogate).get();
    assert_eq!(report.code, Some(0), "{}", report.stdout);
    assert!(
        report.stdout.contains("\"never_expires\""),
        "{}",
        report.stdout
    );
}

/// Status, errors, and the kind, exit code and part of a sentence that come of them.
type Row = (u16, &'static str, &'static str, i32, &'static str);

/// The refusals that have been seen, as they were sent.
const REFUSALS: [Row; 18] = [
    (
        400,
        r#"[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6111,"message":"Invalid format"}]}]"#,
        "authentication",
        1,
        "is malformed",
    ),
    (
        400,
        r#"[{"code":6003,"message":"Invalid request headers","error_chain":[{"code":6103,"message":"Invalid format"}]}]"#,
        "authentication",
        1,
        "switch the credential kind",
    ),
    (
        401,
        r#"[{"code":9109,"message":"Invalid access token"}]"#,
        "authentication",
        1,
        "expired or revoked",
    ),
    (
        403,
        r#"[{"code":9109,"message":"Invalid access token"}]"#,
        "authentication",
        1,
        "expired or revoked",
    ),
    (
        401,
        r#"[{"code":1000,"message":"Invalid API Token"}]"#,
        "authentication",
        1,
        "expired or revoked",
    ),
    (
        403,
        r#"[{"code":10000,"message":"Authentication error"}]"#,
        "permission",
        1,
        "Access: Service Tokens Read",
    ),
    (
        403,
        r#"[{"code":9109,"message":"Unauthorized to access requested resource"}]"#,
        "permission",
        1,
        "not for account",
    ),
    (
        403,
        r#"[{"code":9109,"message":"Cannot use the access token from location: 183.154.104.196"}]"#,
        "permission",
        1,
        "IP filter",
    ),
    (
        400,
        r#"[{"code":7003,"message":"Could not route to /client/v4/zones/x, perhaps your object identifier is invalid?"},{"code":7000,"message":"No route for that URI"}]"#,
        "usage",
        64,
        "malformed",
    ),
    (
        404,
        r#"[{"code":7003,"message":"Could not route to /client/v4/zones/x, perhaps your object identifier is invalid?"},{"code":7000,"message":"No route for that URI"}]"#,
        "usage",
        64,
        "malformed",
    ),
    (
        400,
        r#"[{"code":9999,"message":"access.api.error.not_enabled: Access is not enabled."}]"#,
        "permission",
        1,
        "Enable Access",
    ),
    (
        404,
        r#"[{"code":12135,"message":"access.api.error.not_found"}]"#,
        "not_found",
        4,
        "deleted or recreated",
    ),
    (
        400,
        r#"[{"code":12130,"message":"access.api.error.invalid_request: bad"}]"#,
        "rejected",
        1,
        "access.api.error.invalid_request: bad",
    ),
    (
        405,
        r#"[{"code":10000,"message":"POST method with API Tokens is not supported"}]"#,
        "rejected",
        1,
        "kind of credential",
    ),
    (
        429,
        r#"[{"code":0,"message":"More than 1200 requests per 300 seconds reached."}]"#,
        "rate_limited",
        1,
        "Wait",
    ),
    (
        500,
        r#"[{"code":0,"message":"Actor 'com.cloudflare' failed"}]"#,
        "server",
        1,
        "cloudflarestatus",
    ),
    (
        409,
        r#"[{"code":12345,"message":"access.api.error.conflict"}]"#,
        "rejected",
        1,
        "details",
    ),
    (
        400,
        r#"[{"code":1001,"message":"Missing \"Authorization\" header"}]"#,
        "rejected",
        1,
        "details",
    ),
];

#[test]
fn every_refusal_that_has_been_seen_has_its_kind_code_and_a_sentence_that_helps() {
    for (status, errors, kind, code, helps) in REFUSALS {
        for body in [
            refusal(errors),
            format!(r#"{{"success":false,"errors":{errors}}}"#),
            format!(r#"{{"errors":{errors},"messages":["text"],"result":{{}}}}"#),
        ] {
            let fake = Fake::saying(status, &body);
            let mut command = fake.command(&["get", ID, "-o", "json", "--timeout", "10"]);
            let words = run(&mut command).is_error(kind, code);
            assert!(words.contains(helps), "{status} {errors}: {words}");
        }
    }
}

#[test]
fn what_is_no_answer_of_the_api_is_an_invalid_response_or_a_network_failure() {
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
        let words = Fake::saying(200, body)
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

#[test]
fn refused_connections_and_names_without_an_address_are_told_apart() {
    let fake = Fake::holding("");
    let at = |base: &str| {
        run(fake
            .command(&["get", ID, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", base))
    };
    let dead = dead();
    let words = at(&format!("http://{dead}")).is_error("network", 1);
    assert!(
        words.contains("refused") && words.contains(&dead),
        "{words}"
    );
    let words = at("https://name.invalid").is_error("network", 1);
    assert!(
        words.contains("name.invalid could not be resolved"),
        "{words}"
    );
    for (base, reason) in [
        ("http://example.com", "plain http"),
        ("ftp://127.0.0.1", "neither"),
        ("https://me:canary0123456789@example.com", "password"),
        ("https://example.com/?q=1", "query"),
        ("example.com", "not a URL"),
        ("http://127.0.0.1.example.com", "plain http"),
        ("http://localhost.example.com", "plain http"),
    ] {
        let words = at(base).is_error("usage", 64);
        assert!(words.contains(reason), "{base}: {words}");
    }
    assert_eq!(fake.heads().len(), 0);
}

#[test]
fn an_address_that_nobody_answers_on_first_is_followed_by_the_next() {
    // `localhost` may be ::1 first, where nobody listens.
    let fake = Fake::holding(&token(r#""duration":"forever""#));
    let base = format!("http://localhost:{}", fake.address.port());
    let outcome = run(fake
        .command(&["get", ID, "-o", "json"])
        .env("CLOUDFLARE_BASE_URL", base));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let path = format!("GET /accounts/{ACCOUNT}/");
    assert!(fake.heads()[0].starts_with(&path));
}
