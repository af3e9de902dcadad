//! Properties over random families of runs: a run starts others, which start others, under random answers, crashes, lost
//! births, delayed messages and operators.

use std::collections::VecDeque;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::build::{Plan, definition};
use super::world::{Answer, NOON, World};
use crate::*;
use stepwell_language::dsl::{Definition, OnFault};

/// One thing that happens to a family. The numbers choose a member or a message.
#[derive(Debug, Clone)]
enum Event {
    Answered {
        member: usize,
        call: usize,
        answer: Answer,
    },
    /// A child that was asked for begins.
    Born(usize),
    Delivered(usize),
    TimePasses(usize),
    /// The node of a member dies. What was on its way has arrived, or not.
    Crash(usize, Answer),
    Operator(usize, Act),
}

/// What became visible to the outside, in order over the whole family.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    /// A target acted for a step of a member.
    Effect {
        member: usize,
        step: String,
        execution: ExecutionId,
    },
    Started {
        member: usize,
        execution: ExecutionId,
    },
    Completed {
        member: usize,
        execution: ExecutionId,
    },
}

/// A start of a child that was asked for and has not happened yet.
struct Birth {
    parent: usize,
    execution: ExecutionId,
    request: Arc<ChildRequest>,
}

struct Family<'d> {
    definitions: &'d [Definition],
    members: Vec<World<'d>>,
    births: VecDeque<Birth>,
    /// Kept until it is taken in, also for a run that does not exist yet.
    mail: Vec<(RunId, Message)>,
    now: Time,
    seen: Vec<Seen>,
    /// Effects and records of each member that are in `seen`.
    counted: Vec<(usize, usize)>,
}

impl<'d> Family<'d> {
    fn new(definitions: &'d [Definition], id: u128) -> Self {
        let mut family = Self {
            definitions,
            members: Vec::new(),
            births: VecDeque::new(),
            mail: Vec::new(),
            now: NOON,
            seen: Vec::new(),
            counted: Vec::new(),
        };
        family.add(&definitions[0], RunId::from_u128(id), None, Arc::new(json!({ "id": 1 })));
        family
    }

    fn add(&mut self, definition: &'d Definition, run: RunId, parent: Option<Parent>, input: Arc<Value>) {
        let mut world = World::new(definition, 0);
        world.run = Run::new(run);
        (world.now, world.truthful) = (self.now, true);
        world.start_for(parent, input).unwrap();
        self.members.push(world);
        self.counted.push((0, 0));
        self.collect(self.members.len() - 1);
    }

