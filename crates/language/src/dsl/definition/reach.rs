//! The connections and workflows that a definition uses, as far as its text shows.

use std::collections::BTreeSet;

use super::{Definition, Endpoint, OpenApiDocument, Protocol, RunTask, TaskKind};

const SCHEME: &str = "connection://";

impl Definition {
    /// Returns the names of the connections that its calls use. A name computed by an expression is not included.
    #[must_use]
    pub fn connections(&self) -> BTreeSet<String> {
        let calls = self.tasks.iter().filter_map(|task| match &task.kind {
            TaskKind::Call(call) => Some(&call.protocol),
            _ => None,
        });
        calls.flat_map(Protocol::connections).collect()
    }

    /// Returns the child workflows that it starts.
    pub fn children(&self) -> impl Iterator<Item = &RunTask> {
        self.tasks.iter().filter_map(|task| match &task.kind {
            TaskKind::Run(run) => Some(run.as_ref()),
            _ => None,
        })
    }
}

impl Protocol {
    /// Returns the names of the connections that the call uses, as far as its text shows.
    #[must_use]
    pub fn connections(&self) -> BTreeSet<String> {
        match self {
            Self::Http(call) => names_in(text_of(&call.endpoint)),
            Self::OpenApi(call) => match &call.document {
                OpenApiDocument::Stored { document, .. } => names_in(&document.value().to_string()),
                OpenApiDocument::Fetched { endpoint, .. } => names_in(text_of(endpoint)),
            },
            Self::Process(_) => BTreeSet::new(),
        }
    }
}

fn text_of(endpoint: &Endpoint) -> &str {
    match endpoint {
        Endpoint::UriTemplate(uri) => uri,
        Endpoint::Expression(expression) => expression.text(),
    }
}

fn names_in(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let behind = text.split(SCHEME).skip(1);
    let names = behind.map(|rest| rest.chars().take_while(|c| is_part(*c)).collect::<String>());
    names.filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_templates_and_in_expressions() {
        let found = names_in(r#""connection://crm/a/" + .id, "connection://erp-2/b", "connection://" + .name"#);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["crm", "erp-2"]);
    }
}
