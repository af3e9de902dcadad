//! Runs that continue as new, crashed at every boundary.

use super::*;
use crate::machine::Change;

const WATCH: &str = "
do:
  - reserve:
      call: http
      with: { method: post, endpoint: 'connection://erp/reserve' }
      export: { as: '$context + { reservation: .id }' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: 'connection://erp/release', body: '${ $output }' } } }
  - look: { call: http, with: { method: get, endpoint: 'connection://erp/state' } }
  - note:
      call: http
      with: { method: post, endpoint: 'connection://erp/note', body: { state: '${ .state }', of: '${ $context.reservation }' } }
      output: { as: '$input' }
      metadata: { compensate: none }
  - decide:
      switch:
        - over: { when: '.state == \"over\"', then: book }
        - again: { then: pause }
  - pause: { wait: { minutes: 1 }, then: look }
  - book:
      call: http
      with: { method: post, endpoint: 'connection://erp/book', body: '${ $context }' }
      metadata: { compensate: none }
";

const ROUNDS: &str = "
scenarios:
  - name: eight rounds
    input: {}
    calls:
      reserve: { body: { id: R-1 } }
      undo:reserve: {}
      look: [{ body: { state: open }, times: 7 }, { body: { state: over } }]
      note: {}
      book: BOOK
    expect: EXPECT
";

fn fixture(book: &str, expect: &str) -> Fixture {
    let rounds = ROUNDS.replace("BOOK", book).replace("EXPECT", expect);
    let mut fixture = Fixture::of("{ history: { records: 100 } }", WATCH, &rounds);
    // Shorter than the language permits, so that every boundary can be tried.
    Arc::get_mut(&mut fixture.definition).expect("nobody else has it").metadata.history = Some(12);
    fixture
}

fn continuations(trace: &Trace) -> usize {
    trace.journal.iter().filter(|record| matches!(record.change, Change::RunContinued(_))).count()
}

/// At each crash, the rehearsal compares the run with its whole journal and with the journal since it continued as new.
#[test]
fn a_run_that_continues_as_new_repeats_and_loses_nothing_wherever_it_is_killed() {
    let expect = "{ status: completed, underFaults: { crash: same, transient: same, lostReply: same } }";
    let fixture = fixture("{ body: { booked: true } }", expect);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let undisturbed = fixture.rehearse("");
    assert_eq!(continuations(&undisturbed), 4);
    let keys = |trace: &Trace| {
        let sent = trace.sendings.iter().map(|sending| (sending.step.clone(), sending.idempotency_key.clone()));
        let mut keys: Vec<(String, String)> = sent.collect();
        // A call in flight during the crash is repeated.
        keys.dedup();
        keys
    };
    let all = keys(&undisturbed);
    let commits = undisturbed.sendings.iter().map(|sending| sending.commit).chain(undisturbed.quiet.iter().copied());
    for commit in commits.collect::<std::collections::BTreeSet<_>>() {
        let disturbed = fixture.rehearse(&format!("@{commit}:crash"));
        assert_eq!(
            (disturbed.problem.clone(), disturbed.status()),
            (None, "completed"),
            "killed after commit {commit}"
        );
        // A lost answer may cost one round; everything else is the same.
        let sent = keys(&disturbed);
        let rounds = sent.len() - 1;
        assert!(rounds >= all.len() - 3 && sent[..rounds] == all[..rounds], "killed after commit {commit}: {sent:?}");
        assert_eq!(sent[rounds].0, "book");
    }
    let found = explore(&fixture.stage(), fixture.first(), 1);
    assert_eq!((found.failed, found.cut_short), (0, false), "{:#?}", found.failing);
    assert!(found.tried > 80, "{}", found.tried);
}

#[test]
fn what_was_done_before_a_run_went_on_as_new_is_undone_once_wherever_it_is_killed() {
    let expect =
        "{ status: compensated, underFaults: { crash: same, transient: compensated, lostReply: compensated } }";
    let fixture = fixture("{ status: 400 }", expect);
    assert_eq!(fixture.differences(), Vec::<String>::new());
    let undisturbed = fixture.rehearse("");
    assert_eq!(continuations(&undisturbed), 4);
    let released = undisturbed.sendings.iter().filter(|sending| sending.step == "undo:reserve");
    let bodies: Vec<String> = released.map(|s| s.body.as_ref().map(ToString::to_string).unwrap_or_default()).collect();
    assert_eq!(bodies, [r#"{"id":"R-1"}"#]);
    let found = explore(&fixture.stage(), fixture.first(), 1);
    assert_eq!((found.failed, found.cut_short), (0, false), "{:#?}", found.failing);
}
