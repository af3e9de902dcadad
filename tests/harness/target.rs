//! A target that counts what arrives, and answers, holds or refuses as told. It honors idempotency keys.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::sync::watch;

use super::eventually;

/// What a path does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior {
    /// 200 and this body.
    Answer(String),
    /// This status and no body; nothing takes effect.
    Refuse(u16),
    /// This status and this body; nothing takes effect.
    Say(u16, String),
    /// Nothing until released.
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

    /// Requests to a path so far.
    pub fn requests(&self, path: &str) -> usize {
        self.seen.lock().unwrap().requests.iter().filter(|(p, _)| p == path).count()
    }

    /// Distinct keys seen at a path.
    pub fn keys(&self, path: &str) -> HashSet<String> {
        self.seen.lock().unwrap().requests.iter().filter(|(p, _)| p == path).map(|(_, key)| key.clone()).collect()
    }

    /// Waits until this many requests came to a path.
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
