//! What needs a person, grouped by what caused it.

use serde_json::{Value, json};

use crate::harness::{Behavior, Node, Target, World, calls, eventually, hub};
use crate::links::workflow;

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_stop_for_one_cause_are_one_group_whatever_ids_their_errors_name() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let refusal = |status, message: &str| {
        let body = json!({ "message": message }).to_string();
        Behavior::Say(status, body)
    };
    let mut runs = Vec::new();
    for n in 1..=3 {
        target.behave("/step2", refusal(400, &format!("customer {n}00{n} is inactive")));
        let run = node.start_calls(n).await;
        eventually("the run stops", || async {
            Some(node.run(&run).await).filter(|run| run["attention"] == "faulted")
        })
        .await;
        runs.push(run);
    }
    target.behave("/step2", refusal(400, "the item is not known"));
    let other = node.start_calls(4).await;
    let groups = eventually("both groups are there", || async {
        let groups = node.get("/api/v1/attention").await.1["items"].as_array().cloned().unwrap_or_default();
        Some(groups).filter(|groups| groups.iter().filter_map(|g| g["count"].as_i64()).sum::<i64>() == 4)
    })
    .await;
    assert_eq!(groups.len(), 2, "{groups:#?}");
    let group = &groups[0];
    assert_eq!((&group["count"], &group["sample"]), (&json!(3), &json!(runs[2])), "{group}");
    assert!(group["error"]["cause"].as_str().unwrap().contains("customer 3003 is inactive"), "{group}");
    assert_eq!(group["error"]["status"], 400);
    let fingerprint = group["fingerprint"].as_str().unwrap();
    let (_, listed) = node.get(&format!("/api/v1/runs?fingerprint={fingerprint}")).await;
    let listed: Vec<_> = listed["items"].as_array().unwrap().clone();
    assert_eq!(listed.iter().map(|run| &run["id"]).collect::<Vec<_>>(), [&runs[2], &runs[1], &runs[0]]);
    assert!(listed.iter().all(|run| run["error"]["type"].is_string() && run["stopped_at"].is_string()), "{listed:#?}");
    // Once it goes well, the row says nothing of it any more.
    target.behave("/step2", Behavior::Answer("{}".into()));
    let filter =
        json!({ "act": "retry", "filter": { "fingerprint": fingerprint }, "dry_run": false, "reason": "mended" });
    let (_, answer) = node.post("/api/v1/runs:bulk", &filter).await;
    assert_eq!(answer["acted"], 3, "{answer}");
    for run in &runs {
        node.run_becomes(run, "completed").await;
    }
    let (_, left) = node.get("/api/v1/attention").await;
    assert_eq!((left["items"].as_array().unwrap().len(), &left["items"][0]["sample"]), (1, &json!(other)));
    let (_, done) = node.get("/api/v1/runs?status=completed").await;
    assert!(done["items"].as_array().unwrap().iter().all(|run| run["error"].is_null()), "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_has_an_assignee_and_notes_and_stays_muted_until_another_run_stops_for_it() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    assert!(world.command(&["user", "create", "ada", "--scopes", "operate"]).0);
    let node = world.node().await;
    target.behave("/step2", Behavior::Say(400, json!({ "message": "the item is not known" }).to_string()));
    let stopped = |n: u64| {
        let node = &node;
        async move {
            let run = node.start_calls(n).await;
            eventually("the run stops", || async {
                Some(node.run(&run).await).filter(|run| run["attention"] == "faulted")
            })
            .await;
            run
        }
    };
    let group = || async { node.get("/api/v1/attention").await.1["items"][0].clone() };
    let run = stopped(1).await;
    let group_before = group().await;
    assert!(group_before["assignee"].is_null() && group_before["muted"].is_null(), "{group_before}");
    let cause = format!("/api/v1/attention/{}", group_before["fingerprint"].as_str().unwrap());
    let act = |act: &str, body: Value| {
        let (node, address) = (&node, format!("{cause}/{act}"));
        async move { node.post(&address, &body).await }
    };

    let (status, assigned) = act("assign", json!({ "assignee": "ada" })).await;
    assert_eq!((status, &assigned["assignee"]), (200, &json!("ada")), "{assigned}");
    let found = |query: &str| {
        let (node, address) = (&node, format!("/api/v1/attention?{query}"));
        async move { node.get(&address).await.1["items"].as_array().unwrap().len() }
    };
    assert_eq!((found("assignee=ada").await, found("assignee=none").await), (1, 0));
    let (status, refused) = act("assign", json!({ "assignee": "eve" })).await;
    assert_eq!((status, &refused["errors"][0]["pointer"]), (422, &json!("/assignee")), "{refused}");
    assert_eq!(act("assign", json!({ "assignee": "me" })).await.0, 422, "a program is nobody to assign");
    assert_eq!(act("praise", json!({})).await.0, 404);
    assert_eq!(node.post("/api/v1/attention/none/assign", &json!({ "assignee": "ada" })).await.0, 404);
    let fingerprint = group_before["fingerprint"].as_str().unwrap();
    let (ok, said, why) = world.command(&["attention", "assign", fingerprint, "ada"]);
    assert!(ok && said.contains("handled by ada"), "{said}{why}");
    let (_, released) = act("assign", json!({ "assignee": null })).await;
    assert!(released["assignee"].is_null(), "{released}");

    assert_eq!(act("mute", json!({ "until": "2020-01-01T00:00:00Z" })).await.0, 422, "that is over");
    let (_, muted) = act("mute", json!({ "reason": "the vendor fixes it tonight" })).await;
    assert_eq!(muted["muted"]["reason"], "the vendor fixes it tonight", "{muted}");
    assert_eq!((found("muted=true").await, found("muted=false").await), (1, 0));
    stopped(2).await;
    let joined = group().await;
    assert_eq!((&joined["count"], &joined["muted"]), (&json!(2), &json!(null)), "another run has joined: {joined}");
    act("mute", json!({})).await;
    let (_, unmuted) = act("unmute", json!({})).await;
    assert!(unmuted["muted"].is_null(), "{unmuted}");

    let (ok, said, why) = world.command(&["attention", "notes", fingerprint, "--add", "seen before"]);
    assert!(ok && said.contains("seen before"), "{said}{why}");
    let address = format!("/api/v1/runs/{run}/notes");
    let (status, notes) = node.post(&address, &json!({ "text": "asked the vendor" })).await;
    assert_eq!((status, &notes["items"][0]["text"]), (201, &json!("asked the vendor")), "{notes}");
    assert_eq!(node.get(&address).await.1, notes);
    assert_eq!(node.post(&address, &json!({ "text": " " })).await.0, 422);
}

