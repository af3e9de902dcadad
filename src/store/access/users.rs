//! People who sign in. A change takes effect at once, ends the sessions, links and tokens it invalidates, and reports
//! them.

use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Identity, LiveUser, Name, Scope, names};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};
use crate::store::audit::{RowKey, Sealed};

/// A user as listed.
#[derive(Debug, Clone, serde::Serialize)]
pub struct UserRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Name of the user.
    pub name: String,
    /// Scopes as granted.
    pub scopes: Vec<String>,
    /// Time of creation.
    pub created_at: Time,
    /// Time since which the user cannot sign in.
    pub disabled_at: Option<Time>,
    /// Number of sessions that have not expired.
    pub sessions: i64,
    /// Number of tokens that are neither revoked nor expired.
    pub tokens: i64,
}

/// The result of creating a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The user was created.
    Done,
    /// The name is taken, perhaps in other case.
    Taken,
    /// A deleted user had the name, which still appears in journals.
    TakenBefore,
}

/// A change to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    /// Replaces the user's scopes.
    Scopes(Vec<Scope>),
    /// Stops the user from signing in, revokes their tokens and ends their sessions.
    Disable,
    /// Lets the user sign in again. Revoked tokens stay revoked.
    Enable,
    /// Disables the user permanently.
    Delete,
}

impl UserChange {
    fn act(&self) -> &'static str {
        match self {
            Self::Scopes(_) => "user.change",
            Self::Disable => "user.disable",
            Self::Enable => "user.enable",
            Self::Delete => "user.delete",
        }
    }

    fn keeps_admin(&self) -> bool {
        match self {
            Self::Scopes(scopes) => scopes.contains(&Scope::Admin),
            Self::Enable => true,
            Self::Disable | Self::Delete => false,
        }
    }
}

/// Whether a change may remove the last administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastAdmin {
    /// Refuse such a change.
    Keep,
    /// Allow it: someone explicitly asked for it.
    MayGo,
}

/// What a change to a user ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Ended {
    /// Number of sessions.
    pub sessions: u64,
    /// Number of unused login links.
    pub login_links: u64,
    /// Number of tokens.
    pub tokens: u64,
}

/// The result of a change to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The change was made; every node applies it within five seconds.
    Done(Ended),
    /// There is no such user.
    Unknown,
    /// The change would leave no administrator.
    LastAdmin,
}

/// Creates a user and records the act.
///
/// # Errors
/// The database is unavailable.
pub async fn create_user(pool: &PgPool, name: &Name, scopes: &[Scope], by: By<'_>) -> Result<Created, StoreError> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction).await?;
    let taken = sqlx::query_scalar!(
        r#"select deleted_at is not null as "deleted!" from users where lower(name) = lower($1) limit 1"#,
        name.as_str()
    );
    match taken.fetch_optional(&mut *transaction).await? {
        Some(true) => return Ok(Created::TakenBefore),
        Some(false) => return Ok(Created::Taken),
        None => {}
    }
    let id = Uuid::now_v7();
    sqlx::query!("insert into users (id, name, scopes) values ($1, $2, $3)", id, name.as_str(), &names(scopes),)
        .execute(&mut *transaction)
        .await?;
    let detail = json!({ "scopes": scopes });
    let changed = vec![(Sealed::Users, id.to_string())];
    acts::record_change(&mut transaction, by, "user.create", &subject(name.as_str()), Some(&detail), changed).await?;
    transaction.commit().await?;
    Ok(Created::Done)
}

/// Creates a user, for tests.
#[cfg(test)]
pub async fn fixture_user(pool: &PgPool, name: &str, scopes: &[Scope]) -> Identity {
    let by = crate::machine::Actor("test".to_owned());
    let made = create_user(pool, &name.parse().unwrap(), scopes, By::from(&by)).await.unwrap();
    assert_eq!(made, Created::Done);
    find_user(pool, name).await.unwrap().unwrap()
}

