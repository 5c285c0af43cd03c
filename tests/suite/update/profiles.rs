//! Transitions of the profiles: switching, changing and removing.

use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tokenscope::action::{Action, Context, Input};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, Screen, Session, State};
use tokenscope::app::update;
use tokenscope::app::{Opening, start};
use tokenscope::domain::credential::{
    Access, ActiveCredential, Credential, CredentialKind, CredentialRef, Identity, Location, Secret,
};
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::fetched::{Remote, RequestId};
use tokenscope::domain::profile::{Profile, Settings};
use tokenscope::domain::scope::Scope;
use tokenscope::domain::token::ServiceToken;
use tokenscope::keymap::Keymap;
use tokenscope::screens::setup::state::SetupButton::Save;
use tokenscope::screens::setup::state::{Phase, SetupField};

use crate::support::app::{
    act, checked, complained, demo_opened, fetched, found, look_up, notice, opened, paste, probed,
    profiles_changed, request_of, saved, tell, type_text,
};
use crate::support::assertions::{assert_matches, assert_starts};
use crate::support::sessions::{
    demo_access, failed, failure, in_environment, limited, login_keyring, scope_id,
};
use crate::support::tokens::{ID, now};
use crate::support::{sessions, tokens};
use crate::update::picker::{list, scopes};

pub(crate) fn account(digit: char) -> Scope {
    Scope::Account(scope_id(digit))
}

pub(crate) fn zone(digit: char) -> Scope {
    Scope::Zone(scope_id(digit))
}

fn profile(name: &str, scope: Option<Scope>) -> Profile {
    let mut profile = sessions::profile(name, scope);
    if name == "staging" {
        profile.kind = CredentialKind::GlobalKey {
            email: "ops@example.com".to_owned(),
        };
    }
    profile
}

fn token() -> Arc<ServiceToken> {
    tokens::token(&format!(
        r#"{{"id":"{ID}","name":"CI","duration":"forever"}}"#
    ))
}

/// Three profiles; the first is the default, the last has no scope.
fn settings() -> Settings {
    Settings {
        default_profile: "prod".to_owned(),
        profiles: vec![
            profile("prod", Some(account('a'))),
            profile("staging", Some(zone('b'))),
            profile("half", None),
        ],
        ..Settings::default()
    }
}

fn without(name: &str) -> Settings {
    let mut settings = settings();
    settings.profiles.retain(|profile| profile.name != name);
    settings
}

pub(crate) fn identity(name: &str) -> Identity {
    Identity::of(settings().profile(name).unwrap())
}

/// Find with `prod` in use.
pub(crate) fn lookup() -> State {
    let session = Session {
        active: ActiveCredential {
            identity: Some(identity("prod")),
            profile: Some("prod".to_owned()),
            scope: Some(account('a')),
            ..ActiveCredential::default()
        },
        settings: settings(),
        ..Session::default()
    };
    opened(session)
}

/// Find with a credential of the environment in use.
fn lookup_by_environment() -> State {
    let session = Session {
        active: ActiveCredential {
            identity: Some(in_environment()),
            scope: Some(account('e')),
            scope_origin: "CLOUDFLARE_ACCOUNT_ID".to_owned(),
            ..ActiveCredential::default()
        },
        settings: settings(),
        ..Session::default()
    };
    opened(session)
}

fn token_fetched(request: RequestId) -> Message {
    let result = Ok(found(vec![token()]));
    fetched(request, result)
}

/// Opens the profiles with their key, and moves some rows down.
pub(crate) fn profiles(state: &mut State, down: usize) -> RequestId {
    let request = request_of(&act(state, Action::Profiles));
    assert_eq!(state.screen, Screen::Profiles);
    state.profiles.selected = 0;
    for _ in 0..down {
        assert_eq!(act(state, Action::Down), []);
    }
    request
}

fn detail() -> State {
    let mut state = lookup();
    let request = look_up(&mut state, ID);
    tell(&mut state, token_fetched(request));
    assert_eq!(state.screen, Screen::Detail);
    state
}

