//! Ends access that is revoked while in use: a stream, a `?wait` and a slow body outlast the caller's lookup, so the
//! caller is looked up again.
//!
//! Revoking a token, user or session takes effect on every node within five seconds: a lookup is trusted for
//! [`CACHE_LIFETIME`], a caller who stays is looked up every [`LOOK_INTERVAL`], and one whom the database cannot
//! confirm for [`UNCONFIRMED_MAX`] is disconnected.

use std::time::Duration;

use axum::body::Body;
use http::HeaderMap;
use tokio::time::{Instant, sleep, timeout};

use super::refusals::Attempt;
use super::session::{Access, CACHE_LIFETIME, Caller, Credential};
use crate::http::App;
use crate::http::problem::ApiError;
use crate::http::wire::budget::Received;
use crate::store::StoreError;
use crate::store::access::{self, Identity, Scope};

/// How often to look up a caller who stays, and the timeout of that lookup.
const LOOK_INTERVAL: Duration = Duration::from_millis(1_200);

/// A caller whom the database cannot confirm for this long is disconnected.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(3);

impl Access {
    /// Returns the caller's current identity, or `None` if the credential is no longer valid. Asks the database, never
    /// the cache.
    async fn look_up(&self, caller: &Caller) -> Result<Option<Identity>, StoreError> {
        match &caller.credential {
            Credential::Token(hash) => access::find_token(&self.pool, hash).await,
            Credential::Session(secret) => access::find_session(&self.pool, &access::secret_hash(secret)).await,
            // The caller is this process itself: nothing can be revoked.
            Credential::Terminal => Ok(Some(caller.identity.clone())),
        }
    }

    /// Checks that a caller who was looked up a while ago still has a scope.
    ///
    /// # Errors
    /// 401 or 403 if not; 503 without database.
    pub async fn confirm(&self, caller: &Caller, scope: Scope) -> Result<(), ApiError> {
        if caller.checked_at.elapsed() < CACHE_LIFETIME {
            return caller.require(scope);
        }
        match self.look_up(caller).await? {
            Some(identity) if identity.allows(scope) => Ok(()),
            Some(identity) => Err(ApiError::MissingScope(scope, identity.actor().0)),
            None => Err(gone(caller)),
        }
    }

