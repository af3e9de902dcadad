//! One pure step at a time: what a run does next, until it must wait for the world.

use std::sync::Arc;

use serde_json::Value;

use super::dataflow::{Halt, Scope};
use super::decide::{Decider, Stop};
use super::{
    Attention, Beginning, Branch, CallPhase, Change, Coordinates, Execution, ExecutionId, FaultClass, Next, Progress,
    Record, Role, TryPhase, WorkflowError,
    apply::siblings,
    task::{r#for, fork, listen},
};
use stepwell_language::dsl::{OutputSpec, TaskId, TaskKind};

/// Where a task begins.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: ExecutionId,
    pub(super) task: TaskId,
    pub(super) parent: Option<ExecutionId>,
    pub(super) role: Role,
    pub(super) coordinates: Coordinates,
    pub(super) raw_input: Arc<Value>,
    /// It is open already: a person retries it.
    pub(super) again: bool,
}

/// What is ready to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    Hold(ExecutionId),
    Raise(ExecutionId),
    Timeout(ExecutionId),
    RunTimeout,
    Again(ExecutionId),
    Attempt(ExecutionId),
    Reconcile(ExecutionId),
    Resolve(ExecutionId),
    WaitOver(ExecutionId),
    Round(ExecutionId),
    Begin(Option<ExecutionId>, usize),
    Iterate(ExecutionId),
    EndIteration(ExecutionId),
    NextSegment(ExecutionId),
    ListDone(ExecutionId),
    Undo,
    Finish,
}

