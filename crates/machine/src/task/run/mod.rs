//! `run: workflow`: another run does the work. Parent and child know each other; what ends one is told to the other.

pub(crate) mod progress;

use std::sync::Arc;

use serde_json::Value;

use crate::Opening;
use crate::decide::Entry;
use crate::decide::{Decider, Stop, Values};
use crate::decide::{Halt, Scope};
use crate::{
    Act, Actor, Attention, CancelMode, Change, ChildOutcome, ChildRequest, Done, Effect, ErrorKind, Execution,
    ExecutionId, FaultClass, Message, Pivot, Progress, Rejected, Role, Run, RunId, Status, Time, WorkflowError,
    identity,
};
use stepwell_language::dsl::RunTask;

pub use progress::{ChildPhase, ChildProgress, ReportedFault};

/// Longest chain of runs that start each other: a workflow that runs itself would never end.
const DEPTH_MAX: u32 = 32;

impl Decider<'_> {
    pub(crate) fn open_child(
        &mut self,
        entry: &Entry,
        task: &RunTask,
        input: &Arc<Value>,
        scope: &Scope,
        deadline: Option<Time>,
    ) -> Result<(), Halt> {
        let given = match &task.input {
            Some(template) => Arc::new(self.values().render(template, input, scope)?),
            None => Arc::clone(input),
        };
        let depth = self.run.parent.map_or(0, |parent| parent.depth) + 1;
        if depth > DEPTH_MAX {
            let detail =
                format!("runs may start each other at most {DEPTH_MAX} deep; does a workflow start itself endlessly?");
            return Err(Halt::Fault(WorkflowError::standard(ErrorKind::Configuration, "too deep", detail)));
        }
        let before = self.run.execution(entry.id).map_or(0, crate::Execution::attempts);
        let attempt = if entry.again { before + 1 } else { 1 };
        let request = Arc::new(ChildRequest {
            run: identity::child_run(self.run.id, entry.id, attempt, self.now),
            namespace: task.namespace.clone(),
            name: task.name.clone(),
            version: task.version.clone(),
            input: given,
            awaits: task.awaits,
            attempt,
            depth,
        });
        self.emit_started(entry, input, Opening::Child(Arc::clone(&request)), deadline);
        self.effects.push(Effect::StartChild { execution: entry.id, request });
        Ok(())
    }

    /// Starts again what another node may have begun to start; asking twice starts one.
    pub(crate) fn start_children_again(&mut self) {
        for execution in self.run.open.iter().filter(|e| e.starts_child()) {
            if let Progress::Child(child) = &execution.progress {
                let request = Arc::clone(&child.request);
                self.effects.push(Effect::StartChild { execution: execution.id, request });
            }
        }
    }

    /// The open execution that started a run, or that undoes it.
    fn child(&self, run: RunId) -> Option<(ExecutionId, &ChildProgress)> {
        self.run.open.iter().find_map(|e| match &e.progress {
            Progress::Child(child) if child.request.run == run => Some((e.id, child)),
            _ => None,
        })
    }

    pub(crate) fn child_started(&mut self, run: RunId) -> Result<(), Stop> {
        let Some((id, child)) = self.child(run).filter(|(_, c)| c.phase == ChildPhase::Starting) else {
            return Err(Rejected::NotAwaited("start of a run").into());
        };
        let awaits = child.request.awaits;
        self.emit(Some(id), Change::ChildStarted { execution: id });
        if awaits {
            return Ok(());
        }
        let input = self.run.execution(id).map(|e| Arc::clone(&e.input)).unwrap_or_default();
        self.complete(id, &input, false)
    }

    pub(crate) fn child_refused(&mut self, run: RunId, error: WorkflowError) -> Result<(), Stop> {
        let Some((id, _)) = self.child(run).filter(|(_, c)| c.phase == ChildPhase::Starting) else {
            return Err(Rejected::NotAwaited("start of a run").into());
        };
        self.raise(id, error, FaultClass::Permanent)
    }

    pub(crate) fn child_ended(&mut self, run: RunId, outcome: ChildOutcome, actor: Actor) -> Result<(), Stop> {
        // It may have ended before this run learned that it had begun.
        let awaited = |(_, c): &(_, &ChildProgress)| c.phase != ChildPhase::Ended && c.request.awaits;
        let Some((id, child)) = self.child(run).filter(awaited) else {
            return Err(Rejected::NotAwaited("end of a run").into());
        };
        let undoing = child.phase == ChildPhase::Undoing;
        if undoing && matches!(outcome, ChildOutcome::Completed { undoable: true, .. }) {
            // It completed before it learned that it is to be undone, or a person let it go on although it knew. It is told once more,
            // which changes nothing where it is already being undone.
            self.effects.push(Effect::Tell { run, message: Message::Stop { undo: true } });
            return Ok(());
        }
        self.emit_by(actor, Some(id), Change::ChildEnded { execution: id, outcome: outcome.clone() });
        match outcome {
            // Undone, or ended by a person on the way, or past what can be undone: nothing is left to do for this run.
            // The task's own `output` is about what the run gave, not about its undo.
            _ if undoing => {
                self.emit(
                    Some(id),
                    Change::TaskCompleted {
                        execution: id,
                        beginning: None,
                        output: Arc::default(),
                        context: None,
                        response: None,
                        emitted: None,
                        case: None,
                        ended: false,
                    },
                );
                Ok(())
            }
            ChildOutcome::Completed { output, .. } => self.complete(id, &output, false),
            ChildOutcome::Compensated { error } | ChildOutcome::Faulted { error } => {
                let error = error.map(|e| WorkflowError { instance: None, ..e });
                self.raise(id, error.unwrap_or_else(|| ended(run, "was undone")), FaultClass::Permanent)
            }
            ChildOutcome::Cancelled => self.raise(id, ended(run, "was cancelled"), FaultClass::Permanent),
        }
    }

    /// A child run stopped at a fault. Where a `try` of this run catches it, the child ends and its end raises the error here; else a
    /// run further up may catch it, or a person looks at the child.
    pub(crate) fn child_faulted(
        &mut self,
        run: RunId,
        error: WorkflowError,
        fault: u32,
        actor: Actor,
    ) -> Result<(), Stop> {
        let awaited = |(_, c): &(_, &ChildProgress)| {
            matches!(c.phase, ChildPhase::Starting | ChildPhase::Running) && c.request.awaits
        };
        let Some((id, _)) = self.child(run).filter(awaited) else {
            return Err(Rejected::NotAwaited("fault of a run").into());
        };
        let caught = self.values().is_caught(id, &error)?;
        self.emit_by(actor, Some(id), Change::ChildFaulted { execution: id, error: error.clone(), fault, caught });
        if caught {
            self.effects.push(Effect::Tell { run, message: Message::FaultCaught { fault } });
        } else {
            self.tell_parent_of_fault(error);
        }
        Ok(())
    }

    /// The run that waits for this one may catch what stopped it, of which the last record tells.
    pub(crate) fn tell_parent_of_fault(&mut self, error: WorkflowError) {
        if let Some(parent) = self.run.parent.filter(|parent| parent.awaits) {
            let message = Message::ChildFaulted { child: self.run.id, error, fault: self.run.seq };
            self.effects.push(Effect::Tell { run: parent.run, message });
        }
    }

    /// A run above catches the fault: where this run stopped, it ends; where it waits for the one that stopped, it passes that on.
    pub(crate) fn fault_caught(&mut self, fault: u32, actor: Actor) -> Result<(), Stop> {
        let stands_there = self.run.attention == Some(Attention::Faulted) && self.run.fault == Some(fault);
        if stands_there && self.run.compensation.is_none() {
            let act = Act::Dismiss;
            self.emit_by(actor, None, Change::acted(act, None));
            return Ok(());
        }
        let reported = self.run.open.iter().find_map(|e| match &e.progress {
            Progress::Child(child) if child.phase == ChildPhase::Running => child
                .fault
                .filter(|reported| reported.own == fault)
                .map(|reported| (child.request.run, reported.of_child)),
            _ => None,
        });
        let Some((run, fault)) = reported else { return Err(Rejected::NotAwaited("answer to a fault").into()) };
        self.effects.push(Effect::Tell { run, message: Message::FaultCaught { fault } });
        Ok(())
    }

    /// Tells the run that a task started to undo what it did.
    pub(crate) fn undo_child(&mut self, done: &Done, request: &Arc<ChildRequest>) {
        let entry = Entry {
            id: self.run.next_execution,
            task: done.task,
            parent: None,
            role: Role::Undo(done.execution),
            coordinates: done.coordinates.clone(),
            raw_input: Arc::clone(&done.output),
            again: false,
        };
        self.emit_started(&entry, &done.output, Opening::Child(Arc::clone(request)), None);
        self.effects.push(Effect::Tell { run: request.run, message: Message::Stop { undo: true } });
    }

    /// The parent no longer wants this run.
    pub(crate) fn stopped_by_parent(&mut self, undo: bool, actor: Actor) -> Result<(), Stop> {
        if self.run.compensation.is_some() {
            return Ok(());
        }
        let act = match (undo, self.run.pivot_now(self.definition)) {
            // Where the point of no return may have been passed, the target is asked, or a person.
            (true, Pivot::Ahead | Pivot::Perhaps) => Act::Compensate,
            // Past it nothing is undone.
            (true, Pivot::Passed) | (false, _) => Act::Cancel { compensate: CancelMode::Abandon },
        };
        self.emit_by(actor, None, Change::acted(act, None));
        Ok(())
    }

    /// What ends with this decision is told to the runs that it concerns.
    pub(crate) fn tell_relatives(&mut self, before: &Run) {
        let said = self.records.iter().rev().find_map(|r| match &r.change {
            Change::OperatorActed { act: Act::Cancel { compensate }, .. } => {
                Some(*compensate == CancelMode::Compensate)
            }
            _ => None,
        });
        let undo = said.or(before.stop.map(|stop| stop.undo)).unwrap_or(true);
        for execution in &before.open {
            let Progress::Child(child) = &execution.progress else { continue };
            let lives = matches!(child.phase, ChildPhase::Starting | ChildPhase::Running) && child.request.awaits;
            let is_planned = |run: &Run| {
                run.compensation
                    .iter()
                    .flat_map(|c| c.plan.iter())
                    .any(|d| d.child.as_ref().is_some_and(|planned| planned.run == child.request.run))
            };
            let ended = self
                .records
                .iter()
                .any(|r| matches!(&r.change, Change::ChildEnded { execution: of, .. } if *of == execution.id));
            let waits =
                |e: &Execution| matches!(&e.progress, Progress::Child(now) if now.request.run == child.request.run);
            // A run that moved to another version waits for it in an execution of another number.
            let is_left = !self.run.open.iter().any(waits);
            if lives && !ended && is_left && !is_planned(&self.run) {
                self.effects.push(Effect::Tell { run: child.request.run, message: Message::Stop { undo } });
            }
        }
        if !self.records.is_empty() {
            self.tell_parent_of_end();
        }
    }

    /// Tells the run that waits for this one how it ended, if it has.
    pub(crate) fn tell_parent_of_end(&mut self) {
        if let (Some(parent), Some(outcome)) = (self.run.parent, outcome(&self.run))
            && parent.awaits
        {
            let message = Message::ChildEnded { child: self.run.id, outcome };
            self.effects.push(Effect::Tell { run: parent.run, message });
        }
    }
}

