//! Moving a run to another version: which versions there are, what a move would do, and the form that does it.

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
use crate::store::runs::listing;
use crate::words::Moment;

/// Fields of one step that are shown; the API has all of them.
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

/// A step that has another output.
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

/// What a move would do.
struct Shown {
    kept: usize,
    changes: Vec<Change>,
    next: Vec<Next>,
}

/// Why the run cannot be moved.
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

/// Parts of the address.
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
    let (mut shown, mut refusal) = (None, None);
    if let Some(to) = &to {
        match dashboard.operations.preview_move(id, to.clone(), caller.actor()).await {
            Ok(preview) => shown = Some(Shown::of(&preview)),
            Err(MoveError::Store(error)) => return Err(error.into()),
            Err(MoveError::DoesNotFit(misfit)) => refusal = Some(Refusal::of(*misfit)),
            Err(error) => refusal = Some(Refusal { text: error.to_string(), step: None, fields: Vec::new() }),
        }
    }
    let others = dashboard.operations.deployed();
    let others = others.versions(&row.workflow).iter().filter(|d| d.workflow.version != row.workflow.version);
    let current = |text: &String| to.as_ref() == Some(text);
    let versions = others.map(|d| d.workflow.version.clone());
    let versions = versions.map(|text| Version { current: current(&text), text }).collect();
    let status = if refusal.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let page = VersionsPage {
        frame: Frame::of(&caller, "runs"),
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
