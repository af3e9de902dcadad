//! The router, and the sandbox's own endpoints: faults, ledger, records, settings, reset.
//!
//! Calls of these endpoints belong to neither system: the ledger does not record them and no fault strikes them.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::access::Access;
use super::call::System;
use super::crm::{Obstacles, RefreshSettings};
use super::exchange::exchange;
use super::faults::Fault;
use super::ledger::Filter;
use super::profile::Profile;
use super::pubsub::{self, PubSubSettings};
use super::{Sandbox, WebhookSettings, World, closed_won_event, page};

const RECORDS_LISTED: usize = 10_000;

/// Returns a router for both systems and the sandbox's own endpoints. Connection resets need [`super::serve()`]; any
/// other server sends a broken body instead.
pub fn router(sandbox: Sandbox) -> Router {
    let crm = async |State(sandbox), request: Request| exchange(sandbox, System::Crm, "/crm", request).await;
    let erp = async |State(sandbox), request: Request| exchange(sandbox, System::Erp, "/erp", request).await;
    let bare_crm = async |State(sandbox), request: Request| exchange(sandbox, System::Crm, "", request).await;
    let bare_erp = async |State(sandbox), request: Request| exchange(sandbox, System::Erp, "", request).await;
    Router::new()
        .route("/crm/{*rest}", any(crm))
        .route("/erp/{*rest}", any(erp))
        .route("/services/rest/{*rest}", any(bare_erp))
        .route("/services/{*rest}", any(bare_crm))
        .route("/eventbus.v1.PubSub/{method}", post(pubsub::call))
        .merge(page::routes())
        .route("/healthz", get(async || "ok"))
        .route("/faults", post(add_faults).get(list_faults).delete(remove_faults))
        .route("/faults/{id}", delete(remove_fault))
        .route("/ledger", get(ledger))
        .route("/records/{system}/{type}", get(records))
        .route("/closed-won/{n}", get(async |Path(n): Path<u32>| Json(closed_won_event(n))))
        .route("/settings", get(settings).post(change_settings))
        .route("/sessions", get(sessions).delete(end_sessions))
        .route("/reset", post(reset))
        .layer(axum::extract::DefaultBodyLimit::max(1024 * 1024))
        .layer(axum::middleware::from_fn_with_state(sandbox.clone(), touched))
        .with_state(sandbox)
}

async fn touched(State(sandbox): State<Sandbox>, request: Request, next: axum::middleware::Next) -> Response {
    sandbox.touch();
    next.run(request).await
}

fn refused(detail: impl Into<String>) -> Response {
    let status = StatusCode::BAD_REQUEST;
    let detail: String = detail.into();
    let body = json!({"type": "about:blank", "title": "Bad Request", "status": status.as_u16(), "detail": detail});
    (status, [("content-type", "application/problem+json")], body.to_string()).into_response()
}

async fn add_faults(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let faults: Vec<Value> = match serde_json::from_slice(&body) {
        Ok(Value::Array(faults)) => faults,
        Ok(Value::Object(mut wrapper)) => match wrapper.remove("faults") {
            Some(Value::Array(faults)) => faults,
            _ => vec![Value::Object(wrapper)],
        },
        Ok(_) => return refused("neither a fault nor an array of faults"),
        Err(error) => return refused(format!("the body is not JSON: {error}")),
    };
    let faults: Result<Vec<Fault>, _> = faults.into_iter().map(serde_json::from_value).collect();
    let added = match faults {
        Ok(faults) => sandbox.world().faults.add(faults),
        Err(error) => Err(format!("not a fault: {error}")),
    };
    match added {
        Ok(ids) => (StatusCode::CREATED, Json(json!({"ids": ids}))).into_response(),
        Err(reason) => refused(reason),
    }
}

async fn list_faults(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({"faults": sandbox.world().faults.list()}))
}

async fn remove_faults(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.world().faults.remove(None);
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(sandbox): State<Sandbox>, Path(id): Path<u64>) -> StatusCode {
    match sandbox.world().faults.remove(Some(id)) {
        0 => StatusCode::NOT_FOUND,
        _ => StatusCode::NO_CONTENT,
    }
}

/// Returns the counts of refresh tokens, and the subscribers of topics.
async fn sessions(State(sandbox): State<Sandbox>) -> Json<Value> {
    let world = sandbox.world();
    Json(json!({"crm": {"refreshTokens": world.crm.refresh_tokens, "subscriptions": world.bus.readers()}}))
}

/// Invalidates all issued tokens of both systems.
async fn end_sessions(State(sandbox): State<Sandbox>) -> StatusCode {
    let mut world = sandbox.world();
    world.crm.end_sessions();
    world.erp.end_sessions();
    StatusCode::NO_CONTENT
}

async fn ledger(State(sandbox): State<Sandbox>, Query(filter): Query<Filter>) -> Response {
    let (extract, deliveries, records) = {
        let world = sandbox.world();
        let wanted = |system: System| filter.system.as_ref().is_none_or(|wanted| wanted == system.name());
        let deliveries = world.webhooks.deliveries(wanted);
        (world.ledger.extract(&filter), deliveries, filter.records.then(|| all_records(&world)))
    };
    let mut body = match serde_json::to_value(extract) {
        Ok(body) => body,
        Err(error) => return refused(format!("the ledger cannot be written as JSON: {error}")),
    };
    body["deliveries"] = json!(deliveries);
    if let Some(records) = records {
        body["records"] = records;
    }
    Json(body).into_response()
}

