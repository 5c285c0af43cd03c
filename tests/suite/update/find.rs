//! Find: tokens that need the user, search while typing, and the two modes of its keys.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::action::{Action, Context, Input};
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, Screen, Session, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::credential::VisibleScopes;
use tokenscope::domain::failure::FailureKind;
use tokenscope::domain::fetched::RequestId;
use tokenscope::domain::scope::NamedScope;
use tokenscope::domain::token::{ServiceToken, TokenRef};
use tokenscope::screens::find::state::{Item, MatchKind};

use crate::screens::scenes::shown_at;
use crate::support::app::{
    act, fetched, finding, found, list_fetched, listed, lookup, notice, opened, paste, request_of,
    tell, type_text,
};
use crate::support::assertions::{assert_contains, assert_matches};
use crate::support::sessions::{account, failed, profile, session, zone};
use crate::support::tokens::{self, at, now};

fn shown(state: &State) -> String {
    shown_at(state, (80, 24))
}

fn day(days: i64) -> DateTime<Utc> {
    at(days * 86_400)
}

fn id(number: usize) -> String {
    format!("f174e90a-fafe-4643-bbbc-{number:012x}")
}

fn token_with(
    number: usize,
    name: &str,
    expires_at: DateTime<Utc>,
    more: &str,
) -> Arc<ServiceToken> {
    let (id, end) = (id(number), expires_at.to_rfc3339());
    tokens::token(&format!(
        r#"{{"id":"{id}","name":"{name}","client_id":"{number:032x}.access","duration":"8760h","expires_at":"{end}"{more}}}"#
    ))
}