#[test]
fn opening_the_profiles_locates_their_secrets_and_selects_the_active_one() {
    let mut state = lookup();
    state.session.active.identity = Some(identity("staging"));
    state.session.active.profile = Some("staging".to_owned());
    let effects = act(&mut state, Action::Profiles);
    let request = request_of(&effects);
    let profiles = ["prod", "staging", "half"].map(str::to_owned).to_vec();
    assert_eq!(effects, [Effect::FindSecrets { request, profiles }]);
    assert_eq!(state.profiles.selected, 1);
    assert_eq!(state.context(), Context::Profiles);
    let locked = failure(FailureKind::Keyring);
    let found = vec![
        ("prod".to_owned(), Ok(Some(Location::new("a drawer")))),
        ("staging".to_owned(), Ok(None)),
        ("half".to_owned(), Err(locked.clone())),
    ];
    tell(&mut state, Message::SecretsFound { request, found });
    let location = |name| state.profiles.location_of(name).cloned();
    assert_eq!(location("prod"), Some(Ok(Some(Location::new("a drawer")))));
    assert_eq!(location("staging"), Some(Ok(None)));
    assert_eq!(location("half"), Some(Err(locked)));
    assert_eq!(location("nobody"), None);
}

#[test]
fn switching_changes_credential_and_scope_and_reads_the_list() {
    let mut state = detail();
    let looking = profiles(&mut state, 1);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(
        effects.as_slice(),
        [Effect::Cancel(cancelled), Effect::ListTokens { access, .. }]
            if *cancelled == looking && access.scope == zone('b')
    );
    let session = &state.session;
    assert_eq!(session.active.identity, Some(identity("staging")));
    assert_eq!(session.active.profile.as_deref(), Some("staging"));
    assert_eq!(session.active.scope, Some(zone('b')));
    assert_eq!(session.active.scope_origin, "profile staging");
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.detail.token, Remote::Idle, "nothing of prod stays");
    assert_eq!(state.detail.access, None);
}

#[test]
fn the_next_lookup_uses_the_new_credential_and_scope() {
    let mut state = detail();
    profiles(&mut state, 1);
    act(&mut state, Action::Submit);
    type_text(&mut state, ID);
    let effects = act(&mut state, Action::Submit);
    let wanted = Access {
        identity: identity("staging"),
        scope: zone('b'),
    };
    assert_matches!(effects.as_slice(), [Effect::FetchToken { access, .. }] if *access == wanted);
}

#[test]
fn a_profile_without_a_scope_lists_nothing() {
    let mut state = lookup();
    profiles(&mut state, 2);
    act(&mut state, Action::Submit);
    assert_eq!(state.session.active.scope, None);
    assert_eq!(state.list.access, None);
    assert_eq!(state.context(), Context::FindText);
}

#[test]
fn switching_cancels_a_reload_in_flight_and_drops_its_answer() {
    let mut state = detail();
    let refresh = request_of(&act(&mut state, Action::Reload));
    let looking = profiles(&mut state, 1);
    let effects = act(&mut state, Action::Submit);
    assert_eq!(
        effects[..2],
        [Effect::Cancel(refresh), Effect::Cancel(looking)]
    );
    let before = state.clone();
    assert_eq!(tell(&mut state, token_fetched(refresh)), []);
    assert_eq!(state.detail, before.detail);
    assert_eq!(state.screen, Screen::Find);
    let found = vec![("prod".to_owned(), Ok(None))];
    let request = looking;
    tell(&mut state, Message::SecretsFound { request, found });
    assert_eq!(state.profiles.location_of("prod"), None);
}

#[test]
fn opening_the_profiles_cancels_a_first_lookup() {
    let mut state = lookup();
    let request = look_up(&mut state, ID);
    let effects = act(&mut state, Action::Profiles);
    assert_eq!(effects[0], Effect::Cancel(request));
    assert_eq!(tell(&mut state, token_fetched(request)), []);
    assert_eq!(state.screen, Screen::Profiles);
    act(&mut state, Action::Back);
    assert_eq!(state.find.token.value(), ID, "what was typed stays");
}

