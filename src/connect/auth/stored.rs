//! Tokens obtained with a refresh token: kept in the [`TokenVault`] for all nodes, requested by one node at a time.
//!
//! A provider may replace the refresh token with every request and reject the old one from then on. So the request is
//! recorded before it is sent, and the old token is kept until the new one is committed. If a node dies between the
//! provider's answer and that commit, the next node sends the old token again; providers with a grace period accept it.
//! Without a grace period, a person has to authorize the connection again. That is recorded too, so that the provider
//! is not asked over and over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::Wire;
use super::ask::{self, Granted, NotGranted};
use super::tokens::{Token, usable_for};
use super::vault::{Claimed, NewTokens, StoredTokens, TokenClaim, TokenId, TokenVault, Unanswered};
use crate::connect::keyring::{Keyring, KeyringError};
use crate::connect::problem::Problem;
use crate::connect::{KEYS_VARIABLE, Secret};
use crate::dsl::authentication::OAuth2;
use crate::machine::TargetEffect;

/// Longest wait for a token endpoint. Much shorter than providers' grace periods, so that another node can still use
/// the old token if this one dies.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// How much longer than the request the hold on the row lasts.
const HOLD_SPARE: Duration = Duration::from_secs(3);

/// A request that has not started this long after the row was claimed is not sent: the process may have been paused.
const SEND_WITHIN: Duration = Duration::from_secs(1);

/// How often a node checks whether another node has obtained the token.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long to keep trying to save tokens while the database fails.
const SAVE_MAX: Duration = Duration::from_secs(60);
const SAVE_AGAIN: Duration = Duration::from_millis(250);

/// When to retry a call that waited too long for another node's token request.
const BUSY_AGAIN: Duration = Duration::from_secs(2);

/// The stored tokens of one policy.
#[derive(Debug)]
pub(super) struct Stored {
    vault: Arc<dyn TokenVault>,
    keyring: Keyring,
    id: TokenId,
    connection: String,
    first: Secret,
}

/// Returns the identifier of a policy's row, or `None` without a refresh token.
pub(in crate::connect) fn token_id(settings: &OAuth2<Secret>) -> Option<TokenId> {
    let first = &settings.subject.as_ref()?.token;
    let client = settings.client.id.as_ref().map(Secret::expose).unwrap_or_default();
    let mut hash = Sha256::new_with_prefix(b"stepwell oauth token 1");
    for part in [client, first.expose()] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Some(hash.finalize().into())
}

impl Stored {
    /// Returns `None` if tokens cannot be stored.
    pub(super) fn new(
        vault: &Arc<dyn TokenVault>,
        keyring: &Keyring,
        connection: &str,
        settings: &OAuth2<Secret>,
    ) -> Option<Self> {
        let first = settings.subject.as_ref()?.token.clone();
        let (id, connection) = (token_id(settings)?, connection.to_owned());
        (!keyring.is_empty()).then(|| Self {
            vault: Arc::clone(vault),
            keyring: keyring.clone(),
            id,
            connection,
            first,
        })
    }

    /// Returns a token newer than the `stale` generation: one that a node has stored, or a new one.
    pub(super) async fn token(
        &self,
        wire: &Wire,
        settings: &OAuth2<Secret>,
        endpoint: &Url,
        stale: Option<i64>,
    ) -> Result<Token, Box<Problem>> {
        let wire = Wire { timeout: wire.timeout.min(ANSWER_MAX), ..wire.clone() };
        let hold = wire.timeout + HOLD_SPARE;
        let first = self.seal(&self.first)?;
        let begin = Instant::now();
        while begin.elapsed() < hold {
            let (claimed_at, holder) = (Instant::now(), Uuid::new_v4());
            let claim = TokenClaim { id: &self.id, connection: &self.connection, first: &first, stale, holder, hold };
            match self.vault.claim(claim).await.map_err(|why| self.away(&why))? {
                Claimed::Usable(stored) => return self.opened(&wire, &stored),
                Claimed::Refused(said) => return Err(self.given_up(&said)),
                Claimed::Busy => tokio::time::sleep(LOOK_AGAIN).await,
                Claimed::Held(_) if claimed_at.elapsed() > SEND_WITHIN => {
                    self.release(holder, Unanswered::NotDone).await;
                }
                Claimed::Held(stored) => {
                    let asking = Asking { stored: self, wire: &wire, settings, endpoint, holder };
                    if let Some(token) = asking.ask(&stored).await? {
                        return Ok(token);
                    }
                }
            }
        }
        let detail = format!("{} is waiting for a token that another node is requesting", self.named());
        Err(Problem::not_now("Token requested by another node", detail, BUSY_AGAIN))
    }

