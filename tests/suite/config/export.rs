//! Lists exported to files.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use chrono::{DateTime, Utc};
use tempfile::TempDir;
use tokenscope::domain::fetched::ClockOffset;
use tokenscope::domain::list_report::{Existing, ListReport, NotWritten, Origin, Origins};
use tokenscope::domain::status::{EvaluationContext, Thresholds};
use tokenscope::service::write_list;

use crate::support::assertions::assert_contains;
use crate::support::sessions::{account, zone};
use crate::support::tokens::{ACCOUNT, ID, ZONE, ending, instant, now};

fn report(origin: Origins) -> ListReport {
    let end: DateTime<Utc> = instant("2027-01-01T00:00:00Z");
    ListReport {
        tokens: vec![ending(end), ending(end)],
        origin,
        incomplete: None,
        context: EvaluationContext {
            now: now(),
            clock_offset: ClockOffset::default(),
            thresholds: Thresholds::default(),
        },
    }
}

fn write(path: &Path, existing: Existing) -> Result<String, NotWritten> {
    let report = report(Origins::Scope(account()));
    write_list(&report, path.to_str().unwrap(), existing)
}

fn why(path: &Path, existing: Existing) -> String {
    match write(path, existing) {
        Err(NotWritten::Because(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(dir: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name());
    names.map(|name| name.into_string().unwrap()).collect()
}

#[test]
fn a_new_file_has_default_permissions() {
    let dir = TempDir::new().unwrap();
    let (plain, path) = (dir.path().join("plain"), dir.path().join("a.csv"));
    fs::write(&plain, "").unwrap();
    assert_eq!(
        write(&path, Existing::Kept).as_deref(),
        Ok(path.to_str().unwrap())
    );
    assert_eq!(mode(&path), mode(&plain));
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("id,name,client_id,status,"), "{text}");
    assert_eq!(text.matches("\r\n").count(), 3);
}

#[test]
fn an_existing_file_is_kept_unless_replacing_is_allowed() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("a.json");
    fs::write(&path, "mine").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(write(&path, Existing::Kept), Err(NotWritten::Exists));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    write(&path, Existing::Replaced).unwrap();
    assert_eq!(mode(&path), 0o640, "it stays as private as it was");
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(json["count"], 2);
    assert_eq!(json["scope"]["id"], ACCOUNT);
    assert_eq!(files(&dir), ["a.json"], "nothing is left behind");
}

#[test]
fn links_are_followed_and_dangling_ones_count_as_existing() {
    let dir = TempDir::new().unwrap();
    let (real, link) = (dir.path().join("real.csv"), dir.path().join("link.csv"));
    symlink(&real, &link).unwrap();
    assert_eq!(write(&link, Existing::Kept), Err(NotWritten::Exists));
    write(&link, Existing::Replaced).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(real.is_file());
}

#[test]
fn a_failed_write_is_explained_in_one_sentence() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("missing/a.csv");
    let said = why(&missing, Existing::Kept);
    assert_eq!(
        said,
        format!(
            "{} cannot be written: its directory does not exist.",
            missing.display()
        )
    );
    let folder = dir.path().join("folder.csv");
    fs::create_dir(&folder).unwrap();
    assert_eq!(write(&folder, Existing::Kept), Err(NotWritten::Exists));
    assert_contains(&why(&folder, Existing::Replaced), "it is a directory");
    let device = dir.path().join("device.csv");
    symlink("/dev/null", &device).unwrap();
    assert_contains(
        &why(&device, Existing::Replaced),
        "it is not a regular file",
    );
    assert_contains(
        &why(Path::new("a.txt"), Existing::Kept),
        "must end in .csv or .json",
    );
}

#[test]
fn with_several_profiles_each_row_ends_with_its_profile_and_scope() {
    let dir = TempDir::new().unwrap();
    let origin = |profile: &str, scope| {
        Origin {
            profile: profile.to_owned(),
            scope,
        }
        .into()
    };
    let report = report(Origins::Profiles {
        origins: vec![origin("prod", account()), origin("staging", zone())],
        outcomes: Vec::new(),
    });
    let path = dir.path().join("all.csv");
    write_list(&report, path.to_str().unwrap(), Existing::Kept).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let mut lines = text.split("\r\n");
    assert!(lines.next().unwrap().ends_with(",profile,scope"));
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with(&format!(",prod,account {ACCOUNT}"))
    );
    assert!(
        lines
            .next()
            .unwrap()
            .ends_with(&format!(",staging,zone {ZONE}"))
    );
    let path = dir.path().join("all.json");
    write_list(&report, path.to_str().unwrap(), Existing::Kept).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(json["scope"], serde_json::Value::Null);
    let second = &json["tokens"][1];
    assert_eq!(second["token"]["id"], ID);
    assert_eq!(second["profile"], "staging");
    assert_eq!(second["scope"]["kind"], "zone");
}
