//! Takes over the terminal, and gives it back however the program ends.

use std::io::{self, Stdout, Write, stdout};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Rect, Size};

use crate::app::state::State;
use crate::ui::{self, RenderContext};

/// Whether the terminal is taken over, so that it is given back exactly once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Held while giving the terminal back, so that no other thread discards that output.
static LEAVING: Mutex<()> = Mutex::new(());

/// How often, and how long each time, to wait for another thread to give the terminal back.
const TRIES: usize = 25;
const PAUSE: Duration = Duration::from_millis(4);

/// The terminal, given back when dropped.
pub(super) struct TerminalGuard {
    /// Never dropped: the library's clean-up reports errors on stderr, which panics if the window is
    /// gone. [`give_back`] does that work.
    terminal: ManuallyDrop<Terminal<BoundedBackend>>,
    /// Whether the terminal may show something other than the last frame.
    is_dirty: bool,
    /// An artificial delay of each frame, for tests.
    #[cfg(debug_assertions)]
    pause: std::time::Duration,
}

impl TerminalGuard {
    /// Takes over the terminal.
    pub(super) fn open() -> io::Result<Self> {
        give_back_on_panic();
        let opened = take().and_then(|()| Terminal::new(BoundedBackend::new()));
        let terminal = opened.inspect_err(|_| give_back())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            is_dirty: false,
            #[cfg(debug_assertions)]
            pause: std::time::Duration::ZERO,
        })
    }

    /// Width and height in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    pub(super) fn draw(&mut self, state: &State, look: &RenderContext<'_>) -> io::Result<()> {
        if std::mem::take(&mut self.is_dirty) {
            self.clear()?;
        }
        #[cfg(debug_assertions)]
        std::thread::sleep(self.pause);
        self.terminal.draw(|frame| ui::draw(frame, state, look))?;
        Ok(())
    }

    #[cfg(debug_assertions)]
    pub(super) fn slow_down(&mut self, pause: std::time::Duration) {
        self.pause = pause;
    }

    /// Takes over the terminal again after the process was stopped, which may have reset its modes.
    /// After a stop without warning the library still records them as set, so this clears that first.
    pub(super) fn resume(&mut self) -> io::Result<()> {
        disable_raw_mode()?;
        take()?;
        self.mark_dirty();
        Ok(())
    }

    /// Redraws every cell in the next frame. A terminal that was resized and back again may have lost
    /// its contents although its size is the same.
    pub(super) fn mark_dirty(&mut self) {
        self.is_dirty = true;
    }

    /// Clears the terminal. Unlike the library's `clear`, this does not query the cursor position, which
    /// a terminal may never report.
    fn clear(&mut self) -> io::Result<()> {
        let (width, height) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, width, height))?;
        Ok(())
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

fn leave(terminal: &mut impl Write) -> io::Result<()> {
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
const LARGEST: Size = Size {
    width: 1000,
    height: 500,
};

/// A backend that reports at most [`LARGEST`] as its size.
struct BoundedBackend(CrosstermBackend<Stdout>);

impl BoundedBackend {
    fn new() -> Self {
        Self(CrosstermBackend::new(stdout()))
    }
}

fn bounded(size: Size) -> Size {
    Size {
        width: size.width.min(LARGEST.width),
        height: size.height.min(LARGEST.height),
    }
}

impl Backend for BoundedBackend {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, cells: I) -> io::Result<()> {
        self.0.draw(cells)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.0.clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size().map(bounded)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let window = self.0.window_size()?;
        let columns_rows = bounded(window.columns_rows);
        Ok(WindowSize {
            columns_rows,
            ..window
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

/// A panic in any thread ends the program: it must not go on drawing without one of its tasks.
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
