//! Who owns a topic, and what is written with an event of it.

use std::sync::Arc;

use sqlx::PgPool;
use uuid::Uuid;

use super::{Gap, tell_of_gap};
use crate::engine::runs::batch::{Accept, AcceptOutcome};
use crate::engine::runs::committer::Committer;
use crate::store::events::outgoing;
use crate::store::events::topics::{self, Claimed, NewPosition, Position, Step, TopicId};
use crate::store::fixture::event;
use crate::store::nodes;

fn id() -> TopicId {
    TopicId { source: "crm".into(), topic: "/data/AccountChangeEvent".into() }
}

/// A node with a lease of so many seconds.
async fn node(pool: &PgPool, lease: f64) -> Uuid {
    let node = Uuid::new_v4();
    nodes::register(pool, node, "n", "0", lease, 2).await.unwrap();
    node
}

async fn claim(pool: &PgPool, node: Uuid) -> Option<Claimed> {
    topics::claim(pool, node, &[&id()]).await.unwrap().pop()
}

fn position(owner: Uuid, fence: i64, seq_before: i64, replay_id: &[u8]) -> NewPosition {
    NewPosition { id: id(), owner, fence, seq_before, replay_id: Some(replay_id.to_vec()), step: Step::Event(None) }
}

/// An event of this id with its position.
fn accept(event_id: &str, position: NewPosition) -> Accept {
    let mut event = event(Uuid::now_v7());
    event.event_id = event_id.to_owned();
    event.is_proven = true;
    Accept { event: Some(event), runs: Vec::new(), act: None, position: Some(position), judged_by: None }
}

async fn stored(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select event_id from events order by event_id").fetch_all(pool).await.unwrap()
}

#[sqlx::test]
async fn a_topic_has_one_owner_until_that_one_is_dead_or_leaves(pool: PgPool) {
    topics::declare(&pool, &[&id()]).await.unwrap();
    topics::declare(&pool, &[&id()]).await.unwrap();
    let (first, second) = (node(&pool, 60.0).await, node(&pool, 60.0).await);
    let claimed = claim(&pool, first).await.expect("it was free");
    assert_eq!(claimed.fence, 1);
    assert!(claim(&pool, second).await.is_none(), "its owner lives");
    // A node that does not know that it owns it, for the task that followed it has ended.
    assert_eq!(claim(&pool, first).await.unwrap().fence, 2);
    nodes::leave(&pool, first).await.unwrap();
    let taken = claim(&pool, second).await.expect("its owner has left");
    assert_eq!(taken.fence, 3);
    assert_eq!(topics::position(&pool, first, &claimed).await.unwrap(), None);
    topics::release(&pool, first, &claimed).await.unwrap();
    let third = node(&pool, 60.0).await;
    assert!(claim(&pool, third).await.is_none(), "a former owner releases nothing");
    topics::release(&pool, second, &taken).await.unwrap();
    assert_eq!(claim(&pool, third).await.unwrap().fence, 4);
    sqlx::query("update nodes set expires_at = now() - interval '1 second'").execute(&pool).await.unwrap();
    let fourth = node(&pool, 60.0).await;
    assert_eq!(claim(&pool, fourth).await.unwrap().fence, 5, "a lease that is over counts as death");
}

