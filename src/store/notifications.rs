//! What channels were told, and which connections are down.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoreError;
use crate::machine::Time;
use crate::notify::Told;

/// Takes the lock under which channels are told until the transaction ends; false if another node has it.
///
/// # Errors
/// The database is unavailable.
pub async fn try_lock(conn: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(r#"select pg_try_advisory_xact_lock(7238427) as "locked!""#).fetch_one(conn).await?)
}

/// What a channel knows.
#[derive(Debug, Default)]
pub struct Known {
    /// Problems that are not over, as it was told of them.
    pub told: Vec<Told>,
    /// Its last message.
    pub last: Option<Time>,
}

/// What a channel was told.
///
/// # Errors
/// The database is unavailable.
pub async fn known(conn: &mut PgConnection, channel: &str) -> Result<Known, StoreError> {
    let rows = sqlx::query_as!(
        Told,
        "select subject, title, count, told_at as at from notified where channel = $1 order by subject limit 10000",
        channel
    );
    let (own, told): (Vec<Told>, Vec<Told>) =
        rows.fetch_all(conn).await?.into_iter().partition(|told| told.subject.is_empty());
    Ok(Known { told, last: own.first().map(|row| row.at) })
}

/// Records a message: what it told, what it said is over, and that the channel was told something now.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn record(conn: &mut PgConnection, channel: &str, told: &[Told], over: &[String]) -> Result<(), StoreError> {
    sqlx::query!("delete from notified where channel = $1 and subject = any($2)", channel, over)
        .execute(&mut *conn)
        .await?;
    let subjects: Vec<&str> = told.iter().map(|told| told.subject.as_str()).chain([""]).collect();
    let titles: Vec<&str> = told.iter().map(|told| told.title.as_str()).chain([""]).collect();
    let counts: Vec<i64> = told.iter().map(|told| told.count).chain([0]).collect();
    sqlx::query!(
        "insert into notified (channel, subject, title, count)
         select $1, u.subject, u.title, u.count from unnest($2::text[], $3::text[], $4::bigint[]) as u (subject, title, count)
         on conflict (channel, subject) do update set title = excluded.title, count = excluded.count, told_at = now()",
        channel,
        &subjects as &[&str],
        &titles as &[&str],
        &counts
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Replaces the connections that are down as this node sees them.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn set_down(pool: &PgPool, node: Uuid, connections: &[&str]) -> Result<(), StoreError> {
    sqlx::query!(
        "with gone as (delete from connections_down
                       where (node_id = $1 and connection <> all($2))
                          or not exists (select from nodes n where n.id = node_id and n.dead_at is null))
         insert into connections_down (connection, node_id) select unnest($2::text[]), $1
         on conflict (connection, node_id) do nothing",
        node,
        connections as &[&str]
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Connections that have been down on a live node for at least this long, with since when.
///
/// # Errors
/// The database is unavailable.
pub async fn down(conn: &mut PgConnection, for_seconds: f64) -> Result<Vec<(String, Time)>, StoreError> {
    let rows = sqlx::query!(
        r#"select d.connection, min(d.since) as "since!"
           from connections_down d join nodes n on n.id = d.node_id and n.dead_at is null
           group by d.connection having min(d.since) <= now() - make_interval(secs => $1)
           order by d.connection limit 1000"#,
        for_seconds
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(|row| (row.connection, row.since)).collect())
}

/// When a source last sent an event; `None` if it never did.
///
/// # Errors
/// The database is unavailable.
pub async fn last_event_of(conn: &mut PgConnection, source: &str) -> Result<Option<Time>, StoreError> {
    let found = sqlx::query_scalar!(
        "select received_at from events where source = $1 order by source, id desc limit 1",
        source
    );
    Ok(found.fetch_optional(conn).await?)
}

/// Channels with what they know, for people who look.
///
/// # Errors
/// The database is unavailable.
pub async fn last_messages(pool: &PgPool) -> Result<Vec<(String, Time)>, StoreError> {
    let rows = sqlx::query!("select channel, told_at from notified where subject = '' order by channel limit 1000");
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.channel, row.told_at)).collect())
}
