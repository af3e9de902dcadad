//! Callers without credentials cannot take resources from those with credentials.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Response};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::harness::{Node, World, client_from, eventually, hub, login_link};

const LOCALHOST: [u8; 4] = [127, 0, 0, 1];

async fn connect(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    socket.connect(to).await
}

/// Returns the beginning of a request, after which a stranger falls silent.
fn start_of_request(path: &str, kind: &str, sent: usize, announced: usize) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: stepwell\r\nsec-fetch-site: same-origin\r\ncontent-type: {kind}\r\n\
         content-length: {announced}\r\n\r\n"
    );
    let mut bytes = head.into_bytes();
    bytes.resize(bytes.len() + sent, b'x');
    bytes
}

/// Strangers that hold on to connections: one that loses a connection opens another.
struct Strangers {
    tasks: JoinSet<()>,
    begun: Arc<AtomicUsize>,
}

impl Strangers {
    fn new() -> Self {
        Self { tasks: JoinSet::new(), begun: Arc::default() }
    }

    fn hold(&mut self, count: usize, from: [u8; 4], to: SocketAddr, bytes: Vec<u8>) {
        let bytes = Arc::new(bytes);
        for _ in 0..count {
            let (bytes, begun) = (Arc::clone(&bytes), Arc::clone(&self.begun));
            self.tasks.spawn(async move {
                let mut first = true;
                loop {
                    if let Ok(mut stream) = connect(from, to).await {
                        // It may lose the connection while sending, which is as far as it gets.
                        let _ = stream.write_all(&bytes).await;
                        if std::mem::take(&mut first) {
                            begun.fetch_add(1, Ordering::Relaxed);
                        }
                        let mut answer = Vec::new();
                        let _ = stream.read_to_end(&mut answer).await;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            });
        }
    }

    /// Waits until the node has accepted all of them.
    async fn are_accepted(&self, node: &Node) {
        self.have_begun().await;
        // Connections are accepted in order: this peer was behind all of them.
        client_from([127, 0, 0, 5]).get(node.url("/healthz")).send().await.unwrap();
    }

    async fn have_begun(&self) {
        eventually("all strangers hold a connection", || async {
            (self.begun.load(Ordering::Relaxed) >= self.tasks.len()).then_some(())
        })
        .await;
    }
}

async fn metric(node: &Node, name: &str) -> u64 {
    let answer = client_from(LOCALHOST).get(node.url("/metrics")).bearer_auth(node.token()).send().await.unwrap();
    let text = answer.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.trim().parse().unwrap())
}

/// Maximum delay for anyone else.
const LATE: Duration = Duration::from_secs(1);

/// Returns the longest response times of some requests, on new and on reused connections.
async fn slowest(node: &Node, from: [u8; 4]) -> Vec<(String, Duration)> {
    let mut slowest = Vec::new();
    let kept = client_from(from);
    for round in 0..8 {
        let fresh = client_from(from);
        for (client, is_reused) in [(&fresh, false), (&kept, round > 0)] {
            let id = uuid::Uuid::new_v4().to_string();
            let body = json!({ "type": "nobody-wants-it", "n": round }).to_string().into_bytes();
            let requests = [
                ("webhook", node.signed(client, "test", &id, body)),
                ("/healthz", client.get(node.url("/healthz"))),
                ("/api/v1/runs", client.get(node.url("/api/v1/runs")).bearer_auth(node.token())),
            ];
            for (place, (what, request)) in requests.into_iter().enumerate() {
                // The first request of a client opens its connection.
                let is_reused = is_reused || place > 0;
                let began = Instant::now();
                // An idle connection may be closed just as it is reused; senders then repeat the request, within the
                // same second. A new connection never needs that.
                let answer = loop {
                    let attempt = request.try_clone().expect("its body is bytes");
                    match attempt.send().await {
                        Err(reset)
                            if is_reused && reset.is_request() && !reset.is_connect() && began.elapsed() < LATE => {}
                        answer => break answer,
                    }
                };
                let answer = answer.unwrap_or_else(|e| panic!("{what} from {from:?}: {e:?}"));
                assert_eq!(answer.status(), 200, "{what} from {from:?}");
                slowest.push((format!("{what} from {from:?}"), began.elapsed()));
            }
        }
    }
    slowest
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_that_hold_all_they_can_delay_no_webhook_and_no_health_check_by_a_second() {
    rlimit::increase_nofile_limit(8_192).unwrap();
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let node = world.node().await;
    let (body, form) = ("application/json", "application/x-www-form-urlencoded");
    let mut strangers = Strangers::new();
    let to = node.address;
    strangers.hold(128, LOCALHOST, to, start_of_request("/login", form, 10, 100));
    strangers.hold(66, [127, 0, 0, 3], to, start_of_request("/hooks/test", body, (1 << 20) - 1, 1 << 20));
    // More connections than one peer may hold, so that all connections are taken.
    strangers.hold(450, LOCALHOST, to, Vec::new());
    strangers.hold(450, [127, 0, 0, 3], to, b"GET /healthz HTTP/1.1\r\nhost:".to_vec());
    strangers.hold(100, [127, 0, 0, 4], to, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec());
    strangers.are_accepted(&node).await;
    eventually("the strangers have taken all connections", || async {
        let replaced = metric(&node, r#"stepwell_connections_ended_total{why="replaced"}"#).await;
        (replaced > 0).then_some(())
    })
    .await;
    // From a separate address, and from a stranger's address.
    for from in [[127, 0, 0, 2], LOCALHOST] {
        let slowest = slowest(&node, from).await;
        let late: Vec<_> = slowest.iter().filter(|(_, took)| *took >= LATE).collect();
        assert!(late.is_empty(), "{late:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_sign_ins_hold_no_place_of_the_api() {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    world.set("STEPWELL_HTTP_API_CONCURRENCY_MAX", "2");
    let node = world.node().await;
    let mut strangers = Strangers::new();
    let form = "application/x-www-form-urlencoded";
    strangers.hold(16, LOCALHOST, node.address, start_of_request("/login", form, 10, 100));
    strangers.have_begun().await;
    for path in ["/api/v1/runs", "/api/v1/events", "/api/v1/workflows"] {
        assert_eq!(node.get(path).await.0, 200, "{path}");
    }
    let page = node.send("GET", "/login", &[("accept", "text/html")], String::new()).await;
    assert_eq!(page.0, 200, "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_answer_at_an_address_of_their_own_without_token_and_database() {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    let admin = crate::harness::free_address();
    world.set("STEPWELL_HTTP_ADMIN_LISTEN", &admin.to_string());
    let node = world.node().await;
    let client = client_from(LOCALHOST);
    let get = async |path: &str| client.get(format!("http://{admin}{path}")).send().await.unwrap();
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(get(path).await.status(), 200, "{path}");
    }
    for path in ["/", "/login", "/api/v1/runs", "/openapi.json", "/hooks/test"] {
        assert_eq!(get(path).await.status(), 404, "{path}: nothing else is there");
    }
    assert_eq!(
        client.get(node.url("/metrics")).send().await.unwrap().status(),
        401,
        "the main address asks for a token"
    );
    world.cut_off_database().await;
    eventually("the node notices", || async { (get("/readyz").await.status() == 503).then_some(()) }).await;
    assert_eq!(get("/healthz").await.status(), 200);
    let metrics = get("/metrics").await;
    assert_eq!(metrics.status(), 200);
    assert!(metrics.text().await.unwrap().contains("stepwell_ready "));
    assert_eq!(client.get(node.url("/healthz")).send().await.unwrap().status(), 200, "the main address still answers");
    world.restore_database().await;
}

/// Tries invalid tokens and cookies over and over.
async fn guess(node: String, client: Client, n: usize) {
    for round in 0_u64.. {
        let request = client.get(&node);
        let request = match round % 2 {
            0 => request.bearer_auth(format!("swt_{n}-{round}")),
            _ => request.header("cookie", format!("stepwell_session={n}-{round}")),
        };
        let status = request.send().await.unwrap().status().as_u16();
        assert!([401, 429, 503].contains(&status), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_guesses_at_a_node_keeps_no_new_token_out() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let node = world.node().await;
    let mut flood = JoinSet::new();
    for n in 0..32 {
        flood.spawn(guess(node.url("/api/v1/me"), client_from(LOCALHOST), n));
    }
    let client = client_from(LOCALHOST);
    for n in 0..3 {
        let (made, told, error) =
            world.command(&["token", "create", "--name", &format!("new-{n}"), "--scopes", "read"]);
        assert!(made, "{error}");
        let token = told.split_whitespace().find(|word| word.starts_with("swt_")).expect("the token");
        let answer = client.get(node.url("/api/v1/me")).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "token {n}: {}", answer.text().await.unwrap());
    }
    assert!(flood.try_join_next().is_none(), "a guess got a different answer");
}

async fn sign_in(client: &Client, node: &Node, token: &str) -> Response {
    let fields = format!("token={token}&next=/runs");
    let request = client.post(node.url("/login")).header("sec-fetch-site", "same-origin");
    request.header("content-type", "application/x-www-form-urlencoded").body(fields).send().await.unwrap()
}

fn one_time_secret(world: &World) -> String {
    login_link(world, "ada").trim_start_matches("/login?token=").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fails_to_sign_in_too_often_waits_and_locks_nobody_out() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let (made, _, err) = world.command(&["user", "create", "ada", "--scopes", "read"]);
    assert!(made, "{err}");
    let node = world.node().await;
    let (client, other) = (client_from(LOCALHOST), client_from([127, 0, 0, 2]));
    let mut statuses = Vec::new();
    for n in 0..30 {
        statuses.push(sign_in(&client, &node, &format!("swt_guess-{n}")).await.status().as_u16());
    }
    assert_eq!(&statuses[..10], [401; 10]);
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 10, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let refused = sign_in(&client, &node, "another-guess").await;
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let text = refused.text().await.unwrap();
    assert!(text.contains("Too many failed sign-ins"), "{text}");
    assert_eq!(sign_in(&other, &node, "swt_guess").await.status(), 401, "attempts are counted per address");
    // The real user, from the stranger's own address.
    let entered = sign_in(&client, &node, &one_time_secret(&world)).await;
    assert_eq!((entered.status().as_u16(), &entered.headers()["location"]), (303, &"/runs".parse().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_people_come_through_https_cookies_are_bound_to_the_host_and_browsers_to_https() {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    let (made, _, err) = world.command(&["user", "create", "ada", "--scopes", "read"]);
    assert!(made, "{err}");
    let plain = world.node().await;
    world.set("STEPWELL_PUBLIC_URL", "https://hub.example.com");
    let secure = world.node().await;
    let client = client_from(LOCALHOST);
    for (node, name, is_secure) in [(&plain, "stepwell_session", false), (&secure, "__Host-stepwell_session", true)] {
        let entered = sign_in(&client, node, &one_time_secret(&world)).await;
        let cookie = entered.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with(&format!("{name}=")) && cookie.contains("HttpOnly"), "{cookie}");
        assert_eq!(cookie.contains("; Secure"), is_secure, "{cookie}");
        let pair = cookie.split(';').next().unwrap();
        let page = |cookie: String| client.get(node.url("/")).header("cookie", cookie).send();
        assert_eq!(page(pair.to_owned()).await.unwrap().status(), 200);
        let (_, secret) = pair.split_once('=').unwrap();
        let other = if is_secure { "stepwell_session" } else { "__Host-stepwell_session" };
        assert_eq!(
            page(format!("{other}={secret}")).await.unwrap().status(),
            303,
            "a cookie with another name is ignored"
        );
        for path in ["/healthz", "/login", "/api/v1/runs", "/nowhere", "/static/stepwell.css"] {
            let answer = client.get(node.url(path)).send().await.unwrap();
            let said = answer.headers().get("strict-transport-security").map(|v| v.to_str().unwrap().to_owned());
            assert_eq!(said.is_some_and(|said| said.contains("max-age=31536000")), is_secure, "{path}");
        }
    }
}
