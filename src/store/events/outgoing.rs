//! Outgoing events, stored in the transaction of the step that emits them.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::store::StoreError;

/// An event to deliver.
#[derive(Debug, Clone)]
pub struct NewOutgoing {
    /// Unique id. A second insert with the same id is ignored.
    pub id: Uuid,
    /// The CloudEvent as JSON text.
    pub event: String,
    /// Name of the sink; `None` for this hub itself.
    pub sink: Option<String>,
}

/// An event taken for delivery.
#[derive(Debug)]
pub struct Taken {
    /// As in [`NewOutgoing`].
    pub id: Uuid,
    /// The CloudEvent as JSON text.
    pub event: String,
    /// Name of the sink; `None` for this hub itself.
    pub sink: Option<String>,
    /// Number of delivery attempts, including this one.
    pub attempts: i32,
}

/// Stores events for delivery, unless they are already stored.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn insert(conn: &mut PgConnection, events: &[&NewOutgoing]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into outgoing (id, event, sink)
         select u.id, u.event::json, u.sink from unnest($1::uuid[], $2::text[], $3::text[]) as u (id, event, sink)
         on conflict (id) do nothing",
        &events.iter().map(|e| e.id).collect::<Vec<_>>(),
        &events.iter().map(|e| e.event.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.sink.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Claims due events for a sink, oldest first; `None` is this hub itself. A claim lasts as long as a delivery may take:
/// two minutes to a sink, which may be slow, ten seconds to this hub.
///
/// # Errors
/// The database is unavailable.
pub async fn take(pool: &PgPool, sink: Option<&str>, limit: i64) -> Result<Vec<Taken>, StoreError> {
    Ok(sqlx::query_as!(
        Taken,
        r#"update outgoing o set attempts = o.attempts + 1,
                  due_at = now() + case when o.sink is null then interval '10 seconds' else interval '2 minutes' end
           from (select id from outgoing where coalesce(sink, '') = $1 and due_at <= now()
                 order by due_at limit $2 for update skip locked) as due
           where o.id = due.id returning o.id, o.event::text as "event!", o.sink, o.attempts"#,
        sink.unwrap_or_default(),
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns the sinks that have pending events, even if `hub.yaml` no longer has them. Uses a loose index scan.
///
/// # Errors
/// The database is unavailable.
pub async fn sinks(pool: &PgPool) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"with recursive sinks as (
               (select coalesce(sink, '') as name from outgoing order by coalesce(sink, '') limit 1)
               union all
               select (select coalesce(o.sink, '') from outgoing o where coalesce(o.sink, '') > s.name
                       order by coalesce(o.sink, '') limit 1)
               from sinks s where s.name is not null)
           select name as "name!" from sinks where name is not null and name <> ''"#
    )
    .fetch_all(pool)
    .await?)
}

/// Events for a sink that failed at least once.
#[derive(Debug)]
pub struct Waiting {
    /// Number of events, at most a thousand.
    pub count: i64,
    /// Error of the latest attempt.
    pub error: Option<String>,
}

/// Returns the number of failed events for a sink, and the latest error.
///
/// # Errors
/// The database is unavailable.
pub async fn waiting(pool: &PgPool, sink: &str) -> Result<Waiting, StoreError> {
    Ok(sqlx::query_as!(
        Waiting,
        r#"select count(*) as "count!", (array_agg(error order by due_at desc))[1] as error
           from (select error, due_at from outgoing where coalesce(sink, '') = $1 and error is not null
                 order by due_at desc limit 1000) o"#,
        sink
    )
    .fetch_one(pool)
    .await?)
}

/// Deletes an event that was delivered.
///
/// # Errors
/// The database is unavailable.
pub async fn done(pool: &PgPool, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from outgoing where id = $1", id).execute(pool).await?;
    Ok(())
}

/// Records a failed delivery, to be retried after `after_seconds`.
///
/// # Errors
/// The database is unavailable.
pub async fn failed(pool: &PgPool, id: Uuid, after_seconds: f64, error: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update outgoing set due_at = now() + make_interval(secs => $2), error = $3 where id = $1",
        id,
        after_seconds,
        error
    )
    .execute(pool)
    .await?;
    Ok(())
}
