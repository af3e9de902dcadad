//! Runs that need attention, grouped by cause.

use sqlx::PgPool;
use uuid::Uuid;

use super::COUNT_MAX;
use crate::machine::{RunId, Time, WorkflowError};
use crate::store::StoreError;

/// Runs that need attention for one cause.
#[derive(Debug, Clone)]
pub struct CauseGroup {
    /// Fingerprint that they share.
    pub fingerprint: String,
    /// Namespace and name of their workflow.
    pub workflow: (String, String),
    /// Why they need attention.
    pub attention: String,
    /// Reference of the task that the sample is at.
    pub task: Option<String>,
    /// Error of the sample.
    pub error: Option<WorkflowError>,
    /// Number of runs.
    pub count: i64,
    /// Time since which the first of them needs attention.
    pub first_at: Time,
    /// Time since which the last of them needs attention.
    pub last_at: Time,
    /// The newest of the runs.
    pub sample: RunId,
    /// The user who handles the cause.
    pub assignee: Option<String>,
    /// Set while it is muted. A run that joins the group unmutes it.
    pub muted: Option<Muted>,
}

/// A mute: nobody is notified of the cause.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Muted {
    /// Who muted it.
    pub by: String,
    /// Time at which it was muted.
    pub at: Time,
    /// Time at which the mute ends; `None` if it ends when another run joins the group.
    pub until: Option<Time>,
    /// The reason given, if any.
    pub reason: Option<String>,
}

/// Groups the latest 10,000 runs that need attention; the one that has waited longest comes first.
///
/// # Errors
/// The database is unavailable.
pub async fn causes(pool: &PgPool, limit: i64) -> Result<Vec<CauseGroup>, StoreError> {
    let groups = sqlx::query!(
        r#"select g.fingerprint as "fingerprint!", g.n as "n!", g.first_at as "first_at!", g.last_at as "last_at!",
                  r.id, r.attention as "attention!", r.task, r.error::text as error, d.namespace, d.name,
                  assigned.assignee as "assignee?", muted.actor as "muted_by?", muted.at as "muted_at?",
                  muted.until as "muted_until?", muted.reason as "muted_why?"
           from (select a.fingerprint, count(*) as n, min(a.attention_at) as first_at, max(a.attention_at) as last_at,
                        max(a.id::text)::uuid as sample
                 from (select id, fingerprint, attention_at from runs
                       where attention is not null order by id desc limit $1) a
                 where a.fingerprint is not null group by a.fingerprint) g
           join runs r on r.id = g.sample
           join definitions d on d.id = r.definition_id
           left join lateral (
               select detail->>'assignee' as assignee from acts
               where subject = 'cause:' || g.fingerprint and act = 'attention.assign' order by id desc limit 1
           ) assigned on true
           left join lateral (
               select actor, at, reason, (detail->>'until')::timestamptz as until from acts
               where subject = 'cause:' || g.fingerprint and act = 'attention.mute' and at >= g.last_at
                 and ((detail->>'until') is null or (detail->>'until')::timestamptz > now())
                 and not exists (select from acts later where later.subject = acts.subject
                                 and later.act = 'attention.unmute' and later.id > acts.id)
               order by id desc limit 1
           ) muted on true
           where r.attention is not null
           order by g.first_at, g.fingerprint limit $2"#,
        COUNT_MAX,
        limit
    )
    .fetch_all(pool)
    .await?;
    let group = |id: Uuid, error: Option<String>| (id, error.and_then(|error| serde_json::from_str(&error).ok()));
    Ok(groups
        .into_iter()
        .map(|g| {
            let (sample, error) = group(g.id, g.error);
            CauseGroup {
                fingerprint: g.fingerprint,
                workflow: (g.namespace, g.name),
                attention: g.attention,
                task: g.task,
                error,
                count: g.n,
                first_at: g.first_at,
                last_at: g.last_at,
                sample,
                assignee: g.assignee,
                muted: g.muted_by.zip(g.muted_at).map(|(by, at)| Muted {
                    by,
                    at,
                    until: g.muted_until,
                    reason: g.muted_why,
                }),
            }
        })
        .collect())
}
