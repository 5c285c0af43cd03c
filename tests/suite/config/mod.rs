//! Settings, profiles, recent lookups, file locks and atomic replacement.

mod damage;
mod disk;
mod export;
pub(crate) mod files;
mod folders;
mod log;
mod themes;

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;
use tokenscope::config::Paths;
use tokenscope::config::log as config_log;
use tokenscope::config::settings::{
    LoadedSettings, keymap_text, load, remove_profile, save_profile, set_default_profile,
};
use tokenscope::config::state::{load_recents, remember};
use tokenscope::domain::credential::CredentialKind;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::profile::{Profile, Settings};
use tokenscope::domain::recent_lookups::{CAPACITY, Recent};
use tokenscope::domain::scope::BaseUrl;
use tokenscope::domain::status::{Lifecycle, Threshold};
use tokenscope::domain::token::TokenId;

use crate::support::assertions::assert_contains;
use crate::support::sessions::{account, profile, zone};
use crate::support::tokens::{ACCOUNT, ZONE};

/// A directory, and paths inside it for all files.
fn home() -> (TempDir, Paths) {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::in_one(dir.path());
    (dir, paths)
}

fn load_text(text: &str) -> Result<LoadedSettings, Failure> {
    let (_dir, paths) = home();
    fs::write(paths.config_file(), text).unwrap();
    let loaded = load(&paths);
    assert_eq!(fs::read_to_string(paths.config_file()).unwrap(), text);
    loaded
}

/// The sentences of the warnings.
fn said(loaded: &LoadedSettings) -> String {
    let sentences = loaded.warnings.iter().map(|it| it.summary.as_str());
    sentences.collect::<Vec<_>>().join("\n")
}

fn recent(number: u32) -> Recent {
    let start = DateTime::parse_from_rfc3339("2026-11-25T12:00:00.5Z").unwrap();
    let looked_up_at = start.to_utc() + TimeDelta::seconds(number.into());
    Recent {
        scope: account(),
        id: TokenId::parse(&format!("f174e90a-fafe-4643-bbbc-4a0ed4{number:06}")).unwrap(),
        name: format!("token {number} \u{1b}[31m\"quoted\""),
        life: Lifecycle {
            enabled: Some(true),
            forever: false,
            expires_at: Some(looked_up_at + TimeDelta::days(30)),
            duration: Some(TimeDelta::hours(8760)),
        },
        looked_up_at,
        profile: None,
    }
}

// Locations of files.

#[test]
fn one_directory_can_hold_all_files() {
    let paths = Paths::find(Some(Path::new("/somewhere"))).unwrap();
    assert_eq!(paths.config_file(), Path::new("/somewhere/config.toml"));
    assert_eq!(paths.keymap_file(), Path::new("/somewhere/keymap.toml"));
    assert_eq!(paths.state_file(), Path::new("/somewhere/state.json"));
    assert_eq!(paths.log_file(), Path::new("/somewhere/tokenscope.log"));
}

#[test]
fn the_platform_directory_has_the_programs_name() {
    let paths = Paths::find(None).unwrap();
    assert!(paths.config_dir.is_absolute());
    let shown = paths.config_dir.display().to_string();
    assert!(shown.contains("tokenscope"), "{shown}");
}

// Loading settings.

#[test]
fn a_missing_file_means_defaults_and_creates_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::in_one(&dir.path().join("absent"));
    assert_eq!(load(&paths).unwrap(), LoadedSettings::default());
    assert_eq!(load_recents(&paths), (Vec::new(), None));
    assert_eq!(keymap_text(&paths).unwrap(), None);
    assert!(!paths.config_dir.exists());
}

