//! References to tokens: IDs, client IDs, URLs and names.

use proptest::prelude::*;
use tokenscope::domain::scope::{Scope, ScopeId, ScopeKind};
use tokenscope::domain::token::{ClientId, InvalidTokenRef, TokenId, TokenRef};

use crate::domain::token;
use crate::support::assertions::assert_lacks;
use crate::support::sessions::account;
use crate::support::tokens::{ACCOUNT, CLIENT_ID, ID};

fn parse(text: &str) -> TokenRef {
    TokenRef::parse(text).unwrap()
}

fn name(text: &str) -> TokenRef {
    TokenRef::Name(text.to_owned())
}

fn zone() -> Scope {
    Scope::Zone(ScopeId::parse(ACCOUNT).unwrap())
}

fn url(scope: Option<Scope>) -> TokenRef {
    TokenRef::Url {
        scope,
        id: TokenId::parse(ID).unwrap(),
    }
}

#[test]
fn accepts_an_id_in_any_case_and_as_copied() {
    for text in [
        ID.to_owned(),
        ID.to_uppercase(),
        format!(" {ID}\r\n"),
        format!("\u{FEFF}{ID}\u{200B}"),
    ] {
        assert_eq!(
            parse(&text),
            TokenRef::Id(TokenId::parse(ID).unwrap()),
            "{text:?}"
        );
    }
    assert_eq!(parse(&ID.to_uppercase()).to_string(), ID);
}

