//! The shipped function catalogs: each function does what its scenarios say, with faults at any step.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scenario_files() -> Vec<PathBuf> {
    dsl::scenario_files(&root().join("tests/data/catalogs")).expect("the folder can be read")
}

fn value(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    dsl::source::read(&path.display().to_string(), &text).expect("YAML").root().to_value()
}

/// The general functions of a catalog: those with a summary.
fn described(system: &str) -> Vec<(String, Value)> {
    let catalog = value(&root().join(format!("workflows/functions/{system}.yaml")));
    let functions = catalog["functions"].as_object().expect("functions").clone();
    functions.into_iter().filter(|(_, function)| function["metadata"]["summary"].is_string()).collect()
}

#[test]
fn each_function_of_the_catalogs_does_what_its_scenarios_say() {
    let ask = Ask { depth: Some(1), ..Ask::default() };
    let files = scenario_files();
    let test = |file: &PathBuf| test_file(file, &ask, &Evaluation::here).unwrap_or_else(|m| panic!("{m:?}"));
    let report = Report { files: files.iter().map(test).collect() };
    let mut out = Vec::new();
    report.print(&mut out).expect("a vector takes all");
    assert_eq!(report.failed(), 0, "{}", String::from_utf8_lossy(&out));
}

#[test]
fn each_function_of_the_catalogs_has_scenarios_and_says_what_it_takes_gives_and_raises() {
    for file in scenario_files() {
        let system = file.file_name().and_then(|name| name.to_str()).and_then(|name| name.split('.').next());
        let system = system.expect("a name").to_owned();
        let scenarios = value(&file);
        let called: BTreeSet<&str> = scenarios["scenarios"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|scenario| scenario["input"]["call"].as_str())
            .collect();
        let functions = described(&system);
        assert!(functions.len() > 10, "{system}: only {} functions", functions.len());
        for (name, function) in functions {
            // `queryMore` is used only by `queryAll`.
            assert!(called.contains(name.as_str()) || name == "queryMore", "{system}.{name} has no scenario");
            assert!(function["input"]["schema"].is_object(), "{system}.{name} does not say what it takes");
            let gives = function["output"]["schema"].is_object() || name == "read";
            assert!(gives, "{system}.{name} does not say what it gives");
            let raises = function["metadata"]["errors"].as_array().is_some_and(|errors| !errors.is_empty());
            assert!(raises, "{system}.{name} does not say what it raises");
        }
    }
}
