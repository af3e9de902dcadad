//! Runs and what they are linked to: events that they wait for and send, runs that they start, parallel branches.

use serde_json::{Value, json};

use crate::harness::{Behavior, Node, Target, World, eventually, hub, statuses};

pub(crate) fn workflow(name: &str, version: &str, rest: &str) -> (String, String) {
    let text = format!("document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '{version}' }}\n{rest}");
    (format!("{name}-{version}.yaml"), text)
}

async fn world(files: &[(String, String)], allow: &[String]) -> World {
    let mut all = vec![("hub.yaml", hub())];
    all.extend(files.iter().map(|(name, text)| (name.as_str(), text.clone())));
    World::new(&all, allow).await
}

pub(crate) async fn start(node: &Node, name: &str, input: &Value) -> String {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/{name}/runs"), input).await;
    assert!((200..300).contains(&status), "{status} {run}");
    run["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn send(node: &Node, id: &str, of_type: &str, data: &Value) -> (u16, Value) {
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", id),
        ("ce-source", "https://test.example"),
        ("ce-type", of_type),
    ];
    node.send("POST", "/events", &headers, data.to_string()).await
}

const AWAIT: &str = "do:
  - order:
      listen:
        to: { one: { with: { type: order.paid }, correlate: { order: { from: .order, expect: '${ .order }' } } } }
      output: { as: '.[0]' }
";

