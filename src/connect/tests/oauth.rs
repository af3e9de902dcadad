//! Refresh tokens that providers replace: shared by all nodes, and never given up before the new one is stored.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post as on_post};
use futures::future::BoxFuture;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::dsl::authentication::{Origin, read};

const FIRST: &str = "refresh-0";

/// A provider that replaces refresh tokens, and an API that accepts its newest access token.
#[derive(Default)]
struct Provider {
    /// Refresh tokens that it accepts.
    valid: Vec<String>,
    issued: usize,
    /// Refresh tokens that it received.
    asked: Vec<String>,
    /// Statuses to answer with instead of a token.
    refusals: Vec<StatusCode>,
    /// Bodies to answer with after replacing the refresh token, instead of the usual ones.
    answers: Vec<&'static str>,
}

type Shared = Arc<Mutex<Provider>>;

fn provider(shared: &Shared) -> MutexGuard<'_, Provider> {
    shared.lock().expect("not poisoned")
}

async fn token(State(shared): State<Shared>, RawForm(form): RawForm) -> Response {
    let sent = url::form_urlencoded::parse(&form).find(|(name, _)| name == "refresh_token").expect("a refresh token").1;
    let mut provider = provider(&shared);
    provider.asked.push(sent.clone().into_owned());
    if let Some(status) = provider.refusals.pop() {
        return status.into_response();
    }
    if !provider.valid.iter().any(|valid| *valid == sent) {
        let body = json!({"error": "invalid_grant", "error_description": format!("{sent} is not known")});
        return (StatusCode::BAD_REQUEST, axum::Json(body)).into_response();
    }
    provider.issued += 1;
    let serial = provider.issued;
    provider.valid = vec![format!("refresh-{serial}")];
    if let Some(body) = provider.answers.pop() {
        return ([("content-type", "application/json")], body).into_response();
    }
    axum::Json(json!({
        "access_token": format!("access-token-{serial}"), "refresh_token": format!("refresh-{serial}"), "expires_in": 3600,
    }))
    .into_response()
}

async fn orders(State(shared): State<Shared>, headers: HeaderMap) -> StatusCode {
    let newest = format!("Bearer access-token-{}", provider(&shared).issued);
    let given = headers.get("authorization").and_then(|value| value.to_str().ok());
    if given == Some(newest.as_str()) { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

/// A vault in memory. Its rows behave like the database's, except that holds do not expire.
#[derive(Debug, Default)]
struct Memory {
    row: Option<StoredTokens>,
    holder: Option<Uuid>,
    refused: Option<String>,
    /// Number of writes that fail before one succeeds.
    failures: usize,
    released: Vec<Unanswered>,
}

#[derive(Debug, Default, Clone)]
struct MemoryVault(Arc<Mutex<Memory>>);

impl MemoryVault {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().expect("not poisoned")
    }
}

fn ready<T: Send + 'static>(value: T) -> BoxFuture<'static, Result<T, String>> {
    Box::pin(std::future::ready(Ok(value)))
}

impl TokenVault for MemoryVault {
    fn claim<'a>(&'a self, claim: TokenClaim<'a>) -> BoxFuture<'a, Result<Claimed, String>> {
        let mut memory = self.memory();
        if let Some(said) = &memory.refused {
            return ready(Claimed::Refused(said.clone()));
        }
        let row = memory.row.get_or_insert_with(|| StoredTokens {
            generation: 0,
            refresh_token: claim.first.to_vec(),
            previous_token: None,
            access_token: None,
            usable_seconds: None,
            lost_at: None,
            problem: None,
        });
        let row = row.clone();
        if row.is_usable(claim.stale) {
            return ready(Claimed::Usable(row));
        }
        if memory.holder.is_some() {
            return ready(Claimed::Busy);
        }
        memory.holder = Some(claim.holder);
        ready(Claimed::Held(row))
    }

    fn save<'a>(&'a self, _: &'a TokenId, holder: Uuid, new: &'a NewTokens) -> BoxFuture<'a, Result<bool, String>> {
        let mut memory = self.memory();
        if memory.failures > 0 {
            memory.failures -= 1;
            return Box::pin(std::future::ready(Err("the database is away".to_owned())));
        }
        if memory.holder.take() != Some(holder) {
            return ready(false);
        }
        let row = memory.row.as_mut().expect("a row that is held");
        row.generation += 1;
        if let Some(refresh_token) = &new.refresh_token {
            row.previous_token = Some(std::mem::replace(&mut row.refresh_token, refresh_token.clone()));
        }
        row.access_token.clone_from(&new.access_token);
        ready(true)
    }

    fn refuse<'a>(&'a self, _: &'a TokenId, _: Uuid, problem: &'a str) -> BoxFuture<'a, Result<(), String>> {
        let mut memory = self.memory();
        memory.refused = Some(problem.to_owned());
        memory.holder = None;
        ready(())
    }

    fn release<'a>(&'a self, _: &'a TokenId, _: Uuid, how: Unanswered) -> BoxFuture<'a, Result<(), String>> {
        let mut memory = self.memory();
        memory.released.push(how);
        memory.holder = None;
        ready(())
    }
}

