//! A batch on a real Postgres: values that it refuses, replies that never come.

use std::sync::Arc;

use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::engine::runs::batch::FirstStep;
use crate::machine::Actor;
use crate::store::acts::By;
use crate::store::fixture::{event, row, run, state};
use crate::store::runs::commit::{Consequences, RunState, Transition};
use crate::store::runs::freezes::{self, NewFreeze};
use crate::store::runs::journal::NewRow;

async fn deploy(pool: &PgPool) {
    let insert = "insert into definitions (namespace, name, version, hash, source, functions, deployed_by)
                  values ('test', 'test', '1.0.0', '', '', '{}', 'test')";
    sqlx::raw_sql(insert).execute(pool).await.unwrap();
}

fn accept(key: &str) -> (Uuid, Accept) {
    let id = Uuid::now_v7();
    let mut new = run(id);
    new.key = Some(key.to_owned());
    let first = FirstStep { run: new, rows: vec![row()], consequences: Consequences::default() };
    (id, Accept { event: Some(event(Uuid::now_v7())), runs: vec![first], act: None, position: None, judged_by: None })
}

async fn stored(pool: &PgPool) -> Vec<Uuid> {
    sqlx::query_scalar("select id from runs order by id").fetch_all(pool).await.unwrap()
}

/// Ends the committer, so that its connection is given back.
async fn end(committer: Committer, workers: Vec<tokio::task::JoinHandle<()>>) {
    committer.close();
    futures::future::join_all(workers).await;
}

/// Puts all into one batch: nothing is taken from the queue before this task waits.
async fn together(committer: &Committer, accepts: Vec<Accept>) -> Vec<AcceptOutcome> {
    futures::future::join_all(accepts.into_iter().map(|a| committer.accept(a))).await
}

#[sqlx::test]
async fn a_value_that_the_database_refuses_harms_no_other_in_its_batch(pool: PgPool) {
    deploy(&pool).await;
    for bad in [0, 7, 19] {
        let (mut good, accepts): (Vec<Uuid>, Vec<Accept>) =
            (0..20).map(|n| accept(if n == bad { "NUL \0 is no text in Postgres" } else { "good" })).unzip();
        good.remove(bad);
        sqlx::raw_sql("delete from runs; delete from event_keys").execute(&pool).await.unwrap();
        let (committer, workers) = Committer::start(&pool, 1, &Arc::default());
        let outcomes = together(&committer, accepts).await;
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(matches!(outcome, AcceptOutcome::Refused(_)), n == bad, "{n}: {outcome:?}");
        }
        assert_eq!(stored(&pool).await, good);
        end(committer, workers).await;
    }
}

#[sqlx::test]
async fn an_event_that_comes_twice_in_one_batch_starts_one_run(pool: PgPool) {
    deploy(&pool).await;
    let ((first, one), (_, mut two)) = (accept("first"), accept("second"));
    let (source, event_id) = one.event.as_ref().map(|e| (e.source.clone(), e.event_id.clone())).unwrap();
    let second = two.event.as_mut().unwrap();
    (second.source, second.event_id) = (source, event_id);
    let (committer, workers) = Committer::start(&pool, 1, &Arc::default());
    let outcomes = together(&committer, vec![one, two]).await;
    assert!(matches!(outcomes[0], AcceptOutcome::Done { .. }), "{outcomes:?}");
    assert!(matches!(outcomes[1], AcceptOutcome::Duplicate { is_same: true, .. }), "{outcomes:?}");
    assert_eq!(stored(&pool).await, [first]);
    end(committer, workers).await;
}

#[sqlx::test]
async fn the_outcome_of_a_commit_without_reply_is_determined(pool: PgPool) {
    deploy(&pool).await;
    let (first, one) = accept("committed");
    let (second, two) = accept("not committed");
    let item = |accept: Accept| Item::Accept(Box::new(accept), oneshot::channel().0);
    let mut connection = pool.acquire().await.unwrap();
    let (one, two) = (item(one), item(two));
    // The first was committed before its reply was lost; the second was not.
    write(&mut connection, &[&one]).await.unwrap();
    assert_eq!(look(&mut connection, &[&one, &two]).await.unwrap(), [true, false]);
    assert_eq!(stored(&pool).await, [first]);
    assert_ne!(first, second);
}