fn token(number: usize, name: &str, expires_at: DateTime<Utc>) -> Arc<ServiceToken> {
    let seen = at(-60 * i64::try_from(number).unwrap()).to_rfc3339();
    token_with(
        number,
        name,
        expires_at,
        &format!(r#","last_seen_at":"{seen}""#),
    )
}

/// In order of urgency: gamma, alpha, epsilon, Delta; the first three need the user.
fn tokens() -> Vec<Arc<ServiceToken>> {
    vec![
        token(0, "Delta", day(300)),
        token(1, "alpha-deploy", day(3)),
        token(2, "gamma", day(-2)),
        token(4, "epsilon-deploy", day(20)),
    ]
}

/// Find with a complete list.
fn find(tokens: Vec<Arc<ServiceToken>>) -> State {
    let (mut state, request) = finding(session());
    assert_eq!(end(&mut state, request.unwrap(), tokens), []);
    state
}

fn end(state: &mut State, request: RequestId, tokens: Vec<Arc<ServiceToken>>) -> Vec<Effect> {
    tell(state, list_fetched(request, Ok(listed(tokens))))
}

fn arrive(state: &mut State, request: RequestId, tokens: Vec<Arc<ServiceToken>>) {
    let total = Some(5);
    let page = Message::TokensArrived {
        request,
        tokens,
        total,
    };
    assert_eq!(tell(state, page), []);
}

fn name(state: &State, item: Item) -> &str {
    let token = state.find.token_at(item, &state.list);
    token.map_or("", |token| token.name_text())
}

fn selected(state: &State) -> &str {
    state.find.selected.map_or("", |item| name(state, item))
}

fn matches(state: &State) -> Vec<&str> {
    let count = state.find.matches.count();
    (0..count).map(|at| name(state, Item::Match(at))).collect()
}

fn needs(state: &State) -> Vec<&str> {
    let needs = state.list.needs().iter();
    let tokens = needs.filter_map(|need| state.list.token(need.place));
    tokens.map(|token| token.name_text()).collect()
}

// ---------------------------------------------------------------------------------- the list

#[test]
fn the_list_is_fetched_at_once_with_a_credential_and_a_scope() {
    let mut state = State::new(session(), crate::support::app::keys(), now(), (100, 30));
    let effects = start(&mut state, Opening::Find);
    assert_matches!(effects.as_slice(), [Effect::ListTokens { access, .. }] if access.scope == account());

    let mut state = State::new(
        Session::default(),
        crate::support::app::keys(),
        now(),
        (100, 30),
    );
    assert_eq!(start(&mut state, Opening::Find), []);
}

#[test]
fn find_and_browse_share_one_list() {
    let mut state = find(tokens());
    assert_eq!(
        act(&mut state, Action::Browse),
        [],
        "nothing more is fetched"
    );
    assert_eq!(state.browse.table.rows(), 4);
    assert_eq!(act(&mut state, Action::Find), []);
}

#[test]
fn a_refused_list_causes_no_banner_and_ids_can_still_be_looked_up() {
    let mut state = lookup();
    assert_eq!(state.banner, None);
    type_text(&mut state, "CI");
    let effects = act(&mut state, Action::Submit);
    assert_matches!(
        effects.as_slice(),
        [Effect::FetchToken {
            token: TokenRef::Name(_),
            ..
        }]
    );
}

#[test]
fn another_failure_of_the_list_is_shown_only_on_find() {
    let (mut state, request) = finding(session());
    tell(
        &mut state,
        list_fetched(request.unwrap(), failed(FailureKind::Network)),
    );
    assert!(state.banner.is_some());

    let (mut state, request) = finding(session());
    act(&mut state, Action::Profiles);
    tell(
        &mut state,
        list_fetched(request.unwrap(), failed(FailureKind::Network)),
    );
    assert_eq!(state.banner, None);
}

#[test]
fn r_reloads_the_list_while_letters_are_commands() {
    let mut state = find(tokens());
    act(&mut state, Action::Back);
    let effects = act(&mut state, Action::Reload);
    assert_matches!(effects.as_slice(), [Effect::ListTokens { .. }]);
    assert_eq!(needs(&state), ["gamma", "alpha-deploy", "epsilon-deploy"]);
}

// ---------------------------------------------------------------------------------- needs you

#[test]
fn tokens_that_need_the_user_are_sorted_by_urgency() {
    let forever = r#"{"id":"7","name":"forever unused","duration":"forever","last_seen_at":"2026-01-01T00:00:00Z"}"#;
    let used = format!(r#","last_seen_at":"{}""#, day(-1).to_rfc3339());
    let mut all = tokens();
    all.extend([
        tokens::token(forever),
        token_with(8, "still used", day(-90), &used),
        token_with(9, "over", day(-91), ""),
        token_with(10, "off", day(1), r#","enabled":false"#),
        token_with(
            11,
            "never used",
            day(200),
            r#","last_seen_at":null,"created_at":"2026-01-01T00:00:00Z""#,
        ),
        tokens::token(r#"{"id":"12","name":"no date"}"#),
    ]);
    let state = find(all);
    assert_eq!(
        needs(&state),
        [
            "gamma",
            "alpha-deploy",
            "epsilon-deploy",
            "no date",
            "never used",
            "forever unused",
            "still used"
        ]
    );
    let words: Vec<_> = state.list.needs().iter().map(|need| need.word).collect();
    assert_eq!(
        words,
        [
            "expired",
            "critical",
            "expiring",
            "unknown",
            "never used",
            "unused",
            "still used"
        ]
    );
}

#[test]
fn the_first_token_is_selected_and_enter_opens_it_at_once() {
    let mut state = find(tokens());
    assert_eq!(selected(&state), "gamma");
    let effects = act(&mut state, Action::Submit);
    assert_matches!(
        effects.as_slice(),
        [Effect::FetchToken {
            token: TokenRef::Id(_),
            ..
        }]
    );
    assert_eq!(state.screen, Screen::Detail);
    assert_eq!(state.detail.token.value().unwrap().name_text(), "gamma");
}

#[test]
fn the_rest_of_a_long_section_is_one_line_that_opens_browse() {
    let mut all: Vec<_> = (0..40)
        .map(|at| token(at, &format!("t{at:02}"), day(2)))
        .collect();
    all.push(token(50, "fine", day(300)));
    let mut state = find(all);
    act(&mut state, Action::Back);
    let items = state.find_items();
    assert!(items.has_more && items.needs > 3, "{items:?}");
    for _ in 0..items.needs {
        act(&mut state, Action::Down);
    }
    assert_eq!(state.find.selected, Some(Item::More));
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.screen, Screen::Browse);
    assert_eq!(state.browse.table.rows(), 40);
    act(&mut state, Action::Back);
    assert_eq!(state.browse.table.rows(), 41, "Esc shows all");
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.find.selected, Some(Item::More));
}

#[test]
fn an_arriving_page_does_not_move_the_selection() {
    let (mut state, request) = finding(session());
    let request = request.unwrap();
    arrive(
        &mut state,
        request,
        vec![token(1, "a", day(5)), token(2, "b", day(6))],
    );
    act(&mut state, Action::Down);
    assert_eq!(selected(&state), "b");
    arrive(
        &mut state,
        request,
        vec![token(3, "c", day(1)), token(4, "d", day(2))],
    );
    assert_eq!(selected(&state), "b");
    assert_eq!(state.find.selected, Some(Item::Need(3)));
}

// ---------------------------------------------------------------------------------- searching

#[test]
fn three_letters_and_enter_open_the_token() {
    let mut state = find(tokens());
    type_text(&mut state, "eps");
    assert_eq!(matches(&state), ["epsilon-deploy"]);
    assert_eq!(selected(&state), "epsilon-deploy");
    act(&mut state, Action::Submit);
    assert_eq!(
        state.detail.token.value().unwrap().name_text(),
        "epsilon-deploy"
    );
}

#[test]
fn substring_matches_are_sorted_by_urgency_and_fuzzy_ones_only_a_fallback() {
    let mut state = find(tokens());
    type_text(&mut state, "DEPLOY".to_lowercase().as_str());
    assert_eq!(matches(&state), ["alpha-deploy", "epsilon-deploy"]);
    assert_eq!(state.find.matches.kind, MatchKind::Containing);
    act(&mut state, Action::DeleteToStart);
    type_text(&mut state, "gma");
    assert_eq!(matches(&state), ["gamma"]);
    assert_eq!(state.find.matches.kind, MatchKind::Fuzzy);
}

#[test]
fn the_search_does_not_match_statuses() {
    let mut state = find(tokens());
    type_text(&mut state, "critical");
    assert_ne!(state.find.matches.kind, MatchKind::Containing);
}

#[test]
fn ids_match_in_every_form() {
    let forms = [
        id(4),
        id(4).to_uppercase(),
        id(4).replace('-', ""),
        format!("{:032x}.access", 4),
        format!("{:032x}", 4),
        format!("CF-Access-Client-Id: {:032x}.access", 4),
    ];
    for form in forms {
        let mut state = find(tokens());
        tell(&mut state, paste(&form));
        act(&mut state, Action::Submit);
        let shown = state
            .detail
            .token
            .value()
            .map(|token| token.name_text().to_owned());
        assert_eq!(shown.as_deref(), Some("epsilon-deploy"), "{form}");
    }
}

#[test]
fn an_id_missing_from_the_list_is_fetched_directly() {
    let (mut state, _) = finding(session());
    tell(&mut state, paste(&id(77)));
    let effects = act(&mut state, Action::Submit);
    assert_matches!(
        effects.as_slice(),
        [Effect::FetchToken {
            token: TokenRef::Id(_),
            ..
        }]
    );
}

#[test]
fn a_miss_suggests_the_nearest_names_and_enter_opens_none() {
    let mut state = find(tokens());
    type_text(&mut state, "gammma");
    assert_eq!(state.find.matches.kind, MatchKind::Nearest);
    assert_eq!(matches(&state), ["gamma"]);
    assert_eq!(state.find.selected, None);
    assert_eq!(act(&mut state, Action::Submit), []);
    act(&mut state, Action::Down);
    assert_eq!(selected(&state), "gamma");
    act(&mut state, Action::Submit);
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn enter_on_a_miss_reloads_an_old_list() {
    let mut state = find(tokens());
    state.session.settings.refresh_seconds = 0;
    type_text(&mut state, "zzz");
    update(&mut state, at(120), Message::Ticked);
    let request = request_of(&act(&mut state, Action::Submit));
    let mut all = tokens();
    all.push(token(9, "zzz-new", day(100)));
    let effects = end(&mut state, request, all);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert_eq!(state.detail.token.value().unwrap().name_text(), "zzz-new");
}

#[test]
fn enter_waits_for_the_rest_of_the_list_and_opens_the_only_match() {
    let (mut state, request) = finding(session());
    let request = request.unwrap();
    arrive(&mut state, request, tokens());
    type_text(&mut state, "gam");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert!(state.find.is_waiting);
    act(&mut state, Action::Back);
    assert!(!state.find.is_waiting);
    assert_eq!((state.screen, notice(&state)), (Screen::Find, "Cancelled."));
    assert!(state.list.extent.is_loading(), "the list still comes");
    act(&mut state, Action::Submit);
    let effects = end(&mut state, request, tokens());
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn several_matches_are_shown_once_the_list_has_arrived() {
    let (mut state, request) = finding(session());
    type_text(&mut state, "deploy");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(end(&mut state, request.unwrap(), tokens()), []);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(matches(&state).len(), 2);
}

// ---------------------------------------------------------------------------------- modes

#[test]
fn esc_makes_letters_commands_and_a_second_one_says_how_to_quit() {
    let mut state = find(tokens());
    type_text(&mut state, "dep");
    act(&mut state, Action::Back);
    assert_eq!(state.context(), Context::Find);
    assert_eq!(state.find.token.value(), "dep");
    act(&mut state, Action::Back);
    assert_eq!((state.screen, notice(&state)), (Screen::Find, "q quits."));
    act(&mut state, Action::Search);
    assert_eq!(state.context(), Context::FindText);
    assert_eq!(state.find.token.value(), "dep");
}

#[test]
fn keys_move_through_all_sections_as_one_list() {
    let mut state = find(tokens());
    type_text(&mut state, "deploy");
    let mut names = vec![selected(&state).to_owned()];
    for _ in 0..4 {
        act(&mut state, Action::Down);
        names.push(selected(&state).to_owned());
    }
    assert_eq!(
        names,
        [
            "alpha-deploy",
            "epsilon-deploy",
            "gamma",
            "alpha-deploy",
            "epsilon-deploy"
        ]
    );
    act(&mut state, Action::NextField);
    assert_eq!(state.find.selected, Some(Item::Match(0)));
    act(&mut state, Action::NextField);
    assert_eq!(state.find.selected, Some(Item::Need(0)));
    act(&mut state, Action::DeleteBack);
    assert_eq!(
        state.find.selected,
        Some(Item::Match(0)),
        "typing starts over"
    );
}

#[test]
fn a_paste_goes_into_the_field_in_both_modes() {
    let mut state = find(tokens());
    act(&mut state, Action::Back);
    tell(&mut state, paste("gam\n"));
    assert_eq!(state.context(), Context::FindText);
    assert_eq!(state.find.token.value(), "gam");
    assert_eq!(selected(&state), "gamma");
}

#[test]
fn esc_from_a_token_restores_the_row_and_makes_letters_commands() {
    let mut state = find(tokens());
    act(&mut state, Action::Down);
    let request = request_of(&act(&mut state, Action::Submit));
    let answer = found(vec![token(1, "alpha-deploy", day(3))]);
    tell(&mut state, fetched(request, Ok(answer)));
    act(&mut state, Action::Back);
    assert_eq!(state.context(), Context::Find);
    assert_eq!(selected(&state), "alpha-deploy");
    assert_eq!(state.find.selected, Some(Item::Need(1)));
}

#[test]
fn f2_uses_the_text_as_the_filter() {
    let mut state = find(tokens());
    type_text(&mut state, "deploy");
    act(&mut state, Action::Browse);
    assert_eq!(state.browse.filter.value(), "deploy");
    assert_eq!(state.browse.table.rows(), 2);
}

// ---------------------------------------------------------------------------------- scope

#[test]
fn without_a_credential_enter_leads_to_setup_and_keeps_the_text() {
    let (mut state, _) = finding(Session::default());
    type_text(&mut state, "deploy");
    act(&mut state, Action::Submit);
    assert_eq!(state.screen, Screen::Setup);
    assert_eq!(notice(&state), "First a credential.");
    assert_eq!(state.find.token.value(), "deploy");
}

#[test]
fn without_a_scope_enter_opens_the_picker() {
    let mut state = lookup();
    state.session.active.scope = None;
    type_text(&mut state, "deploy");
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::ListScopes { .. }]);
    assert_eq!(state.overlay, Some(Overlay::Picker));
}

#[test]
fn a_url_of_another_scope_is_looked_up_there() {
    let mut state = find(tokens());
    let url = format!(
        "https://api.cloudflare.com/client/v4/zones/{}/access/service_tokens/{}",
        zone().id(),
        id(4)
    );
    tell(&mut state, paste(&url));
    let effects = act(&mut state, Action::Submit);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { access, .. }] if access.scope == zone());
}

