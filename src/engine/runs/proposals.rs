//! Acts that a definition reserves for two people: one proposes, another approves, and a node does what was approved.
//!
//! Every door asks [`Engine::act`], which proposes what one person may not do alone. The machine refuses whatever comes another
//! way ([`crate::machine::propose`]). One transaction decides a proposal and records its command, so a crash loses neither.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::command;
use crate::canonical;
use crate::dsl::WorkflowRef;
use crate::engine::context::Context;
use crate::engine::node::loops::Look;
use crate::engine::{ActError, Engine, EngineSettings};
use crate::machine::masks::Masks;
use crate::machine::{Act, Actor, Proposed, Run, RunId, Time, fold, propose};
use crate::store::acts::By;
use crate::store::runs::proposals::{self, NewProposal, ProposalFilter, ProposalRow};
use crate::store::runs::{claims, freezes, journal};
use crate::store::{StoreError, definitions};

/// A proposal as people and programs see it, without what the run's definition calls sensitive.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Id of the run.
    pub run: RunId,
    /// What the run runs.
    pub workflow: WorkflowRef,
    /// Business key of the run.
    pub key: Option<String>,
    /// `{act, input, output, step, compensate}`, as far as the act has them.
    #[serde(flatten)]
    pub act: Value,
    /// The step that the run was at, with its execution.
    pub stands_at: Option<String>,
    /// What the step is given now, of a retry with an input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Who proposed it.
    pub proposed_by: String,
    /// The reason given, if any.
    pub reason: Option<String>,
    /// Time of the proposal.
    pub created_at: Time,
    /// Time until which it can be approved.
    pub expires_at: Time,
    /// State: `open`, `approved` (but not carried out yet), `done`, `refused`, `declined`, `withdrawn`, `lapsed` or
    /// `ended`.
    pub state: String,
    /// Actor who decided.
    pub decided_by: Option<String>,
    /// Time of the decision.
    pub decided_at: Option<Time>,
    /// The reason given for the decision, if any.
    pub decision_reason: Option<String>,
    /// Why the run refused the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
}

impl Proposal {
    fn of(row: ProposalRow, masks: &Masks) -> Self {
        Self {
            workflow: row.workflow(),
            id: row.id,
            run: row.run_id,
            key: row.key,
            act: masks.fact(row.act),
            stands_at: row.step,
            before: row.before.map(|before| masks.value(&before)),
            proposed_by: row.actor,
            reason: row.reason,
            created_at: row.created_at,
            expires_at: row.expires_at,
            state: row.state,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
            refusal: row.refusal,
        }
    }

    /// Name of its act.
    #[must_use]
    pub fn name(&self) -> &str {
        self.act["act"].as_str().unwrap_or_default()
    }

