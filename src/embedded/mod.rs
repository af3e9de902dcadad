//! A private Postgres for those who have none at hand: the same Postgres as in production, so there is one storage path.
//!
//! Binaries are found on the machine, else downloaded once. Postgres refuses to run as root: then it runs as an unprivileged
//! user, in a directory that this user can reach. Durability settings stay at Postgres's defaults.

mod binaries;
mod cluster;
mod user;

use std::path::Path;

pub use cluster::EmbeddedPostgres;

/// Starts the private Postgres of a data directory, or attaches to it if a process that was killed left it running.
///
/// # Errors
/// No binaries can be had, the directory cannot be used, or the server does not start; the message says what to do.
pub async fn start(data_dir: &Path) -> anyhow::Result<EmbeddedPostgres> {
    let user = user::unprivileged()?;
    let binaries = binaries::find_or_download(user.as_ref()).await?;
    cluster::start(data_dir, &binaries, user.as_ref()).await
}

/// The URL of the private Postgres of a data directory, if it runs.
#[must_use]
pub fn running(data_dir: &Path) -> Option<String> {
    cluster::running(data_dir)
}
