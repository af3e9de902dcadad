//! What must be done after a decision. Effects are data; the engine carries them out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Listening, Message, Run, RunId, stored};

use stepwell_language::dsl::{HttpOutput, OwnAuthentication, ProcessKind, ProcessReturn, Pull, Redirect};
use stepwell_language::openapi::Document;

/// Ordinal of one execution of one task in its run, counted from 0 in the order in which they started.
pub type ExecutionId = u32;

/// Something to carry out after the decision is committed.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Send the request; answer with [`super::Fact::CallEnded`].
    Call {
        /// Which execution asks.
        execution: ExecutionId,
        /// Which attempt of it, from 1.
        attempt: u32,
        /// What to send.
        request: Arc<CallRequest>,
        /// How to authenticate where the document says so; never recorded.
        authentication: Option<OwnAuthentication>,
        /// For a request that names an operation: where its document is; never recorded.
        document: Option<CallDocument>,
    },
    /// Stop waiting for this attempt; its answer no longer counts.
    Abort {
        /// Whose call.
        execution: ExecutionId,
        /// Which attempt of it.
        attempt: u32,
    },
    /// From now on events are looked at for this task; kept ones too. Written with the decision.
    Listen {
        /// The `listen`.
        execution: ExecutionId,
        /// What it waits for, one for each filter.
        listening: Arc<Vec<Listening>>,
    },
    /// No more. Written with the decision.
    Unlisten {
        /// The `listen`.
        execution: ExecutionId,
    },
    /// An event goes out. Written with the decision, delivered at least once.
    Emit {
        /// The whole CloudEvent as JSON.
        event: Arc<Value>,
    },
    /// Start another run; answer with [`super::Fact::ChildStarted`] or [`super::Fact::ChildRefused`].
    StartChild {
        /// Which execution asks.
        execution: ExecutionId,
        /// What to start.
        request: Arc<ChildRequest>,
    },
    /// Tell another run something. Written with the decision.
    Tell {
        /// The run.
        run: RunId,
        /// What.
        message: Message,
    },
    /// Much pure work was done: come back with [`super::Fact::Continue`] once this is committed.
    Continue,
}

impl Effect {
    /// Whether a run that has come this far in the same decision still wants it.
    pub(crate) fn counts_in(&self, run: &Run) -> bool {
        match self {
            Self::Call { execution, attempt, .. } => {
                run.execution(*execution).is_some_and(|e| e.is_in_flight() && e.attempts() == *attempt)
            }
            Self::StartChild { execution, .. } => run.execution(*execution).is_some_and(|e| e.starts_child()),
            Self::Listen { execution, .. } => run.execution(*execution).is_some_and(|e| e.is_listening()),
            _ => true,
        }
    }
}

/// Another run to be started by a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildRequest {
    /// Its id, so that asking twice starts one.
    pub run: RunId,
    /// Namespace of its workflow.
    pub namespace: String,
    /// Name of its workflow.
    pub name: String,
    /// Exact version; none is the latest when it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its raw input.
    pub input: Arc<Value>,
    /// Whether the task waits for its end.
    pub awaits: bool,
    /// Which child of this task it is, from 1: a retry by a person starts another.
    pub attempt: u32,
    /// Generations above it.
    pub depth: u32,
}

/// Where the edge finds the OpenAPI document of a call.
#[derive(Debug, Clone)]
pub enum CallDocument {
    /// Here: it was stored with the definition.
    Stored(Arc<Document>),
    /// At the address that the request names, with this authentication.
    Fetched(Option<OwnAuthentication>),
}

/// An operation of an OpenAPI document and what it is called with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationCall {
    /// Address or file of the document.
    pub document: String,
    /// The operation's id.
    pub operation: String,
    /// Name to value.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
}

/// A program to run beside the node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProcessRequest {
    /// What runs it.
    pub kind: ProcessKind,
    /// The command, the script, or the image.
    pub code: String,
    /// A container's command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// A container's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When a container's image is pulled.
    #[serde(default)]
    pub pull: Pull,
    /// Handed over one by one: no shell reads them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Name to value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment: Vec<(String, String)>,
    /// What it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// What the output is.
    #[serde(default)]
    pub returns: ProcessReturn,
    /// Where its end is not waited for: what stands in for the output.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub passes: Option<Value>,
}

/// A request as the workflow means it: the connection adds base URL, authentication and policy at each attempt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// Upper case. Empty for an operation whose document is not known before the call.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// Absolute; `connection://NAME/path` goes through the named connection. Empty for an operation: its document says where.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// For `run: shell` and its kin, in place of everything HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<ProcessRequest>,
    /// For `call: openapi`, in place of URI, headers, query and body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openapi: Option<OperationCall>,
    /// As authored; no authorization here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// Decoded names and values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// JSON, or a string sent as it is when the content type is not JSON.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "stored::present")]
    pub body: Option<Value>,
    /// Whether the connection's rules may name the type of an error.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub named_errors: bool,
    /// Shape of the output.
    #[serde(default)]
    pub output: HttpOutput,
    /// What 3xx means.
    #[serde(default)]
    pub redirect: Redirect,
    /// The same for all attempts of this step of this run.
    pub idempotency_key: String,
    /// W3C trace context.
    pub traceparent: String,
}

impl CallRequest {
    /// Where it goes, for people: for an operation only its document's place is known.
    #[must_use]
    pub fn address(&self) -> &str {
        match (&self.openapi, &self.process) {
            (Some(call), _) => &call.document,
            (None, Some(process)) => process.kind.as_str(),
            (None, None) => &self.uri,
        }
    }
}
