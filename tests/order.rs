//! `serialize: key`: runs with one key run one at a time, in the order in which their events were stored, without
//! delaying others.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};

use crate::harness::{Node, World, eventually, hub};
use crate::links::{send, workflow};

/// A target that records the calls for each key, and refuses what it is told to.
#[derive(Clone, Default)]
struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    calls: HashSet<String>,
    by_key: BTreeMap<String, Vec<(String, i64)>>,
    refused: HashSet<(String, i64)>,
}

impl Witness {
    async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/{what}/{key}/{n}", post(Self::note)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    async fn note(
        State(Self(seen)): State<Self>,
        Path((what, key, n)): Path<(String, String, i64)>,
        headers: HeaderMap,
    ) -> StatusCode {
        let mut seen = seen.lock().unwrap();
        if seen.refused.contains(&(key.clone(), n)) {
            return StatusCode::UNPROCESSABLE_ENTITY;
        }
        let call = headers["idempotency-key"].to_str().unwrap().to_owned();
        if seen.calls.insert(call) {
            seen.by_key.entry(key).or_default().push((what, n));
        }
        StatusCode::OK
    }

    fn refuse(&self, key: &str, n: i64) {
        self.0.lock().unwrap().refused.insert((key.to_owned(), n));
    }

    fn story(&self, key: &str) -> Vec<(String, i64)> {
        self.0.lock().unwrap().by_key.get(key).cloned().unwrap_or_default()
    }
}

/// The calls of these runs without overlap.
fn in_order(numbers: impl IntoIterator<Item = i64>) -> Vec<(String, i64)> {
    numbers.into_iter().flat_map(|n| [("begin".to_owned(), n), ("end".to_owned(), n)]).collect()
}

async fn world(target: SocketAddr) -> World {
    let text = format!(
        "schedule: {{ on: {{ one: {{ with: {{ type: change }} }} }} }}
input: {{ from: '.[0]' }}
do:
  - begin: {{ call: http, with: {{ method: post, endpoint: 'http://{target}/begin/{{key}}/{{n}}', output: response }}, output: {{ as: '$input' }} }}
  - end: {{ call: http, with: {{ method: post, endpoint: 'http://{target}/end/{{key}}/{{n}}' }} }}
"
    );
    let (file, text) = workflow("change", "1.0.0", &text);
    let text = text.replace("version: '1.0.0' }", "version: '1.0.0', metadata: { key: '${ .key }', serialize: key } }");
    World::new(&[("hub.yaml", hub()), (&file, text)], &[target.to_string()]).await
}

async fn change(node: &Node, key: &str, n: i64) -> String {
    let (status, answer) = send(node, &format!("{key}-{n}"), "change", &json!({ "key": key, "n": n })).await;
    assert_eq!(status, 202, "{answer}");
    answer["runs"][0].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_with_one_key_run_in_the_order_of_their_events_on_two_nodes_and_across_a_death() {
    const KEYS: i64 = 12;
    let witness = Witness::default();
    let world = world(witness.start().await).await;
    let (mut dying, other) = tokio::join!(world.node(), world.node());
    let from_to = async |nodes: [&Node; 2], from: i64, to: i64| {
        let keys = (0..KEYS).map(|key| async move {
            for n in from..to {
                change(nodes[usize::try_from(n % 2).unwrap()], &format!("k{key}"), n).await;
            }
        });
        futures::future::join_all(keys).await;
    };
    from_to([&dying, &other], 0, 10).await;
    dying.kill();
    let third = world.node().await;
    from_to([&third, &other], 10, 20).await;
    for key in (0..KEYS).map(|key| format!("k{key}")) {
        eventually("all runs of a key ended", || async { (witness.story(&key).len() >= 40).then_some(()) }).await;
        assert_eq!(witness.story(&key), in_order(0..20), "{key}");
    }
    let mut database = world.connect().await;
    let left = "select (select count(*) from turns) + (select count(*) from lanes)";
    eventually("no run is waiting", || async {
        let (_, runs) = other.get("/api/v1/runs?workflow=test/change&status=running,pending").await;
        runs["items"].as_array()?.is_empty().then_some(())
    })
    .await;
    let left: i64 = sqlx::query_scalar(left).fetch_one(&mut database).await.unwrap();
    assert_eq!(left, 0, "completed runs leave no rows behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_run_blocks_its_key_visibly_and_only_its_key() {
    let witness = Witness::default();
    let world = world(witness.start().await).await;
    let node = world.node().await;
    witness.refuse("a", 0);
    let parked = change(&node, "a", 0).await;
    node.run_becomes(&parked, "faulted").await;
    let (second, third) = (change(&node, "a", 1).await, change(&node, "a", 2).await);
    let other = change(&node, "b", 0).await;
    node.run_becomes(&other, "completed").await;
    let queue = async |run: &str| node.run(run).await["queue"].clone();
    assert_eq!(queue(&parked).await, json!({ "first": parked, "before": 0, "after": 2 }));
    assert_eq!(queue(&third).await, json!({ "first": parked, "before": 2, "after": 0 }));
    assert_eq!(node.run(&second).await["status"], "pending");
    // A waiting run can be cancelled; a stopped run makes room when a person acts on it.
    let act = async |run: &str, act: &str| {
        let (status, answer) = node.post(&format!("/api/v1/runs/{run}/{act}"), &json!({ "reason": "test" })).await;
        assert!(status < 300, "{status} {answer}");
    };
    act(&second, "cancel").await;
    node.run_becomes(&second, "cancelled").await;
    assert_eq!(witness.story("a"), [], "no call was made for the key");
    act(&parked, "dismiss").await;
    let run = node.run_becomes(&third, "completed").await;
    assert_eq!((run["queue"].clone(), witness.story("a")), (Value::Null, in_order([2])));
    let kinds: Vec<Value> = node.journal(&third).await.into_iter().map(|record| record["kind"].clone()).collect();
    assert_eq!(kinds[..2], ["run.started", "run.admitted"]);
}
