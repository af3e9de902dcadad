//! A batch is written with as few statements as possible. Most need one, which is then its own transaction: a single round trip.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Accept, Advance, FirstStep, Item, Known, SnapshotChange, Written};
use crate::machine::RunId;
use crate::store::StoreError;
use crate::store::events::redeliveries::Redelivered;
use crate::store::events::topics::NewPosition;
use crate::store::events::{attention, redeliveries, sequences, topics};
use crate::store::runs::commit::{self, Beginning, Consequences, NewEvent, Transition};
use crate::store::runs::journal::{self, NewRow};
use crate::store::runs::{commands, freezes, snapshots};

/// Whether all that the batch must write together is one statement, so that no transaction has to be begun.
pub(in crate::engine) fn needs_one_statement(batch: &[&Item]) -> bool {
    batch.iter().all(|item| item.as_accept().is_some_and(is_plain_accept))
        || batch.iter().all(|item| item.as_advance().is_some_and(is_plain_advance))
}

fn is_plain_accept(accept: &Accept) -> bool {
    let of_event = |event: &NewEvent| event.counted.is_none() && !event.needs_attention;
    let of_run = |first: &FirstStep| first.consequences.is_empty() && !first.rows.iter().any(NewRow::has_payloads);
    accept.act.is_none()
        && accept.position.is_none()
        && accept.event.as_ref().is_none_or(of_event)
        && accept.runs.iter().all(of_run)
}

fn is_plain_advance(advance: &Advance) -> bool {
    advance.consequences.is_empty()
        && advance.answers.is_empty()
        && advance.snapshot.is_none()
        && advance.moves_to.is_none()
        && !advance.rows.iter().any(NewRow::has_payloads)
}

/// Writes a batch. If it needs one statement, the connection may be without a transaction: what comes after that statement only looks up
/// duplicates.
pub(in crate::engine) async fn write(conn: &mut PgConnection, batch: &[&Item]) -> Result<Written, StoreError> {
    let mut written = Written::default();
    let accepts: Vec<&Accept> = batch.iter().filter_map(|item| item.as_accept()).collect();
    let advances: Vec<&Advance> = batch.iter().filter_map(|item| item.as_advance()).collect();
    let accepts = write_positions(conn, accepts, &mut written).await?;
    let accepts = write_accepts(conn, accepts, &mut written).await?;
    write_advances(conn, &advances, &mut written).await?;

    let taken: Vec<&Accept> = accepts.iter().copied().filter(|accept| written.takes(accept)).collect();
    let moved: Vec<&Advance> = advances.into_iter().filter(|a| written.moved.contains(&a.transition.id)).collect();
    write_copies(conn, &taken, &moved).await?;
    let of_firsts = taken.iter().flat_map(|a| &a.runs).map(|first| (first.run.id, &first.consequences));
    let of_moved = moved.iter().map(|advance| (advance.transition.id, &advance.consequences));
    let consequences: Vec<(RunId, &Consequences)> =
        of_firsts.chain(of_moved).filter(|(_, consequences)| !consequences.is_empty()).collect();
    if !consequences.is_empty() {
        commit::insert_consequences(conn, &consequences).await?;
    }
    let mut answers: Vec<_> = moved.iter().flat_map(|advance| advance.answers.iter().cloned()).collect();
    answers.extend(batch.iter().filter_map(|item| item.as_answer()));
    if !answers.is_empty() {
        commands::answer(conn, &answers).await?;
    }
    // Last, for it takes the lock of the chain of acts. A batch in which no person starts a run takes none.
    for accept in &taken {
        let Some(act) = &accept.act else { continue };
        for first in &accept.runs {
            act.record(conn, first.run.id).await?;
        }
    }
    Ok(written)
}

