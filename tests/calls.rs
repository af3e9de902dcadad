//! Calls as the language's conformance kit requires them (`ctk/features/call.feature`), against a local pet store. Also
//! cases beyond the kit: documents in files, documents that are temporarily unavailable, and what the journal shows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use serde_json::{Value, json};

use crate::harness::{Node, World};

/// A pet store. It describes itself in Swagger 2.0 and refuses the first requests of some callers.
#[derive(Clone, Default)]
struct Store {
    documents: Arc<AtomicUsize>,
    refusals: Arc<AtomicUsize>,
}

impl Store {
    async fn start(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v2/swagger.json", get(move |State(store): State<Self>| store.document(address)))
            .route("/v2/pet/findByStatus", get(find))
            .route("/v2/pet/{id}", get(pet))
            .route("/basic-auth/{username}/{password}", get(Self::enter))
            .with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    fn refuses(&self) -> bool {
        self.refusals.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
    }

    async fn document(self, address: SocketAddr) -> Response {
        self.documents.fetch_add(1, SeqCst);
        if self.refuses() {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
        axum::Json(document(&address.to_string())).into_response()
    }

    async fn enter(
        State(store): State<Self>,
        Path((username, password)): Path<(String, String)>,
        headers: HeaderMap,
    ) -> StatusCode {
        let expected = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
        let sent = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
        match sent == format!("Basic {expected}") {
            true if store.refuses() => StatusCode::SERVICE_UNAVAILABLE,
            true => StatusCode::OK,
            false => StatusCode::UNAUTHORIZED,
        }
    }
}

async fn find(Query(query): Query<Vec<(String, String)>>) -> axum::Json<Value> {
    let pets = query.iter().filter(|(name, _)| name == "status").enumerate();
    axum::Json(pets.map(|(id, (_, status))| json!({"id": id, "name": "Rex", "status": status})).collect())
}

async fn pet(Path(id): Path<u64>) -> axum::Json<Value> {
    axum::Json(json!({"id": id, "name": "Rex", "status": "available"}))
}

fn document(host: &str) -> Value {
    let text = include_str!("data/definitions/openapi/pets.swagger.json");
    let mut document: Value = serde_json::from_str(text).unwrap();
    (document["host"], document["schemes"]) = (json!(host), json!(["http"]));
    document
}

fn workflow(name: &str, task: &str) -> String {
    format!("document: {{ dsl: '1.0.3', namespace: default, name: {name}, version: '1.0.0' }}\ndo:\n  - step:\n{task}")
}

/// A world with these workflows of one task each; `HOST` stands for the store.
async fn world(store: SocketAddr, workflows: &[(&'static str, &str)], more: &[(&'static str, String)]) -> World {
    let texts = workflows.iter().map(|(name, task)| {
        let file: &'static str = Box::leak(format!("{name}.yaml").into_boxed_str());
        (file, workflow(name, task).replace("HOST", &store.to_string()))
    });
    let files: Vec<(&str, String)> = texts.chain(more.iter().cloned()).collect();
    World::new(&files, &[store.to_string()]).await
}

async fn completed(node: &Node, workflow: &str, input: Value) -> Value {
    let (status, run) = node.post(&format!("/api/v1/workflows/default/{workflow}/runs"), &input).await;
    assert_eq!(status, 202, "{run}");
    node.run_becomes(run["id"].as_str().unwrap(), "completed").await
}

fn assert_is_response(output: &Value, uri: &str) {
    assert_eq!(output["request"]["method"], "GET");
    assert_eq!(output["request"]["uri"], uri);
    assert!(output["request"]["headers"].is_object());
    assert_eq!(output["headers"]["content-type"], "application/json");
    assert_eq!(output["statusCode"], 200);
    assert_eq!(output["content"], json!({"id": 1, "name": "Rex", "status": "available"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_conformance_kits_calls_complete() {
    let store = Store::default().start().await;
    let world = world(
        store,
        &[
            (
                "http-call-with-content-output",
                "      call: http\n      with:\n        method: get\n        endpoint: { uri: 'http://HOST/v2/pet/findByStatus?status={status}' }\n      output: { as: '.[0]' }\n",
            ),
            (
                "http-call-with-response-output",
                "      call: http\n      with:\n        method: get\n        endpoint: { uri: 'http://HOST/v2/pet/{petId}' }\n        output: response\n",
            ),
            (
                "http-call-with-basic-auth",
                "      call: http\n      with:\n        method: get\n        endpoint:\n          uri: http://HOST/basic-auth/{username}/{password}\n          authentication: { basic: { username: '${ .username }', password: '${ .password }' } }\n",
            ),
            (
                "openapi-call-with-content-output",
                "      call: openapi\n      with:\n        document: { endpoint: 'http://HOST/v2/swagger.json' }\n        operationId: findPetsByStatus\n        parameters: { status: '${ .status }' }\n      output: { as: '. | length' }\n",
            ),
            (
                "openapi-call-with-response-output",
                "      call: openapi\n      with:\n        document: { endpoint: 'http://HOST/v2/swagger.json' }\n        operationId: getPetById\n        parameters: { petId: '${ .petId }' }\n        output: response\n",
            ),
        ],
        &[],
    )
    .await;
    let node = world.node().await;
    let available = json!({"status": "available"});
    let run = completed(&node, "http-call-with-content-output", available.clone()).await;
    assert_eq!(run["output"], json!({"id": 0, "name": "Rex", "status": "available"}));
    let run = completed(&node, "http-call-with-response-output", json!({"petId": 1})).await;
    assert_is_response(&run["output"], &format!("http://{store}/v2/pet/1"));
    let user = json!({"username": "serverless-workflow", "password": "conformance-test"});
    completed(&node, "http-call-with-basic-auth", user).await;
    let run = completed(&node, "openapi-call-with-content-output", available).await;
    assert_eq!(run["output"], 1);
    let run = completed(&node, "openapi-call-with-response-output", json!({"petId": 1})).await;
    assert_is_response(&run["output"], &format!("http://{store}/v2/pet/1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_from_data_are_computed_again_for_each_attempt_and_never_recorded() {
    let shop = Store::default();
    let store = shop.start().await;
    let task = "      call: http\n      with:\n        method: get\n        endpoint:\n          uri: http://HOST/basic-auth/{username}/canary\n          authentication: { basic: { username: '${ .username }', password: '${ .letters | implode }' } }\n        output: response\n      output: { as: '${ { status: .statusCode, authorization: $authorization } }' }\n";
    let world = world(store, &[("login", task)], &[]).await;
    let node = world.node().await;
    shop.refusals.store(2, SeqCst);
    let letters: Vec<u32> = "canary".chars().map(u32::from).collect();
    let run = completed(&node, "login", json!({"username": "ann", "letters": letters})).await;
    assert_eq!(run["tasks"][0]["attempts"], 3, "{run}");
    let authorization = json!({ "scheme": "Basic", "parameter": "***" });
    assert_eq!(run["output"], json!({ "status": 200, "authorization": authorization }));
    let journal = json!(node.journal(run["id"].as_str().unwrap()).await).to_string();
    let encoded = base64::engine::general_purpose::STANDARD.encode("ann:canary");
    assert!(!journal.contains(&encoded), "{journal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_away_for_a_while_is_waited_for() {
    let shop = Store::default();
    let store = shop.start().await;
    shop.refusals.store(2, SeqCst);
    let task = "      call: openapi\n      with:\n        document: { endpoint: 'http://HOST/v2/swagger.json' }\n        operationId: getPetById\n        parameters: { petId: '${ .petId }' }\n";
    let world = world(store, &[("pets", task)], &[]).await;
    let node = world.node().await;
    let run = completed(&node, "pets", json!({"petId": 7})).await;
    assert_eq!((&run["output"]["id"], &run["tasks"][0]["attempts"]), (&json!(7), &json!(3)), "{run}");
    completed(&node, "pets", json!({"petId": 8})).await;
    assert_eq!(shop.documents.load(SeqCst), 3, "the document is fetched once and cached");
    let journal = node.journal(run["id"].as_str().unwrap()).await;
    let text = json!(journal).to_string();
    assert!(text.contains("\"operation\":\"getPetById\"") && text.contains("\"parameters\":{\"petId\":7}"), "{text}");
    assert!(text.contains(&format!("\"url\":\"http://{store}/v2/pet/7\"")), "{text}");
    assert!(text.contains("nothing was sent, because the OpenAPI document is not available"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_in_a_file_stays_with_the_definition_whatever_becomes_of_the_file() {
    let store = Store::default().start().await;
    let task = "      call: openapi\n      with:\n        document: { endpoint: 'file://openapi/pets.json' }\n        operationId: getPetById\n        parameters: { petId: '${ .petId }' }\n";
    let files = [("openapi/pets.json", document(&store.to_string()).to_string())];
    let world = world(store, &[("pets", task)], &files).await;
    world.write("openapi/pets.json", &document("elsewhere.invalid").to_string());
    let node = world.node().await;
    let run = completed(&node, "pets", json!({"petId": 7})).await;
    assert_eq!(run["output"]["id"], 7);
    let (status, changed) = node
        .send("PUT", "/api/v1/workflows/default/pets", &[("content-type", "application/yaml")], workflow("pets", task))
        .await;
    assert_eq!(status, 409, "a changed document changes the definition: {changed}");
}
