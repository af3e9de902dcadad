//! Timeouts measure the run's own time: what passes while it is suspended or waits for a person does not count.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;

use super::world::{Answer, NOON, World};
use crate::*;
use stepwell_language::dsl::{self, Definition, Functions};

fn definition(body: &str) -> Definition {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0', metadata: {{ key: '${{ .key }}' }} }}\n{body}"
    );
    let built = dsl::build("test.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}"));
    std::sync::Arc::into_inner(built.definition).expect("nobody else has it")
}

fn act(world: &mut World<'_>, act: Act) {
    world.feed(Fact::Operator { act, actor: Actor("ada".into()), reason: None, approval: None }).unwrap();
}

fn pass(world: &mut World<'_>, seconds: i64) {
    world.now += TimeDelta::seconds(seconds);
    // The node's clock may wake it at any time; a stopped run must not mind.
    world.feed(Fact::TimerDue).unwrap();
}

fn pause(world: &mut World<'_>, seconds: i64) {
    act(world, Act::Suspend);
    pass(world, seconds);
    act(world, Act::Resume);
}

fn started(definition: &Definition) -> World<'_> {
    let mut world = World::new(definition, 7);
    world.start(json!({ "key": "a" })).unwrap();
    world
}

fn after(seconds: i64) -> Time {
    NOON + TimeDelta::seconds(seconds)
}

const NESTED: &str = "timeout: { after: PT60S }
do:
  - outer:
      timeout: { after: PT20S }
      do:
        - inner:
            timeout: { after: PT6S }
            try:
              - call: { call: http, with: { method: post, endpoint: 'https://erp.example/a' } }
            catch:
              errors: { with: { status: 400 } }
              retry: { delay: PT1S, limit: { attempt: { count: 50 }, duration: PT4S } }
";

#[test]
fn suspended_time_counts_for_no_timeout_however_deeply_nested_and_however_often() {
    let definition = definition(NESTED);
    let mut world = started(&definition);
    pass(&mut world, 3);
    for _ in 0..3 {
        pause(&mut world, 100);
    }
    assert_eq!(world.run.status, Status::Running, "nothing has timed out: {:?}", world.run.error);
    let deadlines: Vec<Option<Time>> = world.run.open.iter().map(|e| e.deadline).collect();
    assert_eq!(deadlines, [Some(after(320)), Some(after(306)), None]);
    assert_eq!(world.run.deadline, Some(after(360)));
    assert_eq!(world.run.running_time(world.now), TimeDelta::seconds(3));
    assert_eq!(world.run.pauses, Pauses { since: None, total: TimeDelta::seconds(300) });
    world.crash(Answer::LostRequest);
    pass(&mut world, 2);
    assert_ne!(world.run.attention, Some(Attention::Faulted));
    pass(&mut world, 1);
    assert_eq!((world.run.status, world.run.error.as_ref().map(|e| e.status)), (Status::Faulted, Some(408)));
}

#[test]
fn a_timeout_strikes_after_its_time_of_running_and_not_before() {
    let definition = definition("timeout: { after: PT6S }\ndo:\n  - w: { wait: PT1H }\n");
    let mut world = started(&definition);
    pass(&mut world, 5);
    pause(&mut world, 8);
    assert_eq!((world.run.status, world.run.wake_at()), (Status::Waiting, Some(after(14))));
    pass(&mut world, 1);
    assert_eq!((world.run.status, world.run.error.as_ref().map(|e| e.status)), (Status::Faulted, Some(408)));
}

#[test]
fn a_wait_that_ends_while_the_run_is_suspended_is_over_when_it_goes_on() {
    let definition =
        definition("timeout: { after: PT6S }\ndo:\n  - w: { wait: PT2S }\n  - done: { set: { ok: true } }\n");
    let mut world = started(&definition);
    pause(&mut world, 8);
    assert_eq!((world.run.status, world.run.finished_at), (Status::Completed, Some(after(8))));
}

#[test]
fn a_try_goes_on_retrying_for_as_long_as_it_was_allowed_to_run() {
    let definition = definition(NESTED);
    let mut world = started(&definition);
    assert!(world.answer(Answer::Permanent));
    pause(&mut world, 3_600);
    assert_eq!(world.pending.len(), 1, "the delay passed during the pause");
    world.answer(Answer::Permanent);
    assert_eq!(world.run.status, Status::Waiting, "its four seconds are not used up");
    for _ in 0..4 {
        world.pass_time();
        world.answer(Answer::Permanent);
    }
    assert_eq!(world.run.status, Status::Faulted, "now they are");
}

#[test]
fn a_call_that_fails_during_a_pause_is_retried_for_as_long_as_its_connection_allows() {
    let definition =
        definition("do:\n  - a: { call: http, with: { method: post, endpoint: 'https://erp.example/a' } }\n");
    let mut world = started(&definition);
    act(&mut world, Act::Suspend);
    pass(&mut world, 1_000_000);
    world.answer(Answer::Transient);
    pass(&mut world, 1_000_000);
    act(&mut world, Act::Resume);
    assert_eq!(world.pending.len(), 1, "the second attempt was due long ago");
    world.answer(Answer::Transient);
    assert_eq!(world.run.status, Status::Waiting, "a third one follows: {:?}", world.run.error);
}

