//! For each kind of task: the node dies while a run is inside it, and the run ends as if nothing had happened. Loops,
//! branches, events and child runs are tested in `links`, programs in `processes`.

use serde_json::{Value, json};
use sqlx::Row;

use crate::harness::{Behavior, Node, Target, World, hub};
use crate::links::workflow;

/// Name, tasks, and the path at which the node dies; if empty, it dies as soon as the run has made progress.
const KINDS: [(&str, &str, &str); 7] = [
    ("call", "  - a: { call: http, with: { method: post, endpoint: 'http://TARGET/call' } }\n", "/call"),
    (
        "do",
        "  - a: { do: [ { b: { set: { n: 1 } } }, { c: { call: http, with: { method: post, endpoint: 'http://TARGET/do' }, output: { as: '$input' } } }, { d: { set: { n: '${ .n + 1 }' } } } ] }\n",
        "/do",
    ),
    (
        "switch",
        "  - a: { call: http, with: { method: post, endpoint: 'http://TARGET/switch' } }\n  - choose: { switch: [ { ok: { when: .ok, then: yes } }, { other: { then: no } } ] }\n  - no: { set: { said: no }, then: end }\n  - yes: { set: { said: yes } }\n",
        "/switch",
    ),
    // Refused once: the node dies in the second round, and again in the handler.
    (
        "try",
        "  - a:
      try: [ { b: { call: http, with: { method: post, endpoint: 'http://TARGET/refused' } } } ]
      catch:
        errors: { with: { status: 422 } }
        retry: { delay: PT0.01S, limit: { attempt: { count: 2 } } }
        do: [ { c: { call: http, with: { method: post, endpoint: 'http://TARGET/try' } } } ]
",
        "/try",
    ),
    (
        "raise",
        "  - a:
      try:
        - b: { call: http, with: { method: post, endpoint: 'http://TARGET/raise' } }
        - c: { raise: { error: { type: 'https://example.com/no', status: 409 } } }
      catch: { as: held, do: [ { d: { set: { status: '${ $held.status }' } } } ] }
",
        "/raise",
    ),
    ("wait", "  - a: { wait: PT1.5S }\n  - b: { set: { n: 1 } }\n", ""),
    // Pure work, committed in pieces: the node dies between two of them.
    (
        "set",
        "  - a: { set: { n: '${ (.n // 0) + 1 }' } }\n  - again: { switch: [ { more: { when: .n < 3000, then: a } }, { enough: { then: end } } ] }\n",
        "",
    ),
];

async fn start(node: &Node, name: &str) -> String {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/{name}/runs"), &json!({})).await;
    assert!(status < 300, "{status} {run}");
    run["id"].as_str().unwrap().to_owned()
}

/// Returns the result of a run without what a crash may change: times, ids and attempts.
fn story(run: &Value) -> Value {
    let task = |t: &Value| json!([t["reference"], t["status"], t["visit"], t["iteration"], t["round"], t["output"]]);
    let tasks: Vec<Value> = run["tasks"].as_array().unwrap().iter().map(task).collect();
    json!({ "status": run["status"], "output": run["output"], "tasks": tasks })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_as_if_its_node_had_not_died_inside_any_kind_of_task() {
    let target = Target::start().await;
    let files: Vec<(String, String)> = KINDS
        .iter()
        .map(|(name, tasks, _)| {
            workflow(name, "1.0.0", &format!("do:\n{}", tasks.replace("TARGET", &target.address().to_string())))
        })
        .collect();
    let mut all = vec![("hub.yaml", hub())];
    all.extend(files.iter().map(|(name, text)| (name.as_str(), text.clone())));
    let world = World::new(&all, &[target.address().to_string()]).await;
    target.behave("/refused", Behavior::Refuse(422));
    let mut database = world.connect().await;
    let mut node = world.node().await;
    for (name, _, path) in KINDS {
        let undisturbed = node.run_becomes(&start(&node, name).await, "completed").await;
        let before = target.requests(path);
        target.behave(path, Behavior::Hold);
        let run = start(&node, name).await;
        if path.is_empty() {
            let id: uuid::Uuid = run.parse().unwrap();
            let enough = if name == "set" { 600 } else { 2 };
            loop {
                let seen = sqlx::query("select seq, finished_at is null as lives from runs where id = $1").bind(id);
                let seen = seen.fetch_one(&mut database).await.unwrap();
                assert!(seen.get::<bool, _>("lives"), "{name} ended before its node died");
                if seen.get::<i32, _>("seq") >= enough {
                    break;
                }
                tokio::task::yield_now().await;
            }
        } else {
            target.reached(path, before + 1).await;
        }
        node.kill();
        target.behave(path, Behavior::Answer("{\"ok\":true}".to_owned()));
        node = world.node().await;
        let disturbed = node.run_becomes(&run, "completed").await;
        assert_eq!(story(&disturbed), story(&undisturbed), "{name}");
    }
}
