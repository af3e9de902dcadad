//! `call: openapi`: the document, its operation and the parameters. The call is checked here against a document in a
//! file, but not against one at a URL: nothing is fetched when a definition is built.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::catalog::{DOCUMENT_FOLDER, DOCUMENT_SCHEME};
use crate::dsl::definition::{OpenApiCall, OpenApiDocument};
use crate::dsl::mistake::{Spot, did_you_mean, shortened};
use crate::dsl::source::Node;
use crate::openapi::{Document, Operation};
use stepwell_expr::Template;

impl<'s> Builder<'s> {
    /// Reads the arguments of an OpenAPI call.
    pub(crate) fn openapi(&mut self, with: Node<'s>, scope: &Scope) -> Option<OpenApiCall> {
        let known = ["document", "operationId", "parameters", "authentication", "output", "redirect"];
        let with = self.closed(with, &known)?;
        let document = self.required(with, "document").map(|n| self.openapi_document(n, scope));
        let id = self.required(with, "operationId");
        let operation = id.and_then(|n| self.operation_id(n));
        let parameters = with.get("parameters");
        let template = parameters.map(|n| self.object(n).and_then(|n| self.template(n, Stage::Within, scope)));
        let authentication = with.get("authentication").map(|n| self.call_authentication(n, scope));
        let (output, redirect) = (self.output_shape(with), self.redirect(with));
        let (document, operation) = (document??, operation?);
        let method = match (&document, id) {
            (OpenApiDocument::Stored { document, .. }, Some(id)) => {
                Some(self.checked_operation(document, id, &operation, parameters.unwrap_or(with))?.method)
            }
            _ => None,
        };
        Some(OpenApiCall {
            named_errors: self.named_errors,
            document,
            operation,
            method,
            parameters: complete(template)?.unwrap_or_else(|| Template::Literal(Value::Object(Map::new()))),
            output: output?,
            redirect: redirect?,
            authentication: complete(authentication)?,
        })
    }

    fn operation_id(&mut self, node: Node<'s>) -> Option<String> {
        let text = self.text(node)?;
        if text.is_empty() || text.contains("${") {
            let message = "`operationId` must be an operation's id as the document has it, not an expression";
            self.report.error_with_hint(node, message, "use `switch` to choose between operations".to_owned());
            return None;
        }
        Some(text.to_owned())
    }

    /// Reads an external resource: `endpoint`, and a `name` for people.
    fn openapi_document(&mut self, node: Node<'s>, scope: &Scope) -> Option<OpenApiDocument> {
        let resource = self.closed(node, &["name", "endpoint"])?;
        self.optional_text(resource, "name");
        let endpoint = self.required(resource, "endpoint")?;
        let uri = if endpoint.is_object() { endpoint.get("uri") } else { Some(endpoint) };
        let text = uri.and_then(Node::as_text).unwrap_or_default();
        if let (Some(node), true) = (uri, text.starts_with("file:")) {
            return self.document_in_file(node, text);
        }
        if let (Some(node), false) = (uri, text.contains("://") || text.contains("${")) {
            let name = text.trim_start_matches("./").trim_start_matches("openapi/");
            let message = format!("`{}` is not the URL of a document", shortened(text));
            let hint = format!("write `https://host/path`, or `{DOCUMENT_SCHEME}{DOCUMENT_FOLDER}/{name}` for a file");
            self.report.error_with_hint(node, message, hint);
            return None;
        }
        let (endpoint, authentication) = self.endpoint(endpoint, scope);
        Some(OpenApiDocument::Fetched { endpoint: endpoint?, authentication: authentication? })
    }

    fn document_in_file(&mut self, node: Node<'s>, uri: &str) -> Option<OpenApiDocument> {
        if let Some(document) = self.documents.get(uri) {
            self.used_documents.insert(uri.to_owned());
            return Some(OpenApiDocument::Stored { uri: uri.to_owned(), document: Arc::clone(document) });
        }
        let message = format!("there is no OpenAPI document `{}`", shortened(uri));
        let hint = did_you_mean(uri, self.documents.keys().map(String::as_str)).unwrap_or_else(|| {
            format!(
                "put it into the folder `{DOCUMENT_FOLDER}/` beside the definition and write \
                 `{DOCUMENT_SCHEME}{DOCUMENT_FOLDER}/NAME.yaml`"
            )
        });
        self.report.error_with_hint(node, message, hint);
        None
    }

    /// Returns the operation if the document has it and the call passes all required parameters.
    fn checked_operation(
        &mut self,
        document: &Document,
        id: Node<'s>,
        name: &str,
        parameters: Node<'s>,
    ) -> Option<Operation> {
        let operation = match document.operation(name) {
            Ok(operation) => operation,
            Err(refusal) => {
                let hint = did_you_mean(name, document.operation_ids());
                self.report.error_with_hint(id, refusal.to_string(), hint);
                return None;
            }
        };
        if let Err(refusal) = operation.is_placed() {
            self.report.error(id, refusal.to_string());
        }
        self.check_parameters(&operation, parameters);
        Some(operation)
    }

    /// Reports missing and unknown parameters. `node` is `parameters`, or the node that lacks it.
    fn check_parameters(&mut self, operation: &Operation, node: Node<'s>) {
        let given = if node.name() == Some("parameters") { Some(node) } else { None };
        let entries = || given.into_iter().flat_map(Node::entries);
        let names: Vec<&str> =
            entries().filter(|(_, value)| !value.to_value().is_null()).map(|(name, _)| name).collect();
        for mistake in operation.mistakes(&names) {
            let entry = entries().find(|(name, _)| mistake.parameter.as_deref() == Some(*name));
            match entry {
                Some((name, value)) if !names.contains(&name) => {
                    let hint = "null counts as not given".to_owned();
                    self.report.error_with_hint(Spot::key(value), mistake.message, hint);
                }
                Some((name, value)) => {
                    let hint = did_you_mean(name, operation.names());
                    self.report.error_with_hint(Spot::key(value), mistake.message, hint);
                }
                None => {
                    let hint = format!("the document asks for it at `{}`", mistake.pointer);
                    self.report.error_with_hint(Spot::key(node), mistake.message, hint);
                }
            }
        }
    }
}
