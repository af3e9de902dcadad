//! Sends one request and reads the answer: pooled clients, redirects, a bounded body.
//!
//! Before bytes go out, also at each redirect, every host is checked against the connection's list and every address by
//! the [`Guard`]. Redirects are followed here and not by the client, so that credentials never travel to another host.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION};
use http::{Method, StatusCode};
use url::Url;

use super::guard::{Guard, GuardedResolver, Refused};
use crate::connect::answer::answers::{self, Room};
use crate::connect::problem::Problem;
use crate::connect::request::Outgoing;
use crate::connect::request::hosts::Hosts;
use crate::connect::request::target;
use crate::dsl::Redirect;
use crate::machine::TargetEffect;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Shorter than the usual 60 s of servers, so that a server does not close a pooled connection while a request is sent.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Interval of TCP keepalive probes on streams.
const STREAM_KEEPALIVE: Duration = Duration::from_secs(30);

const REDIRECTS_MAX: usize = 5;

/// An answer as received.
#[derive(Debug)]
pub(in crate::connect) struct Answer {
    /// URL of the last hop.
    pub(in crate::connect) url: Url,
    pub(in crate::connect) status: StatusCode,
    pub(in crate::connect) headers: HeaderMap,
    /// Decompressed; incomplete if `cut` is set.
    pub(in crate::connect) body: Vec<u8>,
    pub(in crate::connect) cut: Option<Cut>,
    /// Whether an earlier hop may have acted.
    pub(in crate::connect) earlier_effect: TargetEffect,
    pub(in crate::connect) duration: Duration,
}

/// Why a body is incomplete.
#[derive(Debug)]
pub(in crate::connect) enum Cut {
    /// Longer than the limit.
    TooLong,
    /// The connection broke, or the body does not decompress.
    Broken(String),
}

/// HTTP clients with their pools. One client serves all targets, except for ports that the allow list names: a resolver
/// is not told the port, so each such port has a client whose resolver knows it.
#[derive(Debug)]
pub(in crate::connect) struct Clients {
    guard: Arc<Guard>,
    route: Route,
    any: reqwest::Client,
    by_port: HashMap<u16, reqwest::Client>,
}

/// A connection's own route to its target.
#[derive(Debug, Clone, Default)]
pub(in crate::connect) struct Route {
    /// Proxy. It resolves names itself, so the guard can check only literal addresses.
    pub(in crate::connect) proxy: Option<Url>,
    /// Additional trusted certificate authorities, PEM.
    pub(in crate::connect) authorities: Option<String>,
    /// Hosts that may be reached.
    pub(in crate::connect) hosts: Hosts,
}

impl Clients {
    pub(in crate::connect) fn new(guard: &Arc<Guard>, route: &Route) -> Result<Self, String> {
        let of = |port| client(guard, port, route, Wanted::Answers);
        let by_port = guard.ports().map(|port| Ok((port, of(Some(port))?))).collect::<Result<_, String>>()?;
        Ok(Self { any: of(None)?, by_port, guard: Arc::clone(guard), route: route.clone() })
    }

    /// Creates a client for streams from one target, over the same route.
    pub(super) fn streams_of(&self, url: &Url) -> Result<reqwest::Client, Box<Problem>> {
        let (Some(host), Some(port)) = (url.host(), url.port_or_known_default()) else {
            return Err(Problem::configuration("Invalid URI", format!("{} has no host", target::short(url))));
        };
        self.check(url)?;
        self.guard.check(&host, port).map_err(|refused| refusal(&refused))?;
        let of_port = self.by_port.contains_key(&port).then_some(port);
        client(&self.guard, of_port, &self.route, Wanted::Streams)
            .map_err(|why| Problem::configuration("No client", why))
    }

    /// Checks that calls may go to this host, whoever named it.
    pub(in crate::connect) fn check(&self, url: &Url) -> Result<(), Box<Problem>> {
        let host = url.host_str().unwrap_or_default();
        self.route.hosts.check(host).map_err(|why| Problem::configuration("Host not allowed", why))
    }

    fn at(&self, port: u16) -> &reqwest::Client {
        self.by_port.get(&port).unwrap_or(&self.any)
    }
}

