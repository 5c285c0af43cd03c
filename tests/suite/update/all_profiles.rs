//! Transitions of the list of all profiles.

use std::sync::Arc;

use tokenscope::action::Action;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::profile_reads::ProfileReads;
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::domain::credential::{Access, ActiveCredential, CredentialSource};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::RequestId;
use tokenscope::domain::list_report::Origins;
use tokenscope::domain::profile::{Profile, Settings};
use tokenscope::domain::scope::Scope;
use tokenscope::domain::token::{ServiceToken, TokenRef};

use crate::support::app::{
    act, fetched, found, list_fetched, listed, notice, opened, request_in, request_of, search, tell,
};
use crate::support::sessions::{
    account, failure, in_environment, in_keyring, limited, profile, scope_id, session, zone,
};
use crate::support::tokens::{at, token};

fn other() -> Scope {
    Scope::Account(scope_id('b'))
}

fn source(profile: &str) -> CredentialSource {
    in_keyring(profile).source
}

fn access(profile: &str, scope: Scope) -> Access {
    Access {
        identity: in_keyring(profile),
        scope,
    }
}

/// A session with these profiles, the first of which is in use.
fn session_of(profiles: Vec<Profile>) -> Session {
    Session {
        active: ActiveCredential::of(&profiles[0]),
        settings: Settings {
            default_profile: profiles[0].name.clone(),
            profiles,
            ..Settings::default()
        },
        ..session()
    }
}

/// Three profiles, the second of which, in the order of the file, is in use.
fn three() -> Session {
    let mut session = session_of(vec![
        profile("prod", Some(account())),
        profile("edge", Some(zone())),
        profile("staging", Some(other())),
    ]);
    session.settings.profiles.swap(0, 1);
    session
}

fn named(number: usize, name: &str, end: &str) -> Arc<ServiceToken> {
    token(&format!(
        r#"{{"id":"f174e90a-fafe-4643-bbbc-{number:012x}","name":"{name}","duration":"8760h","expires_at":"{end}"}}"#
    ))
}

fn id(number: usize) -> TokenRef {
    TokenRef::parse(&format!("f174e90a-fafe-4643-bbbc-{number:012x}")).unwrap()
}

/// Find while letters are commands.
fn find(session: Session) -> State {
    let mut state = opened(session);
    act(&mut state, Action::Back);
    state
}

/// The list of all profiles while it is being read.
fn reading(session: Session) -> (State, RequestId) {
    let mut state = find(session);
    let effects = act(&mut state, Action::AllProfiles);
    assert_eq!(state.screen, Screen::Browse);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::ListProfiles { request, .. } => Some(*request),
        _ => None,
    });
    (state, request.unwrap())
}

fn arrive(state: &mut State, request: RequestId, profile: &str, tokens: &[Arc<ServiceToken>]) {
    let (source, tokens) = (source(profile), tokens.to_vec());
    let message = Message::ProfileArrived {
        request,
        source,
        tokens,
    };
    assert_eq!(tell(state, message), []);
}

fn end(
    state: &mut State,
    request: RequestId,
    profile: &str,
    result: Result<Vec<Arc<ServiceToken>>, Failure>,
) {
    if let Ok(tokens) = &result {
        arrive(state, request, profile, tokens);
    }
    let message = Message::ProfileListed {
        request,
        source: source(profile),
        result: result.map(listed),
    };
    assert_eq!(tell(state, message), []);
}

fn finish(state: &mut State, request: RequestId) {
    assert_eq!(tell(state, Message::ProfilesListed { request }), []);
}

fn prod() -> Vec<Arc<ServiceToken>> {
    vec![
        named(1, "prod-late", "2027-06-01T00:00:00Z"),
        named(2, "prod-critical", "2026-11-27T00:00:00Z"),
    ]
}

fn staging() -> Vec<Arc<ServiceToken>> {
    vec![named(3, "staging-expiring", "2026-12-10T00:00:00Z")]
}

