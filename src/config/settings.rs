//! `config.toml`: reads the settings, and changes one profile or the default without touching the
//! rest.
//!
//! Comments, order and unknown keys survive a change. A file that does not parse is never written.
//! An error message never quotes a value: it could be a secret.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml_edit::{Document, DocumentMut, Item, Table, TableLike};

use super::files::{self, DirLock, LOCK_WAIT, Links};
use super::themes::Themes;
use super::{Paths, permissions};
use crate::domain::credential::{CredentialKind, parse_email};
use crate::domain::credential_command::CredentialCommand;
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, Settings, no_such_profile, parse_profile_name};
use crate::domain::scope::{BaseUrl, Scope, ScopeId, ScopeKind};
use crate::domain::status::{Threshold, Thresholds};

/// The settings of `config.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadedSettings {
    /// Includes defaults.
    pub settings: Settings,
    /// Values that were ignored, a file that could not be read, other users who may write to it.
    pub warnings: Vec<Failure>,
}

/// Loads the settings. Uses defaults if the file is missing or its directory cannot be entered.
///
/// # Errors
/// A `config` failure that names the file and, if known, the line.
pub fn load(paths: &Paths) -> Result<LoadedSettings, Failure> {
    let file = paths.config_file();
    let mut loaded = match files::read_text(&file)? {
        Some(text) => parse(&file, &text)?,
        None => LoadedSettings::default(),
    };
    loaded.warnings.extend(files::out_of_reach(&file));
    let exposure = permissions::exposure(&paths.config_dir, &file)
        .or_else(|| permissions::exposure(&paths.state_dir, &paths.state_file()));
    loaded.warnings.extend(exposure);
    Ok(loaded)
}

/// Who else may change `config.toml`, directly or in its folder, and how to prevent it: what it says
/// to run must be the user's own.
pub fn exposure(paths: &Paths) -> Option<Failure> {
    let file = paths.config_file();
    let other_end = files::follow(&file).ok()?;
    let of_link = || permissions::others_who_write(files::folder_of(&other_end), &other_end);
    permissions::others_who_write(&paths.config_dir, &file).or_else(of_link)
}

/// Adds a profile, or changes the one with its name. A file's first profile becomes the default.
/// Returns the new settings.
///
/// # Errors
/// A `config` failure; the file is then unchanged.
pub fn save_profile(paths: &Paths, profile: &Profile) -> Result<Settings, Failure> {
    edit(paths, |document, settings| {
        put_profile(document, settings, profile);
    })
}

/// A profile that is known to be writable. Other processes cannot change the file until this is
/// dropped.
#[derive(Debug)]
pub struct PreparedWrite {
    /// `None` if there is nothing to write and the lock was not available.
    lock: Option<DirLock>,
    file: PathBuf,
    /// The new text, if it differs from the current one.
    text: Option<String>,
    /// The settings with this profile.
    pub settings: Settings,
}

/// Makes sure that a profile can be written, before its secret is stored. Waits this long for the
/// lock, which other processes hold while they use their keyring. An unchanged file needs neither the
/// lock nor write permission.
///
/// # Errors
/// A `config` failure; nothing has been written.
pub fn prepare_profile(
    paths: &Paths,
    profile: &Profile,
    wait: Duration,
) -> Result<PreparedWrite, Failure> {
    let file = paths.config_file();
    let lock = DirLock::acquire(&paths.config_dir, wait);
    let (settings, text) = changed(&file, &|document, settings| {
        put_profile(document, settings, profile);
    })?;
    let lock = if text.is_some() {
        let lock = lock?;
        files::check_replaceable(&file, &lock)?;
        Some(lock)
    } else {
        lock.ok()
    };
    Ok(PreparedWrite {
        lock,
        file,
        text,
        settings,
    })
}

impl PreparedWrite {
    /// Whether writing changes the file.
    pub fn is_a_change(&self) -> bool {
        self.text.is_some()
    }

