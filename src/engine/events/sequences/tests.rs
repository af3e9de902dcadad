//! What a crash leaves between an event and its count, and what two nodes do at once, on a real Postgres. Nothing here waits: the
//! engines do nothing by themselves.

use bytes::Bytes;
use serde_json::Value;
use sqlx::PgPool;

use super::*;
use crate::engine::{Accepted, IncomingEvent, OtherBytes};

const AT_ONCE: Duration = Duration::ZERO;
const LATER: Duration = Duration::from_hours(1);

async fn accept(engine: &Engine, channel: &str, number: i64, grace: Duration) -> Accepted {
    let event = IncomingEvent {
        source: "shop".into(),
        event_id: format!("{channel}{number}"),
        r#type: "order".into(),
        attributes: Vec::new(),
        data: Value::Null,
        data_is_body: true,
        body: Bytes::from_static(b"null"),
        headers: Vec::new(),
        counted: Some(Counted { channel: channel.into(), number, grace }),
        note: None,
        other_bytes: OtherBytes::Conflict,
    };
    engine.accept(event).await.unwrap()
}

/// `data` of the events of gaps that go out.
async fn told(pool: &PgPool) -> Vec<Value> {
    let events: Vec<Value> =
        sqlx::query_scalar("select event from outgoing order by id").fetch_all(pool).await.unwrap();
    let data = |mut event: Value| {
        let mut data = event["data"].take();
        assert!(data.as_object_mut().unwrap().remove("at").unwrap().as_str().unwrap().ends_with('Z'), "{event}");
        data
    };
    events.into_iter().map(data).collect()
}

fn gap(channel: &str, after: i64, before: i64, missing: i64) -> Value {
    json!({ "source": "shop", "channel": channel, "after": after, "before": before, "missing": missing })
}

/// Highest number and open ranges.
async fn known(engine: &Engine, channel: &str) -> (i64, Vec<(i64, i64)>) {
    let sources = engine.sources(&BTreeMap::from([("shop".to_owned(), true)])).await.unwrap();
    let found = sources[0].channels.iter().find(|known| known.channel == channel).expect("a number came");
    (found.last, found.gaps.iter().map(|open| (open.gap.after + 1, open.gap.before - 1)).collect())
}

#[sqlx::test]
async fn two_nodes_report_a_gap_once_and_each_channel_counts_separately(pool: PgPool) {
    let (a, b) = (Engine::outside(pool.clone()).await.unwrap(), Engine::outside(pool.clone()).await.unwrap());
    for (channel, number) in [("", 1), ("", 2), ("eu", 1), ("", 5), ("eu", 2)] {
        accept(&a, channel, number, AT_ONCE).await;
    }
    let (first, second) = tokio::join!(count_all(&a.inner.context), count_all(&b.inner.context));
    first.and(second).unwrap();
    count_all(&a.inner.context).await.unwrap();
    assert_eq!(told(&pool).await, [gap("", 2, 5, 2)]);
    assert_eq!((known(&a, "").await, known(&a, "eu").await), ((5, vec![(3, 4)]), (2, vec![])));
    let left: i64 = sqlx::query_scalar("select count(*) from sequence_arrivals").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    a.inner.runs.committer.close();
    b.inner.runs.committer.close();
}

#[sqlx::test]
async fn a_number_counts_with_its_event_however_late_and_a_duplicate_does_not(pool: PgPool) {
    let died = Engine::outside(pool.clone()).await.unwrap();
    accept(&died, "", 1, LATER).await;
    accept(&died, "", 3, LATER).await;
    // It dies before it counts; the sender repeats the last one to another node.
    died.inner.runs.committer.close();
    let engine = Engine::outside(pool.clone()).await.unwrap();
    assert!(matches!(accept(&engine, "", 3, LATER).await, Accepted::Duplicate { .. }));
    let arrivals: i64 = sqlx::query_scalar("select count(*) from sequence_arrivals").fetch_one(&pool).await.unwrap();
    assert_eq!(arrivals, 2);
    count_all(&engine.inner.context).await.unwrap();
    assert_eq!((known(&engine, "").await, told(&pool).await), ((3, vec![(2, 2)]), vec![]));
    accept(&engine, "", 2, LATER).await;
    count_all(&engine.inner.context).await.unwrap();
    assert_eq!((known(&engine, "").await, told(&pool).await), ((3, vec![]), vec![]));
    engine.inner.runs.committer.close();
}

#[sqlx::test]
async fn a_gap_that_stays_open_is_reported_after_its_grace_period_by_any_live_node(pool: PgPool) {
    let died = Engine::outside(pool.clone()).await.unwrap();
    accept(&died, "", 7, LATER).await;
    accept(&died, "", 9, LATER).await;
    count_all(&died.inner.context).await.unwrap();
    died.inner.runs.committer.close();
    let engine = Engine::outside(pool.clone()).await.unwrap();
    count_all(&engine.inner.context).await.unwrap();
    assert_eq!(told(&pool).await, [Value::Null; 0]);
    // The hour passes.
    let pass = "update sequences set next_at = next_at - interval '2 hours',
                       state = regexp_replace(state::text, '\"until\": ?\"[^\"]*\"', '\"until\":\"2026-01-01T00:00:00Z\"')::json";
    sqlx::query(pass).execute(&pool).await.unwrap();
    count_all(&engine.inner.context).await.unwrap();
    count_all(&engine.inner.context).await.unwrap();
    assert_eq!(told(&pool).await, [gap("", 7, 9, 1)]);
    assert_eq!(sequences::gaps(&pool).await.unwrap(), [("shop".to_owned(), 1)]);
    engine.inner.runs.committer.close();
}

#[sqlx::test]
async fn what_a_filter_keeps_out_is_not_missing(pool: PgPool) {
    let engine = Engine::outside(pool.clone()).await.unwrap();
    accept(&engine, "", 1, AT_ONCE).await;
    let number = Counted { channel: String::new(), number: 2, grace: AT_ONCE };
    engine.pass_over("shop", &[number]).await.unwrap();
    accept(&engine, "", 3, AT_ONCE).await;
    count_all(&engine.inner.context).await.unwrap();
    assert_eq!((known(&engine, "").await, told(&pool).await), ((3, vec![]), vec![]));
    engine.inner.runs.committer.close();
}
