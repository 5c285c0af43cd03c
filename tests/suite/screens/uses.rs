//! Snapshots of who uses a token.
