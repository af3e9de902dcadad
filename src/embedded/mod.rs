//! A private Postgres for people without one: the same database as in production, so there is a single storage path.
//!
//! Uses programs installed on the machine, or downloads them once. Postgres refuses to run as root, so in that case it
//! runs as an unprivileged user in a directory to which that user has access. Durability settings keep Postgres's
//! defaults.
//!
//! Each user of a cluster holds a shared lock on its directory, which the operating system releases however the process
//! ends. A killed process therefore leaves a server that the next one uses, and only the last user stops it.

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

/// Starts the private Postgres of a data directory, or attaches to it if it is running.
///
/// # Errors
/// No programs can be found or downloaded, the directory cannot be used, or the server does not start. The message says
/// what to do.
pub async fn start(data_dir: &Path) -> anyhow::Result<EmbeddedPostgres> {
    std::fs::create_dir_all(data_dir).with_context(|| {
        format!("creating the data directory {}; choose another with --data-dir", data_dir.display())
    })?;
    let home = home::of(data_dir)?;
    let binaries = binaries::find_or_download(home.major(), home.user.as_ref()).await?;
    cluster::start(home, binaries).await
}

/// Returns the URL of a data directory's private Postgres if it is running. Changes nothing.
#[must_use]
pub fn running(data_dir: &Path) -> Option<String> {
    if !data_dir.is_dir() {
        return None;
    }
    let home = home::of(data_dir).ok()?;
    let server = server::live(&home)?;
    home.url(server.port, DATABASE)
}

/// Name of Stepwell's database in a cluster.
const DATABASE: &str = "stepwell";
