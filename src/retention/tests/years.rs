//! Simulates thirty years of runs, families, events, repeated deliveries, clock steps, and nodes that die between any
//! two steps. Whatever happens: nothing live is deleted, everything deleted is in a valid archive, and a repeated event
//! starts nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::machine::{Actor, Change, Record, RunId, Status, Time};
use crate::retention::rules::{EventFacts, Hold, LiveRun, Member, asked_for_since, event_is_due, judge, key_is_due};
use crate::retention::*;
use crate::store::nodes::formats::NEWEST;
use crate::store::runs::journal::{self, Hash};

pub(super) const DAY: Duration = Duration::from_hours(24);

fn days(days: u32) -> Age {
    Age::For(DAY * days)
}

pub(super) fn policy() -> Policy {
    Policy {
        archive: Some("/archive".into()),
        runs: Ages::from([(Outcome::Completed, days(90)), (Outcome::Cancelled, days(400))]),
        workflows: BTreeMap::from([("t/long".to_owned(), Ages::from([(Outcome::Completed, days(3_650))]))]),
        events: Some(DAY * 60),
        event_keys: Some(DAY * 100),
    }
}

pub(super) struct Run {
    pub(super) member: Member,
    event: Option<Uuid>,
    pub(super) created_at: Time,
    listens: bool,
    pub(super) rows: Vec<Value>,
    pub(super) head: Hash,
}

impl Run {
    /// Appends a row to the run's journal.
    pub(super) fn happens(&mut self, at: Time) {
        let change = Change::RunCompleted { output: Arc::new(json!({ "at": at })) };
        let record = Record { at, actor: Actor::engine(), task: None, attempt: None, change, note: None };
        let seq = i32::try_from(self.rows.len()).unwrap();
        let (rows, head) = journal::encode(&[record], seq, self.head, NEWEST).unwrap();
        self.head = head;
        for row in rows {
            let data: Value = serde_json::from_str(&row.data).unwrap();
            self.rows.push(json!({
                "shard": 0, "run_id": self.member.id, "seq": row.seq, "at": row.at, "format": row.format, "kind": row.kind, "task": row.task,
                "attempt": row.attempt, "actor": row.actor, "data": data, "hash": format!("\\x{}", hex::encode(row.hash)),
            }));
        }
    }

    pub(super) fn seq(&self) -> i32 {
        i32::try_from(self.rows.len()).unwrap()
    }
}

struct Event {
    received_at: Time,
    runs: Vec<RunId>,
    waits: bool,
}

/// What is to be deleted, as in the rows of `removals`.
struct Listed {
    families: Vec<Vec<(RunId, i32, Hash)>>,
    events: Vec<Uuid>,
}

pub(super) struct World {
    /// The real time.
    true_now: Time,
    /// The database's clock, up to two days off.
    pub(super) now: Time,
    folder: tempfile::TempDir,
    policy: Policy,
    pub(super) runs: BTreeMap<RunId, Run>,
    events: BTreeMap<Uuid, Event>,
    /// By event id, which is also the sender's id here.
    keys: BTreeMap<Uuid, Time>,
    /// Every event ever delivered: its first delivery, and how often it was taken for a new one.
    history: BTreeMap<Uuid, (Time, usize)>,
    /// Archives recorded in the database.
    recorded: Vec<PathBuf>,
    listed: Option<Listed>,
    removed_runs: BTreeSet<RunId>,
    removed_events: BTreeSet<Uuid>,
    next: u128,
}

impl World {
    pub(super) fn new() -> Self {
        let now = Time::UNIX_EPOCH + chrono::Duration::days(10_000);
        Self {
            true_now: now,
            now,
            folder: tempfile::tempdir().unwrap(),
            policy: policy(),
            runs: BTreeMap::new(),
            events: BTreeMap::new(),
            keys: BTreeMap::new(),
            history: BTreeMap::new(),
            recorded: Vec::new(),
            listed: None,
            removed_runs: BTreeSet::new(),
            removed_events: BTreeSet::new(),
            next: 1,
        }
    }

