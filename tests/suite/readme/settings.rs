//! The table of settings.

use std::collections::BTreeSet;

use tokenscope::config::Paths;
use tokenscope::config::settings::{LoadedSettings, load};
use tokenscope::domain::failure::Failure;

use super::between;
use crate::support::tokens::{ACCOUNT, ZONE};

/// A row: the name, and its values and default if they are TOML values.
struct Setting {
    name: &'static str,
    values: Vec<String>,
    default: Option<String>,
}

fn settings() -> Vec<Setting> {
    let table = between("<!-- settings -->\n", "<!-- /settings -->");
    let rows = table.lines().skip(2).map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let ["", name, values, default, _, ""] = cells[..] else {
            panic!("{row}");
        };
        Setting {
            name: name.trim_matches('`'),
            values: codes(values),
            default: codes(default).pop(),
        }
    });
    rows.collect()
}

/// The code in a cell, except names of settings and folders.
fn codes(cell: &str) -> Vec<String> {
    let codes = cell.split('`').skip(1).step_by(2);
    let is_value = |code: &&str| toml_edit::Document::parse(format!("it = {code}")).is_ok();
    codes.filter(is_value).map(str::to_owned).collect()
}

/// Values for rows that describe theirs in words.
fn described(name: &str) -> Option<String> {
    Some(match name {
        "default_profile" => "\"work\"".to_owned(),
        "critical" => "\"5d\"".to_owned(),
        "profiles.NAME.account" => format!("\"{ACCOUNT}\""),
        "profiles.NAME.zone" => format!("\"{ZONE}\""),
        "profiles.NAME.email" => "\"ops@example.com\"".to_owned(),
        "profiles.NAME.name" => "\"Example Ltd\"".to_owned(),
        "profiles.NAME.base_url" => "\"https://api.example.com/client/v4\"".to_owned(),
        _ => return None,
    })
}

/// Loads a file with one setting.
fn loaded(name: &str, value: &str) -> Result<LoadedSettings, Failure> {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::in_one(home.path());
    let text = match name.strip_prefix("profiles.NAME.") {
        Some(key) if value == "\"global_key\"" => {
            format!("[profiles.work]\n{key} = {value}\nemail = \"ops@example.com\"\n")
        }
        Some(key) => format!("[profiles.work]\n{key} = {value}\n"),
        None => format!("{name} = {value}\n"),
    };
    std::fs::write(paths.config_file(), text).unwrap();
    load(&paths)
}

#[test]
fn the_table_of_settings_has_valid_values_and_true_defaults() {
    let nothing = LoadedSettings::default();
    for Setting {
        name,
        values,
        default,
    } in settings()
    {
        let described = described(name);
        assert!(!values.is_empty() || described.is_some(), "{name}");
        for value in values.iter().chain(&described) {
            let settings = loaded(name, value).unwrap();
            assert_eq!(settings.warnings, [], "{name} = {value}");
            let is_default = default.as_ref() == Some(value);
            if !name.starts_with("profiles.") {
                assert_eq!(
                    settings.settings == nothing.settings,
                    is_default,
                    "{name} = {value}"
                );
            }
        }
        if let Some(default) = default {
            let settings = loaded(name, &default).unwrap();
            assert!(
                name.starts_with("profiles.") || settings == nothing,
                "{name} = {default}"
            );
        }
    }
}

/// Finds the names in the text of the code.
#[test]
fn the_table_of_settings_has_every_name_that_the_code_reads() {
    let code = include_str!("../../../src/config/settings.rs");
    let mut read = BTreeSet::from(["account".to_owned(), "zone".to_owned()]);
    for start in [".read(", ".read_or(", ".switch(", "const KEY: &str ="] {
        for call in code.split(start).skip(1) {
            let literal = call.trim_start().strip_prefix('"');
            read.extend(literal.map(|rest| rest.split('"').next().unwrap().to_owned()));
        }
    }
    assert!(read.remove("profiles"));
    let told: BTreeSet<String> = settings()
        .iter()
        .map(|it| it.name.rsplit('.').next().unwrap().to_owned())
        .collect();
    assert_eq!(told, read);
}
