//! `stepwell audit`: verifies that the database still says what was written to it, and lists acts that no journal has.

mod archive;
mod people;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::cli::context;
use crate::config::Settings;
use crate::engine::audit::anchors::key::AuditKey;
use crate::engine::audit::{self, Anchors, Options, Report, SETTLES_AFTER};
use crate::machine::RunId;
use crate::store::access::Scope;
use crate::store::acts::By;
use crate::store::audit::scan;
use crate::words::plural;

/// `stepwell audit ...`
#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum Command {
    /// Recompute everything from what is stored: journals, runs, events, definitions, and the results of acts. If something was changed,
    /// print the findings, earliest first, and exit with 1.
    Verify {
        /// Only this run.
        #[arg(long, conflicts_with_all = ["anchor", "public_key"])]
        run: Option<RunId>,
        /// Also compare the database with this anchor, with all anchors in this folder, or with those in this file, one per line.
        #[arg(long, value_name = "FILE|FOLDER")]
        anchor: Option<PathBuf>,
        /// The public key of the anchors' signatures. Default: the one that belongs to STEPWELL_AUDIT_KEY, if that is set.
        #[arg(long, value_name = "BASE64", requires = "anchor")]
        public_key: Option<String>,
        /// Print JSON: what was checked, the number of findings, and the first 100 of them.
        #[arg(long)]
        json: bool,
        /// Verify this archive, or the archives in this folder, instead of the database.
        #[arg(long, value_name = "FILE-OR-FOLDER", conflicts_with_all = ["anchor", "public_key", "json"])]
        archive: Option<PathBuf>,
    },
    /// Write an anchor: a summary of the database, signed with STEPWELL_AUDIT_KEY (or the key in the file STEPWELL_AUDIT_KEY_FILE). Keep
    /// it where no one who can change the database can write.
    Anchor {
        /// The file to write, or a folder, where it gets its own file name. Default: standard output.
        #[arg(long, value_name = "FILE|FOLDER")]
        out: Option<PathBuf>,
    },
    /// Accept rows that `verify` reports because no act wrote them: after a manual repair, or an upgrade during which an
    /// earlier version wrote acts. Journals and events cannot be accepted.
    Adopt {
        /// The reason why they are correct.
        #[arg(long)]
        reason: String,
    },
    /// List acts on users, tokens, sessions, workflows and batches, latest first, with actor and reason.
    Acts {
        /// Only acts on this subject: `user:ada`, the id of a token, `NAMESPACE/NAME:VERSION`.
        #[arg(long)]
        subject: Option<String>,
        /// Maximum number to list.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// List refused access, latest first: at most one line a minute for each kind of attempt and peer.
    Refusals {
        /// Maximum number to list.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
}

pub(in crate::cli) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    if let Command::Verify { run, archive: Some(path), .. } = &command {
        context::check_no_server(settings)?;
        return archive::verify(path, *run, settings).await;
    }
    match command {
        Command::Verify { run, anchor, public_key, json, .. } => {
            let report = verify(settings, run, anchor.as_deref(), public_key).await?;
            print_report(&report, json)
        }
        Command::Anchor { out } => write_anchor(settings, out.as_deref()).await,
        Command::Adopt { reason } => adopt(settings, &reason).await,
        Command::Acts { subject, limit, json } => people::acts(settings, subject, limit, json).await,
        Command::Refusals { limit, json } => people::refusals(settings, limit, json).await,
    }
}

/// Concurrent connections; more would not be faster on a small machine.
const WORKERS: usize = 4;

async fn verify(
    settings: &Settings,
    run: Option<RunId>,
    anchor: Option<&Path>,
    public_key: Option<String>,
) -> anyhow::Result<Report> {
    // Migrate first.
    context::connect(settings).await?.close().await;
    let pool = scan::connect(&context::database_url(settings)?, 1 + u32::try_from(WORKERS)?).await?;
    if let Some(run) = run {
        return audit::verify_run(&pool, run).await?.with_context(|| format!("there is no run {run}"));
    }
    let ours = AuditKey::from_environment()?.map(|key| key.public());
    let public_key = public_key.or(ours);
    let anchors = anchor.map(|path| Anchors::load(path, public_key.as_deref())).transpose()?;
    Ok(audit::verify(&pool, &Options { workers: WORKERS }, anchors.as_ref()).await?)
}

fn print_report(report: &Report, json: bool) -> anyhow::Result<ExitCode> {
    let code = if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
        return Ok(code);
    }
    for finding in &report.findings {
        println!("{finding}");
    }
    for note in &report.notes {
        eprintln!("note: {note}");
    }
    let Report { runs, records, events, entries, anchors, days_not_held, count, .. } = report;
    let checked = format!(
        "{runs} journal(s) with {records} record(s), {events} event(s), {entries} entries of the chain of acts"
    );
    let held = if *anchors > 0 { format!(", against {anchors} anchor(s)") } else { String::new() };
    if report.is_sound() {
        println!("{checked} verified{held}: {}", outcome(*days_not_held));
    } else {
        let told = report.findings.len() as u64;
        let more = if *count > told { format!("; the first {told} are above") } else { String::new() };
        let count = plural(usize::try_from(*count).unwrap_or(usize::MAX), "finding", "findings");
        println!("{count}{more}; checked: {checked}{held}");
    }
    Ok(code)
}

/// Summarizes a verification without findings.
fn outcome(days_not_held: u64) -> String {
    if days_not_held == 0 {
        return "every record as it was written".to_owned();
    }
    let days = plural(usize::try_from(days_not_held).unwrap_or(usize::MAX), "day was", "days were");
    format!("nothing was found, but {days} not compared with anchors, because part of them has been archived since")
}

async fn write_anchor(settings: &Settings, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    context::connect(settings).await?.close().await;
    let key = AuditKey::from_environment()?;
    let pool = scan::connect(&context::database_url(settings)?, 2).await?;
    let (anchor, document) = match out {
        None => {
            let (anchor, document) = audit::take(&pool, key.as_ref(), SETTLES_AFTER).await?;
            print!("{}", anchor.to_text()?);
            (anchor, document)
        }
        Some(out) => {
            let (anchor, document, path) = audit::take_into(&pool, key.as_ref(), SETTLES_AFTER, out).await?;
            println!("anchor {} written to {}", document.seq, path.display());
            (anchor, document)
        }
    };
    match &anchor.public_key {
        Some(key) => eprintln!("signed; check it with --public-key {key}"),
        None => eprintln!(
            "not signed, because STEPWELL_AUDIT_KEY is not set: anyone who can write to the file can replace it"
        ),
    }
    for finding in &document.findings {
        eprintln!("the database differs from the last anchor: {finding}");
    }
    Ok(if document.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn adopt(settings: &Settings, reason: &str) -> anyhow::Result<ExitCode> {
    let identity = context::identity(&context::connect(settings).await?, settings, Scope::Admin).await?;
    let (actor, reason) = (identity.actor(), Some(reason));
    let pool = scan::connect(&context::database_url(settings)?, 2).await?;
    let adopted = audit::adopt(&pool, By { actor: &actor, reason }, |so_far| {
        eprintln!("{} so far", plural(so_far, "row", "rows"))
    })
    .await?;
    println!("{} accepted as they are", plural(adopted, "row", "rows"));
    Ok(ExitCode::SUCCESS)
}
