//! What expressions of a run give. Everything that a run computes from its data is computed here: schemas, `from`, `as`, templates, and
//! what an expression may see. Nothing here changes the run.

mod outputs;
mod scope;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::decide::Answers;
use crate::task;
use crate::{Coordinates, ErrorKind, ExecutionId, Run, SchemaViolation, Time, WorkflowError, identity, time_after};
use stepwell_expr::{Evaluation, EvaluationError, Expression, Template};
use stepwell_language::dsl::{
    self, CallAuthentication, Definition, DurationSpec, InputSpec, OutputSpec, Schema, TaskId, TaskKind,
};
use stepwell_text::storable::{replace_nul, without_nul};

pub(crate) use outputs::Outputs;

/// The run as it is so far, for expressions.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) run: &'a Run,
    pub(crate) now: Time,
    pub(crate) asking: &'a Asking<'a>,
}

/// What the evaluator has answered, and what was counted while expressions were evaluated.
pub(crate) struct Asking<'a> {
    answers: &'a Answers,
    /// Expressions that needed the evaluator.
    pub(crate) asked: Cell<usize>,
    /// Characters that were replaced in results of expressions since the last record.
    pub(crate) replaced: Cell<usize>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(answers: &'a Answers) -> Self {
        Self { answers, asked: Cell::default(), replaced: Cell::default() }
    }
}

/// Why a computation stopped.
#[derive(Debug)]
pub(crate) enum Halt {
    /// The task faults with this error.
    Fault(WorkflowError),
    /// A schema refuses the value.
    Invalid(Vec<SchemaViolation>),
    /// The evaluator must be asked.
    Ask(Box<Evaluation>),
}

impl Halt {
    /// The error that the task faults with. Asking is no error and must be handled before.
    pub(crate) fn into_error(self) -> WorkflowError {
        match self {
            Self::Fault(error) => error,
            Self::Invalid(violations) => {
                let places: Vec<String> =
                    violations.iter().take(5).map(|v| format!("{}: {}", place(&v.pointer), v.message)).collect();
                WorkflowError::standard(ErrorKind::Validation, "schema refuses the data", places.join("; "))
            }
            Self::Ask(evaluation) => WorkflowError::standard(
                ErrorKind::Expression,
                "expression not evaluated",
                format!("the evaluator was not asked for {}", evaluation.text),
            ),
        }
    }
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "(root)" } else { pointer }
}

/// What an expression may see beside `.`; built per task, cheap to copy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// The task, none for the workflow's own expressions.
    pub task: Option<TaskId>,
    /// Which execution of it.
    pub coordinates: Coordinates,
    /// When it began.
    pub started_at: Option<Time>,
    /// Where errors caught around it are looked up.
    pub parent: Option<ExecutionId>,
    /// `$task.input`
    pub raw_input: Option<Arc<Value>>,
    /// `$task.output`
    pub raw_output: Option<Arc<Value>>,
    /// `$input`
    pub input: Option<Arc<Value>>,
    /// `$output`
    pub output: Option<Arc<Value>>,
    /// Names that hold only for this expression: an error just being judged, an item about to begin.
    pub local: Vec<(String, Arc<Value>)>,
}

impl Scope {
    /// For the workflow's own `input`, `output` and `metadata`.
    pub(crate) fn workflow() -> Self {
        Self::default()
    }
}

