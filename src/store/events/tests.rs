//! Lists of events, and one by its sender's id.

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
