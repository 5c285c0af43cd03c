//! Who uses a service token: the apps, policies, groups and other places of a scope that may name
//! it, and whether each app opens for it.
//!
//! What was read is an [`map::AccessMap`]; a [`uses::Lookup`] answers from it for any number of tokens.
//! `rules` and `objects` are what the API sends, `groups` and `index` say once for all tokens where
//! they are named, `evaluate` gives rules a value, `decide` follows the documented order of policies,
//! `answer` and `sentences` explain.

pub mod address;
mod answer;
mod baseline;
pub mod conclusion;
mod decide;
mod deletable;
mod evaluate;
pub mod findings;
mod groups;
mod index;
pub mod map;
mod notices;
pub mod objects;
pub mod probe;
mod references;
pub mod rules;
mod sentences;
pub mod signs;
pub mod token_pair;
pub mod uses;
pub mod verdict;

pub use baseline::Counts;
