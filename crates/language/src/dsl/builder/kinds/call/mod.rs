//! `call`: HTTP, OpenAPI, and functions of the document or the catalog, which are expanded at the call site.
//!
//! A function that is a single HTTP call becomes a [`FunctionLayer`] around that call: one task, one entry in the
//! journal. Any other function becomes a child task. Its reference is the call's followed by `/call`, the key under
//! which the document names the function: `/do/0/createCustomer/call/do/1/read`.

mod authentication;
mod credentials;
mod http;
mod openapi;

use serde_json::{Map, Value};

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::task::{Role, Site};
use crate::dsl::definition::{CallTask, FunctionLayer, Protocol, TaskKind};
use crate::dsl::mistake::{Call, did_you_mean, shortened};
use crate::dsl::source::Node;
use stepwell_expr::Template;

/// Calls of the language that Stepwell does not support.
const NOT_SUPPORTED: [&str; 4] = ["grpc", "asyncapi", "a2a", "mcp"];

/// The function that a `call` names.
#[derive(Clone, Copy)]
struct Function<'s> {
    node: Node<'s>,
    catalog: bool,
}

impl<'s> Builder<'s> {
    pub(crate) fn call(&mut self, task: Node<'s>, value: Node<'s>, site: &Site<'_, 's>) -> Option<TaskKind> {
        let name = self.text(value)?;
        if NOT_SUPPORTED.contains(&name) {
            let hint = "supported: `http`, `openapi`, and functions of `use.functions` and of the catalog".to_owned();
            self.report.error_with_hint(value, format!("`call: {name}` is not supported"), hint);
            return None;
        }
        if name == "http" {
            let with = self.required(task, "with")?;
            let http = self.http(with, site.scope)?;
            return Some(TaskKind::Call(Box::new(CallTask { function: None, protocol: Protocol::Http(http) })));
        }
        if name == "openapi" {
            let with = self.required(task, "with")?;
            let call = self.openapi(with, site.scope)?;
            return Some(TaskKind::Call(Box::new(CallTask { function: None, protocol: Protocol::OpenApi(call) })));
        }
        let arguments = match task.get("with") {
            None => Some(Template::Literal(Value::Object(Map::new()))),
            Some(with) => self.object(with).and_then(|with| self.template(with, Stage::Within, site.scope)),
        };
        let function = self.function(name, value)?;
        if let Some(first) = self.report.calls.iter().position(|call| call.name == name) {
            let path: Vec<&str> = self.report.calls[first..].iter().map(|call| call.name.as_str()).collect();
            let message = format!("function `{}` calls itself: {} -> {name}", shortened(name), path.join(" -> "));
            self.report.error(value, message);
            return None;
        }
        self.note_use(name, value, function);
        self.report.calls.push(Call { name: name.to_owned(), node: value, catalog: function.catalog });
        let declares =
            function.node.get("metadata").and_then(|m| m.get("errors")).is_some_and(|n| n.items().count() > 0);
        let outside = self.named_errors;
        self.named_errors |= declares;
        let unfolded = self.unfold(name, task, function, site, arguments);
        self.named_errors = outside;
        self.report.calls.pop();
        unfolded
    }

    fn unfold(
        &mut self,
        name: &str,
        task: Node<'s>,
        function: Function<'s>,
        site: &Site<'_, 's>,
        arguments: Option<Template>,
    ) -> Option<TaskKind> {
        let inside = Scope::default();
        let metadata = task.get("metadata").filter(|n| n.is_object());
        if is_layer(function.node, metadata) {
            let input = self.input(function.node, Stage::Before, &inside);
            let output = self.output(function.node, "output", Stage::Within, &inside);
            self.known_keys(function.node, &["call", "with", "input", "output", "metadata"]);
            let http = self.required(function.node, "with").and_then(|with| self.http(with, &inside));
            let layer = FunctionLayer { name: name.to_owned(), arguments: arguments?, input, output };
            return Some(TaskKind::Call(Box::new(CallTask { function: Some(layer), protocol: Protocol::Http(http?) })));
        }
        let reference = format!("{}/call", site.reference);
        let body_site = Site { role: Role::Body, overriding: metadata, ..Site::body(name, reference, &inside) };
        let body = self.task(function.node, &body_site);
        Some(TaskKind::Function { name: name.to_owned(), arguments: arguments?, body: body? })
    }

