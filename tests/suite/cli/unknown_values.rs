//! Answers that cannot be taken at their word: fields of another type, and dates that no server has.

#![cfg(unix)]

use wiremock::ResponseTemplate;

use crate::support::binary::{Stage, TOKENS, envelope, json, ok, text};

const ID: &str = "a0000000-0000-4000-8000-000000000009";
const FAR: &str = r#""expires_at":"2125-01-01T00:00:00Z","last_seen_at":"2025-02-28T12:00:00Z""#;

fn token(members: &str) -> String {
    format!(r#"[{{"id":"{ID}",{members}}}]"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a18_a_token_that_may_be_off_is_never_ok() {
    for enabled in [r#""false""#, "0", r#""no""#, "[]"] {
        let stage = Stage::with(&token(&format!(r#""name":"n","enabled":{enabled},{FAR}"#))).await;
        for check in [vec!["check"], vec!["check", ID]] {
            let output = stage.run(&check);
            assert_eq!(output.status.code(), Some(3), "{enabled}");
            let said = text(&output.stdout);
            assert!(
                said.starts_with("UNKNOWN: 1 of 1 token cannot be judged; whether n ("),
                "{said}"
            );
        }
        let report = json(&stage.run(&["check", "-o", "json"]));
        let judged = &report["tokens"][0];
        assert_eq!(report["verdict"], "unknown");
        assert_eq!(judged["status"], "unknown");
        assert!(judged["expires_at"].is_null() && judged["days_left"].is_null());
        assert_eq!(judged["findings"][0]["code"], "enabled_unknown");
        let message = judged["findings"][0]["message"].as_str().unwrap();
        assert!(message.contains(enabled), "{message}");
        let metrics = text(&stage.run(&["check", "-o", "prometheus"]).stdout);
        assert!(!metrics.contains("service_token_enabled{"), "{metrics}");
        assert!(metrics.contains(r#"status="unknown"} 1"#), "{metrics}");
        let csv = text(&stage.run(&["list", "-o", "csv"]).stdout);
        let quoted = enabled.replace('"', "\"\"");
        let quoted = if quoted == enabled {
            quoted
        } else {
            format!("\"{quoted}\"")
        };
        assert!(csv.ends_with(&format!(",{quoted},\r\n")), "{csv}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_of_another_type_does_not_vanish_from_a_row() {
    let odd = token(&format!(
        r#""name":123,"duration":8760,"client_id":{{"a":1}},{FAR}"#
    ));
    let stage = Stage::with(&odd).await;
    for command in ["list", "check"] {
        let said = text(&stage.run(&[command]).stdout);
        let row = said.lines().last().unwrap();
        assert!(row.starts_with("unexpected type: 123\t"), "{said}");
    }
    let csv = text(&stage.run(&["list", "-o", "csv"]).stdout);
    let record = csv.lines().nth(1).unwrap();
    assert!(
        record.starts_with(&format!(r#"{ID},123,"{{""a"":1}}",active,"#)),
        "{csv}"
    );
    assert!(record.ends_with(",8760,true,"), "{csv}");
    let metrics = text(&stage.run(&["check", "-o", "prometheus"]).stdout);
    assert!(metrics.contains(r#"name="123""#), "{metrics}");
    let surrogate = token(&format!(r#""name":"\ud800x",{FAR}"#));
    let stage = Stage::answering(ok(envelope(&surrogate))).await;
    let said = text(&stage.run(&["list"]).stdout);
    assert!(said.starts_with("not Unicode: \"\\ud800x\"\t"), "{said}");
    let csv = text(&stage.run(&["list", "-o", "csv"]).stdout);
    assert!(
        csv.contains(&format!("{ID},\"\"\"\\ud800x\"\"\",")),
        "{csv}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a26_a_date_that_cannot_be_right_turns_nothing_into_ok() {
    let ended = format!(
        r#""name":"n","expires_at":"2026-01-01T00:00:00Z","created_at":"2025-01-01T00:00:00Z","last_seen_at":"{}""#,
        "2025-12-31T00:00:00Z"
    );
    for date in [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Sat, 01 Mar 2025 12:00:00 GMT",
    ] {
        let answer = ResponseTemplate::new(200)
            .insert_header("date", date)
            .set_body_string(envelope(&token(&ended)));
        let stage = Stage::answering(answer).await;
        for form in ["table", "json"] {
            let output = stage.run(&["check", "-o", form]);
            assert_eq!(output.status.code(), Some(2), "{date}");
            let said = text(&output.stderr);
            assert!(
                said.starts_with("warning: the API's answer is dated "),
                "{said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
        let report = json(&stage.run(&["list", "-o", "json"]));
        assert_eq!(report["tokens"][0]["status"], "expired");
        assert_eq!(report["clock_skew_seconds"], 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_said_to_people() {
    let stage = Stage::with(TOKENS).await;
    let id = "a0000000-0000-4000-8000-000000000005";
    for command in [vec!["get", id], vec!["list"], vec!["check"]] {
        let said = text(&stage.run(&command).stderr);
        assert!(said.starts_with("warning: your clock is "), "{said}");
        assert!(said.ends_with(" fast; using the API's clock.\n"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        let machine = [&command[..], &["-o", "json"]].concat();
        assert_eq!(text(&stage.run(&machine).stderr), "");
    }
    let right =
        Stage::answering(ResponseTemplate::new(200).set_body_string(envelope(TOKENS))).await;
    assert_eq!(text(&right.run(&["list"]).stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn null_in_the_place_of_tokens_is_no_list_and_no_ok() {
    let body = r#"{"success":true,"errors":[],"result":null,"result_info":{"total_count":3}}"#;
    let stage = Stage::answering(ok(body)).await;
    let output = stage.run(&["list", "-o", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["error"]["kind"], "invalid_response");
}
