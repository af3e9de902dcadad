//! A node: the built program in its own process.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};

use super::{SECRET, eventually, free_address, program};

pub struct Node {
    pub address: SocketAddr,
    child: Child,
    token: String,
    client: reqwest::Client,
}

impl Node {
    pub async fn start(environment: &[(String, String)], token: &str, arguments: &[&str]) -> Self {
        Self::start_logging(environment, token, arguments, "warn", Stdio::inherit()).await
    }

    /// Starts a node that logs from this level on.
    pub async fn start_logging(
        environment: &[(String, String)],
        token: &str,
        arguments: &[&str],
        level: &str,
        log: Stdio,
    ) -> Self {
        Self::start_at(free_address(), environment, token, arguments, level, log).await
    }

    /// Starts a node at a known address.
    pub async fn start_at(
        address: SocketAddr,
        environment: &[(String, String)],
        token: &str,
        arguments: &[&str],
        level: &str,
        log: Stdio,
    ) -> Self {
        Self::start_program(&program(), address, environment, token, arguments, level, log).await
    }

    /// Starts a node of another version of the program.
    pub async fn start_program(
        program: &std::path::Path,
        address: SocketAddr,
        environment: &[(String, String)],
        token: &str,
        arguments: &[&str],
        level: &str,
        log: Stdio,
    ) -> Self {
        let child = Command::new(program)
            .arg("serve")
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(environment.iter().cloned())
            .env("STEPWELL_LISTEN", address.to_string())
            .env("RUST_LOG", std::env::var("RUST_LOG").unwrap_or_else(|_| level.to_owned()))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let node = Self { address, child, token: token.to_owned(), client: super::client() };
        eventually("the node is ready", || async {
            let ready = node.client.get(node.url("/readyz")).send().await;
            ready.ok().filter(|r| r.status().is_success())
        })
        .await;
        node
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(done.success(), "kill {name} failed");
    }

    /// Kills the process immediately.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the process to end and does not wait.
    pub fn ask_to_stop(&self) {
        self.signal("-TERM");
    }

    /// Asks the process to end and waits until it has.
    pub fn terminate(&mut self) -> bool {
        self.ask_to_stop();
        self.ends()
    }

    /// Waits until the process has ended. Returns whether it succeeded.
    pub fn ends(&mut self) -> bool {
        self.child.wait().unwrap().success()
    }

    pub fn stop(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signed webhook. Returns status and answer.
    pub async fn hook(&self, source: &str, id: &str, body: &Value) -> (u16, Value) {
        self.hook_bytes(source, id, body.to_string().into_bytes()).await
    }

    pub async fn hook_bytes(&self, source: &str, id: &str, body: Vec<u8>) -> (u16, Value) {
        Self::answered(self.signed(&self.client, source, id, body)).await
    }

    /// Returns a signed webhook, to be sent by this client.
    pub fn signed(&self, client: &reqwest::Client, source: &str, id: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
        let base64 = base64::engine::general_purpose::STANDARD;
        let key = base64.decode(SECRET.trim_start_matches("whsec_")).unwrap();
        let timestamp = chrono::Utc::now().timestamp().to_string();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(&body);
        client
            .post(self.url(&format!("/hooks/{source}")))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", format!("v1,{}", base64.encode(mac.finalize().into_bytes())))
            .body(body)
    }

    async fn answered(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        Self::answered(self.client.get(self.url(path)).bearer_auth(&self.token)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }

    /// Sends a request with additional headers, using the world's token unless they include authorization.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        let mut request = self.client.request(method.parse().unwrap(), self.url(path)).body(body);
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.bearer_auth(&self.token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::answered(request).await
    }

    /// Sends an event of type `calls` and returns the run that it started.
    pub async fn start_calls(&self, n: u64) -> String {
        let (status, answer) = self.hook("test", &format!("event-{n}"), &json!({ "type": "calls", "n": n })).await;
        assert_eq!(status, 202, "{answer}");
        answer["runs"][0].as_str().unwrap().to_owned()
    }

    pub async fn run(&self, id: &str) -> Value {
        let (status, run) = self.get(&format!("/api/v1/runs/{id}")).await;
        assert_eq!(status, 200, "{run}");
        run
    }

    /// Waits until a run has this status, and returns it.
    pub async fn run_becomes(&self, id: &str, wanted: &str) -> Value {
        eventually(&format!("run {id} is {wanted}"), || async {
            let run = self.run(id).await;
            (run["status"] == wanted).then_some(run)
        })
        .await
    }

    pub async fn journal(&self, id: &str) -> Vec<Value> {
        let (status, page) = self.get(&format!("/api/v1/runs/{id}/journal?limit=500")).await;
        assert_eq!(status, 200, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
