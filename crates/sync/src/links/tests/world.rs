//! A simulation of two systems, people who edit in both, and the hub between them. Events are delayed, duplicated and
//! reordered; runs overlap and repeat steps. In the end both sides are equal, and the hub writes no more than people
//! do.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use super::{asked, compare, row, run};
use crate::links::{Foreign, Links, Master, Row, Side};

const FIELDS: [(&str, Master); 5] = [
    ("Name", Master::Side(Side::First)),
    ("Owner", Master::Side(Side::Second)),
    ("Email", Master::Newest),
    ("Phone", Master::Newest),
    ("Note", Master::Manual),
];

#[derive(Debug, Clone, Default)]
struct Record {
    fields: BTreeMap<&'static str, String>,
    at: Option<DateTime<Utc>>,
}

/// An event by which a system reports a change.
#[derive(Debug, Clone)]
struct Event {
    side: Side,
    pair: usize,
    fields: Option<Map<String, Value>>,
    at: DateTime<Utc>,
}

/// A run of the sync and its progress.
struct Sync {
    number: u64,
    event: Event,
    step: Step,
}

enum Step {
    Judge,
    ReadCrm,
    ReadErp(Record),
    Plan(Record, Record),
    Write(Side, Value),
    Save,
}

struct World {
    random: StdRng,
    now: DateTime<Utc>,
    systems: [Vec<Record>; 2],
    events: Vec<Event>,
    syncs: Vec<Sync>,
    links: Links,
    started: u64,
    edits: u64,
    writes: u64,
    echoes: u64,
    verdicts: BTreeMap<String, u64>,
    /// How each side normalizes a value before storing it.
    normalize: [fn(&str) -> String; 2],
}

fn as_it_is(text: &str) -> String {
    text.to_owned()
}

impl World {
    fn new(seed: u64, pairs: usize) -> Self {
        let mut world = Self {
            random: StdRng::seed_from_u64(seed),
            now: crate::time("2026-11-20T08:00:00Z").unwrap(),
            systems: [vec![Record::default(); pairs], vec![Record::default(); pairs]],
            events: Vec::new(),
            syncs: Vec::new(),
            links: Links::default(),
            started: 0,
            edits: 0,
            writes: 0,
            echoes: 0,
            verdicts: BTreeMap::new(),
            normalize: [as_it_is; 2],
        };
        for pair in 0..pairs {
            let judged = json!({ "entity": "e", "run": run(0), "side": "crm", "id": id(Side::First, pair), "otherId": id(Side::Second, pair) });
            world.perform("judge", &judged).unwrap();
            let none: Map<String, Value> = FIELDS.iter().map(|(name, _)| ((*name).to_owned(), Value::Null)).collect();
            let saved = json!({
                "entity": "e", "run": run(0),
                "crm": { "id": id(Side::First, pair), "fields": none },
                "erp": { "id": id(Side::Second, pair), "fields": none },
            });
            world.perform("save", &saved).unwrap();
        }
        world
    }

    fn perform(&mut self, name: &str, body: &Value) -> Result<Value, super::Refusal> {
        let answer = self.links.perform(&asked(name, body), self.now);
        if self.random.random_bool(0.1) {
            // The answer was lost or the node crashed: repeat the operation.
            let again = self.links.perform(&asked(name, body), self.now);
            assert_eq!(answer.is_ok(), again.is_ok(), "{name} {body}: {again:?}");
            return again;
        }
        answer
    }

    /// Sets fields of a record and reports the changed ones.
    fn set(&mut self, side: Side, pair: usize, fields: &Map<String, Value>) {
        let normalize = self.normalize[side as usize];
        let record = &mut self.systems[side as usize][pair];
        let mut changed = Map::new();
        for (name, _) in FIELDS {
            let Some(value) = fields.get(name) else { continue };
            let value = normalize(value.as_str().unwrap_or_default());
            if record.fields.get(name).map_or("", String::as_str) != value {
                changed.insert(name.to_owned(), value.clone().into());
                record.fields.insert(name, value);
            }
        }
        if changed.is_empty() {
            return;
        }
        record.at = Some(self.now);
        // Occasionally an event reports a change without its fields.
        let fields = (!self.random.random_bool(0.02)).then_some(changed);
        let event = Event { side, pair, fields, at: self.now };
        let copies = if self.random.random_bool(0.15) { 2 } else { 1 };
        self.events.extend(std::iter::repeat_n(event, copies));
    }

