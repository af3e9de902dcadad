//! Bulk acts: one act on many runs, carried out page by page by whichever node comes first.
//!
//! **Invariant.** A transaction that changes a bulk act or its items holds the row of the bulk act. The transaction
//! that marks an item as told also writes the item's command, which has the same id. So each run is acted on exactly
//! once, whichever node dies.

mod read;
mod steer;
mod tell;

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::machine::{Act, RunId, Time};
use crate::store::StoreError;
use crate::store::access::Principal;
use crate::store::acts::{self, By};

pub use read::{BulkRow, ItemRow, count_running, find, items, list};
pub use steer::{Steer, hold, steer};
pub use tell::{Page, Telling, settle, tell};

/// The user and token that must still have the right to act; neither for someone who can open the database.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whose {
    /// Id of the user.
    pub user: Option<Uuid>,
    /// Id of the token.
    pub token: Option<Uuid>,
}

impl From<Principal> for Whose {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::User { id } => Self { user: Some(id), token: None },
            Principal::Token { id, owner } => Self { user: owner, token: Some(id) },
            Principal::Local => Self::default(),
        }
    }
}

/// A bulk act to record.
#[derive(Debug)]
pub struct NewBulk<'a> {
    /// Id, a UUIDv7. Recording the same id twice has no effect.
    pub id: Uuid,
    /// The act for each run.
    pub act: &'a Act,
    /// The filter as given.
    pub filter: &'a Value,
    /// Whether more runs matched than the bulk act includes.
    pub more: bool,
    /// Number of runs after which it waits for a person to confirm.
    pub trial: Option<i32>,
    /// Maximum number of acts per second.
    pub rate: Option<f64>,
    /// The user and token that must still have the right to act.
    pub whose: Whose,
    /// The runs in order. For a run that needs attention, the number of its records: if that changes, the run is
    /// skipped.
    pub runs: &'a [(RunId, Option<i32>)],
}

/// Records a bulk act with its runs. Returns false if it exists.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn create(pool: &PgPool, new: &NewBulk<'_>, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let total = i32::try_from(new.runs.len()).unwrap_or(i32::MAX);
    let made = sqlx::query!(
        "insert into bulk_acts (id, act, filter, more, actor, reason, trial, rate, status, total, acts_as, user_id, token_id,
                                changed_by, finished_at)
         values ($1, $2::text::json, $3::text::json, $4, $5, $6, $7, $8, case when $9 = 0 then 'done' else 'running' end, $9, $5, $10,
                 $11, $5, case when $9 = 0 then now() end)
         on conflict (id) do nothing",
        new.id,
        json!(new.act).to_string(),
        new.filter.to_string(),
        new.more,
        by.actor.0,
        by.reason,
        new.trial,
        new.rate,
        total,
        new.whose.user,
        new.whose.token
    )
    .execute(&mut *transaction)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into bulk_items (bulk_id, place, id, run_id, seq)
         select $1, u.place, u.id, u.run_id, u.seq
         from unnest($2::uuid[], $3::uuid[], $4::integer[]) with ordinality as u (id, run_id, seq, place)",
        new.id,
        &new.runs.iter().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        &new.runs.iter().map(|(run, _)| *run).collect::<Vec<_>>(),
        &new.runs.iter().map(|(_, seq)| *seq).collect::<Vec<_>>() as &[Option<i32>]
    )
    .execute(&mut *transaction)
    .await?;
    let detail = json!({ "bulk": new.id, "filter": new.filter, "matched": total, "more": new.more, "trial": new.trial,
                         "per_second": new.rate });
    acts::record(&mut transaction, by, "runs.bulk", &format!("runs:{}", new.act.name()), Some(&detail)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Whether any bulk act has work to do; a cheap check before [`due`].
///
/// # Errors
/// The database is unavailable.
pub async fn is_pending(pool: &PgPool) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from bulk_acts where finished_at is null and status = 'running')
               or exists (select from bulk_items where told_at is not null and result is null) as "pending!""#
    )
    .fetch_one(pool)
    .await?)
}

