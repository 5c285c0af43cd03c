//! Copying: the escape sequence that asks a terminal to take text, in the form that gets through
//! what stands between, and what can be said of it. No terminal answers.
//!
//! Not here: what is copied.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;

use crate::domain::text;

/// The longest text that is sent to a terminal: they drop a sequence of over 100,000 bytes, and the
/// text grows by a third on the way.
const LONGEST: usize = 74_000;

/// The longest piece that GNU screen passes on; its limit has been 256 bytes and more.
const SCREENS_LONGEST: usize = 240;

/// How long tmux may take.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

/// What stands between this program and the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clipboard {
    /// Nothing.
    Terminal,
    /// tmux, which by default passes on only what is handed to it by its own command.
    Tmux,
    /// GNU screen, which passes on what is wrapped, in pieces.
    Screen,
}

impl Clipboard {
    /// By the variables that either of them sets. With both, screen may be the inner one, but it
    /// would print what it does not understand, and tmux can be asked directly.
    #[must_use]
    pub fn of(has_tmux: bool, has_screen: bool) -> Self {
        match (has_tmux, has_screen) {
            (true, _) => Self::Tmux,
            (false, true) => Self::Screen,
            (false, false) => Self::Terminal,
        }
    }

    /// What to write to the terminal; nothing for text that no terminal would take.
    #[must_use]
    pub fn sequences(self, text: &str) -> String {
        if text.len() > LONGEST {
            return String::new();
        }
        let mut plain = String::new();
        let _infallible = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
        match self {
            Self::Terminal => plain,
            // The plain form is for `set-clipboard on`, the wrapped one for `allow-passthrough on`.
            Self::Tmux => {
                let wrapped = plain.replace('\x1b', "\x1b\x1b");
                format!("{plain}\x1bPtmux;{wrapped}\x1b\\")
            }
            Self::Screen => {
                // A string must not end within a wrapped piece: BEL ends the inner one.
                let inner = plain.trim_end_matches("\x1b\\").to_owned() + "\x07";
                let mut pieces = String::new();
                for piece in inner.as_bytes().chunks(SCREENS_LONGEST) {
                    pieces.extend(["\x1bP", &String::from_utf8_lossy(piece), "\x1b\\"]);
                }
                pieces
            }
        }
    }

    /// What to say of it, given whether tmux took the text.
    #[must_use]
    pub fn notice(self, text: &str, is_in_tmux: bool) -> String {
        let is_long = text.len() > LONGEST;
        let kilobytes = text.len().div_ceil(1000);
        let sent = match self {
            Self::Terminal | Self::Screen if is_long => {
                return format!(
                    "Not copied: {kilobytes} KB, and terminals take at most {} KB.",
                    LONGEST / 1000
                );
            }
            Self::Tmux if is_long && is_in_tmux => {
                return format!(
                    "Sent to tmux's buffer only: {kilobytes} KB is too much for a terminal."
                );
            }
            Self::Tmux if !is_in_tmux => {
                return "Sent to tmux, which drops it unless `set -g set-clipboard on` or `set -g allow-passthrough on` is set.".to_owned();
            }
            Self::Terminal => "Sent to the terminal's clipboard",
            Self::Tmux => "Sent to tmux's buffer and the terminal's clipboard",
            Self::Screen => "Sent through screen to the terminal's clipboard",
        };
        let warning = if text::has_controls(text) {
            ", control characters included: take care where you paste it"
        } else {
            ""
        };
        format!("{sent}{warning}: {}", text::sanitize(text::beginning(text)))
    }
}

/// Hands text to tmux, which keeps it in a buffer and sends it on to its own terminal. Whether it
/// took it: before 3.2 it cannot send it on.
pub(super) fn load_into_tmux(text: &str) -> bool {
    let started = Command::new("tmux")
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut tmux) = started else {
        return false;
    };
    let is_written = tmux
        .stdin
        .take()
        .is_some_and(|mut stdin| stdin.write_all(text.as_bytes()).is_ok());
    let mut waited = Duration::ZERO;
    while waited < PATIENCE {
        match tmux.try_wait() {
            Ok(Some(status)) => return is_written && status.success(),
            Ok(None) => std::thread::sleep(PAUSE),
            Err(_) => break,
        }
        waited += PAUSE;
    }
    let _ended = tmux.kill().and_then(|()| tmux.wait());
    false
}
