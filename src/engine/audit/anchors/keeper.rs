//! Writes anchors: what the database holds now, on from the last anchor.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use sqlx::{PgConnection, PgPool};
use tracing::{error, info, warn};
use uuid::Uuid;

use super::anchor::{Acts, Alive, Anchor, Document, FORMAT, Summary};
use super::key::AuditKey;
use super::leaves::{List, Moments, leaves_of};
use super::said::Said;
use super::spans::{Span, instant};
use crate::engine::audit::{Report, gaps, pass};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::acts::{self, By};
use crate::store::audit::{self, anchors, scan};
use crate::store::events::outgoing::NewOutgoing;

/// When and where anchors are written: `audit.anchors` of `hub.yaml`.
#[derive(Debug, Clone)]
pub struct Keeper {
    /// How often.
    pub every: Duration,
    /// The folder that gets a file of each.
    pub folder: Option<PathBuf>,
    /// Where each is posted: `https://host/path`, or `connection://NAME/path`.
    pub webhook: Option<String>,
}

/// The name under which anchors wait to be posted, beside the sinks of `hub.yaml`. None of those has a dot.
pub(crate) const WEBHOOK: &str = "audit.anchors";

/// How long after its end an hour or a day is summed up. A run that is accepted then has been stored by now, or its sender knows better.
pub const SETTLES_AFTER: TimeDelta = TimeDelta::hours(6);

/// Takes an anchor of what the database holds, and keeps it as the last one. A span that ended `settles_after` ago or earlier is summed up,
/// [`SETTLES_AFTER`] where nodes may still store what they accepted then.
///
/// # Errors
/// The database is away, or another node took one at the same time.
pub async fn take(
    pool: &PgPool,
    key: Option<&AuditKey>,
    settles_after: TimeDelta,
) -> Result<(Anchor, Document), StoreError> {
    let (anchor, document) = prepare(pool, key, settles_after).await?;
    keep(pool, &anchor, &document, Posted::Not).await?;
    Ok((anchor, document))
}

/// Takes an anchor into a file, or into a folder under a name of its own; also gives where it is. It is on disk before the database keeps it,
/// and gets its name after that: what cannot be written does not count as taken, and no file is of an anchor that the database does not know.
///
/// # Errors
/// As [`take`], or the folder cannot be written.
pub async fn take_into(
    pool: &PgPool,
    key: Option<&AuditKey>,
    settles_after: TimeDelta,
    out: &Path,
) -> Result<(Anchor, Document, PathBuf), StoreError> {
    let (anchor, document) = prepare(pool, key, settles_after).await?;
    let path = into(pool, &anchor, &document, out, Posted::Not).await?;
    Ok((anchor, document, path))
}

/// Whether an anchor is also posted.
#[derive(Debug, Clone, Copy)]
enum Posted {
    Not,
    ToTheWebhook,
}

async fn into(
    pool: &PgPool,
    anchor: &Anchor,
    document: &Document,
    out: &Path,
    posted: Posted,
) -> Result<PathBuf, StoreError> {
    let path = if out.is_dir() { out.join(Anchor::file_name(document)) } else { out.to_owned() };
    let (text, folder) = (anchor.to_text().map_err(|e| unwritable(&e))?, folder_of(&path));
    let staged = on_disk(&path, move || stage(&folder, &text)).await?;
    keep(pool, anchor, document, posted).await?;
    let (at, folder) = (path.clone(), folder_of(&path));
    on_disk(&path, move || {
        staged.persist(&at).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    })
    .await?;
    Ok(path)
}

fn unwritable(why: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unreadable { table: "audit_anchors", why: why.to_string() }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")).to_owned()
}

async fn on_disk<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|why| Err(std::io::Error::other(why)));
    done.map_err(|why| unwritable(&format!("the anchor {} cannot be written: {why}", path.display())))
}

