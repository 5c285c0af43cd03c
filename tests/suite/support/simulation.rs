//! A simulation of everything around the pure program: events, answers to effects, and invariants
//! after every message. The property tests and the fuzzer share it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::json;
use tokenscope::action::{Action, Input, Typed};
use tokenscope::app::message::{Effect, Message, Stage};
use tokenscope::app::state::{Screen, Session, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::domain::access::map::{Part, PartAnswer, PartObjects, PartState};
use tokenscope::domain::access::objects::{App, Group, Policy};
use tokenscope::domain::access::probe::{ProbeAnswer, ProbeAnswers};
use tokenscope::domain::access::signs::AnsweredBy;
use tokenscope::domain::credential::{Access, Location, Secret, VisibleScopes};
use tokenscope::domain::credential_command::CredentialCommand;
use tokenscope::domain::failure::{Failure, FailureKind};
use tokenscope::domain::fetched::{Fetched, RequestId, ServerClock, Tokens};
use tokenscope::domain::list_report::NotWritten;
use tokenscope::domain::profile::{Profile, Settings};
use tokenscope::domain::scope::NamedScope;
use tokenscope::domain::token::{ServiceToken, TokenRef};
use tokenscope::keymap::Keymap;
use tokenscope::screens::setup::state::Phase;
use tokenscope::screens::view;
use tokenscope::theme::Theme;

use super::app::{found, keys, list_fetched, listed, request_in};
use super::sessions::{account, demo_access, failure, in_keyring, login_keyring, profile, session};
use super::tokens;

/// The failures that end requests.
pub(crate) const KINDS: [FailureKind; 8] = [
    FailureKind::Authentication,
    FailureKind::Permission,
    FailureKind::NotFound,
    FailureKind::RateLimited,
    FailureKind::Network,
    FailureKind::NoCredential,
    FailureKind::Keyring,
    FailureKind::InvalidResponse,
];

pub(crate) const IDS: [&str; 3] = [
    "f174e90a-fafe-4643-bbbc-4a0ed4fc8415",
    "4003c651-ec8b-4bda-90d9-f802ad04174c",
    "0b1f713e-41e0-4330-8d09-b44fe8528158",
];

/// One event of a random sequence.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Press(usize),
    Type(char),
    Paste(String),
    Resize(u16, u16),
    Tick,
    Resume,
    /// An answer to a pending request, or to an unknown one.
    Answer {
        which: usize,
        stale: bool,
        outcome: Outcome,
    },
}

#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Good(Vec<TokenShape>),
    Bad(FailureKind, Option<u32>),
}

/// The variable parts of a token.
#[derive(Debug, Clone)]
pub(crate) struct TokenShape {
    pub(crate) id: usize,
    pub(crate) name: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) is_forever: bool,
    pub(crate) is_enabled: bool,
}

fn settings() -> Settings {
    let printed = Profile {
        command: CredentialCommand::new(vec!["op".to_owned()]).ok(),
        ..profile("printed", Some(account()))
    };
    let stored = ["default", "staging"].map(|name| profile(name, Some(account())));
    Settings {
        profiles: [&stored[..], &[printed]].concat(),
        bell: true,
        ..Settings::default()
    }
}

pub(crate) fn begin(now: DateTime<Utc>, opening: Opening) -> State {
    let session = Session {
        settings: settings(),
        ..session()
    };
    let mut state = State::new(session, keys(), now, (100, 30));
    start(&mut state, opening);
    // No request of the start stays pending.
    if let Some(request) = state.list.extent.request() {
        let refused = list_fetched(request, Err(failure(FailureKind::Permission)));
        update(&mut state, now, refused);
    }
    state
}

pub(crate) fn token(shape: &TokenShape, now: DateTime<Utc>) -> Arc<ServiceToken> {
    let id = IDS
        .get(shape.id)
        .map_or_else(String::new, |id| format!("\"id\":\"{id}\","));
    let expires_at = shape
        .expires_at
        .and_then(|seconds| now.checked_add_signed(TimeDelta::seconds(seconds)))
        .map_or("null".to_owned(), |end| format!("\"{}\"", end.to_rfc3339()));
    let duration = if shape.is_forever { "forever" } else { "8760h" };
    tokens::token(&format!(
        r#"{{{id}"name":{},"duration":"{duration}","expires_at":{expires_at},"enabled":{}}}"#,
        serde_json::to_string(&shape.name).unwrap(),
        shape.is_enabled,
    ))
}

