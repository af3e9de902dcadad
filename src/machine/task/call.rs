//! `call: http`, directly or as a function's single call, and `call: openapi`: from templates to a request.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::dsl::{CallTask, Endpoint, HttpCall, OpenApiCall, OpenApiDocument, Protocol};
use crate::expr::Template;
use crate::machine::advance::{Entry, Opening};
use crate::machine::dataflow::{Halt, Scope, kind};
use crate::machine::decide::Decider;
use crate::machine::{CallRequest, Change, ErrorKind, OperationCall, Time, WorkflowError, identity};

/// What simple RFC 6570 expansion leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Decider<'_> {
    pub(in crate::machine) fn open_call(
        &mut self,
        entry: &Entry,
        call: &CallTask,
        input: &Arc<Value>,
        scope: &Scope,
        deadline: Option<Time>,
    ) -> Result<(), Halt> {
        let (inner, scope) = self.function_input(call, input, scope)?;
        let request = Arc::new(self.request(entry, &call.protocol, &inner, &scope)?);
        let unrecorded = self.unrecorded(&call.protocol, &inner, &scope)?;
        if entry.again && self.run.execution(entry.id).is_some_and(|e| e.attempts() > 0) {
            self.emit_entry(entry, Change::AttemptStarted { execution: entry.id, request: Some(request) });
        } else {
            self.emit_started(entry, input, Opening { request: Some(request), ..Opening::default() }, deadline);
        }
        self.send_with(entry.id, unrecorded);
        Ok(())
    }

    /// What the HTTP call sees: the function's own transformed input where there is a function.
    pub(super) fn function_input(
        &self,
        call: &CallTask,
        input: &Arc<Value>,
        scope: &Scope,
    ) -> Result<(Arc<Value>, Scope), Halt> {
        let Some(function) = &call.function else { return Ok((Arc::clone(input), scope.clone())) };
        let arguments = Arc::new(self.render(&function.arguments, input, scope)?);
        let mut inside = Scope { input: None, output: None, raw_input: Some(Arc::clone(&arguments)), ..scope.clone() };
        let inner = self.transform_input(&function.input, &arguments, &inside)?;
        inside.input = Some(Arc::clone(&inner));
        Ok((inner, inside))
    }

    /// A function's own `output`, before the caller's.
    pub(in crate::machine) fn function_output(
        &self,
        call: &CallTask,
        input: &Arc<Value>,
        raw: &Arc<Value>,
        scope: &Scope,
    ) -> Result<Arc<Value>, Halt> {
        let Some(function) = &call.function else { return Ok(Arc::clone(raw)) };
        if function.output.r#as.is_none() && function.output.schema.is_none() {
            return Ok(Arc::clone(raw));
        }
        let (_, mut inside) = self.function_input(call, input, scope)?;
        inside.raw_output = Some(Arc::clone(raw));
        self.transform_output(&function.output, raw, &inside)
    }

    fn request(
        &self,
        entry: &Entry,
        protocol: &Protocol,
        input: &Arc<Value>,
        scope: &Scope,
    ) -> Result<CallRequest, Halt> {
        let task = self.definition.task(entry.task);
        let request = match protocol {
            Protocol::Http(http) => self.http_request(http, input, scope)?,
            Protocol::OpenApi(call) => self.operation_request(call, input, scope)?,
            Protocol::Process(call) => CallRequest {
                process: Some(self.process_request(entry, call, input, scope)?),
                ..CallRequest::default()
            },
        };
        Ok(CallRequest {
            idempotency_key: identity::idempotency_key(self.run.id, &task.reference, &entry.coordinates).to_string(),
            traceparent: identity::traceparent(self.run.id, entry.id),
            ..request
        })
    }

    fn http_request(&self, http: &HttpCall, input: &Arc<Value>, scope: &Scope) -> Result<CallRequest, Halt> {
        let pairs = |template: &Option<Template>, what| match template {
            None => Ok(Vec::new()),
            Some(template) => text_pairs(self.render(template, input, scope)?, what),
        };
        let method = match self.render(&http.method, input, scope)? {
            Value::String(method) => method.to_ascii_uppercase(),
            other => return Err(expression_fault(format!("the method must be a text, not {}", kind(&other)))),
        };
        Ok(CallRequest {
            method,
            uri: self.uri(&http.endpoint, input, scope)?,
            headers: pairs(&http.headers, "headers")?,
            query: pairs(&http.query, "query")?,
            body: http.body.as_ref().map(|body| self.render(body, input, scope)).transpose()?,
            named_errors: http.named_errors,
            output: http.output,
            redirect: http.redirect,
            ..CallRequest::default()
        })
    }

    fn operation_request(&self, call: &OpenApiCall, input: &Arc<Value>, scope: &Scope) -> Result<CallRequest, Halt> {
        let document = match &call.document {
            OpenApiDocument::Stored { uri, .. } => uri.clone(),
            OpenApiDocument::Fetched { endpoint, .. } => self.uri(endpoint, input, scope)?,
        };
        let parameters = match self.render(&call.parameters, input, scope)? {
            Value::Object(parameters) => parameters,
            other => return Err(expression_fault(format!("parameters must be an object, not {}", kind(&other)))),
        };
        Ok(CallRequest {
            method: call.method.clone().unwrap_or_default(),
            openapi: Some(OperationCall { document, operation: call.operation.clone(), parameters }),
            named_errors: call.named_errors,
            output: call.output,
            redirect: call.redirect,
            ..CallRequest::default()
        })
    }

    fn uri(&self, endpoint: &Endpoint, input: &Arc<Value>, scope: &Scope) -> Result<String, Halt> {
        match endpoint {
            Endpoint::UriTemplate(template) => expand(template, input),
            Endpoint::Expression(expression) => match self.evaluate(expression, input, scope)? {
                Value::String(uri) => Ok(uri),
                other => Err(expression_fault(format!(
                    "{} must give the endpoint's URI as a text, not {}",
                    expression.text(),
                    kind(&other)
                ))),
            },
        }
    }
}

