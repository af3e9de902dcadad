//! A connection with `allowedHosts` reaches only its base URL's host and the listed ones, whatever an answer names.

use axum::Router;
use axum::response::Redirect as To;
use axum::routing::{any, get};
use serde_json::json;

use super::*;
use crate::dsl::authentication::{Origin, read};
use crate::machine::CallDocument;

/// The same server under another host name.
fn elsewhere(address: SocketAddr, path: &str) -> String {
    format!("http://localhost:{}{path}", address.port())
}

/// A connection to this address that may also reach `hosts`; the guard permits both names of the server.
fn only(address: SocketAddr, hosts: &[&str]) -> ConnectSettings {
    let mut settings = settings(address);
    settings.network_allow.push(format!("localhost:{}", address.port()));
    let listed = hosts.iter().map(|host| HostPattern::parse(host).expect("a host"));
    erp(&mut settings).allowed_hosts = Some(listed.collect());
    settings
}

fn refused(outcome: CallOutcome) {
    let failure = failure(outcome);
    assert_eq!(verdict(&failure), (FaultClass::Permanent, TargetEffect::None));
    assert!(
        detail(&failure).contains("allowedHosts") && detail(&failure).contains("localhost"),
        "{}",
        detail(&failure)
    );
}

#[tokio::test]
async fn a_redirect_to_a_host_that_is_not_allowed_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let to = elsewhere(address, "/erp/here");
    let router = Router::new()
        .route("/erp/away", any(move || std::future::ready(To::temporary(&to))))
        .route("/erp/near", any(|| async { To::temporary("/erp/here") }))
        .route("/erp/here", any(|| async { "here" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let to = |path: &str| CallRequest { redirect: Redirect::Follow, uri: format!("connection://erp/{path}"), ..post() };
    refused(call(only(address, &[]), &to("away")).await);
    refused(call(only(address, &["*.example.com"]), &to("away")).await);
    assert_eq!(success(call(only(address, &[]), &to("near")).await).0, "here");
    assert_eq!(success(call(only(address, &["localhost"]), &to("away")).await).0, "here");
    // Without a list, only the guard decides, and credentials are not sent to another host.
    let mut any = only(address, &[]);
    erp(&mut any).allowed_hosts = None;
    assert_eq!(success(call(any, &to("away")).await).0, "here");
}

#[tokio::test]
async fn a_token_is_asked_for_only_at_a_host_that_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let found = json!({ "token_endpoint": elsewhere(address, "/erp/oauth2/token") });
    let router = Router::new()
        .route("/erp/.well-known/openid-configuration", get(move || async move { axum::Json(found) }))
        .route("/erp/oauth2/token", any(|| async { axum::Json(json!({ "access_token": "granted-to-us" })) }))
        .route("/erp/orders", any(|| async { "reached" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let client = json!({ "id": "us", "secret": "${ $secrets.token }" });
    let written = json!({ "oauth2": { "authority": elsewhere(address, "/erp"), "grant": "client_credentials", "client": client } });
    let discovered = json!({ "oidc": { "authority": format!("http://{address}/erp"), "grant": "client_credentials", "client": client } });
    for policy in [written, discovered] {
        let with = |hosts: &[&str]| {
            let mut settings = only(address, hosts);
            erp(&mut settings).authentication = Some(read(&policy, Origin::Hub).policy.expect("a sound policy"));
            settings
        };
        refused(call(with(&[]), &post()).await);
        assert_eq!(success(call(with(&["localhost"]), &post()).await).0, "reached");
    }
}

/// A document fetched through a connection cannot direct calls to hosts that the connection may not reach.
#[tokio::test]
async fn an_operation_s_server_is_a_host_that_is_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let document = json!({
        "openapi": "3.0.0",
        "servers": [{ "url": elsewhere(address, "/elsewhere") }],
        "paths": { "/a": { "get": { "operationId": "a", "responses": {} } } },
    });
    let router = Router::new()
        .route("/erp/openapi.json", get(move || async move { axum::Json(document) }))
        .route("/elsewhere/a", any(|| async { "reached" }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let operation = crate::machine::OperationCall {
        document: "connection://erp/openapi.json".to_owned(),
        operation: "a".to_owned(),
        parameters: serde_json::Map::new(),
    };
    let request = CallRequest { openapi: Some(operation), ..CallRequest::default() };
    for (hosts, reached) in [(&[][..], false), (&["localhost"][..], true)] {
        let connections = Connections::new(only(address, hosts)).expect("valid");
        let outcome = connections.call_operation(&request, &CallDocument::Fetched(None), None).await;
        match reached {
            true => assert_eq!(success(outcome).0, "reached"),
            false => refused(outcome),
        }
    }
}
