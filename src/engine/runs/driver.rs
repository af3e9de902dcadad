//! Drives one run while it is in memory: facts in, decision, commit, effects out, until it waits long or ends.
//!
//! Everything about a run happens in its one task, one thing after the other. The task owns the run's calls: when it ends,
//! because the run waits, is lost to another node or the node stops, they are aborted with it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use futures::{FutureExt, TryFutureExt};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::batch::{Advance, AdvanceOutcome, SnapshotChange};
use super::calls::Calls;
use super::consequences::{Nudge, consequences};
use super::mailbox::Mailbox;
use super::progress::Progress;
use super::snapshots::Snapshots;
use crate::connect::carrying;
use crate::engine::catalog::Loaded;
use crate::engine::events::incoming::clean_act;
use crate::engine::node::Node;
use crate::engine::node::loops::Look;
use crate::engine::{Inner, RunChange};
use crate::machine::{
    self, Act, Actor, Answers, Approval, Around, CallOutcome, CallRequest, Cause, Decision, Effect, Fact, Message,
    MovedBy, NoDecision, Parent, Record, Rejected, Run, Time,
};
use crate::store::nodes::formats::{CONTINUED, Format, ONE_RECORD};
use crate::store::runs::commands::OpenCommand;
use crate::store::runs::commit::{RunState, Transition};
use crate::store::runs::journal::{self, Hash, NewRow};
use crate::telemetry;

/// A run in memory.
pub(in crate::engine) struct Driven {
    pub(super) run: Run,
    pub(super) loaded: Loaded,
    pub(super) fence: i64,
    pub(super) head: Hash,
    /// Time of the last record: the journal's times never run backwards.
    pub(super) last_at: Time,
    /// Of its journal: about what it holds in memory.
    pub(super) bytes: usize,
    /// The copy that waking it begins with.
    pub(super) snapshots: Snapshots,
}

/// How driving begins.
pub(in crate::engine) enum First {
    /// The run was just committed with these effects still to carry out.
    Effects(Vec<Effect>),
    /// The run was claimed.
    Fact(Fact),
}

/// What a run waits for.
enum Event {
    /// The node's lease is over.
    Fenced,
    /// A call ended, or the run was taken over.
    Fact(Box<Fact>),
    /// An operator's command.
    Command(Box<OpenCommand>),
    /// The machine wants to be asked again at once.
    GoesOn,
    /// A timer.
    Due,
    /// The process goes down and nothing is in flight.
    Draining,
    /// It has stayed long enough.
    Leaves,
}

struct Driver {
    inner: Arc<Inner>,
    node: Arc<Node>,
    driven: Driven,
    calls: Calls,
    mailbox: Arc<Mailbox>,
    goes_on: bool,
    /// A timer came due and the machine had nothing to do: when to ask again, and how long to wait the next time.
    idle: Option<(Instant, Duration)>,
    /// Until when it stays in memory while it only waits for a message: reading it again would cost more.
    leaves_at: Option<Instant>,
}

/// A run with so many records stays in memory for a while where it waits to be told something: a parent of thousands of children is
/// not read again for each of them.
const LONG: u32 = 500;

/// How long it stays after it was told something.
const LONG_STAYS: Duration = Duration::from_secs(5);

/// A timer that is due and changes nothing is a mistake of ours; it may not keep a core busy. First and longest pause.
const IDLE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// Whether the run stays in memory after a step.
#[derive(PartialEq, Eq)]
enum Stay {
    Here,
    Gone,
}

