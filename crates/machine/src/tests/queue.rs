//! Runs that wait for their turn among those with the same key.

use serde_json::json;

use super::world::{NOON, World};
use crate::{Act, Actor, CancelMode, Fact, Message, Rejected, Status};
use stepwell_language::dsl::{self, Definition, Functions};

fn definition() -> Definition {
    let text = "document: { dsl: '1.0.3', namespace: t, name: n, version: '1.0.0', metadata: { key: '${ .key }', serialize: key } }
timeout: { after: PT1H }
do:
  - a: { call: http, with: { method: post, endpoint: 'https://erp.example/a' } }
";
    let built = dsl::build("test.yaml", text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}"));
    std::sync::Arc::into_inner(built.definition).expect("nobody else has it")
}

fn turn() -> Fact {
    Fact::Message { message: Message::Turn {}, actor: Actor::engine() }
}

#[test]
fn a_queued_run_begins_with_its_turn_and_its_timeout_too() {
    let definition = definition();
    let mut world = World::new(&definition, 1);
    world.start(json!({ "key": "a" })).unwrap();
    assert_eq!((world.run.status, world.run.queued, world.pending.len()), (Status::Pending, true, 0));
    assert_eq!(world.run.wake_at(), None, "no timer runs while it waits");
    world.now = NOON + chrono::Duration::hours(5);
    world.feed(Fact::TimerDue).unwrap();
    assert!(world.run.queued && world.pending.is_empty());
    world.feed(turn()).unwrap();
    assert_eq!((world.run.status, world.pending.len()), (Status::Running, 1));
    assert_eq!(world.run.deadline, Some(world.now + chrono::Duration::hours(1)));
    assert!(matches!(world.feed(turn()), Err(Rejected::NotAwaited(_))), "a second turn changes nothing");
}

#[test]
fn a_run_without_a_key_waits_for_nobody() {
    let definition = definition();
    let mut world = World::new(&definition, 1);
    world.start(json!({ "key": null })).unwrap();
    assert_eq!((world.run.queued, world.pending.len()), (false, 1));
}

#[test]
fn a_queued_run_that_is_cancelled_does_nothing() {
    let definition = definition();
    let mut world = World::new(&definition, 1);
    world.start(json!({ "key": "a" })).unwrap();
    let act = Act::Cancel { compensate: CancelMode::Compensate };
    world.feed(Fact::Operator { act, actor: Actor("ada".into()), reason: None, approval: None }).unwrap();
    assert_eq!((world.run.status, world.pending.len()), (Status::Cancelled, 0));
}
