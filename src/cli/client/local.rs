//! Calls the API's routes in this process, over the database, without a server. Acts are recorded and then carried out
//! by any node that runs on the database.

use std::sync::Arc;

use anyhow::Context;
use axum::body::{Body, to_bytes};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::failure::{Failure, Problem};
use super::{ANSWER_BYTES_MAX, Answer, Call};
use crate::cli::context;
use crate::config::{Settings, Token};
use crate::connect::Secrets;
use crate::dsl::{Functions, Mistake};
use crate::engine::{Engine, EngineSettings};
use crate::http::access::session::AtTerminal;
use crate::http::{self as api, App};
use crate::hub::Hub;

/// The routes, and the caller's token.
pub(super) struct Local {
    router: axum::Router,
    token: Option<Token>,
    functions: watch::Sender<Arc<Functions>>,
    mistakes: Vec<Mistake>,
}

impl Local {
    pub(super) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        // Sources whose secret is missing here are still known: only a server needs the secret.
        let (hub, mistakes) = match Hub::load_folder(&settings.workflows, &Secrets::from_environment()) {
            Ok(hub) => (hub, Vec::new()),
            Err(mistakes) => (Hub::default(), mistakes),
        };
        let engine = EngineSettings {
            identifiers: hub.identifiers.clone(),
            channels: hub.channels.clone(),
            url: settings.url(),
            proposals_last: settings.engine().proposals_last,
            ..EngineSettings::default()
        };
        let engine = Engine::outside_with(context::connect(settings).await?, engine).await?;
        let (functions, functions_seen) = watch::channel(Arc::new(Functions::default()));
        let app = App::new(
            engine,
            watch::channel(Arc::new(hub)).1,
            functions_seen,
            settings.http(),
            PrometheusBuilder::new().build_recorder().handle(),
            CancellationToken::new(),
        );
        Ok(Self { router: api::local_router(app), token: settings.token.clone(), functions, mistakes })
    }

    pub(super) fn check_hub(&self) -> Result<(), &[Mistake]> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(&self.mistakes) }
    }

    pub(super) fn use_functions(&self, functions: Functions) {
        self.functions.send_replace(Arc::new(functions));
    }

    pub(super) async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let request = self.request(call).map_err(|error| Failure::Unreadable(format!("{error:#}")))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await;
        let body = body.map_err(|error| Failure::Unreadable(format!("reading the answer: {error}")))?;
        if status.is_success() {
            return Ok(Answer { status, body });
        }
        let problem = serde_json::from_slice::<Problem>(&body);
        let problem = problem.unwrap_or_else(|_| Problem::with_detail(format!("status {status}")));
        Err(refused(problem))
    }

    /// With a token, the caller is its owner, with its scopes. Without one, it is the operating system's user, who can
    /// open the database anyway.
    fn request(&self, call: Call) -> anyhow::Result<Request<Body>> {
        let mut headers = HeaderMap::new();
        let body = call.body.map(|(media_type, body)| {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
            body
        });
        if let Some(key) = call.idempotency_key {
            headers.insert("idempotency-key", key.parse().context("the idempotency key cannot be sent")?);
        }
        if let Some(token) = &self.token {
            let mut bearer: HeaderValue = format!("Bearer {}", token.0).parse().context("the token is not one")?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let request = Request::builder().method(call.method).uri(call.path.as_str());
        let mut request = request.body(body.map_or_else(Body::empty, Body::from)).context("building the call")?;
        *request.headers_mut() = headers;
        if self.token.is_none() {
            request.extensions_mut().insert(AtTerminal(context::local()));
        }
        Ok(request)
    }
}

fn refused(mut problem: Problem) -> Failure {
    if problem.status == 401 {
        problem.detail =
            "the token of --token or STEPWELL_TOKEN is unknown, expired or revoked; `stepwell token create` creates one".to_owned();
    }
    Failure::Refused(Box::new(problem))
}
