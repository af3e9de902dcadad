//! Mistakes in scenario files: their place and the suggested fix.

use crate::scenario::file::read::read;

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = read("n.scenarios.yaml", text).expect_err("refused");
    let shown = mistakes.iter().map(|m| {
        let hint = m.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{}:{}: {}{hint}", m.line, m.column, m.message)
    });
    shown.collect()
}

#[test]
fn a_typo_is_shown_at_its_position() {
    let found = mistakes(
        "scenarios:
  - name: one
    input: {}
    sandbx: {}
    calls: { a: { fault: resett }, b: { status: 1000 }, c: { delay: soon } }
    expect:
      statuss: completed
      holds: ${ .run.status = }
  - name: two
    input: {}
    calls: {}
    expect: { status: complete, underFaults: { crsh: completed } }
",
    );
    for expected in [
        "4:5: unknown property `sandbx` (did you mean `sandbox`?)",
        "5:26: `fault` must be one of `reset`, `lost-reply`, `timeout`, not `resett` (did you mean `reset`?)",
        "5:49: `status` must be a whole number from 0 to 599",
        "7:7: unknown property `statuss` (did you mean `status`?)",
    ] {
        assert!(found.iter().any(|text| text.starts_with(expected)), "{expected}: {found:#?}");
    }
    assert!(found.iter().any(|text| text.contains("`soon`") && text.starts_with("5:")), "{found:#?}");
    assert!(found.iter().any(|text| text.starts_with("8:") && text.contains("expected")), "{found:#?}");
    assert!(found.iter().any(|text| text.contains("`complete`") && text.contains("did you mean `completed`?")));
    assert!(found.iter().any(|text| text.contains("`crsh`") && text.contains("did you mean `crash`?")));
}

#[test]
fn a_profile_that_the_sandbox_does_not_have_is_named_with_those_that_it_has() {
    let found = mistakes("scenarios: [{ name: one, profiles: [larg], input: {}, calls: {}, expect: {} }]");
    assert!(found[0].contains("there is no profile \"larg\"") && found[0].contains("single-company"), "{found:#?}");
}

#[test]
fn what_is_missing_is_named() {
    let found = mistakes("scenarios:\n  - name: one\n    input: {}\n");
    assert!(found.iter().any(|text| text.contains("`expect` is missing")), "{found:#?}");
    assert!(found.iter().any(|text| text.contains("what answers calls")), "{found:#?}");
    assert!(mistakes("scenarios: []\n")[0].contains("needs a scenario"));
    assert!(mistakes("invariants: []\n")[0].contains("`scenarios` is missing"));
}

#[test]
fn two_scenarios_of_one_name_are_refused() {
    let found = mistakes(
        "scenarios:
  - { name: one, input: {}, calls: {}, expect: {} }
  - { name: one, input: {}, calls: {}, expect: {} }
",
    );
    assert_eq!(found, ["3:5: there are two scenarios named \"one\""]);
}

#[test]
fn a_predicate_that_recurses_is_refused() {
    let found = mistakes(
        "scenarios: [{ name: one, input: {}, calls: {}, expect: {} }]
invariants:
  - name: slow
    holds: ${ [recurse(.a)] | length > 0 }
",
    );
    assert!(found[0].starts_with("4:12: this expression recurses"), "{found:?}");
}

#[test]
fn the_sandbox_is_prepared_only_with_what_it_understands() {
    let found = mistakes(
        "scenarios:
  - name: one
    input: {}
    sandbox:
      before: [{ method: get, path: /elsewhere }]
      faults: [{ path: '*', kind: statuss }, { path: '*', kind: status, status: 99 }]
    expect: {}
",
    );
    assert!(found.iter().any(|text| text.contains("\"/elsewhere\" is not a path of the sandbox")), "{found:#?}");
    assert!(found.iter().any(|text| text.contains("this is not a sandbox fault") && text.contains("statuss")));
    assert!(found.iter().any(|text| text.contains("status 99 is not between 200 and 599")), "{found:#?}");
}

#[test]
fn an_unknown_act_is_refused() {
    let acts = "[{ act: retri }, { act: cancel }, { act: retry, afterr: PT1H }]";
    let found =
        mistakes(&format!("scenarios: [{{ name: one, input: {{}}, calls: {{}}, acts: {acts}, expect: {{}} }}]\n"));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].contains("unknown variant `retri`") && found[0].contains("as in { act: retry }"), "{found:#?}");
    assert!(found[1].contains("missing field `compensate`"), "{found:#?}");
    assert!(found[2].contains("did you mean `after`?"), "{found:#?}");
}

#[test]
fn events_and_runs_are_closed_too() {
    let found = mistakes(
        "scenarios:
  - name: one
    input: {}
    calls: {}
    events: [{ event: { type: a } }, { evnt: {} }]
    runs: { ship: { status: complete }, pack: [] }
    expect: {}
",
    );
    assert!(found.iter().any(|text| text.starts_with("5:") && text.contains("`source` is missing")), "{found:#?}");
    assert!(found.iter().any(|text| text.contains("did you mean `event`?")), "{found:#?}");
    assert!(
        found.iter().any(|text| text.starts_with("6:") && text.contains("did you mean `completed`?")),
        "{found:#?}"
    );
    assert!(found.iter().any(|text| text.contains("`pack` has no run")), "{found:#?}");
}