/// The list of three profiles, where the zone of one could not be read.
fn read() -> State {
    let (mut state, request) = reading(three());
    end(&mut state, request, "prod", Ok(prod()));
    end(
        &mut state,
        request,
        "edge",
        Err(failure(FailureKind::Permission)),
    );
    end(&mut state, request, "staging", Ok(staging()));
    finish(&mut state, request);
    state
}

fn rows(state: &State) -> Vec<(&str, &str)> {
    let places = state.browse.table.places().iter();
    places
        .map(|place| {
            let origin = state.list.origin(*place).unwrap();
            let token = state.list.token(*place).unwrap();
            (origin.profile.as_str(), token.name_text())
        })
        .collect()
}

fn reads(state: &State) -> &ProfileReads {
    state.list.profiles.as_ref().unwrap()
}

#[test]
fn each_scope_is_read_once_with_its_own_credential_the_active_first() {
    let mut state = find(three());
    let effects = act(&mut state, Action::AllProfiles);
    let scopes = effects.iter().find_map(|effect| match effect {
        Effect::ListProfiles { scopes, .. } => Some(scopes),
        _ => None,
    });
    let expected = vec![
        vec![access("prod", account())],
        vec![access("edge", zone())],
        vec![access("staging", other())],
    ];
    assert_eq!(scopes, Some(&expected));
}

#[test]
fn a_second_profile_fills_a_scope_that_the_first_lists_as_empty() {
    let (mut state, request) = reading(session_of(vec![
        profile("prod", Some(account())),
        profile("spare", Some(account())),
    ]));
    end(&mut state, request, "prod", Ok(Vec::new()));
    end(&mut state, request, "spare", Ok(prod()));
    finish(&mut state, request);
    assert_eq!(state.list.total(), 2);
    assert_eq!(reads(&state).doubts(), [""; 0], "nothing is missing");
}

#[test]
fn rows_appear_as_they_arrive_in_order_of_urgency() {
    let (mut state, request) = reading(three());
    arrive(&mut state, request, "staging", &staging());
    assert_eq!(rows(&state), [("staging", "staging-expiring")]);
    arrive(&mut state, request, "prod", &prod());
    assert_eq!(
        rows(&state),
        [
            ("prod", "prod-critical"),
            ("staging", "staging-expiring"),
            ("prod", "prod-late")
        ]
    );
    assert_eq!(reads(&state).progress(), (0, 3));
}

#[test]
fn a_failing_profile_is_named_and_hides_no_other() {
    let state = read();
    assert_eq!(rows(&state).len(), 3);
    assert_eq!(reads(&state).doubts(), ["not read: edge (no permission)"]);
    let failures: Vec<_> = reads(&state).failures().collect();
    assert_eq!(failures[0].summary, "edge: It failed.");
    assert!(state.banner.is_none());
}

#[test]
fn empty_scopes_and_profiles_without_a_scope_are_reported() {
    let (mut state, request) = reading(session_of(vec![
        profile("prod", Some(account())),
        profile("spare", Some(other())),
        profile("bare", None),
    ]));
    end(&mut state, request, "prod", Ok(prod()));
    end(&mut state, request, "spare", Ok(Vec::new()));
    finish(&mut state, request);
    assert_eq!(
        reads(&state).doubts(),
        ["bare: no account or zone", "spare: lists no tokens"]
    );
}

#[test]
fn a_row_opens_with_its_own_profile_and_esc_returns_to_it() {
    let mut state = read();
    act(&mut state, Action::Down);
    let effects = act(&mut state, Action::Submit);
    let expected = access("staging", other());
    let is_fetched = effects.iter().any(|effect| match effect {
        Effect::FetchToken { access, token, .. } => *access == expected && *token == id(3),
        _ => false,
    });
    assert!(is_fetched, "{effects:?}");
    assert_eq!(state.screen, Screen::Detail);
    assert_eq!(state.session.active.profile.as_deref(), Some("staging"));
    assert_eq!(notice(&state), "Now using the profile staging.");
    let request = effects.iter().find_map(request_in).unwrap();
    let fresh = named(3, "staging-renewed", "2026-12-10T00:00:00Z");
    tell(&mut state, fetched(request, Ok(found(vec![fresh]))));
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Browse);
    assert_eq!(rows(&state)[1], ("staging", "staging-renewed"));
    assert_eq!(state.browse.selected, 1);
    assert_eq!(
        state.browse.token(&state.list).unwrap().name_text(),
        "staging-renewed"
    );
}

