//! What pages are made of.

pub(super) mod assets;
pub(super) mod badge;
pub(super) mod form;
pub(super) mod page;
pub(super) mod pretty;
