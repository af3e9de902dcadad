//! What deciding and folding a saga cost, counted in allocations, and in instructions under callgrind beside plain reading and writing
//! of the same journal as JSON: that ratio stays the same on other processors and compilers, where times and bare counts do not.

use std::hint::black_box;
use std::process::Command;

use serde_json::{Value, json};

use super::world::play::{Play, definition, started};
use crate::*;
use stepwell_language::dsl::Definition;

const SAGA: &str = "
do:
  - customer:
      call: http
      with: { method: post, endpoint: 'https://erp.example/customers', body: '${ { name: .name, lines: .lines } }' }
      metadata: { compensate: { call: http, with: { method: delete, endpoint: 'https://erp.example/customers' } } }
      export: { as: '${ { customer: .id } }' }
  - order:
      call: http
      with: { method: post, endpoint: 'https://erp.example/orders', body: '${ { customer: $context.customer, of: .id } }' }
      metadata: { compensate: { call: http, with: { method: delete, endpoint: 'https://erp.example/orders' } } }
  - writeBack:
      call: http
      with: { method: patch, endpoint: 'https://crm.example/deals', body: '${ { order: .id } }' }
      metadata: { compensate: none }
      output: { as: '${ { order: .id, customer: $context.customer } }' }
";

/// How often each part is done: the counts are then mostly of it, not of what it does once.
const ROUNDS: usize = 20;

/// Instructions of each part, as a multiple of those that reading and writing the saga's journal as JSON takes. More than 5 % above
/// is a regression; after an improvement, lower them.
const DECIDING: f64 = 1.007;
const FOLDING: f64 = 0.0574;

/// Allocations of all decisions of a saga, and of folding its journal. More than 5 % above is a regression.
const ALLOCATIONS: [u64; 2] = [353, 400];

/// Set in the process that callgrind watches.
const WATCHED: &str = "STEPWELL_WATCHED";

/// A saga from its start to its end: what happened, and its journal.
fn played(definition: &Definition) -> (Vec<Fact>, Vec<Record>) {
    let input = json!({ "id": "006A", "name": "Acme", "lines": [1, 2, 3] });
    let mut facts = vec![started(input.clone())];
    let mut play = Play::begin(definition, input);
    for id in ["C-1", "O-1", "D-1"] {
        facts.push(play.outcome(json!({ "id": id })));
        play.answer(json!({ "id": id }));
    }
    assert_eq!(play.run.status, Status::Completed);
    (facts, play.journal)
}

/// All decisions of a saga, without what stores them.
#[inline(never)]
fn decide_saga(definition: &Definition, facts: &[Fact]) {
    let mut run = Run::new(RunId::from_u128(7));
    for fact in facts {
        let around = Around {
            now: super::world::NOON,
            answers: &[],
            settles_after: &|_| std::time::Duration::ZERO,
            continues: true,
        };
        run = black_box(decide(definition, &run, fact.clone(), around).expect("it decides")).run;
    }
}

#[inline(never)]
fn fold_saga(definition: &Definition, journal: &[Record]) {
    black_box(fold(definition, Run::new(RunId::from_u128(7)), journal).expect("it folds"));
}

#[inline(never)]
fn read_and_write_as_json(rows: &[String]) {
    for row in rows {
        let value: Value = serde_json::from_str(row).expect("it is JSON");
        black_box(serde_json::to_string(&value).expect("it can be written"));
    }
}

/// Instructions inside the function of this name, when this test runs again under callgrind.
fn instructions(function: &str) -> f64 {
    let test = "tests::instructions::deciding_and_folding_a_saga_take_no_more_instructions_than_they_did";
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg(format!("--toggle-collect=*{function}*"))
        .arg(std::env::current_exe().expect("the test has a path"))
        .args(["--exact", test, "--test-threads=1"])
        .env(WATCHED, "1")
        .output()
        .expect("valgrind counts instructions: install it (scripts/install.sh valgrind)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "callgrind failed: {}{said}", String::from_utf8_lossy(&output.stdout));
    let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1)).expect("callgrind counts");
    collected.trim().parse().unwrap_or_else(|_| panic!("not a count: {collected}"))
}

#[test]
fn deciding_and_folding_a_saga_take_no_more_instructions_than_they_did() {
    if std::env::var_os(WATCHED).is_some() {
        return work();
    }
    let [json, deciding, folding] = ["read_and_write_as_json", "decide_saga", "fold_saga"].map(instructions);
    assert!(json > 100_000.0, "{json} instructions are too few to compare with");
    let (deciding, folding) = (deciding / json, folding / json);
    println!("deciding {deciding:.4}, folding {folding:.4} times reading and writing JSON ({json} instructions)");
    assert!(deciding <= DECIDING * 1.05, "deciding a saga: {deciding:.4} in place of {DECIDING}");
    assert!(folding <= FOLDING * 1.05, "folding a saga: {folding:.4} in place of {FOLDING}");
}

/// What callgrind watches.
fn work() {
    let definition = definition("{}", SAGA);
    let (facts, journal) = played(&definition);
    let rows: Vec<String> =
        journal.iter().map(|record| serde_json::to_string(&record.change).expect("it can be written")).collect();
    for _ in 0..ROUNDS {
        read_and_write_as_json(&rows);
        decide_saga(&definition, &facts);
        fold_saga(&definition, &journal);
    }
}

#[test]
fn deciding_and_folding_a_saga_allocate_no_more_than_they_did() {
    let definition = definition("{}", SAGA);
    let (facts, journal) = played(&definition);
    decide_saga(&definition, &facts);
    let decided = allocation_counter::measure(|| decide_saga(&definition, &facts)).count_total;
    let folded = allocation_counter::measure(|| fold_saga(&definition, &journal)).count_total;
    println!("{decided} allocations to decide, {folded} to fold");
    for (count, known) in [decided, folded].into_iter().zip(ALLOCATIONS) {
        assert!(count * 100 <= known * 105, "{count} allocations in place of {known}");
    }
}
