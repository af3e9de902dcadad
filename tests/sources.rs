//! Senders with special protocols: Salesforce's SOAP, HubSpot's lists, the CloudEvents handshake. And sources that
//! cannot authenticate their sender, which are not served.

use base64::Engine as _;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sqlx::Row;

use crate::harness::{Node, World, client, eventually, hub};

const MESSAGE: &str = include_str!("data/hub/salesforce_outbound_message_closed_won.xml");

const SOURCES: &str = "
origins: [events.example.com]
sources:
  salesforce:
    scheme: bearer
    secret: '${ $secrets.hook }'
    bearer: { query: access_token }
    body: salesforce-outbound-message
    organizationId: 00DWs000003aBcDMAU
  hubspot:
    scheme: hubspot-v3
    secret: '${ $secrets.hook }'
    split: '${ . }'
    filter: '${ .propertyName == \"credit_limit\" }'
    event: { id: '${ \"\\(.eventId)-\\(.objectId)\" }', type: limit, key: '${ .objectId }' }
";

/// A workflow that is started by events of a source and type, and completes at once.
fn workflow(name: &str, source: &str, kind: &str, schema: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\n\
         schedule: {{ on: {{ one: {{ with: {{ source: {source}, type: {kind} }} }} }} }}\n\
         input:\n  schema: {{ document: {schema} }}\n  from: '${{ .[0] }}'\n\
         do:\n  - keep: {{ set: {{ seen: '${{ . }}' }} }}\n"
    )
}

/// Accepts only notifications of large opportunities.
const LARGE: &str = "{ items: { properties: { sObject: { properties: { Amount: { pattern: '^[0-9]{5}' } } } } } }";

async fn world(schema: &str) -> World {
    let files = [
        ("hub.yaml", SOURCES.to_owned()),
        ("won.yaml", workflow("won", "salesforce", "Opportunity", schema)),
        ("limit.yaml", workflow("limit", "hubspot", "limit, key: '123'", "{}")),
    ];
    let mut world = World::new(&files, &[]).await;
    world.set("STEPWELL_SECRET_HOOK", "the-token");
    world.set("STEPWELL_PUBLIC_URL", "https://hooks.example.com/stepwell");
    world
}

