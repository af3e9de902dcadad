//! Events and the runs that wait for them, beyond every bound and against each other, on a real Postgres. The engine here has no
//! loops: what a test does not call does not happen.

use std::time::Duration;

use sqlx::PgPool;

use super::look_back::{PAGES_AT_ONCE, TOLD_MAX};
use super::*;
use crate::engine::Engine;
use crate::engine::runs::consequences::key;
use crate::machine::Actor;
use crate::store::ensure_partitions;

const WAITS: &str = "
document: { dsl: '1.0.3', namespace: test, name: waits, version: '1.0.0' }
do:
  - paid:
      listen: { to: { one: { with: { type: paid }, correlate: { order: { from: .order, expect: '${ .order }' } } } } }
";

/// An engine without loops that knows [`WAITS`], and its row.
async fn engine(pool: &PgPool) -> (Engine, i32) {
    ensure_partitions(pool).await.unwrap();
    let engine = Engine::outside(pool.clone()).await.unwrap();
    let built = crate::dsl::build("waits.yaml", WAITS, &crate::dsl::Functions::default()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    let id = sqlx::query_scalar("select id from definitions").fetch_one(pool).await.unwrap();
    (engine, id)
}

/// So many runs that wait for the payment of one order.
async fn wait(pool: &PgPool, definition: i32, order: i64, count: i32) {
    sqlx::query(
        "with made as (
             insert into runs (shard, id, definition_id, status, fence, seq, attempts, head, created_at)
             select get_byte(uuid_send(id), 15), id, $1, 'waiting', 1, 1, 0, '', now() - interval '1 minute'
             from (select gen_random_uuid() as id from generate_series(1, $2)) as ids returning shard, id)
         insert into listeners (shard, run_id, execution, filter, event_type, kind, key)
         select shard, id, 0, 0, 'paid', $3, $4 from made",
    )
    .bind(definition)
    .bind(count)
    .bind(format!("{definition}:0:/do/0/paid"))
    .bind(key(&[order.into()]).as_slice())
    .execute(pool)
    .await
    .unwrap();
}

/// A stored payment of which nobody was told.
async fn pay(pool: &PgPool, order: i64, is_routed: bool) -> Uuid {
    let id = Uuid::now_v7();
    sqlx::query(
        "insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs, routed)
         values ($1, 'shop', $2, 'paid', now(), '{}', $3, '{\"type\": \"paid\"}', 'unmatched', '{}', $4)",
    )
    .bind(id)
    .bind(id.to_string())
    .bind(format!("{{\"order\":{order}}}").into_bytes())
    .bind(is_routed)
    .execute(pool)
    .await
    .unwrap();
    id
}

