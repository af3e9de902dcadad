//! Deployed definitions: immutable, each stored with the catalog functions it used when it was deployed.

use serde_json::json;
use sqlx::{PgExecutor, PgPool};

use super::StoreError;
use super::acts::{self, By};
use super::audit::Sealed;
use super::nodes::formats::Format;
use crate::machine::Time;

/// A deployed version.
#[derive(Debug)]
pub struct DefinitionRow {
    /// Id that runs refer to.
    pub id: i32,
    /// Namespace of the workflow.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Hash over source and functions.
    pub hash: Vec<u8>,
    /// Source text as it was deployed.
    pub source: String,
    /// Catalog functions as JSON text, from name to task.
    pub functions: String,
    /// Actor who deployed it.
    pub deployed_by: String,
    /// Time of deployment.
    pub deployed_at: Time,
    /// Format of the row; `None` means [`formats::DEFINITION`](super::nodes::formats::DEFINITION) or earlier.
    pub format: Option<Format>,
}

/// A version to deploy.
#[derive(Debug)]
pub struct NewDefinition<'a> {
    /// Namespace of the workflow.
    pub namespace: &'a str,
    /// Name of the workflow.
    pub name: &'a str,
    /// Semantic version.
    pub version: &'a str,
    /// Hash over source and functions.
    pub hash: &'a [u8],
    /// Source text as given.
    pub source: &'a str,
    /// Catalog functions as JSON text, from name to task.
    pub functions: &'a str,
    /// Actor who deploys it.
    pub deployed_by: &'a str,
}

/// Deploys a version unless it exists, and records the act. Returns whether the version is new.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn deploy(pool: &PgPool, new: &NewDefinition<'_>, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    let Some(id) = insert_one(&mut *transaction, new).await? else { return Ok(false) };
    let subject = format!("{}/{}:{}", new.namespace, new.name, new.version);
    let detail = json!({ "hash": hex::encode(new.hash) });
    let changed = vec![(Sealed::Definitions, id.to_string())];
    acts::record_change(&mut transaction, by, "workflow.deploy", &subject, Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Inserts a version unless it exists. Returns whether it is new.
///
/// # Errors
/// The database is unavailable or rejects a value.
pub async fn insert(executor: impl PgExecutor<'_>, new: &NewDefinition<'_>) -> Result<bool, StoreError> {
    Ok(insert_one(executor, new).await?.is_some())
}

async fn insert_one(executor: impl PgExecutor<'_>, new: &NewDefinition<'_>) -> Result<Option<i32>, StoreError> {
    Ok(sqlx::query_scalar!(
        "insert into definitions (namespace, name, version, hash, source, functions, deployed_by)
         values ($1, $2, $3, $4, $5, $6::text::json, $7) on conflict (namespace, name, version) do nothing
         returning id",
        new.namespace,
        new.name,
        new.version,
        new.hash,
        new.source,
        new.functions,
        new.deployed_by
    )
    .fetch_optional(executor)
    .await?)
}

/// Returns one version.
///
/// # Errors
/// The database is unavailable.
pub async fn find(
    pool: &PgPool,
    namespace: &str,
    name: &str,
    version: &str,
) -> Result<Option<DefinitionRow>, StoreError> {
    Ok(sqlx::query_as!(
        DefinitionRow,
        r#"select id, namespace, name, version, hash, source, functions::text as "functions!", deployed_by, deployed_at, format
           from definitions where namespace = $1 and name = $2 and version = $3"#,
        namespace,
        name,
        version
    )
    .fetch_optional(pool)
    .await?)
}

/// Returns versions deployed after the one with this id, in order of deployment, except those in `known`.
///
/// # Errors
/// The database is unavailable.
pub async fn deployed_after(
    executor: impl PgExecutor<'_>,
    id: i32,
    known: &[i32],
    limit: i64,
) -> Result<Vec<DefinitionRow>, StoreError> {
    Ok(sqlx::query_as!(
        DefinitionRow,
        r#"select id, namespace, name, version, hash, source, functions::text as "functions!", deployed_by, deployed_at, format
           from definitions where id > $1 and id <> all($2) order by id limit $3"#,
        id,
        known,
        limit
    )
    .fetch_all(executor)
    .await?)
}

/// Returns the id of the version that a run is pinned to.
///
/// # Errors
/// The database is unavailable.
pub async fn of_run(pool: &PgPool, run: crate::machine::RunId) -> Result<Option<i32>, StoreError> {
    Ok(sqlx::query_scalar!("select definition_id from runs where shard = $1 and id = $2", super::shard(run), run)
        .fetch_optional(pool)
        .await?)
}

/// Returns the newest run of a version, if any.
///
/// # Errors
/// The database is unavailable.
pub async fn last_run(pool: &PgPool, id: i32) -> Result<Option<crate::machine::RunId>, StoreError> {
    Ok(sqlx::query_scalar!("select id from runs where definition_id = $1 order by id desc limit 1", id)
        .fetch_optional(pool)
        .await?)
}

/// Deletes a version and records the act on `subject`. Returns false if there is no such version, or a run uses it.
///
/// # Errors
/// The database is unavailable.
pub async fn delete(pool: &PgPool, id: i32, subject: &str, by: By<'_>) -> Result<bool, StoreError> {
    let mut transaction = pool.begin().await?;
    match sqlx::query!("delete from definitions where id = $1", id).execute(&mut *transaction).await {
        Ok(done) if done.rows_affected() == 0 => Ok(false),
        Ok(_) => {
            let changed = vec![(Sealed::Definitions, id.to_string())];
            acts::record_change(&mut transaction, by, "workflow.delete", subject, None, changed).await?;
            transaction.commit().await?;
            Ok(true)
        }
        // A run refers to this version.
        Err(sqlx::Error::Database(error)) if error.is_foreign_key_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Returns the ids of all versions.
///
/// # Errors
/// The database is unavailable.
pub async fn ids(pool: &PgPool) -> Result<Vec<i32>, StoreError> {
    Ok(sqlx::query_scalar!("select id from definitions order by id").fetch_all(pool).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture;
    use crate::store::runs::commit;

    async fn deployed(pool: &PgPool, version: &str) -> i32 {
        let (namespace, name, source, functions) = ("test", "a", "", "{}");
        let new = NewDefinition { namespace, name, version, hash: &[1], source, functions, deployed_by: "test" };
        assert!(insert(pool, &new).await.unwrap());
        find(pool, namespace, name, version).await.unwrap().unwrap().id
    }

    #[sqlx::test]
    async fn a_version_that_a_run_was_made_of_stays(pool: PgPool) {
        let (used, unused) = (deployed(&pool, "1.0.0").await, deployed(&pool, "1.1.0").await);
        let run = commit::NewRun { definition_id: used, ..fixture::run(uuid::Uuid::now_v7()) };
        fixture::begin(&mut pool.acquire().await.unwrap(), &run, &[]).await;
        assert_eq!(last_run(&pool, used).await.unwrap(), Some(run.id));
        assert_eq!(last_run(&pool, unused).await.unwrap(), None);
        // The foreign key protects it even if nobody checked first: a run may start in between.
        let by = crate::machine::Actor("user:ada".into());
        let delete = async |id| delete(&pool, id, "test/a", By::from(&by)).await.unwrap();
        assert!(!delete(used).await);
        assert!(delete(unused).await);
        assert!(!delete(unused).await);
        assert_eq!(acts::list(&pool, Some("test/a"), None, 10).await.unwrap().len(), 1);
        assert_eq!(ids(&pool).await.unwrap(), [used]);
    }
}
