//! The server against peers that stall, ping, hold connections open, and disappear.

use super::*;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

fn hasty() -> Limits {
    Limits {
        connections_max: 1,
        header_time: Duration::from_millis(100),
        idle_time: Duration::from_millis(200),
        drain_time: Duration::from_secs(5),
        ..Limits::default()
    }
}

struct Server {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    served: tokio::task::JoinHandle<()>,
}

fn server(router: Router, limits: Limits) -> Server {
    serve_at(listener(), router, limits)
}

fn listener() -> TcpListener {
    listen("127.0.0.1:0".parse().unwrap()).unwrap()
}

fn serve_at(listener: TcpListener, router: Router, limits: Limits) -> Server {
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(serve(listener, router, limits, shutdown.clone()));
    Server { address, shutdown, served }
}

/// Returns everything received until the server closes the connection.
async fn said_after(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    // A reset also ends the connection.
    let _ = end.expect("the server did not close the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_peer_that_stalls_in_any_phase_loses_its_connection() {
    let body = async |body: bytes::Bytes| body;
    let router = Router::new().route("/", get(|| async { "hello" }).post(body));
    let server = server(router, hasty());
    // There is a single place, so each case also shows that the previous connection gave its place back.
    for stall in
        ["", "G", "GET / HTTP/1.1\r\nhost: a\r\n", "PRI * HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let said = said_after(server.address, stall.as_bytes()).await;
        assert!(!said.contains("200 OK"), "{stall:?}: {said}");
    }
    let half_a_body = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf";
    assert!(!said_after(server.address, half_a_body.as_bytes()).await.contains("200 OK"));
    let idle_after_answer = said_after(server.address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(idle_after_answer.ends_with("hello"), "{idle_after_answer}");
}

/// An HTTP/2 client that does nothing after the handshake but answer and send pings.
async fn pings_until_the_end(mut stream: TcpStream) {
    const PING: [u8; 17] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];
    let mut buffer = [0; 1024];
    loop {
        let sent = stream.write_all(&PING).await;
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 && sent.is_ok() => {}
            _ => return,
        }
    }
}

#[tokio::test]
async fn an_http2_connection_without_requests_ends_whatever_it_pings() {
    let server = server(Router::new().route("/", get(|| async { "hello" })), hasty());
    let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // `GET /`: indexed headers from the static table, and the authority `a`.
    let request = b"\0\0\x06\x01\x05\0\0\0\x01\x82\x84\x86\x41\x01a";
    for asked in [&b""[..], request] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(hello).await.unwrap();
        stream.write_all(asked).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(20), pings_until_the_end(stream)).await;
        ended.expect("a connection that only pings is not kept");
    }
}

#[tokio::test]
async fn connections_that_do_nothing_give_way_to_one_that_asks() {
    let limits = Limits { connections_max: 8, per_peer_max: 100, ..Limits::default() };
    let server = server(Router::new().route("/", get(|| async { "hello" })), limits);
    let mut idle = Vec::new();
    for start in ["", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf"]
        .iter()
        .cycle()
        .take(24)
    {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // It may have been closed already.
        let _ = stream.write_all(start.as_bytes()).await;
        idle.push(stream);
    }
    let asked = said_after(server.address, b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let said = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("an answer");
    assert!(said.ends_with("hello"), "{said}");
}

#[tokio::test]
async fn what_is_under_way_is_answered_before_the_server_ends() {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, go) = (Arc::clone(&begun), Arc::clone(&go));
        move || async move {
            begun.notify_one();
            go.notified().await;
            "done"
        }
    };
    let Server { address, shutdown, served } = server(Router::new().route("/", get(handler)), Limits::default());
    let answer = tokio::spawn(async move { said_after(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await });
    begun.notified().await;
    shutdown.cancel();
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!served.is_finished());
    go.notify_one();
    assert!(answer.await.unwrap().ends_with("done"));
    served.await.unwrap();
}

/// The kernel drops connections beyond its queue, and their peers retry after one, two, then four seconds.
#[tokio::test]
async fn hundreds_that_connect_before_the_first_is_accepted_are_all_answered() {
    const MANY: usize = 700;
    rlimit::increase_nofile_limit(4_096).unwrap();
    let listener = listener();
    let address = listener.local_addr().unwrap();
    let connected = async {
        let mut streams = Vec::new();
        for _ in 0..MANY {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
            streams.push(stream);
        }
        streams
    };
    let streams =
        tokio::time::timeout(Duration::from_secs(20), connected).await.expect("a place for each in the queue");
    let limits = Limits { connections_max: MANY, per_peer_max: MANY, ..Limits::default() };
    let _server = serve_at(listener, Router::new().route("/", get(|| async { "hello" })), limits);
    for mut stream in streams {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("hello"), "{answer:?}");
    }
}

#[test]
fn a_connection_that_ended_before_it_was_accepted_holds_up_no_other() {
    for (kind, of_peer) in [
        (io::ErrorKind::ConnectionAborted, true),
        (io::ErrorKind::ConnectionReset, true),
        (io::ErrorKind::Other, false),
        (io::ErrorKind::OutOfMemory, false),
    ] {
        assert_eq!(is_of_peer(&kind.into()), of_peer, "{kind}");
    }
}
