//! Transitions of the list of all tokens: a state and a message give a state and effects.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::action::{Action, Context};
use tokenscope::app::form::TextField;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, Screen, State};
use tokenscope::app::token_table::Sort;
use tokenscope::app::update;
use tokenscope::domain::credential::Location;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, Gap, Remote, RequestId, ServerClock, Tokens};
use tokenscope::domain::profile::Settings;
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::scope::Scope;
use tokenscope::domain::status::Status;
use tokenscope::domain::token::{ServiceToken, TokenRef};

use crate::support::app::{
    act, demo_opened, fetched, found, list_fetched, listed, lookup, paste, request_of, search,
    tell, type_text,
};
use crate::support::assertions::assert_matches;
use crate::support::sessions::{account, demo_access, failed, limited, zone};
use crate::support::tokens::{self, at};

fn day(days: i64) -> DateTime<Utc> {
    at(days * 86_400)
}

fn use_zone(state: &mut State) {
    state.session.active.scope = Some(zone());
}

/// The UUID of token `number`.
fn id(number: usize) -> String {
    format!("f174e90a-fafe-4643-bbbc-{number:012x}")
}

fn token(number: usize, name: &str, expires_at: DateTime<Utc>) -> Arc<ServiceToken> {
    let mut text = String::new();
    write!(
        text,
        r#"{{"id":"{}","name":"{name}","client_id":"{number:032x}.access","duration":"{}h","expires_at":"{}","last_seen_at":"{}"}}"#,
        id(number),
        8760 * (number + 1),
        expires_at.to_rfc3339(),
        (at(0) - TimeDelta::hours(i64::try_from(number).unwrap())).to_rfc3339(),
    )
    .unwrap();
    tokens::token(&text)
}

/// Five tokens in no order: active, critical, expired, never expiring, expiring.
fn tokens() -> Vec<Arc<ServiceToken>> {
    let forever = format!(
        r#"{{"id":"{}","name":"beta","client_id":"{:032x}.access","duration":"forever"}}"#,
        id(3),
        3
    );
    vec![
        token(0, "Delta", day(300)),
        token(1, "alpha", day(3)),
        token(2, "gamma", day(-2)),
        tokens::token(&forever),
        token(4, "epsilon", day(20)),
    ]
}

/// The request for the list of this scope, which must be the only effect.
#[track_caller]
fn listing(effects: &[Effect], of: &Scope) -> RequestId {
    assert_matches!(effects, [Effect::ListTokens { access, .. }] if access.scope == *of);
    request_of(effects)
}

/// The list of the account while it is being read.
fn listing_all() -> (State, RequestId) {
    let mut state = lookup();
    let request = listing(&act(&mut state, Action::Browse), &account());
    (state, request)
}

fn arrive(state: &mut State, request: RequestId, tokens: Vec<Arc<ServiceToken>>, total: usize) {
    let total = Some(total);
    let page = Message::TokensArrived {
        request,
        tokens,
        total,
    };
    assert_eq!(tell(state, page), []);
}

fn end(
    state: &mut State,
    request: RequestId,
    result: Result<Fetched<Tokens>, Failure>,
) -> Vec<Effect> {
    tell(state, list_fetched(request, result))
}

/// Browse with a list that has just arrived.
fn browse(tokens: Vec<Arc<ServiceToken>>) -> State {
    let (mut state, request) = listing_all();
    arrive(&mut state, request, tokens.clone(), tokens.len());
    assert_eq!(end(&mut state, request, Ok(listed(tokens))), []);
    assert_eq!(state.screen, Screen::Browse);
    state
}

fn names(state: &State) -> Vec<&str> {
    let table = &state.browse.table;
    table
        .tokens(&state.list, 0, table.rows())
        .map(|token| token.name_text())
        .collect()
}

fn selected(state: &State) -> &str {
    state.browse.token(&state.list).unwrap().name_text()
}

// ---------------------------------------------------------------------------------- opening

#[test]
fn the_list_is_fetched_once_and_sorted_by_urgency() {
    let (mut state, request) = listing_all();
    assert_eq!(state.screen, Screen::Browse);
    assert_eq!(act(&mut state, Action::Browse), []);
    assert_eq!(act(&mut state, Action::Reload), []);
    assert_eq!(end(&mut state, request, Ok(listed(tokens()))), []);
    assert_eq!(
        names(&state),
        ["gamma", "alpha", "epsilon", "Delta", "beta"]
    );
    assert_eq!(state.list.count(Status::Critical), 1);
    assert_eq!(state.list.count(Status::NeverExpires), 1);
    assert_eq!(state.list.count(Status::Unknown), 0);
}

#[test]
fn the_list_belongs_to_the_active_scope() {
    let mut state = lookup();
    use_zone(&mut state);
    listing(&act(&mut state, Action::Browse), &zone());
}

#[test]
fn without_a_scope_the_picker_opens() {
    let mut state = lookup();
    state.session.active.scope = None;
    state.screen = Screen::Profiles;
    let effects = act(&mut state, Action::Browse);
    assert_matches!(effects.as_slice(), [Effect::ListScopes { .. }]);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.overlay, Some(Overlay::Picker));
}

