//! Transitions of the picker of accounts and zones: listing, filtering, choosing.

use tokenscope::action::{Action, Context};
use tokenscope::app::message::Effect;
use tokenscope::app::state::{Overlay, Screen, Session, State};
use tokenscope::app::{Opening, start};
use tokenscope::domain::credential::{
    Credential, CredentialKind, CredentialRef, Secret, VisibleScopes,
};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::Remote;
use tokenscope::domain::scope::{NamedScope, Scope};
use tokenscope::screens::setup::state::SetupButton::Save;
use tokenscope::screens::setup::state::SetupField;

use crate::support::app::{
    act, complained, notice, opened, request_of, scopes_listed, tell, type_text,
};
use crate::support::assertions::assert_matches;
use crate::support::sessions::{failure, limited};
use crate::update::profiles::{account, identity, lookup, profiles, zone};

fn named(scope: Scope, name: &str) -> NamedScope {
    NamedScope {
        scope,
        name: name.to_owned(),
    }
}

pub(crate) fn scopes() -> VisibleScopes {
    VisibleScopes {
        accounts: Ok(vec![
            named(account('2'), "Zebra Ltd"),
            named(account('1'), "aardvark"),
        ]),
        zones: Ok(vec![
            named(zone('3'), "example.com"),
            named(zone('4'), "example.net"),
        ]),
    }
}

pub(crate) fn list(state: &mut State, result: Result<VisibleScopes, Failure>) -> Vec<Effect> {
    let request = request_of(&act(state, Action::PickScope));
    assert_eq!(state.overlay, Some(Overlay::Picker));
    assert_eq!(state.context(), Context::PickerText);
    tell(state, scopes_listed(request, result))
}

fn matching(state: &State) -> Vec<String> {
    let names = state.picker.rows(0, usize::MAX);
    names.map(|named| named.name.clone()).collect()
}

#[test]
fn find_lists_accounts_and_zones_with_the_active_credential() {
    let mut state = lookup();
    let effects = act(&mut state, Action::PickScope);
    let request = request_of(&effects);
    let asker = CredentialRef::Identity(identity("prod"));
    assert_eq!(effects, [Effect::ListScopes { request, asker }]);
    tell(&mut state, scopes_listed(request, Ok(scopes())));
    assert_eq!(
        matching(&state),
        ["aardvark", "Zebra Ltd", "example.com", "example.net"]
    );
}

#[test]
fn typing_filters_by_name_and_id_and_enter_fills_the_form() {
    let mut state = lookup();
    list(&mut state, Ok(scopes()));
    type_text(&mut state, "EXAMPLE");
    assert!(matching(&state).is_empty(), "upper case is meant");
    assert_eq!(act(&mut state, Action::Submit), [], "nothing to choose");
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, "example");
    act(&mut state, Action::Down);
    type_text(&mut state, ".");
    assert_eq!(
        state.picker.selected, 0,
        "another filter, from its first row"
    );
    act(&mut state, Action::Down);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::ListTokens { access, .. }] if access.scope == zone('4'));
    assert_eq!(state.overlay, None);
    assert_eq!(state.session.active.scope, Some(zone('4')));
    list(&mut state, Ok(scopes()));
    assert_eq!(state.picker.selected, 3, "the one in the form is selected");
    type_text(&mut state, "2222");
    assert_eq!(matching(&state), ["Zebra Ltd"]);
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, "zone");
    assert_eq!(matching(&state), ["example.com", "example.net"]);
}

#[test]
fn a_partial_list_is_offered_although_the_rest_is_refused() {
    let mut state = lookup();
    let refusal = failure(FailureKind::Permission);
    let partial = VisibleScopes {
        accounts: Err(refusal.clone()),
        ..scopes()
    };
    assert_eq!(list(&mut state, Ok(partial)), []);
    assert_eq!(matching(&state), ["example.com", "example.net"]);
    assert_eq!(state.picker.refusals(), [&refusal]);
    assert_eq!(state.banner, None);
}

#[test]
fn a_refusal_of_both_lists_or_a_keyring_failure_is_shown_once() {
    let refusal = failure(FailureKind::Authentication);
    let refused = Ok(VisibleScopes {
        accounts: Err(refusal.clone()),
        zones: Err(refusal.clone()),
    });
    for result in [refused, Err(refusal.clone())] {
        let mut state = lookup();
        list(&mut state, result);
        assert_eq!(state.picker.refusals(), [&refusal]);
        assert!(matching(&state).is_empty());
        assert_eq!(act(&mut state, Action::Submit), []);
    }
}

