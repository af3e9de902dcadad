//! Minimal values for tests that write to the database.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::nodes::formats;
use super::runs::commit::{self, Beginning, NewEvent, NewRun, RunState};
use super::runs::journal::NewRow;
use super::sync::totals;
use crate::machine::{RunId, Time};
use crate::memory::totals::{Begin, Pass};

/// State of a run that node 1 drives.
pub(crate) fn state() -> RunState {
    RunState {
        status: "running",
        attention: None,
        task: None,
        error: None,
        fingerprint: None,
        owner: Some(Uuid::from_u128(1)),
        wake_at: None,
        seq: 1,
        head: [0; 32],
        format: formats::NEWEST,
        finished_at: None,
    }
}

/// An event that starts nothing.
pub(crate) fn event(id: Uuid) -> NewEvent {
    NewEvent {
        id,
        source: "test".into(),
        event_id: id.to_string(),
        r#type: "t".into(),
        received_at: Time::UNIX_EPOCH,
        headers: "{}".into(),
        body: Bytes::new(),
        body_hash: [0; 32],
        attributes: "{}".into(),
        data: None,
        outcome: "unmatched",
        runs: Vec::new(),
        detail: None,
        awaited: false,
        counted: None,
        needs_attention: false,
        is_proven: false,
    }
}

/// A run of definition 1.
pub(crate) fn run(id: RunId) -> NewRun {
    NewRun {
        id,
        definition_id: 1,
        event_id: None,
        parent_id: None,
        key: None,
        created_at: Time::UNIX_EPOCH,
        state: state(),
    }
}

/// First journal row of a run.
pub(crate) fn row() -> NewRow {
    NewRow {
        seq: 1,
        at: Time::UNIX_EPOCH,
        format: formats::ONE_RECORD,
        kind: Some("run.started"),
        task: None,
        attempt: None,
        actor: Some("test".into()),
        data: "{}".into(),
        holes: Vec::new(),
        hash: [0; 32],
    }
}

/// Stores new events. Returns those that a run may be waiting for.
pub(crate) async fn store_events(conn: &mut PgConnection, events: &[&NewEvent]) -> Vec<Uuid> {
    let done = commit::accept(conn, None, events, &[]).await.unwrap();
    assert_eq!(done.stored.len(), events.len());
    done.stored.into_iter().filter(|(_, is_awaited)| *is_awaited).map(|(id, _)| id).collect()
}

/// Stores journal rows only; the row of the run is stored elsewhere.
pub(crate) async fn append(conn: &mut PgConnection, run: RunId, rows: &[NewRow]) {
    for row in rows {
        let insert = "insert into journal (shard, run_id, seq, at, kind, task, attempt, actor, data, hash, format)
                      values ($1, $2, $3, $4, $5, $6, $7, $8, $9::json, $10, $11)";
        let insert = sqlx::query(insert).bind(super::shard(run)).bind(run).bind(row.seq).bind(row.at);
        let insert = insert.bind(row.kind).bind(row.task.as_deref()).bind(row.attempt).bind(row.actor.as_deref());
        let insert = insert.bind(&row.data).bind(row.hash.as_slice()).bind(row.format);
        insert.execute(&mut *conn).await.unwrap();
    }
}

/// Stores a run with its first journal rows.
pub(crate) async fn begin(conn: &mut PgConnection, run: &NewRun, rows: &[NewRow]) {
    commit::accept(conn, None, &[], &[Beginning { run, rows, with: None }]).await.unwrap();
}

/// Makes the database reject new acts with a constraint violation.
pub(crate) async fn refuse_acts(pool: &PgPool) {
    let refuse = "create function refuse() returns trigger language plpgsql as
                      $$ begin raise exception 'no acts' using errcode = 'check_violation'; end $$;
                  create trigger refuse before insert on acts for each row execute function refuse();
                  create trigger refuse before insert on schedule_acts for each row execute function refuse();";
    sqlx::raw_sql(refuse).execute(pool).await.unwrap();
}

/// Lets acts be recorded again.
pub(crate) async fn allow_acts(pool: &PgPool) {
    sqlx::raw_sql("drop function refuse() cascade").execute(pool).await.unwrap();
}

/// A finished pass over November 2025 with these lines, in the form that `totals/lines` accepts.
pub(crate) async fn totals_pass(pool: &PgPool, lines: &Value) -> Pass {
    let day = |text: &str| Some(text.parse().unwrap());
    let begin = Begin {
        run: Uuid::now_v7(),
        time_zone: "Europe/Berlin".into(),
        from: day("2025-11-01"),
        until: day("2025-11-30"),
        days: None,
    };
    let pass = Pass::begin(&begin, Uuid::now_v7(), &[], chrono::Utc::now()).unwrap();
    let found = serde_json::from_value(serde_json::json!({ "pass": pass.id, "lines": lines })).unwrap();
    let conn = &mut *pool.acquire().await.unwrap();
    totals::insert(conn, &pass).await.unwrap();
    totals::put(conn, &pass.judged(&found).unwrap()).await.unwrap();
    let companies = BTreeMap::from([("2".to_owned(), "Helvetia & Söhne".to_owned())]);
    totals::end(conn, &pass, &Value::Null, &companies).await.unwrap();
    pass
}

/// A totals line for a deal in euros, with its order if an ordered amount is given.
pub(crate) fn totals_line(day: &str, deal: &str, name: &str, amount: &str, ordered: Option<&str>) -> Value {
    let order = |amount: &str| {
        let (id, number) = (format!("7{deal}"), format!("SO-{deal}"));
        serde_json::json!({ "id": id, "number": number, "currency": "EUR", "cancelled": false, "amounts": [amount] })
    };
    serde_json::json!({
        "day": day, "currency": "EUR", "company": "2", "deal": { "id": deal, "name": name, "amounts": [amount] },
        "orders": ordered.map(order).into_iter().collect::<Vec<_>>(),
    })
}

/// Waits until a transaction waits for an advisory lock.
pub(crate) async fn somebody_waits_for_a_lock(pool: &PgPool) {
    let waits = "select exists (select from pg_locks where locktype = 'advisory' and not granted)";
    while !sqlx::query_scalar::<_, bool>(waits).fetch_one(pool).await.unwrap() {
        tokio::task::yield_now().await;
    }
}
