//! What the committer writes: batches of accepted events, new runs and transitions, each one statement over arrays.
//!
//! Every write for a run carries the predicate (owner, fence, expected seq) on the run's own row (GUARANTEES.md, section 3):
//! a node that lost the run changes nothing.

use sqlx::PgConnection;
use uuid::Uuid;

use super::commands::{self, NewMessage};
use super::formats::Format;
use super::freezes;
use super::journal::Hash;
use super::lanes::{self, Lane};
use super::listeners::{self, NewListener};
use super::outgoing::{self, NewOutgoing};
use super::{StoreError, shard};
use crate::machine::{RunId, Time};
use crate::memory::sequences::Counted;

/// An event to store.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// UUIDv7.
    pub id: Uuid,
    /// With `event_id` the identity for dedupe.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// CloudEvents type.
    pub r#type: String,
    /// Database time.
    pub received_at: Time,
    /// JSON text of the headers.
    pub headers: String,
    /// As received.
    pub body: Vec<u8>,
    /// SHA-256 of the body.
    pub body_hash: Hash,
    /// JSON text of the attributes.
    pub attributes: String,
    /// JSON text of the data where it is not the body itself.
    pub data: Option<String>,
    /// `run`, `resumed`, `gathered`, `unmatched` or `rejected`.
    pub outcome: &'static str,
    /// Runs that it starts.
    pub runs: Vec<RunId>,
    /// JSON text: why it was rejected.
    pub detail: Option<String>,
    /// Whether it is known already that somebody waits for it.
    pub awaited: bool,
    /// Its place among the events of its sender, if that one counts.
    pub counted: Option<Counted>,
    /// Whether a person is asked for: a workflow wanted it and did not take it.
    pub needs_attention: bool,
    /// Whether its sender proved itself: under a known id it is a duplicate then, whatever its bytes.
    pub is_proven: bool,
}

/// A key that was there already.
#[derive(Debug)]
pub struct KnownEvent {
    /// The source.
    pub source: String,
    /// The sender's id.
    pub event_id: String,
    /// The first event.
    pub event: Uuid,
    /// Hash of its body.
    pub body_hash: Vec<u8>,
    /// The runs that it started.
    pub runs: Vec<Uuid>,
    /// The runs that waited for it.
    pub resumed: Vec<Uuid>,
}

/// A run to insert.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// UUIDv7.
    pub id: RunId,
    /// Which definition.
    pub definition_id: i32,
    /// The accepted event.
    pub event_id: Option<Uuid>,
    /// The run that started it.
    pub parent_id: Option<Uuid>,
    /// Business key.
    pub key: Option<String>,
    /// Database time.
    pub created_at: Time,
    /// The row's state after its first records.
    pub state: RunState,
}

/// The columns of a run that change.
#[derive(Debug, Clone)]
pub struct RunState {
    /// Where it stands.
    pub status: &'static str,
    /// Why a person is needed.
    pub attention: Option<&'static str>,
    /// Task reference where it stands.
    pub task: Option<String>,
    /// JSON text: why it stopped, or ended otherwise than well.
    pub error: Option<String>,
    /// What runs that need a person for the same cause share.
    pub fingerprint: Option<String>,
    /// Who drives it from now on.
    pub owner: Option<Uuid>,
    /// When it goes on by itself.
    pub wake_at: Option<Time>,
    /// Number of the last record.
    pub seq: i32,
    /// Hash of the row that holds it.
    pub head: Hash,
    /// The newest format that was written.
    pub format: Format,
    /// Set once closed.
    pub finished_at: Option<Time>,
}

/// What is written with the records that led to it.
#[derive(Debug, Clone, Default)]
pub struct Consequences {
    /// Events to wait for from now on.
    pub listeners: Vec<NewListener>,
    /// `listen`s that are over.
    pub unlisten: Vec<i32>,
    /// Events that go out.
    pub outgoing: Vec<NewOutgoing>,
    /// What other runs are told.
    pub messages: Vec<NewMessage>,
    /// Where the run queues up from now on.
    pub enters: Option<Lane>,
    /// Where it has been.
    pub leaves: Option<Lane>,
    /// The freeze for whose end it waits from now on.
    pub frozen: Option<Uuid>,
    /// It goes on, whatever freeze it waited for.
    pub thawed: bool,
}

