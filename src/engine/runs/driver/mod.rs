//! Drives one run while it is in memory: facts in, decision, commit, effects out, until it waits long or ends.
//!
//! Everything about a run happens in its one task, one thing after the other. The task owns the run's calls: when it ends,
//! because the run waits, is lost to another node or the node stops, they are aborted with it.

mod commit;
mod effects;
mod row;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::{FutureExt, TryFutureExt};
use tracing::{info, warn};
use uuid::Uuid;

use super::Runs;
use super::acts::rewinds;
use super::calls::Calls;
use super::mailbox::Mailbox;
use super::moves;
use super::progress::Progress;
use super::snapshots::Snapshots;
use crate::engine::catalog::Loaded;
use crate::engine::context::Context;
use crate::engine::events::incoming::clean_act;
use crate::engine::node::Node;
use crate::engine::node::loops::Look;
use crate::machine::{
    self, Act, Actor, Answers, Approval, Around, CallRequest, Decision, Effect, Fact, Message, MovedBy, NoDecision,
    Rejected, RewoundBy, Run, Time,
};
use crate::store::nodes::formats::CONTINUED;
use crate::store::runs::commands::OpenCommand;
use crate::store::runs::journal::Hash;
pub(in crate::engine) use row::{change_of, format_of, state_of, stays};

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
    runs: Arc<Runs>,
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
    runs: Arc<Runs>,
    node: Arc<Node>,
    driven: Driven,
    first: First,
    mailbox: Arc<Mailbox>,
) -> impl Future<Output = ()> + Send {
    node.holds(&mailbox, driven.bytes);
    let mut driver =
        Driver { runs, node, driven, calls: Calls::default(), mailbox, goes_on: false, idle: None, leaves_at: None };
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
            Event::Command(command) => self.execute_command(*command).await,
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
        let wake = (at - self.runs.context.now()).to_std().unwrap_or_default();
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
        self.runs.context.now().max(self.driven.last_at)
    }

    async fn take_in(&mut self, fact: Fact, command: Option<Uuid>) -> Stay {
        let gets_on = Progress::by(&fact);
        let decided = decide(&self.runs.context, &self.driven.loaded, &self.driven.run, fact, self.now()).await;
        match decided {
            Ok(decision) => self.commit(decision, command.map(|id| (id, None)), gets_on).await,
            Err(rejected) => self.rejected(rejected, command).await,
        }
    }

    async fn rejected(&mut self, rejected: Rejected, command: Option<Uuid>) -> Stay {
        match command {
            Some(id) => self.runs.committer.answer(id, Some(rejected.to_string())).await,
            None => info!(run.id = %self.driven.run.id, %rejected, "a late fact was discarded"),
        }
        self.mailbox.vacate();
        self.settle().await
    }

    async fn execute_command(&mut self, command: OpenCommand) -> Stay {
        if let Ok(message) = serde_json::from_str::<Message>(&command.act) {
            return self.take_in(Fact::Message { message, actor: Actor(command.actor) }, Some(command.id)).await;
        }
        let approval = command.approval.as_deref().map(serde_json::from_str::<Approval>).transpose();
        match serde_json::from_str::<Act>(&command.act).and_then(|act| Ok((act, approval?))) {
            Ok((act, approval)) => {
                // Once more: a command line may have recorded it that knows fewer secrets than this node.
                let redactor = self.runs.context.redactor();
                let clean = |reason: Option<String>| reason.map(|reason| redactor.text(reason));
                let approval = approval.map(|approval| Approval { reason: clean(approval.reason), ..approval });
                let (act, actor, reason) = (clean_act(act, &redactor), Actor(command.actor), clean(command.reason));
                if let Act::Move { to } = &act {
                    return self.move_to(to, MovedBy { actor, reason, approval }, command.id).await;
                }
                if let Act::Rewind { from } = &act {
                    return self.rewind_to(from, RewoundBy { actor, reason, approval }, command.id).await;
                }
                self.take_in(Fact::Operator { act, actor, reason, approval }, Some(command.id)).await
            }
            Err(why) => self.set_command_aside(&command, &why).await,
        }
    }

    /// Moves the run to another version, or says why not.
    async fn move_to(&mut self, to: &str, by: MovedBy, command: Uuid) -> Stay {
        let Driven { run, loaded, .. } = &self.driven;
        match moves::decide(&self.runs.context, (run, loaded), to, by, self.now()).await {
            Ok((loaded, decision)) => self.commit_as(loaded, decision, Some((command, None)), Progress::Anything).await,
            Err(refusal) => {
                self.runs.committer.answer(command, Some(refusal.to_string())).await;
                self.mailbox.vacate();
                self.settle().await
            }
        }
    }

    /// Lets the run continue from an earlier step, or says why not.
    async fn rewind_to(&mut self, from: &str, by: RewoundBy, command: Uuid) -> Stay {
        let Driven { run, loaded, .. } = &self.driven;
        match rewinds::decide(&self.runs.context, (run, loaded), from, by, self.now()).await {
            Ok(decision) => self.commit(decision, Some((command, None)), Progress::Anything).await,
            Err(refusal) => {
                self.runs.committer.answer(command, Some(refusal)).await;
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
            self.runs.committer.answer(command.id, Some(refusal)).await;
            return self.settle().await;
        }
        let fact = Fact::Poisoned { detail: refusal.clone() };
        let (loaded, run) = (&self.driven.loaded, &self.driven.run);
        match decide(&self.runs.context, loaded, run, fact, self.now()).await {
            Ok(decision) => self.commit(decision, Some((command.id, Some(refusal))), Progress::Anything).await,
            Err(_) => {
                self.runs.committer.answer(command.id, Some(refusal)).await;
                self.settle().await
            }
        }
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

/// Decides, asking the evaluator wherever an expression may not be evaluated in this process.
pub(in crate::engine) async fn decide(
    context: &Context,
    loaded: &Loaded,
    run: &Run,
    fact: Fact,
    now: Time,
) -> Result<Decision, Rejected> {
    let mut answers: Vec<Result<serde_json::Value, crate::expr::EvaluationError>> = Vec::new();
    loop {
        let asked: &Answers = &answers;
        let settles_after = |request: &CallRequest| context.connections.settles_after(request);
        let continues = context.format() >= CONTINUED;
        let around = Around { now, answers: asked, settles_after: &settles_after, continues };
        match machine::decide(&loaded.definition, run, fact.clone(), around) {
            Ok(decision) => return Ok(decision),
            Err(NoDecision::Rejected(rejected)) => return Err(rejected),
            Err(NoDecision::Evaluate(evaluation)) => answers.push(context.evaluator.evaluate(*evaluation).await),
        }
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
        assert!(given(drive) <= 1_600, "{}", given(drive));
    }

    #[tokio::test]
    async fn a_panic_becomes_its_message() {
        assert_eq!(unless_it_panics(async { 7 }).await, Ok(7));
        let number = 7;
        assert_eq!(unless_it_panics(async { assert!(number == 8, "no {number}") }).await, Err("no 7".to_owned()));
    }
}
