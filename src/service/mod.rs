//! What the product can do, without a screen: the one path that screens and commands share.
//!
//! Not here: wording of output, keys, or when to do any of it.

mod binding;
mod credentials;
mod list;
mod lookup;
mod origin;
mod profiles;
mod saving;
mod selection;

pub use credentials::{Limits, TokenService};
pub use list::Listed;
pub use lookup::{Aside, Found, Lack, matching, not_in_list};
pub use profiles::Removed;
pub use saving::NotSaved;
pub use selection::{CredentialRequest, no_default, nothing_selected, select};
