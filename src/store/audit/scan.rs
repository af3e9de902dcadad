//! Paged reads for `audit verify` and for anchors. Nothing here writes.

use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::rows::{self, Row};
use super::{Entry, Sealed};
use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::runs::listing;

/// Begins a repeatable-read transaction, so that rows compared with each other are consistent while nodes write.
///
/// # Errors
/// The database is unavailable.
pub async fn snapshot(conn: &mut PgConnection) -> Result<Transaction<'_, Postgres>, StoreError> {
    let mut transaction = conn.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read read only").execute(&mut *transaction).await?;
    rows::pin_forms(&mut transaction).await?;
    Ok(transaction)
}

/// Makes a transaction that has already begun read rows in the same form as [`snapshot`].
///
/// # Errors
/// The database is unavailable.
pub async fn pin_forms(conn: &mut PgConnection) -> Result<(), StoreError> {
    rows::pin_forms(conn).await
}

/// Connects for a long scan in short statements: plans use statistics, and a statement may take a minute.
///
/// # Errors
/// The URL is not a Postgres URL, or the server does not answer.
pub async fn connect(url: &str, connections_max: u32) -> Result<PgPool, StoreError> {
    let options = crate::store::options(url)?.options(listing::READ_OPTIONS).options([("statement_timeout", "60000")]);
    Ok(crate::store::pool(connections_max).connect_with(options).await?)
}

/// An entry of the chain with the state of its row.
#[derive(Debug)]
pub struct Scanned {
    /// The entry.
    pub entry: Entry,
    /// Whether this is the newest entry for its row.
    pub is_last: bool,
    /// Whether the row has expired and may have been deleted.
    pub has_ended: bool,
}

/// Returns entries after this position, in order.
///
/// # Errors
/// The database is unavailable.
pub async fn entries(conn: &mut PgConnection, after: i64, limit: i64) -> Result<Vec<Scanned>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.seq, c.at, c.kind, c.of_table, c.key, c.digest, c.ends_at, c.hash,
                  not exists (select from audit_chain l where l.of_table = c.of_table and l.key = c.key and l.seq > c.seq) as "is_last!",
                  coalesce(c.ends_at < now(), false) as "has_ended!"
           from audit_chain c where c.seq > $1 order by c.seq limit $2"#,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Scanned {
            is_last: row.is_last,
            has_ended: row.has_ended,
            entry: Entry {
                seq: row.seq,
                at: row.at,
                kind: row.kind,
                of_table: row.of_table,
                key: row.key,
                digest: row.digest,
                ends_at: row.ends_at,
                hash: row.hash,
            },
        })
        .collect())
}

/// Returns the hash of one entry.
///
/// # Errors
/// The database is unavailable.
pub async fn hash_at(conn: &mut PgConnection, seq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar!("select hash from audit_chain where seq = $1", seq).fetch_optional(conn).await?)
}

/// Returns those of the rows that exist.
///
/// # Errors
/// The database is unavailable, or a key does not have the form that this table needs.
pub async fn rows(conn: &mut PgConnection, table: Sealed, keys: &[String]) -> Result<Vec<Row>, StoreError> {
    rows::by_keys(conn, table, keys).await
}

/// Returns keys of rows that have no entry in the chain.
///
/// # Errors
/// The database is unavailable.
pub async fn unsealed(conn: &mut PgConnection, table: Sealed, limit: i64) -> Result<Vec<String>, StoreError> {
    rows::without_entry(conn, table, limit).await
}

/// A run according to its row.
#[derive(Debug)]
pub struct RunRow {
    /// Shard of the run.
    pub shard: i16,
    /// Id of the run.
    pub id: RunId,
    /// Id of its definition.
    pub definition_id: i32,
    /// Status as text.
    pub status: String,
    /// Why it needs attention.
    pub attention: Option<String>,
    /// Time since which it needs attention.
    pub attention_at: Option<Time>,
    /// Business key.
    pub key: Option<String>,
    /// The event that started it.
    pub event_id: Option<Uuid>,
    /// The run that started it.
    pub parent_id: Option<Uuid>,
    /// Reference of the task it is at.
    pub task: Option<String>,
    /// Number of its records in the journal.
    pub seq: i32,
    /// Number of the snapshot record from which folding begins, if not the first.
    pub base: Option<i32>,
    /// Hash of the last record.
    pub head: Vec<u8>,
    /// Time at which it was accepted.
    pub created_at: Time,
    /// Time at which it closed.
    pub finished_at: Option<Time>,
    /// Error as JSON text, if it faulted.
    pub error: Option<String>,
    /// Fingerprint of its cause.
    pub fingerprint: Option<String>,
    /// Whether its event exists; `None` without an event.
    pub event_is_there: Option<bool>,
    /// Whether its event lists it; `None` without an event.
    pub event_names_it: Option<bool>,
    /// Whether its parent exists; `None` without a parent.
    pub parent_is_there: Option<bool>,
    /// Whether nothing can change it: it has closed, and so has every run that could undo it.
    pub is_settled: bool,
    /// All columns as JSON text.
    pub row: String,
}

