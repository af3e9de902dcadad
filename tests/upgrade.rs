//! Data of an earlier version is read and continued, and nodes of two versions share a database.

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, Row};

use crate::harness::{Behavior, Node, Target, World, calls, eventually, free_address, hub};

/// A database of version 0.1 with migrations up to 23, as left when its node was killed. `UPDATE_FIXTURE=1
/// STEPWELL_PROGRAM=path/to/that/version` recreates it.
const DUMP: &str = "tests/data/upgrade/0023.sql";

/// Workflows that each stop in a different state when an event with their name starts them.
const WORKFLOWS: [(&str, &str); 14] = [
    ("done", "  - step: { set: { done: true } }\n"),
    ("timer", "  - pause: { wait: PT5S }\n  - step: { call: http, with: { method: post, endpoint: 'connection://target/timer' } }\n"),
    ("listener", "  - paid: { listen: { to: { one: { with: { type: listener.paid } } } } }\n  - step: { set: { paid: true } }\n"),
    ("faulted", "  - step: { call: http, with: { method: post, endpoint: 'connection://target/faulted' } }\n"),
    (
        "stuck",
        "  - step:
      call: http
      with: { method: post, endpoint: 'connection://target/stuck' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: 'connection://target/unstuck' } } }
  - refused: { call: http, with: { method: post, endpoint: 'connection://target/refused' }, metadata: { compensate: none } }
",
    ),
    (
        "undone",
        "  - step:
      call: http
      with: { method: post, endpoint: 'connection://target/undone' }
      metadata: { compensate: { call: http, with: { method: post, endpoint: 'connection://target/undo' } } }
  - refused: { call: http, with: { method: post, endpoint: 'connection://target/refused' }, metadata: { compensate: none } }
",
    ),
    ("suspended", "  - wait: { listen: { to: { one: { with: { type: suspended.go } } } } }\n"),
    ("cancelled", "  - wait: { listen: { to: { one: { with: { type: never } } } } }\n"),
    ("child", "  - wait: { listen: { to: { one: { with: { type: child.go } } } } }\n  - step: { set: { child: done } }\n"),
    (
        "parent",
        "  - child: { run: { workflow: { namespace: test, name: child, version: '1.0.0', input: { n: 1 } } } }\n",
    ),
    (
        "inflight",
        "  - both:
      fork:
        branches:
          - left: { call: http, with: { method: post, endpoint: 'connection://target/left' } }
          - right: { call: http, with: { method: post, endpoint: 'connection://target/right' } }
",
    ),
    (
        "unknown",
        "  - step: { call: http, with: { method: post, endpoint: 'connection://target/once' }, metadata: { idempotent: false } }\n",
    ),
    (
        "loop",
        "  - each:
      for: { each: item, in: '${ [1, 2, 3] }' }
      do:
        - next: { listen: { to: { one: { with: { type: loop.next } } } } }
        - step: { set: { item: '${ $item }' } }
",
    ),
    (
        "long",
        "  - each:
      for: { each: item, in: '${ [range(520)] }' }
      do:
        - step: { set: { item: '${ $item }' } }
  - wait: { listen: { to: { one: { with: { type: long.go } } } } }
",
    ),
];

fn files(target: &Target) -> Vec<(String, String)> {
    let connection = format!(
        "{}connections:\n  target:\n    baseUrl: {{ sandbox: 'http://{}' }}\n    retry: {{ attempts: 2, delay: PT0.05S }}\n",
        hub(),
        target.address()
    );
    let workflow = |(name, tasks): (&str, &str)| {
        let text = format!(
            "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}
schedule: {{ on: {{ one: {{ with: {{ source: test, type: {name} }} }} }} }}
input: {{ from: '.[0]? // .' }}
do:
{tasks}"
        );
        (format!("{name}.yaml"), text)
    };
    let queue = "document: { dsl: '1.0.3', namespace: test, name: queue, version: '1.0.0', metadata: { key: '${ .key }', serialize: key } }
schedule: { on: { one: { with: { source: test, type: queue } } } }
input: { from: '.[0]? // .' }
do:
  - wait: { listen: { to: { one: { with: { type: queue.go } } } } }
";
    let queue = ("queue.yaml".to_owned(), queue.to_owned());
    WORKFLOWS.into_iter().map(workflow).chain([("hub.yaml".to_owned(), connection), queue]).collect()
}

async fn world(target: &Target) -> World {
    let files = files(target);
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    World::empty(&files, &[target.address().to_string()]).await
}

/// Sets how targets behave until the upgrade.
fn misbehave(target: &Target) {
    for path in ["/faulted", "/refused", "/unstuck"] {
        target.behave(path, Behavior::Refuse(400));
    }
    for path in ["/left", "/right", "/once"] {
        target.behave(path, Behavior::Hold);
    }
}

