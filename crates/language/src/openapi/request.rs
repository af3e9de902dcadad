//! Builds a request from an operation and the parameters of a call.

use serde_json::{Map, Value};
use url::Url;

use super::body::{Body, Kind};
use super::{Operation, Place, Refusal, Server, Variable};

/// A request, without authentication and without what a connection adds.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// HTTP method in upper case.
    pub method: String,
    /// Absolute URL with the query.
    pub uri: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// A JSON value, the fields of a form, or a text, depending on the content type in `headers`.
    pub body: Option<Value>,
}

impl Operation {
    /// Returns the mistakes of a call that passes these parameters: missing ones first, then unknown ones.
    #[must_use]
    pub fn mistakes(&self, given: &[&str]) -> Vec<Refusal> {
        let missing =
            self.parameters.iter().filter(|p| p.required && !p.is_sent_anyway() && !given.contains(&p.name.as_str()));
        let mut mistakes: Vec<Refusal> = missing
            .map(|p| {
                let message = format!("operation `{}` needs the parameter `{}`", self.id, p.name);
                Refusal::new(&p.pointer, message).about(&p.name)
            })
            .collect();
        let rest: Vec<&str> = given.iter().copied().filter(|name| !self.declares(name)).collect();
        match &self.body {
            Some(body) => mistakes.extend(self.body_mistakes(body, &rest)),
            None => mistakes.extend(rest.iter().map(|name| self.unknown(name))),
        }
        mistakes
    }

    /// Returns the names of all parameters that a call may pass.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.body.iter().flat_map(|body| body.fields.keys().chain(&body.whole));
        self.parameters.iter().map(|p| &p.name).chain(self.server.variables.keys()).chain(fields).map(String::as_str)
    }

    fn declares(&self, name: &str) -> bool {
        self.parameters.iter().any(|p| p.name == name) || self.server.variables.contains_key(name)
    }

    fn unknown(&self, name: &str) -> Refusal {
        let message = format!("operation `{}` has no parameter `{name}`", self.id);
        Refusal::new(&self.pointer, message).about(name)
    }

    fn body_mistakes(&self, body: &Body, rest: &[&str]) -> Vec<Refusal> {
        if let Some(whole) = body.whole_name(rest) {
            return rest.iter().filter(|name| **name != whole).map(|name| self.unknown(name)).collect();
        }
        let mut mistakes: Vec<Refusal> =
            rest.iter().filter(|name| !body.takes(name)).map(|name| self.unknown(name)).collect();
        if body.required && rest.is_empty() {
            let names: Vec<String> = body.whole.iter().take(1).map(|name| format!("as `{name}`")).collect();
            let parts = if body.kind == Kind::Text { "" } else { ", or each of its properties under its name" };
            let message = format!("operation `{}` needs a body: give it {}{parts}", self.id, names.join(""));
            mistakes.push(Refusal::new(&body.pointer, message));
        }
        let missing = body.fields.iter().filter(|(name, field)| field.required && !rest.contains(&name.as_str()));
        mistakes.extend(missing.map(|(name, field)| {
            let message = format!("operation `{}` needs the parameter `{name}`", self.id);
            Refusal::new(&field.pointer, message).about(name)
        }));
        mistakes
    }

    /// Builds the request of a call. A null parameter counts as not passed, but is sent as null inside a body. `base`
    /// is the URL of the document, to which a relative server refers.
    ///
    /// # Errors
    /// A required parameter is missing, a parameter is unknown, or a value cannot be serialized.
    pub fn request(&self, given: &Map<String, Value>, base: Option<&Url>) -> Result<Request, Refusal> {
        let names: Vec<&str> = given
            .iter()
            .filter(|(name, value)| !(value.is_null() && self.declares(name)))
            .map(|(name, _)| name.as_str())
            .collect();
        if let Some(mistake) = self.mistakes(&names).into_iter().next() {
            return Err(mistake);
        }
        let mut path = self.path.clone();
        let (mut query, mut headers, mut cookies) = (Vec::new(), Vec::new(), Vec::new());
        for parameter in &self.parameters {
            let Some(value) = given.get(&parameter.name).filter(|value| !value.is_null()) else { continue };
            match parameter.place {
                Place::Path => path = path.replace(&format!("{{{}}}", parameter.name), &parameter.in_path(value)?),
                Place::Query => query.push(parameter.in_query(value)?),
                Place::Header => headers.push((parameter.name.clone(), parameter.in_header(value)?)),
                Place::Cookie => cookies.push(parameter.in_query(value)?.replace('&', "; ")),
            }
        }
        if let Some(open) = path.find('{') {
            return Err(Refusal::new(&self.pointer, format!("the path has no parameter for `{}`", &path[open..])));
        }
        if !cookies.is_empty() {
            headers.push(("Cookie".to_owned(), cookies.join("; ")));
        }
        headers.extend(self.accept.iter().map(|types| ("Accept".to_owned(), types.clone())));
        let body = self.body_value(given)?;
        if let (Some(declared), Some(_)) = (&self.body, &body) {
            headers.push(("Content-Type".to_owned(), declared.content_type.clone()));
        }
        let mut uri = format!("{}{path}", self.server.resolved(given, base, &self.pointer)?);
        query.retain(|part| !part.is_empty());
        if !query.is_empty() {
            uri = format!("{uri}{}{}", if uri.contains('?') { '&' } else { '?' }, query.join("&"));
        }
        Ok(Request { method: self.method.clone(), uri, headers, body })
    }

    /// Checks that the document alone determines the server of the operation.
    ///
    /// # Errors
    /// The server is relative to the document's URL, or not a valid URL.
    pub fn is_placed(&self) -> Result<(), Refusal> {
        self.server.resolved(&Map::new(), None, &self.pointer).map(drop)
    }

    fn body_value(&self, given: &Map<String, Value>) -> Result<Option<Value>, Refusal> {
        let Some(body) = &self.body else { return Ok(None) };
        let rest: Map<String, Value> =
            given.iter().filter(|(name, _)| !self.declares(name)).map(|(k, v)| (k.clone(), v.clone())).collect();
        body.value(&rest)
    }
}

