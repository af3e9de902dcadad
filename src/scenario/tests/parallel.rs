//! Concurrent calls and loops.

use super::*;
use crate::machine::Change;

const FORK: &str = "
do:
  - both:
      fork:
        branches:
          - slow: { call: http, with: { method: post, endpoint: 'connection://erp/slow' } }
          - fast: { call: http, with: { method: post, endpoint: 'connection://erp/fast' } }
  - after: { call: http, with: { method: post, endpoint: 'connection://erp/after' } }
";

const ANSWERS: &str = "
scenarios:
  - name: both
    input: {}
    calls: { slow: { delay: PT4S }, fast: { delay: PT1S }, after: {} }
    expect:
      status: completed
      calls: [slow, fast, after]
      journal: [task.completed fast, task.completed slow, task.completed after]
      underFaults: { crash: same, transient: same, lostReply: same, permanent: faulted, outage: faulted }
";

#[test]
fn branches_are_on_their_way_at_once_and_the_first_answer_comes_first() {
    let fixture = Fixture::new(FORK, ANSWERS);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    let lasted = (trace.ended - trace.began).num_milliseconds();
    assert!((4_000..5_000).contains(&lasted), "{lasted} ms");
    // The answer of `fast` is a commit that sends nothing while `slow` is in flight: a node can crash there too.
    assert_eq!(trace.quiet, [2]);
}

#[test]
fn whatever_fails_in_one_branch_the_run_ends_as_it_should() {
    let fixture = Fixture::new(FORK, ANSWERS);
    let found = explore(&fixture.stage(), fixture.first(), 2);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
    assert!(found.tried > 100, "{}", found.tried);
    let crashed = fixture.rehearse("@2:crash");
    let sent: Vec<&str> = crashed.sendings.iter().map(|sending| sending.step.as_str()).collect();
    // Only the call without a recorded outcome is sent again.
    assert_eq!(sent, ["slow", "fast", "slow", "after"]);
}