    /// Whether it can be approved.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == "open"
    }

    /// Whether this person may approve it, as far as who they are decides that.
    ///
    /// # Errors
    /// Why not.
    pub fn may_approve(&self, by: &Actor) -> Result<(), String> {
        if !by.is_user() {
            return Err(format!(
                "only a user can approve it, signed in or by a token of theirs, and {} is not a user: see `stepwell user create` and \
                 `stepwell token create --user NAME`",
                by.0
            ));
        }
        if by.0 == self.proposed_by {
            return Err(format!("{} proposed it, so another user must approve it", by.0));
        }
        Ok(())
    }

    /// How one that is not open was decided.
    fn fate(&self) -> String {
        let by = self.decided_by.as_deref().unwrap_or_default();
        let at = self.decided_at.map(|at| at.format(" at %Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
        let reason = self.decision_reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        match self.state.as_str() {
            "approved" | "done" => format!("{by} approved it{at}{reason}"),
            "refused" => {
                format!("{by} approved it{at}, and the run refused it: {}", self.refusal.as_deref().unwrap_or_default())
            }
            "declined" => format!("{by} declined it{at}{reason}"),
            "withdrawn" => format!("{by} withdrew it{at}{reason}"),
            "ended" => "its run has ended".to_owned(),
            _ => format!("it expired at {}", self.expires_at.format("%Y-%m-%d %H:%M:%S UTC")),
        }
    }
}

/// Why a proposal was not decided.
#[derive(Debug, thiserror::Error)]
pub enum ProposalError {
    /// There is none with this id.
    #[error("no proposal {0}")]
    Unknown(Uuid),
    /// This person may not.
    #[error("proposal {id} is not approved: {why}")]
    NotYou {
        /// Id of the token.
        id: Uuid,
        /// Why not.
        why: String,
    },
    /// It is not open any more.
    #[error("proposal {id} is closed: {why}")]
    Closed {
        /// Id of the token.
        id: Uuid,
        /// How it was decided.
        why: String,
    },
    /// It is approved, and the run refused it: the proposal is closed.
    #[error("proposal {id} was approved, but not carried out: {why}")]
    Refused {
        /// Id of the token.
        id: Uuid,
        /// What the run says.
        why: String,
    },
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Proposes an act that needs a second person; none if one person may do it. What came before with the same act by the same
/// person is the same proposal.
pub(in crate::engine) async fn propose_reserved(
    context: &Context,
    run: RunId,
    act: &Act,
    by: By<'_>,
) -> Result<Option<Proposal>, ActError> {
    let away = |e: StoreError| ActError::Unavailable(e.to_string());
    let definition = definitions::of_run(&context.reader, run).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
    let Some(proposed) = to_propose(context, run, definition, act, by.reason).await? else { return Ok(None) };
    let new = new_proposal(&context.settings, run, &proposed);
    let id = proposals::propose(&context.crowd, &new, by).await.map_err(away)?.ok_or(ActError::Unknown(run))?;
    find(context, id).await.map_err(away)
}

/// What must be proposed of an act that needs a second person; none if one person may do it.
pub(super) async fn to_propose(
    context: &Context,
    run: RunId,
    definition: i32,
    act: &Act,
    reason: Option<&str>,
) -> Result<Option<Proposed>, ActError> {
    let away = |e: StoreError| ActError::Unavailable(e.to_string());
    let loaded = match context.definition_of(definition).await {
        Ok(loaded) => loaded,
        // No node can drive it either; a node that can refuses what is recorded for it.
        Err(error) if error.is_about_values() => return Ok(None),
        Err(error) => return Err(away(error)),
    };
    if act.reserved_by(&loaded.definition).is_none() {
        return Ok(None);
    }
    let unreadable = |why: String| ActError::Refused(format!("its journal cannot be read: {why}"));
    let (records, base) = journal::records_from_base(&context.reader, run)
        .await
        .map_err(|e| if e.is_about_values() { unreadable(e.to_string()) } else { away(e) })?;
    let (definition, act, reason) = (loaded.definition, act.clone(), reason.map(str::to_owned));
    // A long journal takes longer than a thread of the engine may be kept.
    let found = tokio::task::spawn_blocking(move || {
        let state = fold(&definition, Run::before(run, base), &records).map_err(|e| unreadable(e.to_string()))?;
        propose(&definition, &state, &act, reason.as_deref())
            .map_err(|rejected| ActError::Refused(rejected.to_string()))
    });
    found.await.map_err(|e| ActError::Unavailable(e.to_string()))?
}

pub(super) fn new_proposal<'p>(settings: &EngineSettings, run: RunId, proposed: &'p Proposed) -> NewProposal<'p> {
    NewProposal {
        run,
        act: &proposed.act,
        digest: Sha256::digest(canonical::text(&serde_json::json!(proposed.act))).into(),
        step: proposed.step.as_deref(),
        before: proposed.before.as_deref(),
        lasts: settings.proposals_last.as_secs_f64(),
    }
}

async fn find(context: &Context, id: Uuid) -> Result<Option<Proposal>, StoreError> {
    let filter = ProposalFilter { id: Some(id), ..ProposalFilter::default() };
    Ok(listed(context, filter, 1).await?.pop())
}

