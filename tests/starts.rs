//! How a node starts and stops: it waits for its database, reports when it is ready, and leaves without refusing
//! requests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::harness::{Behavior, Node, Target, World, calls, eventually, free_address, hub, program};
use serde_json::{Value, json};

/// A program that is killed on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A load balancer, which knows which nodes last reported that they are ready.
struct Balancer {
    nodes: Vec<(SocketAddr, AtomicBool)>,
    next: AtomicUsize,
}

impl Balancer {
    fn new(nodes: &[SocketAddr]) -> Arc<Self> {
        let nodes = nodes.iter().map(|address| (*address, AtomicBool::new(true))).collect();
        Arc::new(Self { nodes, next: AtomicUsize::new(0) })
    }

    /// Polls the readiness of each node forever.
    async fn look(self: Arc<Self>, client: reqwest::Client) {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            for (address, ready) in &self.nodes {
                let answer =
                    client.get(format!("http://{address}/readyz")).timeout(Duration::from_secs(1)).send().await;
                match answer {
                    Ok(answer) => ready.store(answer.status().is_success(), Ordering::Relaxed),
                    // On a busy machine, one late answer does not remove a node.
                    Err(late) if late.is_timeout() => {}
                    Err(_) => ready.store(false, Ordering::Relaxed),
                }
            }
        }
    }

    /// Returns the next ready node, in turn.
    fn pick(&self) -> Option<SocketAddr> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let ready: Vec<_> = self.nodes.iter().filter(|(_, ready)| ready.load(Ordering::Relaxed)).collect();
        ready.get(turn % ready.len().max(1)).map(|(address, _)| *address)
    }
}

/// Returns a client that opens a connection for each request, so that each may be refused.
fn fresh_connections() -> reqwest::Client {
    drop(crate::harness::client());
    reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_of_two_nodes_under_load_refuses_no_connection_and_loses_nothing() {
    let target = Target::start().await;
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    world.set("STEPWELL_DRAIN_SECONDS", "2");
    // This test is not about leases: a busy machine must not end one.
    world.set("STEPWELL_LEASE_SECONDS", "20");
    let mut nodes = [world.node().await, world.node().await];
    let addresses: Vec<SocketAddr> = nodes.iter().map(|node| node.address).collect();
    let balancer = Balancer::new(&addresses);
    let looking = tokio::spawn(Arc::clone(&balancer).look(fresh_connections()));
    let over = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(send_until(Arc::clone(&over), Arc::clone(&balancer), world.node().await));
    for restarted in [0, 1, 0, 1] {
        nodes[restarted].ask_to_stop();
        assert!(nodes[restarted].ends(), "the node exited with an error");
        nodes[restarted] = world.node_at(addresses[restarted]).await;
        eventually("the balancer sends to both nodes", || async {
            balancer.nodes.iter().all(|(_, ready)| ready.load(Ordering::Relaxed)).then_some(())
        })
        .await;
    }
    over.store(true, Ordering::Relaxed);
    let (sent, runs) = load.await.unwrap();
    looking.abort();
    assert!(sent > 100, "only {sent} requests were sent: this was no load");
    for run in runs {
        nodes[0].run_becomes(&run, "completed").await;
    }
}

/// Sends a hundred signed webhooks a second until told to stop; each must be accepted. Returns their number, and the
/// runs that they started.
async fn send_until(over: Arc<AtomicBool>, balancer: Arc<Balancer>, signer: Node) -> (usize, Vec<String>) {
    let client = fresh_connections();
    let mut ticks = tokio::time::interval(Duration::from_millis(10));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sending = tokio::task::JoinSet::new();
    let mut sent = 0;
    while !over.load(Ordering::Relaxed) {
        ticks.tick().await;
        // On a busy machine, a node may be slow to report that it is ready; then its callers wait.
        let node = eventually("a node is ready", || std::future::ready(balancer.pick())).await;
        let body = json!({ "type": "calls", "n": sent }).to_string().into_bytes();
        let request = signer.signed(&client, "test", &format!("load-{sent}"), body).build().unwrap();
        let (mut request, client) = (request, client.clone());
        request.url_mut().set_port(Some(node.port())).unwrap();
        sent += 1;
        sending.spawn(async move {
            let answer = client.execute(request).await.unwrap_or_else(|error| panic!("refused by {node}: {error:?}"));
            let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
            assert_eq!(status, 202, "{node}: {text}");
            let told: Value = serde_json::from_str(&text).unwrap();
            told["runs"][0].as_str().unwrap().to_owned()
        });
    }
    (sent, sending.join_all().await)
}

#[tokio::test]
async fn a_request_under_way_is_answered_when_its_node_is_asked_to_stop() {
    let target = Target::start().await;
    target.behave("/step1", Behavior::Hold);
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))], &[target.address().to_string()]).await;
    world.set("STEPWELL_DRAIN_SECONDS", "3");
    let mut node = world.node().await;
    let (client, url, token) =
        (crate::harness::client(), node.url("/api/v1/workflows/test/calls/runs?wait=20"), node.token().to_owned());
    let waiting = tokio::spawn(async move {
        let answer = client.post(url).bearer_auth(token).json(&json!({ "n": 1 })).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    });
    target.reached("/step1", 1).await;
    node.ask_to_stop();
    eventually("the node reports that it is shutting down", || async {
        let (status, told) = node.get("/readyz").await;
        (status == 503 && told["detail"].as_str().unwrap_or_default().contains("it still answers for a while"))
            .then_some(())
    })
    .await;
    // It still accepts requests.
    let (status, _) = node.hook("test", "late", &json!({ "type": "calls", "n": 2 })).await;
    assert_eq!(status, 202);
    target.behave("/step1", Behavior::Answer("{}".into()));
    let (status, run) = waiting.await.unwrap();
    assert_eq!((status, run["status"].as_str()), (200, Some("completed")), "{run}");
    assert!(node.ends());
}