    fn opened(&self, wire: &Wire, stored: &StoredTokens) -> Result<Token, Box<Problem>> {
        let sealed = stored.access_token.as_deref().unwrap_or_default();
        let seconds = stored.usable_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok());
        Ok(Token {
            value: self.open(wire, sealed)?,
            serial: stored.generation.unsigned_abs(),
            usable_until: seconds.and_then(|seconds| Instant::now().checked_add(seconds)),
        })
    }

    fn seal(&self, value: &Secret) -> Result<Vec<u8>, Box<Problem>> {
        self.keyring.seal(value, &self.id).map_err(|why| self.unreadable(&why))
    }

    /// Decrypts a token and registers it as a secret, even if another node obtained it.
    fn open(&self, wire: &Wire, sealed: &[u8]) -> Result<Secret, Box<Problem>> {
        let token = self.keyring.open(sealed, &self.id).map_err(|why| self.unreadable(&why))?;
        wire.known.note_token(token.expose());
        Ok(token)
    }

    /// Ends the hold. If that fails, other nodes merely wait until it expires.
    async fn release(&self, holder: Uuid, how: Unanswered) {
        if let Err(why) = self.vault.release(&self.id, holder, how).await {
            tracing::warn!(
                connection = self.connection,
                why,
                "cannot release the stored token; other nodes wait briefly"
            );
        }
    }

    fn named(&self) -> String {
        if self.connection.is_empty() {
            "a call without a connection".to_owned()
        } else {
            format!("connection {}", self.connection)
        }
    }

    fn away(&self, why: &str) -> Box<Problem> {
        let detail = format!("no token: the stored tokens of {} cannot be read: {why}", self.named());
        Problem::communication("No token", detail, TargetEffect::None)
    }

    fn unreadable(&self, why: &KeyringError) -> Box<Problem> {
        let detail = format!("no token: the stored tokens of {} cannot be used: {why}", self.named());
        Problem::configuration("Stored token unreadable", detail)
    }

    fn given_up(&self, said: &str) -> Box<Problem> {
        let name = if self.connection.is_empty() { "--id ID" } else { &self.connection };
        let detail = format!(
            "{} must be authorized again: {said}. Get a new refresh token from the provider and give it to \
             `stepwell connections reauthorize {name}`, or put it into the connection's secret and restart the nodes",
            self.named()
        );
        Problem::authentication("Connection not authorized", detail).for_a_person()
    }
}

/// A token request by the holder of the row.
struct Asking<'a> {
    stored: &'a Stored,
    wire: &'a Wire,
    settings: &'a OAuth2<Secret>,
    endpoint: &'a Url,
    holder: Uuid,
}

