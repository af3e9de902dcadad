//! A connection that signs in with a refresh token survives the death of nodes, whatever the provider does with the
//! token.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Row as _;
use stepwell::sandbox::{self, Sandbox};

use crate::harness::{Node, World, client, eventually, hub, program};

const FIRST: &str = "sandbox-crm-refresh-token";
const OLD_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// Number of kills by default. `STEPWELL_TEST_KILLS=200` runs the long version.
const KILLS: usize = 5;

/// A world whose connection `crm` signs in at a sandbox with a refresh token.
struct Provider {
    world: World,
    sandbox: String,
    client: reqwest::Client,
}

impl Provider {
    async fn new(settings: Value) -> Self {
        let client = client();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(sandbox::serve(listener, Sandbox::new(), std::future::pending()));
        let connection = format!(
            "{}connections:\n  crm:\n    baseUrl: {{ sandbox: 'http://{address}/crm' }}\n    timeout: PT1S\n    authentication:\n      oauth2:\n\
             \x20       endpoints: {{ token: /services/oauth2/token }}\n        grant: refresh_token\n\
             \x20       client: {{ id: hub, authentication: none }}\n\
             \x20       subject: {{ token: '${{ $secrets.crmRefresh }}', type: 'urn:ietf:params:oauth:token-type:refresh_token' }}\n",
            hub()
        );
        let call = "{ call: http, with: { method: get, endpoint: connection://crm/services/data/v62.0/limits } }";
        let workflow = format!(
            "document: {{ dsl: '1.0.3', namespace: test, name: limits, version: '1.0.0' }}\ndo:\n  - first: {call}\n  - second: {call}\n"
        );
        let mut world =
            World::new(&[("hub.yaml", connection), ("limits.yaml", workflow)], &[address.to_string()]).await;
        world.set("STEPWELL_SECRET_CRMREFRESH", FIRST);
        world.set("STEPWELL_ENCRYPTION_KEYS", OLD_KEY);
        let provider = Self { world, sandbox: format!("http://{address}"), client };
        provider.post("/settings", &json!({ "crm": { "refreshTokens": settings } })).await;
        provider
    }

    async fn post(&self, path: &str, body: &Value) {
        let sent = self.client.post(format!("{}{path}", self.sandbox)).body(body.to_string()).send().await.unwrap();
        assert!(sent.status().is_success(), "{}", sent.text().await.unwrap());
    }

    async fn delete(&self, path: &str) {
        self.client.delete(format!("{}{path}", self.sandbox)).send().await.unwrap();
    }

    /// Adds a fault to the token endpoint.
    async fn fault(&self, mut fault: Value) {
        fault["path"] = "/crm/services/oauth2/token".into();
        self.post("/faults", &fault).await;
    }

    /// Returns the number of refresh tokens that were `granted`, `repeated` or `refused`.
    async fn count(&self, what: &str) -> u64 {
        let answer = self.client.get(format!("{}/sessions", self.sandbox)).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["crm"]["refreshTokens"][what].as_u64().unwrap()
    }

