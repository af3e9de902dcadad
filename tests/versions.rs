//! Several versions at once: a run keeps the version with which it started, a start without a version uses the latest
//! release, and versions with runs cannot be deleted.

use serde_json::json;

use crate::harness::{Node, World, eventually};

fn text(version: &str, input: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: test, name: pinned, version: '{version}' }}\ninput:\n  schema:\n    document: {input}\ndo:\n  - go:\n      listen: {{ to: {{ one: {{ with: {{ type: go }} }} }} }}\n  - say: {{ set: {{ version: '{version}' }} }}\n"
    )
}

const INPUT: &str = "{ type: object }";

async fn deploy(node: &Node, version: &str) {
    let headers = [("content-type", "application/yaml")];
    let (status, answer) = node.send("PUT", "/api/v1/workflows/test/pinned", &headers, text(version, INPUT)).await;
    assert_eq!(status, 201, "{answer}");
}

/// Starts a run that waits for its event. Returns id and version.
async fn start(node: &Node, query: &str) -> (String, String) {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/pinned/runs{query}"), &json!({})).await;
    assert!(status < 300, "{status} {run}");
    let id = run["id"].as_str().unwrap().to_owned();
    let run = node.run_becomes(&id, "waiting").await;
    (id, run["workflow"]["version"].as_str().unwrap().to_owned())
}

async fn go(node: &Node) {
    let headers = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "go-1"),
        ("ce-source", "https://test.example"),
        ("ce-type", "go"),
    ];
    let (status, answer) = node.send("POST", "/events", &headers, "{}".to_owned()).await;
    assert!(status < 300, "{status} {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_stays_with_its_version_while_others_are_deployed() {
    let world = World::new(&[("pinned.yaml", text("1.9.0", INPUT))], &[]).await;
    let mut node = world.node().await;
    let (old, version) = start(&node, "").await;
    assert_eq!(version, "1.9.0");
    for version in ["1.10.0", "2.0.0-rc.1"] {
        deploy(&node, version).await;
    }
    // Ten is greater than nine, and a pre-release is only used if there is no release.
    let (new, version) = start(&node, "").await;
    assert_eq!(version, "1.10.0");
    let (candidate, version) = start(&node, "?version=2.0.0-rc.1").await;
    assert_eq!(version, "2.0.0-rc.1");
    // Another node takes over and drives each run with its own version.
    node.kill();
    let node = world.node().await;
    go(&node).await;
    for (id, version) in [(&old, "1.9.0"), (&new, "1.10.0"), (&candidate, "2.0.0-rc.1")] {
        let run = node.run_becomes(id, "completed").await;
        assert_eq!((&run["output"], &run["workflow"]["version"]), (&json!({ "version": version }), &json!(version)));
    }
    let (_, listed) = node.get("/api/v1/workflows/test/pinned").await;
    assert_eq!(listed["version"], "1.10.0", "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_version_without_runs_can_be_deleted() {
    let world = World::new(&[("pinned.yaml", text("1.0.0", INPUT))], &[]).await;
    let node = world.node().await;
    let (id, _) = start(&node, "").await;
    deploy(&node, "1.1.0").await;
    deploy(&node, "1.2.0").await;
    let path = |version: &str| format!("/api/v1/workflows/test/pinned/{version}");
    let delete = |version: &'static str| {
        let node = &node;
        async move { node.send("DELETE", &path(version), &[], String::new()).await }
    };
    let in_use = |(status, answer): (u16, serde_json::Value)| {
        assert_eq!(status, 409, "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains(&id), "{answer}");
    };
    in_use(delete("1.0.0").await);
    go(&node).await;
    node.run_becomes(&id, "completed").await;
    // The journal of a closed run needs its version too.
    in_use(delete("1.0.0").await);
    let command = |version: &str| world.command(&["delete", "test/pinned", "--version", version]);
    let (deleted, _, refusal) = command("1.0.0");
    assert!(!deleted && refusal.contains(&id), "{refusal}");
    let (_, reader, _) = world.command(&["token", "create", "--scopes", "operate"]);
    let authorization = format!("Bearer {}", reader.trim());
    let headers = [("authorization", authorization.as_str())];
    let (status, _) = node.send("DELETE", &path("1.2.0"), &headers, String::new()).await;
    assert_eq!(status, 403);
    assert_eq!(delete("1.2.0").await.0, 204);
    assert_eq!(delete("1.2.0").await.0, 404);
    // The node learns by itself what was deleted on a terminal.
    let (deleted, told, why) = command("1.1.0");
    assert!(deleted && told.contains("deleted test/pinned:1.1.0"), "{told}{why}");
    eventually("the first version is the latest again", || async {
        let (_, workflow) = node.get("/api/v1/workflows/test/pinned").await;
        (workflow["version"] == "1.0.0").then_some(())
    })
    .await;
    let (deleted, _, why) = command("1.1.0");
    assert!(!deleted && why.contains("test/pinned:1.1.0 is not deployed"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_compared_with_what_is_deployed_or_lies_in_a_file() {
    let world = World::new(&[("pinned.yaml", text("1.0.0", INPUT))], &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).display().to_string()
    };
    let old = write("old.yaml", text("1.0.0", INPUT));
    let narrower = "{ type: object, required: [id] }";
    let minor = write("minor.yaml", text("1.1.0", narrower));
    let major = write("major.yaml", text("2.0.0", narrower));
    let same = write("same.yaml", text("1.0.0", INPUT).replacen("1.0.0", "1.0.1", 1));
    for than in ["test/pinned", "test/pinned:1.0.0", &old] {
        let compare = |new: &str| world.command(&["validate", new, "--compatible-with", than]);
        let (ok, told, _) = compare(&minor);
        assert!(!ok && told.contains("minor.yaml:4:"), "{told}");
        assert!(told.contains("error: breaks callers of 1.0.0: `id` is now required"), "{told}");
        let (ok, told, _) = compare(&major);
        assert!(ok && told.contains("warning: breaks callers of 1.0.0") && told.contains("\nbreaking: "), "{told}");
        let (ok, told, _) = compare(&same);
        assert!(ok && told.starts_with("compatible: test/pinned:1.0.1 with test/pinned:1.0.0"), "{told}");
    }
    let (ok, json, _) = world.command(&["validate", &minor, "--compatible-with", &old, "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((ok, &found[0]["line"], &found[0]["severity"]), (false, &json!(4), &json!("error")), "{found}");
    let (ok, _, why) = world.command(&["validate", &minor, "--compatible-with", "test/unknown"]);
    assert!(!ok && why.contains("no workflow test/unknown is deployed"), "{why}");
}
