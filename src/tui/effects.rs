//! Runs effects, each on its own task, which sends the outcome back as a message. Reaches network and
//! keyring only through `TokenService`.

use std::collections::HashMap;
use std::io::{self, Write, stdout};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::SecondsFormat;
use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::clipboard::{self, Clipboard};
use super::terminal::TerminalGuard;
use crate::api::Page;
use crate::app::message::{Effect, JsonSearch, Message, Saved, Stage};
use crate::config::Paths;
use crate::config::state;
use crate::domain::credential::{Access, Credential, CredentialRef, CredentialSource};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, RequestId};
use crate::domain::profile::Profile;
use crate::domain::raw::RawLines;
use crate::domain::recent_lookups::Recent;
use crate::domain::scope::Scope;
use crate::domain::token::{ServiceToken, TokenRef};
use crate::service::TokenService;
use crate::startup::{RunningDemo, start_demo};

/// How long to wait for pending writes before exit.
const AT_THE_END: Duration = Duration::from_millis(500);

/// Runs effects.
pub(super) struct Effects {
    service: Arc<TokenService>,
    demo: Arc<OnceLock<RunningDemo>>,
    paths: Option<Paths>,
    clipboard: Clipboard,
    messages: UnboundedSender<Message>,
    running: HashMap<RequestId, AbortHandle>,
    on_files: JoinSet<()>,
}

impl Effects {
    pub(super) fn new(
        service: Arc<TokenService>,
        paths: Option<Paths>,
        clipboard: Clipboard,
        messages: UnboundedSender<Message>,
    ) -> Self {
        let complaints = messages.clone();
        service.on_complaint(move |complaint| {
            let failure = Failure::new(FailureKind::Tls, complaint, "Replace or remove them.");
            let _unheard = complaints.send(Message::Warned(failure));
        });
        Self {
            service,
            demo: Arc::default(),
            paths,
            clipboard,
            messages,
            running: HashMap::new(),
            on_files: JoinSet::new(),
        }
    }

    /// Waits briefly for pending writes, so that no file is left incomplete.
    pub(super) async fn settle(&mut self) {
        let _late = timeout(AT_THE_END, async {
            while self.on_files.join_next().await.is_some() {}
        })
        .await;
    }

    /// Copies text, notifies where it went, and returns the bytes to write to the terminal.
    fn copy(&mut self, text: String) -> String {
        let clipboard = self.clipboard;
        let sequences = clipboard.sequences(&text);
        if clipboard == Clipboard::Tmux {
            // Only tmux knows whether it accepts the text.
            self.spawn_blocking(move || {
                let is_taken = clipboard::load_into_tmux(&text);
                Message::Notified(clipboard.notice(&text, is_taken))
            });
        } else {
            let _unheard = self
                .messages
                .send(Message::Notified(clipboard.notice(&text, false)));
        }
        sequences
    }

    /// Starts effects, and runs those on the terminal.
    pub(super) fn run_all(
        &mut self,
        effects: Vec<Effect>,
        screen: &mut TerminalGuard,
    ) -> io::Result<()> {
        effects
            .into_iter()
            .try_for_each(|effect| self.run(effect, screen))
    }

    fn run(&mut self, effect: Effect, screen: &mut TerminalGuard) -> io::Result<()> {
        self.running.retain(|_, task| !task.is_finished());
        while self.on_files.try_join_next().is_some() {}
        match effect {
            Effect::FetchToken {
                request,
                access,
                token,
            } => self.fetch(request, access, token),
            Effect::ListTokens { request, access } => self.list(request, access),
            Effect::MeasureClock { request, access } => self.measure_clock(request, access),
            Effect::ListScopes { request, asker } => self.list_scopes(request, asker),
            Effect::ProbeStore { request } => self.probe_store(request),
            Effect::HoldCredential(credential) => self.service.hold(credential),
            Effect::OpenDemo { request } => self.open_demo(request),
            Effect::LoadRecents => self.load_recents(),
            Effect::Remember(recent) => self.remember(recent),
            Effect::SearchJson { lines, query } => self.search_json(lines, query),
            Effect::Cancel(request) => {
                if let Some(task) = self.running.remove(&request) {
                    task.abort();
                }
            }
            Effect::FindSecrets { request, profiles } => self.find_secrets(request, profiles),
            Effect::CheckCredential {
                request,
                asker,
                scope,
            } => self.check_credential(request, asker, scope),
            Effect::SaveProfile {
                request,
                profile,
                credential,
            } => self.save_profile(request, profile, credential),
            Effect::UseProfile { request, name } => self.use_profile(request, name),
            Effect::RemoveProfile { request, name } => self.remove_profile(request, name),
            Effect::Copy(text) => return write_to_terminal(self.copy(text).as_bytes()),
            Effect::RingBell => return write_to_terminal(b"\x07"),
            Effect::Redraw => screen.mark_dirty(),
            // Has to wait, which the event loop does.
            Effect::Suspend => {}
        }
        Ok(())
    }