#[test]
fn switching_cancels_a_list_in_flight_and_drops_its_pages() {
    let mut state = lookup();
    let request = RequestId(77);
    state.list.extent.begin(request, now());
    state.list.access = state.session.access(&account('a'));
    profiles(&mut state, 1);
    let effects = act(&mut state, Action::Submit);
    assert!(effects.contains(&Effect::Cancel(request)), "{effects:?}");
    let tokens = vec![token()];
    let total = Some(1);
    let message = Message::TokensArrived {
        request,
        tokens,
        total,
    };
    assert_eq!(tell(&mut state, message), []);
    assert_ne!(state.list.extent.request(), Some(request));
    assert_eq!(state.list.total(), 0);
}

#[test]
fn opening_the_profiles_cancels_a_check_in_flight_and_keeps_the_form() {
    let mut state = opened(Session::default());
    let probe = request_of(&start(&mut state, Opening::Setup));
    let location = Ok(Location::new("a drawer"));
    let request = probe;
    tell(&mut state, probed(request, location));
    tell(&mut state, paste("tok"));
    act(&mut state, Action::Submit);
    type_text(&mut state, account('a').id());
    let check = request_of(&act(&mut state, Action::Submit));
    assert_eq!(
        act(&mut state, Action::Profiles),
        [Effect::Cancel(check)],
        "without a profile no secret is looked up"
    );
    let message = checked(check, Ok(()));
    assert_eq!(tell(&mut state, message), []);
    assert_eq!(state.screen, Screen::Profiles);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Setup);
    assert_eq!(state.setup.phase, Phase::Open);
    assert_eq!(state.setup.secret.secret().expose(), "tok");
}

#[test]
fn a_demo_that_starts_late_does_not_take_over() {
    let mut state = lookup();
    let request = request_of(&act(&mut state, Action::OpenDemo));
    profiles(&mut state, 1);
    let effects = act(&mut state, Action::Submit);
    assert!(effects.contains(&Effect::Cancel(request)), "{effects:?}");
    let opened = demo_opened(request, Ok(demo_access(account('d'))));
    tell(&mut state, opened);
    assert_eq!(state.session.active.profile.as_deref(), Some("staging"));
}

#[test]
fn switching_clears_the_error_the_notice_and_the_rate_limit() {
    let mut state = detail();
    let request = request_of(&act(&mut state, Action::Reload));
    let limited = limited(99);
    tell(&mut state, fetched(request, Err(limited)));
    assert!(state.banner.is_some());
    profiles(&mut state, 1);
    act(&mut state, Action::Submit);
    assert_eq!(state.banner, None);
    assert_eq!(state.limited_until, None);
    assert_eq!(notice(&state), "Now using the profile staging.");
}

#[test]
fn a24_a_rate_limit_applies_again_with_its_credential() {
    let mut state = lookup();
    let limited = limited(60);
    list(&mut state, Err(limited));
    act(&mut state, Action::Back);
    let until = state.limited_until;
    for (row, pause) in [(1, None), (0, until)] {
        profiles(&mut state, row);
        act(&mut state, Action::Submit);
        assert_eq!(state.limited_until, pause);
    }
    // Its list, which was not asked for, is read when the pause is over.
    state.session.settings.refresh_seconds = 60;
    let end = until.unwrap();
    assert_eq!(
        update(
            &mut state,
            end - chrono::TimeDelta::seconds(1),
            Message::Ticked
        ),
        []
    );
    let effects = update(&mut state, end, Message::Ticked);
    assert_matches!(effects.as_slice(), [Effect::ListTokens { .. }]);
}

