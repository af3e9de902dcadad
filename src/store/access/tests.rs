//! Secrets, and what happens to them when the user or token behind them ends.

use std::time::Duration;

use sqlx::PgPool;

use super::*;
use crate::machine::Time;
use crate::store::acts::{self, By};

const MINUTE: Duration = Duration::from_mins(1);

fn admin() -> Actor {
    Actor("local:root@test".to_owned())
}

async fn change(pool: &PgPool, name: &str, change: UserChange) -> Changed {
    let by = admin();
    let by = By { actor: &by, reason: Some("left the company") };
    change_user(pool, name, &change, LastAdmin::Keep, by).await.unwrap()
}

async fn token_of(pool: &PgPool, user: &str, scopes: &[Scope]) -> (Uuid, String) {
    let (name, by) = ("laptop".parse().unwrap(), admin());
    let new = NewToken { name: &name, user: Some(user), scopes, lifetime: None };
    issue_token(pool, &new, By::from(&by)).await.unwrap().unwrap()
}

async fn by_token(pool: &PgPool, secret: &str) -> Option<Identity> {
    find_token(pool, &secret_hash(secret)).await.unwrap()
}

async fn by_session(pool: &PgPool, secret: &str) -> Option<Identity> {
    find_session(pool, &secret_hash(secret)).await.unwrap()
}

#[sqlx::test]
async fn a_token_is_found_until_it_is_revoked(pool: PgPool) {
    let (id, secret) = create_token(&pool, "ci", &[Scope::Operate], None).await.unwrap();
    assert!(secret.starts_with(TOKEN_PREFIX) && secret.len() == 47, "{secret}");
    let found = by_token(&pool, &secret).await.unwrap();
    assert_eq!((found.name.as_str(), found.allows(Scope::Read)), ("ci", true));
    assert!(!found.allows(Scope::Deploy));
    let by = admin();
    assert_eq!(revoke_token(&pool, id, By::from(&by)).await.unwrap(), Some(0));
    assert_eq!(revoke_token(&pool, id, By::from(&by)).await.unwrap(), None);
    assert_eq!(by_token(&pool, &secret).await, None);
    assert!(tokens(&pool, None, 10).await.unwrap()[0].revoked_at.is_some());
}

#[sqlx::test]
async fn an_expired_token_is_refused(pool: PgPool) {
    let (_, secret) = create_token(&pool, "old", &[Scope::Admin], Some(Duration::ZERO)).await.unwrap();
    assert_eq!(by_token(&pool, &secret).await, None);
}