#[test]
fn reads_every_setting() {
    let text = format!(
        r#"
default_profile = "prod"
theme = "mono"
ascii = true
bell = true
title = false
notify = true
mouse = true
calm = true
refresh_seconds = 0
warn = "45d"
critical = "12h"

[profiles.prod]
credential = "api_token"
account = "{}"

[profiles.key]
credential = "global_key"
email = "a@b.c"
zone = "{ZONE}"

[profiles.bare]
credential = "api_token"
"#,
        ACCOUNT.to_uppercase()
    );
    let loaded = load_text(&text).unwrap();
    assert_eq!(loaded.warnings, []);
    let settings = loaded.settings;
    assert_eq!(settings.default_profile, "prod");
    assert_eq!(settings.theme, "mono");
    assert!(settings.ascii == Some(true) && settings.bell);
    assert!(!settings.title && settings.notify && settings.mouse && settings.calm);
    assert_eq!(settings.refresh_seconds, 0);
    let time = |time| Some(Threshold::Time(time));
    assert_eq!(settings.thresholds.warn, time(TimeDelta::days(45)));
    assert_eq!(settings.thresholds.critical, time(TimeDelta::hours(12)));
    let key = CredentialKind::GlobalKey {
        email: "a@b.c".to_owned(),
    };
    let expected = [
        profile("prod", Some(account())),
        Profile {
            name: "key".to_owned(),
            kind: key,
            scope: Some(zone()),
            scope_name: None,
            base_url: BaseUrl::default(),
            command: None,
        },
        Profile {
            scope: None,
            ..profile("bare", Some(account()))
        },
    ];
    assert_eq!(settings.profiles, expected);
}

#[test]
fn bare_numbers_are_days() {
    let settings = load_text("warn = 20\ncritical = \"3\"").unwrap().settings;
    let days = |days| Some(Threshold::Time(TimeDelta::days(days)));
    assert_eq!(settings.thresholds.warn, days(20));
    assert_eq!(settings.thresholds.critical, days(3));
}

#[test]
fn unknown_keys_are_warnings() {
    let text = "shiny = 1\n[profiles.a]\ncolour = \"red\"\n[panels]\nleft = true\n";
    let loaded = load_text(text).unwrap();
    let warned = said(&loaded);
    for key in ["`shiny`", "`profiles.a.colour`", "`panels`"] {
        assert!(warned.contains(key), "{warned}");
    }
    assert_eq!(loaded.warnings.len(), 3);
    assert_eq!(loaded.settings.profiles.len(), 1);
}

#[test]
fn a_syntax_error_has_line_and_column() {
    let failure = load_text("theme = \"dark\"\nwarn = = tok_abc\n").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Config);
    assert_contains(&failure.summary, "config.toml, line 2, column 8: ");
    assert!(!format!("{failure:?}").contains("tok_abc"), "{failure:?}");
}

#[test]
fn an_invalid_value_is_an_error_with_its_key_and_without_the_value() {
    let account = format!("[profiles.a]\naccount = \"{ACCOUNT}\"\n");
    let both = format!("{account}zone = \"{ZONE}\"\n");
    let cases = [
        ("warn = \"secret\"", "`warn`"),
        ("warn = 0", "`warn`"),
        ("warn = \"7d\"\ncritical = \"30d\"", "`critical`"),
        ("warn = \"1%\"\ncritical = \"2%\"", "`critical`"),
        ("critical = \"101%\"", "`critical`"),
        ("default_profile = \"a secret\"", "`default_profile`"),
        (
            "default_profile = \"tokenscope-probe\"",
            "`default_profile`",
        ),
        ("profiles = \"secret\"", "`profiles`"),
        ("profiles.a = \"secret\"", "`profiles.a`"),
        ("[profiles.\"a b\"]", "`profiles.a b`"),
        ("[profiles.tokenscope-probe]", "`profiles.tokenscope-probe`"),
        (
            "[profiles.a]\ncredential = \"secret\"",
            "`profiles.a.credential`",
        ),
        ("[profiles.a]\ncredential = \"global_key\"", "`email`"),
        ("[profiles.a]\nemail = \"secret\"", "`profiles.a.email`"),
        ("[profiles.a]\naccount = \"secret\"", "`profiles.a.account`"),
        (both.as_str(), "`profiles.a.zone`"),
    ];
    for (text, key) in cases {
        let failure = load_text(text).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Config, "{text}");
        assert!(failure.summary.contains(key), "{text}: {failure:?}");
        assert!(failure.summary.contains(", line "), "{text}: {failure:?}");
        assert!(!format!("{failure:?}").contains("secret"), "{failure:?}");
    }
}