/// Writes how far topics have come; gives the accepts that continue, which are those that read from no topic, or from one that was theirs.
async fn write_positions<'a>(
    conn: &mut PgConnection,
    accepts: Vec<&'a Accept>,
    written: &mut Written,
) -> Result<Vec<&'a Accept>, StoreError> {
    if accepts.iter().all(|accept| accept.position.is_none()) {
        return Ok(accepts);
    }
    // A topic whose event is judged again must not have moved on.
    let accepts =
        if known_to_all(&accepts).is_some() { without_late_ones(conn, accepts, written).await? } else { accepts };
    let mut positions: Vec<&NewPosition> = accepts.iter().filter_map(|accept| accept.position.as_ref()).collect();
    positions.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    let moved = topics::advance(conn, &positions).await?;
    let is_written = |position| moved.iter().any(|moved| moved.is_of(position));
    let (held, lost): (Vec<&Accept>, Vec<&Accept>) =
        accepts.into_iter().partition(|accept| accept.position.as_ref().is_none_or(is_written));
    written.lost = lost.iter().filter_map(|accept| Some(accept.event.as_ref()?.id)).collect();
    Ok(held)
}

/// Gives the accepts that no freeze came before since they were judged; from here on none can begin until the commit.
async fn without_late_ones<'a>(
    conn: &mut PgConnection,
    accepts: Vec<&'a Accept>,
    written: &mut Written,
) -> Result<Vec<&'a Accept>, StoreError> {
    let in_force = freezes::in_force(conn).await?;
    let (late, held): (Vec<&Accept>, Vec<&Accept>) =
        accepts.into_iter().partition(|accept| !accept.runs.is_empty() && accept.missed_one_of(&in_force));
    written.frozen.extend(late.iter().filter_map(|accept| Some(accept.runs.first()?.run.id)));
    Ok(held)
}

/// The freezes that all of these know whose runs a freeze may hold back; none if there is no such run.
fn known_to_all(accepts: &[&Accept]) -> Option<Vec<Uuid>> {
    let mut judged = accepts.iter().filter(|accept| !accept.runs.is_empty()).filter_map(|a| a.judged_by.as_ref());
    let first = judged.next()?.iter().map(|freeze| freeze.id).collect();
    Some(judged.fold(first, |mut known: Vec<Uuid>, judged_by| {
        known.retain(|id| judged_by.iter().any(|freeze| freeze.id == *id));
        known
    }))
}

/// Writes events, runs that begin, and their first rows; gives the accepts that were considered.
async fn write_accepts<'a>(
    conn: &mut PgConnection,
    mut accepts: Vec<&'a Accept>,
    written: &mut Written,
) -> Result<Vec<&'a Accept>, StoreError> {
    let mut freezes = known_to_all(&accepts);
    let mut events = Vec::new();
    while !accepts.is_empty() {
        events = accepts.iter().filter_map(|accept| accept.event.as_ref()).collect::<Vec<&NewEvent>>();
        events.sort_unstable_by(|a, b| (&a.source, &a.event_id).cmp(&(&b.source, &b.event_id)));
        let beginnings: Vec<Beginning<'_>> = accepts.iter().flat_map(|accept| accept.beginnings()).collect();
        let done = commit::accept(conn, freezes.as_deref(), &events, &beginnings).await?;
        if !done.is_frozen {
            written.won = done.stored.iter().map(|(id, _)| *id).collect();
            written.awaited = done.stored.iter().filter(|(_, is_awaited)| *is_awaited).map(|(id, _)| *id).collect();
            break;
        }
        // Its lock is held by now if there is a transaction; without one, a freeze that begins in between waits no longer than that.
        accepts = without_late_ones(conn, accepts, written).await?;
        freezes = known_to_all(&accepts);
    }
    let (won, lost): (Vec<&NewEvent>, Vec<&NewEvent>) = events.into_iter().partition(|e| written.won.contains(&e.id));
    let unsettled: Vec<_> = won.iter().filter(|event| event.needs_attention).copied().collect();
    if !unsettled.is_empty() {
        attention::ask(conn, &unsettled).await?;
    }
    let counted: Vec<_> = won.iter().filter_map(|e| Some((e.source.as_str(), e.counted.as_ref()?))).collect();
    if !counted.is_empty() {
        sequences::arrived(conn, &counted).await?;
    }
    look_up_first(conn, &lost, written).await?;
    Ok(accepts)
}

