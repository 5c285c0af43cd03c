//! Transitions of the uses of a token: opening, arriving parts, and keys.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;
use tokenscope::action::Action;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Overlay, Screen, State};
use tokenscope::app::update;
use tokenscope::domain::access::map::{Part, PartAnswer};
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, RequestId};
use tokenscope::domain::recent_lookups::Recent;
use tokenscope::domain::token::ServiceToken;

use crate::support::access_map::{PARTS, empty, example, read, unread};
use crate::support::app::{
    act, fetched, finding, found, listed, lookup, notice, press, request_in, request_of, search,
    started, tell, type_text,
};
use crate::support::assertions::{assert_contains, assert_matches, assert_starts};
use crate::support::sessions::{account, failed, limited, session, zone};
use crate::support::tokens::{CLIENT_ID, ID, at, token};

/// The token of the example.
pub(crate) fn example_token() -> Arc<ServiceToken> {
    token(&format!(
        r#"{{"id":"{ID}","client_id":"{CLIENT_ID}","name":"CI/CD token","duration":"8760h",
            "expires_at":"2027-03-21T10:00:00Z","last_seen_at":"2026-11-25T11:54:00Z"}}"#
    ))
}

fn other() -> Arc<ServiceToken> {
    token(
        r#"{"id":"f174e90a-0a02-4643-bbbc-4a0ed4fc8415","client_id":"x.access","name":"old-crawler"}"#,
    )
}

/// Browse with the example's token selected.
fn browsing() -> State {
    let mut state = lookup();
    let request = started(&act(&mut state, Action::Browse));
    let result = Ok(listed(vec![example_token(), other()]));
    tell(&mut state, Message::TokensListed { request, result });
    let row = state.browse.token(&state.list).unwrap();
    if row.id_text() != ID {
        act(&mut state, Action::Down);
    }
    state
}

/// Detail with the example's token.
pub(super) fn detailed() -> State {
    let mut state = browsing();
    let request = started(&act(&mut state, Action::Submit));
    tell(
        &mut state,
        fetched(request, Ok(found(vec![example_token()]))),
    );
    state
}

fn reads(effects: &[Effect]) -> Option<RequestId> {
    let mut reads = effects.iter().filter_map(|effect| match effect {
        Effect::ReadAccess { request, .. } => Some(*request),
        _ => None,
    });
    reads.next()
}

/// Uses opened from Detail, and the request for the map.
fn opened() -> (State, RequestId) {
    let mut state = detailed();
    let effects = act(&mut state, Action::Uses);
    let request = request_of(&effects);
    assert_eq!(reads(&effects), Some(request));
    (state, request)
}

pub(super) fn part(state: &mut State, request: RequestId, answer: PartAnswer) -> Vec<Effect> {
    tell(state, Message::AccessPartRead { request, answer })
}

fn end(state: &mut State, request: RequestId, result: Result<(), Failure>) -> Vec<Effect> {
    let result = result.map(|()| Fetched::new((), Duration::from_millis(84)));
    tell(state, Message::AccessRead { request, result })
}

/// Delivers every part of the example and ends the read.
pub(super) fn read_example(state: &mut State, request: RequestId) {
    for it in PARTS {
        assert_eq!(part(state, request, example(it)), []);
    }
    assert_eq!(end(state, request, Ok(())), []);
}

/// Uses with the whole example.
pub(super) fn with_example() -> State {
    let (mut state, request) = opened();
    read_example(&mut state, request);
    state
}

fn rows(state: &State) -> Vec<String> {
    let rows = (0..state.uses.rows()).filter_map(|at| state.uses.row(at));
    rows.map(|row| format!("{} {}", row.mark.word(), row.place))
        .collect()
}

fn fact<'a>(state: &'a State, label: &str) -> &'a str {
    let mut facts = state.uses.report.facts.iter();
    &facts.find(|fact| fact.label == label).unwrap().text
}

#[test]
fn u_on_detail_opens_at_once_and_reads_only_the_map() {
    let (state, _) = opened();
    assert_eq!(state.screen, Screen::Uses);
    assert_eq!(
        state.uses.report.awaited,
        [Part::Apps, Part::Policies, Part::Groups]
    );
    assert_eq!(rows(&state), [] as [String; 0]);
}

