//! What somebody pauses waits on every node, loses nothing, and goes on after the resume.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Node, Target, World, eventually};
use crate::links::workflow;

async fn world(target: &Target) -> World {
    let address = target.address();
    let hub = format!(
        "connections:\n  erp: {{ baseUrl: {{ sandbox: 'http://{address}' }}, retry: {{ attempts: 2, delay: PT0.05S }} }}\n"
    );
    let text = "do:\n  - work: { call: http, with: { method: post, endpoint: 'connection://erp/work' } }\n";
    let (file, text) = workflow("work", "1.0.0", text);
    World::new(&[("hub.yaml", hub), (&file, text)], &[address.to_string()]).await
}

async fn start(node: &Node) -> String {
    let (status, run) = node.post("/api/v1/workflows/test/work/runs", &json!({})).await;
    assert!(status < 300, "{status} {run}");
    run["id"].as_str().unwrap().to_owned()
}

async fn steer(node: &Node, act: &str) -> Value {
    let path = format!("/api/v1/connections/erp/{act}");
    let (status, answer) = node.post(&path, &json!({ "reason": format!("to {act} it") })).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The errors of a run's failed attempts.
async fn turned_away(node: &Node, run: &str) -> Vec<String> {
    let journal = node.journal(run).await.into_iter().filter(|record| record["kind"] == "attempt.failed");
    journal.map(|record| record["data"]["error"]["title"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_paused_connection_wait_on_every_node_and_go_out_after_the_resume() {
    let target = Target::start().await;
    let world = world(&target).await;
    let (mut first, second) = (world.node().await, world.node().await);
    let before = start(&second).await;
    second.run_becomes(&before, "completed").await;

    let paused = steer(&first, "pause").await;
    assert_eq!((&paused["name"], &paused["paused"]["reason"]), (&json!("erp"), &json!("to pause it")), "{paused}");
    // The other node may still send what it knew nothing of, for two seconds.
    let asked = Instant::now();
    let mut runs = Vec::new();
    loop {
        let run = start(&second).await;
        let is_sent = eventually("the call is sent or turned away", || async {
            let is_sent = second.run(&run).await["status"] == "completed";
            (is_sent || !turned_away(&second, &run).await.is_empty()).then_some(is_sent)
        })
        .await;
        if !is_sent {
            break;
        }
    }
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let sent = target.requests("/work");
    for node in [&first, &second] {
        for _ in 0..3 {
            runs.push(start(node).await);
        }
    }
    for run in &runs {
        // More often than the connection's retries allow attempts: none is used up.
        eventually("the run was turned away twice", || async {
            (turned_away(&second, run).await.len() >= 2).then_some(())
        })
        .await;
        let run = second.run(run).await;
        assert_eq!((&run["status"], &run["attention"]), (&json!("waiting"), &Value::Null), "{run}");
    }
    assert!(turned_away(&second, &runs[0]).await.iter().all(|title| title == "Connection paused"));
    let (_, connections) = second.get("/api/v1/connections").await;
    assert!(connections["items"][0]["paused"]["by"].as_str().unwrap().starts_with("token:"), "{connections}");
    let (_, metrics) = second.get("/metrics").await;
    assert!(metrics.as_str().unwrap().contains("stepwell_connection_paused{connection=\"erp\"} 1"), "{metrics}");

    // The pause is not the node's: it holds after its end, and on a node that starts later.
    first.kill();
    let third = world.node().await;
    runs.push(start(&third).await);
    eventually("the new node turns it away", || async {
        (!turned_away(&third, runs.last().unwrap()).await.is_empty()).then_some(())
    })
    .await;
    assert_eq!(target.requests("/work"), sent, "nothing was sent");

    assert_eq!(steer(&third, "resume").await["paused"], Value::Null);
    for run in &runs {
        second.run_becomes(run, "completed").await;
    }
    let (_, acts) = second.get("/api/v1/audit/acts?subject=connection:erp").await;
    let acts: Vec<&Value> = acts["items"].as_array().unwrap().iter().map(|act| &act["act"]).collect();
    assert_eq!(acts, ["connection.resume", "connection.pause"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pausing_needs_a_reason_and_a_connection_that_exists_and_repeating_it_changes_nothing() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    assert_eq!(node.post("/api/v1/connections/crm/pause", &json!({ "reason": "x" })).await.0, 404);
    assert_eq!(node.post("/api/v1/connections/erp/stop", &json!({ "reason": "x" })).await.0, 404);
    assert_eq!(node.post("/api/v1/connections/erp/pause", &json!({})).await.0, 422);
    let (ok, out, err) = world.command(&[
        "connections",
        "pause",
        "erp",
        "--reason",
        "month end",
        "--server",
        &node.url(""),
        "--token",
        node.token(),
    ]);
    assert!(ok && out.contains("erp") && out.contains("month end"), "{out}{err}");
    steer(&node, "pause").await;
    let (ok, out, err) = world.command(&["connections", "status", "--server", &node.url(""), "--token", node.token()]);
    assert!(ok && out.contains("paused since") && out.contains("month end"), "the first reason stays: {out}{err}");
    steer(&node, "resume").await;
    steer(&node, "resume").await;
    let (_, acts) = node.get("/api/v1/audit/acts?subject=connection:erp").await;
    assert_eq!(acts["items"].as_array().unwrap().len(), 2, "{acts}");
}
