//! The terminal, signals, timers, and the event loop around the pure program.

#![deny(clippy::wildcard_enum_match_arm)]

mod clock;
pub mod desktop;
mod effects;
mod input;
mod terminal;
mod theme;

use std::io::{self, IsTerminal, stdout};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, MouseButton, MouseEvent, MouseEventKind};
#[cfg(unix)]
use rustix::{io::Errno, termios::tcgetwinsize};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::action::{self, Motion};
use crate::app::message::{Effect, Message};
use crate::app::state::{Session, State};
use crate::app::{self, Opening};
use crate::config::{log, settings};
use crate::credentials::{Environment, STORE_NAME};
use crate::domain::failure::Failure;
use crate::domain::fetched::Now;
use crate::domain::token::TokenRef;
use crate::keymap::Keymap;
use crate::signals::{self, HUNG_UP, Signal, TerminalSignals};
use crate::startup::output_style::ThemeChoice;
use crate::startup::{Context, output_style};
use crate::terminal::background::Background;
use clock::{Clock, Timer};
use desktop::{Browser, Clipboard};
use effects::Effects;
pub use input::TypedKeys;
use input::{EventStream, TerminalInput};
use terminal::{Features, TerminalGuard};
use theme::ActiveTheme;

/// After a frame that took longer than this, the next one waits.
const LONGEST_FRAME: Duration = Duration::from_millis(50);

/// How long a change may stay off the screen while more input keeps arriving.
const LONGEST_UNSEEN: Duration = Duration::from_millis(50);

/// Why this terminal cannot show the screens; `None` if it can.
pub fn unusable_terminal(context: &Context) -> Option<&'static str> {
    if !(io::stdin().is_terminal() && stdout().is_terminal()) {
        Some("the screens need a terminal")
    } else if context.style.is_dumb {
        Some("the screens need a terminal that moves its cursor, and TERM is dumb or unset")
    } else {
        None
    }
}

/// The drawing context of the screens.
pub struct Appearance {
    keymap: Arc<Keymap>,
    themes: ThemeChoice,
}

impl Appearance {
    /// The keys and colours that files, flags and environment ask for. A `keymap.toml` that cannot be
    /// used is a warning: the built-in keys are used instead.
    ///
    /// # Errors
    /// A theme that does not exist.
    pub fn of(context: &Context, warnings: &mut Vec<Failure>) -> Result<Self, Failure> {
        let mut keymap = Keymap::built_in()?;
        let paths = context.paths.as_ref();
        let text = paths.map_or(Ok(None), settings::keymap_text);
        let patched = text.and_then(|text| match text {
            Some(text) => Ok(keymap.clone().patched(&text)?),
            None => Ok(keymap.clone()),
        });
        match patched {
            Ok(patched) => keymap = patched,
            Err(failure) => warnings.insert(0, failure),
        }
        Ok(Self {
            keymap: Arc::new(keymap),
            themes: output_style::themes(
                &context.flags,
                &context.environment,
                &context.settings,
                &context.themes,
                warnings,
            )?,
        })
    }
}

/// Runs the screens until the user or a signal ends them, and gives the exit code.
///
/// # Errors
/// The terminal's, when it cannot be taken over or written to.
pub fn run(
    context: Context,
    appearance: &Appearance,
    token: Option<TokenRef>,
    warnings: Vec<Failure>,
) -> io::Result<u8> {
    // A single thread halves the wake-ups of an idle countdown: a timer wakes one thread, not two.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(run_loop(context, appearance, token, warnings));
    // A keyring call that hangs must not keep the process.
    runtime.shutdown_background();
    match code {
        Err(error) if is_gone(&error) => Ok(HUNG_UP),
        code => code,
    }
}

/// Whether the terminal was closed. The failed write may be noticed before SIGHUP arrives.
fn is_gone(error: &io::Error) -> bool {
    // The error may come from a later write, so query the terminal as well.
    #[cfg(unix)]
    let is_closed = error.raw_os_error() == Some(Errno::IO.raw_os_error())
        || tcgetwinsize(stdout()) == Err(Errno::IO);
    #[cfg(not(unix))]
    let is_closed = false;
    is_closed || error.kind() == io::ErrorKind::BrokenPipe
}

fn opening(context: &Context, token: Option<TokenRef>) -> Opening {
    match token {
        token if context.flags.demo => Opening::Demo(token),
        Some(token) => Opening::Token(token),
        None if context.credential.identity.is_some() || !context.settings.profiles.is_empty() => {
            Opening::Find
        }
        None => Opening::Setup,
    }
}

fn session(context: &Context) -> Session {
    let credential = &context.credential;
    let variable = context.environment.credential().ok().flatten();
    Session {
        active: credential.clone(),
        store: credential.profile.is_some().then_some(STORE_NAME),
        base_url: context.service.base_url().clone(),
        variable: variable
            .filter(|_| !context.flags.demo)
            .map(|(_, variable)| variable),
        is_named: context.flags.profile.is_some(),
        settings: context.settings.clone(),
        demo_only: context.flags.demo,
    }
}

