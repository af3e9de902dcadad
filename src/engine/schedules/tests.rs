//! Firing on a real Postgres: nodes that race, die between two writes, or know another version than the schedule is from.
//!
//! Nothing here waits. The engines sweep only when a test tells them to, and time passes by moving what is stored back.

use std::collections::BTreeSet;

use sqlx::{PgPool, Row};

use super::*;
use crate::engine::{Engine, ScheduleAct, ScheduleActed};
use crate::store::runs::listing;

/// A node that does nothing by itself. When it is gone, its connection is given back.
struct Node(Engine);

impl std::ops::Deref for Node {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.0
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.inner.runs.committer.close();
    }
}

async fn node(pool: &PgPool) -> Node {
    let node = Node(Engine::outside(pool.clone()).await.unwrap());
    node.inner.schedules.sync_schedules().await.unwrap();
    node
}

async fn deploy(engine: &Engine, version: &str, misfire: &str, schedule: &str) {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: tick, version: '{version}', metadata: {{ schedule: {{ misfire: {misfire} }} }} }}
schedule: {{ {schedule} }}
do:
  - note: {{ set: {{ at: '${{ .scheduledFor }}' }} }}
"
    );
    let built = crate::dsl::build("tick.yaml", &text, &crate::dsl::Functions::default()).unwrap();
    engine.deploy(&built, &Actor("test".into())).await.unwrap();
    engine.inner.schedules.sync_schedules().await.unwrap();
}

async fn row(pool: &PgPool) -> ScheduleRow {
    schedules::find(pool, "test", "tick").await.unwrap().unwrap()
}

/// As if the schedule had begun so many seconds ago and nobody had been there since.
async fn begun(pool: &PgPool, seconds: i32, interval: i32) {
    let moved = "update schedules set anchor = date_trunc('second', now()) - make_interval(secs => $1),
                 next_at = date_trunc('second', now()) - make_interval(secs => $1 - $2)";
    sqlx::query(moved).bind(seconds).bind(interval).execute(pool).await.unwrap();
}

/// For which times runs were started, one entry for each run.
async fn started(pool: &PgPool) -> Vec<String> {
    let stored = "select k.event_id, r.id from runs r
                  left join event_keys k on k.source = 'schedule:test/tick' and r.id = any(k.runs) order by k.event_id";
    let rows = sqlx::query(stored).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| row.get::<Option<String>, _>(0).unwrap_or_default()).collect()
}

#[sqlx::test]
async fn nodes_that_race_start_one_run_for_each_firing(pool: PgPool) {
    let (one, two, three) = (node(&pool).await, node(&pool).await, node(&pool).await);
    deploy(&one, "1.0.0", "all", "every: { seconds: 10 }").await;
    for other in [&two, &three] {
        other.inner.context.catalog.refresh(&pool).await.unwrap();
    }
    begun(&pool, 405, 10).await;
    for _ in 0..2 {
        let raced = tokio::join!(
            one.inner.schedules.fire_schedules(),
            two.inner.schedules.fire_schedules(),
            three.inner.schedules.fire_schedules()
        );
        raced.0.and(raced.1).and(raced.2).unwrap();
    }
    let times = started(&pool).await;
    let distinct: BTreeSet<&String> = times.iter().collect();
    assert_eq!((times.len(), distinct.len()), (40, 40), "{times:?}");
}

#[sqlx::test]
async fn a_node_that_dies_between_start_and_next_firing_doubles_nothing(pool: PgPool) {
    let (one, two) = (node(&pool).await, node(&pool).await);
    deploy(&one, "1.0.0", "once", "every: { hours: 1 }").await;
    two.inner.context.catalog.refresh(&pool).await.unwrap();
    begun(&pool, 3_605, 3_600).await;
    let definition = one.inner.schedules.timed("test", "tick").unwrap();
    let due = row(&pool).await.next_at.unwrap();
    // This is as far as the first node comes.
    let run = one.inner.schedules.start_scheduled(&definition, due).await.unwrap();
    two.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await, [instant(due)]);
    let after = row(&pool).await;
    assert_eq!((after.run_id, after.last_at), (Some(run), Some(due)));
    assert_eq!(after.next_at, Some(due + chrono::Duration::hours(1)));
}

