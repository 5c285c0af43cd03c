//! Commands that change a token: their requests, and how a shell reads them.

use std::process::Command;

use proptest::prelude::*;

use tokenscope::domain::change::{Change, CurlCommand, Target, curl};
use tokenscope::domain::credential::CredentialKind;
use tokenscope::domain::scope::{BaseUrl, Scope, ScopeId, ScopeKind};
use tokenscope::domain::token::ServiceToken;

use super::{now, token};
use crate::support::tokens::{ACCOUNT, ID, ZONE};

const URL: &str = "https://api.cloudflare.com/client/v4";

fn named(name: &str, more: &str) -> ServiceToken {
    let name = serde_json::to_string(name).unwrap();
    token(&format!(r#"{{"id":"{ID}","name":{name}{more}}}"#))
}

fn yearly() -> ServiceToken {
    named("CI", r#","duration":"8760h","enabled":true"#)
}

fn scope(kind: ScopeKind) -> Scope {
    let id = match kind {
        ScopeKind::Account => ACCOUNT,
        ScopeKind::Zone => ZONE,
    };
    kind.with(ScopeId::parse(id).unwrap())
}

fn command_for(change: Change, token: &ServiceToken, kind: ScopeKind) -> Option<CurlCommand> {
    let target = Target {
        base_url: &BaseUrl::default(),
        scope: &scope(kind),
        credential: &CredentialKind::ApiToken,
    };
    curl(change, token, target, now())
}

/// The arguments that a shell passes to curl.
fn arguments(command: &str) -> Vec<String> {
    let script = format!(r#"curl() {{ printf '%s\0' "$@"; }}; {command}"#);
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("CLOUDFLARE_API_TOKEN", "tok")
        .env("CLOUDFLARE_API_KEY", "key")
        .env("CLOUDFLARE_EMAIL", "me@example.com")
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// The method, path and body that a command sends.
fn request(
    change: Change,
    token: &ServiceToken,
    kind: ScopeKind,
) -> (String, String, Option<String>) {
    let command = command_for(change, token, kind).unwrap().command;
    let arguments = arguments(&command);
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).cloned()
    };
    let url = arguments.iter().find(|argument| argument.starts_with(URL));
    let path = url.unwrap().strip_prefix(URL).unwrap().to_owned();
    (after("-X").unwrap(), path, after("--data"))
}

#[test]
fn each_change_of_an_account_token_is_the_documented_request() {
    let path = format!("/accounts/{ACCOUNT}/access/service_tokens/{ID}");
    let off = named("CI", r#","duration":"8760h","enabled":false"#);
    let cases = [
        (Change::Renew, yearly(), "POST", "/refresh", None),
        (
            Change::Rotate,
            yearly(),
            "POST",
            "/rotate",
            Some(r#"{"previous_client_secret_expires_at":"2026-11-26T12:00:00Z"}"#),
        ),
        (
            Change::Disable,
            yearly(),
            "PUT",
            "",
            Some(r#"{"name":"CI","enabled":false}"#),
        ),
        (
            Change::Enable,
            off,
            "PUT",
            "",
            Some(r#"{"name":"CI","enabled":true}"#),
        ),
        (Change::Delete, yearly(), "DELETE", "", None),
    ];
    for (change, token, method, action, body) in cases {
        let sent = request(change, &token, ScopeKind::Account);
        let expected = (
            method.to_owned(),
            format!("{path}{action}"),
            body.map(str::to_owned),
        );
        assert_eq!(sent, expected, "{change:?}");
    }
}

#[test]
fn a_token_of_another_duration_is_renewed_by_an_update() {
    for (kind, duration) in [(ScopeKind::Account, "24h"), (ScopeKind::Zone, "8760h")] {
        let token = named("CI", &format!(r#","duration":"{duration}""#));
        let (method, _, body) = request(Change::Renew, &token, kind);
        let expected = format!(r#"{{"name":"CI","duration":"{duration}"}}"#);
        assert_eq!(
            (method.as_str(), body),
            ("PUT", Some(expected)),
            "{duration}"
        );
    }
}

#[test]
fn a_change_without_a_request_is_not_offered() {
    let forever = named("CI", r#","duration":"forever""#);
    let nameless = token(&format!(r#"{{"id":"{ID}","duration":"24h"}}"#));
    let without_id = token(r#"{"name":"CI","duration":"8760h"}"#);
    let off = named("CI", r#","enabled":false"#);
    let cases = [
        (Change::Renew, &forever, ScopeKind::Account),
        (Change::Renew, &nameless, ScopeKind::Account),
        (Change::Disable, &nameless, ScopeKind::Account),
        (Change::Delete, &without_id, ScopeKind::Account),
        (Change::Rotate, &yearly(), ScopeKind::Zone),
        (Change::Disable, &off, ScopeKind::Account),
        (Change::Enable, &yearly(), ScopeKind::Account),
    ];
    for (change, token, kind) in cases {
        assert_eq!(
            command_for(change, token, kind),
            None,
            "{change:?} {token:?}"
        );
    }
}

#[test]
fn the_credential_comes_from_the_environment() {
    let of = |credential: &CredentialKind| {
        let target = Target {
            base_url: &BaseUrl::default(),
            scope: &scope(ScopeKind::Account),
            credential,
        };
        arguments(
            &curl(Change::Delete, &yearly(), target, now())
                .unwrap()
                .command,
        )
    };
    assert!(of(&CredentialKind::ApiToken).contains(&"Authorization: Bearer tok".to_owned()));
    let email = "other@example.com".to_owned();
    let with_key = of(&CredentialKind::GlobalKey { email });
    assert!(with_key.contains(&"X-Auth-Key: key".to_owned()));
    assert!(with_key.contains(&"X-Auth-Email: me@example.com".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the name, the shell runs one curl, and the API reads the same name.
    #[test]
    fn every_name_survives_the_shell_and_json(name in "\\PC*|[\\x00-\\x7f'\"\\\\$`!]*|.*") {
        let token = named(&name, r#","enabled":true"#);
        let command = command_for(Change::Disable, &token, ScopeKind::Account).unwrap().command;
        prop_assert!(!command.contains(|c: char| c.is_control()), "{command:?}");
        let (_, _, body) = request(Change::Disable, &token, ScopeKind::Account);
        let body: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
        prop_assert_eq!(&body["name"], &serde_json::Value::from(name));
    }
}
