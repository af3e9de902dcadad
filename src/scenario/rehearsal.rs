//! Plays one scenario under one schedule: the world around a run, as a simulation of discrete events.
//!
//! What is on its way is a set, whichever step sent it: a run may have many calls under way at once. The next event is the
//! earliest of all answers and timers. A crash loses what is in memory and nothing else: the run goes on from its journal,
//! which went through JSON as it does in the database.
//!
//! Where the language grows, effects grow: [`Rehearsal::carry_out`] is the one place that says what each of them means here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::file::{Invariant, Scenario};
use super::schedule::{Fault, Schedule};
use super::target::{Reaction, Targets};
use super::trace::{Sending, Trace};
use super::{check, outcome, step};
use crate::connect::{Connections, Offline};
use crate::dsl::{Authentication, Definition};
use crate::expr::{Evaluation, EvaluationError};
use crate::machine::{
    Actor, Begin, CallOutcome, CallRequest, Decision, Effect, ExecutionId, Fact, NoDecision, Record, Rejected, Run,
    RunId, SchemaViolation, Started, Time, decide, fold, time_after,
};

/// No run of a scenario takes more commits.
const COMMITS_MAX: usize = 20_000;

/// How long an answer takes where nobody says anything else.
const LATENCY: Duration = Duration::from_millis(10);

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
                problem: Some(problem),
                broken: Vec::new(),
                outcome: Value::Null,
                began: scenario.now,
                ended: scenario.now,
            },
        }
    }
}

/// An answer on its way.
struct OnItsWay {
    execution: ExecutionId,
    attempt: u32,
    at: Time,
    outcome: CallOutcome,
}

/// Why a rehearsal ends before its run does.
enum Halt {
    Refused(Vec<SchemaViolation>),
    Problem(String),
}

