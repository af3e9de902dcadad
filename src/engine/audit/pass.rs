//! A whole verification: on one connection, or over a pool with several runs at a time.

use std::sync::Arc;

use sqlx::{PgConnection, PgPool};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::chain::{self, Cursor};
use super::definitions::Definitions;
use super::runs::{self, Known};
use super::{Anchors, Report, events, gaps};
use crate::machine::RunId;
use crate::store::StoreError;
use crate::store::audit::RowKey;
use crate::store::audit::scan;

/// How to verify.
#[derive(Debug, Clone)]
pub struct Options {
    /// Connections, and pages of runs, at once.
    pub workers: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { workers: 4 }
    }
}

/// Verifies everything while nodes may write.
///
/// # Errors
/// The database is away.
pub async fn verify(pool: &PgPool, options: &Options, anchors: Option<&Anchors>) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut conn = pool.acquire().await?;
    let known = {
        let mut moment = scan::snapshot(&mut conn).await?;
        known(&mut moment, &mut report).await?
    };
    check_chain(&mut conn, &mut report).await?;
    gaps::note_total(&mut conn, &mut report).await?;
    drop(conn);
    let cursor = Arc::new(Mutex::new(Cursors::default()));
    let workers: Vec<_> = (0..options.workers.max(1))
        .map(|_| tokio::spawn(work(pool.clone(), known.clone(), Arc::clone(&cursor))))
        .collect();
    for worker in workers {
        match worker.await {
            Ok(part) => report.add(part?),
            Err(why) => return Err(StoreError::Unreadable { table: "runs", why: why.to_string() }),
        }
    }
    if let Some(anchors) = anchors {
        anchors.check(&mut *pool.acquire().await?, super::anchors::leaves::Moments::OwnEach, &mut report).await?;
    }
    Ok(report)
}

/// Verifies everything as this connection's transaction sees it.
///
/// # Errors
/// The database is away.
pub async fn verify_in(conn: &mut PgConnection, anchors: Option<&Anchors>) -> Result<Report, StoreError> {
    scan::pin_forms(conn).await?;
    let (mut report, mut differing) = (Report::default(), Vec::new());
    let known = known(conn, &mut report).await?;
    let mut cursor = Cursor::new();
    while chain::check_page(conn, &mut cursor, &mut report, &mut differing).await? {}
    chain::check_unsealed(conn, &mut report, &mut differing).await?;
    gaps::note_total(conn, &mut report).await?;
    let mut cursors = Cursors::default();
    while let Some(page) = cursors.next(conn).await? {
        page.check(conn, &known, &mut report).await?;
    }
    if let Some(anchors) = anchors {
        anchors.check(conn, super::anchors::leaves::Moments::Given, &mut report).await?;
    }
    Ok(report)
}

/// Verifies one run; none if there is no such run.
///
/// # Errors
/// The database is away.
pub async fn verify_run(pool: &PgPool, run: RunId) -> Result<Option<Report>, StoreError> {
    let mut conn = pool.acquire().await?;
    let mut moment = scan::snapshot(&mut conn).await?;
    let next = Uuid::from_u128(run.as_u128().saturating_add(1));
    let rows = scan::runs(&mut moment, (run, -1), next, runs::PAGE).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let mut all = Report::default();
    let known = known(&mut moment, &mut all).await?;
    // Other definitions are not asked about.
    let ours: Vec<String> = rows.iter().map(|row| row.definition_id.to_string()).collect();
    let mut report = Report::default();
    for finding in all.findings.into_iter().filter(|finding| ours.contains(&finding.row)) {
        report.find(&finding.table, &finding.row, finding.what);
    }
    for row in &rows {
        runs::check(&mut moment, &known, row, &mut report).await?;
    }
    Ok(Some(report))
}

/// Rows of sealed tables that are not as the chain says.
pub(super) async fn differing_rows(conn: &mut PgConnection) -> Result<Vec<RowKey>, StoreError> {
    let (mut report, mut differing, mut cursor) = (Report::default(), Vec::new(), Cursor::new());
    while chain::check_page(conn, &mut cursor, &mut report, &mut differing).await? {}
    chain::check_unsealed(conn, &mut report, &mut differing).await?;
    Ok(differing)
}

/// Some of the rows of sealed tables that the chain knows nothing of.
pub(super) async fn unsealed_rows(conn: &mut PgConnection) -> Result<Vec<RowKey>, StoreError> {
    let mut unsealed = Vec::new();
    chain::check_unsealed(conn, &mut Report::default(), &mut unsealed).await?;
    Ok(unsealed)
}

