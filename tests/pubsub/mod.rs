//! Salesforce's Pub/Sub API: whichever node dies, each published event is stored once; one node subscribes at a time;
//! an unusable replay id starts the reconciliation; and events that cannot be decoded stop nothing.

mod losses;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chrono::Utc;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use stepwell::sandbox::{self, Sandbox};

use crate::harness::{Journey, Node, World, edit, eventually, files};

const TOPIC: &str = "/event/Stepwell_Record_Changed__e";

/// Started by each event, and completes at once.
const COUNTER: &str = "
document: { dsl: '1.0.3', namespace: test, name: counter, version: '1.0.0', metadata: { key: '${ .[0].data.payload.Record_Id__c }' } }
schedule: { on: { one: { with: { source: crm, type: changed } } } }
do:
  - note: { set: { record: '${ .[0].data.payload.Record_Id__c }' } }
";

/// Started if events may be missing.
const RECONCILE: &str = "
document: { dsl: '1.0.3', namespace: test, name: reconcile, version: '1.0.0' }
schedule: { on: { one: { with: { source: /stepwell/sources, type: dev.stepwell.gap, data: '${ .source == \"crm\" }' } } } }
do:
  - note: { set: { gap: '${ .[0] }' } }
";

const AUTHENTICATION: &str = "bearer: { token: '${ $secrets.salesforceToken }' }";

/// A CRM with nodes that subscribe to it.
struct Crm {
    sandbox: Sandbox,
    world: World,
    published: AtomicU64,
}

impl Crm {
    async fn new(settings: &str) -> Self {
        Self::signed_in(settings, AUTHENTICATION).await
    }

    /// Starts a world with settings of the source and a way to sign in.
    async fn signed_in(settings: &str, authentication: &str) -> Self {
        // The sandbox also has an HTTP client, for webhooks, which needs a TLS provider.
        drop(crate::harness::client());
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let sandbox = Sandbox::new();
        tokio::spawn(sandbox::serve(listener, sandbox.clone(), std::future::pending()));
        let hub = format!(
            "sources:\n  crm:\n    kind: salesforce-pubsub\n    connection: salesforce\n{settings}    topics:\n      {TOPIC}:\n        \
             event: {{ type: changed }}\nconnections:\n  salesforce:\n    baseUrl: {{ sandbox: 'http://{address}/crm' }}\n    \
             authentication:\n      {authentication}\n"
        );
        let files = [("hub.yaml", hub), ("counter.yaml", COUNTER.to_owned()), ("reconcile.yaml", RECONCILE.to_owned())];
        let world = World::new(&files, &[address.to_string()]).await;
        // A short keepalive makes the CRM report the newest position often.
        sandbox.change_settings(json!({ "crm": { "pubSub": { "keepaliveSeconds": 0.2 } } })).unwrap();
        Self { sandbox, world, published: AtomicU64::new(0) }
    }

    /// Publishes an event of the package and returns its id.
    fn publish(&self) -> String {
        let n = self.published.fetch_add(1, Ordering::Relaxed);
        self.sandbox.publish(TOPIC, &id(n), &payload(n)).unwrap();
        id(n)
    }

    fn publish_some(&self, count: u64) {
        for _ in 0..count {
            self.publish();
        }
    }

    fn set(&self, settings: &Value) {
        self.sandbox.change_settings(json!({ "crm": { "pubSub": settings } })).unwrap();
    }

    /// Waits until this many events are stored, and returns them in the order of storage.
    async fn stored(&self, count: u64) -> Vec<String> {
        let mut database = self.world.connect().await;
        loop {
            let stored = stored(&mut database).await;
            if stored.len() as u64 >= count {
                return stored;
            }
            eventually("one more event is stored", async || {
                let mut database = self.world.connect().await;
                (stored_count(&mut database).await > stored.len() as u64).then_some(())
            })
            .await;
        }
    }

