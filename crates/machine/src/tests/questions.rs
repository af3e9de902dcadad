//! Steps that wait for a person: what is asked, whose answer counts, and when a question is over.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::world::play::{Play, definition};
use crate::question::{Decided, SOURCE};
use crate::view::{RunHead, view};
use crate::*;
use stepwell_language::dsl::{Definition, TASK_COMPLETED};

/// A step that asks, with more of its `metadata.task`, and more steps after it.
fn asking(task: &str, after: &str) -> Definition {
    asking_within("", task, after)
}

fn asking_within(timeout: &str, task: &str, after: &str) -> Definition {
    let body = format!(
        "do:\n  - ask:\n      listen: {{ to: {{ one: {{ with: {{ type: {TASK_COMPLETED} }} }} }} }}\n{timeout}      metadata: {{ task: {{ {task} }} }}\n{after}"
    );
    definition("{ key: '${ .order }', onFault: park }", &body)
}

/// What the run asks now: the step's execution and the question.
fn question(play: &Play<'_>) -> (ExecutionId, Asked) {
    let open = play.run.open.iter().find(|e| e.asks().is_some()).expect("the run asks");
    let asked = play.journal.iter().rev().find_map(|record| match &record.change {
        Change::TaskStarted { execution, opening: Opening::Listen(listening), .. } if *execution == open.id => {
            listening[0].asks.as_deref().cloned()
        }
        _ => None,
    });
    (open.id, asked.expect("the question is recorded"))
}

fn decided(answer: Value, by: &str) -> Decided {
    Decided { answer, by: Actor(format!("user:{by}")), at: Time::UNIX_EPOCH, reason: Some("as agreed".into()) }
}

fn message(execution: ExecutionId, event: Value) -> Fact {
    let message = Message::Event { execution, filters: vec![0], event: event.into() };
    Fact::Message { message, actor: Actor("user:ada".into()) }
}

/// The answer to a question of a run.
fn answer(run: &Run, execution: ExecutionId, question: Uuid, answer: Value) -> Fact {
    message(execution, decided(answer, "ada").event(question, run.id))
}

fn rejected(play: &Play<'_>, fact: Fact) -> Rejected {
    let around = Around { now: play.now, answers: &[], settles_after: &|_| Duration::ZERO, continues: true };
    match decide(play.definition, &play.run, fact, around) {
        Err(NoDecision::Rejected(rejected)) => rejected,
        other => panic!("the run takes it in, or needs the evaluator: {other:?}"),
    }
}

#[test]
fn a_question_is_recorded_with_everything_computed_and_the_answer_with_who_decided() {
    let task = "title: '${ \"Approve order \\(.order)?\" }', description: '${ .note }', \
                assignees: { users: ['${ .manager }', bob], roles: [admin] }";
    let after = "  - keep: { set: { approved: '${ .[0].answer.ok }', by: '${ .[0].by }', why: '${ .[0].reason }' } }\n";
    let definition = asking(task, after);
    let input = json!({ "order": "A-1", "note": "rush", "manager": ["ada", "bob"] });
    let mut play = Play::begin(&definition, input);
    assert_eq!(play.run.status, Status::Waiting);
    let (execution, asked) = question(&play);
    assert_eq!((asked.title.as_str(), asked.description.as_deref()), ("Approve order A-1?", Some("rush")));
    assert_eq!((asked.users, asked.roles), (vec!["ada".to_owned(), "bob".to_owned()], vec!["admin".to_owned()]));

    play.feed(answer(&play.run.clone(), execution, asked.id, json!({ "ok": true })));
    assert_eq!(play.run.status, Status::Completed);
    let output = play.run.output.as_deref().cloned().unwrap();
    assert_eq!(output, json!({ "approved": true, "by": "user:ada", "why": "as agreed" }));
    let taken = play.journal.iter().find_map(|record| match &record.change {
        Change::EventConsumed { event, .. } => Some((record.actor.0.clone(), Decided::of(event).unwrap())),
        _ => None,
    });
    assert_eq!(taken, Some(("user:ada".to_owned(), decided(json!({ "ok": true }), "ada"))));
    let head = RunHead { id: play.run.id, parent: None, created_at: play.now, wake_at: None, base: 0 };
    let seen = view(&definition, &head, &play.journal).unwrap().unwrap();
    assert_eq!(seen.tasks[0].task, Some(asked.id));
}

#[test]
fn only_an_answer_to_the_open_question_is_taken() {
    let definition = asking("title: Go on?", "");
    let play = Play::begin(&definition, json!({ "order": "A-1" }));
    let (execution, asked) = question(&play);
    let outside = |source: &str, id: &str| {
        let event = json!({ "specversion": "1.0", "id": id, "source": source, "type": TASK_COMPLETED, "data": { "answer": 1 } });
        message(execution, event)
    };
    let id = asked.id.to_string();
    let not_awaited = Rejected::NotAwaited("event");
    assert_eq!(rejected(&play, outside("https://shop.example", &id)), not_awaited, "the source is not ours");
    assert_eq!(rejected(&play, outside(SOURCE, "7")), not_awaited, "it answers nothing");
    let other = answer(&play.run, execution, Uuid::from_u128(7), json!(1));
    assert_eq!(rejected(&play, other), not_awaited, "it answers another question");
    // And what is an answer is no event for others.
    let plain = "do:\n  - paid: { listen: { to: { any: [] } } }\n";
    let definition = super::world::play::definition("{}", plain);
    let play = Play::begin(&definition, json!({}));
    let execution = play.run.open[0].id;
    assert_eq!(rejected(&play, answer(&play.run, execution, asked.id, json!(1))), not_awaited);
}

