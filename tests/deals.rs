//! Won deals of which nobody told, through the built program: the sweep finds them, closed-won makes their orders, and drift says so.

use serde_json::{Value, json};
use stepwell::sandbox::Sandbox;

use crate::harness::{Journey, Node, edit, eventually, files};

const FILES: [&str; 10] = [
    "hub.yaml",
    "closed-won.yaml",
    "deal-check.yaml",
    "deal-reconcile.yaml",
    "functions/netsuite.yaml",
    "functions/salesforce.yaml",
    "functions/watermarks.yaml",
    "functions/runs.yaml",
    "mappings/account.yaml",
    "mappings/opportunity.yaml",
];

/// A deal of the seed that is won and has no order.
const DEAL: &str = "006Ws00000Hd9XqIAJ";

/// A sweep as a missing message starts it: it looks up to this very moment.
async fn sweep(node: &Node) -> Value {
    let gap = json!([{ "source": "salesforce", "channel": "", "after": 1, "before": 3, "missing": 1, "at": "2026-11-20T16:46:00Z" }]);
    let (status, run) = node.post("/api/v1/workflows/crm-erp/deal-reconcile/runs", &gap).await;
    assert_eq!(status, 202, "{run}");
    node.run_becomes(run["id"].as_str().unwrap(), "completed").await
}

/// The row of a sweep in the table of drift, once everything that it started has ended.
async fn drift(node: &Node, sweep: &Value) -> Value {
    let path = format!("/api/v1/drift/{}", sweep["id"].as_str().unwrap());
    eventually("what the sweep started has ended", || async {
        let (status, page) = node.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let item = page["items"][0].clone();
        (item["found"] != "under_way").then_some(item)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_won_deal_that_nobody_told_of_gets_its_order_by_the_sweep_and_one_that_a_run_knows_gets_no_second_run() {
    let sandbox = Sandbox::new();
    let world = Journey::of(&files(&FILES), sandbox.clone()).await;
    let node = world.world.node().await;
    let deal = format!("/crm/services/data/v62.0/sobjects/Opportunity/{DEAL}");
    edit(&sandbox, "PATCH", &deal, &json!({ "NextStep": "deliver" }));

    let found = drift(&node, &sweep(&node).await).await;
    assert_eq!(
        (&found["found"], &found["outcome"], &found["crm_id"]),
        (&json!("missed"), &json!("created"), &json!(DEAL))
    );
    let orders = world.orders().await;
    assert_eq!((orders.len(), &orders[0]["externalId"]), (1, &json!(DEAL)));
    assert_eq!(found["erp_id"], orders[0]["id"], "{found}");
    let known = edit(&sandbox, "GET", &deal, &json!({}));
    assert_eq!(known["NetSuite_Sales_Order_Id__c"], orders[0]["id"], "{known}");

    // Somebody empties the field: the run that made the order is where to look, and no second one is started.
    edit(&sandbox, "PATCH", &deal, &json!({ "NetSuite_Sales_Order_Id__c": null }));
    let found = drift(&node, &sweep(&node).await).await;
    assert_eq!((&found["found"], &found["outcome"]), (&json!("left"), &json!("run-completed")), "{found}");
    let (_, runs) = node.get("/api/v1/runs?workflow=crm-erp/closed-won").await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 1, "{runs}");
    assert_eq!(world.orders().await.len(), 1);
}
