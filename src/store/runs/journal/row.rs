//! A row of the journal and its records. The hash of a row covers its bytes and the hash of the previous row.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{Hash, JournalRow, unreadable};
use crate::machine::Time;
use crate::store::StoreError;
use crate::store::nodes::formats::{Format, NEWEST, ONE_RECORD};

/// A row as stored.
#[derive(Debug, Clone)]
pub struct StoredRow {
    /// Number of its last record in the run's journal, from 1.
    pub seq: i32,
    /// Database time of the row.
    pub at: Time,
    /// Format of the row.
    pub format: Format,
    /// Format 1: kind of the record.
    pub kind: Option<String>,
    /// Format 1: task reference.
    pub task: Option<String>,
    /// Format 1: attempt, from 1.
    pub attempt: Option<i32>,
    /// Format 1: who acted.
    pub actor: Option<String>,
    /// JSON text exactly as hashed. Format 1: what happened; format 2 and later: an array of records.
    pub data: String,
    /// SHA-256, chained to the previous row.
    pub hash: Vec<u8>,
}

/// The parts of a row that its hash covers, including the hash of the previous row.
pub(super) struct Link<'a> {
    pub(super) before: &'a [u8],
    pub(super) seq: i32,
    pub(super) at: Time,
    pub(super) format: Format,
    pub(super) kind: Option<&'a str>,
    pub(super) task: Option<&'a str>,
    pub(super) attempt: Option<i32>,
    pub(super) actor: Option<&'a str>,
    pub(super) data: &'a str,
}

impl Link<'_> {
    /// Hashes each part with its length, so that no text can pass for two others.
    pub(super) fn hash(&self) -> Hash {
        let mut hash = Sha256::new();
        hash.update(self.before);
        hash.update(self.seq.to_be_bytes());
        hash.update(self.at.timestamp_micros().to_be_bytes());
        hash.update(self.attempt.unwrap_or(0).to_be_bytes());
        if self.format != ONE_RECORD {
            hash.update(self.format.to_be_bytes());
        }
        for part in [self.kind, self.task, self.actor, Some(self.data)] {
            let part = part.unwrap_or("");
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().into()
    }
}

/// A record in a row of format 2 or later.
#[derive(Deserialize)]
struct Element<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    data: &'a RawValue,
    task: Option<String>,
    attempt: Option<i32>,
    actor: Option<String>,
    at: Option<Time>,
}

/// Actor of records that do not contain one.
pub(super) const ENGINE: &str = "engine";

impl StoredRow {
    /// Decodes the records, in order.
    ///
    /// # Errors
    /// A later version wrote it, or it is damaged.
    pub fn records(self) -> Result<Vec<JournalRow>, StoreError> {
        match self.format {
            ONE_RECORD => self.only_record().map(|record| vec![record]),
            format if format > NEWEST => Err(unreadable(format!(
                "row {} has format {format}, and this version of Stepwell supports formats up to {NEWEST}",
                self.seq
            ))),
            _ => self.each_record(),
        }
    }

    fn only_record(self) -> Result<JournalRow, StoreError> {
        let Self { seq, at, kind: Some(kind), task, attempt, actor: Some(actor), hash, data, .. } = self else {
            return Err(unreadable(format!("row {} has no kind or no actor", self.seq)));
        };
        let data = RawValue::from_string(data).map_err(|e| unreadable(format!("row {seq}: {e}")))?;
        Ok(JournalRow { seq, at, kind, task, attempt, actor, data, hash })
    }

    fn each_record(self) -> Result<Vec<JournalRow>, StoreError> {
        let Self { seq, at, hash, data, kind: None, task: None, attempt: None, actor: None, .. } = self else {
            return Err(unreadable(format!("row {} has format 2 and also fills columns of format 1", self.seq)));
        };
        let elements: Vec<Element<'_>> =
            serde_json::from_str(&data).map_err(|e| unreadable(format!("row {seq}: {e}")))?;
        let before = i32::try_from(elements.len()).ok().and_then(|count| seq.checked_sub(count));
        let before = before.filter(|before| *before >= 0);
        let before = before.ok_or_else(|| unreadable(format!("row {seq} has more records than its place allows")))?;
        let records = (before + 1..).zip(elements).map(|(seq, element)| JournalRow {
            seq,
            at: element.at.unwrap_or(at),
            kind: element.kind.into_owned(),
            task: element.task,
            attempt: element.attempt,
            actor: element.actor.unwrap_or_else(|| ENGINE.to_owned()),
            data: element.data.to_owned(),
            hash: hash.clone(),
        });
        Ok(records.collect())
    }

