//! Retention: what has ended long ago leaves the database for an archive.
//!
//! Invariant: nothing is removed that lives, that someone still wants something of, or that is not in an archive which was read back
//! and verified. [`rules`] decides, as pure functions; [`Writer`] and [`Archive`] are the two ends of the format. What is asked of the
//! database is in `store/retention`, and `engine/retention` puts it together.

mod format;
mod policy;
mod read;
pub mod rules;
#[cfg(test)]
mod tests;
mod write;

pub use format::{Digest, End, FORMAT, Header, SUFFIX};
pub use policy::{Age, Ages, Outcome, Policy};
pub(crate) use read::bytea;
pub use read::{
    Archive, ArchiveError, ArchivedDefinition, ArchivedRun, Found, Item, Summary, Unsound, files, find_run, hash,
    verify,
};
pub use write::{Contents, Writer, Written, folder_is_writable};