async fn count(pool: &PgPool, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[sqlx::test]
async fn an_event_reaches_every_run_that_waits_for_it_however_many_they_are(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    // One more than a page of runs, and more than one transaction tells.
    let waiting = i32::try_from(WAITING_PAGE).unwrap() * 2 + 1;
    wait(&pool, definition, 7, waiting).await;
    let event = pay(&pool, 7, false).await;
    let routed = engine.inner.router.route(event).await.unwrap();
    assert_eq!(i32::try_from(routed.resumed.len()), Ok(waiting));
    assert_eq!(count(&pool, "select count(distinct run_id) from commands").await, i64::from(waiting));
    let resumed = "select cardinality(resumed)::bigint from events where routed and outcome = 'resumed'";
    assert_eq!(count(&pool, resumed).await, i64::from(waiting));
    // Whoever looks again, after a crash, tells nobody twice.
    sqlx::query("update events set routed = false").execute(&pool).await.unwrap();
    engine.inner.router.route(event).await.unwrap();
    assert_eq!(count(&pool, "select count(*) from commands").await, i64::from(waiting));
    assert_eq!(count(&pool, resumed).await, i64::from(waiting));
}

/// Payments of so many orders, all at once, of which everyone was told who waited.
async fn pay_many(pool: &PgPool, orders: i64) {
    sqlx::query(
        "insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs)
         select overlay(uuid_floor(now() at time zone 'utc')::text placing lpad(to_hex(n), 12, '0') from 25)::uuid,
                'shop', n::text, 'paid', now(), '{}', convert_to('{\"order\":' || n || '}', 'utf8'), '{\"type\": \"paid\"}', 'unmatched',
                '{}'
         from generate_series(0, $1 - 1) as n",
    )
    .bind(orders)
    .execute(pool)
    .await
    .unwrap();
}

/// Looks until every listener has seen all events. The look after that waits until every transaction of the server has ended, those
/// of other tests included.
async fn look_through_all(engine: &Engine, pool: &PgPool) {
    let looking = async {
        while count(pool, "select count(*) from listeners where not checked and settles is null").await > 0 {
            engine.inner.look_back.look_back_for_all().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looking).await.expect("every listener sees all events in the end");
}

#[sqlx::test]
async fn a_run_finds_the_event_that_came_before_it_however_many_others_came(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    // One more than a run looks at in one turn.
    let others = PAGE * i64::try_from(PAGES_AT_ONCE).unwrap();
    wait(&pool, definition, others, 1).await;
    pay_many(&pool, others + 1).await;
    look_through_all(&engine, &pool).await;
    assert_eq!(count(&pool, "select count(*) from commands").await, 1);
    let told: String = sqlx::query_scalar("select act::text from commands").fetch_one(&pool).await.unwrap();
    assert!(told.contains(&format!("\"order\":{others}")), "{told}");
}

#[sqlx::test]
async fn a_run_that_looks_at_many_events_holds_up_no_other(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    // Nobody ever pays the first; the second finds its event at once, if it has its turn.
    wait(&pool, definition, -1, 1).await;
    wait(&pool, definition, 7, 1).await;
    pay_many(&pool, 3 * PAGE * i64::try_from(PAGES_AT_ONCE).unwrap()).await;
    engine.inner.look_back.look_back_for_all().await.unwrap();
    assert_eq!(count(&pool, "select count(*) from commands").await, 1);
    assert!(count(&pool, "select count(*) from listeners where not checked and settles is null").await > 0);
    look_through_all(&engine, &pool).await;
}

#[sqlx::test]
async fn a_run_that_missed_many_events_gets_the_rest_with_the_next_looks(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    let missed = i64::try_from(TOLD_MAX).unwrap() + PAGE + 1;
    for _ in 0..missed {
        pay(&pool, 7, true).await;
    }
    wait(&pool, definition, 7, 1).await;
    look_through_all(&engine, &pool).await;
    assert_eq!(count(&pool, "select count(distinct event_id) from commands").await, missed);
}

#[sqlx::test]
async fn runs_that_wait_for_a_transaction_hold_up_no_other_that_looks_back(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    pay(&pool, 7, true).await;
    wait(&pool, definition, 1, i32::try_from(PAGE).unwrap() + 1).await;
    sqlx::query("update listeners set settles = 9000000000000000").execute(&pool).await.unwrap();
    wait(&pool, definition, 7, 1).await;
    engine.inner.look_back.look_back_for_all().await.unwrap();
    assert_eq!(count(&pool, "select count(*) from commands").await, 1);
}

#[sqlx::test]
async fn an_event_that_cannot_be_routed_holds_up_no_other(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    wait(&pool, definition, 7, 1).await;
    for _ in 0..=PAGE {
        let bad = pay(&pool, 1, false).await;
        sqlx::query("update events set body = 'no JSON' where id = $1").bind(bad).execute(&pool).await.unwrap();
    }
    pay(&pool, 7, false).await;
    engine.inner.router.catch_up_on_events().await.unwrap();
    assert_eq!(count(&pool, "select count(*) from commands").await, 1);
}

#[sqlx::test]
async fn routing_events_looking_back_and_waking_runs_never_deadlock(pool: PgPool) {
    let (engine, definition) = engine(&pool).await;
    for order in 0..40 {
        wait(&pool, definition, order, 6).await;
        let mut events = Vec::new();
        for _ in 0..6 {
            events.push(pay(&pool, order, false).await);
        }
        let runs: Vec<RunId> =
            sqlx::query_scalar("select run_id from listeners where not checked").fetch_all(&pool).await.unwrap();
        let routing = events.into_iter().rev().map(|event| {
            let inner = Arc::clone(&engine.inner);
            tokio::spawn(async move { inner.router.route(event).await.map(drop) })
        });
        let looking = runs.into_iter().map(|run| {
            let inner = Arc::clone(&engine.inner);
            tokio::spawn(async move { inner.look_back.look_back(run).await })
        });
        let waking = (0..3).map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { commands::wake_commanded(&pool).await.map(drop) })
        });
        for done in futures::future::join_all(routing.chain(looking).chain(waking)).await {
            done.unwrap().unwrap();
        }
        sqlx::query("delete from listeners").execute(&pool).await.unwrap();
    }
    let deadlocks = "select deadlocks from pg_stat_database where datname = current_database()";
    assert_eq!(count(&pool, deadlocks).await, 0);
}
