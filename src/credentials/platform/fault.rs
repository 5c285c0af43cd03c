//! Why an operation on the keyring failed, and whether it is worth another try.
//!
//! Not here: what the failure means to anybody (`error`).

use crate::credentials::error::StoreError;

/// The service under which every entry is kept.
pub const SERVICE: &str = "tokenscope";

/// Why an operation failed.
pub(in crate::credentials) struct Fault {
    pub(in crate::credentials) error: StoreError,
    /// Whether that may come of a session that the service has forgotten, or of a dead connection.
    pub(in crate::credentials) may_be_session_loss: bool,
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self {
            error,
            may_be_session_loss: false,
        }
    }
}
