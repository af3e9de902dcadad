//! Statements on schedules use indexes, whether the table is empty or has a million rows.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, PgConnection, Row};

use super::*;
use crate::store::connect_engine;

/// Number of rows in the table; one in a thousand is due.
const ROWS: i32 = 1_000_000;

/// Runs each statement once, so that the connection has prepared it.
async fn prepare_all(pool: &PgPool) {
    let row = ScheduleRow {
        namespace: "n".into(),
        name: "none".into(),
        version: "1.0.0".into(),
        signature: String::new(),
        anchor: Time::UNIX_EPOCH,
        next_at: Some(Time::UNIX_EPOCH),
        last_at: None,
        run_id: None,
        paused_at: None,
        paused_by: None,
        reason: None,
    };
    assert!(due(pool, &[], 10).await.unwrap().len() <= 10);
    ended(pool, &[], 10).await.unwrap();
    assert!(!pass_over(pool, &row, None).await.unwrap());
    assert!(!fired(pool, &row, Time::UNIX_EPOCH, None, None).await.unwrap());
    find(pool, "n", "none").await.unwrap();
    list(pool, Some(("n", "none")), 10).await.unwrap();
    acts(pool, "n", "none", 10).await.unwrap();
}

/// Returns each statement with the shape of its plan.
async fn plans(connection: &mut PgConnection) -> BTreeMap<String, String> {
    let prepared = "select name, statement, coalesce(cardinality(parameter_types), 0) as parameters
                    from pg_prepared_statements where statement like '%schedule%' and statement not like '%pg_prepared%'";
    let mut plans = BTreeMap::new();
    for row in sqlx::query(prepared).fetch_all(&mut *connection).await.unwrap() {
        let (name, statement): (String, String) = (row.get("name"), row.get("statement"));
        let parameters = vec!["null"; usize::try_from(row.get::<i32, _>("parameters")).unwrap()].join(", ");
        let explain = format!("explain (costs off) execute \"{name}\" ({parameters})");
        let lines = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
        plans.insert(statement, lines.join("\n"));
    }
    plans
}

#[sqlx::test]
async fn what_is_due_among_a_million_schedules_is_found_by_index(pool: PgPool) {
    let mut url = url::Url::parse(&std::env::var("DATABASE_URL").unwrap()).unwrap();
    url.set_path(pool.connect_options().get_database().unwrap());
    let empty = connect_engine(url.as_str(), 1).await.unwrap();
    prepare_all(&empty).await;
    let empty = plans(&mut empty.acquire().await.unwrap()).await;
    let fill = format!(
        "insert into schedules (namespace, name, version, signature, anchor, next_at, run_id)
         select 'n', n::text, '1.0.0', '', now(),
                case when n % 1000 = 0 then now() - interval '1 hour'
                     when n % 1000 = 1 then null else now() + interval '1 day' end,
                gen_random_uuid()
         from generate_series(1, {ROWS}) as n"
    );
    sqlx::raw_sql(AssertSqlSafe(fill)).execute(&pool).await.unwrap();
    sqlx::raw_sql("analyze schedules").execute(&pool).await.unwrap();
    let full = connect_engine(url.as_str(), 1).await.unwrap();
    prepare_all(&full).await;
    let full = plans(&mut full.acquire().await.unwrap()).await;
    assert!(full.len() >= 7, "{} statements were seen", full.len());
    assert_eq!(empty, full, "a plan depends on how many schedules there are");
    let of = |part: &str| full.iter().find(|(statement, _)| statement.contains(part)).map(|(_, plan)| plan).unwrap();
    assert!(of("next_at <= now()").contains("Index Scan using schedules_due"), "{}", of("next_at <= now()"));
    assert!(of("from runs").contains("using schedules_waiting"), "{}", of("from runs"));
    for (statement, plan) in &full {
        assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
        // A sort reads all rows first.
        assert!(!plan.contains("Sort"), "{statement}\n{plan}");
    }
}
