//! Acts that a second person must approve. A proposal is open until one transaction decides it; that of an approval also records
//! the command which nodes carry out. Each step is recorded among the acts that no journal tells.

use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::dsl::WorkflowRef;
use crate::machine::{Act, Actor, Approval, RunId, Time};
use crate::store::acts::{self, By};
use crate::store::audit::{RowKey, Sealed};
use crate::store::{StoreError, shard};

/// A proposal on its way in.
#[derive(Debug)]
pub struct NewProposal<'a> {
    /// The run.
    pub run: RunId,
    /// What, with the step that it means.
    pub act: &'a Act,
    /// Hash of the act.
    pub digest: [u8; 32],
    /// Where the run stands.
    pub step: Option<&'a str>,
    /// What the act would replace.
    pub before: Option<&'a Value>,
    /// How long it waits for a decision, in seconds.
    pub lasts: f64,
}

/// A proposal and its outcome.
#[derive(Debug, Clone)]
pub struct ProposalRow {
    /// UUIDv7; its command has the same.
    pub id: Uuid,
    /// The run.
    pub run_id: RunId,
    /// What the run runs.
    pub definition_id: i32,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The run's business key.
    pub key: Option<String>,
    /// What.
    pub act: Value,
    /// Where the run stood, with its execution.
    pub step: Option<String>,
    /// What the act would replace.
    pub before: Option<Value>,
    /// Who proposed it.
    pub actor: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub created_at: Time,
    /// Until when it can be approved.
    pub expires_at: Time,
    /// `open`, `approved` (no node has done it yet), `done`, `refused`, `declined`, `withdrawn`, `lapsed`, `ended`.
    pub state: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<Time>,
    /// Why.
    pub decision_reason: Option<String>,
    /// Why the run refused it, if it did.
    pub refusal: Option<String>,
}

impl ProposalRow {
    /// What its run runs.
    #[must_use]
    pub fn workflow(&self) -> WorkflowRef {
        WorkflowRef { namespace: self.namespace.clone(), name: self.name.clone(), version: self.version.clone() }
    }
}

/// Which proposals.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProposalFilter {
    /// This one.
    pub id: Option<Uuid>,
    /// Those of this run.
    pub run: Option<RunId>,
    /// Only those that can be approved.
    pub open: bool,
    /// Those before this one.
    pub before: Option<Uuid>,
}

/// Proposals, latest first.
///
/// # Errors
/// The database is unavailable.
pub async fn list(pool: &PgPool, filter: ProposalFilter, limit: i64) -> Result<Vec<ProposalRow>, StoreError> {
    Ok(sqlx::query_as!(
        ProposalRow,
        r#"select p.id, p.run_id, r.definition_id, d.namespace, d.name, d.version, r.key, p.act, p.step, p.before, p.actor, p.reason,
                  p.created_at, p.expires_at,
                  case when p.decision = 'approved' and c.refusal is not null then 'refused'
                       when p.decision = 'approved' and c.answered_at is not null then 'done'
                       when p.decision is not null then p.decision
                       when r.finished_at is not null then 'ended'
                       when p.expires_at <= now() then 'lapsed'
                       else 'open' end as "state!",
                  p.decided_by, p.decided_at, p.decision_reason, c.refusal as "refusal?"
           from proposals p
           join runs r on r.shard = p.shard and r.id = p.run_id
           join definitions d on d.id = r.definition_id
           left join commands c on c.id = p.id
           where ($1::uuid is null or p.id = $1) and ($2::uuid is null or p.run_id = $2)
             and (not $3 or p.decision is null and r.finished_at is null and p.expires_at > now())
             and ($4::uuid is null or p.id < $4)
           order by p.id desc limit $5"#,
        filter.id,
        filter.run,
        filter.open,
        filter.before,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Counting stops here.
const COUNTED_MAX: i64 = 10_000;

/// How many can be approved.
///
/// # Errors
/// The database is unavailable.
pub async fn count_open(pool: &PgPool) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select from proposals p join runs r on r.shard = p.shard and r.id = p.run_id
               where p.decision is null and p.expires_at > now() and r.finished_at is null limit $1) as open"#,
        COUNTED_MAX
    )
    .fetch_one(pool)
    .await?)
}

/// Records a proposal, unless the same person's same act of this run waits already; gives the id of the one that waits. None if
/// there is no such run.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn propose(pool: &PgPool, new: &NewProposal<'_>, by: By<'_>) -> Result<Option<Uuid>, StoreError> {
    let mut transaction = pool.begin().await?;
    let (id, made) = propose_in(&mut transaction, new, by).await?;
    tell_made(&mut transaction, made, by).await?;
    transaction.commit().await?;
    Ok(id)
}

/// What a transaction proposed, for [`tell_made`].
pub(super) struct Made {
    closed: Vec<Closed>,
    /// None if it waits already.
    id: Option<Uuid>,
    run: RunId,
    act: Value,
}

