//! Definitions: list, show, deploy, and start a run of one.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::dsl::{self, Definition, WorkflowRef};
use crate::engine::{Begun, DeployOutcome, Deployed, StartRequest, Undeployed};
use crate::http::App;
use crate::http::access::revocation::gone;
use crate::http::access::session::{Deployer, Operator, Reader};
use crate::http::problem::{ApiError, InputError};
use crate::http::query::{PAGING, Page, Params};
use crate::http::wire::body::{expect_json, json as read_json, media_type};
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::runs::listing;

/// Most versions shown per workflow, last deployed first.
const VERSIONS_SHOWN: i64 = 200;

/// Longest `Idempotency-Key`.
const KEY_BYTES_MAX: usize = 255;

/// A workflow in a list.
#[derive(Serialize)]
pub struct WorkflowItem {
    namespace: String,
    name: String,
    title: Option<String>,
    /// Latest version, which a start without `version` runs.
    version: String,
    /// All versions, latest first.
    versions: Vec<String>,
}

impl From<&Vec<Arc<Definition>>> for WorkflowItem {
    fn from(versions: &Vec<Arc<Definition>>) -> Self {
        let latest = &versions[0];
        let WorkflowRef { namespace, name, version } = latest.workflow.clone();
        let versions = versions.iter().map(|d| d.workflow.version.clone()).collect();
        Self { namespace, name, title: latest.title.clone(), version, versions }
    }
}

/// `GET /api/v1/workflows`
pub async fn list(
    State(app): State<App>,
    _: Reader,
    RawQuery(query): RawQuery,
) -> Result<Json<Page<WorkflowItem>>, ApiError> {
    let params = Params::read(query.as_deref(), &[&PAGING])?;
    let (limit, after) = (params.limit()?, params.cursor('w')?);
    let deployed = app.engine.deployed();
    let path = |versions: &&Vec<Arc<Definition>>| {
        let w = &versions[0].workflow;
        format!("{}/{}", w.namespace, w.name)
    };
    // Sort by path, as the cursor compares: the map orders names with `-` or `.`, which sort before `/`, differently.
    let mut found: Vec<_> = deployed.definitions.values().filter(|versions| !versions.is_empty()).collect();
    found.sort_by_key(path);
    let page = usize::try_from(limit).unwrap_or(usize::MAX) + 1;
    let rows = found.into_iter().filter(|v| after.as_ref().is_none_or(|a| path(v) > *a)).take(page).collect();
    Ok(Json(Page::of('w', limit, rows, path)))
}

/// `GET /api/v1/workflows/{namespace}/{name}`
pub async fn show(
    State(app): State<App>,
    _: Reader,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let params = Params::read(query.as_deref(), &[&["version"]])?;
    let wanted = params.text("version").filter(|v| *v != "latest");
    let find = |deployed: &Deployed| {
        let loaded = deployed.definitions.get(&(namespace.clone(), name.clone()))?;
        loaded.iter().find(|d| wanted.is_none_or(|version| d.workflow.version == version)).cloned()
    };
    let definition = match find(&app.engine.deployed()) {
        Some(definition) => definition,
        // Another node may just have deployed it.
        None => find(&*app.engine.deployed_now().await?)
            .ok_or_else(|| ApiError::NotFound(format!("no workflow {namespace}/{name} is deployed in that version")))?,
    };
    let pool = app.engine.reader();
    let versions = listing::versions(pool, &namespace, &name, VERSIONS_SHOWN).await?;
    let source = listing::source(pool, &definition.workflow).await?;
    Ok(Json(json!({
        "namespace": namespace,
        "name": name,
        "version": definition.workflow.version,
        "title": definition.title,
        "summary": definition.summary,
        "owner": definition.metadata.owner,
        "definition": definition.document,
        "source": source,
        "versions": versions,
    })))
}