    /// Passes a refresh token to `stepwell connections reauthorize`.
    fn reauthorize(&self, token: &str) {
        let mut command = Command::new(program());
        command.args(["connections", "reauthorize", "crm"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = self.world.equip(&mut command).spawn().unwrap();
        child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }
}

async fn start(node: &Node) -> String {
    let (status, run) = node.post("/api/v1/workflows/test/limits/runs", &json!({})).await;
    assert!(matches!(status, 201 | 202), "{run}");
    run["id"].as_str().unwrap().to_owned()
}

async fn completes(node: &Node) {
    let run = start(node).await;
    node.run_becomes(&run, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_are_killed_at_any_point_of_a_token_s_exchange_lose_no_connection() {
    let kills = std::env::var("STEPWELL_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let provider = Provider::new(json!({ "rotate": true, "graceSeconds": null, "accessSeconds": 0 })).await;
    // Slow answers lengthen the time between the exchange and its commit; some answers never arrive.
    provider.fault(json!({ "kind": "drip", "delay_ms": 1, "probability": 0.5, "seed": 1 })).await;
    provider.fault(json!({ "kind": "delay", "delay_ms": 60, "probability": 0.5, "seed": 2 })).await;
    provider.fault(json!({ "kind": "reset_after", "probability": 0.1, "seed": 3 })).await;
    for kill in 0..kills {
        let mut node = provider.world.node().await;
        for _ in 0..3 {
            start(&node).await;
        }
        // Every other kill hits the time between the provider's exchange and our commit; the others hit any time.
        let within = if kill % 2 == 0 {
            let before = provider.count("granted").await;
            eventually("an exchange", || async { (provider.count("granted").await > before).then_some(()) }).await;
            60
        } else {
            500
        };
        // A random point in time, not a wait for a condition.
        tokio::time::sleep(Duration::from_millis(rand::random_range(0..within))).await;
        node.kill();
        if kill % 20 == 19 {
            eprintln!(
                "{} kills: {} exchanges, {} of them with the old token again, {} refused",
                kill + 1,
                provider.count("granted").await,
                provider.count("repeated").await,
                provider.count("refused").await
            );
        }
    }
    provider.delete("/faults").await;
    let node = provider.world.node().await;
    completes(&node).await;
    assert_eq!(provider.count("refused").await, 0);
    let (ok, listed, _) = provider.world.command(&["connections", "list"]);
    assert!(ok && listed.contains("authorized") && !listed.contains("refused"), "{listed}");
}

/// Kills a node after the provider exchanged the token and before its answer arrived.
async fn killed_between_exchange_and_commit(provider: &Provider) -> String {
    provider.fault(json!({ "kind": "hang", "apply": true, "count": 1 })).await;
    let mut node = provider.world.node().await;
    let run = start(&node).await;
    eventually("the provider exchanged the token", || async { (provider.count("granted").await == 1).then_some(()) })
        .await;
    node.kill();
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_refresh_token_whose_answer_was_lost_is_asked_for_again_with_the_old_one() {
    let provider = Provider::new(json!({ "rotate": true, "graceSeconds": 60 })).await;
    let run = killed_between_exchange_and_commit(&provider).await;
    let node = provider.world.node().await;
    node.run_becomes(&run, "completed").await;
    let counts = (provider.count("granted").await, provider.count("repeated").await, provider.count("refused").await);
    assert_eq!(counts, (2, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_grace_is_asked_once_and_a_person_authorizes_the_connection_again() {
    let provider = Provider::new(json!({ "rotate": true, "graceSeconds": 0 })).await;
    let run = killed_between_exchange_and_commit(&provider).await;
    let node = provider.world.node().await;
    let faulted = node.run_becomes(&run, "faulted").await;
    let detail = faulted["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("stepwell connections reauthorize crm") && detail.contains("answer was lost"), "{detail}");
    assert!(!detail.contains(FIRST), "{detail}");
    let refused = provider.count("refused").await;
    let second = start(&node).await;
    node.run_becomes(&second, "faulted").await;
    assert_eq!(provider.count("refused").await, refused, "the provider is not asked over and over");
    let (_, listed, _) = provider.world.command(&["connections", "list"]);
    assert!(listed.contains("refused") && listed.contains("crm"), "{listed}");
    eventually("the metric says so", || async {
        let (_, text) = node.get("/metrics").await;
        text.as_str()?.contains("stepwell_connection_authorized{connection=\"crm\"} 0").then_some(())
    })
    .await;
    provider.reauthorize(&format!("{FIRST}-2\n"));
    let (status, answer) = node.post(&format!("/api/v1/runs/{run}/retry"), &json!({ "reason": "authorized" })).await;
    assert!(matches!(status, 200 | 202), "{answer}");
    node.run_becomes(&run, "completed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_share_a_refresh_token_and_one_of_them_exchanges_it() {
    let provider = Provider::new(json!({ "rotate": true, "graceSeconds": 0, "accessSeconds": 3600 })).await;
    let nodes = [provider.world.node().await, provider.world.node().await];
    for exchanges in 1..=3 {
        let mut runs = Vec::new();
        for n in 0..20 {
            runs.push(start(&nodes[n % 2]).await);
        }
        for run in runs {
            nodes[0].run_becomes(&run, "completed").await;
        }
        assert_eq!((provider.count("granted").await, provider.count("refused").await), (exchanges, 0));
        // All access tokens end, so that both nodes need another one at once.
        provider.delete("/sessions").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_first_refresh_token_supersedes_what_is_stored() {
    let mut provider = Provider::new(json!({ "rotate": true, "graceSeconds": 0 })).await;
    let mut node = provider.world.node().await;
    completes(&node).await;
    node.kill();
    provider.world.set("STEPWELL_SECRET_CRMREFRESH", &format!("{FIRST}-2"));
    let mut node = provider.world.node().await;
    completes(&node).await;
    node.kill();
    assert_eq!(provider.count("granted").await, 2);
    let (ok, _, said) = provider.world.command(&["connections", "forget", "crm"]);
    assert!(!ok && said.contains("2 rows"), "one of them must be named: {said}");
    let (_, listed, _) = provider.world.command(&["connections", "list", "--json"]);
    let rows: Vec<Value> = serde_json::from_str(&listed).unwrap();
    let newest = rows[0]["id"].as_str().unwrap();
    let (ok, _, said) = provider.world.command(&["connections", "forget", "crm", "--id", newest]);
    assert!(ok, "{said}");
    // If the former token is configured again, its stored successor is used again.
    provider.world.set("STEPWELL_SECRET_CRMREFRESH", FIRST);
    provider.delete("/sessions").await;
    let node = provider.world.node().await;
    completes(&node).await;
    assert_eq!((provider.count("granted").await, provider.count("refused").await), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_a_dead_node_left_incomplete_is_completed_even_without_calls() {
    let provider = Provider::new(json!({ "rotate": true, "graceSeconds": 0 })).await;
    let node = provider.world.node().await;
    completes(&node).await;
    let mut database = provider.world.connect().await;
    sqlx::query("update oauth_tokens set asked_at = now(), holder = gen_random_uuid(), held_until = now() - interval '1 second'")
        .execute(&mut database)
        .await
        .unwrap();
    eventually("the token is exchanged", || async { (provider.count("granted").await == 2).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_asked_to_stop_keeps_the_token_that_it_asked_for() {
    let provider = Provider::new(json!({ "rotate": true, "graceSeconds": 0 })).await;
    provider.fault(json!({ "kind": "drip", "delay_ms": 1, "count": 1 })).await;
    let mut node = provider.world.node().await;
    let run = start(&node).await;
    eventually("the provider exchanged the token", || async { (provider.count("granted").await == 1).then_some(()) })
        .await;
    assert!(node.terminate());
    let node = provider.world.node().await;
    node.run_becomes(&run, "completed").await;
    assert_eq!(provider.count("refused").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_tokens_are_encrypted_and_their_key_can_be_exchanged() {
    let mut provider = Provider::new(json!({ "rotate": true, "graceSeconds": 0 })).await;
    let mut node = provider.world.node().await;
    completes(&node).await;
    node.kill();
    let mut database = provider.world.connect().await;
    let dump = "select string_agg(encode(refresh_token, 'escape') || encode(access_token, 'escape') || coalesce(encode(previous_token, 'escape'), ''), '')
                     || (select string_agg(data::text, '') from journal) from oauth_tokens";
    let dump: String = sqlx::query(dump).fetch_one(&mut database).await.unwrap().get(0);
    assert!(!dump.contains(FIRST) && !dump.contains("Sandbox.Issued"), "{dump}");

    provider.world.set("STEPWELL_ENCRYPTION_KEYS", NEW_KEY);
    let (ok, _, said) = provider.world.command(&["connections", "reencrypt"]);
    assert!(!ok && said.contains("is not in STEPWELL_ENCRYPTION_KEYS"), "{said}");
    provider.world.set("STEPWELL_ENCRYPTION_KEYS", &format!("{NEW_KEY},{OLD_KEY}"));
    let (ok, said, _) = provider.world.command(&["connections", "reencrypt"]);
    assert!(ok && said.contains("1 re-encrypted, 0 already current, 0 failed"), "{said}");
    provider.world.set("STEPWELL_ENCRYPTION_KEYS", NEW_KEY);
    provider.delete("/sessions").await;
    let node = provider.world.node().await;
    completes(&node).await;
    assert_eq!((provider.count("granted").await, provider.count("refused").await), (2, 0));
}