#[test]
fn u_on_browse_opens_the_selected_row_and_fetches_the_token_too() {
    let mut state = browsing();
    let effects = act(&mut state, Action::Uses);
    assert_matches!(
        effects.as_slice(),
        [Effect::FetchToken { token, .. }, Effect::ReadAccess { .. }] if token.to_string() == ID
    );
    assert_eq!(state.screen, Screen::Uses);
    assert_eq!(state.detail.token.value().unwrap().id_text(), ID);
    let cancelled = act(&mut state, Action::Back);
    assert_matches!(cancelled.as_slice(), [Effect::Cancel(_), Effect::Cancel(_)]);
    assert_eq!(state.screen, Screen::Browse);
    assert_eq!(state.browse.token(&state.list).unwrap().id_text(), ID);
}

#[test]
fn u_on_find_opens_the_selected_token_while_letters_are_commands() {
    let (mut state, request) = finding(session());
    let result = Ok(listed(vec![example_token()]));
    tell(
        &mut state,
        Message::TokensListed {
            request: request.unwrap(),
            result,
        },
    );
    type_text(&mut state, "CI");
    act(&mut state, Action::Back);
    let effects = act(&mut state, Action::Uses);
    assert!(reads(&effects).is_some(), "{effects:?}");
    assert_eq!(state.screen, Screen::Uses);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
    assert!(state.find.is_commanding);
    assert_eq!(state.find.token.value(), "CI");
}

#[test]
fn apps_appear_once_the_parts_for_their_verdicts_have_arrived() {
    let (mut state, request) = opened();
    part(&mut state, request, example(Part::Apps));
    part(&mut state, request, example(Part::Groups));
    assert_eq!(state.uses.report.awaited, [Part::Policies]);
    assert_eq!(state.uses.report.apps, 0);
    part(&mut state, request, example(Part::Policies));
    assert_eq!(
        rows(&state)[..4],
        [
            "REFUSED metrics.example.com",
            "DEPENDS api.example.com",
            "OPENS deploy.example.com/hooks",
            "OPENS example.cloudflareaccess.com/warp",
        ]
    );
    assert_eq!(fact(&state, "Told"), "reading alerts …");
    part(&mut state, request, example(Part::Alerts));
    assert_eq!(fact(&state, "Told"), "ops@example.com, 7 days before");
}

#[test]
fn a_part_of_another_request_changes_nothing() {
    let (mut state, request) = opened();
    let before = state.uses.report.clone();
    part(&mut state, RequestId(request.0 + 40), example(Part::Apps));
    assert_eq!(state.uses.report, before);
    assert!(!state.changed);
    assert_eq!(end(&mut state, RequestId(request.0 + 40), Ok(())), []);
    assert!(state.access_reading.map.is_loading());
}

#[test]
fn esc_goes_back_cancels_and_discards_parts_that_arrived() {
    let (mut state, request) = opened();
    part(&mut state, request, example(Part::Apps));
    assert_eq!(act(&mut state, Action::Back), [Effect::Cancel(request)]);
    assert_eq!(state.screen, Screen::Detail);
    part(&mut state, request, example(Part::Groups));
    let again = request_of(&act(&mut state, Action::Uses));
    assert_ne!(again, request);
    assert_eq!(state.uses.report.awaited.len(), 3);
}

#[test]
fn the_map_is_kept_for_other_tokens_of_the_scope() {
    let mut state = with_example();
    act(&mut state, Action::Back);
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Browse);
    state.browse.selected = usize::from(state.browse.token(&state.list).unwrap().id_text() == ID)
        ^ usize::from(state.browse.selected == 1);
    let effects = act(&mut state, Action::Uses);
    assert_matches!(effects.as_slice(), [Effect::FetchToken { .. }]);
    assert!(state.uses.report.awaited.is_empty());
    assert_eq!(
        state.detail.token.value().unwrap().name_text(),
        "old-crawler"
    );
}

#[test]
fn r_reloads_token_and_map_and_keeps_the_old_map_until_the_end() {
    let mut state = with_example();
    let before = rows(&state);
    let effects = act(&mut state, Action::Reload);
    assert_matches!(
        effects.as_slice(),
        [Effect::FetchToken { .. }, Effect::ReadAccess { .. }]
    );
    let request = reads(&effects).unwrap();
    part(&mut state, request, empty(Part::Apps));
    assert_eq!(rows(&state), before);
    for it in PARTS {
        part(&mut state, request, empty(it));
    }
    end(&mut state, request, Ok(()));
    assert_eq!(rows(&state), [] as [String; 0]);
    assert_starts(
        &state.uses.report.remark,
        "No app, policy or group is visible",
    );
}

