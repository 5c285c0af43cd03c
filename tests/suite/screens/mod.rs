//! What every screen shows; `update` tests what keys do.

mod all_profiles;
mod browse;
mod contrast;
mod detail;
mod find;
mod frame;
mod probe;
mod profiles;
mod properties;
pub(crate) mod scenes;
mod uses;
mod views;