#[test]
fn without_a_credential_setup_opens() {
    let mut state = lookup();
    state.session.active.identity = None;
    let effects = act(&mut state, Action::Browse);
    assert_matches!(effects.as_slice(), [Effect::ProbeStore { .. }]);
    assert_eq!(state.screen, Screen::Setup);
    update(&mut state, at(1), paste("tok_abc"));
    let form = state.setup.clone();
    assert_eq!(act(&mut state, Action::Browse), []);
    assert_eq!(state.setup, form, "what was typed is still there");
    assert!(state.notice.is_some());
}

#[test]
fn coming_back_keeps_list_cursor_and_filter() {
    let mut state = browse(tokens());
    search(&mut state, "a");
    act(&mut state, Action::Submit);
    act(&mut state, Action::Down);
    let (cursor, rows) = (state.browse.selected, names(&state).len());
    assert_eq!(act(&mut state, Action::Find), []);
    assert_eq!(act(&mut state, Action::Browse), []);
    assert_eq!(state.browse.selected, cursor);
    assert_eq!(state.browse.filter.value(), "a");
    assert_eq!(names(&state).len(), rows);
}

#[test]
fn another_scope_starts_a_new_list_and_cancels_the_old_request() {
    let mut state = lookup();
    let first = listing(&act(&mut state, Action::Browse), &account());
    act(&mut state, Action::Find);
    use_zone(&mut state);
    let effects = act(&mut state, Action::Browse);
    assert_eq!(effects.first(), Some(&Effect::Cancel(first)));
    let second = listing(&effects[1..], &zone());
    arrive(&mut state, first, tokens(), 5);
    assert_eq!(state.list.total(), 0);
    assert_eq!(end(&mut state, first, Ok(listed(tokens()))), []);
    assert!(!state.changed);
    assert_eq!(state.list.extent.request(), Some(second));
}

#[test]
fn a_rate_limit_is_respected() {
    let mut state = lookup();
    state.limited_until = Some(at(60));
    assert_eq!(act(&mut state, Action::Browse), []);
    assert_eq!(state.screen, Screen::Browse);
    assert_eq!(act(&mut state, Action::Reload), []);
    assert!(state.notice.is_some());
    (state.clock.local, state.clock.steady) = (at(61), at(61));
    listing(&act(&mut state, Action::Reload), &account());
}

// ---------------------------------------------------------------------------------- arriving

#[test]
fn rows_appear_as_pages_arrive() {
    let (mut state, request) = listing_all();
    arrive(&mut state, request, tokens()[..2].to_vec(), 5);
    assert_eq!(names(&state), ["alpha", "Delta"]);
    assert_eq!(state.list.progress.received, 2);
    assert_eq!(state.list.progress.total, Some(5));
    act(&mut state, Action::Down);
    arrive(&mut state, request, tokens()[2..].to_vec(), 5);
    assert_eq!(selected(&state), "Delta");
    assert_eq!(end(&mut state, request, Ok(listed(tokens()))), []);
    assert_eq!(selected(&state), "Delta");
    assert_eq!(state.list.total(), 5);
}

#[test]
fn the_cursor_stays_at_the_top_until_it_is_moved() {
    let (mut state, request) = listing_all();
    arrive(&mut state, request, tokens()[..2].to_vec(), 5);
    arrive(&mut state, request, tokens()[2..].to_vec(), 5);
    assert_eq!(state.browse.selected, 0);
    assert_eq!(selected(&state), "gamma");
}

#[test]
fn esc_cancels_and_keeps_the_rows_that_arrived() {
    let (mut state, request) = listing_all();
    arrive(&mut state, request, tokens()[..2].to_vec(), 5);
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    let extent = state.list.extent.value().unwrap();
    assert_eq!(extent.incomplete.as_deref(), Some("cancelled"));
    assert_eq!(extent.total, Some(5));
    arrive(&mut state, request, tokens()[2..].to_vec(), 5);
    assert_eq!(names(&state), ["alpha", "Delta"]);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn esc_before_the_first_page_leaves_a_screen_that_can_reload() {
    let (mut state, request) = listing_all();
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    assert_eq!(state.list.extent, Remote::Idle);
    assert_eq!(state.screen, Screen::Browse);
    listing(&act(&mut state, Action::Reload), &account());
}

#[test]
fn quitting_works_with_a_list_in_flight() {
    let mut state = lookup();
    act(&mut state, Action::Browse);
    act(&mut state, Action::Quit);
    assert!(state.quit);
}

#[test]
fn an_incomplete_list_says_so() {
    let (mut state, request) = listing_all();
    let list = Fetched {
        gap: Some(Gap {
            reason: "page 2 of 5 could not be read".to_owned(),
            failure: None,
        }),
        announced: Some(12_000),
        ..listed(tokens())
    };
    end(&mut state, request, Ok(list));
    let extent = state.list.extent.value().unwrap();
    assert_eq!(extent.total, Some(12_000));
    assert!(extent.incomplete.is_some());
    assert_eq!(state.list.note_rows(), 2);
}

#[test]
fn a_first_failure_leaves_a_screen_that_can_reload() {
    let (mut state, request) = listing_all();
    end(&mut state, request, failed(FailureKind::Server));
    assert!(state.banner.is_some());
    assert_eq!(state.screen, Screen::Browse);
    let request = listing(&act(&mut state, Action::Reload), &account());
    assert_eq!(end(&mut state, request, Ok(listed(tokens()))), []);
    assert_eq!(state.banner, None);
    assert_eq!(names(&state).len(), 5);
}

#[test]
fn a_failed_reload_keeps_the_last_list_as_stale() {
    let mut state = browse(tokens());
    let request = listing(&act(&mut state, Action::Reload), &account());
    end(&mut state, request, failed(FailureKind::Network));
    assert!(matches!(state.list.extent, Remote::Stale { .. }));
    assert_eq!(names(&state).len(), 5);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.banner, None);
    assert_eq!(state.screen, Screen::Browse);
}

