//! Archives and removes what has ended long ago, on one node at a time.
//!
//! One round: finish what an earlier one left, then file after file: choose (`choose`), write and verify (`archive`), record, remove
//! (`remove`). Invariant: nothing is removed before the row of `archives` that names it is committed, and that row is written only after
//! the file was read back. Wherever a node dies, the next one continues from that row, or deletes the file that has none.

mod archive;
mod choose;
mod node;
mod remove;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

pub(super) use node::keep;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

use super::catalog::rebuild;
use crate::dsl::TaskKind;
use crate::machine::{RunId, Time};
use crate::retention::rules::Member;
use crate::retention::{self, Age, ArchiveError, Outcome, Policy, Writer};
use crate::store::retention::{self as rows, Candidate};
use crate::store::runs::journal::Tampered;
use crate::store::{StoreError, definitions, nodes};
use crate::telemetry;

/// Runs in one file, at most; events that never had runs, too.
const ITEMS_MAX: usize = 10_000;

/// How much at once.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Runs looked at before it is asked whether there is enough for a file.
    looked: usize,
    /// A file is ended once it has this size.
    bytes: u64,
}

const LIMITS: Limits = Limits { looked: 50_000, bytes: 64 << 20 };

/// How often the lease is renewed beside work that takes its time.
const RENEW_EVERY: Duration = Duration::from_secs(15);

/// Without being asked, a node writes a file for at least so many runs and events, or one a day.
const WORTH: usize = 2_000;

/// Why a round ended early. What it did is done, and the next continues from there.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder.
    #[error("the archive folder {folder} cannot be used: {error}")]
    Folder {
        /// Which.
        folder: String,
        /// Why.
        error: std::io::Error,
    },
    /// A file that is not as it was written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A file that is missing or has other bytes, while not all that it holds is removed yet.
    #[error(
        "archive {id} cannot be finished: {why}. Nothing more of it is removed. Restore the file, or archive what is left in the database again: \
         stepwell retention discard {id}"
    )]
    Unfinished {
        /// Which archive.
        id: Uuid,
        /// What is wrong.
        why: String,
    },
    /// Someone else took over.
    #[error("another node took over")]
    Lost,
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Beside everything else that the database does: never more than a third of the time, and only if it is worth a file.
    Gentle,
    /// As someone asked for it now: at most half of the time.
    Prompt,
}

impl Pace {
    /// Leaves the database to others after a piece of work.
    async fn rest(self, began: Instant) {
        let (times, least) = match self {
            Self::Gentle => (2, Duration::from_millis(100)),
            Self::Prompt => (1, Duration::from_millis(20)),
        };
        tokio::time::sleep((began.elapsed() * times).max(least)).await;
    }
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Round {
    /// Someone else is at it.
    pub is_busy: bool,
    /// Files written.
    pub archives: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Runs removed.
    pub runs: u64,
    /// Events removed.
    pub events: u64,
    /// Ids of events forgotten.
    pub keys: u64,
    /// Families that were archived and then stayed, since something about them changed.
    pub changed: u64,
    /// Runs whose journals are not as they were written: they stay.
    pub tampered: Vec<RunId>,
    /// Partitions dropped.
    pub partitions: Vec<String>,
}

/// Who archives and removes.
pub struct Keeper {
    pool: PgPool,
    reader: PgPool,
    policy: Policy,
    environment: Option<String>,
    holder: Uuid,
    name: String,
    looks_back: Duration,
    pace: Pace,
    limits: Limits,
    closing: CancellationToken,
    versions: BTreeMap<i32, Version>,
    /// How far runs were looked at, by version and end.
    looked: HashMap<(i32, Outcome), Candidate>,
    /// Chosen, and not in a file yet.
    chosen: VecDeque<Vec<Member>>,
    /// How far events were looked at in this round.
    events: Looked,
    /// The first event that was due and did not fit into its file any more.
    left_out: Option<Uuid>,
    /// When all events were looked at last.
    events_at: Option<Instant>,
    /// Archives whose files were found whole.
    whole: HashSet<Uuid>,
    done: Round,
}

/// How far something was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// Up to here.
    UpTo(Uuid),
    /// To its end.
    Whole,
}

/// What of a version counts here.
struct Version {
    workflow: String,
    /// A run of it may ask for events of the past.
    listens: bool,
}

/// What a [`Keeper`] works with.
#[derive(Debug, Clone)]
pub struct KeeperSettings {
    /// What may go.
    pub policy: Policy,
    /// For the names of files.
    pub environment: Option<String>,
    /// What people call who does it.
    pub name: String,
    /// How far a run looks back for events that nobody wanted.
    pub looks_back: Duration,
    /// How fast.
    pub pace: Pace,
}

impl Keeper {
    /// `pool` may write, and its statements may take their time: rows may be large. `reader` need not.
    #[must_use]
    pub fn new(pool: PgPool, reader: PgPool, settings: KeeperSettings, closing: CancellationToken) -> Self {
        let KeeperSettings { policy, environment, name, looks_back, pace } = settings;
        Self {
            pool,
            reader,
            policy,
            environment,
            holder: Uuid::now_v7(),
            name,
            looks_back,
            pace,
            limits: LIMITS,
            closing,
            versions: BTreeMap::new(),
            looked: HashMap::new(),
            chosen: VecDeque::new(),
            events: Looked::Whole,
            left_out: None,
            events_at: None,
            whole: HashSet::new(),
            done: Round::default(),
        }
    }

