//! JSON Schemas for editors: the language's official schema, closed where Stepwell gives metadata a meaning, and the schemas
//! of the files beside definitions. They are files of the repository; a test keeps them current.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::definition::{ActRule, HISTORY_RECORDS_MAX, HISTORY_RECORDS_MIN};
use super::official;

/// A schema, by the name under which `stepwell schema` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editor {
    /// Definitions.
    Stepwell,
    /// Files of `functions/`.
    Functions,
    /// `hub.yaml`.
    Hub,
    /// `*.scenarios.yaml`.
    Scenarios,
    /// Files of `mappings/`.
    Mapping,
}

impl Editor {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Stepwell, Self::Functions, Self::Hub, Self::Scenarios, Self::Mapping];

    /// Name under which `stepwell schema` prints it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stepwell => "stepwell",
            Self::Functions => "functions",
            Self::Hub => "hub",
            Self::Scenarios => "scenarios",
            Self::Mapping => "mapping",
        }
    }

    /// The files that it is for.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Stepwell => "Definitions",
            Self::Functions => "Files of `functions/`",
            Self::Hub => "`hub.yaml`",
            Self::Scenarios => "`*.scenarios.yaml`",
            Self::Mapping => "Files of `mappings/`",
        }
    }

    /// Name of its file in `schema/`.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::Stepwell => "stepwell.schema.json",
            Self::Functions => "functions.schema.json",
            Self::Hub => "hub.schema.json",
            Self::Scenarios => "scenarios.schema.json",
            Self::Mapping => "mapping.schema.json",
        }
    }

    /// The schema.
    #[must_use]
    pub fn schema(self) -> Value {
        let mut schema = match self {
            Self::Stepwell => definition(),
            Self::Functions => functions(),
            Self::Hub => parsed(include_str!("../../../../schema/sources/hub.yaml")),
            Self::Scenarios => parsed(include_str!("../../../../schema/sources/scenarios.yaml")),
            Self::Mapping => parsed(include_str!("../../../../schema/sources/mapping.yaml")),
        };
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["$id"] = format!("https://stepwell.invalid/schema/{}", self.file()).into();
        schema
    }
}

fn parsed(text: &str) -> Value {
    super::source::read("schema", text).map(|source| source.root().to_value()).unwrap_or_default()
}

fn definition() -> Value {
    let mut schema = official::schema();
    schema["title"] = "Stepwell workflow".into();
    schema["description"] =
        "The CNCF Serverless Workflow DSL 1.0.3, with the metadata to which Stepwell gives a meaning.".into();
    schema["properties"]["document"]["properties"]["metadata"] = workflow_metadata();
    schema["$defs"]["taskBase"]["properties"]["metadata"] = task_metadata();
    close_backoff(&mut schema["$defs"]["retryPolicy"]);
    admit_plain_sources(&mut schema);
    schema
}

fn functions() -> Value {
    json!({
        "title": "Functions of Stepwell workflows",
        "description": "Tasks that all workflows can call: `upsertCustomer` in `functions/netsuite.yaml` is `netsuite.upsertCustomer`.",
        "type": "object",
        "required": ["functions"],
        "additionalProperties": false,
        "properties": {
            "functions": {
                "type": "object",
                "description": "Tasks by name.",
                "additionalProperties": { "$ref": "#/$defs/task" },
            },
        },
        "$defs": definition()["$defs"],
    })
}

fn workflow_metadata() -> Value {
    json!({
        "type": "object",
        "title": "WorkflowMetadata",
        "description": "What Stepwell adds to a workflow. Any other key is an error.",
        "additionalProperties": false,
        "properties": {
            "key": { "type": "string", "pattern": r"^\s*\$\{[\s\S]+\}\s*$", "description": "Business key: an expression `${ }` over the workflow's transformed input. Runs are found by it." },
            "serialize": { "enum": ["key", "none"], "description": "`key`: runs of this workflow with one key run one at a time, in the order in which their events were stored. Default `none`." },
            "history": {
                "type": "object",
                "description": "For loops that never end: after this many records, the run goes on as new the next time it is between two tasks of the top-level `do`. It stays the same run, and reading it begins there.",
                "additionalProperties": false,
                "required": ["records"],
                "properties": {
                    "records": { "type": "integer", "minimum": HISTORY_RECORDS_MIN, "maximum": HISTORY_RECORDS_MAX, "examples": [10_000] },
                },
            },
            "onFault": { "enum": ["compensate", "park"], "description": "What happens on an uncaught fault: undo completed tasks, or stop and wait for a person. Default `compensate` if any task defines how it is undone, else `park`." },
            "owner": { "type": "string", "description": "Who to ask." },
            "tags": { "description": "For people." },
            "sensitive": pointers("of the workflow's input and output"),
            "acts": {
                "type": "object",
                "description": "How many people an act on a run needs: with `two`, somebody proposes it and another user approves it before it is done. Default `one`.",
                "additionalProperties": false,
                "properties": ActRule::ALL.map(|rule| (rule.as_str(), act_rule(rule))).into_iter().collect::<BTreeMap<_, _>>(),
            },
            "schedule": {
                "type": "object",
                "description": "Settings for `schedule.cron`, `every` and `after`.",
                "additionalProperties": false,
                "properties": {
                    "timeZone": { "type": "string", "description": "IANA name of the time zone of `cron`. Default UTC.", "examples": ["Europe/Zurich"] },
                    "misfire": { "enum": ["skip", "once", "all"], "description": "What to do about firings missed while no node was running: start no run, one run for all (default), or one run for each." },
                },
            },
        },
    })
}