impl Server {
    /// Returns the base URL of all paths, without a trailing slash.
    fn resolved(&self, given: &Map<String, Value>, base: Option<&Url>, pointer: &str) -> Result<String, Refusal> {
        let mut url = self.url.clone();
        for (name, variable) in &self.variables {
            let value = match given.get(name).filter(|value| !value.is_null()) {
                None => variable.default.clone(),
                Some(value) => variable.checked(name, value, pointer)?,
            };
            url = url.replace(&format!("{{{name}}}"), &value);
        }
        let refuse = |why: &str| Refusal::new(pointer, format!("the server `{url}` of the document {why}"));
        if url.contains('{') {
            return Err(refuse("has a variable that the document does not define"));
        }
        let absolute = match base {
            _ if url.contains("://") => url.clone(),
            Some(base) => base.join(&url).map_err(|e| refuse(&format!("is not a valid URL: {e}")))?.into(),
            // Swagger 2.0 without `schemes`.
            None if url.starts_with("//") => format!("https:{url}"),
            None => return Err(refuse("is relative, but a document in a file has no URL: write an absolute one")),
        };
        if absolute.contains(['?', '#']) {
            return Err(refuse("has a query or a fragment"));
        }
        Ok(absolute.trim_end_matches('/').to_owned())
    }
}

impl Variable {
    /// Returns the text of a variable passed by a call. If the document lists no values, it must be a plain name, so
    /// that it cannot change the host.
    fn checked(&self, name: &str, value: &Value, pointer: &str) -> Result<String, Refusal> {
        let refuse = |why: String| Refusal::new(pointer, format!("the server's variable `{name}` {why}")).about(name);
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(refuse("must be a text".to_owned())),
        };
        if !self.allowed.is_empty() {
            let listed = || refuse(format!("must be one of: {}", self.allowed.join(", ")));
            return self.allowed.contains(&text).then_some(text).ok_or_else(listed);
        }
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        plain.then_some(text).ok_or_else(|| refuse("may contain only letters, digits, `-` and `_`".to_owned()))
    }
}