#[test]
fn a_failed_reload_keeps_the_previous_map_and_says_so() {
    let mut state = with_example();
    let before = rows(&state);
    let request = reads(&act(&mut state, Action::Reload)).unwrap();
    for it in PARTS {
        part(&mut state, request, unread(it, FailureKind::Network));
    }
    end(&mut state, request, Ok(()));
    assert_eq!(rows(&state), before);
    assert!(state.access_reading.map.failure().is_some());
    assert!(state.banner.is_some());
}

#[test]
fn without_a_connection_nothing_is_claimed() {
    let (mut state, request) = opened();
    for it in PARTS {
        part(&mut state, request, unread(it, FailureKind::Network));
    }
    end(&mut state, request, Ok(()));
    assert!(state.banner.is_some());
    assert_eq!(fact(&state, "Told"), "not known: alerts not read");
    assert_eq!(fact(&state, "Delete?"), "not known: nothing could be read");
    assert_eq!(state.uses.report.remark, "Nothing was read.");
    assert_eq!(state.uses.report.counts, None);
    assert!(state.uses.report.is_incomplete);
}

#[test]
fn a_missing_keyring_secret_leads_to_setup() {
    let (mut state, request) = opened();
    let effects = end(&mut state, request, failed(FailureKind::NoCredential));
    assert_matches!(effects.as_slice(), [Effect::ProbeStore { .. }]);
    assert_eq!(state.screen, Screen::Setup);
}

#[test]
fn a_missing_part_is_named_and_hides_no_other() {
    let kinds = [
        (FailureKind::Permission, "refused"),
        (FailureKind::NotFound, "failed"),
        (FailureKind::Server, "failed"),
        (FailureKind::Timeout, "failed"),
        (FailureKind::InvalidResponse, "failed"),
    ];
    let cases = PARTS.map(|part| kinds.map(|(kind, fate)| (part, kind, fate)));
    for (missing, kind, fate) in cases.into_iter().flatten() {
        let (mut state, request) = opened();
        for it in PARTS {
            let answer = if it == missing {
                unread(it, kind)
            } else {
                example(it)
            };
            part(&mut state, request, answer);
        }
        end(&mut state, request, Ok(()));
        let what = format!("{missing:?} {kind:?}");
        let report = &state.uses.report;
        assert!(report.is_incomplete, "{what}");
        assert_contains(&report.extent, &format!("{} {fate}", missing.label()));
        let read = report.reads.iter().find(|it| it.0 == missing.label());
        let read = &read.unwrap().1;
        assert_contains(read, fate);
        if let Some(permission) = missing.permission().filter(|_| fate == "refused") {
            assert_contains(read, permission);
        }
        assert_eq!(state.banner, None, "{what}");
        let shown = rows(&state);
        let verdict = |place: &str| {
            let row = shown.iter().find(|row| row.ends_with(place));
            row.map(|row| row.trim_end_matches(place).trim().to_owned())
        };
        let expected = match missing {
            Part::Apps => [None, None, None, None],
            // The app takes the rules of its policy from the list of policies.
            Part::Policies => [
                Some("UNKNOWN"),
                Some("OPENS"),
                Some("DEPENDS"),
                Some("REFUSED"),
            ],
            _ => [
                Some("OPENS"),
                Some("OPENS"),
                Some("DEPENDS"),
                Some("REFUSED"),
            ],
        };
        let places = [
            "example.cloudflareaccess.com/warp",
            "deploy.example.com/hooks",
            "api.example.com",
            "metrics.example.com",
        ];
        let found = places.map(verdict);
        assert_eq!(found, expected.map(|it| it.map(str::to_owned)), "{what}");
    }
}

#[test]
fn a_token_is_not_deletable_while_a_part_is_unread() {
    for missing in PARTS {
        let (mut state, request) = opened();
        for it in PARTS {
            let answer = if it == missing {
                unread(it, FailureKind::Permission)
            } else {
                empty(it)
            };
            part(&mut state, request, answer);
        }
        end(&mut state, request, Ok(()));
        assert!(!fact(&state, "Delete?").starts_with("yes"), "{missing:?}");
    }
}

