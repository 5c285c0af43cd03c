//! Set-up shared by several subjects. Contains no tests.

pub(crate) mod access;
pub(crate) mod access_map;
pub(crate) mod api;
pub(crate) mod app;
pub(crate) mod assertions;
pub(crate) mod binary;
pub(crate) mod keyring;
pub(crate) mod palette;
pub(crate) mod secret_service;
pub(crate) mod services;
pub(crate) mod sessions;
pub(crate) mod simulation;
pub(crate) mod table;
pub(crate) mod terminal;
pub(crate) mod tokens;
