//! The states that snapshots show, and how they are rendered as text.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};
use ratatui::{Frame, Terminal};
use tokenscope::app::form::{Editor, TextField};
use tokenscope::app::message::Stage;
use tokenscope::app::state::{Banner, Notice, Overlay, Screen, Session, State};
use tokenscope::credentials::StoreError;
use tokenscope::domain::credential::{
    Access, ActiveCredential, CredentialKind, CredentialSource, Identity, Secret,
};
use tokenscope::domain::failure::{ApiError, Details, Failure, FailureKind};
use tokenscope::domain::fetched::{ClockOffset, Received, Remote, RequestId};
use tokenscope::domain::fields;
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::token::{ServiceToken, TokenRef};
use tokenscope::layout::detail::Part;
use tokenscope::screens::detail::state::RawView;
use tokenscope::screens::detail::state::View;
use tokenscope::screens::find::state::Item;
use tokenscope::screens::request::state::RequestChoice;
use tokenscope::screens::setup::state::SetupButton::{Save, SessionOnly, SessionUnchecked};
use tokenscope::screens::setup::state::{Phase, Setup, SetupField};
use tokenscope::screens::view;
use tokenscope::theme::{ColorDepth, Theme};

use crate::screens::profiles as screens_profiles;
use crate::support::app::keys;
use crate::support::sessions::{in_demo, login_keyring};
use crate::support::tokens::{instant as at, token};

pub(crate) const SMALL: (u16, u16) = (60, 20);

pub(crate) const USUAL: (u16, u16) = (80, 24);

pub(crate) const SKETCH: (u16, u16) = (100, 30);

pub(crate) const LARGE: (u16, u16) = (120, 40);

