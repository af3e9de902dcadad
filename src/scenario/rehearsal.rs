//! Plays one scenario under one schedule: the world around a run, as a simulation of discrete events.
//!
//! What is on its way is a set, whichever step sent it: a run may have many calls under way at once. The next event is the
//! earliest of all answers and timers. A crash loses what is in memory and nothing else: the run goes on from its journal,
//! which went through JSON as it does in the database.
//!
//! Where the language grows, effects grow: [`Rehearsal::carry_out`] is the one place that says what each of them means here.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::file::{Invariant, Scenario};
use super::relatives::Relatives;
use super::schedule::Schedule;
use super::target::Targets;
use super::trace::{Sending, Trace};
use super::{check, outcome};
use crate::connect::Connections;
use crate::dsl::Definition;
use crate::expr::{Evaluation, EvaluationError};
use crate::machine::{
    Act, Actor, Begin, CallOutcome, Decision, Effect, ExecutionId, Fact, Message, NoDecision, Record, Rejected, Run,
    RunId, SchemaViolation, Started, Time, decide, fold, time_after,
};

/// No run of a scenario takes more commits.
const COMMITS_MAX: usize = 20_000;

/// How long an answer takes where nobody says anything else.
pub(super) const LATENCY: Duration = Duration::from_millis(10);

/// How long a run of a dead node waits for another one.
const TAKEOVER: Duration = Duration::from_secs(15);

/// Every run of a scenario has this id: keys and delays come from it.
const RUN: u128 = 0x0199_5a00_0000_7000_8000_0000_0000_0001;

/// Evaluates what may run for long.
pub type Evaluate<'e> = dyn Fn(&Evaluation) -> Result<Value, EvaluationError> + 'e;

/// Everything that rehearsals of one definition have in common.
#[derive(Clone, Copy)]
pub struct Stage<'e> {
    /// What is rehearsed.
    pub definition: &'e Definition,
    /// How its calls are built and their answers judged.
    pub connections: &'e Connections,
    /// Where expressions go that may run for long.
    pub evaluate: &'e Evaluate<'e>,
    /// What must hold however it goes.
    pub invariants: &'e [Invariant],
}

impl Stage<'_> {
    /// Plays a scenario to its end.
    #[must_use]
    pub fn rehearse(&self, scenario: &Scenario, schedule: &Schedule) -> Trace {
        let targets = Targets::new(scenario);
        match targets {
            Ok(targets) => Rehearsal::new(*self, scenario, schedule, targets).play(),
            Err(problem) => Trace {
                run: Run::new(RunId::from_u128(RUN)),
                journal: Vec::new(),
                sendings: Vec::new(),
                quiet: Vec::new(),
                refused: None,
                refused_acts: Vec::new(),
                problem: Some(problem),
                broken: Vec::new(),
                outcome: Value::Null,
                began: scenario.now,
                ended: scenario.now,
            },
        }
    }
}

/// What will reach the run, and when.
pub(super) struct OnItsWay {
    pub(super) at: Time,
    pub(super) what: Coming,
}

/// What can reach a run from outside. A crash takes the answers that its node waits for, and nothing else.
pub(super) enum Coming {
    /// To a call.
    Answer {
        execution: ExecutionId,
        attempt: u32,
        outcome: Box<CallOutcome>,
    },
    /// The start of another run.
    Start(Fact),
    Act(Act),
    Event(Arc<Value>),
    Message(Message),
}

impl Coming {
    /// Whether it stands in the database until the run has taken it in.
    fn survives(&self) -> bool {
        !matches!(self, Self::Answer { .. } | Self::Start(_))
    }

    fn is_of(&self, id: ExecutionId, tried: u32) -> bool {
        matches!(self, Self::Answer { execution, attempt, .. } if (*execution, *attempt) == (id, tried))
    }
}

/// Why a rehearsal ends before its run does.
pub(super) enum Halt {
    Refused(Vec<SchemaViolation>),
    Rejected(Rejected),
    Problem(String),
}

