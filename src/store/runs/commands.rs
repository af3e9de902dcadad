//! Commands for runs: recorded first, answered in the transaction that carries them out.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::{Actor, Message, RunId};
use crate::store::{StoreError, shard};

/// An unanswered command.
#[derive(Debug, Clone)]
pub struct OpenCommand {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Id of the run.
    pub run_id: RunId,
    /// The act, as JSON text.
    pub act: String,
    /// Who acts.
    pub actor: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// The [`crate::machine::Approval`] of a second person, as JSON text.
    pub approval: Option<String>,
}

/// A command to record.
#[derive(Debug)]
pub struct NewCommand<'a> {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Id of the run.
    pub run: RunId,
    /// The act, as JSON text.
    pub act: &'a str,
    /// Who acts.
    pub actor: &'a str,
    /// The reason given, if any.
    pub reason: Option<&'a str>,
}

/// A message to a run from another part of Stepwell.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Id of the run.
    pub run: RunId,
    /// The [`crate::machine::Message`], as JSON text.
    pub message: String,
    /// Who sends it.
    pub actor: String,
    /// The event that it delivers, and the execution of the `listen` that receives it. Each pair is delivered once.
    pub event: Option<(Uuid, i32)>,
    /// Whether to store it even if the run does not exist, because the commit that starts the run may come later.
    /// Otherwise it is dropped.
    pub is_kept: bool,
}

/// The answer to a command.
#[derive(Debug)]
pub struct Answer {
    /// Whether it was answered.
    pub answered: bool,
    /// Why it was refused, if it was.
    pub refusal: Option<String>,
}

/// Records a command. Returns false if there is no such run.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn insert(pool: &PgPool, command: &NewCommand<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into commands (id, shard, run_id, act, actor, reason)
         select $1, r.shard, r.id, $4::text::json, $5, $6 from runs r where r.shard = $2 and r.id = $3",
        command.id,
        shard(command.run),
        command.run,
        command.act,
        command.actor,
        command.reason
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the message that tells a run that its turn in a queue has come.
pub(super) fn turn(run: RunId) -> NewMessage {
    NewMessage {
        id: Uuid::now_v7(),
        run,
        message: serde_json::json!(Message::Turn {}).to_string(),
        actor: Actor::engine().0,
        event: None,
        is_kept: false,
    }
}

