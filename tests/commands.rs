//! Commands on a terminal use the database directly, even while others keep it busy.

use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::json;
use sqlx::Connection;

use crate::harness::{Behavior, Target, World, calls, eventually, free_address, hub, program};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_while_someone_else_migrates_the_database() {
    let world = Arc::new(World::new(&[("hub.yaml", hub())], &[]).await);
    let (mut other, mut watching) = (world.connect().await, world.connect().await);
    let mut migrating = other.begin().await.unwrap();
    sqlx::query("lock table _sqlx_migrations in access exclusive mode").execute(&mut *migrating).await.unwrap();
    let commanded = {
        let world = Arc::clone(&world);
        tokio::task::spawn_blocking(move || world.command(&["token", "create", "--scopes", "read"]))
    };
    // Longer than a read-only statement may take.
    let mut waits_long = async || {
        let text =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
                    and clock_timestamp() - query_start > interval '1.5 seconds'";
        let waiting: i64 = sqlx::query_scalar(text).fetch_one(&mut watching).await.unwrap();
        waiting > 0
    };
    while !commanded.is_finished() && !waits_long().await {
        tokio::task::yield_now().await;
    }
    migrating.commit().await.unwrap();
    let (ok, out, err) = commanded.await.unwrap();
    assert!(ok, "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sandbox_and_production_never_share_a_database() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let mut world = World::new(&files, &[target.address().to_string()]).await;
    let mut node = world.node().await;
    target.behave("/step1", Behavior::Hold);
    let run = node.start_calls(1).await;
    target.reached("/step1", 1).await;
    assert_eq!(node.run(&run).await["environment"], "sandbox");
    node.kill();
    world.set("STEPWELL_ENVIRONMENT", "production");
    let (ok, out, err) = world.command(&["serve"]);
    assert!(!ok && err.contains("the database belongs to sandbox"), "{out}{err}");
    // The run continues where it was.
    world.set("STEPWELL_ENVIRONMENT", "sandbox");
    target.behave("/step1", Behavior::Answer("{}".into()));
    let mut node = world.node().await;
    node.run_becomes(&run, "completed").await;
    // A database without unfinished runs may change its environment.
    assert!(node.terminate());
    world.set("STEPWELL_ENVIRONMENT", "production");
    let node = world.node().await;
    let run = node.start_calls(2).await;
    assert_eq!(node.run_becomes(&run, "completed").await["environment"], "production");
}

/// Returns the writing end of a pipe that nobody reads.
fn closed_pipe() -> Stdio {
    std::io::pipe().unwrap().1.into()
}

/// Returns the subcommands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

/// Returns every subcommand at any depth, including groups, from the help texts.
fn subcommands(world: &World) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = found.get(next).cloned() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let (ok, help, err) = world.command(&arguments);
        assert!(ok, "{command:?}: {err}");
        found.extend(listed(&help).into_iter().map(|name| [command.clone(), vec![name]].concat()));
        next += 1;
    }
    found
}

/// Runs a command whose output (and errors, if so set up) nobody reads. Returns exit code and standard error.
fn unread(world: &World, arguments: &[&str], errors: Stdio) -> (Option<i32>, String) {
    let mut command = Command::new(program());
    world.equip(command.args(arguments)).stdin(Stdio::null()).stdout(closed_pipe()).stderr(errors);
    let done = command.spawn().unwrap().wait_with_output().unwrap();
    (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_ends_quietly_when_its_output_is_not_read() {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1))];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let run = node.start_calls(1).await;
    node.run_becomes(&run, "completed").await;
    let (_, event) = node.hook("test", "event-1", &json!({ "type": "calls", "n": 1 })).await;
    let event = event["event"].as_str().unwrap();
    let all = subcommands(&world);
    assert!(all.len() > 40, "{all:?}");
    for command in &all {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        assert_eq!(unread(&world, &arguments, Stdio::piped()), (Some(0), String::new()), "{command:?}");
    }
    let folder = world.workflows();
    let file = format!("{folder}/calls.yaml");
    let missing = uuid::Uuid::nil().to_string();
    let asked: Vec<Vec<&str>> = vec![
        vec!["--version"],
        vec!["config"],
        vec!["schema"],
        vec!["graph", &file],
        vec!["validate", &folder],
        vec!["validate", &folder, "--format", "json"],
        vec!["validate", "/nowhere.yaml"],
        vec!["test", &folder],
        vec!["mapping", "doc"],
        vec!["mapping", "check"],
        vec!["deploy", &folder],
        vec!["delete", "test/calls:9.9.9"],
        vec!["run", "test/calls"],
        vec!["run", "test/calls", "--wait"],
        vec!["run", "test/unknown"],
        vec!["runs", "list"],
        vec!["runs", "list", "--json"],
        vec!["runs", "show", &run],
        vec!["runs", "show", &run, "--json"],
        vec!["runs", "show", &missing],
        vec!["runs", "retry", &run],
        vec!["batches", "list"],
        vec!["conflicts", "list"],
        vec!["drift"],
        vec!["schedules", "list"],
        vec!["sources"],
        vec!["sources", "--json"],
        vec!["events", "list"],
        vec!["events", "list", "--json"],
        vec!["events", "show", event],
        vec!["events", "replay", event],
        vec!["replay", "test/calls"],
        vec!["audit", "verify"],
        vec!["token", "create", "--scopes", "read"],
        vec!["token", "list"],
        vec!["token", "list", "--json"],
        vec!["login"],
        vec!["nonsense"],
    ];
    for arguments in asked {
        let (code, err) = unread(&world, &arguments, Stdio::piped());
        let open = world.equip(Command::new(program()).args(&arguments)).stdin(Stdio::null()).output().unwrap();
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        assert!(matches!(code, Some(0..=2)), "{arguments:?} ended with {code:?}: {err}");
        assert_eq!(code, open.status.code(), "{arguments:?}: {err}");
        // The same if nobody reads its errors.
        assert_eq!(unread(&world, &arguments, closed_pipe()).0, code, "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_continues_when_nothing_reads_its_greeting() {
    let address = free_address();
    let mut sandbox = Command::new(program())
        .args(["sandbox", "--listen", &address.to_string()])
        .env_clear()
        .stdout(closed_pipe())
        .stderr(closed_pipe())
        .spawn()
        .unwrap();
    eventually("the sandbox serves", || async {
        crate::harness::client()
            .get(format!("http://{address}/ledger"))
            .send()
            .await
            .ok()
            .filter(|a| a.status().is_success())
    })
    .await;
    assert!(sandbox.try_wait().unwrap().is_none());
    sandbox.kill().unwrap();
    sandbox.wait().unwrap();
}
