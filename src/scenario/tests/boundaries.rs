//! The shipped workflows, crashed at every boundary and with every step refused in turn, end as without the crash: same
//! status and output, same steps completed, same records at the targets.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::machine::{Attention, Change, Status};
use crate::scenario::rehearsal::step;

/// The parts of a run's result that a crash must not change.
#[derive(Debug, PartialEq)]
struct End {
    /// A crash may cause a step with unknown outcome to be compensated that would otherwise be left alone: either way
    /// the run did not complete.
    ended_well: bool,
    output: Option<Value>,
    /// Step and iteration.
    completed: Vec<(String, Vec<u32>)>,
    records: [Value; 2],
}

fn end(definition: &Definition, trace: &Trace) -> End {
    let mut iterations = BTreeMap::new();
    let mut completed = Vec::new();
    for record in &trace.journal {
        match (&record.change, record.task.as_deref()) {
            (Change::TaskStarted { execution, beginning, .. }, _) => {
                iterations.insert(*execution, beginning.coordinates.iteration.clone());
            }
            (Change::TaskCompleted { execution, beginning, .. }, Some(task)) => {
                let began = beginning.as_ref().map(|beginning| beginning.coordinates.iteration.clone());
                let iteration = began.or_else(|| iterations.get(execution).cloned()).unwrap_or_default();
                completed.push((step::name(definition, task), iteration));
            }
            _ => {}
        }
    }
    // After a crash, an attempt with unknown outcome is reconciled, and compensated although a later attempt was
    // refused.
    completed.retain(|(step, _)| !step.starts_with("undo:") && !step.starts_with("reconcile:"));
    completed.sort();
    // After a crash, a step that compares before it writes may compare once more (another visit of the same iteration).
    // The records show whether anything was written twice.
    completed.dedup();
    let records = ["crm", "erp"].map(|system| without_times(trace.outcome[system].clone()));
    End { ended_well: trace.status() == "completed", output: trace.run.output.as_deref().cloned(), completed, records }
}

/// Removes timestamps from records: a takeover takes time.
fn without_times(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, without_times(value))).collect(),
        Value::Array(items) => items.into_iter().map(without_times).collect(),
        Value::String(text) if text.len() > 18 && text.as_bytes()[10] == b'T' => Value::Null,
        other => other,
    }
}

fn shipped() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    dsl::scenario_files(&folder).expect("the folder can be read")
}

/// The scenario with this step refused permanently each time.
fn refusing(file: &Path, name: &str, step: Option<&str>) -> Scenario {
    let text = std::fs::read_to_string(file).expect("readable");
    let scenarios = read(&file.display().to_string(), &text).expect("sound").scenarios;
    let mut scenario = scenarios.into_iter().find(|scenario| scenario.name == name).expect("it is there");
    if let Some(step) = step {
        let reply = MockReply::Answer {
            status: http::StatusCode::BAD_REQUEST,
            headers: http::HeaderMap::new(),
            body: Value::Null,
        };
        let answer = MockAnswer { when: None, reply, delay: Duration::ZERO, times: 1 };
        scenario.calls.insert(0, (CallPattern::Step(step.to_owned()), vec![answer]));
    }
    scenario
}

/// Every point at which the node can crash in this rehearsal.
fn crashes(trace: &Trace) -> Vec<Schedule> {
    let at = |sending: &Sending, fault| Strike::Call { step: sending.step.clone(), sending: sending.number, fault };
    let calls =
        trace.sendings.iter().flat_map(|sending| [Fault::CrashBefore, Fault::CrashAfter].map(|f| at(sending, f)));
    let quiet = trace.quiet.iter().map(|commit| Strike::Crash { commit: *commit });
    calls.chain(quiet).map(|strike| Schedule(vec![strike])).collect()
}

#[test]
fn every_shipped_definition_ends_the_same_whatever_the_boundary_at_which_its_node_dies() {
    let mut tried = 0;
    for file in shipped() {
        let mut refusals: BTreeSet<Vec<String>> = BTreeSet::new();
        let bench = suite::Bench::open(&file, <&crate::sandbox::Profile>::default())
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let stage = Stage { invariants: &[], ..bench.stage(&Evaluation::here) };
        for scenario in bench.scenarios() {
            // If an answer depends on how often a call was sent, a crash legitimately makes a difference.
            let counts =
                |answer: &MockAnswer| answer.when.as_ref().is_some_and(|when| when.text().contains(".sending"));
            if scenario.calls.iter().flat_map(|(_, answers)| answers).any(counts) {
                continue;
            }
            let undisturbed = stage.rehearse(scenario, &Schedule::default());
            let steps: Vec<String> = undisturbed.sendings.iter().map(|sending| sending.step.clone()).collect();
            // Scenarios share their first steps: a refusal after the same preceding steps is not tested again.
            let mut places: Vec<usize> = (0..steps.len()).collect();
            places.retain(|at| refusals.insert(steps[..=*at].to_vec()) && !steps[..*at].contains(&steps[*at]));
            let steps = places.into_iter().map(|at| steps[at].as_str());
            for refused in std::iter::once(None).chain(steps.map(Some)) {
                let scenario = refusing(&file, &scenario.name, refused);
                let expected = stage.rehearse(&scenario, &Schedule::default());
                let expected_end = end(stage.definition, &expected);
                for schedule in crashes(&expected) {
                    tried += 1;
                    let trace = stage.rehearse(&scenario, &schedule);
                    let about = format!("{}: {schedule}, {refused:?} refused", scenario.name);
                    // A run whose question about an outcome is refused needs attention; what the target then has
                    // depends on whether the call had been sent.
                    if refused.is_some_and(|step| step.starts_with("reconcile:")) && trace.status() != "completed" {
                        let stands = |trace: &Trace| (trace.run.status, trace.run.attention);
                        if stands(&trace) != (Status::Faulted, Some(Attention::UnknownOutcome)) {
                            assert_eq!(stands(&trace), stands(&expected), "{about}");
                        }
                        continue;
                    }
                    let found = end(stage.definition, &trace);
                    assert_eq!(found, expected_end, "{about}");
                }
            }
        }
    }
    assert!(tried > 300, "only {tried} crashes prove little");
}