impl Decider<'_> {
    /// Does one thing; false when there is nothing to do now.
    pub(super) fn step(&mut self) -> Result<bool, Stop> {
        if self.run.is_closed() || self.run.is_parked() || self.run.started_at.is_none() {
            return Ok(false);
        }
        if let Some(stop) = self.run.stop
            && self.run.compensation.is_none()
        {
            if stop.undo && !stop.past_pivot && self.ask_about_pivot(None, None) {
                return Ok(true);
            }
            // A run that is left as it is waits for its own calls, not for questions about them.
            let of_a_question = |e: &Execution| matches!(self.run.track(e.id), Role::Reconcile(_));
            let own_call = |e: &Execution| (e.is_in_flight() || e.starts_child()) && !of_a_question(e);
            let awaits = if stop.undo { self.run.awaits_outcome() } else { self.run.open.iter().any(own_call) };
            if !awaits {
                self.stop(stop);
                return Ok(true);
            }
            // Only questions about what was done continue.
            let late = self.run.open.iter().find(|e| self.is_late(e)).map(|e| Ready::Timeout(e.id));
            let next = late.or_else(|| self.run.open.iter().rev().find_map(|e| self.ready_in(e)));
            return next.map_or(Ok(false), |ready| self.go_on(ready));
        }
        if self.run.suspended || self.run.queued {
            return Ok(false);
        }
        self.ready().map_or(Ok(false), |ready| self.go_on(ready))
    }

    pub(super) fn go_on(&mut self, ready: Ready) -> Result<bool, Stop> {
        match ready {
            Ready::Hold(id) => self.emit(Some(id), Change::TaskHeld { execution: id }),
            Ready::Raise(id) => self.raise_again(id)?,
            Ready::Timeout(id) => self.time_out(id)?,
            Ready::RunTimeout => self.run_timed_out()?,
            Ready::Again(id) => self.begin_again(id)?,
            Ready::Attempt(id) => {
                self.emit(Some(id), Change::AttemptStarted { execution: id, request: None });
                self.send(id)?;
            }
            Ready::Reconcile(id) => self.begin_reconcile(id)?,
            Ready::Resolve(id) => self.resolve(id)?,
            Ready::WaitOver(id) | Ready::ListDone(id) => self.complete_with_data(id)?,
            Ready::Iterate(id) => self.iterate(id)?,
            Ready::EndIteration(id) => self.end_iteration(id)?,
            Ready::NextSegment(id) => self.next_segment(id)?,
            Ready::Round(id) => self.start_round(id),
            Ready::Begin(None, _) if self.continue_as_new() => {}
            Ready::Begin(parent, index) => self.begin_in_list(parent, index)?,
            Ready::Undo => self.undo_next()?,
            Ready::Finish => self.finish()?,
        }
        Ok(true)
    }

    pub(super) fn ready(&self) -> Option<Ready> {
        let may = |ready: &Ready| !self.blocked.contains(ready);
        if self.run.deadline.is_some_and(|at| at <= self.now) && self.run.is_timed() && may(&Ready::RunTimeout) {
            return Some(Ready::RunTimeout);
        }
        let mut late = self.run.open.iter().filter(|e| self.is_late(e)).map(|e| Ready::Timeout(e.id));
        if let Some(late) = late.find(may) {
            return Some(late);
        }
        // A race that is won ends before its losers do anything more.
        for over in self.run.open.iter().filter(|e| self.is_over(e)) {
            match self.must_be_known_inside(over.id) {
                false => return Some(Ready::ListDone(over.id)),
                true if !over.held => return self.hold(over.id),
                true => {}
            }
        }
        // The innermost execution first: what is around it waits for it.
        if let Some(ready) = self.run.open.iter().rev().filter_map(|e| self.ready_in(e)).find(may) {
            return Some(ready);
        }
        if let Some(compensation) = &self.run.compensation {
            // An undo that comes before what it undoes would undo nothing.
            let settled = compensation.plan.first().and_then(|next| next.settles_at).is_none_or(|at| at <= self.now);
            return (self.run.open.is_empty() && settled).then_some(Ready::Undo);
        }
        let next = match self.run.root.next {
            Next::Task(index) if index < self.definition.root.len() => Some(Ready::Begin(None, index)),
            Next::Task(_) | Next::Finished | Next::Ended => Some(Ready::Finish),
            Next::Busy => None,
        };
        next.filter(may)
    }

    fn is_late(&self, execution: &Execution) -> bool {
        execution.deadline.is_some_and(|at| at <= self.now)
            && self.run.goes_on(execution)
            && !self.run.waits_for_answer_about(Some(execution.id))
    }

    /// The call whose outcome has to be asked for now, if this is one.
    fn question(&self, execution: &Execution) -> Option<ExecutionId> {
        let Progress::Call(call) = &execution.progress else { return None };
        let is_due = match &call.phase {
            CallPhase::Reconciling { .. } => true,
            CallPhase::Unsettled { until, .. } => *until <= self.now,
            _ => false,
        };
        let is_asked = || self.run.open.iter().any(|e| e.role == Role::Reconcile(execution.id));
        (is_due && !is_asked()).then_some(execution.id)
    }

    fn ready_in(&self, execution: &Execution) -> Option<Ready> {
        let id = execution.id;
        if let Some(question) = self.question(execution) {
            return Some(Ready::Reconcile(question));
        }
        if execution.is_found() {
            return Some(Ready::Resolve(id));
        }
        if !self.run.goes_on(execution) {
            return None;
        }
        match &execution.progress {
            Progress::Failed { .. } => self.after_failure(id),
            Progress::Unbegun { .. } => Some(Ready::Again(id)),
            Progress::Wait { until } => (*until <= self.now).then_some(Ready::WaitOver(id)),
            Progress::Call(call) => match &call.phase {
                CallPhase::Backoff { until } => (*until <= self.now).then_some(Ready::Attempt(id)),
                CallPhase::Ended => Some(Ready::Resolve(id)),
                _ => None,
            },
            Progress::Try(t) if matches!(t.phase, TryPhase::Backoff { .. }) => match t.phase {
                TryPhase::Backoff { until } if until <= self.now => Some(Ready::Round(id)),
                _ => None,
            },
            Progress::Fork(branches) => {
                let unbegun = (0..).zip(branches).filter(|(_, branch)| **branch == Branch::Unbegun);
                let mut unbegun = unbegun.map(|(index, _)| Ready::Begin(Some(id), index));
                unbegun.find(|begin| !self.blocked.contains(begin))
            }
            Progress::SideBySide(progress) => {
                let TaskKind::For(task) = &self.definition.task(execution.task).kind else { return None };
                r#for::has_room(task, progress).then_some(Ready::Begin(Some(id), 0))
            }
            Progress::Listen(progress) if progress.cursor.is_none() => {
                let TaskKind::Listen(task) = &self.definition.task(execution.task).kind else { return None };
                if task.each.is_some() && progress.outputs.len() < progress.taken.len() {
                    return Some(Ready::Iterate(id));
                }
                progress.enough.then_some(Ready::ListDone(id))
            }
            progress => match progress.cursor()?.next {
                Next::Task(index) => {
                    let length = siblings(self.definition, &self.run, Some(id)).map_or(0, |list| list.len());
                    Some(if index < length { Ready::Begin(Some(id), index) } else { list_done(execution) })
                }
                Next::Finished => Some(list_done(execution)),
                Next::Ended => Some(Ready::ListDone(id)),
                Next::Busy => None,
            },
        }
    }

    fn begin_in_list(&mut self, parent: Option<ExecutionId>, index: usize) -> Result<(), Stop> {
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

    pub(super) fn is_over(&self, execution: &Execution) -> bool {
        match (&self.definition.task(execution.task).kind, &execution.progress) {
            (TaskKind::Fork(task), Progress::Fork(branches)) => fork::is_over(task.join, branches),
            (_, Progress::SideBySide(progress)) => r#for::is_over(progress),
            _ => false,
        }
    }

    /// Begins a task that is not open yet.
    pub(super) fn begin(
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
            Role::Step => around.map(iteration_inside),
        };
        let iteration = iteration.unwrap_or_default();
        let round = around.map_or(0, round_inside);
        let visit = self.run.visits.get(&(task, iteration.clone())).copied().unwrap_or(0);
        let coordinates = Coordinates { visit, iteration, round };
        let id = self.run.next_execution;
        self.enter(Entry { id, task, parent, role, coordinates, raw_input, again: false })
    }

    fn begin_again(&mut self, id: ExecutionId) -> Result<(), Stop> {
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
        let mut scope = self.scope_of(entry);
        if let Some(condition) = &task.condition
            && !self.holds(condition, &entry.raw_input, &scope)?
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
        let input = self.transform_input(&task.input, &entry.raw_input, &scope)?;
        if !self.is_undo_itself(entry) {
            scope.input = Some(Arc::clone(&input));
        }
        let deadline = match &task.timeout {
            None => None,
            Some(after) => Some(self.moment_after(after, &input, &scope)?),
        };
        match &task.kind {
            TaskKind::Do(_) | TaskKind::Try(_) | TaskKind::Fork(_) | TaskKind::Extended(_) => {
                self.emit_started(entry, &input, Opening::default(), deadline);
                Ok(())
            }
            TaskKind::For(task) => {
                let items = Some(Arc::new(self.items(task, &input, &scope)?));
                self.emit_started(entry, &input, Opening { items, ..Opening::default() }, deadline);
                Ok(())
            }
            TaskKind::Function { arguments, .. } => {
                let arguments = Some(Arc::new(self.render(arguments, &input, &scope)?));
                self.emit_started(entry, &input, Opening { arguments, ..Opening::default() }, deadline);
                Ok(())
            }
            TaskKind::Call(call) => self.open_call(entry, call, &input, &scope, deadline),
            TaskKind::Wait(duration) => self.open_wait(entry, duration, &input, &scope, deadline),
            TaskKind::Emit(task) => self.run_emit(entry, task, &input, scope),
            TaskKind::Listen(task) => self.open_listen(entry, task, &input, &scope, deadline),
            TaskKind::Run(task) => self.open_child(entry, task, &input, &scope, deadline),
            TaskKind::Set(template) => self.run_set(entry, template, &input, scope),
            TaskKind::Switch(cases) => self.run_switch(entry, cases, &input, scope),
            TaskKind::Raise(template) => Err(self.raised(template, &input, &scope)),
        }
    }

    /// Records the start of a task that stays open.
    pub(super) fn emit_started(
        &mut self,
        entry: &Entry,
        input: &Arc<Value>,
        opening: Opening,
        deadline: Option<super::Time>,
    ) {
        let Opening { arguments, request, until, items, listening, child } = opening;
        let beginning = beginning(entry, Some(input));
        let execution = entry.id;
        let change =
            Change::TaskStarted { execution, beginning, arguments, request, until, items, listening, child, deadline };
        self.emit_entry(entry, change);
    }

    /// Records something about a task that may not be open yet.
    pub(super) fn emit_entry(&mut self, entry: &Entry, change: Change) {
        let task = Some(Arc::from(self.definition.task(entry.task).reference.as_str()));
        let attempt = match &change {
            Change::TaskStarted { request: Some(_), .. } => Some(1),
            Change::AttemptStarted { .. } => self.run.execution(entry.id).map(|e| e.attempts() + 1),
            _ => None,
        };
        self.emit_record(Record { at: self.now, actor: super::Actor::engine(), task, attempt, change, note: None });
    }

    /// The beginning of an execution for a record, none if it is open already.
    pub(super) fn beginning(&self, entry: &Entry, input: Option<&Arc<Value>>) -> Option<Beginning> {
        (!entry.again).then(|| beginning(entry, input))
    }

    /// What a task's own expressions see.
    fn scope_of(&self, entry: &Entry) -> Scope {
        let mut scope = Scope {
            task: Some(entry.task),
            coordinates: entry.coordinates.clone(),
            started_at: Some(self.now),
            parent: entry.parent,
            raw_input: Some(Arc::clone(&entry.raw_input)),
            ..Scope::default()
        };
        self.show_what_is_undone(entry.role, entry.parent, &mut scope);
        scope
    }

    fn is_undo_itself(&self, entry: &Entry) -> bool {
        matches!(entry.role, Role::Undo(_))
    }

    /// A compensation sees `$input` and `$output` of the step that it undoes, a function's body does not.
    fn show_what_is_undone(&self, role: Role, parent: Option<ExecutionId>, scope: &mut Scope) {
        let mut role = role;
        let mut next = parent;
        while let Some(execution) = next.and_then(|id| self.run.execution(id)) {
            if matches!(self.definition.task(execution.task).kind, TaskKind::Function { .. }) {
                return;
            }
            role = execution.role;
            next = execution.parent;
        }
        let Role::Undo(of) = role else { return };
        if let Some(done) = self.run.undoing(of) {
            scope.input = Some(Arc::clone(&done.input));
            scope.output = Some(Arc::clone(&done.output));
        }
    }

    /// The scope of an execution that is open.
    pub(super) fn scope_of_open(&self, execution: &Execution) -> Scope {
        let mut scope = Scope {
            task: Some(execution.task),
            coordinates: execution.coordinates.clone(),
            started_at: Some(execution.started_at),
            parent: execution.parent,
            raw_input: Some(Arc::clone(&execution.raw_input)),
            input: Some(Arc::clone(&execution.input)),
            ..Scope::default()
        };
        self.show_what_is_undone(execution.role, execution.parent, &mut scope);
        scope
    }

    /// From a raw output to the transformed output and, where it changes, the new context.
    pub(super) fn outputs(&self, id: ExecutionId, raw: &Arc<Value>) -> Result<Outputs, Halt> {
        let Some(execution) = self.run.execution(id) else { return Ok((Arc::clone(raw), None)) };
        let scope = self.scope_of_open(execution);
        let input = Arc::clone(&execution.input);
        let raw = match &self.definition.task(execution.task).kind {
            TaskKind::Call(call) => self.function_output(call, &input, raw, &scope)?,
            _ => Arc::clone(raw),
        };
        self.outputs_in(execution.task, scope, &raw)
    }

    /// `output`, then `export`, in the order of the reference.
    pub(super) fn outputs_in(&self, task: TaskId, scope: Scope, raw: &Arc<Value>) -> Result<Outputs, Halt> {
        let task = self.definition.task(task);
        self.outputs_by(&task.output, &task.export, scope, raw)
    }

    /// The same with the parts that are not a task's own.
    pub(super) fn outputs_by(
        &self,
        output: &OutputSpec,
        export: &OutputSpec,
        mut scope: Scope,
        raw: &Arc<Value>,
    ) -> Result<Outputs, Halt> {
        scope.raw_output = Some(Arc::clone(raw));
        let output = self.transform_output(output, raw, &scope)?;
        scope.output = Some(Arc::clone(&output));
        if export.r#as.is_none() {
            // Without `as` the context stays what it is, and must fit the schema that the task gives for it.
            self.transform_output(export, &self.run.context, &scope)?;
            return Ok((output, None));
        }
        let context = self.transform_output(export, &output, &scope)?;
        Ok((output, Some(context)))
    }

    /// A list, a `wait` or a handled `try` is done: its data is its raw output.
    fn complete_with_data(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let (raw, ended) = match &execution.progress {
            Progress::SideBySide(progress) => match &progress.ended {
                Some(output) => (Arc::clone(output), true),
                None => (Arc::new(progress.outputs.to_value()), false),
            },
            Progress::Fork(branches) => fork::outcome(branches, &self.definition.task(execution.task).kind),
            Progress::Listen(progress) => match &self.definition.task(execution.task).kind {
                TaskKind::Listen(task) if progress.enough => (listen::outcome(task, progress), false),
                // A task of `foreach` said `end`.
                _ => (progress.cursor.as_ref().map(|c| Arc::clone(&c.data)).unwrap_or_default(), true),
            },
            progress => match progress.cursor() {
                Some(cursor) => (Arc::clone(&cursor.data), cursor.next == Next::Ended),
                None => (Arc::clone(&execution.input), false),
            },
        };
        self.complete(id, &raw, ended)
    }

    /// Ends an open execution well with this raw output.
    pub(super) fn complete(&mut self, id: ExecutionId, raw: &Arc<Value>, ended: bool) -> Result<(), Stop> {
        match self.outputs(id, raw) {
            Ok((output, context)) => {
                self.emit(
                    Some(id),
                    Change::TaskCompleted {
                        execution: id,
                        beginning: None,
                        output,
                        context,
                        response: None,
                        emitted: None,
                        case: None,
                        ended,
                    },
                );
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error();
                self.raise(id, error, FaultClass::Permanent)
            }
        }
    }

    /// An error that waited for calls beside it continues.
    fn raise_again(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(Progress::Failed { error, class, .. }) = self.run.execution(id).map(|e| &e.progress) else {
            return Ok(());
        };
        let (error, class) = (error.clone(), *class);
        self.raise(id, error, class)
    }

    fn finish(&mut self) -> Result<(), Stop> {
        let raw = Arc::clone(&self.run.root.data);
        match self.transform_output(&self.definition.output, &raw, &Scope::workflow()) {
            Ok(output) => {
                self.emit(None, Change::RunCompleted { output });
                Ok(())
            }
            Err(Halt::Ask(evaluation)) => Err(Stop::Evaluate(evaluation)),
            Err(halt) => {
                let error = halt.into_error().at("/output");
                self.unhandled(None, error, Attention::Faulted, FaultClass::Permanent);
                Ok(())
            }
        }
    }

    fn time_out(&mut self, id: ExecutionId) -> Result<(), Stop> {
        let Some(execution) = self.run.execution(id) else { return Ok(()) };
        let reference = &self.definition.task(execution.task).reference;
        let error = timeout_error(&format!("task {reference} did not end within its timeout")).at(reference);
        if self.ask_about_pivot(Some(id), Some(&error)) || self.settles_calls_first(Some(id), &error)? {
            return Ok(());
        }
        self.emit(Some(id), Change::TaskFaulted { execution: id, beginning: None, error: error.clone(), class: None });
        self.raise(id, error, FaultClass::Permanent)
    }

    /// A timeout leaves the outcome of a call unknown. Where it must be known, the target or a person is asked first; true if so.
    fn settles_calls_first(&mut self, around: Option<ExecutionId>, error: &WorkflowError) -> Result<bool, Stop> {
        let inside = |e: &&Execution| around.is_none_or(|around| self.run.is_inside(e.id, around));
        let needs = |e: &&Execution| e.is_in_flight() && self.must_be_known(e) && self.is_settled_by_others(e);
        let calls: Vec<ExecutionId> = self.run.open.iter().filter(inside).filter(needs).map(|e| e.id).collect();
        for call in &calls {
            self.interrupt(*call, error.clone(), FaultClass::Permanent, None)?;
        }
        Ok(!calls.is_empty())
    }

    fn run_timed_out(&mut self) -> Result<(), Stop> {
        let error = timeout_error("the run did not end within the workflow's timeout").at("/");
        if self.ask_about_pivot(None, Some(&error)) || self.settles_calls_first(None, &error)? {
            return Ok(());
        }
        let innermost = self.run.open.last().map(|e| e.id);
        if let Some(call) = innermost {
            self.abandon(call);
        }
        self.unhandled(innermost, error, Attention::Faulted, FaultClass::Permanent);
        Ok(())
    }
}

