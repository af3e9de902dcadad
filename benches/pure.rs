//! The cost of the pure parts. Each is compared with a baseline in the same run, because absolute times depend on the
//! machine.
//!
//! `cargo bench` prints times and finally ratios. `stepwell bench` measures the whole program.

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::Criterion;
use serde_json::{Value, json};
use stepwell::dsl::{self, Definition, Functions};
use stepwell::machine::{
    Actor, Around, Begin, CallOutcome, Decision, Effect, Fact, Record, ResponseSummary, Run, RunId, Started, Time,
    decide, fold,
};
use stepwell::store::nodes::formats::NEWEST;
use stepwell::store::runs::journal;

const THREE_CALLS: &str = "document: { dsl: '1.0.3', namespace: bench, name: calls, version: '1.0.0' }
do:
  - one: { call: http, with: { method: post, endpoint: 'http://target/1', body: { id: '${ .eventType // .id }' } } }
  - two: { call: http, with: { method: post, endpoint: 'http://target/2', body: { id: '${ .eventType // .id }' } } }
  - three: { call: http, with: { method: post, endpoint: 'http://target/3', body: { id: '${ .eventType // .id }' } } }
";

const EVENT: &str = include_str!("../tests/data/sandbox/salesforce_opportunity_closed_won.json");

fn step(definition: &Definition, run: &Run, fact: Fact) -> Decision {
    let around =
        Around { now: Time::UNIX_EPOCH, answers: &[], settles_after: &|_| std::time::Duration::ZERO, continues: true };
    decide(definition, run, fact, around).expect("a saga without faults")
}

/// Makes all decisions of a saga whose calls succeed immediately. Returns their records.
fn saga(definition: &Definition, input: &Arc<Value>, answer: &Arc<Value>) -> Vec<Record> {
    let (actor, input) = (Actor("bench".into()), Arc::clone(input));
    let mut fact = Fact::Started(Box::new(Started {
        input,
        parent: None,
        event: None,
        actor,
        environment: None,
        begin: Begin::Now,
        hold: None,
        restarts: None,
    }));
    let mut run = Run::new(RunId::from_u128(1));
    let mut records = Vec::new();
    loop {
        let decision = step(definition, &run, fact);
        run = decision.run;
        records.extend(decision.records);
        let Some(Effect::Call { execution, attempt, .. }) = decision.effects.first() else { return records };
        let response = ResponseSummary {
            url: String::new(),
            status: 200,
            headers: Vec::new(),
            body: None,
            note: None,
            duration_ms: 1,
        };
        let outcome = Box::new(CallOutcome::Succeeded { output: Arc::clone(answer), response });
        fact = Fact::CallEnded { execution: *execution, attempt: *attempt, outcome };
    }
}

fn sagas(c: &mut Criterion) {
    let definition =
        dsl::build("calls.yaml", THREE_CALLS, &Functions::default()).expect("a valid definition").definition;
    let input = Arc::new(EVENT.parse::<Value>().expect("JSON"));
    let answer = Arc::new(json!({ "id": "42", "ok": true }));
    let records = saga(&definition, &input, &answer);
    assert!(matches!(records.last().map(|r| r.change.kind()), Some("run.completed")), "{records:?}");
    let mut group = c.benchmark_group("three-call saga");
    // The unavoidable minimum: parse one event and three answers, serialize three requests.
    group.bench_function("baseline: parse and print its messages", |b| {
        let answer = answer.to_string();
        let through = |text: &str| black_box(text).parse::<Value>().expect("JSON").to_string().len();
        b.iter(|| through(EVENT) + (0..3).map(|_| through(&answer)).sum::<usize>());
    });
    group.bench_function("decide", |b| b.iter(|| saga(&definition, &input, &answer).len()));
    group.bench_function("fold its journal", |b| {
        b.iter(|| fold(&definition, Run::new(RunId::from_u128(1)), &records).expect("its own journal").seq);
    });
    group.bench_function("encode and chain its journal", |b| {
        b.iter(|| {
            journal::encode(&records, 0, journal::genesis(RunId::from_u128(1)), NEWEST).expect("its own journal").1
        });
    });
    group.finish();
}

fn definitions(c: &mut Criterion) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let text = std::fs::read_to_string(folder.join("closed-won.yaml")).expect("the shipped workflow");
    let functions = Functions::load(&folder).expect("the shipped catalog");
    let mut group = c.benchmark_group("closed-won");
    group.bench_function("baseline: parse its YAML", |b| {
        b.iter(|| saphyr_parser::Parser::new_from_str(black_box(&text)).count());
    });
    group.bench_function("build", |b| b.iter(|| dsl::build("closed-won.yaml", black_box(&text), &functions).is_ok()));
    group.finish();
}

/// Returns the mean of a measurement in nanoseconds, from criterion's files.
fn mean(group: &Path, bench: &str) -> Option<f64> {
    let text = std::fs::read_to_string(group.join(bench).join("new/estimates.json")).ok()?;
    text.parse::<Value>().ok()?["mean"]["point_estimate"].as_f64()
}

/// Prints each measurement divided by the baseline of its group.
fn print_ratios(groups: &[(&str, &str, &[&str])]) {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    for (group, baseline, benches) in groups {
        let folder = Path::new(&target).join("criterion").join(group);
        let Some(base) = mean(&folder, baseline) else { continue };
        for bench in *benches {
            if let Some(mean) = mean(&folder, bench) {
                println!("{group} / {bench}: {:.2} x ({baseline})", mean / base);
            }
        }
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    sagas(&mut criterion);
    definitions(&mut criterion);
    criterion.final_summary();
    print_ratios(&[
        (
            "three-call saga",
            "baseline_ parse and print its messages",
            &["decide", "fold its journal", "encode and chain its journal"],
        ),
        ("closed-won", "baseline_ parse its YAML", &["build"]),
    ]);
}
