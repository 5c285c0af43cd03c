//! The interface of a credential store, the tracking of its prompts, and the store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::error::StoreError;
use crate::domain::credential::{Location, Secret};
use crate::domain::sync::locked;

/// What a store reveals about a profile's entries while it is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntries {
    /// `None` if a locked store does not reveal it.
    pub count: Option<usize>,
    /// Why the entries cannot be read, if they are or may be locked.
    pub locked: Option<StoreError>,
}

/// What an entry of the OS keyring holds. Each kind has its own service name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    Credential,
    /// The base URL that a credential may be sent to. It is not secret, but anybody could change it
    /// in a file.
    BaseUrl,
}

impl EntryKind {
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::Credential => "tokenscope",
            Self::BaseUrl => "tokenscope-base-url",
        }
    }
}

/// Why an operation on the OS keyring failed.
pub(super) struct OperationError {
    pub(super) error: StoreError,
    /// Whether the service may have forgotten our session, or the connection is dead.
    pub(super) may_be_session_loss: bool,
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        Self {
            error,
            may_be_session_loss: false,
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

    /// Writes and deletes an entry for [`PROBE_USER`](crate::domain::profile::PROBE_USER), since a
    /// store that can be read may still refuse to write.
    ///
    /// # Errors
    /// If a secret could not be stored.
    fn probe(&mut self) -> Result<(), StoreError>;

    /// Where this store keeps secrets.
    fn location(&mut self) -> Location;

    /// Reports prompts to this tracker from now on. Called once, before any other method.
    fn report_prompts(&mut self, _prompts: PromptTracker) {}
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
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.lock().is_cancelled
    }

    /// Records an open prompt until the returned guard is dropped.
    #[must_use]
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

    fn probe(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn location(&mut self) -> Location {
        Location::new("memory")
    }
}
