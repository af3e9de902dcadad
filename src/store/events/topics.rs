//! Topics that sources subscribe to: the node that owns each, and its position. A position is written in the
//! transaction of its event, and only by the owner: every write carries owner, fence and the expected sequence number.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::outgoing::{self, NewOutgoing};
use crate::machine::Time;
use crate::store::StoreError;

/// A topic of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId {
    /// Name of the source in `hub.yaml`.
    pub source: String,
    /// Name of the topic, such as `/data/AccountChangeEvent`.
    pub topic: String,
}

/// A topic that a node has claimed.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The topic.
    pub id: TopicId,
    /// Fence of this ownership.
    pub fence: i64,
}

/// Position from which a subscription continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Sequence number of the last write.
    pub seq: i64,
    /// Replay id of the last stored event; `None` before the first.
    pub replay_id: Option<Vec<u8>>,
    /// Whether a node has subscribed before.
    pub begun: bool,
}

/// The reason for writing a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An event is stored; with the time at which it happened.
    Event(Option<Time>),
    /// An event could not be decoded and is stored as rejected.
    Rejected,
    /// The stream has advanced without an event.
    Still,
    /// Salesforce rejected the replay id, so it is discarded.
    Lost,
}

/// A position to write.
#[derive(Debug, Clone)]
pub struct NewPosition {
    /// The topic.
    pub id: TopicId,
    /// The node that writes.
    pub owner: Uuid,
    /// Fence of its ownership.
    pub fence: i64,
    /// Sequence number of the previous write.
    pub seq_before: i64,
    /// Replay id after which the subscription continues.
    pub replay_id: Option<Vec<u8>>,
    /// The reason for the write.
    pub step: Step,
}

/// A topic as people see it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The topic.
    pub id: TopicId,
    /// Name of the node that owns it; `None` if no live node does.
    pub node: Option<String>,
    /// Replay id of the last stored event; `None` before the first.
    pub replay_id: Option<Vec<u8>>,
    /// Time at which that was last known to be the newest event.
    pub positioned_at: Option<Time>,
    /// Time since which the node is connected.
    pub connected_at: Option<Time>,
    /// Why it is not connected.
    pub problem: Option<String>,
    /// Time since which it has this problem.
    pub problem_at: Option<Time>,
    /// Time since which an event that cannot be decoded safely blocks it.
    pub stopped_at: Option<Time>,
    /// Number of times a node connected.
    pub connects: i64,
    /// Time at which the last event happened.
    pub event_at: Option<Time>,
    /// Time at which the last event was stored.
    pub received_at: Option<Time>,
    /// Number of stored events.
    pub events: i64,
    /// Number of those that could not be decoded.
    pub rejected: i64,
    /// Time at which the last of those arrived.
    pub rejected_at: Option<Time>,
    /// Number of times the replay id was rejected.
    pub losses: i64,
    /// Time at which it was last rejected.
    pub lost_at: Option<Time>,
}

/// Creates rows for topics that have none.
///
/// # Errors
/// The database is unavailable.
pub async fn declare(pool: &PgPool, topics: &[&TopicId]) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into topics (source, topic) select u.source, u.topic from unnest($1::text[], $2::text[]) as u (source, topic)
         order by 1, 2 on conflict do nothing",
        &topics.iter().map(|id| id.source.as_str()).collect::<Vec<_>>() as &[&str],
        &topics.iter().map(|id| id.topic.as_str()).collect::<Vec<_>>() as &[&str],
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Claims those of these topics that have no owner or a dead one, or that this node owns without knowing it.
///
/// # Errors
/// The database is unavailable.
pub async fn claim(pool: &PgPool, node: Uuid, topics: &[&TopicId]) -> Result<Vec<Claimed>, StoreError> {
    let rows = sqlx::query!(
        "update topics t set owner = $1, fence = t.fence + 1, connected_at = null
         from (select c.source, c.topic from unnest($2::text[], $3::text[]) as u (source, topic)
               join topics c on c.source = u.source and c.topic = u.topic
               where c.owner is null or c.owner = $1
                  or not exists (select from nodes n where n.id = c.owner and n.dead_at is null and n.expires_at > clock_timestamp())
               order by c.source, c.topic for update of c skip locked) as free
         where t.source = free.source and t.topic = free.topic
         returning t.source, t.topic, t.fence",
        node,
        &topics.iter().map(|id| id.source.as_str()).collect::<Vec<_>>() as &[&str],
        &topics.iter().map(|id| id.topic.as_str()).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(pool)
    .await?;
    let claimed = rows.into_iter();
    Ok(claimed.map(|row| Claimed { id: TopicId { source: row.source, topic: row.topic }, fence: row.fence }).collect())
}

/// Returns the position of a topic; `None` if this node no longer owns it.
///
/// # Errors
/// The database is unavailable.
pub async fn position(pool: &PgPool, owner: Uuid, claimed: &Claimed) -> Result<Option<Position>, StoreError> {
    Ok(sqlx::query_as!(
        Position,
        r#"select seq, replay_id, begun_at is not null as "begun!" from topics
           where source = $1 and topic = $2 and owner = $3 and fence = $4"#,
        claimed.id.source,
        claimed.id.topic,
        owner,
        claimed.fence
    )
    .fetch_optional(pool)
    .await?)
}

/// Records that the node is about to subscribe. Returns false if it no longer owns the topic.
///
/// # Errors
/// The database is unavailable.
pub async fn begun(pool: &PgPool, owner: Uuid, claimed: &Claimed) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update topics set begun_at = coalesce(begun_at, now())
         where source = $1 and topic = $2 and owner = $3 and fence = $4",
        claimed.id.source,
        claimed.id.topic,
        owner,
        claimed.fence
    );
    Ok(done.execute(pool).await?.rows_affected() > 0)
}

