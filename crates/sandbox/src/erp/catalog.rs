//! `metadata-catalog`: the record types as a list, as JSON Schema, or as an OpenAPI document.
//!
//! A type has its predefined fields and those of its records: any field that a caller wrote becomes a custom field.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::super::call::{Answer, Call};
use super::refusal::Refusal;
use super::types::RecordType;
use super::{COLLECTION, Erp, address};

const SCHEMA: &str = "application/schema+json";
const SWAGGER: &str = "application/swagger+json";

impl Erp {
    /// Handles `record/v1/metadata-catalog` and everything below it.
    pub(super) fn catalog(&self, call: &Call, path: &[&str]) -> Result<Answer, Refusal> {
        if call.method != Method::GET {
            return Err(Refusal::method(&call.method));
        }
        let wanted = call.header("accept").unwrap_or_default();
        let chosen = match (path, call.parameter("select")) {
            ([], None) => None,
            ([], Some(names)) => Some(
                names
                    .split(',')
                    .map(str::trim)
                    .map(|name| self.account.record_type(name))
                    .collect::<Result<Vec<_>, _>>()?,
            ),
            ([name], _) => Some(vec![self.account.record_type(name)?]),
            _ => return Err(Refusal::no_resource(&call.path)),
        };
        let types = || chosen.clone().unwrap_or_else(|| self.account.record_types().collect());
        Ok(match (wanted.contains(SWAGGER), path) {
            (true, _) => Answer::json(StatusCode::OK, SWAGGER, self.openapi(call, &types())),
            (false, [_]) => Answer::json(StatusCode::OK, SCHEMA, self.schema(types()[0])),
            (false, _) => Answer::json(StatusCode::OK, COLLECTION, listed(call, &types())),
        })
    }

    /// Returns the fields of a type with the type of their values.
    fn schema(&self, record_type: &RecordType) -> Value {
        let mut properties: BTreeMap<String, Value> = BTreeMap::new();
        for (_, fields) in self.tables.rows(record_type.name) {
            for (name, value) in fields.iter() {
                properties.entry(name.clone()).or_insert_with(|| json!({"title": name, "type": kind(value)}));
            }
        }
        for (name, label) in self.account.required(record_type) {
            properties.entry(name.to_owned()).or_insert_with(|| json!({"title": label, "type": "string"}));
        }
        for name in ["id", "externalId"] {
            properties.insert(name.to_owned(), json!({"title": name, "type": "string"}));
        }
        for name in record_type.decimals {
            properties.insert((*name).to_owned(), json!({"title": name, "type": "number", "format": "double"}));
        }
        for (name, _) in record_type.references {
            let members =
                json!({"id": {"type": "string"}, "externalId": {"type": "string"}, "refName": {"type": "string"}});
            properties.insert((*name).to_owned(), json!({"title": name, "type": "object", "properties": members}));
        }
        for sublist in record_type.sublists {
            let items = json!({"type": "array", "items": {"type": "object"}});
            let list = json!({"title": sublist.name, "type": "object", "properties": {"items": items}});
            properties.insert(sublist.name.to_owned(), list);
        }
        for (name, length) in record_type.texts {
            let text = json!({"title": name, "type": "string", "maxLength": length});
            properties.insert((*name).to_owned(), text);
        }
        for name in record_type.others {
            properties.entry((*name).to_owned()).or_insert_with(|| json!({"title": name}));
        }
        for name in record_type.computed {
            let property =
                properties.entry((*name).to_owned()).or_insert_with(|| json!({"title": name, "type": "string"}));
            property["readOnly"] = true.into();
        }
        properties.retain(|name, _| self.account.sees(record_type.name, name));
        let required: Vec<&str> = self.account.required(record_type).map(|(name, _)| name).collect();
        json!({"type": "object", "properties": properties, "required": required, "$schema": "http://json-schema.org/draft-06/hyper-schema#"})
    }

    fn openapi(&self, call: &Call, types: &[&RecordType]) -> Value {
        let mut paths = Map::new();
        let mut schemas = Map::new();
        for record_type in types {
            let name = record_type.name;
            let content = |kind: &str| json!({kind: {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
            let found = json!({"description": "the record", "content": content("application/vnd.oracle.resource+json; type=singular")});
            let body = json!({"content": content("application/json")});
            let done = json!({"204": {"description": "done"}});
            let id = json!([{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}]);
            let list = json!({"get": {"tags": [name], "responses": {"200": {"description": "the records"}}},
                "post": {"tags": [name], "requestBody": body, "responses": done}});
            let one = json!({"get": {"tags": [name], "parameters": id, "responses": {"200": found}},
                "put": {"tags": [name], "parameters": id, "requestBody": body, "responses": done},
                "patch": {"tags": [name], "parameters": id, "requestBody": body, "responses": done},
                "delete": {"tags": [name], "parameters": id, "responses": done}});
            paths.insert(format!("/{name}"), list);
            paths.insert(format!("/{name}/{{id}}"), one);
            schemas.insert(name.to_owned(), self.schema(record_type));
        }
        json!({
            "openapi": "3.0.1",
            "info": {"title": "NetSuite REST Record API", "version": "v1"},
            "servers": [{"url": address(&call.base, "record/v1")}],
            "paths": paths,
            "components": {"schemas": schemas},
        })
    }
}

fn listed(call: &Call, types: &[&RecordType]) -> Value {
    let item = |record_type: &&RecordType| {
        let href = address(&call.base, &format!("record/v1/metadata-catalog/{}", record_type.name));
        let link = |rel: &str, kind: &str| json!({"rel": rel, "href": href, "mediaType": kind});
        let links = [link("canonical", "application/json"), link("alternate", SWAGGER), link("alternate", SCHEMA)];
        json!({"name": record_type.name, "links": links})
    };
    let items: Vec<Value> = types.iter().map(item).collect();
    json!({"items": items, "links": super::self_link(&address(&call.base, "record/v1/metadata-catalog"))})
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) | Value::Null => "string",
    }
}
