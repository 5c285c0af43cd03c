//! The whole state: the screens, the active credential, the time, and the messages on screen.
//! `update` alone changes it; views only read it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};

use super::access_reading::{AccessReading, OpensCounts};
use super::message::Effect;
use super::token_list::TokenList;
use crate::action::Action;
use crate::domain::credential::{Access, ActiveCredential, CredentialSource};
use crate::domain::failure::Failure;
use crate::domain::fetched::{ClockOffset, Now, Received, RequestId};
use crate::domain::profile::Settings;
use crate::domain::scope::{BaseUrl, Scope};
use crate::domain::status::EvaluationContext;
use crate::domain::text;
use crate::keymap::Keymap;
use crate::layout::glyphs::Glyphs;
use crate::layout::{self, BannerKeys, BannerLines, BannerText, fit_banner};
use crate::screens::browse::state::{Browse, Follow};
use crate::screens::export::state::Export;
use crate::screens::for_each_screen;
use crate::screens::help::state::HelpMenu;
use crate::screens::picker::state::Picker;

/// The longest notice, in bytes; more than the screen can show.
const LONGEST_NOTICE: usize = 4096;

/// From this height of the terminal on, in cells, the banner stays beneath the details of its error.
const ROOM_FOR_BOTH: u16 = 20;

/// How long a notice stays.
const NOTICE: TimeDelta = TimeDelta::seconds(5);

/// The active credential and the defaults of requests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    pub active: ActiveCredential,
    /// The store that holds the profile's secret, once known: `Secret Service`.
    pub store: Option<&'static str>,
    pub base_url: BaseUrl,
    /// The environment variable that takes precedence over the default profile, if it is set.
    pub variable: Option<&'static str>,
    /// Whether the command line named the profile, which takes precedence over any variable.
    pub is_named: bool,
    pub settings: Settings,
    /// Whether the program was started with `--demo`.
    pub demo_only: bool,
}

impl Session {
    /// The credential in use, with a scope.
    pub fn access(&self, scope: &Scope) -> Option<Access> {
        Some(Access {
            identity: self.active.identity.clone()?,
            scope: scope.clone(),
        })
    }

    /// The API's host, unless it is Cloudflare's or the demo's.
    pub fn foreign_host(&self) -> Option<String> {
        let host = self.base_url.foreign_host();
        host.filter(|_| !self.shows_demo())
    }

    /// Whether the embedded demo is in use, or will be once it runs.
    pub fn shows_demo(&self) -> bool {
        self.demo_only || self.is_demo()
    }

    /// The name of an account or zone, if a profile of it knows its name. Untrusted text.
    pub fn scope_name(&self, scope: &Scope) -> Option<&str> {
        let mut profiles = self.settings.profiles.iter();
        profiles.find_map(|profile| {
            let is_same = profile.scope.as_ref() == Some(scope);
            profile.scope_name.as_deref().filter(|_| is_same)
        })
    }

    /// Whether the embedded demo is in use.
    pub fn is_demo(&self) -> bool {
        self.uses(&CredentialSource::Demo)
    }

    /// Whether the credential in use comes from a source.
    pub fn uses(&self, source: &CredentialSource) -> bool {
        self.active.source() == Some(source)
    }

    /// Whether the user must choose a profile: some exist, and no credential is active.
    pub fn needs_choice(&self) -> bool {
        self.active.identity.is_none() && !self.settings.profiles.is_empty()
    }
}

/// The last error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    pub failure: Failure,
    /// How often it happened in a row.
    pub count: usize,
}

/// A short message that disappears by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// May contain untrusted text.
    pub text: String,
    /// When it disappears, by the steady clock.
    pub until: DateTime<Utc>,
}

/// Smaller changes of the wall clock are adjustments, not jumps.
const JUMP: TimeDelta = TimeDelta::seconds(2);

