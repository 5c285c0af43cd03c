//! Texts that look like credentials, and texts that do not.

use chrono::TimeDelta;
use tokenscope::domain::failure::{ApiError, Details, Failure, FailureKind};
use tokenscope::domain::profile::{InvalidProfileName, parse_new_profile_name, parse_profile_name};
use tokenscope::domain::redaction::{HIDDEN, holds_secret, quoted, scrub};
use tokenscope::domain::token::{InvalidTokenRef, TokenRef};

pub(crate) const SECRETS: [&str; 25] = [
    "xcfut_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd",
    "%20cfut_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd",
    "cfut_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd",
    "cfat_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd",
    "cfk_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd",
    "cfoat_Xq3v8Rk1Zt6Yw9Bn2Md5Pf",
    "cfast_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd",
    "Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo",
    "Xq3v8Rk1-t6Yw9Bn2Md5Pf7L_4Hj0Cs8Ka1Ve3Uo",
    "abcdefghij0123456789abcdefghij0123456789",
    "0123456789abcdef0123456789abcdef01234",
    "0123456789abcdef0123456789abcdef012345678901",
    "bdd31c01bdd31c01bdd31c01bdd31c01bdd31c01bdd31c01bdd31c01bdd31c01",
    "Bearer canary/0123+456789=",
    "bearer  Xq3v8Rk1Zt6",
    "Authorization: Bearer Xq3v8Rk1Zt6",
    "CLOUDFLARE_API_TOKEN=hunter",
    "export CLOUDFLARE_API_KEY='/+hunter'",
    "CF_API_TOKEN=\"hunter\"",
    "CF_API_KEY=hunter",
    "CLOUDFLARE_ACCESS_CLIENT_SECRET=\"hunter\"",
    "export TUNNEL_SERVICE_TOKEN_SECRET=hunter",
    "Cookie: CF_Authorization=hunter",
    "X-Auth-Key: 0123456789abcd",
    "\"cfat_Xq3v8Rk1Zt6Yw9Bn2Md5Pf7Lg4Hj0Cs8Ka1Ve3Uo12ab34cd\",",
];

const OTHERS: [&str; 34] = [
    "cfast_legacy_import",
    "cfk_migration_helper",
    "cfut_prodDeployer1",
    "authorization gateway1",
    "bearer service1",
    "x-auth-key migrator2",
    "ProductionDeployFrankfurtBackup2025Main0",
    "4c72898a1b2c3d4e5f60718293a4b5c6d79c2e0a",
    "",
    "CI/CD token",
    "Bearer token for production",
    "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
    "f174e90a-fafe-4643-bbbc-4a0ed4fc84150000",
    "f174e90afafe4643bbbc4a0ed4fc8415",
    "023e105f4ecef8ad9ca31a8372d0c353",
    "88bf3b6d86161464f6509f7219099e57.access",
    "88bf3b6d86161464f6509f7219099e57.access.example.com",
    "https://one.dash.cloudflare.com/023e105f4ecef8ad9ca31a8372d0c353/access/service-auth/f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
    "deploy-github-actions-eu-west1-prod-2025",
    "Deploy_Github_Actions_Eu_West1_Prod_2025",
    "a-name-of-many-letters-that-has-no-digit",
    "cfat_",
    "cfat_prod",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_API_TOKEN is set, but empty",
    "X-Auth-Key: invalid",
    "Invalid format for Authorization header",
    "Authorization is required",
    "\"client_secret_version\": 2",
    "GET /client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/access/service_tokens",
    "8f00000000000000-AMS",
    "/home/me/certificates/company-root-2025.pem",
    "pröd 7",
    "=Bearer:",
];

#[test]
fn recognises_credentials_by_their_look() {
    for secret in SECRETS {
        assert!(holds_secret(secret), "{secret}");
        let said = format!("invalid value '{secret}' for --theme");
        let clean = scrub(&said);
        assert!(clean.contains(HIDDEN), "{clean}");
        for piece in ["Xq3v", "5Pf7", "cdef", "31c01", "abcd", "456789", "hunter"] {
            assert!(!clean.contains(piece), "{clean}");
        }
        assert!(clean.ends_with("for --theme"), "{clean}");
    }
}

#[test]
fn ids_urls_and_names_are_not_redacted() {
    for text in OTHERS {
        assert_eq!(scrub(text), text);
        assert!(!holds_secret(text), "{text}");
    }
}

#[test]
fn a_credential_is_refused_as_a_token_or_a_new_profile_name() {
    for secret in SECRETS {
        assert_eq!(
            TokenRef::parse(secret),
            Err(InvalidTokenRef::Secret),
            "{secret}"
        );
    }
    let secret = SECRETS[0];
    assert_eq!(
        parse_new_profile_name(secret),
        Err(InvalidProfileName::Secret)
    );
    // An existing profile of that name can still be used.
    assert!(parse_profile_name(secret).is_ok());
    assert_eq!(parse_new_profile_name("prod").as_deref(), Ok("prod"));
}

#[test]
fn a_secret_is_redacted_before_the_text_is_truncated() {
    let secret = "bdd31c01".repeat(8);
    let secret = secret.as_str();
    assert_eq!(quoted(secret), format!("{HIDDEN:?}"));
    let long = format!("{} {secret}", "word ".repeat(11));
    assert!(!quoted(&long).contains("bdd31"), "{}", quoted(&long));
}

/// The CPU time of this thread, which other load on the machine does not affect.
#[cfg(unix)]
fn time_used() -> TimeDelta {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    TimeDelta::seconds(used.tv_sec) + TimeDelta::nanoseconds(used.tv_nsec)
}

#[cfg(unix)]
#[test]
fn long_text_is_scrubbed_quickly() {
    let before = time_used();
    for piece in [
        ":",
        "id:",
        "bearer ",
        "bearer :",
        "漢",
        "\"",
        "TOKEN=",
        "cf_api_token=",
        "a-",
    ] {
        let text = piece.repeat(200_000 / piece.len());
        let _clean = scrub(&text);
        let _meant = TokenRef::parse(&text);
    }
    let took = time_used() - before;
    assert!(took < TimeDelta::seconds(5), "{took}");
}

#[test]
fn every_part_of_a_failure_is_scrubbed() {
    let secret = SECRETS[0];
    let error = || ApiError {
        message: format!("no {secret}"),
        pointer: Some(format!("/{secret}")),
        documentation_url: Some(format!("https://x/{secret}")),
        ..ApiError::default()
    };
    let details = Details {
        request: Some(format!("GET /{secret}")),
        cf_ray: Some(secret.to_owned()),
        cause: Some(format!("with --{secret}")),
        api_errors: vec![ApiError {
            chain: vec![error()],
            ..error()
        }],
        ..Details::default()
    };
    let mut failure = Failure::new(FailureKind::Usage, format!("a {secret}"), secret);
    *failure.details = details;
    let clean = failure.scrubbed();
    let said = clean.lines().join("\n");
    assert!(!said.contains(&secret[5..20]), "{said}");
    assert_eq!(said.matches(HIDDEN).count(), 11, "{said}");
}
