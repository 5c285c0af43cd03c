//! What a role looks like: styles as data, from `assets/themes`.
//!
//! The only file that knows colours; everything else asks by role. Not here: where a role is used.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::status::Tone;

const BUILT_IN: [(&str, &str); 3] = [
    ("dark", include_str!("../assets/themes/dark.toml")),
    ("light", include_str!("../assets/themes/light.toml")),
    ("mono", include_str!("../assets/themes/mono.toml")),
];

/// What a piece of the screen is for. The name in a theme is the variant's in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fine.
    Calm,
    /// Look at it soon.
    Warning,
    /// Look at it now.
    Critical,
    /// Keys, and what invites to act.
    Accent,
    /// Beside the point.
    Muted,
    /// What the eye should find first.
    Strong,
    /// The name of a panel.
    Title,
    /// The lines around panels.
    Border,
    /// The name of a field.
    Label,
    /// Where text can be typed.
    Field,
    /// Numbers and words of JSON.
    Literal,
    /// The row or button that keys act on.
    Selected,
    /// Text that was searched for.
    Matched,
}

impl Role {
    /// Every role, in the order of the variants.
    pub const ALL: [Self; 13] = [
        Self::Calm,
        Self::Warning,
        Self::Critical,
        Self::Accent,
        Self::Muted,
        Self::Strong,
        Self::Title,
        Self::Border,
        Self::Label,
        Self::Field,
        Self::Literal,
        Self::Selected,
        Self::Matched,
    ];
}

impl From<Tone> for Role {
    fn from(tone: Tone) -> Self {
        match tone {
            Tone::Calm => Self::Calm,
            Tone::Warning => Self::Warning,
            Tone::Critical => Self::Critical,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    modifiers: Vec<ModifierName>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ModifierName {
    Bold,
    Dim,
    Italic,
    Underlined,
    Reversed,
}

/// Why there is no such theme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// A name that no theme has.
    #[error("there is no theme {0:?}")]
    Unknown(String),
    /// Not TOML, or not roles with styles; with the place.
    #[error("{0}")]
    Syntax(String),
    /// A colour that does not exist.
    #[error("{0:?} is not a colour")]
    Colour(String),
    /// A role without a style.
    #[error("the role {0:?} has no style")]
    Missing(Role),
}

impl From<ThemeError> for Failure {
    fn from(error: ThemeError) -> Self {
        Self::new(
            FailureKind::Config,
            format!("The theme cannot be used: {error}."),
            "Choose dark, light or mono.",
        )
    }
}

/// A style for every role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    styles: [Style; Role::ALL.len()],
}

impl Theme {
    /// The names of the built-in themes.
    #[must_use]
    pub fn names() -> [&'static str; 3] {
        BUILT_IN.map(|(name, _)| name)
    }

    /// A built-in theme: `dark`, `light` or `mono`.
    ///
    /// # Errors
    /// [`ThemeError`] for any other name; a test rules out the rest.
    pub fn named(name: &str) -> Result<Self, ThemeError> {
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ThemeError::Unknown(name.to_owned()))
            .and_then(|(_, text)| Self::parse(text))
    }

    /// Reads a theme: `role = { fg, bg, modifiers }` for every role.
    ///
    /// # Errors
    /// [`ThemeError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ThemeError> {
        let table: BTreeMap<Role, Entry> =
            toml::from_str(text).map_err(|error| ThemeError::Syntax(error.to_string()))?;
        let mut styles = [Style::new(); Role::ALL.len()];
        for role in Role::ALL {
            let entry = table.get(&role).ok_or(ThemeError::Missing(role))?;
            styles[role as usize] = style(entry)?;
        }
        Ok(Self { styles })
    }

    /// What a role looks like.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

fn style(entry: &Entry) -> Result<Style, ThemeError> {
    let colour = |name: &Option<String>| {
        name.as_ref()
            .map(|name| {
                name.parse::<Color>()
                    .map_err(|_| ThemeError::Colour(name.clone()))
            })
            .transpose()
    };
    let mut style = Style {
        fg: colour(&entry.fg)?,
        bg: colour(&entry.bg)?,
        ..Style::new()
    };
    for name in &entry.modifiers {
        style = style.add_modifier(match name {
            ModifierName::Bold => Modifier::BOLD,
            ModifierName::Dim => Modifier::DIM,
            ModifierName::Italic => Modifier::ITALIC,
            ModifierName::Underlined => Modifier::UNDERLINED,
            ModifierName::Reversed => Modifier::REVERSED,
        });
    }
    Ok(style)
}
