//! One run: how it stands, what can be done, its steps to scale, its values, its journal.

pub(super) mod act;
pub(super) mod chart;
pub(super) mod exchange;
pub(super) mod faults;
pub(super) mod journal;
pub(super) mod labels;
pub(super) mod offers;
pub(super) mod steps;
pub(super) mod story;
pub(super) mod timeline;
pub(super) mod versions;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;

use super::Dashboard;
use super::handling;
use super::parts::badge::{self, Badge};
use super::parts::page::{Frame, NoPage, render};
use super::parts::pretty::{self, Pretty};
use super::proposals::{self, Card};
use super::signed_in::SignedIn;
use super::tasks;
use crate::dsl::{Definition, WorkflowRef};
use crate::engine::Deployed;
use crate::engine::tasks::Task;
use crate::http::ApiError;
use crate::http::access::session::Caller;
use crate::machine::acts::Field;
use crate::machine::masks::Masks;
use crate::machine::rewind::Choice;
use crate::machine::{ActKind, Permitted, RunId, Time};
use crate::store::StoreError;
use crate::store::runs::handling::Note;
use crate::store::runs::listing::{self, RunRow};
use crate::store::runs::queues::{self, Place};
use crate::store::runs::restarts::{self, Links};
use crate::store::runs::unacknowledged::{self, Acknowledgement};
use crate::words::{Moment, capitalized, duration, millis_between};
use faults::Titles;
use journal::{Journal, Line};
use offers::{Acts, View};
use steps::{Chart, Row};
use story::Story;
use timeline::Timeline;

/// The journal is shown unfolded up to this many lines.
const LINES_OPEN_MAX: usize = 200;

/// What an act led to, said once at the top.
pub struct Flash {
    status: StatusCode,
    /// The text.
    pub text: String,
    /// Whether it was refused.
    pub refused: bool,
}

impl Flash {
    /// An act that was not done.
    #[must_use]
    pub fn refused(status: StatusCode, text: String) -> Self {
        Self { status, text, refused: true }
    }

    /// An act that was done.
    #[must_use]
    pub fn done(text: String) -> Self {
        Self { status: StatusCode::OK, text, refused: false }
    }

    /// Status of the page that says it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunPage {
    frame: Frame,
    flash: Option<Flash>,
    id: RunId,
    name: String,
    key: Option<String>,
    workflow: WorkflowRef,
    status: Badge,
    attention: Option<Badge>,
    announce: String,
    story: Option<Story>,
    event: Option<uuid::Uuid>,
    parent: Option<uuid::Uuid>,
    /// Runs that it does again, or that do it again.
    links: Links,
    acknowledgement: Acknowledgement,
    /// The run whose turn it is before this one.
    waits_for: Option<RunId>,
    /// Runs that wait for this one.
    waiting: i64,
    created: Moment,
    finished: Option<Moment>,
    took: String,
    /// How long it ran and how long it stood still for people; none if it never did.
    clocks: Option<(String, String)>,
    is_live: bool,
    proposals: Vec<Card>,
    /// What it asks people.
    questions: Vec<Task>,
    /// When, who, what.
    notes: Vec<(Moment, String, String)>,
    acts: Acts,
    chart: Chart,
    journal_cut: bool,
    input: Option<Pretty>,
    output: Option<Pretty>,
    lines: Vec<Line>,
    lines_open: bool,
    after: i32,
    /// Facts before those of which the steps are shown.
    before: i32,
    /// When it continued as new.
    continued: Option<Moment>,
    /// The version from which it moved, and when.
    moved: Option<(String, Moment)>,
    next_after: Option<i32>,
    facts: i32,
}

/// Parts of the address.
#[derive(Debug, Default, Deserialize)]
pub struct Parts {
    #[serde(default)]
    after: Option<i32>,
    #[serde(default)]
    done: Option<String>,
    #[serde(default)]
    pending: Option<String>,
    #[serde(default)]
    before: Option<String>,
}

/// `GET /runs/{id}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(id): Path<String>,
    Query(parts): Query<Parts>,
) -> Result<Response, NoPage> {
    let id = parse_id(&id)?;
    let flash = match (parts.done.as_deref(), &parts.before) {
        (Some(_), Some(_)) => Some(Flash::done("It was started again before, as this run.".to_owned())),
        (act, _) => act.and_then(|act| done(act, parts.pending.is_some())),
    };
    page(&dashboard, &caller, id, parts.after.map(|after| after.max(0)), flash).await
}

