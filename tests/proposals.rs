//! An act that a workflow reserves for two people is carried out once another user approves it: on any node, whichever
//! node dies.

use serde_json::{Value, json};

use crate::harness::{Node, World, eventually, hub};
use crate::links::{send, workflow};

/// Its first step fails permanently, so the run stops there.
const ORDER: &str = "schedule: { on: { one: { with: { type: order.won } } } }
do:
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
  - book: { set: { booked: '${ . }' } }
";

struct People {
    world: World,
    ann: String,
    bob: String,
}

impl People {
    async fn new(acts: &str) -> Self {
        let (name, text) = workflow("order", "1.0.0", ORDER);
        let text = text.replace("version: '1.0.0'", &format!("version: '1.0.0', metadata: {{ acts: {acts} }}"));
        let world = World::new(&[("hub.yaml", hub()), (&name, text)], &[]).await;
        let token = |user: &str| {
            told(&world, &["user", "create", user, "--scopes", "operate"]);
            let laptop = format!("{user}-laptop");
            let made = ["token", "create", "--name", &laptop, "--user", user, "--scopes", "operate"];
            told(&world, &made).trim().to_owned()
        };
        let (ann, bob) = (token("ann"), token("bob"));
        Self { world, ann, bob }
    }

    async fn say(&self, token: &str, node: &Node, path: &str, body: &Value) -> (u16, Value) {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        node.send("POST", path, &headers, body.to_string()).await
    }

    /// Ann proposes to skip the failed step with an output. Returns the proposal's id.
    async fn propose(&self, node: &Node, run: &str) -> String {
        let body = json!({ "output": { "amount": 120 }, "reason": "agreed with the customer" });
        let (status, answer) = self.say(&self.ann, node, &format!("/api/v1/runs/{run}/skip"), &body).await;
        assert_eq!(status, 202, "{answer}");
        answer["proposal"]["id"].as_str().unwrap().to_owned()
    }
}

fn told(world: &World, arguments: &[&str]) -> String {
    let (ok, out, err) = world.command(arguments);
    assert!(ok, "{arguments:?}: {out}{err}");
    out
}

async fn stopped(node: &Node, id: &str) -> String {
    let (status, answer) = send(node, id, "order.won", &json!({ "order": id })).await;
    assert_eq!(status, 202, "{answer}");
    let run = answer["runs"][0].as_str().unwrap().to_owned();
    assert_eq!(node.run_becomes(&run, "faulted").await["attention"], "faulted");
    run
}

