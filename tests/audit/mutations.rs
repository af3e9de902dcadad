//! Random changes by someone with all privileges in the database, each in a transaction that is rolled back.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{AssertSqlSafe, PgConnection, Row as _};
use stepwell::engine::audit::uncovered;
use stepwell::store::audit::Sealed;

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) table: String,
    pub(super) name: String,
    kind: String,
    nullable: bool,
}

/// Returns all columns of all tables, without partitions and views.
pub(super) async fn columns(conn: &mut PgConnection) -> Vec<Column> {
    let rows = sqlx::query(
        "select c.table_name::text, c.column_name::text, c.udt_name::text, c.is_nullable = 'YES'
         from information_schema.columns c
         join pg_class t on t.relname = c.table_name and t.relnamespace = 'public'::regnamespace
         where c.table_schema = 'public' and t.relkind in ('r', 'p') and not t.relispartition
         order by c.table_name, c.ordinal_position",
    );
    let rows = rows.fetch_all(conn).await.unwrap();
    rows.iter().map(|r| Column { table: r.get(0), name: r.get(1), kind: r.get(2), nullable: r.get(3) }).collect()
}

/// Whether changes to a table are detected.
pub(super) fn is_covered(table: &str) -> bool {
    uncovered::COVERED.contains(&table) || Sealed::of(table).is_some()
}

/// Makes random changes.
pub(super) struct Forger {
    columns: Vec<Column>,
    tables: Vec<String>,
    random: StdRng,
}

impl Forger {
    pub(super) async fn new(conn: &mut PgConnection, seed: u64) -> Self {
        let all = columns(conn).await;
        let covered = |c: &Column| is_covered(&c.table) && uncovered::reason(&c.table, &c.name).is_none();
        let columns: Vec<Column> = all.into_iter().filter(covered).collect();
        let mut tables: Vec<String> = columns.iter().map(|c| c.table.clone()).collect();
        tables.dedup();
        Self { columns, tables, random: StdRng::seed_from_u64(seed) }
    }

    fn below(&mut self, n: usize) -> usize {
        self.random.random_range(0..n)
    }

    /// Changes something and describes it; `None` if the database rejected it or nothing changed.
    pub(super) async fn mutate(&mut self, conn: &mut PgConnection) -> Option<String> {
        let statement = match self.below(10) {
            0..5 => self.update(conn).await?,
            5 => self.delete(conn).await?,
            6 => self.copy(conn).await?,
            7 | 8 => self.swap(conn).await?,
            _ => self.remove_run(conn).await?,
        };
        sqlx::raw_sql("savepoint try").execute(&mut *conn).await.unwrap();
        let done = sqlx::raw_sql(AssertSqlSafe(statement.clone())).execute(&mut *conn).await;
        match done {
            Ok(done) if done.rows_affected() > 0 => Some(statement),
            Ok(_) => None,
            Err(_) => {
                sqlx::raw_sql("rollback to savepoint try").execute(conn).await.unwrap();
                None
            }
        }
    }

    /// Selects a random row of a table by its physical location.
    async fn row(&mut self, conn: &mut PgConnection, table: &str) -> Option<String> {
        let text = format!("select tableoid::text || '|' || ctid::text from {table} order by 1");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(conn).await.unwrap();
        if rows.is_empty() {
            return None;
        }
        let at = self.below(rows.len());
        let (table, row) = rows[at].split_once('|').unwrap();
        Some(format!("tableoid = {table} and ctid = '{row}'"))
    }

    async fn update(&mut self, conn: &mut PgConnection) -> Option<String> {
        let at = self.below(self.columns.len());
        let Column { table, name, kind, nullable } = self.columns[at].clone();
        let row = self.row(conn, &table).await?;
        let number = self.below(1_000_000);
        let value = match (nullable && self.below(4) == 0, known(&table, &name)) {
            (true, _) => "null".to_owned(),
            (false, Some(values)) => format!("'{}'", values[number % values.len()]),
            (false, None) => other(&kind, &name, number)?,
        };
        Some(format!(
            "update {table} set {name} = {value} where {row} and {name}::text is distinct from ({value})::text"
        ))
    }

    async fn delete(&mut self, conn: &mut PgConnection) -> Option<String> {
        let at = self.below(self.tables.len());
        let table = self.tables[at].clone();
        Some(format!("delete from {table} where {}", self.row(conn, &table).await?))
    }

