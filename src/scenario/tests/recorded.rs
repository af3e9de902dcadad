//! Replays of recorded runs.

use std::collections::BTreeSet;
use std::path::Path;

use super::replay::{Assume, CallReport, Fate, Recording, Replay, Replayed};
use super::suite::Bench;
use super::*;
use crate::machine::masks::Masks;

/// Replays a run of `recorded` against the stage's definition.
fn replayed(stage: &Stage<'_>, recorded: &Definition, trace: &Trace, assume: Assume) -> Replayed {
    let recording = Recording::of(recorded, trace.run.id, &trace.journal).expect("a journal of this definition");
    let replay = Replay {
        input: (*recording.run.raw_input).clone(),
        at: trace.began,
        recording: Some(&recording),
        refused: false,
        masks: Masks::of(recorded),
        assume,
    };
    replay.play(stage)
}

/// Every single fault in a rehearsal like this one. Scenarios share their first calls: a fault after the same preceding
/// calls is not repeated.
fn schedules(trace: &Trace, known: &mut BTreeSet<Vec<String>>) -> Vec<Schedule> {
    let mut steps = Vec::new();
    let mut is_new = |sending: &&Sending| {
        steps.push(format!("{}#{}", sending.step, sending.number));
        known.insert(steps.clone())
    };
    let new: Vec<&Sending> = trace.sendings.iter().filter(&mut is_new).collect();
    let calls = new.into_iter().flat_map(|sending| {
        let (step, sending) = (&sending.step, sending.number);
        Fault::ALL.map(|fault| Strike::Call { step: step.clone(), sending, fault })
    });
    let quiet = trace.quiet.iter().map(|commit| Strike::Crash { commit: *commit });
    let one = calls.chain(quiet).map(|strike| Schedule::default().and(strike));
    std::iter::once(Schedule::default()).chain(one).collect()
}

/// Replays a scenario against its own definition with every single fault. Returns the number of runs.
fn replays_as_it_was(stage: &Stage<'_>, scenario: &Scenario, known: &mut BTreeSet<Vec<String>>) -> usize {
    let undisturbed = stage.rehearse(scenario, &Schedule::default());
    if undisturbed.refused.is_some() {
        return 0;
    }
    let schedules = schedules(&undisturbed, known);
    for schedule in &schedules {
        let trace = stage.rehearse(scenario, schedule);
        let replayed = replayed(stage, stage.definition, &trace, Assume::Nothing);
        let shown = format!("{} under {schedule}: {replayed:#?}", scenario.name);
        assert!(!replayed.differs(), "{shown}");
        assert_eq!(replayed.new.status, trace.status(), "{shown}");
    }
    schedules.len()
}

#[test]
fn whatever_went_wrong_a_recorded_run_of_a_shipped_workflow_replays_as_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let mut runs = 0;
    for file in dsl::scenario_files(&folder).expect("the folder can be read") {
        let bench =
            Bench::open(&file, <&crate::sandbox::Profile>::default()).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let stage = bench.stage(&Evaluation::here);
        let mut known = BTreeSet::new();
        for scenario in bench.scenarios() {
            runs += replays_as_it_was(&stage, scenario, &mut known);
        }
    }
    assert!(runs > 150, "only {runs} runs prove little");
}

