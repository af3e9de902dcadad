//! OAuth tokens that all nodes share, kept in the database; and refreshes that a dead node left half done.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use sqlx::PgPool;
use tracing::{info, warn};
use uuid::Uuid;

use crate::connect::{Claimed, KEYS_VARIABLE, NewTokens, TokenClaim, TokenId, TokenVault, Unanswered};
use crate::engine::context::Context;
use crate::store::StoreError;
use crate::store::nodes::oauth;

/// How often a node looks for refreshes that nobody ended. The grace periods of providers begin at ten seconds or so.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// While the provider does not answer, nodes look less and less often, down to this.
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(60);

/// The vault of this node's connections.
#[derive(Debug)]
pub(in crate::engine) struct Vault(pub(in crate::engine) Weak<Context>);

impl TokenVault for Vault {
    fn claim<'a>(&'a self, claim: TokenClaim<'a>) -> BoxFuture<'a, Result<Claimed, String>> {
        Box::pin(async move { claim_token(&self.context()?.pool, claim).await.map_err(|error| error.to_string()) })
    }

    fn save<'a>(&'a self, id: &'a TokenId, holder: Uuid, new: &'a NewTokens) -> BoxFuture<'a, Result<bool, String>> {
        Box::pin(async move {
            let (refresh, access) = (new.refresh_token.as_deref(), new.access_token.as_deref());
            let context = self.context()?;
            let saved = oauth::save(&context.pool, id, holder, refresh, access, new.usable_seconds).await;
            saved.map_err(|error| error.to_string())
        })
    }

    fn refuse<'a>(&'a self, id: &'a TokenId, holder: Uuid, problem: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            oauth::refuse(&self.context()?.pool, id, holder, problem).await.map_err(|error| error.to_string())
        })
    }

    fn release<'a>(&'a self, id: &'a TokenId, holder: Uuid, how: Unanswered) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let is_lost = how == Unanswered::PerhapsDone;
            oauth::release(&self.context()?.pool, id, holder, is_lost).await.map_err(|error| error.to_string())
        })
    }
}

impl Vault {
    fn context(&self) -> Result<Arc<Context>, String> {
        self.0.upgrade().ok_or_else(|| "the node is shutting down".to_owned())
    }
}

async fn claim_token(pool: &PgPool, claim: TokenClaim<'_>) -> Result<Claimed, StoreError> {
    let row = match oauth::find(pool, claim.id).await? {
        Some(row) => row,
        None => {
            oauth::create(pool, claim.id, claim.connection, claim.first).await?;
            match oauth::find(pool, claim.id).await? {
                Some(row) => row,
                None => return Ok(Claimed::Busy),
            }
        }
    };
    if let Some(problem) = row.problem {
        return Ok(Claimed::Refused(problem));
    }
    if row.is_usable(claim.stale) {
        return Ok(Claimed::Usable(row));
    }
    let seconds = claim.hold.as_secs_f64();
    let held = oauth::hold(pool, claim.id, row.generation, claim.holder, seconds).await?;
    Ok(held.map_or(Claimed::Busy, Claimed::Held))
}

/// Ends refreshes that a dead node left half done, also when no call needs a token: a provider accepts the old refresh token for a
/// short time only. Keeps the metric that says which connections are not authorized any more.
pub(in crate::engine) async fn watch(context: Arc<Context>) {
    if !context.connections.stores_tokens() {
        for (connection, _) in context.connections.shared_tokens() {
            warn!(
                connection,
                "it signs in with a refresh token, but {KEYS_VARIABLE} is not set: if the provider replaces the token, the new one is \
                 kept in memory only and lost when this node stops"
            );
        }
        return;
    }
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    // When to ask again for the connections whose provider did not answer.
    let mut failing: HashMap<String, (Instant, Duration)> = HashMap::new();
    loop {
        tokio::select! {
            () = context.membership.closing.cancelled() => return,
            _ = ticks.tick() => {}
        }
        for (connection, id) in context.connections.shared_tokens() {
            // The database's absence is reported elsewhere.
            let Ok(Some(standing)) = oauth::standing(&context.pool, &id).await else { continue };
            context.connections.note_authorized(connection, !standing.is_refused);
            let is_due = failing.get(connection).is_none_or(|(again, _)| Instant::now() >= *again);
            if !standing.is_interrupted || !is_due {
                continue;
            }
            match context.connections.replace_token(connection, standing.generation).await {
                Ok(()) => {
                    failing.remove(connection);
                    info!(connection, "completed a token refresh that had been interrupted");
                }
                Err(why) => {
                    let delay =
                        failing.get(connection).map_or(LOOK_EVERY, |(_, delay)| (*delay * 2).min(LOOK_AGAIN_MAX));
                    failing.insert(connection.to_owned(), (Instant::now() + delay, delay));
                    warn!(connection, why, "a token refresh was interrupted and cannot be completed yet");
                }
            }
        }
    }
}
