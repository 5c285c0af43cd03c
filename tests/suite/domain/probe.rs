//! What a probe requests, which app a URL belongs to, and conclusions from answers and policies.

use std::time::Duration;

use serde_json::json;
use tokenscope::domain::access::address::{app_of, has_host};
use tokenscope::domain::access::conclusion::{Conclusion, Fault, conclude};
use tokenscope::domain::access::objects::App;
use tokenscope::domain::access::probe::{
    AppView, InvalidProbeUrl, PolicyView, ProbeAnswer, ProbeAnswers, ProbeUrl, is_demo_host,
};
use tokenscope::domain::access::signs::AnsweredBy;
use tokenscope::domain::access::token_pair::{
    InvalidClientId, InvalidTokenSecret, TokenHeader, is_same_client, read_client_id, read_secret,
};
use tokenscope::domain::access::verdict::{Reason, Verdict};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::status::Status;
use url::Url;

use crate::support::assertions::assert_contains;
use crate::support::table::rows;
use crate::support::tokens::{CLIENT_ID, ID};

const SECRET: &str = "bdd31c1fa6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0a6e0b1d2";

fn url(text: &str) -> ProbeUrl {
    ProbeUrl::parse(text).unwrap()
}

#[test]
fn accepts_a_url_as_copied() {
    for (text, expected) in [
        (
            "https://app.example.com/hooks",
            "https://app.example.com/hooks",
        ),
        ("app.example.com/hooks", "https://app.example.com/hooks"),
        ("  \"https://App.Example.com\" ", "https://app.example.com/"),
        (
            "<https://app.example.com/a?b=c#d>",
            "https://app.example.com/a?b=c",
        ),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/"),
        ("http://[::1]", "http://[::1]/"),
        ("localhost:8443/x", "https://localhost:8443/x"),
        ("app.example.com/?q=*", "https://app.example.com/?q=*"),
    ] {
        assert_eq!(url(text).to_string(), expected, "{text}");
    }
    for (text, error) in [
        ("", InvalidProbeUrl::Empty),
        (" \"\" ", InvalidProbeUrl::Empty),
        ("https://", InvalidProbeUrl::Malformed),
        ("https://a b/", InvalidProbeUrl::Malformed),
        ("ftp://app.example.com/", InvalidProbeUrl::Scheme),
        (
            "https://user@app.example.com/",
            InvalidProbeUrl::Credentials,
        ),
        (
            "https://user:pw@app.example.com/",
            InvalidProbeUrl::Credentials,
        ),
        ("https:/app.example.com", InvalidProbeUrl::Malformed),
        ("HTTP:/app.example.com/x://y", InvalidProbeUrl::Malformed),
        (ID, InvalidProbeUrl::Token),
        (CLIENT_ID, InvalidProbeUrl::Token),
        ("https://*.example.com/", InvalidProbeUrl::Star),
        ("app.example.com/*", InvalidProbeUrl::Star),
    ] {
        assert_eq!(ProbeUrl::parse(text), Err(error), "{text}");
    }
    let with_secret = format!("https://app.example.com/?x={SECRET}");
    assert_eq!(ProbeUrl::parse(&with_secret), Err(InvalidProbeUrl::Secret));
}

#[test]
fn a_secret_is_sent_over_https_or_to_loopback_only() {
    for (text, may) in [
        ("https://app.example.com/", true),
        ("http://app.example.com/", false),
        ("http://127.0.0.1:8080/", true),
        ("http://[::1]:8080/", true),
        ("http://localhost/", true),
        ("http://localhost.example.com/", false),
        ("http://0.0.0.0/", false),
        ("http://192.168.0.1/", false),
    ] {
        assert_eq!(url(text).may_carry_secret(), may, "{text}");
    }
}

