//! Slow targets and their effects after nobody waits any more. Every effect counts, because these targets have no
//! idempotency keys.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::harness::{Behavior, Target, World, eventually, hub};

const TIMEOUT: Duration = Duration::from_millis(400);
const SETTLE: Duration = Duration::from_millis(1600);

/// A target that acts late, whether or not someone still waits for its answer.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<HashMap<u64, Vec<&'static str>>>>);

impl Slow {
    async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/records/{n}", post(act).delete(undo).get(find))
            .route("/refuse", post(|| async { StatusCode::BAD_REQUEST }))
            .route("/healthy", get(|| async { "yes" }))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    fn note(&self, n: u64, what: &'static str) {
        self.0.lock().unwrap().entry(n).or_default().push(what);
    }

    fn of(&self, n: u64) -> Vec<&'static str> {
        self.0.lock().unwrap().get(&n).cloned().unwrap_or_default()
    }
}

/// Delay of the nth record: from none to well after the caller has given up. A busy machine adds to that, within the
/// settle time.
fn delay(n: u64) -> Duration {
    let longest = TIMEOUT + SETTLE / 2;
    longest * u32::try_from(n * 7_919 % 1_000).unwrap() / 1_000
}

async fn act(State(slow): State<Slow>, Path(n): Path<u64>) -> Response {
    // A disconnected caller does not end the work.
    let done = tokio::spawn(async move {
        tokio::time::sleep(delay(n)).await;
        slow.note(n, "do");
    });
    done.await.unwrap();
    Json(json!({ "id": n })).into_response()
}

async fn undo(State(slow): State<Slow>, Path(n): Path<u64>) -> StatusCode {
    slow.note(n, "undo");
    StatusCode::NO_CONTENT
}

async fn find(State(slow): State<Slow>, Path(n): Path<u64>) -> Response {
    match slow.of(n).contains(&"do") {
        true => Json(json!({ "id": n })).into_response(),
        false => Json(serde_json::Value::Null).into_response(),
    }
}

fn connection(address: SocketAddr) -> String {
    format!(
        "{}connections:
  slow:
    baseUrl: {{ sandbox: 'http://{address}' }}
    timeout: PT0.4S
    settle: PT1.6S
    concurrency: 2000
    retry: {{ attempts: 2, delay: PT0.05S }}
",
        hub()
    )
}

fn workflow(name: &str, tasks: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}
schedule: {{ on: {{ one: {{ with: {{ source: test, type: {name} }} }} }} }}
input: {{ from: '.[0]? // .' }}
do:
{tasks}"
    )
}

async fn world(address: SocketAddr) -> World {
    let undone = "  - record:
      call: http
      with: { method: post, endpoint: 'connection://slow/records/{n}' }
      metadata: { compensate: { input: { from: '$workflow.input' }, call: http, with: { method: delete, endpoint: '${ \"connection://slow/records/\\($workflow.input | (.[0]? // .).n)\" }' } } }
  - refuse: { call: http, with: { method: post, endpoint: 'connection://slow/refuse' }, metadata: { compensate: none } }
";
    let once = "  - record:
      call: http
      with: { method: post, endpoint: 'connection://slow/records/{n}' }
      metadata:
        idempotent: false
        reconcile: { call: http, with: { method: get, endpoint: 'connection://slow/records/{n}' } }
";
    let files = [
        ("hub.yaml", connection(address)),
        ("undone.yaml", workflow("undone", undone)),
        ("once.yaml", workflow("once", once)),
    ];
    World::new(&files, &[address.to_string()]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_slow_targets_act_neither_after_their_undo_nor_twice() {
    let slow = Slow::default();
    let world = world(slow.start().await).await;
    let node = world.node().await;
    let mut runs = Vec::new();
    for n in 0..2_000_u64 {
        let kind = if n % 2 == 0 { "undone" } else { "once" };
        let (status, answer) = node.hook("test", &format!("e{n}"), &json!({ "type": kind, "n": n })).await;
        assert_eq!(status, 202, "{answer}");
        runs.push((n, answer["runs"][0].as_str().unwrap().to_owned()));
    }
    for (n, run) in &runs {
        node.run_becomes(run, if n % 2 == 0 { "compensated" } else { "completed" }).await;
    }
    for (n, _) in &runs {
        // Effects in progress arrive within the settle time, so wait for the effect itself.
        let effects =
            eventually(&format!("the effect of {n}"), || async { Some(slow.of(*n)).filter(|e| e.contains(&"do")) })
                .await;
        match n % 2 {
            0 => assert_eq!(effects.last(), Some(&"undo"), "{n} after {:?}: {effects:?}", delay(*n)),
            _ => assert_eq!(effects, ["do"], "{n} after {:?}", delay(*n)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_past_the_pivot_is_a_conflict_unless_it_leaves_what_was_done() {
    let target = Target::start().await;
    target.behave("/after", Behavior::Hold);
    let at =
        |path: &str| format!("call: http, with: {{ method: post, endpoint: 'http://{}/{path}' }}", target.address());
    let tasks = format!(
        "  - first: {{ {}, metadata: {{ compensate: {{ {} }} }} }}
  - order: {{ {}, metadata: {{ pivot: true }} }}
  - after: {{ {} }}
",
        at("first"),
        at("undo"),
        at("order"),
        at("after")
    );
    let files = [("hub.yaml", hub()), ("pivot.yaml", workflow("pivot", &tasks))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let (_, answer) = node.hook("test", "p1", &json!({ "type": "pivot", "n": 1 })).await;
    let run = answer["runs"][0].as_str().unwrap().to_owned();
    target.reached("/after", 1).await;
    let cancel = format!("/api/v1/runs/{run}/cancel");
    let (status, problem) = node.post(&cancel, &json!({})).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("compensate: false"), "{problem}");
    let (status, answer) = node.post(&cancel, &json!({ "compensate": false, "reason": "leave it" })).await;
    assert_eq!(status, 200, "{answer}");
    target.behave("/after", Behavior::Answer("{}".into()));
    node.run_becomes(&run, "cancelled").await;
    assert_eq!(target.requests("/undo"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_run_names_its_step_and_an_act_that_is_repeated_hits_no_other() {
    let target = Target::start().await;
    target.behave("/one", Behavior::Refuse(400));
    target.behave("/two", Behavior::Refuse(400));
    let step = |name: &str| {
        format!(
            "  - {name}: {{ call: http, with: {{ method: post, endpoint: 'http://{}/{name}' }} }}\n",
            target.address()
        )
    };
    let files = [("hub.yaml", hub()), ("steps.yaml", workflow("steps", &format!("{}{}", step("one"), step("two"))))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let (_, answer) = node.hook("test", "s1", &json!({ "type": "steps", "n": 1 })).await;
    let run = answer["runs"][0].as_str().unwrap().to_owned();
    let stopped = node.run_becomes(&run, "faulted").await;
    assert_eq!(stopped["stopped_at"], "/do/0/one");
    let skip = json!({ "step": stopped["stopped_at"], "reason": "entered by hand" });
    let path = format!("/api/v1/runs/{run}/skip");
    assert_eq!(node.post(&path, &skip).await.0, 200);
    eventually("the next step has stopped", || async {
        (node.run(&run).await["stopped_at"] == "/do/1/two").then_some(())
    })
    .await;
    let (status, problem) = node.post(&path, &skip).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("the run is at /do/1/two"), "{problem}");
}