/// A bulk act that can continue now.
#[derive(Debug)]
pub struct Due {
    /// Id of the bulk act.
    pub id: Uuid,
    /// The act, as JSON text.
    pub act: String,
    /// Actor in whose name the commands are written.
    pub acts_as: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Number of runs processed so far.
    pub told: i32,
    /// Number of runs that may be processed now; may be negative.
    pub allowed: i32,
    /// Whether the actor still has the right to act.
    pub permitted: bool,
    /// Time at which it was requested.
    pub created_at: Time,
}

/// Returns running bulk acts whose rate allows another run now, oldest first. Each may have `open_max` unanswered runs;
/// a run that has not answered for a minute no longer counts.
///
/// # Errors
/// The database is unavailable.
pub async fn due(pool: &PgPool, page: i32, open_max: i32) -> Result<Vec<Due>, StoreError> {
    Ok(sqlx::query_as!(
        Due,
        r#"with running as materialized (
               select id, act, acts_as, reason, told, total, trial, rate, next_at, user_id, token_id, created_at from bulk_acts
               where finished_at is null and status = 'running' order by id limit 100)
           select r.id as "id!", r.act::text as "act!", r.acts_as as "acts_as!", r.reason, r.told as "told!",
                  least($1::integer, r.total - r.told, case when r.trial > r.told then r.trial - r.told end,
                        $2::bigint - (select count(*) from (select from bulk_items i where i.bulk_id = r.id and i.result is null
                                                    and i.told_at > now() - interval '1 minute' limit $2) as o),
                        floor(least(1 + extract(epoch from now() - r.next_at)::float8 * r.rate, ceil(r.rate))))::integer as "allowed!",
                  (r.user_id is null or exists (select from users u where u.id = r.user_id and u.disabled_at is null
                       and u.deleted_at is null and u.scopes && array['operate', 'admin']))
                  and (r.token_id is null or exists (select from tokens t where t.id = r.token_id and t.revoked_at is null
                       and (t.expires_at is null or t.expires_at > now()) and t.scopes && array['operate', 'admin'])) as "permitted!",
                  r.created_at as "created_at!"
           from running r where r.next_at <= now() order by r.id"#,
        page,
        i64::from(open_max)
    )
    .fetch_all(pool)
    .await?)
}

/// The next run of a bulk act.
#[derive(Debug)]
pub struct NextItem {
    /// Position in the bulk act, from 1.
    pub place: i32,
    /// Id of its command.
    pub id: Uuid,
    /// Id of the run.
    pub run: RunId,
    /// Id of the run's definition; `None` if the run no longer exists.
    pub definition_id: Option<i32>,
    /// Number of journal records that it must still have.
    pub seq: Option<i32>,
    /// Whether the run is unchanged since it was chosen.
    pub stands: bool,
}

/// Returns the runs after the first `told`, which have been processed.
///
/// # Errors
/// The database is unavailable.
pub async fn next_items(pool: &PgPool, bulk: Uuid, told: i32, limit: i64) -> Result<Vec<NextItem>, StoreError> {
    Ok(sqlx::query_as!(
        NextItem,
        r#"select i.place, i.id, i.run_id as run, r.definition_id as "definition_id?", i.seq,
                  coalesce(i.seq is null or i.seq = r.seq, false) as "stands!"
           from bulk_items i
           left join runs r on r.shard = get_byte(uuid_send(i.run_id), 15)::smallint and r.id = i.run_id
           where i.bulk_id = $1 and i.place > $2 order by i.place limit $3"#,
        bulk,
        told,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Days for which a bulk act is kept after its end.
pub const KEPT_DAYS: i32 = 90;

/// Deletes bulk acts that ended more than [`KEPT_DAYS`] ago. Journals and acts still record who did what and why.
///
/// # Errors
/// The database is unavailable.
pub async fn forget_old(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from bulk_acts where id in (
             select id from bulk_acts where finished_at < now() - make_interval(days => $1) order by finished_at limit 100)",
        KEPT_DAYS
    )
    .execute(pool)
    .await?;
    Ok(())
}
