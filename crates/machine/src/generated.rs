//! Generated definitions: everything that the language allows runs to its end in the simulator and in the real engine,
//! with the same journal.

#![allow(clippy::unwrap_used, reason = "for tests, here and in other crates")]

use std::sync::Arc;

use serde_json::{Value, json};

use crate::*;
use stepwell_language::dsl::{self, Built, Definition, Functions};

/// A generator that is deterministic on every machine; the seed is the number of the definition.
struct Dice(u64);

impl Dice {
    /// Returns a number from 0 to `sides - 1`.
    fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn list(&mut self, depth: u64) -> Value {
        let count = 1 + self.roll(3);
        (0..count).map(|n| self.named(n, count, depth)).collect()
    }

    fn named(&mut self, n: u64, count: u64, depth: u64) -> Value {
        let mut task = self.task(depth);
        match self.roll(12) {
            0 => task["if"] = json!("(.n // 0) < 3"),
            1 => task["export"] = json!({ "as": "$context + { last: $task.name }" }),
            2 => task["output"] = json!({ "as": "if type == \"object\" then . + { out: true } else { was: . } end" }),
            3 => task["input"] = json!({ "from": "if type == \"object\" then . else {} end" }),
            // Only forward, because a loop would need an exit.
            4 if n + 1 < count => task["then"] = format!("t{}", n + 1).into(),
            5 => task["then"] = "exit".into(),
            _ => {}
        }
        json!({ format!("t{n}"): task })
    }

    fn task(&mut self, depth: u64) -> Value {
        let kinds = if depth == 0 { 6 } else { 12 };
        match self.roll(kinds) {
            0 | 1 => {
                json!({ "set": { "n": "${ (if type == \"object\" then .n else null end // 0) + 1 }", "x": self.roll(100) } })
            }
            2 => json!({ "set": "${ . }" }),
            3 => {
                let metadata = if self.roll(3) == 0 { json!({ "class": "person" }) } else { json!({}) };
                let error = json!({ "type": "https://example.com/raised", "status": 400 + self.roll(100) });
                json!({ "raise": { "error": error }, "metadata": metadata })
            }
            4 => {
                json!({ "switch": [ { "low": { "when": "(if type == \"object\" then .n else 0 end // 0) < 2", "then": "continue" } }, { "else": { "then": "exit" } } ] })
            }
            5 => json!({ "wait": { "milliseconds": 1 } }),
            6 => json!({ "do": self.list(depth - 1) }),
            7 => {
                let items = (0..self.roll(4)).map(|n| n.to_string()).collect::<Vec<_>>().join(",");
                let (each, concurrency, body) =
                    (json!({ "in": format!("[{items}]") }), 1 + self.roll(3), self.list(depth - 1));
                match concurrency {
                    1 => json!({ "for": each, "do": body }),
                    // Iterations must end in order, so none of them waits.
                    _ => json!({ "for": each, "do": without_waits(body), "metadata": { "concurrency": concurrency } }),
                }
            }
            8 => json!({ "fork": { "branches": self.branches(depth - 1), "compete": self.roll(2) == 0 } }),
            9 => {
                json!({ "emit": { "event": { "with": { "source": "https://generated.example", "type": "generated", "data": self.roll(9) } } } })
            }
            _ => {
                let mut catch = json!({});
                if self.roll(2) == 0 {
                    catch["retry"] =
                        json!({ "delay": { "milliseconds": 1 }, "limit": { "attempt": { "count": self.roll(2) } } });
                }
                if self.roll(3) > 0 {
                    catch["do"] = self.list(depth - 1);
                }
                if self.roll(4) == 0 {
                    catch["errors"] = json!({ "with": { "status": 400 + self.roll(100) } });
                }
                json!({ "try": self.list(depth - 1), "catch": catch })
            }
        }
    }

    /// Branches must end in the order in which they are listed, so none of them waits.
    fn branches(&mut self, depth: u64) -> Value {
        let count = 1 + self.roll(2);
        (0..count).map(|n| json!({ format!("b{n}"): without_waits(self.task(depth)) })).collect()
    }
}

/// With waits, a real clock would decide by chance which branch is first.
fn without_waits(mut task: Value) -> Value {
    match &mut task {
        Value::Object(members) => {
            if members.contains_key("wait") {
                return json!({ "set": { "waited": true } });
            }
            // A retry waits too.
            members.remove("retry");
            for value in members.values_mut() {
                *value = without_waits(value.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_waits(item.take())),
        _ => {}
    }
    task
}

/// Returns definition number `n` as JSON text.
pub fn document(n: u64) -> String {
    let mut dice = Dice(n);
    let list = dice.list(3);
    json!({
        "document": { "dsl": "1.0.3", "namespace": "generated", "name": format!("g{n}"), "version": "1.0.0" },
        "do": list,
    })
    .to_string()
}

/// Returns a record as the database would return it.
pub fn read_back(record: &Record) -> Record {
    let change = serde_json::from_str(&serde_json::to_string(&record.change).unwrap()).unwrap();
    Record { change, ..record.clone() }
}

/// Runs a definition to its end with simulated time. Dismisses the run if an error stops it.
pub fn simulate(definition: &Definition) -> Vec<Record> {
    let mut run = Run::new(RunId::from_u128(7));
    let mut journal: Vec<Record> = Vec::new();
    let mut now = Time::UNIX_EPOCH;
    let input = Arc::new(json!({ "n": 0 }));
    let started = Started {
        input,
        parent: None,
        event: None,
        actor: Actor("test".into()),
        environment: Some("sandbox".into()),
        begin: Begin::Now,
        hold: None,
        restarts: None,
    };
    let mut fact = Fact::Started(Box::new(started));
    for _ in 0..10_000 {
        let around = Around { now, answers: &[], settles_after: &|_| std::time::Duration::ZERO, continues: true };
        let decision = match decide(definition, &run, fact, around) {
            Ok(decision) => decision,
            Err(stop) => panic!("{}: {stop:?}", definition.workflow),
        };
        journal.extend(decision.records.iter().map(read_back));
        run = decision.run;
        assert_eq!(fold(definition, Run::new(run.id), &journal).unwrap(), run);
        let copy = snapshot::write(definition, &run, now).unwrap();
        assert_eq!(snapshot::read(definition, &copy).map(|(copy, _)| copy).as_ref(), Some(&run));
        if run.is_closed() {
            return journal;
        }
        fact = match run.wake_at() {
            _ if run.is_parked() => {
                Fact::Operator { act: Act::Dismiss, actor: Actor("test".into()), reason: None, approval: None }
            }
            _ if decision.effects.iter().any(|e| matches!(e, Effect::Continue)) => Fact::Continue,
            Some(at) => {
                now = now.max(at);
                Fact::TimerDue
            }
            None => panic!("{} waits for nothing: {run:?}", definition.workflow),
        };
    }
    panic!("{} does not end", definition.workflow);
}

/// Builds definition number `n`. Every twentieth is also checked against the official schema, which takes most of the
/// time.
pub fn built(n: u64) -> Built {
    let text = document(n);
    let build = if n.is_multiple_of(20) { dsl::build } else { dsl::rebuild };
    match build("generated.json", &text, &Functions::default()) {
        Ok(built) => built,
        Err(mistakes) => panic!("definition {n} is refused: {:?}\n{text}", mistakes.first()),
    }
}
