//! Programs that definitions run where an operator allows it: within limits, and ended when nobody waits for them any
//! more.

use serde_json::{Value, json};

use crate::harness::{Node, Target, World, eventually, hub};
use crate::links::workflow;

async fn world(tasks: &[(&str, &str)], kinds: &str, more: &[(&str, &str)]) -> World {
    let mut world = World::new(&[("hub.yaml", hub())], &[]).await;
    for (name, value) in [("STEPWELL_PROCESSES_ENABLE", kinds)].iter().chain(more) {
        world.set(name, value);
    }
    for (name, run) in tasks {
        let (file, text) = workflow(name, "1.0.0", &format!("do:\n  - run: {{ run: {run} }}\n"));
        world.write(&file, &text);
    }
    world.deploy();
    world
}

/// Runs a workflow and returns the run once it has closed.
async fn ended(node: &Node, name: &str, input: &Value) -> Value {
    let (status, run) = node.post(&format!("/api/v1/workflows/test/{name}/runs?wait=30"), input).await;
    assert_eq!(status, 200, "{run}");
    run
}

async fn output(node: &Node, name: &str, input: &Value) -> Value {
    let run = ended(node, name, input).await;
    assert_eq!(run["status"], "completed", "{run}");
    run["output"].clone()
}

async fn error(node: &Node, name: &str) -> (String, String) {
    let run = ended(node, name, &json!({})).await;
    let error = &run["error"];
    let kind = error["type"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    (kind, error["detail"].as_str().unwrap_or_default().to_owned())
}

fn is_running(pid: &str) -> bool {
    // A zombie has ended.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_their_input_and_nothing_of_the_nodes() {
    let tasks = [
        (
            "echo",
            "{ shell: { command: 'cat; printf \" %s|%s\" \"$1\" \"$2\"', stdin: '${ .text }', arguments: ['a b', '${ .trick }'] } }",
        ),
        ("data", "{ shell: { command: cat, stdin: '${ . }' } }"),
        ("env", "{ shell: { command: env, environment: { GREETING: '${ .text }' } } }"),
        ("all", "{ shell: { command: 'echo out; echo err >&2; exit 3' }, return: all }"),
        ("code", "{ shell: { command: 'exit 3' }, return: code }"),
        ("stderr", "{ shell: { command: 'echo err >&2' }, return: stderr }"),
        ("none", "{ shell: { command: 'echo out' }, return: none }"),
        (
            "python",
            "{ script: { language: python, code: 'import sys; print(sys.argv[1:], sys.stdin.read())', arguments: [x, '1'], stdin: hello } }",
        ),
        (
            "javascript",
            "{ script: { language: javascript, code: 'const [_, __, who] = process.argv; console.log(`hello ${who}`)', arguments: [Ada] } }",
        ),
        ("async", "{ shell: { command: 'true' }, await: false }"),
    ];
    let world = world(&tasks, "shell,python,javascript", &[]).await;
    let node = world.node().await;
    let input = json!({ "text": "hello", "trick": "$(id) `id` \"'; exit 1" });
    assert_eq!(output(&node, "echo", &input).await, "hello a b|$(id) `id` \"'; exit 1");
    assert_eq!(output(&node, "data", &json!({ "n": 1 })).await, "{\"n\":1}");
    let environment = output(&node, "env", &input).await;
    let names: Vec<&str> = environment.as_str().unwrap().lines().filter_map(|line| line.split('=').next()).collect();
    let known =
        ["PATH", "HOME", "LANG", "PWD", "_", "SHLVL", "OLDPWD", "STEPWELL_IDEMPOTENCY_KEY", "TRACEPARENT", "GREETING"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert!(names.contains(&"GREETING") && names.contains(&"STEPWELL_IDEMPOTENCY_KEY"));
    assert_eq!(output(&node, "all", &json!({})).await, json!({ "code": 3, "stdout": "out\n", "stderr": "err\n" }));
    assert_eq!(output(&node, "code", &json!({})).await, 3);
    assert_eq!(output(&node, "stderr", &json!({})).await, "err\n");
    assert_eq!(output(&node, "none", &json!({})).await, Value::Null);
    assert_eq!(output(&node, "python", &json!({})).await, "['x', '1'] hello\n");
    assert_eq!(output(&node, "javascript", &json!({})).await, "hello Ada\n");
    assert_eq!(output(&node, "async", &input).await, input, "a program that is not awaited passes its input on");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_are_kept_within_their_limits() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let long = format!("{{ shell: {{ command: 'sleep 600 & echo $! > {}; wait' }} }}", pid.display());
    let tasks = [
        ("long", long.as_str()),
        ("loud", "{ shell: { command: 'yes' } }"),
        ("hungry", "{ script: { language: python, code: 'x = bytearray(1 << 30)' } }"),
        ("failing", "{ shell: { command: 'echo because >&2; exit 7' } }"),
        ("killed", "{ shell: { command: 'kill -TERM $$' } }"),
        ("missing", "{ container: { image: alpine } }"),
    ];
    let more = [("STEPWELL_PROCESSES_TIME_SECONDS", "2"), ("STEPWELL_PROCESSES_CONTAINER", "no-such-engine")];
    let world = world(&tasks, "shell,python,container", &more).await;
    let node = world.node().await;
    let (long, loud, hungry) = tokio::join!(error(&node, "long"), error(&node, "loud"), error(&node, "hungry"));
    assert_eq!(long.0, "timeout", "{long:?}");
    assert!(loud.0 == "runtime" && loud.1.contains("processes.output_kb"), "{loud:?}");
    assert!(hungry.0 == "runtime" && hungry.1.contains("MemoryError"), "{hungry:?}");
    let failing = error(&node, "failing").await;
    assert!(failing.1.ends_with("ended with exit code 7: because"), "{failing:?}");
    assert!(error(&node, "killed").await.1.contains("killed by signal 15"));
    let missing = error(&node, "missing").await;
    assert!(missing.0 == "configuration" && missing.1.contains("no-such-engine"), "{missing:?}");
    let grandchild = std::fs::read_to_string(&pid).unwrap().trim().to_owned();
    eventually("the shell's child process is gone too", || async { (!is_running(&grandchild)).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_operator_allowed_is_refused_at_deployment_and_where_it_runs() {
    let mut world = world(&[("allowed", "{ shell: { command: 'echo hello' } }")], "shell", &[]).await;
    world.set("STEPWELL_PROCESSES_ENABLE", "python");
    let node = world.node().await;
    let (_, text) = workflow("refused", "1.0.0", "do:\n  - a: { run: { shell: { command: ls } } }\n");
    let headers = [("content-type", "application/yaml")];
    let (status, problem) = node.send("PUT", "/api/v1/workflows/test/refused", &headers, text).await;
    assert_eq!(status, 422, "{problem}");
    assert!(problem.to_string().contains("processes.enable"), "{problem}");
    // Deployed while it was allowed: the node starts, and the run reports what is missing.
    let refused = error(&node, "allowed").await;
    assert!(refused.0 == "configuration" && refused.1.contains("processes.enable"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_dies_with_its_node_and_the_run_ends_as_if_nothing_had_been() {
    let target = Target::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (pids, go) = (folder.path().join("pids"), folder.path().join("go"));
    let command = format!(
        "{{ shell: {{ command: 'echo $$ >> {0}; while [ ! -e {1} ]; do sleep 0.05; done; echo done' }} }}",
        pids.display(),
        go.display()
    );
    drop(target);
    let world = world(&[("slow", &command)], "shell", &[]).await;
    let mut node = world.node().await;
    let (_, run) = node.post("/api/v1/workflows/test/slow/runs", &json!({})).await;
    let started = async |count: usize| {
        eventually("the program runs", || async {
            let text = std::fs::read_to_string(&pids).ok()?;
            (text.lines().count() >= count).then(|| text.lines().map(str::to_owned).collect::<Vec<_>>())
        })
        .await
    };
    let first = started(1).await.remove(0);
    node.kill();
    eventually("the orphan is gone", || async { (!is_running(&first)).then_some(()) }).await;
    let node = world.node().await;
    started(2).await;
    std::fs::write(&go, "").unwrap();
    let run = node.run_becomes(run["id"].as_str().unwrap(), "completed").await;
    assert_eq!((&run["output"], &run["tasks"][0]["attempts"]), (&json!("done\n"), &json!(2)), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_is_started_with_limits_and_removed_when_no_run_waits_for_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (log, engine) = (folder.path().join("log"), folder.path().join("engine"));
    let script = format!("#!/bin/sh\necho \"$@\" >> {}\nif [ \"$1\" = run ]; then cat; fi\n", log.display());
    std::fs::write(&engine, script).unwrap();
    std::fs::set_permissions(&engine, std::fs::Permissions::from_mode(0o755)).unwrap();
    let task = "{ container: { image: 'alpine:3', command: 'cat; echo $1', arguments: [Foo], stdin: '${ .text }', environment: { A: b }, pullPolicy: always } }";
    let more = [("STEPWELL_PROCESSES_CONTAINER", engine.to_str().unwrap())];
    let tasks = [("contained", task), ("computed", "{ container: { image: '${ .image }' } }")];
    let world = world(&tasks, "container", &more).await;
    let node = world.node().await;
    assert_eq!(output(&node, "contained", &json!({ "text": "hello" })).await, "hello");
    let calls = std::fs::read_to_string(&log).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    let name = calls[0].strip_prefix("rm --force -- ").expect("the container of an earlier attempt is removed first");
    assert!(name.starts_with("stepwell-") && name.ends_with("-test.contained.run"), "{calls:?}");
    let run = calls[1];
    for option in [
        "run --rm --interactive ",
        &format!(" --name={name} "),
        " --pull=always ",
        " --cap-drop=ALL ",
        " --security-opt=no-new-privileges ",
        " --network=none ",
        " --pids-limit=256 ",
        " --cpus=1 ",
        " --memory=536870912 ",
        " --memory-swap=536870912 ",
        " --read-only ",
        " --env=A=b ",
    ] {
        assert!(run.contains(option), "{option}: {run}");
    }
    assert!(run.ends_with(" --entrypoint=sh -- alpine:3 -c -- cat; echo $1 sh Foo"), "{run}");
    // Computed values are checked when they are used: nothing is started.
    let computed = ended(&node, "computed", &json!({ "image": "--privileged" })).await;
    let detail = computed["error"]["detail"].as_str().unwrap();
    assert!(detail.contains("not the name of an image"), "{computed}");
    assert_eq!(std::fs::read_to_string(&log).unwrap().lines().count(), calls.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_look_like_options_stay_arguments() {
    let tasks = [
        ("shell", "{ shell: { command: '-x; echo \"$1 $2\"', arguments: ['-c', '--'] }, return: all }"),
        (
            "python",
            "{ script: { language: python, code: 'import sys; print(sys.argv[1:])', arguments: ['-c', '--version', '${ .a }'] } }",
        ),
        (
            "javascript",
            "{ script: { language: javascript, code: 'console.log(process.argv.slice(2).join())', arguments: ['--version', '-e', '${ .a }'] } }",
        ),
        ("value", "{ shell: { command: 'printenv A', environment: { A: '${ .a }' } } }"),
    ];
    let world = world(&tasks, "shell,python,javascript", &[]).await;
    let node = world.node().await;
    let input = json!({ "a": "--eval=process.exit(9)" });
    let shell = output(&node, "shell", &input).await;
    assert_eq!((&shell["stdout"], &shell["code"]), (&json!("-c --\n"), &json!(0)), "{shell}");
    let said = shell["stderr"].as_str().unwrap();
    assert!(
        said.contains("-x") && said.contains("not found"),
        "an argument that begins with `-` was taken for an option: {shell}"
    );
    assert_eq!(output(&node, "python", &input).await, "['-c', '--version', '--eval=process.exit(9)']\n");
    assert_eq!(output(&node, "javascript", &input).await, "--version,-e,--eval=process.exit(9)\n");
    assert_eq!(output(&node, "value", &input).await, "--eval=process.exit(9)\n");
}
