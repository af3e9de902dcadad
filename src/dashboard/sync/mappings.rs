//! Mappings of deployed workflows: the list, and one as a table, with the results of its samples.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use crate::dashboard::Dashboard;
use crate::dashboard::parts::badge::{self, Badge};
use crate::dashboard::parts::page::{Frame, NoPage, render};
use crate::dashboard::signed_in::SignedIn;
use crate::dsl::mapping::{Direction, Fits, Mapping, Master, Route, Row, Sample, Side};
use crate::engine::{MappingUser, UsedMapping};
use crate::expr::{Evaluation, EvaluationError};
use crate::http::ApiError;

/// Maximum number of samples run per page.
const SAMPLES_MAX: usize = 50;

struct Card {
    name: String,
    title: String,
    note: Option<String>,
    sides: [String; 2],
    rows: usize,
    users: Vec<MappingUser>,
    tables: usize,
}

#[derive(Template)]
#[template(path = "mappings.html")]
struct MappingsPage {
    frame: Frame,
    cards: Vec<Card>,
}

/// A row of the table.
struct Line {
    number: usize,
    fields: [String; 2],
    arrow: &'static str,
    direction: String,
    master: String,
    /// To the second system, then to the first.
    routes: [Option<How>; 2],
    note: Option<String>,
}

/// How a value is converted.
struct How {
    always: Option<String>,
    transform: Option<String>,
    fits: Vec<String>,
    default: Option<String>,
    required: bool,
}

/// A sample and its result.
struct Played {
    name: String,
    from: String,
    record: String,
    /// The expected record, or the expected part of an error.
    gives: Result<String, String>,
    verdict: Verdict,
    badge: Badge,
}

enum Verdict {
    Holds,
    Fails(String),
    /// Not run, because a transform may take long and pages do not wait for it.
    NotPlayed,
}

/// Another table of the same mapping.
struct Other {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingPage {
    frame: Frame,
    title: String,
    mapping: Arc<Mapping>,
    created: String,
    users: Vec<MappingUser>,
    others: Vec<Other>,
    lines: Vec<Line>,
    samples: Vec<Played>,
    /// Number of samples that are not shown.
    further: usize,
}

/// Selects one of several tables of a mapping.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// `namespace/name:version` of a workflow that uses it.
    of: String,
}

/// `GET /mappings`
pub async fn list(SignedIn(caller): SignedIn, State(dashboard): State<Dashboard>) -> Response {
    let mappings = dashboard.engine.deployed().mappings();
    let cards = mappings.into_iter().filter_map(|(name, tables)| card(name, &tables)).collect();
    render(StatusCode::OK, &MappingsPage { frame: Frame::of(&caller, "mappings"), cards })
}

/// `GET /mappings/{name}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, NoPage> {
    let unknown = || NoPage::not_found(format!("No deployed workflow uses mapping {name} in this version."));
    let mut tables = dashboard.engine.deployed().mappings().remove(&name).ok_or_else(unknown)?;
    let of = |table: &UsedMapping| table.users.iter().any(|user| user.workflow.to_string() == asked.of);
    let chosen = if asked.of.is_empty() { Some(0) } else { tables.iter().position(of) };
    let chosen = chosen.ok_or_else(unknown)?;
    let others = tables.iter().enumerate().map(|(place, table)| other(&name, table, place == chosen)).collect();
    let UsedMapping { mapping, users } = tables.swap_remove(chosen);
    let played = Arc::clone(&mapping);
    // Evaluating thousands of expressions would block a thread that serves requests.
    let samples = tokio::task::spawn_blocking(move || {
        played.samples.iter().take(SAMPLES_MAX).map(|sample| play(&played, sample)).collect()
    });
    let page = MappingPage {
        frame: Frame::of(&caller, "mappings"),
        title: mapping.title.clone().unwrap_or_else(|| mapping.name.clone()),
        created: mapping.created_told(),
        users,
        others,
        lines: mapping.rows.iter().map(|row| line(&mapping, row)).collect(),
        samples: samples.await.map_err(|_| NoPage::from(ApiError::Internal))?,
        further: mapping.samples.len().saturating_sub(SAMPLES_MAX),
        mapping,
    };
    Ok(render(StatusCode::OK, &page))
}

fn card(name: String, tables: &[UsedMapping]) -> Option<Card> {
    let first = tables.first()?;
    let mapping = &first.mapping;
    Some(Card {
        title: mapping.title.clone().unwrap_or_else(|| name.clone()),
        note: mapping.note.clone(),
        sides: Side::BOTH.map(|side| format!("{}: {}", mapping.system(side), mapping.types[side as usize])),
        rows: mapping.rows.len(),
        users: first.users.clone(),
        tables: tables.len(),
        name,
    })
}

fn other(name: &str, table: &UsedMapping, current: bool) -> Other {
    let user = table.users.first().map(|user| user.workflow.to_string()).unwrap_or_default();
    let encoded =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    Other { href: format!("/mappings/{}?of={}", encoded(name), encoded(&user)), label: user, current }
}

fn line(mapping: &Mapping, row: &Row) -> Line {
    let master = match row.master {
        Master::Side(side) => mapping.system(side),
        Master::Newest => "the newest change",
        Master::Manual => "a person decides",
    };
    let foreign = if row.foreign == "report" { ", other changes are reported" } else { "" };
    Line {
        number: row.number,
        fields: Side::BOTH.map(|side| row.field(side).map(ToString::to_string).unwrap_or_default()),
        arrow: row.arrow(),
        direction: match row.direction() {
            Direction::Both => "both ways".to_owned(),
            Direction::To(side) => format!("to {}", mapping.system(side)),
        },
        master: if row.is_pair() { format!("{master}{foreign}") } else { String::new() },
        routes: [Side::Second, Side::First].map(|to| row.route(to).map(how)),
        note: row.note.clone(),
    }
}

fn how(route: &Route) -> How {
    How {
        always: route.constant().map(ToString::to_string),
        transform: route.transform().map(str::to_owned),
        fits: route.fits.as_ref().map(Fits::told).unwrap_or_default(),
        default: route.default.as_ref().map(ToString::to_string),
        required: route.required,
    }
}

fn play(mapping: &Mapping, sample: &Sample) -> Played {
    let left_out = std::cell::Cell::new(false);
    let never = |_: &Evaluation| {
        left_out.set(true);
        Err(EvaluationError::Limit("it is not evaluated for a page".to_owned()))
    };
    let verdict = match mapping.judge(sample, &never) {
        _ if left_out.get() => Verdict::NotPlayed,
        None => Verdict::Holds,
        Some(why) => Verdict::Fails(why),
    };
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    let (label, like) = match verdict {
        Verdict::Holds => ("Passes", "completed"),
        Verdict::Fails(_) => ("Fails", "faulted"),
        Verdict::NotPlayed => ("Not run here", "pending"),
    };
    Played {
        badge: Badge { label, ..badge::of_run(like) },
        name: sample.name.clone(),
        from: mapping.system(sample.from).to_owned(),
        record: pretty(&sample.record),
        gives: sample.gives.as_ref().map(pretty).map_err(Clone::clone),
        verdict,
    }
}
