//! Calls of OpenAPI operations: finds the document, turns the operation into a plain request, and sends that like any
//! other.
//!
//! The document decides where an operation is served. A fetched document may therefore direct a call to any URL that
//! the guard permits, but never through a connection other than its own.

mod documents;

pub(super) use documents::Documents;

use std::sync::Arc;

use url::Url;

use super::Connections;
use super::problem::Problem;
use super::request::target;
use crate::dsl::OwnAuthentication;
use crate::machine::{CallDocument, CallFailure, CallOutcome, CallRequest, OperationCall};
use crate::openapi::{Document, Refusal};

/// A document, and its URL if it was fetched.
#[derive(Debug, Clone)]
struct Found {
    document: Arc<Document>,
    base: Option<Url>,
}

impl Connections {
    /// Sends one attempt of a request that names an operation. Like [`Connections::call`], it never fails.
    ///
    /// `authentication` applies to the operation; `document` has the one for the document.
    pub async fn call_operation(
        &self,
        request: &CallRequest,
        document: &CallDocument,
        authentication: Option<&OwnAuthentication>,
    ) -> CallOutcome {
        // Boxed: most calls are not of this kind, and the future would enlarge all of them.
        match Box::pin(self.concrete(request, document)).await {
            Ok(concrete) => self.call(&concrete, authentication).await,
            Err(failure) => CallOutcome::Failed(*failure),
        }
    }

    /// Resolves an operation to a plain request.
    async fn concrete(&self, request: &CallRequest, document: &CallDocument) -> Result<CallRequest, Box<CallFailure>> {
        let Some(call) = &request.openapi else { return Ok(request.clone()) };
        let found = match document {
            CallDocument::Stored(document) => Found { document: Arc::clone(document), base: None },
            CallDocument::Fetched(authentication) => {
                self.document(&call.document, &request.traceparent, authentication.as_ref()).await?
            }
        };
        self.built(request, call, &found).map_err(|problem| Box::new(problem.into_failure(&self.direct)))
    }

    /// Resolves an operation to a plain request without fetching anything: an operation of a remote document becomes a
    /// POST to the document's URL.
    ///
    /// # Errors
    /// The document has no such operation, or the parameters do not match it.
    pub fn concrete_offline(
        &self,
        request: &CallRequest,
        document: &CallDocument,
    ) -> Result<CallRequest, Box<CallFailure>> {
        let Some(call) = &request.openapi else { return Ok(request.clone()) };
        match document {
            CallDocument::Stored(document) => {
                let found = Found { document: Arc::clone(document), base: None };
                self.built(request, call, &found).map_err(|problem| Box::new(problem.into_failure(&self.direct)))
            }
            CallDocument::Fetched(_) => {
                let uri = call.document.clone();
                Ok(CallRequest { method: "POST".to_owned(), uri, openapi: None, ..request.clone() })
            }
        }
    }

    fn built(&self, request: &CallRequest, call: &OperationCall, found: &Found) -> Result<CallRequest, Box<Problem>> {
        let operation = found.document.operation(&call.operation).map_err(|refusal| refused(call, &refusal))?;
        let built =
            operation.request(&call.parameters, found.base.as_ref()).map_err(|refusal| refused(call, &refusal))?;
        let uri = if found.base.is_some() { self.uri_of_fetched(call, built.uri)? } else { built.uri };
        Ok(CallRequest {
            method: built.method,
            uri,
            headers: built.headers,
            body: built.body,
            query: Vec::new(),
            openapi: None,
            ..request.clone()
        })
    }

    /// URI of an operation whose document was fetched; uses the document's connection if the operation is served there.
    fn uri_of_fetched(&self, call: &OperationCall, uri: String) -> Result<String, Box<Problem>> {
        let url = target::direct(&uri)?;
        let target::Uri::Connection { name, .. } = target::parse(&call.document) else { return Ok(uri) };
        let connection = self.by_name.get(name).ok_or_else(|| self.unknown(name))?;
        let base = connection.url(&self.environment, "")?;
        let rest = url.as_str().strip_prefix(base.as_str().trim_end_matches('/'));
        let inside = rest.filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        if inside.is_none() {
            connection.clients.check(&url)?;
        }
        Ok(inside.map_or(uri, |rest| format!("connection://{name}{rest}")))
    }
}

fn refused(call: &OperationCall, refusal: &Refusal) -> Box<Problem> {
    let place = if refusal.pointer.is_empty() { String::new() } else { format!(" at {}", refusal.pointer) };
    let detail = format!("nothing was sent: {refusal} ({}{place})", call.document);
    match &refusal.parameter {
        Some(_) => Problem::validation("Invalid parameters", detail),
        None => Problem::configuration("Operation cannot be called", detail),
    }
}
