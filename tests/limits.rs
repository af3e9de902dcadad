//! Targets are protected from overload: all nodes share limits, and runs wait out outages.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde_json::json;

use crate::harness::{Behavior, Node, Target, World, eventually};
use crate::links::workflow;

/// A slow target that records how many calls were in progress at once and when they arrived.
#[derive(Clone, Default)]
struct Busy(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    now: usize,
    most: usize,
    arrivals: Vec<Instant>,
}

impl Busy {
    async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/work", post(Self::work)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    async fn work(State(Self(seen)): State<Self>) {
        {
            let mut seen = seen.lock().unwrap();
            seen.now += 1;
            seen.most = seen.most.max(seen.now);
            seen.arrivals.push(Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen.lock().unwrap().now -= 1;
    }
}

async fn world(target: SocketAddr, settings: &str) -> World {
    let hub = format!("connections:\n  erp: {{ baseUrl: {{ sandbox: 'http://{target}' }}, {settings} }}\n");
    let text =
        "do:\n  - work: { call: http, with: { method: post, endpoint: 'connection://erp/work', output: response } }\n";
    let (file, text) = workflow("work", "1.0.0", text);
    World::new(&[("hub.yaml", hub), (&file, text)], &[target.to_string()]).await
}

async fn start(nodes: &[Node], count: usize) -> Vec<String> {
    let starts = (0..count).map(|n| async move {
        let (status, run) = nodes[n % nodes.len()].post("/api/v1/workflows/test/work/runs", &json!({})).await;
        assert!(status < 300, "{status} {run}");
        run["id"].as_str().unwrap().to_owned()
    });
    futures::future::join_all(starts).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_together_keep_to_the_concurrency_of_a_connection() {
    let busy = Busy::default();
    let world = world(busy.start().await, "limits: { concurrency: 3 }").await;
    let nodes = [world.node().await, world.node().await];
    for run in start(&nodes, 60).await {
        nodes[0].run_becomes(&run, "completed").await;
    }
    let seen = busy.0.lock().unwrap();
    assert_eq!((seen.most, seen.arrivals.len()), (3, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_together_keep_to_the_rate_of_a_connection() {
    let busy = Busy::default();
    let world = world(busy.start().await, "limits: { requests: 20, per: PT1S }").await;
    let nodes = [world.node().await, world.node().await];
    for run in start(&nodes, 60).await {
        nodes[0].run_becomes(&run, "completed").await;
    }
    let arrivals = busy.0.lock().unwrap().arrivals.clone();
    for (n, first) in arrivals.iter().enumerate() {
        // Calls are granted a little before they arrive.
        let within = arrivals[n..].iter().filter(|at| **at - *first <= Duration::from_millis(900)).count();
        assert!(within <= 40, "{within} in a second from the {n}th on: what was saved up, and what grew since");
    }
    assert!(arrivals[59] - arrivals[0] >= Duration::from_millis(1_800), "{:?}", arrivals[59] - arrivals[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_waited_for_and_uses_up_no_retries() {
    let target = Target::start().await;
    let settings = "retry: { attempts: 8, delay: PT0.05S, maxDelay: PT0.1S }, breaker: { failures: 4, wait: PT0.2S, maxWait: PT0.4S, wave: 50 }";
    let world = world(target.address(), settings).await;
    let nodes = [world.node().await];
    target.behave("/work", Behavior::Refuse(503));
    let runs = start(&nodes, 40).await;
    let breaker = async || nodes[0].get("/api/v1/connections").await.1["items"][0]["breaker"].clone();
    eventually("the breaker opens", || async { (breaker().await == "open").then_some(()) }).await;
    let (_, metrics) = nodes[0].get("/metrics").await;
    let held_back = "stepwell_connection_held_back{connection=\"erp\"} 1";
    assert!(metrics.as_str().unwrap().contains(held_back), "{metrics}");
    let before = target.requests("/work");
    // After three trial calls no run has given up, and no other call was made.
    target.reached("/work", before + 3).await;
    assert!(target.requests("/work") <= 40 + 3 * 2, "{}", target.requests("/work"));
    target.behave("/work", Behavior::Answer("{}".into()));
    for run in &runs {
        nodes[0].run_becomes(run, "completed").await;
    }
    assert_eq!(breaker().await, "closed");
    assert_eq!(target.keys("/work").len(), 40);
}
