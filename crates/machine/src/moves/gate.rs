//! What the journal offers to a replay, and whether a step of the new version may take it: a call may be made only where the journal has
//! its answer, an event may be sent only where it was sent.

use std::sync::Arc;

use serde_json::Value;

use super::replay::Replay;
use super::{path, place};
use crate::compare::same_question;
use crate::run::Keys;
use crate::{
    Beginning, CallRequest, Change, ChildRequest, Coordinates, ExecutionId, Opening, Record, Role, Run, Time, identity,
};
use stepwell_language::dsl::TaskId;

/// Something that a step of the run did, which a step of the new version may stand for.
pub(super) struct Offer {
    /// Place of the record.
    pub(super) place: usize,
    pub(super) execution: ExecutionId,
    pub(super) reference: String,
    pub(super) coordinates: Coordinates,
    role: Role,
    pub(super) what: What,
    pub(super) is_taken: bool,
}

pub(super) enum What {
    Call(Arc<CallRequest>),
    Wait(Time),
    Listen(usize),
    Child(Arc<ChildRequest>),
    Emit(Arc<Value>),
}

impl Offer {
    /// What a record offers.
    pub(super) fn of(number: usize, record: &Record) -> Option<Self> {
        let (execution, beginning, what) = match &record.change {
            Change::TaskStarted { execution, beginning, opening, .. } => {
                let what = match opening {
                    Opening::Call(request) => What::Call(Arc::clone(request)),
                    Opening::Wait(until) => What::Wait(*until),
                    Opening::Listen(listening) => What::Listen(listening.len()),
                    Opening::Child(child) => What::Child(Arc::clone(child)),
                    Opening::Tasks | Opening::Function(_) | Opening::Loop(_) => return None,
                };
                (*execution, beginning, what)
            }
            Change::TaskCompleted { execution, beginning: Some(beginning), emitted: Some(event), .. } => {
                (*execution, beginning, What::Emit(Arc::clone(event)))
            }
            _ => return None,
        };
        let reference = record.task.as_deref().unwrap_or_default().to_owned();
        let Beginning { coordinates, role, .. } = beginning.clone();
        Some(Self { place: number, execution, reference, coordinates, role, what, is_taken: false })
    }

    fn stands_at(&self, step: &Step<'_>) -> Stands {
        let is_place = place(&self.coordinates) == place(step.coordinates);
        match () {
            () if is_place && self.reference == step.reference => Stands::Exactly,
            () if is_place && path(&self.reference) == path(step.reference) => Stands::There,
            () => Stands::Elsewhere,
        }
    }

    fn call(&self) -> Option<&Arc<CallRequest>> {
        match &self.what {
            What::Call(request) => Some(request),
            _ => None,
        }
    }
}

/// Where an offer stands beside a step of the new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stands {
    Elsewhere,
    There,
    Exactly,
}

/// A step that the new version would begin.
struct Step<'s> {
    execution: ExecutionId,
    task: TaskId,
    reference: &'s str,
    coordinates: &'s Coordinates,
    role: Role,
}

/// A call that the new version would make and the journal does not hold.
pub(super) struct Near {
    pub(super) reference: String,
    pub(super) coordinates: Coordinates,
    pub(super) request: Arc<CallRequest>,
}

/// Whether a step may be done.
pub(super) enum Verdict {
    /// As it is.
    As,
    /// With what was recorded in the place of what was computed.
    Changed,
    /// Once more, with these keys.
    Again(Keys),
    /// Not now.
    Not,
}

