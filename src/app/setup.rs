//! The form that sets a credential up: its fields, its checks, and what its button leads to.
//!
//! Nothing is stored before the API has let the credential read, unless the user insists after a
//! network failure. Not here: storing, or talking to the API.

use super::effect::Effect;
use super::field::{Editor, MaskedField, TextField};
use super::message::Saved;
use super::state::{Screen, Session, State};
use super::{detail, lookup, report};
use crate::action::Action;
use crate::domain::access::Identity;
use crate::domain::credential::{Credential, CredentialKind, CredentialSource, parse_email};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::profile::{DEFAULT_PROFILE, Profile, parse_profile_name};
use crate::domain::remote::{Fetched, Remote, RequestId};
use crate::domain::scope::{Scope, ScopeId, ScopeKind};
use crate::domain::secret::Secret;

/// A row of the form that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupField {
    /// The profile's name.
    Name,
    /// API token or Global API key.
    Kind,
    /// The email address that goes with a Global API key.
    Email,
    /// The token or key itself.
    Secret,
    /// Account or zone.
    ScopeKind,
    /// The account's or zone's ID.
    ScopeId,
    /// The button that checks and stores.
    Save,
    /// The button that stores without a check, after a network failure.
    SaveUnchecked,
    /// The button that keeps the credential in memory only.
    SessionOnly,
}

impl SetupField {
    /// Whether letters typed here are text.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(
            self,
            Self::Name | Self::Email | Self::Secret | Self::ScopeId
        )
    }
}

/// What the form is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing; it can be filled in.
    #[default]
    Open,
    /// The API's verdict; then storing, or keeping in memory.
    Checking {
        /// The request whose answer counts.
        request: RequestId,
        /// Whether the credential stays in memory only.
        session_only: bool,
    },
    /// The credential store.
    Saving {
        /// The request whose answer counts.
        request: RequestId,
    },
}

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
    pub store: Remote<String>,
    /// What the form waits for.
    pub phase: Phase,
    /// Whether a network failure makes storing without a check an option.
    pub offers_unchecked: bool,
    /// Whether storing failed, which makes keeping it in memory an option.
    pub offers_session: bool,
    /// Whether the form was opened to replace a credential that no longer works.
    pub is_replacing: bool,
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
            phase: Phase::Open,
            offers_unchecked: false,
            offers_session: false,
            is_replacing: false,
        }
    }
}

/// A form that was filled in without a mistake.
struct Filled {
    profile: Profile,
    credential: Credential,
    scope: Scope,
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
        let mut rows = vec![Name, Kind];
        if self.is_global_key {
            rows.push(Email);
        }
        rows.extend([Secret, ScopeKind, ScopeId, Save]);
        if self.offers_unchecked {
            rows.push(SaveUnchecked);
        }
        if self.offers_session || self.store.failure().is_some() {
            rows.push(SessionOnly);
        }
        rows
    }

    /// The field that letters go into.
    pub(super) fn editor(&mut self) -> Option<Editor<'_>> {
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

    fn prefill(&mut self, session: &Session) {
        if let Some(name) = &session.profile {
            self.name = TextField::with(name);
        }
        if let Some(CredentialKind::GlobalKey { email }) =
            session.identity.as_ref().map(|identity| &identity.kind)
        {
            self.is_global_key = true;
            self.email = TextField::with(email);
        }
        if let Some(scope) = &session.scope {
            self.scope_kind = scope.kind();
            self.scope_id = TextField::with(scope.id());
        }
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

    fn complain(&mut self, field: SetupField, complaint: impl ToString) {
        self.complaint = Some((field, complaint.to_string()));
        self.focus = field;
        self.editing = true;
    }

    /// Checks every field; the first mistake gets the focus and a sentence.
    fn fill(&mut self) -> Option<Filled> {
        self.complaint = None;
        let name = parse_profile_name(self.name.value())
            .map_err(|error| (SetupField::Name, error.to_string()));
        let kind = if self.is_global_key {
            parse_email(self.email.value())
                .map(|email| CredentialKind::GlobalKey { email })
                .ok_or((
                    SetupField::Email,
                    "write the address of the account's user, like name@example.com".to_owned(),
                ))
        } else {
            Ok(CredentialKind::ApiToken)
        };
        let secret = Secret::parse(self.secret.secret().expose())
            .map_err(|error| (SetupField::Secret, error.to_string()));
        let scope = ScopeId::parse(self.scope_id.value())
            .map(|id| self.scope_kind.with(id))
            .map_err(|error| (SetupField::ScopeId, error.to_string()));
        let filled = name.and_then(|name| Ok((name, kind?, secret?, scope?)));
        match filled {
            Ok((name, kind, secret, scope)) => {
                let profile = Profile {
                    name,
                    kind: kind.clone(),
                    scope: Some(scope.clone()),
                };
                Some(Filled {
                    profile,
                    credential: Credential { kind, secret },
                    scope,
                })
            }
            Err((field, complaint)) => {
                self.complain(field, complaint);
                None
            }
        }
    }

    fn is_blank(&self, field: SetupField) -> bool {
        match field {
            SetupField::Name => self.name.is_blank(),
            SetupField::Email => self.email.is_blank(),
            SetupField::Secret => self.secret.secret().is_empty(),
            SetupField::ScopeId => self.scope_id.is_blank(),
            _ => false,
        }
    }
}

