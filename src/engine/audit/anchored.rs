//! Holds the database against anchors: what they say was there is there, as it was.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use anyhow::Context as _;
use sqlx::PgConnection;
use uuid::Uuid;

use super::anchor::{Alive, Anchor, Document};
use super::leaves::{Image, Moments};
use super::{Report, gaps, runs};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::audit::{anchors, scan};

/// Anchors to hold the database against, in order.
#[derive(Debug, Default)]
pub struct Anchors {
    pub(super) documents: Vec<Document>,
    /// Digest of each document.
    digests: Vec<String>,
    problems: Vec<(String, String)>,
    notes: Vec<String>,
    /// Only the spans that they name are read; see [`Self::part_of`].
    pub(super) is_part: bool,
}

impl Anchors {
    /// Some spans of an anchor that was proved, and its recent runs.
    pub(super) fn part_of(document: Document) -> Self {
        Self { documents: vec![document], is_part: true, ..Self::default() }
    }

    /// Reads an anchor, or all anchors of a folder. With a public key, each must be signed with its key.
    ///
    /// # Errors
    /// There is none.
    pub fn load(path: &Path, public_key: Option<&str>) -> anyhow::Result<Self> {
        let mut files = vec![path.to_owned()];
        if path.is_dir() {
            let entries = std::fs::read_dir(path).with_context(|| format!("reading {}", path.display()))?;
            let names = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
            let is_anchor = |path: &Path| path.extension().is_some_and(|extension| extension == "json");
            files = names.into_iter().filter(|path| is_anchor(path)).collect();
        }
        files.sort_unstable();
        anyhow::ensure!(!files.is_empty(), "there is no anchor in {}", path.display());
        let mut texts = Vec::new();
        for file in files {
            let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            texts.push((file.display().to_string(), text));
        }
        Ok(Self::read(&texts, public_key))
    }

    /// The same of texts with their names.
    #[must_use]
    pub fn read(texts: &[(String, String)], public_key: Option<&str>) -> Self {
        let mut all = Self::default();
        let mut found: Vec<(Document, String)> = Vec::new();
        let mut keys = BTreeSet::new();
        for (name, text) in texts {
            match Anchor::read(text) {
                Ok((anchor, document)) => {
                    if anchor.public_key.as_deref() != public_key && public_key.is_some() {
                        let what = format!("the anchor {name} is not signed with the key that you named");
                        all.problems.push((name.clone(), what));
                    }
                    keys.insert(anchor.public_key.clone());
                    found.push((document, anchor.digest()));
                }
                Err(why) => all.problems.push((name.clone(), format!("the anchor {name} proves nothing: {why}"))),
            }
        }
        for key in keys {
            match key {
                None => all.notes.push(
                    "some anchors are not signed: anyone who can write to their folder can replace them".to_owned(),
                ),
                Some(key) if public_key.is_none() => {
                    all.notes.push(format!(
                        "there are anchors signed with the key {key}: check that it is yours, with --public-key"
                    ));
                }
                Some(_) => {}
            }
        }
        found.sort_unstable_by_key(|(document, _)| document.seq);
        (all.documents, all.digests) = found.into_iter().unzip();
        all
    }

    pub(super) async fn check(
        &self,
        conn: &mut PgConnection,
        moments: Moments,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        report.anchors += self.documents.len() as u64;
        for (name, what) in &self.problems {
            report.find("anchors", name, what.clone());
        }
        self.notes.iter().for_each(|note| report.note(note.clone()));
        self.check_order(report);
        if !self.is_part {
            self.check_written(conn, report).await?;
        }
        self.check_acts(conn, report).await?;
        self.check_spans(conn, moments, report).await?;
        self.check_alive(conn, report).await
    }

    /// Each anchor names the one before.
    fn check_order(&self, report: &mut Report) {
        for (pair, digests) in self.documents.windows(2).zip(self.digests.windows(2)) {
            let (before, after) = (&pair[0], &pair[1]);
            if after.seq == before.seq && digests[0] != digests[1] {
                report.find("anchors", after.seq, format!("there are two different anchors {}", after.seq));
            } else if after.seq == before.seq + 1 && after.before.as_deref() != Some(digests[0].as_str()) {
                let what = format!(
                    "anchor {} does not follow from anchor {}: one of them was replaced",
                    after.seq, before.seq
                );
                report.find("anchors", after.seq, what);
            } else if after.seq > before.seq + 1 {
                report.note(format!("the anchors between {} and {} are not here", before.seq, after.seq));
            }
        }
    }

    /// The database knows which anchors were written, unless somebody went back behind them.
    async fn check_written(&self, conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
        let seqs: Vec<i64> = self.documents.iter().map(|document| document.seq).collect();
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
                report.find(
                    "audit_anchors",
                    row.seq,
                    format!("anchor {} in the database is not as it was written", row.seq),
                );
            }
        }
        for (document, digest) in self.documents.iter().zip(&self.digests) {
            let seq = document.seq;
            let what = match rows.iter().find(|row| row.seq == seq) {
                Some(row) if row.at == document.at && hex::encode(&row.digest) == *digest => continue,
                Some(_) => format!("the database has another anchor {seq} than this one of {}", document.at),
                None => format!(
                    "the database does not know anchor {seq} of {}: it was restored, or audit_anchors was changed",
                    document.at
                ),
            };
            report.find("audit_anchors", seq, what);
        }
        Ok(())
    }

    async fn check_acts(&self, conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
        let mut ends: Vec<_> = self.documents.iter().filter(|document| document.acts.seq > 0).collect();
        ends.dedup_by_key(|document| &document.acts);
        for Document { at, acts, .. } in ends {
            let there = scan::hash_at(conn, acts.seq).await?;
            let what = match there {
                Some(hash) if hex::encode(&hash) == acts.hash => continue,
                Some(_) => format!("entry {} of the chain of acts is not the one that was anchored at {at}", acts.seq),
                None => format!("the chain of acts was cut: entry {}, which was anchored at {at}, is gone", acts.seq),
            };
            report.find("audit_chain", acts.seq, what);
        }
        Ok(())
    }

    /// Runs that were alive: each is there and goes on from where it stood.
    async fn check_alive(&self, conn: &mut PgConnection, report: &mut Report) -> Result<(), StoreError> {
        let mut furthest: HashMap<Uuid, (&Alive, Time)> = HashMap::new();
        for document in &self.documents {
            let listed = document.spans.values().flat_map(|summary| &summary.alive).chain(&document.recent);
            for alive in listed {
                let known = furthest.entry(alive.id).or_insert((alive, document.at));
                if alive.seq < known.0.seq || alive.seq == known.0.seq && alive != known.0 {
                    let what = format!(
                        "two anchors disagree about run {}: record {} in one, record {} of a different history in a later one",
                        alive.id, known.0.seq, alive.seq
                    );
                    report.find("runs", alive.id, what);
                }
                if alive.seq > known.0.seq {
                    *known = (alive, document.at);
                }
            }
        }
        let mut all: Vec<(&Alive, Time)> = furthest.into_values().collect();
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
}

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
            report.find("runs", id, format!("run {id}, which was anchored at {at}, is gone"));
        }
        return Ok(());
    };
    if run.identity() != alive.is {
        let what =
            format!("the definition, key, event, parent or time of run {id} is another one than was anchored at {at}");
        report.find("runs", id, what);
    }
    if run.seq < alive.seq {
        let what = format!(
            "the journal of run {id} was cut: it ends at record {}, and was anchored at {at} with {}",
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