async fn known(conn: &mut PgConnection, report: &mut Report) -> Result<Known, StoreError> {
    let causes_since = scan::causes_since(conn).await?;
    Ok(Known { definitions: Definitions::read(conn, report).await?, causes_since })
}

/// Each page is a moment of its own: entries are only added, so the chain can be followed from one to the next.
async fn check_chain(conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
    let (mut cursor, mut differing) = (Cursor::new(), Vec::new());
    loop {
        let mut moment = scan::snapshot(&mut *conn).await?;
        if !chain::check_page(&mut moment, &mut cursor, report, &mut differing).await? {
            break;
        }
    }
    let mut moment = scan::snapshot(&mut *conn).await?;
    chain::check_unsealed(&mut moment, report, &mut differing).await
}

async fn work(pool: PgPool, known: Known, cursors: Arc<Mutex<Cursors>>) -> Result<Report, StoreError> {
    let (mut report, mut known) = (Report::default(), known);
    let mut conn = pool.acquire().await?;
    loop {
        let mut cursors = cursors.lock().await;
        let mut moment = scan::snapshot(&mut conn).await?;
        let Some(page) = cursors.next(&mut moment).await? else { return Ok(report) };
        drop(cursors);
        if page.needs_definitions(&known) {
            // Deployed since the pass began; those that were checked are not checked again.
            known = self::known(&mut moment, &mut Report::default()).await?;
        }
        page.check(&mut moment, &known, &mut report).await?;
    }
}

/// What is read together.
enum Page {
    Runs(Vec<scan::RunRow>),
    /// Of shards from the first on and before the second.
    Orphans((i16, i16)),
    Events(Vec<scan::EventRow>),
    Keys(Vec<scan::KeyRow>),
}

/// Where the pass stands, table by table.
struct Cursors {
    runs: (Uuid, i16),
    runs_done: bool,
    orphans: i16,
    events: Uuid,
    events_done: bool,
    keys: (String, String),
    keys_done: bool,
}

impl Default for Cursors {
    fn default() -> Self {
        let nothing = (String::new(), String::new());
        Self {
            runs: (Uuid::nil(), -1),
            runs_done: false,
            orphans: 0,
            events: Uuid::nil(),
            events_done: false,
            keys: nothing,
            keys_done: false,
        }
    }
}

/// Values of `shard`.
const SHARDS: i16 = 256;

/// Of so many one statement finds the orphans.
const SHARDS_AT_ONCE: i16 = 32;

impl Cursors {
    async fn next(&mut self, conn: &mut PgConnection) -> Result<Option<Page>, StoreError> {
        if !self.runs_done {
            let rows = scan::runs(conn, self.runs, runs::LAST, runs::PAGE).await?;
            match rows.last() {
                Some(last) => self.runs = (last.id, last.shard),
                None => self.runs_done = true,
            }
            if !rows.is_empty() {
                return Ok(Some(Page::Runs(rows)));
            }
        }
        if self.orphans < SHARDS {
            let first = self.orphans;
            // Rows whose shard is not one of ours are orphans too.
            self.orphans = if first + SHARDS_AT_ONCE < SHARDS { first + SHARDS_AT_ONCE } else { i16::MAX };
            return Ok(Some(Page::Orphans((if first == 0 { i16::MIN } else { first }, self.orphans))));
        }
        if !self.events_done {
            let rows = scan::events(conn, self.events, runs::LAST, events::PAGE).await?;
            match rows.last() {
                Some(last) => self.events = last.id,
                None => self.events_done = true,
            }
            if !rows.is_empty() {
                return Ok(Some(Page::Events(rows)));
            }
        }
        if self.keys_done {
            return Ok(None);
        }
        let page = scan::event_keys(conn, (&self.keys.0, &self.keys.1), events::PAGE).await?;
        match page.last() {
            Some(last) => self.keys = (last.source.clone(), last.event_id.clone()),
            None => self.keys_done = true,
        }
        Ok((!page.is_empty()).then_some(Page::Keys(page)))
    }
}

impl Page {
    fn needs_definitions(&self, known: &Known) -> bool {
        matches!(self, Self::Runs(rows) if rows.iter().any(|row| known.definitions.get(row.definition_id).is_none()))
    }

    async fn check(&self, conn: &mut PgConnection, known: &Known, report: &mut Report) -> Result<(), StoreError> {
        match self {
            Self::Runs(rows) => {
                for row in rows {
                    runs::check(conn, known, row, report).await?;
                }
            }
            Self::Orphans(shards) => runs::check_orphans(conn, *shards, report).await?,
            Self::Events(rows) => {
                for row in rows {
                    events::check(conn, row, report).await?;
                }
            }
            Self::Keys(rows) => events::check_keys(conn, rows, report).await?,
        }
        Ok(())
    }
}
