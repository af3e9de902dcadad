//! The first complete journey: from Closed-Won to the sales order, against a CRM and an ERP that fail on demand.

use serde_json::{Value, json};
use stepwell::sandbox::{self, Sandbox};

use crate::harness::{CUSTOMER, Journey, ORDER, shipped, statuses};

#[tokio::test(flavor = "multi_thread")]
async fn a_won_opportunity_becomes_a_customer_and_an_order_and_both_ids_come_back() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    let run = node.run_becomes(&run, "completed").await;
    assert_eq!(run["key"], "006Ws00000Hd9XqIAJ");
    assert_eq!((&run["output"]["customerId"], &run["output"]["orderId"]), (&json!("647"), &json!("90871")));
    let orders = journey.orders().await;
    assert_eq!(orders.len(), 1, "{orders:?}");
    assert!(orders[0].to_string().contains("24688.86"), "the total matches the deal: {}", orders[0]);
    let crm = journey.effects("crm").await;
    assert_eq!(crm.len(), 2, "{crm:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_to_create_order_leads_to_one_order_with_its_lines_once() {
    let journey = Journey::new().await;
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "reset_after", "count": 2 })).await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    let run = node.run_becomes(&run, "completed").await;
    let order = run["tasks"].as_array().unwrap().iter().find(|t| t["name"] == "createOrder").unwrap();
    assert_eq!(order["attempts"], 3, "{order}");
    let orders = journey.orders().await;
    assert_eq!(orders.len(), 1, "{orders:?}");
    let lines = orders[0]["item"].as_array().or_else(|| orders[0]["item"]["items"].as_array()).unwrap().len();
    assert_eq!(lines, 2, "each line once: {}", orders[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_ends_with_the_customer_inactivated_if_this_run_created_it() {
    let journey = Journey::new().await;
    let refusal = json!({ "type": "x", "title": "Bad Request", "status": 400, "o:errorDetails": [
        { "detail": "Error while accessing a resource. Invalid reference key.", "o:errorCode": "USER_ERROR" }] });
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "status", "status": 400, "body": refusal })).await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    let run = node.run_becomes(&run, "compensated").await;
    assert_eq!(run["error"]["status"], 400, "{run}");
    let undone: Vec<&Value> =
        run["tasks"].as_array().unwrap().iter().filter(|t| t["compensates"].is_string()).collect();
    assert!(undone.len() == 1 && undone[0]["compensates"].as_str().unwrap().ends_with("/createCustomer"), "{run}");
    let customers = journey.get("/ledger?system=erp&records=true").await["records"]["erp"]["customer"].to_string();
    assert!(customers.contains("\"isInactive\":true"), "{customers}");
    assert!(journey.orders().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_order_leaves_a_customer_alone_that_was_there_before() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let first = journey.fire(&node, 0).await;
    node.run_becomes(&first, "completed").await;
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "status", "status": 400 })).await;
    let mut again = sandbox::closed_won_event(0);
    again["data"]["Id"] = json!("006Ws00000Hd9XrIAJ");
    let (status, answer) = node.hook("salesforce", "another-opportunity", &again).await;
    assert_eq!(status, 202, "{answer}");
    let run = node.run_becomes(answer["runs"][0].as_str().unwrap(), "faulted").await;
    assert_eq!(run["attention"], "faulted");
    assert!(statuses(&run).contains(&("createCustomer".to_owned(), "skipped".to_owned())), "{run}");
    let customers = journey.get("/ledger?system=erp&records=true").await["records"]["erp"]["customer"].to_string();
    assert!(!customers.contains("\"isInactive\":true"), "{customers}");
    // A person retries what the ERP refused for no good reason.
    journey.heal().await;
    let path = format!("/api/v1/runs/{}/retry", run["id"].as_str().unwrap());
    assert_eq!(node.post(&path, &json!({ "reason": "the ERP is well again" })).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_down_of_the_erp_is_waited_out() {
    let journey = Journey::new().await;
    let busy = json!({ "type": "x", "title": "Bad Request", "status": 429, "o:errorDetails": [
        { "detail": "Concurrent request limit exceeded. Request blocked.", "o:errorCode": "CONCURRENCY_LIMIT_EXCEEDED" }] });
    journey.fault(json!({ "path": CUSTOMER, "kind": "status", "status": 429, "body": busy, "count": 2 })).await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    node.run_becomes(&run, "completed").await;
    assert_eq!(journey.orders().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_input_is_refused_at_the_door_with_the_field_named() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let mut event = sandbox::closed_won_event(0);
    event["data"].as_object_mut().unwrap().remove("Account");
    let (status, answer) = node.hook("salesforce", "without-account", &event).await;
    assert_eq!(status, 422, "{answer}");
    assert!(answer["errors"].to_string().contains("Account"), "{answer}");
    let (_, events) = node.get("/api/v1/events?outcome=rejected").await;
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "stored as rejected: {events}");
    assert!(journey.effects("erp").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_applied_is_named_with_its_value_and_nothing_is_written() {
    let mut files = shipped();
    let table = files.iter_mut().find(|(name, _)| *name == "mappings/opportunity.yaml").unwrap();
    let optional = "erp: otherRefNum, direction: toErp,";
    assert!(table.1.contains(optional), "{}", table.1);
    table.1 = table.1.replace(optional, "erp: otherRefNum, direction: toErp, required: erp,");
    let journey = Journey::of(&files, Sandbox::new()).await;
    let node = journey.world.node().await;
    let faulted = async |id: &str, change: &dyn Fn(&mut Value)| {
        let mut event = sandbox::closed_won_event(0);
        change(&mut event["data"]);
        let (status, answer) = node.hook("salesforce", id, &event).await;
        assert_eq!(status, 202, "{answer}");
        let run = node.run_becomes(answer["runs"][0].as_str().unwrap(), "faulted").await;
        assert_eq!(run["attention"], "faulted", "{run}");
        assert!(run["error"]["type"].as_str().unwrap().ends_with("/expression"), "{run}");
        run["error"]["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        faulted("no-number", &|deal| deal["PO_Number__c"] = Value::Null).await,
        "mapping opportunity, row 2: PO_Number__c to otherRefNum failed: value null: the ERP needs a value"
    );
    let why =
        faulted("no-product", &|deal| deal["OpportunityLineItems"]["records"][1]["Product2"] = json!("SRV")).await;
    let row = "row 4: OpportunityLineItems.records[].ProductCode to item.items[].item.externalId";
    let start = format!("mapping opportunity, {row} failed: line 2, value \"SRV-COM\": ");
    assert!(why.starts_with(&start), "{why}");
    assert!(journey.effects("erp").await.is_empty() && journey.effects("crm").await.is_empty());
}
