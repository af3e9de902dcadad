//! Lists of events, and lookup by a sender's id.

use super::*;

/// Stores ten events; every third is unmatched.
async fn fill(pool: &PgPool) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for n in 0..10 {
        let id = Uuid::now_v7();
        sqlx::query(
            "with e as (insert into events values ($1, $2, $3, 'won', now(), '{\"a\":\"b\"}', '\\x7b7d', '{}', $4, '{}'))
             insert into event_keys values ($2, $3, $1, '', '{}', now())",
        )
        .bind(id)
        .bind(if n % 2 == 0 { "salesforce" } else { "github" })
        .bind(format!("evt-{n}"))
        .bind(if n % 3 == 0 { "unmatched" } else { "run" })
        .execute(pool)
        .await
        .unwrap();
        ids.push(id);
    }
    ids
}

#[sqlx::test]
async fn filters_combine_and_pages_follow_each_other(pool: PgPool) {
    let ids = fill(&pool).await;
    let unmatched =
        EventFilter { outcome: Some("unmatched".into()), source: Some("salesforce".into()), ..EventFilter::default() };
    let found: Vec<Uuid> = list(&pool, &unmatched, None, 10).await.unwrap().iter().map(|e| e.id).collect();
    assert_eq!(found, [ids[6], ids[0]]);
    let second = list(&pool, &unmatched, Some(ids[6]), 10).await.unwrap();
    assert_eq!((second.len(), second[0].id), (1, ids[0]));
    let oldest = EventFilter { order: Order::Oldest, ..EventFilter::default() };
    assert_eq!(list(&pool, &oldest, Some(ids[2]), 2).await.unwrap()[0].id, ids[3]);
}

#[sqlx::test]
async fn an_event_is_found_by_its_senders_id(pool: PgPool) {
    let ids = fill(&pool).await;
    let filter =
        |id: &str| EventFilter { source: Some("github".into()), event_id: Some(id.into()), ..EventFilter::default() };
    assert_eq!(list(&pool, &filter("evt-3"), None, 10).await.unwrap()[0].id, ids[3]);
    assert!(list(&pool, &filter("evt-4"), None, 10).await.unwrap().is_empty());
    let seen = known_ids(&pool, "github", &["evt-1".into(), "evt-2".into()]).await.unwrap();
    assert_eq!(seen, ["evt-1"]);
    let event = find(&pool, ids[3]).await.unwrap().unwrap();
    assert_eq!((event.body.as_slice(), event.headers.get()), (&b"{}"[..], r#"{"a":"b"}"#));
    assert!(find(&pool, Uuid::now_v7()).await.unwrap().is_none());
}

/// Number of events, one per second since the epoch of these tests, numbered from 1.
const EVENTS: i64 = 200_000;

fn at(n: i64) -> Time {
    Time::from_timestamp_millis(1_700_000_000_000 + n * 1000).unwrap()
}

fn source_of(n: i64) -> &'static str {
    if n % 50_000 == 7 { "rare" } else { ["crm", "erp", "shop"][usize::try_from(n % 3).unwrap()] }
}

fn outcome_of(n: i64) -> &'static str {
    match n % 1_000 {
        1 => "rejected",
        2 => "resumed",
        3..=200 => "unmatched",
        _ => "run",
    }
}

/// Fills the default partition with a large history.
async fn fill_many(pool: &PgPool) {
    let statement = format!(
        "insert into events (id, source, event_id, type, received_at, headers, body, attributes, outcome, runs)
         select (lpad(to_hex(1700000000000 + n * 1000::bigint), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
                case when n % 50000 = 7 then 'rare' else (array['crm', 'erp', 'shop'])[n % 3 + 1] end, 'id' || n,
                case when n % 40000 = 9 then 'never' else 'changed' end,
                to_timestamp(1700000000 + n), '{{}}', '', '{{}}',
                case n % 1000 when 1 then 'rejected' when 2 then 'resumed' else
                     case when n % 1000 between 3 and 200 then 'unmatched' else 'run' end end, '{{}}'
         from generate_series(1, {EVENTS}) as n;
         insert into event_keys (source, event_id, event, body_hash, runs, received_at)
         select source, event_id, id, '', '{{}}', received_at from events;
         insert into event_attention (event, of_source) select id, source from events where outcome = 'rejected';
         analyze events; analyze event_keys; analyze event_attention"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(pool).await.unwrap();
}

fn fits(filter: &EventFilter, n: i64) -> bool {
    let r#type = if n % 40_000 == 9 { "never" } else { "changed" };
    filter.source.as_deref().is_none_or(|source| source == source_of(n))
        && filter.r#type.as_deref().is_none_or(|wanted| wanted == r#type)
        && filter.outcome.as_deref().is_none_or(|outcome| outcome == outcome_of(n))
        && filter.event_id.as_deref().is_none_or(|id| id == format!("id{n}"))
        && (!filter.attention || outcome_of(n) == "rejected")
        && filter.since.is_none_or(|t| at(n) >= t)
        && filter.until.is_none_or(|t| at(n) < t)
}

/// Each filter alone and in pairs, in both orders: pages contain exactly the matches, and few pages are needed.
#[sqlx::test]
async fn filters_of_events_alone_and_in_pairs_find_every_match_in_few_pages(pool: PgPool) {
    fill_many(&pool).await;
    type Set = fn(&mut EventFilter);
    let filters: [Set; 14] = [
        |_| {},
        |f| f.source = Some("rare".into()),
        |f| f.source = Some("crm".into()),
        |f| f.source = Some("nobody".into()),
        |f| f.r#type = Some("never".into()),
        |f| f.r#type = Some("changed".into()),
        |f| f.outcome = Some("rejected".into()),
        |f| f.outcome = Some("unmatched".into()),
        |f| f.outcome = Some("run".into()),
        |f| f.outcome = Some("resumed".into()),
        |f| f.event_id = Some("id77".into()),
        |f| f.attention = true,
        |f| f.since = Some(at(150_000)),
        |f| f.until = Some(at(30)),
    ];
    for (i, one) in filters.iter().enumerate() {
        for other in &filters[i..] {
            for order in [Order::Newest, Order::Oldest] {
                let mut filter = EventFilter { order, ..EventFilter::default() };
                one(&mut filter);
                other(&mut filter);
                let mut expected: Vec<i64> = (1..=EVENTS).filter(|n| fits(&filter, *n)).collect();
                if order == Order::Newest {
                    expected.reverse();
                }
                expected.truncate(120);
                let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
                while found.len() < expected.len().max(1) {
                    let page = page(&pool, &filter, after, 60).await.unwrap();
                    found.extend(page.rows.iter().map(|row| row.event_id[2..].parse::<i64>().unwrap()));
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
