//! Properties over random sagas that move under random answers, crashes and operators.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tests::world::build::{Plan, version};
use crate::tests::world::{Answer, World};
use crate::*;
use stepwell_language::dsl::{Definition, OnFault};

#[derive(Debug, Clone)]
enum Event {
    Answered(usize, Answer),
    TimePasses,
    Crash(Answer),
    Operator(Act),
}

fn leaf() -> impl Strategy<Value = Plan> {
    prop_oneof![
        2 => Just(Plan::Set(1)),
        4 => Just(Plan::compensated()),
        3 => Just(Plan::call()),
        1 => Just(Plan::pivot()),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: false, reconciled: true }),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: true }),
        1 => Just(Plan::Wait(60)),
        2 => Just(Plan::Raise(409)),
    ]
}

/// Tasks that do nothing twice.
fn plain() -> impl Strategy<Value = Vec<Plan>> {
    let task = leaf().prop_recursive(3, 12, 4, |inner| {
        let list = prop::collection::vec(inner, 1..4);
        prop_oneof![
            2 => list.clone().prop_map(Plan::Do),
            3 => (0_usize..4, 1_u32..3, list.clone())
                .prop_map(|(items, concurrency, body)| Plan::For { items, concurrency, body }),
            2 => list.prop_map(|branches| Plan::Fork { compete: false, branches }),
        ]
    });
    prop::collection::vec(task, 1..5)
}

/// Tasks with everything that errors and time may do to them.
fn tasks() -> impl Strategy<Value = Vec<Plan>> {
    let task = leaf().prop_recursive(3, 12, 4, |inner| {
        let list = prop::collection::vec(inner, 1..4);
        prop_oneof![
            2 => list.clone().prop_map(Plan::Do),
            3 => (0_usize..4, 1_u32..3, list.clone())
                .prop_map(|(items, concurrency, body)| Plan::For { items, concurrency, body }),
            2 => list.clone().prop_map(|branches| Plan::Fork { compete: false, branches }),
            3 => (list.clone(), prop::option::of(0_u32..3), prop::option::of(list))
                .prop_map(|(body, retries, handler)| Plan::Try { body, retries, handler }),
        ]
    });
    prop::collection::vec(task, 1..5)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let answer = prop_oneof![8 => Just(Answer::Success), 1 => Just(Answer::Permanent), 1 => Just(Answer::Transient)];
    let acts = prop_oneof![
        2 => Just(Act::Retry { input: None, step: None }),
        1 => Just(Act::Skip { output: json!({ "skipped": true }), step: None, confirm: false }),
        1 => Just(Act::Suspend),
        1 => Just(Act::Resume),
    ];
    let event = prop_oneof![
        8 => (0_usize..4, answer).prop_map(|(which, answer)| Event::Answered(which, answer)),
        3 => Just(Event::TimePasses),
        1 => Just(Event::Crash(Answer::LostRequest)),
        1 => acts.prop_map(Event::Operator),
    ];
    prop::collection::vec(event, 0..40)
}

fn act(world: &mut World<'_>, act: Act) -> Result<(), Rejected> {
    world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None })
}

fn play(world: &mut World<'_>, events: &[Event]) {
    for event in events {
        match event {
            Event::Answered(which, answer) if !world.pending.is_empty() => drop(world.answer_call(*which, *answer)),
            Event::Answered(..) => {}
            Event::TimePasses => drop(world.pass_time()),
            Event::Crash(arrived) => world.crash(*arrived),
            Event::Operator(wanted) => drop(act(world, wanted.clone())),
        }
    }
}

/// Until nothing is on its way: a call in progress holds a move up.
fn land(world: &mut World<'_>) {
    for _ in 0..200 {
        // A target is not asked what it did while the run is suspended.
        if world.run.suspended && world.pending.is_empty() && world.run.awaits_outcome() {
            act(world, Act::Resume).unwrap();
        }
        if !(world.answer(Answer::Success) || (world.run.awaits_outcome() && world.pass_time())) {
            return;
        }
    }
}

/// Lets the run go on by itself as far as it comes.
fn go_on(world: &mut World<'_>) {
    for _ in 0..500 {
        if !(world.answer(Answer::Success) || world.pass_time()) {
            return;
        }
    }
}

/// How often each step was done.
fn done<'w>(world: &'w World<'_>) -> BTreeMap<&'w str, usize> {
    let mut done = BTreeMap::new();
    for (step, _) in &world.effects {
        *done.entry(step.as_str()).or_default() += 1;
    }
    done
}

/// The same tasks where nothing raises an error any more.
fn mended(plans: &[Plan]) -> Vec<Plan> {
    let mend = |plan: &Plan| match plan {
        Plan::Raise(_) => Plan::Set(2),
        Plan::Do(list) => Plan::Do(mended(list)),
        Plan::For { items, concurrency, body } => {
            Plan::For { items: *items, concurrency: *concurrency, body: mended(body) }
        }
        Plan::Fork { compete, branches } => Plan::Fork { compete: *compete, branches: mended(branches) },
        other => other.clone(),
    };
    plans.iter().map(mend).collect()
}

/// What is said of a call that must not be sent again.
const TWICE: &str = "must not be made twice";

fn is_in_doubt(why: &Rejected) -> bool {
    let why = why.to_string();
    why.contains("the outcome of a call is not known") || why.contains("a call is in progress")
}

