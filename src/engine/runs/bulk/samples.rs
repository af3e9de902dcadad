//! A few of the runs of a bulk act, looked at closely before it begins: whether they fit another version, and what an edit makes of the
//! input of the step that failed.

use serde::Serialize;
use serde_json::Value;

use crate::engine::context::Context;
use crate::engine::runs::acts::folded;
use crate::engine::{Engine, MoveError};
use crate::expr::EvaluationError;
use crate::machine::acts::{Edited, preview_edit};
use crate::machine::masks::Masks;
use crate::machine::{Act, Actor, Around, CallRequest, NoDecision, RunId};
use crate::store::StoreError;
use crate::store::runs::listing::RunRow;
use crate::words::plural;

/// Runs that are looked at.
const SAMPLES_MAX: usize = 3;

/// A run that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// Which.
    pub run: RunId,
    /// Business key of the run.
    pub key: Option<String>,
    /// Whether the act would be done to it, as far as this shows.
    pub possible: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// Of a move: recorded answers that are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<usize>,
    /// Of an edit: what the step is given, without what may not be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Of an edit: what it would be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

impl Sample {
    fn of(run: &RunRow) -> Self {
        let (run, key) = (run.id, run.key.clone());
        Self { run, key, possible: true, why_not: None, kept: None, before: None, after: None }
    }

    fn refused(run: &RunRow, why: String) -> Self {
        Self { possible: false, why_not: Some(why), ..Self::of(run) }
    }
}

/// Looks at the first of these runs; none of an act that needs no look.
pub(super) async fn look(engine: &Engine, act: &Act, chosen: &[RunRow]) -> Result<Vec<Sample>, StoreError> {
    let mut samples = Vec::new();
    for run in chosen.iter().take(SAMPLES_MAX) {
        let sample = match act {
            Act::Move { to } => moved(engine, to, run).await?,
            Act::Edit { edit, .. } => edited(&engine.inner.context, edit, run).await?,
            _ => return Ok(samples),
        };
        samples.push(sample);
    }
    Ok(samples)
}

/// What the samples show, in words.
pub(super) fn words(act: &Act, samples: &[Sample]) -> Option<String> {
    let good = samples.iter().filter(|sample| sample.possible).count();
    let of = plural(samples.len(), "run that was looked at", "runs that were looked at");
    match act {
        _ if samples.is_empty() => None,
        Act::Move { to } => Some(format!("Of {of}, {good} can move to version {to}.")),
        _ => Some(format!("Of {of}, the edit gives {good} an input.")),
    }
}

async fn moved(engine: &Engine, to: &str, run: &RunRow) -> Result<Sample, StoreError> {
    match engine.preview_move(run.id, to, &Actor::engine()).await {
        Ok(preview) => Ok(Sample { kept: Some(preview.kept), ..Sample::of(run) }),
        Err(MoveError::Store(error)) if !error.is_about_values() => Err(error),
        Err(error) => Ok(Sample::refused(run, error.to_string())),
    }
}

async fn edited(context: &Context, edit: &str, run: &RunRow) -> Result<Sample, StoreError> {
    let (definition, state) = match folded(context, run.id).await {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(Sample::refused(run, "it is gone".to_owned())),
        Err(error) if error.is_about_values() => return Ok(Sample::refused(run, error.to_string())),
        Err(error) => return Err(error),
    };
    let mut answers: Vec<Result<Value, EvaluationError>> = Vec::new();
    loop {
        let settles_after = |request: &CallRequest| context.connections.settles_after(request);
        let now = context.now();
        let around = Around { now, answers: &answers, settles_after: &settles_after, continues: false };
        match preview_edit(&definition, &state, edit, around) {
            Ok(Edited { before, after }) => {
                let masks = Masks::of(&definition);
                let (before, after) = (Some(masks.value(&before)), Some(masks.value(&after)));
                return Ok(Sample { before, after, ..Sample::of(run) });
            }
            Err(NoDecision::Rejected(rejected)) => return Ok(Sample::refused(run, rejected.to_string())),
            Err(NoDecision::Evaluate(evaluation)) => answers.push(context.evaluator.evaluate(*evaluation).await),
        }
    }
}