// ---------------------------------------------------------------------------------- time

#[test]
fn a_key_in_the_first_second_of_a_last_day_does_not_stop_the_countdown() {
    let mut state = find(vec![token(1, "a", day(1))]);
    let later = now() + TimeDelta::milliseconds(300);
    update(&mut state, later, Message::Input(Input::Act(Action::Down)));
    let wait = state.wake_at().unwrap() - state.clock.steady;
    assert!(wait <= TimeDelta::seconds(1), "{wait}");
}

#[test]
fn without_a_countdown_find_is_drawn_once_a_minute() {
    let state = find(vec![token(1, "a", day(5)), token(2, "b", day(-3))]);
    let wait = state.wake_at().unwrap() - state.clock.steady;
    assert!(wait > TimeDelta::seconds(10), "{wait}");
    let state = find(vec![token(1, "a", at(7200))]);
    let wait = state.wake_at().unwrap() - state.clock.steady;
    assert!(wait <= TimeDelta::seconds(1), "{wait}");
}

#[test]
fn a_token_moves_at_its_second_of_expiry() {
    let mut state = find(vec![token(1, "a", at(2)), token(2, "b", day(1))]);
    update(&mut state, at(2), Message::Ticked);
    assert_eq!(state.list.needs()[0].word, "expired");
}

