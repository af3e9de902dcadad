//! Connections: where each leads, how it stands on this node, whether its provider still accepts the tokens that are stored for all
//! nodes, and the topics that Stepwell subscribes to through it. Never a token.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use sqlx::PgPool;

use super::Dashboard;
use super::parts::badge::{self, Badge};
use super::parts::form::Form;
use super::parts::page::{Frame, NoPage, render};
use super::run::{Flash, act};
use super::signed_in::{SignedIn, may_act};
use crate::connect::{KEYS_VARIABLE, Standing};
use crate::engine::{PauseError, TopicView};
use crate::http::access::session::Caller;
use crate::machine::Time;
use crate::store::acts::By;
use crate::store::events::topics;
use crate::store::nodes::oauth::{self, TokenListing};
use crate::store::nodes::pauses;
use crate::words::Moment;

/// Rows of stored tokens that are looked at.
const ROWS_MAX: i64 = 1_000;

struct Card {
    name: String,
    /// What people call the system.
    title: Option<String>,
    base_url: Option<String>,
    /// What the circuit breaker does to calls.
    breaker: Option<&'static str>,
    /// `2 in progress, 0 waiting`
    load: Option<String>,
    authorization: Option<Authorization>,
    topics: Vec<TopicRow>,
    /// Since when it is paused, by whom and why.
    paused: Option<(Moment, String, String)>,
}

/// A topic to which Stepwell subscribes through a connection.
struct TopicRow {
    source: String,
    name: String,
    badge: Badge,
    node: Option<String>,
    events: i64,
    received: Option<Moment>,
    /// Why it is not connected, and since when.
    problem: Option<(Moment, String)>,
    /// Events that were kept as rejected, and when the last such came.
    rejected: Option<(i64, Moment)>,
    /// How often the replay id was refused, and when it last was.
    lost: Option<(i64, Moment)>,
}

/// How a connection that signs in with a refresh token stands with its provider.
struct Authorization {
    badge: Badge,
    /// Since when its row of tokens exists.
    since: Option<Moment>,
    /// How often the tokens changed.
    changes: i64,
    changed: Option<Moment>,
    /// What went wrong, and when.
    failure: Option<(Moment, String)>,
    /// What to do about it.
    advice: Option<String>,
}

#[derive(Template)]
#[template(path = "connections.html")]
struct ConnectionsPage {
    frame: Frame,
    flash: Option<Flash>,
    cards: Vec<Card>,
}

/// `GET /connections`
pub async fn list(SignedIn(caller): SignedIn, State(dashboard): State<Dashboard>) -> Result<Response, NoPage> {
    page(&dashboard, &caller, None).await
}

/// A filled form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filled {
    csrf: String,
    reason: String,
}

/// `POST /connections/{name}/{act}`
pub async fn perform(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((name, act)): Path<(String, String)>,
    Form(form): Form<Filled>,
) -> Result<Response, NoPage> {
    may_act(&dashboard, &caller, &form.csrf).await?;
    let reason = match act::reason(&form.reason) {
        Ok(reason) => reason,
        Err(why) => {
            let flash = Flash::refused(StatusCode::UNPROCESSABLE_ENTITY, why);
            return page(&dashboard, &caller, Some(flash)).await;
        }
    };
    let actor = caller.actor();
    let by = By { actor: &actor, reason: Some(&reason) };
    let done = match act.as_str() {
        "pause" => dashboard.engine.pause_connection(&name, by).await,
        "resume" => dashboard.engine.resume_connection(&name, by).await,
        _ => return Err(NoPage::not_found(format!("Unknown action {act}."))),
    };
    match done {
        Ok(()) => Ok(Redirect::to("/connections").into_response()),
        Err(PauseError::Store(error)) => Err(error.into()),
        Err(error) => Err(NoPage::not_found(format!("There is {error}."))),
    }
}

async fn page(dashboard: &Dashboard, caller: &Caller, flash: Option<Flash>) -> Result<Response, NoPage> {
    let engine = &dashboard.engine;
    let known = Known {
        standings: engine.connections().1,
        stores_tokens: engine.stores_tokens(),
        subscribed: engine.subscribed().into_iter().collect(),
    };
    shown(&dashboard.pool, (Frame::of(caller, "connections"), flash), known).await
}

/// What a node knows of its connections.
pub(super) struct Known {
    pub(super) standings: Vec<Standing>,
    /// Whether tokens are kept for all nodes.
    pub(super) stores_tokens: bool,
    /// Sources that subscribe, each with its connection.
    pub(super) subscribed: BTreeMap<String, String>,
}

