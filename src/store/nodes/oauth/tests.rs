//! Holding a row of tokens, and what a former holder can no longer do.

use super::*;
use crate::machine::Actor;
use crate::store::fixture;

const ID: &[u8] = &[1; 32];

#[sqlx::test]
async fn an_act_on_stored_tokens_that_cannot_be_recorded_is_not_done(pool: PgPool) {
    create(&pool, ID, "crm", b"first").await.unwrap();
    let (by, old) = (Actor("user:ada".to_owned()), sealed_after(&pool, &[], 10).await.unwrap().remove(0));
    let new = Sealed { refresh_token: b"first, again".to_vec(), ..old.clone() };
    fixture::refuse_acts(&pool).await;
    assert!(reauthorize(&pool, ID, Some(b"new"), By::from(&by)).await.is_err());
    assert!(reseal(&pool, &old, &new, By::from(&by)).await.is_err());
    assert!(forget(&pool, ID, By::from(&by)).await.is_err());
    assert_eq!(sealed_after(&pool, &[], 10).await.unwrap(), [old]);
    fixture::allow_acts(&pool).await;
    assert!(forget(&pool, ID, By::from(&by)).await.unwrap());
    let recorded = acts::list(&pool, Some("oauth:010101010101"), None, 10).await.unwrap();
    assert_eq!(recorded.iter().map(|act| act.act.as_str()).collect::<Vec<_>>(), ["connection.forget"]);
}

async fn row(pool: &PgPool) -> StoredTokens {
    find(pool, ID).await.unwrap().unwrap()
}

#[sqlx::test]
async fn a_row_has_one_holder_and_a_former_one_writes_nothing(pool: PgPool) {
    create(&pool, ID, "crm", b"first").await.unwrap();
    create(&pool, ID, "crm", b"another first one").await.unwrap();
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let held = hold(&pool, ID, 0, one, 60.0).await.unwrap().unwrap();
    assert_eq!((held.refresh_token.as_slice(), held.lost_at), (b"first".as_slice(), None));
    assert!(hold(&pool, ID, 0, two, 60.0).await.unwrap().is_none(), "one holds it");
    assert!(!standing(&pool, ID).await.unwrap().unwrap().is_interrupted);

    // Let the hold expire, as it does when a node dies.
    sqlx::query("update oauth_tokens set held_until = now() - interval '1 second'").execute(&pool).await.unwrap();
    assert!(standing(&pool, ID).await.unwrap().unwrap().is_interrupted);
    let held = hold(&pool, ID, 0, two, 60.0).await.unwrap().unwrap();
    assert!(held.lost_at.is_some(), "the request of the one who died is remembered");
    assert!(!save(&pool, ID, one, Some(b"late"), Some(b"late"), None).await.unwrap());
    refuse(&pool, ID, one, "late").await.unwrap();
    release(&pool, ID, one, false).await.unwrap();
    assert!(hold(&pool, ID, 0, one, 60.0).await.unwrap().is_none(), "two holds it still");

    assert!(save(&pool, ID, two, Some(b"second"), Some(b"access"), Some(60.0)).await.unwrap());
    let saved = row(&pool).await;
    assert_eq!((saved.generation, saved.refresh_token.as_slice(), saved.lost_at), (1, b"second".as_slice(), None));
    assert_eq!(saved.previous_token.as_deref(), Some(b"first".as_slice()), "the old one is kept");
    assert!(saved.usable_seconds.is_some_and(|seconds| seconds > 50.0) && saved.problem.is_none());
    assert!(hold(&pool, ID, 0, one, 60.0).await.unwrap().is_none(), "a node with an older generation looks again");
}

#[sqlx::test]
async fn refused_tokens_are_not_held_until_a_person_gives_others(pool: PgPool) {
    let ada = Actor("user:ada".to_owned());
    create(&pool, ID, "crm", b"first").await.unwrap();
    let holder = Uuid::from_u128(1);
    hold(&pool, ID, 0, holder, 60.0).await.unwrap().unwrap();
    release(&pool, ID, holder, true).await.unwrap();
    assert!(standing(&pool, ID).await.unwrap().unwrap().is_interrupted);
    assert!(hold(&pool, ID, 0, holder, 60.0).await.unwrap().unwrap().lost_at.is_some());
    refuse(&pool, ID, holder, "invalid_grant").await.unwrap();
    let standing = standing(&pool, ID).await.unwrap().unwrap();
    assert!(standing.is_refused && !standing.is_interrupted);
    assert!(hold(&pool, ID, standing.generation, holder, 60.0).await.unwrap().is_none());
    assert!(reauthorize(&pool, ID, Some(b"new"), By::from(&ada)).await.unwrap());
    let recorded = acts::list(&pool, Some("oauth:010101010101"), None, 10).await.unwrap();
    let recorded: Vec<_> = recorded.iter().map(|act| (act.act.as_str(), act.actor.as_str())).collect();
    assert_eq!(recorded, [("connection.reauthorize", "user:ada")]);
    let fresh = row(&pool).await;
    assert_eq!((fresh.refresh_token.as_slice(), fresh.previous_token, fresh.problem), (b"new".as_slice(), None, None));
    assert!(hold(&pool, ID, fresh.generation, holder, 60.0).await.unwrap().is_some());
}

#[sqlx::test]
async fn tokens_that_a_node_changed_meanwhile_are_not_replaced_by_their_former_ones(pool: PgPool) {
    create(&pool, ID, "crm", b"first").await.unwrap();
    let old = sealed_after(&pool, &[], 10).await.unwrap().remove(0);
    let new = Sealed { refresh_token: b"first, again".to_vec(), ..old.clone() };
    let by = Actor("user:ada".to_owned());
    assert!(reseal(&pool, &old, &new, By::from(&by)).await.unwrap());
    assert!(!reseal(&pool, &old, &new, By::from(&by)).await.unwrap());
    assert_eq!(row(&pool).await.refresh_token, b"first, again");
    assert_eq!(sealed_after(&pool, ID, 10).await.unwrap(), []);
}
