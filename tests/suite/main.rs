//! The whole suite as one binary: a module a subject.

mod api;
mod api_errors;
mod api_lists;
mod api_transport;
mod architecture;
mod cli;
mod common;
mod config;
mod credentials;
mod dbus;
mod demo;
mod domain;
mod domain_duration;
mod domain_findings;
mod domain_names;
mod domain_raw;
mod domain_remote;
mod domain_status;
mod domain_text;
mod domain_time;
mod domain_token;
mod keymap;
mod keyring;
mod pty;
mod screens;
mod update;