#[test]
fn the_cursor_follows_its_row_when_parts_arrive() {
    let (mut state, request) = opened();
    for it in [Part::Groups, Part::Apps, Part::Policies] {
        part(&mut state, request, example(it));
    }
    act(&mut state, Action::Bottom);
    let row = state.uses.selected_row().unwrap().place.clone();
    let rows = state.uses.rows();
    part(&mut state, request, example(Part::Doh));
    part(&mut state, request, example(Part::DeviceProfiles));
    assert_eq!(state.uses.selected_row().unwrap().place, row);
    assert!(state.uses.rows() > rows);
}

#[test]
fn the_filter_selects_the_first_match_and_esc_restores_the_row() {
    let mut state = with_example();
    act(&mut state, Action::Down);
    let before = state.uses.selected_row().unwrap().place.clone();
    search(&mut state, "opens");
    assert!(rows(&state).iter().all(|row| row.starts_with("OPENS")));
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.uses.selected_row().unwrap().place, before);
    search(&mut state, "!opens group");
    act(&mut state, Action::Submit);
    assert!(!state.uses.is_filtering);
    assert!(!rows(&state).is_empty());
    act(&mut state, Action::Back);
    assert_eq!(
        (state.screen, state.uses.filter.value()),
        (Screen::Uses, "")
    );
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn y_copies_the_address_and_o_opens_the_list_of_apps() {
    let mut state = with_example();
    assert_eq!(
        act(&mut state, Action::CopyField),
        [Effect::Copy {
            what: "the address".to_owned(),
            text: "metrics.example.com".to_owned(),
        }]
    );
    let effects = act(&mut state, Action::OpenDashboard);
    assert_matches!(
        effects.as_slice(),
        [Effect::OpenUrl(url)] if url.ends_with("/access/apps")
    );
}

#[test]
fn enter_opens_the_details_and_y_copies_them() {
    let mut state = with_example();
    act(&mut state, Action::Submit);
    assert_eq!(state.overlay, Some(Overlay::UsesRow { top: 0 }));
    let effects = act(&mut state, Action::CopyField);
    assert_matches!(
        effects.as_slice(),
        [Effect::Copy { text, .. }] if text.starts_with("REFUSED metrics.example.com\nPolicy Robots")
            && text.contains("Delete?") && text.contains("apps: read, 4 visible")
    );
    act(&mut state, Action::Back);
    assert_eq!((state.overlay, state.screen), (None, Screen::Uses));
}

#[test]
fn a_token_deleted_from_the_api_is_reported_as_gone() {
    let mut state = with_example();
    let effects = act(&mut state, Action::Reload);
    let request = effects.iter().find_map(request_in).unwrap();
    tell(&mut state, fetched(request, failed(FailureKind::NotFound)));
    assert_eq!(state.screen, Screen::Uses);
    assert!(fact(&state, "Delete?").starts_with("gone: "));
}

#[test]
fn a_token_that_expires_on_screen_is_refused_everywhere() {
    let mut state = with_example();
    let end = state.detail.end().unwrap() + TimeDelta::seconds(1);
    update(&mut state, end, Message::Ticked);
    let report = &state.uses.report;
    let counts = report.counts.unwrap();
    assert_eq!((counts.opens, counts.refused), (0, report.apps));
}

#[test]
fn nothing_is_sent_during_a_rate_limit() {
    let mut state = detailed();
    let reload = started(&act(&mut state, Action::Reload));
    tell(&mut state, fetched(reload, Err(limited(60))));
    assert_eq!(act(&mut state, Action::Uses), []);
    assert_eq!(state.screen, Screen::Uses);
    assert_starts(notice(&state), "Rate limited");
}

#[test]
fn another_scope_has_a_map_of_its_own() {
    let mut state = with_example();
    let before = state.access_reading.access.clone();
    act(&mut state, Action::Back);
    state.detail.access.as_mut().unwrap().scope = zone();
    let effects = act(&mut state, Action::Uses);
    let request = request_of(&effects);
    assert_ne!(state.access_reading.access, before);
    assert_eq!(state.uses.report.awaited, [Part::Apps, Part::Groups]);
    part(&mut state, request, example(Part::Apps));
    part(&mut state, request, example(Part::Groups));
    end(&mut state, request, Ok(()));
    assert!(fact(&state, "Delete?").starts_with("no"));
}

