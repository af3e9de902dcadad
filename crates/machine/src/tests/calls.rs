//! From a call's templates to the request that is recorded.

use serde_json::{Value, json};

use super::world::World;
use crate::{CallRequest, WorkflowError};
use stepwell_language::dsl::{self, Functions, HttpOutput, Redirect};

/// The request of a workflow's only task.
fn request(with: &str, input: Value) -> Result<CallRequest, WorkflowError> {
    request_of("http", with, input)
}

fn request_of(call: &str, with: &str, input: Value) -> Result<CallRequest, WorkflowError> {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }}\ndo:\n  - a: {{ call: {call}, with: {with} }}\n"
    );
    let built = dsl::build("test.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}\n{text}"));
    let mut world = World::new(&built.definition, 7);
    world.start(input).unwrap();
    match world.pending.pop() {
        Some((_, _, request)) => Ok((*request).clone()),
        None => Err(world.run.error.clone().expect("a run without call has faulted")),
    }
}

fn uri(template: &str, input: Value) -> Result<String, WorkflowError> {
    request(&format!("{{ method: get, endpoint: '{template}' }}"), input).map(|request| request.uri)
}

#[test]
fn a_uri_template_takes_top_level_names_and_encodes_what_they_hold() {
    let pet = "https://pets.example/v2/pet/{petId}";
    for (template, input, expected) in [
        (pet, json!({"petId": 1}), "https://pets.example/v2/pet/1"),
        (pet, json!({"petId": "a b/c?d#e%"}), "https://pets.example/v2/pet/a%20b%2Fc%3Fd%23e%25"),
        (pet, json!({"petId": "Grüße-._~"}), "https://pets.example/v2/pet/Gr%C3%BC%C3%9Fe-._~"),
        (pet, json!({"petId": true}), "https://pets.example/v2/pet/true"),
        ("https://a.example/{pet.id}", json!({"pet.id": 1, "pet": {"id": 2}}), "https://a.example/1"),
        ("https://a.example/?s={s}&t={t}", json!({"s": "a&b", "t": "{s}"}), "https://a.example/?s=a%26b&t=%7Bs%7D"),
        ("https://a.example/{x}.json", json!({"x": ".."}), "https://a.example/...json"),
    ] {
        assert_eq!(uri(template, input.clone()).unwrap(), expected, "{input}");
    }
    for bad in [
        json!({"petId": {}}),
        json!({"petId": [1]}),
        json!({"petId": ".."}),
        json!({"petId": "."}),
        json!({"petId": ""}),
        json!({"petId": null}),
        json!({}),
        json!([1]),
    ] {
        let error = uri(pet, bad.clone()).unwrap_err();
        assert!(error.r#type.ends_with("/expression"), "{bad}: {error:?}");
        assert_eq!(error.status, 400);
        assert!(error.detail.unwrap().contains("petId"), "{bad}");
    }
}

#[test]
fn expressions_stand_wherever_the_reference_lets_them() {
    let input = json!({"verb": "patch", "host": "a.example", "room": "sales", "n": 1.50, "lines": [{"sku": "x"}]});
    let with = "{ method: '${ .verb }', endpoint: { uri: '${ \"https://\\(.host)/orders\" }' }, \
                headers: { X-Room: '${ .room }', X-N: '${ .n }', X-Gone: '${ .gone }' }, \
                query: { room: '${ .room }', fixed: a }, \
                body: { deep: [{ lines: '${ .lines }', text: 'no {room}' }], n: 2 }, output: raw, redirect: true }";
    let made = request(with, input.clone()).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!((made.method.as_str(), made.uri.as_str()), ("PATCH", "https://a.example/orders"));
    assert_eq!(made.headers, [pair("X-Room", "sales"), pair("X-N", "1.5")]);
    assert_eq!(made.query, [pair("room", "sales"), pair("fixed", "a")]);
    assert_eq!(made.body, Some(json!({"deep": [{"lines": [{"sku": "x"}], "text": "no {room}"}], "n": 2})));
    assert_eq!((made.output, made.redirect), (HttpOutput::Raw, Redirect::Follow));
    assert!(!made.idempotency_key.is_empty() && made.openapi.is_none());
    let whole = "{ method: get, endpoint: '${ .u }', headers: '${ .h }', query: '${ .q }', body: '${ .b }' }";
    let input = json!({"u": "https://a.example/{kept}", "h": {"X-A": "1"}, "q": {"b": true}, "b": [1]});
    let made = request(whole, input).unwrap();
    assert_eq!(made.uri, "https://a.example/{kept}", "what an expression gives is no template");
    assert_eq!((made.headers, made.query), (vec![pair("X-A", "1")], vec![pair("b", "true")]));
    assert_eq!(made.body, Some(json!([1])));
}

#[test]
fn what_makes_no_request_is_an_expression_error() {
    for with in [
        "{ method: '${ 5 }', endpoint: 'https://a.example' }",
        "{ method: get, endpoint: '${ {} }' }",
        "{ method: get, endpoint: 'https://a.example', headers: '${ [] }' }",
        "{ method: get, endpoint: 'https://a.example', query: { a: '${ [1] }' } }",
    ] {
        let error = request(with, json!({})).unwrap_err();
        assert!(error.r#type.ends_with("/expression"), "{with}: {error:?}");
        assert_eq!(error.instance.as_deref(), Some("/do/0/a"));
    }
}

#[test]
fn an_operation_is_recorded_as_it_was_called_and_not_as_it_goes_out() {
    let with = "{ document: { endpoint: 'https://pets.example/{name}' }, operationId: getPetById, \
                parameters: { petId: '${ .id }', fixed: [1] }, output: response, redirect: true }";
    let made = request_of("openapi", with, json!({"name": "openapi.json", "id": 7})).unwrap();
    let call = made.openapi.as_ref().unwrap();
    assert_eq!((call.document.as_str(), call.operation.as_str()), ("https://pets.example/openapi.json", "getPetById"));
    assert_eq!(Value::Object(call.parameters.clone()), json!({"petId": 7, "fixed": [1]}));
    assert_eq!((made.output, made.redirect), (HttpOutput::Response, Redirect::Follow));
    let recorded = serde_json::to_value(&made).unwrap();
    assert_eq!((recorded.get("method"), recorded.get("uri")), (None, None));
    assert_eq!(serde_json::from_value::<CallRequest>(recorded).unwrap(), made);
    let old = json!({"method": "GET", "uri": "https://a.example", "idempotency_key": "k", "traceparent": "t"});
    assert_eq!(serde_json::from_value::<CallRequest>(old).unwrap().openapi, None, "older journals are read");
}
