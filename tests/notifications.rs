//! People are told of what needs them, once, however nodes die, and in the shape that their chat or mailbox wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::harness::{Behavior, Target, World, calls, eventually, hub};

/// What was posted: path, content type, body.
type Posted = (String, String, Value);

/// Takes messages; refuses as many as it is told to first.
#[derive(Clone, Default)]
struct Chat {
    posted: Arc<Mutex<Vec<Posted>>>,
    refuses: Arc<Mutex<usize>>,
}

impl Chat {
    async fn start() -> (Self, String) {
        let chat = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(take).with_state(chat.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (chat, address)
    }

    fn of(&self, path: &str) -> Vec<Value> {
        let posted = self.posted.lock().unwrap();
        posted.iter().filter(|(at, ..)| at == path).map(|(_, _, body)| body.clone()).collect()
    }

    async fn receives(&self, path: &str, count: usize) -> Vec<Value> {
        eventually(&format!("{count} messages at {path}"), || async {
            Some(self.of(path)).filter(|messages| messages.len() >= count)
        })
        .await
    }
}

async fn take(State(chat): State<Chat>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut refuses = chat.refuses.lock().unwrap();
    if *refuses > 0 {
        *refuses -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let kind = headers["content-type"].to_str().unwrap().to_owned();
    chat.posted.lock().unwrap().push((uri.path().to_owned(), kind, serde_json::from_slice(&body).unwrap()));
    StatusCode::OK
}

fn with_channels(channels: &str) -> (&'static str, String) {
    ("hub.yaml", format!("{}\nnotify:\n{channels}", hub()))
}

async fn stuck(target: &Target, node: &crate::harness::Node, n: u64) -> String {
    target.behave("/step1", Behavior::Say(400, json!({ "message": "the item is not known" }).to_string()));
    let run = node.start_calls(n).await;
    eventually("the run stops", || async { (node.run(&run).await["attention"] == "faulted").then_some(()) }).await;
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_is_told_once_survives_a_chat_that_is_down_and_the_death_of_every_node_and_is_resolved() {
    let target = Target::start().await;
    let (chat, address) = Chat::start().await;
    let channels = format!(
        "  oncall: {{ slack: 'http://{address}/slack', channel: C012, every: PT0.2S }}
  ops: {{ teams: '${{ $secrets.teamsHook }}', every: PT0.2S }}
  program: {{ webhook: 'http://{address}/hook', about: [runs], every: PT0.2S }}
  elsewhere: {{ webhook: 'http://{address}/elsewhere', about: [connections], every: PT0.2S }}
"
    );
    let files = [with_channels(&channels), ("calls.yaml", calls(&target, 1))];
    let mut world = World::new(&files, &[target.address().to_string(), address.clone()]).await;
    world.set("STEPWELL_SECRET_TEAMSHOOK", &format!("http://{address}/teams/very-secret-key"));
    *chat.refuses.lock().unwrap() = 3;
    let mut node = world.node().await;
    let run = stuck(&target, &node, 1).await;
    eventually("the message is written", || async {
        let told: i64 = sqlx::query_scalar("select count(*) from notified where subject like 'runs:%'")
            .fetch_one(&mut world.connect().await)
            .await
            .unwrap();
        (told == 3).then_some(())
    })
    .await;
    let kept: Option<String> = sqlx::query_scalar("select string_agg(concat(event::text, error), ' ') from outgoing")
        .fetch_one(&mut world.connect().await)
        .await
        .unwrap();
    assert!(!kept.unwrap_or_default().contains("very-secret-key"), "the address is a secret");
    node.kill();
    node = world.node().await;

    let slack = &chat.receives("/slack", 1).await[0];
    assert_eq!((&slack["channel"], &slack["blocks"].as_array().unwrap().len()), (&json!("C012"), &2), "{slack}");
    assert!(slack["text"].as_str().unwrap().contains("1 run needs attention"), "{slack}");
    let line = slack["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(line.contains("test/calls") && line.contains("the item is not known"), "{line}");
    let card = &chat.receives("/teams/very-secret-key", 1).await[0]["attachments"][0]["content"];
    assert!(card["actions"][0]["url"].as_str().unwrap().contains("fingerprint="), "{card}");
    let event = chat.receives("/hook", 1).await[0].clone();
    let item = &event["data"]["items"][0];
    assert_eq!((&event["type"], &item["state"]), (&json!("dev.stepwell.notification"), &json!("new")), "{event}");
    let (page, _) = item["url"].as_str().unwrap().split_once("/?").map(|(_, query)| (query.to_owned(), ())).unwrap();
    let (_, listed) = node.get(&format!("/api/v1/runs?{page}")).await;
    assert_eq!(listed["items"][0]["id"], json!(run), "the link opens exactly this: {listed}");

    // A second run of the cause doubles it; a third says nothing new.
    stuck(&target, &node, 2).await;
    let more = chat.receives("/hook", 2).await[1].clone();
    assert_eq!((&more["data"]["items"][0]["state"], &more["data"]["items"][0]["count"]), (&json!("more"), &json!(2)));
    stuck(&target, &node, 3).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let retry = json!({ "act": "retry", "filter": { "attention": "any" }, "dry_run": false, "reason": "known now" });
    assert_eq!(node.post("/api/v1/runs:bulk", &retry).await.0, 200);
    let over = chat.receives("/hook", 3).await[2].clone();
    assert_eq!(over["data"]["summary"], "Resolved: 1 problem", "{over}");
    assert_eq!(chat.of("/hook").len(), 3);
    assert_eq!(chat.of("/elsewhere"), Vec::<Value>::new(), "it is told of connections only");
    let (_, channels) = node.get("/api/v1/notifications").await;
    assert!(!channels.to_string().contains("very-secret-key"), "{channels}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_tell_a_cause_once() {
    let target = Target::start().await;
    let (chat, address) = Chat::start().await;
    let channels = format!("  program: {{ webhook: 'http://{address}/hook', every: PT0.2S }}\n");
    let files = [with_channels(&channels), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string(), address.clone()]).await;
    let (node, _other) = (world.node().await, world.node().await);
    stuck(&target, &node, 1).await;
    chat.receives("/hook", 1).await;
    assert_eq!(node.post("/api/v1/notifications/program/test", &json!({})).await.0, 202);
    let messages = chat.receives("/hook", 2).await;
    assert_eq!(messages.len(), 2, "{messages:?}");
    let test = messages.iter().find(|message| message["data"]["items"] == json!([])).unwrap();
    assert!(test["data"]["summary"].as_str().unwrap().starts_with("a test message, requested by"), "{test}");
}

/// Takes one e-mail over SMTP; gives sender, receivers and the text as it came.
async fn mailbox() -> (String, tokio::sync::oneshot::Receiver<(Vec<String>, String)>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (tell, told) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 test ESMTP\r\n").await.unwrap();
        let (mut commands, mut mail) = (Vec::new(), String::new());
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap() == 0 {
                break;
            }
            let command = line.trim_end().to_owned();
            commands.push(command.clone());
            let answer: &[u8] = match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => b"250-test\r\n250 8BITMIME\r\n",
                "DATA" => b"354 go on\r\n",
                "QUIT" => b"221 bye\r\n",
                _ => b"250 ok\r\n",
            };
            stream.write_all(answer).await.unwrap();
            if command == "DATA" {
                while !mail.ends_with("\r\n.\r\n") {
                    mail.push(char::from(stream.read_u8().await.unwrap()));
                }
                stream.write_all(b"250 taken\r\n").await.unwrap();
                break;
            }
        }
        tell.send((commands, mail)).unwrap();
    });
    (address, told)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_by_email() {
    let target = Target::start().await;
    let (server, told) = mailbox().await;
    let channels = format!(
        "  people: {{ email: {{ server: 'smtp://{server}', from: 'Stepwell <hub@a.example>', to: [ann@a.example, bob@a.example] }} }}\n"
    );
    let files = [with_channels(&channels), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    stuck(&target, &node, 1).await;
    let (commands, mail) = tokio::time::timeout(Duration::from_secs(60), told).await.unwrap().unwrap();
    assert!(
        commands.iter().any(|c| c.contains("hub@a.example")) && commands.iter().any(|c| c.contains("bob@a.example"))
    );
    assert!(mail.contains("Subject: Stepwell (sandbox): 1 run needs attention"), "{mail}");
    assert!(mail.contains("fingerprint"), "{mail}");
    eventually("it is delivered", || async {
        let (_, channels) = node.get("/api/v1/notifications").await;
        let channel = &channels["items"][0];
        (channel["undelivered"] == 0 && channel["last_message_at"].is_string()).then_some(())
    })
    .await;
    let (ok, listed, error) = world.command(&["notifications", "list"]);
    assert!(ok && listed.contains("people  email"), "{listed}{error}");
    let (ok, _, error) = world.command(&["notifications", "test", "nobody"]);
    assert!(!ok && error.contains("no channel"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_falls_silent_is_told_and_resolved_when_it_sends_again() {
    let (chat, address) = Chat::start().await;
    let (name, text) =
        with_channels(&format!("  ops: {{ webhook: 'http://{address}/hook', about: [sources], every: PT0.2S }}\n"));
    let text = text.replacen("  test:\n", "  test:\n    silentAfter: PT1S\n", 1);
    assert!(text.contains("silentAfter"), "{text}");
    let world = World::new(&[(name, text)], std::slice::from_ref(&address)).await;
    let node = world.node().await;
    let send = |n: u64| {
        let node = &node;
        async move {
            let (status, answer) = node.hook("test", &format!("event-{n}"), &json!({ "type": "x" })).await;
            assert!(status < 300, "{answer}");
        }
    };
    send(1).await;
    let silent = chat.receives("/hook", 1).await[0].clone();
    assert_eq!(silent["data"]["summary"], "1 source is silent", "{silent}");
    send(2).await;
    let after = chat.receives("/hook", 2).await[1].clone();
    assert_eq!(after["data"]["items"][0]["state"], "resolved", "{after}");
}
