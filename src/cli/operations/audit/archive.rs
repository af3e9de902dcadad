//! `stepwell audit verify --archive`: verifies the hash chains, counts and digests of archives, and compares them with
//! what the database recorded when it deleted the runs. A missing file is a finding too.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use sqlx::PgPool;
use uuid::Uuid;

use crate::cli::context;
use crate::config::Settings;
use crate::machine::RunId;
use crate::retention::{self, Archive, Summary};
use crate::store::audit::removed;
use crate::store::retention as rows;
use crate::words::plural;

const NOT_COMPARED: &str =
    "not compared with the database, because DATABASE_URL is not set: the files could have been replaced";

/// Verifies a file, or all files in a folder.
pub(super) async fn verify(path: &Path, run: Option<RunId>, settings: &Settings) -> anyhow::Result<ExitCode> {
    // Archives can be verified without a database, but then a whole file could have been replaced unnoticed.
    let pool = match context::database_url(settings) {
        Ok(_) => Some(context::connect(settings).await?),
        Err(_) => None,
    };
    if let Some(run) = run {
        return verify_run(path, run, pool.as_ref()).await;
    }
    let files = retention::files(path)?;
    let (mut runs, mut events, mut bad) = (BTreeSet::new(), 0, 0);
    for file in &files {
        match check(file, pool.as_ref()).await {
            Ok((summary, differences)) => {
                differences.iter().for_each(|difference| println!("{difference}"));
                bad += usize::from(!differences.is_empty());
                events += summary.events.len();
                runs.extend(summary.runs);
            }
            Err(why) => {
                println!("{why:#}");
                bad += 1;
            }
        }
    }
    let missing = match &pool {
        Some(pool) if path.is_dir() => tell_missing(path, &files, pool).await?,
        _ => 0,
    };
    ensure!(!files.is_empty() || missing > 0, "{} has no archives", path.display());
    if bad > 0 {
        println!("{bad} of {} archive(s) are not as they were written", files.len());
    }
    if missing > 0 {
        println!("{} missing", plural(missing, "archive is", "archives are"));
    }
    if bad + missing > 0 {
        return Ok(ExitCode::FAILURE);
    }
    println!(
        "{} archive(s) verified: {} run(s), {events} event(s), every record as it was written",
        files.len(),
        runs.len()
    );
    if pool.is_none() {
        println!("{NOT_COMPARED}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Reports archives that the database knows but the folder lacks, except discarded ones. Returns their number.
async fn tell_missing(folder: &Path, files: &[PathBuf], pool: &PgPool) -> anyhow::Result<usize> {
    let ids: HashSet<Uuid> =
        files.iter().filter_map(|file| Archive::open(file).ok()).map(|archive| archive.header.archive).collect();
    // A file that cannot be opened has been reported already.
    let unreadable: HashSet<&str> = files
        .iter()
        .filter(|file| Archive::open(file).is_err())
        .filter_map(|file| file.file_name().and_then(|name| name.to_str()))
        .collect();
    let (mut missing, mut after) = (0, Uuid::nil());
    loop {
        let page = removed::recorded_after(pool, after).await?;
        let Some(last) = page.last() else { return Ok(missing) };
        after = last.id;
        for row in page.iter().filter(|row| !ids.contains(&row.id) && !unreadable.contains(row.file.as_str())) {
            let what = format!(
                "{} (archive {}, {} runs and events) is not in {}",
                row.file.escape_debug(),
                row.id,
                row.items,
                folder.display()
            );
            match &row.discarded_by {
                Some(actor) => eprintln!("note: {what}: {actor} discarded it"),
                None => {
                    println!("{what}");
                    missing += 1;
                }
            }
        }
    }
}

/// Verifies a file and compares it with its row.
async fn check(file: &Path, pool: Option<&PgPool>) -> anyhow::Result<(Summary, Vec<String>)> {
    let summary = retention::verify(file)?;
    let Some(pool) = pool else { return Ok((summary, Vec::new())) };
    let (name, id) = (file.display(), summary.header.archive);
    let unknown = || format!("{name}: the database has no archive {id}");
    let row = rows::archive(pool, id).await?.with_context(unknown)?;
    let held = removed::held_by(pool, id).await?.with_context(unknown)?;
    let mut found = Vec::new();
    if hex::encode(&row.digest) != summary.end.digest {
        found.push(format!("{name}: the database recorded another digest for archive {id}"));
    } else if row.sha256 != summary.sha256 {
        found.push(format!(
            "{name}: journals and events are as recorded, but the file has other bytes: it was recompressed, or another part of it was changed"
        ));
    }
    for (what, recorded, there) in [("run", &held.runs, &summary.runs), ("event", &held.events, &summary.events)] {
        let (recorded, there): (BTreeSet<_>, BTreeSet<_>) = (recorded.iter().collect(), there.iter().collect());
        let only = |a: &BTreeSet<_>, b: &BTreeSet<_>| a.difference(b).map(|id: &&Uuid| **id).collect::<Vec<Uuid>>();
        found.extend(
            only(&recorded, &there).iter().map(|id| format!("{name}: {what} {id} is recorded, but not in the file")),
        );
        found.extend(
            only(&there, &recorded).iter().map(|id| format!("{name}: {what} {id} is in the file, but not recorded")),
        );
    }
    Ok((summary, found))
}

async fn verify_run(path: &Path, run: RunId, pool: Option<&PgPool>) -> anyhow::Result<ExitCode> {
    let found = retention::find_run(path, run)?;
    let found = found.with_context(|| format!("no archive in {} has run {run}", path.display()))?;
    if pool.is_some() {
        let differences = match check(&found.path, pool).await {
            Ok((_, differences)) => differences,
            Err(why) => vec![format!("{why:#}")],
        };
        if !differences.is_empty() {
            differences.iter().for_each(|difference| println!("{difference}"));
            return Ok(ExitCode::FAILURE);
        }
    }
    if let Some(tampered) = found.verify() {
        println!("{}: {tampered}", found.path.display());
        return Ok(ExitCode::FAILURE);
    }
    println!("1 journal(s) verified in {}, every record as it was written", found.path.display());
    if pool.is_none() {
        println!("{NOT_COMPARED}");
    }
    Ok(ExitCode::SUCCESS)
}
