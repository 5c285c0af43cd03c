//! The whole suite as one binary: a module a subject.

mod api;
mod api_errors;
mod api_lists;
mod api_transport;
mod architecture;
mod common;
mod config;
mod credentials;
mod dbus;
mod demo;
mod domain;
mod keyring;
