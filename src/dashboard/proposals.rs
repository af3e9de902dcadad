//! Acts that need a second person: who proposes what and why, what would change, and the buttons that decide.

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
use super::run::act;
use super::run::timeline::{State as StepState, Step, Timeline};
use super::run::{self, Flash};
use super::signed_in::{SignedIn, may_act};
use crate::engine::runs::proposals::{Proposal, ProposalError};
use crate::http::ApiError;
use crate::http::access::session::Caller;
use crate::machine::view::step_name;
use crate::machine::{Act, Actor, RunId};
use crate::store::runs::proposals::ProposalFilter;
use crate::words::{Moment, task_name};

/// Number of proposals on a page.
const LINES: usize = 50;

/// Maximum number of proposals on the page of a run.
const OF_RUN_MAX: i64 = 100;

/// A proposal as pages show it.
pub struct Card {
    pub id: Uuid,
    pub run: RunId,
    /// Key of the run, or its id.
    pub name: String,
    pub workflow: String,
    /// `None` while it is open.
    pub state: Option<Badge>,
    /// Follows `Ann wants to`.
    pub what: &'static str,
    pub step: Option<String>,
    pub proposer: String,
    pub reason: Option<String>,
    pub since: Moment,
    pub until: Moment,
    /// The value that the act replaces, and its replacement.
    pub values: Option<Values>,
    pub decided: Option<Decided>,
    /// Why the run refused the act.
    pub refusal: Option<String>,
    choice: Choice,
    /// The step as the machine names it.
    stands_at: Option<String>,
    /// Whether the run is at another step now.
    pub moved_on: bool,
}

/// The value that an act replaces, and its replacement.
pub struct Values {
    pub what: &'static str,
    pub before: Option<Pretty>,
    pub after: Pretty,
}

/// Who decided, when and why.
pub struct Decided {
    pub by: String,
    pub at: Moment,
    pub reason: Option<String>,
}

/// What the viewer may do.
#[derive(PartialEq, Eq)]
enum Choice {
    /// Nothing: it is closed, or they may only read.
    Nothing,
    /// Withdraw their own proposal.
    Withdraw,
    /// Decline only, because they are not a user.
    Decline,
    /// Approve or decline as the second person.
    Decide,
}

impl Card {
    /// Returns a proposal as this person sees it.
    #[must_use]
    pub fn of(proposal: Proposal, viewer: &Actor, operates: bool) -> Self {
        let act = serde_json::from_value::<Act>(proposal.act.clone()).ok();
        let choice = match () {
            () if !operates || !proposal.is_open() => Choice::Nothing,
            () if viewer.0 == proposal.proposed_by => Choice::Withdraw,
            () if proposal.may_approve(viewer).is_err() => Choice::Decline,
            () => Choice::Decide,
        };
        let decided = proposal.decided_by.zip(proposal.decided_at);
        Self {
            id: proposal.id,
            run: proposal.run,
            name: proposal.key.unwrap_or_else(|| proposal.run.to_string()),
            workflow: format!("{}/{}", proposal.workflow.namespace, proposal.workflow.name),
            state: Some(proposal.state.as_str()).filter(|state| *state != "open").map(state),
            what: act.as_ref().map_or("act on it", Act::wanted),
            step: proposal.stands_at.as_deref().map(|step| task_name(step.split('#').next().unwrap_or(step))),
            proposer: proposal.proposed_by,
            reason: proposal.reason,
            since: proposal.created_at.into(),
            until: proposal.expires_at.into(),
            values: act.and_then(|act| values(&act, proposal.before.as_ref())),
            decided: decided.map(|(by, at)| Decided { by, at: at.into(), reason: proposal.decision_reason }),
            refusal: proposal.refusal,
            choice,
            stands_at: proposal.stands_at,
            moved_on: false,
        }
    }

    /// Whether to offer Approve.
    #[must_use]
    pub fn approves(&self) -> bool {
        self.choice == Choice::Decide
    }

    /// Text of the button that closes it without doing the act.
    #[must_use]
    pub fn declines(&self) -> Option<&'static str> {
        match self.choice {
            Choice::Nothing => None,
            Choice::Withdraw => Some("Withdraw"),
            Choice::Decline | Choice::Decide => Some("Decline"),
        }
    }

    /// Why Approve is not offered to someone who may otherwise act.
    #[must_use]
    pub fn why_not(&self) -> Option<&'static str> {
        match self.choice {
            Choice::Withdraw => Some("You proposed it: another user must approve it."),
            Choice::Decline => Some("Only a user can approve it, and your session does not belong to a user."),
            Choice::Nothing | Choice::Decide => None,
        }
    }

    /// Whether the run is at another step now.
    #[must_use]
    pub fn has_moved_on(&self, timeline: &Timeline) -> bool {
        let is_open = |step: &&Step| matches!(step.state, StepState::Running | StepState::Waiting | StepState::Stuck);
        let mut open = timeline.steps.iter().filter(is_open).map(|step| step_name(&step.reference, step.execution));
        self.stands_at.as_ref().is_some_and(|meant| !open.any(|name| name == *meant))
    }
}

