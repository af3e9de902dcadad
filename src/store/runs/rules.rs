//! Rules on causes of attention: when the connection answers again, the runs are retried by a bulk act, once for each time that it heals.

use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use super::bulk::Whose;
use super::handling::Subject;
use super::listing::COUNT_MAX;
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};

/// A rule on its way in.
#[derive(Debug)]
pub struct NewRule<'a> {
    /// The cause.
    pub fingerprint: &'a str,
    /// Whose healing is waited for.
    pub connection: &'a str,
    /// Acts a second.
    pub rate: Option<f64>,
    /// Who must still be allowed to act.
    pub whose: Whose,
}

/// Sets a rule, in place of another one on the same cause.
///
/// # Errors
/// The database is away, or refuses a value.
pub async fn set(pool: &PgPool, new: &NewRule<'_>, by: By<'_>) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    sqlx::query!(
        "insert into cause_rules (fingerprint, connection, rate, actor, reason, user_id, token_id)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (fingerprint) do update set connection = excluded.connection, rate = excluded.rate, actor = excluded.actor,
             reason = excluded.reason, user_id = excluded.user_id, token_id = excluded.token_id, set_at = now(), times = 0",
        new.fingerprint,
        new.connection,
        new.rate,
        by.actor.0,
        by.reason.unwrap_or_default(),
        new.whose.user,
        new.whose.token
    )
    .execute(&mut *transaction)
    .await?;
    let detail = json!({ "connection": new.connection, "per_second": new.rate });
    let subject = Subject::Cause(new.fingerprint).to_string();
    acts::record(&mut transaction, by, "attention.rule", &subject, Some(&detail)).await?;
    Ok(transaction.commit().await?)
}

/// Ends a rule; false if there is none.
///
/// # Errors
/// The database is away.
pub async fn end(pool: &PgPool, fingerprint: &str, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let gone =
        sqlx::query!("delete from cause_rules where fingerprint = $1", fingerprint).execute(&mut *transaction).await?;
    if gone.rows_affected() == 0 {
        return Ok(false);
    }
    acts::record(&mut transaction, by, "attention.unrule", &Subject::Cause(fingerprint).to_string(), None).await?;
    transaction.commit().await?;
    Ok(true)
}

/// A rule whose cause has runs.
#[derive(Debug)]
pub struct DueRule {
    /// The cause.
    pub fingerprint: String,
    /// Whose healing is waited for.
    pub connection: String,
    /// Acts a second.
    pub rate: Option<f64>,
    /// In whose name.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// Who must still be allowed to act.
    pub user_id: Option<Uuid>,
    /// The token that must still count.
    pub token_id: Option<Uuid>,
    /// The healing that was acted on last.
    pub retried_at: Option<Time>,
    /// When the last of the runs stopped.
    pub last_at: Time,
}

/// Rules whose causes have runs, where enough time has passed since they last acted: a minute, and twice as long each time, up to a day. A
/// target that keeps failing in between is not asked without end.
///
/// # Errors
/// The database is away.
pub async fn due(pool: &PgPool) -> Result<Vec<DueRule>, StoreError> {
    Ok(sqlx::query_as!(
        DueRule,
        r#"select c.fingerprint, c.connection, c.rate, c.actor, c.reason, c.user_id, c.token_id, c.retried_at,
                  g.last_at as "last_at!"
           from cause_rules c
           cross join lateral (
               select max(s.attention_at) as last_at
               from (select attention_at from runs where fingerprint = c.fingerprint and attention is not null limit $1) s) g
           where g.last_at is not null
             and (c.retried_at is null
                  or c.retried_at < now() - least(interval '1 day', interval '30 seconds' * (2 ^ least(c.times, 12))))
           order by c.fingerprint limit 1000"#,
        COUNT_MAX
    )
    .fetch_all(pool)
    .await?)
}

/// Notes that a rule acts on a healing, by this bulk act; false if another node has.
///
/// # Errors
/// The database is away.
pub async fn take(pool: &PgPool, rule: &DueRule, bulk: Uuid) -> Result<bool, StoreError> {
    let taken = sqlx::query!(
        "update cause_rules set retried_at = now(), times = times + 1, bulk_id = $3
         where fingerprint = $1 and retried_at is not distinct from $2",
        rule.fingerprint,
        rule.retried_at,
        bulk
    )
    .execute(pool)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Forgets rules on causes for which no run has stopped for three months.
///
/// # Errors
/// The database is away.
pub async fn forget_old(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from cause_rules c where coalesce(c.retried_at, c.set_at) < now() - interval '90 days'
           and not exists (select from runs r where r.fingerprint = c.fingerprint and r.attention is not null)"
    )
    .execute(pool)
    .await?;
    Ok(())
}
