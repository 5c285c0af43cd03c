//! The HTTP transport: broken connections, deadlines, sizes, compression, TLS, proxies.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokenscope::api::{BaseUrl, Client, Deadlines, Error, Options};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use wiremock::ResponseTemplate;

use crate::support::assertions::{assert_contains, assert_lacks, assert_starts};
use crate::support::tokens::now;

use super::{SECRET, account, api_token, client, deadlines, get, id, options, serving, success};

/// A server of plain sockets, for bytes that no HTTP library would send.
pub(crate) struct Raw {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Raw {
    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Serves each connection, counted from 1, with the given function.
pub(crate) async fn raw<F, Served>(serve: F) -> Raw
where
    F: Fn(usize, TcpStream) -> Served + Send + 'static,
    Served: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::spawn(serve(number, stream));
        }
    });
    Raw {
        url: format!("http://{address}"),
        address,
        connections,
    }
}

/// The head of the next request; `None` once the client is gone.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}

/// A complete response of status 200.
pub(crate) fn answer(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A server that reads a request, sends these bytes, and closes the connection.
async fn closing_after(bytes: &'static [u8]) -> Raw {
    raw(move |_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(bytes).await.unwrap();
    })
    .await
}

#[tokio::test]
async fn a_refused_connection_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = get(&format!("http://{address}")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Network);
    assert_eq!(
        failure.summary,
        format!("{address} refused the connection.")
    );
    assert!(failure.details.cause.unwrap().contains("refused"));
}

#[tokio::test]
async fn an_unresolvable_name_is_reported_without_a_retry() {
    // The first name is reserved and never exists; the second is too long for a name.
    for name in ["tokenscope.invalid", &"a".repeat(64)] {
        let failure = get(&format!("https://{name}/client/v4")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Network, "{failure:?}");
        let words = format!("{name} could not be resolved");
        assert!(failure.summary.contains(&words), "{failure:?}");
    }
}

#[tokio::test]
async fn a_broken_connection_is_tried_three_times() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"success\":true",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"suc",
    ] {
        let server = closing_after(bytes).await;
        let failure = get(&server.url).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Network, "{failure:?}");
        assert_contains(&failure.summary, "was closed before");
        assert_eq!(server.connections(), 3);
    }
}