#[test]
fn a_row_of_the_active_profile_switches_nothing() {
    let mut state = read();
    let effects = act(&mut state, Action::Submit);
    request_of(&effects);
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    assert_eq!(notice(&state), "");
}

#[test]
fn the_key_toggles_the_list_without_fetching_twice() {
    let mut state = find(three());
    let effects = act(&mut state, Action::Browse);
    let request = effects.iter().find_map(request_in);
    let request = request.or_else(|| state.list.extent.request()).unwrap();
    tell(&mut state, list_fetched(request, Ok(listed(prod()))));
    let request = request_of(&act(&mut state, Action::AllProfiles));
    end(&mut state, request, "prod", Ok(prod()));
    end(&mut state, request, "staging", Ok(staging()));
    end(&mut state, request, "edge", Ok(Vec::new()));
    finish(&mut state, request);
    search(&mut state, "staging");
    act(&mut state, Action::Submit);
    assert_eq!(act(&mut state, Action::AllProfiles), []);
    assert_eq!(state.screen, Screen::Browse);
    assert!(state.list.profiles.is_none());
    assert_eq!(state.list.access, Some(access("prod", account())));
    assert_eq!(state.browse.table.rows(), 2);
    assert_eq!(act(&mut state, Action::AllProfiles), []);
    assert_eq!(rows(&state), [("staging", "staging-expiring")]);
    assert_eq!(act(&mut state, Action::Back), [], "takes the filter away");
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.screen, Screen::Browse);
    assert!(state.list.profiles.is_none(), "back on the scope's list");
}

#[test]
fn a_filter_matches_the_beginning_of_profile_names() {
    for (query, expected) in [("stag", 1), ("!stag", 2), ("prod crit", 1)] {
        let mut state = read();
        search(&mut state, query);
        assert_eq!(rows(&state).len(), expected, "{query}");
    }
}

#[test]
fn dashboard_and_requests_use_the_rows_profile() {
    for action in [Action::OpenDashboard, Action::CopyRequest] {
        let mut state = read();
        act(&mut state, Action::Down);
        let effects = act(&mut state, action);
        assert_eq!(state.session.active.profile.as_deref(), Some("staging"));
        assert_eq!(state.screen, Screen::Browse);
        assert_eq!(rows(&state).len(), 3, "the list stays");
        let url = Effect::OpenUrl(other().dashboard_url());
        assert_eq!(effects.contains(&url), action == Action::OpenDashboard);
        assert_eq!(state.overlay.is_some(), action == Action::CopyRequest);
    }
}

#[test]
fn esc_returns_to_find_if_the_list_was_opened_there() {
    let mut state = read();
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
    assert!(state.list.profiles.is_none());
}

#[test]
fn leaving_early_cancels_the_reads_and_ignores_late_answers() {
    let (mut state, request) = reading(three());
    arrive(&mut state, request, "prod", &prod());
    let effects = act(&mut state, Action::Find);
    assert!(effects.contains(&Effect::Cancel(request)), "{effects:?}");
    let before = state.list.clone();
    arrive(&mut state, request, "staging", &staging());
    finish(&mut state, request);
    assert_eq!(state.list, before);
    assert!(!state.changed);
}

