//! Exploration finds exactly the faults that break a workflow.

use super::*;

const ORDERS: &str = "
invariants:
  - name: no two orders carry one reference
    always: true
    holds: ${ .erp.salesOrder | map(.otherRefNum) | length == (unique | length) }
";

const SCENARIO: &str = "
scenarios:
  - name: an order
    input: { reference: PO-7 }
    sandbox: {}
    expect: { status: completed, calls: [createOrder], underFaults: { crash: completed, lostReply: completed } }
";

fn order(method: &str, path: &str) -> String {
    format!(
        "
do:
  - createOrder:
      call: http
      with:
        method: {method}
        endpoint: connection://erp/services/rest/record/v1/salesOrder{path}
        query: {{ replace: item }}
        body:
          otherRefNum: ${{ .reference }}
          entity: {{ id: '641' }}
          item: {{ items: [{{ item: {{ externalId: ITEM-CM-200 }}, quantity: 1, rate: 10, amount: 10 }}] }}
"
    )
}

fn explored(method: &str, path: &str, depth: usize) -> Exploration {
    let fixture = Fixture::new(&order(method, path), &format!("{SCENARIO}{ORDERS}"));
    assert_eq!(fixture.differences(), Vec::<String>::new());
    explore(&fixture.stage(), fixture.first(), depth)
}

#[test]
fn a_post_that_nothing_makes_idempotent_is_caught_by_one_lost_reply() {
    let found = explored("post", "", 1);
    let shortest = found.failing.first().expect("a failing schedule");
    assert_eq!(shortest.schedule.0.len(), 1);
    let schedules: Vec<String> = found.failing.iter().map(|failing| failing.schedule.to_string()).collect();
    assert_eq!(schedules, ["createOrder#1:crash-after"], "{found:?}");
    assert_eq!(shortest.why, ["invariant \"no two orders carry one reference\" does not hold"]);
    assert!(shortest.journal.iter().any(|line| line.contains("run.taken_over")), "{:?}", shortest.journal);
    // The crash and the lost reply, for the same reason.
    assert_eq!(found.failed, 2);
}

#[test]
fn the_same_as_an_upsert_survives_every_two_failures() {
    let found = explored("put", "/eid:PO-7", 2);
    assert_eq!((found.failed, found.cut_short), (0, false), "{:?}", found.failing);
    assert!(found.tried > 15, "{}", found.tried);
}

#[test]
fn a_schedule_does_the_same_each_time() {
    let fixture = Fixture::new(&order("post", ""), &format!("{SCENARIO}{ORDERS}"));
    let [one, other] = [(); 2].map(|()| fixture.rehearse("createOrder#1:lost-reply"));
    assert_eq!(one.outcome, other.outcome);
    assert_eq!(one.tail(&fixture.definition, 100), other.tail(&fixture.definition, 100));
    assert_eq!(one.sendings.len(), 2);
}

#[test]
fn each_fault_is_what_it_says() {
    let fixture = Fixture::new(&order("put", "/eid:PO-7"), &format!("{SCENARIO}{ORDERS}"));
    let cases = [
        ("crash-before", "completed", vec![false, true]),
        ("crash-after", "completed", vec![true, true]),
        ("transient", "completed", vec![false, true]),
        ("lost-reply", "completed", vec![true, true]),
        ("permanent", "faulted", vec![false]),
        ("outage", "faulted", vec![false; 8]),
    ];
    for (fault, status, acted) in cases {
        let trace = fixture.rehearse(&format!("createOrder#1:{fault}"));
        assert_eq!(trace.problem, None, "{fault}");
        let sent: Vec<bool> = trace.sendings.iter().map(|sending| sending.acted).collect();
        assert_eq!((trace.status(), sent), (status, acted), "{fault}");
    }
}

#[test]
fn a_run_that_rests_may_lose_its_node_too() {
    let tasks =
        format!("{}  - rest: {{ wait: PT48H }}\n  - note: {{ set: {{ done: true }} }}\n", order("put", "/eid:PO-7"));
    let fixture = Fixture::new(&tasks, &format!("{SCENARIO}{ORDERS}"));
    let undisturbed = fixture.rehearse("");
    assert_eq!(undisturbed.quiet, [2]);
    let disturbed = fixture.rehearse("@2:crash");
    assert_eq!((disturbed.status(), &disturbed.run.output), ("completed", &undisturbed.run.output));
    // The crash does not delay the run: the wait ends when it would have.
    assert_eq!(disturbed.ended, undisturbed.ended);
    let found = explore(&fixture.stage(), fixture.first(), 1);
    assert_eq!((found.tried, found.failed), (8, 0), "{:?}", found.failing);
}
