//! The command line as a client: through a server it gives the same results as on the database, under an authenticated
//! name.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Behavior, Node, Target, World, calls, eventually, free_address, hub, program};

/// A machine that has the program and a server's address, but no database and no workflows.
struct Elsewhere {
    home: tempfile::TempDir,
    server: String,
}

impl Elsewhere {
    fn of(node: &Node) -> Self {
        Self { home: tempfile::tempdir().unwrap(), server: node.url("") }
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.env_clear().env("HOME", self.home.path()).current_dir(self.home.path()).args(arguments);
        command
    }

    /// Runs a command with this token. Returns success, output and errors.
    fn run(&self, token: &str, arguments: &[&str]) -> (bool, String, String) {
        ended(&mut self.program(&[&["--server", &self.server, "--token", token], arguments].concat()))
    }

    fn told(&self, token: &str, arguments: &[&str]) -> String {
        let (ok, out, err) = self.run(token, arguments);
        assert!(ok && err.is_empty(), "{arguments:?}: {out}{err}");
        out
    }
}

fn ended(command: &mut Command) -> (bool, String, String) {
    let done = command.stdin(std::process::Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (done.status.success(), text(&done.stdout), text(&done.stderr))
}

fn told(world: &World, arguments: &[&str]) -> String {
    let (ok, out, err) = world.command(arguments);
    assert!(ok, "{arguments:?}: {out}{err}");
    out
}

fn token(world: &World, scopes: &str) -> String {
    told(world, &["token", "create", "--name", &scopes.replace(',', "-"), "--scopes", scopes]).trim().to_owned()
}

const DAILY: &str = "document: { dsl: '1.0.3', namespace: test, name: daily, version: '1.0.0' }
schedule: { cron: '0 6 * * *' }
do:
  - note: { set: { done: true } }
";

/// A world with something for every list command: a completed run, a stopped one, an unmatched event.
async fn busy() -> (World, Node, Target, [String; 3]) {
    let target = Target::start().await;
    let files = [("hub.yaml", hub()), ("calls.yaml", calls(&target, 1)), ("daily.yaml", DAILY.to_owned())];
    let world = World::new(&files, &[target.address().to_string()]).await;
    let node = world.node().await;
    let done = node.start_calls(1).await;
    node.run_becomes(&done, "completed").await;
    target.behave("/step1", Behavior::Say(400, json!({ "message": "no such item" }).to_string()));
    let stopped = node.start_calls(2).await;
    eventually("the run stops", || async {
        Some(node.run(&stopped).await).filter(|run| run["attention"] == "faulted")
    })
    .await;
    let (_, event) = node.hook("test", "alone", &json!({ "type": "nobody", "n": "\u{1b}[2J" })).await;
    let event = event["event"].as_str().unwrap().to_owned();
    (world, node, target, [done, stopped, event])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_shows_something_says_the_same_at_the_database_and_through_a_server() {
    let (world, node, _target, [done, stopped, event]) = busy().await;
    let elsewhere = Elsewhere::of(&node);
    told(&world, &["user", "create", "ada", "--reason", "joined"]);
    told(&world, &["freezes", "start", "--workflow", "test/daily", "--reason", "month end"]);
    let asked: Vec<Vec<&str>> = vec![
        vec!["attention"],
        vec!["search", &done],
        vec!["freezes", "list"],
        vec!["proposals", "list", "--any"],
        vec!["schedules", "list"],
        vec!["schedules", "show", "test/daily", "--upcoming", "2"],
        vec!["sources"],
        vec!["events", "list"],
        vec!["events", "list", "--outcome", "unmatched", "--limit", "1"],
        vec!["events", "show", &event],
        vec!["events", "unmatched"],
        vec!["batches", "list"],
        vec!["conflicts", "list"],
        vec!["drift"],
        vec!["totals"],
        vec!["user", "list"],
        vec!["token", "list"],
        vec!["session", "list"],
        vec!["audit", "acts"],
        vec!["audit", "refusals"],
        vec!["bulk", "list"],
        vec!["runs", "list"],
        vec!["runs", "list", "--status", "completed,faulted", "--limit", "1"],
        vec!["runs", "show", &done],
        vec!["runs", "show", &stopped],
        vec!["runs", "retry", "--attention", "any"],
    ];
    for arguments in &asked {
        let here = told(&world, arguments);
        assert_eq!(here, elsewhere.told(node.token(), arguments), "{arguments:?}");
        assert!(!here.contains('\u{1b}'), "{arguments:?}: what came from outside moves no cursor: {here}");
        let as_json = [&arguments[..], &["--json"]].concat();
        let here = told(&world, &as_json);
        assert_eq!(here, elsewhere.told(node.token(), &as_json), "{as_json:?}");
        let shown: Value = serde_json::from_str(&here).unwrap();
        let is_list = arguments.contains(&"list")
            || ["acts", "refusals", "unmatched"].contains(arguments.last().unwrap())
            || ["attention", "search", "sources", "drift", "totals"].contains(&arguments[0]);
        assert_eq!(shown.is_array(), is_list, "{arguments:?}: a list is an array, one thing an object: {here}");
    }
    assert!(told(&world, &["totals", "--csv"]).starts_with("day,"));
    assert_eq!(told(&world, &["totals", "--csv"]), elsewhere.told(node.token(), &["totals", "--csv"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_through_a_server_are_those_of_the_owner_of_the_token() {
    let (world, node, target, [done, stopped, event]) = busy().await;
    let elsewhere = Elsewhere::of(&node);
    told(&world, &["user", "create", "ada", "--scopes", "operate,deploy"]);
    let ada = told(&world, &["token", "create", "--name", "laptop", "--user", "ada", "--scopes", "operate,deploy"]);
    let ada = ada.trim();
    // A deployment from a client uses the server's own catalogs.
    let more = elsewhere.home.path().join("more.yaml");
    std::fs::write(&more, DAILY.replace("daily", "more")).unwrap();
    assert_eq!(elsewhere.told(ada, &["deploy", "more.yaml", "--reason", "new"]), "deployed test/more:1.0.0\n");
    assert_eq!(elsewhere.told(ada, &["deploy", "more.yaml"]), "unchanged test/more:1.0.0\n");
    std::fs::write(&more, DAILY.replace("daily", "more").replace("set:", "sett:")).unwrap();
    let (ok, _, err) = elsewhere.run(ada, &["deploy", "more.yaml"]);
    assert!(!ok && err.contains("more.yaml:4:"), "{err}");
    target.behave("/step1", Behavior::Answer("{}".into()));
    for (arguments, subject) in [
        (vec!["runs", "retry", &stopped, "--reason", "mended"], None),
        (vec!["runs", "dismiss", "--workflow", "test/nothing", "--yes"], None),
        (vec!["schedules", "pause", "test/more", "--reason", "audit"], None),
        (vec!["events", "replay", &event], None),
        (vec!["delete", "test/more", "--version", "1.0.0"], Some("test/more:1.0.0")),
    ] {
        elsewhere.told(ada, &arguments);
        if let Some(subject) = subject {
            let acts: Value =
                serde_json::from_str(&told(&world, &["audit", "acts", "--subject", subject, "--json"])).unwrap();
            assert_eq!(acts[0]["actor"], "user:ada", "{acts}");
        }
    }
    node.run_becomes(&stopped, "completed").await;
    let retried = node.journal(&stopped).await;
    assert!(retried.iter().any(|record| record["actor"] == "user:ada"), "{retried:#?}");
    let output = elsewhere.told(ada, &["run", "test/calls", "--wait"]);
    assert!(serde_json::from_str::<Value>(&output).is_ok(), "{output}");
    let (ok, _, err) = elsewhere.run(ada, &["runs", "retry", &done]);
    assert!(!ok && !err.contains("unknown whether"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_the_right_to_it_is_refused_and_shows_no_token() {
    let (world, node, _target, [done, ..]) = busy().await;
    let mut elsewhere = Elsewhere::of(&node);
    let reader = token(&world, "read");
    for (arguments, scope) in [
        (vec!["runs", "cancel", &done], "operate"),
        (vec!["freezes", "start", "--workflow", "test/calls", "--reason", "x"], "operate"),
        (vec!["delete", "test/calls", "--version", "1.0.0"], "deploy"),
        (vec!["user", "list"], "admin"),
        (vec!["token", "create"], "admin"),
        (vec!["audit", "acts"], "admin"),
    ] {
        let (ok, out, err) = elsewhere.run(&reader, &arguments);
        assert!(!ok && err.contains(&format!("this needs the scope {scope}, which token:read does not have")), "{err}");
        assert!(!format!("{out}{err}").contains(&reader), "{arguments:?}");
    }
    for wrong in ["swt_no-token-of-anyone", "no token at all", "swt_xyzzy"] {
        let (ok, _, err) = elsewhere.run(wrong, &["runs", "list"]);
        assert!(!ok && err.contains("unknown") && !err.contains(wrong), "{err}");
    }
    let (ok, _, err) = ended(&mut elsewhere.program(&["--server", &elsewhere.server, "runs", "list"]));
    assert!(!ok && err.contains("no token for http://"), "{err}");
    // Recovery commands and commands on files take no server.
    for arguments in [&["audit", "verify"][..], &["migrate"], &["validate", "."], &["serve"], &["retention", "run"]] {
        let (ok, _, err) = elsewhere.run(&reader, arguments);
        assert!(!ok && err.contains("takes no --server"), "{arguments:?}: {err}");
    }
    elsewhere.server = format!("http://{}", free_address());
    let (ok, out, err) = elsewhere.run(&reader, &["runs", "list"]);
    assert!(!ok && err.contains(&format!("the server at {} cannot be reached", elsewhere.server)), "{err}");
    assert!(!format!("{out}{err}").contains(&reader));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_login_serves_until_it_is_revoked_and_is_never_printed() {
    let (world, node, _target, [done, ..]) = busy().await;
    let elsewhere = Elsewhere::of(&node);
    let made = told(&world, &["token", "create", "--name", "laptop", "--scopes", "operate", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let secret = made["token"].as_str().unwrap();
    let (ok, _, err) = ended(&mut elsewhere.program(&["runs", "list"]));
    assert!(!ok && err.contains("no server or database"), "{err}");
    let (ok, _, err) =
        ended(elsewhere.program(&["login", "--server", &elsewhere.server]).env("STEPWELL_TOKEN", "swt_x"));
    assert!(!ok && err.contains("unknown"), "an invalid login is not saved: {err}");
    let (ok, out, err) =
        ended(elsewhere.program(&["login", "--server", &elsewhere.server]).env("STEPWELL_TOKEN", secret));
    assert!(ok && out.contains("as token:laptop (read, operate)"), "{out}{err}");
    let file = elsewhere.home.path().join(".config/stepwell/login.json");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (ok, listed, err) = ended(&mut elsewhere.program(&["runs", "list"]));
    assert!(ok && listed.contains(&done), "{listed}{err}");
    // A database configured in the folder or shell takes precedence.
    let nowhere = ended(elsewhere.program(&["runs", "list"]).env("DATABASE_URL", "postgres://127.0.0.1:1/none"));
    assert!(!nowhere.0 && nowhere.2.contains("127.0.0.1:1"), "{}", nowhere.2);
    told(&world, &["token", "revoke", made["id"].as_str().unwrap()]);
    let expired = eventually("the token is refused", || async {
        let (ok, out, err) = ended(&mut elsewhere.program(&["runs", "list"]));
        (!ok).then_some(format!("{out}{err}"))
    })
    .await;
    assert!(expired.contains("sign in again: stepwell login --server"), "{expired}");
    for text in [out, listed, err, expired] {
        assert!(!text.contains(secret), "{text}");
    }
    let (ok, out, _) = ended(&mut elsewhere.program(&["logout"]));
    assert!(ok && out.contains("signed out") && !file.exists(), "{out}");
}
