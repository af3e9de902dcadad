//! Statements of retention: the lease, what may go and what goes.

mod partitions;

use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use super::*;
use crate::machine::Time;
use crate::retention::rules::Hold;
use crate::store::fixture;
use crate::store::runs::journal::{self, NewRow};
use crate::store::runs::{commit, unacknowledged};
use crate::store::{ensure_partitions, shard};

async fn execute(pool: &PgPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await.unwrap();
}

async fn scalar<T>(pool: &PgPool, sql: &str) -> T
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
{
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(pool).await.unwrap()
}

/// A run that completed long ago, with one journal row.
async fn ended_run(pool: &PgPool, id: RunId, parent: Option<RunId>) -> Removal {
    let mut run = fixture::run(id);
    run.parent_id = parent;
    run.state.status = "completed";
    run.state.owner = None;
    run.state.finished_at = Some(Time::UNIX_EPOCH);
    let row = NewRow { hash: [7; 32], ..fixture::row() };
    run.state.head = row.hash;
    let mut connection = pool.acquire().await.unwrap();
    fixture::begin(&mut connection, &run, &[row]).await;
    Removal { kind: "run", item: id, family: parent.unwrap_or(id), seq: 1, head: run.state.head.to_vec() }
}

async fn definition(pool: &PgPool) {
    execute(
        pool,
        "insert into definitions (namespace, name, version, hash, source, functions, deployed_by) values ('t', 't', '1.0.0', '', '', '{}', 't')",
    )
    .await;
}

/// Records an archive of these, as the holder of the lease.
async fn recorded(pool: &PgPool, removals: &[Removal]) -> Uuid {
    let holder = Uuid::now_v7();
    lease(pool, holder).await.unwrap().expect("the lease is free");
    let mut runs: Vec<RunId> = removals.iter().filter(|r| r.kind == "run").map(|r| r.item).collect();
    runs.sort_unstable();
    let new = NewArchive {
        id: Uuid::now_v7(),
        file: "a.jsonl.gz",
        sha256: &[1; 32],
        digest: &[2; 32],
        bytes: 1,
        rows: 1,
        events: &[],
        runs: &runs,
        written_by: "test",
    };
    assert!(record(pool, holder, &new, removals).await.unwrap());
    release(pool, holder).await.unwrap();
    new.id
}

#[sqlx::test]
async fn one_at_a_time_holds_the_lease_and_who_lost_it_records_nothing(pool: PgPool) {
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert!(lease(&pool, first).await.unwrap().is_some());
    assert!(note_writing(&pool, first, Some("a")).await.unwrap());
    assert!(lease(&pool, second).await.unwrap().is_none());
    execute(&pool, "update retention_lease set until = clock_timestamp() - interval '1 second'").await;
    let taken = lease(&pool, second).await.unwrap().expect("it has expired");
    assert_eq!(taken.writing.as_deref(), Some("a"), "the next node knows the file that was begun");
    assert!(!note_writing(&pool, first, None).await.unwrap());
    let new = NewArchive {
        id: Uuid::now_v7(),
        file: "a",
        sha256: &[],
        digest: &[],
        bytes: 0,
        rows: 0,
        events: &[],
        runs: &[],
        written_by: "t",
    };
    assert!(!record(&pool, first, &new, &[]).await.unwrap());
    assert_eq!(scalar::<i64>(&pool, "select count(*) from archives").await, 0);
}

#[sqlx::test]
async fn a_family_goes_as_a_whole_with_all_that_hangs_on_it(pool: PgPool) {
    definition(&pool).await;
    let (parent, child) = (Uuid::now_v7(), Uuid::now_v7());
    let removals = [ended_run(&pool, parent, None).await, ended_run(&pool, child, Some(parent)).await];
    let hanging = format!(
        "insert into commands (id, shard, run_id, act, actor, answered_at) values (gen_random_uuid(), 0, '{child}', '{{}}', 't', now());
         insert into batches (id, name, mode, run_id, began_at, changed_at) values (gen_random_uuid(), 'b', 'm', '{parent}', now(), now());
         insert into conflicts (id, link_id, entity, kind, crm, erp, state, run_id)
         values (gen_random_uuid(), gen_random_uuid(), 'e', 'k', '{{}}', '{{}}', 'settled', '{parent}');
         insert into tasks (id, shard, run_id, execution, definition_id, workflow, step, title, users, roles, created_at, outcome, closed_at)
         values (gen_random_uuid(), {of_child}, '{child}', 0, 1, 't/t', '/do/0/ask', 'Go on?', '{{}}', '{{}}', now(), 'ended', now())",
        of_child = shard(child)
    );
    execute(&pool, &hanging).await;
    assert_eq!(super::hanging(&pool, &[parent, child]).await.unwrap().len(), 4);
    let archive = recorded(&pool, &removals).await;
    assert_eq!(archive_of(&pool, child).await.unwrap().as_deref(), Some("a.jsonl.gz"));
    assert_eq!(archive_of(&pool, Uuid::now_v7()).await.unwrap(), None);
    let done = remove_runs(&pool, archive).await.unwrap();
    assert_eq!((done.removed, done.kept, done.is_done), (2, 0, true));
    for table in ["runs", "journal", "commands", "batches", "conflicts", "tasks", "removals"] {
        assert_eq!(scalar::<i64>(&pool, &format!("select count(*) from {table}")).await, 0, "{table}");
    }
    assert!(unfinished(&pool).await.unwrap().is_empty());
}

