//! Secrets, profiles, credentials, recent lookups, settings and filters.

use chrono::TimeDelta;
use tokenscope::domain::credential::{
    Credential, CredentialKind, InvalidSecret, Secret, parse_email,
};
use tokenscope::domain::findings::{Note, Severity};
use tokenscope::domain::profile::{
    InvalidProfileName, PROBE_USER, Profile, Settings, parse_profile_name,
};
use tokenscope::domain::recent_lookups::{CAPACITY, Recent, remember};
use tokenscope::domain::scope::{BaseUrl, Scope, ScopeId};
use tokenscope::domain::search::{
    Haystack, Matching, TokenFilter, is_narrower, nearest, query_for,
};
use tokenscope::domain::status::{Status, Thresholds};
use tokenscope::domain::token::ServiceToken;

use crate::domain::{context, now, token};

#[test]
fn debug_of_a_secret_shows_nothing() {
    let secret = Secret::parse("cfut_canary").unwrap();
    assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(..) Secret(..)");
    let credential = Credential {
        kind: CredentialKind::ApiToken,
        secret,
    };
    assert!(!format!("{credential:?}").contains("canary"));
}

#[test]
fn removes_characters_that_pasting_leaves_around_a_credential() {
    for text in [
        "tok_abc\r\n",
        " tok_abc\t",
        "\u{FEFF}tok_abc",
        "\u{200B}tok_abc\u{200D}",
        "\n\ntok_abc\0",
    ] {
        assert_eq!(Secret::parse(text).unwrap().expose(), "tok_abc", "{text:?}");
    }
}

#[test]
fn an_invalid_credential_is_refused_without_showing_it() {
    for text in [
        "tok\nabc",
        "tok abc",
        "tok\tabc",
        "tok\u{200B}abc",
        "tök",
        "tok\u{7f}abc",
        "Basic tok",
    ] {
        let refused = Secret::parse(text).unwrap_err();
        assert_eq!(refused, InvalidSecret::Characters, "{text:?}");
        assert!(!refused.to_string().contains("tok"));
    }
    for text in ["", " \r\n", "\u{FEFF}"] {
        assert_eq!(Secret::parse(text).unwrap_err(), InvalidSecret::Empty);
    }
    assert!(Secret::default().is_empty());
    assert_eq!(Secret::new(" as it is ".to_owned()).expose(), " as it is ");
}

#[test]
fn a_profile_name_has_letters_digits_and_three_signs() {
    for text in ["default", "a", "prod-eu_1.2", "7", "東京", &"x".repeat(64)] {
        assert_eq!(parse_profile_name(text).unwrap(), text);
    }
    for (text, why) in [
        ("", InvalidProfileName::Empty),
        (" \t", InvalidProfileName::Empty),
        (" prod\n", InvalidProfileName::Blanks),
        ("prod\u{200B}", InvalidProfileName::Blanks),
        (PROBE_USER, InvalidProfileName::Reserved),
        (&"x".repeat(65), InvalidProfileName::Long),
        ("-prod", InvalidProfileName::Characters),
        (".prod", InvalidProfileName::Characters),
        ("_prod", InvalidProfileName::Characters),
        ("a b", InvalidProfileName::Characters),
        ("a/b", InvalidProfileName::Characters),
        ("../x", InvalidProfileName::Characters),
        ("a\u{202E}b", InvalidProfileName::Characters),
        ("a\"b", InvalidProfileName::Characters),
    ] {
        assert_eq!(parse_profile_name(text).unwrap_err(), why, "{text:?}");
    }
}

#[test]
fn an_email_has_text_on_both_sides_of_one_at_sign() {
    assert_eq!(
        parse_email(" ann@example.com\r\n").unwrap(),
        "ann@example.com"
    );
    for text in [
        "",
        "ann",
        "@",
        "ann@",
        "@example.com",
        "a@b@c",
        "a b@c",
        "ann@exämple.com",
        "a@b\nc",
    ] {
        assert_eq!(parse_email(text), None, "{text:?}");
    }
}

