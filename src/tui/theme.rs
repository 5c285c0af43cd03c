//! The theme in use: the terminal is asked for its background, and a prompt answer decides.

use std::io::{self, Write, stdout};
use std::time::Duration;

use tokio::time::Instant;

use crate::startup::output_style::ThemeChoice;
use crate::terminal::background::{Background, QUESTION};
use crate::theme::{ColorDepth, Theme};

/// How soon an answer must come: later it would change the colours before the user's eyes.
const PROMPT: Duration = Duration::from_millis(50);

/// How long to wait for an answer before exit.
const AT_THE_END: Duration = Duration::from_millis(150);

/// The theme in use.
pub(super) struct ActiveTheme {
    pub(super) current: Theme,
    /// The colours of what an answer chooses. A theme is read only then: the first frame must not
    /// wait for those that it does not show.
    by_background: Option<ColorDepth>,
    asked_at: Option<Instant>,
}

impl ActiveTheme {
    pub(super) fn new(choice: &ThemeChoice) -> Self {
        Self {
            current: choice.first.clone(),
            by_background: choice.by_background,
            asked_at: None,
        }
    }

    /// Asks the terminal for its background, where that matters. Returns whether it did. Call this
    /// after the first frame.
    pub(super) fn ask(&mut self) -> io::Result<bool> {
        if self.by_background.is_none() {
            return Ok(false);
        }
        stdout().write_all(QUESTION.as_bytes())?;
        stdout().flush()?;
        self.asked_at = Some(Instant::now());
        Ok(true)
    }

    /// Chooses by the answer, unless it came too late. Returns whether the theme changed.
    pub(super) fn decide(&mut self, background: Background) -> bool {
        let asked_at = self.asked_at.take();
        let depth = self.by_background.take();
        let (Some(asked_at), Some(depth)) = (asked_at, depth) else {
            return false;
        };
        if asked_at.elapsed() > PROMPT {
            return false;
        }
        let name = match background {
            Background::Dark => "dark",
            Background::Light => "light",
        };
        let Ok(theme) = Theme::named(name, depth) else {
            return false;
        };
        self.current = theme;
        true
    }

    /// How long an answer that has not come may still take before exit.
    pub(super) fn time_left(&self) -> Option<Duration> {
        AT_THE_END.checked_sub(self.asked_at?.elapsed())
    }
}
