//! Totals over Postgres: the pass is locked, the pure rules say what happens to it, and that is written.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::OperationError;
use crate::memory::totals::{Begin, End, FoundLines, Operation, Pass, bound, changes, ended, unknown};
use crate::store::sync::totals::{self, signing};

/// Days that are compared at once, so that memory holds no whole year.
const WINDOW: Days = Days::new(6);

pub(super) async fn totals(pool: &PgPool, operation: Operation, now: DateTime<Utc>) -> Result<Value, OperationError> {
    let mut transaction = pool.begin().await?;
    let answer = match operation {
        Operation::Begin(asked) => begin(&mut transaction, &asked, now).await?,
        Operation::Lines(found) => lines(&mut transaction, &found).await?,
        Operation::End(asked) => end(&mut transaction, &asked).await?,
    };
    transaction.commit().await?;
    Ok(answer)
}

async fn begin(conn: &mut PgConnection, asked: &Begin, now: DateTime<Utc>) -> Result<Value, OperationError> {
    totals::lock(conn).await?;
    if let Some(known) = totals::of_run(conn, asked.run).await? {
        return Ok(known.answer());
    }
    let others = totals::under_way(conn).await?;
    let pass = Pass::begin(asked, Uuid::now_v7(), &others, now)?;
    totals::insert(conn, &pass).await?;
    Ok(pass.answer())
}

async fn lines(conn: &mut PgConnection, found: &FoundLines) -> Result<Value, OperationError> {
    let pass = totals::lock_pass(conn, found.pass).await?.ok_or_else(|| unknown(found.pass))?;
    let count = totals::stage(conn, pass.id, &pass.judged(found)?).await?;
    bound(usize::try_from(count).unwrap_or(usize::MAX))?;
    Ok(json!({ "lines": count }))
}

async fn end(conn: &mut PgConnection, asked: &End) -> Result<Value, OperationError> {
    totals::lock(conn).await?;
    let pass = totals::lock_pass(conn, asked.pass).await?.ok_or_else(|| unknown(asked.pass))?;
    if let Some(result) = pass.result {
        return Ok(result);
    }
    let states = totals::states(conn, pass.id).await?;
    let (mut changed, mut from) = (0, pass.from);
    loop {
        let until = from.checked_add_days(WINDOW).unwrap_or(NaiveDate::MAX).min(pass.until);
        changed += compare(conn, &pass, (from, until)).await?;
        match until.succ_opt().filter(|next| *next <= pass.until) {
            Some(next) => from = next,
            None => break,
        }
    }
    let result = ended(&states, i64::try_from(changed).unwrap_or(i64::MAX));
    totals::end(conn, &pass, &result, &asked.companies).await?;
    Ok(result)
}

/// Brings what is shown of these days to what the pass found; gives how much of it someone had signed off.
async fn compare(conn: &mut PgConnection, pass: &Pass, days: (NaiveDate, NaiveDate)) -> Result<usize, OperationError> {
    let found = totals::staged(conn, pass.id, days).await?;
    let shown = totals::standing(conn, pass, days, &found).await?;
    let all = || shown.keys().map(|place| place.day).chain([days.0, days.1]);
    let (first, last) = (all().min().unwrap_or(days.0), all().max().unwrap_or(days.1));
    let changes = changes(&shown, &found, &signing::signed(conn, first, last).await?);
    if !changes.gone.is_empty() {
        totals::remove(conn, &changes.gone).await?;
        let elsewhere =
            changes.gone.iter().map(|place| place.day).filter(|day| !(pass.from..=pass.until).contains(day));
        totals::touch(conn, pass.id, &elsewhere.collect::<Vec<NaiveDate>>()).await?;
    }
    if !changes.put.is_empty() {
        totals::put(conn, &changes.put).await?;
    }
    if !changes.marked.is_empty() {
        signing::mark(conn, pass.run, &changes.marked).await?;
    }
    Ok(changes.marked.len())
}
