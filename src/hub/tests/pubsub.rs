//! Sources that subscribe: valid settings in `hub.yaml`, and how a delivery becomes an event.

use serde_json::{Value, json};

use super::*;
use crate::engine::{Delivered, IncomingEvent, Shaped, Start, Topic};

const CONNECTIONS: &str = "connections:\n  salesforce:\n    baseUrl: { sandbox: 'http://127.0.0.1:8081/crm' }\n";

fn load(sources: &str) -> Result<Hub, Vec<String>> {
    let text = format!("{CONNECTIONS}sources:\n  salesforce:\n{sources}");
    let found = Hub::load("hub.yaml", &text, &crate::connect::Secrets::fixed([]));
    found.map_err(|mistakes| mistakes.into_iter().map(|m| format!("{}: {}", m.line, m.message)).collect())
}

fn topic(settings: &str) -> Topic {
    let sources =
        format!("    kind: salesforce-pubsub\n    connection: salesforce\n    topics:\n      /event/A__e:{settings}\n");
    let mut hub = load(&sources).unwrap();
    hub.subscribed.remove(0).topics.remove(0)
}

fn change() -> Value {
    json!({
        "ChangeEventHeader": {
            "entityName": "Account", "changeType": "UPDATE", "recordIds": ["001Ws00000Kq3Ea"],
            "commitTimestamp": 1_795_192_927_000_i64,
        },
        "Phone": "1",
    })
}

fn shape(topic: &Topic, payload: Value) -> Result<Option<IncomingEvent>, String> {
    let delivered = Delivered { topic: &topic.name, event_id: "e-1", schema_id: "s-1", replay_id: "0a", payload };
    topic.shape.shape(delivered).map(|shaped| match shaped {
        Shaped::Wanted(event) => Some(*event),
        Shaped::Filtered => None,
    })
}

fn attribute<'e>(event: &'e IncomingEvent, name: &str) -> Option<&'e str> {
    event.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[test]
fn a_source_that_subscribes_needs_a_connection_and_topics_and_takes_no_webhooks() {
    let hub = load(
        "    kind: salesforce-pubsub\n    connection: salesforce\n    batch: 20\n    start: earliest\n    endpoint: { production: \
         'https://api.deu.pubsub.salesforce.com:7443' }\n    organizationId: { production: 00DWs000003aBcDMAU }\n    topics:\n      \
         /data/AccountChangeEvent:\n      /event/A__e: { start: latest }\n",
    )
    .unwrap();
    assert!(hub.sources.is_empty() && hub.declared.contains_key("salesforce"));
    let source = &hub.subscribed[0];
    let starts: Vec<(&str, Start)> = source.topics.iter().map(|topic| (topic.name.as_str(), topic.start)).collect();
    assert_eq!(starts, [("/data/AccountChangeEvent", Start::Earliest), ("/event/A__e", Start::Latest)]);
    let there = source.subscription("production");
    assert_eq!(there.address.endpoint.map(String::from), Some("https://api.deu.pubsub.salesforce.com:7443/".into()));
    assert_eq!((there.batch, there.address.organization.as_deref()), (20, Some("00DWs000003aBcDMAU")));
    let here = source.subscription("sandbox").address;
    assert_eq!((here.endpoint, here.organization), (None, None));
}

