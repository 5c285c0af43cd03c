//! A terminal inspector for Cloudflare Access service tokens.

pub mod action;
pub mod api;
pub mod app;
pub mod config;
pub mod credentials;
pub mod demo;
pub mod domain;
pub mod keymap;
pub mod theme;
pub mod ui;