impl Asking<'_> {
    /// Returns `None` if another node took over in the meantime.
    async fn ask(&self, known: &StoredTokens) -> Result<Option<Token>, Box<Problem>> {
        let begin = Instant::now();
        let current = match self.stored.open(self.wire, &known.refresh_token) {
            Ok(current) => current,
            Err(problem) => {
                self.stored.release(self.holder, Unanswered::NotDone).await;
                return Err(problem);
            }
        };
        let answer = ask::ask(self.wire, self.settings, self.endpoint, Some(&current)).await;
        let answer = match answer {
            Err(NotGranted::TokenRefused(problem)) => self.ask_with_previous(known, problem).await,
            answer => answer,
        };
        match answer {
            Ok(granted) => {
                // Some providers return the token that they keep as if it were new.
                let replaced = granted.refresh.clone().filter(|token| *token != current);
                self.keep(known, granted, replaced, begin).await
            }
            Err(NotGranted::TokenRefused(problem)) => Err(self.give_up(known, &problem).await),
            Err(NotGranted::NotDone(problem)) => {
                self.stored.release(self.holder, Unanswered::NotDone).await;
                Err(problem)
            }
            Err(NotGranted::PerhapsDone(problem)) => {
                self.stored.release(self.holder, Unanswered::PerhapsDone).await;
                Err(problem)
            }
        }
    }

    /// Tries the previous refresh token: a provider that lost the newest one may still accept it, and there is nothing
    /// left to lose.
    async fn ask_with_previous(&self, known: &StoredTokens, refused: Box<Problem>) -> Result<Granted, NotGranted> {
        let previous = known.previous_token.as_deref().and_then(|sealed| self.stored.open(self.wire, sealed).ok());
        let Some(previous) = previous else { return Err(NotGranted::TokenRefused(refused)) };
        match ask::ask(self.wire, self.settings, self.endpoint, Some(&previous)).await {
            Err(NotGranted::TokenRefused(_)) => Err(NotGranted::TokenRefused(refused)),
            answer => answer,
        }
    }

    async fn keep(
        &self,
        known: &StoredTokens,
        granted: Granted,
        replaced: Option<Secret>,
        begin: Instant,
    ) -> Result<Option<Token>, Box<Problem>> {
        let usable = granted.lifetime.map(usable_for);
        let new = NewTokens {
            refresh_token: replaced.as_ref().map(|token| self.stored.seal(token)).transpose()?,
            access_token: match &granted.trouble {
                None => Some(self.stored.seal(&granted.token)?),
                Some(_) => None,
            },
            usable_seconds: usable.map(|usable| usable.saturating_sub(begin.elapsed()).as_secs_f64()),
        };
        if !self.save(&new).await? {
            return Ok(None);
        }
        if let Some(trouble) = granted.trouble {
            return Err(trouble);
        }
        let usable_until = usable.and_then(|usable| begin.checked_add(usable));
        let serial = known.generation.unsigned_abs() + 1;
        Ok(Some(Token { value: granted.token, serial, usable_until }))
    }

    /// Retries for a while: an unsaved refresh token may be the only one that the provider still accepts.
    async fn save(&self, new: &NewTokens) -> Result<bool, Box<Problem>> {
        let begin = Instant::now();
        loop {
            match self.stored.vault.save(&self.stored.id, self.holder, new).await {
                Ok(saved) => return Ok(saved),
                Err(why) if begin.elapsed() > SAVE_MAX => {
                    let connection = &self.stored.connection;
                    tracing::error!(
                        connection,
                        why,
                        "the provider's new tokens could not be saved: the old ones are tried again"
                    );
                    return Err(self.stored.away(&why));
                }
                Err(_) => tokio::time::sleep(SAVE_AGAIN).await,
            }
        }
    }

    async fn give_up(&self, known: &StoredTokens, refused: &Problem) -> Box<Problem> {
        let lost = known.lost_at.map(|at| {
            format!(
                "; a node sent a request at {} whose answer was lost, and a provider without a grace period does not accept the same \
                 refresh token again",
                at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
            )
        });
        let said = format!("{refused}{}", lost.unwrap_or_default());
        tracing::error!(
            connection = self.stored.connection,
            "the provider no longer accepts the stored refresh token: {said}"
        );
        if let Err(why) = self.stored.vault.refuse(&self.stored.id, self.holder, &said).await {
            tracing::warn!(connection = self.stored.connection, why, "cannot record that the stored token was refused");
        }
        self.stored.given_up(&said)
    }
}

/// Logs that a replaced refresh token cannot be stored.
pub(super) fn not_stored(connection: &str) {
    tracing::error!(
        connection,
        "the provider replaced the refresh token, but {KEYS_VARIABLE} is not set: this node keeps the new one in memory only, other \
         nodes and the next start do not have it"
    );
}