    /// Returns the metadata of the called function if the call becomes one task with it.
    pub(crate) fn metadata_of_layer(&mut self, task: Node<'s>) -> Option<Node<'s>> {
        let name = task.get("call")?.as_text().filter(|name| *name != "http")?;
        let function = self.find(name)?;
        let own = task.get("metadata").filter(|n| n.is_object());
        is_layer(function.node, own).then(|| function.node.get("metadata")).flatten()
    }

    fn function(&mut self, name: &str, from: Node<'s>) -> Option<Function<'s>> {
        if let Some(found) = self.find(name) {
            return Some(found);
        }
        let local = self.used_section("functions");
        let local = local.into_iter().flat_map(Node::entries).map(|(name, _)| name);
        let known: Vec<&str> =
            local.chain(self.catalog.keys().map(String::as_str)).chain(["http", "openapi"]).collect();
        let hint = did_you_mean(name, known.iter().copied());
        let message = format!("neither `use.functions` nor the catalog has a function `{}`", shortened(name));
        self.report.error_with_hint(from, message, hint);
        None
    }

    /// Looks a function up in `use.functions`, then in the catalog, where `upsertCustomer:1.0.0@netsuite` is another
    /// spelling of `netsuite.upsertCustomer`.
    fn find(&self, name: &str) -> Option<Function<'s>> {
        if let Some(node) = self.used_section("functions").and_then(|functions| functions.get(name)) {
            return Some(Function { node, catalog: false });
        }
        let known = self.catalog_name(name)?;
        self.catalog.get(&known).map(|source| Function { node: source.root(), catalog: true })
    }

    fn note_use(&mut self, name: &str, value: Node<'s>, function: Function<'s>) {
        if !function.catalog {
            self.referred.insert(("functions".to_owned(), name.to_owned()));
            return;
        }
        let Some(known) = self.catalog_name(name) else { return };
        let exact = name.split_once('@').and_then(|(function, _)| function.split_once(':'));
        let versioned = known.contains(':');
        if exact.is_some_and(|(_, version)| version != "latest") && !versioned {
            let message = "this catalog keeps one version of each function, and the current one is used";
            self.report.warning(value, message, "it is stored with the definition and does not change".to_owned());
        }
        self.functions.insert(known);
    }

    /// Returns a function's name in the catalogs: `netsuite.upsertCustomer`, or `global.log:0.5.2`. `latest` or no
    /// version selects the highest version.
    fn catalog_name(&self, name: &str) -> Option<String> {
        let Some((function, catalog)) = name.split_once('@') else {
            return self.catalog.contains_key(name).then(|| name.to_owned());
        };
        let (function, version) = match function.split_once(':') {
            Some((function, version)) => (function, Some(version).filter(|version| *version != "latest")),
            None => (function, None),
        };
        let plain = format!("{catalog}.{function}");
        if let Some(version) = version {
            let exact = format!("{plain}:{version}");
            return [exact, plain].into_iter().find(|name| self.catalog.contains_key(name));
        }
        let versions = self.catalog.keys().filter_map(|known| {
            let version = known.strip_prefix(&plain)?.strip_prefix(':')?;
            Some((semver::Version::parse(version).ok()?, known))
        });
        versions.max().map(|(_, known)| known.clone()).or_else(|| self.catalog.contains_key(&plain).then_some(plain))
    }
}

/// Whether a function is a single HTTP call, so that the call's task can be that HTTP call. A function with its own
/// compensation or query remains a separate task, because those refer to the function's input and output.
fn is_layer(function: Node<'_>, call_metadata: Option<Node<'_>>) -> bool {
    let plain = ["if", "export", "timeout", "then"].iter().all(|key| function.get(key).is_none());
    let has_own_task = |key: &str| {
        let own = function.get("metadata").and_then(|m| m.get(key)).is_some_and(Node::is_object);
        own && call_metadata.and_then(|m| m.get(key)).is_none()
    };
    function.get("call").and_then(Node::as_text) == Some("http")
        && plain
        && !has_own_task("compensate")
        && !has_own_task("reconcile")
}