impl Values<'_> {
    /// Evaluates one expression on `input`. What the expression sees is shared with it, not copied. What cannot be kept is replaced in
    /// its result, for everything that a run computes comes from here: outputs, the input of children, events, keys, errors.
    pub(crate) fn evaluate(&self, expression: &Expression, input: &Arc<Value>, scope: &Scope) -> Result<Value, Halt> {
        let arguments: Vec<Arc<Value>> = expression.variables().iter().map(|name| self.argument(name, scope)).collect();
        let outcome = match expression.evaluate_here(input, &arguments) {
            Some(outcome) => outcome,
            None => {
                let asked = self.asking.asked.get();
                self.asking.asked.set(asked + 1);
                let Some(answer) = self.asking.answers.get(asked) else {
                    return Err(Halt::Ask(Box::new(Evaluation::of(expression, input, &arguments))));
                };
                answer.clone()
            }
        };
        outcome.map(|value| self.kept(value)).map_err(|error| {
            let title = match error {
                EvaluationError::Failed(_) => "expression failed",
                EvaluationError::Limit(_) => "expression stopped by a limit",
            };
            let (detail, replaced) = without_nul(error.to_string());
            self.asking.replaced.set(self.asking.replaced.get() + replaced);
            Halt::Fault(WorkflowError::standard(ErrorKind::Expression, title, detail))
        })
    }

    fn kept(&self, mut value: Value) -> Value {
        self.asking.replaced.set(self.asking.replaced.get() + replace_nul(&mut value));
        value
    }

    /// Fills a template.
    pub(crate) fn render(&self, template: &Template, input: &Arc<Value>, scope: &Scope) -> Result<Value, Halt> {
        template.render(&mut |expression, otherwise| match (self.evaluate(expression, input, scope), otherwise) {
            (Err(Halt::Fault(_)), Some(text)) => Ok(Value::String(text.to_owned())),
            (outcome, _) => outcome,
        })
    }

    /// Whether an expression is true as jq sees it: neither null nor false.
    pub(crate) fn holds(&self, expression: &Expression, input: &Arc<Value>, scope: &Scope) -> Result<bool, Halt> {
        Ok(!matches!(self.evaluate(expression, input, scope)?, Value::Null | Value::Bool(false)))
    }

    /// `input.schema`, then `input.from`.
    pub(crate) fn transform_input(
        &self,
        spec: &InputSpec,
        raw: &Arc<Value>,
        scope: &Scope,
    ) -> Result<Arc<Value>, Halt> {
        check(spec.schema.as_ref(), raw)?;
        match &spec.from {
            None => Ok(Arc::clone(raw)),
            Some(from) => self.render(from, raw, scope).map(Arc::new),
        }
    }

    /// `output.as`, then `output.schema`; the same for `export`.
    pub(crate) fn transform_output(
        &self,
        spec: &OutputSpec,
        raw: &Arc<Value>,
        scope: &Scope,
    ) -> Result<Arc<Value>, Halt> {
        let output = match &spec.r#as {
            None => Arc::clone(raw),
            Some(template) => Arc::new(self.render(template, raw, scope)?),
        };
        check(spec.schema.as_ref(), &output)?;
        Ok(output)
    }

    /// `now` plus a duration that may have to be computed.
    pub(crate) fn moment_after(&self, spec: &DurationSpec, input: &Arc<Value>, scope: &Scope) -> Result<Time, Halt> {
        self.duration(spec, input, scope).map(|duration| time_after(self.now, duration))
    }

    /// A duration that may have to be computed.
    pub(crate) fn duration(&self, spec: &DurationSpec, input: &Arc<Value>, scope: &Scope) -> Result<Duration, Halt> {
        match spec {
            DurationSpec::Fixed(duration) => Ok(*duration),
            DurationSpec::Computed(expression) => {
                let value = self.evaluate(expression, input, scope)?;
                let text = value.as_str().unwrap_or_default();
                dsl::parse_duration(text).map_err(|why| {
                    let detail = format!("{} must give an ISO 8601 duration: {why}", expression.text());
                    Halt::Fault(WorkflowError::standard(ErrorKind::Expression, "no duration", detail))
                })
            }
        }
    }

    fn argument(&self, name: &str, scope: &Scope) -> Arc<Value> {
        let shared = |value: &Option<Arc<Value>>| value.clone().unwrap_or_default();
        match name {
            "context" => Arc::clone(&self.run.context),
            "input" => shared(&scope.input),
            "output" => shared(&scope.output),
            "workflow" => Arc::new(self.workflow_descriptor()),
            "task" => Arc::new(self.task_descriptor(scope)),
            "runtime" => Arc::new(self.runtime_descriptor(scope)),
            "authorization" => Arc::new(self.authorization_descriptor(scope)),
            _ => self.local(name, scope),
        }
    }

    fn workflow_descriptor(&self) -> Value {
        json!({
            "id": self.run.id.to_string(),
            "definition": *self.definition.document,
            "input": *self.run.raw_input,
            "startedAt": time_descriptor(self.run.started_at.unwrap_or(self.now)),
        })
    }

    pub(crate) fn task_descriptor(&self, scope: &Scope) -> Value {
        let Some(task) = scope.task.map(|id| self.definition.task(id)) else { return Value::Null };
        if let Some(extended) = self.extended_around(scope) {
            return extended;
        }
        json!({
            "name": task.name,
            "reference": task.reference,
            "definition": *task.definition,
            "input": scope.raw_input.as_deref(),
            "output": scope.raw_output.as_deref(),
            "startedAt": time_descriptor(scope.started_at.unwrap_or(self.now)),
        })
    }

    /// The scheme by which a call authenticates; its credentials never reach an expression, and so never the journal.
    fn authorization_descriptor(&self, scope: &Scope) -> Value {
        let Some(TaskKind::Call(call)) = scope.task.map(|id| &self.definition.task(id).kind) else {
            return Value::Null;
        };
        let scheme = call.protocol.authentication().map(CallAuthentication::scheme);
        scheme.map_or(Value::Null, |scheme| json!({ "scheme": scheme, "parameter": "***" }))
    }

    fn runtime_descriptor(&self, scope: &Scope) -> Value {
        let key = scope.task.map(|id| self.key_of(id, &scope.coordinates));
        json!({
            "name": "Stepwell",
            "version": env!("CARGO_PKG_VERSION"),
            "metadata": { "idempotencyKey": key },
        })
    }

    /// The idempotency key of a step. One that was called before the run moved to another version keeps the key that it had there.
    pub(crate) fn key_of(&self, task: TaskId, coordinates: &Coordinates) -> String {
        let kept = self.run.keys.get(&(task, coordinates.visit, coordinates.iteration.clone()));
        kept.cloned().unwrap_or_else(|| {
            let reference = &self.definition.task(task).reference;
            identity::idempotency_key(self.run.id, reference, coordinates).to_string()
        })
    }

    /// The value that the nearest task around gives this name to: an error, an item.
    fn local(&self, name: &str, scope: &Scope) -> Arc<Value> {
        if let Some((_, value)) = scope.local.iter().find(|(known, _)| known == name) {
            return Arc::clone(value);
        }
        let mut next = scope.parent;
        while let Some(execution) = next.and_then(|id| self.run.execution(id)) {
            let kind = &self.definition.task(execution.task).kind;
            if let Some(value) = task::local(kind, execution, name, &scope.coordinates.iteration) {
                return Arc::new(value);
            }
            next = execution.parent;
        }
        Arc::default()
    }
}

