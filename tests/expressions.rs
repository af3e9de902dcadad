//! An endless or exploding expression fails its task, never its node. Strange values pass or are refused, but never
//! stop others.

use serde_json::json;

use crate::harness::{Behavior, Target, World, calls, hub};

fn workflow(name: &str, expression: &str) -> (String, String) {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\ndo:\n  - bomb: {{ set: {{ x: '${{ {expression} }}' }} }}\n"
    );
    (format!("{name}.yaml"), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_or_exploding_expression_fails_its_task_and_the_node_lives() {
    let bombs = [
        ("endless", "def f: f; f"),
        ("repeats", "[repeat(1)]"),
        ("memory", "[range(100000000)] | map(tostring)"),
        ("deep", "reduce range(1000000) as $i (0; [.])"),
        ("text", r#""x" * 1000000000"#),
    ];
    let fair = workflow("fair", "reduce (.n[] | . * 100) as $x (0; . + $x)");
    let files: Vec<(String, String)> =
        bombs.iter().map(|(name, expression)| workflow(name, expression)).chain([fair]).collect();
    let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let world = World::new(&files, &[]).await;
    let mut node = world.node().await;
    for (name, _) in bombs {
        let (status, run) = node.post(&format!("/api/v1/workflows/test/{name}/runs?wait=20"), &json!({})).await;
        assert_eq!(status, 200, "{name}: {run}");
        assert_eq!(run["status"], "faulted", "{name}: {run}");
        assert!(run["error"]["type"].as_str().unwrap().ends_with("/expression"), "{name}: {run}");
        assert!(node.is_running(), "{name} killed the node");
    }
    let (status, run) = node.post("/api/v1/workflows/test/fair/runs?wait=20", &json!({ "n": [3, 1, 2] })).await;
    assert_eq!((status, &run["output"]["x"]), (200, &json!(600)), "the evaluator does not work after the bombs: {run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_postgres_rejects_harm_no_other_run() {
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    let node = world.node().await;
    target
        .behave("/step1", Behavior::Answer(r#"{"id":90071992547409931234567890,"price":1849.90,"big":1e400}"#.into()));
    let run = node.start_calls(1).await;
    let ended = node.run_becomes(&run, "completed").await;
    let output = ended["output"].to_string();
    assert!(output.contains("90071992547409931234567890") && output.contains("1849.90"), "{output}");
    let bodies: [&[u8]; 6] = [
        br#"{"type":"calls","n":"\u0000"}"#,
        b"{\"type\":\"calls\",\"n\":\"\xff\"}",
        br#"{"type":"calls","type":"calls","n":1}"#,
        br#"{"type":"calls","n":1} trailing"#,
        br#"{"type":"calls","n":NaN}"#,
        b"[",
    ];
    for (i, body) in bodies.into_iter().enumerate() {
        let (status, answer) = node.hook_bytes("test", &format!("bad-{i}"), body.to_vec()).await;
        assert_eq!(status, 400, "{answer}");
    }
    let deep = format!("{{\"type\":\"calls\",\"n\":{}1{}}}", "[".repeat(2_000), "]".repeat(2_000));
    assert_eq!(node.hook_bytes("test", "deep", deep.into_bytes()).await.0, 400);
    let next = node.start_calls(2).await;
    node.run_becomes(&next, "completed").await;
}
