//! All that is true now. `update` alone changes it; `ui` alone draws it.
//!
//! Not here: what a message does to it, and anything that can be derived from the rest.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::action::{Action, Context};
use crate::domain::base_url::BaseUrl;
use crate::domain::clock::{ClockOffset, Now};
use crate::domain::credential::{Access, CredentialSource, Identity};
use crate::domain::failure::Failure;
use crate::domain::profile::Settings;
use crate::domain::remote::RequestId;
use crate::domain::scope::Scope;
use crate::domain::text;
use crate::keymap::Keymap;
use crate::layout;
use crate::layout::banner::{BannerKeys, BannerLines, BannerText, fit_banner};
use crate::layout::glyphs::Glyphs;
use crate::screens::browse::state::Browse;
use crate::screens::detail::state::{Detail, View};
use crate::screens::lookup::state::Lookup;
use crate::screens::picker::state::Picker;
use crate::screens::profiles::state::Profiles;
use crate::screens::setup::state::Setup;

/// The bytes of a notice that are kept: more than can be shown of one.
pub(crate) const LONGEST_NOTICE: usize = 4096;

/// How long a notice stays.
const NOTICE: TimeDelta = TimeDelta::seconds(6);

/// The whole program's state.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The screen in front.
    pub screen: Screen,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// Who asks about what.
    pub session: Session,
    /// The form that sets a credential up.
    pub setup: Setup,
    /// The look-up panel.
    pub lookup: Lookup,
    /// The list of all tokens.
    pub browse: Browse,
    /// The profiles.
    pub profiles: Profiles,
    /// The accounts and zones to choose from.
    pub picker: Picker,
    /// The token in view.
    pub detail: Detail,
    /// The last error, until it is mended or dismissed.
    pub banner: Option<Banner>,
    /// What failed that nobody waits for, such as reading a file at the start. No answer takes it
    /// away, only a key.
    pub warnings: Vec<Failure>,
    /// A short message about what was just done.
    pub notice: Option<Notice>,
    /// What time it is.
    pub clock: Clock,
    /// Until when the API wants to be left alone, by the steady clock.
    pub limited_until: Option<DateTime<Utc>>,
    /// The same of credentials that are not in use now.
    pub(crate) pauses: Vec<(CredentialSource, DateTime<Utc>)>,
    /// What was said last of an odd answer: a token that is fetched each minute says it once.
    pub(crate) last_note: Option<String>,
    /// The terminal's width and height in cells.
    pub size: (u16, u16),
    /// Whether to draw with ASCII only.
    pub ascii: bool,
    pub keymap: Arc<Keymap>,
    /// Whether the last message changed what is on screen.
    pub changed: bool,
    /// Whether to end.
    pub quit: bool,
    /// What help lies over.
    pub covered: Option<Overlay>,
    /// Whether recent look-ups cannot be written, which was said.
    pub(crate) is_forgetful: bool,
    pub(crate) next_change: Option<DateTime<Utc>>,
    pub(crate) last_request: RequestId,
    /// The screen that the profiles were opened from.
    pub(crate) before_profiles: Screen,
    /// The start of the demo that is under way.
    pub(crate) awaited_demo: Option<RequestId>,
    /// The question for the server's time that is under way.
    pub(crate) measuring: Option<RequestId>,
}

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Set a credential up.
    Setup,
    /// Name a token.
    Lookup,
    /// Look at all tokens of the scope.
    Browse,
    /// Look at a token.
    Detail,
    /// Switch profiles, and change them.
    Profiles,
}

/// What lies over a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// The keys, scrolled to a row.
    Help {
        /// The first row shown.
        top: usize,
    },
    /// Everything known of the last error, scrolled to a row.
    ErrorDetails {
        /// The first row shown.
        top: usize,
    },
    /// The accounts and zones to choose from.
    Picker,
    /// The question whether the selected profile is to be removed.
    Confirm,
    /// Several tokens of one name, of which one is selected.
    Choice {
        /// The selected row.
        selected: usize,
    },
}

