//! Bulk acts: one act over many runs, told page after page by whichever node comes first.
//!
//! **Invariant.** Whoever changes a bulk act or its items holds the row of the bulk act. The transaction that marks an item as told writes
//! its command, which has the item's id: so each run is acted on once, whatever dies in between.

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

/// Who must still be allowed to act for a bulk act to go on; nobody, of somebody who can open the database.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whose {
    /// A user.
    pub user: Option<Uuid>,
    /// A token.
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

/// A bulk act on its way in.
#[derive(Debug)]
pub struct NewBulk<'a> {
    /// UUIDv7. The same again is the same bulk act.
    pub id: Uuid,
    /// What to do.
    pub act: &'a Act,
    /// The filter as it was written.
    pub filter: &'a Value,
    /// Whether more runs fitted.
    pub more: bool,
    /// After how many runs it waits for a person.
    pub trial: Option<i32>,
    /// Acts a second.
    pub rate: Option<f64>,
    /// Who must still be allowed to act.
    pub whose: Whose,
    /// The runs in order. Of one that needs a person, its number of journal rows: once that has changed, it is left alone.
    pub runs: &'a [(RunId, Option<i32>)],
}

/// Records a bulk act with its runs; false if it is there already.
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

/// Whether any bulk act has something to do. Where none has, a look costs this question.
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

/// A bulk act that may go on now.
#[derive(Debug)]
pub struct Due {
    /// Which one.
    pub id: Uuid,
    /// JSON text of the act.
    pub act: String,
    /// In whose name.
    pub acts_as: String,
    /// Why.
    pub reason: Option<String>,
    /// Runs that were told before.
    pub told: i32,
    /// Runs that may be told now; it may be negative.
    pub allowed: i32,
    /// Whether they may still act.
    pub permitted: bool,
    /// When it was asked for.
    pub created_at: Time,
}

/// Running bulk acts whose rate allows a run now, oldest first. Each has at most `open_max` runs that have not answered; one that has not
/// for a minute holds up no others.
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

/// A run that comes next.
#[derive(Debug)]
pub struct NextItem {
    /// Its place, from 1.
    pub place: i32,
    /// Id of its command.
    pub id: Uuid,
    /// Which run.
    pub run: RunId,
    /// What it runs; none if there is no such run any more.
    pub definition_id: Option<i32>,
    /// Number of journal rows that it must still have.
    pub seq: Option<i32>,
    /// Whether it stands where it stood when it was chosen.
    pub stands: bool,
}

/// The runs behind the first `told`.
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

/// Days after its end that a bulk act is kept.
pub const KEPT_DAYS: i32 = 90;

/// Forgets bulk acts that ended long ago. Journals and the record of acts keep who did what and why.
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
