//! What the CRM says about itself: versions, resources, objects and their fields.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::call::Answer;
use super::refusal::JSON;
use super::schema::{Field, Kind, OBJECTS, SObject};

/// The versions on offer; any other is served as well.
pub fn versions() -> Answer {
    let version = |number: u32| json!({"label": format!("v{number}"), "url": format!("/services/data/v{number}.0"), "version": format!("{number}.0")});
    Answer::json(StatusCode::OK, JSON, (58..=64).map(version).collect())
}

/// The resources of a version.
pub fn resources(version: &str) -> Answer {
    let names = ["composite", "jobs", "limits", "query", "queryAll", "sobjects"];
    let url = |name: &&str| ((*name).to_owned(), Value::String(format!("/services/data/{version}/{name}")));
    Answer::json(StatusCode::OK, JSON, Value::Object(names.iter().map(url).collect()))
}

/// All objects.
pub fn objects(version: &str) -> Answer {
    let objects: Vec<Value> = OBJECTS.iter().map(|object| summary(object, version)).collect();
    let body = json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects});
    Answer::json(StatusCode::OK, JSON, body)
}

/// One object without its fields.
pub fn basic(object: &SObject, version: &str) -> Answer {
    let body = json!({"objectDescribe": summary(object, version), "recentItems": []});
    Answer::json(StatusCode::OK, JSON, body)
}

/// One object with its fields.
pub fn full(object: &SObject, version: &str) -> Answer {
    let mut body = summary(object, version);
    if let Some(body) = body.as_object_mut() {
        body.insert("fields".into(), object.all_fields().map(field).collect());
        let child = |(relation, child, field): &(&str, &str, &str)| json!({"relationshipName": relation, "childSObject": child, "field": field});
        body.insert("childRelationships".into(), object.children.iter().map(child).collect());
    }
    Answer::json(StatusCode::OK, JSON, body)
}

fn summary(object: &SObject, version: &str) -> Value {
    let url = format!("/services/data/{version}/sobjects/{}", object.name);
    json!({
        "name": object.name,
        "label": object.name,
        "labelPlural": format!("{}s", object.name),
        "keyPrefix": object.prefix,
        "custom": false,
        "createable": !object.is_fixed(),
        "deletable": !object.is_fixed(),
        "queryable": true,
        "updateable": !object.is_fixed(),
        "urls": {"sobject": url, "describe": format!("{url}/describe"), "rowTemplate": format!("{url}/{{ID}}")},
    })
}

fn field(field: &Field) -> Value {
    let (kind, length, target, relation) = match field.kind {
        Kind::Id => ("id", 18, None, None),
        Kind::Text(length) => ("string", length, None, None),
        Kind::Email => ("email", 80, None, None),
        Kind::Number => ("double", 0, None, None),
        Kind::Integer => ("int", 0, None, None),
        Kind::Flag => ("boolean", 0, None, None),
        Kind::Date => ("date", 0, None, None),
        Kind::Moment => ("datetime", 0, None, None),
        Kind::Reference(target, relation) => ("reference", 18, Some(target), Some(relation)),
    };
    json!({
        "name": field.name,
        "label": field.name,
        "type": kind,
        "length": length,
        "nillable": !field.required,
        "createable": field.writable,
        "updateable": field.writable && !field.fixed,
        "custom": field.name.ends_with("__c"),
        "externalId": field.external,
        "unique": field.unique,
        "idLookup": field.external || field.name == "Id",
        "referenceTo": target.into_iter().collect::<Vec<_>>(),
        "relationshipName": relation,
    })
}
