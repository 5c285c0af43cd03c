//! The one thread that a credential store lives on, and the way to ask it from async code.
//!
//! A keyring call has no timeout and may wait for a person, so it runs on a plain thread that
//! nobody ever joins: neither the runtime nor the process waits for it. Not here: what to do when it
//! stays silent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::asking::Asking;
use super::core_dump;
use super::error::StoreError;
use super::store::{CredentialStore, Kept};
use crate::domain::credential::Location;
use crate::domain::secret::Secret;

type Job = Box<dyn FnOnce(&mut dyn CredentialStore) + Send>;
type Start = Box<dyn FnOnce() -> mpsc::Sender<Job> + Send>;

/// A handle to a store on its own thread. The thread ends once every handle is gone and the store
/// has returned from what it is doing.
#[derive(Clone)]
pub struct StoreHandle {
    jobs: Arc<LazyLock<mpsc::Sender<Job>, Start>>,
    asking: Asking,
    calls: Arc<AtomicU64>,
    /// How long a person may take over a dialogue.
    for_people: Option<Duration>,
}

/// What takes a secret back that was kept for a profile which then could not be written. Dropped, it
/// does so without being waited for.
pub struct Undo {
    handle: StoreHandle,
    profile: String,
    before: Option<Secret>,
    /// Whether there is anything to take back.
    is_kept: Arc<AtomicBool>,
}

impl StoreHandle {
    /// A handle whose thread starts, and makes the store there, when it is first asked; most commands
    /// never ask. The process may hold secrets from here on, so it leaves no core file any more.
    #[must_use]
    pub fn start(make: impl FnOnce() -> Box<dyn CredentialStore> + Send + 'static) -> Self {
        core_dump::disable();
        let asking = Asking::default();
        let reports = asking.clone();
        let start: Start = Box::new(move || {
            let (jobs, waiting) = mpsc::channel::<Job>();
            // A thread that could not be started drops its end of the channel, which `ask` reports.
            let _detached =
                thread::Builder::new()
                    .name("credentials".to_owned())
                    .spawn(move || {
                        let mut store = make();
                        store.report_to(reports);
                        for job in waiting {
                            job(store.as_mut());
                        }
                    });
            jobs
        });
        Self {
            jobs: Arc::new(LazyLock::new(start)),
            asking,
            calls: Arc::default(),
            for_people: None,
        }
    }

    /// The same handle, where somebody is there to be asked: while the keyring's dialogue is open,
    /// everything waits this long.
    #[must_use]
    pub fn for_people(mut self, wait: Duration) -> Self {
        self.for_people = Some(wait);
        self
    }

    /// For how long people have been asked so far.
    #[must_use]
    pub fn asked(&self) -> Duration {
        self.asking.took()
    }

