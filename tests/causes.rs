//! What needs a person, grouped by what caused it.

use serde_json::json;

use crate::harness::{Behavior, Target, World, calls, eventually, hub};

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_stop_for_one_cause_are_one_group_whatever_ids_their_errors_name() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let refusal = |status, message: &str| {
        let body = json!({ "message": message }).to_string();
        Behavior::Say(status, body)
    };
    let mut runs = Vec::new();
    for n in 1..=3 {
        target.behave("/step2", refusal(400, &format!("customer {n}00{n} is inactive")));
        let run = node.start_calls(n).await;
        eventually("the run stops", || async {
            Some(node.run(&run).await).filter(|run| run["attention"] == "faulted")
        })
        .await;
        runs.push(run);
    }
    target.behave("/step2", refusal(400, "the item is not known"));
    let other = node.start_calls(4).await;
    let groups = eventually("both groups are there", || async {
        let groups = node.get("/api/v1/attention").await.1["items"].as_array().cloned().unwrap_or_default();
        Some(groups).filter(|groups| groups.iter().filter_map(|g| g["count"].as_i64()).sum::<i64>() == 4)
    })
    .await;
    assert_eq!(groups.len(), 2, "{groups:#?}");
    let group = &groups[0];
    assert_eq!((&group["count"], &group["sample"]), (&json!(3), &json!(runs[2])), "{group}");
    assert!(group["error"]["cause"].as_str().unwrap().contains("customer 3003 is inactive"), "{group}");
    assert_eq!(group["error"]["status"], 400);
    let fingerprint = group["fingerprint"].as_str().unwrap();
    let (_, listed) = node.get(&format!("/api/v1/runs?fingerprint={fingerprint}")).await;
    let listed: Vec<_> = listed["items"].as_array().unwrap().clone();
    assert_eq!(listed.iter().map(|run| &run["id"]).collect::<Vec<_>>(), [&runs[2], &runs[1], &runs[0]]);
    assert!(listed.iter().all(|run| run["error"]["type"].is_string() && run["stopped_at"].is_string()), "{listed:#?}");
    // Once it goes well, the row says nothing of it any more.
    target.behave("/step2", Behavior::Answer("{}".into()));
    let filter =
        json!({ "act": "retry", "filter": { "fingerprint": fingerprint }, "dry_run": false, "reason": "mended" });
    let (_, answer) = node.post("/api/v1/runs:bulk", &filter).await;
    assert_eq!(answer["acted"], 3, "{answer}");
    for run in &runs {
        node.run_becomes(run, "completed").await;
    }
    let (_, left) = node.get("/api/v1/attention").await;
    assert_eq!((left["items"].as_array().unwrap().len(), &left["items"][0]["sample"]), (1, &json!(other)));
    let (_, done) = node.get("/api/v1/runs?status=completed").await;
    assert!(done["items"].as_array().unwrap().iter().all(|run| run["error"].is_null()), "{done}");
}
