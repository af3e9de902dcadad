//! `stepwell audit`: recomputes the hash chains of the journals.

use std::process::ExitCode;

use anyhow::Context;
use sqlx::PgPool;

use super::context;
use crate::config::Settings;
use crate::machine::RunId;
use crate::store::journal::{self, Tampered};

/// `stepwell audit ...`
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check every journal, or one; exit 1 and the first bad record if one was changed.
    Verify {
        /// Only this run.
        #[arg(long)]
        run: Option<RunId>,
    },
}

/// Anchors read at once.
const PAGE: i64 = 500;

pub(super) async fn run(command: Command, settings: &Settings) -> anyhow::Result<ExitCode> {
    let Command::Verify { run } = command;
    let pool = context::connect(settings).await?;
    let (checked, tampered) = match run {
        Some(run) => (1, verify_one(&pool, run).await?),
        None => verify_all(&pool).await?,
    };
    match tampered {
        Some(tampered) => {
            println!("{tampered}");
            Ok(ExitCode::FAILURE)
        }
        None => {
            println!("{checked} journal(s) checked, every record as it was written");
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
                && let Some(tampered) = verify_one(pool, anchor.id).await?
            {
                return Ok((checked, Some(tampered)));
            }
        }
    }
    let orphan = journal::orphans(pool, 1).await?.first().map(|run| Tampered::Orphan { run: *run });
    Ok((checked, orphan))
}
