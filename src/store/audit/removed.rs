//! What retention removed, according to `archives` and `removals`. Each function is one statement, so its result is
//! consistent.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::StoreError;

/// Counts the runs and events with these ids that were archived and removed. The count grows with each removal, in the
/// same transaction, and retention never reduces it: while it stays the same, nothing was removed.
///
/// # Errors
/// The database is unavailable.
pub async fn between(conn: &mut PgConnection, from: Uuid, before: Uuid) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select (select count(*) from archives a cross join lateral unnest(a.runs) as u (id)
                   where a.last_run >= $1 and a.first_run < $2 and u.id >= $1 and u.id < $2)
                + (select count(*) from archives a cross join lateral unnest(a.events) as u (id)
                   where a.events <> '{}' and a.events[cardinality(a.events)] >= $1 and a.events[1] < $2 and u.id >= $1 and u.id < $2)
                - (select count(*) from removals m where m.kind in ('run', 'event') and m.item >= $1 and m.item < $2)
                as "n!""#,
        from,
        before
    )
    .fetch_one(conn)
    .await?)
}

/// Totals over all archives.
#[derive(Debug, Clone, Copy)]
pub struct Total {
    /// Number of files.
    pub files: i64,
    /// Number of runs and events in them.
    pub items: i64,
}

/// Returns the totals over all archives.
///
/// # Errors
/// The database is unavailable.
pub async fn total(conn: &mut PgConnection) -> Result<Total, StoreError> {
    Ok(sqlx::query_as!(
        Total,
        r#"select count(*) as "files!", coalesce(sum(cardinality(runs) + cardinality(events)), 0)::bigint as "items!" from archives"#
    )
    .fetch_one(conn)
    .await?)
}

/// The contents of an archive according to its row.
#[derive(Debug)]
pub struct Holds {
    /// Ids of runs, sorted.
    pub runs: Vec<RunId>,
    /// Ids of events, sorted.
    pub events: Vec<Uuid>,
}

/// Returns the contents of an archive according to its row.
///
/// # Errors
/// The database is unavailable.
pub async fn held_by(pool: &PgPool, archive: Uuid) -> Result<Option<Holds>, StoreError> {
    Ok(sqlx::query_as!(Holds, "select runs, events from archives where id = $1", archive).fetch_optional(pool).await?)
}

/// An archive that was recorded.
#[derive(Debug)]
pub struct Recorded {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of its file in the archive folder.
    pub file: String,
    /// Number of runs and events.
    pub items: i32,
    /// Actor who discarded it; if set, its file need not exist.
    pub discarded_by: Option<String>,
}

/// Returns archives after this id, in order.
///
/// # Errors
/// The database is unavailable.
pub async fn recorded_after(pool: &PgPool, after: Uuid) -> Result<Vec<Recorded>, StoreError> {
    Ok(sqlx::query_as!(
        Recorded,
        r#"select a.id, a.file, cardinality(a.runs) + cardinality(a.events) as "items!",
                  (select actor from acts where subject = 'archive:' || a.id::text and act = 'retention.discard'
                   order by acts.id limit 1) as discarded_by
           from archives a where a.id > $1 order by a.id limit 1000"#,
        after
    )
    .fetch_all(pool)
    .await?)
}
