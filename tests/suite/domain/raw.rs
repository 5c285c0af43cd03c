//! JSON as received, and the fields of a token read from it.

use std::borrow::Cow;

use proptest::prelude::*;
use tokenscope::domain::fields::{FieldKind, changed_keys, fields};
use tokenscope::domain::raw::RawLines;
use tokenscope::domain::token::Reported;

use crate::domain::{raw, token};

/// JSON text without the white space outside strings.
fn squeezed(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    json.chars()
        .filter(|c| {
            let keep = inside || !c.is_ascii_whitespace();
            match c {
                _ if escaped => escaped = false,
                '\\' if inside => escaped = true,
                '"' => inside = !inside,
                _ => {}
            }
            keep
        })
        .collect()
}

/// JSON text of any shape, with unusual white space and numbers.
fn json() -> impl Strategy<Value = String> {
    let number = proptest::sample::select(vec![
        "0",
        "-0",
        "1.0",
        "1.00",
        "1E3",
        "1e+05",
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
    ]);
    let string = "[a-z{}\\[\\]:, 東\u{202E}]{0,6}".prop_map(|text| format!("\"{text}\""));
    let escapes = proptest::sample::select(vec![
        r#""\"""#,
        r#""\\""#,
        r#""\\\"}""#,
        r#""\u00e9\n""#,
        r#""/\/""#,
        r#""""#,
    ]);
    let leaf = prop_oneof![
        number.prop_map(str::to_owned),
        string,
        escapes.prop_map(str::to_owned),
        proptest::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
    ];
    let space = proptest::sample::select(vec!["", " ", "\n", "\t \r\n"]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let list = (
            proptest::collection::vec(inner.clone(), 0..5),
            space.clone(),
        )
            .prop_map(|(items, space)| {
                format!(
                    "[{space}{}{space}]",
                    items.join(&format!("{space},{space}"))
                )
            });
        let object = (
            proptest::collection::vec(("[a-z]{0,3}", inner), 0..5),
            space.clone(),
        )
            .prop_map(|(members, space)| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\"{space}:{space}{value}"))
                    .collect();
                format!(
                    "{{{space}{}{space}}}",
                    members.join(&format!("{space},{space}"))
                )
            });
        prop_oneof![list, object]
    })
}

