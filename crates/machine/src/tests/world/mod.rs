//! A world around one run: it answers calls, lets time pass, crashes the node, and checks after every decision what
//! must always hold.

pub(crate) mod build;
pub(super) mod play;
mod reading;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::generated::read_back;
use crate::history::Reader;
use crate::*;
use stepwell_language::dsl::Definition;

/// How a target answers one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Success,
    /// Refused for good; nothing happened there.
    Permanent,
    /// Refused for now; nothing happened there.
    Transient,
    /// It acted, but the reply was lost.
    LostReply,
    /// It did not act, and no reply came.
    LostRequest,
    /// No reply came, and it acts just before it is done with what nobody waits for.
    Late,
    /// It says that there is nothing.
    Nothing,
}

/// One run in its world.
pub(crate) struct World<'d> {
    pub(crate) definition: &'d Definition,
    pub(crate) run: Run,
    pub(crate) journal: Vec<Record>,
    /// What the journal says, read as it grows.
    pub(crate) reader: Reader<'d>,
    pub(crate) now: Time,
    pub(crate) pending: Vec<(ExecutionId, u32, Arc<CallRequest>)>,
    goes_on: bool,
    /// What it asks for at other runs: their start, and what they are told.
    pub(crate) outgoing: Vec<Effect>,
    /// URIs at which the target acted, in order; each once, for it knows the idempotency key.
    pub(crate) acted: Vec<String>,
    /// Steps whose target acted, in order, each time that it did: as of one that knows no idempotency keys.
    pub(crate) effects: Vec<(String, ExecutionId)>,
    /// What targets will still do, and when.
    late: Vec<(Time, (String, ExecutionId), String)>,
    /// What the run gives up is done late. Else it never arrived.
    pub(crate) abandoned_acts: bool,
    /// A target that is asked says what it did.
    pub(crate) truthful: bool,
    keys_seen: HashSet<String>,
    keys_by_step: HashMap<String, String>,
}

pub(crate) const NOON: Time = Time::UNIX_EPOCH;

/// How long a target may continue with what nobody waits for any more.
pub(crate) const SETTLE: Duration = Duration::from_secs(60);

impl<'d> World<'d> {
    pub(crate) fn new(definition: &'d Definition, id: u128) -> Self {
        Self {
            definition,
            run: Run::new(RunId::from_u128(id)),
            journal: Vec::new(),
            reader: Reader::new(Some(definition)),
            now: NOON,
            pending: Vec::new(),
            goes_on: false,
            outgoing: Vec::new(),
            acted: Vec::new(),
            effects: Vec::new(),
            late: Vec::new(),
            abandoned_acts: false,
            truthful: false,
            keys_seen: HashSet::new(),
            keys_by_step: HashMap::new(),
        }
    }

    pub(crate) fn start(&mut self, input: Value) -> Result<(), Rejected> {
        self.start_for(None, Arc::new(input))
    }

    /// Starts it, as the child of another run where there is one.
    pub(crate) fn start_for(&mut self, parent: Option<Parent>, input: Arc<Value>) -> Result<(), Rejected> {
        let started = Started {
            input,
            parent,
            event: None,
            actor: Actor("test".into()),
            environment: None,
            begin: Begin::Now,
            hold: None,
            restarts: None,
        };
        self.feed(Fact::Started(Box::new(started)))
    }

    /// Decides, checks and takes over what follows.
    pub(crate) fn feed(&mut self, fact: Fact) -> Result<(), Rejected> {
        let was_closed = self.run.is_closed();
        // Whoever is told to stop answers, however often it is told.
        let is_stop = matches!(fact, Fact::Message { message: Message::Stop { .. }, .. });
        let before = self.run.clone();
        let around = Around { now: self.now, answers: &[], settles_after: &|_| SETTLE, continues: true };
        let decision = match decide(self.definition, &self.run, fact, around) {
            Ok(decision) => decision,
            Err(NoDecision::Rejected(rejected)) => return Err(rejected),
            Err(NoDecision::Evaluate(e)) => panic!("these definitions need no evaluator, but {} was asked for", e.text),
        };
        assert!(!was_closed || is_stop, "a closed run took in a fact");
        self.take_over(&before, decision);
        Ok(())
    }

