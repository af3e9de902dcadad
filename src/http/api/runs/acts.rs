//! What operators do to runs: one act on one run, or one act on all runs that fit a filter.

use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{no_run, open_proposals, run_id};
use crate::engine::ActError;
use crate::engine::runs::proposals::Proposal;
use crate::http::App;
use crate::http::access::session::{Caller, Operator};
use crate::http::problem::{ApiError, InputError};
use crate::http::query::{Params, RUN_FILTERS};
use crate::http::wire::body::{Members, expect_json, wrong};
use crate::machine::view::RunView;
use crate::machine::{Act, Actor, CancelMode, RunId};
use crate::redact::Known;
use crate::store::access::Scope;
use crate::store::acts::{self, By};
use crate::store::runs::listing;

/// Names of all acts.
const ACTS: [&str; 7] = ["retry", "skip", "cancel", "compensate", "suspend", "resume", "dismiss"];

/// Longest reason.
const REASON_BYTES_MAX: usize = 2_000;

/// Runs that one bulk call looks at.
const BULK_MAX: i64 = 1_000;

/// Acts of a bulk call that wait for their nodes at once.
const BULK_CONCURRENCY: usize = 16;

/// After this a bulk call begins no further act; the rest is left for the next call.
const BULK_TIME_MAX: Duration = Duration::from_secs(20);

/// `POST /api/v1/runs/{id}/{act}`
pub async fn act(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = run_id(&id)?;
    if !ACTS.contains(&name.as_str()) {
        return Err(ApiError::NotFound(format!("unknown act {name:?}; known are {}", ACTS.join(", "))));
    }
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let mut members = Members::of_body(&received.bytes, members_of(&name))?;
    let reason = reason(&mut members)?;
    let act = read_act(&name, &mut members)?;
    let (status, proposal) = match app.engine.act(id, act, caller.actor(), reason).await {
        Ok(_) => (StatusCode::OK, None),
        // Recorded, so it will be done, though by a node that has not answered yet.
        Err(ActError::Pending(_)) => (StatusCode::ACCEPTED, None),
        Err(ActError::Proposed(proposal)) => (StatusCode::ACCEPTED, Some(proposal)),
        Err(error) => return Err(error.into()),
    };
    let run = app.engine.view(id).await?.ok_or_else(|| no_run(id))?;
    let proposals = open_proposals(&app, id).await?;
    Ok((status, Json(ActedOn { run, proposals, proposal })).into_response())
}

/// A run after an act.
#[derive(Serialize)]
struct ActedOn {
    #[serde(flatten)]
    run: RunView,
    proposals: Vec<Proposal>,
    /// What the act became, if it needs a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<Box<Proposal>>,
}

/// What the body of an act may hold.
fn members_of(act: &str) -> &'static [&'static str] {
    match act {
        "retry" => &["reason", "input", "step"],
        "skip" => &["reason", "output", "step"],
        "cancel" => &["reason", "compensate"],
        _ => &["reason"],
    }
}

/// Why something is done, as a body says it.
///
/// # Errors
/// It is no text, or too long.
pub(in crate::http) fn reason(members: &mut Members) -> Result<Option<String>, ApiError> {
    let reason = members.text("reason")?.map(|text| clean_reason(&text)).filter(|text| !text.is_empty());
    match reason {
        Some(text) if text.len() > REASON_BYTES_MAX || text.contains('\0') => {
            Err(wrong("reason", format!("must be at most {REASON_BYTES_MAX} bytes, without a zero byte")))
        }
        reason => Ok(reason),
    }
}

/// A reason without the secrets that someone pasted into it.
pub(in crate::http) fn clean_reason(text: &str) -> String {
    Known::of_process().with(&[]).text(text.trim().to_owned())
}

