//! A mapping between two other systems: the names of its sides apply everywhere, from the calls of a workflow to a
//! person's decision.

use serde_json::json;

use crate::harness::{World, eventually, hub};
use crate::links::{start, workflow};

const MAPPING: &str = "
mapping: invoice
sides: [crm, billing]
crm: { type: Opportunity }
billing: { type: invoice }
rows:
  - { crm: Total__c, billing: total, master: manual }
";

const SYNC: &str = "do:
  - judge:
      call: links.judge
      with: { entity: invoice, side: billing, id: '${ .billing.id }', otherId: '${ .crm.id }', fields: null }
  - compare:
      input: { from: '$workflow.input | {crm: .crm.fields, billing: .billing.fields}' }
      call: invoice.compare
      with: { crm: '${ .crm }', billing: '${ .billing }' }
  - plan:
      call: links.plan
      with:
        entity: invoice
        crm: { id: '${ $workflow.input.crm.id }', exists: true }
        billing: { id: '${ $workflow.input.billing.id }', exists: true }
        compare: '${ . }'
      output: { as: '. as $plan | {plan: $plan}' }
      export: { as: '.plan' }
  - save:
      call: links.save
      with: { entity: invoice, crm: { id: '${ $workflow.input.crm.id }' }, billing: { id: '${ $workflow.input.billing.id }' } }
output: { as: '$context' }
";

const DECIDED: &str = "schedule: { on: { one: { with: { type: dev.stepwell.conflict.chosen } } } }
do:
  - note: { set: '${ .[0] }' }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_listed_and_settled_under_the_names_that_the_mapping_gives_its_sides() {
    let read = |path: &str| std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (sync, decided) = (workflow("sync", "1.0.0", SYNC), workflow("decided", "1.0.0", DECIDED));
    let files = [
        ("hub.yaml", hub() + "identifiers: { links: { invoice: { billing: case-insensitive } } }\n"),
        ("functions/links.yaml", read("workflows/functions/links.yaml")),
        ("mappings/invoice.yaml", MAPPING.to_owned()),
        (sync.0.as_str(), sync.1),
        (decided.0.as_str(), decided.1),
    ];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    let input = json!({
        "crm": { "id": "006", "fields": { "Total__c": 111 } }, "billing": { "id": "INV-1", "fields": { "total": 222 } },
    });
    let run = start(&node, "sync", &input).await;
    let plan = node.run_becomes(&run, "completed").await["output"].clone();
    assert_eq!((&plan["conflicts"], &plan["billing"]["action"]), (&json!(1), &json!("none")), "{plan}");
    assert_eq!(plan["billing"]["id"], "inv-1", "the id has the declared form of its side: {plan}");

    let (_, listed) = node.get("/api/v1/conflicts?entity=invoice").await;
    let conflict = &listed["items"][0];
    assert_eq!(
        (&conflict["sides"], &conflict["billing_id"]),
        (&json!(["crm", "billing"]), &json!("inv-1")),
        "{listed}"
    );
    assert_eq!(conflict["billing"], json!({ "field": "total", "value": 222 }));
    assert!(conflict.get("erp").is_none() && conflict.get("erp_id").is_none(), "{conflict}");
    let id = conflict["id"].as_str().unwrap().to_owned();
    let (status, refused) = node.post(&format!("/api/v1/conflicts/{id}/settle"), &json!({ "side": "erp" })).await;
    assert_eq!(status, 422);
    assert!(refused.to_string().contains("must say which side is right: crm or billing"), "{refused}");
    let (ok, told, _) = world.command(&["conflicts", "list"]);
    assert!(
        ok && told.contains("  crm 006: Total__c = 111") && told.contains("  billing inv-1: total = 222"),
        "{told}"
    );
    let (ok, _, error) = world.command(&["conflicts", "settle", &id, "--side", "erp"]);
    assert!(!ok && error.contains("crm or billing"), "{error}");
    let (ok, told, error) = world.command(&["conflicts", "settle", &id, "--side", "billing", "--reason", "asked her"]);
    assert!(ok && told.contains("decided for billing: asked her"), "{told}{error}");

    // The decision was sent as an event, and the next sync applies it.
    let decided = eventually("the event of the decision", || async {
        let (_, runs) = node.get("/api/v1/runs?workflow=test/decided&status=completed").await;
        let id = runs["items"][0]["id"].as_str()?.to_owned();
        Some(node.run(&id).await["output"].clone())
    })
    .await;
    assert_eq!(
        (&decided["chosen"], &decided["side"], &decided["id"]),
        (&json!("billing"), &json!("crm"), &json!("006")),
        "{decided}"
    );
    let run = start(&node, "sync", &input).await;
    let plan = node.run_becomes(&run, "completed").await["output"].clone();
    assert_eq!(plan["crm"], json!({ "action": "update", "id": "006", "fields": { "Total__c": 222 } }), "{plan}");
    let (_, settled) = node.get(&format!("/api/v1/conflicts/{id}")).await;
    assert_eq!((&settled["state"], &settled["chosen"]), (&json!("settled"), &json!("billing")), "{settled}");
    let (_, found) = node.get("/api/v1/search?q=inv-1").await;
    assert!(found.to_string().contains("in the CRM 006, in Billing inv-1"), "{found}");
}
