//! `run`: another workflow. Containers, scripts and shell commands are refused.

use super::Builder;
use super::expression::{Scope, Stage};
use super::fields::complete;
use crate::dsl::definition::{RunTask, TaskKind};
use crate::dsl::mistake::Spot;
use crate::dsl::source::Node;

impl<'s> Builder<'s> {
    pub(super) fn run(&mut self, value: Node<'s>, scope: &Scope) -> Option<TaskKind> {
        let object = self.closed(value, &["workflow", "container", "script", "shell", "await", "return"])?;
        for kind in ["container", "script", "shell"] {
            if let Some(found) = object.get(kind) {
                let message = format!("`run: {kind}` is refused: Stepwell runs no foreign programs on its node");
                let hint = "supported: `run: {workflow: ...}`; put the program behind an HTTP address and `call` it";
                self.report.error_with_hint(Spot::key(found), message, hint.to_owned());
                return None;
            }
        }
        if let Some(found) = object.get("return") {
            let hint = "leave it out: the output of the task is the output of the workflow".to_owned();
            self.report.error_with_hint(Spot::key(found), "`return` is for processes, not for workflows", hint);
        }
        let awaits = object.get("await").map(|n| self.boolean(n));
        let workflow = self.required(object, "workflow")?;
        let workflow = self.closed(workflow, &["namespace", "name", "version", "input"])?;
        let mut text = |key| self.required(workflow, key).and_then(|n| self.text(n)).map(str::to_owned);
        let (namespace, name) = (text("namespace"), text("name"));
        let version = self.child_version(workflow);
        let input = workflow.get("input").map(|n| self.template(n, Stage::Within, scope));
        let (awaits, input) = (complete(awaits)?.unwrap_or(true), complete(input)?);
        Some(TaskKind::Run(Box::new(RunTask { namespace: namespace?, name: name?, version: version?, input, awaits })))
    }

    /// An exact version, or `latest`.
    fn child_version(&mut self, workflow: Node<'s>) -> Option<Option<String>> {
        let node = self.required(workflow, "version")?;
        let text = self.text(node)?;
        if text == "latest" {
            return Some(None);
        }
        if semver::Version::parse(text).is_err() {
            let hint = "write for example `version: '1.0.0'`, or `version: latest`".to_owned();
            self.report.error_with_hint(node, "`version` must be a semantic version or `latest`", hint);
            return None;
        }
        Some(Some(text.to_owned()))
    }
}
