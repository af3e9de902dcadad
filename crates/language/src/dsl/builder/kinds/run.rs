//! `run`: another workflow, or a program that the operator allows.

use crate::dsl::builder::Builder;
use crate::dsl::builder::expression::{Scope, Stage};
use crate::dsl::builder::fields::complete;
use crate::dsl::definition::{
    CallTask, ProcessCall, ProcessKind, ProcessReturn, Protocol, Pull, RunTask, TaskKind, container_name_flaw,
    image_flaw, variable_flaw,
};
use crate::dsl::mistake::Spot;
use crate::dsl::source::Node;
use stepwell_expr::Template;

/// Whether the run waits for a program to exit, and what it returns.
struct Ending {
    awaits: bool,
    returns: ProcessReturn,
}

impl<'s> Builder<'s> {
    pub(crate) fn run(&mut self, value: Node<'s>, scope: &Scope) -> Option<TaskKind> {
        let object = self.closed(value, &["workflow", "container", "script", "shell", "await", "return"])?;
        let awaits = object.get("await").map(|n| self.boolean(n));
        for kind in ["container", "script", "shell"] {
            if let Some(found) = object.get(kind) {
                let words = [
                    ("stdout", ProcessReturn::Stdout),
                    ("stderr", ProcessReturn::Stderr),
                    ("code", ProcessReturn::Code),
                    ("all", ProcessReturn::All),
                    ("none", ProcessReturn::None),
                ];
                let returns = object.get("return").map(|n| self.word(n, &words));
                let ending = Ending {
                    awaits: complete(awaits)?.unwrap_or(true),
                    returns: complete(returns)?.unwrap_or_default(),
                };
                let call = match kind {
                    "container" => self.container(found, &ending, scope),
                    "script" => self.script(found, &ending, scope),
                    _ => self.shell(found, &ending, scope),
                }?;
                self.check_allowed(found, call.kind);
                return Some(TaskKind::Call(Box::new(CallTask { function: None, protocol: Protocol::Process(call) })));
            }
        }
        if let Some(found) = object.get("return") {
            let hint = "leave it out: the output of the task is the output of the workflow".to_owned();
            self.report.error_with_hint(Spot::key(found), "`return` is for processes, not for workflows", hint);
        }
        let workflow = self.required(object, "workflow")?;
        let workflow = self.closed(workflow, &["namespace", "name", "version", "input"])?;
        let mut text = |key| self.required(workflow, key).and_then(|n| self.text(n)).map(str::to_owned);
        let (namespace, name) = (text("namespace"), text("name"));
        let version = self.child_version(workflow);
        let input = workflow.get("input").map(|n| self.template(n, Stage::Within, scope));
        let (awaits, input) = (complete(awaits)?.unwrap_or(true), complete(input)?);
        Some(TaskKind::Run(Box::new(RunTask { namespace: namespace?, name: name?, version: version?, input, awaits })))
    }

    /// Reports a program that the operator does not allow: it would run with the rights of the node.
    fn check_allowed(&mut self, node: Node<'s>, kind: ProcessKind) {
        if self.allowed.contains(&kind) {
            return;
        }
        let what = match kind {
            ProcessKind::Shell | ProcessKind::Container => format!("`run: {}`", kind.as_str()),
            _ => format!("`run: script` in {}", kind.as_str()),
        };
        let message = format!(
            "{what} is refused: the operator has not allowed definitions to run programs with the node's permissions"
        );
        let hint = format!(
            "put the program behind an HTTP endpoint and `call` it, or set `processes.enable = [\"{}\"]` where Stepwell runs",
            kind.as_str()
        );
        self.report.error_with_hint(Spot::key(node), message, hint);
    }

    fn shell(&mut self, node: Node<'s>, ending: &Ending, scope: &Scope) -> Option<ProcessCall> {
        let object = self.closed(node, &["command", "arguments", "environment", "stdin"])?;
        let code = self.required(object, "command")?;
        self.process(ProcessKind::Shell, code, object, ending, scope)
    }

    fn script(&mut self, node: Node<'s>, ending: &Ending, scope: &Scope) -> Option<ProcessCall> {
        let object = self.closed(node, &["language", "code", "source", "arguments", "environment", "stdin"])?;
        let words =
            [("js", ProcessKind::JavaScript), ("javascript", ProcessKind::JavaScript), ("python", ProcessKind::Python)];
        let kind = self.required(object, "language").and_then(|n| self.word(n, &words));
        if let Some(source) = object.get("source") {
            let hint = "write the script under `code`: a definition must not change after it is deployed".to_owned();
            self.report.error_with_hint(Spot::key(source), "external scripts are not supported", hint);
            return None;
        }
        let code = self.required(object, "code")?;
        self.process(kind?, code, object, ending, scope)
    }