#[test]
fn credential_kinds_have_codes_and_labels() {
    let key = CredentialKind::GlobalKey {
        email: "ann@example.com".to_owned(),
    };
    assert_eq!(
        (key.code(), key.label(), key.email()),
        ("global_key", "Global API key", Some("ann@example.com"))
    );
    let api = CredentialKind::ApiToken;
    assert_eq!(
        (api.code(), api.label(), api.email()),
        ("api_token", "API token", None)
    );
}

fn scope(digit: &str) -> Scope {
    Scope::Account(ScopeId::parse(&digit.repeat(32)).unwrap())
}

fn recent(number: usize, scope: &Scope) -> Recent {
    let json = format!(
        r#"{{"id":"00000000-0000-4000-8000-{number:012}","name":"n{number}","expires_at":"2026-11-25T13:00:00Z"}}"#
    );
    Recent::of(&token(&json), scope, now()).unwrap()
}

#[test]
fn recent_lookups_are_unique_and_drop_the_oldest() {
    let mut recents = Vec::new();
    for number in 0..CAPACITY + 5 {
        remember(&mut recents, recent(number, &scope("a")));
    }
    assert_eq!(recents.len(), CAPACITY);
    assert_eq!(recents[0].name, format!("n{}", CAPACITY + 4));
    assert_eq!(recents[CAPACITY - 1].name, "n5");

    remember(&mut recents, recent(10, &scope("a")));
    assert_eq!(recents.len(), CAPACITY);
    assert_eq!(recents.iter().filter(|one| one.name == "n10").count(), 1);
    assert_eq!(recents[0].name, "n10");

    remember(&mut recents, recent(10, &scope("b")));
    assert_eq!(
        recents.iter().filter(|one| one.name == "n10").count(),
        2,
        "another scope, another token"
    );
}