#[sqlx::test]
async fn a_release_whose_reply_was_lost_is_found_out(pool: PgPool) {
    deploy(&pool).await;
    let (id, accept) = accept("key");
    let state = RunState { owner: None, ..state() };
    let release = Transition { id, owner: Uuid::from_u128(1), fence: 1, seq_before: 1, state, progress: false };
    let [started, release] = [
        Item::Accept(Box::new(accept), oneshot::channel().0),
        Item::Advance(Box::new(Advance::of(release)), oneshot::channel().0),
    ];
    let mut connection = pool.acquire().await.unwrap();
    write(&mut connection, &[&started]).await.unwrap();
    assert_eq!(look(&mut connection, &[&release]).await.unwrap(), [false]);
    write(&mut connection, &[&release]).await.unwrap();
    assert_eq!(look(&mut connection, &[&release]).await.unwrap(), [true]);
}

#[sqlx::test]
async fn a_connection_that_breaks_costs_a_repetition_and_nothing_else(pool: PgPool) {
    deploy(&pool).await;
    let (committer, workers) = Committer::start(&pool, 1, &Arc::default());
    let (first, one) = accept("before");
    assert!(matches!(committer.accept(one).await, AcceptOutcome::Done { .. }));
    // Every other connection of this database is cut, the committer's among them.
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid()";
    sqlx::raw_sql(cut).execute(&pool).await.unwrap();
    let (second, two) = accept("after");
    assert!(matches!(committer.accept(two).await, AcceptOutcome::Done { .. }));
    assert_eq!(stored(&pool).await, [first, second]);
    end(committer, workers).await;
}

#[test]
fn a_transaction_takes_no_more_bytes_than_a_message_can_hold_and_what_failed_alone_is_tried_alone() {
    let queue = Queue::default();
    let waiting =
        |bytes, failed| Waiting { item: Item::Answer(Uuid::nil(), None, oneshot::channel().0), bytes, failed };
    let (third, tiny) = (BATCH_BYTES_MAX / 3, 1);
    for bytes in [third, third, third, third, 5 * BATCH_BYTES_MAX, tiny] {
        queue.push(waiting(bytes, None));
    }
    queue.push(waiting(tiny, Some((1, 0))));
    queue.push(waiting(tiny, None));
    let takes: Vec<usize> = std::iter::from_fn(|| Some(queue.take().len()).filter(|taken| *taken > 0)).collect();
    assert_eq!(takes, [3, 1, 1, 1, 1, 1]);
    assert_eq!(queue.bytes.load(Ordering::Relaxed), 0);
}

/// From now on the database fails for this key with an error that says nothing about values, as it would for a message that is too
/// long.
async fn fail_for(pool: &PgPool, key: &str) {
    let fail = format!(
        "create function fail() returns trigger language plpgsql as
             $$ begin raise exception 'out of something' using errcode = '53200'; end $$;
         create trigger fail before insert on runs for each row when (new.key = '{key}') execute function fail();"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(fail)).execute(pool).await.unwrap();
}

#[sqlx::test]
async fn an_item_that_fails_again_and_again_is_parked_alone_and_all_others_are_written(pool: PgPool) {
    deploy(&pool).await;
    fail_for(&pool, "bad").await;
    let (mut good, accepts): (Vec<Uuid>, Vec<Accept>) =
        (0..40).map(|n| accept(if n == 17 { "bad" } else { "good" })).unzip();
    good.remove(17);
    let (committer, workers) = Committer::start(&pool, 1, &Arc::default());
    let outcomes = together(&committer, accepts).await;
    for (n, outcome) in outcomes.iter().enumerate() {
        assert_eq!(matches!(outcome, AcceptOutcome::Refused(_)), n == 17, "{n}: {outcome:?}");
    }
    assert_eq!(stored(&pool).await, good);
    end(committer, workers).await;
}

#[sqlx::test]
async fn while_nothing_at_all_can_be_written_nothing_is_parked(pool: PgPool) {
    deploy(&pool).await;
    fail_for(&pool, "good").await;
    let (committer, workers) = Committer::start(&pool, 1, &Arc::default());
    let (ids, accepts): (Vec<Uuid>, Vec<Accept>) = (0..3).map(|_| accept("good")).unzip();
    let own = committer.clone();
    let mut writing = tokio::spawn(async move { together(&own, accepts).await });
    // Far more failures than an item alone may have.
    let many = async {
        let failures = "select sum(xact_rollback)::bigint from pg_stat_database where datname = current_database()";
        loop {
            let seen: Option<i64> = sqlx::query_scalar(failures).fetch_one(&pool).await.unwrap();
            if seen.unwrap_or_default() > i64::from(3 * TRIES_ALONE) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        outcomes = &mut writing => panic!("{outcomes:?}"),
        () = many => {}
    }
    sqlx::raw_sql("drop trigger fail on runs").execute(&pool).await.unwrap();
    let outcomes = writing.await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, AcceptOutcome::Done { .. })), "{outcomes:?}");
    assert_eq!(stored(&pool).await, ids);
    end(committer, workers).await;
}

