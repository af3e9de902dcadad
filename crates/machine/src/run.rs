//! The state of a run while it lives: what its records, applied in order, make of it.
//!
//! A decision copies the run, which costs the same however long it has been under way: copies share large values and everything that
//! grows. Only what is still needed is kept: open executions, what may have to be undone, and the counters that give each execution
//! its identity.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpds::{RedBlackTreeMapSync, VectorSync};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::dataflow::error_value;
use super::stored;
use super::{
    Attention, CallRequest, ChildRequest, Compensation, CompensationEnd, Coordinates, Done, DoneSteps, ExecutionId,
    FaultClass, Impact, Parent, Pauses, Pivot, Role, RunId, Status, Time, WorkflowError,
};
use stepwell_language::dsl::{Definition, Flow, TaskId, TaskKind};

/// One run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// UUIDv7.
    pub id: RunId,
    /// Number of the last record applied.
    pub seq: u32,
    /// The record with which it last continued as new, from which folding may begin; 0 if it never did.
    #[serde(default)]
    pub base: u32,
    /// Its status.
    pub status: Status,
    /// Why it needs attention.
    pub attention: Option<Attention>,
    /// Business key.
    pub key: Option<String>,
    /// The accepted event.
    pub event: Option<Uuid>,
    /// The run that started it.
    pub parent: Option<Parent>,
    /// Raw input.
    #[serde(with = "stored::shared")]
    pub raw_input: Arc<Value>,
    /// Transformed input.
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// `$context`
    #[serde(with = "stored::shared")]
    pub context: Arc<Value>,
    /// Once completed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub output: Option<Arc<Value>>,
    /// What stopped it.
    pub error: Option<WorkflowError>,
    /// Place of the record that says so.
    pub fault: Option<u32>,
    /// First record.
    pub started_at: Option<Time>,
    /// Last record of a closed run.
    pub finished_at: Option<Time>,
    /// When the workflow's `timeout` strikes.
    pub deadline: Option<Time>,
    /// Where the top-level `do` stands.
    pub root: Cursor,
    /// Executions that have not ended, in the order in which they started.
    pub open: Vec<Execution>,
    /// Ordinal of the next execution.
    pub next_execution: ExecutionId,
    /// How often each task was entered, by task and loop indices.
    #[serde(with = "stored::pairs")]
    pub visits: Visits,
    /// What would have to be undone, in order of completion.
    pub undo: DoneSteps,
    /// Whether what has ended passed the point of no return.
    pub pivot: Pivot,
    /// It ends once no call is in progress.
    pub stop: Option<Stop>,
    /// A person said `suspend`.
    pub suspended: bool,
    /// How long it stood still for people.
    pub pauses: Pauses,
    /// It waits for its turn among the runs with its key.
    pub queued: bool,
    /// Which systems its calls reach: `sandbox`, `production`.
    pub environment: Option<String>,
    /// Set once undoing began.
    pub compensation: Option<Compensation>,
    /// Idempotency keys that steps have from another version of the workflow, from which the run moved.
    #[serde(default, skip_serializing_if = "Keys::is_empty", with = "stored::pairs")]
    pub keys: Keys,
}

/// Idempotency keys by task, visit and loop indices. Copies share what they hold.
pub type Keys = RedBlackTreeMapSync<(TaskId, u32, Vec<u32>), String>;

/// Entries of tasks, by task and loop indices. Copies share what they hold.
pub type Visits = RedBlackTreeMapSync<(TaskId, Vec<u32>), u32>;

/// Where a list of tasks stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// What comes next.
    pub next: Next,
    /// Raw input of the next task, or the list's output.
    #[serde(with = "stored::shared")]
    pub data: Arc<Value>,
}

/// What comes next in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Begin the task at this index.
    Task(usize),
    /// One of its tasks is open.
    Busy,
    /// Nothing: the list is done, by its end or `exit`.
    Finished,
    /// Nothing, and the lists around it are done too (`end`).
    Ended,
}

