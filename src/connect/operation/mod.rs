//! Calls of OpenAPI operations: the document is found, the operation becomes a plain request, and that is sent like any other.
//!
//! Where an operation is served is the document's choice. A document that was fetched may therefore send a call to an address
//! that the guard permits, but never through a connection other than the one it came through itself.

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

/// A document, and where it came from if it was fetched.
#[derive(Debug, Clone)]
struct Found {
    document: Arc<Document>,
    base: Option<Url>,
}

impl Connections {
    /// Sends one attempt of a request that names an operation, and says how it ended. Like [`Connections::call`], it never fails.
    ///
    /// `authentication` is for the operation; that for the document stands in `document`.
    pub async fn call_operation(
        &self,
        request: &CallRequest,
        document: &CallDocument,
        authentication: Option<&OwnAuthentication>,
    ) -> CallOutcome {
        // On the heap: most calls are not of this kind, and each keeps room for the larger.
        match Box::pin(self.concrete(request, document)).await {
            Ok(concrete) => self.call(&concrete, authentication).await,
            Err(failure) => CallOutcome::Failed(*failure),
        }
    }

    /// The plain request that an operation's stands for.
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

    /// The plain request that an operation's stands for, as far as that is known without fetching anything: an operation of a
    /// document elsewhere is a POST to where the document is.
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

    /// The address of an operation whose document was fetched; through the document's connection if it is served there.
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