/// Opens the form, filled in as far as the session knows, and tries the credential store out.
pub(super) fn open(state: &mut State, is_replacing: bool) -> Vec<Effect> {
    if state.session.demo_only {
        state.tell(
            "The demo keeps nothing. Start tokenscope without --demo to set a credential up.",
        );
        return Vec::new();
    }
    let mut setup = Setup {
        is_replacing,
        ..Setup::default()
    };
    if !state.session.is_demo() {
        setup.prefill(&state.session);
    }
    let request = state.next_request();
    setup.store.begin(request, state.clock.local);
    state.setup = setup;
    state.screen = Screen::Setup;
    state.overlay = None;
    vec![Effect::ProbeStore { request }]
}

/// What a key does here.
pub(super) fn act(state: &mut State, action: Action) -> Vec<Effect> {
    if state.setup.phase != Phase::Open {
        return Vec::new();
    }
    match action {
        Action::NextField | Action::Down => state.setup.move_focus(true),
        Action::PreviousField | Action::Up => state.setup.move_focus(false),
        Action::Left | Action::Right => state.setup.switch(),
        Action::Edit => state.setup.editing = true,
        Action::Submit => return submit(state),
        _ => {}
    }
    Vec::new()
}

/// Cancels what is running, leaves a text field, or leaves the form.
pub(super) fn back(state: &mut State) -> Vec<Effect> {
    match state.setup.phase {
        Phase::Checking { request, .. } | Phase::Saving { request } => {
            state.setup.phase = Phase::Open;
            state.tell("Cancelled. Nothing was stored.");
            return vec![Effect::Cancel(request)];
        }
        Phase::Open => {}
    }
    if state.setup.is_editing() {
        state.setup.editing = false;
    } else if state.session.identity.is_some() {
        state.setup = Setup::default();
        lookup::open(state);
    }
    Vec::new()
}

/// `Enter`: on to the next empty field, or the button's work when there is none.
fn submit(state: &mut State) -> Vec<Effect> {
    let setup = &mut state.setup;
    let on_button = matches!(
        setup.focus,
        SetupField::Save | SetupField::SaveUnchecked | SetupField::SessionOnly
    );
    let empty = setup
        .rows()
        .into_iter()
        .find(|row| *row != setup.focus && setup.is_blank(*row));
    if let (false, false, Some(empty)) = (on_button, setup.is_blank(setup.focus), empty) {
        setup.focus = empty;
        setup.editing = true;
        setup.complaint = None;
        return Vec::new();
    }
    let button = if on_button {
        setup.focus
    } else {
        SetupField::Save
    };
    let Some(filled) = setup.fill() else {
        return Vec::new();
    };
    state.banner = None;
    match button {
        SetupField::SaveUnchecked => save(state, filled),
        button => check(state, filled, button == SetupField::SessionOnly),
    }
}

