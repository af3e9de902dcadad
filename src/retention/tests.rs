//! Thirty simulated years: runs, families, events, repeated deliveries, clocks that step, nodes that die between any two steps. Whatever
//! happens, nothing that lives is removed, everything that is removed is in an archive that verifies, and a repeated event starts nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::rules::{EventFacts, Hold, LiveRun, Member, asked_for_since, event_is_due, judge, key_is_due};
use super::*;
use crate::machine::{Actor, Change, Record, RunId, Status, Time};
use crate::store::journal::{self, Hash};

const DAY: Duration = Duration::from_hours(24);

fn days(days: u32) -> Age {
    Age::For(DAY * days)
}

fn policy() -> Policy {
    Policy {
        archive: Some("/archive".into()),
        runs: Ages::from([(Outcome::Completed, days(90)), (Outcome::Cancelled, days(400))]),
        workflows: BTreeMap::from([("t/long".to_owned(), Ages::from([(Outcome::Completed, days(3_650))]))]),
        events: Some(DAY * 60),
        event_keys: Some(DAY * 100),
    }
}

#[derive(Clone)]
struct Run {
    member: Member,
    event: Option<Uuid>,
    created_at: Time,
    listens: bool,
    rows: Vec<Value>,
    head: Hash,
}

impl Run {
    /// What happens to a run is a row of its journal.
    fn happens(&mut self, at: Time) {
        let change = Change::RunCompleted { output: Arc::new(json!({ "at": at })) };
        let record = Record { at, actor: Actor::engine(), task: None, attempt: None, change, note: None };
        let seq = i32::try_from(self.rows.len()).unwrap();
        let (rows, head) = journal::encode(&[record], seq, self.head).unwrap();
        self.head = head;
        for row in rows {
            let data: Value = serde_json::from_str(&row.data).unwrap();
            self.rows.push(json!({
                "shard": 0, "run_id": self.member.id, "seq": row.seq, "at": row.at, "kind": row.kind, "task": row.task,
                "attempt": row.attempt, "actor": row.actor, "data": data, "hash": format!("\\x{}", hex::encode(row.hash)),
            }));
        }
    }

    fn seq(&self) -> i32 {
        i32::try_from(self.rows.len()).unwrap()
    }
}

#[derive(Clone)]
struct Event {
    received_at: Time,
    runs: Vec<RunId>,
    waits: bool,
}

/// What is to be removed, as the rows of `removals` say.
#[derive(Clone)]
struct Listed {
    families: Vec<Vec<(RunId, i32, Hash)>>,
    events: Vec<Uuid>,
}

struct World {
    /// As everybody but the database knows it.
    true_now: Time,
    /// The clock of the database, up to two days off.
    now: Time,
    folder: tempfile::TempDir,
    policy: Policy,
    runs: BTreeMap<RunId, Run>,
    events: BTreeMap<Uuid, Event>,
    /// The sender's id is the event's id here.
    keys: BTreeMap<Uuid, Time>,
    /// Every event that ever came, when it did first, and how often it was taken for a new one.
    history: BTreeMap<Uuid, (Time, usize)>,
    /// Archives that the database knows.
    recorded: Vec<PathBuf>,
    listed: Option<Listed>,
    removed_runs: BTreeSet<RunId>,
    removed_events: BTreeSet<Uuid>,
    next: u128,
}