/// Returns runs after an id and shard and before an id, in order. Ids are unique unless someone inserted a duplicate by
/// hand.
///
/// # Errors
/// The database is unavailable.
pub async fn runs(
    conn: &mut PgConnection,
    after: (Uuid, i16),
    before: Uuid,
    limit: i64,
) -> Result<Vec<RunRow>, StoreError> {
    Ok(sqlx::query_as!(
        RunRow,
        r#"select r.shard, r.id, r.definition_id, r.status, r.attention, r.attention_at, r.key, r.event_id, r.parent_id, r.task, r.seq,
                  r.base, r.head, r.created_at, r.finished_at, r.error::text, r.fingerprint,
                  case when r.event_id is not null then exists (select from events e where e.id = r.event_id) end as event_is_there,
                  case when r.event_id is not null
                       then exists (select from events e where e.id = r.event_id
                                    and (r.id = any(e.runs) or e.outcome = 'gathered')) end as event_names_it,
                  case when r.parent_id is not null
                       then exists (select from runs p where p.id = r.parent_id) end as parent_is_there,
                  r.finished_at is not null and (r.parent_id is null or not exists (
                      with recursive up as (
                          select p.parent_id, p.finished_at, 1 as depth from runs p where p.id = r.parent_id
                          union all
                          select p.parent_id, p.finished_at, u.depth + 1 from up u join runs p on p.id = u.parent_id where u.depth < 100)
                      select from up where finished_at is null)) as "is_settled!",
                  row_to_json(r)::text as "row!"
           from runs r where r.id >= $1 and (r.id, r.shard) > ($1, $4) and r.id < $2 order by r.id, r.shard limit $3"#,
        after.0,
        before,
        limit,
        after.1
    )
    .fetch_all(conn)
    .await?)
}

/// The columns of a run that anchors compare.
#[derive(Debug)]
pub struct RunColumns {
    /// Id of the run.
    pub id: RunId,
    /// Number of its records in the journal.
    pub seq: i32,
    /// Hash of the last record.
    pub head: Vec<u8>,
    /// All columns as JSON text.
    pub row: String,
}

/// Returns those of the runs that exist.
///
/// # Errors
/// The database is unavailable.
pub async fn run_columns(conn: &mut PgConnection, runs: &[RunId]) -> Result<Vec<RunColumns>, StoreError> {
    Ok(sqlx::query_as!(
        RunColumns,
        r#"select r.id, r.seq, r.head, row_to_json(r)::text as "row!"
           from unnest($1::smallint[], $2::uuid[]) as u (shard, id) join runs r on r.shard = u.shard and r.id = u.id"#,
        &runs.iter().map(|run| crate::store::shard(*run)).collect::<Vec<_>>(),
        runs
    )
    .fetch_all(conn)
    .await?)
}

/// Returns up to `limit` runs that have a journal but no row, in the shards from the first to before the last.
///
/// # Errors
/// The database is unavailable.
pub async fn orphans(conn: &mut PgConnection, (from, until): (i16, i16), limit: i64) -> Result<Vec<RunId>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select distinct j.run_id as "run!" from journal j
           where j.shard >= $1 and j.shard < $2
             and not exists (select from runs r where r.shard = j.shard and r.id = j.run_id) limit $3"#,
        from,
        until,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// An event with its deduplication key.
