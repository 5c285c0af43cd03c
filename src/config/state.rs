//! `state.json`: the recent lookups.
//!
//! Nothing in it justifies an error: unreadable entries are skipped, and a damaged file is moved
//! aside.
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Paths;
use super::files::{self, DirLock, LOCK_WAIT, Links};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::recent_lookups::{self, Recent};
use crate::domain::scope::{ScopeId, ScopeKind};
use crate::domain::status::Lifecycle;
use crate::domain::token::TokenId;

/// The version that this program writes. It reads what it can of later ones, and never writes them.
const VERSION: u64 = 1;

/// The recent lookups, newest first, and a warning if something was wrong with the file. Moves a
/// damaged file aside.
pub fn load_recents(paths: &Paths) -> (Vec<Recent>, Option<String>) {
    let loaded = read(paths).and_then(|state| {
        if let Some(state) = state {
            return Ok((state, None));
        }
        let lock = DirLock::acquire(&paths.state_dir, LOCK_WAIT)?;
        load_or_move_aside(paths, &lock)
    });
    match loaded {
        Ok((state, warning)) => (state.recents(), warning),
        Err(failure) => (Vec::new(), Some(failure.summary)),
    }
}

/// Adds a lookup to the file's current ones.
///
/// # Errors
/// A `config` failure if the file cannot be written, or has a later version.
pub fn remember(paths: &Paths, recent: Recent) -> Result<(), Failure> {
    let lock = DirLock::acquire(&paths.state_dir, LOCK_WAIT)?;
    let (state, warning) = load_or_move_aside(paths, &lock)?;
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
    if state.version() > VERSION {
        return Err(Failure::new(
            FailureKind::Config,
            format!(
                "A newer tokenscope wrote {}, so this lookup is not remembered.",
                paths.state_file().display()
            ),
            "Update tokenscope, or move that file away.",
        ));
    }
    let mut recents = state.recents();
    recent_lookups::remember(&mut recents, recent);
    let text = state.encode(&recents);
    files::replace(&paths.state_file(), &text, Links::Refused, &lock)
}

/// The file's contents, an empty state if it is missing or empty; `None` if it is damaged or a
/// symbolic link.
fn read(paths: &Paths) -> Result<Option<StateFile>, Failure> {
    let file = paths.state_file();
    if files::is_link(&file) {
        return Ok(None);
    }
    let bytes = files::read(&file, Links::Refused)?.unwrap_or_default();
    // An editor may have added a byte-order mark.
    let bytes = bytes.strip_prefix("\u{FEFF}".as_bytes()).unwrap_or(&bytes);
    if bytes.trim_ascii().is_empty() {
        return Ok(Some(StateFile::default()));
    }
    let state = serde_json::from_slice(bytes).ok().map(StateFile);
    Ok(state.filter(StateFile::is_whole))
}

fn load_or_move_aside(
    paths: &Paths,
    lock: &DirLock,
) -> Result<(StateFile, Option<String>), Failure> {
    if let Some(state) = read(paths)? {
        return Ok((state, None));
    }
    let file = paths.state_file();
    let damage = if files::is_link(&file) {
        "was a symbolic link, which tokenscope does not follow here"
    } else {
        "was damaged"
    };
    let aside = files::move_aside(&file, lock)?;
    let warning = format!(
        "{} {damage}. It is now {}, and the list of recent lookups is empty.",
        file.display(),
        aside.display()
    );
    Ok((StateFile::default(), Some(warning)))
}

/// The file's JSON object, unknown keys included.
#[derive(Debug, Default)]
struct StateFile(Map<String, Value>);

impl StateFile {
    fn version(&self) -> u64 {
        self.0
            .get("version")
            .and_then(Value::as_u64)
            .unwrap_or(VERSION)
    }

    fn is_whole(&self) -> bool {
        self.0.get("version").is_some_and(Value::is_u64)
            && (self.version() > VERSION || self.0.get("recents").is_some_and(Value::is_array))
    }

    /// The readable entries.
    fn recents(&self) -> Vec<Recent> {
        let entries = self.0.get("recents").and_then(Value::as_array);
        let mut recents: Vec<Recent> = entries
            .into_iter()
            .flatten()
            .filter_map(|entry| StoredLookup::deserialize(entry).ok()?.into_recent())
            .collect();
        recents.truncate(recent_lookups::CAPACITY);
        recents
    }

    /// The text of the file with these lookups.
    fn encode(mut self, recents: &[Recent]) -> String {
        let entries = recents
            .iter()
            .filter_map(|recent| serde_json::to_value(StoredLookup::from(recent)).ok())
            .collect();
        self.0.insert("version".to_owned(), VERSION.into());
        self.0.insert("recents".to_owned(), Value::Array(entries));
        // `{:#}` indents, and a map of values cannot fail to print.
        format!("{:#}\n", Value::Object(self.0))
    }
}

/// A lookup as it is written. Times are RFC 3339.
#[derive(Debug, Serialize, Deserialize)]
struct StoredLookup {
    scope: StoredScope,
    id: String,
    name: String,
    enabled: Option<bool>,
    forever: bool,
    expires_at: Option<String>,
    duration_seconds: Option<i64>,
    looked_up_at: String,
    /// Absent in files of earlier versions.
    #[serde(default)]
    profile: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct StoredScope {
    kind: String,
    id: String,
}

impl From<&Recent> for StoredLookup {
    fn from(recent: &Recent) -> Self {
        Self {
            scope: StoredScope {
                kind: recent.scope.kind().word().to_owned(),
                id: recent.scope.id().to_owned(),
            },
            id: recent.id.as_str().to_owned(),
            name: recent.name.clone(),
            enabled: recent.life.enabled,
            forever: recent.life.forever,
            expires_at: recent.life.expires_at.map(write_time),
            duration_seconds: recent.life.duration.map(|length| length.num_seconds()),
            looked_up_at: write_time(recent.looked_up_at),
            profile: recent.profile.clone(),
        }
    }
}

impl StoredLookup {
    fn into_recent(self) -> Option<Recent> {
        let kind = [ScopeKind::Account, ScopeKind::Zone]
            .into_iter()
            .find(|kind| kind.word() == self.scope.kind)?;
        let expires_at = match self.expires_at {
            Some(text) => Some(parse_time(&text)?),
            None => None,
        };
        Some(Recent {
            scope: kind.with(ScopeId::parse(&self.scope.id).ok()?),
            id: TokenId::parse(&self.id)?,
            name: self.name,
            life: Lifecycle {
                enabled: self.enabled,
                forever: self.forever,
                expires_at,
                duration: self.duration_seconds.and_then(TimeDelta::try_seconds),
            },
            looked_up_at: parse_time(&self.looked_up_at)?,
            profile: self.profile,
        })
    }
}

fn write_time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.to_utc())
}
