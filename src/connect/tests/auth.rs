//! Credentials are fetched once, renewed once and never shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{RawForm, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post as on_post};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, KeyPair as _, UnparsedPublicKey};
use serde_json::json;
use std::sync::Mutex;

use super::*;
use crate::connect::wire::pubsub::{PubSubAddress, PubSubError};
use crate::dsl::authentication::{Origin, read};
use crate::machine::ErrorKind;

const RSA_KEY: &str = include_str!("../../../tests/data/connect/rsa_key_of_tests.pem");
const EC_KEY: &str = include_str!("../../../tests/data/connect/ec_key_of_tests.pem");

/// A system with a token endpoint; accepts tokens with serial `oldest` or later.
#[derive(Clone, Default)]
struct System {
    tokens: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
    oldest: Arc<AtomicUsize>,
    /// Status and body that the token endpoint returns instead of a token.
    refusal: Option<(u16, Value)>,
    expires_in: Option<Value>,
    /// If set, the token endpoint signals each request and waits for permission to answer.
    gate: Option<Arc<(tokio::sync::Notify, tokio::sync::Notify)>>,
    /// Forms posted to the token endpoint.
    asked: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
    keys: Arc<Mutex<Vec<String>>>,
}

impl System {
    async fn serve(&self) -> SocketAddr {
        let router = Router::new()
            .route("/erp/oauth2/token", on_post(token))
            .route("/erp/.well-known/openid-configuration", get(discovery))
            .route("/erp/services/oauth2/userinfo", get(organization))
            .route("/erp/orders", any(orders));
        serve(router.with_state(self.clone())).await
    }

    fn counts(&self) -> (usize, usize) {
        (self.tokens.load(Ordering::SeqCst), self.calls.load(Ordering::SeqCst))
    }

    fn asked(&self) -> Vec<BTreeMap<String, String>> {
        self.asked.lock().expect("not poisoned").clone()
    }
}

async fn token(State(system): State<System>, RawForm(form): RawForm) -> Response {
    let fields = url::form_urlencoded::parse(&form).into_owned().collect();
    system.asked.lock().expect("not poisoned").push(fields);
    let serial = system.tokens.fetch_add(1, Ordering::SeqCst) + 1;
    if let Some(gate) = &system.gate {
        gate.0.notify_one();
        gate.1.notified().await;
    }
    if let Some((status, body)) = &system.refusal {
        return (StatusCode::from_u16(*status).expect("a status"), axum::Json(body.clone())).into_response();
    }
    let mut body =
        json!({"access_token": format!("granted-token-{serial}"), "refresh_token": format!("refresh-{serial}")});
    if let Some(expires_in) = &system.expires_in {
        body["expires_in"] = expires_in.clone();
    }
    axum::Json(body).into_response()
}

async fn discovery(headers: HeaderMap) -> Response {
    let host = headers["host"].to_str().expect("text");
    let endpoint = format!("http://{host}/erp/oauth2/token");
    axum::Json(json!({"issuer": format!("http://{host}/erp"), "token_endpoint": endpoint})).into_response()
}

/// Echoes the credentials that it received, as careless systems do.
async fn orders(State(system): State<System>, headers: HeaderMap) -> Response {
    system.calls.fetch_add(1, Ordering::SeqCst);
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    system.keys.lock().expect("not poisoned").push(text("idempotency-key"));
    let given = text("authorization");
    let serial = given.strip_prefix("Bearer granted-token-").and_then(|serial| serial.parse::<usize>().ok());
    match serial {
        Some(serial) if serial >= system.oldest.load(Ordering::SeqCst) => {
            axum::Json(json!({"got": given})).into_response()
        }
        _ => (StatusCode::UNAUTHORIZED, axum::Json(json!({"message": format!("bad: {given}")}))).into_response(),
    }
}

/// Returns the organization of an accepted token, else Salesforce's error.
async fn organization(system: State<System>, headers: HeaderMap) -> Response {
    match orders(system, headers).await.status() {
        StatusCode::OK => axum::Json(json!({ "organization_id": "00DWs000003aBcDEAU" })).into_response(),
        _ => (StatusCode::FORBIDDEN, "Bad_OAuth_Token").into_response(),
    }
}