struct Rehearsal<'e> {
    stage: Stage<'e>,
    scenario: &'e Scenario,
    schedule: &'e Schedule,
    targets: Targets<'e>,
    run: Run,
    journal: Vec<Record>,
    now: Time,
    on_their_way: Vec<OnItsWay>,
    goes_on: bool,
    dies: bool,
    commits: usize,
    sendings: Vec<Sending>,
    numbers: HashMap<String, u32>,
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
            on_their_way: Vec::new(),
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
            Err(Halt::Problem(why)) => (None, Some(why)),
        };
        let status = if refused.is_some() { "refused" } else { self.run.status.as_str() };
        let outcome = outcome::of(&self.run, status, &self.sendings, self.targets.sandbox());
        if problem.is_none() {
            self.check(&outcome, |_| true);
        }
        Trace {
            run: self.run,
            journal: self.journal,
            sendings: self.sendings,
            quiet: self.quiet,
            refused,
            problem,
            broken: self.broken,
            outcome,
            began: self.scenario.now,
            ended: self.now,
        }
    }

    fn live(&mut self) -> Result<(), Halt> {
        let input = Arc::new(self.scenario.input.clone());
        let started = Started { input, event: None, actor: Actor("scenario".to_owned()), begin: Begin::Now };
        self.feed(&Fact::Started(Box::new(started)))?;
        while !self.is_over() {
            self.next_event()?;
        }
        Ok(())
    }

    /// Closed, or waiting for a person: nothing happens by itself any more.
    fn is_over(&self) -> bool {
        self.run.is_closed() || (self.run.is_parked() && self.on_their_way.is_empty() && !self.dies)
    }

    fn next_event(&mut self) -> Result<(), Halt> {
        if self.dies {
            return self.crash();
        }
        if std::mem::take(&mut self.goes_on) {
            return self.feed(&Fact::Continue);
        }
        let answer = self.on_their_way.iter().enumerate().min_by_key(|(_, answer)| answer.at).map(|(at, a)| (at, a.at));
        match (answer, self.run.wake_at()) {
            (Some((place, at)), wake) if wake.is_none_or(|wake| at <= wake) => {
                let OnItsWay { execution, attempt, outcome, .. } = self.on_their_way.remove(place);
                self.now = self.now.max(at);
                self.feed(&Fact::CallEnded { execution, attempt, outcome: Box::new(outcome) })
            }
            (_, Some(at)) => {
                self.now = self.now.max(at);
                self.feed(&Fact::TimerDue)
            }
            _ => Err(Halt::Problem("the run waits for something that no scenario can bring; it never ends".to_owned())),
        }
    }

    /// Decides, commits, and carries out what follows.
    fn feed(&mut self, fact: &Fact) -> Result<(), Halt> {
        let Decision { run, records, effects } = self.decide(fact)?;
        self.commits += 1;
        if self.commits > COMMITS_MAX {
            return Err(Halt::Problem(format!("the run did not end within {COMMITS_MAX} commits")));
        }
        self.journal.extend(records);
        self.run = run;
        for effect in effects {
            self.carry_out(effect)?;
            if self.dies {
                break;
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
                Err(NoDecision::Rejected(rejected)) => {
                    return Err(Halt::Problem(format!("the machine rejects a fact of the rehearsal: {rejected}")));
                }
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
                self.on_their_way.retain(|answer| (answer.execution, answer.attempt) != (execution, attempt));
                Ok(())
            }
            Effect::Continue => {
                self.goes_on = true;
                Ok(())
            }
        }
    }

    fn send(
        &mut self,
        execution: ExecutionId,
        attempt: u32,
        request: &CallRequest,
        authentication: Option<&Authentication>,
    ) -> Result<(), Halt> {
        let connections = self.stage.connections;
        let offline = match connections.offline(request, authentication) {
            Ok(offline) => offline,
            // Such a call never leaves a node.
            Err(failure) => {
                let outcome = CallOutcome::Failed(*failure);
                self.on_their_way.push(OnItsWay { execution, attempt, at: self.now, outcome });
                return Ok(());
            }
        };
        let mut sending = self.sending(execution, request);
        let reaction = self.react(&sending, request, &offline)?;
        if let Some(reaction) = &reaction {
            (sending.status, sending.acted) = (reaction.status, reaction.acted);
        }
        match (sending.fault, reaction) {
            (Some(Fault::CrashBefore | Fault::CrashAfter), _) | (_, None) => self.dies = true,
            (_, Some(reaction)) => {
                let at = time_after(self.now, LATENCY.max(reaction.after));
                self.on_their_way.push(OnItsWay { execution, attempt, at, outcome: reaction.outcome });
            }
        }
        self.sendings.push(sending);
        Ok(())
    }

    fn sending(&mut self, execution: ExecutionId, request: &CallRequest) -> Sending {
        let definition = self.stage.definition;
        let task = self.run.execution(execution).map(|execution| definition.task(execution.task));
        let step = task.map(|task| step::name(definition, &task.reference)).unwrap_or_default();
        let number = self.numbers.entry(step.clone()).or_default();
        *number += 1;
        Sending {
            fault: self.schedule.at(&step, *number),
            number: *number,
            step,
            method: request.method.clone(),
            uri: request.uri.clone(),
            body: request.body.clone(),
            idempotency_key: request.idempotency_key.clone(),
            commit: self.commits,
            status: None,
            acted: false,
        }
    }

    /// What becomes of a sending; none where the node dies before it.
    fn react(
        &mut self,
        sending: &Sending,
        request: &CallRequest,
        offline: &Offline<'_>,
    ) -> Result<Option<Reaction>, Halt> {
        let refused = |status: http::StatusCode| {
            let mut response = http::Response::new(bytes::Bytes::new());
            *response.status_mut() = status;
            let outcome = offline.answered(response, LATENCY);
            Some(Reaction { outcome, after: LATENCY, status: Some(status.as_u16()), acted: false })
        };
        match sending.fault {
            Some(Fault::CrashBefore) => return Ok(None),
            Some(Fault::Transient | Fault::Outage) => return Ok(refused(http::StatusCode::SERVICE_UNAVAILABLE)),
            Some(Fault::Permanent) => return Ok(refused(http::StatusCode::BAD_REQUEST)),
            Some(Fault::CrashAfter | Fault::LostReply) | None => {}
        }
        let reaction = self.targets.react(&sending.step, request, offline, self.now).map_err(Halt::Problem)?;
        if sending.fault == Some(Fault::LostReply) {
            return Ok(Some(Reaction { outcome: offline.lost(), ..reaction }));
        }
        Ok(Some(reaction))
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
            let status = self.run.status.as_str();
            let outcome = outcome::of(&self.run, status, &self.sendings, self.targets.sandbox());
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
        self.on_their_way.clear();
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

/// A record as the database gives it back.
fn read_back(record: &Record) -> Result<Record, serde_json::Error> {
    let change = serde_json::from_value(serde_json::to_value(&record.change)?)?;
    Ok(Record { change, ..record.clone() })
}
