//! Runs and the runs that they start: what ends or stops one is told to the other, at whatever moment.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::*;
use stepwell_language::dsl::{self, Definition, Functions};

/// Parent and child, and what they tell each other, delivered when the test says so.
struct Family<'d> {
    definitions: [&'d Definition; 2],
    runs: [Run; 2],
    /// Messages under way to the parent (0) and the child (1).
    mail: [VecDeque<Message>; 2],
    calls: Vec<(usize, ExecutionId, u32, String)>,
    started: bool,
    sent: Vec<String>,
    now: Time,
}

const PARENT: usize = 0;
const CHILD: usize = 1;

impl<'d> Family<'d> {
    fn new(parent: &'d Definition, child: &'d Definition) -> Self {
        let mut family = Self {
            definitions: [parent, child],
            runs: [Run::new(RunId::from_u128(1)), Run::new(RunId::from_u128(2))],
            mail: [VecDeque::new(), VecDeque::new()],
            calls: Vec::new(),
            started: false,
            sent: Vec::new(),
            now: Time::UNIX_EPOCH,
        };
        family.feed(PARENT, started(json!({}), None)).unwrap();
        family
    }

    fn feed(&mut self, who: usize, fact: Fact) -> Result<(), Rejected> {
        let around =
            Around { now: self.now, answers: &[], settles_after: &|_| std::time::Duration::ZERO, continues: true };
        let decision = match decide(self.definitions[who], &self.runs[who], fact, around) {
            Ok(decision) => decision,
            Err(NoDecision::Rejected(rejected)) => return Err(rejected),
            Err(NoDecision::Evaluate(e)) => panic!("no evaluator is needed for {}", e.text),
        };
        self.runs[who] = decision.run;
        for effect in decision.effects {
            match effect {
                Effect::Call { execution, attempt, request, .. } => {
                    self.sent.push(request.uri.trim_start_matches("http://target.example/").to_owned());
                    self.calls.push((who, execution, attempt, request.uri.clone()));
                }
                Effect::Abort { execution, attempt } => {
                    self.calls.retain(|c| (c.0, c.1, c.2) != (who, execution, attempt));
                }
                Effect::StartChild { execution, request } => self.runs[CHILD] = child_of(execution, &request),
                Effect::Tell { message, .. } => self.mail[1 - who].push_back(message),
                _ => {}
            }
        }
        Ok(())
    }

    /// The child's first row is written, as late as the test likes.
    fn child_starts(&mut self) {
        let parent = Parent { run: self.runs[PARENT].id, execution: 0, awaits: true, depth: 1 };
        self.started = true;
        self.feed(CHILD, started(json!({}), Some(parent))).unwrap();
        let child = self.runs[CHILD].id;
        let _ = self.feed(PARENT, Fact::ChildStarted { child });
    }

    fn deliver(&mut self, who: usize) -> bool {
        let Some(message) = self.mail[who].pop_front().filter(|_| who == PARENT || self.started) else { return false };
        let _ = self.feed(who, Fact::Message { message, actor: Actor("run".into()) });
        true
    }

    fn answer(&mut self, good: bool) -> bool {
        if self.calls.is_empty() {
            return false;
        }
        let (who, execution, attempt, _) = self.calls.remove(0);
        let answer = if good { super::world::Answer::Success } else { super::world::Answer::Permanent };
        let outcome = Box::new(super::world::outcome(answer));
        self.feed(who, Fact::CallEnded { execution, attempt, outcome }).unwrap();
        true
    }

    fn settle(&mut self) {
        while self.deliver(PARENT) || self.deliver(CHILD) || self.answer(true) {}
    }

    fn act(&mut self, who: usize, act: Act) -> Result<(), Rejected> {
        self.feed(
            who,
            Fact::Operator { act, actor: Actor("anna".into()), reason: Some("because".into()), approval: None },
        )
    }
}

fn child_of(_execution: ExecutionId, request: &ChildRequest) -> Run {
    Run::new(request.run)
}

fn started(input: Value, parent: Option<Parent>) -> Fact {
    let actor = Actor("test".into());
    let started = Started {
        input: Arc::new(input),
        parent,
        event: None,
        actor,
        environment: None,
        begin: Begin::Now,
        hold: None,
        restarts: None,
    };
    Fact::Started(Box::new(started))
}

fn built(name: &str, tasks: &str) -> std::sync::Arc<Definition> {
    let text = format!("document: {{ dsl: '1.0.3', namespace: t, name: {name}, version: '1.0.0' }}\n{tasks}");
    dsl::build("test.yaml", &text, &Functions::default()).unwrap_or_else(|m| panic!("{m:?}\n{text}")).definition
}

