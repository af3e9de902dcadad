//! OpenAPI documents: builds one HTTP request from an `operationId` and parameters.
//!
//! Pure: a [`Document`] is read once, an [`Operation`] describes its parameters, and [`Operation::request`] builds the
//! request or explains why it cannot. OpenAPI 3.0, 3.1 and Swagger 2.0 become the same [`Operation`]; only `v2` and
//! `v3` know the differences. References are followed only within the document, and never in cycles.

mod body;
mod parameter;
mod request;
mod style;
#[cfg(test)]
mod tests;
mod v2;
mod v3;

pub use body::Body;
pub use parameter::{Parameter, Place};
pub use request::Request;

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// Longest chain of references.
const REFERENCES_MAX: usize = 32;

/// HTTP methods of operations. `trace` is excluded because it is never called.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// Why a document or a call of it cannot be used. Safe to show: it contains names and places, but no values of
/// parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The parameter concerned, if any.
    pub parameter: Option<String>,
    /// JSON pointer into the document; empty for the whole document.
    pub pointer: String,
}

impl Refusal {
    fn new(pointer: &str, message: impl Into<String>) -> Self {
        Self { message: message.into(), parameter: None, pointer: pointer.to_owned() }
    }

    fn about(mut self, parameter: &str) -> Self {
        self.parameter = Some(parameter.to_owned());
        self
    }
}

/// The specification that a document follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// Swagger 2.0
    V2,
    /// OpenAPI 3.0 and 3.1, which describe requests alike.
    V3,
}

/// An OpenAPI document with an index of its operations.
#[derive(Debug, Clone)]
pub struct Document {
    value: Value,
    dialect: Dialect,
    /// Path and method of each `operationId`; more than one if the document repeats an id.
    operations: Operations,
}

type Operations = BTreeMap<String, Vec<(String, &'static str)>>;

/// An operation, independent of the document's specification.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The `operationId`.
    pub id: String,
    /// HTTP method in upper case.
    pub method: String,
    /// JSON pointer of the operation in the document.
    pub pointer: String,
    /// Parameters of path, query, headers and cookies.
    pub parameters: Vec<Parameter>,
    /// The body; `None` if the operation has none.
    pub body: Option<Body>,
    path: String,
    server: Server,
    /// The `Accept` header; `None` if the operation may answer with JSON.
    accept: Option<String>,
}

/// The server of an operation.
#[derive(Debug, Clone, Default)]
struct Server {
    /// Absolute, or relative to the document. `{name}` is a variable.
    url: String,
    variables: BTreeMap<String, Variable>,
}

#[derive(Debug, Clone, Default)]
struct Variable {
    default: String,
    /// The allowed values; if empty, any plain name.
    allowed: Vec<String>,
}

impl Document {
    /// Reads a parsed document.
    ///
    /// # Errors
    /// The value is not an OpenAPI document of a supported version.
    pub fn new(value: Value) -> Result<Self, Refusal> {
        let dialect = dialect(&value)?;
        let mut document = Self { value, dialect, operations: BTreeMap::new() };
        document.operations = document.index()?;
        Ok(document)
    }

