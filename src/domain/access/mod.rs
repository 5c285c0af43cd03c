//! Who uses a service token: the apps, policies, groups and other places of a scope that may name
//! it, and whether each app opens for it.

pub mod address;
pub mod conclusion;
pub mod evaluate;
pub mod map;
pub mod notes;
pub mod objects;
pub mod probe;
pub mod rules;
pub mod sample;
pub mod sentences;
pub mod signs;
pub mod token_pair;
pub mod uses;
pub mod verdict;
