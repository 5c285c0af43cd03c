//! The desktop around the terminal: its browser and its notifications, as far as the environment
//! tells.

use crate::credentials::Environment;
use crate::domain::text;

/// The longest notification, in characters; desktops show less.
const LONGEST: usize = 200;

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
