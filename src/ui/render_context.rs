//! What drawing needs besides the state: keys, styles, glyphs, the local time zone.
//!
//! Converts text to spans and sanitises it, so that no untrusted text reaches the screen unchanged.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset, Utc};
use ratatui::style::Style;
use ratatui::text::Span;

use crate::action::{Action, Context};
use crate::keymap::Keymap;
use crate::layout::glyphs::Glyphs;
use crate::theme::{Role, Theme};

/// A row of text on the screen.
pub(crate) type Spans = Vec<Span<'static>>;

/// The local time at an instant.
pub type LocalTime = fn(DateTime<Utc>) -> DateTime<FixedOffset>;

/// What drawing needs besides the state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RenderContext<'a> {
    pub(crate) keymap: &'a Keymap,
    pub(crate) theme: &'a Theme,
    /// Whether to draw with ASCII only.
    pub(crate) ascii: bool,
    pub(crate) local: LocalTime,
}

impl RenderContext<'_> {
    pub(crate) fn glyphs(&self) -> &'static Glyphs {
        Glyphs::of(self.ascii)
    }

    pub(crate) fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub(crate) fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.glyphs().clean(text)
    }

    /// Text in the style of a role.
    pub(crate) fn span(&self, role: Role, text: &str) -> Span<'static> {
        Span::styled(self.clean(text).into_owned(), self.style(role))
    }

    /// Body text.
    pub(crate) fn plain(&self, text: &str) -> Span<'static> {
        Span::raw(self.clean(text).into_owned())
    }

    /// An identifier shortened in the middle.
    pub(crate) fn abbreviate(&self, id: &str) -> String {
        self.glyphs().abbreviate(id)
    }

    /// A separator between facts on one line.
    pub(crate) fn dot(&self) -> Span<'static> {
        self.span(Role::Muted, self.glyphs().dot)
    }

    /// The spinner's frame at an instant.
    pub(crate) fn spinner(&self, now: DateTime<Utc>) -> Span<'static> {
        let frames = self.glyphs().spinner;
        let turn = usize::try_from(now.timestamp_millis().rem_euclid(1 << 40) / 125).unwrap_or(0);
        Span::styled(frames[turn % frames.len()], self.style(Role::Accent))
    }

    /// A key and what it does: `r refresh`.
    pub(crate) fn key_hint(&self, key: &str, label: &str) -> Spans {
        vec![
            self.span(Role::Accent, key),
            Span::raw(" "),
            self.span(Role::Muted, label),
        ]
    }

    /// The key of an action in a context, and what it does; empty without a key.
    pub(crate) fn hint(&self, context: Context, action: Action, label: &str) -> Spans {
        let key = self.keymap.key_for(context, action);
        key.map_or_else(Vec::new, |key| self.key_hint(&key, label))
    }

    /// The keys of those actions that have one, with gaps between them.
    pub(crate) fn hints(&self, context: Context, actions: &[(Action, &str)], gap: &str) -> Spans {
        let hints = actions.iter();
        let hints: Vec<Spans> = hints
            .map(|(action, label)| self.hint(context, *action, label))
            .filter(|hint| !hint.is_empty())
            .collect();
        hints.join(&self.span(Role::Muted, gap))
    }
}

/// A whole number with a comma between its thousands.
pub(crate) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
