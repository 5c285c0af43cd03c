//! The state of the setup form: its fields, their contents, and what it waits for.

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::form::{Form, MaskedField, TextField};
use crate::domain::credential::{
    Credential, CredentialKind, CredentialRef, Identity, Location, Lookalike, Secret, parse_email,
};
use crate::domain::credential_command::CredentialCommand;
use crate::domain::fetched::{Remote, RequestId};
use crate::domain::profile::{DEFAULT_PROFILE, Profile, Settings, parse_new_profile_name};
use crate::domain::scope::{Scope, ScopeId, ScopeKind};

/// A credential store that takes longer than this to respond may be waiting for the user.
const SLOW_STORE: TimeDelta = TimeDelta::seconds(1);

/// A row of the form that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupField {
    /// The profile's name.
    Name,
    /// API token or Global API key.
    Kind,
    /// The email address of a Global API key.
    Email,
    /// The token or key.
    Secret,
    /// Account or zone.
    ScopeKind,
    /// The account's or zone's ID.
    ScopeId,
    Button(SetupButton),
}

/// A button of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupButton {
    /// Checks and stores.
    Save,
    /// Stores without a check, after a network failure.
    SaveUnchecked,
    /// Checks, and keeps the credential in memory only.
    SessionOnly,
    /// Keeps the credential in memory without a check, after a network failure.
    SessionUnchecked,
    /// Looks for the credential store again.
    ProbeAgain,
}

impl SetupField {
    /// Whether it is a button.
    pub(crate) fn is_button(self) -> bool {
        matches!(self, Self::Button(_))
    }
}

impl SetupButton {
    /// The button that checks, and keeps the credential in memory or stores it.
    pub(crate) fn checking(session_only: bool) -> Self {
        if session_only {
            Self::SessionOnly
        } else {
            Self::Save
        }
    }
}

/// The opener of the form. Leaving the form returns there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opener {
    /// The program, because no credential works.
    #[default]
    Program,
    Profiles,
}

/// The request that the form waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing: it accepts input.
    #[default]
    Open,
    /// The API, then the store or memory.
    Checking {
        request: RequestId,
        /// Whether to keep the credential in memory only.
        session_only: bool,
    },
    /// The credential store.
    Saving { request: RequestId },
}

/// Other ways to continue after failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Offers {
    /// To skip the check, since the API could not be reached.
    pub unchecked: bool,
    /// To keep the credential in memory, since it could not be stored.
    pub session: bool,
}

/// The request to repeat once a rejected credential has been re-entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeat {
    #[default]
    LookUp,
    /// Listing all tokens.
    List,
}

/// The contents of a valid form.
pub(crate) struct Filled {
    pub(crate) profile: Profile,
    /// The credential that was entered; `None` keeps the stored one.
    pub(crate) credential: Option<Credential>,
    pub(crate) scope: Scope,
}

/// The form.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    pub form: Form<SetupField>,
    /// The profile's name.
    pub name: TextField,
    pub is_global_key: bool,
    pub email: TextField,
    /// The token or key. Switching the kind keeps it.
    pub secret: MaskedField,
    pub scope_kind: ScopeKind,
    /// The account's or zone's ID.
    pub scope_id: TextField,
    /// Whether a read with the credential worked, but showed no token.
    pub saw_no_token: bool,
    /// Where the secret will be stored, according to a probe.
    pub store: Remote<Location>,
    /// Whether the probe is so slow that it may be waiting for the user.
    pub store_is_slow: bool,
    pub phase: Phase,
    pub offers: Offers,
    /// Whether a secret is stored for the profile that is being changed, as far as is known.
    pub has_stored: bool,
    /// Whether the form was opened to replace a credential that no longer works.
    pub is_replacing: bool,
    /// The profile that is being changed; `None` for a new one.
    pub original: Option<Profile>,
    /// The names of all profiles.
    pub taken: Vec<String>,
    pub opener: Opener,
    pub repeat: Repeat,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            form: Form::on(SetupField::Secret),
            name: TextField::with(DEFAULT_PROFILE),
            is_global_key: false,
            email: TextField::default(),
            secret: MaskedField::default(),
            scope_kind: ScopeKind::Account,
            scope_id: TextField::default(),
            saw_no_token: false,
            store: Remote::Idle,
            store_is_slow: false,
            phase: Phase::Open,
            offers: Offers::default(),
            has_stored: true,
            is_replacing: false,
            original: None,
            taken: Vec::new(),
            opener: Opener::Program,
            repeat: Repeat::default(),
        }
    }
}

