//! Paginated lists: complete, in order, without duplicates, or marked incomplete.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokenscope::api::{Deadlines, Error};
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::fetched::{Fetched, Tokens};
use tokenscope::domain::scope::ScopeKind;
use tokenscope::domain::token::ServiceToken;
use tokio::io::AsyncWriteExt;
use tokio::sync::Barrier;
use tokio::time::Instant;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::transport::{answer, raw, read_head};
use super::{account, api_token, client, deadlines, success};

use crate::support::assertions::{assert_contains, assert_starts};

/// Tokens `from..to` as JSON objects.
fn tokens(from: usize, to: usize) -> String {
    let list: Vec<String> = (from..to)
        .map(|number| format!(r#"{{"id":"t{number}","name":"token {number}"}}"#))
        .collect();
    format!("[{}]", list.join(","))
}

fn page_body(result: &str, note: &str) -> String {
    format!(
        r#"{{"success":true,"errors":[],"messages":[],"result":{result},"result_info":{note}}}"#
    )
}

fn number(request: &Request, name: &str) -> usize {
    let pair = request.url.query_pairs().find(|(key, _)| key == name);
    pair.unwrap().1.parse().unwrap()
}

/// A server whose answer depends on the requested page.
async fn paged(body: impl Fn(usize) -> ResponseTemplate + Send + Sync + 'static) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(move |request: &Request| body(number(request, "page")))
        .mount(&server)
        .await;
    server
}

fn ok(body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(body)
}

/// A page as the reader reported it.
struct Page {
    tokens: Vec<Arc<ServiceToken>>,
    received: usize,
    total: Option<usize>,
}

async fn list(base: &str) -> (Result<Fetched<Tokens>, Error>, Vec<Page>) {
    let mut pages = Vec::new();
    let listed = client(base)
        .reader(&api_token(), &account(), deadlines(30))
        .unwrap()
        .tokens(&mut |page| {
            pages.push(Page {
                tokens: page.items.to_vec(),
                received: page.received,
                total: page.total,
            });
        })
        .await;
    (listed, pages)
}

async fn listing(server: &MockServer) -> Fetched<Tokens> {
    list(&server.uri()).await.0.unwrap()
}

fn ids(listing: &Fetched<Tokens>) -> Vec<&str> {
    listing.value.iter().map(|token| token.id_text()).collect()
}

async fn asked(server: &MockServer) -> Vec<usize> {
    let requests = server.received_requests().await.unwrap();
    let mut pages: Vec<usize> = requests
        .iter()
        .map(|request| number(request, "page"))
        .collect();
    pages.sort_unstable();
    pages
}

#[tokio::test]
async fn joins_three_pages_into_one_list_in_order() {
    let server = paged(|page| {
        let from = (page - 1) * 1000;
        let note = format!(
            r#"{{"page":{page},"per_page":1000,"count":1000,"total_count":2500,"total_pages":3}}"#
        );
        ok(page_body(&tokens(from, 2500.min(from + 1000)), &note))
    })
    .await;
    let (listed, pages) = list(&server.uri()).await;
    let listing = listed.unwrap();
    assert_eq!(listing.incomplete(), None);
    assert_eq!(listing.announced, Some(2500));
    assert_eq!(listing.value.len(), 2500);
    assert!(
        listing
            .value
            .iter()
            .enumerate()
            .all(|(at, token)| token.id_text() == format!("t{at}"))
    );
    assert_eq!(asked(&server).await, [1, 2, 3]);
    assert_eq!(pages.len(), 3);
    assert_eq!(pages[0].received, 1000);
    assert_eq!(pages[0].total, Some(2500));
    assert_eq!(pages[2].received, 2500);
    let requests = server.received_requests().await.unwrap();
    assert!(
        requests
            .iter()
            .all(|request| number(request, "per_page") == 1000)
    );
}

#[tokio::test]
async fn f09_a_short_page_ends_the_list_if_announced_or_followed_by_nothing() {
    for (body, pages) in [
        (success(&tokens(0, 3)), &[1, 2][..]),
        (page_body(&tokens(0, 3), "null"), &[1, 2]),
        (page_body(&tokens(0, 3), "{}"), &[1, 2]),
        (
            page_body(&tokens(0, 3), r#"{"total_count":"3","total_pages":1}"#),
            &[1],
        ),
        (page_body(&tokens(0, 3), r#"{"per_page":1000}"#), &[1]),
    ] {
        let server = paged(move |_| ok(body.clone())).await;
        let listing = listing(&server).await;
        assert_eq!(ids(&listing), ["t0", "t1", "t2"]);
        assert_eq!(listing.incomplete(), None);
        assert_eq!(asked(&server).await, pages);
    }
}

#[tokio::test]
async fn an_empty_list_is_complete() {
    for result in ["[]", "null"] {
        let server =
            paged(move |_| ok(page_body(result, r#"{"total_count":0,"total_pages":0}"#))).await;
        let listing = listing(&server).await;
        assert!(listing.value.is_empty());
        assert_eq!(listing.incomplete(), None);
    }
    for body in [success("null"), page_body("null", "null")] {
        let server = paged(move |_| ok(body.clone())).await;
        assert!(listing(&server).await.value.is_empty());
    }
    for body in [
        r#"{"success":true}"#.to_owned(),
        page_body("null", r#"{"total_count":3}"#),
    ] {
        let server = paged(move |_| ok(body.clone())).await;
        let failure = list(&server.uri()).await.0.unwrap_err().into_failure(None);
        assert_eq!(failure.kind, FailureKind::InvalidResponse);
        assert!(failure.summary.contains("contains no list"), "{failure:?}");
    }
}

#[tokio::test]
async fn follows_full_pages_without_totals() {
    let server = paged(|page| ok(success(&tokens((page - 1) * 1000, 2001.min(page * 1000))))).await;
    let listing = listing(&server).await;
    assert_eq!(listing.value.len(), 2001);
    assert_eq!(listing.incomplete(), None);
    assert_eq!(asked(&server).await, [1, 2, 3]);
}

#[tokio::test]
async fn follows_smaller_pages_at_the_servers_size() {
    for note in [
        r#"{"per_page":100}"#,
        r#"{"per_page":100,"total_count":250}"#,
        r#"{"per_page":1000,"total_count":250}"#,
        r#"{"total_pages":3}"#,
    ] {
        let server = paged(move |page| {
            ok(page_body(
                &tokens((page - 1) * 100, 250.min(page * 100)),
                note,
            ))
        })
        .await;
        let listing = listing(&server).await;
        assert_eq!(listing.value.len(), 250, "{note}");
        assert_eq!(listing.incomplete(), None, "{note}");
        assert_eq!(asked(&server).await, [1, 2, 3], "{note}");
    }
}

#[tokio::test]
async fn detects_a_server_that_repeats_the_same_page() {
    for note in [
        "{}",
        r#"{"total_count":50000,"per_page":1000,"total_pages":50}"#,
    ] {
        let server = paged(move |_| ok(page_body(&tokens(0, 1000), note))).await;
        let listing = listing(&server).await;
        assert_eq!(listing.value.len(), 1000);
        let why = listing.incomplete().unwrap();
        assert!(why.contains("repeats what came before"), "{why}");
        assert!(asked(&server).await.len() <= 6);
    }
}

#[tokio::test]
async fn overlapping_pages_give_each_token_once() {
    let server = paged(|page| {
        let from = (page - 1) * 2;
        ok(page_body(
            &tokens(from, from + 3),
            r#"{"per_page":3,"total_count":5,"total_pages":2}"#,
        ))
    })
    .await;
    let (listed, pages) = list(&server.uri()).await;
    let listing = listed.unwrap();
    assert_eq!(ids(&listing), ["t0", "t1", "t2", "t3", "t4"]);
    assert_eq!(listing.incomplete(), None);
    assert_eq!(pages[1].tokens.len(), 2, "only the new ones are handed on");
}

#[tokio::test]
async fn a_failing_page_loses_only_its_own_entries() {
    let server = paged(|page| match page {
        2 => ResponseTemplate::new(403)
            .set_body_string(r#"{"success":false,"errors":[{"code":10000}]}"#),
        _ => ok(page_body(
            &tokens((page - 1) * 2, page * 2),
            r#"{"per_page":2,"total_count":6,"total_pages":3}"#,
        )),
    })
    .await;
    let listing = listing(&server).await;
    assert_eq!(ids(&listing), ["t0", "t1", "t4", "t5"]);
    let why = listing.incomplete().unwrap();
    assert!(why.starts_with("page 2 of 3 could not be read: "), "{why}");
    assert!(why.contains("HTTP 403") && !why.ends_with('.'), "{why}");
}

#[tokio::test]
async fn a_failing_first_page_is_an_error() {
    let server =
        paged(|_| ResponseTemplate::new(403).set_body_string(r#"{"errors":[{"code":10000}]}"#))
            .await;
    let (listed, pages) = list(&server.uri()).await;
    assert_eq!(
        listed.unwrap_err().into_failure(None).kind,
        FailureKind::Permission
    );
    assert!(pages.is_empty());
}

#[tokio::test]
async fn reports_totals_that_do_not_match() {
    let cases = [
        (
            r#"{"total_count":9,"per_page":1000}"#,
            "announced 9 entries and sent 2",
            2,
        ),
        (
            r#"{"total_count":1,"per_page":1000}"#,
            "announced 1 entry and sent 2",
            2,
        ),
        (
            r#"{"total_pages":7,"per_page":1000}"#,
            "empty although it was announced",
            2,
        ),
        (r#"{"total_count":18446744073709551615}"#, "announced", 2),
    ];
    for (note, why, count) in cases {
        let server = paged(move |page| {
            ok(page_body(
                if page == 1 {
                    "[{\"id\":\"a\"},{\"id\":\"b\"}]"
                } else {
                    "[]"
                },
                note,
            ))
        })
        .await;
        let listing = listing(&server).await;
        assert_eq!(listing.value.len(), count, "{note}");
        let told = listing.incomplete().unwrap();
        assert!(told.contains(why), "{note}: {told}");
        assert!(asked(&server).await.len() <= 5, "{note}");
    }
}

#[tokio::test]
async fn totals_that_are_too_low_do_not_end_the_list() {
    let server = paged(|page| {
        let result = tokens((page - 1) * 1000, 1500.min(page * 1000));
        ok(page_body(
            &result,
            r#"{"total_count":7,"total_pages":1,"per_page":1000}"#,
        ))
    })
    .await;
    let listing = listing(&server).await;
    assert_eq!(listing.value.len(), 1500);
    assert!(listing.incomplete().unwrap().contains("announced 7"));
}

#[tokio::test]
async fn an_endless_list_stops_at_the_page_cap() {
    let server = paged(|page| {
        ok(page_body(
            &format!(r#"[{{"id":"t{page}"}}]"#),
            r#"{"per_page":1}"#,
        ))
    })
    .await;
    let listing = listing(&server).await;
    assert_eq!(listing.value.len(), 1000);
    assert_contains(listing.incomplete().unwrap(), "more than 1000 pages");
}

#[tokio::test]
async fn malformed_entries_do_not_hide_others() {
    let result =
        r#"[{"id":"a"},null,7,"x",[],{"id":5,"expires_at":{}},{"no":"id"},{"no":"id"},{"id":"b"}]"#;
    let server = paged(move |_| ok(success(result))).await;
    let listing = listing(&server).await;
    assert_eq!(ids(&listing), ["a", "", "", "", "b"]);
    assert_eq!(listing.value[1].raw.as_str(), r#"{"id":5,"expires_at":{}}"#);
    assert_starts(
        listing.incomplete().unwrap(),
        "4 entries of page 1 could not be read",
    );
}

#[tokio::test]
async fn a_remaining_cursor_makes_the_list_incomplete() {
    for (note, goes_on) in [
        (r#"{"cursor":"abc"}"#, true),
        (r#"{"count":2,"cursors":{"after":"abc","before":""}}"#, true),
        (r#"{"cursor":""}"#, false),
        (r#"{"cursor":null,"cursors":{"after":null}}"#, false),
    ] {
        let server = paged(move |_| ok(page_body(&tokens(0, 2), note))).await;
        let listing = listing(&server).await;
        assert_eq!(listing.value.len(), 2);
        assert_eq!(listing.incomplete().is_some(), goes_on, "{note}");
    }
}

#[tokio::test]
async fn requests_four_pages_at_once_and_no_more() {
    let gate = Arc::new(Barrier::new(4));
    let (now, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most = Arc::clone(&peak);
    let server = raw(move |_, mut stream| {
        let (gate, now, peak) = (Arc::clone(&gate), Arc::clone(&now), Arc::clone(&peak));
        async move {
            while let Some(head) = read_head(&mut stream).await {
                let page: usize = head
                    .split("page=")
                    .nth(1)
                    .unwrap()
                    .split('&')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap();
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if page > 1 {
                    gate.wait().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                let note = r#"{"per_page":2,"total_count":18,"total_pages":9}"#;
                let body = page_body(&tokens((page - 1) * 2, page * 2), note);
                stream.write_all(answer(&body).as_bytes()).await.unwrap();
            }
        }
    })
    .await;
    let listing = list(&server.url).await.0.unwrap();
    assert_eq!(listing.incomplete(), None);
    assert_eq!(listing.value.len(), 18);
    assert_eq!(most.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn accounts_and_zones_come_in_pages_of_fifty() {
    let server = paged(|page| {
        let list: Vec<String> = ((page - 1) * 50..70.min(page * 50))
            .map(|number| format!(r#"{{"id":"{number:032x}","name":"n{number}"}}"#))
            .collect();
        let result = format!("[{},{{\"id\":\"short\"}}]", list.join(","));
        ok(page_body(
            &result,
            r#"{"page":1,"per_page":50,"count":50,"total_count":70}"#,
        ))
    })
    .await;
    let client = client(&server.uri());
    let accounts = client
        .list_scopes(&api_token(), ScopeKind::Account, deadlines(20))
        .await
        .unwrap();
    let zones = client
        .list_scopes(&api_token(), ScopeKind::Zone, deadlines(20))
        .await
        .unwrap();
    assert_eq!(accounts.value.len(), 70);
    assert_eq!(accounts.value[69].name, "n69");
    assert_eq!(accounts.value[0].scope.kind(), ScopeKind::Account);
    assert_eq!(zones.value[0].scope.kind(), ScopeKind::Zone);
    let requests = server.received_requests().await.unwrap();
    let paths: Vec<&str> = requests.iter().map(|request| request.url.path()).collect();
    assert_eq!(paths, ["/accounts", "/accounts", "/zones", "/zones"]);
    assert!(
        requests
            .iter()
            .all(|request| number(request, "per_page") == 50)
    );
}

#[tokio::test]
async fn each_page_has_its_own_timeout_without_an_end() {
    let server = paged(|page| {
        let note = r#"{"per_page":2,"total_count":4,"total_pages":2}"#;
        ok(page_body(&tokens(page * 2, page * 2 + 2), note)).set_delay(Duration::from_millis(700))
    })
    .await;
    let listed = async |end: Option<Instant>| {
        let deadlines = Deadlines {
            timeout: Duration::from_secs(1),
            end,
            ..deadlines(1)
        };
        client(&server.uri())
            .reader(&api_token(), &account(), deadlines)
            .unwrap()
            .tokens(&mut |_| {})
            .await
            .unwrap()
    };
    let list = listed(None).await;
    assert_eq!((list.value.len(), list.incomplete()), (4, None));
    let list = listed(Some(Instant::now() + Duration::from_secs(1))).await;
    assert_eq!(
        list.value.len(),
        2,
        "a command has one deadline for all pages"
    );
    assert!(list.incomplete().unwrap().contains("page 2 of 2"));
}