/// Waits, loops, branches, events, other runs and people's acts: all happen again as recorded.
#[test]
fn whatever_surrounded_a_run_surrounds_its_replay() {
    let tasks = "
do:
  - remember: { set: '${ . }', export: { as: . } }
  - rest: { wait: PT1H }
  - both:
      fork:
        branches:
          - slow: { call: http, with: { method: post, endpoint: 'connection://erp/slow', body: { at: '${ $task.startedAt }' } } }
          - fast: { call: http, with: { method: get, endpoint: 'connection://erp/fast' }, output: { as: '{ n: .n }' } }
  - each:
      for: { each: id, in: '$context.ids' }
      do:
        - charge: { call: http, with: { method: post, endpoint: 'connection://erp/charge', body: { id: '${ $id }' } } }
  - ask: { emit: { event: { with: { source: 'https://a.example', type: wanted, data: { order: '${ $context.order }' } } } } }
  - paid:
      listen:
        to:
          one:
            with: { type: paid }
            correlate: { order: { from: .data.order, expect: '${ $context.order }' } }
  - ship:
      run: { workflow: { namespace: shop, name: shipping, version: '1.0.0', input: { order: '${ $context.order }' } } }
  - last:
      call: http
      with: { method: post, endpoint: 'connection://erp/last', body: { at: '${ $task.startedAt }', paid: '${ . }' } }
";
    let scenario = "
scenarios:
  - name: all
    input: { order: 7, ids: [1, 2, 3] }
    calls:
      slow: { delay: PT4S }
      fast: { body: { n: 1, more: 2 }, delay: PT1S }
      charge: [{ status: 503 }, { body: { ok: 1 } }, { body: { ok: 2 } }, { body: { ok: 3 } }]
      last: [{ status: 400 }, { status: 204 }]
    acts: [{ act: retry }]
    events:
      - { after: PT10H, event: { type: paid, source: 'https://b.example', data: { order: 7 } } }
    runs: { ship: { output: { parcel: 1 }, after: PT24H } }
    expect: { status: completed }
";
    let fixture = Fixture::new(tasks, scenario);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    assert!(replays_as_it_was(&fixture.stage(), fixture.first(), &mut BTreeSet::new()) > 30);
}

const ORDER: &str = "
do:
  - look:
      call: http
      with: { method: get, endpoint: 'connection://erp/customer', query: { q: a } }
      output: { as: '{ id: .id }' }
      export: { as: . }
  - order:
      call: http
      with: { method: post, endpoint: 'connection://erp/order', body: { customer: '${ $context.id }', memo: a } }
  - tell: { call: http, with: { method: put, endpoint: 'connection://erp/told/1', body: { done: true } } }
";

const ANSWERS: &str = "
scenarios:
  - name: order
    input: {}
    calls: { look: { body: { id: 7, name: Ada, iban: DE02 } }, order: { status: 204 }, tell: {} }
    expect: { status: completed }
";

/// Replays the order above against a changed definition.
fn changed(from: &str, to: &str, assume: Assume) -> Replayed {
    assert!(ORDER.contains(from), "{from}");
    let recorded = Fixture::new(ORDER, ANSWERS);
    let new = Fixture::new(&ORDER.replacen(from, to, 1), ANSWERS);
    replayed(&new.stage(), &recorded.definition, &recorded.rehearse(""), assume)
}

fn of<'r>(replayed: &'r Replayed, step: &str) -> &'r CallReport {
    replayed.calls.iter().find(|call| call.step == step).unwrap_or_else(|| panic!("{step}: {replayed:#?}"))
}

fn fates(replayed: &Replayed) -> Vec<(&str, Fate)> {
    replayed.calls.iter().map(|call| (call.step.as_str(), call.fate)).collect()
}

#[test]
fn a_changed_field_is_shown_with_what_it_was_and_what_it_would_be() {
    let replayed = changed("memo: a", "memo: b", Assume::Nothing);
    assert_eq!(fates(&replayed), [("look", Fate::Unchanged), ("order", Fate::Changed), ("tell", Fate::Unchanged)]);
    let field = &of(&replayed, "order").fields;
    assert_eq!(field.len(), 1, "{field:?}");
    assert_eq!((field[0].part, field[0].pointer.as_str()), ("body", "/memo"));
    assert_eq!((&field[0].recorded, &field[0].new), (&Some("a".into()), &Some("b".into())));
}

/// The journal has the whole answer, so a step can take a different part of it.
#[test]
fn a_step_that_takes_another_field_of_its_answer_is_given_the_recorded_answer() {
    let replayed = changed("{ id: .id }", "{ id: .name }", Assume::Nothing);
    let field = &of(&replayed, "order").fields;
    assert_eq!(field.len(), 1, "{field:?}");
    assert_eq!((&field[0].recorded, &field[0].new), (&Some(7.into()), &Some("Ada".into())));
}

