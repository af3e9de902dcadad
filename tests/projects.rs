//! From an empty folder: a new project is written, tested, and run by `stepwell dev`.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::{World, client, eventually, free_address, program, shipped};

/// Runs a subcommand in a folder, without a world.
fn there(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(program());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let done = command.args(arguments).current_dir(folder).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn every_project_that_init_writes_is_valid_and_survives_every_failure() {
    for template in ["empty", "crm-erp", "http"] {
        let folder = tempfile::tempdir().unwrap();
        let (ok, said) = there(folder.path(), &["init", "project", "--from", template]);
        assert!(ok && said.contains("cd project"), "{template}: {said}");
        let project = folder.path().join("project");
        for arguments in [["validate", "workflows"].as_slice(), &["test", "workflows", "--faults"]] {
            let (ok, said) = there(&project, arguments);
            assert!(ok, "{template}: {arguments:?}: {said}");
        }
        // A second time, nothing is overwritten.
        std::fs::write(project.join("README.md"), "mine").unwrap();
        let (ok, said) = there(folder.path(), &["init", "project", "--from", template]);
        assert!(!ok && said.contains("nothing was written"), "{template}: {said}");
        assert_eq!(std::fs::read_to_string(project.join("README.md")).unwrap(), "mine");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_runs_a_project_without_any_connection() {
    let world = World::new(&[], &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let (ok, said) = there(folder.path(), &["init"]);
    assert!(ok, "{said}");
    let (listen, sandbox) = (free_address(), free_address());
    let mut command = Command::new(program());
    command.args(["dev", "--listen", &listen.to_string(), "--sandbox", &sandbox.to_string()]);
    command.env("STEPWELL_WORKFLOWS", folder.path().join("workflows"));
    let mut dev = world.equip(&mut command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    eventually("the project is up", || async {
        let ready = client().get(format!("http://{listen}/readyz")).send().await;
        ready.ok().filter(|r| r.status().is_success())
    })
    .await;
    let input = folder.path().join("greeting.json");
    let (ok, out, err) = world.command(&["run", "main/hello", "--input", input.to_str().unwrap(), "--wait"]);
    dev.kill().unwrap();
    dev.wait().unwrap();
    let _ = Command::new("pkill").args(["-f", &format!("sandbox --listen {sandbox}")]).status();
    assert!(ok && out.contains("Hello, Ada!"), "{out}{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_would_keep_a_node_from_working() {
    let mut world = World::new(&shipped(), &[]).await;
    let findings = |world: &World, arguments: &[&str]| {
        let (ok, out, err) = world.command(&[&["doctor", "--json"], arguments].concat());
        let found: Vec<Value> = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
        (ok, found)
    };
    let says = |found: &[Value], level: &str, subject: &str, what: &str| {
        let fits = |f: &&Value| f["level"] == level && f["subject"] == subject;
        let told = found.iter().filter(fits).any(|f| f["detail"].as_str().unwrap_or_default().contains(what));
        assert!(told, "{level} {subject}: {what} is missing in {found:#?}");
    };
    let (ok, found) = findings(&world, &["--offline"]);
    assert!(ok, "{found:#?}");
    says(&found, "ok", "workflows", "without mistakes");
    // The settings do not allow calls to the sandbox's address.
    let (ok, found) = findings(&world, &[]);
    assert!(!ok);
    says(&found, "error", "connection netsuite", "network.allow");
    says(&found, "ok", "database", "every migration");
    world.set("STEPWELL_ENVIRONMENT", "staging");
    let (ok, found) = findings(&world, &["--offline"]);
    assert!(!ok);
    says(&found, "error", "connection salesforce", "no base URL for the environment staging");
    world.write("broken.yaml", "document: {}\n");
    says(&findings(&world, &["--offline"]).1, "error", "workflows", "broken.yaml");
}
