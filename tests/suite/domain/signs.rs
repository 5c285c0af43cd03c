//! Who answered: measured responses, and lookalikes.

use tokenscope::domain::access::signs::{AnsweredBy, Signs};
use url::Url;

const URL: &str = "https://app.example.com/hooks";

/// Judges an answer in one line: the status, then `name: value` of each header, then `body: …`.
fn judge<T>(answer: &str, judge: impl Fn(Signs) -> T) -> T {
    let url = Url::parse(URL).unwrap();
    let mut parts = answer.split(" ; ");
    let status = parts.next().unwrap().parse().unwrap();
    let headers: Vec<(&str, &str)> = parts.map(|it| it.split_once(": ").unwrap()).collect();
    let find = |name: &str| {
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    judge(Signs {
        url,
        status,
        location: find("location"),
        cf_access_aud: find("aud"),
        cf_access_domain: find("domain"),
        cf_mitigated: find("cf-mitigated"),
        www_authenticate: find("www-authenticate"),
        body: find("body").unwrap_or_default().into(),
    })
}

fn bare(answer: &str) -> (bool, AnsweredBy) {
    judge(answer, |signs| {
        (signs.allow_the_secret(), signs.bare_answered_by())
    })
}

fn with_token(answer: &str) -> AnsweredBy {
    judge(answer, |signs| signs.answered_by(None))
}

const LOGIN: &str = "/cdn-cgi/access/login/app.example.com?kid=a&meta=b&redirect_url=%2F";

#[test]
fn access_is_recognised_by_both_headers_or_its_login_page() {
    for answer in [
        "403 ; aud: a ; domain: app.example.com".to_owned(),
        "401 ; aud: a ; domain: app.example.com".to_owned(),
        "401 ; aud: a ; domain: app.example.com ; www-authenticate: Bearer realm=\"OAuth\""
            .to_owned(),
        format!("302 ; location: https://team.cloudflareaccess.com{LOGIN}"),
        format!("302 ; aud: a ; domain: d ; location: https://team.cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: HTTPS://Team.CloudflareAccess.COM{LOGIN}"),
        format!("302 ; location: https://team.cloudflareaccess.com:443{LOGIN}"),
        format!("303 ; location: https://a.b.cloudflareaccess.com{LOGIN}"),
        format!("307 ; location: {LOGIN}"),
        format!("302 ; location: https://app.example.com{LOGIN}"),
        format!("302 ; location: //APP.example.com:443{LOGIN}"),
    ] {
        assert_eq!(bare(&answer), (true, AnsweredBy::Access), "{answer}");
        assert_eq!(with_token(&answer), AnsweredBy::Access, "{answer}");
    }
}

#[test]
fn lookalikes_of_access_never_get_the_secret() {
    for answer in [
        "403".to_owned(),
        "401".to_owned(),
        "403 ; aud: a".to_owned(),
        "403 ; domain: app.example.com".to_owned(),
        "403 ; aud:   ; domain:  ".to_owned(),
        "401 ; aud: a".to_owned(),
        "200 ; aud: a ; domain: d".to_owned(),
        "204 ; aud: a ; domain: d".to_owned(),
        "404 ; aud: a ; domain: d".to_owned(),
        "405 ; aud: a ; domain: d".to_owned(),
        "400 ; aud: a ; domain: d".to_owned(),
        "407 ; aud: a ; domain: d".to_owned(),
        "302 ; aud: a ; domain: d".to_owned(),
        "302 ; aud: a ; domain: d ; location: https://login.example.net/".to_owned(),
        "200 ; body: <title>Sign in ・ Cloudflare Access</title>".to_owned(),
        format!("200 ; location: https://team.cloudflareaccess.com{LOGIN}"),
        format!("401 ; location: https://team.cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: https://evil-cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: https://cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: https://.cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: https://team.cloudflareaccess.com.evil.example{LOGIN}"),
        format!("302 ; location: https://team.cloudflareaccess.com.{LOGIN}"),
        format!("302 ; location: https://team.cloudflareaccess.com@evil.example{LOGIN}"),
        format!("302 ; location: https://user@team.cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: https://team.cloudflareaccess.com:8443{LOGIN}"),
        format!("302 ; location: http://team.cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: http://app.example.com{LOGIN}"),
        format!("302 ; location: https://app.example.com:8443{LOGIN}"),
        format!("302 ; location: https://other.example.com{LOGIN}"),
        format!("302 ; location: https://evil.example/.cloudflareaccess.com{LOGIN}"),
        format!("302 ; location: https://evil.example\\.cloudflareaccess.com{LOGIN}"),
        "302 ; location: https://team.cloudflareaccess.com/".to_owned(),
        "302 ; location: https://team.cloudflareaccess.com/cdn-cgi/access/logout".to_owned(),
        "302 ; location: https://team.cloudflareaccess.com/cdn-cgi/access/login/../x".to_owned(),
        "302 ; location: https://team.cloudflareaccess.com/cdn-cgi/access/login/%2e%2e/x"
            .to_owned(),
        "302 ; location: https://team.cloudflareaccess.com/x?/cdn-cgi/access/login/".to_owned(),
        "302 ; location: https://team.cloudflareaccess.com/x#/cdn-cgi/access/login/".to_owned(),
        "302 ; location: /cdn-cgi/access/authorized".to_owned(),
        "302 ; location: https://[".to_owned(),
        "301 ; location: https://app.example.com/hooks/".to_owned(),
    ] {
        assert_eq!(bare(&answer), (false, AnsweredBy::Origin), "{answer}");
    }
    // Unclear whether Access or the app failed or asked for a login.
    for answer in [
        "500 ; aud: a ; domain: d",
        "502",
        "530 ; body: error code: 1033",
        "401 ; www-authenticate: Cloudflare-Access",
        "403 ; www-authenticate: Cloudflare-Access",
        "401 ; www-authenticate: Bearer realm=\"OAuth\", resource_metadata=\"https://app.example.com/.well-known/cloudflare-access-protected-resource/hooks\"",
    ] {
        assert_eq!(bare(answer), (false, AnsweredBy::Unknown), "{answer}");
    }
}

#[test]
fn one_sign_suffices_to_judge_the_answer_to_the_token() {
    for (answer, by) in [
        ("403 ; aud: a", AnsweredBy::Access),
        ("401 ; domain: d", AnsweredBy::Access),
        (
            "401 ; www-authenticate: Cloudflare-Access",
            AnsweredBy::Access,
        ),
        (
            "403 ; www-authenticate: cloudflare-access",
            AnsweredBy::Access,
        ),
        (
            "401 ; www-authenticate: Basic realm=\"app\"",
            AnsweredBy::Origin,
        ),
        (
            "401 ; www-authenticate: Bearer realm=\"OAuth\"",
            AnsweredBy::Origin,
        ),
        (
            "302 ; location: http://team.cloudflareaccess.com/cdn-cgi/access/login/x",
            AnsweredBy::Access,
        ),
        (
            "302 ; location: https://team.cloudflareaccess.com/warp",
            AnsweredBy::Access,
        ),
        (
            "302 ; location: https://team.cloudflareaccess.com:8443/x",
            AnsweredBy::Access,
        ),
        (
            "302 ; location: https://user@team.cloudflareaccess.com./x",
            AnsweredBy::Access,
        ),
        (
            "302 ; location: /cdn-cgi/access/authorized",
            AnsweredBy::Access,
        ),
        (
            "302 ; location: http://app.example.com/cdn-cgi/access/login/x",
            AnsweredBy::Access,
        ),
        (
            "302 ; location: https://evil-cloudflareaccess.com/x",
            AnsweredBy::Origin,
        ),
        (
            "302 ; location: https://other.example.com/cdn-cgi/access/x",
            AnsweredBy::Origin,
        ),
        (
            "302 ; location: /x?/cdn-cgi/access/login/",
            AnsweredBy::Origin,
        ),
        ("405", AnsweredBy::Origin),
        ("200 ; aud: a ; domain: d", AnsweredBy::Origin),
        ("404 ; aud: a", AnsweredBy::Origin),
        (
            "302 ; location: https://login.example.net/",
            AnsweredBy::Origin,
        ),
        ("401", AnsweredBy::Origin),
        ("403", AnsweredBy::Origin),
        ("429", AnsweredBy::Origin),
        ("502", AnsweredBy::Unknown),
        ("530 ; body: error code: 1033", AnsweredBy::Unknown),
    ] {
        assert_eq!(with_token(answer), by, "{answer}");
    }
}

#[test]
fn a_challenge_repeated_from_the_bare_request_is_access() {
    let challenge = "Bearer realm=\"OAuth\", resource_metadata=\"https://app.example.com/x\"";
    let answer = format!("401 ; www-authenticate: {challenge}");
    let by = |bare: Option<&str>| judge(&answer, |signs| signs.answered_by(bare));
    assert_eq!(by(Some(challenge)), AnsweredBy::Access);
    assert_eq!(by(Some("Bearer")), AnsweredBy::Origin);
    assert_eq!(by(None), AnsweredBy::Origin);
    let without = |bare| judge("401", |signs| signs.answered_by(bare));
    assert_eq!(without(None), AnsweredBy::Origin);
}

#[test]
fn the_firewall_is_recognised_by_its_header_and_its_pages() {
    for answer in [
        "403 ; cf-mitigated: challenge",
        "403 ; cf-mitigated:  Challenge ; aud: a ; domain: d",
        "200 ; cf-mitigated: challenge",
        "429 ; cf-mitigated: challenge",
        "503 ; cf-mitigated: challenge",
        "403 ; cf-mitigated: block",
        "200 ; cf-mitigated: managed_challenge",
        "403 ; body: error code: 1010",
        "403 ; body: <h1>Sorry, you have been blocked</h1>",
        "403 ; body: error code: 1020",
        "429 ; body: error code: 1015",
    ] {
        assert_eq!(bare(answer), (false, AnsweredBy::Waf), "{answer}");
        assert_eq!(with_token(answer), AnsweredBy::Waf, "{answer}");
    }
    for answer in [
        "403 ; cf-mitigated:  ",
        "200 ; body: Sorry, you have been blocked",
        "404 ; body: error code: 1010",
        "403 ; body: <p>about error code: 1020 and others</p>",
    ] {
        assert_eq!(bare(answer), (false, AnsweredBy::Origin), "{answer}");
    }
    // Access's page is recognised by its headers, whatever its text.
    let both = "403 ; aud: a ; domain: d ; body: Sorry, you have been blocked";
    assert_eq!(bare(both), (false, AnsweredBy::Waf));
    assert_eq!(with_token(both), AnsweredBy::Access);
}

#[test]
fn the_body_is_needed_only_if_nothing_else_decides() {
    let needs = |answer| judge(answer, |signs| signs.needs_body());
    for answer in ["403", "429", "403 ; www-authenticate: Basic"] {
        assert!(needs(answer), "{answer}");
    }
    for answer in [
        "200",
        "401",
        "404",
        "502",
        "403 ; aud: a ; domain: d",
        "403 ; cf-mitigated: challenge",
    ] {
        assert!(!needs(answer), "{answer}");
    }
}