impl Values<'_> {
    /// Whether a `try` around an execution catches an error of it.
    fn is_caught(&self, id: ExecutionId, error: &WorkflowError) -> Result<bool, Stop> {
        let error = WorkflowError { instance: None, ..error.clone() };
        let reference = self.run.execution(id).map_or("/", |e| self.definition.task(e.task).reference.as_str());
        let error = error.at(reference);
        for around in self.run.ancestors(id) {
            match self.catches(around, &error) {
                Ok(None) => {}
                // A filter that fails passes on another error, which may be caught further out.
                Ok(Some(_)) | Err(Halt::Fault(_) | Halt::Invalid(_)) => return Ok(true),
                Err(Halt::Ask(evaluation)) => return Err(Stop::Evaluate(evaluation)),
            }
        }
        Ok(false)
    }
}

fn ended(run: RunId, how: &str) -> WorkflowError {
    WorkflowError::standard(ErrorKind::Runtime, "child run ended", format!("run {run} {how}"))
}

/// How a run that is over ended, for its parent.
fn outcome(run: &Run) -> Option<ChildOutcome> {
    if !run.is_closed() {
        return None;
    }
    Some(match run.status {
        Status::Completed => ChildOutcome::Completed {
            output: run.output.clone().unwrap_or_default(),
            undoable: run.pivot == Pivot::Ahead && !run.undo.is_empty(),
        },
        Status::Compensated => ChildOutcome::Compensated { error: run.error.clone() },
        Status::Cancelled => ChildOutcome::Cancelled,
        _ => ChildOutcome::Faulted { error: run.error.clone() },
    })
}