#[test]
fn a_file_that_is_a_directory_too_large_or_not_text_is_an_error() {
    let (_dir, paths) = home();
    let summary = |paths: &Paths| {
        let failure = load(paths).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(failure.summary.contains("config.toml"), "{failure:?}");
        // Each of these files can be read; something else is wrong with it.
        assert!(!failure.hint.text.contains("readable"), "{failure:?}");
        failure.summary
    };
    fs::create_dir(paths.config_file()).unwrap();
    assert!(summary(&paths).contains("not a regular file"));
    fs::remove_dir(paths.config_file()).unwrap();
    fs::write(paths.config_file(), vec![b'#'; (1 << 20) + 1]).unwrap();
    assert!(summary(&paths).contains("larger than 1 MiB"));
    fs::write(paths.config_file(), vec![b'#'; 1 << 20]).unwrap();
    load(&paths).unwrap();
    fs::write(paths.config_file(), [b'#', 0xFF]).unwrap();
    assert!(summary(&paths).contains("not valid UTF-8"));
    fs::write(paths.keymap_file(), "[detail]").unwrap();
    assert_eq!(keymap_text(&paths).unwrap().as_deref(), Some("[detail]"));
}

// Changing settings.

#[test]
fn the_first_saved_profile_becomes_the_default() {
    let (_dir, paths) = home();
    save_profile(&paths, &profile("prod", Some(account()))).unwrap();
    let settings = load(&paths).unwrap().settings;
    assert_eq!(settings.profiles, [profile("prod", Some(account()))]);
    assert_eq!(settings.default_profile, "prod");
    save_profile(&paths, &profile("second", Some(account()))).unwrap();
    let settings = load(&paths).unwrap().settings;
    assert_eq!(settings.profiles.len(), 2);
    assert_eq!(settings.default_profile, "prod");
}

#[test]
fn the_file_for_a_first_default_profile_is_short() {
    let (_dir, paths) = home();
    save_profile(&paths, &profile("default", Some(account()))).unwrap();
    let text = fs::read_to_string(paths.config_file()).unwrap();
    let expected =
        format!("[profiles.default]\ncredential = \"api_token\"\naccount = \"{ACCOUNT}\"\n");
    assert_eq!(text, expected);
}

#[test]
fn a_change_keeps_comments_order_and_unknown_keys() {
    let (_dir, paths) = home();
    let text = format!(
        "# mine\ntheme = \"light\" # at the office\nshiny = [1, 2] # from the future\r\n\n\
         # the first\n[profiles.b]\naccount = \"{ACCOUNT}\" # ours\ncredential = \"api_token\" # narrow\n\
         note = \"kept\"\n\n[profiles.a]\n\
         credential_command = [ \"op\", # by hand\n  \"read\" ]\n"
    );
    fs::write(paths.config_file(), &text).unwrap();
    let changed = Profile {
        scope: Some(zone()),
        kind: CredentialKind::GlobalKey {
            email: "a@b.c".to_owned(),
        },
        ..profile("b", Some(account()))
    };
    save_profile(&paths, &changed).unwrap();
    // A change to a profile keeps its command without knowing it.
    save_profile(&paths, &profile("a", Some(zone()))).unwrap();
    set_default_profile(&paths, "a").unwrap();
    let now = fs::read_to_string(paths.config_file()).unwrap();
    for kept in [
        "# mine\ntheme = \"light\" # at the office\n",
        "shiny = [1, 2] # from the future",
        "# the first\n[profiles.b]\n",
        "credential = \"global_key\" # narrow\n",
        "note = \"kept\"\n",
        "default_profile = \"a\"\n",
        "credential_command = [ \"op\", # by hand\n  \"read\" ]\n",
    ] {
        assert!(now.contains(kept), "{kept:?} in {now}");
    }
    assert!(!now.contains("account"), "{now}");
    let settings = load(&paths).unwrap().settings;
    assert_eq!(settings.default_profile, "a");
    assert_eq!(settings.profile("b"), Some(&changed));
    let command = settings.command_of("a").unwrap();
    assert_eq!(
        (command.program(), command.arguments()),
        ("op", &["read".to_owned()][..])
    );
    let names: Vec<&str> = settings.profiles.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["b", "a"]);
}

#[test]
fn accepts_a_byte_order_mark_and_windows_line_ends() {
    let (_dir, paths) = home();
    let text = "\u{FEFF}# mine\r\ntheme = \"light\"\r\n";
    fs::write(paths.config_file(), text).unwrap();
    save_profile(&paths, &profile("prod", Some(account()))).unwrap();
    let settings = load(&paths).unwrap().settings;
    assert_eq!(settings.theme, "light");
    assert_eq!(settings.default_profile, "prod");
    assert_eq!(settings.profiles, [profile("prod", Some(account()))]);
}