    fn edit(&mut self) {
        let side = if self.random.random_bool(0.5) { Side::First } else { Side::Second };
        let pair = self.random.random_range(0..self.systems[0].len());
        let mut fields = Map::new();
        for _ in 0..self.random.random_range(1..=2) {
            let (name, _) = FIELDS[self.random.random_range(0..FIELDS.len())];
            // Usually a new value, sometimes one of a few old ones.
            let value = match self.random.random_range(0..10) {
                0 => String::new(),
                1..=3 => format!("word {}", self.random.random_range(0..3)),
                _ => format!("value {}", self.edits),
            };
            fields.insert(name.to_owned(), value.into());
        }
        self.edits += 1;
        self.set(side, pair, &fields);
    }

    /// Delivers an event, not always the oldest.
    fn deliver(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let place = match self.random.random_range(0..4) {
            0 => self.random.random_range(0..self.events.len()),
            _ => 0,
        };
        let event = self.events.remove(place);
        self.started += 1;
        self.syncs.push(Sync { number: self.started, event, step: Step::Judge });
    }

    /// Executes one step of a random run.
    fn step(&mut self) {
        if self.syncs.is_empty() {
            return;
        }
        let place = self.random.random_range(0..self.syncs.len());
        let Sync { number, event, step } = self.syncs.swap_remove(place);
        let pair = event.pair;
        let next = match step {
            Step::Judge => self.judge(number, &event),
            Step::ReadCrm => Some(Step::ReadErp(self.systems[0][pair].clone())),
            Step::ReadErp(crm) => Some(Step::Plan(crm, self.systems[1][pair].clone())),
            Step::Plan(crm, erp) => Some(self.plan(number, pair, &crm, &erp)),
            Step::Write(side, plan) => {
                if let Some(fields) = plan[name(side)]["fields"].as_object().filter(|fields| !fields.is_empty()) {
                    let times = if self.random.random_bool(0.1) { 2 } else { 1 };
                    for _ in 0..times {
                        self.set(side, pair, fields);
                    }
                    self.writes += 1;
                }
                Some(if side == Side::First { Step::Write(Side::Second, plan) } else { Step::Save })
            }
            Step::Save => {
                let body = json!({ "entity": "e", "run": run(number), "crm": { "id": id(Side::First, pair) }, "erp": { "id": id(Side::Second, pair) } });
                self.perform("save", &body).unwrap();
                None
            }
        };
        self.syncs.extend(next.map(|step| Sync { number, event, step }));
    }

    fn judge(&mut self, number: u64, event: &Event) -> Option<Step> {
        let body = json!({
            "entity": "e", "run": run(number), "side": name(event.side), "id": id(event.side, event.pair),
            "fields": event.fields, "at": event.at.to_rfc3339(),
        });
        let answer = match self.perform("judge", &body) {
            Ok(answer) => answer,
            // Another run holds the link.
            Err(refusal) if refusal.status == http::StatusCode::LOCKED => return Some(Step::Judge),
            Err(refusal) => panic!("{refusal}"),
        };
        let verdict = answer["verdict"].as_str().unwrap().to_owned();
        *self.verdicts.entry(verdict.clone()).or_default() += 1;
        self.echoes += u64::from(verdict == "echo");
        (verdict == "changed").then_some(Step::ReadCrm)
    }

    fn plan(&mut self, number: u64, pair: usize, crm: &Record, erp: &Record) -> Step {
        let at = |record: &Record| record.at.map(|at| at.to_rfc3339());
        let body = json!({
            "entity": "e", "run": run(number),
            "crm": { "id": id(Side::First, pair), "exists": true, "at": at(crm) },
            "erp": { "id": id(Side::Second, pair), "exists": true, "at": at(erp) },
            "compare": compare(&rows(crm, erp)),
        });
        Step::Write(Side::First, self.perform("plan", &body).unwrap())
    }