proptest! {
    #[test]
    fn indenting_changes_only_white_space(json in json()) {
        let value = raw(&json);
        prop_assert_eq!(value.as_str(), json.trim());
        let lines = RawLines::of(&value).window(0, usize::MAX);
        prop_assert_eq!(squeezed(&lines.join("\n")), squeezed(&json));
        let reads_the_same: serde_json::Value = serde_json::from_str(&lines.join("\n")).unwrap();
        prop_assert_eq!(reads_the_same, serde_json::from_str::<serde_json::Value>(&json).unwrap());
        prop_assert!(lines.iter().all(|line| !line.contains('\n') && line.trim_end() == line));
    }

    #[test]
    fn members_are_visited_in_order(members in proptest::collection::vec(("[a-z]{1,3}", json()), 0..6)) {
        let text: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        let object = raw(&format!("{{{}}}", text.join(",")));
        let mut found: Vec<(String, String)> = Vec::new();
        object.for_each_member(|key, value| found.push((key.to_owned(), value.to_owned())));
        let expected: Vec<(String, String)> =
            members.into_iter().map(|(key, value)| (key, value.trim().to_owned())).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn an_object_is_indented_one_item_per_line() {
    let json = r#"{"id":"x", "empty":{ },"none":[],"big":123456789012345678901234567890,"text":"{a: [1, \"2\"]}","deep":{"a":[1,{"b":null}]}}"#;
    assert_eq!(
        RawLines::of(&raw(json)).window(0, usize::MAX),
        [
            r"{",
            r#"  "id": "x","#,
            r#"  "empty": {},"#,
            r#"  "none": [],"#,
            r#"  "big": 123456789012345678901234567890,"#,
            r#"  "text": "{a: [1, \"2\"]}","#,
            r#"  "deep": {"#,
            r#"    "a": ["#,
            r"      1,",
            r"      {",
            r#"        "b": null"#,
            r"      }",
            r"    ]",
            r"  }",
            r"}",
        ]
    );
    assert_eq!(RawLines::of(&raw("17")).window(0, usize::MAX), ["17"]);
    assert_eq!(
        RawLines::of(&raw(r#""a \" b""#)).window(0, usize::MAX),
        [r#""a \" b""#]
    );
}

#[test]
fn the_original_bytes_survive_serialisation() {
    let json = "{\"b\" : 1.00,\"a\":\t\"\\u00e9\"}";
    let value = raw(json);
    assert_eq!(value.as_str(), json);
    assert_eq!(
        serde_json::to_string(&vec![&value]).unwrap(),
        format!("[{json}]")
    );
    assert!(value.is_object());
    assert!(!raw("[{}]").is_object());
}

#[test]
fn deep_nesting_is_indented_in_bounded_space() {
    let depth = 100_000;
    let value = raw(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let lines = RawLines::of(&value).window(0, usize::MAX);
    let size: usize = lines.iter().map(String::len).sum();
    assert_eq!(lines.len(), 2 * depth - 1);
    assert!(size < 100_000_000, "{size} bytes");
}

#[test]
fn only_objects_have_members() {
    for json in ["[]", "1", r#""{}""#, "null", "{}"] {
        let mut count = 0;
        raw(json).for_each_member(|_, _| count += 1);
        assert_eq!(count, 0, "{json}");
    }
}

#[test]
fn distinguishes_missing_null_and_malformed_values() {
    let odd = token(
        r#"{"id":null,"client_id":17,"name":"","duration":[],"enabled":"yes","created_at":"","updated_at":"tomorrow","client_secret_version":"3"}"#,
    );
    assert_eq!(odd.id, Reported::Null);
    assert!(odd.malformed(&odd.client_id).is_some());
    assert!(odd.name.valid().is_some());
    assert_eq!(odd.name_text(), "");
    assert!(odd.malformed(&odd.duration).is_some());
    assert!(odd.malformed(&odd.enabled).is_some());
    assert_eq!(odd.created_at, Reported::Absent);
    assert!(odd.malformed(&odd.updated_at).is_some());
    assert_eq!(odd.expires_at, Reported::Absent);
    assert!(odd.malformed(&odd.client_secret_version).is_some());
    assert_eq!(
        (odd.id_text(), odd.client_id_text(), odd.text(&odd.duration)),
        ("", "", "")
    );
}

#[test]
fn a_version_of_any_size_keeps_its_digits() {
    let big = token(r#"{"client_secret_version":98765432109876543210987654321}"#);
    assert_eq!(
        big.text(&big.client_secret_version),
        "98765432109876543210987654321"
    );
    assert_eq!(
        token(r#"{"client_secret_version":null}"#).client_secret_version,
        Reported::Null
    );
    let odd = token(r#"{"client_secret_version":true}"#);
    assert!(odd.malformed(&odd.client_secret_version).is_some());
}

#[test]
fn a_name_with_invalid_unicode_leaves_the_rest_readable() {
    let odd = token(r#"{"name":"\ud800","id":"x"}"#);
    assert!(odd.malformed(&odd.name).is_some());
    assert_eq!(odd.id_text(), "x");
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let twice = token(r#"{"name":"one","extra":1,"name":"two","extra":2}"#);
    assert_eq!(twice.name_text(), "two");
    let rows = fields(&twice);
    let row = |key: &str| rows.iter().filter(|row| row.key == key).collect::<Vec<_>>();
    assert_eq!(row("name")[0].raw(&twice), Some(r#""two""#));
    assert_eq!(row("extra").len(), 1);
    assert_eq!(row("extra")[0].raw(&twice), Some("2"));
}

#[test]
fn known_fields_come_first_and_unknown_ones_in_order() {
    let token = token(
        r#"{"zebra":{"a":[1]},"name":"n","client_secret_version":2,"expires_at":"later","apple":1e400}"#,
    );
    let rows = fields(&token);
    let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "last_seen_at",
            "client_secret_version",
            "enabled",
            "expires_at",
            "updated_at",
            "created_at",
            "duration",
            "id",
            "client_id",
            "name",
            "zebra",
            "apple"
        ]
    );
    let row = |key: &str| rows.iter().find(|row| row.key == key).unwrap();
    assert_eq!(row("id").raw(&token), None);
    assert!(
        row("id").malformed(&token).is_none(),
        "absent is not malformed"
    );
    let malformed = row("expires_at").malformed(&token).unwrap();
    assert_eq!(malformed.mark, "not a date: ");
    assert_eq!(row("name").text(&token).unwrap(), "n");
    assert_eq!(row("zebra").kind, FieldKind::Other);
    assert_eq!(row("zebra").text(&token).unwrap(), r#"{"a":[1]}"#);
    assert_eq!(row("apple").text(&token).unwrap(), "1e400");
    assert_eq!(row("client_secret_version").label, "Secret");
}

#[test]
fn a_null_field_has_no_text() {
    let token = token(r#"{"last_seen_at":null,"name":"null"}"#);
    let rows = fields(&token);
    let row = |key: &str| rows.iter().find(|row| row.key == key).unwrap();
    let text = |key: &str| row(key).text(&token);
    assert_eq!(text("last_seen_at"), None);
    assert_eq!(text("name").as_deref(), Some("null"));
}

#[test]
fn changed_keys_are_those_whose_text_differs() {
    let before = token(r#"{"name":"a","last_seen_at":null,"old":1,"same":[1],"moved":2}"#);
    let after =
        token(r#"{"moved":2,"name":"a","last_seen_at":"2026-11-25T12:00:00Z","new":1,"same":[1]}"#);
    assert_eq!(
        changed_keys(&before, &after),
        ["last_seen_at", "new", "old"]
    );
    assert_eq!(changed_keys(&after, &after), Vec::<String>::new());
    let rotated = token(r#"{"name":"a","client_secret_version":2}"#);
    assert!(changed_keys(&before, &rotated).contains(&"client_secret_version".to_owned()));
}

#[test]
fn a_malformed_value_is_marked_with_the_reason() {
    for (key, value, mark) in [
        ("expires_at", r#""2027-06-14""#, "not a date: "),
        ("expires_at", r#""2027-02-30T00:00:00Z""#, "not a date: "),
        ("last_seen_at", r#""soon""#, "not a date: "),
        ("created_at", "1765125472", "unexpected type: "),
        ("name", r#""\ud800""#, "not Unicode: "),
        ("id", r#""\ud800""#, "not Unicode: "),
        ("duration", r#""\ud800""#, "not Unicode: "),
        ("name", "123", "unexpected type: "),
        ("duration", "8760", "unexpected type: "),
        ("enabled", r#""false""#, "unexpected type: "),
        ("client_secret_version", r#""3""#, "unexpected type: "),
    ] {
        let token = token(&format!(r#"{{"{key}":{value}}}"#));
        let rows = fields(&token);
        let row = rows.iter().find(|row| row.key == key).unwrap();
        let odd = row.malformed(&token).unwrap();
        assert_eq!((odd.mark, odd.raw), (mark, value), "{key}: {value}");
        assert_eq!(odd.to_string(), format!("{mark}{value}"));
        assert_eq!(row.absence(&token), None);
    }
    let odd = token(r#"{"name":123,"enabled":"false"}"#);
    assert_eq!(odd.display_text(&odd.name), "unexpected type: 123");
    assert_eq!(odd.raw_text(&odd.name), "123");
    assert_eq!(odd.raw_text(&odd.enabled), r#""false""#);
    let good = token(r#"{"name":"n","id":null,"duration":"1h","enabled":true}"#);
    assert_eq!(good.display_text(&good.duration), "1h");
    let texts = [&good.name, &good.id, &good.client_id].map(|field| good.display_text(field));
    assert_eq!(texts, ["n", "", ""]);
    assert_eq!(good.raw_text(&good.enabled), "");
}

#[test]
fn absent_values_are_shown_as_sent() {
    let absence = |json: &str, key: &str| {
        let token = token(json);
        let rows = fields(&token);
        let row = rows.iter().find(|row| row.key == key).unwrap();
        row.absence(&token).map(Cow::into_owned)
    };
    for (json, key, said) in [
        ("{}", "expires_at", "not reported"),
        (r#"{"expires_at":null}"#, "expires_at", "not reported"),
        (
            r#"{"expires_at":""}"#,
            "expires_at",
            r#"not reported (sent as "")"#,
        ),
        (
            r#"{"expires_at":"0001-01-01T00:00:00Z"}"#,
            "expires_at",
            r#"not reported (sent as "0001-01-01T00:00:00Z")"#,
        ),
        (r#"{"last_seen_at":null}"#, "last_seen_at", "never used"),
        (
            r#"{"last_seen_at":""}"#,
            "last_seen_at",
            r#"not reported (sent as "")"#,
        ),
        (
            r#"{"last_seen_at":"0001-01-01T00:00:00Z"}"#,
            "last_seen_at",
            r#"never used (sent as "0001-01-01T00:00:00Z")"#,
        ),
        (r#"{"name":""}"#, "name", "empty"),
        (r#"{"duration":""}"#, "duration", "empty"),
        (r#"{"duration":null}"#, "duration", "none"),
        (r#"{"other":null}"#, "other", "none"),
        (r#"{"other":""}"#, "other", "empty"),
    ] {
        assert_eq!(absence(json, key).as_deref(), Some(said), "{json}");
    }
    assert_eq!(absence(r#"{"other":0}"#, "other"), None);
}

#[test]
fn line_search_is_case_sensitive_only_if_the_query_has_capitals() {
    let lines = RawLines::of(&raw(r#"["Expires","expires_at","ÉTÉ","other"]"#));
    let matching = |query: &str| lines.matching(query).lines;
    assert_eq!(matching("expires"), [1, 2]);
    assert_eq!(matching("Expires"), [1]);
    assert_eq!(matching("été"), [3]);
    assert_eq!(matching(""), Vec::<usize>::new());
    assert_eq!(matching("."), Vec::<usize>::new(), "plain text, no pattern");
}
