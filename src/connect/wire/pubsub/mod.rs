//! Client of Salesforce's Pub/Sub API: gRPC over the HTTP/2 clients of `exchange`, so the host and address checks,
//! proxies and certificate authorities of the connection apply.

mod transport;

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;
use http::{Method, Uri};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Status, Streaming};
use tonic_prost::ProstCodec;
use url::Url;

use super::exchange;
use crate::connect::Connections;
use crate::connect::answer::redact::Hidden;
use crate::connect::auth::Credentials;
use crate::connect::problem::Problem;
use crate::connect::request::prepared::Prepared;
use crate::connect::request::target;
use crate::connect::request::{Outgoing, header_value};
use crate::dsl::Redirect;
use crate::pubsub::messages::{FetchRequest, FetchResponse, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest};
use crate::pubsub::{calls, errors, headers};
use crate::redact::Redactor;
use transport::Transport;

/// Salesforce's global endpoint, used by all orgs.
const GLOBAL: &str = "https://api.pubsub.salesforce.com:7443";

/// Longest message. Salesforce puts about three megabytes of events into one.
const MESSAGE_BYTES_MAX: usize = 8 << 20;

/// Deadline of a call with a single answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Longest error text passed on.
const TEXT_CHARS_MAX: usize = 500;

/// Requests for events that may be queued for sending.
const REQUESTS_MAX: usize = 4;

/// Where a source subscribes.
#[derive(Debug, Clone)]
pub struct PubSubAddress {
    /// Connection whose credentials are used.
    pub connection: String,
    /// Service endpoint. Default: Salesforce's global one; for a connection over plain HTTP (the sandbox), the base URL
    /// itself.
    pub endpoint: Option<Url>,
    /// Org id, if the access token does not contain it.
    pub organization: Option<String>,
}

/// Why a call failed. The texts contain no secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PubSubError {
    /// The replay id is unknown or past the retention period.
    #[error("{0}")]
    ReplayIdRefused(String),
    /// The access token is invalid or expired.
    #[error("{0}")]
    Unauthenticated(String),
    /// A message exceeds the size limit.
    #[error("{0}")]
    TooLarge(String),
    /// The topic or schema does not exist.
    #[error("{0}")]
    NotFound(String),
    /// The request is invalid, so a retry cannot help.
    #[error("{0}")]
    Invalid(String),
    /// Any other failure; a later retry may succeed.
    #[error("{0}")]
    Failed(String),
}

/// A Pub/Sub service and the route to it.
#[derive(Debug, Clone)]
pub struct PubSub {
    address: PubSubAddress,
    transport: Transport,
    origin: Uri,
    /// The connection's base URL, which is the org's My Domain.
    base: Url,
}

/// An authenticated session.
#[derive(Debug, Clone)]
pub struct Session {
    credentials: Arc<Credentials>,
    token: MetadataValue<Ascii>,
    instance: MetadataValue<Ascii>,
    tenant: MetadataValue<Ascii>,
    redactor: Redactor,
}

/// Why signing in failed.
struct Refused {
    why: PubSubError,
    /// The credentials that the target rejected: others may be accepted.
    credentials: Option<Box<Credentials>>,
}

impl From<PubSubError> for Refused {
    fn from(why: PubSubError) -> Self {
        Self { why, credentials: None }
    }
}

/// An open subscription.
#[derive(Debug)]
pub struct Subscribed {
    requests: mpsc::Sender<FetchRequest>,
    responses: Streaming<FetchResponse>,
    redactor: Redactor,
}

impl Connections {
    /// Prepares a client of the service.
    ///
    /// # Errors
    /// There is no such connection, or the service may not be reached.
    pub fn pubsub(&self, address: PubSubAddress) -> Result<PubSub, PubSubError> {
        let connection = self.by_name.get(&address.connection).ok_or_else(|| self.unknown(&address.connection))?;
        let base = connection.url(&self.environment, "/")?;
        let endpoint = match &address.endpoint {
            Some(endpoint) => endpoint.clone(),
            None if base.scheme() == "http" => {
                let mut endpoint = base.clone();
                endpoint.set_path("/");
                endpoint
            }
            None => Url::parse(GLOBAL).map_err(|e| PubSubError::Failed(e.to_string()))?,
        };
        let transport = Transport(connection.clients.streams_of(&endpoint)?);
        let origin = endpoint.as_str().parse().map_err(|e| {
            PubSubError::Failed(format!("{} is not the address of a gRPC service: {e}", target::short(&endpoint)))
        })?;
        Ok(PubSub { address, transport, origin, base })
    }

    /// Signs in with other credentials than the `refused` session's. If the target rejects the token when asked for the
    /// org, renews it once.
    ///
    /// # Errors
    /// Why there is no access token or no org id.
    pub async fn sign_in(&self, to: &PubSub, refused: Option<&Session>) -> Result<Session, PubSubError> {
        let name = &to.address.connection;
        let connection = self.by_name.get(name).ok_or_else(|| self.unknown(name))?;
        let refused = refused.map(|session| session.credentials.as_ref());
        let credentials = self.token_of(connection, refused).await?;
        match self.session(to, connection, credentials).await {
            Err(Refused { credentials: Some(refused), .. }) => {
                let renewed = self.token_of(connection, Some(&refused)).await?;
                self.session(to, connection, renewed).await.map_err(|refused| refused.why)
            }
            signed_in => signed_in.map_err(|refused| refused.why),
        }
    }