/// The same in a transaction that records it later, with [`tell_made`], for that takes the chain's lock.
pub(super) async fn propose_in(
    conn: &mut PgConnection,
    new: &NewProposal<'_>,
    by: By<'_>,
) -> Result<(Option<Uuid>, Made), StoreError> {
    // One whose time is over does not stand for a new one.
    let closed = close_stale_in(conn, Some(new.run)).await?;
    let act = json!(new.act);
    let made = sqlx::query_scalar!(
        "insert into proposals (id, shard, run_id, act, digest, step, before, actor, reason, expires_at)
         select $1, r.shard, r.id, $4::text::json, $5, $6, $7::text::json, $8, $9, now() + make_interval(secs => $10)
         from runs r where r.shard = $2 and r.id = $3
         on conflict (run_id, actor, digest) where decision is null do nothing returning id",
        Uuid::now_v7(),
        shard(new.run),
        new.run,
        act.to_string(),
        new.digest.as_slice(),
        new.step,
        new.before.map(Value::to_string),
        by.actor.0,
        by.reason,
        new.lasts
    )
    .fetch_optional(&mut *conn)
    .await?;
    let id = match made {
        Some(id) => Some(id),
        None => {
            sqlx::query_scalar!(
                "select id from proposals where run_id = $1 and actor = $2 and digest = $3 and decision is null",
                new.run,
                by.actor.0,
                new.digest.as_slice()
            )
            .fetch_optional(conn)
            .await?
        }
    };
    Ok((id, Made { closed, id: made, run: new.run, act }))
}

/// Records what [`propose_in`] did: among the last things that a transaction does.
pub(super) async fn tell_made(conn: &mut PgConnection, made: Made, by: By<'_>) -> Result<(), StoreError> {
    tell_closed(conn, made.closed).await?;
    let Some(id) = made.id else { return Ok(()) };
    let (told, subject) = (told(id, &made.act), made.run.to_string());
    acts::record_change(conn, by, "proposal.make", &subject, Some(&told), changed(id)).await
}

/// Approves a proposal and records its command; false if it is not open, or its proposer asks.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn approve(pool: &PgPool, id: Uuid, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let approved = sqlx::query!(
        // One row is found by its id, whatever the statistics: no partial index fits `coalesce`.
        r#"update proposals set decision = 'approved', decided_by = $2, decided_at = now(), decision_reason = $3
           where id = $1 and coalesce(decision, '') = '' and expires_at > now() and actor <> $2
           returning run_id, act, step"#,
        id,
        by.actor.0,
        by.reason
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(approved) = approved else { return Ok(false) };
    let approval = Approval { by: by.actor.clone(), reason: by.reason.map(str::to_owned), step: approved.step };
    sqlx::query!(
        "insert into commands (id, shard, run_id, act, actor, reason, approval)
         select p.id, p.shard, p.run_id, p.act, p.actor, p.reason, $2::text::json from proposals p where p.id = $1",
        id,
        json!(approval).to_string()
    )
    .execute(&mut *transaction)
    .await?;
    let told = told(id, &approved.act);
    let subject = approved.run_id.to_string();
    acts::record_change(&mut transaction, by, "proposal.approve", &subject, Some(&told), changed(id)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Declines a proposal, or withdraws it if its proposer asks; false if someone has decided before.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn decline(pool: &PgPool, id: Uuid, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let declined = sqlx::query!(
        r#"update proposals set decision = case when actor = $2 then 'withdrawn' else 'declined' end, decided_by = $2,
                  decided_at = now(), decision_reason = $3
           where id = $1 and coalesce(decision, '') = '' and expires_at > now()
           returning run_id, act, decision = 'withdrawn' as "withdrawn!""#,
        id,
        by.actor.0,
        by.reason
    )
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(declined) = declined else { return Ok(false) };
    let act = if declined.withdrawn { "proposal.withdraw" } else { "proposal.decline" };
    let told = told(id, &declined.act);
    acts::record_change(&mut transaction, by, act, &declined.run_id.to_string(), Some(&told), changed(id)).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Closes what nobody decided in time, and what was proposed for runs that have ended.
///
/// # Errors
/// The database is unavailable.
pub async fn close_stale(pool: &PgPool) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    let closed = close_stale_in(&mut transaction, None).await?;
    tell_closed(&mut transaction, closed).await?;
    transaction.commit().await?;
    Ok(())
}

/// A proposal that time or the end of its run closed.
struct Closed {
    id: Uuid,
    run_id: RunId,
    act: Value,
    ended: bool,
}

/// Closes them without a record: [`tell_closed`] comes last, for it takes the chain's lock.
async fn close_stale_in(conn: &mut PgConnection, run: Option<RunId>) -> Result<Vec<Closed>, StoreError> {
    Ok(sqlx::query_as!(
        Closed,
        // Open proposals are few, runs are many: the plan must begin with the proposals, whatever the statistics.
        r#"with open as materialized (
               select id, shard, run_id, expires_at from proposals
               where decision is null and ($1::uuid is null or run_id = $1) limit 10000),
           stale as materialized (
               select o.id, r.finished_at is not null as ended from open o
               left join runs r on r.shard = o.shard and r.id = o.run_id
               where r.finished_at is not null or o.expires_at <= now())
           update proposals p set decision = case when s.ended then 'ended' else 'lapsed' end, decided_by = $2, decided_at = now()
           from stale s where p.id = s.id and coalesce(p.decision, '') = ''
           returning p.id, p.run_id, p.act, s.ended as "ended!""#,
        run,
        Actor::engine().0
    )
    .fetch_all(&mut *conn)
    .await?)
}

async fn tell_closed(conn: &mut PgConnection, closed: Vec<Closed>) -> Result<(), StoreError> {
    for closed in closed {
        let (act, engine) = (if closed.ended { "proposal.end" } else { "proposal.lapse" }, Actor::engine());
        let (told, subject) = (told(closed.id, &closed.act), closed.run_id.to_string());
        acts::record_change(conn, By::from(&engine), act, &subject, Some(&told), changed(closed.id)).await?;
    }
    Ok(())
}

fn changed(id: Uuid) -> Vec<RowKey> {
    vec![(Sealed::Proposals, id.to_string())]
}

fn told(id: Uuid, act: &Value) -> Value {
    json!({ "proposal": id, "act": act["act"] })
}
