//! The sandbox without a port: the same answers, with faults described instead of applied to a connection.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::super::{Door, Reply, Sandbox};

const ORDERS: &str = "/erp/services/rest/record/v1/salesOrder/eid:PO-1";

fn put(sandbox: &Sandbox) -> Reply {
    let body = json!({ "entity": { "id": "641" },
        "item": { "items": [{ "item": { "externalId": "ITEM-CM-200" }, "quantity": 1, "amount": 10 }] } });
    let request = http::Request::builder()
        .method("PUT")
        .uri(ORDERS)
        .header("authorization", "Bearer sandbox-erp-token")
        .body(Bytes::from(body.to_string()))
        .expect("a request");
    sandbox.answer(Door::of(ORDERS).expect("a door"), request, chrono::DateTime::UNIX_EPOCH)
}

fn orders(sandbox: &Sandbox) -> usize {
    sandbox.records()["erp"]["salesOrder"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_call_is_answered_and_in_the_ledger_at_the_time_that_it_was_given() {
    let sandbox = Sandbox::new();
    let Reply::Answered(response, delay) = put(&sandbox) else { panic!("no answer") };
    assert_eq!((response.status().as_u16(), delay), (204, Duration::ZERO));
    let ledger = sandbox.ledger(0);
    assert_eq!(ledger["requests"][0]["at"], "1970-01-01T00:00:00.000Z");
    assert_eq!(ledger["effects"].as_array().map(Vec::len), Some(1));
    assert_eq!(sandbox.counts(), (1, 1));
}

#[test]
fn each_kind_of_fault_says_what_the_caller_sees_and_applies_what_it_should() {
    for (fault, seen, applied) in [
        (json!({ "kind": "status", "status": 503 }), "503 after 0", 0),
        (json!({ "kind": "status", "status": 500, "apply": true, "delay_ms": 7 }), "500 after 7", 1),
        (json!({ "kind": "delay", "delay_ms": 5000 }), "204 after 5000", 1),
        (json!({ "kind": "hang" }), "silence", 0),
        (json!({ "kind": "hang", "apply": true }), "silence", 1),
        (json!({ "kind": "reset_before" }), "reset after 0", 0),
        (json!({ "kind": "reset_after" }), "reset after 0", 1),
        (json!({ "kind": "truncate" }), "reset after 0", 1),
        (json!({ "kind": "drip" }), "204 after 0", 1),
    ] {
        let sandbox = Sandbox::new();
        let mut whole = fault.clone();
        whole["path"] = json!("*");
        sandbox.add_faults(vec![serde_json::from_value(whole).expect("a fault")]).expect("added");
        let reply = match put(&sandbox) {
            Reply::Answered(response, delay) => format!("{} after {}", response.status().as_u16(), delay.as_millis()),
            Reply::Reset(delay) => format!("reset after {}", delay.as_millis()),
            Reply::Silence => "silence".to_owned(),
        };
        assert_eq!((reply.as_str(), orders(&sandbox)), (seen, applied), "{fault}");
    }
}

#[test]
fn a_path_leads_to_its_system_or_to_none() {
    for path in ["/crm/services/data", "/erp/services/rest/record", "/services/rest/record", "/services/data"] {
        assert!(Door::of(path).is_some(), "{path}");
    }
    for path in ["/", "/ledger", "/crm", "/orders"] {
        assert!(Door::of(path).is_none(), "{path}");
    }
}
