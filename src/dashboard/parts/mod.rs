//! Parts shared by the pages.

pub(super) mod assets;
pub(super) mod badge;
pub(super) mod form;
pub(super) mod page;
pub(super) mod pretty;
