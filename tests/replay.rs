//! A replay shows what a changed definition would do with recorded events before it is deployed, without changing
//! anything.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Journey, Node, ORDER, Target, World, calls, hub, shipped};

/// Includes all events of a test.
const SINCE: [&str; 2] = ["--since", "PT1H"];

/// Replays a definition. Returns success and output.
fn replay(world: &World, workflow: &str, more: &[&str]) -> (bool, String) {
    let arguments = [&["replay", "--dry-run", "--workflow", workflow], &SINCE[..], more].concat();
    let (ok, out, err) = world.command(&arguments);
    assert!(ok || err.is_empty(), "{err}");
    (ok, out)
}

fn report(world: &World, workflow: &str, more: &[&str]) -> Value {
    let (ok, out) = replay(world, workflow, &[&["--json"], more].concat());
    assert!(ok, "{out}");
    serde_json::from_str(&out).unwrap()
}

/// Writes a changed copy of the shipped definition next to its catalogs.
fn changed(world: &World, from: &str, to: &str) -> String {
    let source = shipped().into_iter().find(|(name, _)| *name == "closed-won.yaml").unwrap().1;
    assert!(source.contains(from), "the shipped definition says {from}");
    world.write("changed.yaml", &source.replacen(from, to, 1).replace("version: '1.0.2'", "version: '1.1.0'"));
    format!("{}/changed.yaml", world.workflows())
}

/// Returns the output in the guide for such a change, without ids and times.
fn shown_in_the_guide() -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/testing.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let block = guide.split("```text\ncrm-erp/closed-won:2.1.0").nth(1).and_then(|rest| rest.split("```").next());
    let lines = block.unwrap().lines().filter(|line| line.starts_with("    ") && !line.contains("run "));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    assert_eq!(lines.len(), 17, "{lines:?}");
    lines
}

