//! The interface of a credential store, the thread that a store runs on with its async handle, the
//! tracking of prompts, and the store in memory.
//!
//! A keyring call has no timeout and may wait for a person. It therefore runs on a plain thread that
//! nobody joins, so that neither the runtime nor the process waits for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::error::StoreError;
use crate::domain::credential::{Location, Secret};
use crate::domain::profile::PROBE_USER;
use crate::domain::sync::locked;

/// The facts that a store reveals about a profile's entries while it is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntries {
    /// `None` if a locked store does not reveal it.
    pub count: Option<usize>,
    /// Why the entries cannot be read, if they are or may be locked.
    pub locked: Option<StoreError>,
}

/// The kind of an entry in the OS keyring. Each kind has its own service name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Credential,
    /// The base URL that a credential may be sent to. It is not secret, but anybody could change it
    /// in a file.
    BaseUrl,
}

impl EntryKind {
    pub(super) fn of(self, profile: &str) -> EntryName<'_> {
        EntryName {
            kind: self,
            profile,
        }
    }
}

/// The attributes by which an entry of the OS keyring is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct EntryName<'a> {
    pub(super) kind: EntryKind,
    pub(super) profile: &'a str,
}

impl EntryName<'_> {
    pub(super) fn service(self) -> &'static str {
        match self.kind {
            EntryKind::Credential => "tokenscope",
            EntryKind::BaseUrl => "tokenscope-base-url",
        }
    }
}

/// Stores one secret per profile. Calls block and come from a single thread.
pub trait CredentialStore: Send {
    /// Reads a profile's secret.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is none.
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError>;

    /// Stores a profile's secret and replaces whatever was stored under that name.
    ///
    /// # Errors
    /// If the secret was not stored.
    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError>;

    /// Removes every entry of a profile. Returns whether there was one.
    ///
    /// # Errors
    /// If an entry may remain.
    fn delete(&mut self, profile: &str) -> Result<bool, StoreError>;

    /// Looks for a profile's entries without reading a secret or opening a prompt.
    ///
    /// # Errors
    /// If the store cannot be reached.
    fn find(&mut self, profile: &str) -> Result<StoredEntries, StoreError>;

    /// The base URL that [`bind`](Self::bind) recorded for a profile's secret.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn binding(&mut self, _profile: &str) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Records the only base URL that a profile's secret may be sent to, or forgets it. Does nothing
    /// in a store that ends with the program.
    ///
    /// # Errors
    /// If it was not recorded.
    fn bind(&mut self, _profile: &str, _base_url: Option<&str>) -> Result<(), StoreError> {
        Ok(())
    }

    /// Writes and deletes an entry for [`PROBE_USER`], since a store that can be read may still
    /// refuse to write. Only deletes it if an earlier call wrote it: the entry is written at most
    /// once.
    ///
    /// # Errors
    /// If a secret could not be stored.
    fn probe(&mut self, was_written: &mut bool) -> Result<(), StoreError> {
        if !*was_written {
            let written = self.set(PROBE_USER, &Secret::new("probe".to_owned()));
            *was_written = match &written {
                Ok(()) => true,
                Err(error) => error.may_have_stored(),
            };
            written?;
        }
        self.delete(PROBE_USER).map(drop)
    }

    /// Where this store keeps secrets.
    fn location(&mut self) -> Location;
}

/// Keeps secrets in memory, for the demo and "this session only". Dropping it zeroes them.
#[derive(Debug, Default)]
pub struct MemoryStore {
    secrets: BTreeMap<String, Secret>,
}

impl CredentialStore for MemoryStore {
    fn get(&mut self, profile: &str) -> Result<Secret, StoreError> {
        self.secrets
            .get(profile)
            .cloned()
            .ok_or(StoreError::Missing)
    }

