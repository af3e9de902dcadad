//! Evaluates events about linked records.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Hash, Judge, Link, Named, Refusal, Side};
use crate::time;

/// Tolerated difference between clocks. An event is late only if it is older by more.
const LATE_MARGIN: TimeDelta = TimeDelta::seconds(5);

/// Evaluates an event about a record, whose link, if any, was found by [`super::join`]. Returns the updated link and
/// the answer.
///
/// # Errors
/// Another run holds the link.
pub fn judge(link: Option<Link>, ask: &Judge) -> Result<(Option<Link>, Value), Refusal> {
    let is_known = link.is_some();
    let mut link = link.unwrap_or_default();
    let at = ask.at.as_deref().and_then(time);
    let verdict = verdict(is_known, &link, ask, at);
    if matches!(verdict, "echo" | "late" | "irrelevant") {
        let answer = answer(verdict, &link, ask);
        return Ok((is_known.then_some(link), answer));
    }
    link.take(Named(&ask.entity, &ask.sides), ask.run)?;
    link.ids[ask.side] = Some(ask.id.clone());
    if link.ids[ask.side.other()].is_none() {
        link.ids[ask.side.other()].clone_from(&ask.other_id);
    }
    note_touched(&mut link, ask, at);
    let answer = answer(verdict, &link, ask);
    Ok((Some(link), answer))
}

fn verdict(is_known: bool, link: &Link, ask: &Judge, at: Option<DateTime<Utc>>) -> &'static str {
    // Records that were never saved as equal are not a pair, even if they refer to each other.
    let is_pair = link.saved_by.is_some();
    if ask.deleted {
        // The record was never linked, so nothing depends on it.
        return if is_known { "deleted" } else { "irrelevant" };
    }
    let Some(fields) = &ask.fields else { return if is_pair { "changed" } else { "new" } };
    if !is_pair {
        return "new";
    }
    if fields.is_empty() {
        return "irrelevant";
    }
    let had = &link.had[ask.side];
    let writes = link.pending.as_ref().map(|pending| &pending.writes[ask.side]);
    let is_ours = |(field, value): (&String, &Value)| {
        let hash = Hash::of(value);
        had.fields.get(field) == Some(&hash) || writes.and_then(|writes| writes.get(field)) == Some(&hash)
    };
    if fields.iter().all(is_ours) {
        return "echo";
    }
    match (at, had.at) {
        (Some(at), Some(read)) if at + LATE_MARGIN < read => "late",
        _ => "changed",
    }
}

/// Records when fields were changed, for rows with the master `newest`.
fn note_touched(link: &mut Link, ask: &Judge, at: Option<DateTime<Utc>>) {
    let (Some(at), Some(fields)) = (at, &ask.fields) else { return };
    let had = &mut link.had[ask.side];
    for (field, value) in fields {
        if had.fields.get(field) == Some(&Hash::of(value)) {
            continue;
        }
        let touched = had.touched.entry(field.clone()).or_insert(at);
        *touched = at.max(*touched);
    }
}

fn answer(verdict: &str, link: &Link, ask: &Judge) -> Value {
    let mut answer = json!({ "verdict": verdict });
    for side in Side::BOTH {
        answer[ask.sides.name(side)] = link.ids[side].clone().into();
    }
    answer
}