    /// Returns the parsed document.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Returns the ids of all operations, in alphabetical order.
    pub fn operation_ids(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// Returns an operation.
    ///
    /// # Errors
    /// No operation or several have this id, or it contains a reference that cannot be followed.
    pub fn operation(&self, id: &str) -> Result<Operation, Refusal> {
        let (path, method) = match self.operations.get(id).map(Vec::as_slice) {
            Some([one]) => one,
            Some(_) => {
                return Err(Refusal::new("/paths", format!("the document has several operations with the id `{id}`")));
            }
            None => return Err(Refusal::new("/paths", format!("the document has no operation with the id `{id}`"))),
        };
        let item = self.followed(&self.value["paths"][path], &format!("/paths/{}", escaped(path)))?;
        let site = Site {
            document: self,
            pointer: format!("/paths/{}/{method}", escaped(path)),
            path_pointer: format!("/paths/{}", escaped(path)),
            operation: &item[*method],
            item,
        };
        let mut operation = match self.dialect {
            Dialect::V2 => v2::operation(&site)?,
            Dialect::V3 => v3::operation(&site)?,
        };
        operation.id.push_str(id);
        operation.method = method.to_ascii_uppercase();
        operation.path.clone_from(path);
        operation.pointer = site.pointer;
        Ok(operation)
    }

    fn index(&self) -> Result<Operations, Refusal> {
        let mut found = Operations::new();
        let Some(paths) = self.value["paths"].as_object() else { return Ok(found) };
        for (path, item) in paths {
            let item = self.followed(item, &format!("/paths/{}", escaped(path)))?;
            for method in METHODS {
                if let Some(id) = item[method]["operationId"].as_str() {
                    found.entry(id.to_owned()).or_default().push((path.clone(), method));
                }
            }
        }
        Ok(found)
    }

    /// Follows a chain of `$ref` to its value.
    fn followed<'d>(&'d self, value: &'d Value, pointer: &str) -> Result<&'d Value, Refusal> {
        let mut value = value;
        for _ in 0..REFERENCES_MAX {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return Ok(value) };
            let refuse = |why: &str| Refusal::new(pointer, format!("the reference `{reference}` {why}"));
            let inside = reference.strip_prefix('#').ok_or_else(|| {
                refuse(
                    "points outside the document; only references within it are followed, so bundle it into one file",
                )
            })?;
            let inside = percent_decode_str(inside).decode_utf8_lossy();
            value = self.value.pointer(&inside).ok_or_else(|| refuse("points to nothing"))?;
        }
        Err(Refusal::new(pointer, "the reference refers to itself"))
    }
}

/// The place of an operation in its document.
struct Site<'d> {
    document: &'d Document,
    pointer: String,
    path_pointer: String,
    item: &'d Value,
    operation: &'d Value,
}

/// A parameter's declaration and its JSON pointer.
type Declared<'d> = (&'d Map<String, Value>, String);

impl<'d> Site<'d> {
    /// Returns the parameters of the path and of the operation, with references followed. The operation's take
    /// precedence.
    fn parameters(&self) -> Result<Vec<Declared<'d>>, Refusal> {
        let mut found: Vec<Declared<'d>> = Vec::new();
        for (holder, pointer) in [(self.item, &self.path_pointer), (self.operation, &self.pointer)] {
            for (index, parameter) in holder["parameters"].as_array().into_iter().flatten().enumerate() {
                let pointer = format!("{pointer}/parameters/{index}");
                let parameter = self.document.followed(parameter, &pointer)?;
                let Some(parameter) = parameter.as_object().filter(|p| text(p, "name").is_some()) else {
                    return Err(Refusal::new(&pointer, "the parameter has no name"));
                };
                let same = |other: &Map<String, Value>| {
                    other.get("name") == parameter.get("name") && other.get("in") == parameter.get("in")
                };
                found.retain(|(other, _)| !same(other));
                found.push((parameter, pointer));
            }
        }
        Ok(found)
    }
}

fn dialect(value: &Value) -> Result<Dialect, Refusal> {
    if value["swagger"].as_str() == Some("2.0") {
        return Ok(Dialect::V2);
    }
    let Some(version) = value["openapi"].as_str() else {
        return Err(Refusal::new(
            "",
            "this is not an OpenAPI document: it has neither `openapi: 3.x` nor `swagger: '2.0'`",
        ));
    };
    if version.starts_with("3.0.") || version.starts_with("3.1.") {
        return Ok(Dialect::V3);
    }
    let shown: String = version.chars().take(20).collect();
    Err(Refusal::new("/openapi", format!("version {shown} of OpenAPI is not supported; use 3.0, 3.1 or Swagger 2.0")))
}

fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

fn is_true(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

/// Escapes a key as one token of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