/// Drives a run to its end, its next long wait, or the loss of it.
///
/// No `async fn`: that would keep its arguments beside what it makes of them, for each of thousands of runs.
pub(in crate::engine) fn drive(
    inner: Arc<Inner>,
    node: Arc<Node>,
    driven: Driven,
    first: First,
    mailbox: Arc<Mailbox>,
) -> impl Future<Output = ()> + Send {
    node.holds(&mailbox, driven.bytes);
    let mut driver =
        Driver { inner, node, driven, calls: Calls::default(), mailbox, goes_on: false, idle: None, leaves_at: None };
    let fact = match first {
        First::Effects(effects) => {
            driver.carry_out(effects);
            None
        }
        First::Fact(fact) => Some(Box::new(fact)),
    };
    async move {
        let mut first = fact.map(Event::Fact);
        let mut stay = Stay::Here;
        // What people asked for while nobody had the run counts before anything that is due: a cancel must not come after the call
        // that it was to prevent. Only calls that were under way are looked at before.
        let mut asked = matches!(&first, Some(Event::Fact(fact)) if matches!(**fact, Fact::TakenOver))
            && !driver.driven.run.has_call_in_flight();
        while stay == Stay::Here {
            let step = async {
                let event = match asked.then(|| driver.mailbox.try_take()).flatten() {
                    Some(command) => Event::Command(Box::new(command)),
                    None => {
                        asked = false;
                        // A call that is under way here is no call of the node before.
                        match first.take().filter(|_| driver.calls.is_empty()) {
                            Some(event) => event,
                            None => driver.next().await,
                        }
                    }
                };
                // On the heap only while something happens: thousands of runs wait most of their time, and that must be cheap.
                Box::pin(driver.deal_with(event)).await
            };
            stay = match unless_it_panics(step).await {
                Ok(stay) => stay,
                // A mistake of ours, which this run brings out: it is parked, and all others continue.
                Err(message) => Box::pin(driver.poison(format!("internal error: {message}"))).await,
            };
        }
        driver.node.forget(driver.driven.run.id);
        // What arrived while it left is for the next driver, which should take it at once.
        if !driver.mailbox.is_empty() {
            driver.node.wakes.wake(Look::Commands);
        }
    }
}

impl Driver {
    /// Waits for whatever happens next.
    async fn next(&mut self) -> Event {
        let busy = !self.calls.is_empty();
        let goes_on = self.goes_on;
        let wake = self.until_wake();
        let leave = self.leaves_at.map(|at| at.saturating_duration_since(Instant::now()));
        tokio::select! {
            biased;
            () = self.node.fenced.cancelled() => Event::Fenced,
            fact = self.calls.ended(), if busy => Event::Fact(Box::new(fact)),
            command = self.mailbox.take() => Event::Command(Box::new(command)),
            () = std::future::ready(()), if goes_on => Event::GoesOn,
            () = sleep(wake) => Event::Due,
            () = self.node.draining.cancelled(), if !busy => Event::Draining,
            () = sleep(leave) => Event::Leaves,
        }
    }

    async fn deal_with(&mut self, event: Event) -> Stay {
        match event {
            Event::Fenced => Stay::Gone,
            Event::Fact(fact) => self.take_in(*fact, None).await,
            Event::Command(command) => self.obey(*command).await,
            Event::GoesOn => {
                self.goes_on = false;
                self.take_in(Fact::Continue, None).await
            }
            Event::Due => self.take_in(Fact::TimerDue, None).await,
            Event::Draining | Event::Leaves => self.release().await,
        }
    }

    fn until_wake(&self) -> Option<Duration> {
        let at = self.driven.run.wake_at()?;
        let wake = (at - self.inner.clock.now()).to_std().unwrap_or_default();
        let rest = self.idle.map(|(again, _)| again.saturating_duration_since(Instant::now()));
        Some(wake.max(rest.unwrap_or_default()))
    }

    /// Asks again later, and later each time.
    fn idles(&mut self) {
        let pause = self.idle.map_or(IDLE.0, |(_, pause)| pause);
        if pause == IDLE.1 {
            warn!(run.id = %self.driven.run.id, "a due timer of the run changes nothing");
        }
        self.idle = Some((Instant::now() + pause, (pause * 2).min(IDLE.1)));
    }

    fn now(&self) -> Time {
        self.inner.clock.now().max(self.driven.last_at)
    }

    async fn take_in(&mut self, fact: Fact, command: Option<Uuid>) -> Stay {
        let gets_on = Progress::by(&fact);
        let decided = self.inner.decide(&self.driven.loaded, &self.driven.run, fact, self.now()).await;
        match decided {
            Ok(decision) => self.commit(decision, command.map(|id| (id, None)), gets_on).await,
            Err(rejected) => self.rejected(rejected, command).await,
        }
    }

    async fn rejected(&mut self, rejected: Rejected, command: Option<Uuid>) -> Stay {
        match command {
            Some(id) => self.inner.committer.answer(id, Some(rejected.to_string())).await,
            None => info!(run.id = %self.driven.run.id, %rejected, "a late fact was discarded"),
        }
        self.mailbox.vacate();
        self.settle().await
    }

