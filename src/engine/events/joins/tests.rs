//! What a crash leaves between the writes of an event join, on a real Postgres. Nothing here waits: the engines do nothing by
//! themselves.

use bytes::Bytes;
use sqlx::{PgPool, Row};

use crate::engine::{Accepted, Engine, IncomingEvent, OtherBytes};
use crate::machine::Actor;
use crate::store::runs::listing;

async fn node(pool: &PgPool) -> Engine {
    let engine = Engine::outside(pool.clone()).await.unwrap();
    let text = "document: { dsl: '1.0.3', namespace: test, name: together, version: '1.0.0' }
schedule: { on: { all: [ { with: { type: a } }, { with: { type: b } } ] } }
do:
  - note: { set: { events: '${ . }' } }
";
    let built = crate::dsl::build("together.yaml", text, &crate::dsl::Functions::default()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    engine
}

async fn accept(engine: &Engine, kind: &str) -> Accepted {
    let attributes = [("id", kind), ("source", "test"), ("type", kind)];
    let event = IncomingEvent {
        source: "test".into(),
        event_id: kind.into(),
        r#type: kind.into(),
        attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        data: kind.into(),
        data_is_body: true,
        body: Bytes::from(format!("\"{kind}\"")),
        headers: Vec::new(),
        counted: None,
        note: None,
        other_bytes: OtherBytes::Conflict,
    };
    engine.accept(event).await.unwrap()
}

/// Outcome of each event, oldest first; and the number of runs and event joins.
async fn stored(pool: &PgPool) -> (Vec<String>, i64, i64) {
    let outcomes = "select outcome from events where type in ('a', 'b') order by id";
    let outcomes = sqlx::query_scalar(outcomes).fetch_all(pool).await.unwrap();
    let counts = sqlx::query("select (select count(*) from runs), (select count(*) from gatherings)");
    let counts = counts.fetch_one(pool).await.unwrap();
    (outcomes, counts.get(0), counts.get(1))
}

#[sqlx::test]
async fn a_node_that_dies_before_it_routes_an_event_leaves_that_to_a_sweep(pool: PgPool) {
    let engine = node(&pool).await;
    accept(&engine, "a").await;
    // As if it had been stored and nothing more.
    let undone = "with u as (update events set routed = false, outcome = 'unmatched') delete from gatherings";
    sqlx::query(undone).execute(&pool).await.unwrap();
    let sweeps = tokio::join!(engine.inner.router.catch_up_on_events(), engine.inner.router.catch_up_on_events());
    sweeps.0.and(sweeps.1).unwrap();
    assert_eq!(stored(&pool).await, (vec!["gathered".to_owned()], 0, 1), "two at once gather it once");
    engine.inner.runs.committer.close();
}

#[sqlx::test]
async fn a_node_that_dies_before_or_after_the_start_of_the_run_starts_it_once(pool: PgPool) {
    let engine = node(&pool).await;
    let Accepted::Started { runs, .. } = accept(&engine, "a").await else { panic!("not gathered") };
    assert!(runs.is_empty());
    let keep = "create table kept as select * from gatherings; create table kept_events as select * from gathered";
    sqlx::raw_sql(keep).execute(&pool).await.unwrap();
    let Accepted::Started { runs, event, .. } = accept(&engine, "b").await else { panic!("not gathered") };
    assert_eq!((runs.len(), stored(&pool).await), (1, (vec!["run".to_owned(); 2], 1, 0)));
    // As if it had died after the start and before it was noted.
    let undone = "update events set outcome = 'gathered', runs = '{}' where type in ('a', 'b');
                  insert into gatherings select * from kept; insert into gathered select * from kept_events";
    sqlx::raw_sql(undone).execute(&pool).await.unwrap();
    let complete =
        "with g as (update gatherings set run_id = $1 returning id) insert into gathered select id, $2, 1 from g";
    sqlx::query(complete).bind(runs[0]).bind(event).execute(&pool).await.unwrap();
    let sweeps = tokio::join!(engine.inner.joins.start_joined(None), engine.inner.joins.start_joined(None));
    sweeps.0.and(sweeps.1).unwrap();
    assert_eq!(stored(&pool).await, (vec!["run".to_owned(); 2], 1, 0), "one run, however often it is tried");
    let row = listing::run(&pool, runs[0]).await.unwrap().unwrap();
    assert_eq!(row.event, Some(event));
    engine.inner.runs.committer.close();
}
