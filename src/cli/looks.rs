//! How things look: colours, theme and character set, from flags, environment and settings.
//!
//! Not here: drawing or printing.

use std::io::{self, IsTerminal};

use super::args::{Color, Global};
use super::output::table::Style;
use crate::credentials::Environment;
use crate::domain::failure::Failure;
use crate::domain::settings::Settings;
use crate::theme::Theme;

/// The width of a terminal that does not say how wide it is.
const USUAL_WIDTH: usize = 80;

/// How tables look. Where `NO_COLOR` is set, only `--color always` brings colours back.
#[must_use]
pub fn style(global: &Global, environment: &Environment, settings: &Settings) -> Style {
    let width = io::stdout().is_terminal().then(|| width(environment));
    let colored = match global.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => width.is_some() && environment.get("NO_COLOR").is_none(),
    };
    // The library would let NO_COLOR overrule what was asked for here.
    crossterm::style::force_color_output(colored);
    Style {
        width,
        colored,
        ascii: is_ascii(global, environment, settings),
    }
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

/// Whether to draw with ASCII only.
#[must_use]
pub fn is_ascii(global: &Global, environment: &Environment, settings: &Settings) -> bool {
    global.ascii || settings.ascii || !speaks_utf8(environment)
}

fn is_mono(global: &Global, environment: &Environment) -> bool {
    match global.color {
        Color::Always => false,
        Color::Never => true,
        Color::Auto => environment.get("NO_COLOR").is_some(),
    }
}

/// The first of the locale variables that is set decides; with none, terminals of today do.
fn speaks_utf8(environment: &Environment) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| environment.get(name));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
