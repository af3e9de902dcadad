//! What can interrupt a subscription: absence, lost positions, events that cannot be decoded, outages.

use std::sync::atomic::Ordering;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::Row;

use super::{Crm, TOPIC, base, id, payload};
use crate::harness::eventually;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_id_that_is_too_old_starts_the_reconciliation_and_the_subscription_continues() {
    let crm = Crm::new("").await;
    let mut node = crm.world.node().await;
    crm.connected(&node).await;
    crm.publish_some(5);
    crm.stored(5).await;
    assert!(node.terminate());
    // Three events are published and expire while nobody is subscribed.
    for n in 1_000..1_003 {
        crm.sandbox.publish(TOPIC, &id(n), &payload(n)).unwrap();
    }
    crm.set(&json!({ "retentionSeconds": 0, "keepaliveSeconds": 0.2 }));
    crm.set(&json!({ "keepaliveSeconds": 0.2 }));
    crm.publish_some(5);
    let node = crm.world.node().await;
    crm.reconciled(&node, "replay-id-refused").await;
    crm.publish_some(5);
    crm.is_complete().await;
    let topic = crm.connected(&node).await;
    assert_eq!((&topic["losses"], topic["lost_at"].is_string()), (&json!(1), true), "{topic}");
    assert_eq!(crm.reconciliations(&node).await.len(), 1, "once");
    let (listed, text, error) = crm.world.command(&["sources"]);
    assert!(listed && text.contains("its replay id was refused 1 times"), "{text}{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_id_that_is_lost_starts_the_reconciliation_and_doubles_nothing() {
    let crm = Crm::new("").await;
    let mut node = crm.world.node().await;
    crm.connected(&node).await;
    crm.publish_some(20);
    crm.stored(20).await;
    assert!(node.terminate());
    let mut database = crm.world.connect().await;
    sqlx::query("update topics set replay_id = 'garbage'").execute(&mut database).await.unwrap();
    crm.publish_some(5);
    let node = crm.world.node().await;
    crm.reconciled(&node, "replay-id-refused").await;
    // All retained events are delivered again, and recognized as known.
    crm.is_complete().await;
    let (_, metrics) = node.get("/metrics").await;
    let metrics = metrics.as_str().unwrap();
    let of = |outcome: &str, count: u64| {
        format!("stepwell_topic_events_total{{source=\"crm\",topic=\"{TOPIC}\",outcome=\"{outcome}\"}} {count}")
    };
    assert!(metrics.contains(&of("duplicate", 20)) && metrics.contains(&of("stored", 5)), "{metrics}");
    assert!(
        metrics.contains(&format!("stepwell_topic_losses_total{{source=\"crm\",topic=\"{TOPIC}\"}} 1")),
        "{metrics}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_kept_as_rejected_and_the_stream_goes_on() {
    let crm = Crm::new("    start: earliest\n").await;
    let node = crm.world.node().await;
    crm.publish();
    crm.stored(1).await;
    let mut database = crm.world.connect().await;
    let body: String = sqlx::query_scalar("select convert_from(body, 'utf8') from events where source = 'crm'")
        .fetch_one(&mut database)
        .await
        .unwrap();
    let known: Value = serde_json::from_str(&body).unwrap();
    let schema = known["data"]["schema"].as_str().unwrap();
    crm.sandbox.publish_raw(TOPIC, "unknown-schema", "no-such-schema", b"\x02x");
    crm.sandbox.publish_raw(TOPIC, "garbage", schema, b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    crm.sandbox.publish_raw(TOPIC, "", schema, b"");
    // A text that Postgres rejects, and a secret.
    let mut hostile = payload(1);
    hostile["Message_Id__c"] = "nul \u{0} and sandbox-crm-token".into();
    crm.sandbox.publish(TOPIC, &id(1), &hostile).unwrap();
    crm.published.fetch_add(1, Ordering::Relaxed);
    crm.publish();
    crm.is_complete().await;
    let rejected =
        sqlx::query("select event_id, body, detail::text from events where outcome = 'rejected' order by event_id");
    let rejected = rejected.fetch_all(&mut database).await.unwrap();
    let ids: Vec<String> = rejected.iter().map(|row| row.get(0)).collect();
    assert_eq!(ids[1..], ["garbage", "unknown-schema"]);
    assert!(ids[0].starts_with(&format!("{TOPIC}#")), "{ids:?}");
    assert_eq!(rejected[1].get::<Vec<u8>, _>(1), [0xff; 10], "the bytes are stored");
    let why: Vec<String> = rejected.iter().map(|row| row.get(2)).collect();
    assert!(why[1].contains("cannot be decoded") && why[2].contains("no-such-schema"), "{why:?}");
    let topic = crm.topic(&node).await;
    assert_eq!((&topic["rejected"], &topic["events"]), (&json!(3), &json!(6)), "{topic}");
    let (_, text, _) = crm.world.command(&["sources"]);
    assert!(text.contains("3 could not be read"), "{text}");
    let kept: String = sqlx::query_scalar("select convert_from(body, 'utf8') from events where event_id = $1")
        .bind(id(1))
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert!(kept.contains("nul \u{fffd} and ***") && !kept.contains("sandbox-crm-token"), "{kept}");
}

/// A topic of changes, in addition to that of the package.
const CHANGES: &str = "/data/AccountChangeEvent";

async fn with_changes() -> Crm {
    let crm = Crm::new("    start: earliest\n").await;
    let hub = std::fs::read_to_string(format!("{}/hub.yaml", crm.world.workflows())).unwrap();
    let topics = format!("    topics:\n      {CHANGES}:\n        event: {{ type: account }}\n");
    crm.world.write("hub.yaml", &hub.replacen("    topics:\n", &topics, 1));
    crm
}

/// A change of accounts without details, as Salesforce sends it.
fn overflow() -> Value {
    json!({ "ChangeEventHeader": {
        "entityName": "Account", "recordIds": ["000000000000000AAA"], "changeType": "GAP_OVERFLOW", "changeOrigin": "",
        "transactionKey": "t", "sequenceNumber": 1, "commitTimestamp": Utc::now().timestamp_millis(), "commitNumber": 1,
        "commitUser": "u", "nulledFields": [], "diffFields": [], "changedFields": [],
    } })
}

async fn of_topic(node: &crate::harness::Node, topic: &str) -> Value {
    let (_, sources) = node.get("/api/v1/sources").await;
    let source = sources["items"].as_array().unwrap().iter().find(|source| source["name"] == "crm").unwrap().clone();
    source["topics"].as_array().unwrap().iter().find(|one| one["topic"] == topic).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overflow_is_reported_once_however_often_it_is_delivered() {
    let crm = with_changes().await;
    let mut node = crm.world.node().await;
    crm.sandbox.publish(CHANGES, "gap-1", &overflow()).unwrap();
    eventually("it is reconciled", async || (!crm.reconciliations(&node).await.is_empty()).then_some(())).await;
    eventually("the event is stored", async || (of_topic(&node, CHANGES).await["events"] == 1).then_some(())).await;
    // As if the node had died between emitting the gap event and storing it.
    for _ in 0..3 {
        assert!(node.terminate());
        let mut database = crm.world.connect().await;
        sqlx::query("update topics set replay_id = null, events = 0 where topic = $1")
            .bind(CHANGES)
            .execute(&mut database)
            .await
            .unwrap();
        node = crm.world.node().await;
        eventually("the event is delivered again", async || {
            (of_topic(&node, CHANGES).await["events"] == 1).then_some(())
        })
        .await;
    }
    crm.sandbox.publish(CHANGES, "gap-2", &overflow()).unwrap();
    eventually("another overflow is reconciled", async || (crm.reconciliations(&node).await.len() > 1).then_some(()))
        .await;
    let mut database = crm.world.connect().await;
    eventually("everything is delivered", async || {
        let mut database = crm.world.connect().await;
        let left: i64 = sqlx::query_scalar("select count(*) from outgoing").fetch_one(&mut database).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
    let told: i64 = sqlx::query_scalar("select count(*) from events where type = 'dev.stepwell.gap'")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!((told, crm.reconciliations(&node).await.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_would_end_the_process_stops_its_topic_with_the_reason_and_no_other() {
    let crm = with_changes().await;
    let node = crm.world.node().await;
    let itself = json!({ "type": "record", "name": "A", "fields": [{ "name": "a", "type": "A" }] });
    crm.sandbox.add_schema("hostile", &itself.to_string());
    crm.sandbox.publish_raw(CHANGES, "h-1", "hostile", b"\x00");
    let stopped = eventually("the topic is blocked", async || {
        let topic = of_topic(&node, CHANGES).await;
        (topic["state"] == "stopped").then_some(topic)
    })
    .await;
    let why = stopped["problem"].as_str().unwrap();
    assert!(why.contains("contains itself") && why.contains("hostile"), "{why}");
    assert_eq!((&stopped["events"], &stopped["rejected"]), (&json!(0), &json!(0)), "no event is skipped: {stopped}");
    let (_, text, _) = crm.world.command(&["sources"]);
    assert!(text.contains("stopped") && text.contains("contains itself"), "{text}");
    crm.publish_some(5);
    crm.is_complete().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_event_is_replayed_once_what_stood_in_its_way_is_fixed_or_says_why_it_cannot_be() {
    let crm = Crm::new("    start: earliest\n").await;
    let node = crm.world.node().await;
    crm.publish();
    crm.stored(1).await;
    // The workflow rejects it; its next version accepts it.
    let versioned = |version: &str, kind: &str| {
        let schema = format!("input: {{ schema: {{ document: {{ type: array, items: {{ type: {kind} }} }} }} }}\ndo:");
        super::COUNTER.replace("version: '1.0.0'", &format!("version: '{version}'")).replace("do:", &schema)
    };
    // Deployed on the node itself, so that it knows the version at once.
    let deploy = async |version: &str, kind: &str| {
        let yaml = [("content-type", "application/yaml")];
        let (status, answer) =
            node.send("PUT", "/api/v1/workflows/test/counter", &yaml, versioned(version, kind)).await;
        assert!((200..300).contains(&status), "{answer}");
    };
    deploy("1.1.0", "string").await;
    let refused = crm.publish();
    // An event whose schema is not available yet, and bytes that match no schema.
    let known: Value = {
        let mut database = crm.world.connect().await;
        let body = "select convert_from(body, 'utf8') from events where source = 'crm' and event_id = $1";
        let body: String = sqlx::query_scalar(body).bind(id(0)).fetch_one(&mut database).await.unwrap();
        serde_json::from_str(&body).unwrap()
    };
    let schema = known["data"]["schema"].as_str().unwrap();
    let text = json!({ "type": "record", "name": "Late__e", "fields": [{ "name": "Record_Id__c", "type": "string" }] });
    crm.sandbox.publish_raw(TOPIC, "late", "late-schema", b"\x06abc");
    crm.sandbox.publish_raw(TOPIC, "garbage", schema, b"\xff\xff");
    let asking = eventually("three events need attention", async || {
        let (_, page) = node.get("/api/v1/events?attention=any&source=crm").await;
        let items = page["items"].as_array().unwrap().clone();
        (items.len() == 3).then_some(items)
    })
    .await;
    let replay = async |event_id: &str| {
        let event = asking.iter().find(|item| item["event_id"] == event_id).unwrap()["id"].as_str().unwrap();
        node.post(&format!("/api/v1/events/{event}/replay"), &json!({ "reason": "fixed" })).await
    };
    deploy("1.2.0", "object").await;
    let (status, answer) = replay(&refused).await;
    assert_eq!(status, 202, "{answer}");
    node.run_becomes(answer["runs"][0].as_str().unwrap(), "completed").await;
    let (status, problem) = replay("late").await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("late-schema"), "{problem}");
    crm.sandbox.add_schema("late-schema", &text.to_string());
    let (status, answer) = replay("late").await;
    assert_eq!(status, 202, "{answer}");
    let run = node.run_becomes(answer["runs"][0].as_str().unwrap(), "completed").await;
    assert_eq!(run["key"], "abc", "{run}");
    let (status, problem) = replay("garbage").await;
    assert_eq!(status, 409, "{problem}");
    let why = problem["detail"].as_str().unwrap();
    assert!(why.contains("cannot be decoded") && why.contains("reconciliation"), "{why}");
    let (_, page) = node.get("/api/v1/events?attention=any&source=crm").await;
    let left: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["event_id"]).collect();
    assert_eq!(left, [&json!("garbage")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_read_reaches_no_run_that_waits_for_any_event() {
    let crm = Crm::new("    start: earliest\n").await;
    let wait = "document: { dsl: '1.0.3', namespace: test, name: waiting, version: '1.0.0' }
do:
  - any: { listen: { to: { any: [] } }, output: { as: '.[0]' } }
";
    crm.world.write("waiting.yaml", wait);
    crm.world.deploy();
    let node = crm.world.node().await;
    let run = crate::links::start(&node, "waiting", &json!({})).await;
    node.run_becomes(&run, "waiting").await;
    crm.sandbox.publish_raw(TOPIC, "unreadable", "no-such-schema", b"\x02x");
    crm.publish();
    crm.stored(1).await;
    let output = node.run_becomes(&run, "completed").await["output"].clone();
    assert_eq!(output["data"]["event"]["EventUuid"], id(0), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_events_are_asked_for_than_can_be_stored() {
    let crm = Crm::new("    start: earliest\n    batch: 5\n").await;
    let node = crm.world.node().await;
    crm.publish_some(20);
    crm.stored(20).await;
    crm.positioned(&node).await;
    crm.world.cut_off_database().await;
    crm.publish_some(200);
    // The node releases the topic once its lease has expired; until then it receives only what it asked for.
    let sent = || async {
        let text = crate::harness::client()
            .get(format!("{}/sessions", base(&crm)))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let sessions: Value = serde_json::from_str(&text).unwrap();
        let readers = &sessions["crm"]["subscriptions"][TOPIC];
        (readers["open"].as_u64().unwrap(), readers["sent"].as_u64().unwrap())
    };
    eventually("the stream has ended", async || (sent().await.0 == 0).then_some(())).await;
    assert!(sent().await.1 <= 25, "{:?}", sent().await);
    crm.world.restore_database().await;
    crm.is_complete().await;
    drop(node);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_refused_is_replaced_and_an_outage_is_waited_out() {
    let oauth = "oauth2: { endpoints: { token: /services/oauth2/token }, grant: client_credentials, \
                 client: { id: app, secret: '${ $secrets.hook }' } }";
    let crm = Crm::signed_in("    start: earliest\n", oauth).await;
    let node = crm.world.node().await;
    crm.publish_some(5);
    crm.stored(5).await;
    // All sessions end, and so does the stream.
    crm.set(&json!({ "available": false }));
    eventually("the outage is reported", async || {
        let topic = crm.topic(&node).await;
        (topic["state"] == "connecting" && topic["problem"].as_str().is_some_and(|why| why.contains("away")))
            .then_some(())
    })
    .await;
    let sessions = format!("{}/sessions", base(&crm));
    assert!(crate::harness::client().delete(sessions).send().await.unwrap().status().is_success());
    crm.publish_some(5);
    crm.set(&json!({ "keepaliveSeconds": 0.2 }));
    crm.is_complete().await;
    let topic = crm.connected(&node).await;
    assert_eq!((&topic["problem"], &topic["connects"]), (&Value::Null, &json!(2)), "{topic}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_offline_loses_nothing_and_keeps_the_order() {
    let crm = Crm::new("").await;
    let mut node = crm.world.node().await;
    crm.connected(&node).await;
    crm.publish_some(5);
    crm.stored(5).await;
    assert!(node.terminate());
    // Published over a day while nobody was subscribed.
    let begin = Utc::now() - TimeDelta::hours(24);
    for n in 5..300 {
        let at = begin + TimeDelta::seconds((i64::try_from(n).unwrap() - 5) * 290);
        crm.sandbox.publish_at(TOPIC, &id(n), &payload(n), at).unwrap();
        crm.published.fetch_add(1, Ordering::Relaxed);
    }
    let node = crm.world.node().await;
    let stored = crm.stored(300).await;
    assert_eq!(stored, (0..300).map(id).collect::<Vec<_>>());
    crm.is_complete().await;
    assert!(crm.reconciliations(&node).await.is_empty(), "nothing was missing");
}