#[test]
fn the_demo_answers_only_for_its_own_hosts() {
    for (host, is) in [
        ("deploy.example.com", true),
        ("example.com", true),
        ("a.b.EXAMPLE.com", true),
        ("notexample.com", false),
        ("example.com.evil.test", false),
        ("example.org", false),
        ("127.0.0.1", false),
        ("www.example.com.", false),
    ] {
        assert_eq!(is_demo_host(host), is, "{host}");
        let url = url(&format!("https://{host}/"));
        assert_eq!(url.is_of_demo(), is, "{host}");
    }
    assert!(!is_demo_host("") && !is_demo_host("com"));
}

fn apps(addresses: &[&str]) -> Vec<App> {
    let app = |address: &&str| {
        let app = json!({"id": address, "name": "A", "type": "self_hosted", "domain": address});
        App::parse(&app).unwrap()
    };
    addresses.iter().map(app).collect()
}

#[test]
fn a_url_belongs_to_the_app_with_the_most_specific_address() {
    let all = apps(&[
        "*.example.com",
        "app.example.com",
        "app.example.com/api",
        "app.example.com/api/*/deep",
        "app-*.example.com/x*",
        "other.example.com/only",
        "https://Spelled.Example.com:443/",
    ]);
    for row in rows::<2>(
        "
        https://app.example.com/             | app.example.com
        https://app.example.com/apis         | app.example.com
        https://app.example.com/api          | app.example.com/api
        https://app.example.com/api/v1?x=y   | app.example.com/api
        https://app.example.com/api/v1/deep  | app.example.com/api/*/deep
        https://APP.example.com:8443/api     | app.example.com/api
        https://app-1.example.com/xyz/z      | app-*.example.com/x*
        https://app-1.example.com/           | *.example.com
        https://other.example.com/           | *.example.com
        https://other.example.com/only/this  | other.example.com/only
        https://spelled.example.com/a        | https://spelled.example.com:443/
        https://a.b.example.com/             | -
        https://example.com/                 | -
        https://app.example.com.evil.test/   | -
        ",
    ) {
        let [text, expected] = row;
        let found = app_of(&all, &Url::parse(text).unwrap());
        assert_eq!(found.map_or("-", |app| app.id.as_str()), expected, "{text}");
    }
}

#[test]
fn a_host_is_listed_whatever_the_path_and_for_any_number_of_labels() {
    let all = apps(&["*.example.com/x", "one.example.net/y"]);
    for (text, is_listed) in [
        ("https://a.example.com/", true),
        ("https://a.b.example.com/", true),
        ("https://one.example.net/", true),
        ("https://example.com/", false),
        ("https://two.example.net/", false),
    ] {
        assert_eq!(
            has_host(&all, &Url::parse(text).unwrap()),
            is_listed,
            "{text}"
        );
    }
    // Matching takes at most the product of the lengths of pattern and text.
    let stars = format!("{}b", "*a".repeat(2_000));
    let long = format!("https://app.example.com/{}", "a".repeat(20_000));
    let all = apps(&[&format!("app.example.com/{stars}")]);
    assert!(app_of(&all, &Url::parse(&long).unwrap()).is_none());
}

#[test]
fn reads_every_address_of_an_app() {
    let app = App::parse(&json!({
        "id": "a", "name": "A", "type": "self_hosted", "domain": "one.example.com",
        "destinations": [
            {"type": "public", "uri": "one.example.com"}, {"type": "public", "uri": "two.example.com/x"},
            {"uri": "three.example.com"}, {"type": "private", "uri": "10.0.0.1"}, {"type": "worker", "worker_id": "w"}
        ],
        "self_hosted_domains": ["one.example.com", "four.example.com", 4]
    }))
    .unwrap();
    let expected = [
        "one.example.com",
        "two.example.com/x",
        "three.example.com",
        "four.example.com",
    ];
    assert_eq!(app.addresses, expected);
}

