//! Writes one file of what was chosen, reads it back, and records it.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use uuid::Uuid;

use super::{ITEMS_MAX, Keeper, RetentionError, warn_of_tampering};
use crate::machine::{RunId, Time};
use crate::retention::rules::{Member, event_is_due};
use crate::retention::{self, ArchiveError, FORMAT, Header, SUFFIX, Unsound, Writer, Written};
use crate::store::retention::{self as rows, EventRow, Hanging, NewArchive, Removal, RunLine};
use crate::store::runs::journal;
use crate::store::{StoreError, nodes};
use crate::telemetry;

/// Runs read together, unless a family is larger.
const RUNS_AT_ONCE: usize = 50;

/// Journal rows read with one statement.
const JOURNAL_PAGE: i64 = 1_000;

/// Events read with one statement; their bodies may be large.
const EVENTS_AT_ONCE: usize = 20;

/// A line to write.
enum Line {
    Run(RunLine),
    Row(&'static str, String),
    Event(String),
}

/// A file under way.
struct Draft {
    writer: Option<Writer>,
    folder: PathBuf,
    now: Time,
    asked_for: Option<Time>,
    definitions: BTreeSet<i32>,
    /// Runs in it, and those whose turn is now: for their events they are as good as gone.
    going: BTreeSet<RunId>,
    events: HashSet<Uuid>,
    removals: Vec<Removal>,
}

impl Draft {
    /// Compresses on a thread for such things.
    async fn write(&mut self, lines: Vec<Line>) -> Result<(), RetentionError> {
        let Some(mut writer) = self.writer.take() else { return Err(RetentionError::Lost) };
        let written = tokio::task::spawn_blocking(move || {
            for line in lines {
                match line {
                    Line::Run(run) => writer.run(&run.row)?,
                    Line::Row(table, row) => writer.row(table, &row)?,
                    Line::Event(row) => writer.event(&row)?,
                }
            }
            Ok(writer)
        });
        let written = written.await.map_err(std::io::Error::other).and_then(|written| written);
        self.writer = Some(written.map_err(|error| self.unusable(error))?);
        Ok(())
    }

    async fn finish(&mut self) -> Result<Written, RetentionError> {
        let Some(writer) = self.writer.take() else { return Err(RetentionError::Lost) };
        let written = tokio::task::spawn_blocking(move || writer.finish()).await;
        written.map_err(std::io::Error::other).and_then(|written| written).map_err(|error| self.unusable(error))
    }

    fn unusable(&self, error: std::io::Error) -> RetentionError {
        RetentionError::Folder { folder: self.folder.display().to_string(), error }
    }

    /// Something is in it in any case, so that each file is a step on.
    fn is_full(&self, bytes_max: u64) -> bool {
        !self.removals.is_empty() && self.writer.as_ref().map_or(0, Writer::bytes) >= bytes_max
    }
}

impl Keeper {
    /// One file: of the families that are chosen as many as it takes, and these events.
    pub(super) async fn archive(&mut self, folder: &Path, events: &[EventRow]) -> Result<(), RetentionError> {
        let now = nodes::database_time(&self.reader).await?;
        let id = Uuid::now_v7();
        let name = self.file_name(id, now);
        self.note_writing(Some(&name)).await?;
        let ids = || self.chosen.iter().flatten().map(|member| member.id);
        let header = Header {
            archive: id,
            format: FORMAT,
            stepwell: env!("CARGO_PKG_VERSION").to_owned(),
            environment: self.environment.clone(),
            written_at: now,
            first_run: ids().min(),
            last_run: ids().max(),
        };
        let unusable = |error| RetentionError::Folder { folder: folder.display().to_string(), error };
        let mut draft = Draft {
            writer: Some(Writer::create(folder, &name, &header).map_err(unusable)?),
            folder: folder.to_owned(),
            now,
            asked_for: self.asked_for().await?,
            definitions: BTreeSet::new(),
            going: BTreeSet::new(),
            events: HashSet::new(),
            removals: Vec::new(),
        };
        while draft.going.len() < ITEMS_MAX && !draft.is_full(self.limits.bytes) && !self.closing.is_cancelled() {
            let began = Instant::now();
            if !self.add_families(&mut draft).await? {
                break;
            }
            self.renew().await?;
            self.pace.rest(began).await;
        }
        self.add_events(&mut draft, events).await?;
        if draft.removals.is_empty() {
            // Every journal was refused.
            Writer::discard(folder, &name).map_err(unusable)?;
            return self.note_writing(None).await;
        }
        let written = self.meanwhile(draft.finish()).await??;
        self.record(id, &name, &written, draft).await
    }