#[test]
fn a_profile_renamed_elsewhere_leaves_the_list() {
    let mut state = lookup();
    profiles(&mut state, 1);
    let request = request_of(&act(&mut state, Action::MakeDefault));
    let mut settings = state.session.settings.clone();
    settings
        .profiles
        .retain(|profile| profile.name != "staging");
    tell(&mut state, Message::SettingsRead(settings));
    let effects = tell(
        &mut state,
        profiles_changed(request, failed(FailureKind::Usage)),
    );
    assert_matches!(effects.as_slice(), [Effect::FindSecrets { .. }]);
    assert_eq!(state.profiles.rows(&state.session.settings).len(), 2);
    let hint = &state.banner.as_ref().unwrap().failure.hint.text;
    assert_starts(hint, "It was renamed or removed elsewhere.");
}

#[test]
fn one_can_switch_to_a_profile_and_back_to_the_environment() {
    let mut state = lookup_by_environment();
    profiles(&mut state, 1);
    assert_eq!(
        state.profiles.rows(&state.session.settings).len(),
        4,
        "the environment's credential has a row of its own"
    );
    act(&mut state, Action::Submit);
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    profiles(&mut state, 0);
    act(&mut state, Action::Submit);
    assert_eq!(state.session.active.identity, Some(in_environment()));
    assert_eq!(state.session.active.profile, None);
    assert_eq!(state.session.active.scope, Some(account('e')));
    assert_eq!(state.session.active.scope_origin, "CLOUDFLARE_ACCOUNT_ID");
}

#[test]
fn the_environments_row_cannot_be_changed_and_says_why() {
    for action in [
        Action::EditProfile,
        Action::ReplaceCredential,
        Action::MakeDefault,
        Action::RemoveProfile,
    ] {
        let mut state = lookup_by_environment();
        profiles(&mut state, 0);
        assert_eq!(act(&mut state, action), []);
        assert_eq!((state.screen, state.overlay), (Screen::Profiles, None));
        assert!(
            notice(&state).contains("CLOUDFLARE_API_TOKEN"),
            "{action:?}"
        );
    }
}

#[test]
fn recent_lookups_are_loaded_again_when_the_demo_is_left() {
    let mut state = lookup();
    let request = request_of(&act(&mut state, Action::OpenDemo));
    let opened = demo_opened(request, Ok(demo_access(account('d'))));
    tell(&mut state, opened);
    assert!(state.session.is_demo());
    profiles(&mut state, 1);
    let effects = act(&mut state, Action::Submit);
    assert!(effects.contains(&Effect::LoadRecents), "{effects:?}");
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
}

#[test]
fn a_demo_only_program_changes_no_profile() {
    let session = Session {
        demo_only: true,
        ..Session::default()
    };
    let mut state = opened(session);
    assert_eq!(act(&mut state, Action::Profiles), []);
    for action in [Action::AddProfile, Action::Submit, Action::RemoveProfile] {
        assert_eq!(act(&mut state, action), []);
        assert_eq!((state.screen, state.overlay), (Screen::Profiles, None));
    }
}

#[test]
fn esc_returns_to_the_screen_that_opened_the_profiles() {
    let mut state = detail();
    profiles(&mut state, 0);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Detail);
    let mut state = lookup();
    profiles(&mut state, 0);
    act(&mut state, Action::Profiles);
    act(&mut state, Action::Back);
    assert_eq!(
        state.screen,
        Screen::Find,
        "opening them twice makes no loop"
    );
}

#[test]
fn without_an_active_credential_a_lookup_leads_to_the_profiles() {
    let session = Session {
        active: ActiveCredential {
            scope: Some(account('a')),
            ..ActiveCredential::default()
        },
        settings: settings(),
        ..Session::default()
    };
    let mut state = opened(session);
    type_text(&mut state, ID);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::FindSecrets { .. }]);
    assert_eq!(state.screen, Screen::Profiles);
    act(&mut state, Action::Submit);
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    assert_eq!(state.find.token.value(), ID);
}