#[test]
fn the_answer_to_a_question_that_was_asked_again_comes_too_late() {
    let definition = asking_within("      timeout: { after: PT1H }\n", "title: Go on?", "");
    let mut play = Play::begin(&definition, json!({ "order": "A-1" }));
    let (execution, first) = question(&play);
    assert_eq!(play.run.due(execution), Some(play.now + chrono::TimeDelta::hours(1)));
    assert!(play.pass_time() && play.run.is_parked(), "its time is over, and nothing catches that");
    play.now += chrono::TimeDelta::minutes(5);
    let retry = Act::Retry { input: None, step: None };
    play.feed(Fact::Operator { act: retry, actor: Actor("user:bob".into()), reason: None, approval: None });
    let (again, second) = question(&play);
    assert_eq!(again, execution, "it is the same step");
    assert_ne!(first.id, second.id, "and another question");
    let late = answer(&play.run, execution, first.id, json!(1));
    assert_eq!(rejected(&play, late), Rejected::NotAwaited("event"));
    play.feed(answer(&play.run.clone(), execution, second.id, json!(1)));
    assert_eq!(play.run.status, Status::Completed);
}

#[test]
fn a_deadline_is_a_timeout_that_a_try_catches_and_a_pause_moves_it() {
    let body = format!(
        "do:
  - asked:
      try:
        - ask:
            listen: {{ to: {{ one: {{ with: {{ type: {TASK_COMPLETED} }} }} }} }}
            timeout: {{ after: PT1H }}
            metadata: {{ task: {{ title: Go on? }} }}
      catch:
        errors: {{ with: {{ type: 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout' }} }}
        do:
          - escalate: {{ set: {{ escalated: true }} }}
"
    );
    let definition = definition("{}", &body);
    let mut play = Play::begin(&definition, json!({}));
    let (execution, _) = question(&play);
    let began = play.now;
    let act = |play: &mut Play<'_>, act: Act| {
        play.feed(Fact::Operator { act, actor: Actor("user:bob".into()), reason: None, approval: None });
    };
    act(&mut play, Act::Suspend);
    play.now += chrono::TimeDelta::minutes(30);
    act(&mut play, Act::Resume);
    assert_eq!(play.run.due(execution), Some(began + chrono::TimeDelta::minutes(90)));
    assert!(play.pass_time());
    assert_eq!(play.run.output.as_deref(), Some(&json!({ "escalated": true })));
}

#[test]
fn a_question_that_cannot_be_asked_faults_its_step() {
    for (task, detail) in [
        ("title: '${ null }'", "`task.title` must give a text that is not empty"),
        ("title: '${ [] }'", "`task.title` must give a text, not an array"),
        ("title: Go?, assignees: '${ .nobody }'", "`task.assignees` gives no user, so nobody could decide"),
        ("title: Go?, assignees: '${ \"a b\" }'", "`task.assignees` gives \"a b\", which cannot be the name of a user"),
        ("title: Go?, assignees: '${ 7 }'", "`task.assignees` must give names of users, not a number"),
    ] {
        let definition = asking(task, "");
        let play = Play::begin(&definition, json!({ "order": "A-1" }));
        let error = play.run.error.as_ref().unwrap_or_else(|| panic!("{task}"));
        assert_eq!((error.detail.as_deref(), error.instance.as_deref()), (Some(detail), Some("/do/0/ask")), "{task}");
    }
    // A title that is too long is cut off.
    let definition = asking("title: '${ \"x\" * 300 }'", "");
    let play = Play::begin(&definition, json!({ "order": "A-1" }));
    assert_eq!(question(&play).1.title.chars().count(), 201);
}

#[test]
fn a_run_that_moves_asks_again_and_what_was_decided_stays_decided() {
    let version = |version: &str, definition: Definition| {
        let workflow = stepwell_language::dsl::WorkflowRef { version: version.into(), ..definition.workflow.clone() };
        Definition { workflow, ..definition }
    };
    let second = format!(
        "  - more:\n      listen: {{ to: {{ one: {{ with: {{ type: {TASK_COMPLETED} }} }} }} }}\n      metadata: {{ task: {{ title: And now? }} }}\n"
    );
    let old = version("1.0.0", asking("title: Go on?", &second));
    let new = version("1.0.1", asking("title: 'Go on, please?'", &second));
    let mut play = Play::begin(&old, json!({ "order": "A-1" }));
    play.remembers = true;
    let (execution, asked) = question(&play);
    play.feed(answer(&play.run.clone(), execution, asked.id, json!("yes")));
    let (before, first) = question(&play);
    let of = Move { from: &old, to: &new, definitions: (1, 2), run: &play.run, records: &play.journal };
    let by = MovedBy { actor: Actor("user:bob".into()), reason: None, approval: None };
    let around = Around { now: play.now, answers: &[], settles_after: &|_| Duration::ZERO, continues: true };
    let decision = decide_move(of, by, around).unwrap_or_else(|why| panic!("{why:?}"));
    let told = decision.effects.iter().map(|effect| match effect {
        Effect::Listen { execution, listening } => (*execution, listening[0].asks.is_some()),
        Effect::Unlisten { execution } => (*execution, false),
        other => panic!("{other:?}"),
    });
    let told: Vec<_> = told.collect();
    play.definition = &new;
    play.take(decision);
    let open = play.run.open.iter().find(|e| e.asks().is_some()).expect("it asks again");
    let (after, again) = (open.id, open.asks().unwrap());
    assert_eq!(told, [(after, true), (before, false)]);
    assert_ne!(again, first.id);
    assert_eq!(rejected(&play, answer(&play.run, after, first.id, json!(1))), Rejected::NotAwaited("event"));
    play.feed(answer(&play.run.clone(), after, again, json!("yes")));
    assert_eq!(play.run.status, Status::Completed);
}