    /// Reads a profile's secret.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn get(&self, profile: &str, wait: Duration) -> Result<Secret, StoreError> {
        let profile = profile.to_owned();
        self.ask(wait, move |store| store.get(&profile)).await
    }

    /// Keeps a profile's secret. One that was not begun within `wait` is never begun; one that was
    /// may still succeed after this has given up.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn set(
        &self,
        profile: &str,
        secret: &Secret,
        wait: Duration,
    ) -> Result<(), StoreError> {
        let (profile, secret) = (profile.to_owned(), secret.clone());
        self.ask(wait, move |store| store.set(&profile, &secret))
            .await
    }

    /// Keeps a profile's secret as [`Self::set`] does, in a way that can be undone.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn set_for_now(
        &self,
        profile: &str,
        secret: &Secret,
        before: Option<Secret>,
        wait: Duration,
    ) -> Result<Undo, StoreError> {
        let undo = Undo {
            handle: self.clone(),
            profile: profile.to_owned(),
            before,
            is_kept: Arc::default(),
        };
        let (profile, secret) = (profile.to_owned(), secret.clone());
        let is_kept = Arc::clone(&undo.is_kept);
        self.ask(wait, move |store| {
            store.set(&profile, &secret)?;
            is_kept.store(true, Ordering::SeqCst);
            Ok(())
        })
        .await?;
        Ok(undo)
    }

    /// What is kept for a profile, found without reading it or asking anybody.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn look(&self, profile: &str, wait: Duration) -> Result<Kept, StoreError> {
        let profile = profile.to_owned();
        self.ask(wait, move |store| store.look(&profile)).await
    }

    /// Removes all that is kept for a profile, and says whether there was anything.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn delete(&self, profile: &str, wait: Duration) -> Result<bool, StoreError> {
        let profile = profile.to_owned();
        self.ask(wait, move |store| store.delete(&profile)).await
    }

    /// Whether anything is kept for a profile, without reading it.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn contains(&self, profile: &str, wait: Duration) -> Result<bool, StoreError> {
        let profile = profile.to_owned();
        self.ask(wait, move |store| store.contains(&profile)).await
    }

    /// The address that a profile's secret was stored for, where one was noted.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn bound(&self, profile: &str, wait: Duration) -> Result<Option<String>, StoreError> {
        let profile = profile.to_owned();
        self.ask(wait, move |store| store.bound(&profile)).await
    }

    /// Notes the address that a profile's secret is for, or forgets it.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn bind(
        &self,
        profile: &str,
        base_url: Option<String>,
        wait: Duration,
    ) -> Result<(), StoreError> {
        let profile = profile.to_owned();
        self.ask(wait, move |store| store.bind(&profile, base_url.as_deref()))
            .await
    }

    /// Tries the store out with a real write.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn probe(&self, wait: Duration) -> Result<(), StoreError> {
        self.ask(wait, |store| store.probe()).await
    }

    /// Where the store keeps secrets.
    ///
    /// # Errors
    /// [`StoreError::Unanswered`] after `wait`.
    pub async fn location(&self, wait: Duration) -> Result<Location, StoreError> {
        self.ask(wait, |store| Ok(store.location())).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        wait: Duration,
        work: impl FnOnce(&mut dyn CredentialStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let asking = self.asking.clone();
        let job: Job = Box::new(move |store| {
            // Whoever asked may have given up while an earlier call hung: then nothing is done late.
            if !reply.is_closed() {
                asking.begin(call);
                let _unheard = reply.send(work(store));
            }
        });
        let gone = || StoreError::Other("its thread has ended".to_owned());
        self.jobs.send(job).map_err(|_| gone())?;
        let _waiting = Waiting(&self.asking, call);
        self.within(wait, async { answer.await.map_err(|_| gone())? })
            .await
    }

    /// Waits for something that the store is asked for, and longer where a person is asked.
    ///
    /// # Errors
    /// That of what is waited for, or [`StoreError::Unanswered`] after the wait.
    pub async fn within<T>(
        &self,
        wait: Duration,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let mut asked = std::pin::pin!(asked);
        if let Ok(answer) = timeout_at(began + wait, asked.as_mut()).await {
            return answer;
        }
        let longer = self.for_people.filter(|_| self.asking.is_open());
        let wait = longer.map_or(wait, |longer| longer.max(wait));
        let late = timeout_at(began + wait, asked).await;
        late.unwrap_or(Err(StoreError::Unanswered(wait)))
    }
}

/// Somebody who waits for a call.
struct Waiting<'a>(&'a Asking, u64);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.give_up(self.1);
    }
}

impl Undo {
    /// The secret stays.
    pub fn keep(self) {
        self.is_kept.store(false, Ordering::SeqCst);
    }

    /// Takes the secret back now: what was kept before is kept again, or nothing is.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after `wait`.
    pub async fn take_back(self, wait: Duration) -> Result<(), StoreError> {
        let handle = self.handle.clone();
        let done = handle.ask(wait, self.work()).await;
        self.keep();
        done
    }

    fn work(
        &self,
    ) -> impl FnOnce(&mut dyn CredentialStore) -> Result<(), StoreError> + Send + 'static {
        let (profile, before) = (self.profile.clone(), self.before.clone());
        let is_kept = Arc::clone(&self.is_kept);
        move |store| {
            if !is_kept.swap(false, Ordering::SeqCst) {
                return Ok(());
            }
            match before {
                Some(secret) => store.set(&profile, &secret),
                None => store.delete(&profile).map(drop),
            }
        }
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        let work = self.work();
        // A call that hangs is waited for there; its thread ends with the process otherwise.
        let _ended = self.handle.jobs.send(Box::new(move |store| {
            let _unheard = work(store);
        }));
    }
}