    /// Writes the profile.
    ///
    /// # Errors
    /// A `config` failure; the file is then unchanged.
    pub fn write(&self) -> Result<(), Failure> {
        match (&self.text, &self.lock) {
            (Some(text), Some(lock)) => files::replace(&self.file, text, Links::Followed, lock),
            _ => Ok(()),
        }
    }
}

fn put_profile(document: &mut DocumentMut, settings: &Settings, profile: &Profile) {
    let known = settings.profile(&profile.name);
    let known_name = known
        .filter(|known| known.scope == profile.scope)
        .and_then(|known| known.scope_name.clone());
    let profile = &Profile {
        scope_name: profile.scope_name.clone().or(known_name),
        command: known.and_then(|known| known.command.clone()),
        ..profile.clone()
    };
    if known == Some(profile) {
        return;
    }
    if settings.profiles.is_empty() && settings.default_profile != profile.name {
        put(
            document.as_table_mut(),
            "default_profile",
            Some(&profile.name),
        );
    }
    let profiles = document.entry("profiles").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let is_inline = profiles.is_inline_table();
    // The schema accepted it, so it is a table of tables.
    let table = profiles.as_table_like_mut().and_then(|profiles| {
        profiles
            .entry(&profile.name)
            .or_insert_with(|| new_table(is_inline))
            .as_table_like_mut()
    });
    if let Some(table) = table {
        write_profile(table, profile);
    }
}

/// Removes a profile, if it exists. Removing the default leaves none. Returns the new settings.
///
/// # Errors
/// A `config` failure; the file is then unchanged.
pub fn remove_profile(paths: &Paths, name: &str) -> Result<Settings, Failure> {
    edit(paths, |document, settings| {
        if settings.profile(name).is_none() {
            return;
        }
        if let Some(profiles) = document
            .get_mut("profiles")
            .and_then(Item::as_table_like_mut)
        {
            profiles.remove(name);
        }
        if settings.default_profile == name {
            document.remove("default_profile");
        }
    })
}

/// Makes a profile the default. Returns the new settings.
///
/// # Errors
/// A `usage` failure if there is no such profile; otherwise a `config` failure.
pub fn set_default_profile(paths: &Paths, name: &str) -> Result<Settings, Failure> {
    let settings = edit(paths, |document, settings| {
        if settings.profile(name).is_some() && settings.default_profile != name {
            put(document.as_table_mut(), "default_profile", Some(name));
        }
    })?;
    match settings.profile(name) {
        Some(_) => Ok(settings),
        None => Err(no_such_profile(name)),
    }
}

/// The text of `keymap.toml`, if it exists.
///
/// # Errors
/// A `config` failure if it cannot be read.
pub fn keymap_text(paths: &Paths) -> Result<Option<String>, Failure> {
    files::read_text(&paths.keymap_file())
}

/// Changes the file under the lock. A change that makes no difference needs neither the lock nor
/// write permission. Returns the new settings.
fn edit(paths: &Paths, change: impl Fn(&mut DocumentMut, &Settings)) -> Result<Settings, Failure> {
    let file = paths.config_file();
    if let (settings, None) = changed(&file, &change)? {
        return Ok(settings);
    }
    let lock = DirLock::acquire(&paths.config_dir, LOCK_WAIT)?;
    let (settings, text) = changed(&file, &change)?;
    if let Some(text) = text {
        files::replace(&file, &text, Links::Followed, &lock)?;
    }
    Ok(settings)
}

/// The settings after a change, and the new text of the file if it differs.
fn changed(
    file: &Path,
    change: &impl Fn(&mut DocumentMut, &Settings),
) -> Result<(Settings, Option<String>), Failure> {
    let text = files::read_text(file)?.unwrap_or_default();
    let settings = parse(file, &text)?.settings;
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        InvalidSetting::from(error).into_failure(file, &text)
    })?;
    let before = document.to_string();
    change(&mut document, &settings);
    let after = document.to_string();
    if after == before {
        return Ok((settings, None));
    }
    // Never write what cannot be read back.
    let settings = parse(file, &after)?.settings;
    Ok((settings, Some(after)))
}

