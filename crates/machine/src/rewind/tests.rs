//! Runs that go back: what is repeated, what is undone first, and what stands in the way.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Choice, Does};
use crate::tests::properties::{Event, events, finish, plans};
use crate::tests::world::build::definition as planned;
use crate::tests::world::{Answer, World};
use crate::*;
use stepwell_language::dsl::{self, Definition, Functions, OnFault};

fn built(tasks: &str) -> std::sync::Arc<Definition> {
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: t, name: t, version: '1.0.0', metadata: {{ onFault: park }} }}\ndo:\n{tasks}"
    );
    dsl::build("t.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}\n{text}")).definition
}

fn call(name: &str, method: &str, metadata: &str) -> String {
    format!(
        "  - {name}:\n      call: http\n      with: {{ method: {method}, endpoint: 'http://target.example/{name}' }}\n      metadata: {{ {metadata} }}\n"
    )
}

const UNDO: &str = "compensate: { call: http, with: { method: post, endpoint: 'http://target.example/undo' } }";

/// Plays a run until its last step fails for good.
fn stopped<'d>(definition: &'d Definition) -> World<'d> {
    let mut world = World::new(definition, 7);
    world.start(json!({ "id": 1 })).unwrap();
    for _ in 1..definition.root.len() {
        assert!(world.answer(Answer::Success));
    }
    world.answer(Answer::Permanent);
    assert!(world.run.is_parked(), "{:?}", world.run);
    world
}

fn choice(world: &World<'_>, from: &str) -> Choice {
    let of = Rewind { definition: world.definition, run: &world.run, records: &world.journal, base: 0 };
    super::choices(of).into_iter().find(|choice| choice.from == from).unwrap()
}

fn does(choice: &Choice) -> Vec<(&str, Does)> {
    choice.between.iter().map(|step| (step.step.as_str(), step.does)).collect()
}

/// The requests on their way: path and idempotency key.
fn pending(world: &World<'_>) -> Vec<(String, String)> {
    let sent = |(_, _, request): &(_, _, std::sync::Arc<CallRequest>)| {
        (request.uri.trim_start_matches("http://target.example/").to_owned(), request.idempotency_key.clone())
    };
    world.pending.iter().map(sent).collect()
}

#[test]
fn what_reads_is_repeated_and_what_changed_something_is_undone_first() {
    let definition = built(
        &[call("read", "get", ""), call("customer", "post", UNDO), call("order", "post", "compensate: none")].concat(),
    );
    let mut world = stopped(&definition);
    let from = "/do/0/read";
    let choice = choice(&world, from);
    assert!(choice.possible);
    let expected = [("/do/0/read", Does::Repeat), ("/do/1/customer", Does::Compensate), ("/do/2/order", Does::Repeat)];
    assert_eq!(does(&choice), expected);
    let first: Vec<String> = world
        .journal
        .iter()
        .filter_map(|record| match &record.change {
            Change::TaskStarted { opening: Opening::Call(request), .. } => Some(request.idempotency_key.clone()),
            _ => None,
        })
        .collect();
    world.rewind(from).unwrap();
    assert_eq!(pending(&world)[0].0, "undo");
    assert_eq!(world.run.status, Status::Compensating);
    for path in ["read", "customer", "order"] {
        assert!(world.answer(Answer::Success));
        let (sent, key) = pending(&world).remove(0);
        assert_eq!(sent, path);
        assert!(!first.contains(&key), "{path} is done again under a key of its own");
    }
    world.answer(Answer::Success);
    assert_eq!((world.run.status, world.run.rewind.clone()), (Status::Completed, None));
}

#[test]
fn the_earlier_step_is_given_what_it_was_given_with_the_context_of_then() {
    let definition = built(
        "  - one: { set: { n: 1 }, export: { as: '{ n: 1 }' } }\n  - two: { set: { n: '${ .n + $context.n }' }, export: { as: '{ n: 5 }' } }\n  - stop: { raise: { error: { type: 'https://example.com/e', status: 500 } } }\n",
    );
    let mut world = World::new(&definition, 7);
    world.start(json!({})).unwrap();
    assert_eq!(*world.run.context, json!({ "n": 5 }));
    world.rewind("/do/1/two").unwrap();
    let outputs: Vec<&Value> = world
        .journal
        .iter()
        .filter(|record| record.task.as_deref() == Some("/do/1/two"))
        .filter_map(|record| match &record.change {
            Change::TaskCompleted { output, .. } => Some(&**output),
            _ => None,
        })
        .collect();
    assert_eq!(outputs, [&json!({ "n": 2 }), &json!({ "n": 2 })]);
    assert!(world.run.is_parked(), "it stops again where it stopped");
}

#[test]
fn what_puts_something_into_place_is_repeated_and_what_cannot_be_undone_stands_in_the_way() {
    let definition = built(
        &[call("put", "put", "compensate: none"), call("post", "post", "compensate: none"), call("last", "get", "")]
            .concat(),
    );
    let mut world = stopped(&definition);
    let choice = choice(&world, "/do/0/put");
    assert_eq!(does(&choice)[..2], [("/do/0/put", Does::Repeat), ("/do/1/post", Does::Cannot)]);
    assert!(!choice.possible);
    let before = world.run.clone();
    let refused = world.rewind("/do/0/put").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "cannot retry from /do/0/put: /do/1/post: it changed something at its target, and has no compensation"
    );
    assert_eq!(world.run, before);
    world.rewind("/do/2/last").unwrap();
    assert_eq!(pending(&world)[0].0, "last");
}