impl World {
    fn new() -> Self {
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

    fn start(&mut self, parent: Option<RunId>, event: Option<Uuid>, kind: u16) -> RunId {
        let id = self.id();
        let workflow = ["t/short", "t/long"][usize::from(kind % 2)].to_owned();
        let (status, held) = (Status::Running, None);
        let member = Member { id, parent, workflow, status, finished_at: None, attention: false, held };
        let mut run = Run {
            member,
            event,
            created_at: self.now,
            listens: kind % 5 == 0,
            rows: Vec::new(),
            head: journal::genesis(id),
        };
        run.happens(self.now);
        self.runs.insert(id, run);
        id
    }

    /// A delivery. What came before starts nothing.
    fn deliver(&mut self, id: Uuid, kind: u16) {
        if self.keys.contains_key(&id) {
            return;
        }
        let runs: Vec<RunId> = (0..kind % 3).map(|_| self.start(None, Some(id), kind / 3)).collect();
        self.history.entry(id).or_insert((self.true_now, 0)).1 += 1;
        self.keys.insert(id, self.now);
        self.events.insert(id, Event { received_at: self.now, runs, waits: kind % 11 == 0 });
    }

    fn pick(&self, n: u16) -> Option<RunId> {
        self.runs.keys().nth(usize::from(n) % self.runs.len().max(1)).copied()
    }

    fn pick_live(&self, n: u16) -> Option<RunId> {
        let live: Vec<RunId> =
            self.runs.values().filter(|run| run.member.finished_at.is_none()).map(|run| run.member.id).collect();
        live.get(usize::from(n) % live.len().max(1)).copied()
    }

    fn act(&mut self, op: u8, n: u16) {
        let (now, picked, live) = (self.now, self.pick(n), self.pick_live(n));
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
                (run.member.finished_at, run.member.attention) = (Some(now), n % 7 == 0);
                run.happens(now);
            })),
            // A person undoes what was done: it lives again, also between its archive and its removal.
            110..116 => drop(picked.and_then(|id| self.runs.get_mut(&id)).map(|run| {
                if run.member.status == Status::Completed {
                    (run.member.status, run.member.finished_at) = (Status::Compensating, None);
                    run.happens(now);
                }
            })),
            116..125 => drop(picked.and_then(|id| self.runs.get_mut(&id)).map(|run| {
                run.member.attention = false;
                run.member.held = (n % 3 == 0).then_some(Hold::Command);
            })),
            125..130 => drop(self.events.values_mut().nth(usize::from(n) % 7).map(|event| event.waits = false)),
            // A sender repeats what it sent within the time for which its ids are known, less what the clock may be off twice.
            130..145 => {
                let known = self.policy.event_keys.unwrap() - DAY * 4;
                let recent = |at: &Time| !super::rules::is_older(*at, known, self.true_now);
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

    /// Writes a file of what is due. The node may die before it is whole, or before it is recorded.
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
            writer.run(&row.to_string(), run.member.id, run.seq(), &run.head).unwrap();
            for row in &run.rows {
                writer.row("journal", &row.to_string()).unwrap();
            }
        }
        for id in &events {
            writer.event(&json!({ "id": id }).to_string(), *id).unwrap();
        }
        if n % 5 == 0 {
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

    fn header(&self, runs: &BTreeSet<RunId>) -> Header {
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

    /// Removes some of what is listed, as the statements do: what is not as it was archived stays. The node may die between.
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

    /// Everything that is gone is in an archive that the database knows, and each of those is sound.
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
    // The same with one fixed history, to know that the property is about something.
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

fn one_file(folder: &std::path::Path) -> PathBuf {
    let mut world = World::new();
    let run = world.start(None, None, 0);
    (0..4).for_each(|_| world.runs.get_mut(&run).unwrap().happens(world.now));
    let run = &world.runs[&run];
    let header = world.header(&BTreeSet::from([run.member.id]));
    let mut writer = Writer::create(folder, &format!("a{SUFFIX}"), &header).unwrap();
    let row = json!({ "id": run.member.id, "definition_id": 1, "parent_id": null, "seq": run.seq(),
                      "head": format!("\\x{}", hex::encode(run.head)), "created_at": run.created_at });
    writer.run(&row.to_string(), run.member.id, run.seq(), &run.head).unwrap();
    for row in &run.rows {
        writer.row("journal", &row.to_string()).unwrap();
    }
    writer.event(r#"{"id":"00000000-0000-0000-0000-000000000009","body":"\\x00"}"#, Uuid::from_u128(9)).unwrap();
    writer.finish().unwrap().path
}

fn unpacked(path: &std::path::Path) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()), &mut text)
        .unwrap();
    text
}

fn pack(path: &std::path::Path, text: &str) {
    let mut encoder = flate2::write::GzEncoder::new(std::fs::File::create(path).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap();
}

#[test]
fn every_kind_of_tampering_with_an_archive_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = one_file(folder.path());
    let text = unpacked(&path);
    let lines: Vec<&str> = text.lines().collect();
    let with = |lines: Vec<&str>| lines.join("\n") + "\n";
    let without = |n: usize| with(lines.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, line)| *line).collect());
    let swapped = {
        let mut lines = lines.clone();
        lines.swap(3, 4);
        with(lines)
    };
    let cut: String = with(lines[..lines.len() - 1].to_vec());
    let harms = [
        ("a value in a journal", text.replacen("\"engine\"", "\"nobody\"", 1)),
        ("a row in the middle", without(3)),
        ("the last row of a journal", without(6)),
        ("a run", without(1)),
        ("rows in another order", swapped),
        ("an event's body", text.replace(r#""body":"\\x00""#, r#""body":"\\x01""#)),
        ("an event left out", without(7)),
        ("the last line", cut),
        ("something behind the end", text.clone() + "{\"table\":\"runs\",\"row\":{}}\n"),
    ];
    verify(&path).unwrap();
    for (what, harmed) in harms {
        assert_ne!(harmed, text, "{what}");
        pack(&path, &harmed);
        assert!(verify(&path).is_err(), "{what} was not found");
    }
    pack(&path, &text);
    verify(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(verify(&path).is_err(), "cut off after {length} bytes");
    }
}

#[test]
fn an_archive_is_for_its_owner_only_and_has_its_name_once_it_is_whole() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let header = World::new().header(&BTreeSet::new());
    let writer = Writer::create(folder.path(), &format!("a{SUFFIX}"), &header).unwrap();
    assert_eq!(files(folder.path()).unwrap(), Vec::<PathBuf>::new(), "what is being written is no archive");
    let written = writer.finish().unwrap();
    assert_eq!(std::fs::metadata(&written.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((hash(&written.path).unwrap(), verify(&written.path).unwrap().sha256), (written.sha256, written.sha256));
    let begun = Writer::create(folder.path(), &format!("b{SUFFIX}"), &header).unwrap();
    drop(begun);
    Writer::discard(folder.path(), &format!("b{SUFFIX}")).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn events_stay_while_a_run_that_listens_may_ask_for_them() {
    let at = |day: i64| Time::UNIX_EPOCH + chrono::Duration::days(day);
    let run = |day, listens| LiveRun { created_at: at(day), listens };
    let since = |pages: &[(Vec<LiveRun>, bool)]| asked_for_since(pages, DAY);
    assert_eq!(since(&[(vec![run(5, false), run(9, true)], false)]), Some(at(8)));
    assert_eq!(since(&[(vec![run(5, false)], false), (vec![], false)]), None);
    assert_eq!(
        since(&[(vec![run(5, false), run(7, false)], true)]),
        Some(at(6)),
        "whoever is behind the page may listen"
    );
    let event = EventFacts { received_at: at(9), routed: true, waits: false, had_runs: false, has_runs: false };
    assert!(!event_is_due(&event, &policy(), Some(at(8)), at(900)));
    assert!(event_is_due(&event, &policy(), Some(at(10)), at(900)));
}
