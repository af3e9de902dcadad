//! Builds a [`Definition`](super::Definition) from a document: resolves every name, parses every expression, expands
//! every function.
//!
//! The builder does not stop at the first mistake: it skips a part that cannot be built and continues. It returns a
//! definition only if there were no mistakes at all. There is one file per part of the language.

mod dataflow;
mod document;
mod event;
mod expression;
mod fields;
mod kinds;
mod literals;
mod metadata;
mod question;
mod task;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::definition::{ProcessKind, Task};
use super::mistake::{Place, Report};
use super::source::{Node, Source, read};
use super::{Built, Functions, Mistake, Releases, official};
use crate::openapi::Document;
use expression::Scope;
use stepwell_expr::{Expression, ParseError};

/// Most tasks of a definition, counted after functions are expanded.
const TASKS_MAX: usize = 5_000;
/// Deepest nesting of tasks, counted after functions are expanded.
const TASK_DEPTH_MAX: usize = 48;

type Parsed = Result<Expression, ParseError>;

/// The state of building one document.
struct Builder<'s> {
    report: Report<'s>,
    catalog: &'s BTreeMap<String, Source>,
    documents: &'s BTreeMap<String, Arc<Document>>,
    /// `use` of the document; `None` while a catalog's own functions are checked.
    r#use: Option<Node<'s>>,
    tasks: Vec<Option<Task>>,
    /// The source position of each task; parallel to `tasks`.
    places: Vec<Place>,
    /// Catalog functions that the document uses, directly or indirectly.
    functions: BTreeSet<String>,
    /// Inside a function that declares the types of its errors.
    named_errors: bool,
    /// Programs that the document may run.
    allowed: BTreeSet<ProcessKind>,
    /// Secrets released to definitions; `None` for a catalog's own functions and for deployed documents.
    releases: Option<&'s Releases>,
    /// The document's namespace, once it is known.
    namespace: Option<String>,
    /// Whether literal credentials are refused. Deployed documents must stay readable.
    is_new: bool,
    /// URIs of the OpenAPI documents in use.
    used_documents: BTreeSet<String>,
    /// Entries of `use` that were referred to, and are therefore checked already: section and name.
    referred: HashSet<(String, String)>,
    expressions: HashMap<(String, String), Parsed>,
    values: HashMap<(usize, u32), Arc<Value>>,
    depth: usize,
    /// `evaluate: {mode: loose}`
    loose: bool,
    /// Inside an extension, whose own tasks are not extended.
    extending: bool,
}

/// Whether a text was deployed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Not known to be deployed: everything is checked.
    Unknown,
    /// Deployed before: it passed the official schema then.
    Deployed,
}

/// Builds a definition from a text; see [`super::build`].
pub(super) fn build(file: &str, text: &str, functions: &Functions, origin: Origin) -> Result<Built, Vec<Mistake>> {
    let source = read(file, text)?;
    let catalog = sources(functions);
    let mut builder = Builder::new(file, &catalog, &functions.documents, source.root().get("use"));
    builder.allowed.clone_from(&functions.processes);
    // The secrets of a deployed definition are checked again when it runs.
    builder.releases = (origin == Origin::Unknown).then_some(&functions.secrets);
    builder.is_new = origin == Origin::Unknown;
    let mut definition = builder.definition(source.root());
    if !builder.report.has_errors() && origin == Origin::Unknown {
        official::check(&source, &mut builder.report);
    }
    let used = Functions {
        by_name: functions
            .by_name
            .iter()
            .filter(|(name, _)| builder.functions.contains(*name))
            .map(|(name, task)| (name.clone(), task.clone()))
            .collect(),
        documents: functions
            .documents
            .iter()
            .filter(|(uri, _)| builder.used_documents.contains(*uri))
            .map(|(uri, document)| (uri.clone(), Arc::clone(document)))
            .collect(),
        mappings: functions
            .mappings
            .iter()
            .filter(|(name, _)| builder.functions.iter().any(|used| is_of(used, name)))
            .map(|(name, mapping)| (name.clone(), Arc::clone(mapping)))
            .collect(),
        processes: functions.processes.clone(),
        secrets: functions.secrets.clone(),
    };
    if let Some(definition) = &mut definition {
        definition.mappings = used.mappings.values().cloned().collect();
    }
    let failed = builder.report.has_errors();
    if !failed && definition.is_none() {
        builder.report.error(source.root(), "the document cannot be built for an unknown reason");
    }
    let mistakes = builder.report.finish();
    match definition.filter(|_| !failed) {
        Some(definition) => Ok(Built {
            definition: Arc::new(definition),
            source: text.to_owned(),
            hash: hash(text, &used),
            functions: used,
            warnings: mistakes,
        }),
        None => Err(mistakes),
    }
}

