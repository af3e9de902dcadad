//! The nightly catalog sync through the built program: page by page, across a crash, with rows that fail and are
//! retried.

use serde_json::{Value, json};
use stepwell::sandbox::Sandbox;

use crate::harness::{Journey, Node, edit, eventually, files};

const FILES: [&str; 10] = [
    "hub.yaml",
    "catalog-nightly.yaml",
    "catalog-page.yaml",
    "functions/company.yaml",
    "functions/netsuite.yaml",
    "functions/products.yaml",
    "functions/salesforce.yaml",
    "functions/watermarks.yaml",
    "functions/batches.yaml",
    "mappings/product.yaml",
];

const ITEMS: &str = "/erp/services/rest/record/v1/inventoryItem";

/// Adds items to the ERP; every thousandth has a name that is too long for the CRM.
fn add_items(sandbox: &Sandbox, count: usize) {
    for n in 1..=count {
        let name = if n % 1_000 == 0 { "x".repeat(300) } else { format!("Item {n}") };
        edit(sandbox, "POST", ITEMS, &json!({ "itemId": format!("I-{n}"), "displayName": name }));
    }
}

async fn batches(node: &Node) -> Vec<Value> {
    node.get("/api/v1/batches?name=catalog-nightly").await.1["items"].as_array().unwrap().clone()
}

fn products(sandbox: &Sandbox) -> Vec<String> {
    let records = sandbox.records();
    let keys = records["crm"]["Product2"].as_array().unwrap().iter();
    keys.filter_map(|product| product["NetSuite_Item_Id__c"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_continues_after_kill_9_counts_each_row_once_and_retries_failed_rows_alone() {
    let sandbox = Sandbox::new();
    add_items(&sandbox, 3_000);
    let world = Journey::of(&files(&FILES), sandbox.clone()).await;
    let mut node = world.world.node().await;
    let (status, run) = node.post("/api/v1/workflows/crm-erp/catalog-nightly/runs", &json!({ "mode": "full" })).await;
    assert_eq!(status, 202, "{run}");
    let run = run["id"].as_str().unwrap().to_owned();
    eventually("a page and a half are written", || async {
        let latest = batches(&node).await;
        latest.first().and_then(|batch| batch["done"].as_i64()).filter(|done| *done >= 1_400)
    })
    .await;
    node.kill();

    let node = world.world.node().await;
    let ended = node.run_becomes(&run, "completed").await;
    assert_eq!(ended["output"], json!({ "mode": "full", "since": null, "done": 3_009, "failed": 3 }), "{ended}");
    let latest = batches(&node).await.remove(0);
    assert_eq!(
        (&latest["state"], &latest["total"], &latest["rest_seconds"]),
        (&json!("ended"), &json!(3_009), &Value::Null)
    );
    let mut keys = products(&sandbox);
    assert_eq!(keys.iter().filter(|key| key.starts_with("ITEM-I-")).count(), 2_997);
    keys.sort_unstable();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "no product exists twice");

    let id = latest["id"].as_str().unwrap();
    let (_, page) = node.get(&format!("/api/v1/batches/{id}/rows?limit=2")).await;
    let row = &page["items"][0];
    assert_eq!((row["row"]["itemId"].as_str(), row["attempts"].as_i64()), (Some("I-1000"), Some(1)), "{row}");
    assert!(row["message"].as_str().unwrap().starts_with("STRING_TOO_LONG: "), "{row}");
    let next = page["next"].as_str().expect("a third row");
    let (_, last) = node.get(&format!("/api/v1/batches/{id}/rows?limit=2&cursor={next}")).await;
    assert_eq!(last["items"][0]["row"]["itemId"], "I-3000", "{last}");

    // Someone fixes one of them and deletes another.
    let item = |row: &Value| format!("{ITEMS}/{}", row["row"]["id"].as_str().unwrap());
    edit(&sandbox, "PATCH", &item(row), &json!({ "displayName": "Short" }));
    edit(&sandbox, "DELETE", &item(&last["items"][0]), &json!({}));
    let (started, told, error) = world.world.command(&["batches", "retry", id, "--reason", "names are shorter"]);
    assert!(started, "{error}");
    let retry = told.split_whitespace().nth(1).expect("run ID retries the failed rows");
    let ended = node.run_becomes(retry, "completed").await;
    assert_eq!(ended["output"]["done"], 3, "only the failed rows are retried: {ended}");
    assert!(products(&sandbox).contains(&"ITEM-I-1000".to_owned()));
    let (_, page) = node.get(&format!("/api/v1/batches/{id}/rows")).await;
    let waiting: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|row| &row["row"]["itemId"]).collect();
    assert_eq!(waiting, ["I-2000"]);

    let (known, text, _) = world.world.command(&["audit", "acts", "--subject", id]);
    assert!(known && text.contains("batch.retry") && text.contains("names are shorter"), "{text}");

    let (listed, text, _) = world.world.command(&["batches", "list"]);
    assert!(listed && text.contains("\"retry\" ended") && text.contains("3 of 3, 1 failed"), "{text}");
    assert!(text.contains("\"full\" ended") && text.contains("3,009 of 3,009, 3 failed"), "{text}");
    let (shown, text, _) = world.world.command(&["batches", "show", id]);
    assert!(shown && text.contains("(2 attempts"), "{text}");
    let (sound, told, _) = world.world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_of_nothing_is_refused_and_a_batch_that_is_not_there_is_not_found() {
    let sandbox = Sandbox::new();
    let world = Journey::of(&files(&FILES), sandbox).await;
    let node = world.world.node().await;
    let (_, run) = node.post("/api/v1/workflows/crm-erp/catalog-nightly/runs", &json!({})).await;
    node.run_becomes(run["id"].as_str().unwrap(), "completed").await;
    let latest = batches(&node).await.remove(0);
    assert_eq!((&latest["mode"], &latest["workflow"]), (&json!("incremental"), &json!("crm-erp/catalog-nightly")));
    let id = latest["id"].as_str().unwrap();
    let (status, answer) = node.post(&format!("/api/v1/batches/{id}/retry"), &json!({})).await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains("\"catalog-nightly\" has no failed rows left"), "{answer}");
    assert_eq!(node.get(&format!("/api/v1/batches/{id}")).await.1["done"], 9);
    for path in ["/api/v1/batches/none", "/api/v1/batches/00000000-0000-0000-0000-000000000001/rows"] {
        assert_eq!(node.get(path).await.0, 404, "{path}");
    }
    let nowhere = "/api/v1/batches/00000000-0000-0000-0000-000000000001/retry";
    assert_eq!(node.post(nowhere, &json!({})).await.0, 404);
}