/// The pending requests.
#[derive(Default)]
pub(crate) struct Simulation {
    pub(crate) under_way: Vec<Effect>,
    newest: u64,
}

impl Simulation {
    /// Records effects; every request must have a new ID.
    pub(crate) fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Cancel(request) = effect {
                self.under_way
                    .retain(|waiting| request_in(waiting) != Some(request));
            }
            if let Some(request) = request_in(&effect) {
                assert!(request.0 > self.newest, "{request:?} was used before");
                self.newest = request.0;
                self.under_way.push(effect);
            }
        }
    }

    fn answer(&mut self, which: usize, outcome: &Outcome, now: DateTime<Utc>) -> Option<Message> {
        if self.under_way.is_empty() {
            return None;
        }
        let at = which % self.under_way.len();
        // A list arrives in pages and stays pending.
        if let (Effect::ListTokens { request, .. }, Outcome::Good(shapes), 0) =
            (&self.under_way[at], outcome, which % 3)
        {
            return Some(Message::TokensArrived {
                request: *request,
                tokens: shapes.iter().map(|shape| token(shape, now)).collect(),
                total: Some(12_000),
            });
        }
        // So does the list of all profiles.
        if let (Effect::ListProfiles { request, scopes }, 1..) = (&self.under_way[at], which % 3) {
            let access = scopes.iter().flatten().nth(which % 4)?;
            return Some(profile_read(*request, access, which, outcome, now));
        }
        // So does the access map.
        if let (Effect::ReadAccess { request, .. }, 1..) = (&self.under_way[at], which % 3) {
            let answer = part_answer(which, outcome);
            let request = *request;
            return Some(Message::AccessPartRead { request, answer });
        }
        let effect = self.under_way.remove(at);
        answer_to(&effect, outcome, now)
    }
}

