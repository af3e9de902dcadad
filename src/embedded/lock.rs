//! Tracks which processes use a cluster. The operating system releases a process's file locks however it ends, so no
//! stale lock remains.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long to wait for another process that creates or starts the cluster.
const WAIT_MAX: Duration = Duration::from_mins(2);

/// Exclusive while the cluster is created, started or stopped; then shared by all its users.
#[derive(Debug)]
pub(super) struct UseLock {
    file: File,
}

/// Result of [`UseLock::enter`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// No other process uses the cluster.
    Alone,
    /// Others use it: it is complete and running.
    Shared,
}

impl UseLock {
    /// Waits until no process creates, starts or stops the cluster.
    pub(super) async fn enter(path: &Path) -> anyhow::Result<(Self, Entry)> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.with_context(|| format!("opening {}", path.display()))?;
        let began = Instant::now();
        loop {
            if taken(file.try_lock(), path)? {
                return Ok((Self { file }, Entry::Alone));
            }
            if taken(file.try_lock_shared(), path)? {
                return Ok((Self { file }, Entry::Shared));
            }
            if began.elapsed() > WAIT_MAX {
                bail!(
                    "another Stepwell has been starting or stopping the Postgres of {} for two minutes",
                    path.display()
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Downgrades from exclusive to shared. In between, another process may enter and finds a running cluster.
    pub(super) async fn share(&self, path: &Path) -> anyhow::Result<()> {
        while !taken(self.file.try_lock_shared(), path)? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Whether this process is the last user of the cluster. If so, it now holds the lock exclusively.
    pub(super) fn is_last(&self) -> bool {
        matches!(self.file.try_lock(), Ok(()))
    }
}

fn taken(tried: Result<(), TryLockError>, path: &Path) -> anyhow::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("locking {}", path.display())),
    }
}
