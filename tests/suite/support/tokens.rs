//! Tokens and what names them.

pub(crate) const ACCOUNT: &str = "023e105f4ecef8ad9ca31a8372d0c353";
pub(crate) const ID: &str = "f174e90a-fafe-4643-bbbc-4a0ed4fc8415";
/// A secret that no output may contain.
pub(crate) const CANARY: &str = "canary0123456789";
