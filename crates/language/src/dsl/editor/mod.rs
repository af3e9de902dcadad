//! JSON Schemas for editors: the official schema of the language, closed where Stepwell defines metadata, and the
//! schemas of the files beside definitions. They are files of the repository; a test keeps them current.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::definition::{ActRule, HISTORY_RECORDS_MAX, HISTORY_RECORDS_MIN, ROLES, TASK_COMPLETED, USERS_MAX};
use super::official;

/// A schema that `stepwell schema` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editor {
    /// For definitions.
    Stepwell,
    /// For the files of `functions/`.
    Functions,
    /// For `hub.yaml`.
    Hub,
    /// For `*.scenarios.yaml`.
    Scenarios,
    /// For the files of `mappings/`.
    Mapping,
}

impl Editor {
    /// All schemas.
    pub const ALL: [Self; 5] = [Self::Stepwell, Self::Functions, Self::Hub, Self::Scenarios, Self::Mapping];

    /// Returns the name under which `stepwell schema` prints it.
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

    /// Describes the files that it is for.
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

    /// Returns the name of its file in `schema/`.
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

    /// Returns the schema.
    #[must_use]
    pub fn schema(self) -> Value {
        let mut schema = match self {
            Self::Stepwell => definition(),
            Self::Functions => functions(),
            Self::Hub => parsed(include_str!("../../../../../schema/sources/hub.yaml")),
            Self::Scenarios => parsed(include_str!("../../../../../schema/sources/scenarios.yaml")),
            Self::Mapping => parsed(include_str!("../../../../../schema/sources/mapping.yaml")),
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
        "The CNCF Serverless Workflow DSL 1.0.3, with the metadata that Stepwell understands.".into();
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
                "description": "For a run whose top-level `do` loops, perhaps forever: after this many journal records it continues as new between two of these tasks. It stays the same run, and reading it starts from there.",
                "additionalProperties": false,
                "required": ["records"],
                "properties": {
                    "records": { "type": "integer", "minimum": HISTORY_RECORDS_MIN, "maximum": HISTORY_RECORDS_MAX, "examples": [10_000] },
                },
            },
            "onFault": { "enum": ["compensate", "park"], "description": "What happens on an uncaught fault: undo completed tasks, or stop and wait for a person. Default `compensate` if any task defines how it is undone, else `park`." },
            "owner": { "type": "string", "description": "The team to ask." },
            "tags": { "description": "For people." },
            "sensitive": pointers("of the workflow's input and output"),
            "acts": {
                "type": "object",
                "description": "How many people an act on a run needs: with `two`, one user proposes it and another approves it before it takes effect. Default `one`.",
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
        ActRule::Cancel => "Every cancel, whether it undoes completed steps or not.",
        ActRule::Compensate => "Undoing completed steps.",
        ActRule::Suspend => "Suspending a run. Freezes need no second person.",
        ActRule::Resume => "Resuming a run. Ending a freeze needs no second person for the runs that it held back.",
        ActRule::Dismiss => "Dismissing a faulted run.",
        ActRule::Move => "Moving a run to another version of the workflow.",
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
            "title": { "type": "string", "description": "Title shown to people instead of the name." },
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
            "safe": { "type": "boolean", "description": "`true`: the call may differ from the one that a run made before it moved to this version; the recorded answer is used." },
            "reconcile": { "$ref": "#/$defs/task", "description": "Determines the outcome of a call if it is unknown, by asking the target. `null` means that the call had no effect; this is accepted once the settle time has passed." },
            "class": { "const": "person", "description": "Of a `raise`: a person decides before anything is undone. A retry restarts the block or function that contains it; a skip skips that block or function." },
            "task": question(),
            "sensitive": pointers("of the task's input and output"),
        },
    })
}

fn question() -> Value {
    let user = json!({ "type": "string", "examples": ["ada", "${ $context.owner }"] });
    let users = json!({ "oneOf": [user, { "type": "array", "items": user, "minItems": 1, "maxItems": USERS_MAX }] });
    json!({
        "type": "object",
        "description": format!("Of a `listen` for one event of the type `{TASK_COMPLETED}`: what a person is asked. The step waits for the answer."),
        "additionalProperties": false,
        "required": ["title"],
        "properties": {
            "title": { "type": "string", "description": "What is to be decided, in a line: a text, or an expression `${ }` that gives one." },
            "description": { "type": "string", "description": "What the person should know: a text, or an expression `${ }` that gives one." },
            "schema": { "type": ["object", "boolean"], "description": "JSON Schema of the answer, from which the form is drawn. Without it every answer will do, and the form is a text field." },
            "assignees": {
                "description": "Who may decide: users by name, or `users` and `roles`, of which any one suffices. Without it everyone who may operate.",
                "oneOf": [
                    users,
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "minProperties": 1,
                        "properties": {
                            "users": users,
                            "roles": { "type": "array", "items": { "enum": ROLES }, "minItems": 1, "description": "Scopes, of which a person needs one." },
                        },
                    },
                ],
            },
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

/// The official schema allows any settings of `exponential`; Stepwell knows two.
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

/// Lets events that start a workflow name a source of `hub.yaml`, where the official schema requires a URI. Events that
/// a run emits or listens for are unchanged.
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
            "description": "Name of a source in `hub.yaml`. Other runtimes require a URI, or the name as an expression: `${ \"name\" }`.",
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
mod tests;
