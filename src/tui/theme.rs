//! The theme in use: the terminal is asked for its background, and a prompt answer decides.

use std::io::{self, Write, stdout};
use std::time::Duration;

use tokio::time::Instant;

use crate::startup::output_style::{ByBackground, ThemeChoice};
use crate::terminal::background::{Background, QUESTION};
use crate::theme::Theme;

/// How soon an answer must come: later it would change the colours before the user's eyes.
const PROMPT: Duration = Duration::from_millis(50);

/// How long to wait for an answer before exit.
const AT_THE_END: Duration = Duration::from_millis(150);

/// The theme in use.
pub(super) struct ActiveTheme {
    pub(super) current: Theme,
    /// What an answer chooses from.
    by_background: Option<ByBackground>,
    asked_at: Option<Instant>,
}

impl ActiveTheme {
    pub(super) fn new(choice: &ThemeChoice) -> Self {
        Self {
            current: choice.first.clone(),
            by_background: choice.by_background.clone(),
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
        let themes = self.by_background.take();
        let (Some(asked_at), Some(themes)) = (asked_at, themes) else {
            return false;
        };
        if asked_at.elapsed() > PROMPT {
            return false;
        }
        self.current = match background {
            Background::Dark => themes.dark,
            Background::Light => themes.light,
        };
        true
    }

    /// How long an answer that has not come may still take before exit.
    pub(super) fn time_left(&self) -> Option<Duration> {
        AT_THE_END.checked_sub(self.asked_at?.elapsed())
    }
}