/// The time, here and on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clock {
    /// The wall clock: with the offset, for dates.
    pub local: DateTime<Utc>,
    /// The monotonic clock: for intervals.
    pub steady: DateTime<Utc>,
    /// How far the server's clock is ahead of the wall clock.
    pub offset: ClockOffset,
    /// When the wall clock was last set, or the computer woke up, by the steady clock. Connections
    /// and measurements from before then are not trusted.
    pub jumped_at: Option<DateTime<Utc>>,
    /// How far the wall clock was ahead of the steady one when the offset was measured.
    lead: TimeDelta,
    is_measured: bool,
    /// Whether the offset was dropped and must be measured again.
    pub(crate) needs_measuring: bool,
}

impl Clock {
    /// The clocks at an instant, before any measurement.
    pub fn at(now: Now) -> Self {
        Self {
            local: now.wall,
            steady: now.steady,
            lead: now.lead(),
            ..Self::default()
        }
    }

    /// Whole seconds since an instant of the steady clock.
    pub fn seconds_since(&self, steady: DateTime<Utc>) -> i64 {
        self.steady.signed_duration_since(steady).num_seconds()
    }

    /// The time by the server's clock, which decides about expiry.
    pub fn corrected(&self) -> DateTime<Utc> {
        self.offset.correct(self.local)
    }

    /// Converts an instant of the server's clock to the steady clock.
    pub(crate) fn steady_at(&self, corrected: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = self.local.signed_duration_since(self.steady);
        let local = self.offset.to_local(corrected);
        local.checked_sub_signed(ahead).unwrap_or(local)
    }

    /// Advances to an instant. If the wall clock was set meanwhile, drops the measured offset and
    /// returns true.
    pub(crate) fn move_to(&mut self, now: Now) -> bool {
        (self.local, self.steady) = (now.wall, now.steady);
        let has_jumped = (now.lead() - self.lead).abs() > JUMP;
        if has_jumped {
            self.jumped_at = Some(now.steady);
            self.lead = now.lead();
            self.offset = ClockOffset::default();
            self.needs_measuring |= self.is_measured;
            self.is_measured = false;
        }
        has_jumped
    }

    /// Updates the offset from a response, if it had a usable date.
    pub(crate) fn measured(&mut self, offset: Option<TimeDelta>) {
        let Some(offset) = offset else { return };
        self.offset = self.offset.updated(offset);
        self.lead = self.local.signed_duration_since(self.steady);
        self.is_measured = true;
        self.needs_measuring = false;
    }
}