/// The id in an address.
///
/// # Errors
/// It is none.
pub fn parse_id(text: &str) -> Result<RunId, NoPage> {
    text.parse().map_err(|_| NoPage::not_found(format!("{text} is not the id of a run.")))
}

/// The page of a run, with the line at the top that an act led to.
///
/// # Errors
/// No such run, or no database.
pub async fn page(
    dashboard: &Dashboard,
    caller: &Caller,
    id: RunId,
    after: Option<i32>,
    flash: Option<Flash>,
) -> Result<Response, NoPage> {
    let Some((row, journal)) = read(dashboard, id).await? else {
        return Err(NoPage::not_found(format!("There is no run {id}.")));
    };
    let place = queues::place(&dashboard.pool, id).await?;
    let deployed = dashboard.engine.deployed();
    let versions = deployed.versions(&row.workflow).len();
    let definition = definition(&deployed, &row.workflow);
    let masks = definition.as_deref().map(Masks::of).unwrap_or_default();
    let lines = journal.lines(&dashboard.pool, id, after, &masks).await?;
    let status = flash.as_ref().map_or(StatusCode::OK, |f| f.status);
    let frame = Frame::of(caller, "runs");
    let proposals = proposals::of_run(dashboard, id, &caller.actor(), frame.operates).await?;
    let questions = tasks::of_run(dashboard, id).await?;
    let notes = handling::notes_of(dashboard, id).await?;
    let after = after.unwrap_or(journal.before);
    let permitted = if frame.operates { dashboard.engine.permitted(id).await? } else { Vec::new() };
    let links = restarts::links(&dashboard.pool, id).await?;
    let acknowledgement = unacknowledged::of_run(&dashboard.pool, id).await?;
    let goes_back = |act: &Permitted| {
        act.act == ActKind::Retry && act.permitted && act.except.iter().all(|except| except.field != Field::From.name())
    };
    let earlier = match permitted.iter().any(goes_back) {
        true => dashboard.engine.earlier_steps(id).await?,
        false => Vec::new(),
    };
    let known = Known {
        row,
        journal,
        lines,
        after,
        definition,
        masks,
        titles: Titles::of(dashboard.engine.connections().1),
        place,
        asked: (proposals, questions),
        notes,
        permitted,
        earlier,
        links,
        acknowledgement,
        versions,
    };
    // Folding and drawing a long history takes longer than a thread of the engine may be kept.
    let drawn = tokio::task::spawn_blocking(move || render(status, &RunPage::new(frame, flash, known, Utc::now())));
    drawn.await.map_err(|_| ApiError::Internal.into())
}

/// A run and its journal, which is at least as new: it is read second. If the run continued in between, both are read
/// again, for a page that says two things at once confuses; a run that never rests shows what was read last.
async fn read(dashboard: &Dashboard, id: RunId) -> Result<Option<(RunRow, Journal)>, StoreError> {
    const READS_MAX: usize = 3;
    for reads in 1.. {
        let Some(row) = listing::run(&dashboard.pool, id).await? else { break };
        let journal = Journal::read(&dashboard.pool, id).await?;
        let went_on = journal.rows.last().is_some_and(|last| last.seq > row.seq);
        if !went_on || reads == READS_MAX {
            return Ok(Some((row, journal)));
        }
    }
    Ok(None)
}

fn definition(deployed: &Deployed, workflow: &WorkflowRef) -> Option<Arc<Definition>> {
    deployed.versions(workflow).iter().find(|d| d.workflow == *workflow).cloned()
}

/// All that is known of a run.
struct Known {
    row: RunRow,
    journal: Journal,
    lines: Vec<Line>,
    after: i32,
    definition: Option<Arc<Definition>>,
    masks: Masks,
    titles: Titles,
    place: Option<Place>,
    /// What waits for people: proposals, and questions of steps.
    asked: (Vec<Card>, Vec<Task>),
    notes: Vec<Note>,
    /// What this person can do to it.
    permitted: Vec<Permitted>,
    /// Earlier steps from which it may continue.
    earlier: Vec<Choice>,
    links: Links,
    acknowledgement: Acknowledgement,
    /// Deployed versions of its workflow.
    versions: usize,
}