#[test]
fn accepts_a_client_id_as_copied_and_says_what_was_removed() {
    let digits = &CLIENT_ID[..32];
    for (text, remark) in [
        (CLIENT_ID.to_owned(), ""),
        (CLIENT_ID.to_uppercase(), ""),
        (format!("{CLIENT_ID}\n"), ""),
        (digits.to_owned(), ".access was missing at its end"),
        (
            format!("'{digits}'"),
            "quotes were removed, .access was missing at its end",
        ),
        (
            format!("CF-Access-Client-Id: {CLIENT_ID}"),
            "the name in front was removed",
        ),
        (format!("  {CLIENT_ID}  "), "blanks were removed"),
    ] {
        let read = read_client_id(&text).unwrap();
        assert_eq!(read.value.as_str(), CLIENT_ID, "{text}");
        assert_eq!(read.remarks.join(", "), remark, "{text}");
    }
    for (text, error) in [
        ("", InvalidClientId::Empty),
        (SECRET, InvalidClientId::Secret),
        (
            "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
            InvalidClientId::TokenId,
        ),
        ("CI/CD token", InvalidClientId::Malformed),
    ] {
        assert_eq!(read_client_id(text), Err(error), "{text}");
    }
    assert!(is_same_client(
        CLIENT_ID,
        &format!("{CLIENT_ID}.example.com")
    ));
    assert!(!is_same_client(
        CLIENT_ID,
        "00000000000000000000000000000000.access"
    ));
}

#[test]
fn accepts_a_secret_as_copied_but_no_other_credential() {
    for (text, remark) in [
        (SECRET.to_owned(), ""),
        (format!("{SECRET}\r\n"), ""),
        ("demo-secret".to_owned(), ""),
        (format!("\"{SECRET}\""), "quotes were removed"),
        (
            format!("CF-Access-Client-Secret: {SECRET}"),
            "the name in front was removed",
        ),
        (
            format!("-H 'CF-Access-Client-Secret: {SECRET}'"),
            "the name in front and quotes were removed",
        ),
    ] {
        let read = read_secret(&text).unwrap();
        assert!(
            [SECRET, "demo-secret"].contains(&read.value.expose()),
            "{text}"
        );
        assert_eq!(read.remarks.join(", "), remark, "{text}");
    }
    assert_eq!(read_secret(CLIENT_ID), Err(InvalidTokenSecret::ClientId));
    for prefix in ["cfut_", "cfat_", "cfk_", "cfoat_", "v1.0-"] {
        let error = read_secret(&format!("{prefix}{}", &SECRET[..40])).unwrap_err();
        assert!(matches!(error, InvalidTokenSecret::Other(_)), "{prefix}");
    }
    assert!(read_secret(&format!("cfast_{}", &SECRET[..40])).is_ok());
    for text in ["", "two words", "\u{e9}", &"x".repeat(5_000)] {
        assert!(
            matches!(read_secret(text), Err(InvalidTokenSecret::Form(_))),
            "{text}"
        );
    }
}

#[test]
fn a_custom_header_must_not_frame_the_request() {
    for name in ["Authorization", "x-token", "X_Token"] {
        assert_eq!(
            TokenHeader::parse(name).unwrap().as_str(),
            name.to_lowercase()
        );
    }
    for name in [
        "",
        "Host",
        "content-length",
        "Proxy-Authorization",
        "a b",
        "a: b",
        SECRET,
        "Connection",
    ] {
        assert_eq!(TokenHeader::parse(name), None, "{name}");
    }
}

pub(crate) fn answer(status: u16, answered_by: AnsweredBy) -> ProbeAnswer {
    ProbeAnswer {
        status: Some(status),
        answered_by,
        cf_ray: Some("95942549c0ffee00-LHR".to_owned()),
        redirect: None,
        took: Duration::from_millis(41),
    }
}

fn judged(verdict: Verdict, reason: Option<Reason>) -> AppView {
    AppView::Judged {
        app: "app.example.com".to_owned(),
        verdict,
        reason,
        policy: Some("CI only".to_owned()),
        header: None,
        message: "Policy CI only says so. Change it.".to_owned(),
    }
}