    fn measure_clock(&mut self, request: RequestId, access: Access) {
        let service = self.service_of(&access.identity.source);
        self.spawn(request, async move {
            let credential = CredentialRef::Identity(access.identity);
            let offset = service.verify(&credential, &access.scope).await;
            let offset = offset.unwrap_or_default();
            Message::ClockMeasured { request, offset }
        });
    }

    fn list_scopes(&mut self, request: RequestId, asker: CredentialRef) {
        let source = asker.source().cloned().unwrap_or(CredentialSource::Session);
        let service = self.service_of(&source);
        let messages = self.messages.clone();
        self.spawn(request, async move {
            let result = service.scopes(&asker).await.map(|visible| {
                send_remarks(&messages, source, &visible);
                visible.value
            });
            Message::ScopesListed { request, result }
        });
    }

    fn probe_store(&mut self, request: RequestId) {
        let service = self.service.clone();
        self.spawn(request, async move {
            let result = service.probe().await;
            Message::StoreProbed { request, result }
        });
    }

    fn search_json(&self, lines: Arc<RawLines>, query: String) {
        let messages = self.messages.clone();
        tokio::task::spawn_blocking(move || {
            let matches = lines.matching(&query);
            let found = JsonSearch {
                lines,
                query,
                matches,
            };
            let _unheard = messages.send(Message::JsonSearched(found));
        });
    }

    fn find_secrets(&mut self, request: RequestId, profiles: Vec<String>) {
        let service = self.service.clone();
        self.spawn(request, async move {
            // Query all at once, so that an unresponsive keyring costs only one timeout.
            let found = profiles.into_iter().map(|profile| async {
                let location = service.stored(&profile).await;
                (profile, location)
            });
            let found = join_all(found).await;
            Message::SecretsFound { request, found }
        });
    }

    fn check_credential(&mut self, request: RequestId, asker: CredentialRef, scope: Scope) {
        let service = self.service.clone();
        self.spawn(request, async move {
            let result = service.verify(&asker, &scope).await.map(drop);
            Message::CredentialChecked { request, result }
        });
    }

    fn save_profile(
        &mut self,
        request: RequestId,
        profile: Profile,
        credential: Option<Credential>,
    ) {
        let service = self.service.clone();
        self.spawn(request, async move {
            let result = match credential {
                Some(credential) => {
                    let saved = service.save(&profile, &credential).await;
                    saved.map_err(|not_saved| not_saved.failure)
                }
                None => service.change_profile(&profile).await,
            };
            let result = result.map(|(settings, location)| Saved { settings, location });
            Message::ProfileSaved { request, result }
        });
    }

    fn use_profile(&mut self, request: RequestId, name: String) {
        let (service, messages) = (self.service.clone(), self.messages.clone());
        self.spawn_blocking(move || {
            let result = service.use_profile(&name);
            if let (Err(_), Ok(settings)) = (&result, service.settings()) {
                let _unheard = messages.send(Message::SettingsRead(settings));
            }
            Message::ProfilesChanged { request, result }
        });
    }

    fn remove_profile(&mut self, request: RequestId, name: String) {
        let (service, messages) = (self.service.clone(), self.messages.clone());
        self.spawn(request, async move {
            let removed = service.remove_profile(&name).await;
            let unreached = removed.as_ref().ok().and_then(|it| it.unreached.clone());
            let result = removed.map(|removed| removed.settings);
            let changed = Message::ProfilesChanged { request, result };
            let Some(unreached) = unreached else {
                return changed;
            };
            let _unheard = messages.send(changed);
            Message::Warned(unreached)
        });
    }

