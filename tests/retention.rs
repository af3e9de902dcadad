//! Retention: runs that closed long ago go to an archive and nowhere else, whichever process dies at whatever moment.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use stepwell::engine::audit;
use stepwell::machine::Actor;
use stepwell::retention::{files, verify};
use stepwell::store::audit::scan;

use crate::audit::forgeries::{records, replace};
use crate::harness::{Node, World, eventually, hub, program};

/// Number of runs that are due; more than two transactions remove.
const OLD: usize = 450;

const WORKFLOWS: [(&str, &str); 3] = [
    ("note", "  - keep: { set: { seen: '${ .n }' } }\n  - again: { set: { twice: '${ .seen * 2 }' } }\n"),
    ("fail", "  - fail: { raise: { error: { type: 'https://example.test/no', status: 400, title: no } } }\n"),
    ("wait", "  - wait: { wait: { hours: 9 } }\n"),
];

fn retention(folder: &Path) -> String {
    let settings = "runs: { completed: P90D, cancelled: P400D }\n  events: P90D\n  eventKeys: P100D\n";
    format!("{}retention:\n  archive: {}\n  {settings}", hub(), folder.display())
}

/// A world that archives into this folder, used under a role that owns nothing.
async fn world(folder: &Path) -> (World, String) {
    let workflow = |name: &str, tasks: &str| {
        format!(
            "document: {{ dsl: '1.0.3', namespace: test, name: {name}, version: '1.0.0' }}\n\
             schedule: {{ on: {{ one: {{ with: {{ source: test, type: {name} }} }} }} }}\ninput: {{ from: '${{ .[0]? // . }}' }}\ndo:\n{tasks}"
        )
    };
    let mut files = vec![("hub.yaml", retention(folder))];
    let named = [("note.yaml", 0), ("fail.yaml", 1), ("wait.yaml", 2)];
    files.extend(named.map(|(file, n)| (file, workflow(WORKFLOWS[n].0, WORKFLOWS[n].1))));
    let mut world = World::new(&files, &[]).await;
    let role = format!("node_{}", uuid::Uuid::new_v4().simple());
    execute(&mut world.connect().await, &format!("create role {role} login")).await;
    let (ok, out, error) = world.command(&["migrate", "--node-role", &role]);
    assert!(ok, "{out}{error}");
    let mut url = url::Url::parse(&world.database_url).unwrap();
    url.set_username(&role).unwrap();
    world.set("DATABASE_URL", url.as_str());
    (world, url.to_string())
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

async fn count(connection: &mut PgConnection, of: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {of}"))).fetch_one(connection).await.unwrap()
}

/// Sends an event and returns the run that it started.
async fn send(node: &Node, workflow: &str, id: &str, n: usize) -> String {
    let (status, answer) = node.hook("test", id, &json!({ "type": workflow, "n": n })).await;
    assert_eq!(status, 202, "{answer}");
    answer["runs"][0].as_str().unwrap().to_owned()
}

/// Starts `stepwell retention run` in a process that can be killed.
fn archiving(world: &World) -> Child {
    let mut command = std::process::Command::new(program());
    command.args(["retention", "run"]).stdout(Stdio::null()).stderr(Stdio::null());
    world.equip(&mut command).spawn().unwrap()
}

/// Kills a process as soon as a query on the database is true.
async fn kill_when(world: &World, mut process: Child, what: &str, condition: &str) {
    let mut connection = world.connect().await;
    let query = format!("select {condition}");
    loop {
        if sqlx::query_scalar(AssertSqlSafe(query.clone())).fetch_one(&mut connection).await.unwrap() {
            break;
        }
        assert!(process.try_wait().unwrap().is_none(), "it ended before {what}");
    }
    process.kill().unwrap();
    process.wait().unwrap();
    // The lease of a dead process lasts a minute.
    execute(&mut connection, "update retention_lease set until = '-infinity'").await;
}

/// Moves a run's history into the past, as someone with write access to journal and row could.
async fn age(connection: &mut PgConnection, run: uuid::Uuid) {
    let mut records = records(connection, run).await;
    for record in &mut records {
        record.at -= chrono::Duration::days(120);
    }
    replace(connection, run, &records).await;
    let earlier = format!("update runs set created_at = created_at - interval '120 days' where id = '{run}'");
    execute(connection, &earlier).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_goes_to_an_archive_whenever_the_process_dies_and_a_repeated_event_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (world, _) = world(folder.path()).await;
    let node = world.node_with(&["--no-migrate"]).await;
    let mut old: BTreeMap<String, usize> = BTreeMap::new();
    for chunk in (0..OLD).collect::<Vec<_>>().chunks(50) {
        let ids: Vec<String> = chunk.iter().map(|n| format!("old-{n}")).collect();
        let sent = chunk.iter().zip(&ids).map(|(n, id)| send(&node, "note", id, *n));
        old.extend(futures::future::join_all(sent).await.into_iter().zip(chunk.iter().copied()));
    }
    let (young, failed, waiting) =
        (send(&node, "note", "young", 1).await, send(&node, "fail", "f", 1).await, send(&node, "wait", "w", 1).await);
    let cancelled = send(&node, "wait", "c", 1).await;
    let (status, answer) = node.post(&format!("/api/v1/runs/{cancelled}/cancel"), &json!({ "reason": "test" })).await;
    assert_eq!(status, 200, "{answer}");
    node.run_becomes(&failed, "faulted").await;
    node.run_becomes(&cancelled, "cancelled").await;
    let mut connection = world.connect().await;
    let completed = "runs where status = 'completed'";
    eventually("all of them end", || async {
        (count(&mut world.connect().await, completed).await == OLD as i64 + 1).then_some(())
    })
    .await;
    let all: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from runs order by id").fetch_all(&mut connection).await.unwrap();
    for run in all.into_iter().filter(|run| run.to_string() != young) {
        age(&mut connection, run).await;
    }
    let sample = old.keys().nth(OLD / 2).unwrap().clone();
    let shown = world.command(&["runs", "show", &sample, "--json"]).1;
    let shown_now = world.command(&["runs", "show", &sample]).1;
    // An archived run permits no acts.
    let tree = shown_now.split("  what you can do now").next().unwrap();

    kill_when(&world, archiving(&world), "it wrote", "writing is not null from retention_lease").await;
    assert_eq!((count(&mut connection, "archives").await, count(&mut connection, "runs").await), (0, OLD as i64 + 4));
    let some = format!("count(*) between 1 and {} from removals where kind = 'run'", OLD - 1);
    kill_when(&world, archiving(&world), "it removed", &some).await;
    let (ok, out, error) = world.command(&["retention", "run", "--reason", "to be sure"]);
    assert!(ok && out.contains("0 archive(s) written"), "{out}{error}");

    let left: Vec<String> =
        sqlx::query_scalar("select id::text from runs order by id").fetch_all(&mut connection).await.unwrap();
    assert_eq!(left, [&young, &failed, &waiting, &cancelled].map(String::clone));
    let [file] = files(folder.path()).unwrap().try_into().unwrap();
    let summary = verify(&file).unwrap();
    let mut archived: Vec<String> = summary.runs.iter().map(ToString::to_string).collect();
    archived.sort();
    assert_eq!(archived, old.keys().cloned().collect::<Vec<_>>(), "each once");
    assert_eq!((summary.events.len(), count(&mut connection, "events").await), (OLD, 4));
    assert_eq!(
        count(&mut connection, "journal j where not exists (select from runs r where r.id = j.run_id)").await,
        0
    );

    let place = folder.path().display().to_string();
    for verified in [&["audit", "verify"][..], &["audit", "verify", "--archive", &place]] {
        let (ok, out, error) = world.command(verified);
        assert!(ok, "{verified:?}: {out}{error}");
    }
    let (_, again, _) = world.command(&["runs", "show", &sample, "--json", "--archive", &place]);
    let values = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(values(&again), values(&shown));
    let (_, again, _) = world.command(&["runs", "show", &sample, "--archive", &place]);
    assert!(again.starts_with(tree) && again.contains("archived in"), "{again}\n{tree}");
    let (status, answer) = node.get(&format!("/api/v1/runs/{sample}")).await;
    assert_eq!((status, &answer["type"]), (410, &json!("urn:stepwell:problem:archived")), "{answer}");
    assert!(answer["detail"].as_str().unwrap().contains(file.file_name().unwrap().to_str().unwrap()), "{answer}");

    let n = old[&sample];
    let (status, answer) = node.hook("test", &format!("old-{n}"), &json!({ "type": "note", "n": n })).await;
    assert_eq!((status, &answer["runs"]), (200, &json!([sample])), "{answer}");
    assert_eq!(count(&mut connection, "runs").await, 4, "a repeated event starts nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_archives_by_itself_and_says_when_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    let (world, _) = world(&archive).await;
    let mut node = world.node_with(&["--no-migrate"]).await;
    let run = send(&node, "note", "a", 1).await;
    node.run_becomes(&run, "completed").await;
    let mut connection = world.connect().await;
    execute(&mut connection, "update runs set finished_at = finished_at - interval '120 days'").await;
    let (ok, out, _) = world.command(&["doctor", "--offline"]);
    assert!(!ok && out.contains("ERROR    retention: nothing is removed") && out.contains("archive"), "{out}");
    eventually("the node reports that its retention fails, and stays ready", || async {
        let (status, answer) = node.get("/readyz").await;
        (status == 200 && answer["failing"] == json!(["retention"])).then_some(())
    })
    .await;
    assert_eq!(count(&mut connection, "runs").await, 1);
    assert!(node.terminate());
    std::fs::create_dir(&archive).unwrap();
    let (_, out, _) = world.command(&["retention", "show"]);
    let line = out.lines().find(|line| line.starts_with("test/note") && line.contains("completed")).unwrap();
    assert!(line.contains("90 d") && line.split_whitespace().any(|word| word == "1"), "{out}");
    let node = world.node_with(&["--no-migrate"]).await;
    eventually("the node archived it", || async {
        (count(&mut world.connect().await, "runs").await == 0).then_some(())
    })
    .await;
    assert_eq!(node.get("/readyz").await.1, json!({ "status": "ready" }));
    assert_eq!(verify(&files(&archive).unwrap()[0]).unwrap().runs.len(), 1);
    let (ok, out, _) = world.command(&["doctor", "--offline"]);
    assert!(out.contains("retention: archives go to"), "{ok} {out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewritten_archive_is_detected() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (world, url) = world(folder.path()).await;
    let node = world.node_with(&["--no-migrate"]).await;
    let run = send(&node, "note", "a", 1).await;
    node.run_becomes(&run, "completed").await;
    execute(&mut world.connect().await, "update runs set finished_at = finished_at - interval '120 days'").await;
    let (ok, out, error) = world.command(&["retention", "run"]);
    assert!(ok && out.contains("1 archive(s) written"), "{out}{error}");
    let file = files(folder.path()).unwrap().remove(0);
    // A valid file under the id of the original: anyone who can write to the folder can make one.
    let header = stepwell::retention::Archive::open(&file).unwrap().header;
    let forged =
        stepwell::retention::Writer::create(other.path(), "forged.jsonl.gz", &header).unwrap().finish().unwrap();
    assert!(verify(&forged.path).is_ok());
    std::fs::copy(&forged.path, &file).unwrap();
    let place = folder.path().display().to_string();
    let (ok, out, _) = world.command(&["audit", "verify", "--archive", &place]);
    assert!(!ok && out.contains("another digest"), "{out}");
    let mut lesser = PgConnection::connect(&url).await.unwrap();
    for forbidden in [
        "delete from archives",
        "update archives set digest = ''",
        "delete from journal",
        "select add_partition('journal', gen_random_uuid(), gen_random_uuid())",
        "drop table journal_default",
    ] {
        let error = sqlx::raw_sql(forbidden).execute(&mut lesser).await.expect_err(forbidden);
        let code = error.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_left_is_still_held_against_anchors() {
    let (folder, anchors) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (world, _) = world(folder.path()).await;
    let mut node = world.node_with(&["--no-migrate"]).await;
    let mut runs = Vec::new();
    for id in ["a", "b", "c"] {
        let run = send(&node, "note", id, 1).await;
        node.run_becomes(&run, "completed").await;
        runs.push(run.parse::<uuid::Uuid>().unwrap());
    }
    assert!(node.terminate());
    let (archived, rewritten, removed) = (runs[0], runs[1], runs[2]);
    let mut connection = world.connect().await;
    age(&mut connection, archived).await;
    let pool = scan::connect(&world.database_url, 2).await.unwrap();
    // As if the day had ended long ago.
    let take = async |name: &str| {
        let (anchor, document) = audit::take(&pool, None, chrono::TimeDelta::days(-2)).await.unwrap();
        assert!(document.findings.is_empty(), "{:?}", document.findings);
        let path = anchors.path().join(name);
        std::fs::write(&path, anchor.to_text().unwrap()).unwrap();
        path.display().to_string()
    };
    let first = take("1.json").await;
    // The node's lease has not expired yet.
    execute(&mut connection, "update retention_lease set until = '-infinity'").await;
    let (ok, out, error) = world.command(&["retention", "run"]);
    assert!(ok && out.contains("1 archive(s) written"), "{out}{error}");
    let all = anchors.path().display().to_string();
    let verified = || world.command(&["audit", "verify", "--anchor", &all]);
    let (ok, out, error) = verified();
    assert!(ok && out.contains("1 day was not compared with anchors") && !out.contains("every record"), "{out}{error}");
    assert!(error.contains("2 runs and events were archived into 1 file: verify the files"), "{error}");
    take("2.json").await;
    let (ok, out, error) = verified();
    assert!(ok && out.contains("every record as it was written"), "{out}{error}");

    let mut history = records(&mut connection, rewritten).await;
    history[0].actor = Actor("user:nobody".into());
    replace(&mut connection, rewritten, &history).await;
    let (ok, out, error) = world.command(&["audit", "verify"]);
    assert!(ok, "the forgery is already found without the anchors: {out}{error}");
    let (ok, out, error) = verified();
    assert!(!ok && out.contains("one of the 2 runs of"), "{out}{error}");
    // The anchor from before the removal still says how many may be missing.
    for gone in
        [format!("delete from journal where run_id = '{removed}'"), format!("delete from runs where id = '{removed}'")]
    {
        execute(&mut connection, &gone).await;
    }
    let (ok, out, error) = world.command(&["audit", "verify", "--anchor", &first]);
    assert!(!ok && out.contains("3 runs and events of") && out.contains("only 2 of them"), "{out}{error}");

    let (place, run) = (folder.path().display().to_string(), archived.to_string());
    let (ok, out, error) = world.command(&["audit", "verify", "--archive", &place]);
    assert!(ok, "{out}{error}");
    let file = files(folder.path()).unwrap().remove(0);
    // The same lines with other bytes.
    let member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none()).finish().unwrap();
    std::fs::write(&file, [std::fs::read(&file).unwrap(), member].concat()).unwrap();
    for more in [&[][..], &["--run", &run]] {
        let (ok, out, error) = world.command(&[&["audit", "verify", "--archive", &place], more].concat());
        assert!(!ok && out.contains("the file has other bytes"), "{more:?}: {out}{error}");
    }
    std::fs::remove_file(&file).unwrap();
    let (ok, out, error) = world.command(&["audit", "verify", "--archive", &place]);
    assert!(!ok && out.contains(file.file_name().unwrap().to_str().unwrap()), "{out}{error}");
    assert!(out.contains("1 archive is missing"), "{out}{error}");
}
