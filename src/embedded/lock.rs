//! Who uses a cluster. The system lets go of a process's locks however it ends, so nothing stale is ever left.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long another process may take to make or start the cluster.
const WAIT_MAX: Duration = Duration::from_mins(2);

/// Held alone while the cluster is made, started or stopped; then shared by all who use it.
#[derive(Debug)]
pub(super) struct UseLock {
    file: File,
}

/// What a process that wants to begin got.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Nobody else uses the cluster.
    Alone,
    /// Others do: it is made and runs.
    Shared,
}

impl UseLock {
    /// Waits until nobody makes, starts or stops the cluster.
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

    /// From alone to shared. Between the two another process may come in, and finds a cluster that runs.
    pub(super) async fn share(&self, path: &Path) -> anyhow::Result<()> {
        while !taken(self.file.try_lock_shared(), path)? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// Whether this process was the last one that used the cluster; then it holds the lock alone.
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
