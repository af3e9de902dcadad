//! Rehearses a scenario under a schedule: a discrete-event simulation of the world around a run.
//!
//! Everything in flight is in one set, whichever step sent it: a run may have many calls in flight. The next event is
//! the earliest among answers and timers. A crash loses only what is in memory: the run continues from its journal,
//! which goes through JSON as in the database.
//!
//! When the language gains effects, [`Rehearsal::carry_out`] is the only place that defines their meaning here.

mod decide;
pub(super) mod explore;
pub(super) mod pending;
pub(super) mod relatives;
pub(super) mod schedule;
pub(super) mod send;
pub mod step;
pub(super) mod target;
mod tasks;
pub(super) mod trace;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::file::{Invariant, PlannedTask, Scenario};
use super::replay::Answers;
use super::{check, outcome};
use crate::connect::Connections;
use crate::dsl::Definition;
use crate::expr::{Evaluation, EvaluationError};
use crate::identifiers::Declared;
use crate::machine::{
    Act, Actor, Begin, Decision, Effect, Fact, Message, Record, Rejected, Run, SchemaViolation, Started, Time, fold,
    snapshot, time_after,
};
use crate::sandbox::Profile;
use pending::{OnItsWay, PendingInput};
use relatives::Relatives;
use schedule::Schedule;
use send::is_written;
use target::Targets;
use trace::{Sending, Trace};

/// Most commits of a run in a scenario.
const COMMITS_MAX: usize = 20_000;

/// Default time until an answer.
pub(super) const LATENCY: Duration = Duration::from_millis(10);

/// How long a dead node's run waits to be taken over.
const TAKEOVER: Duration = Duration::from_secs(15);

/// Evaluates expressions that may be slow.
pub type Evaluate<'e> = dyn Fn(&Evaluation) -> Result<Value, EvaluationError> + 'e;

/// What all rehearsals of a definition share.
#[derive(Clone, Copy)]
pub struct Stage<'e> {
    /// Definition under test.
    pub definition: &'e Definition,
    /// Builds calls and judges answers.
    pub connections: &'e Connections,
    /// Identifiers to normalize, as a node does on input.
    pub identifiers: &'e Arc<Declared>,
    /// Evaluates expressions that may be slow.
    pub evaluate: &'e Evaluate<'e>,
    /// Conditions that every run must satisfy.
    pub invariants: &'e [Invariant],
    /// Profile of the sandbox.
    pub profile: &'static Profile,
}

