//! A session in the demo: keys, answers of the demo's server, and a clock that moves only on
//! request.

use std::collections::VecDeque;
use std::future::ready;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokenscope::action::{Action, Input, Typed};
use tokenscope::api::Options;
use tokenscope::app::message::{Effect, Message};
use tokenscope::app::state::{Session, State};
use tokenscope::app::{Opening, start, update};
use tokenscope::credentials::{Environment, MemoryStore, StoreHandle};
use tokenscope::domain::access::map::{Part, PartAnswer};
use tokenscope::domain::access::probe::{ProbeAnswer, ProbeAnswers};
use tokenscope::domain::credential::Access;
use tokenscope::domain::failure::Failure;
use tokenscope::domain::fetched::{Fetched, RequestId, ServerClock};
use tokenscope::service::TokenService;
use tokenscope::startup::{RunningDemo, start_demo};

use crate::api::{deadlines, options};
use crate::support::app::{keys, press};
use crate::support::tokens::instant;

pub(crate) struct DemoSession {
    pub(crate) state: State,
    now: DateTime<Utc>,
    running: RunningDemo,
}

fn opened() -> DateTime<Utc> {
    instant("2026-11-26T18:27:00.500Z")
}

impl DemoSession {
    /// Opens the demo, as `tokenscope --demo` does.
    pub(crate) async fn open(size: (u16, u16)) -> Self {
        let now = opened();
        let store = StoreHandle::start(|_| Box::new(MemoryStore::default()));
        let options = Options {
            clock: opened,
            ..options("http://127.0.0.1")
        };
        let beside = TokenService::new(options, store, Environment::default(), None, deadlines(20));
        let running = start_demo(&beside).await.unwrap();
        let session = Session {
            demo_only: true,
            ..Session::default()
        };
        let mut demo = Self {
            state: State::new(session, keys(), now, size),
            now,
            running,
        };
        let effects = start(&mut demo.state, Opening::Demo(None));
        demo.run(effects).await;
        demo
    }

    pub(crate) async fn press(&mut self, action: Action) {
        self.tell(press(action)).await;
    }

    pub(crate) async fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            self.tell(Message::Input(Input::Type(Typed(character))))
                .await;
        }
    }

    pub(crate) async fn wait(&mut self, time: Duration) {
        self.now += TimeDelta::from_std(time).unwrap();
        self.tell(Message::Ticked).await;
    }

    async fn tell(&mut self, message: Message) {
        let effects = update(&mut self.state, self.now, message);
        self.run(effects).await;
    }

    /// Runs every effect, and the effects of their results.
    async fn run(&mut self, effects: Vec<Effect>) {
        let mut effects = VecDeque::from(effects);
        while let Some(effect) = effects.pop_front() {
            for message in self.answer(effect).await {
                effects.extend(update(&mut self.state, self.now, message));
            }
        }
    }

    /// The messages that the demo's server answers an effect with.
    async fn answer(&self, effect: Effect) -> Vec<Message> {
        match effect {
            Effect::OpenDemo { request } => vec![Message::DemoOpened {
                request,
                result: Ok(self.running.access.clone()),
            }],
            Effect::ListTokens { request, access } => {
                let listed = self.running.service.list(&access, || {}, &mut |_| {}).await;
                let result = without_times(listed);
                vec![Message::TokensListed { request, result }]
            }
            Effect::FetchToken {
                request,
                access,
                token,
            } => {
                let result =
                    without_times(self.running.service.look_up(&access, &token, || {}).await);
                vec![Message::TokenFetched { request, result }]
            }
            Effect::ReadAccess { request, access } => self.read_access(request, &access).await,
            Effect::Probe {
                request, url, pair, ..
            } => {
                let probed = self
                    .running
                    .service
                    .probe_url(&url, None, ready(Ok(pair)))
                    .await;
                let result = probed.map(|answers| ProbeAnswers {
                    header: None,
                    bare: same_each_time(answers.bare, "95942549c0ffee00-LHR", 41),
                    with_token: answers
                        .with_token
                        .map(|answer| same_each_time(answer, "9594254ac0ffee00-LHR", 38)),
                    failure: answers.failure,
                });
                vec![Message::Probed { request, result }]
            }
            // Files, the clipboard and the bell appear in no picture.
            _ => Vec::new(),
        }
    }

    async fn read_access(&self, request: RequestId, access: &Access) -> Vec<Message> {
        let parts: Vec<Part> = Part::ALL
            .into_iter()
            .filter(|part| *part != Part::Tokens)
            .collect();
        let mut messages = Vec::new();
        let mut on_part =
            |answer: PartAnswer| messages.push(Message::AccessPartRead { request, answer });
        let read = self
            .running
            .service
            .read_access(access, None, &parts, || {}, &mut on_part)
            .await;
        let result = without_times(read).map(|read| read.map(|_| ()));
        messages.push(Message::AccessRead { request, result });
        messages
    }
}

/// A result without measured times.
fn without_times<T>(fetched: Result<Fetched<T>, Failure>) -> Result<Fetched<T>, Failure> {
    fetched.map(|fetched| Fetched {
        took: Duration::from_millis(84),
        clock: ServerClock::default(),
        ..fetched
    })
}

/// An answer to a probe without its variable parts.
fn same_each_time(answer: ProbeAnswer, cf_ray: &str, millis: u64) -> ProbeAnswer {
    ProbeAnswer {
        cf_ray: answer.cf_ray.map(|_| cf_ray.to_owned()),
        took: Duration::from_millis(millis),
        ..answer
    }
}