async fn send(node: &Node, kind: &str, id: &str) -> Option<String> {
    let (status, answer) = node.hook("test", id, &json!({ "type": kind, "n": 1, "key": "k" })).await;
    assert!(status == 202 || status == 200, "{status} {answer}");
    answer["runs"][0].as_str().map(ToOwned::to_owned)
}

async fn stands(node: &Node, run: &str, condition: impl Fn(&Value) -> bool) {
    eventually(&format!("run {run} is in the expected state"), || async {
        let view = node.run(run).await;
        condition(&view).then_some(())
    })
    .await;
}

/// Brings a run into each state and kills the node.
async fn prepare(world: &World, target: &Target) {
    misbehave(target);
    let mut node = world.node().await;
    for (name, _) in WORKFLOWS.iter().filter(|(name, _)| !matches!(*name, "child" | "timer")) {
        let run = send(&node, name, name).await.unwrap();
        let is = move |view: &Value, status: &str| view["status"] == status;
        match *name {
            "done" => stands(&node, &run, |v| is(v, "completed")).await,
            "faulted" => stands(&node, &run, |v| v["attention"] == "faulted").await,
            "stuck" => stands(&node, &run, |v| v["attention"] == "compensation_stuck").await,
            "undone" => stands(&node, &run, |v| is(v, "compensated")).await,
            "suspended" => {
                let (status, answer) =
                    node.post(&format!("/api/v1/runs/{run}/suspend"), &json!({ "reason": "x" })).await;
                assert!(status < 300, "{answer}");
                stands(&node, &run, |v| is(v, "suspended")).await;
            }
            "cancelled" => {
                let (status, answer) =
                    node.post(&format!("/api/v1/runs/{run}/cancel"), &json!({ "reason": "x" })).await;
                assert!(status < 300, "{answer}");
                stands(&node, &run, |v| is(v, "cancelled")).await;
            }
            "inflight" => {
                target.reached("/left", 1).await;
                target.reached("/right", 1).await;
            }
            "unknown" => target.reached("/once", 1).await,
            "loop" => {
                stands(&node, &run, |v| is(v, "waiting")).await;
                send(&node, "loop.next", "loop.next 1").await;
                eventually("one event was consumed", || async {
                    let journal = node.journal(&run).await;
                    journal.iter().any(|record| record["kind"] == "event.consumed").then_some(())
                })
                .await;
            }
            _ => stands(&node, &run, |v| is(v, "waiting")).await,
        }
    }
    for id in ["queue 1", "queue 2"] {
        let run = send(&node, "queue", id).await.unwrap();
        stands(&node, &run, |v| v["status"] == "waiting" || v["status"] == "pending").await;
    }
    send(&node, "timer", "timer").await;
    node.kill();
}

/// Returns workflow, status and id of all runs.
async fn runs(world: &World) -> Vec<(String, String, String)> {
    let mut connection = world.connect().await;
    let rows = connection
        .fetch_all("select d.name, r.id::text, r.status from runs r join definitions d on d.id = r.definition_id order by r.id")
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_an_earlier_version_is_upgraded_and_every_run_continues() {
    let target = Target::start().await;
    let mut world = world(&target).await;
    if std::env::var_os("UPDATE_FIXTURE").is_some() {
        return make_fixture(world, &target).await;
    }
    let dump = std::fs::read_to_string(DUMP).unwrap();
    world.connect().await.execute(sqlx::raw_sql(AssertSqlSafe(dump))).await.unwrap();
    target.behave("/refused", Behavior::Refuse(400));
    target.behave("/once", Behavior::Hold);
    world.make_token();
    // Its node was killed more than an hour ago, so it does not come back.
    let aged = "update nodes set expires_at = now() - interval '3 hours', dead_at = now() - interval '2 hours'";
    world.connect().await.execute(aged).await.unwrap();
    let node = world.node().await;
    eventually("the node knows that it is alone", || async {
        let alone = "select 1 from nodes where dead_at is null and heartbeat_at > (select max(dead_at) from nodes)";
        world.connect().await.fetch_optional(alone).await.unwrap().map(drop)
    })
    .await;
    let before = runs(&world).await;
    assert_eq!(before.len(), 16, "{before:?}");
    for kind in ["listener.paid", "suspended.go", "child.go", "loop.next", "long.go", "queue.go"] {
        send(&node, kind, &format!("{kind} after")).await;
    }
    for id in ["loop.next 3", "queue.go 2"] {
        send(&node, id.split(' ').next().unwrap(), id).await;
    }
    for (kind, run, _) in &before {
        match kind.as_str() {
            "faulted" | "stuck" => {
                let (status, answer) =
                    node.post(&format!("/api/v1/runs/{run}/retry"), &json!({ "reason": "fixed" })).await;
                assert!(status < 300, "{kind}: {answer}");
            }
            "suspended" => {
                let (status, answer) =
                    node.post(&format!("/api/v1/runs/{run}/resume"), &json!({ "reason": "go" })).await;
                assert!(status < 300, "{kind}: {answer}");
            }
            _ => {}
        }
    }
    for (kind, run, _) in &before {
        match kind.as_str() {
            "stuck" | "undone" => stands(&node, run, |v| v["status"] == "compensated").await,
            "cancelled" => stands(&node, run, |v| v["status"] == "cancelled").await,
            "unknown" => stands(&node, run, |v| v["attention"] == "unknown_outcome").await,
            _ => stands(&node, run, |v| v["status"] == "completed").await,
        }
    }
    assert_eq!(target.requests("/once"), 0, "a call that must not be repeated was repeated");
    let (sound, told, errors) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}{errors}");
    let both =
        "select count(*) from (select run_id from journal group by run_id having count(distinct format) = 2) as r";
    let both: i64 = world.connect().await.fetch_one(both).await.unwrap().get(0);
    assert!(both >= 6, "only {both} runs have rows of both formats");
}

