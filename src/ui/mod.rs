//! What the views of the screens share: frames, lists, forms, header, footer, banner.

#![deny(clippy::wildcard_enum_match_arm)]

pub(crate) mod areas;
pub(crate) mod bars;
pub(crate) mod digits;
pub(crate) mod form;
pub(crate) mod header;
pub(crate) mod painter;
pub(crate) mod texts;
pub(crate) mod token_rows;
