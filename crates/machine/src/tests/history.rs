//! Runs that continue as new.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::play::{Play, definition};
use crate::view::{RunHead, view};
use crate::*;

const POLL: &str = "
timeout: { after: P30D }
do:
  - reserve:
      call: http
      with: { method: post, endpoint: 'https://erp.example/reserve' }
      output: { as: '{ reservation: .id }' }
      export: { as: '$context + { reservation: .reservation }' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: 'https://erp.example/release', body: '${ $output }' } } }
  - poll:
      call: http
      with: { method: get, endpoint: 'https://erp.example/state', query: { of: '${ $context.reservation | tostring }' } }
      metadata: { compensate: none }
  - note:
      for: { in: .lines }
      do:
        - line: { call: http, with: { method: post, endpoint: 'https://erp.example/line', body: '${ $item }' }, metadata: { compensate: none } }
  - decide:
      switch:
        - done: { when: .done == true, then: finish }
        - pause: { then: pause }
  - pause: { wait: { seconds: 10 }, then: poll }
  - finish: { call: http, with: { method: post, endpoint: 'https://erp.example/finish', body: '${ $context }' }, metadata: { compensate: none } }
";

/// Plays [`POLL`] over so many rounds, each of which reports one line; gives the play before the last answer, and the keys of all calls.
fn polled(
    definition: &stepwell_language::dsl::Definition,
    rounds: u32,
    mut between: impl FnMut(&mut Play<'_>),
) -> (Play<'_>, Vec<String>) {
    let mut play = Play::begin(definition, json!({ "order": 17 }));
    let (mut round, mut keys) = (0, Vec::new());
    while !play.run.is_closed() {
        between(&mut play);
        let Some((_, _, request)) = play.calls.first() else {
            assert!(play.pass_time(), "the run waits for nothing: {:?}", play.run);
            continue;
        };
        keys.push(request.idempotency_key.clone());
        let answer = match request.uri.rsplit('/').next().expect("a path") {
            "reserve" => json!({ "id": "R-1" }),
            "line" => json!({ "done": round == rounds }),
            "finish" => return (play, keys),
            _ => {
                round += 1;
                json!({ "lines": [round] })
            }
        };
        play.answer(answer);
    }
    panic!("the run ended early: {:?}", play.run);
}

#[test]
fn a_loop_of_thirty_thousand_rounds_uses_no_more_memory_than_one_of_thirty() {
    let definition = definition("{ history: { records: 1000 } }", POLL);
    let bounds = |rounds: u32, crashes: bool| {
        let (mut largest, mut longest, mut commits) = (0, 0, 0_u32);
        let (play, keys) = polled(&definition, rounds, |play| {
            commits += 1;
            longest = longest.max(play.journal.len());
            if commits < 200 || commits % 97 == 0 {
                largest = largest.max(snapshot::write(&definition, &play.run, play.now).unwrap().len());
            }
            // Whoever takes the run up reads what stands since it continued as new, and nothing else.
            if crashes && commits % 401 == 0 {
                play.crash();
            }
        });
        let run = &play.run;
        assert!(rounds < 500 || run.base > 1_000);
        assert_eq!(*run.context, json!({ "reservation": "R-1" }));
        let distinct: BTreeSet<&String> = keys.iter().collect();
        // A read is sent again after a crash, and so is a write, under the same key; each round has keys of its own.
        assert_eq!(distinct.len(), 2 + 2 * rounds as usize);
        assert!(longest < 1_100, "{longest} records are read to go on");
        (largest.max(snapshot::write(&definition, run, play.now).unwrap().len()), keys.len())
    };
    let (short, sent) = bounds(30, false);
    assert_eq!(sent, 62);
    let (long, _) = bounds(30_000, true);
    assert!(long < short + 200, "{short} bytes after 30 rounds, {long} after 30,000");
}

#[test]
fn what_was_done_before_a_run_went_on_as_new_is_undone_as_if_it_had_not() {
    let undone = |metadata: &str| {
        let definition = definition(metadata, POLL);
        let (mut play, keys) = polled(&definition, 200, |_| {});
        let went_on = play.run.base > 0;
        let (act, actor) = (Act::Cancel { compensate: CancelMode::Compensate }, Actor("ada".into()));
        play.feed(Fact::Operator { act, actor, reason: None, approval: None });
        let mut sent = Vec::new();
        while !play.run.is_closed() {
            if play.calls.is_empty() {
                assert!(play.pass_time(), "{:?}", play.run);
                continue;
            }
            let request = &play.calls[0].2;
            sent.push((request.uri.clone(), request.idempotency_key.clone(), request.body.clone()));
            play.answer(json!({}));
        }
        assert_eq!(play.run.status, Status::Cancelled);
        (went_on, keys, sent)
    };
    let (plain, plain_keys, plain_sent) = undone("{}");
    let (went_on, keys, sent) = undone("{ history: { records: 100 } }");
    assert!(went_on && !plain);
    // The numbers of executions and visits continue, and so does every key.
    assert_eq!((keys, format!("{sent:?}")), (plain_keys, format!("{plain_sent:?}")));
    let released: Vec<&String> = sent.iter().map(|(uri, ..)| uri).filter(|uri| uri.ends_with("/release")).collect();
    assert_eq!(released.len(), 1);
}

#[test]
fn what_is_nested_too_deep_for_the_record_keeps_a_run_as_it_is() {
    let definition = definition("{ history: { records: 100 } }", POLL);
    let goes_on = |levels: usize| {
        let mut play = Play::begin(&definition, json!({ "order": 17 }));
        let nested = (1..levels).fold(json!([]), |inner, _| json!([inner]));
        play.answer(json!({ "id": nested }));
        for _ in 0..60 {
            match play.calls.first().map(|(_, _, request)| request.uri.ends_with("/line")) {
                Some(true) => play.answer(json!({ "done": false })),
                Some(false) => play.answer(json!({ "lines": [1] })),
                None => assert!(play.pass_time()),
            }
        }
        play.run.base > 0
    };
    // What is undone is given the object around it.
    assert_eq!([115, 116].map(goes_on), [true, false]);
}

#[test]
fn a_run_continues_as_new_only_if_every_node_supports_it() {
    let definition = definition("{ history: { records: 100 } }", POLL);
    let mut play = Play::begin(&definition, json!({}));
    play.answer(json!({ "id": 1 }));
    while play.run.base == 0 {
        let is_next = play.run.seq >= 99 && play.calls.is_empty();
        if is_next {
            let around =
                Around { now: play.now, answers: &[], settles_after: &|_| Default::default(), continues: false };
            let decided = decide(&definition, &play.run, Fact::TimerDue, around).unwrap();
            assert!(decided.records.iter().all(|record| !matches!(record.change, Change::RunContinued(_))));
        }
        match play.calls.first().map(|(_, _, request)| request.uri.ends_with("/line")) {
            Some(true) => play.answer(json!({ "done": false })),
            Some(false) => play.answer(json!({ "lines": [1, 2] })),
            None => assert!(play.pass_time()),
        }
    }
    assert!(play.run.seq >= 100);
}

#[test]
fn the_view_of_a_run_begins_where_it_went_on_as_new_however_it_was_read() {
    let definition = definition("{ history: { records: 100 } }", POLL);
    let mut remembers = false;
    let (play, _) = polled(&definition, 60, |play| remembers = std::mem::replace(&mut play.remembers, true));
    assert!(remembers && play.run.base > 100);
    let head = |base| RunHead { id: play.run.id, parent: None, created_at: play.now, wake_at: None, base };
    let seen = view(&definition, &head(play.run.base), &play.journal).unwrap().unwrap();
    let continued = seen.continued.expect("it continued as new");
    assert_eq!((continued.records, seen.started_at), (play.run.base - 1, Some(super::world::NOON)));
    assert_eq!(u32::try_from(seen.tasks.len()).unwrap() + continued.tasks, play.run.next_execution);
    assert!(seen.tasks.len() < 60, "{}", seen.tasks.len());
    assert_eq!(seen.input, json!({ "order": 17 }));
    let whole = [play.past.as_slice(), &play.journal].concat();
    let of_all = view(&definition, &head(0), &whole).unwrap().unwrap();
    assert_eq!(serde_json::to_value(&seen).unwrap(), serde_json::to_value(&of_all).unwrap());
    // Nothing else can be folded from: what comes first must be that record.
    let why = view(&definition, &head(play.run.base + 1), &play.journal[1..]).unwrap_err().to_string();
    assert!(why.contains("folding cannot begin with it"), "{why}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A run that continues as new does what the same run does without, call by call and key by key, whenever its nodes die.
    #[test]
    fn going_on_as_new_changes_nothing_that_a_run_does(
        records in 100_u32..260, lines in prop::collection::vec(0_usize..4, 5..40), crashes in prop::collection::vec(any::<bool>(), 0..200),
    ) {
        let played = |metadata: &str| {
            let definition = definition(metadata, POLL);
            let mut play = Play::begin(&definition, json!({ "order": 17 }));
            let (mut round, mut sent, mut dies) = (0, Vec::new(), crashes.iter());
            while !play.run.is_closed() {
                if dies.next() == Some(&true) {
                    play.crash();
                }
                let Some((_, _, request)) = play.calls.first() else {
                    assert!(play.pass_time());
                    continue;
                };
                sent.push((request.uri.clone(), request.idempotency_key.clone(), request.body.clone()));
                let is_poll = request.uri.contains("/state");
                round += usize::from(is_poll);
                let done = round >= lines.len();
                let lines = lines.get(round).map_or(0, |count| *count);
                let answer = json!({ "id": 1, "done": done, "lines": vec![Value::from(round); if done { 0 } else { lines }] });
                play.answer(answer);
            }
            (play.run.status, format!("{:?}", play.run.output), format!("{sent:?}"))
        };
        prop_assert_eq!(played(&format!("{{ history: {{ records: {records} }} }}")), played("{}"));
    }
}
