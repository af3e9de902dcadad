//! Scenarios that pass, scenarios that fail, and invalid files.

mod acts;
mod boundaries;
mod catalogs;
mod explore;
mod history;
mod mappings;
mod mistakes;
mod mocks;
mod parallel;
mod questions;
mod recorded;
mod relatives;
mod shipped;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::connect::{ConnectSettings, Connection, Connections, Secrets};
use crate::dsl::{self, Authentication, Definition, Functions, SecretTemplate};
use crate::expr::Evaluation;
use crate::identifiers::Declared;

/// A definition, and the sandbox's ERP as the connection `erp`.
struct Fixture {
    definition: Arc<Definition>,
    connections: Connections,
    identifiers: Arc<Declared>,
    file: ScenarioFile,
}

impl Fixture {
    /// A workflow with these tasks, and its scenarios.
    fn new(tasks: &str, scenarios: &str) -> Self {
        Self::of("{}", tasks, scenarios)
    }

    /// Like [`Self::new`], with document metadata.
    fn of(metadata: &str, tasks: &str, scenarios: &str) -> Self {
        let head =
            format!("document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0', metadata: {metadata} }}\n");
        let built = dsl::build("n.yaml", &format!("{head}{tasks}"), &Functions::default());
        let definition = built.unwrap_or_else(|mistakes| panic!("{mistakes:?}")).definition;
        let file = read("n.scenarios.yaml", scenarios).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let erp = Connection {
            base_urls: BTreeMap::from([("sandbox".to_owned(), "http://127.0.0.1:8081/erp".parse().expect("a URL"))]),
            authentication: Some(Authentication::Bearer { token: SecretTemplate::Secret("token".to_owned()) }),
            ..Connection::default()
        };
        let settings = ConnectSettings {
            connections: BTreeMap::from([("erp".to_owned(), erp)]),
            secrets: Secrets::fixed([("token", "sandbox-erp-token")]),
            ..ConnectSettings::default()
        };
        let connections = Connections::new(settings).expect("valid settings");
        Self { definition, connections, identifiers: Arc::default(), file }
    }

    fn stage(&self) -> Stage<'_> {
        Stage {
            definition: &self.definition,
            connections: &self.connections,
            identifiers: &self.identifiers,
            evaluate: &Evaluation::here,
            invariants: &self.file.invariants,
            profile: <&crate::sandbox::Profile>::default(),
        }
    }

    fn first(&self) -> &Scenario {
        &self.file.scenarios[0]
    }

    fn rehearse(&self, schedule: &str) -> Trace {
        let schedule = if schedule.is_empty() { Schedule::default() } else { schedule.parse().expect("a schedule") };
        self.stage().rehearse(self.first(), &schedule)
    }

    /// The differences from what the first scenario expects.
    fn differences(&self) -> Vec<String> {
        differences(&self.definition, &self.first().expect, &self.rehearse(""))
    }
}
