//! What moves and what does not, one rule at a time.

use serde_json::{Value, json};

use crate::moves::{Preview, preview};
use crate::tests::world::play::{Play, definition};
use crate::view::{RunHead, view};
use crate::*;
use stepwell_language::dsl::{Definition, WorkflowRef};

/// A version of a workflow with a customer, something broken and an order.
fn order(version: &str, body: &str) -> Definition {
    named("n", version, definition("{ key: '${ .id }', onFault: park }", body))
}

fn named(name: &str, version: &str, definition: Definition) -> Definition {
    let workflow = WorkflowRef { name: name.into(), version: version.into(), ..definition.workflow.clone() };
    Definition { workflow, ..definition }
}

const CUSTOMER: &str = "
  - customer:
      call: http
      with: { method: post, endpoint: 'https://erp.example/customers', body: { name: '${ .name }' } }
      output: { as: '{ customer: .id }' }
      export: { as: '$context + { customer: .customer }' }
      metadata: { compensate: { call: http, with: { method: delete, endpoint: 'https://erp.example/customers' } } }
";

const ORDER: &str = "
  - order:
      call: http
      with: { method: post, endpoint: 'https://erp.example/orders', body: '${ . }' }
      metadata: { compensate: none }
";

fn broken() -> Definition {
    let lines = "  - lines: { set: { total: '${ $input.total | tonumber }' } }\n";
    order("1.0.0", &format!("do:{CUSTOMER}{lines}{ORDER}"))
}

fn corrected() -> Definition {
    let added = "\n  - prepare: { set: '${ . + { prepared: true } }' }";
    let lines = "  - lines: { set: { total: 7, customer: '${ .customer }' } }\n";
    order("1.0.1", &format!("do:{added}{CUSTOMER}{lines}{ORDER}"))
}

fn by() -> MovedBy {
    MovedBy { actor: Actor("user:anna".into()), reason: Some("the total is a text".into()), approval: None }
}

fn around(now: Time) -> Around<'static> {
    Around { now, answers: &[], settles_after: &|_| std::time::Duration::ZERO, continues: true }
}

fn try_move(play: &Play<'_>, to: &Definition) -> Result<Decision, Rejected> {
    let of = Move { from: play.definition, to, definitions: (1, 2), run: &play.run, records: &play.journal };
    decide_move(of, by(), around(play.now)).map_err(|stop| match stop {
        NoDecision::Rejected(rejected) => rejected,
        NoDecision::Evaluate(asked) => panic!("nothing needs the evaluator, but {} did", asked.text),
    })
}

fn misfit(play: &Play<'_>, to: &Definition) -> Misfit {
    match try_move(play, to) {
        Err(Rejected::DoesNotFit(misfit)) => *misfit,
        other => panic!("it is moved, or refused for another reason: {other:?}"),
    }
}

fn moved<'d>(play: &mut Play<'d>, to: &'d Definition) {
    let decision = try_move(play, to).unwrap_or_else(|why| panic!("{why}"));
    play.definition = to;
    play.take(decision);
}

fn dry_run(play: &Play<'_>, to: &Definition) -> Preview {
    let of = Move { from: play.definition, to, definitions: (1, 2), run: &play.run, records: &play.journal };
    preview(of, Actor("user:anna".into()), around(play.now)).unwrap_or_else(|why| panic!("{why:?}"))
}

fn act(play: &mut Play<'_>, act: Act) {
    play.feed(Fact::Operator { act, actor: Actor("user:anna".into()), reason: None, approval: None });
}