impl Stage<'_> {
    /// Runs a scenario to its end.
    #[must_use]
    pub fn rehearse(&self, scenario: &Scenario, schedule: &Schedule) -> Trace {
        let targets = Targets::new(scenario, self.definition, self.identifiers, self.profile);
        match targets {
            Ok(targets) => Rehearsal::new(*self, scenario, schedule, targets).play().0,
            Err(problem) => Trace {
                run: Run::new(scenario.run),
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

/// Why a rehearsal stops before its run ends.
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
    /// Acts to do once the run needs attention, next first.
    pub(super) on_attention: VecDeque<Act>,
    pub(super) refused_acts: Vec<String>,
    /// Events to deliver once the run waits for some, next first.
    pub(super) on_listening: VecDeque<Arc<Value>>,
    /// Answers to give once the run waits for them, next first.
    pub(super) on_asking: VecDeque<PlannedTask>,
    pub(super) relatives: Relatives,
    pub(super) goes_on: bool,
    pub(super) dies: bool,
    pub(super) commits: usize,
    pub(super) sendings: Vec<Sending>,
    pub(super) numbers: HashMap<String, u32>,
    quiet: Vec<usize>,
    broken: Vec<String>,
    /// Number of changes at targets that were checked against invariants.
    acts: usize,
}

impl<'e> Rehearsal<'e> {
    pub(super) fn new(stage: Stage<'e>, scenario: &'e Scenario, schedule: &'e Schedule, targets: Targets<'e>) -> Self {
        Self {
            stage,
            scenario,
            schedule,
            targets,
            run: Run::new(scenario.run),
            journal: Vec::new(),
            now: scenario.now,
            on_their_way: pending::planned(scenario),
            on_attention: scenario.acts.iter().filter(|p| p.after.is_none()).map(|p| p.act.clone()).collect(),
            refused_acts: Vec::new(),
            on_listening: pending::untimed_events(scenario),
            on_asking: scenario.tasks.iter().filter(|p| p.after.is_none()).cloned().collect(),
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

    pub(super) fn play(mut self) -> (Trace, Targets<'e>) {
        let (refused, problem) = match self.live() {
            Ok(()) => (None, None),
            Err(Halt::Refused(violations)) => (Some(violations), None),
            Err(Halt::Rejected(why)) => (None, Some(format!("the machine rejects a fact of the rehearsal: {why}"))),
            Err(Halt::Problem(why)) => (None, Some(why)),
        };
        let problem = problem.or_else(|| match self.late_arrivals() {
            Err(Halt::Problem(why)) => Some(why),
            _ => None,
        });
        let outcome = self.outcome(if refused.is_some() { "refused" } else { self.run.status.as_str() });
        if problem.is_none() {
            self.check(&outcome, |_| true);
        }
        let trace = Trace {
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
        };
        (trace, self.targets)
    }

    /// Delivers requests that are still in flight when the run is over.
    fn late_arrivals(&mut self) -> Result<(), Halt> {
        self.on_their_way.sort_by_key(|pending| pending.at);
        for pending in std::mem::take(&mut self.on_their_way) {
            if let PendingInput::Arrival(arrival) = pending.what {
                self.now = self.now.max(pending.at);
                self.arrives(&arrival)?;
            }
        }
        Ok(())
    }

    fn outcome(&self, status: &str) -> Value {
        outcome::of(&self.run, status, &self.sendings, &self.relatives, self.targets.memory(), self.targets.sandbox())
    }

    /// The input as a node would pass it to the run, with identifiers normalized.
    fn input(&self) -> Result<Value, Halt> {
        let mut input = self.scenario.input.clone();
        let shaped = self.stage.identifiers.shape_input(self.stage.definition.sources(), &mut input);
        shaped.map_err(|bad| Halt::Refused(vec![SchemaViolation { message: bad.why, pointer: bad.pointer }]))?;
        Ok(input)
    }

    fn live(&mut self) -> Result<(), Halt> {
        let started = Started {
            input: Arc::new(self.input()?),
            parent: None,
            event: None,
            actor: Actor("scenario".to_owned()),
            environment: None,
            begin: Begin::Now,
            hold: None,
            restarts: None,
        };
        self.feed(&Fact::Started(Box::new(started)))?;
        if self.run.queued {
            // No other run shares its key, so it is first in the queue.
            self.now = self.targets.answers().and_then(Answers::admitted).unwrap_or(self.now);
            self.take_in(Message::Turn {})?;
        }
        while !self.is_over() {
            self.next_event()?;
        }
        self.note_what_is_left();
        Ok(())
    }

    /// The run is closed, or waits for a person or an event that does not come.
    fn is_over(&self) -> bool {
        let rests = self.run.is_parked() || self.run.suspended || self.run.awaits_message();
        let nothing_comes = self.on_their_way.iter().all(|c| c.what.is_arrival())
            && self.run.wake_at().is_none()
            && !self.goes_on
            && !self.dies;
        let someone_acts = self.asks_and_is_heard() || self.waits_and_is_told() || self.next_task().is_some();
        self.run.is_closed() || (rests && nothing_comes && !someone_acts)
    }

    /// Decides, commits and carries out the effects.
    pub(super) fn feed(&mut self, fact: &Fact) -> Result<(), Halt> {
        let decision = self.decide(fact)?;
        self.commit(decision)
    }

    pub(super) fn commit(&mut self, Decision { run, records, effects }: Decision) -> Result<(), Halt> {
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

    /// Carries out an effect in the simulation.
    fn carry_out(&mut self, effect: Effect) -> Result<(), Halt> {
        match effect {
            Effect::Call { execution, attempt, request, authentication, document } if self.targets.is_recorded() => {
                self.recall((execution, attempt), &request, authentication.as_ref(), document.as_ref())
            }
            Effect::Call { execution, attempt, request, authentication, document } => {
                let authentication = authentication.as_ref();
                match document.as_ref().map(|document| self.stage.connections.concrete_offline(&request, document)) {
                    None => self.send(execution, attempt, &request, authentication),
                    Some(Ok(request)) => self.send(execution, attempt, &request, authentication),
                    Some(Err(failure)) => {
                        self.never_sent(execution, attempt, *failure);
                        Ok(())
                    }
                }
            }
            Effect::Abort { execution, attempt } => {
                self.on_their_way.retain(|pending| !pending.what.is_of(execution, attempt));
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

    /// The node dies, and another continues from the journal.
    pub(super) fn crash(&mut self) -> Result<(), Halt> {
        (self.dies, self.goes_on) = (false, false);
        self.on_their_way.retain(|pending| pending.what.survives());
        self.now = time_after(self.now, TAKEOVER);
        let read = self.journal.iter().map(read_back).collect::<Result<Vec<Record>, _>>();
        let journal = read.map_err(|why| Halt::Problem(format!("the journal cannot be read back: {why}")))?;
        let run = fold(self.stage.definition, Run::new(self.run.id), &journal)
            .map_err(|why| Halt::Problem(format!("the journal does not match the definition: {why}")))?;
        if run != self.run {
            return Err(Halt::Problem("the journal gives a different run from the one in memory".to_owned()));
        }
        // A run that continued as new is loaded from that point.
        let before = Run::before(run.id, run.base);
        let since = usize::try_from(before.seq).map_or(&[][..], |place| &journal[place..]);
        if run.base > 0 && fold(self.stage.definition, before, since).ok().as_ref() != Some(&run) {
            let why = "the journal since the run continued as new gives a different run from the whole journal";
            return Err(Halt::Problem(why.to_owned()));
        }
        let copy = snapshot::write(self.stage.definition, &run, self.now).ok();
        let copy = copy.and_then(|copy| snapshot::read(self.stage.definition, &copy));
        if copy.is_none_or(|(copy, _)| copy != run) {
            return Err(Halt::Problem("the snapshot gives a different run from the journal".to_owned()));
        }
        self.run = run;
        if self.is_over() { Ok(()) } else { self.feed(&Fact::TakenOver) }
    }
}

/// Returns a record as read back from the database.
fn read_back(record: &Record) -> Result<Record, serde_json::Error> {
    let change = serde_json::from_value(serde_json::to_value(&record.change)?)?;
    Ok(Record { change, ..record.clone() })
}