/// A node whose connection `erp` authenticates with a refresh token.
fn node(address: SocketAddr, vault: &MemoryVault) -> Connections {
    let client = json!({"id": "us", "authentication": "none"});
    let subject = json!({"token": "${ $secrets.token }", "type": "urn:ietf:params:oauth:token-type:refresh_token"});
    let value = json!({"oauth2": {"grant": "refresh_token", "client": client, "subject": subject}});
    let mut settings = settings(address);
    erp(&mut settings).authentication = read(&value, Origin::Hub).policy;
    settings.secrets = Secrets::fixed([("token", FIRST)]);
    settings.keyring = Keyring::parse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
    let connections = Connections::new(settings).expect("valid settings");
    connections.share_tokens(Arc::new(vault.clone()));
    connections
}

async fn world() -> (Shared, SocketAddr, MemoryVault) {
    let shared = Shared::default();
    provider(&shared).valid.push(FIRST.to_owned());
    let router = Router::new().route("/erp/oauth2/token", on_post(token)).route("/erp/orders", any(orders));
    let address = serve(router.with_state(Arc::clone(&shared))).await;
    (shared, address, MemoryVault::default())
}

#[tokio::test]
async fn a_replaced_refresh_token_is_stored_encrypted_and_another_node_uses_it() {
    let (shared, address, vault) = world().await;
    success(node(address, &vault).call(&post(), None).await);
    // A node that starts later knows only the first token, which is no longer valid. It uses the stored one.
    let second = node(address, &vault);
    success(second.call(&post(), None).await);
    assert_eq!(provider(&shared).asked, [FIRST], "the token is fetched once for all");
    // The target rejects the access token: one node requests a new one, and the other uses it.
    provider(&shared).issued += 1;
    success(second.call(&post(), None).await);
    assert_eq!(provider(&shared).asked, [FIRST, "refresh-1"]);
    let row = vault.memory().row.clone().expect("a row");
    let stored = [Some(row.refresh_token), row.previous_token, row.access_token];
    for sealed in stored.into_iter().flatten() {
        let text = String::from_utf8_lossy(&sealed).into_owned();
        assert!(!text.contains("refresh-") && !text.contains("access-token"), "{text}");
    }
}

#[tokio::test]
async fn two_nodes_whose_token_is_refused_at_once_fetch_one() {
    let (shared, address, vault) = world().await;
    let nodes = [node(address, &vault), node(address, &vault)];
    let request = post();
    let calls = (0..20).map(|n| nodes[n % 2].call(&request, None));
    for outcome in futures::future::join_all(calls).await {
        success(outcome);
    }
    assert_eq!(provider(&shared).asked, [FIRST]);
}

#[tokio::test]
async fn new_tokens_that_the_database_does_not_take_at_once_are_not_given_up() {
    let (shared, address, vault) = world().await;
    vault.memory().failures = 3;
    success(node(address, &vault).call(&post(), None).await);
    assert_eq!((provider(&shared).asked.len(), vault.memory().row.as_ref().map(|row| row.generation)), (1, Some(1)));
}

#[tokio::test]
async fn a_provider_that_lost_the_newest_token_is_shown_the_one_before() {
    let (shared, address, vault) = world().await;
    let node = node(address, &vault);
    success(node.call(&post(), None).await);
    {
        let mut provider = provider(&shared);
        provider.valid = vec![FIRST.to_owned()];
        provider.issued += 1;
    }
    success(node.call(&post(), None).await);
    assert_eq!(provider(&shared).asked, [FIRST, "refresh-1", FIRST]);
}

