//! What the keys of `config.toml` are and may hold.
//!
//! Pure. Not here: the file, and changing it (`settings`). A problem never quotes a value as it
//! stands: somebody may have put a secret there.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use crate::domain::base_url::BaseUrl;
use crate::domain::credential::{CredentialKind, parse_email};
use crate::domain::profile::{Profile, Settings, parse_profile_name};
use crate::domain::scope::{Scope, ScopeId, ScopeKind};
use crate::domain::status::{Threshold, Thresholds};

/// The themes that exist.
const THEMES: [&str; 3] = ["dark", "light", "mono"];

const KEYS: [&str; 12] = [
    "default_profile",
    "theme",
    "ascii",
    "bell",
    "title",
    "notify",
    "mouse",
    "calm",
    "refresh_seconds",
    "warn",
    "critical",
    "profiles",
];

const PROFILE_KEYS: [&str; 6] = ["credential", "email", "account", "zone", "name", "base_url"];

/// The longest time between refreshes: a year.
const LONGEST_REFRESH: u64 = 365 * 24 * 60 * 60;

/// What is wrong with the text, and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// A sentence's predicate: "`theme` must be dark, light or mono".
    pub(super) what: String,
    /// Bytes of the text.
    pub(super) place: Option<Range<usize>>,
}

/// What a text holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) settings: Settings,
    /// The full names of keys that nobody knows.
    pub(super) unknown: Vec<String>,
    /// Values in whose place the default is used.
    pub(super) replaced: Vec<Problem>,
}

/// Reads a text. How things look is never a reason to fail: where such a value is not understood,
/// the default holds. What decides a verdict or a credential must be understood.
pub(super) fn read(text: &str) -> Result<Contents, Problem> {
    let document = Document::parse(text).map_err(|error| Problem {
        what: error.message().trim().replace('\n', "; "),
        place: error.span(),
    })?;
    let root = Section {
        table: document.as_table(),
        prefix: String::new(),
    };
    let mut unknown = root.unknown(&KEYS);
    let defaults = Settings::default();
    let mut looks = Looks {
        root: &root,
        replaced: Vec::new(),
    };
    // Checked for the versions that act on them.
    for (key, default) in [
        ("title", true),
        ("notify", false),
        ("mouse", false),
        ("calm", false),
    ] {
        looks.switch(key, default);
    }
    let settings = Settings {
        default_profile: root
            .read("default_profile", "the name of a profile", profile_name)?
            .unwrap_or(defaults.default_profile),
        theme: looks.read(
            "theme",
            "\"dark\", \"light\" or \"mono\"",
            defaults.theme,
            theme,
        ),
        ascii: looks.read("ascii", "true or false", defaults.ascii, |item| {
            item.as_bool().map(Some)
        }),
        bell: looks.switch("bell", defaults.bell),
        refresh_seconds: looks.read(
            "refresh_seconds",
            "a whole number from 0 to 31536000, which is a year",
            defaults.refresh_seconds,
            seconds,
        ),
        thresholds: thresholds(&root)?,
        profiles: profiles(&root, &mut unknown)?,
    };
    Ok(Contents {
        settings,
        unknown,
        replaced: looks.replaced,
    })
}

/// The settings that only change how things look.
struct Looks<'a> {
    root: &'a Section<'a>,
    replaced: Vec<Problem>,
}

impl<'a> Looks<'a> {
    fn read<T>(
        &mut self,
        key: &str,
        expected: &str,
        default: T,
        convert: impl Fn(&'a Item) -> Option<T>,
    ) -> T {
        match self.root.read(key, expected, convert) {
            Ok(value) => value.unwrap_or(default),
            Err(problem) => {
                self.replaced.push(problem);
                default
            }
        }
    }

    fn switch(&mut self, key: &str, default: bool) -> bool {
        self.read(key, "true or false", default, Item::as_bool)
    }
}

/// A table, with the keys that lead to it.
struct Section<'a> {
    table: &'a dyn TableLike,
    prefix: String,
}

impl<'a> Section<'a> {
    fn problem(&self, key: &str, what: &str) -> Problem {
        let place = self
            .table
            .get_key_value(key)
            .and_then(|(key, item)| item.span().or_else(|| key.span()));
        Problem {
            what: format!("`{}{key}` {what}", self.prefix),
            place,
        }
    }

