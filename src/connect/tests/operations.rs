//! OpenAPI operations: where the document comes from, what is sent, and what must never be sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::IntoResponse as _;
use axum::routing::{any, get};
use serde_json::json;

use super::*;
use crate::machine::{CallDocument, OperationCall};
use crate::openapi::Document;

const PETS: &str = include_str!("../../../tests/data/definitions/openapi/pets.swagger.json");

/// The pets document without a server, so that it is served where it was found.
fn pets() -> Value {
    let mut document: Value = serde_json::from_str(PETS).expect("JSON");
    let object = document.as_object_mut().expect("an object");
    object.retain(|key, _| key != "host" && key != "schemes");
    document
}

async fn echo(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> axum::Json<Value> {
    let header = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    axum::Json(json!({
        "asked": format!("{method} {uri}"), "body": String::from_utf8_lossy(&body), "type": header("content-type"),
        "key": header("idempotency-key"), "authorized": header("authorization").is_some(),
    }))
}

/// Serves pets under `/v2` and their document under `/openapi.json`. Counts full and "not modified" answers.
#[derive(Clone, Default)]
struct Shelter {
    sent: Arc<AtomicUsize>,
    unchanged: Arc<AtomicUsize>,
}

impl Shelter {
    async fn serve(&self) -> SocketAddr {
        let shelter = self.clone();
        let document = move |headers: HeaderMap| async move {
            let same = headers.get("if-none-match").is_some_and(|tag| tag == "\"one\"");
            let count = if same { &shelter.unchanged } else { &shelter.sent };
            count.fetch_add(1, SeqCst);
            let headers = [("etag", "\"one\""), ("cache-control", "no-cache")];
            if same {
                (StatusCode::NOT_MODIFIED, headers).into_response()
            } else {
                (headers, axum::Json(pets())).into_response()
            }
        };
        let yaml =
            || async { ([("content-type", "text/plain")], serde_json::to_string_pretty(&pets()).expect("JSON")) };
        let router = Router::new()
            .route("/openapi.json", get(document))
            .route("/cached.json", get(move || async move { axum::Json(pets()) }))
            .route("/plain", get(yaml))
            .route("/moved", get(|| async { axum::response::Redirect::temporary("/cached.json") }))
            .route("/gone", get(|| async { StatusCode::NOT_FOUND }))
            .route("/down", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .route("/other.json", get(|| async { axum::Json(json!({"hello": "world"})) }))
            .route("/greedy.json", get(|| async { axum::Json(greedy()) }))
            .fallback(any(echo));
        super::serve(router).await
    }
}

/// A document that directs its callers to a connection that is not its own.
fn greedy() -> Value {
    json!({ "openapi": "3.0.0", "servers": [{"url": "connection://erp"}], "paths": { "/orders": { "delete": { "operationId": "empty" } } } })
}

fn operation(document: String, operation: &str, parameters: Value) -> CallRequest {
    let Value::Object(parameters) = parameters else { panic!("parameters are an object") };
    let call = OperationCall { document, operation: operation.to_owned(), parameters };
    CallRequest { openapi: Some(call), ..request("", "") }
}

fn fetched() -> CallDocument {
    CallDocument::Fetched(None)
}

#[tokio::test]
async fn an_operation_of_a_fetched_document_is_called_where_the_document_says() {
    let address = Shelter::default().serve().await;
    let connections = Connections::new(settings(address)).expect("valid");
    for document in ["openapi.json", "plain", "moved"] {
        let request =
            operation(format!("http://{address}/{document}"), "findPetsByStatus", json!({"status": ["a", "b"]}));
        let (output, response) = success(connections.call_operation(&request, &fetched(), None).await);
        assert_eq!(output["asked"], "GET /v2/pet/findByStatus?status=a&status=b", "{document}");
        assert_eq!(output["key"], "run-1/do/0/a");
        assert_eq!(response.url, format!("http://{address}/v2/pet/findByStatus?status=a&status=b"));
    }
    let form = operation(format!("http://{address}/plain"), "updatePetWithForm", json!({"petId": 7, "name": "R x"}));
    let (output, _) = success(connections.call_operation(&form, &fetched(), None).await);
    assert_eq!((&output["asked"], &output["body"]), (&json!("POST /v2/pet/7"), &json!("name=R+x")));
    assert_eq!(output["type"], "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn the_output_of_an_operation_has_the_shape_that_was_asked_for() {
    let address = Shelter::default().serve().await;
    let connections = Connections::new(settings(address)).expect("valid");
    let token = SecretTemplate::Secret("token".to_owned());
    let request = CallRequest {
        output: HttpOutput::Response,
        ..operation(format!("http://{address}/plain"), "getPetById", json!({"petId": 7}))
    };
    let bearer = of_definition(Authentication::Bearer { token });
    let (output, _) = success(connections.call_operation(&request, &fetched(), Some(&bearer)).await);
    assert_eq!(output["request"]["method"], "GET");
    assert_eq!(output["request"]["uri"], format!("http://{address}/v2/pet/7"));
    assert_eq!(output["request"]["headers"]["authorization"], "***");
    assert_eq!((&output["statusCode"], &output["content"]["authorized"]), (&json!(200), &json!(true)));
    assert_eq!(output["headers"]["content-type"], "application/json");
}

#[tokio::test]
async fn a_document_is_fetched_once_by_many_and_asked_for_again_by_its_etag() {
    let shelter = Shelter::default();
    let address = shelter.serve().await;
    let connections = Connections::new(settings(address)).expect("valid");
    let ask = async || {
        let request = operation(format!("http://{address}/openapi.json"), "getPetById", json!({"petId": 7}));
        success(connections.call_operation(&request, &fetched(), None).await).0
    };
    futures::future::join_all((0..20).map(|_| ask())).await;
    assert_eq!((shelter.sent.load(SeqCst), shelter.unchanged.load(SeqCst)), (1, 19), "it says `no-cache`");
    let basic = of_definition(Authentication::Bearer { token: SecretTemplate::Secret("token".to_owned()) });
    let request = operation(format!("http://{address}/openapi.json"), "getPetById", json!({"petId": 7}));
    success(connections.call_operation(&request, &CallDocument::Fetched(Some(basic)), None).await);
    assert_eq!(shelter.sent.load(SeqCst), 2, "another authentication is another document");
}

#[tokio::test]
async fn a_fresh_document_is_not_asked_for_again() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let document = move || async move {
        seen.fetch_add(1, SeqCst);
        axum::Json(pets())
    };
    let address = serve(Router::new().route("/openapi.json", get(document)).fallback(any(echo))).await;
    let connections = Connections::new(settings(address)).expect("valid");
    for id in 0..5 {
        let request = operation(format!("http://{address}/openapi.json"), "getPetById", json!({"petId": id}));
        success(connections.call_operation(&request, &fetched(), None).await);
    }
    assert_eq!(count.load(SeqCst), 1);
}

#[tokio::test]
async fn a_document_that_cannot_be_had_leaves_no_doubt() {
    let address = Shelter::default().serve().await;
    let connections = Connections::new(settings(address)).expect("valid");
    for (document, class, kind, reason) in [
        (format!("http://{address}/down"), FaultClass::Transient, "/communication", "answered 503"),
        (format!("http://{address}/gone"), FaultClass::Permanent, "/communication", "answered 404"),
        ("http://no-such-host.invalid/".to_owned(), FaultClass::Transient, "/communication", "was not sent"),
        (format!("http://{address}/other.json"), FaultClass::Permanent, "/configuration", "not an OpenAPI document"),
        ("http://10.0.0.1/openapi.json".to_owned(), FaultClass::Permanent, "/configuration", "network.allow"),
        ("connection://nowhere/openapi.json".to_owned(), FaultClass::Permanent, "/configuration", "there are: erp"),
        (format!("http://{address}/greedy.json"), FaultClass::Permanent, "/configuration", "only http and https"),
    ] {
        let request = operation(document, "addPet", json!({"name": "Rex"}));
        let request = if reason.starts_with("only") {
            operation(format!("http://{address}/greedy.json"), "empty", json!({}))
        } else {
            request
        };
        let failure = failure(connections.call_operation(&request, &fetched(), None).await);
        assert_eq!(verdict(&failure), (class, TargetEffect::None), "{}", detail(&failure));
        assert!(failure.error.r#type.ends_with(kind), "{failure:?}");
        assert_ne!(failure.error.status, 404, "the operation answered nothing");
        assert!(detail(&failure).contains(reason), "{}", detail(&failure));
    }
}

#[tokio::test]
async fn invalid_parameters_are_refused_before_anything_is_sent() {
    let address = Shelter::default().serve().await;
    let connections = Connections::new(settings(address)).expect("valid");
    for (name, parameters, kind, reason) in [
        ("getPetById", json!({}), "/validation", "needs the parameter `petId` (http"),
        ("getPetById", json!({"petId": ".."}), "/validation", "would change the path"),
        ("getPet", json!({}), "/configuration", "no operation with the id `getPet`"),
    ] {
        let request = operation(format!("http://{address}/plain"), name, parameters);
        let failure = failure(connections.call_operation(&request, &fetched(), None).await);
        assert_eq!(verdict(&failure), (FaultClass::Permanent, TargetEffect::None));
        assert!(failure.error.r#type.ends_with(kind), "{failure:?}");
        assert!(detail(&failure).contains(reason) && detail(&failure).contains("nothing was sent"), "{failure:?}");
        assert!(detail(&failure).contains("/paths"), "{}", detail(&failure));
    }
}

#[tokio::test]
async fn a_document_behind_a_connection_keeps_its_calls_behind_it() {
    let mut document = pets();
    document["basePath"] = json!("/erp/v2");
    let served = document.clone();
    let outside = json!({ "openapi": "3.0.0", "servers": [{"url": "/elsewhere"}], "paths": { "/a": { "get": { "operationId": "a" } } } });
    let router = Router::new()
        .route("/erp/openapi.json", get(move || async move { axum::Json(served) }))
        .route("/erp/outside.json", get(move || async move { axum::Json(outside) }))
        .fallback(any(echo));
    let connections = Connections::new(settings(serve(router).await)).expect("valid");
    let inside = operation("connection://erp/openapi.json".to_owned(), "getPetById", json!({"petId": 7}));
    let (output, _) = success(connections.call_operation(&inside, &fetched(), None).await);
    assert_eq!((&output["asked"], &output["authorized"]), (&json!("GET /erp/v2/pet/7"), &json!(true)));
    let outside = operation("connection://erp/outside.json".to_owned(), "a", json!({}));
    let (output, _) = success(connections.call_operation(&outside, &fetched(), None).await);
    assert_eq!((&output["asked"], &output["authorized"]), (&json!("GET /elsewhere/a"), &json!(false)));
}

#[tokio::test]
async fn a_stored_document_may_name_a_connection_as_its_server() {
    let address = Shelter::default().serve().await;
    let connections = Connections::new(settings(address)).expect("valid");
    let document = CallDocument::Stored(Arc::new(Document::new(greedy()).expect("a document")));
    let request = operation("file://openapi/orders.yaml".to_owned(), "empty", json!({}));
    let (output, _) = success(connections.call_operation(&request, &document, None).await);
    assert_eq!((&output["asked"], &output["authorized"]), (&json!("DELETE /erp/orders"), &json!(true)));
}
