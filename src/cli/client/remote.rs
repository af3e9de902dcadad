//! Calls over the network. The token is sent only to the named server: redirects are not followed, and without TLS it
//! leaves the machine only if explicitly allowed.

use std::error::Error;
use std::time::Duration;

use anyhow::Context;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, LOCATION};
use reqwest::redirect::Policy;

use super::choice::Server;
use super::failure::{Failure, Problem};
use super::{ANSWER_BYTES_MAX, Answer, Call};

/// Timeout for connecting to a server.
const CONNECT_MAX: Duration = Duration::from_secs(5);

/// Calls to a server with a token.
pub(super) struct Remote {
    server: Server,
    http: reqwest::Client,
}

impl Remote {
    pub(super) fn new(server: Server) -> anyhow::Result<Self> {
        let builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .user_agent(concat!("stepwell/", env!("CARGO_PKG_VERSION")));
        let http = builder.build().context("preparing calls to the server")?;
        Ok(Self { server, http })
    }

    pub(super) async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let is_read = call.is_read();
        let url = format!("{}{}", self.server.url, call.path.as_str());
        let mut request = self.http.request(call.method, url).bearer_auth(&self.server.token.0).timeout(call.patience);
        if let Some((media_type, body)) = call.body {
            request = request.header(CONTENT_TYPE, media_type).body(body);
        }
        if let Some(key) = call.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.map_err(|error| self.away(&error, is_read))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("another address");
            return Err(Failure::Unreadable(format!(
                "{} redirects to {to}; the token is not sent there: give the address of the server itself",
                self.server.url
            )));
        }
        let kind =
            response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("nothing").to_owned();
        let body = self.body(response, is_read).await?;
        if status.is_success() {
            return Ok(Answer { status, body });
        }
        let problem =
            serde_json::from_slice::<Problem>(&body).ok().filter(|_| kind.starts_with("application/problem+json"));
        Err(match problem {
            Some(problem) => self.refused(problem),
            None => Failure::Unreadable(format!(
                "what answers at {} is not Stepwell: status {}, {kind}",
                self.server.url,
                status.as_u16()
            )),
        })
    }

    async fn body(&self, mut response: reqwest::Response, is_read: bool) -> Result<Bytes, Failure> {
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.away(&error, is_read))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Failure::Unreadable(format!("the answer is longer than {ANSWER_BYTES_MAX} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Describes a refusal in the server's words, or with advice that only this side can give.
    fn refused(&self, mut problem: Problem) -> Failure {
        if problem.status == 401 {
            let url = &self.server.url;
            problem.detail = match self.server.is_saved {
                true => format!(
                    "the token of the saved login is unknown to {url}, expired or revoked; sign in again: stepwell login --server {url}"
                ),
                false => format!("the token of --token or STEPWELL_TOKEN is unknown to {url}, expired or revoked"),
            };
        }
        Failure::Refused(Box::new(problem))
    }

    fn away(&self, error: &reqwest::Error, is_read: bool) -> Failure {
        let url = &self.server.url;
        if error.is_connect() || is_read {
            let why = if error.is_timeout() { "no answer in time".to_owned() } else { cause(error) };
            return Failure::Away(format!(
                "the server at {url} cannot be reached: {why}; is the address right, and does the server run?"
            ));
        }
        Failure::Away(format!(
            "the answer of the server at {url} was lost: {}; it is unknown whether the call took effect, so look before you repeat it",
            cause(error)
        ))
    }
}

/// Returns the innermost cause: the message of the operating system or TLS.
fn cause(error: &reqwest::Error) -> String {
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