#[test]
fn a_run_that_waits_for_a_person_does_not_use_up_the_timeouts_around_the_failed_step() {
    let definition = definition(
        "do:\n  - outer:\n      timeout: { after: PT6S }\n      do:\n        - a: { call: http, with: { method: post, endpoint: 'https://erp.example/a' } }\n",
    );
    let mut world = started(&definition);
    pass(&mut world, 2);
    world.answer(Answer::Permanent);
    pass(&mut world, 86_400);
    act(&mut world, Act::Retry { input: None, step: None });
    assert_eq!((world.run.status, world.pending.len()), (Status::Running, 1));
    assert_eq!(world.run.open[0].deadline, Some(after(86_406)));
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Completed);
}

#[test]
fn skipping_the_step_at_which_the_whole_run_timed_out_lets_it_continue() {
    let definition = definition("timeout: { after: PT6S }\ndo:\n  - w: { wait: PT1H }\n  - v: { wait: PT1S }\n");
    let mut world = started(&definition);
    pass(&mut world, 6);
    assert_eq!(world.run.status, Status::Faulted);
    pass(&mut world, 60);
    act(&mut world, Act::Skip { output: json!({}), step: None, confirm: false });
    assert_eq!(world.run.status, Status::Waiting, "{:?}", world.run.error);
}

#[test]
fn suspending_while_a_saga_is_undone_pauses_the_timeouts_of_its_undos() {
    let definition = definition(
        "do:
  - a:
      call: http
      with: { method: post, endpoint: 'https://erp.example/a' }
      metadata:
        compensate: { call: http, with: { method: delete, endpoint: 'https://erp.example/a/undo' }, timeout: { after: PT6S } }
  - b:
      call: http
      with: { method: post, endpoint: 'https://erp.example/b' }
      metadata: { compensate: none }
",
    );
    let mut world = started(&definition);
    world.answer(Answer::Success);
    act(&mut world, Act::Cancel { compensate: CancelMode::Compensate });
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Compensating);
    pause(&mut world, 60);
    assert_eq!(world.run.attention, None, "{:?}", world.run.error);
    world.answer(Answer::Success);
    assert_eq!(world.run.status, Status::Cancelled);
}

#[test]
fn a_run_suspended_while_it_waits_for_its_turn_gets_its_whole_timeout() {
    let body = "timeout: { after: PT1H }\ndo:\n  - a: { call: http, with: { method: post, endpoint: 'https://erp.example/a' } }\n";
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0', metadata: {{ key: '${{ .key }}', serialize: key }} }}\n{body}"
    );
    let built = dsl::build("test.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}"));
    let turn = || Fact::Message { message: Message::Turn {}, actor: Actor::engine() };
    for (before, between, behind) in [(10, 20, 30), (0, 20, 0), (10, 0, 30), (7_200, 7_200, 7_200)] {
        let mut world = started(&built.definition);
        pass(&mut world, before);
        act(&mut world, Act::Suspend);
        pass(&mut world, between);
        world.feed(turn()).unwrap();
        pass(&mut world, behind);
        act(&mut world, Act::Resume);
        assert_eq!(world.run.deadline, Some(world.now + TimeDelta::hours(1)), "{before} {between} {behind}");
        assert_eq!(world.run.status, Status::Running);
    }
}

#[test]
fn the_journal_says_how_long_the_run_stood_still() {
    let definition = definition(NESTED);
    let mut world = started(&definition);
    pause(&mut world, 8);
    let told: Vec<Option<u64>> = world
        .journal
        .iter()
        .filter_map(|record| match record.change {
            Change::OperatorActed { paused_ms, .. } => Some(paused_ms),
            _ => None,
        })
        .collect();
    assert_eq!(told, [None, Some(8_000)]);
}

proptest! {
    /// Running and pausing in any order: the timeout strikes when the time of running, and only that, reaches it.
    #[test]
    fn a_timeout_strikes_exactly_when_the_time_of_running_is_used_up(
        spans in prop::collection::vec((1_i64..20, 0_i64..50), 1..12), crash in any::<bool>(),
    ) {
        let definition = definition("timeout: { after: PT30S }\ndo:\n  - w: { wait: P30D }\n");
        let mut world = started(&definition);
        let mut ran = 0;
        for (running, paused) in spans {
            ran += running;
            pass(&mut world, running);
            prop_assert_eq!(world.run.is_parked(), ran >= 30, "after {} seconds of running", ran);
            if world.run.is_parked() {
                return Ok(());
            }
            act(&mut world, Act::Suspend);
            pass(&mut world, paused);
            if crash {
                world.crash(Answer::LostRequest);
            }
            act(&mut world, Act::Resume);
            prop_assert!(!world.run.is_parked());
            prop_assert_eq!(world.run.running_time(world.now), TimeDelta::seconds(ran));
        }
    }
}