fn initial_state(context: &Context, appearance: &Appearance, now: Now, size: (u16, u16)) -> State {
    let mut state = State::new(session(context), appearance.keymap.clone(), now, size);
    let paths = context.paths.as_ref();
    state.keymap_file = paths.map(|paths| paths.keymap_file().display().to_string());
    state.ascii = context.style.ascii;
    state
}

async fn run_loop(
    context: Context,
    appearance: &Appearance,
    token: Option<TokenRef>,
    warnings: Vec<Failure>,
) -> io::Result<u8> {
    let signals = TerminalSignals::listen(terminal::give_back_now)?;
    let screen = &mut TerminalGuard::open()?;
    let clock = Clock::start(context.service.clock());
    let mut state = initial_state(&context, appearance, clock.now(), screen.size()?);
    let mut first = app::start(&mut state, opening(&context, token));
    first.insert(0, Effect::LoadRecents);
    let features = features(&context);
    TerminalGuard::enable(features)?;
    let mut theme = ActiveTheme::new(&appearance.themes);
    screen.draw(&state, &theme.current)?;

    let (sender, messages) = unbounded_channel();
    for failure in warnings {
        let _unheard = sender.send(Message::Warned(failure));
    }
    let around = desktop_around(&context.environment);
    let sources = &mut EventSources {
        messages,
        input: EventStream::listen()?,
        signals,
        timer: Timer::new()?,
    };
    if features.has_mouse {
        sources.input.report_mouse();
    }
    if theme.ask()? {
        sources.input.expect_background();
    }
    #[cfg(debug_assertions)]
    test_faults::make(context.environment.get("TOKENSCOPE_TEST_FAULT"))?;
    let mut effects = Effects::new(context.service, context.paths, around, sender);
    for effect in first {
        effects.run(effect, screen)?;
    }
    let code = event_loop(
        screen,
        sources,
        &mut effects,
        &mut state,
        &mut theme,
        &clock,
    )
    .await;
    effects.settle().await;
    // The shell would take a late answer for keys.
    if let Some(left) = theme.time_left() {
        let _none = timeout(left, sources.input.next()).await;
    }
    code
}

/// The features that the settings ask for, without those that the terminal is unlikely to know.
fn features(context: &Context) -> Features {
    Features {
        has_title: context.settings.title && !output_style::is_limited(&context.environment),
        has_mouse: context.settings.mouse,
    }
}

fn desktop_around(environment: &Environment) -> (Clipboard, Browser) {
    let [has_tmux, has_screen] = ["TMUX", "STY"].map(|it| environment.get(it).is_some());
    (
        Clipboard::of(has_tmux, has_screen),
        Browser::of(environment),
    )
}

/// Draws when something changed, waits for the next message, and runs the effects it causes.
async fn event_loop(
    screen: &mut TerminalGuard,
    sources: &mut EventSources,
    effects: &mut Effects,
    state: &mut State,
    theme: &mut ActiveTheme,
    clock: &Clock,
) -> io::Result<u8> {
    let (mut is_changed, mut drawn) = (false, Instant::now());
    // A click means a row of the last frame, so that must be up to date.
    let mut has_pointed = false;
    let mut pause = Duration::ZERO;
    while !state.quit {
        // Drain pending keys first: a frame for each would be invisible.
        let is_quiet = sources.messages.is_empty() && sources.input.is_quiet();
        let unseen = drawn.elapsed();
        let is_time = is_quiet || unseen > LONGEST_UNSEEN;
        if is_changed && (has_pointed || unseen >= pause && is_time) {
            has_pointed = false;
            let begun = Instant::now();
            #[cfg(debug_assertions)]
            test_faults::before_frame();
            screen.draw(state, &theme.current)?;
            (is_changed, drawn) = (false, Instant::now());
            // Leave at least as much time to the network and timers as a slow frame took.
            pause = Some(drawn - begun)
                .filter(|took| *took > LONGEST_FRAME)
                .unwrap_or_default();
            yield_now().await;
        }
        let left = is_changed.then(|| pause.saturating_sub(drawn.elapsed()));
        let left = left.filter(|left| !left.is_zero());
        let message = match sources.next(state, clock.now(), left, screen).await? {
            LoopEvent::Message(message) => message,
            LoopEvent::Background(background) => {
                is_changed |= theme.decide(background);
                continue;
            }
            LoopEvent::Ignored => continue,
            LoopEvent::End(code) => return Ok(code),
        };
        has_pointed |= precede(&message, screen);
        let wanted = app::update(state, clock.now(), message);
        let suspends = wanted.contains(&Effect::Suspend);
        for effect in wanted {
            effects.run(effect, screen)?;
        }
        if suspends {
            suspend(screen, &mut sources.signals).await?;
        }
        is_changed |= state.changed;
    }
    Ok(0)
}

/// Logs a warning, and redraws everything after a change of size. Returns whether the message is about
/// a row of the last frame.
fn precede(message: &Message, screen: &mut TerminalGuard) -> bool {
    if let Message::Warned(warning) | Message::NotRemembered(warning) = message {
        log::warned(&warning.summary);
    }
    if matches!(message, Message::Input(action::Input::Resize(..))) {
        screen.mark_dirty();
    }
    let Message::Input(input) = message else {
        return false;
    };
    matches!(input, action::Input::Wheel(_) | action::Input::Click(_))
}