    fn spawn(&mut self, request: RequestId, work: impl Future<Output = Message> + Send + 'static) {
        let messages = self.messages.clone();
        let task = tokio::spawn(async move {
            // The event loop may have ended.
            let _unheard = messages.send(work.await);
        });
        self.running.insert(request, task.abort_handle());
    }

    /// Runs work on files, which must not block the event loop.
    fn spawn_blocking(&mut self, work: impl FnOnce() -> Message + Send + 'static) {
        let messages = self.messages.clone();
        self.on_files.spawn_blocking(move || {
            let _unheard = messages.send(work());
        });
    }

    /// The service for a credential: the demo has its own server.
    fn service_of(&self, source: &CredentialSource) -> Arc<TokenService> {
        match (source, self.demo.get()) {
            (CredentialSource::Demo, Some(demo)) => demo.service.clone(),
            _ => self.service.clone(),
        }
    }

    fn list(&mut self, request: RequestId, access: Access) {
        let service = self.service_of(&access.identity.source);
        let messages = self.messages.clone();
        self.spawn(request, async move {
            let mut on_page = |page: Page<'_, Arc<ServiceToken>>| {
                let _unheard = messages.send(Message::TokensArrived {
                    request,
                    tokens: page.items.to_vec(),
                    total: page.total,
                });
            };
            let on_network = || {
                let stage = Stage::Network;
                let _unheard = messages.send(Message::Staged { request, stage });
            };
            let result = service.list(&access, on_network, &mut on_page).await;
            if let Ok(listed) = &result {
                send_remarks(&messages, access.identity.source, listed);
            }
            Message::TokensListed { request, result }
        });
    }

    fn fetch(&mut self, request: RequestId, access: Access, token: TokenRef) {
        let service = self.service_of(&access.identity.source);
        let messages = self.messages.clone();
        self.spawn(request, async move {
            let on_network = || {
                let stage = Stage::Network;
                let _unheard = messages.send(Message::Staged { request, stage });
            };
            let result = service.look_up(&access, &token, on_network).await;
            if let Ok(found) = &result {
                send_remarks(&messages, access.identity.source, found);
            }
            Message::TokenFetched { request, result }
        });
    }

    fn open_demo(&mut self, request: RequestId) {
        let (slot, service) = (self.demo.clone(), self.service.clone());
        self.spawn(request, async move {
            let result = start_demo(&service).await;
            let result = result.map(|demo| slot.get_or_init(|| demo).access.clone());
            Message::DemoOpened { request, result }
        });
    }

    /// Reads the recent lookups on another thread.
    pub(super) fn load_recents(&self) {
        let (Some(paths), messages) = (self.paths.clone(), self.messages.clone()) else {
            return;
        };
        tokio::task::spawn_blocking(move || {
            let (recents, warning) = state::load_recents(&paths);
            let _unheard = messages.send(Message::RecentsLoaded(recents));
            if let Some(warning) = warning {
                let failure = Failure::new(
                    FailureKind::Config,
                    warning,
                    "Delete the old file if you need nothing from it.",
                );
                let _unheard = messages.send(Message::Warned(failure));
            }
        });
    }

    fn remember(&mut self, recent: Recent) {
        let (Some(paths), messages) = (self.paths.clone(), self.messages.clone()) else {
            return;
        };
        self.on_files.spawn_blocking(move || {
            if let Err(failure) = state::remember(&paths, recent) {
                let _unheard = messages.send(Message::NotRemembered(failure));
            }
        });
    }
}

/// Reports what a response says besides its value: a pause, and the first oddity.
fn send_remarks<T>(
    messages: &UnboundedSender<Message>,
    source: CredentialSource,
    fetched: &Fetched<T>,
) {
    let dated = fetched.clock.implausible_date().map(|date| {
        let date = date.to_rfc3339_opts(SecondsFormat::Secs, true);
        format!("the API's response has an implausible date ({date}); using this computer's clock")
    });
    let note = dated.or_else(|| fetched.notes.first().cloned());
    let retry_after = fetched.retry_after();
    if note.is_some() || retry_after.is_some() {
        let _unheard = messages.send(Message::ResponseNoted {
            source,
            retry_after,
            note,
        });
    }
}

fn write_to_terminal(bytes: &[u8]) -> io::Result<()> {
    stdout().write_all(bytes)?;
    stdout().flush()
}
