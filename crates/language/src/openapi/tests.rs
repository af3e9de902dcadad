//! Requests of operations, by example.

use serde_json::json;
use url::Url;

use super::*;

fn read(text: &str) -> Document {
    let source = crate::dsl::source::read("document", text).expect("YAML");
    Document::new(source.root().to_value()).expect("an OpenAPI document")
}

fn pets() -> Document {
    read(include_str!("../../../../tests/data/definitions/openapi/pets.swagger.json"))
}

fn orders() -> Document {
    read(include_str!("../../../../tests/data/definitions/openapi/orders.yaml"))
}

fn ask(document: &Document, operation: &str, given: Value) -> Result<Request, Refusal> {
    let Value::Object(given) = given else { panic!("parameters are an object") };
    let base = Url::parse("https://docs.example.net/api/openapi.json").expect("a URL");
    document.operation(operation)?.request(&given, Some(&base))
}

fn sent(document: &Document, operation: &str, given: Value) -> Request {
    ask(document, operation, given).unwrap_or_else(|why| panic!("{operation}: {why}"))
}

fn why(document: &Document, operation: &str, given: Value) -> String {
    let refusal = ask(document, operation, given).expect_err(operation);
    format!("{} at {}", refusal.message, refusal.pointer)
}

fn uri(document: &Document, operation: &str, given: Value) -> String {
    sent(document, operation, given).uri
}

#[test]
fn swagger_two_says_scheme_host_and_base_path() {
    let request = sent(&pets(), "getPetById", json!({"petId": 7}));
    let seven = "https://pets.example.com/v2/pet/7".to_owned();
    assert_eq!(request, Request { method: "GET".to_owned(), uri: seven, headers: Vec::new(), body: None });
    let mut document = pets().value().clone();
    document["schemes"] = json!(["http"]);
    let uri_of = |value: &Value| {
        let document = Document::new(value.clone()).expect("valid");
        uri(&document, "getPetById", json!({"petId": 7}))
    };
    assert_eq!(uri_of(&document), "http://pets.example.com/v2/pet/7");
    for missing in ["schemes", "host", "basePath"] {
        document.as_object_mut().expect("an object").remove(missing);
        let expected = match missing {
            "schemes" => "https://pets.example.com/v2/pet/7",
            "host" => "https://docs.example.net/v2/pet/7",
            _ => "https://docs.example.net/pet/7",
        };
        assert_eq!(uri_of(&document), expected, "without {missing}");
    }
}

#[test]
fn swagger_two_collections_are_joined_or_repeated() {
    let pets = pets();
    assert_eq!(
        uri(&pets, "findPetsByStatus", json!({"status": ["a b", "c&d"]})),
        "https://pets.example.com/v2/pet/findByStatus?status=a%20b&status=c%26d"
    );
    assert!(uri(&pets, "findPetsByStatus", json!({"status": "sold"})).ends_with("?status=sold"));
    let request = sent(&pets, "deletePet", json!({"petId": 7, "api_key": "k", "reasons": ["x", "y"]}));
    assert_eq!(request.uri, "https://pets.example.com/v2/pet/7?reasons=x%7Cy");
    assert_eq!(request.headers, [("api_key".to_owned(), "k".to_owned())]);
}

#[test]
fn swagger_two_bodies_and_forms() {
    let pets = pets();
    let json_type = ("Content-Type".to_owned(), "application/json".to_owned());
    for given in [json!({"pet": {"name": "Rex"}}), json!({"body": {"name": "Rex"}}), json!({"name": "Rex"})] {
        let request = sent(&pets, "addPet", given);
        assert_eq!(request.body, Some(json!({"name": "Rex"})));
        assert_eq!(request.headers, std::slice::from_ref(&json_type));
    }
    let request = sent(&pets, "updatePetWithForm", json!({"petId": 7, "name": "Rex", "tags": ["a", "b"]}));
    assert_eq!(request.body, Some(json!({"name": "Rex", "tags": "a|b"})));
    assert_eq!(request.headers[0].1, "application/x-www-form-urlencoded");
    assert_eq!(
        why(&pets, "updatePetWithForm", json!({"petId": 7})),
        "operation `updatePetWithForm` needs the parameter `name` at /paths/~1pet~1{petId}/post/parameters/0"
    );
    assert!(why(&pets, "addPhoto", json!({"petId": 7})).contains("`file` is a file"));
}