    fn container(&mut self, node: Node<'s>, ending: &Ending, scope: &Scope) -> Option<ProcessCall> {
        let known = [
            "image",
            "name",
            "command",
            "ports",
            "volumes",
            "environment",
            "stdin",
            "arguments",
            "lifetime",
            "pullPolicy",
        ];
        let object = self.closed(node, &known)?;
        for (key, why) in [
            ("ports", "a container cannot be called: it reads its input and writes its output"),
            ("volumes", "a container has no access to the node's files: put them into the image"),
        ] {
            if let Some(found) = object.get(key) {
                self.report.error_with_hint(Spot::key(found), format!("`{key}` is not supported"), why.to_owned());
            }
        }
        if let Some(lifetime) = object.get("lifetime").and_then(|n| self.closed(n, &["cleanup", "after"])) {
            let cleanup = lifetime.get("cleanup").and_then(Node::as_text);
            if cleanup != Some("always") {
                let hint = "write `cleanup: always`, or leave `lifetime` out".to_owned();
                self.report.error_with_hint(lifetime, "a container is always removed when it ends", hint);
            }
        }
        let words = [("ifNotPresent", Pull::IfNotPresent), ("always", Pull::Always), ("never", Pull::Never)];
        let pull = object.get("pullPolicy").map(|n| self.word(n, &words));
        let name = object.get("name").map(|n| self.template(n, Stage::Within, scope));
        let command = object.get("command").map(|n| self.template(n, Stage::Within, scope));
        let code = self.required(object, "image")?;
        self.check_name(code, "the name of an image", image_flaw);
        if let Some(name) = object.get("name") {
            self.check_name(name, "the name of a container", container_name_flaw);
        }
        let call = self.process(ProcessKind::Container, code, object, ending, scope)?;
        Some(ProcessCall {
            pull: complete(pull)?.unwrap_or_default(),
            name: complete(name)?,
            command: complete(command)?,
            ..call
        })
    }

    /// Reads the fields that all programs share.
    fn process(
        &mut self,
        kind: ProcessKind,
        code: Node<'s>,
        object: Node<'s>,
        ending: &Ending,
        scope: &Scope,
    ) -> Option<ProcessCall> {
        self.text(code)?;
        let code = match kind {
            // In a script `${ }` belongs to the script: data are passed as arguments, environment or standard input.
            ProcessKind::JavaScript | ProcessKind::Python => Some(Template::Literal(code.to_value())),
            ProcessKind::Shell | ProcessKind::Container => self.template(code, Stage::Within, scope),
        };
        if let Some(environment) = object.get("environment") {
            self.check_variables(environment);
        }
        let mut template = |key| object.get(key).map(|n| self.template(n, Stage::Within, scope));
        let (arguments, environment, stdin) = (template("arguments"), template("environment"), template("stdin"));
        Some(ProcessCall {
            kind,
            code: code?,
            command: None,
            name: None,
            pull: Pull::default(),
            arguments: complete(arguments)?,
            environment: complete(environment)?,
            stdin: complete(stdin)?,
            returns: ending.returns,
            awaits: ending.awaits,
        })
    }

    /// Checks a literal name. A computed one is checked when the program starts.
    fn check_name(&mut self, node: Node<'s>, what: &str, flaw: fn(&str) -> Option<&'static str>) {
        let written = node.as_text().filter(|text| !text.contains("${"));
        if let Some(flaw) = written.and_then(flaw) {
            self.report.error(node, format!("this is not {what}: {flaw}"));
        }
    }

    /// Requires literal names of variables: `LD_PRELOAD` or `PATH` would change what runs, so data may set values only.
    fn check_variables(&mut self, node: Node<'s>) {
        if !node.is_object() {
            let hint = "write `environment: { NAME: '${ ... }' }`".to_owned();
            self.report.error_with_hint(node, "the names of variables must be written out", hint);
        }
        for (name, value) in node.entries() {
            if let Some(flaw) = variable_flaw(name) {
                self.report.error(Spot::key(value), format!("this is not the name of an environment variable: {flaw}"));
            }
        }
    }

    /// Reads the version of a child workflow: an exact one, or `latest`.
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

#[cfg(test)]
mod tests {
    use crate::dsl::{Functions, ProcessKind, build};

    #[test]
    fn what_a_definition_may_not_say_of_a_program_is_a_mistake() {
        let functions = Functions::default().with_processes(ProcessKind::ALL);
        let mistakes = |run: &str| {
            let head = "document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }";
            let built = build("test.yaml", &format!("{head}\ndo:\n  - a: {{ run: {run} }}\n"), &functions);
            let mistakes = built.map_or_else(|mistakes| mistakes, |_| Vec::new());
            mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("\n")
        };
        for (run, said) in [
            ("{ container: { image: --privileged } }", "not the name of an image"),
            ("{ container: { image: 'alpine -v /:/host' } }", "not the name of an image"),
            ("{ container: { image: alpine, name: '-x' } }", "not the name of a container"),
            ("{ container: { image: alpine, environment: { 'A=B': c } } }", "not the name of an environment variable"),
            ("{ shell: { command: env, environment: { STEPWELL_IDEMPOTENCY_KEY: mine } } }", "reserved for the node"),
            ("{ shell: { command: env, environment: '${ .all }' } }", "must be written out"),
        ] {
            let found = mistakes(run);
            assert!(found.contains(said), "{run}: {found}");
        }
        for run in [
            "{ container: { image: 'registry.example.com:5000/a/b_c:1.2@sha256:0f', name: 'a-b.c', environment: { A_1: '${ .a }' } } }",
            "{ container: { image: '${ .image }', name: '${ .name }' } }",
        ] {
            assert_eq!(mistakes(run), "", "{run}");
        }
    }
}
