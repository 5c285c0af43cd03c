//! Every screen as text, at several sizes, with a fixed clock.
//!
//! The snapshots are what a person sees; read them when they change. Not here: what keys do.

mod browse;
pub(crate) mod profiles;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};
use serde_json::value::RawValue;
use tokenscope::action::{Action, Context, Input};
use tokenscope::app::form::{Editor, TextField};
use tokenscope::app::message::{Message, Stage};
use tokenscope::app::session::{Banner, Notice, Session};
use tokenscope::app::state::{Overlay, Screen, State};
use tokenscope::app::update;
use tokenscope::domain::clock::ClockOffset;
use tokenscope::domain::credential::{
    Access, ActiveCredential, CredentialKind, CredentialSource, Identity,
};
use tokenscope::domain::failure::{ApiError, Details, Failure, FailureKind};
use tokenscope::domain::fields;
use tokenscope::domain::raw::RawJson;
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::remote::{Received, Remote, RequestId};
use tokenscope::domain::scope::{Scope, ScopeId};
use tokenscope::domain::secret::Secret;
use tokenscope::domain::token::{ServiceToken, TokenRef};
use tokenscope::keymap::Keymap;
use tokenscope::screens::detail::raw::RawView;
use tokenscope::screens::detail::state::View;
use tokenscope::screens::lookup::state::LookupField;
use tokenscope::screens::setup::state::{Offer, Phase, Setup, SetupField};
use tokenscope::screens::view;
use tokenscope::theme::{Role, Theme};

use crate::screens::profiles as screens_profiles;
use crate::support::sessions::login_keyring;

pub(crate) const SMALL: (u16, u16) = (60, 20);
pub(crate) const USUAL: (u16, u16) = (80, 24);
pub(crate) const SKETCH: (u16, u16) = (100, 30);
pub(crate) const LARGE: (u16, u16) = (120, 40);

/// A state, and the name of its snapshot.
pub(crate) type Scene = (&'static str, fn() -> State);

const SETUP: [Scene; 8] = [
    ("setup_empty", setup_empty),
    ("setup_filled", setup_filled),
    ("setup_complaint", setup_complaint),
    ("setup_store_failed", setup_store_failed),
    ("setup_global_key", setup_global_key),
    ("setup_replacing", setup_replacing),
    ("setup_checking", setup_checking),
    ("setup_network_failure", setup_network_failure),
];

const LOOKUP: [Scene; 7] = [
    ("lookup_demo", lookup_demo),
    ("lookup_empty", lookup_empty),
    ("lookup_recents", lookup_recents),
    ("lookup_loading", lookup_loading),
    ("lookup_keyring", lookup_keyring),
    ("lookup_complaint", lookup_complaint),
    ("lookup_url", lookup_url),
];

const DETAIL: [Scene; 16] = [
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
    ("detail_refreshing", detail_refreshing),
    ("detail_previous_secret", detail_previous_secret),
    ("detail_other_fields", detail_other_fields),
    ("detail_hostile", detail_hostile),
    ("detail_clock_slow", detail_clock_slow),
];

const REST: [Scene; 10] = [
    ("raw", raw),
    ("raw_search", raw_search),
    ("choice", choice),
    ("help", help),
    ("help_in_a_field", help_in_a_field),
    ("error_banner", error_banner),
    ("error_in_a_field", error_in_a_field),
    ("error_details", error_details),
    ("rate_limited", rate_limited),
    ("notice", notice),
];

fn scenes() -> impl Iterator<Item = Scene> {
    SETUP
        .into_iter()
        .chain(LOOKUP)
        .chain(DETAIL)
        .chain(REST)
        .chain(screens_profiles::SCENES)
}

// ---------------------------------------------------------------------------------- states

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
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
    State::new(session(), now(), USUAL)
}

pub(crate) fn token(json: &str) -> Arc<ServiceToken> {
    let raw: &RawValue = serde_json::from_str(json).unwrap();
    Arc::new(ServiceToken::parse(&RawJson::from(raw)))
}