    /// Moves the run to another definition, if it fits.
    pub(crate) fn move_to(&mut self, definition: &'d Definition) -> Result<(), Rejected> {
        let around = Around { now: self.now, answers: &[], settles_after: &|_| SETTLE, continues: true };
        let of =
            Move { from: self.definition, to: definition, definitions: (1, 2), run: &self.run, records: &self.journal };
        let by = MovedBy { actor: Actor("anna".into()), reason: Some("mended".into()), approval: None };
        let decision = match decide_move(of, by, around) {
            Ok(decision) => decision,
            Err(NoDecision::Rejected(rejected)) => return Err(rejected),
            Err(NoDecision::Evaluate(e)) => panic!("these definitions need no evaluator, but {} was asked for", e.text),
        };
        let before = self.run.clone();
        (self.definition, self.reader.definition) = (definition, Some(definition));
        self.take_over(&before, decision);
        Ok(())
    }

    /// Lets the run continue from an earlier step, if it may.
    pub(crate) fn rewind(&mut self, from: &str) -> Result<(), Rejected> {
        let around = Around { now: self.now, answers: &[], settles_after: &|_| SETTLE, continues: false };
        let of = Rewind { definition: self.definition, run: &self.run, records: &self.journal, base: 0 };
        let by = RewoundBy { actor: Actor("anna".into()), reason: Some("once more".into()), approval: None };
        let decision = match decide_rewind(of, from, by, around) {
            Ok(decision) => decision,
            Err(NoDecision::Rejected(rejected)) => return Err(rejected),
            Err(NoDecision::Evaluate(e)) => panic!("these definitions need no evaluator, but {} was asked for", e.text),
        };
        let before = self.run.clone();
        // What is done again from there is done under keys of its own.
        self.keys_by_step.clear();
        self.take_over(&before, decision);
        Ok(())
    }

