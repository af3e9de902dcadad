//! What lists find, and that they use an index when the table is large.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;

/// Returns a pool like the one through which the API and the dashboard read.
async fn reads(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options.application_name("reads").options(READ_OPTIONS))
        .await
        .unwrap()
}

/// Inserts two workflows and `count` runs: one in a hundred is live, one in a thousand needs attention, one in 500
/// faulted.
async fn fill(pool: &PgPool, count: i32) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "insert into definitions (namespace, name, version, hash, source, functions, deployed_by) values
             ('crm-erp', 'closed-won', '1.0.0', 'a', '', '{{}}', 'test'),
             ('crm-erp', 'closed-won', '1.1.0', 'b', '', '{{}}', 'test'),
             ('crm-erp', 'rare', '1.0.0', 'c', '', '{{}}', 'test');
         insert into runs (shard, id, definition_id, status, attention, fingerprint, attention_at, key, fence, seq, attempts,
                           head, created_at, finished_at)
         select n % 256,
                (lpad(to_hex(1700000000000 + n * 1000::bigint), 12, '0') || '7000' || '8' || lpad(to_hex(n), 15, '0'))::uuid,
                case when n % 5000 = 7 then 3 else n % 2 + 1 end,
                case when n % 100 = 0 then (array['pending', 'running', 'waiting', 'suspended', 'compensating'])[n / 100 % 5 + 1]
                     when n % 500 = 1 then 'faulted' else 'completed' end,
                case when n % 1000 = 1 then 'faulted' end,
                case when n % 1000 = 1 then 'cause' || n / 1000 % 3 end,
                case when n % 1000 = 1 then to_timestamp(1700000002 + n) end,
                '006Ws' || lpad(n::text, 8, '0'), 1, 5, 0, 'h', to_timestamp(1700000000 + n),
                case when n % 100 <> 0 and n % 500 <> 1 then to_timestamp(1700000001 + n) end
         from generate_series(1, {count}) n;
         analyze runs; analyze definitions;"
    )))
    .execute(pool)
    .await
    .unwrap();
}

fn at(n: i64) -> Time {
    Time::from_timestamp(1_700_000_000 + n, 0).unwrap()
}

async fn keys(pool: &PgPool, filter: RunFilter) -> Vec<i64> {
    let rows = runs(pool, &filter, None, 1000).await.unwrap().rows;
    rows.into_iter().map(|r| r.key.unwrap()[5..].parse().unwrap()).collect()
}

#[sqlx::test]
async fn filters_combine(pool: PgPool) {
    fill(&pool, 2000).await;
    let all = RunFilter::default();
    assert_eq!(keys(&pool, RunFilter { attention: Some("any".into()), ..all.clone() }).await, [1001, 1]);
    assert_eq!(keys(&pool, RunFilter { attention: Some("poison".into()), ..all.clone() }).await, [0; 0]);
    assert_eq!(keys(&pool, RunFilter { key: Some("006Ws00000042".into()), ..all.clone() }).await, [42]);
    assert_eq!(keys(&pool, RunFilter { q: Some("006Ws0000004".into()), ..all.clone() }).await.len(), 10);
    assert_eq!(keys(&pool, RunFilter { workflow: Some("crm-erp/rare".into()), ..all.clone() }).await, [7]);
    assert_eq!(keys(&pool, RunFilter { workflow: Some("nowhere".into()), ..all.clone() }).await, [0; 0]);
    let window = RunFilter { since: Some(at(10)), until: Some(at(13)), ..all.clone() };
    assert_eq!(keys(&pool, window.clone()).await, [12, 11, 10]);
    assert_eq!(keys(&pool, RunFilter { order: Order::Oldest, ..window.clone() }).await, [10, 11, 12]);
    let even = RunFilter { workflow: Some("closed-won".into()), version: Some("1.0.0".into()), ..window };
    assert_eq!(keys(&pool, even).await, [12, 10]);
    let waiting = RunFilter { status: vec![Status::Waiting, Status::Pending], until: Some(at(1100)), ..all.clone() };
    assert_eq!(keys(&pool, waiting).await, [1000, 700, 500, 200]);
    let calm = RunFilter { status: vec![Status::Faulted], attention: Some("none".into()), ..all };
    assert_eq!(keys(&pool, calm).await, [1501, 501]);
}