/// Whatever happens in whatever order, all data in view belongs to the active credential.
#[test]
fn header_and_data_always_belong_to_the_same_credential() {
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let mut fetches = 0;
    for _ in 0..60 {
        let mut state = lookup_by_environment();
        let mut open: Vec<RequestId> = Vec::new();
        for _ in 0..120 {
            let message = match next(12) {
                0 => Message::Input(Input::Act(Action::Profiles)),
                1 | 2 => Message::Input(Input::Act(Action::Down)),
                3 => Message::Input(Input::Act(Action::Back)),
                4 | 5 => Message::Input(Input::Act(Action::Submit)),
                6 => Message::Input(Input::Act(Action::Find)),
                7 => Message::Input(Input::Act(Action::Reload)),
                8 if !open.is_empty() => token_fetched(open[next(open.len())]),
                9 if !open.is_empty() => Message::ProfilesChanged {
                    request: open[next(open.len())],
                    result: Ok(settings()),
                },
                10 => Message::Input(Input::Act(Action::RemoveProfile)),
                _ => {
                    state.find.token = tokenscope::app::form::TextField::with(ID);
                    Message::Ticked
                }
            };
            for effect in tell(&mut state, message) {
                match effect {
                    Effect::FetchToken {
                        request, access, ..
                    } => {
                        fetches += 1;
                        assert_eq!(Some(access.identity), state.session.active.identity);
                        open.push(request);
                    }
                    Effect::RemoveProfile { request, .. } => open.push(request),
                    _ => {}
                }
            }
            let in_use = state.session.active.identity.as_ref();
            for access in [&state.detail.access, &state.list.access] {
                let asks = access.as_ref().map(|access| &access.identity);
                assert!(asks.is_none() || asks == in_use, "{asks:?} {in_use:?}");
            }
        }
    }
    assert!(fetches > 100, "only {fetches} look-ups were sent");
}

#[test]
fn a_profile_is_added_with_an_empty_form_and_an_unused_name() {
    let mut state = lookup();
    profiles(&mut state, 0);
    let effects = act(&mut state, Action::AddProfile);
    assert_matches!(effects.as_slice(), [Effect::ProbeStore { .. }]);
    let setup = &state.setup;
    assert_eq!(setup.name.value(), "default");
    assert_eq!(setup.scope_id.value(), "");
    assert!(setup.secret.secret().is_empty());
    act(&mut state, Action::Back);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Profiles);
}

#[test]
fn the_name_of_an_existing_profile_is_refused() {
    let mut state = lookup();
    profiles(&mut state, 0);
    act(&mut state, Action::AddProfile);
    state.setup.form.focus = SetupField::Name;
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, "prod");
    state.setup.form.focus = SetupField::Secret;
    type_text(&mut state, "tok");
    state.setup.form.focus = SetupField::ScopeId;
    type_text(&mut state, account('c').id());
    assert_eq!(act(&mut state, Action::Submit), []);
    let (field, complaint) = state.setup.form.complaint.clone().unwrap();
    assert_eq!(field, SetupField::Name);
    assert!(complaint.contains("prod"), "{complaint}");
}

#[test]
fn a_scope_is_changed_without_typing_the_secret_again() {
    let mut state = lookup();
    profiles(&mut state, 1);
    act(&mut state, Action::EditProfile);
    assert_eq!(state.setup.email.value(), "ops@example.com");
    assert_eq!(state.setup.form.focus, SetupField::ScopeId);
    assert!(
        !state.setup.rows().contains(&SetupField::Name),
        "the secret is kept under the name"
    );
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, zone('c').id());
    let effects = act(&mut state, Action::Submit);
    let request = request_of(&effects);
    let asker = CredentialRef::Identity(identity("staging"));
    let scope = zone('c');
    assert_eq!(
        effects,
        [Effect::CheckCredential {
            request,
            asker,
            scope
        }]
    );
    let effects = tell(&mut state, checked(request, Ok(())));
    let request = request_of(&effects);
    let profile = profile("staging", Some(zone('c')));
    assert_eq!(
        effects,
        [Effect::SaveProfile {
            request,
            profile: profile.clone(),
            credential: None
        }]
    );
    let mut settings = settings();
    settings.profiles[1] = profile;
    let location = login_keyring();
    tell(&mut state, saved(request, Ok((settings, location))));
    assert_eq!(state.session.active.profile.as_deref(), Some("staging"));
    assert_eq!(state.session.active.scope, Some(zone('c')));
    assert_eq!(state.session.store, Some("Secret Service"));
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(notice(&state), "Saved. Now using the profile staging.");
}

