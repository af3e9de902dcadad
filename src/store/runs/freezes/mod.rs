//! Freezes, and the runs that wait for their end.

mod running;

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::machine::{Act, Actor, Approval, RunId, Time};
use crate::store::acts::{self, By};
use crate::store::audit::Sealed;
use crate::store::{StoreError, shard};

pub use running::{note_suspended, suspend};

/// What a freeze holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Holds {
    /// Runs that events start, of the workflows and of those that start them.
    #[default]
    Events,
    /// Every new run of the workflows, whatever starts it.
    Starts,
    /// The same, and the next step of every run in progress.
    Steps,
}

impl Holds {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Events, Self::Starts, Self::Steps];

    /// As in the API and the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Starts => "starts",
            Self::Steps => "steps",
        }
    }
}

impl std::str::FromStr for Holds {
    type Err = crate::machine::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|holds| holds.as_str() == text);
        found.ok_or_else(|| crate::machine::UnknownName::of(text, &Self::ALL.map(Self::as_str)))
    }
}

/// A freeze.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Freeze {
    /// UUIDv7.
    pub id: Uuid,
    /// `namespace/name` of each frozen workflow.
    pub workflows: Vec<String>,
    /// Connections: workflows that call one, or start others that do, are frozen too.
    pub connections: Vec<String>,
    /// `events`, `starts` or `steps`: see [`Holds`].
    pub holds: String,
    /// Why.
    pub reason: String,
    /// Who froze.
    pub actor: String,
    /// Since when.
    pub created_at: Time,
    /// When it ends by itself.
    pub until: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Who ended it.
    pub ended_by: Option<String>,
    /// Why.
    pub end_reason: Option<String>,
    /// With `steps`: when every run that was in progress had been told to wait.
    pub suspended_at: Option<Time>,
    /// When the last run that waited for it continued.
    pub released_at: Option<Time>,
    /// Runs that wait for its end; counted up to 1,000.
    pub waiting: i64,
}

/// A freeze on its way in.
#[derive(Debug)]
pub struct NewFreeze<'a> {
    /// As in [`Freeze`].
    pub workflows: &'a [String],
    /// As in [`Freeze`].
    pub connections: &'a [String],
    /// As in [`Freeze`].
    pub until: Option<Time>,
    /// What it holds back.
    pub holds: Holds,
}

impl Freeze {
    /// Whether it pauses its workflows: it holds back every new run of them, and not only those that events start.
    #[must_use]
    pub fn is_pause(&self) -> bool {
        self.holds != Holds::Events.as_str()
    }
}

/// Freezes that still hold runs back, oldest first.
///
/// # Errors
/// The database is away.
pub async fn unreleased(pool: &PgPool) -> Result<Vec<Freeze>, StoreError> {
    Ok(sqlx::query_as!(
        Freeze,
        r#"select id, workflows, connections, reason, actor, created_at, until, ended_at, ended_by, end_reason, suspended_at, released_at, coalesce(holds, 'events') as "holds!",
                  0::bigint as "waiting!"
           from freezes where released_at is null order by id limit 1000"#
    )
    .fetch_all(pool)
    .await?)
}

/// The freezes that hold runs back now. None begins until the transaction ends: an answer that a freeze holds has waited for every
/// run that was started without it.
///
/// # Errors
/// The database is away.
pub async fn in_force(conn: &mut PgConnection) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(r#"select freezes_in_force() as "freezes!""#).fetch_one(conn).await?)
}

