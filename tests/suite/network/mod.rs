//! Exchanges with servers and proxies that misbehave.

mod certificates;
mod connections;
mod proxies;