/// An inline table can contain only inline tables.
fn new_table(is_inline: bool) -> Item {
    if is_inline {
        toml_edit::value(toml_edit::InlineTable::new())
    } else {
        Item::Table(Table::new())
    }
}

fn write_profile(table: &mut dyn TableLike, profile: &Profile) {
    let foreign = Some(&profile.base_url).filter(|url| !url.is_default());
    put(table, "credential", Some(profile.kind.code()));
    put(table, "email", profile.kind.email());
    put(
        table,
        "base_url",
        foreign.map(BaseUrl::to_string).as_deref(),
    );
    for kind in [ScopeKind::Account, ScopeKind::Zone] {
        let scope = profile.scope.as_ref().filter(|scope| scope.kind() == kind);
        put(table, kind.word(), scope.map(Scope::id));
    }
    put(table, "name", profile.scope_name.as_deref());
}

/// Sets a key to text and keeps its comment, or removes it.
fn put(table: &mut dyn TableLike, key: &str, text: Option<&str>) {
    let Some(text) = text else {
        table.remove(key);
        return;
    };
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(value) => {
            let decor = value.decor().clone();
            *value = text.into();
            *value.decor_mut() = decor;
        }
        None => drop(table.insert(key, toml_edit::value(text))),
    }
}

/// A year.
const LONGEST_REFRESH: u64 = 365 * 24 * 60 * 60;

/// A value that is not allowed, or a syntax error.
#[derive(Debug, Clone, PartialEq, Eq)]
struct InvalidSetting {
    /// Without a full stop: "`theme` must be \"dark\", \"light\" or \"mono\"".
    message: String,
    /// In bytes of the text.
    span: Option<Range<usize>>,
}

impl From<toml_edit::TomlError> for InvalidSetting {
    fn from(error: toml_edit::TomlError) -> Self {
        Self {
            message: error.message().trim().replace('\n', "; "),
            span: error.span(),
        }
    }
}

impl InvalidSetting {
    /// The file, with line and column if known.
    fn place(&self, file: &Path, text: &str) -> String {
        let file = file.display();
        match &self.span {
            Some(span) => {
                let before = text.get(..span.start).unwrap_or(text);
                let line = before.matches('\n').count() + 1;
                let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
                format!("{file}, line {line}, column {column}")
            }
            None => file.to_string(),
        }
    }

    fn into_failure(self, file: &Path, text: &str) -> Failure {
        Failure::new(
            FailureKind::Config,
            format!("{}: {}.", self.place(file, text), self.message),
            "Correct it in an editor; the file was not changed.",
        )
    }
}

fn parse(file: &Path, text: &str) -> Result<LoadedSettings, Failure> {
    let themes = Themes::beside(file);
    let (settings, unknown, replaced) =
        read(text, &themes).map_err(|invalid| invalid.into_failure(file, text))?;
    let warning = |summary, hint| Failure::new(FailureKind::Config, summary, hint);
    let replaced = replaced.iter().map(|invalid| {
        let place = invalid.place(file, text);
        let summary = format!("{place}: {}; using the default.", invalid.message);
        warning(summary, "Correct it in an editor.")
    });
    let unknown = unknown.iter().map(|key| {
        let summary = format!("config.toml: unknown setting `{key}`.");
        warning(summary, "Check its spelling in config.toml.")
    });
    Ok(LoadedSettings {
        warnings: replaced.chain(unknown).collect(),
        settings,
    })
}