#[tokio::test]
async fn a_reset_connection_that_recovers_is_not_reported() {
    let server = raw(|number, mut stream| async move {
        read_head(&mut stream).await;
        if number == 1 {
            // Zero linger closes with RST, whether or not input is unread.
            stream.set_zero_linger().unwrap();
            return;
        }
        stream
            .write_all(answer(&success(r#"{"name":"x"}"#)).as_bytes())
            .await
            .unwrap();
    })
    .await;
    assert_eq!(get(&server.url).await.unwrap().name_text(), "x");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_response_that_is_not_http_is_an_invalid_response() {
    let server = closing_after(b"SSH-2.0-OpenSSH_9.9\r\n\r\n").await;
    let failure = get(&server.url).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidResponse);
    assert_eq!(server.connections(), 1);
}

/// The rest of a second since the command began.
fn rest_of_a_second() -> Deadlines {
    Deadlines {
        end: Some(Instant::now() + Duration::from_millis(900)),
        ..deadlines(1)
    }
}

async fn timed_out(base: &str, summary: &str) -> Failure {
    let begun = Instant::now();
    let fetched = client(base)
        .reader(&api_token(), &account(), rest_of_a_second())
        .unwrap()
        .token(&id())
        .await;
    let failure = fetched.unwrap_err().into_failure(Some(&account()));
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert_eq!(failure.summary, summary);
    assert!(begun.elapsed() < Duration::from_secs(5));
    failure
}

#[tokio::test]
async fn the_deadline_ends_silence_slow_bodies_and_handshakes() {
    let silent =
        raw(|_, mut stream| async move { while read_head(&mut stream).await.is_some() {} }).await;
    let dripping = raw(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n")
            .await
            .unwrap();
        while stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;

    let no_tls =
        raw(|_, mut stream| async move { while read_head(&mut stream).await.is_some() {} }).await;
    let https = no_tls.url.replace("http:", "https:");
    let (failure, _, _) = tokio::join!(
        timed_out(&silent.url, "No response after 1 second."),
        timed_out(
            &dripping.url,
            "The response was still incomplete after 1 second."
        ),
        timed_out(&https, "No response after 1 second.")
    );
    assert_starts(&failure.details.request.unwrap(), "GET /accounts/");
    assert_eq!(silent.connections(), 1, "a timeout is not tried again");
}

#[tokio::test]
async fn an_endless_body_stops_at_the_size_cap() {
    let server = raw(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b' '; 8_192]).await.is_ok() {}
    })
    .await;
    let failure = get(&server.url).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidResponse);
    assert_contains(&failure.summary, "larger than 16 MiB");

    let announced = closing_after(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
    let failure = get(&announced.url).await.unwrap_err();
    assert_contains(&failure.summary, "larger than 16 MiB");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn get_gzip(body: Vec<u8>) -> Result<tokenscope::domain::token::ServiceToken, Failure> {
    let answer = ResponseTemplate::new(200).insert_header("content-encoding", "gzip");
    get(&serving(answer.set_body_bytes(body)).await.uri()).await
}

#[tokio::test]
async fn reads_compressed_answers_but_no_decompression_bombs() {
    let whole = gzip(success(r#"{"name":"x"}"#).as_bytes());
    assert_eq!(get_gzip(whole.clone()).await.unwrap().name_text(), "x");
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    assert!(bomb.len() < 1024 * 1024);
    let failure = get_gzip(bomb).await.unwrap_err();
    assert_contains(&failure.summary, "larger than 16 MiB");
    for broken in [
        b"not gzip at all".to_vec(),
        whole[..whole.len() / 2].to_vec(),
    ] {
        let failure = get_gzip(broken).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidResponse, "{failure:?}");
        assert_contains(&failure.summary, "decompressed");
    }
}

#[tokio::test]
async fn reads_a_body_of_sixteen_mebibytes() {
    let mut body = success(r#"{"name":"x"}"#);
    body.push_str(&" ".repeat(16 * 1024 * 1024 - body.len()));
    let answer = ResponseTemplate::new(200).set_body_string(body);
    assert_eq!(
        get(&serving(answer).await.uri()).await.unwrap().name_text(),
        "x"
    );
}

/// A server that answers every request with one token, over TLS with this certificate.
pub(crate) async fn tls(certificate: &rcgen::Certificate, key: &rcgen::KeyPair) -> Raw {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    raw(move |_, stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            while read_head(&mut stream).await.is_some() {
                stream
                    .write_all(answer(&success(r#"[{"id":"x"}]"#)).as_bytes())
                    .await
                    .unwrap();
            }
        }
    })
    .await
}

/// A TLS server with a certificate for `name` from its own issuer, and that issuer's file.
pub(crate) async fn private_tls(directory: &tempfile::TempDir, name: &str) -> (Raw, PathBuf) {
    let issuer_key = rcgen::KeyPair::generate().unwrap();
    let mut issuer = rcgen::CertificateParams::new(Vec::new()).unwrap();
    issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer_pem = issuer.self_signed(&issuer_key).unwrap().pem();
    let issuer = rcgen::Issuer::new(issuer, issuer_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let server = tls(&certificate, &key).await;
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, format!("# our own\n{issuer_pem}")).unwrap();
    (server, file)
}

async fn check(options: &Options) -> Result<(), Failure> {
    let client = Client::new(options).map_err(|error| error.into_failure(None))?;
    let checked = client
        .reader(&api_token(), &account(), deadlines(20))
        .unwrap()
        .check()
        .await;
    checked
        .map(drop)
        .map_err(|error| error.into_failure(Some(&account())))
}

#[tokio::test]
async fn a_private_issuer_is_trusted_only_through_ca_file() {
    let directory = tempfile::tempdir().unwrap();
    let (server, file) = private_tls(&directory, "127.0.0.1").await;
    let mut options = options(&server.url.replace("http:", "https:"));
    let failure = check(&options).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls, "{failure:?}");
    assert!(failure.summary.contains("untrusted"), "{}", failure.summary);
    assert!(failure.hint.text.contains("--ca-file") && failure.hint.text.contains("SSL_CERT_FILE"));
    // The failure does not blame the credential.
    assert_lacks(&failure.summary, "token");
    assert_eq!(server.connections(), 1, "not tried again");
    options.ca_file = Some(file);
    check(&options).await.unwrap();
}

#[tokio::test]
async fn a_certificate_for_another_name_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let (server, file) = private_tls(&directory, "other.example").await;
    let mut options = options(&server.url.replace("http:", "https:"));
    options.ca_file = Some(file);
    let failure = check(&options).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls);
    assert_contains(&failure.summary, "for another name");
}

#[tokio::test]
async fn a_plain_server_on_https_is_a_tls_failure() {
    let server = raw(|_, mut stream| async move {
        let mut first = [0; 16];
        stream.read_exact(&mut first).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        while stream.read_u8().await.is_ok() {}
    })
    .await;
    let failure = check(&options(&server.url.replace("http:", "https:")))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::Tls, "{failure:?}");
}

#[tokio::test]
async fn an_invalid_certificate_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    for text in [None, Some(""), Some("hello"), Some(damaged)] {
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        for base in ["http://127.0.0.1:1", "https://127.0.0.1:1"] {
            let options = Options {
                ca_file: Some(path.clone()),
                ..options(base)
            };
            let Err(error) = Client::new(&options) else {
                unreachable!("{text:?} is no certificate")
            };
            assert!(matches!(error, Error::CaFile { .. }), "{error:?}");
            let failure = error.into_failure(None);
            assert_eq!(failure.kind, FailureKind::Usage);
            assert!(failure.summary.contains("ca.pem"), "{}", failure.summary);
            assert!(failure.summary.contains("cannot be used: "), "why");
        }
    }
}

