//! Every screen as text, at several sizes, with a fixed clock.
//!
//! The snapshots are what a person sees; read them when they change.

mod browse;
mod profiles;
mod scenes;
mod views;
