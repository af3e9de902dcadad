//! Fills an empty database with a long history, to measure lists: runs and events, one of each per second. Most runs
//! are of two versions of one workflow and completed. The rest are what filters look for: versions with few runs or
//! none for years, rare statuses and causes, keys with a common prefix.

use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::StoreError;
use crate::machine::Time;

/// Unix time in seconds at which the history begins.
const BEGINS: i64 = 1_700_000_000;

/// Time at which run `n` and event `n` were accepted; numbered from 1.
#[must_use]
pub fn at(n: i64) -> Time {
    Time::from_timestamp(BEGINS + n, 0).unwrap_or_default()
}

/// Id of run `n` and of event `n`.
#[must_use]
pub fn id(n: i64) -> Uuid {
    let millis = u128::try_from((BEGINS + n) * 1_000).unwrap_or(0);
    Uuid::from_u128(millis << 80 | 0x70008 << 60 | u128::try_from(n).unwrap_or(0))
}

/// Fills a freshly migrated database with `rows` runs and as many events. Event 77 lists sixty runs.
///
/// # Errors
/// The database is unavailable or not empty.
pub async fn fill(conn: &mut PgConnection, rows: i64) -> Result<(), StoreError> {
    sqlx::query!("set synchronous_commit = off").execute(&mut *conn).await?;
    // Checking and indexing once at the end is faster than per row.
    sqlx::query!("alter table runs drop constraint if exists runs_definition_id_fkey").execute(&mut *conn).await?;
    let indexes = drop_indexes(conn).await?;
    insert_definitions(conn).await?;
    insert_runs(conn, rows).await?;
    add_partitions(conn, rows).await?;
    insert_events(conn, rows).await?;
    for definition in indexes {
        sqlx::raw_sql(AssertSqlSafe(definition)).execute(&mut *conn).await?;
    }
    for table in ["runs", "events", "event_keys", "event_attention", "definitions"] {
        sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze {table}"))).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Drops all indexes except those of primary keys. Returns the statements that recreate them.
async fn drop_indexes(conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let indexes = sqlx::query!(
        r#"select format('drop index %I', indexname) as "drop!", replace(indexdef, ' ON ONLY ', ' ON ') as "create!" from pg_indexes
           where schemaname = current_schema() and tablename in ('runs', 'events', 'event_keys', 'event_attention')
             and indexname not like '%\_pkey'"#
    )
    .fetch_all(&mut *conn)
    .await?;
    for index in &indexes {
        sqlx::raw_sql(AssertSqlSafe(index.drop.clone())).execute(&mut *conn).await?;
    }
    Ok(indexes.into_iter().map(|index| index.create).collect())
}

/// Versions 1 and 2 have most runs, 3 is rare, 4 has no runs in the last nine tenths, 15 to 214 have one run in a
/// thousand each.
async fn insert_definitions(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into definitions (id, namespace, name, version, hash, source, functions, deployed_by) overriding system value
         select v.id, 'crm-erp', v.name, v.version, '', '', '{}', 'bench' from (
             values (1, 'closed-won', '1.0.0'), (2, 'closed-won', '1.1.0'), (3, 'rare', '1.0.0'), (4, 'retired', '0.9.0')
             union all
             select flow * 5 + version + 10, 'flow-' || flow, '2.' || version || '.0'
             from generate_series(1, 40) flow cross join generate_series(0, 4) version
         ) as v (id, name, version)"
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One run in a hundred is open, one in a thousand needs attention, one in five hundred is faulted.
async fn insert_runs(conn: &mut PgConnection, rows: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into runs (shard, id, definition_id, status, attention, fingerprint, attention_at, key, fence, seq, attempts, head,
                           created_at, finished_at)
         select n % 256,
                (lpad(to_hex(($2 + n) * 1000), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
                case when n % 5000 = 7 then 3 when n <= $1 / 10 and n % 10 < 3 then 4 when n % 5 = 4 then 15 + n / 5 % 200 else n % 2 + 1 end,
                case when n % 100 = 0
                     then (array['pending', 'running', 'waiting', 'suspended', 'compensating'])[n / 100 % 5 + 1]
                     when n % 500 = 1 then 'faulted' when n % 2000 = 2 then 'cancelled' when n % 2000 = 3 then 'compensated'
                     else 'completed' end,
                case when n % 10000 = 1 then 'poison' when n % 1000 = 1 then 'faulted' end,
                case when n % 1000 = 1 then 'cause' || n / 1000 % 3 end,
                case when n % 1000 = 1 then to_timestamp($2 + 2 + n) end,
                '006Ws' || lpad(n::text, 8, '0'), 1, 5, 0, decode(repeat('ab', 32), 'hex'), to_timestamp($2 + n),
                case when n % 100 <> 0 and n % 500 <> 1 then to_timestamp($2 + 1 + n) end
         from generate_series(1, $1::bigint) n, (select $2::bigint) as begins",
        rows,
        BEGINS
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn add_partitions(conn: &mut PgConnection, rows: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "select add_partition('events', uuid_floor(month), uuid_floor(month + interval '1 month'))
         from generate_series(date_trunc('month', $1::timestamptz at time zone 'utc'), $2::timestamptz at time zone 'utc',
                              interval '1 month') month",
        at(0),
        at(rows)
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

async fn insert_events(conn: &mut PgConnection, rows: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs)
         select (lpad(to_hex(($2 + n) * 1000), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
                case when n % 50000 = 7 then 'rare' else (array['crm', 'erp', 'shop'])[n % 3 + 1] end, 'id' || n,
                case when n % 40000 = 9 then 'never' when n <= $1 / 10 and n % 10 < 3 then 'former' else 'changed' end,
                to_timestamp($2 + n), '{}', convert_to(repeat('x', 200), 'utf8'), '{}',
                case when n % 1000 = 1 then 'rejected' when n % 1000 = 2 then 'resumed'
                     when n % 1000 between 3 and 200 then 'unmatched' else 'run' end, '{}'
         from generate_series(1, $1::bigint) n, (select $2::bigint) as begins",
        rows,
        BEGINS
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("update events set runs = (select array_agg(id) from (select id from runs order by id limit 60) r) where id = $1", id(77))
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into event_keys (source, event_id, event, body_hash, runs, received_at)
         select source, event_id, id, decode(repeat('ab', 32), 'hex'), '{}', received_at from events"
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into event_attention (event, of_source) select id, source from events where outcome = 'rejected'"
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns the size of the database on disk, in bytes.
///
/// # Errors
/// The database is unavailable.
pub async fn database_bytes(conn: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(r#"select pg_database_size(current_database()) as "bytes!""#).fetch_one(conn).await?)
}
