//! What follows when the outcome of a call is not known, and what past a pivot may no longer happen.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::build::{Plan, definition};
use super::world::{Answer, NOON, SETTLE, World, outcome};
use crate::*;
use stepwell_language::dsl::{self, Definition, DurationSpec, Functions, OnFault};

fn world(definition: &Definition) -> World<'_> {
    let mut world = World::new(definition, 7);
    world.truthful = true;
    world.start(json!({ "id": 1 })).unwrap();
    world
}

fn act(act: Act) -> Fact {
    Fact::Operator { act, actor: Actor("anna".into()), reason: Some("looked at the target".into()), approval: None }
}

fn cancel(compensate: CancelMode) -> Fact {
    act(Act::Cancel { compensate })
}

fn built(text: &str) -> std::sync::Arc<Definition> {
    dsl::build("test.yaml", text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}\n{text}")).definition
}

/// A payment whose refund must be sent once and can be asked about, and a step that fails after it.
const REFUNDED: &str = "document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }
do:
  - pay:
      call: http
      with: { method: post, endpoint: 'http://target.example/pay' }
      metadata:
        compensate:
          call: http
          with: { method: post, endpoint: 'http://target.example/refund' }
          metadata:
            idempotent: false
            reconcile: { call: http, with: { method: get, endpoint: 'http://target.example/refund/metadata/reconcile' } }
  - fail: { call: http, with: { method: post, endpoint: 'http://target.example/fail' }, metadata: { compensate: none } }
";

/// A call whose output is invalid, in a saga after one that can be undone.
fn with_bad_output(metadata: &str) -> std::sync::Arc<Definition> {
    built(&format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0' }}
do:
  - before:
      call: http
      with: {{ method: post, endpoint: 'http://target.example/before' }}
      metadata: {{ compensate: {{ call: http, with: {{ method: delete, endpoint: 'http://target.example/before' }} }} }}
  - order:
      try:
        - send:
            call: http
            with: {{ method: post, endpoint: 'http://target.example/orders' }}
            output: {{ as: '.ok | ascii_downcase' }}
            metadata: {{ {metadata} }}
      catch: {{ retry: {{ limit: {{ attempt: {{ count: 5 }} }} }} }}
"
    ))
}

#[test]
fn an_answer_that_does_not_match_is_not_a_reason_to_send_again() {
    for metadata in ["idempotent: false, compensate: none", "pivot: true"] {
        let definition = with_bad_output(metadata);
        let mut world = world(&definition);
        world.answer(Answer::Success);
        world.answer(Answer::Success);
        assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)), "{metadata}");
        assert!(world.pending.is_empty() && !world.pass_time(), "{metadata}: it was sent again");
        assert_eq!(world.acted.len(), 2, "{metadata}: nothing is undone: {:?}", world.acted);
    }
}

#[test]
fn past_the_pivot_a_cancel_is_refused_unless_it_leaves_what_was_done() {
    let definition = definition(&[Plan::compensated(), Plan::pivot(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::Success);
    let refused = world.feed(cancel(CancelMode::Compensate)).unwrap_err();
    assert!(matches!(&refused, Rejected::Forbidden { why, .. } if why.contains("compensate: false")), "{refused}");
    world.feed(cancel(CancelMode::Abandon)).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Cancelled);
    assert!(world.steps_undone().is_empty());
}

#[test]
fn a_cancel_that_the_pivot_overtook_undoes_nothing_and_asks_a_person() {
    let definition = definition(&[Plan::compensated(), Plan::pivot(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.feed(cancel(CancelMode::Compensate)).unwrap();
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)));
    world.feed(act(Act::Retry { input: None, step: None })).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
    assert!(world.steps_undone().is_empty());
}

#[test]
fn a_branch_that_fails_while_the_pivot_is_on_its_way_undoes_nothing_once_the_pivot_is_done() {
    let fork = Plan::Fork { compete: false, branches: vec![Plan::pivot(), Plan::call()] };
    let definition = definition(&[Plan::compensated(), fork], OnFault::Compensate);
    for (pivot, attention) in [(Answer::Success, Attention::Faulted), (Answer::LostReply, Attention::UnknownOutcome)] {
        let mut world = world(&definition);
        world.answer(Answer::Success);
        world.answer_call(1, Answer::Permanent);
        assert_eq!(world.run.status, Status::Running, "the pivot is on its way");
        world.answer(pivot);
        assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(attention)));
        assert!(world.steps_undone().is_empty());
    }
}

