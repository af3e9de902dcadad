//! The operations on batches: their bodies, and the limits on them.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::identifiers::Form;
use crate::{Refusal, body};
use stepwell_text::canonical;

/// Longest name, mode, key and cursor, in characters.
const NAME_CHARS_MAX: usize = 200;
/// Most rows of a report, and of a page of `rows`.
const ROWS_MAX: usize = 1_000;
/// Longest `row` as JSON, in bytes.
const ROW_BYTES_MAX: usize = 16 << 10;
/// Longest error message, in characters. A longer one is cut.
pub(super) const MESSAGE_CHARS_MAX: usize = 1_000;

/// An operation on batches.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `begin`
    Begin(Begin),
    /// `report`
    Report(Report),
    /// `rows`
    Rows(Rows),
    /// `end`
    End(End),
}

/// `{name, mode, run}` returns the batch. A repeat by the same run returns the same batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// Name of the batch, for people: `catalog-nightly`.
    pub name: String,
    /// Mode of the batch, for people: `full`, `incremental`, `retry`.
    pub mode: String,
    /// The run that works on it.
    pub run: Uuid,
}

/// `{batch, cursor, keys, failed, total?}` returns the batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Id of the batch.
    pub batch: Uuid,
    /// Identifies the chunk. A repeated report of a chunk is not counted.
    #[serde(deserialize_with = "canonical::deserialize_key")]
    pub cursor: String,
    /// Keys of all rows of the chunk, including failed ones.
    #[serde(deserialize_with = "canonical::deserialize_keys")]
    pub keys: Vec<String>,
    /// The failed rows of the chunk.
    #[serde(default)]
    pub failed: Vec<Failed>,
    /// Number of rows in the whole batch, once it is known.
    #[serde(default)]
    pub total: Option<u32>,
}

/// A failed row.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// Key of the row.
    #[serde(deserialize_with = "canonical::deserialize_key")]
    pub key: String,
    /// The error message, for people.
    pub message: String,
    /// The data needed to retry the row.
    pub row: Value,
}

/// `{name, after?, limit?}` returns `{rows, left, next}`: a page of failed rows ordered by key, the number of failed
/// rows from here on, and the key to pass as `after` for the next page, null after the last one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Name of the batches.
    pub name: String,
    /// Returns only rows with a greater key.
    #[serde(default, deserialize_with = "canonical::deserialize_key_or_null")]
    pub after: Option<String>,
    /// Most rows to return; 1,000 by default.
    #[serde(default = "Rows::most")]
    pub limit: usize,
}

impl Rows {
    fn most() -> usize {
        ROWS_MAX
    }
}

/// `{batch}` returns the batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Id of the batch.
    pub batch: Uuid,
}

impl Rows {
    /// Converts `after` to the declared form of the batch's keys.
    ///
    /// # Errors
    /// The key is not a valid id.
    pub fn shape(&mut self, form: Option<Form>) -> Result<(), Refusal> {
        if let (Some(form), Some(after)) = (form, &mut self.after) {
            *after = shaped(form, after)?;
        }
        Ok(())
    }
}

fn shaped(form: Form, key: &str) -> Result<String, Refusal> {
    form.of(key).map_err(|why| bad(format!("not a valid key: {why}")))
}

impl Operation {
    /// Parses the operation `name` from its body.
    ///
    /// # Errors
    /// The operation does not exist, or its body is invalid.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, Refusal> {
        let operation = match name {
            "begin" => Self::Begin(body("batches/begin", bytes)?),
            "report" => Self::Report(body("batches/report", bytes)?),
            "rows" => Self::Rows(body("batches/rows", bytes)?),
            "end" => Self::End(body("batches/end", bytes)?),
            other => return Err(Refusal::unknown(&format!("batches/{other}"))),
        };
        operation.check()?;
        Ok(operation)
    }

    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Begin(begin) => short("name", &begin.name).and_then(|()| short("mode", &begin.mode)),
            Self::Report(report) => report.check(),
            Self::Rows(rows) => {
                short("name", &rows.name)?;
                if rows.limit == 0 || rows.limit > ROWS_MAX {
                    return Err(bad(format!("`limit` must be 1 to {ROWS_MAX}")));
                }
                rows.after.as_deref().map_or(Ok(()), |after| short("after", after))
            }
            Self::End(_) => Ok(()),
        }
    }
}

impl Report {
    /// Converts all keys to the declared form of the batch's keys.
    ///
    /// # Errors
    /// A key is not a valid id, or two keys are the same id.
    pub fn shape(&mut self, form: Option<Form>) -> Result<(), Refusal> {
        let Some(form) = form else { return Ok(()) };
        for key in self.keys.iter_mut().chain(self.failed.iter_mut().map(|failed| &mut failed.key)) {
            *key = shaped(form, key)?;
        }
        self.check()
    }

    fn check(&self) -> Result<(), Refusal> {
        short("cursor", &self.cursor)?;
        if self.keys.len() > ROWS_MAX {
            return Err(bad(format!("a report has at most {ROWS_MAX} rows, not {}", self.keys.len())));
        }
        self.keys.iter().try_for_each(|key| short("keys", key))?;
        let keys: BTreeSet<&str> = self.keys.iter().map(String::as_str).collect();
        if keys.len() != self.keys.len() {
            return Err(bad("two rows of a report have the same key".to_owned()));
        }
        let mut failed = BTreeSet::new();
        for row in &self.failed {
            if !keys.contains(row.key.as_str()) || !failed.insert(row.key.as_str()) {
                return Err(bad(format!("the row {:?} in `failed` must occur once, and once in `keys`", row.key)));
            }
            let text = row.row.to_string();
            if text.len() > ROW_BYTES_MAX || text.contains("\\u0000") || row.message.contains('\0') {
                let what = format!("the row {:?} may have at most {ROW_BYTES_MAX} bytes of JSON, without NUL", row.key);
                return Err(bad(what));
            }
        }
        Ok(())
    }

    /// Returns the keys of the rows that succeeded.
    #[must_use]
    pub fn succeeded(&self) -> Vec<String> {
        let failed: BTreeSet<&str> = self.failed.iter().map(|row| row.key.as_str()).collect();
        self.keys.iter().filter(|key| !failed.contains(key.as_str())).cloned().collect()
    }
}

impl Failed {
    /// Returns the error message, cut to its limit.
    #[must_use]
    pub fn told(&self) -> String {
        self.message.chars().take(MESSAGE_CHARS_MAX).collect()
    }
}

fn bad(why: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, why)
}

fn short(what: &str, text: &str) -> Result<(), Refusal> {
    if text.is_empty() || text.chars().count() > NAME_CHARS_MAX || text.contains('\0') {
        return Err(bad(format!(
            "`{what}` of a batch has 1 to {NAME_CHARS_MAX} characters, without NUL, not {text:?}"
        )));
    }
    Ok(())
}
