//! Network failures, and what is known after them.

use std::fmt::Write as _;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect as To;
use axum::routing::{any, get, post as on_post};

use super::*;
use TargetEffect::{None as Nothing, Unknown};

#[tokio::test]
async fn a_refused_connection_changed_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let failure = failure(call(settings(address), &post()).await);
    assert_eq!(verdict(&failure), (FaultClass::Transient, Nothing));
    assert!(detail(&failure).contains("was not sent"), "{}", detail(&failure));
}

#[tokio::test]
async fn an_unknown_host_changed_nothing() {
    let failure = failure(call(ConnectSettings::default(), &request("POST", "http://no-such-host.invalid/")).await);
    assert_eq!(verdict(&failure), (FaultClass::Transient, Nothing));
}

#[tokio::test]
async fn a_lost_reply_leaves_a_doubt_unless_the_method_is_safe() {
    let address = serve_bytes("").await;
    assert_eq!(verdict(&failure(call(settings(address), &post()).await)), (FaultClass::Transient, Unknown));
    let read = request("GET", "connection://erp/orders");
    assert_eq!(verdict(&failure(call(settings(address), &read).await)), (FaultClass::Transient, Nothing));
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_a_doubt() {
    let address =
        serve_bytes("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"id\"").await;
    let failure = failure(call(settings(address), &post()).await);
    assert_eq!(verdict(&failure), (FaultClass::Transient, Unknown));
    assert!(detail(&failure).contains("was cut off"), "{}", detail(&failure));
}

#[tokio::test]
async fn an_answer_that_is_not_http_leaves_a_doubt() {
    let address = serve_bytes("220 mail ready\r\n").await;
    assert_eq!(failure(call(settings(address), &post()).await).effect, Unknown);
}

#[tokio::test]
async fn the_deadline_holds_for_silence_and_for_a_body_without_end() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"id\"";
    for answer in ["", head] {
        let address = serve_raw(answer.as_bytes().to_vec(), After::Hang).await;
        let mut settings = settings(address);
        erp(&mut settings).timeout = Some(SHORT);
        let failure = failure(call(settings, &post()).await);
        assert_eq!(verdict(&failure), (FaultClass::Transient, Unknown));
        assert!(detail(&failure).contains("within 200ms"), "{}", detail(&failure));
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_further() {
    let answer = || async {
        let spaces = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 65_536]));
        axum::body::Body::from_stream(spaces)
    };
    let mut settings = settings(serve(Router::new().route("/erp/orders", on_post(answer))).await);
    settings.body_bytes_max = 1 << 20;
    let failure = failure(call(settings, &post()).await);
    assert_eq!(verdict(&failure), (FaultClass::Permanent, Unknown));
    assert!(detail(&failure).contains("1048576 bytes"), "{}", detail(&failure));
}

#[tokio::test]
async fn a_compressed_bomb_counts_as_what_it_becomes() {
    let bomb = include_bytes!("../../../tests/data/hub/answer_bomb.json.gz").as_slice();
    let headers = [("content-encoding", "gzip"), ("content-type", "application/json")];
    let address = serve(Router::new().route("/erp/orders", any(move || async move { (headers, bomb) }))).await;
    let failure = failure(call(settings(address), &post()).await);
    assert_eq!(failure.class, FaultClass::Permanent);
    assert!(detail(&failure).contains("longer than 4194304 bytes"), "{}", detail(&failure));
}

