//! JSON API and webhook ingress. Handlers are thin: they read the request, ask the engine or the store, and answer.
//!
//! [`router`] holds every route in four tables, from which `openapi.json` is checked. A request passes, from the outside in:
//! [`problem::finish`] (every error is a problem), [`limits::harden`], [`refusals::note`], the net for panics, [`limits::admit`] of its group
//! (places and deadline), then its handler, whose extractors say who may call it.

pub mod access;
pub mod api;
pub mod app;
pub mod ingress;
pub mod problem;
pub mod query;
#[cfg(test)]
mod scopes;
pub mod status;
pub mod wire;

use access::refusals;
use api::runs::{acts, attention, bulk, moves, notes, proposals, stream};
use api::sync::{batches, conflicts, drift, mappings, totals};
use api::{
    audit, connections, credentials, events, freezes, runs, schedules, search, sources, tasks, users, workflows,
};
use ingress::handshake;
use std::sync::Arc;
use std::time::Duration;
use wire::{limits, phase};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, delete, get, options, patch, post, put};
use tower_http::catch_panic::CatchPanicLayer;

pub use app::{App, Settings};
pub use problem::ApiError;
pub use wire::phase::Phase;
pub use wire::serve::serve;

use wire::limits::Gate;

/// Method, path, handler.
type Route = (&'static str, &'static str, MethodRouter<App>);

/// Always answered, whatever the load.
fn status_routes() -> Vec<Route> {
    vec![
        ("GET", "/healthz", get(status::healthz)),
        ("GET", "/readyz", get(status::readyz)),
        ("GET", "/metrics", get(status::metrics)),
        ("GET", "/openapi.json", get(status::openapi)),
        ("GET", "/api/v1/stream", get(stream::stream)),
    ]
}

/// Senders of webhooks and events.
fn ingress_routes() -> Vec<Route> {
    vec![
        ("POST", "/hooks/{source}", post(ingress::hook)),
        ("OPTIONS", "/hooks/{source}", options(handshake::hook)),
        ("POST", "/events", post(ingress::events)),
        ("OPTIONS", "/events", options(handshake::events)),
    ]
}

/// Calls that are answered at once.
fn api_routes() -> Vec<Route> {
    vec![
        ("GET", "/api/v1/workflows", get(workflows::list)),
        ("GET", "/api/v1/workflows/{namespace}/{name}", get(workflows::show)),
        ("PUT", "/api/v1/workflows/{namespace}/{name}", put(workflows::deploy)),
        ("DELETE", "/api/v1/workflows/{namespace}/{name}/{version}", delete(workflows::remove)),
        ("GET", "/api/v1/mappings", get(mappings::list)),
        ("GET", "/api/v1/connections", get(connections::list)),
        ("POST", "/api/v1/connections/{name}/{act}", post(connections::act)),
        ("GET", "/api/v1/batches", get(batches::list)),
        ("GET", "/api/v1/batches/{id}", get(batches::show)),
        ("GET", "/api/v1/batches/{id}/rows", get(batches::rows)),
        ("POST", "/api/v1/batches/{id}/retry", post(batches::retry)),
        ("GET", "/api/v1/sources", get(sources::list)),
        ("GET", "/api/v1/conflicts", get(conflicts::list)),
        ("GET", "/api/v1/conflicts/{id}", get(conflicts::show)),
        ("POST", "/api/v1/conflicts/{id}/settle", post(conflicts::settle)),
        ("GET", "/api/v1/drift", get(drift::list)),
        ("GET", "/api/v1/drift/{run}", get(drift::show)),
        ("GET", "/api/v1/attention", get(attention::list)),
        ("GET", "/api/v1/attention/{fingerprint}/notes", get(notes::of_cause)),
        ("POST", "/api/v1/attention/{fingerprint}/notes", post(notes::on_cause)),
        ("POST", "/api/v1/attention/{fingerprint}/{act}", post(attention::act)),
        ("GET", "/api/v1/freezes", get(freezes::list)),
        ("POST", "/api/v1/freezes", post(freezes::create)),
        ("POST", "/api/v1/freezes/{id}/end", post(freezes::end)),
        ("GET", "/api/v1/totals", get(totals::list)),
        ("GET", "/api/v1/totals/lines", get(totals::lines)),
        ("GET", "/api/v1/totals/changes", get(totals::changes)),
        ("GET", "/api/v1/totals/sign-offs", get(totals::sign_offs)),
        ("POST", "/api/v1/totals/sign-offs", post(totals::sign)),
        ("GET", "/api/v1/schedules", get(schedules::list)),
        ("GET", "/api/v1/schedules/{namespace}/{name}", get(schedules::show)),
        ("POST", "/api/v1/schedules/{namespace}/{name}/{act}", post(schedules::act)),
        ("GET", "/api/v1/runs", get(runs::list)),
        ("GET", "/api/v1/runs/{id}", get(runs::show)),
        ("GET", "/api/v1/runs/{id}/journal", get(runs::journal)),
        ("GET", "/api/v1/runs/{id}/notes", get(notes::of_run)),
        ("POST", "/api/v1/runs/{id}/notes", post(notes::on_run)),
        ("POST", "/api/v1/runs/{id}/move", post(moves::move_run)),
        ("POST", "/api/v1/runs/{id}/{act}", post(acts::act)),
        ("GET", "/api/v1/bulk", get(bulk::list)),
        ("GET", "/api/v1/bulk/{id}", get(bulk::show)),
        ("POST", "/api/v1/bulk/{id}/{act}", post(bulk::steer)),
        ("GET", "/api/v1/search", get(search::search)),
        ("GET", "/api/v1/proposals", get(proposals::list)),
        ("GET", "/api/v1/proposals/{id}", get(proposals::show)),
        ("POST", "/api/v1/proposals/{id}/approve", post(proposals::approve)),
        ("POST", "/api/v1/proposals/{id}/decline", post(proposals::decline)),
        ("GET", "/api/v1/tasks", get(tasks::list)),
        ("GET", "/api/v1/tasks/{id}", get(tasks::show)),
        ("POST", "/api/v1/tasks/{id}/complete", post(tasks::complete)),
        ("GET", "/api/v1/events", get(events::list)),
        ("GET", "/api/v1/events/{id}", get(events::show)),
        ("GET", "/api/v1/events/unmatched", get(events::unmatched)),
        ("POST", "/api/v1/events/{id}/replay", post(events::replay)),
        ("POST", "/api/v1/events/{id}/dismiss", post(events::dismiss)),
    ]
}

