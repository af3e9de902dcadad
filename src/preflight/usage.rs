//! What the workflows of a folder use of other systems: objects, fields, tables and columns, and by which workflows.
//!
//! Derived from what the workflows do, not from their text: their scenarios are run and each outgoing request is read.
//! That includes queries that an expression assembles and bodies that a mapping builds. What a scenario cannot show is
//! which fields are used of a record that is read whole; a connection's `reads` in `hub.yaml` names those.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::sandbox::query::{Column, Dialect, Select, parse};
use crate::scenario::Sending;

/// Names of the workflows that use something.
pub type By = BTreeSet<String>;
/// Names of fields, with the workflows that use them.
pub type Fields = BTreeMap<String, By>;

/// Systems that preflight can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// Has its REST API at `/services/data/vNN.0/`.
    Salesforce,
    /// Has its REST web services at `/services/rest/`.
    NetSuite,
}

/// What is used, over all connections.
#[derive(Debug, Default)]
pub struct Usage {
    /// By connection name.
    pub connections: BTreeMap<String, Used>,
}

/// What is used through one connection.
#[derive(Debug)]
pub struct Used {
    /// System that it connects to.
    pub system: System,
    /// Salesforce's API version as in paths: `v62.0`.
    pub version: String,
    /// Objects or record types read and written as records.
    pub objects: BTreeMap<String, Object>,
    /// Objects or tables used in queries.
    pub queries: BTreeMap<String, Query>,
    /// Queries that preflight cannot parse, such as joins.
    pub unread: BTreeMap<String, By>,
}

/// How the records of a type are used.
#[derive(Debug, Default)]
pub struct Object {
    /// Workflows that read, create, change or delete records.
    pub by: By,
    /// Fields that are read.
    pub reads: Fields,
    /// Fields set in new records.
    pub creates: Fields,
    /// Fields set in existing records.
    pub updates: Fields,
    /// Fields by which records are found or upserted.
    pub keys: Fields,
    /// Workflows that delete records.
    pub deletes: By,
    /// Ids used in reference fields of new records, by field.
    pub references: BTreeMap<(String, String), By>,
}

/// How queries use an object or table.
#[derive(Debug, Default)]
pub struct Query {
    /// Workflows that query it.
    pub by: By,
    /// Selected fields as written: `Account.Name` follows a reference.
    pub columns: Fields,
    /// Fields in conditions and orderings.
    pub filters: Fields,
    /// Subqueries: selected fields of children, by relationship name.
    pub children: BTreeMap<String, Fields>,
}

impl Used {
    fn new(system: System) -> Self {
        Self {
            system,
            version: String::new(),
            objects: BTreeMap::new(),
            queries: BTreeMap::new(),
            unread: BTreeMap::new(),
        }
    }

    /// Returns the entry of an object, creating it if necessary.
    pub fn object(&mut self, name: &str) -> &mut Object {
        self.objects.entry(name.to_owned()).or_default()
    }
}

impl Usage {
    /// Adds the requests that a workflow sent in a scenario.
    pub fn add(&mut self, workflow: &str, sendings: &[Sending]) {
        for sending in sendings {
            let Some((connection, path)) =
                sending.uri.strip_prefix("connection://").and_then(|rest| rest.split_once('/'))
            else {
                continue;
            };
            let path = path.split('?').next().unwrap_or_default();
            let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            let request =
                Request { workflow, method: &sending.method, query: &sending.query, body: sending.body.as_ref() };
            match segments.as_slice() {
                ["services", "data", version, rest @ ..] => {
                    let used = self.used(connection, System::Salesforce);
                    (*version).clone_into(&mut used.version);
                    request.of_salesforce(used, rest);
                }
                ["services", "rest", rest @ ..] => request.of_netsuite(self.used(connection, System::NetSuite), rest),
                _ => {}
            }
        }
    }

    /// Adds the fields in a connection's `reads`.
    pub fn add_reads(&mut self, connection: &str, reads: &BTreeMap<String, Vec<String>>) {
        let Some(used) = self.connections.get_mut(connection) else { return };
        for (name, fields) in reads {
            // If no workflow in the folder reads the record, no fields are needed.
            let Some(object) = used.objects.get_mut(name) else { continue };
            let by = object.by.clone();
            for field in fields {
                object.reads.entry(field.clone()).or_default().extend(by.iter().cloned());
            }
        }
    }

    fn used(&mut self, connection: &str, system: System) -> &mut Used {
        self.connections.entry(connection.to_owned()).or_insert_with(|| Used::new(system))
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// A request, sent directly or as part of a composite request.
struct Request<'r> {
    workflow: &'r str,
    method: &'r str,
    query: &'r [(String, String)],
    body: Option<&'r Value>,
}

impl Request<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn of_salesforce(&self, used: &mut Used, path: &[&str]) {
        match path {
            ["query" | "queryAll"] => self.note_query(used, Dialect::Soql, self.parameter("q").unwrap_or_default()),
            ["sobjects", name, rest @ ..] => self.note_record(used, name, rest),
            ["composite"] => self.note_parts(used),
            ["composite", "sobjects", rest @ ..] => self.note_collection(used, rest),
            ["jobs", "ingest"] => {
                if let Some(name) = self.body.and_then(|body| body["object"].as_str()) {
                    note(&mut used.object(name).by, self.workflow);
                }
            }
            _ => {}
        }
    }