#[tokio::test]
async fn private_addresses_are_refused_unless_listed() {
    let address = serve(Router::new().route("/erp/orders", any(|| async { "reached" }))).await;
    for (uri, allow) in [
        ("connection://erp/orders".to_owned(), Vec::new()),
        (format!("http://{address}/erp/orders"), vec![format!("127.0.0.1:{}", address.port() ^ 1)]),
        (format!("http://localhost:{}/erp/orders", address.port()), Vec::new()),
        (format!("http://[::ffff:127.0.0.1]:{}/erp/orders", address.port()), Vec::new()),
    ] {
        let settings = ConnectSettings { network_allow: allow, ..settings(address) };
        let failure = failure(call(settings, &request("POST", &uri)).await);
        assert_eq!(verdict(&failure), (FaultClass::Permanent, Nothing), "{uri}");
        assert!(failure.error.r#type.ends_with("/configuration"));
        assert!(detail(&failure).contains("network.allow"), "{}", detail(&failure));
    }
    for (host, allow) in
        [("localhost", format!("localhost:{}", address.port())), ("127.0.0.1", "127.0.0.0/8".to_owned())]
    {
        let settings = ConnectSettings { network_allow: vec![allow], ..settings(address) };
        let uri = format!("http://{host}:{}/erp/orders", address.port());
        assert_eq!(success(call(settings, &request("GET", &uri)).await).0, "reached");
    }
}

#[tokio::test]
async fn a_redirect_to_a_private_address_is_refused() {
    let inner = serve(Router::new().route("/", any(|| async { "secret" }))).await;
    let to = format!("http://{inner}/");
    let outer = serve(Router::new().route("/erp/orders", any(move || std::future::ready(To::temporary(&to))))).await;
    let request = CallRequest { redirect: Redirect::Follow, ..post() };
    let failure = failure(call(settings(outer), &request).await);
    assert_eq!(failure.class, FaultClass::Permanent);
    assert!(detail(&failure).contains("network.allow"), "{}", detail(&failure));
}

#[tokio::test]
async fn redirects_are_errors_unless_followed_and_never_carry_credentials_to_another_host() {
    let shows = |headers: axum::http::HeaderMap| async move {
        headers.iter().fold(String::new(), |mut text, (name, value)| {
            let _ = writeln!(text, "{name}: {value:?}");
            text
        })
    };
    let inner = serve(Router::new().route("/", any(shows))).await;
    let to = format!("http://{inner}/");
    let router = Router::new()
        .route("/erp/away", any(move || std::future::ready(To::temporary(&to))))
        .route("/erp/near", any(|| async { To::to("/erp/here") }))
        .route("/erp/here", get(shows))
        .route("/erp/loop", any(|| async { To::temporary("/erp/loop") }));
    let outer = serve(router).await;
    let mut settings = settings(outer);
    settings.network_allow.push(inner.to_string());
    erp(&mut settings).headers = vec![("X-Api-Key".to_owned(), SecretTemplate::Secret("token".to_owned()))];
    let connections = Connections::new(settings).expect("valid");
    let to = |path: &str, redirect| CallRequest { redirect, uri: format!("connection://erp/{path}"), ..post() };

    let refused = failure(connections.call(&to("away", Redirect::IsError), None).await);
    assert_eq!((refused.error.status, verdict(&refused)), (307, (FaultClass::Permanent, Nothing)));
    let away = success(connections.call(&to("away", Redirect::Follow), None).await).0.to_string();
    for private in ["authorization", "x-api-key", "idempotency-key", CANARY] {
        assert!(!away.contains(private), "{away}");
    }
    let near = success(connections.call(&to("near", Redirect::Follow), None).await).0.to_string();
    assert!(near.contains("authorization") && near.contains("x-api-key"), "{near}");
    let looped = failure(connections.call(&to("loop", Redirect::Follow), None).await);
    assert!(detail(&looped).contains("more than 5 times"), "{}", detail(&looped));
}

#[tokio::test]
async fn a_call_waits_for_a_slot_no_longer_than_it_may_take() {
    let address = serve(Router::new().route("/erp/orders", any(|| async { StatusCode::NO_CONTENT }))).await;
    let mut settings = settings(address);
    erp(&mut settings).concurrency = 1;
    erp(&mut settings).timeout = Some(SHORT);
    let connections = Connections::new(settings).expect("valid");
    let taken = connections.by_name["erp"].slot().await.expect("free");
    let blocked = failure(connections.call(&post(), None).await);
    assert_eq!(verdict(&blocked), (FaultClass::Throttled, Nothing));
    drop(taken);
    assert_eq!(success(connections.call(&post(), None).await).0, Value::Null);
}

#[tokio::test]
async fn a_failure_behind_a_see_other_leaves_a_doubt() {
    let router = Router::new()
        .route("/erp/orders", any(|| async { To::to("/erp/gone") }))
        .route("/erp/lost", any(|| async { To::to("http://127.0.0.1:1/") }))
        .route("/erp/moved", any(|| async { To::temporary("/erp/gone") }));
    let connections = Connections::new(settings(serve(router).await)).expect("valid");
    for (path, effect) in [("orders", Unknown), ("lost", Unknown), ("moved", Nothing)] {
        let uri = format!("connection://erp/{path}");
        let request = CallRequest { redirect: Redirect::Follow, uri, ..post() };
        assert_eq!(failure(connections.call(&request, None).await).effect, effect, "{path}");
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_what_it_may_reach_and_for_nothing_else() {
    let proxy =
        serve(Router::new().fallback(|uri: axum::http::Uri| async move {
            axum::Json(serde_json::json!({ "asked": uri.to_string() }))
        }))
        .await;
    let mut settings = settings(proxy);
    settings.network_allow.clear();
    let through = |base: &str, settings: &ConnectSettings| {
        let mut settings = settings.clone();
        let connection = erp(&mut settings);
        connection.base_urls.insert("sandbox".to_owned(), base.parse().expect("a URL"));
        connection.proxy = Some(format!("http://{proxy}").parse().expect("a URL"));
        settings
    };
    let answer = success(call(through("http://erp.example.invalid/erp", &settings), &post()).await).0;
    assert_eq!(answer["asked"], "http://erp.example.invalid/erp/orders", "a name that only the proxy can resolve");
    let refused = failure(call(through("http://10.0.0.1/erp", &settings), &post()).await);
    assert!(detail(&refused).contains("10.0.0.1"), "{}", detail(&refused));
}

#[tokio::test]
async fn a_private_authority_is_trusted_where_its_certificate_is_given() {
    let certificate = include_str!("../../../tests/data/tls/localhost.pem");
    let address = serve_tls(certificate, include_str!("../../../tests/data/tls/localhost.key")).await;
    let mut settings = settings(address);
    settings.network_allow = vec![format!("localhost:{}", address.port())];
    let base = format!("https://localhost:{}/erp", address.port()).parse().expect("a URL");
    erp(&mut settings).base_urls.insert("sandbox".to_owned(), base);
    let stranger = failure(call(settings.clone(), &post()).await);
    assert!(detail(&stranger).contains("was not sent"), "{}", detail(&stranger));
    erp(&mut settings).authorities = Some(certificate.to_owned());
    assert_eq!(success(call(settings, &post()).await).0, serde_json::json!({ "ok": true }));
}

/// Answers each request over TLS with `{"ok": true}`.
async fn serve_tls(certificate: &str, key: &str) -> std::net::SocketAddr {
    use rustls_pki_types::pem::PemObject;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = vec![rustls_pki_types::CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate")];
    let key = rustls_pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).expect("a pair");
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // A client that does not trust the certificate hangs up during the handshake.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    if matches!(stream.read_buf(&mut head).await, Ok(0) | Err(_)) {
                        return;
                    }
                }
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"ok\":true}";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}
