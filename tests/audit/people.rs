//! A database with something in every table that the audit covers: runs in every state, people and their acts.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, PgPool};
use stepwell::machine::Actor;
use stepwell::memory::totals::{Change, ChangeKind, Place, Scope as Period};
use stepwell::store::access::{self, Scope};
use stepwell::store::acts::{self, By};
use stepwell::store::sync::totals::signing::{self, NewSignOff};

use crate::harness::{Behavior, Node, Target, World, calls, eventually, hub};
use crate::links::{send, start, workflow};

/// The database with everything that keeps it running.
pub(super) struct Full {
    pub(super) world: World,
    pub(super) node: Node,
    pub(super) pool: PgPool,
    _target: Target,
}

const ORDER: &str = "schedule: { on: { one: { with: { type: order.won } } } }
do:
  - price: { raise: { error: { type: 'https://example.com/no-price', status: 409 } } }
";

const TOGETHER: &str = "schedule: { on: { all: [ { with: { type: a } }, { with: { type: b } } ] } }
do:
  - note: { set: { events: '${ . }' } }
";

const AWAIT: &str = "do: [ { paid: { listen: { to: { one: { with: { type: order.paid } } } } } } ]\n";
const LATER: &str = "do: [ { later: { wait: { hours: 10 } } } ]\n";
/// Continues as new once, then waits.
const WATCH: &str = "do:
  - count: { set: { n: '${ .n + 1 }' } }
  - again: { switch: [ { some: { when: .n < 150, then: count } }, { enough: { then: later } } ] }
  - later: { wait: { hours: 10 } }
";
const CHILD: &str = "do: [ { note: { set: { child: true } } } ]\n";
const PARENT: &str = "do: [ { child: { run: { workflow: { namespace: test, name: child, version: latest } } } } ]\n";

fn saga(target: &Target) -> String {
    let call = |path: &str| {
        format!("call: http, with: {{ method: post, endpoint: 'http://{}/{path}', body: {{}} }}", target.address())
    };
    format!(
        "do:\n  - reserve: {{ {}, metadata: {{ compensate: {{ {} }} }} }}\n  - fail: {{ raise: {{ error: {{ type: 'https://example.com/no', status: 409 }} }} }}\n",
        call("reserve"),
        call("release")
    )
}

impl Full {
    pub(super) async fn new() -> Self {
        let target = Target::start().await;
        target.behave("/step1", Behavior::Answer("{}".into()));
        let (order, order_text) = workflow("order", "1.0.0", ORDER);
        let order_text = order_text.replace("version: '1.0.0'", "version: '1.0.0', metadata: { acts: { skip: two } }");
        let tick = "schedule: { every: { hours: 10 } }\ndo: [ { note: { set: { a: 1 } } } ]\n";
        let (watch, watch_text) = workflow("watch", "1.0.0", WATCH);
        let watch_text =
            watch_text.replace("version: '1.0.0'", "version: '1.0.0', metadata: { history: { records: 100 } }");
        let mut files = vec![
            (watch, watch_text),
            ("hub.yaml".to_owned(), hub()),
            ("calls.yaml".to_owned(), calls(&target, 2)),
            (order, order_text),
        ];
        for (name, text) in [
            ("together", TOGETHER),
            ("await", AWAIT),
            ("later", LATER),
            ("child", CHILD),
            ("parent", PARENT),
            ("saga", &saga(&target)),
            ("tick", tick),
        ] {
            files.push(workflow(name, "1.0.0", text));
        }
        let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
        let world = World::new(&files, &[target.address().to_string()]).await;
        let node = world.node().await;
        let pool = PgPool::connect(&world.database_url).await.unwrap();
        let full = Self { world, node, pool, _target: target };
        full.fill_runs().await;
        full.fill_people().await;
        full.fill_totals().await;
        full
    }

    async fn fill_runs(&self) {
        let node = &self.node;
        for n in 0..3 {
            let run = node.start_calls(n).await;
            node.run_becomes(&run, "completed").await;
        }
        let (later, parent) = (start(node, "later", &json!({ "n": 1 })).await, start(node, "parent", &json!({})).await);
        let (suspended, cancelled) = (start(node, "later", &json!({})).await, start(node, "later", &json!({})).await);
        for (run, act) in [(&suspended, "suspend"), (&cancelled, "cancel")] {
            node.run_becomes(run, "waiting").await;
            let (status, told) = node.post(&format!("/api/v1/runs/{run}/{act}"), &json!({ "reason": "audit" })).await;
            assert!(status < 300, "{told}");
        }
        let saga = start(node, "saga", &json!({})).await;
        let waiting = start(node, "await", &json!({})).await;
        let watching = start(node, "watch", &json!({ "n": 0 })).await;
        for (run, status) in [
            (&later, "waiting"),
            (&parent, "completed"),
            (&suspended, "suspended"),
            (&cancelled, "cancelled"),
            (&saga, "compensated"),
            (&waiting, "waiting"),
            (&watching, "waiting"),
        ] {
            node.run_becomes(run, status).await;
        }
        for (id, of_type) in [("e1", "a"), ("e2", "b"), ("e3", "a"), ("e4", "nothing"), ("e5", "order.paid")] {
            let (status, told) = send(node, id, of_type, &json!({ "id": id })).await;
            assert!(status < 300, "{told}");
        }
        node.run_becomes(&waiting, "completed").await;
        eventually("the joined events started a run", || async {
            let (_, runs) = node.get("/api/v1/runs?workflow=test/together").await;
            let run = runs["items"][0]["id"].as_str()?.to_owned();
            (node.run(&run).await["status"] == "completed").then_some(())
        })
        .await;
    }