    /// The value of a key, if it is there at all.
    fn read<T>(
        &self,
        key: &str,
        expected: &str,
        convert: impl Fn(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(item) = self.table.get(key) else {
            return Ok(None);
        };
        match convert(item) {
            Some(value) => Ok(Some(value)),
            None => Err(self.problem(key, &format!("must be {expected}"))),
        }
    }

    fn unknown(&self, known: &[&str]) -> Vec<String> {
        self.table
            .iter()
            .filter(|(key, _)| !known.contains(key))
            .map(|(key, _)| format!("{}{key}", self.prefix))
            .collect()
    }
}

fn profile_name(item: &Item) -> Option<String> {
    parse_profile_name(item.as_str()?).ok()
}

fn theme(item: &Item) -> Option<String> {
    let name = item.as_str()?;
    THEMES.contains(&name).then(|| name.to_owned())
}

fn seconds(item: &Item) -> Option<u64> {
    let seconds = u64::try_from(item.as_integer()?).ok()?;
    (seconds <= LONGEST_REFRESH).then_some(seconds)
}

/// Text like `"30d"`; a bare number is days, in quotes or not.
fn thresholds(root: &Section<'_>) -> Result<Thresholds, Problem> {
    let threshold = |item: &Item| match item.as_integer() {
        Some(days) => Threshold::parse(&days.to_string()).ok(),
        None => Threshold::parse(item.as_str()?).ok(),
    };
    let expected = "a length of time above zero, like \"30d\", \"12h\" or \"90m\", or a percentage like \"10%\"";
    let thresholds = Thresholds {
        warn: root.read("warn", expected, threshold)?,
        critical: root.read("critical", expected, threshold)?,
    };
    match (thresholds.warn, thresholds.critical) {
        (Some(warn), Some(critical)) if thresholds.is_out_of_order() => {
            let what = format!(
                "is out of order: `critical`, {critical}, must not be more than `warn`, {warn}"
            );
            Err(root.problem("critical", &what))
        }
        _ => Ok(thresholds),
    }
}

fn profiles(root: &Section<'_>, unknown: &mut Vec<String>) -> Result<Vec<Profile>, Problem> {
    let Some(table) = root.read("profiles", "a table of profiles", Item::as_table_like)? else {
        return Ok(Vec::new());
    };
    let parent = Section {
        table,
        prefix: "profiles.".to_owned(),
    };
    let mut profiles = Vec::new();
    for (name, _) in table.iter() {
        let Some(table) = parent.read(name, "a table", Item::as_table_like)? else {
            continue;
        };
        let section = Section {
            table,
            prefix: format!("profiles.{name}."),
        };
        if let Err(invalid) = parse_profile_name(name) {
            return Err(parent.problem(name, &format!("is misnamed: {invalid}")));
        }
        unknown.extend(section.unknown(&PROFILE_KEYS));
        profiles.push(Profile {
            name: name.to_owned(),
            kind: kind(&section)?,
            scope: scope(&section)?,
            base_url: base_url(&section)?,
        });
    }
    Ok(profiles)
}

fn kind(profile: &Section<'_>) -> Result<CredentialKind, Problem> {
    let kinds = "\"api_token\" or \"global_key\"";
    let code = profile.read("credential", kinds, Item::as_str)?;
    let email = profile.read("email", "an email address", |item| {
        parse_email(item.as_str()?)
    })?;
    match (code, email) {
        (None | Some("api_token"), _) => Ok(CredentialKind::ApiToken),
        (Some("global_key"), Some(email)) => Ok(CredentialKind::GlobalKey { email }),
        (Some("global_key"), None) => Err(profile.problem(
            "credential",
            "is \"global_key\", which needs `email` beside it",
        )),
        (Some(_), _) => Err(profile.problem("credential", &format!("must be {kinds}"))),
    }
}

/// Where the profile's secret may go; Cloudflare's own address where nothing is said.
fn base_url(profile: &Section<'_>) -> Result<BaseUrl, Problem> {
    let expected =
        "an https URL, or an http one of a loopback address, without a user name or query";
    let read = |item: &Item| BaseUrl::parse(item.as_str()?).ok();
    Ok(profile
        .read("base_url", expected, read)?
        .unwrap_or_default())
}

fn scope(profile: &Section<'_>) -> Result<Option<Scope>, Problem> {
    let read = |kind: ScopeKind| {
        let id = profile.read(kind.word(), "an ID of 32 hexadecimal digits", |item| {
            ScopeId::parse(item.as_str()?).ok()
        })?;
        Ok::<_, Problem>(id.map(|id| kind.with(id)))
    };
    match (read(ScopeKind::Account)?, read(ScopeKind::Zone)?) {
        (Some(_), Some(_)) => Err(profile.problem(
            "zone",
            "stands beside `account`; a profile has one of the two",
        )),
        (account, zone) => Ok(account.or(zone)),
    }
}