/// Who may do what, and who did what.
fn access_routes() -> Vec<Route> {
    vec![
        ("GET", "/api/v1/me", get(credentials::me)),
        ("GET", "/api/v1/users", get(users::list)),
        ("POST", "/api/v1/users", post(users::create)),
        ("GET", "/api/v1/users/{name}", get(users::show)),
        ("PATCH", "/api/v1/users/{name}", patch(users::change)),
        ("DELETE", "/api/v1/users/{name}", delete(users::remove)),
        ("POST", "/api/v1/users/{name}/{act}", post(users::act)),
        ("GET", "/api/v1/tokens", get(credentials::tokens)),
        ("POST", "/api/v1/tokens", post(credentials::create_token)),
        ("DELETE", "/api/v1/tokens/{id}", delete(credentials::revoke_token)),
        ("GET", "/api/v1/sessions", get(credentials::sessions)),
        ("DELETE", "/api/v1/sessions/{id}", delete(credentials::end_session)),
        ("GET", "/api/v1/audit/acts", get(audit::acts)),
        ("GET", "/api/v1/audit/refusals", get(audit::refusals)),
    ]
}

/// Calls that may wait for runs.
fn waiting_routes() -> Vec<Route> {
    vec![
        ("POST", "/api/v1/workflows/{namespace}/{name}/runs", post(workflows::start)),
        ("POST", "/api/v1/runs:bulk", post(bulk::begin)),
    ]
}

/// Every route but those of the dashboard.
#[cfg(test)]
fn routes() -> impl Iterator<Item = Route> {
    let api = api_routes().into_iter().chain(access_routes()).chain(waiting_routes());
    status_routes().into_iter().chain(ingress_routes()).chain(api)
}

/// The routes for programs.
fn group(routes: Vec<Route>) -> Router<App> {
    let routes = routes.into_iter().fold(Router::new(), |router, (_, path, handler)| router.route(path, handler));
    routes.layer(from_fn(query::sound_address))
}

/// Pages for people.
pub struct Pages<S = App> {
    /// Those that need a session, and what stands around them.
    pub inside: Router<S>,
    /// Signing in. Who is slow there takes no place of those who are in.
    pub sign_in: Router<S>,
}

/// The whole HTTP face.
pub fn router(app: App, pages: Pages) -> Router {
    let settings = &app.settings;
    let usual = Gate::new(settings.api_concurrency_max, settings.request_timeout());
    let unplaced = Gate::deadline(settings.request_timeout());
    let patience = settings.request_timeout() + Duration::from_secs(settings.wait_seconds_max);
    let waiting = Gate::new(settings.api_concurrency_max, patience);
    let inside = group(api_routes()).merge(group(access_routes())).merge(pages.inside);
    let routes = Router::new()
        .merge(inside.layer(from_fn_with_state(usual, limits::admit)))
        .merge(group(waiting_routes()).layer(from_fn_with_state(waiting, limits::admit)))
        .merge(pages.sign_in.layer(from_fn_with_state(unplaced.clone(), limits::admit)))
        .merge(
            group(ingress_routes())
                .layer(from_fn_with_state(unplaced, limits::admit))
                .layer(from_fn(limits::count_ingress)),
        )
        .merge(group(status_routes()));
    skin(routes, app)
}

/// The API as a program calls it that holds its own engine: the command line. It has no socket, so it needs none of the limits that
/// protect a server, and nobody is turned away whom an administrator would want to know of.
pub(crate) fn local_router(app: App) -> Router {
    let api = group(api_routes()).merge(group(access_routes())).merge(group(waiting_routes()));
    api.layer(CatchPanicLayer::custom(limits::caught)).layer(from_fn(problem::finish)).with_state(app)
}

/// What `http.admin_listen` answers: how the node is, to anyone who reaches that address.
pub fn admin_router(app: App) -> Router {
    let routes = vec![
        ("GET", "/healthz", get(status::healthz)),
        ("GET", "/readyz", get(status::readyz)),
        ("GET", "/metrics", get(status::metrics_for_anyone)),
    ];
    skin(group(routes), app)
}

/// What is answered before the database is there: the process lives, and this is what it waits for.
pub fn waiting_router(what: &str) -> Router {
    let what: Arc<str> = what.into();
    Router::new()
        .route("/healthz", get(status::healthz))
        .fallback(move || std::future::ready(ApiError::unavailable(what.as_ref())))
        .layer(from_fn(problem::finish))
}

/// What every answer passes on its way out.
fn skin(routes: Router<App>, app: App) -> Router {
    routes
        .layer(CatchPanicLayer::custom(limits::caught))
        .layer(from_fn(limits::count))
        .layer(from_fn_with_state(app.refusals.clone(), refusals::note))
        .layer(from_fn_with_state(Arc::clone(&app.settings), limits::harden))
        .layer(from_fn_with_state(app.clone(), phase::end_connections))
        .layer(from_fn(problem::finish))
        .with_state(app)
}

#[cfg(test)]
mod tests;
