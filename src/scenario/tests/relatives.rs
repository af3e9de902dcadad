//! Events and other runs around a rehearsed run.

use super::*;

const PAYMENT: &str = "
do:
  - remember: { set: '${ . }', export: { as: . } }
  - ask:
      emit: { event: { with: { source: 'https://shop.example', type: payment.wanted, data: { order: '${ .order }' } } } }
  - payment:
      listen:
        to:
          one:
            with: { type: payment.received }
            correlate: { order: { from: .data.order, expect: '${ $context.order }' } }
  - book: { call: http, with: { method: post, endpoint: 'connection://erp/bookings', body: '${ . }' } }
";

fn payment(rest: &str) -> Fixture {
    let head = "scenarios:\n  - name: one\n    input: { order: 7 }\n    calls: { book: {} }\n";
    Fixture::new(PAYMENT, &format!("{head}{rest}"))
}

const EVENTS: &str = "
    events:
      - event: { type: payment.received, source: 'https://bank.example', data: { order: 8, paid: 1 } }
      - { after: PT49H, event: { type: payment.received, source: 'https://bank.example', data: { order: 7, paid: 2 } } }
";

#[test]
fn a_run_takes_the_event_that_is_its_own() {
    let expect = "
    expect:
      status: completed
      calls: [book]
      holds:
        - '${ .calls[0].body == [{order: 7, paid: 2}] }'
        - ${ .emitted | map([.type, .data.order]) == [[\"payment.wanted\", 7]] }
      underFaults: { crash: same, transient: same, lostReply: same }
";
    let fixture = payment(&format!("{EVENTS}{expect}"));
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let trace = fixture.rehearse("");
    assert_eq!((trace.ended - trace.began).num_hours(), 49);
    let found = explore(&fixture.stage(), fixture.first(), 2);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
    assert!(found.tried > 20 && !trace.quiet.is_empty(), "{}", found.tried);
}

#[test]
fn an_event_that_came_before_anyone_waited_is_not_lost() {
    let tasks = PAYMENT.replace("  - ask:", "  - rest: { wait: PT1H }\n  - ask:");
    let scenario = "scenarios:
  - name: one
    input: { order: 7 }
    calls: { book: {} }
    events: [{ after: PT1M, event: { type: payment.received, source: 'https://b.example', data: { order: 7 } } }]
    expect: { status: completed, calls: [book] }
";
    let fixture = Fixture::new(&tasks, scenario);
    assert_eq!(fixture.differences(), Vec::<String>::new());
}

#[test]
fn a_run_whose_event_never_comes_waits() {
    let fixture = payment("    expect: { status: waiting, calls: [] }\n");
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let found = explore(&fixture.stage(), fixture.first(), 1);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
}

const CHILD: &str = "
do:
  - ship: { run: { workflow: { namespace: shop, name: shipping, version: '1.0.0', input: { order: '${ .order }' } } } }
  - book: { call: http, with: { method: post, endpoint: 'connection://erp/bookings' } }
";

fn child(runs: &str) -> Fixture {
    Fixture::of(
        "{ onFault: compensate }",
        CHILD,
        &format!("scenarios:\n  - name: one\n    input: {{ order: 7 }}\n{runs}"),
    )
}

#[test]
fn a_run_that_is_started_goes_as_the_scenario_says() {
    let fixture = child(
        "
    calls: { book: {} }
    runs: { ship: { output: { parcel: 1 }, after: PT24H } }
    expect:
      status: completed
      journal: [task.started ship, task.completed ship, task.completed book]
      holds: ${ .runs | map([.step, .workflow, .input.order]) == [[\"ship\", \"shop/shipping\", 7]] }
      underFaults: { crash: same, transient: same, lostReply: same }
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
    assert_eq!((fixture.rehearse("").ended - fixture.rehearse("").began).num_hours(), 24);
    let found = explore(&fixture.stage(), fixture.first(), 2);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
}

#[test]
fn a_run_that_fails_or_cannot_start_fails_its_step() {
    for run in
        ["{ status: faulted, error: { detail: no parcels } }", "{ status: refused, error: { detail: no parcels } }"]
    {
        let rest = "expect: { status: faulted, calls: [], error: { detail: no parcels } }";
        let fixture = child(&format!("    calls: {{}}\n    runs: {{ ship: {run} }}\n    {rest}\n"));
        assert_eq!(fixture.differences(), Vec::<String>::new(), "{run}");
    }
}

#[test]
fn a_run_that_nobody_plays_is_named() {
    let fixture = child("    calls: {}\n    expect: { status: completed }\n");
    let found = fixture.differences();
    assert!(found[0].contains("the run of shop/shipping that ship starts is not defined"), "{found:?}");
}

#[test]
fn a_run_that_did_something_is_told_to_undo_it() {
    let fixture = child(
        "
    calls: { book: { status: 400 } }
    runs: { ship: { undoable: true } }
    expect:
      status: compensated
      holds: ${ .runs | map(.told) == [[\"undo\"]] }
      underFaults: { crash: same, transient: same }
",
    );
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let found = explore(&fixture.stage(), fixture.first(), 1);
    assert_eq!(found.failed, 0, "{:#?}", found.failing);
}

/// Identifiers as `hub.yaml` would declare them for this source.
fn declared(source: &str) -> Arc<Declared> {
    let text = format!(
        "sources: {{ {source}: {{ scheme: bearer, secret: '${{ $secrets.bank }}', identifiers: {{ salesforce-18: [order] }} }} }}"
    );
    let secrets = Secrets::fixed([("bank", "a-secret-of-the-bank")]);
    crate::hub::Hub::load("hub.yaml", &text, &secrets).unwrap_or_else(|mistakes| panic!("{mistakes:?}")).identifiers
}

#[test]
fn a_rehearsal_treats_identifiers_as_the_doors_do() {
    let tasks = "
schedule: { on: { one: { with: { source: bank, type: wanted } } } }
do:
  - remember: { set: '${ . }', export: { as: . } }
  - payment:
      listen:
        to: { one: { with: { type: paid }, correlate: { order: { from: .data.order, expect: '${ $context.order }' } } } }
";
    let scenarios = |order: &str| {
        format!(
            "scenarios:\n  - name: one\n    input: {{ order: 006Ws000200000V }}\n    calls: {{}}\n    events:\n      - event: {{ type: paid, source: bank, data: {{ order: {order} }} }}\n    expect: {{}}\n"
        )
    };
    let rehearse = |order: &str, identifiers: Arc<Declared>| {
        let fixture = Fixture { identifiers, ..Fixture::new(tasks, &scenarios(order)) };
        fixture.rehearse("")
    };
    let trace = rehearse("006Ws000200000VIAQ", declared("bank"));
    assert_eq!(trace.status(), "completed", "{:?}", trace.problem);
    assert_eq!(trace.run.output.as_deref().expect("an output")[0]["order"], "006Ws000200000VIAQ");
    let trace = rehearse("006Ws000200000VIAQ", declared("other"));
    assert_eq!(trace.status(), "waiting", "nothing is declared for the source, so the two ids are two orders");
    let trace = rehearse("006Ws000200000VI", declared("bank"));
    assert!(
        trace.problem.as_ref().is_some_and(|why| why.contains("/data/order is not a valid id")),
        "{:?}",
        trace.problem
    );
}