/// Returns the settings, the full names of unknown keys, and the invalid values that defaults
/// replace: those that affect appearance only. One that decides a result or a credential must be
/// valid.
fn read(
    text: &str,
    themes: &Themes,
) -> Result<(Settings, Vec<String>, Vec<InvalidSetting>), InvalidSetting> {
    let document = Document::parse(text)?;
    let root = Section::new(document.as_table(), String::new());
    let mut unknown = Vec::new();
    let defaults = Settings::default();
    let settings = Settings {
        default_profile: root
            .read("default_profile", "the name of a profile", |item| {
                parse_profile_name(item.as_str()?).ok()
            })?
            .unwrap_or(defaults.default_profile),
        theme: root.read_or("theme", &themes.expected(), defaults.theme, |item| {
            theme(item, themes)
        }),
        ascii: root.read_or("ascii", "true or false", defaults.ascii, |item| {
            item.as_bool().map(Some)
        }),
        bell: root.switch("bell", defaults.bell),
        title: root.switch("title", defaults.title),
        notify: root.switch("notify", defaults.notify),
        mouse: root.switch("mouse", defaults.mouse),
        calm: root.switch("calm", defaults.calm),
        refresh_seconds: root.read_or(
            "refresh_seconds",
            "a whole number from 0 to 31536000, which is a year",
            defaults.refresh_seconds,
            seconds,
        ),
        thresholds: thresholds(&root)?,
        profiles: profiles(&root, &mut unknown)?,
    };
    unknown.splice(..0, root.unread());
    Ok((settings, unknown, root.replaced.take()))
}

/// A table and its path.
struct Section<'a> {
    table: &'a dyn TableLike,
    prefix: String,
    /// The keys that have been read.
    read: RefCell<BTreeSet<String>>,
    /// The invalid values that defaults replace.
    replaced: RefCell<Vec<InvalidSetting>>,
}

impl<'a> Section<'a> {
    fn new(table: &'a dyn TableLike, prefix: String) -> Self {
        Self {
            table,
            prefix,
            read: RefCell::default(),
            replaced: RefCell::default(),
        }
    }

    fn invalid(&self, key: &str, message: &str) -> InvalidSetting {
        let span = self
            .table
            .get_key_value(key)
            .and_then(|(key, item)| item.span().or_else(|| key.span()));
        InvalidSetting {
            message: format!("`{}{key}` {message}", self.prefix),
            span,
        }
    }

