//! Removes what archives hold, in short transactions, and what nobody needs once that is gone.

use std::path::Path;
use std::time::Instant;

use super::{Keeper, RetentionError, Round};
use crate::retention::rules::key_is_due;
use crate::retention::{self, ArchiveError};
use crate::store::nodes;
use crate::store::retention::{self as rows, ArchiveRow, KeyRow};
use crate::telemetry;

/// Events that one transaction removes.
const EVENTS_AT_ONCE: i64 = 200;

/// Ids that are looked at, and forgotten, with one statement.
const KEYS_AT_ONCE: i64 = 500;

/// Partitions dropped in one round.
const PARTITIONS_MAX: usize = 100;

impl Keeper {
    /// Removes what is left of archives, those of earlier rounds and nodes first.
    pub(super) async fn remove_archived(
        &mut self,
        folder: &Path,
        tell: &(dyn Fn(&Round) + Sync),
    ) -> Result<(), RetentionError> {
        for archive in rows::unfinished(&self.reader).await? {
            self.check_whole(folder, &archive).await?;
            while !self.closing.is_cancelled() {
                let began = Instant::now();
                self.renew().await?;
                let some = rows::remove_runs(&self.pool, archive.id).await?;
                self.done.runs += u64::try_from(some.removed).unwrap_or(0);
                self.done.changed += u64::try_from(some.kept).unwrap_or(0);
                telemetry::retention_removed("runs", u64::try_from(some.removed).unwrap_or(0));
                tell(&self.done);
                self.pace.rest(began).await;
                if some.is_done {
                    break;
                }
            }
            // Their runs are gone by now.
            while !self.closing.is_cancelled() {
                let began = Instant::now();
                self.renew().await?;
                let (listed, gone) = rows::remove_events(&self.pool, archive.id, EVENTS_AT_ONCE).await?;
                self.done.events += u64::try_from(gone).unwrap_or(0);
                telemetry::retention_removed("events", u64::try_from(gone).unwrap_or(0));
                tell(&self.done);
                if listed < EVENTS_AT_ONCE {
                    break;
                }
                self.pace.rest(began).await;
            }
        }
        Ok(())
    }

    /// Nothing is removed for a file that is not there any more, or has other bytes than its row says.
    async fn check_whole(&mut self, folder: &Path, archive: &ArchiveRow) -> Result<(), RetentionError> {
        if self.whole.contains(&archive.id) {
            return Ok(());
        }
        let path = folder.join(&archive.file);
        let unfinished = |why: String| RetentionError::Unfinished { id: archive.id, why };
        let hash = self.meanwhile(tokio::task::spawn_blocking(move || retention::hash(&path))).await?;
        match hash.map_err(|e| unfinished(e.to_string()))? {
            Ok(hash) if hash.as_slice() == archive.sha256 => {
                self.whole.insert(archive.id);
                Ok(())
            }
            Ok(_) => {
                Err(unfinished(format!("{} in {} was changed after it was written", archive.file, folder.display())))
            }
            Err(ArchiveError::File { path, error }) => Err(unfinished(format!("{path}: {error}"))),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets ids of events that are gone, once no sender repeats them.
    pub(super) async fn forget_keys(&mut self) -> Result<(), RetentionError> {
        let Some(age) = self.policy.event_keys.and_then(|age| chrono::Duration::from_std(age).ok()) else {
            return Ok(());
        };
        let now = nodes::database_time(&self.reader).await?;
        let Some(before) = now.checked_sub_signed(age) else { return Ok(()) };
        let mut after: Option<KeyRow> = None;
        while !self.closing.is_cancelled() {
            let began = Instant::now();
            let page = rows::old_keys(&self.reader, before, after.as_ref(), KEYS_AT_ONCE).await?;
            if page.is_empty() {
                break;
            }
            let is_due = |k: &&KeyRow| key_is_due(k.received_at, k.has_event, k.has_runs, &self.policy, now);
            let due: Vec<&KeyRow> = page.iter().filter(is_due).collect();
            if !due.is_empty() {
                self.done.keys += rows::delete_keys(&self.pool, &due).await?;
            }
            after = page.last().cloned();
            self.renew().await?;
            self.pace.rest(began).await;
        }
        Ok(())
    }

    /// Drops partitions in which nothing is left. One that someone works with now is tried again in the next round.
    pub(super) async fn drop_partitions(&mut self) -> Result<(), RetentionError> {
        while self.done.partitions.len() < PARTITIONS_MAX && !self.closing.is_cancelled() {
            let began = Instant::now();
            match rows::drop_empty_partition(&self.pool).await {
                Ok(Some(name)) => {
                    self.done.partitions.push(name);
                    self.renew().await?;
                    self.pace.rest(began).await;
                }
                Ok(None) => break,
                Err(error) if error.is_lock_timeout() => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