#[test]
fn a_missing_secret_leads_to_setup_and_back_to_the_list() {
    let (mut state, request) = listing_all();
    let effects = end(&mut state, request, failed(FailureKind::NoCredential));
    assert_matches!(effects.as_slice(), [Effect::ProbeStore { .. }]);
    assert_eq!(state.screen, Screen::Setup);
    update(&mut state, at(1), paste("tok_abc"));
    let checked = (0..8).find_map(|_| match act(&mut state, Action::Submit).as_slice() {
        [Effect::CheckCredential { request, .. }] => Some(*request),
        _ => None,
    });
    let (request, result) = (checked.unwrap(), Ok(1));
    let effects = update(
        &mut state,
        at(1),
        Message::CredentialChecked { request, result },
    );
    let [Effect::SaveProfile { request, .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let saved = (Settings::default(), Some(Location::new("Secret Service")));
    let (request, result) = (*request, Ok(saved));
    let effects = update(&mut state, at(2), Message::ProfileSaved { request, result });
    // The form's probe of the store is no longer needed.
    assert!(matches!(effects[0], Effect::Cancel(_)), "{effects:?}");
    listing(&effects[1..], &account());
    assert_eq!(state.screen, Screen::Browse);
}

#[test]
fn a_reload_keeps_the_cursor_on_its_token() {
    let mut state = browse(tokens());
    act(&mut state, Action::Down);
    act(&mut state, Action::Down);
    assert_eq!(selected(&state), "epsilon");
    let request = listing(&act(&mut state, Action::Reload), &account());
    let mut changed = tokens();
    changed[0] = token(0, "Delta", day(1));
    changed.push(token(9, "urgent", day(2)));
    arrive(&mut state, request, changed.clone(), 6);
    assert_eq!(
        names(&state).len(),
        5,
        "the old list stays until the new one is whole"
    );
    end(&mut state, request, Ok(listed(changed)));
    assert_eq!(
        names(&state),
        ["gamma", "Delta", "urgent", "alpha", "epsilon", "beta"]
    );
    assert_eq!(selected(&state), "epsilon");
}

#[test]
fn a_deleted_token_leaves_the_cursor_in_its_place() {
    let mut state = browse(tokens());
    act(&mut state, Action::Bottom);
    let request = listing(&act(&mut state, Action::Reload), &account());
    let rest: Vec<_> = tokens().into_iter().take(3).collect();
    end(&mut state, request, Ok(listed(rest)));
    assert_eq!(state.browse.selected, 2);
    assert_eq!(selected(&state), "Delta");
}

#[test]
fn cancelling_a_reload_keeps_the_whole_old_list() {
    let mut state = browse(tokens());
    let request = listing(&act(&mut state, Action::Reload), &account());
    arrive(&mut state, request, tokens()[..1].to_vec(), 5);
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    assert_eq!(names(&state).len(), 5);
    assert_eq!(state.list.extent.value().unwrap().incomplete, None);
}

// ---------------------------------------------------------------------------------- keys

#[test]
fn sort_keys_cycle_and_the_cursor_follows_its_token() {
    let mut state = browse(tokens());
    act(&mut state, Action::Down);
    assert_eq!(selected(&state), "alpha");
    let orders = [
        (Sort::Name, ["alpha", "beta", "Delta", "epsilon", "gamma"]),
        (Sort::Left, ["gamma", "alpha", "epsilon", "Delta", "beta"]),
        (
            Sort::LastSeen,
            ["epsilon", "gamma", "alpha", "Delta", "beta"],
        ),
        (Sort::Note, ["gamma", "alpha", "epsilon", "Delta", "beta"]),
        (
            Sort::Urgency,
            ["gamma", "alpha", "epsilon", "Delta", "beta"],
        ),
    ];
    for (sort, order) in orders {
        assert_eq!(act(&mut state, Action::Sort), []);
        assert_eq!(state.browse.table.sort(), sort);
        assert_eq!(names(&state), order, "by {}", sort.word());
        if state.browse.selected > 0 {
            assert_eq!(selected(&state), "alpha");
        }
    }
}

#[test]
fn reversing_the_order_keeps_tokens_without_a_value_last() {
    let mut state = browse(tokens());
    act(&mut state, Action::ReverseSort);
    assert!(state.browse.table.is_ascending());
    assert_eq!(
        names(&state),
        ["beta", "Delta", "epsilon", "alpha", "gamma"]
    );
    act(&mut state, Action::Sort);
    act(&mut state, Action::ReverseSort);
    assert_eq!(
        names(&state),
        ["gamma", "epsilon", "Delta", "beta", "alpha"]
    );
    act(&mut state, Action::Sort);
    assert!(state.browse.table.is_ascending(), "each column its own way");
    act(&mut state, Action::ReverseSort);
    assert_eq!(
        names(&state),
        ["Delta", "epsilon", "alpha", "gamma", "beta"]
    );
    act(&mut state, Action::ReverseSort);
    assert_eq!(
        names(&state),
        ["gamma", "alpha", "epsilon", "Delta", "beta"]
    );
}

#[test]
fn only_visible_columns_can_be_sorted_by() {
    let mut state = browse(tokens());
    state.size = (40, 10);
    for sort in [Sort::Name, Sort::Left, Sort::Urgency] {
        act(&mut state, Action::Sort);
        assert_eq!(state.browse.table.sort(), sort);
    }
}

#[test]
fn typing_selects_the_first_match_after_each_letter() {
    let mut state = browse(tokens());
    act(&mut state, Action::Bottom);
    assert_eq!(selected(&state), "beta");
    act(&mut state, Action::Search);
    assert_eq!(state.context(), Context::BrowseText);
    type_text(&mut state, "ta");
    assert_eq!(names(&state), ["Delta", "beta"]);
    assert_eq!(selected(&state), "Delta");
    act(&mut state, Action::Down);
    assert_eq!(selected(&state), "beta");
    type_text(&mut state, " a");
    assert_eq!(names(&state), ["Delta", "beta"]);
    assert_eq!(selected(&state), "Delta");
    act(&mut state, Action::DeleteToStart);
    assert_eq!(names(&state).len(), 5);
    assert_eq!(state.browse.selected, 0);
}

#[test]
fn esc_while_typing_restores_the_previous_filter_and_row() {
    let mut state = browse(tokens());
    search(&mut state, "ta");
    act(&mut state, Action::Submit);
    act(&mut state, Action::Down);
    assert_eq!(selected(&state), "beta");
    search(&mut state, "zzz");
    assert_eq!(state.browse.table.rows(), 0);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.context(), Context::Browse);
    assert_eq!(state.browse.filter.value(), "ta");
    assert_eq!(names(&state), ["Delta", "beta"]);
    assert_eq!(selected(&state), "beta");
}

#[test]
fn enter_keeps_the_filter_and_a_second_enter_opens_the_token() {
    let mut state = browse(tokens());
    search(&mut state, "alp");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.context(), Context::Browse);
    fetch_of(&act(&mut state, Action::Submit));
    assert_eq!(state.detail.token.value().unwrap().name_text(), "alpha");
}

