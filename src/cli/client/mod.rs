//! The command line as a client of the API. A command builds a request, and prints the answer; it does not know which of two ways
//! the request goes: over the network to the server that was named (`remote`), or to the same routes in this process over the
//! database (`local`), so that commands also work while no server runs.
//!
//! Acts carry a proved name in both: that of the token, or without one, and only in this process, that of the operating system's user.

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

/// How long an answer may take that waits for nothing.
const PATIENCE: Duration = Duration::from_secs(45);

/// Longest answer that is read.
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// What a command asks its questions with.
pub(super) struct Client(Transport);

enum Transport {
    Remote(Remote),
    Local(Box<Local>),
}

/// One request.
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

    /// The answer may take this much longer than usual.
    pub(super) fn waiting(self, longer: Duration) -> Self {
        Self { patience: PATIENCE + longer, ..self }
    }

    /// Whether it is certain that asking again changes nothing.
    fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

/// An answer that is no error.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// The body as JSON; null where there is none.
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

/// The members of a JSON value that a command prints.
pub(super) fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_json::from_value(value).map_err(|error| {
        Failure::Unreadable(format!(
            "the answer is not in the form that this version of stepwell knows ({error}): use the version of the server"
        ))
    })
}

impl Client {
    /// The client of the server that was named, or of the database: see `choice`.
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

    /// A list that comes whole.
    pub(super) async fn items(&self, path: Path) -> Result<Vec<Value>, Failure> {
        pages::items_of(&mut self.get(path).await?)
    }

    /// A list, page by page, as far as this many items.
    pub(super) fn pages(&self, path: Path, items_max: usize) -> Pages<'_> {
        Pages::new(self, path, items_max)
    }

    /// Whether commands are carried out by whatever node runs on this database, if any does.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.0, Transport::Local(_))
    }

    /// Whether `hub.yaml`, from which the database's own client knows the sources, could be read. A server has read its own.
    pub(super) fn check_hub(&self) -> Result<(), &[Mistake]> {
        match &self.0 {
            Transport::Local(local) => local.check_hub(),
            Transport::Remote(_) => Ok(()),
        }
    }

    /// What definitions may call that are deployed from here on. A server has catalogs of its own.
    pub(super) fn use_functions(&self, functions: Functions) {
        if let Transport::Local(local) = &self.0 {
            local.use_functions(functions);
        }
    }
}

/// A client of one server under one token, whatever else is set: to try a login.
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