#[test]
fn what_must_not_be_repeated_and_a_passed_pivot_stand_in_the_way() {
    for metadata in ["idempotent: false, compensate: none", "pivot: true"] {
        let definition = built(&[call("put", "put", metadata), call("last", "get", "")].concat());
        let mut world = stopped(&definition);
        assert_eq!(does(&choice(&world, "/do/0/put"))[0].1, Does::Cannot, "{metadata}");
        assert!(matches!(world.rewind("/do/0/put"), Err(Rejected::CannotGoBack { .. })), "{metadata}");
    }
}

#[test]
fn everything_after_what_must_be_undone_is_undone_too_last_one_first() {
    let definition = built(&[call("post", "post", UNDO), call("put", "put", UNDO), call("last", "get", "")].concat());
    let mut world = stopped(&definition);
    let choice = choice(&world, "/do/0/post");
    assert_eq!(does(&choice)[..2], [("/do/0/post", Does::Compensate), ("/do/1/put", Does::Compensate)]);
    world.rewind("/do/0/post").unwrap();
    let undone = |world: &World<'_>| world.run.open[0].role;
    let plan: Vec<ExecutionId> =
        world.run.compensation.iter().flat_map(|c| c.plan.iter()).map(|d| d.execution).collect();
    assert_eq!(plan.len(), 2);
    assert_eq!(undone(&world), Role::Undo(plan[0]));
    assert!(plan[0] > plan[1], "the last one first");
}

#[test]
fn an_undo_that_fails_waits_for_a_person_and_then_the_run_goes_on_from_the_earlier_step() {
    let definition = built(&[call("post", "post", UNDO), call("last", "get", "")].concat());
    let mut world = stopped(&definition);
    world.rewind("/do/0/post").unwrap();
    world.answer(Answer::Permanent);
    assert_eq!(world.run.attention, Some(Attention::CompensationStuck));
    let skip = Act::Skip { output: Value::Null, step: None, confirm: false };
    world.feed(Fact::Operator { act: skip, actor: Actor("anna".into()), reason: None, approval: None }).unwrap();
    assert_eq!(pending(&world)[0].0, "post");
}

#[test]
fn only_a_step_of_the_workflows_own_list_that_the_run_began_can_be_named() {
    let definition = built(
        "  - block:\n      do:\n        - inner: { set: { a: 1 } }\n  - stop: { raise: { error: { type: 'https://example.com/e', status: 500 } } }\n  - later: { set: { a: 1 } }\n",
    );
    let mut world = World::new(&definition, 7);
    world.start(json!({})).unwrap();
    for (from, why) in [
        ("/do/0/block/do/0/inner", "only a step of the workflow's own list"),
        ("/do/2/later", "the run has not begun this step"),
        ("nowhere", "only a step of the workflow's own list"),
    ] {
        let refused = world.rewind(from).unwrap_err().to_string();
        assert!(refused.contains(why), "{from}: {refused}");
    }
    world.rewind("/do/0/block").unwrap();
}

#[test]
fn a_retry_reserved_for_two_needs_two_to_go_back() {
    let mut definition =
        std::sync::Arc::into_inner(built(&[call("a", "get", ""), call("b", "get", "")].concat())).unwrap();
    definition.metadata.two_people.insert(dsl::ActRule::Retry);
    let mut world = stopped(&definition);
    assert!(matches!(world.rewind("/do/0/a"), Err(Rejected::NeedsSecond { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// `World::check` looks after every decision: folding, snapshots, one outcome per execution, one end, nothing stranded.
    #[test]
    fn every_run_ends_however_often_it_goes_back(
        plans in plans(), compensates in any::<bool>(), events in events(), id in any::<u128>(),
        history in prop::option::of(1_u32..30), back in prop::collection::vec(0_usize..8, 1..12),
    ) {
        let mut definition = planned(&plans, if compensates { OnFault::Compensate } else { OnFault::Park });
        definition.metadata.history = history;
        let mut world = World::new(&definition, id);
        world.start(json!({ "id": 1 })).unwrap();
        let mut back = back.into_iter();
        for event in events {
            match event {
                Event::Answered(which, answer) if !world.pending.is_empty() => { world.answer_call(which, answer); }
                Event::Answered(..) => {}
                Event::TimePasses => { world.pass_time(); }
                Event::Crash(arrived) => world.crash(arrived),
                Event::Operator(act) => {
                    let _ = world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None });
                }
            }
            if world.run.is_parked() && let Some(index) = back.next() {
                let from = definition.task(definition.root[index % definition.root.len()]).reference.clone();
                let before = world.run.clone();
                let effects = world.effects.len();
                if world.rewind(&from).is_err() {
                    prop_assert_eq!(&world.run, &before);
                    prop_assert_eq!(world.effects.len(), effects);
                }
            }
        }
        finish(&mut world);
        prop_assert!(world.run.is_closed());
    }
}