impl RunPage {
    fn new(frame: Frame, flash: Option<Flash>, known: Known, clock: Time) -> Self {
        let Known { row, journal, lines, after, definition, masks, titles, place, .. } = known;
        let ((mut proposals, questions), notes, permitted) = (known.asked, known.notes, known.permitted);
        let (links, versions, earlier) = (known.links, known.versions, known.earlier);
        let definition = definition.as_deref();
        // The database's clock may be ahead of this one: nothing on the page lies in the future.
        let now = journal.rows.last().map_or(clock, |last| last.at.max(clock));
        let timeline = Timeline::fold(&journal.records());
        proposals.iter_mut().for_each(|card| card.moved_on = card.has_moved_on(&timeline));
        let chart = steps::chart(&timeline, definition, &masks, &titles, now);
        let attention = row.attention.as_deref();
        let story = story::tell(&row.status, attention, &timeline, definition, &chart, now);
        let asks = asks(&questions, &timeline);
        let view = View { timeline: &timeline, masks: &masks, choices: &earlier, asks };
        let mut acts = Acts::of(&permitted, (&row.status, attention), &view);
        acts.may_move &= versions > 1;
        let status = badge::of_run(&row.status);
        let last = lines.last().map_or(after, |line| line.seq);
        let ended_at = row.finished_at.or(timeline.ended_at);
        Self {
            frame,
            flash,
            id: row.id,
            name: row.key.clone().unwrap_or_else(|| row.id.to_string()),
            attention: attention.map(badge::of_attention),
            announce: story.as_ref().map_or_else(|| status.label.to_owned(), |s| s.title.clone()),
            status,
            event: row.event,
            parent: row.parent,
            links,
            acknowledgement: known.acknowledgement,
            waits_for: place.map(|p| p.first).filter(|first| *first != row.id),
            waiting: place.filter(|p| p.first == row.id).map_or(0, |p| p.after),
            created: row.created_at.into(),
            finished: ended_at.map(Moment::from),
            took: duration(millis_between(row.created_at, ended_at.unwrap_or(now))),
            clocks: clocks(&timeline, row.created_at, ended_at.unwrap_or(now)),
            // By the row, which may be older than the journal: then the next refresh has the end.
            is_live: row.finished_at.is_none(),
            story,
            proposals,
            questions,
            notes: notes.into_iter().map(|note| (note.at.into(), note.actor, note.text)).collect(),
            acts,
            chart,
            journal_cut: journal.cut,
            input: timeline.input.as_ref().map(|v| pretty::json(&masks.value(v))),
            output: timeline.output.as_ref().map(|v| pretty::json(&masks.value(v))),
            lines_open: lines.len() <= LINES_OPEN_MAX || after != journal.before,
            before: journal.before,
            continued: timeline.continued_at.map(Moment::from),
            moved: timeline.moved.clone().map(|(from, at)| (from, at.into())),
            next_after: (last < row.seq && !lines.is_empty()).then_some(last),
            lines,
            after,
            facts: row.seq,
            key: row.key,
            workflow: row.workflow,
        }
    }
}

/// The one step that waits for a person's answer, as the machine names it.
fn asks(questions: &[Task], timeline: &Timeline) -> Option<String> {
    let [question] = questions else { return None };
    let is_it = |step: &&timeline::Step| step.state == timeline::State::Waiting && step.reference == question.step;
    let step = timeline.steps.iter().rev().find(is_it)?;
    Some(crate::machine::view::step_name(&step.reference, step.execution))
}

/// Time running and time paused.
fn clocks(timeline: &Timeline, created_at: Time, until: Time) -> Option<(String, String)> {
    let paused = timeline.pauses.until(until).num_milliseconds();
    (paused > 0).then(|| (duration(millis_between(created_at, until) - paused), duration(paused)))
}

/// What happened, for acts that exist.
fn done(act: &str, pending: bool) -> Option<Flash> {
    let said = match act {
        "propose" => return Some(Flash::done("Proposed. It takes effect once another user approves it.".to_owned())),
        "approve" => "approved and carried out",
        "decline" => "declined",
        "withdraw" => "withdrawn",
        act => act.parse::<ActKind>().ok()?.about().done,
    };
    let text = if pending {
        format!("Recorded, but not carried out yet: {said} as soon as a node picks it up.")
    } else {
        format!("{}.", capitalized(said))
    };
    Some(Flash::done(text))
}
