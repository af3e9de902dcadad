//! `History` reads journals as `apply` does: where it says that a step is open, the run has it open, in the same state.

use std::sync::Arc;

use serde_json::{Value, json};

use super::build::{Plan, definition};
use super::play::{Play, definition as written};
use super::{Answer, World};
use crate::history::{History, Reader, State, Step};
use crate::view::{RunHead, RunView, view};
use crate::*;
use stepwell_language::dsl::{Definition, OnFault};

/// Whether a history and the run that the same records give agree, after each of them. Every world asks this of every record.
pub(super) fn agree(run: &Run, history: &History, record: &Record) {
    let of = |history: &History| {
        let History { attention, suspended, queued, pauses, started_at, ended_at, .. } = history;
        (*attention, *suspended, *queued, *pauses, *started_at, *ended_at)
    };
    let told = (run.attention, run.suspended, run.queued, run.pauses, run.started_at, run.finished_at);
    assert_eq!(of(history), told, "after {record:?}");
    assert_eq!((&history.error, &history.output), (&run.error, &run.output), "after {record:?}");
    assert_eq!(history.input.as_ref(), Some(&run.raw_input), "after {record:?}");
    assert_eq!(history.next_input(), Some(&run.root.data), "after {record:?}");
    assert_eq!(history.is_undoing(), run.compensation.is_some(), "after {record:?}");
    let open: Vec<ExecutionId> = history.open().map(|step| step.execution).collect();
    assert_eq!(open, run.open.iter().map(|e| e.id).collect::<Vec<_>>(), "open after {record:?}");
    for (step, execution) in history.open().zip(&run.open) {
        agree_on(step, execution, record);
    }
    // What may have to be undone has ended, and its undo will be given what it gave.
    for done in run.undo.in_order() {
        let Some(step) = history.step(done.execution) else { continue };
        if done.child.is_some() {
            // A retried step has started several runs, and each is undone by itself.
            continue;
        }
        assert!(!step.is_open(), "{step:?} is done after {record:?}");
        assert_eq!(step.output.as_ref().is_some(), done.completed, "{step:?} after {record:?}");
        assert_eq!(step.output.clone().unwrap_or_default(), done.output, "{step:?} after {record:?}");
    }
}

fn agree_on(step: &Step, execution: &Execution, record: &Record) {
    let about = || format!("{step:?}\n{execution:?}\nafter {record:?}");
    let of = (step.parent, step.role, &step.coordinates, step.started_at);
    assert_eq!(of, (execution.parent, execution.role, &execution.coordinates, execution.started_at), "{}", about());
    let state = match &execution.progress {
        Progress::Failed { .. } => State::Stuck,
        progress if progress.is_waiting() => State::Waiting,
        _ => State::Running,
    };
    assert_eq!(step.state, state, "{}", about());
    if matches!((&execution.progress, step.role), (Progress::Child(_), Role::Undo(_))) {
        // A run that is told to undo itself is given nothing.
        return assert_eq!(step.child(), child_of(execution), "{}", about());
    }
    assert_eq!(step.given.as_ref(), Some(&execution.raw_input), "{}", about());
    // Until it begins again, what a person gave it instead is only its raw input.
    if !matches!(execution.progress, Progress::NotStarted { .. }) {
        assert_eq!(step.input.as_ref().or(step.given.as_ref()), Some(&execution.input), "{}", about());
    }
    match &execution.progress {
        Progress::Call(call) => {
            let last = step.attempts.last().expect("a call has an attempt");
            assert_eq!((last.number, last.request.as_ref()), (call.attempt, Some(&call.request)), "{}", about());
            assert_eq!(last.ended_at.is_none(), call.phase == CallPhase::InFlight, "{}", about());
        }
        Progress::Child(_) => assert_eq!(step.child(), child_of(execution), "{}", about()),
        Progress::Wait { until } => assert_eq!(step.waits.last().map(|wait| wait.until), Some(*until), "{}", about()),
        _ => {}
    }
}

fn child_of(execution: &Execution) -> Option<RunId> {
    match &execution.progress {
        Progress::Child(child) => Some(child.request.run),
        _ => None,
    }
}

/// Reads a journal from a run's beginning, record by record.
fn read_along<'r>(definition: &Definition, records: impl IntoIterator<Item = &'r Record>) -> History {
    let (mut run, mut reader) = (Run::new(RunId::nil()), Reader::new(Some(definition)));
    for record in records {
        apply(definition, &mut run, record).unwrap();
        reader.take_in(record);
        agree(&run, &reader.history, record);
    }
    reader.history
}

#[test]
fn a_history_agrees_with_the_run_after_each_record_of_generated_runs() {
    for n in 0..3_000 {
        let built = generated::built(n);
        let history = read_along(&built.definition, &generated::simulate(&built.definition));
        assert!(history.ended_at.is_some() && history.open().next().is_none(), "{n}");
    }
}

