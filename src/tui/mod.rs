//! The shell around the pure program: terminal, signals, timers, and the event loop.
//!
//! Not here: what anything means (`app`) or how it looks (`ui`).

mod clipboard;
mod clocks;
mod effects;
mod input;
mod signals;
mod terminal;
#[cfg(debug_assertions)]
mod test_faults;
mod wakeup;
pub mod windows_keys;

pub use crate::terminal::decode;

use std::io::{self, Write, stdout};
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, Utc};
#[cfg(unix)]
use rustix::{io::Errno, termios::tcgetwinsize};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::yield_now;
use tokio::time::Instant;

use crate::action;
use crate::api::Options;
use crate::app::effect::Effect;
use crate::app::message::Message;
use crate::app::session::Session;
use crate::app::state::State;
use crate::app::{self, Opening};
use crate::config::log;
use crate::config::paths::Paths;
use crate::domain::clock::Now;
use crate::domain::failure::Failure;
use crate::keymap::Keymap;
use crate::service::{Limits, TokenService};
use crate::theme::Theme;
use crate::ui::RenderContext;
pub use clipboard::Clipboard;
use clocks::Clocks;
use effects::Effects;
use input::Input;
use signals::{HUNG_UP, Signal, Signals};
use terminal::Screen;
use wakeup::Wakeup;

/// A frame that takes longer than this is not followed by another at once.
const LONGEST_FRAME: Duration = Duration::from_millis(50);

/// How long what happens may stay off the screen while more of it comes.
const LONGEST_UNSEEN: Duration = Duration::from_millis(50);

/// Everything the screens start from.
pub struct Launch {
    /// Who asks about what.
    pub session: Session,
    /// What to open on.
    pub opening: Opening,
    /// What went wrong on the way here, to be shown.
    pub warnings: Vec<Failure>,
    /// The use-cases.
    pub service: TokenService,
    /// What the demo's client is made of, its address aside.
    pub options: Options,
    /// How patient the demo's client is.
    pub limits: Limits,
    /// The files; none for the demo.
    pub paths: Option<Paths>,
    /// The keys.
    pub keymap: Keymap,
    /// The colours.
    pub theme: Theme,
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    /// What copied text goes through.
    pub clipboard: Clipboard,
    /// A fault to make on purpose, so that tests see how the program ends; debug builds only.
    pub fault: Option<String>,
}

/// Runs the screens until the user or a signal ends them, and gives the exit code.
///
/// # Errors
/// The terminal's, when it cannot be taken over or written to.
pub fn run(launch: Launch) -> io::Result<u8> {
    // One thread: a timer then wakes one thread, not two, and a countdown costs next to nothing.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen()?
    };
    let mut screen = Screen::open()?;
    let code = runtime.block_on(run_loop(&mut screen, signals, launch));
    drop(screen);
    // A keyring call that hangs must not keep the process.
    runtime.shutdown_background();
    match code {
        Err(error) if is_gone(&error) => Ok(HUNG_UP),
        code => code,
    }
}

/// Whether an error comes from a terminal that was closed under us, which may be noticed before the
/// hang-up arrives.
fn is_gone(error: &io::Error) -> bool {
    // The error itself may speak of a later attempt, so the terminal is asked too.
    #[cfg(unix)]
    let is_closed = error.raw_os_error() == Some(Errno::IO.raw_os_error())
        || tcgetwinsize(stdout()) == Err(Errno::IO);
    #[cfg(not(unix))]
    let is_closed = false;
    is_closed || error.kind() == io::ErrorKind::BrokenPipe
}

async fn run_loop(screen: &mut Screen, signals: Signals, launch: Launch) -> io::Result<u8> {
    let clock = Clocks::start(launch.options.clock);
    let mut state = State::new(launch.session, clock.now(), screen.size()?);
    let first = app::start(&mut state, launch.opening);
    let look = RenderContext {
        keymap: &launch.keymap,
        theme: &launch.theme,
        ascii: launch.ascii,
        local,
    };
    screen.draw(&state, &look)?;
    #[cfg(debug_assertions)]
    screen.slow_down(test_faults::pause(launch.fault.as_deref()));

    let (sender, messages) = unbounded_channel();
    for failure in launch.warnings {
        let _unheard = sender.send(Message::Warned(failure));
    }
    let mut effects = Effects::new(
        launch.service,
        launch.options,
        launch.limits,
        launch.paths,
        launch.clipboard,
        sender,
    );
    let mut sources = EventSources {
        messages,
        input: Input::listen()?,
        signals,
        wakeup: Wakeup::new()?,
    };
    effects.load_recents();
    #[cfg(debug_assertions)]
    test_faults::make(launch.fault.as_deref())?;
    run_effects(screen, &mut effects, first)?;
    let code = event_loop(
        screen,
        &mut sources,
        &mut effects,
        &mut state,
        &look,
        &clock,
    )
    .await;
    effects.settle().await;
    code
}

