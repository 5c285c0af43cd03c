//! `get`: which token a reference selects.

#![cfg(unix)]

use crate::cli::monitoring::{eternal, id};
use crate::cli::thresholds::api;
use crate::support::api::run;

#[test]
fn f12_names_that_look_like_ids_or_urls_are_found() {
    let names = [
        "https://grafana.example.com",
        "https://grafana.example.com/d/abc?orgId=1",
        "http://x",
        "dash.cloudflare.com/login",
        "https://dash.cloudflare.com/",
        "grafana.access",
        "88bf3b6d86161464f6509f7219099e57",
        "88bf3b6d86161464f6509f7219099e57.access",
        "88bf3b6d86161464f6509f7219099e57.access.example.com",
        "accounts/team",
    ];
    for name in names {
        let token = format!(
            r#"{{"id":"{}","name":"{name}","duration":"forever"}}"#,
            id(1)
        );
        let fake = api(&[token]);
        let got = run(&mut fake.command(&["get", name, "-o", "json"]));
        assert_eq!(got.code, Some(0), "{name}: {}", got.stdout);
        assert_eq!(got.json()["token"]["name"], name);
        let checked = run(&mut fake.command(&["check", name]));
        assert_eq!(checked.code, Some(0), "{name}: {}", checked.stdout);
        let excluded = run(&mut fake.command(&["check", "--exclude", name, "-o", "json"]));
        assert_eq!(excluded.json()["count"], 0, "{name}");
        // If no token has the name, the error says why the text was taken for a name.
        let fake = api(&[eternal(2, "")]);
        let missing = run(&mut fake.command(&["get", name, "-o", "json"]));
        let words = missing.is_error("not_found", 4);
        assert!(
            !name.contains("//") || words.contains("URL without"),
            "{words}"
        );
    }
}

#[test]
fn f12_a_client_id_wins_over_an_equal_name() {
    let client_id = "88bf3b6d86161464f6509f7219099e57.access";
    let named = format!(
        r#"{{"id":"{}","name":"{client_id}","duration":"forever"}}"#,
        id(1)
    );
    let owner = eternal(2, &format!(r#","client_id":"{client_id}""#));
    let fake = api(&[named, owner]);
    let got = run(&mut fake.command(&["get", client_id, "-o", "json"])).json();
    assert_eq!(got["token"]["id"], id(2).as_str());
}

/// A URL in place of a token may contain a secret: it must appear in no request and no message.
#[test]
fn f12_a_url_with_a_secret_is_not_looked_up_as_a_name() {
    let fake = api(&[eternal(1, "")]);
    for url in [
        "https://dash.cloudflare.com/?token=canary0123456789",
        "https://grafana.example.com/d/x?orgId=1&api_key=canary0123456789",
        "https://grafana.example.com/#access_token=canary0123456789",
        "https://me:canary0123456789@grafana.example.com/",
    ] {
        run(&mut fake.command(&["get", url, "-o", "json"])).is_error("usage", 64);
        run(&mut fake.command(&["check", url, "-o", "json"])).is_error("usage", 3);
    }
    assert!(fake.heads().is_empty());
}