    /// Does something to a member at this time, and takes over what it asks for.
    fn with<T>(&mut self, member: usize, doing: impl FnOnce(&mut World<'d>) -> T) -> T {
        let world = &mut self.members[member];
        world.now = self.now;
        world.arrivals_until(self.now);
        let done = doing(world);
        self.now = world.now;
        self.collect(member);
        done
    }

    fn collect(&mut self, member: usize) {
        let world = &mut self.members[member];
        for effect in std::mem::take(&mut world.outgoing) {
            match effect {
                Effect::StartChild { execution, request } => {
                    self.births.push_back(Birth { parent: member, execution, request });
                }
                Effect::Tell { run, message } => self.mail.push((run, message)),
                _ => unreachable!("only these go out"),
            }
        }
        let (effects, records) = &mut self.counted[member];
        for (step, execution) in &world.effects[*effects..] {
            self.seen.push(Seen::Effect { member, step: step.clone(), execution: *execution });
        }
        for record in &world.journal[*records..] {
            match record.change {
                Change::TaskStarted { execution, .. } => self.seen.push(Seen::Started { member, execution }),
                Change::TaskCompleted { execution, .. } => self.seen.push(Seen::Completed { member, execution }),
                _ => {}
            }
        }
        (*effects, *records) = (world.effects.len(), world.journal.len());
    }

    fn member(&self, run: RunId) -> Option<usize> {
        self.members.iter().position(|world| world.run.id == run)
    }

    /// A child begins, once however often it is asked for. `told`: its parent learns of it.
    fn bear(&mut self, which: usize, told: bool) -> bool {
        if self.births.is_empty() {
            return false;
        }
        let birth = self.births.remove(which % self.births.len()).expect("it is there");
        let child = birth.request.run;
        if self.member(child).is_none() {
            let number: usize = birth.request.name.trim_start_matches("built-").parse().expect("a number");
            let parent = Parent {
                run: self.members[birth.parent].run.id,
                execution: birth.execution,
                awaits: birth.request.awaits,
                depth: birth.request.depth,
            };
            self.add(&self.definitions[number], child, Some(parent), Arc::clone(&birth.request.input));
        }
        if told && !self.members[birth.parent].run.is_closed() {
            // A parent that gave it up meanwhile does not listen.
            let _ = self.with(birth.parent, |world| world.feed(Fact::ChildStarted { child }));
        }
        true
    }

    /// One message arrives: the oldest for its run. Those for runs that do not exist yet stay.
    fn deliver(&mut self, which: usize) -> bool {
        let arrivable: Vec<usize> = (0..self.mail.len())
            .filter(|i| self.member(self.mail[*i].0).is_some())
            .filter(|i| !self.mail[..*i].iter().any(|(run, _)| *run == self.mail[*i].0))
            .collect();
        if arrivable.is_empty() {
            return false;
        }
        let (run, message) = self.mail.remove(arrivable[which % arrivable.len()]);
        let member = self.member(run).expect("only those that exist");
        // What does not concern it any more is dropped.
        let _ = self.with(member, |world| world.hear(message));
        true
    }

    fn crash(&mut self, member: usize, arrived: Answer) {
        for place in (0..self.births.len()).rev().filter(|i| self.births[*i].parent == member).collect::<Vec<_>>() {
            match arrived {
                Answer::LostRequest => drop(self.births.remove(place)),
                _ => drop(self.bear(place, false)),
            }
        }
        self.with(member, |world| world.crash(arrived));
    }

    fn act(&mut self, member: usize, act: Act) -> Result<(), Rejected> {
        let fact = Fact::Operator { act, actor: Actor("anna".into()), reason: None, approval: None };
        self.with(member, |world| world.feed(fact))
    }

    fn play(&mut self, event: Event) {
        match event {
            Event::Answered { member, call, answer } => {
                let busy: Vec<usize> =
                    (0..self.members.len()).filter(|m| !self.members[*m].pending.is_empty()).collect();
                if !busy.is_empty() {
                    self.with(busy[member % busy.len()], |world| world.answer_call(call, answer));
                }
            }
            Event::Born(which) => drop(self.bear(which, true)),
            Event::Delivered(which) => drop(self.deliver(which)),
            Event::TimePasses(which) => {
                let member = which % self.members.len();
                self.with(member, World::pass_time);
            }
            Event::Crash(which, arrived) => self.crash(which % self.members.len(), arrived),
            Event::Operator(which, act) => {
                let member = which % self.members.len();
                let before = self.members[member].run.clone();
                if !before.is_closed() && self.act(member, act).is_err() {
                    assert_eq!(self.members[member].run, before, "what does not match the state changes nothing");
                }
            }
        }
    }

    /// What happens without anyone: messages, births, answers, the next timer.
    fn goes_on(&mut self) -> bool {
        if self.deliver(0) || self.bear(0, true) {
            return true;
        }
        for member in 0..self.members.len() {
            if self.with(member, |world| world.answer(Answer::Success)) {
                return true;
            }
        }
        let mut due: Vec<usize> = (0..self.members.len()).collect();
        due.sort_by_key(|m| self.members[*m].run.wake_at().unwrap_or(Time::MAX_UTC));
        due.into_iter().any(|member| self.with(member, World::pass_time))
    }

    /// Lets it continue by itself until nothing happens any more.
    fn settle(&mut self) {
        for _ in 0..5_000 {
            if let Some(member) = (0..self.members.len()).find(|m| {
                let run = &self.members[*m].run;
                run.suspended && !run.is_closed()
            }) {
                self.act(member, Act::Resume).unwrap();
            } else if !self.goes_on() {
                break;
            }
        }
        for member in 0..self.members.len() {
            self.with(member, |world| world.arrivals_until(Time::MAX_UTC));
        }
        assert!(!self.goes_on(), "it goes on forever");
    }

    /// Who nothing will ever wake: open, not parked, and waiting for no run that still lives.
    fn stranded(&self) -> Option<&Run> {
        let open = |world: &&World<'_>| !world.run.is_closed() && !world.run.is_parked();
        self.members.iter().filter(open).map(|world| &world.run).find(|run| {
            let mut children =
                self.members.iter().map(|w| &w.run).filter(|r| r.parent.is_some_and(|p| p.run == run.id));
            !children.any(|child| !child.is_closed())
        })
    }

    /// Brings all runs to their ends, with a person who retries what is parked and passes over what fails again.
    fn finish(&mut self) {
        let mut acts = 0;
        loop {
            self.settle();
            if let Some(run) = self.stranded() {
                panic!("nothing will ever wake this run: {run:?}");
            }
            // The innermost first: what it ends may mend those above.
            let Some(member) = (0..self.members.len()).rev().find(|m| self.members[*m].run.is_parked()) else { break };
            let retry = Act::Retry { input: None, step: None };
            let skip = Act::Skip { output: Value::Null, step: None, confirm: false };
            acts += 1;
            if acts > 200 || self.act(member, retry).is_err() || self.members[member].run.is_parked() {
                self.act(member, skip).unwrap();
            }
            assert!(acts < 4_000, "the runs do not end");
        }
        assert!(self.members.iter().all(|world| world.run.is_closed()));
    }
}

fn leaf(children: std::ops::Range<usize>, parallel: bool) -> BoxedStrategy<Plan> {
    let call = prop_oneof![
        4 => Just(Plan::compensated()),
        2 => Just(Plan::call()),
        1 => Just(Plan::pivot()),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: true }),
        1 => Just(Plan::Call { compensated: true, pivot: false, never_resend: true, reconciled: false }),
        1 => Just(Plan::Wait(60)),
        1 => Just(Plan::Raise(409)),
    ];
    if children.is_empty() {
        return call.boxed();
    }
    // One thing after another is said of what is waited for.
    let awaits = if parallel { prop::bool::weighted(0.9).boxed() } else { Just(true).boxed() };
    let child = (children, awaits).prop_map(|(number, awaits)| Plan::Child { number, awaits });
    prop_oneof![3 => call, 2 => child].boxed()
}