    fn set(&mut self, profile: &str, secret: &Secret) -> Result<(), StoreError> {
        self.secrets.insert(profile.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&mut self, profile: &str) -> Result<bool, StoreError> {
        Ok(self.secrets.remove(profile).is_some())
    }

    fn find(&mut self, profile: &str) -> Result<StoredEntries, StoreError> {
        Ok(StoredEntries {
            count: Some(usize::from(self.secrets.contains_key(profile))),
            locked: None,
        })
    }

    fn location(&mut self) -> Location {
        Location::new("memory")
    }
}

/// Tracks the prompts that a keyring opens, and dismisses a prompt whose caller has given up: it must
/// not stay on the desktop.
#[derive(Clone, Default)]
pub struct PromptTracker(Arc<Mutex<Prompts>>);

#[derive(Default)]
struct Prompts {
    current_call: u64,
    is_cancelled: bool,
    /// Dismisses the open prompt.
    dismiss: Option<Box<dyn FnOnce() + Send>>,
    open_since: Option<Instant>,
    /// How long earlier prompts were open.
    earlier: Duration,
}

impl PromptTracker {
    fn lock(&self) -> MutexGuard<'_, Prompts> {
        locked(&self.0)
    }

    pub(super) fn begin(&self, call: u64) {
        let mut prompts = self.lock();
        prompts.current_call = call;
        prompts.is_cancelled = false;
    }

    /// Dismisses the prompt of a call and prevents further ones.
    pub(super) fn cancel(&self, call: u64) {
        let mut prompts = self.lock();
        if prompts.current_call != call {
            return;
        }
        prompts.is_cancelled = true;
        let dismiss = prompts.dismiss.take();
        // Dismissing may close the prompt at once, which locks again.
        drop(prompts);
        if let Some(dismiss) = dismiss {
            dismiss();
        }
    }

    /// Whether the caller has given up, so that the current call must not open a prompt.
    pub fn is_cancelled(&self) -> bool {
        self.lock().is_cancelled
    }

    /// Records an open prompt until the returned guard is dropped.
    pub fn open(&self, dismiss: impl FnOnce() + Send + 'static) -> OpenPrompt {
        let mut prompts = self.lock();
        prompts.open_since.get_or_insert_with(Instant::now);
        if prompts.is_cancelled {
            drop(prompts);
            dismiss();
        } else {
            prompts.dismiss = Some(Box::new(dismiss));
        }
        OpenPrompt(self.clone())
    }

    /// Whether a person may be looking at a prompt. The macOS Keychain does not say.
    pub(super) fn is_open(&self) -> bool {
        cfg!(target_os = "macos") || self.lock().open_since.is_some()
    }

    pub(super) fn total_time(&self) -> Duration {
        let prompts = self.lock();
        let current = prompts
            .open_since
            .map_or(Duration::ZERO, |since| since.elapsed());
        prompts.earlier + current
    }
}

/// A prompt is open until this is dropped.
pub struct OpenPrompt(PromptTracker);

impl Drop for OpenPrompt {
    fn drop(&mut self) {
        let mut prompts = self.0.lock();
        prompts.dismiss = None;
        if let Some(since) = prompts.open_since.take() {
            prompts.earlier += since.elapsed();
        }
    }
}

type Job = Box<dyn FnOnce(&mut dyn CredentialStore) + Send>;
type Start = Box<dyn FnOnce() -> mpsc::Sender<Job> + Send>;

/// A handle to a store on its own thread. The thread ends once all handles are dropped and the store
/// has returned from its current call.
#[derive(Clone)]
pub struct StoreHandle {
    jobs: Arc<LazyLock<mpsc::Sender<Job>, Start>>,
    prompts: PromptTracker,
    calls: Arc<AtomicU64>,
    /// Whether the entry of the probe was written in this run.
    probe_written: Arc<AtomicBool>,
    /// How long a person may take to answer a prompt.
    prompt_timeout: Option<Duration>,
}