#[test]
fn the_next_attempts_refusal_says_nothing_about_a_pivot_that_may_have_been_passed() {
    let definition = definition(&[Plan::compensated(), Plan::pivot()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::LostReply);
    world.pass_time();
    world.answer(Answer::Permanent);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::UnknownOutcome)));
    assert!(world.feed(cancel(CancelMode::Compensate)).is_err(), "it counts as passed");
    let silent = Fact::Operator { act: Act::Compensate, actor: Actor("anna".into()), reason: None, approval: None };
    assert!(world.feed(silent).is_err(), "a person who undoes it says what was found");
    world.feed(act(Act::Compensate)).unwrap();
    while world.answer(Answer::Success) || world.pass_time() {}
    assert_eq!(world.run.status, Status::Compensated);
    assert_eq!(world.steps_undone().len(), 1);
}

#[test]
fn a_pivot_that_can_be_asked_about_is_asked_and_then_undone_or_completed() {
    let pivot = Plan::Call { compensated: false, pivot: true, never_resend: false, reconciled: true };
    let definition = definition(&[Plan::compensated(), pivot], OnFault::Compensate);
    for (sent, status) in [(Answer::LostReply, Status::Completed), (Answer::LostRequest, Status::Compensated)] {
        let mut world = world(&definition);
        world.answer(Answer::Success);
        world.answer(sent);
        world.pass_time();
        world.answer(Answer::Permanent);
        while world.answer(Answer::Success) || world.pass_time() {}
        assert_eq!(world.run.status, status, "{sent:?}");
    }
}

#[test]
fn a_cancel_while_the_pivot_is_in_doubt_asks_the_target_first() {
    let pivot = Plan::Call { compensated: false, pivot: true, never_resend: false, reconciled: true };
    let definition = definition(&[Plan::compensated(), pivot], OnFault::Compensate);
    for (sent, undone) in [(Answer::LostReply, 0), (Answer::LostRequest, 1), (Answer::Late, 0)] {
        let mut world = world(&definition);
        world.answer(Answer::Success);
        world.answer(sent);
        world.feed(cancel(CancelMode::Compensate)).unwrap();
        while world.answer(Answer::Success) || world.pass_time() {}
        assert_eq!(world.steps_undone().len(), undone, "{sent:?} {:?}", world.effects);
        let status = if undone == 0 { Status::Faulted } else { Status::Cancelled };
        assert_eq!(world.run.status, status, "{sent:?}");
    }
}

#[test]
fn not_there_counts_only_once_nothing_can_take_effect_any_longer() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    world.answer(Answer::Late);
    world.answer(Answer::Success);
    assert!(world.pending.is_empty(), "it is not there yet, which says nothing");
    assert_eq!((world.run.status, world.run.wake_at()), (Status::Waiting, Some(NOON + SETTLE)));
    world.pass_time();
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.steps_done().len()), (Status::Completed, 1));
}

#[test]
fn a_call_that_must_be_sent_once_is_never_raised_by_a_timeout_around_it() {
    for reconciled in [false, true] {
        let call = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled };
        let timed = Plan::Timed(5, Box::new(Plan::Do(vec![call])));
        let plan = Plan::Try { body: vec![timed], retries: Some(5), handler: None };
        let definition = definition(&[plan], OnFault::Park);
        let mut world = world(&definition);
        world.abandoned_acts = true;
        world.pass_time();
        if reconciled {
            while world.answer(Answer::Success) || world.pass_time() {}
        }
        assert_eq!(world.run.attention, (!reconciled).then_some(Attention::UnknownOutcome));
        world.arrivals_until(Time::MAX_UTC);
        assert_eq!(world.steps_done().len(), 1, "reconciled {reconciled}: {:?}", world.effects);
    }
}

#[test]
fn an_undo_waits_until_its_step_can_no_longer_take_effect_and_asks_first_if_it_can() {
    for reconciled in [false, true] {
        let step = Plan::Call { compensated: true, pivot: false, never_resend: false, reconciled };
        let mut definition = definition(&[step], OnFault::Compensate);
        definition.timeout = Some(DurationSpec::Fixed(Duration::from_secs(1)));
        let mut world = world(&definition);
        world.abandoned_acts = true;
        world.pass_time();
        assert_eq!((world.run.status, world.pending.len()), (Status::Compensating, 0));
        assert_eq!(world.run.wake_at(), Some(NOON + Duration::from_secs(1) + SETTLE));
        while world.answer(Answer::Success) || world.pass_time() {}
        assert_eq!(world.run.status, Status::Compensated);
        assert!(world.effects.last().unwrap().0.contains("/compensate "), "{:?}", world.effects);
    }
}

