//! What metrics count.

use serde_json::json;

use crate::harness::{World, client, eventually, hub};

/// Started by events of `test` and through the API, and completes in its first decision.
const SHORT: &str = "document: { dsl: '1.0.3', namespace: test, name: short, version: '1.0.0' }
schedule: { on: { one: { with: { source: test, type: short } } } }
do:
  - one: { set: { n: 1 } }
";

/// Started by events of any source.
const ANY: &str = "document: { dsl: '1.0.3', namespace: test, name: any, version: '1.0.0' }
schedule: { on: { one: { with: { type: any } } } }
do:
  - one: { raise: { error: { type: 'https://example.com/e', status: 500, title: no } } }
";

#[tokio::test(flavor = "multi_thread")]
async fn every_start_is_counted_by_workflow_and_source_and_every_end_by_status() {
    let files = [("hub.yaml", hub()), ("short.yaml", SHORT.to_owned()), ("any.yaml", ANY.to_owned())];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    let metrics = || async {
        let answer = client().get(node.url("/metrics")).bearer_auth(node.token()).send().await.unwrap();
        answer.text().await.unwrap()
    };
    let started = |by: &str, workflow: &str, source: &str, count: u32| {
        let labels = format!(r#"by="{by}",workflow="{workflow}",source="{source}""#);
        format!("stepwell_runs_started_total{{{labels}}} {count}\n")
    };
    let silent = started("event", "test/short", "test", 0);
    let text = metrics().await;
    assert!(text.contains(&silent), "a source that was silent from the start has a series: {text}");

    for n in 0..3 {
        let (status, answer) = node.hook("test", &format!("short-{n}"), &json!({ "type": "short" })).await;
        assert_eq!(status, 202, "{answer}");
    }
    assert_eq!(node.hook("test", "any", &json!({ "type": "any" })).await.0, 202);
    for n in 0..50 {
        let event = json!({ "specversion": "1.0", "id": "1", "source": format!("/made-up/{n}"), "type": "any" });
        let headers = [("content-type", "application/cloudevents+json")];
        assert_eq!(node.send("POST", "/events", &headers, event.to_string()).await.0, 202);
    }
    assert_eq!(node.post("/api/v1/workflows/test/short/runs", &json!({})).await.0, 202);
    let expected = [
        started("event", "test/short", "test", 3),
        started("event", "test/any", "test", 1),
        started("event", "test/any", "other", 50),
        started("api", "test/short", "none", 1),
        // All of these closed or faulted in the decision that started them.
        "stepwell_runs_settled_total{status=\"completed\"} 4\n".to_owned(),
        "stepwell_runs_settled_total{status=\"faulted\"} 51\n".to_owned(),
    ];
    eventually(&format!("{expected:#?}"), || async {
        let text = metrics().await;
        expected.iter().all(|line| text.contains(line)).then_some(())
    })
    .await;
    assert!(!metrics().await.contains("made-up"), "values from a sender do not become labels");
}