#[tokio::test]
async fn a_provider_that_rejects_the_token_is_not_asked_again_and_a_person_sees_what_to_do() {
    let (shared, address, vault) = world().await;
    provider(&shared).valid.clear();
    for _ in 0..3 {
        let failure = failure(node(address, &vault).call(&post(), None).await);
        assert_eq!(verdict(&failure), (FaultClass::Person, TargetEffect::None));
        let detail = detail(&failure);
        assert!(
            detail.contains("stepwell connections reauthorize erp") && detail.contains("invalid_grant"),
            "{detail}"
        );
        assert!(!detail.contains(FIRST), "{detail}");
    }
    assert_eq!(provider(&shared).asked.len(), 1);
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_costs_no_token_and_what_may_have_been_done_is_noted() {
    let (shared, address, vault) = world().await;
    let node = node(address, &vault);
    for (status, how) in [(503, Unanswered::PerhapsDone), (429, Unanswered::NotDone), (401, Unanswered::NotDone)] {
        provider(&shared).refusals.push(StatusCode::from_u16(status).expect("a status"));
        failure(node.call(&post(), None).await);
        assert_eq!(vault.memory().released.pop(), Some(how), "{status}");
    }
    success(node.call(&post(), None).await);
    assert_eq!(provider(&shared).asked, [FIRST; 4]);
}

#[tokio::test]
async fn an_answer_of_the_token_endpoint_with_two_readings_gives_no_token_and_is_noted_as_lost() {
    for (body, why) in [
        (r#"{"access_token": "first", "refresh_token": "a", "refresh_token": "b"}"#, "appears twice"),
        (r#"{"access_token": "fi\u0000rst", "refresh_token": "a"}"#, "U+0000"),
        (r#"{"access_token": "first"} {"access_token": "second"}"#, "trailing"),
    ] {
        let (shared, address, vault) = world().await;
        provider(&shared).answers.push(body);
        let failure = failure(node(address, &vault).call(&post(), None).await);
        let detail = failure.error.detail.unwrap_or_default();
        assert!(detail.contains("cannot be read") && detail.contains(why), "{detail}");
        assert_eq!(vault.memory().released, [Unanswered::PerhapsDone]);
        assert!(vault.memory().row.as_ref().is_some_and(|row| row.access_token.is_none()));
    }
}

#[tokio::test]
async fn a_token_that_another_node_fetched_is_hidden_like_an_own_one() {
    let (shared, address, vault) = world().await;
    success(node(address, &vault).call(&post(), None).await);
    let other = node(address, &vault);
    success(other.call(&post(), None).await);
    assert_eq!(provider(&shared).asked.len(), 1, "the other node took the stored token");
    let shown = other.known().all().text("Bearer access-token-1 of refresh-0".to_owned());
    assert_eq!(shown, "Bearer *** of ***");
}

#[tokio::test]
async fn tokens_of_a_key_that_is_missing_are_not_thrown_away() {
    let (shared, address, vault) = world().await;
    success(node(address, &vault).call(&post(), None).await);
    let before = vault.memory().row.clone().expect("a row").refresh_token;
    let mut settings = settings(address);
    let client = json!({"id": "us", "authentication": "none"});
    let subject = json!({"token": "${ $secrets.token }", "type": "urn:ietf:params:oauth:token-type:refresh_token"});
    let value = json!({"oauth2": {"grant": "refresh_token", "client": client, "subject": subject}});
    erp(&mut settings).authentication = read(&value, Origin::Hub).policy;
    settings.secrets = Secrets::fixed([("token", FIRST)]);
    settings.keyring = Keyring::parse("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").expect("a key");
    let other = Connections::new(settings).expect("valid settings");
    other.share_tokens(Arc::new(vault.clone()));
    let failure = failure(other.call(&post(), None).await);
    assert!(detail(&failure).contains(KEYS_VARIABLE), "{}", detail(&failure));
    assert_eq!(vault.memory().row.clone().expect("a row").refresh_token, before);
    assert_eq!(provider(&shared).asked.len(), 1);
}
