//! `stepwell runs move`: runs that stopped at a broken definition go on under the corrected one.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{ActError, Engine, MoveError};
use crate::machine::compare::FieldChange;
use crate::machine::moves::{NextStep, Preview};
use crate::machine::{Act, Actor, Misfit, RunId};
use crate::redact::Known;
use crate::store::access::Scope;

/// `stepwell runs move ...`
#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// Which runs.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<RunId>,
    /// The version to which they move; it is deployed.
    #[arg(long, value_name = "VERSION")]
    to: String,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Why, for the journal.
    #[arg(long)]
    reason: Option<String>,
    /// As JSON, one object for each run.
    #[arg(long)]
    json: bool,
}

/// The result for one run.
enum Outcome {
    WouldMove(Preview),
    Moved(Preview, String),
    /// It needs a second person.
    Proposed(uuid::Uuid),
    DoesNotFit(Misfit),
    Refused(String),
}

/// Moves each run by itself. Fails if one was not moved; the others are.
pub(super) async fn run(engine: &Engine, settings: &Settings, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
    let mut failed = false;
    for run in &arguments.runs {
        let outcome = move_one(engine, *run, &arguments, &by).await?;
        failed |= matches!(outcome, Outcome::DoesNotFit(_) | Outcome::Refused(_));
        match arguments.json {
            true => println!("{}", as_json(*run, &outcome)),
            false => print(*run, &outcome),
        }
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn move_one(engine: &Engine, run: RunId, arguments: &Arguments, by: &Actor) -> anyhow::Result<Outcome> {
    let preview = match engine.preview_move(run, &arguments.to, by).await {
        Ok(preview) => preview,
        Err(MoveError::DoesNotFit(misfit)) => return Ok(Outcome::DoesNotFit(*misfit)),
        Err(MoveError::Store(error)) => return Err(error.into()),
        Err(error) => return Ok(Outcome::Refused(error.to_string())),
    };
    if arguments.dry_run {
        return Ok(Outcome::WouldMove(preview));
    }
    let redactor = Known::of_process().with(&[]);
    let reason = arguments.reason.as_ref().map(|reason| redactor.text(reason.clone()));
    Ok(match engine.act(run, Act::Move { to: arguments.to.clone() }, by.clone(), reason).await {
        Ok(acted) => Outcome::Moved(preview, acted.status.to_string()),
        Err(ActError::Proposed(proposal)) => Outcome::Proposed(proposal.id),
        Err(ActError::Pending(_)) => {
            Outcome::Refused("the move is recorded, and no node has done it yet: is a server running?".to_owned())
        }
        Err(ActError::Unavailable(why)) => anyhow::bail!("{why}"),
        Err(error) => Outcome::Refused(error.to_string()),
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

fn print(run: RunId, outcome: &Outcome) {
    match outcome {
        Outcome::WouldMove(preview) => {
            println!("{run} fits version {}: {} recorded answers are used", preview.to, preview.kept);
            print_preview(preview);
        }
        Outcome::Moved(preview, status) => {
            println!("{run} moved from version {} to {} and is {status}", preview.from, preview.to);
        }
        Outcome::Proposed(proposal) => {
            println!("{run}: a move needs a second person; it waits as proposal {proposal}");
            println!("  another user approves it: stepwell proposals approve {proposal}");
        }
        Outcome::DoesNotFit(misfit) => {
            let step = misfit.step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
            println!("{run} does not fit version {}{step}: {}", misfit.to, misfit.why);
            misfit.fields.iter().for_each(|field| println!("    {}", line(field)));
        }
        Outcome::Refused(why) => println!("{run} was not moved: {why}"),
    }
}

fn print_preview(preview: &Preview) {
    for change in &preview.values {
        println!("  {} changes", change.step);
        change.fields.iter().for_each(|field| println!("    {}", line(field)));
    }
    for next in &preview.next {
        let NextStep { what, step, method, address, error, until, .. } = next;
        let parts = [Some((*what).to_owned()), method.clone(), address.clone(), step.clone(), error.clone()];
        let said: Vec<String> = parts.into_iter().flatten().chain(until.map(|at| format!("until {at}"))).collect();
        println!("  next: {}", said.join("  "));
    }
}

fn line(field: &FieldChange) -> String {
    let side = |value: &Option<Value>| value.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
    format!("{}{}: {} -> {}", field.part, field.pointer, side(&field.recorded), side(&field.new))
}