#[test]
fn each_item_of_a_loop_is_a_sending_of_its_step() {
    let tasks = "
do:
  - each:
      for: { each: id, in: .ids }
      do:
        - charge: { call: http, with: { method: post, endpoint: 'connection://erp/charge', body: { id: '${ $id }' } } }
";
    let scenario = "
scenarios:
  - name: three
    input: { ids: [1, 2, 3] }
    calls: { charge: {} }
    expect:
      status: completed
      calls: [charge, charge, charge]
      holds: ${ (.calls | map(.body.id) == [1, 2, 3]) and (.calls | map(.idempotencyKey) | unique | length == 3) }
      underFaults: { crash: same, transient: same, lostReply: same }
";
    let fixture = Fixture::new(tasks, scenario);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let found = explore(&fixture.stage(), fixture.first(), 2);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
    let second = fixture.rehearse("charge#2:lost-reply");
    let bodies: Vec<String> =
        second.sendings.iter().map(|s| s.body.as_ref().map(ToString::to_string).unwrap_or_default()).collect();
    assert_eq!(bodies, [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":2}"#, r#"{"id":3}"#]);
}

const PARALLEL: &str = "
do:
  - each:
      for: { each: id, in: .ids }
      metadata: { concurrency: 2 }
      do:
        - charge:
            call: http
            with: { method: post, endpoint: 'connection://erp/charge', body: { id: '${ $id }', at: '${ $index }', given: '${ .word }' } }
            output: { as: '{id: $id, charged: .ok}' }
            metadata: { compensate: { call: http, with: { method: post, endpoint: 'connection://erp/refund', body: { id: '${ $output.id }' } } } }
        - thank:
            call: http
            with: { method: post, endpoint: 'connection://erp/thank', body: '${ . }' }
            output: { as: '$input.id' }
            metadata: { compensate: none }
";

fn five(expect: &str) -> String {
    format!(
        "
scenarios:
  - name: five
    input: {{ ids: [11, 12, 13, 14, 15], word: hello }}
    calls:
      charge: [{{ delay: PT5S, body: {{ ok: true }} }}, {{ delay: PT1S, body: {{ ok: true }} }}]
      thank: {{ delay: PT1S }}
      undo:charge: {{}}
    expect: {expect}
"
    )
}

#[test]
fn no_more_iterations_than_allowed_are_open_at_once_and_the_output_is_in_the_order_of_the_items() {
    let expect = "{ status: completed, output: [11, 12, 13, 14, 15] }";
    let fixture = Fixture::new(PARALLEL, &five(expect));
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    // The first item takes six seconds; meanwhile, the others run one after another in two seconds each.
    let lasted = (trace.ended - trace.began).num_milliseconds();
    assert!((8_000..9_000).contains(&lasted), "{lasted} ms");
    let order: Vec<String> =
        trace.sendings.iter().map(|s| s.body.as_ref().map(ToString::to_string).unwrap_or_default()).collect();
    assert_eq!(order[0], r#"{"id":11,"at":0,"given":"hello"}"#);
    assert_eq!(order[1], r#"{"id":12,"at":1,"given":"hello"}"#);
    assert_eq!(order[2], r#"{"id":12,"charged":true}"#, "the second item goes on while the first is on its way");
    assert_eq!(order[3], r#"{"id":13,"at":2,"given":"hello"}"#, "each is given the input of the loop");
    let (mut open, mut most) = (0, 0);
    for record in &trace.journal {
        let is_iteration = record.task.as_deref() == Some("/do/0/each/for/id");
        match &record.change {
            Change::TaskStarted { .. } if is_iteration => open += 1,
            Change::TaskCompleted { .. } if is_iteration => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    assert_eq!((most, open), (2, 0));
}

#[test]
fn a_parallel_loop_continues_after_a_crash_wherever_it_was() {
    let expect = "{ status: completed, output: [11, 12, 13, 14, 15], underFaults: { crash: same, transient: same, lostReply: same, permanent: faulted, outage: faulted } }";
    let no_saga: Vec<&str> = PARALLEL.lines().filter(|line| !line.contains("compensate")).collect();
    let fixture = Fixture::new(&no_saga.join("\n"), &five(expect).replace("undo:charge: {}", ""));
    let found = explore(&fixture.stage(), fixture.first(), 2);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
    assert!(found.tried > 100, "{}", found.tried);
}

#[test]
fn an_iteration_that_fails_ends_the_others_and_what_was_done_is_undone() {
    let scenario = "
scenarios:
  - name: the third is refused
    input: { ids: [11, 12, 13, 14] }
    calls:
      charge: [{ delay: PT2S }, {}, { status: 400 }, {}]
      thank: {}
      undo:charge: {}
    expect:
      status: compensated
      error: { status: 400 }
";
    let fixture = Fixture::of("{ onFault: compensate }", PARALLEL, scenario);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    let uris: Vec<&str> =
        trace.sendings.iter().filter(|s| s.uri.ends_with("/refund")).map(|s| s.uri.as_str()).collect();
    // The first charge was in flight and may have happened; the second one succeeded.
    assert_eq!(uris.len(), 2, "{uris:?}");
}

/// When a `try` in one iteration starts over, other iterations must keep their visit counts: otherwise two different
/// requests would have the same key.
#[test]
fn a_round_of_one_iteration_leaves_the_keys_of_the_others_alone() {
    let tasks = "
do:
  - each:
      for: { each: n, in: .ns }
      metadata: { concurrency: 2 }
      do:
        - guarded:
            try:
              - ask:
                  call: http
                  with: { method: post, endpoint: 'connection://erp/ask', body: { n: '${ $n }', at: '${ .at // 0 }' } }
                  output: { as: '{at: (($input.at // 0) + 1)}' }
              - whether:
                  switch:
                    - again: { when: .at < 5, then: ask }
                    - enough: { then: exit }
            catch:
              errors: { with: { status: 400 } }
              retry: { delay: { milliseconds: 500 }, limit: { attempt: { count: 1 } } }
";
    let scenario = "
scenarios:
  - name: two
    input: { ns: [0, 1] }
    calls: { ask: [{ status: 400, delay: PT2S }, { delay: PT1S, times: 100 }] }
    expect:
      status: completed
      holds:
        - ${ .calls | map(select(.body.n == 1)) | map(.idempotencyKey) | length == 5 and (unique | length == 5) }
        - ${ .calls | map(select(.body.n == 0)) | map(.idempotencyKey) | length == 6 and (unique | length == 5) and .[0] == .[1] }
";
    let fixture = Fixture::new(tasks, scenario);
    assert_eq!(fixture.differences(), Vec::<String>::new());
}
