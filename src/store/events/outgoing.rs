//! Events on their way out, written with the step that sent them.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::store::StoreError;

/// An event to deliver.
#[derive(Debug, Clone)]
pub struct NewOutgoing {
    /// Unique; an event that was noticed before has the same one.
    pub id: Uuid,
    /// JSON text of the CloudEvent.
    pub event: String,
    /// Name of the sink; none is this hub itself.
    pub sink: Option<String>,
}

/// An event taken for delivery.
#[derive(Debug)]
pub struct Taken {
    /// As in [`NewOutgoing`].
    pub id: Uuid,
    /// JSON text of the CloudEvent.
    pub event: String,
    /// Name of the sink; none is this hub itself.
    pub sink: Option<String>,
    /// Deliveries tried, this one included.
    pub attempts: i32,
}

/// Notes events to deliver; one that is under way already stays as it is.
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

/// Takes events for a sink that are due, oldest first; no name is this hub itself. Until the delivery must have ended nobody else
/// does: a sink may be slow, this hub is not.
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

/// The sinks for which there are events, also those that `hub.yaml` does not name any more. From one the index leads on to the next.
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

/// What waits for a sink although it was tried.
#[derive(Debug)]
pub struct Waiting {
    /// How many, at most a thousand.
    pub count: i64,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// What waits for a sink although it was tried.
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

/// The event arrived.
///
/// # Errors
/// The database is unavailable.
pub async fn done(pool: &PgPool, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from outgoing where id = $1", id).execute(pool).await?;
    Ok(())
}

/// The event did not arrive; it is tried again after so many seconds.
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