    async fn token_of(&self, connection: &Prepared, refused: Option<&Credentials>) -> Result<Credentials, PubSubError> {
        let wire = self.wire(connection, connection.reach.clone());
        let got = self.authenticator.access_token(&wire, connection, &self.secrets, refused).await;
        got.map_err(|problem| self.clean(*problem))
    }

    async fn session(&self, to: &PubSub, connection: &Prepared, credentials: Credentials) -> Result<Session, Refused> {
        let Some(token) = credentials.token().map(|token| token.expose().to_owned()) else {
            let why = format!(
                "connection {} signs in without an access token; the Pub/Sub API needs one: use `oauth2` or `bearer`",
                to.address.connection
            );
            return Err(PubSubError::Failed(why).into());
        };
        let organization = match (&to.address.organization, organization_of(&token)) {
            (Some(organization), _) => organization.clone(),
            (None, Some(organization)) => organization.to_owned(),
            (None, None) => match self.ask_organization(connection, &token).await {
                Ok(organization) => organization,
                Err(why @ PubSubError::Unauthenticated(_)) => {
                    return Err(Refused { why, credentials: Some(Box::new(credentials)) });
                }
                Err(why) => return Err(why.into()),
            },
        };
        let (mut token_value, redactor) = (ascii(&token)?, self.secrets.known().with(&[&token]));
        token_value.set_sensitive(true);
        // The org's own address, without path or slash.
        let instance = to.base.origin().ascii_serialization();
        let (instance, tenant) = (ascii(&instance)?, ascii(&organization)?);
        Ok(Session { credentials: Arc::new(credentials), token: token_value, instance, tenant, redactor })
    }

    /// Asks Salesforce for a token's org id, for tokens that do not begin with it.
    async fn ask_organization(&self, connection: &Prepared, token: &str) -> Result<String, PubSubError> {
        let url = connection.url(&self.environment, "/services/oauth2/userinfo")?;
        let mut authorization = header_value("Authorization", &format!("Bearer {token}"))?;
        authorization.set_sensitive(true);
        let asked = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/json")),
            (AUTHORIZATION, authorization),
        ]);
        let mut hidden = Hidden::default();
        hidden.add(token);
        let mut outgoing =
            Outgoing { method: Method::GET, url, headers: asked, body: None, hidden, redactor: Redactor::default() };
        outgoing.seal(&self.secrets.known());
        let exchange =
            exchange::exchange(&connection.clients, &outgoing, Redirect::IsError, self.body_bytes_max.min(1 << 20));
        let unknown = |why: &str| {
            let at = target::short(&outgoing.url);
            PubSubError::Failed(format!(
                "the id of the org is unknown: {at} {why}; set it as `organizationId` of the source in hub.yaml (Setup > \
                 Company Information)"
            ))
        };
        let answer = match tokio::time::timeout(ANSWER_MAX, exchange).await {
            Ok(answer) => answer.map_err(|p| self.clean(*p))?,
            Err(_) => return Err(unknown("did not answer in time")),
        };
        // Salesforce itself answers 403 with this text.
        if answer.status == http::StatusCode::UNAUTHORIZED || answer.body.trim_ascii() == b"Bad_OAuth_Token" {
            return Err(PubSubError::Unauthenticated(format!(
                "signing in to Salesforce: {} does not accept the access token of connection {} (status {}); it is asked for a new \
                 one at each try. Check that the connected app and its user are still allowed in",
                target::short(&outgoing.url),
                connection.name,
                answer.status.as_u16()
            )));
        }
        let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let id = found["organization_id"].as_str().filter(|id| is_organization(id));
        id.map(str::to_owned).ok_or_else(|| unknown(&format!("answered {} without one", answer.status.as_u16())))
    }

    fn clean(&self, problem: Problem) -> PubSubError {
        PubSubError::Failed(self.secrets.known().all().text(problem.to_string()))
    }
}

impl From<Box<Problem>> for PubSubError {
    fn from(problem: Box<Problem>) -> Self {
        Self::Failed(problem.to_string())
    }
}

/// Salesforce's opaque tokens begin with the org id.
fn organization_of(token: &str) -> Option<&str> {
    token.split_once('!').map(|(organization, _)| organization).filter(|id| is_organization(id))
}

