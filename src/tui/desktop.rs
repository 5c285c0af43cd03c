//! The desktop around the terminal: its clipboard, browser and notifications, as far as the environment
//! tells.
//!
//! Text is copied with OSC 52, which asks the terminal to put it on the clipboard, wrapped for tmux and
//! GNU screen. No terminal confirms it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;

use crate::credentials::Environment;
use crate::domain::text;

/// Terminals drop a sequence of more than 100,000 bytes, and Base64 makes the text a third longer.
const LONGEST_COPY: usize = 74_000;

/// GNU screen's limit has been 256 bytes and more.
const SCREEN_CHUNK: usize = 240;

const TMUX_TIMEOUT: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

/// The longest notification, in characters; desktops show less.
const LONGEST: usize = 200;

/// The programs between tokenscope and the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clipboard {
    Terminal,
    /// By default tmux passes on only what its own command gives it.
    Tmux,
    /// GNU screen passes on wrapped sequences, in chunks.
    Screen,
}

impl Clipboard {
    /// Decides by the variables that tmux and screen set. If both are set, screen may be the inner
    /// one, but it would print unknown sequences, while tmux has a command.
    pub fn of(has_tmux: bool, has_screen: bool) -> Self {
        match (has_tmux, has_screen) {
            (true, _) => Self::Tmux,
            (false, true) => Self::Screen,
            (false, false) => Self::Terminal,
        }
    }

    /// The bytes to write to the terminal; empty if the text is too long for every terminal.
    pub fn sequences(self, text: &str) -> String {
        if text.len() > LONGEST_COPY {
            return String::new();
        }
        let mut plain = String::new();
        let _infallible = CopyToClipboard::to_clipboard_from(text).write_ansi(&mut plain);
        match self {
            Self::Terminal => plain,
            // The first is for `set-clipboard on`, the second for `allow-passthrough on`.
            Self::Tmux => {
                let wrapped = plain.replace('\x1b', "\x1b\x1b");
                format!("{plain}\x1bPtmux;{wrapped}\x1b\\")
            }
            Self::Screen => {
                // A wrapped chunk must not contain a string terminator, so BEL ends the inner one.
                let inner = plain.trim_end_matches("\x1b\\").to_owned() + "\x07";
                let mut wrapped = String::new();
                for chunk in inner.as_bytes().chunks(SCREEN_CHUNK) {
                    wrapped.extend(["\x1bP", &String::from_utf8_lossy(chunk), "\x1b\\"]);
                }
                wrapped
            }
        }
    }

    /// The notice to show, given how it begins, `Copied the ID`, and whether tmux accepted the text.
    pub fn notice(self, copied: &str, text: &str, is_in_tmux: bool) -> String {
        let is_long = text.len() > LONGEST_COPY;
        let kilobytes = text.len().div_ceil(1000);
        let place = match self {
            Self::Terminal | Self::Screen if is_long => {
                return format!(
                    "Not copied: {kilobytes} KB, but terminals accept at most {} KB.",
                    LONGEST_COPY / 1000
                );
            }
            Self::Tmux if is_long && is_in_tmux => {
                return format!(
                    "Sent only to tmux's buffer: {kilobytes} KB is too much for a terminal."
                );
            }
            Self::Tmux if !is_in_tmux => {
                return "Sent to tmux, which needs `set -g set-clipboard on` or `allow-passthrough on`.".to_owned();
            }
            Self::Terminal => "to the terminal's clipboard",
            Self::Tmux => "to tmux's buffer and the clipboard",
            Self::Screen => "through screen to the clipboard",
        };
        let warning = if text::has_controls(text) {
            ", with control characters,"
        } else {
            ""
        };
        format!("{copied}{warning} {place}")
    }
}

/// Gives text to tmux, which stores it in a buffer and passes it on to its terminal. Returns whether
/// that worked: tmux before 3.2 cannot pass it on.
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
    while waited < TMUX_TIMEOUT {
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

/// Whether a browser can open here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    Available,
    /// It would open on another computer than the user's.
    OverSsh,
    NoDisplay,
}

impl Browser {
    /// Decides by the variables that SSH and the window system set.
    pub fn of(environment: &Environment) -> Self {
        let is_set = |name: &&str| environment.get(name).is_some();
        let needs_display = cfg!(all(unix, not(target_os = "macos")));
        if ["SSH_CONNECTION", "SSH_TTY"].iter().any(is_set) {
            Self::OverSsh
        } else if needs_display && !["DISPLAY", "WAYLAND_DISPLAY"].iter().any(is_set) {
            Self::NoDisplay
        } else {
            Self::Available
        }
    }

    /// Why an address is copied instead; empty if a browser can open.
    pub fn why_not(self) -> &'static str {
        match self {
            Self::Available => "",
            Self::OverSsh => "No browser over SSH",
            Self::NoDisplay => "No display",
        }
    }
}

/// Opens an address, detached and silent. Returns false if no opener was found. Blocks briefly.
pub(super) fn open_in_browser(url: &str) -> bool {
    open::that_detached(url).is_ok()
}

/// The sequence that asks the terminal for a desktop notification (OSC 9). tmux and screen do not
/// pass it on, and may print it.
pub fn notification(words: &str) -> String {
    let words: String = text::sanitize(words).chars().take(LONGEST).collect();
    format!("\x1b]9;{words}\x07")
}

/// The sequence that sets the terminal's title.
pub fn title(words: &str) -> String {
    let words: String = text::sanitize(words).chars().take(LONGEST).collect();
    format!("\x1b]2;{words}\x07")
}