#[test]
fn a_run_that_stopped_at_a_broken_step_goes_on_under_the_version_that_corrects_it() {
    let (old, new) = (broken(), corrected());
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada", "total": {} }));
    let key = play.calls[0].2.idempotency_key.clone();
    play.answer(json!({ "id": "C-7" }));
    assert!(play.run.is_parked(), "the total is no number");
    let before = play.run.clone();
    play.now += chrono::TimeDelta::hours(3);

    let shown = dry_run(&play, &new);
    assert_eq!((shown.from.as_str(), shown.to.as_str(), shown.kept), ("1.0.0", "1.0.1", 1));
    let next: Vec<_> = shown.next.iter().map(|next| (next.what, next.step.as_deref(), next.body.clone())).collect();
    assert_eq!(next, [("call", Some("/do/3/order"), Some(json!({ "total": 7, "customer": "C-7" })))]);

    moved(&mut play, &new);
    assert!(!play.run.is_parked());
    let sent: Vec<&str> = play.calls.iter().map(|(.., request)| request.uri.as_str()).collect();
    assert_eq!(sent, ["https://erp.example/orders"], "the customer is not sent again");
    assert_eq!(play.run.started_at, before.started_at);
    assert_eq!(play.run.key, before.key);
    play.crash();
    play.pass_time();
    play.answer(json!({ "id": "O-1" }));
    assert_eq!(play.run.status, Status::Completed);

    let record = play.journal.iter().find_map(|record| match &record.change {
        Change::RunMoved(moved) => Some((record.actor.0.as_str(), &**moved)),
        _ => None,
    });
    let (actor, moved) = record.expect("a move is recorded");
    assert_eq!((actor, moved.reason.as_deref()), ("user:anna", Some("the total is a text")));
    assert_eq!((moved.from.as_str(), moved.to.as_str()), ("1.0.0", "1.0.1"));
    let kept: Vec<_> = moved.keys.iter().map(|kept| (kept.task.as_str(), kept.key.as_str())).collect();
    assert_eq!(kept, [("/do/1/customer", key.as_str())], "what is sent again later has the key that it had");

    // Whoever looks at it sees the steps of the new version, from the first one.
    let head = RunHead { id: play.run.id, parent: None, created_at: play.now, wake_at: None, base: play.run.base };
    let seen = view(&new, &head, &play.journal).unwrap().unwrap();
    let steps: Vec<(&str, &str)> = seen.tasks.iter().map(|task| (task.reference.as_str(), task.status)).collect();
    let completed = |step| (step, "completed");
    assert_eq!(steps, ["/do/0/prepare", "/do/1/customer", "/do/2/lines", "/do/3/order"].map(completed));
    assert_eq!(seen.workflow.version, "1.0.1");
    assert_eq!(seen.paused_ms, 3 * 3_600_000);
}

#[test]
fn what_was_done_before_a_move_is_undone_as_the_new_version_says() {
    let (old, new) = (broken(), corrected());
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada", "total": {} }));
    play.answer(json!({ "id": "C-7" }));
    moved(&mut play, &new);
    play.answer(json!({ "id": "O-1" }));
    // A new version may also say later what is to be undone.
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada", "total": {} }));
    play.answer(json!({ "id": "C-7" }));
    moved(&mut play, &new);
    act(&mut play, Act::Suspend);
    play.answer(json!({ "id": "O-1" }));
    act(&mut play, Act::Cancel { compensate: CancelMode::Compensate });
    let sent: Vec<(&str, &str)> =
        play.calls.iter().map(|(.., request)| (request.method.as_str(), request.uri.as_str())).collect();
    assert_eq!(sent, [("DELETE", "https://erp.example/customers")]);
    play.answer(Value::Null);
    assert_eq!(play.run.status, Status::Cancelled);
}