/// What makes one run of a family stay.
const REASONS: [&str; 13] = [
    "update runs set finished_at = null, status = 'running' where id = 'RUN'",
    "update runs set attention = 'faulted' where id = 'RUN'",
    "update runs set seq = seq + 1 where id = 'RUN'",
    "update runs set head = '\\x00' where id = 'RUN'",
    "update runs set owner = gen_random_uuid() where id = 'RUN'",
    "insert into commands (id, shard, run_id, act, actor) values (gen_random_uuid(), 0, 'RUN', '{}', 't')",
    "insert into proposals (id, shard, run_id, act, digest, actor, expires_at) values (gen_random_uuid(), 0, 'RUN', '{}', '', 't', now())",
    "insert into conflicts (id, link_id, entity, kind, crm, erp, run_id) values (gen_random_uuid(), gen_random_uuid(), 'e', 'k', '{}', '{}', 'RUN')",
    "insert into turns (namespace, name, key, ticket, run_id) values ('t', 't', 'k', 1, 'RUN')",
    "insert into frozen (run_id, freeze_id) values ('RUN', gen_random_uuid())",
    "insert into listeners (shard, run_id, execution, filter, event_type, kind, key) values (SHARD, 'RUN', 1, 1, '', '', '')",
    "insert into schedules (namespace, name, version, signature, anchor, run_id) values ('t', 't', '1', 's', now(), 'RUN')",
    "insert into runs (shard, id, definition_id, status, parent_id, fence, seq, attempts, head, created_at)
     values (0, gen_random_uuid(), 1, 'running', 'RUN', 1, 1, 0, '', now())",
];

#[sqlx::test]
async fn a_family_stays_if_anything_about_one_of_its_runs_changed_after_it_was_archived(pool: PgPool) {
    definition(&pool).await;
    for reason in REASONS {
        let (parent, child) = (Uuid::now_v7(), Uuid::now_v7());
        let removals = [ended_run(&pool, parent, None).await, ended_run(&pool, child, Some(parent)).await];
        let archive = recorded(&pool, &removals).await;
        let statement = reason.replace("RUN", &child.to_string()).replace("SHARD", &shard(child).to_string());
        execute(&pool, &statement).await;
        let done = remove_runs(&pool, archive).await.unwrap();
        assert_eq!((done.removed, done.kept, done.is_done), (0, 1, true), "{reason}");
        let left = format!("select count(*) from journal where run_id in ('{parent}', '{child}')");
        assert_eq!(scalar::<i64>(&pool, &left).await, 2, "{reason}");
        assert!(unfinished(&pool).await.unwrap().is_empty(), "{reason}: it may be archived again");
    }
}

#[sqlx::test]
async fn what_keeps_a_run_is_seen_before_it_is_archived(pool: PgPool) {
    definition(&pool).await;
    let expected = [
        (5, Hold::Command),
        (6, Hold::Proposal),
        (7, Hold::Conflict),
        (8, Hold::Queue),
        (9, Hold::Freeze),
        (10, Hold::Listener),
        (11, Hold::Schedule),
        (4, Hold::Owner),
    ];
    for (reason, hold) in expected {
        let (parent, child) = (Uuid::now_v7(), Uuid::now_v7());
        ended_run(&pool, parent, None).await;
        ended_run(&pool, child, Some(parent)).await;
        let statement = REASONS[reason].replace("RUN", &child.to_string()).replace("SHARD", &shard(child).to_string());
        execute(&pool, &statement).await;
        let family = families(&pool, &[child], 100).await.unwrap();
        let held: Vec<_> = family.iter().map(|(top, member)| (*top, member.id, member.held)).collect();
        assert_eq!(held, [(parent, parent, None), (parent, child, Some(hold))]);
    }
    let run = Uuid::now_v7();
    ended_run(&pool, run, None).await;
    unacknowledged::begin(&mut pool.acquire().await.unwrap(), &[run]).await.unwrap();
    let held: Vec<_> = families(&pool, &[run], 100).await.unwrap().iter().map(|(_, member)| member.held).collect();
    assert_eq!(held, [Some(Hold::Unacknowledged)]);
}