/// The policies by a short word.
fn policies(word: &str) -> Option<PolicyView> {
    let (word, strict) = match word.split_once(' ') {
        Some((word, "strict")) => (word, Some(true)),
        Some((word, _)) => (word, Some(false)),
        None => (word, None),
    };
    let refused = |reason| judged(Verdict::Refused, Some(reason));
    let named = || AppView::NotNamed {
        app: "app.example.com".to_owned(),
    };
    let (status, app, is_complete) = match word {
        "none" => return None,
        "expired" => (Status::Expired, judged(Verdict::Opens, None), true),
        "disabled" => (Status::Disabled, AppView::HostNotListed, false),
        "token_dead" => (Status::Unknown, refused(Reason::TokenDead), true),
        "wrong_action" => (Status::Active, refused(Reason::WrongAction), true),
        "blocked" => (Status::Active, refused(Reason::Blocked), true),
        "rule_fails" => (Status::Active, refused(Reason::RuleFails), false),
        "infrastructure" => (Status::Active, refused(Reason::Infrastructure), true),
        "unnamed" => (Status::Active, named(), true),
        "incomplete" => (Status::Active, named(), false),
        "opens" => (Status::Active, judged(Verdict::Opens, None), true),
        "open_to_all" => (Status::Active, judged(Verdict::OpenToAll, None), true),
        "by_group" => (Status::Active, judged(Verdict::OpensByGroup, None), true),
        "depends" => (Status::Active, judged(Verdict::Depends, None), true),
        "unknown" => (Status::Active, judged(Verdict::Unknown, None), true),
        "no_path" => (Status::Active, AppView::PathNotListed, true),
        "no_app" => (Status::Active, AppView::HostNotListed, true),
        other => panic!("{other}"),
    };
    Some(PolicyView {
        status,
        secret_version: Some(3),
        app,
        is_complete,
        strict,
    })
}

/// An answer from its status and who answered.
fn read_answer(text: &str) -> ProbeAnswer {
    let (status, by) = text.split_once(' ').unwrap();
    let by = match by {
        "access" => AnsweredBy::Access,
        "waf" => AnsweredBy::Waf,
        "origin" => AnsweredBy::Origin,
        _ => AnsweredBy::Unknown,
    };
    answer(status.parse().unwrap(), by)
}

fn of(bare: &str, with_token: Option<&str>, view: &str) -> Conclusion {
    let answers = ProbeAnswers {
        header: None,
        bare: read_answer(bare),
        with_token: with_token.map(read_answer),
        failure: None,
    };
    conclude(
        &url("https://app.example.com/"),
        &answers,
        policies(view).as_ref(),
        CLIENT_ID,
    )
}