impl Cursor {
    /// At the first task of a list.
    #[must_use]
    pub fn first(data: Arc<Value>) -> Self {
        Self { next: Next::Task(0), data }
    }
}

/// An execution that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Its ordinal.
    pub id: ExecutionId,
    /// The composite that it runs in.
    pub parent: Option<ExecutionId>,
    /// What it executes.
    pub task: TaskId,
    /// Which one of its kind.
    pub coordinates: Coordinates,
    /// What it is for.
    pub role: Role,
    /// Before `input.from`.
    #[serde(with = "stored::shared")]
    pub raw_input: Arc<Value>,
    /// `$input`
    #[serde(with = "stored::shared")]
    pub input: Arc<Value>,
    /// When it began.
    pub started_at: Time,
    /// When its `timeout` strikes.
    pub deadline: Option<Time>,
    /// What it, or something in it, did at its targets.
    pub impact: Impact,
    /// What is inside begins nothing more, because it ends as soon as the outcome of its calls is known.
    pub held: bool,
    /// How often what stands inside it had been entered when it began: what runs again repeats the same identities.
    #[serde(with = "stored::pairs")]
    pub visits: Visits,
    /// Its progress.
    pub progress: Progress,
}

/// Where an execution stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Progress {
    /// A person retries it: it begins again under the same identity.
    Unbegun {
        /// Attempts that it had.
        attempts: u32,
    },
    /// `do`, or a function's body as a list of one.
    List(Cursor),
    /// `try`
    Try(Box<TryProgress>),
    /// `for`
    For(Box<ForProgress>),
    /// `for`, several iterations at once
    SideBySide(Box<SideBySide>),
    /// A task with extensions.
    Extended(Box<ExtendedProgress>),
    /// `listen`
    Listen(Box<ListenProgress>),
    /// `run: workflow`, or its undo.
    Child(ChildProgress),
    /// `fork`
    Fork(Vec<Branch>),
    /// `call`
    Call(CallProgress),
    /// `wait`
    Wait {
        /// Its end.
        until: Time,
    },
    /// It failed and nothing caught it: it stays for a person.
    Failed {
        /// Why.
        error: WorkflowError,
        /// What kind of fault.
        class: FaultClass,
        /// Attempts that it had.
        attempts: u32,
    },
}

/// Where a `for` stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForProgress {
    /// An array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// The current item's index; none before the first.
    pub index: Option<u32>,
    /// Where the iteration stands. `Finished` between two of them.
    pub cursor: Cursor,
}

/// Where a `for` stands whose iterations run side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SideBySide {
    /// An array.
    #[serde(with = "stored::shared")]
    pub items: Arc<Value>,
    /// Iterations begun, so the index of the next one.
    pub begun: u32,
    /// Iterations that ended.
    pub done: u32,
    /// What they left, by index.
    pub outputs: IterationOutputs,
    /// One of them said `end`: the whole run is done with this output.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub ended: Option<Arc<Value>>,
}

/// What iterations left, by index. Copies share what they hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct IterationOutputs(#[serde(with = "stored::lists")] VectorSync<Option<Arc<Value>>>);

impl IterationOutputs {
    /// Notes what an iteration left.
    pub fn put(&mut self, index: u32, output: Arc<Value>) {
        while self.0.len() <= index as usize {
            self.0.push_back_mut(None);
        }
        self.0.set_mut(index as usize, Some(output));
    }

    /// All of them in order.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.0.iter().flatten().map(|output| (**output).clone()).collect()
    }
}

/// Where a task with extensions stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtendedProgress {
    /// The part; none before the first.
    pub segment: Option<u16>,
    /// Where the part stands. `Finished` between two of them.
    pub cursor: Cursor,
    /// The part said `exit`.
    pub exited: bool,
    /// Once the task itself is done: its output, and where it said to go.
    pub done: Option<(Arc<Value>, Flow)>,
}