/// What a task that stays open begins with, beside its input (see [`Change::TaskStarted`]).
#[derive(Default)]
pub(super) struct Opening {
    pub(super) arguments: Option<Arc<Value>>,
    pub(super) request: Option<Arc<super::CallRequest>>,
    pub(super) until: Option<super::Time>,
    pub(super) items: Option<Arc<Value>>,
    pub(super) listening: Option<Arc<Vec<super::Listening>>>,
    pub(super) child: Option<Arc<super::ChildRequest>>,
}

/// What follows when the tasks of a list are done.
fn list_done(execution: &Execution) -> Ready {
    match execution.progress {
        Progress::For(_) => Ready::Iterate(execution.id),
        Progress::Listen(_) => Ready::EndIteration(execution.id),
        Progress::Extended(_) => Ready::NextSegment(execution.id),
        _ => Ready::ListDone(execution.id),
    }
}

/// Transformed output, and the new context where `export` changes it.
pub(super) type Outputs = (Arc<Value>, Option<Arc<Value>>);

fn timeout_error(detail: &str) -> WorkflowError {
    WorkflowError::standard(super::ErrorKind::Timeout, "timeout", detail)
}

fn beginning(entry: &Entry, input: Option<&Arc<Value>>) -> Beginning {
    Beginning {
        parent: entry.parent,
        coordinates: entry.coordinates.clone(),
        role: entry.role,
        input: input.filter(|i| !Arc::ptr_eq(i, &entry.raw_input)).map(Arc::clone),
    }
}

/// The loop indices of tasks directly inside an execution.
fn iteration_inside(execution: &Execution) -> Vec<u32> {
    let around = execution.coordinates.iteration.iter().copied();
    match &execution.progress {
        Progress::For(progress) => around.chain(progress.index).collect(),
        // The one that begins next: those that are open know their own.
        Progress::SideBySide(progress) => around.chain([progress.begun]).collect(),
        Progress::Listen(progress) => around.chain(u32::try_from(progress.outputs.len())).collect(),
        _ => around.collect(),
    }
}

/// The round that tasks directly inside an execution belong to.
fn round_inside(execution: &Execution) -> u32 {
    match &execution.progress {
        Progress::Try(progress) => progress.round,
        _ => execution.coordinates.round,
    }
}