    /// The value of a key, if present.
    fn read<T>(
        &self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, InvalidSetting> {
        self.read.borrow_mut().insert(key.to_owned());
        let Some(item) = self.table.get(key) else {
            return Ok(None);
        };
        match convert(item) {
            Some(value) => Ok(Some(value)),
            None => Err(self.invalid(key, &format!("must be {expected}"))),
        }
    }

    /// The value of a key, or a default if it is absent or invalid.
    fn read_or<T>(
        &self,
        key: &str,
        expected: &str,
        default: T,
        convert: impl Fn(&'a Item) -> Option<T>,
    ) -> T {
        match self.read(key, expected, convert) {
            Ok(value) => value.unwrap_or(default),
            Err(invalid) => {
                self.replaced.borrow_mut().push(invalid);
                default
            }
        }
    }

    fn switch(&self, key: &str, default: bool) -> bool {
        self.read_or(key, "true or false", default, Item::as_bool)
    }

    /// The full names of keys that nothing has read.
    fn unread(&self) -> Vec<String> {
        let read = self.read.borrow();
        self.table
            .iter()
            .filter(|(key, _)| !read.contains(*key))
            .map(|(key, _)| format!("{}{key}", self.prefix))
            .collect()
    }
}

/// The name of a theme that exists; one of the user's files may still turn out to be damaged.
fn theme(item: &Item, themes: &Themes) -> Option<String> {
    let name = item.as_str()?;
    themes.has(name).then(|| name.to_owned())
}

fn seconds(item: &Item) -> Option<u64> {
    let seconds = u64::try_from(item.as_integer()?).ok()?;
    (seconds <= LONGEST_REFRESH).then_some(seconds)
}

/// Text like `"30d"`. A plain number, quoted or not, is days.
fn thresholds(root: &Section<'_>) -> Result<Thresholds, InvalidSetting> {
    let threshold = |item: &Item| match item.as_integer() {
        Some(days) => Threshold::parse(&days.to_string()).ok(),
        None => Threshold::parse(item.as_str()?).ok(),
    };
    let expected =
        "a positive duration such as \"30d\", \"12h\" or \"90m\", or a percentage such as \"10%\"";
    let thresholds = Thresholds {
        warn: root.read("warn", expected, threshold)?,
        critical: root.read("critical", expected, threshold)?,
    };
    match (thresholds.warn, thresholds.critical) {
        (Some(warn), Some(critical)) if thresholds.is_out_of_order() => {
            let message = format!("must not exceed `warn`: {critical} is more than {warn}");
            Err(root.invalid("critical", &message))
        }
        _ => Ok(thresholds),
    }
}

fn profiles(root: &Section<'_>, unknown: &mut Vec<String>) -> Result<Vec<Profile>, InvalidSetting> {
    let Some(table) = root.read("profiles", "a table of profiles", Item::as_table_like)? else {
        return Ok(Vec::new());
    };
    let parent = Section::new(table, "profiles.".to_owned());
    let mut profiles = Vec::new();
    for (name, _) in table.iter() {
        let Some(table) = parent.read(name, "a table", Item::as_table_like)? else {
            continue;
        };
        let section = Section::new(table, format!("profiles.{name}."));
        if let Err(invalid) = parse_profile_name(name) {
            return Err(parent.invalid(name, &format!("is misnamed: {invalid}")));
        }
        let scope_name = section.read_or("name", "text", None, |item| {
            item.as_str().map(|name| Some(name.to_owned()))
        });
        profiles.push(Profile {
            name: name.to_owned(),
            kind: kind(&section)?,
            scope: scope(&section)?,
            scope_name: scope_name.filter(|name| !name.trim().is_empty()),
            base_url: base_url(&section)?,
            command: command(&section)?,
        });
        unknown.extend(section.unread());
        root.replaced
            .borrow_mut()
            .append(&mut section.replaced.borrow_mut());
    }
    Ok(profiles)
}

fn kind(profile: &Section<'_>) -> Result<CredentialKind, InvalidSetting> {
    let kinds = "\"api_token\" or \"global_key\"";
    let code = profile.read("credential", kinds, Item::as_str)?;
    let email = profile.read("email", "an email address", |item| {
        parse_email(item.as_str()?)
    })?;
    match (code, email) {
        (None | Some("api_token"), _) => Ok(CredentialKind::ApiToken),
        (Some("global_key"), Some(email)) => Ok(CredentialKind::GlobalKey { email }),
        (Some("global_key"), None) => {
            Err(profile.invalid("credential", "is \"global_key\", which also needs `email`"))
        }
        (Some(_), _) => Err(profile.invalid("credential", &format!("must be {kinds}"))),
    }
}

/// The command that prints the profile's secret.
fn command(profile: &Section<'_>) -> Result<Option<CredentialCommand>, InvalidSetting> {
    const KEY: &str = "credential_command";
    let expected = "an array of a program and its arguments, each in quotes";
    let words = profile.read(KEY, expected, |item| {
        let words = item.as_array()?.iter();
        words.map(|word| word.as_str().map(str::to_owned)).collect()
    })?;
    let command = words.map(CredentialCommand::new).transpose();
    command.map_err(|invalid| profile.invalid(KEY, &invalid.to_string()))
}

/// The only base URL that the profile's secret may be sent to.
fn base_url(profile: &Section<'_>) -> Result<BaseUrl, InvalidSetting> {
    let expected =
        "an https URL, or an http one of a loopback address, without a user name or query";
    let read = |item: &Item| BaseUrl::parse(item.as_str()?).ok();
    Ok(profile
        .read("base_url", expected, read)?
        .unwrap_or_default())
}

fn scope(profile: &Section<'_>) -> Result<Option<Scope>, InvalidSetting> {
    let read = |kind: ScopeKind| {
        let id = profile.read(kind.word(), "an ID of 32 hexadecimal digits", |item| {
            ScopeId::parse(item.as_str()?).ok()
        })?;
        Ok::<_, InvalidSetting>(id.map(|id| kind.with(id)))
    };
    match (read(ScopeKind::Account)?, read(ScopeKind::Zone)?) {
        (Some(_), Some(_)) => Err(profile.invalid("zone", "cannot be set together with `account`")),
        (account, zone) => Ok(account.or(zone)),
    }
}
