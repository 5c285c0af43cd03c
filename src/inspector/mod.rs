//! What the product can do, without a screen: the one path that screens and commands share.
//!
//! Not here: wording of output, keys, or when to do any of it.

mod binding;
mod cases;
mod found;
mod lists;
mod origin;
mod profiles;
mod saving;
mod selection;

pub use cases::{Inspector, Limits};
pub use found::{Aside, Found, Lack, matching, not_in_list};
pub use lists::Listed;
pub use profiles::Removed;
pub use saving::NotSaved;
pub use selection::{Selection, Wishes, no_default, nothing_selected, select};