#[test]
fn another_kind_of_credential_needs_its_secret() {
    let mut state = lookup();
    profiles(&mut state, 0);
    act(&mut state, Action::EditProfile);
    state.setup.form.focus = SetupField::Kind;
    act(&mut state, Action::Right);
    state.setup.form.focus = SetupField::Email;
    type_text(&mut state, "ops@example.com");
    state.setup.form.focus = SetupField::Button(Save);
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(complained(&state), SetupField::Secret);
}

#[test]
fn a_reentered_credential_of_the_selected_profile_must_not_be_empty() {
    let mut state = lookup();
    profiles(&mut state, 2);
    act(&mut state, Action::ReplaceCredential);
    assert_eq!(state.setup.form.focus, SetupField::Secret);
    assert_eq!(state.context(), Context::SetupText);
    state.setup.form.focus = SetupField::ScopeId;
    type_text(&mut state, account('c').id());
    state.setup.form.focus = SetupField::Button(Save);
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(complained(&state), SetupField::Secret);
    type_text(&mut state, "new");
    state.setup.form.focus = SetupField::Button(Save);
    let effects = act(&mut state, Action::Submit);
    let wanted = CredentialRef::Credential(Credential {
        kind: CredentialKind::ApiToken,
        secret: Secret::new("new".to_owned()),
    });
    assert_matches!(effects.as_slice(), [Effect::CheckCredential { asker, .. }] if *asker == wanted);
}

#[test]
fn a_missing_secret_opens_the_form_of_its_profile() {
    let mut state = lookup();
    profiles(&mut state, 1);
    act(&mut state, Action::Submit);
    let request = look_up(&mut state, ID);
    tell(
        &mut state,
        fetched(request, failed(FailureKind::NoCredential)),
    );
    let setup = &state.setup;
    assert_eq!(state.screen, Screen::Setup);
    assert_eq!(setup.form.focus, SetupField::Secret);
    assert_eq!(setup.original, settings().profile("staging").cloned());
    assert_eq!(setup.email.value(), "ops@example.com");
    assert_eq!(setup.scope_id.value(), zone('b').id());
    type_text(&mut state, "new");
    let effects = act(&mut state, Action::Submit);
    let request = request_of(&effects);
    let effects = tell(&mut state, checked(request, Ok(())));
    let request = request_of(&effects);
    let location = Location::new("a drawer");
    let settings = settings();
    let effects = tell(&mut state, saved(request, Ok((settings, location))));
    assert!(
        matches!(
            effects.as_slice(),
            [.., Effect::ListTokens { .. }, Effect::FetchToken { .. }]
        ),
        "the look-up that failed is repeated: {effects:?}"
    );
}

#[test]
fn a_new_credential_of_another_profile_does_not_repeat_the_open_lookup() {
    let mut state = detail();
    profiles(&mut state, 1);
    act(&mut state, Action::ReplaceCredential);
    type_text(&mut state, "new");
    state.setup.form.focus = SetupField::Button(Save);
    let request = request_of(&act(&mut state, Action::Submit));
    let effects = tell(&mut state, checked(request, Ok(())));
    let request = request_of(&effects);
    let effects = tell(
        &mut state,
        saved(request, Ok((settings(), Location::new("a drawer")))),
    );
    assert!(
        effects
            .iter()
            .all(|effect| matches!(effect, Effect::Cancel(_) | Effect::ListTokens { .. })),
        "{effects:?}"
    );
    assert_eq!(state.detail.token, Remote::Idle);
}