    /// Completes when the caller has lost a scope: the credential or its user was revoked, has expired, or has fewer
    /// scopes.
    pub async fn lost(&self, caller: &Caller, scope: Scope) {
        let mut confirmed_at = caller.checked_at;
        loop {
            sleep(LOOK_INTERVAL).await;
            let asked_at = Instant::now();
            match timeout(LOOK_INTERVAL, self.look_up(caller)).await {
                Ok(Ok(Some(identity))) if identity.allows(scope) => confirmed_at = asked_at,
                Ok(Ok(_)) => return,
                Ok(Err(_)) | Err(_) if confirmed_at.elapsed() >= UNCONFIRMED_MAX => return,
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }
}

/// The 401 for a credential that became invalid during a request.
pub(in crate::http) fn gone(caller: &Caller) -> ApiError {
    match caller.credential {
        Credential::Token(_) => ApiError::Refused(Attempt::Token, "the token was revoked, or has expired".to_owned()),
        Credential::Session(_) => {
            ApiError::Refused(Attempt::Session, "the session has ended; sign in again".to_owned())
        }
        Credential::Terminal => ApiError::Unauthorized("the command that asked has ended".to_owned()),
    }
}

impl App {
    /// Reads the body of an action. Confirms the caller afterwards, since the body may have taken a while.
    ///
    /// # Errors
    /// As [`Budget::read`](crate::http::wire::budget::Budget::read) and [`Access::confirm`].
    pub(in crate::http) async fn read_act(
        &self,
        caller: &Caller,
        scope: Scope,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Received, ApiError> {
        let received = self.budget.read(headers, body).await?;
        self.access.confirm(caller, scope).await?;
        Ok(received)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::PgPool;

    use super::*;
    use crate::http::access::peer::Peer;
    use crate::http::access::session::Cookies;
    use crate::machine::Actor;
    use crate::store::access::{LastAdmin, UserChange, change_user, create_session, create_token, revoke_token};
    use crate::store::acts::By;

    /// The guaranteed time to revoke access.
    const PROMISED: Duration = Duration::from_secs(5);

    async fn change(pool: &PgPool, what: UserChange) {
        let by = Actor("test".into());
        change_user(pool, "ada", &what, LastAdmin::MayGo, By::from(&by)).await.unwrap();
    }

    /// Runs `revoke` on one node while a caller stays connected to another one with its own cache.
    async fn ends_after(pool: &PgPool, caller: &Caller, revoke: impl Future<Output = ()>) {
        let other_node = Access::new(pool.clone(), Cookies::new(false));
        let lost = other_node.lost(caller, Scope::Read);
        tokio::pin!(lost);
        assert!(futures::poll!(lost.as_mut()).is_pending());
        revoke.await;
        timeout(PROMISED, lost).await.expect("the caller kept a right that was taken away");
    }

    #[sqlx::test]
    async fn who_stays_is_let_go_within_five_seconds_of_the_end_of_token_user_or_session(pool: PgPool) {
        let (access, by) = (Access::new(pool.clone(), Cookies::new(false)), Actor("test".into()));
        let (id, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
        let caller = access.by_token(&token, Peer::default()).await.ok().unwrap();
        let revoke = async { assert_eq!(revoke_token(&pool, id, By::from(&by)).await.unwrap(), Some(0)) };
        let ada = access::fixture_user(&pool, "ada", &[Scope::Admin]).await;
        let session = create_session(&pool, &ada, Duration::from_mins(5)).await.unwrap();
        let hers = access.by_session(&session, Peer::default()).await.ok().unwrap();
        let disable = change(&pool, UserChange::Disable);
        tokio::join!(ends_after(&pool, &caller, revoke), ends_after(&pool, &hers, disable));
        change(&pool, UserChange::Enable).await;
        let ada = access::find_user(&pool, "ada").await.unwrap().unwrap();
        let session = create_session(&pool, &ada, Duration::from_mins(5)).await.unwrap();
        let hers = access.by_session(&session, Peer::default()).await.ok().unwrap();
        let demote = change(&pool, UserChange::Scopes(Vec::new()));
        let session =
            create_session(&pool, &Identity::local("root@test", &[Scope::Read]), Duration::from_mins(5)).await;
        let session = session.unwrap();
        let local = access.by_session(&session, Peer::default()).await.ok().unwrap();
        let sign_out = async { access::delete_session(&pool, &session, By::from(&by)).await.unwrap() };
        tokio::join!(ends_after(&pool, &hers, demote), ends_after(&pool, &local, sign_out));
    }

    #[sqlx::test]
    async fn who_stays_keeps_what_nobody_took_away(pool: PgPool) {
        let access = Access::new(pool.clone(), Cookies::new(false));
        let (_, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
        let caller = access.by_token(&token, Peer::default()).await.ok().unwrap();
        let looked_at = async { tokio::join!(sleep(LOOK_INTERVAL * 2), access.confirm(&caller, Scope::Read)).1 };
        tokio::select! {
            () = access.lost(&caller, Scope::Read) => panic!("nobody revoked it"),
            confirmed = looked_at => assert!(confirmed.is_ok()),
        }
    }

    #[sqlx::test]
    async fn a_revoked_token_is_refused_by_every_node_within_five_seconds(pool: PgPool) {
        let (access, by) = (Access::new(pool.clone(), Cookies::new(false)), Actor("test".into()));
        let (id, token) = create_token(&pool, "ci", &[Scope::Read], None).await.unwrap();
        let mut caller = access.by_token(&token, Peer::default()).await.ok().unwrap();
        revoke_token(&pool, id, By::from(&by)).await.unwrap();
        let refused = async {
            while access.by_token(&token, Peer::default()).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        timeout(PROMISED, refused).await.expect("a revoked token was taken for longer");
        // A caller whose body took that long.
        caller.checked_at = Instant::now().checked_sub(CACHE_LIFETIME).unwrap();
        let late = access.confirm(&caller, Scope::Read).await;
        assert!(matches!(late, Err(ApiError::Refused(Attempt::Token, _))));
    }
}
