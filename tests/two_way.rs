//! Contacts in both directions through the built program: people edit both sides at once, reports arrive late, twice
//! and out of order, and both sides end up equal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::routing::post;
use chrono::Utc;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sqlx::Row;
use stepwell::sandbox::{Sandbox, WebhookSettings, WebhookTarget};

use crate::harness::{Journey, Node, SECRET, edit, eventually, files};

const FILES: [&str; 6] = [
    "hub.yaml",
    "contact-sync.yaml",
    "functions/netsuite.yaml",
    "functions/salesforce.yaml",
    "functions/links.yaml",
    "mappings/contact.yaml",
];

/// Id of the account of a customer in the seed data.
const ACCOUNT: &str = "001Ws00000Kq3EcIAJ";

/// Fields of both sides that the test edits.
const FIELDS: [(&str, &str); 6] = [
    ("FirstName", "firstName"),
    ("LastName", "lastName"),
    ("Title", "title"),
    ("Email", "email"),
    ("Phone", "phone"),
    ("Salutation", "salutation"),
];

/// Webhooks that the systems sent and that are not delivered yet.
#[derive(Clone, Default)]
struct Post(Arc<Mutex<Vec<(String, String, Value)>>>);

impl Post {
    async fn open() -> (Self, String) {
        let inbox = Self::default();
        let take = |State(post): State<Self>, Path(source): Path<String>, headers: HeaderMap, body: Bytes| async move {
            let id = headers["webhook-id"].to_str().unwrap().to_owned();
            post.0.lock().unwrap().push((source, id, serde_json::from_slice(&body).unwrap()));
        };
        let router = Router::new().route("/{source}", post(take)).with_state(inbox.clone());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        (inbox, format!("http://{address}"))
    }

    /// Takes one webhook, usually an old one; sometimes it stays and is delivered again, with another id.
    fn next(&self, random: &mut StdRng) -> Option<(String, String, Value)> {
        let mut inbox = self.0.lock().unwrap();
        if inbox.is_empty() {
            return None;
        }
        let place = if random.random_bool(0.3) { random.random_range(0..inbox.len()) } else { 0 };
        if random.random_bool(0.1) {
            let (source, id, body) = inbox[place].clone();
            inbox[place].1 = format!("{id}+");
            return Some((source, id, body));
        }
        Some(inbox.remove(place))
    }
}

fn target(url: &str, source: &str) -> WebhookTarget {
    let settings = json!({ "url": format!("{url}/{source}"), "secret": SECRET, "types": ["Contact", "contact"] });
    serde_json::from_value::<WebhookSettings>(settings).unwrap().target().unwrap()
}

