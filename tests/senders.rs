//! The packages in `senders/` start runs, and requests not signed with the source's key do not. The NetSuite package's
//! own scripts run here, in a simulated account; for the Salesforce package, the same bytes as its Apex code are
//! computed.

use std::path::Path;

use serde_json::{Value, json};
use stepwell::sandbox::Sandbox;

use crate::harness::{Journey, Node, SECRET, World, files};

/// A key other than the source's.
const WRONG: &str = "whsec_d3Jvbmcta2V5LW9mLWEtc2VuZGVy";

const TOLD: &str = "
document: { dsl: '1.0.3', namespace: test, name: told, version: '1.0.0' }
schedule: { on: { one: { with: { source: '${ \"salesforce\" }', type: opportunity.closed_won } } } }
input:
  schema: { document: { type: array, items: { required: [data], properties: { data: { required: [Id], additionalProperties: true } } } } }
  from: '${ .[0] }'
do:
  - keep: { set: { id: '${ .data.Id }', at: '${ .occurredAt }' } }
";

/// Lets a package send to a source of this node. Returns its output, one line per call.
async fn play(package: &str, node: &Node, source: &str, key: &str) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("senders/{package}/tests/play.js"));
    let (url, key) = (node.url(&format!("/hooks/{source}")), key.to_owned());
    let run = move || std::process::Command::new("node").arg(script).arg(url).arg(key).output();
    let output = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_netsuite_package_sends_starts_the_shipped_workflows() {
    let shipped = files(&[
        "hub.yaml",
        "contact-sync.yaml",
        "credit-limit.yaml",
        "order-status.yaml",
        "product-created.yaml",
        "functions/company.yaml",
        "functions/links.yaml",
        "functions/netsuite.yaml",
        "functions/products.yaml",
        "functions/salesforce.yaml",
        "mappings/contact.yaml",
        "mappings/credit-limit.yaml",
        "mappings/order-status.yaml",
        "mappings/product.yaml",
    ]);
    let journey = Journey::of(&shipped, Sandbox::new()).await;
    let node = journey.world.node().await;
    let calls = play("netsuite", &node, "netsuite", SECRET).await;
    let told: Vec<String> = calls
        .iter()
        .map(|call| format!("{}.{}", call["message"]["recordType"], call["message"]["type"]).replace('"', ""))
        .collect();
    assert_eq!(
        told,
        ["customer.edit", "salesorder.xedit", "inventoryitem.create", "contact.delete", "itemfulfillment.ship"]
    );
    for call in &calls[..4] {
        assert_eq!(
            (call["status"].as_u64(), call["answer"]["runs"].as_array().map(Vec::len)),
            (Some(202), Some(1)),
            "{call}"
        );
    }
    // The limit reaches the account with the customer's external id.
    let limit = node.run_becomes(calls[0]["answer"]["runs"][0].as_str().unwrap(), "completed").await;
    assert_eq!(limit["output"]["outcome"], "updated", "{limit}");
    // The same messages are the same events.
    let again = play("netsuite", &node, "netsuite", SECRET).await;
    assert_eq!(
        (again[0]["status"].as_u64(), &again[0]["answer"]["runs"]),
        (Some(200), &calls[0]["answer"]["runs"]),
        "{}",
        again[0]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_salesforce_package_sends_starts_a_run_that_knows_the_record() {
    let [(name, hub)] = files(&["hub.yaml"]).try_into().unwrap();
    let world = World::new(&[(name, hub), ("told.yaml", TOLD.to_owned())], &[]).await;
    let node = world.node().await;
    let [call] = play("salesforce", &node, "salesforce", SECRET).await.try_into().unwrap();
    assert_eq!(call["status"], 202, "{call}");
    let run = node.run_becomes(call["answer"]["runs"][0].as_str().unwrap(), "completed").await;
    assert_eq!(run["output"], json!({ "id": "006Ws00000Hd9XqIAJ", "at": "2026-11-20T16:42:07Z" }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_package_signs_with_another_key_is_refused() {
    let world = World::new(&files(&["hub.yaml"]), &[]).await;
    let node = world.node().await;
    for (package, calls) in [("netsuite", 5), ("salesforce", 1)] {
        let refused = play(package, &node, package, WRONG).await;
        assert_eq!(refused.len(), calls);
        assert!(refused.iter().all(|call| call["status"] == 401), "{refused:?}");
    }
}
