//! No secret is sent to a host that `hub.yaml` does not list for it, whatever the definition says.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Redirect as To;
use axum::routing::{any, get};
use serde_json::json;

use super::*;
use crate::dsl::authentication::{Origin, read};
use crate::machine::{CallDocument, OperationCall};

/// Everything received, by the host name that the client used.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, String)>>>);

impl Seen {
    fn note(&self, headers: &HeaderMap, uri: &Uri, body: &[u8]) {
        let host = headers["host"].to_str().expect("text").split(':').next().unwrap_or_default().to_owned();
        let all = format!("{uri} {headers:?} {}", String::from_utf8_lossy(body));
        self.0.lock().expect("not poisoned").push((host, all));
    }

    /// Whether the server received the canary under this host name.
    fn has_canary_at(&self, host: &str) -> bool {
        self.0.lock().expect("not poisoned").iter().any(|(at, all)| at == host && all.contains(CANARY))
    }
}

async fn take(State(seen): State<Seen>, headers: HeaderMap, uri: Uri, body: Bytes) -> axum::Json<Value> {
    seen.note(&headers, &uri, &body);
    axum::Json(json!({ "access_token": "granted" }))
}

/// One server with two names: secrets may go to 127.0.0.1, but not to localhost.
async fn served() -> (Seen, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let elsewhere = format!("http://localhost:{}/token", address.port());
    let (away, found) = (format!("http://localhost:{}/stolen", address.port()), json!({ "token_endpoint": elsewhere }));
    let document = json!({
        "openapi": "3.0.0",
        "servers": [{ "url": format!("http://localhost:{}", address.port()) }],
        "paths": { "/a": { "get": { "operationId": "a", "responses": {} } } },
    });
    let seen = Seen::default();
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(move || std::future::ready(axum::Json(found.clone()))))
        .route("/openapi.json", get(move || std::future::ready(axum::Json(document.clone()))))
        .route("/away", any(move || std::future::ready(To::temporary(&away))))
        .fallback(take)
        .with_state(seen.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (seen, address)
}

fn settings_for(address: SocketAddr) -> ConnectSettings {
    let here =
        Release { namespaces: vec!["t".to_owned()], hosts: vec![HostPattern::parse("127.0.0.1").expect("a host")] };
    let whole = format!(
        r#"{{"authority":"http://localhost:{}","grant":"client_credentials","client":{{"id":"us","secret":"{CANARY}"}}}}"#,
        address.port()
    );
    let mut settings = settings(address);
    settings.network_allow.push(format!("localhost:{}", address.port()));
    settings.secrets = Secrets::from_lookup(move |name| match name {
        "token" | "other" => Some(CANARY.to_owned()),
        "whole" => Some(whole.clone()),
        _ => None,
    });
    settings.releases =
        Releases::new([("token", here.clone()), ("whole", here)].map(|(n, r)| (n.to_owned(), r)).into());
    settings
}

fn own(namespace: &str, policy: &Value) -> OwnAuthentication {
    let reading = read(policy, Origin::Definition);
    let policy = reading.policy.unwrap_or_else(|| panic!("{:?}", reading.flaws));
    OwnAuthentication { namespace: namespace.to_owned(), policy }
}

fn bearer() -> Value {
    json!({ "bearer": { "token": "${ $secrets.token }" } })
}

fn oauth2(authority: &str, more: &Value) -> Value {
    let mut settings = json!({
        "authority": authority,
        "grant": "client_credentials",
        "client": { "id": "us", "secret": "${ $secrets.token }" },
    });
    settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    json!({ "oauth2": settings })
}