/// Stores messages for runs. Returns the runs that had not received them before. Messages for runs that do not exist
/// are dropped unless `is_kept` is set.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn tell(conn: &mut PgConnection, messages: &[&NewMessage]) -> Result<Vec<RunId>, StoreError> {
    let m = messages;
    Ok(sqlx::query_scalar!(
        "insert into commands (id, shard, run_id, act, actor, event_id, execution)
         select u.id, u.shard, u.run_id, u.message::json, u.actor, u.event_id, u.execution
         from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::integer[], $8::boolean[])
              as u (id, shard, run_id, message, actor, event_id, execution, is_kept)
         left join runs r on r.shard = u.shard and r.id = u.run_id
         where r.id is not null or u.is_kept
         on conflict (run_id, execution, event_id) where event_id is not null do nothing
         returning run_id",
        &m.iter().map(|m| m.id).collect::<Vec<_>>(),
        &m.iter().map(|m| shard(m.run)).collect::<Vec<_>>(),
        &m.iter().map(|m| m.run).collect::<Vec<_>>(),
        &m.iter().map(|m| m.message.as_str()).collect::<Vec<_>>() as &[&str],
        &m.iter().map(|m| m.actor.as_str()).collect::<Vec<_>>() as &[&str],
        &m.iter().map(|m| m.event.map(|(id, _)| id)).collect::<Vec<_>>() as &[Option<Uuid>],
        &m.iter().map(|m| m.event.map(|(_, execution)| execution)).collect::<Vec<_>>() as &[Option<i32>],
        &m.iter().map(|m| m.is_kept).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes messages kept for runs that never started.
///
/// # Errors
/// The database is unavailable.
pub async fn forget_unborn(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from commands c where c.answered_at is null and c.created_at < now() - interval '1 day'
         and not exists (select from runs r where r.shard = c.shard and r.id = c.run_id)"
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Returns the answer to a command.
///
/// # Errors
/// The database is unavailable.
pub async fn answer_of(pool: &PgPool, id: Uuid) -> Result<Option<Answer>, StoreError> {
    Ok(sqlx::query_as!(
        Answer,
        r#"select answered_at is not null as "answered!", refusal from commands where id = $1"#,
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// Returns open commands for runs that this node owns, oldest first.
///
/// # Errors
/// The database is unavailable.
pub async fn open_for_node(pool: &PgPool, node: Uuid, limit: i64) -> Result<Vec<OpenCommand>, StoreError> {
    Ok(sqlx::query_as!(
        OpenCommand,
        // Open commands are few and owned runs are many, so the plan must begin with the commands, whatever the
        // statistics.
        r#"with open as materialized (
               select id, shard, run_id, act, actor, reason, approval from commands where answered_at is null limit 10000)
           select c.id as "id!", c.run_id as "run_id!", c.act::text as "act!", c.actor as "actor!", c.reason,
                  c.approval::text as approval
           from open c join runs r on r.shard = c.shard and r.id = c.run_id
           where r.owner is not distinct from $1 order by c.id limit $2"#,
        node,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Returns open commands for these runs, oldest first per run.
///
/// # Errors
/// The database is unavailable.
pub async fn open_for_runs(pool: &PgPool, runs: &[RunId]) -> Result<Vec<OpenCommand>, StoreError> {
    Ok(sqlx::query_as!(
        OpenCommand,
        r#"select c.id, c.run_id, c.act::text as "act!", c.actor, c.reason, c.approval::text as approval
           from unnest($1::uuid[]) as u (run_id)
           cross join lateral (select * from commands where run_id = u.run_id and answered_at is null order by id limit 100) c"#,
        runs
    )
    .fetch_all(pool)
    .await?)
}

/// Makes unowned runs with open commands due, and refuses commands for closed runs. Returns the number of runs woken.
///
/// # Errors
/// The database is unavailable.
pub async fn wake_commanded(pool: &PgPool) -> Result<u64, StoreError> {
    sqlx::query!(
        // A closed run can still be undone with its parent or restarted, so it answers those messages itself. Compared
        // as text, because a JSON operator would fail for all rows if Postgres could not parse one.
        "with open as materialized (
                  select id, shard, run_id from commands where answered_at is null and act::text not like all (array['{\"stop\":%', '{\"restarted\":%'])
                  limit 10000 for update skip locked),
              late as materialized (
                  select o.id, r.status from open o join runs r on r.shard = o.shard and r.id = o.run_id
                  where r.finished_at is not null)
         update commands c set answered_at = now(), refusal = 'the run is ' || l.status || ' and accepts nothing more'
         from late l where c.id = l.id"
    )
    .execute(pool)
    .await?;
    let woken = sqlx::query!(
        // Skips locked rows: the transaction that holds one is changing the run now, and the next pass finds the rest.
        "with open as materialized (
                  select distinct shard, run_id from commands where answered_at is null limit 10000),
              asleep as materialized (
                  select r.shard, r.id from open c join runs r on r.shard = c.shard and r.id = c.run_id
                  where r.owner is null and (r.wake_at is null or r.wake_at > now())
                  order by r.shard, r.id for update of r skip locked)
         update runs r set wake_at = now() from asleep a where r.shard = a.shard and r.id = a.id"
    )
    .execute(pool)
    .await?;
    Ok(woken.rows_affected())
}

/// Answers commands. `None` means done, a text is the reason for refusing.
///
/// # Errors
/// The database is unavailable.
pub async fn answer(conn: &mut PgConnection, answers: &[(Uuid, Option<String>)]) -> Result<(), StoreError> {
    sqlx::query!(
        "update commands c set answered_at = now(), refusal = u.refusal
         from unnest($1::uuid[], $2::text[]) as u (id, refusal) where c.id = u.id and c.answered_at is null",
        &answers.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        &answers.iter().map(|(_, refusal)| refusal.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
    )
    .execute(&mut *conn)
    .await?;
    let refused: Vec<Uuid> = answers.iter().filter(|(_, refusal)| refusal.is_some()).map(|(id, _)| *id).collect();
    if !refused.is_empty() {
        // An event that came too late for one `listen` may match the next, so listeners check again for events that
        // they missed.
        sqlx::query!(
            "update listeners l set checked = false from commands c
             where c.id = any($1) and c.event_id is not null and l.shard = c.shard and l.run_id = c.run_id",
            &refused
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}
