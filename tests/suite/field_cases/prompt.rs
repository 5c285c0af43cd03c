//! The question for a secret, and the keyring that it goes to.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test ends where something is not as expected, and looks at files itself"
)]

#[path = "prompt/keyring.rs"]
mod keyring;
#[path = "prompt/service.rs"]
mod service;
#[path = "prompt/typing.rs"]
mod typing;
