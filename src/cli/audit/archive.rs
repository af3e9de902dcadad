//! `stepwell audit verify --archive`: recomputes every chain, the counts and the digests of archives, and compares them with what the
//! database recorded when it removed the runs.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use sqlx::PgPool;

use crate::cli::context;
use crate::config::Settings;
use crate::machine::RunId;
use crate::retention::{self, Summary};
use crate::store::retention as rows;

/// Verifies a file, or all files of a folder.
pub(super) async fn verify(path: &Path, run: Option<RunId>, settings: &Settings) -> anyhow::Result<ExitCode> {
    if let Some(run) = run {
        return verify_run(path, run);
    }
    let files = retention::files(path)?;
    ensure!(!files.is_empty(), "{} has no archives", path.display());
    // Archives can be read where there is no database: then nothing vouches for a file as a whole.
    let pool = match context::database_url(settings) {
        Ok(_) => Some(context::connect(settings).await?),
        Err(_) => None,
    };
    let (mut runs, mut events, mut bad) = (BTreeSet::new(), 0, 0);
    for file in &files {
        match check(file, pool.as_ref()).await {
            Ok(summary) => {
                events += summary.events.len();
                runs.extend(summary.runs);
            }
            Err(why) => {
                println!("{why:#}");
                bad += 1;
            }
        }
    }
    if bad > 0 {
        println!("{bad} of {} archive(s) are not as they were written", files.len());
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "{} archive(s) verified: {} run(s), {events} event(s), every record as it was written",
        files.len(),
        runs.len()
    );
    if pool.is_none() {
        println!(
            "not compared with the database, since there is no DATABASE_URL: somebody could have written the files anew"
        );
    }
    Ok(ExitCode::SUCCESS)
}

async fn check(file: &Path, pool: Option<&PgPool>) -> anyhow::Result<Summary> {
    let summary = retention::verify(file)?;
    let Some(pool) = pool else { return Ok(summary) };
    let name = file.display();
    let id = summary.header.archive;
    let row = rows::archive(pool, id).await?.with_context(|| format!("{name}: the database knows no archive {id}"))?;
    ensure!(
        hex::encode(&row.digest) == summary.end.digest,
        "{name}: the database recorded another digest for archive {id}"
    );
    ensure!(
        row.sha256 == summary.sha256,
        "{name}: the runs are as recorded, but the file was compressed anew: its SHA-256 differs"
    );
    Ok(summary)
}

fn verify_run(path: &Path, run: RunId) -> anyhow::Result<ExitCode> {
    let found = retention::find_run(path, run)?;
    let found = found.with_context(|| format!("no archive in {} has run {run}", path.display()))?;
    match found.verify() {
        Some(tampered) => {
            println!("{}: {tampered}", found.path.display());
            Ok(ExitCode::FAILURE)
        }
        None => {
            println!("1 journal(s) verified in {}, every record as it was written", found.path.display());
            Ok(ExitCode::SUCCESS)
        }
    }
}
