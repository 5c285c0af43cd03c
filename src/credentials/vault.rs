//! The one thread that a credential store lives on, and the way to ask it from async code.
//!
//! A keyring call has no timeout and may wait for a person, so it runs on a plain thread that
//! nobody ever joins: neither the runtime nor the process waits for it. Not here: what to do when it
//! stays silent.

use std::sync::{Arc, LazyLock, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::core_file;
use super::error::StoreError;
use super::store::CredentialStore;
use crate::domain::secret::Secret;

type Job = Box<dyn FnOnce(&mut dyn CredentialStore) + Send>;
type Start = Box<dyn FnOnce() -> mpsc::Sender<Job> + Send>;

/// A handle to a store on its own thread. The thread ends once every handle is gone and the store
/// has returned from what it is doing.
#[derive(Clone)]
pub struct Vault {
    jobs: Arc<LazyLock<mpsc::Sender<Job>, Start>>,
}

impl Vault {
    /// A vault whose thread starts, and makes the store there, when it is first asked; most commands
    /// never ask. The process may hold secrets from here on, so it leaves no core file any more.
    #[must_use]
    pub fn start(make: impl FnOnce() -> Box<dyn CredentialStore> + Send + 'static) -> Self {
        core_file::forbid();
        let start: Start = Box::new(move || {
            let (jobs, waiting) = mpsc::channel::<Job>();
            // A thread that could not be started drops its end of the channel, which `ask` reports.
            let _detached =
                thread::Builder::new()
                    .name("credentials".to_owned())
                    .spawn(move || {
                        let mut store = make();
                        for job in waiting {
                            job(store.as_mut());
                        }
                    });
            jobs
        });
        Self {
            jobs: Arc::new(LazyLock::new(start)),
        }
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

    /// Where the store keeps things, in words.
    ///
    /// # Errors
    /// [`StoreError::Unanswered`] after `wait`.
    pub async fn place(&self, wait: Duration) -> Result<String, StoreError> {
        self.ask(wait, |store| Ok(store.place())).await
    }

    async fn ask<T: Send + 'static>(
        &self,
        wait: Duration,
        work: impl FnOnce(&mut dyn CredentialStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |store| {
            // Whoever asked may have given up while an earlier call hung: then nothing is done late.
            if !reply.is_closed() {
                let _unheard = reply.send(work(store));
            }
        });
        let gone = || StoreError::Other("its thread has ended".to_owned());
        self.jobs.send(job).map_err(|_| gone())?;
        match tokio::time::timeout(wait, answer).await {
            Ok(answer) => answer.map_err(|_| gone())?,
            Err(_elapsed) => Err(StoreError::Unanswered(wait)),
        }
    }
}
