//! Conflicts between records of two systems: each pair with its fields, both values side by side, and buttons to choose
//! the right side.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::dashboard::Dashboard;
use crate::dashboard::parts::form::Form;
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::run::Flash;
use crate::dashboard::run::act;
use crate::dashboard::signed_in::{SignedIn, may_act};
use crate::engine::{Conflict, Settled};
use crate::http::access::session::Caller;
use crate::memory::links::{Side, Sides};
use crate::store::sync::conflicts::{self, ConflictRow};
use crate::words::{Moment, capitalized};

/// Number of conflicts on a page.
const LINES: i64 = 100;
/// Number of decisions shown.
const DECIDED_SHOWN: i64 = 20;
/// Length at which a value is cut, with the whole value behind a toggle.
const VALUE_CHARS_MAX: usize = 120;

/// The value of one side.
struct Shown {
    field: String,
    text: String,
    /// The whole value, if `text` is only its beginning.
    whole: Option<String>,
}

/// A field on which the sides differ.
struct Line {
    id: Uuid,
    name: String,
    why: &'static str,
    sides: [Shown; 2],
    /// What choosing each side means.
    means: [String; 2],
    since: Moment,
    run: Uuid,
}

/// A pair of records.
struct Pair {
    entity: String,
    sides: Arc<Sides>,
    /// Names of the systems, capitalized.
    called: [String; 2],
    ids: [String; 2],
    lines: Vec<Line>,
}

/// A past decision.
struct Decided {
    at: Moment,
    text: String,
    by: String,
    reason: Option<String>,
    under_way: bool,
}

#[derive(Template)]
#[template(path = "conflicts.html")]
struct ConflictsPage {
    frame: Frame,
    flash: Option<Flash>,
    pairs: Vec<Pair>,
    decided: Vec<Decided>,
    more: Option<String>,
    paged: bool,
}

/// Position in the list, and whether a decision was just made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<Uuid>,
    done: bool,
}

/// The form of a decision.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    side: String,
    reason: String,
}

/// `GET /conflicts`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let flash = asked.done.then(|| Flash::done("Decided. The sync will apply it.".to_owned()));
    page(&dashboard, &caller, asked.before, flash).await
}

/// `POST /conflicts/{id}`
pub async fn settle(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let refused = |status, why| page(&dashboard, &caller, None, Some(Flash::refused(status, why)));
    let unknown = || NoPage::not_found(format!("There is no conflict {id}."));
    let found = conflicts::find(&dashboard.pool, id).await?.ok_or_else(unknown)?;
    let sides = dashboard.engine.deployed().sides(&found.entity);
    let Some(side) = sides.find(&form.side) else {
        let why = "Not done: choose which side is right.".to_owned();
        return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await;
    };
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    match dashboard.engine.settle_conflict(id, side, &caller.actor(), Some(&reason)).await? {
        Settled::Done(_) => Ok(Redirect::to("/conflicts?done=true").into_response()),
        Settled::Unknown => Err(unknown()),
        Settled::Refused(why) => refused(StatusCode::CONFLICT, format!("Not done: {why}.")).await,
    }
}

async fn page(
    dashboard: &Dashboard,
    caller: &Caller,
    before: Option<Uuid>,
    flash: Option<Flash>,
) -> Result<Response, NoPage> {
    let mut found = conflicts::list(&dashboard.pool, "open", None, before, LINES + 1).await?;
    let more = found.len() > usize::try_from(LINES).unwrap_or_default();
    found.truncate(usize::try_from(LINES).unwrap_or_default());
    let more = found.last().filter(|_| more).map(|last| format!("/conflicts?before={}", last.id));
    let mut decided = conflicts::list(&dashboard.pool, "chosen", None, None, DECIDED_SHOWN).await?;
    decided.extend(conflicts::list(&dashboard.pool, "settled", None, None, DECIDED_SHOWN).await?);
    let deployed = dashboard.engine.deployed();
    let named = |rows: Vec<ConflictRow>| rows.into_iter().map(|row| deployed.conflict(row)).collect::<Vec<_>>();
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = ConflictsPage {
        frame: Frame::of(caller, "conflicts"),
        flash,
        pairs: pairs(named(found)),
        decided: named(decided).into_iter().filter_map(told).collect(),
        more,
        paged: before.is_some(),
    };
    Ok(render(status, &page))
}

