//! The screens and what lies over them, a folder each: `state.rs` holds what a screen knows,
//! `update.rs` what keys and answers do to it, `view.rs` how it looks.

pub mod setup {
    //! The form that sets up a credential.
    pub(crate) mod fill;
    pub(crate) mod parts;
    pub mod state;
    pub(crate) mod view;
}
pub mod lookup {
    //! The look-up panel.
    pub mod state;
    pub(crate) mod view;
}
pub mod browse {
    //! The list of all tokens.
    pub(crate) mod row_view;
    pub(crate) mod search_index;
    pub mod state;
    pub mod token_table;
    pub(crate) mod view;
}
pub mod detail {
    //! One token: its fields, or its raw JSON.
    pub(crate) mod fields_view;
    pub mod raw;
    pub(crate) mod raw_view;
    pub mod state;
    pub(crate) mod view;
}
pub mod profiles {
    //! The profiles.
    pub mod state;
    pub(crate) mod view;
}
pub mod picker {
    //! The accounts and zones to choose from.
    pub mod state;
    pub(crate) mod view;
}
pub mod choice {
    //! The tokens of one name.
    pub(crate) mod view;
}
pub mod confirm {
    //! The question before a profile is removed.
    pub(crate) mod view;
}
pub mod help {
    //! The keys.
    mod lines;
    pub(crate) mod view;
}
pub mod error_details {
    //! Everything known about the last error.
    mod lines;
    pub(crate) mod view;
}
pub mod view;