fn is_organization(id: &str) -> bool {
    id.starts_with("00D") && matches!(id.len(), 15 | 18) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn ascii(text: &str) -> Result<MetadataValue<Ascii>, PubSubError> {
    // The text may be a token, so the error must not repeat it.
    text.parse().map_err(|_| {
        PubSubError::Failed("a header of the Pub/Sub API would contain characters that headers do not allow".to_owned())
    })
}

impl PubSub {
    /// Describes a topic.
    ///
    /// # Errors
    /// The topic does not exist, the user may not see it, or the service did not answer.
    pub async fn topic(&self, session: &Session, name: &str) -> Result<TopicInfo, PubSubError> {
        let asked = TopicRequest { topic_name: name.to_owned() };
        self.unary(session, asked, calls::GET_TOPIC).await
    }

    /// Returns a schema.
    ///
    /// # Errors
    /// No schema has this id, or the service did not answer.
    pub async fn schema(&self, session: &Session, id: &str) -> Result<SchemaInfo, PubSubError> {
        let asked = SchemaRequest { schema_id: id.to_owned() };
        self.unary(session, asked, calls::GET_SCHEMA).await
    }

    /// Subscribes. The first answer may take minutes.
    ///
    /// # Errors
    /// See [`PubSubError`].
    pub async fn subscribe(&self, session: &Session, first: FetchRequest) -> Result<Subscribed, PubSubError> {
        let (requests, receiver) = mpsc::channel(REQUESTS_MAX);
        // Cannot fail: the channel is empty and its receiver is still here.
        let _ = requests.send(first).await;
        let request = session.request(ReceiverStream::new(receiver));
        let path = PathAndQuery::from_static(calls::SUBSCRIBE);
        let answered = self.grpc().streaming(request, path, ProstCodec::default()).await;
        let responses = answered.map_err(|status| session.failed(&status))?.into_inner();
        Ok(Subscribed { requests, responses, redactor: session.redactor.clone() })
    }

    async fn unary<Q, A>(&self, session: &Session, message: Q, path: &'static str) -> Result<A, PubSubError>
    where
        Q: prost::Message + Default + 'static,
        A: prost::Message + Default + 'static,
    {
        let mut grpc = self.grpc();
        let call = grpc.unary(session.request(message), PathAndQuery::from_static(path), ProstCodec::<Q, A>::default());
        match tokio::time::timeout(ANSWER_MAX, call).await {
            Ok(answered) => answered.map(tonic::Response::into_inner).map_err(|status| session.failed(&status)),
            Err(_) => Err(PubSubError::Failed(format!("{path} was not answered within {ANSWER_MAX:?}"))),
        }
    }

    fn grpc(&self) -> tonic::client::Grpc<Transport> {
        let grpc = tonic::client::Grpc::with_origin(self.transport.clone(), self.origin.clone());
        grpc.max_decoding_message_size(MESSAGE_BYTES_MAX)
    }
}

impl Session {
    fn request<T>(&self, message: T) -> tonic::Request<T> {
        let mut request = tonic::Request::new(message);
        let metadata = request.metadata_mut();
        metadata.insert(headers::ACCESS_TOKEN, self.token.clone());
        metadata.insert(headers::INSTANCE_URL, self.instance.clone());
        metadata.insert(headers::TENANT_ID, self.tenant.clone());
        request
    }

    fn failed(&self, status: &Status) -> PubSubError {
        failed(status, &self.redactor)
    }
}

impl Subscribed {
    /// Requests more events.
    ///
    /// # Errors
    /// The stream has ended.
    pub async fn ask(&self, events: u32) -> Result<(), PubSubError> {
        let more = FetchRequest { num_requested: i32::try_from(events).unwrap_or(i32::MAX), ..FetchRequest::default() };
        let sent = self.requests.send(more).await;
        sent.map_err(|_| PubSubError::Failed("the stream has ended".to_owned()))
    }

    /// Returns the next answer, or `None` once the service has ended the stream.
    ///
    /// # Errors
    /// See [`PubSubError`].
    pub async fn next(&mut self) -> Result<Option<FetchResponse>, PubSubError> {
        self.responses.message().await.map_err(|status| failed(&status, &self.redactor))
    }
}

/// Classifies a status. Salesforce's own code is more precise than gRPC's.
fn failed(status: &Status, redactor: &Redactor) -> PubSubError {
    let code = status.metadata().get(headers::ERROR_CODE).and_then(|code| code.to_str().ok()).unwrap_or_default();
    // Filter before masking and truncate after it: no half of a secret may pass.
    let said = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        redactor.text(text).chars().take(TEXT_CHARS_MAX).collect::<String>()
    };
    let (said, code_said) = (said(status.message()), said(code));
    let why = match code {
        "" => format!("{:?}: {said}", status.code()),
        _ => format!("{:?}: {said} ({code_said})", status.code()),
    };
    match (status.code(), code) {
        (_, errors::REPLAY_ID_CORRUPTED | errors::REPLAY_ID_INVALID) => PubSubError::ReplayIdRefused(why),
        (Code::Unauthenticated, _) | (_, errors::AUTHENTICATION) => PubSubError::Unauthenticated(why),
        (Code::OutOfRange, _) => PubSubError::TooLarge(why),
        (Code::InvalidArgument, _) => PubSubError::Invalid(why),
        (Code::NotFound, _) | (_, errors::TOPIC | errors::SCHEMA) => PubSubError::NotFound(why),
        _ => PubSubError::Failed(why),
    }
}

#[cfg(test)]
mod tests;