    /// `stepwell-production-20261130T101500Z-0192….jsonl.gz`: in order of time, and never the same twice.
    fn file_name(&self, id: Uuid, now: Time) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let environment: String =
            self.environment.as_deref().unwrap_or("unknown").chars().map(plain).take(40).collect();
        format!("stepwell-{environment}-{}-{id}{SUFFIX}", now.format("%Y%m%dT%H%M%SZ"))
    }

    /// Adds the next families; false if there are none.
    async fn add_families(&mut self, draft: &mut Draft) -> Result<bool, RetentionError> {
        let mut members: Vec<(RunId, Member)> = Vec::new();
        while members.len() < RUNS_AT_ONCE
            && let Some(family) = self.chosen.pop_front()
        {
            let Some(top) = family.iter().map(|member| member.id).min() else { continue };
            members.extend(family.into_iter().map(|member| (top, member)));
        }
        if members.is_empty() {
            return Ok(false);
        }
        let ids: Vec<RunId> = members.iter().map(|(_, member)| member.id).collect();
        let lines = rows::run_lines(&self.pool, &ids).await?;
        let refused = self.refused(&members, &lines).await?;
        let family_of = |id: RunId| members.iter().find(|(_, member)| member.id == id).map_or(id, |(top, _)| *top);
        let lines: Vec<RunLine> = lines.into_iter().filter(|line| !refused.contains(&family_of(line.id))).collect();
        let ids: Vec<RunId> = lines.iter().map(|line| line.id).collect();
        let mut hanging = rows::hanging(&self.pool, &ids).await?;
        let started_by: Vec<Uuid> = lines.iter().filter_map(|line| line.event_id).collect();
        for line in lines {
            let of_run = hanging.extract_if(.., |row| row.run == line.id).collect();
            let (id, seq, head) = (line.id, line.seq, line.head.clone());
            draft.removals.push(Removal { kind: "run", item: id, family: family_of(id), seq, head });
            self.add_run(draft, line, of_run).await?;
        }
        draft.going.extend(&ids);
        self.add_events_of(draft, started_by, &ids).await?;
        Ok(true)
    }

    /// The families with a run that is gone, or whose journal is not as it was written.
    async fn refused(
        &mut self,
        members: &[(RunId, Member)],
        lines: &[RunLine],
    ) -> Result<HashSet<RunId>, RetentionError> {
        let mut refused = HashSet::new();
        for (top, member) in members {
            let Some(line) = lines.iter().find(|line| line.id == member.id) else {
                refused.insert(*top);
                continue;
            };
            if let Some(tampered) = journal::verify(&self.pool, line.id, line.seq, &line.head).await? {
                warn_of_tampering(&tampered);
                self.done.tampered.push(line.id);
                refused.insert(*top);
            }
        }
        Ok(refused)
    }

    /// A run with all that hangs on it.
    async fn add_run(&self, draft: &mut Draft, run: RunLine, hanging: Vec<Hanging>) -> Result<(), RetentionError> {
        let (id, mut after) = (run.id, 0);
        let mut lines = Vec::new();
        if draft.definitions.insert(run.definition_id) {
            let definition = rows::definition_line(&self.pool, run.definition_id).await?;
            let missing =
                || StoreError::Unreadable { table: "definitions", why: format!("that of run {id} is missing") };
            lines.push(Line::Row("definitions", definition.ok_or_else(missing)?));
        }
        lines.push(Line::Run(run));
        loop {
            let page = journal::export(&self.pool, id, after, JOURNAL_PAGE).await?;
            let is_last = i64::try_from(page.len()).is_ok_and(|rows| rows < JOURNAL_PAGE);
            after = page.last().map_or(after, |row| row.seq);
            lines.extend(page.into_iter().map(|row| Line::Row("journal", row.row)));
            if is_last {
                break;
            }
            draft.write(std::mem::take(&mut lines)).await?;
            self.renew().await?;
        }
        lines.extend(hanging.into_iter().filter_map(|row| Some(Line::Row(table(&row.table)?, row.row))));
        draft.write(lines).await
    }