pub(super) struct Rehearsal<'e> {
    pub(super) stage: Stage<'e>,
    pub(super) scenario: &'e Scenario,
    pub(super) schedule: &'e Schedule,
    pub(super) targets: Targets<'e>,
    pub(super) run: Run,
    journal: Vec<Record>,
    pub(super) now: Time,
    pub(super) on_their_way: Vec<OnItsWay>,
    /// What people do once the run asks for one, next first.
    on_attention: VecDeque<Act>,
    refused_acts: Vec<String>,
    /// Events that come once the run waits for some, next first.
    on_listening: VecDeque<Arc<Value>>,
    pub(super) relatives: Relatives,
    goes_on: bool,
    pub(super) dies: bool,
    pub(super) commits: usize,
    pub(super) sendings: Vec<Sending>,
    pub(super) numbers: HashMap<String, u32>,
    quiet: Vec<usize>,
    broken: Vec<String>,
    /// Changes at targets that were looked at.
    acts: usize,
}

impl<'e> Rehearsal<'e> {
    fn new(stage: Stage<'e>, scenario: &'e Scenario, schedule: &'e Schedule, targets: Targets<'e>) -> Self {
        Self {
            stage,
            scenario,
            schedule,
            targets,
            run: Run::new(RunId::from_u128(RUN)),
            journal: Vec::new(),
            now: scenario.now,
            on_their_way: planned(scenario),
            on_attention: scenario.acts.iter().filter(|p| p.after.is_none()).map(|p| p.act.clone()).collect(),
            refused_acts: Vec::new(),
            on_listening: untimed_events(scenario),
            relatives: Relatives::default(),
            goes_on: false,
            dies: false,
            commits: 0,
            sendings: Vec::new(),
            numbers: HashMap::new(),
            quiet: Vec::new(),
            broken: Vec::new(),
            acts: 0,
        }
    }

    fn play(mut self) -> Trace {
        let (refused, problem) = match self.live() {
            Ok(()) => (None, None),
            Err(Halt::Refused(violations)) => (Some(violations), None),
            Err(Halt::Rejected(why)) => (None, Some(format!("the machine rejects a fact of the rehearsal: {why}"))),
            Err(Halt::Problem(why)) => (None, Some(why)),
        };
        let outcome = self.outcome(if refused.is_some() { "refused" } else { self.run.status.as_str() });
        if problem.is_none() {
            self.check(&outcome, |_| true);
        }
        Trace {
            run: self.run,
            journal: self.journal,
            sendings: self.sendings,
            quiet: self.quiet,
            refused,
            refused_acts: self.refused_acts,
            problem,
            broken: self.broken,
            outcome,
            began: self.scenario.now,
            ended: self.now,
        }
    }

    fn outcome(&self, status: &str) -> Value {
        outcome::of(&self.run, status, &self.sendings, &self.relatives, self.targets.sandbox())
    }

    fn live(&mut self) -> Result<(), Halt> {
        let input = Arc::new(self.scenario.input.clone());
        let started =
            Started { input, parent: None, event: None, actor: Actor("scenario".to_owned()), begin: Begin::Now };
        self.feed(&Fact::Started(Box::new(started)))?;
        while !self.is_over() {
            self.next_event()?;
        }
        let left = self.on_their_way.drain(..).filter_map(|coming| match coming.what {
            Coming::Act(act) => Some(act),
            _ => None,
        });
        for act in left.chain(self.on_attention.drain(..)) {
            self.refused_acts.push(format!("{}: the run had ended, or never asked for a person", act.name()));
        }
        Ok(())
    }

    /// Closed, or waiting for a person or for an event that does not come: nothing happens any more.
    fn is_over(&self) -> bool {
        let rests = self.run.is_parked() || self.run.suspended || self.run.awaits_message();
        let nothing_comes = self.on_their_way.is_empty() && self.run.wake_at().is_none() && !self.goes_on && !self.dies;
        self.run.is_closed() || (rests && nothing_comes && !self.asks_and_is_heard() && !self.waits_and_is_told())
    }

    /// An event comes as soon as the run waits for one and nothing is under way.
    fn waits_and_is_told(&self) -> bool {
        let waits = self.relatives.is_listening() && !self.run.is_parked() && !self.run.suspended;
        waits && self.on_their_way.is_empty() && !self.on_listening.is_empty()
    }

