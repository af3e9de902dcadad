//! What `audit verify` and anchors read, in pages. Nothing here writes.

use sqlx::{Connection as _, PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use super::rows::{self, Row};
use super::{Entry, Sealed};
use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::runs::listing;

/// Begins to read one moment of the database: what is compared must belong together while nodes write.
///
/// # Errors
/// The database is unavailable.
pub async fn snapshot(conn: &mut PgConnection) -> Result<Transaction<'_, Postgres>, StoreError> {
    let mut transaction = conn.begin().await?;
    sqlx::query!("set transaction isolation level repeatable read read only").execute(&mut *transaction).await?;
    rows::pin_forms(&mut transaction).await?;
    Ok(transaction)
}

/// For a transaction that is under way: reads rows in the same form as [`snapshot`].
///
/// # Errors
/// The database is unavailable.
pub async fn pin_forms(conn: &mut PgConnection) -> Result<(), StoreError> {
    rows::pin_forms(conn).await
}

/// Connections for a long pass of short statements: plans fit the values, and a statement may take a minute.
///
/// # Errors
/// The URL is not a Postgres URL, or the server does not answer.
pub async fn connect(url: &str, connections_max: u32) -> Result<PgPool, StoreError> {
    let options = crate::store::options(url)?.options(listing::READ_OPTIONS).options([("statement_timeout", "60000")]);
    Ok(crate::store::pool(connections_max).connect_with(options).await?)
}

/// An entry of the chain, and whether it is the last of its row.
#[derive(Debug)]
pub struct Scanned {
    /// The entry.
    pub entry: Entry,
    /// No later entry is about the same row.
    pub is_last: bool,
    /// Its row may have been removed by now.
    pub has_ended: bool,
}

/// Entries after this one, in order.
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

/// One entry's hash.
///
/// # Errors
/// The database is unavailable.
pub async fn hash_at(conn: &mut PgConnection, seq: i64) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar!("select hash from audit_chain where seq = $1", seq).fetch_optional(conn).await?)
}

/// Those of these rows that are there.
///
/// # Errors
/// The database is away, or a key is none of its table.
pub async fn rows(conn: &mut PgConnection, table: Sealed, keys: &[String]) -> Result<Vec<Row>, StoreError> {
    rows::by_keys(conn, table, keys).await
}

/// Keys of rows that the chain knows nothing of.
///
/// # Errors
/// The database is unavailable.
pub async fn unsealed(conn: &mut PgConnection, table: Sealed, limit: i64) -> Result<Vec<String>, StoreError> {
    rows::without_entry(conn, table, limit).await
}

/// A run as its row says.
#[derive(Debug)]
pub struct RunRow {
    /// What it hangs on.
    pub shard: i16,
    /// The run.
    pub id: RunId,
    /// What it runs.
    pub definition_id: i32,
    /// Its status.
    pub status: String,
    /// Why it needs attention.
    pub attention: Option<String>,
    /// Since when.
    pub attention_at: Option<Time>,
    /// Business key.
    pub key: Option<String>,
    /// The accepted event.
    pub event_id: Option<Uuid>,
    /// The run that started it.
    pub parent_id: Option<Uuid>,
    /// Task reference where it stands.
    pub task: Option<String>,
    /// Number of its records.
    pub seq: i32,
    /// The record from which folding begins, if that is not the first.
    pub base: Option<i32>,
    /// Hash of the last one.
    pub head: Vec<u8>,
    /// Accepted.
    pub created_at: Time,
    /// Set once closed.
    pub finished_at: Option<Time>,
    /// JSON text: why it stopped.
    pub error: Option<String>,
    /// Its cause.
    pub fingerprint: Option<String>,
    /// Whether its event is there; null without one.
    pub event_is_there: Option<bool>,
    /// Whether its event names it; null without one.
    pub event_names_it: Option<bool>,
    /// Whether its parent is there; null without one.
    pub parent_is_there: Option<bool>,
    /// Nothing can change it now: it has ended, and so has every run that could undo it.
    pub is_settled: bool,
    /// All columns as JSON text.
    pub row: String,
}

/// Runs after an id and shard and before an id, in order. No two have one id, unless someone made the second by hand.
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

/// What anchors compare of a run.
#[derive(Debug)]
pub struct RunColumns {
    /// The run.
    pub id: RunId,
    /// Number of its records.
    pub seq: i32,
    /// Hash of the last one.
    pub head: Vec<u8>,
    /// All columns as JSON text.
    pub row: String,
}

/// Those of these runs that are there.
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

/// Journals of these shards, the last one left out, whose run is gone; at most `limit`.
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

/// An event and the key that it took.
#[derive(Debug)]
pub struct EventRow {
    /// Which event.
    pub id: Uuid,
    /// With `event_id` the identity.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// Accepted.
    pub received_at: Time,
    /// Its outcome.
    pub outcome: String,
    /// What it started.
    pub runs: Vec<Uuid>,
    /// What waited for it.
    pub resumed: Vec<Uuid>,
    /// Those of both that are not there.
    pub gone: Vec<Uuid>,
    /// SHA-256 of its body.
    pub body_hash: Vec<u8>,
    /// SHA-256 over what never changes of it and of its key.
    pub leaf: Vec<u8>,
    /// The event that its key names; null without a key.
    pub key_event: Option<Uuid>,
    /// SHA-256 of the body as the key has it.
    pub key_body_hash: Option<Vec<u8>>,
    /// The runs as the key has them.
    pub key_runs: Option<Vec<Uuid>>,
    /// Accepted, as the key has it.
    pub key_received_at: Option<Time>,
}

/// Events after an id and before another one, in order.
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

/// Whether a run was started by one event alone: the event's key names it, or the run names no event.
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

/// A key and whether its event is there.
#[derive(Debug)]
pub struct KeyRow {
    /// The source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// The event that took it.
    pub event: Uuid,
    /// Whether that is there, under this key.
    pub is_there: bool,
}

/// Keys of events after this one, in order.
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

/// The first id from this one on that is a run's or an event's.
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

/// When this database learned to store causes on rows of runs; null where it always could.
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