/// A workflow of one call through a connection without retries, and one that only asks whether the target answers.
async fn outage(target: &Target) -> World {
    let address = target.address();
    let hub = format!(
        "{}connections:\n  erp: {{ baseUrl: {{ sandbox: 'http://{address}' }}, retry: {{ attempts: 1, delay: PT0.05S }} }}\n",
        hub()
    );
    let (orders, text) = workflow(
        "orders",
        "1.0.0",
        "do:\n  - order: { call: http, with: { method: post, endpoint: 'connection://erp/orders' } }\n",
    );
    let (ping, ping_text) = workflow(
        "ping",
        "1.0.0",
        "do:\n  - ping: { call: http, with: { method: get, endpoint: 'connection://erp/ping' } }\n",
    );
    World::new(&[("hub.yaml", hub), (&orders, text), (&ping, ping_text)], &[address.to_string()]).await
}

async fn begin(node: &Node, workflow: &str) -> String {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/{workflow}/runs"), &json!({})).await;
    assert!(status < 300, "{run}");
    run["id"].as_str().unwrap().to_owned()
}

async fn stops(node: &Node, run: &str) {
    eventually("the run stops", || async { (node.run(run).await["attention"] == "faulted").then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_retries_what_an_outage_stopped_once_for_each_healing_and_says_who_set_it() {
    let target = Target::start().await;
    let world = outage(&target).await;
    let (mut first, second) = (world.node().await, world.node().await);
    target.behave("/orders", Behavior::Refuse(503));
    let mut runs = Vec::new();
    for node in [&first, &second, &first] {
        runs.push(begin(node, "orders").await);
    }
    for run in &runs {
        stops(&second, run).await;
    }
    let cause = async || second.get("/api/v1/attention").await.1["items"][0].clone();
    let fingerprint = cause().await["fingerprint"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/attention/{fingerprint}");
    let rule = json!({ "connection": "erp", "rate": "20/s", "reason": "maintenance" });
    assert_eq!(first.post(&format!("{path}/rule"), &json!({ "connection": "erp" })).await.0, 422, "a reason is needed");
    assert_eq!(first.post(&format!("{path}/rule"), &json!({ "connection": "crm", "reason": "x" })).await.0, 422);
    let (status, group) = first.post(&format!("{path}/rule"), &rule).await;
    assert_eq!(
        (status, &group["rule"]["connection"], &group["rule"]["times"]),
        (200, &json!("erp"), &json!(0)),
        "{group}"
    );
    let setter = group["rule"]["by"].as_str().unwrap().to_owned();
    // The rule outlives the node through which it was set. One call shows that the system answers.
    first.kill();
    target.behave("/orders", Behavior::Answer("{}".into()));
    second.run_becomes(&begin(&second, "ping").await, "completed").await;
    for run in &runs {
        second.run_becomes(run, "completed").await;
        let journal = second.journal(run).await;
        let acted: Vec<&Value> = journal.iter().filter(|record| record["kind"] == "operator.acted").collect();
        assert_eq!(acted.len(), 1, "once: {acted:?}");
        assert_eq!(acted[0]["actor"], json!(setter));
        assert_eq!(
            acted[0]["data"]["reason"],
            json!(format!("erp answers again, and {setter} set a rule: maintenance"))
        );
    }
    eventually("the cause is gone", || async { cause().await.is_null().then_some(()) }).await;
    let (_, bulk) = second.get("/api/v1/bulk").await;
    let bulk = &bulk["items"];
    assert_eq!((bulk.as_array().unwrap().len(), &bulk[0]["rate"]), (1, &json!("20/s")), "{bulk}");
    let (_, acts) = second.get(&format!("/api/v1/audit/acts?subject=cause:{fingerprint}")).await;
    assert_eq!(acts["items"][0]["act"], "attention.rule", "{acts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_that_an_answer_cannot_heal_takes_no_rule_and_ends_when_its_runs_move_to_a_mended_version() {
    let target = Target::start().await;
    let world = outage(&target).await;
    let node = world.node().await;
    target.behave("/orders", Behavior::Refuse(400));
    let run = begin(&node, "orders").await;
    stops(&node, &run).await;
    let (_, causes) = node.get("/api/v1/attention").await;
    let fingerprint = causes["items"][0]["fingerprint"].as_str().unwrap().to_owned();
    let rule = json!({ "connection": "erp", "reason": "x" });
    let (status, refused) = node.post(&format!("/api/v1/attention/{fingerprint}/rule"), &rule).await;
    assert_eq!(
        (status, refused["detail"].as_str().unwrap().contains("did not stop because")),
        (422, true),
        "{refused}"
    );
    let (file, text) = workflow(
        "orders",
        "1.0.1",
        "do:\n  - order: { call: http, with: { method: post, endpoint: 'connection://erp/mended' } }\n",
    );
    world.write(&file, &text);
    world.deploy();
    let (status, moved) =
        node.post(&format!("/api/v1/runs/{run}/move"), &json!({ "to": "1.0.1", "reason": "mended" })).await;
    assert!(status < 300, "{moved}");
    node.run_becomes(&run, "completed").await;
    let (_, causes) = node.get("/api/v1/attention").await;
    assert_eq!(causes["items"], json!([]), "the deployment resolved it");
}