impl StoreHandle {
    /// A handle that starts the thread, and creates the store on it, at the first call; most
    /// commands never make one. The store reports its prompts to the tracker. The process may hold secrets from now on, so it leaves no core dump.
    pub fn start(
        make: impl FnOnce(PromptTracker) -> Box<dyn CredentialStore> + Send + 'static,
    ) -> Self {
        disable_core_dumps();
        let prompts = PromptTracker::default();
        let reported = prompts.clone();
        let start: Start = Box::new(move || {
            let (jobs, queue) = mpsc::channel::<Job>();
            // If the thread does not start, its end of the channel is dropped, which `call` reports.
            let _detached =
                thread::Builder::new()
                    .name("credentials".to_owned())
                    .spawn(move || {
                        let mut store = make(reported);
                        for job in queue {
                            job(store.as_mut());
                        }
                    });
            jobs
        });
        Self {
            jobs: Arc::new(LazyLock::new(start)),
            prompts,
            calls: Arc::default(),
            probe_written: Arc::default(),
            prompt_timeout: None,
        }
    }

    /// The same handle for a program that a person uses: while a prompt is open, calls wait this
    /// long.
    #[must_use]
    pub fn with_prompt_timeout(mut self, timeout: Duration) -> Self {
        self.prompt_timeout = Some(timeout);
        self
    }

    /// How long prompts have been open so far.
    pub fn time_in_prompts(&self) -> Duration {
        self.prompts.total_time()
    }

    /// Reads a profile's secret.
    ///
    /// # Errors
    /// The store's.
    pub async fn get(&self, profile: &str) -> Result<Secret, StoreError> {
        let profile = profile.to_owned();
        self.call(move |store| store.get(&profile)).await
    }

    /// Stores a profile's secret until the returned [`UndoStore`] is dropped or told to keep it. A
    /// call that the caller gave up may still succeed if the store had begun it.
    ///
    /// # Errors
    /// The store's.
    pub async fn set(
        &self,
        profile: &str,
        secret: &Secret,
        previous: Option<Secret>,
    ) -> Result<UndoStore, StoreError> {
        let undo = UndoStore {
            handle: self.clone(),
            profile: profile.to_owned(),
            previous,
            is_pending: Arc::default(),
        };
        let (profile, secret) = (profile.to_owned(), secret.clone());
        let is_pending = Arc::clone(&undo.is_pending);
        self.call(move |store| {
            store.set(&profile, &secret)?;
            is_pending.store(true, Ordering::SeqCst);
            Ok(())
        })
        .await?;
        Ok(undo)
    }

    /// Looks for a profile's entries without reading a secret or opening a prompt.
    ///
    /// # Errors
    /// The store's.
    pub async fn find(&self, profile: &str) -> Result<StoredEntries, StoreError> {
        let profile = profile.to_owned();
        self.call(move |store| store.find(&profile)).await
    }