#[test]
fn a_call_that_lacks_or_invents_a_parameter_is_refused_with_its_place() {
    let pets = pets();
    let place = "operation `getPetById` needs the parameter `petId` at /paths/~1pet~1{petId}/parameters/0";
    assert_eq!(why(&pets, "getPetById", json!({})), place);
    assert_eq!(why(&pets, "getPetById", json!({"petId": null})), place);
    assert_eq!(
        why(&pets, "getPetById", json!({"petId": 1, "petid": 1})),
        "operation `getPetById` has no parameter `petid` at /paths/~1pet~1{petId}/get"
    );
    assert!(why(&pets, "addPet", json!({})).contains("needs a body: give it as `pet`"));
    assert!(why(&pets, "addPet", json!({"pet": {}, "name": "x"})).contains("no parameter `name`"));
    assert!(why(&pets, "getPet", json!({})).contains("no operation with the id `getPet`"));
    assert!(why(&orders(), "twice", json!({})).contains("several operations"));
    assert!(why(&orders(), "writeNote", json!({})).contains("needs a body: give it as `body`"));
    assert!(why(&orders(), "changeOrder", json!({"id": "1", "nota": "x"})).contains("no parameter `nota`"));
}

/// Each call sends the idempotency key of its step, so a required `Idempotency-Key` parameter need not be passed.
#[test]
fn an_idempotency_key_that_a_document_asks_for_need_not_be_given() {
    let header = |name: &str| json!({ "name": name, "in": "header", "required": true, "schema": { "type": "string" } });
    let parameters = [header("idempotency-key"), header("X-Tenant")];
    let post = json!({ "operationId": "pay", "parameters": parameters, "responses": {} });
    let servers = [json!({ "url": "https://pay.example.com" })];
    let document = json!({ "openapi": "3.1.0", "servers": servers, "paths": { "/payments": { "post": post } } });
    let document = Document::new(document).unwrap();
    assert!(sent(&document, "pay", json!({ "X-Tenant": "t" })).headers.iter().all(|(name, _)| name == "X-Tenant"));
    assert!(why(&document, "pay", json!({})).contains("needs the parameter `X-Tenant`"));
    let own = sent(&document, "pay", json!({ "X-Tenant": "t", "idempotency-key": "k" }));
    assert_eq!(own.headers[0], ("idempotency-key".to_owned(), "k".to_owned()));
}

#[test]
fn a_value_cannot_change_the_path() {
    let pets = pets();
    assert!(uri(&pets, "getPetById", json!({"petId": "../a?b#c"})).ends_with("/pet/..%2Fa%3Fb%23c"));
    for bad in [json!(""), json!("."), json!(".."), json!([]), json!({"a": {"b": 1}}), json!([[1]])] {
        assert!(why(&pets, "getPetById", json!({"petId": bad})).contains("`petId`"), "{bad}");
    }
}

#[test]
fn openapi_three_styles() {
    let orders = orders();
    let start = "https://main.orders.example.com/v1/orders";
    for (given, query) in [
        (json!({"state": ["open", "paid"]}), "?state=open&state=paid"),
        (json!({"state": []}), ""),
        (json!({"ids": ["1", "2,3"]}), "?ids=1,2%2C3"),
        (json!({"tags": ["a", "b"]}), "?tags=a%7Cb"),
        (json!({"words": ["a", "b"]}), "?words=a%20b"),
        (json!({"total": {"min": 1, "max": 2.50}}), "?total%5Bmin%5D=1&total%5Bmax%5D=2.5"),
        (json!({"path": "a/b?c&d"}), "?path=a/b?c%26d"),
        (json!({"filter": {"a": [1]}}), "?filter=%7B%22a%22%3A%5B1%5D%7D"),
    ] {
        assert_eq!(uri(&orders, "findOrders", given), format!("{start}{query}"));
    }
    let lines = json!({"id": "7", "list": [1, 2], "matrix": {"a": 1, "b": "x y"}});
    assert!(uri(&orders, "readLines", lines).ends_with("/orders/7/lines.1.2/;a=1;b=x%20y"));
    assert!(why(&orders, "findOrders", json!({"total": 1})).contains("deepObject"));
}

#[test]
fn openapi_three_headers_and_cookies() {
    let request = sent(&orders(), "findOrders", json!({"X-Fields": ["a", "b"], "session": "a;b"}));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        request.headers,
        [header("X-Fields", "a,b"), header("Cookie", "session=a%3Bb"), header("Accept", "text/csv")]
    );
    assert!(why(&orders(), "findOrders", json!({"Accept": "x"})).contains("no parameter `Accept`"));
}