#[sqlx::test]
async fn no_table_holds_a_secret(pool: PgPool) {
    let (_, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
    let ada = fixture_user(&pool, "ada", &[Scope::Admin]).await;
    let by = admin();
    let link = create_login_link(&pool, &ada, MINUTE, By::from(&by)).await.unwrap();
    let session = create_session(&pool, &ada, MINUTE).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar(
        "select tokens::text from tokens union all select sessions::text from sessions
         union all select login_links::text from login_links union all select acts::text from acts",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(rows.len() > 5);
    for secret in [&token[4..], link.as_str(), session.as_str()] {
        assert!(rows.iter().all(|row| !row.contains(secret) && !row.contains(&hex::encode(secret))), "{rows:?}");
    }
}

#[sqlx::test]
async fn a_login_link_redeemed_many_times_at_once_opens_once(pool: PgPool) {
    let (ada, by) = (fixture_user(&pool, "ada", &[Scope::Admin]).await, admin());
    let link = create_login_link(&pool, &ada, MINUTE, By::from(&by)).await.unwrap();
    let tries = (0..8).map(|_| redeem_login_link(&pool, &link));
    let won: Vec<Identity> = futures::future::try_join_all(tries).await.unwrap().into_iter().flatten().collect();
    assert_eq!(won, [ada]);
}

#[sqlx::test]
async fn a_session_ends_when_it_is_deleted_or_expires(pool: PgPool) {
    let ada = fixture_user(&pool, "ada", &[Scope::Read]).await;
    let (session, by) = (create_session(&pool, &ada, MINUTE).await.unwrap(), ada.actor());
    assert_eq!(by_session(&pool, &session).await, Some(ada.clone()));
    delete_session(&pool, &session, By::from(&by)).await.unwrap();
    assert_eq!(by_session(&pool, &session).await, None);
    let short = create_session(&pool, &ada, Duration::ZERO).await.unwrap();
    assert_eq!(by_session(&pool, &short).await, None);
    assert_eq!(sweep_expired(&pool).await.unwrap(), 1);
}

#[sqlx::test]
async fn disabling_or_deleting_a_user_ends_all_that_is_theirs_and_says_what(pool: PgPool) {
    for (name, what) in [("ada", UserChange::Disable), ("eve", UserChange::Delete)] {
        let (user, by) = (fixture_user(&pool, name, &[Scope::Operate]).await, admin());
        let link = create_login_link(&pool, &user, MINUTE, By::from(&by)).await.unwrap();
        let (_, token) = token_of(&pool, name, &[Scope::Operate]).await;
        let own = create_session(&pool, &user, MINUTE).await.unwrap();
        let pasted = create_session(&pool, &by_token(&pool, &token).await.unwrap(), MINUTE).await.unwrap();
        let ended = Ended { sessions: 2, login_links: 1, tokens: 1 };
        assert_eq!(change(&pool, name, what).await, Changed::Done(ended));
        assert_eq!(by_token(&pool, &token).await, None);
        assert_eq!(by_session(&pool, &own).await, None);
        assert_eq!(by_session(&pool, &pasted).await, None);
        assert_eq!(redeem_login_link(&pool, &link).await.unwrap(), None);
        assert_eq!(find_user(&pool, name).await.unwrap(), None);
        let told = acts::list(&pool, Some(&format!("user:{name}")), None, 1).await.unwrap().remove(0);
        assert_eq!((told.actor.as_str(), told.reason.as_deref()), ("local:root@test", Some("left the company")));
        assert_eq!(told.detail.unwrap()["ended"], serde_json::to_value(ended).unwrap());
    }
    assert_eq!(change(&pool, "ada", UserChange::Enable).await, Changed::Done(Ended::default()));
    assert!(find_user(&pool, "ada").await.unwrap().is_some());
    assert_eq!(change(&pool, "eve", UserChange::Enable).await, Changed::Unknown, "deleted is for good");
}

#[sqlx::test]
async fn what_a_user_may_do_is_what_they_may_do_now(pool: PgPool) {
    let ada = fixture_user(&pool, "ada", &[Scope::Operate]).await;
    let session = create_session(&pool, &ada, MINUTE).await.unwrap();
    let (_, token) = token_of(&pool, "ada", &[Scope::Admin]).await;
    let able = async |scope| {
        let (session, token) = (by_session(&pool, &session).await.unwrap(), by_token(&pool, &token).await.unwrap());
        assert_eq!(session.allows(scope), token.allows(scope), "a token may do no more than its user");
        session.allows(scope)
    };
    assert!(able(Scope::Operate).await && !able(Scope::Deploy).await && !able(Scope::Admin).await);
    change(&pool, "ada", UserChange::Scopes(vec![Scope::Deploy])).await;
    assert!(able(Scope::Deploy).await && able(Scope::Read).await && !able(Scope::Operate).await);
}

#[sqlx::test]
async fn a_session_that_a_token_began_ends_with_the_token(pool: PgPool) {
    let (id, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
    let session = create_session(&pool, &by_token(&pool, &token).await.unwrap(), MINUTE).await.unwrap();
    assert_eq!(by_session(&pool, &session).await.unwrap().actor().0, "token:ci");
    let by = admin();
    assert_eq!(revoke_token(&pool, id, By::from(&by)).await.unwrap(), Some(1));
    assert_eq!(by_session(&pool, &session).await, None);
    // Revoking a token invalidates its session even if the session's row remains.
    let (id, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
    let session = create_session(&pool, &by_token(&pool, &token).await.unwrap(), MINUTE).await.unwrap();
    sqlx::query("update tokens set revoked_at = now() where id = $1").bind(id).execute(&pool).await.unwrap();
    assert_eq!(by_session(&pool, &session).await, None);
}

#[sqlx::test]
async fn a_token_and_a_user_of_one_name_are_two_actors(pool: PgPool) {
    let ada = fixture_user(&pool, "ada", &[Scope::Read]).await;
    let (_, token) = create_token(&pool, "ada", &[Scope::Read], None).await.unwrap();
    let token = by_token(&pool, &token).await.unwrap();
    let session = create_session(&pool, &token, MINUTE).await.unwrap();
    let pasted = by_session(&pool, &session).await.unwrap();
    assert_eq!([ada.actor().0, token.actor().0, pasted.actor().0], ["user:ada", "token:ada", "token:ada"]);
    let (_, own) = token_of(&pool, "ada", &[Scope::Read]).await;
    assert_eq!(by_token(&pool, &own).await.unwrap().actor().0, "user:ada", "her own token is her");
}

#[sqlx::test]
async fn a_user_name_is_given_out_once(pool: PgPool) {
    fixture_user(&pool, "ada", &[Scope::Deploy]).await;
    let by = admin();
    let create =
        async |name: &str| create_user(&pool, &name.parse().unwrap(), &[Scope::Admin], By::from(&by)).await.unwrap();
    assert_eq!([create("ada").await, create("ADA").await], [Created::Taken, Created::Taken]);
    assert_eq!(find_user(&pool, "ada").await.unwrap().unwrap().scopes, [Scope::Deploy]);
    change(&pool, "ada", UserChange::Delete).await;
    assert_eq!(create("Ada").await, Created::TakenBefore, "journals name somebody else by it");
}

#[sqlx::test]
async fn the_last_administrator_is_not_locked_out_by_accident(pool: PgPool) {
    for name in ["ada", "eve"] {
        fixture_user(&pool, name, &[Scope::Admin]).await;
    }
    let demote = || UserChange::Scopes(vec![Scope::Operate]);
    // Both demote the other at the same time.
    let both = [change(&pool, "ada", demote()), change(&pool, "eve", demote())];
    let both = futures::future::join_all(both).await;
    assert_eq!(both.iter().filter(|changed| **changed == Changed::LastAdmin).count(), 1, "{both:?}");
    let last = if both[0] == Changed::LastAdmin { "ada" } else { "eve" };
    for what in [demote(), UserChange::Disable, UserChange::Delete] {
        assert_eq!(change(&pool, last, what).await, Changed::LastAdmin);
    }
    let by = admin();
    let forced = change_user(&pool, last, &UserChange::Disable, LastAdmin::MayGo, By::from(&by)).await.unwrap();
    assert!(matches!(forced, Changed::Done(_)), "{forced:?}");
}

#[sqlx::test]
async fn a_session_of_an_earlier_version_is_nobodys(pool: PgPool) {
    fixture_user(&pool, "ada", &[Scope::Admin]).await;
    let hash = secret_hash("earlier");
    let until: Time = chrono::Utc::now() + chrono::TimeDelta::hours(1);
    sqlx::query("insert into sessions (hash, user_name, scopes, expires_at) values ($1, 'ada', '{admin}', $2)")
        .bind(&hash[..])
        .bind(until)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(by_session(&pool, "earlier").await, None, "it may have been a token's that was called ada");
}

#[test]
fn admin_may_do_everything_and_read_nothing_more() {
    let with = |scope| Identity::local("", &[scope]);
    assert!(Scope::ALL.into_iter().all(|scope| with(Scope::Admin).allows(scope)));
    assert_eq!(Scope::ALL.into_iter().filter(|s| with(Scope::Read).allows(*s)).count(), 1);
    assert!(!with(Scope::Deploy).allows(Scope::Operate) && !with(Scope::Operate).allows(Scope::Deploy));
}
