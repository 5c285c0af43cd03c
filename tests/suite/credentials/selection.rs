//! Which credential and scope are used, for combinations of flags, environment and profiles.

use tokenscope::credentials::Environment;
use tokenscope::domain::credential::{ActiveCredential, CredentialSource};
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::profile::Settings;
use tokenscope::domain::scope::Scope;
use tokenscope::service::{CredentialRequest, select};

use crate::support::assertions::assert_contains;
use crate::support::sessions::{profile, scope_id};

fn settings() -> Settings {
    let profile = |name: &str, digit| profile(name, Some(Scope::Account(scope_id(digit))));
    Settings {
        profiles: vec![profile("default", '1'), profile("work", '2')],
        ..Settings::default()
    }
}

fn environment(names: &[&str]) -> Environment {
    let (four, five) = ("4".repeat(32), "5".repeat(32));
    crate::support::sessions::environment(names.iter().map(|name| {
        let value = match *name {
            "CLOUDFLARE_ACCOUNT_ID" => four.clone(),
            "CLOUDFLARE_ZONE_ID" => five.clone(),
            "CLOUDFLARE_EMAIL" => "me@example.com".to_owned(),
            _ => "secret".to_owned(),
        };
        ((*name).to_owned(), value)
    }))
}

fn of(
    profile: Option<&str>,
    scope: Option<Scope>,
    names: &[&str],
    settings: &Settings,
) -> ActiveCredential {
    let wishes = CredentialRequest {
        profile: profile.map(str::to_owned),
        scope,
        prefers_account: false,
    };
    select(&wishes, &environment(names), settings).unwrap()
}

fn source(selection: &ActiveCredential) -> String {
    match &selection.identity.as_ref().unwrap().source {
        CredentialSource::Environment { variable } => (*variable).to_owned(),
        CredentialSource::Keyring { profile } => format!("profile {profile}"),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_credential_comes_from_the_first_source_that_has_one() {
    let all = [
        "CLOUDFLARE_API_TOKEN",
        "CLOUDFLARE_API_KEY",
        "CLOUDFLARE_EMAIL",
    ];
    let with = |profile, names: &[&str]| source(&of(profile, None, names, &settings()));
    assert_eq!(with(Some("work"), &all), "profile work");
    assert_eq!(with(None, &all), "CLOUDFLARE_API_TOKEN");
    assert_eq!(with(None, &all[1..]), "CLOUDFLARE_API_KEY");
    assert_eq!(with(None, &[]), "profile default");
    assert!(of(None, None, &[], &Settings::default()).identity.is_none());
}

#[test]
fn the_scope_comes_from_the_first_source_that_has_one() {
    let variable = ["CLOUDFLARE_ZONE_ID"];
    let flag = Some(Scope::Zone(scope_id('9')));
    let scope = |profile, flag, names: &[&str]| of(profile, flag, names, &settings()).scope;
    assert_eq!(scope(Some("work"), flag.clone(), &variable), flag);
    assert_eq!(
        scope(Some("work"), None, &variable),
        Some(Scope::Account(scope_id('2')))
    );
    assert_eq!(
        scope(None, None, &variable),
        Some(Scope::Zone(scope_id('5')))
    );
    assert_eq!(scope(None, None, &[]), Some(Scope::Account(scope_id('1'))));
    assert_eq!(of(None, None, &[], &Settings::default()).scope, None);
}

#[test]
fn a_token_of_the_environment_uses_the_default_profiles_scope() {
    let selection = of(None, None, &["CLOUDFLARE_API_TOKEN"], &settings());
    assert_eq!(source(&selection), "CLOUDFLARE_API_TOKEN");
    assert_eq!(selection.scope_origin, "profile default");
    assert_eq!(selection.profile, None);
}

#[test]
fn a_key_without_an_email_is_an_error_unless_a_profile_or_token_wins() {
    let key = environment(&["CLOUDFLARE_API_KEY"]);
    assert_eq!(
        select(&CredentialRequest::default(), &key, &settings())
            .unwrap_err()
            .kind,
        FailureKind::NoCredential
    );
    let named = CredentialRequest {
        profile: Some("work".to_owned()),
        ..CredentialRequest::default()
    };
    assert!(select(&named, &key, &settings()).is_ok());
    let both = environment(&["CLOUDFLARE_API_KEY", "CLOUDFLARE_API_TOKEN"]);
    assert!(select(&CredentialRequest::default(), &both, &settings()).is_ok());
}

#[test]
fn account_and_zone_together_are_an_error_and_screens_use_the_account() {
    let both = environment(&["CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_ZONE_ID"]);
    let failure = select(&CredentialRequest::default(), &both, &settings()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert_contains(&failure.summary, "CLOUDFLARE_ACCOUNT_ID");
    assert_contains(&failure.summary, "CLOUDFLARE_ZONE_ID");
    let screens = CredentialRequest {
        prefers_account: true,
        ..CredentialRequest::default()
    };
    assert_eq!(
        select(&screens, &both, &settings()).unwrap().scope,
        Some(Scope::Account(scope_id('4')))
    );
    let named = CredentialRequest {
        profile: Some("work".to_owned()),
        ..CredentialRequest::default()
    };
    assert_eq!(
        select(&named, &both, &settings()).unwrap().scope,
        Some(Scope::Account(scope_id('2')))
    );
}

#[test]
fn a_missing_profile_is_a_usage_error() {
    let wishes = CredentialRequest {
        profile: Some("nobody".to_owned()),
        ..CredentialRequest::default()
    };
    let failure = select(&wishes, &environment(&[]), &settings()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert!(failure.summary.contains("nobody"));
}
