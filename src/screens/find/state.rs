//! The state of the lookup form: a scope, a token, and the recent lookups.

use crate::app::form::{Form, TextField};
use crate::domain::fetched::RequestId;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::{Scope, ScopeId, ScopeKind};
use crate::domain::token::TokenRef;

/// A row of the form that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindField {
    ScopeKind,
    ScopeId,
    Token,
    /// The recent lookups.
    Recents,
}

/// The lookup form.
#[derive(Debug, Clone, PartialEq)]
pub struct Find {
    pub form: Form<FindField>,
    pub scope_kind: ScopeKind,
    /// The account's or zone's ID.
    pub scope_id: TextField,
    /// The token: an ID, client ID, name or URL.
    pub token: TextField,
    /// Whether a field changed since the last lookup was sent, because the user is typing the next
    /// one.
    pub is_edited: bool,
    /// The recent lookups, newest first.
    pub recents: Vec<Recent>,
    /// The index of the selected lookup.
    pub selected: usize,
}

impl Default for Find {
    fn default() -> Self {
        Self::starting_from(None)
    }
}

impl Find {
    /// A form with a scope filled in.
    #[must_use]
    pub fn starting_from(scope: Option<&Scope>) -> Self {
        let mut find = Self {
            form: Form::on(FindField::ScopeId),
            scope_kind: ScopeKind::Account,
            scope_id: TextField::default(),
            token: TextField::default(),
            is_edited: false,
            recents: Vec::new(),
            selected: 0,
        };
        if let Some(scope) = scope {
            find.form.focus = FindField::Token;
            find.use_scope(scope);
        }
        find
    }

    /// Drops the complaint made with the active credential. Keeps typed text and the recent lookups.
    pub(crate) fn reset(&mut self) -> Option<RequestId> {
        let Self {
            form,
            scope_kind: _,
            scope_id: _,
            token: _,
            is_edited: _,
            recents: _,
            selected: _,
        } = self;
        form.complaint = None;
        None
    }

    /// Whether letters go into a text field.
    #[must_use]
    pub fn is_editing(&self) -> bool {
        let is_text = matches!(self.form.focus, FindField::ScopeId | FindField::Token);
        self.form.editing && is_text
    }

    /// The scope in the form, if it is valid.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        let id = ScopeId::parse(self.scope_id.value()).ok()?;
        Some(self.scope_kind.with(id))
    }

    /// The scope in the URL of the token, which takes precedence over the form's.
    #[must_use]
    pub fn scope_of_url(&self) -> Option<Scope> {
        TokenRef::parse(self.token.value()).ok()?.scope().cloned()
    }

    pub(crate) fn use_scope(&mut self, scope: &Scope) {
        self.scope_kind = scope.kind();
        self.scope_id = TextField::with(scope.id());
    }

    /// The rows that can have the focus, from top to bottom.
    pub(crate) fn rows(&self) -> &'static [FindField] {
        use FindField::{Recents, ScopeId, ScopeKind, Token};
        if self.recents.is_empty() {
            &[ScopeKind, ScopeId, Token]
        } else {
            &[ScopeKind, ScopeId, Token, Recents]
        }
    }

    pub(crate) fn last_recent(&self) -> usize {
        self.recents.len().saturating_sub(1)
    }

    /// Checks the fields. The first invalid one gets the focus and a complaint.
    pub(crate) fn parse(&mut self) -> Option<(TokenRef, Scope)> {
        self.form.complaint = None;
        let token = match TokenRef::parse(self.token.value()) {
            Ok(token) => token,
            Err(error) => {
                self.form.complain(FindField::Token, &error);
                return None;
            }
        };
        if let Some(scope) = token.scope().cloned() {
            return Some((token, scope));
        }
        match ScopeId::parse(self.scope_id.value()) {
            Ok(id) => Some((token, self.scope_kind.with(id))),
            Err(error) => {
                self.form.complain(FindField::ScopeId, &error);
                None
            }
        }
    }

    /// Prepares for typing a token.
    pub(crate) fn reopen(&mut self) {
        self.form.complaint = None;
        self.form.editing = true;
        if !self.scope_id.is_blank() {
            self.form.focus = FindField::Token;
        }
    }
}
