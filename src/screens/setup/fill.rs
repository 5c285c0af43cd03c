//! What goes into the set-up form: what it opens with, and its fields once they are filled in.
//!
//! Not here: what keys do to it (`setup`).

use crate::app::field::TextField;
use crate::app::step::Step;
use crate::domain::credential::{Credential, CredentialKind, CredentialRef, Identity, parse_email};
use crate::domain::profile::{DEFAULT_PROFILE, Profile, Settings, parse_new_profile_name};
use crate::domain::scope::{Scope, ScopeId};
use crate::domain::secret::Secret;
use crate::screens::setup::parts::Filled;
use crate::screens::setup::state::{Opener, Setup, SetupField};

type Complaint = (SetupField, String);

impl Setup {
    /// The form of a new profile. Once the usual name is taken, the name comes first.
    pub(crate) fn adding(settings: &Settings) -> Self {
        let mut setup = Self {
            taken: names(settings),
            opener: Opener::Profiles,
            ..Self::default()
        };
        if setup.taken.iter().any(|name| name == DEFAULT_PROFILE) {
            setup.name = TextField::default();
            setup.focus = SetupField::Name;
        }
        setup
    }

    /// The form of a profile of a name.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: TextField::with(name),
            ..Self::default()
        }
    }

    /// The form of a profile that there is, to change it or only to type its credential again.
    pub(crate) fn changing(profile: Profile, is_replacing: bool, settings: &Settings) -> Self {
        let mut setup = Self {
            name: TextField::with(&profile.name),
            taken: names(settings),
            opener: Opener::Profiles,
            is_replacing,
            ..Self::default()
        };
        setup.fill_in(Some(&profile.kind), profile.scope.as_ref());
        if !is_replacing {
            setup.focus = SetupField::ScopeId;
        }
        setup.original = Some(profile);
        setup
    }

    /// Fills in what is known of a credential.
    pub(crate) fn fill_in(&mut self, kind: Option<&CredentialKind>, scope: Option<&Scope>) {
        if let Some(kind) = kind {
            self.is_global_key = matches!(kind, CredentialKind::GlobalKey { .. });
            self.email = TextField::with(kind.email().unwrap_or_default());
        }
        if let Some(scope) = scope {
            self.scope_kind = scope.kind();
            self.scope_id = TextField::with(scope.id());
        }
    }

    /// Puts an account or zone into the form, which then wants to be saved.
    pub(crate) fn use_scope(&mut self, scope: &Scope) {
        self.fill_in(None, Some(scope));
        self.complaint = None;
        self.focus = SetupField::Save;
    }

    /// Whether an empty secret field means the stored secret.
    #[must_use]
    pub fn keeps_secret(&self) -> bool {
        let is_global_key =
            |profile: &Profile| matches!(profile.kind, CredentialKind::GlobalKey { .. });
        !self.is_replacing
            && self.secret.secret().is_empty()
            && self
                .original
                .as_ref()
                .is_some_and(|profile| is_global_key(profile) == self.is_global_key)
    }

    /// Whether there is something to ask the API with.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.keeps_secret() || !self.secret.secret().is_empty()
    }

    /// Whether a field that the form needs is empty.
    pub(crate) fn is_blank(&self, field: SetupField) -> bool {
        match field {
            SetupField::Name => self.name.is_blank(),
            SetupField::Email => self.email.is_blank(),
            SetupField::Secret => !self.can_ask(),
            SetupField::ScopeId => self.scope_id.is_blank(),
            _ => false,
        }
    }

    fn complain(&mut self, (field, complaint): Complaint) {
        self.complaint = Some((field, complaint));
        self.focus = field;
        self.editing = true;
    }

    /// Checks every field; the first mistake gets the focus and a sentence.
    pub(crate) fn fill(&mut self, session_only: bool) -> Option<Filled> {
        self.complaint = None;
        self.read(session_only)
            .map_err(|complaint| self.complain(complaint))
            .ok()
    }

    fn read(&self, session_only: bool) -> Result<Filled, Complaint> {
        // What is kept in memory has no name.
        let name = if session_only {
            String::new()
        } else {
            self.read_name()?
        };
        let kind = self.read_kind()?;
        let credential = self.read_credential(&kind, session_only)?;
        let scope = ScopeId::parse(self.scope_id.value())
            .map(|id| self.scope_kind.with(id))
            .map_err(|error| (SetupField::ScopeId, error.to_string()))?;
        let profile = Profile {
            name,
            kind,
            scope: Some(scope.clone()),
            // Which address it is stored for is known to what stores it.
            base_url: self
                .original
                .as_ref()
                .map(|original| original.base_url.clone())
                .unwrap_or_default(),
        };
        Ok(Filled {
            profile,
            credential,
            scope,
        })
    }

    fn read_name(&self) -> Result<String, Complaint> {
        if let Some(original) = &self.original {
            return Ok(original.name.clone());
        }
        let complain = |complaint| Err((SetupField::Name, complaint));
        match parse_new_profile_name(self.name.value()) {
            Err(error) => complain(error.to_string()),
            Ok(name) if self.taken.contains(&name) => complain(format!(
                "there is a profile called {name}; choose another name"
            )),
            Ok(name) => Ok(name),
        }
    }

    fn read_kind(&self) -> Result<CredentialKind, Complaint> {
        if !self.is_global_key {
            return Ok(CredentialKind::ApiToken);
        }
        parse_email(self.email.value())
            .map(|email| CredentialKind::GlobalKey { email })
            .ok_or((
                SetupField::Email,
                "write the address of the account's user, like name@example.com".to_owned(),
            ))
    }

    fn read_credential(
        &self,
        kind: &CredentialKind,
        session_only: bool,
    ) -> Result<Option<Credential>, Complaint> {
        if self.keeps_secret() && !session_only {
            return Ok(None);
        }
        let secret = Secret::parse(self.secret.secret().expose())
            .map_err(|error| (SetupField::Secret, error.to_string()))?;
        Ok(Some(Credential {
            kind: kind.clone(),
            secret,
        }))
    }

    /// The accounts and zones are listed with what is typed, or with what is stored.
    pub(crate) fn pick_scope(&mut self) -> Option<Step> {
        self.complaint = None;
        match self.read_asker() {
            Ok(asker) => Some(Step::PickScope(asker)),
            Err(complaint) => {
                self.complain(complaint);
                None
            }
        }
    }

    fn read_asker(&self) -> Result<CredentialRef, Complaint> {
        if !self.can_ask() {
            let what = if self.is_global_key { "key" } else { "token" };
            let complaint =
                format!("enter the {what} first: accounts and zones are listed with it");
            return Err((SetupField::Secret, complaint));
        }
        let kind = self.read_kind()?;
        Ok(
            match (self.read_credential(&kind, false)?, &self.original) {
                (Some(credential), _) => CredentialRef::Credential(credential),
                (None, Some(original)) => CredentialRef::Identity(Identity {
                    kind,
                    ..Identity::of(original)
                }),
                (None, None) => return Err((SetupField::Secret, "enter it first".to_owned())),
            },
        )
    }
}

fn names(settings: &Settings) -> Vec<String> {
    settings
        .profiles
        .iter()
        .map(|profile| profile.name.clone())
        .collect()
}