/// Where a `listen` stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ListenProgress {
    /// Filters that had their event, by number.
    pub met: BTreeSet<u16>,
    /// Values that correlations are bound to.
    pub bound: BTreeMap<String, Value>,
    /// What was taken, in the order in which it came.
    pub taken: VectorSync<Arc<Value>>,
    /// It waits for no more.
    pub enough: bool,
    /// What `foreach` made of the first of them.
    pub outputs: VectorSync<Arc<Value>>,
    /// Where `foreach` stands with the next one; none between two of them.
    pub cursor: Option<Cursor>,
}

/// Where a `run` task stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildProgress {
    /// The run that it started.
    pub request: Arc<ChildRequest>,
    /// Where that run stands, as far as this one knows.
    pub phase: ChildPhase,
    /// It ended well and has done something that it knows how to undo.
    pub undoable: bool,
    /// It has stopped at a fault, which was passed on.
    pub fault: Option<ReportedFault>,
}

/// A fault of a child run, known by places in the journals of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedFault {
    /// Where this run's journal reports it.
    pub own: u32,
    /// Where the child's does.
    pub of_child: u32,
}

/// Where a child run stands, as far as its parent knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChildPhase {
    /// It may exist already.
    Starting,
    /// It exists.
    Running,
    /// It was told to undo what it did.
    Undoing,
    /// The decision that recorded its end says what follows.
    Ended,
}

/// Where a branch of a `fork` stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Branch {
    /// About to begin.
    Unbegun,
    /// Its task is open.
    Open,
    /// It ended with this output.
    Done(Arc<Value>),
    /// It said `end`: the whole run is done with this output.
    Ended(Arc<Value>),
}

/// Where a `try` stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TryProgress {
    /// In the body, or in the handler.
    pub cursor: Cursor,
    /// Which of the two, or between rounds.
    pub phase: TryPhase,
    /// Round that tasks of the body belong to.
    pub round: u32,
    /// Highest round of anything inside, so that rounds of nested tries never coincide.
    pub highest_round: u32,
    /// Rounds begun beyond the first.
    pub retries: u32,
    /// When its first error was caught.
    pub first_caught_at: Option<Time>,
    /// When the current round began.
    pub round_started_at: Time,
}

/// Part of a `try`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TryPhase {
    /// The body runs.
    Body,
    /// The body runs again later.
    Backoff {
        /// When.
        until: Time,
    },
    /// `catch.do` runs.
    Handler {
        /// What was caught.
        error: WorkflowError,
    },
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallProgress {
    /// What is sent.
    pub request: Arc<CallRequest>,
    /// Attempts begun.
    pub attempt: u32,
    /// Attempts that failed since the last time a person said `retry`.
    pub failures: u32,
    /// The first of them.
    pub first_failure_at: Option<Time>,
    /// Attempts that the target put off.
    pub throttles: u32,
    /// The first of them.
    pub first_throttled_at: Option<Time>,
    /// How the last attempt that failed did, and of what class that was.
    pub failure: Option<Box<(WorkflowError, FaultClass)>>,
    /// Where the last attempt stands.
    pub phase: CallPhase,
    /// What the target answered to `reconcile`: null where it never acted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub reconciled: Option<Arc<Value>>,
    /// What follows if the target never acted; from an unknown outcome on.
    pub unacted: Option<Box<Unacted>>,
}

/// What follows an attempt of unknown outcome if the target says that it never acted: what would have followed its failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unacted {
    /// The failure.
    pub error: WorkflowError,
    /// Its class.
    pub class: FaultClass,
    /// When the next attempt is due; none if it was the last one.
    pub retry_at: Option<Time>,
}

/// Where a call's last attempt stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CallPhase {
    /// Sent, or about to be.
    InFlight,
    /// Failed; the next is due at this time.
    Backoff {
        /// When.
        until: Time,
    },
    /// Outcome unknown; the target is being asked.
    Reconciling {
        /// The error that made it unknown.
        error: WorkflowError,
    },
    /// It is not there, but it may still come: the target is asked again.
    Unsettled {
        /// When.
        until: Time,
        /// The error that made it unknown.
        error: WorkflowError,
    },
    /// Failed without another attempt; the decision that recorded it says what follows.
    Ended,
}

