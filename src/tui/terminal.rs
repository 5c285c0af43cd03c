//! Takes over the terminal, and restores it however the program ends.

use std::io::{self, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, Utc};
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::style::Print;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::{Position, Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::desktop;
use crate::app::state::State;
use crate::screens::view::{self, Drawn};
use crate::theme::Theme;

/// Whether the terminal is taken over, so that it is restored exactly once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Held while restoring the terminal, so that no other thread discards that output.
static LEAVING: Mutex<()> = Mutex::new(());

/// Turned on by [`TerminalGuard::enable`], and off by [`leave`].
static HAS_TITLE: AtomicBool = AtomicBool::new(false);
static HAS_MOUSE: AtomicBool = AtomicBool::new(false);

/// Saves the title, and restores it.
const PUSH_TITLE: &str = "\x1b[22;2t";
const POP_TITLE: &str = "\x1b[23;2t";

/// Reports the buttons and the wheel, with decimal numbers.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";

/// The features of the terminal that the settings ask for, beyond drawing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    pub(super) has_title: bool,
    pub(super) has_mouse: bool,
}

/// How often, and how long each time, to wait for another thread to restore the terminal.
const TRIES: usize = 25;
const PAUSE: Duration = Duration::from_millis(4);

/// The terminal, restored when dropped.
pub(super) struct TerminalGuard {
    /// Never dropped: the library's clean-up reports errors on stderr, which panics if the window is
    /// gone. [`give_back`] does that work.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    /// Whether the terminal may show something other than the last frame.
    is_dirty: bool,
    /// The title in the terminal, if it was set.
    title: String,
    /// The last frame.
    drawn: Drawn,
}

impl TerminalGuard {
    /// Takes over the terminal.
    pub(super) fn open() -> io::Result<Self> {
        give_back_on_panic();
        let terminal = Self::take_over().inspect_err(|_| give_back())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            is_dirty: false,
            title: String::new(),
            drawn: Drawn::default(),
        })
    }

    /// Turns on what the settings ask for.
    pub(super) fn enable(features: Features) -> io::Result<()> {
        HAS_TITLE.store(features.has_title, Ordering::SeqCst);
        HAS_MOUSE.store(features.has_mouse, Ordering::SeqCst);
        turn_on(&mut stdout())
    }

    /// The viewport has a fixed size, so that a frame is never larger than [`LARGEST`].
    fn take_over() -> io::Result<Terminal<CrosstermBackend<Stdout>>> {
        take()?;
        let backend = CrosstermBackend::new(stdout());
        let viewport = Viewport::Fixed(frame_area(&backend)?);
        Terminal::with_options(backend, TerminalOptions { viewport })
    }

    /// Width and height of a frame in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let area = frame_area(self.terminal.backend())?;
        Ok((area.width, area.height))
    }

    pub(super) fn draw(&mut self, state: &State, theme: &Theme) -> io::Result<()> {
        if std::mem::take(&mut self.is_dirty) {
            // Unlike the library's `clear`, this does not query the cursor position, which a terminal
            // may never report.
            let area = frame_area(self.terminal.backend())?;
            self.terminal.resize(area)?;
        }
        let mut drawn = Drawn::default();
        self.terminal
            .draw(|frame| drawn = view::render(frame, state, theme, local))?;
        if let Some(place) = drawn.cursor {
            self.terminal.backend_mut().set_cursor_position(place)?;
        }
        self.drawn = drawn;
        if HAS_TITLE.load(Ordering::SeqCst) {
            let title = state.title();
            if title != self.title {
                execute!(stdout(), Print(desktop::title(&title)))?;
                self.title = title;
            }
        }
        Ok(())
    }

    /// How many rows below the selected one a cell of the last frame is, if it is on a row of a list.
    pub(super) fn rows_to(&self, column: u16, row: u16) -> Option<i16> {
        self.drawn.rows_to(Position::new(column, row))
    }

    /// Takes over the terminal again after the process was stopped, which may have reset its modes.
    /// After a stop without warning the library still records them as set, so this clears that first.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        let was_given_back = !TAKEN.load(Ordering::SeqCst);
        take()?;
        if was_given_back {
            // Otherwise the saved title would be our own.
            turn_on(&mut stdout())?;
        }
        self.title.clear();
        self.mark_dirty();
        Ok(())
    }

    /// Redraws every cell in the next frame. A terminal that was resized twice may have lost its
    /// contents although its size is unchanged.
    pub(super) fn mark_dirty(&mut self) {
        self.is_dirty = true;
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    // First, so that the modes are reset whatever happens next.
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Undoes [`take`]. Ignores errors: the terminal may be gone.
pub(super) fn give_back() {
    let _lock = lock();
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _gone = leave(&mut stdout());
        let _gone = disable_raw_mode();
    }
}