#[test]
fn an_app_whose_policies_are_still_missing_is_not_called_unreadable() {
    let (mut state, request) = opened();
    let app = json!([{"id": "a", "name": "A", "type": "self_hosted", "domain": "a.example.com"}]);
    part(&mut state, request, read(Part::Apps, &app));
    part(&mut state, request, example(Part::Policies));
    part(&mut state, request, example(Part::Groups));
    assert_eq!(
        state.uses.selected_row().unwrap().note,
        "its policies are still being read"
    );
    end(&mut state, request, Ok(()));
    assert_eq!(
        state.uses.selected_row().unwrap().note,
        "its policies could not be read"
    );
}

#[test]
fn u_does_nothing_without_a_token() {
    let mut state = lookup();
    act(&mut state, Action::Back);
    assert_eq!(update(&mut state, at(1), press(Action::Uses)), []);
    assert_eq!(state.screen, Screen::Find);
}

#[test]
fn detail_shows_the_findings_of_a_known_map_without_a_request() {
    let (mut state, request) = opened();
    for it in PARTS {
        let answer = if it == Part::Alerts {
            empty(it)
        } else {
            example(it)
        };
        part(&mut state, request, answer);
    }
    end(&mut state, request, Ok(()));
    assert_eq!(act(&mut state, Action::Back), []);
    let codes = |state: &State| {
        let token = state.detail.token.value().unwrap().clone();
        let findings = state.uses.findings_of(&token).iter();
        findings.map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&state), [] as [&str; 0]);
    let soon = state.detail.end().unwrap() - TimeDelta::days(5);
    update(&mut state, soon, Message::Ticked);
    assert_eq!(codes(&state), ["no_expiry_alert"]);
}

#[test]
fn findings_of_the_map_disappear_with_it() {
    let mut state = with_example();
    act(&mut state, Action::Back);
    let token = state.detail.token.value().unwrap().clone();
    let soon = state.detail.end().unwrap() - TimeDelta::days(5);
    state.access_reading = tokenscope::app::access_reading::AccessReading::default();
    update(&mut state, soon, Message::Ticked);
    assert!(state.uses.findings_of(&token).is_empty());
    assert!(!state.opens.is_known());
}

#[test]
fn a_recent_lookup_missing_from_the_list_is_looked_up_first() {
    let (mut state, request) = finding(session());
    let lookup = Recent::of(&example_token(), &account(), at(0)).unwrap();
    tell(&mut state, Message::RecentsLoaded(vec![lookup]));
    let result = Ok(listed(vec![other()]));
    let list = Message::TokensListed {
        request: request.unwrap(),
        result,
    };
    tell(&mut state, list);
    act(&mut state, Action::Back);
    act(&mut state, Action::Bottom);
    let request = started(&act(&mut state, Action::Uses));
    assert_eq!(state.screen, Screen::Find);
    let effects = tell(
        &mut state,
        fetched(request, Ok(found(vec![example_token()]))),
    );
    assert_eq!(state.screen, Screen::Uses);
    assert!(reads(&effects).is_some(), "{effects:?}");
    act(&mut state, Action::Back);
    assert_eq!(state.screen, Screen::Find);
    // Enter opens the token as usual.
    let request = started(&act(&mut state, Action::Submit));
    tell(
        &mut state,
        fetched(request, Ok(found(vec![example_token()]))),
    );
    assert_eq!(state.screen, Screen::Detail);
}

#[test]
fn browse_counts_apps_of_visible_rows_with_a_known_map_without_a_request() {
    let mut state = with_example();
    state.size = (140, 30);
    act(&mut state, Action::Back);
    assert_eq!(act(&mut state, Action::Back), []);
    assert_eq!(state.screen, Screen::Browse);
    let counts = state.opens.of(&example_token()).unwrap();
    assert_eq!((counts.opens, counts.depends, counts.refused), (2, 1, 1));
    assert!(!state.opens.is_complete(), "an app is hidden");
    assert!(state.opens.of(&other()).is_some());
}

#[test]
fn browse_has_no_column_of_counts_without_a_map() {
    let mut state = browsing();
    state.size = (140, 30);
    act(&mut state, Action::Down);
    assert!(!state.opens.is_known());
}
