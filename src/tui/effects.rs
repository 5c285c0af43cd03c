//! Runs effects, each on its own task, which sends the outcome back as a message. Reaches network and
//! keyring only through `TokenService`.

use std::collections::HashMap;
use std::future::ready;
use std::io::{self, Write, stdout};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::SecondsFormat;
use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::desktop::{Browser, Clipboard, load_into_tmux, notification, open_in_browser};
use super::terminal::TerminalGuard;
use crate::api::Page;
use crate::app::message::{Effect, JsonSearch, Message, Stage};
use crate::config::{Paths, log, state};
use crate::domain::access::map::{Part, PartAnswer, PartState};
use crate::domain::credential::{Access, CredentialRef, CredentialSource, VisibleScopes};
use crate::domain::failure::{Failure, FailureKind};
use crate::domain::fetched::{Fetched, RequestId};
use crate::domain::token::ServiceToken;
use crate::service::{ListEvent, TokenService, write_list};
use crate::startup::{RunningDemo, start_demo};

/// How long to wait for pending writes before exit.
const AT_THE_END: Duration = Duration::from_millis(500);

/// Runs effects.
pub(super) struct Effects {
    service: Arc<TokenService>,
    demo: Arc<OnceLock<RunningDemo>>,
    paths: Option<Paths>,
    clipboard: Clipboard,
    browser: Browser,
    messages: UnboundedSender<Message>,
    running: HashMap<RequestId, AbortHandle>,
    on_files: JoinSet<()>,
}

