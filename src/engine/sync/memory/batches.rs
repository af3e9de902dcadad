//! Batches over Postgres: the row is locked, the pure rules say what happens to it, and that is written.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::OperationError;
use crate::identifiers::Form;
use crate::memory::batches::{Batch, Begin, End, Failed, FailedRow, Operation, Report, Rows, page, unknown};
use crate::store::sync::batches::{self, FailedShown};

/// Keys of rows get the form that is declared for their batch.
pub(super) async fn batches(
    pool: &PgPool,
    operation: Operation,
    forms: &BTreeMap<String, Form>,
    now: DateTime<Utc>,
) -> Result<Value, OperationError> {
    let mut transaction = pool.begin().await?;
    let batch = match operation {
        Operation::Rows(mut asked) => {
            asked.shape(forms.get(&asked.name).copied())?;
            return rows(&mut transaction, &asked).await;
        }
        Operation::Begin(asked) => begin(&mut transaction, &asked, now).await?,
        Operation::Report(told) => report(&mut transaction, told, forms, now).await?,
        Operation::End(asked) => end(&mut transaction, &asked, now).await?,
    };
    transaction.commit().await?;
    Ok(batch.answer())
}

async fn begin(conn: &mut PgConnection, asked: &Begin, now: DateTime<Utc>) -> Result<Batch, OperationError> {
    batches::lock_name(conn, &asked.name).await?;
    if let Some(known) = batches::of_run(conn, asked.run, &asked.name).await? {
        return Ok(known);
    }
    let others = batches::under_way(conn, &asked.name).await?;
    let batch = Batch::begin(asked, Uuid::now_v7(), &others, now)?;
    batches::insert(conn, &batch).await?;
    Ok(batch)
}

async fn report(
    conn: &mut PgConnection,
    mut told: Report,
    forms: &BTreeMap<String, Form>,
    now: DateTime<Utc>,
) -> Result<Batch, OperationError> {
    let mut batch = batches::lock(conn, told.batch).await?.ok_or_else(|| unknown(told.batch))?;
    if batch.ended_at.is_none() && !batches::note_report(conn, batch.id, &told.cursor).await? {
        return Ok(batch);
    }
    told.shape(forms.get(&batch.name).copied())?;
    batch.count(&told, now)?;
    batches::update(conn, &batch).await?;
    batches::clear_rows(conn, &batch.name, &told.succeeded()).await?;
    if !told.failed.is_empty() {
        let kept = |failed: Failed| FailedRow { message: failed.told(), key: failed.key, row: failed.row, attempts: 1 };
        let rows: Vec<FailedRow> = told.failed.into_iter().map(kept).collect();
        batches::keep_rows(conn, &batch, &rows).await?;
    }
    Ok(batch)
}

async fn end(conn: &mut PgConnection, asked: &End, now: DateTime<Utc>) -> Result<Batch, OperationError> {
    let mut batch = batches::lock(conn, asked.batch).await?.ok_or_else(|| unknown(asked.batch))?;
    batch.end(now);
    batches::update(conn, &batch).await?;
    batches::forget_reports(conn, batch.id).await?;
    Ok(batch)
}

async fn rows(conn: &mut PgConnection, asked: &Rows) -> Result<Value, OperationError> {
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    let left = batches::count_failed(&mut *conn, &asked.name, asked.after.as_deref()).await?;
    let found = batches::failed(conn, &asked.name, asked.after.as_deref(), limit).await?;
    let kept = |FailedShown { key, message, row, attempts, .. }| FailedRow { key, message, row, attempts };
    Ok(page(found.into_iter().map(kept).collect(), left))
}
