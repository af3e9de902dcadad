//! Steps that ask people: the first decision reaches its run, whichever node dies, and nothing else does.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{Node, World, eventually, hub, program};
use crate::links::{send, workflow};

/// Asks Ann or Bob when an event of this type arrives, and returns who decided what.
const ORDER: &str = "schedule: { on: { one: { with: { type: EVENT } } } }
do:
  - ask:
      try:
        - approve:
            listen: { to: { one: { with: { type: dev.stepwell.task.completed } } } }
            timeout: { after: TIMEOUT }
            metadata:
              task:
                title: '${ \"Approve \\(.[0].order)?\" }'
                assignees: [ann, bob]
                schema: { type: object, required: [approved], properties: { approved: { type: boolean } } }
      catch: { errors: { with: { status: 408 } }, do: [ { late: { set: '${ [{ by: \"nobody\" }] }' } } ] }
  - decided: { set: { by: '${ .[0].by }', answer: '${ .[0].answer }' } }
";

struct People {
    world: World,
    tokens: Vec<(&'static str, String)>,
}

impl People {
    async fn new() -> Self {
        let asking = |name: &str, timeout: &str| {
            let text = ORDER.replace("EVENT", &format!("{name}.won")).replace("TIMEOUT", timeout);
            workflow(name, "1.0.0", &text)
        };
        let (order, rush) = (asking("order", "PT1H"), asking("rush", "PT4S"));
        let world = World::new(&[("hub.yaml", hub()), (&order.0, order.1), (&rush.0, rush.1)], &[]).await;
        let token = |user: &'static str| {
            told(&world, &["user", "create", user, "--scopes", "operate"]);
            let laptop = format!("{user}-laptop");
            let made = ["token", "create", "--name", &laptop, "--user", user, "--scopes", "operate"];
            (user, told(&world, &made).trim().to_owned())
        };
        let tokens = ["ann", "bob", "eve"].map(token).into();
        world.write("yes.json", r#"{ "approved": true }"#);
        world.write("no.json", r#"{ "approved": false }"#);
        Self { world, tokens }
    }

    fn token(&self, user: &str) -> &str {
        &self.tokens.iter().find(|(name, _)| *name == user).unwrap().1
    }

    fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.world.workflows())
    }

    async fn decide(&self, user: &str, node: &Node, task: &str, approved: bool) -> (u16, Value) {
        let bearer = format!("Bearer {}", self.token(user));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let body = json!({ "answer": { "approved": approved } }).to_string();
        node.send("POST", &format!("/api/v1/tasks/{task}/complete"), &headers, body).await
    }

    fn command(&self, user: &str, arguments: &[&str]) -> (bool, String, String) {
        self.world.command(&[&["--token", self.token(user)], arguments].concat())
    }
}

fn told(world: &World, arguments: &[&str]) -> String {
    let (ok, out, err) = world.command(arguments);
    assert!(ok, "{arguments:?}: {out}{err}");
    out
}

/// Starts a run that asks, and returns it with its task.
async fn asked(node: &Node, id: &str, of_type: &str) -> (String, String) {
    let (status, answer) = send(node, id, of_type, &json!({ "order": id })).await;
    assert_eq!(status, 202, "{answer}");
    let run = answer["runs"][0].as_str().unwrap().to_owned();
    node.run_becomes(&run, "waiting").await;
    let (_, tasks) = node.get(&format!("/api/v1/tasks?status=any&run={run}")).await;
    (run, tasks["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{tasks}")).to_owned())
}