impl Effects {
    pub(super) fn new(
        service: Arc<TokenService>,
        paths: Option<Paths>,
        (clipboard, browser): (Clipboard, Browser),
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
            browser,
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

    /// Starts an effect, or runs it if it is on the terminal.
    pub(super) fn run(&mut self, effect: Effect, screen: &mut TerminalGuard) -> io::Result<()> {
        self.running.retain(|_, task| !task.is_finished());
        while self.on_files.try_join_next().is_some() {}
        let (service, messages) = (self.service.clone(), self.messages.clone());
        match effect {
            Effect::FetchToken {
                request,
                access,
                token,
            } => {
                let service = self.service_of(&access.identity.source);
                self.spawn(request, async move {
                    let on_network = || send_stage(&messages, request);
                    let result = service.look_up(&access, &token, on_network).await;
                    remark_on(&result, &messages, access.identity.source);
                    Message::TokenFetched { request, result }
                });
            }
            Effect::ListTokens { request, access } => {
                let service = self.service_of(&access.identity.source);
                self.spawn(request, async move {
                    let mut on_page = |page: Page<'_, Arc<ServiceToken>>| {
                        let _unheard = messages.send(Message::TokensArrived {
                            request,
                            tokens: page.items.to_vec(),
                            total: page.total,
                        });
                    };
                    let on_network = || send_stage(&messages, request);
                    let result = service.list(&access, on_network, &mut on_page).await;
                    remark_on(&result, &messages, access.identity.source);
                    Message::TokensListed { request, result }
                });
            }
            Effect::ListProfiles { request, scopes } => self.spawn(request, async move {
                let on_event = |access: &Access, event: ListEvent<'_>| {
                    send_list_event(&messages, request, access, event);
                };
                service.list_each(&scopes, &on_event).await;
                Message::ProfilesListed { request }
            }),
            Effect::ReadAccess { request, access } => {
                let service = self.service_of(&access.identity.source);
                self.spawn(request, async move {
                    let parts = Part::ALL.into_iter().filter(|part| *part != Part::Tokens);
                    let parts: Vec<Part> = parts.collect();
                    let mut on_part = |answer: PartAnswer| {
                        if let PartState::Partly(failure) | PartState::Failed(failure) =
                            &answer.state
                        {
                            log::failed(failure);
                        }
                        let _unheard = messages.send(Message::AccessPartRead { request, answer });
                    };
                    let result = service
                        .read_access(&access, None, &parts, || {}, &mut on_part)
                        .await;
                    remark_on(&result, &messages, access.identity.source);
                    let result = result.map(|read| read.map(|_| ()));
                    Message::AccessRead { request, result }
                });
            }
            Effect::Probe {
                request,
                source,
                url,
                pair,
            } => {
                let service = self.service_of(&source);
                self.spawn(request, async move {
                    let result = service.probe_url(&url, None, ready(Ok(pair))).await;
                    let failure = match &result {
                        Ok(answers) => answers.failure.as_ref(),
                        Err(failure) => Some(failure),
                    };
                    failure.into_iter().for_each(log::failed);
                    Message::Probed { request, result }
                });
            }
            Effect::MeasureClock { request, access } => {
                let service = self.service_of(&access.identity.source);
                self.spawn(request, async move {
                    let credential = CredentialRef::Identity(access.identity);
                    let offset = service.verify(&credential, &access.scope).await;
                    let offset = offset.ok().and_then(|verified| verified.offset);
                    Message::ClockMeasured { request, offset }
                });
            }
            Effect::ListScopes { request, asker } => {
                let source = asker.source().cloned().unwrap_or(CredentialSource::Session);
                let service = self.service_of(&source);
                self.spawn(request, async move {
                    let result = service.scopes(&asker).await;
                    remark_on(&result, &messages, source);
                    let result = result.map(|visible| {
                        let VisibleScopes { accounts, zones } = &visible.value;
                        let failures = [accounts.as_ref().err(), zones.as_ref().err()];
                        failures.into_iter().flatten().for_each(log::failed);
                        visible.value
                    });
                    Message::ScopesListed { request, result }
                });
            }
            Effect::ProbeStore { request } => self.spawn(request, async move {
                let result = service.probe().await.inspect_err(log::failed);
                Message::StoreProbed { request, result }
            }),
            Effect::HoldCredential(credential) => service.hold(credential),
            Effect::ForgetPrinted { profile } => service.forget_printed(&profile),
            Effect::OpenDemo { request } => {
                let slot = self.demo.clone();
                self.spawn(request, async move {
                    let result = start_demo(&service).await.inspect_err(log::failed);
                    let result = result.map(|demo| slot.get_or_init(|| demo).access.clone());
                    Message::DemoOpened { request, result }
                });
            }
            Effect::LoadRecents => {
                if let Some(paths) = self.paths.clone() {
                    tokio::task::spawn_blocking(move || load_recents(&paths, &messages));
                }
            }
            Effect::Remember(recent) => {
                if let Some(paths) = self.paths.clone() {
                    self.on_files.spawn_blocking(move || {
                        if let Err(failure) = state::remember(&paths, recent) {
                            let _unheard = messages.send(Message::NotRemembered(failure));
                        }
                    });
                }
            }
            Effect::SearchJson { lines, query } => {
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
            Effect::Cancel(request) => {
                if let Some(task) = self.running.remove(&request) {
                    task.abort();
                }
            }
            Effect::FindSecrets { request, profiles } => self.spawn(request, async move {
                // Query all at once, so that an unresponsive keyring costs only one timeout.
                let found = profiles.into_iter().map(|profile| async {
                    let location = service.stored(&profile).await.inspect_err(log::failed);
                    (profile, location)
                });
                let found = join_all(found).await;
                Message::SecretsFound { request, found }
            }),
            Effect::CheckCredential {
                request,
                asker,
                scope,
            } => self.spawn(request, async move {
                let verified = service.verify(&asker, &scope).await;
                let result = verified.map(|verified| verified.tokens);
                let result = result.inspect_err(log::failed);
                Message::CredentialChecked { request, result }
            }),
            Effect::SaveProfile {
                request,
                profile,
                credential,
            } => self.spawn(request, async move {
                let result = match credential {
                    Some(credential) => {
                        let saved = service.save(&profile, &credential).await;
                        let saved = saved.map_err(|not_saved| not_saved.failure);
                        saved.map(|(settings, location)| (settings, Some(location)))
                    }
                    None => service.change_profile(&profile).await,
                };
                let result = result.inspect_err(log::failed);
                Message::ProfileSaved { request, result }
            }),
            Effect::UseProfile { request, name } => self.spawn_blocking(move || {
                let result = service.use_profile(&name).inspect_err(log::failed);
                if let (Err(_), Ok(settings)) = (&result, service.settings()) {
                    let _unheard = messages.send(Message::SettingsRead(settings));
                }
                Message::ProfilesChanged { request, result }
            }),
            Effect::NameScope {
                profile,
                scope,
                scope_name,
            } => self.spawn_blocking(move || {
                let named = service.name_scope(&profile, &scope, scope_name);
                match named
                    .inspect_err(log::failed)
                    .or_else(|_| service.settings())
                {
                    Ok(settings) => Message::SettingsRead(settings),
                    Err(failure) => Message::Warned(failure),
                }
            }),
            Effect::RemoveProfile { request, name } => self.spawn(request, async move {
                let removed = service.remove_profile(&name).await.inspect_err(log::failed);
                let unreached = removed.as_ref().ok().and_then(|it| it.unreached.clone());
                let result = removed.map(|removed| removed.settings);
                let changed = Message::ProfilesChanged { request, result };
                let Some(unreached) = unreached else {
                    return changed;
                };
                let _unheard = messages.send(changed);
                Message::Warned(unreached)
            }),
            Effect::WriteList {
                request,
                list,
                path,
                existing,
            } => self.spawn_blocking(move || {
                let result = write_list(&list, &path, existing);
                Message::ListWritten { request, result }
            }),
            Effect::Copy { what, text } => self.copy(text, format!("Copied {what}"))?,
            Effect::OpenUrl(url) => match self.browser {
                Browser::Available => self.spawn_blocking(move || {
                    Message::Notified(if open_in_browser(&url) {
                        format!("Opened in the browser: {url}")
                    } else {
                        format!("No program to open {url}")
                    })
                }),
                Browser::OverSsh | Browser::NoDisplay => {
                    let why = self.browser.why_not();
                    self.copy(url, format!("{why}: copied the link"))?;
                }
            },
            Effect::RingBell => write_to_terminal(b"\x07")?,
            Effect::Notify(text) => {
                if self.clipboard == Clipboard::Terminal {
                    write_to_terminal(notification(&text).as_bytes())?;
                }
            }
            Effect::Redraw => screen.mark_dirty(),
            // Has to wait, which the event loop does.
            Effect::Suspend => {}
        }
        Ok(())
    }