/// A page of a profile, or its end.
fn profile_read(
    request: RequestId,
    access: &Access,
    which: usize,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Message {
    let source = access.identity.source.clone();
    match outcome {
        Outcome::Good(shapes) => {
            let tokens: Tokens = shapes.iter().map(|shape| token(shape, now)).collect();
            if which.is_multiple_of(2) {
                return Message::ProfileArrived {
                    request,
                    source,
                    tokens,
                };
            }
            Message::ProfileListed {
                request,
                source,
                result: Ok(listed(tokens)),
            }
        }
        Outcome::Bad(kind, pause) => {
            let mut failure = failure(*kind);
            failure.retry_after = pause.map(|seconds| Duration::from_secs(seconds.into()));
            Message::ProfileListed {
                request,
                source,
                result: Err(failure),
            }
        }
    }
}

/// The answer for a part of the access map.
fn part_answer(which: usize, outcome: &Outcome) -> PartAnswer {
    let part = Part::ALL[which % Part::ALL.len()];
    let policy = json!({"id": "p", "name": "P", "decision": "non_identity", "app_count": 2,
        "include": [{"service_token": {"token_id": IDS[which % 3]}}, {"group": {"id": "g"}}]});
    let group = json!({"id": "g", "include": [{"any_valid_service_token": {}}]});
    let app = json!({"id": "a", "name": "A", "domain": "a.example.com", "type": "self_hosted",
        "policies": [policy.clone()]});
    let (state, objects) = match (outcome, part) {
        (Outcome::Bad(kind, _), _) => (PartState::Failed(failure(*kind)), PartObjects::Nothing),
        (Outcome::Good(_), Part::Apps) => (
            PartState::Read,
            PartObjects::Apps(App::parse(&app).into_iter().collect()),
        ),
        (Outcome::Good(_), Part::Policies) => {
            let policies = Policy::parse(&policy).into_iter().collect();
            (PartState::Read, PartObjects::Policies(policies))
        }
        (Outcome::Good(_), Part::Groups) => (
            PartState::Read,
            PartObjects::Groups(Group::parse(&group).into_iter().collect()),
        ),
        (Outcome::Good(_), _) => (PartState::Read, PartObjects::Nothing),
    };
    PartAnswer {
        part,
        state,
        count: usize::from(objects != PartObjects::Nothing),
        objects,
    }
}

/// Tokens found in a scope; an empty list is a failure.
fn looked_up(tokens: Vec<Arc<ServiceToken>>) -> Result<Fetched<Tokens>, Failure> {
    if tokens.is_empty() {
        return Err(failure(FailureKind::NotFound));
    }
    Ok(Fetched {
        clock: ServerClock::Offset(TimeDelta::seconds(3)),
        ..found(tokens)
    })
}

fn answer_to(effect: &Effect, outcome: &Outcome, now: DateTime<Utc>) -> Option<Message> {
    let request = request_in(effect)?;
    let tokens = match outcome {
        Outcome::Good(shapes) => Ok(shapes.iter().map(|shape| token(shape, now)).collect()),
        Outcome::Bad(kind, pause) => {
            let mut failure = failure(*kind);
            failure.retry_after = pause.map(|seconds| Duration::from_secs(seconds.into()));
            Err(failure)
        }
    };
    let is_good = tokens.as_ref().map(|_: &Vec<_>| ()).map_err(Clone::clone);
    Some(match effect {
        Effect::FetchToken { .. } => Message::TokenFetched {
            request,
            result: tokens.and_then(looked_up),
        },
        Effect::ListTokens { .. } => Message::TokensListed {
            request,
            result: tokens.map(listed),
        },
        Effect::ListScopes { .. } => Message::ScopesListed {
            request,
            result: is_good.map(|()| VisibleScopes {
                accounts: Ok(vec![NamedScope {
                    scope: account(),
                    name: "Acme".to_owned(),
                }]),
                zones: Err(Failure::new(
                    FailureKind::Permission,
                    "No zones.",
                    "Type it.",
                )),
            }),
        },
        Effect::FindSecrets { profiles, .. } => Message::SecretsFound {
            request,
            found: profiles
                .iter()
                .map(|name| {
                    (
                        name.clone(),
                        is_good.clone().map(|()| Some(Location::new("here"))),
                    )
                })
                .collect(),
        },
        Effect::UseProfile { .. } => Message::ProfilesChanged {
            request,
            result: is_good.map(|()| settings()),
        },
        Effect::RemoveProfile { name, .. } => Message::ProfilesChanged {
            request,
            result: is_good.map(|()| {
                let mut settings = settings();
                settings.profiles.retain(|profile| profile.name != *name);
                settings
            }),
        },
        Effect::CheckCredential { .. } => Message::CredentialChecked {
            request,
            result: is_good.map(|()| 1),
        },
        Effect::SaveProfile { .. } => Message::ProfileSaved {
            request,
            result: is_good.map(|()| (settings(), Some(login_keyring()))),
        },
        Effect::ProbeStore { .. } => Message::StoreProbed {
            request,
            result: is_good.map(|()| Location::new("Secret Service")),
        },
        Effect::MeasureClock { .. } => Message::ClockMeasured {
            request,
            offset: is_good.is_ok().then(|| TimeDelta::seconds(3)),
        },
        Effect::ListProfiles { .. } => Message::ProfilesListed { request },
        Effect::ReadAccess { .. } => Message::AccessRead {
            request,
            result: is_good.map(|()| Fetched::new((), Duration::from_millis(84))),
        },
        Effect::Probe { .. } => Message::Probed {
            request,
            result: is_good.map(|()| probe_answers()),
        },
        Effect::WriteList { path, .. } => Message::ListWritten {
            request,
            result: match outcome {
                Outcome::Good(_) => Ok(path.clone()),
                Outcome::Bad(_, Some(_)) => Err(NotWritten::Exists),
                Outcome::Bad(_, None) => Err(NotWritten::Because("No.".to_owned())),
            },
        },
        Effect::OpenDemo { .. } => Message::DemoOpened {
            request,
            result: is_good.map(|()| demo_access(account())),
        },
        Effect::HoldCredential(_)
        | Effect::ForgetPrinted { .. }
        | Effect::NameScope { .. }
        | Effect::LoadRecents
        | Effect::Remember(_)
        | Effect::SearchJson { .. }
        | Effect::Copy { .. }
        | Effect::OpenUrl(_)
        | Effect::RingBell
        | Effect::Notify(_)
        | Effect::Suspend
        | Effect::Redraw
        | Effect::Cancel(_) => return None,
    })
}

/// An answer to a request that was never sent or is no longer pending.
fn stale_answer(which: usize, outcome: &Outcome, now: DateTime<Utc>) -> Message {
    let request = RequestId(u64::MAX);
    let access = Access {
        identity: in_keyring("default"),
        scope: account(),
    };
    let effects = [
        Effect::FetchToken {
            request,
            access: access.clone(),
            token: TokenRef::parse(IDS[0]).unwrap(),
        },
        Effect::ListTokens { request, access },
        Effect::FindSecrets {
            request,
            profiles: vec!["default".to_owned()],
        },
        Effect::UseProfile {
            request,
            name: "staging".to_owned(),
        },
        Effect::ProbeStore { request },
    ];
    if which.is_multiple_of(7) {
        return Message::Staged {
            request,
            stage: Stage::Credential,
        };
    }
    answer_to(&effects[which % effects.len()], outcome, now).unwrap()
}

pub(crate) fn message(
    event: &Event,
    simulation: &mut Simulation,
    actions: &[Action],
    now: DateTime<Utc>,
) -> Option<Message> {
    Some(match event {
        Event::Press(at) => Message::Input(Input::Act(actions[at % actions.len()])),
        Event::Type(character) => Message::Input(Input::Type(Typed(*character))),
        Event::Paste(text) => Message::Input(Input::Paste(Secret::new(text.clone()))),
        Event::Resize(width, height) => Message::Input(Input::Resize(*width, *height)),
        Event::Tick => Message::Ticked,
        Event::Resume => Message::Resumed,
        Event::Answer {
            which,
            stale: true,
            outcome,
        } => stale_answer(*which, outcome, now),
        Event::Answer {
            which,
            stale: false,
            outcome,
        } => simulation.answer(*which, outcome, now)?,
    })
}

/// Every action except those that end or suspend the program, which would end the sequence.
pub(crate) fn actions() -> Vec<Action> {
    let keymap = Keymap::built_in().unwrap();
    let mut actions: Vec<Action> = keymap.rows().iter().map(|row| row.action).collect();
    actions.sort_unstable();
    actions.dedup();
    actions.retain(|action| !matches!(action, Action::Quit | Action::Suspend | Action::Redraw));
    actions
}

/// Asserts the invariants that hold after every message.
pub(crate) fn assert_sound(state: &State, simulation: &Simulation, now: DateTime<Utc>) {
    let fields = state.detail.fields().len();
    assert!(
        state.detail.selected < fields.max(1),
        "the selected field exists"
    );
    let items = state.find_items();
    let selected = state.find.selected.map(|item| items.place(item));
    let is_in_front = state.screen == Screen::Find;
    assert!(
        !is_in_front || selected.is_none_or(|at| items.item(at) == state.find.selected),
        "the selected item exists"
    );
    assert!(
        state.browse.selected < state.browse.table.rows().max(1),
        "the selected token exists"
    );
    // Every request of the state is pending.
    let is_under_way = |request: Option<RequestId>| {
        request.is_none_or(|request| {
            simulation
                .under_way
                .iter()
                .any(|effect| request_in(effect) == Some(request))
        })
    };
    assert!(
        is_under_way(state.detail.token.request()),
        "the pending token fetch is not in flight"
    );
    assert!(
        is_under_way(state.list.extent.request()),
        "the pending list is not in flight"
    );
    assert!(
        is_under_way(state.access_reading.map.request()),
        "the pending access map is not in flight"
    );
    assert!(
        state.uses.selected < state.uses.rows().max(1),
        "the selected use exists"
    );
    assert!(
        is_under_way(state.picker.scopes.request()),
        "the pending list of scopes is not in flight"
    );
    let phase = match state.setup.phase {
        Phase::Checking { request, .. } | Phase::Saving { request } => Some(request),
        Phase::Open => None,
    };
    assert!(
        is_under_way(phase),
        "the pending check or save is not in flight"
    );
    // The loop sleeps until then: a past instant would make it spin.
    if let Some(wake) = state.wake_at() {
        assert!(wake > now, "wakes at {wake}, not after {now}");
    }
    assert!(
        state.instant() <= state.clock.corrected(),
        "the instant on screen is in the future"
    );
}

pub(crate) fn draw(state: &State, theme: &Theme) {
    let (width, height) = state.size;
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let local = |instant: DateTime<Utc>| instant.fixed_offset();
    terminal
        .draw(|frame| {
            view::render(frame, state, theme, local);
        })
        .unwrap();
}

/// Access refuses with and without the token.
fn probe_answers() -> ProbeAnswers {
    let answer = ProbeAnswer {
        status: Some(403),
        answered_by: AnsweredBy::Access,
        cf_ray: None,
        redirect: None,
        took: Duration::from_millis(41),
    };
    ProbeAnswers {
        header: None,
        bare: answer.clone(),
        with_token: Some(answer),
        failure: None,
    }
}
