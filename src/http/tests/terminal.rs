//! Callers of the API in their own process, such as the command line; and that a request from the network cannot pose
//! as one.

use axum::body::Body;
use axum::extract::Request;
use http::StatusCode;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::Face;
use crate::http::access::session::AtTerminal;
use crate::http::wire::serve::Limits;
use crate::http::{local_router, serve};
use crate::store::access::{Identity, Scope};

/// Headers that might be mistaken for a caller at the terminal.
const CLAIMS: [(&str, &str); 7] = [
    ("x-stepwell-actor", "local:root@host"),
    ("x-stepwell-at-terminal", "true"),
    ("authorization", "Local root@host"),
    ("authorization", "Bearer local:root@host"),
    ("cookie", "stepwell_session=local:root@host"),
    ("x-forwarded-for", "127.0.0.1"),
    ("forwarded", "for=127.0.0.1;by=local"),
];

fn me(identity: Option<Identity>, path: &str) -> Request {
    let mut request = Request::builder().uri(path).body(Body::empty()).unwrap();
    if let Some(identity) = identity {
        request.extensions_mut().insert(AtTerminal(identity));
    }
    request
}

#[sqlx::test]
async fn nothing_that_comes_from_the_network_makes_its_sender_the_person_at_the_terminal(pool: PgPool) {
    let face = Face::new(&pool).await;
    for (name, value) in CLAIMS {
        face.send("GET", "/api/v1/me", &[(name, value)], "").await.is_problem(401, "unauthorized", "/api/v1/me");
    }
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
    let serving = tokio::spawn(serve(listener, face.router.clone(), Limits::default(), end.clone()));
    for (name, value) in CLAIMS {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let request =
            format!("GET /api/v1/me HTTP/1.1\r\nhost: {address}\r\n{name}: {value}\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{name}: {value}: {answer}");
    }
    end.cancel();
    serving.await.unwrap();
    face.close().await;
}

#[sqlx::test]
async fn the_person_at_the_terminal_needs_no_token_but_the_scope(pool: PgPool) {
    let face = Face::new(&pool).await;
    let router = local_router(face.app.clone());
    let status = async |identity, path| router.clone().oneshot(me(identity, path)).await.unwrap().status();
    let local = |scope| Some(Identity::local("root@test", &[scope]));
    assert_eq!(status(None, "/api/v1/me").await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(local(Scope::Read), "/api/v1/me").await, StatusCode::OK);
    assert_eq!(status(local(Scope::Read), "/api/v1/users").await, StatusCode::FORBIDDEN);
    assert_eq!(status(local(Scope::Admin), "/api/v1/users").await, StatusCode::OK);
    face.close().await;
}
