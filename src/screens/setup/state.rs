//! The form that sets a credential up: its fields, its checks, and what its button leads to.
//!
//! Nothing is stored before the API has let the credential read, unless the user insists after a
//! network failure. Not here: storing, or talking to the API.

use crate::action::Action;
use crate::app::effect::Effect;
use crate::app::field::{Editor, MaskedField, TextField};
use crate::app::message::Saved;
use crate::app::step::Step;
use crate::domain::credential::{CredentialSource, Identity, Location};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{DEFAULT_PROFILE, Profile};
use crate::domain::remote::{Remote, RequestId};
use crate::domain::scope::ScopeKind;

use crate::screens::setup::parts::Filled;
pub use crate::screens::setup::parts::{Offer, Opener, Phase, Repeat, SetupField, Trial};

/// The form.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// The row with the focus.
    pub focus: SetupField,
    /// Whether letters go into the focused field.
    pub editing: bool,
    /// The profile's name.
    pub name: TextField,
    /// Whether the credential is a Global API key.
    pub is_global_key: bool,
    /// The email address that goes with a Global API key.
    pub email: TextField,
    /// The token or key. Switching the kind keeps it.
    pub secret: MaskedField,
    /// Account or zone.
    pub scope_kind: ScopeKind,
    /// The account's or zone's ID.
    pub scope_id: TextField,
    /// What is wrong with a field.
    pub complaint: Option<(SetupField, String)>,
    /// Where the secret will be kept, as a trial showed.
    pub store: Remote<Location>,
    /// How long that trial takes.
    pub trial: Trial,
    /// What the form waits for.
    pub phase: Phase,
    /// What else than the usual way a failure leaves open.
    pub offer: Option<Offer>,
    /// Whether the form was opened to replace a credential that no longer works.
    pub is_replacing: bool,
    /// The profile that is being changed; none while one is made.
    pub original: Option<Profile>,
    /// The names of the other profiles.
    pub taken: Vec<String>,
    /// What opened the form.
    pub opener: Opener,
    /// What is done once more with a credential that was typed again.
    pub repeat: Repeat,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            focus: SetupField::Secret,
            editing: true,
            name: TextField::with(DEFAULT_PROFILE),
            is_global_key: false,
            email: TextField::default(),
            secret: MaskedField::default(),
            scope_kind: ScopeKind::Account,
            scope_id: TextField::default(),
            complaint: None,
            store: Remote::Idle,
            trial: Trial::Quick,
            phase: Phase::Open,
            offer: None,
            is_replacing: false,
            original: None,
            taken: Vec::new(),
            opener: Opener::Program,
            repeat: Repeat::default(),
        }
    }
}

impl Setup {
    /// Whether letters are letters now.
    #[must_use]
    pub fn is_editing(&self) -> bool {
        self.editing && self.focus.is_text() && self.phase == Phase::Open
    }

    /// The rows that can have the focus, from top to bottom.
    #[must_use]
    pub fn rows(&self) -> Vec<SetupField> {
        use SetupField::{
            Email, Kind, Name, Save, SaveUnchecked, ScopeId, ScopeKind, Secret, SessionOnly,
        };
        let mut rows = vec![Kind];
        // The secret is kept under the name, which therefore stays.
        if self.original.is_none() {
            rows.insert(0, Name);
        }
        if self.is_global_key {
            rows.push(Email);
        }
        rows.extend([Secret, ScopeKind, ScopeId, Save]);
        if self.offer == Some(Offer::SaveUnchecked) {
            rows.push(SaveUnchecked);
        }
        let is_store_silent = self.store.failure().is_some() || self.trial == Trial::Slow;
        if self.offer == Some(Offer::SessionOnly) || is_store_silent {
            rows.push(SessionOnly);
        }
        rows
    }