/// Whether a function such as `partner.toErp` belongs to this mapping.
fn is_of(function: &str, mapping: &str) -> bool {
    function.rsplit_once('.').is_some_and(|(catalog, _)| catalog == mapping)
}

/// Checks one function of a catalog file. Mistakes in the functions that it calls are reported for their own files.
pub(super) fn check_function(
    file: &str,
    name: &str,
    function: Node<'_>,
    catalog: &BTreeMap<String, Source>,
    documents: &BTreeMap<String, Arc<Document>>,
) -> Vec<Mistake> {
    let mut builder = Builder::new(file, catalog, documents, None);
    builder.report.own_text_only = true;
    // Whether programs are allowed is checked where the function is used.
    builder.allowed.extend(ProcessKind::ALL);
    builder.report.calls.push(super::mistake::Call { name: name.to_owned(), node: function, catalog: true });
    builder.task(
        function,
        &task::Site::body(name, format!("/functions/{}", super::source::escaped(name)), &Scope::default()),
    );
    builder.check_literals(function);
    if !builder.report.has_errors() {
        official::check_task(name, function, &mut builder.report);
    }
    builder.report.finish()
}

/// Returns the catalog functions as documents without source text.
pub(super) fn sources(functions: &Functions) -> BTreeMap<String, Source> {
    functions.by_name.iter().map(|(name, task)| (name.clone(), Source::from_value(task))).collect()
}

fn hash(text: &str, functions: &Functions) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(text.as_bytes());
    for (name, value) in functions.content() {
        hash.update([0]);
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(value.to_string().as_bytes());
    }
    hash.finalize().into()
}

pub(super) use literals::check_document;

impl<'s> Builder<'s> {
    fn new(
        file: &str,
        catalog: &'s BTreeMap<String, Source>,
        documents: &'s BTreeMap<String, Arc<Document>>,
        r#use: Option<Node<'s>>,
    ) -> Self {
        Self {
            report: Report::new(file),
            catalog,
            documents,
            r#use,
            tasks: Vec::new(),
            places: Vec::new(),
            functions: BTreeSet::new(),
            allowed: BTreeSet::new(),
            named_errors: false,
            releases: None,
            namespace: None,
            is_new: true,
            used_documents: BTreeSet::new(),
            referred: HashSet::new(),
            expressions: HashMap::new(),
            values: HashMap::new(),
            depth: 0,
            loose: false,
            extending: false,
        }
    }

    /// Returns the node as JSON. All places where a node is expanded share one value.
    fn value(&mut self, node: Node<'s>) -> Arc<Value> {
        Arc::clone(self.values.entry(node.identity()).or_insert_with(|| Arc::new(node.to_value())))
    }

    /// Returns a section of `use`. Catalog functions stand alone and see none of it.
    fn used_section(&self, section: &str) -> Option<Node<'s>> {
        if self.report.calls.iter().any(|call| call.catalog) {
            return None;
        }
        self.r#use.and_then(|node| node.get(section))
    }
}