#[test]
fn changes_profiles_written_in_other_styles() {
    for text in [
        format!("profiles.a.account = \"{ACCOUNT}\"\n"),
        format!("profiles = {{ a = {{ account = \"{ACCOUNT}\" }} }}\n"),
        format!("[profiles]\na = {{ account = \"{ACCOUNT}\" }}\n"),
        format!("[profiles]\na.account = \"{ACCOUNT}\"\n[other]\nx = 1\n"),
    ] {
        let (_dir, paths) = home();
        fs::write(paths.config_file(), &text).unwrap();
        let moved = Profile {
            scope: Some(zone()),
            ..profile("a", Some(account()))
        };
        save_profile(&paths, &moved).unwrap();
        save_profile(&paths, &profile("b", Some(account()))).unwrap();
        let settings = load(&paths).unwrap().settings;
        assert_eq!(
            settings.profiles,
            [moved, profile("b", Some(account()))],
            "{text}"
        );
        let returned = remove_profile(&paths, "a").unwrap();
        let settings = load(&paths).unwrap().settings;
        assert_eq!(returned, settings, "{text}");
        assert_eq!(settings.profiles, [profile("b", Some(account()))], "{text}");
    }
}

#[test]
fn removing_a_profile_unsets_it_as_the_default() {
    let (_dir, paths) = home();
    save_profile(&paths, &profile("a", Some(account()))).unwrap();
    save_profile(&paths, &profile("b", Some(account()))).unwrap();
    assert_eq!(load(&paths).unwrap().settings.default_profile, "a");
    let returned = remove_profile(&paths, "a").unwrap();
    let again = remove_profile(&paths, "a").unwrap();
    let settings = load(&paths).unwrap().settings;
    assert_eq!((&returned, &again), (&settings, &settings));
    assert_eq!(settings.profiles, [profile("b", Some(account()))]);
    assert_eq!(
        settings.default_profile,
        Settings::default().default_profile
    );
}

#[test]
fn a_missing_profile_cannot_become_the_default() {
    let (_dir, paths) = home();
    let failure = set_default_profile(&paths, "absent").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert!(failure.summary.contains("absent"));
    assert!(!paths.config_file().exists());
}

#[test]
fn a_file_that_does_not_parse_is_never_written() {
    let (_dir, paths) = home();
    for text in ["theme = \n", "warn = \"none\"\n", "profiles = 3\n"] {
        fs::write(paths.config_file(), text).unwrap();
        assert!(save_profile(&paths, &profile("a", Some(account()))).is_err());
        assert!(remove_profile(&paths, "a").is_err());
        assert!(set_default_profile(&paths, "a").is_err());
        assert_eq!(fs::read_to_string(paths.config_file()).unwrap(), text);
    }
}

// Writing files.

#[test]
fn leaves_only_the_files_and_the_lock() {
    let (dir, paths) = home();
    save_profile(&paths, &profile("a", Some(account()))).unwrap();
    remember(&paths, recent(1)).unwrap();
    let mut names: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["config.toml", "state.json", "tokenscope.lock"]);
}