/// Runs [`child`] with these variables and returns its output.
async fn in_environment(base: &str, variables: &[(&str, &str)]) -> String {
    let mut command = tokio_command(base);
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn tokio_command(base: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "api::transport::child",
            "--ignored",
            "--nocapture",
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    for name in [
        "ALL_PROXY",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env("TOKENSCOPE_TEST_BASE", base);
    command
}

/// The process that the tests below start with their own environment: one check of access.
#[tokio::test]
#[ignore = "run by other tests, with an environment of its own"]
async fn child() {
    let base = std::env::var("TOKENSCOPE_TEST_BASE").unwrap();
    let checked = check(&Options {
        base_url: BaseUrl::parse(&base).unwrap(),
        ca_file: None,
        use_system_proxy: true,
        idle_limit: Duration::from_secs(60),
        clock: now,
    })
    .await;
    let text = match checked {
        Ok(()) => "it worked".to_owned(),
        Err(failure) => format!("{failure:?}"),
    };
    writeln!(std::io::stdout(), "{text}").unwrap();
}

async fn refusing_proxy(status: &'static str) -> Raw {
    raw(move |_, mut stream| async move {
        read_head(&mut stream).await;
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
    })
    .await
}

#[tokio::test]
async fn a_refusing_proxy_is_named_without_its_password() {
    for (status, words) in [
        (
            "407 Proxy Authentication Required",
            "requires a valid user name and password",
        ),
        ("502 Bad Gateway", "refused to open a connection"),
    ] {
        let proxy = refusing_proxy(status).await;
        let url = format!("http://ada:hunter2@{}", proxy.address);
        let text = in_environment("https://127.0.0.1:9/client/v4", &[("HTTPS_PROXY", &url)]).await;
        assert!(text.contains("kind: Proxy"), "{text}");
        assert!(text.contains(words), "{text}");
        assert!(text.contains(&proxy.address.to_string()), "{text}");
        assert_lacks(&text, "hunter2");
        assert_lacks(&text, SECRET);
        // A proxy that requires a login is asked once, without one, which schemes it accepts.
        let questions = usize::from(status.starts_with("407"));
        assert_eq!(proxy.connections(), 1 + questions, "not tried again");
    }
    let proxy = refusing_proxy("407 Proxy Authentication Required").await;
    let url = format!("http://ada:hunter2@{}", proxy.address);
    let text = in_environment("http://127.0.0.1:9", &[("HTTP_PROXY", &url)]).await;
    assert_contains(&text, "kind: Proxy");
    assert_contains(&text, &proxy.address.to_string());
    assert!(!text.contains("hunter2"), "{text}");
}

#[tokio::test]
async fn a_dead_proxy_is_named_and_no_proxy_bypasses_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = format!("http://ada:hunter2@{}", listener.local_addr().unwrap());
    drop(listener);
    let server = serving(ResponseTemplate::new(200).set_body_string(success("[]"))).await;
    for base in [server.uri(), server.uri().replace("http:", "https:")] {
        let variables = [
            ("HTTP_PROXY", dead.as_str()),
            ("HTTPS_PROXY", dead.as_str()),
        ];
        let text = in_environment(&base, &variables).await;
        assert_contains(&text, "kind: Proxy");
        assert_contains(&text, "could not be reached");
        assert!(!text.contains("hunter2"), "{text}");
    }
    for list in ["127.0.0.1", "*"] {
        let variables = [("HTTP_PROXY", dead.as_str()), ("NO_PROXY", list)];
        let text = in_environment(&server.uri(), &variables).await;
        assert!(text.contains("it worked"), "{text}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ssl_cert_file_replaces_the_system_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let (server, file) = private_tls(&directory, "127.0.0.1").await;
    let base = server.url.replace("http:", "https:");
    let text = in_environment(&base, &[("SSL_CERT_FILE", file.to_str().unwrap())]).await;
    assert!(text.contains("it worked"), "{text}");
    let nowhere = [
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ("SSL_CERT_DIR", "/nowhere"),
    ];
    let text = in_environment(&base, &nowhere).await;
    assert_contains(&text, "kind: Tls");
    assert_contains(&text, "SSL_CERT_FILE");
    let plain = serving(ResponseTemplate::new(200).set_body_string(success("[]"))).await;
    let text = in_environment(&plain.uri(), &nowhere).await;
    assert!(
        text.contains("it worked"),
        "plain http needs no certificates: {text}"
    );
}

#[tokio::test]
async fn an_unrequested_compression_is_named() {
    let body = gzip(success(r#"{"name":"x"}"#).as_bytes());
    for encoding in [
        "br",
        "deflate",
        "zstd",
        "gzip, gzip",
        "x-br",
        "x-gzip",
        "GZIP",
    ] {
        for status in [200, 400, 403] {
            let answer = ResponseTemplate::new(status).insert_header("content-encoding", encoding);
            let server = serving(answer.set_body_bytes(body.clone())).await;
            let failure = get(&server.uri()).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::InvalidResponse);
            let words = format!("compressed as {encoding},");
            assert!(failure.summary.contains(&words), "{}", failure.summary);
            assert!(failure.hint.text.contains("proxy"), "{}", failure.hint);
        }
    }
    let plain = success(r#"{"name":"x"}"#).into_bytes();
    for (encoding, body) in [("identity", &plain), ("", &plain), ("gzip", &body)] {
        let answer = ResponseTemplate::new(200).insert_header("content-encoding", encoding);
        let server = serving(answer.set_body_bytes(body.clone())).await;
        assert_eq!(
            get(&server.uri()).await.unwrap().name_text(),
            "x",
            "{encoding}"
        );
    }
}
