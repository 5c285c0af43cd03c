//! Untrusted text: sanitised, measured and truncated.

use std::borrow::Cow;

use proptest::prelude::*;
use tokenscope::domain::latin;
use tokenscope::domain::text::{
    PLACEHOLDER, abbreviate, first_line, fit, sanitize, trim_input, truncate, width,
};
use unicode_segmentation::UnicodeSegmentation;

const FAMILY: &str = "👨‍👩‍👧‍👦";
const FLAG: &str = "🇩🇪";
const HEART: &str = "❤️";
const COMBINING: &str = "e\u{301}\u{323}";

/// Text that breaks terminals.
fn awkward() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{1,4}",
        any::<char>().prop_map(String::from),
        proptest::sample::select(vec![
            FAMILY,
            FLAG,
            HEART,
            COMBINING,
            "東京",
            "ﷺ",
            "عربى",
            "لا",
            "\u{FFFD}",
            "\u{200D}",
            "\u{FE0F}",
            "\u{1F1E9}",
            "\u{1B}[2J",
            "\r\n",
            "\u{202E}",
            "क्ष",
            "가",
            "\u{0600}",
            "...",
            "…",
            "a",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Unicode's direction controls and invisible format characters, except the joiners.
fn is_deceptive(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x61C | 0x180E | 0x200B | 0x200E..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF
        | 0xFFF9..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE007F)
}

proptest! {
    #[test]
    fn no_control_or_deceptive_character_survives(text in awkward()) {
        let clean = sanitize(&text);
        prop_assert!(!clean.chars().any(|c| c.is_control() || is_deceptive(c)), "{:?}", clean);
        let twice = sanitize(&clean).into_owned();
        prop_assert_eq!(twice, clean.into_owned());
    }

    #[test]
    fn harmless_text_is_not_copied(text in "[a-zA-Z0-9 東京é👍]{0,20}") {
        prop_assert!(matches!(sanitize(&text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn truncated_text_fits_and_ends_on_a_grapheme(
        text in awkward(), cells in 0_usize..30, ellipsis in proptest::sample::select(vec!["…", "...", "", "東"])
    ) {
        let cut = truncate(&text, cells, ellipsis);
        prop_assert!(width(&cut) <= cells, "{:?} is {} wide", cut, width(&cut));
        if width(&text) <= cells {
            prop_assert_eq!(cut.as_ref(), text.as_str());
        } else {
            let kept = cut.strip_suffix(ellipsis).unwrap_or(&cut);
            prop_assert!(text.starts_with(kept));
            let edges: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
            prop_assert!(edges.contains(&kept.len()), "{:?} of {:?}", kept, text);
        }
    }

    #[test]
    fn fitted_text_has_exactly_the_requested_width(text in awkward(), cells in 0_usize..30) {
        let fitted = fit(&sanitize(&text), cells, "…");
        prop_assert_eq!(width(&fitted), cells, "{:?}", fitted);
    }

    #[test]
    fn trimming_input_is_idempotent_and_only_cuts(text in awkward()) {
        let trimmed = trim_input(&text);
        prop_assert!(text.contains(trimmed));
        prop_assert_eq!(trim_input(trimmed), trimmed);
        prop_assert!(!trimmed.starts_with(char::is_whitespace) && !trimmed.ends_with(char::is_whitespace));
    }

    #[test]
    fn the_first_line_of_a_paste_is_one_line(text in awkward()) {
        let line = first_line(&text);
        prop_assert!(!line.contains(['\n', '\r']));
        prop_assert!(text.contains(line));
    }
}

#[test]
fn escapes_become_placeholders_and_line_breaks_spaces() {
    assert_eq!(
        sanitize("\u{1b}]0;x\u{7}\u{1b}[2Jok\u{202E}gnp"),
        "\u{FFFD}]0;x\u{FFFD}\u{FFFD}[2Jok\u{FFFD}gnp"
    );
    assert_eq!(
        sanitize("a\tb\nc\rd\r\ne\u{2028}f\u{2029}g"),
        "a b c d e f g"
    );
    assert_eq!(
        sanitize("\u{9b}31m\u{7f}\u{85}"),
        "\u{FFFD}31m\u{FFFD}\u{FFFD}"
    );
    assert_eq!(sanitize("\0"), PLACEHOLDER.to_string());
    assert_eq!(sanitize("hid\u{E0041}den"), "hid\u{FFFD}den");
}

#[test]
fn joined_and_marked_characters_stay_whole() {
    for text in [
        FAMILY,
        FLAG,
        HEART,
        COMBINING,
        "می\u{200C}خواهم",
        "\u{FFFD}",
    ] {
        assert_eq!(sanitize(text), text);
    }
}

#[test]
fn widths_are_those_of_a_terminal() {
    for (text, cells) in [
        ("", 0),
        ("abc", 3),
        ("東京", 4),
        (FAMILY, 2),
        (FLAG, 2),
        (HEART, 2),
        (COMBINING, 1),
        ("\u{FFFD}", 1),
        ("…", 1),
    ] {
        assert_eq!(width(text), cells, "{text:?}");
    }
}

#[test]
fn truncation_keeps_wide_characters_whole() {
    assert_eq!(truncate("東京-バックアップ", 9, "…"), "東京-バ…");
    assert_eq!(truncate("東京-バックアップ", 8, "…"), "東京-バ…");
    assert_eq!(truncate("東京", 4, "…"), "東京");
    assert_eq!(truncate("東京", 3, "…"), "東…");
    assert_eq!(truncate("東京", 2, "…"), "…");
    assert_eq!(truncate("東京", 1, "..."), "");
    assert_eq!(truncate("abcdef", 5, "..."), "ab...");
    assert_eq!(truncate("abcdef", 2, "..."), "ab");
    assert_eq!(truncate("abc", 0, "…"), "");
    let families = FAMILY.repeat(3);
    assert_eq!(truncate(&families, 5, "…"), format!("{FAMILY}{FAMILY}…"));
    assert_eq!(
        truncate(&COMBINING.repeat(4), 3, "…"),
        format!("{}…", COMBINING.repeat(2))
    );
    assert_eq!(fit("東京", 6, "…"), "東京  ");
    assert_eq!(fit("東京", 3, "…"), "東…");
    assert_eq!(fit("東京x", 4, "…"), "東… ");
}

#[test]
fn characters_that_copying_leaves_around_a_value_are_removed() {
    for text in [
        "abc\r\n",
        "\u{FEFF}abc",
        " \tabc\u{200B}",
        "\u{a0}abc\u{3000}",
        "\u{200E}abc\0",
        "\u{2060}abc\u{200D}",
    ] {
        assert_eq!(trim_input(text), "abc", "{text:?}");
    }
    assert_eq!(trim_input("a\u{200B}c"), "a\u{200B}c");
    assert_eq!(trim_input(" \r\n\u{FEFF}"), "");
}

#[test]
fn a_paste_gives_its_first_line_that_is_not_blank() {
    assert_eq!(first_line("tok_q\nddq\n"), "tok_q");
    assert_eq!(first_line("\r\n \n\u{FEFF}tok\rq"), "tok");
    assert_eq!(first_line(""), "");
    assert_eq!(first_line("\n\n"), "");
}

#[test]
fn an_abbreviated_id_shows_both_ends() {
    assert_eq!(
        abbreviate("4f1b8c2e90d34a7ab6f5e0c1d2839c2e", "…"),
        "4f1b…9c2e"
    );
    assert_eq!(
        abbreviate("4f1b8c2e90d34a7ab6f5e0c1d2839c2e", "..."),
        "4f1b...9c2e"
    );
    assert_eq!(abbreviate("123456789012", "…"), "123456789012");
    assert_eq!(abbreviate("1234567890123", "…"), "1234…0123");
    assert_eq!(abbreviate(&"é".repeat(13), "…"), "éééé…éééé");
}

#[test]
fn a_joiner_outside_emoji_is_replaced() {
    assert_eq!(sanitize("ab\u{200D}cd"), "ab\u{FFFD}cd");
    assert_eq!(sanitize("\u{200D}👩"), "\u{FFFD}👩");
    assert_eq!(sanitize("👩\u{200D}"), "👩\u{FFFD}");
    // Some terminals draw the second letter in the first one's cell.
    assert_eq!(sanitize("क्\u{200D}ष"), "क्\u{FFFD}ष");
    for emoji in [
        "👩\u{200D}👩\u{200D}👧",
        "👩🏽\u{200D}⚕\u{FE0F}",
        "❤\u{FE0F}\u{200D}🔥",
        "🏳\u{FE0F}\u{200D}🌈",
    ] {
        assert_eq!(sanitize(emoji), emoji);
    }
}

#[test]
fn a_mark_at_the_start_gets_a_base() {
    assert_eq!(sanitize("\u{300}abc"), "\u{25CC}\u{300}abc");
    assert_eq!(sanitize("\u{E33}"), "\u{25CC}\u{E33}");
    assert_eq!(sanitize("e\u{301}"), "e\u{301}");
}

#[test]
fn ascii_removes_accents_and_replaces_other_letters() {
    for (text, ascii) in [
        ("deploy", "deploy"),
        ("Größe", "Grosse"),
        ("café – naïve", "cafe - naive"),
        ("cafe\u{301}", "cafe"),
        ("Łódź Ærø œuvre", "Lodz AEro oeuvre"),
        ("İstanbul ışık", "Istanbul isik"),
        ("ﬁle ｆｕｌｌ", "file full"),
        ("Việt Nam", "Viet Nam"),
        ("東京", "??"),
        ("🚀 deploy", "? deploy"),
        ("“a” … ×2", "\"a\" ... x2"),
    ] {
        assert_eq!(latin::to_ascii(text), ascii, "{text}");
    }
}

#[test]
fn a_name_is_latin_if_each_letter_has_a_latin_base() {
    for name in ["", "deploy", "Größe", "🚀 deploy", "Việt Nam", "№ 7"] {
        assert!(latin::is_latin(name), "{name}");
    }
    for name in ["東京-バックアップ", "prod-деплой", "ключ", "αβγ"] {
        assert!(!latin::is_latin(name), "{name}");
    }
}