/// The page of connections, with what the database knows of them.
pub(super) async fn shown(
    pool: &PgPool,
    (frame, flash): (Frame, Option<Flash>),
    known: Known,
) -> Result<Response, NoPage> {
    let Known { standings, stores_tokens, subscribed } = known;
    let rows = match standings.iter().any(|standing| standing.tokens.is_some()) {
        true => oauth::list(pool, ROWS_MAX).await?,
        false => Vec::new(),
    };
    let mut topics = topics(pool, &subscribed).await?;
    let mut cards: Vec<Card> = standings.into_iter().map(|standing| card(standing, stores_tokens, &rows)).collect();
    let paused = pauses::list(pool).await?;
    for card in &mut cards {
        card.topics = topics.remove(&card.name).unwrap_or_default();
        let found = paused.iter().find(|pause| pause.connection == card.name);
        card.paused = found.map(|pause| (pause.at.into(), pause.by.clone(), pause.reason.clone()));
    }
    let status = flash.as_ref().map_or(StatusCode::OK, Flash::status);
    Ok(render(status, &ConnectionsPage { frame, flash, cards }))
}

/// The topics of each connection.
async fn topics(
    pool: &PgPool,
    connections: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Vec<TopicRow>>, NoPage> {
    let mut found: BTreeMap<String, Vec<TopicRow>> = BTreeMap::new();
    if connections.is_empty() {
        return Ok(found);
    }
    let sources: Vec<&str> = connections.keys().map(String::as_str).collect();
    for listed in topics::list(pool, &sources, ROWS_MAX).await? {
        let source = listed.id.source.clone();
        if let Some(connection) = connections.get(&source) {
            found.entry(connection.clone()).or_default().push(topic_row(source, TopicView::from(listed)));
        }
    }
    Ok(found)
}

fn topic_row(source: String, topic: TopicView) -> TopicRow {
    let counted = |count: i64, at: Option<Time>| at.filter(|_| count > 0).map(|at| (count, Moment::from(at)));
    TopicRow {
        source,
        badge: badge::of_topic(topic.state),
        node: topic.node,
        events: topic.events,
        received: topic.received_at.map(Moment::from),
        problem: topic.problem_at.map(Moment::from).zip(topic.problem),
        rejected: counted(topic.rejected, topic.rejected_at),
        lost: counted(topic.losses, topic.lost_at),
        name: topic.topic,
    }
}

fn card(standing: Standing, stores_tokens: bool, rows: &[TokenListing]) -> Card {
    let authorization = standing.tokens.map(|id| {
        let id = hex::encode(id);
        match rows.iter().find(|row| id.starts_with(&row.id)) {
            Some(row) => of_row(&standing.name, row),
            None => without_row(stores_tokens),
        }
    });
    let load = standing.under_way.zip(standing.waiting);
    Card {
        base_url: standing.base_url,
        breaker: standing.breaker.filter(|phase| *phase != "closed").map(|phase| match phase {
            "open" => "Circuit open: the system does not answer",
            _ => "Circuit half-open: one call is testing the system",
        }),
        load: load.map(|(under_way, waiting)| format!("{under_way} in progress, {waiting} waiting")),
        authorization,
        topics: Vec::new(),
        paused: None,
        name: standing.name,
        title: standing.title,
    }
}

fn of_row(connection: &str, row: &TokenListing) -> Authorization {
    let (badge, failure, advice) = match (row.refused_at, row.asked_at) {
        (Some(at), _) => {
            let advice = format!(
                "Get a new refresh token from the provider and give it to `stepwell connections reauthorize {connection}`; \
                 then retry the runs that stopped."
            );
            let said =
                row.problem.clone().unwrap_or_else(|| "The provider does not accept the stored tokens".to_owned());
            (badge::of_authorization(Some(false)), Some((Moment::from(at), said)), Some(advice))
        }
        (None, Some(at)) => {
            let said = "A token request was sent, and its response is not recorded yet".to_owned();
            let advice =
                "Nothing: if the node that sent it is gone, another one completes it within seconds.".to_owned();
            (badge::of_authorization(None), Some((Moment::from(at), said)), Some(advice))
        }
        (None, None) => (badge::of_authorization(Some(true)), None, None),
    };
    Authorization {
        badge,
        since: Some(Moment::from(row.created_at)),
        changes: row.generation,
        changed: (row.generation > 0).then(|| Moment::from(row.changed_at)),
        failure,
        advice,
    }
}

fn without_row(stores_tokens: bool) -> Authorization {
    let advice = if stores_tokens {
        "Nothing: the first call asks the provider for a token.".to_owned()
    } else {
        format!(
            "Set {KEYS_VARIABLE} on every node: until then each keeps its tokens in memory, and a refresh token that the provider \
             replaces is lost when the node stops."
        )
    };
    Authorization {
        badge: badge::of_authorization(None),
        since: None,
        changes: 0,
        changed: None,
        failure: None,
        advice: Some(advice),
    }
}