#[test]
fn digits_toggle_statuses_and_none_means_all() {
    let mut state = browse(tokens());
    act(&mut state, Action::ShowCritical);
    assert_eq!(names(&state), ["alpha"]);
    act(&mut state, Action::ShowExpiring);
    assert_eq!(names(&state), ["alpha", "epsilon"]);
    assert_eq!(state.list.count(Status::Expired), 1, "counts stay");
    act(&mut state, Action::ShowCritical);
    assert_eq!(names(&state), ["epsilon"]);
    act(&mut state, Action::ShowExpiring);
    assert_eq!(names(&state).len(), 5);
    act(&mut state, Action::ShowUnknown);
    assert_eq!(names(&state), Vec::<&str>::new());
}

#[test]
fn esc_clears_filter_and_statuses_before_it_goes_back() {
    let mut state = browse(tokens());
    act(&mut state, Action::ShowCritical);
    act(&mut state, Action::ShowExpiring);
    search(&mut state, "eps");
    act(&mut state, Action::Submit);
    assert_eq!(names(&state), ["epsilon"]);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(names(&state).len(), 5);
    assert_eq!(selected(&state), "epsilon");
    assert_eq!(state.screen, Screen::Browse);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
}

/// Every hundredth of fifty thousand tokens is critical, and some names contain the word.
#[test]
fn the_first_match_of_fifty_thousand_is_visible_after_each_letter() {
    let list: Vec<_> = (0..50_000)
        .map(|number| {
            let days = if number % 100 == 0 { 3 } else { 300 };
            let name = match number % 5_000 {
                7 => format!("critical-path-{number}"),
                _ => format!("service-{number:05}"),
            };
            token(number, &name, day(days))
        })
        .collect();
    let mut state = browse(list);
    act(&mut state, Action::Bottom);
    act(&mut state, Action::Search);
    for letter in "critical".chars() {
        type_text(&mut state, &letter.to_string());
        assert!(state.browse.table.rows() > 0, "{letter}");
        assert_eq!(
            (state.browse.selected, state.browse.top),
            (0, 0),
            "{letter}"
        );
    }
    assert_eq!(state.browse.table.rows(), 510);
}