fn begun<'d>(definition: &'d Definition, id: u128, events: &[Event]) -> World<'d> {
    let mut world = World::new(definition, id);
    world.truthful = true;
    world.start(json!({ "id": 1 })).unwrap();
    play(&mut world, events);
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// A broken definition stops a run wherever it may; whatever was done before, each call of the corrected one is made once.
    #[test]
    fn a_run_that_moves_to_the_corrected_version_makes_every_call_once(
        plans in plain(), before in events(), added in 0_usize..3, id in any::<u128>(),
    ) {
        // What a person skips, another version would do.
        let before: Vec<Event> =
            before.into_iter().filter(|event| !matches!(event, Event::Operator(Act::Skip { .. }))).collect();
        let broken = version(&plans, OnFault::Park, "1.0.0", 0);
        let corrected = version(&mended(&plans), OnFault::Park, "1.0.1", added);
        let mut world = begun(&broken, id, &before);
        land(&mut world);
        if world.run.is_closed() {
            prop_assert!(matches!(world.move_to(&corrected), Err(Rejected::Closed(_))));
            return Ok(());
        }
        // What a target did must be known first.
        for _ in 0..20 {
            let stood = world.run.clone();
            match world.move_to(&corrected) {
                Ok(()) => break,
                Err(Rejected::Closed(_)) => return Ok(()),
                Err(Rejected::DoesNotFit(misfit)) => prop_assert!(misfit.why.contains(TWICE), "{}", misfit),
                Err(why) => prop_assert!(is_in_doubt(&why), "{}", why),
            }
            prop_assert_eq!(&world.run, &stood);
            act(&mut world, Act::Retry { input: None, step: None }).unwrap();
            land(&mut world);
        }
        if world.definition.workflow.version != "1.0.1" {
            prop_assert!(world.run.is_closed() || world.run.is_parked());
            return Ok(());
        }
        world.crash(Answer::LostRequest);
        if world.run.suspended {
            act(&mut world, Act::Resume).unwrap();
        }
        go_on(&mut world);
        // A call that was refused for good is retried.
        while world.run.is_parked() {
            act(&mut world, Act::Retry { input: None, step: None }).unwrap();
            go_on(&mut world);
        }
        prop_assert_eq!(world.run.status, Status::Completed);
        let mut fresh = begun(&corrected, id, &[]);
        go_on(&mut fresh);
        prop_assert_eq!(done(&world), done(&fresh), "calls were lost or repeated");
        prop_assert_eq!(&world.run.output, &fresh.run.output);
    }

    /// A version that differs in nothing that counts changes nothing: the run does what it would have done.
    #[test]
    fn a_run_that_moves_to_a_version_of_the_same_tasks_goes_on_as_it_would_have(
        plans in tasks(), before in events(), between in events(), added in 0_usize..3, compensates in any::<bool>(),
        id in any::<u128>(),
    ) {
        let on_fault = if compensates { OnFault::Compensate } else { OnFault::Park };
        let (old, new) = (version(&plans, on_fault, "1.0.0", 0), version(&plans, on_fault, "1.0.1", added));
        let (mut stays, mut moves) = (begun(&old, id, &before), begun(&old, id, &before));
        land(&mut stays);
        land(&mut moves);
        let stood = moves.run.clone();
        let shape = format!("{plans:?}");
        let is_parallel = shape.contains("Fork {") || (2..10).any(|n| shape.contains(&format!("concurrency: {n}")));
        match moves.move_to(&new) {
            Ok(()) => {}
            // It stops there in this version too. Where branches run in parallel, a replay may take them in another order and refuse.
            Err(Rejected::DoesNotFit(misfit)) => {
                let reordered = ["a person skipped this step", "it does not make this call any more"];
                let is_known = misfit.why.starts_with("it stops there too")
                    || misfit.why.contains(TWICE)
                    || is_parallel && reordered.iter().any(|why| misfit.why.starts_with(why));
                prop_assert!(is_known, "{}", misfit);
                prop_assert_eq!(&moves.run, &stood);
                return Ok(());
            }
            Err(_) => {
                prop_assert_eq!(&moves.run, &stood);
                return Ok(());
            }
        }
        // A run that stopped is retried by the move.
        if stays.run.is_parked() {
            act(&mut stays, Act::Retry { input: None, step: None }).unwrap();
        } else {
            let _ = stays.feed(Fact::Continue);
        }
        let calls = |world: &World<'_>| {
            let mut calls: Vec<String> = world.pending.iter().map(|(.., request)| request.uri.clone()).collect();
            calls.sort();
            calls
        };
        // Which branch goes on first when several stopped is not promised.
        if !is_parallel {
            prop_assert_eq!(calls(&stays), calls(&moves));
        }
        play(&mut moves, &between);
        // And back again.
        land(&mut moves);
        let _ = moves.move_to(&old);
        finish(&mut moves);
    }
}

/// Brings a run to its end with a person who retries what is parked and passes over what fails again.
fn finish(world: &mut World<'_>) {
    for step in 0..600 {
        go_on(world);
        if world.run.is_closed() {
            return;
        }
        let wanted = match step {
            _ if world.run.suspended => Act::Resume,
            0..100 => Act::Retry { input: None, step: None },
            _ => Act::Skip { output: Value::Null, step: None, confirm: false },
        };
        if act(world, wanted).is_err() || (world.run.is_parked() && step < 100) {
            let _ = act(world, Act::Skip { output: Value::Null, step: None, confirm: false });
        }
    }
    panic!("the run does not end: {:?}", world.run);
}
