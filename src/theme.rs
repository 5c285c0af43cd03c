//! Themes: the style of each role, from `assets/themes`.
//!
//! Only this file names colours; all other code uses roles.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::domain::failure::{Failure, FailureKind};
use crate::domain::status::{Emphasis, Tone};

const MONO: &str = include_str!("../assets/themes/mono.toml");

const BUILT_IN: [(&str, &str); 4] = [
    ("dark", include_str!("../assets/themes/dark.toml")),
    ("light", include_str!("../assets/themes/light.toml")),
    ("mono", MONO),
    (
        "colorblind",
        include_str!("../assets/themes/colorblind.toml"),
    ),
];

/// The colours that a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColorDepth {
    /// The sixteen of its palette, which the user may have changed.
    Basic,
    /// Those with a fixed value, too.
    Fixed,
}

/// The purpose of a piece of text. Theme files use these names in snake case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Calm,
    Warning,
    Critical,
    /// Keys and other calls to action.
    Accent,
    Muted,
    Strong,
    /// The name of a panel.
    Title,
    /// The frame of a panel.
    Border,
    /// The name of a field.
    Label,
    /// Where text can be typed.
    Field,
    /// Numbers and keywords in JSON.
    Literal,
    /// The row or button that keys act on.
    Selected,
    /// A search result.
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

impl From<Emphasis> for Role {
    fn from(emphasis: Emphasis) -> Self {
        match emphasis {
            Emphasis::Quiet => Self::Muted,
            Emphasis::Calm => Self::Calm,
            Emphasis::Warning => Self::Warning,
            Emphasis::Critical => Self::Critical,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleStyle {
    fg: Option<String>,
    /// Replaces `fg` on terminals with sixteen colours, which get no background either.
    basic: Option<String>,
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

/// Why a theme cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    #[error("there is no theme {0:?}")]
    Unknown(String),
    /// Not TOML, or not a table of styles, with the line.
    #[error("{0}")]
    Syntax(String),
    #[error("unknown colour {0:?}")]
    Colour(String),
    #[error("the role {0:?} has no style")]
    Missing(Role),
}

impl From<ThemeError> for Failure {
    fn from(error: ThemeError) -> Self {
        Self::new(
            FailureKind::Config,
            format!("Cannot use this theme: {error}."),
            format!("Use one of {}.", Theme::names().join(", ")),
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
    pub fn names() -> [&'static str; BUILT_IN.len()] {
        BUILT_IN.map(|(name, _)| name)
    }

    /// A built-in theme.
    ///
    /// # Errors
    /// [`ThemeError::Unknown`]; a test rules out the others.
    pub fn named(name: &str, depth: ColorDepth) -> Result<Self, ThemeError> {
        BUILT_IN
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| ThemeError::Unknown(name.to_owned()))
            .and_then(|(_, text)| Self::parse(text, depth))
    }

    /// Parses a theme: `role = { fg, bg, basic, modifiers }`. A role without a style has the one of
    /// `mono`.
    ///
    /// # Errors
    /// [`ThemeError`] if it is invalid.
    pub fn parse(text: &str, depth: ColorDepth) -> Result<Self, ThemeError> {
        let mut table = table(text)?;
        if table.len() < Role::ALL.len() {
            for (role, style) in self::table(MONO)? {
                table.entry(role).or_insert(style);
            }
        }
        let mut styles = [Style::new(); Role::ALL.len()];
        for role in Role::ALL {
            let entry = table.get(&role).ok_or(ThemeError::Missing(role))?;
            styles[role as usize] = style(entry, depth)?;
        }
        Ok(Self { styles })
    }

    /// The style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }
}

fn table(text: &str) -> Result<BTreeMap<Role, RoleStyle>, ThemeError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let place = error.span().map_or(String::new(), |span| {
            let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
            format!("line {line}: ")
        });
        ThemeError::Syntax(format!("{place}{}", error.message()))
    })
}

fn style(entry: &RoleStyle, depth: ColorDepth) -> Result<Style, ThemeError> {
    let colour = |name: &Option<String>| {
        name.as_ref()
            .map(|name| {
                name.parse::<Color>()
                    .map_err(|_| ThemeError::Colour(name.clone()))
            })
            .transpose()
    };
    let (fg, bg, basic) = (
        colour(&entry.fg)?,
        colour(&entry.bg)?,
        colour(&entry.basic)?,
    );
    let (fg, bg) = match depth {
        ColorDepth::Basic => (basic, None),
        ColorDepth::Fixed => (fg, bg),
    };
    let mut style = Style {
        fg,
        bg,
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