/// Whether run `n` of [`fill`] matches, by the same rules written in Rust.
fn fits(filter: &RunFilter, n: i64) -> bool {
    let status = match n {
        _ if n % 100 == 0 => ["pending", "running", "waiting", "suspended", "compensating"][n as usize / 100 % 5],
        _ if n % 500 == 1 => "faulted",
        _ => "completed",
    };
    let version = if n % 5000 == 7 || n % 2 == 0 { "1.0.0" } else { "1.1.0" };
    let workflow = if n % 5000 == 7 { "rare" } else { "closed-won" };
    let attention = n % 1000 == 1;
    filter.workflow.as_deref().is_none_or(|w| w == workflow || w == format!("crm-erp/{workflow}"))
        && filter.version.as_deref().is_none_or(|v| v == version)
        && (filter.status.is_empty() || filter.status.iter().any(|s| s.as_str() == status))
        && filter.attention.as_deref().is_none_or(|a| match a {
            "none" => !attention,
            "any" | "faulted" => attention,
            _ => false,
        })
        && filter.fingerprint.as_ref().is_none_or(|f| attention && *f == format!("cause{}", n / 1000 % 3))
        && filter.key.as_ref().is_none_or(|k| *k == format!("006Ws{n:08}"))
        && filter.q.as_ref().is_none_or(|q| format!("006Ws{n:08}").starts_with(q))
        && filter.since.is_none_or(|t| at(n) >= t)
        && filter.until.is_none_or(|t| at(n) < t)
}

/// Each filter alone and in pairs, in both orders: pages contain exactly the matches, and few pages are needed. The
/// table has a hundred times as many rows as a page examines.
#[sqlx::test]
async fn filters_alone_and_in_pairs_find_every_match_in_few_pages(pool: PgPool) {
    const RUNS: i64 = 200_000;
    fill(&pool, 200_000).await;
    type Set = fn(&mut RunFilter);
    let filters: [Set; 17] = [
        |_| {},
        |f| f.workflow = Some("crm-erp/rare".into()),
        |f| f.workflow = Some("closed-won".into()),
        |f| f.version = Some("1.1.0".into()),
        |f| f.status = vec![Status::Faulted],
        |f| f.status = vec![Status::Completed],
        |f| f.status = vec![Status::Waiting, Status::Completed, Status::Faulted],
        |f| f.status = vec![Status::Cancelled, Status::Compensated],
        |f| f.attention = Some("any".into()),
        |f| f.attention = Some("none".into()),
        |f| f.attention = Some("faulted".into()),
        |f| f.fingerprint = Some("cause1".into()),
        |f| f.key = Some("006Ws00000042".into()),
        |f| f.q = Some("006Ws0000004".into()),
        |f| f.q = Some("006Ws0001".into()),
        |f| f.since = Some(at(150_000)),
        |f| f.until = Some(at(30)),
    ];
    for (i, one) in filters.iter().enumerate() {
        for other in &filters[i..] {
            for order in [Order::Newest, Order::Oldest] {
                let mut filter = RunFilter { order, ..RunFilter::default() };
                one(&mut filter);
                other(&mut filter);
                let mut expected: Vec<i64> = (1..=RUNS).filter(|n| fits(&filter, *n)).collect();
                if order == Order::Newest {
                    expected.reverse();
                }
                expected.truncate(120);
                let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
                while found.len() < expected.len().max(1) {
                    let page = page(&pool, &filter, after, 60).await.unwrap();
                    found.extend(page.rows.iter().map(|r| r.key.as_ref().unwrap()[5..].parse::<i64>().unwrap()));
                    (after, pages) = (page.next, pages + 1);
                    assert!(pages <= 102, "{filter:?} needs more than {pages} pages");
                    if after.is_none() {
                        break;
                    }
                }
                found.truncate(120);
                assert_eq!(found, expected, "{filter:?}");
            }
        }
    }
}

#[sqlx::test]
async fn what_needs_a_person_is_grouped_by_cause(pool: PgPool) {
    fill(&pool, 10_000).await;
    let groups = causes(&pool, 10).await.unwrap();
    let told: Vec<_> = groups.iter().map(|g| (g.fingerprint.as_str(), g.count, g.first_at, g.last_at)).collect();
    assert_eq!(
        told,
        [("cause0", 4, at(3), at(9_003)), ("cause1", 3, at(1_003), at(7_003)), ("cause2", 3, at(2_003), at(8_003)),]
    );
    assert!(groups.iter().all(|g| g.workflow.1 == "closed-won" && g.attention == "faulted"));
    let one = RunFilter { fingerprint: Some("cause2".into()), ..RunFilter::default() };
    assert_eq!(keys(&pool, one).await, [8_001, 5_001, 2_001]);
}

