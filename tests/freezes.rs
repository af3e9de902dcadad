//! During a freeze, runs that events start wait on every node; afterwards they continue in order.

use serde_json::{Value, json};

use crate::harness::{Behavior, Node, Target, World, calls, eventually, hub, statuses};
use crate::links::{send, workflow};

const ORDERS: &str =
    "schedule: { on: { one: { with: { type: order.won } } } }\ndo:\n  - note: { set: { done: true } }\n";

async fn world() -> World {
    let (orders, text) = workflow("orders", "1.0.0", ORDERS);
    // One at a time, in the order of arrival.
    let text = text.replace("version: '1.0.0'", "version: '1.0.0', metadata: { key: '${ \"one\" }', serialize: key }");
    let (other, other_text) = workflow("other", "1.0.0", &ORDERS.replace("order.won", "other"));
    World::new(&[("hub.yaml", hub()), (&orders, text), (&other, other_text)], &[]).await
}

async fn start(node: &Node, id: &str) -> String {
    let (status, answer) = send(node, id, "order.won", &json!({ "order": id })).await;
    assert_eq!(status, 202, "{answer}");
    answer["runs"][0].as_str().unwrap().to_owned()
}

async fn freeze(node: &Node, body: Value) -> String {
    let (status, freeze) = node.post("/api/v1/freezes", &body).await;
    assert_eq!(status, 201, "{freeze}");
    freeze["id"].as_str().unwrap().to_owned()
}

