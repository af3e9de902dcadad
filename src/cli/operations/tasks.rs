//! `stepwell tasks`: steps that wait for people.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use uuid::Uuid;

use crate::cli::context;
use crate::cli::runs::acts::read_json;
use crate::config::Settings;
use crate::engine::Engine;
use crate::engine::tasks::{Completed, Task, TaskError, may_decide};
use crate::machine::{RunId, Time};
use crate::redact::Known;
use crate::store::access::{self, Scope};
use crate::store::runs::tasks::{MayDecide, TaskFilter, TaskStatus};

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

/// Which tasks, and how they are printed.
#[derive(Debug, Args)]
pub struct List {
    /// How the tasks stand: waiting, decided, ended without a decision, or all.
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
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
    limit: i64,
    /// Print JSON, one object per line.
    #[arg(long)]
    json: bool,
}

/// A decision.
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

/// How tasks stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Status {
    /// They wait.
    Open,
    /// A person decided.
    Done,
    /// They ended without a decision.
    Closed,
    /// All of them.
    Any,
}

impl From<Status> for TaskStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Open => Self::Open,
            Status::Done => Self::Done,
            Status::Closed => Self::Closed,
            Status::Any => Self::Any,
        }
    }
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let engine = context::engine(settings).await?;
    match command {
        Command::List(list) => print_list(&engine, settings, list).await?,
        Command::Show { id, json } => {
            let found = engine.task(id).await?;
            let task = found.with_context(|| format!("no task {id}; `stepwell tasks list` shows the open ones"))?;
            if json { println!("{}", serde_json::to_string_pretty(&task)?) } else { print_whole(&task) }
        }
        Command::Complete(complete) => complete_task(&engine, settings, complete).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn print_list(engine: &Engine, settings: &Settings, list: List) -> anyhow::Result<()> {
    let mut filter = TaskFilter {
        status: list.status.into(),
        may_decide: assignee(engine, settings, list.assignee.as_deref()).await?,
        workflow: list.workflow,
        run: list.run,
        key: list.key,
        before: None,
    };
    let mut left = list.limit;
    while left > 0 {
        let (tasks, next) = engine.tasks(&filter, left).await?;
        left -= i64::try_from(tasks.len()).unwrap_or(left);
        for task in tasks {
            if list.json { println!("{}", serde_json::to_string(&task)?) } else { print(&task) }
        }
        // A page may be empty although more follow.
        let Some(next) = next else { break };
        filter.before = Some(next);
    }
    Ok(())
}

async fn assignee(engine: &Engine, settings: &Settings, name: Option<&str>) -> anyhow::Result<Option<MayDecide>> {
    Ok(match name {
        None => None,
        Some("me") => Some(may_decide(&context::identity(engine.reader(), settings, Scope::Read).await?)),
        Some(name) => match access::find_user(engine.reader(), name).await? {
            Some(user) => Some(may_decide(&user)),
            None => anyhow::bail!("no user is named {name:?}; `stepwell user list` shows all"),
        },
    })
}

async fn complete_task(engine: &Engine, settings: &Settings, complete: Complete) -> anyhow::Result<()> {
    let Complete { id, answer, reason, json } = complete;
    let person = context::identity(engine.reader(), settings, Scope::Operate).await?;
    let reason = reason.map(|text| Known::of_process().with(&[]).text(text.trim().to_owned()));
    let reason = reason.filter(|text| !text.is_empty());
    let task = match engine.complete_task(id, read_json(&answer)?, reason, &person).await {
        Ok(Completed::Done(task)) => task,
        Ok(Completed::Pending(_)) => anyhow::bail!(
            "the decision is recorded, but no node has given it to the run yet. Is a server running? A node does so as soon as one runs"
        ),
        Err(TaskError::Invalid(violations)) => {
            let places = violations.iter().map(|v| format!("\n  {}: {}", place(&v.pointer), v.message));
            anyhow::bail!("the answer does not match the task's schema:{}", places.collect::<String>())
        }
        Err(TaskError::Unknown(_)) => anyhow::bail!("no task {id}; `stepwell tasks list` shows the open ones"),
        Err(error) => return Err(error.into()),
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&*task)?)
    } else {
        print(&task)
    }
    Ok(())
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the whole" } else { pointer }
}

/// A task in a few lines. What came from outside is quoted, so that it moves no cursor.
fn print(task: &Task) {
    let key = task.key.as_ref().map(|key| format!("  key {key:?}")).unwrap_or_default();
    println!("{}  {:6} {:?}", task.id, task.status, task.title);
    println!("  {} of run {}  {}{key}", task.step, task.run, task.workflow);
    match task.is_open() {
        true => println!("  decides: {}{}", task.assignees.described(), due(task.due_at)),
        false => println!("  {}{}", task.fate(), because(task.reason.as_deref())),
    }
    if let Some(answer) = &task.answer {
        println!("  answer: {answer}");
    }
}

fn due(at: Option<Time>) -> String {
    at.map(|at| format!("  until {} UTC", at.format("%Y-%m-%d %H:%M:%S"))).unwrap_or_default()
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason:?}")).unwrap_or_default()
}

fn print_whole(task: &Task) {
    print(task);
    if let Some(description) = &task.description {
        println!("  {description:?}");
    }
    for (name, value) in [("input", &task.input), ("schema", &task.schema)] {
        if let Some(value) = value {
            println!("  {name}: {value}");
        }
    }
    if task.is_open() {
        println!("  decide it: stepwell tasks complete {} --answer FILE", task.id);
    }
}