#[test]
fn accepts_an_id_without_dashes_and_a_client_id_without_its_end() {
    for text in [
        &ID.replacen('-', "", 1),
        &ID.replace('-', "\u{2013}"),
        &format!("CF-Access-Client-Id: {ID}"),
    ] {
        assert_eq!(parse(text).to_string(), ID, "{text}");
        assert!(parse(text).id().is_some(), "{text}");
    }
    for text in [ID.replace('-', ""), ID.replace('-', "").to_uppercase()] {
        let digits = parse(&text);
        assert_eq!(digits.to_string(), ID.replace('-', ""));
        assert_eq!(digits.id(), None, "it may be a client ID");
        let token = |member: &str| token(&format!("{{{member}}}"));
        assert!(token(&format!(r#""id":"{ID}""#)).is_named_by(&digits));
        assert!(token(&format!(r#""client_id":"{digits}.access""#)).is_named_by(&digits));
        assert!(!token(&format!(r#""client_id":"0{digits}.access""#)).is_named_by(&digits));
        assert!(!token("").is_named_by(&digits));
    }
}

#[test]
fn text_that_only_resembles_an_id_is_a_name() {
    for text in [
        &ID[..35],
        &format!("{ID}0"),
        &ID.replace('f', "g"),
        "f174e90afafe-4643-bbbc-4a0ed4fc8415-00",
        &"0".repeat(30),
        &format!("{ID} old"),
        &format!("deploy: {ID}"),
        &format!("accounts/{ID}x"),
    ] {
        assert_eq!(TokenId::parse(text), None, "{text}");
        assert_eq!(parse(text), name(text));
        assert_eq!(parse(&format!("\"{text}\"")), name(&format!("\"{text}\"")));
    }
}

#[test]
fn accepts_a_client_id_in_any_case_and_with_a_domain() {
    let long = format!("{CLIENT_ID}.example.com");
    for (text, read) in [
        (CLIENT_ID.to_owned(), CLIENT_ID),
        (CLIENT_ID.to_uppercase(), CLIENT_ID),
        (format!("\t{CLIENT_ID}\n"), CLIENT_ID),
        (long.clone(), long.as_str()),
    ] {
        assert_eq!(
            parse(&text),
            TokenRef::ClientId(ClientId::parse(read).unwrap()),
            "{text:?}"
        );
        assert_eq!(parse(&text).to_string(), read);
        assert_eq!(parse(&text).id(), None);
    }
    for text in [
        "88bf3b6d86161464f6509f7219099e57.accessed",
        "88bf3b6d86161464f6509f7219099e5.access",
        "88bf3b6d86161464f6509f7219099e5g.access",
        ".access",
    ] {
        assert_eq!(ClientId::parse(text), None, "{text}");
        assert_eq!(parse(text), name(text));
    }
}

#[test]
fn urls_name_the_token_and_often_the_scope() {
    for (text, scope) in [
        (
            format!(
                "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/access/service_tokens/{ID}"
            ),
            Some(account()),
        ),
        (
            format!(
                "https://api.cloudflare.com/client/v4/zones/{ACCOUNT}/access/service_tokens/{ID}"
            ),
            Some(zone()),
        ),
        (
            format!(
                "HTTPS://API.CLOUDFLARE.COM/client/v4/accounts/{}/access/service_tokens/{}?x=1#y",
                ACCOUNT.to_uppercase(),
                ID.to_uppercase()
            ),
            Some(account()),
        ),
        (
            format!("http://127.0.0.1:8080/client/v4/zones/{ACCOUNT}/access/service_tokens/{ID}/"),
            Some(zone()),
        ),
        (
            format!(
                "https://one.dash.cloudflare.com/{ACCOUNT}/access/service-auth/service-tokens/{ID}"
            ),
            Some(account()),
        ),
        (
            format!(
                "https://one.dash.cloudflare.com/{ACCOUNT}/access-controls/service-credentials?token={ID}"
            ),
            Some(account()),
        ),
        (
            format!("https://dash.cloudflare.com/?to=/{ACCOUNT}/access/service-tokens/{ID}"),
            Some(account()),
        ),
        (
            format!("https://dash.cloudflare.com/?to=%2Faccounts%2F{ACCOUNT}%2Ftokens%2F{ID}"),
            Some(account()),
        ),
        (
            format!("https://dash.cloudflare.com/#/{ACCOUNT}/{ID}"),
            Some(account()),
        ),
        (
            format!(
                "https://one.dash.cloudflare.com/?to=/:account/access/service-auth/service-tokens/{ID}"
            ),
            None,
        ),
        (format!("https://example.com/{ID}"), None),
        (format!("https://example.com/accounts/short/{ID}"), None),
    ] {
        assert_eq!(parse(&text), url(scope.clone()), "{text}");
        assert_eq!(parse(&text).scope(), scope.as_ref());
        assert_eq!(parse(&text).id().unwrap().as_str(), ID);
    }
}

#[test]
fn a_url_without_an_id_is_a_name() {
    for text in [
        "https://api.cloudflare.com/client/v4/accounts",
        "https://one.dash.cloudflare.com/?to=/:account/access/service-auth/service-tokens",
        "https://api.cloudflare.com/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/access/service_tokens",
        "http://x",
    ] {
        let named = parse(text);
        assert_eq!(named, name(text), "{text}");
        let said = named.resembles().unwrap();
        assert!(said.contains("URL without"), "{said}");
    }
}

#[test]
fn blank_text_is_not_a_reference() {
    for text in ["", " ", "\r\n\t", "\u{FEFF}\u{200B}"] {
        assert_eq!(TokenRef::parse(text), Err(InvalidTokenRef::Empty));
    }
}

#[test]
fn hostile_text_is_only_a_name() {
    for text in [
        "../../user",
        "abc/../../user",
        "?page=2",
        "#",
        "%2e%2e%2fuser",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://example.com/f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
        "; rm -rf /",
        "CI/CD token",
        "--help",
    ] {
        assert_eq!(parse(text), name(text), "{text}");
        assert_eq!(parse(text).scope(), None);
        assert_eq!(parse(text).id(), None);
    }
    assert!(TokenId::parse("../../user").is_none());
    assert!(ScopeId::parse("../../../../../../../../../../us").is_err());
}

proptest! {
    #[test]
    fn no_text_breaks_the_parser_and_every_id_is_safe_in_a_path(text in "\\PC*|https?://[a-z./?#%=&0-9-]{0,80}") {
        if let Ok(read) = TokenRef::parse(&text) {
            let safe = |id: &str| id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
            prop_assert!(read.id().is_none_or(|id| safe(id.as_str())));
            prop_assert!(read.scope().is_none_or(|scope| safe(scope.id())));
        }
    }
}

#[test]
fn a_reference_matches_a_token_by_id_client_id_or_exact_name() {
    let found = token(&format!(
        r#"{{"id":"{}","client_id":"{CLIENT_ID}","name":" CI/CD token "}}"#,
        ID.to_uppercase()
    ));
    for text in [
        ID.to_owned(),
        CLIENT_ID.to_uppercase(),
        "CI/CD token".to_owned(),
        format!(
            "https://api.cloudflare.com/client/v4/accounts/{ACCOUNT}/access/service_tokens/{ID}"
        ),
    ] {
        assert!(found.is_named_by(&parse(&text)), "{text}");
    }
    for text in [
        "ci/cd token",
        "CI/CD",
        "00000000-0000-4000-8000-000000000404",
    ] {
        assert!(!found.is_named_by(&parse(text)), "{text}");
    }
    assert!(!token("{}").is_named_by(&parse(ID)));
}

#[test]
fn a_scope_id_has_32_hexadecimal_digits() {
    assert_eq!(
        ScopeId::parse(&format!(" {}\n", ACCOUNT.to_uppercase()))
            .unwrap()
            .as_str(),
        ACCOUNT
    );
    for text in [
        "",
        "prod",
        &ACCOUNT[..31],
        &format!("{ACCOUNT}0"),
        &ACCOUNT.replace('e', "g"),
        "０23e105f4ecef8ad9ca31a8372d0c3",
    ] {
        let refused = ScopeId::parse(text).unwrap_err().to_string();
        let said = match text.chars().count() {
            32 => "'g' is not one".to_owned(),
            count => format!("{count} characters"),
        };
        assert!(refused.contains(&said), "{refused}");
    }
    let full_width = "０".repeat(32);
    let refused = ScopeId::parse(&full_width).unwrap_err().to_string();
    assert!(refused.contains("'０' is not one"), "{refused}");
    for around in ["\"@\",", "{@}", "'@';", "`@`"] {
        let copied = around.replace('@', ACCOUNT);
        assert_eq!(
            ScopeId::parse(&copied).unwrap().as_str(),
            ACCOUNT,
            "{copied}"
        );
    }
}

#[test]
fn text_copied_together_with_an_id_is_ignored() {
    let client = "88bf3b6d86161464f6509f7219099e57.access";
    for around in [
        "\"@\"",
        "'@',",
        "`@`",
        "{@}",
        "<@>",
        "(@);",
        "“@”",
        "  \"@\" , ",
        "id: @",
        "\"id\": \"@\",",
        "ID=@",
        "export ID=@",
        // As this program prints it.
        "ID\t@",
        "ID               @",
        "@.",
        "@:",
    ] {
        assert_eq!(parse(&around.replace('@', ID)), parse(ID), "{around}");
    }
    for around in [
        "@",
        "\"@\",",
        "CF-Access-Client-Id: @",
        "cf-access-client-id:@",
        "'CF-Access-Client-Id: @'",
        "\"client_id\": \"@\",",
        "client_id = \"@\"",
        "Client ID  @",
        "Client ID\t@",
    ] {
        let copied = around.replace('@', client);
        let read = TokenRef::ClientId(ClientId::parse(client).unwrap());
        assert_eq!(parse(&copied), read, "{around}");
    }
    for text in ["urn:uuid:@", "URN:UUID:@", "uuid:@"] {
        assert_eq!(parse(&text.replace('@', ID)), parse(ID), "{text}");
    }
}

#[test]
fn accepts_addresses_without_scheme_or_host() {
    for (text, scope) in [
        (
            "one.dash.cloudflare.com/#S/access/service-auth/@",
            Some(account()),
        ),
        ("One.Dash.Cloudflare.com/#S/access/@/edit,", Some(account())),
        ("\"https://dash.cloudflare.com/#S/@\"", Some(account())),
        (
            "api.cloudflare.com/client/v4/zones/#S/access/service_tokens/@",
            Some(zone()),
        ),
        ("accounts/#S/access/service_tokens/@", Some(account())),
        ("/accounts/#S/access/service_tokens/@", Some(account())),
        ("/client/v4/zones/#S/access/service_tokens/@", Some(zone())),
        ("#S/access/service_tokens/@", Some(account())),
    ] {
        let text = text.replace("#S", ACCOUNT).replace('@', ID);
        assert_eq!(parse(&text), url(scope), "{text}");
    }
    for text in [
        "accounts/team",
        "zones/eu",
        "CI/CD token",
        "me.example.com/x",
    ] {
        assert_eq!(parse(text), name(text));
    }
    let home = "one.dash.cloudflare.com/home";
    assert_eq!(parse(home), name(home));
}

#[test]
fn a_near_id_says_what_it_resembles() {
    for (text, said) in [
        (ID[..35].to_owned(), Some("like an ID")),
        (format!("{ID}0"), Some("like an ID")),
        (
            format!("{}.access", &ACCOUNT[..31]),
            Some("like a client ID"),
        ),
        ("CI/CD token".to_owned(), None),
        ("deadbeef".to_owned(), None),
    ] {
        let resembles = parse(&text).resembles();
        match said {
            None => assert_eq!(resembles, None, "{text}"),
            Some(said) => assert!(resembles.unwrap().contains(said), "{text}"),
        }
    }
    assert_eq!(parse(ID).resembles(), None);
}

#[test]
fn a_scope_has_a_text_and_a_dashboard_link() {
    assert_eq!(account().to_string(), format!("account {ACCOUNT}"));
    assert_eq!(zone().to_string(), format!("zone {ACCOUNT}"));
    assert_eq!(
        (account().kind().segment(), zone().kind().segment()),
        ("accounts", "zones")
    );
    assert_eq!(account().kind().other(), ScopeKind::Zone);
    assert_eq!(zone().kind().other(), ScopeKind::Account);
    assert_eq!(
        ScopeKind::Zone.with(ScopeId::parse(ACCOUNT).unwrap()),
        zone()
    );
    assert!(account().dashboard_url().contains(ACCOUNT));
    assert_lacks(&zone().dashboard_url(), ACCOUNT);
}

#[test]
fn escaped_text_is_decoded_and_malformed_text_empty() {
    let plain = token(r#"{"x":"CI","id":"a","name":"CI","client_id":""}"#);
    assert_eq!(
        (plain.id_text(), plain.name_text(), plain.client_id_text()),
        ("a", "CI", "")
    );
    let escaped = token(r#"{"id":"a\/b","name":"\u6771\"京\n","client_id":7}"#);
    assert_eq!(escaped.id_text(), "a/b");
    assert_eq!(escaped.name_text(), "東\"京\n");
    assert!(escaped.malformed(&escaped.client_id).is_some());
    assert_eq!(escaped.client_id_text(), "");
}
