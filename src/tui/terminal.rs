//! Taking the terminal over, and giving it back on every way out.
//!
//! Not here: what is drawn, or when.

use std::io::{self, Stdout, stdout};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;

use crate::app::state::State;
use crate::ui::{self, Look};

/// Whether the terminal is ours now, so that it is given back exactly once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, given back when dropped.
pub(super) struct Screen {
    /// Never dropped: the library's own clean-up complains on standard error, and a complaint to a
    /// window that is gone is a panic. [`give_back`] leaves nothing for it to do.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// Whether what is on the terminal may be anything.
    is_spoilt: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn open() -> io::Result<Self> {
        give_back_on_panic();
        take()?;
        Ok(Self {
            terminal: ManuallyDrop::new(Terminal::new(CrosstermBackend::new(stdout()))?),
            is_spoilt: false,
        })
    }

    /// The terminal's width and height in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws a frame.
    pub(super) fn draw(&mut self, state: &State, look: &Look<'_>) -> io::Result<()> {
        if std::mem::take(&mut self.is_spoilt) {
            self.clear()?;
        }
        self.terminal.draw(|frame| ui::draw(frame, state, look))?;
        Ok(())
    }

    /// Takes the terminal over again after the process was stopped: its modes may be gone. A stop
    /// that gave no warning left them on record as set, so that record goes first.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        take()?;
        self.forget();
        Ok(())
    }

    /// Has the next frame drawn from nothing. A terminal that was resized and back again may have
    /// lost what it showed, although its size says nothing of that.
    pub(super) fn forget(&mut self) {
        self.is_spoilt = true;
    }

    /// Empties the terminal. Unlike the library's own `clear`, this does not ask where the cursor is:
    /// a terminal may be slow to answer, or never do.
    fn clear(&mut self) -> io::Result<()> {
        let (width, height) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, width, height))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Sets the modes that the screens need.
fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Undoes [`take`]. A terminal that is gone cannot be given back, so errors say nothing here.
pub(super) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _gone = execute!(
            stdout(),
            EndSynchronizedUpdate,
            DisableBracketedPaste,
            LeaveAlternateScreen,
            Show
        );
        let _gone = disable_raw_mode();
    }
}

/// A panic in any thread ends the program: one that lost a task must not go on drawing.
fn give_back_on_panic() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        previous(panic);
        std::process::exit(101);
    }));
}
