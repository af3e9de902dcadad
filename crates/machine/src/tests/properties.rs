//! Properties over random sagas under random answers, crashes and operators.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::build::{Plan, definition};
use super::world::{Answer, World};
use crate::*;
use stepwell_language::dsl::{DurationSpec, OnFault};

/// One thing that happens to a run.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    Answered(usize, Answer),
    TimePasses,
    Crash(Answer),
    Operator(Act),
}

pub(crate) fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let leaf = prop_oneof![
        2 => Just(Plan::Set(1)),
        4 => Just(Plan::compensated()),
        3 => Just(Plan::call()),
        1 => Just(Plan::pivot()),
        1 => Just(Plan::Call { compensated: false, pivot: true, never_resend: false, reconciled: true }),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: false, reconciled: true }),
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
            1 => Just(Plan::PivotBlock(vec![Plan::call()])),
            4 => (0_usize..5, 1_u32..4, list.clone())
                .prop_map(|(items, concurrency, body)| Plan::For { items, concurrency, body }),
            3 => (any::<bool>(), list.clone()).prop_map(|(compete, branches)| Plan::Fork { compete, branches }),
            2 => (1_u64..120, list.clone()).prop_map(|(seconds, body)| Plan::Timed(seconds, Box::new(Plan::Do(body)))),
            2 => (1_u64..120, Just(Plan::pivot())).prop_map(|(seconds, call)| Plan::Timed(seconds, Box::new(call))),
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
        1 => Just(Answer::Late),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        Just(Act::Retry { input: None, step: None }),
        Just(Act::Skip { output: json!({ "skipped": true }), step: None, confirm: false }),
        Just(Act::Cancel { compensate: CancelMode::Compensate }),
        Just(Act::Cancel { compensate: CancelMode::Abandon }),
        Just(Act::Compensate),
        Just(Act::Suspend),
        Just(Act::Resume),
        Just(Act::Dismiss),
    ]
}

fn act_or_edit() -> impl Strategy<Value = Act> {
    prop_oneof![4 => act(), 1 => Just(Act::Retry { input: Some(json!({ "id": 2 })), step: None })]
}

/// Of an act that anna wants.
fn approval() -> impl Strategy<Value = Option<Approval>> {
    let by = |who: &str| Just(Some(Approval { by: Actor(who.to_owned()), reason: None, step: None }));
    prop_oneof![Just(None), by("user:anna"), by("token:ci"), by("local:root@host"), by("user:bob")]
}

pub(crate) fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        8 => (0_usize..4, answer()).prop_map(|(which, answer)| Event::Answered(which, answer)),
        4 => Just(Event::TimePasses),
        2 => prop_oneof![Just(Answer::LostReply), Just(Answer::LostRequest)].prop_map(Event::Crash),
        1 => act().prop_map(Event::Operator),
    ];
    prop::collection::vec(event, 0..60)
}

/// Brings a run to its end with a target that answers well and a person who retries what is parked.
pub(crate) fn finish(world: &mut World<'_>) {
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
            0..200 => Act::Retry { input: None, step: None },
            _ => Act::Skip { output: Value::Null, step: None, confirm: false },
        };
        let fact = Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None };
        let retried = world.feed(fact).is_ok();
        if !retried || (world.run.is_parked() && step < 200) {
            let act = Act::Skip { output: Value::Null, step: None, confirm: false };
            world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None }).unwrap();
        }
    }
    panic!("the run does not end: {:?}", world.run);
}

