//! What tests of several subjects share. No tests here.

pub(crate) mod api;
pub(crate) mod binary;
pub(crate) mod keyring;
pub(crate) mod secret_service;
pub(crate) mod services;
pub(crate) mod simulation;
pub(crate) mod terminal;
pub(crate) mod tokens;

use tokenscope::domain::credential::Location;

/// Where the Secret Service usually keeps a secret.
pub(crate) fn login_keyring() -> Location {
    Location {
        store: "Secret Service",
        collection: Some("login".to_owned()),
    }
}
