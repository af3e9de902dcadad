//! Holds the database against anchors: what they say was there is there, as it was.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use sqlx::PgConnection;
use uuid::Uuid;

use super::anchor::{Alive, Anchor};
use super::leaves::{Image, Moments};
use super::said::{Said, Told};
use super::source::{Source, Sources};
use crate::engine::audit::{Report, gaps, runs};
use crate::machine::{Change, Time};
use crate::store::StoreError;
use crate::store::audit::{anchors, scan};
use crate::store::runs::journal;

/// Anchors to hold the database against. They are read one after the other while it is checked.
#[derive(Debug, Default)]
pub struct Anchors {
    sources: Sources,
    /// Whose signature each must have.
    public_key: Option<String>,
}

impl Anchors {
    /// Finds an anchor, or all anchors of a file or folder. With a public key, each must be signed with its key.
    ///
    /// # Errors
    /// There is none.
    pub fn load(path: &Path, public_key: Option<&str>) -> anyhow::Result<Self> {
        Ok(Self { sources: Sources::of_path(path)?, public_key: public_key.map(str::to_owned) })
    }

    /// The same of texts with their names.
    #[must_use]
    pub fn read(texts: &[(String, String)], public_key: Option<&str>) -> Self {
        Self { sources: Sources::of_texts(texts), public_key: public_key.map(str::to_owned) }
    }

    pub(in crate::engine::audit) async fn check(
        &self,
        conn: &mut PgConnection,
        moments: Moments,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        for (name, what) in &self.sources.unreadable {
            report.find("anchors", name, format!("the anchor {name} is invalid: {what}"));
        }
        let (mut said, mut keys) = (Said::default(), BTreeSet::new());
        for source in &self.sources.found {
            match read(source) {
                Ok((anchor, document)) => {
                    if self.public_key.is_some() && anchor.public_key != self.public_key {
                        let what = format!("the anchor {} is not signed with the given key", source.name);
                        report.find("anchors", &source.name, what);
                    }
                    let told = Next { seq: document.seq, before: document.before.clone(), digest: anchor.digest() };
                    check_order(said.anchors.last(), &told, report);
                    keys.insert(anchor.public_key);
                    check_alive(conn, said.take(document, told.digest, report), report).await?;
                }
                Err(why) => {
                    let what = format!("the anchor {} is invalid: {why}", source.name);
                    report.find("anchors", &source.name, what);
                }
            }
        }
        self.note_keys(&keys, report);
        check_written(&said.anchors, conn, report).await?;
        said.check(conn, moments, report).await
    }

    fn note_keys(&self, keys: &BTreeSet<Option<String>>, report: &mut Report) {
        for key in keys {
            match key {
                None => {
                    report.note("some anchors are not signed: anyone who can write to their folder can replace them");
                }
                Some(key) if self.public_key.is_none() => report.note(format!(
                    "there are anchors signed with the key {key}: check that it is yours, with --public-key"
                )),
                Some(_) => {}
            }
        }
    }
}

fn read(source: &Source) -> anyhow::Result<(Anchor, super::anchor::Document)> {
    Ok(Anchor::read(&source.text()?)?)
}

/// What is compared with the anchor before.
struct Next {
    seq: i64,
    before: Option<String>,
    digest: String,
}

/// Each anchor names the one before.
fn check_order(before: Option<&Told>, next: &Next, report: &mut Report) {
    let Some(before) = before else { return };
    if next.seq == before.seq && before.digest != next.digest {
        report.find("anchors", next.seq, format!("there are two different anchors {}", next.seq));
    } else if next.seq == before.seq + 1 && next.before.as_deref() != Some(before.digest.as_str()) {
        let what = format!("anchor {} does not follow anchor {}: one of them was replaced", next.seq, before.seq);
        report.find("anchors", next.seq, what);
    } else if next.seq > before.seq + 1 {
        report.note(format!("the anchors between {} and {} are missing", before.seq, next.seq));
    }
}