/// `PUT /api/v1/workflows/{namespace}/{name}`
pub async fn deploy(
    State(app): State<App>,
    Deployer(caller): Deployer,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::read(query.as_deref(), &[&["reason", "dry_run"]])?;
    let (reason, dry_run) = (params.reason(), params.parsed("dry_run", "must be true or false")?.unwrap_or(false));
    expect_document(&headers)?;
    let received = app.read_act(&caller, Scope::Deploy, &headers, body).await?;
    let text = String::from_utf8(received.bytes.to_vec())
        .map_err(|e| ApiError::BadRequest(format!("the document is not UTF-8: {e}"), Vec::new()))?;
    let functions = Arc::clone(&app.functions.borrow());
    // A build takes milliseconds, too long for a thread that serves requests.
    let built = tokio::task::spawn_blocking(move || dsl::build("<body>", &text, &functions));
    let built = built.await.map_err(|_| ApiError::Internal)?.map_err(invalid)?;
    let found = &built.definition.workflow;
    let mut wrong = Vec::new();
    for (pointer, found, path) in
        [("/document/namespace", &found.namespace, &namespace), ("/document/name", &found.name, &name)]
    {
        if found != path {
            wrong.push(InputError::new(pointer, format!("is {found:?}, but the URL says {path:?}")));
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::Unprocessable("the definition is not the one that the URL names".into(), wrong));
    }
    // Runs started by events, parents and operators are permitted by those. A schedule acts on behalf of the person who
    // deploys it.
    if built.definition.timing.is_some() && !caller.allows(Scope::Operate) {
        let workflow = built.definition.workflow.to_string();
        return Err(ApiError::SchedulesRuns { workflow, actor: caller.actor().0 });
    }
    if dry_run {
        let (workflow, hash) = (&built.definition.workflow, hex::encode(built.hash));
        let body = json!({ "workflow": workflow, "dry_run": true, "hash": hash, "warnings": built.warnings });
        return Ok(Json(body).into_response());
    }
    let (status, workflow) =
        match app.engine.deploy(&built, By { actor: &caller.actor(), reason: reason.as_deref() }).await? {
            DeployOutcome::Created(workflow) => (StatusCode::CREATED, workflow),
            DeployOutcome::Unchanged(workflow) => (StatusCode::OK, workflow),
        };
    let body = json!({
        "workflow": workflow,
        "changed": status == StatusCode::CREATED,
        "hash": hex::encode(built.hash),
        "warnings": built.warnings,
    });
    Ok((status, Json(body)).into_response())
}

fn expect_document(headers: &HeaderMap) -> Result<(), ApiError> {
    const YAML: [&str; 4] = ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"];
    match media_type(headers) {
        Some(kind) if kind == "application/json" || YAML.contains(&kind.as_str()) => Ok(()),
        other => Err(ApiError::UnsupportedMediaType(format!(
            "send the definition as application/yaml or application/json, not {}",
            other.as_deref().unwrap_or("without Content-Type")
        ))),
    }
}

fn invalid(mistakes: Vec<dsl::Mistake>) -> ApiError {
    let detail = format!("the definition has {} mistake(s)", mistakes.len());
    ApiError::Unprocessable(detail, mistakes.into_iter().map(InputError::from).collect())
}

/// `DELETE /api/v1/workflows/{namespace}/{name}/{version}`
pub async fn remove(
    State(app): State<App>,
    Deployer(caller): Deployer,
    Path((namespace, name, version)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, ApiError> {
    let reason = Params::read(query.as_deref(), &[&["reason"]])?.reason();
    let workflow = WorkflowRef { namespace, name, version };
    match app.engine.undeploy(&workflow, By { actor: &caller.actor(), reason: reason.as_deref() }).await? {
        Undeployed::Gone => Ok(StatusCode::NO_CONTENT),
        Undeployed::Unknown => Err(ApiError::NotFound(format!("no {workflow} is deployed"))),
        Undeployed::InUse(run) => Err(ApiError::Conflict(format!(
            "{workflow} has runs (the last is {run}) whose journals need it, so it cannot be deleted"
        ))),
    }
}

/// `POST /api/v1/workflows/{namespace}/{name}/runs`
pub async fn start(
    State(app): State<App>,
    Operator(caller): Operator,
    Path((namespace, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::read(query.as_deref(), &[&["wait", "version"]])?;
    let wait: Option<u64> = params.parsed("wait", "must be a number of seconds")?;
    expect_json(&headers)?;
    let received = app.read_act(&caller, Scope::Operate, &headers, body).await?;
    let input = if received.bytes.is_empty() { json!({}) } else { read_json(&received.bytes)? };
    let request = StartRequest {
        namespace,
        name,
        version: params.text("version").map(str::to_owned),
        input,
        idempotency_key: idempotency_key(&headers)?,
        actor: caller.actor(),
    };
    let wait = wait.map(|seconds| Duration::from_secs(seconds.min(app.settings.wait_seconds_max)));
    // The caller's right to start is checked; the right to wait may end meanwhile. The start itself continues either
    // way.
    let starting = tokio::spawn({
        let engine = app.engine.clone();
        async move { engine.start_and_show(request, wait).await }
    });
    let Begun { id, settled, view } = tokio::select! {
        begun = starting => begun.map_err(|_| ApiError::unavailable("the start was interrupted"))??,
        () = app.access.lost(&caller, Scope::Operate), if wait.is_some() => return Err(gone(&caller)),
    };
    let status = if settled { StatusCode::OK } else { StatusCode::ACCEPTED };
    let location = [(LOCATION, format!("/api/v1/runs/{id}"))];
    // The run exists even if it cannot be shown right now: an error would make the caller start another.
    Ok(match view {
        Some(view) => (status, location, Json(view)).into_response(),
        None => (status, location, Json(json!({ "id": id }))).into_response(),
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|text| (1..=KEY_BYTES_MAX).contains(&text.len()));
    text.map(|text| Some(text.to_owned())).ok_or_else(|| {
        ApiError::BadRequest(format!("Idempotency-Key must be 1 to {KEY_BYTES_MAX} visible characters"), Vec::new())
    })
}
