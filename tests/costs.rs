//! The cost of a saga in the database, counted and not timed: rows, commits and stored bytes. Fails on a regression of
//! more than five percent.

use sqlx::{Executor, Row};

use crate::harness::{Target, World, calls, hub};

/// Number of sagas, of three calls each.
const SAGAS: i64 = 100;

/// What is counted per saga, the query, and the accepted value.
const COSTS: [(&str, &str, f64); 6] = [
    ("rows of the journal", "select count(*)::float8 from journal", 4.0),
    ("commits that wrote to the journal", "select count(distinct (run_id, xmin::text))::float8 from journal", 4.0),
    ("bytes of the journal", "select sum(pg_column_size(j))::float8 from journal j", 2_528.0),
    ("bytes of its event", "select sum(pg_column_size(e))::float8 from events e", 447.0),
    ("bytes of its run", "select sum(pg_column_size(r))::float8 from runs r", 154.0),
    ("bytes of its event's key", "select sum(pg_column_size(k))::float8 from event_keys k", 136.0),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_saga_of_three_calls_costs_no_more_rows_commits_and_bytes_than_it_did() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 3))], &[target.address().to_string()]).await;
    let node = world.node().await;
    for n in 0..SAGAS {
        // Ids and keys of equal length, so that byte counts are reproducible.
        let run = node.start_calls(u64::try_from(n).unwrap() + 1_000).await;
        node.run_becomes(&run, "completed").await;
    }
    let mut connection = world.connect().await;
    let mut worse = Vec::new();
    for (what, count, expected) in COSTS {
        let total: f64 = connection.fetch_one(count).await.unwrap().get(0);
        #[expect(clippy::cast_precision_loss, reason = "a hundred")]
        let each = total / SAGAS as f64;
        println!("{what}: {each}");
        if each > expected * 1.05 {
            worse.push(format!("{what}: {each} instead of {expected}"));
        }
    }
    assert!(worse.is_empty(), "{worse:#?}");
}