/// What happens to a run without anyone who mends it: answers, time, crashes, and a person who cancels.
fn accidents(mended: bool) -> impl Strategy<Value = Vec<Event>> {
    let answer = prop_oneof![
        8 => Just(Answer::Success),
        1 => Just(Answer::Permanent),
        1 => Just(Answer::Transient),
        1 => Just(Answer::LostReply),
        1 => Just(Answer::LostRequest),
        2 => Just(Answer::Late),
    ];
    let arrived = prop_oneof![Just(Answer::LostReply), Just(Answer::LostRequest), Just(Answer::Late)];
    let mode = prop_oneof![Just(CancelMode::Compensate), Just(CancelMode::Abandon)];
    let event = prop_oneof![
        12 => (0_usize..4, answer).prop_map(|(which, answer)| Event::Answered(which, answer)),
        4 => Just(Event::TimePasses),
        1 => arrived.prop_map(Event::Crash),
        1 => mode.prop_map(|compensate| Event::Operator(Act::Cancel { compensate })),
        u32::from(mended) => prop_oneof![
            Just(Act::Retry { input: None, step: None }),
            Just(Act::Skip { output: json!({ "skipped": true }), step: None, confirm: false }),
            Just(Act::Suspend),
            Just(Act::Resume),
        ].prop_map(Event::Operator),
    ];
    prop::collection::vec(event, 0..80)
}

/// Plays accidents, then lets a run continue by itself until it ends or stops.
fn play(world: &mut World<'_>, events: Vec<Event>) {
    for event in events {
        match event {
            Event::Answered(which, answer) => {
                if !world.pending.is_empty() {
                    world.answer_call(which, answer);
                }
            }
            Event::TimePasses => {
                world.pass_time();
            }
            Event::Crash(arrived) => world.crash(arrived),
            Event::Operator(act) => {
                // What does not match the state is rejected.
                let _ = world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None });
            }
        }
    }
    for _ in 0..2_000 {
        if world.run.suspended {
            let act = Act::Resume;
            world.feed(Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None }).unwrap();
        }
        if world.run.is_closed() || !(world.answer(Answer::Success) || world.pass_time()) {
            break;
        }
    }
    world.arrivals_until(Time::MAX_UTC);
}