#[sqlx::test]
async fn one_run_makes_up_for_all_missed_ones_also_when_its_node_dies_before_or_after_its_start(pool: PgPool) {
    let (one, two) = (node(&pool).await, node(&pool).await);
    deploy(&one, "1.0.0", "once", "every: { minutes: 10 }").await;
    two.inner.context.catalog.refresh(&pool).await.unwrap();
    begun(&pool, 62 * 60, 600).await;
    let definition = one.inner.schedules.timed("test", "tick").unwrap();
    let (timing, missed) = (definition.timing.as_ref().unwrap(), row(&pool).await);
    let chosen = first_to_fire(timing, missed.anchor, missed.next_at.unwrap(), one.now());
    assert_eq!(chosen, Some(missed.anchor + chrono::Duration::minutes(60)));
    // Dead right after it chose: what was chosen stands, also for a node that saw the schedule before.
    assert!(schedules::pass_over(&pool, &missed, chosen).await.unwrap());
    two.inner.schedules.fire(&missed).await.unwrap();
    assert_eq!(started(&pool).await, [""; 0], "what it saw is past");
    // Dead right after the start.
    one.inner.schedules.start_scheduled(&definition, chosen.unwrap()).await.unwrap();
    two.inner.schedules.fire_schedules().await.unwrap();
    two.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await, [instant(chosen.unwrap())]);
}

#[sqlx::test]
async fn what_was_missed_is_made_up_for_over_several_sweeps(pool: PgPool) {
    let one = node(&pool).await;
    deploy(&one, "1.0.0", "all", "every: { seconds: 2 }").await;
    begun(&pool, 240, 2).await;
    let until = one.now();
    one.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await.len(), FIRINGS_MAX, "a sweep does not stay with one schedule");
    while row(&pool).await.next_at.unwrap() <= until {
        one.inner.schedules.fire_schedules().await.unwrap();
    }
    let times = started(&pool).await;
    let distinct: BTreeSet<&String> = times.iter().collect();
    assert!(times.len() >= 120 && distinct.len() == times.len(), "{times:?}");
}

#[sqlx::test]
async fn a_node_that_has_not_read_the_latest_version_leaves_its_schedule_alone(pool: PgPool) {
    let (old, new) = (node(&pool).await, node(&pool).await);
    deploy(&old, "1.0.0", "once", "cron: '0 3 * * *'").await;
    new.inner.context.catalog.refresh(&pool).await.unwrap();
    deploy(&new, "1.1.0", "once", "after: { seconds: 5 }").await;
    // The old node looks at the schedule once more, and finds it due.
    old.inner.context.catalog.give_back_unscheduled(vec![("test".into(), "tick".into())]);
    old.inner.schedules.sync_schedules().await.unwrap();
    old.inner.schedules.fire_schedules().await.unwrap();
    let kept = row(&pool).await;
    assert_eq!((kept.version.as_str(), kept.last_at), ("1.1.0", None));
    assert!(kept.next_at.unwrap() <= new.now(), "the first firing of `after` is at once");
    new.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await.len(), 1);
    assert_eq!(row(&pool).await.next_at, None, "it waits for the end of its run");
}

#[sqlx::test]
async fn after_counts_from_the_end_of_the_last_run_and_of_no_other(pool: PgPool) {
    let one = node(&pool).await;
    deploy(&one, "1.0.0", "once", "after: { seconds: 30 }").await;
    // The node's clock is an estimate of the database's, and may be a moment ahead.
    sqlx::query("update schedules set next_at = next_at - interval '1 minute'").execute(&pool).await.unwrap();
    one.inner.schedules.fire_schedules().await.unwrap();
    let first = row(&pool).await.run_id.unwrap();
    one.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await.len(), 1, "the run has not ended");
    let end =
        "update runs set finished_at = now() - interval '1 minute', status = 'completed', wake_at = null where id = $1";
    sqlx::query(end).bind(first).execute(&pool).await.unwrap();
    // A slower node has read the same end.
    let read_before = schedules::ended(&pool, &[], 10).await.unwrap().pop().unwrap();
    one.inner.schedules.fire_schedules().await.unwrap();
    let second = row(&pool).await;
    assert_ne!(second.run_id, Some(first));
    assert_eq!(second.last_at, Some(read_before.ended_at + chrono::Duration::seconds(30)));
    schedules::fire_after(&pool, &read_before, read_before.ended_at).await.unwrap();
    assert_eq!(row(&pool).await.next_at, None, "the second run has not ended, whatever became of the first");
}

