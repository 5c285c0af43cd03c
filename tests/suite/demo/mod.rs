//! The demo server over real HTTP.

mod access;
mod hosts;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;
use tokenscope::demo::{
    ACCOUNT, Demo, EMPTY_ACCOUNT, FAILING_TOKEN, FORBIDDEN_TOKEN, LIMITED_TOKEN, MISSING_TOKEN,
    SLOW_TOKEN, TOKEN, ZONE,
};
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::status::{Status, Thresholds};
use tokenscope::domain::token::ServiceToken;

use crate::domain::context;
use crate::support::assertions::assert_contains;

fn now() -> DateTime<Utc> {
    "2026-11-25T12:04:31.750Z".parse().unwrap()
}

pub(crate) fn client() -> reqwest::Client {
    // Fails if another test was first, which does not matter.
    let _chosen = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .build()
        .unwrap()
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn codes(&self) -> Vec<i64> {
        let json = self.json();
        let errors = json["errors"].as_array().unwrap();
        errors.iter().map(|e| e["code"].as_i64().unwrap()).collect()
    }

    fn result_ids(&self) -> Vec<String> {
        let json = self.json();
        let items = json["result"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

async fn get(demo: &Demo, path: &str) -> Answer {
    let request = client()
        .get(format!("{}/{path}", demo.base_url))
        .bearer_auth(demo.credential.secret.expose());
    sent(request).await
}

async fn sent(request: reqwest::RequestBuilder) -> Answer {
    read(request.send().await.unwrap()).await
}

async fn read(response: reqwest::Response) -> Answer {
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response.text().await.unwrap(),
    }
}

fn tokens_path(scope: &str, rest: &str) -> String {
    format!("accounts/{scope}/access/service_tokens{rest}")
}

#[derive(serde::Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    result: Vec<&'a serde_json::value::RawValue>,
}

async fn demo_tokens(demo: &Demo) -> Vec<ServiceToken> {
    tokens_of(demo, ACCOUNT).await
}

async fn tokens_of(demo: &Demo, account: &str) -> Vec<ServiceToken> {
    let answer = get(demo, &tokens_path(account, "")).await;
    let list: List<'_> = serde_json::from_str(&answer.body).unwrap();
    list.result
        .iter()
        .map(|raw| ServiceToken::parse(&RawJson::from(*raw)))
        .collect()
}

#[tokio::test]
async fn the_readme_token_expires_in_twelve_days_with_a_previous_secret() {
    let demo = Demo::start(now()).await.unwrap();
    let answer = get(&demo, &tokens_path(ACCOUNT, &format!("/{TOKEN}"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        r#"{"result":{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","name":"CI/CD token","client_id":"88bf3b6d86161464f6509f7219099e57.access","duration":"8760h","enabled":true,"created_at":"2024-12-07T16:37:52Z","updated_at":"2026-11-24T13:16:40Z","expires_at":"2026-12-07T16:37:52Z","last_seen_at":"2026-11-25T11:58:17Z","client_secret_version":3,"previous_client_secret_expires_at":"2026-11-25T13:16:40Z"},"success":true,"errors":[],"messages":[]}"#
    );
}

#[tokio::test]
async fn opens_on_a_scope_and_credential_that_work() {
    let demo = Demo::start(now()).await.unwrap();
    assert_eq!(demo.scope.id(), ACCOUNT);
    assert_eq!(demo.scope.kind().segment(), "accounts");
    assert!(demo.base_url.starts_with("http://127.0.0.1:"));
    assert!(demo.base_url.ends_with("/client/v4"));
    let other = Demo::start(now()).await.unwrap();
    assert_ne!(demo.credential, other.credential);
    assert!(!format!("{demo:?}").contains(demo.credential.secret.expose()));
}

#[tokio::test]
async fn the_tokens_show_every_status_and_every_finding() {
    let demo = Demo::start(now()).await.unwrap();
    let tokens = demo_tokens(&demo).await;
    assert!(tokens.len() >= 14, "only {} tokens", tokens.len());

    let thresholds = Thresholds::default();
    let statuses: BTreeSet<&str> = tokens
        .iter()
        .map(|token| Status::of(token, context(now(), thresholds)).code())
        .collect();
    assert_eq!(statuses.len(), Status::ALL.len(), "{statuses:?}");

    let codes: BTreeSet<&str> = tokens
        .iter()
        .flat_map(|token| tokenscope::domain::findings::findings(token, context(now(), thresholds)))
        .map(|finding| finding.code)
        .collect();
    for code in [
        "expired",
        "disabled",
        "expires_within_critical",
        "expires_within_warning",
        "expiry_unknown",
        "never_expires",
        "never_used",
        "unused",
        "seen_after_expiry",
        "previous_secret_alive",
        "previous_secret_revoked",
        "long_lifetime",
    ] {
        assert!(codes.contains(code), "no token shows {code}");
    }
    assert!(tokens.iter().any(|token| !token.name_text().is_ascii()));
}

#[tokio::test]
async fn one_token_expires_ninety_seconds_after_the_start() {
    let demo = Demo::start(now()).await.unwrap();
    let ends: Vec<i64> = demo_tokens(&demo)
        .await
        .iter()
        .filter_map(|token| token.expires_at.valid())
        .map(|end| end.timestamp() - now().timestamp())
        .filter(|left| (0..3600).contains(left))
        .collect();
    assert_eq!(ends, [90]);
}

#[tokio::test]
async fn every_token_has_valid_fields_and_unique_ids() {
    let demo = Demo::start(now()).await.unwrap();
    let tokens = demo_tokens(&demo).await;
    let ids: BTreeSet<&str> = tokens.iter().map(ServiceToken::id_text).collect();
    let client_ids: BTreeSet<&str> = tokens.iter().map(ServiceToken::client_id_text).collect();
    assert_eq!(ids.len(), tokens.len());
    assert_eq!(client_ids.len(), tokens.len());
    for token in &tokens {
        let invalid: Vec<String> = tokenscope::domain::fields::fields(token)
            .iter()
            .filter(|field| field.malformed(token).is_some())
            .map(|field| field.key.clone())
            .collect();
        assert!(invalid.is_empty(), "{}: {invalid:?}", token.name_text());
        assert!(
            !token.raw.as_str().contains("\"@"),
            "an unresolved date: {:?}",
            token.raw
        );
    }
}

#[tokio::test]
async fn unknown_fields_and_big_numbers_keep_their_text() {
    let demo = Demo::start(now()).await.unwrap();
    let body = get(&demo, &tokens_path(ACCOUNT, "")).await.body;
    assert_contains(
        &body,
        r#""rotation":{"owner":"data-platform","every_days":90,"notify":["data@example.com"]}"#,
    );
    assert!(body.contains(r#""request_count":123456789012345678901234567890"#));
}

#[tokio::test]
async fn every_answer_has_the_headers_that_cloudflare_sends() {
    let demo = Demo::start(now()).await.unwrap();
    for path in [tokens_path(ACCOUNT, ""), "nothing/here".to_owned()] {
        let headers = get(&demo, &path).await.headers;
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["server"], "cloudflare");
        let ray = headers["cf-ray"].to_str().unwrap();
        assert!(ray.ends_with("-LHR") && ray.len() == 20, "{ray}");
        let date = DateTime::parse_from_rfc2822(headers["date"].to_str().unwrap()).unwrap();
        let ahead = date.with_timezone(&Utc) - now();
        assert!(
            (-1..600).contains(&ahead.num_seconds()),
            "the server's clock did not start at the given instant: {date}"
        );
        assert_eq!(headers.get_all("date").iter().count(), 1);
    }
}

#[tokio::test]
async fn a_wrong_or_missing_credential_is_refused_as_by_the_gateway() {
    let demo = Demo::start(now()).await.unwrap();
    let url = format!("{}/{}", demo.base_url, tokens_path(ACCOUNT, ""));
    let secret = demo.credential.secret.expose();
    for request in [
        client().get(&url),
        client().get(&url).bearer_auth("wrong"),
        client().get(&url).bearer_auth(format!("{secret}x")),
        client().get(&url).header("authorization", secret),
    ] {
        let answer = sent(request).await;
        assert_eq!(answer.status, 403);
        assert_eq!(
            answer.body,
            r#"{"result":null,"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[]}"#
        );
    }
}

#[tokio::test]
async fn each_memorable_id_answers_with_its_error() {
    let demo = Demo::start(now()).await.unwrap();
    for (id, status, code) in [
        (FORBIDDEN_TOKEN, 403, 10_000),
        (MISSING_TOKEN, 404, 12_135),
        (LIMITED_TOKEN, 429, 971),
        (FAILING_TOKEN, 500, 10_001),
    ] {
        let answer = get(&demo, &tokens_path(ACCOUNT, &format!("/{id}"))).await;
        assert_eq!((answer.status, answer.codes()), (status, vec![code]));
        let retry_after = answer
            .headers
            .get("retry-after")
            .map(|v| v.to_str().unwrap());
        assert_eq!(retry_after, (status == 429).then_some("20"));
    }
}

#[tokio::test]
async fn the_slow_token_does_not_delay_other_answers() {
    let demo = Demo::start(now()).await.unwrap();
    let slow = tokens_path(ACCOUNT, &format!("/{SLOW_TOKEN}"));
    let quick = tokens_path(ACCOUNT, &format!("/{TOKEN}"));
    let slow_first = tokio::select! {
        _ = get(&demo, &slow) => true,
        answer = get(&demo, &quick) => answer.status != 200,
    };
    assert!(!slow_first);
    let listed = get(&demo, &tokens_path(ACCOUNT, "")).await.result_ids();
    assert!(listed.iter().any(|id| id == SLOW_TOKEN));
}

#[tokio::test]
async fn unknown_routes_are_reported() {
    let demo = Demo::start(now()).await.unwrap();
    for path in [
        "accounts/prod/access/service_tokens".to_owned(),
        "users".to_owned(),
        "accounts/".to_owned(),
        tokens_path(ACCOUNT, &format!("/{TOKEN}/rotate")),
        format!("accounts/{ACCOUNT}/access/nothing"),
        format!("zones/{ZONE}/access/policies"),
    ] {
        let answer = get(&demo, &path).await;
        assert_eq!((answer.status, answer.codes()), (404, vec![7003, 7000]));
        let message = answer.json()["errors"][0]["message"].to_string();
        assert!(message.contains(&format!("/client/v4/{path}")), "{message}");
    }
}

#[tokio::test]
async fn a_foreign_scope_is_forbidden_and_a_malformed_token_id_invalid() {
    let demo = Demo::start(now()).await.unwrap();
    let other = get(&demo, &tokens_path(&"0".repeat(32), "")).await;
    assert_eq!((other.status, other.codes()), (403, vec![9109]));
    let malformed = get(&demo, &tokens_path(ACCOUNT, "/not-a-uuid")).await;
    assert_eq!((malformed.status, malformed.codes()), (400, vec![12_130]));
}

#[tokio::test]
async fn allows_only_get() {
    let demo = Demo::start(now()).await.unwrap();
    let url = format!("{}/{}", demo.base_url, tokens_path(ACCOUNT, ""));
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = client()
            .request(method.parse().unwrap(), &url)
            .bearer_auth(demo.credential.secret.expose());
        let answer = sent(request).await;
        assert_eq!((answer.status, answer.codes()), (405, vec![10_405]));
        assert_eq!(answer.headers["allow"], "GET");
    }
}

#[tokio::test]
async fn the_pages_of_a_list_add_up() {
    let demo = Demo::start(now()).await.unwrap();
    let all = get(&demo, &tokens_path(ACCOUNT, "")).await.result_ids();
    let mut gathered = Vec::new();
    let pages = all.len().div_ceil(5);
    for page in 1..=pages {
        let answer = get(
            &demo,
            &tokens_path(ACCOUNT, &format!("?page={page}&per_page=5")),
        )
        .await;
        let info = answer.json()["result_info"].clone();
        assert_eq!(info["page"], page);
        assert_eq!(info["per_page"], 5);
        assert_eq!(info["count"], answer.result_ids().len());
        assert_eq!(info["total_count"], all.len());
        assert_eq!(info["total_pages"], pages);
        gathered.extend(answer.result_ids());
    }
    assert_eq!(gathered, all);
    let beyond = get(&demo, &tokens_path(ACCOUNT, "?page=99")).await;
    assert_eq!(beyond.result_ids(), Vec::<String>::new());
}

#[tokio::test]
async fn name_matches_exactly_and_search_matches_parts() {
    let demo = Demo::start(now()).await.unwrap();
    let ids = |query: &'static str| {
        let demo = &demo;
        async move {
            get(demo, &tokens_path(ACCOUNT, query))
                .await
                .result_ids()
                .len()
        }
    };
    assert_eq!(ids("?name=terraform-prod").await, 1);
    assert_eq!(ids("?name=terraform").await, 0);
    assert_eq!(ids("?search=TERRAFORM").await, 1);
    assert_eq!(ids("?name=CI%2FCD+token").await, 1);
    assert_eq!(
        ids("?name=%E6%9D%B1%E4%BA%AC-%E3%83%90%E3%83%83%E3%82%AF%E3%82%A2%E3%83%83%E3%83%97")
            .await,
        1
    );
    assert_eq!(ids("?search=zzz").await, 0);
}

#[tokio::test]
async fn the_zone_and_the_empty_account_have_their_own_lists() {
    let demo = Demo::start(now()).await.unwrap();
    let zone = get(&demo, &format!("zones/{ZONE}/access/service_tokens")).await;
    assert!(!zone.result_ids().is_empty());
    let one = zone.result_ids()[0].clone();
    let found = get(&demo, &format!("zones/{ZONE}/access/service_tokens/{one}")).await;
    assert_eq!(found.json()["result"]["id"], one.as_str());
    let elsewhere = get(&demo, &tokens_path(ACCOUNT, &format!("/{one}"))).await;
    assert_eq!(elsewhere.status, 404);

    let empty = get(&demo, &tokens_path(EMPTY_ACCOUNT, "")).await;
    assert_eq!(empty.status, 200);
    assert_eq!(empty.json()["result_info"]["total_pages"], 0);
    let confused = get(&demo, &format!("zones/{ACCOUNT}/access/service_tokens")).await;
    assert_eq!((confused.status, confused.codes()), (403, vec![9109]));
}

#[tokio::test]
async fn accounts_and_zones_are_listed_in_small_pages() {
    let demo = Demo::start(now()).await.unwrap();
    let accounts = get(&demo, "accounts").await;
    assert!(accounts.result_ids().contains(&ACCOUNT.to_owned()));
    assert_eq!(accounts.json()["result_info"]["per_page"], 20);
    assert_eq!(accounts.json()["result_info"]["total_pages"], Value::Null);
    let zones = get(&demo, "zones?per_page=1000").await;
    assert!(zones.result_ids().contains(&ZONE.to_owned()));
    assert_eq!(zones.json()["result_info"]["per_page"], 50);
    assert_eq!(zones.json()["result_info"]["total_pages"], 1);
    let smallest = get(&demo, "accounts?per_page=1").await;
    assert_eq!(smallest.json()["result_info"]["per_page"], 5);
}

#[tokio::test]
async fn dropping_the_demo_stops_the_server() {
    let demo = Demo::start(now()).await.unwrap();
    let kept_alive = client();
    let url = format!("{}/{}", demo.base_url, tokens_path(ACCOUNT, ""));
    let first = kept_alive.get(&url).send().await.unwrap();
    assert_eq!(first.status(), 403);
    drop(first);
    drop(demo);
    // The listener closes when its task runs; until then a connection may still be accepted.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while kept_alive.get(&url).send().await.is_ok() {
        assert!(std::time::Instant::now() < deadline, "it still answers");
        tokio::task::yield_now().await;
    }
}