/// The tasks of a run that may start those of these numbers.
fn tasks(children: std::ops::Range<usize>, parallel: bool) -> impl Strategy<Value = Vec<Plan>> {
    let task = leaf(children, parallel).prop_recursive(2, 8, 3, move |inner| {
        let list = prop::collection::vec(inner.clone(), 1..4);
        let concurrency = if parallel { 1_u32..4 } else { 1..2 };
        let one_after_another = prop_oneof![
            2 => list.clone().prop_map(Plan::Do),
            2 => (0_usize..4, concurrency, list.clone())
                .prop_map(|(items, concurrency, body)| Plan::For { items, concurrency, body }),
            3 => (1_u64..120, inner).prop_map(|(seconds, body)| Plan::Timed(seconds, Box::new(body))),
        ];
        if !parallel {
            return one_after_another.boxed();
        }
        let forks = (any::<bool>(), list.clone()).prop_map(|(compete, branches)| Plan::Fork { compete, branches });
        // What is caught continues while a child that it gave up is undone.
        let tries = (list.clone(), prop::option::of(0_u32..3), prop::option::of(list))
            .prop_map(|(body, retries, handler)| Plan::Try { body, retries, handler });
        prop_oneof![4 => one_after_another, 1 => forks, 1 => tries].boxed()
    });
    prop::collection::vec(task, 1..4)
}

/// Three workflows, of which each may run those after it, and whether a fault undoes them.
fn family(parallel: bool) -> impl Strategy<Value = Vec<(Vec<Plan>, bool)>> {
    let plans = (tasks(1..3, parallel), tasks(2..3, parallel), tasks(0..0, parallel));
    let compensates = prop::collection::vec(prop::bool::weighted(0.8), 3);
    (plans, compensates).prop_map(|((first, second, third), c)| [first, second, third].into_iter().zip(c).collect())
}

