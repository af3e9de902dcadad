//! Queues of `serialize: key`: runs of one workflow with the same business key run one at a time, in the order of their tickets.
//!
//! A run gets its ticket, and gives up its turn, while the transaction holds the lock of the key's row in `lanes`. So tickets
//! follow the order of commits, and each queue has exactly one run whose turn it is.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use crate::machine::RunId;
use crate::store::StoreError;

/// Identifies a queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConcurrencyKey {
    /// Namespace of the workflow, all its versions.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// The business key.
    pub key: String,
}

/// A run's position in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The run whose turn it is.
    pub first: RunId,
    /// Runs before this one; counted up to a thousand.
    pub before: i64,
    /// Runs after this one; counted up to a thousand.
    pub after: i64,
}

/// Appends runs to their queues in this order and removes those that leave. Returns the runs whose turn has just come.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn advance(
    conn: &mut PgConnection,
    entering: &[(RunId, &ConcurrencyKey)],
    leaving: &[(RunId, &ConcurrencyKey)],
) -> Result<Vec<RunId>, StoreError> {
    let mut keys: BTreeMap<&ConcurrencyKey, i64> = leaving.iter().map(|(_, key)| (*key, 0)).collect();
    for (_, key) in entering {
        *keys.entry(key).or_default() += 1;
    }
    let columns = Columns::of(keys.keys().copied());
    let counts: Vec<i64> = keys.values().copied().collect();
    let mut tails = lock(conn, &columns, &counts).await?;
    if !entering.is_empty() {
        enter(conn, entering, &mut tails, &keys).await?;
    }
    if !leaving.is_empty() {
        let runs: Vec<RunId> = leaving.iter().map(|(run, _)| *run).collect();
        sqlx::query!("delete from turns where run_id = any($1)", &runs).execute(&mut *conn).await?;
    }
    let called = call(conn, &columns).await?;
    if !leaving.is_empty() {
        drop_empty(conn, &columns).await?;
    }
    Ok(called)
}

/// Keys as columns, in the order in which they are locked.
struct Columns<'a> {
    namespaces: Vec<&'a str>,
    names: Vec<&'a str>,
    keys: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(keys: impl Iterator<Item = &'a ConcurrencyKey>) -> Self {
        let mut columns = Self { namespaces: Vec::new(), names: Vec::new(), keys: Vec::new() };
        for key in keys {
            columns.namespaces.push(&key.namespace);
            columns.names.push(&key.name);
            columns.keys.push(&key.key);
        }
        columns
    }
}

/// Locks the queues until the transaction ends and reserves tickets. Returns the last ticket of each queue.
async fn lock(
    conn: &mut PgConnection,
    keys: &Columns<'_>,
    counts: &[i64],
) -> Result<BTreeMap<ConcurrencyKey, i64>, StoreError> {
    let locked = sqlx::query!(
        "insert into lanes (namespace, name, key, tail)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
         on conflict (namespace, name, key) do update set tail = lanes.tail + excluded.tail
         returning namespace, name, key, tail",
        &keys.namespaces as &[&str],
        &keys.names as &[&str],
        &keys.keys as &[&str],
        counts
    )
    .fetch_all(conn)
    .await?;
    Ok(locked
        .into_iter()
        .map(|l| (ConcurrencyKey { namespace: l.namespace, name: l.name, key: l.key }, l.tail))
        .collect())
}

async fn enter(
    conn: &mut PgConnection,
    entering: &[(RunId, &ConcurrencyKey)],
    tails: &mut BTreeMap<ConcurrencyKey, i64>,
    counts: &BTreeMap<&ConcurrencyKey, i64>,
) -> Result<(), StoreError> {
    // Go back from the last ticket of each queue to the one before the first that was reserved now.
    for (key, tail) in tails.iter_mut() {
        *tail -= counts.get(key).copied().unwrap_or_default();
    }
    let tickets: Vec<i64> = entering
        .iter()
        .map(|(_, key)| {
            let tail = tails.entry((*key).clone()).or_default();
            *tail += 1;
            *tail
        })
        .collect();
    let columns = Columns::of(entering.iter().map(|(_, key)| *key));
    sqlx::query!(
        "insert into turns (namespace, name, key, ticket, run_id)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::uuid[])",
        &columns.namespaces as &[&str],
        &columns.names as &[&str],
        &columns.keys as &[&str],
        &tickets,
        &entering.iter().map(|(run, _)| *run).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Marks the first run of each queue as called. Returns those that were not called before.
async fn call(conn: &mut PgConnection, keys: &Columns<'_>) -> Result<Vec<RunId>, StoreError> {
    Ok(sqlx::query_scalar!(
        "update turns t set called = true
         from unnest($1::text[], $2::text[], $3::text[]) as l (namespace, name, key)
         cross join lateral (select ticket, called from turns f
                             where f.namespace = l.namespace and f.name = l.name and f.key = l.key
                             order by ticket limit 1) as first
         where t.namespace = l.namespace and t.name = l.name and t.key = l.key and t.ticket = first.ticket and not first.called
         returning t.run_id",
        &keys.namespaces as &[&str],
        &keys.names as &[&str],
        &keys.keys as &[&str]
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes queues that are empty.
async fn drop_empty(conn: &mut PgConnection, keys: &Columns<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from lanes l using unnest($1::text[], $2::text[], $3::text[]) as u (namespace, name, key)
         where l.namespace = u.namespace and l.name = u.name and l.key = u.key
           and not exists (select from turns t where t.namespace = l.namespace and t.name = l.name and t.key = l.key)",
        &keys.namespaces as &[&str],
        &keys.names as &[&str],
        &keys.keys as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The position of an unfinished run; `None` if it is not queued.
///
/// # Errors
/// The database is unavailable.
pub async fn place(pool: &PgPool, run: RunId) -> Result<Option<Place>, StoreError> {
    Ok(sqlx::query_as!(
        Place,
        r#"select (select f.run_id from turns f where f.namespace = t.namespace and f.name = t.name and f.key = t.key
                   order by f.ticket limit 1) as "first!",
                  (select count(*) from (select from turns b where b.namespace = t.namespace and b.name = t.name and b.key = t.key
                                         and b.ticket < t.ticket limit 1000) as b) as "before!",
                  (select count(*) from (select from turns a where a.namespace = t.namespace and a.name = t.name and a.key = t.key
                                         and a.ticket > t.ticket limit 1000) as a) as "after!"
           from turns t where t.run_id = $1"#,
        run
    )
    .fetch_optional(pool)
    .await?)
}