impl Consequences {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_quiet = self.listeners.is_empty() && self.unlisten.is_empty() && self.outgoing.is_empty();
        let is_still = self.enters.is_none() && self.leaves.is_none() && self.frozen.is_none() && !self.thawed;
        is_quiet && is_still && self.messages.is_empty()
    }
}

/// Writes what follows from the records of these runs.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn insert_consequences(
    conn: &mut PgConnection,
    of_runs: &[(RunId, &Consequences)],
) -> Result<(), StoreError> {
    let frozen: Vec<_> = of_runs.iter().filter_map(|(run, c)| Some((*run, c.frozen?))).collect();
    let thawed: Vec<_> = of_runs.iter().filter(|(_, c)| c.thawed).map(|(run, _)| *run).collect();
    if !frozen.is_empty() {
        freezes::hold(conn, &frozen).await?;
    }
    if !thawed.is_empty() {
        freezes::let_go(conn, &thawed).await?;
    }
    let listeners: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.listeners.iter().map(|l| (*run, l))).collect();
    let ended: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.unlisten.iter().map(|e| (*run, *e))).collect();
    let outgoing: Vec<_> = of_runs.iter().flat_map(|(_, c)| &c.outgoing).collect();
    let messages: Vec<_> = of_runs.iter().flat_map(|(_, c)| &c.messages).collect();
    if !ended.is_empty() {
        listeners::delete(conn, &ended).await?;
    }
    if !listeners.is_empty() {
        listeners::insert(conn, &listeners).await?;
    }
    if !outgoing.is_empty() {
        outgoing::insert(conn, &outgoing).await?;
    }
    if !messages.is_empty() {
        commands::tell(conn, &messages).await?;
    }
    let entering: Vec<_> = of_runs.iter().filter_map(|(run, c)| Some((*run, c.enters.as_ref()?))).collect();
    let leaving: Vec<_> = of_runs.iter().filter_map(|(run, c)| Some((*run, c.leaves.as_ref()?))).collect();
    if !entering.is_empty() || !leaving.is_empty() {
        let called = lanes::advance(conn, &entering, &leaving).await?;
        let turns: Vec<NewMessage> = called.into_iter().map(commands::turn).collect();
        if !turns.is_empty() {
            commands::tell(conn, &turns.iter().collect::<Vec<_>>()).await?;
        }
    }
    Ok(())
}

/// One transition of a run that a node owns.
#[derive(Debug, Clone)]
pub struct Transition {
    /// Which run.
    pub id: RunId,
    /// The incarnation that owns it.
    pub owner: Uuid,
    /// The fence under which it does.
    pub fence: i64,
    /// Number of journal rows before.
    pub seq_before: i32,
    /// What it becomes.
    pub state: RunState,
    /// Whether it shows that the run does not kill its nodes: it got on, beyond being taken over or called again.
    pub progress: bool,
}

/// Takes the keys of events that nobody took before; gives the ids of the events that won. Keys go in sorted, so that
/// concurrent batches lock them in one order.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn take_event_keys(conn: &mut PgConnection, events: &[&NewEvent]) -> Result<Vec<Uuid>, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"insert into event_keys (source, event_id, event, body_hash, runs, received_at)
           select u.source, u.event_id, u.event, u.body_hash, string_to_array(u.runs, ',')::uuid[], u.received_at
           from unnest($1::text[], $2::text[], $3::uuid[], $4::bytea[], $5::text[], $6::timestamptz[])
                as u (source, event_id, event, body_hash, runs, received_at)
           on conflict do nothing returning event"#,
        &events.iter().map(|e| e.source.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.event_id.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.id).collect::<Vec<_>>(),
        &events.iter().map(|e| e.body_hash.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &events.iter().map(|e| joined(&e.runs)).collect::<Vec<_>>(),
        &events.iter().map(|e| e.received_at).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?)
}

fn joined(ids: &[Uuid]) -> String {
    ids.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")
}

