//! Moves of runs to other versions of their workflows: what the machine needs for one is read here.
//!
//! A move is an act like others: recorded as a command, done by the node that has the run. A dry run reads the run from the database and
//! records nothing.

use std::sync::Arc;

use crate::dsl::WorkflowRef;
use crate::engine::Engine;
use crate::engine::catalog::Loaded;
use crate::engine::context::Context;
use crate::expr::{Evaluation, EvaluationError};
use crate::machine::moves::{self, Preview};
use crate::machine::{
    Actor, Around, CallRequest, Decision, Misfit, Move, MovedBy, NoDecision, Record, Rejected, Run, RunId, Time,
    decide_move, fold,
};
use crate::store::nodes::formats::MOVED;
use crate::store::runs::journal;
use crate::store::{StoreError, definitions};

/// Why a run is not moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// No such run.
    #[error("no run {0}")]
    Unknown(RunId),
    /// No such version.
    #[error("no version {0} is deployed")]
    NoVersion(WorkflowRef),
    /// The run does not fit.
    #[error("{0}")]
    DoesNotFit(Box<Misfit>),
    /// The run's state forbids it.
    #[error("{0}")]
    Refused(String),
    /// The database is away, or the run cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Rejected> for MoveError {
    fn from(rejected: Rejected) -> Self {
        match rejected {
            Rejected::DoesNotFit(misfit) => Self::DoesNotFit(misfit),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What is asked of the machine: a move, or what it would do.
type Ask<T> = fn(Move<'_>, MovedBy, Around<'_>) -> Result<T, NoDecision>;

/// Decides that a run moves to another version; gives that version too.
pub(super) async fn decide(
    context: &Arc<Context>,
    (run, from): (&Run, &Loaded),
    to: &str,
    by: MovedBy,
    now: Time,
) -> Result<(Loaded, Decision), MoveError> {
    let target = version(context, &from.definition.workflow, to).await?;
    let (records, _) = journal::records_from_base(&context.pool, run.id).await?;
    let decision = ask_machine(context, run, from, &target, records, by, now, decide_move).await?;
    Ok((target, decision))
}

/// A version of a workflow, also if it was deployed just now through another node.
async fn version(context: &Context, workflow: &WorkflowRef, version: &str) -> Result<Loaded, MoveError> {
    context.catalog.catch_up(&context.pool).await?;
    let wanted = WorkflowRef { version: version.to_owned(), ..workflow.clone() };
    let loaded = context.catalog.id_of(&wanted).and_then(|id| context.catalog.by_id(id));
    loaded.ok_or(MoveError::NoVersion(wanted))
}

/// Asks the machine, and the evaluator wherever an expression may not be evaluated in this process. A replay takes longer than a
/// thread of the engine may be kept.
#[allow(clippy::too_many_arguments, reason = "a move has two versions, a run, its journal, an actor and a time")]
async fn ask_machine<T: Send + 'static>(
    context: &Arc<Context>,
    run: &Run,
    from: &Loaded,
    to: &Loaded,
    records: Vec<Record>,
    by: MovedBy,
    now: Time,
    ask: Ask<T>,
) -> Result<T, MoveError> {
    if context.format() < MOVED {
        let why = "not every node can read a run that moved: an earlier version of Stepwell is running, or was in the last hour";
        return Err(MoveError::Refused(why.to_owned()));
    }
    let definitions = (from.id, to.id);
    let (from, to) = (Arc::clone(&from.definition), Arc::clone(&to.definition));
    let (run, records) = (run.clone(), Arc::new(records));
    let mut answers: Vec<Result<serde_json::Value, EvaluationError>> = Vec::new();
    loop {
        let (within, from, to, run) = (Arc::clone(context), Arc::clone(&from), Arc::clone(&to), run.clone());
        let (records, by, known) = (Arc::clone(&records), by.clone(), answers.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let settles_after = |request: &CallRequest| within.connections.settles_after(request);
            let around = Around { now, answers: &known, settles_after: &settles_after, continues: false };
            ask(Move { from: &from, to: &to, definitions, run: &run, records: &records }, by, around)
        });
        let evaluation: Box<Evaluation> = match asked.await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(NoDecision::Rejected(rejected))) => return Err(rejected.into()),
            Ok(Err(NoDecision::Evaluate(evaluation))) => evaluation,
            Err(panic) => return Err(MoveError::Refused(format!("internal error: {panic}"))),
        };
        answers.push(context.evaluator.evaluate(*evaluation).await);
    }
}

impl Engine {
    /// What moving a run to another version would do. Nothing is recorded.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub async fn preview_move(&self, run: RunId, to: &str, by: &Actor) -> Result<Preview, MoveError> {
        let context = &self.inner.context;
        let definition = definitions::of_run(&context.reader, run).await?.ok_or(MoveError::Unknown(run))?;
        let from = context.definition_of(definition).await?;
        let target = version(context, &from.definition.workflow, to).await?;
        let (records, base) = journal::records_from_base(&context.reader, run).await?;
        let (definition, read) = (Arc::clone(&from.definition), Run::before(run, base));
        let folded = tokio::task::spawn_blocking(move || {
            let run = fold(&definition, read, &records).map_err(|e| e.to_string())?;
            Ok::<_, String>((run, records))
        });
        let unreadable = |why: String| StoreError::Unreadable { table: "journal", why };
        let (run, records) = folded.await.map_err(|e| unreadable(e.to_string()))?.map_err(unreadable)?;
        let by = MovedBy { actor: by.clone(), reason: None, approval: None };
        let now = context.now().max(records.last().map_or(Time::UNIX_EPOCH, |last| last.at));
        ask_machine(context, &run, &from, &target, records, by, now, |of, by, around| {
            moves::preview(of, by.actor, around)
        })
        .await
    }
}
