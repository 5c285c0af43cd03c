//! The look-up panel: which scope, which token, and the tokens looked up lately.
//!
//! Not here: fetching, and what is shown of the token (`detail`).

use crate::action::Action;
use crate::app::field::{Editor, TextField};
use crate::app::scroll::moved;
use crate::app::step::Step;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::{Scope, ScopeId, ScopeKind};
use crate::domain::token::TokenRef;

/// A row of the panel that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupField {
    /// Account or zone.
    ScopeKind,
    /// The account's or zone's ID.
    ScopeId,
    /// The token.
    Token,
    /// The recent look-ups.
    Recents,
}

/// The panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// The row with the focus.
    pub focus: LookupField,
    /// Whether letters go into the focused field.
    pub editing: bool,
    /// Account or zone.
    pub scope_kind: ScopeKind,
    /// The account's or zone's ID.
    pub scope_id: TextField,
    /// The token: an ID, client ID, name or URL.
    pub token: TextField,
    /// Whether a field was changed since the last look-up was sent: somebody types the next one.
    pub is_edited: bool,
    /// What is wrong with a field.
    pub complaint: Option<(LookupField, String)>,
    /// The recent look-ups, newest first.
    pub recents: Vec<Recent>,
    /// The selected one.
    pub selected: usize,
}

impl Lookup {
    /// A panel with the scope filled in.
    #[must_use]
    pub fn starting_from(scope: Option<&Scope>) -> Self {
        let mut lookup = Self {
            focus: LookupField::Token,
            editing: true,
            scope_kind: ScopeKind::Account,
            scope_id: TextField::default(),
            token: TextField::default(),
            is_edited: false,
            complaint: None,
            recents: Vec::new(),
            selected: 0,
        };
        match scope {
            Some(scope) => lookup.use_scope(scope),
            None => lookup.focus = LookupField::ScopeId,
        }
        lookup
    }

    /// Whether letters are letters now.
    #[must_use]
    pub fn is_editing(&self) -> bool {
        self.editing && matches!(self.focus, LookupField::ScopeId | LookupField::Token)
    }

    /// The scope in the panel, once it is one.
    #[must_use]
    pub fn scope(&self) -> Option<Scope> {
        let id = ScopeId::parse(self.scope_id.value()).ok()?;
        Some(self.scope_kind.with(id))
    }

    /// The scope that the typed token names by itself, which wins over the panel's.
    #[must_use]
    pub fn scope_of_url(&self) -> Option<Scope> {
        TokenRef::parse(self.token.value()).ok()?.scope().cloned()
    }

    pub(crate) fn use_scope(&mut self, scope: &Scope) {
        self.scope_kind = scope.kind();
        self.scope_id = TextField::with(scope.id());
    }

    pub(crate) fn editor(&mut self) -> Option<Editor<'_>> {
        match (self.is_editing(), self.focus) {
            (true, LookupField::ScopeId) => Some(Editor::Plain(&mut self.scope_id)),
            (true, LookupField::Token) => Some(Editor::Plain(&mut self.token)),
            _ => None,
        }
    }

    fn rows(&self) -> &'static [LookupField] {
        use LookupField::{Recents, ScopeId, ScopeKind, Token};
        if self.recents.is_empty() {
            &[ScopeKind, ScopeId, Token]
        } else {
            &[ScopeKind, ScopeId, Token, Recents]
        }
    }

    fn move_focus(&mut self, forward: bool) {
        let rows = self.rows();
        let at = rows.iter().position(|row| *row == self.focus).unwrap_or(0);
        let step = if forward { 1 } else { rows.len() - 1 };
        self.focus = rows[(at + step) % rows.len()];
        self.editing = true;
    }

    /// Up and down walk through the recent look-ups, and over their edge into the fields.
    fn move_row(&mut self, action: Action) {
        let last = self.last_recent();
        match (self.focus, action) {
            (LookupField::Recents, Action::Up) if self.selected > 0 => self.selected -= 1,
            (LookupField::Recents, Action::Down) if self.selected < last => self.selected += 1,
            (LookupField::Recents, Action::Down) | (LookupField::ScopeKind, Action::Up) => {}
            (_, Action::Up) => self.move_focus(false),
            (field, _) if Some(&field) != self.rows().last() => self.move_focus(true),
            _ => {}
        }
    }

    fn complain(&mut self, field: LookupField, complaint: &impl ToString) {
        self.complaint = Some((field, complaint.to_string()));
        self.focus = field;
        self.editing = true;
    }

    /// Checks the fields; the first mistake gets the focus and a sentence.
    fn fill(&mut self) -> Option<(TokenRef, Scope)> {
        self.complaint = None;
        let token = match TokenRef::parse(self.token.value()) {
            Ok(token) => token,
            Err(error) => {
                self.complain(LookupField::Token, &error);
                return None;
            }
        };
        if let Some(scope) = token.scope().cloned() {
            return Some((token, scope));
        }
        match ScopeId::parse(self.scope_id.value()) {
            Ok(id) => Some((token, self.scope_kind.with(id))),
            Err(error) => {
                self.complain(LookupField::ScopeId, &error);
                None
            }
        }
    }

    /// Gets ready to type a token.
    pub(crate) fn reopen(&mut self) {
        self.complaint = None;
        self.editing = true;
        if !self.scope_id.is_blank() {
            self.focus = LookupField::Token;
        }
    }

    /// What a key does here.
    pub(crate) fn act(&mut self, action: Action) -> Vec<Step> {
        match action {
            Action::NextField => self.move_focus(true),
            Action::PreviousField => self.move_focus(false),
            Action::Up | Action::Down => self.move_row(action),
            Action::Left | Action::Right if self.focus == LookupField::ScopeKind => {
                self.scope_kind = self.scope_kind.other();
                self.is_edited = true;
            }
            Action::Top | Action::Bottom => {
                self.selected = moved(self.selected, action, 1, self.last_recent());
            }
            Action::Edit => {
                if self.focus != LookupField::ScopeId {
                    self.focus = LookupField::Token;
                }
                self.editing = true;
            }
            Action::Submit => return self.submit().into_iter().collect(),
            Action::PickScope => return vec![Step::PickScopeInUse],
            _ => {}
        }
        Vec::new()
    }

    fn submit(&mut self) -> Option<Step> {
        if self.focus == LookupField::Recents {
            let recent = self.recents.get(self.selected)?;
            return Some(Step::LookUpAgain(recent.clone()));
        }
        let (token, scope) = self.fill()?;
        Some(Step::LookUp { token, scope })
    }

    fn last_recent(&self) -> usize {
        self.recents.len().saturating_sub(1)
    }
}
