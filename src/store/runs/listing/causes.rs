//! Runs that need a person, grouped by cause.

use sqlx::PgPool;
use uuid::Uuid;

use super::COUNT_MAX;
use crate::machine::{RunId, Time, WorkflowError};
use crate::store::StoreError;

/// Runs that need a person for one cause.
#[derive(Debug, Clone)]
pub struct CauseGroup {
    /// What they share.
    pub fingerprint: String,
    /// Namespace and name of their workflow.
    pub workflow: (String, String),
    /// Why it needs attention.
    pub attention: String,
    /// Reference of the task where the sample stands.
    pub task: Option<String>,
    /// The sample's error.
    pub error: Option<WorkflowError>,
    /// How many.
    pub count: i64,
    /// Since when the first of them needs a person.
    pub first_at: Time,
    /// Since when the last does.
    pub last_at: Time,
    /// The newest of them.
    pub sample: RunId,
    /// The user who handles it.
    pub assignee: Option<String>,
    /// Whether it is muted. A run that joins the group unmutes it.
    pub muted: Option<Muted>,
    /// When they are retried by themselves.
    pub rule: Option<Rule>,
}

/// Runs of a cause are retried by themselves when a connection answers again.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Rule {
    /// Which connection.
    pub connection: String,
    /// Who set the rule.
    pub by: String,
    /// Since when it stands.
    pub at: Time,
    /// Why they set it.
    pub reason: String,
    /// Acts a second; none: as fast as bulk acts go.
    pub per_second: Option<f64>,
    /// How often it has acted.
    pub times: i32,
    /// When it last acted.
    pub retried_at: Option<Time>,
    /// The bulk act with which it last acted.
    pub bulk: Option<Uuid>,
}

/// Why people are not told of a cause for now.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Muted {
    /// Who muted it.
    pub by: String,
    /// Since when.
    pub at: Time,
    /// When it ends; without it, when another run joins the group.
    pub until: Option<Time>,
    /// Why.
    pub reason: Option<String>,
}

/// Groups of the latest 10,000 runs that need a person, the one that has waited longest first.
///
/// # Errors
/// The database is away.
pub async fn causes(pool: &PgPool, limit: i64) -> Result<Vec<CauseGroup>, StoreError> {
    let groups = sqlx::query!(
        r#"select g.fingerprint as "fingerprint!", g.n as "n!", g.first_at as "first_at!", g.last_at as "last_at!",
                  r.id, r.attention as "attention!", r.task, r.error::text as error, d.namespace, d.name,
                  assigned.assignee as "assignee?", muted.actor as "muted_by?", muted.at as "muted_at?",
                  muted.until as "muted_until?", muted.reason as "muted_why?",
                  c.connection as "rule_of?", c.actor as "rule_by?", c.set_at as "rule_at?", c.reason as "rule_why?", c.rate as "rule_rate?",
                  c.times as "rule_times?", c.retried_at as "rule_retried_at?", c.bulk_id as "rule_bulk?"
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
           left join cause_rules c on c.fingerprint = g.fingerprint
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
                rule: rule_of(g.rule_of, g.rule_by, g.rule_at).map(|(connection, by, at)| Rule {
                    connection,
                    by,
                    at,
                    reason: g.rule_why.unwrap_or_default(),
                    per_second: g.rule_rate,
                    times: g.rule_times.unwrap_or_default(),
                    retried_at: g.rule_retried_at,
                    bulk: g.rule_bulk,
                }),
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

/// All of them or none.
fn rule_of(connection: Option<String>, by: Option<String>, at: Option<Time>) -> Option<(String, String, Time)> {
    Some((connection?, by?, at?))
}