/// Draws, waits, and takes in what happened, until the end.
async fn event_loop(
    screen: &mut Screen,
    sources: &mut EventSources,
    effects: &mut Effects,
    state: &mut State,
    look: &RenderContext<'_>,
    clock: &Clocks,
) -> io::Result<u8> {
    let (mut is_changed, mut drawn) = (false, Instant::now());
    let mut pause = Duration::ZERO;
    while !state.quit {
        // Keys that wait are taken in first: nobody can see a frame for each of them.
        let is_quiet = sources.messages.is_empty() && sources.input.is_quiet();
        let unseen = drawn.elapsed();
        if is_changed && unseen >= pause && (is_quiet || unseen > LONGEST_UNSEEN) {
            let begun = Instant::now();
            screen.draw(state, look)?;
            (is_changed, drawn) = (false, Instant::now());
            // The network and the timers get at least as much time as frames that take long.
            pause = Some(drawn - begun)
                .filter(|took| *took > LONGEST_FRAME)
                .unwrap_or_default();
            yield_now().await;
        }
        let left = is_changed.then(|| pause.saturating_sub(drawn.elapsed()));
        let left = left.filter(|left| !left.is_zero());
        let message = match sources.next(state, look.keymap, clock.now(), left).await {
            LoopEvent::Message(message) => message,
            LoopEvent::Nothing => continue,
            LoopEvent::End(code) => return Ok(code),
            #[cfg(unix)]
            LoopEvent::Resized => {
                let (width, height) = screen.size()?;
                Message::Input(action::Input::Resize(width, height))
            }
            #[cfg(unix)]
            LoopEvent::Stop => {
                stop(screen)?;
                Message::Resumed
            }
            #[cfg(unix)]
            LoopEvent::Continue => {
                screen.resume()?;
                Message::Resumed
            }
        };
        if matches!(message, Message::Input(action::Input::Resize(..))) {
            screen.forget();
        }
        note(&message);
        let wanted = app::update(state, clock.now(), message);
        let suspends = wanted.contains(&Effect::Suspend);
        run_effects(screen, effects, wanted)?;
        if suspends {
            suspend(screen, &mut sources.signals).await?;
        }
        is_changed |= state.changed;
    }
    Ok(0)
}

/// Logs what failed.
fn note(message: &Message) {
    message.failures().into_iter().for_each(log::failed);
    if let Message::Warned(warning) | Message::NotRemembered(warning) = message {
        log::warned(&warning.summary);
    }
}

/// What the loop goes on with.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
enum LoopEvent {
    /// Something happened.
    Message(Message),
    /// Something happened that means nothing here.
    Nothing,
    /// The terminal has another size.
    #[cfg(unix)]
    Resized,
    /// The process is asked to stop.
    #[cfg(unix)]
    Stop,
    /// The process was stopped and goes on.
    #[cfg(unix)]
    Continue,
    /// End with this exit code.
    End(u8),
}

/// Where the loop hears from.
struct EventSources {
    messages: UnboundedReceiver<Message>,
    input: Input,
    signals: Signals,
    wakeup: Wakeup,
}

impl EventSources {
    /// Waits for a signal, an answer, a key, or the next change on screen.
    /// What changed meanwhile may be drawn after a pause, where one is left.
    async fn next(
        &mut self,
        state: &State,
        keymap: &Keymap,
        now: Now,
        pause: Option<Duration>,
    ) -> LoopEvent {
        let wake = state.wake_at().map(|at| {
            at.signed_duration_since(now.steady)
                .to_std()
                .unwrap_or(Duration::ZERO)
        });
        let wait = wake.into_iter().chain(pause).min();
        tokio::select! { biased;
            signal = self.signals.next() => match signal {
                Signal::End(code) => LoopEvent::End(code),
                #[cfg(unix)]
                Signal::Resized => LoopEvent::Resized,
                #[cfg(unix)]
                Signal::Stop => LoopEvent::Stop,
                #[cfg(unix)]
                Signal::Continue => LoopEvent::Continue,
            },
            Some(message) = self.messages.recv() => LoopEvent::Message(message),
            event = self.input.next() => match event {
                Some(event) => {
                    let input = keymap.translate(state.context(), event.clone());
                    if input.is_none() {
                        self.input.split(&event);
                    }
                    input.map_or(LoopEvent::Nothing, |input| LoopEvent::Message(input.into()))
                }
                // The terminal was closed, which a hang-up says too.
                None => LoopEvent::End(HUNG_UP),
            },
            () = self.wakeup.ring(wait) => LoopEvent::Message(Message::Ticked),
        }
    }
}

fn run_effects(screen: &mut Screen, effects: &mut Effects, wanted: Vec<Effect>) -> io::Result<()> {
    wanted
        .into_iter()
        .try_for_each(|effect| run_effect(screen, effects, effect))
}

/// What concerns the terminal is done here; the rest is started.
fn run_effect(screen: &mut Screen, effects: &mut Effects, effect: Effect) -> io::Result<()> {
    match effect {
        Effect::Copy(text) => {
            stdout().write_all(effects.copy(text).as_bytes())?;
            stdout().flush()
        }
        Effect::RingBell => {
            stdout().write_all(b"\x07")?;
            stdout().flush()
        }
        Effect::Redraw => {
            screen.forget();
            Ok(())
        }
        // Needs to wait, which the loop does.
        Effect::Suspend => Ok(()),
        other => {
            effects.run(other);
            Ok(())
        }
    }
}

/// Stops this process with the others of its group, the terminal given back first.
#[cfg_attr(
    not(unix),
    expect(clippy::unused_async, reason = "there are no stops to wait for")
)]
async fn suspend(screen: &mut Screen, signals: &mut Signals) -> io::Result<()> {
    #[cfg(unix)]
    {
        terminal::give_back();
        signals::ask_for_stop()?;
        signals.stopping().await;
    }
    #[cfg(not(unix))]
    let _ = signals;
    stop(screen)
}

/// Stops this process, and takes the terminal over again once it goes on.
fn stop(screen: &mut Screen) -> io::Result<()> {
    #[cfg(unix)]
    {
        terminal::give_back();
        signals::stop()?;
    }
    screen.resume()
}

fn local(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    instant.with_timezone(&Local).fixed_offset()
}
