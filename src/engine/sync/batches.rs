//! Batches as people see them: how far each is, which rows failed, and the retry of those alone.

use serde::Serialize;
use serde_json::json;
use tracing::info;
use uuid::Uuid;

use crate::engine::{Engine, StartError, StartRequest};
use crate::machine::{RunId, Time};
use crate::store::StoreError;
use crate::store::acts::{By, StartAct, StartKind};
use crate::store::sync::batches::{self, BatchRow, FailedShown};

/// What a workflow is given that shall do only what failed.
pub const RETRY: &str = "retry";

/// A batch, for people and programs.
#[derive(Debug, Clone, Serialize)]
pub struct BatchView {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of the batch.
    pub name: String,
    /// What of it: `full`, `incremental`, `retry`.
    pub mode: String,
    /// `running`, `ended`, or `stopped`: its run has ended before it did.
    pub state: &'static str,
    /// Run that performs it.
    pub run: Uuid,
    /// Its run's workflow, `namespace/name`; none once the run is gone.
    pub workflow: Option<String>,
    /// Number of rows in the whole batch, if it is known.
    pub total: Option<i64>,
    /// Number of rows reported, including failed ones.
    pub done: i64,
    /// Number of rows reported as failed.
    pub failed: i64,
    /// Rows in a second while it was at work.
    pub rate: Option<f64>,
    /// Seconds that the rest takes at this rate.
    pub rest_seconds: Option<i64>,
    /// Since when.
    pub began_at: Time,
    /// When it last changed.
    pub changed_at: Time,
    /// When it was over.
    pub ended_at: Option<Time>,
}

impl From<BatchRow> for BatchView {
    fn from(BatchRow { batch, stopped, workflow }: BatchRow) -> Self {
        let state = match (stopped, batch.ended_at) {
            (true, _) => "stopped",
            (false, Some(_)) => "ended",
            (false, None) => "running",
        };
        Self {
            state,
            rate: batch.rate(),
            rest_seconds: batch.rest_seconds().filter(|_| !stopped),
            workflow: workflow.map(|(namespace, name)| format!("{namespace}/{name}")),
            id: batch.id,
            name: batch.name,
            mode: batch.mode,
            run: batch.run,
            total: batch.total,
            done: batch.done,
            failed: batch.failed,
            began_at: batch.began_at,
            changed_at: batch.changed_at,
            ended_at: batch.ended_at,
        }
    }
}

/// The outcome of an attempt to retry failed rows.
#[derive(Debug)]
pub enum Retried {
    /// This run does it.
    Started(RunId),
    /// There is no such batch.
    Unknown,
    /// Why not.
    Refused(String),
}

impl Engine {
    /// Batches, latest first, those before `before`.
    ///
    /// # Errors
    /// The database is away.
    pub async fn batches(
        &self,
        name: Option<&str>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<BatchView>, StoreError> {
        let found = batches::list(&self.inner.context.reader, None, name, before, limit).await?;
        Ok(found.into_iter().map(BatchView::from).collect())
    }

    /// One of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn batch(&self, id: Uuid) -> Result<Option<BatchView>, StoreError> {
        Ok(batches::list(&self.inner.context.reader, Some(id), None, None, 1).await?.pop().map(BatchView::from))
    }

    /// Rows of batches of a name that failed and did not go well since, by key.
    ///
    /// # Errors
    /// The database is away.
    pub async fn failed_rows(
        &self,
        name: &str,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<FailedShown>, StoreError> {
        batches::failed(&self.inner.context.reader, name, after, limit).await
    }

    /// Starts the batch's workflow with `{mode: retry}`: it does what failed, and nothing else.
    ///
    /// # Errors
    /// The database is away, or the workflow does not start.
    pub async fn retry_batch<'b>(&self, id: Uuid, by: impl Into<By<'b>>) -> Result<Retried, StartError> {
        let by = by.into();
        let away = |e: StoreError| StartError::Unavailable(e.to_string());
        let found = batches::list(&self.inner.context.reader, Some(id), None, None, 1).await.map_err(away)?.pop();
        let Some(BatchRow { batch, workflow, .. }) = found else { return Ok(Retried::Unknown) };
        if batches::failed(&self.inner.context.reader, &batch.name, None, 1).await.map_err(away)?.is_empty() {
            return Ok(Retried::Refused(format!(
                "{:?} has no failed rows left: all of them have succeeded since",
                batch.name
            )));
        }
        let Some((namespace, name)) = workflow else {
            let detail = format!(
                "run {} no longer exists, so its workflow is unknown: start it with {{\"mode\": \"retry\"}}",
                batch.run
            );
            return Ok(Retried::Refused(detail));
        };
        let request = StartRequest {
            namespace,
            name,
            version: None,
            input: json!({ "mode": RETRY }),
            idempotency_key: None,
            actor: by.actor.clone(),
        };
        let act =
            StartAct { actor: by.actor.clone(), reason: by.reason.map(str::to_owned), kind: StartKind::BatchRetry(id) };
        let run = self.inner.runs.start_by(request, act).await?;
        info!(batch = %id, name = batch.name, by = by.actor.0, reason = by.reason, %run, "the failed rows of a batch are retried");
        Ok(Retried::Started(run))
    }
}
