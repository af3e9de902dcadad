//! People's decisions on the tasks of a rehearsed run.

use super::*;

const APPROVAL: &str = "
do:
  - ask:
      try:
        - approve:
            listen: { to: { one: { with: { type: dev.stepwell.task.completed } } } }
            timeout: { after: PT1H }
            metadata:
              task:
                title: Approve?
                assignees: [ada, bob]
                schema: { type: object, required: [approved], properties: { approved: { type: boolean } } }
      catch: { errors: { with: { status: 408 } }, do: [ { late: { set: '${ [{ by: null }] }' } } ] }
  - book: { call: http, with: { method: post, endpoint: 'connection://erp/bookings', body: { by: '${ .[0].by }' } } }
";

fn approval(rest: &str) -> Fixture {
    let head = "scenarios:\n  - name: one\n    input: {}\n    calls: { book: {} }\n";
    Fixture::new(APPROVAL, &format!("{head}{rest}"))
}

#[test]
fn a_planned_decision_is_taken_once_whatever_crashes() {
    let fixture = approval(
        "    tasks: [{ step: approve, by: ada, answer: { approved: true }, reason: seen, after: PT10M }]
    expect:
      status: completed
      holds: '${ .calls[0].body == { by: \"user:ada\" } }'
      underFaults: { crash: same, transient: same, lostReply: same }
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    assert_eq!((trace.ended - trace.began).num_minutes(), 10);
    let found = explore(&fixture.stage(), fixture.first(), 2);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
    assert!(found.tried > 10, "{}", found.tried);
}

#[test]
fn without_a_time_people_decide_as_soon_as_they_are_asked_and_else_the_deadline_passes() {
    let decided = approval(
        "    tasks: [{ by: bob, answer: { approved: false } }]
    expect: { status: completed, holds: '${ .calls[0].body.by == \"user:bob\" }' }
",
    );
    assert_eq!(decided.differences(), Vec::<String>::new());
    let late = approval("    expect: { status: completed, holds: '${ .calls[0].body.by == null }' }\n");
    assert_eq!(late.differences(), Vec::<String>::new());
    let trace = late.rehearse("");
    assert_eq!((trace.ended - trace.began).num_minutes(), 60);
}

#[test]
fn a_decision_that_a_server_would_refuse_or_that_nobody_asked_for_fails_the_scenario() {
    for (task, why) in [
        ("{ by: eve, answer: { approved: true } }", "only ada, bob may decide"),
        ("{ by: ada, answer: { approved: maybe } }", "does not match the schema: /approved"),
        ("{ by: ada, answer: {}, step: elsewhere }", "elsewhere"),
        ("{ by: ada, answer: { approved: true }, after: PT2H }", "the run had ended, or never asked"),
    ] {
        let fixture = approval(&format!("    tasks: [{task}]\n    expect: {{ status: completed }}\n"));
        let found = fixture.differences();
        assert!(found.iter().any(|text| text.contains(why)), "{task}: {found:#?}");
    }
}

/// An event from a sender cannot decide a task, and skipping it needs a confirmation.
#[test]
fn only_a_decision_ends_the_question_and_a_skip_is_confirmed() {
    let event = "{ type: dev.stepwell.task.completed, source: /stepwell/tasks, data: { answer: { approved: true }, by: 'user:eve' } }";
    let fixture = approval(&format!(
        "    events: [{{ event: {event} }}]\n    expect: {{ status: completed, holds: '${{ .calls[0].body.by == null }}' }}\n"
    ));
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let skip = |confirm: &str| {
        approval(&format!(
            "    acts: [{{ after: PT1M, act: skip, output: [{{ by: phone }}]{confirm} }}]\n    expect: {{ status: completed }}\n"
        ))
    };
    let refused = skip("").differences();
    assert!(refused.iter().any(|text| text.contains("waits for a person to decide")), "{refused:#?}");
    assert_eq!(skip(", confirm: true").differences(), Vec::<String>::new());
}