    /// Inserts a copy of a row under another key.
    async fn copy(&mut self, conn: &mut PgConnection) -> Option<String> {
        let at = self.below(self.tables.len());
        let table = self.tables[at].clone();
        let row = self.row(conn, &table).await?;
        let mut changes = Vec::new();
        for column in self.columns.iter().filter(|c| c.table == table) {
            let key = match (column.name.as_str(), column.kind.as_str()) {
                ("id", "uuid") => "to_jsonb(gen_random_uuid())".to_owned(),
                ("id", _) if table == "definitions" => "to_jsonb(id + 1000)".to_owned(),
                ("seq", _) if table == "journal" || table.starts_with("audit") => "to_jsonb(seq + 1000)".to_owned(),
                ("version", _) if table == "definitions" => "to_jsonb('9.9.9'::text)".to_owned(),
                ("name", _) if matches!(table.as_str(), "users" | "schedules") => "to_jsonb(name || '2')".to_owned(),
                ("event_id", _) if table == "event_keys" => "to_jsonb(event_id || '2')".to_owned(),
                ("hash", "bytea") if matches!(table.as_str(), "tokens" | "sessions" | "login_links") => {
                    "to_jsonb(sha256(hash))".to_owned()
                }
                _ => continue,
            };
            changes.push(format!("'{}', {key}", column.name));
        }
        let changed = format!("to_jsonb(t) || jsonb_build_object({})", changes.join(", "));
        let overriding = if table == "definitions" { "overriding system value" } else { "" };
        Some(format!(
            "insert into {table} {overriding} select (jsonb_populate_record(null::{table}, {changed})).* from {table} t where {}",
            row.replace("tableoid", "t.tableoid").replace("ctid", "t.ctid")
        ))
    }

    /// Swaps the values of a column between two rows.
    async fn swap(&mut self, conn: &mut PgConnection) -> Option<String> {
        let at = self.below(self.columns.len());
        let Column { table, name, .. } = self.columns[at].clone();
        let (one, other) = (self.row(conn, &table).await?, self.row(conn, &table).await?);
        Some(format!(
            "with both as materialized (select (select {name} from {table} where {one}) as a, (select {name} from {table} where {other}) as b)
             update {table} t set {name} = case when {} then both.b else both.a end
             from both where (({}) or ({})) and both.a::text is distinct from both.b::text",
            of(&one), of(&one), of(&other)
        ))
    }

    /// Deletes a run with all rows that belong to it.
    async fn remove_run(&mut self, conn: &mut PgConnection) -> Option<String> {
        let runs: Vec<String> =
            sqlx::query_scalar("select id::text from runs order by id").fetch_all(conn).await.unwrap();
        let run = &runs[self.below(runs.len())];
        Some(format!(
            "delete from journal where run_id = '{run}'; delete from proposals where run_id = '{run}';
             delete from commands where run_id = '{run}'; delete from schedule_acts where run_id = '{run}';
             delete from acts where subject = '{run}';
             update events set runs = array_remove(runs, '{run}'), outcome = case when runs = array['{run}'::uuid] then 'unmatched' else outcome end,
                               resumed = array_remove(resumed, '{run}') where '{run}' = any(runs || resumed);
             update event_keys set runs = array_remove(runs, '{run}') where '{run}' = any(runs);
             update runs set parent_id = null where parent_id = '{run}'; delete from runs where id = '{run}'"
        ))
    }
}

fn of(row: &str) -> String {
    row.replace("tableoid", "t.tableoid").replace("ctid", "t.ctid")
}

/// Returns values that a constraint allows.
fn known(table: &str, column: &str) -> Option<&'static [&'static str]> {
    Some(match (table, column) {
        ("runs", "status") => &[
            "pending",
            "running",
            "waiting",
            "suspended",
            "compensating",
            "completed",
            "compensated",
            "cancelled",
            "faulted",
        ],
        ("runs", "attention") => &["faulted", "compensation_stuck", "poison", "unknown_outcome"],
        ("schedule_acts", "act") => &["pause", "resume", "fire"],
        ("sessions", "kind") => &["user", "token", "local"],
        ("login_links", "kind") => &["user", "local"],
        ("proposals", "decision") => &["approved", "declined", "withdrawn", "lapsed", "ended"],
        ("totals_changes", "kind") => &["new", "vanished", "changed"],
        ("audit_chain", "kind") => &["act", "adopted"],
        ("audit_chain", "of_table") => &["acts", "users", "tokens", "sessions", "definitions"],
        _ => return None,
    })
}

/// Returns a different value of a type.
fn other(kind: &str, column: &str, number: usize) -> Option<String> {
    Some(match kind {
        "text" => format!("coalesce({column}, '') || '{number}'"),
        "uuid" => format!("(lpad('{number}', 32, '0'))::uuid"),
        "int2" | "int4" | "int8" => format!("{column} + {}", 1 + number % 7),
        "timestamptz" => format!("coalesce({column}, now()) + interval '{} seconds'", 1 + number % 7),
        "date" => format!("{column} + {}", 1 + number % 7),
        "bytea" => format!("sha256(coalesce({column}, '') || '{number}')"),
        "json" => format!("'{{\"forged\":{number}}}'"),
        "bool" => format!("not {column}"),
        "_text" => format!("{column} || array['admin{number}']"),
        "_uuid" => format!("{column} || array[(lpad('{number}', 32, '0'))::uuid]"),
        _ => return None,
    })
}