/// The table of conclusions: policies, the answer to the token, and the result.
#[test]
fn answers_and_policies_decide_together() {
    for [view, answer, verdict, fault, code, words] in rows::<6>(
        "
        none            | 200 origin  | opens     | none    | 0 | the origin answered 200
        opens legacy    | 302 origin  | opens     | none    | 0 | the origin answered 302
        incomplete      | 404 origin  | opens     | none    | 0 | the origin answered 404
        none            | 401 origin  | opens     | origin  | 1 | audTag
        depends         | 403 origin  | opens     | origin  | 1 | the origin refused with 403
        none            | 502 unknown | undecided | origin  | 3 | is down: 502
        opens           | 530 unknown | undecided | origin  | 3 | Start the origin
        expired         | 403 access  | refused   | token   | 2 | it has expired
        disabled        | 302 access  | refused   | token   | 2 | it is disabled
        token_dead      | 403 access  | refused   | token   | 2 | expired or disabled
        expired strict  | 401 access  | refused   | token   | 2 | it has expired
        wrong_action    | 403 access  | refused   | policy  | 2 | no policy of app.example.com admits it. / Policy CI only says so.
        blocked         | 403 access  | refused   | policy  | 2 | Policy CI only says so.
        rule_fails      | 302 access  | refused   | policy  | 2 | Policy CI only says so.
        infrastructure  | 403 access  | refused   | policy  | 2 | Policy CI only says so.
        unnamed         | 403 access  | refused   | policy  | 2 | no policy of app.example.com names it. / Name the token
        unnamed strict  | 401 access  | refused   | policy  | 2 | names it
        opens strict    | 403 access  | refused   | policy  | 2 | The secret is right / probe again in two minutes
        opens strict    | 401 access  | refused   | secret  | 2 | not the current one / the secret of version 3
        opens legacy    | 403 access  | refused   | secret  | 2 | not the current one / Policy CI only (Service Auth) admits
        opens           | 302 access  | refused   | secret  | 2 | changed in the last two minutes
        none            | 401 access  | refused   | unknown | 2 | tokenscope uses 88bf3b6d86161464f6509f7219099e57.access
        none            | 403 access  | refused   | unknown | 2 | tokenscope uses
        depends strict  | 401 access  | refused   | secret  | 2 | knows no token with this client ID and secret
        depends strict  | 403 access  | refused   | unknown | 2 | the secret is right
        depends legacy  | 401 access  | refused   | unknown | 2 | Policy CI only says so.
        by_group        | 403 access  | refused   | unknown | 2 | not certain
        open_to_all     | 403 access  | refused   | unknown | 2 | not certain
        unknown         | 403 access  | refused   | unknown | 2 | not certain
        incomplete      | 403 access  | refused   | unknown | 2 | not all could be read
        no_app strict   | 401 access  | refused   | secret  | 2 | secret of version 3
        no_app          | 403 access  | refused   | unknown | 2 | No app that was read has this host
        no_path         | 403 access  | refused   | unknown | 2 | check the path
        opens           | 403 waf     | blocked   | waf     | 3 | the ray 95942549c0ffee00
        none            | 429 waf     | blocked   | waf     | 3 | before Access
        ",
    ) {
        let row = format!("{view} / {answer}");
        let conclusion = of("403 access", Some(answer), view);
        assert_eq!(conclusion.verdict.code(), verdict, "{row}");
        assert_eq!(conclusion.fault.code(), fault, "{row}");
        assert_eq!(conclusion.exit_code().to_string(), code, "{row}");
        let said = format!("{} {}", conclusion.message, conclusion.hint.unwrap_or_default());
        for words in words.split(" / ") {
            assert!(said.contains(words), "{row}: {words}: {said}");
        }
    }
}

/// If policies should have refused the token, they are incomplete, or another app answered.
#[test]
fn an_accepted_token_that_policies_refuse_is_pointed_out() {
    for view in [
        "wrong_action",
        "rule_fails",
        "unnamed",
        "incomplete",
        "no_app",
        "no_path",
        "token_dead",
    ] {
        for answer in ["200 origin", "403 origin", "502 unknown"] {
            let hint = of("403 access", Some(answer), view)
                .hint
                .unwrap_or_default();
            assert!(
                hint.contains("another app answers here"),
                "{view}, {answer}: {hint}"
            );
        }
    }
    for view in [
        "none",
        "opens",
        "depends",
        "by_group",
        "open_to_all",
        "unknown",
    ] {
        assert_eq!(
            of("302 access", Some("200 origin"), view).hint,
            None,
            "{view}"
        );
    }
}

#[test]
fn without_a_refusal_by_access_the_secret_is_not_sent() {
    for [bare, verdict, fault, words] in rows::<4>(
        "
        200 origin  | no_access | unknown | the secret was not sent / Bypass
        404 origin  | no_access | unknown | the secret was not sent
        403 origin  | no_access | unknown | which answered 403
        502 unknown | undecided | unknown | The secret was not sent
        401 unknown | undecided | unknown | login of Access
        403 waf     | blocked   | waf     | nothing was learnt about the token
        ",
    ) {
        for view in ["none", "opens", "wrong_action"] {
            let conclusion = of(bare, None, view);
            assert_eq!(conclusion.verdict.code(), verdict, "{bare}");
            assert_eq!(conclusion.fault.code(), fault, "{bare}");
            assert_eq!(conclusion.exit_code(), 3, "{bare}");
            let said = format!("{} {}", conclusion.message, conclusion.hint.unwrap());
            for words in words.split(" / ") {
                assert!(said.contains(words), "{bare}: {words}: {said}");
            }
        }
    }
    let answers = ProbeAnswers {
        header: None,
        bare: answer(403, AnsweredBy::Access),
        with_token: None,
        failure: None,
    };
    let plain = conclude(&url("http://app.example.com/x"), &answers, None, CLIENT_ID);
    assert_eq!((plain.verdict.code(), plain.exit_code()), ("undecided", 3));
    assert_eq!(plain.hint.unwrap(), "Probe https://app.example.com/x.");
}