async fn rows(world: &World) -> i64 {
    let counted = "select (select count(*) from events) + (select count(*) from runs) + (select count(*) from journal)
                        + (select count(*) from definitions)";
    sqlx::query_scalar::<_, i64>(counted).fetch_one(&mut world.connect().await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_shows_exactly_the_fields_that_a_change_would_change_and_touches_nothing() {
    let journey = Journey::new().await;
    // A retry is replayed as recorded.
    journey.fault(json!({ "path": ORDER, "method": "PUT", "kind": "status", "status": 503, "count": 1 })).await;
    let node = journey.world.node().await;
    for number in 0..3 {
        let run = journey.fire(&node, number).await;
        node.run_becomes(&run, "completed").await;
    }
    let asked = journey.get("/ledger").await["requests"].as_array().unwrap().len();
    let before = rows(&journey.world).await;
    let shipped = format!("{}/closed-won.yaml", journey.world.workflows());

    for workflow in [shipped.as_str(), "crm-erp/closed-won", "crm-erp/closed-won:2.0.0"] {
        let (same, out) = replay(&journey.world, workflow, &["--fail-on-change"]);
        assert!(same, "an unchanged definition has no differences:\n{out}");
        assert!(out.contains("3 events: 3 unchanged, 0 changed, 0 unknown"), "{out}");
    }

    let with_memo = "{entity: {id: $context.customerId}, memo: ($context.order.memo + \" via Stepwell\")}";
    let changed = changed(&journey.world, "{entity: {id: $context.customerId}}", with_memo);
    let (same, out) = replay(&journey.world, &changed, &["--fail-on-change"]);
    assert!(!same && out.contains("3 events: 0 unchanged, 3 changed, 0 unknown"), "{out}");
    assert!(out.contains("body /memo: \"") && out.contains(" via Stepwell\""), "{out}");
    for line in shown_in_the_guide() {
        assert!(
            out.lines().any(|printed| printed == line),
            "docs/testing.md shows {line:?}, but the output was\n{out}"
        );
    }
    let report = report(&journey.world, &changed, &[]);
    for event in report["events"].as_array().unwrap() {
        assert_eq!((&event["recorded"]["status"], &event["new"]["status"]), (&json!("completed"), &json!("completed")));
        let calls = event["calls"].as_array().unwrap();
        let changed: Vec<&Value> = calls.iter().filter(|call| call["fate"] != "unchanged").collect();
        assert_eq!(changed.len(), 1, "{event}");
        let (order, id) = (changed[0], event["key"].as_str().unwrap());
        assert_eq!((&order["step"], &order["fate"]), (&json!("createOrder"), &json!("changed")));
        assert!(order["address"].as_str().unwrap().contains(&format!("/salesOrder/eid:{id}")), "{order}");
        let fields = order["fields"].as_array().unwrap();
        assert_eq!(fields.len(), 1, "{order}");
        assert_eq!((&fields[0]["part"], &fields[0]["pointer"]), (&json!("body"), &json!("/memo")));
        let recorded = fields[0]["recorded"].as_str().unwrap();
        assert_eq!(fields[0]["new"], format!("{recorded} via Stepwell"));
    }

    assert_eq!(journey.get("/ledger").await["requests"].as_array().unwrap().len(), asked, "no target was called");
    assert_eq!(rows(&journey.world).await, before, "nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn unrecorded_answers_are_unknown_unless_something_is_assumed() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    node.run_becomes(&run, "completed").await;
    let elsewhere = "externalId: '${ \"other-\" + $context.accountId }'\n        id: ${ $context.deal";
    let changed =
        changed(&journey.world, "externalId: ${ $context.accountId }\n        id: ${ $context.deal", elsewhere);
    let (same, out) = replay(&journey.world, &changed, &["--fail-on-change"]);
    assert!(
        !same && out.contains("1 unknown") && out.contains("unknown from here: findCustomer/byExternalId/read"),
        "{out}"
    );
    let assumed = report(&journey.world, &changed, &["--assume", "404"]);
    let event = &assumed["events"][0];
    assert_eq!(event["new"]["status"], "completed", "{event}");
    let read = event["calls"]
        .as_array()
        .unwrap()
        .iter()
        .find(|call| call["step"] == "findCustomer/byExternalId/read")
        .unwrap();
    assert!(read["fate"] == "changed" && read["notes"].to_string().contains("answered with 404"), "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_without_a_recorded_run_shows_what_the_event_would_start() {
    let target = Target::start().await;
    let world = World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[]).await;
    let node = world.node().await;
    let (status, _) = node.hook("test", "early", &json!({ "type": "later", "n": 1 })).await;
    assert_eq!(status, 200);
    let text = calls(&target, 2).replace("name: calls", "name: later").replace("type: calls", "type: later");
    world.write("later.yaml", &text);
    let report = report(&world, &format!("{}/later.yaml", world.workflows()), &[]);
    let event = &report["events"][0];
    assert_eq!((&event["recorded"], &event["new"]["status"]), (&Value::Null, &json!("completed")), "{report}");
    let fates: Vec<&Value> = event["calls"].as_array().unwrap().iter().map(|call| &call["fate"]).collect();
    assert_eq!(fates, [&json!("new"), &json!("new")]);
    assert_eq!(target.requests("/step1"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_dry_run_is_offered() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let (ok, _, err) = world.command(&["replay", "--workflow", "a/b", "--since", "PT1H"]);
    assert!(!ok && err.contains("--dry-run"), "{err}");
    let (ok, _, err) = world.command(&["replay", "--dry-run", "--workflow", "a/b", "--since", "PT1H"]);
    assert!(!ok && err.contains("neither a file nor a deployed"), "{err}");
}

/// Returns the table in the guide to mappings.
fn table_of_the_guide(guide: &str) -> String {
    let block = guide.split("```yaml\n").find(|block| block.starts_with("mapping: partner")).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// Passes a record to the mapping, in its own run.
async fn give(node: &Node, n: u32, record: Value, becomes: &str) {
    let event = json!({ "type": "partner", "record": record });
    let (status, answer) = node.hook("test", &format!("partner-{n}"), &event).await;
    assert_eq!(status, 202, "{answer}");
    node.run_becomes(answer["runs"][0].as_str().unwrap(), becomes).await;
}

const PARTNER: &str = "document: { dsl: '1.0.3', namespace: test, name: partner, version: '1.0.0' }
schedule: { on: { one: { with: { source: test, type: partner } } } }
input: { from: '.[0]' }
do:
  - map: { call: partner.toErp, with: { record: '${ .record }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_mapping_is_held_against_the_records_that_runs_gave_to_it() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mappings.md")).unwrap();
    let table = table_of_the_guide(&guide);
    let files = [("hub.yaml", hub()), ("partner.yaml", PARTNER.to_owned()), ("mappings/partner.yaml", table.clone())];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    give(&node, 1, json!({ "Name": "Norrland Timber AB", "Email__c": "Info@Norrland.example" }), "completed").await;
    give(&node, 2, json!({ "Name": "Delft Pumps B.V.", "Email__c": null }), "completed").await;
    give(&node, 3, json!({ "Email__c": "info@norrland.example" }), "faulted").await;
    let before = rows(&world).await;
    let diff = |folder: &str, more: &[&str]| {
        world.command(&[&["mapping", "diff", "partner", "--workflows", folder], &SINCE[..], more].concat())
    };

    let (same, out, err) = diff(&world.workflows(), &["--fail-on-change"]);
    assert!(same && out.ends_with("3 records: 3 unchanged, 0 changed\n"), "{out}{err}");

    let changed = tempfile::tempdir().unwrap();
    std::fs::create_dir(changed.path().join("mappings")).unwrap();
    let newer = table.replace(", toErp: ascii_downcase", "").replace(", required: erp", "");
    std::fs::write(changed.path().join("mappings/partner.yaml"), newer).unwrap();
    let folder = changed.path().display().to_string();
    let (same, out, err) = diff(&folder, &["--fail-on-change"]);
    assert!(!same && err.is_empty(), "{out}{err}");
    let shown = guide.split("```text\nmapping partner  runs").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let shown: Vec<&str> = shown.lines().filter(|line| line.starts_with("    ") || line.contains("records:")).collect();
    let printed: Vec<&str> = out.lines().filter(|line| line.starts_with("    ") || line.contains("records:")).collect();
    assert_eq!(printed, shown, "docs/mappings.md shows the output:\n{out}");

    let (_, out, _) = diff(&folder, &["--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    let first = &report["records"][0];
    let told = json!({ "row": 2, "field": "email", "part": "erp", "pointer": "/email",
                       "recorded": "info@norrland.example", "new": "Info@Norrland.example" });
    assert_eq!((&first["rows"], &first["function"]), (&json!([told]), &json!("toErp")), "{report}");
    let (_, out, _) = diff(&folder, &["--limit", "1"]);
    assert!(out.contains("there are more runs") && out.contains("1 record: 0 unchanged, 1 changed"), "{out}");
    assert_eq!(rows(&world).await, before, "nothing was written");

    // The reverse: a success would fail, and a field that is no longer written is reported.
    let strict = table.replace("erp: email,", "erp: mail, required: erp,");
    std::fs::write(changed.path().join("mappings/partner.yaml"), strict).unwrap();
    let (_, out, _) = diff(&folder, &[]);
    assert!(out.contains("    no row  email: \"info@norrland.example\" -> (absent)"), "{out}");
    assert!(out.contains("    row 2  mail: (absent) -> \"info@norrland.example\""), "{out}");
    assert!(out.contains("would fail: mapping partner, row 2: Email__c to mail failed"), "{out}");
    let (ok, _, err) = world.command(&["mapping", "diff", "nobody", "--since", "PT1H"]);
    assert!(!ok && err.contains("there is no mapping \"nobody\""), "{err}");
}

/// Returns the output of `mapping diff` for this table in place of `partner`.
fn diff_of(world: &World, table: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("{}/partner.yaml", folder.path().display());
    std::fs::write(&file, table).unwrap();
    let (ok, out, err) = world.command(&[&["mapping", "diff", &file], &SINCE[..]].concat());
    assert!(ok, "{err}");
    out
}

const COMPARING: &str = "document: { dsl: '1.0.3', namespace: test, name: comparing, version: '1.0.0' }
do:
  - compare: { call: partner.compare, with: { crm: '${ .crm }', erp: '${ .erp }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_mapping_is_held_against_the_pairs_that_runs_compared() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mappings.md")).unwrap();
    let table = table_of_the_guide(&guide);
    let files = [("comparing.yaml", COMPARING.to_owned()), ("mappings/partner.yaml", table.clone())];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    let crm = json!({ "Name": "Norrland", "Email__c": "Info@Norrland.example", "Credit_Hold__c": "On" });
    let erp =
        json!({ "companyName": "Norrland", "email": "info@norrland.example", "creditHoldOverride": { "id": "ON" } });
    for (crm, erp) in [(&crm, &erp), (&crm, &Value::Null)] {
        let path = "/api/v1/workflows/test/comparing/runs?wait=20";
        let (status, run) = node.post(path, &json!({ "crm": crm, "erp": erp })).await;
        assert_eq!((status, &run["status"]), (200, &json!("completed")), "{run}");
    }
    let diff = |table: &str| diff_of(&world, table);
    assert!(diff(&table).ends_with("2 records: 2 unchanged, 0 changed\n"));
    let out = diff(&table.replace(", toErp: ascii_downcase", "").replace("ON: \"On\"", "ON: \"Held\""));
    assert_eq!(out.matches("    row 2  erp email: \"info@norrland.example\" -> \"Info@Norrland.example\"").count(), 2);
    assert_eq!(out.matches("    row 4  crm Credit_Hold__c: \"On\" -> \"Held\"").count(), 1, "{out}");
    // A letter that the new table does not have, and a default that does not apply here.
    let out = diff(&table.replace("On: \"ON\", ", "").replace("\"OFF\"}[.]", "\"OFF\"}[.] // error(\"unknown\")"));
    assert!(
        out.contains("would fail: mapping partner, row 4: Credit_Hold__c to creditHoldOverride.id failed"),
        "{out}"
    );
    assert!(diff(&table.replace("erp: Nobody", "erp: Somebody")).contains("2 unchanged"));
}

const MANY: &str = "document: { dsl: '1.0.3', namespace: test, name: many, version: '1.0.0' }
do:
  - translate: { call: partner.toErpEach, with: { records: '${ .records }' } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_mapping_is_held_against_each_of_many_records_of_a_step() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mappings.md")).unwrap();
    let table = table_of_the_guide(&guide);
    let world = World::new(&[("many.yaml", MANY.to_owned()), ("mappings/partner.yaml", table.clone())], &[]).await;
    let node = world.node().await;
    let records = json!([
        { "Name": "Norrland", "Email__c": "Info@Norrland.example" },
        { "Email__c": "nobody@example.com" },
        { "Name": "Delft Pumps B.V." },
    ]);
    let (status, run) = node.post("/api/v1/workflows/test/many/runs?wait=20", &json!({ "records": records })).await;
    assert_eq!((status, &run["status"]), (200, &json!("completed")), "{run}");
    let diff = |table: &str| diff_of(&world, table);
    assert!(diff(&table).ends_with("3 records: 3 unchanged, 0 changed\n"));
    let out = diff(&table.replace(", toErp: ascii_downcase", "").replace(", required: erp", ""));
    assert!(out.contains("    row 2  email: \"info@norrland.example\" -> \"Info@Norrland.example\""), "{out}");
    assert!(out.contains("would no longer fail: mapping partner, row 1: Name to companyName failed"), "{out}");
    assert!(out.ends_with("3 records: 1 unchanged, 2 changed\n"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_row_of_an_orders_lines_is_shown_line_by_line() {
    let journey = Journey::new().await;
    let node = journey.world.node().await;
    let run = journey.fire(&node, 0).await;
    node.run_becomes(&run, "completed").await;
    let table = shipped().into_iter().find(|(name, _)| *name == "mappings/opportunity.yaml").unwrap().1;
    let changed = tempfile::tempdir().unwrap();
    std::fs::create_dir(changed.path().join("mappings")).unwrap();
    let newer = table.replace("* 100 | round / 100", "* 10000 | round / 10000");
    std::fs::write(changed.path().join("mappings/opportunity.yaml"), newer).unwrap();
    let folder = changed.path().display().to_string();
    let arguments = [&["mapping", "diff", "opportunity", "--json", "--workflows", &folder], &SINCE[..]].concat();
    let (ok, out, err) = journey.world.command(&arguments);
    assert!(ok, "{out}{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let told = json!({ "row": 6, "field": "item.items.0.rate", "part": "erp", "pointer": "/item/items/0/rate",
                       "recorded": 1757.41, "new": 1757.405 });
    assert_eq!(report["records"][0]["rows"], json!([told]), "{report}");
}