/// The run ends once no call is in progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Whether to undo first.
    pub undo: bool,
    /// How it ends.
    pub end: CompensationEnd,
    /// It is no wish of a person: a fault that nothing caught waits for calls of other branches to end.
    pub fault: bool,
    /// A person said so although the pivot may have been passed.
    pub past_pivot: bool,
}

impl Run {
    /// A run before its first record.
    #[must_use]
    pub fn new(id: RunId) -> Self {
        let null = Arc::new(Value::Null);
        Self {
            id,
            seq: 0,
            base: 0,
            status: Status::Pending,
            attention: None,
            key: None,
            event: None,
            parent: None,
            raw_input: Arc::clone(&null),
            input: Arc::clone(&null),
            context: Arc::new(Value::Object(serde_json::Map::new())),
            output: None,
            error: None,
            fault: None,
            started_at: None,
            finished_at: None,
            deadline: None,
            root: Cursor { next: Next::Busy, data: null },
            open: Vec::new(),
            next_execution: 0,
            visits: Visits::default(),
            undo: DoneSteps::default(),
            pivot: Pivot::Ahead,
            stop: None,
            suspended: false,
            pauses: Pauses::default(),
            queued: false,
            environment: None,
            compensation: None,
            keys: Keys::default(),
        }
    }

    /// A run before the record with which it continued as new: folding begins there, without the records before.
    #[must_use]
    pub fn before(id: RunId, base: u32) -> Self {
        Self { seq: base.saturating_sub(1), ..Self::new(id) }
    }

