//! Retrying from an earlier step: what the machine needs for it is read here.

use std::sync::Arc;

use super::folded;
use crate::engine::catalog::Loaded;
use crate::engine::context::Context;
use crate::engine::{ActError, Engine};
use crate::expr::EvaluationError;
use crate::machine::rewind::{self, Choice};
use crate::machine::{
    Around, CallRequest, Decision, NoDecision, Record, Rewind, RewoundBy, Run, RunId, Time, decide_rewind,
};
use crate::store::nodes::formats::REWOUND;
use crate::store::runs::journal;
use crate::store::{StoreError, definitions};

const TOO_OLD: &str =
    "not every node can read a run that goes back: an earlier version of Stepwell is running, or was in the last hour";

/// A run with all that going back needs.
struct Read {
    loaded: Loaded,
    run: Run,
    records: Vec<Record>,
    base: u32,
}

impl Read {
    fn rewind(&self) -> Rewind<'_> {
        Rewind { definition: &self.loaded.definition, run: &self.run, records: &self.records, base: self.base }
    }
}

/// Decides that a run continues from an earlier step. Says why not, for a person.
pub(in crate::engine::runs) async fn decide(
    context: &Arc<Context>,
    (run, loaded): (&Run, &Loaded),
    from: &str,
    by: RewoundBy,
    now: Time,
) -> Result<Decision, String> {
    if context.format() < REWOUND {
        return Err(TOO_OLD.to_owned());
    }
    let (records, base) = journal::records_from_base(&context.pool, run.id).await.map_err(|e| e.to_string())?;
    let (loaded, run) = (loaded.clone(), run.clone());
    let read = Arc::new(Read { loaded, run, records, base });
    let mut answers: Vec<Result<serde_json::Value, EvaluationError>> = Vec::new();
    loop {
        let (within, read, by) = (Arc::clone(context), Arc::clone(&read), by.clone());
        let (from, known) = (from.to_owned(), answers.clone());
        // Folding a long journal takes longer than a thread of the engine may be kept.
        let asked = tokio::task::spawn_blocking(move || {
            let settles_after = |request: &CallRequest| within.connections.settles_after(request);
            let around = Around { now, answers: &known, settles_after: &settles_after, continues: false };
            decide_rewind(read.rewind(), &from, by, around)
        });
        match asked.await {
            Ok(Ok(decision)) => return Ok(decision),
            Ok(Err(NoDecision::Rejected(rejected))) => return Err(rejected.to_string()),
            Ok(Err(NoDecision::Evaluate(evaluation))) => answers.push(context.evaluator.evaluate(*evaluation).await),
            Err(panic) => return Err(format!("internal error: {panic}")),
        }
    }
}

async fn read_run(context: &Context, run: RunId) -> Result<Option<Read>, StoreError> {
    let Some(definition) = definitions::of_run(&context.reader, run).await? else { return Ok(None) };
    let loaded = context.definition_of(definition).await?;
    let Some((_, folded)) = folded(context, run).await? else { return Ok(None) };
    let (records, base) = journal::records_from_base(&context.reader, run).await?;
    // What came since does not belong to the run that was folded.
    let length = usize::try_from(folded.seq.saturating_sub(base.saturating_sub(1))).unwrap_or(usize::MAX);
    let records = records.into_iter().take(length).collect();
    Ok(Some(Read { loaded, run: folded, records, base }))
}

impl Engine {
    /// The earlier steps from which a run that has stopped could continue, the latest first, each with what lies between.
    ///
    /// # Errors
    /// The database is away, or the run cannot be read.
    pub async fn earlier_steps(&self, run: RunId) -> Result<Vec<Choice>, StoreError> {
        let Some(read) = read_run(&self.inner.context, run).await? else { return Ok(Vec::new()) };
        let found = tokio::task::spawn_blocking(move || rewind::choices(read.rewind()));
        found.await.map_err(|e| StoreError::Unreadable { table: "journal", why: e.to_string() })
    }

    /// What lies between an earlier step and where a run stands. Nothing is recorded.
    ///
    /// # Errors
    /// The run must not go back to that step, or the database is away.
    pub async fn preview_rewind(&self, run: RunId, from: &str) -> Result<Choice, ActError> {
        let away = |e: StoreError| ActError::Unavailable(e.to_string());
        let read = read_run(&self.inner.context, run).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
        rewind::preview(read.rewind(), from).map_err(|rejected| ActError::Refused(rejected.to_string()))
    }
}
