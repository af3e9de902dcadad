//! Executions that begin: where they come from, what they are given, how far they are then.

pub(super) fn begin(
    definition: &Definition,
    run: &mut Run,
    id: ExecutionId,
    beginning: &Beginning,
    record: &Record,
    at: Time,
) -> Applied {
    if let Some(known) = run.execution_mut(id) {
        // A retry by a person: the same execution begins again.
        if let Some(input) = &beginning.input {
            known.input = Arc::clone(input);
        } else {
            known.input = Arc::clone(&known.raw_input);
        }
        return Ok(());
    }
    let task = record.task.as_deref().and_then(|r| definition.by_reference.get(r)).copied().ok_or(NO_TASK)?;
    let raw_input = enter(definition, run, beginning, task)?;
    if definition.task(task).reentrant {
        let entry = (task, beginning.coordinates.iteration.clone());
        let count = run.visits.get(&entry).copied().unwrap_or(0);
        run.visits.insert_mut(entry, count + 1);
    }
    if let Role::Reconcile(of) = beginning.role {
        calls::asked(run, of);
    }
    let visits = visits_inside(definition, run, task, &beginning.coordinates.iteration);
    run.next_execution = run.next_execution.max(id + 1);
    // Nesting is shallow and a run is copied at each decision: room for more would be carried along by thousands of runs.
    run.open.reserve_exact(1);
    run.open.push(Execution {
        id,
        parent: beginning.parent,
        task,
        coordinates: beginning.coordinates.clone(),
        role: beginning.role,
        input: beginning.input.clone().unwrap_or_else(|| Arc::clone(&raw_input)),
        raw_input,
        started_at: at,
        deadline: None,
        impact: Impact::None,
        held: false,
        visits,
        progress: Progress::NotStarted { attempts: 0 },
    });
    Ok(())
}

use std::sync::Arc;

use serde_json::Value;

use super::visits::visits_inside;
use super::{Applied, GONE, NO_TASK};
use crate::task::{self, calls};
use crate::{Beginning, Execution, ExecutionId, Impact, Next, Progress, Record, Role, Run, Time};
use stepwell_language::dsl::{Definition, TaskId};

/// Marks the list that the new execution comes from as busy, and gives the raw input that it hands over.
fn enter(
    definition: &Definition,
    run: &mut Run,
    beginning: &Beginning,
    task: TaskId,
) -> Result<Arc<Value>, &'static str> {
    match (beginning.role, beginning.parent) {
        (Role::Undo(of), _) => {
            run.undoing(of).map(|done| Arc::clone(&done.output)).ok_or("the step is not in the plan")
        }
        (Role::Reconcile(of), _) => match (run.execution(of), run.undoing(of)) {
            (Some(open), _) => Ok(Arc::clone(&open.input)),
            (None, Some(done)) => Ok(Arc::clone(&done.input)),
            (None, None) => Err(GONE),
        },
        (Role::Step, None) => {
            run.root.next = Next::Busy;
            Ok(Arc::clone(&run.root.data))
        }
        (Role::Step, Some(parent)) => {
            let around = run.execution_mut(parent).ok_or(GONE)?;
            task::enter(definition, around, task, &beginning.coordinates.iteration)
        }
    }
}

/// The list of tasks that runs directly inside an execution, or at the top.
pub(crate) fn siblings(
    definition: &Definition,
    run: &Run,
    parent: Option<ExecutionId>,
) -> Result<Vec<TaskId>, &'static str> {
    let Some(parent) = parent else { return Ok(definition.root.clone()) };
    task::body(definition, run.execution(parent).ok_or(GONE)?)
}