#[test]
fn the_next_token_belongs_to_the_section_of_the_current_one() {
    let mut state = find(tokens());
    act(&mut state, Action::Submit);
    let name = |state: &State| state.detail.token.value().unwrap().name_text().to_owned();
    assert_eq!(name(&state), "gamma");
    assert_eq!(act(&mut state, Action::PreviousToken), []);
    assert_eq!(
        notice(&state),
        "This is the first of 3 tokens that need you."
    );
    for next in ["alpha-deploy", "epsilon-deploy", "epsilon-deploy"] {
        act(&mut state, Action::NextToken);
        assert_eq!(name(&state), next);
    }
    assert_eq!(
        notice(&state),
        "This is the last of 3 tokens that need you."
    );
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.find.selected, Some(Item::Need(2)));
}

#[test]
fn the_only_match_has_no_neighbours_and_the_key_says_so() {
    let mut state = find(tokens());
    type_text(&mut state, "gamma");
    act(&mut state, Action::Submit);
    assert_eq!(state.screen, Screen::Detail);
    assert_eq!(act(&mut state, Action::NextToken), []);
    assert_eq!(notice(&state), "This is the only match.");
}

#[test]
fn the_name_of_the_profiles_account_is_saved_once_the_picker_lists_it() {
    let mut state = find(tokens());
    state.session.settings.profiles = vec![profile("default", Some(account()))];
    let request = request_of(&act(&mut state, Action::PickScope));
    let named = |name: &str| NamedScope {
        scope: account(),
        name: name.to_owned(),
    };
    let result = Ok(VisibleScopes {
        accounts: Ok(vec![named("Example Ltd")]),
        zones: Ok(Vec::new()),
    });
    tell(&mut state, Message::ScopesListed { request, result });
    let naming = Effect::NameScope {
        profile: "default".to_owned(),
        scope: account(),
        scope_name: "Example Ltd".to_owned(),
    };
    assert_eq!(act(&mut state, Action::Submit), [naming]);
}