/// The task that a target's step stands for.
fn task_of<'d>(definition: &'d stepwell_language::dsl::Definition, step: &str) -> &'d stepwell_language::dsl::Task {
    let reference = step.trim_start_matches("http://target.example").split_once(' ').expect("a step").0;
    definition.task(definition.by_reference[reference])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// Targets may act as long as their settle time lasts, whatever made the run stop waiting for them, and know no keys.
    #[test]
    fn no_undo_overtakes_its_do_and_past_a_pivot_nothing_is_undone(
        plans in plans(), timeout in prop::option::of(1_u64..200), events in accidents(true),
        abandoned_acts in any::<bool>(), id in any::<u128>(),
    ) {
        let mut definition = definition(&plans, OnFault::Compensate);
        definition.timeout = timeout.map(|seconds| DurationSpec::Fixed(Duration::from_secs(seconds)));
        let mut world = World::new(&definition, id);
        (world.abandoned_acts, world.truthful) = (abandoned_acts, true);
        world.start(json!({ "id": 1 })).unwrap();
        play(&mut world, events);
        let steps: Vec<&str> = world.effects.iter().map(|(step, _)| step.as_str()).collect();
        let undone = |step: &str| step.contains("/metadata/compensate ").then(|| step.replace("/metadata/compensate", ""));
        for (place, step) in steps.iter().enumerate() {
            if let Some(done) = undone(step) {
                prop_assert!(!steps[place..].contains(&done.as_str()), "{done} was done after its undo: {steps:?}");
            }
        }
        let is_pivot = |step: &str| {
            let reference = &task_of(&definition, step).reference;
            let around = |task: &stepwell_language::dsl::Task| reference.starts_with(&format!("{}/do/", task.reference));
            definition.tasks.iter().any(|t| t.metadata.pivot && (t.reference == *reference || around(t)))
        };
        if steps.iter().any(|step| is_pivot(step)) {
            prop_assert!(!steps.iter().any(|step| undone(step).is_some()), "undone past a pivot: {steps:?}");
        }
    }

    /// Whatever takes the run away from a call that must be sent once, it is not sent again before its target said that it did nothing.
    #[test]
    fn what_must_be_sent_once_is_done_once(
        plans in plans(), timeout in prop::option::of(1_u64..200), compensates in any::<bool>(), events in accidents(false),
        abandoned_acts in any::<bool>(), id in any::<u128>(),
    ) {
        let mut definition = definition(&plans, if compensates { OnFault::Compensate } else { OnFault::Park });
        definition.timeout = timeout.map(|seconds| DurationSpec::Fixed(Duration::from_secs(seconds)));
        let mut world = World::new(&definition, id);
        (world.abandoned_acts, world.truthful) = (abandoned_acts, true);
        world.start(json!({ "id": 1 })).unwrap();
        play(&mut world, events);
        let completed = |id: &ExecutionId| {
            world.journal.iter().any(|r| matches!(&r.change, Change::TaskCompleted { execution, .. } if execution == id))
        };
        let once = |step: &str| task_of(&definition, step).metadata.resend == stepwell_language::dsl::Resend::Never;
        for (place, (step, execution)) in world.effects.iter().enumerate().filter(|(_, (step, _))| once(step)) {
            for (_, later) in world.effects[place + 1..].iter().filter(|(other, _)| other == step) {
                // What has ended well may be repeated by a `try` around it, knowingly.
                prop_assert!(later != execution && completed(execution), "{step} was done twice: {:?}", world.effects);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// The checks of every step stand in `World::check`: folding, one outcome per step, one end, nothing stranded.
    #[test]
    fn every_run_ends_whatever_happens_and_its_journal_agrees(
        plans in plans(), compensates in any::<bool>(), events in events(), id in any::<u128>(),
        history in prop::option::of(1_u32..30),
    ) {
        let mut definition = definition(&plans, if compensates { OnFault::Compensate } else { OnFault::Park });
        definition.metadata.history = history;
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
                // What does not match the state is rejected, and then nothing changed.
                Event::Operator(act) => {
                    let before = world.run.clone();
                    let fact = Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None };
                    if world.feed(fact).is_err() {
                        prop_assert_eq!(&world.run, &before);
                    }
                }
            }
        }
        finish(&mut world);
        prop_assert!(world.run.is_closed());
    }

    /// `World::check` looks for the second name after every decision.
    #[test]
    fn no_journal_holds_an_act_reserved_for_two_without_a_second_person(
        plans in plans(), compensates in any::<bool>(), events in events(), id in any::<u128>(),
        rules in prop::collection::btree_set(prop::sample::select(stepwell_language::dsl::ActRule::ALL.as_slice()), 1..8),
        operators in prop::collection::vec((act_or_edit(), approval()), 1..20),
    ) {
        let mut definition = definition(&plans, if compensates { OnFault::Compensate } else { OnFault::Park });
        definition.metadata.two_people = rules;
        let mut world = World::new(&definition, id);
        world.start(json!({ "id": 1 })).unwrap();
        let mut operators = operators.into_iter().cycle();
        for event in events {
            match event {
                Event::Answered(which, answer) => {
                    if !world.pending.is_empty() {
                        world.answer_call(which, answer);
                    }
                }
                Event::TimePasses => { world.pass_time(); }
                Event::Crash(arrived) => world.crash(arrived),
                Event::Operator(_) => {}
            }
            let Some((act, approval)) = operators.next() else { continue };
            // Asking whether it must be proposed gives the same answer as doing it.
            let proposed = propose(&definition, &world.run, &act, None);
            let (actor, reason) = (Actor("user:anna".into()), None);
            let is_second = approval.as_ref().is_some_and(|a| a.by.is_user() && a.by != actor);
            let done = world.feed(Fact::Operator { act, actor, reason, approval });
            match proposed {
                Ok(Some(proposed)) => prop_assert!(done.is_ok() == is_second || proposed.act == Act::Suspend),
                Ok(None) => {}
                Err(_) => prop_assert!(done.is_err()),
            }
        }
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
            if !world.answer(Answer::Success) {
                world.pass_time();
            }
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