    async fn obey(&mut self, command: OpenCommand) -> Stay {
        if let Ok(message) = serde_json::from_str::<Message>(&command.act) {
            return self.take_in(Fact::Message { message, actor: Actor(command.actor) }, Some(command.id)).await;
        }
        let approval = command.approval.as_deref().map(serde_json::from_str::<Approval>).transpose();
        match serde_json::from_str::<Act>(&command.act).and_then(|act| Ok((act, approval?))) {
            Ok((act, approval)) => {
                // Once more: a command line may have recorded it that knows fewer secrets than this node.
                let redactor = self.inner.redactor();
                let clean = |reason: Option<String>| reason.map(|reason| redactor.text(reason));
                let approval = approval.map(|approval| Approval { reason: clean(approval.reason), ..approval });
                let (act, actor, reason) = (clean_act(act, &redactor), Actor(command.actor), clean(command.reason));
                if let Act::Move { to } = &act {
                    return self.move_to(to, MovedBy { actor, reason, approval }, command.id).await;
                }
                self.take_in(Fact::Operator { act, actor, reason, approval }, Some(command.id)).await
            }
            Err(why) => self.set_command_aside(&command, &why).await,
        }
    }

    /// Moves the run to another version, or says why not.
    async fn move_to(&mut self, to: &str, by: MovedBy, command: Uuid) -> Stay {
        let Driven { run, loaded, .. } = &self.driven;
        match self.inner.decide_move((run, loaded), to, by, self.now()).await {
            Ok((loaded, decision)) => self.commit_as(loaded, decision, Some((command, None)), Progress::Anything).await,
            Err(refusal) => {
                self.inner.committer.answer(command, Some(refusal.to_string())).await;
                self.mailbox.vacate();
                self.settle().await
            }
        }
    }

    /// A command that cannot be read is refused. What an operator asked for is told to the operator; what another part of
    /// Stepwell told the run would be missing without a trace, so the run is left to a person.
    async fn set_command_aside(&mut self, command: &OpenCommand, why: &serde_json::Error) -> Stay {
        let refusal = format!("command {} by {} cannot be read: {why}", command.id, command.actor);
        if command.act.starts_with(r#"{"act":"#) {
            self.inner.committer.answer(command.id, Some(refusal)).await;
            return self.settle().await;
        }
        let fact = Fact::Poisoned { detail: refusal.clone() };
        let (loaded, run) = (&self.driven.loaded, &self.driven.run);
        match self.inner.decide(loaded, run, fact, self.now()).await {
            Ok(decision) => self.commit(decision, Some((command.id, Some(refusal))), Progress::Anything).await,
            Err(_) => {
                self.inner.committer.answer(command.id, Some(refusal)).await;
                self.settle().await
            }
        }
    }

    /// Writes a decision; only then does it become so.
    async fn commit(&mut self, decision: Decision, answer: Option<(Uuid, Option<String>)>, by: Progress) -> Stay {
        self.commit_as(self.driven.loaded.clone(), decision, answer, by).await
    }

