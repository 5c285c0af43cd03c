//! What other tests rely on in the fake API of `support/access`.

use serde_json::{Value, json};

use crate::demo::client as http_client;
use crate::support::access::{
    ALERTS, APPS, AccessApi, Answer, DEFAULT_PROFILE, DEVICE_PROFILES, DOH, GROUPS, HYPERDRIVE,
    ORGANIZATION, POLICIES, TOKENS, example,
};
use crate::support::api::Fake;
use crate::support::tokens::{ACCOUNT, ID, ZONE};

async fn get(api: &Fake, path: &str) -> (u16, Value) {
    let url = format!("{}/accounts/{ACCOUNT}/{path}", api.url());
    let response = http_client().get(url).send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default(),
    )
}

#[tokio::test]
async fn example_answers_for_every_part() {
    let api = AccessApi::example().start();
    for (path, count) in [
        (TOKENS, Some(5)),
        (APPS, Some(4)),
        (POLICIES, Some(2)),
        (GROUPS, Some(2)),
        (ORGANIZATION, None),
        (DOH, None),
        (DEVICE_PROFILES, Some(1)),
        (DEFAULT_PROFILE, None),
        (HYPERDRIVE, Some(1)),
        (ALERTS, Some(1)),
    ] {
        let (status, body) = get(&api, path).await;
        assert_eq!(status, 200, "{path}");
        assert_eq!(body["result"].as_array().map(Vec::len), count, "{path}");
    }
    let (_, one) = get(&api, &format!("{TOKENS}/{ID}")).await;
    assert_eq!(one["result"], example(TOKENS, 0));
    assert_eq!(get(&api, "access/nothing").await.0, 404);
}

#[tokio::test]
async fn pages_add_up_and_parts_can_be_replaced() {
    let three = || ["1", "2", "3"].map(|id| json!({ "id": id }));
    let api = AccessApi::example()
        .with(APPS, Answer::paged(three(), 2))
        .with(GROUPS, Answer::failing(403))
        .with(POLICIES, Answer::empty())
        .with(DOH, Answer::null())
        .with(ALERTS, Answer::malformed())
        .with(HYPERDRIVE, Answer::list(three()).then(Answer::failing(500)))
        .start();
    let (_, first) = get(&api, &format!("{APPS}?page=1&per_page=1000")).await;
    let (_, second) = get(&api, &format!("{APPS}?page=2&per_page=1000")).await;
    assert_eq!(first["result_info"]["total_pages"], 2);
    assert_eq!(first["result"], json!([{"id": "1"}, {"id": "2"}]));
    assert_eq!(second["result"], json!([{"id": "3"}]));
    let (_, one) = get(&api, &format!("{TOKENS}?per_page=1")).await;
    assert_eq!(one["result_info"]["total_count"], 5);
    assert_eq!(one["result"].as_array().map(Vec::len), Some(1));
    assert_eq!(get(&api, GROUPS).await.0, 403);
    assert_eq!(get(&api, POLICIES).await.1["result"], json!([]));
    assert_eq!(get(&api, DOH).await.1["result"], Value::Null);
    assert_eq!(get(&api, ALERTS).await.1, Value::Null);
    assert_eq!(get(&api, &format!("{HYPERDRIVE}?page=2")).await.0, 500);
}

#[tokio::test]
async fn zone_has_fewer_parts_than_account() {
    let api = AccessApi::example().in_zone(ZONE).start();
    let url = |path: &str| format!("{}/client/v4/zones/{ZONE}/{path}", api.url());
    for (path, status) in [(APPS, 200), (POLICIES, 404)] {
        let response = http_client().get(url(path)).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
    }
}
