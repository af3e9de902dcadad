//! Faults as a client experiences them.

use super::*;

const ORDERS: &str = "/erp/services/rest/record/v1/salesOrder/*";

async fn outcomes(served: &Served, path: &str) -> Vec<Value> {
    let (_, ledger) = served.get(&format!("/ledger?path={path}")).await;
    ledger["requests"].as_array().expect("a list").iter().map(|request| request["outcome"].clone()).collect()
}

#[tokio::test]
async fn a_lost_reply_is_applied_exactly_once_and_the_client_sees_an_error() {
    let served = Served::start().await;
    served.customer().await;
    served.fault(&json!({"path": ORDERS, "method": "PUT", "kind": "reset_after", "count": 1})).await;
    let path = format!("{ORDER}?replace=item");
    let lost = served.call(Method::PUT, &path).json(&order()).send().await;
    assert!(lost.is_err(), "no answer may arrive: {lost:?}");
    assert_eq!(served.effects("salesOrder").await.len(), 1);
    assert_eq!(served.get(ORDER).await.1["subtotal"], json!(24688.86));

    assert_eq!(served.put(&path, &order()).await.0, 204, "the fault is spent");
    let effects = served.effects("salesOrder").await;
    assert_eq!(effects.iter().map(|effect| effect["created"].clone()).collect::<Vec<_>>(), [true, false]);
    assert_eq!(effects[1]["after"]["item"].as_array().map(Vec::len), Some(2));
    let (_, ledger) = served.get("/ledger?type=salesOrder").await;
    assert_eq!((&ledger["requests"][0]["outcome"], &ledger["requests"][0]["fault"]), (&json!("reset"), &json!(1)));
    assert_eq!(ledger["requests"][0].get("status"), None);
}

#[tokio::test]
async fn a_reset_before_applies_nothing() {
    let served = Served::start().await;
    served.customer().await;
    served.fault(&json!([{"path": ORDERS, "kind": "reset_before", "count": 1}])).await;
    assert!(served.call(Method::PUT, ORDER).json(&order()).send().await.is_err());
    assert!(served.effects("salesOrder").await.is_empty());
}

#[tokio::test]
async fn a_reset_reaches_the_client_as_a_reset_of_its_socket() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let served = Served::start().await;
    served.fault(&json!({"faults": [{"path": "/crm", "kind": "reset_after"}]})).await;
    let address = served.base.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("a connection");
    socket.write_all(b"GET /crm/services/data HTTP/1.1\r\nhost: a\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    let error = socket.read_to_end(&mut answer).await.expect_err("a reset");
    assert_eq!((error.kind(), answer.len()), (std::io::ErrorKind::ConnectionReset, 0));
}

#[tokio::test]
async fn a_status_answers_with_its_own_body_and_headers_or_the_system_s() {
    let served = Served::start().await;
    let fault = |status: u16| json!({"path": "/crm/services/data", "kind": "status", "status": status, "count": 1});
    for (status, name) in [
        (503, "salesforce_error_503_server_unavailable.json"),
        (403, "salesforce_error_403_concurrent_requests.json"),
        (401, "salesforce_error_401_invalid_session_id.json"),
    ] {
        served.fault(&fault(status)).await;
        assert_eq!(served.get("/crm/services/data/v62.0/limits").await, (status, sample(name)));
    }
    served.fault(&json!({"path": "/erp", "kind": "status", "status": 500, "count": 1})).await;
    assert_eq!(served.get(ORDER).await, (500, sample("netsuite_error_500_unexpected_error.json")));

    let html =
        json!({"path": "/erp", "kind": "status", "body": "<h1>down</h1>", "headers": {"Retry-After": "2"}, "count": 1});
    served.fault(&html).await;
    let response = served.call(Method::GET, ORDER).send().await.expect("an answer");
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(content(response).await, (503, json!("<h1>down</h1>")));
    assert_eq!(served.get(ORDER).await.0, 404);
}

#[tokio::test]
async fn a_status_that_applies_leaves_its_effect() {
    let served = Served::start().await;
    served.fault(&json!({"path": "/erp", "method": "put", "kind": "status", "status": 504, "apply": true})).await;
    let customer = json!({"companyName": "A", "subsidiary": {"id": "2"}});
    assert_eq!(served.put(CUSTOMER, &customer).await.0, 504);
    assert_eq!(served.effects("customer").await.len(), 1);
}

#[tokio::test]
async fn a_hanging_call_ends_as_abandoned_when_the_client_goes_away() {
    let served = Served::start().await;
    served.fault(&json!({"path": "/crm", "kind": "hang"})).await;
    let call = served.call(Method::GET, "/crm/services/data").timeout(std::time::Duration::from_millis(100));
    assert!(call.send().await.expect_err("no answer").is_timeout());
    eventually("the call ends", async || outcomes(&served, "/crm").await == ["abandoned"]).await;
}

#[tokio::test]
async fn a_truncated_answer_is_an_error_in_the_body_and_a_dripping_one_arrives_whole() {
    let served = Served::start().await;
    let path = "/crm/services/data/v62.0/limits";
    served.fault(&json!({"path": path, "kind": "truncate", "count": 1})).await;
    let response = served.call(Method::GET, path).send().await.expect("a head");
    assert_eq!(response.status(), 200);
    assert!(response.text().await.is_err());

    served.fault(&json!({"path": path, "kind": "drip", "delay_ms": 0, "count": 1})).await;
    let (status, body) = served.get(path).await;
    assert_eq!((status, body["DailyApiRequests"]["Max"].as_u64()), (200, Some(15_000_000)));
    assert_eq!(outcomes(&served, "/crm").await, ["truncated", "answered"]);
}

#[tokio::test]
async fn more_calls_at_once_than_the_limit_are_refused_like_the_sample() {
    let served = Served::start().await;
    served.post("/settings", &json!({"erp": {"concurrency": 2}})).await;
    served.fault(&json!({"path": "/erp", "kind": "hang", "count": 2})).await;
    let patience = std::time::Duration::from_secs(60);
    let held: Vec<_> = (0..2).map(|_| tokio::spawn(served.call(Method::GET, ORDER).timeout(patience).send())).collect();
    eventually("two calls hang", async || served.get("/faults").await.1["faults"][0]["struck"] == json!(2)).await;
    let refused = served.get(ORDER).await;
    assert_eq!(refused, (429, sample("netsuite_error_429_concurrency_limit.json")));
    assert_eq!(served.get("/crm/services/data").await.0, 200, "the CRM is not governed");
    held.iter().for_each(tokio::task::JoinHandle::abort);
    eventually("there is room again", async || served.get(ORDER).await.0 == 404).await;
}

#[tokio::test]
async fn a_removed_fault_no_longer_strikes() {
    let served = Served::start().await;
    let (_, added) =
        served.post("/faults", &json!([{"path": "/erp", "kind": "status"}, {"path": "/crm", "kind": "status"}])).await;
    assert_eq!(added, json!({"ids": [1, 2]}));
    assert_eq!(served.delete("/faults/1").await.0, 204);
    assert_eq!(served.delete("/faults/1").await.0, 404);
    assert_eq!((served.get(ORDER).await.0, served.get("/crm/services/data").await.0), (404, 503));
    served.delete("/faults").await;
    assert_eq!(served.get("/crm/services/data").await.0, 200);
    let (status, refused) = served.post("/faults", &json!({"path": "/erp", "kind": "explode"})).await;
    assert_eq!(status, 400);
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("explode")), "{refused}");
}
