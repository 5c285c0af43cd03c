//! Pure nouns and maths: what a token is, how it stands, and how to say so. No I/O, no clock.

pub mod access;
pub mod clock;
pub mod countdown;
pub mod credential;
pub mod duration;
pub mod failure;
pub mod fields;
pub mod findings;
pub mod lifetime;
pub mod masked;
pub mod piece;
pub mod profile;
pub mod raw;
pub mod recent;
pub mod reference;
pub mod remote;
pub mod scope;
pub mod search;
pub mod secrecy;
pub mod secret;
pub mod settings;
pub mod status;
pub mod text;
pub mod token;