/// Who asks about what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Session {
    /// The credential in use; none before the first set-up.
    pub identity: Option<Identity>,
    /// The profile in use, where one is.
    pub profile: Option<String>,
    /// The scope that new look-ups start from.
    pub scope: Option<Scope>,
    /// Where that scope came from, for people who wonder.
    pub scope_origin: String,
    /// Where the profile's secret is kept, once known: `Secret Service`.
    pub store: Option<&'static str>,
    /// Where requests go.
    pub base_url: BaseUrl,
    /// The environment's variable that counts before the default profile, where one holds a credential.
    pub variable: Option<&'static str>,
    /// Whether the profile was named on the command line, which counts before any variable.
    pub is_named: bool,
    /// What the user set.
    pub settings: Settings,
    /// Whether the program was started for the demo and nothing else.
    pub demo_only: bool,
}

impl Session {
    /// The credential in use with a scope.
    #[must_use]
    pub fn access(&self, scope: &Scope) -> Option<Access> {
        Some(Access {
            identity: self.identity.clone()?,
            scope: scope.clone(),
        })
    }

    /// The host that requests go to, where that is not Cloudflare's and not the demo's.
    #[must_use]
    pub fn foreign_host(&self) -> Option<String> {
        let is_asked = !self.is_demo() && !self.demo_only;
        is_asked.then(|| self.base_url.foreign_host()).flatten()
    }

    /// Whether the embedded demo is in use.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.identity
            .as_ref()
            .is_some_and(|identity| identity.source == CredentialSource::Demo)
    }
}

/// The last error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// What went wrong.
    pub failure: Failure,
    /// How often the same thing went wrong in a row.
    pub count: usize,
}

/// A short message about what was just done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The message. It may hold untrusted text.
    pub text: String,
    /// When it goes away, by the steady clock.
    pub until: DateTime<Utc>,
}

/// The least that the wall clock must have been set by for that to count.
const JUMP: TimeDelta = TimeDelta::seconds(2);

/// What time it is, here and by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The wall clock: for dates, together with the offset.
    pub local: DateTime<Utc>,
    /// The clock that only runs forward: for intervals.
    pub steady: DateTime<Utc>,
    /// What the server's clock is ahead of the wall clock.
    pub offset: ClockOffset,
    /// When the wall clock was last set, or the computer woke up, by the steady clock: connections
    /// and measurements from before are not to be trusted.
    pub jumped_at: Option<DateTime<Utc>>,
    /// What the wall clock was ahead of the steady one when the offset was measured.
    pub(crate) lead: TimeDelta,
    /// Whether an answer has shown the server's time.
    pub(crate) is_measured: bool,
    /// Whether the server's time is to be asked for, since the offset was dropped.
    pub(crate) is_in_doubt: bool,
}

impl Clock {
    /// The clocks at an instant, before anything was measured.
    #[must_use]
    pub fn at(now: Now) -> Self {
        Self {
            local: now.wall,
            steady: now.steady,
            offset: ClockOffset::default(),
            jumped_at: None,
            lead: now.lead(),
            is_measured: false,
            is_in_doubt: false,
        }
    }

    /// Whole seconds since an instant of the steady clock.
    #[must_use]
    pub fn seconds_since(&self, steady: DateTime<Utc>) -> i64 {
        self.steady.signed_duration_since(steady).num_seconds()
    }

    /// The time by the server's clock, which decides about expiry.
    #[must_use]
    pub fn corrected(&self) -> DateTime<Utc> {
        self.offset.correct(self.local)
    }

    /// When the steady clock will show what is an instant of the server's clock now.
    pub(crate) fn steady_at(&self, corrected: DateTime<Utc>) -> DateTime<Utc> {
        let ahead = self.local.signed_duration_since(self.steady);
        let local = self.offset.to_local(corrected);
        local.checked_sub_signed(ahead).unwrap_or(local)
    }

    /// Moves on to an instant. True where the wall clock was set since: what was measured by it is
    /// then dropped.
    pub(crate) fn move_to(&mut self, now: Now) -> bool {
        (self.local, self.steady) = (now.wall, now.steady);
        let has_jumped = (now.lead() - self.lead).abs() > JUMP;
        if has_jumped {
            self.jumped_at = Some(now.steady);
            self.lead = now.lead();
            self.offset = ClockOffset::default();
            self.is_in_doubt |= self.is_measured;
            self.is_measured = false;
        }
        has_jumped
    }