    /// The same with the definition that the run has then.
    async fn commit_as(
        &mut self,
        loaded: Loaded,
        decision: Decision,
        answer: Option<(Uuid, Option<String>)>,
        by: Progress,
    ) -> Stay {
        if decision.records.is_empty() && decision.effects.is_empty() {
            if by == Progress::MoreThanACall {
                self.idles();
            }
            if let Some((id, refusal)) = answer {
                self.inner.committer.answer(id, refusal).await;
            }
            return self.settle().await;
        }
        let consequences = consequences(&loaded, &self.driven.run, &decision, &self.inner.settings.sinks);
        let Decision { run, records, effects } = decision;
        let seq_before = to_i32(self.driven.run.seq);
        let (rows, head) = match journal::encode(&records, seq_before, self.driven.head, self.inner.format()) {
            Ok(encoded) => encoded,
            Err(why) => return self.poison(why.to_string()).await,
        };
        let state = self.state(&loaded, &run, head, &effects, &rows);
        let (stays, wake_at) = (state.owner.is_some(), state.wake_at);
        let progress = by.is_made(&records);
        let transition =
            Transition { id: run.id, owner: self.node.id, fence: self.driven.fence, seq_before, state, progress };
        let mut nudge = Nudge::default();
        nudge.note(run.id, &consequences);
        let bytes = rows.iter().map(|row| row.data.len()).sum();
        let snapshot = self.snapshot(&run, head, &records, bytes).await;
        let moves_to = (loaded.id != self.driven.loaded.id).then_some(loaded.id);
        let answers = answer.into_iter().collect();
        let advance = Advance { transition, rows, consequences, answers, snapshot, moves_to };
        let outcome = self.inner.committer.advance(advance).await;
        self.mailbox.vacate();
        match outcome {
            AdvanceOutcome::Done => {
                nudge.carry_out(&self.inner);
                self.driven.loaded = loaded;
                if run.base > self.driven.run.base {
                    self.node.let_go(&self.mailbox);
                }
                self.node.holds(&self.mailbox, bytes);
                self.inner.followers.tell(&run, self.driven.run.seq, &records, wake_at);
                self.moved(run, head, records.last().map(|r| r.at));
                if progress {
                    self.node.progressed(self.driven.run.id);
                }
                if stays { self.carry_out(effects) } else { Stay::Gone }
            }
            AdvanceOutcome::Lost => self.lost(),
            AdvanceOutcome::Refused(why) => self.poison(why).await,
        }
    }

    /// Leaves memory where nothing is left to wait for here.
    async fn settle(&mut self) -> Stay {
        let (stays, leaves_at) = self.stays(&self.driven.run, &[]);
        self.leaves_at = leaves_at;
        if stays { Stay::Here } else { self.release().await }
    }

    /// Gives the run back to the database without a record.
    async fn release(&mut self) -> Stay {
        let run = &self.driven.run;
        let seq_before = to_i32(run.seq);
        let mut state = state_of(&self.driven.loaded, run, self.driven.head, None, format_of(&[]));
        // What goes on neither by a timer nor by a message must be looked at by the next node at once.
        if !rests(run) && (run.has_call_in_flight() || (run.wake_at().is_none() && !run.awaits_message())) {
            state.wake_at = Some(self.now());
        }
        let progress = false;
        let transition =
            Transition { id: run.id, owner: self.node.id, fence: self.driven.fence, seq_before, state, progress };
        let outcome = self.inner.committer.advance(Advance::of(transition)).await;
        if outcome == AdvanceOutcome::Lost { self.lost() } else { Stay::Gone }
    }

    fn lost(&self) -> Stay {
        warn!(run.id = %self.driven.run.id, node = %self.node.id, "another node owns the run now; nothing was written");
        telemetry::run_lost();
        Stay::Gone
    }

    /// The database refuses what the run brings: it is parked alone.
    async fn poison(&mut self, why: String) -> Stay {
        error!(run.id = %self.driven.run.id, why, "the run cannot be recorded");
        let detail = format!("the run's next step cannot be recorded: {why}");
        let now = self.now();
        let fact = Fact::Poisoned { detail };
        let Ok(decision) = self.inner.decide(&self.driven.loaded, &self.driven.run, fact, now).await else {
            return Stay::Gone;
        };
        let seq_before = to_i32(self.driven.run.seq);
        let Ok((rows, head)) = journal::encode(&decision.records, seq_before, self.driven.head, self.inner.format())
        else {
            return Stay::Gone;
        };
        let state = state_of(&self.driven.loaded, &decision.run, head, None, format_of(&rows));
        let wake_at = state.wake_at;
        let (id, owner, fence) = (self.driven.run.id, self.node.id, self.driven.fence);
        let transition = Transition { id, owner, fence, seq_before, state, progress: true };
        let outcome = self.inner.committer.advance(Advance { rows, ..Advance::of(transition) }).await;
        if outcome == AdvanceOutcome::Done {
            self.inner.followers.tell(&decision.run, self.driven.run.seq, &decision.records, wake_at);
            self.moved(decision.run, head, None);
        }
        Stay::Gone
    }