/// Returns status, content type and body.
async fn post_message(node: &Node, token: &str, message: &str) -> (u16, String, String) {
    let url = node.url(&format!("/hooks/salesforce?access_token={token}"));
    let request = client().post(url).header("content-type", "text/xml; charset=utf-8").header("soapaction", "\"\"");
    let response = request.body(message.to_owned()).send().await.unwrap();
    let kind = response.headers().get("content-type").map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

fn is_acknowledged(answer: &(u16, String, String)) -> bool {
    answer.0 == 200 && answer.1.starts_with("text/xml") && answer.2.contains("<Ack>true</Ack>")
}

async fn count(world: &World, of: &str) -> i64 {
    let statement = format!("select count(*) from {of}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&mut world.connect().await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_salesforce_starts_a_run_for_each_notification_once() {
    let world = world("{}").await;
    let node = world.node().await;
    let message = MESSAGE.replace("<SessionId xsi:nil=\"true\"/>", "<SessionId>00D!canary</SessionId>");
    for _ in 0..2 {
        let answer = post_message(&node, "the-token", &message).await;
        assert!(is_acknowledged(&answer), "{answer:?}");
    }
    assert_eq!((count(&world, "events").await, count(&world, "runs").await), (2, 2));
    eventually("both runs are done", || async {
        let (_, runs) = node.get("/api/v1/runs?status=completed").await;
        (runs["items"].as_array().unwrap().len() == 2).then_some(())
    })
    .await;
    let (_, events) = node.get("/api/v1/events").await;
    let event = events["items"].as_array().unwrap().iter().find(|e| e["event_id"] == "04lWs00000NotAaIAJ").unwrap();
    assert_eq!((&event["type"], &event["outcome"]), (&json!("Opportunity"), &json!("run")));
    let (_, event) = node.get(&format!("/api/v1/events/{}", event["id"].as_str().unwrap())).await;
    assert_eq!(event["attributes"]["subject"], "006Ws00000Hd9XqIAJ");
    assert_eq!(event["body"]["sObject"]["Amount"], "24688.86");
    assert!(!event.to_string().contains("canary") && !event.to_string().contains("the-token"), "{event}");
    // A repeated message has the latest values, but the first ones count.
    let later = post_message(&node, "the-token", &MESSAGE.replace("24688.86", "1.00")).await;
    assert!(is_acknowledged(&later), "{later:?}");
    assert_eq!((count(&world, "events").await, count(&world, "runs").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_stored_is_not_acknowledged_and_comes_again_unharmed() {
    let world = world("{}").await;
    let node = world.node().await;
    world.cut_off_database().await;
    let (status, kind, body) = post_message(&node, "the-token", MESSAGE).await;
    assert_eq!((status, kind.starts_with("text/xml")), (503, true), "{body}");
    assert!(body.contains("Fault") && !body.contains("Ack"), "{body}");
    world.restore_database().await;
    eventually("the message is acknowledged", || async {
        is_acknowledged(&post_message(&node, "the-token", MESSAGE).await).then_some(())
    })
    .await;
    assert_eq!((count(&world, "events").await, count(&world, "runs").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_only_half_stored_is_not_acknowledged() {
    let world = world("{}").await;
    let node = world.node().await;
    let fail_on_second = "
        create function fail() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
        create trigger fail before insert on events for each row
            when (new.event_id = '04lWs00000NotAbIAJ') execute function fail()";
    sqlx::raw_sql(fail_on_second).execute(&mut world.connect().await).await.unwrap();
    let (status, _, body) = post_message(&node, "the-token", MESSAGE).await;
    assert_eq!((status, body.contains("Ack")), (503, false), "{body}");
    assert_eq!((count(&world, "events").await, count(&world, "runs").await), (1, 1));
    // The node retries in the meantime; in case of a deadlock, Postgres aborts one of the two.
    while sqlx::raw_sql("drop trigger fail on events").execute(&mut world.connect().await).await.is_err() {}
    let answer = post_message(&node, "the-token", MESSAGE).await;
    assert!(is_acknowledged(&answer), "{answer:?}");
    assert_eq!((count(&world, "events").await, count(&world, "runs").await), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notification_that_a_schema_refuses_is_kept_as_rejected_and_acknowledged() {
    let world = world(LARGE).await;
    let node = world.node().await;
    let answer = post_message(&node, "the-token", MESSAGE).await;
    assert!(is_acknowledged(&answer), "{answer:?}");
    let statement = "select event_id, outcome from events order by event_id";
    let rows = sqlx::query(statement).fetch_all(&mut world.connect().await).await.unwrap();
    let outcomes: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let expected = [("04lWs00000NotAaIAJ", "run"), ("04lWs00000NotAbIAJ", "rejected")];
    assert_eq!(outcomes, expected.map(|(id, outcome)| (id.to_owned(), outcome.to_owned())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_stranger_or_with_entities_is_refused_and_not_stored() {
    let world = world("{}").await;
    let node = world.node().await;
    let bomb = include_str!("data/hub/malformed_entity_bomb.xml");
    let stranger = MESSAGE.replace("00DWs000003aBcDMAU", "00DWs000003aBcEMAU");
    for (token, message, expected) in
        [("another", MESSAGE, 401), ("", MESSAGE, 401), ("the-token", &stranger, 401), ("the-token", bomb, 400)]
    {
        let (status, _, body) = post_message(&node, token, message).await;
        assert_eq!(status, expected, "{body}");
        assert!(!body.contains("Ack") && !body.contains("the-token"), "{body}");
    }
    assert_eq!(count(&world, "events").await, 0);
}

/// Sends what HubSpot would send to the public URL.
async fn post_hubspot(node: &Node, body: &Value) -> (u16, Value) {
    let (body, time) = (body.to_string(), chrono::Utc::now().timestamp_millis().to_string());
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(b"the-token").unwrap();
    mac.update(format!("POSThttps://hooks.example.com/stepwell/hooks/hubspot{body}{time}").as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    let headers = [
        ("authorization", "none"),
        ("content-type", "application/json"),
        ("x-hubspot-signature-v3", &signature),
        ("x-hubspot-request-timestamp", &time),
    ];
    node.send("POST", "/hooks/hubspot", &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_item_of_a_list_is_an_event_of_its_own() {
    let world = world("{}").await;
    let node = world.node().await;
    let item = |event: u64, property: &str| json!({ "eventId": event, "objectId": 123, "propertyName": property });
    let (status, answer) = post_hubspot(&node, &json!([item(1, "credit_limit"), item(2, "name")])).await;
    assert_eq!((status, &answer["filtered"]), (202, &json!(1)), "{answer}");
    let [first] = answer["events"].as_array().unwrap().as_slice() else { panic!("{answer}") };
    assert_eq!((&first["id"], &first["status"]), (&json!("1-123"), &json!(202)));
    let (status, answer) = post_hubspot(&node, &json!([item(3, "credit_limit"), item(1, "credit_limit")])).await;
    let statuses: Vec<&Value> = answer["events"].as_array().unwrap().iter().map(|e| &e["status"]).collect();
    assert_eq!((status, statuses), (202, vec![&json!(202), &json!(200)]), "{answer}");
    let other = json!({ "eventId": 4, "objectId": 124, "propertyName": "credit_limit" });
    let (status, answer) = post_hubspot(&node, &json!([other, {}])).await;
    assert_eq!(
        (status, &answer["filtered"]),
        (202, &json!(1)),
        "an event without a property matches nothing: {answer}"
    );
    assert_eq!(
        (&answer["events"][0]["status"], &answer["events"][0]["runs"]),
        (&json!(200), &json!([])),
        "another key"
    );
    assert_eq!((count(&world, "events").await, count(&world, "runs").await), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_asks_first_is_told_whether_it_may_send() {
    let world = world("{}").await;
    let node = world.node().await;
    let ask = async |path: &str, origin: Option<&str>| {
        let mut request = client().request(http::Method::OPTIONS, node.url(path));
        if let Some(origin) = origin {
            request = request
                .header("webhook-request-origin", origin)
                .header("webhook-request-rate", "120")
                .header("webhook-request-callback", "http://127.0.0.1:9/never");
        }
        let response = request.send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
        (response.status().as_u16(), header("webhook-allowed-origin"), header("webhook-allowed-rate"))
    };
    let consent = (200, Some("events.example.com".to_owned()), Some("*".to_owned()));
    for path in ["/events", "/hooks/hubspot"] {
        assert_eq!(ask(path, Some("events.example.com")).await, consent, "{path}");
        assert_eq!(ask(path, Some("evil.example.com")).await, (204, None, None), "{path}");
        assert_eq!(ask(path, None).await, (204, None, None), "{path}");
    }
    assert_eq!(ask("/hooks/nobody", Some("events.example.com")).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_has_no_secret_is_refused_and_the_others_are_served() {
    let second = hub().replace("sources:\n", "").replace("test:", "other:").replace("$secrets.hook", "$secrets.other");
    let mut world = World::new(&[("hub.yaml", format!("{}{second}", hub()))], &[]).await;
    world.set("STEPWELL_SECRET_OTHER", crate::harness::SECRET);
    for blank in ["", "  "] {
        world.set("STEPWELL_SECRET_HOOK", blank);
        let node = world.node().await;
        let body = json!({ "type": "calls", "n": 1 });
        assert_eq!(node.hook("test", "e1", &body).await.0, 404, "it cannot authenticate its sender");
        assert_eq!(node.hook_bytes("other", "e1", b"{}".to_vec()).await.0, 200);
    }
    let folder = world.workflows();
    let (ok, out, err) = world.command(&["validate", &folder]);
    assert!(ok, "{out}{err}");
    assert!(out.contains("hub.yaml:4:13: warning: source test is invalid"), "{out}{err}");
    assert!(out.contains("STEPWELL_SECRET_HOOK") && out.contains("0 errors, 1 warning"), "{out}{err}");
}