#[test]
fn what_is_not_there_needs_no_undo() {
    let step = Plan::Call { compensated: true, pivot: false, never_resend: false, reconciled: true };
    let mut definition = definition(&[step], OnFault::Compensate);
    definition.timeout = Some(DurationSpec::Fixed(Duration::from_secs(1)));
    let mut world = world(&definition);
    world.pass_time();
    while world.answer(Answer::Success) || world.pass_time() {}
    assert_eq!((world.run.status, world.steps_undone().len()), (Status::Compensated, 0));
}

#[test]
fn a_timeout_that_struck_does_not_strike_again_after_a_skip_or_a_retry() {
    let timed = Plan::Timed(5, Box::new(Plan::Do(vec![Plan::call(), Plan::call()])));
    let definition = definition(&[timed], OnFault::Park);
    for act_of in
        [Act::Skip { output: Value::Null, step: None, confirm: false }, Act::Retry { input: None, step: None }]
    {
        let mut world = world(&definition);
        world.pass_time();
        assert_eq!(world.run.attention, Some(Attention::Faulted));
        world.feed(act(act_of.clone())).unwrap();
        assert_eq!(world.run.attention, None, "{act_of:?}");
        while world.answer(Answer::Success) {}
        assert_eq!(world.run.status, Status::Completed, "{act_of:?}");
    }
}

#[test]
fn an_act_that_names_its_step_hits_no_other_one() {
    let definition = definition(&[Plan::call(), Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    world.answer(Answer::Permanent);
    let skip = |step: &str| act(Act::Skip { output: Value::Null, step: Some(step.into()), confirm: false });
    world.feed(skip("/do/0/t0")).unwrap();
    world.answer(Answer::Permanent);
    let refused = world.feed(skip("/do/0/t0")).unwrap_err();
    assert_eq!(refused.to_string(), "cannot skip /do/0/t0: the run is at /do/1/t1");
    world.feed(skip("/do/1/t1")).unwrap();
    assert_eq!(world.run.status, Status::Completed);
}

#[test]
fn a_second_cancel_while_undoing_changes_nothing() {
    let definition = definition(&[Plan::compensated(), Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.feed(cancel(CancelMode::Compensate)).unwrap();
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Compensating);
    let before = world.run.seq;
    world.feed(cancel(CancelMode::Compensate)).unwrap();
    assert_eq!(world.run.seq, before);
}

#[test]
fn a_target_that_says_retry_now_is_asked_neither_without_pause_nor_forever() {
    let definition = definition(&[Plan::call()], OnFault::Park);
    let mut world = world(&definition);
    let mut in_ten_seconds = 0;
    let mut asked = 0;
    while world.run.attention.is_none() {
        let (execution, attempt, _) = world.pending.remove(0);
        let CallOutcome::Failed(failure) = outcome(Answer::Transient) else { unreachable!() };
        let retry = CallRetry::default();
        let response = Some(super::world::response(429));
        let class = FaultClass::Throttled;
        let failure = CallFailure { class, retry, response, retry_after: Some(Duration::ZERO), ..failure };
        let outcome = Box::new(CallOutcome::Failed(failure));
        world.feed(Fact::CallEnded { execution, attempt, outcome }).unwrap();
        asked += 1;
        in_ten_seconds += u32::from(world.now < NOON + Duration::from_secs(10));
        assert!(asked < 100_000, "forever");
        world.pass_time();
    }
    assert!(in_ten_seconds < 10, "{in_ten_seconds} requests in ten seconds");
    assert!(world.now > NOON + Duration::from_hours(71), "a daily limit is waited out");
}

#[test]
fn an_undo_that_can_be_asked_about_is_asked_once_and_ends() {
    let definition = built(REFUNDED);
    let mut world = World::new(&definition, 7);
    world.start(json!({})).unwrap();
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    world.answer(Answer::LostReply);
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.pending.len()), (Status::Compensated, 0));
}

#[test]
fn compensate_while_the_pivot_is_on_its_way_undoes_nothing_once_it_is_done() {
    let definition = definition(&[Plan::compensated(), Plan::pivot()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.feed(act(Act::Compensate)).unwrap();
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::Faulted)));
    assert!(world.steps_undone().is_empty());
}

