//! The screens and what lies over them, a folder each: `state.rs` holds what a screen knows,
//! `update.rs` what keys and answers do to it, `view.rs` how it looks.

pub mod setup {
    //! The form that sets up a credential.
    pub(crate) mod fill;
    pub(crate) mod parts;
    pub mod state;
}
pub mod lookup {
    //! The look-up panel.
    pub mod state;
}
pub mod browse {
    //! The list of all tokens.
    pub(crate) mod search_index;
    pub mod state;
    pub mod token_table;
}
pub mod detail {
    //! One token: its fields, or its raw JSON.
    pub mod raw;
    pub mod state;
}
pub mod profiles {
    //! The profiles.
    pub mod state;
}
pub mod picker {
    //! The accounts and zones to choose from.
    pub mod state;
}