fn values(act: &Act, before: Option<&serde_json::Value>) -> Option<Values> {
    let (what, after) = match act {
        Act::Retry { input: Some(input), .. } => ("Input of the step", input),
        Act::Skip { output, .. } if act.edits() => ("Output of the step", output),
        _ => return None,
    };
    Some(Values { what, before: before.map(pretty::json), after: pretty::json(after) })
}

fn state(state: &str) -> Badge {
    let (label, like) = match state {
        "approved" => ("Approved, in progress", "running"),
        "done" => ("Done", "completed"),
        "refused" => ("Approved, but no longer possible", "faulted"),
        "declined" => ("Declined", "cancelled"),
        "withdrawn" => ("Withdrawn", "cancelled"),
        "ended" => ("The run has ended", "cancelled"),
        _ => ("Expired", "cancelled"),
    };
    Badge { label, ..badge::of_run(like) }
}

/// Returns the open proposals for a run, as this person sees them.
///
/// # Errors
/// The database is unavailable.
pub async fn of_run(dashboard: &Dashboard, run: RunId, viewer: &Actor, operates: bool) -> Result<Vec<Card>, NoPage> {
    let filter = ProposalFilter { run: Some(run), open: true, ..ProposalFilter::default() };
    let found = dashboard.engine.proposals(filter, OF_RUN_MAX).await?;
    Ok(found.into_iter().map(|proposal| Card::of(proposal, viewer, operates)).collect())
}

#[derive(Template)]
#[template(path = "proposals.html")]
struct ProposalsPage {
    frame: Frame,
    open: bool,
    cards: Vec<Card>,
    more: Option<String>,
    paged: bool,
}

/// Filter and position in the list.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<Uuid>,
    state: String,
}

/// `GET /proposals`
pub async fn list(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let open = asked.state != "any";
    let filter = ProposalFilter { open, before: asked.before, ..ProposalFilter::default() };
    let mut found = dashboard.engine.proposals(filter, i64::try_from(LINES + 1).unwrap_or(i64::MAX)).await?;
    let more = found.len() > LINES;
    found.truncate(LINES);
    let state = if open { "" } else { "&state=any" };
    let more = found.last().filter(|_| more).map(|last| format!("/proposals?before={}{state}", last.id));
    let (frame, viewer) = (Frame::of(&caller, "proposals"), caller.actor());
    let cards = found.into_iter().map(|proposal| Card::of(proposal, &viewer, frame.operates)).collect();
    Ok(render(StatusCode::OK, &ProposalsPage { frame, open, cards, more, paged: asked.before.is_some() }))
}

/// The form of a decision.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    reason: String,
}

/// A decision on a proposal.
#[derive(Clone, Copy)]
enum Decision {
    /// Carry out the act.
    Approve,
    /// Do not carry it out; for the proposer: withdraw it.
    Decline,
}

/// `POST /proposals/{id}/approve`
pub async fn approve(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    decide(&dashboard, &caller, id, Decision::Approve, &form).await
}

/// `POST /proposals/{id}/decline`
pub async fn decline(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<Uuid>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    decide(&dashboard, &caller, id, Decision::Decline, &form).await
}

async fn decide(
    dashboard: &Dashboard,
    caller: &Caller,
    id: Uuid,
    decision: Decision,
    form: &Filled,
) -> Result<Response, NoPage> {
    may_act(dashboard, caller, &form.csrf).await?;
    let unknown = || NoPage::not_found(format!("There is no proposal {id}."));
    let run = dashboard.engine.proposal(id).await?.ok_or_else(unknown)?.run;
    let refused = |status, why| run::page(dashboard, caller, run, None, Some(Flash::refused(status, why)));
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => return refused(StatusCode::UNPROCESSABLE_ENTITY, why).await,
    };
    let by = caller.actor();
    let decided = match decision {
        Decision::Approve => dashboard.engine.approve(id, &by, Some(&reason)).await,
        Decision::Decline => dashboard.engine.decline(id, &by, Some(&reason)).await,
    };
    match decided {
        Ok(now) => {
            let done = match now.state.as_str() {
                "declined" => "decline",
                "withdrawn" => "withdraw",
                "approved" => "approve&pending=1",
                _ => "approve",
            };
            Ok(Redirect::to(&format!("/runs/{run}?done={done}")).into_response())
        }
        Err(error) => match status_of(&error) {
            Some(status) => refused(status, format!("Not done: {error}.")).await,
            None => Err(NoPage::from(ApiError::from(error))),
        },
    }
}

/// Returns the status of errors that the page of the run reports; `None` for those that get an error page.
fn status_of(error: &ProposalError) -> Option<StatusCode> {
    match error {
        ProposalError::NotYou { .. } => Some(StatusCode::FORBIDDEN),
        ProposalError::Closed { .. } | ProposalError::Refused { .. } => Some(StatusCode::CONFLICT),
        ProposalError::Unknown(_) | ProposalError::Store(_) => None,
    }
}
