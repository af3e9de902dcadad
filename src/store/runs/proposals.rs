//! Acts that a second person must approve. A proposal is open until one transaction decides it; an approval also
//! records the command that nodes carry out. Each step is recorded as an act.

use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::dsl::WorkflowRef;
use crate::machine::{Act, Actor, Approval, RunId, Time};
use crate::store::acts::{self, By};
use crate::store::audit::{RowKey, Sealed};
use crate::store::{StoreError, shard};

/// A proposal to record.
#[derive(Debug)]
pub struct NewProposal<'a> {
    /// Id of the run.
    pub run: RunId,
    /// The act, including the step that it is about.
    pub act: &'a Act,
    /// Hash of the act.
    pub digest: [u8; 32],
    /// The step that the run is at.
    pub step: Option<&'a str>,
    /// The value that the act would replace.
    pub before: Option<&'a Value>,
    /// Seconds until it expires.
    pub lasts: f64,
}

/// A proposal and its decision.
#[derive(Debug, Clone)]
pub struct ProposalRow {
    /// Id, a UUIDv7; its command has the same id.
    pub id: Uuid,
    /// Id of the run.
    pub run_id: RunId,
    /// Id of the run's definition.
    pub definition_id: i32,
    /// Namespace of the run's workflow.
    pub namespace: String,
    /// Name of the run's workflow.
    pub name: String,
    /// Version of the run's workflow.
    pub version: String,
    /// The run's business key.
    pub key: Option<String>,
    /// The proposed act.
    pub act: Value,
    /// The step that the run was at, with its execution.
    pub step: Option<String>,
    /// The value that the act would replace.
    pub before: Option<Value>,
    /// Who proposed it.
    pub actor: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Time of the proposal.
    pub created_at: Time,
    /// Time until which it can be approved.
    pub expires_at: Time,
    /// State: `open`, `approved` (but not carried out yet), `done`, `refused`, `declined`, `withdrawn`, `lapsed` or
    /// `ended`.
    pub state: String,
    /// Actor who decided.
    pub decided_by: Option<String>,
    /// Time of the decision.
    pub decided_at: Option<Time>,
    /// The reason given for the decision, if any.
    pub decision_reason: Option<String>,
    /// Why the run refused the act.
    pub refusal: Option<String>,
}

impl ProposalRow {
    /// Returns the workflow of the run.
    #[must_use]
    pub fn workflow(&self) -> WorkflowRef {
        WorkflowRef { namespace: self.namespace.clone(), name: self.name.clone(), version: self.version.clone() }
    }
}

/// Selects proposals.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProposalFilter {
    /// Only this proposal.
    pub id: Option<Uuid>,
    /// Only proposals for this run.
    pub run: Option<RunId>,
    /// Only proposals that can be approved.
    pub open: bool,
    /// Only proposals before this one.
    pub before: Option<Uuid>,
}

/// Lists proposals, newest first.
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

/// Maximum number that is counted.
const COUNTED_MAX: i64 = 10_000;

/// Counts the proposals that can be approved.
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

/// Records a proposal, unless the same person has proposed the same act for this run and it is open. Returns the id of
/// the open one, or `None` if there is no such run.
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
    /// Id of the new proposal; `None` if one was already open.
    id: Option<Uuid>,
    run: RunId,
    act: Value,
}

/// Like [`propose`], but leaves recording the act to [`tell_made`] at the end of the transaction, because that locks
/// the chain of acts.
pub(super) async fn propose_in(
    conn: &mut PgConnection,
    new: &NewProposal<'_>,
    by: By<'_>,
) -> Result<(Option<Uuid>, Made), StoreError> {
    // An expired proposal must not block a new one.
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

/// Records what [`propose_in`] did. Must be among the last things that a transaction does.
pub(super) async fn tell_made(conn: &mut PgConnection, made: Made, by: By<'_>) -> Result<(), StoreError> {
    tell_closed(conn, made.closed).await?;
    let Some(id) = made.id else { return Ok(()) };
    let (told, subject) = (told(id, &made.act), made.run.to_string());
    acts::record_change(conn, by, "proposal.make", &subject, Some(&told), changed(id)).await
}

/// Approves a proposal and records its command. Returns false if it is not open, or its proposer asks.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn approve(pool: &PgPool, id: Uuid, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let approved = sqlx::query!(
        // `coalesce` matches no partial index, so the plan finds the row by id, whatever the statistics.
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

/// Declines a proposal, or withdraws it if its proposer asks. Returns false if it has been decided.
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

/// Closes proposals that expired undecided, and proposals for closed runs.
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

/// A proposal that expired or whose run closed.
struct Closed {
    id: Uuid,
    run_id: RunId,
    act: Value,
    ended: bool,
}

/// Closes them without recording it: [`tell_closed`] must come last, because it locks the chain of acts.
async fn close_stale_in(conn: &mut PgConnection, run: Option<RunId>) -> Result<Vec<Closed>, StoreError> {
    Ok(sqlx::query_as!(
        Closed,
        // Open proposals are few and runs are many, so the plan must begin with the proposals, whatever the statistics.
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
