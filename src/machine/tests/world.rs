//! A world around one run: it answers calls, lets time pass, crashes the node, and checks after every decision what
//! must always hold.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::dsl::Definition;
use crate::machine::*;

/// How a target answers one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Success,
    /// Refused for good; nothing happened there.
    Permanent,
    /// Refused for now; nothing happened there.
    Transient,
    /// It acted, but the reply was lost.
    LostReply,
    /// It did not act, and no reply came.
    LostRequest,
    /// It says that there is nothing.
    Nothing,
}

/// One run in its world.
pub(super) struct World<'d> {
    pub(super) definition: &'d Definition,
    pub(super) run: Run,
    pub(super) journal: Vec<Record>,
    pub(super) now: Time,
    pub(super) pending: Vec<(ExecutionId, u32, Arc<CallRequest>)>,
    goes_on: bool,
    /// URIs at which the target acted, in order; each once, for it knows the idempotency key.
    pub(super) acted: Vec<String>,
    keys_seen: HashSet<String>,
    keys_by_step: HashMap<String, String>,
}

pub(super) const NOON: Time = Time::UNIX_EPOCH;

impl<'d> World<'d> {
    pub(super) fn new(definition: &'d Definition, id: u128) -> Self {
        Self {
            definition,
            run: Run::new(RunId::from_u128(id)),
            journal: Vec::new(),
            now: NOON,
            pending: Vec::new(),
            goes_on: false,
            acted: Vec::new(),
            keys_seen: HashSet::new(),
            keys_by_step: HashMap::new(),
        }
    }

    pub(super) fn start(&mut self, input: Value) -> Result<(), Rejected> {
        let started = Started {
            input: Arc::new(input),
            parent: None,
            event: None,
            actor: Actor("test".into()),
            environment: None,
            begin: Begin::Now,
        };
        self.feed(Fact::Started(Box::new(started)))
    }

    /// Decides, checks and takes over what follows.
    pub(super) fn feed(&mut self, fact: Fact) -> Result<(), Rejected> {
        let was_closed = self.run.is_closed();
        let decision = match decide(self.definition, &self.run, fact, &[], self.now) {
            Ok(decision) => decision,
            Err(NoDecision::Rejected(rejected)) => return Err(rejected),
            Err(NoDecision::Evaluate(e)) => panic!("these definitions need no evaluator, but {} was asked for", e.text),
        };
        assert!(!was_closed, "a closed run took in a fact");
        self.journal.extend(decision.records.iter().cloned());
        self.run = decision.run;
        self.check();
        for effect in decision.effects {
            match effect {
                Effect::Call { execution, attempt, request, .. } => self.pending.push((execution, attempt, request)),
                Effect::Abort { execution, attempt } => {
                    self.pending.retain(|(id, tried, _)| (*id, *tried) != (execution, attempt));
                }
                Effect::Continue => self.goes_on = true,
                // No plan of these tests listens, emits or runs another workflow.
                _ => panic!("an effect that nothing here asks for: {effect:?}"),
            }
        }
        let mut on_their_way: Vec<_> =
            self.pending.iter().map(|(execution, attempt, _)| (*execution, *attempt)).collect();
        on_their_way.sort_unstable();
        let in_flight = self.run.open.iter().filter(|e| e.is_in_flight()).map(|e| (e.id, e.attempts()));
        assert_eq!(
            on_their_way,
            in_flight.collect::<Vec<_>>(),
            "the run waits for other calls than those on their way"
        );
        Ok(())
    }

    /// What must hold after every decision.
    fn check(&mut self) {
        let folded = fold(self.definition, Run::new(self.run.id), &self.journal).unwrap();
        assert_eq!(folded, self.run, "folding the journal gives another run");
        assert_eq!(self.run.seq as usize, self.journal.len());
        let mut outcomes = HashSet::new();
        for record in &self.journal {
            if let Change::TaskCompleted { execution, .. } | Change::TaskSkipped { execution, .. } = &record.change {
                assert!(outcomes.insert(*execution), "execution {execution} has two outcomes");
            }
        }
        let closings = self.journal.iter().filter(|r| is_end(&r.change)).count();
        assert!(closings <= 1, "the run ended {closings} times");
        if self.run.is_closed() {
            assert!(self.run.open.is_empty() && self.run.wake_at().is_none());
        }
        let resting = !self.run.has_call_in_flight() && !self.goes_on;
        let rests = self.run.is_closed() || self.run.is_parked() || self.run.suspended || self.run.queued;
        let named = rests || self.run.wake_at().is_some();
        assert!(!resting || named || self.run.seq == 0, "the run waits for nothing: {:?}", self.run);
    }

