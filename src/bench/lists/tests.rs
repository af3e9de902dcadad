//! Limits how many rows pages read. Counts rows rather than time, because tests run on shared machines.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;
use crate::store::runs::listing::READ_OPTIONS;

const ROWS: i64 = 80_000;

/// A page may read 5,000 rows from an index, or 50 of each of 200 versions, and before that 10,000 keys.
const LOOKED_AT_MAX: i64 = 27_000;

/// Rows read by closed connections, with and without index.
async fn rows_read(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select (select coalesce(sum(seq_tup_read), 0) from pg_stat_user_tables)::bigint
              + (select coalesce(sum(idx_tup_read), 0) from pg_stat_user_indexes)::bigint",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Blocks read by closed connections, except from tables that do not grow.
async fn pages_read(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "select sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))::bigint
         from pg_statio_user_tables where relname <> 'definitions'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Runs something on its own connections and returns how much they read.
async fn counted(
    pool: &PgPool,
    options: &PgConnectOptions,
    count: impl AsyncFn(&PgPool) -> i64,
    read: impl AsyncFn(&PgPool),
) -> i64 {
    let before = count(pool).await;
    let options = options.clone().application_name("reads").options(READ_OPTIONS);
    let reads = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    read(&reads).await;
    reads.close().await;
    ended(pool).await;
    count(pool).await - before
}

/// Waits until all other connections are closed, because they report their reads only then.
async fn ended(pool: &PgPool) {
    let others =
        "select exists (select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                                 and backend_type = 'client backend')";
    while sqlx::query_scalar::<_, bool>(others).fetch_one(pool).await.unwrap() {
        tokio::task::yield_now().await;
    }
}

async fn filled(pool_options: PgPoolOptions, options: &PgConnectOptions) -> PgPool {
    let mut filler = PgConnection::connect_with(options).await.unwrap();
    history::fill(&mut filler, ROWS).await.unwrap();
    filler.close().await.unwrap();
    let pool = pool_options.max_connections(1).connect_with(options.clone()).await.unwrap();
    ended(&pool).await;
    pool
}

#[sqlx::test]
async fn every_filter_of_runs_alone_and_in_pairs_looks_at_few_rows(
    pool_options: PgPoolOptions,
    options: PgConnectOptions,
) {
    let pool = filled(pool_options, &options).await;
    for (name, filter) in filters::pairs(&filters::OF_RUNS, ROWS) {
        for (told, order, behind, after) in places(ROWS).into_iter().filter(|place| place.2 != "nine tenths") {
            let filter = RunFilter { order, ..filter.clone() };
            let page = async |reads: &PgPool| drop(listing::page(reads, &filter, after, PAGE).await.unwrap());
            let read = counted(&pool, &options, rows_read, page).await;
            assert!(read <= LOOKED_AT_MAX, "{name}, {told} first, behind {behind}: {read} rows");
        }
    }
}

#[sqlx::test]
async fn every_filter_of_events_alone_and_in_pairs_looks_at_few_rows(
    pool_options: PgPoolOptions,
    options: PgConnectOptions,
) {
    let pool = filled(pool_options, &options).await;
    for (name, filter) in filters::pairs(&filters::OF_EVENTS, ROWS) {
        for (told, order, behind, after) in places(ROWS).into_iter().filter(|place| place.2 != "nine tenths") {
            let filter = EventFilter { order, ..filter.clone() };
            let page = async |reads: &PgPool| drop(events::page(reads, &filter, after, PAGE).await.unwrap());
            let read = counted(&pool, &options, rows_read, page).await;
            assert!(read <= LOOKED_AT_MAX, "{name}, {told} first, behind {behind}: {read} rows");
        }
    }
}

/// An index scan ends with the page's time range, and does not continue to the end of a version or type.
#[sqlx::test]
async fn a_page_reads_no_further_than_its_time(pool_options: PgPoolOptions, options: PgConnectOptions) {
    let pool = filled(pool_options, &options).await;
    let (since, until) = (history::at(ROWS * 3 / 4), history::at(ROWS / 4));
    let windows = [(Some(since), None, Order::Newest), (None, Some(until), Order::Oldest)];
    for (since, until, order) in windows {
        // Starts behind all matching rows.
        let after = Some(id(ROWS / 2));
        let runs = RunFilter { since, until, order, ..RunFilter::default() };
        for filter in [
            RunFilter { workflow: Some("closed-won".into()), ..runs.clone() },
            RunFilter { status: vec![crate::machine::Status::Waiting], ..runs.clone() },
            RunFilter { status: vec![crate::machine::Status::Faulted], ..runs.clone() },
            RunFilter { attention: Some("any".into()), ..runs.clone() },
            runs.clone(),
        ] {
            let page = async |reads: &PgPool| {
                let page = listing::page(reads, &filter, after, PAGE).await.unwrap();
                assert!(page.rows.is_empty() && page.next.is_none(), "{filter:?}");
            };
            let read = counted(&pool, &options, pages_read, page).await;
            assert!(read <= 40, "{filter:?}: {read} pages");
        }
        let events = EventFilter { since, until, order, ..EventFilter::default() };
        for filter in [
            EventFilter { r#type: Some("changed".into()), ..events.clone() },
            EventFilter { source: Some("crm".into()), ..events.clone() },
            EventFilter { outcome: Some("unmatched".into()), ..events.clone() },
            EventFilter { attention: true, ..events.clone() },
            events.clone(),
        ] {
            let page = async |reads: &PgPool| {
                let page = events::page(reads, &filter, after, PAGE).await.unwrap();
                assert!(page.rows.is_empty() && page.next.is_none(), "{filter:?}");
            };
            let read = counted(&pool, &options, pages_read, page).await;
            assert!(read <= 40, "{filter:?}: {read} pages");
        }
    }
}