    /// Whether the hash of this row matches its contents and the previous hash.
    #[must_use]
    pub fn follows(&self, before: &[u8]) -> bool {
        let link = Link {
            before,
            seq: self.seq,
            at: self.at,
            format: self.format,
            kind: self.kind.as_deref(),
            task: self.task.as_deref(),
            attempt: self.attempt,
            actor: self.actor.as_deref(),
            data: &self.data,
        };
        link.hash().as_slice() == self.hash
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::machine::continuation::{Continuation, Undoable, Visited};
    use crate::machine::{Actor, Change, ChildRequest, Coordinates, Pivot, Record, RunId};
    use crate::store::nodes::formats::{CONTINUED, ONE_DECISION};
    use crate::store::runs::journal::{NewRow, encode, genesis};

    /// Returns a row as the database would return it.
    pub(in super::super) fn stored(row: &NewRow) -> StoredRow {
        StoredRow {
            seq: row.seq,
            at: row.at,
            format: row.format,
            kind: row.kind.map(ToOwned::to_owned),
            task: row.task.as_deref().map(ToOwned::to_owned),
            attempt: row.attempt,
            actor: row.actor.clone(),
            data: row.data.clone(),
            hash: row.hash.to_vec(),
        }
    }

    fn record() -> impl Strategy<Value = Record> {
        let task = proptest::option::of("[ -~]{1,12}");
        let note = proptest::option::of("[ -~]{0,9}");
        (0_i64..3, "(engine|user:[a-z\"\\\\]{1,5})", task, proptest::option::of(0_u32..9), note, ".{0,400}").prop_map(
            |(micros, actor, task, attempt, note, text)| Record {
                at: Time::from_timestamp_micros(micros).unwrap(),
                actor: Actor(actor),
                task: task.map(Arc::from),
                attempt,
                change: Change::RunCompleted { output: Arc::new(json!({ "text": text })) },
                note,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_in_either_format_is_read_back_and_chained(
            decisions in prop::collection::vec((prop::collection::vec(record(), 0..5), ONE_RECORD..=ONE_DECISION), 0..6),
        ) {
            let run = RunId::from_u128(7);
            let (mut seq, mut head, mut rows, mut written) = (0, genesis(run), Vec::new(), Vec::new());
            for (records, format) in decisions {
                let (encoded, after) = encode(&records, seq, head, format).unwrap();
                seq += i32::try_from(records.len()).unwrap();
                head = after;
                prop_assert_eq!(encoded.last().map_or(seq, |row| row.seq), seq);
                rows.extend(encoded.iter().map(stored));
                written.extend(records);
            }
            let mut before = genesis(run).to_vec();
            for row in &rows {
                prop_assert!(row.follows(&before));
                before.clone_from(&row.hash);
            }
            prop_assert_eq!(before, head.to_vec());
            let read: Vec<JournalRow> = rows.into_iter().flat_map(|row| row.records().unwrap()).collect();
            prop_assert_eq!(read.iter().map(|row| row.seq).collect::<Vec<_>>(), (1..=seq).collect::<Vec<_>>());
            let read: Vec<Record> = read.iter().map(|row| row.record().unwrap()).collect();
            prop_assert_eq!(format!("{read:?}"), format!("{written:?}"));
        }
    }

    #[test]
    fn a_row_in_a_later_format_is_never_passed_over() {
        let (rows, _) =
            encode(&[Record::of_engine(Time::UNIX_EPOCH, Change::RunAdmitted {})], 0, [0; 32], NEWEST).unwrap();
        let mut row = stored(&rows[0]);
        row.format = NEWEST + 1;
        let why = row.records().unwrap_err().to_string();
        assert!(why.contains(&format!("supports formats up to {NEWEST}")), "{why}");
    }

    #[test]
    fn a_row_has_the_oldest_format_that_can_say_its_records() {
        let run = RunId::from_u128(7);
        let plain = || Record::of_engine(Time::UNIX_EPOCH, Change::RunAdmitted {});
        let continued = Record::of_engine(Time::UNIX_EPOCH, Change::RunContinued(Box::new(continuation(run))));
        for (format, rows_of_plain, of_continued) in
            [(ONE_RECORD, ONE_RECORD, CONTINUED), (NEWEST, ONE_DECISION, CONTINUED)]
        {
            let (rows, _) = encode(&[plain()], 0, genesis(run), format).unwrap();
            assert_eq!(rows[0].format, rows_of_plain);
            let (rows, _) = encode(&[plain(), continued.clone(), plain()], 0, genesis(run), format).unwrap();
            assert_eq!((rows.len(), rows[0].format, rows[0].seq), (1, of_continued, 3));
            let read = stored(&rows[0]).records().unwrap().remove(1).record().unwrap();
            assert_eq!(format!("{:?}", read.change), format!("{:?}", continued.change));
        }
    }

    fn continuation(run: RunId) -> Continuation {
        let nested = || Arc::new((0..116).fold(json!(1.50), |inner, _| json!([inner])));
        let undo = vec![Undoable {
            execution: 3,
            task: "/do/0/a".to_owned(),
            coordinates: Coordinates { visit: 1, iteration: vec![2], round: 3 },
            input: nested(),
            output: Arc::new(json!(null)),
            completed: true,
            settles_at: Some(Time::UNIX_EPOCH),
            child: Some(Arc::new(ChildRequest {
                run,
                namespace: "n".to_owned(),
                name: "w".to_owned(),
                version: None,
                input: nested(),
                awaits: true,
                attempt: 1,
                depth: 1,
            })),
        }];
        let visits = vec![Visited { task: "/do/0/a".to_owned(), entries: vec![(vec![], 1), (vec![2], 3)] }];
        let value = || Arc::new(json!({ "n": 1.50, "text": "null" }));
        Continuation {
            next: "/do/1/b".to_owned(),
            data: Arc::new(json!(null)),
            context: value(),
            input: value(),
            transformed: Some(Arc::new(json!(null))),
            key: None,
            event: None,
            parent: None,
            environment: None,
            started_at: Time::UNIX_EPOCH,
            deadline: None,
            paused: chrono::TimeDelta::milliseconds(1_500),
            fault: None,
            executions: 7,
            visits,
            pivot: Pivot::Passed,
            undo,
        }
    }

    #[test]
    fn a_decision_of_many_megabytes_is_several_rows() {
        let big = || Change::RunCompleted { output: Arc::new(json!("x".repeat(200_000))) };
        let records: Vec<_> = (0..5).map(|_| Record::of_engine(Time::UNIX_EPOCH, big())).collect();
        let (rows, _) = encode(&records, 0, [0; 32], ONE_DECISION).unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 4, 5]);
    }
}
