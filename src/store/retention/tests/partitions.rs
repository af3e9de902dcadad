//! Partitions are created ahead of time and dropped once they are empty and in the past; neither undoes the other.

use super::*;

const NAMES: &str = "select array_agg(name order by low) from partition_bounds('journal')";

#[sqlx::test]
async fn partitions_are_monthly_and_made_for_this_month_and_the_next(pool: PgPool) {
    ensure_partitions(&pool).await.unwrap();
    ensure_partitions(&pool).await.unwrap();
    let names: Vec<String> = scalar(&pool, NAMES).await;
    let month = |months: u32| {
        let month: String =
            format!("select to_char((now() at time zone 'utc') + interval '{months} months', 'YYYYMM')");
        month
    };
    for ahead in [0, 1] {
        let name = format!("journal_{}", scalar::<String>(&pool, &month(ahead)).await);
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert!(names.len() <= 3, "{names:?}");
}

#[sqlx::test]
async fn a_month_with_daily_partitions_keeps_them_and_is_filled_in_between_without_an_overlap(pool: PgPool) {
    let daily = |day: &str, next: &str| {
        format!(
            "create table journal_{} partition of journal for values from (uuid_floor({day})) to (uuid_floor({next}))",
            Uuid::now_v7().simple()
        )
    };
    // Daily partitions in the coming month, as an earlier version created them; one after a gap.
    let first = "date_trunc('month', now() at time zone 'utc') + interval '1 month'";
    for (from, to) in [(3, 4), (4, 5), (9, 10)] {
        execute(
            &pool,
            &daily(&format!("{first} + interval '{from} days'"), &format!("{first} + interval '{to} days'")),
        )
        .await;
    }
    ensure_partitions(&pool).await.unwrap();
    let holes: i64 = scalar(
        &pool,
        "select count(*) from (select high, lead(low) over (order by low) as next from partition_bounds('journal')) p
         where next is not null and next <> high",
    )
    .await;
    assert_eq!(holes, 0, "the partitions follow each other");
    let in_month: i64 = scalar(
        &pool,
        &format!("select count(*) from partition_bounds('journal') where low >= uuid_floor({first}) and low < uuid_floor({first} + interval '1 month')"),
    )
    .await;
    assert_eq!(in_month, 3 + 3, "three days, and what is before, between and behind them");
}

#[sqlx::test]
async fn rows_in_the_default_partition_move_into_the_one_that_is_made_for_them(pool: PgPool) {
    let id = Uuid::now_v7();
    definition(&pool).await;
    ended_run(&pool, id, None).await;
    let place = "select tableoid::regclass::text from journal";
    assert_eq!(scalar::<String>(&pool, place).await, "journal_default");
    ensure_partitions(&pool).await.unwrap();
    assert!(scalar::<String>(&pool, place).await.starts_with("journal_2"));
    let found = journal::read(&mut pool.acquire().await.unwrap(), id, 0, 10).await.unwrap();
    assert_eq!(found.len(), 1);
}

#[sqlx::test]
async fn a_partition_of_the_past_is_dropped_once_it_is_empty_and_no_other(pool: PgPool) {
    definition(&pool).await;
    for month in ["2026-01", "2026-02"] {
        let name = month.replace('-', "");
        execute(
            &pool,
            &format!(
                "create table journal_{name} partition of journal for values from (uuid_floor('{month}-01')) to (uuid_floor('{month}-28'))"
            ),
        )
        .await;
    }
    ensure_partitions(&pool).await.unwrap();
    let january: Uuid = scalar(&pool, "select uuid_floor('2026-01-10')").await;
    ended_run(&pool, january, None).await;
    assert_eq!(drop_empty_partition(&pool).await.unwrap().as_deref(), Some("journal_202602"));
    assert_eq!(drop_empty_partition(&pool).await.unwrap(), None, "one has a row, and the others are not past");
    execute(&pool, "delete from journal").await;
    assert_eq!(drop_empty_partition(&pool).await.unwrap().as_deref(), Some("journal_202601"));
}

/// Both functions run every ten minutes, so `ensure_partitions` must not recreate a dropped partition.
#[sqlx::test]
async fn what_is_dropped_is_never_made_again(pool: PgPool) {
    for (now, until) in [
        ("2026-11-30 12:00Z", "2026-11-01"),
        ("2026-12-01 00:30Z", "2026-11-01"),
        ("2026-12-02 00:00Z", "2026-11-25"),
        ("2026-12-01 23:59-05", "2026-11-25 04:59"),
        ("2026-12-09 00:00Z", "2026-12-01"),
    ] {
        let is_until = format!("select droppable_until('{now}') = uuid_floor('{until}')");
        assert!(scalar::<bool>(&pool, &is_until).await, "{now}");
    }
    // Daily partitions of an earlier version, from the month before until today.
    execute(
        &pool,
        "do $$ declare day timestamp; begin
             for day in select d from generate_series(date_trunc('month', (now() at time zone 'utc') - interval '1 month'),
                                                      now() at time zone 'utc', interval '1 day') d loop
                 perform add_partition('journal', uuid_floor(day), uuid_floor(day + interval '1 day'));
             end loop;
         end $$",
    )
    .await;
    let names = "select count(*) from partition_bounds('journal')";
    ensure_partitions(&pool).await.unwrap();
    let before: i64 = scalar(&pool, names).await;
    let mut dropped = 0;
    while drop_empty_partition(&pool).await.unwrap().is_some() {
        dropped += 1;
    }
    ensure_partitions(&pool).await.unwrap();
    assert_eq!(scalar::<i64>(&pool, names).await, before - dropped);
}

#[sqlx::test]
async fn a_partition_in_use_is_not_waited_for(pool: PgPool) {
    execute(
        &pool,
        "create table journal_202601 partition of journal for values from (uuid_floor('2026-01-01')) to (uuid_floor('2026-02-01'))",
    )
    .await;
    let mut reader = pool.begin().await.unwrap();
    sqlx::query("select from journal").fetch_all(&mut *reader).await.unwrap();
    let refused = drop_empty_partition(&pool).await.unwrap_err();
    assert!(refused.is_lock_timeout(), "{refused}");
    reader.rollback().await.unwrap();
    assert!(drop_empty_partition(&pool).await.unwrap().is_some());
}
