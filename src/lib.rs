//! A terminal inspector for Cloudflare Access service tokens.

pub mod api;
pub mod config;
pub mod credentials;
pub mod demo;
pub mod domain;