#[test]
fn a_reload_keeps_old_rows_until_it_ends_and_those_of_failing_profiles() {
    let mut state = read();
    let request = request_of(&act(&mut state, Action::Reload));
    end(
        &mut state,
        request,
        "prod",
        Ok(vec![named(9, "prod-new", "2027-06-01T00:00:00Z")]),
    );
    assert_eq!(rows(&state).len(), 3, "still the old rows");
    end(
        &mut state,
        request,
        "staging",
        Err(failure(FailureKind::Server)),
    );
    end(&mut state, request, "edge", Ok(Vec::new()));
    finish(&mut state, request);
    assert_eq!(
        rows(&state),
        [("staging", "staging-expiring"), ("prod", "prod-new")]
    );
    assert_eq!(
        reads(&state).doubts(),
        ["not read: staging (server error)", "edge: lists no tokens"]
    );
}

#[test]
fn a_rate_limited_profile_is_skipped_and_the_others_are_read() {
    let (mut state, request) = reading(three());
    end(&mut state, request, "edge", Err(limited(300)));
    end(&mut state, request, "prod", Ok(prod()));
    finish(&mut state, request);
    let effects = act(&mut state, Action::Reload);
    let [Effect::ListProfiles { scopes, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let expected = vec![
        vec![access("prod", account())],
        vec![access("staging", other())],
    ];
    assert_eq!(*scopes, expected);
    assert_eq!(
        state.limited_until, None,
        "the profile in use need not pause"
    );
}

#[test]
fn the_list_failed_if_every_profile_failed() {
    let (mut state, request) = reading(three());
    for profile in ["prod", "edge", "staging"] {
        end(
            &mut state,
            request,
            profile,
            Err(failure(FailureKind::Network)),
        );
    }
    finish(&mut state, request);
    let failure = state.list.extent.failure().unwrap();
    assert_eq!(failure.summary, "prod: It failed.");
}

#[test]
fn the_key_does_nothing_without_other_profiles_or_in_the_demo() {
    let alone = session_of(vec![profile("prod", Some(account()))]);
    let environment = Session {
        active: ActiveCredential {
            identity: Some(in_environment()),
            scope: Some(account()),
            ..ActiveCredential::default()
        },
        ..session()
    };
    let mut demo = three();
    demo.active.identity.as_mut().unwrap().source = CredentialSource::Demo;
    for session in [alone, environment.clone(), demo] {
        let mut state = find(session);
        assert_eq!(act(&mut state, Action::AllProfiles), []);
        assert_eq!(state.screen, Screen::Find);
    }
    // A credential of the environment does not matter beside profiles.
    let session = Session {
        settings: three().settings,
        ..environment
    };
    reading(session);
}

#[test]
fn another_credential_closes_the_list() {
    let mut state = read();
    act(&mut state, Action::Profiles);
    act(&mut state, Action::Down);
    act(&mut state, Action::Submit);
    assert!(state.list.profiles.is_none());
    assert_eq!(state.list.total(), 0);
}

#[test]
fn the_list_is_reloaded_only_by_key() {
    let mut state = read();
    for hour in 1..50 {
        let effects = tokenscope::app::update(&mut state, at(hour * 3600), Message::Ticked);
        assert_eq!(effects, []);
    }
}

#[test]
fn an_exported_list_has_profile_and_scope_of_each_token() {
    let mut state = read();
    act(&mut state, Action::WriteList);
    let effects = act(&mut state, Action::Submit);
    let [Effect::WriteList { list, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let Origins::Profiles { origins, outcomes } = &list.origin else {
        panic!("{list:?}");
    };
    let profiles: Vec<_> = origins.iter().map(|it| it.profile.as_str()).collect();
    assert_eq!(profiles, ["prod", "staging", "prod"]);
    let counts: Vec<_> = outcomes
        .iter()
        .map(|it| (it.profile.as_str(), it.count, it.error.is_some()))
        .collect();
    let expected = [("prod", 2, false), ("edge", 0, true), ("staging", 1, false)];
    assert_eq!(counts, expected);
    assert_eq!(
        list.incomplete.as_deref(),
        Some("not read: edge (no permission)")
    );
}
