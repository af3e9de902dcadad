//! From a document to a [`Definition`](super::Definition): every name resolved, every expression parsed, every function unfolded.
//!
//! The builder never stops at the first mistake: a part that cannot be built is left out, the rest is looked at, and a
//! definition comes out only if there was no mistake at all. One file per part of the language.

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

/// Most tasks of a definition, functions unfolded.
const TASKS_MAX: usize = 5_000;
/// Deepest nesting of tasks, functions unfolded.
const TASK_DEPTH_MAX: usize = 48;

type Parsed = Result<Expression, ParseError>;

/// What is known while a document is built.
struct Builder<'s> {
    report: Report<'s>,
    catalog: &'s BTreeMap<String, Source>,
    documents: &'s BTreeMap<String, Arc<Document>>,
    /// `use` of the document; none while a catalog's own functions are checked.
    r#use: Option<Node<'s>>,
    tasks: Vec<Option<Task>>,
    /// Where each task stands for people, in step with `tasks`.
    places: Vec<Place>,
    /// Catalog functions that the document uses, directly or not.
    functions: BTreeSet<String>,
    /// Inside a function that declares the types of its errors.
    named_errors: bool,
    /// Programs that it may run.
    allowed: BTreeSet<ProcessKind>,
    /// Secrets that are released to definitions; none while a catalog's own functions are checked, or what was deployed.
    releases: Option<&'s Releases>,
    /// The document's, once it is known.
    namespace: Option<String>,
    /// Whether literal credentials are refused: what was deployed must stay readable.
    is_new: bool,
    /// URIs of the OpenAPI documents that it uses.
    used_documents: BTreeSet<String>,
    /// Parts of `use` that were referred to, and so are checked already.
    referred: HashSet<(String, String)>,
    expressions: HashMap<(String, String), Parsed>,
    values: HashMap<(usize, u32), Arc<Value>>,
    depth: usize,
    /// `evaluate: {mode: loose}`
    loose: bool,
    /// Inside an extension: its own tasks are not extended.
    extending: bool,
}

/// Whether a text is new here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It may be anything.
    Unknown,
    /// It was deployed: the official schema was asked then.
    Deployed,
}

/// Makes a definition of a text; see [`super::build`].
pub(super) fn build(file: &str, text: &str, functions: &Functions, origin: Origin) -> Result<Built, Vec<Mistake>> {
    let source = read(file, text)?;
    let catalog = sources(functions);
    let mut builder = Builder::new(file, &catalog, &functions.documents, source.root().get("use"));
    builder.allowed.clone_from(&functions.processes);
    // Whether a deployed definition may use its secrets is asked again when it runs.
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

/// Whether a function, `partner.toErp`, is one of this mapping.
fn is_of(function: &str, mapping: &str) -> bool {
    function.rsplit_once('.').is_some_and(|(catalog, _)| catalog == mapping)
}

/// Checks one function of a catalog file. Mistakes in other functions that it calls belong to their own files.
pub(super) fn check_function(
    file: &str,
    name: &str,
    function: Node<'_>,
    catalog: &BTreeMap<String, Source>,
    documents: &BTreeMap<String, Arc<Document>>,
) -> Vec<Mistake> {
    let mut builder = Builder::new(file, catalog, documents, None);
    builder.report.own_text_only = true;
    // Judged where the function is used.
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

/// Catalog functions as documents without text.
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

    /// The node as JSON, shared by all places where it is unfolded.
    fn value(&mut self, node: Node<'s>) -> Arc<Value> {
        Arc::clone(self.values.entry(node.identity()).or_insert_with(|| Arc::new(node.to_value())))
    }

    /// A part of `use`; catalog functions stand on their own and see none of it.
    fn used_section(&self, section: &str) -> Option<Node<'s>> {
        if self.report.calls.iter().any(|call| call.catalog) {
            return None;
        }
        self.r#use.and_then(|node| node.get(section))
    }
}
