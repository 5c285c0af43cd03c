//! The structure that the docs of `lib.rs` promise, checked against the source; and each rule,
//! checked against a small tree that breaks it.

mod layers;
mod names;
mod rules;
mod source;
mod workflows;

use crate::support::assertions::assert_starts;
use std::path::Path;

/// Files that are one table each, and may be as long.
const TABLES: &[&str] = &[];

fn violations(root: &Path, tables: &[&str]) -> Vec<String> {
    let library = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let table = layers::parse(&library).unwrap();
    rules::violations(&source::Tree::read(root).unwrap(), &table, tables)
}

#[test]
fn the_source_follows_every_rule_of_its_table() {
    let found = violations(Path::new(env!("CARGO_MANIFEST_DIR")), TABLES);
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_path_in_the_table_of_places_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let places: Vec<&str> = library
        .lines()
        .skip_while(|line| !line.starts_with("//! | To add |"))
        .take_while(|line| line.starts_with("//! |"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    assert!(places.len() > 8, "{places:?}");
    for place in places {
        let exists = root.join("src").join(place).exists() || root.join(place).exists();
        assert!(exists, "{place} does not exist");
    }
}

const LIBRARY: &str = "\
//! A small crate.
//!
//! | Layer | Module | May use | Used by | Crates | What it is |
//! |---|---|---|---|---|---|
//! | 0 | `domain` | nothing | any | `chrono` | pure |
//! | 1 | `api` | lower | any | any, not `anyhow` | network |
//! | 1 | `demo` | lower | `tui/effects.rs` | any | server |
//! | 2 | `view` | `domain` | any | any | drawing |
//! | 2 | `app` | `domain`, `view`, not `view::deep` | any | `chrono`, `ratatui`, not `ratatui::crossterm` | state |
//! | 2 | `app/*/view.rs` | `domain` | any | `ratatui` | what is drawn |
//! | 3 | `tui` | lower, not `api` | any | any, `ratatui` | shell |
//! | 4 | `main` | lower | any | any | start |

";

const MANIFEST: &str = "\
[dependencies]
chrono = \"0.4\"
anyhow = \"1\"
ratatui = \"0.30\"
tui-input = \"0.15\"
[target.'cfg(unix)'.dependencies]
rustix = \"1\"
";

/// A package that follows every rule.
const GOOD: [(&str, &str); 11] = [
    (
        "main.rs",
        "use tokenscope::{app, tui};\nuse anyhow::Result;\n",
    ),
    (
        "domain/mod.rs",
        "pub mod status;\npub mod token;\npub use status::Status;\n",
    ),
    (
        "domain/status.rs",
        "use chrono::Utc;\n/// A status.\npub struct Status;\n",
    ),
    (
        "domain/token.rs",
        "use super::status::Status;\npub(super) fn f(status: Status) {}\n",
    ),
    (
        "api.rs",
        "use crate::domain::Status;\nuse std::fs;\nfn f() { rustix::x(); }\n",
    ),
    ("demo.rs", "use crate::domain::token;\n"),
    (
        "app.rs",
        "use crate::domain::{Status, token};\nuse ratatui::style::Style;\n",
    ),
    ("view.rs", "pub mod deep;\n"),
    ("view/deep.rs", "use crate::domain::token;\n"),
    ("tui/mod.rs", "mod effects;\nuse crate::app;\n"),
    (
        "tui/effects.rs",
        "use crate::demo;\nuse ratatui::crossterm;\n",
    ),
];

/// The violations of the good package once one file is replaced or added.
fn broken(path: &str, body: &str) -> Vec<String> {
    let opened = format!("//! A file.\n{body}");
    broken_as_written(path, &opened, &[])
}

fn broken_as_written(path: &str, text: &str, tables: &[&str]) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let file = root.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write("Cargo.toml", MANIFEST);
    write("src/lib.rs", LIBRARY);
    for (path, body) in GOOD {
        write(&format!("src/{path}"), &format!("//! A file.\n{body}"));
    }
    write(&format!("src/{path}"), text);
    violations(root.path(), tables)
}

#[track_caller]
fn accepts(path: &str, body: &str) {
    assert_eq!(broken(path, body), Vec::<String>::new());
}

#[track_caller]
fn rejects(path: &str, body: &str, used: &str) {
    assert_eq!(broken(path, body), not_allowed(path, used));
}

fn not_allowed(path: &str, used: &str) -> Vec<String> {
    vec![format!("{path} may not use {used}")]
}

#[test]
fn a_package_that_follows_the_rules_has_no_violations() {
    accepts("api.rs", "");
    accepts("domain/secret.rs", "struct S;");
}

#[test]
fn a_file_uses_no_higher_layer() {
    for body in [
        "use crate::api;",
        "use crate::{domain, api::Client};",
        "use super::super::api;",
        "fn f() { crate::api::get(); }",
        "fn f() { println!(\"{}\", crate::api::get()); }",
        "#[derive(crate::api::Macro)] struct S;",
        "struct S { client: crate::api::Client }",
        "mod inner { use super::super::super::api; }",
        "pub use crate::api::*;",
    ] {
        let found = broken("domain/status.rs", body);
        assert_starts(&found[0], "domain/status.rs may not use");
    }
}

#[test]
fn comments_strings_and_visibilities_use_nothing() {
    let body = "// use crate::api;\n/// [`crate::api`]\npub(crate) const A: &str = \"crate::api::x\";\n\
                pub(in crate::domain) fn f() {}\n#[cfg(test)]\nmod tests { use crate::api; }\n";
    accepts("domain/status.rs", body);
}

#[test]
fn a_file_uses_modules_of_its_layer_only_if_its_row_names_them() {
    rejects("api.rs", "use crate::demo::Demo;", "crate::demo::Demo");
}

#[test]
fn a_row_may_name_modules_of_its_layer_whole_or_in_part() {
    accepts("app.rs", "use crate::view;");
    rejects("app.rs", "use crate::view::deep;", "crate::view::deep");
    rejects("view/deep.rs", "use crate::app;", "crate::app");
}

#[test]
fn a_row_may_cover_a_pattern_of_files() {
    let drawn = "use ratatui::crossterm;";
    accepts("app/list/view.rs", drawn);
    for path in ["app/list/update.rs", "app/view.rs", "app/list/more/view.rs"] {
        rejects(path, drawn, "ratatui::crossterm");
    }
    let used = "use crate::view;";
    accepts("app/list/state.rs", used);
    rejects("app/list/view.rs", used, "crate::view");
}

#[test]
fn a_module_with_a_list_uses_only_modules_on_it() {
    rejects("app.rs", "use crate::api::Client;", "crate::api::Client");
}

#[test]
fn a_module_may_be_closed_to_a_higher_one() {
    rejects("tui/mod.rs", "use crate::api;", "crate::api");
}

#[test]
fn a_module_is_used_only_by_the_files_that_its_row_names() {
    rejects("tui/mod.rs", "use crate::demo;", "crate::demo");
    rejects("main.rs", "use tokenscope::demo;", "tokenscope::demo");
}

#[test]
fn files_of_a_module_do_not_use_each_other_in_a_cycle() {
    for (body, cycle) in [
        (
            "use super::token::Token;",
            "domain/status.rs -> domain/token.rs -> domain/status.rs",
        ),
        // The folder re-exports it from this file.
        (
            "use super::Status;",
            "domain/mod.rs -> domain/status.rs -> domain/mod.rs",
        ),
    ] {
        let found = broken("domain/status.rs", body);
        assert_eq!(found, [format!("a cycle: {cycle}")]);
    }
}

#[test]
fn a_pure_module_uses_only_the_crates_on_its_list() {
    for (body, used) in [
        ("use ratatui::style::Style;", "ratatui::style::Style"),
        ("fn f() { rustix::x(); }", "rustix::x"),
        ("#[derive(anyhow::X)] struct S;", "anyhow::X"),
        ("fn f() { tui_input::m!(1); }", "tui_input::m"),
        ("use anyhow;", "anyhow"),
    ] {
        rejects("domain/status.rs", body, used);
    }
}

#[test]
fn a_pure_module_uses_no_part_of_std_with_side_effects() {
    for body in [
        "use std::fs;",
        "use std::{fmt, fs};",
        "fn f() { std::fs::x(); }",
    ] {
        let found = broken("domain/status.rs", body);
        assert_eq!(found.len(), 1, "{body}: {found:?}");
        assert!(found[0].contains("std::fs"), "{found:?}");
    }
    accepts("domain/status.rs", "use std::fmt;");
}

#[test]
fn a_crate_may_be_closed_to_a_module_whole_or_in_part() {
    rejects("api.rs", "use anyhow::Error;", "anyhow::Error");
    rejects(
        "app.rs",
        "use ratatui::crossterm::event;",
        "ratatui::crossterm::event",
    );
}

#[test]
fn a_module_with_the_name_of_a_crate_is_not_that_crate() {
    for body in [
        "use super::status as rustix;\nfn f() { rustix::x(); }",
        "mod rustix { pub(super) fn x() {} }\nfn f() { rustix::x(); }",
    ] {
        accepts("domain/token.rs", body);
    }
    let crates = broken("domain/token.rs", "fn f() { rustix::x(); }");
    assert_eq!(crates, not_allowed("domain/token.rs", "rustix::x"));
}

#[test]
fn a_file_outside_the_table_is_rejected() {
    assert_eq!(
        broken("cache.rs", ""),
        ["cache.rs is in no row of the table"]
    );
    assert_eq!(
        broken("cache/mod.rs", ""),
        ["cache/mod.rs is in no row of the table"]
    );
}

#[test]
fn a_long_file_is_rejected_unless_it_is_a_table() {
    let long = format!("//! A file.\n{}", "// x\n".repeat(600));
    assert_eq!(
        broken_as_written("api.rs", &long, &[]),
        ["api.rs has 601 lines"]
    );
    assert_eq!(
        broken_as_written("api.rs", &long, &["api.rs"]),
        Vec::<String>::new()
    );
    let tested = format!(
        "//! A file.\n{}#[cfg(test)]\nmod tests {{\n{}}}\n",
        "// x\n".repeat(599),
        "// x\n".repeat(50)
    );
    assert_eq!(
        broken_as_written("api.rs", &tested, &[]),
        Vec::<String>::new()
    );
}

#[test]
fn a_long_function_is_rejected_anywhere() {
    let lines = |count| {
        (0..count)
            .map(|n| format!("let _x = {n};\n"))
            .collect::<String>()
    };
    for (open, close) in [
        ("", ""),
        ("impl S {\n", "}\n"),
        ("trait T {\n", "}\n"),
        ("mod m {\n", "}\n"),
    ] {
        let long = format!("{open}fn slow() {{\n{}}}\n{close}", lines(59));
        assert_eq!(broken("api.rs", &long), ["api.rs: slow has 61 lines"]);
        let short = format!("{open}fn slow() {{\n{}}}\n{close}", lines(58));
        accepts("api.rs", &short);
    }
}

#[test]
fn a_match_may_be_as_long_as_its_enum_but_its_arms_are_limited() {
    let arms = (0..25)
        .map(|n| format!("A{n} => {{\nf({n});\n}}\n"))
        .collect::<String>();
    let dispatch = format!("fn go() {{\nmatch x {{\n{arms}}}\n}}\n");
    accepts("api.rs", &dispatch);
    let arm = format!(
        "A => {{\n{}}}\n",
        (0..57).map(|n| format!("f({n});\n")).collect::<String>()
    );
    let long = format!("fn go() {{\nmatch x {{\n{arm}B => (),\n}}\n}}\n");
    assert_eq!(broken("api.rs", &long), ["api.rs: go has 63 lines"]);
}

#[test]
fn a_file_name_without_meaning_is_rejected() {
    for path in [
        "domain/utils.rs",
        "domain/prelude.rs",
        "domain/helpers/mod.rs",
    ] {
        assert_eq!(
            broken(path, ""),
            [format!("{path} says nothing by its name")]
        );
    }
}

#[test]
fn a_banned_name_is_rejected() {
    for body in [
        "struct Vault;",
        "enum Telling { One }",
        "trait Look {}",
        "fn vacate() {}",
        "impl S { fn vacate() {} }",
        "struct S { visitors: bool }",
    ] {
        let found = broken("api.rs", body);
        assert_eq!(found.len(), 1, "{body}: {found:?}");
        assert!(
            found[0].ends_with("is a name that was given up"),
            "{found:?}"
        );
    }
    assert_eq!(
        broken("domain/vault.rs", ""),
        ["domain/vault.rs: vault is a name that was given up"]
    );
    let library = LIBRARY.replace("A small crate", "Rooms on floors");
    assert_eq!(
        broken_as_written("lib.rs", &library, &[]),
        ["room", "floor"].map(|word| format!("lib.rs: {word}s is a name that was given up"))
    );
    let used = "use std::collections::hash_map::Entry as Vault;\nfn f(entry: Vault) { other::Vault::new(); }";
    accepts("api.rs", used);
}

#[test]
fn public_items_need_docs() {
    for body in [
        "pub struct S;",
        "pub enum S {}",
        "pub trait S {}",
        "pub type S = u8;",
        "pub fn S() {}",
        "impl T { pub fn S() {} }",
        "pub mod S {}",
    ] {
        assert_eq!(
            broken("api.rs", body),
            ["api.rs: S is public and has no docs"]
        );
        let documented = body.replace("pub", "/// It.\npub");
        accepts("api.rs", &documented);
    }
    let silent = "/// It.\npub struct S { pub field: u8 }\n/// It.\npub enum E { A }\n\
                  pub(crate) fn f() {}\nimpl Clone for S { fn clone(&self) -> S { S } }";
    accepts("api.rs", silent);
}

#[test]
fn ten_equal_lines_are_a_repetition() {
    let lines = |count| (0..count).map(|n| format!("f({n});\n")).collect::<String>();
    let twice = |count, between: &str| {
        let once = lines(count);
        broken(
            "api.rs",
            &format!("fn a() {{\n{once}}}\nfn b() {{\n// why\n\n{between}{once}}}\n"),
        )
    };
    assert_eq!(twice(8, ""), Vec::<String>::new());
    assert_eq!(twice(9, ""), ["api.rs:16 repeats api.rs:3"]);
    assert_eq!(
        twice(25, "use a::b;\n").len(),
        1,
        "a long passage is reported once"
    );
    let imports: String = (0..12)
        .map(|n| format!("use std::fmt::Debug as D{n};\n"))
        .collect();
    accepts("api.rs", &format!("{imports}mod inner {{\n{imports}}}\n"));
    assert_eq!(
        broken("api.rs", &"f!();\n".repeat(15)),
        Vec::<String>::new()
    );
}

#[test]
fn only_rows_that_name_a_drawing_crate_use_it() {
    rejects("api.rs", "use ratatui::Frame;", "ratatui::Frame");
}

#[test]
fn a_file_starts_with_module_docs() {
    for text in [
        "",
        "use std::fmt;\n",
        "// A file.\n",
        "//!\n",
        "\n//! A file.\n",
    ] {
        assert_eq!(
            broken_as_written("api.rs", text, &[]),
            ["api.rs does not open with `//!`"]
        );
    }
}

#[test]
fn the_library_only_declares_modules() {
    let library = format!("{LIBRARY}fn f() {{}}\n");
    assert_eq!(
        broken_as_written("lib.rs", &library, &[]),
        ["lib.rs does more than declare modules"]
    );
}

#[test]
fn a_malformed_table_is_rejected() {
    let row = "| 0 | `domain` | nothing | any | any | pure |";
    let with = |row: &str| {
        layers::parse(&format!(
            "//! | Layer |b|c|d|e|f|\n//! |-|-|-|-|-|-|\n//! {row}\n"
        ))
    };
    assert!(with(row).is_ok());
    for bad in [
        "| x | `domain` | nothing | any | any | pure |",
        "| 0 | `domain` | domain | any | any | pure |",
        "| 0 | `domain` | not any | any | any | pure |",
        "| 0 | `domain` | nothing | any | any |",
        "",
    ] {
        assert!(with(bad).is_err(), "{bad}");
    }
    assert!(
        with(&format!("{row}\n//! {row}")).is_err(),
        "two rows of one name"
    );
}
