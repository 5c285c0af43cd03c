//! The API client against a local server: requests, envelopes and clocks; and shared set-up.

mod access;
mod access_example;
mod bodies;
pub(crate) mod errors;
mod lists;
mod pages;
mod refusals;
pub(crate) mod transport;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use tokenscope::api::{BaseUrl, Client, Deadlines, InvalidBaseUrl, Options};
use tokenscope::domain::credential::{Credential, CredentialKind, Secret};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::scope::{Scope, ScopeId, ScopeKind};
use tokenscope::domain::token::{ServiceToken, TokenId};
use wiremock::matchers::{any, header, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::api::success;
use crate::support::sessions::account;
use crate::support::table::rows;
use crate::support::tokens::{ACCOUNT, ID, now};

pub(crate) const SECRET: &str = "cfut_canary0123456789";
pub(crate) const EMAIL: &str = "ada@example.com";

pub(crate) fn options(base: &str) -> Options {
    Options {
        base_url: BaseUrl::parse(base).unwrap(),
        ca_file: None,
        use_system_proxy: false,
        idle_limit: Duration::from_secs(60),
        clock: now,
    }
}

pub(crate) fn client(base: &str) -> Client {
    Client::new(&options(base)).unwrap()
}

pub(crate) fn api_token() -> Credential {
    Credential {
        kind: CredentialKind::ApiToken,
        secret: Secret::new(SECRET.to_owned()),
    }
}

pub(crate) fn global_key() -> Credential {
    Credential {
        kind: CredentialKind::GlobalKey {
            email: EMAIL.to_owned(),
        },
        secret: Secret::new(SECRET.to_owned()),
    }
}

pub(crate) fn zone() -> Scope {
    ScopeKind::Zone.with(ScopeId::parse(ACCOUNT).unwrap())
}

pub(crate) fn id() -> TokenId {
    TokenId::parse(ID).unwrap()
}

/// Deadlines that never wait for a rate limit, as on screen.
pub(crate) fn deadlines(seconds: u64) -> Deadlines {
    Deadlines {
        timeout: Duration::from_secs(seconds),
        keyring: Duration::from_secs(seconds),
        end: None,
    }
}

/// A server that gives every request the same answer.
pub(crate) async fn serving(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A server that answers every request with this status and body.
pub(crate) async fn answering(status: u16, body: impl AsRef<[u8]>) -> MockServer {
    let answer = ResponseTemplate::new(status).set_body_bytes(body.as_ref());
    serving(answer.insert_header("cf-ray", "86610873f8d987a9-IAD")).await
}

pub(crate) async fn get(base: &str) -> Result<ServiceToken, Failure> {
    let fetched = client(base)
        .reader(&api_token(), &account(), deadlines(20))
        .unwrap()
        .token(&id())
        .await;
    fetched
        .map(|fetched| Arc::unwrap_or_clone(fetched.value))
        .map_err(|error| error.into_failure(Some(&account())))
}

/// The result of reading a token from an answer of this status and body.
pub(crate) async fn get_answering(
    status: u16,
    body: impl AsRef<[u8]>,
) -> Result<ServiceToken, Failure> {
    get(&answering(status, body).await.uri()).await
}

fn token_json() -> String {
    format!(r#"{{"id":"{ID}","name":"CI/CD token","big":12345678901234567890123,"b":1,"a":[ 2 ]}}"#)
}

#[tokio::test]
async fn an_api_token_is_sent_in_one_header() {
    let server = answering(200, success(&token_json())).await;
    get(&format!("{}/client/v4/", server.uri())).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1, "one round trip");
    let request = &requests[0];
    assert_eq!(request.method.as_str(), "GET");
    assert_eq!(
        request.url.path(),
        format!("/client/v4/accounts/{ACCOUNT}/access/service_tokens/{ID}")
    );
    assert_eq!(request.url.query(), None);
    let value = |name: &str| {
        request
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap())
    };
    assert_eq!(
        value("authorization"),
        Some(format!("Bearer {SECRET}").as_str())
    );
    assert_eq!(value("x-auth-key"), None);
    assert_eq!(value("x-auth-email"), None);
    assert_eq!(value("accept"), Some("application/json"));
    assert_eq!(value("accept-encoding"), Some("gzip"));
    let agent = concat!("tokenscope/", env!("CARGO_PKG_VERSION"));
    assert_eq!(value("user-agent"), Some(agent));
}

#[tokio::test]
async fn a_global_key_is_sent_in_two_headers_without_bearer() {
    let server = answering(200, success(&token_json())).await;
    let fetched = client(&server.uri())
        .reader(&global_key(), &zone(), deadlines(20))
        .unwrap()
        .token(&id())
        .await;
    fetched.unwrap();
    let request = &server.received_requests().await.unwrap()[0];
    assert!(request.url.path().starts_with("/zones/"));
    assert_eq!(request.headers["x-auth-email"], EMAIL);
    assert_eq!(request.headers["x-auth-key"], SECRET);
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test]
async fn a_credential_unfit_for_a_header_fails_without_a_request() {
    let server = answering(200, success(&token_json())).await;
    for text in ["tok\nabc", "tok abc", "tök", ""] {
        for kind in [api_token().kind, global_key().kind] {
            let credential = Credential {
                kind,
                secret: Secret::new(text.to_owned()),
            };
            let (client, account) = (client(&server.uri()), account());
            let reader = client.reader(&credential, &account, deadlines(20));
            let failure = reader.err().unwrap().into_failure(None);
            assert_eq!(failure.kind, FailureKind::Authentication);
            assert!(!format!("{failure:?}").contains("abc"));
        }
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_token_keeps_the_json_that_the_api_sent() {
    let fetched = get_answering(200, success(&token_json())).await.unwrap();
    assert_eq!(fetched.raw.as_str(), token_json());
    assert_eq!(fetched.name_text(), "CI/CD token");
}

#[tokio::test]
async fn checks_access_by_reading_a_few_tokens() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(format!("/accounts/{ACCOUNT}/access/service_tokens")))
        .and(query_param("per_page", "5"))
        .and(header("authorization", format!("Bearer {SECRET}").as_str()))
        .respond_with(ResponseTemplate::new(200).set_body_string(success("[]")))
        .expect(1)
        .mount(&server)
        .await;
    let checked = client(&server.uri())
        .reader(&api_token(), &account(), deadlines(20))
        .unwrap()
        .check()
        .await;
    assert!(checked.is_ok());
    let wrong = answering(200, success("{}")).await;
    let checked = client(&wrong.uri())
        .reader(&api_token(), &account(), deadlines(20))
        .unwrap()
        .check()
        .await;
    let failure = checked.unwrap_err().into_failure(None);
    assert_eq!(failure.kind, FailureKind::InvalidResponse);
}

#[tokio::test]
async fn accepts_envelopes_with_missing_members() {
    let token = token_json();
    let bodies = [
        format!(r#"{{"success":true,"result":{token}}}"#),
        format!(r#"{{"result":{token}}}"#),
        format!(r#"{{"result":{token},"errors":null,"messages":null,"success":null}}"#),
        format!(r#"{{"success":true,"result":{token},"errors":[{{"code":1,"message":"x"}}]}}"#),
        format!(
            r#"{{"success":true,"messages":["plain",{{"code":10000,"message":"valid","type":null}}],"result":{token}}}"#
        ),
        format!(r#"{{"success":false,"success":true,"result":null,"result":{token}}}"#),
        format!("\u{FEFF}{}", success(&token)),
        format!(" \r\n{}\n", success(&token)),
        format!(
            r#"{{"success":true,"other":{},"result":{token}}}"#,
            nested(100_000)
        ),
    ];
    for body in bodies {
        let fetched = get_answering(200, &body).await;
        assert_eq!(fetched.unwrap().raw.as_str(), token, "{body:.80}");
    }
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[tokio::test]
async fn accepts_deeply_nested_tokens_and_errors() {
    let token = format!(r#"{{"id":"{ID}","deep":{}}}"#, nested(100_000));
    let fetched = get_answering(200, success(&token)).await.unwrap();
    assert_eq!(fetched.id_text(), ID);
    let chain = r#"{"code":1,"error_chain":["#.repeat(20_000) + &"]}".repeat(20_000);
    let body = format!(r#"{{"success":false,"errors":[{chain}]}}"#);
    let failure = get_answering(400, body).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Rejected);
    let body = format!(r#"{{"success":false,"errors":{}}}"#, nested(100_000));
    assert_eq!(
        get_answering(403, body).await.unwrap_err().kind,
        FailureKind::Permission
    );
}

#[tokio::test]
async fn replaces_an_invalid_byte() {
    let mut body = success(&format!(r#"{{"id":"{ID}","name":"caf?"}}"#)).into_bytes();
    let at = body.iter().position(|byte| *byte == b'?').unwrap();
    body[at] = 0xE9;
    let fetched = get_answering(200, body).await.unwrap();
    assert_eq!(fetched.name_text(), "caf\u{FFFD}");
}

#[tokio::test]
async fn successes_without_a_token_are_invalid_responses() {
    let whole = success(&token_json());
    let bodies = [
        "",
        " \n",
        "null",
        "[]",
        "42",
        "{}",
        r#"{"hello":"world"}"#,
        r#"{"success":true}"#,
        r#"{"success":true,"result":null}"#,
        r#"{"success":true,"result":[]}"#,
        r#"{"success":true,"result":"text"}"#,
        "<html><body>Log in</body></html>",
        "OK",
        &whole[..whole.len() - 5],
        &format!("{whole}{whole}"),
    ];
    for body in bodies {
        let failure = get_answering(200, body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidResponse, "{body}");
        assert_eq!(failure.details.http_status, Some(200));
        assert!(!failure.summary.contains("line 1"), "{}", failure.summary);
    }
    let page = get_answering(200, "<html>").await.unwrap_err();
    let cut = get_answering(200, &whole[..whole.len() - 5])
        .await
        .unwrap_err();
    let empty = get_answering(200, "").await.unwrap_err();
    assert!(page.summary.contains("web page"), "{}", page.summary);
    assert!(cut.summary.contains("was cut off"), "{}", cut.summary);
    assert!(empty.summary.contains("empty"), "{}", empty.summary);
}

/// The expected kind, and the body.
const DENIED: &str = r#"
rejected       | {"success":false,"errors":[{"code":10000,"message":"m"}]}
authentication | {"success":false,"errors":[{"code":1000,"message":"m"}]}
usage          | {"success":false,"errors":[{"code":7003,"message":"m"}]}
rate_limited   | {"success":false,"errors":[{"code":10429,"message":"m"}]}
rejected       | {"success":false,"errors":[]}
permission     | {"errors":[{"code":"9999","message":"m"}]}
rejected       | {"code":10000,"error":"m"}
"#;

#[tokio::test]
async fn an_unsuccessful_envelope_with_status_200_fails_by_its_codes() {
    for [kind, body] in rows(DENIED) {
        let failure = get_answering(200, body).await.unwrap_err();
        assert_eq!(failure.kind.code(), kind, "{body}");
    }
}

#[tokio::test]
async fn a_truncated_answer_is_never_a_token() {
    let whole = success(&token_json());
    let server = MockServer::start().await;
    let text = whole.clone();
    let next = AtomicUsize::new(0);
    Mock::given(any())
        .respond_with(move |_: &Request| {
            let end = next.fetch_add(1, Ordering::SeqCst);
            ResponseTemplate::new(200).set_body_string(&text[..end])
        })
        .mount(&server)
        .await;
    let client = client(&server.uri());
    for end in 0..whole.len() {
        let fetched = client
            .reader(&api_token(), &account(), deadlines(20))
            .unwrap()
            .token(&id())
            .await;
        let failure = fetched.unwrap_err().into_failure(None);
        assert_eq!(
            failure.kind,
            FailureKind::InvalidResponse,
            "{}",
            &whole[..end]
        );
    }
}

#[tokio::test]
async fn calls_run_as_tasks_and_share_a_client() {
    let server = answering(200, success("[]")).await;
    let client = Arc::new(client(&server.uri()));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let client = Arc::clone(&client);
            tokio::spawn(async move {
                client
                    .reader(&api_token(), &account(), deadlines(20))
                    .unwrap()
                    .tokens(&mut |_| {})
                    .await
            })
        })
        .collect();
    for task in tasks {
        assert!(task.await.unwrap().unwrap().value.is_empty());
    }
}

fn skewed(date: &str) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_string(success(&token_json()))
        .insert_header("date", date)
}

#[tokio::test]
async fn compares_the_clock_only_with_dates_of_fresh_answers() {
    let offset = async |answer: ResponseTemplate| {
        let server = serving(answer).await;
        let fetched = client(&server.uri())
            .reader(&api_token(), &account(), deadlines(20))
            .unwrap()
            .token(&id())
            .await;
        fetched.unwrap().clock.offset()
    };
    let ahead = skewed("Wed, 25 Nov 2026 12:03:00 GMT");
    let expected = TimeDelta::seconds(180) + TimeDelta::milliseconds(500);
    assert_eq!(offset(ahead.clone()).await, Some(expected));
    assert_eq!(offset(ahead.insert_header("age", "0")).await, None);
    assert_eq!(offset(skewed("yesterday")).await, None);
}

#[test]
fn a_base_url_is_https_or_loopback() {
    let default = BaseUrl::default();
    assert!(default.is_https());
    assert_eq!(default.host(), "api.cloudflare.com");
    assert_eq!(
        BaseUrl::parse("https://api.cloudflare.com/client/v4///"),
        Ok(default)
    );
    for text in [
        "https://api.fed.cloudflare.com/client/v4",
        "http://127.0.0.1:8080",
        "http://127.9.9.9/x",
        "http://[::1]:1/client/v4/",
        " http://LOCALHOST:1\n",
    ] {
        assert!(BaseUrl::parse(text).is_ok(), "{text}");
    }
    let refused = [
        ("", InvalidBaseUrl::Malformed),
        ("api.cloudflare.com/client/v4", InvalidBaseUrl::Malformed),
        ("https://", InvalidBaseUrl::Malformed),
        ("ftp://127.0.0.1", InvalidBaseUrl::Scheme),
        ("file:///etc/passwd", InvalidBaseUrl::Scheme),
        ("http://api.cloudflare.com", InvalidBaseUrl::PlainHttp),
        ("http://10.0.0.1", InvalidBaseUrl::PlainHttp),
        ("http://localhost.evil.example", InvalidBaseUrl::PlainHttp),
        ("http://0.0.0.0", InvalidBaseUrl::PlainHttp),
        (
            "https://user@api.cloudflare.com",
            InvalidBaseUrl::Credentials,
        ),
        (
            "https://:hunter2@api.cloudflare.com",
            InvalidBaseUrl::Credentials,
        ),
        ("https://api.cloudflare.com?a=b", InvalidBaseUrl::Query),
        ("https://api.cloudflare.com#a", InvalidBaseUrl::Query),
    ];
    for (text, why) in refused {
        assert_eq!(BaseUrl::parse(text), Err(why), "{text}");
    }
}
