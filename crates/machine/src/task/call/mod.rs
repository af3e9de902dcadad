//! `call: http`, directly or as a function's single call, and `call: openapi`: from templates to a request.

mod credentials;
mod process;
pub(crate) mod progress;

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::Opening;
use crate::decide::Entry;
use crate::decide::{Decider, Values};
use crate::decide::{Halt, Scope, kind};
use crate::{CallRequest, Change, ErrorKind, OperationCall, Time, WorkflowError, identity};
use stepwell_expr::Template;
use stepwell_language::dsl::{CallTask, Endpoint, HttpCall, OpenApiCall, OpenApiDocument, Protocol};

pub(crate) use credentials::Unrecorded;
pub use progress::{CallPhase, CallProgress, Unacted};

/// What simple RFC 6570 expansion leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Decider<'_> {
    pub(crate) fn open_call(
        &mut self,
        entry: &Entry,
        call: &CallTask,
        input: &Arc<Value>,
        scope: &Scope,
        deadline: Option<Time>,
    ) -> Result<(), Halt> {
        let (inner, scope) = self.values().function_input(call, input, scope)?;
        let request = Arc::new(self.values().request(entry, &call.protocol, &inner, &scope)?);
        let unrecorded = self.values().unrecorded(&call.protocol, &inner, &scope)?;
        if entry.again && self.run.execution(entry.id).is_some_and(|e| e.attempts() > 0) {
            self.emit_entry(entry, Change::AttemptStarted { execution: entry.id, request: Some(request) });
        } else {
            self.emit_started(entry, input, Opening::Call(request), deadline);
        }
        self.send_with(entry.id, unrecorded);
        Ok(())
    }
}

impl Values<'_> {
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
    pub(crate) fn function_output(
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
        let request = match protocol {
            Protocol::Http(http) => self.http_request(http, input, scope)?,
            Protocol::OpenApi(call) => self.operation_request(call, input, scope)?,
            Protocol::Process(call) => CallRequest {
                process: Some(self.process_request(entry, call, input, scope)?),
                ..CallRequest::default()
            },
        };
        Ok(CallRequest {
            idempotency_key: self.key_of(entry.task, &entry.coordinates),
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

/// Simple expansion of RFC 6570 over top-level names (PROFILE.md, "URI templates"). A name without a value is a fault that
/// names it: the URI would mean something else without it, such as the whole collection. So is a value that leaves a segment
/// of the path empty, or makes a dot segment of it; in a query an empty text is an empty value.
fn expand(template: &str, input: &Value) -> Result<String, Halt> {
    let fault = |name: &str, why: &str| expression_fault(format!("the URI template {template}: {{{name}}} {why}"));
    let mut uri = String::with_capacity(template.len() + 16);
    let mut filled: Vec<(&str, std::ops::Range<usize>)> = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        uri.push_str(before);
        let Some((name, following)) = after.split_once('}') else {
            return Err(expression_fault(format!("the URI template {template} has a brace that is never closed")));
        };
        let value = match input.get(name) {
            None => return Err(fault(name, "has no value: the input has nothing of that name")),
            Some(Value::Null) => return Err(fault(name, "has no value: it is null")),
            Some(Value::String(text)) => text.clone(),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
            Some(other) => return Err(fault(name, &format!("is {}, which no URI can hold", kind(other)))),
        };
        let begin = uri.len();
        uri.extend(utf8_percent_encode(&value, UNRESERVED));
        filled.push((name, begin..uri.len()));
        rest = following;
    }
    uri.push_str(rest);
    // Values are encoded: these characters are the template's own.
    let path = &uri[..uri.find(['?', '#']).unwrap_or(uri.len())];
    for (name, range) in filled.iter().filter(|(_, range)| range.end <= path.len()) {
        let begin = path[..range.start].rfind('/').map_or(0, |at| at + 1);
        let end = path[range.end..].find('/').map_or(path.len(), |at| range.end + at);
        match &path[begin..end] {
            "" => return Err(fault(name, "is empty, but stands for a whole segment of the path")),
            segment if is_dot_segment(segment) => {
                return Err(fault(name, "makes a dot segment, which would change the path"));
            }
            _ => {}
        }
    }
    Ok(uri)
}

/// Whether URLs take this segment for "here" or "one up". No encoding helps: they know `%2e%2e` too.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expanded(template: &str, input: Value) -> Result<String, String> {
        expand(template, &input).map_err(|halt| halt.into_error().detail.unwrap_or_default())
    }

    #[test]
    fn a_name_without_a_value_is_a_fault_that_names_it() {
        for template in ["connection://erp/companies/{company}", "connection://erp/companies?id={company}", "{company}"]
        {
            for input in [json!({}), json!({ "company": null }), json!({ "Company": "7" }), Value::Null, json!("7")] {
                let why = expanded(template, input.clone()).expect_err(template);
                assert!(why.contains("{company} has no value"), "{template} {input}: {why}");
            }
        }
    }

    #[test]
    fn an_empty_text_never_stands_for_a_segment_of_a_path() {
        for template in
            ["/companies/{a}", "/companies/{a}/contacts", "/{a}{b}/x", "https://{a}/x", "connection://{a}/x"]
        {
            let why = expanded(template, json!({ "a": "", "b": "" })).expect_err(template);
            assert!(why.contains("{a} is empty"), "{template}: {why}");
        }
        assert_eq!(expanded("/items?q={a}", json!({ "a": "" })).as_deref(), Ok("/items?q="));
        assert_eq!(expanded("/eid:{a}/x?q=/{a}", json!({ "a": "" })).as_deref(), Ok("/eid:/x?q=/"));
        assert_eq!(expanded("/{a}{b}", json!({ "a": "", "b": "7" })).as_deref(), Ok("/7"));
    }

    #[test]
    fn no_value_makes_a_dot_segment() {
        for (template, a) in [
            ("/x/{a}", ".."),
            ("/x/{a}?q=1", "."),
            ("/x/{a}#f", ".."),
            ("/x/{a}{a}", "."),
            ("/x/.{a}/y", "."),
            ("/x/%2e{a}", "."),
            ("/x/%2{a}", "E"),
        ] {
            let why = expanded(template, json!({ "a": a })).expect_err(template);
            assert!(why.contains("dot segment"), "{template}: {why}");
        }
        for (template, a, uri) in [
            ("/x/{a}", "...", "/x/..."),
            ("/x/{a}", "a.b", "/x/a.b"),
            ("/x?p={a}", "..", "/x?p=.."),
            ("/../{a}", "y", "/../y"),
        ] {
            assert_eq!(expanded(template, json!({ "a": a })).as_deref(), Ok(uri));
        }
    }

    #[test]
    fn values_are_encoded_whatever_they_are() {
        let input = json!({ "text": "a/b?c#d{e}%2e ü\\", "number": 1.5, "flag": true });
        assert_eq!(
            expanded("/{text}/{number}/{flag}", input).as_deref(),
            Ok("/a%2Fb%3Fc%23d%7Be%7D%252e%20%C3%BC%5C/1.5/true")
        );
        let exponent: Value = serde_json::from_str(r#"{ "n": 1e+400 }"#).expect("JSON");
        assert_eq!(expanded("/{n}", exponent).as_deref(), Ok("/1e%2B400"));
        for (value, what) in [(json!({}), "an object"), (json!([]), "an array")] {
            assert!(expanded("/{a}", json!({ "a": value })).expect_err("refused").contains(what));
        }
    }
}
