//! Calls to small servers on the loopback address.

mod answers;
mod auth;
mod footprint;
mod hosts;
mod oauth;
mod offline;
mod operations;
mod reach;
mod samples;
mod wire;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::dsl::{HttpOutput, Redirect, Release, SecretTemplate};
use crate::machine::{CallFailure, FaultClass, ResponseSummary};

pub(super) const CANARY: &str = "canary-7f3a9c";

/// Serves a router until the test ends.
async fn serve(router: axum::Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Reads the head of each request, writes these bytes and closes the connection.
async fn serve_bytes(answer: impl Into<Vec<u8>>) -> SocketAddr {
    serve_raw(answer.into(), After::Close).await
}

#[derive(Clone, Copy)]
enum After {
    Close,
    Hang,
}

async fn serve_raw(answer: Vec<u8>, after: After) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_raw(stream, answer.clone(), after));
        }
    });
    address
}

async fn answer_raw(mut stream: TcpStream, answer: Vec<u8>, after: After) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let _ = stream.write_all(&answer).await;
    if let After::Hang = after {
        let _ = stream.read_to_end(&mut head).await;
    }
}

/// One connection `erp` to this address, with the canary as bearer token.
fn settings(address: SocketAddr) -> ConnectSettings {
    let token = SecretTemplate::Secret("token".to_owned());
    let connection = Connection {
        base_urls: BTreeMap::from([("sandbox".to_owned(), format!("http://{address}/erp").parse().expect("a URL"))]),
        authentication: Some(Authentication::Bearer { token }),
        ..Connection::default()
    };
    ConnectSettings {
        connections: BTreeMap::from([("erp".to_owned(), connection)]),
        network_allow: vec![address.to_string()],
        secrets: Secrets::fixed([("token", CANARY)]),
        releases: Releases::unchecked(),
        ..ConnectSettings::default()
    }
}

/// A policy as if a definition had supplied it.
fn of_definition(policy: Authentication) -> OwnAuthentication {
    OwnAuthentication { namespace: "t".to_owned(), policy }
}

fn erp(settings: &mut ConnectSettings) -> &mut Connection {
    settings.connections.get_mut("erp").expect("there")
}

fn request(method: &str, uri: &str) -> CallRequest {
    CallRequest {
        method: method.to_owned(),
        uri: uri.to_owned(),
        idempotency_key: "run-1/do/0/a".to_owned(),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        ..CallRequest::default()
    }
}

fn post() -> CallRequest {
    CallRequest { body: Some(serde_json::json!({"a": 1})), ..request("POST", "connection://erp/orders") }
}

async fn call(settings: ConnectSettings, request: &CallRequest) -> CallOutcome {
    Connections::new(settings).expect("valid settings").call(request, None).await
}

fn success(outcome: CallOutcome) -> (Value, ResponseSummary) {
    match outcome {
        CallOutcome::Succeeded { output, response } => ((*output).clone(), response),
        CallOutcome::Failed(failure) => panic!("failed: {failure:?}"),
    }
}

fn failure(outcome: CallOutcome) -> CallFailure {
    match outcome {
        CallOutcome::Failed(failure) => failure,
        CallOutcome::Succeeded { output, .. } => panic!("succeeded: {output}"),
    }
}

fn detail(failure: &CallFailure) -> &str {
    failure.error.detail.as_deref().unwrap_or_default()
}

/// Class and effect of a failure.
fn verdict(failure: &CallFailure) -> (FaultClass, TargetEffect) {
    (failure.class, failure.effect)
}

const SHORT: Duration = Duration::from_millis(200);
