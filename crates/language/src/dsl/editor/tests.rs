//! The schemas for editors are current, accept the files of the repository, and refuse typos.

use std::path::{Path, PathBuf};

use super::*;
use crate::dsl::source;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn validator(editor: Editor) -> jsonschema::Validator {
    jsonschema::options().offline().build(&editor.schema()).expect("a JSON Schema")
}

fn value(file: &Path) -> Value {
    let text = std::fs::read_to_string(file).expect("text");
    source::read(&file.display().to_string(), &text).expect("YAML").root().to_value()
}

fn mistakes(editor: Editor, value: &Value) -> Vec<String> {
    validator(editor).iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).expect("a folder").map(|e| e.expect("an entry").path());
    entries.filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "json")).collect()
}

/// `UPDATE_EXPECTED=1` writes the files.
#[test]
fn the_schemas_of_the_repository_are_current() {
    for editor in Editor::ALL {
        let path = root().join("schema").join(editor.file());
        let wanted = serde_json::to_string_pretty(&editor.schema()).expect("JSON") + "\n";
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            std::fs::write(&path, &wanted).expect("written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == wanted, "{} is not current: run this test with UPDATE_EXPECTED=1", path.display());
    }
}

#[test]
fn each_file_of_workflows_names_its_schema_and_matches_it() {
    let mut seen = 0;
    for file in ["workflows", "workflows/functions", "workflows/mappings"].into_iter().flat_map(files) {
        let name = file.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let editor = match name.as_str() {
            "hub.yaml" => Editor::Hub,
            _ if name.ends_with(".scenarios.yaml") => Editor::Scenarios,
            _ if file.parent().is_some_and(|p| p.ends_with("functions")) => Editor::Functions,
            _ if file.parent().is_some_and(|p| p.ends_with("mappings")) => Editor::Mapping,
            _ => Editor::Stepwell,
        };
        let first = std::fs::read_to_string(&file).expect("text").lines().next().unwrap_or_default().to_owned();
        let schema = first.strip_prefix("# yaml-language-server: $schema=").unwrap_or_default();
        assert!(schema.ends_with(editor.file()), "{name} begins with {first:?}");
        assert!(file.parent().is_some_and(|p| p.join(schema).is_file()), "{name}: {schema} is not there");
        assert_eq!(mistakes(editor, &value(&file)), Vec::<String>::new(), "{name}");
        seen += 1;
    }
    assert!(seen >= 5, "the shipped files were not found");
}

#[test]
fn every_good_definition_fits() {
    for file in files("tests/data/definitions/good") {
        assert_eq!(mistakes(Editor::Stepwell, &value(&file)), Vec::<String>::new(), "{}", file.display());
    }
}

/// `stepwell validate` reports what Stepwell does not support; the schema describes the whole language.
#[test]
fn every_example_of_the_languages_reference_is_valid_and_most_build() {
    let (mut examples, mut built) = (0, 0);
    for file in files("tests/data/reference") {
        assert_eq!(mistakes(Editor::Stepwell, &value(&file)), Vec::<String>::new(), "{}", file.display());
        let text = std::fs::read_to_string(&file).expect("text");
        examples += 1;
        built += u32::from(crate::dsl::build("example", &text, &crate::dsl::Functions::default()).is_ok());
    }
    // The other examples contain literal passwords or tokens, or use secrets that nothing releases; both are mistakes
    // here.
    assert_eq!((examples, built), (39, 16), "the guide says which kinds are not supported");
}

#[test]
fn typos_in_the_files_beside_definitions_are_errors() {
    let sound = json!({ "functions": { "read": { "set": { "a": 1 }, "metadata": { "title": "Read" } } } });
    assert_eq!(mistakes(Editor::Functions, &sound), Vec::<String>::new());
    let mut typo = sound.clone();
    typo["functions"]["read"]["metadata"] = json!({ "titel": "Read" });
    let hub = |connection: Value| json!({ "connections": { "erp": connection } });
    let url = json!({ "test": "https://erp.example" });
    assert_eq!(mistakes(Editor::Hub, &hub(json!({ "baseUrl": url }))), Vec::<String>::new());
    let source = |mut settings: Value| {
        settings["secret"] = "${ $secrets.s }".into();
        json!({ "sources": { "shop": settings } })
    };
    for sound in [
        json!({ "scheme": "hmac", "hmac": { "header": "X-Signature" } }),
        json!({ "scheme": "bearer", "body": "salesforce-outbound-message", "organizationId": "00DWs000003aBcD" }),
    ] {
        assert_eq!(mistakes(Editor::Hub, &source(sound)), Vec::<String>::new());
    }
    let topics = |settings: Value| {
        let mut source =
            json!({ "kind": "salesforce-pubsub", "connection": "crm", "topics": { "/data/AccountChangeEvent": null } });
        source.as_object_mut().expect("an object").extend(settings.as_object().cloned().unwrap_or_default());
        json!({ "sources": { "crm": source } })
    };
    assert_eq!(mistakes(Editor::Hub, &topics(json!({ "batch": 50, "start": "earliest" }))), Vec::<String>::new());
    for (editor, wrong) in [
        (Editor::Hub, topics(json!({ "kind": "salesforce" }))),
        (Editor::Hub, topics(json!({ "batch": 101 }))),
        (Editor::Hub, topics(json!({ "topics": { "AccountChangeEvent": null } }))),
        (Editor::Hub, topics(json!({ "secret": "${ $secrets.s }" }))),
        (Editor::Hub, source(json!({ "scheme": "stripes" }))),
        (Editor::Hub, source(json!({ "scheme": "hmac" }))),
        (Editor::Hub, source(json!({ "scheme": "github", "basic": { "username": "u" } }))),
        (Editor::Hub, source(json!({ "scheme": "github", "body": "salesforce-outbound-message" }))),
        (Editor::Hub, json!({ "sources": { "shop": { "scheme": "github" } } })),
        (Editor::Functions, typo),
        (Editor::Functions, json!({ "function": {} })),
        (Editor::Hub, hub(json!({ "baseURL": url }))),
        (Editor::Hub, hub(json!({ "baseUrl": url, "retry": { "atempts": 3 } }))),
        (Editor::Scenarios, json!({ "scenarios": [{ "name": "a", "input": {}, "expects": {} }] })),
    ] {
        assert!(!mistakes(editor, &wrong).is_empty(), "{wrong}");
    }
}

#[test]
fn a_typo_in_metadata_is_an_error() {
    let mut workflow = value(&root().join("workflows/closed-won.yaml"));
    let first = first_name(&workflow);
    workflow["do"][0][first]["metadata"] = json!({ "compensat": "none" });
    assert!(!mistakes(Editor::Stepwell, &workflow).is_empty());
    let mut workflow = value(&root().join("workflows/closed-won.yaml"));
    workflow["document"]["metadata"]["onfault"] = "park".into();
    assert!(!mistakes(Editor::Stepwell, &workflow).is_empty());
}

#[test]
fn a_source_of_the_hub_may_start_a_workflow_by_its_plain_name() {
    let workflow = |on: Value, task: Value| {
        json!({
            "document": { "dsl": "1.0.3", "namespace": "t", "name": "n", "version": "1.0.0" },
            "schedule": { "on": on },
            "do": [{ "a": task }],
        })
    };
    let filter = |source: &str| json!({ "with": { "source": source, "type": "won" } });
    let set = json!({ "set": { "b": 1 } });
    let listen = |source: &str| json!({ "listen": { "to": { "one": filter(source) } } });
    let count = |on: Value, task: &Value| mistakes(Editor::Stepwell, &workflow(on, task.clone())).len();
    assert_eq!(count(json!({ "one": filter("salesforce") }), &set), 0);
    assert_eq!(count(json!({ "any": [filter("salesforce"), filter("https://a.example/b")] }), &set), 0);
    assert_eq!(count(json!({ "one": filter("${ \"salesforce\" }") }), &listen("https://a.example/b")), 0);
    assert!(count(json!({ "one": filter("no name") }), &set) > 0);
    assert!(count(json!({ "one": filter("salesforce") }), &listen("salesforce")) > 0);
}

fn first_name(workflow: &Value) -> String {
    workflow["do"][0].as_object().and_then(|task| task.keys().next()).expect("a task").clone()
}

#[test]
fn each_setting_of_ours_is_described() {
    for metadata in [workflow_metadata(), task_metadata()] {
        for (name, setting) in metadata["properties"].as_object().expect("properties") {
            assert!(setting["description"].as_str().is_some_and(|d| d.len() > 8), "{name}");
        }
    }
}
