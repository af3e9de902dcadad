//! `use`: unused entries are checked as well, so a mistake is reported before anyone uses the entry.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::Scope;
use crate::dsl::builder::task::Site;
use crate::dsl::mistake::{Call, Spot, shortened};
use crate::dsl::source::{Node, escaped};

const RESERVED: [&str; 6] = ["http", "openapi", "grpc", "asyncapi", "a2a", "mcp"];
const SECTIONS: [&str; 8] =
    ["authentications", "errors", "extensions", "functions", "retries", "secrets", "timeouts", "catalogs"];

impl<'s> Builder<'s> {
    /// Checks every section of `use`.
    pub(crate) fn check_use(&mut self) {
        let Some(node) = self.r#use.and_then(|node| self.closed(node, &SECTIONS)) else { return };
        if let Some(catalogs) = node.get("catalogs").and_then(|n| self.object(n)) {
            for (name, catalog) in catalogs.entries() {
                self.check_catalog(name, catalog);
            }
        }
        if let Some(extensions) = node.get("extensions") {
            self.check_extensions(extensions);
        }
        if let Some(secrets) = node.get("secrets") {
            self.check_secrets(secrets);
        }
        for section in ["authentications", "errors", "functions", "retries", "timeouts"] {
            let Some(object) = node.get(section).and_then(|n| self.object(n)) else { continue };
            for (name, value) in object.entries() {
                self.check_reusable(section, name, value);
            }
        }
    }

    /// Requires the endpoint of a catalog to be a folder beside the definition. Nothing is fetched when a definition is
    /// built.
    fn check_catalog(&mut self, name: &str, node: Node<'s>) {
        let endpoint = self.closed(node, &["endpoint"]).and_then(|n| self.required(n, "endpoint"));
        let Some(endpoint) = endpoint else { return };
        let uri = endpoint.get("uri").unwrap_or(endpoint);
        let place = format!("file:functions/{name}");
        if self.text(uri).is_some_and(|text| text != place) {
            let message = "a catalog is a folder beside the workflows: nothing is fetched when a definition is built";
            let hint =
                format!("put its functions into `functions/{name}/` and write `uri: {place}`, or leave this out");
            self.report.error_with_hint(uri, message, hint);
        }
    }

    fn check_secrets(&mut self, node: Node<'s>) {
        if !node.is_list() {
            self.report.error(node, format!("`secrets` must be a list of names, not {}", node.kind()));
        }
        for item in node.items() {
            if let Some(name) = self.text(item) {
                self.check_released(name, item);
            }
        }
    }

    fn check_reusable(&mut self, section: &str, name: &str, value: Node<'s>) {
        let scope = Scope { local: vec!["error".to_owned()], undo: false };
        match section {
            "authentications" => drop(self.authentication(value)),
            // Entries in use were checked where they are referred to, with the variables visible there.
            _ if self.is_referred(section, name) => {}
            "errors" => drop(self.error(value, &scope)),
            "retries" => drop(self.retry(value, &scope)),
            "timeouts" => {
                let after = self.closed(value, &["after"]).and_then(|n| self.required(n, "after"));
                after.map(|n| self.duration(n, &scope));
            }
            "functions" => self.check_own_function(name, value),
            _ => {}
        }
    }

    fn is_referred(&self, section: &str, name: &str) -> bool {
        self.referred.contains(&(section.to_owned(), name.to_owned()))
    }

    /// Builds an unused function for its mistakes and discards the result.
    fn check_own_function(&mut self, name: &str, value: Node<'s>) {
        if RESERVED.contains(&name) {
            let message =
                format!("a function cannot be named `{}`: the language has a call with that name", shortened(name));
            self.report.error(Spot::key(value), message);
            return;
        }
        if self.is_referred("functions", name) {
            return;
        }
        let (tasks, functions, documents) = (self.tasks.len(), self.functions.clone(), self.used_documents.clone());
        self.report.calls.push(Call { name: name.to_owned(), node: value, catalog: false });
        let reference = format!("/use/functions/{}", escaped(name));
        self.task(value, &Site::body(name, reference, &Scope::default()));
        self.report.calls.pop();
        self.tasks.truncate(tasks);
        self.places.truncate(tasks);
        self.functions = functions;
        self.used_documents = documents;
    }
}
