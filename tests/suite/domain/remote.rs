//! The states of a fetched value, and failures as users see them.

use tokenscope::domain::failure::{ApiError, Failure, FailureKind};
use tokenscope::domain::fetched::{Received, Remote, RequestId};

use crate::domain::now;

const FIRST: RequestId = RequestId(1);
const SECOND: RequestId = RequestId(2);

fn fetched(value: u8) -> Received<u8> {
    Received { value, at: now() }
}

fn failure() -> Failure {
    Failure::new(FailureKind::Network, "No connection.", "Check the network.")
}

fn loading(last: Option<Received<u8>>) -> Remote<u8> {
    Remote::Loading {
        request: FIRST,
        since: now(),
        last,
    }
}

#[test]
fn an_answer_settles_its_request() {
    let mut remote = Remote::Idle;
    remote.begin(FIRST, now());
    assert_eq!(remote, loading(None));
    assert!(remote.is_loading());
    assert_eq!(remote.loading_since(), Some(now()));
    assert!(remote.settle(FIRST, Ok(fetched(1))));
    assert_eq!(remote, Remote::Ready(fetched(1)));
    assert!(!remote.is_loading());
}

#[test]
fn an_answer_to_another_request_is_dropped() {
    for mut remote in [
        Remote::Idle,
        loading(Some(fetched(1))),
        Remote::Ready(fetched(1)),
        Remote::Failed(failure()),
    ] {
        let before = remote.clone();
        assert!(!remote.settle(SECOND, Ok(fetched(9))));
        assert!(!remote.settle(SECOND, Err(failure())));
        assert_eq!(remote, before);
    }
}

#[test]
fn a_second_request_supersedes_the_first() {
    let mut remote = Remote::Idle;
    remote.begin(FIRST, now());
    remote.begin(SECOND, now());
    assert!(!remote.settle(FIRST, Ok(fetched(1))));
    assert!(remote.settle(SECOND, Ok(fetched(2))));
    assert_eq!(remote.value(), Some(&2));
}

#[test]
fn a_failed_reload_keeps_the_last_value() {
    let mut remote = Remote::Ready(fetched(1));
    remote.begin(FIRST, now());
    assert_eq!(remote.value(), Some(&1));
    assert!(remote.settle(FIRST, Err(failure())));
    assert_eq!(remote.value(), Some(&1));
    assert_eq!(remote.failure(), Some(&failure()));

    remote.begin(SECOND, now());
    assert_eq!(
        remote.value(),
        Some(&1),
        "stale data stays through the next try"
    );
    assert!(remote.settle(SECOND, Ok(fetched(2))));
    assert_eq!(remote, Remote::Ready(fetched(2)));
}

#[test]
fn a_first_failure_has_no_value() {
    let mut remote = Remote::<u8>::Idle;
    remote.begin(FIRST, now());
    assert!(remote.settle(FIRST, Err(failure())));
    assert_eq!(remote, Remote::Failed(failure()));
    assert_eq!(remote.fetched(), None);
}

#[test]
fn cancelling_restores_the_previous_state() {
    let mut remote = Remote::<u8>::Idle;
    assert_eq!(remote.cancel(), None);
    remote.begin(FIRST, now());
    assert_eq!(remote.cancel(), Some(FIRST));
    assert_eq!(remote, Remote::Idle);

    let mut remote = loading(Some(fetched(1)));
    assert_eq!(remote.cancel(), Some(FIRST));
    assert_eq!(remote, Remote::Ready(fetched(1)));
    assert!(
        !remote.settle(FIRST, Ok(fetched(2))),
        "its answer comes too late"
    );
}

#[test]
fn has_code_searches_the_chain() {
    let inner = ApiError {
        code: Some(6111),
        ..ApiError::default()
    };
    let outer = ApiError {
        code: Some(6003),
        chain: vec![inner],
        ..ApiError::default()
    };
    assert!(outer.has_code(6003) && outer.has_code(6111));
    assert!(!outer.has_code(6103));
    assert!(!ApiError::default().has_code(0));
}

#[test]
fn a_failure_keeps_its_details_when_a_cause_is_added() {
    let mut failure = failure();
    failure.details.http_status = Some(403);
    let failure = failure.caused_by(&"reset");
    assert_eq!(failure.details.http_status, Some(403));
    assert_eq!(failure.details.cause.as_deref(), Some("reset"));
    assert_eq!(failure.retry_after, None);
}

#[test]
fn every_kind_has_its_documented_name() {
    let kinds = [
        (FailureKind::Usage, "usage"),
        (FailureKind::NoCredential, "no_credential"),
        (FailureKind::Keyring, "keyring"),
        (FailureKind::Config, "config"),
        (FailureKind::Authentication, "authentication"),
        (FailureKind::Permission, "permission"),
        (FailureKind::NotFound, "not_found"),
        (FailureKind::Ambiguous, "ambiguous"),
        (FailureKind::Rejected, "rejected"),
        (FailureKind::RateLimited, "rate_limited"),
        (FailureKind::Server, "server"),
        (FailureKind::Network, "network"),
        (FailureKind::Timeout, "timeout"),
        (FailureKind::Tls, "tls"),
        (FailureKind::Proxy, "proxy"),
        (FailureKind::Redirect, "redirect"),
        (FailureKind::InvalidResponse, "invalid_response"),
        (FailureKind::Interrupted, "interrupted"),
    ];
    for (kind, code) in kinds {
        assert_eq!(kind.code(), code);
        // A new kind does not compile until the list above has it.
        match kind {
            FailureKind::Usage
            | FailureKind::NotFound
            | FailureKind::Interrupted
            | FailureKind::NoCredential
            | FailureKind::Keyring
            | FailureKind::Config
            | FailureKind::Authentication
            | FailureKind::Permission
            | FailureKind::Ambiguous
            | FailureKind::Rejected
            | FailureKind::RateLimited
            | FailureKind::Server
            | FailureKind::Network
            | FailureKind::Timeout
            | FailureKind::Tls
            | FailureKind::Proxy
            | FailureKind::Redirect
            | FailureKind::InvalidResponse => {}
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/schema/parts.json");
    let schema: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let in_schema = enumerations(&schema);
    let ours: Vec<&str> = kinds.iter().map(|(_, code)| *code).collect();
    assert!(in_schema.contains(&ours), "{in_schema:?}");
}

/// Every `enum` of a schema.
fn enumerations(schema: &serde_json::Value) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    let mut left = vec![schema];
    while let Some(value) = left.pop() {
        if let Some(words) = value["enum"].as_array() {
            found.push(words.iter().filter_map(serde_json::Value::as_str).collect());
        }
        match value {
            serde_json::Value::Object(members) => left.extend(members.values()),
            serde_json::Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    found
}
