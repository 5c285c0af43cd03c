//! Servers, proxies and certificates that misbehave.

mod certificates;
mod connections;
mod proxies;
