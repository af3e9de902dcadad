//! Links between records of two systems, and the conflicts about them. Which columns are of which side: [`super::sides`].

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::store::StoreError;

/// A link as it stands in its row.
#[derive(Debug, Clone)]
pub struct LinkRow {
    /// UUIDv7.
    pub id: Uuid,
    /// Its record on the first side.
    pub crm_id: Option<String>,
    /// Its record on the second side.
    pub erp_id: Option<String>,
    /// The run that holds it, none if that has ended.
    pub holder: Option<Uuid>,
    /// The rest, as `memory::links` writes it.
    pub state: Value,
}

/// A conflict that is open, as its link needs it.
#[derive(Debug, Clone)]
pub struct OpenConflict {
    /// UUIDv7.
    pub id: Uuid,
    /// The row of the mapping; none is the record.
    pub row_name: Option<String>,
    /// Why.
    pub kind: String,
    /// Field and value of the first side.
    pub crm: Value,
    /// Field and value of the second side.
    pub erp: Value,
    /// Whose word counts: see [`super::sides`].
    pub chosen: Option<String>,
}

/// A conflict to write.
#[derive(Debug)]
pub struct NewConflict<'c> {
    /// Its link.
    pub link: Uuid,
    /// The mapping.
    pub entity: &'c str,
    /// Its record on the first side.
    pub crm_id: Option<&'c str>,
    /// Its record on the second side.
    pub erp_id: Option<&'c str>,
    /// The row of the mapping; none is the record.
    pub row_name: Option<&'c str>,
    /// Why.
    pub kind: &'c str,
    /// Field and value of the first side.
    pub crm: &'c Value,
    /// Field and value of the second side.
    pub erp: &'c Value,
    /// The run that found it.
    pub run: Uuid,
}

/// Links under either id, without a lock; the same one twice if both lead to it.
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

/// Links under either id, which nobody else reads by these ids before the transaction ends, not even where there is none yet.
///
/// # Errors
/// The database is unavailable.
pub async fn lock(
    conn: &mut PgConnection,
    entity: &str,
    crm_id: Option<&str>,
    erp_id: Option<&str>,
) -> Result<Vec<LinkRow>, StoreError> {
    // Always the first side's first: nobody waits for someone who waits for him.
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

/// Forgets links.
///
/// # Errors
/// The database is unavailable.
pub async fn remove(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!("delete from links where id = any($1)", ids).execute(conn).await?;
    Ok(())
}

/// Writes a link.
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

/// Conflicts about links that nobody has settled.
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

/// Opens a conflict.
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

/// Shows a conflict as it has become. What a person chose of other values is void.
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

/// Ends conflicts: `settled` as someone chose, or `gone` because the records agree.
///
/// # Errors
/// The database is unavailable.
pub async fn close_conflicts(conn: &mut PgConnection, ids: &[Uuid], state: &str) -> Result<(), StoreError> {
    sqlx::query!("update conflicts set state = $2, changed_at = now() where id = any($1)", ids, state)
        .execute(conn)
        .await?;
    Ok(())
}
