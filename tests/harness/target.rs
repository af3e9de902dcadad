//! A target that counts requests, and answers, holds or refuses them as configured. It honors idempotency keys.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use super::eventually;

/// The behavior of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior {
    /// Answers 200 with this body.
    Answer(String),
    /// Answers this status without a body or effect.
    Refuse(u16),
    /// Answers this status with this body, without effect.
    Say(u16, String),
    /// Does not answer until released.
    Hold,
}

#[derive(Debug, Default)]
struct Seen {
    /// Paths in order of arrival, with their keys.
    requests: Vec<(String, String)>,
    /// Keys that took effect, by path.
    effects: HashMap<String, HashSet<String>>,
    behaviors: HashMap<String, Behavior>,
}

#[derive(Clone)]
pub struct Target {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    changed: watch::Sender<u64>,
}

impl Target {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let target =
            Self { address: listener.local_addr().unwrap(), seen: Arc::default(), changed: watch::channel(0).0 };
        let router = Router::new().fallback(answer).with_state(target.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        target
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn behave(&self, path: &str, behavior: Behavior) {
        self.seen.lock().unwrap().behaviors.insert(path.to_owned(), behavior);
        self.changed.send_modify(|n| *n += 1);
    }

    /// Returns the number of requests to a path so far.
    pub fn requests(&self, path: &str) -> usize {
        self.seen.lock().unwrap().requests.iter().filter(|(p, _)| p == path).count()
    }

    /// Returns the distinct keys at a path.
    pub fn keys(&self, path: &str) -> HashSet<String> {
        self.seen.lock().unwrap().requests.iter().filter(|(p, _)| p == path).map(|(_, key)| key.clone()).collect()
    }

    /// Waits until this many requests to a path have arrived.
    pub async fn reached(&self, path: &str, count: usize) {
        eventually(&format!("{count} request(s) at {path}"), || async { (self.requests(path) >= count).then_some(()) })
            .await;
    }
}

async fn answer(State(target): State<Target>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().to_owned();
    let key = headers.get("idempotency-key").and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let mut changes = target.changed.subscribe();
    {
        let mut seen = target.seen.lock().unwrap();
        seen.requests.push((path.clone(), key.clone()));
        seen.effects.entry(path.clone()).or_default().insert(key);
    }
    loop {
        let behavior = target.seen.lock().unwrap().behaviors.get(&path).cloned();
        match behavior {
            None => return ([("content-type", "application/json")], r#"{"ok":true}"#).into_response(),
            Some(Behavior::Answer(body)) => return ([("content-type", "application/json")], body).into_response(),
            Some(Behavior::Refuse(status)) => return StatusCode::from_u16(status).unwrap().into_response(),
            Some(Behavior::Say(status, body)) => {
                let status = StatusCode::from_u16(status).unwrap();
                return (status, [("content-type", "application/json")], body).into_response();
            }
            Some(Behavior::Hold) => changes.changed().await.unwrap(),
        }
    }
}
