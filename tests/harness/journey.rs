//! The shipped workflows between a CRM and an ERP that fail on demand.

use std::path::Path;

use axum::body::Bytes;
use chrono::Utc;
use serde_json::Value;
use stepwell::sandbox::{self, Door, Reply, Sandbox};

use super::{Node, World};

/// Path of sales orders in the ERP.
pub const ORDER: &str = "/erp/services/rest/record/v1/salesOrder/*";
/// Path of customers in the ERP.
pub const CUSTOMER: &str = "/erp/services/rest/record/v1/customer/*";

/// Returns the files in `workflows/` of the first workflow.
pub fn shipped() -> Vec<(&'static str, String)> {
    files(&[
        "hub.yaml",
        "closed-won.yaml",
        "functions/company.yaml",
        "functions/netsuite.yaml",
        "functions/salesforce.yaml",
        "functions/watermarks.yaml",
        "mappings/account.yaml",
        "mappings/address.yaml",
        "mappings/opportunity.yaml",
    ])
}

/// Returns files in `workflows/`.
pub fn files(names: &[&'static str]) -> Vec<(&'static str, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    names.iter().map(|name| (*name, std::fs::read_to_string(folder.join(name)).unwrap())).collect()
}

/// Edits a record as a person would, within the process to be fast.
pub fn edit(sandbox: &Sandbox, method: &str, path: &str, body: &Value) -> Value {
    let door = Door::of(path).unwrap();
    let token = if path.starts_with("/erp/") { "sandbox-erp-token" } else { "sandbox-crm-token" };
    let request = axum::http::Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap();
    match sandbox.answer(door, request, Utc::now()) {
        Reply::Answered(response, _) if response.status().is_success() => {
            serde_json::from_slice(response.body()).unwrap_or_default()
        }
        Reply::Answered(response, _) => panic!("{path}: {}", String::from_utf8_lossy(response.body())),
        _ => panic!("{path} was not answered"),
    }
}

/// The shipped workflows against their own sandbox.
pub struct Journey {
    pub world: World,
    sandbox: String,
    client: reqwest::Client,
}

impl Journey {
    pub async fn new() -> Self {
        Self::of(&shipped(), Sandbox::new()).await
    }

    /// Some workflows against the test's own sandbox.
    pub async fn of(files: &[(&'static str, String)], sandbox: Sandbox) -> Self {
        let client = super::client();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));
        let mut world = World::new(files, &[address.to_string()]).await;
        world.set("STEPWELL_CONNECTIONS__NETSUITE__BASE_URL", &format!("http://{address}/erp"));
        world.set("STEPWELL_CONNECTIONS__SALESFORCE__BASE_URL", &format!("http://{address}/crm"));
        Self { world, sandbox: format!("http://{address}"), client }
    }

    pub async fn fault(&self, fault: Value) {
        let sent = self.client.post(format!("{}/faults", self.sandbox)).body(fault.to_string());
        let answer = sent.header("content-type", "application/json").send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// Sends a request to the sandbox, which must succeed.
    pub async fn send(&self, method: &str, path: &str, body: Value) {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.sandbox));
        let request = request.bearer_auth("sandbox-erp-token").header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.text().await.unwrap());
    }

    pub async fn heal(&self) {
        self.client.delete(format!("{}/faults", self.sandbox)).send().await.unwrap();
    }

    pub async fn get(&self, path: &str) -> Value {
        let text = self.client.get(format!("{}{path}", self.sandbox)).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Returns the effects in order, as pairs of action and type.
    pub async fn effects(&self, system: &str) -> Vec<(String, String)> {
        let ledger = self.get(&format!("/ledger?system={system}")).await;
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        ledger["effects"].as_array().unwrap().iter().map(|e| (text(&e["action"]), text(&e["type"]))).collect()
    }

    pub async fn fire(&self, node: &Node, number: u32) -> String {
        let body = sandbox::closed_won_event(number);
        let (status, answer) = node.hook("salesforce", &format!("won-{number}"), &body).await;
        assert_eq!(status, 202, "{answer}");
        answer["runs"][0].as_str().unwrap().to_owned()
    }

    pub async fn orders(&self) -> Vec<Value> {
        let ledger = self.get("/ledger?system=erp&records=true").await;
        let orders = &ledger["records"]["erp"]["salesOrder"];
        match orders {
            Value::Array(list) => list.clone(),
            Value::Object(by_id) => by_id.values().cloned().collect(),
            _ => Vec::new(),
        }
    }
}