/// The name of a snapshot, and its state.
pub(crate) type Scene = (&'static str, fn() -> State);

pub(crate) const SETUP: [Scene; 10] = [
    ("setup_empty", setup_empty),
    ("setup_filled", setup_filled),
    ("setup_complaint", setup_complaint),
    ("setup_store_failed", setup_store_failed),
    ("setup_global_key", setup_global_key),
    ("setup_replacing", setup_replacing),
    ("setup_checking", setup_checking),
    ("setup_network_failure", setup_network_failure),
    ("setup_cut_off", setup_cut_off),
    ("setup_slow_store", setup_slow_store),
];

pub(crate) const LOOKUP: [Scene; 7] = [
    ("lookup_demo", lookup_demo),
    ("lookup_empty", lookup_empty),
    ("lookup_recents", lookup_recents),
    ("lookup_loading", lookup_loading),
    ("lookup_keyring", lookup_keyring),
    ("lookup_complaint", lookup_complaint),
    ("lookup_url", lookup_url),
];

pub(crate) const DETAIL: [Scene; 18] = [
    ("detail_loading", detail_loading),
    ("detail_active", detail_active),
    ("detail_expiring", detail_expiring),
    ("detail_critical", detail_critical),
    ("detail_expired", detail_expired),
    ("detail_disabled", detail_disabled),
    ("detail_forever", detail_forever),
    ("detail_unknown", detail_unknown),
    ("detail_failed", detail_failed),
    ("detail_stale", detail_stale),
    ("detail_changed", detail_changed),
    ("detail_reloading", detail_reloading),
    ("detail_advice", detail_advice),
    ("detail_request", detail_request),
    ("detail_previous_secret", detail_previous_secret),
    ("detail_other_fields", detail_other_fields),
    ("detail_hostile", detail_hostile),
    ("detail_clock_slow", detail_clock_slow),
];

pub(crate) const REST: [Scene; 11] = [
    ("raw", raw),
    ("raw_search", raw_search),
    ("choice", choice),
    ("help", help),
    ("help_in_a_field", help_in_a_field),
    ("help_search", help_search),
    ("error_banner", error_banner),
    ("error_in_a_field", error_in_a_field),
    ("error_details", error_details),
    ("rate_limited", rate_limited),
    ("notice", notice),
];

pub(crate) fn scenes() -> impl Iterator<Item = Scene> {
    SETUP
        .into_iter()
        .chain(LOOKUP)
        .chain(DETAIL)
        .chain(REST)
        .chain(screens_profiles::SCENES)
}

pub(crate) fn now() -> DateTime<Utc> {
    at("2026-11-25T12:04:31Z")
}

fn local(instant: DateTime<Utc>) -> DateTime<FixedOffset> {
    instant.with_timezone(&FixedOffset::east_opt(3600).unwrap())
}

pub(crate) fn account() -> Scope {
    Scope::Account(ScopeId::parse("4f1b2c3d4e5f60718293a4b5c6d79c2e").unwrap())
}

pub(crate) fn zone() -> Scope {
    Scope::Zone(ScopeId::parse("9a7b2c3d4e5f60718293a4b5c6d711c0").unwrap())
}

pub(crate) fn identity() -> Identity {
    Identity {
        source: CredentialSource::Keyring {
            profile: "prod".to_owned(),
        },
        kind: CredentialKind::ApiToken,
    }
}

fn session() -> Session {
    Session {
        active: ActiveCredential {
            identity: Some(identity()),
            profile: Some("prod".to_owned()),
            scope: Some(account()),
            scope_origin: "profile prod".to_owned(),
        },
        store: Some("Secret Service"),
        ..Session::default()
    }
}

pub(crate) fn state() -> State {
    State::new(session(), keys(), now(), USUAL)
}

/// The usual token with some members replaced.
pub(crate) fn token_with(changes: &[(&str, &str)]) -> Arc<ServiceToken> {
    let mut members = vec![
        ("id", r#""f174e90a-fafe-4643-bbbc-4a0ed4fc8415""#),
        ("client_id", r#""88bf3b6d86161464f6509f7219099e57.access""#),
        ("name", r#""CI/CD token""#),
        ("duration", r#""8760h""#),
        ("created_at", r#""2024-03-02T08:00:00Z""#),
        ("updated_at", r#""2025-12-07T16:37:52Z""#),
        ("expires_at", r#""2026-12-07T16:37:52Z""#),
        ("last_seen_at", r#""2026-10-15T09:12:44Z""#),
        ("client_secret_version", "2"),
    ];
    for (key, value) in changes {
        match members.iter_mut().find(|(known, _)| known == key) {
            Some(member) => member.1 = value,
            None => members.push((key, value)),
        }
    }
    let members: Vec<String> = members
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    token(&format!("{{{}}}", members.join(",")))
}

fn fetched(token: Arc<ServiceToken>) -> Received<Arc<ServiceToken>> {
    Received {
        value: token,
        at: now(),
    }
}

pub(crate) fn detail(token: Arc<ServiceToken>) -> State {
    let mut state = state();
    state.screen = Screen::Detail;
    state.detail.reference = TokenRef::parse(token.id_text()).ok();
    state.detail.access = Some(Access {
        identity: identity(),
        scope: account(),
    });
    state.detail.token = Remote::Ready(fetched(token));
    state
}

/// Selects a field by its key.
pub(crate) fn select(state: &mut State, key: &str) {
    let mut fields = state.detail.fields().iter();
    state.detail.selected = fields.position(|field| field.key == key).unwrap();
}

pub(crate) fn setup() -> State {
    let mut state = State::new(Session::default(), keys(), now(), USUAL);
    state.screen = Screen::Setup;
    state.setup.store = Remote::Ready(Received {
        value: login_keyring(),
        at: now(),
    });
    state
}

pub(crate) fn type_secret(setup: &mut Setup) {
    let secret = Secret::new("v1.0-a-secret-that-nobody-may-see".to_owned());
    Editor::Masked(&mut setup.secret).paste(&secret).unwrap();
}

fn setup_empty() -> State {
    let mut state = setup();
    state.setup.store = Remote::Loading {
        request: RequestId(1),
        since: now(),
        last: None,
    };
    state
}

fn setup_filled() -> State {
    let mut state = setup();
    type_secret(&mut state.setup);
    state.setup.scope_id = TextField::with(account().id());
    state.setup.form.focus = SetupField::Button(Save);
    state
}

pub(crate) fn setup_complaint() -> State {
    let mut state = setup();
    type_secret(&mut state.setup);
    state.setup.scope_id = TextField::with("4f1b2c3d");
    state.setup.form.focus = SetupField::ScopeId;
    let complaint = ScopeId::parse("4f1b2c3d").unwrap_err().to_string();
    state.setup.form.complaint = Some((SetupField::ScopeId, complaint));
    state
}

fn setup_store_failed() -> State {
    let mut state = setup_filled();
    state.setup.store = Remote::Failed(Failure::new(
        FailureKind::Keyring,
        "No Secret Service is running on the session bus.",
        "Start gnome-keyring or KeePassXC.",
    ));
    state.setup.form.focus = SetupField::Button(SessionOnly);
    state
}

pub(crate) fn setup_global_key() -> State {
    let mut state = setup();
    state.setup.is_global_key = true;
    state.setup.email = TextField::with("ops@example.com");
    state.setup.form.focus = SetupField::Kind;
    state
}

pub(crate) fn setup_replacing() -> State {
    let mut state = setup();
    state.session = session();
    state.setup.is_replacing = true;
    state.setup.name = TextField::with("prod");
    state.setup.scope_id = TextField::with(account().id());
    state.banner = Some(banner(refused()));
    state
}

fn setup_checking() -> State {
    let mut state = setup_filled();
    state.setup.phase = Phase::Checking {
        request: RequestId(2),
        session_only: false,
    };
    state
}

fn setup_network_failure() -> State {
    let mut state = setup_filled();
    state.setup.offers.unchecked = true;
    state.banner = Some(banner(Failure::new(
        FailureKind::Network,
        "No connection to api.cloudflare.com: the name could not be resolved.",
        "Check the network and, behind a proxy, HTTPS_PROXY.",
    )));
    state
}

fn lookup_empty() -> State {
    state()
}

pub(crate) fn lookup_demo() -> State {
    let mut state = state();
    state.session.active.identity = Some(in_demo());
    state.session.active.profile = None;
    state.session.store = None;
    state
}

pub(crate) fn recents() -> Vec<Recent> {
    let age = |minutes| now() - TimeDelta::minutes(minutes);
    let tokens = [
        (token_with(&[]), account(), age(0)),
        (
            token_with(&[
                ("id", r#""0aa7e90a-fafe-4643-bbbc-4a0ed4fc8415""#),
                ("name", r#""Backup job""#),
                ("expires_at", r#""2027-08-01T00:00:00Z""#),
            ]),
            account(),
            age(3),
        ),
        (
            token_with(&[
                ("id", r#""1bb7e90a-fafe-4643-bbbc-4a0ed4fc8415""#),
                ("name", r#""監視 agent (東京)""#),
                ("duration", r#""forever""#),
            ]),
            zone(),
            age(60 * 5),
        ),
        (
            token_with(&[
                ("id", r#""2cc7e90a-fafe-4643-bbbc-4a0ed4fc8415""#),
                ("name", r#""terraform""#),
                ("enabled", "false"),
            ]),
            account(),
            age(60 * 24 * 3),
        ),
    ];
    tokens
        .into_iter()
        .map(|(token, scope, looked_up_at)| Recent::of(&token, &scope, looked_up_at).unwrap())
        .collect()
}

pub(crate) fn lookup_recents() -> State {
    let mut state = state();
    state.find.recents = recents();
    state.find.is_commanding = true;
    state.find.pick(Item::Recent(1), &state.list);
    state
}

fn lookup_loading() -> State {
    let mut state = lookup_recents();
    state.find.is_commanding = false;
    state.find.token = TextField::with("CI/CD token");
    state.detail.reference = TokenRef::parse("CI/CD token").ok();
    state.detail.token = Remote::Loading {
        request: RequestId(3),
        since: now() - TimeDelta::seconds(3),
        last: None,
    };
    state
}

pub(crate) fn lookup_keyring() -> State {
    let mut state = lookup_loading();
    state.detail.stage = Stage::Credential;
    state
}

pub(crate) fn lookup_complaint() -> State {
    let mut state = state();
    let complaint = TokenRef::parse(state.find.token.value()).unwrap_err();
    state.find.complaint = Some(complaint.to_string());
    state
}

fn lookup_url() -> State {
    let mut state = state();
    state.find.token = TextField::with(&format!(
        "https://api.cloudflare.com/client/v4/zones/{}/access/service_tokens/f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
        zone().id()
    ));
    state
}

fn detail_loading() -> State {
    let mut state = lookup_loading();
    state.screen = Screen::Detail;
    state
}

fn detail_active() -> State {
    detail(token_with(&[
        ("updated_at", r#""2026-08-01T06:30:00Z""#),
        ("expires_at", r#""2027-08-01T06:30:00Z""#),
        ("last_seen_at", r#""2026-11-25T12:00:02Z""#),
    ]))
}

pub(crate) fn detail_expiring() -> State {
    let mut state = detail(token_with(&[(
        "previous_client_secret_expires_at",
        r#""2026-11-25T13:16:40Z""#,
    )]));
    select(&mut state, "expires_at");
    state
}

pub(crate) fn detail_critical() -> State {
    detail(token_with(&[
        ("updated_at", r#""2025-11-25T18:00:00Z""#),
        ("expires_at", r#""2026-11-25T18:00:00Z""#),
    ]))
}

pub(crate) fn detail_expired() -> State {
    detail(token_with(&[
        ("updated_at", r#""2025-11-22T07:51:36Z""#),
        ("expires_at", r#""2026-11-22T07:51:36Z""#),
        ("last_seen_at", r#""2026-11-25T11:58:00Z""#),
    ]))
}

fn detail_disabled() -> State {
    detail(token_with(&[("enabled", "false")]))
}

fn detail_forever() -> State {
    detail(token_with(&[
        ("duration", r#""forever""#),
        ("expires_at", r#""2125-11-25T00:00:00Z""#),
        ("last_seen_at", "null"),
        ("client_secret_version", ""),
    ]))
}

fn detail_unknown() -> State {
    detail(token_with(&[
        ("expires_at", "1796661472"),
        ("duration", r#""a year""#),
        ("enabled", "true"),
        ("last_seen_at", ""),
        ("updated_at", "null"),
    ]))
}

fn detail_failed() -> State {
    let mut state = detail(token_with(&[]));
    let failure = Failure::new(
        FailureKind::NotFound,
        "There is no service token with this ID in the account.",
        "Check the ID and the account; a token of another account is not found here.",
    );
    state.detail.token = Remote::Failed(failure.clone());
    state.banner = Some(banner(failure));
    state
}

pub(crate) fn detail_stale() -> State {
    let mut state = detail(token_with(&[]));
    let failure = Failure::new(
        FailureKind::Timeout,
        "The API did not answer within 30 s.",
        "It is tried again by itself; r tries now.",
    );
    state.detail.token = Remote::Stale {
        last: Received {
            at: now() - TimeDelta::minutes(3),
            ..fetched(token_with(&[]))
        },
        failure: failure.clone(),
    };
    state.banner = Some(Banner { failure, count: 3 });
    state
}

fn detail_changed() -> State {
    let mut state = detail_active();
    let new = state.detail.token.value().unwrap().clone();
    let old = token_with(&[]);
    state.detail.changed = fields::changed_keys(&old, &new);
    state.detail.before = Some(old);
    state
}

pub(crate) fn detail_request() -> State {
    let mut state = detail_expiring();
    state.overlay = Some(Overlay::Request {
        chosen: RequestChoice {
            selected: 1,
            top: 0,
        },
    });
    state
}

fn detail_advice() -> State {
    let mut state = detail_expiring();
    state.detail.focus = Part::Advice;
    state
}

pub(crate) fn detail_reloading() -> State {
    let mut state = detail_active();
    state.detail.token.begin(RequestId(4), now());
    state
}

fn detail_previous_secret() -> State {
    let mut state = detail(token_with(&[
        ("duration", r#""forever""#),
        ("client_secret_version", "3"),
        (
            "previous_client_secret_expires_at",
            r#""2026-11-25T13:16:40Z""#,
        ),
    ]));
    select(&mut state, "previous_client_secret_expires_at");
    state
}

pub(crate) fn detail_other_fields() -> State {
    let mut state = detail(token_with(&[
        ("policies", r#"["allow-ci","allow-cd"]"#),
        (
            "a_key_that_is_longer_than_any_label",
            r#"{"nested":{"big":123456789012345678901234567890}}"#,
        ),
        ("tags", "[]"),
    ]));
    select(&mut state, "policies");
    state
}

/// Names that try to move the cursor, to reorder text, and to be wider than measured.
pub(crate) fn detail_hostile() -> State {
    detail(token_with(&[
        (
            "name",
            r#""\u001b[2J\u001b[31mred\u0007 \u202eevil\u202c 監視👩‍👩‍👧‍👦 e\u0301 ﷽ \t tab\nnext line""#,
        ),
        ("x\\u001b[0m\\u202e", r#""\u009b31m \u200b\ufeff""#),
        ("duration", r#""8760h\u001b[0m""#),
    ]))
}

fn detail_clock_slow() -> State {
    let mut state = detail_active();
    state.clock.offset = ClockOffset::default().updated(TimeDelta::seconds(192));
    state
}

pub(crate) fn raw() -> State {
    let mut state = detail_other_fields();
    let token = state.detail.token.value().unwrap().clone();
    state.detail.view = View::Raw(RawView::of(&token));
    state
}

pub(crate) fn raw_search() -> State {
    let mut state = raw();
    if let View::Raw(raw) = &mut state.detail.view {
        raw.query = TextField::with("_at");
        raw.query_changed(10);
        raw.is_typing = true;
        raw.current = Some(6);
        raw.top = 4;
    }
    state
}

pub(crate) fn choice() -> State {
    let mut state = lookup_recents();
    state.detail.choices = vec![
        token_with(&[]),
        token_with(&[
            ("id", r#""0aa7e90a-fafe-4643-bbbc-4a0ed4fc8415""#),
            ("last_seen_at", "null"),
            ("enabled", "false"),
        ]),
        token_with(&[
            ("id", r#""1bb7e90a-fafe-4643-bbbc-4a0ed4fc8415""#),
            ("expires_at", r#""2027-08-01T00:00:00Z""#),
        ]),
    ];
    state.overlay = Some(Overlay::Choice { selected: 1 });
    state
}

pub(crate) fn help() -> State {
    let mut state = detail_active();
    state.overlay = Some(Overlay::Help);
    state
}

pub(crate) fn help_in_a_field() -> State {
    let mut state = setup_empty();
    state.overlay = Some(Overlay::Help);
    state.help.selected = usize::MAX;
    state
}

fn help_search() -> State {
    let mut state = help();
    state.help.query = TextField::with("copy");
    state.help.is_searching = true;
    state
}

pub(crate) fn banner(failure: Failure) -> Banner {
    Banner { failure, count: 1 }
}

pub(crate) fn refused() -> Failure {
    let mut failure = Failure::new(
        FailureKind::Authentication,
        "The API refused the credential.",
        "It may have been rolled or deleted. Type it again, or make a new API token.",
    );
    *failure.details = Details {
        http_status: Some(401),
        request: Some(format!(
            "GET /client/v4/accounts/{}/access/service_tokens/f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
            account().id()
        )),
        api_errors: vec![ApiError {
            code: Some(10000),
            message: "Authentication error\u{1b}[2J".to_owned(),
            chain: vec![ApiError {
                code: Some(6111),
                message: "Invalid format for Authorization header".to_owned(),
                pointer: Some("/headers/authorization".to_owned()),
                documentation_url: Some(
                    "https://developers.cloudflare.com/api/operations/access-service-tokens"
                        .to_owned(),
                ),
                ..ApiError::default()
            }],
            ..ApiError::default()
        }],
        api_messages: Vec::new(),
        omitted: 0,
        cf_ray: Some("8c1f0a2b3c4d5e6f-FRA".to_owned()),
        cause: None,
    };
    failure
}

pub(crate) fn error_banner() -> State {
    let mut state = detail_expiring();
    state.banner = Some(banner(refused()));
    state
}

fn error_in_a_field() -> State {
    let mut state = state();
    state.find.token = TextField::with("CI/CD token");
    state.banner = Some(Banner {
        failure: refused(),
        count: 2,
    });
    state
}

pub(crate) fn error_details() -> State {
    let mut state = error_banner();
    state.overlay = Some(Overlay::ErrorDetails { top: 0 });
    state
}

fn rate_limited() -> State {
    let mut state = detail_expiring();
    state.limited_until = Some(now() + TimeDelta::seconds(42));
    state.banner = Some(banner(Failure::new(
        FailureKind::RateLimited,
        "The API asked to be left alone for a while.",
        "Nothing needs doing: it is asked again when the pause is over.",
    )));
    state
}

pub(crate) fn notice() -> State {
    let mut state = detail_expiring();
    state.notice = Some(Notice {
        text: "Copied the ID to the terminal's clipboard".to_owned(),
        until: now() + TimeDelta::seconds(6),
    });
    state
}

/// Without a keyring and a network.
fn setup_cut_off() -> State {
    let mut state = setup_network_failure();
    state.setup.store = Remote::Failed(StoreError::NoBus.into());
    state.setup.form.focus = SetupField::Button(SessionUnchecked);
    state
}

fn setup_slow_store() -> State {
    let mut state = setup_empty();
    state.setup.store_is_slow = true;
    state
}

pub(crate) struct Renderer {
    theme: Theme,
    ascii: bool,
    pub(crate) local: fn(DateTime<Utc>) -> DateTime<FixedOffset>,
}

pub(crate) fn renderer(theme: &str, ascii: bool) -> Renderer {
    Renderer {
        theme: Theme::named(theme, ColorDepth::Fixed).unwrap(),
        ascii,
        local,
    }
}

impl Renderer {
    pub(crate) fn render(&self, frame: &mut Frame<'_>, state: &State) {
        view::render(frame, state, &self.theme, self.local);
    }

    /// The start of the selected row.
    pub(crate) fn selected(&self, mut state: State, size: (u16, u16)) -> Option<Position> {
        state.size = size;
        state.ascii = self.ascii;
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        let mut selected = None;
        terminal
            .draw(|frame| selected = view::render(frame, &state, &self.theme, self.local).cursor)
            .unwrap();
        selected
    }

    /// The screen, and the cursor if it is visible.
    pub(crate) fn draw(&self, mut state: State, size: (u16, u16)) -> (Buffer, Option<Position>) {
        state.size = size;
        state.ascii = self.ascii;
        let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
        terminal.draw(|frame| self.render(frame, &state)).unwrap();
        let cursor = terminal.backend().cursor_visible();
        let cursor = cursor.then(|| terminal.backend().cursor_position());
        (terminal.backend().buffer().clone(), cursor)
    }
}

/// The rows with the bar of a selected row: most of their cells have a background, or are reversed.
pub(crate) fn selected_rows(buffer: &Buffer) -> Vec<u16> {
    let area = buffer.area;
    let is_bar = |y: &u16| {
        let cells = (0..area.width).map(|x| &buffer[(x, *y)]);
        let unreadable_homes = cells
            .filter(|cell| cell.bg != Color::Reset || cell.modifier.contains(Modifier::REVERSED));
        unreadable_homes.count() * 3 > usize::from(area.width)
    };
    (0..area.height).filter(is_bar).collect()
}

/// What a terminal of a size shows, as text.
pub(crate) fn shown_at(state: &State, size: (u16, u16)) -> String {
    text(&renderer("dark", false).draw(state.clone(), size).0)
}

/// A buffer as text, without the cells that a wide character covers.
pub(crate) fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(tokenscope::domain::text::width(symbol))
                .unwrap()
                .max(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

pub(crate) fn shown(scene: fn() -> State, sizes: &[(u16, u16)]) -> String {
    let renderer = renderer("dark", false);
    let mut all = String::new();
    for size in sizes {
        let (buffer, cursor) = renderer.draw(scene(), *size);
        let cursor = cursor.map_or("no cursor".to_owned(), |at| {
            format!("cursor at column {}, row {}", at.x, at.y)
        });
        let (columns, rows) = size;
        let screen = text(&buffer);
        writeln!(all, "{columns}×{rows}, {cursor}\n{screen}").unwrap();
    }
    all
}