    fn asks_and_is_heard(&self) -> bool {
        self.run.is_parked() && !self.on_attention.is_empty()
    }

    fn next_event(&mut self) -> Result<(), Halt> {
        if self.dies {
            return self.crash();
        }
        if std::mem::take(&mut self.goes_on) {
            return self.feed(&Fact::Continue);
        }
        if self.waits_and_is_told()
            && let Some(event) = self.on_listening.pop_front()
        {
            self.now = time_after(self.now, LATENCY);
            return self.event_comes(&event);
        }
        let next = self.on_their_way.iter().enumerate().min_by_key(|(_, coming)| coming.at).map(|(i, c)| (i, c.at));
        match (next, self.run.wake_at()) {
            (Some((place, at)), wake) if wake.is_none_or(|wake| at <= wake) && !self.asks_and_is_heard() => {
                self.now = self.now.max(at);
                let coming = self.on_their_way.remove(place).what;
                self.take(coming)
            }
            (_, Some(at)) => {
                self.now = self.now.max(at);
                self.feed(&Fact::TimerDue)
            }
            _ => match self.on_attention.pop_front().filter(|_| self.run.is_parked()) {
                Some(act) => self.act(act),
                None => Err(Halt::Problem(
                    "the run waits for something that no scenario can bring; it never ends".to_owned(),
                )),
            },
        }
    }

    fn take(&mut self, coming: Coming) -> Result<(), Halt> {
        match coming {
            Coming::Answer { execution, attempt, outcome } => {
                self.feed(&Fact::CallEnded { execution, attempt, outcome })
            }
            Coming::Start(fact) => match self.feed(&fact) {
                // It ended before its parent learned that it had begun.
                Err(Halt::Rejected(_)) => Ok(()),
                taken => taken,
            },
            Coming::Act(act) => self.act(act),
            Coming::Event(event) => self.event_comes(&event),
            Coming::Message(message) => self.take_in(message),
        }
    }

    /// A person acts; what does not fit the run changes nothing, as at the API.
    fn act(&mut self, act: Act) -> Result<(), Halt> {
        let name = act.name();
        let fact = Fact::Operator { act, actor: Actor("scenario".to_owned()), reason: None };
        match self.decide(&fact) {
            Ok(decision) => self.commit(decision),
            Err(Halt::Rejected(why)) => {
                self.refused_acts.push(format!("{name}: {why}"));
                Ok(())
            }
            Err(halt) => Err(halt),
        }
    }

    /// Decides, commits, and carries out what follows.
    pub(super) fn feed(&mut self, fact: &Fact) -> Result<(), Halt> {
        let decision = self.decide(fact)?;
        self.commit(decision)
    }

    fn commit(&mut self, Decision { run, records, effects }: Decision) -> Result<(), Halt> {
        self.commits += 1;
        if self.commits > COMMITS_MAX {
            return Err(Halt::Problem(format!("the run did not end within {COMMITS_MAX} commits")));
        }
        self.journal.extend(records);
        self.run = run;
        let (written, left): (Vec<Effect>, Vec<Effect>) = effects.into_iter().partition(is_written);
        for effect in written {
            self.carry_out(effect)?;
        }
        for effect in left {
            // A node that dies carries out nothing more.
            if !self.dies {
                self.carry_out(effect)?;
            }
        }
        self.after_commit();
        Ok(())
    }

    fn decide(&self, fact: &Fact) -> Result<Decision, Halt> {
        let mut answers = Vec::new();
        loop {
            match decide(self.stage.definition, &self.run, fact.clone(), &answers, self.now) {
                Ok(decision) => return Ok(decision),
                Err(NoDecision::Evaluate(asked)) => answers.push((self.stage.evaluate)(&asked)),
                Err(NoDecision::Rejected(Rejected::InputRefused(violations))) => return Err(Halt::Refused(violations)),
                Err(NoDecision::Rejected(rejected)) => return Err(Halt::Rejected(rejected)),
            }
        }
    }