    /// Takes in how far the server's clock is ahead, where an answer showed it.
    pub(crate) fn measured(&mut self, offset: Option<TimeDelta>) {
        let Some(offset) = offset else { return };
        self.offset = self.offset.updated(offset);
        self.lead = self.local.signed_duration_since(self.steady);
        self.is_measured = true;
        self.is_in_doubt = false;
    }
}

impl State {
    /// An empty program at an instant, for a terminal of a size in cells.
    #[must_use]
    pub fn new(session: Session, now: impl Into<Now>, size: (u16, u16)) -> Self {
        Self {
            screen: Screen::Lookup,
            overlay: None,
            setup: Setup::default(),
            lookup: Lookup::starting_from(session.scope.as_ref()),
            session,
            browse: Browse::default(),
            profiles: Profiles::default(),
            picker: Picker::default(),
            detail: Detail::default(),
            banner: None,
            notice: None,
            warnings: Vec::new(),
            clock: Clock::at(now.into()),
            limited_until: None,
            pauses: Vec::new(),
            last_note: None,
            size,
            ascii: false,
            keymap: Arc::default(),
            changed: true,
            quit: false,
            is_forgetful: false,
            next_change: None,
            last_request: RequestId::default(),
            before_profiles: Screen::Lookup,
            covered: None,
            awaited_demo: None,
            measuring: None,
        }
    }

    /// Where keys are pressed now.
    #[must_use]
    pub fn context(&self) -> Context {
        match self.overlay {
            Some(Overlay::Help { .. }) => Context::Help,
            Some(Overlay::ErrorDetails { .. }) => Context::ErrorDetails,
            Some(Overlay::Choice { .. }) => Context::Choice,
            Some(Overlay::Picker) => Context::PickerText,
            Some(Overlay::Confirm) => Context::Confirm,
            None => self.screen_context(),
        }
    }

    /// Where keys are pressed once nothing lies over the screen.
    fn screen_context(&self) -> Context {
        match self.screen {
            Screen::Setup if self.setup.is_editing() => Context::SetupText,
            Screen::Setup => Context::Setup,
            Screen::Lookup if self.lookup.is_editing() => Context::LookupText,
            Screen::Lookup => Context::Lookup,
            Screen::Browse if self.browse.is_filtering => Context::BrowseText,
            Screen::Browse => Context::Browse,
            // In the demo that is all there is, no profile is read or written.
            Screen::Profiles if self.session.demo_only => Context::Commands,
            Screen::Profiles => Context::Profiles,
            Screen::Detail => match &self.detail.view {
                View::Fields => Context::Detail,
                View::Raw(raw) if raw.is_typing => Context::RawText,
                View::Raw(_) => Context::Raw,
            },
        }
    }

    /// Whether the terminal is too small for any screen, and only says so.
    #[must_use]
    pub fn is_too_small(&self) -> bool {
        self.size.0 < layout::SMALLEST.0 || self.size.1 < layout::SMALLEST.1
    }