#[tokio::test]
async fn a_deploy_that_was_answered_holds_on_every_node_at_once() {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    // Rules out that a sweep helps.
    world.set("STEPWELL_SWEEP_INTERVAL_MS", "60000");
    world.set("STEPWELL_LEASE_SECONDS", "60");
    let (first, second) = (world.node().await, world.node().await);
    for n in 0..20 {
        let (name, kind) = (format!("late-{n}"), format!("kind-{n}"));
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\n\
             schedule: {{ on: {{ one: {{ with: {{ source: test, type: {kind} }} }} }} }}\n\
             do: [ {{ done: {{ set: {{ ok: true }} }} }} ]\n"
        );
        let headers = [("content-type", "application/yaml")];
        let (status, answer) = first.send("PUT", &format!("/api/v1/workflows/test/{name}"), &headers, text).await;
        assert_eq!(status, 201, "{answer}");
        let (status, answer) = second.hook("test", &format!("event-{n}"), &json!({ "type": kind })).await;
        assert_eq!((status, answer["runs"].as_array().map(Vec::len)), (202, Some(1)), "{answer}");
        let (status, answer) = second.get(&format!("/api/v1/workflows/test/{name}")).await;
        assert_eq!(status, 200, "{answer}");
    }
    let text = "document: { dsl: '1.0.3', namespace: test, name: asked, version: '1.0.0' }\ndo: [ { done: { set: { ok: true } } } ]\n";
    let headers = [("content-type", "application/yaml")];
    let (status, answer) = first.send("PUT", "/api/v1/workflows/test/asked", &headers, text.to_owned()).await;
    assert_eq!(status, 201, "{answer}");
    let (status, answer) = second.post("/api/v1/workflows/test/asked/runs", &json!({})).await;
    assert!(status < 300, "{status} {answer}");
    // An unmatched event is still answered as such.
    let (status, answer) = second.hook("test", "nobody", &json!({ "type": "nobody" })).await;
    assert_eq!((status, answer["runs"].as_array().map(Vec::len)), (200, Some(0)), "{answer}");
}

/// Starts `stepwell serve` with only this database, keeping its errors.
fn serve(world: &World, url: &str, address: SocketAddr, more: &[(&str, &str)]) -> Running {
    let mut command = Command::new(program());
    command.arg("serve");
    for (name, value) in [("DATABASE_URL", url), ("STEPWELL_LISTEN", &address.to_string())].iter().chain(more) {
        command.env(name, value);
    }
    Running(world.equip(&mut command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
}

#[tokio::test]
async fn without_its_database_a_node_waits_says_where_it_looks_and_creates_none() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let missing = format!("missing_{}", uuid::Uuid::new_v4().simple());
    let mut url = url::Url::parse(&world.database_url).unwrap();
    url.set_path(&missing);
    url.set_password(Some("not-to-be-shown")).unwrap();
    let (address, client) = (free_address(), crate::harness::client());
    let place = format!("{}:{}/{missing}", url.host_str().unwrap(), url.port().unwrap());
    let mut node = serve(&world, url.as_str(), address, &[]);
    let ready = async || {
        let answer = client.get(format!("http://{address}/readyz")).send().await.ok()?;
        Some((answer.status().as_u16(), answer.text().await.ok()?))
    };
    let (status, told) = eventually("the node answers while it waits", &ready).await;
    assert!(status == 503 && told.contains(&place) && !told.contains("not-to-be-shown"), "{status} {told}");
    let alive = client.get(format!("http://{address}/healthz")).send().await.unwrap();
    assert_eq!(alive.status().as_u16(), 200);
    let mut migrate = Command::new(program());
    let done = world.equip(migrate.arg("migrate").env("DATABASE_URL", url.as_str())).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(String::from_utf8_lossy(&done.stdout).contains("created"), "the database existed before");
    eventually("the node is ready", async || ready().await.filter(|(status, _)| *status == 200)).await;
    let _ = node.0.kill();
    let mut said = String::new();
    node.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains(&place) && said.contains("stepwell migrate") && !said.contains("not-to-be-shown"), "{said}");
    let mut admin = world.connect().await;
    stepwell::store::drop_database(&mut admin, &missing).await.unwrap();
}