    /// What each effect means in a rehearsal.
    fn carry_out(&mut self, effect: Effect) -> Result<(), Halt> {
        match effect {
            Effect::Call { execution, attempt, request, authentication } => {
                self.send(execution, attempt, &request, authentication.as_ref())
            }
            Effect::Abort { execution, attempt } => {
                self.on_their_way.retain(|coming| !coming.what.is_of(execution, attempt));
                Ok(())
            }
            Effect::StartChild { execution, request } => self.start_child(execution, &request),
            Effect::Listen { execution, listening } => {
                self.listen(execution, listening);
                Ok(())
            }
            Effect::Unlisten { execution } => {
                self.unlisten(execution);
                Ok(())
            }
            Effect::Emit { event } => {
                self.emit(event);
                Ok(())
            }
            Effect::Tell { run, message } => {
                self.tell(run, &message);
                Ok(())
            }
            Effect::Continue => {
                self.goes_on = true;
                Ok(())
            }
        }
    }

    fn after_commit(&mut self) {
        let sent = self.sendings.last().is_some_and(|sending| sending.commit == self.commits);
        if !sent && !self.is_over() {
            self.quiet.push(self.commits);
        }
        self.dies |= self.schedule.crashes_after(self.commits);
        let acts = self.sendings.iter().filter(|sending| sending.acted).count();
        if acts > self.acts && self.stage.invariants.iter().any(|invariant| invariant.always) {
            self.acts = acts;
            let outcome = self.outcome(self.run.status.as_str());
            self.check(&outcome, |invariant| invariant.always);
        }
    }

    fn check(&mut self, outcome: &Value, wanted: impl Fn(&Invariant) -> bool) {
        for invariant in self.stage.invariants.iter().filter(|invariant| wanted(invariant)) {
            if let Err(why) = check::holds(&invariant.holds, outcome) {
                let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
                let said = format!("invariant {:?} does not hold{why}", invariant.name);
                if !self.broken.contains(&said) {
                    self.broken.push(said);
                }
            }
        }
    }

    /// The node dies; another one goes on with what the journal says.
    fn crash(&mut self) -> Result<(), Halt> {
        (self.dies, self.goes_on) = (false, false);
        self.on_their_way.retain(|coming| coming.what.survives());
        self.now = time_after(self.now, TAKEOVER);
        let read = self.journal.iter().map(read_back).collect::<Result<Vec<Record>, _>>();
        let journal = read.map_err(|why| Halt::Problem(format!("the journal cannot be read back: {why}")))?;
        let run = fold(self.stage.definition, Run::new(self.run.id), &journal)
            .map_err(|why| Halt::Problem(format!("the journal does not fit the definition: {why}")))?;
        if run != self.run {
            return Err(Halt::Problem("the journal makes another run than the one that was in memory".to_owned()));
        }
        self.run = run;
        if self.is_over() { Ok(()) } else { self.feed(&Fact::TakenOver) }
    }
}

/// Whether an effect is written in the transaction of its decision, and so survives a crash right after it.
fn is_written(effect: &Effect) -> bool {
    match effect {
        Effect::Listen { .. } | Effect::Unlisten { .. } | Effect::Emit { .. } | Effect::Tell { .. } => true,
        Effect::Call { .. } | Effect::Abort { .. } | Effect::StartChild { .. } | Effect::Continue => false,
    }
}

/// What comes at times of its own.
fn planned(scenario: &Scenario) -> Vec<OnItsWay> {
    let acts = scenario.acts.iter().filter_map(|p| Some((p.after?, Coming::Act(p.act.clone()))));
    let events = scenario.events.iter().filter_map(|p| Some((p.after?, Coming::Event(Arc::clone(&p.event)))));
    acts.chain(events).map(|(after, what)| OnItsWay { at: time_after(scenario.now, after), what }).collect()
}

fn untimed_events(scenario: &Scenario) -> VecDeque<Arc<Value>> {
    scenario.events.iter().filter(|p| p.after.is_none()).map(|p| Arc::clone(&p.event)).collect()
}

/// A record as the database gives it back.
fn read_back(record: &Record) -> Result<Record, serde_json::Error> {
    let change = serde_json::from_value(serde_json::to_value(&record.change)?)?;
    Ok(Record { change, ..record.clone() })
}
