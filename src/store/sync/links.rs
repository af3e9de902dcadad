//! Links between records of two systems, and the conflicts about them. [`super::sides`] explains the names of columns.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::StoreError;

/// A link as stored.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Id of its record on the first side.
    pub crm_id: Option<String>,
    /// Id of its record on the second side.
    pub erp_id: Option<String>,
    /// Run that holds the link; `None` if that run has closed.
    pub holder: Option<Uuid>,
    /// The rest, as `memory::links` writes it.
    pub state: Value,
}

/// An open conflict about a link.
#[derive(Debug, Clone)]
pub struct OpenConflict {
    /// Id, a UUIDv7.
    pub id: Uuid,
    /// Row of the mapping; `None` if the conflict is about the record itself.
    pub row_name: Option<String>,
    /// Kind of the conflict.
    pub kind: String,
    /// First side, as field and value.
    pub crm: Value,
    /// Second side, as field and value.
    pub erp: Value,
    /// The side that a person chose: see [`super::sides`].
    pub chosen: Option<String>,
}

/// A conflict to write.
#[derive(Debug)]
pub struct NewConflict<'c> {
    /// Id of the link.
    pub link: Uuid,
    /// Name of the mapping.
    pub entity: &'c str,
    /// Id of the record on the first side.
    pub crm_id: Option<&'c str>,
    /// Id of the record on the second side.
    pub erp_id: Option<&'c str>,
    /// Row of the mapping; `None` if the conflict is about the record itself.
    pub row_name: Option<&'c str>,
    /// Kind of the conflict.
    pub kind: &'c str,
    /// First side, as field and value.
    pub crm: &'c Value,
    /// Second side, as field and value.
    pub erp: &'c Value,
    /// The run that found it.
    pub run: Uuid,
}

/// Returns the links of either record, without locking them. A link that has both ids is returned twice.
///
/// # Errors
/// The database is unavailable.
pub async fn find(
    conn: &mut PgConnection,
    entity: &str,
    crm_id: Option<&str>,
    erp_id: Option<&str>,
) -> Result<Vec<LinkRow>, StoreError> {
    Ok(sqlx::query_as!(
        LinkRow,
        r#"select l.id as "id!", l.crm_id, l.erp_id, l.state as "state!",
                  (select case when r.finished_at is null then r.id end from runs r
                   where r.shard = get_byte(uuid_send(l.holder), 15)::smallint and r.id = l.holder) as holder
           from (select id, crm_id, erp_id, state, holder from links where entity = $1 and crm_id = $2
                 union all
                 select id, crm_id, erp_id, state, holder from links where entity = $1 and erp_id = $3) l"#,
        entity,
        crm_id,
        erp_id
    )
    .fetch_all(conn)
    .await?)
}

/// Locks both record ids until the transaction ends, even if they have no link yet, and returns their links.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(
    conn: &mut PgConnection,
    entity: &str,
    crm_id: Option<&str>,
    erp_id: Option<&str>,
) -> Result<Vec<LinkRow>, StoreError> {
    // Always the first side first, to avoid deadlocks.
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended(name, 0))
         from unnest(array['links/crm/' || $1 || '/' || $2, 'links/erp/' || $1 || '/' || $3]) with ordinality as u (name, place)
         where name is not null order by place",
        entity,
        crm_id,
        erp_id
    )
    .execute(&mut *conn)
    .await?;
    let mut ids: Vec<Uuid> = find(&mut *conn, entity, crm_id, erp_id).await?.iter().map(|row| row.id).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as!(
        LinkRow,
        r#"select l.id, l.crm_id, l.erp_id, l.state,
                  (select case when r.finished_at is null then r.id end from runs r
                   where r.shard = get_byte(uuid_send(l.holder), 15)::smallint and r.id = l.holder) as holder
           from links l where l.id = any($1) order by l.id for update of l"#,
        &ids
    )
    .fetch_all(conn)
    .await?)
}

/// Deletes links.
///
/// # Errors
/// The database is unavailable.
pub async fn remove(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!("delete from links where id = any($1)", ids).execute(conn).await?;
    Ok(())
}

/// Inserts or updates a link.
///
/// # Errors
/// The database is unavailable, or one of the records is already linked with another.
pub async fn put(conn: &mut PgConnection, entity: &str, row: &LinkRow) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into links (id, entity, crm_id, erp_id, holder, state) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update
         set crm_id = excluded.crm_id, erp_id = excluded.erp_id, holder = excluded.holder, state = excluded.state, changed_at = now()",
        row.id,
        entity,
        row.crm_id,
        row.erp_id,
        row.holder,
        row.state
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns the unsettled conflicts about links.
///
/// # Errors
/// The database is unavailable.
pub async fn open_conflicts(conn: &mut PgConnection, links: &[Uuid]) -> Result<Vec<OpenConflict>, StoreError> {
    Ok(sqlx::query_as!(
        OpenConflict,
        "select id, row_name, kind, crm, erp, chosen from conflicts
         where link_id = any($1) and state in ('open', 'chosen') order by id",
        links
    )
    .fetch_all(conn)
    .await?)
}

/// Inserts a conflict.
///
/// # Errors
/// The database is unavailable.
pub async fn open_conflict(conn: &mut PgConnection, new: &NewConflict<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into conflicts (id, link_id, entity, crm_id, erp_id, row_name, kind, crm, erp, run_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        Uuid::now_v7(),
        new.link,
        new.entity,
        new.crm_id,
        new.erp_id,
        new.row_name,
        new.kind,
        new.crm,
        new.erp,
        new.run
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Updates a conflict to its new values and reopens it. A choice that a person made for the old values is discarded.
///
/// # Errors
/// The database is unavailable.
pub async fn change_conflict(conn: &mut PgConnection, id: Uuid, new: &NewConflict<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "update conflicts
         set link_id = $2, crm_id = $3, erp_id = $4, kind = $5, crm = $6, erp = $7, run_id = $8, state = 'open',
             chosen = null, chosen_by = null, reason = null, chosen_at = null, changed_at = now()
         where id = $1",
        id,
        new.link,
        new.crm_id,
        new.erp_id,
        new.kind,
        new.crm,
        new.erp,
        new.run
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes conflicts: `settled` as a person chose, or `gone` because the records agree.
///
/// # Errors
/// The database is unavailable.
pub async fn close_conflicts(conn: &mut PgConnection, ids: &[Uuid], state: &str) -> Result<(), StoreError> {
    sqlx::query!("update conflicts set state = $2, changed_at = now() where id = any($1)", ids, state)
        .execute(conn)
        .await?;
    Ok(())
}