#[sqlx::test]
async fn an_idempotency_key_of_the_api_does_not_block_a_firing(pool: PgPool) {
    let one = node(&pool).await;
    deploy(&one, "1.0.0", "once", "every: { hours: 1 }").await;
    begun(&pool, 3_605, 3_600).await;
    let due = instant(row(&pool).await.next_at.unwrap());
    let definition = one.inner.schedules.timed("test", "tick").unwrap();
    let mut request = scheduled(&definition, one.now(), Actor("user:eve".into()), Some(due.clone()));
    request.input = json!({ "scheduledFor": "never" });
    one.start(request).await.unwrap();
    one.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await, [due, String::new()], "both were started");
}

#[sqlx::test]
async fn who_paused_fired_and_resumed_a_schedule_is_kept(pool: PgPool) {
    let one = node(&pool).await;
    deploy(&one, "1.0.0", "all", "every: { minutes: 1 }").await;
    let ada = Actor("user:ada".into());
    let act = |act, reason| one.act_on_schedule("test", "tick", act, &ada, reason);
    assert_eq!(act(ScheduleAct::Pause, Some("month end")).await.unwrap(), ScheduleActed::Done);
    begun(&pool, 600, 60).await;
    one.inner.schedules.fire_schedules().await.unwrap();
    assert_eq!(started(&pool).await, [""; 0], "it is paused");
    let due = row(&pool).await.next_at;
    let ScheduleActed::Started(run) = act(ScheduleAct::Fire, Some("the auditors ask")).await.unwrap() else {
        panic!("nothing was started");
    };
    assert!(listing::run(&pool, run).await.unwrap().is_some());
    assert_eq!(row(&pool).await.next_at, due, "firing by hand leaves the schedule as it is");
    let again = one.act_on_schedule("test", "tick", ScheduleAct::Pause, &Actor("user:eve".into()), None).await.unwrap();
    assert_eq!((again, row(&pool).await.paused_by.as_deref()), (ScheduleActed::Done, Some("user:ada")));
    act(ScheduleAct::Resume, Some("closed")).await.unwrap();
    let resumed = row(&pool).await;
    assert!(resumed.paused_at.is_none() && resumed.next_at.unwrap() > one.now() - chrono::Duration::seconds(1));
    let kept = one.schedule_acts("test", "tick", 10).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|a| (a.act.as_str(), a.actor.as_str(), a.reason.as_deref(), a.run)).collect();
    let expected = [
        ("resume", "user:ada", Some("closed"), None),
        ("pause", "user:eve", None, None),
        ("fire", "user:ada", Some("the auditors ask"), Some(run)),
        ("pause", "user:ada", Some("month end"), None),
    ];
    assert_eq!(kept, expected);
    let unknown = one.act_on_schedule("test", "none", ScheduleAct::Pause, &ada, None).await.unwrap();
    assert_eq!(unknown, ScheduleActed::Unknown);
    assert!(one.schedule_acts("test", "none", 10).await.unwrap().is_empty(), "nothing was done");
}

#[sqlx::test]
async fn schedules_that_this_node_cannot_fire_hold_up_no_other(pool: PgPool) {
    let engine = node(&pool).await;
    deploy(&engine, "1.0.0", "once", "every: { seconds: 60 }").await;
    begun(&pool, 60, 60).await;
    // Of versions that this node does not know, and longer due.
    let others = "insert into schedules (namespace, name, version, signature, anchor, next_at)
                  select 'test', 'unknown-' || n, '9.0.0', 'unknown', now() - interval '1 day', now() - interval '1 hour'
                  from generate_series(1, $1) as n";
    sqlx::query(others).bind(i32::try_from(PAGE).unwrap() + 1).execute(&pool).await.unwrap();
    engine.inner.schedules.fire_schedules().await.unwrap();
    let runs: i64 = sqlx::query_scalar("select count(*) from runs").fetch_one(&pool).await.unwrap();
    assert_eq!(runs, 1);
}
