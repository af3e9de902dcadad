//! Single rules of the machine, each a promise.

use std::sync::Arc;

use serde_json::{Value, json};

use super::world::build::{Plan, definition};
use super::world::{Answer, NOON, SETTLE, World};
use crate::*;
use stepwell_language::dsl::OnFault;

fn world(definition: &stepwell_language::dsl::Definition) -> World<'_> {
    let mut world = World::new(definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    world
}

fn operator(act: Act) -> Fact {
    Fact::Operator { act, actor: Actor("anna".into()), reason: Some("because".into()), approval: None }
}

fn cancel(compensate: CancelMode) -> Fact {
    operator(Act::Cancel { compensate })
}

#[test]
fn a_saga_of_n_calls_is_decided_in_n_plus_one_steps() {
    let definition = definition(&[Plan::call(), Plan::call(), Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    let mut decisions = 1;
    while world.answer(Answer::Success) {
        decisions += 1;
    }
    assert_eq!((world.run.status, decisions), (Status::Completed, 4));
}

#[test]
fn the_last_allowed_attempt_faults_the_run() {
    let definition = definition(&[Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    for _ in 0..2 {
        world.answer(Answer::Transient);
        assert_eq!(world.run.status, Status::Waiting);
        world.pass_time();
    }
    world.answer(Answer::Transient);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)));
}

#[test]
fn undoing_is_the_reverse_of_what_completed_and_then_the_run_is_compensated() {
    let definition = definition(&[Plan::compensated(), Plan::compensated(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    assert_eq!(world.run.status, Status::Compensating);
    while world.answer(Answer::Success) {}
    assert_eq!(world.run.status, Status::Compensated);
    let undone: Vec<&str> = world.steps_undone();
    assert_eq!(undone, ["http://target.example/do/1/t1", "http://target.example/do/0/t0"]);
    assert!(world.run.error.is_some(), "what led to it stays visible");
}

#[test]
fn a_fault_with_nothing_to_undo_ends_faulted_with_attention() {
    let definition = definition(&[Plan::compensated(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Permanent);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)));
}

#[test]
fn a_step_of_unknown_outcome_is_undone_too() {
    let definition = definition(&[Plan::compensated()], OnFault::Compensate);
    let mut world = world(&definition);
    for _ in 0..3 {
        world.answer(Answer::LostReply);
        world.pass_time();
    }
    assert!(world.now >= NOON + SETTLE, "an undo waits until nothing can come after it");
    while world.answer(Answer::Success) {}
    assert_eq!(world.run.status, Status::Compensated);
    assert_eq!(world.steps_undone(), ["http://target.example/do/0/t0"]);
}

#[test]
fn past_the_pivot_nothing_is_undone() {
    let definition = definition(&[Plan::compensated(), Plan::pivot(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)));
    assert!(matches!(world.feed(operator(Act::Compensate)), Err(Rejected::Forbidden { .. })));
    world.feed(operator(Act::Retry { input: None, step: None })).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
}

#[test]
fn a_stuck_undo_keeps_the_run_compensating_until_a_person_retries_it() {
    let definition = definition(&[Plan::compensated(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    world.answer(Answer::Permanent);
    assert_eq!((world.run.status, world.run.attention), (Status::Compensating, Some(Attention::CompensationStuck)));
    assert!(world.feed(cancel(CancelMode::Abandon)).is_err());
    world.feed(operator(Act::Retry { input: None, step: None })).unwrap();
    assert_eq!((world.run.status, world.run.attention), (Status::Compensating, None));
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Compensated);
}

#[test]
fn a_stuck_undo_can_be_skipped() {
    let definition = definition(&[Plan::compensated(), Plan::compensated(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    world.answer(Answer::Permanent);
    world.feed(operator(Act::Skip { output: Value::Null, step: None, confirm: false })).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Compensated);
    assert_eq!(world.steps_undone(), ["http://target.example/do/0/t0"]);
}

#[test]
fn a_step_that_must_not_be_sent_twice_parks_after_an_unknown_outcome() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: false };
    let definition = definition(&[plan], OnFault::Compensate);
    let mut crashed = world(&definition);
    crashed.crash(Answer::LostReply);
    assert_eq!((crashed.run.status, crashed.run.attention), (Status::Faulted, Some(Attention::UnknownOutcome)));
    assert!(crashed.pending.is_empty(), "nothing is sent again");
    let mut lost = world(&definition);
    lost.answer(Answer::LostRequest);
    assert_eq!(lost.run.attention, Some(Attention::UnknownOutcome));
    lost.feed(operator(Act::Skip { output: json!({ "id": "42" }), step: None, confirm: false })).unwrap();
    assert_eq!(lost.run.status, Status::Completed);
}

#[test]
fn a_step_of_unknown_outcome_is_asked_about_and_its_answer_counts() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    world.answer(Answer::LostReply);
    assert!(world.pending[0].2.uri.ends_with("/metadata/reconcile"));
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
    assert_eq!(world.steps_done().len(), 1, "the step was not sent again");
}

#[test]
fn a_step_that_never_acted_is_sent_again_after_a_wait_and_only_as_often_as_its_policy_says() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    let mut sent = 0;
    while world.run.attention.is_none() {
        assert!(world.pending[0].2.uri.ends_with("/do/0/t0"), "{}", world.pending[0].2.uri);
        sent += 1;
        assert!(sent < 10, "it is sent forever");
        world.answer(Answer::LostRequest);
        let given_up = world.now;
        world.answer(Answer::Nothing);
        assert!(world.pending.is_empty(), "it was sent again although it may still act");
        assert!(world.pass_time() && world.now >= given_up + SETTLE);
        world.answer(Answer::Nothing);
    }
    assert_eq!((sent, world.run.attention), (3, Some(Attention::Faulted)));
}

#[test]
fn a_step_that_never_acted_before_its_node_died_is_sent_again_once_that_is_certain() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    world.crash(Answer::LostRequest);
    world.answer(Answer::Nothing);
    assert!(world.pending.is_empty() && world.pass_time());
    world.answer(Answer::Nothing);
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.steps_done().len()), (Status::Completed, 1));
}

