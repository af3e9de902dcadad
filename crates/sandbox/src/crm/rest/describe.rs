//! Metadata of the CRM: versions, resources, objects and their fields.

use http::StatusCode;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::crm::refusal::JSON;
use crate::crm::schema::{Field, Kind, SObject, Schema};

/// Lists the versions. Other versions are served as well.
pub fn versions() -> Answer {
    let version = |number: u32| json!({"label": format!("v{number}"), "url": format!("/services/data/v{number}.0"), "version": format!("{number}.0")});
    Answer::json(StatusCode::OK, JSON, (58..=64).map(version).collect())
}

/// Lists the resources of a version.
pub fn resources(version: &str) -> Answer {
    let names = ["composite", "jobs", "limits", "query", "queryAll", "sobjects"];
    let url = |name: &&str| ((*name).to_owned(), Value::String(format!("/services/data/{version}/{name}")));
    Answer::json(StatusCode::OK, JSON, Value::Object(names.iter().map(url).collect()))
}

/// Describes all objects.
pub fn objects(schema: &Schema, version: &str) -> Answer {
    let objects: Vec<Value> = schema.objects().map(|object| summary(schema, object, version)).collect();
    let body = json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects});
    Answer::json(StatusCode::OK, JSON, body)
}

/// Describes an object without its fields.
pub fn basic(schema: &Schema, object: &SObject, version: &str) -> Answer {
    let body = json!({"objectDescribe": summary(schema, object, version), "recentItems": []});
    Answer::json(StatusCode::OK, JSON, body)
}

/// Describes an object with its fields.
pub fn full(schema: &Schema, object: &SObject, currencies: &[String], version: &str) -> Answer {
    let mut body = summary(schema, object, version);
    if let Some(body) = body.as_object_mut() {
        body.insert("fields".into(), fields(schema, object, currencies));
        let seen = object.children.iter().filter_map(|(relation, ..)| schema.children(object, relation));
        let child = |(relation, child, field): (&str, &SObject, &str)| json!({"relationshipName": relation, "childSObject": child.name, "field": field});
        body.insert("childRelationships".into(), seen.map(child).collect());
    }
    Answer::json(StatusCode::OK, JSON, body)
}

/// Describes the fields of an object.
pub fn fields(schema: &Schema, object: &SObject, currencies: &[String]) -> Value {
    schema.fields(object).map(|of| field(schema, object, of, currencies)).collect()
}

fn summary(schema: &Schema, object: &SObject, version: &str) -> Value {
    let writes = schema.writes(object);
    let url = format!("/services/data/{version}/sobjects/{}", object.name);
    json!({
        "name": object.name,
        "label": object.name,
        "labelPlural": format!("{}s", object.name),
        "keyPrefix": object.prefix,
        "custom": false,
        "createable": writes,
        "deletable": writes,
        "queryable": true,
        "updateable": writes,
        "urls": {"sobject": url, "describe": format!("{url}/describe"), "rowTemplate": format!("{url}/{{ID}}")},
    })
}

fn field(schema: &Schema, object: &SObject, field: &Field, currencies: &[String]) -> Value {
    let writes = schema.writes(object) && schema.writes_field(object, field);
    let (kind, length, target, relation) = match field.kind {
        Kind::Id => ("id", 18, None, None),
        Kind::Text(length) => ("string", length, None, None),
        Kind::Email => ("email", 80, None, None),
        Kind::Number(..) => ("double", 0, None, None),
        Kind::Integer => ("int", 0, None, None),
        Kind::Flag => ("boolean", 0, None, None),
        Kind::Date => ("date", 0, None, None),
        Kind::Moment => ("datetime", 0, None, None),
        Kind::Reference(target, relation) => ("reference", 18, Some(target), Some(relation)),
    };
    let values = if field.name == "CurrencyIsoCode" { Some(currencies) } else { schema.picklist(object, field) };
    let kind = if values.is_some() { "picklist" } else { kind };
    let (precision, scale) =
        if let Kind::Number(before, after) = field.kind { (before + after, after) } else { (0, 0) };
    let value = |value: &String| json!({"active": true, "label": value, "value": value, "defaultValue": false});
    json!({
        "name": field.name,
        "label": field.name,
        "type": kind,
        "precision": precision,
        "scale": scale,
        "restrictedPicklist": values.is_some(),
        "picklistValues": values.unwrap_or_default().iter().map(value).collect::<Vec<_>>(),
        "length": length,
        "nillable": !field.required,
        "createable": writes,
        "updateable": writes && !field.fixed,
        "custom": field.name.ends_with("__c"),
        "externalId": field.external,
        "unique": field.unique,
        "defaultedOnCreate": matches!(field.kind, Kind::Flag) || field.name == "OwnerId",
        "idLookup": field.external || field.name == "Id",
        "referenceTo": target.into_iter().collect::<Vec<_>>(),
        "relationshipName": relation,
    })
}
