//! Acts of a person at the terminal: recorded as commands, done by the node that has the run.

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail};
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::shown::Run;
use crate::cli::client::{self, Call, Client, Path};
use crate::cli::print::{self, List};
use crate::machine::{ActKind, RunId};

/// The reason, recorded in the journal.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reason {
    /// The reason, recorded in the journal.
    #[arg(long)]
    pub(super) reason: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// What is to be done to a run: the name of the act in the API, and what its body holds beside the reason.
pub(super) struct Act {
    pub(super) name: &'static str,
    pub(super) members: Map<String, Value>,
}

impl Act {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, members: Map::new() }
    }

    /// With one more member, if it has a value; null is one.
    pub(super) fn with(mut self, name: &str, value: Option<Value>) -> Self {
        self.members.extend(value.map(|value| (name.to_owned(), value)));
        self
    }

    /// The body of a call that does it.
    fn body(&self, reason: &Reason) -> Value {
        let mut members = self.members.clone();
        members.insert("reason".to_owned(), reason.reason.clone().into());
        Value::Object(members)
    }
}

/// A run after an act.
#[derive(Deserialize)]
struct Acted {
    id: Uuid,
    status: String,
    /// Of a restart: whether it started this run, and not an earlier one.
    is_new: Option<bool>,
    proposal: Option<Proposed>,
}

#[derive(Deserialize)]
struct Proposed {
    id: Uuid,
}

/// Has an act done and says what the run's status is then, or that it waits for a second person.
pub(super) async fn perform(client: &Client, run: RunId, act: &Act, reason: &Reason) -> anyhow::Result<ExitCode> {
    let (found, text) = done(client, run, act, reason).await?;
    match reason.json {
        true => print::json(&found),
        false => print::text(&text),
    }
    Ok(ExitCode::SUCCESS)
}

/// Does an act to each run by itself. Fails if one was refused; the others are done.
pub(super) async fn perform_each(
    client: &Client,
    runs: &[RunId],
    act: &Act,
    reason: &Reason,
) -> anyhow::Result<ExitCode> {
    let (mut code, mut list) = (ExitCode::SUCCESS, List::begin(reason.json));
    for run in runs {
        match done(client, *run, act, reason).await {
            Ok((found, text)) => list.item(found, |_: &Value| text.clone())?,
            Err(error) => {
                print::complaint(&format!("error: {error:#}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    list.end();
    Ok(code)
}

/// The answer to an act, and what it says in words.
async fn done(client: &Client, run: RunId, act: &Act, reason: &Reason) -> anyhow::Result<(Value, String)> {
    let doing = || format!("{} of run {run}", act.name);
    let path = Path::of(["runs", &run.to_string(), act.name]);
    let sent = client.send(Call::new(Method::POST, path).json(&act.body(reason))).await;
    let missing = || format!("there is no run {run}; `stepwell runs list` shows them");
    let answer = sent.map_err(|failure| failure.or_missing(missing)).with_context(doing)?;
    let found = answer.json()?;
    let Acted { id: after, status, is_new, proposal } = client::read(found.clone())?;
    if proposal.is_none() && answer.status == StatusCode::ACCEPTED {
        bail!(
            "{} is recorded, but no node has carried it out yet. Is a server running? A node carries it out as soon as one runs",
            doing()
        );
    }
    let text = match (proposal, is_new) {
        (Some(Proposed { id }), _) => format!(
            "{} needs a second person; it is now proposal {id}\nanother user can approve it: stepwell proposals approve {id}",
            doing()
        ),
        (None, Some(true)) => format!("{run} is started again as run {after}"),
        (None, Some(false)) => format!("{run} was started again before, as run {after}"),
        (None, None) => format!("{run} is {status}"),
    };
    Ok((found, text))
}

/// What lies between an earlier step and where a run stands.
#[derive(Deserialize)]
struct Choice {
    from: String,
    possible: bool,
    between: Vec<Between>,
}

#[derive(Deserialize)]
struct Between {
    step: String,
    does: String,
    why: String,
}

/// Says what lies between an earlier step and where a run stands. Fails if the run cannot continue from there.
pub(super) async fn preview_rewind(client: &Client, run: RunId, from: &str, json: bool) -> anyhow::Result<ExitCode> {
    let path = Path::of(["runs", &run.to_string(), "retry"]);
    let missing = || format!("there is no run {run}; `stepwell runs list` shows them");
    let asked = client.post(path, &serde_json::json!({ "from": from, "dry_run": true })).await;
    let found = asked.map_err(|failure| failure.or_missing(missing))?;
    let choice: Choice = client::read(found.clone())?;
    match json {
        true => print::json(&found),
        false => print::text(&rewind_text(run, &choice)),
    }
    Ok(if choice.possible { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn rewind_text(run: RunId, choice: &Choice) -> String {
    let can = if choice.possible { "can" } else { "cannot" };
    let line = |step: &Between| {
        let does = match step.does.as_str() {
            "repeat" => "repeated",
            "compensate" => "undone first",
            _ => "in the way",
        };
        format!("\n  {does:12}  {}: {}", step.step, step.why)
    };
    let lines: String = choice.between.iter().map(line).collect();
    format!("{run} {can} continue from {}{lines}", choice.from)
}

/// What can be done to a run now, each with the command that does it.
pub(super) fn possible(run: &Run) -> String {
    let can: Vec<ActKind> =
        run.acts.iter().filter(|act| act.permitted).filter_map(|act| act.act.parse().ok()).collect();
    let Some(width) = can.iter().map(|act| act.about().title.len()).max() else { return String::new() };
    let line = |act: &ActKind| format!("    {:width$}  {}\n", act.about().title, command(*act, run.id));
    let lines: String = can.iter().map(line).collect();
    format!("  what you can do now, each with --reason WHY:\n{lines}")
}

/// The command that does an act to a run.
fn command(act: ActKind, run: Uuid) -> String {
    let more = match act {
        ActKind::Move => " --to VERSION",
        ActKind::Restart
        | ActKind::Acknowledge
        | ActKind::Retry
        | ActKind::Skip
        | ActKind::Cancel
        | ActKind::Compensate
        | ActKind::Suspend
        | ActKind::Resume
        | ActKind::Dismiss => "",
    };
    format!("stepwell runs {} {run}{more}", act.name())
}

/// Reads JSON from a file, or from standard input for `-`. Checked as strictly as what arrives over HTTP.
pub(in crate::cli) fn read_json(path: &str) -> anyhow::Result<Value> {
    let mut bytes = Vec::new();
    if path == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes).context("reading standard input")?;
    } else {
        bytes = std::fs::read(path).with_context(|| format!("reading {path}"))?;
    }
    crate::hub::json::read(&bytes).map_err(|e| anyhow::anyhow!("{path} is not JSON that Stepwell accepts: {e}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::runs::Command;

    #[derive(Parser)]
    struct Runs {
        #[command(subcommand)]
        _command: Command,
    }

    #[test]
    fn every_act_has_the_command_that_a_run_shows_for_it() {
        for act in ActKind::ALL {
            let shown = command(*act, Uuid::from_u128(7));
            let words = shown.split_whitespace().skip(1).chain(["--reason", "why"]);
            assert!(Runs::try_parse_from(words).is_ok(), "{shown}");
        }
    }
}
