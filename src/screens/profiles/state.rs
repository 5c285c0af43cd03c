//! The profiles: which there are, where the secret of each is kept, and what keys do to them.
//!
//! Not here: the form that adds or changes one (`setup`), and switching (`credential_switch`).

use crate::action::Action;
use crate::app::scroll::moved;
use crate::app::step::Step;
use crate::domain::credential::{ActiveCredential, CredentialSource, Location};
use crate::domain::failure::Failure;
use crate::domain::profile::{Profile, Settings};
use crate::domain::remote::{Received, Remote, RequestId};

/// Where the secret of each profile is stored; `None` if it has none.
pub type Locations = Vec<(String, Result<Option<Location>, Failure>)>;

/// The profiles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profiles {
    /// The selected row.
    pub selected: usize,
    /// Credentials of no profile that are or were in use: the environment's, one for this session,
    /// the demo's. They come first.
    pub external: Vec<ActiveCredential>,
    /// Where the secrets are kept.
    pub locations: Remote<Locations>,
    /// What is being changed.
    pub change: Option<Change>,
    /// The profile that is to be removed, if the user says so.
    pub pending_removal: Option<String>,
}

/// A change of a profile that is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The request whose answer counts.
    pub request: RequestId,
    /// The profile.
    pub name: String,
    /// Whether it is removed, and not made the default.
    pub is_removal: bool,
}

impl Profiles {
    /// The rows: credentials of no profile, then the profiles in the order of the file.
    #[must_use]
    pub fn rows(&self, settings: &Settings) -> Vec<ActiveCredential> {
        let profiles = settings.profiles.iter().map(ActiveCredential::of);
        self.external.iter().cloned().chain(profiles).collect()
    }

    /// Where a profile's secret is kept, as far as that is known.
    #[must_use]
    pub fn location_of(&self, name: &str) -> Option<&Result<Option<Location>, Failure>> {
        let locations = self.locations.value()?;
        let (_, location) = locations.iter().find(|(known, _)| known == name)?;
        Some(location)
    }

    /// Notes a credential of no profile; of each source the newest counts.
    pub(crate) fn remember_external(&mut self, credential: ActiveCredential) {
        let of_source = |known: &&mut ActiveCredential| known.source() == credential.source();
        match self.external.iter_mut().find(of_source) {
            Some(known) => *known = credential,
            None => self.external.push(credential),
        }
    }

    /// Selects the row of a credential source; none selects the first.
    pub(crate) fn select(&mut self, source: Option<&CredentialSource>, settings: &Settings) {
        self.selected = self
            .rows(settings)
            .iter()
            .position(|row| row.source() == source)
            .unwrap_or(0);
    }

    /// What a key does here, with a number of visible rows.
    pub(crate) fn act(&mut self, action: Action, settings: &Settings, rows: usize) -> Vec<Step> {
        let credentials = self.rows(settings);
        let last = credentials.len().saturating_sub(1);
        self.selected = moved(self.selected, action, rows, last);
        let is_command = matches!(
            action,
            Action::Submit
                | Action::EditProfile
                | Action::ReplaceCredential
                | Action::MakeDefault
                | Action::RemoveProfile
        );
        match (action, credentials.into_iter().nth(self.selected)) {
            _ if self.change.is_some() => Vec::new(),
            (Action::AddProfile, _) => vec![Step::AddProfile],
            (Action::Submit, Some(credential)) => vec![Step::Switch(credential)],
            (action, Some(credential)) if is_command => match credential
                .profile
                .as_ref()
                .and_then(|name| settings.profile(name))
            {
                Some(profile) => self.act_on(action, profile),
                None => vec![Step::Tell(no_profile(credential.source()))],
            },
            _ => Vec::new(),
        }
    }

    fn act_on(&mut self, action: Action, profile: &Profile) -> Vec<Step> {
        match action {
            Action::MakeDefault => vec![Step::MakeDefault(profile.name.clone())],
            Action::RemoveProfile => {
                self.pending_removal = Some(profile.name.clone());
                vec![Step::AskToRemove]
            }
            action => vec![Step::EditProfile {
                profile: profile.clone(),
                is_replacing: action == Action::ReplaceCredential,
            }],
        }
    }

    /// The user wants the profile removed that was asked about.
    pub(crate) fn confirmed(&mut self) -> Vec<Step> {
        let name = self.pending_removal.take().map(Step::RemoveProfile);
        name.into_iter().collect()
    }

    /// The secrets were looked for.
    pub(crate) fn found(&mut self, request: RequestId, found: Received<Locations>) -> bool {
        self.locations.settle(request, Ok(found))
    }

    /// A change ended. Gives what it was, unless nobody waits for it.
    pub(crate) fn ended(&mut self, request: RequestId) -> Option<Change> {
        self.change.take_if(|change| change.request == request)
    }

    /// Keeps the selection on its row where the settings changed under it, and forgets where
    /// secrets of profiles were that are gone.
    pub(crate) fn follow(&mut self, old: &Settings, new: &Settings) {
        let selected = self.rows(old).into_iter().nth(self.selected);
        let rows = self.rows(new);
        let same = selected.and_then(|credential| {
            rows.iter()
                .position(|row| row.source() == credential.source())
        });
        let last = rows.len().saturating_sub(1);
        self.selected = same.unwrap_or(self.selected).min(last);
    }
}

/// Why a row that is no profile cannot be changed.
fn no_profile(source: Option<&CredentialSource>) -> String {
    match source {
        Some(CredentialSource::Environment { variable }) => {
            format!("This is no profile: it is set in the environment, by {variable}.")
        }
        Some(CredentialSource::Session) => {
            "This is no profile: it is in memory, and gone when the program ends.".to_owned()
        }
        _ => "This is no profile: the demo keeps nothing.".to_owned(),
    }
}