    fn id(&mut self) -> Uuid {
        self.next += 1;
        Uuid::from_u128(self.next)
    }

    pub(super) fn start(&mut self, parent: Option<RunId>, event: Option<Uuid>, kind: u16) -> RunId {
        let id = self.id();
        let workflow = ["t/short", "t/long"][usize::from(kind % 2)].to_owned();
        let (status, held) = (Status::Running, None);
        let member = Member { id, parent, workflow, status, finished_at: None, attention: false, held };
        let mut run = Run {
            member,
            event,
            created_at: self.now,
            listens: kind.is_multiple_of(5),
            rows: Vec::new(),
            head: journal::genesis(id),
        };
        run.happens(self.now);
        self.runs.insert(id, run);
        id
    }

    /// Delivers an event. A known one starts nothing.
    fn deliver(&mut self, id: Uuid, kind: u16) {
        if self.keys.contains_key(&id) {
            return;
        }
        let runs: Vec<RunId> = (0..kind % 3).map(|_| self.start(None, Some(id), kind / 3)).collect();
        self.history.entry(id).or_insert((self.true_now, 0)).1 += 1;
        self.keys.insert(id, self.now);
        self.events.insert(id, Event { received_at: self.now, runs, waits: kind.is_multiple_of(11) });
    }

    fn pick(&self, n: u16, is_fit: fn(&Run) -> bool) -> Option<RunId> {
        let fit: Vec<&Run> = self.runs.values().filter(|run| is_fit(run)).collect();
        fit.get(usize::from(n) % fit.len().max(1)).map(|run| run.member.id)
    }

    fn act(&mut self, op: u8, n: u16) {
        let (now, picked, live) =
            (self.now, self.pick(n, |_| true), self.pick(n, |run| run.member.finished_at.is_none()));
        match op {
            0..30 => {
                let id = self.id();
                self.deliver(id, n);
            }
            30..40 => drop(self.start(None, None, n)),
            40..55 => drop(live.map(|parent| self.start(Some(parent), None, n))),
            55..110 => drop(live.and_then(|id| self.runs.get_mut(&id)).map(|run| {
                let ends =
                    [Status::Completed, Status::Completed, Status::Completed, Status::Cancelled, Status::Faulted];
                run.member.status = ends[usize::from(n % 5)];
                (run.member.finished_at, run.member.attention) = (Some(now), n.is_multiple_of(7));
                run.happens(now);
            })),
            // A person has the run compensated, so it is live again, possibly between its archiving and its deletion.
            110..116 => drop(picked.and_then(|id| self.runs.get_mut(&id)).map(|run| {
                if run.member.status == Status::Completed {
                    (run.member.status, run.member.finished_at) = (Status::Compensating, None);
                    run.happens(now);
                }
            })),
            116..125 => drop(picked.and_then(|id| self.runs.get_mut(&id)).map(|run| {
                run.member.attention = false;
                run.member.held = (n.is_multiple_of(3)).then_some(Hold::Command);
            })),
            125..130 => drop(self.events.values_mut().nth(usize::from(n) % 7).map(|event| event.waits = false)),
            // A sender repeats an event while its id is remembered; twice the largest clock error is subtracted.
            130..145 => {
                let known = self.policy.event_keys.unwrap() - DAY * 4;
                let recent = |at: &Time| !rules::is_older(*at, known, self.true_now);
                let again =
                    self.history.iter().filter(|(_, (at, _))| recent(at)).map(|(id, _)| *id).collect::<Vec<_>>();
                if let Some(id) = again.get(usize::from(n) % again.len().max(1)) {
                    self.deliver(*id, n);
                }
            }
            145..185 => {
                let passed = chrono::Duration::days(i64::from(n % 120));
                (self.true_now, self.now) = (self.true_now + passed, self.now + passed);
            }
            185..200 => self.now = self.true_now + chrono::Duration::hours(i64::from(n % 97) - 48),
            200..235 => self.archive(n),
            _ => self.remove(usize::from(n % 12)),
        }
    }