#[tokio::test(flavor = "multi_thread")]
async fn an_event_reaches_exactly_the_run_that_waits_for_it_and_survives_the_death_of_the_node() {
    let world = world(&[workflow("await", "1.0.0", AWAIT)], &[]).await;
    let mut node = world.node().await;
    let mut runs = Vec::new();
    for order in 0..20 {
        runs.push(start(&node, "await", &json!({ "order": order })).await);
    }
    for run in &runs {
        node.run_becomes(run, "waiting").await;
    }
    node.kill();
    let node = world.node().await;
    let paid: Value = serde_json::from_str(r#"{"order":7,"amount":12.50}"#).unwrap();
    let (status, answer) = send(&node, "e-7", "order.paid", &paid).await;
    assert_eq!((status, &answer["resumed"]), (202, &json!([runs[7]])), "{answer}");
    let run = node.run_becomes(&runs[7], "completed").await;
    assert_eq!(run["output"].to_string(), r#"{"order":7,"amount":12.50}"#);
    assert_eq!(node.run(&runs[8]).await["status"], "waiting");
    let (status, again) = send(&node, "e-7", "order.paid", &paid).await;
    assert_eq!((status, &again["resumed"]), (200, &json!([runs[7]])), "{again}");
    let (_, event) = node.get(&format!("/api/v1/events/{}", answer["event"].as_str().unwrap())).await;
    assert_eq!(event["outcome"], "resumed", "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_before_its_listen_is_kept() {
    let target = Target::start().await;
    let slow = format!(
        "do:\n  - call: {{ call: http, with: {{ method: post, endpoint: 'http://{}/step1' }} }}\n  - order:\n      listen: {{ to: {{ one: {{ with: {{ type: order.paid }} }} }} }}\n",
        target.address()
    );
    let world =
        world(&[workflow("slow", "1.0.0", &slow), workflow("await", "1.0.0", AWAIT)], &[target.address().to_string()])
            .await;
    let node = world.node().await;
    target.behave("/step1", Behavior::Hold);
    let run = start(&node, "slow", &json!({})).await;
    target.reached("/step1", 1).await;
    send(&node, "early", "order.paid", &json!({ "order": 1 })).await;
    target.behave("/step1", Behavior::Answer("{}".into()));
    assert_eq!(node.run_becomes(&run, "completed").await["output"], json!([{ "order": 1 }]));
    // Sent before the run existed, when nothing subscribed to it.
    let (status, _) = send(&node, "unwanted", "order.paid", &json!({ "order": 99 })).await;
    assert_eq!(status, 200);
    let late = start(&node, "await", &json!({ "order": 99 })).await;
    assert_eq!(node.run_becomes(&late, "completed").await["output"], json!({ "order": 99 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_matches_two_filters_goes_to_the_one_that_still_needs_it() {
    let filter = "{ with: { type: payment, data: '${ .amount > 10 }' } }";
    let pair =
        format!("do:\n  - pair: {{ listen: {{ to: {{ all: [ {filter}, {{ with: {{ type: payment }} }} ] }} }} }}\n");
    let world = world(&[workflow("pair", "1.0.0", &pair)], &[]).await;
    let node = world.node().await;
    let before = start(&node, "pair", &json!({})).await;
    node.run_becomes(&before, "waiting").await;
    for (id, amount) in [("p1", 20), ("p2", 30)] {
        send(&node, id, "payment", &json!({ "amount": amount })).await;
    }
    let output = json!([{ "amount": 20 }, { "amount": 30 }]);
    assert_eq!(node.run_becomes(&before, "completed").await["output"], output);
    // The same for events that arrived before the run began to listen.
    for (id, amount) in [("p3", 20), ("p4", 30)] {
        assert_eq!(send(&node, id, "payment", &json!({ "amount": amount })).await.0, 200);
    }
    let after = start(&node, "pair", &json!({})).await;
    assert_eq!(node.run_becomes(&after, "completed").await["output"], output);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_worked_on_in_turn_until_it_is_enough() {
    let many = "do:
  - readings:
      listen:
        to: { any: [ { with: { type: reading, data: '${ .value > 10 }' } } ], until: '(map(.value) | add) > 100' }
      foreach:
        item: reading
        do:
          - double: { set: { twice: '${ $reading.value * 2 }', index: '${ $index }' } }
        export: { as: '${ $context + { last: .twice } }' }
  - end: { set: { readings: '${ . }', last: '${ $context.last }' } }
";
    let world = world(&[workflow("many", "1.0.0", many)], &[]).await;
    let node = world.node().await;
    let run = start(&node, "many", &json!({})).await;
    node.run_becomes(&run, "waiting").await;
    for (n, value) in [20, 5, 70, 30].into_iter().enumerate() {
        send(&node, &format!("r{n}"), "reading", &json!({ "value": value })).await;
    }
    let ended = node.run_becomes(&run, "completed").await;
    let readings = json!([{ "twice": 40, "index": 0 }, { "twice": 140, "index": 1 }, { "twice": 60, "index": 2 }]);
    assert_eq!(ended["output"], json!({ "readings": readings, "last": 60 }), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emitted_event_starts_runs_and_wakes_those_that_wait_also_after_a_crash() {
    let target = Target::start().await;
    let emit = format!(
        "do:\n  - tell:\n      emit: {{ event: {{ with: {{ source: 'https://shop.example', type: order.won, data: {{ order: '${{ .order }}' }} }} }} }}\n  - call: {{ call: http, with: {{ method: post, endpoint: 'http://{}/step1' }} }}\n",
        target.address()
    );
    let wait = "do:\n  - won: { listen: { to: { all: [ { with: { type: order.won, data: '${ .order == 1 }' } }, { with: { type: order.won, data: '${ .order == 2 }' } } ] }, read: envelope }, output: { as: 'map(.data.order) | sort' } }\n";
    let begin = "schedule: { on: { one: { with: { type: order.won } } } }\ndo:\n  - note: { set: '${ .[0].order }' }\n";
    let files = [workflow("emit", "1.0.0", &emit), workflow("wait", "1.0.0", wait), workflow("begin", "1.0.0", begin)];
    let world = world(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    let waiting = start(&node, "wait", &json!({})).await;
    node.run_becomes(&waiting, "waiting").await;
    target.behave("/step1", Behavior::Hold);
    start(&node, "emit", &json!({ "order": 1 })).await;
    target.reached("/step1", 1).await;
    node.kill();
    let node = world.node().await;
    start(&node, "emit", &json!({ "order": 2 })).await;
    assert_eq!(node.run_becomes(&waiting, "completed").await["output"], json!([1, 2]));
    let outputs = eventually("one run for each event", || async {
        let (_, begun) = node.get("/api/v1/runs?workflow=test/begin&status=completed").await;
        let ids: Vec<Value> = begun["items"].as_array()?.clone();
        (ids.len() == 2).then_some(ids)
    })
    .await;
    assert_eq!(outputs.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_run_survives_the_death_of_the_node_and_its_parent_gets_its_output() {
    let target = Target::start().await;
    let child = format!(
        "input: {{ schema: {{ document: {{ type: object, required: [n] }} }} }}\ndo:\n  - call: {{ call: http, with: {{ method: post, endpoint: 'http://{}/step1' }} }}\n  - end: {{ set: {{ n: '${{ $workflow.input.n * 2 }}' }} }}\n",
        target.address()
    );
    let parent = "do:\n  - child: { run: { workflow: { namespace: test, name: child, version: latest, input: { n: '${ .n }' } } } }\n";
    let aside = "do:\n  - child: { run: { await: false, workflow: { namespace: test, name: child, version: '1.0.0', input: { n: 1 } } } }\n";
    let wrong =
        "do:\n  - child: { run: { workflow: { namespace: test, name: child, version: '1.0.0', input: { m: 1 } } } }\n";
    let files = [
        workflow("child", "1.0.0", &child),
        workflow("parent", "1.0.0", parent),
        workflow("aside", "1.0.0", aside),
        workflow("wrong", "1.0.0", wrong),
    ];
    let world = world(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    target.behave("/step1", Behavior::Hold);
    let run = start(&node, "parent", &json!({ "n": 21 })).await;
    target.reached("/step1", 1).await;
    node.kill();
    target.behave("/step1", Behavior::Answer("{}".into()));
    let node = world.node().await;
    let ended = node.run_becomes(&run, "completed").await;
    assert_eq!(ended["output"], json!({ "n": 42 }), "{ended}");
    let child = ended["tasks"][0]["child"].as_str().unwrap().to_owned();
    assert_eq!(node.run(&child).await["parent"], json!(run));
    assert_eq!(target.keys("/step1").len(), 1, "the child ran once");
    let run = start(&node, "aside", &json!({ "kept": true })).await;
    assert_eq!(node.run_becomes(&run, "completed").await["output"], json!({ "kept": true }));
    let run = start(&node, "wrong", &json!({})).await;
    let faulted = node.run_becomes(&run, "faulted").await;
    assert!(faulted["error"]["type"].as_str().unwrap().ends_with("/validation"), "{faulted}");
}

const FAN_OUT: &str = "do:
  - each:
      for: { each: n, in: .numbers }
      metadata: { concurrency: 5 }
      do:
        - child: { run: { workflow: { namespace: test, name: child, version: '1.0.0', input: { n: '${ $n }' } } } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_never_exceeds_its_limit_of_child_runs_and_continues_after_kill_9() {
    let target = Target::start().await;
    let child = format!(
        "do:\n  - call: {{ call: http, with: {{ method: post, endpoint: 'http://{}/step1' }} }}\n  - double: {{ set: {{ n: '${{ $workflow.input.n * 2 }}' }} }}\n",
        target.address()
    );
    let files = [workflow("child", "1.0.0", &child), workflow("parent", "1.0.0", FAN_OUT)];
    let world = world(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    target.behave("/step1", Behavior::Hold);
    let numbers: Vec<u32> = (0..40).collect();
    let run = start(&node, "parent", &json!({ "numbers": numbers })).await;
    target.reached("/step1", 5).await;
    node.kill();
    target.behave("/step1", Behavior::Answer("{}".into()));
    let node = world.node().await;
    let ended = node.run_becomes(&run, "completed").await;
    let doubled: Vec<Value> = numbers.iter().map(|n| json!({ "n": n * 2 })).collect();
    assert_eq!(ended["output"], json!(doubled), "in the order of the items");
    assert_eq!(target.keys("/step1").len(), 40, "each child ran once");
    let (mut open, mut most) = (0, 0);
    for record in node.journal(&run).await {
        match record["kind"].as_str().unwrap() {
            "task.started" if record["task"].as_str().unwrap().ends_with("/child") => open += 1,
            "child.ended" => open -= 1,
            _ => {}
        }
        most = most.max(open);
    }
    assert_eq!((most, open), (5, 0));
    let children: Vec<&Value> =
        ended["tasks"].as_array().unwrap().iter().filter(|task| task["name"] == "child").collect();
    let places: Vec<&Value> = children.iter().map(|task| &task["iteration"][0]).collect();
    assert_eq!(places, (0..40).map(|n| json!(n)).collect::<Vec<_>>().iter().collect::<Vec<_>>());
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

/// If all children end at once, they are not handled one per sweep.
#[tokio::test(flavor = "multi_thread")]
async fn a_parent_hears_of_all_its_children_without_waiting_for_a_sweep() {
    let child = "do:\n  - double: { set: { n: '${ $workflow.input.n * 2 }' } }\n";
    let wide = FAN_OUT.replace("concurrency: 5", "concurrency: 50");
    let mut world = world(&[workflow("child", "1.0.0", child), workflow("parent", "1.0.0", &wide)], &[]).await;
    world.set("STEPWELL_SWEEP_INTERVAL_MS", "60000");
    let node = world.node().await;
    let numbers: Vec<u32> = (0..200).collect();
    let run = start(&node, "parent", &json!({ "numbers": numbers })).await;
    let ended = node.run_becomes(&run, "completed").await;
    let doubled: Vec<Value> = numbers.iter().map(|n| json!({ "n": n * 2 })).collect();
    assert_eq!(ended["output"], json!(doubled), "in the order of the items");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_and_compensation_cross_the_link_between_runs() {
    let target = Target::start().await;
    let address = target.address();
    let child = format!(
        "do:\n  - make:\n      call: http\n      with: {{ method: post, endpoint: 'http://{address}/make' }}\n      metadata: {{ compensate: {{ call: http, with: {{ method: delete, endpoint: 'http://{address}/make' }} }} }}\n  - pause:\n      listen: {{ to: {{ one: {{ with: {{ type: go }} }} }} }}\n"
    );
    let parent = format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: parent, version: '1.0.0', metadata: {{ onFault: compensate }} }}\ndo:\n  - child: {{ run: {{ workflow: {{ namespace: test, name: child, version: latest }} }} }}\n  - fail: {{ call: http, with: {{ method: post, endpoint: 'http://{address}/refuse' }} }}\n"
    );
    let files = [workflow("child", "1.0.0", &child), ("parent.yaml".to_owned(), parent)];
    let world = world(&files, &[address.to_string()]).await;
    let node = world.node().await;
    target.behave("/refuse", Behavior::Refuse(400));
    // Cancelled in the middle: the child undoes its steps.
    let cancelled = start(&node, "parent", &json!({})).await;
    target.reached("/make", 1).await;
    node.run_becomes(&cancelled, "waiting").await;
    let child_of = |run: &Value| run["tasks"][0]["child"].as_str().unwrap().to_owned();
    let child = child_of(&node.run(&cancelled).await);
    node.run_becomes(&child, "waiting").await;
    let (status, answer) =
        node.post(&format!("/api/v1/runs/{cancelled}/cancel"), &json!({ "compensate": true, "reason": "no" })).await;
    assert!(status == 200 || status == 202, "{answer}");
    node.run_becomes(&cancelled, "cancelled").await;
    node.run_becomes(&child, "compensated").await;
    target.reached("/make", 2).await;
    // The child completes, and its parent fails later: the child is undone too.
    let failed = start(&node, "parent", &json!({})).await;
    target.reached("/make", 3).await;
    let child = child_of(&node.run_becomes(&failed, "waiting").await);
    node.run_becomes(&child, "waiting").await;
    send(&node, "go", "go", &json!({})).await;
    let ended = node.run_becomes(&failed, "compensated").await;
    assert_eq!(node.run(&child).await["status"], "compensated", "{ended}");
    target.reached("/make", 4).await;
    let (sound, told, _) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_run_at_once_and_resume_together_after_kill_9() {
    let target = Target::start().await;
    let branch = |n: u32| {
        format!(
            "          - b{n}: {{ call: http, with: {{ method: post, endpoint: 'http://{}/step{n}' }} }}\n",
            target.address()
        )
    };
    let fork = format!("do:\n  - all:\n      fork:\n        branches:\n{}{}{}", branch(1), branch(2), branch(3));
    let race =
        format!("do:\n  - race:\n      fork:\n        compete: true\n        branches:\n{}{}", branch(4), branch(5));
    let files = [workflow("fork", "1.0.0", &fork), workflow("race", "1.0.0", &race)];
    let world = world(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    for n in 1..=3 {
        target.behave(&format!("/step{n}"), Behavior::Hold);
    }
    let run = start(&node, "fork", &json!({})).await;
    for n in 1..=3 {
        target.reached(&format!("/step{n}"), 1).await;
    }
    node.kill();
    for n in 1..=3 {
        target.behave(&format!("/step{n}"), Behavior::Answer(n.to_string()));
    }
    let node = world.node().await;
    assert_eq!(node.run_becomes(&run, "completed").await["output"], json!([1, 2, 3]));
    for n in 1..=3 {
        assert_eq!(target.keys(&format!("/step{n}")).len(), 1);
    }
    target.behave("/step4", Behavior::Hold);
    target.behave("/step5", Behavior::Answer("5".into()));
    let run = start(&node, "race", &json!({})).await;
    let ended = node.run_becomes(&run, "completed").await;
    assert_eq!(ended["output"], json!(5));
    assert!(statuses(&ended).contains(&("b4".to_owned(), "cancelled".to_owned())), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_resumes_in_the_iteration_in_which_its_node_died() {
    let target = Target::start().await;
    let each = format!(
        "do:\n  - each:\n      for: {{ each: item, in: .items }}\n      while: (.done // 0) < 3\n      do:\n        - call: {{ call: http, with: {{ method: post, endpoint: 'http://{}/step1', body: '${{ $item }}' }}, output: {{ as: '{{ done: ($input.done // 0) + 1 }}' }} }}\n",
        target.address()
    );
    let world = world(&[workflow("each", "1.0.0", &each)], &[target.address().to_string()]).await;
    let mut node = world.node().await;
    let held = target.requests("/step1");
    assert_eq!(held, 0);
    target.behave("/step1", Behavior::Hold);
    let run = start(&node, "each", &json!({ "items": ["a", "b", "c", "d"] })).await;
    target.reached("/step1", 1).await;
    node.kill();
    target.behave("/step1", Behavior::Answer("{}".into()));
    let node = world.node().await;
    let ended = node.run_becomes(&run, "completed").await;
    assert_eq!(ended["output"], json!({ "done": 3 }), "{ended}");
    assert_eq!(target.keys("/step1").len(), 3, "one key for each iteration");
    let iterations: Vec<Value> =
        ended["tasks"].as_array().unwrap()[1..].iter().map(|t| t["iteration"].clone()).collect();
    assert_eq!(iterations, [json!([0]), json!([1]), json!([2])]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emitted_event_reaches_its_sinks_at_least_once_and_life_cycle_events_those_that_ask() {
    let target = Target::start().await;
    let address = target.address();
    let sinks = format!(
        "{}sinks:\n  books: {{ endpoint: 'http://{address}/books', types: ['order\\..*'] }}\n  others: {{ endpoint: 'http://{address}/others', types: [payment] }}\n  audit: {{ endpoint: 'http://{address}/audit', lifecycle: true, types: ['io\\.serverlessworkflow\\..*'] }}\n",
        hub()
    );
    let emit = "do:\n  - tell: { emit: { event: { with: { source: 'https://shop.example', type: order.won } } } }\n";
    let (name, text) = workflow("emit", "1.0.0", emit);
    let world = World::new(&[("hub.yaml", sinks), (&name, text)], &[address.to_string()]).await;
    let mut node = world.node().await;
    target.behave("/books", Behavior::Hold);
    start(&node, "emit", &json!({})).await;
    target.reached("/books", 1).await;
    // The node dies before it knows that the event was delivered; another node delivers it again with the same id.
    node.kill();
    target.behave("/books", Behavior::Answer("{}".into()));
    let mut connection = world.connect().await;
    sqlx::query("update outgoing set due_at = now()").execute(&mut connection).await.unwrap();
    let _node = world.node().await;
    target.reached("/books", 2).await;
    assert_eq!(target.keys("/books").len(), 1);
    // Run started, completed, and its status twice; task created, started, completed.
    eventually("life-cycle events", || async { (target.keys("/audit").len() >= 6).then_some(()) }).await;
    assert_eq!(target.requests("/others"), 0);
    eventually("nothing is left to deliver", || async {
        let mut connection = world.connect().await;
        let left: i64 = sqlx::query_scalar("select count(*) from outgoing").fetch_one(&mut connection).await.unwrap();
        (left == 0).then_some(())
    })
    .await;
}