fn act_rule(rule: ActRule) -> Value {
    let what = match rule {
        ActRule::Retry => "Every retry, with or without an input.",
        ActRule::Skip => "Every skip, with or without an output.",
        ActRule::Edit => "A retry that gives the step another input, and a skip with an output that is not null.",
        ActRule::Cancel => "Every cancel, whether it undoes what was done or not.",
        ActRule::Compensate => "Undoing what was done.",
        ActRule::Suspend => "Suspending a run. Freezes need nobody else.",
        ActRule::Resume => "Resuming a run. The end of a freeze needs nobody else for the runs that it held back.",
        ActRule::Dismiss => "Leaving a faulted run as it is.",
    };
    json!({ "enum": ["one", "two"], "description": what })
}

fn task_metadata() -> Value {
    json!({
        "type": "object",
        "title": "TaskMetadata",
        "description": "What Stepwell adds to a task. Any other key is an error.",
        "additionalProperties": false,
        "properties": {
            "title": { "type": "string", "description": "What people see instead of the name." },
            "summary": { "type": "string", "description": "What the task or function does, for people." },
            "errors": {
                "type": "array",
                "items": { "type": "string", "format": "uri" },
                "description": "Types of the errors that the task or function may raise, for people.",
            },
            "compensate": {
                "description": "How this task is undone: one task, which sees `$input` and `$output` of this one; or `none`, if it is deliberately not undone.",
                "oneOf": [{ "const": "none" }, { "$ref": "#/$defs/task" }],
            },
            "concurrency": { "type": "integer", "minimum": 1, "maximum": 100, "description": "Of a `for`: how many iterations run in parallel. Each then gets the task's input, and the output is the list of their outputs." },
            "pivot": { "type": "boolean", "description": "The point of no return: once this is done, later faults undo nothing." },
            "idempotent": { "type": "boolean", "description": "`false`: the call is never sent again after an unknown outcome." },
            "reconcile": { "$ref": "#/$defs/task", "description": "Determines the outcome of a call if it is unknown: asks the target. `null` means that it is not there; that counts once the settle time has passed." },
            "class": { "const": "person", "description": "Of a `raise`: a person decides before anything is undone. A retry restarts the block or function that contains it; a skip skips that block or function." },
            "sensitive": pointers("of the task's input and output"),
        },
    })
}

fn pointers(of: &str) -> Value {
    json!({
        "type": "array",
        "items": { "type": "string", "pattern": "^/" },
        "description": format!("JSON pointers {of} whose values are masked wherever they are shown."),
    })
}

/// The official schema leaves `exponential` open; Stepwell knows two settings there.
fn close_backoff(policy: &mut Value) {
    let Some(kinds) = policy["properties"]["backoff"]["oneOf"].as_array_mut() else { return };
    for kind in kinds {
        for name in ["constant", "linear", "exponential"] {
            let Some(settings) = kind["properties"].get_mut(name) else { continue };
            settings["additionalProperties"] = false.into();
            if name == "exponential" {
                settings["properties"] = json!({
                    "multiplier": { "type": "number", "minimum": 1, "maximum": 100, "default": 2, "description": "The factor from one delay to the next." },
                    "maxDelay": { "$ref": "#/$defs/duration", "description": "The longest delay." },
                });
            }
        }
    }
}

/// Events that start a workflow may name a source of `hub.yaml`, where the official schema wants a URI; events that a run
/// sends or listens to may not.
fn admit_plain_sources(schema: &mut Value) {
    let named = |name: &str| (format!("#/$defs/{name}"), format!("starting{}{}", name[..1].to_uppercase(), &name[1..]));
    let definitions = ["eventConsumptionStrategy", "eventFilter", "eventProperties"];
    for name in definitions {
        let mut text = schema["$defs"][name].to_string();
        for (official, own) in definitions.map(named) {
            text = text.replace(&format!("\"{official}\""), &format!("\"#/$defs/{own}\""));
        }
        schema["$defs"][named(name).1] = serde_json::from_str(&text).unwrap_or_default();
    }
    if let Some(kinds) = schema["$defs"]["startingEventProperties"]["properties"]["source"]["oneOf"].as_array_mut() {
        kinds.push(json!({
            "title": "SourceName",
            "description": "Name of a source in `hub.yaml`. Other runtimes want a URI, or the name as an expression: `${ \"name\" }`.",
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
        }));
    }
    let on = &mut schema["properties"]["schedule"]["properties"]["on"];
    if on["$ref"].is_string() {
        on["$ref"] = "#/$defs/startingEventConsumptionStrategy".into();
    }
}

#[cfg(test)]
mod tests {
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

    /// `UPDATE_EXPECTED=1` writes them.
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
    fn each_file_of_workflows_names_its_schema_and_fits_it() {
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

    /// What Stepwell does not support is told by `stepwell validate`: the language itself is right there.
    #[test]
    fn every_example_of_the_languages_reference_fits_and_most_build() {
        let (mut examples, mut built) = (0, 0);
        for file in files("tests/data/reference") {
            assert_eq!(mistakes(Editor::Stepwell, &value(&file)), Vec::<String>::new(), "{}", file.display());
            let text = std::fs::read_to_string(&file).expect("text");
            examples += 1;
            built += u32::from(crate::dsl::build("example", &text, &crate::dsl::Functions::default()).is_ok());
        }
        // Six of them write passwords and tokens out, which is a mistake here, or use a secret that nothing releases.
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
            let mut source = json!({ "kind": "salesforce-pubsub", "connection": "crm", "topics": { "/data/AccountChangeEvent": null } });
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
}
