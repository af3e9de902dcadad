//! What reaches a rehearsed run next, and in which order.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::{Halt, LATENCY, Rehearsal, tasks};
use crate::dsl::OwnAuthentication;
use crate::machine::{
    Act, Actor, Approval, CallOutcome, CallRequest, ExecutionId, Fact, Message, RewoundBy, Time, time_after,
};
use crate::scenario::file::{PlannedTask, Scenario};

/// An input that will reach the run at a given time.
pub(in crate::scenario) struct Pending {
    pub(in crate::scenario) at: Time,
    pub(in crate::scenario) what: PendingInput,
}

/// Inputs from outside. A crash loses only what its node was waiting for: answers and starts.
pub(in crate::scenario) enum PendingInput {
    /// The answer to a call.
    Answer {
        execution: ExecutionId,
        attempt: u32,
        outcome: Box<CallOutcome>,
    },
    /// A request that reaches its target after the run stopped waiting for the answer.
    Arrival(Box<Arrival>),
    /// The start of another run.
    Start(Fact),
    Act(Act),
    Event(Arc<Value>),
    Task(PlannedTask),
    Message(Message),
}

/// A request that takes long to reach its target.
pub(in crate::scenario) struct Arrival {
    /// Index of the sending.
    pub(super) sending: usize,
    pub(super) request: CallRequest,
    pub(super) authentication: Option<OwnAuthentication>,
}

impl PendingInput {
    /// Whether it is stored in the database until the run has processed it.
    pub(super) fn survives(&self) -> bool {
        !matches!(self, Self::Answer { .. } | Self::Start(_))
    }

    /// Whether it changes a target and not the run.
    pub(super) fn is_arrival(&self) -> bool {
        matches!(self, Self::Arrival(_))
    }

    /// People react to what they see, so at equal times everything else comes first.
    fn is_of_a_person(&self) -> bool {
        matches!(self, Self::Act(_) | Self::Task(_))
    }

    pub(super) fn is_of(&self, id: ExecutionId, tried: u32) -> bool {
        matches!(self, Self::Answer { execution, attempt, .. } if (*execution, *attempt) == (id, tried))
    }
}

impl Rehearsal<'_> {
    /// Whether the next event is due: the run waits for one, and nothing else is in flight.
    pub(super) fn event_is_due(&self) -> bool {
        let waits = self.relatives.is_listening() && !self.run.is_parked() && !self.run.suspended;
        waits && self.in_flight.iter().all(|c| c.what.is_arrival()) && !self.on_listening.is_empty()
    }

    pub(super) fn act_is_due(&self) -> bool {
        self.run.is_parked() && !self.on_attention.is_empty()
    }

    /// Processes the earliest among the pending inputs and the run's timers.
    pub(super) fn next_event(&mut self) -> Result<(), Halt> {
        if self.crashes_next {
            return self.crash();
        }
        if std::mem::take(&mut self.must_continue) {
            return self.feed(&Fact::Continue);
        }
        if self.event_is_due()
            && let Some(event) = self.on_listening.pop_front()
        {
            self.now = time_after(self.now, LATENCY);
            return self.deliver_event(&event);
        }
        if let Some(task) = self.take_due_decision() {
            self.now = time_after(self.now, LATENCY);
            return self.decide_task(&task);
        }
        let order = |(_, pending): &(usize, &Pending)| (pending.at, pending.what.is_of_a_person());
        let next = self.in_flight.iter().enumerate().min_by_key(order).map(|(i, c)| (i, c.at));
        let wake = self.run.wake_at();
        let wake = wake.map(|wake| self.targets.answers().map_or(wake, |answers| answers.timer(wake)));
        match (next, wake) {
            (Some((place, at)), wake) if wake.is_none_or(|wake| at <= wake) && !self.act_is_due() => {
                self.now = self.now.max(at);
                let pending = self.in_flight.remove(place).what;
                self.take(pending)
            }
            (_, Some(at)) => {
                self.now = self.now.max(at);
                self.feed(&Fact::TimerDue)
            }
            _ => match self.on_attention.pop_front().filter(|_| self.run.is_parked()) {
                Some(act) => self.act(act),
                None => {
                    Err(Halt::Problem("the run waits for something that never happens, so it never ends".to_owned()))
                }
            },
        }
    }

    fn take(&mut self, pending: PendingInput) -> Result<(), Halt> {
        match pending {
            PendingInput::Answer { execution, attempt, outcome } => {
                self.feed(&Fact::CallEnded { execution, attempt, outcome })
            }
            PendingInput::Arrival(arrival) => self.arrives(&arrival),
            PendingInput::Start(fact) => match self.feed(&fact) {
                // The run ended before its parent learned that it had started.
                Err(Halt::Rejected(_)) => Ok(()),
                taken => taken,
            },
            PendingInput::Act(act) => self.act(act),
            PendingInput::Event(event) => self.deliver_event(&event),
            PendingInput::Task(task) => self.decide_task(&task),
            PendingInput::Message(message) => self.deliver(message),
        }
    }

    /// Performs a person's act. As in the API, an act that the run does not allow changes nothing. If it requires two
    /// people, a second person approves it at once.
    fn act(&mut self, act: Act) -> Result<(), Halt> {
        let name = act.name();
        let approval = Some(Approval { by: Actor("user:second".to_owned()), reason: None, step: None });
        let actor = Actor("scenario".to_owned());
        let decided = match act {
            Act::Rewind { from } => self.decide_rewind(&from, &RewoundBy { actor, reason: None, approval }),
            act => self.decide(&Fact::Operator { act, actor, reason: None, approval }),
        };
        match decided {
            Ok(decision) => self.commit(decision),
            Err(Halt::Rejected(why)) => {
                self.refused_acts.push(format!("{name}: {why}"));
                Ok(())
            }
            Err(halt) => Err(halt),
        }
    }
}

impl Rehearsal<'_> {
    /// Records planned acts and answers that never took place.
    pub(super) fn record_unused_plans(&mut self) {
        for pending in std::mem::take(&mut self.in_flight) {
            match pending.what {
                PendingInput::Act(act) => self.on_attention.push_back(act),
                PendingInput::Task(task) => self.planned_decisions.push_back(task),
                _ => {}
            }
        }
        for act in std::mem::take(&mut self.on_attention) {
            self.refused_acts.push(format!("{}: the run had ended, or never needed attention", act.name()));
        }
        for task in std::mem::take(&mut self.planned_decisions) {
            self.refused_acts.push(format!("{}: the run had ended, or never asked", tasks::named(&task)));
        }
    }
}

/// Inputs with a planned time.
pub(super) fn planned(scenario: &Scenario) -> Vec<Pending> {
    let acts = scenario.acts.iter().filter_map(|p| Some((p.after?, PendingInput::Act(p.act.clone()))));
    let events = scenario.events.iter().filter_map(|p| Some((p.after?, PendingInput::Event(Arc::clone(&p.event)))));
    let tasks = scenario.tasks.iter().filter_map(|p| Some((p.after?, PendingInput::Task(p.clone()))));
    acts.chain(events).chain(tasks).map(|(after, what)| Pending { at: time_after(scenario.now, after), what }).collect()
}

/// Events to deliver once the run waits for some.
pub(super) fn untimed_events(scenario: &Scenario) -> VecDeque<Arc<Value>> {
    scenario.events.iter().filter(|p| p.after.is_none()).map(|p| Arc::clone(&p.event)).collect()
}
