//! The whole suite as one binary: a module a subject.

mod api;
mod architecture;
mod common;
mod config;
mod demo;
mod domain;
mod keyring;
mod screens;