/// Records that the node is connected. Returns false if it no longer owns the topic. A blocked topic keeps its problem
/// until its position advances.
///
/// # Errors
/// The database is unavailable.
pub async fn connected(pool: &PgPool, owner: Uuid, claimed: &Claimed) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "update topics set connected_at = now(), connects = connects + 1,
                problem = case when stopped_at is null then null else problem end,
                problem_at = case when stopped_at is null then null else problem_at end
         where source = $1 and topic = $2 and owner = $3 and fence = $4",
        claimed.id.source,
        claimed.id.topic,
        owner,
        claimed.fence
    );
    Ok(done.execute(pool).await?.rows_affected() > 0)
}

/// Records why the subscription fails.
///
/// # Errors
/// The database is unavailable.
pub async fn troubled(pool: &PgPool, owner: Uuid, claimed: &Claimed, problem: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update topics set connected_at = null, problem = $5, problem_at = coalesce(problem_at, now())
         where source = $1 and topic = $2 and owner = $3 and fence = $4",
        claimed.id.source,
        claimed.id.topic,
        owner,
        claimed.fence,
        problem
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Records that the topic is blocked by an event that cannot be decoded safely, and why.
///
/// # Errors
/// The database is unavailable.
pub async fn stopped(pool: &PgPool, owner: Uuid, claimed: &Claimed, problem: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "update topics set connected_at = null, problem = $5, problem_at = coalesce(problem_at, now()),
                stopped_at = coalesce(stopped_at, now())
         where source = $1 and topic = $2 and owner = $3 and fence = $4",
        claimed.id.source,
        claimed.id.topic,
        owner,
        claimed.fence,
        problem
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Gives up ownership of a topic.
///
/// # Errors
/// The database is unavailable.
pub async fn release(pool: &PgPool, owner: Uuid, claimed: &Claimed) -> Result<(), StoreError> {
    sqlx::query!(
        "update topics set owner = null, connected_at = null where source = $1 and topic = $2 and owner = $3 and fence = $4",
        claimed.id.source,
        claimed.id.topic,
        owner,
        claimed.fence
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// A position that was written.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Moved {
    source: String,
    topic: String,
    owner: Uuid,
    fence: i64,
    seq_before: i64,
}

impl Moved {
    /// Whether this is the result of writing that position.
    #[must_use]
    pub fn is_of(&self, position: &NewPosition) -> bool {
        let NewPosition { id, owner, fence, seq_before, .. } = position;
        (&self.source, &self.topic) == (&id.source, &id.topic)
            && (self.owner, self.fence, self.seq_before) == (*owner, *fence, *seq_before)
    }
}

/// Writes positions and returns those that were written. The rest have a new owner or were already written. Locks
/// topics in sorted order, so that concurrent batches do not deadlock.
///
/// # Errors
/// The database is unavailable.
pub async fn advance(conn: &mut PgConnection, positions: &[&NewPosition]) -> Result<Vec<Moved>, StoreError> {
    let of = |wanted: fn(Step) -> bool| positions.iter().map(|p| wanted(p.step)).collect::<Vec<bool>>();
    let happened = |step| match step {
        Step::Event(at) => at,
        Step::Rejected | Step::Still | Step::Lost => None,
    };
    Ok(sqlx::query_as!(
        Moved,
        r#"update topics t
         set seq = t.seq + 1, replay_id = u.replay_id,
             positioned_at = case when u.lost then null else now() end,
             events = t.events + case when u.stored then 1 else 0 end,
             received_at = case when u.stored then now() else t.received_at end,
             event_at = coalesce(u.event_at, t.event_at),
             rejected = t.rejected + case when u.rejected then 1 else 0 end,
             rejected_at = case when u.rejected then now() else t.rejected_at end,
             losses = t.losses + case when u.lost then 1 else 0 end,
             lost_at = case when u.lost then now() else t.lost_at end,
             problem = case when t.stopped_at is null then t.problem end,
             problem_at = case when t.stopped_at is null then t.problem_at end,
             stopped_at = null
         from unnest($1::text[], $2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bytea[], $7::timestamptz[], $8::boolean[],
                     $9::boolean[], $10::boolean[])
              as u (source, topic, owner, fence, seq_before, replay_id, event_at, stored, rejected, lost)
         where t.source = u.source and t.topic = u.topic and t.owner = u.owner and t.fence = u.fence and t.seq = u.seq_before
         returning t.source, t.topic, t.owner as "owner!", t.fence, t.seq - 1 as "seq_before!""#,
        &positions.iter().map(|p| p.id.source.as_str()).collect::<Vec<_>>() as &[&str],
        &positions.iter().map(|p| p.id.topic.as_str()).collect::<Vec<_>>() as &[&str],
        &positions.iter().map(|p| p.owner).collect::<Vec<_>>(),
        &positions.iter().map(|p| p.fence).collect::<Vec<_>>(),
        &positions.iter().map(|p| p.seq_before).collect::<Vec<_>>(),
        &positions.iter().map(|p| p.replay_id.as_deref()).collect::<Vec<_>>() as &[Option<&[u8]>],
        &positions.iter().map(|p| happened(p.step)).collect::<Vec<_>>() as &[Option<Time>],
        &of(|step| matches!(step, Step::Event(_) | Step::Rejected)),
        &of(|step| step == Step::Rejected),
        &of(|step| step == Step::Lost),
    )
    .fetch_all(conn)
    .await?)
}

/// Writes a position without an event, and queues an event that the hub sends itself, if given. Returns false if the
/// node no longer owns the topic.
///
/// # Errors
/// The database is unavailable.
pub async fn move_on(pool: &PgPool, position: &NewPosition, told: Option<&NewOutgoing>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let moved = !advance(&mut transaction, &[position]).await?.is_empty();
    if let Some(event) = told.filter(|_| moved) {
        outgoing::insert(&mut transaction, &[event]).await?;
    }
    transaction.commit().await?;
    Ok(moved)
}

/// Lists the topics of these sources.
///
/// # Errors
/// The database is unavailable.
pub async fn list(pool: &PgPool, sources: &[&str], limit: i64) -> Result<Vec<Listed>, StoreError> {
    let rows = sqlx::query!(
        r#"select t.source, t.topic, t.replay_id, t.positioned_at, t.connected_at, t.problem, t.problem_at, t.stopped_at, t.connects, t.event_at,
                  t.received_at, t.events, t.rejected, t.rejected_at, t.losses, t.lost_at,
                  (select n.name from nodes n
                   where n.id = t.owner and n.dead_at is null and n.expires_at > clock_timestamp()) as node
           from topics t where t.source = any($1::text[]) order by t.source, t.topic limit $2"#,
        sources as &[&str],
        limit
    );
    let listed = rows.fetch_all(pool).await?.into_iter().map(|row| Listed {
        id: TopicId { source: row.source, topic: row.topic },
        // A node that is gone is not connected.
        connected_at: row.connected_at.filter(|_| row.node.is_some()),
        node: row.node,
        replay_id: row.replay_id,
        positioned_at: row.positioned_at,
        problem: row.problem,
        problem_at: row.problem_at,
        stopped_at: row.stopped_at,
        connects: row.connects,
        event_at: row.event_at,
        received_at: row.received_at,
        events: row.events,
        rejected: row.rejected,
        rejected_at: row.rejected_at,
        losses: row.losses,
        lost_at: row.lost_at,
    });
    Ok(listed.collect())
}