#[test]
fn a_pasted_secret_is_recognised_at_once_and_never_shown() {
    const SECRET: &str = "cfast_abcdefghijklmnopqrstuvwxyz0123456789abcd";
    let mut state = find(tokens());
    tell(&mut state, paste(SECRET));
    let complaint = state.find.complaint.clone().unwrap_or_default();
    assert_contains(&complaint, "looks like a secret");
    for action in [Action::Back, Action::Browse, Action::Search] {
        let screen = shown(&state);
        assert!(!screen.contains("cfast_"), "before {action:?}: {screen}");
        act(&mut state, action);
    }
    assert_eq!(state.context(), Context::BrowseText);
    let screen = shown(&state);
    assert!(!screen.contains("cfast_"), "{screen}");
}

#[test]
fn only_a_refused_list_offers_lookups_by_id() {
    for (kind, can_look_up) in [
        (FailureKind::Permission, true),
        (FailureKind::Server, false),
        (FailureKind::Network, false),
    ] {
        let (mut state, request) = finding(session());
        tell(&mut state, list_fetched(request.unwrap(), failed(kind)));
        let screen = shown(&state);
        assert_contains(&screen, "No list. ");
        let says_so = screen.contains("can still be looked up");
        assert_eq!(says_so, can_look_up, "{kind:?}: {screen}");
    }
}

#[test]
fn the_footer_offers_the_key_to_the_first_credential() {
    let mut state = opened(Session::default());
    start(&mut state, Opening::Setup);
    act(&mut state, Action::Back);
    act(&mut state, Action::Find);
    assert_eq!(state.screen, Screen::Find);
    assert_contains(&shown(&state), "Enter open");
}
