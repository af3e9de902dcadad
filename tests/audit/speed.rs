//! A database with many runs passes the audit, with and without an anchor. To measure the speed:
//! `STEPWELL_AUDIT_RUNS=100000 cargo nextest run --no-capture -E 'test(a_database_of_many_runs_is_sound)'`.

use std::time::Instant;

use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};
use stepwell::engine::audit::{self, Options};
use stepwell::machine::{Record, RunId};
use stepwell::store::audit::scan;
use stepwell::store::nodes::formats::NEWEST;
use stepwell::store::runs::commit::{self, Beginning, NewRun, RunState};
use stepwell::store::runs::journal;

use super::anchored_now;
use super::people::Full;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_many_runs_is_sound() {
    let full = Full::new().await;
    full.node.stop();
    let runs: usize = std::env::var("STEPWELL_AUDIT_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let template: RunId = sqlx::query_scalar(
        "select r.id from runs r join definitions d on d.id = r.definition_id
         where d.name = 'calls' and r.status = 'completed' order by r.id limit 1",
    )
    .fetch_one(&full.pool)
    .await
    .unwrap();
    generate(&full.pool, template, runs).await;
    sqlx::raw_sql("analyze").execute(&full.pool).await.unwrap();
    let pool = scan::connect(&full.world.database_url, 5).await.unwrap();
    let began = Instant::now();
    let (_, document) = audit::take(&pool, None, TimeDelta::days(-2)).await.unwrap();
    println!("anchor of {} spans: {:?}", document.spans.len(), began.elapsed());
    let anchors = anchored_now(&full).await;
    for (what, anchors) in [("without anchors", None), ("with an anchor", Some(&anchors))] {
        let began = Instant::now();
        let report = audit::verify(&pool, &Options::default(), anchors).await.unwrap();
        assert!(report.is_sound(), "{:#?}", report.findings);
        let took = began.elapsed();
        let a_minute = report.records as f64 / took.as_secs_f64() * 60.0;
        println!(
            "{what}: {} runs, {} records in {took:?}: {a_minute:.0} records a minute",
            report.runs, report.records
        );
    }
}

/// Inserts runs with the history of another run, some seconds apart.
async fn generate(pool: &PgPool, template: RunId, runs: usize) {
    let mut conn: PgConnection = pool.acquire().await.unwrap().detach();
    let rows = journal::read(&mut conn, template, 0, 1_000).await.unwrap();
    let records: Vec<Record> = rows.iter().map(|row| row.record().unwrap()).collect();
    let like = scan::runs(&mut conn, (template, -1), uuid::Uuid::max(), 1).await.unwrap().remove(0);
    let mut records = records;
    if let stepwell::machine::Change::RunStarted { event, .. } = &mut records[0].change {
        *event = None;
    }
    for _ in 0..runs.div_ceil(1_000) {
        let (mut new_runs, mut new_rows) = (Vec::new(), Vec::new());
        for _ in 0..1_000 {
            let id = RunId::now_v7();
            let (rows, head) = journal::encode(&records, 0, journal::genesis(id), NEWEST).unwrap();
            let state = RunState {
                status: "completed",
                attention: None,
                task: None,
                error: None,
                fingerprint: None,
                owner: None,
                wake_at: None,
                seq: like.seq,
                head,
                format: NEWEST,
                finished_at: like.finished_at,
            };
            let (event_id, parent_id) = (None, None);
            new_runs.push(NewRun {
                id,
                definition_id: like.definition_id,
                event_id,
                parent_id,
                key: like.key.clone(),
                created_at: like.created_at,
                state,
            });
            new_rows.push(rows);
        }
        let beginnings: Vec<_> =
            new_runs.iter().zip(&new_rows).map(|(run, rows)| Beginning { run, rows, with: None }).collect();
        commit::accept(&mut conn, None, &[], &beginnings).await.unwrap();
    }
}
