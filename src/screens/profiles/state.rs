//! The state of the list of profiles: its rows, and where each secret is stored.

use crate::domain::credential::{ActiveCredential, CredentialSource, Location};
use crate::domain::failure::Failure;
use crate::domain::fetched::{Remote, RequestId};
use crate::domain::profile::Settings;

/// Where the secret of each profile is stored; `None` if it has none.
pub type Locations = Vec<(String, Result<Option<Location>, Failure>)>;

/// The profiles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profiles {
    /// The selected row.
    pub selected: usize,
    /// Credentials without a profile that are or were in use: the environment's, one for this
    /// session, the demo's. They come first.
    pub external: Vec<ActiveCredential>,
    /// Where the secrets are stored.
    pub locations: Remote<Locations>,
    /// The pending change.
    pub change: Option<Change>,
    /// The profile to remove once the user confirms.
    pub pending_removal: Option<String>,
}

/// A pending change of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The request whose response is awaited.
    pub request: RequestId,
    /// The profile.
    pub name: String,
    /// Whether the change removes it, rather than making it the default.
    pub is_removal: bool,
}

impl Profiles {
    /// The rows: credentials without a profile, then the profiles in the order of the file.
    pub fn rows(&self, settings: &Settings) -> Vec<ActiveCredential> {
        let profiles = settings.profiles.iter().map(ActiveCredential::of);
        self.external.iter().cloned().chain(profiles).collect()
    }

    /// Where a profile's secret is stored, if known.
    pub fn location_of(&self, name: &str) -> Option<&Result<Option<Location>, Failure>> {
        let locations = self.locations.value()?;
        let (_, location) = locations.iter().find(|(known, _)| known == name)?;
        Some(location)
    }

    /// Drops data requested with the active credential, and returns the pending request. A change
    /// continues, since it may be half done.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        let Self {
            selected: _,
            external: _,
            locations,
            change: _,
            pending_removal: _,
        } = self;
        locations.cancel()
    }

    /// Remembers a credential without a profile, one per source.
    pub(crate) fn remember_external(&mut self, credential: ActiveCredential) {
        let of_source = |known: &&mut ActiveCredential| known.source() == credential.source();
        match self.external.iter_mut().find(of_source) {
            Some(known) => *known = credential,
            None => self.external.push(credential),
        }
    }

    /// Selects the row of a credential source; `None` selects the first.
    pub(crate) fn select(&mut self, source: Option<&CredentialSource>, settings: &Settings) {
        let rows = self.rows(settings);
        let row = rows.iter().position(|row| row.source() == source);
        self.selected = row.unwrap_or(0);
    }

    /// Keeps the selection on its row when the settings change.
    pub(crate) fn follow(&mut self, old: &Settings, new: &Settings) {
        let selected = self.rows(old).into_iter().nth(self.selected);
        let rows = self.rows(new);
        let is_same = |row: &ActiveCredential, old: &ActiveCredential| row.source() == old.source();
        let same = selected.and_then(|old| rows.iter().position(|row| is_same(row, &old)));
        let last = rows.len().saturating_sub(1);
        self.selected = same.unwrap_or(self.selected).min(last);
    }
}