/// An error as expressions see it.
pub(crate) fn error_value(error: &WorkflowError) -> Value {
    serde_json::to_value(error).unwrap_or(Value::Null)
}

fn time_descriptor(at: Time) -> Value {
    json!({
        "iso8601": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "epoch": { "seconds": at.timestamp(), "milliseconds": at.timestamp_millis() },
    })
}

/// Checks a value against a schema.
pub(crate) fn check(schema: Option<&Schema>, value: &Value) -> Result<(), Halt> {
    match schema.map(|schema| violations(schema, value)) {
        Some(violations) if !violations.is_empty() => Err(Halt::Invalid(violations)),
        _ => Ok(()),
    }
}

/// Where a value breaks a schema, and how; empty if it matches.
#[must_use]
pub fn violations(schema: &Schema, value: &Value) -> Vec<SchemaViolation> {
    const VIOLATIONS_MAX: usize = 20;
    if schema.validator.is_valid(value) {
        return Vec::new();
    }
    schema
        .validator
        .iter_errors(value)
        .take(VIOLATIONS_MAX)
        .map(|e| SchemaViolation {
            pointer: e.instance_path().to_string(),
            message: shortened(&e.masked().to_string()),
        })
        .collect()
}

fn shortened(message: &str) -> String {
    message.chars().take(300).collect()
}

/// What a value is, for people.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