#[tokio::test]
async fn a_node_gives_up_waiting_for_its_database_when_the_settings_say_so() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let nobody = free_address();
    let url = format!("postgres://someone:not-to-be-shown@{nobody}/orders");
    let mut node = serve(&world, &url, free_address(), &[("STEPWELL_DATABASE_WAIT_SECONDS", "1")]);
    let ended = tokio::task::spawn_blocking(move || {
        let ended = node.0.wait().unwrap();
        (ended, node)
    });
    let (ended, mut node) =
        tokio::time::timeout(crate::harness::PATIENCE, ended).await.expect("the node ends").unwrap();
    assert!(!ended.success());
    let mut said = String::new();
    node.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains(&format!("{nobody}/orders")) && said.contains("database_wait_seconds"), "{said}");
    assert!(!said.contains("not-to-be-shown"), "{said}");
}

#[tokio::test]
async fn a_log_filter_is_in_force_or_refused() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let list = |filter: &str| {
        let mut command = Command::new(program());
        command.args(["runs", "list"]).env("STEPWELL_LOG", filter);
        let done = world.equip(&mut command).output().unwrap();
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (code, said) = list("debug,sqlx=debug");
    assert!(code == Some(0) && said.contains("DEBUG"), "{said}");
    let (code, said) = list("error");
    assert_eq!((code, said.as_str()), (Some(0), ""));
    for bad in ["loud", "stepwell=loud"] {
        let (code, said) = list(bad);
        assert!(code == Some(1) && said.contains("STEPWELL_LOG") && said.contains("loud"), "{code:?} {said}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_also_to_a_sender_that_reads_nothing_before_its_end() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let node = world.node().await;
    let piece = vec![b'x'; 64 << 10];
    for framing in [format!("content-length: {}", 48 * piece.len()), "transfer-encoding: chunked".to_owned()] {
        for attempt in 0..10 {
            let chunked = framing.contains("chunked");
            let (address, head, piece) = (node.address, framing.clone(), piece.clone());
            let answer = tokio::task::spawn_blocking(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                write!(
                    stream,
                    "POST /hooks/test HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n{head}\r\n\r\n"
                )?;
                for _ in 0..48 {
                    if chunked {
                        write!(stream, "{:x}\r\n", piece.len())?;
                    }
                    stream.write_all(&piece)?;
                    if chunked {
                        stream.write_all(b"\r\n")?;
                    }
                }
                if chunked {
                    stream.write_all(b"0\r\n\r\n")?;
                }
                let mut first = [0; 64];
                let read = stream.read(&mut first)?;
                Ok::<_, std::io::Error>(String::from_utf8_lossy(&first[..read]).into_owned())
            });
            let answer = answer.await.unwrap();
            assert!(
                answer.as_ref().is_ok_and(|said| said.starts_with("HTTP/1.1 413")),
                "{framing} {attempt}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_runs_everything_here_is_ready_once_its_folder_is_deployed() {
    let target = Target::start().await;
    let connections = "connections:\n  netsuite: { baseUrl: { sandbox: 'http://127.0.0.1:1' } }\n  \
                       salesforce: { baseUrl: { sandbox: 'http://127.0.0.1:1' } }\n";
    let world = World::new(&[("hub.yaml", format!("{}{connections}", hub()))], &[target.address().to_string()]).await;
    let count = 40;
    for n in 0..count {
        let named = calls(&target, 8).replace("name: calls", &format!("name: calls-{n}"));
        world.write(&format!("calls-{n}.yaml"), &named);
    }
    let (address, sandbox) = (free_address(), free_address());
    let mut command = Command::new(program());
    command.arg("dev").args(["--listen", &address.to_string(), "--sandbox", &sandbox.to_string()]);
    let _dev = Running(world.equip(&mut command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let client = crate::harness::client();
    eventually("it is ready", || async {
        let answer = client.get(format!("http://{address}/readyz")).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    let deployed: i64 =
        sqlx::query_scalar("select count(*) from definitions").fetch_one(&mut world.connect().await).await.unwrap();
    assert_eq!(deployed, count);
}