    fn note_record(&self, used: &mut Used, name: &str, rest: &[&str]) {
        let object = used.object(name);
        note(&mut object.by, self.workflow);
        match (self.method, rest) {
            ("POST", []) => self.note_fields(&mut object.creates, self.body),
            ("PATCH", [_]) => self.note_fields(&mut object.updates, self.body),
            ("PATCH", [key, _]) => {
                note_field(&mut object.keys, key, self.workflow);
                self.note_fields(&mut object.creates, self.body);
                self.note_fields(&mut object.updates, self.body);
            }
            ("GET", keys) => {
                if let [key, _] = keys {
                    note_field(&mut object.keys, key, self.workflow);
                }
                for field in self.parameter("fields").into_iter().flat_map(|names| names.split(',')) {
                    note_field(&mut object.reads, field.trim(), self.workflow);
                }
            }
            ("DELETE", _) => note(&mut object.deletes, self.workflow),
            _ => {}
        }
    }

    fn note_parts(&self, used: &mut Used) {
        let parts = self.body.and_then(|body| body["compositeRequest"].as_array()).into_iter().flatten();
        for part in parts {
            let url = part["url"].as_str().unwrap_or_default();
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            let segments: Vec<String> = path.split('/').filter(|it| !it.is_empty()).map(decoded).collect();
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            let query: Vec<(String, String)> = query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
                .collect();
            let inner = Request {
                workflow: self.workflow,
                method: part["method"].as_str().unwrap_or("GET"),
                query: &query,
                body: part.get("body"),
            };
            if let ["services", "data", _, rest @ ..] = segments.as_slice() {
                inner.of_salesforce(used, rest);
            }
        }
    }

    fn note_collection(&self, used: &mut Used, rest: &[&str]) {
        let records = self.body.and_then(|body| body["records"].as_array()).into_iter().flatten();
        for record in records {
            let named = record["attributes"]["type"].as_str();
            let Some(name) = rest.first().copied().or(named) else { continue };
            let object = used.object(name);
            note(&mut object.by, self.workflow);
            if let [_, key] = rest {
                note_field(&mut object.keys, key, self.workflow);
                self.note_fields(&mut object.creates, Some(record));
            }
            let written = if self.method == "POST" { &mut object.creates } else { &mut object.updates };
            self.note_fields(written, Some(record));
        }
    }

    fn of_netsuite(&self, used: &mut Used, path: &[&str]) {
        match path {
            ["query", "v1", "suiteql"] => {
                let text = self.body.and_then(|body| body["q"].as_str()).unwrap_or_default();
                self.note_query(used, Dialect::SuiteQl, text);
            }
            ["record", "v1", name, rest @ ..] => {
                let object = used.object(name);
                note(&mut object.by, self.workflow);
                match (self.method, rest) {
                    ("POST", []) => self.note_new(object),
                    ("PUT", [_]) => {
                        self.note_new(object);
                        self.note_fields(&mut object.updates, self.body);
                    }
                    ("PATCH", [_]) => self.note_fields(&mut object.updates, self.body),
                    ("DELETE", _) => note(&mut object.deletes, self.workflow),
                    ("GET", _) => {
                        for field in self.parameter("fields").into_iter().flat_map(|names| names.split(',')) {
                            note_field(&mut object.reads, field.trim(), self.workflow);
                        }
                    }
                    ("POST", [_, "!transform", target]) => note(&mut used.object(target).by, self.workflow),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Records the fields and referenced ids of a record that may be new.
    fn note_new(&self, object: &mut Object) {
        self.note_fields(&mut object.creates, self.body);
        for (name, value) in self.body.and_then(Value::as_object).into_iter().flatten() {
            if let Some(id) = value.get("id").and_then(Value::as_str) {
                let by = object.references.entry((name.clone(), id.to_owned())).or_default();
                note(by, self.workflow);
            }
        }
    }

    fn note_fields(&self, fields: &mut Fields, record: Option<&Value>) {
        let named = record.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str());
        // Records in a collection carry their type and id next to their fields.
        for name in named.filter(|name| !["attributes", "id", "Id"].contains(name)) {
            note_field(fields, name, self.workflow);
        }
    }

    fn note_query(&self, used: &mut Used, dialect: Dialect, text: &str) {
        match parse(text, dialect) {
            Ok(select) => {
                let name = select.from.text.clone();
                let query = used.queries.entry(name).or_default();
                note(&mut query.by, self.workflow);
                self.note_select(query, &select, dialect);
            }
            Err(_) => note(used.unread.entry(text.to_owned()).or_default(), self.workflow),
        }
    }

    fn note_select(&self, query: &mut Query, select: &Select, dialect: Dialect) {
        let name = |text: &str| match dialect {
            Dialect::Soql => text.to_owned(),
            // The table alias before a column does not matter.
            Dialect::SuiteQl => text.rsplit('.').next().unwrap_or_default().to_lowercase(),
        };
        for column in &select.columns {
            match column {
                Column::Field(field, _) | Column::Written(field, ..) => {
                    note_field(&mut query.columns, &name(&field.text), self.workflow);
                }
                Column::Children(children) => {
                    let fields = query.children.entry(children.from.text.clone()).or_default();
                    for column in &children.columns {
                        if let Column::Field(field, _) = column {
                            note_field(fields, &field.text, self.workflow);
                        }
                    }
                }
                Column::All | Column::Count => {}
            }
        }
        for order in &select.order {
            note_field(&mut query.filters, &name(&order.field.text), self.workflow);
        }
        for test in select.condition.as_ref().map(|condition| condition.tests()).unwrap_or_default() {
            note_field(&mut query.filters, &name(&test.field.text), self.workflow);
        }
    }
}

fn note(by: &mut By, workflow: &str) {
    if !by.contains(workflow) {
        by.insert(workflow.to_owned());
    }
}

fn note_field(fields: &mut Fields, name: &str, workflow: &str) {
    note(fields.entry(name.to_owned()).or_default(), workflow);
}
