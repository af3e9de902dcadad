//! Life-cycle events of runs and tasks, as the language's reference defines them ("Lifecycle Events"), out of the records
//! of a decision. Sensitive values are masked: these events leave the hub.

use serde_json::{Value, json};

use crate::masks::Masks;
use crate::{Act, Caught, Change, Opening, Record, Role, Run, RunId, Time, WorkflowError};
use stepwell_language::dsl::Definition;

const PREFIX: &str = "io.serverlessworkflow";

/// The events of these records, in order, each a CloudEvent as JSON. `run` is the run after them; `before` is its status
/// before.
#[must_use]
pub fn events(definition: &Definition, before: &Run, run: &Run, records: &[Record]) -> Vec<Value> {
    let mut story =
        Story { definition, masks: Masks::of(definition), run: run.id, first: before.seq + 1, events: Vec::new() };
    for (number, record) in (0..).zip(records) {
        story.take_in(number, record);
    }
    if before.status != run.status
        && let Some(last) = records.last()
    {
        let number = u32::try_from(records.len()).unwrap_or(u32::MAX);
        story.of_run(number, "status-changed", "updatedAt", last.at, json!({ "status": phase(run) }));
    }
    story.events
}

/// The status as those know it who know only the reference's phases (PROFILE.md, "phases").
fn phase(run: &Run) -> &'static str {
    match run.status {
        crate::Status::Compensating => "running",
        crate::Status::Compensated => "faulted",
        status => status.as_str(),
    }
}

struct Story<'a> {
    definition: &'a Definition,
    masks: Masks,
    run: RunId,
    first: u32,
    events: Vec<Value>,
}

impl Story<'_> {
    fn take_in(&mut self, number: u32, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::RunStarted { .. } => {
                let workflow = &self.definition.workflow;
                let definition = json!({
                    "name": workflow.name, "namespace": workflow.namespace, "version": workflow.version,
                });
                self.of_run(number, "started", "startedAt", at, json!({ "definition": definition }));
            }
            Change::RunCompleted { output } => {
                let output = self.masks.value(output);
                self.of_run(number, "completed", "completedAt", at, json!({ "output": output }));
            }
            Change::RunCancelled {} => self.of_run(number, "cancelled", "cancelledAt", at, json!({})),
            Change::RunFaulted { error, .. } => {
                self.of_run(number, "faulted", "faultedAt", at, json!({ "error": described(error) }));
            }
            Change::CompensationStarted { error: Some(error), .. } => {
                self.of_run(number, "faulted", "faultedAt", at, json!({ "error": described(error) }));
            }
            Change::OperatorActed { act: Act::Suspend, .. } => {
                self.of_run(number, "suspended", "suspendedAt", at, json!({}));
            }
            Change::OperatorActed { act: Act::Resume, .. } => {
                self.of_run(number, "resumed", "resumedAt", at, json!({}));
            }
            _ => self.take_in_task(number, record),
        }
    }

    fn take_in_task(&mut self, number: u32, record: &Record) {
        let at = record.at;
        match &record.change {
            Change::TaskStarted { beginning, opening, .. } => {
                let is_step = !matches!(beginning.role, Role::Reconcile(_));
                if is_step {
                    self.begun(number, record);
                }
                if matches!(opening, Opening::Listen(_)) {
                    self.of_run(number, "correlation-started", "startedAt", at, json!({}));
                }
            }
            Change::EventConsumed { bound, enough: true, .. } => {
                let keys = json!({ "correlationKeys": bound });
                self.of_run(number, "correlation-completed", "completedAt", at, keys);
            }
            Change::AttemptStarted { .. } | Change::ErrorCaught { then: Caught::Retry(_), .. } => {
                self.of_task(number, "retried", "retriedAt", record, json!({}));
            }
            Change::TaskCompleted { beginning, output, .. } => {
                if beginning.is_some() {
                    self.begun(number, record);
                }
                let output = self.masks.value(output);
                self.of_task(number, "completed", "completedAt", record, json!({ "output": output }));
            }
            Change::TaskSkipped { .. } => self.of_task(number, "cancelled", "cancelledAt", record, json!({})),
            Change::TaskFaulted { error, .. } => {
                self.of_task(number, "faulted", "faultedAt", record, json!({ "error": described(error) }));
            }
            Change::AttemptFailed { error, retry_at: None, .. } => {
                self.of_task(number, "faulted", "faultedAt", record, json!({ "error": described(error) }));
            }
            _ => {}
        }
    }

    fn begun(&mut self, number: u32, record: &Record) {
        self.of_task(number, "created", "createdAt", record, json!({}));
        self.of_task(number, "started", "startedAt", record, json!({}));
    }

    fn of_run(&mut self, number: u32, what: &str, when: &str, at: Time, mut data: Value) {
        data["name"] = self.name().into();
        data[when] = time(at).into();
        self.push(number, "workflow", what, at, data);
    }

    fn of_task(&mut self, number: u32, what: &str, when: &str, record: &Record, mut data: Value) {
        let Some(task) = &record.task else { return };
        data["workflow"] = self.name().into();
        data["task"] = task.to_string().into();
        data[when] = time(record.at).into();
        self.push(number, "task", what, record.at, data);
    }

    /// The qualified name of the run.
    fn name(&self) -> String {
        let workflow = &self.definition.workflow;
        format!("{}-{}.{}", workflow.name, self.run, workflow.namespace)
    }

    fn push(&mut self, number: u32, of: &str, what: &str, at: Time, data: Value) {
        let workflow = &self.definition.workflow;
        let place = self.first.saturating_add(number);
        self.events.push(json!({
            "specversion": "1.0",
            "id": format!("{}-{place}-{of}-{what}", self.run),
            "source": format!("https://stepwell.invalid/{}/{}", workflow.namespace, workflow.name),
            "type": format!("{PREFIX}.{of}.{what}.v1"),
            "subject": self.run.to_string(),
            "time": time(at),
            "datacontenttype": "application/json",
            "data": data,
        }));
    }
}

fn described(error: &WorkflowError) -> Value {
    serde_json::to_value(error).unwrap_or(Value::Null)
}

fn time(at: Time) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
