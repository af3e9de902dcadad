//! The workflow language: builds a [`Definition`] from YAML. A definition that exists is valid.
//!
//! Errors have file, line, column and a hint, and all mistakes of a file are reported at once.

pub mod authentication;
mod builder;
mod catalog;
pub mod compatibility;
pub mod credentials;
pub mod definition;
mod duration;
pub mod editor;
pub mod fields;
pub mod graph;
pub mod mapping;
pub mod mistake;
mod official;
mod release;
mod schema;
pub mod source;
pub mod timing;

#[cfg(test)]
mod tests;

pub use authentication::{Authentication, OwnAuthentication};
pub use catalog::{
    DOCUMENT_FOLDER, FOLDER as CATALOG_FOLDER, VARIANT_FOLDER, definition_files, is_scenarios, read_mapping,
    read_mappings, scenario_files, sides_of_mappings, variants,
};
pub use definition::*;
pub use duration::parse_duration;
pub use release::{HostPattern, NotReleased, Release, Releases};

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use self::mapping::Mapping;
use crate::openapi;

/// Prefix under which the text of a mapping is stored with a definition.
const MAPPING_SCHEME: &str = "mapping://";

/// A mistake in a document, with its exact place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mistake {
    /// File name as given, or `<body>`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
    /// JSON pointer of the node: `/do/0/createOrder/call`.
    pub pointer: String,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The likely fix: ``did you mean `createOrder`?``
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the mistake prevents deployment.
    pub severity: Severity,
}

/// Whether a mistake prevents deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The definition cannot be deployed.
    Error,
    /// The definition can be deployed, but is probably not what its author meant.
    Warning,
}

/// What definitions may refer to besides themselves: functions of the catalog folders
/// (`call: netsuite.upsertCustomer`), OpenAPI documents in files, programs and secrets.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// The functions' tasks as JSON, by name (`netsuite.upsertCustomer`).
    pub by_name: BTreeMap<String, Value>,
    /// The OpenAPI documents, by URI (`file://openapi/pets.yaml`).
    pub documents: BTreeMap<String, Arc<openapi::Document>>,
    /// The mappings, by name. They are for people; runs use the functions compiled from them.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
    /// Programs that the operator allows. Others are refused in `run`.
    pub processes: BTreeSet<ProcessKind>,
    /// Secrets that `hub.yaml` releases to definitions.
    pub secrets: Releases,
}

impl Functions {
    /// Replaces the allowed programs.
    #[must_use]
    pub fn with_processes(mut self, processes: impl IntoIterator<Item = ProcessKind>) -> Self {
        self.processes = processes.into_iter().collect();
        self
    }

    /// Replaces the released secrets.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Releases) -> Self {
        self.secrets = secrets;
        self
    }

    /// Returns everything that determines how a definition behaves: functions by name and documents by URI. A
    /// function's name is never a URI.
    fn content(&self) -> BTreeMap<&str, &Value> {
        let functions = self.by_name.iter().map(|(name, task)| (name.as_str(), task));
        functions.chain(self.documents.iter().map(|(uri, document)| (uri.as_str(), document.value()))).collect()
    }

    /// Returns one object to store: functions by name, documents and the texts of mappings by URI.
    #[must_use]
    pub fn to_stored(&self) -> BTreeMap<Cow<'_, str>, Cow<'_, Value>> {
        let content = self.content().into_iter().map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)));
        let text = |mapping: &Mapping| Cow::Owned(Value::String(mapping.text.clone()));
        let mappings = self.mappings.iter().map(|(name, one)| (format!("{MAPPING_SCHEME}{name}").into(), text(one)));
        content.chain(mappings).collect()
    }

    /// Reads what [`Functions::to_stored`] returned.
    ///
    /// # Errors
    /// This version cannot read one of the documents.
    pub fn from_stored(stored: BTreeMap<String, Value>) -> Result<Self, openapi::Refusal> {
        // Deployed definitions must stay readable; whether a program may run is checked when it starts.
        let mut functions = Self::default().with_processes(ProcessKind::ALL);
        for (name, value) in stored {
            if let (Some(mapping), Value::String(text)) = (name.strip_prefix(MAPPING_SCHEME), &value) {
                // Mappings are for people, so one that this version cannot read stops no run.
                let read = Mapping::read(&name, mapping, text).ok();
                functions.mappings.extend(read.map(|read| (mapping.to_owned(), Arc::new(read))));
            } else if name.starts_with(catalog::DOCUMENT_SCHEME) {
                functions.documents.insert(name, Arc::new(openapi::Document::new(value)?));
            } else {
                functions.by_name.insert(name, value);
            }
        }
        Ok(functions)
    }
}

/// A definition with the texts it was built from.
#[derive(Debug, Clone)]
pub struct Built {
    /// The definition.
    pub definition: Arc<Definition>,
    /// The source text.
    pub source: String,
    /// The catalog functions and documents that it uses, directly or indirectly. They are stored with it, so a run
    /// never sees later ones.
    pub functions: Functions,
    /// SHA-256 of source, functions and documents. Notes and samples of a mapping do not affect it.
    pub hash: [u8; 32],
    /// Mistakes that do not prevent deployment.
    pub warnings: Vec<Mistake>,
}

/// Builds a definition from a YAML or JSON text.
///
/// # Errors
/// All mistakes of the text.
pub fn build(file: &str, text: &str, functions: &Functions) -> Result<Built, Vec<Mistake>> {
    builder::build(file, text, functions, builder::Origin::Unknown)
}

/// Returns the namespace and name in a text, even if the rest has mistakes; `None` if the text has none.
///
/// # Errors
/// The text is neither YAML nor JSON.
pub fn named(file: &str, text: &str) -> Result<Option<(String, String)>, Vec<Mistake>> {
    let source = source::read(file, text)?;
    let document = source.root().get("document");
    let part = |name: &str| Some(document?.get(name)?.as_text()?.to_owned());
    Ok(part("namespace").zip(part("name")))
}

/// Builds a definition that was deployed before, without validating it against the official schema again.
///
/// # Errors
/// This version of Stepwell does not understand the text.
pub fn rebuild(file: &str, text: &str, functions: &Functions) -> Result<Built, Vec<Mistake>> {
    builder::build(file, text, functions, builder::Origin::Deployed)
}
