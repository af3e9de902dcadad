//! Tests over real connections, from the perspective of a client.

mod bulk;
mod clients;
mod control;
mod crm;
mod erp;
mod faults;
mod in_process;
mod page;
mod profiles;
mod queries;
mod strictness;
mod webhooks;

use std::path::Path;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::{Sandbox, serve};

const ORDER: &str = "/erp/services/rest/record/v1/salesOrder/eid:006Ws00000Hd9XqIAJ";
const CUSTOMER: &str = "/erp/services/rest/record/v1/customer/eid:001Ws00000Kq3EaIAJ";

/// A served sandbox and a client for it.
struct Served {
    base: String,
    client: Client,
    task: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until a condition holds; a time limit fails the test.
async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    let limit = std::time::Duration::from_secs(20);
    assert!(tokio::time::timeout(limit, holds).await.is_ok(), "{what}: not within {limit:?}");
}

/// The status, and the JSON of the body or null.
type Answered = (u16, Value);

impl Served {
    async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("a bound address"));
        let task = tokio::spawn(serve(listener, Sandbox::new(), std::future::pending()));
        Self { base, client: Client::new(), task }
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match path {
            path if path.starts_with("/crm") => request.bearer_auth("sandbox-crm-token"),
            path if path.starts_with("/erp") => request.bearer_auth("sandbox-erp-token"),
            _ => request,
        }
    }

    async fn get(&self, path: &str) -> Answered {
        answered(self.call(Method::GET, path)).await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Answered {
        answered(self.call(method, path).json(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answered {
        self.send(Method::PUT, path, body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answered {
        self.send(Method::POST, path, body).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answered {
        self.send(Method::PATCH, path, body).await
    }

    async fn delete(&self, path: &str) -> Answered {
        answered(self.call(Method::DELETE, path)).await
    }

    async fn fault(&self, fault: &Value) {
        let (status, body) = self.post("/faults", fault).await;
        assert_eq!(status, 201, "{body}");
    }

    /// Returns the effects on a record type, oldest first.
    async fn effects(&self, record_type: &str) -> Vec<Value> {
        let (_, ledger) = self.get(&format!("/ledger?type={record_type}")).await;
        ledger["effects"].as_array().expect("a list").clone()
    }

    /// Creates the scenario's customer by an upsert.
    async fn customer(&self) {
        let customer = json!({"companyName": "Brückner & Söhne Fördertechnik GmbH", "subsidiary": {"id": "2"}});
        assert_eq!(self.put(CUSTOMER, &customer).await, (204, Value::Null));
    }
}

async fn answered(request: RequestBuilder) -> Answered {
    content(request.send().await.expect("an answer")).await
}

async fn content(response: Response) -> Answered {
    let status = response.status().as_u16();
    let text = response.text().await.expect("a whole body");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
    (status, body)
}

/// Reads a sample of what the real systems send.
fn sample(name: &str) -> Value {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/data/sandbox").join(name);
    let text = std::fs::read_to_string(&path).expect("the sample is there");
    serde_json::from_str(&text).expect("the sample is JSON")
}

/// The scenario's order. It has amounts in addition to rates, because the rounded rates would differ by six cents.
fn order() -> Value {
    let mut order = sample("netsuite_sales_order_request.json");
    for (place, amount) in [(0, json!(21088.86)), (1, json!(3600.0))] {
        order["item"]["items"][place]["amount"] = amount;
    }
    order
}
