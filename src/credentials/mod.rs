//! Reads and stores credentials: the OS keyring, the environment, memory, and commands.

mod command;
#[cfg(unix)]
pub mod detached;
mod environment;
mod error;
mod keyring;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
mod store;

pub use command::{CommandError, CommandRun, PrintedSecrets, check_program, run as run_command};
pub use environment::{Environment, PairVariables};
pub use error::{Provider, StoreError};
pub use keyring::{Keyring, STORE_NAME, check_windows_length};
pub use store::{
    CredentialStore, MemoryStore, PromptTracker, StoreHandle, StoredEntries, UndoStore,
};
