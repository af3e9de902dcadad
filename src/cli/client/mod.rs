//! The command line as a client of the API. A command builds a request and prints the answer. It does not know which
//! way the request goes: over the network to a server (`remote`), or to the same routes in this process over the
//! database (`local`), so that commands work without a server.
//!
//! In both cases, acts are recorded with a verified name: the token's, or without a token, which is possible only in
//! this process, the operating system user's.

mod choice;
mod failure;
mod local;
mod pages;
mod path;
mod remote;
pub(super) mod saved;

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::Settings;
use crate::dsl::{Functions, Mistake};
use choice::Choice;
use local::Local;
use remote::Remote;

pub(super) use choice::address;
pub(super) use failure::Failure;
pub(super) use pages::Pages;
pub(super) use path::Path;

/// Timeout of a call that does not wait for anything.
const PATIENCE: Duration = Duration::from_secs(45);

/// Longest answer read.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Sends a command's requests.
pub(super) struct Client(Transport);

enum Transport {
    Remote(Remote),
    Local(Box<Local>),
}

/// A request.
pub(super) struct Call {
    method: Method,
    path: Path,
    body: Option<(&'static str, Bytes)>,
    idempotency_key: Option<String>,
    patience: Duration,
}

impl Call {
    /// A request without a body.
    pub(super) fn new(method: Method, path: Path) -> Self {
        Self { method, path, body: None, idempotency_key: None, patience: PATIENCE }
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.text("application/json", body.to_string())
    }

    pub(super) fn text(self, media_type: &'static str, body: String) -> Self {
        Self { body: Some((media_type, body.into())), ..self }
    }

    pub(super) fn idempotency_key(self, key: Option<String>) -> Self {
        Self { idempotency_key: key, ..self }
    }

    /// Allows the answer to take this much longer than usual.
    pub(super) fn waiting(self, longer: Duration) -> Self {
        Self { patience: PATIENCE + longer, ..self }
    }

    /// Whether a repeat is certain to change nothing.
    fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

/// A successful answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// Parses the body as JSON; an empty body is null.
    pub(super) fn json(&self) -> Result<Value, Failure> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| Failure::Unreadable(format!("the answer is not JSON: {error}")))
    }

    pub(super) fn into_text(self) -> Result<String, Failure> {
        String::from_utf8(self.body.into())
            .map_err(|error| Failure::Unreadable(format!("the answer is not UTF-8 text: {error}")))
    }
}

/// Extracts the fields of a JSON value that a command uses.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| {
        Failure::Unreadable(format!(
            "the answer is not in the form that this version of stepwell knows ({error}): use the version of the server"
        ))
    })
}

impl Client {
    /// Opens a client for the chosen server or database: see `choice`.
    pub(super) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self(match choice::choose(settings)? {
            Choice::Server(server) => Transport::Remote(Remote::new(server)?),
            Choice::Database => Transport::Local(Box::new(Local::open(settings).await?)),
        }))
    }

    pub(super) async fn send(&self, call: Call) -> Result<Answer, Failure> {
        match &self.0 {
            Transport::Remote(remote) => remote.send(call).await,
            Transport::Local(local) => local.send(call).await,
        }
    }

    pub(super) async fn get(&self, path: Path) -> Result<Value, Failure> {
        self.send(Call::new(Method::GET, path)).await?.json()
    }

    pub(super) async fn post(&self, path: Path, body: &Value) -> Result<Value, Failure> {
        self.send(Call::new(Method::POST, path).json(body)).await?.json()
    }

    pub(super) async fn patch(&self, path: Path, body: &Value) -> Result<Value, Failure> {
        self.send(Call::new(Method::PATCH, path).json(body)).await?.json()
    }

    pub(super) async fn delete(&self, path: Path) -> Result<Value, Failure> {
        self.send(Call::new(Method::DELETE, path)).await?.json()
    }

    /// Reads a list that has a single page.
    pub(super) async fn items(&self, path: Path) -> Result<Vec<Value>, Failure> {
        pages::items_of(&mut self.get(path).await?)
    }

    /// Reads a list page by page, up to `items_max` items.
    pub(super) fn pages(&self, path: Path, items_max: usize) -> Pages<'_> {
        Pages::new(self, path, items_max)
    }

    /// Whether acts are carried out by any node that runs on this database, rather than by a known server.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.0, Transport::Local(_))
    }

    /// Checks that `hub.yaml` could be read, from which the local client knows the sources. A server has read its own.
    pub(super) fn check_hub(&self) -> Result<(), &[Mistake]> {
        match &self.0 {
            Transport::Local(local) => local.check_hub(),
            Transport::Remote(_) => Ok(()),
        }
    }

    /// Sets the catalog functions for later deployments through the database. A server has its own catalogs.
    pub(super) fn use_functions(&self, functions: Functions) {
        if let Transport::Local(local) = &self.0 {
            local.use_functions(functions);
        }
    }
}

/// Asks a server who owns a token, to test a login regardless of all settings.
pub(super) async fn who(server: &str, token: &str, insecure: bool) -> anyhow::Result<Value> {
    let named = choice::Server {
        url: choice::address(server, insecure)?,
        token: crate::config::Token(token.to_owned()),
        is_saved: false,
    };
    let remote = Remote::new(named)?;
    let answer = remote.send(Call::new(Method::GET, Path::of(["me"]))).await?;
    answer.json().context("asking who the token belongs to")
}

#[cfg(test)]
mod tests;