fn check(state: &mut State, filled: Filled, session_only: bool) -> Vec<Effect> {
    let request = state.next_request();
    state.setup.phase = Phase::Checking {
        request,
        session_only,
    };
    vec![Effect::CheckCredential {
        request,
        credential: filled.credential,
        scope: filled.scope,
    }]
}

fn save(state: &mut State, filled: Filled) -> Vec<Effect> {
    let request = state.next_request();
    state.setup.phase = Phase::Saving { request };
    vec![Effect::SaveProfile {
        request,
        profile: filled.profile,
        credential: filled.credential,
    }]
}

/// The credential store was tried out.
pub(super) fn store_probed(state: &mut State, request: RequestId, result: Result<String, Failure>) {
    let took = std::time::Duration::ZERO;
    let at = state.clock.local;
    state
        .setup
        .store
        .settle(request, result.map(|value| Fetched { value, at, took }));
}

/// The API answered: store the credential, keep it in memory, or say what is wrong.
pub(super) fn checked(
    state: &mut State,
    request: RequestId,
    result: Result<(), Failure>,
) -> Vec<Effect> {
    let Phase::Checking {
        request: awaited,
        session_only,
    } = state.setup.phase
    else {
        return Vec::new();
    };
    if awaited != request {
        return Vec::new();
    }
    state.setup.phase = Phase::Open;
    if let Err(failure) = result {
        state.setup.offers_unchecked = matches!(
            failure.kind,
            FailureKind::Network | FailureKind::Timeout | FailureKind::Tls | FailureKind::Proxy
        );
        report(state, failure);
        return Vec::new();
    }
    let Some(filled) = state.setup.fill() else {
        return Vec::new();
    };
    if !session_only {
        return save(state, filled);
    }
    let identity = Identity {
        source: CredentialSource::Session,
        kind: filled.profile.kind,
    };
    let mut effects = vec![Effect::HoldCredential(filled.credential)];
    effects.extend(enter(state, identity, None, filled.scope));
    effects
}

/// The credential store answered: go on with it, or keep the form and offer the alternatives.
pub(super) fn saved(
    state: &mut State,
    request: RequestId,
    result: Result<Saved, Failure>,
) -> Vec<Effect> {
    if state.setup.phase != (Phase::Saving { request }) {
        return Vec::new();
    }
    state.setup.phase = Phase::Open;
    match result {
        Ok(saved) => {
            let Some(filled) = state.setup.fill() else {
                return Vec::new();
            };
            let profile = filled.profile;
            let source = CredentialSource::Keyring {
                profile: profile.name.clone(),
            };
            state.session.settings = saved.settings;
            state.session.store = Some(saved.place);
            enter(
                state,
                Identity {
                    source,
                    kind: profile.kind,
                },
                Some(profile.name),
                filled.scope,
            )
        }
        Err(failure) => {
            state.setup.offers_session = true;
            state.setup.focus = SetupField::SessionOnly;
            report(state, failure);
            Vec::new()
        }
    }
}

/// Goes on with a credential that works: to the look-up that failed for want of it, or to a new one.
fn enter(
    state: &mut State,
    identity: Identity,
    profile: Option<String>,
    scope: Scope,
) -> Vec<Effect> {
    let wants_repeat = state.setup.is_replacing;
    if profile.is_none() {
        state.session.store = None;
    }
    state.session.scope_origin = match &profile {
        Some(name) => format!("profile {name}"),
        None => "typed in".to_owned(),
    };
    state.session.identity = Some(identity);
    state.session.profile = profile;
    state.session.scope = Some(scope.clone());
    state.setup = Setup::default();
    state.banner = None;
    state.limited_until = None;
    state.lookup.use_scope(&scope);
    if wants_repeat && let Some(effects) = detail::repeat(state) {
        return effects;
    }
    lookup::open(state);
    Vec::new()
}
