//! Rows of sealed tables as text, whatever their columns.

use sqlx::PgConnection;

use super::Sealed;
use crate::store::StoreError;

/// A row: its key, and all columns as JSON text.
#[derive(Debug)]
pub struct Row {
    /// As in [`super::Entry::key`].
    pub key: String,
    /// All columns as JSON text; `json` columns are byte for byte as stored.
    pub row: String,
}

/// Formats times in UTC and bytes in hexadecimal until the transaction ends.
pub(super) async fn pin_forms(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "select set_config('TimeZone', 'UTC', true) as zone, set_config('bytea_output', 'hex', true) as bytes"
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Each table with the expression of its key, and the condition that finds rows by the keys in `$1`. The condition must
/// use an index unless the table is small.
macro_rules! of_table {
    ($sealed:expr, $of:ident) => {
        match $sealed {
            Sealed::Acts => $of!("acts", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::ScheduleActs => $of!("schedule_acts", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::Users => $of!("users", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::Tokens => $of!("tokens", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::Sessions => $of!("sessions", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::LoginLinks => {
                $of!(
                    "login_links",
                    "encode(t.hash, 'hex')",
                    "t.hash = any(array(select decode(k, 'hex') from unnest($1::text[]) k))"
                )
            }
            Sealed::Definitions => $of!("definitions", "t.id::text", "t.id = any($1::text[]::integer[])"),
            Sealed::Schedules => {
                $of!("schedules", "(t.namespace || '/' || t.name)", "t.namespace || '/' || t.name = any($1::text[])")
            }
            Sealed::Freezes => $of!("freezes", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::Environment => $of!("environment", "t.one::text", "t.one::text = any($1::text[])"),
            Sealed::Proposals => $of!("proposals", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::SignOffs => $of!("totals_sign_offs", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::TotalsChanges => $of!("totals_changes", "t.id::text", "t.id = any($1::text[]::uuid[])"),
            Sealed::Archives => $of!("archives", "t.id::text", "t.id = any($1::text[]::uuid[])"),
        }
    };
}

/// Returns those of the rows that exist.
pub(super) async fn by_keys(conn: &mut PgConnection, table: Sealed, keys: &[String]) -> Result<Vec<Row>, StoreError> {
    macro_rules! select {
        ($table:literal, $key:literal, $by_keys:literal) => {
            sqlx::query_as!(
                Row,
                "select "
                    + $key
                    + r#" as "key!", row_to_json(t)::text as "row!" from "#
                    + $table
                    + " t where "
                    + $by_keys,
                keys
            )
            .fetch_all(conn)
            .await?
        };
    }
    Ok(of_table!(table, select))
}

/// Returns keys of rows that have no entry in the chain.
pub(super) async fn without_entry(
    conn: &mut PgConnection,
    table: Sealed,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    macro_rules! select {
        ($table:literal, $key:literal, $by_keys:literal) => {
            sqlx::query_scalar!(
                "select "
                    + $key
                    + r#" as "key!" from "#
                    + $table
                    + " t where not exists (select from audit_chain c where c.of_table = '"
                    + $table
                    + "' and c.key = "
                    + $key
                    + ") limit $1",
                limit
            )
            .fetch_all(conn)
            .await?
        };
    }
    Ok(of_table!(table, select))
}
