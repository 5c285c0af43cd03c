//! The screens and the overlays, one folder each: `state.rs` holds its state, `update.rs` handles
//! keys, `view.rs` draws it.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod setup {
    //! The form that sets up a credential.
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod find {
    //! The first screen: what needs the user, and the search for a token.
    pub(crate) mod content;
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod browse {
    //! The list of all tokens of a scope.
    pub(crate) mod preview_view;
    pub(crate) mod profiles_view;
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod detail {
    //! One token: what to do about it and the facts, or its raw JSON.
    pub(crate) mod facts_view;
    pub(crate) mod raw_view;
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod uses {
    //! Who uses the current token: the apps that open for it, other places, and why.
    pub mod state;
    pub mod update;
    pub(crate) mod view;
}
pub mod uses_row {
    //! Everything about a row of Uses, about its token, and about what was read.
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod probe {
    //! A probe of an app with a token: the form, and what came of it.
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod profiles {
    //! The profiles, to switch to and to edit.
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod picker {
    //! The accounts and zones to choose from.
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod export {
    //! The file to write the list to.
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod choice {
    //! Several tokens of the same name to choose from.
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod request {
    //! The changes to a token, to copy the request that makes one.
    pub mod state;
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod confirm {
    //! The confirmation before removing a profile.
    pub(crate) mod update;
    pub(crate) mod view;
}
pub mod help {
    //! A menu of the keys, and what symbols and filters mean.
    pub mod state;
    pub mod update;
    pub(crate) mod view;
}
pub mod error_details {
    //! Everything known about the last error.
    pub(crate) mod update;
    pub(crate) mod view;
}

pub mod view;

/// Passes the list of screens and overlays to another macro, which generates their enums, their
/// fields in the state, and the dispatch. A new screen is a folder and a row here.
macro_rules! for_each_screen {
    ($macro:ident) => {
        $macro! {
            screens {
                Setup: setup,
                Find: find,
                Browse: browse,
                Detail: detail,
                Uses: uses,
                Probe: probe,
                Profiles: profiles,
            }
            overlays {
                Help: help,
                ErrorDetails { top: usize }: error_details,
                Picker: picker,
                Export: export,
                Confirm: confirm,
                Choice { selected: usize }: choice,
                Request { chosen: crate::screens::request::state::RequestChoice }: request,
                UsesRow { top: usize }: uses_row,
            }
        }
    };
}
pub(crate) use for_each_screen;