/// What a client is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Requests with one answer each.
    Answers,
    /// gRPC: HTTP/2 from the first byte, bodies passed on unchanged.
    Streams,
}

fn client(guard: &Arc<Guard>, port: Option<u16>, route: &Route, wanted: Wanted) -> Result<reqwest::Client, String> {
    static PROVIDER: Once = Once::new();
    // Fails only if a provider is already installed, which is then used.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let proxy = match &route.proxy {
        None => None,
        Some(url) => Some(reqwest::Proxy::all(url.clone()).map_err(|e| format!("its proxy cannot be used: {e}"))?),
    };
    let authorities = match &route.authorities {
        None => Vec::new(),
        Some(pem) => reqwest::Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|e| format!("its certificate authorities cannot be read: {e}"))?,
    };
    let builder = || {
        let builder = reqwest::Client::builder();
        let builder = match &proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            // A proxy from the environment would make the connection itself and bypass the guard.
            None => builder.no_proxy().dns_resolver(GuardedResolver { guard: Arc::clone(guard), port }),
        };
        let builder = if authorities.is_empty() { builder } else { builder.tls_certs_merge(authorities.clone()) };
        let builder = match wanted {
            Wanted::Answers => builder.gzip(true),
            // A stream may be silent for minutes: TCP keepalive notices a lost peer.
            Wanted::Streams => builder.gzip(false).http2_prior_knowledge().tcp_keepalive(STREAM_KEEPALIVE),
        };
        builder
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .tcp_nodelay(true)
    };
    builder().build().or_else(|error| {
        // A machine without CA certificates can still make plain HTTP calls, for instance to the sandbox.
        tracing::warn!(%error, "no certificate authorities found, calls over https will fail: install ca-certificates");
        builder().tls_certs_only([]).build().map_err(|e| format!("cannot create an HTTP client: {e}"))
    })
}

/// Sends the request and reads the answer. The caller sets the deadline.
pub(in crate::connect) async fn exchange(
    clients: &Clients,
    outgoing: &Outgoing,
    redirect: Redirect,
    body_bytes_max: usize,
) -> Result<Answer, Box<Problem>> {
    let begin = Instant::now();
    let mut hop = Hop {
        method: outgoing.method.clone(),
        url: outgoing.url.clone(),
        headers: Cow::Borrowed(&outgoing.headers),
        body: outgoing.body.clone(),
        earlier_effect: TargetEffect::None,
    };
    for _ in 0..=REDIRECTS_MAX {
        let response = hop.send(clients).await.map_err(|problem| problem.with_earlier_effect(hop.earlier_effect))?;
        if redirect == Redirect::IsError || !is_redirect(&response) {
            return Ok(read(response, hop, body_bytes_max, begin).await);
        }
        hop.follow(&response).map_err(|problem| problem.with_earlier_effect(hop.earlier_effect))?;
    }
    let detail = format!("{} redirected more than {REDIRECTS_MAX} times", target::short(&outgoing.url));
    Err(Problem::communication("Too many redirects", detail, hop.earlier_effect).permanent())
}

fn is_redirect(response: &reqwest::Response) -> bool {
    matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) && response.headers().contains_key(LOCATION)
}

/// One request in a chain of redirects.
struct Hop<'o> {
    method: Method,
    url: Url,
    /// Borrowed from the request; owned once a redirect has removed some.
    headers: Cow<'o, HeaderMap>,
    body: Option<bytes::Bytes>,
    /// Whether an earlier hop may have acted before it redirected.
    earlier_effect: TargetEffect,
}

