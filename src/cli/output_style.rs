//! How things look: colours, theme and character set, from flags, environment and settings.
//!
//! Not here: drawing or printing.

use std::io::{self, IsTerminal};

use super::args::{Color, Global};
use super::output::table::Style;
use crate::credentials::Environment;
use crate::domain::failure::Failure;
use crate::domain::profile::Settings;
use crate::theme::Theme;

/// The width of a terminal that does not say how wide it is.
const USUAL_WIDTH: usize = 80;

/// How tables look.
#[must_use]
pub fn style(global: &Global, environment: &Environment, settings: &Settings) -> Style {
    let width = io::stdout().is_terminal().then(|| width(environment));
    let colored = is_colored(global.color, environment, width.is_some());
    // The library would let NO_COLOR overrule what was asked for here.
    crossterm::style::force_color_output(colored);
    Style {
        width,
        colored,
        ascii: is_ascii(global, environment, settings),
    }
}

/// Whether a stream gets colours: the one rule for tables, help and errors. What the flag says
/// counts before the variables, and these before what the terminal is.
#[must_use]
pub fn is_colored(color: Color, environment: &Environment, is_terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if environment.get("NO_COLOR").is_some() => false,
        Color::Auto
            if environment
                .get("CLICOLOR_FORCE")
                .is_some_and(|on| on != "0") =>
        {
            true
        }
        Color::Auto => is_terminal && !is_dumb(environment),
    }
}

/// Whether the terminal understands no escape sequences. Consoles of Windows set no `TERM`.
#[must_use]
pub fn is_dumb(environment: &Environment) -> bool {
    environment
        .get("TERM")
        .map_or(cfg!(not(windows)), |kind| kind == "dumb")
}

/// The terminal's own word counts before `COLUMNS`, which is stale after a change of size.
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
///
/// # Errors
/// A usage failure for a name that no theme has.
pub fn theme(
    global: &Global,
    environment: &Environment,
    settings: &Settings,
) -> Result<Theme, Failure> {
    let name = match &global.theme {
        Some(name) => name.as_str(),
        None if is_mono(global, environment) => "mono",
        None => settings.theme.as_str(),
    };
    Ok(Theme::named(name)?)
}

/// Whether to draw with ASCII only: as the flag says, else the settings, else the locale.
#[must_use]
pub fn is_ascii(global: &Global, environment: &Environment, settings: &Settings) -> bool {
    let of_locale = || !is_utf8(environment, cfg!(any(windows, target_os = "macos")));
    global.ascii || settings.ascii.unwrap_or_else(of_locale)
}

fn is_mono(global: &Global, environment: &Environment) -> bool {
    match global.color {
        Color::Always => false,
        Color::Never => true,
        Color::Auto => environment.get("NO_COLOR").is_some(),
    }
}

/// Whether the locale is a UTF-8 one. The first of its variables that is set decides; with none,
/// the C library uses the locale C, but terminals of some platforms speak UTF-8 whatever is set.
#[must_use]
pub fn is_utf8(environment: &Environment, speaks_utf8_by_itself: bool) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment.get(name));
    locale.map_or(speaks_utf8_by_itself, |locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