#[test]
fn a_completed_call_that_would_be_another_one_is_named_with_its_step_and_field() {
    let old = broken();
    let other = CUSTOMER.replace("'${ .name }'", "'${ .name | ascii_upcase }'");
    let new = order("1.0.1", &format!("do:{other}{ORDER}"));
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada", "total": {} }));
    play.answer(json!({ "id": "C-7" }));
    let why = misfit(&play, &new);
    assert_eq!(why.step.as_deref(), Some("/do/0/customer"));
    let fields: Vec<_> =
        why.fields.iter().map(|f| (f.part, f.pointer.as_str(), f.recorded.clone(), f.new.clone())).collect();
    assert_eq!(fields, [("body", "/name", Some(json!("Ada")), Some(json!("ADA")))]);
    let said = Rejected::DoesNotFit(Box::new(why)).to_string();
    assert!(
        said.contains("version 1.0.1 at /do/0/customer") && said.contains(r#"body /name was "Ada", would be "ADA""#),
        "{said}"
    );

    // Declared safe to differ, its recorded answer is used.
    let safe = other.replace("metadata: {", "metadata: { safe: true,");
    let new = order("1.0.1", &format!("do:{safe}{ORDER}"));
    let mut play = play;
    moved(&mut play, &new);
    assert_eq!(play.calls.len(), 1);
    assert_eq!(play.calls[0].2.body, Some(json!({ "customer": "C-7" })));
}

#[test]
fn a_completed_call_that_is_no_longer_made_or_comes_later_keeps_the_run_where_it_is() {
    let old = broken();
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada", "total": {} }));
    play.answer(json!({ "id": "C-7" }));
    let gone = order("1.0.1", "do:\n  - lines: { set: { total: 7 } }\n");
    assert!(misfit(&play, &gone).why.starts_with("it does not make this call any more: POST"));
    let first = "\n  - check: { call: http, with: { method: get, endpoint: 'https://erp.example/limits' } }";
    let later = order("1.0.1", &format!("do:{first}{CUSTOMER}{ORDER}"));
    let why = misfit(&play, &later);
    assert_eq!(why.why, "it calls GET https://erp.example/limits at /do/0/check first");
    let unmended =
        order("1.0.1", &format!("do:{CUSTOMER}  - lines: {{ set: {{ total: '${{ .nothing | tonumber }}' }} }}\n"));
    assert!(misfit(&play, &unmended).why.starts_with("it stops there too"));
}

#[test]
fn an_answer_that_the_version_could_not_use_is_used_by_the_one_that_can() {
    let output = |version, expression: &str| {
        let customer = CUSTOMER.replace("'{ customer: .id }'", expression);
        order(version, &format!("do:{customer}{ORDER}"))
    };
    let (old, new) =
        (output("1.0.0", "'{ customer: (.id | ltrimstr(1) | tonumber) }'"), output("1.0.1", "'{ customer: .id }'"));
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada" }));
    play.answer(json!({ "id": "C-7" }));
    assert!(play.run.is_parked());
    moved(&mut play, &new);
    assert_eq!(play.calls.len(), 1);
    assert_eq!(
        play.calls[0].2.uri, "https://erp.example/orders",
        "the customer is there: it is not made a second time"
    );
    assert_eq!(play.calls[0].2.body, Some(json!({ "customer": "C-7" })));
}

#[test]
fn a_refused_call_is_corrected_and_one_that_may_have_acted_is_not() {
    let body = |version, body: &str| {
        let order_call = ORDER.replace("'${ . }'", body);
        order(version, &format!("do:{CUSTOMER}{order_call}"))
    };
    let (old, new) = (body("1.0.0", "{ lines: none }"), body("1.0.1", "{ lines: [] }"));
    for (effect, fits) in [(TargetEffect::None, true), (TargetEffect::Unknown, false)] {
        let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada" }));
        play.answer(json!({ "id": "C-7" }));
        let (execution, attempt, first) = play.calls.remove(0);
        let failure = CallFailure {
            error: WorkflowError::standard(ErrorKind::Communication, "Bad Request", "no lines").with_status(400),
            class: FaultClass::Permanent,
            effect,
            settles_after: std::time::Duration::from_secs(60),
            response: None,
            retry: CallRetry::default(),
            retry_after: None,
        };
        let outcome = Box::new(CallOutcome::Failed(failure));
        play.feed(Fact::CallEnded { execution, attempt, outcome });
        assert!(play.run.is_parked());
        if !fits {
            assert!(misfit(&play, &new).why.contains("may have acted"));
            // The same request goes out again under the same key: the target knows it.
            let same = order(
                "1.0.1",
                &format!(
                    "do:\n  - added: {{ set: '${{ . }}' }}{CUSTOMER}{}",
                    ORDER.replace("'${ . }'", "{ lines: none }")
                ),
            );
            let decision = try_move(&play, &same).unwrap();
            let sent = decision.effects.iter().find_map(|effect| match effect {
                Effect::Call { request, .. } => Some(request),
                _ => None,
            });
            assert_eq!(sent.unwrap().idempotency_key, first.idempotency_key);
            continue;
        }
        moved(&mut play, &new);
        assert_eq!(play.calls[0].2.body, Some(json!({ "lines": [] })));
    }
}

#[test]
fn what_is_on_its_way_ended_or_being_undone_does_not_move() {
    let (old, new) = (broken(), corrected());
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada", "total": {} }));
    let why = |play: &Play<'_>, to: &Definition| {
        let of = Move { from: play.definition, to, definitions: (1, 2), run: &play.run, records: &play.journal };
        match decide_move(of, by(), around(play.now)) {
            Err(NoDecision::Rejected(why)) => why.to_string(),
            other => panic!("{other:?}"),
        }
    };
    assert!(why(&play, &new).contains("a call is in progress"));
    play.answer(json!({ "id": "C-7" }));
    assert!(why(&play, &old).contains("it runs this version already"));
    let other = named("other", "1.0.1", definition("{}", "do:\n  - a: { set: { n: 1 } }\n"));
    assert!(why(&play, &other).contains("another workflow"));
    let keyed = definition("{ key: '${ .name }', onFault: park }", &format!("do:{CUSTOMER}{ORDER}"));
    let keyed = named("n", "1.0.1", keyed);
    assert!(
        why(&play, &keyed).contains("another business key: key was \"A-1\", would be \"Ada\""),
        "{}",
        why(&play, &keyed)
    );
    act(&mut play, Act::Compensate);
    assert!(why(&play, &new).contains("it is being undone"));
    play.answer(Value::Null);
    assert!(play.run.is_closed() && why(&play, &new).contains("accepts nothing more"));
}

