//! Many calls on their way at once, and loops.

use super::*;

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
    // The answer of `fast` is a commit that sends nothing, while `slow` is on its way: a node can die there too.
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
    // Only the call whose outcome was not recorded is sent again.
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