#[cfg(unix)]
#[test]
fn only_the_user_can_read_files_and_directories() {
    use std::os::unix::fs::PermissionsExt;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::in_one(&dir.path().join("new").join("home"));
    save_profile(&paths, &profile("a", Some(account()))).unwrap();
    remember(&paths, recent(1)).unwrap();
    drop(config_log::open(&paths).unwrap());
    assert_eq!(mode(&paths.config_dir), 0o700);
    for file in [paths.config_file(), paths.state_file(), paths.log_file()] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    // The next change closes what was open to others, the directory too.
    fs::set_permissions(paths.config_file(), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&paths.config_dir, fs::Permissions::from_mode(0o755)).unwrap();
    save_profile(&paths, &profile("b", Some(account()))).unwrap();
    assert_eq!(mode(&paths.config_file()), 0o600);
    assert_eq!(mode(&paths.config_dir), 0o700);
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_followed_and_stays_a_link() {
    use std::os::unix::fs::symlink;

    let (dir, paths) = home();
    let dotfiles = dir.path().join("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    // Relative, over a second link, to a file that does not exist yet.
    symlink("dotfiles/first", paths.config_file()).unwrap();
    symlink("real.toml", dotfiles.join("first")).unwrap();
    for name in ["a", "b"] {
        save_profile(&paths, &profile(name, Some(account()))).unwrap();
        assert!(paths.config_file().is_symlink());
        assert!(dotfiles.join("first").is_symlink());
        let text = fs::read_to_string(dotfiles.join("real.toml")).unwrap();
        assert!(text.contains(&format!("[profiles.{name}]")), "{text}");
    }
}

#[cfg(unix)]
#[test]
fn circular_links_are_an_error() {
    let (_dir, paths) = home();
    std::os::unix::fs::symlink("config.toml", paths.config_file()).unwrap();
    let failure = save_profile(&paths, &profile("a", Some(account()))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Config);
    assert!(failure.summary.contains("config.toml"), "{failure:?}");
}

#[test]
fn a_directory_that_cannot_be_created_is_an_error_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    let paths = Paths::in_one(&dir.path().join("file"));
    for failure in [
        save_profile(&paths, &profile("a", Some(account()))).unwrap_err(),
        remember(&paths, recent(1)).unwrap_err(),
        config_log::open(&paths).unwrap_err(),
    ] {
        assert_eq!(failure.kind, FailureKind::Config);
        let path = paths.config_dir.display().to_string();
        assert!(failure.summary.contains(&path), "{failure:?}");
        assert!(failure.summary.contains("cannot be written"), "{failure:?}");
    }
}

#[test]
fn waits_for_a_held_lock_and_then_fails() {
    let (_dir, paths) = home();
    let lock = fs::File::create(paths.config_dir.join("tokenscope.lock")).unwrap();
    lock.lock().unwrap();
    let failure = save_profile(&paths, &profile("a", Some(account()))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Config);
    assert!(failure.summary.contains("tokenscope.lock"), "{failure:?}");
    assert!(!paths.config_file().exists());
    lock.unlock().unwrap();
    save_profile(&paths, &profile("a", Some(account()))).unwrap();
}

// Recent lookups.

#[test]
fn lookups_are_restored_newest_first() {
    let (_dir, paths) = home();
    let forever = Recent {
        scope: zone(),
        life: Lifecycle {
            enabled: None,
            forever: true,
            expires_at: None,
            duration: None,
        },
        ..recent(2)
    };
    remember(&paths, recent(1)).unwrap();
    remember(&paths, forever.clone()).unwrap();
    assert_eq!(load_recents(&paths), (vec![forever, recent(1)], None));
}

#[test]
fn keeps_twenty_lookups_and_each_token_once() {
    let (_dir, paths) = home();
    for number in 0..25 {
        remember(&paths, recent(number)).unwrap();
    }
    remember(&paths, recent(10)).unwrap();
    let (recents, warning) = load_recents(&paths);
    assert_eq!(warning, None);
    assert_eq!(recents.len(), CAPACITY);
    assert_eq!(recents[0], recent(10));
    assert_eq!(recents[1], recent(24));
    assert_eq!(recents.iter().filter(|r| r.id == recent(10).id).count(), 1);
}

#[test]
fn the_file_has_a_version_and_rfc_3339_times() {
    let (_dir, paths) = home();
    remember(&paths, recent(0)).unwrap();
    let text = fs::read_to_string(paths.state_file()).unwrap();
    let state: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(state["version"], 1);
    let entry = &state["recents"][0];
    assert_eq!(entry["looked_up_at"], "2026-11-25T12:00:00.500Z");
    assert_eq!(entry["scope"]["kind"], "account");
}

#[test]
fn a_damaged_file_is_moved_aside_and_named() {
    for damage in [
        &b"{\"version\": 1, \"rec"[..],
        b"[]",
        b"{}",
        b"\xFF\xFE",
        b"{\"version\":1,\"recents\":7}",
    ] {
        let (_dir, paths) = home();
        let aside = |name: &str| paths.state_dir.join(name);
        fs::write(paths.state_file(), damage).unwrap();
        let (recents, warning) = load_recents(&paths);
        assert_eq!(recents, []);
        assert!(warning.unwrap().contains("state.damaged.json"));
        assert_eq!(fs::read(aside("state.damaged.json")).unwrap(), damage);
        assert!(!paths.state_file().exists());
        // The next one does not overwrite the first, and is detected when saving too.
        fs::write(paths.state_file(), b"worse").unwrap();
        remember(&paths, recent(1)).unwrap();
        assert_eq!(fs::read(aside("state.damaged.json")).unwrap(), damage);
        assert_eq!(fs::read(aside("state.damaged-2.json")).unwrap(), b"worse");
        assert_eq!(load_recents(&paths), (vec![recent(1)], None));
    }
}

#[test]
fn accepts_a_byte_order_mark_in_the_state() {
    let (_dir, paths) = home();
    remember(&paths, recent(1)).unwrap();
    let text = fs::read_to_string(paths.state_file()).unwrap();
    fs::write(paths.state_file(), format!("\u{FEFF}{text}")).unwrap();
    assert_eq!(load_recents(&paths), (vec![recent(1)], None));
    fs::write(paths.state_file(), "\u{FEFF}\r\n").unwrap();
    assert_eq!(load_recents(&paths), (Vec::new(), None));
}

#[test]
fn malformed_entries_are_skipped_and_unknown_fields_ignored() {
    let (_dir, paths) = home();
    remember(&paths, recent(1)).unwrap();
    let text = fs::read_to_string(paths.state_file()).unwrap();
    let mut state: serde_json::Value = serde_json::from_str(&text).unwrap();
    state["window"] = serde_json::json!({"width": 80});
    state["recents"][0]["starred"] = true.into();
    let whole = state["recents"][0].clone();
    let entries = state["recents"].as_array_mut().unwrap();
    for (key, value) in [
        ("id", serde_json::json!("not a UUID")),
        ("looked_up_at", serde_json::json!("yesterday")),
        (
            "scope",
            serde_json::json!({"kind": "planet", "id": ACCOUNT}),
        ),
        ("enabled", serde_json::json!("yes")),
    ] {
        let mut broken = whole.clone();
        broken[key] = value;
        entries.insert(0, broken);
    }
    fs::write(paths.state_file(), state.to_string()).unwrap();
    assert_eq!(load_recents(&paths), (vec![recent(1)], None));
    remember(&paths, recent(2)).unwrap();
    assert_eq!(load_recents(&paths).0, [recent(2), recent(1)]);
    let text = fs::read_to_string(paths.state_file()).unwrap();
    assert!(text.contains("\"width\": 80"), "{text}");
}

#[test]
fn the_state_of_a_newer_version_is_read_and_never_changed() {
    let (_dir, paths) = home();
    remember(&paths, recent(1)).unwrap();
    let text = fs::read_to_string(paths.state_file()).unwrap();
    let newer = text.replace("\"version\": 1", "\"version\": 2");
    assert_ne!(newer, text);
    for newer in [newer.as_str(), "{\"version\": 3, \"recents\": {}}"] {
        fs::write(paths.state_file(), newer).unwrap();
        let failure = remember(&paths, recent(2)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(load_recents(&paths).1.is_none());
        assert_eq!(fs::read_to_string(paths.state_file()).unwrap(), newer);
    }
    fs::write(paths.state_file(), newer).unwrap();
    assert_eq!(load_recents(&paths).0, [recent(1)]);
}

#[test]
fn an_unreadable_state_is_a_warning() {
    let (_dir, paths) = home();
    fs::create_dir(paths.state_file()).unwrap();
    let (recents, warning) = load_recents(&paths);
    assert_eq!(recents, []);
    assert!(warning.unwrap().contains("state.json"));
}

#[test]
fn two_instances_at_once_lose_nothing() {
    const EACH: u32 = 8;
    let (_dir, paths) = home();
    std::thread::scope(|scope| {
        for instance in 0..2 {
            let paths = &paths;
            scope.spawn(move || {
                for step in 0..EACH {
                    let number = instance * EACH + step;
                    remember(paths, recent(number)).unwrap();
                    save_profile(paths, &profile(&format!("p{number}"), Some(account()))).unwrap();
                }
            });
        }
    });
    let (recents, warning) = load_recents(&paths);
    assert_eq!((recents.len(), warning), (16, None));
    assert_eq!(load(&paths).unwrap().settings.profiles.len(), 16);
}

#[test]
fn the_log_is_appended_to() {
    use std::io::Write;

    let (_dir, paths) = home();
    for line in ["one\n", "two\n"] {
        let mut file = config_log::open(&paths).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }
    assert_eq!(fs::read_to_string(paths.log_file()).unwrap(), "one\ntwo\n");
}

#[test]
fn times_keep_their_nanoseconds() {
    let (_dir, paths) = home();
    let exact: DateTime<Utc> = "2026-11-25T12:00:00.123456789Z".parse().unwrap();
    let one = Recent {
        looked_up_at: exact,
        ..recent(1)
    };
    remember(&paths, one.clone()).unwrap();
    assert_eq!(load_recents(&paths).0, [one]);
}