fn pairs(conflicts: Vec<Conflict>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for conflict in conflicts {
        let ids = Side::BOTH.map(|side| conflict.id_of(side).unwrap_or("none").to_owned());
        let known = pairs.iter().position(|pair| (&pair.entity, &pair.ids) == (&conflict.row.entity, &ids));
        let place = known.unwrap_or(pairs.len());
        if known.is_none() {
            let (entity, sides) = (conflict.row.entity.clone(), Arc::clone(&conflict.sides));
            let called = Side::BOTH.map(|side| capitalized(&sides.called(side)));
            pairs.push(Pair { entity, sides, called, ids, lines: Vec::new() });
        }
        pairs[place].lines.push(line(conflict));
    }
    pairs
}

fn line(conflict: Conflict) -> Line {
    let means = Side::BOTH.map(|side| match conflict.row.row_name {
        // The mapping determines what the value becomes there.
        Some(_) => format!("Its value goes to {}", conflict.sides.called(side.other())),
        None => whole(&conflict, side),
    });
    Line {
        id: conflict.row.id,
        sides: Side::BOTH.map(|side| shown(conflict.seen(side), conflict.row.row_name.is_none())),
        name: conflict.row.row_name.unwrap_or_else(|| "The record".to_owned()),
        why: why(&conflict.row.kind),
        means,
        since: conflict.row.opened_at.into(),
        run: conflict.row.run_id,
    }
}

/// Describes what a choice means for a record that was deleted on one side.
fn whole(conflict: &Conflict, side: Side) -> String {
    let [own, other] = [side, side.other()].map(|side| conflict.sides.called(side));
    if conflict.seen(side)["value"] == Value::Bool(true) {
        format!("It is recreated in {other} from {own}")
    } else {
        format!("It is also deleted in {other}")
    }
}

fn why(kind: &str) -> &'static str {
    match kind {
        "foreign" => "Changed on the side that is not the master",
        "required" => "The other side requires a value, but there is none",
        "unstable" => "Changed back after each sync by something else",
        "deleted" => "Deleted on one side",
        _ => "Both sides changed it",
    }
}

fn shown(side: &Value, is_record: bool) -> Shown {
    let text = match &side["value"] {
        Value::Bool(true) if is_record => "exists".to_owned(),
        Value::Bool(false) if is_record => "deleted".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.is_empty() => "nothing".to_owned(),
        Value::String(text) => format!("“{text}”"),
        other => other.to_string(),
    };
    let cut = text.chars().count() > VALUE_CHARS_MAX;
    let begin =
        if cut { format!("{}…", text.chars().take(VALUE_CHARS_MAX).collect::<String>()) } else { text.clone() };
    Shown { field: side["field"].as_str().unwrap_or_default().to_owned(), text: begin, whole: cut.then_some(text) }
}

fn told(conflict: Conflict) -> Option<Decided> {
    let right = conflict.sides.called(conflict.chosen()?);
    let row = conflict.row.row_name.as_deref().unwrap_or("the record");
    let id = Side::BOTH.into_iter().find_map(|side| conflict.id_of(side)).unwrap_or_default();
    Some(Decided {
        at: conflict.row.chosen_at?.into(),
        text: format!("{} {id}, {row}: {right} is right", conflict.row.entity),
        by: conflict.row.chosen_by?,
        reason: conflict.row.reason,
        under_way: conflict.row.state == "chosen",
    })
}
