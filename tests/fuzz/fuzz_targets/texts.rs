//! Any typed or pasted text: a value that parses is written in a form that parses to the same value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tokenscope::api::BaseUrl;
use tokenscope::domain::credential::{Secret, parse_email};
use tokenscope::domain::duration::{ago, humanize, parse_go, parse_span, rough, write_span};
use tokenscope::domain::profile::parse_profile_name;
use tokenscope::domain::scope::ScopeId;
use tokenscope::domain::search::{Matching, TokenFilter};
use tokenscope::domain::text;
use tokenscope::domain::token::{ClientId, TokenId, TokenRef};

fuzz_target!(|input: (&str, u8)| {
    let (typed, cells) = input;
    if let Some(length) = parse_go(typed) {
        let _ = (humanize(length), rough(length), ago(length));
    }
    if let Ok(span) = parse_span(typed) {
        assert_eq!(parse_span(&write_span(span)), Ok(span));
    }
    if let Ok(id) = ScopeId::parse(typed) {
        assert_eq!(ScopeId::parse(id.as_str()), Ok(id));
    }
    if let Ok(token) = TokenRef::parse(typed) {
        assert_eq!(
            TokenRef::parse(&token.to_string()).map(|again| again.id().cloned()),
            Ok(token.id().cloned())
        );
    }
    if let Some(id) = TokenId::parse(typed) {
        assert_eq!(id.as_str().len(), 36);
    }
    let _ = ClientId::parse(typed);
    if let Ok(url) = BaseUrl::parse(typed) {
        assert!(url.is_https() || !url.host().is_empty());
    }
    if let Ok(name) = parse_profile_name(typed) {
        assert_eq!(parse_profile_name(&name), Ok(name));
    }
    if let Some(email) = parse_email(typed) {
        assert!(email.is_ascii() && !email.contains(char::is_control));
    }
    if let Ok(secret) = Secret::parse(typed) {
        assert!(
            secret
                .expose()
                .bytes()
                .all(|byte| (0x21..0x7f).contains(&byte))
        );
        assert!(!format!("{secret:?}").contains(secret.expose()) || secret.expose().len() < 12);
    }
    let clean = text::sanitize(typed);
    assert!(!clean.chars().any(char::is_control));
    let cells = usize::from(cells);
    assert!(text::width(&text::truncate(&clean, cells, "…")) <= cells);
    assert_eq!(text::width(&text::fit(&clean, cells, "…")), cells);
    let count = typed.chars().count();
    for matching in [Matching::Containing, Matching::Fuzzy] {
        let mut filter = TokenFilter::new(typed, matching);
        let places = [filter.in_name(typed), filter.in_id(typed)].concat();
        assert!(places.iter().all(|at| (*at as usize) < count));
    }
});