    /// The field that letters go into.
    pub(crate) fn editor(&mut self) -> Option<Editor<'_>> {
        if !self.is_editing() {
            return None;
        }
        Some(match self.focus {
            SetupField::Name => Editor::Plain(&mut self.name),
            SetupField::Email => Editor::Plain(&mut self.email),
            SetupField::ScopeId => Editor::Plain(&mut self.scope_id),
            _ => Editor::Masked(&mut self.secret),
        })
    }

    fn move_focus(&mut self, forward: bool) {
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.focus).unwrap_or(0);
        let step = if forward { 1 } else { rows.len() - 1 };
        self.focus = rows[(at + step) % rows.len()];
        self.editing = true;
    }

    fn switch(&mut self) {
        match self.focus {
            SetupField::Kind => self.is_global_key = !self.is_global_key,
            SetupField::ScopeKind => self.scope_kind = self.scope_kind.other(),
            _ => {}
        }
    }

    /// What a key does here.
    pub(crate) fn act(&mut self, action: Action) -> Vec<Step> {
        if self.phase != Phase::Open {
            return Vec::new();
        }
        match action {
            Action::NextField | Action::Down => self.move_focus(true),
            Action::PreviousField | Action::Up => self.move_focus(false),
            Action::Left | Action::Right => self.switch(),
            Action::Edit => self.editing = true,
            Action::Submit => return self.submit().into_iter().collect(),
            Action::PickScope => return self.pick_scope().into_iter().collect(),
            _ => {}
        }
        Vec::new()
    }

    /// Stops waiting for the API or the credential store.
    pub(crate) fn cancel(&mut self) -> Option<RequestId> {
        match std::mem::take(&mut self.phase) {
            Phase::Checking { request, .. } | Phase::Saving { request } => Some(request),
            Phase::Open => None,
        }
    }

    /// Cancels what is running, leaves a text field, or leaves the form.
    pub(crate) fn back(&mut self, can_leave: bool) -> Vec<Step> {
        let was_saving = matches!(self.phase, Phase::Saving { .. });
        if let Some(request) = self.cancel() {
            if was_saving {
                self.offer = Some(Offer::SessionOnly);
            }
            return vec![
                Step::Run(Effect::Cancel(request)),
                Step::Tell("Cancelled.".to_owned()),
            ];
        }
        if self.is_editing() {
            self.editing = false;
            return Vec::new();
        }
        if self.opener == Opener::Profiles {
            return vec![Step::OpenProfiles];
        }
        if can_leave {
            *self = Self::default();
            return vec![Step::OpenLookup];
        }
        Vec::new()
    }

    /// `Enter`: on to the next empty field, or the button's work when there is none.
    fn submit(&mut self) -> Option<Step> {
        let on_button = !self.focus.is_text()
            && !matches!(self.focus, SetupField::Kind | SetupField::ScopeKind);
        let empty = self
            .rows()
            .into_iter()
            .find(|row| *row != self.focus && self.is_blank(*row));
        if let (false, false, Some(empty)) = (on_button, self.is_blank(self.focus), empty) {
            self.focus = empty;
            self.editing = true;
            self.complaint = None;
            return None;
        }
        let button = if on_button {
            self.focus
        } else {
            SetupField::Save
        };
        let session_only = button == SetupField::SessionOnly;
        let filled = self.fill(session_only)?;
        if button == SetupField::SaveUnchecked {
            return Some(filled.save());
        }
        Some(Step::Check {
            asker: filled.asker(),
            scope: filled.scope,
            session_only,
        })
    }

    /// The API answered: store the credential, keep it in memory, or say what is wrong.
    pub(crate) fn checked(&mut self, request: RequestId, result: Result<(), Failure>) -> Vec<Step> {
        let session_only = match self.phase {
            Phase::Checking {
                request: awaited,
                session_only,
            } if awaited == request => session_only,
            _ => return Vec::new(),
        };
        self.phase = Phase::Open;
        if let Err(failure) = result {
            let is_out_of_reach = matches!(
                failure.kind,
                FailureKind::Network | FailureKind::Timeout | FailureKind::Tls | FailureKind::Proxy
            );
            self.offer = is_out_of_reach.then_some(Offer::SaveUnchecked);
            return vec![Step::Report(failure)];
        }
        let Some(filled) = self.fill(session_only) else {
            return Vec::new();
        };
        let Some(credential) = filled.credential.clone().filter(|_| session_only) else {
            return vec![filled.save()];
        };
        let identity = Identity {
            source: CredentialSource::Session,
            kind: credential.kind.clone(),
        };
        vec![
            Step::Run(Effect::HoldCredential(credential)),
            Step::Enter {
                identity,
                profile: None,
                scope: filled.scope,
            },
        ]
    }

    /// The credential store answered: go on with it, or keep the form and offer the alternatives.
    pub(crate) fn saved(
        &mut self,
        request: RequestId,
        result: Result<&Saved, Failure>,
    ) -> Vec<Step> {
        if self.phase != (Phase::Saving { request }) {
            return Vec::new();
        }
        self.phase = Phase::Open;
        if let Err(failure) = result {
            self.offer = Some(Offer::SessionOnly);
            self.focus = SetupField::SessionOnly;
            return vec![Step::Report(failure)];
        }
        let Some(Filled { profile, scope, .. }) = self.fill(false) else {
            return Vec::new();
        };
        vec![Step::Enter {
            identity: Identity::of(&profile),
            profile: Some(profile.name),
            scope,
        }]
    }
}
