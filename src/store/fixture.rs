//! Small values for tests that write to the database.

use sqlx::PgPool;
use uuid::Uuid;

use super::commit::{NewEvent, NewRun, RunState};
use super::journal::NewRow;
use crate::machine::{RunId, Time};

/// A run that node 1 drives.
pub(crate) fn state() -> RunState {
    RunState {
        status: "running",
        attention: None,
        task: None,
        owner: Some(Uuid::from_u128(1)),
        wake_at: None,
        seq: 1,
        head: [0; 32],
        finished_at: None,
    }
}

/// An event that started nothing.
pub(crate) fn event(id: Uuid) -> NewEvent {
    NewEvent {
        id,
        source: "test".into(),
        event_id: id.to_string(),
        r#type: "t".into(),
        received_at: Time::UNIX_EPOCH,
        headers: "{}".into(),
        body: Vec::new(),
        body_hash: [0; 32],
        attributes: "{}".into(),
        data: None,
        outcome: "unmatched",
        runs: Vec::new(),
        detail: None,
        awaited: false,
        counted: None,
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

/// A run's first row.
pub(crate) fn row() -> NewRow {
    NewRow {
        seq: 1,
        at: Time::UNIX_EPOCH,
        kind: "run.started",
        task: None,
        attempt: None,
        actor: "test".into(),
        data: "{}".into(),
        hash: [0; 32],
    }
}

/// From now on the database refuses to record acts, as it would a value that breaks a rule.
pub(crate) async fn refuse_acts(pool: &PgPool) {
    let refuse = "create function refuse() returns trigger language plpgsql as
                      $$ begin raise exception 'no acts' using errcode = 'check_violation'; end $$;
                  create trigger refuse before insert on acts for each row execute function refuse();
                  create trigger refuse before insert on schedule_acts for each row execute function refuse();";
    sqlx::raw_sql(refuse).execute(pool).await.unwrap();
}

/// Acts are recorded again.
pub(crate) async fn allow_acts(pool: &PgPool) {
    sqlx::raw_sql("drop function refuse() cascade").execute(pool).await.unwrap();
}