    /// The target answers the oldest call on its way.
    pub(super) fn answer(&mut self, answer: Answer) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        self.answer_call(0, answer)
    }

    /// The target answers one of the calls on their way.
    pub(super) fn answer_call(&mut self, which: usize, answer: Answer) -> bool {
        let (execution, attempt, request) = self.pending.remove(which % self.pending.len());
        self.arrive(execution, &request, answer);
        let outcome = outcome(answer);
        // An attempt that was given up meanwhile is rejected as stale, which is what must happen.
        let _ = self.feed(Fact::CallEnded { execution, attempt, outcome: Box::new(outcome) });
        true
    }

    fn arrive(&mut self, execution: ExecutionId, request: &CallRequest, answer: Answer) {
        let key = request.idempotency_key.clone();
        let iteration = self.run.execution(execution).map(|e| e.coordinates.iteration.clone());
        let step = format!("{} {:?}", request.uri, iteration.expect("a call on its way is open"));
        let known = self.keys_by_step.entry(step).or_insert_with(|| key.clone());
        // Each question is a new one.
        let asks = request.uri.ends_with("/metadata/reconcile");
        assert!(asks || *known == key, "{} was called under two keys", request.uri);
        if matches!(answer, Answer::Success | Answer::LostReply) && self.keys_seen.insert(key) {
            self.acted.push(request.uri.clone());
        }
    }

    /// The node dies: what is on its way may or may not have arrived; another node takes over.
    pub(super) fn crash(&mut self, arrived: Answer) {
        for (execution, _, request) in std::mem::take(&mut self.pending) {
            self.arrive(execution, &request, arrived);
        }
        self.goes_on = false;
        if !self.run.is_closed() && self.run.seq > 0 {
            self.run = fold(self.definition, Run::new(self.run.id), &self.journal).unwrap();
            self.feed(Fact::TakenOver).unwrap();
        }
    }

    /// Lets the run go on by itself as far as it can without an answer: pure work, then the next timer.
    pub(super) fn pass_time(&mut self) -> bool {
        if self.goes_on {
            self.goes_on = false;
            self.feed(Fact::Continue).unwrap();
            return true;
        }
        match self.run.wake_at() {
            Some(at) if self.pending.is_empty() => {
                self.now = self.now.max(at);
                self.feed(Fact::TimerDue).unwrap();
                true
            }
            _ => false,
        }
    }

    /// References at which the target acted and that are no undo.
    pub(super) fn steps_done(&self) -> Vec<&str> {
        self.acted.iter().filter(|u| !u.contains("/metadata/")).map(String::as_str).collect()
    }

    /// References of undone steps, in the order in which they were undone.
    pub(super) fn steps_undone(&self) -> Vec<&str> {
        self.acted.iter().filter_map(|u| u.strip_suffix("/metadata/compensate")).collect()
    }
}

fn is_end(change: &Change) -> bool {
    matches!(change, Change::RunCompleted { .. } | Change::RunCompensated {} | Change::RunCancelled {})
}

fn response(status: u16) -> ResponseSummary {
    ResponseSummary {
        url: "http://target.example".into(),
        status,
        headers: Vec::new(),
        body: None,
        note: None,
        duration_ms: 1,
    }
}

/// An answer as the connection would report it.
pub(super) fn outcome(answer: Answer) -> CallOutcome {
    let failed = |class, effect, status| {
        CallOutcome::Failed(CallFailure {
            error: WorkflowError::standard(ErrorKind::Communication, "refused", "by the test").with_status(status),
            class,
            effect,
            response: None,
            retry: CallRetry { attempts_max: 3, delay: Duration::from_secs(1), ..CallRetry::default() },
            retry_after: None,
        })
    };
    match answer {
        Answer::Success => CallOutcome::Succeeded { output: Arc::new(json!({ "ok": true })), response: response(200) },
        Answer::Nothing => CallOutcome::Succeeded { output: Arc::new(Value::Null), response: response(200) },
        Answer::Permanent => failed(FaultClass::Permanent, TargetEffect::None, 400),
        Answer::Transient => failed(FaultClass::Transient, TargetEffect::None, 503),
        Answer::LostReply | Answer::LostRequest => failed(FaultClass::Transient, TargetEffect::Unknown, 504),
    }
}
