//! How a task begins: condition, input, then the kind's own beginning.

use std::sync::Arc;

use serde_json::Value;

use super::Stop;
use crate::apply::siblings;
use crate::decide::{Decider, Halt};
use crate::task;
use crate::{Beginning, Change, Coordinates, ExecutionId, FaultClass, Opening, Record, Role};
use stepwell_language::dsl::TaskId;

/// Where a task begins.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) id: ExecutionId,
    pub(crate) task: TaskId,
    pub(crate) parent: Option<ExecutionId>,
    pub(crate) role: Role,
    pub(crate) coordinates: Coordinates,
    pub(crate) raw_input: Arc<Value>,
    /// It is open already: a person retries it.
    pub(crate) again: bool,
}

impl Decider<'_> {
    pub(super) fn begin_in_list(&mut self, parent: Option<ExecutionId>, index: usize) -> Result<(), Stop> {
        let list = siblings(self.definition, &self.run, parent).unwrap_or_default();
        let Some(task) = list.get(index).copied() else { return Ok(()) };
        let around = parent.and_then(|id| self.run.execution(id));
        let raw_input = match around.map(|e| (e, e.progress.cursor())) {
            None => &self.run.root.data,
            Some((_, Some(cursor))) => &cursor.data,
            Some((around, None)) => &around.input,
        };
        self.begin(task, parent, Role::Step, Arc::clone(raw_input))
    }

    /// Begins a task that is not open yet.
    pub(crate) fn begin(
        &mut self,
        task: TaskId,
        parent: Option<ExecutionId>,
        role: Role,
        raw_input: Arc<Value>,
    ) -> Result<(), Stop> {
        let around = parent.and_then(|id| self.run.execution(id));
        let iteration = match role {
            // An undo or a query belongs to the iteration of the step that it is about.
            Role::Undo(of) => self.run.undoing(of).map(|done| done.coordinates.iteration.clone()),
            Role::Reconcile(of) => {
                let open = self.run.execution(of).map(|e| e.coordinates.iteration.clone());
                open.or_else(|| self.run.undoing(of).map(|done| done.coordinates.iteration.clone()))
            }
            Role::Step => around.map(task::iteration_inside),
        };
        let iteration = iteration.unwrap_or_default();
        let round = around.map_or(0, task::round_inside);
        let visit = self.run.visits.get(&(task, iteration.clone())).copied().unwrap_or(0);
        let coordinates = Coordinates { visit, iteration, round };
        let id = self.run.next_execution;
        self.enter(Entry { id, task, parent, role, coordinates, raw_input, again: false })
    }

    pub(super) fn begin_again(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(e) = self.run.execution(id) else { return Ok(()) };
        let entry = Entry {
            id,
            task: e.task,
            parent: e.parent,
            role: e.role,
            coordinates: e.coordinates.clone(),
            raw_input: Arc::clone(&e.raw_input),
            again: true,
        };
        self.enter(entry)
    }

    fn enter(&mut self, entry: Entry) -> Result<(), Stop> {
        match self.try_enter(&entry) {
            Ok(()) => Ok(()),
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error().at(&self.definition.task(entry.task).reference);
                let asks = self.definition.task(entry.task).metadata.asks_person;
                let class = if asks { FaultClass::Person } else { FaultClass::Permanent };
                let change = Change::TaskFaulted {
                    execution: entry.id,
                    beginning: self.beginning(&entry, None),
                    error: error.clone(),
                    class: asks.then_some(class),
                };
                self.emit_entry(&entry, change);
                self.raise(entry.id, error, class)
            }
        }
    }

    /// Condition, input, then the kind's own beginning. Nothing is recorded before all of it is known.
    fn try_enter(&mut self, entry: &Entry) -> Result<(), Halt> {
        let task = self.definition.task(entry.task);
        let mut scope = self.values().scope_of(entry);
        if let Some(condition) = &task.condition
            && !self.values().holds(condition, &entry.raw_input, &scope)?
        {
            let change = match entry.role {
                Role::Undo(of) => Change::UndoSkipped { execution: of },
                _ => Change::TaskSkipped {
                    execution: entry.id,
                    beginning: self.beginning(entry, None),
                    output: Arc::clone(&entry.raw_input),
                },
            };
            self.emit_entry(entry, change);
            return Ok(());
        }
        let input = self.values().transform_input(&task.input, &entry.raw_input, &scope)?;
        if !matches!(entry.role, Role::Undo(_)) {
            scope.input = Some(Arc::clone(&input));
        }
        let deadline = match &task.timeout {
            None => None,
            Some(after) => Some(self.values().moment_after(after, &input, &scope)?),
        };
        task::begin(self, entry, &task.kind, &input, scope, deadline)
    }

    /// Records the start of a task that stays open.
    pub(crate) fn emit_started(
        &mut self,
        entry: &Entry,
        input: &Arc<Value>,
        opening: Opening,
        deadline: Option<crate::Time>,
    ) {
        let (execution, beginning) = (entry.id, beginning(entry, Some(input)));
        let change = Change::TaskStarted { execution, beginning, opening, deadline };
        self.emit_entry(entry, change);
    }

    /// Records something about a task that may not be open yet.
    pub(crate) fn emit_entry(&mut self, entry: &Entry, change: Change) {
        let task = Some(Arc::from(self.definition.task(entry.task).reference.as_str()));
        let attempt = match &change {
            Change::TaskStarted { opening: Opening::Call(_), .. } => Some(1),
            Change::AttemptStarted { .. } => self.run.execution(entry.id).map(|e| e.attempts() + 1),
            _ => None,
        };
        self.emit_record(Record { at: self.now, actor: crate::Actor::engine(), task, attempt, change, note: None });
    }

    /// The beginning of an execution for a record, none if it is open already.
    pub(crate) fn beginning(&self, entry: &Entry, input: Option<&Arc<Value>>) -> Option<Beginning> {
        (!entry.again).then(|| beginning(entry, input))
    }
}

fn beginning(entry: &Entry, input: Option<&Arc<Value>>) -> Beginning {
    Beginning {
        parent: entry.parent,
        coordinates: entry.coordinates.clone(),
        role: entry.role,
        input: input.filter(|i| !Arc::ptr_eq(i, &entry.raw_input)).map(Arc::clone),
    }
}
