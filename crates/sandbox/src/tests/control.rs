//! Ledger, records, page, reset.

use super::*;

#[tokio::test]
async fn the_ledger_shows_calls_with_keys_and_bodies_but_no_credentials() {
    let served = Served::start().await;
    let customer = json!({"companyName": "A", "subsidiary": {"id": "2"}});
    let call = served.call(Method::PUT, CUSTOMER).header("idempotency-key", "run-1/step-2").json(&customer);
    answered(call).await;
    let (_, ledger) = served.get("/ledger?system=erp").await;
    let request = &ledger["requests"][0];
    assert_eq!((&request["method"], &request["status"]), (&json!("PUT"), &json!(204)));
    assert_eq!((&request["idempotencyKey"], &request["body"]), (&json!("run-1/step-2"), &customer));
    assert_eq!(request["headers"]["authorization"], json!("Bearer ***"));
    assert!(!ledger.to_string().contains("sandbox-erp-token"));
    let effect = &ledger["effects"][0];
    assert_eq!((&effect["request"], &effect["action"]), (&request["seq"], &json!("upserted")));
    assert_eq!((&effect["externalId"], &effect["id"]), (&json!("001Ws00000Kq3EaIAJ"), &json!("647")));
    assert_eq!(served.get("/ledger?system=crm").await.1["requests"], json!([]));
    assert_eq!(served.get("/ledger?type=customer&after=1").await.1["effects"], json!([]));
    assert!(served.get("/ledger?records=true").await.1["records"]["erp"]["customer"].is_array());
}

#[tokio::test]
async fn a_reset_makes_everything_as_it_was_and_ids_start_over() {
    let served = Served::start().await;
    served.fault(&json!({"path": "/nowhere", "kind": "hang"})).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        served.customer().await;
        ids.push(served.get(CUSTOMER).await.1["id"].clone());
        assert_eq!(served.post("/reset", &json!({})).await.0, 204);
    }
    assert_eq!(ids, ["647", "647"]);
    let (_, ledger) = served.get("/ledger").await;
    assert_eq!((&ledger["requests"], &ledger["effects"]), (&json!([]), &json!([])));
    assert_eq!(served.get("/faults").await.1["faults"], json!([]));
    assert_eq!(served.get("/records/erp/customer").await.1["count"], json!(2));
}

#[tokio::test]
async fn records_list_what_the_systems_hold() {
    let served = Served::start().await;
    let (_, opportunities) = served.get("/records/crm/opportunity").await;
    assert_eq!(opportunities["type"], json!("Opportunity"));
    assert!(opportunities["records"].to_string().contains("006Ws00000Hd9XqIAJ"));
    assert_eq!(served.get("/records/erp/nothing").await.0, 404);
    assert_eq!(served.get("/closed-won/0").await.1, sample("salesforce_opportunity_closed_won.json"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_and_noted() {
    let served = Served::start().await;
    let big = vec![b' '; 17 * 1024 * 1024];
    let sent = served.call(Method::PUT, CUSTOMER).body(big).send().await;
    // The server may close the connection before the client has sent everything.
    if let Ok(response) = sent {
        assert_eq!(response.status(), 413);
    }
    assert_eq!(served.effects("customer").await.len(), 0);
    assert_eq!(served.get("/ledger").await.1["requests"][0]["status"], json!(413));
}

#[tokio::test]
async fn a_shutdown_ends_the_server_even_while_a_call_hangs() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("a bound address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, Sandbox::new(), async { drop(stopped.await) }));
    let client = Client::new();
    client.post(format!("{base}/faults")).body(r#"{"path": "/crm", "kind": "hang"}"#).send().await.expect("an answer");
    let hanging = tokio::spawn(client.get(format!("{base}/crm/services/data")).send());
    let faults =
        async || client.get(format!("{base}/faults")).send().await.expect("an answer").text().await.expect("text");
    eventually("the call hangs", async || faults().await.contains("\"struck\":1")).await;
    stop.send(()).expect("the server is there");
    let limit = std::time::Duration::from_secs(20);
    tokio::time::timeout(limit, server).await.expect("within its time").expect("no panic");
    assert!(hanging.await.expect("no panic").is_err());
}