/// The call waits for a person, who can change `hub.yaml` to let it continue.
fn refused(outcome: CallOutcome) {
    let failure = failure(outcome);
    assert_eq!(verdict(&failure), (FaultClass::Person, TargetEffect::None), "{failure:?}");
    assert!(failure.error.r#type.ends_with("/errors/authorization"), "{:?}", failure.error);
    assert!(detail(&failure).contains("nothing was sent") && detail(&failure).contains("hub.yaml"), "{failure:?}");
}

#[tokio::test]
async fn a_definition_sends_a_secret_only_where_it_is_released() {
    let (seen, address) = served().await;
    let connections = Connections::new(settings_for(address)).expect("valid");
    let here = request("GET", &format!("http://{address}/x"));
    let there = request("GET", &format!("http://localhost:{}/x", address.port()));
    success(connections.call(&here, Some(&own("t", &bearer()))).await);
    assert!(seen.has_canary_at("127.0.0.1"));
    let other = json!({ "basic": { "username": "u", "password": "${ $secrets.other }" } });
    let digest = json!({ "digest": { "username": "${ $secrets.other }", "password": "${ $secrets.token }" } });
    for (request, namespace, policy) in [
        (&there, "t", bearer()),
        (&here, "other", bearer()),
        (&here, "t", other),
        (&here, "t", digest),
        (&there, "t", json!({ "basic": { "use": "whole" } })),
    ] {
        refused(connections.call(request, Some(&own(namespace, &policy))).await);
    }
    assert!(!seen.has_canary_at("localhost"));
}

#[tokio::test]
async fn a_definition_asks_for_tokens_only_where_the_secret_is_released() {
    let (seen, address) = served().await;
    let connections = Connections::new(settings_for(address)).expect("valid");
    let here = request("GET", &format!("http://{address}/x"));
    let (good, bad) = (format!("http://{address}"), format!("http://localhost:{}", address.port()));
    success(connections.call(&here, Some(&own("t", &oauth2(&good, &json!({}))))).await);
    assert!(seen.has_canary_at("127.0.0.1"));
    let mut discovered = oauth2(&good, &json!({}));
    let settings = discovered.as_object_mut().and_then(|policy| policy.remove("oauth2")).expect("there");
    for policy in [
        oauth2(&bad, &json!({})),
        oauth2(&good, &json!({ "endpoints": { "token": format!("{bad}/token") } })),
        json!({ "oidc": settings }),
        json!({ "oauth2": { "use": "whole" } }),
    ] {
        refused(connections.call(&here, Some(&own("t", &policy))).await);
    }
    assert!(!seen.has_canary_at("localhost"));
}

#[tokio::test]
async fn neither_a_connection_nor_a_redirect_nor_a_document_takes_a_definitions_secret_elsewhere() {
    let (seen, address) = served().await;
    let mut settings = settings_for(address);
    let elsewhere = format!("http://localhost:{}", address.port()).parse().expect("a URL");
    erp(&mut settings).base_urls.insert("sandbox".to_owned(), elsewhere);
    erp(&mut settings).authentication = None;
    let connections = Connections::new(settings).expect("valid");
    refused(connections.call(&request("GET", "connection://erp/x"), Some(&own("t", &bearer()))).await);
    let away = CallRequest { redirect: Redirect::Follow, ..request("POST", &format!("http://{address}/away")) };
    success(connections.call(&away, Some(&own("t", &bearer()))).await);
    let document = format!("http://{address}/openapi.json");
    let operation = OperationCall { document, operation: "a".to_owned(), parameters: serde_json::Map::new() };
    let operation = CallRequest { openapi: Some(operation), ..CallRequest::default() };
    let mine = own("t", &bearer());
    let fetched = CallDocument::Fetched(Some(mine.clone()));
    refused(connections.call_operation(&operation, &fetched, Some(&mine)).await);
    assert!(!seen.has_canary_at("localhost"));
}

/// `hub.yaml` names the authority, but the authority's metadata chooses the token endpoint.
#[tokio::test]
async fn a_connections_authority_names_no_token_endpoint_elsewhere() {
    let (seen, address) = served().await;
    let mut settings = settings_for(address);
    let client = json!({ "id": "us", "secret": "${ $secrets.token }" });
    let authority = format!("http://{address}");
    let policy = json!({ "oidc": { "authority": authority, "grant": "client_credentials", "client": client } });
    erp(&mut settings).authentication = read(&policy, Origin::Hub).policy;
    let failure = failure(call(settings.clone(), &post()).await);
    assert!(detail(&failure).contains("allowedHosts"), "{failure:?}");
    assert!(!seen.has_canary_at("localhost"));
    erp(&mut settings).allowed_hosts = Some(vec![HostPattern::parse("localhost").expect("a host")]);
    success(call(settings, &post()).await);
    assert!(seen.has_canary_at("localhost"));
}

#[tokio::test]
async fn a_rehearsal_refuses_what_a_node_would_refuse() {
    let (_, address) = served().await;
    let connections = Connections::new(settings_for(address)).expect("valid");
    let there = request("GET", &format!("http://localhost:{}/x", address.port()));
    let failure = connections.offline(&there, Some(&own("t", &bearer()))).expect_err("refused");
    assert_eq!(failure.class, FaultClass::Person);
}
