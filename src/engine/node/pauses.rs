//! Connections that people paused, as this node knows them, and the acts that pause and resume them.

use std::sync::Weak;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::connect::{Paused, Pauses};
use crate::engine::{Engine, Inner};
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::nodes::pauses::{self, Pause};

/// What a node knows of pauses is at most so old when it sends a call: a pause holds on every node within two seconds.
const FRESH_MAX: Duration = Duration::from_secs(1);

/// Why a connection was neither paused nor resumed.
#[derive(Debug, thiserror::Error)]
pub enum PauseError {
    /// There is no such connection.
    #[error("no connection {0:?} in hub.yaml")]
    Unknown(String),
    /// Nobody would know why calls wait.
    #[error("give a reason: it is shown on every waiting run")]
    Reason,
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks the engine which connections are paused.
#[derive(Debug)]
pub(in crate::engine) struct PausedHere(pub(in crate::engine) Weak<Inner>);

impl Pauses for PausedHere {
    fn of<'a>(&'a self, connection: &'a str) -> BoxFuture<'a, Result<Option<Paused>, String>> {
        Box::pin(async move {
            let Some(inner) = self.0.upgrade() else { return Err("the node is shutting down".to_owned()) };
            let known = inner.paused.get(FRESH_MAX, pauses::list(&inner.crowd)).await.map_err(|e| e.to_string())?;
            let found = known.iter().find(|pause| pause.connection == connection);
            Ok(found.map(|pause| Paused {
                by: pause.by.clone(),
                reason: pause.reason.clone(),
                since: (inner.clock.now() - pause.at).to_std().unwrap_or_default(),
            }))
        })
    }
}

impl Engine {
    /// Lets the calls of a connection wait, on every node, until somebody resumes it. Idempotent: a paused connection stays as it is.
    ///
    /// # Errors
    /// See [`PauseError`].
    pub async fn pause_connection(&self, name: &str, by: By<'_>) -> Result<(), PauseError> {
        let inner = &self.inner;
        let reason = by.reason.map(|reason| inner.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        if by.reason.is_none_or(|reason| reason.trim().is_empty()) {
            return Err(PauseError::Reason);
        }
        // A command line without a server has no connections; the nodes have them.
        let is_outside = inner.settings.runs_max == 0;
        if !is_outside && !inner.connections.standings().iter().any(|standing| standing.name == name) {
            return Err(PauseError::Unknown(name.to_owned()));
        }
        pauses::pause(&inner.crowd, name, by).await?;
        inner.paused.forget();
        Ok(())
    }

    /// Lets the calls of a connection go out again. Idempotent. A connection that is no longer in `hub.yaml` can be resumed too.
    ///
    /// # Errors
    /// See [`PauseError`].
    pub async fn resume_connection(&self, name: &str, by: By<'_>) -> Result<(), PauseError> {
        let inner = &self.inner;
        let reason = by.reason.map(|reason| inner.redactor().text(reason.to_owned()));
        let by = By { actor: by.actor, reason: reason.as_deref() };
        let resumed = pauses::resume(&inner.crowd, name, by).await?;
        inner.paused.forget();
        match resumed || inner.connections.standings().iter().any(|standing| standing.name == name) {
            true => Ok(()),
            false => Err(PauseError::Unknown(name.to_owned())),
        }
    }

    /// The paused connections.
    ///
    /// # Errors
    /// The database is away.
    pub async fn paused_connections(&self) -> Result<Vec<Pause>, StoreError> {
        pauses::list(&self.inner.reader).await
    }
}