#[test]
fn a_missing_answer_decides_nothing() {
    let failure = Failure::new(
        FailureKind::Timeout,
        "No response after 30 seconds.",
        "Wait longer.",
    );
    for with_token in [
        None,
        Some(ProbeAnswer {
            status: None,
            ..answer(1, AnsweredBy::Unknown)
        }),
    ] {
        let answers = ProbeAnswers {
            header: None,
            bare: answer(403, AnsweredBy::Access),
            with_token: with_token.clone(),
            failure: Some(failure.clone()),
        };
        let view = policies("opens");
        let conclusion = conclude(
            &url("https://a.example.com"),
            &answers,
            view.as_ref(),
            CLIENT_ID,
        );
        assert_eq!(conclusion.verdict.code(), "undecided");
        assert_eq!(conclusion.fault.code(), "unknown");
        assert_eq!(conclusion.exit_code(), 3);
        assert_contains(&conclusion.message, "No response after 30 seconds");
        assert_eq!(conclusion.hint.as_deref(), Some("Wait longer."));
    }
}

#[test]
fn a_redirect_elsewhere_names_the_url_to_probe() {
    let mut bare = answer(301, AnsweredBy::Origin);
    bare.redirect = Some("https://app.example.com/hooks/".to_owned());
    let answers = ProbeAnswers {
        header: None,
        bare,
        with_token: None,
        failure: None,
    };
    let conclusion = conclude(
        &url("http://app.example.com/hooks"),
        &answers,
        None,
        CLIENT_ID,
    );
    assert_contains(
        &conclusion.hint.unwrap(),
        "redirects to https://app.example.com/hooks/",
    );
}

#[test]
fn an_app_without_an_address_covers_nothing() {
    let app = json!({"id": "a", "type": "self_hosted", "domain": null});
    let app = App::parse(&app).unwrap();
    assert!(app_of([&app], &Url::parse("https://a.example.com").unwrap()).is_none());
}

#[test]
fn a_secret_is_not_blamed_if_the_app_reads_another_header() {
    let conclusion = |read: Option<&str>, sent: Option<&str>| {
        let mut view = policies("opens").unwrap();
        if let AppView::Judged { header, .. } = &mut view.app {
            *header = read.map(str::to_owned);
        }
        let answers = ProbeAnswers {
            header: sent.and_then(TokenHeader::parse),
            bare: read_answer("403 access"),
            with_token: Some(read_answer("403 access")),
            failure: None,
        };
        let url = url("https://app.example.com/");
        conclude(&url, &answers, Some(&view), CLIENT_ID)
    };
    for (read, sent) in [(None, None), (Some("Authorization"), Some("authorization"))] {
        let conclusion = conclusion(read, sent);
        assert_eq!(conclusion.fault, Fault::Secret, "{read:?} {sent:?}");
    }
    for (read, sent, option) in [
        (Some("Authorization"), None, "`--header authorization`"),
        (Some("X-Token"), Some("authorization"), "`--header x-token`"),
        (None, Some("authorization"), "without `--header`"),
    ] {
        let conclusion = conclusion(read, sent);
        assert_eq!(conclusion.fault, Fault::Unknown, "{read:?} {sent:?}");
        assert!(
            conclusion.hint.unwrap().contains(option),
            "{read:?} {sent:?}"
        );
    }
}