#[test]
fn mistakes_of_a_source_that_subscribes_have_their_place() {
    let base = "    kind: salesforce-pubsub\n    connection: salesforce\n    topics: { /event/A__e: {} }\n";
    for (wrong, line, told) in [
        ("    kind: kafka\n", 6, "not `kafka`"),
        ("    kind: salesforce-pubsub\n    topics: { /event/A__e: {} }\n", 6, "needs a connection"),
        (
            "    kind: salesforce-pubsub\n    connection: other\n    topics: { /event/A__e: {} }\n",
            7,
            "no connection \"other\"",
        ),
        ("    kind: salesforce-pubsub\n    connection: salesforce\n", 6, "needs topics"),
        ("    kind: salesforce-pubsub\n    connection: salesforce\n    topics: {}\n", 8, "there are no topics"),
        (
            "    kind: salesforce-pubsub\n    connection: salesforce\n    topics: { A__e: {} }\n",
            8,
            "\"A__e\" is not a topic",
        ),
        (&format!("{base}    batch: 101\n"), 9, "from 1 to 100"),
        (&format!("{base}    start: now\n"), 9, "not `now`"),
        (&format!("{base}    secret: '${{ $secrets.s }}'\n"), 9, "unknown property `secret`"),
        (&format!("{base}    endpoint: {{ sandbox: 'ftp://x' }}\n"), 9, "not the address of a service"),
        (&format!("{base}    organizationId: {{ sandbox: '005Ws000003aBcD' }}\n"), 9, "not the id of an organization"),
        (&format!("{base}    event: {{ sequence: '${{ .n }}' }}\n"), 9, "have no sequence"),
        (&format!("{base}    event: {{ id: fixed }}\n"), 9, "fixed id"),
    ] {
        let found = load(wrong).unwrap_err();
        assert!(found.iter().any(|m| m.starts_with(&format!("{line}: ")) && m.contains(told)), "{wrong}: {found:?}");
    }
}

#[test]
fn a_change_event_is_named_by_what_changed_and_has_the_form_of_the_streaming_api() {
    let event = shape(&topic(" {}"), change()).unwrap().unwrap();
    assert_eq!(
        (event.source.as_str(), event.event_id.as_str(), event.r#type.as_str()),
        ("salesforce", "e-1", "account.update")
    );
    assert_eq!(attribute(&event, "subject"), Some("001Ws00000Kq3Ea"));
    assert_eq!(attribute(&event, "time"), Some("2026-11-20T16:42:07Z"));
    assert_eq!(event.data["data"]["event"], json!({ "replayId": "0a", "EventUuid": "e-1" }));
    assert_eq!((&event.data["data"]["payload"], &event.data["channel"]), (&change(), &json!("/event/A__e")));
    assert!(event.data_is_body && serde_json::from_slice::<Value>(&event.body).unwrap() == event.data);
    let plain = shape(&topic(" {}"), json!({ "CreatedDate": "2026-11-20T16:42:07.000Z" })).unwrap().unwrap();
    assert_eq!((plain.r#type.as_str(), attribute(&plain, "time")), ("A__e", Some("2026-11-20T16:42:07Z")));
}

#[test]
fn a_topic_may_say_what_workflows_see_which_events_are_wanted_and_what_they_are_about() {
    let settings = "\n        data: '${ {record: .data.payload.Id, kind: .data.payload.Kind} }'\n        filter: '${ .kind != \"noise\" }'\n        \
                    event: { id: '${ .record + \"-\" + .kind }', type: '${ \"thing.\" + .kind }', key: '${ .record }' }";
    let topic = topic(settings);
    let event = shape(&topic, json!({ "Id": "7", "Kind": "made", "Secret": "x" })).unwrap().unwrap();
    assert_eq!(
        (event.event_id.as_str(), event.r#type.as_str(), attribute(&event, "key")),
        ("7-made", "thing.made", Some("7"))
    );
    assert_eq!((event.data, event.data_is_body), (json!({ "record": "7", "kind": "made" }), false));
    assert!(
        serde_json::from_slice::<Value>(&event.body).unwrap()["data"]["payload"]["Secret"] == "x",
        "kept as it came"
    );
    assert!(shape(&topic, json!({ "Id": "7", "Kind": "noise" })).unwrap().is_none());
    assert!(shape(&topic, json!({ "Id": {}, "Kind": "made" })).unwrap_err().contains("the event's id"));
}

#[test]
fn identifiers_of_a_topic_get_their_form() {
    let hub = load(
        "    kind: salesforce-pubsub\n    connection: salesforce\n    identifiers: { salesforce-18: [recordIds] }\n    topics: { \
         /data/AccountChangeEvent: }\n",
    )
    .unwrap();
    let event = shape(&hub.subscribed[0].topics[0], change()).unwrap().unwrap();
    assert_eq!(event.data["data"]["payload"]["ChangeEventHeader"]["recordIds"], json!(["001Ws00000Kq3EaIAJ"]));
    assert!(!event.data_is_body);
    assert!(hub.identifiers.sources.contains_key("salesforce"), "a start through the API gets them too");
}
