//! The workflow language: from YAML to a [`Definition`] that is always valid once it exists.
//!
//! Errors carry file, line, column and a hint, and all mistakes of a file are reported at once.

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

/// How the text of a mapping is named among what is stored with a definition.
const MAPPING_SCHEME: &str = "mapping://";

/// One mistake in a document, with its exact place.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Mistake {
    /// File name as given, or `<body>`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// JSON pointer of the node: `/do/0/createOrder/call`.
    pub pointer: String,
    /// What is wrong, lower case, no full stop.
    pub message: String,
    /// The likely fix: ``did you mean `createOrder`?``
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether it prevents deployment.
    pub severity: Severity,
}

/// Whether a mistake prevents deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, but think again.
    Warning,
}

/// What definitions may refer to beside themselves: functions of the catalog folders (`call: netsuite.upsertCustomer`)
/// and OpenAPI documents in files.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// Name (`netsuite.upsertCustomer`) to the function's task as JSON.
    pub by_name: BTreeMap<String, Value>,
    /// URI (`file://openapi/pets.yaml`) to the document.
    pub documents: BTreeMap<String, Arc<openapi::Document>>,
    /// Name to the table of which functions were made, for people: what runs is the functions.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
    /// Programs that an operator allowed: `run: shell` and its kin are refused without.
    pub processes: BTreeSet<ProcessKind>,
    /// Secrets that `hub.yaml` releases to definitions.
    pub secrets: Releases,
}

impl Functions {
    /// The same, where these programs are allowed.
    #[must_use]
    pub fn with_processes(mut self, processes: impl IntoIterator<Item = ProcessKind>) -> Self {
        self.processes = processes.into_iter().collect();
        self
    }

    /// The same, where these secrets are released to definitions.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Releases) -> Self {
        self.secrets = secrets;
        self
    }

    /// What decides what a definition does, by name: functions, and documents under their URIs, which no function can have as
    /// a name.
    fn content(&self) -> BTreeMap<&str, &Value> {
        let functions = self.by_name.iter().map(|(name, task)| (name.as_str(), task));
        functions.chain(self.documents.iter().map(|(uri, document)| (uri.as_str(), document.value()))).collect()
    }

    /// As one object: functions under their names, documents and the texts of mappings under URIs.
    #[must_use]
    pub fn to_stored(&self) -> BTreeMap<Cow<'_, str>, Cow<'_, Value>> {
        let content = self.content().into_iter().map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)));
        let text = |mapping: &Mapping| Cow::Owned(Value::String(mapping.text.clone()));
        let mappings = self.mappings.iter().map(|(name, one)| (format!("{MAPPING_SCHEME}{name}").into(), text(one)));
        content.chain(mappings).collect()
    }

    /// From what [`Functions::to_stored`] gave.
    ///
    /// # Errors
    /// A document that this version cannot read.
    pub fn from_stored(stored: BTreeMap<String, Value>) -> Result<Self, openapi::Refusal> {
        // Whether they may run is asked again when they do: what was deployed must stay readable.
        let mut functions = Self::default().with_processes(ProcessKind::ALL);
        for (name, value) in stored {
            if let (Some(mapping), Value::String(text)) = (name.strip_prefix(MAPPING_SCHEME), &value) {
                // It is for people only: one that this version cannot read stops no run.
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

/// A definition together with what it was made of.
#[derive(Debug, Clone)]
pub struct Built {
    /// Ready to run.
    pub definition: Arc<Definition>,
    /// The source text, as given.
    pub source: String,
    /// The catalog functions and documents that it uses, directly or not: stored with it, so that a run never sees later ones.
    pub functions: Functions,
    /// SHA-256 over source, functions and documents; notes and samples of a mapping make no other version.
    pub hash: [u8; 32],
    /// Mistakes that do not prevent deployment.
    pub warnings: Vec<Mistake>,
}

/// Makes a definition of a YAML or JSON text.
///
/// # Errors
/// All mistakes of the text.
pub fn build(file: &str, text: &str, functions: &Functions) -> Result<Built, Vec<Mistake>> {
    builder::build(file, text, functions, builder::Origin::Unknown)
}

/// The same for a text that was deployed before, so that the official schema need not be asked again.
///
/// # Errors
/// This version of Stepwell does not understand the text.
pub fn rebuild(file: &str, text: &str, functions: &Functions) -> Result<Built, Vec<Mistake>> {
    builder::build(file, text, functions, builder::Origin::Deployed)
}