async fn listed(context: &Context, filter: ProposalFilter, limit: i64) -> Result<Vec<Proposal>, StoreError> {
    let mut found = Vec::new();
    for mut row in proposals::list(&context.reader, filter, limit).await? {
        let masks = match context.definition_of(row.definition_id).await {
            Ok(loaded) => Masks::of(&loaded.definition),
            // Nobody knows what of it is sensitive: the others are shown all the same, and this one without its values.
            Err(error) if error.is_about_values() => {
                (row.act, row.before) = (serde_json::json!({ "act": row.act["act"] }), None);
                Masks::default()
            }
            Err(error) => return Err(error),
        };
        found.push(Proposal::of(row, &masks));
    }
    Ok(found)
}

impl Engine {
    /// Proposals, latest first.
    ///
    /// # Errors
    /// The database is away, or a definition cannot be read.
    pub async fn proposals(&self, filter: ProposalFilter, limit: i64) -> Result<Vec<Proposal>, StoreError> {
        listed(&self.inner.context, filter, limit).await
    }

    /// A proposal; none if there is none with this id.
    ///
    /// # Errors
    /// The database is away, or its run's definition cannot be read.
    pub async fn proposal(&self, id: Uuid) -> Result<Option<Proposal>, StoreError> {
        find(&self.inner.context, id).await
    }

    /// How many proposals wait for a decision; counting stops at 10,000.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open_proposals(&self) -> Result<i64, StoreError> {
        proposals::count_open(&self.inner.context.reader).await
    }

    /// Approves a proposal and waits for a node to do it; `approved` is the state of one that none has done yet. Approving again
    /// what one approved before changes nothing.
    ///
    /// # Errors
    /// See [`ProposalError`].
    pub async fn approve(&self, id: Uuid, by: &Actor, reason: Option<&str>) -> Result<Proposal, ProposalError> {
        let context = &self.inner.context;
        let reason = reason.map(|reason| context.redactor().text(reason.to_owned()));
        let proposal = find(context, id).await?.ok_or(ProposalError::Unknown(id))?;
        proposal.may_approve(by).map_err(|why| ProposalError::NotYou { id, why })?;
        let by_whom = By { actor: by, reason: reason.as_deref() };
        let approved = proposal.is_open() && proposals::approve(&context.crowd, id, by_whom).await?;
        if !approved {
            let now = find(context, id).await?.ok_or(ProposalError::Unknown(id))?;
            let is_repeated =
                now.decided_by.as_ref() == Some(&by.0) && matches!(now.state.as_str(), "approved" | "done" | "refused");
            if !is_repeated {
                return Err(ProposalError::Closed { id, why: now.fate() });
            }
        }
        if proposal.name() == "suspend" {
            freezes::let_go_of(&context.crowd, proposal.run).await?;
        }
        claims::wake(&context.crowd, proposal.run).await?;
        context.node().wakes.wake(Look::Commands);
        match command::answered(&context.crowd, id).await {
            Err(ActError::Refused(why)) => Err(ProposalError::Refused { id, why }),
            // The act is recorded, so it will be done, but its node has not answered yet.
            _ => find(context, id).await?.ok_or(ProposalError::Unknown(id)),
        }
    }

    /// Declines a proposal, or withdraws it if its proposer asks. Repeating it changes nothing.
    ///
    /// # Errors
    /// See [`ProposalError`].
    pub async fn decline(&self, id: Uuid, by: &Actor, reason: Option<&str>) -> Result<Proposal, ProposalError> {
        let context = &self.inner.context;
        let reason = reason.map(|reason| context.redactor().text(reason.to_owned()));
        let declined = proposals::decline(&context.crowd, id, By { actor: by, reason: reason.as_deref() }).await?;
        let now = find(context, id).await?.ok_or(ProposalError::Unknown(id))?;
        let is_repeated =
            now.decided_by.as_ref() == Some(&by.0) && matches!(now.state.as_str(), "declined" | "withdrawn");
        if declined || is_repeated { Ok(now) } else { Err(ProposalError::Closed { id, why: now.fate() }) }
    }
}
