//! What every screen shows; `update` tests the effects of keys.

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