    fn told(&self, arguments: &[&str]) -> String {
        let (ok, out, err) = self.world.command(arguments);
        assert!(ok, "{arguments:?}: {out}{err}");
        out.trim().to_owned()
    }

    async fn fill_people(&self) {
        let bearers: Vec<String> = ["ann", "bob"]
            .into_iter()
            .map(|user| {
                self.told(&["user", "create", user, "--scopes", "operate"]);
                self.told(&["token", "create", "--name", user, "--user", user, "--scopes", "operate"])
            })
            .collect();
        self.told(&["user", "create", "eve", "--scopes", "read"]);
        self.told(&["token", "create", "--name", "hers", "--user", "eve", "--scopes", "read"]);
        self.told(&["token", "create", "--name", "short", "--scopes", "read"]);
        let ada = access::find_user(&self.pool, "ann").await.unwrap().unwrap();
        let local = access::Identity::local("root", &[Scope::Admin]);
        let hour = Duration::from_hours(1);
        for identity in [&ada, &local] {
            access::create_session(&self.pool, identity, hour).await.unwrap();
            let actor = identity.actor();
            let link = access::create_login_link(&self.pool, identity, hour, By::from(&actor)).await.unwrap();
            access::redeem_login_link(&self.pool, &link).await.unwrap().unwrap();
            access::create_login_link(&self.pool, identity, hour, By::from(&actor)).await.unwrap();
        }
        let eve = access::find_user(&self.pool, "eve").await.unwrap().unwrap();
        access::create_session(&self.pool, &eve, hour).await.unwrap();
        self.told(&["user", "delete", "eve", "--reason", "left"]);
        self.told(&["schedules", "fire", "test/tick", "--reason", "audit"]);
        self.told(&["schedules", "pause", "test/tick", "--reason", "audit"]);
        let (status, freeze) =
            self.node.post("/api/v1/freezes", &json!({ "workflows": ["test/child"], "reason": "month end" })).await;
        assert_eq!(status, 201, "{freeze}");
        let ended = format!("/api/v1/freezes/{}/end", freeze["id"].as_str().unwrap());
        assert_eq!(self.node.post(&ended, &json!({ "reason": "closed" })).await.0, 200);
        self.propose(&bearers).await;
    }

    /// Leaves one proposal open, one approved, one declined.
    async fn propose(&self, bearers: &[String]) {
        for (n, decision) in [None, Some("approve"), Some("decline")].into_iter().enumerate() {
            let (status, answer) = send(&self.node, &format!("won-{n}"), "order.won", &json!({ "order": n })).await;
            assert_eq!(status, 202, "{answer}");
            let run = answer["runs"][0].as_str().unwrap().to_owned();
            self.node.run_becomes(&run, "faulted").await;
            let say = async |bearer: &str, path: String, body: Value| {
                let bearer = format!("Bearer {bearer}");
                let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
                self.node.send("POST", &path, &headers, body.to_string()).await
            };
            let body = json!({ "output": { "n": n }, "reason": "agreed" });
            let (status, proposed) = say(&bearers[0], format!("/api/v1/runs/{run}/skip"), body).await;
            assert_eq!(status, 202, "{proposed}");
            let Some(decision) = decision else { continue };
            let path = format!("/api/v1/proposals/{}/{decision}", proposed["proposal"]["id"].as_str().unwrap());
            let (status, told) = say(&bearers[1], path, json!({ "reason": "checked" })).await;
            assert!(status < 300, "{told}");
            if decision == "approve" {
                self.node.run_becomes(&run, "completed").await;
            }
        }
    }

    async fn fill_totals(&self) {
        let day = |text: &str| text.parse().unwrap();
        let scope =
            Period { from: day("2025-11-01"), until: day("2025-11-30"), currency: Some("EUR".into()), company: None };
        let mut conn = self.pool.acquire().await.unwrap();
        let actor = Actor("user:ann".into());
        for n in 0..2 {
            let mut transaction = conn.begin().await.unwrap();
            let new = NewSignOff { scope: &scope, actor: &actor.0, reason: None, totals: &json!({ "n": n }) };
            let (_, changed) = signing::sign(&mut transaction, &new).await.unwrap();
            acts::record_change(&mut transaction, By::from(&actor), "totals.sign", "2025-11", None, changed)
                .await
                .unwrap();
            transaction.commit().await.unwrap();
            let place =
                Place { day: day("2025-11-03"), currency: "EUR".into(), company: String::new(), key: format!("d{n}") };
            let change = Change { place, kind: ChangeKind::Vanished, before: Some(json!({ "n": n })), after: None };
            let mut transaction = conn.begin().await.unwrap();
            signing::mark(&mut transaction, uuid::Uuid::now_v7(), &[change]).await.unwrap();
            transaction.commit().await.unwrap();
        }
    }
}
