//! The connection pool, and how long an idle connection is trusted.
//!
//! A router or VPN may drop an idle connection silently, most often while the computer sleeps. The HTTP
//! library's idle timer stops during sleep, and the library does not say whether a connection is new.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response};
use tokio::time::{Instant, timeout};
use tower::util::MapFutureLayer;

use super::error::Error;
use super::http_client::HttpConfig;
use crate::domain::sync::locked;

/// How long a reused connection may stay silent.
const SILENCE: Duration = Duration::from_secs(3);

/// Two clocks that diverge by more than this mean that one of them jumped.
const JUMP: TimeDelta = TimeDelta::seconds(5);

tokio::task_local! {
    /// Whether the current request uses a connection that it opened itself.
    static HAS_OPENED: Arc<AtomicBool>;
}

/// Makes a client record which requests open a connection.
fn noting(builder: ClientBuilder) -> ClientBuilder {
    builder.connector_layer(MapFutureLayer::new(watched))
}

/// Records that a request opens a connection. If another one becomes free meanwhile, the request takes that
/// one, and this one is opened outside of its task.
fn watched<C>(opening: C) -> impl Future<Output = C::Output> + Send
where
    C: Future + Send + 'static,
{
    let note = HAS_OPENED.try_with(Arc::clone).ok();
    let mut opening = Box::pin(opening);
    poll_fn(move |context| {
        if let Some(note) = &note {
            let is_for_the_request = HAS_OPENED.try_with(|_| ()).is_ok();
            note.store(is_for_the_request, Ordering::Relaxed);
        }
        opening.as_mut().poll(context)
    })
}

/// An HTTP client that is replaced when its idle connections cannot be trusted.
pub(super) struct Connections {
    config: HttpConfig,
    current: Mutex<Current>,
}

struct Current {
    http: Client,
    /// Incremented with each replacement.
    generation: u64,
    /// When it was last used: by the clock that stops during sleep, and by the one that does not.
    used: Option<(Instant, DateTime<Utc>)>,
    /// Whether a clock jumped since its connections were opened.
    is_stale: bool,
}

impl Connections {
    /// None are opened yet.
    pub(super) fn new(config: HttpConfig) -> Result<Self, Error> {
        let current = Mutex::new(Current {
            http: config.build(noting)?,
            generation: 0,
            used: None,
            is_stale: false,
        });
        Ok(Self { config, current })
    }

    pub(super) fn config(&self) -> &HttpConfig {
        &self.config
    }

    /// Records a use. Returns whether a clock jumped since the last one: the computer slept, or its clock
    /// was set.
    pub(super) fn touch(&self, now: DateTime<Utc>) -> bool {
        let mut current = locked(&self.current);
        let instant = Instant::now();
        let has_jumped = current.used.is_some_and(|(since, at)| {
            let passed = TimeDelta::from_std(instant.duration_since(since)).unwrap_or_default();
            (now - at - passed).abs() > JUMP
        });
        current.used = Some((instant, now));
        current.is_stale |= has_jumped;
        has_jumped
    }

    /// Sends a request, and also returns when it was sent. Replaces a reused connection that stays
    /// silent; a new one may take as long as it needs.
    pub(super) async fn send(
        &self,
        clock: fn() -> DateTime<Utc>,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<(DateTime<Utc>, Response), reqwest::Error> {
        let (mut http, mut generation, is_stale) = {
            let current = locked(&self.current);
            (current.http.clone(), current.generation, current.is_stale)
        };
        if is_stale {
            (http, generation) = self.replaced(generation);
        }
        let sent = clock();
        if let Some(answer) = unless_silent(request(&http)).await {
            return answer.map(|response| (sent, response));
        }
        tracing::debug!("a connection that was used before is silent; trying a new one");
        let (http, _) = self.replaced(generation);
        let sent = clock();
        let answer = request(&http).send().await;
        answer.map(|response| (sent, response))
    }

    /// The client of the generation after this one.
    fn replaced(&self, generation: u64) -> (Client, u64) {
        let mut current = locked(&self.current);
        // Building it has worked before.
        if current.generation == generation
            && let Ok(http) = self.config.build(noting)
        {
            current.http = http;
            current.generation += 1;
            current.is_stale = false;
        }
        (current.http.clone(), current.generation)
    }
}

/// Sends a request. `None` if it used an existing connection and no response began in time.
async fn unless_silent(request: RequestBuilder) -> Option<Result<Response, reqwest::Error>> {
    let has_opened = Arc::new(AtomicBool::new(false));
    let note = Arc::clone(&has_opened);
    let sending = async {
        let mut sending = pin!(request.send());
        match timeout(SILENCE, sending.as_mut()).await {
            Ok(answer) => Some(answer),
            Err(_) if has_opened.load(Ordering::Relaxed) => Some(sending.await),
            Err(_) => None,
        }
    };
    HAS_OPENED.scope(note, sending).await
}
