//! Exchanges with servers and proxies that misbehave.

mod connections;
mod faults;
