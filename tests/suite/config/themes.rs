//! Custom themes, and the names of accounts and zones.

use std::fs;

use clap::Parser;
use tokenscope::cli::args::Cli;
use tokenscope::config::settings::{load, save_profile};
use tokenscope::config::themes::Themes;
use tokenscope::domain::profile::Profile;
use tokenscope::startup::output_style::{self, ThemeChoice};
use tokenscope::theme::{ColorDepth, Role, Theme};

use super::{home, load_text, said};
use crate::support::assertions::{assert_contains, assert_lacks};
use crate::support::sessions::{account, environment, profile, zone};
use crate::support::tokens::ACCOUNT;

#[test]
fn a_file_in_the_themes_folder_is_a_theme() {
    let (_dir, paths) = home();
    let folder = paths.config_dir.join("themes");
    fs::create_dir_all(&folder).unwrap();
    for name in ["mine", "dark", ".hidden", "a b"] {
        fs::write(folder.join(format!("{name}.toml")), "calm = {}").unwrap();
    }
    fs::write(folder.join("notes.txt"), "").unwrap();
    let themes = Themes::beside(&paths.config_file());
    assert_eq!(
        themes.names(),
        ["auto", "dark", "light", "mono", "colorblind", "mine"]
    );
    for (name, exists) in [
        ("mine", true),
        ("auto", true),
        ("dark", true),
        ("other", false),
        (".hidden", false),
        ("../themes/mine", false),
        ("", false),
    ] {
        assert_eq!(themes.has(name), exists, "{name:?}");
    }
    fs::write(paths.config_file(), "theme = \"mine\"\n").unwrap();
    let loaded = load(&paths).unwrap();
    assert_eq!(
        (loaded.settings.theme.as_str(), said(&loaded)),
        ("mine", String::new())
    );
    fs::remove_file(folder.join("mine.toml")).unwrap();
    let loaded = load(&paths).unwrap();
    assert_eq!(loaded.settings.theme, "auto");
    assert_contains(&said(&loaded), "`theme` must be one of");
}

/// The theme chosen for these settings, and the warning.
fn chosen(
    theme: &str,
    file: Option<&str>,
    flag: Option<&str>,
    variables: &[(&str, &str)],
) -> (ThemeChoice, String) {
    let (_dir, paths) = home();
    if let Some(text) = file {
        let folder = paths.config_dir.join("themes");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("mine.toml"), text).unwrap();
    }
    let mut settings = load_text("").unwrap().settings;
    theme.clone_into(&mut settings.theme);
    let themes = Themes::beside(&paths.config_file());
    let mut flags = Cli::parse_from(["tokenscope"]).flags;
    flags.theme = flag.map(str::to_owned);
    let mut warnings = Vec::new();
    let variables = environment(variables.iter().copied());
    let choice = output_style::themes(&flags, &variables, &settings, &themes, &mut warnings);
    let warned: Vec<String> = warnings.into_iter().map(|it| it.summary).collect();
    (choice.unwrap(), warned.join("\n"))
}

const XTERM: [(&str, &str); 1] = [("TERM", "xterm-256color")];

#[test]
fn queries_the_background_only_if_it_can_matter() {
    let named = |name| Theme::named(name, ColorDepth::Fixed).unwrap();
    let (choice, _) = chosen("auto", None, None, &XTERM);
    assert_eq!(choice.first, named("mono"));
    assert_eq!(choice.by_background, Some(ColorDepth::Fixed));
    for (theme, flag, variables) in [
        ("light", None, &XTERM[..]),
        ("auto", Some("light"), &XTERM),
        (
            "auto",
            None,
            &[("TERM", "xterm-256color"), ("NO_COLOR", "1")],
        ),
        ("auto", None, &[("TERM", "linux")]),
        ("auto", None, &[("TERM", "vt100")]),
    ] {
        let (choice, warned) = chosen(theme, None, flag, variables);
        assert!(
            choice.by_background.is_none(),
            "{theme} {flag:?} {variables:?}"
        );
        assert_eq!(warned, "");
    }
}

#[test]
fn a_damaged_theme_is_a_warning_and_falls_back_to_auto() {
    let (choice, warned) = chosen("mine", Some("calm = { fg = \"42\" }"), None, &XTERM);
    assert_eq!(warned, "");
    assert_ne!(
        choice.first.style(Role::Calm),
        Theme::named("mono", ColorDepth::Fixed)
            .unwrap()
            .style(Role::Calm)
    );
    for text in [
        "calm = ",
        "calm = { fg = \"grue\" }",
        "clam = {}",
        "calm = 3",
    ] {
        for (theme, flag) in [("mine", None), ("dark", Some("mine"))] {
            let (choice, warned) = chosen(theme, Some(text), flag, &XTERM);
            assert!(warned.contains("Cannot use the theme"), "{text}: {warned}");
            assert!(choice.by_background.is_some(), "{text}");
        }
    }
}

#[test]
fn the_name_of_an_account_is_read_kept_and_replaced() {
    let (_dir, paths) = home();
    let text = format!("[profiles.prod]\naccount = \"{ACCOUNT}\"\nname = \"Example Ltd\" # ours\n");
    fs::write(paths.config_file(), &text).unwrap();
    let read = || load(&paths).unwrap().settings.profiles.remove(0);
    let known = Profile {
        scope_name: Some("Example Ltd".to_owned()),
        ..profile("prod", Some(account()))
    };
    assert_eq!(read(), known);
    // A change without a name keeps it.
    save_profile(&paths, &profile("prod", Some(account()))).unwrap();
    assert_eq!(read(), known);
    let renamed = Profile {
        scope_name: Some("Example Inc \"two\"".to_owned()),
        ..known.clone()
    };
    save_profile(&paths, &renamed).unwrap();
    assert_eq!(read(), renamed);
    assert_contains(&fs::read_to_string(paths.config_file()).unwrap(), "# ours");
    // Another scope's name is not known.
    save_profile(&paths, &profile("prod", Some(zone()))).unwrap();
    assert_eq!(read(), profile("prod", Some(zone())));
    assert_lacks(&fs::read_to_string(paths.config_file()).unwrap(), "name");
}

#[test]
fn a_name_that_is_not_text_is_a_warning() {
    let text = format!("[profiles.prod]\naccount = \"{ACCOUNT}\"\nname = 3\n");
    let loaded = load_text(&text).unwrap();
    assert_eq!(loaded.settings.profiles[0].scope_name, None);
    assert_contains(&said(&loaded), "`profiles.prod.name` must be text");
}
