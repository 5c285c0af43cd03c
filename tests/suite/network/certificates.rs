//! TLS certificates: which are trusted, in which formats they are read, and how each fault is
//! reported.

#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::Duration;

use rcgen::{CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::api::errors::base64;
use crate::api::transport::{Raw, private_tls, tls};
use crate::network::connections::silent;
#[cfg(target_os = "linux")]
use crate::support::api::dead_address;
use crate::support::api::{Fake, Outcome, run, shows};
use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::binary::BINARY;
use crate::support::keyring::eventually;
use crate::support::tokens::{CANARY, ID};

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn armoured(label: &str, der: &[u8]) -> String {
    let text = base64(der, LETTERS);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn write(directory: &TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("bundle");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A server, the DER certificate of its authority, and that of another authority.
async fn authorities() -> (Raw, Vec<u8>, Vec<u8>) {
    let authority = || {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let der = parameters.self_signed(&key).unwrap().der().to_vec();
        (Issuer::new(parameters, key), der)
    };
    let ((issuer, own), (_, other)) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = names.signed_by(&key, &issuer).unwrap();
    (tls(&certificate, &key).await, own, other)
}

fn utf16(text: &str, of: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = format!("\u{FEFF}{text}");
    text.encode_utf16().flat_map(of).collect()
}

/// Runs `get` with a certificate file, passed in both ways.
fn both_ways(server: &str, path: &Path) -> [(&'static str, Outcome); 2] {
    let fake = Fake::with_result("");
    let base = server.replace("http:", "https:");
    let arguments = ["get", "a name", "-o", "json", "--timeout", "20"];
    let mut by_flag = fake.command(&arguments);
    by_flag.arg("--ca-file").arg(path);
    let mut by_variable = fake.command(&arguments);
    by_variable.env("SSL_CERT_FILE", path);
    [("--ca-file", by_flag), ("SSL_CERT_FILE", by_variable)].map(|(way, mut command)| {
        command.env("CLOUDFLARE_BASE_URL", &base);
        (way, run(&mut command))
    })
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_reads_certificates_in_every_format_that_curl_reads() {
    let (server, own, other) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = armoured("CERTIFICATE", &own);
    let another = armoured("CERTIFICATE", &other);
    let key = armoured("PRIVATE KEY", b"\x30\x03\x02\x01\x00");
    let trusted = [
        own.as_slice(),
        b"\x30\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01",
    ]
    .concat();
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("plain", pem.clone().into()),
        ("BOM", format!("\u{FEFF}{pem}").into()),
        (
            "BOMs of two files",
            format!("\u{FEFF}{another}\u{FEFF}{pem}").into(),
        ),
        ("UTF-16LE", utf16(&pem, u16::to_le_bytes)),
        ("UTF-16BE", utf16(&pem, u16::to_be_bytes)),
        ("CRLF", pem.replace('\n', "\r\n").into()),
        ("CR", pem.replace('\n', "\r").into()),
        ("no last newline", pem.trim_end().into()),
        ("indented", pem.replace('\n', "\n    ").into()),
        ("blank lines", pem.replace('\n', "\n\n").into()),
        (
            "text around",
            format!("subject=/CN=é\n{pem}# the end -----\n").into(),
        ),
        (
            "Latin-1 around",
            [b"# \xe9\xff\n".as_slice(), pem.as_bytes()].concat(),
        ),
        ("X509", armoured("X509 CERTIFICATE", &own).into()),
        ("TRUSTED", armoured("TRUSTED CERTIFICATE", &trusted).into()),
        (
            "TRUSTED, bare",
            armoured("TRUSTED CERTIFICATE", &own).into(),
        ),
        ("with a key", format!("{key}{pem}").into()),
        ("among others", format!("{another}{pem}{another}").into()),
        ("DER", own.clone()),
        ("DER and a newline", [own.as_slice(), b"\n"].concat()),
        ("twice", format!("{pem}{pem}").into()),
    ];
    for (form, bytes) in forms {
        let path = write(&directory, &bytes);
        for (way, outcome) in both_ways(&server.url, &path) {
            // The list was read; only the token is missing.
            assert_eq!(outcome.code, Some(4), "{form} by {way}: {}", outcome.stdout);
            outcome.is_error("not_found", 4);
            assert!(
                !outcome.stderr.contains("warning"),
                "{form}: {}",
                outcome.stderr
            );
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_damaged_certificates_are_named_once_and_the_others_used() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = armoured("CERTIFICATE", &own);
    let no_base64 = "-----BEGIN CERTIFICATE-----\n?*\n-----END CERTIFICATE-----\n".to_owned();
    let no_der = armoured("CERTIFICATE", b"hello");
    let cut = armoured("CERTIFICATE", &own[..own.len() / 2]);
    let endless = pem.split("-----END").next().unwrap().to_owned();
    let bad_begin = pem.replace("BEGIN CERTIFICATE-----", "BEGIN CERTIFICATE---");
    let other_end = pem.replace("-----END CERTIFICATE", "-----END");
    for damaged in [&no_base64, &no_der, &cut, &endless] {
        for text in [
            format!("{damaged}{pem}"),
            format!("{pem}{damaged}"),
            format!("{pem}{damaged}{pem}{damaged}"),
        ] {
            let path = write(&directory, text.as_bytes());
            for (way, outcome) in both_ways(&server.url, &path) {
                assert_eq!(outcome.code, Some(4), "{way}: {text}{}", outcome.stdout);
                let warnings: Vec<&str> = outcome
                    .stderr
                    .lines()
                    .filter(|line| line.starts_with("warning: "))
                    .collect();
                let count = text.matches("-----BEGIN").count();
                let [warning] = warnings.as_slice() else {
                    unreachable!("{warnings:?}")
                };
                for said in [
                    way,
                    path.to_str().unwrap(),
                    &format!("of its {count}"),
                    "line",
                ] {
                    assert!(warning.contains(said), "{warning}");
                }
            }
        }
    }
    // These are accepted silently.
    for text in [bad_begin, other_end] {
        let path = write(&directory, text.as_bytes());
        for (way, outcome) in both_ways(&server.url, &path) {
            assert_eq!(outcome.code, Some(4), "{way}: {text}{}", outcome.stdout);
        }
    }
    // Of hundreds, only some are named.
    let path = write(
        &directory,
        format!("{}{pem}", no_der.repeat(400)).as_bytes(),
    );
    for (_, outcome) in both_ways(&server.url, &path) {
        assert!(outcome.stderr.len() < 400, "{}", outcome.stderr);
        assert!(outcome.stderr.contains("395 more"), "{}", outcome.stderr);
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_a_file_without_certificates_is_described_with_a_conversion() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let pem = armoured("CERTIFICATE", &own);
    let long = |start: &[u8]| [b"\x30\x82\x01\x00".as_slice(), start, &[0; 300]].concat();
    let files: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "empty"),
        (b"\xef\xbb\xbf".to_vec(), "no certificate"),
        (b"hello\n".to_vec(), "no certificate"),
        (b"0123456789\n".to_vec(), "no certificate"),
        (vec![0; 1000], "no certificate"),
        (long(b"\x02\x01\x03"), "openssl pkcs12"),
        (long(b"\x06\x09"), "openssl pkcs7 -inform DER"),
        (
            armoured("PKCS7", &long(b"\x06\x09")).into(),
            "openssl pkcs7 -in",
        ),
        (long(b"\x02\x01\x00"), "private key"),
        (b"\xfe\xed\xfe\xed\0\0\0\x02".to_vec(), "keytool"),
        (armoured("EC PRIVATE KEY", &own).into(), "private key"),
        (
            armoured("ENCRYPTED PRIVATE KEY", &own).into(),
            "private key",
        ),
        (armoured("CERTIFICATE REQUEST", &own).into(), "request"),
        (base64(pem.as_bytes(), LETTERS).into(), "base64 -d"),
        (long(b"\x30\x00"), "damaged"),
        (own[..own.len() - 1].to_vec(), "damaged"),
        (armoured("CERTIFICATE", b"\x30\x00").into(), "damaged"),
        (armoured("CERTIFICATE", b"").into(), "damaged"),
        (
            armoured("CERTIFICATE", b"\x30\x84\xff\xff\xff\xff").into(),
            "damaged",
        ),
        (
            armoured("CERTIFICATE", b"x").repeat(2).into(),
            "all 2 certificates",
        ),
        (b"-----BEGIN CERTIFICATE-----\nMIIB".to_vec(), "damaged"),
        (
            b"-----BEGIN \x1b[31m\xff\xfe-----\nMIIB".to_vec(),
            "no certificate",
        ),
    ];
    for (bytes, said) in files {
        let path = write(&directory, &bytes);
        for (way, outcome) in both_ways(&server.url, &path) {
            let (kind, code) = if way == "--ca-file" {
                ("usage", 64)
            } else {
                ("tls", 1)
            };
            let words = outcome.is_error(kind, code);
            assert!(
                words.contains(said) && words.contains(way),
                "{said}: {words}"
            );
            assert!(words.contains(path.to_str().unwrap()), "{words}");
            assert!(!words.contains("[45,") && !words.contains("31m"), "{words}");
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn h05_a_pipe_is_read_once_and_within_the_deadline() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let file = write(&directory, armoured("CERTIFICATE", &own).as_bytes());
    let base = server.url.replace("http:", "https:");
    let fake = Fake::with_result("");
    let piped = |variables: &[(&str, &str)], program: &str| {
        let mut command = Command::new("bash");
        let own = fake.command(&[]);
        for (name, value) in own.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        command
            .args(["-c", program])
            .arg(BINARY)
            .arg(&file)
            .env("PATH", "/usr/bin:/bin")
            .env("CLOUDFLARE_BASE_URL", &base)
            .envs(variables.iter().copied());
        run(&mut command)
    };
    for program in [
        r#""$0" get "a name" -o json --ca-file <(cat "$1")"#,
        r#"cat "$1" | "$0" get "a name" -o json --ca-file /dev/stdin"#,
        r#"SSL_CERT_FILE=<(cat "$1") "$0" get "a name" -o json"#,
        r#"SSL_CERT_FILE=<(head -c 100 "$1"; sleep 0.2; tail -c +101 "$1") "$0" get "a name" -o json"#,
    ] {
        piped(&[], program).is_error("not_found", 4);
    }
    // Concurrent requests share a client.
    let outcome = piped(
        &[],
        r#""$0" check one two three -o json --ca-file <(cat "$1")"#,
    );
    assert_lacks(&outcome.stdout, "certificate");
    let pipe = directory.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let pipe = pipe.to_str().unwrap();
    for (arguments, variables) in [
        (&["--ca-file", pipe][..], [].as_slice()),
        (&[], &[("SSL_CERT_FILE", pipe)]),
    ] {
        let all = [&["get", ID, "-o", "json", "--timeout", "1"], arguments].concat();
        let mut command = fake.command(&all);
        command.env("CLOUDFLARE_BASE_URL", &base);
        let outcome = run(command.envs(variables.iter().copied()));
        let words = outcome.is_error("timeout", 1);
        assert_contains(&words, "--ca-file");
        assert_contains(&words, "SSL_CERT_FILE");
        assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
    }
    let outcome = piped(&[], r#""$0" get x -o json --ca-file <(cat /dev/zero)"#);
    let words = outcome.is_error("usage", 64);
    assert!(words.contains("too large"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_the_screens_name_unusable_certificates_once() {
    let (server, own, _) = authorities().await;
    let directory = tempfile::tempdir().unwrap();
    let damaged = armoured("CERTIFICATE", b"hello");
    let text = format!("{damaged}{}", armoured("CERTIFICATE", &own));
    let path = write(&directory, text.as_bytes());
    let fake = Fake::with_result("");
    drop(server);
    // The warning stays until an answer arrives.
    let quiet = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("https://{}", quiet.local_addr().unwrap());
    let mut session = fake.screens_with(
        &[ID, "--ca-file", path.to_str().unwrap()],
        &[
            ("CLOUDFLARE_BASE_URL", &base),
            ("CLOUDFLARE_API_TOKEN", CANARY),
            ("CLOUDFLARE_ACCOUNT_ID", crate::support::tokens::ACCOUNT),
        ],
    );
    shows(
        &mut session,
        "1 of its 2 certificates cannot be used (line 1)",
    );
    session.type_keys("\x1b");
    session.type_keys("q");
    let mut ended = false;
    eventually("the end", || {
        ended = ended || session.ends_within(Duration::from_millis(10));
        ended
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_an_untrusted_proxy_certificate_is_explained_with_two_ways_to_trust_it() {
    let directory = tempfile::tempdir().unwrap();
    let (server, ca) = private_tls(&directory, "127.0.0.1").await;
    let ca = ca.to_str().unwrap();
    let fake = Fake::with_result("[]");
    let get = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut all = vec!["get", "a name", "-o", "json"];
        all.extend_from_slice(arguments);
        run(fake
            .command(&all)
            .env("CLOUDFLARE_BASE_URL", server.url.replace("http:", "https:"))
            .envs(variables.iter().copied()))
    };
    let words = get(&[], &[]).is_error("tls", 1);
    assert_contains(&words, "--ca-file");
    assert_contains(&words, "SSL_CERT_FILE");
    assert!(!words.contains("credential"), "{words}");
    // The list was read; only the token is missing.
    get(&["--ca-file", ca], &[]).is_error("not_found", 4);
    get(&["--ca-file", ca], &[("SSL_CERT_FILE", ca)]).is_error("not_found", 4);
    if cfg!(target_os = "linux") {
        get(&[], &[("SSL_CERT_FILE", ca)]).is_error("not_found", 4);
        let nowhere = [("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")];
        let words = get(&[], &nowhere).is_error("tls", 1);
        assert!(words.contains("SSL_CERT_FILE"), "{words}");
        get(&["--ca-file", ca], &nowhere).is_error("not_found", 4);
    }
    // An empty variable is unset.
    let words = get(&[], &[("SSL_CERT_FILE", ""), ("SSL_CERT_DIR", "")]).is_error("tls", 1);
    assert!(
        words.contains("--ca-file"),
        "the system's own are in force: {words}"
    );
    get(&["--ca-file", "/nowhere"], &[]).is_error("usage", 64);
}

#[cfg(target_os = "linux")]
#[test]
fn d01_an_unusable_certificate_bundle_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    std::fs::create_dir(path("directory")).unwrap();
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, text) in [("empty", ""), ("text", "no PEM"), ("damaged", damaged)] {
        std::fs::write(path(name), text).unwrap();
    }
    let huge = std::fs::File::create(path("huge")).unwrap();
    huge.set_len(1 << 40).unwrap();
    let fake = Fake::with_result("");
    let get = |more: &[&str], variables: &[(&str, &str)]| {
        let arguments = [&["get", ID, "-o", "json"], more].concat();
        let mut command = fake.command(&arguments);
        command.env("CLOUDFLARE_BASE_URL", format!("https://{}", dead_address()));
        run(command.envs(variables.iter().copied()))
    };
    for (name, reason) in [
        ("directory", "not a file"),
        ("empty", "is empty"),
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

/// A directory of huge certificate files, all of which would be read.
#[cfg(target_os = "linux")]
#[test]
fn d01_certificates_are_read_within_the_deadline() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..50 {
        let path = directory.path().join(format!("eeeeeeee.{number}"));
        let file = std::fs::File::create(path).unwrap();
        file.set_len(1 << 40).unwrap();
    }
    let fake = Fake::with_result("");
    let mut command = fake.command(&["get", ID, "-o", "json", "--timeout", "1"]);
    command
        .env("CLOUDFLARE_BASE_URL", format!("https://{}", dead_address()))
        .env("SSL_CERT_DIR", directory.path());
    let outcome = run(&mut command);
    let words = outcome.is_error("timeout", 1);
    assert!(words.contains("SSL_CERT_DIR"), "{words}");
    assert!(outcome.took < Duration::from_secs(5), "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_each_certificate_fault_has_its_own_sentence() {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair};
    let names = || CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let mut authority = names();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let mut for_clients = names();
    for_clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let mut past = names();
    past.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let elsewhere = CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap();
    let fake = Fake::with_result("");
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
fn d01_old_tls_is_distinguished_from_no_tls() {
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
                // Unread input would cause a reset.
                let _hello = stream.read(&mut [0; 4096]);
                let _gone = stream.write_all(answer);
            }
        });
        let outcome = run(Fake::with_result("")
            .command(&["get", ID, "-o", "json"])
            .env("CLOUDFLARE_BASE_URL", format!("https://{address}")));
        let words = outcome.is_error("tls", 1);
        assert!(words.contains(said), "{words}");
    }
}