    /// The events of these runs, as far as their last run goes now.
    async fn add_events_of(
        &mut self,
        draft: &mut Draft,
        mut events: Vec<Uuid>,
        runs: &[RunId],
    ) -> Result<(), RetentionError> {
        events.extend(rows::consumed(&self.reader, runs).await?);
        let going: Vec<RunId> = draft.going.iter().copied().collect();
        let found = rows::events_of(&self.reader, &events, &going).await?;
        let due = |e: &EventRow| !e.is_archived && event_is_due(&e.facts, &self.policy, draft.asked_for, draft.now);
        let due: Vec<EventRow> = found.into_iter().filter(due).collect();
        self.add_events(draft, &due).await
    }

    /// Adds events until the file is full. The rest is looked for again once this file is recorded.
    async fn add_events(&mut self, draft: &mut Draft, events: &[EventRow]) -> Result<(), RetentionError> {
        let new: Vec<EventRow> = events.iter().filter(|event| !draft.events.contains(&event.id)).copied().collect();
        for (n, page) in new.chunks(EVENTS_AT_ONCE).enumerate() {
            if draft.is_full(self.limits.bytes) || self.closing.is_cancelled() {
                let rest = new[n * EVENTS_AT_ONCE..].iter().map(|event| event.id);
                self.left_out = rest.chain(self.left_out).min();
                break;
            }
            let began = Instant::now();
            draft.events.extend(page.iter().map(|event| event.id));
            let ids: Vec<Uuid> = page.iter().map(|event| event.id).collect();
            let mut lines = Vec::new();
            for line in rows::event_lines(&self.pool, &ids).await? {
                lines.push(Line::Event(line.row));
            }
            lines.extend(
                rows::redeliveries(&self.pool, &ids).await?.into_iter().map(|row| Line::Row("redeliveries", row)),
            );
            draft.write(lines).await?;
            let removal = |event: &EventRow| {
                let EventRow { id, seq, .. } = *event;
                Removal { kind: "event", item: id, family: id, seq, head: Vec::new() }
            };
            draft.removals.extend(page.iter().map(removal));
            self.renew().await?;
            if new.len() > EVENTS_AT_ONCE {
                self.pace.rest(began).await;
            }
        }
        Ok(())
    }

    /// Records a file that was read back and holds what is to be removed.
    async fn record(&mut self, id: Uuid, name: &str, written: &Written, draft: Draft) -> Result<(), RetentionError> {
        self.renew().await?;
        let path = written.path.clone();
        let reading = tokio::task::spawn_blocking(move || retention::verify(&path));
        let summary = self.meanwhile(reading).await?;
        let summary = summary.map_err(|e| draft.unusable(std::io::Error::other(e)))??;
        let held: HashSet<Uuid> = summary.runs.iter().chain(&summary.events).copied().collect();
        let is_whole =
            summary.sha256 == written.sha256 && draft.removals.iter().all(|removal| held.contains(&removal.item));
        if !is_whole {
            let (path, why) = (written.path.display().to_string(), "it is not what was written".to_owned());
            return Err(ArchiveError::Unsound { path, unsound: Unsound::Foreign(why) }.into());
        }
        let (mut runs, mut events) = (summary.runs, summary.events);
        runs.sort_unstable();
        events.sort_unstable();
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let new = NewArchive {
            id,
            file: name,
            sha256: &written.sha256,
            digest: &written.digest,
            bytes: count(written.bytes),
            rows: count(written.contents.rows),
            events: &events,
            runs: &runs,
            written_by: &self.name,
        };
        if !rows::record(&self.pool, self.holder, &new, &draft.removals).await? {
            return Err(RetentionError::Lost);
        }
        self.whole.insert(id);
        self.done.archives += 1;
        self.done.bytes += written.bytes;
        telemetry::retention_archived(written.contents.runs, written.contents.events, written.bytes);
        Ok(())
    }
}

/// The tables whose rows hang on a run.
fn table(name: &str) -> Option<&'static str> {
    ["commands", "proposals", "conflicts", "batches", "tasks"].into_iter().find(|known| *known == name)
}
