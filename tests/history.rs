//! Runs that continue as new: they are claimed, shown and verified from there on (verification starts with the first
//! record), and earlier versions leave them alone.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, Row};

use crate::harness::{Behavior, Node, Target, World, eventually, hub};

/// Counts in a loop with two records per round, then waits for an event, and repeats until the event ends it.
const WATCH: &str = "document:
  dsl: '1.0.3'
  namespace: test
  name: watch
  version: '1.0.0'
  metadata: { key: '${ .key }', history: { records: 100 } }
schedule: { on: { one: { with: { source: test, type: watch } } } }
input: { from: '.[0]? // .' }
do:
  - reserve:
      call: http
      with: { method: post, endpoint: 'connection://target/reserve' }
      output: { as: '{ n: 0 }' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: 'connection://target/release' } } }
  - count: { set: { n: '${ .n + 1 }' } }
  - decide:
      switch:
        - some: { when: '.n % 120 == 0', then: next }
        - again: { then: count }
  - next:
      listen: { to: { one: { with: { type: watch.next } } }, read: data }
      output: { as: '$input + { enough: .[0].enough }' }
  - look:
      switch:
        - over: { when: .enough, then: finish }
        - again: { then: count }
  - finish: { call: http, with: { method: post, endpoint: 'connection://target/finish', body: '${ . }' }, metadata: { compensate: none } }
";

async fn world(target: &Target) -> World {
    let connection = format!(
        "{}connections:\n  target:\n    baseUrl: {{ sandbox: 'http://{}' }}\n    retry: {{ attempts: 1 }}\n",
        hub(),
        target.address()
    );
    World::empty(&[("hub.yaml", connection), ("watch.yaml", WATCH.to_owned())], &[target.address().to_string()]).await
}

async fn send(node: &Node, kind: &str, id: &str, enough: bool) -> Option<String> {
    let (status, answer) = node.hook("test", id, &json!({ "type": kind, "key": "k", "enough": enough })).await;
    assert!(status == 202 || status == 200, "{status} {answer}");
    answer["runs"][0].as_str().map(ToOwned::to_owned)
}

async fn waits(node: &Node, run: &str, since: u64) -> Value {
    eventually(&format!("run {run} waits for an event"), || async {
        let view = node.run(run).await;
        let records = view["continued"]["records"].as_u64().unwrap_or(0);
        (view["status"] == "waiting" && records > since).then_some(view)
    })
    .await
}

async fn number(world: &World, of: String) -> i64 {
    world.connect().await.fetch_one(AssertSqlSafe(of)).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_continues_as_new_is_read_from_there_and_keeps_what_it_may_have_to_undo() {
    let target = Target::start().await;
    target.behave("/finish", Behavior::Refuse(400));
    let mut world = world(&target).await;
    world.deploy();
    world.make_token();
    let mut node = world.node().await;
    let run = send(&node, "watch", "watch", false).await.unwrap();
    let first = waits(&node, &run, 0).await;
    send(&node, "watch.next", "next 1", false).await;
    let view = waits(&node, &run, first["continued"]["records"].as_u64().unwrap()).await;
    let tasks = view["tasks"].as_array().unwrap().len() as u64;
    assert!(tasks <= 100, "{tasks} tasks are shown");
    assert_eq!((view["key"].clone(), view["started_at"].clone()), (json!("k"), first["started_at"].clone()));
    let (records, before) =
        (view["continued"]["records"].as_u64().unwrap(), view["continued"]["tasks"].as_u64().unwrap());
    assert!(records > 350 && before + tasks > 480, "{records} {before} {tasks}");
    // The run's row refers to the record, whose format earlier versions do not support.
    let base = number(&world, format!("select base::bigint from runs where id = '{run}'")).await;
    assert_eq!(base, i64::try_from(records).unwrap() + 1);
    let format = number(&world, format!("select format::bigint from runs where id = '{run}'")).await;
    assert_eq!(format, 3);
    let journal = node.journal(&run).await;
    let kinds: Vec<&Value> = journal.iter().map(|item| &item["kind"]).collect();
    assert_eq!(kinds[usize::try_from(base).unwrap() - 1], "run.continued");
    assert_eq!(kinds.iter().filter(|kind| **kind == "run.continued").count(), 4);
    let (sound, out, errors) = world.command(&["audit", "verify"]);
    assert!(sound, "{out}{errors}");
    // Earlier rows are no longer read or needed.
    node.kill();
    let harm = format!(
        "update journal set data = '{{}}' where run_id = '{run}' and seq < {base}
         and exists (select from runs where id = '{run}')"
    );
    let mut connection = world.connect().await;
    connection.execute(AssertSqlSafe(harm)).await.unwrap();
    connection.execute("delete from snapshots").await.unwrap();
    let node = world.node().await;
    send(&node, "watch.next", "next 2", true).await;
    let ended = node.run_becomes(&run, "compensated").await;
    assert_eq!(target.requests("/release"), 1, "steps from before it continued as new are undone");
    assert_eq!(target.keys("/reserve").len(), 1);
    let undo = ended["tasks"].as_array().unwrap().iter().find(|task| task["compensates"] == "/do/0/reserve");
    assert!(undo.is_some(), "{}", ended["tasks"]);
    assert!(ended["continued"]["records"].as_u64().unwrap() >= records);
    let (sound, out, _) = world.command(&["audit", "verify"]);
    assert!(!sound && out.contains(&run), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_continues_as_new_once_every_node_supports_it_and_earlier_versions_then_leave_it_alone() {
    let target = Target::start().await;
    let mut world = world(&target).await;
    world.deploy();
    world.make_token();
    world.set("STEPWELL_FORMAT", "2");
    let mut old = world.node().await;
    let run = send(&old, "watch", "watch", false).await.unwrap();
    eventually("the run waits", || async { (old.run(&run).await["status"] == "waiting").then_some(()) }).await;
    assert_eq!(old.run(&run).await["continued"], Value::Null);
    assert!(old.terminate());
    world.set("STEPWELL_FORMAT", "0");
    let mut new = world.node().await;
    // It has more than enough records, so it continues as new at the next opportunity.
    send(&new, "watch.next", "next 1", false).await;
    waits(&new, &run, 200).await;
    new.kill();
    world.set("STEPWELL_FORMAT", "2");
    let mut old = world.node().await;
    send(&old, "watch.next", "next 2", true).await;
    let own = send(&old, "watch", "another", false).await.unwrap();
    eventually("the old node does its own work", || async {
        (old.run(&own).await["status"] == "waiting").then_some(())
    })
    .await;
    assert_eq!(target.requests("/finish"), 0);
    assert!(old.terminate());
    world.set("STEPWELL_FORMAT", "0");
    let new = world.node().await;
    new.run_becomes(&run, "completed").await;
    assert_eq!((target.requests("/finish"), target.keys("/reserve").len()), (1, 2));
}