    /// Checks what was decided and takes over what follows.
    fn take_over(&mut self, before: &Run, decision: Decision) {
        if decision.records.iter().any(|record| matches!(record.change, Change::RunRewound {})) {
            self.keys_by_step.clear();
        }
        let mut read = before.clone();
        for record in decision.records.iter().map(read_back) {
            apply(self.definition, &mut read, &record).unwrap();
            self.reader.take_in(&record);
            reading::agree(&read, &self.reader.history, &record);
            self.journal.push(record);
        }
        self.run = decision.run;
        self.check();
        for effect in decision.effects {
            match effect {
                Effect::Call { execution, attempt, request, .. } => self.pending.push((execution, attempt, request)),
                Effect::Abort { execution, attempt } => {
                    let given_up = |call: &(ExecutionId, u32, _)| (call.0, call.1) == (execution, attempt);
                    // What was on its way from a node that died is gone already.
                    let Some(place) = self.pending.iter().position(given_up) else { continue };
                    let (_, _, request) = self.pending.remove(place);
                    if self.abandoned_acts {
                        self.act_late((step(before, execution, &request), execution), &request);
                    }
                }
                Effect::Continue => self.goes_on = true,
                Effect::StartChild { .. } | Effect::Tell { .. } => self.outgoing.push(effect),
                // No plan of these tests listens or emits.
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
    }

    /// Another run, or something else in Stepwell, tells it something.
    pub(crate) fn hear(&mut self, message: Message) -> Result<(), Rejected> {
        self.feed(Fact::Message { message, actor: Actor("run".into()) })
    }

    /// What must hold after every decision.
    fn check(&mut self) {
        let folded = fold(self.definition, Run::new(self.run.id), &self.journal).unwrap();
        assert_eq!(folded, self.run, "folding the journal gives another run");
        self.check_history();
        let copy = snapshot::write(self.definition, &self.run, self.now).unwrap();
        let read = snapshot::read(self.definition, &copy).expect("a snapshot is read by the version that wrote it");
        assert_eq!(read, (self.run.clone(), self.now), "the snapshot gives another run");
        assert_eq!(self.run.seq as usize, self.journal.len());
        let mut outcomes = HashSet::new();
        for record in &self.journal {
            if let Change::TaskCompleted { execution, .. } | Change::TaskSkipped { execution, .. } = &record.change {
                assert!(outcomes.insert(*execution), "execution {execution} has two outcomes");
            }
        }
        self.check_second_people();
        let ends: Vec<&Change> = self.journal.iter().map(|r| &r.change).filter(|c| is_end(c)).collect();
        // Only the run above undoes what has completed.
        let undone_later = matches!(ends[..], [Change::RunCompleted { .. }, Change::RunCompensated {}]);
        assert!(ends.len() <= 1 || (undone_later && self.run.parent.is_some()), "the run ended twice: {ends:?}");
        if self.run.is_closed() {
            assert!(self.run.open.is_empty() && self.run.wake_at().is_none());
        }
        let resting = !self.run.has_call_in_flight() && !self.goes_on;
        let rests = self.run.is_closed() || self.run.is_parked() || self.run.suspended || self.run.queued;
        let named = rests || self.run.wake_at().is_some() || self.run.awaits_message();
        assert!(!resting || named || self.run.seq == 0, "the run waits for nothing: {:?}", self.run);
    }

    /// Folding from the record with which the run last continued as new gives the same run as folding everything, and so does folding
    /// everything without such records: they change nothing.
    fn check_history(&self) {
        if self.run.base == 0 {
            return;
        }
        let before = Run::before(self.run.id, self.run.base);
        let since = &self.journal[before.seq as usize..];
        assert_eq!(fold(self.definition, before, since).unwrap(), self.run, "folding from where it continued as new");
        if self.journal.iter().any(|record| matches!(record.change, Change::RunMoved(_))) {
            return;
        }
        let plain = self.journal.iter().filter(|record| !matches!(record.change, Change::RunContinued(_)));
        let plain = fold(self.definition, Run::new(self.run.id), plain).unwrap();
        // Places of records are others without them.
        let Run { seq, base, fault, .. } = plain;
        assert_eq!(plain, Run { seq, base, fault, ..self.run.clone() }, "folding without continuing as new");
    }

    /// What the definition reserves for two people names two users.
    fn check_second_people(&self) {
        for record in &self.journal {
            if let Change::OperatorActed { act, approved_by, .. } = &record.change
                && act.reserved_by(self.definition).is_some()
            {
                let by = approved_by.as_ref().expect("an act reserved for two names a second person");
                assert!(by.is_user() && *by != record.actor || *act == Act::Resume, "{by:?} approved {record:?}");
            }
        }
    }

    /// The target answers the oldest call on its way.
    pub(crate) fn answer(&mut self, answer: Answer) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        self.answer_call(0, answer)
    }

    /// The target answers one of the calls on their way.
    pub(crate) fn answer_call(&mut self, which: usize, answer: Answer) -> bool {
        let (execution, attempt, request) = self.pending.remove(which % self.pending.len());
        let asked = request.uri.strip_suffix("/metadata/reconcile").filter(|_| self.truthful);
        let answer = match (answer, asked) {
            (Answer::Success, Some(about)) => {
                let about =
                    format!("{about} {}", step(&self.run, execution, &request).rsplit_once(' ').expect("a step").1);
                if self.effects.iter().any(|(step, _)| *step == about) { Answer::Success } else { Answer::Nothing }
            }
            _ => answer,
        };
        self.arrive(execution, &request, answer);
        let outcome = outcome(answer);
        // An attempt that was given up meanwhile is rejected as stale, which is what must happen.
        let _ = self.feed(Fact::CallEnded { execution, attempt, outcome: Box::new(outcome) });
        true
    }

    fn arrive(&mut self, execution: ExecutionId, request: &CallRequest, answer: Answer) {
        let key = request.idempotency_key.clone();
        let step = step(&self.run, execution, request);
        let known = self.keys_by_step.entry(step.clone()).or_insert_with(|| key.clone());
        // Each question is a new one.
        let asks = request.uri.ends_with("/metadata/reconcile");
        assert!(asks || *known == key, "{} was called under two keys", request.uri);
        match answer {
            Answer::Success | Answer::LostReply => self.act((step, execution), request.uri.clone(), key),
            Answer::Late => self.act_late((step, execution), request),
            _ => {}
        }
    }

    fn act(&mut self, step: (String, ExecutionId), uri: String, key: String) {
        self.effects.push(step);
        if self.keys_seen.insert(key) {
            self.acted.push(uri);
        }
    }

    fn act_late(&mut self, step: (String, ExecutionId), request: &CallRequest) {
        let at = time_after(self.now, SETTLE) - chrono::TimeDelta::milliseconds(1);
        self.late.push((at, step, request.idempotency_key.clone()));
    }

    /// What was on its way until a moment arrives.
    pub(crate) fn arrivals_until(&mut self, moment: Time) {
        self.late.sort_by_key(|(at, ..)| *at);
        while self.late.first().is_some_and(|(at, ..)| *at <= moment) {
            let (_, step, key) = self.late.remove(0);
            let uri = step.0.split_once(' ').expect("a step").0.to_owned();
            self.act(step, uri, key);
        }
    }

    /// The node dies: what is on its way may or may not have arrived; another node takes over.
    pub(crate) fn crash(&mut self, arrived: Answer) {
        for (execution, _, request) in std::mem::take(&mut self.pending) {
            self.arrive(execution, &request, arrived);
        }
        self.goes_on = false;
        if !self.run.is_closed() && self.run.seq > 0 {
            self.run = fold(self.definition, Run::new(self.run.id), &self.journal).unwrap();
            self.feed(Fact::TakenOver).unwrap();
        }
    }

    /// Lets the run continue by itself as far as it can without an answer: pure work, then the next timer.
    pub(crate) fn pass_time(&mut self) -> bool {
        if self.goes_on {
            self.goes_on = false;
            self.feed(Fact::Continue).unwrap();
            return true;
        }
        match self.run.wake_at() {
            Some(at)
                if self.pending.is_empty()
                    || self.run.open.iter().any(|e| e.deadline == Some(at))
                    || self.run.deadline == Some(at) =>
            {
                self.now = self.now.max(at);
                self.arrivals_until(self.now);
                let before = self.run.clone();
                self.feed(Fact::TimerDue).unwrap();
                assert!(
                    before.seq < self.run.seq || self.goes_on,
                    "a timer that changes nothing never ends: {before:?}"
                );
                true
            }
            _ => false,
        }
    }

    /// References at which the target acted and that are no undo.
    pub(crate) fn steps_done(&self) -> Vec<&str> {
        self.acted.iter().filter(|u| !u.contains("/metadata/")).map(String::as_str).collect()
    }

    /// References of undone steps, in the order in which they were undone.
    pub(crate) fn steps_undone(&self) -> Vec<&str> {
        self.acted.iter().filter_map(|u| u.strip_suffix("/metadata/compensate")).collect()
    }
}

/// A step of a run for the target: what is called, and for which item of a loop.
fn step(run: &Run, execution: ExecutionId, request: &CallRequest) -> String {
    let iteration = run.execution(execution).map(|e| e.coordinates.iteration.clone());
    format!("{} {:?}", request.uri, iteration.expect("a call on its way is open")).replace(", ", ",")
}

fn is_end(change: &Change) -> bool {
    matches!(change, Change::RunCompleted { .. } | Change::RunCompensated {} | Change::RunCancelled {})
}

pub(crate) fn response(status: u16) -> ResponseSummary {
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
pub(crate) fn outcome(answer: Answer) -> CallOutcome {
    let failed = |class, effect, status| {
        CallOutcome::Failed(CallFailure {
            error: WorkflowError::standard(ErrorKind::Communication, "refused", "by the test").with_status(status),
            class,
            effect,
            settles_after: SETTLE,
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
        Answer::LostReply | Answer::LostRequest | Answer::Late => {
            failed(FaultClass::Transient, TargetEffect::Unknown, 504)
        }
    }
}