#[sqlx::test]
async fn an_event_is_stored_with_its_position_or_not_at_all(pool: PgPool) {
    topics::declare(&pool, &[&id()]).await.unwrap();
    let (former, owner) = (node(&pool, 60.0).await, node(&pool, 60.0).await);
    let lost = claim(&pool, former).await.unwrap();
    nodes::leave(&pool, former).await.unwrap();
    let claimed = claim(&pool, owner).await.unwrap();
    let (committer, workers) = Committer::start(&pool, 2, &Arc::default());
    let put = async |event_id: &str, position| committer.accept(accept(event_id, position)).await;

    let done = put("a", position(owner, claimed.fence, 0, b"1")).await;
    assert!(matches!(done, AcceptOutcome::Done { .. }), "{done:?}");
    // Who lost the topic, and a try that comes late, store nothing, also beside one in the same batch that does.
    let (fenced, late, next) = tokio::join!(
        put("b", position(former, lost.fence, 1, b"2")),
        put("c", position(owner, claimed.fence, 0, b"1")),
        put("d", position(owner, claimed.fence, 1, b"2")),
    );
    assert!(matches!((&fenced, &late), (AcceptOutcome::Lost, AcceptOutcome::Lost)), "{fenced:?} {late:?}");
    assert!(matches!(next, AcceptOutcome::Done { .. }), "{next:?}");
    assert_eq!(stored(&pool).await, ["a", "d"]);
    // What comes again is known, and the position moves on.
    let again = put("a", position(owner, claimed.fence, 2, b"3")).await;
    assert!(matches!(again, AcceptOutcome::Duplicate { is_same: true, .. }), "{again:?}");
    let known = topics::position(&pool, owner, &claimed).await.unwrap();
    assert_eq!(known, Some(Position { seq: 3, replay_id: Some(b"3".to_vec()), begun: false }));
    // A value that the database refuses takes its position with it.
    let refused = put("nul \0", position(owner, claimed.fence, 3, b"4")).await;
    assert!(matches!(refused, AcceptOutcome::Refused(_)), "{refused:?}");
    assert_eq!(topics::position(&pool, owner, &claimed).await.unwrap(), known);
    assert_eq!(stored(&pool).await, ["a", "d"]);
    committer.close();
    futures::future::join_all(workers).await;
}

#[sqlx::test]
async fn a_gap_that_is_noticed_again_is_the_same_event(pool: PgPool) {
    let at = "2026-11-30T06:00:00Z".parse().unwrap();
    let gap = |reason, place: &'static [&'static [u8]]| tell_of_gap(&id(), &Gap { reason, at_place: place, at });
    let first = gap("overflow", &[b"1", b"e-1"]);
    let again = gap("overflow", &[b"1", b"e-1"]);
    assert_eq!((first.id, &first.event), (again.id, &again.event), "byte for byte, so that it is no conflict");
    let others = [
        gap("overflow", &[b"2", b"e-1"]),
        gap("overflow", &[b"1e", b"-1"]),
        gap("replay-id-refused", &[b"1", b"e-1"]),
        tell_of_gap(
            &TopicId { source: "crm-2".into(), ..id() },
            &Gap { reason: "overflow", at_place: &[b"1", b"e-1"], at },
        ),
    ];
    let ids: std::collections::BTreeSet<Uuid> = others.iter().chain([&first]).map(|told| told.id).collect();
    assert_eq!(ids.len(), 5, "what is another gap is another event");
    let mut connection = pool.acquire().await.unwrap();
    outgoing::insert(&mut connection, &[&first]).await.unwrap();
    outgoing::insert(&mut connection, &[&again, &others[0]]).await.unwrap();
    drop(connection);
    assert_eq!(outgoing::take(&pool, None, 10).await.unwrap().len(), 2);
}

#[sqlx::test]
async fn a_blocked_topic_says_why_until_its_position_moves(pool: PgPool) {
    topics::declare(&pool, &[&id()]).await.unwrap();
    let owner = node(&pool, 60.0).await;
    let claimed = claim(&pool, owner).await.unwrap();
    topics::stopped(&pool, owner, &claimed, "its schema contains itself").await.unwrap();
    let listed = async || topics::list(&pool, &["crm"], 10).await.unwrap().pop().unwrap();
    assert!(topics::connected(&pool, owner, &claimed).await.unwrap());
    let still = super::TopicView::from(listed().await);
    assert_eq!((still.state, still.problem.as_deref()), ("stopped", Some("its schema contains itself")));
    assert!(topics::move_on(&pool, &position(owner, claimed.fence, 0, b"1"), None).await.unwrap());
    let gone_on = super::TopicView::from(listed().await);
    assert_eq!((gone_on.state, gone_on.problem), ("connected", None));
}