impl Hop<'_> {
    async fn send(&self, clients: &Clients) -> Result<reqwest::Response, Box<Problem>> {
        let (Some(host), Some(port)) = (self.url.host(), self.url.port_or_known_default()) else {
            return Err(Problem::configuration("Invalid URI", format!("{} has no host", target::short(&self.url))));
        };
        clients.check(&self.url)?;
        clients.guard.check(&host, port).map_err(|refused| refusal(&refused))?;
        let mut request = reqwest::Request::new(self.method.clone(), self.url.clone());
        *request.headers_mut() = HeaderMap::clone(&self.headers);
        *request.body_mut() = self.body.clone().map(Into::into);
        clients.at(port).execute(request).await.map_err(|error| self.lost(error))
    }

    /// Explains why there is no answer, and whether the target may have received the request.
    fn lost(&self, error: reqwest::Error) -> Box<Problem> {
        let asked = format!("{} {}", self.method, target::short(&self.url));
        let error = error.without_url();
        if let Some(refused) = source_of::<Refused>(&error) {
            return refusal(refused);
        }
        let why = causes(&error);
        if error.is_connect() {
            return Problem::communication(
                "Cannot connect",
                format!("{asked} was not sent: {why}"),
                TargetEffect::None,
            );
        }
        if error.is_builder() {
            return Problem::configuration("Invalid request", format!("{asked} was not sent: {why}"));
        }
        let effect = if self.method.is_safe() { TargetEffect::None } else { TargetEffect::Unknown };
        Problem::communication("No answer", format!("{asked} was sent, but there was no answer: {why}"), effect)
    }

    /// Turns this request into the one that the redirect asks for.
    fn follow(&mut self, response: &reqwest::Response) -> Result<(), Box<Problem>> {
        let status = response.status();
        // 307 and 308 mean "ask there instead"; the others may follow after the work is done.
        if !self.method.is_safe() && matches!(status.as_u16(), 301..=303) {
            self.earlier_effect = TargetEffect::Unknown;
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let next = self.url.join(location).map_err(|e| {
            Problem::configuration(
                "Invalid redirect",
                format!("{} redirects to an invalid URL: {e}", target::short(&self.url)),
            )
        })?;
        target::check(&next)?;
        if self.url.scheme() == "https" && next.scheme() == "http" {
            let detail = format!("{} redirects to plain http, which is not followed", target::short(&self.url));
            return Err(Problem::configuration("Insecure redirect", detail));
        }
        if next.origin() != self.url.origin() {
            self.headers = Cow::Owned(public(&self.headers));
        }
        if status == StatusCode::SEE_OTHER && self.method != Method::HEAD
            || matches!(status.as_u16(), 301 | 302) && self.method == Method::POST
        {
            self.method = Method::GET;
            self.body = None;
            self.headers.to_mut().remove(CONTENT_TYPE);
            self.headers.to_mut().remove(CONTENT_LENGTH);
        }
        self.url = next;
        Ok(())
    }
}

/// Headers that another host may see: no credentials, and nothing set by the connection.
fn public(headers: &HeaderMap) -> HeaderMap {
    const PUBLIC: [HeaderName; 4] =
        [http::header::ACCEPT, http::header::USER_AGENT, CONTENT_TYPE, HeaderName::from_static("traceparent")];
    PUBLIC.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value))).collect()
}

fn refusal(refused: &Refused) -> Box<Problem> {
    Problem::configuration("Address refused", refused.to_string())
}

async fn read(mut response: reqwest::Response, hop: Hop<'_>, bytes_max: usize, begin: Instant) -> Answer {
    let mut body = Vec::with_capacity(response.content_length().map_or(0, |length| capacity(length, bytes_max)));
    let mut room = None;
    let cut = loop {
        if room.is_none() && body.len() > answers::SMALL {
            let longest = response.content_length().and_then(|length| usize::try_from(length).ok());
            room = Room::wait(longest.unwrap_or(bytes_max).min(bytes_max)).await;
        }
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > bytes_max => {
                body.extend_from_slice(&chunk[..bytes_max - body.len()]);
                break Some(Cut::TooLong);
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break None,
            Err(error) => break Some(Cut::Broken(causes(&error.without_url()))),
        }
    };
    if let Some(room) = room {
        room.keep(body.len());
    }
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    Answer { url: hop.url, status, headers, body, cut, earlier_effect: hop.earlier_effect, duration: begin.elapsed() }
}

/// Initial capacity for an announced length. Bounded, because an announcement costs the sender nothing.
fn capacity(announced: u64, bytes_max: usize) -> usize {
    usize::try_from(announced).unwrap_or(bytes_max).min(bytes_max).min(64 << 10)
}

/// An error with its causes, which contain the useful details.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn source_of<E: std::error::Error + 'static>(error: &reqwest::Error) -> Option<&E> {
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(found) = cause.downcast_ref() {
            return Some(found);
        }
        source = cause.source();
    }
    None
}