/// Returns the answers that the run accepted, with their authors.
async fn taken(node: &Node, run: &str) -> Vec<(Value, Value)> {
    let records = node.journal(run).await.into_iter().filter(|record| record["kind"] == "event.consumed");
    let all = records.map(|record| (record["actor"].clone(), record["data"]["event"]["data"]["answer"].clone()));
    all.filter(|(actor, _)| actor.as_str().is_some_and(|actor| actor.starts_with("user:"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_survives_the_death_of_every_node() {
    let people = People::new().await;
    let mut node = people.world.node().await;
    let (run, task) = asked(&node, "order-1", "order.won").await;
    node.kill();
    // The command waits for a node to deliver it to the run; none runs before the decision is recorded.
    let mut deciding = std::process::Command::new(program());
    let yes = people.file("yes.json");
    let arguments = ["--token", people.token("ann"), "tasks", "complete", &task, "--answer", &yes, "--json"];
    let deciding = people.world.equip(deciding.args(arguments)).stdout(Stdio::piped()).spawn().unwrap();
    eventually("the decision is recorded", || async {
        let recorded: i64 = sqlx::query_scalar("select count(*) from commands where event_id = $1::uuid")
            .bind(&task)
            .fetch_one(&mut people.world.connect().await)
            .await
            .unwrap();
        (recorded == 1).then_some(())
    })
    .await;
    let mut node = people.world.node().await;
    let done = node.run_becomes(&run, "completed").await;
    assert_eq!(done["output"], json!({ "by": "user:ann", "answer": { "approved": true } }));
    assert!(deciding.wait_with_output().unwrap().status.success());
    node.kill();
    // Only once: if the response was lost, it is sent again, and others may have decided in between.
    let node = people.world.node().await;
    let (status, again) = people.decide("ann", &node, &task, true).await;
    assert_eq!((status, &again["closed_by"]), (200, &json!("user:ann")), "{again}");
    for (user, approved) in [("ann", false), ("bob", true)] {
        let (status, refused) = people.decide(user, &node, &task, approved).await;
        assert_eq!(status, 409, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains("decided by user:ann"), "{refused}");
    }
    assert_eq!(taken(&node, &run).await, [(json!("user:ann"), json!({ "approved": true }))]);
    let (sound, told, _) = people.world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes_while_every_node_is_down_closes_the_task() {
    let people = People::new().await;
    let mut node = people.world.node().await;
    let (run, task) = asked(&node, "order-1", "rush.won").await;
    node.kill();
    eventually("the deadline is over", || async {
        let over: bool = sqlx::query_scalar("select due_at < clock_timestamp() from tasks where closed_at is null")
            .fetch_one(&mut people.world.connect().await)
            .await
            .unwrap();
        over.then_some(())
    })
    .await;
    let node = people.world.node().await;
    assert_eq!(node.run_becomes(&run, "completed").await["output"]["by"], "nobody");
    let (status, refused) = people.decide("ann", &node, &task, true).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("its time was over"), "{refused}");
    let (_, shown) = node.get(&format!("/api/v1/tasks/{task}")).await;
    assert_eq!((&shown["status"], &shown["outcome"]), (&json!("closed"), &json!("timeout")));
    assert_eq!(taken(&node, &run).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_decide_on_the_command_line_in_their_own_name() {
    let people = People::new().await;
    let node = people.world.node().await;
    let (run, task) = asked(&node, "order-1", "order.won").await;
    let (ok, mine, err) = people.command("ann", &["tasks", "list", "--assignee", "me"]);
    assert!(ok && mine.contains(&task) && mine.contains("Approve order-1?"), "{mine}{err}");
    let (ok, none, err) = people.command("eve", &["tasks", "list", "--assignee", "me"]);
    assert!(ok && none.is_empty(), "{none}{err}");
    let shown = people.command("eve", &["tasks", "show", &task]).1;
    assert!(shown.contains("decides: ann, bob") && shown.contains("\"required\":[\"approved\"]"), "{shown}");
    assert!(people.command("eve", &["runs", "show", &run]).1.contains(&format!("stepwell tasks show {task}")));
    let (yes, no) = (people.file("yes.json"), people.file("no.json"));
    let complete = |user: &str, file: &str| people.command(user, &["tasks", "complete", &task, "--answer", file]);
    let (ok, _, err) = complete("eve", &yes);
    assert!(!ok && err.contains("only ann, bob may decide, and user:eve is not among them"), "{err}");
    people.world.write("wrong.json", "{}");
    let (ok, _, err) = complete("ann", &people.file("wrong.json"));
    assert!(!ok && err.contains("the answer does not match the task's schema") && err.contains("approved"), "{err}");
    let (ok, out, err) = complete("bob", &no);
    assert!(ok && out.contains("decided by user:bob"), "{out}{err}");
    let (ok, _, err) = complete("ann", &yes);
    assert!(!ok && err.contains("decided by user:bob"), "{err}");
    assert_eq!(node.run_becomes(&run, "completed").await["output"]["by"], "user:bob");

    let (run, task) = asked(&node, "order-2", "order.won").await;
    people.world.write("nobody.json", r#"[{ "by": "agreed by phone" }]"#);
    let output = people.file("nobody.json");
    let skip = ["runs", "skip", &run, "--output", &output, "--reason", "agreed by phone"];
    let (ok, _, err) = people.command("eve", &skip);
    assert!(!ok && err.contains("waits for a person to decide"), "{err}");
    assert!(people.command("eve", &["tasks", "list"]).1.contains(&task));
    let (ok, _, err) = people.command("eve", &[&skip[..], &["--confirm"]].concat());
    assert!(ok, "{err}");
    node.run_becomes(&run, "completed").await;
    let closed = people.command("eve", &["tasks", "list", "--status", "closed", "--json"]).1;
    let closed = serde_json::from_str::<Value>(&closed).unwrap()[0].take();
    let expected = (&json!(task), &json!("skipped"), &json!("user:eve"));
    assert_eq!((&closed["id"], &closed["outcome"], &closed["closed_by"]), expected, "{closed}");
}
