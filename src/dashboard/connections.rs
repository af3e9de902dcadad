//! Connections: where each leads, how it stands on this node, and whether its provider still accepts the tokens that are stored for
//! all nodes. Never a token.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::Dashboard;
use super::badge::{self, Badge};
use super::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::connect::{KEYS_VARIABLE, Standing};
use crate::store::oauth::{self, TokenListing};
use crate::words::Moment;

/// Rows of stored tokens that are looked at.
const ROWS_MAX: i64 = 1_000;

struct Card {
    name: String,
    base_url: Option<String>,
    /// What the circuit breaker does to calls.
    breaker: Option<&'static str>,
    /// `2 under way, 0 waiting`
    load: Option<String>,
    authorization: Option<Authorization>,
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
    cards: Vec<Card>,
}

/// `GET /connections`
pub async fn list(SignedIn(caller): SignedIn, State(dashboard): State<Dashboard>) -> Result<Response, NoPage> {
    let (standings, stores_tokens) = dashboard.operations.connections();
    let rows = match standings.iter().any(|standing| standing.tokens.is_some()) {
        true => oauth::list(&dashboard.pool, ROWS_MAX).await?,
        false => Vec::new(),
    };
    let cards = standings.into_iter().map(|standing| card(standing, stores_tokens, &rows)).collect();
    Ok(render(StatusCode::OK, &ConnectionsPage { frame: Frame::of(&caller, "connections"), cards }))
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
            "open" => "Calls are held back: the system does not answer",
            _ => "Calls are held back, but for one that tries whether the system answers again",
        }),
        load: load.map(|(under_way, waiting)| format!("{under_way} under way, {waiting} waiting")),
        authorization,
        name: standing.name,
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
            let said = "A request for a token was sent, and its answer is not recorded yet".to_owned();
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
