//! Acts of a person at the terminal: recorded as commands, done by the node that has the run.

use std::io::Read;
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::{ActError, Acted, Engine, clean_act};
use crate::machine::view::RunView;
use crate::machine::{Act, ActKind, Permitted, RunId};
use crate::redact::Known;
use crate::store::access::Scope;
use crate::store::runs::listing;

/// The reason, recorded in the journal.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Reason {
    /// The reason, recorded in the journal.
    #[arg(long)]
    reason: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Reason {
    /// Why, and whether to print JSON.
    pub(super) fn parts(self) -> (Option<String>, bool) {
        (self.reason, self.json)
    }
}

/// Has an act done and says what the run's status is then, or that it waits for a second person.
pub(super) async fn perform(
    engine: &Engine,
    settings: &Settings,
    run: RunId,
    act: &Act,
    reason: &Reason,
) -> anyhow::Result<ExitCode> {
    let by = context::identity(engine.reader(), settings, Scope::Operate).await?.actor();
    let doing = || format!("{} of run {run}", act.name());
    let redactor = Known::of_process().with(&[]);
    let said = reason.reason.as_ref().map(|reason| redactor.text(reason.clone()));
    match engine.act(run, clean_act(act.clone(), &redactor), by, said).await {
        Ok(Acted { restarted: Some(new), .. }) => {
            match (reason.json, new.is_new) {
                (true, is_new) => {
                    println!("{}", serde_json::json!({ "id": run, "restarted_as": new.run, "is_new": is_new }))
                }
                (false, true) => println!("{run} is started again as run {}", new.run),
                (false, false) => println!("{run} was started again before, as run {}", new.run),
            }
            return Ok(ExitCode::SUCCESS);
        }
        Ok(_) => {}
        Err(ActError::Proposed(proposal)) => {
            if reason.json {
                println!("{}", serde_json::json!({ "id": run, "proposal": proposal }));
            } else {
                println!("{} needs a second person; it is now proposal {}", doing(), proposal.id);
                println!("another user can approve it: stepwell proposals approve {}", proposal.id);
            }
            return Ok(ExitCode::SUCCESS);
        }
        Err(ActError::Pending(_)) => {
            anyhow::bail!(
                "{} is recorded, but no node has carried it out yet. Is a server running? A node carries it out as soon as one runs",
                doing()
            )
        }
        Err(error) => return Err(error).with_context(doing),
    }
    let row = listing::run(engine.reader(), run).await?.with_context(|| format!("run {run} no longer exists"))?;
    if reason.json {
        println!("{}", serde_json::json!({ "id": run, "status": row.status, "attention": row.attention }));
    } else {
        println!("{run} is {}", row.status);
    }
    Ok(ExitCode::SUCCESS)
}

/// What can be done to a run now, each with the command that does it.
pub(super) fn possible(run: &RunView) -> String {
    let can: Vec<_> = run.acts.iter().filter(|act| act.permitted).collect();
    if can.is_empty() {
        return String::new();
    }
    let width = can.iter().map(|act| act.act.about().title.len()).max().unwrap_or_default();
    let line = |act: &&Permitted| format!("    {:width$}  {}\n", act.act.about().title, command(act.act, run.id));
    let lines: String = can.iter().map(line).collect();
    format!("  what you can do now, each with --reason WHY:\n{lines}")
}

/// The command that does an act to a run.
fn command(act: ActKind, run: RunId) -> String {
    let more = match act {
        ActKind::Move => " --to VERSION",
        ActKind::Restart
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
pub(in crate::cli) fn read_json(path: &str) -> anyhow::Result<serde_json::Value> {
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
            let shown = command(*act, RunId::from_u128(7));
            let words = shown.split_whitespace().skip(1).chain(["--reason", "why"]);
            assert!(Runs::try_parse_from(words).is_ok(), "{shown}");
        }
    }
}
