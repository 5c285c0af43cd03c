//! `config.toml`: loading it, and changing one profile or the default without touching the rest.
//!
//! Comments, order and unknown keys survive a change. A file that does not parse is never written.
//! Not here: what a key may hold (`schema`).

use std::path::PathBuf;
use std::time::Duration;

use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::files::{self, Links, Lock};
use super::paths::Paths;
use super::permissions;
use super::schema::{self, Problem};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{Profile, Settings, no_such_profile};
use crate::domain::scope::ScopeKind;

/// What `config.toml` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// The settings, defaults filled in.
    pub settings: Settings,
    /// What was not understood or could not be read, and who else may write there. None of it stops
    /// anything.
    pub warnings: Vec<Failure>,
}

/// Loads the settings; a missing file means defaults, and so does a directory that cannot be entered.
///
/// # Errors
/// A [`Failure`] of kind `config` that names the file, and the line where there is one.
pub fn load(paths: &Paths) -> Result<Loaded, Failure> {
    let file = paths.config_file();
    let mut loaded = match files::read_text(&file)? {
        Some(text) => parse(paths, &text)?,
        None => Loaded::default(),
    };
    loaded.warnings.extend(files::out_of_reach(&file));
    let exposure = permissions::exposure(&paths.config_dir, &file)
        .or_else(|| permissions::exposure(&paths.state_dir, &paths.state_file()));
    loaded.warnings.extend(exposure);
    Ok(loaded)
}

/// Adds a profile, or changes the one of its name. The first profile of a file becomes its default.
///
/// # Errors
/// A [`Failure`] of kind `config`; the file is then as it was.
pub fn save_profile(paths: &Paths, profile: &Profile) -> Result<(), Failure> {
    edit(paths, |document, settings| {
        put_profile(paths, document, settings, profile)
    })?;
    Ok(())
}

/// A profile that can be written, and nothing else meanwhile.
#[derive(Debug)]
pub struct Prepared {
    /// None where nothing is to be written, and there is no lock to be had.
    lock: Option<Lock>,
    file: PathBuf,
    /// What the file will hold, where that is not what it holds.
    text: Option<String>,
}

/// Makes sure that a profile can be written before its secret is stored. Other programs write
/// nothing until what this gives is dropped. A file that says the same already needs neither leave
/// to write nor a lock, which is waited for so long: others hold it over their own keyring.
///
/// # Errors
/// A [`Failure`] of kind `config`; nothing has been written.
pub fn prepare_profile(
    paths: &Paths,
    profile: &Profile,
    wait: Duration,
) -> Result<Prepared, Failure> {
    let file = paths.config_file();
    let lock = Lock::acquire_within(&paths.config_dir, wait);
    let text = files::read_text(&file)?.unwrap_or_default();
    let put = |document: &mut DocumentMut, settings: &Settings| {
        put_profile(paths, document, settings, profile)
    };
    let (_, changed) = changed(paths, &text, &put)?;
    if changed == text {
        return Ok(Prepared {
            lock: lock.ok(),
            file,
            text: None,
        });
    }
    let lock = lock?;
    files::check_replaceable(&file, &lock)?;
    Ok(Prepared {
        lock: Some(lock),
        file,
        text: Some(changed),
    })
}

impl Prepared {
    /// Whether the file will be another one.
    #[must_use]
    pub fn is_a_change(&self) -> bool {
        self.text.is_some()
    }

    /// Writes the profile.
    ///
    /// # Errors
    /// A [`Failure`] of kind `config`; the file is then as it was.
    pub fn write(&self) -> Result<(), Failure> {
        match (&self.text, &self.lock) {
            (Some(text), Some(lock)) => files::replace(&self.file, text, Links::Followed, lock),
            _ => Ok(()),
        }
    }
}

fn put_profile(
    paths: &Paths,
    document: &mut DocumentMut,
    settings: &Settings,
    profile: &Profile,
) -> Result<Change, Failure> {
    if settings.profile(&profile.name) == Some(profile) {
        return Ok(Change::None);
    }
    if settings.profiles.is_empty() && settings.default_profile != profile.name {
        put(document.as_table_mut(), "default_profile", &profile.name);
    }
    let profiles = document.entry("profiles").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let is_inline = profiles.is_inline_table();
    let profiles = profiles.as_table_like_mut().ok_or_else(|| lost(paths))?;
    let table = profiles
        .entry(&profile.name)
        .or_insert_with(|| new_table(is_inline))
        .as_table_like_mut()
        .ok_or_else(|| lost(paths))?;
    write_profile(table, profile);
    Ok(Change::Made)
}

/// Removes a profile, and says whether there was one. If it was the default, none is from then on.
///
/// # Errors
/// A [`Failure`] of kind `config`; the file is then as it was.
pub fn remove_profile(paths: &Paths, name: &str) -> Result<bool, Failure> {
    let change = edit(paths, |document, settings| {
        if settings.profile(name).is_none() {
            return Ok(Change::None);
        }
        if let Some(profiles) = document.get_mut("profiles") {
            let profiles = profiles.as_table_like_mut().ok_or_else(|| lost(paths))?;
            profiles.remove(name);
        }
        if settings.default_profile == name {
            document.remove("default_profile");
        }
        Ok(Change::Made)
    })?;
    Ok(change == Change::Made)
}

