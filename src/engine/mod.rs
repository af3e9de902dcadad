//! The loop around the machine: takes facts in, commits decisions, carries out effects.

pub mod api;

pub use api::*;

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::broadcast;

use crate::dsl::Built;
use crate::machine::{Act, Actor, RunId, Status};

/// Handle to the engine of this process. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pool: PgPool,
    changes: broadcast::Sender<RunChange>,
}

impl Engine {
    /// Pool for reads of API and dashboard; the engine writes through its own connections.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// What is deployed, as this node knows it.
    #[must_use]
    pub fn deployed(&self) -> Arc<Deployed> {
        Arc::default()
    }

    /// Stores an event and starts the runs it asks for. Returns only after the commit.
    ///
    /// # Errors
    /// See [`AcceptError`]; then nothing is stored.
    pub async fn accept(&self, _event: IncomingEvent) -> Result<Accepted, AcceptError> {
        Err(AcceptError::Unavailable("not yet".into()))
    }

    /// Starts one run.
    ///
    /// # Errors
    /// See [`StartError`]; then nothing is stored.
    pub async fn start(&self, _request: StartRequest) -> Result<RunId, StartError> {
        Err(StartError::Unavailable("not yet".into()))
    }

    /// Does what an operator asks and returns the status that follows.
    ///
    /// # Errors
    /// See [`ActError`].
    pub async fn act(&self, _run: RunId, _act: Act, _by: Actor, _reason: Option<String>) -> Result<Status, ActError> {
        Err(ActError::Unavailable("not yet".into()))
    }

    /// Deploys a checked definition.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub async fn deploy(&self, _built: &Built, _by: &Actor) -> Result<DeployOutcome, DeployError> {
        Err(DeployError::Unavailable("not yet".into()))
    }

    /// Every change of a run's status or attention from now on, of all nodes within the polling interval.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<RunChange> {
        self.changes.subscribe()
    }

    /// Waits until the run has ended or needs a person, at most `timeout`. True if so.
    pub async fn settled(&self, _run: RunId, _timeout: Duration) -> bool {
        false
    }

    /// Whether the node takes new work: heartbeat confirmed, not full, not going down.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        false
    }
}
