//! Acknowledging a run whose work did not happen. The run stays as it ended; the record of acts says who looked at it and why that is
//! enough.

use crate::engine::{ActError, Inner};
use crate::machine::RunId;
use crate::machine::acts::judge_acknowledge;
use crate::store::StoreError;
use crate::store::acts::By;
use crate::store::runs::unacknowledged;

impl Inner {
    /// Acknowledges a run. Idempotent: one that was acknowledged before stays so.
    pub(in crate::engine) async fn acknowledge(&self, run: RunId, by: By<'_>) -> Result<(), ActError> {
        let away = |e: StoreError| ActError::Unavailable(e.to_string());
        let explained = by.reason.is_some_and(|reason| !reason.trim().is_empty());
        if explained && unacknowledged::acknowledge(&self.crowd, run, by).await.map_err(away)? {
            return Ok(());
        }
        let (_, ended) = self.folded(run).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
        judge_acknowledge(&ended, by.reason).map_err(|rejected| ActError::Refused(rejected.to_string()))?;
        match unacknowledged::of_run(&self.reader, run).await.map_err(away)?.acknowledged {
            Some(_) => Ok(()),
            None => Err(ActError::Refused(NOT_LISTED.to_owned())),
        }
    }
}

/// Why a run that was undone is not listed.
pub(super) const NOT_LISTED: &str = "it needs no acknowledgement: a person had it undone, or started it again";