/// Locks [`LEAVING`], but never waits forever: the thread that holds it may have panicked or hang in a
/// write.
fn lock() -> Option<MutexGuard<'static, ()>> {
    (0..TRIES).find_map(|_| {
        let lock = LEAVING.try_lock().ok();
        if lock.is_none() {
            std::thread::sleep(PAUSE);
        }
        lock
    })
}

/// Turns on what [`TerminalGuard::enable`] was asked for.
fn turn_on(terminal: &mut impl Write) -> io::Result<()> {
    if HAS_TITLE.load(Ordering::SeqCst) {
        execute!(terminal, Print(PUSH_TITLE))?;
    }
    if HAS_MOUSE.load(Ordering::SeqCst) {
        execute!(terminal, Print(MOUSE_ON))?;
    }
    Ok(())
}

fn leave(terminal: &mut impl Write) -> io::Result<()> {
    if HAS_MOUSE.load(Ordering::SeqCst) {
        queue!(terminal, Print(MOUSE_OFF))?;
    }
    if HAS_TITLE.load(Ordering::SeqCst) {
        queue!(terminal, Print(POP_TITLE))?;
    }
    execute!(
        terminal,
        EndSynchronizedUpdate,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    )
}

/// [`give_back`] from another thread, while the loop may be blocked writing a frame. Resets the modes in
/// any case. Discards output that the terminal has not read, to make room for the rest, but does not
/// wait for a terminal that reads nothing.
#[cfg(unix)]
pub(super) fn give_back_now() {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::termios::{QueueSelector, tcflush, ttyname};

    /// Aborts an escape sequence that the loop has written in part.
    const CANCEL: u8 = 0x18;

    if !TAKEN.load(Ordering::SeqCst) {
        return;
    }
    let _gone = disable_raw_mode();
    // Once there is room for the rest of its frame, the loop ends by itself.
    for _ in 0..TRIES {
        let lock = lock();
        if !TAKEN.load(Ordering::SeqCst) {
            return;
        }
        let _gone = tcflush(stdout(), QueueSelector::OFlush);
        drop(lock);
        std::thread::sleep(PAUSE);
    }
    let _lock = lock();
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut leaving = vec![CANCEL];
    let _infallible = leave(&mut leaving);
    // Opened again, because other processes share standard output and must not find it non-blocking.
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = ttyname(stdout(), Vec::new()).and_then(|name| open(name, flags, Mode::empty()));
    let Ok(terminal) = terminal else { return };
    for _ in 0..TRIES {
        if rustix::io::write(&terminal, &leaving) == Ok(leaving.len()) {
            return;
        }
        let _gone = tcflush(&terminal, QueueSelector::OFlush);
        std::thread::sleep(PAUSE);
    }
}

/// The largest frame, in cells. A terminal may report any size, and each cell takes memory.
const LARGEST: (u16, u16) = (1000, 500);

fn frame_area(backend: &CrosstermBackend<Stdout>) -> io::Result<Rect> {
    let Size { width, height } = backend.size()?;
    Ok(Rect::new(0, 0, width.min(LARGEST.0), height.min(LARGEST.1)))
}

fn local(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    instant.with_timezone(&Local).fixed_offset()
}

/// A panic in any thread ends the program, which must not keep drawing without one of its tasks.
fn give_back_on_panic() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        previous(panic);
        std::process::exit(101);
    }));
}

#[cfg(not(unix))]
pub(super) fn give_back_now() {
    give_back();
}