#[sqlx::test]
async fn the_runs_of_one_transaction_are_bounded_and_a_family_is_never_split(pool: PgPool) {
    definition(&pool).await;
    let mut removals = Vec::new();
    for _ in 0..5 {
        let parent = Uuid::now_v7();
        removals.push(ended_run(&pool, parent, None).await);
        removals.push(ended_run(&pool, Uuid::now_v7(), Some(parent)).await);
    }
    let archive = recorded(&pool, &removals).await;
    let call = format!("select removed from remove_archived_runs('{archive}', 5, 1000)");
    let removed: Vec<i32> = [scalar(&pool, &call).await, scalar(&pool, &call).await, scalar(&pool, &call).await].into();
    assert_eq!(removed, [4, 4, 2]);
    let lone = ended_run(&pool, Uuid::now_v7(), None).await;
    let archive = recorded(&pool, &[lone]).await;
    let call = format!("select removed from remove_archived_runs('{archive}', 0, 0)");
    assert_eq!(scalar::<i32>(&pool, &call).await, 1, "always one family, however large");
}

#[sqlx::test]
async fn an_event_goes_after_its_runs_and_its_key_after_that(pool: PgPool) {
    definition(&pool).await;
    let run = Uuid::now_v7();
    let removal = ended_run(&pool, run, None).await;
    let mut event = fixture::event(Uuid::now_v7());
    (event.runs, event.outcome) = (vec![run], "run");
    let mut connection = pool.acquire().await.unwrap();
    fixture::store_events(&mut connection, &[&event]).await;
    let [seen] = events_of(&pool, &[event.id], &[]).await.unwrap().try_into().unwrap();
    assert!(seen.facts.has_runs && seen.facts.had_runs);
    let [seen] = events_of(&pool, &[event.id], &[run]).await.unwrap().try_into().unwrap();
    assert!(!seen.facts.has_runs && seen.facts.had_runs);

    let of_event = Removal { kind: "event", item: event.id, family: event.id, seq: 1, head: Vec::new() };
    let archive = recorded(&pool, &[removal.clone(), of_event.clone()]).await;
    assert_eq!(remove_events(&pool, archive, 10).await.unwrap(), (1, 0), "its run is here");
    let keys = old_keys(&pool, chrono::Utc::now(), None, 10).await.unwrap();
    assert_eq!(delete_keys(&pool, &keys.iter().collect::<Vec<_>>()).await.unwrap(), 0);
    assert!(keys[0].has_event && keys[0].has_runs);
    remove_runs(&pool, archive).await.unwrap();
    let archive = recorded(&pool, &[of_event]).await;
    assert_eq!(remove_events(&pool, archive, 10).await.unwrap(), (1, 1));
    let known = commit::known_events(&mut connection, &[("test", &event.event_id)]).await.unwrap();
    assert_eq!(known[0].runs, [run], "a repeated event is still recognized, and answered with the run that it started");
    assert_eq!(delete_keys(&pool, &keys.iter().collect::<Vec<_>>()).await.unwrap(), 1);
}

#[sqlx::test]
async fn an_event_that_a_run_still_needs_stays(pool: PgPool) {
    let reasons = [
        "update events set routed = false",
        "update events set resumed = array[gen_random_uuid()]",
        "insert into event_attention (event, of_source) select id, source from events",
        "insert into gatherings (id, namespace, name, signature, key) values ('00000000-0000-7000-8000-000000000001', 't', 't', 's', '');
         insert into gathered (gathering, event, filter) select '00000000-0000-7000-8000-000000000001', id, 0 from events",
        "insert into redeliveries (event, body_hash, body, deliveries, first_at, last_at) select id, '', '', 1, now(), now() from events",
    ];
    for reason in reasons {
        execute(
            &pool,
            "delete from gathered; delete from redeliveries; delete from event_attention; delete from events",
        )
        .await;
        let event = fixture::event(Uuid::now_v7());
        fixture::store_events(&mut pool.acquire().await.unwrap(), &[&event]).await;
        let of_event = Removal { kind: "event", item: event.id, family: event.id, seq: 0, head: Vec::new() };
        let archive = recorded(&pool, &[of_event]).await;
        execute(&pool, reason).await;
        assert_eq!(remove_events(&pool, archive, 10).await.unwrap(), (1, 0), "{reason}");
        assert_eq!(scalar::<i64>(&pool, "select count(*) from events").await, 1, "{reason}");
    }
}