    /// Asserts that each published event is stored once, with one closed run.
    async fn is_complete(&self) {
        let published = self.published.load(Ordering::Relaxed);
        let stored = self.stored(published).await;
        let wanted: BTreeSet<String> = (0..published).map(id).collect();
        let distinct: BTreeSet<String> = stored.iter().cloned().collect();
        assert_eq!((stored.len() as u64, distinct), (published, wanted), "each event is stored once");
        let mut database = self.world.connect().await;
        let runs = "select count(*), count(distinct r.event_id), count(*) filter (where r.status <> 'completed')
                    from runs r join definitions d on d.id = r.definition_id where d.name = 'counter'";
        eventually("each event's run has ended", async || {
            let mut database = self.world.connect().await;
            let row = sqlx::query(runs).fetch_one(&mut database).await.unwrap();
            (row.get::<i64, _>(0) >= i64::try_from(published).unwrap() && row.get::<i64, _>(2) == 0).then_some(())
        })
        .await;
        let row = sqlx::query(runs).fetch_one(&mut database).await.unwrap();
        let counts = (row.get::<i64, _>(0) as u64, row.get::<i64, _>(1) as u64);
        assert_eq!(counts, (published, published), "each event started one run");
    }

    async fn topic(&self, node: &Node) -> Value {
        let (status, sources) = node.get("/api/v1/sources").await;
        assert_eq!(status, 200, "{sources}");
        let source = sources["items"].as_array().unwrap().iter().find(|source| source["name"] == "crm").unwrap();
        source["topics"][0].clone()
    }

    async fn connected(&self, node: &Node) -> Value {
        eventually("a node is connected", async || {
            let topic = self.topic(node).await;
            (topic["state"] == "connected").then_some(topic)
        })
        .await
    }

    /// Waits until the topic is connected and its position is known.
    async fn positioned(&self, node: &Node) {
        eventually("a position is known", async || self.topic(node).await["replay_id"].is_string().then_some(())).await;
    }

    async fn reconciliations(&self, node: &Node) -> Vec<Value> {
        let (_, page) = node.get("/api/v1/runs?workflow=test/reconcile").await;
        let mut found = Vec::new();
        for run in page["items"].as_array().unwrap() {
            found.push(node.run(run["id"].as_str().unwrap()).await);
        }
        found
    }

    async fn reconciled(&self, node: &Node, reason: &str) {
        let run = eventually("a reconciliation is done", async || {
            self.reconciliations(node).await.into_iter().find(|run| run["status"] == "completed")
        })
        .await;
        let gap = &run["output"]["gap"];
        assert_eq!((&gap["channel"], &gap["reason"]), (&json!(TOPIC), &json!(reason)), "{run}");
    }
}

fn id(n: u64) -> String {
    uuid::Uuid::from_u128(u128::from(n)).to_string()
}

fn payload(n: u64) -> Value {
    let now = Utc::now().to_rfc3339();
    json!({
        "CreatedDate": now, "CreatedById": "005Ws000002IntAIAS", "Message_Id__c": format!("m{n}"), "Object__c": "Opportunity",
        "Record_Id__c": format!("006Ws{n:010}IAJ"), "Change__c": "closed_won", "Occurred_At__c": now,
    })
}

async fn stored(database: &mut PgConnection) -> Vec<String> {
    let rows = sqlx::query("select event_id from events where source = 'crm' and outcome = 'run' order by id");
    rows.fetch_all(database).await.unwrap().into_iter().map(|row| row.get(0)).collect()
}

async fn stored_count(database: &mut PgConnection) -> u64 {
    let count: i64 = sqlx::query_scalar("select count(*) from events where source = 'crm' and outcome = 'run'")
        .fetch_one(database)
        .await
        .unwrap();
    u64::try_from(count).unwrap()
}