/// Freezes, latest first, those before `before`.
///
/// # Errors
/// The database is away.
pub async fn list(pool: &PgPool, before: Option<Uuid>, limit: i64) -> Result<Vec<Freeze>, StoreError> {
    Ok(sqlx::query_as!(
        Freeze,
        r#"select id, workflows, connections, reason, actor, created_at, until, ended_at, ended_by, end_reason, suspended_at, released_at, coalesce(holds, 'events') as "holds!",
                  (select count(*) from (select from frozen where freeze_id = f.id limit 1000) as waiting) as "waiting!"
           from freezes f where $1::uuid is null or id < $1 order by id desc limit $2"#,
        before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// One freeze.
///
/// # Errors
/// The database is away.
pub async fn find(pool: &PgPool, id: Uuid) -> Result<Option<Freeze>, StoreError> {
    Ok(sqlx::query_as!(
        Freeze,
        r#"select id, workflows, connections, reason, actor, created_at, until, ended_at, ended_by, end_reason, suspended_at, released_at, coalesce(holds, 'events') as "holds!",
                  (select count(*) from (select from frozen where freeze_id = f.id limit 1000) as waiting) as "waiting!"
           from freezes f where id = $1"#,
        id
    )
    .fetch_optional(pool)
    .await?)
}

/// Begins a freeze. It waits for transactions that start runs, up to three seconds: then one of them hangs, and the freeze could not be
/// promised.
///
/// # Errors
/// The database is away, refuses a value, or such a transaction does not end.
pub async fn create(pool: &PgPool, new: &NewFreeze<'_>, by: By<'_>) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let mut transaction = pool.begin().await?;
    sqlx::query!("select set_config('lock_timeout', '3s', true)").fetch_one(&mut *transaction).await?;
    sqlx::query!("select pg_advisory_xact_lock(7238424)").fetch_one(&mut *transaction).await?;
    sqlx::query!(
        "insert into freezes (id, workflows, connections, reason, actor, until, holds)
         values ($1, $2, $3, $4, $5, $6, nullif($7, 'events'))",
        id,
        new.workflows,
        new.connections,
        by.reason.unwrap_or_default(),
        by.actor.0,
        new.until,
        new.holds.as_str()
    )
    .execute(&mut *transaction)
    .await?;
    let detail = serde_json::json!({ "workflows": new.workflows, "connections": new.connections, "until": new.until,
                                     "holds": new.holds.as_str() });
    let changed = vec![(Sealed::Freezes, id.to_string())];
    acts::record_change(&mut transaction, by, "freeze.create", &id.to_string(), Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(id)
}

/// Ends a freeze; false if it has ended, or there is none.
///
/// # Errors
/// The database is away.
pub async fn end(pool: &PgPool, id: Uuid, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let ended = sqlx::query!(
        "update freezes set ended_at = now(), ended_by = $2, end_reason = $3 where id = $1 and ended_at is null",
        id,
        by.actor.0,
        by.reason
    )
    .execute(&mut *transaction)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    let changed = vec![(Sealed::Freezes, id.to_string())];
    acts::record_change(&mut transaction, by, "freeze.end", &id.to_string(), None, changed).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Ends freezes whose time has come.
///
/// # Errors
/// The database is away.
pub async fn expire(pool: &PgPool) -> Result<(), StoreError> {
    let engine = Actor::engine();
    let mut transaction = pool.begin().await?;
    let ended = sqlx::query_scalar!(
        "update freezes set ended_at = until, ended_by = $1, end_reason = 'its time was over'
         where released_at is null and ended_at is null and until <= now() returning id",
        engine.0
    )
    .fetch_all(&mut *transaction)
    .await?;
    for id in ended {
        let by = By { actor: &engine, reason: Some("its time was over") };
        let changed = vec![(Sealed::Freezes, id.to_string())];
        acts::record_change(&mut transaction, by, "freeze.end", &id.to_string(), None, changed).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Runs that wait for the end of a freeze from now on.
///
/// # Errors
/// The database is away.
pub(super) async fn hold(conn: &mut PgConnection, frozen: &[(RunId, Uuid)]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into frozen (run_id, freeze_id) select * from unnest($1::uuid[], $2::uuid[]) on conflict do nothing",
        &frozen.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &frozen.iter().map(|(_, freeze)| *freeze).collect::<Vec<_>>()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Runs that no longer wait for a freeze: a person resumed them.
///
/// # Errors
/// The database is away.
pub(super) async fn let_go(conn: &mut PgConnection, runs: &[RunId]) -> Result<(), StoreError> {
    sqlx::query!("delete from frozen where run_id = any($1)", runs).execute(conn).await?;
    Ok(())
}

/// A run waits for no freeze any more, but for a person.
///
/// # Errors
/// The database is away.
pub async fn let_go_of(pool: &PgPool, run: RunId) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    let_go(&mut connection, &[run]).await
}

/// A run whose freeze has ended.
#[derive(Debug)]
pub struct Thawed {
    /// The run.
    pub run: RunId,
    /// What it runs.
    pub definition_id: i32,
}

/// Runs whose freeze has ended, in the order in which they came. Those behind `after`.
///
/// # Errors
/// The database is away.
pub async fn thawed(pool: &PgPool, freeze: Uuid, after: Option<RunId>, limit: i64) -> Result<Vec<Thawed>, StoreError> {
    Ok(sqlx::query_as!(
        Thawed,
        r#"select f.run_id as run, r.definition_id
           from frozen f join runs r on r.shard = get_byte(uuid_send(f.run_id), 15)::smallint and r.id = f.run_id
           where f.freeze_id = $1 and f.told_at is null and f.run_id > $2 order by f.run_id limit $3"#,
        freeze,
        after.unwrap_or_default(),
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Freezes that have ended while runs still wait for them. A node that did not know of the end in time may add some at any time.
///
/// # Errors
/// The database is away.
pub async fn ended_with_runs(pool: &PgPool) -> Result<Vec<Freeze>, StoreError> {
    Ok(sqlx::query_as!(
        Freeze,
        r#"select z.id, z.workflows, z.connections, z.reason, z.actor, z.created_at, z.until, z.ended_at, z.ended_by, z.end_reason,
                  z.suspended_at, z.released_at, coalesce(z.holds, 'events') as "holds!", 0::bigint as "waiting!"
           from (select distinct freeze_id from frozen where told_at is null) as f join freezes z on z.id = f.freeze_id
           where z.ended_at is not null order by z.id"#
    )
    .fetch_all(pool)
    .await?)
}

/// Runs wait for another freeze now.
///
/// # Errors
/// The database is away.
pub async fn hand_over(pool: &PgPool, runs: &[RunId], freeze: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update frozen set freeze_id = $2 where run_id = any($1)", runs, freeze).execute(pool).await?;
    Ok(())
}

/// Lets runs continue: each is resumed in the name of the person who ended the freeze, and they are claimed in the order in which they
/// came. Of several nodes that try, one does it.
///
/// # Errors
/// The database is away.
pub async fn release(pool: &PgPool, freeze: &Freeze, runs: &[RunId]) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    let mut freed = sqlx::query_scalar!(
        "update frozen set told_at = now() where run_id = any($1) and freeze_id = $2 and told_at is null returning run_id",
        runs,
        freeze.id
    )
    .fetch_all(&mut *transaction)
    .await?;
    freed.sort_unstable();
    let shards: Vec<i16> = freed.iter().map(|run| shard(*run)).collect();
    sqlx::query!(
        "with free as materialized (
             select r.shard, r.id from unnest($1::smallint[], $2::uuid[]) as u (shard, id)
             join runs r on r.shard = u.shard and r.id = u.id
             where r.owner is null and r.finished_at is null order by r.shard, r.id for no key update of r)
         update runs r set wake_at = r.created_at from free f where r.shard = f.shard and r.id = f.id",
        &shards,
        &freed
    )
    .execute(&mut *transaction)
    .await?;
    let ids: Vec<Uuid> = freed.iter().map(|_| Uuid::now_v7()).collect();
    sqlx::query!(
        "insert into commands (id, shard, run_id, act, actor, reason, approval)
         select u.id, r.shard, r.id, $4::text::json, $5, $6, $7::text::json
         from unnest($1::uuid[], $2::smallint[], $3::uuid[]) as u (id, shard, run_id)
         join runs r on r.shard = u.shard and r.id = u.run_id where r.finished_at is null",
        &ids,
        &shards,
        &freed,
        serde_json::json!(Act::Resume).to_string(),
        freeze.ended_by.as_deref().unwrap_or_default(),
        freeze.end_reason,
        serde_json::json!(Approval::of_freeze(freeze.id)).to_string()
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

/// Forgets runs that were told to continue, and have ended or gone on without saying so.
///
/// # Errors
/// The database is away.
pub async fn forget_begun(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from frozen f using runs r
         where f.told_at is not null and r.shard = get_byte(uuid_send(f.run_id), 15)::smallint and r.id = f.run_id
           and r.status <> 'suspended'"
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Notes the freezes for which no run waits any more.
///
/// # Errors
/// The database is away.
pub async fn note_released(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "update freezes f set released_at = now()
         where released_at is null and ended_at is not null and not exists (select from frozen z where z.freeze_id = f.id)"
    )
    .execute(pool)
    .await?;
    Ok(())
}