/// The usual token with other members in place of some of its own.
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
        took: Duration::from_millis(84),
    }
}

fn detail(token: Arc<ServiceToken>) -> State {
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

pub(crate) fn setup() -> State {
    let mut state = State::new(Session::default(), now(), USUAL);
    state.screen = Screen::Setup;
    state.setup.store = Remote::Ready(Received {
        value: login_keyring(),
        at: now(),
        took: Duration::ZERO,
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
    state.setup.form.focus = SetupField::Save;
    state
}

fn setup_complaint() -> State {
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
    state.setup.form.focus = SetupField::SessionOnly;
    state
}

fn setup_global_key() -> State {
    let mut state = setup();
    state.setup.is_global_key = true;
    state.setup.email = TextField::with("ops@example.com");
    state.setup.form.focus = SetupField::Kind;
    state
}

fn setup_replacing() -> State {
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
    state.setup.offer = Some(Offer::SaveUnchecked);
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

fn lookup_demo() -> State {
    let mut state = state();
    state.session.active.identity = Some(Identity {
        source: CredentialSource::Demo,
        kind: CredentialKind::ApiToken,
    });
    state.session.active.profile = None;
    state.session.store = None;
    state
}

fn recents() -> Vec<Recent> {
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

fn lookup_recents() -> State {
    let mut state = state();
    state.lookup.recents = recents();
    state.lookup.form.focus = LookupField::Recents;
    state.lookup.selected = 1;
    state
}

fn lookup_loading() -> State {
    let mut state = lookup_recents();
    state.lookup.form.focus = LookupField::Token;
    state.lookup.token = TextField::with("CI/CD token");
    state.detail.reference = TokenRef::parse("CI/CD token").ok();
    state.detail.token = Remote::Loading {
        request: RequestId(3),
        since: now() - TimeDelta::seconds(3),
        last: None,
    };
    state
}

fn lookup_keyring() -> State {
    let mut state = lookup_loading();
    state.detail.stage = Stage::Keyring;
    state
}

fn lookup_complaint() -> State {
    let mut state = state();
    let complaint = TokenRef::parse(state.lookup.token.value()).unwrap_err();
    state.lookup.form.complaint = Some((LookupField::Token, complaint.to_string()));
    state
}

fn lookup_url() -> State {
    let mut state = state();
    state.lookup.token = TextField::with(&format!(
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

fn detail_expiring() -> State {
    let mut state = detail(token_with(&[(
        "previous_client_secret_expires_at",
        r#""2026-11-25T13:16:40Z""#,
    )]));
    state.detail.selected = 7;
    state
}

fn detail_critical() -> State {
    detail(token_with(&[
        ("updated_at", r#""2025-11-25T18:00:00Z""#),
        ("expires_at", r#""2026-11-25T18:00:00Z""#),
    ]))
}

fn detail_expired() -> State {
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

fn detail_stale() -> State {
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
    state.detail.changed = fields::changed_keys(&token_with(&[]), &new);
    state
}

fn detail_refreshing() -> State {
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
    state.detail.selected = 10;
    state
}

fn detail_other_fields() -> State {
    let mut state = detail(token_with(&[
        ("policies", r#"["allow-ci","allow-cd"]"#),
        (
            "a_key_that_is_longer_than_any_label",
            r#"{"nested":{"big":123456789012345678901234567890}}"#,
        ),
        ("tags", "[]"),
    ]));
    state.detail.selected = 10;
    state
}

/// Names that try to move the cursor, to reorder text, and to be wider than they say.
fn detail_hostile() -> State {
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

fn raw() -> State {
    let mut state = detail_other_fields();
    let token = state.detail.token.value().unwrap().clone();
    state.detail.view = View::Raw(RawView::of(&token));
    state
}

fn raw_search() -> State {
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

fn choice() -> State {
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

fn help() -> State {
    let mut state = detail_active();
    state.overlay = Some(Overlay::Help { top: 0 });
    state
}

fn help_in_a_field() -> State {
    let mut state = setup_empty();
    state.overlay = Some(Overlay::Help { top: 500 });
    state
}

pub(crate) fn banner(failure: Failure) -> Banner {
    Banner { failure, count: 1 }
}

fn refused() -> Failure {
    Failure::new(
        FailureKind::Authentication,
        "The API refused the credential.",
        "It may have been rolled or deleted. Type it again, or make a new API token.",
    )
    .with_details(Details {
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
    })
}

fn error_banner() -> State {
    let mut state = detail_expiring();
    state.banner = Some(banner(refused()));
    state
}

fn error_in_a_field() -> State {
    let mut state = state();
    state.lookup.token = TextField::with("CI/CD token");
    state.banner = Some(Banner {
        failure: refused(),
        count: 2,
    });
    state
}

fn error_details() -> State {
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

fn notice() -> State {
    let mut state = detail_expiring();
    state.notice = Some(Notice {
        text: "Sent to the terminal's clipboard: f174e90a-fafe-4643-bbbc-4a0ed4fc8415".to_owned(),
        until: now() + TimeDelta::seconds(6),
    });
    state
}

#[test]
fn a_long_notice_has_none_of_the_colours_of_what_it_covers() {
    let mut state = notice();
    state.notice = state.notice.map(|notice| Notice {
        text: "copied ".repeat(60),
        ..notice
    });
    for name in ["dark", "light", "mono"] {
        let (drawn, _) = theatre(name, false).draw(state.clone(), (80, 24));
        let rows: Vec<u16> = (0..24)
            .filter(|y| drawn[(1, *y)].symbol() == "c" && drawn[(6, *y)].symbol() == "d")
            .collect();
        assert!(rows.len() > 3, "{rows:?}");
        for (x, y) in rows.iter().flat_map(|y| (0..80).map(move |x| (x, *y))) {
            assert_eq!(
                drawn[(x, y)].style(),
                drawn[(0, rows[0])].style(),
                "{name} {x},{y}"
            );
        }
    }
}

// --------------------------------------------------------------------------------- drawing

pub(crate) struct Theatre {
    theme: Theme,
    ascii: bool,
}

pub(crate) fn theatre(theme: &str, ascii: bool) -> Theatre {
    Theatre {
        theme: Theme::named(theme).unwrap(),
        ascii,
    }
}

impl Theatre {
    pub(crate) fn render(&self, frame: &mut Frame<'_>, state: &State) {
        view::render(frame, state, &self.theme, local);
    }

    /// What is on screen, and where the cursor is if it shows.
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

/// A buffer as text; the cells that a wide character covers are left out.
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
    let theatre = theatre("dark", false);
    let mut all = String::new();
    for size in sizes {
        let (buffer, cursor) = theatre.draw(scene(), *size);
        let cursor = cursor.map_or("no cursor".to_owned(), |at| {
            format!("cursor at column {}, row {}", at.x, at.y)
        });
        let (columns, rows) = size;
        let screen = text(&buffer);
        writeln!(all, "{columns}×{rows}, {cursor}\n{screen}").unwrap();
    }
    all
}

pub(crate) fn check(scenes: &[Scene], sizes: &[(u16, u16)]) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, scene) in scenes {
            insta::assert_snapshot!(*name, shown(*scene, sizes));
        }
    });
}

#[test]
fn setup_looks_as_it_did() {
    check(&SETUP, &[SMALL, USUAL]);
}

#[test]
fn look_up_looks_as_it_did() {
    check(&LOOKUP, &[SMALL, USUAL]);
}

#[test]
fn a_token_looks_as_it_did() {
    check(&DETAIL, &[SMALL, USUAL, SKETCH, LARGE]);
}

#[test]
fn screens_fit_in_the_smallest_terminals() {
    let all: String = [
        detail_critical,
        detail_expired,
        detail_hostile,
        error_banner,
        lookup_keyring,
        setup_complaint,
    ]
    .map(|scene| shown(scene, &[(40, 10), (46, 14)]))
    .concat();
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("smallest", all);
    });
}

#[test]
fn raw_json_overlays_and_errors_look_as_they_did() {
    check(&REST, &[SMALL, USUAL, LARGE]);
}

#[test]
fn a_terminal_too_small_is_told_so_in_one_line() {
    let all = shown(
        detail_expiring,
        &[(39, 10), (40, 9), (30, 8), (20, 5), (7, 2), (60, 9)],
    );
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("too_small", all);
    });
}

#[test]
fn mono_sets_no_colour_on_any_screen() {
    let theatre = theatre("mono", false);
    for (name, scene) in scenes() {
        let (buffer, _) = theatre.draw(scene(), USUAL);
        for cell in buffer.content() {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
}

#[test]
fn the_selected_row_is_in_reverse_video() {
    for theme in Theme::names() {
        let (buffer, _) = theatre(theme, false).draw(detail_expiring(), SKETCH);
        let reversed: Vec<u16> = (0..SKETCH.1)
            .filter(|y| buffer[(3, *y)].modifier.contains(Modifier::REVERSED))
            .collect();
        let [row] = reversed.as_slice() else {
            panic!("{theme}: reversed rows {reversed:?}");
        };
        let line = text(&buffer)
            .lines()
            .nth(usize::from(*row))
            .unwrap()
            .to_owned();
        assert!(line.contains("Expires"), "{theme}: {line}");
    }
}

/// Body text is what is not set in a role with a colour: it must be the terminal's own.
#[test]
fn body_text_has_the_terminals_own_colours() {
    for theme in ["dark", "light"] {
        let theatre = theatre(theme, false);
        let mut plain = 0;
        let mut all = 0;
        for (name, scene) in scenes() {
            let (buffer, _) = theatre.draw(scene(), USUAL);
            for cell in buffer.content().iter().filter(|cell| cell.symbol() != " ") {
                assert_eq!(cell.bg, Color::Reset, "{name}");
                assert!(
                    !matches!(
                        cell.fg,
                        Color::White
                            | Color::Black
                            | Color::DarkGray
                            | Color::Gray
                            | Color::Rgb(..)
                            | Color::Indexed(_)
                    ),
                    "{name}: {:?}",
                    cell.fg
                );
                all += 1;
                plain += usize::from(cell.fg == Color::Reset);
            }
        }
        assert!(
            plain * 10 > all * 8,
            "{theme}: {plain} of {all} cells are plain"
        );
    }
}

#[test]
fn ascii_screens_hold_nothing_but_ascii() {
    let theatre = theatre("dark", true);
    for (name, scene) in scenes() {
        for size in [SMALL, USUAL, SKETCH, LARGE] {
            let (buffer, _) = theatre.draw(scene(), size);
            for cell in buffer.content() {
                assert!(
                    cell.symbol().is_ascii(),
                    "{name} at {size:?}: {}",
                    cell.symbol()
                );
            }
        }
    }
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("ascii_detail", text(&theatre.draw(detail_expiring(), SKETCH).0));
        insta::assert_snapshot!("ascii_setup", text(&theatre.draw(setup_global_key(), USUAL).0));
    });
}

/// Every frame's right edge is where it belongs, whatever the names hold.
#[test]
fn hostile_names_move_no_column_and_reach_no_terminal() {
    let mut state = detail_hostile();
    let token = state.detail.token.value().unwrap().clone();
    state.lookup.recents = vec![Recent::of(&token, &account(), now()).unwrap(); 2];
    let mut lookup = state.clone();
    lookup.screen = Screen::Lookup;
    let mut raw = state.clone();
    raw.detail.view = View::Raw(RawView::of(&token));
    for state in [state, lookup, raw] {
        let (buffer, _) = theatre("dark", false).draw(state, USUAL);
        for y in 2..USUAL.1 - 2 {
            let edge = buffer[(USUAL.0 - 1, y)].symbol();
            assert!(matches!(edge, "│" | "┤"), "row {y} ends in {edge:?}");
        }
        for cell in buffer.content() {
            let is_clean = |c: char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}');
            assert!(cell.symbol().chars().all(is_clean), "{:?}", cell.symbol());
        }
    }
}

#[test]
fn no_screen_shows_a_character_of_a_secret() {
    for (name, scene) in scenes() {
        let shown = shown(scene, &[LARGE]);
        assert!(!shown.contains("nobody"), "{name}");
    }
    let lengths = |secret: &str| {
        let mut state = setup();
        let secret = Secret::new(secret.to_owned());
        Editor::Masked(&mut state.setup.secret)
            .paste(&secret)
            .unwrap();
        text(&theatre("dark", false).draw(state, USUAL).0)
    };
    assert_eq!(lengths("a"), lengths("a-much-longer-secret-than-the-other"));
}

#[test]
fn raw_json_shows_exactly_as_many_lines_as_the_state_counts_on() {
    for (size, with_banner) in [(USUAL, false), (USUAL, true), (SMALL, true), (LARGE, false)] {
        let mut state = raw();
        state.size = size;
        let lines: Vec<(String, &str)> = (0..200)
            .map(|line| (format!("line-{line:03}"), "1"))
            .collect();
        let lines: Vec<(&str, &str)> = lines
            .iter()
            .map(|(key, value)| (key.as_str(), *value))
            .collect();
        state.detail.view = View::Raw(RawView::of(&token_with(&lines)));
        if let View::Raw(raw) = &mut state.detail.view {
            raw.top = 50;
        }
        state.banner = with_banner.then(|| banner(refused()));
        let rows = state.body_rows();
        let text = text(&theatre("dark", false).draw(state, size).0);
        assert_eq!(text.matches("line-").count(), rows, "{size:?}");
    }
}

#[test]
fn the_state_counts_on_the_rows_that_the_banner_leaves_in_ascii_too() {
    let lines: Vec<(String, &str)> = (0..50).map(|at| (format!("line-{at:02}"), "1")).collect();
    let lines: Vec<(&str, &str)> = lines.iter().map(|(key, one)| (&**key, *one)).collect();
    let token = token_with(&lines);
    for (words, ascii) in (1..40).flat_map(|words| [(words, false), (words, true)]) {
        let mut state = raw();
        state.size = SMALL;
        state.ascii = ascii;
        state.detail.view = View::Raw(RawView::of(&token));
        let summary = "a … ".repeat(words);
        let failure = Failure::new(FailureKind::Network, summary, "Wait … and see ….");
        state.banner = Some(Banner { failure, count: 3 });
        let rows = state.body_rows();
        let text = text(&theatre("dark", ascii).draw(state, SMALL).0);
        let shown = text.lines().filter(|line| line.starts_with(['│', '|']));
        assert_eq!(shown.count(), rows, "{words} {ascii}\n{text}");
    }
}

#[test]
fn help_and_error_details_scroll_up_at_once_from_their_end() {
    let mut details = error_details();
    details.banner = Some(banner(Failure::new(
        FailureKind::Network,
        "It failed. ".repeat(300),
        "Try again.",
    )));
    for (state, size) in [help(), details].into_iter().zip([USUAL, SMALL]) {
        let mut state = state;
        state.size = size;
        let shown = |state: &State| text(&theatre("dark", false).draw(state.clone(), size).0);
        let start = shown(&state);
        let mut press = |action| {
            update(&mut state, now(), Message::Input(Input::Act(action)));
            shown(&state)
        };
        let end = press(Action::Bottom);
        assert_ne!(end, start);
        assert_eq!(press(Action::Down), end);
        assert_ne!(press(Action::Up), end);
        assert_eq!(press(Action::Down), end);
        assert_ne!(press(Action::PageUp), end);
        assert_eq!(press(Action::Top), start);
    }
}

#[test]
fn the_cursor_stands_where_wide_text_ends() {
    let mut state = state();
    state.lookup.token = TextField::with("監視 ab");
    let (buffer, cursor) = theatre("dark", false).draw(state, USUAL);
    let cursor = cursor.unwrap();
    assert_eq!(buffer[(cursor.x - 1, cursor.y)].symbol(), "b");
    assert_eq!(buffer[(cursor.x - 2, cursor.y)].symbol(), "a");
}

#[test]
fn long_text_scrolls_so_that_the_cursor_stays_in_its_field() {
    let mut state = state();
    state.lookup.token = TextField::with(&format!("{}END", "x".repeat(500)));
    let (buffer, cursor) = theatre("dark", false).draw(state, SMALL);
    let cursor = cursor.unwrap();
    assert!(cursor.x < SMALL.0 - 1);
    assert_eq!(buffer[(cursor.x - 1, cursor.y)].symbol(), "D");
}

#[test]
fn a_field_takes_the_room_there_is_and_marks_the_side_that_is_hidden() {
    let mut state = state();
    let shown = |state: &State| {
        let (buffer, _) = theatre("dark", false).draw(state.clone(), (100, 30));
        text(&buffer)
    };
    let fits = format!("a{}z", "x".repeat(70));
    state.lookup.token = TextField::with(&fits);
    assert!(shown(&state).contains(&fits), "{}", shown(&state));
    state.lookup.token = TextField::with(&format!("a{}z", "x".repeat(200)));
    assert!(shown(&state).contains(" …x") && shown(&state).contains("xz "));
    state.lookup.form.focus = LookupField::ScopeId;
    assert!(shown(&state).contains(" ax") && shown(&state).contains("x… "));
}

#[test]
fn a11_a_refusal_shows_its_scope_its_code_and_the_way_to_the_details() {
    let id = account().id().to_owned();
    let refused = Failure::new(
        FailureKind::Permission,
        format!("The API token works, but not for account {id} (HTTP 403, code 10000)."),
        "Check the ID, and what the API token was made for: it needs Access: Service Tokens Read \
         there. If that is a zone ID, choose zone instead.",
    );
    for size in [(40, 10), (60, 20), (80, 24), (100, 30), (120, 40)] {
        for is_editing in [true, false] {
            let mut state = state();
            state.size = size;
            state.lookup.form.editing = is_editing;
            state.banner = Some(banner(refused.clone()));
            let (buffer, _) = theatre("dark", false).draw(state, size);
            let screen = text(&buffer);
            assert!(screen.contains("e details"), "{screen}");
            let flat = screen.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(
                size.0 < 60 || flat.contains("(HTTP 403, code 10000)"),
                "{screen}"
            );
            assert!(
                size.0 < 80 || flat.contains("choose zone instead."),
                "{screen}"
            );
            let has_id = flat.contains("account 4f1b…9c2e") || flat.contains(&id);
            assert!(has_id, "{screen}");
        }
    }
}

#[test]
fn the_selected_row_stays_in_view_however_small_the_list() {
    for size in [(40, 10), (60, 12), SMALL, USUAL, SKETCH] {
        let last = detail_other_fields().detail.fields().len() - 1;
        for selected in 0..=last {
            let mut state = detail_other_fields();
            state.detail.selected = selected;
            let (buffer, _) = theatre("dark", false).draw(state, size);
            let reversed = (0..size.1)
                .filter(|y| buffer[(3, *y)].modifier.contains(Modifier::REVERSED))
                .count();
            assert_eq!(reversed, 1, "field {selected} at {size:?}");
        }
    }
}

#[test]
fn the_footer_names_help_at_every_width() {
    for (name, scene) in scenes() {
        for width in 40..=130 {
            let (buffer, _) = theatre("dark", false).draw(scene(), (width, 20));
            let shown = text(&buffer);
            let footer = shown.lines().last().unwrap();
            assert!(footer.ends_with(" help"), "{name} at {width}: {footer}");
        }
    }
}

#[test]
fn every_theme_styles_every_role_and_bad_ones_are_refused() {
    for name in Theme::names() {
        assert!(Theme::named(name).is_ok(), "{name}");
    }
    assert!(Theme::named("neon").is_err());
    assert!(Theme::parse("calm = {}").is_err());
    let dark = include_str!("../../../assets/themes/dark.toml");
    assert!(Theme::parse(&dark.replace("\"green\"", "\"grue\"")).is_err());
    assert!(Theme::parse(&dark.replace("calm", "clam")).is_err());
    let mono = Theme::named("mono").unwrap();
    for role in Role::ALL {
        let style = mono.style(role);
        assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
    }
}

#[test]
fn the_banner_names_only_keys_that_help() {
    let shown = |state: State| text(&theatre("dark", false).draw(state, LARGE).0);
    assert!(shown(error_banner()).contains("a re-enter credential"));
    assert!(!shown(detail_stale()).contains("re-enter"));
    assert!(!shown(setup_replacing()).contains("re-enter credential"));
    let keymap = Keymap::built_in().unwrap();
    assert!(
        keymap
            .key_for(Context::Commands, Action::ErrorDetails)
            .is_some()
    );
}

/// Draws a state at many sizes on one terminal.
pub(crate) fn sweep(state: &State, sizes: impl Iterator<Item = (u16, u16)>) {
    let theatre = theatre("dark", false);
    let mut state = state.clone();
    let viewport = Viewport::Fixed(Rect::new(0, 0, 0, 0));
    let mut terminal =
        Terminal::with_options(TestBackend::new(131, 46), TerminalOptions { viewport }).unwrap();
    for (width, height) in sizes {
        state.size = (width, height);
        terminal.resize(Rect::new(0, 0, width, height)).unwrap();
        theatre.render(&mut terminal.get_frame(), &state);
    }
}

pub(crate) fn every_size() -> impl Iterator<Item = (u16, u16)> {
    (0..=130).flat_map(|width| (0..=45).map(move |height| (width, height)))
}

#[test]
fn setup_can_be_drawn_at_every_size() {
    let mut state = setup_global_key();
    state.setup.form.complaint = setup_complaint().setup.form.complaint;
    state.banner = Some(banner(refused()));
    sweep(&state, every_size());
}

#[test]
fn look_up_can_be_drawn_at_every_size() {
    let mut state = lookup_keyring();
    state.lookup.form.complaint = lookup_complaint().lookup.form.complaint;
    sweep(&state, every_size());
}

#[test]
fn a_token_can_be_drawn_at_every_size() {
    let mut state = detail_other_fields();
    state.detail.token = detail_hostile().detail.token;
    state.notice = notice().notice;
    sweep(&state, every_size());
}

#[test]
fn raw_json_can_be_drawn_at_every_size() {
    sweep(&raw_search(), every_size());
}

#[test]
fn a_choice_can_be_drawn_at_every_size() {
    sweep(&choice(), every_size());
}

#[test]
fn help_can_be_drawn_at_every_size() {
    sweep(&help_in_a_field(), every_size());
}

#[test]
fn error_details_can_be_drawn_at_every_size() {
    sweep(&error_details(), every_size());
}

#[test]
fn every_state_can_be_drawn_at_a_dozen_sizes() {
    let sizes = [
        (0, 0),
        (1, 1),
        (20, 5),
        (39, 9),
        (40, 10),
        (41, 11),
        (60, 20),
        (80, 24),
        (99, 30),
        (100, 29),
        (130, 12),
        (40, 45),
    ];
    for (_, scene) in scenes() {
        sweep(&scene(), sizes.into_iter());
    }
}
