//! `stepwell runs move`: continues runs that stopped at a broken definition under the corrected one.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::acts::{Act, Reason};
use super::bulk::{self, Many};
use crate::cli::client::{self, Call, Client, Failure, Path};
use crate::cli::print::{self, List};
use crate::machine::{RunId, Time};

/// `stepwell runs move ...`
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The ids of runs. Or give filters, to move all runs that match.
    #[arg(value_name = "RUN")]
    runs: Vec<RunId>,
    #[command(flatten)]
    many: Many,
    /// The version to move to; it must be deployed.
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// Only print what would happen.
    #[arg(long)]
    dry_run: bool,
    /// The reason, recorded in the journal.
    #[arg(long)]
    reason: Option<String>,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// The result for one run.
enum Outcome {
    WouldMove(Value),
    Moved(Value, String),
    /// A second person must approve.
    Proposed(Uuid),
    DoesNotFit(Value),
    Refused(String),
}

/// What a move would do.
#[derive(Deserialize)]
struct Preview {
    from: String,
    to: String,
    kept: usize,
    values: Vec<ValueChange>,
    next: Vec<NextStep>,
}

#[derive(Deserialize)]
struct ValueChange {
    step: String,
    fields: Vec<FieldChange>,
}

#[derive(Deserialize)]
struct FieldChange {
    part: String,
    pointer: String,
    recorded: Option<Value>,
    new: Option<Value>,
}

#[derive(Deserialize)]
struct NextStep {
    what: String,
    step: Option<String>,
    method: Option<String>,
    address: Option<String>,
    error: Option<String>,
    until: Option<Time>,
}

/// A run after a move.
#[derive(Deserialize)]
struct Acted {
    status: String,
    proposal: Option<Proposed>,
}

#[derive(Deserialize)]
struct Proposed {
    id: Uuid,
}

/// Moves each run separately. Fails if any was not moved; the others are.
pub(super) async fn run(client: &Client, arguments: Arguments) -> anyhow::Result<ExitCode> {
    if arguments.runs.is_empty() {
        let Arguments { many, to, dry_run, reason, json, .. } = arguments;
        ensure!(!(dry_run && many.is_confirmed()), "--dry-run says what would happen, --yes does it: give one of them");
        return bulk::begin(client, Act::new("move").with("to", Some(to.into())), many, Reason { reason, json }).await;
    }
    ensure!(!arguments.many.is_given(), "name runs, or filters and how to go about them, not both");
    let (mut failed, mut list) = (false, List::begin(arguments.json));
    for run in &arguments.runs {
        let outcome = move_one(client, *run, &arguments).await?;
        failed |= matches!(outcome, Outcome::DoesNotFit(_) | Outcome::Refused(_));
        match arguments.json {
            true => list.item(as_json(*run, &outcome), |_: &Value| String::new())?,
            false => print::text(&text(*run, outcome)?),
        }
    }
    list.end();
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn move_one(client: &Client, run: RunId, arguments: &Arguments) -> anyhow::Result<Outcome> {
    let path = || Path::of(["runs", &run.to_string(), "move"]);
    let mut preview = match client.post(path(), &json!({ "to": arguments.to, "dry_run": true })).await {
        Ok(preview) => preview,
        Err(failure) => return refused(failure, &arguments.to),
    };
    if let Value::Object(members) = &mut preview {
        members.shift_remove("dry_run");
    }
    if arguments.dry_run {
        return Ok(Outcome::WouldMove(preview));
    }
    let body = json!({ "to": arguments.to, "reason": arguments.reason });
    let answer = match client.send(Call::new(Method::POST, path()).json(&body)).await {
        Ok(answer) => answer,
        Err(failure) => return refused(failure, &arguments.to),
    };
    let Acted { status, proposal } = client::read(answer.json()?)?;
    Ok(match proposal {
        Some(Proposed { id }) => Outcome::Proposed(id),
        None if answer.status == StatusCode::ACCEPTED => {
            Outcome::Refused("the move is recorded, and no node has done it yet: is a server running?".to_owned())
        }
        None => Outcome::Moved(preview, status),
    })
}

/// Turns a refusal that concerns a single run into its outcome; any other failure ends the command.
fn refused(failure: Failure, to: &str) -> anyhow::Result<Outcome> {
    let Some(problem) = failure.problem().filter(|problem| matches!(problem.status, 404 | 409 | 410)) else {
        return Err(failure.into());
    };
    let why = problem.detail.clone();
    Ok(match problem.is("does-not-fit") {
        true => Outcome::DoesNotFit(json!({ "to": to, "step": problem.step, "why": why, "fields": problem.fields })),
        false => Outcome::Refused(why),
    })
}

fn as_json(run: RunId, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::WouldMove(preview) => json!({ "id": run, "fits": true, "move": preview }),
        Outcome::Moved(preview, status) => json!({ "id": run, "moved": true, "status": status, "move": preview }),
        Outcome::Proposed(proposal) => json!({ "id": run, "proposal": proposal }),
        Outcome::DoesNotFit(misfit) => json!({ "id": run, "fits": false, "misfit": misfit }),
        Outcome::Refused(why) => json!({ "id": run, "refused": why }),
    }
}

fn text(run: RunId, outcome: Outcome) -> anyhow::Result<String> {
    Ok(match outcome {
        Outcome::WouldMove(preview) => {
            let preview: Preview = client::read(preview)?;
            let told = format!("{run} fits version {}: {} recorded answers are used", preview.to, preview.kept);
            format!("{told}{}", changes(&preview))
        }
        Outcome::Moved(preview, status) => {
            let Preview { from, to, .. } = client::read(preview)?;
            format!("{run} moved from version {from} to {to} and is {status}")
        }
        Outcome::Proposed(proposal) => format!(
            "{run}: a move needs a second person; it waits as proposal {proposal}\n  \
             another user approves it: stepwell proposals approve {proposal}"
        ),
        Outcome::DoesNotFit(misfit) => {
            let fields: Vec<FieldChange> = client::read(misfit["fields"].clone())?;
            let fields: Vec<String> = fields.iter().map(|field| format!("\n    {}", line(field))).collect();
            format!("{run}: {}{}", misfit["why"].as_str().unwrap_or_default(), fields.concat())
        }
        Outcome::Refused(why) => format!("{run} was not moved: {why}"),
    })
}

fn changes(preview: &Preview) -> String {
    let mut lines = Vec::new();
    for change in &preview.values {
        lines.push(format!("\n  {} changes", change.step));
        lines.extend(change.fields.iter().map(|field| format!("\n    {}", line(field))));
    }
    for NextStep { what, step, method, address, error, until } in &preview.next {
        let parts = [Some(what), method.as_ref(), address.as_ref(), step.as_ref(), error.as_ref()];
        let until = until.map(|at| format!("until {}", print::at(at)));
        let said: Vec<String> = parts.into_iter().flatten().cloned().chain(until).collect();
        lines.push(format!("\n  next: {}", said.join("  ")));
    }
    lines.concat()
}

fn line(field: &FieldChange) -> String {
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
    format!("{}{}: {} -> {}", field.part, field.pointer, side(&field.recorded), side(&field.new))
}