/// Returns a user who may sign in.
///
/// # Errors
/// The database is unavailable.
pub async fn find_user(pool: &PgPool, name: &str) -> Result<Option<Identity>, StoreError> {
    let row = sqlx::query!(
        "select id, name, scopes from users where name = $1 and disabled_at is null and deleted_at is null limit 1",
        name
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(LiveUser::read(Some(row.id), Some(row.name), Some(row.scopes))?.map(LiveUser::identity))
}

/// Lists users by name after `after`, without deleted ones.
///
/// # Errors
/// The database is unavailable.
pub async fn users(pool: &PgPool, after: Option<&str>, limit: i64) -> Result<Vec<UserRow>, StoreError> {
    list(pool, None, after, limit).await
}

/// Returns one user.
///
/// # Errors
/// The database is unavailable.
pub async fn user(pool: &PgPool, name: &str) -> Result<Option<UserRow>, StoreError> {
    Ok(list(pool, Some(name), None, 1).await?.pop())
}

async fn list(pool: &PgPool, name: Option<&str>, after: Option<&str>, limit: i64) -> Result<Vec<UserRow>, StoreError> {
    Ok(sqlx::query_as!(
        UserRow,
        r#"select u.id, u.name, u.scopes, u.created_at, u.disabled_at,
                  (select count(*) from sessions s where s.user_id = u.id and s.expires_at > now()) as "sessions!",
                  (select count(*) from tokens t where t.user_id = u.id and t.revoked_at is null
                       and (t.expires_at is null or t.expires_at > now())) as "tokens!"
           from users u
           where u.deleted_at is null and ($1::text is null or u.name = $1) and u.name > coalesce($2, '')
           order by u.name limit $3"#,
        name,
        after,
        limit
    )
    .fetch_all(pool)
    .await?)
}

/// Changes a user, ends what the change invalidates, and records the act.
///
/// # Errors
/// The database is unavailable.
pub async fn change_user(
    pool: &PgPool,
    name: &str,
    change: &UserChange,
    last_admin: LastAdmin,
    by: By<'_>,
) -> Result<Changed, StoreError> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction).await?;
    let found = sqlx::query!("select id, scopes from users where name = $1 and deleted_at is null", name);
    let Some(found) = found.fetch_optional(&mut *transaction).await? else { return Ok(Changed::Unknown) };
    if last_admin == LastAdmin::Keep && !change.keeps_admin() && is_last_admin(&mut transaction, found.id).await? {
        return Ok(Changed::LastAdmin);
    }
    let (ended, changed) = apply(&mut transaction, found.id, change).await?;
    let detail = match change {
        UserChange::Scopes(scopes) => json!({ "was": found.scopes, "scopes": scopes }),
        UserChange::Enable => Value::Null,
        UserChange::Disable | UserChange::Delete => json!({ "ended": ended }),
    };
    let detail = Some(&detail).filter(|detail| !detail.is_null());
    acts::record_change(&mut transaction, by, change.act(), &subject(name), detail, changed).await?;
    transaction.commit().await?;
    Ok(Changed::Done(ended))
}

/// Returns what ended, and the keys of all changed rows.
async fn apply(conn: &mut PgConnection, id: Uuid, change: &UserChange) -> Result<(Ended, Vec<RowKey>), StoreError> {
    let mut changed = vec![(Sealed::Users, id.to_string())];
    match change {
        UserChange::Scopes(scopes) => {
            let scopes = names(scopes);
            sqlx::query!("update users set scopes = $2 where id = $1", id, &scopes).execute(&mut *conn).await?;
            // Nodes of an earlier version read the scopes from the session.
            let followed = sqlx::query_scalar!(
                "update sessions set scopes = $2 where user_id = $1 and token_id is null returning id",
                id,
                &scopes
            );
            changed.extend(keys(Sealed::Sessions, followed.fetch_all(conn).await?));
            return Ok((Ended::default(), changed));
        }
        UserChange::Enable => {
            sqlx::query!("update users set disabled_at = null where id = $1", id).execute(conn).await?;
            return Ok((Ended::default(), changed));
        }
        UserChange::Disable => {
            sqlx::query!("update users set disabled_at = coalesce(disabled_at, now()) where id = $1", id)
                .execute(&mut *conn)
                .await?;
        }
        UserChange::Delete => {
            sqlx::query!(
                "update users set deleted_at = now(), disabled_at = coalesce(disabled_at, now()) where id = $1",
                id
            )
            .execute(&mut *conn)
            .await?;
        }
    }
    let ended = end_all_of(conn, id, &mut changed).await?;
    Ok((ended, changed))
}

async fn end_all_of(conn: &mut PgConnection, id: Uuid, changed: &mut Vec<RowKey>) -> Result<Ended, StoreError> {
    let sessions =
        sqlx::query_scalar!("delete from sessions where user_id = $1 returning id", id).fetch_all(&mut *conn).await?;
    let login_links = sqlx::query_scalar!(
        r#"delete from login_links where user_id = $1 and used_at is null returning encode(hash, 'hex') as "key!""#,
        id
    )
    .fetch_all(&mut *conn)
    .await?;
    let tokens = sqlx::query_scalar!(
        "update tokens set revoked_at = now()
         where user_id = $1 and revoked_at is null and (expires_at is null or expires_at > now()) returning id",
        id
    )
    .fetch_all(conn)
    .await?;
    let ended =
        Ended { sessions: sessions.len() as u64, login_links: login_links.len() as u64, tokens: tokens.len() as u64 };
    changed.extend(keys(Sealed::Sessions, sessions));
    changed.extend(keys(Sealed::LoginLinks, login_links));
    changed.extend(keys(Sealed::Tokens, tokens));
    Ok(ended)
}

fn keys(table: Sealed, keys: Vec<impl ToString>) -> impl Iterator<Item = RowKey> {
    keys.into_iter().map(move |key| (table, key.to_string()))
}

/// Whether this user is the only administrator.
async fn is_last_admin(conn: &mut PgConnection, id: Uuid) -> Result<bool, StoreError> {
    let admins = sqlx::query_scalar!(
        "select id from users where 'admin' = any(scopes) and disabled_at is null and deleted_at is null limit 2"
    )
    .fetch_all(conn)
    .await?;
    Ok(admins == [id])
}

/// Serializes changes of users: two administrators who demote each other must not both succeed.
async fn lock(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("lock table users in share row exclusive mode").execute(conn).await?;
    Ok(())
}

fn subject(name: &str) -> String {
    format!("user:{name}")
}
