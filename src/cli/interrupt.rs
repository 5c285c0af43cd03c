//! The signals that end a command.

use std::time::Duration;

use crate::signals::{ListenOptions, listen};

/// How long a command may compute before a signal ends it without a message.
const UNHEARD: Duration = Duration::from_secs(2);

/// Waits for a signal that ends the command, and returns its exit code. Once this is dropped, signals
/// end the program at once: only printing is left to do.
pub(super) async fn signalled() -> u8 {
    let mut listener = listen(ListenOptions {
        unheard_timeout: UNHEARD,
        keep_ignored: true,
        last_act: || {
            // The command may have been asking for a secret.
            let _not_raw = crossterm::terminal::disable_raw_mode();
        },
    });
    listener.hear().await
}
