//! Events that need attention.

use super::*;
use crate::machine::Actor;
use crate::store::events::{self, EventFilter};
use crate::store::fixture::{event, store_events};
use crate::store::runs::listing::Order;

/// Stores events of a source and returns every second one, which needs attention.
async fn fill(pool: &PgPool, source: &str, count: usize) -> Vec<Uuid> {
    let mut connection = pool.acquire().await.unwrap();
    let mut asking = Vec::new();
    for n in 0..count {
        let mut new = event(Uuid::now_v7());
        new.source = source.to_owned();
        new.needs_attention = n % 2 == 0;
        new.outcome = if new.needs_attention { "rejected" } else { "unmatched" };
        let waiting = store_events(&mut connection, &[&new]).await;
        assert!(waiting.is_empty());
        if new.needs_attention {
            ask(&mut connection, &[&new]).await.unwrap();
            asking.push(new.id);
        }
    }
    asking
}

#[sqlx::test]
async fn an_event_needs_attention_until_someone_replays_or_dismisses_it_and_who_did_is_recorded(pool: PgPool) {
    let asking = fill(&pool, "crm", 6).await;
    fill(&pool, "erp", 1).await;
    assert_eq!(by_source(&pool).await.unwrap(), [("crm".to_owned(), 3), ("erp".to_owned(), 1)]);
    let actor = Actor("user:ada".into());
    let by = By { actor: &actor, reason: Some("a test") };
    let replay = Uuid::now_v7();
    assert!(settle(&pool, asking[0], Settled::Dismissed, by).await.unwrap());
    assert!(!settle(&pool, asking[0], Settled::Dismissed, by).await.unwrap(), "once");
    assert!(settle(&pool, asking[1], Settled::Replayed(replay), by).await.unwrap());
    assert_eq!(by_source(&pool).await.unwrap(), [("crm".to_owned(), 1), ("erp".to_owned(), 1)]);
    let dismissed = acts_on(&pool, asking[0]).await.unwrap();
    assert_eq!((dismissed.len(), dismissed[0].act.as_str()), (1, "event.dismiss"));
    assert_eq!((dismissed[0].actor.as_str(), dismissed[0].reason.as_deref()), ("user:ada", Some("a test")));
    assert_eq!(acts_on(&pool, asking[1]).await.unwrap()[0].event, Some(replay));
}

#[sqlx::test]
async fn those_that_ask_are_listed_alone_in_both_orders_and_page_by_page(pool: PgPool) {
    let asking = fill(&pool, "crm", 6).await;
    fill(&pool, "erp", 2).await;
    let only = EventFilter { attention: true, source: Some("crm".into()), ..EventFilter::default() };
    let listed = async |filter: &EventFilter, after| {
        let rows = events::list(&pool, filter, after, 2).await.unwrap();
        assert!(rows.iter().all(|row| row.attention));
        rows.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(&only, None).await, [asking[2], asking[1]]);
    assert_eq!(listed(&only, Some(asking[1])).await, [asking[0]]);
    let oldest = EventFilter { order: Order::Oldest, ..only };
    assert_eq!(listed(&oldest, Some(asking[0])).await, [asking[1], asking[2]]);
    let all = events::list(&pool, &EventFilter::default(), None, 20).await.unwrap();
    assert_eq!((all.len(), all.iter().filter(|row| row.attention).count()), (8, 4));
}

#[sqlx::test]
async fn unmatched_events_are_counted_by_source_and_type(pool: PgPool) {
    fill(&pool, "erp", 2).await;
    fill(&pool, "crm", 6).await;
    let since = chrono::Utc::now() - chrono::TimeDelta::hours(1);
    let found = unmatched(&pool, since, 10).await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (one.source.as_str(), one.r#type.as_str(), one.events)).collect();
    assert_eq!(found, [("crm", "t", 3), ("erp", "t", 1)]);
    let later = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    assert!(unmatched(&pool, later, 10).await.unwrap().is_empty());
}

#[sqlx::test]
async fn a_rejected_event_reaches_no_run_even_if_one_waits_for_any_event(pool: PgPool) {
    sqlx::query(
        "insert into listeners (shard, run_id, execution, filter, event_type, kind, key) values (0, $1, 0, 0, '', '1:0:/do/0/a', '')",
    )
    .bind(Uuid::now_v7())
    .execute(&pool)
    .await
    .unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let (mut rejected, unmatched) = (event(Uuid::now_v7()), event(Uuid::now_v7()));
    rejected.outcome = "rejected";
    let waited_for = store_events(&mut connection, &[&rejected, &unmatched]).await;
    assert_eq!(waited_for, [unmatched.id]);
}