#[test]
fn a_try_without_retry_or_handler_goes_on_with_its_input() {
    let plan = Plan::Try { body: vec![Plan::Raise(418)], retries: None, handler: None };
    let definition = definition(&[plan], OnFault::Park);
    let world = world(&definition);
    assert_eq!(world.run.status, Status::Completed);
    assert_eq!(world.run.output.as_deref(), Some(&json!({ "id": 1 })));
}

#[test]
fn retry_limit_counts_retries_after_the_first_try_and_then_the_handler_runs() {
    let plan = Plan::Try { body: vec![Plan::call()], retries: Some(2), handler: Some(vec![Plan::Set(9)]) };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    let mut tries = 0;
    while world.answer(Answer::Permanent) || world.pass_time() {
        tries += usize::from(world.journal.iter().any(|_| false));
    }
    let caught = world.journal.iter().filter(|r| matches!(r.change, Change::ErrorCaught { .. })).count();
    assert_eq!((world.run.status, caught, tries), (Status::Completed, 3, 0));
    assert_eq!(world.run.output.as_deref(), Some(&json!({ "n": 9 })));
}

#[test]
fn a_rerun_by_catch_retry_repeats_the_same_key_in_another_round() {
    let plan = Plan::Try { body: vec![Plan::call()], retries: Some(1), handler: None };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    let first = world.pending[0].2.idempotency_key.clone();
    world.answer(Answer::Permanent);
    world.pass_time();
    assert_eq!(world.pending[0].2.idempotency_key, first);
    let last = world.run.open.last().unwrap();
    assert_eq!((last.coordinates.visit, last.coordinates.round), (0, 1));
}

