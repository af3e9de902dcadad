//! The dashboard: server-rendered pages for people. One file is one page; the others are what pages are made of.
//!
//! Every page works without JavaScript. Nothing but the sign-in page is answered without a session, every form carries
//! the session's token, and what came from outside reaches a page only escaped.

mod bulk;
mod connections;
mod events;
#[cfg(test)]
mod fixture;
mod freezes;
mod handling;
mod parts;
mod proposals;
mod run;
mod runs;
mod schedules;
mod search;
mod sign_in;
mod signed_in;
mod sync;
mod tasks;
#[cfg(test)]
mod tests;
mod workflows;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn;
use axum::routing::{MethodRouter, get, post};
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use sqlx::PgPool;
use tower::ServiceBuilder;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::engine::Engine;
use crate::http::Pages;
use crate::http::access::session::Access;
use crate::http::wire::budget::Budget;
use crate::store::access::Scope;
use crate::store::runs::listing::Counted;
use parts::{assets, page};
use run::{act, versions};
use sync::{batches, conflicts, drift, mappings, totals};

/// No inline script, no inline style, nothing from elsewhere.
const POLICY: &str = "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; \
                      form-action 'self'; base-uri 'none'";

/// State of the pages. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard {
    pool: PgPool,
    engine: Engine,
    access: Access,
    /// Memory for forms of people who are signed in.
    forms: Budget,
    door: Arc<sign_in::Door>,
    /// Which systems runs reach.
    environment: String,
    /// How many runs live.
    counted: Arc<Counted>,
}

impl Dashboard {
    /// Pages over this engine.
    #[must_use]
    pub fn new(engine: Engine, access: Access) -> Self {
        let (pool, environment) = (engine.reader().clone(), engine.connections().0);
        let forms = Budget::new(FORMS_BYTES_MAX, FORM_BYTES_MAX);
        Self { pool, engine, access, forms, door: Arc::default(), environment, counted: Arc::default() }
    }
}

/// Memory for forms of people who are signed in, together.
const FORMS_BYTES_MAX: usize = 32 << 20;

/// Longest form: it may hold a step's whole input.
const FORM_BYTES_MAX: usize = 2 << 20;

impl FromRef<Dashboard> for Access {
    fn from_ref(dashboard: &Dashboard) -> Self {
        dashboard.access.clone()
    }
}

type Page = (&'static str, MethodRouter<Dashboard>);

/// What changes something: path, the scope that it needs, handler. Signing in and out needs none.
fn act_routes() -> Vec<(&'static str, Scope, MethodRouter<Dashboard>)> {
    vec![
        ("/runs/{id}/{act}", Scope::Operate, post(act::perform)),
        ("/runs/{id}/notes", Scope::Operate, post(handling::note)),
        ("/attention/{fingerprint}", Scope::Operate, post(handling::cause)),
        ("/bulk", Scope::Operate, post(bulk::start)),
        ("/bulk/{id}/{act}", Scope::Operate, post(bulk::steer)),
        ("/events/{id}/{act}", Scope::Operate, post(events::perform)),
        ("/conflicts/{id}", Scope::Operate, post(conflicts::settle)),
        ("/batches/{id}/retry", Scope::Operate, post(batches::retry)),
        ("/tasks/{id}", Scope::Operate, post(tasks::complete)),
        ("/proposals/{id}/approve", Scope::Operate, post(proposals::approve)),
        ("/proposals/{id}/decline", Scope::Operate, post(proposals::decline)),
        ("/connections/{name}/{act}", Scope::Operate, post(connections::perform)),
        ("/freezes", Scope::Operate, post(freezes::start)),
        ("/freezes/{id}/end", Scope::Operate, post(freezes::end)),
        ("/schedules/{namespace}/{name}/{act}", Scope::Operate, post(schedules::perform)),
        ("/totals/sign-offs", Scope::Operate, post(totals::sign)),
    ]
}

/// Pages behind the sign-in.
fn pages() -> Vec<Page> {
    let acts = act_routes().into_iter().map(|(path, _, handler)| (path, handler));
    let shown = vec![
        ("/", get(runs::show)),
        ("/runs", get(runs::moved)),
        ("/runs/{id}", get(run::show)),
        ("/runs/{id}/versions", get(versions::show)),
        ("/bulk", get(bulk::list)),
        ("/bulk/new", get(bulk::ask)),
        ("/bulk/{id}", get(bulk::show)),
        ("/tasks", get(tasks::list)),
        ("/tasks/{id}", get(tasks::show)),
        ("/search", get(search::show)),
        ("/events", get(events::list)),
        ("/events/{id}", get(events::show)),
        ("/mappings", get(mappings::list)),
        ("/mappings/{name}", get(mappings::show)),
        ("/workflows", get(workflows::list)),
        ("/workflows/{namespace}/{name}", get(workflows::show)),
        ("/conflicts", get(conflicts::list)),
        ("/connections", get(connections::list)),
        ("/batches", get(batches::list)),
        ("/totals", get(totals::show)),
        ("/drift", get(drift::list)),
        ("/drift/{run}", get(drift::show)),
        ("/proposals", get(proposals::list)),
        ("/freezes", get(freezes::list)),
        ("/schedules", get(schedules::list)),
        ("/schedules/{namespace}/{name}", get(schedules::show)),
        ("/logout", post(sign_in::leave)),
    ];
    shown.into_iter().chain(acts).collect()
}

/// The door.
fn sign_in_pages() -> Vec<Page> {
    vec![("/login", get(sign_in::show).post(sign_in::enter))]
}

/// The addresses of all pages, as patterns.
#[must_use]
pub fn paths() -> Vec<&'static str> {
    pages().into_iter().chain(sign_in_pages()).map(|(path, _)| path).chain(["/static/{file}"]).collect()
}

/// All pages, to be put beside the API at `/`. They bring their own state, so they fit a router of any.
pub fn router<S: Clone + Send + Sync + 'static>(dashboard: Dashboard) -> Pages<S> {
    let caching = || SetResponseHeaderLayer::if_not_present(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // `same-origin`, not `no-referrer`: under the latter browsers send `Origin: null` with forms, and a login link's
    // secret stays here under both.
    let headers = || {
        ServiceBuilder::new()
            .layer(fixed(CONTENT_SECURITY_POLICY, POLICY))
            .layer(fixed(REFERRER_POLICY, "same-origin"))
            .layer(fixed(X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(fixed(X_FRAME_OPTIONS, "DENY"))
    };
    let group =
        |pages: Vec<Page>| pages.into_iter().fold(Router::new(), |router, (path, page)| router.route(path, page));
    let inside = group(pages()).layer(caching()).route("/static/{file}", get(assets::serve)).fallback(page::nowhere);
    let sign_in = group(sign_in_pages()).layer(caching());
    let finished = |routes: Router<Dashboard>| {
        routes.layer(from_fn(page::sound_address)).layer(headers()).with_state(dashboard.clone())
    };
    Pages { inside: finished(inside), sign_in: finished(sign_in) }
}

fn fixed(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}