/// Finds the first deliveries of duplicates, and notes those that have other bytes.
async fn look_up_first(conn: &mut PgConnection, lost: &[&NewEvent], written: &mut Written) -> Result<(), StoreError> {
    if lost.is_empty() {
        return Ok(());
    }
    let keys: Vec<(&str, &str)> = lost.iter().map(|e| (e.source.as_str(), e.event_id.as_str())).collect();
    for known in commit::known_events(conn, &keys).await? {
        let (runs, resumed) = (known.runs, known.resumed);
        let first = Known { event: known.event, body_hash: known.body_hash, runs, resumed };
        written.known.insert((known.source, known.event_id), first);
    }
    let differing: Vec<Redelivered<'_>> = lost.iter().filter_map(|event| written.differing(event)).collect();
    if !differing.is_empty() {
        redeliveries::note(conn, &differing).await?;
    }
    Ok(())
}

async fn write_advances(
    conn: &mut PgConnection,
    advances: &[&Advance],
    written: &mut Written,
) -> Result<(), StoreError> {
    if advances.is_empty() {
        return Ok(());
    }
    let mut transitions: Vec<&Transition> = advances.iter().map(|a| &a.transition).collect();
    transitions.sort_unstable_by_key(|t| (crate::store::shard(t.id), t.id));
    let rows: Vec<(RunId, &NewRow)> =
        advances.iter().flat_map(|a| a.rows.iter().map(|row| (a.transition.id, row))).collect();
    written.moved = commit::advance(conn, &transitions, &rows).await?.into_iter().collect();
    let moves = advances.iter().filter_map(|a| Some((a.transition.id, a.moves_to?)));
    let moves: Vec<(RunId, i32)> = moves.filter(|(run, _)| written.moved.contains(run)).collect();
    if !moves.is_empty() {
        commit::redefine(conn, &moves).await?;
    }
    Ok(())
}

/// Writes large values, which belong to runs that exist by now, and snapshots.
async fn write_copies(conn: &mut PgConnection, taken: &[&Accept], moved: &[&Advance]) -> Result<(), StoreError> {
    let of_firsts = taken.iter().flat_map(|a| &a.runs).map(|first| (first.run.id, &first.rows));
    let of_moved = moved.iter().map(|advance| (advance.transition.id, &advance.rows));
    let large: Vec<(RunId, &NewRow)> = of_firsts
        .chain(of_moved)
        .flat_map(|(run, rows)| rows.iter().filter(|row| row.has_payloads()).map(move |row| (run, row)))
        .collect();
    if !large.is_empty() {
        journal::keep(conn, &large).await?;
    }
    let (mut put, mut removed) = (Vec::new(), Vec::new());
    for advance in moved {
        match &advance.snapshot {
            Some(SnapshotChange::Put(snapshot)) => put.push((advance.transition.id, snapshot)),
            Some(SnapshotChange::Remove) => removed.push(advance.transition.id),
            None => {}
        }
    }
    if !put.is_empty() {
        snapshots::put(conn, &put).await?;
    }
    if !removed.is_empty() {
        snapshots::remove(conn, &removed).await?;
    }
    Ok(())
}

impl Accept {
    fn beginnings(&self) -> impl Iterator<Item = Beginning<'_>> {
        let with = self.event.as_ref().map(|event| event.id);
        self.runs.iter().map(move |first| Beginning { run: &first.run, rows: &first.rows, with })
    }
}

impl Written {
    /// What is kept of a delivery that is a duplicate with other bytes than the first.
    fn differing<'e>(&self, event: &'e NewEvent) -> Option<Redelivered<'e>> {
        let first = self.known.get(&(event.source.clone(), event.event_id.clone()))?;
        let differs = event.is_proven && first.body_hash != event.body_hash;
        let (body_hash, body, at) = (event.body_hash, &*event.body, event.received_at);
        differs.then_some(Redelivered { event: first.event, body_hash, body, at })
    }

    /// Whether the runs of an accept were inserted: its event is new, or it has none.
    fn takes(&self, accept: &Accept) -> bool {
        accept.event.as_ref().is_none_or(|event| self.won.contains(&event.id))
    }
}
