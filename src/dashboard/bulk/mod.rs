//! Bulk acts: a preview of one act on all runs of a list, and the form that starts it, with an optional trial and rate.

mod progress;
mod shown;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Dashboard;
use super::parts::form::Form;
use super::parts::page::{Frame, NoPage, render};
use super::run::{Flash, act};
use super::runs::Asked as List;
use super::signed_in::{SignedIn, may_act};
use crate::engine::runs::bulk::{BulkAsked, Preview, Rate};
use crate::http::access::session::Caller;
use crate::http::api::runs::acts::read_act;
use crate::http::wire::body::Members;
use crate::machine::{Act, ActKind};
use crate::store::access::Scope;
use crate::store::runs::listing::RunFilter;
use crate::words::plural;
pub use progress::{list, show, steer};
use shown::{ActChoice, Looked};

/// Number of runs above which the form suggests a trial.
const TRIAL_FROM: usize = 10;

/// Suggested number of runs in the trial.
const TRIAL: usize = 3;

/// The form, filled in by a person or prefilled by a link.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    /// Id created with the form, so that sending the form twice creates one bulk act.
    id: Option<Uuid>,
    status: String,
    attention: String,
    fingerprint: String,
    unacknowledged: String,
    workflow: String,
    q: String,
    act: String,
    /// For a cancel: `yes` or `no`.
    compensate: String,
    /// For a move: the version.
    to: String,
    /// For a retry: a jq expression, or empty.
    edit: String,
    reason: String,
    trial: String,
    /// A number; `unit` is `s`, `min` or `h`.
    rate: String,
    unit: String,
}

impl Filled {
    fn list(&self) -> List {
        List {
            status: self.status.clone(),
            attention: self.attention.clone(),
            fingerprint: self.fingerprint.clone(),
            unacknowledged: self.unacknowledged.clone(),
            workflow: self.workflow.clone(),
            q: self.q.clone(),
            ..List::default()
        }
    }

    /// Fields that the form carries to the next page besides those that people fill in.
    fn hidden(&self) -> Vec<(&'static str, String)> {
        let list = self.list();
        let filled = list.filters().into_iter().filter(|(_, text)| !text.is_empty());
        filled.map(|(name, text)| (name, text.clone())).collect()
    }

    /// Returns the act; `None` if none has been chosen.
    fn act(&self) -> Option<Result<Act, String>> {
        let kind: ActKind = self.act.parse().ok()?;
        let edit = self.edit.trim();
        let body = match (kind, self.compensate.as_str(), self.to.trim()) {
            (ActKind::Retry, ..) if !edit.is_empty() => json!({ "edit": edit }),
            (ActKind::Cancel, "yes", _) => json!({ "compensate": true }),
            (ActKind::Cancel, "no", _) => json!({ "compensate": false }),
            (ActKind::Cancel, ..) | (ActKind::Move, _, "") => return None,
            (ActKind::Move, _, to) => json!({ "to": to }),
            _ => json!({}),
        };
        let members = Members::of(body, "", &["compensate", "edit", "to"]);
        Some(members.and_then(|mut members| read_act(kind, &mut members)).map_err(|error| error.to_string()))
    }

    fn trial(&self) -> Result<Option<i32>, String> {
        match self.trial.trim() {
            "" => Ok(None),
            text => match text.parse::<i32>() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(format!("Not started: {text:?} is not a number of runs for a trial.")),
            },
        }
    }

    fn rate(&self) -> Result<Option<Rate>, String> {
        match self.rate.trim() {
            "" => Ok(None),
            number => {
                let unit = Some(self.unit.as_str()).filter(|unit| !unit.is_empty()).unwrap_or("min");
                let rate = format!("{number}/{unit}").parse();
                rate.map(Some).map_err(|_| format!("Not started: {number:?} is not a rate."))
            }
        }
    }
}

