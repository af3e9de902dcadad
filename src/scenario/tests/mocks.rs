//! Mocked targets, and the differences reported when a scenario fails.

use serde_json::json;

use super::*;

const TWO_STEPS: &str = "
do:
  - find:
      call: http
      with: { method: get, endpoint: 'connection://erp/things/{id}' }
  - change:
      call: http
      with: { method: post, endpoint: 'connection://erp/things', body: '${ . }' }
";

fn fixture(scenario: &str) -> Fixture {
    Fixture::new(TWO_STEPS, &format!("scenarios:\n  - name: one\n    input: {{ id: 7 }}\n{scenario}"))
}

#[test]
fn mocks_answer_in_order_and_the_last_one_keeps_answering() {
    let fixture = fixture(
        "
    calls:
      find: [{ status: 503, times: 2 }, { body: { name: seven } }]
      POST connection://erp/*: { status: 201, body: { id: 8 }, delay: PT3S }
    expect:
      status: completed
      output: { id: 8 }
      calls: [find, find, find, change]
      journal: [attempt.failed find, attempt.failed find, task.completed find, task.completed change, run.completed]
      holds:
        - ${ .calls | map(.status) == [503, 503, 200, 201] }
        - '${ .calls[3].body == {name: \"seven\"} and .calls[3].acted }'
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    assert!((trace.ended - trace.began).num_milliseconds() > 3_000, "the answer of `change` takes three seconds");
}

#[test]
fn an_answer_is_for_the_calls_that_it_matches_however_often_each_is_sent() {
    let answers = "
    calls:
      find: { body: { name: seven } }
      change:
        - { when: '${ .body.name == \"eight\" }', body: { id: 1 } }
        - { when: '${ .body.name == \"seven\" }', status: 503 }
        - { when: '${ .body.name == \"seven\" and .method == \"POST\" }', body: { id: 2 } }
";
    let fixture = fixture(&format!("{answers}    expect: {{ status: completed, output: {{ id: 2 }} }}\n"));
    assert_eq!(fixture.differences(), Vec::<String>::new());

    let none = answers.replace("seven\\", "nine\\").replace("name: seven", "name: ten");
    let found = self::fixture(&format!("{none}    expect: {{ status: completed }}\n")).differences();
    assert!(found[0].contains("no answer for change"), "{found:?}");

    let broken = answers.replace(".body.name == \"eight\"", ".body.name + 1");
    let found = self::fixture(&format!("{broken}    expect: {{ status: completed }}\n")).differences();
    assert!(found[0].contains("`when` of answer 1 of change: "), "{found:?}");
}

#[test]
fn faults_of_mocks_are_what_they_say() {
    for (fault, acted, told) in [
        ("reset", false, "connection was reset"),
        ("lost-reply", true, "connection was reset"),
        ("timeout", false, "did not finish"),
    ] {
        let fixture = fixture(&format!(
            "
    calls: {{ find: {{}}, change: [{{ fault: {fault} }}, {{ status: 400 }}] }}
    expect: {{ status: faulted, calls: [find, change, change] }}
"
        ));
        assert_eq!(fixture.differences(), Vec::<String>::new(), "{fault}");
        let trace = fixture.rehearse("");
        assert_eq!(trace.sendings[1].acted, acted, "{fault}");
        let lines = trace.tail(&fixture.definition, 20);
        assert!(lines.iter().any(|line| line.contains(told)), "{fault}: {lines:?}");
    }
}

#[test]
fn a_call_that_nobody_answers_is_named() {
    let fixture = fixture("    calls: { find: {} }\n    expect: { status: completed }\n");
    let found = fixture.differences();
    assert!(found[0].contains("no answer for change, which calls POST connection://erp/things"), "{found:?}");
}

#[test]
fn each_difference_says_what_was_expected_and_what_was_found() {
    let fixture = fixture(
        "
    calls: { find: {}, change: { body: { id: 8, name: eight, tags: [a] } } }
    expect:
      status: faulted
      attention: faulted
      output: { id: 9, name: '${ startswith(\"s\") }', tags: [a, b], color: red }
      calls: [find, check, change]
      journal: [task.completed find, task.completed check]
      holds: ${ .run.output.id == 9 }
",
    );
    let found = fixture.differences();
    for expected in [
        "status: expected faulted, found completed",
        "attention: expected faulted, found none",
        "output/id: expected 9, found 8",
        "output/name: startswith(\"s\") is not true of \"eight\"",
        "output/color: is missing",
        "calls: expected -, found +\n    find\n  - check\n    change",
        "journal: no \"task.completed check\" after \"task.completed find\"",
        "holds: .run.output.id == 9 is not true",
    ] {
        assert!(
            found.iter().any(|text| text.starts_with(expected) || text.trim() == expected),
            "{expected}: {found:#?}"
        );
    }
    assert!(found.iter().any(|text| text.starts_with("output/tags: expected")), "{found:#?}");
    assert_eq!(found.len(), 9, "{found:#?}");
}

#[test]
fn numbers_are_equal_by_what_they_are_worth() {
    let fixture = fixture(
        "
    calls: { find: {}, change: { body: { a: 3.0, b: [1, 2.50] } } }
    expect: { output: { a: 3, b: [1.0, 2.5] } }
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
}

#[test]
fn what_recurses_goes_to_the_evaluator() {
    let tasks = "do: [{ count: { set: { sum: '${ def sum: if . == 0 then 0 else . + (. - 1 | sum) end; .n - 1 | sum }' } } }]\n";
    let scenario = "scenarios: [{ name: one, input: { n: 5 }, calls: {}, expect: { output: { sum: 10 } } }]\n";
    let fixture = Fixture::new(tasks, scenario);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let refuses = |_: &crate::expr::Evaluation| Err(crate::expr::EvaluationError::Limit("stopped".to_owned()));
    let stage = Stage { evaluate: &refuses, ..fixture.stage() };
    let trace = stage.rehearse(fixture.first(), &Schedule::default());
    assert_eq!(trace.status(), "faulted");
}

#[test]
fn secrets_are_neither_in_the_outcome_nor_in_the_journal() {
    let fixture = fixture(
        "
    calls: { find: {}, change: { status: 400, body: { detail: token sandbox-erp-token is not valid } } }
    expect: { status: faulted }
",
    );
    let trace = fixture.rehearse("");
    let journal: Vec<_> =
        trace.journal.iter().map(|record| serde_json::to_value(&record.change).expect("JSON")).collect();
    let shown = format!("{} {} {:?}", trace.outcome, json!(journal), trace.tail(&fixture.definition, 100));
    assert!(shown.contains("token *** is not valid") && !shown.contains("sandbox-erp-token"), "{shown}");
}
