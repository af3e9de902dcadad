//! Runs that wait for each other: of those with one key the one with the lowest ticket has its turn.
//!
//! Tickets are given, and turns taken away, under the lock of the key's row in `lanes`, which is held until the commit. So
//! tickets follow the order of commits, and there is always exactly one run whose turn it is.

use std::collections::BTreeMap;

use sqlx::{PgConnection, PgPool};

use crate::machine::RunId;
use crate::store::StoreError;

/// Where runs with one key wait for each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lane {
    /// Namespace of the workflow, all its versions.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The business key.
    pub key: String,
}

/// Where a run stands in its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Place {
    /// The run whose turn it is.
    pub first: RunId,
    /// Runs before this one; counted up to a thousand.
    pub before: i64,
    /// Runs after this one; counted up to a thousand.
    pub after: i64,
}

/// Takes runs in at the end of their lanes, in this order, and out of them; gives those whose turn it is now and was not
/// before.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn advance(
    conn: &mut PgConnection,
    entering: &[(RunId, &Lane)],
    leaving: &[(RunId, &Lane)],
) -> Result<Vec<RunId>, StoreError> {
    let mut lanes: BTreeMap<&Lane, i64> = leaving.iter().map(|(_, lane)| (*lane, 0)).collect();
    for (_, lane) in entering {
        *lanes.entry(lane).or_default() += 1;
    }
    let columns = Columns::of(lanes.keys().copied());
    let counts: Vec<i64> = lanes.values().copied().collect();
    let mut tails = lock(conn, &columns, &counts).await?;
    if !entering.is_empty() {
        enter(conn, entering, &mut tails, &lanes).await?;
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

/// Lanes as arrays, in the order in which they are locked.
struct Columns<'a> {
    namespaces: Vec<&'a str>,
    names: Vec<&'a str>,
    keys: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    fn of(lanes: impl Iterator<Item = &'a Lane>) -> Self {
        let mut columns = Self { namespaces: Vec::new(), names: Vec::new(), keys: Vec::new() };
        for lane in lanes {
            columns.namespaces.push(&lane.namespace);
            columns.names.push(&lane.name);
            columns.keys.push(&lane.key);
        }
        columns
    }
}

/// Locks lanes until the transaction ends, and gives out tickets; gives the last one of each lane.
async fn lock(conn: &mut PgConnection, lanes: &Columns<'_>, counts: &[i64]) -> Result<BTreeMap<Lane, i64>, StoreError> {
    let locked = sqlx::query!(
        "insert into lanes (namespace, name, key, tail)
         select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
         on conflict (namespace, name, key) do update set tail = lanes.tail + excluded.tail
         returning namespace, name, key, tail",
        &lanes.namespaces as &[&str],
        &lanes.names as &[&str],
        &lanes.keys as &[&str],
        counts
    )
    .fetch_all(conn)
    .await?;
    Ok(locked.into_iter().map(|l| (Lane { namespace: l.namespace, name: l.name, key: l.key }, l.tail)).collect())
}

async fn enter(
    conn: &mut PgConnection,
    entering: &[(RunId, &Lane)],
    tails: &mut BTreeMap<Lane, i64>,
    counts: &BTreeMap<&Lane, i64>,
) -> Result<(), StoreError> {
    // From the last ticket of each lane back to the first one that was given now.
    for (lane, tail) in tails.iter_mut() {
        *tail -= counts.get(lane).copied().unwrap_or_default();
    }
    let tickets: Vec<i64> = entering
        .iter()
        .map(|(_, lane)| {
            let tail = tails.entry((*lane).clone()).or_default();
            *tail += 1;
            *tail
        })
        .collect();
    let columns = Columns::of(entering.iter().map(|(_, lane)| *lane));
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

/// Notes for the first of each lane that it is its turn; gives those for which that is new.
async fn call(conn: &mut PgConnection, lanes: &Columns<'_>) -> Result<Vec<RunId>, StoreError> {
    Ok(sqlx::query_scalar!(
        "update turns t set called = true
         from unnest($1::text[], $2::text[], $3::text[]) as l (namespace, name, key)
         cross join lateral (select ticket, called from turns f
                             where f.namespace = l.namespace and f.name = l.name and f.key = l.key
                             order by ticket limit 1) as first
         where t.namespace = l.namespace and t.name = l.name and t.key = l.key and t.ticket = first.ticket and not first.called
         returning t.run_id",
        &lanes.namespaces as &[&str],
        &lanes.names as &[&str],
        &lanes.keys as &[&str]
    )
    .fetch_all(conn)
    .await?)
}

/// Forgets lanes in which nobody is left.
async fn drop_empty(conn: &mut PgConnection, lanes: &Columns<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from lanes l using unnest($1::text[], $2::text[], $3::text[]) as u (namespace, name, key)
         where l.namespace = u.namespace and l.name = u.name and l.key = u.key
           and not exists (select from turns t where t.namespace = l.namespace and t.name = l.name and t.key = l.key)",
        &lanes.namespaces as &[&str],
        &lanes.names as &[&str],
        &lanes.keys as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Where an unfinished run stands in its lane; none if it is in none.
///
/// # Errors
/// The database is away.
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