#[test]
fn the_answer_to_an_unknown_save_only_updates_the_settings() {
    let mut state = lookup();
    let request = RequestId(99);
    tell(
        &mut state,
        saved(request, Ok((without("half"), Location::new("elsewhere")))),
    );
    assert_eq!(state.session.store, None);
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    assert_eq!(state.session.settings, without("half"));
}

/// The profiles with the question about a row in front.
fn asked(state: &mut State, down: usize) {
    profiles(state, down);
    assert_eq!(act(state, Action::RemoveProfile), []);
    assert_eq!(state.overlay, Some(Overlay::Confirm));
    assert_eq!(state.context(), Context::Confirm);
}

fn removed(state: &mut State, settings: Settings) -> Vec<Effect> {
    let request = request_of(&act(state, Action::Submit));
    tell(state, profiles_changed(request, Ok(settings)))
}

#[test]
fn enter_does_not_remove_and_y_does() {
    let keymap = Keymap::built_in().unwrap();
    let press = |code| {
        let event = KeyEvent::new(code, KeyModifiers::NONE);
        keymap.translate(Context::Confirm, Event::Key(event))
    };
    assert_eq!(press(KeyCode::Enter), None);
    assert_eq!(press(KeyCode::Char('y')), Some(Input::Act(Action::Submit)));
    for code in [KeyCode::Char('n'), KeyCode::Esc] {
        assert_eq!(press(code), Some(Input::Act(Action::Back)));
    }
}

#[test]
fn a_profile_is_removed_after_confirmation() {
    let mut state = lookup();
    asked(&mut state, 1);
    assert_eq!(state.profiles.pending_removal.as_deref(), Some("staging"));
    let effects = act(&mut state, Action::Submit);
    let request = request_of(&effects);
    let name = "staging".to_owned();
    assert_eq!(effects, [Effect::RemoveProfile { request, name }]);
    assert_eq!(state.overlay, None);
    assert_eq!(
        act(&mut state, Action::Submit),
        [],
        "no switching during a removal"
    );
    let effects = tell(
        &mut state,
        profiles_changed(request, Ok(without("staging"))),
    );
    assert_matches!(effects.as_slice(), [Effect::FindSecrets { .. }]);
    assert_eq!(state.session.settings, without("staging"));
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    assert_eq!(state.screen, Screen::Profiles);
    assert_eq!(notice(&state), "Removed staging. In use: the profile prod.");
}

#[test]
fn a_profile_is_kept_after_a_no() {
    let mut state = lookup();
    asked(&mut state, 1);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!((state.screen, state.overlay), (Screen::Profiles, None));
    assert_eq!(state.profiles.change, None);
}

#[test]
fn a_failed_removal_changes_nothing_and_is_reported() {
    let mut state = lookup();
    asked(&mut state, 0);
    let request = request_of(&act(&mut state, Action::Submit));
    let result = failed(FailureKind::Keyring);
    assert_eq!(tell(&mut state, profiles_changed(request, result)), []);
    assert_eq!(state.session.settings, settings());
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    let banner = state.banner.as_ref().unwrap();
    assert_eq!(banner.failure.kind, FailureKind::Keyring);
    assert_eq!(state.profiles.change, None, "it can be tried again");
}

#[test]
fn after_removing_the_active_profile_the_default_is_used() {
    let mut state = lookup();
    profiles(&mut state, 1);
    act(&mut state, Action::Submit);
    asked(&mut state, 1);
    removed(&mut state, without("staging"));
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
    assert_eq!(state.session.active.identity, Some(identity("prod")));
    assert_eq!(state.session.active.scope, Some(account('a')));
    assert_eq!(state.screen, Screen::Profiles);
}

#[test]
fn after_removing_the_active_profile_the_environment_precedes_the_default() {
    let mut state = lookup_by_environment();
    profiles(&mut state, 2);
    act(&mut state, Action::Submit);
    assert_eq!(state.session.active.profile.as_deref(), Some("staging"));
    asked(&mut state, 2);
    removed(&mut state, without("staging"));
    assert_eq!(state.session.active.identity, Some(in_environment()));
}