/// An event that the loop waits for.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, and the large one is the usual one"
)]
enum LoopEvent {
    Message(Message),
    /// The terminal told its background.
    Background(Background),
    /// Input without a meaning here.
    Ignored,
    /// A signal, or the end of the terminal, ends the program with a code.
    End(u8),
}

struct EventSources {
    messages: UnboundedReceiver<Message>,
    input: EventStream,
    signals: TerminalSignals,
    timer: Timer,
}

impl EventSources {
    /// Waits for a signal, an answer, a key, or the next change on screen, but no longer than `pause`.
    async fn next(
        &mut self,
        state: &State,
        now: Now,
        pause: Option<Duration>,
        screen: &mut TerminalGuard,
    ) -> io::Result<LoopEvent> {
        let wake = state.wake_at().map(|at| at - now.steady);
        let wake = wake.map(|left| left.to_std().unwrap_or_default());
        let wait = wake.into_iter().chain(pause).min();
        Ok(tokio::select! { biased;
            signal = self.signals.next() => match signal {
                Signal::End(code) => LoopEvent::End(code),
                #[cfg(unix)]
                Signal::Resized => {
                    let (width, height) = screen.size()?;
                    let resize = action::Input::Resize(width, height);
                    LoopEvent::Message(Message::Input(resize))
                }
                #[cfg(unix)]
                Signal::Stop => {
                    stop(screen)?;
                    LoopEvent::Message(Message::Resumed)
                }
                #[cfg(unix)]
                Signal::Continue => {
                    screen.resume()?;
                    LoopEvent::Message(Message::Resumed)
                }
            },
            Some(message) = self.messages.recv() => LoopEvent::Message(message),
            event = self.input.next() => match event {
                Some(TerminalInput::Event(event)) => {
                    let input = if let Event::Mouse(mouse) = event {
                        pointed(mouse, screen)
                    } else {
                        state.keymap.translate(state.context(), event.clone())
                    };
                    if input.is_none() {
                        self.input.split(&event);
                    }
                    let message = input.map(Message::Input);
                    message.map_or(LoopEvent::Ignored, LoopEvent::Message)
                }
                Some(TerminalInput::Background(background)) => LoopEvent::Background(background),
                // End of input: the terminal was closed.
                None => LoopEvent::End(HUNG_UP),
            },
            () = self.timer.wait(wait) => LoopEvent::Message(Message::Ticked),
        })
    }
}

/// The meaning of the mouse: the wheel moves, and a click on a row of a list selects it.
fn pointed(mouse: MouseEvent, screen: &TerminalGuard) -> Option<action::Input> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the other events of the library have no meaning here"
    )]
    match mouse.kind {
        MouseEventKind::ScrollUp => Some(action::Input::Wheel(Motion::Up)),
        MouseEventKind::ScrollDown => Some(action::Input::Wheel(Motion::Down)),
        MouseEventKind::Down(MouseButton::Left) => screen
            .rows_to(mouse.column, mouse.row)
            .map(action::Input::Click),
        _ => None,
    }
}

/// Stops the whole process group, as Ctrl-Z would. Restores the terminal first.
#[cfg_attr(
    not(unix),
    expect(clippy::unused_async, reason = "other systems have no job control")
)]
async fn suspend(screen: &mut TerminalGuard, signals: &mut TerminalSignals) -> io::Result<()> {
    #[cfg(unix)]
    {
        terminal::give_back();
        signals::request_stop()?;
        signals.stop_requested().await;
    }
    #[cfg(not(unix))]
    let _ = signals;
    stop(screen)
}

/// Stops this process, and takes the terminal over again when it continues.
fn stop(screen: &mut TerminalGuard) -> io::Result<()> {
    #[cfg(unix)]
    {
        terminal::give_back();
        signals::stop()?;
    }
    screen.resume()
}

/// Deliberate faults that let tests check that the terminal is restored. Debug builds only.
#[cfg(debug_assertions)]
mod test_faults {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    /// Whether each frame is slow.
    static IS_SLOW: AtomicBool = AtomicBool::new(false);

    /// Causes the named fault: a panic in the loop (`draw`) or in a task (`task`), an error once the
    /// terminal is taken over (`start`), or slow frames after the first (`slow`).
    #[expect(clippy::panic, reason = "a test requested it")]
    pub(super) fn make(fault: Option<&str>) -> io::Result<()> {
        match fault {
            Some("draw") => panic!("a fault on purpose, while drawing"),
            Some("task") => {
                tokio::spawn(async { panic!("a fault on purpose, in a task") });
            }
            Some("start") => return Err(io::Error::other("a fault on purpose, at the start")),
            Some("slow") => IS_SLOW.store(true, Ordering::Relaxed),
            _ => {}
        }
        Ok(())
    }

    pub(super) fn before_frame() {
        if IS_SLOW.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_secs(2));
        }
    }
}
