//! A batch on a real Postgres: values that it refuses, replies that never come.

use std::sync::Arc;

use sqlx::PgPool;
use uuid::Uuid;

use super::*;
use crate::engine::batch::FirstStep;
use crate::store::commit::Consequences;
use crate::store::fixture::{event, row, run};

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
    (id, Accept { event: Some(event(Uuid::now_v7())), runs: vec![first], act: None })
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
        sqlx::raw_sql("truncate runs, event_keys").execute(&pool).await.unwrap();
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
async fn what_became_of_a_commit_without_reply_is_found_out(pool: PgPool) {
    deploy(&pool).await;
    let (first, one) = accept("committed");
    let (second, two) = accept("not committed");
    let item = |accept: Accept| Item::Accept(Box::new(accept), oneshot::channel().0);
    let mut connection = pool.acquire().await.unwrap();
    let (one, two) = (item(one), item(two));
    // The first was committed before its reply was lost; the second was not.
    let batch = [one];
    write_all(&mut connection, &batch).await.unwrap();
    let [one] = batch;
    assert_eq!(look(&mut connection, &[one, two]).await.unwrap(), [true, false]);
    assert_eq!(stored(&pool).await, [first]);
    assert_ne!(first, second);
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
