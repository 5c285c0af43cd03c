//! Taking the terminal over, and giving it back on every way out.
//!
//! Not here: what is drawn, or when.

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
use crate::screens::view::{self, LocalTime};
use crate::theme::Theme;

/// Whether the terminal is ours now, so that it is given back exactly once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Held while the terminal is given back, so that no other thread drops what is written for that.
static LEAVING: Mutex<()> = Mutex::new(());

/// How often, and how long each time, a thread waits for another one to give the terminal back.
const TRIES: usize = 25;
const PAUSE: Duration = Duration::from_millis(4);

/// The terminal, given back when dropped.
pub(super) struct Screen {
    /// Never dropped: the library's own clean-up complains on standard error, and a complaint to a
    /// window that is gone is a panic. [`give_back`] leaves nothing for it to do.
    terminal: ManuallyDrop<Terminal<Bounded>>,
    /// Whether what is on the terminal may be anything.
    is_spoilt: bool,
    /// What each frame takes longer than it has to, for tests.
    #[cfg(debug_assertions)]
    pause: std::time::Duration,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn open() -> io::Result<Self> {
        give_back_on_panic();
        let opened = take().and_then(|()| Terminal::new(Bounded::new()));
        let terminal = opened.inspect_err(|_| give_back())?;
        Ok(Self {
            terminal: ManuallyDrop::new(terminal),
            is_spoilt: false,
            #[cfg(debug_assertions)]
            pause: std::time::Duration::ZERO,
        })
    }

    /// The terminal's width and height in cells.
    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// Draws a frame.
    pub(super) fn draw(
        &mut self,
        state: &State,
        (theme, local): (&Theme, LocalTime),
    ) -> io::Result<()> {
        if std::mem::take(&mut self.is_spoilt) {
            self.clear()?;
        }
        #[cfg(debug_assertions)]
        std::thread::sleep(self.pause);
        self.terminal
            .draw(|frame| view::render(frame, state, theme, local))?;
        Ok(())
    }

    /// Has each frame from now on take longer.
    #[cfg(debug_assertions)]
    pub(super) fn slow_down(&mut self, pause: std::time::Duration) {
        self.pause = pause;
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
    // First, so that whatever happens meanwhile gives it back.
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)
}

/// Undoes [`take`]. A terminal that is gone cannot be given back, so errors say nothing here.
pub(super) fn give_back() {
    let _alone = alone();
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _gone = leave(&mut stdout());
        let _gone = disable_raw_mode();
    }
}

/// The right to give the terminal back. Nobody waits for it for ever: the thread that has it may have
/// panicked, or hang in a write.
fn alone() -> Option<MutexGuard<'static, ()>> {
    (0..TRIES).find_map(|_| {
        let alone = LEAVING.try_lock().ok();
        if alone.is_none() {
            std::thread::sleep(PAUSE);
        }
        alone
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

/// [`give_back`] from another thread while the loop may be waiting for the terminal to take a frame.
/// The modes are set in any case. What the terminal has not taken yet is dropped, to make room for
/// the rest; where that helps nothing, nothing waits for it.
#[cfg(unix)]
pub(super) fn give_back_at_once() {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::termios::{QueueSelector, tcflush, ttyname};

    /// Cuts off whatever sequence the loop was in the middle of.
    const CANCEL: u8 = 0x18;

    if !TAKEN.load(Ordering::SeqCst) {
        return;
    }
    let _gone = disable_raw_mode();
    // With room for the rest of its frame, the loop comes to its end by itself.
    for _ in 0..TRIES {
        let alone = alone();
        if !TAKEN.load(Ordering::SeqCst) {
            return;
        }
        let _gone = tcflush(stdout(), QueueSelector::OFlush);
        drop(alone);
        std::thread::sleep(PAUSE);
    }
    let _alone = alone();
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut leaving = vec![CANCEL];
    let _infallible = leave(&mut leaving);
    // Opened anew, since others share what standard output is, and must not find it non-blocking.
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

/// The largest frame that is drawn, in cells. A terminal may say anything of its size, and a frame
/// takes memory for each cell.
const LARGEST: Size = Size {
    width: 1000,
    height: 500,
};

/// A terminal that is not larger than [`LARGEST`].
struct Bounded(CrosstermBackend<Stdout>);

impl Bounded {
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

impl Backend for Bounded {
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

/// A panic in any thread ends the program: one that lost a task must not go on drawing.
fn give_back_on_panic() {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        previous(panic);
        std::process::exit(101);
    }));
}
