//! Properties over random sagas under random answers, crashes and operators.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::build::{Plan, definition};
use super::world::{Answer, World};
use crate::dsl::OnFault;
use crate::machine::*;

/// One thing that happens to a run.
#[derive(Debug, Clone)]
enum Event {
    Answered(usize, Answer),
    TimePasses,
    Crash(Answer),
    Operator(Act),
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let leaf = prop_oneof![
        2 => Just(Plan::Set(1)),
        4 => Just(Plan::compensated()),
        3 => Just(Plan::call()),
        1 => Just(Plan::pivot()),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: true }),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: false }),
        1 => Just(Plan::Wait(60)),
        1 => Just(Plan::Raise(409)),
        1 => Just(Plan::Ask(409)),
    ];
    let task = leaf.prop_recursive(3, 12, 4, |inner| {
        let list = prop::collection::vec(inner, 1..4);
        prop_oneof![
            2 => list.clone().prop_map(Plan::Do),
            4 => (0_usize..5, 1_u32..4, list.clone())
                .prop_map(|(items, concurrency, body)| Plan::For { items, concurrency, body }),
            3 => (any::<bool>(), list.clone()).prop_map(|(compete, branches)| Plan::Fork { compete, branches }),
            3 => (list.clone(), prop::option::of(0_u32..3), prop::option::of(list))
                .prop_map(|(body, retries, handler)| Plan::Try { body, retries, handler }),
        ]
    });
    prop::collection::vec(task, 1..5)
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        8 => Just(Answer::Success),
        1 => Just(Answer::Permanent),
        1 => Just(Answer::Transient),
        1 => Just(Answer::LostReply),
        1 => Just(Answer::LostRequest),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Retry { input: None }),
        Just(Act::Skip { output: json!({ "skipped": true }) }),
        Just(Act::Cancel { compensate: CancelMode::Compensate }),
        Just(Act::Cancel { compensate: CancelMode::Abandon }),
        Just(Act::Compensate),
        Just(Act::Suspend),
        Just(Act::Resume),
        Just(Act::Dismiss),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0_usize..4, answer()).prop_map(|(which, answer)| Event::Answered(which, answer)),
        4 => Just(Event::TimePasses),
        2 => prop_oneof![Just(Answer::LostReply), Just(Answer::LostRequest)].prop_map(Event::Crash),
        1 => act().prop_map(Event::Operator),
    ];
    prop::collection::vec(event, 0..60)
}

/// Brings a run to its end with a target that answers well and a person who retries what is parked.
fn finish(world: &mut World<'_>) {
    for step in 0..2_000 {
        if world.run.is_closed() {
            return;
        }
        if world.answer(Answer::Success) || world.pass_time() {
            continue;
        }
        // A raised error comes back however often it is retried, and with one that asks a person what was looked at before it.
        let act = match step {
            _ if world.run.suspended => Act::Resume,
            0..200 => Act::Retry { input: None },
            _ => Act::Skip { output: Value::Null },
        };
        let fact = Fact::Operator { act, actor: Actor("anna".into()), reason: None };
        let retried = world.feed(fact).is_ok();
        if !retried || (world.run.is_parked() && step < 200) {
            let act = Act::Skip { output: Value::Null };
            world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None }).unwrap();
        }
    }
    panic!("the run does not end: {:?}", world.run);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// The checks of every step stand in `World::check`: folding, one outcome per step, one end, nothing stranded.
    #[test]
    fn every_run_ends_whatever_happens_and_its_journal_tells_the_same_story(
        plans in plans(), compensates in any::<bool>(), events in events(), id in any::<u128>(),
    ) {
        let definition = definition(&plans, if compensates { OnFault::Compensate } else { OnFault::Park });
        let mut world = World::new(&definition, id);
        world.start(json!({ "id": 1 })).unwrap();
        for event in events {
            match event {
                Event::Answered(which, answer) => {
                    if !world.pending.is_empty() {
                        world.answer_call(which, answer);
                    }
                }
                Event::TimePasses => { world.pass_time(); }
                Event::Crash(arrived) => world.crash(arrived),
                // What does not fit the state is rejected, and then nothing changed.
                Event::Operator(act) => {
                    let before = world.run.clone();
                    let fact = Fact::Operator { act, actor: Actor("anna".into()), reason: None };
                    if world.feed(fact).is_err() {
                        prop_assert_eq!(&world.run, &before);
                    }
                }
            }
        }
        finish(&mut world);
        prop_assert!(world.run.is_closed());
    }

    /// Without operators: what was undone is the exact reverse of what was done and knows how to be undone.
    #[test]
    fn compensation_is_the_exact_reverse_of_what_completed(
        count in 1_usize..8, fails_at in 0_usize..8, crashes in prop::collection::vec(any::<bool>(), 16), id in any::<u128>(),
    ) {
        let plans = vec![Plan::compensated(); count];
        let definition = definition(&plans, OnFault::Compensate);
        let mut world = World::new(&definition, id);
        world.start(json!({})).unwrap();
        let mut crashes = crashes.into_iter();
        for step in 0..count {
            if crashes.next().unwrap_or(false) {
                world.crash(Answer::LostReply);
            }
            world.answer(if step == fails_at { Answer::Permanent } else { Answer::Success });
        }
        for _ in 0..1_000 {
            if world.run.is_closed() || world.run.is_parked() {
                break;
            }
            if crashes.next().unwrap_or(false) {
                world.crash(Answer::LostRequest);
            }
            world.answer(Answer::Success);
        }
        prop_assert!(world.run.is_closed() || world.run.is_parked(), "the run does not end: {:?}", world.run);
        let done: Vec<String> = world.steps_done().into_iter().map(str::to_owned).collect();
        let mut undone: Vec<String> = world.steps_undone().into_iter().map(str::to_owned).collect();
        undone.reverse();
        match world.run.status {
            Status::Completed => prop_assert!(undone.is_empty() && fails_at >= count),
            // The first step alone: whether it acted is known, so there is nothing to undo.
            Status::Faulted => prop_assert!(fails_at == 0 && undone.is_empty()),
            status => {
                prop_assert_eq!(status, Status::Compensated);
                prop_assert_eq!(undone, done);
            }
        }
    }
}