/// A file without its name, of which all is on disk.
fn stage(folder: &Path, text: &str) -> std::io::Result<tempfile::NamedTempFile> {
    use std::io::Write as _;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Keeps an anchor as the last one.
async fn keep(pool: &PgPool, anchor: &Anchor, document: &Document, posted: Posted) -> Result<(), StoreError> {
    let text = anchor.to_text().map_err(|e| unwritable(&e))?;
    let digest = hex::decode(anchor.digest()).unwrap_or_default();
    let outgoing = match posted {
        Posted::Not => None,
        Posted::ToTheWebhook => {
            Some(NewOutgoing { id: Uuid::now_v7(), event: text.clone(), sink: Some(WEBHOOK.to_owned()) })
        }
    };
    let new = anchors::Written { seq: document.seq, at: document.at, digest, document: Some(text) };
    if !anchors::keep(pool, &new, outgoing.as_ref()).await? {
        return Err(unwritable(&"another anchor was written at the same time"));
    }
    Ok(())
}

async fn prepare(
    pool: &PgPool,
    key: Option<&AuditKey>,
    settles_after: TimeDelta,
) -> Result<(Anchor, Document), StoreError> {
    let mut conn = pool.acquire().await?;
    let (before, at) = (anchors::last(&mut conn).await?, anchors::now(&mut conn).await?);
    let previous = before.as_ref().and_then(|before| ours(before, key));
    let head = audit::head(&mut conn).await?;
    let settled = at - settles_after;
    let mut document = Document {
        format: FORMAT,
        seq: before.as_ref().map_or(0, |before| before.seq) + 1,
        at,
        before: before.map(|before| hex::encode(before.digest)),
        acts: Acts { seq: head.seq, hash: hex::encode(head.hash) },
        spans: BTreeMap::new(),
        recent: Vec::new(),
        settled,
        findings: Vec::new(),
    };
    fill(&mut conn, &mut document, previous.as_ref()).await?;
    if let Some(previous) = &previous {
        document.findings = look_back(&mut conn, previous, &document).await?;
    }
    let anchor = Anchor::of(&document, key).map_err(|e| unwritable(&e))?;
    Ok((anchor, document))
}

/// The last anchor, if it is what we wrote: with a key it must be signed with that key.
fn ours(last: &anchors::Written, key: Option<&AuditKey>) -> Option<Document> {
    let (anchor, document) = Anchor::read(last.document.as_deref()?).ok()?;
    let is_ours = key.is_none_or(|key| anchor.public_key == Some(key.public()));
    if !is_ours {
        warn!("the last anchor in the database is not signed with this key: all days are read anew");
    }
    is_ours.then_some(document)
}

/// Sums up what has settled, and lists what is recent.
async fn fill(conn: &mut PgConnection, document: &mut Document, previous: Option<&Document>) -> Result<(), StoreError> {
    let mut from = Uuid::nil();
    while let Some(id) = scan::next_id(conn, from).await? {
        let at = instant(id);
        let span = match (Span::day_of(at), Span::hour_of(at)) {
            (day, _) if day.until <= document.settled => day,
            (_, hour) if hour.until <= document.settled => hour,
            (_, hour) => {
                document.recent = recent(conn, hour.after()).await?;
                return Ok(());
            }
        };
        from = span.before();
        let name = span.name();
        let carried =
            previous.and_then(|previous| previous.spans.get(&name)).filter(|summary| summary.alive.is_empty());
        // Before the rows are read: of a removal meanwhile, the next anchor sees that the number is another one.
        let archived = gaps::archived_in(conn, (span.after(), span.before())).await?;
        let summary = match carried.filter(|summary| summary.archived == archived) {
            Some(summary) => summary.clone(),
            None => sum_up(conn, span, document.settled, archived).await?,
        };
        document.spans.insert(name, summary);
    }
    carry_lost(conn, document, previous).await
}

/// A span of the anchor before of which nothing is left at all stays in the anchors, unless archives have all of it: its outcome is
/// for verification to tell.
async fn carry_lost(
    conn: &mut PgConnection,
    document: &mut Document,
    previous: Option<&Document>,
) -> Result<(), StoreError> {
    for (name, summary) in previous.iter().flat_map(|previous| &previous.spans) {
        let Some(span) = Span::named(name) else { continue };
        let covered = document.spans.contains_key(name) || document.spans.contains_key(&Span::day_of(span.from).name());
        let held = summary.runs + summary.events + summary.alive.len() as u64;
        if covered || held == 0 {
            continue;
        }
        let archived = gaps::archived_in(conn, (span.after(), span.before())).await?;
        if u64::try_from(archived - summary.archived).unwrap_or(0) < held {
            document.spans.insert(name.clone(), summary.clone());
        }
    }
    Ok(())
}

async fn sum_up(conn: &mut PgConnection, span: Span, settled: Time, archived: i64) -> Result<Summary, StoreError> {
    let ids = (span.after(), span.before());
    let leaves = leaves_of(conn, Moments::OwnEach, ids, Vec::new(), List::Alive).await?;
    let accepted = leaves.runs.iter().filter(|run| run.created_at <= settled);
    let alive: Vec<Alive> = accepted.filter_map(|run| run.alive.as_deref().cloned()).collect();
    let ids: HashSet<Uuid> = alive.iter().map(|alive| alive.id).collect();
    let columns = leaves.columns.first().cloned().unwrap_or_default();
    let (runs, digest) = leaves.runs_by(&columns, settled, &ids);
    let (events, events_digest) = leaves.events(settled);
    Ok(Summary { cutoff: settled, runs, digest, columns, alive, events, events_digest, archived })
}

async fn recent(conn: &mut PgConnection, from: Uuid) -> Result<Vec<Alive>, StoreError> {
    let leaves =
        leaves_of(conn, Moments::OwnEach, (from, crate::engine::audit::runs::LAST), Vec::new(), List::All).await?;
    Ok(leaves.runs.into_iter().filter_map(|run| run.alive).map(|alive| *alive).collect())
}

/// Checks what is not taken over against the anchor before: what was changed since must not pass into the new one in silence.
async fn look_back(conn: &mut PgConnection, previous: &Document, new: &Document) -> Result<Vec<String>, StoreError> {
    let mut changing = previous.clone();
    changing.spans.retain(|name, summary| new.spans.get(name) != Some(summary));
    let mut report = Report::default();
    Said::part_of(changing).check(conn, Moments::OwnEach, &mut report).await?;
    Ok(report.findings.into_iter().map(|finding| finding.what).collect())
}

impl Keeper {
    /// Writes an anchor, if it is time and no other node does. Gives whether one waits to be posted.
    ///
    /// # Errors
    /// The database is away, or the folder cannot be written.
    pub(crate) async fn keep(&self, pool: &PgPool, key: Option<&AuditKey>) -> Result<bool, StoreError> {
        let Some(turn) = anchors::take_turn(pool, self.every).await? else { return Ok(false) };
        let done = self.write(pool, key).await;
        anchors::end_turn(pool, turn).await?;
        done.map(|()| self.webhook.is_some())
    }

    async fn write(&self, pool: &PgPool, key: Option<&AuditKey>) -> Result<(), StoreError> {
        if let Some(folder) = self.folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(unwritable(&format!("{} is not a folder", folder.display())));
        }
        let (anchor, document) = prepare(pool, key, SETTLES_AFTER).await?;
        let posted = if self.webhook.is_some() { Posted::ToTheWebhook } else { Posted::Not };
        match &self.folder {
            Some(folder) => {
                let path = into(pool, &anchor, &document, folder, posted).await?;
                info!(anchor = document.seq, file = %path.display(), "an anchor was written");
            }
            None => keep(pool, &anchor, &document, posted).await?,
        }
        for finding in &document.findings {
            error!(
                anchor = document.seq,
                finding, "the database differs from the last anchor: run `stepwell audit verify`"
            );
        }
        Ok(())
    }
}