#[test]
fn a_rate_limit_of_the_picker_applies_to_all_requests() {
    let mut state = lookup();
    let limited = limited(60);
    list(&mut state, Err(limited));
    act(&mut state, Action::Back);
    assert_eq!(act(&mut state, Action::PickScope), []);
    assert_eq!(state.overlay, None);
    assert!(notice(&state).contains("1:00"), "{}", notice(&state));
}

#[test]
fn esc_cancels_the_list_and_a_late_answer_is_dropped() {
    let mut state = lookup();
    let request = request_of(&act(&mut state, Action::PickScope));
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    tell(&mut state, scopes_listed(request, Ok(scopes())));
    assert_eq!(state.picker.scopes, Remote::Idle);
    assert_eq!((state.screen, state.overlay), (Screen::Find, None));
}

#[test]
fn help_opens_over_the_picker_and_returns_to_it() {
    let mut state = lookup();
    list(&mut state, Ok(scopes()));
    act(&mut state, Action::Help);
    assert_eq!(state.context(), Context::Help);
    act(&mut state, Action::Back);
    assert_eq!(state.overlay, Some(Overlay::Picker));
    assert_eq!(state.picker.total(), 4);
}

#[test]
fn setup_lists_with_the_typed_secret_and_asks_for_it_first() {
    let mut state = opened(Session::default());
    start(&mut state, Opening::Setup);
    state.setup.form.focus = SetupField::ScopeId;
    assert_eq!(act(&mut state, Action::PickScope), []);
    assert_eq!(state.overlay, None);
    assert_eq!(complained(&state), SetupField::Secret);
    assert_eq!(state.setup.form.focus, SetupField::Secret);
    type_text(&mut state, "tok");
    let effects = act(&mut state, Action::PickScope);
    let request = request_of(&effects);
    let asker = CredentialRef::Credential(Credential {
        kind: CredentialKind::ApiToken,
        secret: Secret::new("tok".to_owned()),
    });
    assert_eq!(effects, [Effect::ListScopes { request, asker }]);
    tell(&mut state, scopes_listed(request, Ok(scopes())));
    act(&mut state, Action::Down);
    act(&mut state, Action::Submit);
    assert_eq!(state.setup.scope_id.value(), account('2').id());
    assert_eq!(state.setup.form.focus, SetupField::Button(Save));
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::CheckCredential { .. }]);
}

#[test]
fn the_form_of_a_profile_lists_with_its_stored_secret() {
    let mut state = lookup();
    profiles(&mut state, 1);
    act(&mut state, Action::EditProfile);
    let effects = act(&mut state, Action::PickScope);
    let request = request_of(&effects);
    let asker = CredentialRef::Identity(identity("staging"));
    assert_eq!(effects, [Effect::ListScopes { request, asker }]);
}

#[test]
fn a_complete_id_is_offered_as_account_and_zone_without_a_list() {
    let id = "0123456789abcdef0123456789abcdef";
    let as_typed = |state: &State| {
        let rows = state.picker.rows(0, usize::MAX);
        rows.map(|named| named.scope.to_string())
            .collect::<Vec<_>>()
    };
    let offered = [format!("account {id}"), format!("zone {id}")];
    let mut state = lookup();
    let request = request_of(&act(&mut state, Action::PickScope));
    type_text(&mut state, id);
    assert_eq!(as_typed(&state), offered, "while the list is awaited");
    tell(
        &mut state,
        scopes_listed(request, Err(failure(FailureKind::Permission))),
    );
    assert_eq!(as_typed(&state), offered, "where nothing may be listed");
    act(&mut state, Action::Down);
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::ListTokens { .. }]);
    assert_eq!(state.overlay, None);

    let mut state = lookup();
    list(&mut state, Ok(scopes()));
    type_text(&mut state, &account('1').id().to_uppercase());
    let ids = as_typed(&state);
    assert_eq!(
        ids.len(),
        2,
        "the account is listed by its name, the zone is not: {ids:?}"
    );
}

#[test]
fn choosing_a_typed_id_cancels_the_pending_list() {
    let mut state = lookup();
    let request = request_of(&act(&mut state, Action::PickScope));
    type_text(&mut state, "0123456789abcdef0123456789abcdef");
    let effects = act(&mut state, Action::Submit);
    assert!(effects.contains(&Effect::Cancel(request)), "{effects:?}");
}
