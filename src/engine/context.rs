//! What every part of an engine shares: the settings, the connections to the database, what is deployed, and what this process is
//! among the nodes.

use std::sync::Arc;

use sqlx::PgPool;
use tokio::sync::Notify;

use super::EngineSettings;
use super::catalog::{Catalog, Loaded};
use super::node::Node;
use super::node::membership::Membership;
use crate::connect::Connections;
use crate::evaluator::Evaluator;
use crate::machine::Time;
use crate::redact::Redactor;
use crate::store::StoreError;
use crate::store::nodes::formats::Format;

/// Shared by all parts of an engine. Whatever only one of them uses belongs to that part instead.
pub(in crate::engine) struct Context {
    pub(in crate::engine) settings: EngineSettings,
    /// The engine's own connections; plans do not depend on statistics there.
    pub(in crate::engine) pool: PgPool,
    /// The same for what many runs, senders and people ask at once. It may run out, and then the loops still have theirs; and none
    /// of its statements runs for long.
    pub(in crate::engine) crowd: PgPool,
    /// For reads of API and dashboard.
    pub(in crate::engine) reader: PgPool,
    pub(in crate::engine) catalog: Catalog,
    pub(in crate::engine) connections: Connections,
    /// Which systems calls reach, as far as it is known.
    pub(in crate::engine) environment: Option<String>,
    pub(in crate::engine) evaluator: Evaluator,
    pub(in crate::engine) membership: Membership,
    pub(in crate::engine) signals: Signals,
}

/// Wakes the tasks that work for the whole process, whatever its incarnation.
#[derive(Debug, Default)]
pub(in crate::engine) struct Signals {
    /// Events were written that go out.
    pub(in crate::engine) outgoing: Notify,
    /// Numbers were written that are to be counted.
    pub(in crate::engine) numbers: Notify,
}

impl Context {
    /// The current incarnation of this process.
    pub(in crate::engine) fn node(&self) -> Arc<Node> {
        self.membership.node()
    }

    /// The format in which journals are written now.
    pub(in crate::engine) fn format(&self) -> Format {
        self.membership.format()
    }

    /// The time of the database, as this node knows it.
    pub(in crate::engine) fn now(&self) -> Time {
        self.membership.clock.now()
    }

    /// Hides the secrets that this node knows.
    pub(in crate::engine) fn redactor(&self) -> Redactor {
        self.connections.known().with(&[])
    }

    /// A definition by its row, also if it was deployed just now through another node.
    pub(in crate::engine) async fn definition_of(&self, id: i32) -> Result<Loaded, StoreError> {
        if let Some(loaded) = self.catalog.by_id(id) {
            return Ok(loaded);
        }
        self.catalog.refresh(&self.pool).await?;
        self.catalog.by_id(id).ok_or_else(|| StoreError::Unreadable {
            table: "definitions",
            why: format!("definition {id} is missing or cannot be read by this version of Stepwell"),
        })
    }
}