    fn family(&self, id: RunId) -> Vec<Member> {
        let mut top = id;
        while let Some(parent) = self.runs[&top].member.parent.filter(|parent| self.runs.contains_key(parent)) {
            top = parent;
        }
        let (mut found, mut open) = (Vec::new(), vec![top]);
        while let Some(id) = open.pop() {
            found.push(self.runs[&id].member.clone());
            open.extend(self.runs.values().filter(|run| run.member.parent == Some(id)).map(|run| run.member.id));
        }
        found
    }

    fn facts(&self, event: &Event, going: &BTreeSet<RunId>) -> EventFacts {
        let stays = |id: &RunId| self.runs.contains_key(id) && !going.contains(id);
        EventFacts {
            received_at: event.received_at,
            routed: true,
            waits: event.waits,
            had_runs: !event.runs.is_empty(),
            has_runs: event.runs.iter().any(stays),
        }
    }

    fn asked_for(&self) -> Option<Time> {
        let live = self.runs.values().filter(|run| run.member.finished_at.is_none());
        let live = live.map(|run| LiveRun { created_at: run.created_at, listens: run.listens }).collect();
        asked_for_since(&[(live, false)], Duration::from_hours(1))
    }

    /// Archives what is due. The node may die before the file is complete or recorded.
    fn archive(&mut self, n: u16) {
        if self.listed.is_some() {
            return;
        }
        let mut families: BTreeMap<RunId, Vec<Member>> = BTreeMap::new();
        for id in self.runs.keys() {
            let family = self.family(*id);
            if judge(&family, &self.policy, self.now).is_ok() {
                families.insert(family[0].id, family);
            }
        }
        let going: BTreeSet<RunId> = families.values().flatten().map(|member| member.id).collect();
        let asked_for = self.asked_for();
        let due = |event: &Event| event_is_due(&self.facts(event, &going), &self.policy, asked_for, self.now);
        let events: Vec<Uuid> = self.events.iter().filter(|(_, event)| due(event)).map(|(id, _)| *id).collect();
        if going.is_empty() && events.is_empty() {
            return;
        }
        let name = format!("{}{SUFFIX}", self.next);
        self.next += 1;
        let mut writer = Writer::create(self.folder.path(), &name, &self.header(&going)).unwrap();
        for run in going.iter().map(|id| &self.runs[id]) {
            let row = json!({
                "id": run.member.id, "definition_id": 1, "parent_id": run.member.parent, "event_id": run.event, "seq": run.seq(),
                "head": format!("\\x{}", hex::encode(run.head)), "created_at": run.created_at,
            });
            writer.run(&row.to_string()).unwrap();
            for row in &run.rows {
                writer.row("journal", &row.to_string()).unwrap();
            }
        }
        for id in &events {
            writer.event(&json!({ "id": id }).to_string()).unwrap();
        }
        if n.is_multiple_of(5) {
            return;
        }
        let written = writer.finish().unwrap();
        if n % 5 == 1 {
            return;
        }
        let anchored = |member: &Member| (member.id, self.runs[&member.id].seq(), self.runs[&member.id].head);
        let families = families.values().map(|family| family.iter().map(anchored).collect()).collect();
        self.listed = Some(Listed { families, events });
        self.recorded.push(written.path);
    }

    pub(super) fn header(&self, runs: &BTreeSet<RunId>) -> Header {
        Header {
            archive: Uuid::from_u128(self.next),
            format: FORMAT,
            stepwell: "test".into(),
            environment: None,
            written_at: self.now,
            first_run: runs.first().copied(),
            last_run: runs.last().copied(),
        }
    }

