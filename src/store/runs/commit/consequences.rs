//! What follows from records: listeners, events that go out, messages to other runs, places in queues and freezes.

use sqlx::PgConnection;

use super::Consequences;
use crate::machine::RunId;
use crate::store::StoreError;
use crate::store::events::{listeners, outgoing};
use crate::store::runs::commands::{self, NewMessage};
use crate::store::runs::{freezes, queues, tasks, unacknowledged};

/// Writes what follows from the records of these runs.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn insert_consequences(
    conn: &mut PgConnection,
    of_runs: &[(RunId, &Consequences)],
) -> Result<(), StoreError> {
    let frozen: Vec<_> = of_runs.iter().filter_map(|(run, c)| Some((*run, c.frozen?))).collect();
    let thawed: Vec<_> = of_runs.iter().filter(|(_, c)| c.thawed).map(|(run, _)| *run).collect();
    if !frozen.is_empty() {
        freezes::hold(conn, &frozen).await?;
    }
    if !thawed.is_empty() {
        freezes::let_go(conn, &thawed).await?;
    }
    let undoing: Vec<_> = of_runs.iter().filter(|(_, c)| c.undoing).map(|(run, _)| *run).collect();
    let undone: Vec<_> = of_runs.iter().filter(|(_, c)| c.undone).map(|(run, _)| *run).collect();
    if !undoing.is_empty() {
        unacknowledged::begin(conn, &undoing).await?;
    }
    if !undone.is_empty() {
        unacknowledged::end(conn, &undone).await?;
    }
    let listeners: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.listeners.iter().map(|l| (*run, l))).collect();
    let ended: Vec<_> = of_runs.iter().flat_map(|(run, c)| c.unlisten.iter().map(|e| (*run, *e))).collect();
    let outgoing: Vec<_> = of_runs.iter().flat_map(|(_, c)| &c.outgoing).collect();
    let messages: Vec<_> = of_runs.iter().flat_map(|(_, c)| &c.messages).collect();
    if !ended.is_empty() {
        listeners::delete(conn, &ended).await?;
    }
    if !listeners.is_empty() {
        listeners::insert(conn, &listeners).await?;
    }
    let asking: Vec<_> =
        of_runs.iter().map(|(run, c)| (*run, &c.tasks)).filter(|(_, tasks)| !tasks.is_empty()).collect();
    if !asking.is_empty() {
        tasks::write(conn, &asking).await?;
    }
    if !outgoing.is_empty() {
        outgoing::insert(conn, &outgoing).await?;
    }
    if !messages.is_empty() {
        commands::tell(conn, &messages).await?;
    }
    let entering: Vec<_> = of_runs.iter().filter_map(|(run, c)| Some((*run, c.enters.as_ref()?))).collect();
    let leaving: Vec<_> = of_runs.iter().filter_map(|(run, c)| Some((*run, c.leaves.as_ref()?))).collect();
    if !entering.is_empty() || !leaving.is_empty() {
        let called = queues::advance(conn, &entering, &leaving).await?;
        let turns: Vec<NewMessage> = called.into_iter().map(commands::turn).collect();
        if !turns.is_empty() {
            commands::tell(conn, &turns.iter().collect::<Vec<_>>()).await?;
        }
    }
    Ok(())
}
