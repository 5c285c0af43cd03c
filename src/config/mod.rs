//! Files: settings and profiles, recent look-ups, and where they are.
//!
//! Every function here blocks. Not here: secrets, which are never kept in a file.

mod files;
pub mod log;
pub mod paths;
pub mod permissions;
mod schema;
pub mod settings;
pub mod state;
