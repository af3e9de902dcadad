//! Runs that a freeze holds back.

use std::sync::Arc;

use serde_json::json;

use super::world::{NOON, World};
use crate::{Act, Actor, Begin, Fact, Hold, Message, Started, Status};
use stepwell_language::dsl::{self, Definition, Functions};

fn definition(metadata: &str) -> Definition {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: n, version: '1.0.0', metadata: {metadata} }}
timeout: {{ after: PT1H }}
do:
  - a: {{ call: http, with: {{ method: post, endpoint: 'https://erp.example/a' }} }}
"
    );
    let built = dsl::build("test.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}"));
    Arc::into_inner(built.definition).expect("nobody else has it")
}

fn held() -> Fact {
    let hold = Hold { freeze: uuid::Uuid::nil(), actor: Actor("user:ada".into()), reason: "freeze: month end".into() };
    Fact::Started(Box::new(Started {
        input: Arc::new(json!({ "key": "a" })),
        parent: None,
        event: None,
        actor: Actor("source:crm".into()),
        environment: None,
        begin: Begin::Now,
        hold: Some(hold),
        restarts: None,
    }))
}

fn resume() -> Fact {
    Fact::Operator { act: Act::Resume, actor: Actor("user:bob".into()), reason: None, approval: None }
}

#[test]
fn a_held_run_begins_when_it_is_resumed_and_its_timeout_counts_from_then() {
    let definition = definition("{}");
    let mut world = World::new(&definition, 1);
    world.feed(held()).unwrap();
    assert_eq!((world.run.status, world.pending.len(), world.run.wake_at()), (Status::Suspended, 0, None));
    let kinds: Vec<&str> = world.journal.iter().map(|record| record.change.kind()).collect();
    assert_eq!(kinds, ["run.started", "operator.acted"]);
    world.now = NOON + chrono::Duration::hours(5);
    world.feed(Fact::TimerDue).unwrap();
    assert!(world.pending.is_empty());
    world.feed(resume()).unwrap();
    assert_eq!((world.run.status, world.pending.len()), (Status::Running, 1));
    assert_eq!(world.run.deadline, Some(world.now + chrono::Duration::hours(1)));
}

#[test]
fn a_held_run_that_waits_for_its_turn_needs_both() {
    let definition = definition("{ key: '${ .key }', serialize: key }");
    let turn = || Fact::Message { message: Message::Turn {}, actor: Actor::engine() };
    for turn_first in [true, false] {
        let mut world = World::new(&definition, 1);
        world.feed(held()).unwrap();
        let (first, second) = if turn_first { (turn(), resume()) } else { (resume(), turn()) };
        world.feed(first).unwrap();
        assert!(world.pending.is_empty());
        world.feed(second).unwrap();
        assert_eq!(world.pending.len(), 1);
    }
}