#[test]
fn cancel_waits_for_the_call_on_its_way_and_starts_nothing_more() {
    let definition = definition(&[Plan::compensated(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.feed(cancel(CancelMode::Compensate)).unwrap();
    assert_eq!(world.run.status, Status::Running);
    let records = world.journal.len();
    world.feed(cancel(CancelMode::Compensate)).unwrap();
    assert_eq!(world.journal.len(), records, "a repeated cancel changes nothing");
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Cancelled);
    assert_eq!(world.steps_undone().len(), 1);
}

#[test]
fn cancel_of_a_waiting_run_takes_effect_at_once() {
    let definition = definition(&[Plan::Wait(3600)], OnFault::Park);
    let mut world = world(&definition);
    assert_eq!(world.run.status, Status::Waiting);
    world.feed(cancel(CancelMode::Abandon)).unwrap();
    assert_eq!(world.run.status, Status::Cancelled);
    assert_eq!(world.feed(cancel(CancelMode::Abandon)), Err(Rejected::Closed(Status::Cancelled)));
}

#[test]
fn suspend_starts_nothing_and_resume_continues() {
    let definition = definition(&[Plan::call(), Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    world.feed(operator(Act::Suspend)).unwrap();
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.pending.len()), (Status::Suspended, 0));
    world.feed(operator(Act::Resume)).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
}

#[test]
fn retry_with_input_gives_the_step_another_input() {
    let definition = definition(&[Plan::call(), Plan::Raise(400)], OnFault::Park);
    let mut world = world(&definition);
    world.answer(Answer::Permanent);
    world.feed(operator(Act::Retry { input: Some(json!({ "id": 2 })), step: None })).unwrap();
    assert_eq!(*world.run.open[0].raw_input, json!({ "id": 2 }));
    assert_eq!(world.pending[0].1, 2, "attempts are counted on");
}

#[test]
fn a_raise_that_asks_a_person_undoes_nothing_and_a_retry_looks_again() {
    let looks = Plan::Do(vec![Plan::call(), Plan::Ask(409)]);
    let definition = definition(&[Plan::compensated(), looks, Plan::pivot()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)));
    assert!(world.run.compensation.is_none(), "a person decides first");
    world.feed(operator(Act::Retry { input: None, step: None })).unwrap();
    assert_eq!(world.pending.len(), 1, "what was looked at before the question is looked at again");
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Faulted, "the answer was the same");
    world.feed(operator(Act::Skip { output: json!({ "n": 1 }), step: None, confirm: false })).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed, "a skip passes over the whole block");
    assert!(world.run.compensation.is_none());
}

#[test]
fn a_raise_that_asks_a_person_outside_of_any_block_stands_where_it_is() {
    let definition = definition(&[Plan::compensated(), Plan::Ask(409), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Faulted);
    world.feed(operator(Act::Retry { input: None, step: None })).unwrap();
    assert_eq!((world.run.status, world.pending.len()), (Status::Faulted, 0));
    world.feed(operator(Act::Skip { output: json!(null), step: None, confirm: false })).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
}

#[test]
fn a_dismissed_run_stays_faulted_and_is_closed() {
    let definition = definition(&[Plan::Raise(500)], OnFault::Park);
    let mut world = world(&definition);
    world.feed(operator(Act::Dismiss)).unwrap();
    assert_eq!((world.run.status, world.run.attention, world.run.is_closed()), (Status::Faulted, None, true));
}

#[test]
fn an_answer_that_no_longer_counts_is_rejected() {
    let definition = definition(&[Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    let outcome = Box::new(super::world::outcome(Answer::Success));
    let stale = world.feed(Fact::CallEnded { execution: 0, attempt: 9, outcome });
    assert_eq!(stale, Err(Rejected::Stale { execution: 0, attempt: 9 }));
}

#[test]
fn a_poisoned_run_is_parked_and_can_be_retried() {
    let definition = definition(&[Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    world.feed(Fact::Poisoned { detail: "three nodes died".into() }).unwrap();
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Poison)));
    world.pending.clear();
    world.feed(operator(Act::Retry { input: None, step: None })).unwrap();
    assert!(world.pass_time() || !world.pending.is_empty());
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
}

#[test]
fn a_value_that_is_null_is_read_back_as_a_value() {
    let null = || Some(Arc::new(Value::Null));
    let beginning = Beginning { parent: None, coordinates: Coordinates::default(), role: Role::Step, input: null() };
    let text = serde_json::to_string(&beginning).unwrap();
    assert_eq!(serde_json::from_str::<Beginning>(&text).unwrap(), beginning);
    let request = CallRequest { body: Some(Value::Null), ..CallRequest::default() };
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<CallRequest>(&text).unwrap(), request);
    let nothing = serde_json::to_string(&CallRequest::default()).unwrap();
    assert_eq!(serde_json::from_str::<CallRequest>(&nothing).unwrap().body, None);
    let retry = Act::Retry { input: Some(Value::Null), step: None };
    let text = serde_json::to_string(&retry).unwrap();
    assert_eq!(serde_json::from_str::<Act>(&text).unwrap(), retry);
}
