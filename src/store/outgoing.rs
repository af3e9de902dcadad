//! Events on their way out, written with the step that sent them.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::StoreError;

/// An event to deliver.
#[derive(Debug, Clone)]
pub struct NewOutgoing {
    /// UUIDv7.
    pub id: Uuid,
    /// JSON text of the CloudEvent.
    pub event: String,
    /// Name of the sink; none is this hub itself.
    pub sink: Option<String>,
}

/// An event taken for delivery.
#[derive(Debug)]
pub struct Taken {
    /// UUIDv7.
    pub id: Uuid,
    /// JSON text of the CloudEvent.
    pub event: String,
    /// Name of the sink; none is this hub itself.
    pub sink: Option<String>,
    /// Deliveries tried, this one included.
    pub attempts: i32,
}

/// Notes events to deliver.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn insert(conn: &mut PgConnection, events: &[&NewOutgoing]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into outgoing (id, event, sink)
         select u.id, u.event::json, u.sink from unnest($1::uuid[], $2::text[], $3::text[]) as u (id, event, sink)",
        &events.iter().map(|e| e.id).collect::<Vec<_>>(),
        &events.iter().map(|e| e.event.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.sink.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes events that are due, oldest first. Until the delivery must have ended nobody else does: a sink may be slow, this
/// hub is not.
///
/// # Errors
/// The database is away.
pub async fn take(pool: &PgPool, limit: i64) -> Result<Vec<Taken>, StoreError> {
    Ok(sqlx::query_as!(
        Taken,
        r#"update outgoing o set attempts = o.attempts + 1,
                  due_at = now() + case when o.sink is null then interval '10 seconds' else interval '2 minutes' end
           from (select id from outgoing where due_at <= now() order by due_at limit $1 for update skip locked) as due
           where o.id = due.id returning o.id, o.event::text as "event!", o.sink, o.attempts"#,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// The event arrived.
///
/// # Errors
/// The database is away.
pub async fn done(pool: &PgPool, id: Uuid) -> Result<(), StoreError> {
    sqlx::query!("delete from outgoing where id = $1", id).execute(pool).await?;
    Ok(())
}

/// The event did not arrive; it is tried again after so many seconds.
///
/// # Errors
/// The database is away.
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
