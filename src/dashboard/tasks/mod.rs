//! The inbox: steps that wait for people, and the page on which one of them is decided.

mod form;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::Dashboard;
use super::parts::badge::{self, Badge};
use super::parts::form::Form;
use super::parts::page::{Frame, NoPage, render};
use super::parts::pretty::{self, Pretty};
use super::run::Flash;
use super::run::act;
use super::signed_in::{SignedIn, may_act};
use crate::engine::tasks::{Completed, Task, TaskError, may_decide};
use crate::http::access::session::Caller;
use crate::machine::{RunId, Time};
use crate::store::runs::tasks::{TaskFilter, TaskStatus};
use crate::words::{Moment, capitalized, duration, millis_between};
use form::Field;

/// Number of tasks on a page.
const LINES: i64 = 50;

/// Maximum number of tasks on the page of a run.
const OF_RUN_MAX: i64 = 20;

/// A task in the list.
struct Line {
    id: Uuid,
    title: String,
    badge: Badge,
    workflow: String,
    key: Option<String>,
    run: Uuid,
    since: Moment,
    due: Option<(Moment, String)>,
    assignees: String,
    fate: Option<String>,
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    frame: Frame,
    status: &'static str,
    mine: bool,
    statuses: [(&'static str, &'static str); 4],
    lines: Vec<Line>,
    more: Option<String>,
    paged: bool,
}

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    frame: Frame,
    flash: Option<Flash>,
    task: Task,
    badge: Badge,
    since: Moment,
    due: Option<(Moment, String)>,
    assignees: String,
    input: Option<Pretty>,
    answer: Option<Pretty>,
    fate: Option<String>,
    /// The fields of the form, if this person may decide.
    fields: Option<Vec<Field>>,
    /// Why this person may not decide.
    why_not: Option<String>,
    /// What is wrong with the answer as a whole.
    wrong: Vec<String>,
    reason: String,
}

/// Filter and position in the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    status: String,
    mine: Option<String>,
    before: Option<Uuid>,
}

/// The decision that was just made.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Came {
    done: Option<String>,
}

/// `GET /tasks`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let statuses = [("open", "Waiting"), ("done", "Decided"), ("closed", "Ended without a decision"), ("any", "All")];
    let known = TaskStatus::NAMES.into_iter().find(|(name, _)| *name == asked.status).unwrap_or(TaskStatus::NAMES[0]);
    let mine = asked.mine.is_some();
    let filter = TaskFilter {
        status: known.1,
        may_decide: mine.then(|| may_decide(caller.identity())),
        before: asked.before,
        ..TaskFilter::default()
    };
    let (tasks, next) = dashboard.engine.tasks(&filter, LINES).await?;
    let own = if mine { "&mine=1" } else { "" };
    let now = dashboard.engine.now();
    let page = TasksPage {
        frame: Frame::of(&caller, "tasks"),
        status: known.0,
        mine,
        statuses,
        lines: tasks.into_iter().map(|task| line(task, now)).collect(),
        more: next.map(|next| format!("/tasks?status={}{own}&before={next}", known.0)),
        paged: asked.before.is_some(),
    };
    Ok(render(StatusCode::OK, &page))
}

fn line(task: Task, now: Time) -> Line {
    Line {
        id: task.id,
        badge: badge_of(&task),
        workflow: format!("{}/{}", task.workflow.namespace, task.workflow.name),
        since: task.created_at.into(),
        due: due(&task, now),
        assignees: task.assignees.described(),
        fate: (!task.is_open()).then(|| capitalized(&task.fate())),
        title: task.title,
        key: task.key,
        run: task.run,
    }
}

fn badge_of(task: &Task) -> Badge {
    match task.status {
        "open" => Badge { label: "Waits for a person", ..badge::of_run("waiting") },
        "done" => Badge { label: "Decided", ..badge::of_run("completed") },
        _ => Badge { label: "Ended without a decision", ..badge::of_run("cancelled") },
    }
}

/// Returns when it times out, and how long that is from now.
fn due(task: &Task, now: Time) -> Option<(Moment, String)> {
    let at = task.due_at.filter(|_| task.is_open())?;
    let left = if at > now { format!("in {}", duration(millis_between(now, at))) } else { "now".to_owned() };
    Some((at.into(), left))
}