    /// Whether nothing can happen to it any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.finished_at.is_some()
    }

    /// Whether it is stopped until a person acts.
    #[must_use]
    pub fn is_parked(&self) -> bool {
        self.attention.is_some()
    }

    /// The open execution with this ordinal.
    #[must_use]
    pub fn execution(&self, id: ExecutionId) -> Option<&Execution> {
        self.open.iter().find(|e| e.id == id)
    }

    pub(super) fn execution_mut(&mut self, id: ExecutionId) -> Option<&mut Execution> {
        self.open.iter_mut().find(|e| e.id == id)
    }

    /// Whether a call, or the start of a child run, is on its way.
    #[must_use]
    pub fn has_call_in_flight(&self) -> bool {
        self.open.iter().any(|e| e.is_in_flight() || e.starts_child())
    }

    /// Whether the outcome of a call is not known yet: it is on its way, or its target is asked about it.
    pub(super) fn awaits_outcome(&self) -> bool {
        self.open.iter().any(|e| e.is_in_flight() || e.starts_child() || e.is_asked_about())
    }

    /// Whether it continues when someone tells it something: an event, or the end of a child run.
    #[must_use]
    pub fn awaits_message(&self) -> bool {
        self.queued || self.open.iter().any(|e| e.awaits_message())
    }

    /// Whether the outcome of a call of another execution than this one is not known yet.
    pub(super) fn awaits_outcome_beside(&self, id: Option<ExecutionId>) -> bool {
        let awaited = |e: &Execution| e.is_in_flight() || e.starts_child() || e.is_asked_about();
        self.open.iter().any(|e| awaited(e) && Some(e.id) != id)
    }

    /// When something happens by itself: the earliest timer that will change something. None while it is driven, parked,
    /// suspended or closed.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        if self.is_closed() || self.is_parked() || self.suspended || self.queued {
            return None;
        }
        let timers = self.open.iter().filter_map(|e| match e.timer() {
            // Whatever else is held up: what may still happen at a target is waited for.
            at if e.is_asked_about() => at,
            _ if !self.goes_on(e) => None,
            at => at.into_iter().chain(e.deadline.filter(|_| !self.waits_for_answer_about(Some(e.id)))).min(),
        });
        let undo = self.compensation.iter().filter(|_| self.open.is_empty()).filter_map(|c| c.plan.first()?.settles_at);
        timers.chain(undo).chain(self.deadline.filter(|_| self.is_timed())).min()
    }

    /// Whether the workflow's timeout may end the run now.
    pub(super) fn is_timed(&self) -> bool {
        self.stop.is_none() && self.compensation.is_none() && !self.waits_for_answer_about(None)
    }

    /// Whether a target is being asked about a call inside an execution, or anywhere in the run, or a child run is about to start
    /// there. Until that is known, no timeout around it strikes: nobody could say what had been done.
    pub(super) fn waits_for_answer_about(&self, id: Option<ExecutionId>) -> bool {
        let is_unknown = |e: &Execution| e.is_asked_about() || e.starts_child();
        self.open.iter().any(|e| is_unknown(e) && id.is_none_or(|id| self.is_inside(e.id, id)))
    }

    /// Whether an execution stands inside another one, or is that one.
    pub(super) fn is_inside(&self, id: ExecutionId, around: ExecutionId) -> bool {
        id == around || self.ancestors(id).contains(&around)
    }

    /// Whether an execution may begin something: neither the run nor a task around it is about to end. What has failed may still
    /// say so, and what asks about a call continues.
    pub(super) fn goes_on(&self, execution: &Execution) -> bool {
        let ends = self.stop.is_some() && self.compensation.is_none();
        if !ends && !self.open.iter().any(|e| e.held) {
            return true;
        }
        let is_failure = matches!(execution.progress, Progress::Failed { .. });
        matches!(self.track(execution.id), Role::Reconcile(_))
            || (!ends && (is_failure || !self.is_held_inside(execution)))
    }

    /// Whether an execution, or something around it, ends as soon as the outcome of calls inside is known.
    pub(super) fn is_held_inside(&self, execution: &Execution) -> bool {
        let failed = |e: &Execution| matches!(e.progress, Progress::Failed { .. });
        // An error that the end of a race took away holds nothing any more.
        let waits_for_end = |e: &Execution| !matches!(e.progress, Progress::Try(_));
        let fails_inside = |around: ExecutionId| self.open.iter().any(|e| failed(e) && self.is_inside(e.id, around));
        let holds = |e: &Execution| e.held && (waits_for_end(e) || fails_inside(e.id));
        holds(execution) || self.ancestors(execution.id).into_iter().filter_map(|id| self.execution(id)).any(holds)
    }

    /// Reference of the innermost task where it stands.
    #[must_use]
    pub fn standing_at(&self) -> Option<TaskId> {
        self.open.last().map(|e| e.task)
    }

    /// The chain from an execution's parent to the outermost composite.
    pub(super) fn ancestors(&self, id: ExecutionId) -> Vec<ExecutionId> {
        let mut chain = Vec::new();
        let mut next = self.execution(id).and_then(|e| e.parent);
        while let Some(parent) = next {
            chain.push(parent);
            next = self.execution(parent).and_then(|e| e.parent);
        }
        chain
    }

    /// The innermost execution that failed and stays for a person.
    pub(super) fn failed(&self) -> Option<&Execution> {
        self.open.iter().rev().find(|e| matches!(e.progress, Progress::Failed { .. }))
    }

    /// The step that `retry` and `skip` act on.
    pub(super) fn passed_over(&self) -> Option<&Execution> {
        let waiting = || self.open.iter().rev().find(|e| e.progress.is_waiting());
        self.failed().or_else(waiting).or(self.open.last())
    }

    /// The step of the plan that an undo is for.
    pub(super) fn undoing(&self, of: ExecutionId) -> Option<&Arc<Done>> {
        self.compensation.as_ref()?.step(of)
    }

    /// What the whole chain up from an execution is for.
    pub(super) fn track(&self, id: ExecutionId) -> Role {
        self.execution(self.top_of(id)).map_or(Role::Step, |e| e.role)
    }

    /// The same for one that is not open any more.
    pub(super) fn track_of(&self, closed: &Execution) -> Role {
        closed.parent.map_or(closed.role, |parent| self.track(parent))
    }

    /// The outermost execution around one.
    pub(super) fn top_of(&self, id: ExecutionId) -> ExecutionId {
        self.ancestors(id).last().copied().unwrap_or(id)
    }

    /// What an execution and everything open inside it did.
    fn impact_of(&self, id: ExecutionId) -> Impact {
        let inside = self.open.iter().filter(|e| self.is_inside(e.id, id));
        inside.fold(Impact::None, |impact, e| impact.and(e.impact))
    }

    /// Where it stands towards its point of no return, with all that is open.
    pub(super) fn pivot_now(&self, definition: &Definition) -> Pivot {
        let open = self.open.iter().filter(|e| definition.task(e.task).metadata.pivot);
        open.map(|e| e.pivot(definition, self.impact_of(e.id))).max().unwrap_or_default().max(self.pivot)
    }
}

