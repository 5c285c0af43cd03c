//! Colours, theme, width and character set, from flags, environment and settings.

use std::borrow::Cow;
use std::io::{self, IsTerminal};

use super::flags::{Color, Flags};
use crate::config::themes::Themes;
use crate::credentials::Environment;
use crate::domain::failure::{Failure, FailureKind, misplaced};
use crate::domain::profile::{AUTO, Settings};
use crate::domain::redaction::{self, holds_secret};
use crate::domain::text;
use crate::theme::{ColorDepth, Theme};

/// The width of a terminal that does not report it.
const USUAL_WIDTH: usize = 80;

/// How a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputStyle {
    /// The terminal's width in cells. Without one, tabs separate the columns of tables.
    pub width: Option<usize>,
    pub colored: bool,
    pub ascii: bool,
    /// Whether the terminal understands no escape sequences.
    pub is_dumb: bool,
}

impl OutputStyle {
    /// The style of what is written to a file: complete and plain, as for a pipe.
    pub(crate) fn for_file(self) -> Self {
        Self {
            width: None,
            colored: false,
            ..self
        }
    }

    pub(crate) fn ellipsis(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }

    /// Untrusted text for a cell or a line.
    pub(crate) fn clean(self, text: &str) -> Cow<'_, str> {
        let clean = text::line(text);
        if self.width.is_some() || !clean.contains('|') {
            return clean;
        }
        text::without_pipes(&clean).into_owned().into()
    }
}

pub(super) fn style(flags: &Flags, environment: &Environment, settings: &Settings) -> OutputStyle {
    let width = io::stdout().is_terminal().then(|| width(environment));
    let colored = is_colored(flags.color, environment, width.is_some());
    // The library would let NO_COLOR override the choice made here.
    crossterm::style::force_color_output(colored);
    OutputStyle {
        width,
        colored,
        ascii: is_ascii(flags, environment, settings),
        is_dumb: is_dumb(environment),
    }
}

/// Whether a stream gets colours: the one rule for tables, help and errors. The flag takes
/// precedence over the variables, and these over the type of the terminal.
pub fn is_colored(color: Color, environment: &Environment, is_terminal: bool) -> bool {
    let is_forced = environment
        .get("CLICOLOR_FORCE")
        .is_some_and(|on| on != "0");
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if environment.get("NO_COLOR").is_some() => false,
        Color::Auto => is_forced || is_terminal && !is_dumb(environment),
    }
}

/// Whether the terminal understands no escape sequences. Windows consoles set no `TERM`.
pub fn is_dumb(environment: &Environment) -> bool {
    environment
        .get("TERM")
        .map_or(cfg!(not(windows)), |kind| kind == "dumb")
}

/// The terminal's own size takes precedence over `COLUMNS`, which is stale after a resize.
fn width(environment: &Environment) -> usize {
    let columns = || environment.get("COLUMNS")?.parse().ok();
    terminal_width()
        .or_else(columns)
        .filter(|width| *width > 0)
        .unwrap_or(USUAL_WIDTH)
}

#[cfg(unix)]
fn terminal_width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
fn terminal_width() -> Option<usize> {
    let (columns, _) = crossterm::terminal::size().ok()?;
    Some(usize::from(columns))
}

/// The theme of the screens.
#[derive(Debug, Clone)]
pub struct ThemeChoice {
    /// For the first frame.
    pub first: Theme,
    /// The colours of the theme that follows once the terminal has told its background, if it is to
    /// be asked.
    pub by_background: Option<ColorDepth>,
}

/// The failure if `--theme` names a theme that does not exist.
pub(super) fn unknown_theme(flags: &Flags, themes: &Themes) -> Option<Failure> {
    let name = flags.theme.as_deref().filter(|name| !themes.has(name))?;
    if holds_secret(name) {
        return Some(misplaced());
    }
    Some(Failure::new(
        FailureKind::Usage,
        format!("Theme {} does not exist.", redaction::quoted(name)),
        format!("Use one of {}.", themes.names().join(", ")),
    ))
}