#[test]
fn arrows_move_the_cursor_while_typing() {
    let mut state = browse(tokens());
    search(&mut state, "a");
    act(&mut state, Action::Down);
    assert_eq!(state.browse.selected, 1);
    act(&mut state, Action::Left);
    type_text(&mut state, "l");
    assert_eq!(state.browse.filter.value(), "la");
}

#[test]
fn the_filter_matches_ids_client_ids_and_statuses() {
    let mut state = browse(tokens());
    for (query, fitting) in [
        ("bbbc-000000000004", vec!["epsilon"]),
        ("00000000000000000000000000000001.acc", vec!["alpha"]),
        ("crit", vec!["alpha"]),
        ("never", vec!["beta"]),
        ("exp", vec!["gamma", "epsilon"]),
        ("!exp !beta", vec!["alpha", "Delta"]),
        ("^a", vec!["alpha"]),
        ("zzz", vec![]),
    ] {
        state.browse.filter = TextField::default();
        state.browse.is_filtering = true;
        type_text(&mut state, query);
        assert_eq!(names(&state), fitting, "{query}");
    }
}

#[test]
fn fuzzy_matches_appear_only_without_exact_ones() {
    let (mut state, request) = listing_all();
    arrive(&mut state, request, tokens(), 7);
    search(&mut state, "la");
    assert_eq!(names(&state), ["alpha", "Delta"], "fuzzily");
    arrive(&mut state, request, vec![token(5, "lambda", day(40))], 7);
    assert_eq!(names(&state), ["lambda"], "contains it");
    arrive(&mut state, request, vec![token(6, "late", day(50))], 7);
    assert_eq!(names(&state), ["lambda", "late"]);
    type_text(&mut state, "a");
    assert_eq!(names(&state), ["lambda"], "fuzzily");
    act(&mut state, Action::DeleteToStart);
    assert_eq!(names(&state).len(), 7);
}

#[test]
fn esc_leaves_the_field_before_it_cancels_the_list() {
    let (mut state, request) = listing_all();
    search(&mut state, "a");
    arrive(&mut state, request, tokens(), 5);
    assert!(!names(&state).contains(&"epsilon"));
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
}

#[test]
fn keys_copy_values_of_the_selected_token() {
    let mut state = browse(tokens());
    act(&mut state, Action::Down);
    let copied = |what: &str, text: String| {
        let what = what.to_owned();
        [Effect::Copy { what, text }]
    };
    assert_eq!(act(&mut state, Action::CopyField), copied("the ID", id(1)));
    let client_id = format!("{:032x}.access", 1);
    let effects = act(&mut state, Action::CopyClientId);
    assert_eq!(effects, copied("the client ID", client_id));
    let link = account().dashboard_url();
    let effects = act(&mut state, Action::OpenDashboard);
    assert_eq!(effects, [Effect::OpenUrl(link)]);
    let json = state.browse.token(&state.list).unwrap().raw.as_str();
    let json = json.to_owned();
    let effects = act(&mut state, Action::CopyJson);
    assert_eq!(effects, copied("the JSON", json));
}

#[test]
fn keys_do_nothing_on_an_empty_list() {
    let mut state = browse(Vec::new());
    for action in [
        Action::Submit,
        Action::CopyField,
        Action::Sort,
        Action::Bottom,
        Action::PageUp,
    ] {
        assert_eq!(act(&mut state, action), []);
    }
    assert_eq!(state.browse.selected, 0);
}

// ---------------------------------------------------------------------------------- a token

#[track_caller]
fn fetch_of(effects: &[Effect]) -> RequestId {
    assert_matches!(effects, [Effect::FetchToken { .. }]);
    request_of(effects)
}

fn answer(state: &mut State, request: RequestId, token: Arc<ServiceToken>) -> Vec<Effect> {
    tell(state, fetched(request, Ok(found(vec![token]))))
}

#[test]
fn enter_shows_the_token_at_once_fetches_it_and_esc_returns_to_its_row() {
    let mut state = browse(tokens());
    search(&mut state, "ta");
    act(&mut state, Action::Submit);
    act(&mut state, Action::Down);
    let request = fetch_of(&act(&mut state, Action::Submit));
    assert_eq!(state.screen, Screen::Detail);
    assert_eq!(state.detail.token.value().unwrap().name_text(), "beta");
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    assert_eq!(state.screen, Screen::Browse);
    assert_eq!(selected(&state), "beta");
    assert_eq!(state.browse.filter.value(), "ta");
    assert_eq!(state.list.extent.request(), None);
}

#[test]
fn opening_a_token_cancels_a_pending_lookup() {
    let mut state = lookup();
    type_text(&mut state, &id(77));
    let old = fetch_of(&act(&mut state, Action::Submit));
    act(&mut state, Action::DeleteToStart);
    let request = listing(&act(&mut state, Action::Browse), &account());
    end(&mut state, request, Ok(listed(tokens())));
    let effects = act(&mut state, Action::Submit);
    assert_eq!(effects.first(), Some(&Effect::Cancel(old)));
    fetch_of(&effects[1..]);
    assert_eq!(state.detail.token.value().unwrap().name_text(), "gamma");
}