async fn end(node: &Node, freeze: &str) {
    let (status, ended) = node.post(&format!("/api/v1/freezes/{freeze}/end"), &json!({ "reason": "closed" })).await;
    assert_eq!(status, 200, "{ended}");
    assert!(ended["ended_at"].is_string(), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_events_start_during_a_freeze_wait_on_every_node_and_continue_in_order() {
    let world = world().await;
    let (mut first, second) = (world.node().await, world.node().await);
    // The other node has just read that there is no freeze.
    start(&second, "before").await;
    let month_end = freeze(&first, json!({ "workflows": ["test/orders"], "reason": "month end" })).await;
    let audit = freeze(&first, json!({ "workflows": ["test/orders"], "reason": "audit" })).await;
    let mut held = vec![start(&second, "at-once").await];
    for n in 0..6 {
        let node = if n % 2 == 0 { &first } else { &second };
        held.push(start(node, &format!("order-{n}")).await);
    }
    for run in &held {
        let shown = first.run(run).await;
        assert_eq!(shown["status"], "suspended", "{shown}");
        let reason = &first.journal(run).await[1]["data"]["reason"];
        assert_eq!(reason, "freeze: month end");
    }
    // Other workflows, and runs that people start, are not frozen.
    let (status, answer) = send(&second, "other", "other", &json!({})).await;
    assert_eq!(status, 202, "{answer}");
    second.run_becomes(answer["runs"][0].as_str().unwrap(), "completed").await;
    // One of two freezes ends and the node that was asked dies: the waiting runs wait for the other freeze.
    end(&first, &month_end).await;
    first.kill();
    let waiting = async |freeze: &str| {
        let (_, list) = second.get("/api/v1/freezes").await;
        list["items"].as_array().unwrap().iter().find(|item| item["id"] == freeze).unwrap()["waiting"].as_u64().unwrap()
    };
    eventually("the runs wait for the other freeze", || async {
        (waiting(&audit).await == held.len() as u64).then_some(())
    })
    .await;
    assert_eq!(second.run(&held[0]).await["status"], "suspended");
    end(&second, &audit).await;
    held.push(start(&second, "after").await);
    let mut finished = Vec::new();
    for run in &held {
        let run = second.run_becomes(run, "completed").await;
        finished.push(run["finished_at"].as_str().unwrap().to_owned());
    }
    assert!(finished.is_sorted(), "{finished:?}");
    eventually("the freeze is over", || async {
        let (_, list) = second.get("/api/v1/freezes").await;
        list["items"].as_array().unwrap().iter().all(|item| item["released_at"].is_string()).then_some(())
    })
    .await;
    let resumed = second.journal(&held[1]).await.into_iter().find(|record| record["data"]["act"] == "resume").unwrap();
    assert_eq!(resumed["data"]["reason"], "closed", "{resumed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_ends_by_itself_and_one_run_may_be_let_go_before() {
    let world = world().await;
    let node = world.node().await;
    let until = chrono::Utc::now() + chrono::Duration::seconds(8);
    let body = json!({ "workflows": ["test/orders"], "until": until, "reason": "until the morning" });
    freeze(&node, body).await;
    let (early, late) = (start(&node, "early").await, start(&node, "late").await);
    let (status, resumed) = node.post(&format!("/api/v1/runs/{early}/resume"), &json!({ "reason": "urgent" })).await;
    assert_eq!(status, 200, "{resumed}");
    node.run_becomes(&early, "completed").await;
    let ended = node.run_becomes(&late, "completed").await;
    let finished: chrono::DateTime<chrono::Utc> = ended["finished_at"].as_str().unwrap().parse().unwrap();
    assert!(finished >= until, "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_held_back_makes_its_first_call_once_and_no_other_node_is_blamed() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let node = world.node().await;
    let month_end = freeze(&node, json!({ "workflows": ["test/calls"], "reason": "month end" })).await;
    let run = node.start_calls(1).await;
    assert_eq!(node.run(&run).await["status"], "suspended");
    end(&node, &month_end).await;
    node.run_becomes(&run, "completed").await;
    let journal = node.journal(&run).await;
    let count = |kind: &str| journal.iter().filter(|record| record["kind"] == kind).count();
    assert_eq!((count("attempt.failed"), count("run.taken_over")), (0, 0), "{journal:?}");
    assert_eq!(target.requests("/step1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_a_person_suspends_during_a_freeze_stays_suspended_afterwards() {
    let world = world().await;
    let node = world.node().await;
    let month_end = freeze(&node, json!({ "workflows": ["test/orders"], "reason": "month end" })).await;
    let (disputed, other) = (start(&node, "disputed").await, start(&node, "other-one").await);
    let reason = json!({ "reason": "the customer disputes it" });
    let (status, answer) = node.post(&format!("/api/v1/runs/{disputed}/suspend"), &reason).await;
    assert_eq!(status, 200, "{answer}");
    end(&node, &month_end).await;
    eventually("the freeze is over", || async {
        let (_, list) = node.get("/api/v1/freezes").await;
        list["items"][0]["released_at"].is_string().then_some(())
    })
    .await;
    assert_eq!(node.run(&disputed).await["status"], "suspended");
    let (status, answer) = node.post(&format!("/api/v1/runs/{disputed}/resume"), &json!({})).await;
    assert_eq!(status, 200, "{answer}");
    node.run_becomes(&other, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_workflow_begins_no_run_and_no_step_and_continues_where_it_stood() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    let (mut first, second) = (world.node().await, world.node().await);
    target.behave("/step1", Behavior::Hold);
    let running = [first.start_calls(1).await, second.start_calls(2).await];
    target.reached("/step1", 2).await;
    let body = json!({ "workflows": ["test/calls"], "holds": "steps", "reason": "wrong subsidiary" });
    let pause = freeze(&first, body).await;
    // Whatever starts a run: a person and an event.
    let (status, by_person) = second.post("/api/v1/workflows/test/calls/runs", &json!({ "n": 3 })).await;
    assert!(status < 300, "{by_person}");
    let held = [by_person["id"].as_str().unwrap().to_owned(), second.start_calls(4).await];
    // Nodes are told within a moment; a call that is on its way ends after that.
    for run in running.iter().chain(&held) {
        second.run_becomes(run, "suspended").await;
    }
    target.behave("/step1", Behavior::Answer("{}".into()));
    for run in &running {
        eventually("the answer is recorded", || async {
            let ended = ("step1".to_owned(), "completed".to_owned());
            statuses(&second.run(run).await).contains(&ended).then_some(())
        })
        .await;
    }
    let suspended = async || {
        let (_, list) = second.get("/api/v1/freezes").await;
        list["items"][0].clone()
    };
    let shown = eventually("every run in progress was told", || async {
        let shown = suspended().await;
        shown["suspended_at"].is_string().then_some(shown)
    })
    .await;
    assert_eq!((&shown["holds"], &shown["waiting"]), (&json!("steps"), &json!(4)), "{shown}");
    assert_eq!((target.requests("/step1"), target.requests("/step2")), (2, 0), "no run and no step has begun");
    // One goes on alone, and is not told again, also by a node that comes later.
    first.kill();
    let third = world.node().await;
    let (status, resumed) =
        third.post(&format!("/api/v1/runs/{}/resume", running[0]), &json!({ "reason": "urgent" })).await;
    assert_eq!(status, 200, "{resumed}");
    third.run_becomes(&running[0], "completed").await;
    assert_eq!(target.requests("/step2"), 1);
    end(&third, &pause).await;
    for run in running.iter().chain(&held) {
        second.run_becomes(run, "completed").await;
    }
    assert_eq!((target.requests("/step1"), target.requests("/step2")), (4, 4), "nothing is done twice");
    let acted: Vec<Value> =
        second.journal(&running[1]).await.into_iter().filter(|r| r["kind"] == "operator.acted").collect();
    let acts: Vec<&Value> = acted.iter().map(|record| &record["data"]["act"]).collect();
    assert_eq!(acts, ["suspend", "resume"], "{acted:?}");
    assert_eq!(acted[0]["data"]["reason"], "paused: wrong subsidiary", "{acted:?}");
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}