const LISTS: &str = "
use:
  extensions:
    - around:
        extend: set
        before: [ { note: { call: http, with: { method: get, endpoint: 'https://erp.example/before' } } } ]
        after: [ { told: { call: http, with: { method: get, endpoint: 'https://erp.example/after' } } } ]
do:
  - one: { set: { n: 1 } }
  - all:
      for: { each: item, in: '[1, 2, 3]' }
      do:
        - first: { call: http, with: { method: get, endpoint: 'https://erp.example/first' } }
        - second: { call: http, with: { method: get, endpoint: 'https://erp.example/second' } }
  - both:
      fork:
        branches:
          - left: { call: http, with: { method: get, endpoint: 'https://erp.example/left' } }
          - right: { set: { r: 2 } }
  - poll: { wait: { seconds: 5 }, then: end }
";

#[test]
fn tasks_in_lists_loops_and_extensions_are_given_what_the_run_gives_them() {
    let definition = written("{}", LISTS);
    let mut play = Play::begin(&definition, json!({ "order": 17 }));
    let mut answers = 0;
    while !play.run.is_closed() {
        if play.calls.is_empty() {
            assert!(play.pass_time());
        } else {
            answers += 1;
            play.answer(json!({ "answer": answers }));
        }
    }
    let history = read_along(&definition, &play.journal);
    assert!(answers > 10 && history.steps.iter().all(|step| step.state == State::Completed), "{history:?}");
}

fn act(world: &mut World<'_>, act: Act) {
    world
        .feed(Fact::Operator { act, actor: Actor("anna".into()), reason: Some("by hand".into()), approval: None })
        .unwrap();
}

fn seen(world: &World<'_>) -> RunView {
    let head = RunHead { id: world.run.id, parent: None, created_at: world.now, wake_at: None, base: 0 };
    view(world.definition, &head, &world.journal).unwrap().unwrap()
}

fn states(world: &World<'_>) -> Vec<(String, &'static str)> {
    let name = |reference: &str| reference.trim_start_matches("/do/").to_owned();
    seen(world).tasks.into_iter().map(|task| (name(&task.reference), task.status)).collect()
}

fn skip() -> Act {
    Act::Skip { output: Value::Null, step: None, confirm: false }
}

/// The undo asks its target first, and that question fails.
#[test]
fn an_undo_that_is_skipped_ends_with_the_question_that_it_waited_for() {
    let asked = Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[Plan::compensated(), asked, Plan::call()], OnFault::Compensate);
    let mut world = World::new(&definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    assert_eq!(world.run.status, Status::Compensating);
    // The undo of the second step fails for good: the run waits for a person.
    world.answer(Answer::Permanent);
    assert_eq!(world.run.attention, Some(Attention::CompensationStuck));
    act(&mut world, skip());
    let skipped = states(&world);
    assert!(skipped.contains(&("1/t1/metadata/compensate".to_owned(), "skipped")), "{skipped:?}");
    assert!(skipped.contains(&("0/t0/metadata/compensate".to_owned(), "running")), "{skipped:?}");
    assert_eq!(skipped.iter().filter(|(_, state)| *state == "skipped").count(), 1, "{skipped:?}");
}

/// The step is passed over, and what was open inside it is over too: the run has it open no more.
#[test]
fn what_is_inside_a_skipped_step_is_not_shown_as_running() {
    let nested = Plan::Do(vec![Plan::call()]);
    let definition = definition(&[nested, Plan::call()], OnFault::Park);
    let mut world = World::new(&definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    let skipped = Change::TaskSkipped { execution: 0, beginning: None, output: Arc::default() };
    let mut record = Record::of_engine(world.now, skipped);
    record.task = Some("/do/0/t0".into());
    world.journal.push(record);
    assert_eq!(states(&world), [("0/t0".to_owned(), "skipped"), ("0/t0/do/0/t0".to_owned(), "skipped")]);
}

#[test]
fn a_dismissed_run_has_no_step_under_way() {
    let definition = definition(&[Plan::Do(vec![Plan::call()])], OnFault::Park);
    let mut world = World::new(&definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    world.answer(Answer::Permanent);
    let shown = seen(&world);
    assert_eq!(shown.stopped_at.as_deref(), Some("/do/0/t0/do/0/t0"));
    act(&mut world, Act::Dismiss);
    assert_eq!(states(&world), [("0/t0".to_owned(), "faulted"), ("0/t0/do/0/t0".to_owned(), "faulted")]);
    assert_eq!(seen(&world).stopped_at.as_deref(), Some("/do/0/t0/do/0/t0"), "the page still says where");
}

#[test]
fn a_try_that_waits_for_its_next_round_is_waiting() {
    let plan = Plan::Try { body: vec![Plan::call()], retries: Some(2), handler: None };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = World::new(&definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    world.answer(Answer::Permanent);
    assert_eq!(world.run.status, Status::Waiting);
    let shown = seen(&world).tasks;
    assert_eq!(shown.iter().map(|task| task.status).collect::<Vec<_>>(), ["waiting", "faulted"]);
    assert!(shown[0].error.is_some(), "the error that it caught");
}
