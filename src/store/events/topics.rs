//! Topics that sources subscribe to: who does, and how far each has come. A position is written in the transaction of its event, and
//! only by the node that owns the topic: every write carries owner, fence and the expected number of the write.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::outgoing::{self, NewOutgoing};
use crate::machine::Time;
use crate::store::StoreError;

/// A topic of a source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicId {
    /// The source, by its name in `hub.yaml`.
    pub source: String,
    /// Such as `/data/AccountChangeEvent`.
    pub topic: String,
}

/// A topic that a node has come to own.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: TopicId,
    /// Under which it is owned.
    pub fence: i64,
}

/// Where a subscription continues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Number of the last write.
    pub seq: i64,
    /// After this event; none before the first.
    pub replay_id: Option<Vec<u8>>,
    /// Whether a node has subscribed before.
    pub begun: bool,
}

/// What a write of a position is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An event that is stored with it, and when it happened.
    Event(Option<Time>),
    /// An event that could not be read, and is kept as rejected.
    Rejected,
    /// Nothing but how far the stream has come.
    Still,
    /// The replay id was refused: it is forgotten.
    Lost,
}

/// A position to write.
#[derive(Debug, Clone)]
pub struct NewPosition {
    /// Which topic.
    pub id: TopicId,
    /// The node that writes.
    pub owner: Uuid,
    /// Under which it owns the topic.
    pub fence: i64,
    /// Number of the last write before.
    pub seq_before: i64,
    /// After which event the subscription continues.
    pub replay_id: Option<Vec<u8>>,
    /// Why it is written.
    pub step: Step,
}

/// A topic as people see it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Which.
    pub id: TopicId,
    /// The node that subscribes; none if nobody does now.
    pub node: Option<String>,
    /// The last event that was stored; none before the first.
    pub replay_id: Option<Vec<u8>>,
    /// When that was last known to be the newest one delivered.
    pub positioned_at: Option<Time>,
    /// Since when the node is connected.
    pub connected_at: Option<Time>,
    /// Why it is not.
    pub problem: Option<String>,
    /// Since when.
    pub problem_at: Option<Time>,
    /// Since when it is blocked by an event that cannot be read safely.
    pub stopped_at: Option<Time>,
    /// How often a node connected.
    pub connects: i64,
    /// When the last event happened.
    pub event_at: Option<Time>,
    /// When it was stored.
    pub received_at: Option<Time>,
    /// Events that were stored.
    pub events: i64,
    /// Those of them that could not be read.
    pub rejected: i64,
    /// When the last such came.
    pub rejected_at: Option<Time>,
    /// How often the replay id was refused.
    pub losses: i64,
    /// When it last was.
    pub lost_at: Option<Time>,
}

/// Makes rows for topics that have none yet.
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

/// Takes those of these topics that nobody owns, whose owner is dead, or that this node owns without knowing.
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

/// Where the subscription continues; none if this node does not own the topic any more.
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

/// Notes that the topic is about to be subscribed to; false if the node does not own it any more.
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

/// Notes that the node is connected; false if it does not own the topic any more. A topic that is blocked keeps saying why, until
/// its position moves.
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

/// Notes why the subscription does not work.
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

/// Records that the topic is blocked, and why: its next event cannot be read safely.
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

/// Leaves a topic to others.
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
    /// Whether this is the write of a position.
    #[must_use]
    pub fn is_of(&self, position: &NewPosition) -> bool {
        let NewPosition { id, owner, fence, seq_before, .. } = position;
        (&self.source, &self.topic) == (&id.source, &id.topic)
            && (self.owner, self.fence, self.seq_before) == (*owner, *fence, *seq_before)
    }
}

/// Writes positions; gives those that were written. The others belong to another node by now, or were written
/// before. Topics go in sorted, so that concurrent batches lock them in one order.
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

/// Writes a position without an event, and with it an event that the hub tells itself; false if the topic belongs to another node by
/// now.
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

/// How the topics of these sources stand.
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
        // Whoever is gone is not connected.
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