/// Returns a filter in the form that `runs:bulk` accepts.
fn written(filter: &RunFilter) -> Value {
    let statuses: Vec<&str> = filter.status.iter().map(|status| status.as_str()).collect();
    let mut written = json!({
        "workflow": filter.workflow, "status": statuses, "attention": filter.attention,
        "fingerprint": filter.fingerprint, "q": filter.q,
        "unacknowledged": filter.unacknowledged.then_some("true"),
    });
    if let Value::Object(members) = &mut written {
        members.retain(|_, value| !value.is_null() && *value != json!([]));
    }
    written
}

#[derive(Template)]
#[template(path = "bulk_new.html")]
struct NewPage {
    frame: Frame,
    flash: Option<Flash>,
    /// The list in words.
    what: String,
    /// URL of the list.
    back: String,
    hidden: Vec<(&'static str, String)>,
    acts: Vec<ActChoice>,
    preview: Option<Preview>,
    samples: Vec<Looked>,
    id: Uuid,
    filled: Filled,
    /// Text of the button.
    verb: &'static str,
    matched: String,
}

/// `GET /bulk/new`
pub async fn ask(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(filled): Query<Filled>,
) -> Result<Response, NoPage> {
    new_page(&dashboard, &caller, filled, None).await
}

async fn new_page(
    dashboard: &Dashboard,
    caller: &Caller,
    mut filled: Filled,
    flash: Option<Flash>,
) -> Result<Response, NoPage> {
    let list = filled.list();
    let filter = list.filter();
    if written(&filter) == json!({}) {
        return Err(NoPage::not_found("Filter the list of runs first: a bulk act cannot include every run."));
    }
    let (preview, flash) = match filled.act() {
        None => (None, flash),
        Some(Ok(act)) => (Some(dashboard.engine.preview_bulk(&act, &filter).await?), flash),
        Some(Err(why)) => (None, Some(Flash::refused(StatusCode::UNPROCESSABLE_ENTITY, why))),
    };
    let matched = preview.as_ref().map_or(0, |preview| preview.matched);
    if flash.is_none() && matched > TRIAL_FROM && filled.trial.is_empty() {
        filled.trial = TRIAL.to_string();
    }
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = NewPage {
        frame: Frame::of(caller, "attention"),
        flash,
        what: shown::filter_text(&written(&filter)),
        back: list.address(&[]),
        hidden: filled.hidden(),
        acts: shown::choices(&filled),
        samples: preview.iter().flat_map(|preview| &preview.samples).map(Looked::of).collect(),
        preview,
        id: filled.id.unwrap_or_else(Uuid::now_v7),
        verb: filled.act.parse::<ActKind>().map_or("", |kind| kind.about().verb),
        matched: plural(matched, "run", "runs"),
        filled,
    };
    Ok(render(status, &page))
}

/// `POST /bulk`
pub async fn start(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Form(filled): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &filled.csrf).await?;
    match read(&filled) {
        Ok(asked) => {
            let begun = dashboard.engine.begin_bulk(&asked, caller.identity()).await?;
            Ok(Redirect::to(&format!("/bulk/{}", begun.id)).into_response())
        }
        Err(why) => {
            let flash = Flash::refused(StatusCode::UNPROCESSABLE_ENTITY, why);
            new_page(&dashboard, &caller, filled, Some(flash)).await
        }
    }
}

fn read(filled: &Filled) -> Result<BulkAsked, String> {
    let reason = act::reason(&filled.reason)?;
    let act = filled.act().ok_or("Not started: choose what to do.")??;
    let filter = filled.list().filter();
    let written = written(&filter);
    if written == json!({}) {
        return Err("Not started: filter the list of runs first.".to_owned());
    }
    let id = filled.id.unwrap_or_else(Uuid::now_v7);
    Ok(BulkAsked { id, act, filter, written, reason: Some(reason), trial: filled.trial()?, rate: filled.rate()? })
}

/// Returns the URL that begins a bulk act on a list, if the caller may act and the list has a filter.
#[must_use]
pub fn begin_address(list: &List, caller: &Caller) -> Option<String> {
    let filtered = written(&list.filter()) != json!({}) && caller.allows(Scope::Operate);
    filtered.then(|| list.address(&[]).replacen("/?", "/bulk/new?", 1))
}
