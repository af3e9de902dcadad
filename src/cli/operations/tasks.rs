//! `stepwell tasks`: steps that wait for people.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::client::{self, Call, Client, Path};
use crate::cli::print;
use crate::cli::runs::acts::read_json;
use crate::config::Settings;
use crate::dsl::WorkflowRef;
use crate::engine::tasks::{TaskAssignees, fate};
use crate::machine::{RunId, Time};

/// `stepwell tasks ...`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the steps that wait for a person, latest first.
    List(List),
    /// Show one task: the question, what the step was given, the form, and who may decide.
    Show {
        /// The task's id.
        id: Uuid,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Decide a task. The run's journal records the owner of the token (--token).
    Complete(Complete),
}

/// Arguments of `stepwell tasks list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only tasks with this status.
    #[arg(long, value_enum, default_value_t = Status::Open)]
    status: Status,
    /// Only tasks that this user may decide: a name, or `me`.
    #[arg(long)]
    assignee: Option<String>,
    /// Only tasks of this workflow: NAMESPACE/NAME.
    #[arg(long)]
    workflow: Option<String>,
    /// Only tasks of this run.
    #[arg(long)]
    run: Option<RunId>,
    /// Only tasks of runs with this business key.
    #[arg(long)]
    key: Option<String>,
    /// Maximum number to list.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Arguments of `stepwell tasks complete`.
#[derive(Debug, Args)]
pub struct Complete {
    /// The task's id.
    id: Uuid,
    /// JSON file (or - for standard input) with the answer.
    #[arg(long, value_name = "FILE")]
    answer: String,
    /// The reason, recorded in the journal.
    #[arg(long)]
    reason: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Status of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// Waiting for a decision.
    Open,
    /// Decided by a person.
    Done,
    /// Ended without a decision.
    Closed,
    /// All tasks.
    Any,
}

impl Status {
    /// Name of the status in the API.
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Closed => "closed",
            Self::Any => "any",
        }
    }
}

/// The printed fields of a task.
#[derive(Deserialize)]
struct Task {
    id: Uuid,
    status: String,
    run: RunId,
    workflow: WorkflowRef,
    key: Option<String>,
    step: String,
    title: String,
    description: Option<String>,
    assignees: TaskAssignees,
    due_at: Option<Time>,
    outcome: Option<String>,
    closed_at: Option<Time>,
    closed_by: Option<String>,
    reason: Option<String>,
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let client = Client::open(settings).await?;
    match command {
        Command::List(list) => print_list(&client, list).await?,
        Command::Show { id, json } => {
            let found = client.get(Path::of(["tasks", &id.to_string()])).await;
            let task = found.map_err(|failure| failure.or_missing(|| missing(id)))?;
            if json { print::json(&task) } else { print::text(&whole(&task)?) }
        }
        Command::Complete(complete) => complete_task(&client, complete).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn missing(id: Uuid) -> String {
    format!("no task {id}; `stepwell tasks list` shows the open ones")
}

async fn print_list(client: &Client, list: List) -> anyhow::Result<()> {
    let path = Path::of(["tasks"])
        .with("status", Some(list.status.as_str()))
        .with("assignee", list.assignee)
        .with("workflow", list.workflow)
        .with("run", list.run)
        .with("key", list.key);
    Ok(print::pages(client.pages(path, list.limit), list.json, shown).await?)
}

async fn complete_task(client: &Client, complete: Complete) -> anyhow::Result<()> {
    let Complete { id, answer, reason, json } = complete;
    let path = Path::of(["tasks", &id.to_string(), "complete"]);
    let body = json!({ "answer": read_json(&answer)?, "reason": reason });
    let sent = client.send(Call::new(Method::POST, path).json(&body)).await;
    let answer = sent.map_err(|failure| failure.or_missing(|| missing(id)))?;
    anyhow::ensure!(
        answer.status != StatusCode::ACCEPTED,
        "the decision is recorded, but no node has given it to the run yet. Is a server running? A node does so as soon as one runs"
    );
    let task = answer.json()?;
    if json {
        print::json(&task)
    } else {
        print::text(&with_answer(&task)?)
    }
    Ok(())
}

/// Formats a task in a few lines.
fn shown(task: &Task) -> String {
    let Task { id, status, title, step, run, workflow, .. } = task;
    let key = task.key.as_ref().map(|key| format!("  key {key}")).unwrap_or_default();
    let due = task.due_at.map(|at| format!("  until {}", print::at(at))).unwrap_or_default();
    let because = task.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    let last = match &task.outcome {
        None => format!("decides: {}{due}", task.assignees.described()),
        outcome => format!("{}{because}", fate(outcome.as_deref(), task.closed_by.as_deref(), task.closed_at)),
    };
    format!("{id}  {status:6} {title}\n  {step} of run {run}  {workflow}{key}\n  {last}")
}

/// Formats a task with the answer as JSON.
fn with_answer(task: &Value) -> anyhow::Result<String> {
    let text = shown(&client::read(task.clone())?);
    let answer = task.get("answer").filter(|answer| !answer.is_null());
    Ok(text + &answer.map(|answer| format!("\n  answer: {answer}")).unwrap_or_default())
}

fn whole(task: &Value) -> anyhow::Result<String> {
    let read: Task = client::read(task.clone())?;
    let mut text = with_answer(task)?;
    text.extend(read.description.iter().flat_map(|text| text.lines()).map(|line| format!("\n  {line}")));
    for name in ["input", "schema"] {
        if let Some(value) = task.get(name).filter(|value| !value.is_null()) {
            text.push_str(&format!("\n  {name}: {value}"));
        }
    }
    if read.outcome.is_none() {
        text.push_str(&format!("\n  decide it: stepwell tasks complete {} --answer FILE", read.id));
    }
    Ok(text)
}
