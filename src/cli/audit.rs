//! `stepwell audit`: recomputes the hash chains of the journals, and lists what no journal tells.

mod archive;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use sqlx::PgPool;

use super::context;
use crate::config::Settings;
use crate::machine::RunId;
use crate::store::access::Scope;
use crate::store::acts::{self, ActRow, RefusalRow};
use crate::store::journal::{self, Tampered};

/// `stepwell audit ...`
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Verify every journal, or one. If one was changed, print the first bad record and exit with 1.
    Verify {
        /// Only this run.
        #[arg(long)]
        run: Option<RunId>,
        /// Verify this archive, or the archives in this folder, instead of the database.
        #[arg(long, value_name = "FILE-OR-FOLDER")]
        archive: Option<PathBuf>,
    },
    /// List acts on users, tokens, sessions, workflows and batches, latest first: who, what, why.
    Acts {
        /// Only acts on this subject: `user:ada`, the id of a token, `NAMESPACE/NAME:VERSION`.
        #[arg(long)]
        subject: Option<String>,
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// List refused access, latest first: at most one line a minute for each kind of attempt and peer.
    Refusals {
        /// At most this many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Anchors read at once.
const PAGE: i64 = 500;

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    if let Command::Verify { run, archive: Some(path) } = &command {
        return archive::verify(path, *run, settings).await;
    }
    let pool = context::connect(settings).await?;
    match command {
        Command::Verify { run, .. } => verify(&pool, run).await,
        Command::Acts { subject, limit, json } => {
            context::identity(&pool, settings, Scope::Admin).await?;
            print_acts(&acts::list(&pool, subject.as_deref(), None, limit).await?, json)
        }
        Command::Refusals { limit, json } => {
            context::identity(&pool, settings, Scope::Admin).await?;
            print_refusals(&acts::refusals(&pool, None, limit).await?, json)
        }
    }
}

fn print_acts(acts: &[ActRow], json: bool) -> anyhow::Result<ExitCode> {
    if json {
        println!("{}", serde_json::to_string_pretty(acts)?);
        return Ok(ExitCode::SUCCESS);
    }
    for ActRow { at, actor, act, subject, reason, .. } in acts {
        // What people wrote is quoted, so that it moves no cursor.
        let reason = reason.as_ref().map(|reason| format!(": {reason:?}")).unwrap_or_default();
        println!("{}  {actor:28} {act:16} {subject}{reason}", at.format("%Y-%m-%d %H:%M:%S"));
    }
    Ok(ExitCode::SUCCESS)
}

fn print_refusals(refusals: &[RefusalRow], json: bool) -> anyhow::Result<ExitCode> {
    if json {
        println!("{}", serde_json::to_string_pretty(refusals)?);
        return Ok(ExitCode::SUCCESS);
    }
    for RefusalRow { at, kind, peer, subject, count, .. } in refusals {
        println!("{}  {kind:10} {peer:24} {count:6}x  {subject:?}", at.format("%Y-%m-%d %H:%M:%S"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(pool: &PgPool, run: Option<RunId>) -> anyhow::Result<ExitCode> {
    let (checked, tampered) = match run {
        Some(run) => (1, verify_one(pool, run).await?),
        None => verify_all(pool).await?,
    };
    match tampered {
        Some(tampered) => {
            println!("{tampered}");
            Ok(ExitCode::FAILURE)
        }
        None => {
            println!("{checked} journal(s) verified, every record as it was written");
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify_one(pool: &PgPool, run: RunId) -> anyhow::Result<Option<Tampered>> {
    let anchor = journal::anchor(pool, run).await?.with_context(|| format!("there is no run {run}"))?;
    Ok(journal::verify(pool, run, anchor.seq, &anchor.head).await?)
}

async fn verify_all(pool: &PgPool) -> anyhow::Result<(usize, Option<Tampered>)> {
    let (mut checked, mut after) = (0, None);
    loop {
        let anchors = journal::anchors(pool, after, PAGE).await?;
        let Some(last) = anchors.last() else { break };
        after = Some(last.id);
        for anchor in &anchors {
            checked += 1;
            // A run may have moved on between the two reads: a difference counts only if it stays.
            if journal::verify(pool, anchor.id, anchor.seq, &anchor.head).await?.is_some()
                // Nor may it have been archived and removed.
                && let Some(anchor) = journal::anchor(pool, anchor.id).await?
                && let Some(tampered) = journal::verify(pool, anchor.id, anchor.seq, &anchor.head).await?
            {
                return Ok((checked, Some(tampered)));
            }
        }
    }
    let orphan = journal::orphans(pool, 1).await?.first().map(|run| Tampered::Orphan { run: *run });
    Ok((checked, orphan))
}