impl Execution {
    /// Whether its call is on its way.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        matches!(&self.progress, Progress::Call(call) if call.phase == CallPhase::InFlight)
    }

    /// Whether its outcome is unknown and its target is asked, now or later, or has just said that it acted.
    #[must_use]
    pub fn is_asked_about(&self) -> bool {
        let Progress::Call(call) = &self.progress else { return false };
        matches!(call.phase, CallPhase::Reconciling { .. } | CallPhase::Unsettled { .. }) || self.is_found()
    }

    /// Whether its target was asked and said what it did: the call ends well, which is still to be recorded.
    pub(super) fn is_found(&self) -> bool {
        matches!(&self.progress, Progress::Call(CallProgress { phase: CallPhase::Ended, reconciled: Some(answer), .. })
            if !answer.is_null())
    }

    /// Whether the start of its child run is on its way.
    #[must_use]
    pub fn starts_child(&self) -> bool {
        matches!(&self.progress, Progress::Child(child) if child.phase == ChildPhase::Starting)
    }

    /// Whether it waits for events.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        matches!(&self.progress, Progress::Listen(listen) if !listen.enough)
    }

    fn awaits_message(&self) -> bool {
        match &self.progress {
            Progress::Listen(listen) => !listen.enough && listen.cursor.is_none(),
            Progress::Child(child) => matches!(child.phase, ChildPhase::Running | ChildPhase::Undoing),
            _ => false,
        }
    }

    /// Attempts begun; 1 for what is not a call.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        match &self.progress {
            Progress::Call(call) => call.attempt,
            Progress::Child(child) => child.request.attempt,
            Progress::Unbegun { attempts } | Progress::Failed { attempts, .. } => *attempts,
            _ => 1,
        }
    }

    /// The value that this execution gives a name to for the tasks inside it, of those in this iteration.
    pub(super) fn local(&self, kind: &TaskKind, name: &str, iteration: &[u32]) -> Option<Value> {
        match (&self.progress, kind) {
            (Progress::Try(progress), TaskKind::Try(task)) if task.catch.variable == name => match &progress.phase {
                TryPhase::Handler { error } => Some(error_value(error)),
                _ => None,
            },
            (Progress::For(progress), TaskKind::For(task)) => {
                let index = progress.index? as usize;
                if task.each == name {
                    return progress.items.get(index).cloned();
                }
                (task.at == name).then(|| index.into())
            }
            (Progress::SideBySide(progress), TaskKind::For(task)) => {
                let index = *iteration.get(self.coordinates.iteration.len())?;
                if task.each == name {
                    return progress.items.get(index as usize).cloned();
                }
                (task.at == name).then(|| index.into())
            }
            (Progress::Listen(progress), TaskKind::Listen(task)) => {
                let index = progress.outputs.len();
                let each = task.each.as_ref().filter(|_| progress.cursor.is_some())?;
                if each.item == name {
                    return progress.taken.get(index).map(|item| (**item).clone());
                }
                (each.at == name).then(|| index.into())
            }
            _ => None,
        }
    }

    /// When it continues by itself, its `timeout` left out.
    fn timer(&self) -> Option<Time> {
        match &self.progress {
            Progress::Wait { until }
            | Progress::Call(CallProgress {
                phase: CallPhase::Backoff { until } | CallPhase::Unsettled { until, .. },
                ..
            }) => Some(*until),
            Progress::Try(t) => match t.phase {
                TryPhase::Backoff { until } => Some(until),
                _ => None,
            },
            _ => None,
        }
    }
}
