//! The keyring of the platform: how entries are read and written, and what its errors mean.
//!
//! Not here: what is asked of a keyring (`keyring`).

#[cfg(all(unix, not(target_os = "macos")))]
mod bus;
#[cfg(any(target_os = "macos", windows))]
mod facade;
mod fault;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;

#[cfg(any(target_os = "macos", windows))]
use facade as native;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service as native;

pub(super) use fault::Fault;
pub use fault::SERVICE;
pub(super) use native::{Session, collection};