    /// What happens to the run's snapshot with this decision.
    async fn snapshot(&mut self, run: &Run, head: Hash, records: &[Record], bytes: usize) -> Option<SnapshotChange> {
        let snapshots = &mut self.driven.snapshots;
        snapshots.note(bytes);
        if run.base > self.driven.run.base {
            return snapshots.begin_anew(run.seq, run.base, head).map(SnapshotChange::Put);
        }
        if run.is_closed() {
            // Also one that could not be used: it does not outlive its run.
            return Snapshots::may_exist(run.seq).then_some(SnapshotChange::Remove);
        }
        if !snapshots.are_due(run.seq) {
            return None;
        }
        let last_at = records.last().map_or(self.driven.last_at, |record| record.at);
        snapshots.take(&self.driven.loaded, run, head, last_at).await.map(SnapshotChange::Put)
    }

    fn moved(&mut self, run: Run, head: Hash, last_at: Option<Time>) {
        self.idle = None;
        let changed = (run.status, run.attention) != (self.driven.run.status, self.driven.run.attention);
        self.driven.run = run;
        self.driven.head = head;
        self.driven.last_at = last_at.unwrap_or(self.driven.last_at);
        if changed {
            self.inner.announce(change_of(&self.driven.loaded, &self.driven.run, self.driven.last_at));
        }
    }

    fn state(&mut self, loaded: &Loaded, run: &Run, head: Hash, effects: &[Effect], rows: &[NewRow]) -> RunState {
        let (stays, leaves_at) = self.stays(run, effects);
        self.leaves_at = leaves_at;
        let owner = stays.then_some(self.node.id);
        state_of(loaded, run, head, owner, format_of(rows))
    }

    /// Whether a run goes on soon enough to stay in memory, or is told something that it has not dealt with; and until when it stays
    /// if it only waits to be told something.
    fn stays(&self, run: &Run, effects: &[Effect]) -> (bool, Option<Instant>) {
        let goes_on = !self.mailbox.is_empty() || stays(&self.inner, &self.node, run, effects);
        let waits =
            run.seq - run.base >= LONG && run.awaits_message() && !rests(run) && !self.node.draining.is_cancelled();
        // Counted from the last record; each message starts the time again.
        let since = if run.seq == self.driven.run.seq { self.leaves_at } else { None };
        let leaves_at = (!goes_on && waits).then(|| since.unwrap_or_else(|| Instant::now() + LONG_STAYS));
        (goes_on || leaves_at.is_some_and(|at| at > Instant::now()), leaves_at)
    }

    fn carry_out(&mut self, effects: Vec<Effect>) -> Stay {
        for effect in effects {
            match effect {
                Effect::Call { execution, attempt, request, authentication, document } => {
                    let inner = Arc::clone(&self.inner);
                    let (node, mailbox) = (Arc::clone(&self.node), Arc::clone(&self.mailbox));
                    self.calls.begin(execution, attempt, async move {
                        // A node whose lease may be over makes no further call: another may be making it.
                        node.lease_holds().await;
                        let authentication = authentication.as_ref();
                        let connections = &inner.connections;
                        // On the heap: a caller that passes a future on reserves space for it again.
                        let call: BoxFuture<'_, CallOutcome> = match &document {
                            None => Box::pin(connections.call(&request, authentication)),
                            Some(document) => Box::pin(connections.call_operation(&request, document, authentication)),
                        };
                        let (outcome, rooms) = carrying(call).await;
                        mailbox.occupy(rooms);
                        let outcome = Box::new(outcome);
                        Fact::CallEnded { execution, attempt, outcome }
                    });
                }
                Effect::StartChild { execution, request } => {
                    let parent =
                        Parent { run: self.driven.run.id, execution, awaits: request.awaits, depth: request.depth };
                    let inner = Arc::clone(&self.inner);
                    self.calls.begin(execution, request.attempt, inner.start_child(parent, request));
                }
                // Written with the decision.
                Effect::Listen { .. } | Effect::Unlisten { .. } | Effect::Emit { .. } | Effect::Tell { .. } => {}
                Effect::Abort { execution, attempt } => self.calls.abort(execution, attempt),
                Effect::Continue => self.goes_on = true,
            }
        }
        Stay::Here
    }
}

/// What a future gives, or the message of its panic. No `async fn`: that would keep room for the future twice.
pub(in crate::engine) fn unless_it_panics<T>(
    future: impl Future<Output = T>,
) -> impl Future<Output = Result<T, String>> {
    AssertUnwindSafe(future).catch_unwind().map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_else(|| "a panic".to_owned())
    })
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}

