//! Messages about unusable servers, and where the token is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{RawQuery, Request};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::choice::Server;
use super::*;
use crate::config::Token;

const TOKEN: &str = "swt_a-token-that-is-told-to-nobody-else";

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn client(address: SocketAddr) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let server = Server { url: format!("http://{address}"), token: Token(TOKEN.to_owned()), is_saved: false };
    Client(Transport::Remote(Remote::new(server).unwrap()))
}

/// Makes a call that fails and returns the message.
async fn refused(address: SocketAddr) -> String {
    let said = client(address).get(Path::of(["me"])).await.unwrap_err().to_string();
    assert!(said.contains(&address.to_string()) && !said.contains(TOKEN), "{said}");
    said
}

#[tokio::test]
async fn a_token_goes_to_the_server_that_was_named_and_no_further() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let note = move |request: Request| async move {
        seen.lock().unwrap().push(request.uri().to_string());
        "{}"
    };
    let elsewhere = serve(Router::new().fallback(note)).await;
    let target = format!("http://{elsewhere}/api/v1/me");
    let named = serve(Router::new().fallback(move || async move { Redirect::temporary(&target) })).await;
    assert!(refused(named).await.contains("redirects to"));
    assert_eq!(*asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_stepwell_is_said_to_be_something_else() {
    let page = || async { (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], "<h1>no</h1>").into_response() };
    let said = refused(serve(Router::new().fallback(page)).await).await;
    assert!(said.contains("is not Stepwell: status 502, text/html"), "{said}");
}

#[tokio::test]
async fn a_server_that_is_away_is_named_with_the_cause() {
    let address = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let said = refused(address).await;
    assert!(said.contains("cannot be reached") && said.contains("refused"), "{said}");
}

#[tokio::test]
async fn an_act_whose_answer_was_lost_is_not_said_to_have_failed() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut bytes = [0; 4_096];
        assert!(connection.read(&mut bytes).await.unwrap() > 0);
    };
    let (client, act) = (client(address), json!({}));
    let (said, ()) = tokio::join!(client.post(Path::of(["freezes"]), &act), server);
    let said = said.unwrap_err().to_string();
    assert!(said.contains("it is unknown whether the call took effect"), "{said}");
}

#[tokio::test]
async fn a_list_is_read_to_its_end_or_as_far_as_it_was_asked_for() {
    let page = |RawQuery(query): RawQuery| async move {
        let query = query.unwrap_or_default();
        let limit: usize = query.strip_prefix("limit=").unwrap().split('&').next().unwrap().parse().unwrap();
        let from: usize = query.split("cursor=").nth(1).map_or(0, |cursor| cursor.parse().unwrap());
        let end = (from + limit.min(2)).min(5);
        let items: Vec<usize> = (from..end).collect();
        axum::Json(json!({ "items": items, "next": (end < 5).then(|| end.to_string()) }))
    };
    let client = client(serve(Router::new().route("/api/v1/runs", get(page))).await);
    let read = async |max| client.pages(Path::of(["runs"]), max).all().await.unwrap().len();
    assert_eq!((read(usize::MAX).await, read(3).await, read(0).await), (5, 3, 0));
}
