//! One attempt without the network: built and judged like [`Connections::call`], answered by a mock of the target.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use url::Url;

use super::answer::outcome;
use super::auth::Authenticator;
use super::auth::named;
use super::problem::Problem;
use super::request::prepared::Prepared;
use super::request::target;
use super::request::{self, Outgoing};
use super::wire::exchange::{Answer, Cut};
use super::{Connections, late};
use crate::dsl::OwnAuthentication;
use crate::machine::{CallFailure, CallOutcome, CallRequest, TargetEffect};
use crate::memory;

/// A request as it would be sent, which can judge an answer to it.
#[derive(Debug)]
pub struct Offline<'c> {
    connection: &'c Prepared,
    request: &'c CallRequest,
    outgoing: Outgoing,
    body_bytes_max: usize,
}

impl Connections {
    /// Builds the request of one attempt without sending it. Redirects are not followed: an answer is judged as it is.
    ///
    /// # Errors
    /// The call cannot be made: an unknown connection, a missing secret, or a header that HTTP does not allow.
    pub fn offline<'c>(
        &'c self,
        request: &'c CallRequest,
        authentication: Option<&OwnAuthentication>,
    ) -> Result<Offline<'c>, Box<CallFailure>> {
        let refuse = |problem: Box<Problem>, connection: &Prepared| Box::new(problem.into_failure(connection));
        if let Some(process) = &request.process {
            let detail = format!(
                "a rehearsal does not run programs ({}): put the task into a function that an extension or an `if` can skip",
                process.kind.as_str()
            );
            return Err(refuse(Problem::configuration("Program not run", detail), &self.direct));
        }
        let (connection, url) = self.route(&request.uri).map_err(|problem| refuse(problem, &self.direct))?;
        let build = || {
            let (policy, reach) = self.credentials_of(connection, authentication);
            reach.check_call(&url)?;
            let credentials = Authenticator::obtain_offline(&self.secrets, policy)?;
            let mut outgoing = request::build(connection, &self.secrets, request, url)?;
            // The hub's own data was cleaned when it was stored.
            if connection.name != memory::CONNECTION {
                self.authorize(&credentials, &named(policy, connection), &mut outgoing)?;
            }
            Ok(outgoing)
        };
        let outgoing = build().map_err(|problem| refuse(problem, connection))?;
        Ok(Offline { connection, request, outgoing, body_bytes_max: self.body_bytes_max })
    }
}

impl Offline<'_> {
    /// The request's method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.outgoing.method
    }

    /// The request's URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.outgoing.url
    }

    /// All headers, including credentials.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.outgoing.headers
    }

    /// The body's bytes.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.outgoing.body.clone().unwrap_or_default()
    }

    /// The connection's deadline for the whole call.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.connection.timeout
    }

    /// Judges an answer that took `duration`.
    #[must_use]
    pub fn answered(&self, response: http::Response<Bytes>, duration: Duration) -> CallOutcome {
        let (parts, body) = response.into_parts();
        let answer = Answer {
            url: self.outgoing.url.clone(),
            status: parts.status,
            headers: parts.headers,
            cut: (body.len() > self.body_bytes_max).then_some(Cut::TooLong),
            body: body[..body.len().min(self.body_bytes_max)].to_vec(),
            doubt: TargetEffect::None,
            duration,
        };
        outcome::judge(self.connection, self.request, &self.outgoing, answer)
    }

    /// The outcome if the connection breaks after the request was sent.
    #[must_use]
    pub fn lost(&self) -> CallOutcome {
        let asked = format!("{} {}", self.outgoing.method, target::short(&self.outgoing.url));
        let detail = format!("{asked} was sent, but there was no answer: the connection was reset");
        let effect = if self.outgoing.method.is_safe() { TargetEffect::None } else { TargetEffect::Unknown };
        CallOutcome::Failed(Problem::communication("No answer", detail, effect).into_failure(self.connection))
    }

    /// The outcome if no answer arrives within [`Self::timeout`].
    #[must_use]
    pub fn late(&self) -> CallOutcome {
        CallOutcome::Failed(late(self.connection, &self.outgoing).into_failure(self.connection))
    }
}
