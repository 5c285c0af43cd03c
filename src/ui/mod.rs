//! What the views of the screens share: frames, lists, forms, header, footer, banner.

pub(crate) mod banner;
pub(crate) mod footer;
pub(crate) mod form;
pub(crate) mod frame;
pub(crate) mod header;
pub(crate) mod list;
pub(crate) mod render_context;
pub(crate) mod text_box;
pub(crate) mod times;
pub(crate) mod waiting;