#[test]
fn a_run_that_waits_goes_on_waiting_under_the_new_version() {
    let listen = |version, more: &str| {
        let waits = "\n  - paid: { listen: { to: { one: { with: { type: 'shop.paid' } } } } }";
        order(version, &format!("do:{CUSTOMER}{more}{waits}{ORDER}"))
    };
    let (old, new) = (listen("1.0.0", ""), listen("1.0.1", "  - note: { set: '${ . + { noted: true } }' }"));
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada" }));
    play.answer(json!({ "id": "C-7" }));
    let before = play.run.open[0].id;
    let decision = try_move(&play, &new).unwrap();
    let after = decision.run.open[0].id;
    assert_ne!(before, after, "what comes for the one that waited is not taken for another");
    let told: Vec<String> = decision
        .effects
        .iter()
        .map(|effect| match effect {
            Effect::Unlisten { execution } => format!("unlisten {execution}"),
            Effect::Listen { execution, .. } => format!("listen {execution}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [format!("listen {after}"), format!("unlisten {before}")]);
    assert_eq!(decision.run.status, Status::Waiting);
}

#[test]
fn a_run_keeps_the_run_that_it_started() {
    let child = |version, more: &str| {
        let run = "\n  - part: { run: { workflow: { namespace: t, name: part, version: '1.0.0', input: { of: '${ .customer }' } } } }";
        order(version, &format!("do:{CUSTOMER}{more}{run}{ORDER}"))
    };
    let (old, new) = (child("1.0.0", ""), child("1.0.1", "  - note: { set: '${ . }' }"));
    let mut play = Play::begin(&old, json!({ "id": "A-1", "name": "Ada" }));
    play.answer(json!({ "id": "C-7" }));
    let started = |run: &Run| {
        run.open.iter().find_map(|e| match &e.progress {
            Progress::Child(child) => Some(child.request.run),
            _ => None,
        })
    };
    let id = started(&play.run).unwrap();
    assert!(try_move(&play, &new).is_err(), "it may exist, or not");
    play.feed(Fact::ChildStarted { child: id });
    let decision = try_move(&play, &new).unwrap();
    assert_eq!(started(&decision.run), Some(id));
    assert!(decision.effects.is_empty(), "the child is neither started again nor stopped: {:?}", decision.effects);
    let without = order("1.0.1", &format!("do:{CUSTOMER}{ORDER}"));
    assert!(misfit(&play, &without).why.contains("does not start the run of t/part"));
}