    /// Does everything that is due. `tell` hears of each step.
    ///
    /// # Errors
    /// Why it stopped.
    pub async fn round(&mut self, tell: &(dyn Fn(&Round) + Sync)) -> Result<Round, RetentionError> {
        self.done = Round::default();
        let Some(folder) = self.policy.folder().cloned() else { return Ok(Round::default()) };
        let Some(lease) = rows::lease(&self.pool, self.holder).await? else {
            return Ok(Round { is_busy: true, ..Round::default() });
        };
        let outcome = self.with_lease(&folder, lease.writing, tell).await;
        // Why the round ended counts more than what these two say.
        let released = rows::release(&self.pool, self.holder).await;
        let reported = self.report().await;
        outcome?;
        released.and(reported)?;
        Ok(self.done.clone())
    }

    async fn with_lease(
        &mut self,
        folder: &Path,
        left: Option<String>,
        tell: &(dyn Fn(&Round) + Sync),
    ) -> Result<(), RetentionError> {
        let unusable = |error| RetentionError::Folder { folder: folder.display().to_string(), error };
        retention::folder_is_writable(folder).map_err(unusable)?;
        if let Some(name) = left {
            info!(file = name, "an unfinished archive is written again");
            Writer::discard(folder, &name).map_err(unusable)?;
            self.note_writing(None).await?;
        }
        self.remove_archived(folder, tell).await?;
        self.learn_versions().await?;
        // Most events and their ids stay each time they are looked at.
        let is_time = self.pace == Pace::Prompt || self.events_at.is_none_or(|at| at.elapsed() >= LOOK_AT_EVENTS_EVERY);
        self.events = if is_time { Looked::UpTo(Uuid::nil()) } else { Looked::Whole };
        let (mut is_first, mut events) = (true, Vec::new());
        while !self.closing.is_cancelled() {
            let chosen = self.choose().await?;
            events.extend(chosen.events);
            let items = self.chosen.iter().map(Vec::len).sum::<usize>() + events.len();
            // Runs that stay may come first, however many: what is due may be behind them.
            if items < WORTH && !chosen.is_end {
                continue;
            }
            if items == 0 || (is_first && !self.is_worth(items).await?) {
                break;
            }
            is_first = false;
            self.archive(folder, &std::mem::take(&mut events)).await?;
            self.remove_archived(folder, tell).await?;
        }
        self.chosen.clear();
        self.looked.clear();
        if is_time && !self.closing.is_cancelled() {
            self.forget_keys().await?;
            self.events_at = Some(Instant::now());
        }
        self.drop_partitions().await?;
        tell(&self.done);
        Ok(())
    }

    /// Whether there is enough for a file, or it is time for one.
    async fn is_worth(&self, items: usize) -> Result<bool, StoreError> {
        if self.pace == Pace::Prompt || items >= WORTH {
            return Ok(true);
        }
        let last = rows::last_written(&self.reader).await?;
        let now = nodes::database_time(&self.reader).await?;
        Ok(last.is_none_or(|last| now - last >= chrono::Duration::days(1)))
    }

    /// Keeps the lease.
    async fn renew(&self) -> Result<(), RetentionError> {
        rows::lease(&self.pool, self.holder).await?.map(drop).ok_or(RetentionError::Lost)
    }

    /// Keeps the lease while something else is done.
    async fn meanwhile<T>(&self, work: impl Future<Output = T>) -> Result<T, RetentionError> {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = tokio::time::sleep(RENEW_EVERY) => self.renew().await?,
            }
        }
    }

    async fn note_writing(&self, name: Option<&str>) -> Result<(), RetentionError> {
        match rows::note_writing(&self.pool, self.holder, name).await? {
            true => Ok(()),
            false => Err(RetentionError::Lost),
        }
    }

    /// Reads the versions that it does not know yet. One that cannot be read may listen.
    async fn learn_versions(&mut self) -> Result<(), StoreError> {
        loop {
            let known: Vec<i32> = self.versions.keys().copied().collect();
            let new = definitions::deployed_after(&self.reader, 0, &known, 50).await?;
            if new.is_empty() {
                return Ok(());
            }
            for row in new {
                let is_listen = |kind: &TaskKind| matches!(kind, TaskKind::Listen(_));
                let listens = rebuild(&row).map_or(true, |d| d.tasks.iter().any(|task| is_listen(&task.kind)));
                let workflow = format!("{}/{}", row.namespace, row.name);
                self.versions.insert(row.id, Version { workflow, listens });
            }
        }
    }

    /// Tells metrics how long the run that should go first has been due.
    async fn report(&self) -> Result<(), StoreError> {
        let now = nodes::database_time(&self.reader).await?;
        let mut overdue = chrono::Duration::zero();
        for (&definition, version) in &self.versions {
            for outcome in Outcome::ALL {
                let Some(due) = self.due_before(version, outcome, now) else { continue };
                if let Some(oldest) = rows::oldest(&self.reader, definition, outcome.as_str()).await? {
                    overdue = overdue.max(due - oldest);
                }
            }
        }
        telemetry::retention_overdue(overdue.to_std().unwrap_or_default());
        Ok(())
    }

    /// Runs of a version with this end that ended before it may go; none if they stay.
    fn due_before(&self, version: &Version, outcome: Outcome, now: Time) -> Option<Time> {
        let Age::For(age) = self.policy.age(&version.workflow, outcome) else { return None };
        chrono::Duration::from_std(age).ok().and_then(|age| now.checked_sub_signed(age))
    }
}

/// How often it looks at events and their ids.
const LOOK_AT_EVENTS_EVERY: Duration = Duration::from_hours(1);

/// Journals that were changed stay where they are, for an investigation.
fn warn_of_tampering(tampered: &Tampered) {
    warn!(%tampered, "a run is not archived, because its journal was changed: stepwell audit verify");
    telemetry::retention_refused();
}
