//! What workflows ask of batches, and what of it is refused.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::identifiers::Form;
use crate::{Refusal, body};
use stepwell_text::canonical;

/// Longest name, mode, key and cursor.
const NAME_CHARS_MAX: usize = 200;
/// Most rows in one report, and in one page of `rows`.
const ROWS_MAX: usize = 1_000;
/// Longest `row`, as JSON.
const ROW_BYTES_MAX: usize = 16 << 10;
/// A longer message is cut.
pub(super) const MESSAGE_CHARS_MAX: usize = 1_000;

/// What can be asked for.
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

/// `{name, mode, run}` gives the batch. The same one to a run that asks again.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Begin {
    /// What is gone over, for people: `catalog-nightly`.
    pub name: String,
    /// What of it, for people: `full`, `incremental`, `retry`.
    pub mode: String,
    /// Who does it.
    pub run: Uuid,
}

/// `{batch, cursor, keys, failed, total?}` gives the batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Of which batch.
    pub batch: Uuid,
    /// Which chunk this is; one that was told before counts no more.
    #[serde(deserialize_with = "canonical::deserialize_key")]
    pub cursor: String,
    /// All rows of the chunk, those that failed too.
    #[serde(deserialize_with = "canonical::deserialize_keys")]
    pub keys: Vec<String>,
    /// Those that failed.
    #[serde(default)]
    pub failed: Vec<Failed>,
    /// How many rows the batch will have had at its end, once that is known.
    #[serde(default)]
    pub total: Option<u32>,
}

/// A row that failed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// Which one.
    #[serde(deserialize_with = "canonical::deserialize_key")]
    pub key: String,
    /// Why, for people.
    pub message: String,
    /// What it takes to do it again.
    pub row: Value,
}

/// `{name, after?, limit?}` gives `{rows, left, next}`: the rows that failed, by key; how many there are from here on; `next` is null
/// after the last.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// Of the batches of this name.
    pub name: String,
    /// Those whose key comes later.
    #[serde(default, deserialize_with = "canonical::deserialize_key_or_null")]
    pub after: Option<String>,
    /// At most so many; 1,000 unless said.
    #[serde(default = "Rows::most")]
    pub limit: usize,
}

impl Rows {
    fn most() -> usize {
        ROWS_MAX
    }
}

/// `{batch}` gives the batch.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// Which one.
    pub batch: Uuid,
}

impl Rows {
    /// Brings `after` to the form that is declared for the batch.
    ///
    /// # Errors
    /// It cannot be an id.
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
    /// Reads the operation `name` with its body.
    ///
    /// # Errors
    /// There is none of this name, or the body is invalid.
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
    /// Brings the keys to the form that is declared for the batch.
    ///
    /// # Errors
    /// One of them cannot be an id, or two of them are one.
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

    /// The rows that went well.
    #[must_use]
    pub fn succeeded(&self) -> Vec<String> {
        let failed: BTreeSet<&str> = self.failed.iter().map(|row| row.key.as_str()).collect();
        self.keys.iter().filter(|key| !failed.contains(key.as_str())).cloned().collect()
    }
}

impl Failed {
    /// Why, short enough to keep.
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