/// Starts a node with these workflows between two systems, whose webhooks the test delivers.
async fn both_systems(names: &[&'static str]) -> (Post, Sandbox, Journey, Node) {
    let (inbox, url) = Post::open().await;
    let sandbox = Sandbox::new().with_webhooks(Some(target(&url, "salesforce")), Some(target(&url, "netsuite")));
    let world = Journey::of(&files(names), sandbox.clone()).await;
    let node = world.world.node().await;
    (inbox, sandbox, world, node)
}

/// Creates a contact in the CRM and waits for its partner. Returns both ids.
async fn a_pair(
    (inbox, sandbox, world, node): (&Post, &Sandbox, &Journey, &Node),
    random: &mut StdRng,
) -> (String, String) {
    let body = json!({ "AccountId": ACCOUNT, "FirstName": "Ada", "LastName": "Berg" });
    let made = edit(sandbox, "POST", "/crm/services/data/v62.0/sobjects/Contact", &body);
    let crm = made["id"].as_str().unwrap().to_owned();
    settle(world, node, inbox, random).await;
    let erp = records(sandbox, "erp", "contact", "externalId")[&crm]["id"].as_str().unwrap().to_owned();
    (crm, erp)
}

/// Returns the records of a kind by the CRM's id.
fn records(sandbox: &Sandbox, system: &str, kind: &str, key: &str) -> BTreeMap<String, Value> {
    let all = sandbox.records();
    let list = all[system][kind].as_array().cloned().unwrap_or_default();
    list.into_iter().filter_map(|record| Some((record[key].as_str()?.to_owned(), record))).collect()
}

/// Delivers webhooks concurrently; each must be accepted.
async fn deliver(node: &Node, inbox: &[(String, String, Value)]) {
    let deliveries = inbox.iter().map(|(source, id, body)| node.hook(source, id, body));
    for (status, answer) in futures::future::join_all(deliveries).await {
        assert!(status == 202 || status == 200, "{status} {answer}");
    }
}

/// Delivers webhooks until none is left and every run has closed.
async fn settle(world: &Journey, node: &Node, inbox: &Post, random: &mut StdRng) {
    let mut connection = world.world.connect().await;
    let began = std::time::Instant::now();
    loop {
        let mut batch = Vec::new();
        while batch.len() < 32
            && let Some(letter) = inbox.next(random)
        {
            batch.push(letter);
        }
        deliver(node, &batch).await;
        if !batch.is_empty() {
            continue;
        }
        let row = sqlx::query(
            "select (select count(*) from runs where finished_at is null) + (select count(*) from outgoing) as left",
        )
        .fetch_one(&mut connection)
        .await
        .unwrap();
        let idle = row.get::<i64, _>("left") == 0 && {
            let ledger = world.get("/ledger?after=1000000000").await;
            let mut deliveries = ledger["deliveries"].as_array().unwrap().iter();
            !deliveries.any(|delivery| delivery["outcome"] == "waiting") && inbox.0.lock().unwrap().is_empty()
        };
        if idle {
            return;
        }
        assert!(began.elapsed().as_secs() < 100, "the sync never ends: {}", row.get::<i64, _>("left"));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_systems_that_people_edit_at_once_end_equal_with_bounded_writes() {
    let (inbox, sandbox, world, node) = both_systems(&FILES).await;
    let mut random = StdRng::seed_from_u64(7);

    // Contacts that begin in the CRM, and some that begin in the ERP.
    for number in 0..150 {
        let body = json!({ "AccountId": ACCOUNT, "FirstName": "P", "LastName": format!("Person {number}") });
        edit(&sandbox, "POST", "/crm/services/data/v62.0/sobjects/Contact", &body);
    }
    for number in 150..200 {
        let name = format!("Person {number}");
        let body =
            json!({ "entityId": name, "lastName": name, "subsidiary": { "id": "2" }, "company": { "id": "641" } });
        edit(&sandbox, "POST", "/erp/services/rest/record/v1/contact", &body);
    }
    settle(&world, &node, &inbox, &mut random).await;
    let erp = records(&sandbox, "erp", "contact", "externalId");
    assert_eq!(erp.len(), 200, "each has one partner");
    let pairs: Vec<(String, String)> =
        erp.iter().map(|(crm, record)| (crm.clone(), record["id"].as_str().unwrap().to_owned())).collect();
    let before = writes(&sandbox);

    for round in 0..EDITS / 100 {
        for number in 0..100 {
            let (crm, erp) = &pairs[random.random_range(0..pairs.len())];
            let (of_crm, of_erp) = FIELDS[random.random_range(0..FIELDS.len())];
            let value = format!("v{round}.{number}");
            let value = if of_crm == "Email" { format!("{value}@norrland.example") } else { value };
            if random.random_bool(0.5) {
                let path = format!("/crm/services/data/v62.0/sobjects/Contact/{crm}");
                edit(&sandbox, "PATCH", &path, &json!({ of_crm: value }));
            } else {
                let path = format!("/erp/services/rest/record/v1/contact/{erp}");
                edit(&sandbox, "PATCH", &path, &json!({ of_erp: value }));
            }
        }
        // Some of the webhooks arrive while people continue to edit.
        let mut batch = Vec::new();
        for _ in 0..80 {
            batch.extend(inbox.next(&mut random));
        }
        deliver(&node, &batch).await;
    }
    settle(&world, &node, &inbox, &mut random).await;

    let (crm, erp) = (records(&sandbox, "crm", "Contact", "Id"), records(&sandbox, "erp", "contact", "id"));
    let conflicts = sqlx::query("select crm_id, row_name, kind from conflicts where state = 'open'")
        .fetch_all(&mut world.world.connect().await)
        .await
        .unwrap();
    let waits: Vec<(String, String)> = conflicts.iter().map(|row| (row.get("crm_id"), row.get("row_name"))).collect();
    for (crm_id, erp_id) in &pairs {
        for (of_crm, of_erp) in FIELDS {
            let (a, b) = (&crm[crm_id][of_crm], &erp[erp_id][of_erp]);
            // A row is named after its field, or after both fields if several rows share it.
            let names = [of_crm.to_owned(), format!("{of_crm} to {of_erp}")];
            let told = waits.iter().any(|(id, row)| id == crm_id && names.contains(row));
            assert!(a == b || told, "{crm_id} {of_crm}: {a} and {b}");
        }
    }
    // Only edits of both sides within the same second may leave a conflict.
    assert!(waits.len() < EDITS / 20, "{} conflicts", waits.len());
    let written = writes(&sandbox) - before;
    assert!(written <= 2 * EDITS, "{written} writes for {EDITS} edits");
    let (_, page) = node.get("/api/v1/runs?attention=any&limit=5").await;
    assert_eq!(page["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_settled_field_by_field_and_the_other_fields_are_synced() {
    let (inbox, sandbox, world, node) = both_systems(&FILES).await;
    let mut random = StdRng::seed_from_u64(1);
    let (crm, erp) = a_pair((&inbox, &sandbox, &world, &node), &mut random).await;

    let (of_crm, of_erp) = (
        format!("/crm/services/data/v62.0/sobjects/Contact/{crm}"),
        format!("/erp/services/rest/record/v1/contact/{erp}"),
    );
    edit(&sandbox, "PATCH", &of_crm, &json!({ "MobilePhone": "111", "Phone": "999" }));
    edit(&sandbox, "PATCH", &of_erp, &json!({ "mobilePhone": "222" }));
    settle(&world, &node, &inbox, &mut random).await;
    let side = |system: &str, kind: &str, key: &str, id: &str, field: &str| {
        records(&sandbox, system, kind, key)[id][field].as_str().unwrap_or_default().to_owned()
    };
    let mobile =
        || (side("crm", "Contact", "Id", &crm, "MobilePhone"), side("erp", "contact", "id", &erp, "mobilePhone"));
    assert_eq!(mobile(), ("111".to_owned(), "222".to_owned()), "no value is written before the decision");
    assert_eq!(side("erp", "contact", "id", &erp, "phone"), "999", "fields without a conflict are synced");

    let (status, page) = node.get("/api/v1/conflicts?entity=contact").await;
    assert_eq!(status, 200);
    let conflict = &page["items"][0];
    assert_eq!((&conflict["row"], &conflict["kind"]), (&json!("MobilePhone"), &json!("both")), "{page}");
    assert_eq!((&conflict["crm"]["value"], &conflict["erp"]["value"]), (&json!("111"), &json!("222")));
    let id = conflict["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/conflicts/{id}");
    assert_eq!(node.post(&format!("{path}/settle"), &json!({ "side": "nobody" })).await.0, 422);
    assert_eq!(node.get("/api/v1/conflicts?state=lost").await.0, 400);

    let (settled, told, error) =
        world.world.command(&["conflicts", "settle", &id, "--side", "erp", "--reason", "asked her"]);
    assert!(settled && told.contains("decided for erp: asked her"), "{told}{error}");
    settle(&world, &node, &inbox, &mut random).await;
    assert_eq!(mobile(), ("222".to_owned(), "222".to_owned()));
    let (_, after) = node.get(&path).await;
    assert_eq!((&after["state"], &after["chosen"]), (&json!("settled"), &json!("erp")), "{after}");
    assert_eq!(node.post(&format!("{path}/settle"), &json!({ "side": "crm" })).await.0, 409);
    let (listed, text, _) = world.world.command(&["conflicts", "list"]);
    assert!(listed && text.is_empty(), "{text}");

    // Later changes are synced as before: the choice is not permanent.
    edit(&sandbox, "PATCH", &of_crm, &json!({ "MobilePhone": "333" }));
    settle(&world, &node, &inbox, &mut random).await;
    assert_eq!(mobile(), ("333".to_owned(), "333".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_webhooks_missed_is_found_by_reconciliation_and_a_known_one_costs_no_call() {
    let swept =
        [&FILES[..], &["contact-reconcile.yaml", "functions/company.yaml", "functions/watermarks.yaml"]].concat();
    let (inbox, sandbox, world, node) = both_systems(&swept).await;
    let mut random = StdRng::seed_from_u64(3);
    let (crm, erp) = a_pair((&inbox, &sandbox, &world, &node), &mut random).await;

    // One change on each side, and both webhooks are lost.
    edit(&sandbox, "PATCH", &format!("/crm/services/data/v62.0/sobjects/Contact/{crm}"), &json!({ "Phone": "1" }));
    edit(
        &sandbox,
        "PATCH",
        &format!("/erp/services/rest/record/v1/contact/{erp}"),
        &json!({ "email": "ada@berg.example" }),
    );
    eventually("both webhooks were sent", || async { (inbox.0.lock().unwrap().len() >= 2).then_some(()) }).await;
    inbox.0.lock().unwrap().clear();

    let sweep = || async {
        let (fired, run, error) = world.world.command(&["schedules", "fire", "crm-erp/contact-reconcile"]);
        assert!(fired, "{error}");
        node.run_becomes(run.trim(), "completed").await;
    };
    sweep().await;
    settle(&world, &node, &inbox, &mut random).await;
    let (of_crm, of_erp) = (records(&sandbox, "crm", "Contact", "Id"), records(&sandbox, "erp", "contact", "id"));
    assert_eq!((&of_erp[&erp]["phone"], &of_crm[&crm]["Email"]), (&json!("1"), &json!("ada@berg.example")));

    let found = latest_sweep(&node, &world).await;
    assert_eq!((&found["failed"], &found["under_way"]), (&json!(0), &json!(0)), "{found}");
    let (status, missed) = node.get(&format!("/api/v1/drift/{}?found=missed", found["run"].as_str().unwrap())).await;
    assert_eq!(status, 200, "{missed}");
    let missed = missed["items"].as_array().unwrap();
    assert_eq!(found["missed"], missed.len(), "{missed:?}");
    // The others are contacts of the seed data without a partner.
    let of_pair: Vec<&Value> = missed.iter().filter(|record| record["crm_id"] == crm).collect();
    let [record] = of_pair.as_slice() else { panic!("{missed:?}") };
    assert_eq!((&record["entity"], &record["erp_id"]), (&json!("contact"), &json!(erp)));
    assert_eq!(record["wrote"], json!(["crm.Email", "erp.phone"]), "one run for both: {record}");
    let looked_at = node.run(record["run"].as_str().unwrap()).await;
    assert_eq!(looked_at["output"]["outcome"], "updated");

    let before = sandbox.counts().0;
    sweep().await;
    settle(&world, &node, &inbox, &mut random).await;
    let found = latest_sweep(&node, &world).await;
    assert_eq!((&found["missed"], &found["conflicts"]), (&json!(0), &json!(0)), "{found}");
    let ledger = sandbox.ledger(before);
    let asked = ledger["requests"].as_array().unwrap().iter().filter(|request| request["idempotencyKey"].is_string());
    let paths: Vec<&str> = asked.map(|request| request["path"].as_str().unwrap()).collect();
    let of_pair = |path: &&&str| path.ends_with(&format!("/{crm}")) || path.ends_with(&format!("/{erp}"));
    assert_eq!(paths.iter().filter(of_pair).count(), 0, "both were known: {paths:?}");
    assert!(paths.len() >= 2, "the sweep asked both sides: {paths:?}");
}

/// Returns the result of the latest reconciliation, after checking that the command line agrees.
async fn latest_sweep(node: &Node, world: &Journey) -> Value {
    let (status, page) = node.get("/api/v1/drift?limit=1").await;
    assert_eq!(status, 200, "{page}");
    let found = page["items"][0].clone();
    let kinds = ["in_sync", "missed", "conflicts", "failed", "left", "under_way"];
    let sum: u64 = kinds.iter().map(|kind| found[*kind].as_u64().unwrap()).sum();
    assert!(sum > 0 && found["looked_at"] == sum && found["since"].is_string(), "{found}");
    let run = found["run"].as_str().unwrap();
    let (listed, text, error) = world.world.command(&["drift"]);
    assert!(listed && text.contains(run), "{text}{error}");
    let (listed, text, error) = world.world.command(&["drift", "--sweep", run, "--all", "--json"]);
    let records: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(listed && records.len() as u64 == sum, "{text}{error}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_deletion_in_the_crm_is_found_by_reconciliation_and_decided_by_a_person() {
    a_missed_deletion("crm").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_deletion_in_the_erp_is_found_by_reconciliation_and_decided_by_a_person() {
    a_missed_deletion("erp").await;
}

async fn a_missed_deletion(side: &str) {
    let swept =
        [&FILES[..], &["contact-reconcile.yaml", "functions/company.yaml", "functions/watermarks.yaml"]].concat();
    let (inbox, sandbox, world, node) = both_systems(&swept).await;
    let mut random = StdRng::seed_from_u64(9);
    let (crm, erp) = a_pair((&inbox, &sandbox, &world, &node), &mut random).await;
    let path = match side {
        "crm" => format!("/crm/services/data/v62.0/sobjects/Contact/{crm}"),
        _ => format!("/erp/services/rest/record/v1/contact/{erp}"),
    };
    edit(&sandbox, "DELETE", &path, &json!({}));
    eventually("the webhook was sent", || async { (!inbox.0.lock().unwrap().is_empty()).then_some(()) }).await;
    inbox.0.lock().unwrap().clear();
    // A reconciliation covers deletions before the second in which it begins.
    let second = Utc::now().timestamp();
    eventually("the second is over", || async { (Utc::now().timestamp() > second).then_some(()) }).await;
    let (fired, run, error) = world.world.command(&["schedules", "fire", "crm-erp/contact-reconcile"]);
    assert!(fired, "{error}");
    node.run_becomes(run.trim(), "completed").await;
    settle(&world, &node, &inbox, &mut random).await;
    let (_, page) = node.get("/api/v1/conflicts").await;
    let conflict = &page["items"][0];
    assert_eq!(
        (&conflict["kind"], &conflict["crm_id"], &conflict["erp_id"]),
        (&json!("deleted"), &json!(crm), &json!(erp))
    );
    let (other, object, key, partner) =
        if side == "crm" { ("erp", "contact", "id", &erp) } else { ("crm", "Contact", "Id", &crm) };
    assert!(records(&sandbox, other, object, key).contains_key(partner), "nobody has decided");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_record_is_made_again_or_deleted_on_the_other_side_as_a_person_decides() {
    let (inbox, sandbox, world, node) = both_systems(&FILES).await;
    let mut random = StdRng::seed_from_u64(5);
    let decide = async |side: &str| {
        let (_, page) = node.get("/api/v1/conflicts").await;
        assert_eq!(page["items"][0]["kind"], "deleted", "{page}");
        let id = page["items"][0]["id"].as_str().unwrap().to_owned();
        let (status, answer) = node.post(&format!("/api/v1/conflicts/{id}/settle"), &json!({ "side": side })).await;
        assert_eq!(status, 200, "{answer}");
        id
    };
    let state = async |id: &str| node.get(&format!("/api/v1/conflicts/{id}")).await.1["state"].clone();
    let (crm, erp) = a_pair((&inbox, &sandbox, &world, &node), &mut random).await;
    edit(&sandbox, "DELETE", &format!("/crm/services/data/v62.0/sobjects/Contact/{crm}"), &json!({}));
    settle(&world, &node, &inbox, &mut random).await;
    assert!(records(&sandbox, "erp", "contact", "id").contains_key(&erp), "nobody has decided");

    let id = decide("erp").await;
    settle(&world, &node, &inbox, &mut random).await;
    let again = records(&sandbox, "erp", "contact", "id")[&erp]["externalId"].as_str().unwrap().to_owned();
    assert_ne!(again, crm);
    assert_eq!(records(&sandbox, "crm", "Contact", "Id")[&again]["LastName"], "Berg", "the record was recreated");
    assert_eq!(state(&id).await, "settled");

    edit(&sandbox, "DELETE", &format!("/crm/services/data/v62.0/sobjects/Contact/{again}"), &json!({}));
    settle(&world, &node, &inbox, &mut random).await;
    let id = decide("crm").await;
    settle(&world, &node, &inbox, &mut random).await;
    assert!(!records(&sandbox, "erp", "contact", "id").contains_key(&erp), "deleted on both sides");
    assert_eq!(state(&id).await, "settled");
    let (_, page) = node.get("/api/v1/runs?attention=any&limit=5").await;
    assert_eq!(page["items"], json!([]));
}

/// Number of edits by people.
const EDITS: usize = 2_000;

/// Counts the writes of the hub: its calls have a key, those of people do not.
fn writes(sandbox: &Sandbox) -> usize {
    let ledger = sandbox.ledger(0);
    let is_write = |request: &&Value| {
        request["idempotencyKey"].is_string() && matches!(request["method"].as_str(), Some("PATCH" | "PUT"))
    };
    ledger["requests"].as_array().unwrap().iter().filter(is_write).count()
}
