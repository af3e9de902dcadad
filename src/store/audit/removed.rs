//! What retention removed, as `archives` and `removals` tell it. Each function is one statement: what it gives is of one moment.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::RunId;
use crate::store::StoreError;

/// How many runs and events of these ids archives have that are not waiting to be removed. It grows whenever one is removed, in the same
/// transaction, and never shrinks by retention: as long as it stays the same, nothing was removed.
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

/// How much all archives have.
#[derive(Debug, Clone, Copy)]
pub struct Total {
    /// Files.
    pub files: i64,
    /// Runs and events in them.
    pub items: i64,
}

/// How much all archives have.
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

/// What an archive holds, as its row says.
#[derive(Debug)]
pub struct Holds {
    /// Sorted.
    pub runs: Vec<RunId>,
    /// Sorted.
    pub events: Vec<Uuid>,
}

/// What an archive holds, as its row says.
///
/// # Errors
/// The database is unavailable.
pub async fn held_by(pool: &PgPool, archive: Uuid) -> Result<Option<Holds>, StoreError> {
    Ok(sqlx::query_as!(Holds, "select runs, events from archives where id = $1", archive).fetch_optional(pool).await?)
}

/// An archive that must be somewhere.
#[derive(Debug)]
pub struct Recorded {
    /// UUIDv7.
    pub id: Uuid,
    /// Name in the folder.
    pub file: String,
    /// Runs and events.
    pub items: i32,
    /// Who discarded it: then its file is not expected.
    pub discarded_by: Option<String>,
}

/// Archives after this one, in order.
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