fn step(name: &str) -> String {
    format!(
        "  - {name}:
      call: http
      with: {{ method: post, endpoint: 'http://target.example/{name}' }}
      metadata: {{ compensate: {{ call: http, with: {{ method: delete, endpoint: 'http://target.example/undo-{name}' }} }} }}
"
    )
}

const RUN: &str = "  - ship: { run: { workflow: { namespace: t, name: child, version: '1.0.0' } } }\n";

#[test]
fn the_completion_of_a_child_is_not_taken_for_the_end_of_its_undo() {
    let parent = built("parent", &format!("do:\n{}{RUN}", step("parent")));
    let child = built("child", &format!("do:\n{}", step("child")));
    let mut family = Family::new(&parent, &child);
    family.answer(true);
    family.child_starts();
    // The child completes, and before the parent hears of it the parent is cancelled.
    family.answer(true);
    assert_eq!(family.runs[CHILD].status, Status::Completed);
    family.act(PARENT, Act::Cancel { compensate: CancelMode::Compensate }).unwrap();
    family.settle();
    assert_eq!(family.sent, ["parent", "child", "undo-child", "undo-parent"]);
    assert_eq!([family.runs[PARENT].status, family.runs[CHILD].status], [Status::Cancelled, Status::Compensated]);
}

#[test]
fn a_stop_that_comes_before_its_child_exists_is_heard_once_it_does() {
    let parent = built("parent", &format!("timeout: {{ after: PT1S }}\ndo:\n{RUN}"));
    let child = built("child", &format!("do:\n{}{}", step("child"), step("more")));
    let mut family = Family::new(&parent, &child);
    family.now += chrono::TimeDelta::seconds(2);
    family.feed(PARENT, Fact::TimerDue).unwrap();
    family.child_starts();
    family.settle();
    assert_eq!(family.runs[CHILD].status, Status::Compensated, "no orphan lives on: {:?}", family.sent);
    assert!(!family.sent.contains(&"more".to_owned()), "{:?}", family.sent);
}

#[test]
fn a_childs_fault_is_caught_by_a_try_of_its_parent_and_needs_no_attention() {
    let parent = built(
        "parent",
        &format!(
            "do:\n  - guarded:\n      try:\n      {}      catch: {{ do: [ {{ note: {{ set: {{ caught: true }} }} }} ] }}\n",
            RUN
        ),
    );
    let child = built(
        "child",
        "do:\n  - fail: { call: http, with: { method: post, endpoint: 'http://target.example/fail' } }\n",
    );
    let mut family = Family::new(&parent, &child);
    family.child_starts();
    family.answer(false);
    family.settle();
    assert_eq!(
        (family.runs[PARENT].status, family.runs[PARENT].output.as_deref()),
        (Status::Completed, Some(&json!({ "caught": true })))
    );
    assert_eq!((family.runs[CHILD].status, family.runs[CHILD].attention), (Status::Faulted, None));
}

#[test]
fn a_childs_fault_that_nothing_catches_is_one_incident() {
    let parent = built("parent", &format!("do:\n{RUN}"));
    let child = built(
        "child",
        "do:\n  - fail: { call: http, with: { method: post, endpoint: 'http://target.example/fail' } }\n",
    );
    let mut family = Family::new(&parent, &child);
    family.child_starts();
    family.answer(false);
    family.settle();
    let attention = [family.runs[PARENT].attention, family.runs[CHILD].attention];
    assert_eq!(attention, [None, Some(Attention::Faulted)]);
    family.act(CHILD, Act::Retry { input: None, step: None }).unwrap();
    family.settle();
    assert_eq!([family.runs[PARENT].status, family.runs[CHILD].status], [Status::Completed, Status::Completed]);
}

#[test]
fn a_child_past_its_pivot_ends_its_parents_undo() {
    let parent = built("parent", &format!("do:\n{}{RUN}", step("parent")));
    let pivot = "  - order: { call: http, with: { method: post, endpoint: 'http://target.example/order' }, metadata: { pivot: true } }\n";
    let child = built("child", &format!("do:\n{}{pivot}", step("child")));
    let mut family = Family::new(&parent, &child);
    family.answer(true);
    family.child_starts();
    family.answer(true);
    family.answer(true);
    family.act(PARENT, Act::Cancel { compensate: CancelMode::Compensate }).unwrap();
    family.settle();
    assert_eq!(family.sent, ["parent", "child", "order", "undo-parent"]);
    assert_eq!([family.runs[PARENT].status, family.runs[CHILD].status], [Status::Cancelled, Status::Completed]);
}

