//! Schedules: each firing starts one run, on many nodes, after crashes and pauses.

use serde_json::{Value, json};

use crate::harness::{Node, World, eventually};

fn timed(name: &str, version: &str, metadata: &str, schedule: &str, task: &str) -> (String, String) {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '{version}'{metadata} }}\nschedule: {{ {schedule} }}\ndo:\n  - note: {task}\n"
    );
    (format!("{name}-{version}.yaml"), text)
}

async fn runs(node: &Node, name: &str) -> Vec<Value> {
    let (status, page) = node.get(&format!("/api/v1/runs?workflow=test/{name}&limit=500")).await;
    assert_eq!(status, 200, "{page}");
    page["items"].as_array().unwrap().clone()
}

/// Returns the times for which runs were started.
async fn firings(node: &Node, name: &str) -> Vec<String> {
    let mut times = Vec::new();
    for run in runs(node, name).await {
        let run = node.run(run["id"].as_str().unwrap()).await;
        times.push(run["input"]["scheduledFor"].as_str().unwrap().to_owned());
    }
    times.sort();
    times
}

const SET: &str = "{ set: { at: '${ .scheduledFor }' } }";

#[tokio::test(flavor = "multi_thread")]
async fn each_firing_starts_one_run_on_two_nodes_and_across_their_deaths() {
    let (name, text) = timed("tick", "1.0.0", "", "every: { seconds: 1 }", SET);
    let world = World::new(&[(&name, text)], &[]).await;
    let mut one = world.node().await;
    let mut two = world.node().await;
    eventually("three firings", || async { (runs(&one, "tick").await.len() >= 3).then_some(()) }).await;
    one.kill();
    two.kill();
    let node = world.node().await;
    let before = runs(&node, "tick").await.len();
    eventually("firings continue", || async { (runs(&node, "tick").await.len() >= before + 3).then_some(()) }).await;
    let times = firings(&node, "tick").await;
    let mut distinct = times.clone();
    distinct.dedup();
    assert_eq!(times, distinct, "a firing started two runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_starts_by_itself_is_started_by_events_too() {
    let schedule = "every: { hours: 10 }, on: { one: { with: { type: now } } }";
    let (name, text) = timed("both", "1.0.0", "", schedule, "{ set: { input: '${ . }' } }");
    let world = World::new(&[("hub.yaml", crate::harness::hub()), (&name, text)], &[]).await;
    let node = world.node().await;
    let (status, answer) = node.hook("test", "e1", &json!({ "type": "now" })).await;
    assert_eq!(status, 202, "{answer}");
    let (fired, run, error) = world.command(&["schedules", "fire", "test/both"]);
    assert!(fired, "{error}");
    let by_event = node.run_becomes(answer["runs"][0].as_str().unwrap(), "completed").await;
    let by_time = node.run_becomes(run.trim(), "completed").await;
    assert_eq!(by_event["input"], json!([{ "type": "now" }]));
    assert!(by_time["input"]["scheduledFor"].is_string(), "{by_time}");
}

#[tokio::test(flavor = "multi_thread")]
async fn missed_firings_are_made_up_for_as_the_definition_says() {
    let with = |misfire: &str| format!(", metadata: {{ schedule: {{ misfire: {misfire} }} }}");
    let files: Vec<(String, String)> = ["skip", "once", "all"]
        .iter()
        .map(|misfire| timed(misfire, "1.0.0", &with(misfire), "every: { minutes: 10 }", SET))
        .collect();
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let world = World::new(&files, &[]).await;
    {
        let node = world.node().await;
        eventually("the schedules are there", || async {
            let (_, page) = node.get("/api/v1/schedules").await;
            (page["items"].as_array()?.len() == 3).then_some(())
        })
        .await;
    }
    // As if the schedules had begun an hour ago and the node had been down since.
    let mut connection = world.connect().await;
    sqlx::query("update schedules set anchor = now() - interval '62 minutes', next_at = now() - interval '52 minutes'")
        .execute(&mut connection)
        .await
        .unwrap();
    let node = world.node().await;
    eventually("all missed firings", || async { (runs(&node, "all").await.len() == 6).then_some(()) }).await;
    eventually("one run for all missed firings", || async { (runs(&node, "once").await.len() == 1).then_some(()) })
        .await;
    assert_eq!(runs(&node, "skip").await.len(), 0);
    let distinct: std::collections::BTreeSet<String> = firings(&node, "all").await.into_iter().collect();
    assert_eq!(distinct.len(), 6, "each has its own time");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_waits_for_the_end_of_the_run_before() {
    let (name, text) = timed("chain", "1.0.0", "", "after: { seconds: 1 }", "{ wait: { milliseconds: 1500 } }");
    let world = World::new(&[(&name, text)], &[]).await;
    let mut node = world.node().await;
    eventually("the first at once", || async { (runs(&node, "chain").await.len() == 1).then_some(()) }).await;
    node.kill();
    let node = world.node().await;
    eventually("three in a row", || async { (runs(&node, "chain").await.len() >= 3).then_some(()) }).await;
    let mut spans: Vec<(String, String)> = Vec::new();
    for run in runs(&node, "chain").await {
        let run = node.run(run["id"].as_str().unwrap()).await;
        let text = |key: &str| run[key].as_str().unwrap_or("9999").to_owned();
        spans.push((text("created_at"), text("finished_at")));
    }
    spans.sort();
    for pair in spans.windows(2) {
        assert!(pair[0].1 < pair[1].0, "one began before the other had ended: {spans:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_listed_paused_changed_and_removed() {
    let zurich = ", metadata: { schedule: { timeZone: Europe/Zurich } }";
    let (name, text) = timed("nightly", "1.0.0", zurich, "cron: '30 2 * * *'", SET);
    let world = World::new(&[(&name, text)], &[]).await;
    let node = world.node().await;
    let path = "/api/v1/schedules/test/nightly";
    let schedule = eventually("it is listed", || async {
        let (status, schedule) = node.get(path).await;
        (status == 200).then_some(schedule)
    })
    .await;
    assert_eq!((&schedule["kind"], &schedule["time_zone"]), (&json!("cron"), &json!("Europe/Zurich")));
    assert_eq!(schedule["next"].as_array().unwrap().len(), 5, "{schedule}");
    let (status, paused) = node.post(&format!("{path}/pause"), &json!({ "reason": "month end" })).await;
    assert_eq!(
        (status, &paused["reason"], paused["next"].as_array().map(Vec::len)),
        (200, &json!("month end"), Some(0))
    );
    let (status, resumed) = node.post(&format!("{path}/resume"), &json!({})).await;
    assert_eq!((status, &resumed["paused_at"]), (200, &Value::Null), "{resumed}");
    let (status, fired) = node.post(&format!("{path}/fire"), &json!({ "reason": "the auditors ask" })).await;
    assert_eq!(status, 202, "{fired}");
    let run = node.run(fired["run"].as_str().unwrap()).await;
    assert!(run["input"]["scheduledFor"].is_string(), "{run}");
    let (listed, told, _) = world.command(&["schedules", "show", "test/nightly", "--upcoming", "2"]);
    assert!(listed && told.contains("Europe/Zurich") && told.lines().count() == 6, "{told}");
    assert!(told.contains("the auditors ask") && told.contains("month end"), "{told}");
    let (fired, run, _) = world.command(&["schedules", "fire", "test/nightly", "--reason", "again"]);
    assert!(fired && runs(&node, "nightly").await.iter().any(|r| r["id"] == run.trim()), "{run}");
    let acts = node.get(path).await.1["acts"].clone();
    let acts: Vec<&str> = acts.as_array().unwrap().iter().map(|a| a["act"].as_str().unwrap()).collect();
    assert_eq!(acts, ["fire", "fire", "resume", "pause"]);
    let wrong = json!({ "reason": "x".repeat(3_000) });
    assert_eq!(node.post(&format!("{path}/pause"), &wrong).await.0, 422, "a reason has a maximum length");
    assert_eq!(node.post(&format!("{path}/stop"), &json!({})).await.0, 404);
    let headers = [("content-type", "application/yaml")];
    let put = |text: String| async { node.send("PUT", "/api/v1/workflows/test/nightly", &headers, text).await };
    let (status, answer) = put(timed("nightly", "1.1.0", zurich, "every: { hours: 1 }", SET).1).await;
    assert_eq!(status, 201, "{answer}");
    eventually("another timing", || async { (node.get(path).await.1["kind"] == "every").then_some(()) }).await;
    let text =
        "document: { dsl: '1.0.3', namespace: test, name: nightly, version: '2.0.0' }\ndo:\n  - a: { set: { b: 1 } }\n";
    assert_eq!(put(text.to_owned()).await.0, 201);
    eventually("no schedule any more", || async { (node.get(path).await.0 == 404).then_some(()) }).await;
    // A version without runs can be deleted; the previous one is the latest again.
    let (status, answer) = node.send("DELETE", "/api/v1/workflows/test/nightly/2.0.0", &[], String::new()).await;
    assert_eq!(status, 204, "{answer}");
    eventually("the previous timing", || async { (node.get(path).await.1["kind"] == "every").then_some(()) }).await;
    let (_, run) = node.post("/api/v1/workflows/test/nightly/runs?wait=10", &json!({ "scheduledFor": "x" })).await;
    assert_eq!(run["status"], "completed", "{run}");
    let (status, answer) = node.send("DELETE", "/api/v1/workflows/test/nightly/1.1.0", &[], String::new()).await;
    assert_eq!(status, 409, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_one_node_answered_holds_on_every_node() {
    let (name, text) = timed("tick", "1.0.0", "", "every: { seconds: 1 }", SET);
    let world = World::new(&[(&name, text)], &[]).await;
    let (one, _two) = (world.node().await, world.node().await);
    eventually("it fires", || async { (runs(&one, "tick").await.len() >= 2).then_some(()) }).await;
    let path = "/api/v1/schedules/test/tick";
    let (status, answer) = one.post(&format!("{path}/pause"), &json!({ "reason": "month end" })).await;
    assert_eq!(status, 200, "{answer}");
    let later = "select now() > max(paused_at) + interval '4 seconds' from schedules";
    eventually("the time of several firings has passed", || async {
        let mut database = world.connect().await;
        let is_later: bool = sqlx::query_scalar(later).fetch_one(&mut database).await.unwrap();
        is_later.then_some(())
    })
    .await;
    // A firing that was in progress at the pause may still start.
    let after = "select count(*) from runs, schedules where created_at > paused_at + interval '1 second'";
    let started: i64 = sqlx::query_scalar(after).fetch_one(&mut world.connect().await).await.unwrap();
    assert_eq!(started, 0);
}