/// Makes a profile the one that is used when none is named.
///
/// # Errors
/// A [`Failure`] of kind `usage` where there is no such profile; else of kind `config`.
pub fn set_default_profile(paths: &Paths, name: &str) -> Result<(), Failure> {
    edit(paths, |document, settings| {
        if settings.profile(name).is_none() {
            return Err(no_such_profile(name));
        }
        if settings.default_profile == name {
            return Ok(Change::None);
        }
        put(document.as_table_mut(), "default_profile", name);
        Ok(Change::Made)
    })?;
    Ok(())
}

/// The text of `keymap.toml`, if there is one.
///
/// # Errors
/// A [`Failure`] of kind `config` where it cannot be read, or is no text or too large.
pub fn keymap_text(paths: &Paths) -> Result<Option<String>, Failure> {
    files::read_text(&paths.keymap_file())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Made,
    None,
}

/// Reads the file under the lock, changes it, and puts the result in its place. What would not
/// change anything needs no lock, and no right to write.
fn edit(
    paths: &Paths,
    change: impl Fn(&mut DocumentMut, &Settings) -> Result<Change, Failure>,
) -> Result<Change, Failure> {
    let file = paths.config_file();
    let attempt = || {
        let text = files::read_text(&file)?.unwrap_or_default();
        let (done, changed) = changed(paths, &text, &change)?;
        let is_new = done == Change::Made && changed != text;
        Ok::<_, Failure>((done, is_new.then_some(changed)))
    };
    if let (done, None) = attempt()? {
        return Ok(done);
    }
    let lock = Lock::acquire(&paths.config_dir)?;
    let (done, changed) = attempt()?;
    if let Some(changed) = changed {
        files::replace(&file, &changed, Links::Followed, &lock)?;
    }
    Ok(done)
}

/// A file's text after a change.
fn changed(
    paths: &Paths,
    text: &str,
    change: &impl Fn(&mut DocumentMut, &Settings) -> Result<Change, Failure>,
) -> Result<(Change, String), Failure> {
    let settings = parse(paths, text)?.settings;
    let mut document: DocumentMut = text.parse().map_err(|_| lost(paths))?;
    let done = change(&mut document, &settings)?;
    let changed = document.to_string();
    if changed != text {
        // What was written must be readable; if not, that is better found before than after.
        parse(paths, &changed)?;
    }
    Ok((done, changed))
}

fn parse(paths: &Paths, text: &str) -> Result<Loaded, Failure> {
    let contents = schema::read(text).map_err(|problem| explain(paths, text, &problem))?;
    let replaced = contents.replaced.iter().map(|problem| {
        let place = place(paths, text, problem);
        Failure::new(
            FailureKind::Config,
            format!("{place}: {}; the default is used.", problem.what),
            "Correct it in an editor.",
        )
    });
    let unknown = contents.unknown.iter().map(|key| {
        Failure::new(
            FailureKind::Config,
            format!("config.toml: `{key}` is not a setting that this version knows."),
            "Check its spelling in config.toml.",
        )
    });
    Ok(Loaded {
        warnings: replaced.chain(unknown).collect(),
        settings: contents.settings,
    })
}

/// The file, and the line and column of a problem where it has one.
fn place(paths: &Paths, text: &str, problem: &Problem) -> String {
    let file = paths.config_file();
    match &problem.place {
        Some(range) => {
            let before = text.get(..range.start).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("{}, line {line}, column {column}", file.display())
        }
        None => file.display().to_string(),
    }
}

fn explain(paths: &Paths, text: &str, problem: &Problem) -> Failure {
    let place = place(paths, text, problem);
    Failure::new(
        FailureKind::Config,
        format!("{place}: {}.", problem.what),
        "Correct it in an editor; the file was not changed.",
    )
}

/// For a document that the schema accepted, and that has another shape a moment later.
fn lost(paths: &Paths) -> Failure {
    let problem = Problem {
        what: "its profiles are not a table".to_owned(),
        place: None,
    };
    explain(paths, "", &problem)
}

/// An inline table can hold nothing but inline ones.
fn new_table(is_inline: bool) -> Item {
    if is_inline {
        toml_edit::value(toml_edit::InlineTable::new())
    } else {
        Item::Table(Table::new())
    }
}

fn write_profile(table: &mut dyn TableLike, profile: &Profile) {
    put(table, "credential", profile.kind.code());
    match profile.kind.email() {
        Some(email) => put(table, "email", email),
        None => drop(table.remove("email")),
    }
    if profile.base_url.is_default() {
        table.remove("base_url");
    } else {
        put(table, "base_url", &profile.base_url.to_string());
    }
    for kind in [ScopeKind::Account, ScopeKind::Zone] {
        match &profile.scope {
            Some(scope) if scope.kind() == kind => put(table, kind.word(), scope.id()),
            _ => drop(table.remove(kind.word())),
        }
    }
}

/// Sets a key to text, its comment kept.
fn put(table: &mut dyn TableLike, key: &str, text: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(value) => {
            let decor = value.decor().clone();
            *value = text.into();
            *value.decor_mut() = decor;
        }
        None => drop(table.insert(key, toml_edit::value(text))),
    }
}