    /// Copies text, and reports where it went, in a sentence that begins with what was copied.
    fn copy(&mut self, text: String, copied: String) -> io::Result<()> {
        let clipboard = self.clipboard;
        write_to_terminal(clipboard.sequences(&text).as_bytes())?;
        if clipboard == Clipboard::Tmux {
            // Only tmux knows whether it accepts the text.
            self.spawn_blocking(move || {
                let is_taken = load_into_tmux(&text);
                Message::Notified(clipboard.notice(&copied, &text, is_taken))
            });
        } else {
            let notice = clipboard.notice(&copied, &text, false);
            let _unheard = self.messages.send(Message::Notified(notice));
        }
        Ok(())
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
}

/// Reports that a request has its credential and goes to the network.
fn send_stage(messages: &UnboundedSender<Message>, request: RequestId) {
    let stage = Stage::Network;
    let _unheard = messages.send(Message::Staged { request, stage });
}

/// Reports what happened while one of several profiles was read.
fn send_list_event(
    messages: &UnboundedSender<Message>,
    request: RequestId,
    access: &Access,
    event: ListEvent<'_>,
) {
    let source = access.identity.source.clone();
    let message = match event {
        ListEvent::SentOff => return send_stage(messages, request),
        ListEvent::Page(page) => Message::ProfileArrived {
            request,
            source,
            tokens: page.items.to_vec(),
        },
        ListEvent::Ended(result) => {
            remark_on(&result, messages, source.clone());
            Message::ProfileListed {
                request,
                source,
                result,
            }
        }
    };
    let _unheard = messages.send(message);
}

/// Reads the recent lookups.
fn load_recents(paths: &Paths, messages: &UnboundedSender<Message>) {
    let (recents, warning) = state::load_recents(paths);
    let _unheard = messages.send(Message::RecentsLoaded(recents));
    if let Some(warning) = warning {
        let hint = "Delete the old file if you need nothing from it.";
        let failure = Failure::new(FailureKind::Config, warning, hint);
        let _unheard = messages.send(Message::Warned(failure));
    }
}

/// Logs a failure, or reports what a response says besides its value: a pause, and the first oddity.
fn remark_on<T>(
    result: &Result<Fetched<T>, Failure>,
    messages: &UnboundedSender<Message>,
    source: CredentialSource,
) {
    let fetched = match result {
        Ok(fetched) => fetched,
        Err(failure) => return log::failed(failure),
    };
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