/// What is known about these keys.
///
/// # Errors
/// The database is away.
pub async fn known_events(conn: &mut PgConnection, keys: &[(&str, &str)]) -> Result<Vec<KnownEvent>, StoreError> {
    Ok(sqlx::query_as!(
        KnownEvent,
        r#"select k.source, k.event_id, k.event, k.body_hash,
                  coalesce((select e.runs from events e where e.id = k.event), k.runs) as "runs!",
                  coalesce((select e.resumed from events e where e.id = k.event), '{}') as "resumed!"
           from unnest($1::text[], $2::text[]) as u (source, event_id)
           join event_keys k on k.source = u.source and k.event_id = u.event_id"#,
        &keys.iter().map(|(source, _)| *source).collect::<Vec<_>>() as &[&str],
        &keys.iter().map(|(_, id)| *id).collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(conn)
    .await?)
}

/// `type` of what is stored for a start through the API under an idempotency key: no event that a run could wait for.
pub const START_TYPE: &str = "stepwell.start";

/// Stores events; gives those that a run may wait for. Who begins to wait while this commits sees nothing of these events
/// yet; it looks again once every transaction has ended that was under way then (see [`super::listeners`]).
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn insert_events(conn: &mut PgConnection, events: &[&NewEvent]) -> Result<Vec<Uuid>, StoreError> {
    let stored = sqlx::query!(
        r#"insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs, detail, data,
                               routed)
           select u.id, u.source, u.event_id, u.type, u.received_at, u.headers::json, u.body, u.attributes::json, u.outcome,
                  string_to_array(u.runs, ',')::uuid[], u.detail::json, u.data::json,
                  u.type = $13 or u.outcome = 'rejected' or not (u.awaited or exists (select from listeners l where l.event_type = u.type)
                                       or exists (select from listeners l where l.event_type = ''))
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::bytea[], $8::text[],
                       $9::text[], $10::text[], $11::text[], $12::text[], $14::boolean[])
                as u (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs, detail, data, awaited)
           returning id, routed"#,
        &events.iter().map(|e| e.id).collect::<Vec<_>>(),
        &events.iter().map(|e| e.source.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.event_id.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.r#type.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.received_at).collect::<Vec<_>>(),
        &events.iter().map(|e| e.headers.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.body.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &events.iter().map(|e| e.attributes.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| e.outcome).collect::<Vec<_>>() as &[&str],
        &events.iter().map(|e| joined(&e.runs)).collect::<Vec<_>>(),
        &events.iter().map(|e| e.detail.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &events.iter().map(|e| e.data.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        START_TYPE,
        &events.iter().map(|e| e.awaited).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?;
    Ok(stored.into_iter().filter(|e| !e.routed).map(|e| e.id).collect())
}

/// Inserts runs with the state after their first records.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn insert_runs(conn: &mut PgConnection, runs: &[&NewRun]) -> Result<(), StoreError> {
    sqlx::query!(
        r#"insert into runs (shard, id, definition_id, status, attention, key, event_id, parent_id, task, owner, fence, seq,
                             attempts, wake_at, head, created_at, finished_at, error, fingerprint, attention_at, format)
           select u.shard, u.id, u.definition_id, u.status, u.attention, u.key, u.event_id, u.parent_id, u.task, u.owner, 1,
                  u.seq, case when u.owner is null then 0 else 1 end, u.wake_at, u.head, u.created_at, u.finished_at,
                  u.error::json, u.fingerprint, case when u.attention is not null then now() end, u.format
           from unnest($1::smallint[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[],
                       $9::text[], $10::uuid[], $11::integer[], $12::timestamptz[], $13::bytea[], $14::timestamptz[],
                       $15::timestamptz[], $16::text[], $17::text[], $18::smallint[])
                as u (shard, id, definition_id, status, attention, key, event_id, parent_id, task, owner, seq, wake_at, head,
                      created_at, finished_at, error, fingerprint, format)"#,
        &runs.iter().map(|r| shard(r.id)).collect::<Vec<_>>(),
        &runs.iter().map(|r| r.id).collect::<Vec<_>>(),
        &runs.iter().map(|r| r.definition_id).collect::<Vec<_>>(),
        &runs.iter().map(|r| r.state.status).collect::<Vec<_>>() as &[&str],
        &runs.iter().map(|r| r.state.attention).collect::<Vec<_>>() as &[Option<&str>],
        &runs.iter().map(|r| r.key.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &runs.iter().map(|r| r.event_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &runs.iter().map(|r| r.parent_id).collect::<Vec<_>>() as &[Option<Uuid>],
        &runs.iter().map(|r| r.state.task.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &runs.iter().map(|r| r.state.owner).collect::<Vec<_>>() as &[Option<Uuid>],
        &runs.iter().map(|r| r.state.seq).collect::<Vec<_>>(),
        &runs.iter().map(|r| r.state.wake_at).collect::<Vec<_>>() as &[Option<Time>],
        &runs.iter().map(|r| r.state.head.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &runs.iter().map(|r| r.created_at).collect::<Vec<_>>(),
        &runs.iter().map(|r| r.state.finished_at).collect::<Vec<_>>() as &[Option<Time>],
        &runs.iter().map(|r| r.state.error.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &runs.iter().map(|r| r.state.fingerprint.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &runs.iter().map(|r| r.state.format).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves runs that their nodes still own; gives the ids of those that moved. Runs go in sorted by key, so that concurrent
/// batches lock rows in one order.
///
/// Progress begins the count of claims anew. Without it the claim still counts while the run stays, and is given back when the run
/// leaves its node unharmed.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn advance_runs(conn: &mut PgConnection, transitions: &[&Transition]) -> Result<Vec<Uuid>, StoreError> {
    let t = transitions;
    // `is not distinct from` cannot use an index: on an empty table a plan through the index on owners would look as good as
    // one by key, and be kept while a node comes to own ten thousand runs.
    Ok(sqlx::query_scalar!(
        r#"update runs r
           set status = u.status, attention = u.attention, task = u.task, owner = u.new_owner, wake_at = u.wake_at,
               seq = u.seq, head = u.head, finished_at = u.finished_at, error = u.error::json, fingerprint = u.fingerprint,
               format = greatest(r.format, u.format),
               attention_at = case when u.attention is not null then coalesce(r.attention_at, now()) end,
               attempts = case when u.progress then case when u.new_owner is null then 0 else 1 end
                               when u.new_owner is null then greatest(r.attempts - 1, 0) else r.attempts end
           from unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::bigint[], $5::integer[], $6::text[], $7::text[], $8::text[],
                       $9::uuid[], $10::timestamptz[], $11::integer[], $12::bytea[], $13::timestamptz[], $14::boolean[], $15::text[],
                       $16::text[], $17::smallint[])
                as u (shard, id, owner, fence, seq_before, status, attention, task, new_owner, wake_at, seq, head, finished_at,
                      progress, error, fingerprint, format)
           where r.shard = u.shard and r.id = u.id and r.owner is not distinct from u.owner and r.fence = u.fence and r.seq = u.seq_before
           returning r.id"#,
        &t.iter().map(|t| shard(t.id)).collect::<Vec<_>>(),
        &t.iter().map(|t| t.id).collect::<Vec<_>>(),
        &t.iter().map(|t| t.owner).collect::<Vec<_>>(),
        &t.iter().map(|t| t.fence).collect::<Vec<_>>(),
        &t.iter().map(|t| t.seq_before).collect::<Vec<_>>(),
        &t.iter().map(|t| t.state.status).collect::<Vec<_>>() as &[&str],
        &t.iter().map(|t| t.state.attention).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.task.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.owner).collect::<Vec<_>>() as &[Option<Uuid>],
        &t.iter().map(|t| t.state.wake_at).collect::<Vec<_>>() as &[Option<Time>],
        &t.iter().map(|t| t.state.seq).collect::<Vec<_>>(),
        &t.iter().map(|t| t.state.head.as_slice()).collect::<Vec<_>>() as &[&[u8]],
        &t.iter().map(|t| t.state.finished_at).collect::<Vec<_>>() as &[Option<Time>],
        &t.iter().map(|t| t.progress).collect::<Vec<_>>(),
        &t.iter().map(|t| t.state.error.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.fingerprint.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &t.iter().map(|t| t.state.format).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?)
}

/// A run's row as the committer compares it after a commit whose reply was lost.
#[derive(Debug)]
pub struct Standing {
    /// Which run.
    pub id: Uuid,
    /// Who drives it.
    pub owner: Option<Uuid>,
    /// Its fence.
    pub fence: i64,
    /// Number of journal rows.
    pub seq: i32,
    /// Hash of the last one.
    pub head: Vec<u8>,
}

/// How these runs stand.
///
/// # Errors
/// The database is away.
pub async fn standings(conn: &mut PgConnection, runs: &[RunId]) -> Result<Vec<Standing>, StoreError> {
    Ok(sqlx::query_as!(
        Standing,
        "select r.id, r.owner, r.fence, r.seq, r.head from unnest($1::smallint[], $2::uuid[]) as u (shard, id)
         join runs r on r.shard = u.shard and r.id = u.id",
        &runs.iter().map(|r| shard(*r)).collect::<Vec<_>>(),
        runs,
    )
    .fetch_all(conn)
    .await?)
}