pub(super) fn all_records(world: &World) -> Value {
    let of = |types: Vec<&'static str>, list: &dyn Fn(&str) -> Vec<Value>| -> Value {
        Value::Object(types.into_iter().map(|name| (name.to_owned(), list(name).into())).collect())
    };
    json!({
        "crm": of(world.crm.types(), &|name| world.crm.list(name, RECORDS_LISTED)),
        "erp": of(world.erp.types(), &|name| world.erp.list(name, RECORDS_LISTED)),
    })
}

async fn records(State(sandbox): State<Sandbox>, Path((system, wanted)): Path<(String, String)>) -> Response {
    let world = sandbox.world();
    let find = |types: Vec<&'static str>| types.into_iter().find(|name| name.eq_ignore_ascii_case(&wanted));
    let found = match system.as_str() {
        "crm" => {
            find(world.crm.types()).map(|name| (name, world.crm.count(name), world.crm.list(name, RECORDS_LISTED)))
        }
        "erp" => {
            find(world.erp.types()).map(|name| (name, world.erp.count(name), world.erp.list(name, RECORDS_LISTED)))
        }
        _ => None,
    };
    drop(world);
    match found {
        Some((name, count, records)) => {
            Json(json!({"system": system, "type": name, "count": count, "records": records})).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Switching to another profile resets the records to those of that profile.
    profile: Option<String>,
    erp: Option<ErpSettings>,
    crm: Option<CrmSettings>,
    webhooks: Option<WebhooksSettings>,
}

/// Webhook settings by system. Null turns them off; an absent system is unchanged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhooksSettings {
    #[serde(default, deserialize_with = "given")]
    crm: Option<Option<WebhookSettings>>,
    #[serde(default, deserialize_with = "given")]
    erp: Option<Option<WebhookSettings>>,
}

fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<WebhookSettings>>, D::Error> {
    Option::deserialize(value).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErpSettings {
    concurrency: Option<usize>,
    role: Option<Access>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CrmSettings {
    daily_requests: Option<u64>,
    page_size: Option<usize>,
    refresh_tokens: Option<RefreshSettings>,
    role: Option<Access>,
    obstacles: Option<Obstacles>,
    pub_sub: Option<PubSubSettings>,
    /// Allowed values of restricted picklists, by `Object.Field`.
    picklists: Option<BTreeMap<String, Vec<String>>>,
}

fn current_settings(world: &World) -> Value {
    let crm = &world.crm.settings;
    json!({
        "profile": world.profile.name,
        "erp": {"concurrency": world.erp.concurrency(), "role": world.erp.role()},
        "crm": {
            "dailyRequests": crm.daily_requests,
            "pageSize": crm.page_size,
            "refreshTokens": crm.refresh_tokens,
            "role": world.crm.role(),
            "obstacles": crm.obstacles,
            "pubSub": world.bus.settings,
            "picklists": world.crm.picklists(),
        },
        "webhooks": world.webhooks.view(),
    })
}

async fn settings(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(current_settings(&sandbox.world()))
}

async fn change_settings(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let settings = match serde_json::from_slice(&body) {
        Ok(settings) => settings,
        Err(error) => return refused(format!("not settings: {error}")),
    };
    match sandbox.change_settings(settings) {
        Ok(settings) => Json(settings).into_response(),
        Err(reason) => refused(reason),
    }
}

impl Sandbox {
    /// Changes settings like `POST /settings`. Returns all current settings.
    ///
    /// # Errors
    /// Why the value is not valid as settings.
    pub fn change_settings(&self, settings: Value) -> Result<Value, String> {
        let settings = serde_json::from_value(settings).map_err(|why| format!("not settings: {why}"))?;
        let applied = apply(&mut self.world(), settings);
        // Subscribers may have to be notified.
        self.published();
        applied
    }
}

fn apply(world: &mut World, settings: Settings) -> Result<Value, String> {
    if let Some(profile) = settings.profile {
        world.reset(Profile::named(&profile)?);
    }
    let webhooks = settings.webhooks.map(|given| [(System::Crm, given.crm), (System::Erp, given.erp)]);
    let webhooks = webhooks.into_iter().flatten().filter_map(|(system, given)| Some((system, given?)));
    let targets = webhooks.map(|(system, given)| Ok((system, given.map(|given| given.target()).transpose()?)));
    for (system, target) in targets.collect::<Result<Vec<_>, String>>()? {
        world.webhooks.send_to(system, target);
    }
    if let Some(erp) = settings.erp {
        if let Some(concurrency) = erp.concurrency {
            world.erp.work_on_at_once(concurrency);
        }
        if let Some(role) = erp.role {
            world.erp.assume(role);
        }
    }
    if let Some(crm) = settings.crm {
        if let Some(role) = crm.role {
            world.crm.assume(role);
        }
        if let Some(picklists) = crm.picklists {
            world.crm.restrict(picklists);
        }
        if let Some(settings) = crm.pub_sub {
            world.bus.settings = settings;
            world.bus.forget(chrono::Utc::now());
        }
        let current = &mut world.crm.settings;
        current.daily_requests = crm.daily_requests.unwrap_or(current.daily_requests);
        current.page_size = crm.page_size.unwrap_or(current.page_size).max(1);
        current.refresh_tokens = crm.refresh_tokens.unwrap_or_else(|| current.refresh_tokens.clone());
        current.obstacles = crm.obstacles.unwrap_or_else(|| current.obstacles.clone());
    }
    Ok(current_settings(world))
}

async fn reset(State(sandbox): State<Sandbox>) -> StatusCode {
    let mut world = sandbox.world();
    let profile = world.profile;
    world.reset(profile);
    StatusCode::NO_CONTENT
}
