//! An actor is always authenticated, and a revoked permission is lost on every node within five seconds.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Node, PATIENCE, World, client, eventually, hub, login_link};

const WITHIN: Duration = Duration::from_secs(5);

const DOUBLE: &str = "document: { dsl: '1.0.3', namespace: test, name: double, version: '1.0.0' }
do:
  - double: { set: { n: '${ .n * 2 }' } }
";

async fn world() -> World {
    World::new(&[("hub.yaml", hub()), ("double.yaml", DOUBLE.to_owned())], &[]).await
}

fn told(world: &World, arguments: &[&str]) -> String {
    let (ok, out, err) = world.command(arguments);
    assert!(ok, "{arguments:?}: {out}{err}");
    out
}

fn acts(world: &World, subject: &str) -> Vec<Value> {
    serde_json::from_str(&told(world, &["audit", "acts", "--subject", subject, "--json"])).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_acts_under_a_name_that_it_can_prove() {
    let mut world = world().await;
    // Anyone can set these variables.
    world.set("USER", "ada");
    world.set("LOGNAME", "ada");
    told(&world, &["user", "create", "ada", "--scopes", "operate", "--reason", "joined"]);
    let made = acts(&world, "user:ada").remove(0);
    let actor = made["actor"].as_str().unwrap();
    assert!(actor.starts_with("local:") && !actor.contains("ada"), "{made}");
    assert_eq!((&made["act"], &made["reason"]), (&json!("user.create"), &json!("joined")));
    let deployed = acts(&world, "test/double:1.0.0").remove(0);
    assert_eq!((&deployed["act"], deployed["actor"].as_str()), (&json!("workflow.deploy"), Some(actor)));

    // Her own token identifies her, and is limited to her scopes.
    let token = told(&world, &["token", "create", "--name", "laptop", "--user", "ada", "--scopes", "admin"]);
    let token = token.trim();
    world.write("input.json", r#"{"n": 1}"#);
    let input = format!("{}/input.json", world.workflows());
    let run = told(&world, &["--token", token, "run", "test/double", "--input", &input]);
    for (arguments, scope) in [
        (vec!["user", "create", "eve"], "admin"),
        (vec!["token", "create"], "admin"),
        (vec!["audit", "refusals"], "admin"),
        (vec!["delete", "test/double", "--version", "1.0.0"], "deploy"),
    ] {
        let (ok, _, err) = world.command(&[&["--token", token], &arguments[..]].concat());
        let why = format!("this needs the scope {scope}, which user:ada does not have");
        assert!(!ok && err.contains(&why), "{arguments:?}: {err}");
    }
    let (ok, _, err) = world.command(&["--token", "swt_guess", "run", "test/double"]);
    assert!(!ok && err.contains("unknown, expired or revoked") && !err.contains("swt_guess"), "{err}");
    let node = world.node().await;
    node.run_becomes(run.trim(), "completed").await;
    assert_eq!(node.journal(run.trim()).await[0]["actor"], "user:ada");
}

/// Signs in at a node with a login link, as a browser does. Returns the cookie.
async fn signed_in(world: &World, node: &Node, user: &str) -> String {
    drop(client());
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let link = login_link(world, user);
    let token = link.split("token=").nth(1).unwrap().trim().to_owned();
    let form = browser
        .post(node.url("/login"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(format!("token={token}"));
    let answer = form.send().await.unwrap();
    assert_eq!(answer.status(), 303);
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

async fn me(node: &Node, cookie: &str) -> u16 {
    client().get(node.url("/api/v1/me")).header("cookie", cookie).send().await.unwrap().status().as_u16()
}

/// Opens a stream and returns a task that ends with it.
async fn listening(node: &Node, cookie: &str) -> tokio::task::JoinHandle<()> {
    let request = client().get(node.url("/api/v1/stream")).header("cookie", cookie);
    let mut stream = request.send().await.unwrap();
    assert_eq!(stream.status(), 200);
    stream.chunk().await.unwrap().expect("the stream sends a first message");
    tokio::spawn(async move { while let Ok(Some(_)) = stream.chunk().await {} })
}

async fn ends(stream: tokio::task::JoinHandle<()>, since: Instant) {
    tokio::time::timeout(PATIENCE, stream).await.expect("the stream ends").unwrap();
    assert!(since.elapsed() < WITHIN, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_disabled_or_signed_out_is_out_on_every_node_within_five_seconds() {
    let world = world().await;
    let (one, other) = (world.node().await, world.node().await);
    told(&world, &["user", "create", "ada", "--scopes", "read"]);
    let cookie = signed_in(&world, &one, "ada").await;
    assert_eq!((me(&one, &cookie).await, me(&other, &cookie).await), (200, 200));
    let streams = [listening(&one, &cookie).await, listening(&other, &cookie).await];
    assert!(told(&world, &["session", "list"]).contains("user:ada"));
    let said = told(&world, &["session", "end", "--user", "ada", "--reason", "lost laptop"]);
    let since = Instant::now();
    assert!(said.contains("1 sessions of ada ended"), "{said}");
    for stream in streams {
        ends(stream, since).await;
    }
    assert_eq!((me(&one, &cookie).await, me(&other, &cookie).await), (401, 401));

    let cookie = signed_in(&world, &other, "ada").await;
    let stream = listening(&one, &cookie).await;
    let said = told(&world, &["user", "disable", "ada", "--reason", "left"]);
    let since = Instant::now();
    assert!(said.contains("user ada is disabled; ended: 1 sessions, 0 login links, 0 tokens"), "{said}");
    ends(stream, since).await;
    assert_eq!((me(&one, &cookie).await, me(&other, &cookie).await), (401, 401));
    let (ok, _, err) = world.command(&["login", "--user", "ada"]);
    assert!(!ok && err.contains("no user ada who may sign in"), "{err}");
    let acts = acts(&world, "user:ada");
    let reasons: Vec<_> = acts.iter().filter_map(|act| act["reason"].as_str()).collect();
    assert_eq!(reasons, ["left", "lost laptop"]);
    // Both have been refused since, and an administrator sees that.
    eventually("the refusals are stored", || async {
        told(&world, &["audit", "refusals"]).contains("session").then_some(())
    })
    .await;
}

/// Authors choose the ids of the events they emit, but the idempotency keys of starts are stored beside events.
const POSE: &str = "document: { dsl: '1.0.3', namespace: test, name: pose, version: '1.0.0' }
do:
  - pose:
      emit: { event: { with: { source: '${ \"api:test/double\" }', id: key-1, type: 'x', data: { n: 1 } } } }
";

#[tokio::test(flavor = "multi_thread")]
async fn an_emitted_event_takes_nobodys_idempotency_key() {
    let files = [("hub.yaml", hub()), ("double.yaml", DOUBLE.to_owned()), ("pose.yaml", POSE.to_owned())];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    let (_, run) = node.post("/api/v1/workflows/test/pose/runs", &json!({})).await;
    node.run_becomes(run["id"].as_str().unwrap(), "completed").await;
    eventually("the event is delivered", || async {
        let left = sqlx::query_scalar::<_, i64>("select count(*) from outgoing");
        (left.fetch_one(&mut world.connect().await).await.unwrap() == 0).then_some(())
    })
    .await;
    let headers = [("content-type", "application/json"), ("idempotency-key", "key-1")];
    let (status, run) = node.send("POST", "/api/v1/workflows/test/double/runs", &headers, r#"{"n": 1}"#.into()).await;
    assert_eq!(status, 202, "{run}");
    node.run_becomes(run["id"].as_str().unwrap(), "completed").await;
}
