//! A reconciliation's records are found through indexes, however many other runs and events there are.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Row};

use super::*;
use crate::store::runs::listing::READ_OPTIONS;

/// Number of other runs and events.
const ROWS: i32 = 200_000;

/// Number of records that the reconciliation reported.
const RECORDS: i32 = 5_000;

const TASK: &str = "/do/0/tell";

/// Fills the tables with a completed run per event, and a reconciliation that reported the first events; every tenth
/// event has no run.
async fn fill(pool: &PgPool, sweep: RunId) {
    let statements = format!(
        "insert into definitions (namespace, name, version, hash, source, functions, deployed_by)
         values ('t', 't', '1.0.0', '', '', '{{}}', 't');
         create temp table n as
             select n, (lpad(to_hex(1700000000000 + n * 1000::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid as id
             from generate_series(1, {ROWS}) as n;
         insert into runs (shard, id, definition_id, status, fence, seq, attempts, head, created_at, finished_at)
         select n % 256, id, 1, 'completed', 1, 2, 0, '', now(), now() from n;
         insert into journal (shard, run_id, seq, at, kind, actor, data, hash)
         select n % 256, id, 2, now(), 'run.completed', 't', '{{\"output\":{{\"outcome\":\"echo\"}}}}', '' from n;
         insert into event_keys (source, event_id, event, body_hash, runs, received_at) select 's', n, id, '', '{{}}', now() from n;
         insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs)
         select id, 's', n, 't', now(), '{{}}', '', '{{}}', case when n % 10 = 0 then 'unmatched' else 'run' end,
                case when n % 10 = 0 then '{{}}' else array[id] end from n;
         insert into journal (shard, run_id, seq, at, kind, task, actor, data, hash)
         select {shard}, '{sweep}', n, now(), 'task.completed', case when n % 2 = 0 then '{TASK}' else '/do/0/look' end, 't',
                json_build_object('emitted', json_build_object('source', 's', 'id', n::text,
                    'data', json_build_object('entity', 'contact', 'side', 'crm', 'id', 'c' || n))), '' from n
         where n <= {RECORDS} * 2;
         analyze runs; analyze journal; analyze events; analyze event_keys",
        shard = shard(sweep),
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut *pool.acquire().await.unwrap()).await.unwrap();
}

#[sqlx::test]
async fn a_large_sweep_is_read_by_index_in_a_large_history(options: PgPoolOptions, database: PgConnectOptions) {
    let writer = options.clone().connect_with(database.clone()).await.unwrap();
    let sweep = Uuid::now_v7();
    fill(&writer, sweep).await;
    let pool = options.max_connections(1).connect_with(database.options(READ_OPTIONS)).await.unwrap();
    let tasks = [TASK.to_owned()];
    let told = told(&pool, sweep, &tasks, 0, i64::from(RECORDS) + 1).await.unwrap();
    assert_eq!(told.len(), 5_000);
    assert_eq!((told[0].seq, told[0].id.as_deref(), told[0].run.is_some()), (2, Some("c2"), true));
    assert_eq!(told[0].output.as_ref().unwrap()["outcome"], "echo");
    assert_eq!(
        (told[4].event_outcome.as_deref(), told[4].run, told[4].event.is_some()),
        (Some("unmatched"), None, true)
    );
    let page = super::told(&pool, sweep, &tasks, told[9].seq, 10).await.unwrap();
    assert_eq!((page.len(), page[0].seq), (10, told[10].seq));

    let mut connection = pool.acquire().await.unwrap();
    let looks = [
        (
            "j.kind = ''task.completed''",
            format!("{}, '{sweep}', array['{TASK}'], 0, {}, array['{TASK}']", shard(sweep), RECORDS + 1),
        ),
        ("t (seq, source, emitted)", "array[1, 2], array['s', 's'], array['1', '2']".to_owned()),
    ];
    for (part, arguments) in looks {
        let name = format!(
            "select name from pg_prepared_statements where strpos(statement, '{part}') > 0 and strpos(statement, 'pg_prepared') = 0"
        );
        let name: String = sqlx::query_scalar(AssertSqlSafe(name)).fetch_one(&mut *connection).await.unwrap();
        let explain = format!("explain (costs off) execute \"{name}\" ({arguments})");
        let plan = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut *connection).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|line| line.get(0)).collect();
        assert!(!plan.iter().any(|line| line.contains("Seq Scan")), "{}", plan.join("\n"));
    }
}