macro_rules! define_state {
    (
        screens { $($screen:ident: $module:ident,)* }
        overlays { $($overlay:ident $({ $field:ident: $type:ty })?: $folder:ident,)* }
    ) => {
        /// The screens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Screen {
            $($screen,)*
        }

        impl Default for Screen {
            /// The screen that the program starts with.
            fn default() -> Self {
                Self::Find
            }
        }

        /// The overlays.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Overlay {
            $($overlay $({ $field: $type })?,)*
        }

        /// The state of the whole program.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct State {
            /// The screen in front.
            pub screen: Screen,
            pub overlay: Option<Overlay>,
            /// The overlay that help was opened over.
            pub covered: Option<Overlay>,
            $(pub $module: crate::screens::$module::state::$screen,)*
            pub picker: Picker,
            pub help: HelpMenu,
            pub export: Export,
            /// The tokens of a scope, which Find and Browse show.
            pub list: TokenList,
            pub access_reading: AccessReading,
            /// How many apps open for the tokens on Browse.
            pub opens: OpensCounts,
            /// The list of all profiles while that of a scope is on screen, or the other way round.
            pub(crate) set_aside: Option<Box<(TokenList, Browse)>>,
            pub session: Session,
            /// The last error, until it is resolved or dismissed.
            pub banner: Option<Banner>,
            /// The screen that the last error was reported on; `None` if just now.
            pub(crate) reported_on: Option<Screen>,
            /// Failures in the background, such as reading a file at the start. They stay until a
            /// key is pressed.
            pub warnings: Vec<Failure>,
            pub notice: Option<Notice>,
            pub clock: Clock,
            /// Until when the API asked us to pause, by the steady clock.
            pub limited_until: Option<DateTime<Utc>>,
            /// The same for inactive credentials.
            pub(crate) pauses: Vec<(CredentialSource, DateTime<Utc>)>,
            /// The last note about a response, which is not repeated.
            last_note: Option<String>,
            /// The terminal's width and height in cells.
            pub size: (u16, u16),
            /// Whether to draw with ASCII only.
            pub ascii: bool,
            pub keymap: Arc<Keymap>,
            /// Whether the last message changed the screen.
            pub changed: bool,
            /// Whether to end the program.
            pub quit: bool,
            /// Whether the user was told that recent lookups cannot be saved.
            told_of_recents: bool,
            /// Where the user's keys are, if files are in use.
            pub keymap_file: Option<String>,
            /// Whether the user was told that letters are commands.
            pub(super) told_of_letters: bool,
            pub(crate) next_change: Option<DateTime<Utc>>,
            last_request: RequestId,
            /// The screen that the profiles were opened from.
            pub(crate) before_profiles: Screen,
            /// The same for Uses and for a probe.
            pub(crate) before_uses: Screen,
            pub(crate) before_probe: Screen,
            pub(crate) demo_request: Option<RequestId>,
            /// The credential in use before the demo.
            pub(crate) before_demo: Option<ActiveCredential>,
            pub(crate) clock_request: Option<RequestId>,
            /// What to do about the message that is being handled; empty between messages.
            pub(super) effects: Vec<Effect>,
        }

        impl State {
            /// The initial state, on a terminal with a size in cells.
            pub fn new(
                session: Session,
                keymap: Arc<Keymap>,
                now: impl Into<Now>,
                size: (u16, u16),
            ) -> Self {
                Self {
                    session,
                    clock: Clock::at(now.into()),
                    size,
                    keymap,
                    changed: true,
                    ..Self::default()
                }
            }

            /// Drops everything fetched or shown with the active credential, and cancels the pending
            /// requests. Names what stays, so that nothing is kept by mistake.
            pub(super) fn reset(&mut self) {
                let mut requests = Vec::new();
                $(requests.extend(self.$module.reset());)*
                requests.extend(self.picker.reset());
                requests.extend(self.list.reset());
                requests.extend(self.access_reading.reset());
                requests.extend(self.demo_request);
                requests.extend(self.clock_request);
                let old = std::mem::take(self);
                *self = Self {
                    screen: old.screen,
                    covered: old.covered,
                    $($module: old.$module,)*
                    access_reading: old.access_reading,
                    // A file that is being written is written to its end.
                    export: old.export,
                    session: old.session,
                    warnings: old.warnings,
                    clock: old.clock,
                    // A pause belongs to a credential, and is stored with it.
                    limited_until: old.limited_until,
                    pauses: old.pauses,
                    last_note: old.last_note,
                    size: old.size,
                    ascii: old.ascii,
                    keymap: old.keymap,
                    changed: old.changed,
                    quit: old.quit,
                    told_of_recents: old.told_of_recents,
                    keymap_file: old.keymap_file,
                    told_of_letters: old.told_of_letters,
                    next_change: old.next_change,
                    before_demo: old.before_demo,
                    last_request: old.last_request,
                    effects: old.effects,
                    ..Self::default()
                };
                self.effects.extend(requests.into_iter().map(Effect::Cancel));
            }
        }
    };
}

for_each_screen!(define_state);

impl State {
    /// How tokens are evaluated at an instant of the server's clock.
    pub(crate) fn context_at(&self, now: DateTime<Utc>) -> EvaluationContext {
        EvaluationContext {
            now,
            clock_offset: self.clock.offset,
            thresholds: self.session.settings.thresholds,
        }
    }

    /// How the tokens of the list are evaluated: at the whole second when all their digits change.
    pub(crate) fn list_context(&self) -> EvaluationContext {
        self.context_at(whole_second(self.clock.corrected()))
    }

    /// Changes the list, and all that shows a part of it.
    pub(crate) fn change_list(&mut self, follow: Follow, change: impl FnOnce(&mut TokenList)) {
        let browsed = self.browse.token(&self.list).cloned();
        change(&mut self.list);
        self.browse
            .list_changed(&self.list, browsed.as_ref(), follow);
    }

