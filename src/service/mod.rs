//! The use cases on top of the API client, the credential store and the files: the one path that
//! screens and commands share.

mod access;
mod credential_command;
mod credentials;
mod list;
mod lookup;
mod probe;
mod token_service;
mod verification;

pub use credentials::{CredentialRequest, NotSaved, Removed, no_default, nothing_selected, select};
pub use list::{ListEvent, write_list};
pub use lookup::{matching, not_in_list};
pub use token_service::TokenService;
pub use verification::ListedAndVerified;