/// Whether it continues by itself no more.
fn rests(run: &Run) -> bool {
    run.is_closed() || run.is_parked() || run.suspended
}

fn to_i32(seq: u32) -> i32 {
    i32::try_from(seq).unwrap_or(i32::MAX)
}

/// Whether a run goes on soon enough to stay in the memory of the node.
pub(in crate::engine) fn stays(inner: &Inner, node: &Node, run: &Run, effects: &[Effect]) -> bool {
    if run.is_closed() {
        return false;
    }
    if run.has_call_in_flight() || effects.iter().any(|e| matches!(e, Effect::Continue)) {
        return true;
    }
    if rests(run) || node.draining.is_cancelled() {
        return false;
    }
    let linger = chrono::Duration::from_std(inner.settings.linger).unwrap_or_default();
    run.wake_at().is_some_and(|at| at - inner.clock.now() <= linger)
}

/// The columns of a run's row.
pub(in crate::engine) fn state_of(
    loaded: &Loaded,
    run: &Run,
    head: Hash,
    owner: Option<Uuid>,
    format: Format,
) -> RunState {
    let cause = Cause::of(&loaded.definition, run);
    RunState {
        status: run.status.as_str(),
        attention: run.attention.map(machine::Attention::as_str),
        task: run.standing_at().map(|task| loaded.definition.task(task).reference.clone()),
        error: cause.as_ref().and_then(|cause| serde_json::to_string(&cause.error).ok()),
        fingerprint: cause.and_then(|cause| cause.fingerprint),
        owner,
        wake_at: run.wake_at(),
        seq: to_i32(run.seq),
        head,
        format,
        finished_at: run.finished_at,
    }
}

/// The format of what is written: of nothing, the oldest.
pub(in crate::engine) fn format_of(rows: &[NewRow]) -> Format {
    rows.iter().map(|row| row.format).max().unwrap_or(ONE_RECORD)
}

impl Inner {
    /// Decides, asking the evaluator wherever an expression may not be evaluated in this process.
    pub(in crate::engine) async fn decide(
        &self,
        loaded: &Loaded,
        run: &Run,
        fact: Fact,
        now: Time,
    ) -> Result<Decision, Rejected> {
        let mut answers: Vec<Result<serde_json::Value, crate::expr::EvaluationError>> = Vec::new();
        loop {
            let asked: &Answers = &answers;
            let settles_after = |request: &CallRequest| self.connections.settles_after(request);
            let continues = self.format() >= CONTINUED;
            let around = Around { now, answers: asked, settles_after: &settles_after, continues };
            match machine::decide(&loaded.definition, run, fact.clone(), around) {
                Ok(decision) => return Ok(decision),
                Err(NoDecision::Rejected(rejected)) => return Err(rejected),
                Err(NoDecision::Evaluate(evaluation)) => answers.push(self.evaluator.evaluate(*evaluation).await),
            }
        }
    }

    /// Tells live views about a run, and counts it once it has ended or needs a person.
    pub(super) fn announce(&self, change: RunChange) {
        if change.is_settled() {
            telemetry::run_settled(change.status.as_str());
        }
        // Nobody listening is no error.
        let _ = self.changes.send(change);
    }
}

/// What live views are told about a run.
pub(in crate::engine) fn change_of(loaded: &Loaded, run: &Run, at: Time) -> RunChange {
    RunChange {
        id: run.id,
        workflow: loaded.definition.workflow.clone(),
        key: run.key.clone(),
        status: run.status,
        attention: run.attention,
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, drive, unless_it_panics};

    /// The size of what a function of five arguments gives.
    fn given<A, B, C, D, E, F>(_: impl Fn(A, B, C, D, E) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn what_each_waiting_run_holds_is_small() {
        assert!(size_of::<Event>() <= 24, "{}", size_of::<Event>());
        assert!(given(drive) <= 1_536, "{}", given(drive));
    }

    #[tokio::test]
    async fn a_panic_becomes_its_message() {
        assert_eq!(unless_it_panics(async { 7 }).await, Ok(7));
        let number = 7;
        assert_eq!(unless_it_panics(async { assert!(number == 8, "no {number}") }).await, Err("no 7".to_owned()));
    }
}
