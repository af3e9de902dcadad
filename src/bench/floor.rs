//! The floor: how many batched transitions per second this Postgres can take, without Stepwell around it.

use std::time::{Duration, Instant};

use anyhow::Context;
use uuid::Uuid;

use crate::machine::{Actor, Change, Record, Time};
use crate::store::nodes::formats;
use crate::store::runs::commit::{Beginning, NewRun, RunState, Transition};
use crate::store::runs::{commit, journal};
use crate::store::{self, definitions};

/// Transitions per commit, as under load.
const BATCH: usize = 50;

/// Measures raw batched transitions per second: one row update and one journal row each.
pub(super) async fn transitions_per_second(database_url: &str, duration: Duration) -> anyhow::Result<f64> {
    let pool = store::connect_engine(database_url, 2).await?;
    let definition = definition(&pool).await?;
    let mut runs = insert_runs(&pool, definition).await?;
    let began = Instant::now();
    let mut written = 0_u32;
    let mut turn = 0;
    while began.elapsed() < duration {
        let from = (turn * BATCH) % runs.len();
        advance(&pool, &mut runs[from..from + BATCH]).await?;
        written += u32::try_from(BATCH).unwrap_or(0);
        turn += 1;
    }
    Ok(f64::from(written) / began.elapsed().as_secs_f64())
}

struct FloorRun {
    id: Uuid,
    owner: Uuid,
    seq: i32,
    head: journal::Hash,
}

/// Returns a deployed definition. Which one does not matter, since nothing drives these runs.
async fn definition(pool: &sqlx::PgPool) -> anyhow::Result<i32> {
    Ok(definitions::find(pool, "bench", "noops", "1.0.0").await?.context("the measured workflows are deployed")?.id)
}

async fn insert_runs(pool: &sqlx::PgPool, definition_id: i32) -> anyhow::Result<Vec<FloorRun>> {
    let owner = Uuid::new_v4();
    let now = whole_micros();
    let new: Vec<NewRun> = (0..BATCH * 100)
        .map(|_| {
            let id = Uuid::now_v7();
            NewRun {
                id,
                definition_id,
                event_id: None,
                parent_id: None,
                key: None,
                created_at: now,
                state: state(0, journal::genesis(id), Some(owner)),
            }
        })
        .collect();
    let mut connection = pool.acquire().await?;
    for chunk in new.chunks(500) {
        let beginnings: Vec<_> = chunk.iter().map(|run| Beginning { run, rows: &[], with: None }).collect();
        commit::accept(&mut connection, None, &[], &beginnings).await?;
    }
    Ok(new.iter().map(|r| FloorRun { id: r.id, owner, seq: 0, head: r.state.head }).collect())
}

async fn advance(pool: &sqlx::PgPool, runs: &mut [FloorRun]) -> anyhow::Result<()> {
    let mut transitions = Vec::with_capacity(runs.len());
    let mut rows = Vec::with_capacity(runs.len());
    for run in runs.iter_mut() {
        let (encoded, head) = journal::encode(&[record()], run.seq, run.head, formats::NEWEST)?;
        let seq_before = run.seq;
        (run.seq, run.head) = (run.seq + 1, head);
        let state = state(run.seq, head, Some(run.owner));
        transitions.push(Transition { id: run.id, owner: run.owner, fence: 1, seq_before, state, progress: true });
        rows.extend(encoded.into_iter().map(|row| (run.id, row)));
    }
    let (transitions, rows): (Vec<_>, Vec<_>) =
        (transitions.iter().collect(), rows.iter().map(|(id, row)| (*id, row)).collect());
    let moved = commit::advance(&mut *pool.acquire().await?, &transitions, &rows).await?;
    anyhow::ensure!(moved.len() == transitions.len(), "a raw transition was lost");
    Ok(())
}

fn record() -> Record {
    Record {
        at: whole_micros(),
        actor: Actor::engine(),
        task: Some("/do/0/step".into()),
        attempt: Some(1),
        change: Change::RunPoisoned { detail: "x".repeat(200) },
        note: None,
    }
}

fn state(seq: i32, head: journal::Hash, owner: Option<Uuid>) -> RunState {
    RunState {
        status: "running",
        attention: None,
        task: Some("/do/0/step".to_owned()),
        error: None,
        fingerprint: None,
        owner,
        wake_at: None,
        seq,
        head,
        format: formats::NEWEST,
        finished_at: None,
    }
}

fn whole_micros() -> Time {
    let now = chrono::Utc::now();
    Time::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
}