#[test]
fn new_calls_and_removed_calls_are_distinguished() {
    let tell =
        "  - tell: { call: http, with: { method: put, endpoint: 'connection://erp/told/1', body: { done: true } } }\n";
    let gone = changed(tell, "", Assume::Nothing);
    assert_eq!(fates(&gone), [("look", Fate::Unchanged), ("order", Fate::Unchanged), ("tell", Fate::Gone)]);
    let more = changed(
        tell,
        &format!(
            "{tell}  - more: {{ call: http, with: {{ method: post, endpoint: 'connection://erp/more', body: {{}} }} }}\n"
        ),
        Assume::Nothing,
    );
    assert_eq!((of(&more, "more").fate, more.new.status.as_str()), (Fate::New, "completed"));
    assert!(of(&more, "more").notes[0].contains("answered with 204"), "{more:#?}");
}

/// A renamed step still sends the same request.
#[test]
fn a_renamed_step_is_found_by_where_its_call_goes() {
    let replayed = changed("  - tell:", "  - inform:", Assume::Nothing);
    assert_eq!(of(&replayed, "inform").fate, Fate::Unchanged, "{replayed:#?}");
    assert_eq!(of(&replayed, "inform").notes, ["recorded as tell"]);
    assert!(!replayed.differs());
}

#[test]
fn a_read_that_was_not_recorded_ends_the_replay_unless_something_is_assumed() {
    let unknown = changed("q: a", "q: b", Assume::Nothing);
    assert!(unknown.unknown.as_ref().is_some_and(|why| why.contains("look: nothing was recorded")), "{unknown:#?}");
    // Later calls are not reported as gone.
    assert_eq!(fates(&unknown), [("look", Fate::Changed)]);
    assert_eq!(
        (of(&unknown, "look").fields[0].part, &of(&unknown, "look").fields[0].new),
        ("query", &Some("b".into()))
    );
    let missing = changed("q: a", "q: b", Assume::Missing);
    assert_eq!((missing.unknown.as_deref(), missing.new.status.as_str()), (None, "faulted"));
    let empty = changed("q: a", "q: b", Assume::Empty);
    assert_eq!(of(&empty, "order").fields[0].new, Some(Value::Null), "{empty:#?}");
}

#[test]
fn sensitive_values_are_masked_and_marked_as_masked() {
    let call = "body: { customer: '${ $context.id }', memo: a } }\n";
    let sensitive = format!("{call}      metadata: {{ sensitive: [/customer] }}\n");
    let recorded = Fixture::new(&ORDER.replacen(call, &sensitive, 1), ANSWERS);
    let new = Fixture::new(&ORDER.replacen("{ id: .id }", "{ id: .iban }", 1), ANSWERS);
    let shown = replayed(&new.stage(), &recorded.definition, &recorded.rehearse(""), Assume::Nothing);
    assert_eq!(of(&shown, "order").fields[0].new, Some("***".into()), "{shown:#?}");
    assert!(!format!("{shown:?}").contains("DE02"));

    let masked = ANSWERS.replace("name: Ada", "name: 'Bearer ***'");
    let recorded = Fixture::new(ORDER, &masked);
    let new = Fixture::new(&ORDER.replacen("{ id: .id }", "{ id: .name }", 1), &masked);
    let replayed = replayed(&new.stage(), &recorded.definition, &recorded.rehearse(""), Assume::Nothing);
    assert_eq!(of(&replayed, "look").notes, ["the recorded answer contains masked values (***)"]);
    assert!(of(&replayed, "order").notes.iter().any(|note| note.contains("is unknown")), "{replayed:#?}");
}

#[test]
fn a_run_that_has_not_ended_is_replayed_as_far_as_it_has_come() {
    let fixture = Fixture::new(ORDER, ANSWERS);
    let mut trace = fixture.rehearse("");
    let sent = trace.journal.iter().rposition(|record| record.change.kind() == "task.started").expect("a call");
    trace.journal.truncate(sent + 1);
    let replayed = replayed(&fixture.stage(), &fixture.definition, &trace, Assume::Nothing);
    assert!(!replayed.differs(), "{replayed:#?}");
    assert!(replayed.notes[0].contains("waiting for the answer to tell"), "{replayed:#?}");
}