#[sqlx::test]
async fn a_run_that_was_judged_before_a_freeze_began_is_not_stored_however_late_it_comes(pool: PgPool) {
    deploy(&pool).await;
    let judged = |key, freezes| (accept(key).0, Accept { judged_by: Some(Arc::new(freezes)), ..accept(key).1 });
    let before = freezes::unreleased(&pool).await.unwrap();
    let actor = Actor("user:ada".into());
    let new =
        NewFreeze { workflows: &["test/test".into()], connections: &[], until: None, holds: freezes::Holds::Events };
    freezes::create(&pool, &new, By { actor: &actor, reason: Some("month end") }).await.unwrap();
    let known = freezes::unreleased(&pool).await.unwrap();
    let (committer, workers) = Committer::start(&pool, 1, &Arc::default());
    let (_, late) = judged("late", before);
    let (_, held) = judged("held", known);
    let (_, by_hand) = accept("by hand");
    let kept: Vec<Uuid> = [&held, &by_hand].iter().map(|accept| accept.runs[0].run.id).collect();
    let outcomes = together(&committer, vec![late, held, by_hand]).await;
    assert!(matches!(outcomes[0], AcceptOutcome::Frozen), "{outcomes:?}");
    assert!(outcomes[1..].iter().all(|outcome| matches!(outcome, AcceptOutcome::Done { .. })), "{outcomes:?}");
    let mut found = stored(&pool).await;
    found.sort_unstable();
    let mut kept = kept;
    kept.sort_unstable();
    assert_eq!(found, kept);
    let events: i64 = sqlx::query_scalar("select count(*) from events").fetch_one(&pool).await.unwrap();
    assert_eq!(events, 2, "nor is its event");
    end(committer, workers).await;
}

#[sqlx::test]
async fn a_freeze_waits_for_the_transactions_that_have_looked_already(pool: PgPool) {
    let mut starting = pool.begin().await.unwrap();
    assert!(freezes::in_force(&mut starting).await.unwrap().is_empty());
    let (actor, workflows) = (Actor("user:ada".into()), ["test/test".to_owned()]);
    let new = NewFreeze { workflows: &workflows, connections: &[], until: None, holds: freezes::Holds::Events };
    let by = By { actor: &actor, reason: Some("month end") };
    assert!(freezes::create(&pool, &new, by).await.is_err(), "one that hangs: the freeze is not promised");
    let commit = async {
        crate::store::fixture::somebody_waits_for_a_lock(&pool).await;
        starting.commit().await.unwrap();
    };
    let (frozen, ()) = tokio::join!(freezes::create(&pool, &new, by), commit);
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(freezes::in_force(&mut connection).await.unwrap(), [frozen.unwrap()]);
}

/// Statements that connections of this thread execute.
#[derive(Clone, Default)]
struct Statements(Arc<std::sync::atomic::AtomicUsize>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[sqlx::test]
async fn a_webhook_and_a_step_are_one_statement_each_without_a_transaction(pool: PgPool) {
    use tracing_subscriber::layer::SubscriberExt;

    deploy(&pool).await;
    let (id, accept) = accept("key");
    let transition = Transition {
        id,
        owner: Uuid::from_u128(1),
        fence: 1,
        seq_before: 1,
        state: RunState { seq: 2, ..state() },
        progress: true,
    };
    let step = Advance { rows: vec![NewRow { seq: 2, ..row() }], ..Advance::of(transition) };
    let (outcome, reply) = (oneshot::channel().0, oneshot::channel().0);
    let items = [Item::Accept(Box::new(accept), outcome), Item::Advance(Box::new(step), reply)];
    let mut connection = pool.acquire().await.unwrap();
    for item in &items {
        assert!(needs_one_statement(&[item]));
        let statements = Statements::default();
        let counting = tracing::subscriber::set_default(tracing_subscriber::registry().with(statements.clone()));
        write(&mut connection, &[item]).await.unwrap();
        drop(counting);
        assert_eq!(statements.0.load(Ordering::Relaxed), 1);
    }
    assert!(!needs_one_statement(&[&items[0], &items[1]]), "two statements belong in a transaction");
    let rows: i64 = sqlx::query_scalar("select count(*) from journal").fetch_one(&pool).await.unwrap();
    assert_eq!((stored(&pool).await, rows), (vec![id], 2));
}
