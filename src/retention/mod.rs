//! Retention: moves old ended runs and events from the database to archives.
//!
//! Invariant: nothing is deleted that is still live or needed, or that is not in an archive that was read back and
//! verified. [`rules`] decides, in pure functions; [`Writer`] and [`Archive`] write and read the format. The SQL is in
//! `store/retention`, and `engine/retention` combines these parts.

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
