//! A private Postgres for those who have none at hand: the same Postgres as in production, so there is one storage path.
//!
//! Binaries are found on the machine, else downloaded once. Postgres refuses to run as root: then it runs as an unprivileged
//! user, in a directory that this user can reach. Durability settings stay at Postgres's defaults.
//!
//! Whoever uses a cluster holds a shared lock on its directory, which the system lets go of however the process ends. So a
//! process that was killed leaves a server that the next one uses, and only the last of several stops it.

mod binaries;
mod cluster;
mod home;
mod lock;
mod server;
mod user;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Context;

pub use cluster::EmbeddedPostgres;

/// Starts the private Postgres of a data directory, or attaches to it if it runs already.
///
/// # Errors
/// No binaries can be had, the directory cannot be used, or the server does not start; the message says what to do.
pub async fn start(data_dir: &Path) -> anyhow::Result<EmbeddedPostgres> {
    std::fs::create_dir_all(data_dir).with_context(|| {
        format!("creating the data directory {}; choose another with --data-dir", data_dir.display())
    })?;
    let home = home::of(data_dir)?;
    let binaries = binaries::find_or_download(home.major(), home.user.as_ref()).await?;
    cluster::start(home, binaries).await
}

/// The URL of the private Postgres of a data directory, if it runs. Changes nothing.
#[must_use]
pub fn running(data_dir: &Path) -> Option<String> {
    if !data_dir.is_dir() {
        return None;
    }
    let home = home::of(data_dir).ok()?;
    let server = server::live(&home)?;
    home.url(server.port, DATABASE)
}

/// The database of a cluster that Stepwell uses.
const DATABASE: &str = "stepwell";