#[test]
fn a_block_that_is_the_pivot_counts_with_what_is_open_in_it() {
    let definition = definition(&[Plan::compensated(), Plan::PivotBlock(vec![Plan::call()])], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.answer(Answer::LostReply);
    assert!(world.feed(cancel(CancelMode::Compensate)).is_err());
    world.pass_time();
    world.answer(Answer::Permanent);
    assert_eq!((world.run.status, world.run.attention), (Status::Faulted, Some(Attention::UnknownOutcome)));
}

#[test]
fn a_skip_of_a_failed_question_passes_over_the_step_and_sends_nothing() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[plan], OnFault::Park);
    let mut world = world(&definition);
    world.truthful = false;
    world.answer(Answer::LostReply);
    world.answer(Answer::Permanent);
    assert_eq!(world.run.attention, Some(Attention::UnknownOutcome));
    world.feed(act(Act::Skip { output: json!({ "id": 7 }), step: None, confirm: false })).unwrap();
    assert_eq!((world.run.status, world.pending.len()), (Status::Completed, 0));
    assert_eq!(world.run.output.as_deref(), Some(&json!({ "id": 7 })));
}

#[test]
fn a_cancel_after_a_failed_question_ends_the_run() {
    let plan = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: true };
    let definition = definition(&[Plan::compensated(), plan], OnFault::Park);
    for (mode, undone) in [(CancelMode::Abandon, 0), (CancelMode::Compensate, 1)] {
        let mut world = world(&definition);
        world.answer(Answer::Success);
        world.answer(Answer::LostReply);
        world.answer(Answer::Permanent);
        world.feed(cancel(mode)).unwrap();
        while world.answer(Answer::Success) || world.pass_time() {}
        assert_eq!((world.run.status, world.steps_undone().len()), (Status::Cancelled, undone), "{mode:?}");
    }
}

#[test]
fn what_fails_while_a_run_is_being_ended_does_not_change_how_it_ends() {
    let fork = Plan::Fork { compete: false, branches: vec![Plan::call(), Plan::call()] };
    let definition = definition(&[Plan::compensated(), fork], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::Success);
    world.feed(cancel(CancelMode::Abandon)).unwrap();
    world.answer(Answer::Permanent);
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Cancelled);
    assert!(world.steps_undone().is_empty(), "the person said to leave it");
}

#[test]
fn a_step_that_took_effect_and_was_skipped_is_undone_too() {
    let step = Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: false };
    let definition = definition(&[step, Plan::call()], OnFault::Compensate);
    let mut world = world(&definition);
    world.answer(Answer::LostReply);
    world.feed(act(Act::Skip { output: json!({ "id": 7 }), step: None, confirm: false })).unwrap();
    world.answer(Answer::Permanent);
    while world.answer(Answer::Success) || world.pass_time() {}
    assert_eq!((world.run.status, world.steps_undone().len()), (Status::Compensated, 1));
}

#[test]
fn a_race_that_is_won_is_not_lost_to_its_loser() {
    let once = Plan::Call { compensated: false, pivot: false, never_resend: true, reconciled: false };
    let race = Plan::Fork { compete: true, branches: vec![once, Plan::call()] };
    let definition = definition(&[race], OnFault::Park);
    for loser in [Answer::Permanent, Answer::Success] {
        let mut world = world(&definition);
        world.answer_call(1, Answer::Nothing);
        world.answer(loser);
        assert_eq!(
            (world.run.status, world.run.output.as_deref()),
            (Status::Completed, Some(&Value::Null)),
            "{loser:?}"
        );
    }
}

#[test]
fn an_act_tells_iterations_of_a_loop_apart() {
    let body = vec![Plan::call()];
    let definition = definition(&[Plan::For { items: 2, concurrency: 1, body }], OnFault::Park);
    let mut world = world(&definition);
    world.answer(Answer::Permanent);
    let at = world.run.open.last().unwrap().id;
    let step = Some(crate::view::step_name("/do/0/t0/do/0/t0", at));
    let skip = || act(Act::Skip { output: Value::Null, step: step.clone(), confirm: false });
    world.feed(skip()).unwrap();
    world.answer(Answer::Permanent);
    assert!(world.feed(skip()).is_err(), "it stands at the next item");
}

#[test]
fn a_skip_of_a_failed_question_about_an_undo_passes_over_that_undo() {
    let definition = built(REFUNDED);
    let mut world = World::new(&definition, 7);
    world.start(json!({})).unwrap();
    world.answer(Answer::Success);
    world.answer(Answer::Permanent);
    world.answer(Answer::LostReply);
    world.answer(Answer::Permanent);
    assert_eq!(world.run.attention, Some(Attention::CompensationStuck));
    world.feed(act(Act::Skip { output: Value::Null, step: None, confirm: false })).unwrap();
    assert_eq!((world.run.status, world.pending.len()), (Status::Compensated, 0));
}