impl Replay<'_> {
    /// Judges what a step of the new version recorded, and puts what the journal knows in its place.
    pub(super) fn judge(&mut self, before: &Run, delta: &mut [Record]) -> Verdict {
        let mut verdict = Verdict::As;
        for record in delta {
            let reference = record.task.clone();
            let judged = self.judge_record(before, reference.as_deref().unwrap_or_default(), &mut record.change);
            match judged {
                Verdict::As => {}
                Verdict::Changed => verdict = Verdict::Changed,
                other => return other,
            }
        }
        verdict
    }

    fn judge_record(&mut self, before: &Run, reference: &str, change: &mut Change) -> Verdict {
        match change {
            Change::TaskStarted { execution, beginning, opening, .. } => {
                let Some(step) = self.begun(*execution, reference, beginning) else { return Verdict::As };
                match opening {
                    Opening::Call(request) => self.judge_call(before, &step, request),
                    Opening::Wait(until) => self.judge_wait(&step, until),
                    Opening::Listen(listening) => self.judge_listen(&step, listening.len()),
                    Opening::Child(child) => self.judge_child(&step, child),
                    Opening::Tasks | Opening::Function(_) | Opening::Loop(_) => Verdict::As,
                }
            }
            Change::TaskCompleted { execution, beginning: Some(beginning), emitted: Some(event), .. } => {
                let Some(step) = self.begun(*execution, reference, beginning) else { return Verdict::As };
                self.judge_emit(before, &step, event)
            }
            Change::AttemptStarted { execution, request } => self.judge_attempt(*execution, request),
            Change::RunFaulted { .. } | Change::RunStopping { .. } | Change::CompensationStarted { .. }
                if !self.may_stop =>
            {
                Verdict::Not
            }
            _ => Verdict::As,
        }
    }

    fn begun<'s>(&self, execution: ExecutionId, reference: &'s str, beginning: &'s Beginning) -> Option<Step<'s>> {
        let role = match beginning.role {
            Role::Reconcile(of) => Role::Reconcile(self.old_of(of)?),
            role => role,
        };
        let task = *self.of.to.by_reference.get(reference)?;
        Some(Step { execution, task, reference, coordinates: &beginning.coordinates, role })
    }

    /// The offer that fits best; of those that stand alike the first. A step stands for one of another name only if neither version
    /// has both names.
    fn best(&self, step: &Step<'_>, fits: impl Fn(&Offer) -> bool) -> Option<usize> {
        let is_new = !self.names.0.contains(&path(step.reference));
        let stands = |offer: &Offer| {
            offer.stands_at(step) > Stands::Elsewhere || (is_new && !self.names.1.contains(&path(&offer.reference)))
        };
        let fitting = self.offers.iter().enumerate().filter(|(_, offer)| !offer.is_taken && offer.role == step.role);
        let fitting = fitting.filter(|(_, offer)| stands(offer) && fits(offer));
        fitting.rev().max_by_key(|(_, offer)| offer.stands_at(step)).map(|(place, _)| place)
    }

    fn take(&mut self, offer: usize, step: &Step<'_>) {
        self.offers[offer].is_taken = true;
        self.twins.insert(self.offers[offer].execution, step.execution);
    }

    fn judge_call(&mut self, before: &Run, step: &Step<'_>, request: &mut Arc<CallRequest>) -> Verdict {
        let fits = |offer: &Offer| offer.call().is_some_and(|recorded| is_same(recorded, request));
        if let Some(found) = self.best(step, fits) {
            let key = self.offers[found].call().map(|recorded| recorded.idempotency_key.clone()).unwrap_or_default();
            if key != request.idempotency_key
                && let Some(keys) = self.keys_with(before, step, found, &key)
            {
                return Verdict::Again(keys);
            }
            return self.take_call(found, step, request);
        }
        let stands = |offer: &Offer| offer.call().is_some() && offer.stands_at(step) > Stands::Elsewhere;
        if let Some(found) = self.best(step, stands) {
            // The request may differ only in the key that it holds.
            let key = self.offers[found].call().map(|recorded| recorded.idempotency_key.clone()).unwrap_or_default();
            if key != request.idempotency_key
                && let Some(keys) = self.keys_with(before, step, found, &key)
            {
                return Verdict::Again(keys);
            }
            let is_safe = self.of.to.task(step.task).metadata.safe;
            if is_safe && self.past.completes(self.offers[found].execution) {
                return self.take_call(found, step, request);
            }
        }
        let (reference, coordinates) = (step.reference.to_owned(), step.coordinates.clone());
        self.near.push(Near { reference, coordinates, request: Arc::clone(request) });
        Verdict::Not
    }

    fn take_call(&mut self, offer: usize, step: &Step<'_>, request: &mut Arc<CallRequest>) -> Verdict {
        if let Some(recorded) = self.offers[offer].call() {
            *request = Arc::clone(recorded);
        }
        self.take(offer, step);
        Verdict::Changed
    }

    /// The keys with one more, that a step had; none if it has that one already. A step that would have this key by its name gets
    /// another one: two steps must not share one.
    fn keys_with(&self, before: &Run, step: &Step<'_>, offer: usize, key: &str) -> Option<Keys> {
        let (visit, iteration) = (step.coordinates.visit, &step.coordinates.iteration);
        let of = |task: TaskId| (task, visit, iteration.clone());
        if before.keys.get(&of(step.task)).is_some_and(|known| known == key) {
            return None;
        }
        let mut keys = before.keys.insert(of(step.task), key.to_owned());
        let reference = &self.offers[offer].reference;
        let namesake = self.of.to.by_reference.get(reference).copied().filter(|task| *task != step.task);
        if let Some(task) = namesake.filter(|task| !keys.contains_key(&of(*task))) {
            let other = format!("{reference} of {}", self.of.to.workflow.version);
            let own = identity::idempotency_key(before.id, &other, step.coordinates).to_string();
            keys.insert_mut(of(task), own);
        }
        Some(keys)
    }

    fn judge_wait(&mut self, step: &Step<'_>, until: &mut Time) -> Verdict {
        let Some(found) = self.best(step, |offer| matches!(offer.what, What::Wait(_))) else { return Verdict::Not };
        self.take(found, step);
        match self.offers[found].what {
            // What was waited for is not waited for again.
            What::Wait(recorded) if self.past.completes(self.offers[found].execution) => {
                *until = recorded;
                Verdict::Changed
            }
            _ => Verdict::As,
        }
    }

    fn judge_listen(&mut self, step: &Step<'_>, filters: usize) -> Verdict {
        let fits = |offer: &Offer| {
            matches!(offer.what, What::Listen(count) if count == filters) && offer.stands_at(step) > Stands::Elsewhere
        };
        let Some(found) = self.best(step, fits) else { return Verdict::Not };
        self.take(found, step);
        Verdict::As
    }

    fn judge_child(&mut self, step: &Step<'_>, child: &mut Arc<ChildRequest>) -> Verdict {
        let recorded = |offer: &Offer| match &offer.what {
            What::Child(recorded) => Some(Arc::clone(recorded)),
            _ => None,
        };
        let Some(found) = self.best(step, |offer| recorded(offer).is_some_and(|r| is_same_child(&r, child))) else {
            return Verdict::Not;
        };
        self.take(found, step);
        if let Some(recorded) = recorded(&self.offers[found]) {
            *child = recorded;
        }
        Verdict::Changed
    }

    fn judge_emit(&mut self, before: &Run, step: &Step<'_>, event: &Arc<Value>) -> Verdict {
        let sent = |offer: &Offer| match &offer.what {
            What::Emit(sent) => Some(Arc::clone(sent)),
            _ => None,
        };
        if let Some(found) = self.best(step, |offer| sent(offer).is_some_and(|sent| is_same_event(&sent, event, true)))
        {
            self.take(found, step);
            return Verdict::As;
        }
        let found = self.best(step, |offer| sent(offer).is_some_and(|sent| is_same_event(&sent, event, false)));
        let key = found.and_then(|found| Some((found, sent(&self.offers[found])?.get("id")?.as_str()?.to_owned())));
        match key.and_then(|(found, key)| self.keys_with(before, step, found, &key)) {
            Some(keys) => Verdict::Again(keys),
            None => Verdict::Not,
        }
    }

    /// A further attempt of a call: the journal must have one too.
    fn judge_attempt(&mut self, execution: ExecutionId, request: &mut Option<Arc<CallRequest>>) -> Verdict {
        let Some(old) = self.old_of(execution) else { return Verdict::Not };
        let Some(recorded) = self.attempts.get(&old).and_then(|attempts| attempts.front()) else { return Verdict::Not };
        if let Some(made) = request
            && !is_same(recorded, made)
        {
            return Verdict::Not;
        }
        let recorded = Arc::clone(recorded);
        let known = self.decider.run.execution(execution).and_then(|e| match &e.progress {
            crate::Progress::Call(call) => Some(Arc::clone(&call.request)),
            _ => None,
        });
        if request.is_some() || known.is_some_and(|known| !is_same(&known, &recorded)) {
            *request = Some(recorded);
        }
        self.attempts.entry(old).or_default().pop_front();
        Verdict::Changed
    }
}

/// Whether a request is the recorded one, and wants its answer in the same shape.
pub(super) fn is_same(recorded: &CallRequest, made: &CallRequest) -> bool {
    same_question(recorded, made) && recorded.output == made.output
}

fn is_same_child(recorded: &ChildRequest, made: &ChildRequest) -> bool {
    let of = |child: &ChildRequest| (child.namespace.clone(), child.name.clone(), child.version.clone(), child.awaits);
    of(recorded) == of(made) && recorded.input == made.input
}

/// Whether an event is the recorded one, apart from when it was sent.
fn is_same_event(recorded: &Value, made: &Value, with_id: bool) -> bool {
    let (Some(recorded), Some(made)) = (recorded.as_object(), made.as_object()) else { return false };
    let counts = |name: &&String| *name != "time" && (with_id || *name != "id");
    let names = recorded.keys().chain(made.keys()).filter(counts);
    names.into_iter().all(|name| recorded.get(name) == made.get(name))
}