fn policy(value: &Value) -> Authentication {
    let reading = read(value, Origin::Hub);
    reading.policy.unwrap_or_else(|| panic!("{:?}", reading.flaws))
}

fn client_credentials() -> Value {
    json!({"oauth2": {"grant": "client_credentials", "client": {"id": "us", "secret": "${ $secrets.token }"}}})
}

fn connections(address: SocketAddr, value: &Value) -> Connections {
    let mut settings = settings(address);
    erp(&mut settings).authentication = Some(policy(value));
    Connections::new(settings).expect("valid settings")
}

#[tokio::test]
async fn a_hundred_calls_at_once_fetch_one_token() {
    let system = System::default();
    let connections = connections(system.serve().await, &client_credentials());
    let request = post();
    let calls = (0..100).map(|_| connections.call(&request, None));
    for outcome in futures::future::join_all(calls).await {
        // Echoed credentials are masked.
        assert_eq!(success(outcome).0, json!({"got": "Bearer ***"}));
    }
    assert_eq!(system.counts(), (1, 100));
    let asked = &system.asked()[0];
    assert_eq!((asked["grant_type"].as_str(), asked["client_secret"].as_str()), ("client_credentials", CANARY));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_keeps_its_key() {
    let system = System::default();
    let connections = connections(system.serve().await, &client_credentials());
    success(connections.call(&post(), None).await);
    system.oldest.store(2, Ordering::SeqCst);
    success(connections.call(&post(), None).await);
    assert_eq!(system.counts(), (2, 3));
    let keys = system.keys.lock().expect("not poisoned").clone();
    assert!(keys.iter().all(|key| *key == post().idempotency_key), "{keys:?}");
}

#[tokio::test]
async fn a_second_refusal_faults_with_401_and_shows_no_token() {
    let system = System::default();
    system.oldest.store(99, Ordering::SeqCst);
    let connections = connections(system.serve().await, &client_credentials());
    let failure = failure(connections.call(&post(), None).await);
    assert_eq!(system.counts(), (2, 2));
    assert_eq!(verdict(&failure), (FaultClass::Credentials, TargetEffect::None));
    assert_eq!(failure.error.status, 401);
    assert!(failure.error.r#type.ends_with(ErrorKind::Communication.name()), "{:?}", failure.error);
    let shown = format!("{failure:?}");
    assert!(!shown.contains("granted-token") && !shown.contains(CANARY), "{shown}");
}

#[tokio::test]
async fn a_subscription_whose_token_is_refused_where_the_org_is_asked_for_renews_it_once() {
    let system = System::default();
    let connections = connections(system.serve().await, &client_credentials());
    let address = PubSubAddress { connection: "erp".to_owned(), endpoint: None, organization: None };
    let to = connections.pubsub(address).expect("a service");
    connections.sign_in(&to, None).await.expect("the first token is good");
    system.oldest.store(2, Ordering::SeqCst);
    connections.sign_in(&to, None).await.expect("the second token is good");
    assert_eq!(system.counts(), (2, 3));
    system.oldest.store(99, Ordering::SeqCst);
    let refused = connections.sign_in(&to, None).await.expect_err("no token is good");
    assert_eq!(system.counts(), (3, 5));
    assert!(matches!(refused, PubSubError::Unauthenticated(_)), "{refused:?}");
    let said = refused.to_string();
    assert!(said.contains("connection erp") && !said.contains("granted-token"), "{said}");
}

#[tokio::test]
async fn an_expired_token_is_replaced_before_it_is_used() {
    let system = System { expires_in: Some(json!("0")), ..System::default() };
    let connections = connections(system.serve().await, &client_credentials());
    success(connections.call(&post(), None).await);
    success(connections.call(&post(), None).await);
    assert_eq!(system.counts(), (2, 2));
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_is_tried_again_and_nothing_was_sent() {
    let system = System { refusal: Some((503, Value::Null)), ..System::default() };
    let connections = connections(system.serve().await, &client_credentials());
    assert_eq!(verdict(&failure(connections.call(&post(), None).await)), (FaultClass::Transient, TargetEffect::None));
    assert_eq!(system.counts(), (1, 0));
}

#[tokio::test]
async fn a_refused_client_is_for_a_person_and_its_secret_is_masked() {
    let refusal = json!({"error": "invalid_client", "error_description": format!("{CANARY} is wrong")});
    let system = System { refusal: Some((401, refusal)), ..System::default() };
    let connections = connections(system.serve().await, &client_credentials());
    let failure = failure(connections.call(&post(), None).await);
    assert_eq!(verdict(&failure), (FaultClass::Person, TargetEffect::None));
    assert!(detail(&failure).contains("invalid_client *** is wrong"), "{}", detail(&failure));
    assert!(!format!("{failure:?}").contains(CANARY));
}

#[tokio::test]
async fn a_token_endpoint_at_a_private_address_is_refused() {
    let mut value = client_credentials();
    value["oauth2"]["authority"] = "http://127.0.0.9:1/".into();
    let system = System::default();
    let connections = connections(system.serve().await, &value);
    let failure = failure(connections.call(&post(), None).await);
    assert_eq!(failure.error.title.as_deref(), Some("Address refused"));
    assert_eq!(system.counts(), (0, 0));
}

#[tokio::test]
async fn the_server_s_newest_refresh_token_is_used() {
    let system = System { expires_in: Some(json!(0)), ..System::default() };
    let subject = json!({"token": "${ $secrets.token }", "type": "urn:ietf:params:oauth:token-type:refresh_token"});
    let client = json!({"id": "us", "authentication": "none"});
    let value = json!({"oauth2": {"grant": "refresh_token", "client": client, "subject": subject}});
    let connections = connections(system.serve().await, &value);
    success(connections.call(&post(), None).await);
    success(connections.call(&post(), None).await);
    let sent: Vec<String> = system.asked().iter().map(|fields| fields["refresh_token"].clone()).collect();
    assert_eq!(sent, [CANARY, "refresh-1"]);
}

#[tokio::test]
async fn a_token_that_was_asked_for_arrives_also_when_the_call_is_aborted() {
    let gate = Arc::new((tokio::sync::Notify::new(), tokio::sync::Notify::new()));
    let system = System { gate: Some(Arc::clone(&gate)), ..System::default() };
    let connections = connections(system.serve().await, &client_credentials());
    let request = post();
    {
        let call = std::pin::pin!(connections.call(&request, None));
        let asked = std::pin::pin!(gate.0.notified());
        let first = futures::future::select(call, asked).await;
        assert!(matches!(first, futures::future::Either::Right(_)), "the call waits for its token");
    }
    gate.1.notify_one();
    success(connections.call(&request, None).await);
    assert_eq!(system.counts(), (1, 1));
}

#[tokio::test]
async fn oidc_finds_the_token_endpoint_and_checks_the_issuer() {
    let system = System::default();
    let address = system.serve().await;
    let client = json!({"id": "us", "secret": "${ $secrets.token }"});
    let mut value = json!({"oidc": {
        "authority": format!("http://{address}/erp"), "grant": "client_credentials", "client": client,
    }});
    success(connections(address, &value).call(&post(), None).await);
    value["oidc"]["issuers"] = json!(["https://other.example"]);
    let failure = failure(connections(address, &value).call(&post(), None).await);
    assert_eq!(failure.error.title.as_deref(), Some("Unknown issuer"));
    assert_eq!(system.counts(), (1, 1));
}

#[tokio::test]
async fn a_secret_can_hold_all_settings() {
    let system = System::default();
    let mut settings = settings(system.serve().await);
    erp(&mut settings).authentication = Some(policy(&json!({"oauth2": {"use": "whole"}})));
    let with = |value: &'static str| Secrets::fixed([("whole", value)]);
    let good = r#"{"grant": "client_credentials", "client": {"id": "us", "secret": "canary-7f3a9c"}}"#;
    settings.secrets = with(good);
    success(call(settings.clone(), &post()).await);
    settings.secrets = with(r#"{"grant": "canary-7f3a9c"}"#);
    let failure = failure(call(settings, &post()).await);
    assert!(detail(&failure).contains("`grant` must be one of"), "{}", detail(&failure));
    assert!(detail(&failure).contains("STEPWELL_SECRET_WHOLE"), "{}", detail(&failure));
    assert!(!format!("{failure:?}").contains(CANARY));
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

/// Returns the assertion that is sent with these settings.
async fn assertion_for(key: &'static str, mut value: Value, field: &str) -> String {
    value["oauth2"]["client"]["key"] = "${ $secrets.key }".into();
    let system = System::default();
    let mut settings = settings(system.serve().await);
    erp(&mut settings).authentication = Some(policy(&value));
    settings.secrets = Secrets::fixed([("key", key)]);
    success(call(settings, &post()).await);
    system.asked()[0][field].clone()
}

#[tokio::test]
async fn netsuite_s_assertion_is_signed_afresh_and_verifies() {
    let client = json!({"id": "us", "authentication": "private_key_jwt", "keyId": "cert-1", "algorithm": "ES256"});
    let value = json!({"oauth2": {"grant": "client_credentials", "client": client, "scopes": ["rest_webservices"]}});
    let assertion = assertion_for(EC_KEY, value, "client_assertion").await;
    let parts: Vec<&str> = assertion.split('.').collect();
    assert_eq!(decoded(parts[0]), json!({"typ": "JWT", "alg": "ES256", "kid": "cert-1"}));
    let claims = decoded(parts[1]);
    assert_eq!((&claims["iss"], &claims["scope"]), (&json!("us"), &json!("rest_webservices")));
    assert!(claims["aud"].as_str().is_some_and(|aud| aud.ends_with("/erp/oauth2/token")), "{claims}");
    let pem = EC_KEY.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let der = base64::prelude::BASE64_STANDARD.decode(pem).expect("base64");
    let random = ring::rand::SystemRandom::new();
    let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = ring::signature::EcdsaKeyPair::from_pkcs8(algorithm, &der, &random).expect("a key");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(parts[2]).expect("base64");
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
        .verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &signature)
        .expect("it verifies");
}

#[tokio::test]
async fn salesforce_s_assertion_names_the_user_and_the_login_host() {
    let client = json!({"id": "us", "algorithm": "RS256", "audience": "https://login.salesforce.com"});
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let value = json!({"oauth2": {"grant": grant, "client": client, "username": "integration@example.com"}});
    let assertion = assertion_for(RSA_KEY, value, "assertion").await;
    let parts: Vec<&str> = assertion.split('.').collect();
    let claims = decoded(parts[1]);
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!("us"), &json!("integration@example.com"), &json!("https://login.salesforce.com"))
    );
    assert_eq!(parts.len(), 3);
}

#[tokio::test]
async fn both_paddings_of_rsa_verify() {
    let pem = RSA_KEY.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let der = base64::prelude::BASE64_STANDARD.decode(pem).expect("base64");
    let pair = ring::signature::RsaKeyPair::from_pkcs8(&der).expect("a key");
    for (algorithm, verification) in
        [("RS256", &ring::signature::RSA_PKCS1_2048_8192_SHA256), ("PS256", &ring::signature::RSA_PSS_2048_8192_SHA256)]
    {
        let client = json!({"id": "us", "authentication": "private_key_jwt", "algorithm": algorithm});
        let value = json!({"oauth2": {"grant": "client_credentials", "client": client}});
        let assertion = assertion_for(RSA_KEY, value, "client_assertion").await;
        let (content, signature) = assertion.rsplit_once('.').expect("three parts");
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64");
        UnparsedPublicKey::new(verification, pair.public_key().as_ref())
            .verify(content.as_bytes(), &signature)
            .expect(algorithm);
    }
}

#[tokio::test]
async fn a_key_that_does_not_sign_is_named_but_not_shown() {
    let client =
        json!({"id": "us", "authentication": "private_key_jwt", "key": "${ $secrets.token }", "algorithm": "PS256"});
    let value = json!({"oauth2": {"grant": "client_credentials", "client": client}});
    let system = System::default();
    let failure = failure(connections(system.serve().await, &value).call(&post(), None).await);
    assert!(detail(&failure).contains("private key is not PEM"), "{}", detail(&failure));
    assert!(!format!("{failure:?}").contains(CANARY));
}

#[tokio::test]
async fn a_digest_challenge_is_met_and_remembered() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let answer = move |headers: HeaderMap, uri: Uri| async move {
        counted.fetch_add(1, Ordering::SeqCst);
        let given = headers.get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let met = given.starts_with("Digest ") && given.contains("algorithm=SHA-256") && given.contains(uri.path());
        if met {
            return axum::Json(json!({"ok": true})).into_response();
        }
        let challenges = axum::response::AppendHeaders([
            ("www-authenticate", r#"Digest realm="erp", qop="auth", algorithm=MD5, nonce="n1""#),
            ("www-authenticate", r#"Digest realm="erp", qop="auth", algorithm=SHA-256, nonce="n2""#),
        ]);
        (StatusCode::UNAUTHORIZED, challenges).into_response()
    };
    let address = serve(Router::new().route("/erp/orders", any(answer))).await;
    let value = json!({"digest": {"username": "ann", "password": "${ $secrets.token }"}});
    let connections = connections(address, &value);
    success(connections.call(&post(), None).await);
    success(connections.call(&post(), None).await);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn oauth1_signs_the_query_and_names_the_account() {
    let answer = |headers: HeaderMap| async move {
        let given = headers["authorization"].to_str().expect("text").to_owned();
        axum::Json(json!({"head": given.split(", ").next()})).into_response()
    };
    let address =
        serve(Router::new().route("/erp/orders", any(async move |headers| -> Response { answer(headers).await })))
            .await;
    let value = json!({"oauth1": {
        "consumerKey": "ck", "consumerSecret": "${ $secrets.token }", "token": "tk",
        "tokenSecret": "${ $secrets.token }", "realm": "1234567_SB1", "signature": "HMAC-SHA256",
    }});
    let (output, _) = success(connections(address, &value).call(&post(), None).await);
    assert_eq!(output, json!({"head": "OAuth realm=\"1234567_SB1\""}));
}

/// The sandbox, with connections to both of its systems that authenticate with a key.
async fn sandbox() -> (SocketAddr, Connections) {
    let address = serve(crate::sandbox::router(crate::sandbox::Sandbox::new())).await;
    let mut settings = settings(address);
    let mut connection = |name: &str, value: &Value| {
        let base = format!("http://{address}/{name}").parse().expect("a URL");
        let base_urls = BTreeMap::from([("sandbox".to_owned(), base)]);
        let connection = Connection { base_urls, authentication: Some(policy(value)), ..Connection::default() };
        settings.connections.insert(name.to_owned(), connection);
    };
    let client =
        json!({"id": "us", "key": "${ $secrets.rsa }", "algorithm": "RS256", "audience": "https://login.example"});
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    let endpoints = json!({"token": "/services/oauth2/token"});
    let crm = json!({"oauth2": {"grant": grant, "client": client, "username": "a@b.example", "endpoints": endpoints}});
    connection("crm", &crm);
    let method = "private_key_jwt";
    let client = json!({"id": "us", "authentication": method, "key": "${ $secrets.rsa }", "algorithm": "PS256"});
    let endpoints = json!({"token": "/services/rest/auth/oauth2/v1/token"});
    connection("erp", &json!({"oauth2": {"grant": "client_credentials", "client": client, "endpoints": endpoints}}));
    settings.secrets = Secrets::fixed([("rsa", RSA_KEY)]);
    (address, Connections::new(settings).expect("valid settings"))
}

#[tokio::test]
async fn both_sandbox_systems_are_called_with_tokens_that_outlive_their_sessions() {
    let (address, connections) = sandbox().await;
    let calls = [
        request("GET", "connection://crm/services/data/v62.0/limits"),
        request("GET", "connection://erp/services/rest/record/v1/customer"),
    ];
    for _session in 0..2 {
        for call in &calls {
            success(connections.call(call, None).await);
        }
        let ended = connections.call(&request("DELETE", &format!("http://{address}/sessions")), None).await;
        success(ended);
    }
}