async fn make_fixture(mut world: World, target: &Target) {
    world.deploy();
    world.make_token();
    prepare(&world, target).await;
    let mut dump = std::process::Command::new("pg_dump");
    let dump = dump.args(["--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", world.database_url()]);
    let dump = dump.output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let text = String::from_utf8(dump.stdout).unwrap();
    // Lines for psql, or for a server of another version.
    let unwanted =
        ["\\restrict", "\\unrestrict", "SET transaction_timeout", "SELECT pg_catalog.set_config('search_path'"];
    let lines = text.lines().filter(|line| !unwanted.iter().any(|unwanted| line.starts_with(unwanted)));
    std::fs::create_dir_all("tests/data/upgrade").unwrap();
    std::fs::write(DUMP, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
}

/// The actual older version, for `make test-upgrade`. Without it, an older node is one of this version limited to the
/// older format.
fn older_version() -> Option<std::path::PathBuf> {
    std::env::var_os("STEPWELL_OLD_PROGRAM").map(Into::into)
}

/// Restarts one of two nodes as an old or a new one.
async fn restart(world: &World, nodes: &mut [Option<Node>; 2], which: usize, is_old: bool) {
    if let Some(mut node) = nodes[which].take() {
        assert!(node.terminate(), "a node exited with an error");
    }
    let (older, mut environment) = (older_version(), world.environment().to_vec());
    // The actual older version does not skip what it does not know, so new nodes write the old format, as the handbook
    // says.
    let format = if is_old || older.is_some() { "1" } else { "0" };
    environment.push(("STEPWELL_NODE_FORMAT".to_owned(), format.to_owned()));
    let started = match older.filter(|_| is_old) {
        Some(program) => {
            let (address, log) = (free_address(), std::process::Stdio::inherit());
            Node::start_program(&program, address, &environment, world.token(), &["--no-migrate"], "warn", log).await
        }
        None => Node::start(&environment, world.token(), &[]).await,
    };
    nodes[which] = Some(started);
}

#[tokio::test(flavor = "multi_thread")]
async fn rolling_upgrades_and_rollbacks_under_load_fail_and_divert_no_run() {
    let cycles: usize = std::env::var("STEPWELL_CYCLES").ok().and_then(|n| n.parse().ok()).unwrap_or(4);
    let target = Target::start().await;
    let world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 4))], &[target.address().to_string()]).await;
    let mut nodes = [None, None];
    let mut started = Vec::new();
    for _ in 0..cycles {
        // Old and old, new and old, new and new; and back.
        for (which, is_old) in [(0, true), (1, true), (0, false), (1, false), (1, true), (0, true), (0, false)] {
            restart(&world, &mut nodes, which, is_old).await;
            for node in nodes.iter().flatten() {
                for _ in 0..15 {
                    started.push(node.start_calls(started.len() as u64).await);
                }
            }
        }
    }
    let node = nodes[0].as_ref().unwrap();
    for run in &started {
        node.run_becomes(run, "completed").await;
    }
    for step in 1..=4 {
        assert_eq!(target.keys(&format!("/step{step}")).len(), started.len(), "step {step}");
    }
    if older_version().is_some() {
        // The older version does not seal its acts: the handbook says to adopt them.
        let (adopted, told, errors) = world.command(&["audit", "adopt", "--reason", "upgraded"]);
        assert!(adopted, "{told}{errors}");
    }
    let (sound, told, errors) = world.command(&["audit", "verify"]);
    assert!(sound, "{told}{errors}");
    if older_version().is_some() {
        return;
    }
    let mut connection = world.connect().await;
    let formats =
        connection.fetch_all("select format, count(*) from journal group by format order by format").await.unwrap();
    assert_eq!(formats.iter().map(|row| row.get::<i16, _>(0)).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_a_newer_format_is_left_to_the_nodes_that_know_it() {
    let target = Target::start().await;
    let mut world =
        World::new(&[("hub.yaml", hub()), ("calls.yaml", calls(&target, 2))], &[target.address().to_string()]).await;
    target.behave("/step1", Behavior::Hold);
    let mut new = world.node().await;
    let run = new.start_calls(1).await;
    target.reached("/step1", 1).await;
    new.kill();
    target.behave("/step1", Behavior::Answer("{}".to_owned()));
    world.set("STEPWELL_FORMAT", "1");
    let old = world.node().await;
    // Its own run completes, so its sweeps have run more than once since.
    let own = old.start_calls(2).await;
    old.run_becomes(&own, "completed").await;
    eventually("the dead node's run is released", || async {
        let free = "select 1 from runs where owner is null and wake_at <= now()";
        world.connect().await.fetch_optional(free).await.unwrap().map(drop)
    })
    .await;
    let another = old.start_calls(3).await;
    old.run_becomes(&another, "completed").await;
    assert_eq!(old.run(&run).await["status"], "running");
    world.set("STEPWELL_FORMAT", "0");
    let new = world.node().await;
    new.run_becomes(&run, "completed").await;
    // While both are alive, the new one writes what the old one can read.
    let shared = new.start_calls(4).await;
    new.run_becomes(&shared, "completed").await;
    let format = format!("select max(format) from journal where run_id = '{shared}'");
    let format: i16 = world.connect().await.fetch_one(AssertSqlSafe(format)).await.unwrap().get(0);
    assert_eq!(format, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_of_a_later_version_stop_no_node_unless_they_say_so() {
    let world = World::new(&[("hub.yaml", hub())], &[]).await;
    let mut connection = world.connect().await;
    connection
        .execute(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9999, 'later', true, '\\x00', 1); create table later (id integer)",
        )
        .await
        .unwrap();
    let mut node = world.node().await;
    assert!(node.is_running());
    assert!(node.terminate());
    connection.execute("update compatibility set oldest_format = 99").await.unwrap();
    let (started, _, errors) = world.command(&["migrate"]);
    assert!(!started && errors.contains("format 99"), "{errors}");
}

/// Starts runs that are in the middle of a long journal and wait for an event. Returns their ids.
async fn long_runs(node: &Node, count: usize) -> Vec<String> {
    let mut runs = Vec::new();
    for n in 0..count {
        let run = send(node, "long", &format!("long {n}")).await.unwrap();
        stands(node, &run, |view| view["status"] == "waiting").await;
        runs.push(run);
    }
    runs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_continues_from_its_snapshot_and_without_one_from_its_journal() {
    let target = Target::start().await;
    let mut world = world(&target).await;
    world.deploy();
    world.make_token();
    let mut node = world.node().await;
    let runs = long_runs(&node, 3).await;
    let mut connection = world.connect().await;
    let taken = "select count(*) from snapshots s where s.seq >= 1000
                 and exists (select from journal j where j.run_id = s.run_id and j.seq = s.seq and j.hash = s.head)";
    let taken: i64 = connection.fetch_one(taken).await.unwrap().get(0);
    assert_eq!(taken, 3, "each has a snapshot");
    // It stays in memory for a few seconds, then leaves the node.
    let owned = format!("select 1 from runs where id = '{}' and owner is null", runs[0]);
    eventually("the run has left memory", || async {
        world.connect().await.fetch_optional(AssertSqlSafe(owned.clone())).await.unwrap().map(drop)
    })
    .await;
    node.kill();
    // The first run continues from its snapshot, because its earlier journal is unreadable. The snapshots of the others
    // are unusable.
    for harm in [
        format!("update journal set data = '{{}}' where run_id = '{}' and seq < 900", runs[0]),
        format!("update snapshots set format = 99 where run_id = '{}'", runs[1]),
        format!("update snapshots set data = '\\x00' where run_id = '{}'", runs[2]),
    ] {
        connection.execute(AssertSqlSafe(harm)).await.unwrap();
    }
    let node = world.node().await;
    send(&node, "long.go", "go").await;
    for run in &runs {
        let ended = format!("select 1 from runs where id = '{run}' and status = 'completed'");
        eventually(&format!("run {run} is completed"), || async {
            world.connect().await.fetch_optional(AssertSqlSafe(ended.clone())).await.unwrap().map(drop)
        })
        .await;
    }
    let left: i64 = connection.fetch_one("select count(*) from snapshots").await.unwrap().get(0);
    assert_eq!(left, 0, "snapshots go with their runs");
}