/// Simple expansion of RFC 6570 over top-level names; a missing name is empty (PROFILE.md, "URI templates").
fn expand(template: &str, input: &Value) -> Result<String, Halt> {
    let mut uri = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        uri.push_str(before);
        let Some((name, following)) = after.split_once('}') else {
            return Err(expression_fault(format!("the URI template {template} has a brace that is never closed")));
        };
        match input.get(name) {
            None | Some(Value::Null) => {}
            // As a whole segment it would mean another path, and no encoding helps: URLs know `%2e%2e` too.
            Some(Value::String(text)) if matches!(text.as_str(), "." | "..") && is_segment(&uri, following) => {
                return Err(expression_fault(format!("the URI template's {{{name}}} is a dot segment")));
            }
            Some(Value::String(text)) => uri.extend(utf8_percent_encode(text, UNRESERVED)),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => uri.push_str(&value.to_string()),
            Some(other) => {
                return Err(expression_fault(format!("the URI template's {{{name}}} is {}", kind(other))));
            }
        }
        rest = following;
    }
    uri.push_str(rest);
    Ok(uri)
}

fn is_segment(before: &str, following: &str) -> bool {
    before.ends_with('/') && (following.is_empty() || following.starts_with(['/', '?', '#']))
}

/// An object of texts as pairs; numbers and booleans are written out, null is left out.
pub(super) fn text_pairs(value: Value, what: &str) -> Result<Vec<(String, String)>, Halt> {
    let Value::Object(object) = value else {
        return Err(expression_fault(format!("{what} must be an object of texts, not {}", kind(&value))));
    };
    let mut pairs = Vec::with_capacity(object.len());
    for (name, value) in object {
        match value {
            Value::String(text) => pairs.push((name, text)),
            Value::Number(_) | Value::Bool(_) => pairs.push((name, value.to_string())),
            Value::Null => {}
            other => return Err(expression_fault(format!("{what}.{name} must be a text, not {}", kind(&other)))),
        }
    }
    Ok(pairs)
}

pub(super) fn expression_fault(detail: String) -> Halt {
    Halt::Fault(WorkflowError::standard(ErrorKind::Expression, "request cannot be built", detail))
}