/// Accepts rows of sealed tables as they are where they differ from the chain, and records who did and why. Gives how many; `so_far` is told
/// after each of the transactions that it takes.
///
/// # Errors
/// The database is away. What was accepted until then stays so.
pub async fn adopt(pool: &PgPool, by: By<'_>, so_far: impl Fn(usize)) -> Result<usize, StoreError> {
    let mut adopted = 0;
    loop {
        let mut transaction = pool.begin().await?;
        scan::pin_forms(&mut transaction).await?;
        // The chain is followed once: what is accepted later was not written by any act.
        let differing = match adopted {
            0 => pass::differing_rows(&mut transaction).await?,
            _ => pass::unsealed_rows(&mut transaction).await?,
        };
        if differing.is_empty() && adopted > 0 {
            return Ok(adopted);
        }
        let rows: Vec<String> =
            differing.iter().take(1_000).map(|(table, key)| format!("{} {key}", table.table())).collect();
        let detail = serde_json::json!({ "count": differing.len(), "rows": rows });
        audit::adopt(&mut transaction, &differing).await?;
        acts::record(&mut transaction, by, "audit.adopt", "database", Some(&detail)).await?;
        transaction.commit().await?;
        if differing.is_empty() {
            return Ok(0);
        }
        adopted += differing.len();
        so_far(adopted);
    }
}
