//! The failure for each error response of the API: kind, summary, hint and details.

use std::time::Duration;

use futures_util::future::join_all;
use tokenscope::domain::credential::{Credential, CredentialKind, Secret};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::scope::ScopeKind;
use tokio::time::Instant;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    ACCOUNT, ID, SECRET, account, answering, api_token, client, deadlines, get, get_answering,
    global_key, id, serving, success, zone,
};

use crate::support::assertions::assert_contains;
use crate::support::table::rows;

fn error_body(code: i64, message: &str) -> String {
    format!(
        r#"{{"success":false,"errors":[{{"code":{code},"message":"{message}"}}],"messages":[],"result":null}}"#
    )
}

async fn refusal(status: u16, code: i64, message: &str) -> Failure {
    get_answering(status, error_body(code, message))
        .await
        .unwrap_err()
}

/// Status, code, the expected kind, message.
const KINDS: &str = "
401 | 10000 | authentication | Authentication error
401 | 9109  | authentication | Invalid access token
401 | 1000  | authentication | Invalid API Token
403 | 1000  | authentication | Invalid API Token
400 | 6003  | authentication | Invalid request headers
400 | 6111  | authentication | Invalid format for Authorization header
400 | 6103  | authentication | Invalid format for X-Auth-Key header
400 | 6102  | authentication | Invalid format for X-Auth-Email header
400 | 9106  | authentication | Missing X-Auth-Key, X-Auth-Email or Authorization headers
403 | 9109  | authentication | Invalid access token
403 | 9109  | permission     | Unauthorized to access requested resource
403 | 9109  | permission     | Cannot use the access token from location: 183.154.104.196
403 | 10000 | permission     | Authentication error
403 | 12345 | permission     | whatever
400 | 9999  | permission     | access.api.error.not_enabled: Access is not enabled.
403 | 9999  | permission     | access.api.error.not_enabled: Access is not enabled.
400 | 7003  | usage          | Could not route to /client/v4/zones/x
404 | 7003  | usage          | Could not route to /client/v4/zones/x
404 | 7000  | usage          | No route for that URI
400 | 12130 | rejected       | access.api.error.invalid_request: bad id
404 | 12135 | not_found      | access.api.error.not_found
404 | 12130 | not_found      | access.api.error.not_found
429 | 0     | rate_limited   | More than 1200 requests per 300 seconds reached.
400 | 10040 | rate_limited   | slow down
403 | 971   | rate_limited   | slow down
503 | 10429 | rate_limited   | slow down
501 | 10000 | server         | m
409 | 12130 | rejected       | access.api.error.conflict
418 | 1     | rejected       | teapot
";

