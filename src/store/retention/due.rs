//! Runs that may be due, their families with all that keeps them, and their rows as archives take them.

use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{RunId, Time};
use crate::retention::rules::{Hold, Member};
use crate::store::StoreError;

/// Runs of one version with one end.
#[derive(Debug, Clone)]
pub struct DueFilter {
    /// Which version.
    pub definition: i32,
    /// `completed` and so on.
    pub status: &'static str,
    /// They ended before this.
    pub before: Time,
}

/// A run that ended long ago.
#[derive(Debug, Clone, Copy)]
pub struct Candidate {
    /// The run.
    pub id: RunId,
    /// When it ended.
    pub finished_at: Time,
}

/// Runs that ended before a time and need nobody, oldest end first, behind `after`.
///
/// # Errors
/// The database is away.
pub async fn candidates(
    pool: &PgPool,
    filter: &DueFilter,
    after: Option<Candidate>,
    limit: i64,
) -> Result<Vec<Candidate>, StoreError> {
    Ok(sqlx::query_as!(
        Candidate,
        r#"select id, finished_at as "finished_at!" from runs
           where definition_id = $1 and status = $2 and finished_at is not null and attention is null
             and finished_at <= $3 and (finished_at, id) > ($4, $5)
           order by finished_at, id limit $6"#,
        filter.definition,
        filter.status,
        filter.before,
        after.map_or(Time::UNIX_EPOCH, |c| c.finished_at),
        after.map_or(Uuid::nil(), |c| c.id),
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// The families of these runs: for each the run at its top, and everyone below it. At most `limit` rows.
///
/// # Errors
/// The database is away, or a row cannot be read.
pub async fn families(pool: &PgPool, of: &[RunId], limit: i64) -> Result<Vec<(RunId, Member)>, StoreError> {
    let rows = sqlx::query!(
        r#"with recursive up as (
               select r.id as start, r.id, r.parent_id, 0 as depth from runs r where r.id = any($1)
               union all
               select u.start, r.id, r.parent_id, u.depth + 1 from up u join runs r on r.id = u.parent_id where u.depth < 1000),
           tops as (select distinct id from (select distinct on (start) id from up order by start, depth desc) t),
           down as (
               select id as top, id from tops
               union all
               select d.top, r.id from down d join runs r on r.parent_id = d.id)
           select d.top as "top!", r.id as "id!", r.parent_id, w.namespace || '/' || w.name as "workflow!", r.status as "status!",
                  r.finished_at, r.attention is not null as "attention!",
                  case when r.owner is not null then 'owner'
                       when exists (select from removals m where m.kind = 'run' and m.item = r.id) then 'archived'
                       when exists (select from commands c where c.run_id = r.id and c.answered_at is null) then 'command'
                       when exists (select from proposals p where p.run_id = r.id and p.decision is null) then 'proposal'
                       when exists (select from conflicts c where c.run_id = r.id and c.state in ('open', 'chosen')) then 'conflict'
                       when exists (select from turns t where t.run_id = r.id) then 'queue'
                       when exists (select from frozen f where f.run_id = r.id) then 'freeze'
                       when exists (select from listeners l where l.shard = r.shard and l.run_id = r.id) then 'listener'
                       when exists (select from schedules s where s.run_id = r.id) then 'schedule'
                       when exists (select from event_attention a where a.event = r.event_id) then 'event'
                       when exists (select from unacknowledged_runs a where a.shard = r.shard and a.run_id = r.id)
                           then 'unacknowledged' end as hold
           from (select top, id from down limit $2) d
           join runs r on r.id = d.id
           join definitions w on w.id = r.definition_id
           order by d.top, r.id"#,
        of,
        limit
    )
    .fetch_all(pool)
    .await?;
    let unreadable = |why: String| StoreError::Unreadable { table: "runs", why };
    rows.into_iter()
        .map(|row| {
            let status = row.status.parse().map_err(|_| unreadable(format!("unknown status {:?}", row.status)))?;
            let held = row.hold.as_deref().map(hold);
            let (id, parent, workflow) = (row.id, row.parent_id, row.workflow);
            let member =
                Member { id, parent, workflow, status, finished_at: row.finished_at, attention: row.attention, held };
            Ok((row.top, member))
        })
        .collect()
}

fn hold(name: &str) -> Hold {
    match name {
        "archived" => Hold::Archived,
        "command" => Hold::Command,
        "proposal" => Hold::Proposal,
        "conflict" => Hold::Conflict,
        "queue" => Hold::Queue,
        "freeze" => Hold::Freeze,
        "listener" => Hold::Listener,
        "schedule" => Hold::Schedule,
        "event" => Hold::Event,
        "unacknowledged" => Hold::Unacknowledged,
        _ => Hold::Owner,
    }
}

/// A run's row, and what names it in an archive.
#[derive(Debug)]
pub struct RunLine {
    /// The run.
    pub id: RunId,
    /// What it ran.
    pub definition_id: i32,
    /// Number of journal rows.
    pub seq: i32,
    /// Hash of the last one.
    pub head: Vec<u8>,
    /// The event that started it.
    pub event_id: Option<Uuid>,
    /// JSON text of its columns by name.
    pub row: String,
}

/// The rows of runs, by id.
///
/// # Errors
/// The database is away.
pub async fn run_lines(pool: &PgPool, runs: &[RunId]) -> Result<Vec<RunLine>, StoreError> {
    Ok(sqlx::query_as!(
        RunLine,
        r#"select id, definition_id, seq, head, event_id, to_json(r)::text as "row!" from runs r where id = any($1) order by id"#,
        runs
    )
    .fetch_all(pool)
    .await?)
}

/// The row of a version, as JSON text of its columns by name.
///
/// # Errors
/// The database is away.
pub async fn definition_line(pool: &PgPool, id: i32) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(r#"select to_json(d)::text as "row!" from definitions d where id = $1"#, id)
        .fetch_optional(pool)
        .await?)
}

/// A row that hangs on a run and goes with it.
#[derive(Debug)]
pub struct Hanging {
    /// Which table.
    pub table: String,
    /// The run.
    pub run: RunId,
    /// JSON text of its columns by name.
    pub row: String,
}

/// What hangs on runs beside their journals: commands, proposals, conflicts that are settled, batches, what steps asked people.
///
/// # Errors
/// The database is away.
pub async fn hanging(pool: &PgPool, runs: &[RunId]) -> Result<Vec<Hanging>, StoreError> {
    Ok(sqlx::query_as!(
        Hanging,
        r#"select 'commands' as "table!", c.run_id as "run!", to_json(c)::text as "row!" from commands c where c.run_id = any($1)
           union all select 'proposals', p.run_id, to_json(p)::text from proposals p where p.run_id = any($1)
           union all select 'conflicts', c.run_id, to_json(c)::text from conflicts c where c.run_id = any($1)
           union all select 'batches', b.run_id, to_json(b)::text from batches b where b.run_id = any($1)
           union all select 'tasks', t.run_id, to_json(t)::text from unnest($1::uuid[]) as u (id)
                     join tasks t on t.shard = get_byte(uuid_send(u.id), 15)::smallint and t.run_id = u.id"#,
        runs
    )
    .fetch_all(pool)
    .await?)
}

/// A run that has not ended: its version, and when it was accepted.
pub type LiveRow = (i32, Time);

/// The oldest runs of each status that have not ended, and whether there are more behind them.
///
/// # Errors
/// The database is away.
pub async fn live_pages(pool: &PgPool, limit: i64) -> Result<Vec<(Vec<LiveRow>, bool)>, StoreError> {
    let mut pages = Vec::new();
    for status in ["pending", "running", "waiting", "suspended", "compensating", "faulted"] {
        let rows = sqlx::query!(
            "select definition_id, created_at from runs where finished_at is null and status = $1 order by id limit $2",
            status,
            limit
        )
        .fetch_all(pool)
        .await?;
        let has_more = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
        pages.push((rows.into_iter().map(|row| (row.definition_id, row.created_at)).collect(), has_more));
    }
    Ok(pages)
}
