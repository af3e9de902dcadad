//! Effects: what must be done after a decision. They are data; the engine carries them out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Message, RunId, stored};

use stepwell_language::dsl::{HttpOutput, OwnAuthentication, ProcessKind, ProcessReturn, Pull, Redirect};
use stepwell_language::openapi::Document;

/// Ordinal of an execution in its run, counted from 0 in the order in which executions started.
pub type ExecutionId = u32;

/// Something to carry out after the decision is committed.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Send the request; answer with [`super::Fact::CallEnded`].
    Call {
        /// The execution.
        execution: ExecutionId,
        /// Number of the attempt, from 1.
        attempt: u32,
        /// The request.
        request: Arc<CallRequest>,
        /// How to authenticate, if the document says so; never recorded.
        authentication: Option<OwnAuthentication>,
        /// Where the document of an OpenAPI operation is; never recorded.
        document: Option<CallDocument>,
    },
    /// Stop waiting for this attempt; its answer no longer counts.
    Abort {
        /// Execution of the call.
        execution: ExecutionId,
        /// Number of the attempt.
        attempt: u32,
    },
    /// Match events, including stored ones, against this task from now on. Written with the decision.
    Listen {
        /// Execution of the `listen`.
        execution: ExecutionId,
        /// What each of its filters waits for.
        listening: Arc<Vec<Listening>>,
    },
    /// Stop matching events. Written with the decision.
    Unlisten {
        /// Execution of the `listen`.
        execution: ExecutionId,
    },
    /// Send an event. Written with the decision, delivered at least once.
    Emit {
        /// The CloudEvent as JSON.
        event: Arc<Value>,
    },
    /// Start another run; answer with [`super::Fact::ChildStarted`] or [`super::Fact::ChildRefused`].
    StartChild {
        /// Execution of the `run` task.
        execution: ExecutionId,
        /// The run to start.
        request: Arc<ChildRequest>,
    },
    /// Send a message to another run. Written with the decision.
    Tell {
        /// Id of the run.
        run: RunId,
        /// The message.
        message: Message,
    },
    /// A lot of pure work was done: continue with [`super::Fact::Continue`] once this is committed.
    Continue,
}

/// What one filter of a `listen` waits for, as far as this is known when it begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listening {
    /// Required attribute values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// Required values of correlations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub correlate: BTreeMap<String, Value>,
    /// The question to a person whose answer is the event. No other event is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Box<super::Asked>>,
}

/// A run that a task starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildRequest {
    /// Id of the run, so that starting it twice has no effect.
    pub run: RunId,
    /// Namespace of the workflow.
    pub namespace: String,
    /// Name of the workflow.
    pub name: String,
    /// Exact version; `None` for the latest one at its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Raw input of the run.
    pub input: Arc<Value>,
    /// Whether the task waits for it to close.
    pub awaits: bool,
    /// Number of this child of the task, from 1: a retry by a person starts another.
    pub attempt: u32,
    /// Number of ancestors.
    pub depth: u32,
}

/// Where to find the OpenAPI document of a call.
#[derive(Debug, Clone)]
pub enum CallDocument {
    /// Stored with the definition.
    Stored(Arc<Document>),
    /// At the address in the request, with this authentication.
    Fetched(Option<OwnAuthentication>),
}

/// An operation of an OpenAPI document, with its parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationCall {
    /// Address or file of the document.
    pub document: String,
    /// Id of the operation.
    pub operation: String,
    /// Parameters by name.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

/// A program to run next to the node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessRequest {
    /// Kind of program.
    pub kind: ProcessKind,
    /// The command, the script, or the image.
    pub code: String,
    /// Command in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Name of a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the image of a container is pulled.
    #[serde(default)]
    pub pull: Pull,
    /// Arguments, passed one by one without a shell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<(String, String)>,
    /// Standard input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// What the output consists of.
    #[serde(default)]
    pub returns: ProcessReturn,
    /// The task's output if it does not wait for the program to end.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub passes: Option<Value>,
}

/// A request as the workflow defines it. The connection adds base URL, authentication and policy at each attempt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// Method in upper case. Empty for an operation whose document is not known before the call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Absolute URI; `connection://NAME/path` goes through that connection. Empty for an operation, whose document has
    /// the address.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// The program of a `run: shell` and the like; replaces all HTTP fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessRequest>,
    /// The operation of a `call: openapi`; replaces URI, headers, query and body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<OperationCall>,
    /// Headers as authored, without authorization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Query parameters as decoded names and values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// JSON, or a string that is sent as is if the content type is not JSON.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub body: Option<Value>,
    /// Whether the connection's rules may set the type of an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named_errors: bool,
    /// Shape of the output.
    #[serde(default)]
    pub output: HttpOutput,
    /// How to treat 3xx responses.
    #[serde(default)]
    pub redirect: Redirect,
    /// Idempotency key; the same for all attempts of this step in this run.
    pub idempotency_key: String,
    /// W3C trace context.
    pub traceparent: String,
}

impl CallRequest {
    /// Returns the address for people; for an operation, the address of its document.
    #[must_use]
    pub fn address(&self) -> &str {
        match (&self.openapi, &self.process) {
            (Some(call), _) => &call.document,
            (None, Some(process)) => process.kind.as_str(),
            (None, None) => &self.uri,
        }
    }
}
