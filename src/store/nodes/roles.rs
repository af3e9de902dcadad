//! Database roles: the owner of the tables migrates, nodes may run as a less privileged role.

use sqlx::migrate::{Migrate as _, MigrateError, Migration};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use super::formats;
use crate::store::{MIGRATIONS, StoreError};

/// How the migrations of a database compare with those of this version.
pub(in crate::store) struct Migrated {
    /// Migrations of this version that the database lacks or applied with another checksum.
    pub(in crate::store) pending: Vec<i64>,
}

impl Migrated {
    pub(in crate::store) async fn of(pool: &PgPool) -> Result<Self, StoreError> {
        let there = sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "there!""#);
        let applied = match there.fetch_one(pool).await? {
            true => pool.acquire().await?.list_applied_migrations(&MIGRATIONS.table_name).await.map_err(unreadable)?,
            false => Vec::new(),
        };
        let has = |ours: &Migration| applied.iter().any(|m| m.version == ours.version && m.checksum == ours.checksum);
        Ok(Self { pending: MIGRATIONS.iter().filter(|ours| !has(ours)).map(|ours| ours.version).collect() })
    }

    /// Explains why this version cannot use the database.
    pub(in crate::store) fn missing(&self) -> String {
        let list: Vec<String> = self.pending.iter().map(ToString::to_string).collect();
        format!(
            "it lacks the migrations {}; `stepwell migrate`, as the owner of the tables, applies them",
            list.join(", ")
        )
    }
}

fn unreadable(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => error.into(),
        error => StoreError::Migration(error.to_string()),
    }
}

/// Checks that a database has all migrations of this version. It may have more: nodes of two consecutive versions share
/// a database during an upgrade.
///
/// # Errors
/// Migrations are missing, a later version made the database unusable for this one, or the database is unavailable.
pub async fn check_migrated(pool: &PgPool) -> Result<(), StoreError> {
    let migrated = Migrated::of(pool).await?;
    if !migrated.pending.is_empty() {
        return Err(StoreError::Migration(migrated.missing()));
    }
    formats::check_readable(pool).await
}

/// Grants a role what nodes need, and nothing else: see `grant_node_role` in migration 16.
///
/// # Errors
/// The role does not exist, is a superuser or owns the tables, or the caller does not own them.
pub async fn grant_node_role(pool: &PgPool, role: &str) -> Result<(), StoreError> {
    sqlx::query!("select grant_node_role($1)", role).execute(pool).await?;
    Ok(())
}

/// Grants all roles that nodes run as what this version needs. Roles that were dropped are skipped.
///
/// # Errors
/// The caller does not own the tables, or the database is unavailable.
pub async fn grant_again(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "select grant_node_role(name) from node_roles where exists (select from pg_roles where rolname = name)"
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Creates a role that may sign in and is not a superuser, and a database that it owns.
///
/// # Errors
/// The server rejects the statement.
pub async fn ensure_owner(
    admin: &mut PgConnection,
    database: &str,
    role: &str,
    password: &str,
) -> Result<(), StoreError> {
    // Several processes may start at once.
    sqlx::query!("select pg_advisory_lock(7238423)").execute(&mut *admin).await?;
    // `create role` takes no parameters, so the server quotes them.
    let statement = sqlx::query_scalar!(
        r#"select format('%s role %I login nosuperuser nocreaterole createdb password %L',
                         case when exists (select from pg_roles where rolname = $1) then 'alter' else 'create' end, $1, $2::text) as "statement!""#,
        role,
        password
    )
    .fetch_one(&mut *admin)
    .await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *admin).await?;
    crate::store::create_database(admin, database).await?;
    let statement = sqlx::query_scalar!(
        r#"select format('alter database %I owner to %I', $1::text, $2::text) as "statement!""#,
        database,
        role
    )
    .fetch_one(&mut *admin)
    .await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *admin).await?;
    sqlx::query!("select pg_advisory_unlock(7238423)").fetch_one(&mut *admin).await?;
    Ok(())
}

/// Makes a role the owner of the schema `public` of a database and of everything in it.
///
/// # Errors
/// The server rejects the statement.
pub async fn take_over(admin: &mut PgConnection, role: &str) -> Result<(), StoreError> {
    sqlx::query!("select set_config('stepwell.owner', $1, false)", role).fetch_one(&mut *admin).await?;
    sqlx::raw_sql(
        "do $$
         declare
             role_name text := current_setting('stepwell.owner');
             item record;
         begin
             perform pg_advisory_xact_lock(7238423);
             if (select pg_get_userbyid(nspowner) <> role_name from pg_namespace where nspname = 'public') then
                 execute format('alter schema public owner to %I', role_name);
             end if;
             for item in
                 select c.oid::regclass as name from pg_class c
                 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
                   and pg_get_userbyid(c.relowner) <> role_name
                   and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass
                                   and d.deptype in ('a', 'i') and c.relkind = 'S')
             loop
                 execute format('alter table %s owner to %I', item.name, role_name);
             end loop;
             for item in
                 select p.oid::regprocedure as name from pg_proc p
                 where p.pronamespace = 'public'::regnamespace and pg_get_userbyid(p.proowner) <> role_name
             loop
                 execute format('alter function %s owner to %I', item.name, role_name);
             end loop;
         end $$",
    )
    .execute(admin)
    .await?;
    Ok(())
}