impl App {
    /// The reason of an operator's act that takes nothing else; a body may be left out.
    ///
    /// # Errors
    /// As [`App::read_act`] and [`reason`].
    pub(in crate::http) async fn read_reason(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Option<String>, ApiError> {
        expect_json(headers)?;
        let received = self.read_act(caller, Scope::Operate, headers, body).await?;
        reason(&mut Members::of_body(&received.bytes, &["reason"])?)
    }
}

fn read_act(name: &str, members: &mut Members) -> Result<Act, ApiError> {
    Ok(match name {
        "retry" => Act::Retry { input: members.value("input"), step: members.text("step")? },
        "skip" => Act::Skip { output: members.value("output").unwrap_or(Value::Null), step: members.text("step")? },
        // Leaving half of a saga in place is what must be asked for.
        "cancel" => Act::Cancel {
            compensate: match members.flag("compensate")? {
                Some(false) => CancelMode::Abandon,
                Some(true) | None => CancelMode::Compensate,
            },
        },
        "compensate" => Act::Compensate,
        "suspend" => Act::Suspend,
        "resume" => Act::Resume,
        "dismiss" => Act::Dismiss,
        other => return Err(wrong("act", format!("must be one of {}, not {other:?}", ACTS.join(", ")))),
    })
}

/// What a bulk call did, or would do.
#[derive(Debug, Serialize)]
pub struct BulkAnswer {
    dry_run: bool,
    /// Runs that fit, counted up to 1,000.
    matched: usize,
    /// Runs on which the act was done or recorded.
    acted: usize,
    /// Runs for which the act was proposed: it needs a second person.
    proposed: Vec<BulkProposal>,
    /// Runs whose state forbade it, and why.
    failed: Vec<BulkFailure>,
    /// Whether runs were left: call again.
    more: bool,
    /// In a dry run the first runs that fit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runs: Vec<RunId>,
}

/// A run for which the act was proposed.
#[derive(Debug, Serialize)]
pub struct BulkProposal {
    id: RunId,
    proposal: Uuid,
}

/// A run on which nothing was done.
#[derive(Debug, Serialize)]
pub struct BulkFailure {
    id: RunId,
    detail: String,
}

/// Runs that a dry run names.
const BULK_SHOWN: usize = 100;

/// A bulk call as read from its body.
struct Bulk {
    act: Act,
    filter: listing::RunFilter,
    /// The filter as it was written.
    asked: Value,
    reason: Option<String>,
    dry_run: bool,
}

/// `POST /api/v1/runs:bulk`
pub async fn bulk(
    State(app): State<App>,
    Operator(caller): Operator,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<BulkAnswer>, ApiError> {
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let bulk = read_bulk(&received.bytes)?;
    let page = listing::runs(app.engine.reader(), &bulk.filter, None, BULK_MAX).await?;
    let runs: Vec<RunId> = page.rows.iter().map(|row| row.id).collect();
    let (matched, more) = (runs.len(), page.next.is_some());
    let mut answer =
        BulkAnswer { dry_run: bulk.dry_run, matched, acted: 0, proposed: Vec::new(), failed: Vec::new(), more, runs };
    if bulk.dry_run {
        answer.runs.truncate(BULK_SHOWN);
    } else {
        announce(&app, &bulk, &caller.actor(), &answer).await?;
        act_on_all(&app, &bulk, &caller, &mut answer).await;
    }
    Ok(Json(answer))
}

/// Begins no further act once the caller may not act any more.
async fn act_on_all(app: &App, bulk: &Bulk, caller: &Caller, answer: &mut BulkAnswer) {
    let runs = std::mem::take(&mut answer.runs);
    let by = &caller.actor();
    let until = Instant::now() + BULK_TIME_MAX;
    let mut acts = futures::stream::iter(runs)
        .take_while(|_| std::future::ready(Instant::now() < until))
        .take_until(Box::pin(app.access.lost(caller, Scope::Operate)))
        .map(|id| async move { (id, app.engine.act(id, bulk.act.clone(), by.clone(), bulk.reason.clone()).await) })
        .buffer_unordered(BULK_CONCURRENCY);
    while let Some((id, outcome)) = acts.next().await {
        match outcome {
            Ok(_) | Err(ActError::Pending(_)) => answer.acted += 1,
            Err(ActError::Proposed(proposal)) => answer.proposed.push(BulkProposal { id, proposal: proposal.id }),
            Err(error) => answer.failed.push(BulkFailure { id, detail: error.to_string() }),
        }
    }
    answer.more |= answer.acted + answer.proposed.len() + answer.failed.len() < answer.matched;
}

/// Each run's act is recorded with it. That they are one, and what was asked for, is recorded before the first: a node that dies in
/// the middle leaves no act whose cause nobody knows.
async fn announce(app: &App, bulk: &Bulk, actor: &Actor, answer: &BulkAnswer) -> Result<(), ApiError> {
    let by = By { actor, reason: bulk.reason.as_deref() };
    let detail = json!({ "filter": bulk.asked, "matched": answer.matched, "more": answer.more });
    Ok(acts::announce(app.engine.reader(), by, "runs.bulk", &format!("runs:{}", bulk.act.name()), &detail).await?)
}

fn read_bulk(bytes: &[u8]) -> Result<Bulk, ApiError> {
    let known = ["act", "filter", "reason", "dry_run", "input", "output", "compensate"];
    let mut members = Members::of_body(bytes, &known)?;
    let name = members.text("act")?.ok_or_else(|| wrong("act", format!("must be one of {}", ACTS.join(", "))))?;
    let reason = reason(&mut members)?;
    let dry_run = members.flag("dry_run")?.unwrap_or(true);
    let filter = members.value("filter").ok_or_else(|| wrong("filter", "is needed"))?;
    let asked = filter.clone();
    let filter = read_filter(filter)?;
    let act = read_act(&name, &mut members)?;
    for unused in ["input", "output", "compensate"] {
        if members.value(unused).is_some() {
            return Err(wrong(unused, format!("is not used by {name}")));
        }
    }
    Ok(Bulk { act, filter, asked, reason, dry_run })
}

/// The filter's members are the parameters of `GET /api/v1/runs`; a list stands for any of its texts.
fn read_filter(filter: Value) -> Result<listing::RunFilter, ApiError> {
    let mut members = Members::of(filter, "/filter", &RUN_FILTERS)?;
    let mut pairs = Vec::new();
    for name in RUN_FILTERS {
        let texts = match members.value(name) {
            None | Some(Value::Null) => continue,
            Some(Value::Array(items)) if name == "status" => items,
            Some(single) => vec![single],
        };
        for text in texts {
            let Value::String(text) = text else { return Err(wrong(&format!("filter/{name}"), "must be a text")) };
            pairs.push((name.to_owned(), text));
        }
    }
    if pairs.iter().all(|(_, text)| text.is_empty()) {
        return Err(wrong("filter", "must name at least one thing: acting on every run is not allowed"));
    }
    Params::from_pairs(pairs).run_filter().map_err(into_body_error)
}

/// What is said about `?status` is true of `/filter/status`.
fn into_body_error(error: ApiError) -> ApiError {
    match error {
        ApiError::BadRequest(detail, errors) => {
            let moved = |e: InputError| InputError { pointer: e.pointer.replacen('?', "/filter/", 1), ..e };
            ApiError::Unprocessable(detail.replacen('?', "/filter/", 1), errors.into_iter().map(moved).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Status;

    fn read(name: &str, body: &str) -> Result<Act, ApiError> {
        read_act(name, &mut Members::of_body(body.as_bytes(), members_of(name))?)
    }

    #[test]
    fn acts_take_what_the_contract_names_and_nothing_else() {
        assert_eq!(read("retry", "").unwrap(), Act::Retry { input: None, step: None });
        assert_eq!(read("retry", r#"{"input": null}"#).unwrap(), Act::Retry { input: Some(Value::Null), step: None });
        assert_eq!(read("skip", r#"{"output": 1}"#).unwrap(), Act::Skip { output: 1.into(), step: None });
        assert_eq!(read("cancel", "").unwrap(), Act::Cancel { compensate: CancelMode::Compensate });
        let abandon = Act::Cancel { compensate: CancelMode::Abandon };
        assert_eq!(read("cancel", r#"{"compensate": false}"#).unwrap(), abandon);
        for (act, body) in
            [("retry", r#"{"output": 1}"#), ("dismiss", r#"{"input": 1}"#), ("cancel", r#"{"compensate": 1}"#)]
        {
            assert!(matches!(read(act, body), Err(ApiError::Unprocessable(..))), "{act} {body}");
        }
    }

    #[test]
    fn bulk_is_a_dry_run_by_default() {
        let bulk =
            read_bulk(br#"{"act": "cancel", "filter": {"status": ["waiting", "pending"], "key": "a"}}"#).unwrap();
        assert!(bulk.dry_run);
        assert_eq!(
            (bulk.filter.status, bulk.filter.key.as_deref()),
            (vec![Status::Waiting, Status::Pending], Some("a"))
        );
    }

    #[test]
    fn bulk_never_means_every_run() {
        for body in
            [r#"{"act": "cancel"}"#, r#"{"act": "cancel", "filter": {}}"#, r#"{"act": "cancel", "filter": {"q": ""}}"#]
        {
            assert!(matches!(read_bulk(body.as_bytes()), Err(ApiError::Unprocessable(..))), "{body}");
        }
    }

    #[test]
    fn a_mistake_in_a_bulk_filter_is_found_by_its_pointer() {
        for (filter, pointer) in [
            (r#"{"status": "done"}"#, "/filter/status"),
            (r#"{"stat": "waiting"}"#, "/filter/stat"),
            (r#"{"key": 7}"#, "/filter/key"),
        ] {
            let body = format!(r#"{{"act": "cancel", "filter": {filter}}}"#);
            let Err(ApiError::Unprocessable(_, errors)) = read_bulk(body.as_bytes()) else { panic!("{filter}") };
            assert_eq!(errors[0].pointer, pointer);
        }
    }
}