fn definitions(family: &[(Vec<Plan>, bool)]) -> Vec<Definition> {
    let on_fault = |compensates: bool| if compensates { OnFault::Compensate } else { OnFault::Park };
    family.iter().map(|(plans, compensates)| definition(plans, on_fault(*compensates))).collect()
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

fn events(mended: bool) -> impl Strategy<Value = Vec<Event>> {
    let cancels = prop_oneof![
        3 => Just(Act::Cancel { compensate: CancelMode::Compensate }),
        1 => Just(Act::Cancel { compensate: CancelMode::Abandon }),
    ];
    let mends = prop_oneof![
        Just(Act::Retry { input: None, step: None }),
        Just(Act::Skip { output: json!({ "skipped": true }), step: None, confirm: false }),
        Just(Act::Compensate),
        Just(Act::Suspend),
        Just(Act::Resume),
        Just(Act::Dismiss),
    ];
    let any_member = 0_usize..8;
    let event = prop_oneof![
        10 => (any_member.clone(), 0_usize..4, answer())
            .prop_map(|(member, call, answer)| Event::Answered { member, call, answer }),
        5 => (0_usize..4).prop_map(Event::Born),
        5 => (0_usize..4).prop_map(Event::Delivered),
        4 => any_member.clone().prop_map(Event::TimePasses),
        2 => (any_member.clone(), prop_oneof![Just(Answer::LostReply), Just(Answer::LostRequest)])
            .prop_map(|(member, arrived)| Event::Crash(member, arrived)),
        1 => (any_member.clone(), cancels).prop_map(|(member, act)| Event::Operator(member, act)),
        u32::from(mended) => (any_member, mends).prop_map(|(member, act)| Event::Operator(member, act)),
    ];
    prop::collection::vec(event, 0..80)
}

/// The step that an undo is about.
fn undone(step: &str) -> Option<String> {
    step.contains("/metadata/compensate ").then(|| step.replace("/metadata/compensate", ""))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// The checks of every step stand in `World::check`.
    #[test]
    fn every_run_of_a_family_ends_whatever_happens(
        plans in family(true), events in events(true), id in any::<u128>(),
    ) {
        let definitions = definitions(&plans);
        let mut family = Family::new(&definitions, id);
        for event in events {
            family.play(event);
        }
        family.finish();
    }

    /// In each run of a family: what holds for one alone.
    #[test]
    fn in_a_family_no_undo_overtakes_its_do_and_past_a_pivot_nothing_is_undone(
        plans in family(true), events in events(false), id in any::<u128>(),
    ) {
        let definitions = definitions(&plans);
        let mut family = Family::new(&definitions, id);
        for event in events {
            family.play(event);
        }
        family.settle();
        for world in &family.members {
            let steps: Vec<&str> = world.effects.iter().map(|(step, _)| step.as_str()).collect();
            for (place, step) in steps.iter().enumerate() {
                if let Some(done) = undone(step) {
                    prop_assert!(!steps[place..].contains(&done.as_str()), "{done} was done after its undo: {steps:?}");
                }
            }
            let is_pivot = |step: &str| {
                let reference = step.trim_start_matches("http://target.example").split_once(' ').expect("a step").0;
                world.definition.task(world.definition.by_reference[reference]).metadata.pivot
            };
            if steps.iter().any(|step| is_pivot(step)) {
                prop_assert!(!steps.iter().any(|step| undone(step).is_some()), "undone past a pivot: {steps:?}");
            }
        }
    }

    /// One thing after another, over runs too: what was done first is undone last.
    #[test]
    fn a_family_is_undone_in_the_reverse_of_what_it_did(
        plans in family(false), events in events(false), id in any::<u128>(),
    ) {
        let definitions = definitions(&plans);
        let mut family = Family::new(&definitions, id);
        for event in events {
            family.play(event);
        }
        family.settle();
        let seen = &family.seen;
        let first = |what: &dyn Fn(&Seen) -> bool| seen.iter().position(what);
        let mut spans = Vec::new();
        for entry in seen {
            let Seen::Effect { member, step, execution } = entry else { continue };
            let is_undo = |s: &Seen| matches!(s, Seen::Effect { member: m, step: u, .. } if m == member && undone(u).as_ref() == Some(step));
            let executions: Vec<_> = seen.iter().filter_map(|s| match s {
                Seen::Effect { member: m, step: other, execution } if m == member && other == step => Some(*execution),
                _ => None,
            }).collect();
            // A step that a `try` repeats has several executions, each with an undo of its own under one address.
            if undone(step).is_some() || executions.iter().any(|e| e != execution) {
                continue;
            }
            let begun = first(&|s| *s == Seen::Started { member: *member, execution: *execution });
            let completed = first(&|s| *s == Seen::Completed { member: *member, execution: *execution });
            if let (Some(begun), Some(undo)) = (begun, first(&is_undo)) {
                spans.push((member, step, begun, completed, undo));
            }
        }
        for (member, before, _, completed, undo_of_before) in &spans {
            for (other, after, begun, _, undo_of_after) in &spans {
                let in_order = completed.is_some_and(|completed| completed < *begun) && begun < undo_of_before;
                prop_assert!(
                    !in_order || undo_of_after < undo_of_before,
                    "{before} of {member} was undone before {after} of {other}: {seen:?}"
                );
            }
        }
    }
}
