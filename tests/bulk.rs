//! One act on many runs: with a trial, at a rate, paused and stopped. Each run is acted on once, whichever node dies.

use serde_json::{Value, json};

use crate::harness::{Behavior, Browser, Node, Target, World, calls, eventually, hub};

async fn world(target: &Target) -> World {
    World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(target, 2))], &[target.address().to_string()]).await
}

/// Starts runs that stop at their first call. Returns them oldest first.
async fn stuck(target: &Target, node: &Node, count: u64) -> Vec<String> {
    target.behave("/step1", Behavior::Refuse(400));
    let mut runs = Vec::new();
    for n in 1..=count {
        runs.push(node.start_calls(n).await);
    }
    for run in &runs {
        eventually("the run needs attention", || async {
            (node.run(run).await["attention"] == "faulted").then_some(())
        })
        .await;
    }
    runs
}

/// Retries all stopped runs.
async fn retry(node: &Node, more: Value) -> Value {
    let mut body =
        json!({ "act": "retry", "filter": { "attention": "faulted" }, "reason": "the ERP is back", "dry_run": false });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let (status, answer) = node.post("/api/v1/runs:bulk", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn bulk(node: &Node, id: &str) -> Value {
    let (status, bulk) = node.get(&format!("/api/v1/bulk/{id}?limit=500")).await;
    assert_eq!(status, 200, "{bulk}");
    bulk
}

async fn becomes(node: &Node, id: &str, wanted: &str) -> Value {
    eventually(&format!("the bulk act is {wanted}"), || async {
        let bulk = bulk(node, id).await;
        (bulk["status"] == wanted && bulk["counts"]["in_progress"] == 0).then_some(bulk)
    })
    .await
}

async fn steer(node: &Node, id: &str, act: &str) -> (u16, Value) {
    node.post(&format!("/api/v1/bulk/{id}/{act}"), &json!({ "reason": format!("to {act} it") })).await
}

fn results(bulk: &Value) -> Vec<&str> {
    bulk["items"].as_array().unwrap().iter().map(|item| item["result"].as_str().unwrap()).collect()
}

/// Returns who retried a run and why, for each retry.
async fn retried(node: &Node, run: &str) -> Vec<(String, String)> {
    let records = node.journal(run).await.into_iter().filter(|record| record["kind"] == "operator.acted");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    records.map(|record| (text(&record["actor"]), text(&record["data"]["reason"]))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_acts_on_the_first_runs_says_what_became_of_them_and_waits() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 5).await;
    let trial = retry(&node, json!({ "trial": 2 })).await;
    let id = trial["id"].as_str().unwrap().to_owned();
    assert_eq!((&trial["status"], &trial["act"], &trial["matched"]), (&json!("trial"), &json!("retry"), &json!(5)));
    let failed = eventually("both have failed again", || async {
        let bulk = bulk(&node, &id).await;
        (bulk["counts"]["failed_again"] == 2).then_some(bulk)
    })
    .await;
    assert_eq!(results(&failed), ["failed_again", "failed_again", "waiting", "waiting", "waiting"], "{failed}");
    assert_eq!(failed["items"][0]["run"], json!(runs[0]), "oldest first");
    assert!(failed["note"].as_str().unwrap().contains("failed again: look at them first"), "{failed}");
    assert!(failed["items"][0]["detail"].as_str().unwrap().contains("400"), "{failed}");
    target.behave("/step1", Behavior::Answer("{}".into()));
    let (status, resumed) = steer(&node, &id, "resume").await;
    assert_eq!(status, 200, "{resumed}");
    let done = becomes(&node, &id, "done").await;
    for run in &runs[2..] {
        node.run_becomes(run, "completed").await;
        let who = done["acts_as"].as_str().unwrap().to_owned();
        assert_eq!(retried(&node, run).await, [(who, "the ERP is back".to_owned())]);
    }
    assert_eq!(retried(&node, &runs[0]).await.len(), 1, "a run that was retried is not retried again");
    let (_, acts) = node.get(&format!("/api/v1/audit/acts?subject={id}")).await;
    assert_eq!(
        (&acts["items"][0]["act"], &acts["items"][0]["reason"]),
        (&json!("bulk.resume"), &json!("to resume it"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_act_goes_on_after_the_death_of_every_node_and_acts_on_each_run_once() {
    let target = Target::start().await;
    let world = world(&target).await;
    let mut node = world.node().await;
    let runs = stuck(&target, &node, 30).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let begun = retry(&node, json!({ "rate": "10/s" })).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    for killed_after in [3, 12, 20] {
        eventually("some runs were told", || async {
            let told: i32 =
                sqlx::query_scalar("select told from bulk_acts").fetch_one(&mut world.connect().await).await.unwrap();
            (told >= killed_after).then_some(())
        })
        .await;
        node.kill();
        node = world.node().await;
    }
    let other = world.node().await;
    let done = becomes(&other, &id, "done").await;
    assert_eq!((&done["counts"]["total"], &done["counts"]["done"]), (&json!(30), &json!(30)), "{}", done["note"]);
    for run in &runs {
        node.run_becomes(run, "completed").await;
        assert_eq!(retried(&other, run).await.len(), 1, "{run}");
    }
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_share_a_bulk_act_and_keep_its_rate() {
    let target = Target::start().await;
    let world = world(&target).await;
    let (first, second) = (world.node().await, world.node().await);
    let runs = stuck(&target, &first, 12).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let began = std::time::Instant::now();
    let begun = retry(&first, json!({ "rate": 4 })).await;
    assert_eq!(begun["rate"], "4/s");
    becomes(&second, begun["id"].as_str().unwrap(), "done").await;
    // Eleven quarters of a second pass between the first and the last.
    assert!(began.elapsed() >= std::time::Duration::from_millis(2_500), "{:?}", began.elapsed());
    for run in &runs {
        second.run_becomes(run, "completed").await;
        assert_eq!(retried(&first, run).await.len(), 1, "{run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_bulk_act_acts_on_no_further_run_and_a_stopped_one_never_goes_on() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 6).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let begun = retry(&node, json!({ "rate": "1/h" })).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    node.run_becomes(&runs[0], "completed").await;
    let (status, paused) = steer(&node, &id, "pause").await;
    assert_eq!((status, &paused["status"]), (200, &json!("paused")), "{paused}");
    assert!(paused["note"].as_str().unwrap().contains("to pause it"), "{paused}");
    assert_eq!(steer(&node, &id, "pause").await.0, 200, "an answer may be lost");
    sqlx::query("update bulk_acts set next_at = now(), rate = 1000").execute(&mut world.connect().await).await.unwrap();
    // Another bulk act has been carried out since, so the loop has run.
    let other = json!({ "act": "dismiss", "filter": { "key": "6" }, "reason": "by hand", "dry_run": false });
    let (_, other) = node.post("/api/v1/runs:bulk", &other).await;
    assert_eq!((&other["status"], &other["acted"]), (&json!("done"), &json!(1)), "{other}");
    assert_eq!(bulk(&node, &id).await["counts"]["waiting"], 5);
    assert_eq!(steer(&node, &id, "resume").await.0, 200);
    let done = becomes(&node, &id, "done").await;
    assert_eq!(results(&done), ["done", "done", "done", "done", "done", "refused"], "{done}");
    assert!(
        done["items"][5]["detail"].as_str().unwrap().contains("moved on"),
        "an act that someone else did is not repeated"
    );
    let (status, late) = steer(&node, &id, "stop").await;
    assert_eq!((status, &late["type"]), (409, &json!("urn:stepwell:problem:conflict")), "{late}");
    let none = retry(&node, json!({ "filter": { "attention": "faulted" }, "rate": "1/h" })).await;
    assert_eq!((&none["status"], &none["matched"]), (&json!("done"), &json!(0)), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_bulk_act_leaves_the_remaining_runs_as_they_are() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 3).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let begun = retry(&node, json!({ "trial": 1 })).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    let (status, stopped) = steer(&node, &id, "stop").await;
    assert_eq!((status, &stopped["status"]), (200, &json!("stopped")), "{stopped}");
    assert_eq!(results(&bulk(&node, &id).await), ["done", "left", "left"]);
    let (status, late) = steer(&node, &id, "resume").await;
    assert_eq!(status, 409, "{late}");
    node.run_becomes(&runs[0], "completed").await;
    assert_eq!(node.run(&runs[2]).await["attention"], "faulted");
    let (_, page) = node.get(&format!("/api/v1/bulk/{id}?result=left&limit=1")).await;
    assert_eq!(page["items"][0]["run"], json!(runs[1]), "{page}");
    let (_, page) = node.get(&format!("/api/v1/bulk/{id}?result=left&cursor={}", page["next"].as_str().unwrap())).await;
    assert_eq!((&page["items"][0]["run"], &page["next"]), (&json!(runs[2]), &Value::Null), "{page}");
    let (_, listed) = node.get("/api/v1/bulk").await;
    assert_eq!(listed["items"][0]["id"], json!(id), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_which_calls_would_be_made_next_and_what_cannot_be_undone() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 3).await;
    let ask = async |act: &str, more: Value| {
        let mut body = json!({ "act": act, "filter": { "attention": "faulted" } });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, answer) = node.post("/api/v1/runs:bulk", &body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let preview = ask("retry", json!({})).await;
    assert_eq!(
        (&preview["dry_run"], &preview["matched"], &preview["runs"][0]),
        (&json!(true), &json!(3), &json!(runs[0]))
    );
    let group = &preview["groups"][0];
    assert_eq!(
        (&group["workflow"]["name"], &group["status"], &group["step"], &group["count"]),
        (&json!("calls"), &json!("faulted"), &json!("/do/0/step1"), &json!(3)),
        "{group}"
    );
    let call = &preview["calls"][0];
    assert_eq!((&call["step"], &call["runs"]), (&json!("step1"), &json!(3)), "{preview}");
    assert!(call["call"].as_str().unwrap().starts_with("POST http://"), "{call}");
    assert!(preview["irreversible"].to_string().contains("step1 has no compensation"), "{preview}");
    let skip = ask("skip", json!({})).await;
    assert_eq!(skip["calls"][0]["step"], "step2", "{skip}");
    let dismiss = ask("dismiss", json!({})).await;
    assert!(dismiss["words"].to_string().contains("stay faulted"), "{dismiss}");
    let cancel = ask("cancel", json!({ "compensate": false })).await;
    assert!(cancel["words"].to_string().contains("without undoing anything"), "{cancel}");
    assert_eq!(node.get("/api/v1/bulk").await.1["items"], json!([]), "a preview creates no bulk act");
    for run in &runs {
        assert_eq!(node.run(run).await["attention"], "faulted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_act_of_somebody_who_lost_the_right_waits_for_somebody_who_has_it() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 3).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    assert!(world.command(&["user", "create", "ann", "--scopes", "operate"]).0);
    let made = ["token", "create", "--name", "ann-laptop", "--user", "ann", "--scopes", "operate"];
    let token = format!("Bearer {}", world.command(&made).1.trim());
    let body = json!({ "act": "retry", "filter": { "attention": "any" }, "trial": 1, "dry_run": false }).to_string();
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let (status, begun) = node.send("POST", "/api/v1/runs:bulk", &headers, body).await;
    assert_eq!((status, &begun["acts_as"]), (200, &json!("user:ann")), "{begun}");
    let id = begun["id"].as_str().unwrap().to_owned();
    assert!(world.command(&["user", "disable", "ann", "--reason", "left"]).0);
    // Someone resumed it without her.
    sqlx::query("update bulk_acts set status = 'running'").execute(&mut world.connect().await).await.unwrap();
    let held = becomes(&node, &id, "paused").await;
    assert!(held["note"].as_str().unwrap().contains("user:ann may not act"), "{held}");
    assert_eq!(node.run(&runs[1]).await["attention"], "faulted");
    assert_eq!(steer(&node, &id, "resume").await.0, 200);
    let done = becomes(&node, &id, "done").await;
    node.run_becomes(&runs[2], "completed").await;
    let who = done["acts_as"].as_str().unwrap();
    assert_eq!(retried(&node, &runs[0]).await[0].0, "user:ann");
    assert_eq!(retried(&node, &runs[2]).await[0].0, who);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_previews_begins_and_steers_bulk_acts() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 3).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let told = |arguments: &[&str]| {
        let (ok, out, err) = world.command(arguments);
        assert!(ok, "{arguments:?}: {out}{err}");
        out
    };
    let preview = told(&["runs", "retry", "--attention", "any"]);
    assert!(preview.contains("3 runs match") && preview.contains("Nothing was done"), "{preview}");
    let begin =
        ["runs", "retry", "--attention", "any", "--trial", "1", "--reason", "mended", "--yes", "--watch", "--json"];
    let begun: Value = serde_json::from_str(&told(&begin)).unwrap();
    assert_eq!((&begun["status"], &begun["counts"]["waiting"]), (&json!("trial"), &json!(2)), "{begun}");
    let id = begun["id"].as_str().unwrap();
    assert!(told(&["bulk", "list"]).contains(id));
    let resumed = told(&["bulk", "resume", id, "--reason", "fine", "--watch"]);
    assert!(resumed.contains("3 runs acted on (3 done)"), "{resumed}");
    let shown = told(&["bulk", "show", id]);
    assert!(runs.iter().all(|run| shown.contains(run.as_str())), "{shown}");
    for run in &runs {
        node.run_becomes(run, "completed").await;
    }
    let (ok, _, err) = world.command(&["bulk", "stop", id]);
    assert!(!ok && err.contains("is done"), "{err}");
    let (ok, _, err) = world.command(&["runs", "retry", "--reason", "x"]);
    assert!(!ok && err.contains("name a run, or filters"), "{err}");
    let (ok, _, err) = world.command(&["runs", "retry", &runs[0], "--attention", "any"]);
    assert!(!ok && err.contains("not both"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cause_is_previewed_tried_on_one_run_and_retried_to_the_end_on_its_pages() {
    let target = Target::start().await;
    let world = world(&target).await;
    let node = world.node().await;
    let runs = stuck(&target, &node, 4).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    let browser = Browser::signed_in(&world, &node, "ada").await;
    browser.goto(&node.url("/?attention=any")).await;
    browser.click("#act-on-1").await;
    browser.shows("h1", "Act on many runs").await;
    browser.click("input[value=retry]").await;
    browser.shows("section[aria-labelledby=preview]", "4 runs call POST").await;
    browser.write("#reason", "the ERP is back").await;
    browser.write("#trial", "1").await;
    browser.click("#start").await;
    browser.shows("#note", "Trial: 1 of 4 runs acted on (1 done)").await;
    for width in [390, 1280] {
        browser.resize(width).await;
        assert_eq!(browser.overflow().await, 0, "at {width}");
    }
    browser.click("#act-resume").await;
    browser.shows("#note", "4 runs acted on (4 done)").await;
    browser.shows(".runs tbody", "Completed").await;
    for run in &runs {
        node.run_becomes(run, "completed").await;
        assert_eq!(retried(&node, run).await, [("user:ada".to_owned(), "the ERP is back".to_owned())]);
    }
}
