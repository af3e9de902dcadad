//! Floods of guesses, and honest callers from the same address.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::*;
use crate::http::access::session::{Access, Cookies};
use crate::machine::Actor;
use crate::store::access::{Scope, TOKEN_PREFIX, create_session, create_token, delete_session, secret_hash};
use crate::store::acts::By;

fn peer(n: u32) -> Peer {
    Peer::of(Ipv4Addr::from_bits(n).into())
}

/// A pool that counts uses of the database.
async fn counting(options: PgPoolOptions, connect: PgConnectOptions) -> (PgPool, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let (first, again) = (Arc::clone(&asked), Arc::clone(&asked));
    let options = options.after_connect(move |_, _| {
        first.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    });
    let options = options.before_acquire(move |_, _| {
        again.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(true) })
    });
    (options.connect_with(connect).await.unwrap(), asked)
}

#[sqlx::test]
async fn a_flood_of_unknown_tokens_and_sessions_costs_a_few_lookups(options: PgPoolOptions, connect: PgConnectOptions) {
    const EACH: u32 = 400;
    let (pool, asked) = counting(options, connect).await;
    let access = Access::new(pool, Cookies::new(false));
    let before = asked.load(Ordering::Relaxed);
    let guesses = (0..EACH).map(|n| {
        let (access, from) = (access.clone(), peer(n % 10));
        async move {
            let (token, session) = (format!("{TOKEN_PREFIX}{n}"), format!("session-{n}"));
            (access.by_token(&token, from).await.err(), access.by_session(&session, from).await.err())
        }
    });
    for answers in join_all(guesses).await {
        assert!(matches!(answers, (Some(ApiError::Refused(..)), Some(ApiError::Refused(..)))), "{answers:?}");
    }
    let asked = asked.load(Ordering::Relaxed) - before;
    assert!(asked <= 20, "{asked} lookups for {} guesses", 2 * EACH);
}

#[sqlx::test]
async fn a_token_made_a_moment_ago_works_on_every_node_at_the_address_that_a_flood_comes_from(pool: PgPool) {
    let nodes = [(); 2].map(|()| Access::new(pool.clone(), Cookies::new(false)));
    let flood = join_all((0..100_u32).map(|n| {
        let node = nodes[n as usize % 2].clone();
        async move {
            for guess in 0_u64.. {
                let refused = node.by_token(&format!("{TOKEN_PREFIX}{n}-{guess}"), peer(1)).await.err();
                assert!(matches!(refused, Some(ApiError::Refused(..))), "{refused:?}");
            }
        }
    }));
    let genuine = async {
        for n in 0..20 {
            let (_, token) = create_token(&pool, &format!("ci-{n}"), &[Scope::Read], None).await.unwrap();
            for node in &nodes {
                assert!(node.by_token(&token, peer(1)).await.is_ok(), "token {n}");
            }
        }
    };
    tokio::select! {
        _ = flood => unreachable!("a flood does not end"),
        () = genuine => {}
    }
}

#[sqlx::test]
async fn a_peer_with_too_many_guesses_at_once_has_to_wait_and_no_one_else_does(pool: PgPool) {
    let (_, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
    let (_, new) = create_token(&pool, "new", &[Scope::Read], None).await.unwrap();
    let known = Presented::Token(secret_hash(&token));
    let lookups = Lookups::start(pool);
    assert!(lookups.find(known, peer(1)).await.unwrap().is_some());
    let guess = |n: usize| Presented::Session(secret_hash(&n.to_string()));
    let mut flood: Vec<_> = (0..=WAITING_OF_PEER_MAX).map(|n| Box::pin(lookups.find(guess(n), peer(1)))).collect();
    let last = flood.pop().unwrap();
    for guess in &mut flood {
        assert!(futures::poll!(guess).is_pending());
    }
    assert!(matches!(last.await, Err(ApiError::TooMany(_, wait)) if wait <= Duration::from_secs(1)));
    // Known callers from the flood's address still get in, and so do new callers from other addresses.
    assert!(lookups.find(known, peer(1)).await.unwrap().is_some());
    assert!(lookups.find(Presented::Token(secret_hash(&new)), peer(2)).await.unwrap().is_some());
    // Abandoned guesses keep their places only until the next shared lookup.
    drop(flood);
    while lookups.find(guess(0), peer(1)).await.is_err() {
        tokio::task::yield_now().await;
    }
    assert!(lock(&lookups.places).is_empty());
}

#[sqlx::test]
async fn what_counted_once_and_ended_is_a_guess_like_any_other(pool: PgPool) {
    let by = Actor("test".to_owned());
    let session = create_session(&pool, &Identity::local("root@test", &[Scope::Read]), Duration::from_mins(5)).await;
    let session = session.unwrap();
    let presented = Presented::Session(secret_hash(&session));
    let lookups = Lookups::start(pool.clone());
    assert!(lookups.find(presented, peer(1)).await.unwrap().is_some());
    assert!(lock(&lookups.counted).contains(&presented));
    delete_session(&pool, &session, By::from(&by)).await.unwrap();
    assert_eq!(lookups.find(presented, peer(1)).await.unwrap(), None, "signing out holds at once");
    assert!(lock(&lookups.counted).is_empty());
}

#[sqlx::test]
async fn without_a_database_everyone_who_waits_is_asked_to_try_again(pool: PgPool) {
    let lookups = Lookups::start(pool.clone());
    pool.close().await;
    let guesses = (0..3_u32).map(|n| lookups.find(Presented::Token(secret_hash(&n.to_string())), peer(n)));
    for answer in join_all(guesses).await {
        assert!(matches!(answer, Err(ApiError::Unavailable(..))), "{answer:?}");
    }
}