#[test]
fn a_freshly_fetched_token_updates_the_list() {
    let mut state = browse(tokens());
    act(&mut state, Action::Down);
    let request = fetch_of(&act(&mut state, Action::Submit));
    answer(&mut state, request, token(1, "alpha", day(365)));
    act(&mut state, Action::Back);
    assert_eq!(selected(&state), "alpha");
    assert_eq!(
        names(&state),
        ["gamma", "epsilon", "Delta", "alpha", "beta"]
    );
    assert_eq!(state.list.count(Status::Critical), 0);
}

#[test]
fn browse_from_a_token_of_the_list_returns_to_it() {
    let mut state = browse(tokens());
    act(&mut state, Action::Submit);
    assert_eq!(act(&mut state, Action::Browse), []);
    assert_eq!(state.screen, Screen::Browse);
}

#[test]
fn esc_on_a_looked_up_token_returns_to_find() {
    let mut state = browse(tokens());
    act(&mut state, Action::Submit);
    act(&mut state, Action::Find);
    act(&mut state, Action::Back);
    state.find.token = TextField::with(&id(2));
    state.detail.token.cancel();
    let request = fetch_of(&act(&mut state, Action::Submit));
    answer(&mut state, request, token(2, "gamma", day(-2)));
    assert_eq!(state.screen, Screen::Detail);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn a_token_without_id_and_name_is_a_row_that_cannot_be_opened() {
    let mut list = tokens();
    list.push(tokens::token(r#"{"expires_at":17,"name":null}"#));
    list.push(tokens::token("{}"));
    let mut state = browse(list);
    assert_eq!(state.browse.table.rows(), 7);
    assert_eq!(state.list.count(Status::Unknown), 2);
    for _ in 0..3 {
        act(&mut state, Action::Down);
    }
    assert_eq!(selected(&state), "");
    assert_eq!(act(&mut state, Action::Submit), []);
    assert_eq!(state.screen, Screen::Browse);
    assert!(state.banner.is_some());
}

// ---------------------------------------------------------------------------------- time

#[test]
fn row_counts_and_order_change_at_the_second_of_expiry() {
    let mut state = browse(vec![
        token(1, "soon", at(90)),
        token(2, "sooner", at(60)),
        token(3, "gone", at(-30)),
    ]);
    assert_eq!(names(&state), ["gone", "sooner", "soon"]);
    act(&mut state, Action::Bottom);
    state.session.settings.refresh_seconds = 0;
    let mut now = at(0);
    let mut draws = 0;
    while now < at(60) {
        now = state.wake_at().unwrap();
        assert_eq!(update(&mut state, now, Message::Ticked), []);
        draws += usize::from(state.changed);
    }
    assert_eq!(draws, 60, "one a second");
    assert_eq!(now, at(60));
    assert_eq!(names(&state), ["sooner", "gone", "soon"]);
    assert_eq!(state.list.count(Status::Expired), 2);
    assert_eq!(selected(&state), "soon");
}

#[test]
fn digits_change_on_the_whole_second_of_the_servers_clock() {
    let mut state = browse(vec![token(1, "soon", at(9_000))]);
    let now = at(5) + TimeDelta::milliseconds(400);
    update(&mut state, now, Message::Ticked);
    assert_eq!(state.instant(), at(5));
    assert_eq!(state.wake_at(), Some(at(6)));
}

#[test]
fn without_a_countdown_the_list_is_drawn_once_a_minute() {
    for refresh_seconds in [0, 60] {
        let mut state = browse(tokens());
        state.session.settings.refresh_seconds = refresh_seconds;
        let latency = TimeDelta::milliseconds(150);
        let request = listing(&act(&mut state, Action::Reload), &account());
        let answer = list_fetched(request, Ok(listed(tokens())));
        update(&mut state, at(0) + latency, answer);
        let mut draws = 0;
        while state.clock.local < at(600) {
            let now = state.wake_at().unwrap();
            let effects = update(&mut state, now, Message::Ticked);
            draws += usize::from(state.changed);
            if !effects.is_empty() {
                let request = listing(&effects, &account());
                let answer = list_fetched(request, Ok(listed(tokens())));
                update(&mut state, now + latency, answer);
                draws += usize::from(state.changed);
            }
        }
        assert!(draws <= 10, "{draws} with {refresh_seconds}");
    }
}

// ------------------------------------------------------------------------- automatic reloads

/// Browse with a list that arrived in this many pages, which sets the reload interval in minutes.
fn in_pages(count: usize) -> State {
    let (mut state, request) = listing_all();
    for number in 0..count {
        arrive(
            &mut state,
            request,
            vec![token(number, &format!("n{number:02}"), day(300))],
            count,
        );
    }
    let all = (0..count).map(|number| token(number, &format!("n{number:02}"), day(300)));
    end(&mut state, request, Ok(listed(all.collect())));
    state.session.settings.refresh_seconds = 60;
    state
}

fn due(state: &State) -> Option<DateTime<Utc>> {
    let mut state = state.clone();
    (0..400).find_map(|_| {
        let now = state.wake_at()?;
        let effects = update(&mut state, now, Message::Ticked);
        (!effects.is_empty()).then_some(now)
    })
}

#[test]
fn the_list_reloads_after_a_minute_per_page() {
    assert_eq!(due(&in_pages(1)), Some(at(60)));
    assert_eq!(due(&in_pages(3)), Some(at(180)));
    assert_eq!(
        due(&in_pages(50)),
        Some(at(900)),
        "at least every 15 minutes"
    );
    let mut slow = in_pages(1);
    slow.session.settings.refresh_seconds = 3600;
    assert_eq!(due(&slow), Some(at(3600)), "as the user set it");
    let mut never = in_pages(1);
    never.session.settings.refresh_seconds = 0;
    assert_eq!(due(&never), None);
}

#[test]
fn no_reload_during_a_rate_limit_on_other_screens_or_of_a_cancelled_list() {
    let mut state = in_pages(1);
    state.limited_until = Some(at(90));
    assert_eq!(due(&state), Some(at(90)));
    let mut elsewhere = in_pages(1);
    act(&mut elsewhere, Action::Profiles);
    assert_eq!(due(&elsewhere), None);
    let (mut cancelled, request) = listing_all();
    arrive(&mut cancelled, request, tokens(), 12_000);
    act(&mut cancelled, Action::Back);
    assert_eq!(due(&cancelled), None);
}

#[test]
fn a_rate_limited_first_list_is_fetched_once_the_limit_ends() {
    let (mut refused, request) = listing_all();
    refused.session.settings.refresh_seconds = 60;
    end(&mut refused, request, Err(limited(30)));
    assert_eq!(due(&refused), Some(at(30)));
    let mut never = refused;
    never.session.settings.refresh_seconds = 0;
    assert_eq!(due(&never), None, "the user turned reloads off");
}

#[test]
fn esc_does_not_cancel_an_automatic_reload() {
    let mut state = in_pages(1);
    let effects = update(&mut state, at(60), Message::Ticked);
    let request = listing(&effects, &account());
    assert_eq!(state.list.note_rows(), 0, "nothing moves");
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.screen, Screen::Find);
    assert_eq!(state.list.extent.request(), Some(request));
}

#[test]
fn a_failed_reload_is_retried_after_the_same_interval() {
    let mut state = in_pages(1);
    let request = listing(&update(&mut state, at(60), Message::Ticked), &account());
    update(
        &mut state,
        at(61),
        list_fetched(request, failed(FailureKind::Server)),
    );
    assert!(matches!(state.list.extent, Remote::Stale { .. }));
    assert_eq!(due(&state), Some(at(120)));
}

/// A new last use does not count: most tokens are used all the time.
#[test]
fn changes_of_the_last_reload_are_marked_until_the_next() {
    let mut state = browse(tokens());
    let changed = |state: &State| -> Vec<String> {
        let table = &state.browse.table;
        let places = table.places().iter();
        let changed = places.filter(|place| state.list.has_changed(**place));
        let tokens = changed.filter_map(|place| state.list.token(*place));
        tokens.map(|token| token.name_text().to_owned()).collect()
    };
    let mut list = tokens();
    list[0] = token(0, "Delta", day(301));
    let seen = format!(
        r#"{{"id":"{}","name":"beta","client_id":"{:032x}.access","duration":"forever","last_seen_at":"2026-01-01T00:00:00Z"}}"#,
        id(3),
        3
    );
    list[3] = tokens::token(&seen);
    list.push(token(9, "new", day(200)));
    let request = listing(&act(&mut state, Action::Reload), &account());
    end(&mut state, request, Ok(listed(list.clone())));
    assert_eq!(changed(&state), ["new", "Delta"]);
    let request = listing(&act(&mut state, Action::Reload), &account());
    end(&mut state, request, Ok(listed(list)));
    assert_eq!(changed(&state), Vec::<String>::new());
}

#[test]
fn a_token_counts_down_from_the_first_second_of_its_last_day() {
    let mut state = browse(vec![token(1, "soon", day(1) + TimeDelta::seconds(30))]);
    state.session.settings.refresh_seconds = 0;
    assert_eq!(state.wake_at(), Some(at(31)));
    update(&mut state, at(31), Message::Ticked);
    assert!(state.changed);
    assert_eq!(state.wake_at(), Some(at(32)));
}

#[test]
fn without_a_countdown_only_the_age_changes() {
    let forever = r#"{"id":"x","name":"calm","duration":"forever"}"#;
    let disabled = r#"{"id":"y","name":"off","enabled":false,"expires_at":"2027-01-01T00:00:00Z"}"#;
    let mut state = browse(vec![
        tokens::token(forever),
        tokens::token(disabled),
        tokens::token("{}"),
    ]);
    state.session.settings.refresh_seconds = 0;
    assert_eq!(state.wake_at(), Some(at(60)));
    (state.clock.local, state.clock.steady) = (at(60), at(60));
    update(&mut state, at(60), Message::Ticked);
    assert_eq!(state.wake_at(), Some(at(120)));
}

#[test]
fn a_status_changes_out_of_view_too() {
    let mut list: Vec<_> = (0..40)
        .map(|number| tokens::token(&format!(r#"{{"id":"{}","duration":"x"}}"#, id(number))))
        .collect();
    list.push(token(99, "far below", day(7) + TimeDelta::seconds(20)));
    list.push(token(98, "farther below", day(400)));
    let mut state = browse(list);
    state.session.settings.refresh_seconds = 0;
    act(&mut state, Action::Sort);
    act(&mut state, Action::Top);
    state.browse.top = 0;
    let before = state.list.count(Status::Critical);
    assert_eq!(before, 0);
    // Sorted by name, the two tokens with one come first; move them out of view.
    act(&mut state, Action::Bottom);
    let due = state.wake_at().unwrap();
    assert_eq!(
        due,
        at(21),
        "the first whole second with less than seven days left"
    );
    update(&mut state, due, Message::Ticked);
    assert_eq!(state.list.count(Status::Critical), 1);
}

#[test]
fn c27_after_a_night_asleep_the_list_is_fetched_once() {
    let mut state = browse(tokens());
    let effects = update(&mut state, at(8 * 3600), Message::Resumed);
    listing(&effects, &account());
    assert_eq!(update(&mut state, at(8 * 3600), Message::Ticked), []);
    assert_eq!(state.instant(), at(8 * 3600));
}

#[test]
fn the_servers_clock_is_learnt_from_a_list() {
    let (mut state, request) = listing_all();
    let list = Fetched {
        clock: ServerClock::Offset(TimeDelta::days(4)),
        ..listed(tokens())
    };
    end(&mut state, request, Ok(list));
    assert_eq!(state.list.count(Status::Expired), 2, "alpha as well");
}

// ---------------------------------------------------------------------------------- elsewhere

#[test]
fn a20_a_deleted_token_leads_to_the_list_filtered_by_its_name() {
    let mut state = lookup();
    let gone = token(7, "nightly (old)", day(50));
    let record = Recent::of(&gone, &account(), at(-900)).unwrap();
    state.find.recents = vec![record];
    type_text(&mut state, &id(7));
    let request = fetch_of(&act(&mut state, Action::Submit));
    tell(&mut state, fetched(request, failed(FailureKind::NotFound)));
    assert_eq!(state.lost_name(), Some("nightly (old)"));
    listing(&act(&mut state, Action::Browse), &account());
    assert_eq!(state.browse.filter.value(), "nightly (old)");
    assert_eq!(state.context(), Context::Browse);
    assert_eq!(state.banner, None);
}

#[test]
fn a20_a_token_deleted_while_open_reloads_the_list_it_came_from() {
    let mut state = browse(tokens());
    let request = fetch_of(&act(&mut state, Action::Submit));
    tell(&mut state, fetched(request, failed(FailureKind::NotFound)));
    assert!(matches!(state.detail.token, Remote::Stale { .. }));
    listing(&act(&mut state, Action::Browse), &account());
    assert_eq!(state.browse.filter.value(), "gamma");
    assert_eq!(names(&state), ["gamma"]);
}

#[test]
fn another_error_leads_to_the_unfiltered_list() {
    let mut state = browse(tokens());
    let request = fetch_of(&act(&mut state, Action::Submit));
    tell(&mut state, fetched(request, failed(FailureKind::Server)));
    assert_eq!(state.lost_name(), None);
    assert_eq!(act(&mut state, Action::Browse), []);
    assert_eq!(state.browse.filter.value(), "");
}

#[test]
fn the_demo_drops_the_list_and_its_request() {
    let mut state = browse(tokens());
    let listed = listing(&act(&mut state, Action::Reload), &account());
    let request = request_of(&act(&mut state, Action::OpenDemo));
    let opened = demo_opened(request, Ok(demo_access(zone())));
    let effects = update(&mut state, at(1), opened);
    assert_eq!(effects[0], Effect::Cancel(listed));
    listing(&effects[1..], &zone());
    assert_eq!(
        state.browse,
        tokenscope::screens::browse::state::Browse::default()
    );
}

#[test]
fn a_failed_name_lookup_sets_no_filter() {
    let mut state = lookup();
    type_text(&mut state, "nobody");
    let request = fetch_of(&act(&mut state, Action::Submit));
    tell(&mut state, fetched(request, failed(FailureKind::NotFound)));
    assert!(matches!(state.detail.reference, Some(TokenRef::Name(_))));
    assert_eq!(state.lost_name(), None);
}

#[test]
fn seventy_thousand_rows_can_be_scrolled() {
    let list: Vec<_> = (0..70_000)
        .map(|number| {
            tokens::token(&format!(
                r#"{{"id":"{}","name":"n{number:05}"}}"#,
                id(number)
            ))
        })
        .collect();
    let mut state = browse(list);
    act(&mut state, Action::Bottom);
    assert_eq!(selected(&state), "n69999");
    act(&mut state, Action::PageUp);
    assert_eq!(state.browse.selected, 69_999 - state.body_rows() + 1);
    act(&mut state, Action::Top);
    assert_eq!(selected(&state), "n00000");
    search(&mut state, "n4242");
    assert!(names(&state).contains(&"n42421"));
}
