//! `call: http`: request, endpoint, URI template.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::definition::{CallAuthentication, Endpoint, HttpCall, HttpOutput, Redirect};
use crate::dsl::mistake::{Spot, shortened};
use crate::dsl::source::Node;
use stepwell_expr::Template;

impl<'s> Builder<'s> {
    /// Reads the arguments of an HTTP call.
    pub(crate) fn http(&mut self, with: Node<'s>, scope: &Scope) -> Option<HttpCall> {
        let known = ["method", "endpoint", "headers", "body", "query", "output", "redirect"];
        let with = self.closed(with, &known)?;
        let method = self.required(with, "method").and_then(|n| self.method(n, scope));
        let endpoint = self.required(with, "endpoint").map(|n| self.endpoint(n, scope));
        let headers = with.get("headers").map(|n| self.texts(n, scope));
        let query = with.get("query").map(|n| self.texts(n, scope));
        let body = with.get("body").map(|n| self.template(n, Stage::Within, scope));
        let (output, redirect) = (self.output_shape(with), self.redirect(with));
        let (endpoint, authentication) = endpoint?;
        Some(HttpCall {
            named_errors: self.named_errors,
            method: method?,
            endpoint: endpoint?,
            headers: complete(headers)?,
            query: complete(query)?,
            body: complete(body)?,
            output: output?,
            redirect: redirect?,
            authentication: authentication?,
        })
    }

    /// Reads `output`, which defaults to the content.
    pub(crate) fn output_shape(&mut self, with: Node<'s>) -> Option<HttpOutput> {
        let outputs = [("content", HttpOutput::Content), ("raw", HttpOutput::Raw), ("response", HttpOutput::Response)];
        with.get("output").map_or(Some(HttpOutput::default()), |n| self.word(n, &outputs))
    }

    /// Reads `redirect`.
    pub(crate) fn redirect(&mut self, with: Node<'s>) -> Option<Redirect> {
        let Some(node) = with.get("redirect") else { return Some(Redirect::default()) };
        self.boolean(node).map(|follow| if follow { Redirect::Follow } else { Redirect::IsError })
    }

    fn method(&mut self, node: Node<'s>, scope: &Scope) -> Option<Template> {
        let method = self.text_template(node, Stage::Within, scope)?;
        if let Template::Literal(value) = &method {
            let text = value.as_str().unwrap_or_default();
            if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphabetic()) {
                self.report.error(node, format!("`{}` is not an HTTP method", shortened(text)));
                return None;
            }
            return Some(Template::Literal(text.to_ascii_uppercase().into()));
        }
        Some(method)
    }

    /// Reads `headers` or `query`: an object of texts, or an expression that returns one.
    fn texts(&mut self, node: Node<'s>, scope: &Scope) -> Option<Template> {
        if node.as_text().is_some() {
            return self.wrapped(node, Stage::Within, scope).map(Template::Expression);
        }
        let object = self.object(node)?;
        let mut fits = true;
        for (_, value) in object.entries() {
            fits &= self.text(value).is_some();
        }
        self.template(object, Stage::Within, scope).filter(|_| fits)
    }

    /// Reads `endpoint` with its `authentication`.
    pub(crate) fn endpoint(
        &mut self,
        node: Node<'s>,
        scope: &Scope,
    ) -> (Option<Endpoint>, Option<Option<CallAuthentication>>) {
        if node.as_text().is_some() {
            return (self.uri(node, scope), Some(None));
        }
        let Some(object) = self.closed(node, &["uri", "authentication"]) else { return (None, None) };
        let uri_node = self.required(object, "uri");
        let uri = uri_node.and_then(|n| self.uri(n, scope));
        let authentication = object.get("authentication").map(|n| self.call_authentication(n, scope));
        if let (Some(uri), Some(Some(authentication))) = (uri_node, &authentication) {
            self.check_host(uri, authentication);
        }
        (uri, complete(authentication))
    }

    fn uri(&mut self, node: Node<'s>, scope: &Scope) -> Option<Endpoint> {
        let text = self.text(node)?;
        if text.contains("${") {
            return self.wrapped(node, Stage::Within, scope).map(Endpoint::Expression);
        }
        match check_uri(text) {
            Ok(()) => Some(Endpoint::UriTemplate(text.to_owned())),
            Err((offset, message, hint)) => {
                self.report.error_with_hint(Spot::inside(node, offset), message, hint);
                None
            }
        }
    }
}

type Refusal = (usize, String, Option<String>);

fn check_uri(text: &str) -> Result<(), Refusal> {
    let known = "write `https://host/path`, or `connection://NAME/path` to go through a connection";
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err((0, format!("`{}` is not an absolute URI", shortened(text)), Some(known.to_owned())));
    };
    if !["http", "https", "connection"].contains(&scheme) {
        let message = format!("calls over `{}` are not supported", shortened(scheme));
        return Err((0, message, Some(known.to_owned())));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() || (scheme == "connection" && host.contains(['{', ':', '@'])) {
        let what = if scheme == "connection" { "connection" } else { "host" };
        return Err((scheme.len() + 3, format!("the URI has no {what}"), None));
    }
    if let Some(at) = text.find(char::is_whitespace) {
        return Err((at, "a URI cannot contain white space".to_owned(), None));
    }
    check_braces(text)
}

/// Checks that the URI template uses only simple expansion of top-level names: `{accountId}`.
fn check_braces(text: &str) -> Result<(), Refusal> {
    let mut from = 0;
    while let Some(open) = text[from..].find(['{', '}']).map(|at| from + at) {
        let closed = text[open + 1..].find('}').map(|at| open + 1 + at);
        let Some(end) = closed.filter(|_| text[open..].starts_with('{')) else {
            return Err((open, "the URI template has an unmatched brace".to_owned(), None));
        };
        let name = &text[open + 1..end];
        let simple = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !simple {
            let message =
                format!("`{{{}}}` is not a variable name: only simple expansion is supported", shortened(name));
            let hint = "put other values into `query`, or compute the whole URI with `${ }`".to_owned();
            return Err((open, message, Some(hint)));
        }
        from = end + 1;
    }
    Ok(())
}