#[test]
fn a_recent_token_expires_without_a_lookup() {
    let remembered = recent(1, &scope("a"));
    let after = |hours: i64| {
        remembered.status(context(
            now() + TimeDelta::hours(hours),
            Thresholds::default(),
        ))
    };
    assert_eq!(after(0), Status::Critical);
    assert_eq!(after(1), Status::Expired);
    assert!(Recent::of(&token(r#"{"id":"x"}"#), &scope("a"), now()).is_none());
}

#[test]
fn default_settings_are_as_documented() {
    let settings = Settings::default();
    assert_eq!(settings.default_profile, "default");
    assert_eq!(settings.theme, "auto");
    assert_eq!(settings.refresh_seconds, 60);
    assert!(settings.ascii.is_none() && !settings.bell && settings.title);
    assert!(!settings.notify && !settings.mouse && !settings.calm);
    let thresholds = settings.thresholds.for_duration(None);
    assert_eq!(thresholds.warn, TimeDelta::days(30));
    assert_eq!(thresholds.critical, TimeDelta::days(7));
    assert_eq!(settings.profile("default"), None);
    let profile = Profile {
        name: "prod".to_owned(),
        kind: CredentialKind::ApiToken,
        scope: None,
        scope_name: None,
        base_url: BaseUrl::default(),
        command: None,
    };
    let settings = Settings {
        profiles: vec![profile.clone()],
        ..settings
    };
    assert_eq!(settings.profile("prod"), Some(&profile));
}

#[test]
fn a_fuzzy_filter_matches_letters_in_order() {
    assert!(passes("tfp", r#""terraform-prod""#));
    assert!(!passes("tfp", r#""github-actions""#));
    assert!(passes("", r#""anything""#));
}

#[test]
fn a_filter_is_case_sensitive_only_if_the_query_has_capitals() {
    assert!(passes("ci", r#""CI/CD token""#));
    assert!(!passes("CI", r#""ci/cd token""#));
    assert!(passes("cafe", r#""Café""#));
    assert!(passes("東京", r#""東京-バックアップ""#));
}

#[test]
fn the_words_of_a_filter_match_in_any_order() {
    assert!(passes("prod terra", r#""terraform-prod""#));
    assert!(!passes("prod other", r#""terraform-prod""#));
}

#[test]
fn matched_positions_count_characters() {
    assert_eq!(fuzzy("tp").in_name("terraform-prod"), [0, 10]);
    assert_eq!(fuzzy("x").in_name("e\u{301}x"), [2]);
    assert_eq!(fuzzy("x").in_name("abc"), Vec::<u32>::new());
}

// ---------------------------------------------------------------------------------- tokens

fn listed(name: &str) -> ServiceToken {
    let text = format!(
        r#"{{"id":"f174e90a-fafe-4643-bbbc-4a0ed4fc8415","name":{name},"client_id":"88bf3b6d86161464f6509f7219099e57.access"}}"#
    );
    token(&text)
}

fn fuzzy(query: &str) -> TokenFilter {
    TokenFilter::new(query, Matching::Fuzzy)
}

fn containing(query: &str) -> TokenFilter {
    TokenFilter::new(query, Matching::Containing)
}

fn filters(mut filter: TokenFilter, name: &str) -> bool {
    let token = listed(name);
    filter.passes(Haystack {
        name: token.name_text(),
        id: token.id_text(),
        client_id: token.client_id_text(),
        has_hex_ids: Haystack::are_hex(token.id_text(), token.client_id_text()),
        status: Status::Expiring,
        note: Some(SECRETS),
        profile: "staging",
    })
}

const SECRETS: Note = Note {
    severity: Severity::Info,
    words: "2 secrets",
    ends_at: None,
};

fn passes(query: &str, name: &str) -> bool {
    filters(fuzzy(query), name)
}

#[test]
fn a_containing_filter_matches_only_substrings() {
    assert!(filters(containing("form-p"), r#""terraform-prod""#));
    assert!(filters(containing("prod terra"), r#""terraform-prod""#));
    assert!(!filters(containing("tfp"), r#""terraform-prod""#));
    assert!(filters(containing("cafe"), r#""Café""#));
    assert!(filters(containing("expi"), r#""x""#), "a status");
    assert_eq!(
        containing("prod").in_name("terraform-prod"),
        [10, 11, 12, 13]
    );
    assert_eq!(
        containing("tfp").in_name("terraform-prod"),
        Vec::<u32>::new()
    );
}

#[test]
fn a_note_matches_by_the_beginnings_of_its_words() {
    for query in ["2 secrets", "secr", "2", "sec 2"] {
        assert!(filters(containing(query), r#""x""#), "{query}");
    }
    for query in ["s", "se", "ecrets", "!secrets", "unused"] {
        assert!(!filters(containing(query), r#""x""#), "{query}");
    }
    assert_eq!(containing("sec").in_note(SECRETS), [2, 3, 4]);
    assert_eq!(containing("2 !sec").in_note(SECRETS), [0]);
}

#[test]
fn an_id_matches_in_every_form() {
    for query in [
        "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
        "F174E90A-FAFE-4643-BBBC-4A0ED4FC8415",
        "f174e90afafe4643bbbc4a0ed4fc8415",
        "f174e90afafe-4643bbbc-4a0ed4fc8415",
        "f174e90a\u{2011}fafe\u{2011}4643\u{2011}bbbc\u{2011}4a0ed4fc8415",
        "90afafe4643",
        "90a-fafe46",
        "88bf3b6d86161464f6509f7219099e57.access",
        "88BF3B6D86161464F6509F7219099E57",
        "CF-Access-Client-Id: 88bf3b6d86161464f6509f7219099e57.access",
        "88bf3b6d86161464f6509f7219099e57.access.example.com",
        "https://api.cloudflare.com/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/access/service_tokens/f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
        "https://dash.cloudflare.com/023e105f4ecef8ad9ca31a8372d0c353/one/access-controls/service-credentials/edit/f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
    ] {
        assert!(filters(containing(query), r#""x""#), "{query}");
    }
    for query in ["---", "f174e90afafe4643bbbc4a0ed4fc8416", "f174-e91"] {
        assert!(!filters(containing(query), r#""x""#), "{query}");
    }
    assert_eq!(containing("afa").in_id("f174e90a-fafe"), [7, 9, 10]);
}

#[test]
fn the_nearest_names_have_all_letters_or_all_but_one() {
    let names = [
        "github-actions-deploy",
        "terraform-prod",
        "deploy",
        "staging-e2e",
        "deploy-eu",
    ];
    let nearest = |query| -> Vec<&str> {
        nearest(query, names.into_iter())
            .into_iter()
            .map(|at| names[at])
            .collect()
    };
    assert_eq!(
        nearest("dply"),
        ["deploy", "deploy-eu", "github-actions-deploy"]
    );
    assert_eq!(
        nearest("deploi"),
        ["deploy", "deploy-eu", "github-actions-deploy"]
    );
    assert_eq!(nearest("terrafrom"), ["terraform-prod"]);
    assert_eq!(nearest("stagng-e3e"), ["staging-e2e"]);
    assert_eq!(nearest("nothing like it"), Vec::<&str>::new());
    assert_eq!(nearest(""), Vec::<&str>::new());
    assert_eq!(nearest("zz"), Vec::<&str>::new());
}

#[test]
fn a_token_matches_fuzzily_by_name_and_exactly_by_other_fields() {
    assert!(passes("cct", r#""CI/CD token""#));
    assert!(passes("4643-bbbc", r#""CI/CD token""#));
    assert!(passes("F174E90A", r#""CI/CD token""#), "an ID has no case");
    assert!(passes("88bf3b6d86161464f6509f7219099e57.access", r#""x""#));
    assert!(!passes("88bf57", r#""x""#), "not in one piece");
    assert!(passes("expi", r#""x""#));
    assert!(!passes("pir", r#""x""#), "not how the status begins");
    assert!(passes("expi 4643 c", r#""c""#));
    assert!(!passes("expi 4643 d", r#""c""#));
}

#[test]
fn short_words_match_only_names() {
    assert!(!passes("f1", r#""x""#));
    assert!(!passes("ex", r#""y""#));
    assert!(passes("f17", r#""x""#));
    assert!(!passes("access", r#""x""#), "every client ID ends with it");
}

#[test]
fn letters_that_are_not_hexadecimal_match_unusual_ids() {
    let odd = |id, client_id| Haystack {
        name: "x",
        id,
        client_id,
        has_hex_ids: Haystack::are_hex(id, client_id),
        status: Status::Active,
        note: None,
        profile: "",
    };
    let mut filter = fuzzy("odd-one");
    assert!(filter.passes(odd("my-odd-one", "0123.access")));
    assert!(filter.passes(odd("0123", "odd-one.access")));
    assert!(!filter.passes(odd("0123", "4567.access")));
}

#[test]
fn signs_in_a_filter_have_the_meanings_of_fzf() {
    assert!(!passes("!ci", r#""ci""#));
    assert!(passes("!cd", r#""ci""#));
    assert!(!passes("!expiring", r#""ci""#));
    assert!(passes("^ci", r#""ci-x""#));
    assert!(!passes("ci$", r#""ci-x""#));
    assert!(!passes("'cx", r#""ci-x""#));
}

#[test]
fn a_name_as_a_query_finds_that_name_despite_its_signs() {
    for name in ["!bang ^up 'so dollar$", "(old) nightly", "a\\ b", "$"] {
        let query = query_for(name);
        let json = serde_json::to_string(name).unwrap();
        assert!(passes(&query, &json), "{name} as {query}");
    }
    assert!(!passes(&query_for("!bang"), r#""quiet""#));
}

#[test]
fn a_longer_query_narrows_unless_its_meaning_may_change() {
    for (longer, query) in [("ab", "a"), ("abcd", "abc"), ("abc d", "abc"), ("x", "")] {
        assert!(is_narrower(longer, query), "{longer} after {query}");
    }
    for (longer, query) in [
        ("b", "a"),
        ("a", "ab"),
        ("a$", "a"),
        ("!ab", "!a"),
        ("abc", "ab"),
        ("x abc", "x ab"),
        (
            "f174e90afafe4643bbbc4a0ed4fc8415",
            "f174e90afafe4643bbbc4a0ed4fc841",
        ),
    ] {
        assert!(!is_narrower(longer, query), "{longer} after {query}");
    }
}

#[test]
fn matched_positions_are_reported_for_every_field() {
    let mut filter = fuzzy("cc expi 4643 !zz");
    assert_eq!(filter.in_name("CI/CD"), [0, 3]);
    assert_eq!(filter.in_id("a-4643"), [2, 3, 4, 5]);
}
