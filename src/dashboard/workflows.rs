//! Deployed workflows: each with its versions, and the document of one version.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::Dashboard;
use super::parts::page::{Frame, NoPage, render};
use super::signed_in::SignedIn;
use crate::dsl::{Definition, EventFilter, EventJoin, OnFault, Take, Until, Wanted};
use crate::store::runs::listing;

struct Workflow {
    namespace: String,
    name: String,
    title: Option<String>,
    summary: Option<String>,
    latest: String,
    versions: usize,
    triggers: Vec<String>,
    /// When it starts by itself, if it has a schedule.
    rhythm: Option<String>,
}

#[derive(Template)]
#[template(path = "workflows.html")]
struct WorkflowsPage {
    frame: Frame,
    workflows: Vec<Workflow>,
}

struct Version {
    text: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "workflow.html")]
struct WorkflowPage {
    frame: Frame,
    workflow: Workflow,
    version: String,
    versions: Vec<Version>,
    on_fault: &'static str,
    steps: usize,
    source: String,
}

/// `GET /workflows`
pub async fn list(SignedIn(caller): SignedIn, State(dashboard): State<Dashboard>) -> Response {
    let deployed = dashboard.engine.deployed();
    let workflows = deployed.definitions.values().filter_map(|v| Some(workflow(v.first()?, v.len()))).collect();
    render(StatusCode::OK, &WorkflowsPage { frame: Frame::of(&caller, "workflows"), workflows })
}

/// Query parameters.
#[derive(Debug, Default, Deserialize)]
pub struct Parts {
    #[serde(default)]
    version: Option<String>,
}

/// `GET /workflows/{namespace}/{name}`
pub async fn show(
    SignedIn(caller): SignedIn,
    State(dashboard): State<Dashboard>,
    Path((namespace, name)): Path<(String, String)>,
    Query(parts): Query<Parts>,
) -> Result<Response, NoPage> {
    let deployed = dashboard.engine.deployed();
    let unknown = || NoPage::not_found(format!("No workflow {namespace}/{name} is deployed in this version."));
    let versions = deployed.definitions.get(&(namespace.clone(), name.clone())).ok_or_else(unknown)?;
    let wanted = |d: &&std::sync::Arc<Definition>| parts.version.as_ref().is_none_or(|v| d.workflow.version == *v);
    let definition = versions.iter().find(wanted).ok_or_else(unknown)?;
    let source = listing::source(&dashboard.pool, &definition.workflow).await?.unwrap_or_default();
    let page = WorkflowPage {
        frame: Frame::of(&caller, "workflows"),
        workflow: workflow(definition, versions.len()),
        version: definition.workflow.version.clone(),
        versions: versions
            .iter()
            .map(|d| Version {
                text: d.workflow.version.clone(),
                current: d.workflow.version == definition.workflow.version,
            })
            .collect(),
        on_fault: match definition.metadata.on_fault {
            OnFault::Compensate => "Completed steps are undone, last one first",
            OnFault::Park => "The run stops there and waits for a person",
        },
        steps: definition.root.len(),
        source,
    };
    Ok(render(StatusCode::OK, &page))
}

fn workflow(latest: &Definition, versions: usize) -> Workflow {
    Workflow {
        namespace: latest.workflow.namespace.clone(),
        name: latest.workflow.name.clone(),
        title: latest.title.clone(),
        summary: latest.summary.clone(),
        latest: latest.workflow.version.clone(),
        versions,
        triggers: latest.triggers.iter().map(trigger).chain(latest.join.as_ref().map(join)).collect(),
        rhythm: latest.timing.as_ref().map(|timing| format!("{} {}", timing.kind(), timing.expression())),
    }
}

/// Describes a join: `order.won and order.approved, until day.closed`.
fn join(join: &EventJoin) -> String {
    let strategy = &join.strategy;
    let listed = |filters: &[EventFilter], between| filters.iter().map(trigger).collect::<Vec<_>>().join(between);
    let between = |take| if take == Take::All { " and " } else { " or " };
    let events = listed(&strategy.filters, between(strategy.take));
    match &strategy.until {
        None => events,
        Some(Until::Condition(condition)) => format!("{events}, until {}", condition.text()),
        Some(Until::Events { take, filters }) => format!("{events}, until {}", listed(filters, between(*take))),
    }
}

/// Describes a filter: `salesforce · opportunity.closed_won`.
fn trigger(filter: &EventFilter) -> String {
    let text = |wanted: &Wanted| match wanted {
        Wanted::Text(text) => text.clone(),
        Wanted::Pattern(pattern) => pattern.as_str().to_owned(),
        Wanted::Computed(expression) => expression.text().to_owned(),
    };
    let parts: Vec<String> = filter.with.iter().map(|(_, value)| text(value)).collect();
    if parts.is_empty() { "any event".to_owned() } else { parts.join(" · ") }
}
