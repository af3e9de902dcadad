//! What a decision costs, counted in allocations: the same however long a run has been under way.

use std::sync::Arc;

use allocation_counter::AllocationInfo;
use serde_json::{Value, json};

use super::world::play::{Play, definition};
use crate::*;
use stepwell_language::dsl::Definition;

/// What the next decision of a run allocates.
fn cost(play: &Play<'_>, fact: Fact) -> AllocationInfo {
    let mut decided = None;
    let cost = allocation_counter::measure(|| decided = Some(play.decide(fact)));
    assert!(!decided.expect("it decides").records.is_empty());
    cost
}

/// The same number of allocations, and about as many bytes: numbers have more digits, and a tree of 64 branches each is one or two
/// nodes deeper.
fn assert_same(few: AllocationInfo, many: AllocationInfo) {
    let (more, larger) = (many.count_total.abs_diff(few.count_total), many.bytes_total.abs_diff(few.bytes_total));
    println!(
        "{} and {} allocations, {} and {} bytes",
        few.count_total, many.count_total, few.bytes_total, many.bytes_total
    );
    assert!(more <= 4, "{} and {} allocations", few.count_total, many.count_total);
    assert!(larger <= 4_096, "{} and {} bytes", few.bytes_total, many.bytes_total);
}

const SAGA: &str = "
do:
  - one: &step
      call: http
      with: { method: post, endpoint: 'https://erp.example/one' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: 'https://erp.example/undo' } } }
  - two: *step
  - three: *step
";

/// A run of three steps that waits for the second, and has done so many others before.
fn saga(definition: &Definition, done: u32) -> Play<'_> {
    let mut play = Play::begin(definition, json!({}));
    play.answer(json!({ "id": 1 }));
    let first = Done::clone(play.run.undo.in_order()[0]);
    for visit in 1..done {
        let coordinates = Coordinates { visit, ..first.coordinates.clone() };
        let execution = ExecutionId::MAX - visit;
        play.run.undo.push(Done { execution, coordinates, output: Arc::new(json!({ "id": visit })), ..first.clone() });
    }
    play
}

#[test]
fn a_step_costs_the_same_after_a_thousand_and_after_a_hundred_thousand() {
    let definition = definition("{}", SAGA);
    let [few, many] = [1_000, 100_000].map(|done| {
        let play = saga(&definition, done);
        let fact = play.outcome(json!({ "id": 2 }));
        cost(&play, fact)
    });
    assert_same(few, many);
}

#[test]
fn undoing_a_step_costs_the_same_with_a_thousand_and_with_a_hundred_thousand_to_undo() {
    let definition = definition("{}", SAGA);
    let [few, many] = [1_000, 100_000].map(|done| {
        let mut play = saga(&definition, done);
        play.answer(json!({ "id": 2 }));
        let (act, actor) = (Act::Compensate, Actor("ada".into()));
        play.feed(Fact::Operator { act, actor, reason: None, approval: None });
        // The third step, whose outcome is unknown, comes first.
        while play.calls.first().is_none_or(|(_, _, request)| !request.uri.ends_with("/undo")) {
            if play.calls.is_empty() {
                assert!(play.pass_time(), "undoing begins");
            } else {
                play.answer(json!({ "id": 3 }));
            }
        }
        let fact = play.outcome(Value::Null);
        cost(&play, fact)
    });
    assert_same(few, many);
}

const POLL: &str = "
do:
  - poll: { call: http, with: { method: get, endpoint: 'https://erp.example/state' } }
  - each:
      for: { in: '[1, 2, 3]' }
      do:
        - inner: { set: { n: '${ $item }' } }
  - pause: { wait: { seconds: 10 }, then: poll }
";

/// A run of [`POLL`] that waits for the answer of this round.
fn polling(definition: &Definition, round: u32) -> Play<'_> {
    let mut play = Play::begin(definition, json!({}));
    for _ in 1..round {
        play.answer(json!({ "done": false }));
        assert!(play.pass_time());
    }
    play
}

#[test]
fn a_round_of_a_loop_costs_the_same_at_round_10_and_at_round_10_000() {
    for metadata in ["{}", "{ history: { records: 100 } }"] {
        let definition = definition(metadata, POLL);
        let [few, many] = [10, 10_000].map(|round| {
            let play = polling(&definition, round);
            let fact = play.outcome(json!({ "done": false }));
            cost(&play, fact)
        });
        assert_same(few, many);
    }
}

const ITEMS: &str = "
do:
  - each:
      for: { in: '[range(20000)]' }
      do:
        - one: { call: http, with: { method: post, endpoint: 'https://erp.example/{item}', body: '${ $item }' } }
      metadata: { concurrency: CONCURRENCY }
";

#[test]
fn an_item_of_a_loop_costs_the_same_at_the_10th_and_at_the_10_000th() {
    for concurrency in ["1", "5"] {
        let definition = definition("{}", &ITEMS.replace("{item}", "item").replace("CONCURRENCY", concurrency));
        let [few, many] = [10, 10_000].map(|item| {
            let mut play = Play::begin(&definition, json!({}));
            for _ in 1..item {
                play.answer(json!({ "ok": true }));
            }
            let fact = play.outcome(json!({ "ok": true }));
            cost(&play, fact)
        });
        assert_same(few, many);
    }
}

const LISTEN: &str = "
do:
  - lines:
      listen:
        to: { any: [{ with: { type: order.line } }], until: { one: { with: { type: order.closed } } } }
        read: data
      foreach:
        item: line
        do:
          - note: { set: { n: '${ $line.n }' } }
";

#[test]
fn an_event_costs_the_same_as_the_500th_and_as_the_30_000th() {
    let definition = definition("{}", LISTEN);
    let event = |n: u32| Fact::Message {
        message: Message::Event {
            execution: 0,
            filters: vec![0],
            event: Arc::new(json!({ "id": n.to_string(), "type": "order.line", "data": { "n": n } })),
        },
        actor: Actor("source:test".into()),
    };
    let takes = |play: &Play<'_>, n| {
        play.decide(event(n)).records.iter().any(|record| matches!(record.change, Change::EventConsumed { .. }))
    };
    let [few, many] = [500, 30_000].map(|number| {
        let mut play = Play::begin(&definition, json!({}));
        for n in 1..number {
            play.feed(event(n));
        }
        assert!(takes(&play, number));
        cost(&play, event(number))
    });
    assert_same(few, many);
}