/// Returns the open questions of a run.
///
/// # Errors
/// The database is unavailable.
pub async fn of_run(dashboard: &Dashboard, run: RunId) -> Result<Vec<Task>, NoPage> {
    let filter = TaskFilter { run: Some(run), ..TaskFilter::default() };
    Ok(dashboard.engine.tasks(&filter, OF_RUN_MAX).await?.0)
}

/// `GET /tasks/{id}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Query(came): Query<Came>,
) -> Result<Response, NoPage> {
    let flash = came.done.map(|done| match done.as_str() {
        "pending" => Flash::done("Recorded. The run continues as soon as a node has it.".to_owned()),
        _ => Flash::done("Decided. The run continues.".to_owned()),
    });
    let task = found(&dashboard, id).await?;
    let fields = form::fields(task.schema.as_ref());
    Ok(page(&dashboard, &caller, task, Shown { flash, fields, wrong: Vec::new(), reason: String::new() }))
}

/// `POST /tasks/{id}`
pub async fn complete(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Form(sent): Form<Vec<(String, String)>>,
) -> Result<Response, NoPage> {
    let text = |name: &str| sent.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
    may_act(&dashboard, &caller, text("csrf").unwrap_or_default()).await?;
    let task = found(&dashboard, id).await?;
    let mut fields = form::fields(task.schema.as_ref());
    let reason = text("reason").unwrap_or_default().trim().to_owned();
    let answer = form::read(&mut fields, &sent);
    let said = if reason.is_empty() { Ok(None) } else { act::reason(&reason).map(Some) };
    let refused = |task, fields, wrong, status, why: String| {
        let flash = Some(Flash::refused(status, why));
        Ok(page(&dashboard, &caller, task, Shown { flash, fields, wrong, reason: reason.clone() }))
    };
    const UNFIT: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let (answer, said) = match (answer, said) {
        (Ok(answer), Ok(said)) => (answer, said),
        (Err(()), _) => return refused(task, fields, Vec::new(), UNFIT, NOT_DECIDED.to_owned()),
        (_, Err(why)) => return refused(task, fields, Vec::new(), UNFIT, why),
    };
    match dashboard.engine.complete_task(id, answer, said, caller.identity()).await {
        Ok(Completed::Done(_)) => Ok(Redirect::to(&format!("/tasks/{id}?done=yes")).into_response()),
        Ok(Completed::Pending(_)) => Ok(Redirect::to(&format!("/tasks/{id}?done=pending")).into_response()),
        Err(TaskError::Invalid(violations)) => {
            let wrong = form::note(&mut fields, &violations);
            refused(task, fields, wrong, UNFIT, NOT_DECIDED.to_owned())
        }
        Err(TaskError::Closed { why, .. }) => {
            let task = found(&dashboard, id).await?;
            refused(task, fields, Vec::new(), StatusCode::CONFLICT, format!("Not done: {why}."))
        }
        Err(error) => Err(NoPage::from(crate::http::ApiError::from(error))),
    }
}

const NOT_DECIDED: &str = "Not done: some fields need a correction.";

async fn found(dashboard: &Dashboard, id: Uuid) -> Result<Task, NoPage> {
    dashboard.engine.task(id).await?.ok_or_else(|| NoPage::not_found(format!("There is no task {id}.")))
}

/// What the page shows besides the task.
struct Shown {
    flash: Option<Flash>,
    fields: Vec<Field>,
    wrong: Vec<String>,
    reason: String,
}

fn page(dashboard: &Dashboard, caller: &Caller, task: Task, shown: Shown) -> Response {
    let Shown { flash, fields, wrong, reason } = shown;
    let frame = Frame::of(caller, "tasks");
    let admitted = task.assignees.admit(caller.identity());
    let why_not = match admitted {
        Err(why) => Some(format!("{}.", capitalized(&why))),
        Ok(()) if !frame.operates => Some("Deciding needs the scope operate, which you do not have.".to_owned()),
        Ok(()) => None,
    };
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    let page = TaskPage {
        badge: badge_of(&task),
        since: task.created_at.into(),
        due: due(&task, dashboard.engine.now()),
        assignees: task.assignees.described(),
        input: task.input.as_ref().map(pretty::json),
        answer: task.answer.as_ref().map(pretty::json),
        fate: (!task.is_open()).then(|| capitalized(&task.fate())),
        fields: Some(fields).filter(|_| task.is_open() && why_not.is_none()),
        why_not: why_not.filter(|_| task.is_open()),
        frame,
        flash,
        task,
        wrong,
        reason,
    };
    render(status, &page)
}