#[test]
fn a_timeout_of_a_run_task_undoes_the_child_before_the_parent() {
    let run =
        "  - ship: { run: { workflow: { namespace: t, name: child, version: '1.0.0' } }, timeout: { after: PT1S } }\n";
    let parent = built("parent", &format!("do:\n{}{run}", step("parent")));
    let child = built("child", &format!("do:\n{}  - rest: {{ wait: PT1H }}\n", step("child")));
    let mut family = Family::new(&parent, &child);
    family.answer(true);
    family.child_starts();
    family.answer(true);
    family.now += chrono::TimeDelta::seconds(2);
    family.feed(PARENT, Fact::TimerDue).unwrap();
    family.settle();
    assert_eq!(family.sent, ["parent", "child", "undo-child", "undo-parent"]);
    assert_eq!([family.runs[PARENT].status, family.runs[CHILD].status], [Status::Compensated, Status::Compensated]);
}

#[test]
fn an_answer_to_one_fault_does_not_dismiss_the_next() {
    let parent = built(
        "parent",
        &format!(
            "do:\n  - guarded:\n      try:\n      {RUN}      catch: {{ errors: {{ with: {{ status: 400 }} }}, do: [ {{ note: {{ set: {{ caught: true }} }} }} ] }}\n"
        ),
    );
    let child = built(
        "child",
        "do:\n  - fail: { call: http, with: { method: post, endpoint: 'http://target.example/fail' } }\n  - stop: { raise: { error: { type: 'https://example.com/e', status: 500 } } }\n",
    );
    let mut family = Family::new(&parent, &child);
    family.child_starts();
    family.answer(false);
    family.deliver(PARENT);
    // A person retries before the answer arrives, and the run stops at another fault, which nothing catches.
    family.act(CHILD, Act::Retry { input: None, step: None }).unwrap();
    family.answer(true);
    family.settle();
    assert_eq!(family.runs[CHILD].attention, Some(Attention::Faulted));
}

#[test]
fn a_cancel_that_leaves_what_was_done_leaves_what_its_children_did() {
    let parent = built("parent", &format!("do:\n{RUN}"));
    let child = built("child", &format!("do:\n{}  - rest: {{ wait: PT1H }}\n", step("child")));
    let mut family = Family::new(&parent, &child);
    family.child_starts();
    family.answer(true);
    family.act(PARENT, Act::Cancel { compensate: CancelMode::Abandon }).unwrap();
    family.settle();
    assert_eq!(family.sent, ["child"]);
    assert_eq!([family.runs[PARENT].status, family.runs[CHILD].status], [Status::Cancelled, Status::Cancelled]);
}

#[test]
fn a_child_whose_output_is_of_no_use_is_undone_with_its_parent() {
    let run = "  - ship: { run: { workflow: { namespace: t, name: child, version: '1.0.0' } }, output: { as: '.ok | ascii_downcase' } }\n";
    let parent = built("parent", &format!("do:\n{}{run}", step("parent")));
    let child = built("child", &format!("do:\n{}", step("child")));
    let mut family = Family::new(&parent, &child);
    family.answer(true);
    family.child_starts();
    family.settle();
    assert_eq!(family.sent, ["parent", "child", "undo-child", "undo-parent"]);
}

#[test]
fn a_timeout_around_a_run_task_waits_for_the_start_and_undoes_the_child_before_what_came_before() {
    let block = "  - block:\n      timeout: { after: PT1S }\n      do:\n        - ship: { run: { workflow: { namespace: t, name: child, version: '1.0.0' } } }\n";
    let parent = built("parent", &format!("do:\n{}{block}", step("parent")));
    let child = built("child", &format!("do:\n{}  - rest: {{ wait: PT1H }}\n", step("child")));
    let mut family = Family::new(&parent, &child);
    family.answer(true);
    family.now += chrono::TimeDelta::seconds(2);
    assert_eq!(family.runs[PARENT].wake_at(), None, "no timer strikes while the child may or may not exist");
    family.child_starts();
    family.settle();
    assert_eq!(family.sent, ["parent", "child", "undo-child", "undo-parent"]);
    assert_eq!([family.runs[PARENT].status, family.runs[CHILD].status], [Status::Compensated, Status::Compensated]);
}

#[test]
fn a_run_whose_child_can_be_undone_may_be_undone() {
    let parent = built("parent", &format!("do:\n{RUN}  - rest: {{ wait: PT1H }}\n"));
    let child = built("child", &format!("do:\n{}", step("child")));
    let undo = |family: &Family<'_>| {
        let all = permitted(&parent, &family.runs[PARENT]);
        all.into_iter().find(|found| found.act == ActKind::Compensate).unwrap()
    };
    let mut family = Family::new(&parent, &child);
    assert_eq!(undo(&family).why_not.as_deref(), Some("it has completed no step that it can undo"));
    family.child_starts();
    family.settle();
    assert!(undo(&family).permitted, "{:?}", undo(&family));
    family.act(PARENT, Act::Compensate).unwrap();
    family.settle();
    assert_eq!(family.sent, ["child", "undo-child"]);
}
