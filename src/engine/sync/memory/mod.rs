//! The hub's memory over Postgres: each operation of a workflow is one short transaction around a pure function of `memory`.

mod batches;
mod links;
mod totals;

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::Value;
use sqlx::PgPool;
use tracing::warn;

use crate::connect::{Local, local_response};
use crate::engine::context::Context;
use crate::engine::sync::mappings::sides_for;
use crate::identifiers::Declared;
use crate::machine::Time;
use crate::memory::links::About;
use crate::memory::{Operation, Refusal, runs, watermarks};
use crate::store::runs::listing::{self, RunOfKey};
use crate::store::{self, StoreError};

/// Answers the calls of this node's connection `hub`.
#[derive(Debug)]
pub(in crate::engine) struct HubMemory(pub(in crate::engine) Weak<Context>);

/// Why an operation was not done.
pub(super) enum OperationError {
    Refused(Refusal),
    Away(StoreError),
}

impl From<Refusal> for OperationError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        Self::Away(error)
    }
}

impl From<sqlx::Error> for OperationError {
    fn from(error: sqlx::Error) -> Self {
        Self::Away(error.into())
    }
}

impl Local for HubMemory {
    fn answer<'a>(&'a self, path: &'a str, body: Bytes) -> BoxFuture<'a, http::Response<Bytes>> {
        Box::pin(async move {
            let answer = match self.0.upgrade() {
                Some(context) => answer(&context, path, &body).await,
                None => Err(away("the node is shutting down")),
            };
            local_response(answer)
        })
    }
}

/// The database did not answer: the call is tried again by its connection's policy.
fn away(why: impl std::fmt::Display) -> Refusal {
    let detail = format!("the hub's memory cannot be reached: {why}");
    Refusal { retry_after: Some(Duration::from_secs(1)), ..Refusal::new(StatusCode::SERVICE_UNAVAILABLE, detail) }
}

async fn answer(context: &Context, path: &str, body: &[u8]) -> Result<Value, Refusal> {
    let sides = match About::of(path, body) {
        Some(about) => sides_for(context, &about).await.map_err(away)?,
        None => Arc::default(),
    };
    let operation = Operation::parse(path, body, &sides)?;
    // A task of its own, for a call may be aborted, and no transaction may be dropped halfway.
    let done = tokio::spawn(perform(
        context.crowd.clone(),
        operation,
        Arc::clone(&context.settings.identifiers),
        context.now(),
    ))
    .await
    .map_err(away)?;
    done.map_err(|undone| match undone {
        OperationError::Refused(refusal) => refusal,
        OperationError::Away(error) => {
            warn!(path, %error, "an operation of the hub's memory failed, trying again");
            away(error)
        }
    })
}

async fn perform(
    pool: PgPool,
    operation: Operation,
    identifiers: Arc<Declared>,
    now: Time,
) -> Result<Value, OperationError> {
    match operation {
        Operation::Watermarks(operation) => watermark(&pool, operation).await,
        Operation::Runs(operation) => runs(&pool, operation).await,
        Operation::Batches(operation) => batches::batches(&pool, operation, &identifiers.batches, now).await,
        Operation::Totals(operation) => totals::totals(&pool, operation, now).await,
        Operation::Links(mut operation) => {
            operation.shape(&identifiers)?;
            links::links(&pool, *operation, now).await
        }
    }
}

async fn watermark(pool: &PgPool, operation: watermarks::Operation) -> Result<Value, OperationError> {
    match operation {
        watermarks::Operation::Read(read) => {
            let mut conn = pool.acquire().await?;
            Ok(watermarks::answer(store::sync::watermarks::read(&mut conn, &read.name).await?.as_ref()))
        }
        watermarks::Operation::Write(write) => {
            let mut transaction = pool.begin().await?;
            let current = store::sync::watermarks::lock(&mut transaction, &write.name).await?;
            watermarks::write(current.as_ref(), &write)?;
            store::sync::watermarks::write(&mut transaction, &write.name, &write.value).await?;
            transaction.commit().await?;
            Ok(watermarks::answer(Some(&write.value)))
        }
    }
}

async fn runs(pool: &PgPool, operation: runs::Operation) -> Result<Value, OperationError> {
    let runs::Operation::Find(find) = operation else { return Err(runs::no_add().into()) };
    let workflow = match find.workflow.split_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, find.workflow.as_str()),
    };
    let limit = i64::try_from(runs::TOLD_MAX).unwrap_or(i64::MAX);
    let found = listing::latest_of_key(pool, workflow, &find.key, limit).await?;
    let known = |run: RunOfKey| runs::Known { id: run.id, status: run.status, attention: run.attention };
    Ok(runs::answer(&found.into_iter().map(known).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests;