    /// The last error, then the warnings.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        let error = self.banner.iter().map(|banner| &banner.failure);
        error.chain(&self.warnings)
    }

    /// A key was pressed, or text typed: whoever did that has seen the warnings. True if there were
    /// any. The details of them can still be opened.
    pub(crate) fn dismiss_warnings(&mut self, action: Option<Action>) -> bool {
        let is_reading = matches!(self.overlay, Some(Overlay::ErrorDetails { .. }))
            && action != Some(Action::Back);
        let leads_to_details = match action {
            Some(Action::ErrorDetails) => true,
            Some(Action::Back) => self.context().is_text(),
            _ => false,
        };
        if is_reading || leads_to_details {
            return false;
        }
        let had_some = !self.warnings.is_empty();
        self.warnings.clear();
        had_some
    }

    /// The characters to draw with.
    #[must_use]
    pub fn glyphs(&self) -> &'static Glyphs {
        Glyphs::of(self.ascii)
    }

    /// The keys that the banner offers.
    #[must_use]
    pub fn banner_keys(&self) -> BannerKeys {
        let can_list = self.lost_name().is_some();
        let context = self.screen_context();
        BannerKeys::new(&self.keymap, context, self.reentry_helps(), can_list)
    }

    /// The last error, and the warnings that no key has dismissed yet, as the banner shows them.
    #[must_use]
    pub fn banner_lines(&self) -> Option<BannerLines> {
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
            count: self.banner.as_ref().map_or(1, |banner| banner.count),
            more,
        };
        let keys = self.banner_keys();
        Some(fit_banner(text, self.size, &keys, self.glyphs()))
    }

    /// Rows of the banner, which stands between the body and the footer; 0 without one.
    #[must_use]
    pub fn banner_rows(&self) -> u16 {
        let rows = self.banner_lines().map_or(0, |lines| lines.rows());
        u16::try_from(rows).unwrap_or(u16::MAX)
    }

    /// The size of the body: everything but header, banner and footer.
    #[must_use]
    pub fn body(&self) -> (u16, u16) {
        layout::body(self.size, self.banner_rows())
    }

    /// The rows inside a frame around the whole body.
    #[must_use]
    pub fn body_rows(&self) -> usize {
        usize::from(self.body().1.saturating_sub(2))
    }

    /// Whether the last error may be mended by typing the credential again, and that is not under way.
    #[must_use]
    pub fn reentry_helps(&self) -> bool {
        let banner = self.banner.as_ref();
        self.screen != Screen::Setup
            && banner.is_some_and(|it| it.failure.kind.is_about_credential())
    }

    /// Seconds until the API may be asked again, rounded up; none when it may be asked now.
    #[must_use]
    pub fn limited_for(&self) -> Option<i64> {
        let left = self
            .limited_until?
            .signed_duration_since(self.clock.steady)
            .num_milliseconds();
        (left > 0).then(|| (left + 999) / 1000)
    }

    /// A name for the next request.
    pub(crate) fn next_request(&mut self) -> RequestId {
        self.last_request.0 += 1;
        self.last_request
    }

    /// Shows a short message for a few seconds.
    pub(crate) fn tell(&mut self, text: impl Into<String>) {
        let until = self
            .clock
            .steady
            .checked_add_signed(NOTICE)
            .unwrap_or(self.clock.steady);
        let mut text = text.into();
        let start = text::start(&text, LONGEST_NOTICE).len();
        if start < text.len() {
            text.truncate(start);
            text.push('…');
        }
        self.notice = Some(Notice { text, until });
    }

    /// Says quietly, and once, that recent look-ups cannot be written.
    pub(crate) fn tell_once_of(&mut self, failure: &Failure) {
        if !std::mem::replace(&mut self.is_forgetful, true) {
            self.tell(format!("Look-ups are not remembered: {}", failure.summary));
        }
    }

    /// Shows what failed that nobody waits for, until a key is pressed.
    pub(crate) fn warn(&mut self, failure: Failure) {
        let failure = failure.on_screen();
        if !self.warnings.contains(&failure) {
            self.warnings.push(failure);
        }
    }

    /// When a pause that begins now is over, by the steady clock.
    fn end_of(&self, pause: std::time::Duration) -> Option<DateTime<Utc>> {
        let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
        self.clock.steady.checked_add_signed(pause)
    }

    /// Takes note of what an answer says besides what was asked for.
    pub(crate) fn take_aside(
        &mut self,
        source: &CredentialSource,
        retry_after: Option<std::time::Duration>,
        note: Option<String>,
    ) {
        let until = retry_after.and_then(|pause| self.end_of(pause));
        let in_use = self.session.identity.as_ref();
        if in_use.is_none_or(|identity| identity.source == *source) {
            self.limited_until = self.limited_until.max(until);
            if note.is_some() && note != self.last_note {
                self.last_note.clone_from(&note);
                self.notice = None;
                if let Some(note) = note {
                    self.tell(note);
                }
            }
        } else if let Some(until) = until {
            self.pauses.retain(|(known, _)| known != source);
            self.pauses.push((source.clone(), until));
        }
    }

    /// Shows an error. The same error again only counts up.
    pub(crate) fn report(&mut self, failure: Failure) {
        let failure = failure.on_screen();
        if let Some(pause) = failure.retry_after {
            self.limited_until = self.end_of(pause);
        }
        let count = match &self.banner {
            Some(shown)
                if shown.failure.kind == failure.kind
                    && shown.failure.summary == failure.summary =>
            {
                shown.count + 1
            }
            _ => 1,
        };
        self.banner = Some(Banner { failure, count });
    }
}
