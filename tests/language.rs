//! The language according to its reference: small definitions with their expected results, run by the built program.

use serde_json::{Map, Value, json};

use crate::harness::{Node, World};

/// A scenario in tests/data/scenarios.
struct Scenario {
    name: String,
    definition: Value,
    input: Value,
    expected: Map<String, Value>,
}

fn scenarios() -> Vec<Scenario> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let source = stepwell::dsl::source::read(&file.display().to_string(), &text).unwrap();
        for item in source.root().to_value().as_array().unwrap() {
            let number = found.len();
            found.push(scenario(number, item.as_object().unwrap().clone()));
        }
    }
    found
}

fn scenario(number: usize, mut parts: Map<String, Value>) -> Scenario {
    let name = parts.remove("name").unwrap().as_str().unwrap().to_owned();
    let input = parts.remove("input").unwrap_or_else(|| json!({}));
    let expected = ["output", "output as", "error"];
    let expected = expected.iter().filter_map(|key| Some(((*key).to_owned(), parts.remove(*key)?))).collect();
    let document =
        json!({ "dsl": "1.0.3", "namespace": "scenarios", "name": format!("s{number}"), "version": "1.0.0" });
    parts.insert("document".to_owned(), document);
    let mut spec = Map::new();
    if let Some(schema) = parts.remove("input schema") {
        spec.insert("schema".to_owned(), json!({ "document": schema }));
    }
    if let Some(from) = parts.remove("workflow input") {
        spec.insert("from".to_owned(), from);
    }
    if !spec.is_empty() {
        parts.insert("input".to_owned(), Value::Object(spec));
    }
    if let Some(output) = parts.remove("workflow output") {
        parts.insert("output".to_owned(), json!({ "as": output }));
    }
    Scenario { name, definition: Value::Object(parts), input, expected }
}

async fn play(node: &Node, scenario: &Scenario) -> Result<(), String> {
    let name = scenario.definition["document"]["name"].as_str().unwrap();
    let headers = [("content-type", "application/json")];
    let path = format!("/api/v1/workflows/scenarios/{name}");
    let (status, answer) = node.send("PUT", &path, &headers, scenario.definition.to_string()).await;
    if !(200..300).contains(&status) {
        return Err(format!("not deployed: {status} {answer}"));
    }
    let (status, run) = node.post(&format!("{path}/runs?wait=30"), &scenario.input).await;
    if status != 200 && status != 201 {
        return Err(format!("not started or not done: {status} {run}"));
    }
    if let Some(wanted) = scenario.expected.get("error") {
        for (key, wanted) in wanted.as_object().unwrap() {
            let has = &run["error"][key];
            let fits = match (key.as_str(), wanted.as_str(), has.as_str()) {
                ("type", Some(wanted), Some(has)) if !wanted.contains(':') => {
                    has == format!("https://serverlessworkflow.io/spec/1.0.0/errors/{wanted}")
                }
                _ => has == wanted,
            };
            if run["status"] != "faulted" || !fits {
                return Err(format!("{key} of the error is not {wanted}: {run}"));
            }
        }
        return Ok(());
    }
    let mut output = run["output"].clone();
    if let Some(expression) = scenario.expected.get("output as") {
        let expression = stepwell::expr::Expression::parse(expression.as_str().unwrap(), &[]).unwrap();
        output = expression.evaluate(&std::sync::Arc::new(output), &[]).map_err(|e| format!("{e}: {run}"))?;
    }
    if run["status"] == "completed" && output == scenario.expected["output"] {
        return Ok(());
    }
    Err(format!("wanted {}, got {run}", scenario.expected["output"]))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_construct_of_the_language_does_what_its_reference_says() {
    let greet = |text: &str| format!("do: [ {{ say: {{ set: {{ text: '${{ \"{text} \\(.who)\" }}' }} }} }} ]\n");
    let files = [
        ("functions/global/functions/greet/1.2.0/function.yaml", greet("Hello")),
        ("functions/global/functions/greet/1.10.0/function.yaml", greet("Hi")),
    ];
    let world = World::new(&files, &[]).await;
    let node = world.node().await;
    let mut wrong = Vec::new();
    let scenarios = scenarios();
    assert!(scenarios.len() > 40, "the scenarios were not found");
    for scenario in &scenarios {
        if let Err(why) = play(&node, scenario).await {
            wrong.push(format!("{}: {why}", scenario.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {} fail:\n{}", wrong.len(), scenarios.len(), wrong.join("\n"));
}
