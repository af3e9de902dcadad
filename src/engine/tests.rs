//! The real engine on a real Postgres against the simulator.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::*;
use crate::connect::Connections;
use crate::evaluator::Evaluator;
use crate::machine::generated;
use crate::machine::view::{RunHead, view};
use crate::machine::{Around, Begin, Effect, Fact, Record, Run, Started, decide};
use crate::store::runs::journal;

/// A journal without what differs between two runs of one definition: times, ids, and who did it.
fn story(records: &[Record]) -> Vec<Value> {
    records
        .iter()
        .map(|record| {
            let mut change = serde_json::to_value(&record.change).unwrap();
            scrub(&mut change);
            json!({ "task": record.task, "attempt": record.attempt, "change": change })
        })
        .collect()
}

fn scrub(value: &mut Value) {
    match value {
        Value::Object(members) => {
            // Details of errors quote the data, ids and times in them.
            for name in ["until", "retry", "id", "time", "reason", "detail", "paused_ms"] {
                members.remove(name);
            }
            members.values_mut().for_each(scrub);
        }
        Value::Array(items) => items.iter_mut().for_each(scrub),
        _ => {}
    }
}

async fn node(pool: &PgPool) -> Engine {
    // All of it shares one thread with the rehearsals' answers: this is not about leases.
    let settings = EngineSettings { lease: Duration::from_mins(10), ..EngineSettings::default() };
    let evaluator = Evaluator::of_this_program(1).unwrap();
    Engine::start_node(settings, pool.clone(), pool.clone(), Connections::default(), evaluator).await.unwrap()
}

/// Runs definition number `n` on the engine to its end; a run that a fault stopped is dismissed, as the simulator does.
async fn live_through(engine: &Engine, pool: &PgPool, n: u64) -> Result<(), String> {
    // On the other threads of the machine, beside the engine.
    let simulation = tokio::task::spawn_blocking(move || {
        let built = generated::built(n);
        let simulated = story(&generated::simulate(&built.definition));
        (built, simulated)
    });
    let (built, simulated) = simulation.await.map_err(|e| format!("{n}: {e}"))?;
    let actor = Actor("test".into());
    engine.deploy(&built, &actor).await.map_err(|e| format!("{n}: {e}"))?;
    let request = StartRequest {
        namespace: "generated".into(),
        name: format!("g{n}"),
        version: None,
        input: json!({ "n": 0 }),
        idempotency_key: None,
        actor: actor.clone(),
    };
    let run = engine.start(request).await.map_err(|e| format!("{n}: {e}"))?;
    if !engine.settled(run, Duration::from_secs(60)).await {
        return Err(format!("{n} does not end"));
    }
    if listing::run(pool, run).await.unwrap().is_some_and(|row| row.finished_at.is_none()) {
        engine.act(run, Act::Dismiss, actor, None).await.map_err(|e| format!("{n}: {e}"))?;
    }
    let lived = story(&journal::records(pool, run).await.unwrap().0);
    if lived == simulated {
        return Ok(());
    }
    let differs =
        lived.iter().zip(&simulated).position(|(a, b)| a != b).unwrap_or_else(|| lived.len().min(simulated.len()));
    let text = generated::document(n);
    Err(format!(
        "{n} differs at {differs}: lived {:?}, simulated {:?}\n{text}",
        lived.get(differs),
        simulated.get(differs)
    ))
}

#[sqlx::test]
async fn ten_thousand_generated_definitions_end_with_the_same_journal_in_simulator_and_engine(pool: PgPool) {
    crate::store::ensure_partitions(&pool).await.unwrap();
    let engine = node(&pool).await;
    let lives = futures::stream::iter(0..10_000).map(|n| live_through(&engine, &pool, n)).buffer_unordered(16);
    let wrong: Vec<String> = lives.filter_map(|life| async { life.err() }).collect().await;
    assert!(wrong.is_empty(), "{} of 10,000 differ, the first: {}", wrong.len(), wrong[0]);
    let kinds: BTreeMap<String, i64> = sqlx::query_as("select kind, count(*) from journal_records group by kind")
        .fetch_all(&pool)
        .await
        .unwrap()
        .into_iter()
        .collect();
    for kind in ["iteration.started", "error.caught", "round.started", "run.faulted", "run.completed", "task.skipped"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 50), "too few of {kind}: {kinds:?}");
    }
    engine.shut_down().await;
}

const LOOP: &str = "
document: { dsl: '1.0.3', namespace: test, name: loop, version: '1.0.0' }
do:
  - each:
      for: { each: item, in: '[range(.items)]' }
      do:
        - note: { set: { item: '${ $item }' } }
";

/// The journal of a loop over so many items.
fn journal_of_loop(definition: &crate::dsl::Definition, items: u32) -> Vec<Record> {
    let started = Started {
        input: Arc::new(json!({ "items": items })),
        event: None,
        parent: None,
        actor: Actor("test".into()),
        environment: None,
        begin: Begin::Now,
        hold: None,
        restarts: None,
    };
    let (mut run, mut journal) = (Run::new(RunId::nil()), Vec::new());
    let mut fact = Fact::Started(Box::new(started));
    loop {
        let around =
            Around { now: Time::UNIX_EPOCH, answers: &[], settles_after: &|_| Duration::ZERO, continues: true };
        let Ok(decision) = decide(definition, &run, fact, around) else { panic!("a loop decides by itself") };
        run = decision.run;
        journal.extend(decision.records);
        if !decision.effects.iter().any(|effect| matches!(effect, Effect::Continue)) {
            return journal;
        }
        fact = Fact::Continue;
    }
}

#[test]
fn the_view_of_a_long_loop_takes_time_in_proportion_to_its_length() {
    let definition = crate::dsl::build("loop.yaml", LOOP, &crate::dsl::Functions::default()).unwrap().definition;
    let head = RunHead { id: RunId::nil(), parent: None, created_at: Time::UNIX_EPOCH, wake_at: None, base: 0 };
    let viewed = |items: u32| {
        let journal = journal_of_loop(&definition, items);
        // What else the machine does takes time as well, but not each time.
        let times = (0..3).map(|_| {
            let began = Instant::now();
            let seen = view(&definition, &head, &journal).unwrap().unwrap();
            assert_eq!(seen.tasks.len(), items as usize + 1);
            assert!(seen.tasks.iter().all(|task| task.status == "completed"));
            began.elapsed()
        });
        times.min().unwrap().max(Duration::from_micros(1))
    };
    let (short, long) = (viewed(2_500), viewed(20_000));
    // Eight times as long takes eight times as long; by the square it would be sixty-four.
    assert!(long < short * 16, "{short:?} became {long:?}");
}