type Complaint = (SetupField, String);

impl Setup {
    /// The form for a new profile. If the default name is taken, the focus is on the name.
    pub(crate) fn adding(settings: &Settings) -> Self {
        let mut setup = Self {
            taken: names(settings),
            opener: Opener::Profiles,
            ..Self::default()
        };
        if setup.taken.iter().any(|name| name == DEFAULT_PROFILE) {
            setup.name = TextField::default();
            setup.form.focus = SetupField::Name;
        }
        setup
    }

    /// The form for a new profile with the given name.
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: TextField::with(name),
            ..Self::default()
        }
    }

    /// The form for an existing profile, to edit it or only to re-enter its credential.
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
            setup.form.focus = SetupField::ScopeId;
        }
        setup.original = Some(profile);
        setup
    }

    /// Fills in the known parts of a credential.
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

    /// Fills in an account or zone, and moves on to the button that Enter takes.
    pub(crate) fn use_scope(&mut self, scope: &Scope) {
        self.fill_in(None, Some(scope));
        self.recheck();
        self.form.focus = SetupField::Button(self.first_button());
    }

    /// Whether the credential store cannot be reached.
    fn has_no_store(&self) -> bool {
        self.store.failure().is_some()
    }

    /// The button that Enter takes from a field: without a store, the one that can work.
    pub fn first_button(&self) -> SetupButton {
        SetupButton::checking(self.has_no_store())
    }

    /// Moves the focus to the button that Enter takes if the row with the focus went away.
    pub(crate) fn settle_focus(&mut self) {
        if !self.rows().contains(&self.form.focus) {
            self.form.focus = SetupField::Button(self.first_button());
        }
    }

    /// What Enter moves on to: what is empty, and from a choice or a name the next row; or the button that
    /// it presses, from the secret or the ID of a filled form the first one.
    pub(crate) fn next_step(&self) -> SetupField {
        let focus = self.form.focus;
        if focus.is_button() {
            return focus;
        }
        let rows = self.rows();
        let mut others = rows.iter().filter(|row| **row != focus);
        let empty = others.find(|row| self.is_blank(**row)).copied();
        let at = rows.iter().position(|row| *row == focus).unwrap_or(0);
        let below = rows.get(at + 1).copied();
        let is_last = matches!(focus, SetupField::Secret | SetupField::ScopeId);
        let next = match empty {
            // An empty field is complained about.
            _ if self.is_blank(focus) => None,
            None if is_last => None,
            None => below,
            empty => empty,
        };
        next.unwrap_or(SetupField::Button(self.first_button()))
    }

    /// The other kind of credential that the secret looks like.
    pub fn lookalike(&self) -> Option<Lookalike> {
        Lookalike::of(self.secret.secret(), self.is_global_key)
    }

    /// Checks a name that is complete because the focus leaves it. The focus moves on.
    pub(crate) fn leave(&mut self, field: SetupField) {
        if field == SetupField::Name {
            self.complain_of(field);
        }
    }

    /// Complains about a field that is filled in wrongly.
    pub(crate) fn complain_if_filled(&mut self, field: SetupField) {
        if !self.is_blank(field) {
            self.complain_of(field);
        }
    }

    fn complain_of(&mut self, field: SetupField) {
        if let Some(complaint) = self.fault(field) {
            self.form.complaint = Some((field, complaint));
        }
    }

    /// Complains about a secret in a field that shows what it contains.
    pub(crate) fn complain_of_secret(&mut self, field: SetupField) {
        if self.text(field).is_some_and(TextField::holds_secret) {
            self.complain_if_filled(field);
        }
    }

    /// The text of a field that shows what it contains.
    fn text(&self, field: SetupField) -> Option<&TextField> {
        match field {
            SetupField::Name => Some(&self.name),
            SetupField::Email => Some(&self.email),
            SetupField::ScopeId => Some(&self.scope_id),
            SetupField::Secret
            | SetupField::Kind
            | SetupField::ScopeKind
            | SetupField::Button(_) => None,
        }
    }

    /// What the secret is called.
    fn secret_word(&self) -> &'static str {
        if self.is_global_key { "key" } else { "token" }
    }

    /// The complaint about a field that shows what it contains: it holds a secret, or `error`.
    fn misplaced(&self, field: &TextField, error: &impl ToString) -> String {
        if field.holds_secret() {
            let word = self.secret_word();
            format!("this looks like a secret; enter it as the {word}, which stays hidden")
        } else {
            error.to_string()
        }
    }

    /// Drops the complaint once its cause is gone.
    pub(crate) fn recheck(&mut self) {
        let rows = self.rows();
        let is_there = |field| rows.contains(&field) && self.fault(field).is_some();
        let complaint = self.form.complaint.as_ref();
        if !complaint.is_some_and(|(field, _)| is_there(*field)) {
            self.form.complaint = None;
        }
    }

    /// The complaint about a field.
    fn fault(&self, field: SetupField) -> Option<String> {
        let fault = match field {
            SetupField::Name => self.read_name().err(),
            SetupField::Email => self.read_kind().err(),
            SetupField::Secret => self.read_secret().err(),
            SetupField::ScopeId => self.read_scope().err(),
            SetupField::Kind | SetupField::ScopeKind | SetupField::Button(_) => None,
        };
        fault.map(|(_, complaint)| complaint)
    }

    /// The command that prints the secret of the profile that is being changed, so that the form has
    /// no field for it.
    pub fn command(&self) -> Option<&CredentialCommand> {
        self.original.as_ref()?.command.as_ref()
    }

    /// Whether an empty secret field keeps the stored secret.
    pub fn keeps_secret(&self) -> bool {
        if self.command().is_some() {
            return true;
        }
        let is_of_kind = |profile: &Profile| {
            matches!(profile.kind, CredentialKind::GlobalKey { .. }) == self.is_global_key
        };
        let is_empty = self.secret.secret().is_empty();
        let is_there = self.has_stored && !self.is_replacing && !self.has_no_store();
        is_there && is_empty && self.original.as_ref().is_some_and(is_of_kind)
    }

    /// Whether the form has a credential to call the API with.
    pub fn can_ask(&self) -> bool {
        self.keeps_secret() || !self.secret.secret().is_empty()
    }

    /// Whether a required field is empty.
    pub(crate) fn is_blank(&self, field: SetupField) -> bool {
        self.text(field).is_some_and(TextField::is_blank)
            || field == SetupField::Secret && !self.can_ask()
    }

    /// Checks the fields. The first invalid one gets the focus and a complaint.
    pub(crate) fn fill(&mut self, session_only: bool) -> Option<Filled> {
        self.form.complaint = None;
        self.read(session_only)
            .map_err(|(field, complaint)| self.form.complain(field, &complaint))
            .ok()
    }

    fn read(&self, session_only: bool) -> Result<Filled, Complaint> {
        // A credential kept in memory has no name.
        let name = if session_only {
            String::new()
        } else {
            self.read_name()?
        };
        let kind = self.read_kind()?;
        let credential = self.read_credential(&kind, session_only)?;
        let original = self.original.as_ref();
        let scope = self.read_scope()?;
        let profile = Profile {
            name,
            kind,
            scope: Some(scope.clone()),
            scope_name: None,
            // The store fills in the address of a new profile.
            base_url: original.map(|it| it.base_url.clone()).unwrap_or_default(),
            command: self.command().cloned(),
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
                "profile {name} already exists; choose another name"
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
            .ok_or_else(|| {
                let error = "enter the account user's address, such as name@example.com";
                (SetupField::Email, self.misplaced(&self.email, &error))
            })
    }

    fn read_credential(
        &self,
        kind: &CredentialKind,
        session_only: bool,
    ) -> Result<Option<Credential>, Complaint> {
        if self.keeps_secret() && !session_only {
            return Ok(None);
        }
        Ok(Some(Credential {
            kind: kind.clone(),
            secret: self.read_secret()?,
        }))
    }

    fn read_secret(&self) -> Result<Secret, Complaint> {
        Secret::parse(self.secret.secret().expose())
            .map_err(|error| (SetupField::Secret, error.to_string()))
    }

    fn read_scope(&self) -> Result<Scope, Complaint> {
        ScopeId::parse(self.scope_id.value())
            .map(|id| self.scope_kind.with(id))
            .map_err(|error| (SetupField::ScopeId, self.misplaced(&self.scope_id, &error)))
    }

    /// The credential for listing accounts and zones: the one entered, or the stored one.
    pub(crate) fn read_asker(&self) -> Result<CredentialRef, Complaint> {
        if !self.can_ask() {
            let what = self.secret_word();
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

    /// Whether letters go into a text field.
    pub fn is_editing(&self) -> bool {
        let focus = self.form.focus;
        let is_text = focus == SetupField::Secret || self.text(focus).is_some();
        self.form.editing && is_text && self.phase == Phase::Open
    }

    /// The rows that can have the focus, from top to bottom.
    pub fn rows(&self) -> Vec<SetupField> {
        use SetupButton::{ProbeAgain, Save, SaveUnchecked, SessionOnly, SessionUnchecked};
        use SetupField::{Button, Email, Kind, Name, ScopeId, ScopeKind, Secret};
        let has_no_store = self.has_no_store();
        let Offers { unchecked, session } = self.offers;
        let is_typed = self.command().is_none();
        let session = is_typed && (session || has_no_store || self.store_is_slow);
        let rows = [
            // The secret is stored under the name, so the name cannot change.
            (Name, self.original.is_none()),
            (Kind, true),
            (Email, self.is_global_key),
            (Secret, is_typed),
            (ScopeKind, true),
            (ScopeId, true),
            (Button(Save), !has_no_store),
            (Button(SaveUnchecked), !has_no_store && unchecked),
            (Button(SessionOnly), session),
            (Button(SessionUnchecked), session && unchecked),
            (Button(ProbeAgain), has_no_store),
        ];
        let shown = rows.into_iter().filter(|(_, is_shown)| *is_shown);
        shown.map(|(row, _)| row).collect()
    }

    /// Clears everything, and returns the pending requests.
    pub(crate) fn reset(&mut self) -> Vec<RequestId> {
        let mut old = std::mem::take(self);
        let requests = [old.store.request(), old.cancel()];
        requests.into_iter().flatten().collect()
    }

    /// Stops waiting for the API or the credential store.
    pub(crate) fn cancel(&mut self) -> Option<RequestId> {
        match std::mem::take(&mut self.phase) {
            Phase::Checking { request, .. } | Phase::Saving { request } => Some(request),
            Phase::Open => None,
        }
    }

    /// When the probe of the credential store starts to count as slow, by the steady clock.
    pub(crate) fn slow_at(&self) -> Option<DateTime<Utc>> {
        let since = self.store.loading_since()?;
        since.checked_add_signed(SLOW_STORE)
    }

    /// Marks the probe of the credential store as slow once it is.
    pub(crate) fn watch_store(&mut self, now: DateTime<Utc>) {
        self.store_is_slow = self.slow_at().is_some_and(|slow| slow <= now);
    }
}

fn names(settings: &Settings) -> Vec<String> {
    let profiles = settings.profiles.iter();
    profiles.map(|profile| profile.name.clone()).collect()
}
