//! Which runs a command is about: the filters of the API.

use clap::Args;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cli::client::Path;
use crate::cli::when;
use crate::machine::{Status, Time};

/// Filters as in the API.
#[derive(Debug, Default, Args)]
pub(in crate::cli) struct Which {
    /// `namespace/name` or `name`.
    #[arg(long)]
    workflow: Option<String>,
    /// Exact version.
    #[arg(long)]
    version: Option<String>,
    /// Only runs with one of these statuses.
    #[arg(long, value_delimiter = ',')]
    status: Vec<Status>,
    /// Whether they need attention: `any`, `none`, or a reason.
    #[arg(long)]
    attention: Option<String>,
    /// Runs that need attention for one cause: a fingerprint from `stepwell attention`.
    #[arg(long)]
    fingerprint: Option<String>,
    /// Runs whose work did not happen, because a fault undid it, and that nobody has acknowledged or started again.
    #[arg(long)]
    unacknowledged: bool,
    /// The exact business key.
    #[arg(long)]
    key: Option<String>,
    /// The id of the event that started the run.
    #[arg(long)]
    event: Option<Uuid>,
    /// The beginning of the key or the id.
    #[arg(long)]
    q: Option<String>,
    /// Created at or after: a time such as 2026-11-20T16:00:00Z, a day, or how long ago, such as 24h.
    #[arg(long, value_name = "T", value_parser = when::past)]
    since: Option<Time>,
    /// Created before: a time, a day, or how long ago.
    #[arg(long, value_name = "T", value_parser = when::past)]
    until: Option<Time>,
}

impl Which {
    /// As `runs:bulk` takes it.
    pub(super) fn written(&self) -> Map<String, Value> {
        let statuses: Vec<&str> = self.status.iter().map(|status| status.as_str()).collect();
        let written = json!({
            "workflow": self.workflow, "version": self.version, "status": statuses, "attention": self.attention,
            "fingerprint": self.fingerprint, "key": self.key, "event": self.event, "q": self.q, "since": self.since,
            "until": self.until, "unacknowledged": self.unacknowledged.then_some("true"),
        });
        let Value::Object(mut members) = written else { return Map::new() };
        members.retain(|_, value| !value.is_null() && *value != json!([]) && *value != json!(""));
        members
    }

    /// As the list of runs takes it.
    pub(super) fn path(&self, path: Path) -> Path {
        self.written().into_iter().fold(path, |path, (name, value)| match value {
            Value::Array(items) => {
                let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
                path.with(&name, Some(words.join(",")))
            }
            value => path.with(&name, value.as_str()),
        })
    }
}