/// The database knows which anchors were written, unless someone went back behind them.
async fn check_written(told: &[Told], conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
    let seqs: Vec<i64> = told.iter().map(|told| told.seq).collect();
    let rows = anchors::these_and_last(conn, &seqs).await?;
    let last = rows.last().map_or(0, |row| row.seq);
    for row in &rows {
        let kept = row.document.as_deref().map(|text| Anchor::read(text).ok());
        let is_whole = match kept {
            None => row.seq < last,
            Some(None) => false,
            Some(Some((anchor, document))) => {
                let is_same =
                    (document.seq, document.at, anchor.digest()) == (row.seq, row.at, hex::encode(&row.digest));
                row.seq == last && is_same
            }
        };
        if !is_whole {
            let what = format!("anchor {} in the database is not as it was written", row.seq);
            report.find("audit_anchors", row.seq, what);
        }
    }
    let rows: HashMap<i64, _> = rows.iter().map(|row| (row.seq, row)).collect();
    for Told { seq, at, digest, .. } in told {
        let what = match rows.get(seq) {
            Some(row) if row.at == *at && hex::encode(&row.digest) == *digest => continue,
            Some(_) => format!("the database has a different anchor {seq} than this one of {at}"),
            None => {
                format!("the database has no anchor {seq} of {at}: it was restored, or audit_anchors was changed")
            }
        };
        report.find("audit_anchors", seq, what);
    }
    Ok(())
}

impl Said {
    /// Holds the database against all that was said.
    pub(super) async fn check(
        mut self,
        conn: &mut PgConnection,
        moments: Moments,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        report.anchors += self.anchors.len() as u64;
        self.check_acts(conn, report).await?;
        self.check_spans(conn, moments, report).await?;
        check_alive(conn, self.still_alive(), report).await
    }

    async fn check_acts(&self, conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
        for ((seq, hash), at) in &self.acts {
            let what = match scan::hash_at(conn, *seq).await? {
                Some(there) if hex::encode(&there) == *hash => continue,
                Some(_) => format!("entry {seq} of the chain of acts is not the one that was anchored at {at}"),
                None => format!("the chain of acts was cut: entry {seq}, which was anchored at {at}, is missing"),
            };
            report.find("audit_chain", seq, what);
        }
        Ok(())
    }
}

/// Runs that were alive: each is there and continues from where it stood.
async fn check_alive(
    conn: &mut PgConnection,
    mut all: Vec<(Alive, Time)>,
    report: &mut Report,
) -> Result<(), StoreError> {
    all.sort_unstable_by_key(|(alive, _)| alive.id);
    for some in all.chunks(500) {
        let ids: Vec<Uuid> = some.iter().map(|(alive, _)| alive.id).collect();
        let mut there = HashMap::new();
        for row in scan::run_columns(conn, &ids).await? {
            there.insert(row.id, Image::read(row)?);
        }
        for (alive, at) in some {
            check_one(conn, alive, *at, there.get(&alive.id), report).await?;
        }
    }
    Ok(())
}

/// The run as it was when it was anchored: of the version from which it first moved since.
async fn as_anchored(conn: &mut PgConnection, alive: &Alive, run: &Image) -> Result<Image, StoreError> {
    let mut after = alive.seq;
    loop {
        let page = journal::read(&mut *conn, alive.id, after, MOVES_PAGE).await?;
        let Some(last) = page.last() else { return Ok(run.clone()) };
        after = last.seq;
        for row in page.iter().filter(|row| row.kind == "run.moved") {
            if let Change::RunMoved(moved) = row.record()?.change {
                return Ok(run.clone().of_definition(moved.definitions.0));
            }
        }
    }
}

/// Records in which a move is looked for at once.
const MOVES_PAGE: i64 = 1_000;

async fn check_one(
    conn: &mut PgConnection,
    alive: &Alive,
    at: Time,
    run: Option<&Image>,
    report: &mut Report,
) -> Result<(), StoreError> {
    let id = alive.id;
    let Some(run) = run else {
        if !gaps::run_is_archived(conn, id).await? {
            report.find("runs", id, format!("run {id}, which was anchored at {at}, is missing"));
        }
        return Ok(());
    };
    if run.identity() != alive.is && as_anchored(conn, alive, run).await?.identity() != alive.is {
        let what =
            format!("the definition, key, event, parent or time of run {id} differs from what was anchored at {at}");
        report.find("runs", id, what);
    }
    if run.seq < alive.seq {
        let what = format!(
            "the journal of run {id} was cut: it ends at record {}, but was anchored at {at} with {}",
            run.seq, alive.seq
        );
        report.find("journal", id, what);
        return Ok(());
    }
    let hash = if run.seq == alive.seq { Some(run.head.clone()) } else { runs::hash_at(conn, id, alive.seq).await? };
    if hash.is_none() && gaps::run_is_archived(conn, id).await? && scan::run_columns(conn, &[id]).await?.is_empty() {
        // It was removed between the two.
        return Ok(());
    }
    if hash.map(hex::encode).as_deref() != Some(alive.head.as_str()) {
        let what = format!("record {} of run {id} is not the one that was anchored at {at}", alive.seq);
        report.find("journal", id, what);
    }
    Ok(())
}
