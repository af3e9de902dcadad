//! People's acts in rehearsals: once a run needs attention, or at a given time.

use super::*;

const TASKS: &str = "
do:
  - first: { call: http, with: { method: post, endpoint: 'connection://erp/first' } }
  - rest: { wait: PT48H }
  - last: { call: http, with: { method: post, endpoint: 'connection://erp/last' } }
";

fn fixture(scenario: &str) -> Fixture {
    Fixture::new(TASKS, &format!("scenarios:\n  - name: one\n    input: {{}}\n{scenario}"))
}

#[test]
fn a_run_that_asks_for_a_person_is_retried_by_one() {
    let fixture = fixture(
        "
    calls: { first: [{ status: 400 }, { body: { ok: true } }], last: {} }
    acts: [{ act: retry }]
    expect: { status: completed, calls: [first, first, last], journal: [run.faulted, operator.acted, run.completed] }
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
}

#[test]
fn a_run_is_cancelled_while_it_waits() {
    let fixture = fixture(
        "
    calls: { first: {} }
    acts: [{ act: cancel, compensate: abandon, after: PT1H }]
    expect: { status: cancelled, calls: [first] }
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    assert_eq!((trace.ended - trace.began).num_minutes(), 60);
    // The act is stored in the database and survives the node's crash.
    assert_eq!(fixture.rehearse("@2:crash").status(), "cancelled");
}

#[test]
fn a_suspended_run_rests_until_it_is_resumed() {
    let acts = "acts: [{ act: suspend, after: PT1H }, { act: resume, after: PT100H }]";
    let fixture = fixture(&format!(
        "    calls: {{ first: {{}}, last: {{}} }}\n    {acts}\n    expect: {{ status: completed }}\n"
    ));
    assert_eq!(fixture.differences(), Vec::<String>::new());
    assert_eq!((fixture.rehearse("").ended - fixture.rehearse("").began).num_hours(), 100);
}

#[test]
fn an_act_that_is_not_allowed_is_a_difference() {
    for (acts, told) in [
        ("[{ act: retry }]", "acts: retry: the run had ended, or never needed attention"),
        ("[{ act: resume, after: PT1H }]", "acts: resume: cannot resume a run"),
        ("[{ act: suspend, after: PT99H }]", "acts: suspend: the run had ended"),
    ] {
        let fixture = fixture(&format!(
            "    calls: {{ first: {{}}, last: {{}} }}\n    acts: {acts}\n    expect: {{ status: completed }}\n"
        ));
        let found = fixture.differences();
        assert!(found.len() == 1 && found[0].starts_with(told), "{acts}: {found:?}");
    }
}