#[derive(Debug)]
pub struct EventRow {
    /// Id of the event.
    pub id: Uuid,
    /// Name of the source; identifies the event together with `event_id`.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// Time at which it was accepted.
    pub received_at: Time,
    /// Outcome of the event.
    pub outcome: String,
    /// Runs that it started.
    pub runs: Vec<Uuid>,
    /// Runs that waited for it.
    pub resumed: Vec<Uuid>,
    /// Runs of both lists that do not exist.
    pub gone: Vec<Uuid>,
    /// SHA-256 of its body.
    pub body_hash: Vec<u8>,
    /// SHA-256 over the immutable fields of the event and of its key.
    pub leaf: Vec<u8>,
    /// The event that the key refers to; `None` without a key.
    pub key_event: Option<Uuid>,
    /// SHA-256 of the body, according to the key.
    pub key_body_hash: Option<Vec<u8>>,
    /// Runs that the event started, according to the key.
    pub key_runs: Option<Vec<Uuid>>,
    /// Time of acceptance, according to the key.
    pub key_received_at: Option<Time>,
}

/// Returns events between two ids, both exclusive, in order.
///
/// # Errors
/// The database is unavailable.
pub async fn events(
    conn: &mut PgConnection,
    after: Uuid,
    before: Uuid,
    limit: i64,
) -> Result<Vec<EventRow>, StoreError> {
    Ok(sqlx::query_as!(
        EventRow,
        r#"select e.id, e.source, e.event_id, e.received_at, e.outcome, e.runs, e.resumed,
                  array(select u.id from unnest(e.runs || e.resumed) as u (id)
                        where not exists (select from runs r where r.id = u.id)) as "gone!",
                  sha256(e.body) as "body_hash!",
                  sha256(convert_to(json_build_array(e.id, e.source, e.event_id, e.type, e.received_at, e.headers,
                                                     encode(sha256(e.body), 'hex'), e.attributes, e.data, k.event,
                                                     encode(k.body_hash, 'hex'), k.runs, k.received_at)::text, 'UTF8')) as "leaf!",
                  k.event as "key_event?", k.body_hash as "key_body_hash?", k.runs as "key_runs?", k.received_at as "key_received_at?"
           from events e left join event_keys k on k.source = e.source and k.event_id = e.event_id
           where e.id > $1 and e.id < $2 order by e.id limit $3"#,
        after,
        before,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Whether the run was started by a single event (its event's key lists the run) or by none, rather than by joined
/// events.
///
/// # Errors
/// The database is unavailable.
pub async fn is_started_by_one(conn: &mut PgConnection, run: RunId) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (
               select from runs r where r.shard = $1 and r.id = $2
               and (r.event_id is null or exists (
                   select from events e join event_keys k on k.source = e.source and k.event_id = e.event_id
                   where e.id = r.event_id and r.id = any(k.runs)))) as "by_one!""#,
        crate::store::shard(run),
        run
    )
    .fetch_one(conn)
    .await?)
}

/// A deduplication key, and whether its event exists.
#[derive(Debug)]
pub struct KeyRow {
    /// Name of the source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// The event that the key refers to.
    pub event: Uuid,
    /// Whether that event exists and has this key.
    pub is_there: bool,
}

/// Returns keys of events after this key, in order.
///
/// # Errors
/// The database is unavailable.
pub async fn event_keys(conn: &mut PgConnection, after: (&str, &str), limit: i64) -> Result<Vec<KeyRow>, StoreError> {
    Ok(sqlx::query_as!(
        KeyRow,
        r#"select k.source, k.event_id, k.event,
                  exists (select from events e where e.id = k.event and e.source = k.source and e.event_id = k.event_id) as "is_there!"
           from event_keys k where (k.source, k.event_id) > ($1, $2) order by k.source, k.event_id limit $3"#,
        after.0,
        after.1,
        limit
    )
    .fetch_all(conn)
    .await?)
}

/// Returns the first id from this one on that belongs to a run or an event.
///
/// # Errors
/// The database is unavailable.
pub async fn next_id(conn: &mut PgConnection, from: Uuid) -> Result<Option<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select least((select id from runs where id >= $1 order by id limit 1),
                        (select id from events where id >= $1 order by id limit 1)) as "id?""#,
        from
    )
    .fetch_one(conn)
    .await?)
}

/// Returns the time since which this database stores causes on rows of runs; `None` if it always has.
///
/// # Errors
/// The database is unavailable.
pub async fn causes_since(conn: &mut PgConnection) -> Result<Option<Time>, StoreError> {
    let there = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "there!""#)
        .fetch_one(&mut *conn)
        .await?;
    if !there {
        return Ok(None);
    }
    let since = sqlx::query_scalar::<_, Time>("select installed_on from _sqlx_migrations where version = 23");
    Ok(since.fetch_optional(conn).await?)
}
