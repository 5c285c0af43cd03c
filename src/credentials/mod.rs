//! Where credentials are kept and found: the OS keyring, the environment, or memory.
//!
//! Not here: which of them is used (`service`), and whether the API accepts what they hold.

mod asking;
mod core_dump;
mod environment;
mod error;
mod keyring;
mod memory;
mod platform;
mod store;
mod store_thread;

pub use asking::Asking;
pub use environment::{Environment, EnvironmentCredential};
pub use error::{Provider, StoreError};
pub use keyring::{Keyring, SERVICE, STORE_NAME, WINDOWS_LIMIT, check_windows_length};
pub use memory::MemoryStore;
pub use store::{CredentialStore, Kept};
pub use store_thread::StoreHandle;