/// The themes of the screens: as the flag says, else without colours if none are wanted, else as the
/// settings say. A file that cannot be used is a warning, and `auto` replaces it.
///
/// # Errors
/// That of a built-in theme, which a test rules out.
pub fn themes(
    flags: &Flags,
    environment: &Environment,
    settings: &Settings,
    themes: &Themes,
    warnings: &mut Vec<Failure>,
) -> Result<ThemeChoice, Failure> {
    let name = match &flags.theme {
        Some(name) => name.as_str(),
        None if is_mono(flags, environment) => "mono",
        None => settings.theme.as_str(),
    };
    let depth = color_depth(environment);
    let fixed = |first| ThemeChoice {
        first,
        by_background: None,
    };
    if name != AUTO {
        match named(name, themes, depth) {
            Ok(theme) => return Ok(fixed(theme)),
            Err(failure) => warnings.push(failure),
        }
    }
    let built_in = |name| Ok::<_, Failure>(Theme::named(name, depth)?);
    match Background::of(environment) {
        Background::Dark => built_in("dark").map(fixed),
        Background::Unknown => built_in("mono").map(fixed),
        Background::Askable => Ok(ThemeChoice {
            first: built_in("mono")?,
            by_background: Some(depth),
        }),
    }
}

/// A built-in theme, or a file of the user's.
fn named(name: &str, themes: &Themes, depth: ColorDepth) -> Result<Theme, Failure> {
    if Theme::names().contains(&name) {
        return Ok(Theme::named(name, depth)?);
    }
    let unusable = |why: &str| {
        Failure::new(
            FailureKind::Config,
            format!(
                "Cannot use the theme {}: {why}; using auto.",
                redaction::quoted(name)
            ),
            "Correct its file in an editor.",
        )
    };
    match themes.text(name)? {
        Some(text) => Theme::parse(&text, depth).map_err(|error| unusable(&error.to_string())),
        None => Err(unusable("it has no file")),
    }
}

/// Guesses the background before the terminal is asked.
enum Background {
    /// The consoles of Linux and Windows are dark unless somebody changed that, and do not answer.
    Dark,
    /// Old terminals may print the question.
    Unknown,
    Askable,
}

impl Background {
    fn of(environment: &Environment) -> Self {
        match environment.get("TERM") {
            _ if cfg!(windows) => Self::Dark,
            Some("linux") => Self::Dark,
            Some(_) if is_limited(environment) => Self::Unknown,
            _ => Self::Askable,
        }
    }
}

/// Whether the terminal may lack the characters that frames are drawn with, and may print sequences
/// that it does not know.
pub fn is_limited(environment: &Environment) -> bool {
    let kind = environment.get("TERM").unwrap_or_default();
    ["linux", "vt100", "vt102", "vt220"].contains(&kind)
}

/// Terminals whose `TERM` does not say that they show 256 colours.
const COLORFUL: [&str; 7] = [
    "alacritty",
    "contour",
    "foot",
    "ghostty",
    "kitty",
    "rio",
    "wezterm",
];

/// The colours of the terminal, as far as its variables tell. Windows consoles set none.
pub fn color_depth(environment: &Environment) -> ColorDepth {
    let kind = environment.get("TERM").unwrap_or_default();
    let is_colorful = cfg!(windows)
        || environment.get("COLORTERM").is_some()
        || kind.contains("256color")
        || kind.contains("direct")
        || COLORFUL.iter().any(|name| kind.contains(name));
    if is_colorful {
        ColorDepth::Fixed
    } else {
        ColorDepth::Basic
    }
}

/// Whether to draw with ASCII only: as the flag says, else the settings, else the terminal and the
/// locale.
fn is_ascii(flags: &Flags, environment: &Environment, settings: &Settings) -> bool {
    let by_itself = || {
        is_limited(environment) || !is_utf8(environment, cfg!(any(windows, target_os = "macos")))
    };
    flags.ascii || settings.ascii.unwrap_or_else(by_itself)
}

fn is_mono(flags: &Flags, environment: &Environment) -> bool {
    match flags.color {
        Color::Always => false,
        Color::Never => true,
        Color::Auto => environment.get("NO_COLOR").is_some(),
    }
}

/// Whether the locale is a UTF-8 one. The first of its variables that is set decides; with none,
/// the C library uses the locale C, but terminals of some platforms always use UTF-8.
pub fn is_utf8(environment: &Environment, speaks_utf8_by_itself: bool) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment.get(name));
    locale.map_or(speaks_utf8_by_itself, |locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