    /// Removes every entry of a profile. Returns whether there was one.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(&self, profile: &str) -> Result<bool, StoreError> {
        let profile = profile.to_owned();
        self.call(move |store| store.delete(&profile)).await
    }

    /// The base URL recorded for a profile's secret.
    ///
    /// # Errors
    /// The store's.
    pub async fn binding(&self, profile: &str) -> Result<Option<String>, StoreError> {
        let profile = profile.to_owned();
        self.call(move |store| store.binding(&profile)).await
    }

    /// Records the base URL that a profile's secret may be sent to, or forgets it.
    ///
    /// # Errors
    /// The store's.
    pub async fn bind(&self, profile: &str, base_url: Option<String>) -> Result<(), StoreError> {
        let profile = profile.to_owned();
        self.call(move |store| store.bind(&profile, base_url.as_deref()))
            .await
    }

    /// Tests the store with a real write, at most one in a run.
    ///
    /// # Errors
    /// The store's.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let written = Arc::clone(&self.probe_written);
        self.call(move |store| {
            let mut was_written = written.load(Ordering::SeqCst);
            let probed = store.probe(&mut was_written);
            written.store(was_written, Ordering::SeqCst);
            probed
        })
        .await
    }

    /// Where the store keeps secrets.
    ///
    /// # Errors
    /// [`StoreError::Other`] if the thread has ended.
    pub async fn location(&self) -> Result<Location, StoreError> {
        self.call(|store| Ok(store.location())).await
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn CredentialStore) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let prompts = self.prompts.clone();
        let job: Job = Box::new(move |store| {
            // The caller may have given up while an earlier call hung: do nothing late.
            if !reply.is_closed() {
                prompts.begin(call);
                let _gone = reply.send(work(store));
            }
        });
        let ended = || StoreError::Other("its thread has ended".to_owned());
        self.jobs.send(job).map_err(|_| ended())?;
        let _cancel_on_drop = CancelOnDrop(&self.prompts, call);
        answer.await.map_err(|_| ended())?
    }

    /// Waits for calls to the store, and longer while a person is prompted.
    ///
    /// # Errors
    /// The errors of the calls; [`StoreError::Unanswered`] after the timeout.
    pub async fn within<T>(
        &self,
        timeout: Duration,
        calls: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let began = tokio::time::Instant::now();
        let mut calls = std::pin::pin!(calls);
        if let Ok(answer) = timeout_at(began + timeout, calls.as_mut()).await {
            return answer;
        }
        let longer = self.prompt_timeout.filter(|_| self.prompts.is_open());
        let timeout = longer.map_or(timeout, |longer| longer.max(timeout));
        let late = timeout_at(began + timeout, calls).await;
        late.unwrap_or(Err(StoreError::Unanswered(timeout)))
    }
}

/// Cancels a call that its caller no longer waits for.
struct CancelOnDrop<'a>(&'a PromptTracker, u64);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel(self.1);
    }
}

/// Restores the secret that a profile had before the new one, unless told to keep the new one.
/// Dropping this restores it in the background.
pub struct UndoStore {
    handle: StoreHandle,
    profile: String,
    previous: Option<Secret>,
    is_pending: Arc<AtomicBool>,
}

impl UndoStore {
    /// Keeps the new secret.
    pub fn keep(self) {
        self.is_pending.store(false, Ordering::SeqCst);
    }

    /// Restores the previous secret, or removes the new one, now.
    ///
    /// # Errors
    /// The store's, or [`StoreError::Unanswered`] after the timeout.
    pub async fn undo(self, timeout: Duration) -> Result<(), StoreError> {
        let call = self.handle.call(self.work());
        let done = self.handle.within(timeout, call).await;
        self.keep();
        done
    }

    fn work(
        &self,
    ) -> impl FnOnce(&mut dyn CredentialStore) -> Result<(), StoreError> + Send + 'static {
        let (profile, previous) = (self.profile.clone(), self.previous.clone());
        let is_pending = Arc::clone(&self.is_pending);
        move |store| {
            if !is_pending.swap(false, Ordering::SeqCst) {
                return Ok(());
            }
            match previous {
                Some(secret) => store.set(&profile, &secret),
                None => store.delete(&profile).map(drop),
            }
        }
    }
}

impl Drop for UndoStore {
    fn drop(&mut self) {
        let work = self.work();
        // The thread waits for a call that hangs, or ends with the process.
        let _ended = self.handle.jobs.send(Box::new(move |store| {
            let _ignored = work(store);
        }));
    }
}

/// Core dumps contain all memory, secrets included. Handlers such as systemd-coredump ignore the
/// size limit but not the dumpable flag, whose absence also prevents the user's other programs from
/// reading this memory. Debug builds stay debuggable.
#[cfg(unix)]
fn disable_core_dumps() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // Lowering a limit is always allowed.
    let _refused = setrlimit(Resource::Core, none);
    #[cfg(all(target_os = "linux", not(debug_assertions)))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _refused = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

#[cfg(not(unix))]
fn disable_core_dumps() {}
