//! Conflicts between records of both systems: each pair with its fields, both values side by side, and whose word counts.

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
use crate::engine::Settled;
use crate::http::access::session::Caller;
use crate::memory::links::Side;
use crate::store::sync::conflicts::{self, ConflictRow};
use crate::words::Moment;

/// Conflicts on a page.
const LINES: i64 = 100;
/// Decisions that are shown.
const DECIDED_SHOWN: i64 = 20;
/// A longer value is folded away.
const VALUE_CHARS_MAX: usize = 120;

/// One side's value.
struct Shown {
    field: String,
    text: String,
    /// The whole, where `text` is only its beginning.
    whole: Option<String>,
}

/// A field on which the sides disagree.
struct Line {
    id: Uuid,
    name: String,
    why: &'static str,
    sides: [Shown; 2],
    /// What a choice for the CRM and for the ERP means.
    means: [String; 2],
    since: Moment,
    run: Uuid,
}

/// A pair of records.
struct Pair {
    entity: String,
    crm: String,
    erp: String,
    lines: Vec<Line>,
}

/// What someone decided.
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

/// Place in the list, and what an act led to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<Uuid>,
    done: bool,
}

/// A filled form.
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
    let Some(side) = Side::BOTH.into_iter().find(|side| side.as_str() == form.side) else {
        let why = "Not done: choose which side is right.".to_owned();
        return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await;
    };
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    match dashboard.engine.settle_conflict(id, side, &caller.actor(), Some(&reason)).await? {
        Settled::Done(_) => Ok(Redirect::to("/conflicts?done=true").into_response()),
        Settled::Unknown => Err(NoPage::not_found(format!("There is no conflict {id}."))),
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
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = ConflictsPage {
        frame: Frame::of(caller, "conflicts"),
        flash,
        pairs: pairs(found),
        decided: decided.into_iter().filter_map(told).collect(),
        more,
        paged: before.is_some(),
    };
    Ok(render(status, &page))
}

fn pairs(conflicts: Vec<ConflictRow>) -> Vec<Pair> {
    let mut pairs: Vec<Pair> = Vec::new();
    for conflict in conflicts {
        let id = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".to_owned());
        let (crm, erp) = (id(&conflict.crm_id), id(&conflict.erp_id));
        let known =
            pairs.iter().position(|pair| (&pair.entity, &pair.crm, &pair.erp) == (&conflict.entity, &crm, &erp));
        let place = known.unwrap_or(pairs.len());
        if known.is_none() {
            pairs.push(Pair { entity: conflict.entity.clone(), crm, erp, lines: Vec::new() });
        }
        pairs[place].lines.push(line(conflict));
    }
    pairs
}

fn line(conflict: ConflictRow) -> Line {
    let sides = [shown(&conflict.crm, conflict.row_name.is_none()), shown(&conflict.erp, conflict.row_name.is_none())];
    let means = match conflict.row_name {
        // What happens to the value there, the mapping says.
        Some(_) => ["Its value goes to the ERP".to_owned(), "Its value goes to the CRM".to_owned()],
        None => [whole("CRM", "ERP", &conflict.crm["value"]), whole("ERP", "CRM", &conflict.erp["value"])],
    };
    Line {
        id: conflict.id,
        name: conflict.row_name.unwrap_or_else(|| "The record".to_owned()),
        why: why(&conflict.kind),
        sides,
        means,
        since: conflict.opened_at.into(),
        run: conflict.run_id,
    }
}

/// What a choice means for a record that one side has no more.
fn whole(side: &str, other: &str, exists: &Value) -> String {
    if exists == &Value::Bool(true) {
        format!("It is recreated in the {other} from the {side}")
    } else {
        format!("It is also deleted in the {other}")
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

fn told(conflict: ConflictRow) -> Option<Decided> {
    let chosen = conflict.chosen?;
    let row = conflict.row_name.as_deref().unwrap_or("the record");
    let id = conflict.crm_id.or(conflict.erp_id).unwrap_or_default();
    Some(Decided {
        at: conflict.chosen_at?.into(),
        text: format!("{} {id}, {row}: the {} is right", conflict.entity, chosen.to_uppercase()),
        by: conflict.chosen_by?,
        reason: conflict.reason,
        under_way: conflict.state == "chosen",
    })
}