#[tokio::test]
async fn status_code_and_message_decide_the_kind() {
    for [status, code, kind, message] in rows(KINDS) {
        let (status, code) = (status.parse().unwrap(), code.parse().unwrap());
        let failure = refusal(status, code, message).await;
        let case = format!("{status} {code} {message}: {failure:?}");
        assert_eq!(failure.kind.code(), kind, "{case}");
        assert_eq!(failure.details.http_status, Some(status));
        assert!(failure.summary.ends_with('.') && failure.hint.text.ends_with('.'));
        assert!(failure.summary.contains(&status.to_string()));
        assert!(!format!("{failure:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn a_malformed_credential_is_named_by_its_part() {
    let chained = |codes: &str| {
        format!(
            r#"{{"success":false,"errors":[{{"code":6003,"message":"m","error_chain":[{codes}]}}],"messages":[],"result":null}}"#
        )
    };
    let token = get_answering(400, chained(r#"{"code":6111,"message":"m2"}"#))
        .await
        .unwrap_err();
    assert_eq!(token.kind, FailureKind::Authentication);
    assert!(token.summary.contains("API token") && token.summary.contains("form"));
    assert_eq!(token.details.api_errors[0].chain[0].code, Some(6111));

    let server = answering(400, chained(r#"{"code":6103,"message":"m2"}"#)).await;
    let fetched = client(&server.uri())
        .reader(&global_key(), &account(), deadlines(20))
        .unwrap()
        .token(&id())
        .await;
    let key = fetched.unwrap_err().into_failure(None);
    assert!(key.summary.contains("Global API key"), "{}", key.summary);
    assert!(
        key.hint.text.contains("may be an API token") && key.hint.text.contains("switch"),
        "{}",
        key.hint
    );

    let both = chained(r#"{"code":6102,"message":"a"},{"code":6103,"message":"b"}"#);
    let both = get_answering(400, both).await.unwrap_err();
    assert!(both.summary.contains("email address") && both.summary.contains("Global API key"));
    assert_eq!(
        request_count(&server).await,
        1,
        "a malformed credential is not tried again"
    );
}

async fn request_count(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

#[tokio::test]
async fn invalid_credential_missing_permission_and_wrong_scope_have_own_hints() {
    let dead = refusal(401, 1000, "Invalid API Token").await;
    let lacking = refusal(403, 10_000, "Authentication error").await;
    let elsewhere = refusal(403, 9109, "Unauthorized to access requested resource").await;
    assert_contains(&dead.hint.text, "expired or revoked");
    assert_contains(&lacking.hint.text, "Access: Service Tokens Read");
    assert_contains(&elsewhere.summary, "works, but not for");
    for (failure, evidence) in [
        (&dead, "(HTTP 401, code 1000)"),
        (&lacking, "(HTTP 403, code 10000)"),
        (&elsewhere, "(HTTP 403, code 9109)"),
    ] {
        assert!(failure.summary.contains(evidence), "{}", failure.summary);
    }
    for failure in [&lacking, &elsewhere] {
        let text = format!("{} {}", failure.summary, failure.hint);
        assert!(text.contains(&format!("account {ACCOUNT}")), "{text}");
        assert!(text.contains("a zone ID, choose zone"), "{text}");
    }
}

#[tokio::test]
async fn a_refused_zone_is_named_and_the_account_suggested() {
    let server = answering(403, error_body(10_000, "Authentication error")).await;
    let fetched = client(&server.uri())
        .reader(&api_token(), &zone(), deadlines(20))
        .unwrap()
        .token(&id())
        .await;
    let failure = fetched.unwrap_err().into_failure(Some(&zone()));
    assert!(failure.summary.contains(&format!("zone {ACCOUNT}")));
    assert_contains(&failure.hint.to_string(), "an account ID, choose account");
}

#[tokio::test]
async fn a_missing_token_does_not_blame_the_credential() {
    for body in [
        error_body(12_135, "access.api.error.not_found"),
        String::new(),
    ] {
        let failure = get_answering(404, body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound);
        assert!(failure.hint.text.contains("deleted or recreated"));
        assert!(!failure.summary.contains("API token"));
    }
    let page = get_answering(404, "<html>not here</html>")
        .await
        .unwrap_err();
    assert_eq!(page.kind, FailureKind::InvalidResponse);
}

#[tokio::test]
async fn missing_policies_of_an_app_name_the_app_and_not_the_product() {
    let body = error_body(12_135, "access.api.error.not_found");
    let server = answering(404, body).await;
    let client = client(&server.uri());
    let scope = account();
    let reader = client.reader(&api_token(), &scope, deadlines(20));
    let read = reader.unwrap().policies_of(ID).await;
    let failure = read.unwrap_err().into_failure(Some(&scope));
    assert_contains(&failure.summary, "No such Access app in account");
    assert_contains(&failure.hint.text, "may have been deleted");
}

#[tokio::test]
async fn details_contain_everything_the_api_sent() {
    let body = r#"{"success":false,"errors":[
        {"code":10000,"message":"first","documentation_url":"https://example.com/d","source":{"pointer":"/a"}},
        {"code":"9109","message":"second","error_chain":[{"code":1,"message":"deep"}]}]}"#;
    let failure = get_answering(403, body).await.unwrap_err();
    let details = &failure.details;
    let request = format!("GET /accounts/{ACCOUNT}/access/service_tokens/{ID}");
    assert_eq!(details.request.as_deref(), Some(request.as_str()));
    assert_eq!(details.cf_ray.as_deref(), Some("86610873f8d987a9-IAD"));
    let [first, second] = details.api_errors.as_slice() else {
        unreachable!("{details:?}")
    };
    assert_eq!(
        (first.code, first.message.as_str()),
        (Some(10_000), "first")
    );
    assert_eq!(
        first.documentation_url.as_deref(),
        Some("https://example.com/d")
    );
    assert_eq!(first.pointer.as_deref(), Some("/a"));
    assert_eq!(second.code, Some(9109));
    assert_eq!(second.chain[0].message, "deep");
}

/// The code and message of the first error, and the body that contains it.
const SHAPES: &str = r#"
- | boom     | {"success":false,"errors":"boom"}
- | boom     | {"success":false,"errors":["boom"]}
7 | boom     | {"success":false,"errors":{"code":7,"message":"boom"}}
0 | boom     | {"success":false,"errors":[{"code":0,"message":"boom"}]}
7 | boom     | {"success":false,"errors":[{"code":"7","error":"boom"}]}
7 | boom     | {"code":7,"error":"boom"}
8 | boom     | {"errors":null,"code":"7","error":{"code":8,"message":"boom"}}
7 | boom     | {"errors":[],"code":7,"messages":["boom"]}
- | boom     | {"message":"boom"}
- | ["boom"] | {"success":false,"errors":[null,{"message":["boom"]}]}
- | boom     | {"success":false,"errors":[{"message":1,"message":"boom","error_chain":"x","source":4}]}
"#;

#[tokio::test]
async fn errors_are_read_from_many_shapes() {
    for [code, message, body] in rows(SHAPES) {
        let failure = get_answering(403, body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permission, "{body}");
        let first = &failure.details.api_errors[0];
        assert_eq!(
            (first.code, first.message.as_str()),
            (code.parse().ok(), message),
            "{body}"
        );
    }
    let silent = get_answering(403, r#"{"success":false,"errors":[]}"#)
        .await
        .unwrap_err();
    assert_eq!(silent.kind, FailureKind::Permission);
    assert!(silent.details.api_errors.is_empty());
}

#[tokio::test]
async fn text_from_the_api_is_bounded() {
    let long = "é".repeat(100_000);
    let many = vec![format!(r#"{{"code":1,"message":"{long}"}}"#); 50].join(",");
    let failure = get_answering(403, format!(r#"{{"errors":[{many}]}}"#))
        .await
        .unwrap_err();
    assert_eq!(failure.details.api_errors.len(), 50);
    assert!(failure.details.api_errors[0].message.chars().count() <= 501);
}

#[tokio::test]
async fn a_403_without_json_was_blocked_before_the_api() {
    for body in ["error code: 1010", "<html>Access denied</html>", ""] {
        let failure = get_answering(403, body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidResponse);
        assert!(failure.summary.contains("blocked before reaching the API"));
    }
    let failure = get_answering(401, "<html>").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Authentication);
}

#[tokio::test]
async fn a_redirect_is_named_by_its_host_and_not_followed() {
    let elsewhere = answering(200, success("{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let target = format!(
            "{}/login?token=secret",
            elsewhere.uri().replace("127.0.0.1", "localhost")
        );
        let answer = ResponseTemplate::new(status)
            .insert_header("location", target.as_str())
            .set_body_string("<html>log in</html>");
        let failure = get(&serving(answer).await.uri()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Redirect);
        assert_contains(&failure.summary, "redirect to localhost ");
        assert!(!format!("{failure:?}").contains("secret"));
    }
    assert_eq!(
        request_count(&elsewhere).await,
        0,
        "the other host received nothing"
    );
    let failure = get_answering(304, "").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Redirect);
}

#[tokio::test]
async fn only_transient_failures_are_tried_three_times() {
    let passing = [500, 502, 503, 504, 520, 521, 522, 523, 524];
    join_all(passing.map(async |status| {
        let server = answering(status, "<html>oops</html>").await;
        let failure = get(&server.uri()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Server, "{status}");
        assert_eq!(request_count(&server).await, 3, "{status}");
    }))
    .await;
    for body in ["<html>oops</html>", r#"{"success":false,"errors":[]}"#] {
        let server = answering(408, body).await;
        let failure = get(&server.uri()).await.unwrap_err();
        assert_ne!(failure.kind, FailureKind::Server, "{body}");
        assert_eq!(request_count(&server).await, 3, "{body}");
    }
    for status in [400, 401, 403, 404, 405, 409, 418, 429, 501, 505, 525, 530] {
        let server = answering(status, r#"{"success":false,"errors":[]}"#).await;
        get(&server.uri()).await.unwrap_err();
        assert_eq!(request_count(&server).await, 1, "{status}");
    }
}

#[tokio::test]
async fn a_retry_that_succeeds_hides_the_failure() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(502))
        .up_to_n_times(2)
        .mount(&server)
        .await;
    let good = ResponseTemplate::new(200).set_body_string(success(r#"{"name":"x"}"#));
    Mock::given(any()).respond_with(good).mount(&server).await;
    let begun = Instant::now();
    let token = get(&server.uri()).await.unwrap();
    assert_eq!(token.name_text(), "x");
    assert!(
        begun.elapsed() >= Duration::from_millis(600),
        "200 ms, then 400 ms"
    );
}

#[tokio::test]
async fn does_not_start_a_pause_that_exceeds_the_deadline() {
    let server = answering(500, "").await;
    let deadlines = tokenscope::api::Deadlines {
        timeout: Duration::from_millis(190),
        end: Some(Instant::now() + Duration::from_millis(190)),
        ..deadlines(1)
    };
    let fetched = client(&server.uri())
        .reader(&api_token(), &account(), deadlines)
        .unwrap()
        .token(&id())
        .await;
    let failure = fetched.unwrap_err().into_failure(None);
    assert_eq!(
        failure.kind,
        FailureKind::Server,
        "the real error and not the deadline"
    );
    assert_eq!(request_count(&server).await, 1);
}

async fn limited(headers: &[(&str, &str)]) -> Failure {
    let answer = headers.iter().fold(
        ResponseTemplate::new(429).set_body_string(error_body(0, "slow down")),
        |answer, (name, value)| answer.insert_header(*name, *value),
    );
    let server = serving(answer).await;
    let failure = get(&server.uri()).await.unwrap_err();
    assert_eq!(request_count(&server).await, 1, "never at once");
    assert_eq!(failure.kind, FailureKind::RateLimited);
    failure
}

#[tokio::test]
async fn a_rate_limit_states_how_long_to_wait() {
    let date = ("date", "Wed, 25 Nov 2026 09:00:00 GMT");
    let cases: [(&[(&str, &str)], u64); 8] = [
        (&[("retry-after", "7")], 7),
        (&[("retry-after", " 7 ")], 7),
        (&[("retry-after", "0")], 1),
        (&[("retry-after", "99999999999999999999999")], 86_400),
        (&[("retry-after", "soon")], 300),
        (&[], 300),
        (
            &[date, ("retry-after", "Wed, 25 Nov 2026 09:00:42 GMT")],
            42,
        ),
        (&[date, ("retry-after", "Wed, 25 Nov 2026 08:00:00 GMT")], 1),
    ];
    for (headers, seconds) in cases {
        let failure = limited(headers).await;
        assert_eq!(
            failure.retry_after,
            Some(Duration::from_secs(seconds)),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn waits_out_a_rate_limit_only_within_the_deadline() {
    let server = MockServer::start().await;
    let slow = ResponseTemplate::new(429).insert_header("retry-after", "1");
    Mock::given(any())
        .respond_with(slow)
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let good = ResponseTemplate::new(200).set_body_string(success(r#"{"name":"x"}"#));
    Mock::given(any()).respond_with(good).mount(&server).await;
    let mut deadlines = deadlines(20);
    deadlines.end = Some(Instant::now() + deadlines.timeout);
    let begun = Instant::now();
    let fetched = client(&server.uri())
        .reader(&api_token(), &account(), deadlines)
        .unwrap()
        .token(&id())
        .await;
    assert!(fetched.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));

    let server = serving(ResponseTemplate::new(429).insert_header("retry-after", "60")).await;
    let fetched = client(&server.uri())
        .reader(&api_token(), &account(), deadlines)
        .unwrap()
        .token(&id())
        .await;
    assert_eq!(
        fetched.unwrap_err().into_failure(None).kind,
        FailureKind::RateLimited
    );
    assert_eq!(request_count(&server).await, 1);
    assert!(begun.elapsed() < Duration::from_secs(10), "at once");
}

#[tokio::test]
async fn accounts_that_cannot_be_listed_can_be_entered() {
    let message = "List accounts endpoint does not support account owned tokens.";
    let server = answering(400, error_body(1001, message)).await;
    let listed = client(&server.uri())
        .list_scopes(&api_token(), ScopeKind::Account, deadlines(20))
        .await;
    let failure = listed.unwrap_err().into_failure(None);
    assert_eq!(failure.kind, FailureKind::Rejected);
    assert!(failure.hint.text.contains("by hand"));
}

#[tokio::test]
async fn only_true_counts_as_success() {
    let token = format!(r#"{{"id":"{ID}"}}"#);
    for odd in ["0", "1", r#""yes""#, "[]", "{}", r#""""#] {
        let body = format!(r#"{{"success":{odd},"errors":[],"result":{token}}}"#);
        let failure = get_answering(200, body).await.unwrap_err();
        assert_eq!(
            failure.kind,
            FailureKind::InvalidResponse,
            "{odd}: {failure:?}"
        );
        let body = format!(r#"{{"success":{odd},"errors":[{{"code":10000,"message":"m"}}]}}"#);
        let failure = get_answering(200, body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Rejected, "{odd}: {failure:?}");
    }
    for no in ["false", r#""false""#] {
        let body = format!(r#"{{"success":{no},"errors":[],"result":{token}}}"#);
        let failure = get_answering(200, body).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Rejected);
    }
    for said in ["", "null", "true", r#""true""#] {
        let said = match said {
            "" => String::new(),
            said => format!(r#""success":{said},"#),
        };
        let body = format!(r#"{{{said}"result":{token}}}"#);
        assert_eq!(get_answering(200, body).await.unwrap().id_text(), ID);
    }
}

#[tokio::test]
async fn the_summary_names_the_code_that_decided() {
    let body = |entries: &[(i64, &str)]| {
        let entries = entries
            .iter()
            .map(|(code, message)| format!(r#"{{"code":{code},"message":"{message}"}}"#))
            .collect::<Vec<_>>();
        format!(r#"{{"success":false,"errors":[{}]}}"#, entries.join(","))
    };
    let (authentication, bad) = (
        (10_000, "Authentication error"),
        (9109, "Invalid access token"),
    );
    let away = (9109, "Cannot use the access token from location: 192.0.2.1");
    let off = (9999, "access.api.error.not_enabled");
    for (status, entries, decisive) in [
        (403, vec![authentication, bad], 9109),
        (403, vec![bad, authentication], 9109),
        (403, vec![authentication, away], 9109),
        (403, vec![authentication, (9109, "Unauthorized")], 9109),
        (403, vec![authentication], 10_000),
        (403, vec![(5, "odd"), authentication], 10_000),
        (403, vec![(5, "odd"), (6, "odd")], 5),
        (401, vec![(5, "odd"), (1000, "Invalid API Token")], 1000),
        (
            400,
            vec![(5, "odd"), (6003, "Invalid request headers")],
            6003,
        ),
        (400, vec![(5, "odd"), off], 9999),
        (404, vec![(5, "odd"), (7003, "Could not route")], 7003),
        (400, vec![(5, "odd"), (10_429, "slow down")], 10_429),
    ] {
        let failure = get_answering(status, body(&entries)).await.unwrap_err();
        let evidence = format!("(HTTP {status}, code {decisive})");
        assert!(
            failure.summary.contains(&evidence),
            "{entries:?}: {}",
            failure.summary
        );
    }
}

/// Padded Base64 in this alphabet.
pub(crate) fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let groups = bytes.chunks(3).map(|group| {
        let at = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let digit = |index: usize| {
            let value = (bits >> (18 - 6 * index)) & 63;
            if index <= group.len() {
                char::from(alphabet[value as usize])
            } else {
                '='
            }
        };
        (0..4).map(digit).collect::<String>()
    });
    groups.collect()
}

#[tokio::test]
async fn a_credential_echoed_in_base64_is_redacted() {
    let standard = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let url_safe = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for secret in [
        "canary~~??>>-token",
        "canary~~??>>-toke",
        "canary~~??>>-tok",
    ] {
        for around in ["", "me@example.com:", "Bearer ", "x"] {
            for alphabet in [standard, url_safe] {
                let whole = base64(format!("{around}{secret}").as_bytes(), alphabet);
                for quoted in [whole.as_str(), whole.trim_end_matches('=')] {
                    let server = answering(400, error_body(5, &format!("got <{quoted}>!"))).await;
                    let credential = Credential {
                        kind: CredentialKind::ApiToken,
                        secret: Secret::new(secret.to_owned()),
                    };
                    let fetched = client(&server.uri())
                        .reader(&credential, &account(), deadlines(20))
                        .unwrap()
                        .token(&id())
                        .await;
                    let failure = fetched.unwrap_err().into_failure(None);
                    let said = &failure.details.api_errors[0].message;
                    assert!(said.ends_with("[hidden]>!"), "{around}{secret}: {said}");
                    // The text left before it reveals nothing of the secret.
                    let left = said.len() - "got <[hidden]>!".len();
                    assert!(left <= around.len().div_ceil(3) * 4, "{said}");
                }
            }
        }
    }
}
