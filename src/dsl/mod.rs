//! The workflow language: from YAML to a [`Definition`] that is always valid once it exists.
//!
//! Errors carry file, line, column and a hint, and all mistakes of a file are reported at once.

pub mod authentication;
mod builder;
mod catalog;
pub mod definition;
mod duration;
mod mistake;
mod official;
pub mod source;

#[cfg(test)]
mod tests;

pub use authentication::Authentication;
pub use catalog::{FOLDER as CATALOG_FOLDER, definition_files};
pub use definition::*;
pub use duration::parse_duration;

use std::sync::Arc;

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

/// Functions of the catalog folders: what `call: netsuite.upsertCustomer` may refer to.
#[derive(Debug, Clone, Default)]
pub struct Functions {
    /// Name (`netsuite.upsertCustomer`) to the function's task as JSON.
    pub by_name: std::collections::BTreeMap<String, serde_json::Value>,
}

/// A definition together with what it was made of.
#[derive(Debug, Clone)]
pub struct Built {
    /// Ready to run.
    pub definition: Arc<Definition>,
    /// The source text, as given.
    pub source: String,
    /// The catalog functions that it uses, directly or not: stored with it, so that a run never sees a later catalog.
    pub functions: Functions,
    /// SHA-256 over source and functions.
    pub hash: [u8; 32],
    /// Mistakes that do not prevent deployment.
    pub warnings: Vec<Mistake>,
}

/// Makes a definition of a YAML or JSON text.
///
/// # Errors
/// All mistakes of the text.
pub fn build(file: &str, text: &str, functions: &Functions) -> Result<Built, Vec<Mistake>> {
    builder::build(file, text, functions)
}