    /// Deletes part of what is listed, as the statements do: anything that changed since it was archived is kept. The
    /// node may die in between.
    fn remove(&mut self, steps: usize) {
        let Some(mut listed) = self.listed.take() else { return self.forget_keys() };
        for _ in 0..steps {
            if let Some(family) = listed.families.pop() {
                let as_archived = |(id, seq, head): &(RunId, i32, Hash)| {
                    self.runs.get(id).is_some_and(|run| {
                        let m = &run.member;
                        m.finished_at.is_some()
                            && !m.attention
                            && m.held.is_none()
                            && run.seq() == *seq
                            && run.head == *head
                    })
                };
                if family.iter().all(as_archived) {
                    family.iter().for_each(|(id, ..)| self.remove_run(*id));
                }
            } else if let Some(id) = listed.events.pop() {
                let event = &self.events[&id];
                if !event.waits && !event.runs.iter().any(|run| self.runs.contains_key(run)) {
                    self.events.remove(&id);
                    self.removed_events.insert(id);
                }
            } else {
                return self.forget_keys();
            }
        }
        self.listed = Some(listed);
    }

    fn remove_run(&mut self, id: RunId) {
        let run = self.runs.remove(&id).unwrap();
        assert!(run.member.finished_at.is_some(), "{id} lives");
        assert!(!run.member.attention && run.member.held.is_none(), "{id} is needed");
        assert!(!matches!(run.member.status, Status::Faulted), "faulted runs are kept");
        let live =
            self.runs.values().find(|other| other.member.parent == Some(id) && other.member.finished_at.is_none());
        assert!(live.is_none(), "{id} has a child that lives");
        self.removed_runs.insert(id);
    }

    fn forget_keys(&mut self) {
        let is_due = |id: &Uuid, at: Time| {
            let has_runs = self.runs.values().any(|run| run.event == Some(*id));
            key_is_due(at, self.events.contains_key(id), has_runs, &self.policy, self.now)
        };
        let due: Vec<Uuid> = self.keys.iter().filter(|(id, at)| is_due(id, **at)).map(|(id, _)| *id).collect();
        for id in due {
            self.keys.remove(&id);
        }
    }

    /// Checks that everything deleted is in a recorded archive, and that all those are valid.
    fn check(&self) {
        let (mut runs, mut events) = (BTreeSet::new(), BTreeSet::new());
        for file in &self.recorded {
            let summary = verify(file).unwrap();
            runs.extend(summary.runs);
            events.extend(summary.events);
        }
        assert!(self.removed_runs.is_subset(&runs), "a run was removed that is in no archive");
        assert!(self.removed_events.is_subset(&events), "an event was removed that is in no archive");
        for (id, (_, taken)) in &self.history {
            assert_eq!(*taken, 1, "{id} started its runs again");
        }
        for run in self.runs.values() {
            if let Some(parent) = run.member.parent {
                assert!(self.runs.contains_key(&parent), "{} lost its parent", run.member.id);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn thirty_years_remove_nothing_that_lives_or_is_not_archived_and_start_nothing_twice(
        steps in prop::collection::vec((0_u8..=255, any::<u16>()), 0..1_200)
    ) {
        let mut world = World::new();
        for (op, n) in steps {
            world.act(op, n);
        }
        world.check();
    }
}

#[test]
fn a_long_simulation_passes_thirty_years_and_removes_most_of_what_ended() {
    // The same with a fixed history, to prove that the property is not vacuous.
    let mut world = World::new();
    let began = world.now;
    let mut state = 7_u64;
    for _ in 0..4_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        world.act((state >> 56) as u8, (state >> 32) as u16);
    }
    world.check();
    assert!((world.now - began).num_days() > 30 * 365);
    let done = (world.removed_runs.len(), world.removed_events.len(), world.recorded.len());
    assert!(done.0 > 100 && done.1 > 100 && done.2 > 20, "{done:?}");
    assert!(world.keys.len() < world.history.len() / 2, "ids are forgotten too");
}