/// Returns who acted and who approved.
async fn acted(node: &Node, run: &str) -> Vec<(Value, Value)> {
    let records = node.journal(run).await.into_iter().filter(|record| record["kind"] == "operator.acted");
    records.map(|record| (record["actor"].clone(), record["data"]["approved_by"].clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_proposes_on_one_node_another_approves_on_the_other() {
    let people = People::new("{ edit: two }").await;
    let (first, second) = (people.world.node().await, people.world.node().await);
    let run = stopped(&first, "order-1").await;
    let proposal = people.propose(&first, &run).await;
    let path = format!("/api/v1/proposals/{proposal}/approve");
    let (status, refused) = people.say(&people.ann, &second, &path, &json!({})).await;
    assert_eq!((status, &refused["type"]), (403, &json!("urn:stepwell:problem:second-person")), "{refused}");
    assert_eq!(second.run(&run).await["proposals"][0]["id"], json!(proposal));
    let (status, approved) = people.say(&people.bob, &second, &path, &json!({ "reason": "seen the mail" })).await;
    assert_eq!((status, &approved["state"]), (200, &json!("done")), "{approved}");
    let done = first.run_becomes(&run, "completed").await;
    assert_eq!((&done["output"]["booked"]["amount"], &done["proposals"]), (&json!(120), &json!([])));
    assert_eq!(acted(&first, &run).await, [(json!("user:ann"), json!("user:bob"))]);
    let metrics = first.get("/metrics").await.1;
    assert!(metrics.as_str().unwrap().contains("stepwell_proposals_open 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_approved_is_done_although_every_node_died_before_it() {
    let people = People::new("{ edit: two }").await;
    let mut node = people.world.node().await;
    let run = stopped(&node, "order-1").await;
    let proposal = people.propose(&node, &run).await;
    node.kill();
    // The command waits for a node to carry it out; none runs before the approval is recorded.
    let mut approving = std::process::Command::new(crate::harness::program());
    let arguments = ["--token", &people.bob, "proposals", "approve", &proposal, "--reason", "seen", "--json"];
    let approving = people.world.equip(approving.args(arguments)).stdout(std::process::Stdio::piped()).spawn().unwrap();
    eventually("the approval is recorded", || async {
        let recorded: i64 = sqlx::query_scalar("select count(*) from commands where approval is not null")
            .fetch_one(&mut people.world.connect().await)
            .await
            .unwrap();
        (recorded == 1).then_some(())
    })
    .await;
    let node = people.world.node().await;
    node.run_becomes(&run, "completed").await;
    let approved = approving.wait_with_output().unwrap();
    assert!(approved.status.success());
    assert_eq!(acted(&node, &run).await, [(json!("user:ann"), json!("user:bob"))]);
    // Only once: approving it again reports that it is done.
    let path = format!("/api/v1/proposals/{proposal}/approve");
    let (status, again) = people.say(&people.bob, &node, &path, &json!({})).await;
    assert_eq!((status, &again["state"]), (200, &json!("done")), "{again}");
    assert_eq!(acted(&node, &run).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_proposes_under_any_name_and_approves_only_under_another_users() {
    let people = People::new("{ cancel: two, dismiss: two }").await;
    let world = &people.world;
    let node = world.node().await;
    let run = stopped(&node, "order-1").await;
    let proposed = told(world, &["runs", "cancel", &run, "--abandon", "--reason", "customer withdrew", "--json"]);
    let proposed: Value = serde_json::from_str(&proposed).unwrap();
    let id = proposed["proposal"]["id"].as_str().unwrap();
    assert!(proposed["proposal"]["proposed_by"].as_str().unwrap().starts_with("local:"), "{proposed}");
    assert!(told(world, &["proposals", "list"]).contains(id));
    assert!(told(world, &["runs", "show", &run]).contains("customer withdrew"));
    let (ok, _, err) = world.command(&["proposals", "approve", id]);
    assert!(!ok && err.contains("only a user can approve it"), "{err}");
    let (ok, _, err) = world.command(&["proposals", "decline", id, "--reason", " "]);
    assert!(!ok && err.contains("--reason is empty"), "{err}");
    let approved = told(world, &["--token", &people.bob, "proposals", "approve", id, "--reason", "confirmed"]);
    assert!(approved.contains("done") && approved.contains("user:bob"), "{approved}");
    node.run_becomes(&run, "cancelled").await;
    assert_eq!(told(world, &["proposals", "list"]), "");
    assert!(told(world, &["proposals", "list", "--any", "--run", &run]).contains("confirmed"));
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_freeze_resumes_runs_that_no_single_person_may_resume() {
    let people = People::new("{ resume: two, suspend: two }").await;
    let node = people.world.node().await;
    let body = json!({ "workflows": ["test/order"], "reason": "month end" });
    let (status, freeze) = node.post("/api/v1/freezes", &body).await;
    assert_eq!(status, 201, "{freeze}");
    let number = std::sync::atomic::AtomicUsize::new(0);
    let run = eventually("a run is held", || async {
        let id = format!("order-{}", number.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let (_, answer) = send(&node, &id, "order.won", &json!({})).await;
        let run = answer["runs"][0].as_str().unwrap().to_owned();
        (node.run(&run).await["status"] == "suspended").then_some(run)
    })
    .await;
    let (status, _) = people.say(&people.ann, &node, &format!("/api/v1/runs/{run}/resume"), &json!({})).await;
    assert_eq!(status, 202, "one person can only propose it");
    let freeze = freeze["id"].as_str().unwrap();
    let end = format!("/api/v1/freezes/{freeze}/end");
    let (status, ended) = people.say(&people.ann, &node, &end, &json!({ "reason": "closed" })).await;
    assert_eq!(status, 200, "{ended}");
    node.run_becomes(&run, "faulted").await;
    let told = acted(&node, &run).await;
    assert_eq!(told[1], (json!("user:ann"), json!(format!("freeze:{freeze}"))), "{told:?}");
}