#[test]
fn openapi_three_bodies() {
    let orders = orders();
    for given in [json!({"customer": "a", "more": null}), json!({"body": {"customer": "a", "more": null}})] {
        assert_eq!(sent(&orders, "createOrder", given).body, Some(json!({"customer": "a", "more": null})));
    }
    let request = sent(&orders, "changeOrder", json!({"id": "7", "note": null}));
    assert_eq!(request.uri, "https://docs.example.net/changes/orders/7");
    assert_eq!(request.body, Some(json!({"note": null})));
    assert_eq!(request.headers[0].1, "application/merge-patch+json");
    assert_eq!(sent(&orders, "changeOrder", json!({"id": "7"})).body, None);
    assert_eq!(sent(&orders, "writeNote", json!({"body": "hello"})).body, Some(json!("hello")));
    assert!(why(&orders, "writeNote", json!({"body": {"a": 1}})).contains("must be a text"));
    assert!(why(&orders, "writeNote", json!({"text": "a"})).contains("no parameter `text`"));
    assert!(why(&orders, "attach", json!({})).contains("multipart"));
}

#[test]
fn a_servers_variables_take_only_what_they_may() {
    let orders = orders();
    assert!(
        uri(&orders, "findOrders", json!({"tenant": "acme", "stage": "v2"}))
            .starts_with("https://acme.orders.example.com/v2/orders")
    );
    assert!(why(&orders, "findOrders", json!({"stage": "v9"})).contains("must be one of: v1, v2"));
    for bad in ["evil.example/", "a.b", "", "a@b", "a:1"] {
        assert!(why(&orders, "findOrders", json!({"tenant": bad})).contains("letters, digits"), "{bad}");
    }
}

#[test]
fn references_that_cannot_be_followed_are_refused() {
    let orders = orders();
    assert!(why(&orders, "loop", json!({})).contains("refers to itself"));
    assert!(why(&orders, "lost", json!({})).contains("points to nothing"));
    assert!(why(&orders, "outside", json!({})).contains("bundle it into one file"));
}

#[test]
fn a_relative_server_needs_the_documents_address() {
    let operation = orders().operation("changeOrder").expect("there");
    assert!(operation.is_placed().expect_err("relative").message.contains("write an absolute one"));
    assert!(orders().operation("createOrder").expect("there").is_placed().is_ok());
}

#[test]
fn only_known_versions_are_taken() {
    for (bad, reason) in [
        (json!({}), "not an OpenAPI document"),
        (json!([1]), "not an OpenAPI document"),
        (json!({"swagger": "1.2"}), "not an OpenAPI document"),
        (json!({"openapi": "4.0.0"}), "version 4.0.0"),
    ] {
        assert!(Document::new(bad).expect_err("refused").message.contains(reason));
    }
    let known: Vec<String> = pets().operation_ids().map(str::to_owned).collect();
    assert_eq!(known, ["addPet", "addPhoto", "deletePet", "findPetsByStatus", "getPetById", "updatePetWithForm"]);
}

/// Collects the JSON pointers of all values in a document.
fn places(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| places(value, &format!("{pointer}/{}", escaped(key)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{pointer}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn no_document_however_wrong_does_more_than_be_refused() {
    let given = json!({"petId": 7, "id": "7", "name": "Rex", "status": [1], "total": {"a": {}}, "body": "x"});
    let Value::Object(given) = given else { unreachable!("an object") };
    for document in [pets(), orders()] {
        let mut all = Vec::new();
        places(document.value(), "", &mut all);
        assert!(all.len() > 100);
        for (place, odd) in all.iter().flat_map(|place| {
            let odd =
                [json!(null), json!(-1), json!("{x}"), json!([[]]), json!({"$ref": "#"}), json!({"$ref": "#/paths"})];
            odd.into_iter().map(move |odd| (place, odd))
        }) {
            let mut changed = document.value().clone();
            *changed.pointer_mut(place).expect("a place") = odd;
            let Ok(changed) = Document::new(changed) else { continue };
            for operation in changed.operation_ids().filter_map(|id| changed.operation(id).ok()) {
                let base = Url::parse("https://docs.example.net/openapi.json").expect("a URL");
                if let Ok(request) = operation.request(&given, Some(&base)) {
                    assert!(!request.uri.contains(['{', ' ']), "{place}: {}", request.uri);
                }
            }
        }
    }
}
