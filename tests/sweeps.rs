//! Deals, orders and limits whose event never arrived, through the built program: their reconciliation finds them,
//! their workflow fixes them, and drift shows it. Contacts are tested in `two_way`.

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};
use stepwell::sandbox::Sandbox;

use crate::harness::{Journey, Node, edit, eventually, files};

const FILES: [&str; 18] = [
    "hub.yaml",
    "closed-won.yaml",
    "deal-check.yaml",
    "deal-reconcile.yaml",
    "order-status.yaml",
    "order-reconcile.yaml",
    "credit-limit.yaml",
    "limit-reconcile.yaml",
    "functions/company.yaml",
    "functions/netsuite.yaml",
    "functions/salesforce.yaml",
    "functions/watermarks.yaml",
    "functions/runs.yaml",
    "mappings/account.yaml",
    "mappings/address.yaml",
    "mappings/opportunity.yaml",
    "mappings/order-status.yaml",
    "mappings/credit-limit.yaml",
];

/// A won deal of the seed data that has no order.
const DEAL: &str = "006Ws00000Hd9XqIAJ";

/// Starts a reconciliation as a missing message would: it covers all changes before the second in which it begins.
async fn sweep(node: &Node, workflow: &str) -> Value {
    let second = Utc::now().timestamp();
    eventually("the second is over", || async { (Utc::now().timestamp() > second).then_some(()) }).await;
    let at = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let gap = json!([{ "source": "salesforce", "channel": "", "after": 1, "before": 3, "missing": 1, "at": at }]);
    let (status, run) = node.post(&format!("/api/v1/workflows/crm-erp/{workflow}/runs"), &gap).await;
    assert_eq!(status, 202, "{run}");
    node.run_becomes(run["id"].as_str().unwrap(), "completed").await
}

/// Returns the row of a record in the drift table, once everything that the reconciliation started has ended.
async fn drift(node: &Node, sweep: &Value, id: &Value) -> Value {
    let path = format!("/api/v1/drift/{}", sweep["id"].as_str().unwrap());
    eventually("everything that the reconciliation started has ended", || async {
        let (status, page) = node.get(&path).await;
        assert_eq!(status, 200, "{page}");
        let rows = page["items"].as_array().unwrap();
        let is_over = rows.iter().all(|row| row["found"] != "under_way");
        rows.iter().find(|row| row["crm_id"] == *id || row["erp_id"] == *id).filter(|_| is_over).cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_won_deal_gets_its_order_by_reconciliation_and_one_with_a_forgotten_order_gets_no_second_one() {
    let sandbox = Sandbox::new();
    let world = Journey::of(&files(&FILES), sandbox.clone()).await;
    let node = world.world.node().await;
    let deal = format!("/crm/services/data/v62.0/sobjects/Opportunity/{DEAL}");
    edit(&sandbox, "PATCH", &deal, &json!({ "NextStep": "deliver" }));

    let found = drift(&node, &sweep(&node, "deal-reconcile").await, &json!(DEAL)).await;
    assert_eq!(
        (&found["found"], &found["outcome"], &found["crm_id"]),
        (&json!("missed"), &json!("created"), &json!(DEAL))
    );
    let orders = world.orders().await;
    assert_eq!((orders.len(), &orders[0]["externalId"]), (1, &json!(DEAL)));
    assert_eq!(found["erp_id"], orders[0]["id"], "{found}");
    let known = edit(&sandbox, "GET", &deal, &json!({}));
    assert_eq!(known["NetSuite_Sales_Order_Id__c"], orders[0]["id"], "{known}");

    // Someone empties the field. The run that created the order has completed, so another one checks and finds the
    // order.
    edit(&sandbox, "PATCH", &deal, &json!({ "NetSuite_Sales_Order_Id__c": null }));
    let found = drift(&node, &sweep(&node, "deal-reconcile").await, &json!(DEAL)).await;
    assert_eq!((&found["found"], &found["erp_id"]), (&json!("missed"), &orders[0]["id"]), "{found}");
    let known = edit(&sandbox, "GET", &deal, &json!({}));
    assert_eq!(known["NetSuite_Sales_Order_Id__c"], orders[0]["id"], "{known}");
    let (_, runs) = node.get("/api/v1/runs?workflow=crm-erp/closed-won").await;
    assert_eq!(runs["items"].as_array().unwrap().len(), 2, "{runs}");
    assert_eq!(world.orders().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_status_and_a_missed_limit_reach_the_crm_by_reconciliation_and_equal_records_start_nothing() {
    let sandbox = Sandbox::new();
    let world = Journey::of(&files(&FILES), sandbox.clone()).await;
    let node = world.world.node().await;
    let run = world.fire(&node, 0).await;
    let won = node.run_becomes(&run, "completed").await["output"].clone();
    let record = |kind: &str, key: &str| format!("/erp/services/rest/record/v1/{kind}/{}", won[key].as_str().unwrap());
    let order = record("salesOrder", "orderId");
    edit(&sandbox, "PATCH", &order, &json!({ "orderStatus": { "id": "B" } }));
    edit(&sandbox, "POST", &format!("{order}/!transform/itemFulfillment"), &json!({}));
    edit(&sandbox, "POST", &format!("{order}/!transform/invoice"), &json!({}));
    let limit = json!({ "creditLimit": 12_345.5, "creditHoldOverride": { "id": "ON" } });
    edit(&sandbox, "PATCH", &record("customer", "customerId"), &limit);

    for (workflow, entity, id) in
        [("order-reconcile", "order-status", &won["orderId"]), ("limit-reconcile", "credit-limit", &won["customerId"])]
    {
        let swept = sweep(&node, workflow).await;
        let found = drift(&node, &swept, id).await;
        assert_eq!(
            (&found["found"], &found["entity"], &found["erp_id"]),
            (&json!("missed"), &json!(entity), id),
            "{found}"
        );
        let again = sweep(&node, workflow).await;
        assert_eq!(again["output"]["differ"], 0, "both sides agree: {again}");
    }
    let read = |kind: &str, id: &str| {
        edit(&sandbox, "GET", &format!("/crm/services/data/v62.0/sobjects/{kind}/{id}"), &json!({}))
    };
    let deal = read("Opportunity", DEAL);
    assert_eq!(
        (&deal["NetSuite_Order_Status__c"], &deal["NetSuite_Invoiced_Amount__c"]),
        (&json!("Billed"), &json!(29_379.74))
    );
    let account = read("Account", "001Ws00000Kq3EaIAJ");
    assert_eq!((&account["Credit_Limit__c"], &account["Credit_Hold__c"]), (&json!(12_345.5), &json!("On")));
    assert_eq!(account["Credit_Currency__c"], "EUR");
}
