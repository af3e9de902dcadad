//! Links over Postgres: what is known of a pair is locked, the pure rules say what happens to it, and the difference is written.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::OperationError;
use crate::memory::links::{Conflict, Had, Kind, Link, Linked, Operation, Pair, Pending, Seen, Side, perform};
use crate::store::StoreError;
use crate::store::sync::links::{self, LinkRow, NewConflict, OpenConflict};
use crate::store::sync::sides;

/// What of a link stands in no column of its own.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    had: Pair<Had>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pending: Option<Pending>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    saved_by: Option<Uuid>,
}

/// What was found of a pair.
struct Known {
    rows: Vec<LinkRow>,
    conflicts: Vec<OpenConflict>,
}

pub(super) async fn links(pool: &PgPool, operation: Operation, now: DateTime<Utc>) -> Result<Value, OperationError> {
    if let Operation::Judge(_) = operation
        && let Some(answer) = idle(&mut *pool.acquire().await?, &operation, now).await?
    {
        return Ok(answer);
    }
    let mut transaction = pool.begin().await?;
    let ids = operation.ids();
    let rows = links::lock(&mut transaction, operation.entity(), ids.first.as_deref(), ids.second.as_deref()).await?;
    let minds = matches!(operation, Operation::Plan(_) | Operation::Save(_)) || rows.len() > 1;
    let conflicts = if minds && !rows.is_empty() {
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        links::open_conflicts(&mut transaction, &ids).await?
    } else {
        Vec::new()
    };
    let known = Known { rows, conflicts };
    let done = perform(&operation, found(&known, &operation)?, now)?;
    write(&mut transaction, &operation, known, done.kept, minds).await?;
    transaction.commit().await?;
    Ok(done.answer)
}

/// The answer to an event that says nothing new: half of all are echoes of our own writes, so they cost one read.
async fn idle(
    conn: &mut PgConnection,
    operation: &Operation,
    now: DateTime<Utc>,
) -> Result<Option<Value>, OperationError> {
    let ids = operation.ids();
    let rows = links::find(conn, operation.entity(), ids.first.as_deref(), ids.second.as_deref()).await?;
    let known = Known { rows, conflicts: Vec::new() };
    let done = perform(operation, found(&known, operation)?, now);
    let idle = |answer: &Value| matches!(answer["verdict"].as_str(), Some("echo" | "late" | "irrelevant"));
    Ok(done.ok().map(|done| done.answer).filter(idle))
}

/// What is known under the id of each side.
fn found(known: &Known, operation: &Operation) -> Result<Pair<Option<Linked>>, OperationError> {
    let ids = operation.ids();
    let conflicts = known.conflicts.iter().map(read_conflict).collect::<Result<Vec<_>, _>>()?;
    let under = |side: Side| -> Result<Option<Linked>, StoreError> {
        let Some(id) = &ids[side] else { return Ok(None) };
        let of = |row: &&LinkRow| [&row.crm_id, &row.erp_id][side as usize].as_ref() == Some(id);
        let Some(row) = known.rows.iter().find(of) else { return Ok(None) };
        Ok(Some(Linked { link: read(row)?, conflicts: conflicts.clone() }))
    };
    Ok(Pair { first: under(Side::First)?, second: under(Side::Second)? })
}

fn read(row: &LinkRow) -> Result<Link, StoreError> {
    let State { had, pending, saved_by } = decoded("links", row.id, row.state.clone())?;
    let ids = Pair { first: row.crm_id.clone(), second: row.erp_id.clone() };
    Ok(Link { ids, had, pending, holder: row.holder, saved_by })
}

fn read_conflict(row: &OpenConflict) -> Result<Conflict, StoreError> {
    let seen = |value: &Value| decoded::<Seen>("conflicts", row.id, value.clone());
    Ok(Conflict {
        row: row.row_name.clone(),
        kind: decoded::<Kind>("conflicts", row.id, Value::String(row.kind.clone()))?,
        seen: Pair { first: seen(&row.crm)?, second: seen(&row.erp)? },
        chosen: row.chosen.as_deref().and_then(sides::read),
    })
}

fn decoded<T: serde::de::DeserializeOwned>(table: &'static str, id: Uuid, value: Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|why| StoreError::Unreadable { table, why: format!("{id}: {why}") })
}

async fn write(
    conn: &mut PgConnection,
    operation: &Operation,
    known: Known,
    kept: Option<Linked>,
    minds: bool,
) -> Result<(), OperationError> {
    let before: Vec<Uuid> = known.rows.iter().map(|row| row.id).collect();
    let id = before.first().copied().unwrap_or_else(Uuid::now_v7);
    let surplus = if kept.is_some() { before.get(1..).unwrap_or_default() } else { &before };
    if !surplus.is_empty() {
        links::remove(conn, surplus).await?;
    }
    let Some(Linked { link, conflicts }) = kept else {
        // The last of them may be what someone chose: that both records go.
        return end(conn, operation, &known.conflicts, |_| true).await;
    };
    if minds {
        write_conflicts(conn, operation, id, &link, &known.conflicts, &conflicts).await?;
    }
    let Link { ids, had, pending, holder, saved_by } = link;
    let row =
        LinkRow { id, crm_id: ids.first, erp_id: ids.second, holder, state: json!(State { had, pending, saved_by }) };
    let is_same = |old: &LinkRow| {
        (&old.crm_id, &old.erp_id, old.holder, &old.state) == (&row.crm_id, &row.erp_id, row.holder, &row.state)
    };
    if before.len() != 1 || !known.rows.first().is_some_and(is_same) {
        links::put(conn, operation.entity(), &row).await?;
    }
    Ok(())
}

async fn write_conflicts(
    conn: &mut PgConnection,
    operation: &Operation,
    link_id: Uuid,
    link: &Link,
    before: &[OpenConflict],
    after: &[Conflict],
) -> Result<(), OperationError> {
    for conflict in after {
        let (first, second) = (json!(conflict.seen.first), json!(conflict.seen.second));
        let new = NewConflict {
            link: link_id,
            entity: operation.entity(),
            crm_id: link.ids.first.as_deref(),
            erp_id: link.ids.second.as_deref(),
            row_name: conflict.row.as_deref(),
            kind: conflict.kind.as_str(),
            crm: &first,
            erp: &second,
            run: operation.run(),
        };
        match before.iter().find(|row| row.row_name == conflict.row) {
            None => links::open_conflict(conn, &new).await?,
            Some(row) if read_conflict(row)? != *conflict => links::change_conflict(conn, row.id, &new).await?,
            Some(_) => {}
        }
    }
    end(conn, operation, before, |row| !after.iter().any(|conflict| conflict.row == row.row_name)).await
}

/// Closes conflicts. A save ends those that someone chose and it carried out; all others end because the records agree.
async fn end(
    conn: &mut PgConnection,
    operation: &Operation,
    open: &[OpenConflict],
    ended: impl Fn(&OpenConflict) -> bool,
) -> Result<(), OperationError> {
    let is_settled = |row: &OpenConflict| matches!(operation, Operation::Save(_)) && row.chosen.is_some();
    for (state, settled) in [("settled", true), ("gone", false)] {
        let ids: Vec<Uuid> =
            open.iter().filter(|row| ended(row) && is_settled(row) == settled).map(|row| row.id).collect();
        if !ids.is_empty() {
            links::close_conflicts(conn, &ids, state).await?;
        }
    }
    Ok(())
}