#[test]
fn after_removing_the_active_default_profile_the_user_chooses() {
    let mut state = detail();
    asked(&mut state, 0);
    let settings = Settings {
        default_profile: "default".to_owned(),
        ..without("prod")
    };
    removed(&mut state, settings);
    assert!(notice(&state).ends_with("Choose what to use now."));
    assert_eq!(state.session.active.identity, None);
    assert_eq!(state.session.active.scope, None);
    assert_eq!(state.detail.token, Remote::Idle);
    assert_eq!(state.screen, Screen::Profiles);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find, "not the token of what is gone");
}

#[test]
fn after_removing_the_last_profile_setup_opens() {
    let mut state = lookup();
    asked(&mut state, 0);
    let effects = removed(&mut state, Settings::default());
    assert!(
        effects
            .iter()
            .any(|it| matches!(it, Effect::ProbeStore { .. })),
        "{effects:?}"
    );
    assert_eq!(state.screen, Screen::Setup);
    assert_eq!(state.setup.name.value(), "default");
}

#[test]
fn the_default_changes_when_the_answer_arrives() {
    let mut state = lookup();
    profiles(&mut state, 1);
    let effects = act(&mut state, Action::MakeDefault);
    let request = request_of(&effects);
    let name = "staging".to_owned();
    assert_eq!(effects, [Effect::UseProfile { request, name }]);
    assert_eq!(state.session.settings.default_profile, "prod");
    tell(
        &mut state,
        profiles_changed(
            request,
            Ok(Settings {
                default_profile: "staging".to_owned(),
                ..settings()
            }),
        ),
    );
    assert_eq!(state.session.settings.default_profile, "staging");
    assert_eq!(state.session.active.profile.as_deref(), Some("prod"));
}

#[test]
fn the_selection_stays_on_its_profile_when_the_file_has_changed() {
    let mut state = lookup();
    profiles(&mut state, 1);
    let request = request_of(&act(&mut state, Action::MakeDefault));
    let mut changed = settings();
    changed.profiles.insert(0, profile("new", None));
    tell(&mut state, profiles_changed(request, Ok(changed)));
    assert_eq!(state.profiles.selected, 2);
}

#[test]
fn a_question_takes_all_keys_until_it_is_answered() {
    let mut state = lookup();
    profiles(&mut state, 1);
    act(&mut state, Action::RemoveProfile);
    let keys = state.keymap.clone();
    let press = |key| keys.translate(state.context(), Event::Key(key));
    for key in ['?', 'q', 'p', 't', 'x', 'j'] {
        let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
        assert_eq!(press(key), None, "{key:?}");
    }
    for key in [KeyCode::Enter, KeyCode::F(1), KeyCode::F(3), KeyCode::Tab] {
        let key = KeyEvent::new(key, KeyModifiers::NONE);
        assert_eq!(press(key), None, "{key:?}");
    }
    let answers = [
        (KeyCode::Char('y'), Action::Submit),
        (KeyCode::Char('n'), Action::Back),
        (KeyCode::Esc, Action::Back),
    ];
    for (key, action) in answers {
        let key = KeyEvent::new(key, KeyModifiers::NONE);
        assert_eq!(press(key), Some(Input::Act(action)), "{key:?}");
    }
}

#[test]
fn an_account_name_from_the_picker_is_saved_in_the_profile() {
    let mut state = lookup();
    profiles(&mut state, 0);
    act(&mut state, Action::EditProfile);
    list(&mut state, Ok(scopes()));
    act(&mut state, Action::Down);
    act(&mut state, Action::Submit);
    assert_eq!(state.setup.scope_id.value(), account('2').id());
    let check = request_of(&act(&mut state, Action::Submit));
    let effects = tell(&mut state, checked(check, Ok(())));
    let [Effect::SaveProfile { profile, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert_eq!(profile.scope, Some(account('2')));
    assert_eq!(profile.scope_name.as_deref(), Some("Zebra Ltd"));
}
