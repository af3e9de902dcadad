//! Moving a run to another version: the available versions, a preview, and the form.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::parse_id;
use crate::dashboard::Dashboard;
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::parts::pretty::{self, Pretty};
use crate::dashboard::signed_in::SignedIn;
use crate::dsl::WorkflowRef;
use crate::engine::MoveError;
use crate::machine::compare::FieldChange;
use crate::machine::moves::{NextStep, Preview, ValueChange};
use crate::machine::{Misfit, RunId};
use crate::store::runs::listing::{self, RunRow};
use crate::words::Moment;

/// Maximum number of differing fields shown per step; the API returns all of them.
const FIELDS_MAX: usize = 20;

struct Version {
    text: String,
    current: bool,
}

/// A field that differs.
struct Field {
    name: String,
    before: String,
    after: String,
}

/// A step whose output differs.
struct Change {
    step: String,
    fields: Vec<Field>,
    more: usize,
}

/// What the run does next.
struct Next {
    text: String,
    step: Option<String>,
    body: Option<Pretty>,
    until: Option<Moment>,
}

/// The preview of a move.
struct Shown {
    kept: usize,
    changes: Vec<Change>,
    next: Vec<Next>,
}

/// Why the run cannot move.
struct Refusal {
    text: String,
    step: Option<String>,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "versions.html")]
struct VersionsPage {
    frame: Frame,
    id: RunId,
    name: String,
    workflow: WorkflowRef,
    versions: Vec<Version>,
    to: Option<String>,
    shown: Option<Shown>,
    refusal: Option<Refusal>,
}

/// Query parameters.
#[derive(Debug, Default, Deserialize)]
pub struct Parts {
    #[serde(default)]
    to: Option<String>,
}

/// `GET /runs/{id}/versions`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<String>,
    Query(parts): Query<Parts>,
) -> Result<Response, NoPage> {
    let id = parse_id(&id)?;
    let row = listing::run(&dashboard.pool, id).await?;
    let row = row.ok_or_else(|| NoPage::not_found(format!("There is no run {id}.")))?;
    let to = parts.to.map(|to| to.trim().to_owned()).filter(|to| !to.is_empty());
    let found = match &to {
        Some(to) => Some((to.as_str(), dashboard.engine.preview_move(id, to, &caller.actor()).await)),
        None => None,
    };
    let deployed = dashboard.engine.deployed();
    let others = deployed.versions(&row.workflow).iter().map(|d| d.workflow.version.as_str());
    page(Frame::of(&caller, "runs"), row, others, found)
}

/// Renders the versions of a run's workflow, with a preview of a move to one of them.
pub(in crate::dashboard) fn page<'v>(
    frame: Frame,
    row: RunRow,
    versions: impl Iterator<Item = &'v str>,
    asked: Option<(&str, Result<Preview, MoveError>)>,
) -> Result<Response, NoPage> {
    let to = asked.as_ref().map(|(to, _)| (*to).to_owned());
    let (mut shown, mut refusal) = (None, None);
    match asked.map(|(_, found)| found) {
        None => {}
        Some(Ok(preview)) => shown = Some(Shown::of(&preview)),
        Some(Err(MoveError::Store(error))) => return Err(error.into()),
        Some(Err(MoveError::DoesNotFit(misfit))) => refusal = Some(Refusal::of(*misfit)),
        Some(Err(error)) => refusal = Some(Refusal { text: error.to_string(), step: None, fields: Vec::new() }),
    }
    let others = versions.filter(|version| *version != row.workflow.version);
    let versions = others.map(|text| Version { current: to.as_deref() == Some(text), text: text.to_owned() }).collect();
    let status = if refusal.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let id = row.id;
    let page = VersionsPage {
        frame,
        id,
        name: row.key.clone().unwrap_or_else(|| id.to_string()),
        workflow: row.workflow,
        versions,
        to,
        shown,
        refusal,
    };
    Ok(render(status, &page))
}

impl Shown {
    fn of(preview: &Preview) -> Self {
        Self {
            kept: preview.kept,
            changes: preview.values.iter().map(change).collect(),
            next: preview.next.iter().map(next).collect(),
        }
    }
}

impl Refusal {
    fn of(misfit: Misfit) -> Self {
        let Misfit { step, why, fields, .. } = misfit;
        Self { text: why, step, fields: fields.iter().take(FIELDS_MAX).map(field).collect() }
    }
}

fn change(changed: &ValueChange) -> Change {
    Change {
        step: changed.step.clone(),
        fields: changed.fields.iter().take(FIELDS_MAX).map(field).collect(),
        more: changed.fields.len().saturating_sub(FIELDS_MAX),
    }
}

fn field(change: &FieldChange) -> Field {
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
    let name = format!("{}{}", change.part, change.pointer);
    Field { name, before: side(&change.recorded), after: side(&change.new) }
}

fn next(step: &NextStep) -> Next {
    let address = || step.address.clone().unwrap_or_default();
    let text = match step.what {
        "call" => match &step.method {
            Some(method) => format!("It calls {method} {}", address()),
            None => "It makes the next attempt of its call".to_owned(),
        },
        "wait" => "It waits".to_owned(),
        "listen" => "It waits for an event".to_owned(),
        "run" => format!("It waits for a run of {}", address()).trim_end_matches(" of ").to_owned(),
        "emit" => format!("It sends the event {}", address()),
        "complete" => "It completes".to_owned(),
        "undo" => format!("It is undone: {}", step.error.as_deref().unwrap_or_default()),
        _ => format!("It stops again: {}", step.error.as_deref().unwrap_or_default()),
    };
    let body = step.body.as_ref().map(pretty::json);
    Next { text, step: step.step.clone(), body, until: step.until.map(Moment::from) }
}
