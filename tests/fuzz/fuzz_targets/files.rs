//! Any text in the files: a file that parses can be changed and still parses; one that does not
//! parse is never written.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use tokenscope::config::Paths;
use tokenscope::config::{settings, state};
use tokenscope::domain::credential::CredentialKind;
use tokenscope::domain::profile::Profile;
use tokenscope::domain::scope::{BaseUrl, Scope, ScopeId};
use tokenscope::keymap::Keymap;

fuzz_target!(|text: &str| {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let paths = Paths::in_one(folder.path());
    if let Ok(keymap) = Keymap::built_in()
        && let Ok(patched) = keymap.patched(text)
    {
        assert!(!patched.rows().is_empty());
    }
    fs::write(paths.config_file(), text).unwrap();
    let loaded = settings::load(&paths);
    let profile = Profile {
        name: "fuzzed".to_owned(),
        kind: CredentialKind::ApiToken,
        scope: ScopeId::parse("023e105f4ecef8ad9ca31a8372d0c353")
            .ok()
            .map(Scope::Account),
        scope_name: None,
        base_url: BaseUrl::default(),
        command: None,
    };
    let saved = settings::save_profile(&paths, &profile);
    match loaded {
        Err(_) => {
            assert!(saved.is_err());
            assert_eq!(fs::read_to_string(paths.config_file()).unwrap(), text);
        }
        Ok(before) if saved.is_ok() => {
            let after = settings::load(&paths).unwrap().settings;
            let command = after.command_of("fuzzed").cloned();
            let profile = Profile { command, ..profile };
            assert_eq!(after.profile("fuzzed"), Some(&profile));
            assert_eq!(after.thresholds, before.settings.thresholds);
            let others = |profiles: &[Profile]| {
                let others = profiles.iter().filter(|other| other.name != "fuzzed");
                others.cloned().collect::<Vec<_>>()
            };
            assert_eq!(others(&after.profiles), others(&before.settings.profiles));
        }
        Ok(_) => assert_eq!(fs::read_to_string(paths.config_file()).unwrap(), text),
    }
    fs::write(paths.state_file(), text).unwrap();
    let (recents, warning) = state::load_recents(&paths);
    assert!(recents.len() <= 20);
    if warning.is_some() {
        assert!(
            !paths.state_file().exists(),
            "what is damaged is moved aside"
        );
    }
});
