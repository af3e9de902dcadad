//! What can be done to a run now, from its journal; and acts that are more than a record of the run.

mod acknowledge;
pub mod restarts;
mod rewinds;

use std::sync::Arc;

use crate::dsl::Definition;
use crate::engine::{Engine, Inner};
use crate::machine::{ActKind, Permitted, Run, RunId, fold, permitted};
use crate::store::runs::{journal, unacknowledged};
use crate::store::{StoreError, definitions};

impl Inner {
    /// A run as its journal leaves it, and what it runs; none if there is no such run.
    pub(in crate::engine::runs) async fn folded(
        &self,
        run: RunId,
    ) -> Result<Option<(Arc<Definition>, Run)>, StoreError> {
        let Some(definition) = definitions::of_run(&self.reader, run).await? else { return Ok(None) };
        let definition = self.definition_of(definition).await?.definition;
        let (records, base) = journal::records_from_base(&self.reader, run).await?;
        let unreadable = |why: String| StoreError::Unreadable { table: "journal", why };
        // A long journal takes longer than a thread of the engine may be kept.
        let folded = tokio::task::spawn_blocking(move || {
            let run = fold(&definition, Run::before(run, base), &records).map_err(|e| e.to_string())?;
            Ok((definition, run))
        });
        folded.await.map_err(|e| unreadable(e.to_string()))?.map(Some).map_err(unreadable)
    }
}

impl Engine {
    /// All acts, each with whether it can be done to a run now and why not. Empty if there is no such run, if it has not begun, or if
    /// this version cannot read it: then no act can be carried out either.
    ///
    /// # Errors
    /// The database is away.
    pub async fn permitted(&self, run: RunId) -> Result<Vec<Permitted>, StoreError> {
        match self.inner.folded(run).await {
            Ok(Some((definition, run))) if run.started_at.is_some() => {
                self.known_to_wait(run.id, permitted(&definition, &run)).await
            }
            Ok(_) => Ok(Vec::new()),
            Err(error) if error.is_about_values() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Of the acts that its journal permits, a run is acknowledged only while somebody still has to look at it.
    pub(in crate::engine) async fn known_to_wait(
        &self,
        run: RunId,
        mut acts: Vec<Permitted>,
    ) -> Result<Vec<Permitted>, StoreError> {
        if let Some(act) = acts.iter_mut().find(|act| act.act == ActKind::Acknowledge && act.permitted) {
            let known = unacknowledged::of_run(&self.inner.reader, run).await?;
            let why = if known.acknowledged.is_some() { "it was acknowledged" } else { acknowledge::NOT_LISTED };
            if !known.unacknowledged {
                (act.permitted, act.why_not, act.except) = (false, Some(why.to_owned()), Vec::new());
            }
        }
        Ok(acts)
    }
}