    /// Moves tokens of the list whose status changed over time to their new positions.
    pub(crate) fn reevaluate_list(&mut self) {
        let context = self.list_context();
        if self.list.is_due(context.now) {
            self.change_list(Follow::Token, |list| list.reevaluate(context));
        }
    }

    /// The first whole second of the server's clock at or after an instant, by the steady clock.
    pub(crate) fn steady_second(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let last = whole_second(at);
        let next = last + TimeDelta::seconds(1);
        let whole = if last < at { next } else { at };
        self.clock.steady_at(whole)
    }

    /// Whether the terminal is too small for any screen.
    pub fn is_too_small(&self) -> bool {
        self.size.0 < layout::SMALLEST.0 || self.size.1 < layout::SMALLEST.1
    }

    /// Whether help hides the screen beneath.
    pub(crate) fn is_covered(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Help))
    }

    /// The last error, then the warnings.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        let error = self.banner.iter().map(|banner| &banner.failure);
        error.chain(&self.warnings)
    }

    /// Drops the warnings on a key press, since the user has seen them, unless the key opens or
    /// scrolls their details. Returns whether there were any.
    pub(crate) fn dismiss_warnings(&mut self, action: Option<Action>) -> bool {
        let is_back = action == Some(Action::Back);
        let is_reading = matches!(self.overlay, Some(Overlay::ErrorDetails { .. })) && !is_back;
        // In a text field, the user must leave the field before opening the details.
        let leads_to_details =
            action == Some(Action::ErrorDetails) || is_back && self.context().is_text();
        if is_reading || leads_to_details {
            return false;
        }
        !std::mem::take(&mut self.warnings).is_empty()
    }

    /// The characters to draw with.
    pub fn glyphs(&self) -> &'static Glyphs {
        Glyphs::of(self.ascii)
    }

    /// The last error, and the warnings that no key has dismissed yet, as the banner shows them.
    pub fn banner_lines(&self) -> Option<BannerLines> {
        // The details say all of it, and need the room.
        let has_details = matches!(self.overlay, Some(Overlay::ErrorDetails { .. }));
        if has_details && self.size.1 < ROOM_FOR_BOTH {
            return None;
        }
        let mut failures = self.failures();
        let first = failures.next()?;
        let (mut headline, mut hint) = (first.summary.clone(), first.hint.to_string());
        let mut more = 0;
        for other in failures {
            headline = format!("{headline} {}", other.summary);
            let other = other.hint.to_string();
            if !hint.contains(&other) {
                hint = format!("{hint} {other}");
            }
            more += 1;
        }
        let text = BannerText {
            headline: text::beginning(&headline),
            hint: text::beginning(&hint),
            kind: first.kind,
            is_warning: self.banner.is_none(),
            count: self.banner.as_ref().map_or(1, |banner| banner.count),
            more,
        };
        let can_list = self.lost_name().is_some();
        let context = self.screen.handler().context(self);
        let keys = BannerKeys::new(&self.keymap, context, self.reentry_labels(), can_list);
        Some(fit_banner(text, self.size, &keys, self.glyphs()))
    }

    /// The banner's rows between the body and the footer; 0 without a banner.
    pub fn banner_rows(&self) -> u16 {
        let rows = self.banner_lines().map_or(0, |lines| lines.lines.len());
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    /// The size of the body: everything but header, banner and footer.
    pub fn body(&self) -> (u16, u16) {
        layout::body(self.size, self.banner_rows())
    }

    /// The rows inside a frame around the whole body.
    pub fn body_rows(&self) -> usize {
        usize::from(self.body().1.saturating_sub(2))
    }

    /// Whether an action that works on every screen does something now.
    pub(crate) fn can_anywhere(&self, action: Action) -> bool {
        if action == Action::ErrorDetails {
            self.failures_on_screen().next().is_some()
        } else if action == Action::ReenterCredential {
            self.reentry_helps()
        } else {
            action != Action::OpenDemo || !self.session.demo_only
        }
    }

    /// Whether entering the credential again may resolve the last error.
    pub fn reentry_helps(&self) -> bool {
        let banner = self.banner.as_ref();
        self.screen != Screen::Setup
            && banner.is_some_and(|it| it.failure.kind.is_about_credential())
    }

    /// Seconds until the API may be called again, rounded up; `None` if it may be called now.
    pub fn limited_for(&self) -> Option<i64> {
        let left = self.limited_until?.signed_duration_since(self.clock.steady);
        let left = left.num_milliseconds();
        (left > 0).then(|| (left + 999) / 1000)
    }

    pub(crate) fn next_request(&mut self) -> RequestId {
        self.last_request.0 += 1;
        self.last_request
    }

    /// Asks for an effect, once the message is handled.
    pub(crate) fn emit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Cancels a request, if there is one.
    pub(crate) fn cancel(&mut self, request: Option<RequestId>) {
        self.effects.extend(request.map(Effect::Cancel));
    }

    /// A value that arrived now.
    pub(crate) fn received<T>(&self, value: T) -> Received<T> {
        let at = self.clock.steady;
        Received { value, at }
    }

    /// Notes whether a response is the one that is awaited. Another one changes nothing.
    pub(crate) fn expects(&mut self, awaited: Option<RequestId>, request: RequestId) -> bool {
        self.changed = awaited == Some(request);
        self.changed
    }

    /// The name of an account or zone, if a profile or the choice between them knows it. Untrusted text.
    pub fn scope_name(&self, scope: &Scope) -> Option<&str> {
        let listed = self.picker.named(scope).map(|named| named.name.as_str());
        self.session.scope_name(scope).or(listed)
    }

    /// Shows a short message for a few seconds.
    pub(crate) fn notify(&mut self, text: impl Into<String>) {
        let now = self.clock.steady;
        let until = now.checked_add_signed(NOTICE).unwrap_or(now);
        let mut text = text.into();
        let start = text::start(&text, LONGEST_NOTICE).len();
        if start < text.len() {
            text.truncate(start);
            text.push('…');
        }
        self.notice = Some(Notice { text, until });
    }

    /// Says once that recent lookups cannot be saved.
    pub(crate) fn tell_of_recents(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.told_of_recents, true) {
            self.notify(format!("Look-ups are not remembered: {}", failure.summary));
        }
    }

    /// Shows a background failure until a key is pressed.
    pub(crate) fn warn(&mut self, failure: Failure) {
        let failure = failure.on_screen();
        if !self.warnings.contains(&failure) {
            self.warnings.push(failure);
        }
    }

    /// Shows an error. The same error again only raises its count.
    pub(crate) fn report(&mut self, failure: Failure) {
        let failure = failure.on_screen();
        if let Some(pause) = failure.retry_after {
            self.limited_until = self.end_of(pause);
        }
        let shown = self.banner.take().filter(|shown| {
            shown.failure.kind == failure.kind && shown.failure.summary == failure.summary
        });
        let count = shown.map_or(1, |shown| shown.count + 1);
        self.reported_on = None;
        self.banner = Some(Banner { failure, count });
    }

    /// When a pause that begins now ends, by the steady clock.
    fn end_of(&self, pause: Duration) -> Option<DateTime<Utc>> {
        let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
        self.clock.steady.checked_add_signed(pause)
    }

    /// Applies the additional information in a response to a credential.
    pub(crate) fn note_response(
        &mut self,
        source: &CredentialSource,
        retry_after: Option<Duration>,
        note: Option<String>,
    ) {
        let until = retry_after.and_then(|pause| self.end_of(pause));
        if self.session.active.identity.is_none() || self.session.uses(source) {
            self.limited_until = self.limited_until.max(until);
            if let Some(note) = note.filter(|note| self.last_note.as_ref() != Some(note)) {
                self.last_note = Some(note.clone());
                self.notify(note);
            }
        } else if let Some(until) = until {
            self.pauses.retain(|(known, _)| known != source);
            self.pauses.push((source.clone(), until));
        }
    }
}

/// The last whole second before an instant.
pub(crate) fn whole_second(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::seconds(1)).unwrap_or(at)
}