#[sqlx::test]
async fn a_journal_row_comes_back_from_json_byte_for_byte(pool: PgPool) {
    let run = Uuid::now_v7();
    let data = r#"{"a" : 1.50e0, "ü":"\u00e9\n", "n":123456789012345678901234567890}"#;
    let row = NewRow { data: data.to_owned(), task: Some("/do/0/a".into()), attempt: Some(2), ..fixture::row() };
    let mut connection = pool.acquire().await.unwrap();
    fixture::append(&mut connection, run, std::slice::from_ref(&row)).await;
    let exported = journal::export(&pool, run, 0, 10).await.unwrap();
    let line = serde_json::value::RawValue::from_string(exported[0].row.clone()).unwrap();
    let back = journal::imported(run, &line).unwrap();
    let [there] = journal::stored(&pool, run, 0, 10).await.unwrap().try_into().unwrap();
    assert_eq!(back.data, data);
    assert_eq!(format!("{back:?}"), format!("{there:?}"));
    assert!(journal::imported(Uuid::now_v7(), &line).is_err(), "another run's");
}

#[sqlx::test]
async fn the_guide_says_what_happens_to_the_rows_of_every_table(pool: PgPool) {
    let guide = include_str!("../../../../docs/retention.md");
    let (_, from) = guide.split_once("### Each table").unwrap();
    let (table, _) = from.split_once("\n### ").unwrap();
    let firsts = table.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let mut told: Vec<String> =
        firsts.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`').to_owned()).collect();
    told.sort();
    let there: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relkind in ('r', 'p') and not relispartition and relnamespace = current_schema()::regnamespace and relname <> '_sqlx_migrations'
         order by relname::text collate \"C\"",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(told, there);
}

/// Archives of several workflows and outcomes cover the same weeks. Pages, not time: the machine that tests run on is shared.
#[sqlx::test]
async fn the_archive_of_a_run_is_found_in_a_few_pages_however_many_overlap(
    pool_options: sqlx::postgres::PgPoolOptions,
    options: sqlx::postgres::PgConnectOptions,
) {
    let pool = pool_options.connect_with(options.clone()).await.unwrap();
    execute(
        &pool,
        "insert into archives (id, file, version, sha256, digest, bytes, rows, events, runs, first_run, last_run, written_by)
         select gen_random_uuid(), 'archive-' || a, '1', '', '', 1, 1, ids, ids, ids[1], ids[500], 'test'
         from generate_series(1, 400) a
         cross join lateral (select array_agg(lpad(to_hex(n * 1000 + a), 32, '0')::uuid order by n) as ids
                             from generate_series(1, 500) n) i;
         analyze archives",
    )
    .await;
    let (run, unknown) = (Uuid::from_u128(250 * 1_000 + 77), Uuid::from_u128(250 * 1_000 + 777));
    assert_eq!(archive_of(&pool, run).await.unwrap().as_deref(), Some("archive-77"));
    assert_eq!(archive_of(&pool, unknown).await.unwrap(), None);
    let mut conn = pool.acquire().await.unwrap();
    assert!(has_run(&mut conn, run).await.unwrap() && has_event(&mut conn, run).await.unwrap());
    assert!(!has_run(&mut conn, unknown).await.unwrap() && !has_event(&mut conn, unknown).await.unwrap());
    drop(conn);
    // As the engine's connections plan, and as others do.
    for planned in ["off", "on"] {
        let settings = [("enable_seqscan", planned), ("enable_bitmapscan", planned)];
        let options = options.clone().application_name("reads").options(settings);
        let one = sqlx::postgres::PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
        let before: i64 = scalar(&pool, PAGES_READ).await;
        for _ in 0..10 {
            assert!(archive_of(&one, run).await.unwrap().is_some());
        }
        one.close().await;
        // It tells what it read when it ends.
        while scalar::<bool>(&pool, "select exists (select from pg_stat_activity where application_name = 'reads' and datname = current_database())").await {
            tokio::task::yield_now().await;
        }
        let read = scalar::<i64>(&pool, PAGES_READ).await - before;
        assert!(read > 0 && read <= 10 * 15, "{read} pages in 10 looks");
    }
}

const PAGES_READ: &str =
    "select (heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit + toast_blks_read + toast_blks_hit)::bigint
                          from pg_statio_user_tables where relname = 'archives'";
