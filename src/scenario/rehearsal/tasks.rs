//! People's answers to the tasks of a rehearsed run, checked as in the API.

use std::sync::Arc;

use serde_json::Value;

use super::step;
use super::{Halt, Rehearsal};
use crate::machine::question::Decided;
use crate::machine::{Asked, ExecutionId, Fact, Message, violations};
use crate::scenario::file::PlannedTask;

/// Describes a planned decision that never took place.
pub(super) fn named(task: &PlannedTask) -> String {
    let about = task.step.as_ref().map(|step| format!(" about {step}")).unwrap_or_default();
    format!("decision of {}{about}", task.by.0)
}

impl Rehearsal<'_> {
    /// Returns the first planned decision about an open task.
    pub(super) fn next_task(&self) -> Option<usize> {
        let goes_on = !self.run.is_parked() && !self.run.suspended;
        self.on_asking.iter().position(|task| self.question_of(task).is_some()).filter(|_| goes_on)
    }

    /// Takes out that decision if nothing else is in flight.
    pub(super) fn task_that_is_decided_now(&mut self) -> Option<PlannedTask> {
        let is_idle = self.on_their_way.iter().all(|pending| pending.what.is_arrival());
        let place = self.next_task().filter(|_| is_idle)?;
        self.on_asking.remove(place)
    }

    /// Makes a decision. As in the API, one that is not allowed changes nothing.
    pub(super) fn decide_task(&mut self, task: &PlannedTask) -> Result<(), Halt> {
        let (execution, event) = match self.answer_to(task) {
            Ok(answer) => answer,
            Err(why) => {
                self.refused_acts.push(format!("{}: {why}", named(task)));
                return Ok(());
            }
        };
        let message = Message::Event { execution, filters: vec![0], event };
        match self.feed(&Fact::Message { message, actor: task.by.clone() }) {
            Err(Halt::Rejected(why)) => {
                self.refused_acts.push(format!("{}: {why}", named(task)));
                Ok(())
            }
            taken => taken,
        }
    }

    fn question_of(&self, task: &PlannedTask) -> Option<(ExecutionId, &Asked)> {
        let definition = self.stage.definition;
        let is_meant = |(execution, _): &(ExecutionId, &Asked)| {
            let reference = self.run.execution(*execution).map(|open| &definition.task(open.task).reference);
            let step = reference.map(|reference| step::name(definition, reference)).unwrap_or_default();
            task.step.as_ref().is_none_or(|written| step::matches(written, &step))
        };
        self.relatives.asking().find(is_meant)
    }

    /// Returns the event with the answer, or why it is refused.
    fn answer_to(&self, task: &PlannedTask) -> Result<(ExecutionId, Arc<Value>), String> {
        let (execution, asked) = self.question_of(task).ok_or("the run does not ask that now")?;
        let name = task.by.0.strip_prefix("user:");
        let is_named = name.is_some_and(|name| asked.users.iter().any(|user| user == name));
        if !asked.users.is_empty() && asked.roles.is_empty() && !is_named {
            return Err(format!("only {} may decide", asked.users.join(", ")));
        }
        let open = self.run.execution(execution).map(|open| self.stage.definition.task(open.task));
        let schema = open.and_then(|task| task.metadata.question.as_ref()?.schema.as_ref());
        let broken = schema.map(|schema| violations(schema, &task.answer)).unwrap_or_default();
        if let Some(first) = broken.first() {
            let place = if first.pointer.is_empty() { "the answer" } else { &first.pointer };
            return Err(format!("the answer does not match the schema: {place}: {}", first.message));
        }
        let (answer, by, reason) = (task.answer.clone(), task.by.clone(), task.reason.clone());
        let decided = Decided { answer, by, at: self.now, reason };
        Ok((execution, Arc::new(decided.event(asked.id, self.run.id))))
    }
}