#[sqlx::test]
async fn a_run_is_found_by_the_start_of_its_id(pool: PgPool) {
    fill(&pool, 50).await;
    let first = runs(&pool, &RunFilter::default(), None, 1).await.unwrap().rows.remove(0);
    let q = first.id.to_string()[..13].to_uppercase();
    let found = runs(&pool, &RunFilter { q: Some(q), ..RunFilter::default() }, None, 10).await.unwrap().rows;
    assert!(found.iter().any(|r| r.id == first.id));
    assert_eq!(run(&pool, first.id).await.unwrap().unwrap().workflow.name, "closed-won");
    assert!(run(&pool, Uuid::now_v7()).await.unwrap().is_none());
}

#[sqlx::test]
async fn pages_neither_repeat_nor_skip(pool: PgPool) {
    fill(&pool, 95).await;
    for order in [Order::Newest, Order::Oldest] {
        let filter = RunFilter { order, ..RunFilter::default() };
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = page(&pool, &filter, after, 10).await.unwrap();
            seen.extend(page.rows.into_iter().map(|r| r.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 95);
        assert!(seen.windows(2).all(|w| (w[0] > w[1]) == (order == Order::Newest)));
    }
}

#[sqlx::test]
async fn runs_of_an_event_are_those_that_its_row_names(pool: PgPool) {
    fill(&pool, 3).await;
    let run = runs(&pool, &RunFilter::default(), None, 1).await.unwrap().rows.remove(0).id;
    let event = Uuid::now_v7();
    sqlx::query("insert into events values ($1, 's', '1', 't', now(), '{}', '', '{}', 'run', array[$2]::uuid[])")
        .bind(event)
        .bind(run)
        .execute(&pool)
        .await
        .unwrap();
    let filter = |event| RunFilter { event: Some(event), ..RunFilter::default() };
    assert_eq!(runs(&pool, &filter(event), None, 10).await.unwrap().rows[0].id, run);
    assert!(runs(&pool, &filter(Uuid::now_v7()), None, 10).await.unwrap().rows.is_empty());
}

/// Lists over 200,000 runs read a few pages of an index, whatever the filter. Counts pages instead of time, because the
/// test machine is shared.
#[sqlx::test]
async fn a_large_history_does_not_make_lists_slow(
    pool_options: PgPoolOptions,
    options: PgConnectOptions,
) -> sqlx::Result<()> {
    let pool = pool_options.connect_with(options.clone()).await?;
    fill(&pool, 200_000).await;
    let all = RunFilter::default();
    let filters = [
        ("nothing", all.clone(), 50),
        ("attention", RunFilter { attention: Some("any".into()), ..all.clone() }, 50),
        ("live", RunFilter { status: vec![Status::Waiting], ..all.clone() }, 50),
        ("faulted", RunFilter { status: vec![Status::Faulted], ..all.clone() }, 50),
        ("key", RunFilter { key: Some("006Ws00000042".into()), ..all.clone() }, 1),
        ("prefix", RunFilter { q: Some("006Ws0000004".into()), ..all.clone() }, 10),
        ("rare workflow", RunFilter { workflow: Some("rare".into()), ..all.clone() }, 40),
        ("window", RunFilter { since: Some(at(5000)), until: Some(at(5050)), ..all.clone() }, 50),
        ("oldest", RunFilter { order: Order::Oldest, ..all.clone() }, 50),
        (
            "live and a version",
            RunFilter {
                status: vec![Status::Running],
                workflow: Some("closed-won".into()),
                version: Some("1.0.0".into()),
                ..all
            },
            50,
        ),
    ];
    for (name, filter, expected) in filters {
        let before = blocks(&pool).await;
        let reads = reads(options.clone()).await;
        assert_eq!(runs(&reads, &filter, None, 50).await.unwrap().rows.len(), expected, "{name}");
        gone(&pool, reads).await;
        let read = blocks(&pool).await - before;
        assert!(read < 1500, "{name} read {read} blocks");
    }
    let reads = reads(options).await;
    let counts = live_counts(&reads).await.unwrap();
    assert_eq!(counts.attention, 200);
    assert_eq!(counts.by_status.iter().map(|(_, n)| n).sum::<i64>(), 2000);
    Ok(())
}

async fn blocks(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select (heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::bigint
         from pg_statio_user_tables where relname = 'runs'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Closes a pool and waits until its connections have ended, because they only then report what they read.
async fn gone(pool: &PgPool, reads: PgPool) {
    reads.close().await;
    let others = "select exists (select 1 from pg_stat_activity where datname = current_database()
                                 and application_name = 'reads')";
    for _ in 0..10_000 {
        if !sqlx::query_scalar::<_, bool>(others).fetch_one(pool).await.unwrap() {
            return;
        }
    }
    panic!("connections of a closed pool did not end");
}