    /// Delivers all events and finishes all runs.
    fn drain(&mut self) {
        let mut left = 2_000_000;
        while !self.events.is_empty() || !self.syncs.is_empty() {
            left -= 1;
            assert!(left > 0, "it never ends: {} events, {} runs", self.events.len(), self.syncs.len());
            self.now += TimeDelta::milliseconds(50);
            if self.random.random_bool(0.2) { self.deliver() } else { self.step() }
        }
    }

    /// Returns the fields that differ without an open conflict.
    fn differences(&self) -> Vec<String> {
        let links = self.links.to_value();
        let mut found = Vec::new();
        for pair in 0..self.systems[0].len() {
            let link =
                links.as_array().unwrap().iter().find(|link| link["crm"] == json!(id(Side::First, pair))).unwrap();
            assert_eq!(link["held"], false);
            for (name, _) in FIELDS {
                let value = |side: usize| self.systems[side][pair].fields.get(name).map_or("", String::as_str);
                let waits = link["conflicts"].as_array().unwrap().iter().any(|conflict| conflict["row"] == name);
                if value(0) != value(1) && !waits {
                    found.push(format!("{pair} {name}: {:?} and {:?}", value(0), value(1)));
                }
            }
        }
        found
    }

    /// Reports every pair, as a reconciliation does.
    fn look(&mut self) {
        for pair in 0..self.systems[0].len() {
            self.events.push(Event { side: Side::First, pair, fields: None, at: self.now });
        }
        self.drain();
    }
}

fn rows(crm: &Record, erp: &Record) -> Vec<Row> {
    let value = |record: &Record, name| json!(record.fields.get(name).cloned().unwrap_or_default());
    let made = |(name, master): (&'static str, Master)| Row {
        foreign: Foreign::PutBack,
        ..row(name, master, value(crm, name), value(erp, name))
    };
    FIELDS.into_iter().map(made).collect()
}

fn id(side: Side, pair: usize) -> String {
    format!("{}-{pair}", name(side))
}

fn name(side: Side) -> &'static str {
    ["crm", "erp"][side as usize]
}

#[test]
fn ten_thousand_edits_on_both_sides_end_equal_with_bounded_writes() {
    for seed in 0..4 {
        let mut world = World::new(seed, 40);
        while world.edits < 10_000 {
            // Bursts, so that people edit while the hub writes, and pauses.
            world.now += TimeDelta::milliseconds(world.random.random_range(10..4_000));
            match world.random.random_range(0..10) {
                0..=1 => world.edit(),
                2..=3 => world.deliver(),
                _ => world.step(),
            }
        }
        world.drain();
        assert_eq!(world.differences(), Vec::<String>::new(), "seed {seed}");
        assert!(world.writes < 3 * world.edits / 2, "seed {seed}: {} writes for {} edits", world.writes, world.edits);
        assert!(world.echoes > world.writes / 2, "seed {seed}: {} echoes of {} writes", world.echoes, world.writes);
        let before = world.writes;
        world.look();
        assert_eq!(world.writes, before, "seed {seed}: nothing was left to write: {:?}", world.verdicts);
    }
}

#[test]
fn systems_that_rewrite_what_they_are_given_are_not_written_forever() {
    for seed in 0..4 {
        let mut world = World::new(seed, 10);
        // Both sides modify every written value, and the mapping does not know it.
        let longer = |text: &str| format!("{text}+");
        world.normalize = [longer, longer];
        for _ in 0..200 {
            world.now += TimeDelta::minutes(1);
            world.edit();
            world.drain();
        }
        // Each edited field bounces a few times, then becomes a conflict.
        assert!(world.writes < 8 * world.edits, "seed {seed}: {} writes for {} edits", world.writes, world.edits);
        // A remaining difference is a conflict, or a spelling that a system restores on every write: that changes
        // nothing, so no event reports it.
        for difference in world.differences() {
            let (_, values) = difference.split_once(": ").unwrap();
            let (crm, erp) = values.split_once(" and ").unwrap();
            let bare = |text: &str| text.trim_matches(|c| c == '"' || c == '+').to_owned();
            assert_eq!(bare(crm), bare(erp), "seed {seed}: {difference}");
        }
    }
}
