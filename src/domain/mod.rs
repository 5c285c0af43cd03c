//! Tokens, their states, and the words for both. Pure: no I/O, no clock.

pub mod access;
pub mod change;
pub mod credential;
pub mod credential_command;
pub mod credential_survey;
pub mod duration;
pub mod failure;
pub mod fetched;
pub mod fields;
pub mod findings;
pub mod latin;
pub mod list_report;
pub mod pasted;
pub mod profile;
pub mod raw;
pub mod recent_lookups;
pub mod redaction;
pub mod scope;
pub mod search;
pub mod status;
pub mod sync;
pub mod text;
pub mod token;
pub mod token_ref;
pub(crate) mod words;
