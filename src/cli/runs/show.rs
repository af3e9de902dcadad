//! `stepwell runs show`: one run with its steps; with `--full`, with every request and answer.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::Value;

use super::shown::{Acknowledged, Run};
use super::{acts, exchanges, tree};
use crate::cli::client::{Client, Failure, Path};
use crate::cli::operations::proposals;
use crate::cli::print;
use crate::cli::watch::{self, Screen};
use crate::machine::RunId;

/// How a run is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub(super) json: bool,
    pub(super) full: bool,
    pub(super) watch: bool,
}

pub(super) async fn show(client: &Client, id: RunId, style: Style) -> anyhow::Result<ExitCode> {
    let mut screen = Screen::default();
    loop {
        let missing = || format!("there is no run {id}; `stepwell runs list` shows them");
        let mut found = read(client, id).await.map_err(|failure| failure.or_missing(missing))?;
        if style.full {
            found["journal"] = journal(client, id).await?.into();
        }
        let run = Run::read(found.clone())?;
        if style.json && !style.watch {
            print::json(&found);
        } else {
            screen.show(&if style.json { format!("{found:#}") } else { text(&run, &found) });
        }
        if style.watch && !run.is_settled() && watch::again().await {
            continue;
        }
        if run.tasks.is_empty() && run.status == "pending" && !style.json {
            bail!("the run is waiting for a node to start it; is a server running?");
        }
        return Ok(ExitCode::SUCCESS);
    }
}

/// A run with all of its steps.
pub(super) async fn read(client: &Client, id: RunId) -> Result<Value, Failure> {
    let path = || Path::of(["runs", &id.to_string()]);
    let mut run = client.get(path()).await?;
    while let Some(next) = run["tasks_next"].as_str().map(str::to_owned) {
        let mut page = client.get(path().with("cursor", Some(next))).await?;
        if let (Value::Array(tasks), Value::Array(more)) = (&mut run["tasks"], page["tasks"].take()) {
            tasks.extend(more);
        }
        run["tasks_next"] = page["tasks_next"].take();
    }
    if let Value::Object(members) = &mut run {
        members.shift_remove("tasks_next");
        members.shift_remove("tasks_total");
    }
    Ok(run)
}

async fn journal(client: &Client, id: RunId) -> Result<Vec<Value>, Failure> {
    client.pages(Path::of(["runs", &id.to_string(), "journal"]), usize::MAX).all().await
}

fn text(run: &Run, found: &Value) -> String {
    let mut text = tree::tree(run);
    if let Some(from) = run.restarted_from {
        text.push_str(&format!("  does the work of run {from} again\n"));
    }
    if let Some(run) = run.restarted_as {
        text.push_str(&format!("  started again as run {run}\n"));
    }
    if run.unacknowledged {
        text.push_str("  its work did not happen, and nobody has acknowledged that\n");
    }
    if let Some(Acknowledged { by, at, reason }) = &run.acknowledged {
        let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        text.push_str(&format!("  acknowledged by {by} {}{why}\n", print::at(*at)));
    }
    let open = run.tasks.iter().filter(|task| task.finished_at.is_none());
    for (step, task) in open.filter_map(|task| Some((&task.name, task.task?))) {
        text.push_str(&format!("  {step} waits for a person: stepwell tasks show {task}\n"));
    }
    text.push_str(&acts::possible(run));
    run.proposals.iter().for_each(|proposal| text.push_str(&format!("{}\n", proposals::shown(proposal))));
    for record in found["journal"].as_array().into_iter().flatten() {
        text.push_str(&exchanges::of(record));
    }
    text
}