/// Number of kills that the promise mentions.
const KILLS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_are_killed_a_hundred_times_lose_and_double_no_published_event() {
    let mut crm = Crm::new("    start: earliest\n    batch: 20\n").await;
    // The next node has to wait for the lease of the one that was killed.
    crm.world.set("STEPWELL_LEASE_SECONDS", "0.5");
    crm.world.set("STEPWELL_SWEEP_INTERVAL_MS", "25");
    let crm = Arc::new(crm);
    let is_over = Arc::new(AtomicBool::new(false));
    let publisher = tokio::spawn({
        let (crm, is_over) = (Arc::clone(&crm), Arc::clone(&is_over));
        async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(15));
            while !is_over.load(Ordering::Relaxed) {
                ticks.tick().await;
                crm.publish();
            }
        }
    });
    let mut database = crm.world.connect().await;
    for kill in 0..KILLS {
        let before = stored_count(&mut database).await;
        let mut node = crm.world.node().await;
        // In the middle of the stream, each time at another position.
        let wanted = before + 1 + u64::from(rand::random::<u8>() % 24);
        eventually(&format!("events are stored before kill {kill}"), async || {
            let mut database = PgConnection::connect(&crm.world.database_url).await.unwrap();
            (stored_count(&mut database).await >= wanted).then_some(())
        })
        .await;
        node.kill();
    }
    is_over.store(true, Ordering::Relaxed);
    publisher.await.unwrap();
    let node = crm.world.node().await;
    crm.is_complete().await;
    let topic = crm.topic(&node).await;
    assert!(topic["connects"].as_u64().unwrap() > KILLS as u64, "{topic}");
    assert_eq!((&topic["losses"], &topic["rejected"]), (&json!(0), &json!(0)), "{topic}");
    let (sound, told, _) = crm.world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_subscribes_at_a_time_and_another_continues_where_it_died() {
    let crm = Crm::new("    start: earliest\n").await;
    let mut first = crm.world.node().await;
    crm.connected(&first).await;
    let second = crm.world.node().await;
    crm.publish_some(50);
    crm.stored(50).await;
    let open = || async {
        let client = crate::harness::client();
        let hub = std::fs::read_to_string(format!("{}/hub.yaml", crm.world.workflows())).unwrap();
        let address = hub.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        let text = client.get(format!("http://{address}/sessions")).send().await.unwrap().text().await.unwrap();
        let sessions: Value = serde_json::from_str(&text).unwrap();
        sessions["crm"]["subscriptions"][TOPIC].clone()
    };
    let readers = open().await;
    assert_eq!((&readers["open"], &readers["begun"]), (&json!(1), &json!(1)), "{readers}");
    first.kill();
    crm.publish_some(50);
    crm.stored(100).await;
    let readers = open().await;
    assert_eq!(
        (&readers["open"], &readers["begun"], &readers["sent"]),
        (&json!(1), &json!(2), &json!(100)),
        "{readers}"
    );
    crm.is_complete().await;

    // A node that is asked to stop releases the topic at once.
    let third = crm.world.node().await;
    let mut second = second;
    assert!(second.terminate());
    crm.publish_some(10);
    crm.connected(&third).await;
    crm.is_complete().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_away_and_comes_back_writes_nothing_to_a_topic_that_another_one_took() {
    let crm = Crm::new("    start: earliest\n").await;
    let first = crm.world.node().await;
    crm.connected(&first).await;
    crm.publish_some(20);
    crm.stored(20).await;
    first.stop();
    let second = crm.world.node().await;
    crm.publish_some(20);
    crm.stored(40).await;
    // Its stream still has the same events.
    first.resume();
    crm.publish_some(20);
    crm.is_complete().await;
    let mut database = crm.world.connect().await;
    let fence: i64 = sqlx::query_scalar("select fence from topics").fetch_one(&mut database).await.unwrap();
    assert_eq!(fence, 2, "the first node has not claimed it again");
    assert_eq!(crm.connected(&second).await["losses"], 0);
}

/// Returns the base URL of the CRM's sandbox.
fn base(crm: &Crm) -> String {
    let hub = std::fs::read_to_string(format!("{}/hub.yaml", crm.world.workflows())).unwrap();
    format!("http://{}", hub.split("http://").nth(1).unwrap().split('/').next().unwrap())
}

/// Replaces the webhooks by the source that the guide shows.
fn subscribing(hub: &str) -> String {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/connect-your-crm.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let shown = guide.split("```").find(|block| block.contains("kind: salesforce-pubsub")).unwrap();
    let source = shown.split_once("sources:\n").unwrap().1.split_once("connections:\n").unwrap().0;
    let (before, rest) = hub.split_once("  salesforce:\n    scheme: standard-webhooks\n").unwrap();
    let after = rest.split_once("  # POST /hooks/netsuite.").unwrap().1;
    format!("{before}{source}  # POST /hooks/netsuite.{after}")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shipped_workflows_run_on_what_salesforce_publishes() {
    let deal = "/crm/services/data/v62.0/sobjects/Opportunity/006Ws00000Hd9XqIAJ";
    let sandbox = Sandbox::new();
    let mut shipped = files(&[
        "hub.yaml",
        "closed-won.yaml",
        "contact-sync.yaml",
        "functions/company.yaml",
        "functions/links.yaml",
        "functions/netsuite.yaml",
        "functions/salesforce.yaml",
        "functions/watermarks.yaml",
        "mappings/account.yaml",
        "mappings/address.yaml",
        "mappings/contact.yaml",
        "mappings/opportunity.yaml",
    ]);
    let hub = shipped.iter_mut().find(|(name, _)| *name == "hub.yaml").unwrap();
    hub.1 = subscribing(&hub.1);
    let world = Journey::of(&shipped, sandbox.clone()).await;
    // Nobody is subscribed yet, and this deal is not from today.
    edit(&sandbox, "PATCH", deal, &json!({ "StageName": "Negotiation/Review" }));
    let node = world.world.node().await;
    eventually("all topics are connected", async || {
        let (_, sources) = node.get("/api/v1/sources").await;
        let source =
            sources["items"].as_array().unwrap().iter().find(|source| source["name"] == "salesforce").unwrap().clone();
        let topics = source["topics"].as_array().unwrap();
        (topics.len() == 3 && topics.iter().all(|topic| topic["state"] == "connected")).then_some(())
    })
    .await;
    edit(&sandbox, "PATCH", deal, &json!({ "StageName": "Closed Won" }));
    let contact = json!({ "AccountId": "001Ws00000Kq3EcIAJ", "FirstName": "Ada", "LastName": "Berg", "Email": "ada@example.com" });
    let made = edit(&sandbox, "POST", "/crm/services/data/v62.0/sobjects/Contact", &contact);
    eventually("the order and the contact are in the ERP", async || {
        let records = sandbox.records();
        let has = |kind: &str, id: &Value| {
            records["erp"][kind].as_array().is_some_and(|list| list.iter().any(|record| record["externalId"] == *id))
        };
        (has("salesOrder", &json!("006Ws00000Hd9XqIAJ")) && has("contact", &made["id"])).then_some(())
    })
    .await;
    for workflow in ["closed-won", "contact-sync"] {
        eventually(&format!("all runs of {workflow} are completed"), async || {
            let (_, page) = node.get(&format!("/api/v1/runs?workflow=crm-erp/{workflow}")).await;
            let runs = page["items"].as_array().unwrap();
            (!runs.is_empty() && runs.iter().all(|run| run["status"] == "completed")).then_some(())
        })
        .await;
    }
    // The hub's own writes to Salesforce came back as events, and started nothing that writes again.
    let (_, sources) = node.get("/api/v1/sources").await;
    assert!(!sources.to_string().contains("problem"), "{sources}");
}
